"""Filling what may be filled."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from roadplan.errors import RoadplanError
from roadplan.weather import Parameters, Storm, complete

Make = Callable[..., Storm]
HOUR = np.timedelta64(1, "h")
T0 = np.datetime64("2026-01-15T12:00:00")


def test_a_short_gap_is_bridged_and_noted(storm_of: Make, parameters: Parameters) -> None:
    """Wind goes straight from 10 to 16 over two missing hours; snowfall takes the mean."""
    wind, snow = np.full((2, 7, 2), 10.0), np.full((2, 7, 2), 1.0)
    wind[:, 4:], snow[:, 4:] = 16.0, 2.0
    wind[:, 2:4], snow[:, 2:4] = np.nan, np.nan
    whole = complete(storm_of(wind_speed=wind, snowfall=snow), parameters)
    assert whole.values("wind_speed")[0, :, 0] == pytest.approx([10, 10, 12, 14, 16, 16, 16])
    assert whole.values("snowfall")[0, 2:4, 0] == pytest.approx([1.5, 1.5])
    assert whole.origin.notes[0].text("ru") == "Восполнены пропуски величины «снегопад»: 8"


def test_missing_times_are_gaps_too(storm_of: Make, parameters: Parameters) -> None:
    """Hours that are not in the file are put in and bridged."""
    times = T0 + np.array([0, 1, 2, 5, 6, 7, 8]) * HOUR
    whole = complete(storm_of(times=times), parameters)
    assert whole.shape[1] == 9


def test_a_long_gap_costs_the_member(storm_of: Make, parameters: Parameters) -> None:
    """Four hours are not invented; the other member stays."""
    wind = np.full((2, 9, 2), 10.0)
    wind[1, 2:6, 0] = np.nan
    whole = complete(storm_of(hours=8, wind_speed=wind), parameters)
    assert whole.members == ("00",)
    assert whole.origin.notes[-1].text() == "Incomplete members were left out: 01"


def test_what_is_missing_outside_the_time_needed_does_not_matter(
    storm_of: Make, parameters: Parameters
) -> None:
    """Models end at different hours."""
    wind = np.full((2, 9, 2), 10.0)
    wind[:, 6:] = np.nan
    storm = storm_of(hours=8, wind_speed=wind)
    assert complete(storm, parameters, start=T0, end=T0 + 5 * HOUR).shape == (2, 6, 2)
    with pytest.raises(RoadplanError, match="wind_speed is missing in 33 %"):
        complete(storm, parameters)


def test_snowfall_before_the_first_time_is_not_needed(
    storm_of: Make, parameters: Parameters
) -> None:
    """Grids have none at their first time; neither end of the window may cost a member."""
    snow = np.full((2, 7, 2), 0.5)
    snow[:, 0] = np.nan
    assert complete(storm_of(snowfall=snow), parameters).shape[0] == 2
    snow[:, :3] = np.nan
    assert complete(storm_of(snowfall=snow), parameters, start=T0 + 2 * HOUR).shape[0] == 2


def test_a_forecast_that_is_too_short_is_refused(storm_of: Make, parameters: Parameters) -> None:
    """The message tells what it covers and what is needed."""
    with pytest.raises(RoadplanError, match="covers 2026-01-15T12:00Z to 2026-01-15T18:00Z"):
        complete(storm_of(), parameters, start=T0, end=T0 + 7 * HOUR)


def test_gusts_follow_from_the_wind(storm_of: Make, parameters: Parameters) -> None:
    """1.4 times where none is given, and never below the wind."""
    whole = complete(storm_of(wind_gust=None), parameters)
    assert whole.values("wind_gust") == pytest.approx(np.full((2, 7, 2), 16.8))
    assert (complete(storm_of(wind_gust=5.0), parameters).values("wind_gust") == 12).all()


def test_a_place_without_forecast_is_named(storm_of: Make, parameters: Parameters) -> None:
    """As well as a variable that is not there at all."""
    wind = np.full((2, 7, 2), 10.0)
    wind[:, :, 1] = np.nan
    with pytest.raises(RoadplanError, match=r"wind_speed is missing at 1 places.*\(1\)"):
        complete(storm_of(wind_speed=wind), parameters)
    with pytest.raises(RoadplanError, match="no temperature at all"):
        complete(storm_of(temperature=None), parameters)


def test_times_off_the_grid_are_refused(storm_of: Make, parameters: Parameters) -> None:
    """Half an hour among hours fits no step."""
    times = T0 + np.array([0, 60, 120, 180, 240, 330, 360]) * np.timedelta64(1, "m")
    with pytest.raises(RoadplanError, match="whole number"):
        complete(storm_of(times=times), parameters)


def test_the_storm_given_is_not_changed(storm_of: Make, parameters: Parameters) -> None:
    """Missing values stay missing in it."""
    wind = np.full((2, 7, 2), 10.0)
    wind[0, 3, 0] = np.nan
    storm = storm_of(wind_speed=wind)
    complete(storm, parameters)
    assert np.isnan(storm.values("wind_speed")[0, 3, 0])
    assert storm.origin.notes == ()


def test_a_forecast_without_snowfall_is_told_so(
    storm_of: Callable[..., Storm], parameters: Parameters
) -> None:
    """Not as a share that leaves out the first time, whose snowfall nobody uses."""
    with pytest.raises(RoadplanError, match="there is no snowfall at all, no column"):
        complete(storm_of(snowfall=None), parameters)


def test_only_what_is_filled_in_the_time_that_is_needed_is_told(
    storm_of: Callable[..., Storm], parameters: Parameters
) -> None:
    """A hole before the plan begins is none of its business."""
    wind = np.full((2, 7, 2), 12.0)
    wind[:, 1] = np.nan
    storm = storm_of(wind_speed=wind)
    assert [note.code for note in complete(storm, parameters).origin.notes] == ["filled"]
    later = complete(storm, parameters, start=storm.times[3])
    assert later.origin.notes == ()
