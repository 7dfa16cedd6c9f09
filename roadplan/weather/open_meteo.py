"""Replies of Open-Meteo's forecast and ensemble services, saved or just received.

Units are read from the reply and converted. A reply holds one location or a list of them;
members are ``snowfall`` (the control) and ``snowfall_member01`` and so on, with the model's name
behind where several models were asked for. Times are local with `utc_offset_seconds`, or Unix
times, which are UTC. Snowfall is the sum of the preceding step: a depth by the service's own
ratio of 7 cm for 10 mm of water, or ``snowfall_water_equivalent`` in mm.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from roadplan.errors import Fault, FaultsError, RoadplanError, ServiceError
from roadplan.weather.member_order import natural_key
from roadplan.weather.storm import VARIABLES, Origin, Storm, make_dataset
from roadplan.weather.units import CANONICAL, INCH_M, Floats, convert, spelled, unit_error

ENVELOPE: Final = "roadplan-open-meteo"
"""Mark of a saved reply that carries when and from where it was received."""

REQUESTED: Final = (
    "snowfall",
    "temperature_2m",
    "wind_speed_10m",
    "wind_gusts_10m",
    "wind_direction_10m",
    "visibility",
)
"""The hourly variables that are asked for."""

_NAMES: Final = {
    "snowfall_water_equivalent": "snowfall",
    "snowfall": "snowfall",
    "temperature_2m": "temperature",
    "wind_speed_10m": "wind_speed",
    "windspeed_10m": "wind_speed",
    "wind_gusts_10m": "wind_gust",
    "windgusts_10m": "wind_gust",
    "wind_direction_10m": "wind_direction",
    "winddirection_10m": "wind_direction",
    "visibility": "visibility",
}
_KEY: Final = re.compile(
    rf"(?P<name>{'|'.join(_NAMES)})(?:_member(?P<member>\d{{1,3}}))?(?:_(?P<model>[a-z0-9_]+))?"
)
_NOT_MODELS: Final = frozenset({"height", "depth", "sum", "max", "min", "mean", "spread"})
_SNOW_KG_M3: Final = 10.0 / 0.07
_CONTROL: Final = "00"
_MOST_VALUES: Final = 200_000_000


@dataclass(frozen=True)
class _Location:
    """One location of a reply: (variable, member) → values in the model's units."""

    lon: float
    lat: float
    times: NDArray[np.datetime64]
    values: dict[tuple[str, str], Floats]


def read_open_meteo(
    path: str | os.PathLike[str],
    *,
    issued: dt.datetime | None = None,
    implausible: str = "raise",
) -> Storm:
    """Read a reply that was saved as JSON.

    Parameters
    ----------
    path
        The file: the reply itself, or one saved by :class:`roadplan.weather.client.OpenMeteo`.
    issued
        When the forecast was made. By default when the reply was received, where the file says
        it; else the first time in it, before which it cannot have been made, so that it is
        never taken for younger than it is.
    implausible
        See :meth:`roadplan.weather.storm.Storm.from_dataset`.

    Raises
    ------
    ServiceError
        The file holds an error that the service sent.
    RoadplanError
        It is cut short, no JSON, or no reply of this service.
    FaultsError
        Values or units in it cannot be used.
    """
    name = Path(path).name
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise RoadplanError(f"{path} cannot be read: {error}") from error
    return parse_open_meteo(
        load_json(text, name), name=name, issued=issued, implausible=implausible
    )


def load_json(text: str, name: str) -> Any:
    """Return the value of a JSON text.

    Raises
    ------
    RoadplanError
        The text is empty, cut short or no JSON; the message says at which line.
    """
    if not text.strip():
        raise RoadplanError(f"{name} is empty; get the forecast again")
    try:
        return json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise RoadplanError(
            f"{name} is cut short or no JSON ({error}); get the forecast again"
        ) from error


