"""The graph in which the route is sought: roads cut into short arcs, with gaps that can be bridged.

Every arc has a weight: its length times what a metre of such an arc costs. The route's own ways
in the direction of traffic cost one; all that is doubtful costs so much more that it is taken
only where there is nothing better.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from roadplan.corridor._geodesic import Floats
from roadplan.corridor.osm.plane import Plane, along, line_tree, point_shapes, point_tree
from roadplan.corridor.osm.roads import Roads

Indices = NDArray[np.intp]

STEP_M = 100.0
"""No arc is longer, so that its distance from the old axis is that of its ends."""

_NEIGHBOURS = 6
_NEAR_M = 500.0
_CROWD = 2_000
"""With more loose ends than this only near ones are joined, to bound the work."""


class Kind(IntEnum):
    """What an arc is."""

    OWN = 0
    LINK = 1
    ROUNDABOUT = 2
    OTHER = 3
    GAP = 4
    OLD_AXIS = 5


COST = {
    Kind.OWN: 1.0,
    Kind.ROUNDABOUT: 2.0,
    Kind.LINK: 3.0,
    Kind.OTHER: 20.0,
    Kind.GAP: 50.0,
    Kind.OLD_AXIS: 70.0,
}
"""What a metre of each kind costs. The order is what matters: a link of the route is better than
an unlabelled road, that is better than a bridged gap, and that than the old axis."""

AGAINST = 45.0
"""What a metre against the direction of traffic costs at least: nearly a gap."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Lattice:
    """Arcs between nodes on the plane, sorted by their first node.

    Parameters
    ----------
    xy
        Nodes, shape (n, 2).
    node
        Which node of the roads each is; −1 for one in between or on the old axis.
    wanted
        Whether a way of the route passes the node.
    old_ends
        The nodes at the two ends of the old axis; all nodes from the first one on lie on it.
    tail, head
        Nodes of each arc, shape (a,).
    first
        The arcs of node i are ``first[i]`` to ``first[i + 1]``, shape (n + 1,).
    length_m, weight
        Length on the plane, and what it costs.
    kind, against
        :class:`Kind`, and whether the arc runs against the traffic.
    edge
        Which edge of the roads it is part of; −1 for none.
    """

    xy: Floats
    node: Indices
    wanted: NDArray[np.bool_]
    old_ends: tuple[int, int]
    tail: Indices
    head: Indices
    first: Indices
    length_m: Floats
    weight: Floats
    kind: NDArray[np.int8]
    against: NDArray[np.bool_]
    edge: Indices


def build_lattice(
    roads: Roads, plane: Plane, guide: Floats, *, reach_m: float, end_reach_m: float
) -> Lattice:
    """Cut the roads near a line into arcs.

    Parameters
    ----------
    roads, plane
        The roads and the map they are put on.
    guide
        The old axis on the plane, shape (k, 2).
    reach_m
        What is farther from it is left out.
    end_reach_m
        Roads this near to an end of the old axis get a node at the point nearest to it.
    """
    points = plane.xy(roads.lon, roads.lat)
    edge, share = _cuts(points, roads, guide[[0, -1]], end_reach_m)
    xy, node, piece = _nodes(points, roads, edge, share)
    near = np.zeros(len(xy), dtype=bool)
    near[line_tree(guide).query_nearest(point_shapes(xy), max_distance=reach_m)[0]] = True
    kept = near[piece[0]] & near[piece[1]]
    u, v, e = piece[0][kept], piece[1][kept], piece[2][kept]
    used = np.unique(np.concatenate((u, v)))
    xy, node = xy[used], node[used]
    u, v = np.searchsorted(used, u), np.searchsorted(used, v)
    own = roads.wanted[e]
    gaps = _gaps(xy, u[own], v[own], reach_m)
    ghost = _spaced(guide)
    loose = _loose_ends(u[own], v[own])
    to_ghost = _to_ghost(xy, loose, ghost, reach_m)
    offset = len(xy)
    ghost_index = np.arange(len(ghost)) + offset
    wanted = np.zeros(offset + len(ghost), dtype=bool)
    wanted[u[own]] = wanted[v[own]] = True
    old = np.concatenate(
        (np.column_stack((ghost_index[:-1], ghost_index[1:])), to_ghost + np.array([0, offset]))
    )
    return _arcs(
        roads,
        np.concatenate((xy, ghost)),
        np.concatenate((node, np.full(len(ghost), -1))),
        wanted,
        (int(ghost_index[0]), int(ghost_index[-1])),
        [(u, v, e), *((p[:, 0], p[:, 1], np.full(len(p), -1)) for p in (gaps, old))],
    )


