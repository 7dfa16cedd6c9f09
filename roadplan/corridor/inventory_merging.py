"""An inventory merged over what a corridor has: row by row, by id, without hiding estimates."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import pandas as pd

from roadplan.corridor.inventory_placing import Place, Placer, Record
from roadplan.corridor.inventory_schema import (
    POSITION_COLUMNS,
    POST_COLUMNS,
    REMOVE,
    rows_with_posts,
)
from roadplan.corridor.schema import TABLES
from roadplan.errors import Fault
from roadplan.tables.cells import shown
from roadplan.tables.columns import DTYPES
from roadplan.tables.reading import ROW
from roadplan.tables.schema import Table
from roadplan.tables.workbook import ReadPart

Outcome = Literal["added", "replaced", "unchanged", "removed", "cut", "rejected"]
"""What becomes of a row; `cut` rows lose the part that a new stretch covers."""

CUT_TABLES = ("segments", "regions", "traffic", "drift_stretches")
"""Tables whose estimated stretches give way to the part of the road that a new row covers."""

_KEYED_TOLERANCE_M = 0.005
_ABOUT_THE_ROW = frozenset({"standing", "source", "note", "reported_columns"})


@dataclass(frozen=True, kw_only=True)
class RowOutcome:
    """What becomes of one row.

    Parameters
    ----------
    table
        Its table.
    key
        Its id; where the key has several columns, joined by spaces.
    outcome
        What becomes of it.
    sheet, row
        Where it stands in the user's file; no row for one that only the corridor has.
    changes
        Column name → value before and after, for a replaced row.
    notes
        What the user should know.
    """

    table: str
    key: str
    outcome: Outcome
    sheet: str = ""
    row: int | None = None
    changes: Mapping[str, tuple[Any, Any]] | None = None
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the outcome as plain values."""
        return {
            "table": self.table,
            "key": self.key,
            "outcome": self.outcome,
            "sheet": self.sheet,
            "row": self.row,
            "changes": {
                name: {"before": before, "after": after}
                for name, (before, after) in (self.changes or {}).items()
            },
            "notes": list(self.notes),
        }


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
class Merged:
    """One table after merging.

    Parameters
    ----------
    frame
        All rows, with `_row` and `_file` as they are for messages.
    outcomes
        One for each row of the inventory, then those of rows that only the corridor has.
    faults
        What is wrong; the frame is fit for use only where there is nothing.
    """

    frame: pd.DataFrame
    outcomes: tuple[RowOutcome, ...]
    faults: tuple[Fault, ...]


def merge_table(
    old: pd.DataFrame,
    parts: Sequence[ReadPart],
    name: str,
    *,
    file: str,
    placer: Placer,
    defaults: Defaults,
    replace_estimates: bool = False,
) -> Merged:
    """Merge the rows of an inventory over one table of a corridor.

    A row whose id the corridor has replaces its values by those given; empty cells keep what is
    there. A row all of whose values are given stands as the inventory says; one that keeps an
    estimated value stays estimated and names in `reported_columns` what is not.

    Parameters
    ----------
    old
        The corridor's rows.
    parts
        The inventory's rows of this table, sheet by sheet.
    name
        The table.
    file
        Name of the inventory, for messages.
    placer
        Finds where rows lie.
    defaults
        Standing and source of rows that say none.
    replace_estimates
        Whether estimated rows that the inventory does not name are taken out; in a table with
        kinds, those of the kinds that it holds.

    Returns
    -------
    Merged
        Rows, outcomes and faults.
    """
    job = _Merge(old, TABLES[name], file, placer, defaults)
    for part in parts:
        job.add(part)
    job.cut()
    if replace_estimates:
        job.drop_estimates()
    return job.result()


