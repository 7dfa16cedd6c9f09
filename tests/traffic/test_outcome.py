"""Storms on a corridor: plans, members and draws, and what they come to."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import numpy as np
import pandas as pd
import pytest

from roadplan.errors import RoadplanError
from roadplan.traffic import (
    CorridorTraffic,
    RoadState,
    Segments,
    jams_by_hour,
    load_parameters,
    risk_by_segment,
    simulate_storm,
)

LOCAL = timezone(timedelta(hours=5))
HOURS = 8
MEMBERS = 4


@pytest.fixture(scope="module")
def steppe() -> CorridorTraffic:
    """Return 120 km of road in six segments with a barrier at km 20 and 6,000 vehicles a day."""
    edges = np.arange(0, 120_001, 20_000)
    segments = Segments.from_frame(
        pd.DataFrame(
            {
                "segment": [f"s{i}" for i in range(6)],
                "route": "r",
                "from_m": edges[:-1],
                "to_m": edges[1:],
                "lanes": 2,
                "carriageways": 2,
                "free_speed_kmh": 100,
            }
        )
    )
    return CorridorTraffic.of(
        segments,
        lengths_m={"r": 120_000.0},
        junctions=pd.DataFrame([], columns=["junction", "route", "station_m"]),
        barriers=pd.DataFrame(
            [("g", "r", 20_000.0, 100.0)],
            columns=["barrier", "route", "station_m", "waiting_places"],
        ),
        traffic=pd.DataFrame(
            [("r", 0, 120_000, 20_000, 0.4, 0.02, 1.0)],
            columns=["route", "from_m", "to_m", "aadt_veh_day", "truck_share", "bus_share",
                     "weekend_factor"],
        ),
        start=datetime(2025, 1, 14, 8, tzinfo=LOCAL),
        hours=HOURS,
        parameters=load_parameters({"stuck_per_truck_km": 3e-6}),
    )  # fmt: skip


def _state(*, depth_cm: float, plans: int = 1, closed: bool = False) -> RoadState:
    """Return members with 0.5 to 1.25 of a depth; the second plan has a quarter of the snow."""
    shape = (plans * MEMBERS, 2 * HOURS, 6, 2)
    member = np.arange(plans * MEMBERS) % MEMBERS
    plan = np.arange(plans * MEMBERS) // MEMBERS
    depth = depth_cm * (0.5 + 0.25 * member) * np.where(plan == 1, 0.25, 1.0)
    grid = np.broadcast_to(depth[:, None, None, None], shape)
    shut = np.zeros(shape, dtype=bool)
    shut[:, 4:8, 3, 0] = closed
    return RoadState(
        capacity_factor=np.clip(1 - grid / 25, 0, 1),
        speed_factor=np.clip(1 - grid / 40, 0.2, 1),
        depth_cm=grid,
        visibility_m=1000.0,
        closed=shut,
    )


def test_plans_share_their_members_and_draws(steppe: CorridorTraffic) -> None:
    """Scenarios are plans × members × draws, and the better plan's blockages are fewer."""
    found = simulate_storm(steppe, _state(depth_cm=12, plans=2), members=MEMBERS, draws=5, seed=7)
    assert found.plan_of.tolist() == [0] * 20 + [1] * 20
    assert found.member_of.tolist() == [m for _ in range(2) for m in range(4) for _ in range(5)]
    worse, better = (np.isin(found.stuck.scenario, found.of_plan(plan)).sum() for plan in (0, 1))
    assert 0 < better < worse
    starts = {(int(s) % 20, t) for s, t in zip(found.stuck.scenario, found.stuck.start_s,
                                               strict=True) if s < 20}  # fmt: skip
    assert {
        (int(s) % 20, t)
        for s, t in zip(found.stuck.scenario, found.stuck.start_s, strict=True)
        if s >= 20
    } <= starts


@pytest.mark.parametrize("seed", range(4))
def test_clearing_more_never_raises_the_delay(seed: int, steppe: CorridorTraffic) -> None:
    """With common random numbers less snow is better in every single scenario."""
    found = simulate_storm(
        steppe, _state(depth_cm=15, plans=2), members=MEMBERS, draws=4, seed=seed
    )
    delay = found.delay_veh_h.sum(axis=1)
    assert np.all(delay[found.of_plan(1)] <= delay[found.of_plan(0)] + 1e-3)


def test_fine_weather_does_nothing(steppe: CorridorTraffic) -> None:
    """Without snow there is hardly a stuck vehicle, and without that no delay at all."""
    found = simulate_storm(steppe, _state(depth_cm=0), members=MEMBERS, draws=3, seed=1)
    quiet = ~np.isin(np.arange(12), found.stuck.scenario)
    assert quiet.any()
    assert found.delay_veh_h[quiet] == pytest.approx(0.0, abs=1e-3)
    risk = found.segment_risk()
    assert risk.level.shape == (HOURS, 6, 2)
    assert risk.level.max() <= 1


