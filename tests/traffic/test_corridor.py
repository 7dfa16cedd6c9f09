"""The corridor's network: cuts, traffic as counted, barriers and what they guard."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import numpy as np
import pandas as pd
import pytest

from roadplan.corridor import Corridor
from roadplan.errors import FaultsError, RoadplanError
from roadplan.traffic import (
    CorridorTraffic,
    Freight,
    Segments,
    StuckVehicles,
    load_parameters,
)

LOCAL = timezone(timedelta(hours=5))
START = datetime(2025, 1, 14, 6, tzinfo=LOCAL)


def _small(
    *, barriers: list[tuple[str, str, float, float]] | None = None, cell_m: float = 2000.0
) -> CorridorTraffic:
    """Return a trunk of 100 km with a branch of 40 km from its middle."""
    segments = Segments.from_frame(
        pd.DataFrame(
            [
                ("t1", "trunk", 0, 50_000, 2, 2, 110),
                ("t2", "trunk", 50_000, 100_000, 2, 2, 110),
                ("b1", "branch", 0, 40_000, 1, 1, 90),
            ],
            columns=[
                "segment", "route", "from_m", "to_m", "lanes", "carriageways", "free_speed_kmh",
            ],
        )
    )  # fmt: skip
    return CorridorTraffic.of(
        segments,
        lengths_m={"trunk": 100_000.0, "branch": 40_000.0},
        junctions=pd.DataFrame(
            [("j", "trunk", 50_000.0), ("j", "branch", 0.0)],
            columns=["junction", "route", "station_m"],
        ),
        barriers=pd.DataFrame(
            barriers or [], columns=["barrier", "route", "station_m", "waiting_places"]
        ),
        traffic=pd.DataFrame(
            [
                ("trunk", 0, 50_000, 12_000, 0.3, 0.05, 1.0),
                ("trunk", 50_000, 100_000, 8_000, 0.3, 0.05, 1.0),
                ("branch", 0, 40_000, 3_000, 0.3, 0.05, 1.0),
            ],
            columns=[
                "route", "from_m", "to_m", "aadt_veh_day", "truck_share", "bus_share",
                "weekend_factor",
            ],
        ),
        start=START,
        hours=12,
        cell_m=cell_m,
        parameters=load_parameters({"heavy_weekend_factor": 1.0}),
    )  # fmt: skip


def _good(traffic: CorridorTraffic) -> np.ndarray:
    return np.ones((1, 1, len(traffic.segments), 2))


def test_shipped_corridor_runs_freely_in_good_weather(road: Corridor) -> None:
    """On the whole corridor nothing is delayed when nothing is in the way."""
    traffic = CorridorTraffic.from_corridor(road, start=START, hours=8)
    runs = traffic.run(traffic.conditions(_good(traffic), _good(traffic)))
    assert runs.entered_veh.sum() > 10_000
    assert runs.total_delay_veh_h.sum() == pytest.approx(0.0, abs=1.0)
    assert runs.longest_km.max() == 0


def test_every_zone_of_the_shipped_corridor_is_on_a_link(road: Corridor) -> None:
    """Each direction of each segment lies on the network, but for stubs beyond a junction."""
    traffic = CorridorTraffic.from_corridor(road, start=START, hours=1)
    covered = {piece.zone // 2 for link in traffic.layout.links for piece in link.pieces}
    left_off = set(range(len(traffic.segments))) - covered
    assert all(traffic.segments.length_km[i] < 2 for i in left_off)
    assert [traffic.segments.route[i] for i in left_off] == ["balkhash-city"]
    length = sum(link.length_m for link in traffic.layout.links)
    whole = 2 * sum(route.length_m for route in road.routes.values())
    assert whole - 2 * 2000 <= length <= whole


def test_links_carry_the_traffic_that_is_counted() -> None:
    """In the steady hours the flow at each link's beginning is that wished there."""
    traffic = _small()
    network = traffic.network
    runs = traffic.run(traffic.conditions(_good(traffic), _good(traffic)), output_s=3600.0)
    # Trunk up to the junction: 12,000 a day; half in each direction, by the hours of the day.
    wished = traffic.demand_veh_h[:, 0, 0].sum(axis=1)
    first = network.entries.index("trunk@0 rising")
    passed = np.diff(runs.passed_veh[0, :, first].sum(axis=1), prepend=0.0)
    assert passed == pytest.approx(wished, rel=1e-3)
    assert wished.sum() == pytest.approx(
        6000 * (0.65 * _light_share(traffic) + 0.35 * _heavy_share(traffic)), rel=1e-6
    )


