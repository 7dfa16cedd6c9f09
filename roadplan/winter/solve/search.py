"""A walk through plans: the compiled search with its state, cooled from outside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from roadplan.winter.plan import Move, MoveKind, Plan
from roadplan.winter.problem import Problem
from roadplan.winter.solve.network import PLOUGH, REFILL, TRAVEL, Network
from roadplan.winter.solve.night_kernels import Graph, Nights, empty_nights, graph_of
from roadplan.winter.solve.search_kernels import KNOBS, Best, ploughing_apart, search

FAR: Final = 10_000
"""Slots between states that nothing joins."""

_KIND: Final[dict[int, MoveKind]] = {PLOUGH: "plough", TRAVEL: "travel", REFILL: "refill"}
_NOBODY: Final = np.zeros(0, dtype=np.int64)


def slots_between(network: Network) -> npt.NDArray[np.int32]:
    """Return shape (S, S): fewest slots to the place of a state from another's, by any class."""
    states = network.states
    if not states:
        return np.zeros((0, 0), dtype=np.int32)
    leaving = network.state_node[np.repeat(np.arange(states), np.diff(network.first))]
    arriving = network.state_node[network.arc_to]
    nodes = int(network.state_node.max()) + 1
    apart = np.full((nodes, nodes), FAR, dtype=np.int64)
    np.minimum.at(apart, (leaving, arriving), network.arc_slots)
    np.fill_diagonal(apart, 0)
    for via in range(nodes):
        np.minimum(apart, apart[:, via : via + 1] + apart[via : via + 1], out=apart)
    apart = np.minimum(apart, FAR)
    apart = apart.T.astype(np.int32)
    return np.ascontiguousarray(apart[np.ix_(network.state_node, network.state_node)])


@dataclass(frozen=True)
class Apart:
    """How far states are from each other.

    Parameters
    ----------
    near
        Shape (S, S), int32: fewest slots to the place of a state (row) from another's, by any
        class.
    down
        Shape (S, S), int32: fewest slots to a state (row) from another with the plough down.
    """

    near: npt.NDArray[np.int32]
    down: npt.NDArray[np.int32]


def states_apart(network: Network) -> Apart:
    """Return how far the states of a network are from each other."""
    down = np.full((network.states, network.states), FAR, dtype=np.int32)
    ploughing_apart(
        network.first,
        network.arc_to,
        network.arc_slots,
        network.arc_pair,
        network.slots,
        np.zeros((network.slots + 1, network.arc_to.size + 1), dtype=np.int32),
        np.zeros(network.slots + 1, dtype=np.int32),
        down,
    )
    return Apart(near=slots_between(network), down=down)


class Walk:
    """One searcher: a plan at hand, the best it met, and its random numbers.

    Parameters
    ----------
    network
        The compiled problem.
    seed
        Of its random numbers.
    apart
        From :func:`states_apart`.
    """

    def __init__(self, network: Network, seed: int, apart: Apart) -> None:
        self.network = network
        self.apart = apart
        self.graph: Graph = graph_of(network)
        self.nights: Nights = empty_nights(network, seed)
        self.knobs = np.array(KNOBS)
        self._all = np.ones(network.crews, dtype=bool)
        self.cost = float(self.nights.night_cost.sum())
        self.best = best_of_nights(self.nights, self.cost)

    def construct(self, order: npt.NDArray[np.int64]) -> float:
        """Give crews their first nights in an order and return the cost."""
        self._run(order, steps=0, heat=0.0)
        return float(self.best.cost[0])

    def run(
        self,
        steps: int,
        heat: float,
        *,
        cooler: float = 1.0,
        free: npt.NDArray[np.bool_] | None = None,
    ) -> float:
        """Run some steps from a temperature on and return the best cost met so far.

        Parameters
        ----------
        steps
            How many.
        heat, cooler
            Temperature of the first step, and its factor from step to step.
        free
            Shape (C,): the crews whose nights may change; all where absent.
        """
        self._run(_NOBODY, steps=steps, heat=heat, cooler=cooler, free=free)
        return float(self.best.cost[0])

    def _run(
        self,
        order: npt.NDArray[np.int64],
        *,
        steps: int,
        heat: float,
        cooler: float = 1.0,
        free: npt.NDArray[np.bool_] | None = None,
    ) -> None:
        # The running cost is renewed each time, so that rounding cannot add up.
        self.cost = self.exact_cost()
        self.cost = search(
            self.graph,
            self.nights,
            self.best,
            self.apart.near,
            self.apart.down,
            self._all if free is None else free,
            order,
            self.cost,
            steps,
            heat,
            cooler,
            self.knobs,
        )

    def usual_rise(self, steps: int) -> float:
        """Run some steps at temperature 0; return the geometric mean of the rises turned down.

        It is the scale of temperatures: 0 where no step offered a rise.
        """
        self.nights.uphill[:] = 0.0
        self.run(steps, 0.0)
        total, count = self.nights.uphill
        return float(np.exp(total / count)) if count else 0.0

    def exact_cost(self) -> float:
        """Return the cost of the plan at hand, summed anew."""
        nights = self.nights
        used = np.arange(nights.path_arc.shape[1]) < nights.path_len[:, None]
        moves = self.network.arc_cost[nights.path_arc[used]] if self.network.states else 0.0
        return float(nights.night_cost.sum() + np.sum(moves))

    def current(self) -> Best:
        """Return the plan at hand, which may be worse than the best met."""
        return best_of_nights(self.nights, self.cost)

    def start_from(self, best: Best) -> None:
        """Go on from another plan and forget what was better."""
        self.best.cost[0] = np.inf
        self.adopt(best)

    def adopt(self, best: Best) -> None:
        """Go on from another plan."""
        from roadplan.winter.solve.night_kernels import put

        nights = self.nights
        for crew in range(self.network.crews):
            put(self.graph, nights, crew, 0, int(nights.path_len[crew]), -1)
        for name in ("path_arc", "path_time", "path_len", "shift_from", "shift_until"):
            getattr(nights, name)[:] = getattr(best, name)
        for crew in range(self.network.crews):
            put(self.graph, nights, crew, 0, int(nights.path_len[crew]), 1)
        self.cost = self.exact_cost()
        if self.cost < self.best.cost[0]:
            self.best = best_of_nights(nights, self.cost)


