"""A storm: an ensemble forecast as one labelled array.

Dimensions are `member`, `time` and a place, which is `point` (where the forecast was made) or
`segment` (of the road). Times are UTC. Snowfall is the mean rate over the step that ends at its
time; everything else holds at its time. Missing values are NaN and stay so until
:func:`roadplan.weather.completing.complete` fills what may be filled.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from roadplan.errors import Fault, FaultsError, RoadplanError
from roadplan.weather.flag import Flag
from roadplan.weather.units import CANONICAL, Floats, convert, unit_error

if TYPE_CHECKING:
    from roadplan.weather.parameters import Parameters

VARIABLES: Final = (
    "snowfall",
    "wind_speed",
    "wind_gust",
    "wind_direction",
    "temperature",
    "visibility",
)
"""What a storm tells for each member, time and place, in the order of files."""

DIMENSIONS: Final = ("member", "time")
PLACES: Final = ("point", "segment")
STORM_STANDINGS: Final = ("forecast", "measured", "estimated")
"""A model's forecast, a measurement, or an estimate by a rule (a warning, a synthetic storm)."""

LIMITS: Final[Mapping[str, tuple[float, float]]] = MappingProxyType(
    {
        "snowfall": (0.0, 50.0),
        "wind_speed": (0.0, 60.0),
        "wind_gust": (0.0, 110.0),
        "wind_direction": (0.0, 360.0),
        "temperature": (-80.0, 60.0),
        "visibility": (0.0, 300_000.0),
        "loose_snow": (0.0, 1000.0),
    }
)
"""Variable → lowest and highest value that can be, in the unit in which it is kept."""

_ROUNDING: Final = {"snowfall": 0.02, "wind_speed": 0.01, "wind_gust": 0.01, "visibility": 0.5}
"""Variable → how far below zero packing and interpolation leave it; taken as zero."""

_STEADY_WIND_M_S = 35.0
REMEDIES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "snowfall": "snowfall is never negative and is given as a rate with its unit",
        "wind_speed": "check the unit: a wind in km/h is 3.6 times its value in m/s",
        "wind_gust": "check the unit: a gust in km/h is 3.6 times its value in m/s",
        "wind_direction": "degrees clockwise from north, where the wind comes from",
        "temperature": "check the unit: °C, °F or K",
        "visibility": "check the unit: m, km, ft or mi",
        "loose_snow": "kg/m² of loose snow on the ground",
    }
)
"""Variable → what to check where its values cannot be."""

