"""The flow model of a problem for MathOpt: its linear relaxation and pieces of it.

Variables are the intervals y[j, r, t1, t2] of every item (bought from rank r; the last one up to
the end of the horizon is bought from nobody) and the flow x of crews over arcs and waits in
space and time. The rows keep both flows and let an
item buy only passes that crews make. Only x need be whole: given it, y is a shortest path.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from roadplan.winter.solve.network import Network

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

WAIT: Final = -1
"""A crew column that stays a slot where it is."""

LEAVE: Final = -2
"""A crew column that ends a crew's night."""


@dataclass(frozen=True)
class Variables:
    """What the columns of a flow model stand for.

    Parameters
    ----------
    y_item, y_rank, y_before, y_after
        Shape (Y,). The intervals; `y_rank` is −1 for the last one of a night.
    x_arc, x_state, x_time, x_group
        Shape (X,). The crews' moves: an arc, :data:`WAIT` or :data:`LEAVE`; `x_group` is the
        ending of the last.
    """

    y_item: Ints
    y_rank: Ints
    y_before: Ints
    y_after: Ints
    x_arc: Ints
    x_state: Ints
    x_time: Ints
    x_group: Ints

    @property
    def intervals(self) -> int:
        """Number of interval columns; the crews' columns follow them."""
        return int(self.y_item.size)

    @property
    def size(self) -> int:
        """Number of columns."""
        return int(self.y_item.size + self.x_arc.size)

    def chosen(self, y: Mask, x: Mask) -> Variables:
        """Return some of the columns."""
        return Variables(
            self.y_item[y],
            self.y_rank[y],
            self.y_before[y],
            self.y_after[y],
            self.x_arc[x],
            self.x_state[x],
            self.x_time[x],
            self.x_group[x],
        )


def item_intervals(network: Network) -> tuple[Ints, Ints, Ints, Ints]:
    """Return all intervals (item, rank, before, after) an item may choose."""
    slots = network.slots
    before, after = np.triu_indices(slots + 1, 1)
    parts = []
    for rank in range(network.ranks):
        ok = network.since[rank][:, after] <= before[None]
        ok &= after[None] < slots
        item, which = np.nonzero(ok)
        parts.append((item, np.full(item.size, rank), before[which], after[which]))
    item, which = np.nonzero(np.broadcast_to(after == slots, (network.items, after.size)))
    parts.append((item, np.full(item.size, -1), before[which], after[which]))
    columns = [np.concatenate([part[i] for part in parts]).astype(np.int64) for i in range(4)]
    return columns[0], columns[1], columns[2], columns[3]


def endings(network: Network) -> list[tuple[int, int, int, int]]:
    """Return how crews end: (class, goal, until, number of crews), in order.

    Crews whose longest duty is shorter than their window are taken to work all through it, which
    only relaxes the model.
    """
    found: dict[tuple[int, int, int], int] = {}
    for crew in range(network.crews):
        key = (
            int(network.crew_class[crew]),
            int(network.crew_goal[crew]),
            int(network.crew_until[crew]),
        )
        found[key] = found.get(key, 0) + 1
    return [(*key, count) for key, count in sorted(found.items())]


def crew_columns(network: Network) -> tuple[Ints, Ints, Ints, Ints]:
    """Return all crew columns (arc, :data:`WAIT` or :data:`LEAVE`; state; moment; ending).

    All crews are one flow; only where they leave it tells endings apart.
    """
    state_of_arc = np.repeat(np.arange(network.states), np.diff(network.first))
    ends = endings(network)
    last = max((until for _, _, until, _ in ends), default=0)
    reach = reachable(network, np.arange(network.crews), last)
    leaves = np.zeros((network.slots + 1, network.states), dtype=bool)
    parts = []
    for number, (k, goal, until, _) in enumerate(ends):
        states = np.flatnonzero(network.goal[goal] & (network.state_class == k) & reach[until])
        # A crew that never moves need not end anywhere: it leaves where it began.
        idle = network.crew_state[(network.crew_class == k) & (network.crew_until == until)]
        states = np.union1d(states, idle)
        leaves[until, states] = True
        size = states.size
        parts.append((np.full(size, LEAVE), states, np.full(size, until), np.full(size, number)))
    back = _returning(network, leaves)
    for t in range(last):
        arc = np.flatnonzero(
            reach[t][state_of_arc]
            & (t >= network.arc_opens)
            & (t < network.arc_closes)
            & (t + network.arc_slots <= last)
        )
        arc = arc[back[t + network.arc_slots[arc], network.arc_to[arc]]]
        rest = np.flatnonzero(reach[t] & back[t + 1])
        size = arc.size + rest.size
        parts.append(
            (
                np.concatenate([arc, np.full(rest.size, WAIT)]),
                np.concatenate([state_of_arc[arc], rest]),
                np.full(size, t),
                np.full(size, -1),
            )
        )
    if not parts:
        nothing: Ints = np.zeros(0, dtype=np.int64)
        return nothing, nothing, nothing, nothing
    columns = [np.concatenate([part[i] for part in parts]).astype(np.int64) for i in range(4)]
    return columns[0], columns[1], columns[2], columns[3]


