"""The cost of waiting: by hand, and against the queue simulation on an isolated segment."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadplan.traffic.network import Link, Piece, build_network
from roadplan.traffic.parameters import TrafficParameters
from roadplan.traffic.parameters import load_parameters as load_traffic
from roadplan.traffic.simulation import Blockages, Conditions, Demand, run_network
from roadplan.traffic.stuck import draw_stuck, stuck_hazard
from roadplan.weather import effects, load_parameters
from roadplan.winter.jam_cost import Curves, Lane, ahead, jam_cost

SLOT_H = 0.5
FREE_KMH, LENGTH_KM, CAPACITY = 100.0, 10.0, 4000.0
WEATHER = load_parameters()
TRAFFIC = load_traffic()
NEVER_STUCK = load_traffic({"stuck_per_truck_km": 0.0})


def lane(light: object, heavy: object = 0.0, *, slots: int, share: object = 1.0) -> Lane:
    """Return a direction of two lanes with one member."""

    def row(value: object) -> np.ndarray:
        return np.broadcast_to(np.asarray(value, dtype=float), (1, slots)).copy()

    demand = row(light) + row(heavy)
    curves = Curves.of(WEATHER, TRAFFIC)
    hours = float(curves.square_h2[0] / curves.mean_h[0])
    return Lane(
        light_veh_h=row(light),
        heavy_veh_h=row(heavy),
        ahead_veh_h=ahead(demand, slot_h=SLOT_H, hours=hours),
        weather_share=row(share),
        sight_kmh=row(1000.0),
        low_sight=np.zeros((1, slots), dtype=bool),
        length_km=LENGTH_KM,
        free_kmh=FREE_KMH,
        capacity_pcu_h=CAPACITY,
        lanes=2,
    )


def constant_depth(depth_cm: object, slots: int) -> np.ndarray:
    """Return depths that do not depend on the last pass."""
    moments = np.broadcast_to(np.asarray(depth_cm, dtype=float), (slots + 1,)) / 100.0
    return np.broadcast_to(moments, (1, slots + 1, slots + 1)).copy()


def cost(depth: np.ndarray, road: Lane, traffic: TrafficParameters = NEVER_STUCK) -> np.ndarray:
    """Return the cost of one member."""
    return jam_cost(depth, road, Curves.of(WEATHER, traffic), traffic, slot_h=SLOT_H)[0]


def test_a_bare_road_costs_nothing() -> None:
    """Without snow and stuck vehicles nobody loses time."""
    table = cost(constant_depth(0.0, 8), lane(500.0, slots=8))
    assert table.max() == 0.0


def test_snow_slows_by_the_speed_it_leaves() -> None:
    """The cost of slower driving is flow × length × (1/v − 1/v0), by hand at 10 cm."""
    table = cost(constant_depth(10.0, 4), lane(600.0, slots=4))
    share = float(effects.depth_speed_share(0.10, WEATHER))
    by_hand = 600.0 * 2.0 * LENGTH_KM * (1 / (FREE_KMH * share) - 1 / FREE_KMH)
    assert table[0, 4] == pytest.approx(by_hand, rel=1e-3)


def test_a_bottleneck_costs_the_triangle_of_its_queue() -> None:
    """Two hours at a quarter of the capacity and its discharge give the area found by hand."""
    share = np.where(np.arange(16) < 4, 0.25, 1.0)
    table = cost(constant_depth(0.0, 16), lane(2000.0, slots=16, share=share))
    queue = 2.0 * (2000.0 - 1000.0)
    by_hand = 0.5 * queue * 2.0 + 0.5 * queue**2 / (CAPACITY - 2000.0)
    assert table[0, 16] == pytest.approx(by_hand, rel=1e-5)
    # A pass at the end of the bottleneck leaves its discharge to the interval before it.
    assert table[0, 4] == pytest.approx(by_hand, rel=1e-5)
    assert table[4, 16] == 0.0


def test_one_blockage_costs_half_its_second_moment() -> None:
    """Stuck vehicles cost their expected number times E[D²]/2 (d − Cb)(C − Cb)/(C − d)."""
    heavy, light, slots = 100.0, 900.0, 48
    table = cost(constant_depth(0.0, slots), lane(light, heavy, slots=slots), TRAFFIC)
    pcu = light + TRAFFIC.heavy_pcu * heavy
    second = TRAFFIC["stuck_median_h"] ** 2 * np.exp(2 * TRAFFIC["stuck_sigma"] ** 2)
    number = float(stuck_hazard(0.0, 1e5, TRAFFIC)) * heavy * LENGTH_KM * 24.0
    all_lanes = 0.5 * second * pcu * CAPACITY / (CAPACITY - pcu) * 1000.0 / pcu
    share = TRAFFIC["stuck_all_lanes_share"]
    assert pcu < TRAFFIC.left_share(2, 1) * CAPACITY, "one blocked lane costs nothing here"
    assert table[0, slots] == pytest.approx(number * share * all_lanes, rel=1e-4)


def simulated(
    depth_cm: np.ndarray,
    light: np.ndarray,
    heavy: np.ndarray,
    traffic: TrafficParameters,
    *,
    draws: int,
) -> np.ndarray:
    """Return the simulated delay of each draw of a segment behind an approach."""
    depth_cm = (depth_cm[1:] + depth_cm[:-1]) / 2
    slots = len(depth_cm)
    jam = 2 * 1000.0 / traffic["spacing_light_m"]
    piece = Piece(
        length_m=1000.0 * LENGTH_KM,
        free_speed_m_s=FREE_KMH / 3.6,
        capacity_pcu_h=CAPACITY,
        jam_density_pcu_km=jam,
        zone=1,
    )
    approach = Piece(
        length_m=5_000.0,
        free_speed_m_s=FREE_KMH / 3.6,
        capacity_pcu_h=CAPACITY,
        jam_density_pcu_km=jam,
        zone=0,
    )
    link = Link(name="a", start="in", end="out", pieces=(approach, piece))
    network = build_network(
        [link], [], entries={"in": CAPACITY}, cell_m=1000.0, period_s=1800.0,
        heavy_pcu=traffic.heavy_pcu,
    )  # fmt: skip
    capacity, speed = np.ones((1, slots, 2)), np.ones((1, slots, 2))
    capacity[0, :, 1] = effects.open_share(depth_cm / 100.0, 2, WEATHER)
    speed[0, :, 1] = effects.depth_speed_share(depth_cm / 100.0, WEATHER)
    factor = np.zeros((1, slots, 1, 2), dtype=np.float32)
    factor[0, :, 0, 0] = stuck_hazard(depth_cm, 1e5, traffic) * heavy * LENGTH_KM * SLOT_H
    scenario = np.arange(draws)
    stuck = draw_stuck(
        factor, np.broadcast_to(depth_cm[None, :, None, None], factor.shape).astype(np.float32),
        traffic, keys=np.array([7]), case_of=np.zeros(draws, dtype=np.int64),
        member_of=scenario, draw_of=scenario, period_s=1800.0, seed=3,
    )  # fmt: skip
    lost = np.where(stuck.all_lanes, 1.0, 1.0 - traffic.left_share(2, 1))
    at = 5_000.0 + stuck.along * 1000.0 * LENGTH_KM
    border = network.border(np.zeros(len(stuck), dtype=np.int64), at)
    blocked = Blockages(
        scenario=stuck.scenario, border=border, start_s=stuck.start_s, end_s=stuck.end_s, lost=lost
    )
    demand = np.stack([light, heavy], axis=1)[None, :, None, :].astype(np.float32)
    runs = run_network(
        network,
        Demand(veh_h=demand, period_s=1800.0),
        hours=slots * SLOT_H,
        conditions=Conditions(
            capacity_factor=capacity.astype(np.float32),
            speed_factor=speed.astype(np.float32),
            barrier=np.zeros((1, slots, 1), dtype=np.uint8),
            period_s=1800.0,
        ),
        blockages=blocked,
        conditions_of=np.zeros(draws, dtype=np.int64),
        demand_of=np.zeros(draws, dtype=np.int64),
        threads=1,
    )
    return runs.total_delay_veh_h.sum(axis=1)


def _night(peak_cm: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return depth at 73 moments and demand of 36 h: snow up to a peak, thawed from 14 to 16 h."""
    moment = np.arange(73) * SLOT_H
    depth = peak_cm * np.interp(moment, [0.0, 10.0, 14.0, 16.0], [0.0, 1.0, 1.0, 0.0])
    hours = np.arange(72) * SLOT_H
    light = 900.0 + 300.0 * np.sin(hours / 24 * 2 * np.pi)
    heavy = np.full(72, 120.0)
    return depth, np.where(hours < 30, light, 100.0), np.where(hours < 30, heavy, 10.0)


