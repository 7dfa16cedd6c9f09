"""What must be known of a forecast before it is used."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import numpy as np
import pytest

from roadplan.errors import RoadplanError
from roadplan.i18n import LANGUAGES
from roadplan.weather import Flag, Origin, Storm
from roadplan.weather.flag import TEXTS

Make = Callable[..., Storm]
T0 = dt.datetime(2026, 1, 15, 12, tzinfo=dt.UTC)


def _hours(count: float) -> dt.timedelta:
    return dt.timedelta(hours=count)


def _codes(storm: Storm, *, age: float = 1, start: float = 0, end: float = 6) -> list[str]:
    return [
        flag.code for flag in storm.flags(T0 + _hours(age), T0 + _hours(start), T0 + _hours(end))
    ]


def test_a_good_forecast_has_no_flags(storm_of: Make) -> None:
    """Fresh, long enough and complete."""
    assert _codes(storm_of()) == []


def test_a_reply_of_last_week_is_too_old(storm_of: Make) -> None:
    """The flag tells the age and the limit."""
    flag = storm_of().flags(T0 + _hours(168), T0, T0 + _hours(6))[0]
    assert (flag.code, flag.severity) == ("too_old", "warning")
    assert flag.text() == "The forecast is 168 h old; beyond 24 h it is out of date"


def test_an_issue_time_ahead_of_the_clock_is_flagged(storm_of: Make) -> None:
    """A wrong clock or time zone shows itself."""
    assert "issued_later" in _codes(storm_of(), age=-5)


def test_an_unknown_issue_time_is_taken_for_the_earliest(storm_of: Make) -> None:
    """Old by that measure is old; younger may be old."""
    unsure = storm_of(origin=Origin(source="x", issued=T0, issued_stated=False))
    assert "maybe_old" in _codes(unsure, age=10)
    assert "too_old" in _codes(unsure, age=30)


def test_too_short_and_too_late(storm_of: Make) -> None:
    """What is needed before the first and after the last value is told in hours."""
    found = storm_of().flags(T0, T0 - _hours(2), T0 + _hours(9.5))
    assert {flag.code: dict(flag.values) for flag in found} == {
        "starts_late": {"late_h": "2"},
        "too_short": {"short_h": "3.5"},
    }


def test_values_that_end_early_shorten_the_forecast(storm_of: Make) -> None:
    """Times without any value do not count as forecast."""
    holes = np.full((2, 7, 2), 1.0)
    holes[:, 5:] = np.nan
    storm = storm_of(snowfall=holes, wind_speed=12 * holes)
    assert "too_short" in _codes(storm)


def test_gaps_between_times_are_told(storm_of: Make) -> None:
    """Two hours left out after 14:00."""
    times = np.datetime64("2026-01-15T12:00:00") + np.array([0, 1, 2, 5, 6, 7, 8]) * np.timedelta64(
        1, "h"
    )
    flag = storm_of(times=times).flags(T0, T0, T0 + _hours(6))[0]
    assert dict(flag.values) == {"missing_h": "2", "time": "2026-01-15T14:00Z"}


def test_missing_members_are_listed(storm_of: Make) -> None:
    """A hole in the numbering and a member without values are both missing."""
    wind = np.full((4, 7, 2), 12.0)
    wind[3] = np.nan
    storm = storm_of(
        members=4, labels=["00", "01", "03", "04"], wind_speed=wind, snowfall=wind / 12
    )
    flag = next(f for f in storm.flags(T0, T0, T0 + _hours(6)) if f.code == "missing_members")
    assert flag.values["members"] == "04, 02"


def test_a_chosen_half_of_the_members_is_no_gap(storm_of: Make) -> None:
    """Every second member of many was left out on purpose."""
    storm = storm_of(members=20).at_members(range(0, 20, 4))
    assert "missing_members" not in _codes(storm)


def test_missing_values_and_variables_show(storm_of: Make) -> None:
    """Shares in per cent; sight that is missing is only a note, since it can be derived."""
    temperature = np.full((2, 7, 2), -5.0)
    temperature[0, 0, 0] = np.nan
    found = storm_of(temperature=temperature, visibility=None).flags(T0, T0, T0 + _hours(6))
    assert [(f.code, f.severity) for f in found] == [
        ("missing_values", "warning"),
        ("missing_variable", "note"),
    ]
    assert found[0].values["percent"] == "3.6"


def test_a_place_without_forecast_shows(storm_of: Make) -> None:
    """One of two places never has a value."""
    wind = np.full((2, 7, 2), 12.0)
    wind[:, :, 1] = np.nan
    storm = storm_of(wind_speed=wind, snowfall=wind / 12)
    assert "places_without" in _codes(storm)


def test_estimates_and_inventions_are_marked(storm_of: Make) -> None:
    """A rule and a seed never pass for a model's forecast, however old they are."""
    rule = storm_of(origin=Origin(source="x", issued=T0, standing="estimated"))
    made = storm_of(origin=Origin(source="x", issued=T0, standing="estimated", synthetic=True))
    assert "estimated" in _codes(rule)
    assert _codes(made, age=5000) == ["synthetic"]


def test_a_single_forecast_is_told(storm_of: Make) -> None:
    """One member says nothing of how sure it is."""
    assert "few_members" in _codes(storm_of(members=1))


def test_the_time_needed_must_run_forward(storm_of: Make) -> None:
    """And every moment needs its time zone."""
    with pytest.raises(RoadplanError, match="must end after"):
        storm_of().flags(T0, T0, T0)
    with pytest.raises(RoadplanError, match="no time zone"):
        storm_of().flags(T0.replace(tzinfo=None), T0, T0 + _hours(1))


@pytest.mark.parametrize("code", TEXTS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_flag_speaks_every_language(code: str, language: str) -> None:
    """Sentences are translated and take their values."""
    names = ["age_h", "limit_h", "ahead_h", "short_h", "late_h", "missing_h", "time", "members"]
    names += ["count", "total", "percent", "ratio", "station", "variable"]
    values = dict.fromkeys(names, "17") | {"variable": "wind_speed"}
    text = Flag(code, values).text(language)
    assert "{" not in text
    assert "wind_speed" not in text
    assert (text == Flag(code, values).text("en")) == (language == "en")
