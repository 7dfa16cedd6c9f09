"""Synthetic storms: ensembles drawn from a seed, for trying things out without a network.

How a storm is made
-------------------
A disturbance travels obliquely over the road, so that one part is hit hours after another. Each
place meets it at its own hour: snow in a band ahead, a strong wind that veers and holds behind,
colder air after it, all over a daily course of temperature. That much is drawn once a storm.

Each member then errs, as forecasts do, and the more the further ahead: in when the disturbance
comes, how strong and wide it is and where its middle lies, and by smooth random fields (sums of
waves with random lengths and periods; about 120 km and 6 h) in snowfall, wind, direction and
temperature. Sight follows from the snow in the air, falling and blowing, and the loose snow that
the wind has left to carry, by the same formulas as on the road.

The same seed gives the same storm whatever the number of members before or after it; see
:mod:`roadplan.weather.draws`. Values are rounded as in forecasts.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike

from roadplan.errors import RoadplanError
from roadplan.weather.draws import Draws
from roadplan.weather.drift import drifting
from roadplan.weather.effects import visibility_m
from roadplan.weather.kinds import StormKind, storm_kind
from roadplan.weather.parameters import Parameters, load_parameters
from roadplan.weather.storm import Origin, Storm, make_dataset, utc_times
from roadplan.weather.units import CANONICAL, Floats

NOMINAL_START: Final = dt.datetime(2026, 1, 15, 12, tzinfo=dt.UTC)
"""When a synthetic storm begins where nothing else is said."""

MOST_HOURS: Final = 240
MOST_MEMBERS: Final = 1000

_KM_A_DEGREE = 111.195
_FIELD_KM = 120.0
_FIELD_H = 6.0
_WAVES = 24
_FIELDS = ("snow", "wind", "direction", "temperature", "gust")
_LEAST_SNOWFALL = 0.03
_COLDER_NORTHWARD_C_KM = 0.004
_RAIN_FROM_C, _RAIN_ONLY_C = 0.5, 2.0
_DECIMALS = {
    "snowfall": 2,
    "wind_speed": 1,
    "wind_gust": 1,
    "wind_direction": 0,
    "temperature": 1,
    "visibility": -1,
}


@dataclass(frozen=True, kw_only=True)
class _Plan:
    """What is drawn once a storm. Places lie `along` and `across` its way, in km."""

    kind: StormKind
    along: Floats
    across: Floats
    north: Floats
    local_hour: Floats
    passing_h: float
    travel_km_h: float
    snowfall: float
    band_h: float
    wind_base: float
    wind_peak: float
    hold_h: float
    direction: float
    veer: float
    temperature: float
    cooling: float
    loose: float
    reach_km: float
    middle_km: float
    clear_m: float


@dataclass(frozen=True, kw_only=True)
class _Errors:
    """How a member errs, in units of its spread; fields have the shape (time, place)."""

    timing: float
    strength: float
    width: float
    middle: float
    wind: float
    turn: float
    warmth: float
    loose: float
    fields: Mapping[str, Floats]


def synthetic_storm(
    kind: str,
    *,
    lon: ArrayLike,
    lat: ArrayLike,
    seed: int,
    hours: int | None = None,
    members: int = 50,
    start: dt.datetime = NOMINAL_START,
    place: str = "point",
    places: Sequence[str] | None = None,
    coords: Mapping[str, Any] | None = None,
    title: Mapping[str, str] | None = None,
    parameters: Parameters | None = None,
) -> Storm:
    """Draw a synthetic storm over some places.

    Parameters
    ----------
    kind
        A key of :data:`roadplan.weather.kinds.KINDS`.
    lon, lat
        The places, degrees.
    seed
        A whole number from 0; the same one gives the same storm.
    hours
        Length, 1 to 240; by default that of the kind. Values are hourly, both ends included.
    members
        1 to 1,000.
    start
        Its first time and its issue time.
    place, places, coords
        Name and labels of the dimension of places and further coordinates along it.
    title
        Title by language.
    parameters
        The model's numbers, for sight and for the loose snow that is used up.

    Raises
    ------
    RoadplanError
        There is no such kind, or a number is out of range.

    Examples
    --------
    >>> storm = synthetic_storm("snow-band", lon=[73, 74], lat=[49, 47], seed=1, members=3)
    >>> storm.shape, storm.synthetic
    ((3, 37, 2), True)
    """
    recipe = storm_kind(kind)
    length = recipe.hours if hours is None else hours
    if not 1 <= length <= MOST_HOURS:
        raise RoadplanError(f"a synthetic storm lasts 1 to {MOST_HOURS} hours, not {length}")
    if not 1 <= members <= MOST_MEMBERS:
        raise RoadplanError(f"an ensemble has 1 to {MOST_MEMBERS} members, not {members}")
    if seed < 0:
        raise RoadplanError(f"a seed is a whole number from 0, not {seed}")
    first = utc_times([start])[0]
    p = parameters or load_parameters()
    hour = np.arange(length + 1, dtype=np.float64)
    east, north = _plane(np.asarray(lon, float), np.asarray(lat, float))
    utc_hour = float((first - first.astype("datetime64[D]")) / np.timedelta64(3600, "s"))
    local = utc_hour + np.asarray(lon, dtype=np.float64) / 15.0
    plan = _plan(recipe, east, north, local, length, Draws(seed, recipe.number, 0))
    drawn = [
        _member(plan, hour, _errors(hour, east, north, Draws(seed, recipe.number, 1 + number)))
        for number in range(members)
    ]
    # Sight is reckoned from the rounded values, so that a storm agrees with itself.
    values = {
        name: _rounded(name, np.stack([member[name] for member in drawn])) for name in drawn[0]
    }
    values["visibility"] = _rounded("visibility", _sight(values, plan, p))
    data = make_dataset(
        {name: (array, CANONICAL[name]) for name, array in values.items()},
        members=[f"{number + 1:02d}" for number in range(members)],
        times=first + (hour * 3600).astype("timedelta64[s]"),
        lon=np.asarray(lon, float),
        lat=np.asarray(lat, float),
        place=place,
        places=places,
        coords=coords,
    )
    origin = Origin(
        source=f"synthetic storm {kind}, seed {seed}",
        issued=start,
        standing="estimated",
        synthetic=True,
        title=title or {},
    )
    return Storm.from_dataset(data, origin)


def _plane(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Return km east and north of the middle of the places."""
    middle = float(np.mean(lat))
    east = (lon - np.mean(lon)) * np.cos(np.deg2rad(middle)) * _KM_A_DEGREE
    return east, (lat - middle) * _KM_A_DEGREE


