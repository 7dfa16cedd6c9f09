"""Earned schedule: how far along its own plan a piece of work is, in time.

Planned value compared with earned value says how much work is missing, but its ratio ends at 1
for every finished project, however late. Earned schedule asks instead at which time the plan
meant to have earned what is earned now.

Sources: Lipke (2003), "Schedule is different", The Measurable News, March; Lipke and others
(2009), "Prediction of project outcome", International Journal of Project Management 27(4).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
from numpy.typing import ArrayLike, NDArray

from roadplan.errors import RoadplanError

_TOLERANCE = 1e-9
"""Shares of the total below which two values are the same: sums of weights are rounded."""


@dataclass(frozen=True, eq=False)
class PlanCurve:
    """Planned value over time: what should be earned by each moment.

    Parameters
    ----------
    time
        Moments in any unit of time since the planned start, shape (n,), rising, from 0. Where the
        result should be in days these are days; in weeks, weeks.
    value
        Cumulative planned value at these moments, shape (n,), never falling, from 0; linear in
        between.

    Raises
    ------
    RoadplanError
        The curve is too short, unordered, falling, not finite or does not begin with 0.

    Examples
    --------
    >>> plan = PlanCurve([0, 40], [0, 100])
    >>> plan.duration, plan.total
    (40.0, 100.0)
    """

    time: NDArray[np.float64]
    value: NDArray[np.float64]

    def __init__(self, time: ArrayLike, value: ArrayLike) -> None:
        times = np.array(time, dtype=np.float64)
        values = np.array(value, dtype=np.float64)
        if times.ndim != 1 or times.shape != values.shape or len(times) < 2:
            raise RoadplanError("a plan needs at least two moments with one value for each")
        if not (np.isfinite(times).all() and np.isfinite(values).all()):
            raise RoadplanError("a plan's times and values must be finite numbers")
        if (np.diff(times) <= 0).any() or times[0] != 0:
            raise RoadplanError("the times of a plan must rise from 0, its planned start")
        if (np.diff(values) < 0).any() or values[0] != 0 or values[-1] <= 0:
            raise RoadplanError("the values of a plan must not fall, and rise from 0 to its total")
        for array in (times, values):
            array.flags.writeable = False
        object.__setattr__(self, "time", times)
        object.__setattr__(self, "value", values)

    @property
    def total(self) -> float:
        """The whole planned value, called budget at completion."""
        return float(self.value[-1])

    @property
    def duration(self) -> float:
        """Planned duration: the first moment at which everything is planned to be done."""
        return float(self.time[int(np.argmax(self.value >= self.total))])

    def planned(self, time: ArrayLike) -> NDArray[np.float64]:
        """Return the planned value at some moments; the total after the end."""
        return np.interp(np.asarray(time, dtype=np.float64), self.time, self.value)


def earned_schedule(
    plan: PlanCurve, earned: ArrayLike, actual_time: ArrayLike
) -> NDArray[np.float64]:
    """Return at which time the plan meant to have earned what is earned.

    ``ES = C + (EV − PV_C) / (PV_C+1 − PV_C)`` (Lipke 2003), where C is the last moment of the plan
    with a planned value not above the earned value. While the plan stands still, as in winter,
    every moment of the standstill has the same planned value; the one nearest to `actual_time` is
    taken, so that work which is exactly on its plan stays so all winter.

    Parameters
    ----------
    plan
        The planned value.
    earned
        Earned value, any shape, in the unit of the plan. Beyond the total it counts as the total.
    actual_time
        Time since the planned start at which this was earned, of the same shape or scalar.

    Returns
    -------
    ndarray
        Earned schedule in the unit of the plan's time, between 0 and the planned duration.

    Examples
    --------
    >>> plan = PlanCurve([0, 1, 2, 3], [0, 10, 30, 60])
    >>> earned_schedule(plan, [5, 20, 45], [1, 2, 3]).tolist()
    [0.5, 1.5, 2.5]
    """
    slack = plan.total * _TOLERANCE
    worth = np.clip(np.asarray(earned, dtype=np.float64), 0.0, plan.total)
    actual = np.asarray(actual_time, dtype=np.float64)
    after = np.searchsorted(plan.value, worth - slack, side="left")
    first = _moment(plan, after, worth)
    upto = np.searchsorted(plan.value, worth + slack, side="right") - 1
    last = np.maximum(plan.time[np.clip(upto, 0, len(plan.time) - 1)], first)
    # What is planned to be complete is complete: time after the end of the plan earns nothing.
    last = np.minimum(last, plan.duration)
    result: NDArray[np.float64] = np.clip(actual, first, last)
    return result


def _moment(
    plan: PlanCurve, after: NDArray[np.intp], worth: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the first moment at which the plan reaches a value."""
    upper = np.clip(after, 1, len(plan.value) - 1)
    low, high = plan.value[upper - 1], plan.value[upper]
    step = np.where(high > low, high - low, 1.0)
    share = np.clip((worth - low) / step, 0.0, 1.0)
    moment = plan.time[upper - 1] + share * (plan.time[upper] - plan.time[upper - 1])
    return np.where(after == 0, 0.0, moment)


