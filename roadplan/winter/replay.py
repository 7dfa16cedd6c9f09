"""A plan in continuous time: when each crew really is where, and when each segment is passed.

The plan counts whole slots. Here every move takes its true time, and begins when the one before
it is done, but not before the plan says: crews are never early, and late only where a move takes
longer than its slots. What is late is made up in the next wait.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from roadplan.errors import RoadplanError
from roadplan.weather import Passes
from roadplan.winter.plan import MoveKind, Plan

if TYPE_CHECKING:
    from roadplan.winter.build import Board

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Leg:
    """One thing a crew does, in hours from the beginning of the plan.

    Parameters
    ----------
    kind
        `travel`, `plough` or `refill`; waiting is what lies between legs.
    start_h, end_h
        When, in continuous time.
    planned_end_h
        By whole slots.
    start, end
        Nodes.
    item
        What it clears; −1 otherwise.
    strips
        Passes side by side that clear it.
    """

    kind: MoveKind
    start_h: float
    end_h: float
    planned_end_h: float
    start: int
    end: int
    item: int = -1
    strips: int = 1

    @property
    def late_h(self) -> float:
        """How much later than planned it is done; negative where earlier."""
        return self.end_h - self.planned_end_h


@dataclass(frozen=True, kw_only=True)
class Timetable:
    """Every crew's night in continuous time.

    Parameters
    ----------
    legs
        By crew, in the order of the problem.
    passes
        Passes over segments, for the snow model.
    latest_h
        The greatest lateness of a pass against the slots of the plan.
    overrun_h
        The most by which a crew works beyond the end of its window.
    """

    legs: tuple[tuple[Leg, ...], ...]
    passes: Passes = field(repr=False)
    latest_h: float
    overrun_h: float


def replay(plan: Plan, board: Board) -> Timetable:
    """Follow a plan in continuous time.

    Parameters
    ----------
    plan
        A plan of the board's problem.
    board
        The problem with what its indices mean.

    Raises
    ------
    RoadplanError
        The plan was made for another problem.
    """
    if len(plan.crews) != board.problem.crews:
        raise RoadplanError(
            f"the plan has {len(plan.crews)} crews, the problem {board.problem.crews}: it was "
            "made for another problem"
        )
    if plan.problem_digest and plan.problem_digest != board.problem.digest:
        raise RoadplanError("the plan was made for another problem; make it anew")
    legs = tuple(_legs(plan, crew, board) for crew in range(board.problem.crews))
    ploughed = [leg for crew in legs for leg in crew if leg.kind == "plough"]
    slot_h = board.night.slots.hours
    overrun = [
        own[-1].end_h - float(board.problem.crew_until[crew]) * slot_h
        for crew, own in enumerate(legs)
        if own
    ]
    return Timetable(
        legs=legs,
        passes=_passes(legs, board),
        latest_h=max((leg.late_h for leg in ploughed), default=0.0),
        overrun_h=max([0.0, *overrun]),
    )


def _legs(plan: Plan, crew: int, board: Board) -> tuple[Leg, ...]:
    """Return the legs of one crew."""
    problem, slot_h = board.problem, board.night.slots.hours
    k = int(problem.crew_class[crew])
    able = board.class_crew[k].ability
    node = int(problem.crew_node[crew])
    now_h = float(problem.crew_from[crew]) * slot_h
    found = []
    for move in plan.crews[crew]:
        if move.kind == "wait":
            continue
        start_h = max(now_h, move.slot * slot_h)
        target, item, strips = node, -1, 1
        if move.kind == "travel":
            target = int(problem.travel_to[move.arc])
            takes_h = float(board.travel_m[node, target]) / 1000.0 / able.travel_kmh
        elif move.kind == "plough":
            item = int(problem.plough_item[move.arc])
            target = int(problem.item_to[item])
            strips = int(board.passes_side[k, item])
            takes_h = float(board.plough_h[k, item])
        else:
            takes_h = able.refill_min / 60.0
        found.append(
            Leg(
                kind=move.kind,
                start_h=start_h,
                end_h=start_h + takes_h,
                planned_end_h=move.end * slot_h,
                start=node,
                end=target,
                item=item,
                strips=strips,
            )
        )
        now_h, node = start_h + takes_h, target
    return tuple(found)


def _passes(legs: tuple[tuple[Leg, ...], ...], board: Board) -> Passes:
    """Return the passes over segments, each at its middle.

    Of n strips side by side the i-th leaves (1 − ε i/n) of the first depth, hence it takes the
    share 1 − (1 − ε i/n)/(1 − ε (i − 1)/n) of what it finds.
    """
    road, items = board.night.road, board.items
    usual = board.night.parameters.pass_efficiency
    segment: list[int] = []
    side: list[int] = []
    arrival: list[float] = []
    share: list[float] = []
    for crew, own in enumerate(legs):
        able = board.class_crew[int(board.problem.crew_class[crew])].ability
        for leg in own:
            if leg.kind != "plough":
                continue
            path = items.segments[leg.item]
            length = road.length_m[path]
            middle = (np.cumsum(length) - length / 2) / length.sum()
            back_h = float(length.sum()) / 1000.0 / able.travel_kmh
            one_h = (leg.end_h - leg.start_h - (leg.strips - 1) * back_h) / leg.strips
            for strip in range(leg.strips):
                begin_h = leg.start_h + strip * (one_h + back_h)
                left = 1 - usual * (strip + 1) / leg.strips
                before = 1 - usual * strip / leg.strips
                segment += path.tolist()
                side += [int(items.direction[leg.item])] * len(path)
                arrival += (begin_h + one_h * middle).tolist()
                share += [1 - left / before if before > 0 else 0.0] * len(path)
    return Passes.of(segment, side, arrival, np.array(share))
