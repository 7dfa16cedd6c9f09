"""Writing tables for people: text stays text, whatever a spreadsheet program would make of it.

A cell that begins with ``=``, ``+``, ``-``, ``@``, a tab or a carriage return is run as a formula
by spreadsheet programs when it comes as plain text (OWASP, CSV Injection). In a workbook such text
is stored as text and marked so; in a CSV an apostrophe is put before it, which reading takes off.
"""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from roadplan.errors import RoadplanError
from roadplan.files import replace_text, replacing
from roadplan.tables.cells import MAX_TEXT, number_text
from roadplan.tables.schema import Column, Table
from roadplan.tables.words import choice_text, flag_text, header_text, table_title

_INJECTION = re.compile(r"'*[=+\-@\t\r]")
_NEEDS_QUOTES = re.compile(r'[,"\r\n\t;]|^\s|\s$')
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_LOOKS_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_SHEET_FORBIDDEN = re.compile(r"[\\/*?:\[\]]")

HEADER_FONT = Font(bold=True)
HEADER_FILL = PatternFill("solid", start_color="D9E2F3", end_color="D9E2F3")
REQUIRED_FILL = PatternFill("solid", start_color="B4C7E7", end_color="B4C7E7")
DATE_FORMAT = "yyyy-mm-dd"
DATETIME_FORMAT = "yyyy-mm-dd hh:mm:ss"
_WIDEST = 44

# --- CSV --------------------------------------------------------------------------------------


def csv_text(frame: pd.DataFrame, table: Table) -> str:
    """Return a table as CSV: the columns of its description, commas, line feeds.

    Numbers are written with as few digits as read back the same, flags as yes and no, empty
    cells as nothing.

    Parameters
    ----------
    frame
        Rows; columns of the description that are missing are written empty.
    table
        The description.

    Examples
    --------
    >>> from roadplan.corridor.schema import JUNCTIONS
    >>> row = {"junction": "=a", "route": "main", "station_m": 12.0}
    >>> print(csv_text(pd.DataFrame([row]), JUNCTIONS).splitlines()[1])
    '=a,main,12,,
    """
    columns = [_csv_cells(_values(frame, column), column) for column in table]
    lines = [table.names, *zip(*columns, strict=True)]
    return "".join(f"{','.join(map(_quoted, line))}\n" for line in lines)


def write_csv(
    path: str | os.PathLike[str], frame: pd.DataFrame, table: Table, *, for_excel: bool = False
) -> Path:
    """Write a table as CSV in UTF-8, atomically.

    Parameters
    ----------
    path
        The file.
    frame, table
        As in :func:`csv_text`.
    for_excel
        Whether to begin with a byte order mark, without which Excel garbles Cyrillic letters.

    Returns
    -------
    Path
        The file.
    """
    return replace_text(path, ("\ufeff" if for_excel else "") + csv_text(frame, table))


def _quoted(text: str) -> str:
    """Return a cell with quotes where it needs them; csv.writer forgets lone carriage returns."""
    return '"{}"'.format(text.replace('"', '""')) if _NEEDS_QUOTES.search(text) else text


def csv_cell(text: str) -> str:
    """Return a text as it is safe in a CSV cell.

    Examples
    --------
    >>> csv_cell("=1+1"), csv_cell("'=1+1"), csv_cell("1610+250")
    ("'=1+1", "''=1+1", '1610+250')
    """
    return f"'{text}" if _INJECTION.match(text) else text


def plain_text(value: object) -> str:
    """Return a value as text: numbers short and exact, flags as yes and no, nothing as ``""``."""
    if value is None or value is pd.NA or value is pd.NaT:
        return ""
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, float | np.floating):
        return "" if np.isnan(value) else number_text(float(value))
    if isinstance(value, pd.Timestamp | dt.datetime | dt.date):
        return value.isoformat()
    return str(value)


def _csv_cells(values: Iterable[object], column: Column) -> list[str]:
    """Return values as CSV cells; a negative number is no formula and stays a number."""
    texts = [plain_text(value) for value in values]
    if column.kind in {"number", "integer", "flag"}:
        return texts
    return [csv_cell(text) for text in texts]


def _values(frame: pd.DataFrame, column: Column) -> list[object]:
    """Return the values of a column; nothing in each row where the frame lacks it."""
    if column.name not in frame:
        return [None] * len(frame)
    return list(frame[column.name])


# --- workbooks --------------------------------------------------------------------------------


def _refuse_long_text(frame: pd.DataFrame) -> None:
    longest = max(
        (len(value) for name in frame for value in frame[name] if isinstance(value, str)),
        default=0,
    )
    if longest > MAX_TEXT:
        raise RoadplanError(
            f"a text of {longest:,} characters does not fit into a cell; shorten it to {MAX_TEXT:,}"
        )


def put_text(cell: Cell, text: str) -> None:
    """Put a text into a cell of a workbook so that it stays text.

    What is longer than a cell can hold ends with an ellipsis.
    """
    if len(text) > MAX_TEXT:
        text = f"{text[: MAX_TEXT - 1]}…"
    text = _LOOKS_ESCAPED.sub("_x005F_", text)
    cell.value = _ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", text).replace("\r", "_x000D_")
    # Without this openpyxl takes text with = for a formula and #REF! for an error.
    cell.data_type = "s"
    if _INJECTION.match(text):
        cell.quotePrefix = True


