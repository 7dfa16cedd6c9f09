"""From the ledger to the tables of a forecast, an earned schedule and a replay."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from roadplan.errors import RoadplanError
from roadplan.progress.asof import AsOf
from roadplan.progress.baseline import Baseline
from roadplan.progress.curves import completion_by_day
from roadplan.progress.earned import PlanCurve, ScheduleStatus, schedule_status
from roadplan.progress.forecast_result import WHOLE
from roadplan.progress.history import History
from roadplan.progress.items import WorkItems

Floats = NDArray[np.float64]


def forecast_items(items: WorkItems, baseline: Baseline | None = None) -> pd.DataFrame:
    """Return work items with their planned days, as a forecast reads them.

    Parameters
    ----------
    items
        The work items.
    baseline
        The plan in force; without one the planned days are empty.
    """
    frame = items.frame.rename(columns={"id": "item"})
    planned = {} if baseline is None else baseline.items
    days = [planned.get(item) for item in frame["item"]]
    return frame.assign(
        after=[item.after for item in items],
        planned_start=pd.to_datetime([each.start if each else None for each in days]),
        planned_finish=pd.to_datetime([each.finish if each else None for each in days]),
    )


def progress_history(
    items: WorkItems, history: History, *, as_of: AsOf | None = None
) -> pd.DataFrame:
    """Return what was done of each item on each day on which that changed.

    Parameters
    ----------
    items
        The work items.
    history
        The reports.
    as_of
        What was known; all of it by default.

    Returns
    -------
    DataFrame
        `item`, `day` (date) and `done`, a share of 0–1; no row for what nobody reported on.
    """
    moment = as_of or AsOf(dt.date.max)
    believed = history.believed(moment.recorded_at)
    ordinals = np.unique(history.day[believed])
    days = [dt.date.fromordinal(int(day)) for day in ordinals]
    days = [day for day in days if day <= moment.work_date]
    if not days:
        return pd.DataFrame({"item": [], "day": [], "done": []})
    table = completion_by_day(items, history, days, recorded_at=moment.recorded_at)
    before = np.column_stack([np.full(len(items), np.nan), table[:, :-1]])
    changed = ~np.isnan(table) & (np.isnan(before) | (table != before))
    row, column = np.nonzero(changed)
    ids = np.array([item.id for item in items], dtype=object)
    return pd.DataFrame(
        {
            "item": ids[row],
            "day": np.array(days, dtype=object)[column],
            "done": np.clip(table[row, column], 0.0, 1.0),
        }
    )


def finish_days(history: pd.DataFrame) -> dict[str, dt.date]:
    """Return on which day each finished item was first stated as done and stayed so."""
    ordered = history.sort_values("day", kind="stable")
    found: dict[str, dt.date] = {}
    for item, day, done in zip(ordered["item"], ordered["day"], ordered["done"], strict=True):
        if done >= 1 - 1e-9:
            found.setdefault(item, day)
        else:
            found.pop(item, None)
    return found


def contract_deadlines(frame: pd.DataFrame) -> dict[str, dt.date]:
    """Return the last planned day of each contract, and of the whole.

    Parameters
    ----------
    frame
        Items from :func:`forecast_items`.
    """
    finish = pd.to_datetime(frame["planned_finish"])
    found: dict[str, dt.date] = {
        str(contract): days.max().date()
        for contract, days in finish.groupby(frame["contract"])
        if days.notna().any()
    }
    return {**found, WHOLE: max(found.values())} if found else {}


def earned_status(
    frame: pd.DataFrame,
    history: pd.DataFrame,
    *,
    as_of: dt.date,
    contract: str = WHOLE,
    recent_days: float = 90.0,
) -> ScheduleStatus:
    """Return the earned schedule of a contract or of everything.

    Planned value is the weight that should be done, item by item linear from its planned start to
    its planned finish; earned value is the weight that is done. Only planned items with a weight
    count in either.

    Parameters
    ----------
    frame
        Items with :data:`~roadplan.progress.forecast.ITEM_COLUMNS`.
    history
        What was done by the end of which day.
    as_of
        The day of the status.
    contract
        The contract; everything by default.
    recent_days
        Window of the recent pace.

    Raises
    ------
    RoadplanError
        There is no such contract.
    """
    if contract != WHOLE and contract not in set(frame["contract"]):
        names = ", ".join(dict.fromkeys(frame["contract"]))
        raise RoadplanError(f"there is no contract '{contract}'; there are {names}")
    start, days, planned, earned = value_curves(frame, history, contract=contract, until=as_of)
    if start is None:
        return schedule_status(None, start=None, as_of=as_of)
    known = np.isfinite(earned)
    return schedule_status(
        PlanCurve(days, planned),
        start=start,
        as_of=as_of,
        earned_days=days[known],
        earned_value=earned[known],
        recent_days=recent_days,
    )


def value_curves(
    frame: pd.DataFrame,
    history: pd.DataFrame,
    *,
    contract: str = WHOLE,
    until: dt.date | None = None,
) -> tuple[dt.date | None, Floats, Floats, Floats]:
    """Return planned and earned value day by day.

    Parameters
    ----------
    frame, history, contract
        As for :func:`earned_status`.
    until
        Last day whose reports count.

    Returns
    -------
    start
        The planned start; None without a plan.
    days
        Days since the planned start, shape (n,).
    planned, earned
        Weight planned and done by these moments, shape (n,); `earned` is NaN before the first
        report and after `until`.
    """
    mine = np.array(frame["weight"].to_numpy(np.float64) > 0)
    mine &= pd.to_datetime(frame["planned_start"]).notna().to_numpy()
    mine &= pd.to_datetime(frame["planned_finish"]).notna().to_numpy()
    if contract != WHOLE:
        mine &= np.array(frame["contract"] == contract)
    part = frame[mine]
    nothing = np.zeros(0)
    if part.empty:
        return None, nothing, nothing, nothing
    weight = part["weight"].to_numpy(np.float64)
    begin, end = _day_numbers(part["planned_start"]), _day_numbers(part["planned_finish"]) + 1
    first = float(begin.min())
    seen = history[history["item"].isin(set(part["item"]))]
    moments = _day_numbers(seen["day"]) + 1
    counted = np.ones(len(seen), dtype=bool)
    if until is not None:
        counted = moments <= _day_numbers([until])[0] + 1
    seen, moments = seen[counted], moments[counted]
    last = max(float(end.max()), float(moments.max()) if len(moments) else first)
    days = np.arange(0.0, last - first + 1)
    planned = _ramps(begin - first, end - first, weight, len(days))
    earned = np.full(len(days), np.nan)
    if len(seen):
        steps = _steps(seen, moments - first, dict(zip(part["item"], weight, strict=True)))
        at = np.clip(steps[0], 0, None).astype(np.intp)
        total = np.zeros(len(days))
        np.add.at(total, at, steps[1])
        known = slice(int(at.min()), int(at.max()) + 1)
        earned[known] = np.cumsum(total)[known]
    planned[0] = 0.0
    return dt.date(1970, 1, 1) + dt.timedelta(days=first), days, planned, earned


def _ramps(begin: Floats, end: Floats, weight: Floats, length: int) -> Floats:
    """Return the sum of linear ramps from begin to end on a grid of whole days."""
    rate = np.zeros(length + 1)
    a = begin.astype(np.intp)
    b = np.minimum(end.astype(np.intp), length)
    np.add.at(rate, a, weight / (end - begin))
    np.add.at(rate, b, -weight / (end - begin))
    total = np.concatenate(([0.0], np.cumsum(np.cumsum(rate))[: length - 1]))
    return np.maximum.accumulate(total)


def _steps(
    seen: pd.DataFrame, moments: Floats, weight: Mapping[str, float]
) -> tuple[Floats, Floats]:
    """Return by how much the earned value changes at which moment."""
    ordered = seen.assign(moment=moments).sort_values(["item", "moment"], kind="stable")
    before = ordered.groupby("item")["done"].shift().fillna(0.0).to_numpy(np.float64)
    worth = ordered["item"].map(dict(weight)).to_numpy(np.float64)
    change = (ordered["done"].to_numpy(np.float64) - before) * worth
    return ordered["moment"].to_numpy(np.float64), change


def _day_numbers(days: pd.Series | Sequence[dt.date]) -> Floats:
    stamps = np.asarray(pd.to_datetime(days), dtype="datetime64[D]")
    numbers: Floats = stamps.astype(np.int64).astype(np.float64)
    return numbers
