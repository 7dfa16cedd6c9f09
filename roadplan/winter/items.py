"""Items of a plan: neighbouring segments of one carriageway joined to about a slot of ploughing."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from roadplan.corridor import Corridor, Position
from roadplan.corridor.network import Network
from roadplan.weather import BACKWARD, FORWARD, Road

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SAME_PLACE_M: Final = 50.0
"""Ends of routes that a crew reaches within so little are one node."""

_GAP_M = 1.0
_OVER = 1.03
"""Share of the aimed length that an item may have: three hundredths of a slot are forgiven."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Items:
    """What a pass clears.

    Parameters
    ----------
    segments
        For each item the indices of its segments in the road, in the direction of travel.
    direction
        Shape (J,): FORWARD for rising stations, BACKWARD for falling ones.
    start, end
        Shape (J,): node at which a crew begins and ends a pass.
    length_m
        Shape (J,).
    lanes
        Shape (J,): lanes of the carriageway, or of the direction on a single carriageway.
    nodes
        Where crews can stand: ends of items, joined where routes meet.
    """

    segments: tuple[Ints, ...]
    direction: Ints
    start: Ints
    end: Ints
    length_m: Floats
    lanes: Ints
    nodes: tuple[Position, ...]

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.segments)

    def stretch(self, item: int, road: Road) -> tuple[str, float, float]:
        """Return route, lower and upper station of an item."""
        own = self.segments[item]
        return road.route[own[0]], float(road.from_m[own].min()), float(road.to_m[own].max())


def join_items(
    road: Road, corridor: Corridor, *, length_m: float, cuts: Sequence[Position] = ()
) -> Items:
    """Join the segments of a road to items.

    Parameters
    ----------
    road
        The segments, none longer than `length_m`.
    corridor
        Its junctions end items.
    length_m
        Aimed length: what a crew ploughs in a slot. Items are as equal as segments allow.
    cuts
        Places near which an item should rather end: depots.

    Notes
    -----
    Items also end where lanes or carriageways change, since that changes who can clear them in
    one pass. Contracts do not end them: the same crews clear both sides.
    """
    ends = _stops(corridor, cuts)
    groups: list[Ints] = []
    for route in dict.fromkeys(road.route):
        own = np.array([i for i, name in enumerate(road.route) if name == route])
        own = own[np.argsort(road.from_m[own], kind="stable")]
        hard, soft = ends.get(route, ([], []))
        for run in _runs(road, own, hard):
            groups += _joined(road, run, length_m, np.array(soft))
    nodes, start, end = _nodes(road, groups, corridor.network)
    lengths = np.array([float(road.length_m[group].sum()) for group in groups])
    count = len(groups)
    return Items(
        segments=(*groups, *(group[::-1] for group in groups)),
        direction=np.repeat([FORWARD, BACKWARD], count).astype(np.int64),
        start=np.concatenate([start, end]),
        end=np.concatenate([end, start]),
        length_m=np.tile(lengths, 2),
        lanes=np.tile([int(road.lanes[group[0]]) for group in groups], 2).astype(np.int64),
        nodes=nodes,
    )


def _stops(
    corridor: Corridor, cuts: Sequence[Position]
) -> dict[str, tuple[list[float], list[float]]]:
    """Return by route the stations at which items must end and those at which they should."""
    found: dict[str, tuple[list[float], list[float]]] = {}
    for row in corridor.table("junctions").itertuples():
        found.setdefault(str(row.route), ([], []))[0].append(float(row.station_m))
    for cut in cuts:
        found.setdefault(cut.route, ([], []))[1].append(cut.station_m)
    return found


def _runs(road: Road, own: Ints, hard: Sequence[float]) -> list[Ints]:
    """Return the segments of a route parted where items must end."""
    breaks = []
    for at, (a, b) in enumerate(itertools.pairwise(own.tolist()), start=1):
        differs = road.lanes[a] != road.lanes[b] or road.carriageways[a] != road.carriageways[b]
        gap = road.from_m[b] - road.to_m[a] > _GAP_M
        junction = any(abs(station - road.to_m[a]) <= SAME_PLACE_M for station in hard)
        if differs or gap or junction:
            breaks.append(at)
    return [np.asarray(part, dtype=np.int64) for part in np.split(own, breaks)]


def _joined(road: Road, run: Ints, length_m: float, soft: Floats) -> list[Ints]:
    """Return a run parted into as few groups as the length allows, as equal as possible.

    A dynamic program over the ends of segments: of all partings with the fewest groups it takes
    the one with the least sum of squared lengths, less a bonus for ends near wanted cuts.
    """
    ends = np.concatenate([[0.0], np.cumsum(road.length_m[run])])
    station = np.concatenate([[road.from_m[run[0]]], road.to_m[run]])
    near = np.array(
        [bool(len(soft)) and np.abs(soft - at).min() < 0.15 * length_m for at in station]
    )
    count = len(run)
    best = np.full(count + 1, np.inf)
    back = np.zeros(count + 1, dtype=np.int64)
    best[0] = 0.0
    fewest = 4.0 * count  # so that one group more never pays
    for k in range(1, count + 1):
        for i in range(k - 1, -1, -1):
            length = float(ends[k] - ends[i]) / length_m
            if length > _OVER and i < k - 1:
                break
            total = best[i] + fewest + length**2 - (0.5 if near[k] else 0.0)
            if total < best[k]:
                best[k], back[k] = total, i
    cuts = [count]
    while cuts[-1]:
        cuts.append(int(back[cuts[-1]]))
    return [run[a:b] for a, b in itertools.pairwise(cuts[::-1])]


def _nodes(
    road: Road, groups: Sequence[Ints], network: Network
) -> tuple[tuple[Position, ...], Ints, Ints]:
    """Return the nodes and each group's node at its lower and upper end."""
    wanted = [Position(road.route[g[0]], float(road.from_m[g[0]])) for g in groups]
    wanted += [Position(road.route[g[0]], float(road.to_m[g[-1]])) for g in groups]
    places = list(dict.fromkeys(wanted))
    apart = network.distances_m(places, places)
    leader = np.argmax(apart <= SAME_PLACE_M, axis=1)
    kept, index = np.unique(leader, return_inverse=True)
    node_of = {place: int(index[i]) for i, place in enumerate(places)}
    at = np.array([node_of[place] for place in wanted], dtype=np.int64)
    return tuple(places[i] for i in kept), at[: len(groups)], at[len(groups) :]
