"""The corridor's routes cut into directed links at junctions, barriers and changes of traffic."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from roadplan.errors import Fault, FaultsError, RoadplanError
from roadplan.traffic.links import Link, Piece
from roadplan.traffic.parameters import TrafficParameters

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

RISING, FALLING = 0, 1
DIRECTIONS = ("rising", "falling")
_JUNCTION = "junction "


@dataclass(frozen=True, kw_only=True, eq=False)
class Segments:
    """Stretches of road with constant attributes; arrays of shape (segment,).

    Zone ``2 * segment + direction`` of a network is one direction of a segment; direction 0 has
    rising stations.

    Parameters
    ----------
    ids, route, from_m, to_m
        Name and place of each.
    lanes
        In each direction.
    carriageways
        1: both directions on one; 2: one for each.
    free_speed_m_s
        Speed of free traffic in good weather.
    """

    ids: tuple[str, ...]
    route: tuple[str, ...]
    from_m: Floats
    to_m: Floats
    lanes: Ints
    carriageways: Ints
    free_speed_m_s: Floats

    def __post_init__(self) -> None:
        faults = []
        for name, good in (
            ("to_m is not above from_m", self.to_m > self.from_m),
            ("it has no lane", self.lanes >= 1),
            ("its free speed is not above 0", self.free_speed_m_s > 0),
        ):
            faults += [
                Fault(why=f"segment {self.ids[i]}: {name}", remedy="correct it")
                for i in np.flatnonzero(~good)
            ]
        if not self.ids:
            faults.append(Fault(why="there is no segment", remedy="give at least one"))
        if faults:
            raise FaultsError(faults, "These segments cannot carry traffic")

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.ids)

    @property
    def length_km(self) -> Floats:
        """Their lengths."""
        return (self.to_m - self.from_m) / 1000.0

    @classmethod
    def from_frame(cls, frame: pd.DataFrame) -> Segments:
        """Return segments from a table with the columns of the corridor's `segments`."""
        needed = ("segment", "route", "from_m", "to_m", "lanes", "carriageways", "free_speed_kmh")
        missing = [name for name in needed if name not in frame.columns]
        if missing:
            raise RoadplanError(f"the segments lack the columns {', '.join(missing)}")
        empty = [name for name in needed if frame[name].isna().any()]
        if empty:
            raise RoadplanError(f"the segments have empty cells in {', '.join(empty)}; fill them")
        return cls(
            ids=tuple(frame["segment"].astype(str)),
            route=tuple(frame["route"].astype(str)),
            from_m=frame["from_m"].to_numpy(np.float64),
            to_m=frame["to_m"].to_numpy(np.float64),
            lanes=frame["lanes"].to_numpy(np.float64).astype(np.int64),
            carriageways=frame["carriageways"].to_numpy(np.float64).astype(np.int64),
            free_speed_m_s=frame["free_speed_kmh"].to_numpy(np.float64) / 3.6,
        )

    def pieces(self, parameters: TrafficParameters) -> list[tuple[Piece, Piece]]:
        """Return the fundamental diagram of each segment, as pieces for both directions."""
        divided = (self.carriageways > 1) | (self.lanes > 1)
        lane = np.where(
            divided, parameters["capacity_lane_pcu_h"], parameters["capacity_two_way_pcu_h"]
        )
        jam = self.lanes * 1000.0 / parameters["spacing_light_m"]

        def piece(index: int, direction: int) -> Piece:
            return Piece(
                length_m=float(self.to_m[index] - self.from_m[index]),
                free_speed_m_s=float(self.free_speed_m_s[index]),
                capacity_pcu_h=float(lane[index] * self.lanes[index]),
                jam_density_pcu_km=float(jam[index]),
                zone=2 * index + direction,
            )

        return [(piece(i, RISING), piece(i, FALLING)) for i in range(len(self))]