@pytest.mark.parametrize("peak_cm", [6.0, 14.0, 17.0])
def test_it_agrees_with_the_queue_simulation_without_stuck_vehicles(peak_cm: float) -> None:
    """Slower driving, the queue and its discharge cost what the cell model says, within 6 %."""
    depth, light, heavy = _night(peak_cm)
    run = float(simulated(depth, light, heavy, NEVER_STUCK, draws=1)[0])
    table = constant_depth(depth, 72)
    road = lane(light, heavy, slots=72)
    assert float(cost(table, road)[0, 72]) == pytest.approx(run, rel=0.06)


@pytest.mark.parametrize("peak_cm", [0.0, 8.0, 12.0])
def test_it_agrees_with_the_queue_simulation_of_stuck_vehicles(peak_cm: float) -> None:
    """The expected delay with stuck vehicles is that of thousands of draws, within a quarter."""
    traffic = load_traffic({"stuck_per_truck_km": 2e-6})
    depth, light, heavy = _night(peak_cm)
    runs = simulated(depth, light, heavy, traffic, draws=3000)
    still = float(simulated(depth, light, heavy, NEVER_STUCK, draws=1)[0])
    table = constant_depth(depth, 72)
    found = float(cost(table, lane(light, heavy, slots=72), traffic)[0, 72])
    without = float(cost(table, lane(light, heavy, slots=72))[0, 72])
    error = 3 * float(runs.std()) / np.sqrt(len(runs))
    stuck = float(runs.mean()) - still
    assert found - without == pytest.approx(stuck, abs=error + 0.25 * stuck)


