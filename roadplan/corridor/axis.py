"""The axis of a route: stations in metres along a line of geodesics.

All methods take whole arrays. Lengths, stations and offsets are geodesic metres on WGS 84.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from roadplan.corridor._control_points import (
    STATION_TOLERANCE_M,
    check_control_points,
    check_points,
    coordinates,
)
from roadplan.corridor._geodesic import (
    GEOD,
    Floats,
    chord_to_geodesic,
    curvature,
    densify,
    earth_centred,
    is_long,
    normals,
)
from roadplan.corridor._nearest import EdgeTree
from roadplan.errors import RoadplanError, StationError

_SHAPE_ERROR_M = 0.5
_VERTEX_ERROR_M = 0.00025
_LONGEST_PIECE_M = 250.0


@dataclass(frozen=True, eq=False)
class Axis:
    """A line through control points, joined by geodesics.

    Parameters
    ----------
    lon, lat
        Control points in degrees (WGS 84), shape (n,), n at least 2, in the order of rising
        stations.

    Raises
    ------
    FaultsError
        Fewer than two points, a coordinate missing or out of range, a point repeated, or a line
        over the 180° meridian or a pole; every such point is named, counted from 1.

    Examples
    --------
    >>> axis = Axis([73.0, 73.0, 73.1], [49.0, 49.1, 49.1])
    >>> round(axis.length_m, 3)
    18423.589
    >>> lon, lat = axis.points([0, 5_000])
    >>> station_m, offset_m = axis.locate(lon + 0.001, lat)
    >>> bool(abs(station_m[1] - 5_000) < 0.01), round(float(offset_m[1]), 2)
    (True, 73.11)
    """

    lon: Floats
    lat: Floats
    control_station_m: Floats = field(init=False, repr=False)
    """Station of each control point, shape (n,)."""
    vertex_station_m: Floats = field(init=False, repr=False)
    """Stations of the vertices of the fine line, shape (m,), control points among them."""
    vertex_lon: Floats = field(init=False, repr=False)
    vertex_lat: Floats = field(init=False, repr=False)
    _shape_index: NDArray[np.intp] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        lon, lat = coordinates(self.lon, self.lat)
        check_control_points(lon, lat)
        *vertices, shape_index = densify(
            lon,
            lat,
            shape_error_m=_SHAPE_ERROR_M,
            vertex_error_m=_VERTEX_ERROR_M,
            longest_m=_LONGEST_PIECE_M,
        )
        _, _, length_m = GEOD.inv(lon[:-1], lat[:-1], lon[1:], lat[1:])
        values: dict[str, NDArray[Any]] = {
            "lon": lon,
            "lat": lat,
            "control_station_m": np.concatenate(([0.0], np.cumsum(length_m))),
            "vertex_lon": vertices[0],
            "vertex_lat": vertices[1],
            "vertex_station_m": vertices[2],
            "_shape_index": shape_index,
        }
        for name, value in values.items():
            value.flags.writeable = False
            object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        """Return the length and the number of control points."""
        return f"<Axis of {self.length_m / 1000:.3f} km through {len(self.lon)} control points>"

    @property
    def length_m(self) -> float:
        """Geodesic length through the control points."""
        return float(self.control_station_m[-1])

    def points(self, station_m: ArrayLike) -> tuple[Floats, Floats]:
        """Return the points at stations.

        Parameters
        ----------
        station_m
            Stations, any shape.

        Returns
        -------
        lon, lat : ndarray
            Degrees, in the shape of `station_m`; within a millimetre of the geodesics.

        Raises
        ------
        StationError
            A station is missing or outside the axis by more than a millimetre.
        """
        station = self.checked(station_m)
        lon = np.interp(station, self.vertex_station_m, self.vertex_lon)
        lat = np.interp(station, self.vertex_station_m, self.vertex_lat)
        return np.asarray(lon), np.asarray(lat)

    def point_geometries(self, station_m: ArrayLike) -> NDArray[np.object_]:
        """Return the points at stations as shapely points, in the shape of `station_m`."""
        return np.asarray(shapely.points(*self.points(station_m)), dtype=object)

    def bearings(self, station_m: ArrayLike) -> Floats:
        """Return the direction of rising stations.

        Parameters
        ----------
        station_m
            Stations, any shape. At a control point the direction is that of the line after it,
            at the end that of the last line.

        Returns
        -------
        ndarray
            Degrees clockwise from north, 0 to below 360.
        """
        station = self.checked(station_m)
        edge = np.searchsorted(self.vertex_station_m, station, side="right") - 1
        edge = np.minimum(edge, len(self.vertex_station_m) - 2)
        begin, turn = self._vertex_bearings
        edge_m = self.vertex_station_m[edge + 1] - self.vertex_station_m[edge]
        share = (station - self.vertex_station_m[edge]) / edge_m
        bearing: Floats = (begin[edge] + share * turn[edge]) % 360
        return bearing

    def offset_points(self, station_m: ArrayLike, offset_m: ArrayLike) -> tuple[Floats, Floats]:
        """Return points beside the axis.

        Parameters
        ----------
        station_m
            Stations, broadcast against `offset_m`.
        offset_m
            Distance at a right angle to the axis, positive to the right of rising stations.

        Returns
        -------
        lon, lat : ndarray
            Degrees.
        """
        station, offset = np.broadcast_arrays(self.checked(station_m), np.asarray(offset_m, float))
        if not np.isfinite(offset).all():
            raise RoadplanError("an offset from the axis is missing or not finite; give metres")
        lon, lat = self.points(station)
        lon, lat, _ = GEOD.fwd(lon, lat, self.bearings(station) + 90, offset)
        return np.asarray(lon), np.asarray(lat)

    def lines(self, from_m: ArrayLike, to_m: ArrayLike) -> NDArray[np.object_]:
        """Return stretches of the axis as lines.

        Besides its ends a line holds the control points inside and, on longer geodesics, as many
        points as keep it within half a metre of them.

        Parameters
        ----------
        from_m, to_m
            Ends of the stretches, shape (n,), or single stations; `from_m` below `to_m`.

        Returns
        -------
        ndarray of shapely.LineString
            Shape (n,), in longitude and latitude.

        Raises
        ------
        StationError
            A station is outside the axis, or a stretch is empty or reversed.
        """
        begin, end = np.broadcast_arrays(
            np.atleast_1d(self.checked(from_m)), np.atleast_1d(self.checked(to_m))
        )
        wrong = np.flatnonzero(~(begin < end))
        if len(wrong):
            named = ", ".join(f"[{begin[i]:.3f}, {end[i]:.3f})" for i in wrong[:3])
            raise StationError(
                f"{len(wrong)} of {len(begin)} stretches are empty or reversed: {named}; "
                "from_m must be less than to_m"
            )
        shape_m = self.vertex_station_m[self._shape_index]
        first = np.searchsorted(shape_m, begin + STATION_TOLERANCE_M, side="right")
        inside = np.searchsorted(shape_m, end - STATION_TOLERANCE_M, side="left") - first
        count = np.maximum(inside, 0) + 2
        line = np.repeat(np.arange(len(begin)), count)
        opens = np.cumsum(count) - count
        closes = opens + count - 1
        vertex = first[line] + np.arange(len(line)) - opens[line] - 1
        vertex[opens], vertex[closes] = 0, 0
        vertex = self._shape_index[vertex]
        xy = np.column_stack((self.vertex_lon[vertex], self.vertex_lat[vertex]))
        xy[opens] = np.column_stack(self.points(begin))
        xy[closes] = np.column_stack(self.points(end))
        return np.asarray(shapely.linestrings(xy, indices=line), dtype=object)

    def locate(self, lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
        """Return the nearest point of the axis to each point.

        Parameters
        ----------
        lon, lat
            Degrees, any shape, broadcast against each other.

        Returns
        -------
        station_m : ndarray
            Station of the nearest point; good to a few millimetres up to 10 km off the axis, to
            a centimetre or two at 100 km and some metres at 1,000 km.
        offset_m : ndarray
            Geodesic distance to it, positive to the right of rising stations. Beyond an end it is
            the distance to that end.

        Raises
        ------
        RoadplanError
            A coordinate is missing or out of range.
        """
        longitude, latitude = np.broadcast_arrays(np.asarray(lon, float), np.asarray(lat, float))
        check_points(longitude.ravel(), latitude.ravel())
        xyz = earth_centred(longitude.ravel(), latitude.ravel())
        station = np.empty(len(xyz))
        offset = np.empty(len(xyz))
        edge = self._tree.nearest(xyz)
        for i in range(0, len(xyz), 16_384):  # arrays that stay in the processor's cache
            part = slice(i, i + 16_384)
            station[part], offset[part] = self._feet(xyz[part], edge[part])
        far = np.flatnonzero(is_long(np.abs(offset)))
        if len(far):
            foot = self.points(station[far])
            points = longitude.ravel()[far], latitude.ravel()[far]
            offset[far] = np.copysign(GEOD.inv(*foot, *points)[2], offset[far])
        return station.reshape(longitude.shape), offset.reshape(longitude.shape)

    def checked(self, station_m: ArrayLike) -> Floats:
        """Return stations as floats, those within a millimetre outside put on the end.

        Raises
        ------
        StationError
            A station is missing or outside; the first are named with the valid range.
        """
        try:
            station = np.asarray(station_m, dtype=float)
        except (TypeError, ValueError) as error:
            raise StationError(f"stations must be numbers in metres: {error}") from error
        low, high = -STATION_TOLERANCE_M, self.length_m + STATION_TOLERANCE_M
        wrong = ~((station >= low) & (station <= high))
        if wrong.any():
            named = ", ".join(f"{value:.3f}" for value in station[wrong][:5])
            raise StationError(
                f"{np.count_nonzero(wrong)} of {station.size} stations are not on the axis: "
                f"{named}; it runs from 0 to {self.length_m:.3f} m"
            )
        clipped: Floats = np.clip(station, 0.0, self.length_m)
        return clipped

    @cached_property
    def _vertex_bearings(self) -> tuple[Floats, Floats]:
        """Bearing at the beginning of each edge and how much it turns along it, in degrees."""
        lon, lat = self.vertex_lon, self.vertex_lat
        begin, back, _ = GEOD.inv(lon[:-1], lat[:-1], lon[1:], lat[1:])
        return begin % 360, (back + 180 - begin + 180) % 360 - 180

    @cached_property
    def _tree(self) -> EdgeTree:
        return EdgeTree(earth_centred(self.vertex_lon, self.vertex_lat))

    @cached_property
    def _edges(self) -> tuple[Floats, Floats, Floats]:
        """Normal and curvature in the middle of each edge, and the direction at each vertex."""
        tree = self._tree
        middle = tree.start + tree.direction * (tree.length / 2)[:, None]
        padded = np.concatenate((tree.direction[:1], tree.direction, tree.direction[-1:]))
        at_vertex = padded[:-1] + padded[1:]
        hairpin = np.linalg.norm(at_vertex, axis=1) < 1e-9
        at_vertex[hairpin] = padded[:-1][hairpin]
        return normals(middle), curvature(middle, tree.direction), at_vertex

    def _feet(self, xyz: Floats, edge: NDArray[np.intp]) -> tuple[Floats, Floats]:
        """Return station and signed offset of points whose nearest edges are known.

        The foot is sought on the chord and then lifted onto the ellipsoid. A point d off the axis
        lies d²/2R below the plane that touches at its foot, which moves the foot by some 7 mm
        when d is 100 km.
        """
        tree = self._tree
        edge_normal, edge_bend, vertex_direction = self._edges
        length, direction = tree.length[edge], tree.direction[edge]
        normal, bend = edge_normal[edge], edge_bend[edge]
        along = np.clip(_dot(xyz - tree.start[edge], direction), 0.0, length)
        foot = tree.start[edge] + along[:, None] * direction
        foot += (along * (length - along) * bend / 2)[:, None] * normal
        begin_m = self.vertex_station_m[edge]
        station = begin_m + along / length * (self.vertex_station_m[edge + 1] - begin_m)

        # At an end of the edge the side is told by the direction half-way to its neighbour.
        for at_vertex, vertex in ((along <= 0, edge), (along >= length, edge + 1)):
            direction[at_vertex] = vertex_direction[vertex[at_vertex]]
        right = _dot(_cross(direction, normal), xyz - foot)
        return station, np.copysign(chord_to_geodesic(foot, xyz), right)


def _dot(a: Floats, b: Floats) -> Floats:
    product: Floats = np.einsum("ij,ij->i", a, b)
    return product


def _cross(a: Floats, b: Floats) -> Floats:
    """Return cross products row by row (several times quicker than `numpy.cross`)."""
    product = np.empty_like(a)
    for k, m, n in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
        product[:, k] = a[:, m] * b[:, n] - a[:, n] * b[:, m]
    return product
