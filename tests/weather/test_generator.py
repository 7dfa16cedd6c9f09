"""Synthetic storms."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import numpy as np
import pytest

from roadplan.errors import RoadplanError
from roadplan.weather import (
    KINDS,
    Parameters,
    Road,
    Slots,
    Storm,
    accumulate,
    depth_after_passes,
    load_parameters,
    slot_weather,
    synthetic_storm,
    to_road,
)
from roadplan.weather.drift import threshold_m_s

LON = np.linspace(73.1, 76.5, 24)
LAT = np.linspace(49.8, 43.5, 24)


@pytest.fixture(scope="module")
def storms() -> dict[str, Storm]:
    """Give one storm of each kind."""
    return {kind: synthetic_storm(kind, lon=LON, lat=LAT, seed=2, members=30) for kind in KINDS}


def test_the_same_seed_gives_the_same_storm() -> None:
    """To the last digit, and another seed another one."""
    a, b, c = (
        synthetic_storm("buran", lon=LON, lat=LAT, seed=seed, members=2) for seed in (7, 7, 8)
    )
    assert a.data.identical(b.data)
    assert not a.data.equals(c.data)


def test_more_members_leave_the_first_ones_as_they_are() -> None:
    """Each member has a stream of its own."""
    few, many = (synthetic_storm("snow-band", lon=LON, lat=LAT, seed=7, members=m) for m in (2, 4))
    assert many.at_members([0, 1]).data.equals(few.data)


def test_known_values() -> None:
    """Pinned, with room for the last digit of another machine's arithmetic."""
    storm = synthetic_storm("snow-band", lon=LON, lat=LAT, seed=11, members=2)
    assert float(storm.values("snowfall").sum()) == pytest.approx(396.39, rel=1e-3)
    assert float(storm.values("wind_speed").mean()) == pytest.approx(8.2307, rel=1e-3)


def test_all_are_marked_synthetic_and_plausible(storms: dict[str, Storm]) -> None:
    """Hourly, 24 to 48 h, without holes, estimated."""
    for kind, storm in storms.items():
        assert storm.synthetic
        assert storm.origin.standing == "estimated"
        assert KINDS[kind].hours == storm.hours
        assert 24 <= storm.hours <= 48
        assert not any(storm.missing_share().values())
        assert (storm.values("wind_gust") >= storm.values("wind_speed")).all()


def test_each_kind_is_what_its_name_says(storms: dict[str, Storm]) -> None:
    """Medians over members of what matters for each."""

    def middle(kind: str, variable: str, how: Callable[..., np.ndarray]) -> float:
        return float(np.median(how(storms[kind].values(variable), axis=(1, 2))))

    def total(kind: str) -> float:
        return float(np.median(storms[kind].values("snowfall").sum(axis=1)))

    assert (storms["ground-blizzard"].values("snowfall") == 0).all()
    assert (storms["mild-night"].values("snowfall") == 0).all()
    assert middle("ground-blizzard", "wind_speed", np.max) > 13
    assert middle("mild-night", "wind_speed", np.max) < 6
    assert 5 < total("snow-band") < 20
    assert 12 < total("wet-snow") < 40
    assert -4 < middle("wet-snow", "temperature", np.mean) < 1
    assert middle("cold-outbreak", "temperature", np.min) < -28
    assert middle("buran", "wind_gust", np.max) > 22
    assert middle("buran", "visibility", np.min) < 100
    assert middle("mild-night", "visibility", np.min) > 5000


def test_sight_is_short_where_snow_is_in_the_air(storms: dict[str, Storm]) -> None:
    """In a ground blizzard sight falls only where the wind is above the threshold."""
    storm = storms["ground-blizzard"]
    blows = storm.values("wind_speed") >= threshold_m_s(
        storm.values("temperature"), load_parameters()
    )
    sight = storm.values("visibility")
    assert np.median(sight[blows]) < 500
    assert sight[~blows].min() > 5000


