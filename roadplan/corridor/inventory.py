"""Importing an inventory: what engineers know of their road, put over what was estimated.

Nothing changes on disk unless the whole corridor, with the inventory in it, passes every check.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

import pandas as pd

from roadplan.corridor.checks import check_tables
from roadplan.corridor.inventory_merging import (
    Merged,
    merge_table,
    told_in_place,
)
from roadplan.corridor.inventory_outcome import Outcome, RowOutcome
from roadplan.corridor.inventory_placing import Placer
from roadplan.corridor.inventory_schema import import_tables
from roadplan.corridor.inventory_standing import Defaults
from roadplan.corridor.load import read_tables, shipped_folder
from roadplan.corridor.model import Corridor
from roadplan.corridor.schema import TABLES
from roadplan.corridor.store import write_tables
from roadplan.errors import Fault, FaultsError, RoadplanError
from roadplan.tables.marking import mark_faults
from roadplan.tables.schema import STANDINGS
from roadplan.tables.workbook import ReadPart, WorkbookRead, read_workbook


@dataclass(frozen=True, kw_only=True)
class ImportReport:
    """What an inventory changes, row by row.

    Parameters
    ----------
    source
        The inventory.
    into
        The corridor's folder.
    rows
        What becomes of each row.
    faults
        All that is wrong; empty where the inventory can be used.
    notes
        What the user should know of the file, e.g. hidden rows that were read.
    written
        Whether the folder was changed.
    """

    source: Path
    into: Path
    rows: tuple[RowOutcome, ...]
    faults: tuple[Fault, ...]
    notes: tuple[str, ...] = ()
    written: bool = False

    @property
    def ok(self) -> bool:
        """Whether the inventory can be used as a whole."""
        return not self.faults

    @property
    def counts(self) -> dict[str, int]:
        """The number of rows by outcome."""
        found = Counter(row.outcome for row in self.rows)
        return {outcome: found[outcome] for outcome in get_args(Outcome)}

    def raise_for_faults(self) -> None:
        """Raise all faults, if there are any.

        Raises
        ------
        FaultsError
            The inventory cannot be used.
        """
        if self.faults:
            raise FaultsError(self.faults, f"{self.source.name} cannot be imported")

    def mark(self, target: str | os.PathLike[str], *, language: str = "en") -> Path:
        """Write a copy of the inventory with its faults marked."""
        tables = import_tables().values()
        return mark_faults(self.source, target, self.faults, tables=tables, language=language)

    def as_dict(self) -> dict[str, Any]:
        """Return the report as plain values."""
        return {
            "ok": self.ok,
            "written": self.written,
            "source": str(self.source),
            "into": str(self.into),
            "counts": self.counts,
            "rows": [row.as_dict() for row in self.rows],
            "faults": [fault.as_dict() for fault in self.faults],
            "notes": list(self.notes),
        }


def import_inventory(
    source: str | os.PathLike[str],
    into: str | os.PathLike[str],
    *,
    base: str | os.PathLike[str] | None = None,
    only: str | None = None,
    standing: str = "reported",
    said_by: str = "",
    posting: str = "",
    route: str = "",
    replace_estimates: bool = False,
    dry_run: bool = False,
) -> ImportReport:
    """Merge an inventory over a corridor.

    The folder is replaced as a whole (see :func:`roadplan.corridor.store.write_tables`): whenever
    the machine stops, what is loaded next is either the old corridor or the new one.

    Parameters
    ----------
    source
        A workbook, GeoPackage or CSV; see :func:`roadplan.tables.workbook.read_workbook`.
    into
        Folder of the corridor to change. Where it is missing it is made from `base`. The shipped
        corridor itself cannot be changed.
    base
        Folder of the corridor to begin with; the shipped one by default.
    only
        The table that a CSV, or the only sheet of a workbook, holds.
    standing
        Standing of rows that say none: `reported`, because the file is a named source, or
        `measured`.
    said_by
        Source of rows that say none; the file's name by default.
    posting, route
        What to assume of posts and stations that name none.
    replace_estimates
        Whether estimated rows that the inventory does not name are taken out of the tables it
        holds; in a table with kinds, those of the kinds it holds.
    dry_run
        Only report.

    Returns
    -------
    ImportReport
        What becomes of each row, and all faults. Nothing is written where there are faults.

    Raises
    ------
    FaultsError
        The corridor itself has faults.
    RoadplanError
        The file or the folder cannot be used at all.
    """
    if standing not in STANDINGS:
        raise RoadplanError(f"standing {standing!r} is not one of {', '.join(STANDINGS)}")
    file, folder = Path(source), Path(into)
    _refuse_shipped(folder)
    tables = _tables_to_change(folder, base)
    corridor = Corridor.from_tables(tables)
    if route:
        corridor.route(route)
    if posting:
        posting = corridor.postings.resolve(posting)
    read = read_workbook(file, import_tables().values(), only=only)
    merged = _merge(
        tables,
        read,
        placer=Placer(corridor=corridor, posting=posting, route=route),
        defaults=Defaults(standing=standing, source=said_by or file.name),
        replace_estimates=replace_estimates,
    )
    faults = [*read.faults, *(fault for table in merged.values() for fault in table.faults)]
    after = {name: merged[name].frame if name in merged else tables[name] for name in tables}
    faults += _new_faults(after, read.parts, faults, folder.name)
    outcomes = [row for table in merged.values() for row in table.outcomes]
    rows = _told(outcomes, [fault for fault in faults if fault.file == file.name])
    written = not faults and not dry_run
    if written:
        write_tables(after, folder)
    return ImportReport(
        source=file,
        into=folder,
        rows=rows,
        faults=tuple(faults),
        notes=read.notes,
        written=written,
    )


def _refuse_shipped(folder: Path) -> None:
    shipped = shipped_folder().resolve()
    if folder.resolve() == shipped or shipped in folder.resolve().parents:
        raise RoadplanError(
            "the shipped corridor stays as it is; give another folder, which is made as its copy"
        )


def _tables_to_change(folder: Path, base: str | os.PathLike[str] | None) -> dict[str, pd.DataFrame]:
    """Return the tables of the folder, or of the base where the folder is missing or empty."""
    if folder.exists() and not folder.is_dir():
        raise RoadplanError(f"{folder} is a file; give a folder for the corridor")
    filled = folder.is_dir() and any(folder.iterdir())
    begin = folder if filled else Path(base) if base is not None else shipped_folder()
    tables, faults = read_tables(begin)
    if faults:
        raise FaultsError(faults, f"The corridor in {begin} has to be mended first")
    return tables


def _merge(
    tables: Mapping[str, pd.DataFrame],
    read: WorkbookRead,
    *,
    placer: Placer,
    defaults: Defaults,
    replace_estimates: bool,
) -> dict[str, Merged]:
    """Merge each table that the inventory holds."""
    told: dict[tuple[str, int], frozenset[str]] = {}
    for fault in read.faults:
        if fault.row is not None:
            place = (fault.sheet, fault.row)
            told[place] = told.get(place, frozenset()) | {fault.column}
    by_table: dict[str, list[ReadPart]] = {}
    for part in read.parts:
        by_table.setdefault(part.table, []).append(part)
    return {
        name: merge_table(
            tables[name],
            by_table[name],
            name,
            file=read.file,
            told=told,
            placer=placer,
            defaults=defaults,
            replace_estimates=replace_estimates,
        )
        for name in TABLES
        if name in by_table
    }


def _new_faults(
    tables: Mapping[str, pd.DataFrame],
    parts: Iterable[ReadPart],
    told: Iterable[Fault],
    folder: str,
) -> list[Fault]:
    """Check the corridor as a whole; what is wrong in a row already told is not told again."""
    places = {(fault.file, fault.sheet, fault.row) for fault in told}
    known_parts = list(parts)
    found = [
        told_in_place(fault, known_parts) or replace(fault, file=f"{folder}/{fault.file}")
        for fault in check_tables(tables)
    ]
    return [fault for fault in found if (fault.file, fault.sheet, fault.row) not in places]


def _told(rows: Iterable[RowOutcome], faults: Iterable[Fault]) -> tuple[RowOutcome, ...]:
    """Return all outcomes in the order of the file; a row with a fault is rejected."""
    places = {(fault.sheet, fault.row) for fault in faults if fault.row is not None}
    every = [
        replace(row, outcome="rejected", changes=None, notes=())
        if row.row is not None and (row.sheet, row.row) in places
        else row
        for row in rows
    ]
    order = {name: number for number, name in enumerate(TABLES)}
    return tuple(sorted(every, key=lambda r: (order[r.table], r.row is None, r.sheet, r.row or 0)))
