"""Whether reported work comes before what it has to follow."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from roadplan.corridor.inventory_placing import Trouble
from roadplan.corridor.model import Corridor, Stretch
from roadplan.progress.asof import END_OF_TIME
from roadplan.progress.history import Floats, History, Ints
from roadplan.progress.items import WorkItem, WorkItems
from roadplan.progress.milestones import reached
from roadplan.progress.pieces import FULL, pieces
from roadplan.progress.report import Report, StoredReport
from roadplan.progress.sheet_places import place_text

GAP_M = 10.0
"""Length of a gap that does not matter: posts are written to the metre and rounded on the way."""

_SHARE = 0.02


@dataclass(frozen=True, kw_only=True)
class Done:
    """What is done and since when.

    Parameters
    ----------
    stretches
        (work type, route, half) → beginnings, ends and ordinals of the days by which all planned
        there was done; half 0 is left, 1 right.
    finished
        Id of an item with milestones → ordinal of the day by which it was finished.
    """

    stretches: dict[tuple[str, str, int], tuple[Floats, Floats, Ints]] = field(repr=False)
    finished: dict[str, int] = field(repr=False)

    @classmethod
    def of(cls, items: WorkItems, history: History, *, without: Collection[str] = ()) -> Done:
        """Return what a history believes to be done, without some reports."""
        counting = history.believed(END_OF_TIME)
        if without:
            counting = counting & ~np.isin(np.asarray(history.ids, dtype=object), list(without))
        stretches: dict[tuple[str, str, int], tuple[Floats, Floats, Ints]] = {}
        for each in pieces(items, history, counting):
            for half in (0, 1):
                full = each.share[half] >= FULL
                stretches[each.work_type, each.route, half] = (
                    each.from_m[full],
                    each.to_m[full],
                    each.day[half][full],
                )
        far = reached(items, history, counting)
        ends = np.flatnonzero(far.share >= FULL)
        finished = {items[int(i)].id: int(far.day[i]) for i in ends if items[int(i)].asset}
        return cls(stretches=stretches, finished=finished)


def history_of(reports: Sequence[Report]) -> History:
    """Return reports that are not stored yet as a history."""
    moment = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
    return History.from_reports(
        StoredReport(seq=number, recorded_at=moment, report=report, hash="")
        for number, report in enumerate(reports, start=1)
    )


@dataclass(frozen=True)
class Order:
    """Tells what work has not been done that should have been before.

    Parameters
    ----------
    corridor
        The road.
    items
        The work items.
    known
        What is done by the ledger and by the sheet itself.
    """

    corridor: Corridor
    items: WorkItems
    known: tuple[Done, ...]

    def troubles(self, report: Report) -> Iterator[Trouble]:
        """Yield what a report comes before, although it has to follow it."""
        if report.withdrawn or report.work_type not in self.items.types:
            return
        if report.asset:
            key = f"{report.work_type}:{report.asset}"
            if key in self.items.ids:
                yield from self._milestone(report, self.items.item(key))
        elif report.quantity != 0:
            yield from self._along(report)

    def _milestone(self, report: Report, item: WorkItem) -> Iterator[Trouble]:
        stages = self.items.types[item.work_type].stages
        waits = report.stage if item.waits_to == "start" else report.stage == stages[-1].id
        if not waits:
            return
        for other in item.after:
            before = self.items.item(other)
            if self.items.types[before.work_type].group == "procurement" or not before.asset:
                continue
            days = [done.finished[other] for done in self.known if other in done.finished]
            if min(days, default=_NEVER) > report.work_date.toordinal():
                yield _trouble("stage", before.work_type, before.asset, report, days)

    def _along(self, report: Report) -> Iterator[Trouble]:
        kind = self.items.types[report.work_type]
        begin, end = float(report.from_m or 0.0), float(report.to_m or 0.0)
        halves = {"left": (0,), "right": (1,)}.get(report.side, (0, 1))
        for other in kind.after:
            if self.items.types[other].on != "segments":
                continue
            if not self.items.planned_on(other, report.route, begin, end):
                continue
            by_then = self._gaps(other, report, halves, report.work_date.toordinal())
            missing = sum(b - a for a, b in by_then) / len(halves)
            if missing <= GAP_M:
                continue
            if kind.measure == "amount" and self._fits(report, missing / (end - begin)):
                continue
            later = self._gaps(other, report, halves, _NEVER)
            low, high = by_then[0]
            gap = Stretch(route=report.route, from_m=low, to_m=high)
            where = place_text(self.corridor, gap)
            days = [] if sum(b - a for a, b in later) > GAP_M * len(halves) else [0]
            yield _trouble("work_type", other, where, report, days)

    def _fits(self, report: Report, missing: float) -> bool:
        """Say whether an amount can stand on the share of the stretch that is ready for it."""
        planned = self.items.planned_on(
            report.work_type, report.route, float(report.from_m or 0), float(report.to_m or 0)
        ) / (1 if report.side == "both" else 2)
        return planned <= 0 or (report.quantity or 0.0) / planned <= 1 - missing + _SHARE

    def _gaps(
        self, other: str, report: Report, halves: Iterable[int], day: int
    ) -> list[tuple[float, float]]:
        """Return where work was not done by a day, half by half."""
        begin, end = float(report.from_m or 0.0), float(report.to_m or 0.0)
        found: list[tuple[float, float]] = []
        for half in halves:
            spans: list[tuple[float, float]] = []
            for done in self.known:
                stretch = done.stretches.get((other, report.route, half))
                if stretch is None:
                    continue
                from_m, to_m, days = stretch
                low, high = np.searchsorted(to_m, begin, "right"), np.searchsorted(from_m, end)
                here = slice(int(low), int(high))
                ready = days[here] <= day
                spans += zip(from_m[here][ready], to_m[here][ready], strict=True)
            at = begin
            for low_m, high_m in sorted(spans):
                if low_m > at:
                    found.append((at, min(float(low_m), end)))
                at = max(at, float(high_m))
            if at < end:
                found.append((at, end))
        return found


_NEVER = dt.date.max.toordinal()


def _trouble(column: str, before: str, where: str, report: Report, days: Sequence[int]) -> Trouble:
    """Return the trouble of work that comes before `before`; `days`: when that was done, if so."""
    what = "is reported there only for a later day" if days else "is not reported as done there"
    return Trouble(
        column=column,
        why=f"{report.work_type} by {report.work_date.isoformat()} comes before {before}, which "
        f"{what} ({where})",
        remedy=f"report {before} there first, or correct the date; "
        "if the works really went so, import with --any-order",
    )
