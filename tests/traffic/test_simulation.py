"""Networks with answers found by hand, and what must always hold in the cell model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadplan.errors import RoadplanError
from roadplan.traffic import (
    ENTRY,
    EXIT,
    Blockages,
    CellNetwork,
    Conditions,
    Demand,
    Link,
    Piece,
    Runs,
    Turn,
    build_network,
    run_network,
)

PieceMaker = Callable[..., Piece]


def _demand(*hourly: list[list[float]]) -> Demand:
    """Return demand from one list of (light, heavy) an hour for each entry."""
    return Demand(veh_h=np.array([hourly], dtype=np.float32).transpose(0, 2, 1, 3))


def _blockage(network: CellNetwork, border: int, start_h: float, end_h: float, lost: float) -> Any:
    return Blockages(
        scenario=np.array([0]),
        border=np.array([border]),
        start_s=np.array([3600 * start_h]),
        end_s=np.array([3600 * end_h]),
        lost=np.array([lost]),
    )


def _at(runs: Runs, network: CellNetwork, entry: str) -> int:
    return network.entries.index(entry)


def test_two_roads_into_one_share_by_priority(piece: PieceMaker) -> None:
    """1,600 and 800 veh/h meet at 2,000: with claims of two to one they get 1,333 and 667.

    Both point queues grow for an hour and are gone 0.2 h later: 266.67 and 133.33 vehicles at
    most, 160 and 80 veh·h (Daganzo 1995).
    """
    network = build_network(
        [
            Link(name="wide", start="a", end="meet", pieces=(piece(10, zone=0),)),
            Link(name="narrow", start="b", end="meet", pieces=(piece(10, lanes=1, zone=1),)),
            Link(name="on", start="meet", end="end", pieces=(piece(20, lanes=1, zone=2),)),
        ],
        entries={"a": 4000.0, "b": 2000.0},
        cell_m=1000.0,
    )
    runs = run_network(network, _demand([[1600, 0], [0, 0]], [[800, 0], [0, 0]]), hours=3)
    by_zone = runs.delay_veh_h[0, :, :, 0].sum(axis=0)
    assert by_zone == pytest.approx([160.0, 80.0, 0.0], abs=0.5)
    assert runs.left_veh[0, 0] == pytest.approx(2400.0)


def test_a_stream_below_its_claim_is_not_held_up(piece: PieceMaker) -> None:
    """1,700 and 500 veh/h into 2,000 with equal claims: only the larger stream waits."""
    network = build_network(
        [
            Link(name="a", start="a", end="meet", pieces=(piece(10, lanes=1, zone=0),)),
            Link(name="b", start="b", end="meet", pieces=(piece(10, lanes=1, zone=1),)),
            Link(name="on", start="meet", end="end", pieces=(piece(10, lanes=1, zone=2),)),
        ],
        entries={"a": 2000.0, "b": 2000.0},
        cell_m=1000.0,
    )
    runs = run_network(network, _demand([[1700, 0], [0, 0]], [[500, 0], [0, 0]]), hours=3)
    # 200 vehicles more an hour than pass, for an hour; gone in 200/1,500 h after 1.1 h, because
    # nothing comes on the other road then: 2,000 veh/h pass, 200 vehicles in 0.1 h.
    assert runs.delay_veh_h[0, :, :, 0].sum(axis=0) == pytest.approx([110.0, 0.0, 0.0], abs=0.5)


def _fork(piece: PieceMaker) -> CellNetwork:
    return build_network(
        [
            Link(name="road", start="in", end="fork", pieces=(piece(20, zone=0),)),
            Link(name="shut", start="fork", end="left", pieces=(piece(10, zone=1),)),
            Link(name="open", start="fork", end="right", pieces=(piece(10, zone=2),)),
        ],
        [
            Turn(node="fork", source="road", target="shut", share=0.5),
            Turn(node="fork", source="road", target="open", share=0.5),
        ],
        entries={"in": 4000.0},
        cell_m=1000.0,
    )


def test_queue_spills_past_a_junction_and_out_of_the_entry(piece: PieceMaker) -> None:
    """A queue on one branch blocks the junction for both and grows out of the entry.

    2,000 veh/h, half to each branch. 5 km into one of them 300 veh/h pass. Its tail (−700/252
    km/h) is at the junction at 0.25 + 1.8 = 2.05 h; from then 600 veh/h pass the junction, the
    tail on the road (−1400/224 km/h) is at the entry 3.2 h later, and vehicles wait outside:
    1,400 an hour for 0.75 h. Left by 6 h: 300 · 5.7 on the blocked branch, and on the free one
    1,000 · 1.85 + 300 · 3.85.
    """
    network = _fork(piece)
    half_way = int(network.border(1, 5000.0)[0])
    runs = run_network(
        network,
        _demand([[2000, 0]] * 6),
        hours=6,
        blockages=_blockage(network, half_way, 0.0, 6.0, 1 - 300 / 4000),
        output_s=900.0,
    )
    assert runs.left_veh[0, 0] == pytest.approx(300 * 5.7 + 1850 + 300 * 3.85, rel=0.003)
    assert runs.stored_veh[0, -1, 0, 0] == pytest.approx(1050.0, rel=0.01)
    assert runs.longest_km[0, :, 0].max() == pytest.approx(20.0, abs=0.01)
    tail_at_3_h = runs.longest_km[0, 11, 0]
    assert tail_at_3_h == pytest.approx(0.95 * 1400 / 224, rel=0.03)


def test_small_blockage_between_nodes_is_a_bottleneck(piece: PieceMaker) -> None:
    """One of two lanes lost for an hour: the delay is that of the point queue."""
    network = build_network(
        [Link(name="road", start="a", end="b", pieces=(piece(40),))],
        entries={"a": 4000.0},
        cell_m=2000.0,
    )
    blockage = _blockage(network, int(network.border(0, 20_000.0)[0]), 1.0, 2.0, 0.65)
    runs = run_network(network, _demand([[2500, 0]] * 4 + [[0, 0]]), hours=5, blockages=blockage)
    # 1,100 vehicles an hour too many for an hour, gone at 1,500 an hour.
    assert runs.total_delay_veh_h[0, 0] == pytest.approx(0.5 * 1100 * (1 + 1100 / 1500), rel=1e-3)
    assert runs.head_km[0, 1, 0] == pytest.approx(20.0)


def test_barrier_to_heavy_vehicles_holds_only_them(piece: PieceMaker) -> None:
    """200 lorries an hour are held from 1 to 3 h; 1,000 cars an hour drive by.

    400 lorries at 3 h, 400 veh·h so far; then 2,600 of 4,000 pcu/h are left for them, 1,300
    lorries an hour of 2 pcu, and 200 more do not wait: gone in 0.3077 h.
    """
    network = build_network(
        [
            Link(name="to", start="a", end="gate", pieces=(piece(10, zone=0),)),
            Link(
                name="from", start="gate", end="b", pieces=(piece(10, zone=1),),
                waiting_places=1000.0,
            ),
        ],
        entries={"a": 4000.0},
        cell_m=1000.0,
        heavy_pcu=2.0,
    )  # fmt: skip
    barrier = np.zeros((1, 5, 2), dtype=np.uint8)
    barrier[0, 1:3, 1] = 1
    full = np.ones((1, 5, 2), dtype=np.float32)
    conditions = Conditions(capacity_factor=full, speed_factor=full, barrier=barrier)
    runs = run_network(network, _demand([[1000, 200]] * 4 + [[0, 0]]), hours=5,
                       conditions=conditions)  # fmt: skip
    assert runs.stored_veh[0, 2, 1] == pytest.approx([0.0, 400.0], abs=0.5)
    light, heavy = runs.total_delay_veh_h[0]
    assert light == pytest.approx(0.0, abs=0.5)
    assert heavy == pytest.approx(400 + 0.5 * 0.3077 * 400, rel=0.01)
    assert runs.left_veh[0] == pytest.approx([4000.0, 800.0])


def test_full_waiting_places_make_a_queue_on_the_road(piece: PieceMaker) -> None:
    """Closed to all for an hour with 300 places: the other 700 vehicles stand on the road."""
    network = build_network(
        [
            Link(name="to", start="a", end="gate", pieces=(piece(10, zone=0),)),
            Link(
                name="from", start="gate", end="b", pieces=(piece(10, zone=1),),
                waiting_places=300.0,
            ),
        ],
        entries={"a": 4000.0},
        cell_m=500.0,
    )  # fmt: skip
    barrier = np.zeros((1, 4, 2), dtype=np.uint8)
    barrier[0, 1, 1] = 2
    full = np.ones((1, 4, 2), dtype=np.float32)
    conditions = Conditions(capacity_factor=full, speed_factor=full, barrier=barrier)
    runs = run_network(
        network, _demand([[1000, 0]] * 3 + [[0, 0]]), hours=4, conditions=conditions,
        sample_s=60.0,
    )  # fmt: skip
    assert runs.stored_veh[0, 1, 1, 0] == pytest.approx(300.0, abs=1.0)
    # The tail moves at −1000/270 km/h for the 0.7 h that the places are full.
    assert runs.longest_km[0, 1, 0] == pytest.approx(0.7 * 1000 / 270, rel=0.02)
    assert runs.total_delay_veh_h[0, 0] == pytest.approx(500 + 0.5 * 1000 / 3, rel=0.01)


def test_blockage_takes_its_part_of_a_step(piece: PieceMaker) -> None:
    """A blockage that begins and ends inside steps holds back as much as its length says."""
    network = build_network(
        [Link(name="road", start="a", end="b", pieces=(piece(20),))],
        entries={"a": 4000.0},
        cell_m=2000.0,
    )
    border = int(network.border(0, 10_000.0)[0])
    delays = [
        run_network(
            network,
            _demand([[2000, 0]] * 3 + [[0, 0]]),
            hours=4,
            blockages=_blockage(network, border, 1.003, 1.003 + length, 1.0),
        ).total_delay_veh_h[0, 0]
        for length in (0.013, 0.5)
    ]
    # Closed for d hours at 2,000 of 4,000 veh/h: 2000·d vehicles at most, 2·d hours in all.
    # A part of a step is a part of its capacity, which may still suffice: 0.015 h at most here.
    assert delays[1] == pytest.approx(2000 * 0.5**2, rel=0.03)
    assert 0 < delays[0] < 2000 * 0.033**2


def test_snow_in_both_classes_counts_by_pcu(piece: PieceMaker) -> None:
    """Where 2,000 pcu/h pass, 500 lorries of 4 pcu an hour just do, and 600 wait."""
    network = build_network(
        [Link(name="road", start="a", end="b", pieces=(piece(20),))],
        entries={"a": 4000.0},
        cell_m=1000.0,
        heavy_pcu=4.0,
    )
    half = Conditions(
        capacity_factor=np.full((1, 1, 1), 0.5, dtype=np.float32),
        speed_factor=np.ones((1, 1, 1), dtype=np.float32),
        barrier=np.zeros((1, 1, 1), dtype=np.uint8),
    )
    few = run_network(network, _demand([[0, 500]] * 2), hours=2, conditions=half)
    many = run_network(network, _demand([[0, 600]] * 2), hours=2, conditions=half)
    assert few.total_delay_veh_h[0, 1] == pytest.approx(0.0, abs=1e-3)
    assert many.total_delay_veh_h[0, 1] == pytest.approx(0.5 * 2 * 200, rel=0.01)


def test_slow_driving_is_delay_without_a_jam(piece: PieceMaker) -> None:
    """At half the speed 100 km take an hour more; at 60 % of it nobody is in a jam."""
    network = build_network(
        [Link(name="road", start="a", end="b", pieces=(piece(100),))],
        entries={"a": 4000.0},
        cell_m=2000.0,
    )
    slow = Conditions(
        capacity_factor=np.ones((1, 1, 1), dtype=np.float32),
        speed_factor=np.full((1, 1, 1), 0.5, dtype=np.float32),
        barrier=np.zeros((1, 1, 1), dtype=np.uint8),
    )
    runs = run_network(network, _demand([[600, 0]] + [[0, 0]] * 4), hours=5, conditions=slow)
    assert runs.total_delay_veh_h[0, 0] == pytest.approx(600.0, rel=0.005)
    assert runs.longest_km.max() == 0


_FACTORS = st.lists(st.sampled_from([0.0, 0.1, 0.3, 0.6, 1.0]), min_size=12, max_size=12)


def _line(piece_of: PieceMaker) -> CellNetwork:
    names = ["one", "two", "three"]
    return build_network(
        [
            Link(name=name, start=f"n{i}", end=f"n{i + 1}", pieces=(piece_of(8, zone=i),))
            for i, name in enumerate(names)
        ],
        [
            Turn(node="n1", source="one", target="two", share=0.8),
            Turn(node="n1", source="one", target=EXIT, share=0.2),
            Turn(node="n1", source=ENTRY, target="two", share=1.0),
        ],
        entries={"n0": 4000.0, "n1": 1000.0},
        cell_m=2000.0,
        heavy_pcu=2.5,
    )


def _state(factors: list[float]) -> Conditions:
    grid = np.array(factors, dtype=np.float32).reshape(1, 4, 3)
    return Conditions(
        capacity_factor=grid,
        speed_factor=np.maximum(grid, 0.2),
        barrier=np.zeros((1, 4, 3), dtype=np.uint8),
    )


@settings(max_examples=40, deadline=None)
@given(_FACTORS, st.lists(st.integers(0, 2500), min_size=8, max_size=8), st.integers(0, 3))
def test_vehicles_are_conserved(factors: list[float], flows: list[int], share: int) -> None:
    """What entered has left, is on the road, or is held, for each class, to rounding."""
    network = _line(_piece)
    light = np.array(flows, dtype=np.float64).reshape(1, 4, 2)
    demand = Demand(veh_h=np.stack([light, 0.1 * share * light], axis=-1).astype(np.float32))
    runs = run_network(network, demand, hours=6, conditions=_state(factors))
    wished = np.append(demand.veh_h[0], np.repeat(demand.veh_h[0, -1:], 2, axis=0), axis=0)
    stored = runs.stored_veh[0, -1].sum(axis=0)
    # Stored is kept in single precision; the rest holds to rounding.
    assert runs.entered_veh[0] + stored == pytest.approx(wished.sum(axis=(0, 1)), abs=1e-2)
    balance = runs.entered_veh[0] - runs.left_veh[0] - runs.on_road_veh[0]
    assert balance == pytest.approx([0.0, 0.0], abs=1e-7)
    assert runs.on_road_veh[0].min() > -1e-7
    assert runs.total_delay_veh_h.min() > -1e-3


def _piece(length_km: float, *, zone: int) -> Piece:
    return Piece(
        length_m=1000 * length_km,
        free_speed_m_s=100 / 3.6,
        capacity_pcu_h=4000,
        jam_density_pcu_km=280,
        zone=zone,
    )


def _plain_line() -> CellNetwork:
    """Return three links in a row: no turns, so that the first in are the first out."""
    return build_network(
        [
            Link(name=name, start=f"n{i}", end=f"n{i + 1}", pieces=(_piece(8, zone=i),))
            for i, name in enumerate(("one", "two", "three"))
        ],
        entries={"n0": 4000.0},
        cell_m=2000.0,
    )


@settings(max_examples=40, deadline=None)
@given(
    _FACTORS,
    _FACTORS,
    st.lists(st.integers(0, 4500), min_size=4, max_size=4),
    st.lists(st.tuples(st.integers(1, 11), st.floats(0, 3), st.floats(0.05, 2)), max_size=4),
)
def test_delay_never_rises_with_capacity(
    factors: list[float],
    worse: list[float],
    flows: list[int],
    stuck: list[tuple[int, float, float]],
) -> None:
    """Better conditions, fewer stuck vehicles or less demand never raise the delay."""
    network = _plain_line()
    demand = Demand(
        veh_h=np.array(flows, dtype=np.float32).reshape(1, 4, 1, 1) * np.array([1, 0], np.float32)
    )
    blocked = Blockages(
        scenario=np.zeros(len(stuck), dtype=np.int64),
        border=np.array([border for border, *_ in stuck], dtype=np.int64),
        start_s=np.array([3600 * start for _, start, _ in stuck]),
        end_s=np.array([3600 * (start + lasts) for _, start, lasts in stuck]),
        lost=np.full(len(stuck), 0.65),
    )

    def delay(state: Conditions, wishes: Demand, blockages: Blockages) -> float:
        runs = run_network(network, wishes, hours=6, conditions=state, blockages=blockages)
        return float(runs.total_delay_veh_h.sum())

    base = delay(_state(factors), demand, blocked)
    slack = 1e-5 * max(1.0, base)
    lower = [min(pair) for pair in zip(factors, worse, strict=True)]
    assert delay(_state(lower), demand, blocked) >= base - slack
    assert delay(_state(factors), demand, Blockages.none()) <= base + slack
    less = replace(demand, veh_h=demand.veh_h * np.float32(0.7))
    assert delay(_state(factors), less, blocked) <= base + slack


def test_scenarios_do_not_touch_each_other(piece: PieceMaker) -> None:
    """Many scenarios in several threads give what each gives alone."""
    network = _line(_piece)
    rng = np.random.default_rng(3)
    state = Conditions(
        capacity_factor=rng.uniform(0, 1, (12, 4, 3)).astype(np.float32),
        speed_factor=rng.uniform(0.2, 1, (12, 4, 3)).astype(np.float32),
        barrier=np.zeros((12, 4, 3), dtype=np.uint8),
    )
    demand = Demand(veh_h=rng.uniform(0, 1500, (1, 4, 2, 2)).astype(np.float32))
    together = run_network(network, demand, hours=5, conditions=state, threads=3)
    for case in range(12):
        alone = run_network(
            network,
            demand,
            hours=5,
            conditions=state,
            conditions_of=np.array([case]),
            threads=1,
        )
        assert np.array_equal(alone.delay_veh_h[0], together.delay_veh_h[case])
        assert np.array_equal(alone.longest_km[0], together.longest_km[case])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"capacity_factor": np.full((1, 4, 3), 1.5, np.float32)}, "capacity_factor holds"),
        ({"speed_factor": np.full((1, 4, 3), np.nan, np.float32)}, "speed_factor holds"),
        ({"capacity_factor": np.ones((1, 4, 2), np.float32)}, "capacity_factor has the shape"),
        ({"barrier": np.full((1, 4, 3), 7, np.uint8)}, "barrier holds a code"),
        ({"barrier": np.zeros((1, 3, 3), np.uint8)}, "differ in cases or periods"),
        ({"period_s": 1000.0}, "whole number"),
    ],
)
def test_conditions_that_make_no_sense_are_refused(change: dict[str, Any], message: str) -> None:
    """Wrong shapes, shares above 1 and missing values are named, not computed with."""
    network = _line(_piece)
    demand = Demand(veh_h=np.zeros((1, 4, 2, 2), dtype=np.float32))
    with pytest.raises(RoadplanError, match=message):
        run_network(network, demand, hours=4, conditions=replace(_state([1.0] * 12), **change))


def test_negative_demand_is_refused() -> None:
    """A flow below zero is an error of whoever made it."""
    demand = Demand(veh_h=np.full((1, 4, 2, 2), -1, dtype=np.float32))
    with pytest.raises(RoadplanError, match="negative or missing"):
        run_network(_line(_piece), demand, hours=4)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"border": np.array([99])}, "no border"),
        ({"scenario": np.array([1])}, "none of the 1 scenarios"),
        ({"end_s": np.array([0.0])}, "ends before it begins"),
        ({"lost": np.array([1.5])}, "not from 0 to 1"),
    ],
)
def test_blockages_that_make_no_sense_are_refused(change: dict[str, Any], message: str) -> None:
    """A blockage off the network, out of time or of more than all lanes is named."""
    network = _plain_line()
    demand = Demand(veh_h=np.zeros((1, 1, 1, 2), dtype=np.float32))
    blockage = replace(_blockage(network, 2, 1.0, 2.0, 0.5), **change)
    with pytest.raises(RoadplanError, match=message):
        run_network(network, demand, hours=4, blockages=blockage)