def reachable(network: Network, crews: Ints, until: int, *, begin: int = 0) -> Mask:
    """Return shape (T + 1, S): where any of some crews can stand, not leaving before `begin`."""
    reach = np.zeros((network.slots + 1, network.states), dtype=bool)
    reach[np.maximum(network.crew_from[crews], begin), network.crew_state[crews]] = True
    state_of_arc = np.repeat(np.arange(network.states), np.diff(network.first))
    for t in range(until):
        reach[t + 1] |= reach[t]
        arc = np.flatnonzero(
            reach[t][state_of_arc]
            & (t >= network.arc_opens)
            & (t < network.arc_closes)
            & (t + network.arc_slots <= until)
        )
        reach[t + network.arc_slots[arc], network.arc_to[arc]] = True
    return reach


def returning(network: Network, goal: int, until: int) -> Mask:
    """Return shape (T + 1, S): from where the goal can still be reached by `until`."""
    leaves = np.zeros((network.slots + 1, network.states), dtype=bool)
    leaves[until] = network.goal[goal]
    return _returning(network, leaves)


def _returning(network: Network, leaves: Mask) -> Mask:
    """Return shape (T + 1, S): from where some leaving place can still be reached."""
    back = leaves.copy()
    state_of_arc = np.repeat(np.arange(network.states), np.diff(network.first))
    for t in range(network.slots - 1, -1, -1):
        back[t] |= back[t + 1]
        arc = np.flatnonzero(
            (t >= network.arc_opens)
            & (t < network.arc_closes)
            & (t + network.arc_slots <= network.slots)
        )
        arc = arc[back[t + network.arc_slots[arc], network.arc_to[arc]]]
        back[t, state_of_arc[arc]] = True
    return back


@dataclass(frozen=True)
class FlowModel:
    """A flow model: its MathOpt proto, its columns and where its coupling rows stand.

    Parameters
    ----------
    proto
        A MathOpt ``ModelProto``.
    variables
        What its columns mean.
    coupling_first
        The first coupling row; row ``coupling_first + q · (T + 1) + t`` belongs to pair q at t.
    """

    proto: Any
    variables: Variables
    coupling_first: int


def crew_ends(network: Network, variables: Variables) -> tuple[Ints, Ints, Ints]:
    """Return for each crew column the moment and state it leads to and the pair it passes.

    Leaving leads nowhere (state −1); no pass is −1.
    """
    moves = variables.x_arc >= 0
    arc = np.maximum(variables.x_arc, 0)
    if not arc.size or not network.arc_to.size:
        empty = np.full(arc.size, -1, dtype=np.int64)
        rests = variables.x_arc == WAIT
        return variables.x_time + rests, np.where(rests, variables.x_state, -1), empty
    rests = variables.x_arc == WAIT
    moment = variables.x_time + np.where(moves, network.arc_slots[arc], rests)
    head = np.where(moves, network.arc_to[arc], np.where(rests, variables.x_state, -1))
    return moment, head, np.where(moves, network.arc_pair[arc], -1).astype(np.int64)


