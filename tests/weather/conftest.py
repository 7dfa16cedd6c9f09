"""What the tests of the weather share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from roadplan.weather import Parameters, Road, Storm, load_parameters
from roadplan.weather.storm import Origin, make_dataset

ISSUED = dt.datetime(2026, 1, 15, 12, tzinfo=dt.UTC)


@pytest.fixture(scope="session")
def parameters() -> Parameters:
    """Give the default parameters."""
    return load_parameters()


@pytest.fixture(scope="session")
def road_of() -> Callable[..., Road]:
    """Make a straight road to the north, dual and flush unless said otherwise."""

    def make(count: int = 4, **changes: Any) -> Road:
        values: dict[str, Any] = {
            "ids": tuple(f"s{k}" for k in range(count)),
            "parents": tuple(f"s{k}" for k in range(count)),
            "route": ("main",) * count,
            "from_m": np.arange(count) * 5000.0,
            "to_m": np.arange(1, count + 1) * 5000.0,
            "lon": np.full(count, 74.0),
            "lat": 47.0 + np.arange(count) * 0.045,
            "bearing_deg": np.zeros(count),
            "catch": np.full(count, 0.1),
            "fetch_m": np.full(count, 3000.0),
            "carriageways": np.full(count, 2),
            "lanes": np.full(count, 2),
        }
        return Road(**{**values, **changes})

    return make


@pytest.fixture(scope="session")
def storm_of() -> Callable[..., Storm]:
    """Make a storm whose values are the same everywhere unless arrays are given."""

    def make(
        *,
        members: int = 2,
        hours: int = 6,
        lon: Any = (74.0, 74.0),
        lat: Any = (47.0, 47.1),
        units: dict[str, str] | None = None,
        origin: Origin | None = None,
        implausible: str = "raise",
        labels: list[str] | None = None,
        times: Any = None,
        coords: dict[str, Any] | None = None,
        **values: Any,
    ) -> Storm:
        shape = (members, hours + 1, len(lon))
        told = {
            "snowfall": 0.5,
            "wind_speed": 12.0,
            "wind_gust": 17.0,
            "wind_direction": 90.0,
            "temperature": -10.0,
            "visibility": 2000.0,
        } | values
        usual = {
            "snowfall": "kg/m2/h",
            "wind_speed": "m/s",
            "wind_gust": "m/s",
            "wind_direction": "degree",
            "temperature": "degC",
            "visibility": "m",
            "loose_snow": "kg/m2",
        } | (units or {})
        arrays = {
            name: (
                np.broadcast_to(value, shape if name != "loose_snow" else (members, len(lon))),
                usual[name],
            )
            for name, value in told.items()
            if value is not None
        }
        first = np.datetime64("2026-01-15T12:00:00")
        data = make_dataset(
            arrays,
            members=labels or [f"{k:02d}" for k in range(members)],
            times=first + np.arange(hours + 1) * np.timedelta64(1, "h") if times is None else times,
            lon=lon,
            lat=lat,
            coords=coords,
        )
        told_by = origin or Origin(source="test", issued=ISSUED)
        return Storm.from_dataset(data, told_by, implausible=implausible)

    return make


@pytest.fixture
def reply() -> dict[str, Any]:
    """Return a reply of the ensemble service as it looks: km/h, local time, two members."""
    hours = 5
    return {
        "latitude": 47.0,
        "longitude": 74.0,
        "generationtime_ms": 1.2,
        "utc_offset_seconds": 18000,
        "timezone": "Asia/Almaty",
        "timezone_abbreviation": "GMT+5",
        "elevation": 400.0,
        "hourly_units": {
            "time": "iso8601",
            "snowfall": "cm",
            "snowfall_member01": "cm",
            "temperature_2m": "°C",
            "temperature_2m_member01": "°C",
            "wind_speed_10m": "km/h",
            "wind_speed_10m_member01": "km/h",
            "wind_gusts_10m": "km/h",
            "wind_gusts_10m_member01": "km/h",
            "wind_direction_10m": "°",
            "wind_direction_10m_member01": "°",
            "visibility": "undefined",
            "visibility_member01": "undefined",
        },
        "hourly": {
            "time": [f"2026-01-15T{17 + k}:00" for k in range(hours)],
            "snowfall": [0.0, 0.7, 0.7, 0.0, 0.0],
            "snowfall_member01": [0.0, 1.4, 0.0, 0.0, 0.0],
            "temperature_2m": [-10.0] * hours,
            "temperature_2m_member01": [-11.0] * hours,
            "wind_speed_10m": [54.0] * hours,
            "wind_speed_10m_member01": [36.0] * hours,
            "wind_gusts_10m": [72.0] * hours,
            "wind_gusts_10m_member01": [54.0] * hours,
            "wind_direction_10m": [270.0] * hours,
            "wind_direction_10m_member01": [300.0] * hours,
            "visibility": [None] * hours,
            "visibility_member01": [None] * hours,
        },
    }
