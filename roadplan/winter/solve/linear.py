"""The flow model of a problem for MathOpt: its linear relaxation and pieces of it.

Variables are the intervals y[j, r, t1, t2] of every item (bought from rank r; the last one up to
the end of the horizon is bought from nobody) and the flow x of crews over arcs and waits in
space and time, one commodity for crews that must end alike. The rows keep both flows and let an
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


@dataclass(frozen=True)
class Variables:
    """What the columns of a flow model stand for.

    Parameters
    ----------
    y_item, y_rank, y_before, y_after
        Shape (Y,). The intervals; `y_rank` is −1 for the last one of a night.
    x_arc, x_state, x_time, x_group
        Shape (X,). The crews' arcs, `x_arc` −1 for a wait of one slot in `x_state`.
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


def item_intervals(network: Network, keep: Mask | None = None) -> tuple[Ints, Ints, Ints, Ints]:
    """Return all intervals (item, rank, before, after) an item may choose.

    Parameters
    ----------
    network
        The compiled problem.
    keep
        Shape (J, T + 1, T + 1): which to keep; all where absent.
    """
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
    if keep is not None:
        chosen = keep[columns[0], columns[2], columns[3]]
        columns = [column[chosen] for column in columns]
    return columns[0], columns[1], columns[2], columns[3]


def crew_groups(network: Network) -> tuple[list[tuple[int, int]], Ints]:
    """Return the (goal, until) of each commodity and the commodity of each crew."""
    keys = sorted({(int(g), int(u)) for g, u in zip(network.crew_goal, network.crew_until, strict=True)})
    index = {key: i for i, key in enumerate(keys)}
    pairs = zip(network.crew_goal, network.crew_until, strict=True)
    return keys, np.array([index[int(g), int(u)] for g, u in pairs], dtype=np.int64)


def crew_columns(network: Network) -> tuple[Ints, Ints, Ints, Ints]:
    """Return all crew columns (arc or wait, state, moment, commodity) reachable in time."""
    keys, of_crew = crew_groups(network)
    state_of_arc = np.repeat(np.arange(network.states), np.diff(network.first))
    parts = []
    for group, (goal, until) in enumerate(keys):
        mine = np.flatnonzero(of_crew == group)
        reach = reachable(network, mine, until)
        back = returning(network, goal, until)
        for t in range(until):
            arc = np.flatnonzero(
                reach[t][state_of_arc]
                & (t >= network.arc_opens)
                & (t < network.arc_closes)
                & (t + network.arc_slots <= until)
            )
            arc = arc[back[t + network.arc_slots[arc], network.arc_to[arc]]]
            rest = np.flatnonzero(reach[t] & back[t + 1])
            size = arc.size + rest.size
            parts.append(
                (
                    np.concatenate([arc, np.full(rest.size, WAIT)]),
                    np.concatenate([state_of_arc[arc], rest]),
                    np.full(size, t),
                    np.full(size, group),
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
    back = np.zeros((network.slots + 1, network.states), dtype=bool)
    back[until] = network.goal[goal]
    state_of_arc = np.repeat(np.arange(network.states), np.diff(network.first))
    for t in range(until - 1, -1, -1):
        back[t] |= back[t + 1]
        arc = np.flatnonzero(
            (t >= network.arc_opens) & (t < network.arc_closes) & (t + network.arc_slots <= until)
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


def flow_model(network: Network, *, whole: bool = False) -> FlowModel:
    """Return the flow model of a problem, with whole crews if `whole`."""
    variables = Variables(*item_intervals(network), *crew_columns(network))
    return assemble(network, variables, whole=whole)


def assemble(network: Network, variables: Variables, *, whole: bool) -> FlowModel:
    """Return the MathOpt proto over some columns."""
    size = network.slots + 1
    v = variables
    keys, of_crew = crew_groups(network)
    item_row = v.y_item * size
    crew_first = network.items * size
    state_rows = len(keys) * size * network.states
    coupling = crew_first + state_rows
    arc = np.maximum(v.x_arc, 0)
    waits = v.x_arc == WAIT
    span = np.where(waits, 1, network.arc_slots[arc]) if arc.size else arc
    head = np.where(waits, v.x_state, network.arc_to[arc]) if arc.size else arc
    pair = np.where(waits, -1, network.arc_pair[arc]) if arc.size else arc
    place = crew_first + v.x_group * size * network.states
    x_column = v.intervals + np.arange(v.x_arc.size)
    y_column = np.arange(v.intervals)
    bought = v.y_rank >= 0
    buys = coupling + (v.y_rank * network.items + v.y_item) * size + v.y_after
    sells = (pair >= 0) & (v.x_time + span < network.slots)
    entries = [
        (item_row + v.y_before, y_column, 1.0),
        ((item_row + v.y_after), y_column, -1.0),
        (place + v.x_time * network.states + v.x_state, x_column, 1.0),
        (place + (v.x_time + span) * network.states + head, x_column, -1.0),
        (buys[bought], y_column[bought], 1.0),
        ((coupling + pair * size + v.x_time + span)[sells], x_column[sells], -1.0),
    ]
    rows = np.concatenate([e[0] for e in entries])
    columns = np.concatenate([e[1] for e in entries])
    values = np.concatenate([np.full(e[0].size, e[2]) for e in entries])
    low, high = _row_bounds(network, keys, of_crew, coupling)
    objective = np.concatenate(
        [
            network.cost[v.y_item, v.y_before, v.y_after],
            np.where(waits, 0.0, network.arc_cost[arc]) if arc.size else arc.astype(float),
        ]
    )
    integer = np.zeros(v.size, dtype=bool)
    integer[v.intervals :] = whole
    most = np.concatenate([np.ones(v.intervals), np.full(v.x_arc.size, float(network.crews))])
    proto = model_proto(rows, columns, values, low, high, objective, most, integer)
    return FlowModel(proto=proto, variables=v, coupling_first=coupling)


def _row_bounds(
    network: Network, keys: list[tuple[int, int]], of_crew: Ints, coupling: int
) -> tuple[Floats, Floats]:
    """Return the bounds of all rows: item flow, crew flow, coupling."""
    size = network.slots + 1
    rows = coupling + network.ranks * network.items * size
    low, high = np.zeros(rows), np.zeros(rows)
    starts = np.arange(network.items) * size
    low[starts] = high[starts] = 1.0
    low[starts + network.slots] = high[starts + network.slots] = -1.0
    for crew in range(network.crews):
        group = of_crew[crew]
        place = network.items * size + group * size * network.states
        row = place + network.crew_from[crew] * network.states + network.crew_state[crew]
        low[row] += 1.0
        high[row] += 1.0
    for group, (goal, until) in enumerate(keys):
        place = network.items * size + group * size * network.states + until * network.states
        low[place + np.flatnonzero(network.goal[goal])] -= float((of_crew == group).sum())
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
