"""Sending crews from pass to pass by a rule: what the baselines share.

A rule says which item a crew clears next; this module moves it there over the quickest way, waits
where an arc is closed, refills where the class has to, and keeps to the crew's window, its longest
duty, the node it has to end at, and the snow its class can move.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from roadplan.winter.plan import Move, Plan
from roadplan.winter.problem import Problem

Ints = NDArray[np.int64]
NEVER = np.iinfo(np.int32).max // 4
"""Slots to a node that cannot be reached."""


@dataclass
class CrewState:
    """A crew between two passes.

    Parameters
    ----------
    index
        Its number in the problem.
    node, slot
        Where it stands and from when it is free.
    load
        Passes left before it has to refill; meaningless for a class that never does.
    moves
        What it has done so far.
    begun
        The moment of its first departure; −1 before it.
    """

    index: int
    node: int
    slot: int
    load: int
    moves: list[Move] = field(default_factory=list)
    begun: int = -1


@dataclass(frozen=True)
class Trip:
    """A way to an item and the pass over it: moves and the moment of the pass."""

    item: int
    moves: tuple[Move, ...]
    moment: int
    load: int


class Dispatcher:
    """The roads and crews of a problem, with the passes made so far.

    Parameters
    ----------
    problem
        The problem.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.last_pass = np.zeros(problem.items, dtype=np.int64)
        """The last pass of each item so far; 0 for the state now."""
        self.passes: list[set[int]] = [set() for _ in range(problem.items)]
        self._leaving: list[dict[int, list[int]]] = [{} for _ in problem.class_name]
        for arc in range(len(problem.travel_class)):
            by_node = self._leaving[int(problem.travel_class[arc])]
            by_node.setdefault(int(problem.travel_from[arc]), []).append(arc)
        # An item that is closed in between has an arc for each time in which it is open.
        self._plough: list[dict[int, list[int]]] = [{} for _ in problem.class_name]
        for arc in range(len(problem.plough_class)):
            by_item = self._plough[int(problem.plough_class[arc])]
            by_item.setdefault(int(problem.plough_item[arc]), []).append(arc)
        self._ways: dict[tuple[int, int, int], dict[int, tuple[int, int]]] = {}

    def items_of(self, plough_class: int) -> list[int]:
        """Return the items that a class can plough at all."""
        return sorted(self._plough[plough_class])

    def pass_slots(self, plough_class: int, item: int) -> int:
        """Return how long a class takes to plough an item."""
        return int(self.problem.plough_slots[self._plough[plough_class][item]].min())

    def crews(self) -> list[CrewState]:
        """Return every crew as it stands at the beginning."""
        p = self.problem
        return [
            CrewState(
                index=index,
                node=int(p.crew_node[index]),
                slot=int(p.crew_from[index]),
                load=int(p.class_passes_per_load[p.crew_class[index]]),
            )
            for index in range(p.crews)
        ]

    # -- ways ---------------------------------------------------------------------------------

    def _search(self, plough_class: int, node: int, slot: int) -> dict[int, tuple[int, int]]:
        """Return earliest arrivals from a node at a moment: node → (moment, arc before it)."""
        key = plough_class, node, slot
        if key in self._ways:
            return self._ways[key]
        p = self.problem
        best: dict[int, tuple[int, int]] = {node: (slot, -1)}
        queue = [(slot, node)]
        while queue:
            moment, at = heapq.heappop(queue)
            if moment > best[at][0]:
                continue
            for arc in self._leaving[plough_class].get(at, ()):
                # One may wait for an arc to open, never for one that has closed.
                leaves = max(moment, int(p.travel_opens[arc]))
                if leaves >= int(p.travel_closes[arc]):
                    continue
                arrives, to = leaves + int(p.travel_slots[arc]), int(p.travel_to[arc])
                if arrives <= p.slots and arrives < best.get(to, (NEVER, -1))[0]:
                    best[to] = arrives, arc
                    heapq.heappush(queue, (arrives, to))
        self._ways[key] = best
        return best

    def arrival(self, plough_class: int, node: int, slot: int, to: int) -> int:
        """Return the earliest moment at which a crew gets from a node to another."""
        return self._search(plough_class, node, slot).get(to, (NEVER, -1))[0]

    def _way(self, plough_class: int, node: int, slot: int, to: int) -> list[Move] | None:
        best = self._search(plough_class, node, slot)
        if to not in best:
            return None
        arcs = []
        at = to
        while best[at][1] >= 0:
            arcs.append(best[at][1])
            at = int(self.problem.travel_from[arcs[-1]])
        moves: list[Move] = []
        moment = slot
        for arc in reversed(arcs):
            arrives = best[int(self.problem.travel_to[arc])][0]
            slots = int(self.problem.travel_slots[arc])
            moves += _wait(moment, arrives - slots)
            moves.append(Move(arrives - slots, "travel", arc, slots))
            moment = arrives
        return moves

    # -- passes -------------------------------------------------------------------------------

    def trip(self, crew: CrewState, item: int) -> Trip | None:
        """Return the earliest pass of a crew over an item; None where it cannot make one."""
        p = self.problem
        kind = int(p.crew_class[crew.index])
        arcs = self._plough[kind].get(item)
        if arcs is None:
            return None
        node, slot, load = crew.node, crew.slot, crew.load
        moves: list[Move] = []
        if int(p.class_passes_per_load[kind]) > 0 and load == 0:
            refill = self._refill(kind, node, slot)
            if refill is None:
                return None
            moves, node, slot = refill
            load = int(p.class_passes_per_load[kind])
        way = self._way(kind, node, slot, int(p.item_from[item]))
        if way is None:
            return None
        moves = [*moves, *way]
        slot = moves[-1].end if moves else slot
        ready = np.maximum(slot, p.plough_opens[arcs])
        ends = np.where(ready < p.plough_closes[arcs], ready + p.plough_slots[arcs], NEVER)
        first = int(np.argmin(ends))
        arc, leaves, moment = arcs[first], int(ready[first]), int(ends[first])
        if moment > p.slots or self._too_deep(kind, item, moment):
            return None
        moves += [*_wait(slot, leaves), Move(leaves, "plough", arc, int(p.plough_slots[arc]))]
        return Trip(item, tuple(moves), moment, load - 1) if self._allowed(crew, moves) else None

    def _refill(self, kind: int, node: int, slot: int) -> tuple[list[Move], int, int] | None:
        """Return the moves to the nearest place for refilling, the place, and when it is done."""
        places = np.flatnonzero(self.problem.refill_node[kind])
        reached = [(self.arrival(kind, node, slot, int(place)), int(place)) for place in places]
        if not reached or min(reached)[0] >= NEVER:
            return None
        _, place = min(reached)
        moves = self._way(kind, node, slot, place) or []
        at = moves[-1].end if moves else slot
        slots = int(self.problem.class_refill_slots[kind])
        return [*moves, Move(at, "refill", -1, slots)], place, at + slots

    def _too_deep(self, kind: int, item: int, moment: int) -> bool:
        """Say whether a pass would meet, or leave to a later one, more snow than allowed."""
        p = self.problem
        before = max((m for m in self.passes[item] if m < moment), default=0)
        return int(p.passable_since[kind, item, moment]) > before

    def _allowed(self, crew: CrewState, moves: list[Move]) -> bool:
        """Say whether a crew that makes these moves can still end where and when it has to."""
        p = self.problem
        departs = crew.begun if crew.begun >= 0 else _departure(moves)
        end, node = moves[-1].end, int(p.item_to[p.plough_item[moves[-1].arc]])
        goal = int(p.crew_end_node[crew.index])
        if goal >= 0:
            end = self.arrival(int(p.crew_class[crew.index]), node, end, goal)
        duty = int(p.crew_longest_duty[crew.index])
        return end <= int(p.crew_until[crew.index]) and (duty == 0 or end - departs <= duty)

    def make(self, crew: CrewState, trip: Trip) -> None:
        """Let a crew make a trip."""
        if crew.begun < 0:
            crew.begun = _departure(list(trip.moves))
        crew.moves += trip.moves
        crew.node, crew.slot, crew.load = (
            int(self.problem.item_to[trip.item]),
            trip.moment,
            trip.load,
        )
        self.passes[trip.item].add(trip.moment)
        self.last_pass[trip.item] = max(int(self.last_pass[trip.item]), trip.moment)

    def wait(self, crew: CrewState, until: int) -> None:
        """Let a crew wait."""
        crew.moves += _wait(crew.slot, until)
        crew.slot = max(crew.slot, until)

    def plan(self, crews: Iterable[CrewState]) -> Plan:
        """Return what all crews have done as a plan, each brought to where it has to end."""
        p = self.problem
        done: list[tuple[Move, ...]] = [()] * p.crews
        for crew in crews:
            # Waiting after the last move says nothing; the way home begins right then.
            while crew.moves and crew.moves[-1].kind == "wait":
                crew.slot = crew.moves.pop().slot
            goal = int(p.crew_end_node[crew.index])
            if goal >= 0 and crew.node != goal:
                way = self._way(int(p.crew_class[crew.index]), crew.node, crew.slot, goal)
                crew.moves += way or []
            done[crew.index] = tuple(crew.moves)
        return Plan(crews=tuple(done), problem_digest=p.digest)


