"""Single-road cases whose answers were found by hand.

Delays are areas between Newell's cumulative curves of arrivals and departures at a bottleneck;
tails and fronts are shocks and waves of the triangular diagram. All cases are on the road of
conftest: v = 100 km/h, Q = 4,000 veh/h, k_jam = 280 veh/km, w = 50/3 km/h, and a queue with the
flow q has the density 280 − 3q/50.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadplan.traffic import RoadCase, parse_case, simulate_cells, simulate_exactly

CaseMaker = Callable[..., RoadCase]

CASES: dict[str, tuple[dict[str, Any], dict[str, float | None]]] = {
    # The case of the project's reference: its closed form.
    "reference": (
        {},
        {
            "delay_veh_h": 21320.0,
            "peak_queue_km": 28.4153,
            "peak_time_h": 5.0,
            "reach_km": 37.142857,
            "dissipated_h": 7.228571,
            "entered": 15000.0,
            "left": 15000.0,
            "waiting": 0.0,
        },
    ),
    # Two bottlenecks: 2,000 veh/h at km 20 and 1,500 at km 40, demand 3,000 for 2 h.
    # Point queues: 2,000 vehicles over 3 h and 1,500 over 4 h, 3,000 veh·h each.
    # The tail at km 20 moves at −1000/130 km/h and meets the last vehicle at 2.0571 h, km 5.714;
    # the one at km 40 has then moved for 1.6571 h at −500/170.
    "two bottlenecks": (
        {
            "length_km": 60,
            "demand": [[0, 2, 3000]],
            "bottlenecks": [
                {"km": 40, "capacity": [[0, 6, 1500]]},
                {"km": 20, "capacity": [[0, 6, 2000]]},
            ],
        },
        {
            "delay_veh_h": 6000.0,
            "peak_queue_km": 14.285714 + 1.657143 * 500 / 170,
            "peak_time_h": 2.057143,
            "reach_km": 14.285714,
            "dissipated_h": 4.4,
            "entered": 6000.0,
            "left": 6000.0,
            "waiting": 0.0,
        },
    ),
    # A closure that moves up the road, 1,000 veh/h at km 60, 50, 40 for an hour each.
    # Each queue grows for an hour at 5 km/h. At the first two, 800 of 1,000 vehicles are left
    # when the next closure thins the arrivals: 500 + 90 + 106.667 veh·h each; 750 at the last.
    "moving closure": (
        {
            "demand": [[0, 5, 2000]],
            "bottlenecks": [
                {"km": 60, "capacity": [[1, 2, 1000]]},
                {"km": 50, "capacity": [[2, 3, 1000]]},
                {"km": 40, "capacity": [[3, 4, 1000]]},
            ],
        },
        {
            "delay_veh_h": 2143.333333,
            "peak_queue_km": 5.0,
            "peak_time_h": 2.0,
            "reach_km": 5 + 5 * 5 / (50 / 3 - 5),
            "dissipated_h": 4.428571,
            "entered": 10000.0,
            "left": 10000.0,
            "waiting": 0.0,
        },
    ),
    # Closed at km 5 for an hour: the queue (−2000/260 km/h) is at the entry after 0.65 h, and
    # 1,300 vehicles wait outside when the front gets there at 2.3 h; 4,000 − 2,000 clear them in
    # 0.65 h. Point queue: up to 2,000 in an hour and down in another.
    "out of the entry": (
        {
            "length_km": 10,
            "demand": [[0, 4, 2000]],
            "bottlenecks": [{"km": 5, "capacity": [[1, 2, 0]]}],
        },
        {
            "delay_veh_h": 2000.0,
            "peak_queue_km": 5.0,
            "peak_time_h": 1.65,
            "reach_km": 5.0,
            "dissipated_h": 2.95,
            "entered": 8000.0,
            "left": 8000.0,
            "waiting": 0.0,
        },
    ),
    # The same when the front gets to the entry: the delay so far is that of 3,300 vehicles that
    # entered and of 1,300 that grew from none in 0.65 h; see the areas below.
    "out of the entry, cut short": (
        {
            "length_km": 10,
            "demand": [[0, 4, 2000]],
            "bottlenecks": [{"km": 5, "capacity": [[1, 2, 0]]}],
            "horizon_h": 2.3,
        },
        {
            # In the system: ∫(A − left) = ½·2000·2.3² − (½·2000·0.95² + 1900·1 + ½·4000·0.25²
            # + 1900·0.25), with left = 2000(t − 0.1) to 1.05, 1900 to 2.05, then 4000 veh/h.
            # Driven: 2,900 × 10 km and the 400 on the road: 200 between km 5 and 10 at 40/km
            # (mean 7.5 km) and 200 between km 0 and 5 (mean 2.5 km).
            "delay_veh_h": (5290 - 902.5 - 1900 - 125 - 475) - (29000 + 1500 + 500) / 100,
            "peak_queue_km": 5.0,
            "peak_time_h": 1.65,
            "reach_km": 5.0,
            "dissipated_h": None,
            "entered": 3300.0,
            "left": 2900.0,
            "waiting": 1300.0,
        },
    ),
    # More comes than can enter: 5,000 veh/h for an hour, then 2,000; nothing queues on the road.
    "entry too narrow": (
        {"demand": [[0, 1, 5000], [1, 3, 2000]], "bottlenecks": []},
        {
            "delay_veh_h": 750.0,
            "peak_queue_km": 0.0,
            "peak_time_h": None,
            "reach_km": 0.0,
            "dissipated_h": 1.5,
            "entered": 9000.0,
            "left": 9000.0,
            "waiting": 0.0,
        },
    ),
    # Demand falls while the queue stands and rises after it: 2,500, 1,000, 3,500 veh/h.
    # Point queue at km 50: 1,500 at 2.5 h, 1,250 at 3 h, gone at 3.41667 h.
    # The tail (−1000/165 km/h) meets the thinner traffic at 2.41429 h, 8.5714 km up the road,
    # then comes forward at 500/180 km/h and meets the front 0.357143 h after the opening.
    "demand changes": (
        {
            "demand": [[0, 2, 2500], [2, 4, 1000], [4, 5, 3500]],
            "bottlenecks": [{"km": 50, "capacity": [[1, 3, 1500]]}],
        },
        {
            "delay_veh_h": 1125 + 687.5 + 260.416667,
            "peak_queue_km": 8.571429,
            "peak_time_h": 2.414286,
            "reach_km": 8.571429,
            "dissipated_h": 3.357143,
            "entered": 10500.0,
            "left": 10500.0,
            "waiting": 0.0,
        },
    ),
    # A queue past another bottleneck upstream that does not bind: as if that were not there.
    # 500 veh/h at km 40, hours 1–5, demand 1,800 for 4 h: the tail moves at −1300/232 km/h, past
    # km 30, and meets the last vehicle at 4.219592 h; then it comes forward at 500/250 km/h, and
    # meets the front (−50/3) 0.882857 h after the opening. Point queue: 4,420 vehicles at 4.4 h,
    # 4,120 at 5 h, gone at 6.03 h.
    "past another bottleneck": (
        {
            "demand": [[0, 4, 1800]],
            "bottlenecks": [
                {"km": 40, "capacity": [[1, 5, 500]]},
                {"km": 30, "capacity": [[0, 10, 4500]]},
            ],
        },
        {
            "delay_veh_h": 0.5 * 3.4 * 4420 + 0.5 * (4420 + 4120) * 0.6 + 0.5 * 4120 * 1.03,
            "peak_queue_km": 18.040816,
            "peak_time_h": 4.219592,
            "reach_km": 18.040816,
            "dissipated_h": 5.882857,
            "entered": 7200.0,
            "left": 7200.0,
            "waiting": 0.0,
        },
    ),
    # The exit itself is the bottleneck: the tail (−2000/190 km/h from 0.3 h on) meets the last
    # vehicle at 1.204762 h.
    "at the exit": (
        {
            "length_km": 30,
            "demand": [[0, 1, 3000]],
            "bottlenecks": [{"km": 30, "capacity": [[0, 9, 1000]]}],
        },
        {
            "delay_veh_h": 0.5 * 3 * 2000,
            "peak_queue_km": 9.52381,
            "peak_time_h": 1.204762,
            "reach_km": 9.52381,
            "dissipated_h": 3.3,
            "entered": 3000.0,
            "left": 3000.0,
            "waiting": 0.0,
        },
    ),
    # The entry itself is the bottleneck: all wait outside.
    "at the entry": (
        {
            "length_km": 30,
            "demand": [[0, 1, 3000]],
            "bottlenecks": [{"km": 0, "capacity": [[0, 9, 1000]]}],
        },
        {
            "delay_veh_h": 0.5 * 3 * 2000,
            "peak_queue_km": 0.0,
            "peak_time_h": None,
            "reach_km": 0.0,
            "dissipated_h": 3.0,
            "entered": 3000.0,
            "left": 3000.0,
            "waiting": 0.0,
        },
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_exact_solution_is_that_found_by_hand(name: str, case_of: CaseMaker) -> None:
    """Every figure of every case agrees with the closed form to a hundred-thousandth."""
    changes, expected = CASES[name]
    found = simulate_exactly(case_of(**changes)).as_dict()
    assert list(found) == list(expected)
    for figure, value in expected.items():
        assert found[figure] == (value if value is None else pytest.approx(value, rel=1e-5))


@pytest.mark.parametrize("cell_km", [0.5, 1, 2])
@pytest.mark.parametrize("name", CASES)
def test_cells_come_near_it(name: str, cell_km: float, case_of: CaseMaker) -> None:
    """The cell model has the delay within 1 % and lengths within 2 % or half a cell."""
    changes, expected = CASES[name]
    found = simulate_cells(case_of(**changes, cell_km=cell_km))
    assert found.delay_veh_h == pytest.approx(expected["delay_veh_h"], rel=0.01)
    assert found.left == pytest.approx(expected["left"], abs=0.01)
    assert found.waiting == pytest.approx(expected["waiting"], abs=0.01)
    near = {"rel": 0.02, "abs": cell_km / 2}
    assert found.peak_queue_km == pytest.approx(expected["peak_queue_km"], **near)
    assert found.reach_km == pytest.approx(expected["reach_km"], **near)
    assert (found.dissipated_h is None) == (expected["dissipated_h"] is None)


@pytest.mark.parametrize(("cell_km", "reach_share"), [(1, 0.02), (2, 0.04)])
def test_cells_meet_the_reference(cell_km: float, reach_share: float, case_of: CaseMaker) -> None:
    """The reference case: delay within 0.1 %, peak within 1 %, reach within 2 % and 4 %."""
    found = simulate_cells(case_of(cell_km=cell_km))
    assert found.delay_veh_h == pytest.approx(21320.0, rel=0.001)
    assert found.peak_queue_km == pytest.approx(28.415, rel=0.01)
    assert found.peak_time_h == pytest.approx(5.0, abs=0.02)
    assert found.reach_km == pytest.approx(37.143, rel=reach_share)
    assert found.dissipated_h == pytest.approx(7.229, abs=0.02)


def test_unfinished_queue_has_no_end(case_of: CaseMaker) -> None:
    """At a horizon inside the queue nothing is dissipated and fewer have left than entered."""
    found = simulate_exactly(case_of(horizon_h=5.5))
    assert found.dissipated_h is None
    assert found.entered == pytest.approx(13750.0)
    assert found.left == pytest.approx((1 - 0.6) * 2500 + 3 * 1200 + 0.1 * 4000)


def test_capacity_above_the_road_changes_nothing(case_of: CaseMaker) -> None:
    """A bottleneck wider than the road is none."""
    wide = case_of(bottlenecks=[{"km": 33.3, "capacity": [[0, 10, 9000]]}])
    assert simulate_exactly(wide) == simulate_exactly(case_of(bottlenecks=[]))


def test_cell_length_need_not_divide_the_road(case_of: CaseMaker) -> None:
    """The exact solution does not depend on cells, and odd cells change little."""
    odd = case_of(cell_km=1.7)
    assert simulate_exactly(odd) == simulate_exactly(case_of())
    assert simulate_cells(odd).delay_veh_h == pytest.approx(21320.0, rel=0.002)


_PERIODS = st.lists(st.integers(0, 40), min_size=2, max_size=6, unique=True).map(sorted)


@st.composite
def _steps(draw: st.DrawFn, highest: int) -> list[list[float]]:
    """Return periods on a grid of a quarter of an hour, some with nothing in them."""
    edges = draw(_PERIODS)
    return [
        [start / 4, end / 4, float(draw(st.sampled_from([0, highest // 3, highest])))]
        for start, end in itertools.pairwise(edges)
    ]


@st.composite
def _cases(draw: st.DrawFn) -> RoadCase:
    places = draw(st.lists(st.integers(0, 40), max_size=3))
    return parse_case(
        {
            "length_km": 40,
            "free_flow_kmh": 100,
            "capacity_veh_h": 4000,
            "jam_density_veh_km": 280,
            "cell_km": 1,
            "horizon_h": draw(st.sampled_from([4, 12, 40])),
            "demand": draw(_steps(4500)),
            "bottlenecks": [{"km": km, "capacity": draw(_steps(3000))} for km in places],
        }
    )


@settings(max_examples=60, deadline=None)
@given(_cases())
def test_nobody_is_lost(case: RoadCase) -> None:
    """Those who wish to enter have entered or wait; nobody leaves who has not entered."""
    found = simulate_exactly(case)
    wished = sum(
        (min(end, case.horizon_h) - min(start, case.horizon_h)) * flow
        for start, end, flow in case.demand
    )
    assert found.entered + found.waiting == pytest.approx(wished, abs=1e-6)
    assert -1e-6 <= found.left <= found.entered + 1e-6
    assert found.delay_veh_h >= 0
    assert 0 <= found.peak_queue_km <= case.length_km + 1e-6
    assert 0 <= found.reach_km <= case.length_km + 1e-6


@settings(max_examples=40, deadline=None)
@given(_cases(), st.floats(0.0, 1.0), st.floats(0.3, 1.0))
def test_delay_never_rises_with_capacity_nor_falls_with_demand(
    case: RoadCase, tighter: float, fewer: float
) -> None:
    """Less capacity never lowers the delay, less demand never raises it."""
    base = simulate_exactly(case).delay_veh_h
    narrow = _scaled(case, capacity=tighter)
    thin = _scaled(case, demand=fewer)
    slack = 1e-6 * max(1.0, base)
    assert simulate_exactly(narrow).delay_veh_h >= base - slack
    assert simulate_exactly(thin).delay_veh_h <= base + slack


def _scaled(case: RoadCase, *, capacity: float = 1.0, demand: float = 1.0) -> RoadCase:
    return replace(
        case,
        demand=tuple((start, end, demand * flow) for start, end, flow in case.demand),
        bottlenecks=tuple(
            replace(
                b, capacity=tuple((start, end, capacity * flow) for start, end, flow in b.capacity)
            )
            for b in case.bottlenecks
        ),
    )


@settings(max_examples=30, deadline=None)
@given(_cases())
def test_two_ways_of_computing_agree(case: RoadCase) -> None:
    """The exact solution and the cell model, which share no code, find the same delay."""
    exact, cells = simulate_exactly(case), simulate_cells(replace(case, cell_km=0.5))
    assert cells.delay_veh_h == pytest.approx(exact.delay_veh_h, rel=0.02, abs=20)
    assert cells.left == pytest.approx(exact.left, rel=0.005, abs=10)
    assert cells.peak_queue_km == pytest.approx(exact.peak_queue_km, rel=0.03, abs=0.8)