@dataclass(frozen=True, kw_only=True)
class LinkPlace:
    """Where a link lies.

    Parameters
    ----------
    name
        Of the link.
    route, direction, from_m, to_m
        Its stretch, `from_m` below `to_m` in either direction.
    barriers
        Barriers at which it begins.
    """

    name: str
    route: str
    direction: int
    from_m: float
    to_m: float
    barriers: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class Layout:
    """Links of a corridor and where they lie.

    Parameters
    ----------
    links
        Ready for :func:`roadplan.traffic.network.build_network`.
    places
        Where each lies, in the same order.
    chains
        Route and direction → links from upstream to downstream.
    """

    links: tuple[Link, ...] = field(repr=False)
    places: tuple[LinkPlace, ...] = field(repr=False)
    chains: Mapping[str, tuple[str, ...]] = field(repr=False)


class _Cuts:
    """Stations at which routes are cut, and the node at each; near ones are one node."""

    def __init__(self, gap_m: float) -> None:
        self.gap_m = gap_m
        self.stations: dict[str, dict[float, str]] = {}

    def add(self, route: str, station_m: float, name: str) -> str:
        """Add a cut unless there is one near; return the node that stands there."""
        here = self.stations.setdefault(route, {})
        near = min(here, key=lambda station: abs(station - station_m), default=None)
        if near is not None and abs(near - station_m) < self.gap_m:
            return here[near]
        here[station_m] = name
        return name

    def join(self, node: str, other: str) -> None:
        """Make two nodes one."""
        for here in self.stations.values():
            for station, name in here.items():
                if name == other:
                    here[station] = node


def lay_out(
    segments: Segments,
    *,
    lengths_m: Mapping[str, float],
    junctions: pd.DataFrame,
    barriers: pd.DataFrame,
    borders: Sequence[tuple[str, float]],
    parameters: TrafficParameters,
    gap_m: float,
    longest_m: float,
) -> Layout:
    """Cut routes into links.

    Parameters
    ----------
    segments
        What the links are made of; where a route has a gap between them, the one before goes on.
    lengths_m
        Route → length; routes without segments are left out.
    junctions
        Columns `junction`, `route`, `station_m`.
    barriers
        Columns `barrier`, `route`, `station_m`, `waiting_places`; at a junction a barrier stops
        all ways out of it.
    borders
        Routes and stations at which traffic changes.
    parameters
        Fundamental diagrams.
    gap_m
        Cuts nearer than that are one; an end of a route so near a junction is left off.
    longest_m
        Longer links are cut evenly, so that traffic is renewed on the way.
    """
    routes = [route for route in lengths_m if route in segments.route]
    if not routes:
        raise RoadplanError("no route has segments; give segments of the corridor's routes")
    cuts = _Cuts(gap_m)
    _cut_at_junctions(cuts, junctions, routes)
    for route in routes:
        for station_m in (0.0, lengths_m[route]):
            cuts.add(route, station_m, f"{route}@{station_m:.0f}")
    at_node = _cut_at_barriers(cuts, barriers, routes)
    for route, station_m in borders:
        if route in routes:
            cuts.add(route, station_m, f"{route}@{station_m:.0f}")
    for route in routes:
        _cut_evenly(cuts, route, longest_m)
    return _links(segments, routes, cuts, at_node, parameters)


def _cut_at_junctions(cuts: _Cuts, junctions: pd.DataFrame, routes: Sequence[str]) -> None:
    for row in junctions.itertuples():
        if row.route in routes:
            name = f"{_JUNCTION}{row.junction}"
            found = cuts.add(str(row.route), float(str(row.station_m)), name)
            if found != name:
                cuts.join(found, name)