def _cuts(points: Floats, roads: Roads, ends: Floats, end_reach_m: float) -> tuple[Indices, Floats]:
    """Return where edges are cut: edge and share of its length, ends included, in order."""
    begin, step = points[roads.start], points[roads.end] - points[roads.start]
    length = np.hypot(*step.T)
    count = np.maximum(1, np.ceil(length / STEP_M)).astype(np.intp)
    edge = np.repeat(np.arange(len(count)), count + 1)
    first = np.cumsum(count + 1) - (count + 1)
    share = (np.arange(len(edge)) - first[edge]) / count[edge]
    for end in ends:
        foot = np.einsum("ij,ij->i", end - begin, step) / np.maximum(length**2, 1e-12)
        gap = np.hypot(*(begin + np.clip(foot, 0, 1)[:, None] * step - end).T)
        near = np.flatnonzero((gap <= end_reach_m) & (foot > 0) & (foot < 1))
        edge, share = np.concatenate((edge, near)), np.concatenate((share, foot[near]))
    order = np.lexsort((share, edge))
    edge, share = edge[order], share[order]
    # A cut within a centimetre of the one before it would only make an arc of no length.
    twin = (np.diff(edge) == 0) & (np.diff(share) * length[edge[1:]] < 0.01)
    inner = (share > 0) & (share < 1)
    drop = np.zeros(len(edge), dtype=bool)
    drop[1:] |= twin & inner[1:]
    drop[:-1] |= twin & inner[:-1] & ~inner[1:]
    return edge[~drop], share[~drop]


def _nodes(
    points: Floats, roads: Roads, edge: Indices, share: Floats
) -> tuple[Floats, Indices, tuple[Indices, Indices, Indices]]:
    """Return nodes with their index in the roads, and arcs as tail, head and edge."""
    inner = (share > 0) & (share < 1)
    index = np.where(share <= 0, roads.start[edge], roads.end[edge])
    index[inner] = len(points) + np.arange(np.count_nonzero(inner))
    begin, end = points[roads.start[edge[inner]]], points[roads.end[edge[inner]]]
    between = begin + share[inner, None] * (end - begin)
    node = np.concatenate((np.arange(len(points)), np.full(len(between), -1)))
    same = np.flatnonzero(edge[1:] == edge[:-1])
    piece = index[same], index[same + 1], edge[same]
    return np.concatenate((points, between)), node, piece


def _loose_ends(u: Indices, v: Indices) -> Indices:
    """Return the nodes that have one neighbour only."""
    pairs = np.unique(np.sort(np.column_stack((u, v)), axis=1), axis=0)
    node, count = np.unique(pairs, return_counts=True)
    return np.asarray(node[count == 1])


def _gaps(xy: Floats, u: Indices, v: Indices, reach_m: float) -> Indices:
    """Return pairs of nodes of the route's ways between which a gap may be bridged.

    Each loose end is joined with the nearest others, and with the nearest nodes of other
    connected parts.
    """
    loose = _loose_ends(u, v)
    if not len(loose):
        return np.empty((0, 2), dtype=np.intp)
    reach = reach_m if len(loose) <= _CROWD else _NEAR_M
    pairs = [_nearest_pairs(xy, loose, loose, reach, _NEIGHBOURS)]
    part = np.full(len(xy), -1)
    graph = nx.Graph(zip(u.tolist(), v.tolist(), strict=True))
    for label, nodes in enumerate(nx.connected_components(graph)):
        part[list(nodes)] = label
    own = np.unique(np.concatenate((u, v)))
    if part.max() > 0:
        near = _nearest_pairs(xy, loose, own, min(reach, _NEAR_M), 10 * _NEIGHBOURS)
        near = near[part[near[:, 0]] != part[near[:, 1]]]
        _, keep = np.unique(
            np.column_stack((near[:, 0], part[near[:, 1]])), axis=0, return_index=True
        )
        pairs.append(near[keep])
    found = np.concatenate(pairs)
    return np.unique(found, axis=0)


