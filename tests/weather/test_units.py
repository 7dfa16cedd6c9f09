"""Units of weather."""

from __future__ import annotations

import numpy as np
import pytest

from roadplan.errors import RoadplanError
from roadplan.weather.units import CANONICAL, convert, known_units, spelled


@pytest.mark.parametrize(
    ("value", "unit", "variable", "expected"),
    [
        (54.0, "km/h", "wind_speed", 15.0),
        (54.0, "Km/H", "wind_gust", 15.0),
        (33.5540, "mp/h", "wind_speed", 15.0),
        (29.1577, "kn", "wind_speed", 15.0),
        (15.0, "m s-1", "wind_speed", 15.0),
        (15.0, "m s**-1", "wind_speed", 15.0),
        (54.0, "км/ч", "wind_speed", 15.0),
        (14.0, "°F", "temperature", -10.0),
        (263.15, "K", "temperature", -10.0),
        (0.25, "mile", "visibility", 402.336),
        (1000.0, "ft", "visibility", 304.8),
        (2.0, "cm/h", "snowfall", 2.0),
        (1.0, "inch/h", "snowfall", 2.54),
        (2.0 / 3600, "kg m-2 s-1", "snowfall", 2.0),
        (2.0 / 3.6e6, "m s-1", "snowfall", 2.0),
        (np.pi, "radians", "wind_direction", 180.0),
    ],
)
def test_values_are_converted(value: float, unit: str, variable: str, expected: float) -> None:
    """Common units in common spellings become the unit in which a variable is kept."""
    assert float(convert(value, unit, variable)) == pytest.approx(expected, rel=1e-5)


def test_kmh_taken_for_metres_a_second_would_be_wrong_by_130() -> None:
    """The reason for all this: the transport of snow goes with the wind to the power of 3.8."""
    assert (54.0 / float(convert(54.0, "km/h", "wind_speed"))) ** 3.8 == pytest.approx(130, abs=1)


@pytest.mark.parametrize("variable", CANONICAL)
def test_the_canonical_unit_changes_nothing(variable: str) -> None:
    """Every variable is known in its own unit."""
    assert float(convert(3.25, CANONICAL[variable], variable)) == 3.25
    assert spelled(CANONICAL[variable]) in known_units(variable)


@pytest.mark.parametrize("unit", ["", "  ", "furlong", "cm"])
def test_a_missing_or_foreign_unit_is_refused(unit: str) -> None:
    """No unit is ever assumed, and the message lists those that would do."""
    with pytest.raises(RoadplanError, match="m/s, km/h"):
        convert(1.0, unit, "wind_speed")


def test_missing_values_stay_missing() -> None:
    """NaN goes through every conversion."""
    assert np.isnan(convert([np.nan], "°F", "temperature")).all()


def test_snow_depth_needs_its_density() -> None:
    """A centimetre of lighter snow is less water."""
    assert float(convert(1.0, "cm/h", "snowfall", snow_density_kg_m3=70.0)) == pytest.approx(0.7)
