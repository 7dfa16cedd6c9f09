"""The compiled remove-and-reinsert search over stretches of several crews' nights."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from roadplan.winter.solve.night_kernels import (
    FORBIDDEN,
    MOST_CREWS,
    Graph,
    Nights,
    cut,
    draw,
    kernel,
    put,
    spread_labels,
    trace,
)

KNOBS = (0.15, 0.55, 0.8, 0.92, 4.0, 14.0, 2.0, 0.5, 0.3, 0.5, 0.95, 0.15, 0.1)
"""How the search chooses: cumulative shares of one to four crews taken out, else five; least span
in slots, its random part and the power that makes it mostly short; share of steps without noise,
and most noise; share that let crews swap what follows; share that keep the plough down, and share
of those that raise it where a crew gets to where it goes on in no other way (the rest are left
out); share that give a crew with a longest duty a whole new night at another time. Long spans do
harm: labels are the less exact the longer they run."""

FEWEST_MOVES = 4
"""Added to the moves of each crew, so that idle ones are chosen too."""


class Best(NamedTuple):
    """The best plan met: paths, shifts and its cost in ``cost[0]``."""

    path_arc: Any
    path_time: Any
    path_len: Any
    shift_from: Any
    shift_until: Any
    cost: Any


@kernel
def keep_best(nights: Nights, best: Best, cost: float) -> None:
    """Copy the plan at hand into the best one."""
    for c in range(nights.path_len.size):
        best.path_len[c] = nights.path_len[c]
        best.shift_from[c] = nights.shift_from[c]
        best.shift_until[c] = nights.shift_until[c]
        for i in range(nights.path_len[c]):
            best.path_arc[c, i] = nights.path_arc[c, i]
            best.path_time[c, i] = nights.path_time[c, i]
    best.cost[0] = cost


@kernel
def ploughing_apart(
    first: Any,
    arc_to: Any,
    arc_slots: Any,
    arc_pair: Any,
    slots: int,
    room: Any,
    size: Any,
    out: Any,
) -> None:
    """Set in ``out[to, from]`` the fewest slots between states with the plough down, if so few.

    Parameters
    ----------
    slots
        As far as is looked.
    room, size
        To work in, shapes (T + 1, A + 1) and (T + 1,): the states first reached after so many
        slots.
    out
        Shape (S, S), with numbers beyond `slots` in it.
    """
    for source in range(first.size - 1):
        size[:] = 0
        out[source, source] = 0
        room[0, 0] = source
        size[0] = 1
        for moment in range(slots + 1):
            for q in range(size[moment]):
                state = room[moment, q]
                if out[state, source] < moment:
                    continue
                for arc in range(first[state], first[state + 1]):
                    later, to = moment + arc_slots[arc], arc_to[arc]
                    # The plough arcs of a state come first.
                    if arc_pair[arc] < 0:
                        break
                    if later <= slots and later < out[to, source]:
                        out[to, source] = later
                        room[later, size[later]] = to
                        size[later] += 1


@kernel
def neighbours(
    graph: Graph, nights: Nights, near: Any, free: Any, c0: int, start: int, until: int, k: int
) -> int:
    """Choose up to k free crews near c0 in a stretch of time, itself first; return how many."""
    nights.chosen[0] = c0
    if k == 1:
        return 1
    crews = nights.path_len.size
    spot, chosen = nights.spot, nights.chosen
    state0 = cut(graph, nights, c0, start, until)[3]
    for c in range(crews):
        spot[c] = np.inf
        if c != c0 and free[c]:
            _, _, moment0, state, moment1, _ = cut(graph, nights, c, start, until)
            if moment0 < moment1:
                spot[c] = near[state, state0] + 5.0 * draw(nights.random)
    size = 1
    while size < k:
        pick = -1
        for c in range(crews):
            if spot[c] < np.inf and (pick < 0 or spot[c] < spot[pick]):
                pick = c
        if pick < 0:
            break
        chosen[size] = pick
        spot[pick] = np.inf
        size += 1
    return size


@kernel
def busy_crew(nights: Nights, free: Any) -> int:
    """Choose a free crew at random, busy ones more often: there is more to gain."""
    crews = nights.path_len.size
    total = 0
    for c in range(crews):
        if free[c]:
            total += nights.path_len[c] + FEWEST_MOVES
    left = int(draw(nights.random) * total)
    last = 0
    for c in range(crews):
        if free[c]:
            last = c
            left -= nights.path_len[c] + FEWEST_MOVES
            if left < 0:
                break
    return last


@kernel
def save_path(nights: Nights, i: int) -> None:
    """Remember the path of the i-th chosen crew."""
    c = nights.chosen[i]
    nights.saved_len[i] = nights.path_len[c]
    for q in range(nights.path_len[c]):
        nights.saved_arc[i, q] = nights.path_arc[c, q]
        nights.saved_time[i, q] = nights.path_time[c, q]


@kernel
def may_take(graph: Graph, nights: Nights, i: int, m: int, swap: bool) -> bool:
    """Say whether the i-th chosen crew may go on as the m-th did."""
    if nights.cuts[m, 6] != 0 or tail_moment(nights, i, m) < nights.cuts[i, 2]:
        return False
    if m == i:
        return True
    a, b = nights.chosen[i], nights.chosen[m]
    return bool(
        swap
        and graph.crew_class[a] == graph.crew_class[b]
        and graph.crew_goal[a] == graph.crew_goal[b]
        and nights.cuts[m, 7] <= nights.shift_until[a]
    )


@kernel
def tail_moment(nights: Nights, i: int, m: int) -> int:
    """Return when the i-th chosen crew goes on as the m-th did: where that ended, at its end."""
    if nights.cuts[m, 5] < 0:
        return int(nights.shift_until[nights.chosen[i]])
    return int(nights.cuts[m, 4])


@kernel
def ends_at(graph: Graph, nights: Nights, c: int) -> int:
    """Return when the last move of crew c ends; 0 where it has none."""
    last = nights.path_len[c] - 1
    if last < 0:
        return 0
    return int(nights.path_time[c, last] + graph.arc_slots[nights.path_arc[c, last]])


@kernel
def cut_chosen(graph: Graph, nights: Nights, size: int, start: int, until: int) -> None:
    """Work out where a stretch of time cuts the nights of the chosen crews."""
    cuts = nights.cuts
    for i in range(size):
        c = nights.chosen[i]
        low, high, moment0, state0, moment1, state1 = cut(graph, nights, c, start, until)
        cuts[i, 0], cuts[i, 1], cuts[i, 2] = low, high, moment0
        cuts[i, 3], cuts[i, 4], cuts[i, 5] = state0, moment1, state1
        cuts[i, 6] = 0
        cuts[i, 7] = ends_at(graph, nights, c)


@kernel
def take_out(graph: Graph, nights: Nights, size: int) -> float:
    """Take what was cut out of the chosen crews' nights and return the change of cost."""
    change = 0.0
    for i in range(size):
        c = nights.chosen[i]
        save_path(nights, i)
        nights.fresh[i] = -1
        change += put(graph, nights, c, nights.cuts[i, 0], nights.cuts[i, 1], -1)
    return change