def _nearest_pairs(xy: Floats, a: Indices, b: Indices, reach_m: float, most: int) -> Indices:
    """Return for each node of `a` the nearest nodes of `b`, nearest first, shape (p, 2)."""
    tree = point_tree(xy[b])
    i, j = tree.query(point_shapes(xy[a]), predicate="dwithin", distance=reach_m)
    i, j = a[i], b[j]
    apart = np.hypot(*(xy[i] - xy[j]).T)
    i, j, apart = i[i != j], j[i != j], apart[i != j]
    order = np.lexsort((apart, i))
    i, j = i[order], j[order]
    begin = np.flatnonzero(np.diff(i, prepend=-1))
    rank = np.arange(len(i)) - np.repeat(begin, np.diff(np.append(begin, len(i))))
    return np.column_stack((i, j))[rank < most]


def _spaced(line: Floats) -> Floats:
    """Return a line with a point at least every :data:`STEP_M`, its own points among them."""
    at = along(line)
    count = np.maximum(1, np.ceil(np.diff(at) / STEP_M)).astype(np.intp)
    piece = np.repeat(np.arange(len(count)), count)
    step = np.arange(len(piece)) - (np.cumsum(count) - count)[piece]
    share = (step / count[piece])[:, None]
    return np.concatenate((line[piece] + share * (line[piece + 1] - line[piece]), line[-1:]))


def _to_ghost(xy: Floats, loose: Indices, ghost: Floats, reach_m: float) -> Indices:
    """Join each loose end with the nearest node of the old axis, shape (p, 2)."""
    if not len(loose):
        return np.empty((0, 2), dtype=np.intp)
    tree = point_tree(ghost)
    i, j = tree.query_nearest(
        point_shapes(xy[loose]), max_distance=reach_m + STEP_M, all_matches=False
    )
    return np.column_stack((loose[i], j))


def _arcs(
    roads: Roads,
    xy: Floats,
    node: Indices,
    wanted: NDArray[np.bool_],
    old_ends: tuple[int, int],
    groups: list[tuple[Indices, Indices, Indices]],
) -> Lattice:
    """Lay arcs both ways over road pieces, gaps and the old axis, in this order of groups."""
    kinds = [_road_kind(roads, groups[0][2])]
    kinds += [
        np.full(len(group[0]), kind, dtype=np.int8)
        for group, kind in zip(groups[1:], (Kind.GAP, Kind.OLD_AXIS), strict=True)
    ]
    u, v, edge = (np.concatenate([group[i] for group in groups]) for i in range(3))
    kind = np.concatenate(kinds)
    one_way = np.where(edge >= 0, roads.one_way[edge], False)
    tail, head = np.concatenate((u, v)), np.concatenate((v, u))
    against = np.concatenate((np.zeros(len(u), dtype=bool), one_way))
    kind, edge = np.tile(kind, 2), np.tile(edge, 2)
    length = np.maximum(np.hypot(*(xy[tail] - xy[head]).T), 1e-3)
    per_m = np.array([COST[k] for k in Kind])[kind]
    per_m = np.where(against, np.where(kind == Kind.OTHER, 2, 1) * AGAINST, per_m)
    order = np.argsort(tail, kind="stable")
    return Lattice(
        xy=xy,
        node=node,
        wanted=wanted,
        old_ends=old_ends,
        tail=tail[order],
        head=head[order],
        first=np.searchsorted(tail[order], np.arange(len(xy) + 1)),
        length_m=length[order],
        weight=(length * per_m)[order],
        kind=kind[order],
        against=against[order],
        edge=edge[order],
    )


def _road_kind(roads: Roads, edge: Indices) -> NDArray[np.int8]:
    kind = np.where(roads.wanted[edge], Kind.OWN, Kind.OTHER)
    kind = np.where(roads.wanted[edge] & roads.link[edge], Kind.LINK, kind)
    return np.where(roads.roundabout[edge], Kind.ROUNDABOUT, kind).astype(np.int8)
