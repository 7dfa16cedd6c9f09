"""How much a gang of crews gets done: throughput by working day, where work was there to be done.

The pace of an item is what one crew does. How many crews work at once follows from what all of
them did together. A gang that had to wait for the work before it shows nothing of what it could
do, so months without an item ready for it are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from roadplan.progress.seasons import WorkCalendar

Floats = NDArray[np.float64]

_CELL_DAYS = 30.0
_USUAL_GAP_DAYS = 30.0
_ENOUGH_WORK_DAYS = 20.0


@dataclass(frozen=True, kw_only=True)
class Throughput:
    """What a gang got done.

    Parameters
    ----------
    per_day
        Quantity by working day over the months with work ready for it; over all months where
        there was none. NaN where nothing was done.
    work_days
        Working days this rests on.
    starved
        Whether it mostly waited for work, so that `per_day` is less than it can do.
    reached_per_day
        Quantity by working day over the whole window since it began; NaN where nothing was done.
    """

    per_day: float
    work_days: float
    starved: bool
    reached_per_day: float


NOTHING = Throughput(per_day=np.nan, work_days=0.0, starved=True, reached_per_day=np.nan)


@dataclass(frozen=True, eq=False)
class Increments:
    """What was done between two reports of an item, the first report included.

    Parameters
    ----------
    row
        Row of the item.
    begin, end
        Moments between which it was done. An item counts as not begun one usual reporting
        interval before its first report.
    share
        Share of the item.
    begun, done
        When each item is first known to have begun, and to be done; inf where not, shape (n,).
    gap
        The usual interval between two reports of an item, in days.
    """

    row: NDArray[np.intp]
    begin: Floats
    end: Floats
    share: Floats
    begun: Floats
    done: Floats
    gap: float

    @classmethod
    def of(cls, history: pd.DataFrame, items: int) -> Increments:
        """Return the increments of a history by `row`, `moment` and `done`."""
        ordered = history.sort_values(["row", "moment"], kind="stable")
        row = ordered["row"].to_numpy(np.intp)
        moment = ordered["moment"].to_numpy(np.float64)
        done = ordered["done"].to_numpy(np.float64)
        first = np.append(True, row[1:] != row[:-1])[: len(row)]
        gaps = np.diff(moment)[~first[1:]]
        gap = float(np.median(gaps[gaps > 0])) if (gaps > 0).any() else _USUAL_GAP_DAYS
        before = np.where(first, moment - gap, np.roll(moment, 1))
        share = done - np.where(first, 0.0, np.roll(done, 1))
        begun, complete = np.full(items, np.inf), np.full(items, np.inf)
        ahead = share > 0
        np.minimum.at(begun, row[ahead], before[ahead])
        full = done >= 1 - 1e-9
        np.minimum.at(complete, row[full], moment[full])
        return cls(row[ahead], before[ahead], moment[ahead], share[ahead], begun, complete, gap)


def throughput(
    increments: Increments,
    *,
    rows: NDArray[np.intp],
    quantity: Floats,
    ready: Floats,
    calendar: WorkCalendar,
    since: float,
    now: float,
) -> Throughput:
    """Return what the gang that does some items got done in a window.

    Parameters
    ----------
    increments
        What was done when.
    rows
        The gang's items.
    quantity
        Quantity of each item of the road, shape (n,).
    ready
        When each of the gang's items could begin: all before it done and its planned start come;
        inf where not yet, in the order of `rows`.
    calendar
        The gang's working days.
    since, now
        The window, as day numbers.
    """
    mine = np.isin(increments.row, rows) & (increments.end > since)
    if not mine.any():
        return NOTHING
    begin, end = increments.begin[mine], increments.end[mine]
    amount = increments.share[mine] * quantity[increments.row[mine]]
    first = max(since, float(begin.min()))
    edges = np.append(np.arange(first, now - 1e-9, _CELL_DAYS), now)
    worked = calendar.worked(edges)
    begin_worked, end_worked = calendar.worked(begin), calendar.worked(end)
    # What was reported as done without a working day in between is counted on the report's day.
    length = np.maximum(end_worked - begin_worked, 1e-9)
    part = np.clip((worked[:, None] - begin_worked) / length, 0.0, 1.0)
    part[edges[:, None] < np.where(end_worked > begin_worked, -np.inf, end)] = 0.0
    done = np.diff(part @ amount)
    days = np.diff(worked)
    middle = (edges[:-1] + edges[1:]) / 2
    # Work that has begun is told one report later, so only what waits longer than that waits.
    known_ready = ready + increments.gap <= middle[:, None]
    waiting = (known_ready & (increments.begun[rows] > middle[:, None])).any(axis=1)
    full = days > 0
    offered = full & waiting
    total = float(days[full].sum())
    reached = float(done.sum()) / total if total > 0 else np.nan
    if days[offered].sum() < _ENOUGH_WORK_DAYS:
        return Throughput(per_day=reached, work_days=total, starved=True, reached_per_day=reached)
    return Throughput(
        per_day=float(done[offered].sum() / days[offered].sum()),
        work_days=float(days[offered].sum()),
        starved=False,
        reached_per_day=reached,
    )


def ready_moments(before: Sequence[Sequence[int]], done: Floats, planned_start: Floats) -> Floats:
    """Return when each item could begin: all before it done, and its planned start come.

    Parameters
    ----------
    before
        Rows of the items before each item.
    done, planned_start
        When each item was done (inf: not yet) and should begin (NaN: no plan), shape (n,).
    """
    earliest = np.nan_to_num(planned_start, nan=-np.inf)
    gates = [max((float(done[k]) for k in rows), default=-np.inf) for rows in before]
    found: Floats = np.maximum(earliest, np.array(gates))
    return found