def parse_open_meteo(
    reply: object,
    *,
    name: str = "Open-Meteo",
    issued: dt.datetime | None = None,
    implausible: str = "raise",
) -> Storm:
    """Turn a reply into a storm at the points of its locations.

    Parameters
    ----------
    reply
        Parsed JSON: an object, a list of objects, or one saved with when it was received.
    name
        What to call it in messages.
    issued, implausible
        As in :func:`read_open_meteo`.
    """
    source, stated = f"Open-Meteo ({name})", issued is not None
    if isinstance(reply, Mapping) and reply.get("format") == ENVELOPE:
        issued = issued or _moment(reply.get("retrieved"), name)
        stated = True
        reply = reply.get("reply")
    rows = reply if isinstance(reply, list) else [reply]
    if not rows:
        raise RoadplanError(f"{name} holds no location")
    faults: list[Fault] = []
    locations = [_location(row, number, name, faults) for number, row in enumerate(rows, 1)]
    if faults:
        raise FaultsError(faults, f"{name} cannot be used")
    found = [location for location in locations if location is not None]
    return _storm(
        found,
        Origin(
            source=source,
            issued=issued or _earliest(found),
            issued_stated=stated,
        ),
        implausible,
    )


def _moment(text: object, name: str) -> dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(str(text))
    except ValueError as error:
        raise RoadplanError(f"{name} does not say when it was received: {text!r}") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def _earliest(locations: list[_Location]) -> dt.datetime:
    first = min(location.times[0] for location in locations)
    seconds = int(first.astype("datetime64[s]").astype(np.int64))
    return dt.datetime.fromtimestamp(seconds, tz=dt.UTC)


def _location(row: object, number: int, name: str, faults: list[Fault]) -> _Location | None:
    place = f"location {number}"
    if not isinstance(row, Mapping):
        raise RoadplanError(f"{name}, {place}: this is no reply of Open-Meteo")
    if row.get("error"):
        reason = str(row.get("reason", "no reason given"))[:300]
        raise ServiceError(f"{name}: Open-Meteo refused the request: {reason}")
    hourly, units = row.get("hourly"), row.get("hourly_units")
    if not isinstance(hourly, Mapping) or not isinstance(units, Mapping):
        raise RoadplanError(
            f"{name}, {place}: there is no 'hourly' with its 'hourly_units'; "
            "save the whole reply, asked for with hourly variables"
        )
    try:
        lon, lat = float(row["longitude"]), float(row["latitude"])
        times = _times(row, hourly, units)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        faults.append(Fault(file=name, sheet=place, why=f"place or times cannot be read: {error}"))
        return None
    steps = np.diff(times) / np.timedelta64(3600, "s")
    if not steps.size or not (steps > 0).all():
        faults.append(Fault(file=name, sheet=place, why="its times do not rise, each once"))
        return None
    values = {}
    for key, (variable, member) in _wanted(hourly).items():
        column = _column(hourly[key], units.get(key), key, len(times))
        if isinstance(column, str):
            faults.append(Fault(file=name, sheet=place, column=key, why=column))
            continue
        try:
            values[variable, member] = _converted(column, str(units.get(key) or ""), key, steps)
        except RoadplanError as error:
            faults.append(Fault(file=name, sheet=place, column=key, why=str(error)))
    if not values and not faults:
        faults.append(
            Fault(
                file=name,
                sheet=place,
                why="none of the variables of a storm is in it",
                remedy=f"ask for hourly={','.join(REQUESTED)}",
            )
        )
    return _Location(lon, lat, times, values)


