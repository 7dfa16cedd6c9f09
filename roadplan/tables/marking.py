"""The user's own workbook with its faults marked where they are, and listed on a sheet."""

from __future__ import annotations

import os
import warnings
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import openpyxl
from openpyxl.cell import MergedCell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, PatternFill
from openpyxl.utils import get_column_letter, quote_sheetname
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.hyperlink import Hyperlink

from roadplan.errors import Fault, RoadplanError
from roadplan.files import replacing
from roadplan.i18n import translate
from roadplan.tables.cells import shown
from roadplan.tables.delimited import BrokenRowsError, decode, delimiter_of, split_rows
from roadplan.tables.raw import find_header
from roadplan.tables.schema import Table
from roadplan.tables.sheets import header_rows
from roadplan.tables.words import FAULTS_TITLE, column_words, normalised
from roadplan.tables.writing import HEADER_FILL, HEADER_FONT, put_text, sheet_title
from roadplan.tables.xlsx import Sheet, check_parts, read_sheets

FAULT_FILL = PatternFill("solid", start_color="FFC7CE", end_color="FFC7CE")
ROW_FILL = PatternFill("solid", start_color="FFEB9C", end_color="FFEB9C")

_AUTHOR = "roadplan"
_HEADERS = ("Sheet", "Row", "Column", "Value", "What is wrong", "What would be right")
_WIDTHS = (20, 8, 22, 26, 60, 60)

_MOST_MERGED_CELLS = 1_000_000
"""openpyxl makes an object for each merged cell, even where nothing is."""

_BOOK_ERRORS = (
    InvalidFileException,
    zipfile.BadZipFile,
    ParseError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    OSError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    OverflowError,
)
"""What `openpyxl` raises on workbooks that are unusual but can be read as cells."""


def mark_faults(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    faults: Iterable[Fault],
    *,
    tables: Iterable[Table] = (),
    language: str = "en",
) -> Path:
    """Write a copy of a user's workbook with every fault marked, atomically.

    The cell at fault is filled and has a comment with reason and remedy; a fault of a whole row
    fills the row's cells. A first sheet lists all faults, each linked to its place. The formats
    of the workbook stay; where they cannot be kept, and for a CSV, the cells alone are copied.

    Parameters
    ----------
    source
        The user's file: .xlsx, .xlsm or a CSV. Of other files only the list of faults is written.
    target
        The copy, ending in .xlsx; not `source` itself.
    faults
        What is wrong, as reading or checking found it.
    tables
        Descriptions by whose headers a column is found that a fault calls by its name.
    language
        Language of the headings of the list.

    Returns
    -------
    Path
        The copy.

    Raises
    ------
    RoadplanError
        The copy would overwrite the source, or the source cannot be read.
    """
    origin, copy = Path(source), Path(target)
    if copy.suffix.lower() != ".xlsx":
        raise RoadplanError(f"the marked copy {copy.name} must end in .xlsx")
    if copy.exists() and origin.exists() and copy.samefile(origin):
        raise RoadplanError(f"the marked copy would overwrite {origin.name}; name another file")
    found = list(faults)
    known = list(tables)
    sheets = _cells_of(origin, known)
    book = _book_of(origin, sheets)
    places = {sheet.name: _columns(sheet, known) for sheet in sheets}
    only = sheets[0].name if len(sheets) == 1 else ""
    linked = [_place(fault, book, places, only) for fault in found]
    by_place: dict[tuple[str, int, int | None], list[Fault]] = defaultdict(list)
    for fault, place in zip(found, linked, strict=True):
        if place is not None:
            by_place[place].append(fault)
    for (name, row, column), here in by_place.items():
        _mark(book[name], row, column, here)
    _list_faults(book, found, linked, language)
    with replacing(copy) as temporary:
        book.save(temporary)
    return copy


def _cells_of(origin: Path, tables: Sequence[Table]) -> list[Sheet]:
    """Return the cells of a workbook or CSV; nothing for other files and for broken text."""
    suffix = origin.suffix.lower()
    if suffix in {".xlsx", ".xlsm"}:
        return read_sheets(origin)
    if suffix in {".csv", ".tsv", ".txt"}:
        try:
            return [_csv_sheet(origin, tables)]
        except BrokenRowsError:
            return []
    return []


def _csv_sheet(origin: Path, tables: Sequence[Table]) -> Sheet:
    try:
        text = decode(origin.read_bytes())
    except OSError as error:
        raise RoadplanError(f"{origin.name} cannot be read: {error.strerror or error}") from error
    delimiter = delimiter_of(text, tables)
    rows = split_rows(text, delimiter)
    return Sheet(
        name="CSV",
        rows={
            number: {position: cell for position, cell in enumerate(row) if cell}
            for number, row in enumerate(rows, start=1)
            if any(row)
        },
    )


def _book_of(origin: Path, sheets: Sequence[Sheet]) -> Any:
    """Return the workbook to mark: the user's own, or a plain copy of its cells."""
    if origin.suffix.lower() in {".xlsx", ".xlsm"} and _is_harmless(origin, sheets):
        try:
            with origin.open("rb") as stream, warnings.catch_warnings():
                # What openpyxl does not keep (e.g. drawings) does not matter in a marked copy.
                warnings.simplefilter("ignore")
                book = openpyxl.load_workbook(stream)
            if all(sheet.name in book.sheetnames for sheet in sheets):
                return book
        except _BOOK_ERRORS:
            pass
    book = openpyxl.Workbook(write_only=False)
    book.remove(book.worksheets[0])
    taken: set[str] = set()
    for sheet in sheets:
        copied = book.create_sheet(sheet_title(sheet.name, taken))
        for row, cells in sheet.rows.items():
            for position, cell in cells.items():
                into = copied.cell(row, position + 1)
                if isinstance(cell, float | int | bool):
                    into.value = cell
                else:
                    put_text(into, str(cell) if isinstance(cell, str) else shown(cell))
    return book


