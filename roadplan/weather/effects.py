"""What snow, wind and cold leave of sight, speed and capacity.

All functions take arrays of any shape that broadcast, and are monotone: more snow, less sight
or a deeper road never raise speed or capacity.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from roadplan.errors import RoadplanError
from roadplan.weather.parameters import Parameters
from roadplan.weather.units import Floats

GRAVITY_M_S2: Final = 9.81
VON_KARMAN: Final = 0.4
VEHICLES: Final = ("car", "bus", "truck")
"""Vehicle classes with a blocking depth of their own."""

_LEAST_FLUX_G_M2_S = 1e-6


def visibility_m(
    snowfall_kg_m2_h: ArrayLike,
    wind_m_s: ArrayLike,
    drift_share: ArrayLike,
    parameters: Parameters,
) -> Floats:
    """Return the visibility in falling and blowing snow at the height of a driver's eyes, in m.

    Parameters
    ----------
    snowfall_kg_m2_h
        Snowfall as water.
    wind_m_s
        Wind at 10 m.
    drift_share
        Drift as a share of what the wind could carry, 0 where no snow drifts.

    Notes
    -----
    log10 V = 2.845 - 0.773 log10 M with M the flux of snow in g/m²/s at eye height. M is the
    concentration of falling snow, P/w_f, and of suspended snow, which thins out from the
    saltation layer as (z/z_t)^(-w_b/(k u*)), times the speed of the particles (Matsuzawa &
    Takeuchi 2002). Falling snow is carried sideways by the wind and falls by itself, so that
    sight is short in a calm heavy snowfall too.
    """
    p = parameters
    wind = np.asarray(wind_m_s, dtype=np.float64)
    fall_g_m2_s = np.asarray(snowfall_kg_m2_h, dtype=np.float64) / 3.6
    friction = np.maximum(p.friction_ratio * wind, 1e-6)
    falling_g_m3 = fall_g_m2_s / p.snow_fall_m_s
    exponent = -p.suspension_fall_m_s / (VON_KARMAN * friction)
    suspended_g_m3 = (
        np.asarray(drift_share)
        * p.saltation_g_m3
        * (p.eye_height_m / p.saltation_height_m) ** exponent
    )
    speed = friction / VON_KARMAN * np.log(p.eye_height_m / p.roughness_m)
    flux = falling_g_m3 * np.hypot(speed, p.snow_fall_m_s) + suspended_g_m3 * speed
    log_m: Floats = p.flux_intercept - p.flux_slope * np.log10(np.maximum(flux, _LEAST_FLUX_G_M2_S))
    seen: Floats = np.minimum(10.0**log_m, p.visibility_clear_m)
    return seen


def sight_speed_m_s(visibility: ArrayLike, parameters: Parameters) -> Floats:
    """Return the speed from which a driver can stop within sight, in m/s.

    v = -µgt + √((µgt)² + 2µgV) with friction µ, reaction time t and sight V in m.

    Examples
    --------
    >>> from roadplan.weather.parameters import load_parameters
    >>> v = 3.6 * sight_speed_m_s([50, 100, 200], load_parameters())
    >>> [int(round(x)) for x in v]
    [38, 59, 88]
    """
    braking = parameters.sight_friction * GRAVITY_M_S2
    reaction = braking * parameters.sight_reaction_s
    sight = np.maximum(np.asarray(visibility, dtype=np.float64), 0.0)
    return np.sqrt(reaction**2 + 2.0 * braking * sight) - reaction


def depth_speed_share(depth_m: ArrayLike, parameters: Parameters) -> Floats:
    """Return the share of the free speed that is driven on snow of a depth, 0–1."""
    p = parameters
    rise = _smooth(depth_m, p.depth_full_m, p.depth_none_m)
    return 1.0 - (1.0 - p.speed_share_none) * rise


def speed_m_s(
    visibility: ArrayLike, depth_m: ArrayLike, free_speed_m_s: ArrayLike, parameters: Parameters
) -> Floats:
    """Return the speed that sight and snow leave: the lower of the two, at most the free speed."""
    by_depth = np.asarray(free_speed_m_s) * depth_speed_share(depth_m, parameters)
    return np.minimum(by_depth, sight_speed_m_s(visibility, parameters))


def weather_loss(
    snowfall_kg_m2_h: ArrayLike,
    temperature_c: ArrayLike,
    visibility: ArrayLike,
    parameters: Parameters,
) -> Floats:
    """Return the share of capacity lost to snowfall, cold or sight: the worst of them.

    Parameters
    ----------
    snowfall_kg_m2_h
        Snowfall as water; compared as depth of new snow with the classes of the table.
    temperature_c
        Air temperature.
    visibility
        Visibility in m.

    Notes
    -----
    HCM 2010, exhibit 10-15. The factors for intensity and for visibility describe the same
    effect, so that their product would count it twice (Kwon & Fu 2013).

    Examples
    --------
    >>> from roadplan.weather.parameters import load_parameters
    >>> p = load_parameters()
    >>> [float(v) for v in weather_loss([0, 0.1, 0.2, 1.0, 2.0], -5, 5000, p)]
    [0.0, 0.043, 0.087, 0.11, 0.224]
    """
    p = parameters
    depth_mm_h = np.asarray(snowfall_kg_m2_h, dtype=np.float64) * (1000.0 / p.density_new_kg_m3)
    limits = np.array([0.0, p.snow_light_mm_h, p.snow_moderate_mm_h, p.snow_heavy_mm_h])
    losses = np.array([0.0, p.loss_light, p.loss_moderate, p.loss_heavy, p.loss_severe])
    by_snow: Floats = losses[np.searchsorted(limits, depth_mm_h, side="left")]
    by_cold = np.where(np.asarray(temperature_c) < p.cold_below_c, p.loss_cold, 0.0)
    by_sight = np.where(np.asarray(visibility) < p.low_visibility_m, p.loss_visibility, 0.0)
    worst: Floats = np.maximum(np.maximum(by_snow, by_cold), by_sight)
    return worst


def open_share(depth_m: ArrayLike, lanes: ArrayLike, parameters: Parameters) -> Floats:
    """Return the share of a carriageway's lanes that can be driven, 0–1.

    Parameters
    ----------
    depth_m
        Snow on the carriageway.
    lanes
        Lanes in the direction; a road with one lane keeps half of it (passing by turns) where
        others keep one lane.

    Notes
    -----
    All lanes up to 2 cm, one lane at 10 cm, none from 22.5 cm, with smooth steps between.
    """
    p = parameters
    one = 1.0 / np.maximum(np.asarray(lanes, dtype=np.float64), 2.0)
    first = _smooth(depth_m, p.depth_full_m, p.depth_one_lane_m)
    second = _smooth(depth_m, p.depth_one_lane_m, p.depth_none_m)
    return (1.0 - (1.0 - one) * first) - one * second


def capacity_share(
    *,
    snowfall_kg_m2_h: ArrayLike,
    temperature_c: ArrayLike,
    visibility: ArrayLike,
    depth_m: ArrayLike,
    lanes: ArrayLike,
    parameters: Parameters,
) -> Floats:
    """Return the share of the capacity in good weather that is left, 0–1.

    The lanes that the snow leaves open, times what the weather leaves of a lane. Jam density
    does not change with the weather (FHWA-HOP-07-073) and is not touched here.
    """
    loss = weather_loss(snowfall_kg_m2_h, temperature_c, visibility, parameters)
    return np.maximum(open_share(depth_m, lanes, parameters), 0.0) * (1.0 - loss)


def blocking_depth_m(
    vehicle: str, parameters: Parameters, *, grade_percent: ArrayLike = 0.0
) -> Floats:
    """Return the depth in which a vehicle gets stuck, in m.

    Parameters
    ----------
    vehicle
        `car`, `bus` or `truck`.
    grade_percent
        Grade of the road; its size counts, and only for trucks.

    Raises
    ------
    RoadplanError
        There is no such class.
    """
    p = parameters
    grade = np.abs(np.asarray(grade_percent, dtype=np.float64))
    if vehicle == "truck":
        sunk = p.blocking_truck_m - p.blocking_truck_per_grade_m * grade
        least = min(p.blocking_least_m, p.blocking_truck_m)
        return np.maximum(sunk, least)
    if vehicle == "bus":
        return np.full(grade.shape, p.blocking_bus_m)
    if vehicle == "car":
        return np.full(grade.shape, p.blocking_car_m)
    raise RoadplanError(f"'{vehicle}' is no vehicle class; there are {', '.join(VEHICLES)}")


def stuck(
    depth_m: ArrayLike, vehicle: str, parameters: Parameters, *, grade_percent: ArrayLike = 0.0
) -> NDArray[np.bool_]:
    """Return whether a vehicle class can no longer pass."""
    limit = blocking_depth_m(vehicle, parameters, grade_percent=grade_percent)
    return np.asarray(np.asarray(depth_m) > limit, dtype=np.bool_)


def _smooth(value: ArrayLike, low: float, high: float) -> Floats:
    """Return 0 below `low`, 1 above `high`, and between them 3x² - 2x³, which has no kinks."""
    x = np.clip((np.asarray(value, dtype=np.float64) - low) / (high - low), 0.0, 1.0)
    return x * x * (3.0 - 2.0 * x)
