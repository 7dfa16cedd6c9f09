"""Workbooks to fill in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from roadplan.tables.schema import Column, Table
from roadplan.tables.template import write_template
from roadplan.tables.workbook import read_workbook


@pytest.fixture
def visits(works: Table) -> Table:
    """Give a table that refers to another."""
    return Table(
        name="visits",
        description="Visits",
        key=("visit",),
        columns=(
            Column(name="visit", kind="id", required=True, description="Its id"),
            Column(name="works", kind="id", refers="works", description="What was visited"),
            Column(name="route", kind="id", refers="routes", description="On which road"),
        ),
    )


def _rules(sheet: Any) -> dict[str, Any]:
    """Return the checks of a sheet by the letter of their column."""
    return {
        str(rule.sqref).split(":")[0].rstrip("0123456789"): rule
        for rule in sheet.data_validations.dataValidation
    }


def _entries(book: Any, reference: str) -> list[Any]:
    name, cells = reference.rsplit("!", 1)
    return [cell.value for row in book[name.strip("'")][cells.replace("$", "")] for cell in row]


def test_headers_and_drop_downs_speak_the_language(tmp_path: Path, works: Table) -> None:
    """A Russian template has Russian headers, choices and explanations."""
    path = write_template(tmp_path / "t.xlsx", [works], language="ru")
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["Справка", "Работы", "_lists"]
    assert book["_lists"].sheet_state == "veryHidden"
    sheet = book["Работы"]
    assert sheet["A1"].value == "Код *"
    assert sheet["C1"].value == "Пикетаж, м"
    assert sheet.freeze_panes == "A2"
    rules = _rules(sheet)
    assert _entries(book, rules["J"].formula1) == ["мост", "путепровод", "водопропускная труба"]
    assert _entries(book, rules["F"].formula1) == ["да", "нет"]
    assert (rules["E"].type, rules["E"].formula1, rules["E"].formula2) == ("whole", "1", "8")
    assert rules["D"].type == "decimal"
    explained = [cell.value for cell in book["Справка"]["A"]]
    assert "Пикетаж, м" in explained


def test_references_offer_the_ids_there_are(tmp_path: Path, works: Table, visits: Table) -> None:
    """Ids of a table in the same workbook may be new; others must exist."""
    path = write_template(
        tmp_path / "t.xlsx",
        [works, visits],
        known_ids={"works": ["w1", "=w2"], "routes": ["main"]},
    )
    book = openpyxl.load_workbook(path)
    rules = _rules(book["Visits"])
    assert _entries(book, rules["B"].formula1) == ["w1", "=w2"]
    assert (rules["B"].errorStyle, rules["C"].errorStyle) == ("warning", "stop")


def test_ids_and_posts_stay_text_and_dates_dates(tmp_path: Path, works: Table) -> None:
    """Typed posts and ids are not turned into dates by the spreadsheet program."""
    sheet = openpyxl.load_workbook(write_template(tmp_path / "t.xlsx", [works]))["Works"]
    assert sheet.column_dimensions["A"].number_format == "@"
    assert sheet.column_dimensions["B"].number_format == "@"
    assert sheet.column_dimensions["G"].number_format == "yyyy-mm-dd"


@pytest.mark.parametrize("language", ["ru", "kk", "en"])
def test_a_template_reads_back(tmp_path: Path, works: Table, visits: Table, language: str) -> None:
    """What a template begins with is what an import of it reads; empty sheets are no rows."""
    rows = pd.DataFrame(
        {"id": ["a", "b"], "kind": ["bridge", ""], "done": [True, False], "day": ["2025-12-31", ""]}
    )
    path = write_template(
        tmp_path / "t.xlsx", [works, visits], language=language, examples={"works": rows}
    )
    read = read_workbook(path, [works, visits])
    assert (read.faults, read.notes) == ((), ())
    back = read.frame(works)
    for name in rows:
        assert back[name].tolist() == rows[name].tolist()
    assert read.frame(visits).empty
