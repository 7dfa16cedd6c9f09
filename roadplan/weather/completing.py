"""Filling what may be filled in a forecast, and saying so.

Gaps are bridged in time only up to a limit. Gusts, sight and a missing direction follow from
stated rules. A member that stays incomplete is left out; where none is left the forecast cannot
be used.
"""

from __future__ import annotations

import numpy as np

from roadplan.errors import RoadplanError
from roadplan.weather.flag import Flag
from roadplan.weather.parameters import Parameters
from roadplan.weather.storm import Storm
from roadplan.weather.units import Floats

NEEDED = ("snowfall", "wind_speed", "temperature")
"""Variables without which the snow on the road cannot be told."""


def complete(
    storm: Storm,
    parameters: Parameters,
    *,
    start: np.datetime64 | None = None,
    end: np.datetime64 | None = None,
) -> Storm:
    """Return a storm in which everything that the snow model needs is there.

    Parameters
    ----------
    storm
        Any storm; it is not changed.
    parameters
        `gap_fill_h` is the longest gap that is bridged, `gust_ratio` makes gusts from winds.
    start, end
        The time that is needed, UTC; by default all of the storm's. What is missing outside it
        does not matter.

    Returns
    -------
    Storm
        With regular times, without the members that stay incomplete. Visibility may be missing
        still (the snow model knows its own), and the direction, which then counts as its mean
        over all directions. What was done is among the notes of its origin.

    Raises
    ------
    RoadplanError
        Nothing is left, or a place on the road has no forecast at all; the message says what
        is missing and where.
    """
    regular = _regular(storm)
    limit = round(parameters.gap_fill_h / regular.step_h)
    values: dict[str, Floats] = {}
    notes: list[Flag] = []
    within = _within(regular, start, end)
    for name in (*NEEDED, "wind_gust", "wind_direction", "visibility"):
        raw = regular.values(name)
        values[name] = (
            _bridged_direction(raw, limit)
            if name == "wind_direction"
            else _bridged(raw, limit, hold=name == "snowfall")
        )
        filled = np.isnan(raw) & np.isfinite(values[name])
        count = int(filled[:, within].sum())
        if count:
            notes.append(Flag("filled", {"variable": name, "count": str(count)}))
    gust, wind = values["wind_gust"], values["wind_speed"]
    unknown = np.isnan(gust) & np.isfinite(wind)
    if unknown[:, within].any():
        notes.append(Flag("gusts", {"ratio": f"{parameters.gust_ratio:g}"}))
    values["wind_gust"] = np.maximum(np.where(unknown, parameters.gust_ratio * wind, gust), wind)
    regular = Storm(regular.data.isel(time=within), regular.origin)
    values = {name: array[:, within].copy() for name, array in values.items()}
    # The rate of the step before the first time is used by nobody.
    values["snowfall"][:, 0] = np.nan_to_num(values["snowfall"][:, 0], nan=0.0)
    whole = np.ones(regular.shape[0], dtype=bool)
    for name in NEEDED:
        whole &= np.isfinite(values[name]).all(axis=(1, 2))
    if not whole.any():
        raise _incomplete(regular, values)
    if not whole.all():
        gone = [label for label, kept in zip(regular.members, whole, strict=True) if not kept]
        notes.append(Flag("left_out", {"members": ", ".join(gone)}))
    told = regular.with_values(values, notes=notes)
    return told if whole.all() else told.at_members(np.flatnonzero(whole))


def _within(storm: Storm, start: np.datetime64 | None, end: np.datetime64 | None) -> slice:
    """Return the times from the last one not after `start` to the first one not before `end`."""
    times = storm.times
    first, last = times[0] if start is None else start, times[-1] if end is None else end
    if first < times[0] or last > times[-1]:
        told, wanted = (
            f"{np.datetime_as_string(a, unit='m')}Z to {np.datetime_as_string(b, unit='m')}Z"
            for a, b in ((times[0], times[-1]), (first, last))
        )
        raise RoadplanError(
            f"the forecast covers {told}, but {wanted} is needed ({storm.source}); "
            "get a longer forecast or plan for a shorter time"
        )
    left = int(np.searchsorted(times, first, side="right")) - 1
    right = int(np.searchsorted(times, last, side="left"))
    return slice(left, max(right, left + 1) + 1)


def _regular(storm: Storm) -> Storm:
    """Put missing times into the array as missing values, so that gaps have their true length."""
    times = storm.times
    step = np.timedelta64(round(storm.step_h * 3600), "s")
    count = round((times[-1] - times[0]) / step) + 1
    grid = times[0] + np.arange(count) * step
    if len(grid) == len(times) and (grid == times).all():
        return storm
    inside = np.isin(times, grid)
    if not inside.all():
        raise RoadplanError(
            f"the times of the forecast are not a whole number of {storm.step_h:g} h steps "
            f"apart, e.g. {np.datetime_as_string(times[~inside][0], unit='m')}Z"
        )
    return Storm(storm.data.reindex(time=grid), storm.origin)


def _bridged(values: Floats, limit: int, *, hold: bool) -> Floats:
    """Fill gaps of up to `limit` steps along time, from value to value; ends are not invented.

    Snowfall is not drawn to a straight line but keeps the mean of its neighbours.
    """
    if limit < 1 or not np.isnan(values).any():
        return values
    known = np.isfinite(values)
    steps = values.shape[1]
    index = np.arange(steps)[None, :, None]
    before = np.maximum.accumulate(np.where(known, index, -1), axis=1)
    after = np.minimum.accumulate(np.where(known, index, steps)[:, ::-1], axis=1)[:, ::-1]
    inside = ~known & (before >= 0) & (after < steps) & (after - before - 1 <= limit)
    left = np.take_along_axis(values, np.maximum(before, 0), axis=1)
    right = np.take_along_axis(values, np.minimum(after, steps - 1), axis=1)
    share = np.full(values.shape, 0.5)
    if not hold:
        np.divide(index - before, after - before, out=share, where=after > before)
    return np.where(inside, left + share * (right - left), values)


def _bridged_direction(values: Floats, limit: int) -> Floats:
    angle = np.deg2rad(values)
    east = _bridged(np.sin(angle), limit, hold=False)
    north = _bridged(np.cos(angle), limit, hold=False)
    turned = np.mod(np.rad2deg(np.arctan2(east, north)), 360.0)
    return np.where(np.isnan(values), turned, values)


def _incomplete(storm: Storm, values: dict[str, Floats]) -> RoadplanError:
    told = []
    for name in NEEDED:
        holes = np.isnan(values[name])
        if name == "snowfall" and holes.shape[1] > 1:
            # That of the first time is never missing, because nobody uses it.
            holes = holes[:, 1:]
        if holes.all():
            told.append(f"there is no {name} at all, no column or variable with a value of it")
            continue
        nowhere = np.flatnonzero(holes.all(axis=(0, 1)))
        if nowhere.size:
            labels = storm.data[storm.place].values[nowhere[:5]]
            listed = ", ".join(str(v) for v in labels)
            told.append(
                f"{name} is missing at {nowhere.size} places on the road ({listed}"
                f"{' …' if nowhere.size > 5 else ''})"
            )
        elif holes.any():
            told.append(f"{name} is missing in {100 * holes.mean():.0f} % of its values")
    return RoadplanError(
        f"the forecast cannot be used ({storm.source}): {'; '.join(told)}; "
        "get a forecast that covers the road and the time"
    )
