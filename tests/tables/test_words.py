"""The words of tables in three languages."""

from __future__ import annotations

import pytest

from roadplan.corridor.inventory_schema import import_tables
from roadplan.corridor.schema import TABLES
from roadplan.i18n import translate
from roadplan.tables.schema import Column, Table
from roadplan.tables.words import (
    column_title,
    column_words,
    header_text,
    normalised,
    table_title,
    table_words,
)

CORRIDOR = [*TABLES.values(), *import_tables().values()]


@pytest.mark.parametrize("language", ["ru", "kk"])
def test_every_word_of_the_corridors_tables_is_translated(language: str) -> None:
    """Titles, headers, descriptions and choices; units may be alike in all languages."""
    missing = set()
    for table in CORRIDOR:
        texts = [table.name.replace("_", " ").capitalize(), table.description]
        for column in table:
            texts += [column.description, *column.choices]
            if language not in column.labels:
                texts.append(column_title(column))
        missing |= {text for text in texts if translate(text, language, "tables") == text}
    assert missing == set()


@pytest.mark.parametrize("language", ["ru", "kk"])
def test_every_unit_has_a_word(language: str) -> None:
    """Units of the works, the fleet, the state and the results too; shares are alike."""
    from roadplan.progress.schema import TABLES as WORKS
    from roadplan.winter.documents import CREW_ORDERS, STRETCH_TABLE
    from roadplan.winter.fleet_schema import FLEET_TABLES
    from roadplan.winter.posture import POSTURE_TABLE
    from roadplan.winter.state import STATE_TABLES

    winter = (*FLEET_TABLES, *STATE_TABLES, CREW_ORDERS, STRETCH_TABLE, POSTURE_TABLE)
    tables = (*CORRIDOR, *WORKS.values(), *winter)
    units = {column.unit for table in tables for column in table if column.unit} - {"0–1"}
    assert {unit for unit in units if translate(unit, language, "tables") == unit} == set()


@pytest.mark.parametrize("language", ["ru", "kk", "en"])
def test_headers_and_titles_are_distinct(language: str) -> None:
    """No header names two columns, no title two tables; titles fit on the tab of a sheet."""
    for table in CORRIDOR:
        headers = [normalised(header_text(column, table, language)) for column in table]
        assert len(set(headers)) == len(headers), table.name
    titles = [table_title(table, language) for table in TABLES.values()]
    assert len(set(titles)) == len(titles)
    assert max(map(len, titles)) <= 31


def test_each_header_means_its_column() -> None:
    """Whatever the language, the header of a template is read as its own column."""
    for table in CORRIDOR:
        words = column_words(table)
        for column in table:
            for language in ("ru", "kk", "en"):
                assert words[normalised(header_text(column, table, language))] == column.name


def test_a_header_without_its_unit_works_where_it_is_clear() -> None:
    """`Station` is `Station, m`; a word that could mean two columns means none."""
    table = Table(
        name="t",
        description="",
        key=("id",),
        columns=(
            Column(name="id", kind="id", description=""),
            Column(name="length_m", kind="number", unit="m", description=""),
            Column(name="depth_cm", kind="number", unit="cm", description=""),
            Column(name="depth_m", kind="number", unit="m", description=""),
        ),
    )
    words = column_words(table)
    assert words["length"] == "length_m"
    assert "depth" not in words
    assert words["depth cm"] == "depth_cm"


def test_a_table_is_known_by_name_and_titles() -> None:
    """Sheets are found in any language and case."""
    assert {"rest areas", "площадки отдыха", "демалыс алаңдары"} <= table_words(
        TABLES["rest_areas"]
    )
