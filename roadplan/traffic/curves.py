"""Cumulative counts as piecewise linear curves of time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FREE = -1
"""Source of a flow that is limited by nothing but the vehicles that arrive."""


@dataclass(frozen=True)
class Curve:
    """How many vehicles have passed a point by each moment; zero before the first one.

    Parameters
    ----------
    time_h
        Moments at which the slope changes, rising, shape (n,); the last one is the horizon.
    count_veh
        Vehicles that have passed by then, shape (n,).
    rate_veh_h
        Flow from each moment to the next one, shape (n,).
    source
        The node whose capacity sets that flow, shape (n,); :data:`FREE` where none does.
    """

    time_h: Floats
    count_veh: Floats
    rate_veh_h: Floats
    source: NDArray[np.int64]

    def count(self, time_h: Floats) -> Floats:
        """Return the vehicles that have passed by some moments."""
        return np.interp(time_h, self.time_h, self.count_veh, left=0.0)

    def piece(self, time_h: Floats) -> NDArray[np.int64]:
        """Return the index of the piece that rules at some moments; -1 before the first."""
        return np.searchsorted(self.time_h, time_h, side="right") - 1

    def integral(self) -> float:
        """Return the area under the curve from its first moment to its last, veh·h."""
        return float(np.trapezoid(self.count_veh, self.time_h))


def step_curve(
    steps: tuple[tuple[float, float, float], ...], *, horizon_h: float
) -> tuple[Floats, Floats, Floats]:
    """Return breaks, counts and rates of a flow given as ``(from_h, to_h, veh_h)`` periods.

    Outside the periods the flow is zero. Periods must be in order and not overlap.

    Examples
    --------
    >>> time_h, count_veh, rate_veh_h = step_curve(((1.0, 2.0, 50.0),), horizon_h=4.0)
    >>> time_h.tolist(), count_veh.tolist(), rate_veh_h.tolist()
    ([0.0, 1.0, 2.0, 4.0], [0.0, 0.0, 50.0, 50.0], [0.0, 50.0, 0.0, 0.0])
    """
    breaks, rates = step_values(steps, outside=0.0, horizon_h=horizon_h)
    times = np.append(breaks, horizon_h)
    counts = np.append(0.0, np.cumsum(rates * np.diff(times)))
    return times, counts, np.append(rates, 0.0)


def step_values(
    steps: tuple[tuple[float, float, float], ...], *, outside: float, horizon_h: float
) -> tuple[Floats, Floats]:
    """Return the moments from 0 on, before the horizon, at which a stepwise value changes.

    Examples
    --------
    >>> times, values = step_values(((1.0, 2.0, 5.0),), outside=9.0, horizon_h=4.0)
    >>> times.tolist(), values.tolist()
    ([0.0, 1.0, 2.0], [9.0, 5.0, 9.0])
    """
    times, values = [0.0], [outside]
    for start, end, value in sorted(steps):
        for moment, after in ((start, value), (end, outside)):
            if moment >= horizon_h:
                continue
            if moment == times[-1]:
                values[-1] = after
            else:
                times.append(moment)
                values.append(after)
    return np.array(times), np.array(values)


def least_steps(
    rows: Iterable[tuple[tuple[float, float, float], ...]], *, outside: float, horizon_h: float
) -> tuple[Floats, Floats]:
    """Return the least of several stepwise values and `outside`, as :func:`step_values` does.

    Examples
    --------
    >>> both = [((0.0, 2.0, 5.0),), ((1.0, 3.0, 4.0),)]
    >>> times, values = least_steps(both, outside=9.0, horizon_h=4.0)
    >>> times.tolist(), values.tolist()
    ([0.0, 1.0, 2.0, 3.0], [5.0, 4.0, 4.0, 9.0])
    """
    read = [step_values(row, outside=outside, horizon_h=horizon_h) for row in rows]
    times = np.unique(np.concatenate([[0.0], *(time for time, _ in read)]))
    values = np.full(len(times), outside)
    for time, value in read:
        values = np.minimum(values, value[np.searchsorted(time, times, side="right") - 1])
    return times, values
