"""The compiled cell transmission model: arrays in, arrays out.

State is the cumulative count at every cell border, so that no vehicle can be lost: a cell holds
the difference of its two borders. In one step a border lets pass the least of what the cell
upstream can send, what the cell downstream can take, and its capacity (Daganzo 1994, "The cell
transmission model", eq. 3). What a cell can take depends on what left it one backward-wave time
earlier, not on what it holds now (Daganzo 1999, "The lagged cell-transmission model"): that keeps
the fronts of queues sharp, which the plain model smears over many cells. Nodes follow Tampère et
al. 2011, "A generic class of first order node models", with oriented priorities; for two streams
into one that is Daganzo's merge (1995), for one into several his first-in-first-out diverge.

Two classes share the road. Flow is counted in passenger-car units; heavy vehicles are counted
besides, and leave a cell in proportion to their part in it.

Everything compiled stands in this one module, because a cache on disk does not notice a change
in another file. Compiled functions take plain arrays: a tuple of arrays passed on costs more than
the work on a node.
"""

# mypy: disable-error-code="no-untyped-def,no-untyped-call"
# The compiler finds the types of compiled functions by itself.
from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Ints = NDArray[np.int64]
Codes = NDArray[np.uint8]

OPEN, CLOSED_TO_HEAVY, CLOSED = 0, 1, 2
"""Codes of a barrier."""

_TINY = 1e-12


class NetworkArrays(NamedTuple):
    """A network as arrays; cell `i` lies between borders `i` and `i + 1` of its link.

    A link of m cells has m + 1 borders in a row; the entries of cell arrays at its last border
    are unused. "Step" is the time step.
    """

    step_h: float
    heavy_pcu: float
    past_column: float  # share of capacity left beside vehicles standing before a barrier
    drive: Floats  # share of a cell driven in a step at free speed, at most 1
    lag: Ints  # whole steps a backward wave takes through a cell, at least 1
    lag_part: Floats  # and the part of a step beyond
    room: Floats  # pcu in a full cell
    capacity: Floats  # pcu a step
    cell_km: Floats
    free_h: Floats  # time through a cell at free speed
    zone_at: Ints  # zones of cell i: zones[zone_at[i]:zone_at[i + 1]], the main one first
    zones: Ints
    run_start: Ints  # runs of borders whose cells downstream have one lag; nodes overwrite ends
    run_stop: Ints
    run_lag: Ints
    link_first: Ints  # first and last border of each link
    link_last: Ints
    link_hold: Ints  # store before the link's barrier, -1 for none
    in_at: Ints  # links into node k: in_link[in_at[k]:in_at[k + 1]]
    in_link: Ints
    out_at: Ints
    out_link: Ints
    node_last: Ints  # last border of a node's only link in, -1 for none, -2 for more than that
    node_first: Ints  # first border of its only link out, -1 for none
    node_out: Ints  # that link, -1 for none
    node_store: Ints  # store where vehicles wait to enter, -1 for none
    turn_at: Ints  # first turn of each node: rows are its inputs, columns its outputs and the exit
    priority: Floats  # pcu a step that each store claims in a merge
    places: Floats  # vehicles that can wait off the road in each store
    chain_at: Ints  # links of each chain, from upstream to downstream
    chain_link: Ints


class ScenarioArrays(NamedTuple):
    """What the scenarios differ in. Codes of a barrier are at its link."""

    steps: int
    weather_steps: int
    demand_steps: int
    output_steps: int
    sample_steps: int
    jam_speed: float  # a cell slower than this share of its free speed is in a jam
    track_heavy: bool
    weather_of: Ints  # scenario → row of the weather arrays
    demand_of: Ints
    capacity_factor: Singles  # (weather, period, zone)
    speed_factor: Singles
    closed: Codes  # (weather, period, link)
    demand: Singles  # (demand, period, entry, class), veh/h
    turn: Floats  # (period, turn, class), shares
    change_at: Ints  # capacity changes of scenario s: change_at[s]:change_at[s + 1], in time
    change_step: Ints
    change_border: Ints
    change_lost: Floats  # share of capacity lost (or, negative, given back) from that step on


