"""The plan that crews already have in hand, and what it costs to depart from it."""

from __future__ import annotations

import datetime as dt
import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from roadplan.errors import RoadplanError
from roadplan.i18n import counted
from roadplan.winter.items import Items
from roadplan.winter.night import Night
from roadplan.winter.plan import FORMAT, Plan
from roadplan.winter.problem import Problem
from roadplan.winter.solve.dispatch import CrewState, Dispatcher, Trip, run

DIRECTIONS: Final = ("rising", "falling")
"""Names of the directions of items, by number."""

HALF: Final = 0.5
"""A pass over at least this share of the shorter of two stretches is a pass over the other."""


@dataclass(frozen=True, kw_only=True)
class FormerPass:
    """One pass of a former plan.

    Parameters
    ----------
    crew
        Who made it.
    route, from_m, to_m
        Where; from below to above.
    direction
        0 for rising stations, 1 for falling ones.
    done
        When it was to be done, with its time zone.
    """

    crew: str
    route: str
    from_m: float
    to_m: float
    direction: int
    done: dt.datetime


@dataclass(frozen=True, kw_only=True)
class FormerPlan:
    """A plan made before, on the road and in absolute time.

    Parameters
    ----------
    source
        Where it comes from, for people.
    start, end
        The time for which it was made.
    passes
        What it clears.
    """

    source: str
    start: dt.datetime
    end: dt.datetime
    passes: tuple[FormerPass, ...] = field(repr=False)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> FormerPlan:
        """Read a plan file, ``plan.json``.

        Raises
        ------
        RoadplanError
            There is no such file, it is no plan, or it does not tell its passes.
        """
        try:
            document = json.loads(Path(path).read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise RoadplanError(f"there is no file {path}") from error
        except (OSError, ValueError, RecursionError) as error:
            raise RoadplanError(f"{path} is no plan: {error}") from error
        return cls.of(document, source=Path(path).name)

    @classmethod
    def of(cls, document: Any, *, source: str = "the former plan") -> FormerPlan:
        """Return a former plan from the values of ``plan.json``; see :meth:`load`."""
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            raise RoadplanError(f"{source} is not a winter plan: its format is not {FORMAT!r}")
        if "passes" not in document:
            raise RoadplanError(
                f"{source} does not tell its passes on the road; make it anew with "
                "roadplan winter plan, or leave --keep out"
            )
        try:
            start = _moment(document["start"])
            hours = float(document["slots"]) * float(document["slot_minutes"]) / 60.0
            end = start + dt.timedelta(hours=hours)
            passes = tuple(_pass(entry) for entry in document["passes"])
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise RoadplanError(
                f"{source} has passes or times that cannot be read ({error!r}); "
                "roadplan winter plan-schema shows what they look like"
            ) from error
        return cls(source=source, start=start, end=end, passes=passes)


def pass_documents(
    plan: Plan, problem: Problem, night: Night, items: Items
) -> list[dict[str, Any]]:
    """Return the passes of a plan as ``plan.json`` holds them, in the order of the crews."""
    found = []
    for crew, moves in zip(problem.crew_name.tolist(), plan.crews, strict=True):
        for move in moves:
            if move.kind == "plough":
                item = int(problem.plough_item[move.arc])
                route, low, high = items.stretch(item, night.road)
                done = night.moment(move.end * night.slots.hours)
                found.append(
                    {
                        "crew": crew,
                        "route": route,
                        "from_m": round(low, 1),
                        "to_m": round(high, 1),
                        "direction": DIRECTIONS[int(items.direction[item])],
                        "done": done.isoformat(timespec="minutes"),
                    }
                )
    return found


def _pass(entry: Mapping[str, Any]) -> FormerPass:
    low, high = float(entry["from_m"]), float(entry["to_m"])
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(f"from_m = {low:g} is not below to_m = {high:g}")
    return FormerPass(
        crew=str(entry["crew"]),
        route=str(entry["route"]),
        from_m=low,
        to_m=high,
        direction=DIRECTIONS.index(entry["direction"]),
        done=_moment(entry["done"]),
    )


def _moment(text: str) -> dt.datetime:
    moment = dt.datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text} has no time zone")
    return moment


