"""Raw tables: a header and columns of cells, found in a grid of rows, not yet understood."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from roadplan.errors import Fault
from roadplan.tables.cells import Cell, Conventions, is_empty, shown
from roadplan.tables.schema import Table
from roadplan.tables.words import column_words, normalised

HEADER_SEARCH_ROWS = 40
"""Rows from the top of a sheet among which the header is looked for."""

_NUMBERING = frozenset(
    normalised(text) for text in ("№", "№ п/п", "No.", "#", "п/п", "р/с", "р/с №")
)
"""Headers of a running number, which says nothing and is passed over."""


@dataclass(frozen=True, kw_only=True)
class RawTable:
    """The cells of one table as they stand in a file.

    Parameters
    ----------
    file, sheet
        Where it stands.
    header
        The header cells as written, one for each column.
    header_row
        The row of the header, counted from 1.
    positions
        The position of each column in the file, counted from 0.
    columns
        The cells, column by column; all of one length.
    rows
        The row in the file of each row of cells.
    conventions
        How ambiguous notations are meant in this file.
    """

    file: str
    sheet: str = ""
    header: tuple[str, ...]
    header_row: int = 1
    positions: tuple[int, ...]
    columns: tuple[Sequence[Cell], ...]
    rows: Sequence[int]
    conventions: Conventions = field(default_factory=Conventions)


def column_letter(position: int) -> str:
    """Return the letters of a column counted from 0, as a spreadsheet shows them.

    Examples
    --------
    >>> column_letter(0), column_letter(25), column_letter(26)
    ('A', 'Z', 'AA')
    """
    letters = ""
    number = position + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def find_header(rows: Sequence[Sequence[Cell]], table: Table) -> int | None:
    """Return the index of the row that is most like the header of a table.

    Parameters
    ----------
    rows
        The first rows of a sheet.
    table
        What the sheet should hold.

    Returns
    -------
    int or None
        The first of the rows with the most known headers; None where no row has any.
    """
    words = column_words(table)
    counts = [
        len({words.get(normalised(cell)) for cell in row if isinstance(cell, str)} - {None})
        for row in rows
    ]
    best = max(counts, default=0)
    return counts.index(best) if best else None


def match_columns(raw: RawTable, table: Table) -> tuple[Mapping[str, int], list[Fault]]:
    """Match the header of a raw table with the columns of its description.

    Returns
    -------
    matched
        Column name → index in `raw.columns`.
    faults
        Unknown, repeated and unnamed columns with content, and required columns that are missing.
    """
    words = column_words(table)
    matched: dict[str, int] = {}
    faults: list[Fault] = []

    def fault(index: int, why: str, remedy: str) -> Fault:
        label = raw.header[index].strip() or column_letter(raw.positions[index])
        return Fault(
            file=raw.file,
            sheet=raw.sheet,
            row=raw.header_row,
            column=shown(label),
            value=shown(raw.header[index]),
            why=why,
            remedy=remedy,
        )

    for index, label in enumerate(raw.header):
        key = normalised(label)
        if key in words:
            name = words[key]
            if name not in matched:
                matched[name] = index
            else:
                first = column_letter(raw.positions[matched[name]])
                faults.append(
                    fault(
                        index,
                        f"column {column_letter(raw.positions[index])} has the same meaning as "
                        f"column {first} ({name})",
                        "delete one of the two",
                    )
                )
        elif key in _NUMBERING or all(is_empty(cell) for cell in raw.columns[index]):
            continue
        elif not key:
            faults.append(
                fault(index, "the column has no header", "write its header or empty the column")
            )
        else:
            near = difflib.get_close_matches(key, list(words), n=1, cutoff=0.75)
            meant = f"; {words[near[0]]} may be meant" if near else ""
            remedy = f"delete it or rename it to one of {', '.join(table.names)}{meant}"
            faults.append(fault(index, f"table {table.name} has no such column", remedy))
    faults.extend(
        Fault(
            file=raw.file,
            sheet=raw.sheet,
            row=raw.header_row,
            column=column.name,
            why="the column is missing",
            remedy=f"add a column {column.name}: {column.description[:1].lower()}"
            f"{column.description[1:]}",
        )
        for column in table
        if column.required and column.name not in matched
    )
    return matched, faults