def _wait(begin: int, end: int) -> list[Move]:
    return [Move(begin, "wait", -1, end - begin)] if end > begin else []


def _departure(moves: list[Move]) -> int:
    """Return the moment of the first move that is no waiting."""
    return next((move.slot for move in moves if move.kind != "wait"), moves[-1].end)


def run(
    dispatcher: Dispatcher,
    crews: list[CrewState],
    choose: Callable[[CrewState], Trip | None],
    over: Callable[[], bool],
) -> Plan:
    """Let every crew that is free ask the rule for its next trip, in the order of time.

    Parameters
    ----------
    dispatcher, crews
        The problem and its crews.
    choose
        The rule. None lets the crew wait a slot and ask again.
    over
        Whether to stop; asked before each trip.
    """
    p = dispatcher.problem
    queue = [(crew.slot, crew.index) for crew in crews]
    by_index = {crew.index: crew for crew in crews}
    heapq.heapify(queue)
    while queue and not over():
        slot, index = heapq.heappop(queue)
        crew = by_index[index]
        if slot >= min(int(p.crew_until[index]), p.slots):
            continue
        trip = choose(crew)
        if trip is None:
            dispatcher.wait(crew, slot + 1)
        else:
            dispatcher.make(crew, trip)
        heapq.heappush(queue, (crew.slot, index))
    return dispatcher.plan(crews)
