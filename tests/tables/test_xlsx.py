"""Cells of workbooks as other programs write them, checked against the standard by hand."""

from __future__ import annotations

import datetime as dt
import zipfile
from pathlib import Path

import pytest

from roadplan.tables.archive import UnreadableFileError
from roadplan.tables.cells import Cell, ErrorValue, Percent, Uncomputed
from roadplan.tables.xlsx import Sheet, check_parts, read_sheets

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def _workbook(
    tmp_path: Path, rows: str, *, namespace: str = MAIN, book: str = "", after: str = ""
) -> Path:
    """Write a workbook by hand: shared strings, styles of a date and a percentage, one sheet."""
    shared = (
        "<si><t>plain</t></si>"
        "<si><r><t>rich </t></r><r><t>text</t></r><rPh sb='0' eb='1'><t>aid</t></rPh></si>"
        "<si><t xml:space='preserve'> line_x000D_break _x005F_x0041_ _xD800_</t></si>"
    )
    formats = "".join(f"<xf numFmtId='{number}'/>" for number in (0, 14, 164, 165, 46))
    parts = {
        "_rels/.rels": f"<Relationships xmlns='{PACKAGE}'><Relationship Id='a' "
        f"Type='{RELATIONS}/officeDocument' Target='/xl/workbook.xml'/></Relationships>",
        "xl/workbook.xml": f"<workbook xmlns='{namespace}' xmlns:r='{RELATIONS}'>{book}"
        "<sheets><sheet name='S' sheetId='1' r:id='r1'/></sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f"<Relationships xmlns='{PACKAGE}'>"
        f"<Relationship Id='r1' Type='{RELATIONS}/worksheet' Target='worksheets/s.xml'/>"
        f"<Relationship Id='r2' Type='{RELATIONS}/sharedStrings' Target='shared.xml'/>"
        f"<Relationship Id='r3' Type='{RELATIONS}/styles' Target='../xl/styles.xml'/>"
        "</Relationships>",
        "xl/shared.xml": f"<sst xmlns='{namespace}'>{shared}</sst>",
        "xl/styles.xml": f"<styleSheet xmlns='{namespace}'><numFmts>"
        "<numFmt numFmtId='164' formatCode='0.0%'/>"
        "<numFmt numFmtId='165' formatCode='0.0&quot;% of all&quot;'/></numFmts>"
        f"<cellStyleXfs><xf numFmtId='9'/></cellStyleXfs><cellXfs>{formats}</cellXfs></styleSheet>",
        "xl/worksheets/s.xml": f"<worksheet xmlns='{namespace}'><sheetData>{rows}</sheetData>"
        f"{after}</worksheet>",
    }
    path = tmp_path / "hand.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def _cells(path: Path) -> dict[int, dict[int, Cell]]:
    return read_sheets(path)[0].rows


def test_shared_strings(tmp_path: Path) -> None:
    """Rich text is joined, reading aids are left out, escapes are resolved (ISO 29500, 22.9.2)."""
    row = "".join(f"<c r='{c}1' t='s'><v>{i}</v></c>" for i, c in enumerate("ABC"))
    assert _cells(_workbook(tmp_path, f"<row r='1'>{row}</row>"))[1] == {
        0: "plain",
        1: "rich text",
        2: " line\rbreak _x0041_ _xD800_",
    }


@pytest.mark.parametrize(
    ("cell", "content"),
    [
        ("<c r='A1'><v>1.5</v></c>", 1.5),
        ("<c r='A1' t='n'><v>1E3</v></c>", 1000.0),
        ("<c r='A1' t='b'><v>1</v></c>", True),
        ("<c r='A1' t='b'><v>0</v></c>", False),
        ("<c r='A1' t='e'><v>#DIV/0!</v></c>", ErrorValue("#DIV/0!")),
        ("<c r='A1' t='str'><f>B1</f><v>text</v></c>", "text"),
        ("<c r='A1' t='inlineStr'><is><r><t>a</t></r><r><t>b</t></r></is></c>", "ab"),
        ("<c r='A1' t='d'><v>2025-12-31T00:00:00</v></c>", "2025-12-31T00:00:00"),
        ("<c r='A1'><f>B1</f></c>", Uncomputed("B1")),
        ("<c r='A1'><f>B1</f><v></v></c>", Uncomputed("B1")),
        ("<c r='A1'><f t='shared' si='0'/><v>2</v></c>", 2.0),
        ("<c r='A1' s='1'><v>46022</v></c>", dt.datetime(2025, 12, 31)),  # noqa: DTZ001
        ("<c r='A1' s='1'><v>1e300</v></c>", 1e300),
        ("<c r='A1' s='2'><v>0.35</v></c>", Percent(0.35)),
        ("<c r='A1' s='3'><v>0.35</v></c>", 0.35),
        ("<c r='A1' s='4'><v>1.5</v></c>", 1.5),
        ("<c r='A1' s='99'><v>7</v></c>", 7.0),
        ("<c r='A1'><v>nan</v></c>", "nan"),
        ("<c r='A1'><v>word</v></c>", "word"),
    ],
)
def test_a_cell_of_each_type(tmp_path: Path, cell: str, content: Cell) -> None:
    """Types, stored results, dates and percentages by their number format."""
    assert _cells(_workbook(tmp_path, f"<row r='1'>{cell}</row>")) == {1: {0: content}}