@dataclass(frozen=True, kw_only=True)
class ScheduleStatus:
    """Where a piece of work stands against its plan, as of a day.

    A quantity that is not defined is None, and `why` says the reason under its name.

    Parameters
    ----------
    as_of
        The day.
    planned_value, earned_value, total
        What should have been earned by then, what was, and the whole.
    actual_days
        AT: days from the planned start until `as_of`, or until the work was complete.
    earned_days
        ES: earned schedule in days.
    planned_days
        PD: planned duration in days.
    spi
        EV / PV: ends at 1 for any finished work.
    spi_time
        SPI(t) = ES / AT.
    needed_spi_time
        To-complete index: SPI(t) that the rest needs to end on the planned day, (PD − ES) / (PD −
        AT).
    finish
        Finish if the pace so far goes on: start + PD / SPI(t); the actual one once complete.
    finish_at_plan
        Finish if the rest goes as planned: as of + PD − ES.
    finish_at_recent
        Finish if the pace of the recent window goes on.
    recent_pace
        Earned days by calendar day in the recent window.
    why
        Quantity → why it is not defined.
    """

    as_of: date
    planned_value: float | None = None
    earned_value: float | None = None
    total: float | None = None
    actual_days: float | None = None
    earned_days: float | None = None
    planned_days: float | None = None
    spi: float | None = None
    spi_time: float | None = None
    needed_spi_time: float | None = None
    finish: date | None = None
    finish_at_plan: date | None = None
    finish_at_recent: date | None = None
    recent_pace: float | None = None
    why: Mapping[str, str] = field(default_factory=dict)


_QUANTITIES = (
    "planned_value",
    "earned_value",
    "total",
    "actual_days",
    "earned_days",
    "planned_days",
    "spi",
    "spi_time",
    "needed_spi_time",
    "finish",
    "finish_at_plan",
    "finish_at_recent",
    "recent_pace",
)

NO_BASELINE = "there is no baseline"
NO_REPORT = "nothing has been reported"
NOT_STARTED = "the plan has not begun by this day"
NOTHING_EARNED = "nothing has been earned yet"
FINISHED = "all work is complete"
PLAN_OVER = "the planned finish has passed"
NO_RECENT = "nothing was earned in the recent window"
NO_HISTORY = "there is no earlier report to measure a recent pace from"
TOO_FAR = "the finish would lie more than a hundred years ahead"

_FARTHEST_DAYS = 36_525.0


def schedule_status(
    plan: PlanCurve | None,
    *,
    start: date | None,
    as_of: date,
    earned_days: ArrayLike = (),
    earned_value: ArrayLike = (),
    recent_days: float = 90.0,
) -> ScheduleStatus:
    """Return where a piece of work stands against its plan.

    Parameters
    ----------
    plan
        The planned value with time in days since `start`; None where there is no baseline.
    start
        The planned start.
    as_of
        The day of the status.
    earned_days
        Days since `start` of the reports, shape (n,), rising; negative before the planned start.
    earned_value
        Cumulative earned value at these days, in the unit of the plan; linear in between.
    recent_days
        Length of the recent window.

    Raises
    ------
    RoadplanError
        The earned values are unordered or not as many as the days.

    Examples
    --------
    A linear plan of 280 days that takes 364:

    >>> status = schedule_status(
    ...     PlanCurve([0, 280], [0, 100]), start=date(2024, 1, 1), as_of=date(2024, 12, 30),
    ...     earned_days=[0, 364], earned_value=[0, 100])
    >>> status.spi, round(status.spi_time, 2), status.finish
    (1.0, 0.77, datetime.date(2024, 12, 30))
    """
    if plan is None or start is None:
        return _undefined(as_of, NO_BASELINE)
    days, values = _history(earned_days, earned_value)
    now = float((as_of - start).days)
    base = {"total": plan.total, "planned_days": plan.duration}
    seen = days <= now
    if not seen.any():
        base["planned_value"] = float(plan.planned(now))
        reason = NOT_STARTED if now <= 0 else NO_REPORT
        return _undefined(as_of, reason, base)
    earned = float(np.interp(now, days[seen], values[seen]))
    complete = earned >= plan.total * (1 - _TOLERANCE)
    actual = _completed_at(plan, days[seen], values[seen]) if complete else now
    base |= {"planned_value": float(plan.planned(actual)), "earned_value": earned}
    if actual <= 0:
        return _undefined(as_of, NOT_STARTED, base)
    reached = float(earned_schedule(plan, earned, actual))
    base |= {"actual_days": actual, "earned_days": reached}
    if base["planned_value"] > 0:
        base["spi"] = earned / base["planned_value"]
    base["spi_time"] = reached / actual
    recent = _recent(plan, days[seen], values[seen], now=now, window=recent_days)
    return _forecasts(
        as_of, start, base, complete=complete, now=now, recent=recent, recent_days=recent_days
    )