class _Merge:
    """The rows of one table while they are merged."""

    def __init__(
        self, old: pd.DataFrame, table: Table, file: str, placer: Placer, defaults: Defaults
    ) -> None:
        self.table, self.file, self.placer, self.defaults = table, file, placer, defaults
        plain = old[[c for c in old.columns if c in {*table.names, ROW}]].copy()
        posts = rows_with_posts(placer.corridor, table.name)
        for column in POST_COLUMNS:
            if column in posts:
                plain[column] = posts[column].to_numpy()
        self.rows: dict[tuple[Any, ...], dict[str, Any]] = {
            self.key(record): {**record, "_file": f"{table.name}.csv"}
            for record in plain.to_dict("records")
        }
        self.before = {key: dict(row) for key, row in self.rows.items()}
        self.by_free_key: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
        for row in self.before.values():
            self.by_free_key.setdefault(self.free_key(row), []).append(row)
        self.seen: dict[tuple[Any, ...], tuple[str, int]] = {}
        self.outcomes: list[RowOutcome] = []
        self.faults: list[Fault] = []

    def key(self, record: Record) -> tuple[Any, ...]:
        """Return the id of a row; None for an empty part, for NaN is not equal to itself."""
        return tuple(None if _is_empty(record[c]) else record[c] for c in self.table.key)

    def free_key(self, record: Record) -> tuple[Any, ...]:
        """Return the part of the key that says nothing of the place."""
        return tuple(record[c] for c in self.table.key if c not in POSITION_COLUMNS)

    def known(self, record: Record) -> Record | None:
        """Return the corridor's row with the id of an inventory's row, if ids alone tell."""
        if any(column in POSITION_COLUMNS for column in self.table.key):
            return None
        return self.before.get(self.key(record))

    # -- adding -----------------------------------------------------------------------------

    def add(self, part: ReadPart) -> None:
        """Merge the rows of one sheet."""
        frame = part.frame
        gone = frame[REMOVE] == "yes" if REMOVE in frame else pd.Series(False, index=frame.index)
        by_place = any(column in POSITION_COLUMNS for column in self.table.key)
        placed = frame if by_place else frame[~gone]
        places = dict(
            zip(placed.index, self.placer.places(placed, self.table, self.known), strict=True)
        )
        for index, record in zip(frame.index, frame.to_dict("records"), strict=True):
            # A row that goes needs no place, unless its place is its id.
            place = places.get(index, Place())
            where = _Where(self.file, part, int(record[ROW]))
            for trouble in place.troubles:
                value = shown("" if _is_empty(cell := record.get(trouble.column)) else cell)
                self.faults.append(where.fault(trouble.column, trouble.why, trouble.remedy, value))
            if place.troubles:
                self._tell(record, "rejected", where)
                continue
            given = {
                column.name: record[column.name]
                for column in self.table
                if column.name not in POSITION_COLUMNS and not _is_empty(record[column.name])
            }
            for column in self.table:
                if column.kind == "flag" and column.name in given:
                    given[column.name] = given[column.name] == "yes"
            said_place = any(
                not _is_empty(record.get(c)) for c in (*POSITION_COLUMNS, *POST_COLUMNS, "lon")
            )
            values = self._snapped({**given, **place.values}, place.tolerance_m)
            self._put(record, values, where, place.notes, said_place=said_place)

    def _put(
        self,
        record: Record,
        values: dict[str, Any],
        where: _Where,
        notes: tuple[str, ...],
        *,
        said_place: bool,
    ) -> None:
        """Merge one row whose place is known."""
        empty = {column.name: _EMPTY[DTYPES[column.kind]] for column in self.table}
        key = self.key({**empty, **values})
        if key in self.seen:
            sheet, earlier = self.seen[key]
            place = f"sheet {sheet}, row {earlier}" if sheet else f"row {earlier}"
            why = f"{_key_text(key)} stands in {place} already"
            self.faults.append(
                where.fault(self.table.key[0], why, "leave only one of them", _key_text(key))
            )
            self._tell(record, "rejected", where, key)
            return
        self.seen[key] = (where.part.sheet, where.row)
        before = self.before.get(key)
        if record.get(REMOVE) == "yes":
            self._remove(record, key, before, where)
            return
        row, stays = self._row(values, before, said_place=said_place)
        missing = [
            column for column in self.table if column.required and _is_empty(row.get(column.name))
        ]
        for column in missing:
            remedy = (
                f"write one of {', '.join(column.choices)}"
                if column.choices
                else f"fill it in: {column.description[:1].lower()}{column.description[1:]}"
            )
            self.faults.append(where.fault(column.name, "the cell is empty", remedy))
        if missing:
            self._tell(record, "rejected", where, key)
            return
        changes = {
            name: (before[name], row[name])
            for name in self.table.names
            if before is not None and not _equal(before[name], row[name])
        }
        if before is not None and not changes:
            self._tell(record, "unchanged", where, key, notes=notes)
            return
        outcome: Outcome = "added" if before is None else "replaced"
        self.rows[key] = {**row, ROW: where.row, "_file": where.file_and_sheet}
        self._tell(record, outcome, where, key, notes=(*notes, *stays), changes=changes)

    def _remove(
        self, record: Record, key: tuple[Any, ...], before: Record | None, where: _Where
    ) -> None:
        if before is None:
            why = f"{_key_text(key)} is to be removed, but the corridor has no such row"
            self.faults.append(where.fault(self.table.key[0], why, "correct the id"))
            self._tell(record, "rejected", where, key)
        else:
            del self.rows[key]
            self._tell(record, "removed", where, key)

    def _row(
        self, values: Mapping[str, Any], before: Record | None, *, said_place: bool
    ) -> tuple[dict[str, Any], tuple[str, ...]]:
        """Return a row after merging, and what to tell of its standing."""
        table = self.table
        empty = {column.name: _EMPTY[DTYPES[column.kind]] for column in table}
        row = {**empty, **({n: before[n] for n in table.names} if before else {}), **values}
        standing = values.get("standing", self.defaults.standing)
        source = values.get("source", self.defaults.source)
        told = [name for name in values if name not in POSITION_COLUMNS or said_place]
        if before is None:
            return {**row, "standing": standing, "source": source}, ()
        if "standing" not in values and all(_equal(before[n], row[n]) for n in table.names):
            return row, ()
        worth = [n for n in table.names if self._is_value(n)]
        reported_before = set(str(before.get("reported_columns", "")).split(";"))
        kept = [
            name
            for name in worth
            if name not in told and not _is_empty(before[name]) and name not in reported_before
        ]
        if not kept or before["standing"] != "estimated" or standing == "estimated":
            if "reported_columns" in row and "reported_columns" not in values:
                row["reported_columns"] = ""
            return {**row, "standing": standing, "source": source}, ()
        news = [name for name in worth if name in told]
        said = f"{', '.join(news)}: {source}; otherwise "
        row["standing"] = "estimated"
        row["source"] = (
            before["source"] if before["source"].startswith(said) else said + before["source"]
        )
        if "reported_columns" in row and "reported_columns" not in values:
            every = reported_before.union(news) - {""}
            row["reported_columns"] = ";".join(n for n in table.names if n in every)
        return row, (f"stays estimated, for {', '.join(kept)} still is",)

    def _is_value(self, name: str) -> bool:
        """Say whether a column holds what a standing speaks of."""
        return not (
            name in _ABOUT_THE_ROW
            or name.startswith("name_")
            or (name in self.table.key and name not in POSITION_COLUMNS)
        )

    def _snapped(self, values: dict[str, Any], tolerance_m: float) -> dict[str, Any]:
        """Return values with the stations of the row they can only mean, where keys are places."""
        if not any(column in POSITION_COLUMNS for column in self.table.key):
            return values
        free = [c for c in self.table.key if c not in POSITION_COLUMNS]
        if not {"route", *free} <= set(values):
            return values
        wide = max(tolerance_m, _KEYED_TOLERANCE_M)
        start = next(c for c in ("from_m", "station_m") if c in self.table.key)
        for row in self.by_free_key.get(self.free_key(values), []):
            if row["route"] == values["route"] and abs(row[start] - values[start]) <= wide:
                snapped = {**values, start: row[start]}
                if "to_m" in values and abs(row["to_m"] - values["to_m"]) <= wide:
                    snapped["to_m"] = row["to_m"]
                return snapped
        return values

    # -- what only the corridor has ---------------------------------------------------------

    def cut(self) -> None:
        """Take the part that new stretches cover from estimated ones that are not named."""
        if self.table.name not in CUT_TABLES:
            return
        new = [r for key, r in self.rows.items() if key in self.seen]
        for key, row in list(self.rows.items()):
            if key in self.seen or row["standing"] != "estimated":
                continue
            pieces = _remaining(row, [r for r in new if r["route"] == row["route"]])
            if pieces == [(row["from_m"], row["to_m"])]:
                continue
            del self.rows[key]
            for number, (from_m, to_m) in enumerate(pieces):
                piece = {**row, "from_m": from_m, "to_m": to_m}
                free = [c for c in self.table.key if c not in POSITION_COLUMNS]
                if number and free and "from_m" not in self.table.key:
                    piece[free[0]] = self._free_id(str(row[free[0]]), free[0])
                self.rows[self.key(piece)] = piece
            left = ", ".join(f"[{a:g}, {b:g})" for a, b in pieces) or "nothing"
            self.outcomes.append(
                RowOutcome(
                    table=self.table.name,
                    key=_key_text(key),
                    outcome="cut" if pieces else "removed",
                    notes=(f"new stretches cover a part of it; left is {left}",),
                )
            )

    def _free_id(self, wanted: str, column: str) -> str:
        taken = {str(row[column]) for row in self.rows.values()}
        return next(i for n in range(2, len(taken) + 3) if (i := f"{wanted}-{n}") not in taken)

    def drop_estimates(self) -> None:
        """Take out estimated rows that the inventory does not name."""
        new = [row for key, row in self.rows.items() if key in self.seen]
        kinds = {row["kind"] for row in new} if "kind" in self.table.names else None
        for key, row in list(self.rows.items()):
            if key in self.seen or row["standing"] != "estimated" or not new:
                continue
            if kinds is None or row["kind"] in kinds:
                del self.rows[key]
                self.outcomes.append(
                    RowOutcome(
                        table=self.table.name,
                        key=_key_text(key),
                        outcome="removed",
                        notes=("an estimate that the inventory does not name",),
                    )
                )

    # -- telling ----------------------------------------------------------------------------

    def _tell(
        self,
        record: Record,
        outcome: Outcome,
        where: _Where,
        key: tuple[Any, ...] | None = None,
        *,
        notes: tuple[str, ...] = (),
        changes: Mapping[str, tuple[Any, Any]] | None = None,
    ) -> None:
        named = key if key is not None else tuple(record.get(c, "") for c in self.table.key)
        self.outcomes.append(
            RowOutcome(
                table=self.table.name,
                key=_key_text(named),
                outcome=outcome,
                sheet=where.part.sheet,
                row=where.row,
                changes=changes or None,
                notes=notes,
            )
        )

    def result(self) -> Merged:
        """Return the merged table."""
        columns = [*self.table.names, ROW, "_file"]
        dtypes = {c.name: DTYPES[c.kind] for c in self.table} | {ROW: "int64", "_file": "str"}
        records = list(self.rows.values())
        frame = pd.DataFrame(
            {name: pd.Series([r[name] for r in records], dtype=dtypes[name]) for name in columns}
        )
        return Merged(frame=frame, outcomes=tuple(self.outcomes), faults=tuple(self.faults))


