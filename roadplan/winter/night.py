"""One night on the road: storm, traffic and snow in the slots of a plan."""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from roadplan.corridor import Corridor
from roadplan.corridor.model import LOCAL_ZONE
from roadplan.errors import RoadplanError
from roadplan.traffic.corridor import CorridorTraffic
from roadplan.traffic.demand import weather_response
from roadplan.traffic.layout import Segments
from roadplan.traffic.parameters import TrafficParameters
from roadplan.traffic.parameters import load_parameters as traffic_parameters
from roadplan.traffic.road_traffic import (
    LONGEST_SEGMENT_M,
    daily_traffic,
    fixed_zone,
    local_time,
    traffic_segments,
)
from roadplan.weather import (
    Parameters,
    Road,
    Slots,
    SlotWeather,
    SnowLoad,
    Storm,
    accumulate,
    load_parameters,
    slot_weather,
    weather_closed,
)
from roadplan.weather import load as load_storm
from roadplan.winter.state import RoadNow

Floats = NDArray[np.float64]

WORK_LANES: Final = 1
"""Lanes left where traffic is led over a temporary bypass."""

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, eq=False)
class Night:
    """Storm, snow and traffic on the segments of a corridor, slot by slot.

    Parameters
    ----------
    corridor, road, segments
        The road; segments of traffic are those of the road.
    slots
        The time.
    storm
        The forecast as it was given; the notes of its origin tell what was left out and filled.
    weather, load
        Weather in the slots and the snow it brings.
    traffic
        The corridor's network with its demand.
    response
        Share of the demand that comes, shape (member, hour, class).
    now
        State of the road at the beginning.
    initial_m
        Depth at the beginning, shape (segment, carriageway).
    base_share
        Share of the capacity left by works, shape (segment,).
    bypass_m
        Length of temporary bypasses on each segment, shape (segment,).
    shut_to_traffic
        Whether a closure keeps traffic off, shape (slot, segment).
    parameters
        The weather model's numbers.
    zone
        Local time; the corridor's by default.
    notes
        What was assumed.
    """

    corridor: Corridor = field(repr=False)
    road: Road = field(repr=False)
    segments: Segments = field(repr=False)
    slots: Slots
    storm: Storm = field(repr=False)
    weather: SlotWeather = field(repr=False)
    load: SnowLoad = field(repr=False)
    traffic: CorridorTraffic = field(repr=False)
    response: Floats = field(repr=False)
    now: RoadNow = field(repr=False)
    initial_m: Floats = field(repr=False)
    base_share: Floats = field(repr=False)
    bypass_m: Floats = field(repr=False)
    shut_to_traffic: NDArray[np.bool_] = field(repr=False)
    parameters: Parameters = field(repr=False)
    zone: dt.tzinfo = LOCAL_ZONE
    notes: tuple[str, ...] = ()

    @property
    def members(self) -> int:
        """Number of members of the forecast."""
        return len(self.weather.members)

    @property
    def start(self) -> dt.datetime:
        """Beginning of the first slot, with its time zone."""
        return local_time(self.slots.start, self.zone)

    def moment(self, hours: float) -> dt.datetime:
        """Return the local time some hours after the beginning."""
        return self.start + dt.timedelta(hours=hours)

    @property
    def weather_closed(self) -> NDArray[np.bool_]:
        """Whether sight or gusts close a segment whatever its snow, (member, slot, segment)."""
        return weather_closed(self.weather, self.load, self.parameters)


def prepare(
    corridor: Corridor,
    storm: str | Path | Storm,
    *,
    hours: float = 24.0,
    slot_minutes: int = 30,
    start: dt.datetime | None = None,
    members: int | None = None,
    now: RoadNow | None = None,
    open_bypasses: pd.DataFrame | None = None,
    parameters: Parameters | None = None,
    traffic: TrafficParameters | None = None,
    zone: dt.tzinfo | None = None,
) -> Night:
    """Bring storm, traffic and the state of the road together in the slots of a plan.

    Parameters
    ----------
    corridor
        The road.
    storm
        Name of a shipped storm, a file, or a storm on any places.
    hours
        Length of the plan; cut to what the storm covers, which is noted.
    slot_minutes
        Length of a slot; it goes into an hour.
    start
        Beginning of the plan, and of a storm that comes with roadplan; by default the state's
        moment, else that of the storm.
    members
        Members to take; all by default.
    now
        State of the road; bare and open by default.
    open_bypasses
        Stretches (`route`, `from_m`, `to_m`) on which traffic is led over a temporary bypass; by
        default those of the corridor that are not closed.
    parameters, traffic
        The models' numbers.
    zone
        Local time; the corridor's by default.

    Raises
    ------
    RoadplanError
        The storm does not cover the time or the road, slots do not go into an hour.
    """
    if not (slot_minutes >= 5 and 60 % slot_minutes == 0):
        raise RoadplanError(
            f"slots of {slot_minutes} min do not go into an hour; give 10, 12, 15, 20, 30 or 60"
        )
    if not np.isfinite(hours):
        raise RoadplanError(f"a plan of {hours:g} h is not possible; give hours, as 24")
    if hours * 60 < slot_minutes:
        raise RoadplanError(f"a plan of {hours:g} h is shorter than a slot of {slot_minutes} min")
    p = parameters or load_parameters()
    road = Road.from_corridor(corridor, p, longest_m=LONGEST_SEGMENT_M)
    now = now or RoadNow()
    begin = start or now.as_of
    forecast = (
        storm
        if isinstance(storm, Storm)
        else load_storm(storm, road=road, start=begin, members=members, parameters=p)
    )
    slots, notes = _slots(forecast, hours, slot_minutes, begin)
    zone = fixed_zone(zone or corridor.zone, slots.start)
    weather = slot_weather(forecast, road, slots, p)
    notes += [flag.text("en") for flag in weather.notes]
    load = accumulate(weather, road, p)
    segments = traffic_segments(corridor, road, notes)
    whole_hours = int(np.ceil(slots.count * slots.hours))
    moved = CorridorTraffic.of(
        segments,
        lengths_m={name: route.length_m for name, route in corridor.routes.items()},
        junctions=corridor.table("junctions"),
        barriers=corridor.table("barriers"),
        traffic=daily_traffic(corridor, segments, notes),
        start=local_time(slots.start, zone).replace(tzinfo=None),
        hours=whole_hours,
        parameters=traffic or traffic_parameters(),
        period_s=slots.hours * 3600.0,
    )
    works = _works(corridor) if open_bypasses is None else open_bypasses
    base_share, bypass_m = _narrowed(road, works, moved.parameters, notes)
    return Night(
        corridor=corridor,
        road=road,
        segments=segments,
        slots=slots,
        storm=forecast.with_values({}, notes=weather.notes),
        weather=weather,
        load=load,
        traffic=moved,
        response=_response(weather, road, whole_hours, moved.parameters, p),
        now=now,
        initial_m=now.depth_m(road),
        base_share=base_share,
        bypass_m=bypass_m,
        shut_to_traffic=now.shut(road, slots, ploughs=False),
        parameters=p,
        zone=zone,
        notes=tuple(notes),
    )


