"""From the snow part to traffic: the road's state in each slot, and who stays at home."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from roadplan.errors import RoadplanError
from roadplan.traffic.demand import weather_response
from roadplan.traffic.layout import Segments
from roadplan.traffic.outcome import RoadState
from roadplan.traffic.parameters import TrafficParameters

if TYPE_CHECKING:
    from roadplan.corridor import Corridor
    from roadplan.weather import Conditions, Road, SlotWeather, SnowLoad

Floats = NDArray[np.float64]

_SNOW_CM_PER_KG_M2 = 1.0
"""Depth of new snow of 100 kg/m³ for each kg/m² of water."""


def road_segments(road: Road, corridor: Corridor) -> Segments:
    """Return the segments of the weather as segments for traffic.

    Raises
    ------
    RoadplanError
        The road was not cut from the segments of this corridor, so that speeds are not known.
    """
    table = corridor.table("segments")
    speed = dict(zip(table["segment"].astype(str), table["free_speed_kmh"], strict=True))
    strange = [parent for parent in road.parents if parent not in speed]
    if strange:
        raise RoadplanError(
            f"no free speed is known for {strange[0]}: cut the road from the corridor's segments"
        )
    return Segments(
        ids=road.ids,
        route=road.route,
        from_m=road.from_m,
        to_m=road.to_m,
        lanes=road.lanes,
        carriageways=road.carriageways,
        free_speed_m_s=np.array([float(speed[parent]) for parent in road.parents]) / 3.6,
    )


def road_state(
    plans: Sequence[Conditions],
    load: SnowLoad,
    segments: Segments,
    *,
    weather: SlotWeather | None = None,
    parameters: TrafficParameters | None = None,
    barriers: bool = True,
) -> RoadState:
    """Return the state of the road under one or several plans.

    Parameters
    ----------
    plans
        The conditions that each plan leaves; cases are plans one after another, each with all
        members.
    load
        What falls and drifts, for the sight in it.
    segments
        For the free speed in good weather.
    weather, parameters
        With both, demand answers to snowfall and cold along the whole road.
    barriers
        Whether stretches that meet a trigger for closing are closed: to all vehicles for sight,
        gusts or snow in which cars get stuck, to heavy ones for snow in which only lorries do.
    """
    sight = np.broadcast_to(load.visibility_m[..., None], plans[0].depth_m.shape)
    free = segments.free_speed_m_s[:, None]
    response = None
    if weather is not None and parameters is not None:
        response = np.tile(demand_response(weather, parameters), (len(plans), 1, 1))
    return RoadState(
        capacity_factor=np.concatenate([plan.capacity_share for plan in plans]),
        speed_factor=np.minimum(np.concatenate([plan.speed_m_s for plan in plans]) / free, 1.0),
        depth_cm=100.0 * np.concatenate([plan.depth_m for plan in plans]),
        visibility_m=np.concatenate([sight] * len(plans)),
        closed=np.concatenate([plan.closed for plan in plans]) if barriers else False,
        closed_to_heavy=(
            np.concatenate([plan.closed_to_heavy for plan in plans]) if barriers else False
        ),
        response=response,
    )


def demand_response(weather: SlotWeather, parameters: TrafficParameters) -> Floats:
    """Return the share of the demand that comes, shape (member, hour, class).

    It answers to the mean of the road: snow fallen in the 24 hours up to the end of each hour,
    since the beginning of the forecast at most, and temperature. Unknown weather keeps nobody
    at home.
    """
    per_hour = max(1, round(1.0 / weather.slots.hours))
    water = np.nan_to_num(weather.snowfall_kg_m2_h).mean(axis=2) * weather.slots.hours
    cold = np.where(np.isfinite(weather.temperature_c), weather.temperature_c, 0.0).mean(axis=2)
    hours = -(-water.shape[1] // per_hour)
    pad = hours * per_hour - water.shape[1]
    hourly = np.pad(water, ((0, 0), (0, pad))).reshape(len(water), hours, per_hour).sum(axis=2)
    temperature = (
        np.pad(cold, ((0, 0), (0, pad)), mode="edge").reshape(len(cold), hours, per_hour).mean(2)
    )
    fallen = np.cumsum(hourly, axis=1)
    day = fallen.copy()
    day[:, 24:] -= fallen[:, :-24]
    return weather_response(_SNOW_CM_PER_KG_M2 * day, temperature, parameters)