@kernel
def must_drive(nights: Nights, down: Any, size: int) -> bool:
    """Say whether one of the chosen crews cannot come to where it goes on by ploughing alone."""
    cuts = nights.cuts
    for i in range(size):
        if cuts[i, 5] >= 0 and down[cuts[i, 5], cuts[i, 3]] > cuts[i, 4] - cuts[i, 2]:
            return True
    return False


@kernel
def put_in(
    graph: Graph,
    nights: Nights,
    near: Any,
    i: int,
    size: int,
    noise: float,
    swap: bool,
    plough_only: bool,
) -> float:
    """Find the i-th chosen crew a new stretch and a way to go on; return the change of cost."""
    cuts = nights.cuts
    c = nights.chosen[i]
    tails = 0
    last = -1
    for m in range(size):
        if may_take(graph, nights, i, m, swap):
            nights.tail_moment[tails] = tail_moment(nights, i, m)
            last = max(last, nights.tail_moment[tails])
            nights.tail_state[tails] = cuts[m, 5]
            nights.tail_of[tails] = m
            tails += 1
    if last < 0:
        return np.inf
    spread_labels(graph, nights, near, cuts[i, 3], cuts[i, 2], last, tails, noise, plough_only)
    best = np.inf
    tail = -1
    where = -1
    goal = graph.crew_goal[c]
    for k in range(tails):
        ends, tail_state = nights.tail_moment[k], nights.tail_state[k]
        if tail_state >= 0:
            if nights.value[ends, tail_state] < best:
                best, tail, where = nights.value[ends, tail_state], k, tail_state
            continue
        for q in range(nights.reached_len[ends]):
            s = nights.reached[ends, q]
            if graph.goal[goal, s] and nights.value[ends, s] < best:
                best, tail, where = nights.value[ends, s], k, s
    if tail < 0:
        return np.inf
    low = cuts[i, 0]
    length = trace(graph, nights, where, nights.tail_moment[tail], c, low)
    nights.fresh[i] = length
    tail = nights.tail_of[tail]
    cuts[tail, 6] = 1
    rest = nights.saved_len[tail] - cuts[tail, 1]
    for q in range(rest):
        nights.path_arc[c, low + length + q] = nights.saved_arc[tail, cuts[tail, 1] + q]
        nights.path_time[c, low + length + q] = nights.saved_time[tail, cuts[tail, 1] + q]
    nights.path_len[c] = low + length + rest
    return put(graph, nights, c, low, low + length, 1)


@kernel
def undo(graph: Graph, nights: Nights, size: int) -> None:
    """Put back what was taken out and changed."""
    for turn in range(2 * size):
        i = turn % size
        c, low, sign = nights.chosen[i], nights.cuts[i, 0], -1
        high = low + nights.fresh[i]
        if turn >= size:
            sign, high = 1, nights.cuts[i, 1]
            nights.path_len[c] = nights.saved_len[i]
            for q in range(nights.saved_len[i]):
                nights.path_arc[c, q] = nights.saved_arc[i, q]
                nights.path_time[c, q] = nights.saved_time[i, q]
        put(graph, nights, c, low, high, sign)


