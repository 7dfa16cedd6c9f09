"""Crews going round on their beats."""

from __future__ import annotations

import numpy as np
import pytest

from roadplan.corridor import Corridor
from roadplan.errors import RoadplanError
from roadplan.weather import BACKWARD, FORWARD, Road, load_parameters
from roadplan.winter.beat_passes import beat_passes
from roadplan.winter.posture import Beat, Posture


def posture_of(*beats: Beat) -> Posture:
    """Return a posture of some beats."""
    return Posture(beats=beats, idle={}, unserved_km={}, cost=0.0, bound=0.0, optimal=True)


def beat(**changes: object) -> Beat:
    """Return a beat of a plough truck on the stranger's trunk."""
    values = {
        "crew": "truck-01", "plough_class": "truck", "layer": "clearing", "depot": "d1",
        "route": "r1", "from_m": 0.0, "to_m": 22_180.0, "round_h": 1.0, "access_km": 30.0,
    } | changes  # fmt: skip
    return Beat(**values)  # type: ignore[arg-type]  # values of many kinds


def test_a_crew_goes_there_and_back_by_the_clock(stranger: Corridor) -> None:
    """By hand: 30 km at 60 km/h to the beat, 11 km and 11.18 km at 35 km/h, and back."""
    p = load_parameters()
    road = Road.from_corridor(stranger, p, longest_m=50_000.0)
    found = beat_passes(posture_of(beat()), stranger, road, p, hours=1.9)
    a, b = 11.0 / 35, 11.18 / 35
    here = [road.ids.index("a1"), road.ids.index("a2")]
    assert found.passes.segment.tolist() == [here[0], here[1], here[1], here[0]]
    assert found.passes.carriageway.tolist() == [FORWARD, FORWARD, BACKWARD, BACKWARD]
    assert found.passes.arrival_h == pytest.approx(
        [0.5 + a / 2, 0.5 + a + b / 2, 0.5 + a + 1.5 * b, 0.5 + a + 2 * b + a / 2]
    )
    # 3.75 m of 2 lanes of 3.75 m
    assert found.passes.efficiency == pytest.approx(p.pass_efficiency / 2)
    assert found.limit_m == pytest.approx(0.30)


def test_only_clearing_crews_clear(stranger: Corridor) -> None:
    """Reserves wait for orders."""
    p = load_parameters()
    road = Road.from_corridor(stranger, p)
    found = beat_passes(posture_of(beat(layer="reserve")), stranger, road, p, hours=9.0)
    assert len(found.limit_m) == 0
    assert found.too_deep_share(np.ones((1, 3, len(road), 2)), 0.5) == 0.0


def test_snow_too_deep_for_a_crew_is_counted(stranger: Corridor) -> None:
    """Half of the members have more than the 30 cm that a truck moves."""
    p = load_parameters()
    road = Road.from_corridor(stranger, p)
    found = beat_passes(posture_of(beat()), stranger, road, p, hours=3.0)
    depth = np.zeros((2, 7, len(road), 2))
    depth[1] = 0.5
    assert found.too_deep_share(depth, 0.5) == pytest.approx(0.5)


def test_a_beat_shorter_than_any_segment_takes_no_time_for_ever(stranger: Corridor) -> None:
    """Such a beat has no middle of a segment on it: no pass, and an end."""
    p = load_parameters()
    road = Road.from_corridor(stranger, p, longest_m=50_000.0)
    found = beat_passes(posture_of(beat(to_m=100.0)), stranger, road, p, hours=3.0)
    assert len(found.limit_m) == 0
    with pytest.raises(RoadplanError, match="more than 0"):
        beat_passes(posture_of(beat()), stranger, road, p, hours=0.0)
