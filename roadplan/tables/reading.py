"""Reading a table of users or of ours: values and every fault, never a silent loss."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd

from roadplan.errors import Fault
from roadplan.tables.cells import is_empty, shown
from roadplan.tables.columns import empty_column, parse_column
from roadplan.tables.delimited import BrokenRowsError, raw_table
from roadplan.tables.raw import RawTable, match_columns
from roadplan.tables.schema import Table

ROW = "_row"
"""The column with the row of the file, counted from 1 with the header as the first."""


def empty_frame(table: Table) -> pd.DataFrame:
    """Return a table without rows, its columns of the dtypes that reading gives.

    Examples
    --------
    >>> from roadplan.corridor.schema import JUNCTIONS
    >>> empty_frame(JUNCTIONS).dtypes["station_m"]
    dtype('float64')
    """
    columns = {column.name: empty_column(column) for column in table}
    return pd.DataFrame({**columns, ROW: pd.Series([], dtype="int64")})


def read_csv_table(path: str | os.PathLike[str], table: Table) -> tuple[pd.DataFrame, list[Fault]]:
    """Read one table from a CSV file, collecting every fault.

    Delimiter (comma, semicolon, tab), encoding (UTF-8, UTF-16, Windows-1251, KZ-1048), decimal
    commas, spaces between thousands, and headers in Russian, Kazakh or English are understood.

    Parameters
    ----------
    path
        The file.
    table
        What it should hold.

    Returns
    -------
    frame
        One row for each row of the file that could be split into cells. Columns as in `table`,
        then `_row` (int64), the row in the file. Text, ids, choices, posts and dates (ISO 8601)
        are ``str`` with ``""`` for empty; numbers and integers are ``float64`` with NaN for
        empty; flags are ``bool`` with False for empty. A cell with a fault counts as empty.
    faults
        All faults, in the order of the rows. The frame is fit for use only where there is none.
    """
    file = Path(path)
    try:
        raw, broken = raw_table(file.read_bytes(), table, file.name)
    except BrokenRowsError as error:
        return empty_frame(table), [_broken(error, file.name)]
    except FileNotFoundError:
        return empty_frame(table), [Fault(file=file.name, why="there is no such file")]
    except OSError as error:
        why = f"the file cannot be read: {error.strerror or error}"
        return empty_frame(table), [Fault(file=file.name, why=why)]
    frame, faults = parse_table(raw, table)
    faults.extend(_broken(error, file.name) for error in broken)
    return frame, sorted(faults, key=lambda fault: fault.row or 0)


def parse_table(raw: RawTable, table: Table) -> tuple[pd.DataFrame, list[Fault]]:
    """Understand a raw table.

    Parameters
    ----------
    raw
        Header and cells as they stand in a file.
    table
        What they should hold.

    Returns
    -------
    frame, faults
        As for :func:`read_csv_table`.
    """
    matched, faults = match_columns(raw, table)
    rows = np.asarray(raw.rows, dtype="int64")
    columns: dict[str, pd.Series] = {}
    for column in table:
        if column.name not in matched:
            blank = parse_column([None] * len(rows), column, raw.conventions)
            columns[column.name] = blank.values
            continue
        index = matched[column.name]
        cells = raw.columns[index]
        parsed = parse_column(cells, column, raw.conventions)
        columns[column.name] = parsed.values
        faults.extend(
            Fault(
                file=raw.file,
                sheet=raw.sheet,
                row=int(rows[i]),
                column=shown(raw.header[index]),
                value="" if is_empty(cells[i]) else shown(cells[i]),
                why=problem.why,
                remedy=problem.remedy,
            )
            for i, problem in parsed.problems.items()
        )
    columns[ROW] = pd.Series(rows, dtype="int64")
    return pd.DataFrame(columns), sorted(faults, key=lambda fault: fault.row or 0)


def _broken(error: BrokenRowsError, file: str) -> Fault:
    return Fault(file=file, row=error.row, why=error.why, remedy=error.remedy)
