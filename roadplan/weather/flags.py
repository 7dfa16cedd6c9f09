"""What a user must know of a forecast before using it: too old, too short, with gaps, estimated."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

import numpy as np

from roadplan.errors import RoadplanError
from roadplan.weather.flag import Flag
from roadplan.weather.parameters import Parameters
from roadplan.weather.storm import VARIABLES, Storm, utc_times

_LISTED_MEMBERS = 8


def flags(
    storm: Storm,
    *,
    now: dt.datetime,
    needed_from: dt.datetime,
    needed_to: dt.datetime,
    parameters: Parameters,
) -> tuple[Flag, ...]:
    """Return what is to be known of a storm before it is used for a stretch of time.

    Parameters
    ----------
    storm
        The forecast.
    now
        The present moment, with its time zone.
    needed_from, needed_to
        The time for which weather is needed, with time zones.
    parameters
        The model's numbers; `forecast_age_h` is the age beyond which a forecast is old.

    Raises
    ------
    RoadplanError
        A moment has no time zone, or `needed_to` is not after `needed_from`.
    """
    moments = utc_times([now, needed_from, needed_to])
    if moments[2] <= moments[1]:
        raise RoadplanError("the time that is needed must end after it begins")
    found = [*_age(storm, moments[0], parameters), *_span(storm, moments[1], moments[2])]
    found += [*_gaps(storm), *_members(storm), *_values(storm)]
    if storm.synthetic:
        found.append(Flag("synthetic"))
    elif storm.origin.standing == "estimated":
        found.append(Flag("estimated"))
    return (*found, *storm.origin.notes)


def _hours(duration: np.timedelta64) -> float:
    return float(duration / np.timedelta64(3600, "s"))


def _text(hours: float) -> str:
    return f"{hours:.1f}".removesuffix(".0")


def _age(storm: Storm, now: np.datetime64, parameters: Parameters) -> Iterator[Flag]:
    if storm.synthetic:
        return
    age = _hours(now - utc_times([storm.issued])[0])
    limit = parameters.forecast_age_h
    if age < -1:
        yield Flag("issued_later", {"ahead_h": _text(-age)})
    elif age > limit:
        yield Flag("too_old", {"age_h": _text(age), "limit_h": _text(limit)})
    elif not storm.origin.issued_stated and age > 0:
        yield Flag("maybe_old", {"age_h": _text(age)})


def _span(storm: Storm, start: np.datetime64, end: np.datetime64) -> Iterator[Flag]:
    known = np.isfinite(storm.values("wind_speed")) | np.isfinite(storm.values("snowfall"))
    told = storm.times[known.any(axis=(0, 2))]
    if not told.size:
        yield Flag("too_short", {"short_h": _text(_hours(end - start))})
        return
    if _hours(told[0] - start) > 0:
        yield Flag("starts_late", {"late_h": _text(_hours(told[0] - start))})
    if _hours(end - told[-1]) > 0:
        yield Flag("too_short", {"short_h": _text(_hours(end - told[-1]))})


def _gaps(storm: Storm) -> Iterator[Flag]:
    steps = np.diff(storm.times) / np.timedelta64(3600, "s")
    wide = np.flatnonzero(steps > 1.5 * storm.step_h)
    if wide.size:
        missing = float((steps[wide] - storm.step_h).sum())
        time = np.datetime_as_string(storm.times[wide[0]], unit="m") + "Z"
        yield Flag("gaps", {"missing_h": _text(missing), "time": time})


def missing_members(storm: Storm) -> list[str]:
    """Return members that are absent from the numbering, or without any wind and snowfall."""
    labels = storm.members
    empty = np.isnan(storm.values("wind_speed")) & np.isnan(storm.values("snowfall"))
    silent = np.asarray(empty.all(axis=(1, 2)))
    gone = [label for label, none in zip(labels, silent, strict=True) if none]
    numbered: dict[str, set[int]] = {}
    width: dict[str, int] = {}
    for label in labels:
        match = re.fullmatch(r"(.*?)(\d+)", label)
        if match:
            numbered.setdefault(match[1], set()).add(int(match[2]))
            width[match[1]] = max(width.get(match[1], 0), len(match[2]))
    for prefix, numbers in numbered.items():
        absent = set(range(min(numbers), max(numbers) + 1)) - numbers
        # A chosen subset of members is no gap; a few holes in a run are.
        if len(absent) < len(numbers) and len(numbers) > 2:
            gone += [f"{prefix}{number:0{width[prefix]}d}" for number in sorted(absent)]
    return gone


def _members(storm: Storm) -> Iterator[Flag]:
    gone = missing_members(storm)
    if gone:
        listed = ", ".join(gone[:_LISTED_MEMBERS])
        more = f" … ({len(gone)})" if len(gone) > _LISTED_MEMBERS else ""
        yield Flag("missing_members", {"members": listed + more})
    if len(storm.members) == 1 and storm.origin.standing != "measured":
        yield Flag("few_members", {"count": "1"})


def _values(storm: Storm) -> Iterator[Flag]:
    absent = {name: np.isnan(storm.values(name)) for name in VARIABLES}
    nowhere = (absent["snowfall"] & absent["wind_speed"]).all(axis=(0, 1))
    if nowhere.any():
        total = nowhere.size
        yield Flag("places_without", {"count": str(int(nowhere.sum())), "total": str(total)})
    for name, holes in absent.items():
        share = 100.0 * float(holes.mean())
        if share == 100.0:
            yield Flag("missing_variable", {"variable": name})
        elif share > 0:
            percent = f"{max(share, 0.1):.1f}"
            yield Flag("missing_values", {"variable": name, "percent": percent})
