"""A storm in a few numbers an hour."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from roadplan.errors import RoadplanError
from roadplan.weather import Storm
from roadplan.weather.overview import overview


def test_sums_and_extremes_over_the_steps(storm_of: Callable[..., Storm]) -> None:
    """Three hours of 0.5 kg/m²/h are 1.5 mm; of wind the strongest place counts."""
    wind = np.broadcast_to([8.0, 14.0], (2, 7, 2))
    table = overview(storm_of(wind_speed=wind), every_h=3)
    assert table["snow_mm"].tolist() == [0.0, 1.5, 1.5]
    assert table["wind_m_s"].tolist() == [14.0, 14.0, 14.0]
    assert str(table["time"].iloc[1]) == "2026-01-15 15:00:00"


def test_the_range_over_the_members(storm_of: Callable[..., Storm]) -> None:
    """Eight of ten members lie between the low and the high figure."""
    cold = np.arange(11.0)[:, None, None] * -1
    table = overview(storm_of(members=11, temperature=cold))
    row = table.iloc[0]
    assert (row["temperature_c_low"], row["temperature_c"], row["temperature_c_high"]) == (
        -9,
        -5,
        -1,
    )


def test_what_is_missing_shows_as_missing(storm_of: Callable[..., Storm]) -> None:
    """No number stands in for a variable that is not there."""
    table = overview(storm_of(visibility=None, snowfall=None))
    assert table["visibility_m"].isna().all()
    assert table["snow_mm"].isna().all()


def test_steps_must_have_a_length(storm_of: Callable[..., Storm]) -> None:
    """Zero hours make no step."""
    with pytest.raises(RoadplanError, match="longer than zero"):
        overview(storm_of(), every_h=0)
