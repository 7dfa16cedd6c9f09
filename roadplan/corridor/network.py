"""The road graph: travel distances and ways between positions on routes that meet at junctions."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from roadplan.corridor._control_points import STATION_TOLERANCE_M
from roadplan.corridor._geodesic import Floats
from roadplan.corridor.position import Position
from roadplan.errors import Fault, FaultsError, RoadplanError, StationError, UnknownIdError

Positions: TypeAlias = Sequence[Position] | pd.DataFrame
"""Positions one by one, or a table with the columns `route` and `station_m`."""


@dataclass(frozen=True)
class Leg:
    """A stretch of a route travelled in one direction.

    Parameters
    ----------
    route
        Identifier of the route.
    from_m, to_m
        The stretch, `from_m` below `to_m` whatever the direction.
    rising
        Whether it is travelled in the direction of rising stations.
    """

    route: str
    from_m: float
    to_m: float
    rising: bool

    @property
    def start(self) -> Position:
        """Where the leg begins."""
        return Position(self.route, self.from_m if self.rising else self.to_m)

    @property
    def end(self) -> Position:
        """Where the leg ends."""
        return Position(self.route, self.to_m if self.rising else self.from_m)

    @property
    def length_m(self) -> float:
        """Its length."""
        return self.to_m - self.from_m


@dataclass(frozen=True)
class _Arc:
    """A way from one junction to a neighbouring one along a route."""

    to: int
    route: str
    start_m: float
    end_m: float

    @property
    def length_m(self) -> float:
        return abs(self.end_m - self.start_m)


class Network:
    """Routes joined at junctions; every route can be travelled both ways.

    Parameters
    ----------
    lengths_m
        Length of each route's axis by its identifier.
    junctions
        Columns `junction`, `route` and `station_m`; all rows with one junction identifier are one
        place. A route may pass a junction more than once.

    Raises
    ------
    FaultsError
        A junction lies on an unknown route or outside its route, or lacks an identifier.

    Examples
    --------
    >>> junctions = pd.DataFrame({
    ...     "junction": ["fork", "fork"], "route": ["main", "branch"], "station_m": [10_000.0, 0.0],
    ... })
    >>> network = Network({"main": 50_000.0, "branch": 7_000.0}, junctions)
    >>> network.distance_m(Position("main", 12_000), Position("branch", 500))
    2500.0
    >>> [(leg.route, leg.from_m, leg.to_m, leg.rising)
    ...  for leg in network.path(Position("main", 12_000), Position("branch", 500))]
    [('main', 10000.0, 12000.0, False), ('branch', 0.0, 500.0, True)]
    """

    def __init__(self, lengths_m: Mapping[str, float], junctions: pd.DataFrame) -> None:
        self._lengths = {str(route): float(length) for route, length in lengths_m.items()}
        self._code = {route: code for code, route in enumerate(self._lengths)}
        rows = _checked_junctions(junctions, self._lengths)
        node, names = pd.factorize(rows["junction"])
        self.junctions: tuple[str, ...] = tuple(str(name) for name in names)
        self._arcs: list[list[_Arc]] = [[] for _ in names]
        self._marks: list[tuple[Floats, NDArray[np.intp]]] = []
        for route in self._lengths:
            here = np.flatnonzero(rows["route"].to_numpy() == route)
            here = here[np.argsort(rows["station_m"].to_numpy()[here], kind="stable")]
            stations = rows["station_m"].to_numpy(float)[here]
            nodes = np.asarray(node[here], dtype=np.intp)
            self._marks.append((stations, nodes))
            for i in range(len(here) - 1):
                a, b = int(nodes[i]), int(nodes[i + 1])
                start_m, end_m = float(stations[i]), float(stations[i + 1])
                self._arcs[a].append(_Arc(b, route, start_m, end_m))
                self._arcs[b].append(_Arc(a, route, end_m, start_m))
        self._found: dict[int, tuple[Floats, list[tuple[int, _Arc] | None]]] = {}

    def __repr__(self) -> str:
        """Return the number of routes and junctions."""
        return f"<Network of {len(self._lengths)} routes and {len(self.junctions)} junctions>"

    def distance_m(self, a: Position, b: Position) -> float:
        """Return the shortest travel distance between two positions; `inf` where no way leads.

        Raises
        ------
        UnknownIdError
            A position is on a route that is not in the network.
        StationError
            A position is outside its route.
        """
        return float(self.distances_m([a], [b])[0, 0])

    def distances_m(self, a: Positions, b: Positions) -> Floats:
        """Return the shortest travel distances from each of some positions to each of others.

        Parameters
        ----------
        a, b
            n and m positions.

        Returns
        -------
        ndarray
            Metres, shape (n, m); `inf` where no way leads.

        Raises
        ------
        UnknownIdError, StationError
            As for `distance_m`.
        """
        route_a, station_a = self._arrays(a)
        route_b, station_b = self._arrays(b)
        along = np.abs(station_a[:, None] - station_b[None, :])
        shortest = np.where(route_a[:, None] == route_b[None, :], along, np.inf)
        ends_b = self._ends(route_b, station_b)
        for node_a, away_a in self._ends(route_a, station_a):
            needed, row = np.unique(node_a, return_inverse=True)
            between = self._between(needed)[row]
            for node_b, away_b in ends_b:
                around = away_a[:, None] + between[:, node_b] + away_b[None, :]
                np.minimum(shortest, around, out=shortest)
        return shortest

    def paired_distances_m(self, a: Positions, b: Positions) -> Floats:
        """Return the shortest travel distances between positions pair by pair.

        Parameters
        ----------
        a, b
            n positions each.

        Returns
        -------
        ndarray
            Metres, shape (n,); `inf` where no way leads.

        Raises
        ------
        RoadplanError
            There are not as many positions in `a` as in `b`.
        UnknownIdError, StationError
            As for `distance_m`.
        """
        route_a, station_a = self._arrays(a)
        route_b, station_b = self._arrays(b)
        if len(route_a) != len(route_b):
            raise RoadplanError(f"{len(route_a)} positions cannot be paired with {len(route_b)}")
        shortest = np.where(route_a == route_b, np.abs(station_a - station_b), np.inf)
        ends_b = self._ends(route_b, station_b)
        for node_a, away_a in self._ends(route_a, station_a):
            needed, row = np.unique(node_a, return_inverse=True)
            between = self._between(needed)
            for node_b, away_b in ends_b:
                np.minimum(shortest, away_a + between[row, node_b] + away_b, out=shortest)
        return shortest

    def path(self, a: Position, b: Position) -> tuple[Leg, ...]:
        """Return a shortest way from one position to another.

        Returns
        -------
        tuple of Leg
            In the order of travel, no two neighbours of one route and direction that could be
            one leg; empty when both are the same place.

        Raises
        ------
        RoadplanError
            No way leads from one to the other.
        UnknownIdError, StationError
            As for `distance_m`.
        """
        route_a, station_a = self._arrays([a])
        route_b, station_b = self._arrays([b])
        begin, end = float(station_a[0]), float(station_b[0])
        best, best_m = [(a.route, begin, end)], abs(begin - end)
        if route_a[0] != route_b[0]:
            best, best_m = [], np.inf
        for node_a, away_a in self._ends(route_a, station_a):
            distance, _ = self._search(int(node_a[0]))
            for node_b, away_b in self._ends(route_b, station_b):
                around_m = float(away_a[0] + distance[node_b[0]] + away_b[0])
                if around_m < best_m:
                    arcs = self._arcs_between(int(node_a[0]), int(node_b[0]))
                    first, last = self._towards(a.route, begin, int(node_a[0]), float(away_a[0]))
                    middle = [(arc.route, arc.start_m, arc.end_m) for arc in arcs]
                    other, final = self._towards(b.route, end, int(node_b[0]), float(away_b[0]))
                    best = [(a.route, first, last), *middle, (b.route, final, other)]
                    best_m = around_m
        if not np.isfinite(best_m):
            raise RoadplanError(
                f"no way leads from {a.route} at {begin:.0f} m to {b.route} at {end:.0f} m: "
                "their routes are not joined by junctions"
            )
        return _legs(best)

    def _arrays(self, positions: Positions) -> tuple[NDArray[np.intp], Floats]:
        """Return route codes and stations of positions that were checked."""
        if isinstance(positions, pd.DataFrame):
            routes = positions["route"].astype(str).tolist()
            station = positions["station_m"].to_numpy(float)
        else:
            routes = [position.route for position in positions]
            station = np.array([position.station_m for position in positions], dtype=float)
        unknown = [route for route in routes if route not in self._code]
        if unknown:
            raise UnknownIdError(
                f"route {unknown[0]!r} is not in the network; it has {', '.join(self._lengths)}"
            )
        code = np.array([self._code[route] for route in routes], dtype=np.intp)
        length = np.array(list(self._lengths.values()))[code] if len(code) else np.empty(0)
        wrong = ~((station >= -STATION_TOLERANCE_M) & (station <= length + STATION_TOLERANCE_M))
        if wrong.any():
            i = int(np.flatnonzero(wrong)[0])
            raise StationError(
                f"station {station[i]:.3f} m is not on route {routes[i]}: "
                f"it runs from 0 to {length[i]:.3f} m"
            )
        return code, np.clip(station, 0.0, length)

    def _ends(
        self, code: NDArray[np.intp], station: Floats
    ) -> list[tuple[NDArray[np.intp], Floats]]:
        """Return the junctions next below and next above each position, and how far they are.

        Where there is none the distance is infinite (and the junction any).
        """
        below = (np.zeros(len(code), dtype=np.intp), np.full(len(code), np.inf))
        above = (np.zeros(len(code), dtype=np.intp), np.full(len(code), np.inf))
        for route in np.unique(code):
            stations, nodes = self._marks[route]
            here = np.flatnonzero(code == route)
            after = np.searchsorted(stations, station[here], side="right")
            has = after > 0
            below[0][here[has]] = nodes[after[has] - 1]
            below[1][here[has]] = station[here[has]] - stations[after[has] - 1]
            has = after < len(stations)
            above[0][here[has]] = nodes[after[has]]
            above[1][here[has]] = stations[after[has]] - station[here[has]]
        return [below, above] if self.junctions else []

    def _between(self, sources: NDArray[np.intp]) -> Floats:
        """Return distances from some junctions to all, shape (sources, junctions)."""
        return np.array([self._search(int(source))[0] for source in sources]).reshape(
            len(sources), len(self.junctions)
        )

    def _search(self, source: int) -> tuple[Floats, list[tuple[int, _Arc] | None]]:
        """Return distances from a junction and how each was reached (Dijkstra 1959); kept."""
        if source in self._found:
            return self._found[source]
        distance = np.full(len(self.junctions), np.inf)
        reached: list[tuple[int, _Arc] | None] = [None] * len(self.junctions)
        distance[source] = 0.0
        queue = [(0.0, source)]
        while queue:
            so_far, node = heapq.heappop(queue)
            if so_far > distance[node]:
                continue
            for arc in self._arcs[node]:
                total = so_far + arc.length_m
                if total < distance[arc.to]:
                    distance[arc.to] = total
                    reached[arc.to] = (node, arc)
                    heapq.heappush(queue, (total, arc.to))
        self._found[source] = distance, reached
        return distance, reached

    def _arcs_between(self, source: int, target: int) -> list[_Arc]:
        """Return the arcs of a shortest way between two junctions, in order."""
        _, reached = self._search(source)
        arcs = []
        step = reached[target]
        while step is not None:
            target, arc = step
            arcs.append(arc)
            step = reached[target]
        return arcs[::-1]

    def _towards(
        self, route: str, station_m: float, node: int, away_m: float
    ) -> tuple[float, float]:
        """Return a station and that of the junction `away_m` from it on its route."""
        stations, nodes = self._marks[self._code[route]]
        near = np.flatnonzero(nodes == node)
        mark = near[np.argmin(np.abs(np.abs(stations[near] - station_m) - away_m))]
        return station_m, float(stations[mark])


def _legs(moves: list[tuple[str, float, float]]) -> tuple[Leg, ...]:
    """Return moves as legs: empty ones dropped, neighbours that go on as one joined."""
    joined: list[tuple[str, float, float]] = []
    for route, start, end in moves:
        if start == end:
            continue
        if joined:
            before, begun, reached = joined[-1]
            if before == route and reached == start and (begun < reached) == (start < end):
                joined[-1] = (route, begun, end)
                continue
        joined.append((route, start, end))
    return tuple(
        Leg(route, min(start, end), max(start, end), start < end) for route, start, end in joined
    )


def _checked_junctions(junctions: pd.DataFrame, lengths_m: Mapping[str, float]) -> pd.DataFrame:
    """Return the junction rows with clean types, stations within a millimetre put on the ends."""
    missing = {"junction", "route", "station_m"} - set(junctions.columns)
    if missing:
        raise RoadplanError(f"the junctions lack the columns {', '.join(sorted(missing))}")
    faults = []
    station = pd.to_numeric(junctions["station_m"], errors="coerce").to_numpy(float)
    length = junctions["route"].map(lambda route: lengths_m.get(str(route), np.nan)).to_numpy(float)
    outside = ~((station >= -STATION_TOLERANCE_M) & (station <= length + STATION_TOLERANCE_M))
    nameless = junctions["junction"].isna().to_numpy()
    for i in np.flatnonzero(outside | nameless):
        label, route = junctions.index[int(i)], junctions["route"].iloc[int(i)]
        if nameless[i]:
            why, remedy = f"junction row {label} has no identifier", "give it one"
        elif np.isnan(length[i]):
            why = f"junction row {label} is on route {route!r}, which is not there"
            remedy = f"the routes are {', '.join(lengths_m)}"
        else:
            why = f"junction row {label}: station {station[i]:.3f} m is not on route {route!r}"
            remedy = f"it runs from 0 to {length[i]:.3f} m"
        faults.append(Fault(why=why, remedy=remedy, value=str(junctions["station_m"].iloc[i])))
    if faults:
        raise FaultsError(faults, "The junctions make no network")
    return pd.DataFrame(
        {
            "junction": junctions["junction"].astype(str).to_numpy(),
            "route": junctions["route"].astype(str).to_numpy(),
            "station_m": np.clip(station, 0.0, length),
        }
    )