LAT_LIMIT_DEG: Final = 90
LON_LIMIT_DEG: Final = 360
"""Largest size of a latitude and of a longitude; grids count longitudes from 0 to 360."""


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where a storm comes from.

    Parameters
    ----------
    source
        Who made it, for people.
    issued
        When it was made, with its time zone.
    issued_stated
        Whether the source says so; otherwise `issued` is the earliest it can be.
    standing
        One of :data:`STORM_STANDINGS`.
    synthetic
        Whether it is invented, for trying things out.
    title
        Title by language; may be empty.
    notes
        What was done to the data on reading.
    """

    source: str
    issued: dt.datetime
    issued_stated: bool = True
    standing: str = "forecast"
    synthetic: bool = False
    title: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[Flag, ...] = ()

    def __post_init__(self) -> None:
        if self.issued.tzinfo is None:
            raise RoadplanError("the issue time of a storm needs a time zone, e.g. +00:00")
        if self.standing not in STORM_STANDINGS:
            known = ", ".join(STORM_STANDINGS)
            raise RoadplanError(f"the standing '{self.standing}' is not one of {known}")
        object.__setattr__(self, "issued", self.issued.astimezone(dt.UTC))


@dataclass(frozen=True, eq=False)
class Storm:
    """An ensemble forecast with its origin. Made by the readers or :meth:`from_dataset`.

    Parameters
    ----------
    data
        Dimensions (`member`, `time`, `point` or `segment`), variables :data:`VARIABLES` in the
        units of :data:`roadplan.weather.units.CANONICAL`, `lon` and `lat` on the place, and
        `loose_snow` (member, place) where it is known. Not to be changed.
    origin
        Where it comes from.
    """

    data: xr.Dataset
    origin: Origin

    @classmethod
    def from_dataset(
        cls,
        data: xr.Dataset,
        origin: Origin,
        *,
        implausible: str = "raise",
        snow_density_kg_m3: float = 100.0,
    ) -> Storm:
        """Check a dataset, bring it to the units of the model and make a storm of it.

        Parameters
        ----------
        data
            As in the class, in any known units; each variable names its unit in the attribute
            `units`. A variable that is not there becomes one without values.
        origin
            Where it comes from.
        implausible
            ``raise`` refuses values that cannot be; ``missing`` takes them as missing and notes
            how many they were.
        snow_density_kg_m3
            Turns snowfall given as depth into mass.

        Raises
        ------
        RoadplanError
            Dimensions, times, coordinates or units are missing or do not fit.
        FaultsError
            Values that cannot be: negative snow, winds that must be km/h, and so on.
        """
        if implausible not in {"raise", "missing"}:
            raise RoadplanError("implausible is either 'raise' or 'missing'")
        place = _place(data)
        _check_axes(data, place)
        variables: dict[str, tuple[tuple[str, ...], Floats, dict[str, str]]] = {}
        shape = (data.sizes["member"], data.sizes["time"], data.sizes[place])
        for name in VARIABLES:
            dims = (*DIMENSIONS, place)
            values = _converted(data, name, dims, snow_density_kg_m3)
            values = np.full(shape, np.nan) if values is None else values
            variables[name] = (dims, values, {"units": CANONICAL[name]})
        loose = _converted(data, "loose_snow", ("member", place), snow_density_kg_m3)
        if loose is not None:
            variables["loose_snow"] = (("member", place), loose, {"units": CANONICAL["loose_snow"]})
        clean, notes, faults = _plausible(variables, data)
        gale = steady_gale(clean["wind_speed"][1])
        if gale or (faults and implausible == "raise"):
            faults = [*faults, *gale]
            raise FaultsError(faults, f"This weather cannot be used ({origin.source})")
        coords = {str(k): v for k, v in data.coords.items() if set(v.dims) <= {place}}
        coords |= {"member": _labels(data["member"].values), "time": _times(data)}
        checked = xr.Dataset(clean, coords=coords)
        return cls(checked, _noted(origin, notes))

    # -- what it is ---------------------------------------------------------------------------

    @property
    def place(self) -> str:
        """The name of the dimension of places: `point` or `segment`."""
        return _place(self.data)

    @property
    def members(self) -> tuple[str, ...]:
        """The labels of the members."""
        return tuple(str(label) for label in self.data["member"].values)

    @property
    def times(self) -> NDArray[np.datetime64]:
        """The times, UTC, rising."""
        return np.asarray(self.data["time"].values)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Numbers of members, times and places."""
        sizes = self.data.sizes
        return sizes["member"], sizes["time"], sizes[self.place]

    @property
    def step_h(self) -> float:
        """The most common step between times, in hours; 1 where there is a single time."""
        if len(self.times) < 2:
            return 1.0
        steps, counts = np.unique(np.diff(self.times), return_counts=True)
        return float(steps[np.argmax(counts)] / np.timedelta64(3600, "s"))

    @property
    def hours(self) -> float:
        """Hours from its first to its last time."""
        return float((self.times[-1] - self.times[0]) / np.timedelta64(3600, "s"))

    @property
    def issued(self) -> dt.datetime:
        """When it was made, UTC."""
        return self.origin.issued

    @property
    def source(self) -> str:
        """Who made it."""
        return self.origin.source

    @property
    def synthetic(self) -> bool:
        """Whether it is invented."""
        return self.origin.synthetic

    def values(self, variable: str) -> Floats:
        """Return the values of one variable, shape (member, time, place), NaN where missing."""
        return np.asarray(self.data[variable].values, dtype=np.float64)

    def missing_share(self) -> dict[str, float]:
        """Return for each variable the share of its values that is missing."""
        return {name: float(np.isnan(self.values(name)).mean()) for name in VARIABLES}

    def flags(
        self,
        now: dt.datetime,
        needed_from: dt.datetime,
        needed_to: dt.datetime,
        *,
        parameters: Parameters | None = None,
    ) -> tuple[Flag, ...]:
        """Return what is to be known before it is used; see :func:`roadplan.weather.flags.flags`.

        Parameters
        ----------
        now
            The present moment.
        needed_from, needed_to
            The time for which weather is needed. All moments have time zones.
        parameters
            The model's numbers; the defaults where none are given.
        """
        from roadplan.weather.flags import flags
        from roadplan.weather.parameters import load_parameters

        return flags(
            self,
            now=now,
            needed_from=needed_from,
            needed_to=needed_to,
            parameters=parameters or load_parameters(),
        )

    # -- parts of it --------------------------------------------------------------------------

    def at_members(self, which: Sequence[int] | NDArray[np.int_]) -> Storm:
        """Return the storm with some of its members, by their place in :attr:`members`."""
        index = np.asarray(which, dtype=np.intp)
        if index.size == 0:
            raise RoadplanError("a storm needs at least one member")
        return Storm(self.data.isel(member=index), self.origin)

    def with_values(self, values: Mapping[str, Floats], *, notes: Sequence[Flag] = ()) -> Storm:
        """Return the storm with other values of some variables, and notes on them."""
        data = self.data.copy()
        for name, array in values.items():
            data[name] = (self.data[name].dims, array, dict(self.data[name].attrs))
        return Storm(data, _noted(self.origin, notes))


