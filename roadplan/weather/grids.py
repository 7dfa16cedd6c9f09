"""Forecast grids in NetCDF and GRIB, through xarray.

An extra: NetCDF-3 needs `scipy`, NetCDF-4 `h5netcdf` or `netCDF4`, GRIB `cfgrib` with ecCodes. What
is missing is named together with how to get it.
"""

from __future__ import annotations

import datetime as dt
import importlib.util
import os
import warnings
from pathlib import Path
from typing import Any, Final

import numpy as np
import xarray as xr

from roadplan.errors import RoadplanError
from roadplan.weather.interpolation import distances_km
from roadplan.weather.member_order import natural_order
from roadplan.weather.road import Road
from roadplan.weather.storm import VARIABLES, Origin, Storm, make_dataset
from roadplan.weather.units import (
    CANONICAL,
    SNOWFALL_AMOUNTS,
    Floats,
    convert,
    known_units,
    spelled,
    unit_error,
)

_ENGINES: Final = (
    (b"GRIB", "GRIB", ("cfgrib",)),
    (b"\x89HDF", "NetCDF-4", ("h5netcdf", "netCDF4")),
    (b"CDF", "NetCDF-3", ("scipy", "netCDF4")),
)
_AXES: Final = {
    "member": ("member", "number", "realization", "ensemble", "ensemble_member"),
    "lat": ("latitude", "lat", "y", "rlat"),
    "lon": ("longitude", "lon", "x", "rlon"),
}
_NAMES: Final = {
    "snowfall": ("snowfall", "sf", "snowfall_amount", "snowfall_flux", "sfwe", "tsnowp"),
    "wind_speed": ("wind_speed", "si10", "ws10", "10si", "wind_speed_10m"),
    "eastward": ("u10", "10u", "eastward_wind", "x_wind", "10m_u_component_of_wind"),
    "northward": ("v10", "10v", "northward_wind", "y_wind", "10m_v_component_of_wind"),
    "wind_gust": ("wind_gust", "fg10", "i10fg", "10fg", "gust", "wind_speed_of_gust", "max_i10fg"),
    "wind_direction": ("wind_direction", "wdir10", "10wdir", "wind_from_direction"),
    "temperature": ("temperature", "t2m", "2t", "air_temperature", "2m_temperature"),
    "visibility": ("visibility", "vis", "visibility_in_air"),
    "loose_snow": ("loose_snow",),
}
_MARGIN_KM = 80.0


def is_grid(head: bytes) -> bool:
    """Return whether a file that begins so is a grid."""
    return any(head.startswith(magic) for magic, _, _ in _ENGINES)


def read_grid(
    path: str | os.PathLike[str],
    *,
    issued: dt.datetime | None = None,
    implausible: str = "raise",
    road: Road | None = None,
) -> Storm:
    """Read a forecast grid; its points become the points of a storm.

    Parameters
    ----------
    path
        The file. Names of variables and axes are those of CF, ECMWF and NCEP. Each variable
        states its unit. Snowfall given as an amount is the sum since the beginning, as GRIB
        keeps it, and is turned into rates.
    issued
        When the forecast was made; by default the file's reference time, else its first time.
    implausible
        See :meth:`roadplan.weather.storm.Storm.from_dataset`.
    road
        Only grid points around it are taken.

    Raises
    ------
    RoadplanError
        The library that reads this kind is missing, or the file is damaged or no forecast.
    """
    file = Path(path)
    data = _open(file)
    try:
        flat = _flat(data, file.name, road)
        values = _variables(flat, file.name)
        dataset = make_dataset(
            values,
            members=[str(label) for label in flat["member"].values],
            times=_times(flat, file.name),
            lon=flat["lon"].values.astype(float),
            lat=flat["lat"].values.astype(float),
        )
        reference = _reference(data)
    except (KeyError, TypeError, IndexError) as error:
        raise RoadplanError(f"{file.name} is no forecast that can be read: {error}") from error
    finally:
        data.close()
    first = _moment(np.asarray(dataset["time"].values)[0])
    origin = Origin(
        source=f"grid {file.name}",
        issued=issued or reference or first,
        issued_stated=issued is not None or reference is not None,
    )
    return Storm.from_dataset(dataset, origin, implausible=implausible)


