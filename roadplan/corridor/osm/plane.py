"""A flat map around a route, for distances of some kilometres between near things."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from pyproj import Proj

from roadplan.corridor._geodesic import Floats
from roadplan.corridor.axis import Axis


class Plane:
    """Azimuthal equidistant metres around the middle of a line.

    Lengths are right to (d / R)² / 6 at a distance d from the middle (Snyder 1987, p. 191): one
    part in a thousand at 490 km. It serves to compare near things; what is reported as a length
    is measured on the ellipsoid.

    Parameters
    ----------
    lon, lat
        Points of the line in degrees.
    """

    def __init__(self, lon: Floats, lat: Floats) -> None:
        middle = (lon.min() + lon.max()) / 2, (lat.min() + lat.max()) / 2
        self._proj = Proj(proj="aeqd", lon_0=middle[0], lat_0=middle[1], datum="WGS84")

    def xy(self, lon: ArrayLike, lat: ArrayLike) -> Floats:
        """Return points on the plane, shape (n, 2)."""
        x, y = self._proj(np.asarray(lon, dtype=float), np.asarray(lat, dtype=float))
        return np.column_stack((x, y))

    def lonlat(self, xy: Floats) -> tuple[Floats, Floats]:
        """Return points of the plane, shape (n, 2), in degrees."""
        lon, lat = self._proj(xy[:, 0], xy[:, 1], inverse=True)
        return np.asarray(lon), np.asarray(lat)


def areas(axis: Axis, buffer_m: float, *, longest_m: float = 100_000) -> list[shapely.Polygon]:
    """Return the surroundings of an axis in pieces fit for one request each.

    Parameters
    ----------
    axis
        The axis.
    buffer_m
        How far from it the surroundings reach.
    longest_m
        No piece is along more of the axis; with a wide buffer pieces are shorter.

    Returns
    -------
    list of shapely.Polygon
        Longitude and latitude; neighbouring pieces overlap.
    """
    plane = Plane(axis.lon, axis.lat)
    piece_m = float(np.clip(2.5e9 / (2 * buffer_m), 10_000, longest_m))
    count = max(1, int(np.ceil(axis.length_m / piece_m)))
    ends = np.linspace(0, axis.length_m, count + 1)
    found = []
    for line in axis.lines(ends[:-1], ends[1:]):
        lonlat = shapely.get_coordinates(line)
        flat = shapely.LineString(plane.xy(lonlat[:, 0], lonlat[:, 1]))
        outline = flat.simplify(buffer_m / 20).buffer(buffer_m * 1.05, quad_segs=4)
        ring = np.asarray(outline.exterior.coords)
        found.append(shapely.Polygon(np.column_stack(plane.lonlat(ring))))
    return found


def along(xy: Floats) -> Floats:
    """Return the distance from the first point along a line on the plane, shape (n,)."""
    steps = np.hypot(*np.diff(xy, axis=0).T)
    return np.concatenate(([0.0], np.cumsum(steps)))


def line_tree(xy: Floats) -> shapely.STRtree:
    """Return a search tree over the straight pieces of a line, in order."""
    pieces = np.asarray(shapely.linestrings(np.stack((xy[:-1], xy[1:]), axis=1)), dtype=object)
    return shapely.STRtree(pieces)


def point_shapes(xy: Floats) -> NDArray[np.object_]:
    """Return points of the plane, shape (n, 2), as shapely points, shape (n,)."""
    return np.asarray(shapely.points(xy), dtype=object)


def point_tree(xy: Floats) -> shapely.STRtree:
    """Return a search tree over points, in order."""
    return shapely.STRtree(point_shapes(xy))
