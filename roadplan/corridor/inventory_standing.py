"""One row after merging: its values, and a standing that hides no estimate."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from roadplan.corridor.inventory_placing import Record
from roadplan.corridor.inventory_schema import POSITION_COLUMNS
from roadplan.tables.columns import DTYPES
from roadplan.tables.schema import Table

_ABOUT_THE_ROW = frozenset({"standing", "source", "note", "reported_columns"})
_EMPTY: dict[str, Any] = {"str": "", "float64": math.nan, "bool": False}


@dataclass(frozen=True, kw_only=True)
class Defaults:
    """What holds for rows that do not say it.

    Parameters
    ----------
    standing
        `reported` or `measured`.
    source
        Who says it.
    """

    standing: str
    source: str


@dataclass(frozen=True, kw_only=True)
class MergedRow:
    """A row after merging.

    Parameters
    ----------
    values
        Column name → value, for all columns of the table.
    notes
        What the user should know of its standing.
    """

    values: Mapping[str, Any]
    notes: tuple[str, ...] = ()


def empty_row(table: Table) -> dict[str, Any]:
    """Return a row of a table in which nothing is filled in."""
    return {column.name: _EMPTY[DTYPES[column.kind]] for column in table}


def is_empty(value: object) -> bool:
    """Say whether a value of a row is not filled in."""
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


def are_equal(a: object, b: object) -> bool:
    """Say whether two values of rows are the same, not filled in being so too."""
    return a == b or (is_empty(a) and is_empty(b))


def merge_row(
    given: Record,
    before: Record | None,
    table: Table,
    defaults: Defaults,
    *,
    says_place: bool,
) -> MergedRow:
    """Put what an inventory gives of a row over what the corridor has.

    Where the row keeps an estimated value it stays estimated, `reported_columns` (if the table
    has it) names the others, and the source says which part comes from whom.

    Parameters
    ----------
    given
        Column name → value, of what is filled in; with the place as the corridor keeps it.
    before
        The corridor's row, or None for a new one.
    table
        The corridor's table.
    defaults
        Standing and source where `given` says none.
    says_place
        Whether the inventory says the place, or it is only kept.
    """
    row = {**empty_row(table), **{n: before[n] for n in table.names if before}, **given}
    standing = given.get("standing", defaults.standing)
    source = given.get("source", defaults.source)
    if before is None:
        return MergedRow(values={**row, "standing": standing, "source": source})
    if "standing" not in given and all(are_equal(before[n], row[n]) for n in table.names):
        return MergedRow(values=row)
    said = [
        name
        for name in table.names
        if name in given
        and _is_judged(name, table)
        and (says_place or name not in POSITION_COLUMNS)
    ]
    reported_before = [n for n in str(before.get("reported_columns", "")).split(";") if n]
    kept = [
        name
        for name in table.names
        if _is_judged(name, table) and name not in said and not is_empty(before[name])
    ]
    guessed = [name for name in kept if name not in reported_before]
    stays_estimated = bool(guessed) and before["standing"] == "estimated" != standing
    row["standing"] = "estimated" if stays_estimated else standing
    row["source"] = _source(source, str(before["source"]), said) if kept else source
    if "reported_columns" in row and "reported_columns" not in given:
        reported = {*reported_before, *said} if stays_estimated else set()
        row["reported_columns"] = ";".join(n for n in table.names if n in reported)
    if not stays_estimated:
        return MergedRow(values=row)
    verb = "is" if len(guessed) == 1 else "are"
    return MergedRow(values=row, notes=(f"stays estimated, for {', '.join(guessed)} {verb} still",))


def _is_judged(name: str, table: Table) -> bool:
    """Say whether a column holds something of which a standing speaks."""
    is_id = name in table.key and name not in POSITION_COLUMNS
    return not (name in _ABOUT_THE_ROW or name.startswith("name_") or is_id)


def _source(source: str, before: str, said: Sequence[str]) -> str:
    """Return a source that says which columns are new; the same again when said again."""
    if not said or source == before:
        return source
    head = f"{', '.join(said)}: {source}; otherwise "
    return before if before.startswith(head) else head + before