def _open(file: Path) -> xr.Dataset:
    try:
        with file.open("rb") as stream:
            head = stream.read(8)
    except OSError as error:
        raise RoadplanError(f"{file} cannot be read: {error}") from error
    known = [(kind, engines) for magic, kind, engines in _ENGINES if head.startswith(magic)]
    if not known:
        raise RoadplanError(f"{file.name} is neither NetCDF nor GRIB")
    kind, engines = known[0]
    for engine in engines:
        if importlib.util.find_spec(engine) is not None:
            return _open_with(file, engine.lower(), kind)
    raise RoadplanError(
        f"{file.name} is {kind}, which needs {' or '.join(engines)}: "
        f"python -m pip install {engines[0]}, or give the forecast as JSON or CSV"
    )


def _open_with(file: Path, engine: str, kind: str) -> xr.Dataset:
    # Without this ecCodes' reader writes an index file beside the user's.
    options = {"indexpath": ""} if engine == "cfgrib" else None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # As it stands in the file, so that a short file is told from a strange unit of time.
            with xr.open_dataset(
                file, engine=engine, backend_kwargs=options, decode_cf=False
            ) as data:
                raw = data.load()
    except (OSError, ValueError, TypeError, KeyError, RuntimeError, EOFError, IndexError) as error:
        raise RoadplanError(
            f"{file.name} cannot be read as {kind}: it is cut short or damaged; get the file again"
        ) from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            decoded: xr.Dataset = xr.decode_cf(raw).load()
    except (ValueError, TypeError, KeyError, RuntimeError, IndexError, OverflowError) as error:
        raise RoadplanError(f"{file.name} cannot be read as {kind}: {error}") from error
    return decoded


def _flat(data: xr.Dataset, name: str, road: Road | None) -> xr.Dataset:
    """Return the data with the dimensions member, time and point, near the road only."""
    renamed = {}
    for target, candidates in _AXES.items():
        found = next((c for c in candidates if c in data.variables or c in data.dims), None)
        if found is not None and found != target:
            renamed[found] = target
    data = data.rename(renamed)
    data = _one_time_axis(data, name)
    if "lon" not in data.variables or "lat" not in data.variables:
        raise RoadplanError(f"{name} has no longitudes and latitudes")
    if "member" not in data.dims:
        data = data.expand_dims(
            member=[str(data.coords["member"].values)] if ("member" in data.coords) else ["00"]
        )
    if "point" not in data.dims:
        if data["lon"].ndim == 1 and data["lat"].ndim == 1:
            data = data.stack(point=("lat", "lon"), create_index=False)
        elif data["lon"].ndim == 2:
            data = data.stack(point=data["lon"].dims, create_index=False)
        else:
            data = data.expand_dims("point")
            data = data.assign_coords(
                lon=("point", np.atleast_1d(data["lon"].values)),
                lat=("point", np.atleast_1d(data["lat"].values)),
            )
    if road is not None:
        away = distances_km(data["lon"].values, data["lat"].values, road.lon, road.lat)
        near = away.min(axis=1) <= _MARGIN_KM
        if not near.any():
            raise RoadplanError(
                f"no point of {name} lies within {_MARGIN_KM:g} km of the road: check its area"
            )
        data = data.isel(point=np.flatnonzero(near))
    return data.isel(member=natural_order(str(label) for label in data["member"].values))


def _one_time_axis(data: xr.Dataset, name: str) -> xr.Dataset:
    if "step" in data.dims:
        if "valid_time" not in data.variables or data["valid_time"].dims != ("step",):
            raise RoadplanError(f"{name} has several runs; give one run of a forecast")
        valid = data["valid_time"].values
        data = data.drop_vars([v for v in ("time", "valid_time", "step") if v in data.variables])
        return data.rename(step="time").assign_coords(time=valid)
    if "valid_time" in data.dims and "time" not in data.dims:
        data = data.drop_vars("time", errors="ignore").rename(valid_time="time")
    if "time" not in data.dims:
        raise RoadplanError(f"{name} has no axis of times")
    return data


def _times(data: xr.Dataset, name: str) -> np.ndarray[Any, np.dtype[np.datetime64]]:
    times = data["time"].values
    if not np.issubdtype(times.dtype, np.datetime64):
        raise RoadplanError(f"the times of {name} are no dates")
    return np.asarray(times.astype("datetime64[s]"))


