"""What makes control points an axis, and points places."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from roadplan.corridor._geodesic import GEOD, Floats
from roadplan.errors import Fault, FaultsError, RoadplanError

STATION_TOLERANCE_M = 0.001
"""A station this far outside the axis is taken for its end; a thousandth is what posts can say."""

_LONGEST_AXIS_M = 5e7
_MAX_LAT = 89.0


def coordinates(lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    """Return control points as fresh arrays of floats."""
    try:
        longitude, latitude = np.array(lon, dtype=float), np.array(lat, dtype=float)
    except (TypeError, ValueError) as error:
        raise RoadplanError(f"control points must be numbers in degrees: {error}") from error
    if longitude.ndim != 1 or longitude.shape != latitude.shape:
        raise RoadplanError(
            f"lon and lat must be lists of one length: {longitude.shape} and {latitude.shape}"
        )
    if len(longitude) < 2:
        raise RoadplanError(f"an axis needs at least two control points, not {len(longitude)}")
    return longitude, latitude


def _outside(lon: Floats, lat: Floats) -> NDArray[np.bool_]:
    """Say which points are missing a coordinate or lie outside ±180° and ±90°."""
    return ~((np.abs(lon) <= 180) & (np.abs(lat) <= 90))


def check_control_points(lon: Floats, lat: Floats) -> None:
    """Raise all faults of the control points at once."""
    faults = [
        Fault(
            why=f"control point {i + 1} is not a place: longitude {lon[i]}, latitude {lat[i]}",
            remedy="give degrees, longitude within ±180 and latitude within ±90",
        )
        for i in np.flatnonzero(_outside(lon, lat))
    ]
    if not faults:
        faults = [*_edge_faults(lon, lat)]
    if faults:
        raise FaultsError(faults, "The control points make no axis")


def _edge_faults(lon: Floats, lat: Floats) -> list[Fault]:
    """Return what is wrong with the lines between neighbouring control points."""
    _, _, length_m = GEOD.inv(lon[:-1], lat[:-1], lon[1:], lat[1:])
    findings = (
        (
            length_m < STATION_TOLERANCE_M,
            "are the same place",
            "remove one of them",
        ),
        (
            np.abs(np.diff(lon)) > 180,
            "lie on two sides of the 180° meridian",
            "end the axis there and begin another, joined by a junction",
        ),
        (
            np.maximum(np.abs(lat[:-1]), np.abs(lat[1:])) > _MAX_LAT,
            "lie within a degree of a pole",
            "an axis cannot run there",
        ),
        (
            np.cumsum(length_m) > _LONGEST_AXIS_M,
            "lie more than 50,000 km along the axis",
            "check the order of the points and that longitude and latitude are not exchanged",
        ),
    )
    return [
        Fault(why=f"control points {i + 1} and {i + 2} {why}", remedy=remedy)
        for wrong, why, remedy in findings
        for i in np.flatnonzero(wrong)
    ]


def check_points(lon: Floats, lat: Floats) -> None:
    """Raise if points to be located are no places."""
    wrong = np.flatnonzero(_outside(lon, lat))
    if len(wrong):
        named = ", ".join(f"number {i + 1} ({lon[i]}, {lat[i]})" for i in wrong[:5])
        raise RoadplanError(
            f"{len(wrong)} of {len(lon)} points are no places: {named}; give degrees, longitude "
            "within ±180 and latitude within ±90"
        )
