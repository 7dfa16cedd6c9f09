"""How many vehicles wish to drive: by hour, direction and class, from daily traffic.

Classes are light vehicles and heavy ones; heavy are lorries and buses, because barriers are
closed to freight and public transport together.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from numpy.typing import ArrayLike, NDArray

from roadplan.errors import RoadplanError
from roadplan.traffic.parameters import TrafficParameters

LIGHT, HEAVY = 0, 1
RISING, FALLING = 0, 1

Floats = NDArray[np.float64]

_WORK_DAYS, _WEEKEND_DAYS = 5, 2
_SATURDAY = 5


@dataclass(frozen=True, kw_only=True, eq=False)
class DailyTraffic:
    """Average daily traffic of stretches, both directions together; arrays of shape (stretch,).

    Parameters
    ----------
    veh_day
        Vehicles a day, mean of the year.
    truck_share, bus_share
        Shares of it, 0–1.
    weekend_factor
        Light traffic on a Saturday or Sunday over the mean of the week; at most 3.5, where
        nothing is left for the other days.
    """

    veh_day: Floats
    truck_share: Floats
    bus_share: Floats
    weekend_factor: Floats

    def __post_init__(self) -> None:
        heavy = self.truck_share + self.bus_share
        for name, good in (
            ("veh_day", self.veh_day >= 0),
            ("truck_share", self.truck_share >= 0),
            ("bus_share", self.bus_share >= 0),
            ("truck_share + bus_share", heavy <= 1),
            ("weekend_factor", (self.weekend_factor >= 0) & (self.weekend_factor <= 3.5)),
        ):
            if not np.all(good):
                row = int(np.argmin(good))
                raise RoadplanError(f"daily traffic, stretch {row}: {name} is out of range")

    @property
    def by_class(self) -> Floats:
        """Light and heavy vehicles a day, shape (stretch, class)."""
        heavy = self.veh_day * (self.truck_share + self.bus_share)
        return np.stack([self.veh_day - heavy, heavy], axis=1)

    def people(self, parameters: TrafficParameters) -> Floats:
        """Return people in a vehicle of each class, over all stretches, shape (class,)."""
        trucks = float(np.sum(self.veh_day * self.truck_share))
        buses = float(np.sum(self.veh_day * self.bus_share))
        aboard = trucks * parameters["people_truck"] + buses * parameters["people_bus"]
        heavy = aboard / (trucks + buses) if trucks + buses else parameters["people_truck"]
        return np.array([parameters["people_light"], heavy])


def hourly_demand(
    traffic: DailyTraffic,
    *,
    start: datetime,
    hours: int,
    parameters: TrafficParameters,
    holidays: Collection[date] = (),
) -> Floats:
    """Return the flow that wishes to drive, hour by hour.

    Parameters
    ----------
    traffic
        The stretches.
    start
        Local time at which the first hour begins.
    hours
        How many.
    parameters
        Shape of the day, weekend and holiday factors, split of directions.
    holidays
        Days with the traffic of a holiday.

    Returns
    -------
    ndarray
        Vehicles an hour, shape (hours, stretch, direction, class).

    Notes
    -----
    Days of the week are set so that the mean of a week is the daily mean: with a weekend factor
    f, the other days have (7 − 2 f)/5 of it. An hour that begins within an hour of the clock
    takes its parts of both.
    """
    if hours < 1:
        raise RoadplanError(f"{hours} hours of demand were asked for; ask for at least one")
    into_hour = (start.minute * 60 + start.second) / 3600.0
    first = start.replace(minute=0, second=0, microsecond=0)
    clock = [first + timedelta(hours=hour) for hour in range(hours + 1)]
    by_class = traffic.by_class
    flow = np.stack(
        [
            parameters.hour_share[moment.hour]
            * _day_factor(moment.date(), traffic, parameters, holidays)
            * by_class
            for moment in clock
        ]
    )
    flow = (1 - into_hour) * flow[:-1] + into_hour * flow[1:]
    rising = parameters["rising_share"]
    both: Floats = flow[:, :, None, :] * np.array([rising, 1 - rising])[:, None]
    return both


def _day_factor(
    day: date, traffic: DailyTraffic, parameters: TrafficParameters, holidays: Collection[date]
) -> Floats:
    """Return a day's traffic over the daily mean, shape (stretch, class)."""
    light = traffic.weekend_factor
    heavy = np.full(len(light), parameters["heavy_weekend_factor"])
    if day in holidays:
        light = np.full(len(light), parameters["holiday_light_factor"])
        heavy = np.full(len(light), parameters["holiday_heavy_factor"])
    elif day.weekday() < _SATURDAY:
        light = (7 - _WEEKEND_DAYS * light) / _WORK_DAYS
        heavy = (7 - _WEEKEND_DAYS * heavy) / _WORK_DAYS
    return np.stack([light, heavy], axis=1)


def weather_response(
    snowfall_24h_cm: ArrayLike, temperature_c: ArrayLike, parameters: TrafficParameters
) -> Floats:
    """Return the share of the demand that still comes in bad weather, shape (…, class).

    Parameters
    ----------
    snowfall_24h_cm
        Snow that has fallen in the last 24 hours; broadcast with the temperature.
    temperature_c
        Air temperature.
    parameters
        Losses per centimetre and in the cold, and what comes in any weather.

    Notes
    -----
    The two losses multiply, and what comes never falls below `least_demand_share`. Losses are
    of light traffic; lorries hardly react.

    Examples
    --------
    >>> from roadplan.traffic.parameters import load_parameters
    >>> weather_response(10.0, -5.0, load_parameters()).round(3).tolist()
    [0.85, 1.0]
    """
    snow, cold = np.broadcast_arrays(
        np.asarray(snowfall_24h_cm, dtype=np.float64), np.asarray(temperature_c, dtype=np.float64)
    )
    if not np.all(np.isfinite(snow) & (snow >= 0) & np.isfinite(cold)):
        raise RoadplanError("snowfall and temperature must be numbers, and snowfall 0 or more")
    span = parameters["cold_from_c"] - parameters["cold_full_c"]
    part = np.clip((parameters["cold_from_c"] - cold) / span, 0.0, 1.0)
    shares = [
        np.clip(1 - parameters[f"{kind}_loss_per_cm"] * snow, 0.0, 1.0)
        * (1 - parameters[f"{kind}_loss_cold"] * part)
        for kind in ("light", "heavy")
    ]
    return np.maximum(np.stack(shares, axis=-1), parameters["least_demand_share"])