def put_value(cell: Cell, value: object, column: Column, table: Table, language: str) -> None:
    """Put a value of a column into a cell, with choices and flags in a language.

    Dates become dates of the spreadsheet program, ids and posts are formatted as text.
    """
    text = plain_text(value)
    if column.kind in {"id", "post"}:
        cell.number_format = "@"
    if not text:
        return
    if isinstance(value, bool | np.bool_) or column.kind == "flag":
        put_text(cell, flag_text(value=bool(value), language=language))
    elif isinstance(value, int | float | np.integer | np.floating):
        _put_number(cell, float(value))
    elif column.kind == "choice":
        put_text(cell, choice_text(text, table, language))
    elif column.kind in {"date", "datetime"} and (moment := _moment(text)) is not None:
        cell.value = moment
        cell.number_format = DATE_FORMAT if column.kind == "date" else DATETIME_FORMAT
    else:
        put_text(cell, text)


def _put_number(cell: Cell, number: float) -> None:
    """Put a number into a cell exactly; openpyxl alone would write 16 digits of the 17."""
    cell.value = number_text(number)
    cell.data_type = "n"


def _moment(text: str) -> dt.datetime | None:
    """Return an ISO date or local moment that a workbook can hold as a date."""
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is None and moment.year > 1900 else None


def write_workbook(
    path: str | os.PathLike[str],
    frames: Mapping[str, pd.DataFrame],
    *,
    tables: Mapping[str, Table] | None = None,
    language: str = "en",
) -> Path:
    """Write tables as a workbook, one sheet each, atomically.

    Parameters
    ----------
    path
        The file, ending in .xlsx.
    frames
        Table or sheet name → rows. Text is written as text, never as a formula.
    tables
        Descriptions by name: such a table gets its title and headers in `language` and its
        columns in their order. Other frames are written as they are.
    language
        `ru`, `kk` or `en`.

    Returns
    -------
    Path
        The file.
    """
    described = tables or {}
    for frame in frames.values():
        # Before anything is written: a half-written sheet cannot be given up cleanly.
        _refuse_long_text(frame)
    book = Workbook(write_only=True)
    titles: set[str] = set()
    for name, frame in frames.items():
        table = described.get(name)
        if table is None:
            headers = [str(column) for column in frame.columns]
            values = [list(frame[column]) for column in frame.columns]
            putters: list[Callable[[Cell, object], None]] = [_put_any] * len(headers)
            title = name
        else:
            headers = [header_text(column, table, language) for column in table]
            values = [_values(frame, column) for column in table]
            putters = [_putter(column, table, language) for column in table]
            title = table_title(table, language)
        sheet = book.create_sheet(sheet_title(title, titles))
        sheet.freeze_panes = "A2"
        for i, (header, column_values) in enumerate(zip(headers, values, strict=True), start=1):
            sheet.column_dimensions[get_column_letter(i)].width = width_of(header, column_values)
        sheet.append([_header_cell(sheet, header) for header in headers])
        for row in zip(*values, strict=True):
            cells = []
            for put, value in zip(putters, row, strict=True):
                cell = WriteOnlyCell(sheet)
                put(cell, value)
                cells.append(cell)
            sheet.append(cells)
    if not frames:
        book.create_sheet("empty")
    with replacing(path) as temporary:
        book.save(temporary)
    return Path(path)


def _putter(column: Column, table: Table, language: str) -> Callable[[Cell, object], None]:
    def put(cell: Cell, value: object) -> None:
        put_value(cell, value, column, table, language)

    return put


def _put_any(cell: Cell, value: object) -> None:
    """Put a value of no described column: numbers and dates as such, all else as text."""
    text = plain_text(value)
    if not text:
        return
    if isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool):
        number = float(value)
        if np.isfinite(number):
            _put_number(cell, number)
            return
    if isinstance(value, dt.datetime | dt.date) and (moment := _moment(text)) is not None:
        cell.value = moment
        cell.number_format = DATETIME_FORMAT if "T" in text else DATE_FORMAT
        return
    put_text(cell, text)


def _header_cell(sheet: Any, header: str) -> Cell:
    cell = WriteOnlyCell(sheet)
    put_text(cell, header)
    cell.font, cell.fill = HEADER_FONT, HEADER_FILL
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    return cell


def width_of(header: str, values: Iterable[object]) -> float:
    """Return a width, in characters, in which a column reads well."""
    longest = max(
        (len(plain_text(value)) for _, value in zip(range(200), values, strict=False)), default=0
    )
    return float(min(max(len(header) * 0.7 + 4, longest + 2, 9), _WIDEST))


def sheet_title(title: str, taken: set[str]) -> str:
    """Return a sheet name that spreadsheet programs accept and that is not taken yet."""
    clean = _ILLEGAL.sub("", _SHEET_FORBIDDEN.sub(" ", title)).strip().strip("'")[:31] or "table"
    name, number = clean, 2
    while name.casefold() in taken:
        ending = f" {number}"
        name, number = f"{clean[: 31 - len(ending)]}{ending}", number + 1
    taken.add(name.casefold())
    return name