def assemble(network: Network, variables: Variables, *, whole: bool) -> FlowModel:
    """Return the MathOpt proto over some columns."""
    size = network.slots + 1
    v = variables
    ends = endings(network)
    item_row = v.y_item * size
    crew_first = network.items * size
    leave_first = crew_first + size * network.states
    coupling = leave_first + len(ends)
    moment, head, pair = crew_ends(network, v)
    leaves = v.x_arc == LEAVE
    x_column = v.intervals + np.arange(v.x_arc.size)
    y_column = np.arange(v.intervals)
    bought = v.y_rank >= 0
    buys = coupling + (v.y_rank * network.items + v.y_item) * size + v.y_after
    sells = (pair >= 0) & (moment < network.slots)
    arrival = crew_first + moment * network.states + head
    entries = [
        (item_row + v.y_before, y_column, 1.0),
        (item_row + v.y_after, y_column, -1.0),
        (crew_first + v.x_time * network.states + v.x_state, x_column, 1.0),
        (arrival[~leaves], x_column[~leaves], -1.0),
        (leave_first + v.x_group[leaves], x_column[leaves], 1.0),
        (buys[bought], y_column[bought], 1.0),
        ((coupling + pair * size + moment)[sells], x_column[sells], -1.0),
    ]
    rows = np.concatenate([e[0] for e in entries])
    columns = np.concatenate([e[1] for e in entries])
    values = np.concatenate([np.full(e[0].size, e[2]) for e in entries])
    low, high = _row_bounds(network, coupling)
    moving = np.zeros(v.x_arc.size)
    moving[v.x_arc >= 0] = network.arc_cost[v.x_arc[v.x_arc >= 0]]
    objective = np.concatenate([network.cost[v.y_item, v.y_before, v.y_after], moving])
    integer = np.zeros(v.size, dtype=bool)
    integer[v.intervals :] = whole
    most = np.concatenate([np.ones(v.intervals), np.full(v.x_arc.size, float(network.crews))])
    proto = model_proto(rows, columns, values, low, high, objective, most, integer)
    return FlowModel(proto=proto, variables=v, coupling_first=coupling)


def _row_bounds(network: Network, coupling: int) -> tuple[Floats, Floats]:
    """Return the bounds of all rows: item flow, crew flow, leaving, coupling."""
    size = network.slots + 1
    rows = coupling + network.ranks * network.items * size
    low, high = np.zeros(rows), np.zeros(rows)
    starts = np.arange(network.items) * size
    low[starts] = high[starts] = 1.0
    low[starts + network.slots] = high[starts + network.slots] = -1.0
    begin = network.items * size + network.crew_from * network.states + network.crew_state
    np.add.at(low, begin, 1.0)
    np.add.at(high, begin, 1.0)
    for number, (_, _, _, count) in enumerate(endings(network)):
        row = network.items * size + size * network.states + number
        low[row] = high[row] = float(count)
    low[coupling:] = -np.inf
    return low, high


def model_proto(
    rows: Ints,
    columns: Ints,
    values: Floats,
    low: Floats,
    high: Floats,
    objective: Floats,
    most: Floats,
    integer: Mask,
) -> Any:
    """Return a MathOpt ``ModelProto`` of a minimisation over columns in ``[0, most]``."""
    from ortools.math_opt import model_pb2

    order = np.lexsort((columns, rows))
    proto = model_pb2.ModelProto()
    proto.variables.ids.extend(range(most.size))
    proto.variables.lower_bounds.extend(np.zeros(most.size).tolist())
    proto.variables.upper_bounds.extend(most.tolist())
    proto.variables.integers.extend(integer.tolist())
    used = np.flatnonzero(objective)
    proto.objective.linear_coefficients.ids.extend(used.tolist())
    proto.objective.linear_coefficients.values.extend(objective[used].tolist())
    proto.linear_constraints.ids.extend(range(low.size))
    proto.linear_constraints.lower_bounds.extend(low.tolist())
    proto.linear_constraints.upper_bounds.extend(high.tolist())
    proto.linear_constraint_matrix.row_ids.extend(rows[order].tolist())
    proto.linear_constraint_matrix.column_ids.extend(columns[order].tolist())
    proto.linear_constraint_matrix.coefficients.extend(values[order].tolist())
    return proto