@dataclass(frozen=True, kw_only=True, eq=False)
class Kept:
    """A former plan in the items and moments of a problem, and what each change of it costs.

    Parameters
    ----------
    former
        The plan.
    veh_h
        What each pass costs that one of the two plans makes and the other does not.
    tolerance
        Slots by which a pass may move and still be the same pass.
    made
        Shape (item, T + 1): passes of the former plan that are still to be made.
    near
        Shape (item, T + 1): whether a pass at this moment is one of the former plan, or whether
        that plan says nothing of this moment.
    orders
        Crew, item and moment of the former passes, in the order of time.
    notes
        For people.
    """

    former: FormerPlan
    veh_h: float
    tolerance: int
    made: NDArray[np.bool_] = field(repr=False)
    near: NDArray[np.bool_] = field(repr=False)
    orders: tuple[tuple[str, int, int], ...] = field(repr=False)
    notes: tuple[str, ...] = ()

    def cost(self) -> NDArray[np.float32]:
        """Return what changes cost between passes, shape (item, T + 1, T + 1).

        Notes
        -----
        A pass at t2 < T that is none of the former plan costs `veh_h`, and so does every former
        pass that no pass of the interval's ends stands for: each lies in exactly one interval of
        a path through the moments, so the sum over the path is exact.
        """
        moments = self.made.shape[1]
        slots = moments - 1
        counted = np.cumsum(self.made, axis=1)
        t = np.arange(moments)
        # The beginning and the end of the plan are no passes, and stand for none.
        low = np.where(t == 0, 0, np.minimum(t + self.tolerance, slots))
        high = np.where(t == slots, slots - 1, np.maximum(t - self.tolerance - 1, 0))
        dropped = np.maximum(counted[:, None, high] - counted[:, low, None], 0)
        fresh = ~self.near & (t > 0) & (t < slots)
        total = self.veh_h * (dropped + fresh[:, None, :])
        return np.asarray(np.triu(total, 1), dtype=np.float32)

    def change(self, passes: Sequence[Sequence[int]]) -> Change:
        """Return how a plan departs from the former one.

        Parameters
        ----------
        passes
            Moments of each item's passes.
        """
        slots = self.made.shape[1] - 1
        kept = dropped = fresh = 0
        for item, moments in enumerate(passes):
            own = np.array([m for m in moments if 0 < m < slots], dtype=np.int64)
            former = np.flatnonzero(self.made[item])
            same = (np.abs(former[:, None] - own[None]) <= self.tolerance).any(axis=1)
            kept += int(same.sum())
            dropped += int((~same).sum())
            fresh += int((~self.near[item, own]).sum())
        cost = self.veh_h * (dropped + fresh)
        return Change(kept=kept, new=fresh, dropped=dropped, cost_veh_h=cost)


@dataclass(frozen=True, kw_only=True)
class Change:
    """How a plan departs from a former one.

    Parameters
    ----------
    kept
        Former passes that are made within the tolerance.
    new
        Passes that the former plan did not make at that time.
    dropped
        Former passes that are not made at their time; a pass moved by more than the tolerance
        is one dropped and one new.
    cost_veh_h
        What these changes cost in the objective.
    """

    kept: int
    new: int
    dropped: int
    cost_veh_h: float


