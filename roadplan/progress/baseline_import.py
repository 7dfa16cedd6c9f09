"""A baseline from a planning program: its activities put to the work items they mean."""

from __future__ import annotations

import datetime as dt
import difflib
import fnmatch
import math
import os
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from roadplan.errors import Fault, FaultsError, RoadplanError
from roadplan.progress.baseline import Baseline, Planned
from roadplan.progress.baseline_import_schedule import Activity, Schedule, read_schedule
from roadplan.progress.items import WorkItem, WorkItems
from roadplan.progress.ledger import Ledger
from roadplan.tables.reading import ROW
from roadplan.tables.schema import Column, Table
from roadplan.tables.words import normalised
from roadplan.tables.workbook import read_workbook

CODE_FIELD = "roadplan"
"""Title of the custom field that names the work item, where no other is said."""

_SOME = 5

MAPPING = Table(
    name="mapping",
    description="Which activity of a schedule is which work item",
    key=(),
    columns=(
        Column(
            name="activity",
            kind="id",
            required=True,
            description="Id of the activity: its WBS code in MS Project, its activity id in "
            "Primavera",
        ),
        Column(
            name="item",
            kind="text",
            required=True,
            description="Id of the work item, several separated by semicolons, * for any text, "
            "e.g. base:*",
        ),
        Column(
            name="contract",
            kind="id",
            description="Only items of this contract, where * stands for many",
        ),
        Column(
            name="quantity",
            kind="number",
            minimum=0,
            description="Quantity planned for each of the items; empty: as the item has it",
        ),
    ),
)
"""The file that says which activity is which work item."""


@dataclass(frozen=True, kw_only=True)
class BaselineImport:
    """A baseline made from a schedule.

    Parameters
    ----------
    source
        The schedule.
    planned
        Item id → when it is planned; empty where there are faults.
    faults
        All that is wrong.
    notes
        What the user should know: activities that mean no work item, items that are not planned.
    version
        The version under which it is frozen; 0 where it is not.
    unchanged
        Whether the latest version of the ledger says the very same.
    """

    source: Path
    planned: Mapping[str, Planned] = field(repr=False)
    faults: tuple[Fault, ...] = ()
    notes: tuple[str, ...] = ()
    version: int = 0
    unchanged: bool = False

    @property
    def ok(self) -> bool:
        """Whether the schedule can be used."""
        return not self.faults

    def raise_for_faults(self) -> None:
        """Raise all faults, if there are any.

        Raises
        ------
        FaultsError
            The schedule cannot be used.
        """
        if self.faults:
            raise FaultsError(self.faults, f"{self.source.name} cannot be imported")

    def as_dict(self) -> dict[str, Any]:
        """Return all of it as plain values."""
        days = [day for each in self.planned.values() for day in (each.start, each.finish)]
        return {
            "ok": self.ok,
            "source": str(self.source),
            "version": self.version,
            "unchanged": self.unchanged,
            "items": len(self.planned),
            "start": min(days).isoformat() if days else None,
            "finish": max(days).isoformat() if days else None,
            "faults": [fault.as_dict() for fault in self.faults],
            "notes": list(self.notes),
        }


