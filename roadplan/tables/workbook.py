"""Reading tables from what people send: a workbook, a GeoPackage or a CSV."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from roadplan.errors import Fault
from roadplan.tables.archive import UnreadableFileError
from roadplan.tables.delimited import BrokenRowsError, decode, delimiter_of, raw_table, split_rows
from roadplan.tables.geopackage import layer_names, layer_table
from roadplan.tables.raw import HEADER_SEARCH_ROWS, RawTable, match_columns
from roadplan.tables.reading import empty_frame, parse_table
from roadplan.tables.schema import Table
from roadplan.tables.sheets import find_sheet_header, header_rows, hidden_note, sheet_table
from roadplan.tables.words import column_words, is_own_sheet, normalised, table_words
from roadplan.tables.xlsx import Sheet, read_sheets

SUFFIXES = (".xlsx", ".xlsm", ".csv", ".tsv", ".txt", ".gpkg")
"""Endings of the files that are understood."""


@dataclass(frozen=True, kw_only=True)
class ReadPart:
    """One table as it was found in one sheet, layer or file.

    Parameters
    ----------
    table
        Name of the table.
    sheet
        Name of the sheet or layer; empty for a CSV.
    frame
        The rows, as :func:`roadplan.tables.reading.read_csv_table` gives them.
    headers
        Column name → header as written in the file, for the columns that were there.
    """

    table: str
    sheet: str
    frame: pd.DataFrame
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class WorkbookRead:
    """What a file of a user holds.

    Parameters
    ----------
    file
        Its name.
    parts
        The tables found, in the order of the file.
    faults
        All faults; the parts are fit for use only where there is none.
    notes
        What the user should know: hidden rows that were read, sheets that were not.
    """

    file: str
    parts: tuple[ReadPart, ...]
    faults: tuple[Fault, ...]
    notes: tuple[str, ...] = ()

    def frame(self, table: Table) -> pd.DataFrame:
        """Return all rows of one table, from whichever sheets they came."""
        frames = [part.frame for part in self.parts if part.table == table.name]
        frames = [frame for frame in frames if len(frame)]
        return pd.concat(frames, ignore_index=True) if frames else empty_frame(table)


def read_workbook(
    path: str | os.PathLike[str], tables: Iterable[Table], *, only: str | None = None
) -> WorkbookRead:
    """Read tables from a workbook, a GeoPackage or a CSV, collecting every fault.

    A sheet or layer is taken for a table by its name (the table's name, or its title in Russian,
    Kazakh or English), otherwise by its header; several sheets may hold parts of one table.

    Parameters
    ----------
    path
        The file; its ending says what it is: one of :data:`SUFFIXES`.
    tables
        The tables that may be in it.
    only
        Name of the table that a CSV, or the only sheet of a workbook, holds.

    Returns
    -------
    WorkbookRead
        Tables, faults and notes.

    Raises
    ------
    UnreadableFileError
        The file cannot be read at all, or holds none of the tables.
    """
    file = Path(path)
    known = {table.name: table for table in tables}
    if only is not None and only not in known:
        near = difflib.get_close_matches(only, list(known), n=1)
        meant = f"; {near[0]} may be meant" if near else ""
        why = f"there is no table {only!r}"
        raise UnreadableFileError(file.name, why, f"say one of {', '.join(known)}{meant}")
    if file.is_dir():
        why = "it is a folder"
        raise UnreadableFileError(file.name, why, f"give a file: {', '.join(SUFFIXES)}")
    readers: dict[str, Callable[[Path, Mapping[str, Table], str | None], WorkbookRead]] = {
        ".xlsx": _read_xlsx,
        ".xlsm": _read_xlsx,
        ".gpkg": _read_geopackage,
        ".csv": _read_csv,
        ".tsv": _read_csv,
        ".txt": _read_csv,
        # An old workbook is refused by what is in it, with the right remedy.
        ".xls": _read_xlsx,
        ".xlsb": _read_xlsx,
        ".ods": _read_xlsx,
    }
    reader = readers.get(file.suffix.lower())
    if reader is None:
        why = f"files ending in {file.suffix or 'nothing'} are not understood"
        raise UnreadableFileError(file.name, why, f"save it as one of {', '.join(SUFFIXES)}")
    read = reader(file, known, only)
    if not read.parts and not read.faults:
        why = f"it holds none of the tables {', '.join(known)}"
        raise UnreadableFileError(
            file.name, why, "name each sheet or layer like its table, or start from the template"
        )
    return read


# --- workbooks --------------------------------------------------------------------------------


def _read_xlsx(path: Path, tables: Mapping[str, Table], only: str | None) -> WorkbookRead:
    sheets = read_sheets(path)
    filled = [sheet for sheet in sheets if sheet.rows]
    visible = [sheet for sheet in filled if not sheet.hidden]
    parts: list[ReadPart] = []
    faults: list[Fault] = []
    notes: list[str] = []
    for sheet in filled:
        if only is not None and len(visible) == 1 and sheet is visible[0]:
            table: Table | Fault | None = tables[only]
        else:
            table = _table_of_sheet(sheet, tables, path.name)
        if table is None:
            if not sheet.hidden and not is_own_sheet(sheet.name):
                notes.append(f"sheet {sheet.name} is no table and was not read")
            continue
        if isinstance(table, Fault):
            faults.append(table)
            continue
        if only is not None and table.name != only:
            notes.append(f"sheet {sheet.name} holds table {table.name} and was not read")
            continue
        raw = sheet_table(sheet, table, path.name)
        if isinstance(raw, Fault):
            faults.append(raw)
            continue
        if note := hidden_note(sheet, raw):
            notes.append(note)
        _add_part(raw, table, parts, faults)
    return WorkbookRead(
        file=path.name, parts=tuple(parts), faults=tuple(faults), notes=tuple(notes)
    )


def _table_of_sheet(sheet: Sheet, tables: Mapping[str, Table], file: str) -> Table | Fault | None:
    """Return the table a sheet holds, by its name or else by its header."""
    key = normalised(sheet.name)
    by_word = {word: table for table in tables.values() for word in table_words(table)}
    if key in by_word:
        return by_word[key]
    labels = [[c for c in cells.values() if isinstance(c, str)] for _, cells in header_rows(sheet)]
    found = _tables_by_header(
        [table for table in tables.values() if find_sheet_header(sheet, table) is not None], labels
    )
    if len(found) == 1:
        return found[0]
    near = difflib.get_close_matches(key, list(by_word), n=1, cutoff=0.8)
    if near and not sheet.hidden:
        return Fault(
            file=file,
            sheet=sheet.name,
            why="no table has this name",
            remedy=f"name the sheet {by_word[near[0]].name} if that is meant",
        )
    return None


def _tables_by_header(tables: Iterable[Table], rows: Sequence[Sequence[str]]) -> list[Table]:
    """Return the tables that fit a header best: all required columns there, most columns known."""
    best: list[Table] = []
    best_count = 2
    for table in tables:
        words = column_words(table)
        required = {column.name for column in table if column.required}
        for row in rows:
            named = {words.get(normalised(label)) for label in row} - {None}
            if not required <= named or len(named) < best_count or table in best:
                continue
            best = [*best, table] if len(named) == best_count else [table]
            best_count = len(named)
    return best


def _add_part(raw: RawTable, table: Table, parts: list[ReadPart], faults: list[Fault]) -> None:
    frame, found = parse_table(raw, table)
    matched, _ = match_columns(raw, table)
    headers = {name: raw.header[index] for name, index in matched.items()}
    parts.append(ReadPart(table=table.name, sheet=raw.sheet, frame=frame, headers=headers))
    faults.extend(found)


# --- GeoPackage and CSV -----------------------------------------------------------------------


def _read_geopackage(path: Path, tables: Mapping[str, Table], only: str | None) -> WorkbookRead:
    parts: list[ReadPart] = []
    faults: list[Fault] = []
    notes: list[str] = []
    by_word = {word: table for table in tables.values() for word in table_words(table)}
    layers = layer_names(path)
    for layer in layers:
        table = by_word.get(normalised(layer))
        if table is None and only is not None and len(layers) == 1:
            table = tables[only]
        if table is None or only not in {None, table.name}:
            notes.append(f"layer {layer} is none of the tables and was not read")
            continue
        raw = layer_table(path, layer, table, notes)
        if isinstance(raw, Fault):
            faults.append(raw)
        else:
            _add_part(raw, table, parts, faults)
    return WorkbookRead(
        file=path.name, parts=tuple(parts), faults=tuple(faults), notes=tuple(notes)
    )


def _read_csv(path: Path, tables: Mapping[str, Table], only: str | None) -> WorkbookRead:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise UnreadableFileError(path.name, "there is no such file") from None
    except OSError as error:
        why = f"the file cannot be read: {error.strerror or error}"
        raise UnreadableFileError(path.name, why) from error
    parts: list[ReadPart] = []
    faults: list[Fault] = []
    try:
        table = tables[only] if only is not None else _table_of_csv(path, content, tables)
        raw, broken = raw_table(content, table, path.name)
    except BrokenRowsError as error:
        if error.row is None:
            raise UnreadableFileError(path.name, error.why, error.remedy) from error
        fault = Fault(file=path.name, row=error.row, why=error.why, remedy=error.remedy)
        return WorkbookRead(file=path.name, parts=(), faults=(fault,))
    _add_part(raw, table, parts, faults)
    faults.extend(
        Fault(file=path.name, row=error.row, why=error.why, remedy=error.remedy) for error in broken
    )
    ordered = sorted(faults, key=lambda fault: fault.row or 0)
    return WorkbookRead(file=path.name, parts=tuple(parts), faults=tuple(ordered))


def _table_of_csv(path: Path, content: bytes, tables: Mapping[str, Table]) -> Table:
    """Return the table a CSV holds, by the file's name or else by its header."""
    by_word = {word: table for table in tables.values() for word in table_words(table)}
    key = normalised(path.stem)
    if key in by_word:
        return by_word[key]
    if len(tables) == 1:
        return next(iter(tables.values()))
    text = decode(content)
    rows = split_rows(text, delimiter_of(text, tables.values()), HEADER_SEARCH_ROWS)
    found = _tables_by_header(tables.values(), rows)
    if len(found) == 1:
        return found[0]
    fitting = f" ({' and '.join(table.name for table in found)} would fit)" if found else ""
    raise UnreadableFileError(
        path.name,
        f"it does not say which table it holds{fitting}",
        f"say which, or name the file like the table: {', '.join(tables)}",
    )
