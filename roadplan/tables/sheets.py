"""From a sheet as people keep it to a raw table: title rows, merged cells and hidden rows."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from roadplan.errors import Fault
from roadplan.tables.archive import UnreadableFileError
from roadplan.tables.cells import Cell, Conventions, is_empty
from roadplan.tables.raw import HEADER_SEARCH_ROWS, RawTable, find_header
from roadplan.tables.schema import Table
from roadplan.tables.xlsx import MAX_CELLS, Sheet


def header_rows(sheet: Sheet) -> list[tuple[int, dict[int, Cell]]]:
    """Return the first rows of a sheet that have content, as they may be a header.

    A cell merged downwards counts in each of its rows; one merged sideways only in its first
    column, so that a heading over two columns names neither.
    """
    numbers = sorted(sheet.rows)[:HEADER_SEARCH_ROWS]
    rows = {number: dict(sheet.rows[number]) for number in numbers}
    for top, left, bottom, _ in sheet.merges:
        value = sheet.rows.get(top, {}).get(left)
        for number in range(top + 1, min(bottom, numbers[-1] if numbers else 0) + 1):
            if number in rows and value is not None:
                rows[number].setdefault(left, value)
    return sorted(rows.items())


def find_sheet_header(sheet: Sheet, table: Table) -> int | None:
    """Return the row of a sheet that is the header of a table; None where there is none."""
    candidates = header_rows(sheet)
    at = find_header([list(cells.values()) for _, cells in candidates], table)
    return None if at is None else candidates[at][0]


def sheet_table(sheet: Sheet, table: Table, file: str) -> RawTable | Fault:
    """Find a table in a sheet.

    Parameters
    ----------
    sheet
        The cells.
    table
        What they should hold.
    file
        Name of the workbook, for messages.

    Returns
    -------
    RawTable or Fault
        The cells below the header, with merged cells filled from their top left; blank rows are
        left out. A fault where no row looks like the header.
    """
    header_row = find_sheet_header(sheet, table)
    if header_row is None:
        return Fault(
            file=file,
            sheet=sheet.name,
            why=f"no row looks like the header of table {table.name}",
            remedy=f"write a header with its columns: {', '.join(table.names)}",
        )
    header = dict(header_rows(sheet))[header_row]
    numbers = [
        number
        for number in sorted(sheet.rows)
        if number > header_row and not all(is_empty(cell) for cell in sheet.rows[number].values())
    ]
    filled = _filled(sheet, numbers, file)
    used = {column for number in numbers for column in filled[number]}
    named = {column for column, cell in header.items() if not is_empty(cell)}
    positions = sorted(used | named)
    return RawTable(
        file=file,
        sheet=sheet.name,
        header=tuple(str(header.get(position) or "").strip() for position in positions),
        header_row=header_row,
        positions=tuple(positions),
        columns=tuple([filled[number].get(p) for number in numbers] for p in positions),
        rows=numbers,
        conventions=Conventions(date_1904=sheet.date_1904, domain=table.domain),
    )


def _filled(sheet: Sheet, numbers: list[int], file: str) -> dict[int, dict[int, Cell]]:
    """Return the rows with the top-left value of each merged range in all its cells."""
    rows = {number: dict(sheet.rows[number]) for number in numbers}
    last_column = max((max(cells) for cells in sheet.rows.values() if cells), default=0)
    budget = MAX_CELLS
    for top, left, bottom, right in sheet.merges:
        value = sheet.rows.get(top, {}).get(left)
        if value is None:
            continue
        columns = range(left, min(right, last_column) + 1)
        for number in _between(numbers, rows, top, bottom):
            budget -= len(columns)
            if budget < 0:
                raise UnreadableFileError(
                    file,
                    f"sheet {sheet.name} has merged cells without end",
                    "undo the merging of cells",
                )
            for column in columns:
                if is_empty(rows[number].get(column)):
                    rows[number][column] = value
    return rows


def _between(
    numbers: list[int], rows: dict[int, dict[int, Cell]], top: int, bottom: int
) -> Iterable[int]:
    """Return the rows from top to bottom, by the shorter way."""
    if bottom - top < len(numbers):
        return (number for number in range(top, bottom + 1) if number in rows)
    return (number for number in numbers if top <= number <= bottom)


def hidden_note(sheet: Sheet, raw: RawTable) -> str:
    """Return a sentence about the hidden rows and columns that were read; empty for none."""
    rows = sorted(sheet.hidden_rows.intersection(raw.rows))
    columns = sheet.hidden_columns.intersection(raw.positions)
    parts = []
    if sheet.hidden:
        parts.append("the sheet is hidden")
    if rows:
        some = ", ".join(str(row) for row in islice(rows, 10))
        more = f" and {len(rows) - 10} more" if len(rows) > 10 else ""
        parts.append(f"hidden rows {some}{more}")
    if columns:
        parts.append(f"{len(columns)} hidden columns")
    return f"sheet {sheet.name}: {'; '.join(parts)}; read like the others" if parts else ""
