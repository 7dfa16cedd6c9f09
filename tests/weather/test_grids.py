"""Forecast grids in NetCDF and GRIB."""

from __future__ import annotations

import datetime as dt
import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from roadplan.errors import FaultsError, RoadplanError
from roadplan.weather import Road, read
from roadplan.weather.grids import read_grid

pytest.importorskip("scipy", reason="NetCDF-3 is read through scipy")

TIMES = np.datetime64("2026-01-15T12:00:00", "ns") + np.arange(4) * np.timedelta64(1, "h")
LAT, LON = np.array([47.0, 47.25, 55.0]), np.array([73.75, 74.0])
SHAPE = (2, 4, 3, 2)


def _save(path: Path, **changes: Any) -> Path:
    """Write a grid as ECMWF's files look: accumulated snowfall in m, wind as components."""
    variables: dict[str, Any] = {
        "sf": (np.linspace(0, 0.003, 4)[None, :, None, None], "m"),
        "u10": (-10.0, "m s**-1"),
        "v10": (0.0, "m s**-1"),
        "t2m": (263.15, "K"),
        "fg10": (18.0, "m s**-1"),
    } | changes
    data = xr.Dataset(
        {
            name: (
                ("number", "time", "latitude", "longitude"),
                np.broadcast_to(np.asarray(value, float), SHAPE),
                {"units": unit},
            )
            for name, (value, unit) in variables.items()
        },
        coords={"number": [0, 1], "time": TIMES, "latitude": LAT, "longitude": LON},
    )
    data["forecast_reference_time"] = np.datetime64("2026-01-15T06:00:00", "ns")
    data.to_netcdf(path, engine="scipy")
    return path


def test_a_grid_becomes_points(tmp_path: Path) -> None:
    """Sums of snowfall become rates, components speed and direction, kelvin degrees."""
    storm = read(_save(tmp_path / "ens.nc"))
    assert storm.shape == (2, 4, 6)
    assert storm.members == ("0", "1")
    assert np.isnan(storm.values("snowfall")[:, 0]).all()
    assert storm.values("snowfall")[:, 1:] == pytest.approx(np.ones((2, 3, 6)))
    assert storm.values("wind_speed") == pytest.approx(np.full((2, 4, 6), 10.0))
    assert storm.values("wind_direction") == pytest.approx(np.full((2, 4, 6), 90.0))
    assert storm.values("temperature") == pytest.approx(np.full((2, 4, 6), -10.0))
    assert storm.issued == dt.datetime(2026, 1, 15, 6, tzinfo=dt.UTC)
    assert storm.origin.issued_stated


def test_only_points_around_the_road_are_taken(
    tmp_path: Path, road_of: Callable[..., Road]
) -> None:
    """The row at 55° is far away."""
    storm = read_grid(_save(tmp_path / "ens.nc"), road=road_of(4))
    assert storm.data["lat"].values.max() == 47.25
    with pytest.raises(RoadplanError, match="within 80 km"):
        read_grid(_save(tmp_path / "ens.nc"), road=road_of(4, lat=np.full(4, -20.0)))


def test_rates_are_taken_as_they_are(tmp_path: Path) -> None:
    """A flux in kg m-2 s-1 needs no differences."""
    path = _save(tmp_path / "rate.nc", sf=(1 / 3600, "kg m-2 s-1"))
    assert read(path).values("snowfall") == pytest.approx(np.ones((2, 4, 6)))


def test_a_sum_that_falls_is_refused(tmp_path: Path) -> None:
    """It is none since the beginning of one run."""
    falling = np.array([0.003, 0.002, 0.001, 0.0])[None, :, None, None]
    with pytest.raises(RoadplanError, match="sum of snowfall falls"):
        read(_save(tmp_path / "bad.nc", sf=(falling, "m")))


