"""Weather in a table: one row a member, time and point.

Columns
-------
``time``
    ISO 8601 with its offset (``2026-01-15T18:00+05:00`` or ``…Z``). Without offsets the file
    must say ``# timezone: UTC`` or a name such as ``Asia/Almaty``.
``member``
    Label of the member; may be left out for a single forecast.
``lon``, ``lat``
    The point, degrees. ``route`` and ``station_m`` may stand beside them; ``point`` names it.
``snowfall``, ``wind_speed``, ``wind_gust``, ``wind_direction``, ``temperature``, ``visibility``
    With the unit in brackets in the header, ``wind_speed [km/h]``, or in a row of units right
    below the header. An empty cell is a missing value. ``loose_snow`` may be given at the first
    time of a member and point.

Lines that begin with ``#`` before the header hold ``# issued: 2026-01-15T12:00Z``,
``# source: …``, ``# timezone: …``, ``# standing: …`` and ``# synthetic: yes``. Commas, semicolons
and tabs separate; with semicolons or tabs a decimal comma is understood.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import os
import re
import zoneinfo
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import xarray as xr

from roadplan.errors import Fault, FaultsError, RoadplanError
from roadplan.files import replace_text
from roadplan.weather.storm import VARIABLES, Origin, Storm, make_dataset
from roadplan.weather.units import CANONICAL, Floats, known_units

_MEASURED: Final = (*VARIABLES, "loose_snow")
_ALIASES: Final = {
    "wind": "wind_speed",
    "gust": "wind_gust",
    "gusts": "wind_gust",
    "direction": "wind_direction",
    "snow": "snowfall",
    "longitude": "lon",
    "latitude": "lat",
    "ветер": "wind_speed",
    "порывы": "wind_gust",
    "направление ветра": "wind_direction",
    "снег": "snowfall",
    "температура": "temperature",
    "видимость": "visibility",
    "время": "time",
    "жел": "wind_speed",
    "қар": "snowfall",
    "көріну": "visibility",
    "уақыт": "time",
}
_HEADER: Final = re.compile(r"^(?P<name>[^\[\](),]+?)\s*(?:[\[(](?P<unit>[^\])]*)[\])])?$")
_MOST_FAULTS: Final = 50


def read_csv_storm(
    path: str | os.PathLike[str],
    *,
    issued: dt.datetime | None = None,
    implausible: str = "raise",
    snow_density_kg_m3: float = 100.0,
) -> Storm:
    """Read a storm from a table; see the module for its columns.

    Parameters
    ----------
    path
        The file, UTF-8 or Windows-1251.
    issued
        When the forecast was made, where the file does not say it. By default its first time.
    implausible, snow_density_kg_m3
        See :meth:`roadplan.weather.storm.Storm.from_dataset`.

    Raises
    ------
    RoadplanError
        There is no header with the columns needed, or no rows.
    FaultsError
        Cells cannot be read, units are missing, or rows repeat.
    """
    name = Path(path).name
    about, rows = _rows(_text(Path(path)), name)
    frame, units = _frame(rows, name)
    faults: list[Fault] = []
    times = _times(frame["time"], about.get("timezone", ""), name, faults)
    numbers = _numbers(frame, name, faults)
    faults.extend(
        Fault(
            file=name,
            row=1,
            column=variable,
            why="the column has no unit",
            remedy=f"write it as '{variable} [{known_units(variable)[0]}]'",
        )
        for variable in _MEASURED
        if variable in numbers and not units.get(variable)
    )
    if faults:
        raise FaultsError(faults, f"{name} cannot be used")
    data = _dataset(frame, times, numbers, units, name)
    stated = issued is not None or "issued" in about
    origin = Origin(
        source=about.get("source") or name,
        issued=issued or _issued(about.get("issued"), times, name),
        issued_stated=stated,
        standing=about.get("standing", "forecast"),
        synthetic=about.get("synthetic", "").casefold() in {"yes", "true", "1"},
    )
    return Storm.from_dataset(
        data, origin, implausible=implausible, snow_density_kg_m3=snow_density_kg_m3
    )


def write_csv_storm(storm: Storm, path: str | os.PathLike[str]) -> None:
    """Write a storm as such a table, with its units, issue time and source."""
    data, origin = storm.data, storm.origin
    members, times, places = storm.shape
    stamp = np.char.add(np.datetime_as_string(storm.times, unit="s"), "Z")
    columns: dict[str, object] = {
        "time": np.tile(np.repeat(stamp, places), members),
        "member": np.repeat(np.array(storm.members), times * places),
        "point": np.tile(data[storm.place].values.astype(str), members * times),
    }
    for key in ("lon", "lat", "route", "station_m"):
        if key in data.coords:
            columns[key] = np.tile(data[key].values, members * times)
    for variable in VARIABLES:
        columns[f"{variable} [{CANONICAL[variable]}]"] = storm.values(variable).ravel()
    if "loose_snow" in data:
        loose = np.full((members, times, places), np.nan)
        loose[:, 0] = storm.values("loose_snow")
        columns[f"loose_snow [{CANONICAL['loose_snow']}]"] = loose.ravel()
    about = {
        "issued": origin.issued.isoformat(),
        "source": " ".join(origin.source.split()),
        "standing": origin.standing,
        "synthetic": "yes" if origin.synthetic else "no",
    }
    head = "".join(f"# {key}: {value}\n" for key, value in about.items())
    body = pd.DataFrame(columns).to_csv(index=False, lineterminator="\n", float_format="%.6g")
    replace_text(path, head + body)


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise RoadplanError(f"{path} cannot be read: {error}") from error
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1251", errors="replace")


def _rows(text: str, name: str) -> tuple[dict[str, str], list[list[str]]]:
    """Return what the lines before the header say, and the rows from the header on."""
    about: dict[str, str] = {}
    lines = text.splitlines()
    start = 0
    while start < len(lines) and (lines[start].startswith("#") or not lines[start].strip()):
        key, colon, value = lines[start].lstrip("# ").partition(":")
        if colon:
            about[key.strip().casefold()] = value.strip().rstrip(",;\t").strip()
        start += 1
    if start >= len(lines):
        raise RoadplanError(f"{name} holds no table; it needs a header and rows")
    header = lines[start]
    separator = max(";\t,", key=header.count)
    try:
        reader = csv.reader(io.StringIO("\n".join(lines[start:])), delimiter=separator)
        rows = [[cell.strip() for cell in row] for row in reader]
    except csv.Error as error:
        raise RoadplanError(f"{name} cannot be read as a table: {error}") from error
    if separator != ",":
        rows = [rows[0], *([_decimal(cell) for cell in row] for row in rows[1:])]
    return about, rows


def _decimal(cell: str) -> str:
    return cell.replace(",", ".") if re.fullmatch(r"[+-]?\d+,\d+", cell) else cell


def _frame(rows: list[list[str]], name: str) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return the rows as text with the columns' plain names, and the units by column."""
    names, units = [], {}
    for cell in rows[0]:
        match = _HEADER.match(cell)
        plain = (match["name"] if match else cell).strip().casefold()
        plain = _ALIASES.get(plain, plain).replace(" ", "_")
        names.append(plain)
        if match and match["unit"]:
            units[plain] = match["unit"]
    missing = [need for need in ("time", "lon", "lat") if need not in names]
    if missing or len(set(names)) < len(names):
        said = f"lacks {', '.join(missing)}" if missing else "names a column twice"
        raise RoadplanError(
            f"{name}: the header {said}; a table of weather has time, member, lon, lat and "
            f"some of {', '.join(VARIABLES)} with units"
        )
    if not set(names) & set(VARIABLES):
        raise RoadplanError(f"{name} has none of the columns {', '.join(VARIABLES)}")
    body = [(number, row) for number, row in enumerate(rows[1:], 2) if any(row)]
    time = names.index("time")
    if body and (len(body[0][1]) <= time or not any(c.isdigit() for c in body[0][1][time])):
        for column, cell in zip(names, body[0][1], strict=False):
            if cell:
                units.setdefault(column, cell)
        body = body[1:]
    if not body:
        raise RoadplanError(f"{name} has no rows below its header")
    width = len(names)
    cells = [[*row[:width], *[""] * (width - len(row))] for _, row in body]
    frame = pd.DataFrame(cells, columns=names, index=[number for number, _ in body], dtype=object)
    return frame, units


