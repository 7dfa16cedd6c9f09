"""Whether reports can be true: one function for each rule, every fault told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from roadplan.errors import Fault
from roadplan.progress.items import WorkItems
from roadplan.progress.report import Report
from roadplan.progress.worktypes import WorkType

OVER_SHARE = 0.02
"""How much more than planned may be reported before it is a fault, as a share of the plan."""

_OVER = "it is more than is planned there"
_NEAR_M = 1.0


def check_reports(
    reports: Sequence[Report],
    items: WorkItems,
    *,
    today: dt.date,
    route_lengths_m: Mapping[str, float] | None = None,
    more_than_planned: bool = False,
) -> list[Fault]:
    """Check that reports speak of work there is, in its measure, and not of the future.

    Parameters
    ----------
    reports
        The reports, before they are stored.
    items
        The work items of the corridor.
    today
        The day on which they are checked; work later than that is a fault.
    route_lengths_m
        Length by route, where stretches beyond a route's end shall be told as such.
    more_than_planned
        Let amounts pass that are more than planned: a plan may be the poorer estimate.

    Returns
    -------
    list of Fault
        In the order of the reports; `row` is the number of the report, from 1.
    """
    faults = []
    for row, report in enumerate(reports, start=1):
        for column, value, why, remedy in _problems(report, items, today, route_lengths_m or {}):
            if more_than_planned and why.startswith(_OVER):
                continue
            faults.append(Fault(row=row, column=column, value=value, why=why, remedy=remedy))
    return faults


_Problem = tuple[str, str, str, str]


def _problems(
    report: Report, items: WorkItems, today: dt.date, lengths: Mapping[str, float]
) -> Iterator[_Problem]:
    if report.work_date > today:
        yield (
            "work_date",
            report.work_date.isoformat(),
            "the work lies in the future",
            f"give a day up to {today.isoformat()}",
        )
    if report.withdrawn:
        return
    if report.work_type not in items.types:
        some = ", ".join(items.types)
        yield "work_type", report.work_type, "there is no such work type", f"give one of {some}"
        return
    kind = items.types[report.work_type]
    rules: tuple[Callable[[], Iterable[_Problem]], ...]
    if kind.measure == "milestones":
        rules = (
            lambda: _milestone(report, kind, items),
            lambda: _no_quantity(report),
        )
    else:
        rules = (
            lambda: _stretch(report, kind, items, lengths),
            lambda: () if report.asset else _quantity(report, kind, items),
        )
    for rule in rules:
        yield from rule()


def _milestone(report: Report, kind: WorkType, items: WorkItems) -> Iterator[_Problem]:
    if not report.asset:
        yield (
            "asset",
            "",
            f"{kind.id} is reported on an asset, not on a stretch",
            "name the asset",
        )
    elif f"{kind.id}:{report.asset}" not in items.ids:
        yield (
            "asset",
            report.asset,
            f"there is no {kind.id} of this name",
            _some([item.asset for item in items if item.work_type == kind.id]),
        )
    stages = [stage.id for stage in kind.stages]
    if report.stage and report.stage not in stages:
        yield (
            "stage",
            report.stage,
            f"{kind.id} has no such stage",
            f"give one of {', '.join(stages)}",
        )


def _no_quantity(report: Report) -> Iterator[_Problem]:
    if report.quantity is not None:
        yield (
            "quantity",
            f"{report.quantity:g}",
            "work with milestones has no quantity",
            "leave it empty and give the stage reached",
        )


def _stretch(
    report: Report, kind: WorkType, items: WorkItems, lengths: Mapping[str, float]
) -> Iterator[_Problem]:
    if report.asset or report.from_m is None or report.to_m is None:
        yield (
            "asset",
            report.asset,
            f"{kind.id} is reported on a stretch, not on an asset",
            "give route, beginning and end",
        )
        return
    if report.stage:
        yield "stage", report.stage, f"{kind.id} has no stages", "leave it empty"
    length = lengths.get(report.route)
    if length is not None and report.to_m > length + _NEAR_M:
        yield (
            "to_m",
            f"{report.to_m:g}",
            f"{report.route} ends at {length:.0f} m",
            "end the stretch there",
        )
        return
    planned = planned_on(report, items)
    if not planned:
        yield (
            "from_m",
            f"{report.from_m:g}",
            f"no {kind.id} is planned on {report.route} {report.from_m:g}–{report.to_m:g} m",
            "give a stretch inside a contract",
        )


def _quantity(report: Report, kind: WorkType, items: WorkItems) -> Iterator[_Problem]:
    if kind.measure == "stretch":
        if report.quantity not in (None, 0.0):
            yield (
                "quantity",
                f"{report.quantity:g}",
                f"{kind.id} is reported by the stretch that is done",
                "leave it empty, or give 0 where nothing is done yet",
            )
        return
    if report.quantity is None:
        yield (
            "quantity",
            "",
            f"{kind.id} is reported by the amount there is",
            f"give the {kind.unit} to date",
        )
        return
    planned = planned_on(report, items) / (1 if report.side == "both" else 2)
    if planned and report.quantity > planned * (1 + OVER_SHARE) + 0.5:
        yield (
            "quantity",
            f"{report.quantity:g}",
            f"{_OVER}: {planned:.4g} {kind.unit}",
            "check the quantity and the stretch, or have the plan changed",
        )


def planned_on(report: Report, items: WorkItems) -> float:
    """Return the quantity planned on the stretch of a report, both halves; 0 where none is."""
    if report.from_m is None or report.to_m is None:
        return 0.0
    return items.planned_on(report.work_type, report.route, report.from_m, report.to_m)


def _some(names: Sequence[str]) -> str:
    if not names:
        return "there is none in the corridor"
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return f"there are {', '.join(names[:5])}{more}"
