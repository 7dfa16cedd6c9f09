"""The workbook in which progress is reported."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from roadplan.corridor import Corridor
from roadplan.errors import RoadplanError, UnknownIdError
from roadplan.i18n import LANGUAGES, translate
from roadplan.progress import WorkItems, create_ledger, work_items
from roadplan.progress.sheet import DOMAIN, SHEET, Vocabulary, Words
from roadplan.progress.sheet_import import import_sheet
from roadplan.progress.sheet_template import write_sheet_template
from roadplan.tables.words import choice_words, header_text, table_title


@pytest.fixture(scope="module")
def work(road: Corridor) -> WorkItems:
    """Give the work of the shipped corridor."""
    return work_items(road)


def _lists(book: Any) -> dict[str, list[str]]:
    """Return what each drop-down list offers, by its first cell."""
    found: dict[str, list[str]] = {}
    for column in book["_lists"].iter_cols(values_only=True):
        found.setdefault(str(column[0]), [str(cell) for cell in column[1:] if cell is not None])
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_filled_template_is_understood(
    language: str, road: Corridor, work: WorkItems, tmp_path: Path
) -> None:
    """What the drop-downs of a language offer is read back as what is meant."""
    path = write_sheet_template(tmp_path / "t.xlsx", road, work, language=language)
    book = openpyxl.load_workbook(path)
    sheet = book[table_title(SHEET, language)]
    column = {str(cell.value).removesuffix(" *"): cell.column for cell in sheet[1]}
    rows: list[dict[str, Any]] = [
        {
            "work_type": work.types["bridge"].names[language],
            "asset": "kb-bridge-01",
            "stage": work.types["bridge"].stage("deck").names[language],
        },
        {
            "work_type": work.types["earthworks"].names[language],
            "from_post": "m36:1500",
            "to_post": "m36:1510",
            "side": translate("left", language, DOMAIN),
            "standing": translate("measured", language, DOMAIN),
        },
    ]
    for number, row in enumerate(rows, start=2):
        for name, value in {**row, "work_date": dt.date(2024, 6, 1)}.items():
            header = header_text(SHEET.column(name), SHEET, language)
            sheet.cell(number, column[header]).value = value
    book.save(path)
    with create_ledger(tmp_path / "l.ledger") as ledger:
        found = import_sheet(path, ledger, road, work, today=dt.date(2024, 7, 1), author="A")
        assert found.ok, found.faults
        stored = [each.report for each in ledger.reports()]
    assert (stored[0].asset, stored[0].stage) == ("kb-bridge-01", "deck")
    assert (stored[1].side, stored[1].standing) == ("left", "measured")


def test_an_empty_template_states_nothing(road: Corridor, work: WorkItems, tmp_path: Path) -> None:
    """It can be imported as it is."""
    path = write_sheet_template(tmp_path / "t.xlsx", road, work, language="kk")
    with create_ledger(tmp_path / "l.ledger") as ledger:
        found = import_sheet(path, ledger, road, work, today=dt.date(2024, 7, 1), author="A")
        assert found.ok
        assert found.rows == ()


def test_drop_downs_offer_what_there_is(road: Corridor, work: WorkItems, tmp_path: Path) -> None:
    """Work types, contracts, assets; stages follow the work type of their row."""
    path = write_sheet_template(tmp_path / "t.xlsx", road, work, language="ru")
    book = openpyxl.load_workbook(path)
    lists = _lists(book)
    assert "Мост" in lists["progress.work_type"]
    assert "karaganda-balkhash" in lists["progress.contract"]
    assert "kb-bridge-01" in lists["progress.asset"]
    rules = book["Ход работ"].data_validations.dataValidation
    (stages,) = [rule for rule in rules if str(rule.formula1).startswith("OFFSET(")]
    assert "MATCH($A2" in stages.formula1
    assert str(stages.sqref).startswith("G2:")
    assert book["_lists"].sheet_state == "veryHidden"


def test_a_template_of_one_contract(road: Corridor, work: WorkItems, tmp_path: Path) -> None:
    """It offers only what belongs to the contract."""
    path = write_sheet_template(tmp_path / "t.xlsx", road, work, contracts=["kurty-kapshagay"][:0])
    every = _lists(openpyxl.load_workbook(path))["progress.asset"]
    path = write_sheet_template(tmp_path / "t.xlsx", road, work, contracts=["karaganda-balkhash"])
    lists = _lists(openpyxl.load_workbook(path))
    assert lists["progress.contract"] == ["karaganda-balkhash"]
    assert set(lists["progress.asset"]) < set(every)
    assert not any(asset.startswith("bk-") for asset in lists["progress.asset"])


def test_wrong_wishes_are_refused(road: Corridor, work: WorkItems, tmp_path: Path) -> None:
    """An unknown contract, a file that is no workbook."""
    with pytest.raises(UnknownIdError, match="no-such"):
        write_sheet_template(tmp_path / "t.xlsx", road, work, contracts=["no-such"])
    with pytest.raises(RoadplanError, match=r"must end in \.xlsx"):
        write_sheet_template(tmp_path / "t.csv", road, work)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("language", ["ru", "kk"])
def test_every_text_is_translated(language: str) -> None:
    """Headers, descriptions and choices have words of the language."""
    for column in SHEET:
        assert column.labels[language] != column.labels["en"]
        for text in (column.description, *column.choices):
            assert translate(text, language, DOMAIN) != text


def test_choices_mean_themselves_in_every_language() -> None:
    """No two choices share a word."""
    for column in SHEET:
        words = choice_words(column.choices, DOMAIN) if column.choices else {}
        assert set(words.values()) == set(column.choices)


def test_ambiguous_names_ask_for_the_id(road: Corridor, work: WorkItems) -> None:
    """A name that several things bear is no id, unless one of them is preferred."""
    words = Vocabulary.of(road, work).assets
    found = words.find("Мост 1")
    assert isinstance(found, tuple)
    assert "kb-bridge-01" in found[0]
    assert words.find("Мост 1", lambda key: key.startswith("kb-")) == "kb-bridge-01"


def test_an_id_means_itself() -> None:
    """Even where another thing is named so."""
    words = Words.of("thing", [("a", ["b"]), ("b", ["c"])])
    assert words.find("b") == "b"
    assert words.find("C") == "b"
    assert words.find("d")[0] == "there is no such thing"