def _find(data: xr.Dataset, variable: str) -> xr.DataArray | None:
    wanted = _NAMES[variable]
    for key, array in data.data_vars.items():
        names = {
            str(key),
            str(array.attrs.get("standard_name", "")),
            str(array.attrs.get("GRIB_shortName", "")),
            str(array.attrs.get("GRIB_cfVarName", "")),
        }
        if names & set(wanted):
            return array
    return None


def _variables(data: xr.Dataset, name: str) -> dict[str, tuple[Floats, str]]:
    found: dict[str, tuple[Floats, str]] = {}
    for variable in (*VARIABLES, "loose_snow"):
        array = _find(data, variable)
        if array is None:
            continue
        unit = str(array.attrs.get("units", ""))
        values = _laid_out(data, array, still=variable == "loose_snow")
        if variable == "snowfall" and spelled(unit) in SNOWFALL_AMOUNTS:
            found[variable] = (_rates(values, unit, _times(data, name)), "kg/m2/h")
            continue
        if spelled(unit) not in known_units(variable):
            wrong = unit_error(variable, unit, amounts=variable == "snowfall")
            raise RoadplanError(f"{name}: {wrong}")
        found[variable] = (convert(values, unit, variable), CANONICAL[variable])
    east, north = _find(data, "eastward"), _find(data, "northward")
    if east is not None and north is not None:
        u, v = (
            _speed(_laid_out(data, part), str(part.attrs.get("units", "")))
            for part in (east, north)
        )
        found.setdefault("wind_speed", (np.hypot(u, v), "m/s"))
        found.setdefault(
            "wind_direction", (np.mod(np.rad2deg(np.arctan2(-u, -v)), 360.0), "degree")
        )
    if not found:
        raise RoadplanError(f"{name} has none of {', '.join(VARIABLES)} under a known name")
    return found


def _speed(values: Floats, unit: str) -> Floats:
    """Convert a component of the wind, which may be negative."""
    return convert(values, unit, "wind_speed")


def _laid_out(data: xr.Dataset, array: xr.DataArray, *, still: bool = False) -> Floats:
    dims = ("member", "point") if still else ("member", "time", "point")
    extra = [dim for dim in array.dims if dim not in dims]
    if any(array.sizes[dim] > 1 for dim in extra):
        raise RoadplanError(
            f"{array.name} lies on several levels or runs ({', '.join(map(str, extra))})"
        )
    flat = array.squeeze(extra, drop=True)
    for dim in dims:
        if dim not in flat.dims:
            flat = flat.expand_dims({dim: data.sizes[dim]})
    return np.asarray(flat.transpose(*dims).values, dtype=np.float64)


def _rates(total: Floats, unit: str, times: np.ndarray[Any, np.dtype[np.datetime64]]) -> Floats:
    """Turn sums since the beginning into mean rates of the step before each time, kg/m²/h.

    Packing leaves sums that fall by a little; a sum that falls by more is a new beginning and
    is refused, because it cannot be told which.
    """
    mass = total * SNOWFALL_AMOUNTS[spelled(unit)]
    hours = np.diff(times) / np.timedelta64(3600, "s")
    if (hours <= 0).any():
        raise RoadplanError("the times of a grid must rise, each once")
    rate = np.full(mass.shape, np.nan)
    gained = np.diff(mass, axis=1)
    if (gained < -0.1).any():
        raise RoadplanError(
            "the sum of snowfall falls from one time to the next: give sums since the beginning "
            "of one run, or a rate with its unit, e.g. kg m-2 s-1"
        )
    rate[:, 1:] = np.maximum(gained, 0.0) / hours[None, :, None]
    return rate


def _reference(data: xr.Dataset) -> dt.datetime | None:
    for key in ("forecast_reference_time", "reftime", "time"):
        if key in data.variables and data[key].ndim == 0:
            value = data[key].values
            if np.issubdtype(value.dtype, np.datetime64) and not np.isnat(value):
                return _moment(value)
    return None


def _moment(value: Any) -> dt.datetime:
    seconds = int(np.asarray(value).astype("datetime64[s]").astype(np.int64))
    return dt.datetime.fromtimestamp(seconds, tz=dt.UTC)
