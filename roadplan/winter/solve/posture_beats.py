"""A posture for one night: CP-SAT shares out the road, and every crew keeps to its beat."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from roadplan.errors import RoadplanError
from roadplan.winter._beats import Atoms, choose_beats
from roadplan.winter.plan import Plan, idle_plan
from roadplan.winter.problem import Problem
from roadplan.winter.solve.baselines import fixed_beats, go_round
from roadplan.winter.solve.dispatch import NEVER, CrewState, Dispatcher
from roadplan.winter.solve.network import Network
from roadplan.winter.solve.result import Budget

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LONGEST_S: Final = 20.0
"""Seconds for sharing out the road; the rest of a longer limit is not needed."""

CHOICE_SHARE: Final = 0.6
"""Share of the time for the choice: going round and round takes time too."""

NEAREST_PLACES: Final = 4
"""From how many of the nearest places of a class a beat may be worked."""

LONGEST_SHARE: Final = 3.0
"""The longest beat, in fair shares of the road."""

ACCESS_WEIGHT: Final = 0.25
"""How much the way to the beat counts beside the waiting between passes, as in the posture."""

UNSERVED_NIGHTS: Final = 4.0
"""Waiting charged where nobody clears, in nights: so that little is left to nobody. On invented
corridors 2 to 16 make plans alike; 1 leaves stretches out that would have been worth it."""

_LAYER = "clearing"
_NOBODY = -1


@dataclass(frozen=True)
class Stretch:
    """The carriageways between two nodes, in the direction in which the road is listed.

    Parameters
    ----------
    start, end
        The nodes.
    out, back
        Items from start to end, and from end to start.
    """

    start: int
    end: int
    out: tuple[int, ...]
    back: tuple[int, ...]

    @property
    def items(self) -> tuple[int, ...]:
        """Items of both directions."""
        return (*self.out, *self.back)


@dataclass(frozen=True)
class CrewGroup:
    """Crews that are alike: class, place and hours of duty."""

    plough_class: int
    node: int
    begins: int
    duty_slots: int
    crews: tuple[CrewState, ...] = field(repr=False)


def posture(problem: Problem, network: Network, budget: Budget, *, seed: int) -> Plan:
    """Return the plan of crews that go round and round on the beats of the best posture.

    CP-SAT gives each crew one contiguous beat, with a proof, so that the waiting between passes
    is least: an item waits half a round, a quarter of the way to the beat counts beside it, as in
    :func:`roadplan.winter.posture.plan_posture`, and it weighs what it costs uncleared. A crew
    that is on duty for half of the night makes its items wait twice as long.
    """
    dispatcher = Dispatcher(problem)
    crews = dispatcher.crews()
    groups = _groups(dispatcher, crews)
    road = road_order(problem)
    if not groups or not road:
        return idle_plan(problem)
    limit_s = min(LONGEST_S, CHOICE_SHARE * budget.left_s)
    try:
        shares = _shared(dispatcher, road, groups, time_limit_s=max(0.1, limit_s), seed=seed)
    except RoadplanError:
        # Within a second the road of a whole country is not shared out: equal shares remain.
        return fixed_beats(problem, network, budget, seed=seed)
    return go_round(dispatcher, crews, shares, budget.over)


def road_order(problem: Problem) -> list[Stretch]:
    """Return the stretches of a problem as few long ways, one after the other.

    Each way is followed from an end of the road, straight on as the items are listed, until
    nothing is left to go on to.
    """
    pairs: dict[tuple[int, int], list[int]] = {}
    for item in range(problem.items):
        ends = int(problem.item_from[item]), int(problem.item_to[item])
        pairs.setdefault((min(ends), max(ends)), []).append(item)
    at: dict[int, list[tuple[int, int]]] = {}
    for pair in pairs:
        for node in dict.fromkeys(pair):
            at.setdefault(node, []).append(pair)
    found: list[Stretch] = []
    unused = dict.fromkeys(pairs)
    while unused:
        open_ends = {node: sum(pair in unused for pair in at[node]) for node in at}
        node = min((n for n in at if open_ends[n]), key=lambda n: (open_ends[n] % 2 == 0, n))
        while True:
            onward = [pair for pair in at[node] if pair in unused]
            if not onward:
                break
            pair = onward[0]
            del unused[pair]
            other = pair[1] if node == pair[0] else pair[0]
            out = tuple(i for i in pairs[pair] if int(problem.item_from[i]) == node)
            back = tuple(i for i in pairs[pair] if i not in out)
            found.append(Stretch(node, other, out, back))
            node = other
    return found


def _groups(dispatcher: Dispatcher, crews: Sequence[CrewState]) -> list[CrewGroup]:
    """Return the crews that can clear anything, those that are alike together."""
    p = dispatcher.problem
    alike: dict[tuple[int, int, int, int], list[CrewState]] = {}
    for crew in crews:
        kind = int(p.crew_class[crew.index])
        duty = min(int(p.crew_until[crew.index]), p.slots) - crew.slot
        longest = int(p.crew_longest_duty[crew.index])
        duty = min(duty, longest) if longest else duty
        if duty > 0 and dispatcher.items_of(kind):
            alike.setdefault((kind, crew.node, crew.slot, duty), []).append(crew)
    return [CrewGroup(*key, tuple(each)) for key, each in alike.items()]


@dataclass(frozen=True)
class _Pace:
    """What a class needs on each stretch, in slots.

    Parameters
    ----------
    round_slots
        Out and back, shape (stretch,).
    gap_slots
        Out and back from the stretch before, shape (stretch,); the first is 0.
    weight, other_weight
        Cost uncleared of the items that it can clear, and of the others, shape (stretch,).
    """

    round_slots: Floats
    gap_slots: Floats
    weight: Floats
    other_weight: Floats

    @classmethod
    def of(cls, dispatcher: Dispatcher, road: Sequence[Stretch], kind: int) -> _Pace:
        p = dispatcher.problem
        able = set(dispatcher.items_of(kind))
        load = int(p.class_passes_per_load[kind])
        refill = float(p.class_refill_slots[kind]) / load if load else 0.0
        cost = p.cost[:, 0, p.slots].astype(np.float64)
        # Stretches without snow are cleared last, but are not forgotten.
        cost += 1e-6 + 1e-3 * float(cost.mean())
        total, gap = np.zeros(len(road)), np.zeros(len(road))
        mine, others = np.zeros(len(road)), np.zeros(len(road))
        for n, stretch in enumerate(road):
            for items, a, b in (
                (stretch.out, stretch.start, stretch.end),
                (stretch.back, stretch.end, stretch.start),
            ):
                done = [i for i in items if i in able]
                passes = sum(dispatcher.pass_slots(kind, i) + refill for i in done)
                total[n] += passes if done else dispatcher.arrival(kind, a, 0, b)
            mine[n] = sum(cost[i] for i in stretch.items if i in able)
            others[n] = sum(cost[i] for i in stretch.items if i not in able)
            if n and road[n - 1].end != stretch.start:
                a, b = road[n - 1].end, stretch.start
                gap[n] = dispatcher.arrival(kind, a, 0, b) + dispatcher.arrival(kind, b, 0, a)
        return cls(total, gap, mine, others)


def _shared(
    dispatcher: Dispatcher,
    road: Sequence[Stretch],
    groups: Sequence[CrewGroup],
    *,
    time_limit_s: float,
    seed: int,
) -> dict[int, list[int]]:
    """Return the items of each crew in the order of one round."""
    crews = sum(len(group.crews) for group in groups)
    longest = min(len(road), max(1, math.ceil(LONGEST_SHARE * len(road) / crews)))
    first, last = _stretches(len(road), longest)
    beats = _candidates(dispatcher, road, groups, first, last)
    atoms = Atoms(
        frame=pd.DataFrame(index=range(len(road))),
        length_km=np.ones(len(road)),
        weight=np.ones(len(road)),
        drift=np.zeros(len(road)),
        run=np.zeros(len(road), dtype=np.intp),
    )
    limits = pd.DataFrame(
        {
            "plough_class": [str(number) for number in range(len(groups))],
            "crews": [len(group.crews) for group in groups],
        }
    )
    places = pd.DataFrame({"capacity": []})
    choice = choose_beats(atoms, limits, places, beats, time_limit_s=time_limit_s, seed=seed)
    shares: dict[int, list[int]] = {}
    left = [list(group.crews) for group in groups]
    for row in beats.loc[choice.beats].itertuples():
        crew = left[int(row.plough_class)].pop(0)
        beat = road[int(row.first) : int(row.last) + 1]
        able = set(dispatcher.items_of(int(dispatcher.problem.crew_class[crew.index])))
        out = [item for stretch in beat for item in stretch.out]
        back = [item for stretch in reversed(beat) for item in stretch.back]
        shares[crew.index] = [item for item in (*out, *back) if item in able]
    return shares


def _stretches(count: int, longest: int) -> tuple[Ints, Ints]:
    """Return first and last stretch of every beat, by rising length."""
    first = [np.arange(count - length) for length in range(longest)]
    last = [begin + length for length, begin in enumerate(first)]
    return np.concatenate(first), np.concatenate(last)


def _candidates(
    dispatcher: Dispatcher,
    road: Sequence[Stretch],
    groups: Sequence[CrewGroup],
    first: Ints,
    last: Ints,
) -> pd.DataFrame:
    """Return every beat that a crew may get, and leaving a stretch to nobody."""
    p = dispatcher.problem
    kinds = sorted({group.plough_class for group in groups})
    paces = {kind: _Pace.of(dispatcher, road, kind) for kind in kinds}
    whole = next(iter(paces.values()))
    atom = np.arange(len(road))
    parts = [
        _rows(_NOBODY, atom, atom, UNSERVED_NIGHTS * p.slots * (whole.weight + whole.other_weight))
    ]
    for kind in kinds:
        pace = paces[kind]
        own = [number for number, group in enumerate(groups) if group.plough_class == kind]
        access = np.array([_access(dispatcher, road, groups[number], first) for number in own])
        near = access <= _nth_place(access, [groups[number].node for number in own])
        rounds = _sums(pace.round_slots, first, last)
        rounds += _sums(pace.gap_slots, first, last) - pace.gap_slots[first]
        weight = _sums(pace.weight, first, last)
        unable = UNSERVED_NIGHTS * p.slots * _sums(pace.other_weight, first, last)
        for row, number in enumerate(own):
            stretched = p.slots / groups[number].duty_slots
            wait = (rounds / 2 + ACCESS_WEIGHT * access[row]) * stretched
            keep = near[row] & (access[row] < NEVER) & (rounds < NEVER)
            cost = weight * wait + unable
            parts.append(_rows(number, first[keep], last[keep], cost[keep]))
    return pd.concat(parts, ignore_index=True)


def _rows(number: int, first: Ints, last: Ints, cost: Floats) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "layer": _LAYER,
            "plough_class": "" if number == _NOBODY else str(number),
            "depot": number,
            "first": first,
            "last": last,
            "cost": cost,
        }
    )


def _sums(values: Floats, first: Ints, last: Ints) -> Floats:
    running = np.concatenate([[0.0], np.cumsum(values)])
    return np.asarray(running[last + 1] - running[first])


def _access(
    dispatcher: Dispatcher, road: Sequence[Stretch], group: CrewGroup, first: Ints
) -> Floats:
    """Return the slots to the nearest node of each beat, in the order of :func:`_stretches`."""
    reach = np.array(
        [
            min(
                dispatcher.arrival(group.plough_class, group.node, group.begins, node)
                for node in (stretch.start, stretch.end)
            )
            for stretch in road
        ],
        dtype=np.float64,
    )
    reach = np.where(reach < NEVER, reach - group.begins, NEVER)
    found: list[Floats] = []
    nearest = reach
    while sum(len(each) for each in found) < len(first):
        found.append(nearest)
        nearest = np.minimum(nearest[:-1], reach[len(found) :])
    return np.concatenate(found)


def _nth_place(access: Floats, nodes: Sequence[int]) -> Floats:
    """Return the way from the farthest of the nearest places of each beat."""
    places = list(dict.fromkeys(nodes))
    of_place = np.array(
        [access[[n for n, node in enumerate(nodes) if node == place]].min(axis=0)
         for place in places]
    )  # fmt: skip
    return np.asarray(np.sort(of_place, axis=0)[min(NEAREST_PLACES, len(places)) - 1])
