"""What a storm and the passes mean for traffic: one call from the road's weather to its state."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from roadplan.weather import effects
from roadplan.weather.closing import Closures, closures
from roadplan.weather.parameters import Parameters
from roadplan.weather.passes import Passes
from roadplan.weather.road import Road
from roadplan.weather.slots import SlotWeather
from roadplan.weather.snow import SnowDepth, SnowLoad
from roadplan.weather.units import Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class Conditions:
    """The state of the road for traffic. Shape (member, slot, segment, carriageway).

    Parameters
    ----------
    depth_m
        Mean snow depth in the slot.
    capacity_share
        Share of the capacity in good weather.
    speed_m_s
        Speed of free traffic.
    truck_stuck, bus_stuck, car_stuck
        Whether the depth is beyond what the class passes.
    closures
        When it is closed to trucks and why.
    closed
        Whether it is closed to all: sight or gusts close it whatever its snow, or a car gets
        stuck. Elsewhere a closure keeps only heavy vehicles off.
    """

    depth_m: Floats
    capacity_share: Floats
    speed_m_s: Floats
    truck_stuck: NDArray[np.bool_]
    bus_stuck: NDArray[np.bool_]
    car_stuck: NDArray[np.bool_]
    closures: Closures
    closed: NDArray[np.bool_]

    @property
    def closed_to_heavy(self) -> NDArray[np.bool_]:
        """Whether heavy vehicles are kept off: where it is closed to all, and by their trigger."""
        return self.closures.closed | self.closed


def weather_closed(
    weather: SlotWeather, load: SnowLoad, parameters: Parameters
) -> NDArray[np.bool_]:
    """Return whether sight or gusts close a segment whatever its snow, (member, slot, segment)."""
    return closures(
        visibility_m=load.visibility_m,
        gust_m_s=weather.gust_m_s,
        depth_m=np.zeros(load.shape),
        blocking_m=np.inf,
        slot_h=weather.slots.hours,
        parameters=parameters,
    ).closed


def conditions(
    weather: SlotWeather,
    load: SnowLoad,
    depth: SnowDepth,
    road: Road,
    parameters: Parameters,
    *,
    free_speed_m_s: ArrayLike,
    grade_percent: ArrayLike = 0.0,
    passes: Passes | None = None,
) -> Conditions:
    """Return the state of the road for traffic in each slot.

    Parameters
    ----------
    weather, load, depth
        Weather, what it brings onto the road, and the depth under the passes.
    road
        The segments.
    parameters
        The model's numbers.
    free_speed_m_s
        Speed of free traffic in good weather, broadcast to (segment,).
    grade_percent
        Grade, broadcast to (segment,).
    passes
        The passes under which the depth was reckoned, for reopening.
    """
    p = parameters
    mean = depth.mean_m
    sight = load.visibility_m[..., None]
    free = np.broadcast_to(np.asarray(free_speed_m_s, dtype=np.float64), (len(road),))
    grade = np.broadcast_to(np.asarray(grade_percent, dtype=np.float64), (len(road),))[:, None]
    truck = effects.blocking_depth_m("truck", p, grade_percent=grade)
    car_stuck = effects.stuck(mean, "car", p)
    return Conditions(
        depth_m=mean,
        capacity_share=effects.capacity_share(
            snowfall_kg_m2_h=weather.snowfall_kg_m2_h[..., None],
            temperature_c=weather.temperature_c[..., None],
            visibility=sight,
            depth_m=mean,
            lanes=road.lanes[:, None],
            parameters=p,
        ),
        speed_m_s=effects.speed_m_s(sight, mean, free[:, None], p),
        truck_stuck=mean > truck,
        bus_stuck=effects.stuck(mean, "bus", p),
        car_stuck=car_stuck,
        closures=closures(
            visibility_m=sight,
            gust_m_s=weather.gust_m_s[..., None],
            depth_m=mean,
            blocking_m=truck,
            slot_h=weather.slots.hours,
            parameters=p,
            passed=None if passes is None else _passed(passes, weather),
        ),
        closed=weather_closed(weather, load, p)[..., None] | car_stuck,
    )


def _passed(passes: Passes, weather: SlotWeather) -> NDArray[np.bool_]:
    """Return whether a pass comes in a slot, shape (1, slot, segment, carriageway)."""
    _, slots, segments = weather.shape
    came = np.zeros((1, slots, segments, 2), dtype=bool)
    slot = np.floor(passes.arrival_h / weather.slots.hours).astype(np.int64)
    used = (slot >= 0) & (slot < slots)
    came[0, slot[used], passes.segment[used], passes.carriageway[used]] = True
    return came
