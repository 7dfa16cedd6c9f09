"""A warning entered by hand, made into a small ensemble by a stated rule.

The rule: within its hours and kilometres a warning of class 1–4 means gusts and snowfall in the
range of that class of the national weather service (``warning_classes.csv``). Members spread
over the range, and their beginnings over two hours before and after the stated one. The figure
for wind is taken as that of gusts, the mean wind follows by the gust ratio; the figure for snow
as the sum of 12 hours, or of the warning where it is shorter. Elsewhere nothing is warned of:
no snowfall and a light wind. All of it is estimated and shown as such.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from roadplan.errors import RoadplanError
from roadplan.weather.draws import Draws
from roadplan.weather.parameters import Parameters
from roadplan.weather.road import Road
from roadplan.weather.storm import Origin, Storm, make_dataset, utc_times
from roadplan.weather.units import CANONICAL, Floats

if TYPE_CHECKING:
    from roadplan.corridor import Corridor

HAZARDS: Final = ("blizzard", "snow", "wind")
"""What is warned of: snow with wind, snow alone, wind alone (over the loose snow there is)."""

_SNOW_SUM_H = 12.0
_ONSET_SPREAD_H = 2.0
_RAMP_H = 2.0
_BACKGROUND_WIND_M_S = 4.0
_SNOW_WIND_M_S = 6.0


@dataclass(frozen=True, kw_only=True)
class WeatherWarning:
    """A warning for a stretch of road.

    Parameters
    ----------
    route, from_m, to_m
        The stretch.
    start, end
        When, with time zones.
    level
        Class 1–4.
    hazard
        One of :data:`HAZARDS`.
    temperature_c
        Air temperature to expect.
    wind_direction_deg
        Where the wind comes from; None where it is not said.
    """

    route: str
    from_m: float
    to_m: float
    start: dt.datetime
    end: dt.datetime
    level: int
    hazard: str = "blizzard"
    temperature_c: float = -10.0
    wind_direction_deg: float | None = None

    def __post_init__(self) -> None:
        start, end = utc_times([self.start, self.end])
        if end <= start:
            raise RoadplanError("a warning must end after it begins")
        if end - start > np.timedelta64(10, "D"):
            raise RoadplanError("a warning holds for ten days at most")
        if not self.to_m > self.from_m:
            raise RoadplanError("the stretch of a warning must end after it begins")
        if self.level not in (1, 2, 3, 4):
            raise RoadplanError(f"the class of a warning is 1, 2, 3 or 4, not {self.level}")
        if self.hazard not in HAZARDS:
            raise RoadplanError(f"a warning is of {', '.join(HAZARDS)}, not '{self.hazard}'")
        if not -60 <= self.temperature_c <= 20:
            raise RoadplanError("the temperature of a warning is given in °C, -60 to 20")

    @classmethod
    def between_posts(
        cls,
        corridor: Corridor,
        first: str,
        second: str,
        *,
        start: dt.datetime,
        end: dt.datetime,
        level: int,
        hazard: str = "blizzard",
        temperature_c: float = -10.0,
        wind_direction_deg: float | None = None,
    ) -> WeatherWarning:
        """Make a warning for the stretch between two kilometre posts, in either order.

        Raises
        ------
        RoadplanError
            A post is not to be found, or they lie on different routes.
        """
        a, b = corridor.position(first), corridor.position(second)
        if a.route != b.route:
            raise RoadplanError(
                f"'{first}' lies on {a.route}, '{second}' on {b.route}; "
                "a warning is entered for each route by itself"
            )
        low, high = sorted((a.station_m, b.station_m))
        return cls(
            route=a.route,
            from_m=low,
            to_m=high,
            start=start,
            end=end,
            level=level,
            hazard=hazard,
            temperature_c=temperature_c,
            wind_direction_deg=wind_direction_deg,
        )


@cache
def warning_classes() -> pd.DataFrame:
    """Return the classes: `level`, ranges of gust (m/s) and snow (mm), `standing`, `source`."""
    with files("roadplan.weather").joinpath("warning_classes.csv").open("rb") as stream:
        return pd.read_csv(stream, encoding="utf-8").set_index("level")


def warning_storm(
    warnings: Sequence[WeatherWarning],
    road: Road,
    parameters: Parameters,
    *,
    issued: dt.datetime,
    covering: tuple[dt.datetime, dt.datetime] | None = None,
    members: int = 20,
    seed: int = 0,
) -> Storm:
    """Make an ensemble of one or more warnings.

    Parameters
    ----------
    warnings
        Where they meet, the stronger wind and snowfall hold.
    road
        The segments; the storm's points are their middles.
    parameters
        `gust_ratio` and `loose_snow_kg_m2`.
    issued
        When the warning was given out, with its time zone.
    covering
        From when to when weather is needed; by default six hours around the warnings.
    members
        1 to 1,000.
    seed
        Chooses the members' draws.

    Raises
    ------
    RoadplanError
        There is no warning, none lies on the road, or the number of members is out of range.
    """
    if not warnings:
        raise RoadplanError("there is no warning")
    if not 1 <= members <= 1000:
        raise RoadplanError(f"an ensemble has 1 to 1000 members, not {members}")
    edges = utc_times([w.start for w in warnings] + [w.end for w in warnings])
    hour = np.timedelta64(1, "h")
    first, last = edges.min() - 6 * hour, edges.max() + 6 * hour
    if covering is not None:
        wanted = utc_times(list(covering))
        first, last = min(first, wanted[0]), max(last, wanted[1])
    first = first.astype("datetime64[h]")
    times = np.arange(first, last.astype("datetime64[h]") + 2 * hour, hour)
    shape = (members, len(times), len(road))
    gust, snow = np.zeros(shape), np.zeros(shape)
    temperature, direction = np.full(shape, np.nan), np.full(shape, np.nan)
    reached = np.zeros(len(road), dtype=bool)
    for number, warning in enumerate(warnings):
        on = _on(warning, road)
        reached |= on
        strength = _strength(warning, times, members, Draws(seed, number))
        _lay(warning, on, strength, gust, snow, parameters)
        temperature[:, :, on] = warning.temperature_c
        if warning.wind_direction_deg is not None:
            direction[:, :, on] = warning.wind_direction_deg % 360.0
    if not reached.any():
        raise RoadplanError("no warning lies on the road: check the kilometres and the route")
    everywhere = float(np.mean([warning.temperature_c for warning in warnings]))
    wind = np.maximum(gust / parameters.gust_ratio, _BACKGROUND_WIND_M_S)
    data = make_dataset(
        {
            "snowfall": (snow, CANONICAL["snowfall"]),
            "wind_speed": (wind, "m/s"),
            "wind_gust": (np.maximum(gust, parameters.gust_ratio * wind), "m/s"),
            "wind_direction": (direction, "degree"),
            "temperature": (np.where(np.isnan(temperature), everywhere, temperature), "degC"),
        },
        members=[f"{m + 1:02d}" for m in range(members)],
        times=times.astype("datetime64[s]"),
        lon=road.lon,
        lat=road.lat,
        places=list(road.ids),
        coords={"route": list(road.route), "station_m": (road.from_m + road.to_m) / 2},
    )
    levels = ", ".join(str(level) for level in sorted({w.level for w in warnings}))
    origin = Origin(
        source=f"warning of class {levels} entered by hand", issued=issued, standing="estimated"
    )
    return Storm.from_dataset(data, origin)


def _on(warning: WeatherWarning, road: Road) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    same = np.array([route == warning.route for route in road.route])
    return same & (road.from_m < warning.to_m) & (road.to_m > warning.from_m)


def _strength(
    warning: WeatherWarning,
    times: np.ndarray[tuple[int], np.dtype[np.datetime64]],
    members: int,
    draws: Draws,
) -> tuple[Floats, Floats, Floats]:
    """Return how far up the class each member is for gusts and snow, and its course 0–1.

    Quantiles are spread evenly over the members and shuffled, so that few members cover the
    range of a class.
    """
    quantiles = (np.arange(members) + 0.5) / members
    wind, snow, onset = (quantiles[np.argsort(draws.uniform(members))] for _ in range(3))
    start, end = utc_times([warning.start, warning.end])
    since = (times - start) / np.timedelta64(3600, "s")
    length = float((end - start) / np.timedelta64(3600, "s"))
    shift = (onset - 0.5)[:, None] * 2.0 * _ONSET_SPREAD_H
    rise = (since[None, :] - shift) / _RAMP_H + 0.5
    fall = (length - since[None, :] + shift) / _RAMP_H + 0.5
    return wind, snow, np.clip(np.minimum(rise, fall), 0.0, 1.0)


def _lay(
    warning: WeatherWarning,
    on: np.ndarray[tuple[int], np.dtype[np.bool_]],
    strength: tuple[Floats, Floats, Floats],
    gust: Floats,
    snow: Floats,
    parameters: Parameters,
) -> None:
    """Put a warning's wind and snow into the arrays where they are stronger than what is there."""
    wind_rank, snow_rank, course = strength
    row = warning_classes().loc[warning.level]
    length = (warning.end - warning.start).total_seconds() / 3600.0
    low, high = float(row["gust_from_m_s"]), float(row["gust_to_m_s"])
    strong = (low + wind_rank * (high - low))[:, None] * course
    light = parameters.gust_ratio * _SNOW_WIND_M_S * course
    blows = strong if warning.hazard != "snow" else light
    gust[:, :, on] = np.maximum(gust[:, :, on], blows[:, :, None])
    if warning.hazard != "wind":
        low, high = float(row["snow_from_mm"]), float(row["snow_to_mm"])
        total = low + snow_rank * (high - low)
        rate = total[:, None] / min(max(length, 1.0), _SNOW_SUM_H) * course
        snow[:, :, on] = np.maximum(snow[:, :, on], rate[:, :, None])