@kernel
def slide_shift(graph: Graph, nights: Nights, c: int) -> None:
    """Move the shift of crew c as late or as early as its moves allow, at random.

    Duty counts from the first departure to the last arrival, so where the shift begins is free
    within what that leaves, and with it where the crew may be sent earlier or be kept longer.
    """
    duty = graph.crew_duty[c]
    if duty == 0:
        return
    earliest, latest = graph.crew_from[c], graph.crew_until[c] - duty
    if nights.path_len[c] > 0:
        earliest = max(earliest, ends_at(graph, nights, c) - duty)
        latest = min(latest, nights.path_time[c, 0])
    begin = earliest if draw(nights.random) < 0.5 else latest
    nights.shift_from[c] = begin
    nights.shift_until[c] = begin + duty


@kernel
def new_shift(graph: Graph, nights: Nights, c: int) -> None:
    """Move the shift of crew c, chosen alone and taken out whole, somewhere in its window."""
    slack = graph.crew_until[c] - graph.crew_duty[c] - graph.crew_from[c]
    begin = graph.crew_from[c] + int(draw(nights.random) * (slack + 1))
    nights.shift_from[c] = begin
    nights.shift_until[c] = begin + graph.crew_duty[c]
    nights.cuts[0, 2] = begin


@kernel
def search(
    graph: Graph,
    nights: Nights,
    best: Best,
    near: Any,
    down: Any,
    free: Any,
    order: Any,
    cost: float,
    steps: int,
    heat: float,
    cooler: float,
    knobs: Any,
) -> float:
    """Run some steps of annealed remove-and-reinsert search and return the cost reached.

    Parameters
    ----------
    near, down
        Shape (S, S), int32: slots to a state (row) from another, by any class and any moves, and
        by ploughing alone.
    free
        Shape (C,), bool: the crews whose nights may change, at least one.
    order
        Crews to be given a whole new night first, one after another, whatever it costs.
    cost
        Cost of the plan at hand.
    steps
        How many steps follow.
    heat, cooler
        Temperature in veh·h at the first step, and its factor from step to step.
    knobs
        Shape (13,): see :data:`KNOBS`.
    """
    crews = nights.path_len.size
    slots = graph.cost.shape[1] - 1
    random = nights.random
    for step in range(-order.size, steps):
        c0 = order[order.size + step] if step < 0 else busy_crew(nights, free)
        if step >= 0:
            heat *= cooler
            slide_shift(graph, nights, c0)
        window = nights.shift_until[c0] - nights.shift_from[c0]
        if window < 1:
            continue
        old_from, old_until = nights.shift_from[c0], nights.shift_until[c0]
        shift = graph.crew_duty[c0] > 0 and draw(random) < knobs[12]
        nights.chosen[0] = c0
        size = 1
        begin, until = 0, slots
        noise, swap = 0.0, False
        plough_only = step >= 0 and draw(random) < knobs[10]
        if step >= 0 and not shift:
            u = draw(random)
            k = 1
            while k < MOST_CREWS - 1 and u > knobs[k - 1]:
                k += 1
            span = int(knobs[4] + knobs[5] * draw(random) ** knobs[6])
            begin = nights.shift_from[c0] + int(draw(random) * (window + span // 2)) - span // 2
            begin = max(begin, nights.shift_from[c0])
            until = min(begin + span, slots)
            size = neighbours(graph, nights, near, free, c0, begin, until, min(k, crews))
            for i in range(1, size):
                slide_shift(graph, nights, nights.chosen[i])
            for i in range(size - 1, 0, -1):
                q = int(draw(random) * (i + 1))
                other = nights.chosen[i]
                nights.chosen[i] = nights.chosen[q]
                nights.chosen[q] = other
            noise = 0.0 if draw(random) < knobs[7] else knobs[8] * draw(random)
            swap = draw(random) < knobs[9]
        cut_chosen(graph, nights, size, begin, until)
        if plough_only and not shift and must_drive(nights, down, size):
            if draw(random) >= knobs[11]:
                nights.shift_from[c0] = old_from
                nights.shift_until[c0] = old_until
                continue
            plough_only = False
        change = take_out(graph, nights, size)
        if shift:
            new_shift(graph, nights, c0)
        apart = down if plough_only else near
        for i in range(size):
            change += put_in(graph, nights, apart, i, size, noise, swap, plough_only)
            if change == np.inf:
                break
        if step >= 0 and change > 1e-9 and change < FORBIDDEN / 2:
            nights.uphill[0] += np.log(change)
            nights.uphill[1] += 1.0
        if change < np.inf and (
            step < 0 or change <= 0.0 or change < -heat * np.log(draw(random) + 1e-300)
        ):
            cost += change
            if cost < best.cost[0] - 1e-9:
                keep_best(nights, best, cost)
        else:
            undo(graph, nights, size)
            nights.shift_from[c0] = old_from
            nights.shift_until[c0] = old_until
    return cost
