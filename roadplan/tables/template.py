"""Workbooks to fill in: headers in the reader's language, drop-downs, and a sheet that explains."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter, quote_sheetname
from openpyxl.worksheet.datavalidation import DataValidation

from roadplan.files import replacing
from roadplan.i18n import translate
from roadplan.tables.cells import number_text
from roadplan.tables.schema import Column, Table
from roadplan.tables.words import HELP_TITLE, choice_text, flag_text, header_text, table_title
from roadplan.tables.writing import (
    DATE_FORMAT,
    DATETIME_FORMAT,
    HEADER_FILL,
    HEADER_FONT,
    REQUIRED_FILL,
    put_text,
    put_value,
    sheet_title,
    width_of,
)

_LISTS_TITLE = "_lists"
_FREE_ROWS = 1000
"""Rows below the filled ones that have drop-downs too."""

_HELP_LINES = (
    "One sheet for each table; one row for each thing. Leave a sheet empty if you have nothing.",
    "Columns with * must be filled in. Do not rename the headers; their order does not matter.",
    "Numbers with a decimal comma or point; dates as 2025-12-31 or 31.12.2025.",
    "Kilometre posts as m36:1610+250, 1610 км ПК2+50 or KAZ01 km 248.",
    "An empty cell means: not known.",
)
_HELP_HEADERS = ("Column", "Required", "Unit", "Allowed values", "Meaning")
_FORMATS = {"id": "@", "post": "@", "date": DATE_FORMAT, "datetime": DATETIME_FORMAT}


def write_template(
    path: str | os.PathLike[str],
    tables: Iterable[Table],
    *,
    language: str = "en",
    examples: Mapping[str, pd.DataFrame] | None = None,
    known_ids: Mapping[str, Sequence[str]] | None = None,
    help_lines: Iterable[str] = (),
) -> Path:
    """Write a workbook to fill in, atomically.

    Parameters
    ----------
    path
        The file, ending in .xlsx.
    tables
        What may be filled in: one sheet each.
    language
        `ru`, `kk` or `en`: titles, headers, explanations, drop-downs.
    examples
        Table name → rows to begin with.
    known_ids
        Table name → ids that exist; columns that refer to the table offer them. Where the table
        is itself in the workbook, other ids may be typed after a warning.
    help_lines
        More lines for the explaining sheet, in English as in the catalogue `tables`.

    Returns
    -------
    Path
        The file.
    """
    chosen = list(tables)
    rows = examples or {}
    book = Workbook()
    help_sheet: Any = book.active
    titles: set[str] = set()
    help_sheet.title = sheet_title(translate(HELP_TITLE, language, "tables"), titles)
    _write_help(help_sheet, chosen, (*_HELP_LINES, *help_lines), language)
    sheets = [
        book.create_sheet(sheet_title(table_title(table, language), titles)) for table in chosen
    ]
    lists: Any = book.create_sheet(sheet_title(_LISTS_TITLE, titles))
    lists.sheet_state = "veryHidden"
    names = {table.name for table in chosen}
    for sheet, table in zip(sheets, chosen, strict=True):
        frame = rows.get(table.name, pd.DataFrame())
        _write_rows(sheet, table, frame, language)
        last_row = len(frame) + _FREE_ROWS + 1
        for index, column in enumerate(table, start=1):
            allowed = _allowed(column, table, known_ids or {}, language)
            reference = _write_list(lists, f"{table.name}.{column.name}", allowed)
            rule = _rule(column, reference, open_list=column.refers in names)
            rule.promptTitle = header_text(column, table, language)[:32]
            rule.prompt = translate(column.description, language, table.domain)[:255]
            rule.showInputMessage = True
            letter = get_column_letter(index)
            rule.add(f"{letter}2:{letter}{last_row}")
            sheet.add_data_validation(rule)
    with replacing(path) as temporary:
        book.save(temporary)
    return Path(path)


def _write_help(sheet: Any, tables: Sequence[Table], lines: Iterable[str], language: str) -> None:
    def say(text: str) -> str:
        return translate(text, language, "tables")

    row = 1
    for line in lines:
        put_text(sheet.cell(row, 1), say(line))
        row += 1
    for table in tables:
        row += 1
        title = sheet.cell(row, 1)
        put_text(title, table_title(table, language))
        title.font = Font(bold=True, size=13)
        put_text(sheet.cell(row, 5), translate(table.description, language, table.domain))
        row += 1
        for at, header in enumerate(_HELP_HEADERS, start=1):
            cell = sheet.cell(row, at)
            put_text(cell, say(header))
            cell.font, cell.fill = HEADER_FONT, HEADER_FILL
        for column in table:
            row += 1
            texts = (
                header_text(column, table, language),
                say("yes" if column.required else "no"),
                say(column.unit) if column.unit else "",
                _range_text(column, table, language),
                translate(column.description, language, table.domain),
            )
            for at, text in enumerate(texts, start=1):
                cell = sheet.cell(row, at)
                put_text(cell, text)
                cell.alignment = Alignment(wrap_text=at > 3, vertical="top")
    for letter, width in zip("ABCDE", (30, 14, 14, 44, 70), strict=True):
        sheet.column_dimensions[letter].width = width


def _range_text(column: Column, table: Table, language: str) -> str:
    """Return what a column allows, in a language."""
    if column.kind == "flag":
        return ", ".join(flag_text(value=value, language=language) for value in (True, False))
    if column.choices:
        return ", ".join(choice_text(choice, table, language) for choice in column.choices)
    low = "" if column.minimum is None else number_text(column.minimum)
    high = "" if column.maximum is None else number_text(column.maximum)
    if low and high:
        return f"{low} … {high}"
    return f"≥ {low}" if low else f"≤ {high}" if high else ""


def _write_rows(sheet: Any, table: Table, frame: pd.DataFrame, language: str) -> None:
    """Write the header and the rows to begin with."""
    sheet.freeze_panes = "A2"
    sheet.row_dimensions[1].height = 32
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = "1:1"
    for index, column in enumerate(table, start=1):
        header = header_text(column, table, language)
        cell = sheet.cell(1, index)
        put_text(cell, f"{header} *" if column.required else header)
        cell.font = HEADER_FONT
        cell.fill = REQUIRED_FILL if column.required else HEADER_FILL
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        values = list(frame[column.name]) if column.name in frame else []
        dimension = sheet.column_dimensions[get_column_letter(index)]
        dimension.width = width_of(header, values)
        if column.kind in _FORMATS:
            # So that a post or an id typed later is not turned into a date.
            dimension.number_format = _FORMATS[column.kind]
        for row, value in enumerate(values, start=2):
            put_value(sheet.cell(row, index), value, column, table, language)


def _allowed(
    column: Column, table: Table, known_ids: Mapping[str, Sequence[str]], language: str
) -> list[str]:
    """Return what a drop-down of a column offers; nothing where it has none."""
    if column.kind == "flag":
        return [flag_text(value=value, language=language) for value in (True, False)]
    if column.choices:
        return [choice_text(choice, table, language) for choice in column.choices]
    return list(known_ids.get(column.refers, ()))


def _write_list(sheet: Any, name: str, allowed: Sequence[str]) -> str:
    """Write the entries of a drop-down into a column of their own and return its reference."""
    if not allowed:
        return ""
    index = sheet.max_column + 1 if sheet.cell(1, 1).value else 1
    put_text(sheet.cell(1, index), name)
    for row, entry in enumerate(allowed, start=2):
        put_text(sheet.cell(row, index), entry)
    letter = get_column_letter(index)
    return f"{quote_sheetname(sheet.title)}!${letter}$2:${letter}${len(allowed) + 1}"


def _rule(column: Column, reference: str, *, open_list: bool) -> DataValidation:
    """Return what the spreadsheet program checks while typing."""
    if reference:
        rule = DataValidation(type="list", formula1=reference)
        rule.errorStyle = "warning" if open_list else "stop"
        rule.showErrorMessage = True
    elif column.kind in {"number", "integer"}:
        rule = DataValidation(type="whole" if column.kind == "integer" else "decimal")
        low = column.minimum if column.minimum is not None else -1e12
        high = column.maximum if column.maximum is not None else 1e12
        rule.operator, rule.formula1, rule.formula2 = "between", number_text(low), number_text(high)
        rule.showErrorMessage = True
    else:
        rule = DataValidation()
    rule.allow_blank = True
    return rule
