"""Crews sent one task at a time by a rule: the common part of the simple baselines."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from roadplan.winter.plan import Plan
from roadplan.winter.problem import Problem
from roadplan.winter.solve.network import Network
from roadplan.winter.solve.night_kernels import empty_nights
from roadplan.winter.solve.search import FAR, Best, plan_of

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Ways:
    """Fewest slots from state to state, and the first arc of such a way.

    Parameters
    ----------
    slots, arc
        Shape (S, S); `arc` is −1 on the diagonal and where there is no way.
    """

    slots: Ints
    arc: Ints


def shortest_ways(network: Network) -> Ways:
    """Return the shortest ways between all states over arcs that are ever open."""
    states = network.states
    slots = np.full((states, states), FAR, dtype=np.int64)
    arc = np.full((states, states), -1, dtype=np.int64)
    leaving = np.repeat(np.arange(states), np.diff(network.first))
    usable = np.flatnonzero(network.arc_closes > network.arc_opens)
    for a in usable[np.lexsort((network.arc_kind[usable] == 0, network.arc_slots[usable]))[::-1]]:
        s, to = leaving[a], network.arc_to[a]
        if network.arc_slots[a] <= slots[s, to]:
            slots[s, to], arc[s, to] = network.arc_slots[a], a
    diagonal = np.arange(states)
    slots[diagonal, diagonal], arc[diagonal, diagonal] = 0, -1
    for via in range(states):
        through = slots[:, via : via + 1] + slots[via : via + 1]
        better = through < slots
        if better.any():
            slots = np.where(better, through, slots)
            arc = np.where(better, arc[:, via : via + 1], arc)
    return Ways(slots, arc)


@dataclass
class Dispatch:
    """Crews under way: where they are, what was passed when, and their moves so far.

    Parameters
    ----------
    network, ways
        The compiled problem and its shortest ways.
    """

    network: Network
    ways: Ways
    moves: list[list[tuple[int, int]]] = field(init=False)
    state: list[int] = field(init=False)
    passes: list[list[int]] = field(init=False)

    def __post_init__(self) -> None:
        network = self.network
        self.moves = [[] for _ in range(network.crews)]
        self.state = [int(state) for state in network.crew_state]
        self.passes = [[0] for _ in range(network.items)]
        self.plough = np.flatnonzero(network.arc_item >= 0)
        self.leaving = np.repeat(np.arange(network.states), np.diff(network.first))
        self.refill = np.flatnonzero(network.arc_kind == 2)

    def last_pass(self, item: int, moment: int) -> int:
        """Return the last pass of an item before a moment, 0 for none."""
        return max(t for t in self.passes[item] if t < moment)

    def until(self, crew: int) -> int:
        """Return when a crew has to be done."""
        duty = int(self.network.crew_duty[crew])
        window = int(self.network.crew_until[crew])
        return int(self.network.crew_from[crew]) + duty if duty else window

    def way_home(self, crew: int, state: int) -> int:
        """Return the fewest slots from a state to where the crew has to end."""
        goal = np.flatnonzero(self.network.goal[self.network.crew_goal[crew]])
        return int(self.ways.slots[state, goal].min(initial=FAR))

    def tasks(self, crew: int, now: int) -> list[tuple[int, int, int]]:
        """Return (plough arc, begin, pass moment) of all passes a crew could make next."""
        network, state = self.network, self.state[crew]
        found = []
        away = self.ways.slots[state, self.leaving[self.plough]]
        for arc, slots in zip(self.plough[away < FAR], away[away < FAR], strict=True):
            begin = max(now + int(slots), int(network.arc_opens[arc]))
            done = begin + int(network.arc_slots[arc])
            item = int(network.arc_item[arc])
            rank = int(network.crew_rank[crew])
            if done >= network.slots or begin >= network.arc_closes[arc]:
                continue
            if done + self.way_home(crew, int(network.arc_to[arc])) > self.until(crew):
                continue
            if network.since[rank, item, done] <= self.last_pass(item, done):
                found.append((int(arc), begin, done))
        return found

    def go(self, crew: int, arc: int, now: int) -> int | None:
        """Send a crew to the beginning of an arc and along it; return when it is done.

        None, with nothing changed, when a road on the way is closed then.
        """
        steps = self._way(crew, int(self.leaving[arc]), now)
        if steps is None:
            return None
        begin = steps[-1][1] + int(self.network.arc_slots[steps[-1][0]]) if steps else now
        begin = max(begin, int(self.network.arc_opens[arc]))
        if begin >= self.network.arc_closes[arc] or not self._shallow(crew, arc, begin):
            return None
        steps.append((arc, begin))
        return self._commit(crew, steps)

    def _way(self, crew: int, target: int, now: int) -> list[tuple[int, int]] | None:
        steps: list[tuple[int, int]] = []
        state = self.state[crew]
        while state != target:
            arc = int(self.ways.arc[state, target])
            now = max(now, int(self.network.arc_opens[arc]))
            if now >= self.network.arc_closes[arc] or not self._shallow(crew, arc, now):
                return None
            steps.append((arc, now))
            now += int(self.network.arc_slots[arc])
            state = int(self.network.arc_to[arc])
        return steps

    def _shallow(self, crew: int, arc: int, begin: int) -> bool:
        """Say whether the snow on an arc can be moved by a crew that begins then."""
        item = int(self.network.arc_item[arc])
        done = begin + int(self.network.arc_slots[arc])
        if done > self.network.slots:
            return False
        if item < 0:
            return True
        rank = int(self.network.crew_rank[crew])
        return bool(self.network.since[rank, item, done] <= self.last_pass(item, done))

    def _commit(self, crew: int, steps: list[tuple[int, int]]) -> int | None:
        arc, begin = steps[-1]
        done = begin + int(self.network.arc_slots[arc])
        head = int(self.network.arc_to[arc])
        if done + self.way_home(crew, head) > self.until(crew):
            return None
        for step, start in steps:
            if self.network.arc_item[step] >= 0:
                end = start + int(self.network.arc_slots[step])
                self.passes[int(self.network.arc_item[step])].append(end)
        self.moves[crew] += steps
        self.state[crew] = head
        return done

    def refill_somewhere(self, crew: int, now: int) -> int | None:
        """Send a crew to the nearest place where it can refill; return when it is done."""
        state = self.state[crew]
        away = self.ways.slots[state, self.leaving[self.refill]]
        order = np.argsort(away, kind="stable")
        for index in order[:3]:
            if away[index] < FAR:
                done = self.go(crew, int(self.refill[index]), now)
                if done is not None:
                    return done
        return None

    def finish(self, problem: Problem) -> Plan:
        """Send all crews to where they have to end and return the plan."""
        network = self.network
        nights = empty_nights(network, 0)
        for crew, moves in enumerate(self.moves):
            if moves:
                arc, start = moves[-1]
                now = start + int(network.arc_slots[arc])
                goal = np.flatnonzero(network.goal[network.crew_goal[crew]])
                near = goal[np.argmin(self.ways.slots[self.state[crew], goal])]
                home = self._way(crew, int(near), now)
                late = home and home[-1][1] + network.arc_slots[home[-1][0]] > self.until(crew)
                moves = [] if home is None or late else moves + home
            for index, (arc, start) in enumerate(moves):
                nights.path_arc[crew, index] = arc
                nights.path_time[crew, index] = start
            nights.path_len[crew] = len(moves)
        best = Best(
            nights.path_arc,
            nights.path_time,
            nights.path_len,
            nights.shift_from,
            nights.shift_until,
            np.zeros(1),
        )
        return plan_of(network, best, problem)


Choice = Callable[[Dispatch, int, int, list[tuple[int, int, int]]], int | None]


def send_by_rule(
    problem: Problem, network: Network, choose: Choice, over: Callable[[], bool]
) -> Plan:
    """Send every crew to one task after another as a rule says.

    Parameters
    ----------
    problem, network
        The problem and its compiled form.
    choose
        Called with the dispatch, crew, moment and possible tasks; returns the index of one, or
        None to wait a slot.
    over
        Whether to stop sending.
    """
    dispatch = Dispatch(network, shortest_ways(network))
    agenda = [(int(network.crew_from[crew]), crew) for crew in range(network.crews)]
    heapq.heapify(agenda)
    while agenda and not over():
        now, crew = heapq.heappop(agenda)
        if now >= dispatch.until(crew):
            continue
        tasks = dispatch.tasks(crew, now)
        done: int | None = None
        if tasks:
            pick = choose(dispatch, crew, now, tasks)
            if pick is not None:
                done = dispatch.go(crew, tasks[pick][0], now)
        elif dispatch.refill.size:
            done = dispatch.refill_somewhere(crew, now)
        heapq.heappush(agenda, (done if done is not None else now + 1, crew))
    return dispatch.finish(problem)
