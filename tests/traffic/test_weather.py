"""From shipped storms to jams: the snow part and traffic fit together."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from roadplan import weather
from roadplan.corridor import Corridor
from roadplan.errors import RoadplanError
from roadplan.traffic import (
    CorridorTraffic,
    load_parameters,
    road_segments,
    road_state,
    simulate_storm,
)
from roadplan.traffic.weather import demand_response

SLOTS = 24
MEMBERS = 4


@pytest.fixture(scope="module")
def snow(road: Corridor) -> dict[str, object]:
    """Return a few members of a wet-snow storm on the corridor, unswept and swept."""
    parameters = weather.load_parameters()
    line = weather.Road.from_corridor(road, parameters, longest_m=20_000.0)
    storm = weather.load("wet-snow", road=line)
    # Twelve hours in the middle of the storm.
    slots = weather.Slots(storm.times[8], SLOTS)
    at = weather.slot_weather(storm, line, slots, parameters)
    at = dataclasses.replace(
        at,
        members=at.members[:MEMBERS],
        **{
            field.name: getattr(at, field.name)[:MEMBERS]
            for field in dataclasses.fields(at)
            if isinstance(getattr(at, field.name), np.ndarray)
        },
    )
    load = weather.accumulate(at, line, parameters)
    segments = road_segments(line, road)
    passes = weather.Passes.of(
        *zip(
            *[
                (segment, side, hour)
                for segment in range(len(line))
                for side in (0, 1)
                for hour in (3.0, 6.0, 9.0)
            ],
            strict=True,
        )
    )

    def state(swept: bool) -> weather.Conditions:
        done = passes if swept else None
        depth = (
            weather.depth_after_passes(load, parameters, passes=done)
            if swept
            else (weather.depth_after_passes(load, parameters))
        )
        return weather.conditions(
            at, load, depth, line, parameters,
            free_speed_m_s=segments.free_speed_m_s, passes=done,
        )  # fmt: skip

    return {
        "weather": at,
        "load": load,
        "segments": segments,
        "plans": [state(False), state(True)],
        "line": line,
    }


def test_a_storm_runs_through_to_jams(road: Corridor, snow: dict[str, object]) -> None:
    """Unswept, a wet-snow storm makes delay; swept every three hours it makes less."""
    segments = snow["segments"]
    traffic = CorridorTraffic.from_corridor(
        road, segments=segments, start=np.datetime64("2026-01-20T08:00").item(), hours=12
    )
    state = road_state(
        snow["plans"], snow["load"], segments, weather=snow["weather"],
        parameters=traffic.parameters,
    )  # fmt: skip
    found = simulate_storm(traffic, state, members=MEMBERS, draws=3, seed=2)
    assert found.known.all()
    nothing, swept = (found.expected_delay(plan)["all"].value for plan in (0, 1))
    assert 0 < swept < nothing
    assert found.segment_risk(0).level.shape == (12, len(segments), 2)


def test_demand_answers_to_the_snow_that_fell(snow: dict[str, object]) -> None:
    """As hours go by more light vehicles stay at home, and lorries do not."""
    found = demand_response(snow["weather"], load_parameters())
    assert found.shape == (MEMBERS, SLOTS // 2, 2)
    assert np.all(np.diff(found[..., 0], axis=1) <= 1e-9)
    assert found[..., 0].min() < 1
    assert np.all(found[..., 1] == 1)


def test_road_of_another_corridor_is_refused(snow: dict[str, object], stranger: Corridor) -> None:
    """Without its free speed a segment cannot carry traffic."""
    with pytest.raises(RoadplanError, match="no free speed is known"):
        road_segments(snow["line"], stranger)


def test_a_closure_for_lorries_lets_cars_through(road: Corridor, snow: dict[str, object]) -> None:
    """Both kinds of closure arrive in traffic; cars lose less than if all had been shut out."""
    segments = snow["segments"]
    traffic = CorridorTraffic.from_corridor(
        road, segments=segments, start=np.datetime64("2026-01-20T08:00").item(), hours=12
    )
    state = road_state(snow["plans"][:1], snow["load"], segments)
    assert (state.closed_to_heavy & ~state.closed).any()
    assert not (state.closed & ~state.closed_to_heavy).any()
    shut_out = dataclasses.replace(state, closed=state.closed_to_heavy)
    some, everyone = (
        simulate_storm(traffic, each, members=MEMBERS, draws=2, seed=2).expected_delay()
        for each in (state, shut_out)
    )
    assert some["light"].value < everyone["light"].value
    open_road = road_state(snow["plans"][:1], snow["load"], segments, barriers=False)
    assert not np.any(open_road.closed)
    assert not np.any(open_road.closed_to_heavy)