def test_a_variable_without_a_unit_is_refused(tmp_path: Path) -> None:
    """As everywhere."""
    with pytest.raises(RoadplanError, match="temperature has no unit"):
        read(_save(tmp_path / "bad.nc", t2m=(263.15, "")))


def test_wind_that_cannot_be_is_refused(tmp_path: Path) -> None:
    """A component of -90 'm/s' is km/h."""
    with pytest.raises(FaultsError, match="km/h"):
        read(_save(tmp_path / "bad.nc", u10=(-90.0, "m/s")))


def test_a_grid_without_weather_is_refused(tmp_path: Path) -> None:
    """Names that mean nothing here, and no axis of times."""
    path = tmp_path / "other.nc"
    xr.Dataset(
        {"depth": (("time", "lat", "lon"), np.ones((4, 3, 2)), {"units": "m"})},
        coords={"time": TIMES, "lat": LAT, "lon": LON},
    ).to_netcdf(path, engine="scipy")
    with pytest.raises(RoadplanError, match="under a known name"):
        read(path)
    xr.Dataset({"t2m": ((), 1.0, {"units": "K"})}).to_netcdf(path, engine="scipy")
    with pytest.raises(RoadplanError, match="no axis of times"):
        read(path)


@pytest.mark.parametrize(
    ("head", "told"),
    [
        (b"GRIB\x00\x00\x00\x02", "cfgrib"),
        (b"\x89HDF\r\n\x1a\n", "h5netcdf or netCDF4"),
        (b"CDF\x01\x00\x00\x00\x00", "scipy or netCDF4"),
    ],
)
def test_a_missing_library_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, head: bytes, told: str
) -> None:
    """Together with how to get it."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    path = tmp_path / "grid"
    path.write_bytes(head + b"\0" * 100)
    with pytest.raises(RoadplanError, match=rf"needs {told}: python -m pip install"):
        read(path)


def test_half_a_grid_is_refused(tmp_path: Path) -> None:
    """A file cut short."""
    path = _save(tmp_path / "ens.nc")
    path.write_bytes(path.read_bytes()[:600])
    with pytest.raises(RoadplanError, match=r"ens\.nc"):
        read(path)


def test_metres_of_water_equivalent_are_metres_of_water(tmp_path: Path) -> None:
    """The unit that ECMWF itself writes."""
    total = np.linspace(0, 0.003, 4)[None, :, None, None]
    path = _save(tmp_path / "ens.nc", sf=(total, "m of water equivalent"))
    assert read(path).values("snowfall")[:, 1:] == pytest.approx(np.ones((2, 3, 6)))


def test_an_unknown_unit_of_snowfall_names_rates_and_amounts(tmp_path: Path) -> None:
    """With the file."""
    with pytest.raises(RoadplanError, match=r"ens\.nc.*'furlong'.*kg/m2/h.*sums.*m_water, m, cm"):
        read(_save(tmp_path / "ens.nc", sf=(0.0, "furlong")))


@pytest.mark.parametrize("kept", [4, 30, 400, 900, -1])
def test_a_file_that_is_cut_short_is_told_so(tmp_path: Path, kept: int) -> None:
    """Not in the words of the library that failed at it."""
    path = _save(tmp_path / "ens.nc")
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(RoadplanError, match=r"ens\.nc.*cut short or damaged; get the file again$"):
        read(path)


def test_members_of_a_grid_are_in_natural_order(tmp_path: Path) -> None:
    """As in every other file, so that the same ensemble gives the same result."""
    path = _save(tmp_path / "ens.nc", sf=(np.array([2.0, 1.0])[:, None, None, None], "mm/h"))
    with xr.open_dataset(path, engine="scipy") as opened:
        data = opened.load().assign_coords(number=[10, 2])
    data.to_netcdf(tmp_path / "other.nc", engine="scipy")
    storm = read(tmp_path / "other.nc")
    assert storm.members == ("2", "10")
    assert storm.values("snowfall")[:, 0, 0].tolist() == [1.0, 2.0]
