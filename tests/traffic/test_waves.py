"""The exact solver: its curves, and that it comes to an end."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from roadplan.traffic import RoadCase
from roadplan.traffic.queues import distance_veh_km, queue_history
from roadplan.traffic.waves import solve_waves

CaseMaker = Callable[..., RoadCase]


def test_curves_of_the_reference_are_those_of_newell(case_of: CaseMaker) -> None:
    """At km 60 the flow is 2,500, 1,200, 0, 4,000, 2,500 and nothing, at the known moments."""
    solution = solve_waves(case_of())
    curve = solution.curves[1]
    assert solution.node_km == pytest.approx([0, 60, 100])
    # The last vehicle stops at 6.22857 h and passes km 60 at 7.6 h.
    assert curve.time_h[:-1] == pytest.approx([0, 0.6, 1, 4, 5, 7.6])
    assert curve.rate_veh_h[:-1] == pytest.approx([0, 2500, 1200, 0, 4000, 0])
    queue = curve.count(np.array([4.0, 5.0, 6.6]))
    arrived = 2500 * (np.array([4.0, 5.0, 6.6]) - 0.6)
    assert arrived - queue == pytest.approx([3900, 6400, 4000])


def test_queue_length_of_the_reference_over_time(case_of: CaseMaker) -> None:
    """It grows at 1300/183 km/h to 5 h, then its front runs at 50/3 km/h until they meet."""
    history = queue_history(solve_waves(case_of()))
    at = np.interp([1.0, 2.0, 5.0, 6.0, 7.3], history.time_h, history.length_km)
    speed = 1300 / 183
    assert at == pytest.approx([0, speed, 4 * speed, 5 * speed - 50 / 3, 0], abs=1e-4)


def test_all_drive_the_whole_road_in_the_end(case_of: CaseMaker) -> None:
    """The distance driven is 15,000 vehicles times 100 km."""
    assert distance_veh_km(solve_waves(case_of())) == pytest.approx(1.5e6)


def test_simultaneous_breaks_leave_no_pieces_without_length(case_of: CaseMaker) -> None:
    """Twenty bottlenecks that all change on the hour need few pieces, however waves cross.

    Breaks that meet at one moment differ in the last digit, having come by other ways; once they
    left pieces of that length, which multiplied without end.
    """
    rng = np.random.default_rng(0)
    case = case_of(
        demand=[[0, 50, 2500]],
        horizon_h=100,
        bottlenecks=[
            {
                "km": float(rng.uniform(0, 100)),
                "capacity": [
                    [2 * hour, 2 * hour + 1, float(rng.integers(0, 4000))] for hour in range(20)
                ],
            }
            for _ in range(20)
        ],
    )
    solution = solve_waves(case)
    assert sum(len(curve.time_h) for curve in solution.curves) < 5000
    for curve in solution.curves:
        assert np.all(np.diff(curve.time_h) > 0)
        assert np.all(np.diff(curve.count_veh) >= -1e-6)
    assert solution.curves[-1].count_veh[-1] == pytest.approx(125_000)