class OutputArrays(NamedTuple):
    """What is written for each scenario; classes are light, heavy."""

    delay: Singles  # (scenario, period, zone, class), veh·h
    jam_km: Singles  # (scenario, period, zone), longest at any sample
    longest_km: Singles  # (scenario, period, chain), longest single jam
    head_km: Singles  # (scenario, period, chain), where its head is, from the chain's start
    queue_km: Singles  # (scenario, period, chain), all jams together
    queue_veh: Singles  # (scenario, period, chain, class), vehicles in them
    stored: Singles  # (scenario, period, store, class), vehicles waiting at the period's end
    passed: Singles  # (scenario, period, store, class), vehicles let in from the start
    stored_h: Singles  # (scenario, period, store, class), veh·h waited in the period
    entered: Floats  # (scenario, class)
    left: Floats
    on_road: Floats


@njit(cache=True, nogil=True, error_model="numpy")
def advance_cells(t, count, run_start, run_stop, run_lag, drive, lag_part, room, cap):
    """Advance all inner borders by one step, in runs of cells with one lag."""
    depth = count.shape[0]
    old, new = count[t % depth], count[(t + 1) % depth]
    lag = -1
    soon, late = old, old
    for r in range(run_lag.size):
        if run_lag[r] != lag:
            lag = run_lag[r]
            soon = count[(t + 1 - lag + depth) % depth]
            late = count[(t - lag + depth) % depth]
        # An index that cannot be negative is what lets the compiler use vector instructions.
        for j in range(np.uint64(run_start[r]), np.uint64(run_stop[r])):
            up, down = j - np.uint64(1), j + np.uint64(1)
            here = old[j]
            flow = drive[up] * (old[up] - here)
            take = soon[down] + lag_part[j] * (late[down] - soon[down]) + room[j] - here
            new[j] = here + min(flow, take, cap[j])


@njit(cache=True, nogil=True, error_model="numpy")
def advance_heavy(new_heavy, old_heavy, new, old):
    """Advance the heavy vehicles with them, in proportion to their part in each cell."""
    for j in range(np.uint64(1), np.uint64(new.size)):
        up = j - np.uint64(1)
        here = old_heavy[j]
        share = (old_heavy[up] - here) / (old[up] - old[j] + _TINY)
        new_heavy[j] = here + (new[j] - old[j]) * share


@njit(cache=True, nogil=True, error_model="numpy")
def add_to(total, part):
    """Add one array to another in place."""
    for i in range(total.size):
        total[i] += part[i]


@njit(cache=True, nogil=True, error_model="numpy")
def solve_node(inputs, outputs, send, claim, share, take, flow, waiting):  # noqa: C901 - compiled: a call costs more than what it would hold
    """Set `flow` of each input so that no output takes more than it can (Tampère et al. 2011)."""
    for i in range(inputs):
        flow[i] = 0.0
        waiting[i] = send[i] > 0.0
    for _ in range(inputs):
        tightest, least = -1, np.inf
        for o in range(outputs):
            claimed = 0.0
            for i in range(inputs):
                if waiting[i]:
                    claimed += claim[i] * share[i, o]
            if claimed > 0.0:
                level = max(0.0, take[o]) / claimed
                if level < least:
                    least, tightest = level, o
        if tightest < 0:
            break
        sends_all = False
        for i in range(inputs):
            if waiting[i] and share[i, tightest] > 0.0 and send[i] <= least * claim[i]:
                sends_all = True
        for i in range(inputs):
            if not waiting[i] or share[i, tightest] <= 0.0:
                continue
            if sends_all and send[i] > least * claim[i]:
                continue
            flow[i] = send[i] if sends_all else least * claim[i]
            waiting[i] = False
            for o in range(outputs):
                take[o] -= flow[i] * share[i, o]
    for i in range(inputs):
        if waiting[i]:
            flow[i] = send[i]


@njit(cache=True, nogil=True, error_model="numpy")
def border_capacity(cell_cap, lost, i, first, last):
    """Return what a border lets pass in a step: the least of its cells, less what is blocked."""
    cap = np.inf
    if i > first:
        cap = cell_cap[i - 1]
    if i < last:
        cap = min(cap, cell_cap[i])
    return cap * max(0.0, 1.0 - lost[i])


