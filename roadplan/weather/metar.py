"""Weather observed at airports: METAR and SPECI text, read with the `metar` package.

Snowfall does not stand in a METAR; it is estimated from the present weather (light, moderate or
heavy snow), which the notes of the storm say. Everything else is measured.
"""

from __future__ import annotations

import datetime as dt
import math
import os
import re
import warnings
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from roadplan.errors import Fault, FaultsError, RoadplanError
from roadplan.weather.flag import Flag
from roadplan.weather.storm import VARIABLES, Origin, Storm, make_dataset
from roadplan.weather.units import CANONICAL

SNOW_KG_M2_H: Final = {"-": 0.3, "": 1.0, "+": 2.5}
"""Snowfall by the sign of intensity before SN, an estimate: light, moderate, heavy."""

_REPORT: Final = re.compile(
    r"\b(?:(?:METAR|SPECI)\s+)?(?:COR\s+)?(?P<station>[A-Z][A-Z0-9]{3})\s+"
    r"(?P<day>\d{2})(?P<hour>\d{2})(?P<minute>\d{2})Z\b[^=]*"
)
_DATE: Final = re.compile(r"(?P<year>(?:19|20)\d{2})[-/](?P<month>\d{2})[-/](?P<day>\d{2})")
_FALLING: Final = ("SN", "SG", "PL", "UP")


@cache
def airports() -> Mapping[str, tuple[float, float]]:
    """Return the known airports: ICAO code → longitude and latitude."""
    with files("roadplan.weather").joinpath("airports.csv").open(encoding="utf-8") as stream:
        table = pd.read_csv(stream)
    return {str(row.icao): (float(str(row.lon)), float(str(row.lat))) for row in table.itertuples()}


def read_metar(
    path: str | os.PathLike[str],
    *,
    as_of: dt.datetime | None = None,
    stations: Mapping[str, tuple[float, float]] | None = None,
) -> Storm:
    """Read the METARs in a text file; see :func:`parse_metar`."""
    try:
        text = Path(path).read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        raise RoadplanError(f"{path} cannot be read: {error}") from error
    return parse_metar(text, name=Path(path).name, as_of=as_of, stations=stations)


def parse_metar(
    text: str,
    *,
    name: str = "METAR",
    as_of: dt.datetime | None = None,
    stations: Mapping[str, tuple[float, float]] | None = None,
) -> Storm:
    """Turn METAR text into observations at the airports' points.

    Parameters
    ----------
    text
        Reports, each on its lines or ended by ``=``. A line with a date (``2026/01/15 12:00``)
        before a report, or a date on its line, gives the month that METARs lack.
    name
        What to call the text in messages.
    as_of
        A moment not before the reports, with its time zone: a report without a date is that of
        the last such day of the month up to one hour later.
    stations
        Further airports: ICAO code → longitude, latitude.

    Returns
    -------
    Storm
        One member ``observed``, measured; points are the airports in the order they come.

    Raises
    ------
    RoadplanError
        There is no report in the text.
    FaultsError
        An airport is unknown, or a report has no date or cannot be understood.
    """
    known = {**airports(), **(stations or {})}
    faults: list[Fault] = []
    found: dict[tuple[str, np.datetime64], dict[str, float]] = {}
    notes: list[Flag] = []
    for line, report, dated in _reports(text):
        try:
            station, moment, values = _values(report, dated, as_of, notes)
        except RoadplanError as error:
            faults.append(Fault(file=name, row=line, value=report[:60], why=str(error)))
            continue
        if station not in known:
            why = f"the place of the airport {station} is not known"
            remedy = "give its longitude and latitude"
            faults.append(Fault(file=name, row=line, value=station, why=why, remedy=remedy))
        elif values:
            found[station, moment] = values
    if faults:
        raise FaultsError(faults, f"{name} cannot be used")
    if not found:
        raise RoadplanError(f"{name} holds no METAR, e.g. 'UAKK 151200Z 24012MPS 0800 BLSN …'")
    return _storm(found, known, name, _unique(notes))


def _unique(notes: list[Flag]) -> tuple[Flag, ...]:
    return tuple(note for k, note in enumerate(notes) if note not in notes[:k])


def holds_metar(text: str) -> bool:
    """Return whether a text looks like METARs rather than a table."""
    match = _REPORT.search(text)
    return match is not None


def _reports(text: str) -> list[tuple[int, str, dt.date | None]]:
    """Return (line, report, date) of each report; lines that go on are joined first."""
    found = []
    dated: dt.date | None = None
    joined: list[tuple[int, str]] = []
    for number, line in enumerate(text.splitlines(), 1):
        goes_on = line[:1].isspace() and joined and "=" not in joined[-1][1]
        if goes_on:
            joined[-1] = (joined[-1][0], f"{joined[-1][1]} {line.strip()}")
        else:
            joined.append((number, line.strip()))
    for number, line in joined:
        date = _DATE.search(line)
        if date:
            try:
                dated = dt.date(int(date["year"]), int(date["month"]), int(date["day"]))
            except ValueError:
                dated = None
        found += [(number, " ".join(match[0].split()), dated) for match in _REPORT.finditer(line)]
        if _REPORT.search(line):
            dated = None
    return found


