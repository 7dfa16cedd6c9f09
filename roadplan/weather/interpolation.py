"""From forecast points to the road.

Two ways. Where the points carry stations of a route that the road has, values are interpolated
along the route by station. Everywhere else by inverse distance (Shepard 1968) from the nearest
points within reach. Directions are interpolated as vectors. A place out of reach of every point
gets no values: it stays missing and is flagged.
"""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from roadplan.errors import RoadplanError
from roadplan.weather.parameters import Parameters
from roadplan.weather.road import Road
from roadplan.weather.storm import VARIABLES, Storm
from roadplan.weather.units import CANONICAL, Floats

EARTH_RADIUS_KM = 6371.0088
_LEAST_KM = 0.05
_LEAST_WEIGHT = 0.25


def distances_km(lon_a: ArrayLike, lat_a: ArrayLike, lon_b: ArrayLike, lat_b: ArrayLike) -> Floats:
    """Return great-circle distances between places a and b, shape (a, b), in km."""

    def vectors(lon: ArrayLike, lat: ArrayLike) -> Floats:
        lam, phi = np.deg2rad(np.asarray(lon, float)), np.deg2rad(np.asarray(lat, float))
        return np.stack([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)], -1)

    gaps = vectors(lon_a, lat_a)[:, None, :] - vectors(lon_b, lat_b)[None, :, :]
    chord = np.sqrt((gaps**2).sum(axis=-1))
    angle: Floats = 2.0 * np.arcsin(np.clip(chord / 2.0, 0.0, 1.0))
    return angle * EARTH_RADIUS_KM


def distance_weights(storm: Storm, road: Road, parameters: Parameters) -> Floats:
    """Return the weights of points for segments by inverse distance, shape (segment, point).

    A row without any point within reach is zero throughout; other rows sum to 1.
    """
    data = storm.data
    away = distances_km(road.lon, road.lat, data["lon"].values, data["lat"].values)
    near = np.argsort(away, axis=1, kind="stable")[:, : max(int(parameters.nearest_points), 1)]
    chosen = np.zeros(away.shape, dtype=bool)
    np.put_along_axis(chosen, near, values=True, axis=1)
    chosen &= away <= parameters.reach_km
    raw = np.where(chosen, 1.0 / np.maximum(away, _LEAST_KM) ** parameters.distance_power, 0.0)
    total = raw.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(raw, total, out=np.zeros_like(raw), where=total > 0))


def station_weights(storm: Storm, road: Road, parameters: Parameters) -> Floats:
    """Return the weights of points for segments along the routes, shape (segment, point).

    Needs the coordinates `route` and `station_m` on the points. Between two points of its route
    a segment takes both in proportion; beyond the last one it takes that, as far as it is in
    reach.
    """
    data = storm.data
    routes = data["route"].values.astype(str)
    stations = data["station_m"].values.astype(float)
    weights = np.zeros((len(road), len(stations)))
    middles = (road.from_m + road.to_m) / 2
    for row, (route, middle) in enumerate(zip(road.route, middles, strict=True)):
        on = np.flatnonzero((routes == route) & np.isfinite(stations))
        if not on.size:
            continue
        on = on[np.argsort(stations[on], kind="stable")]
        at = int(np.searchsorted(stations[on], middle))
        left, right = on[max(at - 1, 0)], on[min(at, len(on) - 1)]
        gap = stations[right] - stations[left]
        share = float((middle - stations[left]) / gap) if gap > 0 else 0.0
        weights[row, left] += 1.0 - share
        weights[row, right] += share
        if min(abs(middle - stations[left]), abs(middle - stations[right])) > (
            1000.0 * parameters.reach_km
        ):
            weights[row] = 0.0
    return weights


