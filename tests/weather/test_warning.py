"""A warning entered by hand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from roadplan.corridor import Corridor
from roadplan.errors import RoadplanError
from roadplan.weather import Parameters, Road, WeatherWarning, to_road, warning_storm
from roadplan.weather.warning import warning_classes

T0 = dt.datetime(2026, 1, 15, 12, tzinfo=dt.UTC)
Make = Callable[..., Road]


def _warning(**changes: Any) -> WeatherWarning:
    usual: dict[str, Any] = {
        "route": "main",
        "from_m": 5000.0,
        "to_m": 15_000.0,
        "start": T0,
        "end": T0 + dt.timedelta(hours=12),
        "level": 3,
    }
    return WeatherWarning(**{**usual, **changes})


def _made(road: Road, parameters: Parameters, *warnings: WeatherWarning, **changes: Any) -> Any:
    return warning_storm(list(warnings), road, parameters, issued=T0, **changes)


@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_members_spread_over_the_range_of_the_class(
    road_of: Make, parameters: Parameters, level: int
) -> None:
    """Gusts and the snow of 12 hours reach across the class and stay within it."""
    storm = _made(road_of(4), parameters, _warning(level=level), members=40)
    row = warning_classes().loc[level]
    gust = storm.values("wind_gust")[:, :, 1].max(axis=1)
    assert gust.min() >= row["gust_from_m_s"]
    assert gust.max() <= row["gust_to_m_s"]
    assert np.ptp(gust) > 0.9 * (row["gust_to_m_s"] - row["gust_from_m_s"])
    snow = storm.values("snowfall")[:, :, 1].sum(axis=1)
    assert snow == pytest.approx(np.clip(snow, row["snow_from_mm"], row["snow_to_mm"]), rel=0.1)


def test_classes_are_those_of_the_weather_service() -> None:
    """Wind 12–14, 15–23, 24–29, from 30 m/s; snow 7–19 and from 20 mm in classes 3 and 4."""
    table = warning_classes()
    assert table["gust_from_m_s"].tolist() == [12, 15, 24, 30]
    assert table["gust_to_m_s"].tolist()[:3] == [14, 23, 29]
    assert table.loc[[3, 4], "snow_from_mm"].tolist() == [7, 20]


def test_elsewhere_nothing_is_warned_of(road_of: Make, parameters: Parameters) -> None:
    """Outside the kilometres and hours: no snow, light wind; and it is an estimate."""
    storm = _made(road_of(4), parameters, _warning())
    assert (storm.values("snowfall")[:, :, [0, 3]] == 0).all()
    assert (storm.values("wind_speed")[:, :, [0, 3]] < 5).all()
    assert (storm.values("snowfall")[:, 0] == 0).all()
    assert storm.origin.standing == "estimated"


def test_beginnings_scatter(road_of: Make, parameters: Parameters) -> None:
    """Members begin at different hours."""
    storm = _made(road_of(4), parameters, _warning())
    begins = (storm.values("snowfall")[:, :, 1] > 0).argmax(axis=1)
    assert len(set(begins.tolist())) > 2


def test_a_warning_of_wind_brings_no_snowfall_and_of_snow_no_gale(
    road_of: Make, parameters: Parameters
) -> None:
    """The hazard decides."""
    wind = _made(road_of(4), parameters, _warning(hazard="wind"))
    snow = _made(road_of(4), parameters, _warning(hazard="snow"))
    assert (wind.values("snowfall") == 0).all()
    assert snow.values("wind_gust").max() < 12


def test_where_warnings_meet_the_stronger_holds(road_of: Make, parameters: Parameters) -> None:
    """Adding a warning never weakens another."""
    one = _made(road_of(4), parameters, _warning())
    both = _made(road_of(4), parameters, _warning(), _warning(level=1, from_m=0.0, to_m=20_000.0))
    assert (both.values("wind_gust") >= one.values("wind_gust")).all()
    assert (both.values("snowfall")[:, :, 0] > 0).any()


def test_the_same_seed_gives_the_same_members(road_of: Make, parameters: Parameters) -> None:
    """And it covers the time that is asked for."""
    cover = (T0 - dt.timedelta(hours=24), T0 + dt.timedelta(hours=48))
    a, b = (_made(road_of(4), parameters, _warning(), seed=5, covering=cover) for _ in range(2))
    assert (a.values("wind_gust") == b.values("wind_gust")).all()
    assert a.hours >= 72


def test_it_lies_on_the_road_by_station(road_of: Make, parameters: Parameters) -> None:
    """Brought to the same segments it is unchanged."""
    road = road_of(4)
    storm = _made(road, parameters, _warning())
    there = to_road(storm, road, parameters)
    assert there.values("wind_gust") == pytest.approx(storm.values("wind_gust"))


def test_posts_may_come_in_either_order(road: Corridor) -> None:
    """From one post to the other is the same stretch both ways."""
    times = {"start": T0, "end": T0 + dt.timedelta(hours=6), "level": 2}
    a = WeatherWarning.between_posts(road, "m36:1610", "m36:1854", **times)  # type: ignore[arg-type] # mixed values
    b = WeatherWarning.between_posts(road, "m36:1854", "m36:1610", **times)  # type: ignore[arg-type] # mixed values
    assert a == b
    assert a.to_m - a.from_m == pytest.approx(244_000, rel=0.02)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"level": 5}, "1, 2, 3 or 4"),
        ({"end": T0}, "end after it begins"),
        ({"end": T0 + dt.timedelta(days=30)}, "ten days"),
        ({"to_m": 5000.0}, "stretch"),
        ({"hazard": "hail"}, "blizzard, snow, wind"),
        ({"temperature_c": 263.0}, "°C"),
        ({"start": T0.replace(tzinfo=None)}, "time zone"),
    ],
)
def test_impossible_warnings_are_refused(wrong: dict[str, Any], told: str) -> None:
    """Each with what would be right."""
    with pytest.raises(RoadplanError, match=told):
        _warning(**wrong)


def test_a_warning_off_the_road_is_refused(road_of: Make, parameters: Parameters) -> None:
    """Neither another route nor other kilometres, nor none at all."""
    for warnings in ([], [_warning(route="other")], [_warning(from_m=9e5, to_m=9.1e5)]):
        with pytest.raises(RoadplanError, match="no warning"):
            _made(road_of(4), parameters, *warnings)
    with pytest.raises(RoadplanError, match="1 to 1000"):
        _made(road_of(4), parameters, _warning(), members=0)
