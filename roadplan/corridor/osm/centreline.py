"""One axis from two carriageways.

Where both run on one road, the axis is that road. Where they part, it is the line half-way
between them, so that the carriageways lie at equal offsets to its left and right; where they run
far apart (a pair of one-way streets, a hillside) it passes over to the carriageway of rising
stations, since a line between them would lie on no road.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from roadplan.corridor._geodesic import Floats
from roadplan.corridor.osm.lattice import Indices
from roadplan.corridor.osm.matching import match
from roadplan.corridor.osm.plane import along

_SAMPLE_M = 20.0
_APART_M = 150.0
_FAR_APART_M = 300.0
_SHORT_M = 500.0
_ONE_ROAD_M = 0.5
"""Carriageways drawn nearer than this are one road that is drawn twice."""
SHORTEST_STRETCH_M = 200.0
"""A parting or a joining of carriageways shorter than this (a roundabout, a traffic island, a
crossing drawn as one node) is not told as a stretch of its own."""


@dataclass(frozen=True, kw_only=True)
class CarriagewayStretch:
    """A stretch of the new axis with one or two carriageways."""

    from_m: float
    to_m: float
    carriageways: int


def centre_line(there: Floats, back: Floats, meets: Indices) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the axis of two carriageways.

    Parameters
    ----------
    there
        Carriageway of rising stations on the plane, shape (n, 2).
    back
        The other one in the same direction, shape (m, 2).
    meets
        Pairs of indices of points that both share, rising in both, shape (p, 2).

    Returns
    -------
    xy : ndarray
        The axis, shape (k, 2).
    dual : ndarray of bool
        For each step of it whether the carriageways are apart there, shape (k − 1,).
    """
    begin, end = [0, 0], [len(there) - 1, len(back) - 1]
    corners = [begin, *meets.tolist(), end]
    met = [False, *[True] * len(meets), False]
    points: list[Floats] = [there[:0]]
    dual: list[NDArray[np.bool_]] = []
    for k in range(len(corners) - 1):
        (i, j), (i_next, j_next) = corners[k : k + 2]
        if i == i_next:
            continue
        mine, its = there[i : i_next + 1], back[j : j_next + 1]
        joined = met[k] and met[k + 1] and i_next - i == 1 and j_next - j == 1
        part, apart = mine, np.zeros(len(mine) - 1, dtype=bool)
        if not joined and j < j_next:
            part, apart = _between(mine, its, met[k], met[k + 1])
        points.append(part[1 if dual else 0 :])
        dual.append(apart)
    return _distinct(np.concatenate(points), np.concatenate(dual))


def _between(
    there: Floats, back: Floats, met_first: bool, met_last: bool
) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the line half-way between two lines, and which of its steps has them apart.

    They may meet at either end.
    """
    at = along(there)
    length = along(back)
    # A line without extent has no neighbour to be matched with.
    if at[-1] <= 0 or length[-1] <= 0:
        return there, np.zeros(len(there) - 1, dtype=bool)
    where = np.unique(np.concatenate((at, np.arange(0, at[-1], _SAMPLE_M))))
    samples = np.column_stack([np.interp(where, at, there[:, i]) for i in (0, 1)])
    # The halves of a roundabout are nearest to each other at their ends only; what is short is
    # therefore paired by shares of its length.
    short = max(at[-1], length[-1]) < _SHORT_M
    place = (
        where / at[-1] * length[-1]
        if short and met_first and met_last
        else match(samples, where, back, length)
    )
    if met_first:
        place[0] = 0.0
    if met_last:
        place[-1] = length[-1]
    other = np.column_stack([np.interp(place, length, back[:, i]) for i in (0, 1)])
    apart = np.hypot(*(other - samples).T)
    share = 0.5 * np.clip((_FAR_APART_M - apart) / (_FAR_APART_M - _APART_M), 0, 1)
    separate = apart > _ONE_ROAD_M
    return samples + share[:, None] * (other - samples), separate[:-1] | separate[1:]


def _distinct(xy: Floats, dual: NDArray[np.bool_]) -> tuple[Floats, NDArray[np.bool_]]:
    """Leave out points that repeat the one before."""
    moved = np.hypot(*np.diff(xy, axis=0).T) > 0.01
    return xy[np.append(True, moved)], dual[moved]


def meeting_points(there: Indices, back: Indices) -> Indices:
    """Return pairs of indices at which two sequences of nodes meet, rising in both, shape (p, 2).

    Examples
    --------
    >>> meeting_points(np.array([1, 2, 5, 6]), np.array([1, 2, 4, 6])).tolist()
    [[0, 0], [1, 1], [3, 3]]
    """
    where: dict[int, list[int]] = {}
    for j, node in enumerate(back.tolist()):
        where.setdefault(node, []).append(j)
    pairs: list[tuple[int, int]] = []
    reached = -1
    # Progress along both keeps a place that is passed twice from being taken for the other pass.
    for i, node in enumerate(there.tolist()):
        ahead = [j for j in where.get(node, ()) if j > reached]
        if not ahead:
            continue
        expected = i / max(len(there) - 1, 1) * (len(back) - 1)
        j = ahead[0] if len(where[node]) == 1 else min(ahead, key=lambda k: abs(k - expected))
        pairs.append((i, j))
        reached = j
    return np.array(pairs, dtype=np.intp).reshape(-1, 2)


def stretches(at: Floats, dual: NDArray[np.bool_]) -> list[CarriagewayStretch]:
    """Return the stretches with one and with two carriageways along an axis.

    Parameters
    ----------
    at
        Station of each point of the axis, shape (k,).
    dual
        For each step whether the carriageways are apart, shape (k − 1,).
    """
    change = np.flatnonzero(np.diff(dual)) + 1
    borders = np.concatenate(([0], change, [len(dual)]))
    runs = [[float(at[a]), float(at[b]), bool(dual[a])] for a, b in pairwise(borders)]
    while len(runs) > 1:
        lengths = [run[1] - run[0] for run in runs]
        shortest = int(np.argmin(lengths))
        if lengths[shortest] >= SHORTEST_STRETCH_M:
            break
        runs[shortest][2] = not runs[shortest][2]
        runs = _joined(runs)
    return [
        CarriagewayStretch(from_m=a, to_m=b, carriageways=2 if apart else 1) for a, b, apart in runs
    ]


def _joined(runs: list[list[float | bool]]) -> list[list[float | bool]]:
    joined: list[list[float | bool]] = []
    for run in runs:
        if joined and joined[-1][2] == run[2]:
            joined[-1][1] = run[1]
        else:
            joined.append(run)
    return joined
