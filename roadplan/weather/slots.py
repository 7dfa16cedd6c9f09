"""Weather in the time slots of a plan: sampled from a forecast, complete, as plain arrays."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from roadplan.errors import RoadplanError
from roadplan.weather.completing import complete
from roadplan.weather.drift import across
from roadplan.weather.flag import Flag
from roadplan.weather.interpolation import to_road
from roadplan.weather.parameters import Parameters
from roadplan.weather.road import Road
from roadplan.weather.storm import Storm, utc_times
from roadplan.weather.units import Floats

UNKNOWN_ACROSS = 2.0 / np.pi
"""Mean of |sin θ| over all directions, for winds of unknown direction."""


@dataclass(frozen=True)
class Slots:
    """Equal slots of time; moment k is the beginning of slot k and the end of slot k - 1.

    Parameters
    ----------
    start
        Beginning of the first slot, UTC.
    count
        Number of slots.
    minutes
        Length of a slot.
    """

    start: np.datetime64
    count: int
    minutes: int = 30

    def __post_init__(self) -> None:
        if self.count < 1 or self.minutes < 1:
            raise RoadplanError("a plan needs at least one slot of at least one minute")
        object.__setattr__(self, "start", self.start.astype("datetime64[s]"))

    @classmethod
    def between(cls, start: dt.datetime, *, hours: float, minutes: int = 30) -> Slots:
        """Return the slots that cover some hours from a moment with a time zone."""
        return cls(utc_times([start])[0], max(int(np.ceil(hours * 60 / minutes)), 1), minutes)

    @property
    def hours(self) -> float:
        """Length of a slot in hours."""
        return self.minutes / 60.0

    @property
    def moments(self) -> NDArray[np.datetime64]:
        """The beginnings of the slots and the end of the last, shape (count + 1,), UTC."""
        step = np.timedelta64(self.minutes * 60, "s")
        return np.asarray(self.start + np.arange(self.count + 1) * step)

    @property
    def end(self) -> np.datetime64:
        """End of the last slot, UTC."""
        return np.datetime64(self.moments[-1])


@dataclass(frozen=True, kw_only=True, eq=False)
class SlotWeather:
    """Weather on each segment in each slot. Arrays of shape (member, slot, segment).

    Parameters
    ----------
    slots
        The time.
    members
        Labels of the members.
    snowfall_kg_m2_h
        Mean rate over the slot, as water.
    wind_m_s, gust_m_s, temperature_c
        In the middle of the slot.
    across
        Sine of the angle between wind and road: positive from the right of rising stations. Of
        unknown direction, its mean size, positive.
    visibility_m
        As forecast; NaN where the forecast has none.
    loose_kg_m2
        Loose snow on the ground at the beginning, shape (member, segment).
    notes
        What was done to the forecast so that it is complete: which members were left out, and
        what was filled.
    """

    slots: Slots
    members: tuple[str, ...]
    snowfall_kg_m2_h: Floats
    wind_m_s: Floats
    gust_m_s: Floats
    across: Floats
    temperature_c: Floats
    visibility_m: Floats
    loose_kg_m2: Floats
    notes: tuple[Flag, ...] = ()

    @property
    def shape(self) -> tuple[int, int, int]:
        """Numbers of members, slots and segments."""
        members, slots, segments = self.wind_m_s.shape
        return members, slots, segments


def slot_weather(storm: Storm, road: Road, slots: Slots, parameters: Parameters) -> SlotWeather:
    """Sample a storm in the slots of a plan, on the segments of a road.

    Parameters
    ----------
    storm
        At points (it is interpolated) or on the road's segments.
    road, slots
        Where and when.
    parameters
        The model's numbers.

    Returns
    -------
    SlotWeather
        Snowfall keeps its sum: a slot takes the mean of the steps it lies in. Everything else
        is drawn from time to time as a straight line and taken in the middle of the slot,
        directions as vectors, sight by its logarithm.

    Raises
    ------
    RoadplanError
        The storm does not cover the slots or the road, or too much of it is missing.
    """
    full = complete(to_road(storm, road, parameters), parameters, start=slots.start, end=slots.end)
    hours = np.asarray((full.times - slots.start) / np.timedelta64(3600, "s"), dtype=np.float64)
    edges = np.asarray(np.arange(slots.count + 1) * slots.hours, dtype=np.float64)
    line = _Line.at(hours, (edges[:-1] + edges[1:]) / 2)
    sight = np.exp(line(np.log(np.maximum(full.values("visibility"), 1.0))))
    return SlotWeather(
        slots=slots,
        members=full.members,
        snowfall_kg_m2_h=_step_means(full.values("snowfall"), hours, edges),
        wind_m_s=line(full.values("wind_speed")),
        gust_m_s=line(full.values("wind_gust")),
        across=_across(full.values("wind_direction"), line, road),
        temperature_c=line(full.values("temperature")),
        visibility_m=sight,
        loose_kg_m2=_loose(full, parameters),
        notes=full.origin.notes[len(storm.origin.notes) :],
    )


@dataclass(frozen=True)
class _Line:
    """Linear interpolation along the second axis; a missing value harms its neighbours only."""

    left: NDArray[np.intp]
    right: NDArray[np.intp]
    share: Floats

    @classmethod
    def at(cls, hours: Floats, moments: Floats) -> _Line:
        right = np.clip(np.searchsorted(hours, moments, side="right"), 1, len(hours) - 1)
        left = right - 1
        share = (moments - hours[left]) / (hours[right] - hours[left])
        # A moment at a time needs that time alone.
        return cls(np.where(share == 1, right, left), np.where(share == 0, left, right), share)

    def __call__(self, values: Floats) -> Floats:
        share = self.share[None, :, None]
        drawn: Floats = (1.0 - share) * values[:, self.left] + share * values[:, self.right]
        return drawn


def _step_means(values: Floats, hours: Floats, edges: Floats) -> Floats:
    """Return the means over the slots of what holds over the step before each time."""
    low = np.maximum(edges[:-1, None], hours[None, :-1])
    high = np.minimum(edges[1:, None], hours[None, 1:])
    overlap = np.maximum(high - low, 0.0) / np.diff(edges)[:, None]
    means: Floats = np.moveaxis(np.tensordot(overlap, values[:, 1:], axes=(1, 1)), 0, 1)
    return np.ascontiguousarray(means)


def _across(direction: Floats, line: _Line, road: Road) -> Floats:
    angle = np.deg2rad(direction)
    turned = np.rad2deg(np.arctan2(line(np.sin(angle)), line(np.cos(angle))))
    return np.where(np.isnan(turned), UNKNOWN_ACROSS, across(turned, road.bearing_deg))


def _loose(storm: Storm, parameters: Parameters) -> Floats:
    members, _, segments = storm.shape
    if "loose_snow" not in storm.data:
        return np.full((members, segments), parameters.loose_snow_kg_m2)
    loose = storm.values("loose_snow")
    return np.where(np.isfinite(loose), loose, parameters.loose_snow_kg_m2)
