"""The road as snow meets it: segments with their bearing, profile and openness to the wind."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from roadplan.errors import RoadplanError
from roadplan.weather.parameters import Parameters
from roadplan.weather.units import Floats

if TYPE_CHECKING:
    from roadplan.corridor import Corridor

Integers = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Road:
    """Segments of road as arrays, each of shape (segment,).

    Parameters
    ----------
    ids
        Identifiers, unique.
    parents
        The corridor's segment that each is a piece of.
    route, from_m, to_m
        Where each lies: the half-open stretch of a route.
    lon, lat
        Its middle, degrees.
    bearing_deg
        Its direction with rising stations, from its beginning to its end, clockwise from north.
    catch
        Share η of the drifting snow that a carriageway keeps, 0–1.
    fetch_m
        Open ground upwind.
    carriageways
        1: both directions on one; 2: one for each direction.
    lanes
        Lanes in each direction.
    """

    ids: tuple[str, ...]
    parents: tuple[str, ...]
    route: tuple[str, ...]
    from_m: Floats
    to_m: Floats
    lon: Floats
    lat: Floats
    bearing_deg: Floats
    catch: Floats
    fetch_m: Floats
    carriageways: Integers
    lanes: Integers

    def __post_init__(self) -> None:
        lengths = {len(np.asarray(value)) for value in vars(self).values()}
        if len(lengths) != 1 or not self.ids:
            raise RoadplanError("the arrays of a road must have one value for each segment")
        if len(set(self.ids)) < len(self.ids):
            raise RoadplanError("two segments of the road have the same identifier")
        if not (self.to_m > self.from_m).all():
            raise RoadplanError("a segment of the road must end after it begins")
        if not ((self.catch >= 0) & (self.catch <= 1)).all():
            raise RoadplanError("the share of drift that a road catches lies between 0 and 1")

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def length_m(self) -> Floats:
        """Lengths of the segments in metres."""
        return self.to_m - self.from_m

    @classmethod
    def from_corridor(
        cls,
        corridor: Corridor,
        parameters: Parameters,
        *,
        longest_m: float = 5000.0,
        routes: Sequence[str] | None = None,
    ) -> Road:
        """Cut a corridor into segments for weather.

        Parameters
        ----------
        corridor
            The corridor.
        parameters
            The model's numbers.
        longest_m
            Longer segments are cut into equal pieces.
        routes
            Routes to take; by default all that have segments, all of them where none has.

        Notes
        -----
        Cuts are made at the ends of the corridor's segments and of its drift-prone stretches. A
        piece catches drift by its `profile`; where none is stated, like an embankment. Where a
        drift-prone stretch covers it, its `exposure` says which share of the length catches
        at least like a road level with the ground.
        """
        if not longest_m >= 100:
            raise RoadplanError("segments for weather cannot be shorter than 100 m")
        segments = _segments(corridor, routes)
        drifts = corridor.table("drift_stretches")
        pieces = [piece for row in segments for piece in _cut(row, drifts, longest_m)]
        return _road(corridor, pd.DataFrame(pieces), parameters)

    @classmethod
    def sampled(
        cls, corridor: Corridor, parameters: Parameters, *, spacing_m: float = 25_000.0
    ) -> Road:
        """Cut whole routes into equal pieces, whose middles serve as points of a forecast.

        Parameters
        ----------
        corridor
            The corridor.
        parameters
            The model's numbers.
        spacing_m
            Greatest length of a piece.
        """
        if not spacing_m >= 100:
            raise RoadplanError("points of a forecast cannot be nearer than 100 m")
        whole = [_whole(route.id, route.length_m) for route in corridor.routes.values()]
        none = corridor.table("drift_stretches").iloc[:0]
        pieces = [piece for row in whole for piece in _cut(row, none, spacing_m)]
        return _road(corridor, pd.DataFrame(pieces), parameters)


def _segments(corridor: Corridor, routes: Sequence[str] | None) -> list[dict[str, object]]:
    """Return the corridor's segments as plain rows; whole routes where it has none."""
    wanted = None if routes is None else {corridor.route(name).id for name in routes}
    rows: list[dict[str, object]] = [
        {
            "parent": segment.id,
            "route": segment.route,
            "from_m": segment.from_m,
            "to_m": segment.to_m,
            "carriageways": segment.carriageways,
            "lanes": segment.lanes,
            "profile": segment.profile,
        }
        for segment in corridor.segments
        if wanted is None or segment.route in wanted
    ]
    covered = {row["route"] for row in rows}
    bare = [route for route in corridor.routes.values() if route.id not in covered]
    rows += [
        _whole(route.id, route.length_m)
        for route in bare
        if (not covered if wanted is None else route.id in wanted)
    ]
    if not rows:
        raise RoadplanError("the corridor has no segments on these routes")
    return rows