def _cut_at_barriers(
    cuts: _Cuts, barriers: pd.DataFrame, routes: Sequence[str]
) -> dict[str, list[tuple[str, float]]]:
    """Return the barriers at each node with the vehicles that can wait at them."""
    at_node: dict[str, list[tuple[str, float]]] = {}
    for row in barriers.itertuples():
        if row.route in routes:
            station_m = float(str(row.station_m))
            node = cuts.add(str(row.route), station_m, f"{row.route}@{station_m:.0f}")
            waiting = float(str(row.waiting_places))
            at_node.setdefault(node, []).append(
                (str(row.barrier), waiting if np.isfinite(waiting) else 0.0)
            )
    return at_node


def _cut_evenly(cuts: _Cuts, route: str, longest_m: float) -> None:
    stations = sorted(cuts.stations[route])
    for low, high in itertools.pairwise(stations):
        parts = int(np.ceil((high - low) / longest_m - 1e-9))
        for station_m in np.linspace(low, high, parts + 1)[1:-1].tolist():
            cuts.add(route, station_m, f"{route}@{station_m:.0f}")


def _links(
    segments: Segments,
    routes: Sequence[str],
    cuts: _Cuts,
    at_node: Mapping[str, list[tuple[str, float]]],
    parameters: TrafficParameters,
) -> Layout:
    pieces = segments.pieces(parameters)
    spans = []
    for route in routes:
        here = list(itertools.pairwise(sorted(cuts.stations[route].items())))
        spans += [(route, RISING, low, high, start, end) for (low, start), (high, end) in here]
        spans += [
            (route, FALLING, low, high, start, end) for (low, end), (high, start) in reversed(here)
        ]
    ways_out: dict[str, int] = {}
    for *_, start, _end in spans:
        ways_out[start] = ways_out.get(start, 0) + 1
    links, places = [], []
    chains: dict[str, tuple[str, ...]] = {}
    for route, direction, low, high, start, end in spans:
        chain = f"{route} {DIRECTIONS[direction]}"
        name = f"{chain} {min(low, high):.0f}"
        barriers = at_node.get(start, [])
        waiting = sum(places for _, places in barriers) / ways_out[start]
        links.append(
            Link(
                name=name,
                start=_one_way(start, direction),
                end=_one_way(end, direction),
                pieces=_cover(segments, pieces, route, direction, low, high),
                waiting_places=waiting if barriers else None,
            )
        )
        places.append(
            LinkPlace(
                name=name,
                route=route,
                direction=direction,
                from_m=low,
                to_m=high,
                barriers=tuple(barrier for barrier, _ in barriers),
            )
        )
        chains[chain] = (*chains.get(chain, ()), name)
    return Layout(links=tuple(links), places=tuple(places), chains=chains)


def _one_way(node: str, direction: int) -> str:
    """Return the node of one direction; only junctions are one node for all that meet there."""
    return node if node.startswith(_JUNCTION) else f"{node} {DIRECTIONS[direction]}"


def _cover(
    segments: Segments,
    pieces: list[tuple[Piece, Piece]],
    route: str,
    direction: int,
    low: float,
    high: float,
) -> tuple[Piece, ...]:
    """Return the pieces of the segments that a stretch runs over, in the direction of travel."""
    mine = [i for i in range(len(segments)) if segments.route[i] == route]
    mine.sort(key=lambda i: float(segments.from_m[i]))
    starts = [-np.inf, *(float(segments.from_m[i]) for i in mine[1:])]
    ends = [*starts[1:], np.inf]
    found = []
    for i, start, end in zip(mine, starts, ends, strict=True):
        length = min(end, high) - max(start, low)
        if length > 1e-6:
            found.append(_shortened(pieces[i][direction], length))
    return tuple(found if direction == RISING else reversed(found))


def _shortened(piece: Piece, length_m: float) -> Piece:
    return Piece(
        length_m=length_m,
        free_speed_m_s=piece.free_speed_m_s,
        capacity_pcu_h=piece.capacity_pcu_h,
        jam_density_pcu_km=piece.jam_density_pcu_km,
        zone=piece.zone,
    )
