"""Sets of half-open stretches as arrays: which overlap, what they cover, what they leave out.

Everything rests on one idea: give every end of every stretch its rank in the order of route and
station. Ranks are whole numbers that compare exactly, and those of different routes never mix, so
a question about all routes at once becomes one sort and one search.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from roadplan.corridor._geodesic import Floats
from roadplan.errors import RoadplanError

Ints: TypeAlias = NDArray[np.intp]

_MOST_PIECES = 50_000_000
"""More pieces than this are a mistake in the tables and would fill the memory."""


@dataclass(frozen=True)
class Stretches:
    """Stretches as arrays of one length: route code, beginning and end."""

    route: Ints
    from_m: Floats
    to_m: Floats

    def __len__(self) -> int:
        """Return the number of stretches."""
        return len(self.route)

    def take(self, rows: Ints) -> Stretches:
        """Return some of the stretches."""
        return Stretches(self.route[rows], self.from_m[rows], self.to_m[rows])


def ranks(route: Ints, station_m: Floats) -> Ints:
    """Return the rank of each place by route and station; equal places share a rank."""
    order = np.lexsort((station_m, route))
    new = (np.diff(route[order]) != 0) | (np.diff(station_m[order]) != 0)
    rank = np.empty(len(order), dtype=np.intp)
    rank[order] = np.concatenate(([0], np.cumsum(new)))[: len(order)]
    return rank


def end_ranks(sets: Sequence[Stretches]) -> list[tuple[Ints, Ints]]:
    """Return the ranks of beginnings and ends of several sets, over all of them together."""
    route = np.concatenate([each.route for each in sets for _ in range(2)])
    station = np.concatenate([ends for each in sets for ends in (each.from_m, each.to_m)])
    parts = np.split(ranks(route, station), np.cumsum([len(each) for each in sets for _ in "ft"]))
    return list(zip(parts[:-1:2], parts[1::2], strict=False))


def spread(first: Ints, count: Ints) -> tuple[Ints, Ints]:
    """Return owner and member of runs: run k has the members first[k] … first[k] + count[k] − 1.

    Raises
    ------
    RoadplanError
        There are more members than any honest table makes.
    """
    total = int(count.sum())
    if total > _MOST_PIECES:
        raise RoadplanError(
            f"the stretches overlap so often that {total:,} pieces would come out; "
            "remove repeated rows first"
        )
    owner = np.repeat(np.arange(len(count)), count)
    before = np.cumsum(count) - count
    return owner, np.arange(total) - before[owner] + first[owner]


def pairs(a: Stretches, b: Stretches) -> tuple[Ints, Ints]:
    """Return all pairs of rows of two sets that overlap, each pair once.

    Two stretches overlap when the second begins inside the first or the first begins strictly
    inside the second. Both are runs in a sorted list, so the cost grows with what comes out.
    """
    (a_from, a_to), (b_from, b_to) = end_ranks([a, b])
    order_a, order_b = np.argsort(a_from, kind="stable"), np.argsort(b_from, kind="stable")
    size = 1 + max((int(to.max()) for to in (a_to, b_to) if len(to)), default=0)
    a_before, b_before = _counts_before(a_from, size), _counts_before(b_from, size)
    i, run = spread(b_before[a_from], b_before[a_to] - b_before[a_from])
    j = order_b[run]
    more_j, run = spread(a_before[b_from + 1], a_before[b_to] - a_before[b_from + 1])
    return np.concatenate((i, order_a[run])), np.concatenate((j, more_j))


def _counts_before(rank: Ints, size: int) -> Ints:
    """Return for each rank below or at `size` how many of some ranks are lower."""
    return np.concatenate(([0], np.cumsum(np.bincount(rank, minlength=size))))


def cover(stretches: Stretches) -> tuple[Stretches, Ints]:
    """Join touching and overlapping stretches.

    Returns
    -------
    cover : Stretches
        Disjoint, in order of route and station.
    first : ndarray of int
        For each, the row of `stretches` with which it begins.
    """
    if not len(stretches):
        return stretches, np.empty(0, dtype=np.intp)
    ((begin, end),) = end_ranks([stretches])
    order = np.argsort(begin, kind="stable")
    reached = np.maximum.accumulate(end[order])
    starts = np.concatenate(([0], np.flatnonzero(begin[order][1:] > reached[:-1]) + 1))
    first = order[starts]
    to_m = np.maximum.reduceat(stretches.to_m[order], starts)
    return Stretches(stretches.route[first], stretches.from_m[first], to_m), first


def outside(stretches: Stretches, routes: int) -> Stretches:
    """Return what a set leaves out of `routes` routes that run from −∞ to ∞."""
    covered, _ = cover(stretches)
    every = np.arange(routes)
    infinite = np.full(routes, np.inf)
    route = np.concatenate((covered.route, every))
    begin = np.concatenate((covered.to_m, -infinite))
    end = np.concatenate((covered.from_m, infinite))
    opens, closes = np.lexsort((begin, route)), np.lexsort((end, route))
    return Stretches(route[opens], begin[opens], end[closes])


def clashes(stretches: Stretches) -> tuple[Ints, Ints]:
    """Return rows that begin inside an earlier one, and that one (the one reaching farthest)."""
    if not len(stretches):
        return np.empty(0, dtype=np.intp), np.empty(0, dtype=np.intp)
    ((begin, end),) = end_ranks([stretches])
    order = np.argsort(begin, kind="stable")
    reached = np.maximum.accumulate(end[order])
    # The holder of the running maximum: the last row that raised it.
    raised = np.concatenate(([True], end[order][1:] > reached[:-1]))
    holder = np.maximum.accumulate(np.where(raised, np.arange(len(order)), 0))
    later = np.flatnonzero(begin[order][1:] < reached[:-1]) + 1
    return order[later], order[holder[later - 1]]


def joined(parts: Sequence[Stretches]) -> Stretches:
    return Stretches(
        np.concatenate([part.route for part in parts]),
        np.concatenate([part.from_m for part in parts]),
        np.concatenate([part.to_m for part in parts]),
    )


def common(a: Stretches, b: Stretches, i: Ints, j: Ints) -> Stretches:
    """Return the common parts of overlapping rows."""
    return Stretches(
        a.route[i], np.maximum(a.from_m[i], b.from_m[j]), np.minimum(a.to_m[i], b.to_m[j])
    )


def remainder(a: Stretches, b: Stretches, routes: int) -> tuple[Stretches, Ints]:
    """Return the parts of the rows of `a` on which nothing of `b` lies, and whose they are."""
    free = outside(b, routes)
    i, j = pairs(a, free)
    return common(a, free, i, j), i


def between_ranks(sets: Sequence[Stretches], ends: Sequence[tuple[Ints, Ints]]) -> Stretches:
    """Return the stretches between neighbouring ends of any stretch, by rank of their beginning.

    Where the next end is on another route the stretch means nothing: no event covers it.
    """
    size = max((int(end.max()) + 1 for _, end in ends if len(end)), default=0)
    route, station = np.empty(size, dtype=np.intp), np.empty(size)
    for (begin, end), each in zip(ends, sets, strict=True):
        route[begin], station[begin] = each.route, each.from_m
        route[end], station[end] = each.route, each.to_m
    return Stretches(route[:-1], station[:-1], station[1:])


def elementary(sets: Sequence[Stretches]) -> tuple[Stretches, list[Ints]]:
    """Return the pieces between neighbouring ends, and the row of each set that covers each.

    The row is -1 where none does. No set may overlap itself.
    """
    ends = end_ranks(sets)
    place = between_ranks(sets, ends)
    piece = np.arange(len(place))
    rows = []
    for begin, end in ends:
        if not len(begin):
            rows.append(np.full(len(place), -1))
            continue
        order = np.argsort(begin, kind="stable")
        last = np.searchsorted(begin[order], piece, side="right") - 1
        row = order[np.maximum(last, 0)]
        rows.append(np.where((last >= 0) & (end[row] > piece), row, -1))
    return place, rows