@njit(cache=True, nogil=True, error_model="numpy")
def refresh_weather(
    capacity_factor, speed_factor, capacity, free_drive, zone_at, zones, link_first, link_last,
    lost, cell_cap, drive, cap,
):  # fmt: skip
    """Set speeds and capacities for a new period of the weather."""
    for k in range(link_first.size):
        first, last = link_first[k], link_last[k]
        for i in range(first, last):
            worst, slowest = np.float32(1.0), np.float32(1.0)
            for z in range(zone_at[i], zone_at[i + 1]):
                worst = min(worst, capacity_factor[zones[z]])
                slowest = min(slowest, speed_factor[zones[z]])
            cell_cap[i] = capacity[i] * worst
            drive[i] = free_drive[i] * slowest
        for i in range(first, last + 1):
            cap[i] = border_capacity(cell_cap, lost, i, first, last)


@njit(cache=True, nogil=True, error_model="numpy")
def apply_change(i, gain, lost, cell_cap, cap, link_first, link_last):
    """Book a blockage that begins or ends at a border."""
    lost[i] += gain
    # Shares that are given back sum to zero but for rounding.
    if abs(lost[i]) < _TINY:
        lost[i] = 0.0
    k = 0
    while link_last[k] < i:
        k += 1
    cap[i] = border_capacity(cell_cap, lost, i, link_first[k], link_last[k])


@njit(cache=True, nogil=True, error_model="numpy")
def room_until(count, lag, lag_part, room, t, i):
    """Return the count up to which cell i can take vehicles by the end of step t."""
    depth = count.shape[0]
    soon = count[(t + 1 - lag[i] + depth) % depth, i + 1]
    late = count[(t - lag[i] + depth) % depth, i + 1]
    return soon + lag_part[i] * (late - soon) + room[i]


@njit(cache=True, nogil=True, error_model="numpy")
def pass_plain_nodes(  # noqa: C901 - compiled: a call costs more than what it would hold
    t, pcu, count, heavy, drive, cap, lag, lag_part, room, node_last, node_first, node_out,
    node_store, link_hold, closed, turn_at, turn, stored, passed, entered, left, held_up,
):  # fmt: skip
    """Advance the nodes with at most one link in and one out; leave those that hold somebody up.

    `node_last` and `node_first` are the borders of the two links, -1 for none, and -2 at nodes of
    another kind.
    """
    depth = count.shape[0]
    old, new = count[t % depth], count[(t + 1) % depth]
    old_heavy, new_heavy = heavy[t % 2], heavy[(t + 1) % 2]
    jammed = 0
    for k in range(node_last.size):
        last, first, store, at = node_last[k], node_first[k], node_store[k], turn_at[k]
        hold = link_hold[node_out[k]] if node_out[k] >= 0 else -1
        shut = hold >= 0 and (
            closed[node_out[k]] != OPEN or stored[hold, 0] + stored[hold, 1] > 1e-9
        )
        if last == -2 or shut:
            held_up[jammed] = k
            jammed += 1
            continue
        send, bigs, on, bigs_on = 0.0, 0.0, 0.0, 0.0
        if last >= 0:
            held = old[last - 1] - old[last]
            send = min(drive[last - 1] * held, cap[last])
            bigs = send * ((old_heavy[last - 1] - old_heavy[last]) / (held + _TINY))
            if first >= 0:
                bigs_on = bigs * turn[at, 1]
                on = (send - pcu * bigs) * turn[at, 0] + pcu * bigs_on
                at += 2
        lights_in, bigs_in, in_on, bigs_in_on = 0.0, 0.0, 0.0, 0.0
        if store >= 0:
            lights_in, bigs_in = max(0.0, stored[store, 0]), max(0.0, stored[store, 1])
            if first >= 0:
                bigs_in_on = bigs_in * turn[at, 1]
                in_on = lights_in * turn[at, 0] + pcu * bigs_in_on
        if first >= 0:
            here = old[first]
            until = min(here + cap[first], room_until(count, lag, lag_part, room, t, first))
            if here + on + in_on > until:
                held_up[jammed] = k
                jammed += 1
                continue
            new[first] = here + on + in_on
            new_heavy[first] = old_heavy[first] + bigs_on + bigs_in_on
        if last >= 0:
            new[last] = old[last] + send
            new_heavy[last] = old_heavy[last] + bigs
        if store >= 0:
            stored[store, 0] -= lights_in
            stored[store, 1] -= bigs_in
            passed[store, 0] += lights_in
            passed[store, 1] += bigs_in
            entered[0] += lights_in
            entered[1] += bigs_in
        bigs_out = bigs - bigs_on + bigs_in - bigs_in_on
        left[0] += send - on + lights_in + pcu * bigs_in - in_on - pcu * bigs_out
        left[1] += bigs_out
    return jammed


