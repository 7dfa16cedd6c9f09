"""The corridor as traffic runs on it: arrays of the snow part in, scenarios out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from roadplan.errors import RoadplanError
from roadplan.traffic.demand import HEAVY, DailyTraffic, hourly_demand
from roadplan.traffic.freight import Freight, add_freight, as_freight
from roadplan.traffic.kernel import CLOSED, CLOSED_TO_HEAVY
from roadplan.traffic.layout import FALLING, RISING, Layout, Segments, lay_out
from roadplan.traffic.loading import load_network
from roadplan.traffic.network import CellNetwork, build_network
from roadplan.traffic.parameters import TrafficParameters, load_parameters
from roadplan.traffic.simulation import Blockages, Conditions, Demand, Runs, run_network
from roadplan.traffic.stuck import StuckVehicles, segment_keys, stuck_hazard

if TYPE_CHECKING:
    from roadplan.corridor import Corridor

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Ints = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class CorridorTraffic:
    """A corridor's network with the traffic that wishes to drive on it.

    Made by :meth:`of` or :meth:`from_corridor`. Arrays by segment have the direction as last
    axis but one or last: 0 for rising stations.

    Parameters
    ----------
    segments
        The segments; zone ``2 * segment + direction`` of the network.
    layout, network
        Links, where they lie, and the cells they are cut into.
    demand_veh_h
        Flow wished in good weather, shape (hours, segment, direction, class).
    entry_veh_h
        Flow that enters at each entry of the network, shape (hours, entry, class).
    people
        People in a vehicle of each class.
    guarded
        Which zones lie between a link's barrier and the next one, shape (link, zone).
    period_s
        Length of a period of the conditions.
    parameters
        The model's numbers.
    """

    segments: Segments
    layout: Layout = field(repr=False)
    network: CellNetwork = field(repr=False)
    demand_veh_h: Floats = field(repr=False)
    entry_veh_h: Floats = field(repr=False)
    people: Floats
    guarded: NDArray[np.bool_] = field(repr=False)
    period_s: float
    parameters: TrafficParameters = field(repr=False)

    @classmethod
    def from_corridor(
        cls,
        corridor: Corridor,
        *,
        start: datetime,
        hours: int,
        segments: Segments | None = None,
        parameters: TrafficParameters | None = None,
        cell_m: float = 2000.0,
        period_s: float = 1800.0,
        holidays: Collection[date] = (),
        freight: Sequence[Freight] | Mapping[str, float] | None = None,
    ) -> CorridorTraffic:
        """Return the traffic of a corridor.

        Parameters
        ----------
        corridor
            With routes, junctions, segments, barriers and daily traffic.
        start
            Local time at which the run begins.
        hours
            How long it runs.
        segments
            Finer segments than the corridor's, such as those of the weather.
        parameters, cell_m, period_s, holidays
            As in :meth:`of`.
        freight
            Lorries on top of the daily traffic; or route → lorries a day on the whole of it.
        """
        segments = segments or Segments.from_frame(corridor.table("segments"))
        return cls.of(
            segments,
            lengths_m={name: route.length_m for name, route in corridor.routes.items()},
            junctions=corridor.table("junctions"),
            barriers=corridor.table("barriers"),
            traffic=corridor.table("traffic"),
            start=start,
            hours=hours,
            parameters=parameters,
            cell_m=cell_m,
            period_s=period_s,
            holidays=holidays,
            freight=freight,
        )

    @classmethod
    def of(
        cls,
        segments: Segments,
        *,
        lengths_m: Mapping[str, float],
        junctions: pd.DataFrame,
        barriers: pd.DataFrame,
        traffic: pd.DataFrame,
        start: datetime,
        hours: int,
        parameters: TrafficParameters | None = None,
        cell_m: float = 2000.0,
        period_s: float = 1800.0,
        holidays: Collection[date] = (),
        freight: Sequence[Freight] | Mapping[str, float] | None = None,
    ) -> CorridorTraffic:
        """Build the network of some segments and load it.

        Parameters
        ----------
        segments, lengths_m, junctions, barriers
            As in :func:`roadplan.traffic.layout.lay_out`.
        traffic
            Columns `route`, `from_m`, `to_m`, `aadt_veh_day`, `truck_share`, `bus_share`,
            `weekend_factor`.
        start, hours
            Local time of the beginning, and how long to run.
        parameters
            The model's numbers; the defaults if not given.
        cell_m
            Cell length on the fastest links.
        period_s
            Length of a period of the conditions; it must go into an hour.
        holidays
            Days with the traffic of a holiday.
        freight
            Lorries on top of the daily traffic; or route → lorries a day on the whole of it.
        """
        p = parameters or load_parameters()
        if 3600.0 % period_s:
            raise RoadplanError(f"periods of {period_s:g} s do not go into an hour")
        daily = _daily(segments, traffic)
        demand = hourly_demand(daily, start=start, hours=hours, parameters=p, holidays=holidays)
        for more in as_freight(freight, segments):
            demand = add_freight(demand, more, start=start, parameters=p)
        layout = lay_out(
            segments,
            lengths_m=lengths_m,
            junctions=junctions,
            barriers=barriers,
            borders=[(str(row.route), float(str(row.from_m))) for row in traffic.itertuples()],
            parameters=p,
            gap_m=cell_m,
            longest_m=max(cell_m, 1000.0 * p["trip_km"] / 2),
        )
        loading = load_network(
            layout.links,
            _opposites(layout),
            _link_flow(layout, demand),
            trip_m=1000.0 * p["trip_km"],
        )
        widest = max(link.pieces[0].capacity_pcu_h for link in layout.links)
        network = build_network(
            layout.links,
            loading.turns,
            entries=dict.fromkeys(loading.entries, p["entry_claim_share"] * widest),
            chains=layout.chains,
            cell_m=cell_m,
            period_s=period_s,
            heavy_pcu=p.heavy_pcu,
            past_column=p["past_column_share"],
            hold_priority_share=p["release_claim_share"],
        )
        order = [loading.entries.index(name) for name in network.entries]
        return cls(
            segments=segments,
            layout=layout,
            network=network,
            demand_veh_h=demand,
            entry_veh_h=loading.entry_veh_h[:, order],
            people=daily.people(p),
            guarded=_guarded(layout, 2 * len(segments)),
            period_s=period_s,
            parameters=p,
        )

    @property
    def hours(self) -> int:
        """How long the demand lasts."""
        return len(self.demand_veh_h)

    def zones(self, values: ArrayLike) -> Singles:
        """Return an array (case, period, segment, direction) as (case, period, zone)."""
        array = np.asarray(values, dtype=np.float32)
        if array.ndim != 4 or array.shape[2:] != (len(self.segments), 2):
            raise RoadplanError(
                f"an array has the shape {array.shape}; it must be "
                f"(case, period, {len(self.segments)}, 2)"
            )
        return np.ascontiguousarray(array.reshape(*array.shape[:2], -1))

    def conditions(
        self,
        capacity_factor: ArrayLike,
        speed_factor: ArrayLike,
        *,
        closed: NDArray[np.bool_] | None = None,
        closed_to_heavy: NDArray[np.bool_] | None = None,
    ) -> Conditions:
        """Return the conditions of the road for the kernel.

        Parameters
        ----------
        capacity_factor, speed_factor
            Shares of capacity and free speed in good weather, shape (case, period, segment,
            direction), 0 to 1.
        closed, closed_to_heavy
            Segments closed to all, and to heavy vehicles, of the same shape. The barrier before
            them closes. On a segment without a barrier before it nobody goes on while it is closed
            to all; lorries alone cannot be kept off it.
        """
        capacity, speed = self.zones(capacity_factor), self.zones(speed_factor)
        shape = (*capacity.shape[:2], len(self.network.links))
        barrier = np.zeros(shape, dtype=np.uint8)
        for code, shut in ((CLOSED_TO_HEAVY, closed_to_heavy), (CLOSED, closed)):
            if shut is not None:
                zones = self.zones(shut) > 0
                barrier[(zones @ self.guarded.T.astype(np.float32)) > 0] = code
                if code == CLOSED:
                    capacity = np.where(zones & ~self.guarded.any(axis=0), 0.0, capacity)
        return Conditions(
            capacity_factor=capacity.astype(np.float32),
            speed_factor=speed,
            barrier=barrier,
            period_s=self.period_s,
        )

    def demand(self, response: ArrayLike | None = None) -> Demand:
        """Return what enters, shape (case, hour, entry, class), for the kernel.

        Parameters
        ----------
        response
            Share of the demand that comes in this weather, shape (case, hour, class); see
            :func:`roadplan.traffic.demand.weather_response`.
        """
        flow = self.entry_veh_h[None]
        if response is not None:
            share = np.asarray(response, dtype=np.float64)
            if share.ndim != 3 or share.shape[1:] != (self.hours, 2):
                raise RoadplanError(f"response has the shape {share.shape}; give (case, hour, 2)")
            flow = flow * share[:, :, None, :]
        return Demand(veh_h=flow.astype(np.float32))

    def expected_stuck(
        self,
        depth_cm: ArrayLike,
        visibility_m: ArrayLike,
        conditions: Conditions,
        *,
        grade_percent: ArrayLike = 0.0,
    ) -> Singles:
        """Return the mean number of blockages, shape (case, period, segment, direction).

        Parameters
        ----------
        depth_cm
            Shape (case, period, segment, direction).
        visibility_m
            Broadcast with it.
        conditions
            Lorries do not get stuck behind a barrier that is closed to them.
        grade_percent
            Broadcast with the depth.
        """
        hazard = stuck_hazard(depth_cm, visibility_m, self.parameters, grade_percent=grade_percent)
        periods = hazard.shape[1]
        hour = np.minimum(
            (np.arange(periods) * self.period_s / 3600.0).astype(np.int64), self.hours - 1
        )
        trucks = self.demand_veh_h[hour, :, :, HEAVY] * (self.period_s / 3600.0)
        driven_km = trucks * self.segments.length_km[:, None]
        shut = (conditions.barrier > 0).astype(np.float32) @ self.guarded.astype(np.float32) > 0
        open_now = ~shut.reshape(*shut.shape[:2], -1, 2)
        mean: Singles = (hazard * driven_km * open_now).astype(np.float32)
        return mean

    @property
    def keys(self) -> Ints:
        """A number for each segment that stays the same whatever else is computed."""
        return segment_keys(self.segments.ids)

    def blockages(self, stuck: StuckVehicles) -> Blockages:
        """Return stuck vehicles as losses of capacity at cell borders."""
        along_m = self.segments.from_m[stuck.segment] + stuck.along * (
            self.segments.to_m[stuck.segment] - self.segments.from_m[stuck.segment]
        )
        link, distance_m = self.locate(stuck.segment, stuck.direction, along_m)
        lanes = self.segments.lanes[stuck.segment]
        one = np.array([1.0 - self.parameters.left_share(n, 1) for n in range(1, 1 + lanes.max())]
                       if len(lanes) else [1.0])  # fmt: skip
        lost = np.where(stuck.all_lanes, 1.0, one[lanes - 1] if len(lanes) else 1.0)
        placed = link >= 0
        return Blockages(
            scenario=stuck.scenario[placed],
            border=self.network.border(link[placed], distance_m[placed]),
            start_s=stuck.start_s[placed],
            end_s=stuck.end_s[placed],
            lost=lost[placed],
        )

    def locate(self, segment: Ints, direction: Ints, station_m: Floats) -> tuple[Ints, Floats]:
        """Return link and distance along it; link -1 where a route's end was left off."""
        link = np.full(len(segment), -1, dtype=np.int64)
        distance_m = np.zeros(len(segment))
        routes = np.array(self.segments.route)[segment] if len(segment) else np.array([], str)
        for index, place in enumerate(self.layout.places):
            here = (
                (routes == place.route)
                & (direction == place.direction)
                & (station_m >= place.from_m)
                & (station_m < place.to_m)
            )
            link[here] = index
            from_start = station_m[here] - place.from_m
            to_end = place.to_m - station_m[here]
            distance_m[here] = from_start if place.direction == RISING else to_end
        return link, distance_m

    def station_m(self, chain: str, distance_km: ArrayLike) -> Floats:
        """Return the stations of distances along a chain, such as heads of jams."""
        members = [p for p in self.layout.places if p.name in self.layout.chains[chain]]
        low = min(place.from_m for place in members)
        high = max(place.to_m for place in members)
        distance_m = 1000.0 * np.asarray(distance_km, dtype=np.float64)
        falling = members[0].direction == FALLING
        station: Floats = high - distance_m if falling else low + distance_m
        return station

    def run(
        self,
        conditions: Conditions,
        *,
        demand: Demand | None = None,
        stuck: StuckVehicles | None = None,
        conditions_of: Ints | None = None,
        demand_of: Ints | None = None,
        output_s: float = 3600.0,
        sample_s: float = 900.0,
        threads: int | None = None,
    ) -> Runs:
        """Run scenarios; see :func:`roadplan.traffic.simulation.run_network`."""
        return run_network(
            self.network,
            demand or self.demand(),
            hours=self.hours,
            conditions=conditions,
            blockages=None if stuck is None else self.blockages(stuck),
            conditions_of=conditions_of,
            demand_of=demand_of,
            output_s=output_s,
            sample_s=sample_s,
            jam_speed_share=self.parameters["jam_speed_share"],
            threads=threads,
        )


