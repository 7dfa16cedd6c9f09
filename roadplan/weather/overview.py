"""A storm in a few numbers an hour, for people."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from roadplan.errors import RoadplanError
from roadplan.weather.storm import Storm
from roadplan.weather.units import Floats

LOW, HIGH = 10.0, 90.0
"""Percentiles between which eight of ten members lie."""


def overview(storm: Storm, *, every_h: float = 3.0) -> pd.DataFrame:
    """Return what a storm brings, by steps of time.

    Parameters
    ----------
    storm
        Any storm.
    every_h
        Length of the steps, at least that of the storm's own.

    Returns
    -------
    DataFrame
        One row a step that ends at `time` (UTC), with columns in the units of the storm. Of each
        member: `snow_mm`, the sum over the step at the mean place, `wind_m_s` and `gust_m_s`,
        the strongest anywhere, `temperature_c`, the lowest anywhere, and `visibility_m`, the
        shortest anywhere. Of these over the members: the median, and `_low` and `_high` for the
        10th and 90th percentiles. NaN where no member has a value.

    Raises
    ------
    RoadplanError
        `every_h` is not above zero.
    """
    if not every_h > 0:
        raise RoadplanError("the steps of an overview must be longer than zero")
    hours = (storm.times - storm.times[0]) / np.timedelta64(3600, "s")
    step = np.ceil(np.asarray(hours, dtype=np.float64) / every_h - 1e-9).astype(np.int64)
    rows = []
    length = np.diff(hours, prepend=hours[0])[None, :, None]
    fallen = storm.values("snowfall") * length
    for number in np.unique(step):
        at = step == number
        row: dict[str, object] = {"time": storm.times[at][-1]}
        rows.append(row)
        row |= _spread("snow_mm", _sum(fallen[:, at]))
        row |= _spread("wind_m_s", _extreme(storm.values("wind_speed")[:, at], 1))
        row |= _spread("gust_m_s", _extreme(storm.values("wind_gust")[:, at], 1))
        row |= _spread("temperature_c", _extreme(storm.values("temperature")[:, at], -1))
        row |= _spread("visibility_m", _extreme(storm.values("visibility")[:, at], -1))
    return pd.DataFrame(rows)


def _sum(values: Floats) -> Floats:
    """Return the sum over time at the mean place, NaN for a member without any value."""
    known = np.isfinite(values)
    places = known.any(axis=1)
    sums = np.where(known, values, 0.0).sum(axis=1)
    count = places.sum(axis=1)
    mean = np.full(len(values), np.nan)
    return np.asarray(
        np.divide(np.where(places, sums, 0.0).sum(axis=1), count, out=mean, where=count > 0)
    )


def _extreme(values: Floats, sign: int) -> Floats:
    """Return the largest (sign 1) or smallest (-1) value of each member, NaN where none is."""
    flat = (sign * values).reshape(len(values), -1)
    known: NDArray[np.bool_] = np.isfinite(flat)
    top = np.where(known, flat, -np.inf).max(axis=1)
    return np.where(known.any(axis=1), sign * top, np.nan)


def _spread(name: str, values: Floats) -> dict[str, object]:
    known = values[np.isfinite(values)]
    if not known.size:
        return {name: np.nan, f"{name}_low": np.nan, f"{name}_high": np.nan}
    low, middle, high = np.percentile(known, [LOW, 50.0, HIGH])
    return {name: float(middle), f"{name}_low": float(low), f"{name}_high": float(high)}