def _times(
    column: pd.Series[str], zone: str, name: str, faults: list[Fault]
) -> pd.Series[pd.Timestamp]:
    """Return the times as UTC."""
    try:
        local = zoneinfo.ZoneInfo(zone) if zone else None
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise RoadplanError(f"{name}: there is no time zone '{zone[:40]}'") from error
    known: dict[str, dt.datetime | None] = {}
    for text in column.unique():
        known[text] = _time(text, local)
    for row, text in column.items():
        if known[text] is None and len(faults) < _MOST_FAULTS:
            why = f"'{text[:40]}' is no time with a time zone"
            remedy = "write 2026-01-15T18:00+05:00, or '# timezone: UTC' above the header"
            number = int(str(row))
            faults.append(Fault(file=name, row=number, column="time", why=why, remedy=remedy))
    moments = {text: moment for text, moment in known.items() if moment is not None}
    return pd.to_datetime(column.map(moments), utc=True).dt.tz_localize(None)


def _time(text: str, local: dt.tzinfo | None) -> dt.datetime | None:
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        if local is None:
            return None
        moment = moment.replace(tzinfo=local)
    return moment.astimezone(dt.UTC)


def _numbers(frame: pd.DataFrame, name: str, faults: list[Fault]) -> dict[str, Floats]:
    found = {}
    for column in ("lon", "lat", "station_m", *_MEASURED):
        if column not in frame:
            continue
        text = frame[column].replace({"": None, "NaN": None, "nan": None, "-": None})
        values = pd.to_numeric(text, errors="coerce").to_numpy(np.float64)
        wrong = np.isnan(values) & text.notna().to_numpy()
        if column in {"lon", "lat"}:
            wrong |= np.isnan(values)
        for at in np.flatnonzero(wrong)[: max(_MOST_FAULTS - len(faults), 0)]:
            shown = str(frame[column].iloc[at])[:40]
            row = int(str(frame.index[at]))
            why = f"'{shown}' is no number"
            faults.append(Fault(file=name, row=row, column=column, value=shown, why=why))
        found[column] = values
    return found