SHEET_MARK = "\x1f"
"""Stands between file and sheet in `_file`, so that a fault of the whole can be told in place."""


@dataclass(frozen=True)
class _Where:
    """Where a row of the inventory stands."""

    file: str
    part: ReadPart
    row: int

    @property
    def file_and_sheet(self) -> str:
        """The file with the sheet after a mark."""
        return f"{self.file}{SHEET_MARK}{self.part.sheet}"

    def fault(self, column: str, why: str, remedy: str = "", value: str = "") -> Fault:
        """Return a fault in this row, the column named as the user wrote it."""
        return Fault(
            file=self.file,
            sheet=self.part.sheet,
            row=self.row,
            column=self.part.headers.get(column, column),
            value=value,
            why=why,
            remedy=remedy,
        )


def told_in_place(fault: Fault, parts: Iterable[ReadPart]) -> Fault | None:
    """Return a fault of the merged tables as the user can find it in the inventory.

    Returns
    -------
    Fault or None
        None where the row is the corridor's own.
    """
    file, mark, sheet = fault.file.partition(SHEET_MARK)
    if not mark:
        return None
    headers = next((part.headers for part in parts if part.sheet == sheet), {})
    return replace(fault, file=file, sheet=sheet, column=headers.get(fault.column, fault.column))


_EMPTY: dict[str, Any] = {"str": "", "float64": math.nan, "bool": False}


def _is_empty(value: object) -> bool:
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


def _equal(a: object, b: object) -> bool:
    return a == b or (_is_empty(a) and _is_empty(b))


def _key_text(key: Iterable[Any]) -> str:
    return " ".join(shown(part) for part in key)


def _remaining(row: Record, new: Iterable[Record]) -> list[tuple[float, float]]:
    """Return what is left of a stretch without the parts that new ones cover."""
    pieces = [(row["from_m"], row["to_m"])]
    for other in new:
        pieces = [
            piece
            for begin, end in pieces
            for piece in ((begin, min(end, other["from_m"])), (max(begin, other["to_m"]), end))
            if piece[0] < piece[1]
        ]
    return pieces
