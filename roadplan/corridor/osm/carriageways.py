"""The two carriageways of a route, one for each direction, found in the roads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from roadplan.corridor._geodesic import GEOD, Floats
from roadplan.corridor.osm._text import distance, place
from roadplan.corridor.osm.follow import Trace, follow
from roadplan.corridor.osm.lattice import Indices, Kind, Lattice, build_lattice
from roadplan.corridor.osm.plane import Plane
from roadplan.corridor.osm.roads import Roads
from roadplan.errors import RoadplanError

_OLD_AXIS_SCALE_M = 300.0
_CARRIAGEWAY_SCALE_M = 100.0
_END_PER_M = 20.0
"""What beginning or ending away from the end of the old axis costs for each metre."""
_UNLABELLED_END_M = 500.0
"""Beginning or ending on a road that does not match costs as much as so many metres more."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """A part of a carriageway that is of one doubtful kind.

    Parameters
    ----------
    kind
        `gap` (no road at all), `unlabelled` (a road that is none of the route's ways) or
        `against` (a road drawn against the traffic).
    length_m
        For a gap straight from end to end, else along the road.
    lon, lat
        Its two ends, in degrees.
    ways
        The ways it runs on.
    shared
        Whether the other carriageway runs on the same roads.
    """

    kind: str
    length_m: float
    lon: tuple[float, float]
    lat: tuple[float, float]
    ways: tuple[int, ...] = ()
    shared: bool = False

    def __str__(self) -> str:
        """Return it as one phrase."""
        ends = " to ".join(place(*end) for end in zip(self.lon, self.lat, strict=True))
        named = ", ".join(str(way) for way in self.ways[:3])
        more = f" and {len(self.ways) - 3} more" if len(self.ways) > 3 else ""
        ways = f" (way {named}{more})" if self.ways else ""
        what = {
            "gap": "gap without a road",
            "unlabelled": "on roads that do not match",
            "against": "against the direction in which it is drawn",
        }[self.kind]
        return f"{distance(self.length_m)} {what} from {ends}{ways}"


@dataclass(frozen=True, kw_only=True, eq=False)
class Carriageway:
    """One direction of the route.

    Parameters
    ----------
    lattice, trace
        Where it was found; nodes in the direction of travel.
    lon, lat
        Every node, in degrees.
    """

    lattice: Lattice
    trace: Trace
    lon: Floats
    lat: Floats

    @property
    def step_m(self) -> Floats:
        """Geodesic length of each arc."""
        return np.asarray(GEOD.inv(self.lon[:-1], self.lat[:-1], self.lon[1:], self.lat[1:])[2])

    @property
    def length_m(self) -> float:
        """Geodesic length."""
        return float(self.step_m.sum())

    @property
    def xy(self) -> Floats:
        """Its nodes on the plane."""
        return self.lattice.xy[self.trace.nodes]

    def share(self, kind: str) -> float:
        """Return the share of the length that is of one doubtful kind; 1 where there is none."""
        if self.length_m <= 0:
            return 1.0
        return float(self.step_m[self._labels() == kind].sum()) / self.length_m

    def runs(self, roads: Roads, other: Carriageway | None) -> Iterator[Run]:
        """Yield its doubtful parts in order; `other` is the carriageway of the other direction."""
        labels, step = self._labels(), self.step_m
        shared = np.zeros(len(labels), dtype=bool) if other is None else self.shares(other)
        for label, group in groupby(range(len(labels)), key=lambda i: str(labels[i])):
            members = list(group)
            if not label:
                continue
            ends = [members[0], members[-1] + 1]
            lon = tuple(self.lon[ends].tolist())
            lat = tuple(self.lat[ends].tolist())
            edge = self.lattice.edge[self.trace.arcs[members]]
            ways = dict.fromkeys(roads.way[edge[edge >= 0]].tolist())
            straight = GEOD.inv(lon[0], lat[0], lon[1], lat[1])[2]
            yield Run(
                kind=label,
                length_m=float(straight if label == "gap" else step[members].sum()),
                lon=lon,
                lat=lat,
                ways=tuple(ways),
                shared=bool(shared[members].all()),
            )

    def shares(self, other: Carriageway) -> np.ndarray:
        """Tell for each arc whether the other carriageway runs along it too."""
        mine, its = self._pairs(), other._pairs()
        return np.isin(mine, its)

    def _pairs(self) -> Indices:
        nodes = np.sort(np.column_stack((self.trace.nodes[:-1], self.trace.nodes[1:])), axis=1)
        return nodes[:, 0] * len(self.lattice.xy) + nodes[:, 1]

    def _labels(self) -> np.ndarray:
        kind = self.lattice.kind[self.trace.arcs]
        label = np.full(len(kind), "", dtype="<U10")
        label[kind == Kind.OTHER] = "unlabelled"
        label[self.lattice.against[self.trace.arcs]] = "against"
        label[(kind == Kind.GAP) | (kind == Kind.OLD_AXIS)] = "gap"
        return label


def find_carriageways(
    roads: Roads, plane: Plane, old_axis: Floats, *, reach_m: float, end_reach_m: float
) -> tuple[Carriageway, Carriageway]:
    """Return the way there and the way back along the old axis.

    The way back is sought along the way there, so that both take the same bypass.

    Parameters
    ----------
    roads, plane
        The roads and the map they are put on.
    old_axis
        On the plane, shape (k, 2).
    reach_m
        How far from the old axis roads are looked at.
    end_reach_m
        How far from the ends of the old axis the route may begin and end.

    Raises
    ------
    RoadplanError
        There is no road of the route near the old axis.
    """
    lattice = build_lattice(roads, plane, old_axis, reach_m=reach_m, end_reach_m=end_reach_m)
    if not lattice.wanted.any():
        raise RoadplanError(
            f"none of the roads within {distance(reach_m)} of the route's axis has {roads.wish}; "
            "look farther with --buffer-km, or give another --ref or --name"
        )
    begin, end = (
        _end_nodes(lattice, old_axis[i], end_reach_m, lattice.old_ends[i]) for i in (0, -1)
    )
    there = follow(
        lattice,
        old_axis,
        _costs(lattice, begin, old_axis[0]),
        _costs(lattice, end, old_axis[-1]),
        reach_m=reach_m,
        scale_m=_OLD_AXIS_SCALE_M,
    )
    line = lattice.xy[there.nodes]
    back = follow(
        lattice,
        line[::-1],
        _costs(lattice, end, line[-1]),
        _costs(lattice, begin, line[0]),
        reach_m=reach_m,
        scale_m=_CARRIAGEWAY_SCALE_M,
    )
    return _carriageway(roads, plane, lattice, there), _carriageway(roads, plane, lattice, back)


def _end_nodes(lattice: Lattice, point: Floats, reach_m: float, old_end: int) -> Indices:
    """Return where the route may begin: on each road the place nearest to the old end.

    The old end itself is among them, joined to the roads by the old axis only.
    """
    away = np.hypot(*(lattice.xy - point).T)
    road = lattice.kind <= Kind.OTHER
    nearest = away <= reach_m
    nearest[lattice.old_ends[0] :] = False
    # Along a road of the route only its own nodes compete, so that no side street hides it.
    own = lattice.kind <= Kind.LINK
    for a, b in ((lattice.tail, lattice.head), (lattice.head, lattice.tail)):
        nearer = road & (away[b] < away[a]) & (own | ~lattice.wanted[a])
        nearest[a[nearer]] = False
    return np.append(np.flatnonzero(nearest), old_end)


def _costs(lattice: Lattice, nodes: Indices, point: Floats) -> dict[int, float]:
    away = np.hypot(*(lattice.xy[nodes] - point).T)
    away += np.where(lattice.wanted[nodes] | (nodes >= lattice.old_ends[0]), 0, _UNLABELLED_END_M)
    return dict(zip(nodes.tolist(), (_END_PER_M * away).tolist(), strict=True))


def _carriageway(roads: Roads, plane: Plane, lattice: Lattice, trace: Trace) -> Carriageway:
    lon, lat = plane.lonlat(lattice.xy[trace.nodes])
    node = lattice.node[trace.nodes]
    real = node >= 0
    # Coordinates that went to the plane and back differ in the last digits.
    lon[real], lat[real] = roads.lon[node[real]], roads.lat[node[real]]
    return Carriageway(lattice=lattice, trace=trace, lon=lon, lat=lat)
