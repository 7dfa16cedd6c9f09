"""A storm on a corridor from forecast to queues: everything but which passes are made, and when.

The long way in one call::

    run = prepare_storm(corridor, "snow-band")
    outcome = run.simulate([Passes.none(), passes], draws=20, seed=1)
    outcome.expected_delay(plan=0), outcome.expected_delay(plan=1)
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from roadplan.corridor.model import LOCAL_ZONE
from roadplan.errors import RoadplanError
from roadplan.traffic.corridor import CorridorTraffic
from roadplan.traffic.layout import Segments
from roadplan.traffic.outcome import StormOutcome, simulate_storm
from roadplan.traffic.parameters import TrafficParameters
from roadplan.traffic.parameters import load_parameters as load_traffic_parameters
from roadplan.traffic.road_traffic import (
    LONGEST_SEGMENT_M,
    daily_traffic,
    fixed_zone,
    local_time,
    traffic_segments,
)
from roadplan.traffic.weather import road_state
from roadplan.weather import (
    Conditions,
    Parameters,
    Passes,
    Road,
    Slots,
    SlotWeather,
    SnowDepth,
    SnowLoad,
    Storm,
    accumulate,
    conditions,
    depth_after_passes,
    load_parameters,
    slot_weather,
)
from roadplan.weather import load as load_storm

if TYPE_CHECKING:
    from roadplan.corridor import Corridor

Floats = NDArray[np.float64]

SLOT_MINUTES: Final = 30


@dataclass(frozen=True, kw_only=True, eq=False)
class StormRun:
    """A storm on a corridor, ready to be simulated under any passes.

    Parameters
    ----------
    storm
        The forecast as it was given; the notes of its origin tell what was left out and filled.
    road, segments
        The road as snow and as traffic meet it; the same pieces in the same order.
    slots
        The time.
    weather, load
        Weather in the slots, and the snow it brings.
    traffic
        The network with its demand.
    parameters
        The snow model's numbers.
    zone
        Local time.
    notes
        What was assumed because the corridor does not say it.
    """

    storm: Storm = field(repr=False)
    road: Road = field(repr=False)
    segments: Segments = field(repr=False)
    slots: Slots
    weather: SlotWeather = field(repr=False)
    load: SnowLoad = field(repr=False)
    traffic: CorridorTraffic = field(repr=False)
    parameters: Parameters = field(repr=False)
    zone: dt.tzinfo = LOCAL_ZONE
    notes: tuple[str, ...] = ()

    @property
    def members(self) -> int:
        """Number of members of the forecast."""
        return len(self.weather.members)

    @property
    def hours(self) -> int:
        """Length of the run."""
        return self.traffic.hours

    @property
    def start(self) -> dt.datetime:
        """Beginning, in local time."""
        return local_time(self.slots.start, self.zone)

    def depth(self, passes: Passes) -> SnowDepth:
        """Return the snow on the road under some passes."""
        return depth_after_passes(self.load, self.parameters, passes=passes)

    def conditions(self, passes: Passes) -> Conditions:
        """Return the state of the road under some passes."""
        return conditions(
            self.weather,
            self.load,
            self.depth(passes),
            self.road,
            self.parameters,
            free_speed_m_s=self.segments.free_speed_m_s,
            passes=passes,
        )

    def simulate(
        self,
        plans: Sequence[Passes] = (),
        *,
        draws: int = 20,
        seed: int = 0,
        barriers: bool = True,
        threads: int | None = None,
    ) -> StormOutcome:
        """Simulate queues under one or several plans, all with the same stuck vehicles drawn.

        Parameters
        ----------
        plans
            Passes of each plan; nothing is cleared if there is none.
        draws
            Draws of stuck vehicles for each member.
        seed
            Of these draws.
        barriers
            Whether stretches that meet a trigger for closing are closed, to all or to heavy
            vehicles.
        threads
            How many to use.
        """
        state = road_state(
            [self.conditions(passes) for passes in (plans or [Passes.none()])],
            self.load,
            self.segments,
            weather=self.weather,
            parameters=self.traffic.parameters,
            barriers=barriers,
        )
        # Where no lane is left nobody drives, so that no deeper snow holds more lorries fast: the
        # exponential of the hazard is not carried beyond that.
        deepest_cm = 100.0 * self.parameters.depth_none_m
        state = replace(state, depth_cm=np.minimum(state.depth_cm, deepest_cm))
        return simulate_storm(
            self.traffic, state, members=self.members, draws=draws, seed=seed, threads=threads
        )


def prepare_storm(
    corridor: Corridor,
    storm: str | os.PathLike[str] | Storm,
    *,
    hours: int | None = None,
    members: int | None = None,
    parameters: Parameters | None = None,
    traffic_parameters: TrafficParameters | None = None,
    demand_scale: float = 1.0,
    holidays: Collection[dt.date] = (),
    freight: Mapping[str, float] | None = None,
    zone: dt.tzinfo | None = None,
    cell_m: float = 2000.0,
) -> StormRun:
    """Bring a storm, the snow it leaves and the traffic of its hours together.

    Parameters
    ----------
    corridor
        The road.
    storm
        Name of a storm that is shipped, a file, or a storm on any places.
    hours
        How long to run from the storm's first hour; all of it if not given.
    members
        Members to take; all if not given.
    parameters, traffic_parameters
        The numbers of the two models.
    demand_scale
        Factor on the daily traffic of every stretch.
    holidays
        Days with the traffic of a holiday.
    freight
        Route → additional lorries a day on the whole of it, both directions together; see
        :func:`roadplan.traffic.demand.freight_trucks_day`.
    zone
        Local time, by which traffic has its hours; the corridor's by default.
    cell_m
        Length of a cell.

    Raises
    ------
    RoadplanError
        There is no such storm, it is shorter than an hour or than asked for, or does not reach
        the road.
    """
    if not (np.isfinite(demand_scale) and demand_scale >= 0):
        raise RoadplanError(f"the demand cannot be scaled by {demand_scale}; give 0 or more")
    p = parameters or load_parameters()
    road = Road.from_corridor(corridor, p, longest_m=LONGEST_SEGMENT_M)
    if not isinstance(storm, Storm):
        storm = load_storm(storm, road=road, members=members, parameters=p)
    slots = Slots(storm.times[0], _hours(storm, hours) * 60 // SLOT_MINUTES, SLOT_MINUTES)
    zone = fixed_zone(zone or corridor.zone, slots.start)
    weather = slot_weather(storm, road, slots, p)
    notes: list[str] = []
    segments = traffic_segments(corridor, road, notes)
    traffic = CorridorTraffic.of(
        segments,
        lengths_m={name: route.length_m for name, route in corridor.routes.items()},
        junctions=corridor.table("junctions"),
        barriers=corridor.table("barriers"),
        traffic=daily_traffic(corridor, segments, notes, scale=demand_scale),
        start=local_time(slots.start, zone).replace(tzinfo=None),
        hours=int(slots.count * slots.hours),
        parameters=traffic_parameters or load_traffic_parameters(),
        cell_m=cell_m,
        period_s=slots.hours * 3600.0,
        holidays=holidays,
        freight=freight,
    )
    return StormRun(
        storm=storm.with_values({}, notes=weather.notes),
        road=road,
        segments=segments,
        slots=slots,
        weather=weather,
        load=accumulate(weather, road, p),
        traffic=traffic,
        parameters=p,
        zone=zone,
        notes=tuple(notes),
    )


def _hours(storm: Storm, asked: int | None) -> int:
    """Return for how many whole hours to run."""
    covered = float((storm.times[-1] - storm.times[0]) / np.timedelta64(1, "h"))
    whole = int(covered + 1e-9)
    if whole < 1:
        raise RoadplanError(f"the forecast covers {covered:g} h; at least one hour is needed")
    if asked is None:
        return whole
    if not 1 <= asked <= whole:
        raise RoadplanError(f"the forecast covers {whole} h; ask for 1 to {whole}, not {asked}")
    return asked
