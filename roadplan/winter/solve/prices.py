"""Prices on passes and the bound they prove."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from roadplan.winter.solve.network import Network
from roadplan.winter.solve.price_kernels import (
    climb,
    crew_flows,
    crew_values,
    item_nights,
    reach,
)

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

SAFETY: Final = 1e-9
"""Share of the terms by which a bound is lowered against rounding."""


ALL_EVERY: Final = 12
"""How often a soft evaluation looks at every beginning of every crew."""

NEAR_BEST: Final = 0.97
"""Share of a crew's best earnings from which on a beginning is looked at each time."""


@dataclass(frozen=True)
class Departure:
    """Crews that must end alike, and when and where each of them may begin.

    Parameters
    ----------
    goal, until
        Row of ``network.goal`` and the moment at which they must be there.
    low, high
        The states ``low:high`` are those of their class.
    crew, moment, state
        Parallel arrays. A crew whose longest duty is shorter than its window appears once for
        each beginning, in several departures.
    opens, closes
        Shape (S,): the first and the last moment at which any of them may be in a state.
    """

    goal: int
    until: int
    low: int
    high: int
    crew: npt.NDArray[np.int64]
    moment: npt.NDArray[np.int64]
    state: npt.NDArray[np.int64]
    opens: Ints
    closes: Ints


@dataclass(frozen=True)
class Evaluation:
    """What some prices lead to.

    Parameters
    ----------
    bound
        Items' nights minus crews' nights; a lower bound on every plan where `heat` was 0.
    bought, sold
        Shape (R · J, T + 1): passes the items want and the crews make at these prices.
    """

    bound: float
    bought: Floats
    sold: Floats


def departures(network: Network) -> tuple[Departure, ...]:
    """Return the departures of a network, grouped by where and when they end."""
    groups: dict[tuple[int, int, int], list[tuple[int, int, int]]] = {}
    for crew in range(network.crews):
        k, goal = int(network.crew_class[crew]), int(network.crew_goal[crew])
        state = int(network.crew_state[crew])
        begin, until = int(network.crew_from[crew]), int(network.crew_until[crew])
        duty = int(network.crew_duty[crew])
        starts = range(begin, until - duty + 1) if duty else [begin]
        for start in starts:
            key = (k, goal, start + duty if duty else until)
            groups.setdefault(key, []).append((crew, start, state))
    found = []
    for (k, goal, until), members in sorted(groups.items()):
        crew, moment, state = np.array(members, dtype=np.int64).T
        low, high = network.class_first[k : k + 2]
        opens = np.full(network.states, network.slots + 1)
        np.minimum.at(opens, state, moment)
        closes = np.where(network.goal[goal], until, -1)
        arcs = network.first, network.arc_to, network.arc_slots
        reach(*arcs, int(low), int(high), opens, closes)
        found.append(
            Departure(goal, until, int(low), int(high), crew, moment, state, opens, closes)
        )
    return tuple(found)


class PriceBoard:
    """Evaluates prices for one network; holds the room it works in."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.departures = departures(network)
        self.shape = (network.ranks * network.items, network.slots + 1)
        moments = network.slots + 1
        # Costs came in single precision, so nothing is lost.
        self._cost = np.ascontiguousarray(network.cost.transpose(0, 2, 1), dtype=np.float32)
        self._weight = np.zeros((moments, moments))
        self._seller = np.zeros((moments, moments), dtype=np.int32)
        self._totals = np.zeros(1 + int(np.diff(network.first).max(initial=0)))
        room = (len(self.departures), network.slots + 1, network.states)
        self._ahead = np.zeros(room)
        self._mass = np.zeros((network.slots + 1, network.states))
        self._promising = np.ones(len(self.departures), dtype=bool)
        self._turn = 0

    def evaluate(self, price: Floats, *, heat: float = 0.0) -> Evaluation:
        """Return what prices lead to, hard at `heat` 0 and soft above.

        Crews with a choice of beginnings are spread by their best one; at heat 0 the bound is
        exact, above it only steers: then beginnings that were far from a crew's best are looked
        at only every :data:`ALL_EVERY` times.
        """
        network = self.network
        bought, sold = np.zeros(self.shape), np.zeros(self.shape)
        value = np.zeros(network.items)
        item_nights(
            self._cost,
            network.since,
            price,
            heat,
            self._weight,
            self._seller,
            bought,
            value,
        )
        best = np.zeros(network.crews)
        chosen = np.full(network.crews, -1)
        few = heat > 0.0 and self._turn % ALL_EVERY > 0
        self._turn += heat > 0.0
        looked = np.flatnonzero(self._promising) if few else range(len(self.departures))
        earnings = {}
        for index in map(int, looked):
            group = self.departures[index]
            earned = earnings[index] = self._earn(index, price, heat)
            better = earned > best[group.crew]
            best[group.crew[better]] = earned[better]
            chosen[group.crew[better]] = index
        if not few:
            for index, earned in earnings.items():
                near = best[self.departures[index].crew] * NEAR_BEST
                self._promising[index] = bool((earned >= near).any())
        for index in map(int, np.unique(chosen[chosen >= 0])):
            group = self.departures[index]
            mine = chosen[group.crew] == index
            if mine.any():
                self._sell(index, mine, price, heat, sold)
        bound = float(value.sum() - best.sum())
        bound -= SAFETY * float(np.abs(value).sum() + np.abs(best).sum())
        return Evaluation(bound=bound, bought=bought, sold=sold)

    def _earn(self, index: int, price: Floats, heat: float) -> Floats:
        n = self.network
        group = self.departures[index]
        crew_values(
            n.first,
            n.arc_to,
            n.arc_slots,
            n.arc_cost,
            n.arc_pair,
            n.arc_opens,
            n.arc_closes,
            price,
            n.goal[group.goal],
            group.low,
            group.high,
            int(group.moment.min()),
            group.until,
            group.opens,
            group.closes,
            heat,
            self._totals,
            self._ahead[index],
        )
        return np.asarray(self._ahead[index, group.moment, group.state])

    def _sell(
        self,
        index: int,
        mine: npt.NDArray[np.bool_],
        price: Floats,
        heat: float,
        sold: Floats,
    ) -> None:
        n = self.network
        group = self.departures[index]
        self._mass[:] = 0.0
        np.add.at(self._mass, (group.moment[mine], group.state[mine]), 1.0)
        crew_flows(
            n.first,
            n.arc_to,
            n.arc_slots,
            n.arc_cost,
            n.arc_pair,
            n.arc_opens,
            n.arc_closes,
            price,
            group.low,
            group.high,
            int(group.moment.min()),
            group.until,
            heat,
            self._ahead[index],
            self._mass,
            sold,
        )


class Ascent:
    """Improves prices by gradient steps on the soft bound.

    What it remembers of past slopes is kept from one call to the next.

    Parameters
    ----------
    board
        Evaluates.
    price
        Where to begin, shape (R · J, T + 1).
    """

    def __init__(self, board: PriceBoard, price: Floats) -> None:
        self.board = board
        self.price = price.copy()
        self._drift = np.zeros_like(price)
        self._spread = np.zeros_like(price)
        self._count = 0

    def run(self, heat: float, steps: int) -> None:
        """Go some steps at a temperature in veh·h."""
        for _ in range(steps):
            self._count += 1
            found = self.board.evaluate(self.price, heat=heat)
            climb(
                self.price,
                self._drift,
                self._spread,
                found.bought,
                found.sold,
                heat,
                self._count,
            )