def _dataset(
    frame: pd.DataFrame,
    times: pd.Series[pd.Timestamp],
    numbers: dict[str, Floats],
    units: dict[str, str],
    name: str,
) -> xr.Dataset:
    """Lay the rows out as (member, time, point)."""
    member = frame["member"] if "member" in frame else pd.Series("00", index=frame.index)
    place = pd.DataFrame({"lon": numbers["lon"], "lat": numbers["lat"]}, index=frame.index)
    if "point" in frame:
        place["point"] = frame["point"]
    groups = place.groupby(list(place.columns), sort=False)
    point, first = groups.ngroup().to_numpy(), ~groups.cumcount().astype(bool).to_numpy()
    labels, m = np.unique(member.to_numpy(str), return_inverse=True)
    moments, t = np.unique(times.to_numpy("datetime64[s]"), return_inverse=True)
    shape = (len(labels), len(moments), int(point.max()) + 1)
    if np.prod(shape, dtype=float) > 2e8:
        raise RoadplanError(f"{name} spans too many members, times and points: {shape}")
    flat = np.ravel_multi_index((m, t, point), shape)
    _, where, counts = np.unique(flat, return_index=True, return_counts=True)
    if (counts > 1).any():
        row = int(str(frame.index[where[counts > 1][0]]))
        why = "this member, time and point stands in several rows"
        raise FaultsError([Fault(file=name, row=row, why=why)], f"{name} cannot be used")
    values: dict[str, tuple[Floats, str]] = {}
    for variable in VARIABLES:
        if variable in numbers:
            cube = np.full(shape, np.nan)
            cube.ravel()[flat] = numbers[variable]
            values[variable] = (cube, units[variable])
    if "loose_snow" in numbers:
        loose = np.full(shape, np.nan)
        loose.ravel()[flat] = numbers["loose_snow"]
        known = np.argmax(np.isfinite(loose), axis=1)[:, None]
        values["loose_snow"] = (
            np.take_along_axis(loose, known, axis=1)[:, 0],
            units["loose_snow"],
        )
    coords = {}
    if "route" in frame and "station_m" in numbers:
        coords = {
            "route": frame["route"].to_numpy(str)[first],
            "station_m": numbers["station_m"][first],
        }
    return make_dataset(
        values,
        members=[str(label) for label in labels],
        times=moments,
        lon=numbers["lon"][first],
        lat=numbers["lat"][first],
        places=list(frame["point"][first]) if "point" in frame else None,
        coords=coords,
    )


def _issued(text: str | None, times: pd.Series[pd.Timestamp], name: str) -> dt.datetime:
    if text is None:
        return dt.datetime.fromisoformat(str(times.min())).replace(tzinfo=dt.UTC)
    moment = _time(text, None)
    if moment is None:
        raise RoadplanError(f"{name}: '{text[:40]}' is no issue time; write 2026-01-15T12:00Z")
    return moment
