"""Compiled evaluation of prices on passes: shortest item nights and best crew nights.

With a price on every pass (rank, item, moment) the plan falls apart: each item buys the passes
it wants, a shortest path through its moments; each crew sells the passes it can make, a longest
path through space and time. Items' paths minus crews' paths is a lower bound on every plan
(Lagrangian relaxation; Geoffrion 1974), whatever the prices.

The soft versions replace minimum and maximum by their log-sum-exp at a temperature, which makes
the bound smooth in the prices (Nesterov 2005); the hard version is what is reported.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

NEGLIGIBLE = 18.0
"""Exponents below minus this are left out of soft sums; they only steer, they prove nothing."""


@njit(cache=True, nogil=True)
def item_nights(
    cost: Any, since: Any, price: Any, active: Any, heat: float, usage: Any, value: Any
) -> None:
    """Find each active item's (soft) shortest night and add what it buys to `usage`.

    Parameters
    ----------
    cost, since
        As in :class:`~roadplan.winter.solve.network.Network`.
    price
        Shape (R · J, T + 1).
    active
        The items to look at.
    heat
        Temperature in veh·h; 0 for the hard minimum.
    usage
        Shape (R · J, T + 1); increased by what is bought.
    value
        Shape (J,); set for the active items.
    """
    ranks, items, size = since.shape
    slots = size - 1
    ahead = np.empty(size)
    dear = np.empty((size, size))
    seller = np.zeros((size, size), np.int32)
    mass = np.empty(size)
    for j in active:
        for t2 in range(1, slots):
            for t1 in range(t2):
                best = np.inf
                who = 0
                for r in range(ranks):
                    if since[r, j, t2] <= t1 and price[r * items + j, t2] < best:
                        best = price[r * items + j, t2]
                        who = r
                dear[t1, t2] = best
                seller[t1, t2] = who
        for t1 in range(slots):
            dear[t1, slots] = 0.0
        ahead[slots] = 0.0
        for t1 in range(slots - 1, -1, -1):
            best = np.inf
            for t2 in range(t1 + 1, size):
                total = cost[j, t1, t2] + dear[t1, t2] + ahead[t2]
                best = min(best, total)
            if heat > 0.0:
                spread = 0.0
                for t2 in range(t1 + 1, size):
                    gap = (cost[j, t1, t2] + dear[t1, t2] + ahead[t2] - best) / heat
                    if gap < NEGLIGIBLE:
                        spread += np.exp(-gap)
                best -= heat * np.log(spread)
            ahead[t1] = best
        value[j] = ahead[0]
        mass[:] = 0.0
        mass[0] = 1.0
        for t1 in range(slots):
            if mass[t1] < 1e-9:
                continue
            if heat > 0.0:
                for t2 in range(t1 + 1, size):
                    gap = (cost[j, t1, t2] + dear[t1, t2] + ahead[t2] - ahead[t1]) / heat
                    if gap < NEGLIGIBLE:
                        flow = mass[t1] * np.exp(-gap)
                        mass[t2] += flow
                        if t2 < slots:
                            usage[seller[t1, t2] * items + j, t2] += flow
            else:
                for t2 in range(t1 + 1, size):
                    if cost[j, t1, t2] + dear[t1, t2] + ahead[t2] <= ahead[t1]:
                        mass[t2] = 1.0
                        if t2 < slots:
                            usage[seller[t1, t2] * items + j, t2] += 1.0
                        break


@njit(cache=True, nogil=True)
def crew_values(
    first: Any,
    arc_to: Any,
    arc_slots: Any,
    arc_cost: Any,
    arc_pair: Any,
    arc_opens: Any,
    arc_closes: Any,
    price: Any,
    goal: Any,
    low: int,
    high: int,
    begin: int,
    until: int,
    heat: float,
    ahead: Any,
) -> None:
    """Fill ``ahead[t, s]``: the (soft) most a crew in state s at t still earns up to `until`.

    Only states in ``low:high``, those of one class, are filled.
    """
    for s in range(low, high):
        ahead[until, s] = 0.0 if goal[s] else -np.inf
    for t in range(until - 1, begin - 1, -1):
        for s in range(low, high):
            best = ahead[t + 1, s]
            for a in range(first[s], first[s + 1]):
                t2 = t + arc_slots[a]
                if t2 > until or t < arc_opens[a] or t >= arc_closes[a]:
                    continue
                total = ahead[t2, arc_to[a]] - arc_cost[a]
                if arc_pair[a] >= 0:
                    total += price[arc_pair[a], t2]
                best = max(best, total)
            if heat > 0.0 and best > -np.inf:
                spread = 0.0
                if (best - ahead[t + 1, s]) / heat < NEGLIGIBLE:
                    spread += np.exp((ahead[t + 1, s] - best) / heat)
                for a in range(first[s], first[s + 1]):
                    t2 = t + arc_slots[a]
                    if t2 > until or t < arc_opens[a] or t >= arc_closes[a]:
                        continue
                    total = ahead[t2, arc_to[a]] - arc_cost[a]
                    if arc_pair[a] >= 0:
                        total += price[arc_pair[a], t2]
                    if (best - total) / heat < NEGLIGIBLE:
                        spread += np.exp((total - best) / heat)
                best += heat * np.log(spread)
            ahead[t, s] = best


@njit(cache=True, nogil=True)
def crew_flows(
    first: Any,
    arc_to: Any,
    arc_slots: Any,
    arc_cost: Any,
    arc_pair: Any,
    arc_opens: Any,
    arc_closes: Any,
    price: Any,
    low: int,
    high: int,
    begin: int,
    until: int,
    heat: float,
    ahead: Any,
    mass: Any,
    sold: Any,
) -> None:
    """Push the crews in ``mass[t, s]`` along their (soft) best nights; add passes to `sold`."""
    for t in range(begin, until):
        for s in range(low, high):
            here = mass[t, s]
            if here < 1e-9:
                continue
            if heat <= 0.0:
                best = ahead[t, s]
                if ahead[t + 1, s] >= best:
                    mass[t + 1, s] += here
                    continue
            else:
                gap = (ahead[t, s] - ahead[t + 1, s]) / heat
                if gap < NEGLIGIBLE:
                    mass[t + 1, s] += here * np.exp(-gap)
            for a in range(first[s], first[s + 1]):
                t2 = t + arc_slots[a]
                if t2 > until or t < arc_opens[a] or t >= arc_closes[a]:
                    continue
                total = ahead[t2, arc_to[a]] - arc_cost[a]
                if arc_pair[a] >= 0:
                    total += price[arc_pair[a], t2]
                if heat <= 0.0:
                    if total >= ahead[t, s]:
                        mass[t2, arc_to[a]] += here
                        if arc_pair[a] >= 0:
                            sold[arc_pair[a], t2] += here
                        break
                else:
                    gap = (ahead[t, s] - total) / heat
                    if gap < NEGLIGIBLE:
                        flow = here * np.exp(-gap)
                        mass[t2, arc_to[a]] += flow
                        if arc_pair[a] >= 0:
                            sold[arc_pair[a], t2] += flow