def _forecasts(
    as_of: date,
    start: date,
    base: dict[str, float],
    *,
    complete: bool,
    now: float,
    recent: float | None,
    recent_days: float,
) -> ScheduleStatus:
    """Return the status with the finishes that follow from it."""
    reached, planned = base["earned_days"], base["planned_days"]
    dates: dict[str, date] = {}
    why: dict[str, str] = {}
    if "spi" not in base:
        why["spi"] = "nothing was planned by this day"
    if complete:
        dates["finish"] = start + timedelta(days=round(base["actual_days"]))
        for name in ("needed_spi_time", "finish_at_plan", "finish_at_recent", "recent_pace"):
            why[name] = FINISHED
        return ScheduleStatus(as_of=as_of, why=why, **base, **dates)  # type: ignore[arg-type] # floats and dates by field
    if now < planned:
        base["needed_spi_time"] = (planned - reached) / (planned - now)
    else:
        why["needed_spi_time"] = PLAN_OVER
    paces: dict[str, tuple[float, float | None, float, str]] = {
        "finish": (0.0, base["spi_time"], planned, NOTHING_EARNED),
        "finish_at_plan": (now, 1.0, planned - reached, ""),
        "finish_at_recent": (now, recent, planned - reached, NO_RECENT),
    }
    for name, (since, pace, left, reason) in paces.items():
        if pace is None:
            why[name] = NO_HISTORY
        elif pace <= 0:
            why[name] = reason
        elif since + left / pace > _FARTHEST_DAYS:
            why[name] = TOO_FAR
        else:
            dates[name] = start + timedelta(days=int(np.ceil(since + left / pace - 1e-6)))
    if recent is None:
        why["recent_pace"] = f"{NO_HISTORY} of {recent_days:g} days"
    else:
        base["recent_pace"] = recent
    return ScheduleStatus(as_of=as_of, why=why, **base, **dates)  # type: ignore[arg-type] # floats and dates by field


def status_curve(
    plan: PlanCurve,
    *,
    start: date,
    days: ArrayLike,
    earned_days: ArrayLike,
    earned_value: ArrayLike,
) -> dict[str, NDArray[np.float64]]:
    """Return PV, EV, ES, SPI and SPI(t) on a grid of days since the planned start.

    Parameters
    ----------
    plan, start, earned_days, earned_value
        As for :func:`schedule_status`.
    days
        The grid, shape (m,).

    Returns
    -------
    dict
        `planned_value`, `earned_value`, `earned_days`, `spi` and `spi_time`, each of shape (m,);
        NaN where not defined. After completion the indices stay at their last value.
    """
    grid = np.asarray(days, dtype=np.float64)
    rows = [
        schedule_status(
            plan,
            start=start,
            as_of=start + timedelta(days=float(day)),
            earned_days=earned_days,
            earned_value=earned_value,
        )
        for day in grid
    ]
    names = ("planned_value", "earned_value", "earned_days", "spi", "spi_time")
    return {name: np.array([_number(getattr(row, name)) for row in rows]) for name in names}


def _number(value: float | None) -> float:
    return np.nan if value is None else value


def _history(days: ArrayLike, values: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    at = np.asarray(days, dtype=np.float64)
    worth = np.asarray(values, dtype=np.float64)
    if at.shape != worth.shape or at.ndim != 1:
        raise RoadplanError("earned values need one day each")
    if not (np.isfinite(at).all() and np.isfinite(worth).all()):
        raise RoadplanError("earned values and their days must be finite numbers")
    if (np.diff(at) < 0).any():
        raise RoadplanError("the days of earned values must not fall; sort them first")
    return at, worth


def _completed_at(plan: PlanCurve, days: NDArray[np.float64], values: NDArray[np.float64]) -> float:
    """Return the day since which the work is complete to the last report."""
    full = values >= plan.total * (1 - _TOLERANCE)
    lacking = np.flatnonzero(~full)
    return float(days[0] if lacking.size == 0 else days[int(lacking[-1]) + 1])


def _recent(
    plan: PlanCurve,
    days: NDArray[np.float64],
    values: NDArray[np.float64],
    *,
    now: float,
    window: float,
) -> float | None:
    """Return earned days by calendar day in the window before now; None without a history."""
    before = now - window
    if days[0] > before or before < 0:
        return None
    earned = np.interp([before, now], days, values)
    reached = earned_schedule(plan, earned, np.array([before, now]))
    return float((reached[1] - reached[0]) / window)


def _undefined(
    as_of: date, reason: str, known: Mapping[str, float] | None = None
) -> ScheduleStatus:
    known = dict(known or {})
    why = {name: reason for name in _QUANTITIES if name not in known}
    return ScheduleStatus(as_of=as_of, why=why, **known)  # type: ignore[arg-type] # floats by field
