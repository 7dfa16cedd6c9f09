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

kernel: Any = njit(  # type: ignore[call-overload]  # the stubs do not know _nrt
    cache=True, nogil=True, error_model="numpy", _nrt=False
)
"""Compiles a function that allocates nothing: without reference counts it compiles quickly."""

BEGINNING = -2
WAITED = -1


class Graph(NamedTuple):
    """What never changes in a search; see :class:`~roadplan.winter.solve.network.Network`.

    ``pair_since`` is `since` with rank and item in one axis.
    """

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
    class_first: Any
    pair_since: Any


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
    value, came_state, came_arc, seen
        Shape (T + 1, S): the labels; `seen` has a bit set for each item on the label's path.
    random
        Shape (1,), uint64: the state of the generator.
    latest
        Shape (S,): the last moment at which a label in a state still leads somewhere.
    spot
        Shape (C,): how near each crew is.
    chosen, saved_arc, saved_time, saved_len, cuts, fresh
        One row for each crew taken out: who it is, its path before, where it is cut, and the
        number of its new moves (−1 for none found).
    uphill
        Shape (2,): sum of the logarithms of the rises in cost that steps offered, and how many.
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
    seen: Any
    came_state: Any
    came_arc: Any
    random: Any
    latest: Any
    spot: Any
    chosen: Any
    saved_arc: Any
    saved_time: Any
    saved_len: Any
    cuts: Any
    fresh: Any
    uphill: Any


def graph_of(network: Network) -> Graph:
    """Return the arrays of a network that the kernels need."""
    arrays = {name: getattr(network, name, None) for name in Graph._fields}
    # Costs came in single precision: kept so, they take half the cache and lose nothing.
    arrays["cost"] = network.cost.astype(np.float32)
    arrays["pair_since"] = network.since.reshape(-1, network.slots + 1)
    return Graph(**arrays)


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
        seen=np.zeros((size, network.states), dtype=np.uint64),
        came_state=np.zeros((size, network.states), dtype=np.int32),
        came_arc=np.zeros((size, network.states), dtype=np.int32),
        random=np.array([seed], dtype=np.uint64),
        latest=np.zeros(network.states, dtype=np.int32),
        spot=np.zeros(crews),
        chosen=np.zeros(MOST_CREWS, dtype=np.int32),
        saved_arc=np.zeros((MOST_CREWS, size), dtype=np.int32),
        saved_time=np.zeros((MOST_CREWS, size), dtype=np.int32),
        saved_len=np.zeros(MOST_CREWS, dtype=np.int32),
        cuts=np.zeros((MOST_CREWS, 7), dtype=np.int32),
        fresh=np.zeros(MOST_CREWS, dtype=np.int32),
        uphill=np.zeros(2),
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
def around_cost(graph: Graph, nights: Nights, j: int, t: int) -> float:
    """Return what item j costs from the pass before moment t to the pass after it."""
    cost, needs = graph.cost, nights.needs
    p, n = nights.before[j, t], nights.after[j, t]
    here = needs[j, t] >= 0
    last = t if here else p
    total = float(cost[j, last, n])
    if needs[j, n] > last:
        total += FORBIDDEN
    if here:
        total += float(cost[j, p, t])
        if needs[j, t] > p:
            total += FORBIDDEN
    return total