def make_dataset(
    values: Mapping[str, tuple[Any, str]],
    *,
    members: Sequence[str],
    times: NDArray[np.datetime64],
    lon: Sequence[float] | Floats,
    lat: Sequence[float] | Floats,
    places: Sequence[str] | None = None,
    place: str = "point",
    coords: Mapping[str, Any] | None = None,
) -> xr.Dataset:
    """Lay arrays out as the dataset that :meth:`Storm.from_dataset` takes.

    Parameters
    ----------
    values
        Variable → its array, shape (member, time, place), and its unit. `loose_snow` has the
        shape (member, place).
    members, times, lon, lat, places
        Labels of the axes; places count from 0 where they have no names.
    place
        `point` or `segment`.
    coords
        Further arrays along the place.
    """
    count = len(np.asarray(lon))
    names = [str(k) for k in range(count)] if places is None else list(places)
    data = {}
    for name, (array, unit) in values.items():
        dims = ("member", place) if name == "loose_snow" else (*DIMENSIONS, place)
        data[name] = (dims, np.asarray(array, dtype=np.float64), {"units": unit})
    along = {"lon": (place, np.asarray(lon, dtype=float)), "lat": (place, np.asarray(lat, float))}
    along |= {key: (place, np.asarray(array)) for key, array in (coords or {}).items()}
    return xr.Dataset(data, coords={"member": list(members), "time": times, place: names, **along})


def utc_times(times: Sequence[dt.datetime] | NDArray[np.datetime64]) -> NDArray[np.datetime64]:
    """Return moments as UTC times of one second's grain.

    Raises
    ------
    RoadplanError
        A moment has no time zone.
    """
    if isinstance(times, np.ndarray):
        return times.astype("datetime64[s]")
    naive = []
    for moment in times:
        if moment.tzinfo is None:
            raise RoadplanError(f"the time {moment.isoformat()} has no time zone, e.g. +05:00")
        naive.append(moment.astimezone(dt.UTC).replace(tzinfo=None))
    return np.array(naive, dtype="datetime64[s]")


def _noted(origin: Origin, notes: Sequence[Flag]) -> Origin:
    if not notes:
        return origin
    return Origin(**{**vars(origin), "notes": (*origin.notes, *notes)})


def _place(data: xr.Dataset) -> str:
    found = [name for name in PLACES if name in data.dims]
    if len(found) != 1 or any(name not in data.dims for name in DIMENSIONS):
        raise RoadplanError(
            "a storm has the dimensions member, time and either point or segment, "
            f"not {', '.join(str(name) for name in data.dims) or 'none'}"
        )
    return found[0]


