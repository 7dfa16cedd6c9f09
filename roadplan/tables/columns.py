"""Whole columns understood at once: a fast way for clean cells, a careful one for the others."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from roadplan.tables.cells import (
    Cell,
    Conventions,
    Problem,
    Value,
    comma_convention,
    is_empty,
    number_text,
    parse_cell,
)
from roadplan.tables.schema import Column, Kind

DTYPES: dict[Kind, str] = {
    "text": "str",
    "id": "str",
    "choice": "str",
    "post": "str",
    "date": "str",
    "datetime": "str",
    "partial_date": "str",
    "number": "float64",
    "integer": "float64",
    "flag": "bool",
}
"""The dtype of a column of each kind.

Dates are ISO 8601 text, which sorts. Integers are whole floats, so that an empty cell can be NaN.
"""

_EMPTY: dict[str, Value] = {"str": "", "float64": math.nan, "bool": False}


@dataclass(frozen=True)
class ParsedColumn:
    """The values of one column.

    Parameters
    ----------
    values
        One value for each cell, of the dtype in :data:`DTYPES`; empty text, NaN or False where
        the cell is empty or has a problem.
    problems
        Index of a cell → what is wrong with it, in rising order.
    """

    values: pd.Series
    problems: dict[int, Problem]


def empty_column(column: Column) -> pd.Series:
    """Return a column without rows, of the right dtype."""
    return pd.Series([], dtype=DTYPES[column.kind], name=column.name)


def parse_column(
    cells: Sequence[Cell], column: Column, conventions: Conventions | None = None
) -> ParsedColumn:
    """Understand the cells of one column.

    Parameters
    ----------
    cells
        What the file holds.
    column
        What it should hold.
    conventions
        How ambiguous notations are meant in the file.

    Returns
    -------
    ParsedColumn
        Values and problems: cells that are not understood, missing where required, or out of
        range.
    """
    conventions = conventions or Conventions()
    dtype = DTYPES[column.kind]
    fast = _fast_floats(cells) if dtype == "float64" else None
    problems: dict[int, Problem] = {}
    if fast is not None and (column.kind == "number" or _are_whole(fast)):
        series = pd.Series(fast, name=column.name)
    else:
        values, problems = _careful(cells, column, conventions)
        series = pd.Series(values, dtype=dtype, name=column.name)
    if dtype == "float64":
        _check_range(series.to_numpy(), column, problems)
    if column.required:
        missing = Problem("the cell is empty", remedy_for_missing(column))
        candidates = _empty_values(series) if dtype != "bool" else range(len(cells))
        problems.update({i: missing for i in candidates if is_empty(cells[i])})
    return ParsedColumn(series, dict(sorted(problems.items())))


def _empty_values(series: pd.Series) -> list[int]:
    empty = series.isna() if series.dtype == "float64" else series == ""
    return [int(i) for i in np.flatnonzero(empty.to_numpy())]


def _are_whole(numbers: np.ndarray) -> bool:
    whole = (numbers == np.floor(numbers)) & (np.abs(numbers) < 2**53)
    return bool(np.all(whole | np.isnan(numbers)))


def _fast_floats(cells: Sequence[Cell]) -> np.ndarray | None:
    """Return the cells as floats where all are plain numbers or empty text; else None."""
    try:
        numbers = np.array(
            [
                math.nan if cell is None or cell == "" else _FLOAT[type(cell)](cell)
                for cell in cells
            ],
            dtype=float,
        )
    except (KeyError, ValueError):
        return None
    # float() also takes 'nan', 'inf', '1_000' and other digits; those are looked at one by one.
    if int(np.isfinite(numbers).sum()) + cells.count("") + cells.count(None) != len(numbers):
        return None
    text = "".join(cell for cell in cells if isinstance(cell, str))
    if "_" in text or not text.isascii():
        return None
    return numbers


_FLOAT: dict[type, Callable[..., float]] = {float: float, int: float, str: float}


def _careful(
    cells: Sequence[Cell], column: Column, conventions: Conventions
) -> tuple[list[Value], dict[int, Problem]]:
    """Understand cell by cell, each distinct content once."""
    if conventions.decimal_comma is None and column.kind in {"number", "integer"}:
        conventions = replace(conventions, decimal_comma=comma_convention(cells))
    empty = _EMPTY[DTYPES[column.kind]]
    known: dict[tuple[type, Cell], Value | Problem] = {(type(None), None): empty, (str, ""): empty}
    values: list[Value] = []
    problems: dict[int, Problem] = {}
    for i, cell in enumerate(cells):
        key = (cell.__class__, cell)
        found = known.get(key)
        if found is None:
            found = empty if is_empty(cell) else parse_cell(cell, column, conventions)
            known[key] = found
        if isinstance(found, Problem):
            problems[i] = found
            found = empty
        values.append(found)
    return values, problems


def _check_range(numbers: np.ndarray, column: Column, problems: dict[int, Problem]) -> None:
    low = -math.inf if column.minimum is None else column.minimum
    high = math.inf if column.maximum is None else column.maximum
    for i in np.flatnonzero((numbers < low) | (numbers > high)):
        limit, word = (low, "below") if numbers[i] < low else (high, "above")
        allowed = (
            f"at least {number_text(low)}"
            if math.isinf(high)
            else f"at most {number_text(high)}"
            if math.isinf(low)
            else f"from {number_text(low)} to {number_text(high)}"
        )
        problems[int(i)] = Problem(
            f"it is {word} {number_text(limit)}",
            f"write a number {allowed}{f' in {column.unit}' if column.unit else ''}",
        )


def remedy_for_missing(column: Column) -> str:
    """Return what to write into a cell that may not be empty."""
    if column.choices:
        return f"write one of {', '.join(column.choices)}"
    return f"fill it in: {column.description[:1].lower()}{column.description[1:]}"
