"""A problem brought into the form the search works on: one graph of states for all classes.

A state is a node of one class, and for classes that need refills also the passes left in the
load. Arcs of all classes stand in one list sorted by the state they leave. Waiting a slot is
possible everywhere and needs no arc.

Classes that may pass the same items at the same moments form a **rank**: only ranks matter for
the items, and prices are kept by rank.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from roadplan.winter.problem import Problem

Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]

PLOUGH: Final = 0
TRAVEL: Final = 1
REFILL: Final = 2


@dataclass(frozen=True)
class Network:
    """The compiled problem.

    Parameters
    ----------
    slots, items, ranks, states, crews
        Sizes: T, J, R, S, C.
    cost
        Shape (J, T + 1, T + 1), float64.
    since
        Shape (R, J, T + 1): as `passable_since`, by rank.
    first
        Shape (S + 1,): the arcs of state s are ``first[s]:first[s + 1]``.
    arc_to, arc_slots, arc_item, arc_cost, arc_opens, arc_closes
        Shape (A,); `arc_item` is −1 where nothing is cleared.
    arc_pair
        Shape (A,): rank · J + item of a pass, −1 otherwise.
    arc_kind, arc_source
        Shape (A,): :data:`PLOUGH`, :data:`TRAVEL` or :data:`REFILL`, and the arc of the problem.
    crew_state, crew_from, crew_until, crew_duty, crew_rank, crew_class
        Shape (C,). `crew_duty` is the longest duty where it is shorter than the window, else 0.
    crew_goal
        Shape (C,): row of `goal`.
    goal
        Shape (G, S): the states in which a crew may end.
    state_node, state_class
        Shape (S,).
    class_first
        Shape (K + 1,): the states of class k are ``class_first[k]:class_first[k + 1]``.
    """

    slots: int
    items: int
    ranks: int
    states: int
    crews: int
    cost: Floats
    since: npt.NDArray[np.int32]
    first: Ints
    arc_to: Ints
    arc_slots: Ints
    arc_item: Ints
    arc_cost: Floats
    arc_opens: Ints
    arc_closes: Ints
    arc_pair: Ints
    arc_kind: Ints
    arc_source: Ints
    crew_state: Ints
    crew_from: Ints
    crew_until: Ints
    crew_duty: Ints
    crew_rank: Ints
    crew_class: Ints
    crew_goal: Ints
    goal: npt.NDArray[np.bool_]
    state_node: Ints
    state_class: Ints
    class_first: Ints


def compile_network(problem: Problem) -> Network:
    """Return the compiled form of a problem."""
    rank_of_class, since = _ranks(problem)
    levels = problem.class_passes_per_load + 1
    levels = np.where(problem.class_passes_per_load == 0, 1, levels)
    nodes = len(problem.node_name)
    base = np.concatenate([[0], np.cumsum(levels * nodes)])
    arcs = _arcs(problem, base, levels, nodes)
    order = np.lexsort((arcs["to"], arcs["slots"], arcs["kind"], arcs["from"]))
    arcs = {name: column[order] for name, column in arcs.items()}
    states = int(base[-1])
    state_class = np.repeat(np.arange(len(levels)), levels * nodes)
    state_node = (
        np.concatenate([np.tile(np.arange(nodes), level) for level in levels])
        if len(levels)
        else np.zeros(0, dtype=np.int64)
    )
    crew_class = problem.crew_class
    full = base[crew_class] + (levels[crew_class] - 1) * nodes + problem.crew_node
    ends, crew_goal = np.unique(problem.crew_end_node, return_inverse=True)
    goal = (ends[:, None] < 0) | (state_node[None] == ends[:, None])
    window = problem.crew_until - problem.crew_from
    duty = np.where(problem.crew_longest_duty < window, problem.crew_longest_duty, 0)
    rank = rank_of_class[state_class[arcs["from"]]] if states else arcs["from"]
    pair = np.where(arcs["item"] >= 0, rank * problem.items + arcs["item"], -1)
    return Network(
        slots=problem.slots,
        items=problem.items,
        ranks=since.shape[0],
        states=states,
        crews=problem.crews,
        cost=np.ascontiguousarray(problem.cost, dtype=np.float64),
        since=since,
        first=_int(np.searchsorted(arcs["from"], np.arange(states + 1))),
        arc_to=_int(arcs["to"]),
        arc_slots=_int(arcs["slots"]),
        arc_item=_int(arcs["item"]),
        arc_cost=arcs["cost"].astype(np.float64),
        arc_opens=_int(arcs["opens"]),
        arc_closes=_int(arcs["closes"]),
        arc_pair=_int(pair),
        arc_kind=_int(arcs["kind"]),
        arc_source=_int(arcs["source"]),
        crew_state=_int(full),
        crew_from=problem.crew_from,
        crew_until=problem.crew_until,
        crew_duty=_int(duty),
        crew_rank=_int(rank_of_class[crew_class]),
        crew_class=problem.crew_class,
        crew_goal=_int(crew_goal),
        goal=goal,
        state_node=_int(state_node),
        state_class=_int(state_class),
        class_first=_int(base),
    )


def _int(values: Any) -> Ints:
    return np.ascontiguousarray(values, dtype=np.int32)


def _ranks(problem: Problem) -> tuple[Ints, Ints]:
    """Return the rank of each class and, by rank, since when an item is passable."""
    count = len(problem.class_name)
    shape = (count, problem.items, problem.slots + 1)
    moments = np.arange(problem.slots + 1)
    since = np.minimum(problem.passable_since, moments).astype(np.int32).reshape(shape)
    able = np.zeros((count, problem.items), dtype=bool)
    able[problem.plough_class, problem.plough_item] = True
    # What a class has no arc for does not tell classes apart.
    effective = np.where(able[:, :, None], since, 0)
    if count == 0:
        return _int([]), np.zeros((1, problem.items, problem.slots + 1), dtype=np.int32)
    distinct, rank = np.unique(effective.reshape(count, -1), axis=0, return_inverse=True)
    ranks = distinct.reshape(-1, problem.items, problem.slots + 1)
    return _int(rank.reshape(-1)), np.ascontiguousarray(ranks, dtype=np.int32)


def _arcs(problem: Problem, base: Any, levels: Any, nodes: int) -> dict[str, npt.NDArray[Any]]:
    """Return the arcs between states, unsorted, as columns."""
    columns: dict[str, list[npt.NDArray[Any]]] = {
        name: []
        for name in ("from", "to", "slots", "item", "cost", "opens", "closes", "kind", "source")
    }

    def add(**values: Any) -> None:
        size = np.size(values["from"])
        for name, column in columns.items():
            column.append(np.broadcast_to(np.asarray(values[name]), (size,)))

    horizon = problem.slots + 1
    for k, level_count in enumerate(levels):
        mine = np.flatnonzero(problem.travel_class == k)
        down = np.flatnonzero(problem.plough_class == k)
        item = problem.plough_item[down]
        for level in range(level_count):
            here = base[k] + level * nodes
            add(
                **{
                    "from": here + problem.travel_from[mine],
                    "to": here + problem.travel_to[mine],
                    "slots": problem.travel_slots[mine],
                    "item": -1,
                    "cost": problem.travel_cost[mine],
                    "opens": problem.travel_opens[mine],
                    "closes": problem.travel_closes[mine],
                    "kind": TRAVEL,
                    "source": mine,
                }
            )
            if level_count > 1 and level < level_count - 1:
                places = np.flatnonzero(problem.refill_node[k])
                add(
                    **{
                        "from": here + places,
                        "to": base[k] + (level_count - 1) * nodes + places,
                        "slots": problem.class_refill_slots[k],
                        "item": -1,
                        "cost": 0.0,
                        "opens": 0,
                        "closes": horizon,
                        "kind": REFILL,
                        "source": -1,
                    }
                )
            if level_count > 1 and level == 0:
                continue
            there = here - nodes if level_count > 1 else here
            add(
                **{
                    "from": here + problem.item_from[item],
                    "to": there + problem.item_to[item],
                    "slots": problem.plough_slots[down],
                    "item": item,
                    "cost": problem.plough_cost[down],
                    "opens": problem.plough_opens[down],
                    "closes": problem.plough_closes[down],
                    "kind": PLOUGH,
                    "source": down,
                }
            )
    empty: npt.NDArray[np.int64] = np.zeros(0, dtype=np.int64)
    return {name: np.concatenate(parts) if parts else empty for name, parts in columns.items()}