def _slots(
    storm: Storm, hours: float, minutes: int, start: dt.datetime | None
) -> tuple[Slots, list[str]]:
    """Return the slots from a moment on, cut to what the storm covers."""
    notes: list[str] = []
    first, last = storm.times[0], storm.times[-1]
    begin = first
    if start is not None:
        begin = np.datetime64(start.astimezone(dt.UTC).replace(tzinfo=None), "s").astype(
            first.dtype
        )
        if not first <= begin < last:
            raise RoadplanError(
                f"the plan begins at {start.isoformat(timespec='minutes')}, but the storm covers "
                f"{first}Z to {last}Z; give another moment or a newer forecast"
            )
    covered = float((last - begin) / np.timedelta64(1, "s")) / 3600.0
    if hours > covered + 1e-9:
        notes.append(f"the storm covers only {covered:g} of {hours:g} h; the plan ends with it")
        hours = covered
    count = int(hours * 60 / minutes + 1e-9)
    if count < 1:
        raise RoadplanError(f"the storm covers only {covered:g} h from the beginning of the plan")
    return Slots(begin, count, minutes), notes


def _works(corridor: Corridor) -> pd.DataFrame:
    """Return the temporary bypasses of a corridor that are in use."""
    table = corridor.table("detours")
    return table[table["state"] == "open"]


def _narrowed(
    road: Road, works: pd.DataFrame, parameters: TrafficParameters, notes: list[str]
) -> tuple[Floats, Floats]:
    """Return the share of capacity that works leave, and the length of bypasses, by segment."""
    share, length = np.ones(len(road)), np.zeros(len(road))
    routes = np.array(road.route)
    for row in works.to_dict("records"):
        common = np.minimum(road.to_m, row["to_m"]) - np.maximum(road.from_m, row["from_m"])
        here = (routes == row["route"]) & (common > 0)
        length[here] += common[here]
        whole = np.where(
            (road.carriageways > 1) | (road.lanes > 1),
            parameters["capacity_lane_pcu_h"] * road.lanes,
            parameters["capacity_two_way_pcu_h"],
        )
        left = WORK_LANES * parameters["capacity_two_way_pcu_h"] / whole
        share[here] = np.minimum(share[here], left[here])
    if len(works):
        narrow = "bypass narrows" if len(works) == 1 else "bypasses narrow"
        notes.append(f"{len(works)} temporary {narrow} the road to a lane each way")
    return share, length


def _response(
    weather: SlotWeather, road: Road, hours: int, traffic: TrafficParameters, p: Parameters
) -> Floats:
    """Return the share of demand that comes in the weather, (member, hour, class).

    Of the whole road's mean weather: travellers decide by the forecast for their way, not by
    the snow on one segment.
    """
    weight = road.length_m / road.length_m.sum()
    fall_mm = weather.snowfall_kg_m2_h @ weight * weather.slots.hours
    per_day = round(24 / weather.slots.hours)
    total = np.cumsum(fall_mm, axis=1)
    before = np.concatenate(
        [np.zeros((len(total), per_day)), total[:, : max(total.shape[1] - per_day, 0)]], axis=1
    )[:, : total.shape[1]]
    snow_cm = (total - before) * 100.0 / p.density_new_kg_m3
    cold = weather.temperature_c @ weight
    slot = np.minimum((np.arange(hours) / weather.slots.hours).astype(int), weather.slots.count - 1)
    return weather_response(snow_cm[:, slot], cold[:, slot], traffic)