def _light_share(traffic: CorridorTraffic) -> float:
    return float(traffic.parameters.hour_share[START.hour : START.hour + 12, 0].sum())


def _heavy_share(traffic: CorridorTraffic) -> float:
    return float(traffic.parameters.hour_share[START.hour : START.hour + 12, 1].sum())


def test_barrier_stands_at_the_links_that_begin_there() -> None:
    """At a plain place a barrier has two links, at a junction all ways out of it."""
    traffic = _small(barriers=[("g", "trunk", 20_000.0, 60.0), ("h", "trunk", 50_500.0, 90.0)])
    places = {link.name: link.waiting_places for link in traffic.layout.links}
    held = {name: waiting for name, waiting in places.items() if waiting is not None}
    assert held == {
        "trunk rising 20000": 30.0,
        "trunk falling 0": 30.0,
        "trunk rising 50000": 30.0,
        "trunk falling 20000": 30.0,
        "branch rising 0": 30.0,
    }


def test_barrier_guards_up_to_the_next_one() -> None:
    """A closed segment closes the barrier before it in each direction, and no other."""
    traffic = _small(barriers=[("g", "trunk", 20_000.0, 60.0), ("h", "trunk", 50_000.0, 90.0)])
    closed = np.zeros((1, 1, 3, 2), dtype=bool)
    closed[0, 0, 1, 0] = True
    conditions = traffic.conditions(_good(traffic), _good(traffic), closed=closed)
    shut = [name for name, code in zip(traffic.network.links, conditions.barrier[0, 0], strict=True)
            if code]  # fmt: skip
    assert shut == ["trunk rising 50000"]


def test_a_closed_road_without_barriers_stops_traffic() -> None:
    """Where there is no barrier to shut, vehicles stop where the closed stretch begins."""
    traffic = _small()
    closed = np.zeros((1, 24, 3, 2), dtype=bool)
    closed[:, 2:8, 1] = True
    good = np.ones(closed.shape)
    conditions = traffic.conditions(good, good, closed=closed)
    assert np.array_equal(conditions.capacity_factor.reshape(closed.shape) == 0.0, closed)
    delay = traffic.run(conditions).total_delay_veh_h.sum()
    by_hand = traffic.demand_veh_h[1:4, 1, 0].sum() * 3.0 / 2
    assert delay > by_hand, "those who come in three hours wait half of that on average, and more"
    guarded = _small(barriers=[("g", "trunk", 50_000.0, 60.0)])
    assert (guarded.conditions(good, good, closed=closed).capacity_factor == 0).sum() < closed.sum()


def test_freight_only_is_closed_to_freight_only() -> None:
    """Closing to heavy vehicles holds them and lets cars pass."""
    traffic = _small(barriers=[("g", "trunk", 20_000.0, 60.0)])
    heavy = np.zeros((1, 1, 3, 2), dtype=bool)
    heavy[0, 0, 0, 0] = True
    runs = traffic.run(traffic.conditions(_good(traffic), _good(traffic), closed_to_heavy=heavy))
    first = len(traffic.network.entries)
    light, bigs = runs.stored_veh[0, -1, first:].sum(axis=0)
    assert bigs > 500
    assert light == pytest.approx(0.0, abs=1e-3)


def test_stuck_vehicle_is_placed_by_its_segment_and_direction() -> None:
    """A vehicle at 30 % of the second trunk segment stands at km 65, in either direction."""
    traffic = _small()
    stuck = StuckVehicles(
        scenario=np.array([0, 0]),
        segment=np.array([1, 1]),
        direction=np.array([0, 1]),
        start_s=np.array([0.0, 0.0]),
        end_s=np.array([3600.0, 3600.0]),
        along=np.array([0.3, 0.3]),
        all_lanes=np.array([True, False]),
    )
    found = traffic.blockages(stuck)
    link, distance_m = traffic.locate(stuck.segment, stuck.direction, np.array([65e3, 65e3]))
    assert [traffic.network.links[i] for i in link] == ["trunk rising 50000", "trunk falling 50000"]
    assert distance_m == pytest.approx([15_000.0, 35_000.0])
    assert traffic.network.border_m[found.border] == pytest.approx(distance_m, abs=1000.0)
    assert found.lost == pytest.approx([1.0, 0.65])