@njit(cache=True, nogil=True, error_model="numpy")
def find_takes(
    t, outs, out_link, base, count, heavy, cap, lag, lag_part, room, link_first, link_hold,
    closed, stored, places, past_column, take,
):  # fmt: skip
    """Set what each output of a node can take: links, the exit, stores before barriers."""
    depth = count.shape[0]
    columns = outs + 1
    take[outs] = np.inf
    for o in range(outs):
        link = out_link[base + o]
        i = link_first[link]
        here = count[t % depth, i]
        take[o] = min(cap[i], room_until(count, lag, lag_part, room, t, i) - here)
        take[columns + o] = np.inf
        count[(t + 1) % depth, i] = here
        heavy[(t + 1) % 2, i] = heavy[t % 2, i]
        hold = link_hold[link]
        if hold >= 0:
            standing = stored[hold, 0] + stored[hold, 1]
            if closed[link] == CLOSED:
                take[columns + o] = max(0.0, places[hold] - standing)
            elif closed[link] == CLOSED_TO_HEAVY and standing > places[hold]:
                take[o] *= past_column


@njit(cache=True, nogil=True, error_model="numpy")
def find_shares(
    row, outs, out_link, base, link_hold, closed, rate, pcu, turn, at, share, heavy_share
):
    """Set where an input of a node goes; those whom a barrier stops go to the store before it."""
    columns = outs + 1
    for o in range(columns):
        lights, bigs = (1.0 - pcu * rate) * turn[at + o, 0], rate * turn[at + o, 1]
        share[row, o], heavy_share[row, o] = lights + pcu * bigs, bigs
        if o == outs:
            continue
        share[row, columns + o], heavy_share[row, columns + o] = 0.0, 0.0
        link = out_link[base + o]
        if link_hold[link] < 0 or closed[link] == OPEN:
            continue
        stopped = lights if closed[link] == CLOSED else 0.0
        share[row, columns + o], heavy_share[row, columns + o] = pcu * bigs + stopped, bigs
        share[row, o], heavy_share[row, o] = lights - stopped, 0.0


@njit(cache=True, nogil=True, error_model="numpy")
def find_released(
    outs, out_link, base, link_hold, closed, stored, priority, pcu, inputs, send, rate, claim,
    source, share, heavy_share,
):  # fmt: skip
    """Add what open barriers release to the inputs of a node; return how many there are then."""
    for o in range(outs):
        link = out_link[base + o]
        hold = link_hold[link]
        if hold < 0 or closed[link] == CLOSED:
            continue
        lights, bigs = max(0.0, stored[hold, 0]), max(0.0, stored[hold, 1])
        if closed[link] == CLOSED_TO_HEAVY:
            bigs = 0.0
        if lights + bigs <= 0.0:
            continue
        send[inputs] = lights + pcu * bigs
        rate[inputs] = bigs / (send[inputs] + _TINY)
        claim[inputs] = priority[hold]
        source[inputs] = -1 - hold
        share[inputs, :] = 0.0
        heavy_share[inputs, :] = 0.0
        share[inputs, o] = 1.0
        heavy_share[inputs, o] = rate[inputs]
        inputs += 1
    return inputs


@njit(cache=True, nogil=True, error_model="numpy")
def is_constrained(inputs, outputs, send, share, take):
    """Return whether some output of a node cannot take all that is sent to it."""
    for o in range(outputs):
        wished = 0.0
        for i in range(inputs):
            wished += send[i] * share[i, o]
        if wished > take[o]:
            return True
    return False


@njit(cache=True, nogil=True, error_model="numpy")
def move_through_node(
    t, pcu, outs, out_link, base, inputs, count, heavy, link_first, link_last, link_hold,
    own_store, flow, rate, source, share, heavy_share, stored, passed, entered, left,
):  # fmt: skip
    """Book the flows of a node's inputs where they come from and where they go."""
    depth = count.shape[0]
    old, new = count[t % depth], count[(t + 1) % depth]
    columns = outs + 1
    for i in range(inputs):
        bigs = flow[i] * rate[i]
        if source[i] >= 0:
            last = link_last[source[i]]
            new[last] = old[last] + flow[i]
            heavy[(t + 1) % 2, last] = heavy[t % 2, last] + bigs
        else:
            store = -1 - source[i]
            lights = flow[i] - pcu * bigs
            stored[store, 0] -= lights
            stored[store, 1] -= bigs
            passed[store, 0] += lights
            passed[store, 1] += bigs
            if store == own_store:
                entered[0] += lights
                entered[1] += bigs
        for o in range(outs):
            first = link_first[out_link[base + o]]
            new[first] += flow[i] * share[i, o]
            heavy[(t + 1) % 2, first] += flow[i] * heavy_share[i, o]
            hold = link_hold[out_link[base + o]]
            if hold >= 0:
                bigs = flow[i] * heavy_share[i, columns + o]
                stored[hold, 0] += flow[i] * share[i, columns + o] - pcu * bigs
                stored[hold, 1] += bigs
        bigs = flow[i] * heavy_share[i, outs]
        left[0] += flow[i] * share[i, outs] - pcu * bigs
        left[1] += bigs


