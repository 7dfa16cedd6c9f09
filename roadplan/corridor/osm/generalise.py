"""A line with fewer points that stays within a tolerance of the full one."""

from __future__ import annotations

import numpy as np

from roadplan.corridor._geodesic import Floats
from roadplan.corridor.osm.lattice import Indices


def kept_points(xy: Floats, tolerance_m: float) -> Indices:
    """Return the indices of the points to keep, both ends among them.

    No point left out is farther than the tolerance from the line that replaces it (Douglas &
    Peucker 1973).

    Parameters
    ----------
    xy
        Points, shape (n, 2), n at least 2.
    tolerance_m
        In the unit of the points.

    Examples
    --------
    >>> kept_points(np.array([[0.0, 0], [5, 0.1], [10, 0], [10, 9]]), 1.0).tolist()
    [0, 2, 3]
    """
    keep = np.zeros(len(xy), dtype=bool)
    keep[[0, -1]] = True
    todo = [(0, len(xy) - 1)]
    while todo:
        first, last = todo.pop()
        if last - first < 2:
            continue
        away = _distances(xy[first + 1 : last], xy[first], xy[last])
        farthest = int(away.argmax())
        if away[farthest] > tolerance_m:
            middle = first + 1 + farthest
            keep[middle] = True
            todo += [(first, middle), (middle, last)]
    return np.flatnonzero(keep)


def _distances(points: Floats, begin: Floats, end: Floats) -> Floats:
    """Return the distances of points from a straight piece."""
    step = end - begin
    share = np.clip((points - begin) @ step / max(float(step @ step), 1e-12), 0, 1)
    return np.asarray(np.hypot(*(begin + share[:, None] * step - points).T))
