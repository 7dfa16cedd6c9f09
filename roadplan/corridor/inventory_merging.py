"""An inventory merged over one table of a corridor, row by row, by id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from roadplan.corridor.inventory_outcome import Outcome, RowOutcome
from roadplan.corridor.inventory_placing import Place, Placer, Record
from roadplan.corridor.inventory_schema import (
    POSITION_COLUMNS,
    POST_COLUMNS,
    REMOVE,
    rows_with_posts,
)
from roadplan.corridor.inventory_standing import (
    Defaults,
    MergedRow,
    are_equal,
    empty_row,
    is_empty,
    merge_row,
)
from roadplan.corridor.schema import TABLES
from roadplan.errors import Fault
from roadplan.tables.cells import shown
from roadplan.tables.columns import DTYPES, remedy_for_missing
from roadplan.tables.reading import ROW
from roadplan.tables.schema import Table
from roadplan.tables.workbook import ReadPart

CUT_TABLES = ("segments", "regions", "traffic", "drift_stretches")
"""Tables whose estimated stretches give way to the part of the road that a new row covers."""

SHEET_MARK = "\x1f"
"""Stands between file and sheet in `_file`, so that a fault of the whole can be told in place."""

_KEYED_TOLERANCE_M = 0.005


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
    told: Mapping[tuple[str, int], frozenset[str]] | None = None,
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
    told
        Sheet and row → headers of the cells that could not be understood; such rows are rejected,
        but what else is wrong with them is told too.
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
        job.add(part, told or {})
    job.cut()
    if replace_estimates:
        job.drop_estimates()
    return job.result()


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

    def name(self, header: str) -> str:
        """Return the name of the column under a header of the user."""
        return next((n for n, told in self.part.headers.items() if told == header), header)

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


class _Merge:
    """The rows of one table while they are merged."""

    def __init__(
        self, old: pd.DataFrame, table: Table, file: str, placer: Placer, defaults: Defaults
    ) -> None:
        self.table, self.file, self.placer, self.defaults = table, file, placer, defaults
        self.is_keyed_by_place = any(column in POSITION_COLUMNS for column in table.key)
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
        return tuple(None if is_empty(record[c]) else record[c] for c in self.table.key)

    def free_key(self, record: Record) -> tuple[Any, ...]:
        """Return the part of the key that says nothing of the place."""
        return tuple(record[c] for c in self.table.key if c not in POSITION_COLUMNS)

    def known(self, record: Record) -> Record | None:
        """Return the corridor's row with the id of an inventory's row, if ids alone tell."""
        return None if self.is_keyed_by_place else self.before.get(self.key(record))

    # -- adding -----------------------------------------------------------------------------

    def add(self, part: ReadPart, told: Mapping[tuple[str, int], frozenset[str]]) -> None:
        """Merge the rows of one sheet; `told` names the cells that could not be understood."""
        frame = part.frame
        gone = frame[REMOVE] == "yes" if REMOVE in frame else pd.Series(False, index=frame.index)
        # A row that goes needs no place, unless its place is its id.
        placed = frame if self.is_keyed_by_place else frame[~gone]
        found = self.placer.places(placed, self.table, self.known)
        places = dict(zip(placed.index, found, strict=True))
        for index, record in zip(frame.index, frame.to_dict("records"), strict=True):
            where = _Where(self.file, part, int(record[ROW]))
            bad = told.get((part.sheet, where.row), frozenset())
            place = places.get(index, Place())
            self._add_row(record, place, where, {where.name(header) for header in bad})

    def _add_row(self, record: Record, place: Place, where: _Where, bad: set[str]) -> None:
        """Merge one row; `bad` are the columns whose faults are told already."""
        faults = [
            where.fault(trouble.column, trouble.why, trouble.remedy, _shown(record, trouble.column))
            for trouble in place.troubles
            # What only follows from a cell that is told already is no fault of its own.
            if not bad or not is_empty(record.get(trouble.column))
        ]
        values = self._values(record, place)
        key = self._key_if_sure(values, place, bad)
        merged = None
        if key is not None and key in self.seen:
            faults.append(self._repeated(key, where))
        elif key is not None:
            self.seen[key] = (where.part.sheet, where.row)
            if record.get(REMOVE) == "yes":
                faults.extend(self._not_there(key, where))
            else:
                before, says_place = self.before.get(key), _says_place(record)
                merged = merge_row(values, before, self.table, self.defaults, says_place=says_place)
                unknown = bad | ({*POSITION_COLUMNS} if place.troubles or bad else set())
                faults.extend(self._missing(merged.values, unknown, where))
        self.faults.extend(faults)
        if key is None or faults or bad or place.troubles:
            self._tell(record, "rejected", where, key)
        elif merged is None:
            del self.rows[key]
            self._tell(record, "removed", where, key)
        else:
            self._put(record, key, merged, where, place.notes)

    def _key_if_sure(self, values: Record, place: Place, bad: set[str]) -> tuple[Any, ...] | None:
        """Return the id of a row; None where a fault leaves it unknown."""
        if bad & {*self.table.key}:
            return None
        place_columns = {*POSITION_COLUMNS, *POST_COLUMNS}
        if self.is_keyed_by_place and (place.troubles or bad & place_columns):
            return None
        return self.key({**empty_row(self.table), **values})

    def _values(self, record: Record, place: Place) -> dict[str, Any]:
        """Return what a row gives, in the form in which the corridor keeps it."""
        given = {
            column.name: record[column.name] == "yes"
            if column.kind == "flag"
            else record[column.name]
            for column in self.table
            if column.name not in POSITION_COLUMNS and not is_empty(record[column.name])
        }
        return self._snapped({**given, **place.values}, place.tolerance_m)

    def _repeated(self, key: tuple[Any, ...], where: _Where) -> Fault:
        sheet, row = self.seen[key]
        place = f"sheet {sheet}, row {row}" if sheet else f"row {row}"
        why = f"{_key_text(key)} stands in {place} already"
        return where.fault(self.table.key[0], why, "leave only one of them", _key_text(key))

    def _not_there(self, key: tuple[Any, ...], where: _Where) -> list[Fault]:
        """Return a fault where a row is to go that is not there."""
        if key in self.before:
            return []
        why = f"{_key_text(key)} is to be removed, but the corridor has no such row"
        return [where.fault(self.table.key[0], why, "correct the id", _key_text(key))]

    def _missing(self, row: Record, unknown: set[str], where: _Where) -> list[Fault]:
        """Return a fault for each cell that has to be filled in and is not."""
        return [
            where.fault(column.name, "the cell is empty", remedy_for_missing(column))
            for column in self.table
            if column.required and column.name not in unknown and is_empty(row[column.name])
        ]

    def _put(
        self,
        record: Record,
        key: tuple[Any, ...],
        merged: MergedRow,
        where: _Where,
        notes: tuple[str, ...],
    ) -> None:
        """Put a sound row in its place and tell what changes."""
        before = self.before.get(key)
        changes = {
            name: (before[name], merged.values[name])
            for name in self.table.names
            if before is not None and not are_equal(before[name], merged.values[name])
        }
        if before is not None and not changes:
            self._tell(record, "unchanged", where, key, notes=notes)
            return
        self.rows[key] = {**merged.values, ROW: where.row, "_file": where.file_and_sheet}
        outcome: Outcome = "added" if before is None else "replaced"
        self._tell(record, outcome, where, key, notes=(*notes, *merged.notes), changes=changes)

    def _snapped(self, values: dict[str, Any], tolerance_m: float) -> dict[str, Any]:
        """Return values with the stations of the row they can only mean, where keys are places."""
        if not self.is_keyed_by_place:
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


def _shown(record: Record, column: str) -> str:
    value = record.get(column)
    return "" if is_empty(value) else shown(value)


def _says_place(record: Record) -> bool:
    columns = (*POSITION_COLUMNS, *POST_COLUMNS, "lon")
    return any(not is_empty(record.get(column)) for column in columns)


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