@njit(cache=True, nogil=True, error_model="numpy")
def write_delay(
    step_h, pcu, free_h, zone_at, zones, link_first, link_last, new, new_heavy, before,
    before_heavy, spent, spent_heavy, delay,
):  # fmt: skip
    """Add the delay of a period to its zones: time spent less time needed at free speed."""
    for k in range(link_first.size):
        for i in range(link_first[k], link_last[k]):
            both = step_h * (spent[i] - spent[i + 1]) - free_h[i] * (new[i + 1] - before[i + 1])
            bigs = step_h * (spent_heavy[i] - spent_heavy[i + 1])
            bigs -= free_h[i] * (new_heavy[i + 1] - before_heavy[i + 1])
            zone = zones[zone_at[i]]
            delay[zone, 0] += both - pcu * bigs
            delay[zone, 1] += bigs
    spent[:] = 0.0
    spent_heavy[:] = 0.0
    before[:] = new
    before_heavy[:] = new_heavy


@njit(cache=True, nogil=True, error_model="numpy")
def jammed_share(held, out, into, wishes, cap, capacity, full_drive, drive, steps, room):
    """Return the share of a jammed cell's length that is queue.

    It is the whole where the queue has passed the upstream border, which shows in a flow there
    below both the border's capacity and what wishes to pass. A cell whose head discharges at
    capacity, and one with the tail, count by the density between the two states in them.
    """
    if out >= capacity * (1 - 1e-6):
        critical, queued = capacity / full_drive, room - into * steps
        share = (held - critical) / max(queued - critical, _TINY)
    elif into < cap * (1 - 1e-6) and into < wishes * (1 - 1e-6):
        share = 1.0
    else:
        free = into / max(drive, _TINY)
        share = (held - free) / max(room - out * steps - free, _TINY)
    return min(1.0, max(0.0, share))


@njit(cache=True, nogil=True, error_model="numpy")
def measure_jams(
    jam_speed, pcu, links, link_first, link_last, cell_km, zone_at, zones, lag, lag_part, room,
    capacity, free_drive, drive, cap, old, new, heavy, zone_km, found,
):  # fmt: skip
    """Fill `found` for a chain: longest jam, its head, all jams, light and heavy vehicles in them.

    Goes from downstream to upstream; jams in cells that follow each other are one.
    """
    position = 0.0
    for j in range(links.size):
        for i in range(link_first[links[j]], link_last[links[j]]):
            position += cell_km[i]
    found[:] = 0.0
    run, run_head = 0.0, 0.0
    for j in range(links.size - 1, -1, -1):
        first = link_first[links[j]]
        for i in range(link_last[links[j]] - 1, first - 1, -1):
            held, out = new[i] - new[i + 1], new[i + 1] - old[i + 1]
            length = 0.0
            if held > 0.01 and out < jam_speed * drive[i] * held:
                wishes = drive[i - 1] * (old[i - 1] - old[i]) if i > first else 0.0
                length = cell_km[i] * jammed_share(
                    held, out, new[i] - old[i], wishes, cap[i], capacity[i], free_drive[i],
                    drive[i], lag[i] + lag_part[i], room[i],
                )  # fmt: skip
            if length > 0.0:
                if run == 0.0:
                    run_head = position
                run += length
                zone_km[zones[zone_at[i]]] += length
                bigs = heavy[i] - heavy[i + 1]
                found[2] += length
                found[3] += held - pcu * bigs
                found[4] += bigs
                if run > found[0]:
                    found[0], found[1] = run, run_head
            else:
                run = 0.0
            position -= cell_km[i]