def _plan(
    kind: StormKind, east: Floats, north: Floats, local: Floats, hours: int, draws: Draws
) -> _Plan:
    # The storm travels at 40 to 65 degrees to the road's main direction, from either side.
    spread = np.cov(np.stack([east, north])) if len(east) > 1 else np.eye(2)
    main = 0.5 * np.arctan2(2 * spread[0, 1], spread[0, 0] - spread[1, 1])
    oblique = np.deg2rad(draws.between(40, 65)) * (1 if draws.between(0, 1) < 0.5 else -1)
    way = main + oblique + (np.pi if draws.between(0, 1) < 0.5 else 0.0)
    along = east * np.cos(way) + north * np.sin(way)
    across = -east * np.sin(way) + north * np.cos(way)
    extent = max(float(np.ptp(across)), 100.0)
    travel = draws.between(*kind.travel_km_h)
    # Wind comes from where the storm comes from; angles above count from east, these from north.
    origin = np.mod(90.0 - np.rad2deg(way) + 180.0, 360.0)
    return _Plan(
        kind=kind,
        along=along,
        across=across,
        north=north,
        local_hour=local,
        passing_h=hours * draws.between(0.38, 0.5),
        travel_km_h=travel,
        snowfall=draws.between(*kind.snowfall_kg_m2_h),
        band_h=draws.between(*kind.band_km) / travel,
        wind_base=draws.between(*kind.wind_base_m_s),
        wind_peak=draws.between(*kind.wind_peak_m_s),
        hold_h=draws.between(*kind.wind_hold_h),
        direction=origin,
        veer=draws.between(30, 70),
        temperature=draws.between(*kind.temperature_c),
        cooling=draws.between(*kind.cooling_c),
        loose=draws.between(*kind.loose_kg_m2),
        reach_km=draws.between(*kind.reach_share) * extent + 40.0,
        middle_km=draws.between(-0.2, 0.2) * extent,
        clear_m=1000.0 * draws.between(*kind.clear_km),
    )


def _errors(hour: Floats, east: Floats, north: Floats, draws: Draws) -> _Errors:
    z = draws.normal(8)
    fields = {name: _field(hour, east, north, draws) for name in _FIELDS}
    return _Errors(
        timing=z[0],
        strength=z[1],
        width=z[2],
        middle=z[3],
        wind=z[4],
        turn=z[5],
        warmth=z[6],
        loose=z[7],
        fields=fields,
    )


def _field(hour: Floats, east: Floats, north: Floats, draws: Draws) -> Floats:
    """Return a smooth random field of unit variance, shape (time, place)."""
    waves = draws.normal(3, _WAVES)
    phase = 2.0 * np.pi * draws.uniform(_WAVES)
    in_time = np.outer(hour, waves[0] / _FIELD_H)
    in_space = (np.outer(east, waves[1]) + np.outer(north, waves[2])) / _FIELD_KM + phase
    sums = np.cos(in_time) @ np.cos(in_space).T - np.sin(in_time) @ np.sin(in_space).T
    field: Floats = sums * np.sqrt(2.0 / _WAVES)
    return field