def _daily(segments: Segments, traffic: pd.DataFrame) -> DailyTraffic:
    """Return the daily traffic at the middle of each segment; the nearest stretch on its route."""
    middle = (segments.from_m + segments.to_m) / 2
    rows = []
    for route, station_m in zip(segments.route, middle.tolist(), strict=True):
        here = traffic[traffic["route"] == route]
        if here.empty:
            raise RoadplanError(
                f"there is no daily traffic of route {route}; add a row for it to the traffic table"
            )
        off = np.maximum(here["from_m"] - station_m, station_m - here["to_m"]).clip(lower=0)
        rows.append(here.loc[off.idxmin()])
    found = pd.DataFrame(rows)

    def column(name: str, missing: float) -> Floats:
        if name not in found.columns:
            return np.full(len(found), missing)
        values: Floats = found[name].astype(float).fillna(missing).to_numpy(np.float64)
        return values

    return DailyTraffic(
        veh_day=column("aadt_veh_day", np.nan),
        truck_share=column("truck_share", 0.0),
        bus_share=column("bus_share", 0.0),
        weekend_factor=column("weekend_factor", 1.0),
    )


def _link_flow(layout: Layout, demand: Floats) -> Floats:
    """Return the flow wished on each link, the mean of its pieces by length."""
    flows = []
    for link in layout.links:
        zone = np.array([piece.zone for piece in link.pieces])
        length = np.array([piece.length_m for piece in link.pieces])
        flows.append(np.average(demand[:, zone // 2, zone % 2], axis=1, weights=length))
    return np.stack(flows, axis=1)


def _opposites(layout: Layout) -> list[int]:
    at = {
        (place.route, place.from_m, place.to_m, place.direction): index
        for index, place in enumerate(layout.places)
    }
    return [at[p.route, p.from_m, p.to_m, 1 - p.direction] for p in layout.places]


def _guarded(layout: Layout, zones: int) -> NDArray[np.bool_]:
    """Return the zones from each link with a barrier to the next one on its chain."""
    guarded = np.zeros((len(layout.links), zones), dtype=bool)
    index = {link.name: number for number, link in enumerate(layout.links)}
    for names in layout.chains.values():
        keeper = -1
        for name in names:
            number = index[name]
            if layout.links[number].waiting_places is not None:
                keeper = number
            if keeper >= 0:
                guarded[keeper, [piece.zone for piece in layout.links[number].pieces]] = True
    return guarded
