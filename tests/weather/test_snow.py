"""Snow on the road."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadplan.errors import RoadplanError
from roadplan.weather import (
    BACKWARD,
    FORWARD,
    Parameters,
    Passes,
    Road,
    Slots,
    SlotWeather,
    SnowLoad,
    accumulate,
    cleared_m,
    depth_after_passes,
    depth_between_passes,
    load_parameters,
)
from roadplan.weather.snow import new_snow_density_kg_m3

MakeRoad = Callable[..., Road]
T0 = np.datetime64("2026-01-15T12:00:00")
PLAIN = load_parameters({"settling_share_h": 0, "melt_m_h_degree": 0})


def _weather(slots: int = 8, segments: int = 4, members: int = 1, **changes: Any) -> SlotWeather:
    shape = (members, slots, segments)
    values = {
        "snowfall_kg_m2_h": 0.0,
        "wind_m_s": 2.0,
        "gust_m_s": 3.0,
        "across": 1.0,
        "temperature_c": -10.0,
        "visibility_m": np.nan,
    } | changes
    loose = values.pop("loose_kg_m2", 50.0)
    return SlotWeather(
        slots=Slots(T0, slots),
        members=tuple(str(m) for m in range(members)),
        loose_kg_m2=np.broadcast_to(loose, (members, segments)).astype(float),
        **{key: np.broadcast_to(value, shape).astype(float) for key, value in values.items()},
    )


def test_snowfall_lies_by_its_density(road_of: MakeRoad) -> None:
    """2 kg/m²/h of dry snow are 2 cm/h; wet snow of 200 kg/m³ half of that."""
    load = accumulate(_weather(snowfall_kg_m2_h=2.0), road_of(4), PLAIN)
    depth = depth_after_passes(load, PLAIN)
    assert depth.moment_m[0, -1] == pytest.approx(np.full((4, 2), 0.08))
    assert new_snow_density_kg_m3([-5, 0, 3], PLAIN) == pytest.approx([100, 150, 200])


def test_drift_gathers_as_in_the_formula(road_of: MakeRoad, parameters: Parameters) -> None:
    """15 m/s square to a flush road: 1.08 cm/h, of which the fetch of 3 km leaves 86 %."""
    load = accumulate(_weather(wind_m_s=15.0), road_of(4), PLAIN)
    hourly = 2 * load.drift_m[0, 0, 0, FORWARD]
    assert hourly == pytest.approx(0.0108 * 0.86, rel=2e-3)


def test_the_windward_carriageway_keeps_its_share_first(road_of: MakeRoad) -> None:
    """From the right that is the one of rising stations; the other keeps a tenth of the rest."""
    load = accumulate(_weather(wind_m_s=15.0, across=[1, -1, 1, 0.5]), road_of(4), PLAIN)
    first, second = load.drift_m[0, 0, :, FORWARD], load.drift_m[0, 0, :, BACKWARD]
    assert second[0] == pytest.approx(0.9 * first[0])
    assert first[1] == pytest.approx(0.9 * second[1])
    assert first[3] == pytest.approx(0.5 * first[0])


def test_a_single_carriageway_is_one_pavement(road_of: MakeRoad) -> None:
    """Both directions have the same snow."""
    road = road_of(4, carriageways=np.ones(4, dtype=int))
    load = accumulate(_weather(wind_m_s=15.0), road, PLAIN)
    assert (load.gain_m[..., FORWARD] == load.gain_m[..., BACKWARD]).all()


def test_profile_decides_on_drift(road_of: MakeRoad) -> None:
    """A cutting keeps four times what a flush road does, an embankment a fifth."""
    road = road_of(3, catch=np.array([0.02, 0.1, 0.4]))
    load = accumulate(_weather(segments=3, wind_m_s=15.0), road, PLAIN)
    drift = load.drift_m[0, 0, :, FORWARD]
    assert drift / drift[1] == pytest.approx([0.2, 1, 4])


def test_sight_is_the_worse_of_forecast_and_snow_in_the_air(road_of: MakeRoad) -> None:
    """The forecast knows fog, this model knows blowing snow."""
    sights = [np.nan, 50.0, 15_000.0, np.nan]
    load = accumulate(_weather(wind_m_s=15.0, visibility_m=sights), road_of(4), PLAIN)
    assert load.visibility_m[0, 0, 1] == 50
    assert load.visibility_m[0, 0, 2] == load.visibility_m[0, 0, 0]
    assert load.visibility_m[0, 0, 0] < 150


def test_a_pass_leaves_a_residue() -> None:
    """10.75 cm become 0.75 + 0.1 · 10 = 1.75 cm; less than the residue is left alone."""
    assert float(cleared_m(0.1075, PLAIN)) == pytest.approx(0.0175)
    assert float(cleared_m(0.005, PLAIN)) == 0.005


def test_a_pass_in_the_middle_of_a_slot(road_of: MakeRoad) -> None:
    """By hand: 2 cm/h, a pass after 1.25 h, and snow goes on falling at once."""
    load = accumulate(_weather(snowfall_kg_m2_h=2.0), road_of(4), PLAIN)
    depth = depth_after_passes(load, PLAIN, passes=Passes.of([1], [FORWARD], [1.25]))
    left = 0.0075 + 0.1 * (0.025 - 0.0075)
    assert depth.moment_m[0, :5, 1, FORWARD] == pytest.approx(
        [0, 0.01, 0.02, left + 0.005, left + 0.015]
    )
    mean = 0.5 * (0.0225 + (left + 0.0025))
    assert depth.mean_m[0, 2, 1, FORWARD] == pytest.approx(mean)
    assert depth.moment_m[0, -1, 1, BACKWARD] == pytest.approx(0.08)
    assert depth.moment_m[0, -1, 0, FORWARD] == pytest.approx(0.08)


def test_a_pass_at_a_moment_comes_after_its_depth(road_of: MakeRoad) -> None:
    """The depth at the moment is what the pass finds."""
    load = accumulate(_weather(snowfall_kg_m2_h=2.0), road_of(4), PLAIN)
    depth = depth_after_passes(load, PLAIN, passes=Passes.of([0], [0], [1.0]))
    assert depth.moment_m[0, 2, 0, 0] == pytest.approx(0.02)
    assert depth.moment_m[0, 3, 0, 0] == pytest.approx(float(cleared_m(0.02, PLAIN)) + 0.01)


def test_part_of_the_width_takes_part_of_the_snow(road_of: MakeRoad) -> None:
    """A pass of efficiency 0.45 covers half of what the usual one does."""
    load = accumulate(_weather(), road_of(4), PLAIN)
    passes = Passes.of([0, 1], [0, 0], [0.0, 0.0], [0.45, np.nan])
    depth = depth_after_passes(load, PLAIN, passes=passes, initial_m=0.1075)
    assert depth.moment_m[0, -1, :2, 0] == pytest.approx([0.0625, 0.0175])


def test_settling_and_thaw(road_of: MakeRoad) -> None:
    """4 h of 5 % an hour leave 81.5 %; thaw of 2 °C at 1 mm/h/°C bares 8 mm and no more."""
    settling = load_parameters({"settling_share_h": 0.05, "melt_m_h_degree": 0})
    load = accumulate(_weather(), road_of(4), settling)
    depth = depth_after_passes(load, settling, initial_m=0.1)
    assert depth.moment_m[0, -1, 0, 0] == pytest.approx(0.1 * 0.95**4)
    thaw = load_parameters({"settling_share_h": 0, "melt_m_h_degree": 0.001})
    load = accumulate(_weather(temperature_c=2.0), road_of(4), thaw)
    depth = depth_after_passes(load, thaw, initial_m=[[[0.1, 0.003]] * 4])
    assert depth.moment_m[0, -1, 0] == pytest.approx([0.092, 0.0])
    assert depth.mean_m[0, :3, 0, 1] == pytest.approx([0.0025, 0.0015, 0.0005])
    assert depth.mean_m[0, 3:, 0, 1] == pytest.approx(np.zeros(5), abs=1e-12)


@st.composite
def _cases(draw: st.DrawFn) -> tuple[SlotWeather, Passes, Passes]:
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    shape = (3, 8, 4)
    weather = _weather(
        members=3,
        snowfall_kg_m2_h=rng.uniform(0, 4, shape) * (rng.random(shape) < 0.6),
        wind_m_s=rng.uniform(0, 22, shape),
        across=rng.uniform(-1, 1, shape),
        temperature_c=rng.uniform(-25, 6, shape),
        loose_kg_m2=rng.uniform(0, 10, (3, 4)),
    )
    count = draw(st.integers(0, 20))
    all_passes = Passes.of(
        rng.integers(0, 4, count),
        rng.integers(0, 2, count),
        rng.choice([0.0, 0.5, 1.0, 2.25, 3.999], count)
        if rng.random() < 0.3
        else rng.uniform(0, 4, count),
        rng.uniform(0, 1, count),
    )
    kept = rng.random(count) < 0.5
    some = Passes.of(
        all_passes.segment[kept],
        all_passes.carriageway[kept],
        all_passes.arrival_h[kept],
        all_passes.efficiency[kept],
    )
    return weather, some, all_passes


@given(case=_cases())
@settings(max_examples=60, deadline=None)
def test_more_passes_never_mean_more_snow(
    road_of: MakeRoad, case: tuple[SlotWeather, Passes, Passes]
) -> None:
    """At no moment, in no slot, for no member."""
    weather, some, more = case
    p = load_parameters()
    load = accumulate(weather, road_of(4), p)
    few, many = (
        depth_after_passes(load, p, passes=passes, initial_m=0.05) for passes in (some, more)
    )
    assert (many.moment_m <= few.moment_m + 1e-12).all()
    assert (many.mean_m <= few.mean_m + 1e-12).all()
    assert (many.moment_m >= 0).all()


@given(case=_cases(), more=st.floats(0, 3))
@settings(max_examples=40, deadline=None)
def test_more_snowfall_never_means_less_snow(
    road_of: MakeRoad, case: tuple[SlotWeather, Passes, Passes], more: float
) -> None:
    """Under the same passes; snowfall also feeds the drift."""
    weather, passes, _ = case
    p = load_parameters()
    heavier = SlotWeather(
        **{**vars(weather), "snowfall_kg_m2_h": weather.snowfall_kg_m2_h * (1 + more)}
    )
    less, most = (
        depth_after_passes(accumulate(w, road_of(4), p), p, passes=passes)
        for w in (weather, heavier)
    )
    assert (most.moment_m >= less.moment_m - 1e-12).all()


def _load(road: Road, seed: int = 3) -> SnowLoad:
    rng = np.random.default_rng(seed)
    shape = (3, 12, 4)
    weather = _weather(
        slots=12,
        members=3,
        snowfall_kg_m2_h=rng.uniform(0, 3, shape),
        wind_m_s=rng.uniform(0, 20, shape),
        temperature_c=rng.uniform(-15, 3, shape),
    )
    return accumulate(weather, road, load_parameters())


def test_the_table_of_passes_agrees_with_the_run(road_of: MakeRoad, parameters: Parameters) -> None:
    """With the depth that the pass finds, every pair of passes is what the run gives."""
    load = _load(road_of(4))
    bare = depth_after_passes(load, parameters, initial_m=0.03)
    table = depth_between_passes(
        load,
        2,
        BACKWARD,
        parameters,
        initial_m=0.03,
        before_m=bare.moment_m[:, :, 2, BACKWARD, None],
    )
    assert table.shape == (3, 13, 13)
    assert table[:, 0] == pytest.approx(bare.moment_m[:, :, 2, BACKWARD])
    for t1 in range(1, 12):
        run = depth_after_passes(
            load, parameters, passes=Passes.of([2], [BACKWARD], [t1 / 2]), initial_m=0.03
        )
        assert table[:, t1, t1 + 1 :] == pytest.approx(run.moment_m[:, t1 + 1 :, 2, BACKWARD])
        means = (table[:, t1, t1:-1] + table[:, t1, t1 + 1 :]) / 2
        assert means == pytest.approx(run.mean_m[:, t1:, 2, BACKWARD], abs=1e-5)


def test_the_pass_before_the_last_matters_little(road_of: MakeRoad, parameters: Parameters) -> None:
    """Against a beat of two hours the table errs by a tenth of the difference in what is found."""
    load = _load(road_of(4))
    table = depth_between_passes(load, 1, FORWARD, parameters)
    beat = [2.0, 4.0]
    run = depth_after_passes(load, parameters, passes=Passes.of([1, 1], [0, 0], beat))
    found = run.moment_m[:, 8, 1, 0]
    single = depth_after_passes(load, parameters, passes=Passes.of([1], [0], [4.0]))
    gap = np.abs(table[:, 8, 9:] - run.moment_m[:, 9:, 1, 0]).max(axis=1)
    assert (gap <= 0.1 * (single.moment_m[:, 8, 1, 0] - found) + 1e-9).all()


def test_the_usual_wait_counts_from_the_beginning_at_most(
    road_of: MakeRoad, parameters: Parameters
) -> None:
    """Early passes find what has gathered since the start, with the initial depth."""
    load = _load(road_of(4))
    bare = depth_after_passes(load, parameters, initial_m=0.2).moment_m[:, :, 0, 0]
    table = depth_between_passes(load, 0, FORWARD, parameters, initial_m=0.2)
    assert table[:, 8, 8] == pytest.approx(cleared_m(bare[:, 8], parameters))
    assert (table[:, 9, 9] < cleared_m(bare[:, 9], parameters)).all()


def test_tables_of_many_segments_at_once(road_of: MakeRoad, parameters: Parameters) -> None:
    """A slice gives what single segments give; below the diagonal there is nothing."""
    load = _load(road_of(4))
    many = depth_between_passes(load, slice(1, 3), FORWARD, parameters)
    for k, segment in enumerate((1, 2)):
        one = depth_between_passes(load, segment, FORWARD, parameters)
        assert many[..., k] == pytest.approx(one, nan_ok=True)
    assert np.isnan(many[:, 5, :5]).all()
    assert np.isfinite(many[:, 5, 5:]).all()


def test_wrong_passes_are_refused(road_of: MakeRoad, parameters: Parameters) -> None:
    """Places that are not there, arrivals that are no numbers, shares beyond 1."""
    load = _load(road_of(4))
    with pytest.raises(RoadplanError, match="not there"):
        depth_after_passes(load, parameters, passes=Passes.of([4], [0], [1.0]))
    with pytest.raises(RoadplanError, match="not there"):
        depth_after_passes(load, parameters, passes=Passes.of([0], [2], [1.0]))
    with pytest.raises(RoadplanError, match="arrival"):
        Passes.of([0], [0], [np.nan])
    with pytest.raises(RoadplanError, match="efficiency"):
        Passes.of([0], [0], [1.0], [1.5])
    with pytest.raises(RoadplanError, match="each"):
        Passes.of([0, 1], [0], [1.0])
    with pytest.raises(RoadplanError, match="not below zero"):
        depth_after_passes(load, parameters, initial_m=-0.1)


def test_passes_outside_the_time_change_nothing(road_of: MakeRoad, parameters: Parameters) -> None:
    """Before the first slot and from the end of the last."""
    load = _load(road_of(4))
    passes = Passes.of([0, 0], [0, 0], [-1.0, 6.0])
    bare, run = (
        depth_after_passes(load, parameters),
        depth_after_passes(load, parameters, passes=passes),
    )
    assert (run.moment_m == bare.moment_m).all()


def test_weather_of_another_road_is_refused(road_of: MakeRoad, parameters: Parameters) -> None:
    """The numbers of segments must agree."""
    with pytest.raises(RoadplanError, match="other segments"):
        accumulate(_weather(), road_of(3), parameters)