@pytest.mark.parametrize(
    "cell", ["<c r='A1'/>", "<c r='A1' t='s'><v/></c>", "<c r='A1' t='str'><f>B1</f><v></v></c>"]
)
def test_a_cell_without_content(tmp_path: Path, cell: str) -> None:
    """Styled empty cells and formulas that give empty text hold nothing."""
    assert _cells(_workbook(tmp_path, f"<row r='1'>{cell}</row>")) == {}


def test_places_may_be_left_out(tmp_path: Path) -> None:
    """Rows and cells without a reference follow the one before (18.3.1.4, 18.3.1.73)."""
    rows = (
        "<row><c><v>1</v></c><c><v>2</v></c></row>"
        "<row r='5'><c r='C5'><v>3</v></c><c><v>4</v></c></row>"
    )
    assert _cells(_workbook(tmp_path, rows)) == {1: {0: 1.0, 1: 2.0}, 5: {2: 3.0, 3: 4.0}}


def test_the_strict_format_is_read_too(tmp_path: Path) -> None:
    """The strict namespace makes no difference."""
    path = _workbook(tmp_path, "<row r='1'><c r='A1'><v>1</v></c></row>", namespace=STRICT)
    assert _cells(path) == {1: {0: 1.0}}


def test_what_is_hidden_or_merged_is_known(tmp_path: Path) -> None:
    """Hidden rows, columns and merged ranges are told."""
    path = _workbook(
        tmp_path,
        "<row r='2' hidden='1'><c r='A2'><v>1</v></c></row>",
        after="<cols><col min='2' max='99999' hidden='true'/></cols>"
        "<mergeCells><mergeCell ref='B3:A2'/><mergeCell ref='C3'/></mergeCells>",
        book="<workbookPr date1904='1'/>",
    )
    sheet: Sheet = read_sheets(path)[0]
    assert sheet.hidden_rows == {2}
    assert min(sheet.hidden_columns) == 1
    assert max(sheet.hidden_columns) == 16_383
    assert sheet.merges == ((2, 0, 3, 1), (3, 2, 3, 2))
    assert sheet.date_1904


@pytest.mark.parametrize(
    "rows",
    [
        "<row r='0'/>",
        "<row r='1048577'/>",
        "<row r='-1'/>",
        "<row r='1'><c r='1A'/></row>",
        "<row r='1'><c r='XFE1'/></row>",
        "<row r='1'><c r='A9999999'/></row>",
        "<row r='1'><c r='A1' t='s'><v>99</v></c></row>",
        "<row r='1'><c r='A1' t='s'><v>-1</v></c></row>",
        "</sheetData><mergeCells><mergeCell ref='A1:Z'/></mergeCells><sheetData>",
        "<row",
        "&nbsp;",
    ],
)
def test_impossible_sheets_are_refused(tmp_path: Path, rows: str) -> None:
    """Damage is told, not guessed around."""
    with pytest.raises(UnreadableFileError, match=r"damaged|no sound XML"):
        read_sheets(_workbook(tmp_path, rows))


def test_every_part_can_be_checked(tmp_path: Path) -> None:
    """Entities in a part that reading does not need are found too."""
    path = _workbook(tmp_path, "")
    check_parts(path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("docProps/core.xml", "<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>")
    with pytest.raises(UnreadableFileError, match=r"docProps/core\.xml"):
        check_parts(path)
