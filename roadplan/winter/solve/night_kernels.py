"""Compiled moves of the search: take stretches of crews' nights out, find better ones.

The passes of all crews stand in ``count[rank, item, moment]``; ``before`` and ``after`` hold the
nearest other pass of an item on either side of each moment. A stretch of a night is found by
labels through space and time. A label's value is exact along its own path (its own earlier
passes count), while only the best label of a state and moment is kept.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from roadplan.winter.solve.network import Network

FORBIDDEN = 1e9
"""What one pass through snow too deep for its rank counts as, in veh·h."""

MOST_CREWS = 6
"""The most crews taken out at once."""

kernel = njit(cache=True, nogil=True, error_model="numpy", _nrt=False)
"""Compiles a function that allocates nothing: without reference counts it compiles in a fraction."""

BEGINNING = -2
WAITED = -1


class Graph(NamedTuple):
    """What never changes in a search; see :class:`~roadplan.winter.solve.network.Network`."""

    cost: Any
    since: Any
    first: Any
    arc_to: Any
    arc_slots: Any
    arc_item: Any
    arc_cost: Any
    arc_opens: Any
    arc_closes: Any
    arc_pair: Any
    crew_state: Any
    crew_from: Any
    crew_until: Any
    crew_duty: Any
    crew_class: Any
    crew_goal: Any
    goal: Any


class Nights(NamedTuple):
    """The plan as the search holds it, with what follows from it and room to work in.

    Parameters
    ----------
    path_arc, path_time, path_len
        Shapes (C, T + 1), (C, T + 1), (C,): the arcs of each crew and when it departs on them.
    shift_from, shift_until
        Shape (C,): the part of its window in which a crew now works.
    count, before, after, needs
        Passes by (rank, item, moment); the nearest pass on either side; since when the item must
        have been passed for the passes at a moment to be possible (−1: no pass then).
    night_cost
        Shape (J,): cost of each item's night.
    value, came_state, came_arc
        Shape (T + 1, S): the labels.
    price
        Shape (R · J, T + 1): a price on each pass, to lean on.
    random
        Shape (1,), uint64: the state of the generator.
    latest
        Shape (S,): the last moment at which a label in a state still leads somewhere.
    spot
        Shape (C,): how near each crew is.
    chosen, saved_arc, saved_time, saved_len, cuts, fresh
        One row for each crew taken out: who it is, its path before, where it is cut, and the
        number of its new moves (−1 for none found).
    """

    path_arc: Any
    path_time: Any
    path_len: Any
    shift_from: Any
    shift_until: Any
    count: Any
    before: Any
    after: Any
    needs: Any
    night_cost: Any
    value: Any
    came_state: Any
    came_arc: Any
    price: Any
    random: Any
    latest: Any
    spot: Any
    chosen: Any
    saved_arc: Any
    saved_time: Any
    saved_len: Any
    cuts: Any
    fresh: Any


def graph_of(network: Network) -> Graph:
    """Return the arrays of a network that the kernels need."""
    return Graph(**{name: getattr(network, name) for name in Graph._fields})


def empty_nights(network: Network, seed: int) -> Nights:
    """Return nights in which nobody moves."""
    size, crews, items = network.slots + 1, network.crews, network.items
    after = np.full((items, size), network.slots, dtype=np.int32)
    shift_until = np.where(
        network.crew_duty > 0, network.crew_from + network.crew_duty, network.crew_until
    )
    return Nights(
        path_arc=np.zeros((crews, size), dtype=np.int32),
        path_time=np.zeros((crews, size), dtype=np.int32),
        path_len=np.zeros(crews, dtype=np.int32),
        shift_from=network.crew_from.astype(np.int32),
        shift_until=shift_until.astype(np.int32),
        count=np.zeros((network.ranks, items, size), dtype=np.int32),
        before=np.zeros((items, size), dtype=np.int32),
        after=after,
        needs=np.full((items, size), -1, dtype=np.int32),
        night_cost=network.cost[:, 0, network.slots].copy(),
        value=np.full((size, network.states), np.inf),
        came_state=np.zeros((size, network.states), dtype=np.int32),
        came_arc=np.zeros((size, network.states), dtype=np.int32),
        price=np.zeros((network.ranks * items, size)),
        random=np.array([seed], dtype=np.uint64),
        latest=np.zeros(network.states, dtype=np.int32),
        spot=np.zeros(crews),
        chosen=np.zeros(MOST_CREWS, dtype=np.int32),
        saved_arc=np.zeros((MOST_CREWS, size), dtype=np.int32),
        saved_time=np.zeros((MOST_CREWS, size), dtype=np.int32),
        saved_len=np.zeros(MOST_CREWS, dtype=np.int32),
        cuts=np.zeros((MOST_CREWS, 7), dtype=np.int32),
        fresh=np.zeros(MOST_CREWS, dtype=np.int32),
    )


@kernel
def draw(random: Any) -> float:
    """Return a uniform number in [0, 1) and advance the generator (splitmix64, Steele 2014)."""
    random[0] += np.uint64(0x9E3779B97F4A7C15)
    z = random[0]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return float(z >> np.uint64(11)) / 9007199254740992.0


@kernel
def refresh_item(graph: Graph, nights: Nights, j: int) -> None:
    """Recompute everything that follows from the passes over item j."""
    count, before, after, needs = nights.count, nights.before, nights.after, nights.needs
    ranks = count.shape[0]
    slots = count.shape[2] - 1
    last = 0
    total = 0.0
    for t in range(slots + 1):
        before[j, t] = last
        most = -1
        if 0 < t < slots:
            for r in range(ranks):
                if count[r, j, t] > 0:
                    most = max(most, graph.since[r, j, t])
        needs[j, t] = most
        if most >= 0:
            total += graph.cost[j, last, t]
            if most > last:
                total += FORBIDDEN
            last = t
    nights.night_cost[j] = total + graph.cost[j, last, slots]
    last = slots
    for t in range(slots, -1, -1):
        after[j, t] = last
        if needs[j, t] >= 0:
            last = t


@kernel
def put(graph: Graph, nights: Nights, c: int, low: int, high: int, sign: int) -> float:
    """Add (sign 1) or take away (−1) the moves ``low:high`` of crew c; return the change of cost."""
    items = nights.before.shape[0]
    change = 0.0
    for i in range(low, high):
        arc = nights.path_arc[c, i]
        change += sign * graph.arc_cost[arc]
        pair = graph.arc_pair[arc]
        if pair >= 0:
            j = pair % items
            change -= nights.night_cost[j]
            nights.count[pair // items, j, nights.path_time[c, i] + graph.arc_slots[arc]] += sign
            refresh_item(graph, nights, j)
            change += nights.night_cost[j]
    return change


@kernel
def spread_labels(
    graph: Graph,
    nights: Nights,
    state: int,
    start: int,
    until: int,
    lean: float,
    noise: float,
) -> None:
    """Spread labels from a state and moment up to another moment, on what the others leave.

    A label's value is ``(1 − lean) · exact change − lean · price`` of its passes, with its arcs'
    costs; with `lean` 0 it is exact. Labels later than ``nights.latest[s]`` lead nowhere and are dropped. `noise` weakens each gain by up to that share, at random.
    """
    value, came_state, came_arc = nights.value, nights.came_state, nights.came_arc
    latest = nights.latest
    cost, since = graph.cost, graph.since
    before, after, needs = nights.before, nights.after, nights.needs
    states = value.shape[1]
    slots = cost.shape[1] - 1
    items = cost.shape[0]
    for t in range(start, until + 1):
        for s in range(states):
            value[t, s] = np.inf
    value[start, state] = 0.0
    came_arc[start, state] = BEGINNING
    for t in range(start, until):
        for s in range(states):
            here = value[t, s]
            if here == np.inf or t >= latest[s]:
                continue
            if here < value[t + 1, s]:
                value[t + 1, s] = here
                came_state[t + 1, s] = s
                came_arc[t + 1, s] = WAITED
            for a in range(graph.first[s], graph.first[s + 1]):
                t2 = t + graph.arc_slots[a]
                if (
                    t2 > latest[graph.arc_to[a]]
                    or t < graph.arc_opens[a]
                    or t >= graph.arc_closes[a]
                ):
                    continue
                total = here + graph.arc_cost[a]
                pair = graph.arc_pair[a]
                if pair >= 0 and t2 < slots:
                    j = pair % items
                    p = before[j, t2]
                    # Our own last pass over this item counts where it is later than all others.
                    tt = t
                    ss = s
                    while tt > p:
                        arc = came_arc[tt, ss]
                        if arc == BEGINNING:
                            break
                        back = came_state[tt, ss]
                        if arc == WAITED:
                            tt -= 1
                        else:
                            if graph.arc_item[arc] == j:
                                p = tt
                                break
                            tt -= graph.arc_slots[arc]
                        ss = back
                    if since[pair // items, j, t2] > p:
                        continue
                    if needs[j, t2] < 0:
                        n = after[j, t2]
                        change = cost[j, p, t2] + cost[j, t2, n] - cost[j, p, n]
                        if needs[j, n] > p:
                            change -= FORBIDDEN
                            if needs[j, n] > t2:
                                change += FORBIDDEN
                        if lean > 0.0:
                            change = (1.0 - lean) * change - lean * nights.price[pair, t2]
                        if noise > 0.0:
                            change *= 1.0 - noise * draw(nights.random)
                        total += change
                if total < value[t2, graph.arc_to[a]]:
                    value[t2, graph.arc_to[a]] = total
                    came_state[t2, graph.arc_to[a]] = s
                    came_arc[t2, graph.arc_to[a]] = a


@kernel
def trace(graph: Graph, nights: Nights, state: int, moment: int, c: int, low: int) -> int:
    """Write the moves that lead to a label into crew c's path from `low`; return how many."""
    arcs, times = nights.path_arc, nights.path_time
    t = moment
    s = state
    length = 0
    while nights.came_arc[t, s] != BEGINNING:
        arc = nights.came_arc[t, s]
        back = nights.came_state[t, s]
        if arc == WAITED:
            t -= 1
        else:
            t -= graph.arc_slots[arc]
            arcs[c, low + length] = arc
            times[c, low + length] = t
            length += 1
        s = back
    for i in range(length // 2):
        a, b = low + i, low + length - 1 - i
        arcs[c, a], arcs[c, b] = arcs[c, b], arcs[c, a]
        times[c, a], times[c, b] = times[c, b], times[c, a]
    return length


@kernel
def cut(
    graph: Graph, nights: Nights, c: int, start: int, until: int
) -> tuple[int, int, int, int, int, int]:
    """Return the moves of crew c that touch a stretch of time, and where they begin and end.

    Returns
    -------
    low, high
        The moves ``low:high`` touch it.
    moment0, state0
        When and where the crew is free to do something else.
    moment1, state1
        When and where its later moves begin; where there are none, the end of its shift and −1.
    """
    low = 0
    state0 = graph.crew_state[c]
    moment0 = max(start, nights.shift_from[c])
    length = nights.path_len[c]
    while low < length:
        arc = nights.path_arc[c, low]
        end = nights.path_time[c, low] + graph.arc_slots[arc]
        if end > start:
            break
        state0 = graph.arc_to[arc]
        low += 1
    high = low
    if low < length:
        moment0 = min(moment0, max(nights.path_time[c, low], nights.shift_from[c]))
    moment1 = until
    state1 = state0
    while high < length:
        arc = nights.path_arc[c, high]
        if nights.path_time[c, high] >= until:
            break
        state1 = graph.arc_to[arc]
        high += 1
    if high == length:
        moment1 = nights.shift_until[c]
        state1 = -1
    else:
        moment1 = nights.path_time[c, high]
    return low, high, moment0, state0, moment1, state1