def _times(
    row: Mapping[str, Any], hourly: Mapping[str, Any], units: Mapping[str, Any]
) -> NDArray[np.datetime64]:
    raw = hourly["time"]
    if not isinstance(raw, list) or not raw:
        raise ValueError("'time' is no list of times")
    if len(raw) > _MOST_VALUES:
        raise ValueError("there are too many times")
    if units.get("time") == "unixtime" or all(isinstance(t, int) for t in raw):
        return np.array([int(t) for t in raw], dtype="datetime64[s]")
    offset = row.get("utc_offset_seconds")
    if offset is None:
        if str(row.get("timezone", "")).upper() not in {"GMT", "UTC"}:
            raise ValueError("the reply states no 'utc_offset_seconds' for its local times")
        offset = 0
    shift = dt.timedelta(seconds=float(offset))
    moments = []
    for text in raw:
        moment = dt.datetime.fromisoformat(str(text))
        if moment.tzinfo is None:
            moment -= shift
        else:
            moment = moment.astimezone(dt.UTC).replace(tzinfo=None)
        moments.append(moment)
    return np.array(moments, dtype="datetime64[s]")


def _wanted(hourly: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Return key of the reply → (variable, member) for what a storm needs.

    Water equivalents go before depths where a member has both.
    """
    found: dict[str, tuple[str, str]] = {}
    taken: dict[tuple[str, str], str] = {}
    for key in sorted(hourly, key=lambda k: "water_equivalent" not in k):
        match = _KEY.fullmatch(str(key))
        if not match or (match["model"] or "").split("_")[0] in _NOT_MODELS:
            continue
        number = f"{int(match['member']):02d}" if match["member"] else _CONTROL
        member = f"{match['model']}:{number}" if match["model"] else number
        what = (_NAMES[match["name"]], member)
        if what not in taken:
            taken[what] = str(key)
            found[str(key)] = what
    return found


def _column(raw: object, unit: object, key: str, count: int) -> Floats | str:
    """Return the values of one column, or why they cannot be read."""
    if not isinstance(raw, list):
        return "this is no list of values"
    if len(raw) != count:
        return f"there are {len(raw)} values for {count} times: the reply is cut short"
    if any(isinstance(value, (str, bool, list, dict)) for value in raw):
        return "there are values that are no numbers"
    values = np.array([math.nan if value is None else float(value) for value in raw])
    # Where a model lacks a variable the service sends only nulls, and 'undefined' for the unit.
    if not str(unit or "").strip() and not np.isnan(values).all():
        return str(unit_error(_NAMES[_key_name(key)], ""))
    return values


def _key_name(key: str) -> str:
    match = _KEY.fullmatch(key)
    return match["name"] if match else key


def _converted(values: Floats, unit: str, key: str, steps: Floats) -> Floats:
    variable = _NAMES[_key_name(key)]
    if np.isnan(values).all():
        return values
    if variable != "snowfall":
        return convert(values, unit, variable)
    # Sums over the step before each time; the first step is taken as long as the second.
    rate = values / np.concatenate([steps[:1], steps])
    name = spelled(unit)
    if "water_equivalent" in key:
        metres = {"mm": 0.001, "in": INCH_M, "inch": INCH_M, "kg/m2": 0.001, "cm": 0.01}
        density = 1000.0
    else:
        metres = {"cm": 0.01, "in": INCH_M, "inch": INCH_M, "mm": 0.001, "m": 1.0}
        density = _SNOW_KG_M3
    if name not in metres:
        raise RoadplanError(f"the unit '{unit}' is none of {', '.join(metres)}")
    mass: Floats = rate * metres[name] * density
    return mass


def _storm(locations: list[_Location], origin: Origin, implausible: str) -> Storm:
    times = np.unique(np.concatenate([location.times for location in locations]))
    labels = {member for location in locations for _, member in location.values}
    members = sorted(labels, key=natural_key)
    shape = (len(members), len(times), len(locations))
    values = {}
    for variable in VARIABLES:
        cube = np.full(shape, np.nan)
        for place, location in enumerate(locations):
            rows = np.searchsorted(times, location.times)
            for m, member in enumerate(members):
                column = location.values.get((variable, member))
                if column is not None:
                    cube[m, rows, place] = column
        values[variable] = (cube, CANONICAL[variable])
    data = make_dataset(
        values,
        members=members,
        times=times,
        lon=[location.lon for location in locations],
        lat=[location.lat for location in locations],
    )
    return Storm.from_dataset(data, origin, implausible=implausible)
