"""Placing what is known by its number only: evenly, around what is known by its place."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

ROUNDED_TO_M = 1000.0
"""Estimated stations are put on whole kilometres, so that nobody takes them for surveyed ones."""


def rounded(station_m: float, from_m: float, to_m: float) -> float:
    """Return a station on a whole kilometre inside a stretch; unrounded where there is none."""
    low = np.ceil(from_m / ROUNDED_TO_M) * ROUNDED_TO_M
    high = np.floor(to_m / ROUNDED_TO_M) * ROUNDED_TO_M
    if low > high:
        return round(station_m)
    return float(np.clip(round(station_m / ROUNDED_TO_M) * ROUNDED_TO_M, low, high))


def between(known_m: Sequence[float], from_m: float, to_m: float, count: int) -> list[float]:
    """Return `count` further stations that leave the longest gap as short as can be.

    The known stations and the ends of the stretch bound gaps. One by one, each further place goes
    to the gap whose parts are longest; the places in one gap are then spaced evenly.

    Parameters
    ----------
    known_m
        Stations that are known, inside the stretch.
    from_m, to_m
        The stretch.
    count
        How many to add.
    """
    bounds = np.array(sorted([from_m, *known_m, to_m]))
    gaps = np.diff(bounds)
    inside = np.zeros(len(gaps), dtype=int)
    for _ in range(count):
        inside[np.argmax(gaps / (inside + 1))] += 1
    return [
        rounded(float(station), from_m, to_m)
        for begin, end, number in zip(bounds, bounds[1:], inside, strict=False)
        for station in np.linspace(begin, end, number + 2)[1:-1]
    ]


def parts(from_m: float, to_m: float, count: int) -> list[tuple[float, float, float]]:
    """Return equal parts of a stretch as (from, middle, to)."""
    bounds = np.linspace(from_m, to_m, count + 1)
    return [(float(a), float((a + b) / 2), float(b)) for a, b in pairwise(bounds)]
