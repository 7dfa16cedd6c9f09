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

    ``pair_since`` is `since` with rank and item in one axis, ``arc_from`` the state that each arc
    leaves.
    """

    cost: Any
    since: Any
    first: Any
    arc_from: Any
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
    value, came_arc, seen
        Shape (T + 1, S): the labels; `value` is infinite where there is none, `seen` has a bit
        set for each item on the label's path.
    reached, reached_len
        Shapes (T + 1, S), (T + 1,): the states that have a label at each moment.
    label_span
        Shape (2,): the first and the last moment that may have labels.
    random
        Shape (1,), uint64: the state of the generator.
    tail_moment, tail_state, tail_of
        When and where the nights that a stretch may lead over to go on (state −1 for anywhere), and
        which of the chosen crews' they are.
    latest, latest_of
        Shape (S,): the last moment at which a label in a state still leads somewhere, and in which
        spreading of labels (counted in ``spreads[0]``) that was worked out.
    spreads
        Shape (1,): how many times labels were spread.
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
    came_arc: Any
    reached: Any
    reached_len: Any
    label_span: Any
    random: Any
    tail_moment: Any
    tail_state: Any
    tail_of: Any
    latest: Any
    latest_of: Any
    spreads: Any
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
    arrays["arc_from"] = np.repeat(
        np.arange(network.states, dtype=np.int32), np.diff(network.first)
    )
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
        came_arc=np.zeros((size, network.states), dtype=np.int32),
        reached=np.zeros((size, network.states), dtype=np.int32),
        reached_len=np.zeros(size, dtype=np.int32),
        label_span=np.array([0, -1]),
        random=np.array([seed], dtype=np.uint64),
        tail_moment=np.zeros(MOST_CREWS, dtype=np.int32),
        tail_state=np.zeros(MOST_CREWS, dtype=np.int32),
        tail_of=np.zeros(MOST_CREWS, dtype=np.int32),
        latest=np.zeros(network.states, dtype=np.int32),
        latest_of=np.full(network.states, -1, dtype=np.int64),
        spreads=np.zeros(1, dtype=np.int64),
        spot=np.zeros(crews),
        chosen=np.zeros(MOST_CREWS, dtype=np.int32),
        saved_arc=np.zeros((MOST_CREWS, size), dtype=np.int32),
        saved_time=np.zeros((MOST_CREWS, size), dtype=np.int32),
        saved_len=np.zeros(MOST_CREWS, dtype=np.int32),
        cuts=np.zeros((MOST_CREWS, 8), dtype=np.int32),
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
        if arc == WAITED:
            t -= 1
        else:
            if graph.arc_item[arc] == j:
                return t
            t -= graph.arc_slots[arc]
            s = graph.arc_from[arc]
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
def last_useful(nights: Nights, near: Any, s: int, tails: int) -> int:
    """Return the last moment at which a label in a state still leads to one of the tails."""
    if nights.latest_of[s] != nights.spreads[0]:
        latest = -1
        for m in range(tails):
            tail_state = nights.tail_state[m]
            slack = 0 if tail_state < 0 else near[tail_state, s]
            latest = max(latest, nights.tail_moment[m] - slack)
        nights.latest[s] = latest
        nights.latest_of[s] = nights.spreads[0]
    return int(nights.latest[s])


@kernel
def clear_labels(nights: Nights) -> None:
    """Take away the labels of the last spreading: few, beside all states and moments."""
    for t in range(nights.label_span[0], nights.label_span[1] + 1):
        for q in range(nights.reached_len[t]):
            nights.value[t, nights.reached[t, q]] = np.inf
        nights.reached_len[t] = 0


@kernel
def label(nights: Nights, t: int, s: int, total: float, mark: Any, arc: int) -> None:
    """Keep a label where it is the best of its state and moment."""
    known = nights.value[t, s]
    if total < known:
        if known == np.inf:
            nights.reached[t, nights.reached_len[t]] = s
            nights.reached_len[t] += 1
        nights.value[t, s] = total
        nights.seen[t, s] = mark
        nights.came_arc[t, s] = arc


@kernel
def spread_labels(
    graph: Graph,
    nights: Nights,
    near: Any,
    state: int,
    start: int,
    until: int,
    tails: int,
    noise: float,
    plough_only: bool,
) -> None:
    """Spread labels from a state and moment up to another moment, on what the others leave.

    With `plough_only` crews drive with the plough down alone, which is most of what they do and
    quicker to search.

    A label's value is the exact change of cost by its path. Labels that come too late for each
    of the first `tails` tails lead nowhere and are dropped. `noise` weakens each gain by up to
    that share, at random.
    """
    before = nights.before
    slots = graph.cost.shape[1] - 1
    clear_labels(nights)
    nights.spreads[0] += 1
    nights.label_span[0] = start
    nights.label_span[1] = until
    label(nights, start, state, 0.0, np.uint64(0), BEGINNING)
    for t in range(start, until):
        for q in range(nights.reached_len[t]):
            s = nights.reached[t, q]
            here = nights.value[t, s]
            mark = nights.seen[t, s]
            if t < last_useful(nights, near, s, tails):
                label(nights, t + 1, s, here, mark, WAITED)
            for a in range(graph.first[s], graph.first[s + 1]):
                pair = graph.arc_pair[a]
                # The plough arcs of a state come first.
                if plough_only and pair < 0:
                    break
                t2 = t + graph.arc_slots[a]
                to = graph.arc_to[a]
                if t2 > until or t < graph.arc_opens[a] or t >= graph.arc_closes[a]:
                    continue
                if t2 > last_useful(nights, near, to, tails):
                    continue
                total = here + graph.arc_cost[a]
                marked = mark
                if pair >= 0 and t2 < slots:
                    j = graph.arc_item[a]
                    bit = np.uint64(1) << np.uint64(j & 63)
                    p = before[j, t2]
                    if mark & bit:
                        p = own_last(graph, nights, t, s, j, p)
                    change = pass_gain(graph, nights, pair, j, p, t2)
                    marked |= bit
                    if noise > 0.0 and change < 0.0:
                        change *= 1.0 - noise * draw(nights.random)
                    total += change
                label(nights, t2, to, total, marked, a)


@kernel
def trace(graph: Graph, nights: Nights, state: int, moment: int, c: int, low: int) -> int:
    """Write the moves that lead to a label into crew c's path from `low`; return how many."""
    arcs, times = nights.path_arc, nights.path_time
    t = moment
    s = state
    length = 0
    while nights.came_arc[t, s] != BEGINNING:
        arc = nights.came_arc[t, s]
        if arc == WAITED:
            t -= 1
        else:
            t -= graph.arc_slots[arc]
            arcs[c, low + length] = arc
            times[c, low + length] = t
            length += 1
            s = graph.arc_from[arc]
    for i in range(length // 2):
        a, b = low + i, low + length - 1 - i
        arcs[c, a], arcs[c, b] = arcs[c, b], arcs[c, a]
        times[c, a], times[c, b] = times[c, b], times[c, a]
    return length


@kernel
def departures_before(nights: Nights, c: int, moment: int, low: int, high: int) -> int:
    """Return ``low`` plus how many of the moves ``low:high`` of crew c depart before a moment."""
    while low < high:
        middle = (low + high) // 2
        if nights.path_time[c, middle] < moment:
            low = middle + 1
        else:
            high = middle
    return low


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
    length = nights.path_len[c]
    low = departures_before(nights, c, start, 0, length)
    moment0 = max(start, nights.shift_from[c])
    if low > 0:
        arc = nights.path_arc[c, low - 1]
        if nights.path_time[c, low - 1] + graph.arc_slots[arc] > start:
            low -= 1
    state0 = graph.arc_to[nights.path_arc[c, low - 1]] if low > 0 else graph.crew_state[c]
    if low < length:
        moment0 = min(moment0, max(nights.path_time[c, low], nights.shift_from[c]))
    high = departures_before(nights, c, until, low, length)
    if high == length:
        return low, high, moment0, state0, nights.shift_until[c], -1
    state1 = graph.arc_to[nights.path_arc[c, high - 1]] if high > low else state0
    return low, high, moment0, state0, nights.path_time[c, high], state1