@pytest.mark.parametrize("parts", [2, 10])
def test_segments_cleared_together_wait_for_one_queue(parts: int) -> None:
    """However a stretch is cut, what its first part holds back waits once."""
    depth = constant_depth(np.where(np.arange(17) < 6, 14.0, 0.0), 16)
    road = lane(2500.0, 200.0, slots=16)
    whole = cost(depth, road, TRAFFIC)
    part = replace(road, length_km=LENGTH_KM / parts)
    share = np.ones((1, 16, 16), dtype=np.float32)
    out = np.zeros_like(whole)[None]
    curves = Curves.of(WEATHER, TRAFFIC)
    for _ in range(parts):
        jam_cost(depth, part, curves, TRAFFIC, slot_h=SLOT_H, share=share, out=out)
    alone = np.zeros_like(whole)[None]
    for _ in range(parts):
        jam_cost(depth, part, curves, TRAFFIC, slot_h=SLOT_H, out=alone)
    assert out[0, 0, 16] == pytest.approx(whole[0, 16], rel=0.02)
    assert alone[0, 0, 16] > 0.8 * parts * whole[0, 16], "the queue is most of the cost"


@settings(max_examples=40, deadline=None)
@given(
    depth=st.lists(st.floats(0, 40), min_size=9, max_size=9),
    more=st.floats(0, 10),
    light=st.floats(0, 3000),
    heavy=st.floats(0, 400),
)
def test_more_snow_and_longer_waits_never_cost_less(
    depth: list[float], more: float, light: float, heavy: float
) -> None:
    """The cost is finite, not negative, and does not fall with the depth without queues' shifts."""
    road = lane(light, heavy, slots=8)
    table = cost(constant_depth(np.array(depth), 8), road, TRAFFIC)
    assert np.isfinite(table).all()
    assert (table >= 0).all()
    assert not np.tril(table).any()
    deeper = cost(constant_depth(np.array(depth) + more, 8), road, NEVER_STUCK)
    assert deeper[0, 8] >= cost(constant_depth(np.array(depth), 8), road)[0, 8] * (1 - 1e-5) - 1e-3


def test_demand_ahead_is_a_mean_of_the_next_hours() -> None:
    """The last value goes on beyond the end."""
    found = ahead(np.array([[2.0, 4.0, 6.0]]), slot_h=0.5, hours=1.0)
    assert found.tolist() == [[3.0, 5.0, 6.0]]