def test_closure_holds_vehicles_and_is_found_in_the_figures(steppe: CorridorTraffic) -> None:
    """A barrier closed for two hours: held vehicles and people, and the closure's probability."""
    found = simulate_storm(steppe, _state(depth_cm=0, closed=True), members=MEMBERS, draws=1)
    assert found.closed_probability(2.0).value == 1.0
    assert found.closed_probability(2.5).value < 1.0
    held = found.held()
    assert held["vehicles"].value == pytest.approx(50.0, abs=1.0)
    assert held["people"].value > 2 * held["vehicles"].value
    assert 1.0 <= held["longest_h"].value <= 3.0
    # The barrier has places for 50 in this direction: the others stand on the road.
    assert found.in_jams()["vehicles"].value > 100
    risk = found.segment_risk()
    assert risk.severity[2, 3, 0] == 4
    assert risk.level[2, 3, 1] <= 1


def test_more_snow_has_a_longer_jam_more_often(steppe: CorridorTraffic) -> None:
    """The probability of a jam of 3 km rises with the snow, and has an interval."""
    low, high = (
        simulate_storm(steppe, _state(depth_cm=depth), members=MEMBERS, draws=10).jam_probability(
            3.0
        )
        for depth in (2.0, 15.0)
    )
    assert low.value < high.value
    assert low.low <= low.value <= low.high
    assert (high.members, high.draws) == (4, 40)


def test_unknown_weather_is_marked(steppe: CorridorTraffic) -> None:
    """Where the forecast is missing the risk is unknown, and the share known is told."""
    state = _state(depth_cm=5)
    capacity = np.array(state.capacity_factor)
    capacity[:, :8, 2] = np.nan
    holed = RoadState(
        capacity_factor=capacity,
        speed_factor=state.speed_factor,
        depth_cm=state.depth_cm,
        visibility_m=state.visibility_m,
    )
    found = simulate_storm(steppe, holed, members=MEMBERS, draws=2)
    assert found.summary()["weather_known_share"] == pytest.approx(1 - 0.5 / 6)
    risk = found.segment_risk()
    assert np.all(risk.level[:4, 2] == -1)
    assert np.all(risk.level[4:] >= 0)


def test_summary_is_plain(steppe: CorridorTraffic) -> None:
    """The summary can be written as JSON as it is."""
    import json

    found = simulate_storm(steppe, _state(depth_cm=10), members=MEMBERS, draws=2)
    read = json.loads(json.dumps(found.summary()))
    assert read["scenarios"] == 8
    delay = read["delay_veh_h"]
    assert delay["all"]["value"] == pytest.approx(delay["light"]["value"] + delay["heavy"]["value"])
    assert read["delay_cvar90_veh_h"] >= delay["all"]["value"]


def test_tables_say_where_and_when(steppe: CorridorTraffic) -> None:
    """Hours × directions of jams, and hours × segments × directions of risk."""
    found = simulate_storm(steppe, _state(depth_cm=15), members=MEMBERS, draws=5)
    jams = jams_by_hour(found)
    assert len(jams) == HOURS * 2
    some = jams[jams["probability"] > 0]
    assert len(some)
    rising = some[some["direction"] == "rising"]
    assert (rising["tail_m"] < rising["head_m"]).all()
    falling = some[some["direction"] == "falling"]
    assert (falling["tail_m"] > falling["head_m"]).all()
    assert some["head_m"].between(0, 120_000).all()
    risk = risk_by_segment(found)
    assert len(risk) == HOURS * 6 * 2
    delay = risk[["delay_light_veh_h", "delay_heavy_veh_h"]].to_numpy().sum()
    road = found.runs.delay_veh_h.sum(axis=(1, 2, 3))
    assert delay == pytest.approx(road.mean(), rel=1e-4)


def test_shapes_that_do_not_fit_are_refused(steppe: CorridorTraffic) -> None:
    """Arrays of other shapes, members that do not divide the cases, and no draws are named."""
    state = _state(depth_cm=5)
    with pytest.raises(RoadplanError, match="no multiple of 3 members"):
        simulate_storm(steppe, state, members=3)
    with pytest.raises(RoadplanError, match="at least one draw"):
        simulate_storm(steppe, state, members=MEMBERS, draws=0)
    with pytest.raises(RoadplanError, match="do not fit"):
        simulate_storm(
            steppe,
            RoadState(
                capacity_factor=np.ones((4, 16, 6, 2)), speed_factor=np.ones((4, 16, 5, 2)),
                depth_cm=0.0, visibility_m=1000.0,
            ),
            members=4,
        )  # fmt: skip
    with pytest.raises(RoadplanError, match="there is no plan 1"):
        simulate_storm(steppe, state, members=MEMBERS, draws=1).summary(1)