@njit(cache=True, nogil=True, error_model="numpy")
def run_scenarios(start, stop, net, scenarios, output):  # noqa: C901 - compiled, see above
    """Run scenarios `start` to `stop`, each from an empty road, and fill their output rows."""
    pcu, step_h = net.heavy_pcu, net.step_h
    lag, lag_part, room, cell_km = net.lag, net.lag_part, net.room, net.cell_km
    capacity, free_drive, free_h = net.capacity, net.drive, net.free_h
    zone_at, zones = net.zone_at, net.zones
    run_start, run_stop, run_lag = net.run_start, net.run_stop, net.run_lag
    link_first, link_last, link_hold = net.link_first, net.link_last, net.link_hold
    in_at, in_link, out_at, out_link = net.in_at, net.in_link, net.out_at, net.out_link
    node_last, node_first, node_out = net.node_last, net.node_first, net.node_out
    node_store = net.node_store
    turn_at, turn = net.turn_at, scenarios.turn
    priority, places = net.priority, net.places
    demand, closed = scenarios.demand, scenarios.closed
    steps, track_heavy = scenarios.steps, scenarios.track_heavy

    borders, nodes, stores = free_drive.size, node_store.size, places.size
    depth = np.max(lag) + 2
    widest = 1
    for k in range(nodes):
        ins, outs = in_at[k + 1] - in_at[k], out_at[k + 1] - out_at[k]
        widest = max(widest, ins + outs + 1, 2 * outs + 1)
    count, heavy = np.zeros((depth, borders)), np.zeros((2, borders))
    spent, spent_heavy = np.zeros(borders), np.zeros(borders)
    before, before_heavy = np.zeros(borders), np.zeros(borders)
    drive, cell_cap, cap = np.zeros(borders), np.zeros(borders), np.zeros(borders)
    lost = np.zeros(borders)
    stored, passed, stored_h = np.zeros((stores, 2)), np.zeros((stores, 2)), np.zeros((stores, 2))
    entered, left = np.zeros(2), np.zeros(2)
    zone_km, found = np.zeros(output.jam_km.shape[2]), np.zeros(5)
    send, rate, claim, flow = np.zeros(widest), np.zeros(widest), np.zeros(widest), np.zeros(widest)
    source, waiting = np.zeros(widest, dtype=np.int64), np.zeros(widest, dtype=np.bool_)
    take, held_up = np.zeros(widest), np.zeros(nodes, dtype=np.int64)
    share, heavy_share = np.zeros((widest, widest)), np.zeros((widest, widest))

    for s in range(start, stop):
        for grid in (count, heavy, stored, passed, stored_h):
            grid[:] = 0.0
        for line in (spent, spent_heavy, before, before_heavy, lost, entered, left):
            line[:] = 0.0
        weather, case = scenarios.weather_of[s], scenarios.demand_of[s]
        change, period = scenarios.change_at[s], 0

        for t in range(steps):
            old, new = count[t % depth], count[(t + 1) % depth]
            old_heavy, new_heavy = heavy[t % 2], heavy[(t + 1) % 2]
            hour = min(t // scenarios.weather_steps, scenarios.capacity_factor.shape[1] - 1)
            if t % scenarios.weather_steps == 0:
                refresh_weather(
                    scenarios.capacity_factor[weather, hour],
                    scenarios.speed_factor[weather, hour],
                    capacity, free_drive, zone_at, zones, link_first, link_last, lost, cell_cap,
                    drive, cap,
                )  # fmt: skip
            while change < scenarios.change_at[s + 1] and scenarios.change_step[change] <= t:
                apply_change(
                    scenarios.change_border[change], scenarios.change_lost[change], lost, cell_cap,
                    cap, link_first, link_last,
                )  # fmt: skip
                change += 1
            for k in range(stores):
                for c in range(2):
                    stored_h[k, c] += 0.5 * stored[k, c] * step_h
            part = min(t // scenarios.demand_steps, demand.shape[1] - 1)
            for k in range(demand.shape[2]):
                for c in range(2):
                    stored[k, c] += demand[case, part, k, c] * step_h

            advance_cells(t, count, run_start, run_stop, run_lag, drive, lag_part, room, cap)
            if track_heavy:
                advance_heavy(new_heavy, old_heavy, new, old)

            turns = turn[min(part, turn.shape[0] - 1)]
            shut = closed[weather, hour]
            jammed = pass_plain_nodes(
                t, pcu, count, heavy, drive, cap, lag, lag_part, room, node_last, node_first,
                node_out, node_store, link_hold, shut, turn_at, turns, stored, passed, entered,
                left, held_up,
            )  # fmt: skip
            for n in range(jammed):
                k = held_up[n]
                base = out_at[k]
                ins, outs = in_at[k + 1] - in_at[k], out_at[k + 1] - base
                outputs = 2 * outs + 1
                find_takes(
                    t, outs, out_link, base, count, heavy, cap, lag, lag_part, room, link_first,
                    link_hold, shut, stored, places, net.past_column, take,
                )  # fmt: skip
                inputs = 0
                for row in range(ins + 1):
                    if row < ins:
                        source[row] = in_link[in_at[k] + row]
                        i = link_last[source[row]]
                        held = old[i - 1] - old[i]
                        send[row] = min(drive[i - 1] * held, cap[i])
                        rate[row] = (old_heavy[i - 1] - old_heavy[i]) / (held + _TINY)
                        claim[row] = cell_cap[i - 1]
                    elif node_store[k] >= 0:
                        store = node_store[k]
                        bigs = max(0.0, stored[store, 1])
                        source[row] = -1 - store
                        send[row] = max(0.0, stored[store, 0]) + pcu * bigs
                        rate[row] = bigs / (send[row] + _TINY)
                        claim[row] = priority[store]
                    else:
                        continue
                    find_shares(
                        row, outs, out_link, base, link_hold, shut, rate[row], pcu, turns,
                        turn_at[k] + row * (outs + 1), share, heavy_share,
                    )  # fmt: skip
                    inputs += 1
                inputs = find_released(
                    outs, out_link, base, link_hold, shut, stored, priority, pcu, inputs, send,
                    rate, claim, source, share, heavy_share,
                )  # fmt: skip
                if is_constrained(inputs, outputs, send, share, take):
                    solve_node(inputs, outputs, send, claim, share, take, flow, waiting)
                else:
                    for row in range(inputs):
                        flow[row] = send[row]
                move_through_node(
                    t, pcu, outs, out_link, base, inputs, count, heavy, link_first, link_last,
                    link_hold, node_store[k], flow, rate, source, share, heavy_share, stored,
                    passed, entered, left,
                )  # fmt: skip

            add_to(spent, old)
            if track_heavy:
                add_to(spent_heavy, old_heavy)
            for k in range(stores):
                for c in range(2):
                    stored_h[k, c] += 0.5 * stored[k, c] * step_h
            final = t + 1 == steps
            if (t + 1) % scenarios.sample_steps == 0 or final:
                zone_km[:] = 0.0
                for k in range(net.chain_at.size - 1):
                    measure_jams(
                        scenarios.jam_speed, pcu,
                        net.chain_link[net.chain_at[k] : net.chain_at[k + 1]], link_first,
                        link_last, cell_km, zone_at, zones, lag, lag_part, room, capacity,
                        free_drive, drive, cap, old, new, new_heavy, zone_km, found,
                    )  # fmt: skip
                    if found[0] > output.longest_km[s, period, k]:
                        output.longest_km[s, period, k] = found[0]
                        output.head_km[s, period, k] = found[1]
                    if found[2] > output.queue_km[s, period, k]:
                        output.queue_km[s, period, k] = found[2]
                        output.queue_veh[s, period, k, 0] = found[3]
                        output.queue_veh[s, period, k, 1] = found[4]
                for k in range(zone_km.size):
                    if zone_km[k] > output.jam_km[s, period, k]:
                        output.jam_km[s, period, k] = zone_km[k]
            if (t + 1) % scenarios.output_steps == 0 or final:
                write_delay(
                    step_h, pcu, free_h, zone_at, zones, link_first, link_last, new, new_heavy,
                    before, before_heavy, spent, spent_heavy, output.delay[s, period],
                )  # fmt: skip
                output.stored[s, period] = stored
                output.passed[s, period] = passed
                output.stored_h[s, period] = stored_h
                stored_h[:] = 0.0
                period += 1

        for k in range(link_first.size):
            both = before[link_first[k]] - before[link_last[k]]
            bigs = before_heavy[link_first[k]] - before_heavy[link_last[k]]
            output.on_road[s, 0] += both - pcu * bigs
            output.on_road[s, 1] += bigs
        output.entered[s] = entered
        output.left[s] = left