@kernel
def count_pass(graph: Graph, nights: Nights, pair: int, t: int, sign: int) -> float:
    """Add or take away one pass and return the change of cost."""
    ranks, items, size = graph.since.shape
    j = pair % items
    nights.count[pair // items, j, t] += sign
    if t <= 0 or t >= size - 1:
        return 0.0
    most = -1
    for r in range(ranks):
        if nights.count[r, j, t] > 0:
            most = max(most, graph.since[r, j, t])
    if most == nights.needs[j, t]:
        return 0.0
    change = -around_cost(graph, nights, j, t)
    p, n = nights.before[j, t], nights.after[j, t]
    if (most >= 0) != (nights.needs[j, t] >= 0):
        before, after = (t, t) if most >= 0 else (p, n)
        for m in range(t + 1, n + 1):
            nights.before[j, m] = before
        for m in range(p, t):
            nights.after[j, m] = after
    nights.needs[j, t] = most
    change += around_cost(graph, nights, j, t)
    nights.night_cost[j] += change
    return change


@kernel
def put(graph: Graph, nights: Nights, c: int, low: int, high: int, sign: int) -> float:
    """Add (sign 1) or take away (−1) the moves ``low:high`` of crew c; return the change."""
    change = 0.0
    for i in range(low, high):
        arc = nights.path_arc[c, i]
        change += sign * graph.arc_cost[arc]
        if graph.arc_pair[arc] >= 0:
            end = nights.path_time[c, i] + graph.arc_slots[arc]
            change += count_pass(graph, nights, graph.arc_pair[arc], end, sign)
    return change


@kernel
def own_last(graph: Graph, nights: Nights, t: int, s: int, j: int, p: int) -> int:
    """Return the last moment after p at which a label's own path passed item j, else p."""
    while t > p:
        arc = nights.came_arc[t, s]
        if arc == BEGINNING:
            return p
        back = nights.came_state[t, s]
        if arc == WAITED:
            t -= 1
        else:
            if graph.arc_item[arc] == j:
                return t
            t -= graph.arc_slots[arc]
        s = back
    return p


@kernel
def pass_gain(graph: Graph, nights: Nights, pair: int, j: int, p: int, t: int) -> float:
    """Return the change of cost by a pass at t where the last one before was at p."""
    if graph.pair_since[pair, t] > p:
        return np.inf
    if nights.needs[j, t] >= 0:
        return 0.0
    n = nights.after[j, t]
    cost = graph.cost
    change = float(cost[j, p, t]) + float(cost[j, t, n]) - float(cost[j, p, n])
    if p < nights.needs[j, n] <= t:
        change -= FORBIDDEN
    return change


@kernel
def spread_labels(
    graph: Graph,
    nights: Nights,
    state: int,
    start: int,
    until: int,
    low: int,
    high: int,
    noise: float,
    plough_only: bool,
) -> None:
    """Spread labels from a state and moment up to another moment, on what the others leave.

    The states ``low:high`` are those of the crew's class. With `plough_only` crews drive with
    the plough down alone, which is most of what they do and quicker to search.

    A label's value is the exact change of cost by its path. Labels later than
    ``nights.latest[s]`` lead nowhere and are dropped. `noise` weakens each gain by up to that
    share, at random.
    """
    value, came_state, came_arc = nights.value, nights.came_state, nights.came_arc
    seen, latest, before = nights.seen, nights.latest, nights.before
    slots = graph.cost.shape[1] - 1
    for t in range(start, until + 1):
        for s in range(low, high):
            value[t, s] = np.inf
    value[start, state] = 0.0
    seen[start, state] = 0
    came_arc[start, state] = BEGINNING
    for t in range(start, until):
        for s in range(low, high):
            here = value[t, s]
            if here == np.inf:
                continue
            if t < latest[s] and here < value[t + 1, s]:
                value[t + 1, s] = here
                seen[t + 1, s] = seen[t, s]
                came_state[t + 1, s] = s
                came_arc[t + 1, s] = WAITED
            for a in range(graph.first[s], graph.first[s + 1]):
                # The plough arcs of a state come first.
                if plough_only and graph.arc_pair[a] < 0:
                    break
                t2 = t + graph.arc_slots[a]
                to = graph.arc_to[a]
                if t2 > latest[to] or t < graph.arc_opens[a] or t >= graph.arc_closes[a]:
                    continue
                total = here + graph.arc_cost[a]
                pair = graph.arc_pair[a]
                mark = seen[t, s]
                if pair >= 0 and t2 < slots:
                    j = graph.arc_item[a]
                    bit = np.uint64(1) << np.uint64(j & 63)
                    p = before[j, t2]
                    if mark & bit:
                        p = own_last(graph, nights, t, s, j, p)
                    change = pass_gain(graph, nights, pair, j, p, t2)
                    mark |= bit
                    if noise > 0.0 and change < 0.0:
                        change *= 1.0 - noise * draw(nights.random)
                    total += change
                if total < value[t2, to]:
                    value[t2, to] = total
                    seen[t2, to] = mark
                    came_state[t2, to] = s
                    came_arc[t2, to] = a


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