def import_baseline(
    source: str | os.PathLike[str],
    ledger: Ledger,
    items: WorkItems,
    *,
    author: str,
    mapping: str | os.PathLike[str] | None = None,
    code: str = "",
    dates: str = "auto",
    said_by: str = "",
    standing: str = "reported",
    note: str = "",
    dry_run: bool = False,
) -> BaselineImport:
    """Freeze a schedule as the next version of the baseline.

    Several activities of one item are taken together: it starts with the first, finishes with the
    last, and its planned share rises by the days of each.

    Parameters
    ----------
    source
        MS Project XML (.xml) or Primavera XER (.xer).
    ledger
        Where the baseline is frozen.
    items
        The work items.
    author
        Who planned it.
    mapping
        A CSV or workbook with the columns of :data:`MAPPING`. Without it each activity names its
        work item itself.
    code
        The field, activity code or custom attribute that names the work item; by default the one
        called :data:`CODE_FIELD`, else the id of the activity.
    dates
        As for :func:`roadplan.progress.baseline_import_schedule.read_schedule`.
    said_by, standing, note
        Source (the file's name by default), standing and reason of the baseline.
    dry_run
        Freeze nothing.

    Returns
    -------
    BaselineImport
        Nothing is frozen where there are faults, or where the latest version says the same.

    Raises
    ------
    RoadplanError
        A file cannot be read at all.
    """
    if not author:
        raise RoadplanError("nobody is named who planned it; give an author")
    file = Path(source)
    schedule = read_schedule(file, dates=dates)
    faults = list(schedule.faults)
    notes = list(schedule.notes)
    if mapping is None:
        links, more, told = _by_code(schedule, items, code)
    else:
        links, more, told = _by_mapping(schedule, items, Path(mapping))
    faults += more
    notes += told
    planned = _planned(links, items)
    if not planned and not faults:
        faults.append(
            Fault(
                file=file.name,
                why="none of its activities names a work item",
                remedy="say which field does (--code), or give a mapping (--mapping)",
            )
        )
    if faults:
        return BaselineImport(source=file, planned={}, faults=tuple(faults), notes=tuple(notes))
    missing = len(items) - len(planned)
    notes.append(f"{len(planned)} of {len(items)} work items are planned")
    if missing:
        notes.append(f"{missing} work items are in no figure that rests on this baseline")
    stored = ledger.baselines()
    baseline = Baseline(
        version=len(stored) + 1,
        items=planned,
        author=author,
        source=said_by or file.name,
        standing=standing,
        note=note,
    )
    last = stored[-1].baseline if stored else None
    unchanged = last is not None and _same(last, baseline)
    if not unchanged and not dry_run:
        ledger.append_baseline(baseline)
    version = len(stored) if unchanged else 0 if dry_run else baseline.version
    return BaselineImport(
        source=file, planned=planned, notes=tuple(notes), version=version, unchanged=unchanged
    )


def _same(a: Baseline, b: Baseline) -> bool:
    return {**a.content(), "version": 0} == {**b.content(), "version": 0}


@dataclass(frozen=True)
class _Link:
    """That an activity means a work item; the quantity where the mapping says one."""

    activity: Activity
    item: str
    quantity: float | None = None


_Links = tuple[list[_Link], list[Fault], list[str]]


# --- which item an activity means -------------------------------------------------------


def _by_code(schedule: Schedule, items: WorkItems, code: str) -> _Links:
    """Find the work item that each activity names itself."""
    titles = {title for each in schedule.activities for title in each.codes}
    named = {normalised(title): title for title in titles}
    title = named.get(normalised(code or CODE_FIELD), "")
    links: list[_Link] = []
    faults: list[Fault] = []
    silent: list[str] = []
    if code and not title:
        some = ", ".join(sorted(titles)[:20])
        fault = Fault(
            file=schedule.file,
            column=code,
            why="no activity has such a field, code or attribute",
            remedy=f"give one of {some}" if some else "give a mapping (--mapping)",
        )
        return [], [fault], []
    for activity in schedule.activities:
        text = activity.codes.get(title, "").strip() if title else activity.id.strip()
        if text in items.ids:
            links.append(_Link(activity, text))
        elif title and text:
            faults.append(_unknown_item(schedule.file, activity, title, text, items))
        else:
            silent.append(activity.id or activity.name)
    if faults and not links:
        # A field of another meaning: one sentence says more than a fault for each activity.
        sample = faults[0]
        faults = [
            Fault(
                file=schedule.file,
                column=title,
                value=sample.value,
                why="no activity names a work item there",
                remedy="write ids as `roadplan progress items` lists them, or give a mapping",
            )
        ]
    return links, faults, _silent_note(silent)


def _unknown_item(file: str, activity: Activity, title: str, text: str, items: WorkItems) -> Fault:
    near = difflib.get_close_matches(text, list(items.ids), n=1, cutoff=0.7)
    return Fault(
        file=file,
        sheet=activity.place,
        column=title,
        value=text[:80],
        why="there is no such work item",
        remedy=f"{near[0]} may be meant" if near else "write an id of `roadplan progress items`",
    )


def _silent_note(activities: Sequence[str]) -> list[str]:
    if not activities:
        return []
    some = ", ".join(activities[:_SOME]) + (" …" if len(activities) > _SOME else "")
    noun = "activity means" if len(activities) == 1 else "activities mean"
    return [f"{len(activities)} {noun} no work item and are in no figure: {some}"]


