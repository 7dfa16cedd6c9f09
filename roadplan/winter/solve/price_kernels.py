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

LEAST_MASS = 1e-9
"""Shares of a night or of a crew below this are not followed."""


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"reassoc", "nsz", "nnan", "contract"})
def item_nights(
    cost: Any, since: Any, price: Any, heat: float, weight: Any, seller: Any, usage: Any, value: Any
) -> None:
    """Find each item's (soft) shortest night and add what it buys to `usage`.

    The loops over the moment before a pass have nothing to decide, so that they run several
    moments at a time; for the same reason exponentials are powers of 256, good enough to steer.

    Parameters
    ----------
    cost
        Shape (J, T + 1, T + 1), float32: cost from a pass (last axis) to the next (middle axis).
    since
        As in :class:`~roadplan.winter.solve.network.Network`.
    price
        Shape (R · J, T + 1).
    heat
        Temperature in veh·h; 0 for the hard minimum.
    weight, seller
        Room to work in, shapes (T + 1, T + 1), float64 and int32.
    usage
        Shape (R · J, T + 1); increased by what is bought.
    value
        Shape (J,); set.
    """
    ranks, items, size = since.shape
    slots = size - 1
    scale = 1.0 / (256.0 * heat) if heat > 0.0 else 0.0
    up_to = np.empty(size)
    share = np.empty(size)
    mass = np.empty(size)
    dear = np.zeros(size)
    for j in range(items):
        up_to[0] = 0.0
        for t2 in range(1, size):
            for t1 in range(t2):
                dear[t1] = np.inf if t2 < slots else 0.0
            if t2 < slots:
                for r in range(ranks):
                    pair = r * items + j
                    asked = price[pair, t2]
                    for t1 in range(since[r, j, t2], t2):
                        less = asked < dear[t1]
                        dear[t1] = asked if less else dear[t1]
                        seller[t2, t1] = pair if less else seller[t2, t1]
            best = np.inf
            for t1 in range(t2):
                total = cost[j, t2, t1] + dear[t1] + up_to[t1]
                weight[t2, t1] = total
                best = min(best, total)
            up_to[t2] = best
            share[t2] = 0.0
            if heat > 0.0 and best < np.inf:
                spread = 0.0
                for t1 in range(t2):
                    part = max(0.0, 1.0 - (weight[t2, t1] - best) * scale)
                    part *= part
                    part *= part
                    part *= part
                    part *= part
                    part *= part
                    part *= part
                    part *= part
                    part *= part
                    weight[t2, t1] = part
                    spread += part
                share[t2] = 1.0 / spread
                up_to[t2] = best - heat * np.log(spread)
        value[j] = up_to[slots]
        if heat > 0.0:
            mass[:] = 0.0
            mass[slots] = 1.0
            for t2 in range(slots, 0, -1):
                if mass[t2] < LEAST_MASS:
                    continue
                here = mass[t2] * share[t2]
                for t1 in range(t2):
                    mass[t1] += here * weight[t2, t1]
                if t2 < slots:
                    for t1 in range(t2):
                        usage[seller[t2, t1], t2] += here * weight[t2, t1]
        else:
            t2 = slots
            while t2 > 0:
                t1 = 0
                while weight[t2, t1] > up_to[t2]:
                    t1 += 1
                if t2 < slots:
                    usage[seller[t2, t1], t2] += 1.0
                t2 = t1


@njit(cache=True, nogil=True)
def reach(
    first: Any, arc_to: Any, arc_slots: Any, low: int, high: int, opens: Any, closes: Any
) -> None:
    """Work out when a night may lead through each state: from beginnings to where it must end.

    Parameters
    ----------
    opens, closes
        Shape (S,): at first the moments of the beginnings and of the end, where there are any;
        changed to the first and the last moment at which a crew may be in a state.
    """
    slower = True
    while slower:
        slower = False
        for s in range(low, high):
            for a in range(first[s], first[s + 1]):
                to = arc_to[a]
                if opens[s] + arc_slots[a] < opens[to]:
                    opens[to] = opens[s] + arc_slots[a]
                    slower = True
                if closes[to] - arc_slots[a] > closes[s]:
                    closes[s] = closes[to] - arc_slots[a]
                    slower = True


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
    opens: Any,
    closes: Any,
    heat: float,
    room: Any,
    ahead: Any,
) -> None:
    """Fill ``ahead[t, s]``: the (soft) most a crew in state s at t still earns up to `until`.

    Only states in ``low:high``, those of one class, are filled, and those only while a night may
    lead through them (see :func:`reach`). `room` has space for the moves out of one state.
    """
    for s in range(low, high):
        ahead[until, s] = 0.0 if goal[s] else -np.inf
    for t in range(until - 1, begin - 1, -1):
        for s in range(low, high):
            if t < opens[s] or t > closes[s]:
                ahead[t, s] = -np.inf
                continue
            best = ahead[t + 1, s]
            room[0] = best
            count = 1
            for a in range(first[s], first[s + 1]):
                t2 = t + arc_slots[a]
                if t2 > until or t < arc_opens[a] or t >= arc_closes[a]:
                    continue
                total = ahead[t2, arc_to[a]] - arc_cost[a]
                if arc_pair[a] >= 0:
                    total += price[arc_pair[a], t2]
                room[count] = total
                count += 1
                best = max(best, total)
            if heat > 0.0 and best > -np.inf:
                spread = 0.0
                for q in range(count):
                    gap = (best - room[q]) / heat
                    if gap < NEGLIGIBLE:
                        spread += np.exp(-gap)
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
            if here < LEAST_MASS:
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


@njit(cache=True, nogil=True)
def climb(
    price: Any, drift: Any, spread: Any, bought: Any, sold: Any, heat: float, count: int
) -> None:
    """Go one step of Adam uphill (Kingma & Ba 2015), its length in proportion to the heat.

    Parameters
    ----------
    price, drift, spread
        Shape (R · J, T + 1): the prices and what is remembered of past slopes; changed.
    bought, sold
        Shape (R · J, T + 1): their difference is the slope.
    count
        How many steps were gone, this one included.
    """
    first, second = 1.0 - 0.9**count, 1.0 - 0.99**count
    for pair in range(price.shape[0]):
        # No pass has a price at the beginning and the end.
        for t in range(1, price.shape[1] - 1):
            slope = bought[pair, t] - sold[pair, t]
            drift[pair, t] = 0.9 * drift[pair, t] + 0.1 * slope
            spread[pair, t] = 0.99 * spread[pair, t] + 0.01 * slope * slope
            width = np.sqrt(spread[pair, t] / second) + 1e-3
            price[pair, t] = max(0.0, price[pair, t] + heat * drift[pair, t] / first / width)