def _check_axes(data: xr.Dataset, place: str) -> None:
    if not all(data.sizes[name] for name in (*DIMENSIONS, place)):
        raise RoadplanError("a storm needs at least one member, time and place")
    for name in ("lon", "lat"):
        if name not in data.coords or not np.isfinite(data[name].values.astype(float)).all():
            raise RoadplanError(f"each {place} of a storm needs {name} in degrees")
    for name, limit in (("lon", LON_LIMIT_DEG), ("lat", LAT_LIMIT_DEG)):
        degrees = data[name].values.astype(float)
        if np.abs(degrees).max() > limit:
            worst = float(degrees[np.argmax(np.abs(degrees))])
            raise RoadplanError(
                f"a {place} lies outside the globe: its {name} is {worst:g}, not between "
                f"-{limit} and {limit} degrees; check lon and lat"
            )
    labels = _labels(data["member"].values)
    if len(set(labels)) < len(labels):
        raise RoadplanError("two members of the storm have the same label")
    times = _times(data)
    if np.isnat(times).any() or not (np.diff(times) > np.timedelta64(0)).all():
        raise RoadplanError("the times of a storm must rise, each once")


def _labels(members: NDArray[Any]) -> list[str]:
    return [str(label) for label in members]


def _times(data: xr.Dataset) -> NDArray[np.datetime64]:
    times = np.asarray(data["time"].values)
    if not np.issubdtype(times.dtype, np.datetime64):
        raise RoadplanError("the times of a storm are no dates; give UTC times")
    return times.astype("datetime64[ns]")


def _converted(
    data: xr.Dataset, name: str, dims: tuple[str, ...], snow_density_kg_m3: float
) -> Floats | None:
    if name not in data.data_vars:
        return None
    variable = data[name]
    if set(variable.dims) != set(dims):
        raise RoadplanError(f"{name} has the dimensions {variable.dims}; it needs {dims}")
    unit = str(variable.attrs.get("units", ""))
    if not unit:
        raise unit_error(name, unit)
    values = np.asarray(variable.transpose(*dims).values, dtype=np.float64)
    values = np.where(np.isfinite(values), values, np.nan)
    return convert(values, unit, name, snow_density_kg_m3=snow_density_kg_m3)


def _plausible(
    variables: Mapping[str, tuple[tuple[str, ...], Floats, dict[str, str]]],
    data: xr.Dataset,
) -> tuple[dict[str, tuple[tuple[str, ...], Floats, dict[str, str]]], list[Flag], list[Fault]]:
    """Return variables without values that cannot be, notes on them, and the faults they are."""
    clean, notes, faults = {}, [], []
    for name, (dims, values, attrs) in variables.items():
        kept, bad = plausible(name, values)
        if bad.any():
            first = tuple(int(k) for k in np.argwhere(bad)[0])
            where = _where(data, dims, first)
            why = f"{int(bad.sum())} values of {name} cannot be, the first {where}"
            shown = f"{kept[first]:g} {attrs['units']}"
            why = f"{why}: {shown}"
            faults.append(Fault(column=name, value=shown, why=why, remedy=REMEDIES[name]))
            notes.append(Flag("implausible", {"variable": name, "count": str(int(bad.sum()))}))
            kept = np.where(bad, np.nan, kept)
        clean[name] = (dims, kept, attrs)
    return clean, notes, faults


def plausible(variable: str, values: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Return values rid of what rounding left of zero and of a turn, and which cannot be.

    Parameters
    ----------
    variable
        A key of :data:`LIMITS`.
    values
        Any shape, in the unit in which the variable is kept; a missing value can be.
    """
    low, high = LIMITS[variable]
    near_zero = (values < 0) & (values >= -_ROUNDING.get(variable, 0.0))
    kept = np.where(near_zero, 0.0, values)
    if variable == "wind_direction":
        kept = np.where((kept >= -180) & (kept <= 540), np.mod(kept, 360.0), kept)
    return kept, (kept < low) | (kept > high)


def steady_gale(wind: Floats) -> list[Fault]:
    """Find a member whose wind is a gale everywhere all the time: it must be in another unit."""
    known = np.isfinite(wind)
    if not known.any() or np.median(wind[known]) <= _STEADY_WIND_M_S:
        return []
    shown = f"{np.median(wind[known]):.0f} m/s"
    return [
        Fault(
            column="wind_speed",
            value=shown,
            why=f"half of all winds are above {shown}",
            remedy=REMEDIES["wind_speed"],
        )
    ]


def _where(data: xr.Dataset, dims: tuple[str, ...], index: tuple[int, ...]) -> str:
    parts = []
    for dim, at in zip(dims, index, strict=True):
        label = str(data[dim].values[at] if dim in data.coords else at)
        parts.append(f"{dim} {label[:16] if dim == 'time' else label}")
    return ", ".join(parts)