def _by_mapping(schedule: Schedule, items: WorkItems, path: Path) -> _Links:
    """Find the work items of each activity in a mapping."""
    read = read_workbook(path, [MAPPING], only=MAPPING.name)
    by_id: dict[str, list[Activity]] = defaultdict(list)
    for activity in schedule.activities:
        by_id[activity.id].append(activity)
    links: list[_Link] = []
    faults = list(read.faults)
    told = {(fault.sheet, fault.row) for fault in read.faults}
    used: set[str] = set()
    contracts = {item.contract for item in items}
    for part in read.parts:
        for record in part.frame.to_dict("records"):
            place: dict[str, Any] = {
                "file": path.name,
                "sheet": part.sheet,
                "row": int(record[ROW]),
            }
            if (part.sheet, place["row"]) in told:
                continue
            wanted = by_id.get(record["activity"], [])
            used.add(record["activity"])
            if not wanted:
                faults.append(
                    Fault(
                        **place,
                        column="activity",
                        value=record["activity"],
                        why=f"{schedule.file} has no such activity",
                        remedy="correct its id, or take the row out",
                    )
                )
            if record["contract"] and record["contract"] not in contracts:
                faults.append(
                    Fault(
                        **place,
                        column="contract",
                        value=record["contract"],
                        why="no work belongs to such a contract",
                        remedy=f"write one of {', '.join(sorted(contracts))}",
                    )
                )
                continue
            for text in filter(None, (text.strip() for text in record["item"].split(";"))):
                found = _matching(text, record["contract"], items)
                if not found:
                    faults.append(
                        Fault(
                            **place,
                            column="item",
                            value=text[:80],
                            why="there is no such work item",
                            remedy="write an id of `roadplan progress items`, e.g. base:*",
                        )
                    )
                quantity = None if math.isnan(record["quantity"]) else record["quantity"]
                links += [_Link(activity, item, quantity) for item in found for activity in wanted]
    silent = [each.id or each.name for each in schedule.activities if each.id not in used]
    return links, faults, _silent_note(silent)


def _matching(text: str, contract: str, items: WorkItems) -> list[str]:
    """Return the items that an id or a pattern means."""
    if "*" in text:
        pattern = fnmatch.translate(text.replace("[", "[[]"))
        match = re.compile(pattern).match
        chosen: Iterable[WorkItem] = (item for item in items if match(item.id))
    else:
        chosen = [items.item(text)] if text in items.ids else []
    return [item.id for item in chosen if not contract or item.contract == contract]


# --- when an item is planned -------------------------------------------------------


def _planned(links: Sequence[_Link], items: WorkItems) -> dict[str, Planned]:
    """Return when each item is planned, in the order of the items."""
    by_item: dict[str, list[_Link]] = defaultdict(list)
    for link in links:
        if link not in by_item[link.item]:
            by_item[link.item].append(link)
    return {
        item.id: planned_by([link.activity for link in by_item[item.id]], _quantity(by_item, item))
        for item in items
        if item.id in by_item
    }


def _quantity(by_item: Mapping[str, Sequence[_Link]], item: WorkItem) -> float:
    said = [link.quantity for link in by_item[item.id] if link.quantity is not None]
    return max(said, default=item.quantity)


def planned_by(activities: Sequence[Activity], quantity: float) -> Planned:
    """Return when an item is planned that some activities make up.

    Each activity counts by its days and goes on evenly; where there is one only, or all are alike,
    the plan is linear.

    Parameters
    ----------
    activities
        At least one.
    quantity
        How much there is to do.

    Examples
    --------
    >>> day = dt.date
    >>> first = Activity(id="a", name="", start=day(2024, 5, 1), finish=day(2024, 5, 10))
    >>> last = Activity(id="b", name="", start=day(2024, 6, 1), finish=day(2024, 6, 30))
    >>> [(str(when), share) for when, share in planned_by([first, last], 1.0).curve]
    [('2024-05-10', 0.25), ('2024-05-31', 0.25), ('2024-06-30', 1.0)]
    """
    spans = [(each.start.toordinal(), each.finish.toordinal()) for each in activities]
    start, finish = min(a for a, _ in spans), max(b for _, b in spans)
    days = sorted({b for _, b in spans} | {a - 1 for a, _ in spans if a > start})
    whole = sum(b - a + 1 for a, b in spans)
    curve = tuple(
        (
            dt.date.fromordinal(day),
            1.0
            if day == finish
            else sum(min(max(day - a + 1, 0), b - a + 1) for a, b in spans) / whole,
        )
        for day in days
    )
    return Planned(
        start=dt.date.fromordinal(start),
        finish=dt.date.fromordinal(finish),
        quantity=quantity,
        curve=curve if len(curve) > 1 else (),
    )
