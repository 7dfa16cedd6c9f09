"""Geodesics on WGS 84 and the same points in three dimensions.

Nearest points are sought in earth-centred coordinates: there a straight line between two points a
few hundred metres apart is the geodesic between them to a fraction of a millimetre, no projection
distorts it, and no meridian is special.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pyproj import Geod

Floats: TypeAlias = NDArray[np.float64]

GEOD = Geod(ellps="WGS84")
"""The ellipsoid on which every length of the package is measured."""

# 1 / (semi-axis squared): the ellipsoid is where the sum of these times x², y², z² is 1.
_INVERSE_SQUARES = np.array([1 / GEOD.a**2, 1 / GEOD.a**2, 1 / GEOD.b**2])

_CHORD_LIMIT_M = 100_000.0
"""Up to here a chord gives the geodesic to a tenth of a millimetre (checked in the tests)."""


def earth_centred(lon: ArrayLike, lat: ArrayLike) -> Floats:
    """Return points of the ellipsoid in earth-centred coordinates.

    Parameters
    ----------
    lon, lat
        Degrees, shape (n,).

    Returns
    -------
    ndarray
        Metres, shape (n, 3). Formula: Hofmann-Wellenhof, Lichtenegger & Wasle (2008), GNSS,
        eq. 8.7, with height 0.
    """
    lam, phi = np.radians(lon), np.radians(lat)
    sin_phi, cos_phi = np.sin(phi), np.cos(phi)
    prime_vertical_m = GEOD.a / np.sqrt(1 - GEOD.es * sin_phi**2)
    xyz = np.empty((*sin_phi.shape, 3))
    xyz[..., 0] = prime_vertical_m * cos_phi * np.cos(lam)
    xyz[..., 1] = prime_vertical_m * cos_phi * np.sin(lam)
    xyz[..., 2] = (1 - GEOD.es) * prime_vertical_m * sin_phi
    return xyz


def normals(xyz: Floats) -> Floats:
    """Return the outward unit normals of the ellipsoid at (or just below) points, shape (n, 3)."""
    gradient = xyz * _INVERSE_SQUARES
    unit: Floats = gradient / np.linalg.norm(gradient, axis=-1, keepdims=True)
    return unit


def curvature(xyz: Floats, direction: Floats) -> Floats:
    """Return the normal curvature (1/m) of the ellipsoid at points in unit tangent directions.

    For the surface f = 0 it is v·H v / |∇f|, with H the Hessian of f (do Carmo 1976, section 3-3).
    """
    gradient = np.linalg.norm(xyz * _INVERSE_SQUARES, axis=-1)
    curved: Floats = (direction**2 @ _INVERSE_SQUARES) / gradient
    return curved


def chord_to_geodesic(start: Floats, end: Floats) -> Floats:
    """Return geodesic lengths from the straight chords between points of the ellipsoid.

    The arc has the curvature of the normal section in the middle of the chord; that is good to
    0.1 mm up to 100 km. Longer ones come back as the arc all the same, for the caller to replace.

    Parameters
    ----------
    start, end
        Earth-centred coordinates in metres, shape (n, 3).

    Returns
    -------
    ndarray
        Metres, shape (n,).
    """
    chord = end - start
    length = np.sqrt(np.einsum("ij,ij->i", chord, chord))
    direction = chord / np.maximum(length, 1e-9)[:, None]
    # Where start and end coincide there is no direction: any radius gives 0.
    radius = 1 / np.maximum(curvature((start + end) / 2, direction), 1e-9)
    arc = 2 * radius * np.arcsin(np.minimum(length / (2 * radius), 1.0))
    # Between antipodes the middle of the chord is the centre, whose curvature means nothing.
    least: Floats = np.maximum(arc, length)
    return least


def is_long(chord_m: Floats) -> NDArray[np.bool_]:
    """Say which lengths are too long for `chord_to_geodesic`."""
    return chord_m > _CHORD_LIMIT_M


def densify(
    lon: Floats, lat: Floats, *, shape_error_m: float, vertex_error_m: float, longest_m: float
) -> tuple[Floats, Floats, Floats, NDArray[np.intp]]:
    """Put points on the geodesics between control points.

    A straight line in longitude and latitude of length d departs from the geodesic by
    d² tan(lat) / 8R; that sets the number of pieces.

    Parameters
    ----------
    lon, lat
        Control points in degrees, shape (n,).
    shape_error_m, vertex_error_m
        How far the line may depart from the geodesic between neighbouring shape points, and
        between neighbouring vertices.
    longest_m
        No piece between vertices is longer.

    Returns
    -------
    lon, lat, station_m : ndarray
        Vertices, shape (m,), control points among them exactly.
    shape_index : ndarray of int
        Which vertices are shape points, control points among them.
    """
    azimuth, _, length_m = GEOD.inv(lon[:-1], lat[:-1], lon[1:], lat[1:])
    station_m = np.concatenate(([0.0], np.cumsum(length_m)))
    steepest = np.minimum(np.maximum(np.abs(lat[:-1]), np.abs(lat[1:])) + 0.1, 89.5)
    per_m = np.tan(np.radians(steepest)) / (8 * GEOD.a)
    shape_count = np.ceil(length_m * np.sqrt(per_m / shape_error_m)).astype(np.intp)
    shape_count = np.maximum(shape_count, 1)
    piece_m = np.minimum(np.sqrt(vertex_error_m / per_m), longest_m)
    count = shape_count * np.ceil(length_m / shape_count / piece_m).astype(np.intp)

    edge = np.repeat(np.arange(len(count)), count)
    first = np.cumsum(count) - count
    step = np.arange(len(edge)) - first[edge]
    along_m = length_m[edge] * step / count[edge]
    vertex_lon, vertex_lat, _ = GEOD.fwd(lon[edge], lat[edge], azimuth[edge], along_m)
    vertex_lon, vertex_lat = np.append(vertex_lon, lon[-1]), np.append(vertex_lat, lat[-1])
    vertex_lon[first], vertex_lat[first] = lon[:-1], lat[:-1]
    vertex_station = np.append(station_m[edge] + along_m, station_m[-1])
    is_shape = np.append(step % (count // shape_count)[edge] == 0, True)
    return vertex_lon, vertex_lat, vertex_station, np.flatnonzero(is_shape)