def _member(plan: _Plan, hour: Floats, errors: _Errors) -> dict[str, Floats]:
    """Return one member's values, shape (time, place), and its loose snow, shape (place,)."""
    growth = (0.3 + 0.7 * np.minimum((hour / 24.0) ** 0.75, 1.5))[:, None]
    fields = {name: field * growth for name, field in errors.fields.items()}
    lag = hour[:, None] - plan.passing_h - plan.along[None, :] / plan.travel_km_h
    lag = lag - 2.2 * errors.timing * growth
    off = (plan.across - plan.middle_km) / plan.reach_km - 0.12 * errors.middle * growth
    beside = np.exp(-0.5 * off**4)
    temperature = _temperature(plan, hour, lag, errors.warmth * growth + fields["temperature"])
    wind = _wind(plan, lag, beside, 0.08 * errors.wind * growth, fields["wind"])
    turned = 12.0 * errors.turn * growth + 8.0 * fields["direction"]
    direction = plan.direction - plan.veer * (1.0 - _rise(lag / 1.5)) + turned
    gustiness = np.clip(1.38 + 0.06 * fields["gust"], 1.2, 1.6)
    loose = plan.loose * np.exp(0.3 * errors.loose) * np.ones_like(plan.along)
    return {
        "snowfall": _snowfall(plan, lag, beside, temperature, errors, growth, fields["snow"]),
        "wind_speed": wind,
        "wind_gust": wind * gustiness,
        "wind_direction": np.mod(direction, 360.0),
        "temperature": temperature,
        "loose_snow": loose,
    }


def _rise(x: Floats) -> Floats:
    """Return the smooth step from 0 to 1 around 0."""
    return 0.5 * (1.0 + np.tanh(0.5 * x))


def _snowfall(
    plan: _Plan,
    lag: Floats,
    beside: Floats,
    temperature: Floats,
    errors: _Errors,
    growth: Floats,
    field: Floats,
) -> Floats:
    if plan.snowfall == 0:
        return np.zeros_like(lag)
    # Steep before, drawn out behind; the band is 2.5 standard lengths wide.
    length = plan.band_h / 2.5 * np.exp(0.2 * errors.width * growth)
    shape = np.exp(-0.5 * (lag / (length * np.where(lag < 0, 0.7, 1.3))) ** 2)
    strength = np.exp(0.3 * errors.strength * growth + 0.45 * field - 0.1 * growth**2)
    frozen = np.clip((_RAIN_ONLY_C - temperature) / (_RAIN_ONLY_C - _RAIN_FROM_C), 0.0, 1.0)
    rate = plan.snowfall * shape * beside * strength * frozen
    return np.where(rate < _LEAST_SNOWFALL, 0.0, rate)


def _wind(plan: _Plan, lag: Floats, beside: Floats, error: Floats, field: Floats) -> Floats:
    blow = _rise((lag + 1.5) / 0.9) * _rise((plan.hold_h - lag) / 1.5) * beside
    mean = plan.wind_base + (plan.wind_peak - plan.wind_base) * blow
    spread = 0.4 + 0.06 * mean
    return np.maximum(mean * (1.0 + error) + spread * field, 0.3)


def _temperature(plan: _Plan, hour: Floats, lag: Floats, error: Floats) -> Floats:
    local = hour[:, None] + plan.local_hour[None, :]
    daily = plan.kind.daily_c * np.cos(2.0 * np.pi * (local - 15.0) / 24.0)
    north = -_COLDER_NORTHWARD_C_KM * plan.north[None, :]
    return plan.temperature + north + daily - plan.cooling * _rise(lag / 2.0) + 0.9 * error


def _sight(values: Mapping[str, Floats], plan: _Plan, parameters: Parameters) -> Floats:
    """Return what can be seen through falling and blowing snow, never beyond clear sight."""
    moved = drifting(
        snowfall_kg_m2_h=values["snowfall"],
        wind_m_s=values["wind_speed"],
        temperature_c=values["temperature"],
        loose_kg_m2=values["loose_snow"],
        fetch_m=parameters.fetch_m,
        step_h=1.0,
        parameters=parameters,
    )
    seen = visibility_m(values["snowfall"], values["wind_speed"], moved.capacity_share, parameters)
    return np.maximum(np.minimum(seen, plan.clear_m), 10.0)


def _rounded(name: str, values: Floats) -> Floats:
    rounded = np.round(values, _DECIMALS.get(name, 2))
    return np.mod(rounded, 360.0) if name == "wind_direction" else rounded
