"""The way through the lattice that best follows a line.

The line is taken in legs. In each, all nodes within reach are spread over by Dijkstra's
algorithm, where a metre costs the more the farther it is from that leg; from leg to leg one
passes at any node, at a price that grows with the distance from the border between them. So the
way keeps to the order of the line even where the line meets itself, as on a ring road.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

import numpy as np
import shapely

from roadplan.corridor._geodesic import Floats
from roadplan.corridor.osm.lattice import Indices, Lattice
from roadplan.corridor.osm.plane import along, line_tree, point_shapes, point_tree
from roadplan.errors import RoadplanError

_LEG_M = 5_000.0
_LEAST_LEGS = 8
_FARTHEST = 5.0
"""A road farther off than so many times the scale costs no more: the route may have moved."""
_BORDER_PER_M = 2.0
"""What passing between legs costs for each metre from their border. Going there and back along
a side road costs at least as much, so no detour pays."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Trace:
    """A way through a lattice.

    Parameters
    ----------
    nodes
        Its nodes in order, shape (n,).
    arcs
        The arcs between them, shape (n − 1,).
    """

    nodes: Indices
    arcs: Indices


def follow(
    lattice: Lattice,
    guide: Floats,
    starts: Mapping[int, float],
    goals: Mapping[int, float],
    *,
    reach_m: float,
    scale_m: float,
) -> Trace:
    """Return the cheapest way along a line.

    Parameters
    ----------
    lattice
        Where to go.
    guide
        The line on the plane, shape (k, 2), in the direction of travel.
    starts, goals
        Node → what it costs to begin or to end there.
    reach_m
        Nodes farther from a leg are not passed in it.
    scale_m
        At this distance from the line a metre costs twice as much as on it.

    Raises
    ------
    RoadplanError
        There is no way.
    """
    spread = _Spread(lattice)
    legs = _legs(guide)
    cost = dict(starts)
    passed: list[dict[int, int]] = []
    for number, leg in enumerate(legs):
        if number:
            nodes = np.fromiter(cost, dtype=np.intp, count=len(cost))
            away = np.hypot(*(lattice.xy[nodes] - leg[0]).T)
            rising = np.fromiter(cost.values(), dtype=float, count=len(cost))
            rising = rising + _BORDER_PER_M * away
            cost = dict(zip(nodes.tolist(), rising.tolist(), strict=True))
        cost, via = spread(cost, _factors(lattice, spread.tree, leg, reach_m, scale_m))
        passed.append(via)
    ends = {node: cost[node] + extra for node, extra in goals.items() if node in cost}
    if not ends:
        raise RoadplanError("the roads found do not lead from one end of the route to the other")
    return _traced(lattice, passed, min(ends, key=lambda node: ends[node]))


def _legs(guide: Floats) -> list[Floats]:
    at = along(guide)
    count = int(max(_LEAST_LEGS, np.ceil(at[-1] / _LEG_M)))
    count = int(np.clip(count, 1, max(1, at[-1] // 100)))
    borders = np.linspace(0, at[-1], count + 1)
    corners = np.column_stack([np.interp(borders, at, guide[:, i]) for i in (0, 1)])
    legs = []
    for i in range(count):
        inside = guide[(at > borders[i]) & (at < borders[i + 1])]
        legs.append(np.concatenate((corners[i : i + 1], inside, corners[i + 1 : i + 2])))
    return legs


def _factors(
    lattice: Lattice, tree: shapely.STRtree, leg: Floats, reach_m: float, scale_m: float
) -> dict[int, float]:
    """Return for each node within reach of a leg what its distance multiplies costs by."""
    low, high = leg.min(axis=0) - reach_m, leg.max(axis=0) + reach_m
    near = np.sort(tree.query(shapely.box(*low, *high)))
    (found, _), away = line_tree(leg).query_nearest(
        point_shapes(lattice.xy[near]),
        max_distance=reach_m,
        return_distance=True,
        all_matches=False,
    )
    factor = 1 + np.minimum(away / scale_m, _FARTHEST)
    return dict(zip(near[found].tolist(), factor.tolist(), strict=True))


class _Spread:
    """Dijkstra's algorithm over the arcs of a lattice (Dijkstra 1959), from many nodes at once."""

    def __init__(self, lattice: Lattice) -> None:
        self.tree = point_tree(lattice.xy)
        self._first = lattice.first.tolist()
        self._head = lattice.head.tolist()
        self._weight = lattice.weight.tolist()

    def __call__(
        self, initial: Mapping[int, float], factor: Mapping[int, float]
    ) -> tuple[dict[int, float], dict[int, int]]:
        """Return the least cost of each node, and the arc by which it is reached if any."""
        best = {node: cost for node, cost in initial.items() if node in factor}
        via: dict[int, int] = {}
        done: set[int] = set()
        heap = [(cost, node) for node, cost in best.items()]
        heapify(heap)
        while heap:
            cost, node = heappop(heap)
            if node in done:
                continue
            done.add(node)
            half = factor[node] / 2
            for arc in range(self._first[node], self._first[node + 1]):
                head = self._head[arc]
                if head not in factor or head in done:
                    continue
                reached = cost + self._weight[arc] * (half + factor[head] / 2)
                if reached < best.get(head, np.inf):
                    best[head] = reached
                    via[head] = arc
                    heappush(heap, (reached, head))
        return best, via


def _traced(lattice: Lattice, passed: list[dict[int, int]], goal: int) -> Trace:
    """Walk back from the goal, leg by leg, and take out what is gone there and back."""
    arcs: list[int] = []
    node = goal
    for via in reversed(passed):
        while node in via:
            arcs.append(via[node])
            node = int(lattice.tail[via[node]])
    nodes, kept = [node], list[int]()
    for arc in reversed(arcs):
        head = int(lattice.head[arc])
        if len(nodes) > 1 and nodes[-2] == head:
            nodes.pop()
            kept.pop()
        else:
            nodes.append(head)
            kept.append(arc)
    return Trace(nodes=np.array(nodes, dtype=np.intp), arcs=np.array(kept, dtype=np.intp))
