"""Whether a plan keeps the limits of the time to clear, and where it does not."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from roadplan.i18n import counted
from roadplan.winter.build import Board

Floats = NDArray[np.float64]

NOTHING_H: Final = 1e-3
"""Hours that are no lateness but rounding."""

WORST: Final = 3
"""How many of the worst carriageways a summary names."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ServiceReport:
    """Where a plan misses the limits of the time to clear.

    Parameters
    ----------
    mode
        ``soft`` or ``hard``.
    names
        Of all carriageways.
    late_h
        Expected hours beyond the limit on each, shape (item,): kilometre-hours by length.
    missed_share
        Share of the members in which each misses its limit, shape (item,).
    penalty_veh_h
        What that costs in the objective.
    proven
        Whether the bound proves that no plan of these crews keeps all limits.
    """

    mode: str
    names: tuple[str, ...] = field(repr=False)
    late_h: Floats = field(repr=False)
    missed_share: Floats = field(repr=False)
    penalty_veh_h: float
    proven: bool

    @property
    def missed(self) -> int:
        """How many carriageways miss their limit in some member."""
        return int((self.late_h > NOTHING_H).sum())

    def values(self) -> dict[str, Any]:
        """Return it as plain values, as ``plan.json`` holds it."""
        return {
            "mode": self.mode,
            "carriageways": len(self.names),
            "missed": self.missed,
            "missed_in_half": int((self.missed_share >= 0.5).sum()),
            "late_h": float(self.late_h.sum()),
            "longest_late_h": float(self.late_h.max(initial=0.0)),
            "penalty_veh_h": self.penalty_veh_h,
            "impossible": self.proven,
        }

    def summary(self) -> list[str]:
        """Return it in a few lines."""
        if not self.missed:
            where = counted(len(self.names), "carriageway")
            return [f"service limits ({self.mode}): kept on all of {where}"]
        order = np.argsort(-self.late_h, kind="stable")[: min(WORST, self.missed)]
        worst = "; ".join(
            f"{self.names[item]} {self.late_h[item]:.1f} h in {self.missed_share[item]:.0%} of the "
            "members"
            for item in order
        )
        half = int((self.missed_share >= 0.5).sum())
        text = (
            f"service limits ({self.mode}): missed on {self.missed} of "
            f"{counted(len(self.names), 'carriageway')}, in half of the members on {half}, by "
            f"{self.late_h.sum():,.1f} expected hours together ({self.penalty_veh_h:,.0f} veh·h of "
            f"the cost); most on {worst}"
        )
        lines = [text]
        if self.mode == "hard":
            lines.append(
                "THE HARD LIMITS ARE NOT KEPT: no plan of these crews keeps them all, as the bound "
                "proves"
                if self.proven
                else "THE HARD LIMITS ARE NOT KEPT: no plan that keeps them all was found; whether "
                "there is one is not proven"
            )
        return lines


def service_report(
    board: Board, passes: Sequence[Sequence[int]], bound: float
) -> ServiceReport | None:
    """Return how a plan keeps the limits of the time to clear; None where there are none.

    Parameters
    ----------
    board
        The problem.
    passes
        Moments at which each item is passed.
    bound
        Proven for its costs.

    Notes
    -----
    A plan without lateness costs at most what the worst moments for passes cost in delay, and
    every crew on the move all the time. A bound above that proves that each plan is late
    somewhere.
    """
    late = board.costs.late_veh_h
    if late is None:
        return None
    slots = board.problem.slots
    found = np.zeros(late.shape[:2])
    for item, moments in enumerate(passes):
        stops = [0, *(m for m in moments if 0 < m < slots), slots]
        for before, after in itertools.pairwise(stops):
            found[item] += late[item, :, before, after]
    members = late.shape[1]
    even = np.full(members, 1.0 / members)
    share = even if board.member_weight is None else board.member_weight
    hours = found / board.costs.late_price[:, None]
    return ServiceReport(
        mode=board.options.service,
        names=tuple(board.problem.item_name.tolist()),
        late_h=hours.mean(axis=1),
        missed_share=(hours > NOTHING_H).mean(axis=1),
        penalty_veh_h=float((found @ share).sum()),
        proven=bool(bound > _most_without_lateness(board)),
    )


def _most_without_lateness(board: Board) -> float:
    """Return what a plan costs at the most that is late nowhere."""
    costs, problem = board.costs, board.problem
    between = replace(costs, late_veh_h=None).expected(board.member_weight)
    worst = np.zeros(between.shape[:2])
    for after in range(1, problem.slots + 1):
        worst[:, after] = (worst[:, :after] + between[:, :after, after]).max(axis=1)
    moving = 0.0
    for cost, slots in (
        (problem.travel_cost, problem.travel_slots),
        (problem.plough_cost, problem.plough_slots),
    ):
        moving = max(moving, float((cost / np.maximum(slots, 1)).max(initial=0.0)))
    return float(worst[:, -1].sum()) + moving * problem.crews * problem.slots