def test_spread_grows_with_lead_time(storms: dict[str, Storm]) -> None:
    """Members part over the day in temperature, wherever one looks."""
    spread = storms["mild-night"].values("temperature").std(axis=0).mean(axis=1)
    assert spread[-1] > 1.8 * spread[0]
    assert spread[0] > 0.1


def test_members_differ_in_when_and_how_much(storms: dict[str, Storm]) -> None:
    """The hour of the strongest snow and its sum scatter between members."""
    snow = storms["snow-band"].values("snowfall").mean(axis=2)
    assert np.ptp(snow.argmax(axis=1)) >= 4
    assert snow.sum(axis=1).max() > 1.5 * snow.sum(axis=1).min()


def test_weather_is_smooth_in_space_and_time(storms: dict[str, Storm]) -> None:
    """Errors of neighbours in space and time are alike, those far apart are not."""
    wind = storms["mild-night"].values("wind_speed")
    error = wind - wind.mean(axis=0)
    near = np.corrcoef(error[:, :, 10].ravel(), error[:, :, 11].ravel())[0, 1]
    far = np.corrcoef(error[:, :, 0].ravel(), error[:, :, -1].ravel())[0, 1]
    later = np.corrcoef(error[:, :-1].ravel(), error[:, 1:].ravel())[0, 1]
    assert near > 0.85
    assert later > 0.9
    assert far < near - 0.2


def test_a_band_hits_one_end_of_the_road_before_the_other(storms: dict[str, Storm]) -> None:
    """It travels: the hour of the strongest snow changes along the road."""
    hour = storms["snow-band"].values("snowfall").mean(axis=0).argmax(axis=0)
    assert np.ptp(hour) >= 5


@pytest.mark.parametrize("scale", [0.02, 1.0, 5.0])
def test_storms_are_made_for_any_road(scale: float) -> None:
    """A short road, a long one, a single point: nothing names a highway."""
    storm = synthetic_storm(
        "buran", lon=-100 + scale * (LON - 73), lat=50 + 0.5 * scale * (LAT - 46), seed=1, members=2
    )
    assert storm.values("snowfall").max() > 0.5
    assert synthetic_storm("buran", lon=[20.0], lat=[60.0], seed=1, members=1).shape == (1, 49, 1)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"kind": "hail"}, "no kind of storm"),
        ({"seed": -1}, "seed"),
        ({"members": 0}, "members"),
        ({"hours": 500}, "hours"),
        ({"start": dt.datetime(2026, 1, 1)}, "time zone"),  # noqa: DTZ001 - wrong on purpose
    ],
)
def test_impossible_wishes_are_refused(wrong: dict[str, object], told: str) -> None:
    """Each with what would be right."""
    usual: dict[str, object] = {"kind": "buran", "lon": LON, "lat": LAT, "seed": 1, "members": 1}
    with pytest.raises(RoadplanError, match=told):
        synthetic_storm(**{**usual, **wrong})  # type: ignore[arg-type] # wrong on purpose


def test_a_ground_blizzard_buries_exposed_road_only(
    road_of: Callable[..., Road], storms: dict[str, Storm], parameters: Parameters
) -> None:
    """Without snowfall an embankment stays nearly bare where a cutting fills."""
    road = road_of(
        24,
        lon=LON,
        lat=LAT,
        bearing_deg=np.full(24, 160.0),
        catch=np.tile([0.02, 0.4], 12),
        carriageways=np.ones(24, dtype=int),
    )
    storm = to_road(storms["ground-blizzard"], road, parameters)
    slots = Slots(storm.times[0], 60)
    load = accumulate(slot_weather(storm, road, slots, parameters), road, parameters)
    deep = np.median(depth_after_passes(load, parameters).moment_m[:, -1, :, 0], axis=0)
    assert deep[::2].max() < 0.05
    assert deep[1::2].max() > 0.15
