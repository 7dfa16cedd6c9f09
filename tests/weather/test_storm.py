"""The labelled ensemble."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import numpy as np
import pytest

from roadplan.errors import FaultsError, RoadplanError
from roadplan.weather import Flag, Origin, Storm
from roadplan.weather.storm import make_dataset, utc_times

Make = Callable[..., Storm]
ISSUED = dt.datetime(2026, 1, 15, 12, tzinfo=dt.UTC)


def test_units_are_kept_on_every_variable(storm_of: Make) -> None:
    """Whatever came in, the array says what it holds."""
    storm = storm_of(wind_speed=54.0, units={"wind_speed": "km/h"})
    assert storm.data["wind_speed"].attrs["units"] == "m/s"
    assert (storm.values("wind_speed") == 15.0).all()
    assert storm.shape == (2, 7, 2)
    assert storm.hours == 6
    assert storm.step_h == 1


def test_a_variable_without_a_unit_is_refused(storm_of: Make) -> None:
    """Units are never assumed."""
    with pytest.raises(RoadplanError, match="wind_speed has no unit"):
        storm_of(units={"wind_speed": ""})


def test_what_is_missing_stays_missing(storm_of: Make) -> None:
    """Neither a hole nor a variable that is not there turns into a number."""
    wind = np.full((2, 7, 2), 12.0)
    wind[0, 3, 1] = np.nan
    wind[1, 3, 1] = np.inf
    storm = storm_of(wind_speed=wind, visibility=None)
    assert np.isnan(storm.values("wind_speed")[:, 3, 1]).all()
    assert storm.missing_share()["wind_speed"] == pytest.approx(2 / 28)
    assert storm.missing_share()["visibility"] == 1


def test_negative_snow_is_refused_with_its_place(storm_of: Make) -> None:
    """The first offending value is named by member, time and point."""
    snow = np.full((2, 7, 2), 0.5)
    snow[1, 3, 0] = -0.4
    with pytest.raises(FaultsError, match=r"member 01, time 2026-01-15T15:00, point 0.*-0\.4"):
        storm_of(snowfall=snow)


def test_implausible_values_may_be_taken_as_missing(storm_of: Make) -> None:
    """Then the storm notes how many they were."""
    snow = np.full((2, 7, 2), 0.5)
    snow[1, 3, 0] = -0.4
    storm = storm_of(snowfall=snow, implausible="missing")
    assert np.isnan(storm.values("snowfall")[1, 3, 0])
    assert storm.origin.notes == (Flag("implausible", {"variable": "snowfall", "count": "1"}),)


def test_rounding_below_zero_is_zero(storm_of: Make) -> None:
    """Packing leaves tiny negative sums; they mean nothing."""
    assert (storm_of(snowfall=-0.01).values("snowfall") == 0).all()


@pytest.mark.parametrize(
    "wrong",
    [
        {"wind_speed": 90.0},
        {"wind_gust": 130.0},
        {"temperature": 268.0},
        {"visibility": -100.0},
        {"wind_direction": 700.0},
        {"snowfall": 80.0},
    ],
)
def test_values_that_cannot_be_are_refused(storm_of: Make, wrong: dict[str, float]) -> None:
    """The second net under the units: km/h as m/s, kelvin as degrees."""
    with pytest.raises(FaultsError, match=next(iter(wrong))):
        storm_of(**wrong)


def test_a_gale_everywhere_all_the_time_must_be_kmh(storm_of: Make) -> None:
    """A wind of 40 'm/s' in half of all values is refused even where single values may pass."""
    with pytest.raises(FaultsError, match="km/h"):
        storm_of(wind_speed=40.0, wind_gust=50.0, implausible="missing")


def test_directions_are_brought_to_one_turn(storm_of: Make) -> None:
    """-90° and 360° are 270° and 0°."""
    assert (storm_of(wind_direction=-90.0).values("wind_direction") == 270).all()
    assert (storm_of(wind_direction=360.0).values("wind_direction") == 0).all()


def test_times_must_rise_and_labels_differ(storm_of: Make) -> None:
    """A time twice or a member twice is an error, not a choice."""
    hour = np.timedelta64(1, "h")
    twice = np.datetime64("2026-01-15T12:00:00") + np.array([0, 1, 1, 2, 3, 4, 5]) * hour
    with pytest.raises(RoadplanError, match="must rise"):
        storm_of(times=twice)
    with pytest.raises(RoadplanError, match="same label"):
        storm_of(labels=["a", "a"])


def test_places_need_coordinates_on_the_globe(storm_of: Make) -> None:
    """A latitude of 740 is a mistake."""
    with pytest.raises(RoadplanError, match="outside the globe"):
        storm_of(lat=(47.0, 740.0))
    with pytest.raises(RoadplanError, match="needs lon"):
        storm_of(lon=(74.0, np.nan))


def test_dimensions_are_named_in_the_error() -> None:
    """A dataset of another shape is told what it lacks."""
    data = make_dataset(
        {"snowfall": (np.zeros((1, 2, 1)), "mm/h")},
        members=["a"],
        times=np.array(["2026-01-15", "2026-01-16"], dtype="datetime64[s]"),
        lon=[74.0],
        lat=[47.0],
    ).rename(point="cell")
    with pytest.raises(RoadplanError, match="point or segment"):
        Storm.from_dataset(data, Origin(source="x", issued=ISSUED))


def test_an_issue_time_needs_a_time_zone() -> None:
    """A naive moment could be anywhere."""
    with pytest.raises(RoadplanError, match="time zone"):
        Origin(source="x", issued=dt.datetime(2026, 1, 15))  # noqa: DTZ001 - wrong on purpose
    with pytest.raises(RoadplanError, match="time zone"):
        utc_times([dt.datetime(2026, 1, 15)])  # noqa: DTZ001 - wrong on purpose


def test_moments_are_brought_to_utc() -> None:
    """18:00 in Almaty is 13:00 UTC."""
    local = dt.datetime(2026, 1, 15, 18, tzinfo=dt.timezone(dt.timedelta(hours=5)))
    assert utc_times([local])[0] == np.datetime64("2026-01-15T13:00:00")


def test_members_can_be_chosen(storm_of: Make) -> None:
    """Half of the members is a storm of its own."""
    storm = storm_of(members=4)
    assert storm.at_members([1, 3]).members == ("01", "03")
    with pytest.raises(RoadplanError, match="at least one member"):
        storm.at_members([])
