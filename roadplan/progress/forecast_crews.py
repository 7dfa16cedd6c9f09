"""How many crews work at once: from what they got done together, drawn towards the plan."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from roadplan.errors import RoadplanError
from roadplan.progress.forecast_throughput import Throughput

Floats = NDArray[np.float64]

_PLAN_WORK_DAYS = 40.0
"""Working days of observation that the plan's number of crews counts for."""

_BUSY_SHARE = 0.8


@dataclass(frozen=True, kw_only=True)
class ExtraCrew:
    """One more crew for work of one type, on one stretch or wherever it is needed.

    Parameters
    ----------
    work_type
        What it does.
    contract
        The contract it works for; empty for the one of the stretch.
    route, from_m, to_m
        The stretch it stays on; an empty route for all of the contract.
    """

    work_type: str
    contract: str = ""
    route: str = ""
    from_m: float = 0.0
    to_m: float = float("inf")

    def __post_init__(self) -> None:
        if not self.contract and not self.route:
            raise RoadplanError("one more crew needs a contract or a stretch to work on")
        if not self.from_m < self.to_m:
            raise RoadplanError("the stretch of the crew is empty; give a beginning below its end")

    def takes(self, items: pd.DataFrame) -> NDArray[np.bool_]:
        """Return which items it may take."""
        mine = np.array(items["work_type"] == self.work_type)
        if self.contract:
            mine &= np.array(items["contract"] == self.contract)
        if self.route:
            mine &= np.array(items["route"] == self.route)
            mine &= (items["from_m"].to_numpy() < self.to_m) & (
                items["to_m"].to_numpy() > self.from_m
            )
        return mine


@dataclass(frozen=True, kw_only=True)
class CrewCount:
    """Crews of one gang.

    Parameters
    ----------
    seen
        Crews that would have done what was done; NaN where nothing was.
    planned
        Items that the plan has at once; NaN without a plan.
    crews
        Whole crews; 0 where no number is known and items do not wait for one.
    use
        Factor on their pace, so that `crews` times `use` is what was seen.
    """

    seen: float
    planned: float
    crews: int
    use: float


def count_crews(done: Throughput, *, pace: float, planned: float) -> CrewCount:
    """Return the crews of one gang.

    Parameters
    ----------
    done
        What the gang got done.
    pace
        What one crew does by working day.
    planned
        Items that the plan has at once; NaN where it does not say.

    Examples
    --------
    Where 0.9 km were done a day and a crew does 0.4 km, 2.25 crews were at work: two that do an
    eighth more than one crew does.

    >>> done = Throughput(per_day=0.9, work_days=80, starved=False, reached_per_day=0.9)
    >>> counted = count_crews(done, pace=0.4, planned=float("nan"))
    >>> counted.crews, round(counted.use, 6)
    (2, 1.125)
    """
    seen = done.per_day / pace if np.isfinite(done.per_day) and pace > 0 else float("nan")
    if np.isnan(seen) and np.isnan(planned):
        return CrewCount(seen=seen, planned=planned, crews=0, use=1.0)
    if np.isnan(seen) or (done.starved and seen < planned):
        crews = max(1, round(planned))
        return CrewCount(seen=seen, planned=planned, crews=crews, use=1.0)
    weight = 0.0 if np.isnan(planned) else _PLAN_WORK_DAYS
    total = seen * done.work_days + weight * float(np.nan_to_num(planned))
    blended = total / (done.work_days + weight)
    crews = max(1, round(blended))
    return CrewCount(seen=seen, planned=planned, crews=crews, use=float(blended / crews))


def planned_at_once(first: Floats, last: Floats) -> float:
    """Return how many items a plan has at once in all but the fifth of its busiest time.

    A mean would count the beginning and the end of the works, when few items go on, as if there
    were no more crews.

    Parameters
    ----------
    first, last
        Begin and end of the items as day numbers; NaN where not planned.

    Examples
    --------
    >>> planned_at_once(np.array([0.0, 0.0, 10.0]), np.array([10.0, 10.0, 20.0]))
    2.0
    """
    known = np.isfinite(first) & np.isfinite(last)
    if not known.any():
        return float("nan")
    begin, end = first[known], last[known]
    edges = np.unique(np.concatenate((begin, end)))
    if len(edges) < 2:
        return float(len(begin))
    middle = (edges[1:] + edges[:-1]) / 2
    count = ((begin[:, None] <= middle) & (end[:, None] >= middle)).sum(axis=0)
    length = np.diff(edges) * (count > 0)
    order = np.argsort(count, kind="stable")
    reached = np.cumsum(length[order]) / length.sum()
    return float(count[order][int(np.argmax(reached >= _BUSY_SHARE - 1e-9))])
