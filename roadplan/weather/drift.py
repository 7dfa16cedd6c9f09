"""Snow carried by the wind: when it moves, how much, and what is left to move.

Transport after Tabler (2003) and thresholds after Li & Pomeroy (1997). Winds are at 10 m in m/s;
a mean wind beyond any that was ever measured is refused, because it is km/h.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from roadplan.errors import RoadplanError
from roadplan.weather.parameters import Parameters
from roadplan.weather.units import Floats

STRONGEST_WIND_M_S = 75.0
"""Above every mean wind to be met on a road; such a number is in another unit."""


def threshold_m_s(temperature_c: ArrayLike, parameters: Parameters) -> Floats:
    """Return the wind from which loose snow moves, in m/s.

    Parameters
    ----------
    temperature_c
        Air temperature in °C, any shape.
    parameters
        The model's numbers.

    Notes
    -----
    Dry snow: 9.43 + 0.18 T + 0.0033 T² (Li & Pomeroy 1997). Above 0 °C the mean of the
    thresholds observed for wet snow, 9.9 m/s (same source). Below the temperature of its
    minimum (-27 °C) the parabola would rise again; there the minimum holds.
    """
    t = np.asarray(temperature_c, dtype=np.float64)
    p = parameters
    curve = p.threshold_per_degree2 > 0
    lowest = -p.threshold_per_degree / (2 * p.threshold_per_degree2) if curve else -np.inf
    cold = np.maximum(t, lowest)
    dry = p.threshold_m_s + p.threshold_per_degree * cold + p.threshold_per_degree2 * cold**2
    return np.where(t > 0, max(p.threshold_wet_m_s, p.threshold_m_s), dry)


def transport_kg_m_s(wind_m_s: ArrayLike, parameters: Parameters) -> Floats:
    """Return the snow that a wind can carry over open ground, Q = u^3.8 / 233847, in kg/m/s.

    Parameters
    ----------
    wind_m_s
        Wind at 10 m in m/s, any shape.

    Raises
    ------
    RoadplanError
        A wind is negative or so strong that it must be in another unit.

    Examples
    --------
    >>> from roadplan.weather.parameters import load_parameters
    >>> q = transport_kg_m_s([10, 15, 20, 25], load_parameters())
    >>> [int(value) for value in (q * 3600).round()]
    [97, 453, 1353, 3159]
    """
    wind = np.asarray(wind_m_s, dtype=np.float64)
    if wind.size and (np.nanmax(wind, initial=0.0) > STRONGEST_WIND_M_S):
        raise RoadplanError(
            f"a mean wind of {np.nanmax(wind):.0f} m/s cannot be: "
            "give m/s; the number looks like km/h"
        )
    if wind.size and np.nanmin(wind, initial=0.0) < 0:
        raise RoadplanError("a wind speed is negative; give speed and direction apart")
    carried: Floats = wind**parameters.transport_exponent / parameters.transport_divisor
    return carried


def fetch_factor(fetch_m: ArrayLike, parameters: Parameters) -> Floats:
    """Return the share of the full transport reached over a fetch: 1 - 0.14^(F/3000 m)."""
    fetch = np.asarray(fetch_m, dtype=np.float64)
    return 1.0 - parameters.fetch_base ** (fetch / parameters.fetch_scale_m)


def across(wind_direction_deg: ArrayLike, bearing_deg: ArrayLike) -> Floats:
    """Return sin θ between wind and road: 1 is square from the right, -1 from the left.

    Parameters
    ----------
    wind_direction_deg
        Where the wind comes from, clockwise from north.
    bearing_deg
        Direction of the road with rising stations, clockwise from north.

    Examples
    --------
    >>> float(across(90, 0).round(6)), float(across(270, 0).round(6))
    (1.0, -1.0)
    """
    wind = np.asarray(wind_direction_deg, dtype=np.float64)
    return np.sin(np.deg2rad(wind - np.asarray(bearing_deg, dtype=np.float64)))


def drift_rate_m_h(
    wind_m_s: ArrayLike,
    catch: ArrayLike,
    sin_theta: ArrayLike,
    parameters: Parameters,
    *,
    fetch_m: ArrayLike = np.inf,
) -> Floats:
    """Return how fast drifted snow gathers on a road where loose snow is plenty, in m/h.

    Parameters
    ----------
    wind_m_s
        Wind at 10 m, m/s.
    catch
        Share η of the transport that stays on the road, 0–1.
    sin_theta
        Sine of the angle between wind and road; only its size matters.
    fetch_m
        Open ground upwind; without limit by default.

    Examples
    --------
    >>> from roadplan.weather.parameters import load_parameters
    >>> rate = drift_rate_m_h([15.0, 20.0], 0.1, 1.0, load_parameters())
    >>> [float(v) for v in (100 * rate).round(1)]
    [1.1, 3.2]
    """
    p = parameters
    carried = transport_kg_m_s(wind_m_s, p) * fetch_factor(fetch_m, p)
    caught = np.asarray(catch) * carried * np.abs(np.asarray(sin_theta, dtype=np.float64))
    rate: Floats = 3600.0 * caught / (p.density_drift_kg_m3 * p.carriageway_width_m)
    return rate


@dataclass(frozen=True, kw_only=True)
class Drifting:
    """What the wind carries in each step, and the loose snow that is left.

    Parameters
    ----------
    flux_kg_m_s
        Transport along the wind at the road, shape (member, step, place).
    capacity_share
        The same as a share of what the wind could carry over endless loose snow, 0–1.
    loose_kg_m2
        Loose snow upwind at the end of each step.
    """

    flux_kg_m_s: Floats
    capacity_share: Floats
    loose_kg_m2: Floats


def drifting(
    *,
    snowfall_kg_m2_h: Floats,
    wind_m_s: Floats,
    temperature_c: Floats,
    loose_kg_m2: Floats,
    fetch_m: ArrayLike,
    step_h: float,
    parameters: Parameters,
) -> Drifting:
    """Carry loose snow with the wind, step by step, until it is used up.

    Parameters
    ----------
    snowfall_kg_m2_h, wind_m_s, temperature_c
        Shape (member, step, place). No NaN.
    loose_kg_m2
        Loose snow at the beginning, shape (member, place).
    fetch_m
        Open ground upwind, shape (place,) or a number.
    step_h
        Length of a step in hours.
    parameters
        The model's numbers.

    Notes
    -----
    The loose snow S on the fetch F upwind of the road is one store: snowfall fills it, the flux
    past the road takes Q·dt/F from each square metre, thaw bonds it. A step cannot carry more
    than the store holds.
    """
    p = parameters
    flux = np.empty_like(wind_m_s)
    share = np.zeros_like(wind_m_s)
    left = np.empty_like(wind_m_s)
    store = np.broadcast_to(loose_kg_m2, wind_m_s[:, 0].shape).astype(np.float64)
    fetch = np.maximum(np.asarray(fetch_m, dtype=np.float64), 1.0)
    limit = transport_kg_m_s(wind_m_s, p)
    blowing = limit * fetch_factor(fetch_m, p) * (wind_m_s >= threshold_m_s(temperature_c, p))
    bonded = 1.0 - np.exp(-p.loose_bonding_share_h * step_h)
    seconds = 3600.0 * step_h
    for k in range(wind_m_s.shape[1]):
        store = store + snowfall_kg_m2_h[:, k] * step_h
        store = np.where(temperature_c[:, k] > 0, store * (1.0 - bonded), store)
        flux[:, k] = np.minimum(blowing[:, k], store * fetch / seconds)
        store = np.maximum(store - flux[:, k] * seconds / fetch, 0.0)
        left[:, k] = store
    np.divide(flux, limit, out=share, where=limit > 0)
    return Drifting(flux_kg_m_s=flux, capacity_share=share, loose_kg_m2=left)


def windward(sin_theta: Floats) -> NDArray[np.bool_]:
    """Return whether the carriageway of rising stations, on the right, meets the wind first."""
    return sin_theta >= 0