def match(
    former: FormerPlan, night: Night, items: Items, *, veh_h: float, tolerance: int = 1
) -> Kept:
    """Bring a former plan to the items and moments of a night.

    Parameters
    ----------
    former
        The plan made before; its items and slots may have been others.
    night, items
        Those of the new plan.
    veh_h
        What each changed pass costs; 0 counts the changes only.
    tolerance
        Slots by which a pass may move.

    Raises
    ------
    RoadplanError
        The cost is no cost, or the former plan is of another road.
    """
    if not (math.isfinite(veh_h) and veh_h >= 0):
        raise RoadplanError(f"a change cannot cost {veh_h:g} veh·h; give 0 or more")
    if tolerance < 0:
        raise RoadplanError(f"a tolerance of {tolerance} slots is not possible; give 0 or more")
    slots = night.slots.count
    stretch = [items.stretch(item, night.road) for item in range(len(items))]
    route = np.array([place[0] for place in stretch])
    low, high = np.array([place[1:] for place in stretch]).reshape(-1, 2).T
    found: set[tuple[int, int]] = set()
    orders: list[tuple[int, int, str]] = []
    elsewhere = 0
    for each in former.passes:
        common = np.minimum(high, each.to_m) - np.maximum(low, each.from_m)
        shorter = np.minimum(high - low, each.to_m - each.from_m)
        here = (route == each.route) & (items.direction == each.direction)
        here &= common >= HALF * shorter
        elsewhere += not here.any()
        moment = round(_slots_between(night, each.done))
        for item in np.flatnonzero(here).tolist():
            found.add((item, moment))
            orders.append((moment, item, each.crew))
    if former.passes and elsewhere == len(former.passes):
        raise RoadplanError(
            f"no pass of {former.source} lies on this road: it is on "
            f"{', '.join(sorted({each.route for each in former.passes})[:5])}, the road has "
            f"{', '.join(sorted(set(route.tolist()))[:5])}; keep a plan of this corridor"
        )
    made = np.zeros((len(items), slots + 1), dtype=bool)
    near = np.zeros_like(made)
    for item, moment in found:
        if 0 < moment < slots:
            made[item, moment] = True
        near[item, max(0, moment - tolerance) : max(0, moment + tolerance + 1)] = True
    t = np.arange(slots + 1)
    spoken = (t > _slots_between(night, former.start)) & (t < _slots_between(night, former.end))
    near |= ~spoken
    return Kept(
        former=former,
        veh_h=float(veh_h),
        tolerance=tolerance,
        made=made,
        near=near,
        orders=tuple(
            (crew, item, moment) for moment, item, crew in sorted(orders) if 0 < moment <= slots
        ),
        notes=_notes(former, spoken, elsewhere),
    )


def _slots_between(night: Night, moment: dt.datetime) -> float:
    return (moment - night.start).total_seconds() / 60.0 / night.slots.minutes


def _notes(former: FormerPlan, spoken: NDArray[np.bool_], elsewhere: int) -> tuple[str, ...]:
    notes = []
    if not spoken[1:-1].any():
        notes.append(
            f"{former.source} is for {former.start:%Y-%m-%d %H:%M} to {former.end:%Y-%m-%d %H:%M}, "
            "which this plan does not share: there is nothing to keep"
        )
    if elsewhere:
        notes.append(
            f"of {former.source} {counted(elsewhere, 'pass is', 'passes are')} on no carriageway "
            "of this plan"
        )
    return tuple(notes)


def follow(kept: Kept, problem: Problem) -> Plan:
    """Return a plan in which each crew makes its former passes, as far as it still can.

    Passes that a crew no longer reaches are left out; none is made before its time. It is where
    a search for a plan with few changes begins.
    """
    dispatcher = Dispatcher(problem)
    names = problem.crew_name.tolist()
    left: dict[int, list[tuple[int, int]]] = {}
    for crew, item, moment in kept.orders:
        if crew in names:
            left.setdefault(names.index(crew), []).append((item, moment))

    def choose(crew: CrewState) -> Trip | None:
        orders = left.get(crew.index, [])
        while orders:
            item, moment = orders[0]
            trip = dispatcher.trip(crew, item)
            if trip is not None and trip.moment < moment:
                return None
            orders.pop(0)
            if trip is not None and trip.moment <= moment + kept.tolerance:
                return trip
        return None

    return run(dispatcher, dispatcher.crews(), choose, lambda: False)