def _values(
    report: str, dated: dt.date | None, as_of: dt.datetime | None, notes: list[Flag]
) -> tuple[str, np.datetime64, dict[str, float]]:
    from metar.Metar import Metar, ParserError

    match = _REPORT.match(report)
    if match is None:
        raise RoadplanError("this is no METAR")
    moment = _moment(match, dated, as_of)
    station = match["station"]
    stamp = np.datetime64(moment.replace(tzinfo=None), "s")
    if re.search(r"\bNIL\b", report):
        return station, stamp, {}
    try:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            parsed = Metar(report, month=moment.month, year=moment.year, strict=False)
    except (ParserError, ValueError, IndexError, TypeError, AttributeError) as error:
        raise RoadplanError(f"the report cannot be understood: {error}") from error
    if told:
        notes.append(Flag("not_understood", {"station": station}))
    values = _measured(parsed, report)
    if values["snowfall"] > 0:
        notes.append(Flag("snow_estimated"))
    return station, stamp, values


def _moment(match: re.Match[str], dated: dt.date | None, as_of: dt.datetime | None) -> dt.datetime:
    day, hour, minute = int(match["day"]), int(match["hour"]), int(match["minute"])
    if as_of is not None and as_of.tzinfo is None:
        raise RoadplanError("the moment of reading needs a time zone")
    if dated is not None:
        latest = dt.datetime.combine(dated, dt.time(23, 59), dt.UTC)
        latest += dt.timedelta(days=1)
    elif as_of is not None:
        latest = as_of.astimezone(dt.UTC) + dt.timedelta(hours=1)
    else:
        raise RoadplanError("a METAR has no month: put the date on a line before it, or say as of")
    for back in range(62):
        date = (latest - dt.timedelta(days=back)).date()
        if date.day != day:
            continue
        try:
            moment = dt.datetime(date.year, date.month, date.day, hour, minute, tzinfo=dt.UTC)
        except ValueError as error:
            raise RoadplanError(f"{match['hour']}:{match['minute']} is no time") from error
        if moment <= latest:
            return moment
    raise RoadplanError(f"{day} is no day of a month")


def _measured(parsed: Any, report: str) -> dict[str, float]:
    def value(quantity: Any, unit: str | None) -> float:
        if quantity is None:
            return math.nan
        return float(quantity.value(unit) if unit else quantity.value())

    sight = value(parsed.vis, "M")
    return {
        "snowfall": _snowfall(parsed, report),
        "wind_speed": value(parsed.wind_speed, "MPS"),
        "wind_gust": value(parsed.wind_gust, "MPS"),
        "wind_direction": value(parsed.wind_dir, None),
        "temperature": value(parsed.temp, "C"),
        "visibility": 10_000.0 if sight >= 9_999 else sight,
    }


def _snowfall(parsed: Any, report: str) -> float:
    """Estimate the snowfall from the groups of present weather."""
    if re.search(r"\s//(\s|$)", report):
        return math.nan  # an automatic station without a sensor for it
    rate = 0.0
    for intensity, description, precipitation, *_ in parsed.weather:
        if description == "BL" or description == "DR":
            continue
        if any(kind in (precipitation or "") for kind in _FALLING):
            rate = max(rate, SNOW_KG_M2_H.get((intensity or "").strip(), SNOW_KG_M2_H[""]))
    return rate


def _storm(
    found: Mapping[tuple[str, np.datetime64], Mapping[str, float]],
    known: Mapping[str, tuple[float, float]],
    name: str,
    notes: tuple[Flag, ...],
) -> Storm:
    stations = list(dict.fromkeys(station for station, _ in found))
    times = np.unique(np.array([moment for _, moment in found]))
    values = {v: np.full((1, len(times), len(stations)), np.nan) for v in VARIABLES}
    for (station, moment), numbers in found.items():
        at = (0, int(np.searchsorted(times, moment)), stations.index(station))
        for variable, number in numbers.items():
            values[variable][at] = number
    last = int(times[-1].astype("datetime64[s]").astype(np.int64))
    origin = Origin(
        source=f"METAR {', '.join(stations)} ({name})",
        issued=dt.datetime.fromtimestamp(last, tz=dt.UTC),
        standing="measured",
        notes=notes,
    )
    data = make_dataset(
        {variable: (array, CANONICAL[variable]) for variable, array in values.items()},
        members=["observed"],
        times=times,
        lon=[known[station][0] for station in stations],
        lat=[known[station][1] for station in stations],
        places=stations,
    )
    return Storm.from_dataset(data, origin)