def _whole(route: str, length_m: float) -> dict[str, object]:
    return {
        "parent": route,
        "route": route,
        "from_m": 0.0,
        "to_m": length_m,
        "carriageways": 1,
        "lanes": 1,
        "profile": "",
    }


def _cut(row: dict[str, object], drifts: pd.DataFrame, longest_m: float) -> list[dict[str, object]]:
    start, end = float(str(row["from_m"])), float(str(row["to_m"]))
    here = drifts[drifts["route"] == row["route"]]
    marks = {start, end}
    for column in ("from_m", "to_m"):
        inside = here[column].to_numpy(float)
        marks |= {float(m) for m in inside[(inside > start + 50) & (inside < end - 50)]}
    ends = sorted(marks)
    edges = [
        edge
        for a, b in itertools.pairwise(ends)
        for edge in np.linspace(a, b, int(np.ceil((b - a) / longest_m)) + 1)[:-1]
    ] + [end]
    pieces = []
    for k, (a, b) in enumerate(itertools.pairwise(edges)):
        shared = np.minimum(here["to_m"].to_numpy(float), b) - np.maximum(
            here["from_m"].to_numpy(float), a
        )
        prone = (np.maximum(shared, 0.0) * here["exposure"].to_numpy(float)).sum()
        exposure = min(float(prone) / (b - a), 1.0)
        name = row["parent"] if len(edges) == 2 else f"{row['parent']}/{k + 1}"
        pieces.append({**row, "id": name, "from_m": a, "to_m": b, "exposure": exposure})
    return pieces


def _road(corridor: Corridor, pieces: pd.DataFrame, parameters: Parameters) -> Road:
    count = len(pieces)
    lon, lat, bearing = np.empty(count), np.empty(count), np.empty(count)
    for route, rows in pieces.groupby("route", sort=False):
        axis = corridor.axis(str(route))
        start, end = rows["from_m"].to_numpy(float), rows["to_m"].to_numpy(float)
        start = np.clip(start, 0.0, axis.length_m)
        end = np.clip(end, 0.0, axis.length_m)
        where = rows.index.to_numpy()
        lon[where], lat[where] = axis.points((start + end) / 2)
        bearing[where] = chord_bearing_deg(*axis.points(start), *axis.points(end))
    return Road(
        ids=tuple(pieces["id"]),
        parents=tuple(pieces["parent"]),
        route=tuple(pieces["route"]),
        from_m=pieces["from_m"].to_numpy(float),
        to_m=pieces["to_m"].to_numpy(float),
        lon=lon,
        lat=lat,
        bearing_deg=bearing,
        catch=_catch(pieces, parameters),
        fetch_m=np.full(count, parameters.fetch_m),
        carriageways=pieces["carriageways"].to_numpy(np.int64),
        lanes=pieces["lanes"].to_numpy(np.int64),
    )


def _catch(pieces: pd.DataFrame, parameters: Parameters) -> Floats:
    p = parameters
    by_profile = {
        "embankment": p.catch_embankment,
        "flush": p.catch_flush,
        "cutting": p.catch_cutting,
    }
    base: Floats = np.array([by_profile.get(str(v), p.catch_embankment) for v in pieces["profile"]])
    exposure = pieces["exposure"].to_numpy(float)
    catch: Floats = exposure * np.maximum(base, p.catch_flush) + (1.0 - exposure) * base
    return catch


def chord_bearing_deg(lon_a: Floats, lat_a: Floats, lon_b: Floats, lat_b: Floats) -> Floats:
    """Return the bearing from points a to points b on a sphere, 0–360° clockwise from north."""
    phi_a, phi_b = np.deg2rad(lat_a), np.deg2rad(lat_b)
    step = np.deg2rad(np.asarray(lon_b) - np.asarray(lon_a))
    east = np.sin(step) * np.cos(phi_b)
    north = np.cos(phi_a) * np.sin(phi_b) - np.sin(phi_a) * np.cos(phi_b) * np.cos(step)
    bearing: Floats = np.mod(np.rad2deg(np.arctan2(east, north)), 360.0)
    return bearing
