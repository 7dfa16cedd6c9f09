"""Compiled moves of the search: take a crew's night out, find it the best one again.

The passes of all crews stand in ``count[rank, item, moment]``; ``before`` and ``after`` hold the
nearest other pass of an item on either side of each moment. A crew's night is found by labels
through space and time: one label a state and moment, whose value is exact along its own path
(its own earlier passes count), while only the best label of a state and moment is kept.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

FORBIDDEN = 1e7
"""What one pass through snow too deep for its rank counts as, in veh·h."""


@njit(cache=True, nogil=True)
def draw(state: Any) -> float:
    """Return a uniform number in [0, 1) and advance ``state[0]`` (splitmix64, Steele 2014)."""
    state[0] += np.uint64(0x9E3779B97F4A7C15)
    z = state[0]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return float(z >> np.uint64(11)) / 9007199254740992.0


@njit(cache=True, nogil=True)
def refresh_item(since: Any, count: Any, before: Any, after: Any, needs: Any, j: int) -> None:
    """Recompute the neighbouring passes of item j and since when its passes are possible."""
    ranks = count.shape[0]
    slots = count.shape[2] - 1
    last = 0
    for t in range(slots + 1):
        before[j, t] = last
        most = -1
        for r in range(ranks):
            if count[r, j, t] > 0:
                most = max(most, since[r, j, t])
        needs[j, t] = most
        if most >= 0 and 0 < t < slots:
            last = t
    last = slots
    for t in range(slots, -1, -1):
        after[j, t] = last
        if needs[j, t] >= 0 and 0 < t < slots:
            last = t


@njit(cache=True, nogil=True)
def item_cost(cost: Any, before: Any, needs: Any, j: int) -> float:
    """Return what the night of item j costs with the passes made, counting the forbidden."""
    slots = cost.shape[1] - 1
    total = 0.0
    t = slots
    while t > 0:
        p = before[j, t]
        total += cost[j, p, t]
        if needs[j, t] > p:
            total += FORBIDDEN
        t = p
    return total


@njit(cache=True, nogil=True)
def put(
    c: int,
    sign: int,
    path_arc: Any,
    path_time: Any,
    path_len: Any,
    arc_slots: Any,
    arc_pair: Any,
    since: Any,
    count: Any,
    before: Any,
    after: Any,
    needs: Any,
) -> None:
    """Add (sign 1) or take away (sign −1) the passes of crew c."""
    items = count.shape[1]
    for i in range(path_len[c]):
        pair = arc_pair[path_arc[c, i]]
        if pair >= 0:
            j = pair % items
            count[pair // items, j, path_time[c, i] + arc_slots[path_arc[c, i]]] += sign
            refresh_item(since, count, before, after, needs, j)


@njit(cache=True, nogil=True)
def best_night(
    c: int,
    start: int,
    until: int,
    first: Any,
    arc_to: Any,
    arc_slots: Any,
    arc_cost: Any,
    arc_pair: Any,
    arc_opens: Any,
    arc_closes: Any,
    crew_state: Any,
    goal: Any,
    cost: Any,
    since: Any,
    before: Any,
    after: Any,
    needs: Any,
    price: Any,
    lean: float,
    noise: float,
    random: Any,
    value: Any,
    came_state: Any,
    came_arc: Any,
    path_arc: Any,
    path_time: Any,
    path_len: Any,
) -> float:
    """Find crew c a night between two moments on what the others leave; write its path.

    The label's value is ``(1 − lean) · exact change of cost − lean · price of its passes`` with
    its arcs' costs; with `lean` 0 it is exact. `noise` scales each gain by up to that share.

    Returns
    -------
    float
        The value of the night found; infinite where the crew cannot be where it must.
    """
    states = goal.size
    slots = cost.shape[1] - 1
    items = cost.shape[0]
    for t in range(start, until + 1):
        for s in range(states):
            value[t, s] = np.inf
    value[start, crew_state[c]] = 0.0
    came_arc[start, crew_state[c]] = -2
    for t in range(start, until):
        for s in range(states):
            here = value[t, s]
            if here == np.inf:
                continue
            if here < value[t + 1, s]:
                value[t + 1, s] = here
                came_state[t + 1, s] = s
                came_arc[t + 1, s] = -1
            for a in range(first[s], first[s + 1]):
                t2 = t + arc_slots[a]
                if t2 > until or t < arc_opens[a] or t >= arc_closes[a]:
                    continue
                total = here + arc_cost[a]
                pair = arc_pair[a]
                if pair >= 0 and t2 < slots:
                    j = pair % items
                    p = before[j, t2]
                    # Our own last pass over this item counts where it is later than all others.
                    tt = t
                    ss = s
                    while tt > p:
                        arc = came_arc[tt, ss]
                        if arc == -2:
                            break
                        back = came_state[tt, ss]
                        if arc == -1:
                            tt -= 1
                        else:
                            if arc_pair[arc] >= 0 and arc_pair[arc] % items == j:
                                p = tt
                                break
                            tt -= arc_slots[arc]
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
                            change = (1.0 - lean) * change - lean * price[pair, t2]
                        if noise > 0.0:
                            change *= 1.0 - noise * draw(random)
                        total += change
                if total < value[t2, arc_to[a]]:
                    value[t2, arc_to[a]] = total
                    came_state[t2, arc_to[a]] = s
                    came_arc[t2, arc_to[a]] = a
    best = np.inf
    where = -1
    for s in range(states):
        if goal[s] and value[until, s] < best:
            best = value[until, s]
            where = s
    path_len[c] = 0
    if where < 0:
        return np.inf
    t = until
    s = where
    length = 0
    while came_arc[t, s] != -2:
        arc = came_arc[t, s]
        back = came_state[t, s]
        if arc == -1:
            t -= 1
        else:
            t -= arc_slots[arc]
            path_arc[c, length] = arc
            path_time[c, length] = t
            length += 1
        s = back
    for i in range(length // 2):
        k = length - 1 - i
        path_arc[c, i], path_arc[c, k] = path_arc[c, k], path_arc[c, i]
        path_time[c, i], path_time[c, k] = path_time[c, k], path_time[c, i]
    path_len[c] = length
    return best
