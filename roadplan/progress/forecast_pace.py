"""How fast work goes: the pace of every item, learned from the ledger with what is shared.

The logarithm of the pace over the planned pace is split into levels: all works, a contract, a
work type, both together, and the single item. Each level is drawn towards the one above it by the
precision of what has been seen (normal-normal shrinkage; Efron and Morris 1975), so that an item
without a report has the pace of its like, and one with many has its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from roadplan.progress.forecast_assumptions import Assumptions
from roadplan.progress.seasons import WorkCalendar

Floats = NDArray[np.float64]

_USUAL_WORK_DAYS = 20.0

BASES = (
    "own reports",
    "contract and work type",
    "contract or work type",
    "other works",
    "assumption",
)
"""What the pace of an item rests on, from the closest to the farthest."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Paces:
    """The pace of every item as a log-normal variable, in quantity by working day.

    Parameters
    ----------
    log_pace
        Mean of the logarithm, shape (n,); NaN where nothing is known of the work type.
    own_sd
        Deviation that is the item's own, shape (n,).
    pool, pool_sd
        Pool of each item, and the deviation that the items of each pool share.
    basis
        Index into :data:`BASES`, shape (n,).
    intervals
        Stretches of time with progress that were seen of each item, shape (n,).
    reference
        Planned pace, or the usual one of the work type where it is not planned, shape (n,).
    item_sd, interval_sd
        Deviation between items of a pool and between reports of an item, as learned.
    """

    log_pace: Floats
    own_sd: Floats
    pool: NDArray[np.intp]
    pool_sd: Floats
    basis: NDArray[np.intp]
    intervals: NDArray[np.intp]
    reference: Floats
    item_sd: float
    interval_sd: float


def work_intervals(
    history: pd.DataFrame, calendar_of: Callable[[int], WorkCalendar]
) -> pd.DataFrame:
    """Return the stretches of time between two reports in which an item went ahead.

    Parameters
    ----------
    history
        What was done to date: `row` of the item, `moment` as a day number, `done` as a share.
    calendar_of
        Row of an item → its working days.

    Returns
    -------
    DataFrame
        `row`, `from_day`, `to_day`, `share` done in between and `work_days`. An interval goes from
        the report that first stated an amount to the one that states more; before work begins it
        goes from the last report of nothing. Intervals outside every working day tell nothing of
        the pace and are left out.
    """
    ordered = _turns(history.sort_values(["row", "moment"], kind="stable"))
    row = ordered["row"].to_numpy(np.intp)
    moment = ordered["moment"].to_numpy(np.float64)
    done = ordered["done"].to_numpy(np.float64)
    same = row[1:] == row[:-1]
    ahead = same & (np.diff(done) > 0) & (np.diff(moment) > 0)
    at = np.flatnonzero(ahead)
    found = pd.DataFrame(
        {
            "row": row[at],
            "from_day": moment[at],
            "to_day": moment[at + 1],
            "share": done[at + 1] - done[at],
            "work_days": 0.0,
        }
    )
    calendars = np.array([id(calendar_of(int(r))) for r in found["row"]], dtype=np.int64)
    work_days = np.zeros(len(found))
    for key in np.unique(calendars):
        mine = calendars == key
        calendar = calendar_of(int(found["row"].to_numpy()[np.argmax(mine)]))
        ends = calendar.worked(found.loc[mine, "to_day"].to_numpy())
        work_days[mine] = ends - calendar.worked(found.loc[mine, "from_day"].to_numpy())
    found["work_days"] = work_days
    return found[found["work_days"] > 0].reset_index(drop=True)


def _turns(ordered: pd.DataFrame) -> pd.DataFrame:
    """Return the reports that first state an amount, and the last that state nothing."""
    row, done = ordered["row"].to_numpy(np.intp), ordered["done"].to_numpy(np.float64)
    if len(row) == 0:
        return ordered
    changes = (row[1:] != row[:-1]) | (done[1:] != done[:-1])
    first, last = np.append(True, changes), np.append(changes, True)
    return ordered[np.where(done > 0, first, last)]