def best_of_nights(nights: Nights, cost: float) -> Best:
    """Return the paths of some nights as a plan of a stated cost."""
    return Best(
        path_arc=nights.path_arc.copy(),
        path_time=nights.path_time.copy(),
        path_len=nights.path_len.copy(),
        shift_from=nights.shift_from.copy(),
        shift_until=nights.shift_until.copy(),
        cost=np.array([cost]),
    )


def copy_best(best: Best) -> Best:
    """Return a copy that a running search does not change."""
    return Best(*(array.copy() for array in best))


def plan_of(network: Network, best: Best, problem: Problem) -> Plan:
    """Return the best paths as a plan, waits written out."""
    return Plan(
        crews=tuple(_moves(network, best, crew) for crew in range(network.crews)),
        problem_digest=problem.digest,
    )


def _moves(network: Network, best: Best, crew: int) -> tuple[Move, ...]:
    moves: list[Move] = []
    now = int(network.crew_from[crew])
    for index in range(int(best.path_len[crew])):
        arc, start = int(best.path_arc[crew, index]), int(best.path_time[crew, index])
        if start > now:
            moves.append(Move(now, "wait", -1, start - now))
        slots = int(network.arc_slots[arc])
        kind = _KIND[int(network.arc_kind[arc])]
        moves.append(Move(start, kind, int(network.arc_source[arc]), slots))
        now = start + slots
    return tuple(moves)


def best_of_plan(network: Network, plan: Plan) -> Best:
    """Return a plan in the form of the search.

    Raises
    ------
    ValueError
        When a move is none of the problem's; the checker says more.
    """
    size = network.slots + 1
    best = best_of_nights(empty_nights(network, 0), np.inf)
    first = network.first
    for crew, moves in enumerate(plan.crews):
        state, count = int(network.crew_state[crew]), 0
        busy = [move for move in moves if move.kind != "wait"]
        for move in busy:
            wanted = {"plough": PLOUGH, "travel": TRAVEL, "refill": REFILL}[move.kind]
            for arc in range(first[state], first[state + 1]):
                same = network.arc_kind[arc] == wanted and network.arc_source[arc] == move.arc
                if same:
                    break
            else:
                raise ValueError(f"crew {crew + 1} cannot {move.kind} at moment {move.slot}")
            if count >= size:
                raise ValueError(f"crew {crew + 1} has more moves than slots")
            best.path_arc[crew, count], best.path_time[crew, count] = arc, move.slot
            state, count = int(network.arc_to[arc]), count + 1
        best.path_len[crew] = count
        if network.crew_duty[crew] and busy:
            latest = int(network.crew_until[crew] - network.crew_duty[crew])
            best.shift_from[crew] = min(busy[0].slot, latest)
            best.shift_until[crew] = best.shift_from[crew] + network.crew_duty[crew]
    return best