def _is_harmless(origin: Path, sheets: Sequence[Sheet]) -> bool:
    """Say whether openpyxl may open a workbook: no XML bombs, no merged cells without end."""
    merged = sum(
        (bottom - top + 1) * (right - left + 1)
        for sheet in sheets
        for top, left, bottom, right in sheet.merges
    )
    if merged > _MOST_MERGED_CELLS:
        return False
    try:
        check_parts(origin)
    except RoadplanError:
        return False
    return True


def _columns(sheet: Sheet, tables: Sequence[Table]) -> tuple[int, dict[str, int]]:
    """Return the header row of a sheet and the position of each column by all its names."""
    candidates = header_rows(sheet)
    positions: dict[str, int] = {}
    header_row, best = 0, 0
    for table in tables:
        at = find_header([list(cells.values()) for _, cells in candidates], table)
        if at is None:
            continue
        words = column_words(table)
        row, cells = candidates[at]
        named = {
            words[normalised(cell)]: position
            for position, cell in sorted(cells.items(), reverse=True)
            if isinstance(cell, str) and normalised(cell) in words
        }
        if len(named) > best:
            header_row, best, positions = row, len(named), named
    labels = dict(candidates).get(header_row, {})
    shown_labels = {
        shown(cell.strip()): position
        for position, cell in sorted(labels.items(), reverse=True)
        if isinstance(cell, str)
    }
    return header_row, {**positions, **shown_labels}


def _place(
    fault: Fault,
    book: Any,
    places: Mapping[str, tuple[int, dict[str, int]]],
    only: str,
) -> tuple[str, int, int | None] | None:
    """Return sheet, row and column (from 1) of a fault; no column for a whole row."""
    name = fault.sheet or only
    if name not in book.sheetnames or fault.row is None or fault.row < 1:
        return None
    _, columns = places.get(name, (0, {}))
    position = columns.get(fault.column)
    if position is None and fault.column.isascii() and fault.column.isupper():
        position = _position_of_letters(fault.column)
    return name, fault.row, None if position is None else position + 1


def _position_of_letters(letters: str) -> int | None:
    if not letters.isalpha() or len(letters) > 3:
        return None
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1 if number <= 16_384 else None


def _mark(sheet: Any, row: int, column: int | None, faults: Sequence[Fault]) -> None:
    """Fill a cell, or a row, and say in a comment what is wrong."""
    if column is None:
        last = max(sheet.max_column, 1)
        for at in range(1, min(last, 100) + 1):
            sheet.cell(row, at).fill = ROW_FILL
        cell = sheet.cell(row, 1)
    else:
        cell = sheet.cell(row, column)
        cell.fill = FAULT_FILL
    if isinstance(cell, MergedCell):
        cell = _top_left(sheet, cell)
        cell.fill = FAULT_FILL
    texts = [f"{fault.why}\n→ {fault.remedy}" if fault.remedy else fault.why for fault in faults]
    if cell.comment is not None and cell.comment.text:
        texts.insert(0, cell.comment.text)
    text = "\n\n".join(texts)[:2000]
    cell.comment = Comment(
        text, _AUTHOR, height=min(60 + 18 * text.count("\n") * 2, 400), width=340
    )


def _top_left(sheet: Any, cell: MergedCell) -> Any:
    for merged in sheet.merged_cells.ranges:
        if cell.coordinate in merged:
            return sheet.cell(merged.min_row, merged.min_col)
    return sheet.cell(1, 1)


def _list_faults(
    book: Any,
    faults: Sequence[Fault],
    places: Sequence[tuple[str, int, int | None] | None],
    language: str,
) -> None:
    """Put a first sheet into the workbook with all faults, each linked to its place."""
    taken = {name.casefold() for name in book.sheetnames}
    sheet = book.create_sheet(sheet_title(translate(FAULTS_TITLE, language, "tables"), taken), 0)
    book.active = 0
    for other in book.worksheets:
        other.sheet_view.tabSelected = other is sheet
    for index, (header, width) in enumerate(zip(_HEADERS, _WIDTHS, strict=True), start=1):
        cell = sheet.cell(1, index)
        put_text(cell, translate(header, language, "tables"))
        cell.font, cell.fill = HEADER_FONT, HEADER_FILL
        sheet.column_dimensions[get_column_letter(index)].width = width
    sheet.freeze_panes = "A2"
    for at, (fault, place) in enumerate(zip(faults, places, strict=True), start=2):
        put_text(sheet.cell(at, 1), fault.sheet or fault.file)
        if fault.row is not None:
            sheet.cell(at, 2).value = fault.row
        for index, text in enumerate((fault.column, fault.value, fault.why, fault.remedy), start=3):
            cell = sheet.cell(at, index)
            put_text(cell, text)
            cell.alignment = Alignment(wrap_text=True, vertical="top")
        if place is not None:
            name, row, column = place
            spot = f"{quote_sheetname(name)}!{get_column_letter(column or 1)}{row}"
            link = sheet.cell(at, 2)
            link.hyperlink = Hyperlink(ref=link.coordinate, location=spot)
            link.style = "Hyperlink"
