"""How many crews work at once: counted from the ledger, drawn towards the plan."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from roadplan.errors import RoadplanError

Floats = NDArray[np.float64]

_PLAN_WORK_DAYS = 40.0
"""Working days of observation that the plan's number of crews counts for."""


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
        mine = (items["work_type"] == self.work_type).to_numpy()
        if self.contract:
            mine &= (items["contract"] == self.contract).to_numpy()
        if self.route:
            mine &= (items["route"] == self.route).to_numpy()
            mine &= (items["from_m"].to_numpy() < self.to_m) & (
                items["to_m"].to_numpy() > self.from_m
            )
        return np.asarray(mine)


@dataclass(frozen=True, kw_only=True)
class CrewCount:
    """Crews of one gang.

    Parameters
    ----------
    seen
        Items that went ahead at once, on average over the working days of the window; NaN where
        none did.
    planned
        Items that the plan has at once, on average; NaN without a plan.
    crews
        Whole crews; 0 where no number is known and items do not wait for one.
    use
        Share of their time in which they work, 0–1, so that `crews` times `use` is what was seen.
    """

    seen: float
    planned: float
    crews: int
    use: float


def count_crews(intervals: pd.DataFrame, *, window_work_days: float, planned: float) -> CrewCount:
    """Return the crews of one gang.

    Parameters
    ----------
    intervals
        What the gang's items did in the window: `work_days`.
    window_work_days
        Working days of the gang in the window since its first progress.
    planned
        Items that the plan has at once; NaN where it does not say.

    Examples
    --------
    Three items that each went ahead on 60 of 80 working days are 2.25 crews at work, where the
    plan speaks of none: three crews at three quarters of their time.

    >>> frame = pd.DataFrame({"work_days": [60.0, 60.0, 60.0]})
    >>> counted = count_crews(frame, window_work_days=80, planned=float("nan"))
    >>> counted.crews, counted.use
    (3, 0.75)
    """
    active = float(intervals["work_days"].sum())
    seen = active / window_work_days if window_work_days > 0 and active > 0 else float("nan")
    if np.isnan(seen) and np.isnan(planned):
        return CrewCount(seen=seen, planned=planned, crews=0, use=1.0)
    if np.isnan(seen):
        crews = max(1, int(np.ceil(planned - 1e-9)))
        return CrewCount(seen=seen, planned=planned, crews=crews, use=1.0)
    weight = 0.0 if np.isnan(planned) else _PLAN_WORK_DAYS
    blended = (active + weight * np.nan_to_num(planned)) / (window_work_days + weight)
    crews = max(1, int(np.ceil(blended - 1e-9)))
    return CrewCount(seen=seen, planned=planned, crews=crews, use=float(min(1.0, blended / crews)))


def planned_at_once(first: Floats, last: Floats) -> float:
    """Return how many items a plan has at once, averaged over the time in which it has any.

    Parameters
    ----------
    first, last
        Begin and end of the items as day numbers; NaN where not planned.

    Examples
    --------
    >>> planned_at_once(np.array([0.0, 0.0, 10.0]), np.array([10.0, 10.0, 20.0]))
    1.5
    """
    known = np.isfinite(first) & np.isfinite(last)
    if not known.any():
        return float("nan")
    begin, end = first[known], last[known]
    edges = np.unique(np.concatenate((begin, end)))
    middle = (edges[1:] + edges[:-1]) / 2
    busy = (begin[:, None] <= middle) & (end[:, None] >= middle)
    covered = float(np.diff(edges)[busy.any(axis=0)].sum())
    return float((end - begin).sum() / covered) if covered > 0 else 1.0
