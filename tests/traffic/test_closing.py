"""How long stretches are closed and people wait."""

from __future__ import annotations

import numpy as np
import pytest

from roadplan.traffic import StuckVehicles
from roadplan.traffic.closing import longest_closure_h, longest_run, longest_wait_h


def test_longest_run_is_found_along_the_second_axis() -> None:
    """Two periods at the end beat one at the beginning."""
    flags = np.array([[1, 0, 1, 1], [0, 0, 0, 0]], dtype=bool)
    assert longest_run(flags).tolist() == [2, 0]


def _stuck(*rows: tuple[int, float, float, bool]) -> StuckVehicles:
    return StuckVehicles(
        scenario=np.array([row[0] for row in rows], dtype=np.int64),
        segment=np.zeros(len(rows), dtype=np.int64),
        direction=np.ones(len(rows), dtype=np.int64),
        start_s=np.array([3600 * row[1] for row in rows]),
        end_s=np.array([3600 * row[2] for row in rows]),
        along=np.full(len(rows), 0.5),
        all_lanes=np.array([row[3] for row in rows]),
    )


def test_barrier_and_vehicles_across_the_road_close_it_together() -> None:
    """Closed by a barrier 2–3 h and blocked 2.75–4.5 h is closed for 2.5 h."""
    closed = np.zeros((1, 12, 1, 2), dtype=bool)
    closed[0, 4:6, 0, 1] = True
    hours = longest_closure_h(
        closed,
        period_s=1800.0,
        case_of=np.array([0, 0, 0]),
        stuck=_stuck((1, 2.75, 4.5, True), (2, 2.75, 4.5, False)),
    )
    assert hours[:, 0, 1] == pytest.approx([1.0, 2.5, 1.0])
    assert hours[:, 0, 0] == pytest.approx(0.0)


def test_blockage_beyond_the_end_counts_to_the_end() -> None:
    """Nothing is known after the run."""
    hours = longest_closure_h(
        np.zeros((1, 12, 1, 2), dtype=bool),
        period_s=1800.0,
        case_of=np.array([0]),
        stuck=_stuck((0, 5.0, 30.0, True)),
    )
    assert hours[0, 0, 1] == pytest.approx(1.0)


def test_longest_wait_is_that_of_the_first_to_come() -> None:
    """Ten come in the first hour, ten in the third; all leave in the fifth: four hours."""
    stored = np.array([10.0, 10.0, 20.0, 20.0, 0.0])
    passed = np.array([0.0, 0.0, 0.0, 0.0, 20.0])
    assert longest_wait_h(stored, passed, period_s=3600.0) == pytest.approx(4.0)
    assert longest_wait_h(0 * stored, passed, period_s=3600.0) == 0