def test_blockage_on_the_corridor_makes_the_delay_of_a_point_queue() -> None:
    """One lane lost near the end of a link: as on a single road, in passenger-car units."""
    traffic = _small(cell_m=1000.0)
    stuck = StuckVehicles(
        scenario=np.array([0]),
        segment=np.array([0]),
        direction=np.array([0]),
        start_s=np.array([4 * 3600.0]),
        end_s=np.array([6 * 3600.0]),
        along=np.array([0.8]),
        all_lanes=np.array([True]),
    )
    conditions = traffic.conditions(_good(traffic), _good(traffic))
    runs = traffic.run(conditions, stuck=stuck)
    # All that come in two hours stop. The queue's head stands where the vehicle does.
    chain = list(traffic.layout.chains).index("trunk rising")
    assert runs.head_km[0, 5, chain] == pytest.approx(40.0, abs=1.0)
    assert float(traffic.station_m("trunk rising", 40.0)) == pytest.approx(40_000.0)
    assert float(traffic.station_m("trunk falling", 40.0)) == pytest.approx(60_000.0)
    vehicles = runs.queue_veh[0, 5, chain].sum()
    wished = traffic.demand_veh_h[3:6, 0, 0].sum()
    assert 0.4 * wished < vehicles < wished


def test_lorries_do_not_get_stuck_behind_a_closed_barrier() -> None:
    """Where a stretch is closed nothing drives, so nothing blocks it."""
    traffic = _small(barriers=[("g", "trunk", 20_000.0, 60.0)])
    shape = (1, 24, 3, 2)
    closed = np.zeros(shape, dtype=bool)
    closed[:, :, 0, 0] = True
    state = traffic.conditions(np.ones(shape), np.ones(shape), closed=closed)
    mean = traffic.expected_stuck(np.full(shape, 10.0), 1000.0, state)
    assert np.all(mean[:, :, 0, 0] == 0)
    assert np.all(mean[:, :, 0, 1] > 0)
    trucks = traffic.demand_veh_h[0, 2, 1, 1]
    assert mean[0, 0, 2, 1] == pytest.approx(3e-7 * np.exp(2.5) * trucks * 0.5 * 40, rel=1e-5)


def test_demand_answers_to_weather_at_the_entries() -> None:
    """Half of the light traffic stays away in the second of two cases."""
    traffic = _small()
    response = np.ones((2, 12, 2))
    response[1, :, 0] = 0.5
    demand = traffic.demand(response).veh_h
    assert demand[1, ..., 0] == pytest.approx(0.5 * demand[0, ..., 0])
    assert demand[1, ..., 1] == pytest.approx(demand[0, ..., 1])


def test_freight_is_added_on_its_route() -> None:
    """300 lorries a day on the branch are there, and not on the trunk."""
    base = _small()
    road = CorridorTraffic.of(
        base.segments,
        lengths_m={"trunk": 100_000.0, "branch": 40_000.0},
        junctions=pd.DataFrame(
            [("j", "trunk", 50_000.0), ("j", "branch", 0.0)],
            columns=["junction", "route", "station_m"],
        ),
        barriers=pd.DataFrame([], columns=["barrier", "route", "station_m", "waiting_places"]),
        traffic=pd.DataFrame(
            [("trunk", 0, 1e5, 8000, 0.3, 0.0, 1.0), ("branch", 0, 4e4, 3000, 0.3, 0.0, 1.0)],
            columns=["route", "from_m", "to_m", "aadt_veh_day", "truck_share", "bus_share",
                     "weekend_factor"],
        ),
        start=datetime(2025, 1, 14, tzinfo=LOCAL),
        hours=24,
        freight=[
            Freight(name="mine", trucks_day=300.0, used=np.array([False, False, True])),
        ],
        parameters=load_parameters({"heavy_weekend_factor": 1.0}),
    )  # fmt: skip
    daily = road.demand_veh_h.sum(axis=(0, 2))
    assert daily[:, 1] == pytest.approx([2400.0, 2400.0, 900.0 + 300.0])


def test_unknown_traffic_and_broken_segments_are_refused(road: Corridor) -> None:
    """A route without counts, a segment without lanes and odd periods are named."""
    table = road.table("segments")
    with pytest.raises(RoadplanError, match="lack the columns lanes"):
        Segments.from_frame(table.drop(columns="lanes"))
    with pytest.raises(RoadplanError, match="empty cells in free_speed_kmh"):
        Segments.from_frame(table.assign(free_speed_kmh=np.nan))
    with pytest.raises(FaultsError, match="it has no lane"):
        Segments.from_frame(table.assign(lanes=0))
    with pytest.raises(RoadplanError, match="do not go into an hour"):
        CorridorTraffic.from_corridor(road, start=START, hours=2, period_s=1000.0)
    traffic = _small()
    with pytest.raises(RoadplanError, match=r"must be \(case, period, 3, 2\)"):
        traffic.conditions(np.ones((1, 1, 3)), np.ones((1, 1, 3)))