def to_road(storm: Storm, road: Road, parameters: Parameters, *, method: str = "auto") -> Storm:
    """Bring a storm from its points to the segments of a road.

    Parameters
    ----------
    storm
        A storm at points, or one that already lies on these segments, which is returned as is.
    road
        The segments.
    parameters
        `reach_km`, `nearest_points` and `distance_power` are used.
    method
        ``station`` along the routes, ``distance`` by inverse distance, or ``auto``: by station
        where the points carry stations of the road's routes.

    Returns
    -------
    Storm
        With the dimension `segment` and its bearings. A value is missing where no point in
        reach has it; a point without a value leaves its weight to the others while they hold
        at least a quarter of it.

    Raises
    ------
    RoadplanError
        No segment is in reach of any point, or the storm lies on other segments.
    """
    if storm.place == "segment":
        if tuple(str(v) for v in storm.data["segment"].values) != road.ids:
            raise RoadplanError("the storm lies on other segments than those of the road")
        return storm
    if method not in {"auto", "station", "distance"}:
        raise RoadplanError("method is 'auto', 'station' or 'distance'")
    stated = {"route", "station_m"} <= set(storm.data.coords)
    if method == "station" and not stated:
        raise RoadplanError("the points of the storm have no route and station_m")
    by_station = method == "station" or (
        method == "auto" and stated and set(road.route) <= set(storm.data["route"].values)
    )
    weights = (station_weights if by_station else distance_weights)(storm, road, parameters)
    if not weights.any():
        raise RoadplanError(
            f"no point of the forecast lies within {parameters.reach_km:g} km of the road: "
            "check lon and lat, or get a forecast for points along the road"
        )
    return Storm(_weighted(storm, road, weights), storm.origin)


def _weighted(storm: Storm, road: Road, weights: Floats) -> xr.Dataset:
    dims = ("member", "time", "segment")
    found: dict[str, tuple[tuple[str, ...], Floats, dict[str, str]]] = {}
    for name in VARIABLES:
        values = storm.values(name)
        if name == "wind_direction":
            mean = _direction(values, weights)
        elif name == "visibility":
            # Sight is the inverse of extinction, so distances are averaged by their logarithm.
            mean = np.exp(_mean(np.log(np.maximum(values, 1.0)), weights))
        else:
            mean = _mean(values, weights)
        found[name] = (dims, mean, {"units": CANONICAL[name]})
    if "loose_snow" in storm.data:
        loose = _mean(storm.values("loose_snow"), weights)
        found["loose_snow"] = (("member", "segment"), loose, {"units": CANONICAL["loose_snow"]})
    return xr.Dataset(
        found,
        coords={
            "member": storm.data["member"],
            "time": storm.data["time"],
            **segment_coords(road),
        },
    )


def segment_coords(road: Road) -> dict[str, tuple[str, object]]:
    """Return the coordinates of the dimension `segment` for a road."""
    return {
        "segment": ("segment", list(road.ids)),
        "lon": ("segment", road.lon),
        "lat": ("segment", road.lat),
        "route": ("segment", list(road.route)),
        "from_m": ("segment", road.from_m),
        "to_m": ("segment", road.to_m),
        "bearing_deg": ("segment", road.bearing_deg),
    }


def _mean(values: Floats, weights: Floats) -> Floats:
    """Return weighted means over the last axis that leave out missing values."""
    known = np.isfinite(values)
    total = np.where(known, values, 0.0) @ weights.T
    held = known.astype(float) @ weights.T
    mean = np.full(total.shape, np.nan)
    return np.asarray(np.divide(total, held, out=mean, where=held >= _LEAST_WEIGHT))


def _direction(values: Floats, weights: Floats) -> Floats:
    angle = np.deg2rad(values)
    east, north = _mean(np.sin(angle), weights), _mean(np.cos(angle), weights)
    mean: Floats = np.mod(np.rad2deg(np.arctan2(east, north)), 360.0)
    # Winds that blow against each other have no mean direction.
    return np.where(np.hypot(east, north) < 1e-9, np.nan, mean)
