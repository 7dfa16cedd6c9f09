"""Marked copies of faulty sheets."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.comments import Comment

from roadplan.errors import Fault, RoadplanError
from roadplan.tables.marking import FAULT_FILL, ROW_FILL, mark_faults
from roadplan.tables.reading import read_csv_table
from roadplan.tables.schema import Table
from roadplan.tables.workbook import read_workbook

Write = Callable[..., Path]


def _fill(cell: Any) -> str:
    return str(cell.fill.start_color.rgb)[-6:]


FAULT = str(FAULT_FILL.start_color.rgb)[-6:]
ROW = str(ROW_FILL.start_color.rgb)[-6:]


def test_faults_are_marked_where_they_are(workbook: Write, works: Table, tmp_path: Path) -> None:
    """The cell is filled and says why and what would be right; a list links to it."""

    def change(sheet: Any) -> None:
        sheet["B4"].comment = Comment("mine", "me")
        sheet["A4"].number_format = "0.000"

    path = workbook([["Title"], [], ["ID", "Пикетаж, м", "Kind"], ["a", "x", "brigde"]],
                    change=change)  # fmt: skip
    before = path.read_bytes()
    faults = read_workbook(path, [works]).faults
    copy = mark_faults(path, tmp_path / "m.xlsx", faults, tables=[works], language="ru")
    assert path.read_bytes() == before
    book = openpyxl.load_workbook(copy)
    assert book.sheetnames == ["Ошибки", "works"]
    sheet = book["works"]
    assert (_fill(sheet["B4"]), _fill(sheet["C4"])) == (FAULT, FAULT)
    assert _fill(sheet["A4"]) != FAULT
    assert sheet["A4"].number_format == "0.000"
    assert "mine" in sheet["B4"].comment.text
    assert "bridge may be meant" in sheet["C4"].comment.text
    listed = list(book["Ошибки"].iter_rows(values_only=True))
    assert listed[0][:3] == ("Лист", "Строка", "Столбец")
    assert listed[2][:4] == ("works", 4, "Kind", "brigde")
    assert book["Ошибки"]["B3"].hyperlink.location == "'works'!C4"


def test_a_fault_by_the_name_of_a_column_finds_its_header(
    workbook: Write, works: Table, tmp_path: Path
) -> None:
    """Checks name columns as the table does, the sheet as the user does."""
    path = workbook([["Код", "Примечание"], ["a", "x"]])
    fault = Fault(sheet="works", row=2, column="note", why="too short")
    book = openpyxl.load_workbook(mark_faults(path, tmp_path / "m.xlsx", [fault], tables=[works]))
    assert book["works"]["B2"].comment.text == "too short"


def test_a_fault_of_a_row_and_one_without_a_place(
    workbook: Write, works: Table, tmp_path: Path
) -> None:
    """A whole row is filled; what has no place is only listed."""
    path = workbook([["id", "note"], ["a", "x"]])
    faults = [
        Fault(sheet="works", row=2, why="row"),
        Fault(file="other.csv", row=7, why="elsewhere", sheet="gone"),
        Fault(why="=everything"),
    ]
    book = openpyxl.load_workbook(mark_faults(path, tmp_path / "m.xlsx", faults, tables=[works]))
    assert [_fill(cell) for cell in book["works"][2]] == [ROW, ROW]
    listed = [row[4] for row in book["Faults"].iter_rows(min_row=2, values_only=True)]
    assert listed == ["row", "elsewhere", "=everything"]
    assert book["Faults"]["E4"].data_type == "s"


def test_a_fault_in_a_merged_cell_marks_its_top_left(
    workbook: Write, works: Table, tmp_path: Path
) -> None:
    """Only the top left of merged cells can hold a comment."""
    path = workbook(
        [["id", "kind"], ["a", "x"], ["b", None]], change=lambda s: s.merge_cells("B2:B3")
    )
    faults = read_workbook(path, [works]).faults
    assert [f.row for f in faults] == [2, 3]
    book = openpyxl.load_workbook(mark_faults(path, tmp_path / "m.xlsx", faults, tables=[works]))
    assert book["works"]["B2"].comment.text.count("not one of") == 2


def test_a_csv_is_marked_as_a_workbook(works: Table, tmp_path: Path) -> None:
    """The cells of a CSV are copied as text, formulas disarmed."""
    path = tmp_path / "works.csv"
    path.write_text("id;note;kind\na;=1+1;brigde\n", encoding="utf-8")
    _, faults = read_csv_table(path, works)
    book = openpyxl.load_workbook(mark_faults(path, tmp_path / "m.xlsx", faults, tables=[works]))
    assert book["CSV"]["B2"].value == "=1+1"
    assert book["CSV"]["B2"].data_type == "s"
    assert _fill(book["CSV"]["C2"]) == FAULT


def test_a_workbook_that_openpyxl_cannot_open_is_copied_cell_by_cell(
    workbook: Write, works: Table, tmp_path: Path
) -> None:
    """Broken styles, merges without end or a bomb in another part do no harm."""
    path = workbook([["id", "kind"], ["a", "brigde"]])
    with zipfile.ZipFile(path, "a") as book:
        book.writestr("docProps/custom.xml", "<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>")
    faults = read_workbook(path, [works]).faults
    copy = openpyxl.load_workbook(mark_faults(path, tmp_path / "m.xlsx", faults, tables=[works]))
    assert _fill(copy["works"]["B2"]) == FAULT
    assert copy["works"]["A2"].value == "a"


def test_the_source_is_never_overwritten(workbook: Write, tmp_path: Path) -> None:
    """The copy is another file, and a workbook."""
    path = workbook([["id"], ["a"]])
    with pytest.raises(RoadplanError, match="overwrite"):
        mark_faults(path, path, [])
    with pytest.raises(RoadplanError, match=r"\.xlsx"):
        mark_faults(path, tmp_path / "m.csv", [])