def learn_paces(
    items: pd.DataFrame,
    intervals: pd.DataFrame,
    *,
    planned_work_days: Floats,
    left: Floats,
    assumptions: Assumptions,
) -> Paces:
    """Return the pace of every item.

    Parameters
    ----------
    items
        One row for each item: `contract`, `work_type` and `quantity`.
    intervals
        What was done when, from :func:`work_intervals`; `row` is the position in `items`.
    planned_work_days
        Working days that the plan gives each item, shape (n,); NaN or 0 where there is no plan.
    left
        Quantity left to do, shape (n,).
    assumptions
        What holds where nothing is seen.
    """
    quantity = items["quantity"].to_numpy(np.float64)
    seen = _seen(intervals, quantity)
    reference = _reference(items, quantity, planned_work_days, seen)
    ratio = _ratios(intervals, quantity, reference, seen)
    interval_sd = _interval_sd(ratio, assumptions)
    pools, pool = _pools(items)
    item_sd = _item_sd(ratio, pool, interval_sd, assumptions)
    mean, variance, depth = _levels(
        pools, pool, ratio, item_sd=item_sd, interval_sd=interval_sd, assumptions=assumptions
    )
    counts = ratio.count
    noise = interval_sd**2 / np.where(counts > 0, ratio.weight, np.nan)
    noise = np.where(counts > 0, noise, np.inf)
    trust = item_sd**2 / (item_sd**2 + noise)
    own_mean = mean[pool] + np.where(counts > 0, trust * (ratio.mean - mean[pool]), 0.0)
    own_variance = item_sd**2 * (1 - trust)
    log_pace = own_mean + np.log(reference)
    typical = _typical_work_days(intervals)
    ahead = np.maximum(left / np.exp(np.nan_to_num(log_pace)) / typical, 1.0)
    return Paces(
        log_pace=log_pace,
        own_sd=np.sqrt(own_variance + interval_sd**2 / ahead),
        pool=pool,
        pool_sd=np.sqrt(variance),
        basis=np.where(counts > 0, 0, depth[pool]),
        intervals=counts.astype(np.intp),
        reference=reference,
        item_sd=item_sd,
        interval_sd=interval_sd,
    )


@dataclass(frozen=True, eq=False)
class _Seen:
    """Quantity and working days seen of each item."""

    quantity: Floats
    work_days: Floats
    count: Floats


@dataclass(frozen=True, eq=False)
class _Ratios:
    """Logarithms of pace over reference: of each item, and of each interval around its item.

    `weight` is the length of what was seen of an item in usual intervals: the scatter of a pace
    falls with the time over which it is measured. It is the length that the reference pace would
    have needed, brought to the mean of the true ones: by the true length a slow item would count
    for more than a quick one of the same size, and the mean would be too slow (length-biased
    sampling; Cox 1969). Residuals are those of a usual interval.
    """

    mean: Floats
    count: Floats
    weight: Floats
    residual: Floats


def _typical_work_days(intervals: pd.DataFrame) -> float:
    """Return the usual length of an interval in working days."""
    return float(np.median(intervals["work_days"])) if len(intervals) else _USUAL_WORK_DAYS


def _summed(row: NDArray[np.intp], values: ArrayLike, length: int) -> Floats:
    """Return the sums of values by row."""
    total: Floats = np.zeros(length)
    np.add.at(total, row, np.asarray(values, dtype=np.float64))
    return total


def _seen(intervals: pd.DataFrame, quantity: Floats) -> _Seen:
    n = len(quantity)
    row = intervals["row"].to_numpy(np.intp)
    share = _summed(row, intervals["share"], n)
    days = _summed(row, intervals["work_days"], n)
    return _Seen(share * quantity, days, np.bincount(row, minlength=n).astype(np.float64))


def _reference(
    items: pd.DataFrame, quantity: Floats, planned_work_days: Floats, seen: _Seen
) -> Floats:
    """Return the planned pace; else the usual planned one, else the usual one that was seen."""
    with np.errstate(divide="ignore", invalid="ignore"):
        planned = np.where(planned_work_days > 0, quantity / planned_work_days, np.nan)
        actual = np.where(seen.count > 0, seen.quantity / seen.work_days, np.nan)
    frame = pd.DataFrame(
        {
            "contract": items["contract"].to_numpy(),
            "work_type": items["work_type"].to_numpy(),
            "planned": np.log(planned),
            "actual": np.log(actual),
        }
    )
    pace = frame["planned"].copy()
    for column, keys in (
        ("planned", ["contract", "work_type"]),
        ("planned", ["work_type"]),
        ("actual", ["work_type"]),
    ):
        pace = pace.fillna(frame.groupby(keys)[column].transform("median"))
    found: Floats = np.exp(pace.to_numpy(np.float64))
    return found


def _ratios(intervals: pd.DataFrame, quantity: Floats, reference: Floats, seen: _Seen) -> _Ratios:
    row = intervals["row"].to_numpy(np.intp)
    pace = intervals["share"].to_numpy() * quantity[row] / intervals["work_days"].to_numpy()
    single = np.log(pace / reference[row])
    usable = seen.count > 0
    mean = np.zeros(len(quantity))
    mean[usable] = np.log(seen.quantity[usable] / seen.work_days[usable] / reference[usable])
    typical = _typical_work_days(intervals)
    length = intervals["work_days"].to_numpy(np.float64) / typical
    lasted = _summed(row, length, len(quantity))
    centre = _summed(row, single * length, len(quantity))
    centre = centre / np.where(lasted > 0, lasted, 1)
    planned = np.where(usable, seen.quantity / reference, 0.0)
    weight = planned * lasted.sum() / planned.sum() if usable.any() else lasted
    return _Ratios(mean, seen.count, weight, (single - centre[row]) * np.sqrt(length))


