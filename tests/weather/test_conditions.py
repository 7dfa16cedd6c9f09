"""From weather to the state of the road for traffic."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from roadplan.weather import (
    Conditions,
    Parameters,
    Passes,
    Road,
    Slots,
    accumulate,
    conditions,
    depth_after_passes,
    load,
    slot_weather,
)
from roadplan.weather.closing import GUST, SIGHT

MakeRoad = Callable[..., Road]


def _state(
    name: str, road: Road, parameters: Parameters, passes: Passes | None = None
) -> Conditions:
    storm = load(name, road=road, members=6)
    slots = Slots(storm.times[0], int(storm.hours * 2))
    weather = slot_weather(storm, road, slots, parameters)
    snow = accumulate(weather, road, parameters)
    depth = depth_after_passes(snow, parameters, passes=passes)
    return conditions(weather, snow, depth, road, parameters, free_speed_m_s=27.8, passes=passes)


def test_a_mild_night_takes_nothing_away(road_of: MakeRoad, parameters: Parameters) -> None:
    """Full capacity at free speed, nobody stuck, nothing closed."""
    state = _state("mild-night", road_of(6), parameters)
    assert (state.capacity_share == 1).all()
    assert (state.speed_m_s == 27.8).all()
    assert not state.truck_stuck.any()
    assert not state.closures.closed.any()


def test_a_blizzard_closes_the_road(road_of: MakeRoad, parameters: Parameters) -> None:
    """Trucks get stuck no later than cars, and a blocked road is closed."""
    state = _state("buran", road_of(6, catch=np.full(6, 0.3)), parameters)
    assert state.closures.closed.any(axis=(1, 2, 3)).all()
    assert (state.truck_stuck >= state.car_stuck).all()
    assert state.closures.closed[state.truck_stuck].all()
    assert state.capacity_share.min() == pytest.approx(0, abs=1e-12)


def test_clearing_helps_and_never_harms(road_of: MakeRoad, parameters: Parameters) -> None:
    """A beat of two hours raises capacity and speed, and closes less."""
    road = road_of(6)
    beat = [(s, c, float(h)) for s in range(6) for c in (0, 1) for h in range(2, 48, 2)]
    passes = Passes.of(*(list(column) for column in zip(*beat, strict=True)))
    bare = _state("buran", road, parameters)
    kept = _state("buran", road, parameters, passes)
    assert (kept.capacity_share >= bare.capacity_share - 1e-12).all()
    assert (kept.speed_m_s >= bare.speed_m_s - 1e-9).all()
    assert kept.truck_stuck.sum() < bare.truck_stuck.sum()
    assert kept.closures.closed.sum() < bare.closures.closed.sum()


def test_snow_keeps_lorries_off_before_cars(road_of: MakeRoad, parameters: Parameters) -> None:
    """Closed to all for sight, gusts or snow that holds cars; else to heavy vehicles alone."""
    state = _state("wet-snow", road_of(6, catch=np.full(6, 0.3)), parameters)
    lorries_only = state.closed_to_heavy & ~state.closed
    assert lorries_only.any()
    assert (state.depth_m[lorries_only] > 0).all()
    assert not (state.car_stuck & lorries_only).any()
    by_weather = (state.closures.reasons & (SIGHT | GUST)) > 0
    assert state.closed[by_weather | state.car_stuck].all()
    assert state.closed_to_heavy[state.closed | state.truck_stuck].all()
