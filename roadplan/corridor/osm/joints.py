"""Other routes kept joined to a route whose axis has moved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from roadplan.corridor._geodesic import GEOD
from roadplan.corridor.axis import Axis
from roadplan.corridor.osm._text import distance
from roadplan.corridor.osm.carry import RowMove, StationMap, carry_tables
from roadplan.errors import RoadplanError

APART_M = 200.0
"""Members of a junction may be drawn so far apart: as much as shipped axes are generalised by."""

FARTHEST_M = 2_000.0
"""No end is moved farther; a branch so far off has to be refreshed or drawn itself."""

_AT_END_M = 1.0


@dataclass(frozen=True)
class _End:
    """One end of another route and where it has to be."""

    junction: str
    route: str
    last: bool
    lon: float
    lat: float


def rejoin(
    tables: Mapping[str, pd.DataFrame], route: str, axis: Axis, axes: Mapping[str, Axis]
) -> tuple[dict[str, pd.DataFrame], list[RowMove], list[str]]:
    """Move the ends of other routes to where their junction with a renewed route has gone.

    Only ends that came to lie more than :data:`APART_M` away are moved, and none by more than
    :data:`FARTHEST_M`; their last control point takes the new place, and what stands on the route
    is carried over.

    Parameters
    ----------
    tables
        All tables, the route's own rows carried over already. Not changed.
    route, axis
        The renewed route and its new axis.
    axes
        The axes of the other routes, as they were.

    Returns
    -------
    tables
        All tables.
    moves
        The rows of other routes that moved.
    notes
        What was joined again, or could not be, as sentences.
    """
    renewed = dict(tables)
    moves: list[RowMove] = []
    notes: list[str] = []
    current = dict(axes)
    for end in _ends(tables["junctions"], route, axis, axes):
        old = current[end.route]
        i = -1 if end.last else 0
        away = float(GEOD.inv(old.lon[i], old.lat[i], end.lon, end.lat)[2])
        if away <= APART_M:
            continue
        what = (
            f"the end of {end.route} at junction {end.junction} is {distance(away)} from the axis"
        )
        if away > FARTHEST_M:
            notes.append(f"{what} now, too far to be moved there")
            continue
        try:
            new = _moved(old, end)
        except RoadplanError:
            notes.append(f"{what} now and cannot be moved there")
            continue
        current[end.route] = new
        renewed, moved = carry_tables(renewed, end.route, old, new, _map(old, new, end.last))
        renewed["control_points"] = _points(renewed["control_points"], end, route)
        moves += moved
        notes.append(f"{what} and was moved there; refresh {end.route} as well")
    return renewed, moves, notes


def _ends(junctions: pd.DataFrame, route: str, axis: Axis, axes: Mapping[str, Axis]) -> list[_End]:
    """Return the ends of other routes that meet a route."""
    found = []
    for junction, group in junctions.groupby("junction", sort=False):
        own = group.loc[group["route"] == route, "station_m"]
        if own.empty:
            continue
        lon, lat = axis.points(np.clip(float(own.iloc[0]), 0, axis.length_m))
        for row in group[group["route"] != route].itertuples():
            name, station = str(row.route), float(row.station_m)
            length = axes[name].length_m
            if min(station, length - station) <= _AT_END_M:
                last = station > length / 2
                found.append(_End(str(junction), name, last, float(lon), float(lat)))
    return found


def _moved(axis: Axis, end: _End) -> Axis:
    lon, lat = axis.lon.copy(), axis.lat.copy()
    i = -1 if end.last else 0
    lon[i], lat[i] = round(end.lon, 6), round(end.lat, 6)
    return Axis(lon, lat)


def _map(old: Axis, new: Axis, last: bool) -> StationMap:
    """Return old stations to new ones where only the line at one end has changed."""
    corner = -2 if last else 1
    pairs = {
        0.0: 0.0,
        float(old.control_station_m[corner]): float(new.control_station_m[corner]),
        old.length_m: new.length_m,
    }
    return StationMap(np.array(list(pairs)), np.array(list(pairs.values())))


def _points(points: pd.DataFrame, end: _End, route: str) -> pd.DataFrame:
    """Return the control points with one end of a route at its new place."""
    points = points.copy()
    own = points.loc[points["route"] == end.route, "seq"]
    row = own.idxmax() if end.last else own.idxmin()
    points.loc[row, ["lon", "lat"]] = [round(end.lon, 6), round(end.lat, 6)]
    points.loc[row, ["standing", "source"]] = [
        "estimated",
        f"joined to the renewed axis of {route}",
    ]
    return points
