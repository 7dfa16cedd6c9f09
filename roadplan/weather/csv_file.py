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
and tabs separate; with semicolons or tabs a decimal comma is understood. A row has a cell for
each column of the header; only gusts, direction, visibility and loose snow may be left off at its
end. Members are ordered by the numbers in their labels, 2 before 10.
"""

from __future__ import annotations

import datetime as dt
import os
import zoneinfo
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import xarray as xr

from roadplan.errors import Fault, FaultsError, RoadplanError
from roadplan.files import replace_text
from roadplan.i18n import counted
from roadplan.weather.csv_table import MOST_FAULTS, Stated, Table, read_table
from roadplan.weather.member_order import natural_order
from roadplan.weather.storm import (
    LAT_LIMIT_DEG,
    LON_LIMIT_DEG,
    REMEDIES,
    STORM_STANDINGS,
    VARIABLES,
    Origin,
    Storm,
    make_dataset,
    plausible,
    steady_gale,
)
from roadplan.weather.units import CANONICAL, Floats, convert, known_units

_MEASURED: Final = (*VARIABLES, "loose_snow")


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
        Rows are too long or too short, cells cannot be read, values cannot be, units are missing
        or unknown, or rows repeat. Rows are numbered as the lines of the file.
    """
    table = read_table(Path(path))
    faults = list(table.faults)
    times = _times(table, faults)
    numbers = _numbers(table, faults)
    faults += _outside(table, numbers)
    values = _converted(table, numbers, faults, snow_density_kg_m3=snow_density_kg_m3)
    if implausible == "raise":
        faults += _implausible(table, values)
    origin = _origin(table, times, issued, faults)
    if not faults and "wind_speed" in values:
        row, file = table.units["wind_speed"].row, table.name
        faults += [replace(f, file=file, row=row) for f in steady_gale(values["wind_speed"])]
    if faults or origin is None:
        raise FaultsError(
            sorted(faults, key=lambda fault: fault.row or 0), f"{table.name} cannot be used"
        )
    return Storm.from_dataset(
        _dataset(table, times, numbers, values), origin, implausible=implausible
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


def _times(table: Table, faults: list[Fault]) -> pd.Series[pd.Timestamp]:
    """Return the times as UTC."""
    column = table.cells["time"]
    zone = table.about.get("timezone")
    try:
        local = zoneinfo.ZoneInfo(zone.text) if zone and zone.text else None
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        shown = zone.text[:40] if zone else ""
        fault = Fault(
            file=table.name,
            row=zone.row if zone else None,
            value=shown,
            why=f"there is no time zone '{shown}'",
            remedy="write UTC or a name such as Asia/Almaty",
        )
        raise FaultsError([fault], f"{table.name} cannot be used") from error
    known: dict[str, dt.datetime | None] = {}
    for text in column.unique():
        known[text] = _time(text, local)
    unread = column[[known[text] is None for text in column]]
    for row, text in unread.iloc[:MOST_FAULTS].items():
        why = f"'{text[:40]}' is no time with a time zone"
        remedy = "write 2026-01-15T18:00+05:00, or '# timezone: UTC' above the header"
        number = int(str(row))
        faults.append(Fault(file=table.name, row=number, column="time", why=why, remedy=remedy))
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


def _numbers(table: Table, faults: list[Fault]) -> dict[str, Floats]:
    frame = table.cells
    found = {}
    for column in ("lon", "lat", "station_m", *_MEASURED):
        if column not in frame:
            continue
        text = frame[column].replace({"": None, "NaN": None, "nan": None, "-": None})
        values = pd.to_numeric(text, errors="coerce").to_numpy(np.float64)
        wrong = ~np.isfinite(values) & text.notna().to_numpy()
        if column in {"lon", "lat"}:
            wrong |= np.isnan(values)
        for at in np.flatnonzero(wrong)[:MOST_FAULTS]:
            shown = str(frame[column].iloc[at])[:40]
            kind = "finite number" if np.isinf(values[at]) else "number"
            why = f"'{shown}' is no {kind}"
            faults.append(_fault(table, int(at), column, shown, why))
        found[column] = np.where(np.isinf(values), np.nan, values)
    return found


def _fault(table: Table, at: int, column: str, value: str, why: str, *, remedy: str = "") -> Fault:
    """Return a fault of a cell, by the place of its row among the cells."""
    row = int(str(table.cells.index[at]))
    return Fault(file=table.name, row=row, column=column, value=value, why=why, remedy=remedy)


def _outside(table: Table, numbers: Mapping[str, Floats]) -> Iterator[Fault]:
    """Find points outside the globe; each value is told once, in its first row."""
    for column, limit in (("lon", LON_LIMIT_DEG), ("lat", LAT_LIMIT_DEG)):
        values = numbers[column]
        beyond = np.flatnonzero(np.isfinite(values) & (np.abs(values) > limit))
        _, first = np.unique(values[beyond], return_index=True)
        for at in np.sort(beyond[first])[:MOST_FAULTS]:
            shown = f"{values[at]:g}"
            why = f"{shown} lies outside the globe"
            remedy = f"{column} lies between -{limit} and {limit} degrees; check lon and lat"
            yield _fault(table, int(at), column, shown, why, remedy=remedy)


def _converted(
    table: Table,
    numbers: Mapping[str, Floats],
    faults: list[Fault],
    *,
    snow_density_kg_m3: float,
) -> dict[str, Floats]:
    """Return the columns in the units in which they are kept."""
    found = {}
    for variable in _MEASURED:
        if variable not in numbers:
            continue
        unit = table.units.get(variable, Stated("", table.header_row))
        try:
            found[variable] = convert(
                numbers[variable], unit.text, variable, snow_density_kg_m3=snow_density_kg_m3
            )
        except RoadplanError:
            known = known_units(variable)
            why, remedy = "the column has no unit", f"write it as '{variable} [{known[0]}]'"
            if unit.text:
                why = f"'{unit.text[:40]}' is no unit of {variable}"
                remedy = f"state one of {', '.join(known)}"
            faults.append(
                Fault(
                    file=table.name,
                    row=unit.row,
                    column=variable,
                    value=unit.text[:40],
                    why=why,
                    remedy=remedy,
                )
            )
    return found


def _implausible(table: Table, values: Mapping[str, Floats]) -> Iterator[Fault]:
    """Find values that cannot be; each column is told once, with its first row."""
    for variable, column in values.items():
        kept, bad = plausible(variable, column)
        if bad.any():
            at = int(np.argmax(bad))
            count = counted(int(bad.sum()), "value")
            shown = f"{kept[at]:g} {CANONICAL[variable]}"
            why = f"{count} of {variable} cannot be, the first {shown}"
            yield _fault(table, at, variable, shown, why, remedy=REMEDIES[variable])


def _dataset(
    table: Table,
    times: pd.Series[pd.Timestamp],
    numbers: Mapping[str, Floats],
    columns: Mapping[str, Floats],
) -> xr.Dataset:
    """Lay the rows out as (member, time, point)."""
    frame, name = table.cells, table.name
    member = frame["member"] if "member" in frame else pd.Series("00", index=frame.index)
    place = pd.DataFrame({"lon": numbers["lon"], "lat": numbers["lat"]}, index=frame.index)
    if "point" in frame:
        place["point"] = frame["point"]
    groups = place.groupby(list(place.columns), sort=False)
    point, first = groups.ngroup().to_numpy(), ~groups.cumcount().astype(bool).to_numpy()
    found = [str(label) for label in member.unique()]
    labels = [found[at] for at in natural_order(found)]
    m = pd.Index(labels).get_indexer(member)
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
    for variable, column in columns.items():
        cube = np.full(shape, np.nan)
        cube.ravel()[flat] = column
        if variable == "loose_snow":
            known = np.argmax(np.isfinite(cube), axis=1)[:, None]
            cube = np.take_along_axis(cube, known, axis=1)[:, 0]
        values[variable] = (cube, CANONICAL[variable])
    coords = {}
    if "route" in frame and "station_m" in numbers:
        coords = {
            "route": frame["route"].to_numpy(str)[first],
            "station_m": numbers["station_m"][first],
        }
    return make_dataset(
        values,
        members=labels,
        times=moments,
        lon=numbers["lon"][first],
        lat=numbers["lat"][first],
        places=list(frame["point"][first]) if "point" in frame else None,
        coords=coords,
    )


def _no(table: Table, stated: Stated, what: str, remedy: str) -> Fault:
    """Return the fault of a line before the header that does not hold what it should."""
    text = stated.text[:40]
    return Fault(
        file=table.name, row=stated.row, value=text, why=f"'{text}' is no {what}", remedy=remedy
    )


def _origin(
    table: Table,
    times: pd.Series[pd.Timestamp],
    issued: dt.datetime | None,
    faults: list[Fault],
) -> Origin | None:
    """Return where the storm comes from; None, and a fault, where that cannot be read."""
    about = {key: stated.text for key, stated in table.about.items()}
    stated = table.about.get("issued")
    before = len(faults)
    moment = issued
    if moment is None and stated is not None:
        moment = _time(stated.text, None)
        if moment is None:
            faults.append(_no(table, stated, "issue time", "write 2026-01-15T12:00Z"))
    standing = table.about.get("standing")
    if standing is not None and standing.text not in STORM_STANDINGS:
        remedy = f"write one of {', '.join(STORM_STANDINGS)}, or leave the line out"
        faults.append(_no(table, standing, "standing", remedy))
    first = times.min()
    if len(faults) > before or pd.isna(first):
        return None
    return Origin(
        source=about.get("source") or table.name,
        issued=moment or dt.datetime.fromisoformat(str(first)).replace(tzinfo=dt.UTC),
        issued_stated=issued is not None or stated is not None,
        standing=about.get("standing", "forecast"),
        synthetic=about.get("synthetic", "").casefold() in {"yes", "true", "1"},
    )
