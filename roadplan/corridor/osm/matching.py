"""Points in order matched to places along a line, in order.

The nearest place of each point alone would jump where a line comes near itself. So the candidates
are all places where the distance is locally least, and the chain of them is chosen that stays
near and moves on as the points do (Viterbi 1967; for roads Newson & Krumm 2009).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from roadplan.corridor._geodesic import Floats
from roadplan.corridor.osm.plane import line_tree, point_shapes

_SLACK_M = 300.0
"""Places farther than the nearest by more than this (and half as much again) are no candidates."""
_UNEVEN = 0.3
_BACKWARD = 3.0
_PER_M = 0.01
"""A metre of points at one metre's distance costs this; what moving unevenly or back costs for
each metre stands above."""


def match(points: Floats, at_m: Floats, line: Floats, line_m: Floats) -> Floats:
    """Return where along a line points lie.

    Parameters
    ----------
    points
        Shape (n, 2), on the plane, in order.
    at_m
        Position of each along their own line, rising, shape (n,).
    line, line_m
        The line's points, shape (k, 2), and the position of each, rising.

    Returns
    -------
    ndarray
        Positions on the line, never falling, shape (n,).
    """
    index, place_m, away_m = _candidates(points, line, line_m)
    stretch = np.gradient(at_m) if len(at_m) > 1 else np.ones(1)
    cost = away_m * np.maximum(stretch, 0)[index] * _PER_M
    first = np.searchsorted(index, np.arange(len(points) + 1))
    steps = np.diff(at_m)
    total = cost[first[0] : first[1]]
    back: list[NDArray[np.intp]] = []
    for i in range(1, len(points)):
        before = place_m[first[i - 1] : first[i]]
        here = place_m[first[i] : first[i + 1]]
        if len(before) == len(here) == 1:
            back.append(np.zeros(1, dtype=np.intp))
            total = cost[first[i] : first[i + 1]]
            continue
        moved = here[None, :] - before[:, None]
        uneven = _UNEVEN * np.abs(moved - steps[i - 1]) + _BACKWARD * np.maximum(-moved, 0)
        reached = total[:, None] + uneven
        back.append(reached.argmin(axis=0))
        total = reached.min(axis=0) + cost[first[i] : first[i + 1]]
    choice = int(total.argmin())
    chosen = [choice]
    for arrows in reversed(back):
        choice = int(arrows[choice])
        chosen.append(choice)
    return rising(place_m[first[:-1] + np.array(chosen[::-1])])


def _candidates(
    points: Floats, line: Floats, line_m: Floats
) -> tuple[NDArray[np.intp], Floats, Floats]:
    """Return point, position and distance of every place that is locally nearest."""
    tree = line_tree(line)
    shapes = point_shapes(points)
    (_, _), nearest = tree.query_nearest(shapes, all_matches=False, return_distance=True)
    point, piece = tree.query(shapes, predicate="dwithin", distance=1.5 * nearest + _SLACK_M)
    order = np.lexsort((piece, point))
    point, piece = point[order], piece[order]
    step = line[piece + 1] - line[piece]
    share = np.einsum("ij,ij->i", points[point] - line[piece], step)
    share = np.clip(share / np.maximum(np.einsum("ij,ij->i", step, step), 1e-12), 0, 1)
    away = np.hypot(*(line[piece] + share[:, None] * step - points[point]).T)
    next_to = (np.diff(point) == 0) & (np.diff(piece) == 1)
    rises = np.append(next_to & (away[:-1] > away[1:]), False)
    falls = np.append(False, next_to & (away[1:] >= away[:-1]))
    least = ~rises & ~falls
    place = line_m[piece] + share * (line_m[piece + 1] - line_m[piece])
    return point[least], place[least], away[least]


def rising(values: Floats) -> Floats:
    """Return the nearest sequence (least squares) that never falls.

    Pool adjacent violators (Ayer et al. 1955).

    Examples
    --------
    >>> rising(np.array([1.0, 3.0, 2.0, 4.0])).tolist()
    [1.0, 2.5, 2.5, 4.0]
    """
    means: list[float] = []
    counts: list[int] = []
    for value in values.tolist():
        mean, count = value, 1
        while means and means[-1] > mean:
            other = counts.pop()
            mean = (mean * count + means.pop() * other) / (count + other)
            count += other
        means.append(mean)
        counts.append(count)
    return np.repeat(means, counts)