def _interval_sd(ratio: _Ratios, assumptions: Assumptions) -> float:
    """Return the deviation between reports of one item, pooled over all, with the assumed one."""
    freedom = float(np.maximum(ratio.count - 1, 0).sum())
    weight = assumptions.interval_sd_weight
    total = float((ratio.residual**2).sum()) + weight * assumptions.interval_sd**2
    return float(np.sqrt(total / (freedom + weight))) if freedom + weight > 0 else 0.0


def _pools(items: pd.DataFrame) -> tuple[list[tuple[str, str]], NDArray[np.intp]]:
    pairs = list(zip(items["contract"], items["work_type"], strict=True))
    pools = list(dict.fromkeys(pairs))
    number = {pair: k for k, pair in enumerate(pools)}
    return pools, np.array([number[pair] for pair in pairs], dtype=np.intp)


def _item_sd(
    ratio: _Ratios, pool: NDArray[np.intp], interval_sd: float, assumptions: Assumptions
) -> float:
    """Return the deviation between items of a pool by the method of moments.

    What the scatter between reports alone explains is taken off first (DerSimonian and Laird
    1986); the assumed deviation counts for some items.
    """
    squares = freedom = 0.0
    for k in np.unique(pool[ratio.count > 0]):
        mine = (pool == k) & (ratio.count > 0)
        size = int(mine.sum())
        if size < 2:
            continue
        spread = float(((ratio.mean[mine] - ratio.mean[mine].mean()) ** 2).sum())
        noise = float((interval_sd**2 / ratio.weight[mine]).sum()) * (1 - 1 / size)
        squares += spread - noise
        freedom += size - 1
    weight = assumptions.item_sd_weight
    if freedom + weight <= 0:
        return assumptions.item_sd
    variance = (max(squares, 0.0) + weight * assumptions.item_sd**2) / (freedom + weight)
    return float(np.sqrt(variance))


def _levels(
    pools: Sequence[tuple[str, str]],
    pool: NDArray[np.intp],
    ratio: _Ratios,
    *,
    item_sd: float,
    interval_sd: float,
    assumptions: Assumptions,
) -> tuple[Floats, Floats, NDArray[np.intp]]:
    """Return mean, variance and depth of what is known of each pool."""
    found: dict[int, tuple[float, float]] = {}
    for k in range(len(pools)):
        mine = (pool == k) & (ratio.count > 0)
        if mine.any():
            weights = 1 / (item_sd**2 + interval_sd**2 / ratio.weight[mine])
            centre = float((weights * ratio.mean[mine]).sum() / weights.sum())
            found[k] = (centre, float(1 / weights.sum()))
    between = assumptions.level_sd**2
    prior = (float(np.log(assumptions.prior_pace_ratio)), assumptions.prior_pace_sd**2)
    top = _combine(prior, [(m, v + 2 * between) for m, v in found.values()])
    parent = (top[0], top[1] + between)
    sides: list[dict[str, tuple[float, float]]] = []
    for side in (0, 1):
        names = dict.fromkeys(pair[side] for pair in pools)
        sides.append(
            {
                name: _combine(
                    parent,
                    [(m, v + between) for k, (m, v) in found.items() if pools[k][side] == name],
                )
                for name in names
            }
        )
    seen = [{pools[k][side] for k in found} for side in (0, 1)]
    mean, variance = np.empty(len(pools)), np.empty(len(pools))
    depth = np.empty(len(pools), dtype=np.intp)
    for k, pair in enumerate(pools):
        both = [sides[side][pair[side]] for side in (0, 1)]
        weights = [1 / (v + between) for _, v in both]
        above = sum(w * m for w, (m, _) in zip(weights, both, strict=True)) / sum(weights)
        # Contract and work type are not independent of each other: the surer of the two counts.
        start = (above, min(v for _, v in both) + between)
        mean[k], variance[k] = _combine(start, [found[k]] if k in found else [])
        known = any(pair[side] in seen[side] for side in (0, 1))
        depth[k] = 1 if k in found else 2 if known else 3 if found else 4
    return mean, variance, depth


def _combine(
    prior: tuple[float, float], seen: Sequence[tuple[float, float]]
) -> tuple[float, float]:
    """Return mean and variance after seeing some means with variances."""
    precision = 1 / prior[1] + sum(1 / v for _, v in seen)
    mean = (prior[0] / prior[1] + sum(m / v for m, v in seen)) / precision
    return mean, 1 / precision
