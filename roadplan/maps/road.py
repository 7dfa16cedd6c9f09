"""What a page needs of the road: its axes, its posts and where its routes meet."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from roadplan.corridor import Axis, Corridor
from roadplan.corridor.model import Row

_TOLERANCE_M = 1.5
"""How far the drawn line may be from the axis: less than a pixel at the closest zoom in use."""

_LONGEST_PIECE_M = 5_000.0
_METRES_PER_DEGREE = 111_320.0
_DEGREE_UNITS = 100_000
_STATION_UNITS = 10


@dataclass(frozen=True, eq=False)
class DrawnLine:
    """A simplified axis that keeps the station of every point.

    Parameters
    ----------
    lon, lat
        Degrees (WGS 84), shape (n,).
    station_m
        Stations in metres, shape (n,), rising.
    """

    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    station_m: NDArray[np.float64]


def drawn_line(axis: Axis, *, tolerance_m: float = _TOLERANCE_M) -> DrawnLine:
    """Return an axis with as few points as drawing and finding stations on it allow.

    Parameters
    ----------
    axis
        The axis.
    tolerance_m
        How far the simplified line may be from it. Douglas and Peucker's rule (1973), on
        degrees scaled to metres at the middle of the line.

    Returns
    -------
    DrawnLine
        The ends are those of the axis; no piece is longer than 5 km, so that stations may be
        interpolated along it.
    """
    station = np.asarray(axis.vertex_station_m, dtype=np.float64)
    lon, lat = np.asarray(axis.vertex_lon), np.asarray(axis.vertex_lat)
    scale = np.array([np.cos(np.radians(lat.mean())), 1.0]) * _METRES_PER_DEGREE
    flat = shapely.linestrings(np.column_stack([np.column_stack([lon, lat]) * scale, station]))
    kept = shapely.get_coordinates(shapely.simplify(flat, tolerance_m), include_z=True)[:, 2]
    extra = [
        np.linspace(a, b, int(np.ceil((b - a) / _LONGEST_PIECE_M)) + 1)[1:-1]
        for a, b in pairwise(kept)
        if b - a > _LONGEST_PIECE_M
    ]
    stations = np.unique(np.concatenate([kept, *extra]))
    points_lon, points_lat = axis.points(stations)
    return DrawnLine(np.asarray(points_lon), np.asarray(points_lat), stations)


def packed(line: DrawnLine) -> dict[str, list[int]]:
    """Return a line as whole numbers, each the difference from the one before.

    Returns
    -------
    dict
        `lon` and `lat` in 1e-5 degrees, `station` in decimetres.
    """

    def steps(values: NDArray[np.float64], units: int) -> list[int]:
        whole = np.rint(values * units).astype(np.int64)
        return [int(step) for step in np.diff(whole, prepend=0)]

    return {
        "lon": steps(line.lon, _DEGREE_UNITS),
        "lat": steps(line.lat, _DEGREE_UNITS),
        "station": steps(line.station_m, _STATION_UNITS),
    }


def road_data(corridor: Corridor) -> dict[str, Any]:
    """Return axes, postings and junctions as the page reads them."""
    return {
        "routes": [
            {
                "id": route.id,
                "name": shown_names(route),
                "kind": route.kind,
                "schematic": route.schematic,
                **packed(drawn_line(route.axis)),
            }
            for route in corridor.routes.values()
        ],
        "postings": _postings(corridor),
        "breaks": corridor.postings.breaks[
            ["posting", "route", "from_m", "to_m", "from_post_km", "to_post_km"]
        ].to_numpy(dtype=object),
        "junctions": [
            list(zip(group["route"], group["station_m"], strict=True))
            for _, group in corridor.table("junctions").groupby("junction", sort=False)
        ],
    }


def bounds(corridor: Corridor) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the south-western and north-eastern corner of all routes as (lat, lon)."""
    lon = np.concatenate([route.axis.vertex_lon for route in corridor.routes.values()])
    lat = np.concatenate([route.axis.vertex_lat for route in corridor.routes.values()])
    return (float(lat.min()), float(lon.min())), (float(lat.max()), float(lon.max()))


def shown_names(row: Row) -> dict[str, str]:
    """Return the names of a row by language; its id where it has none."""
    return row.names.as_dict() if row.names.en else {"en": row.id}


def record_names(record: Any) -> dict[str, str] | None:
    """Return the names in a table's record by language; None where it has none."""
    names = {code: str(record.get(f"name_{code}") or "") for code in ("en", "ru", "kk")}
    return names if any(names.values()) else None


def _postings(corridor: Corridor) -> list[dict[str, Any]]:
    """Return the postings that have breaks, in the order in which posts are looked up."""
    rows = {str(row["posting"]): row for row in corridor.table("postings").to_dict("records")}
    return [
        {
            "id": name,
            "name": record_names(rows.get(name, {})) or {"en": name},
            "aliases": list(corridor.postings.aliases.get(name, ())),
        }
        for name in corridor.postings.names
    ]
