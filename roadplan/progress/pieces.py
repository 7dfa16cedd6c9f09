"""Work along the road as pieces: how much of each is done on either half of the road."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from roadplan.progress._painting import paint
from roadplan.progress.history import Flags, Floats, History, Ints
from roadplan.progress.items import WorkItems
from roadplan.progress.report import SIDES

FULL = 1 - 1e-9
"""A share from which work counts as done, for rounding."""

_LEFT, _RIGHT = SIDES.index("left"), SIDES.index("right")


@dataclass(frozen=True, kw_only=True)
class Pieces:
    """Work of one type on one route, cut where anything changes.

    Parameters
    ----------
    work_type, route
        Ids.
    from_m, to_m
        The pieces, shape (pieces,), in order and touching each other.
    item
        Index of the work item each lies in; −1 for none.
    share
        Shape (2, pieces): share done on the left and on the right half, 0–1.
    reported
        Whether any counting report speaks of the piece.
    standing
        The weakest standing of the reports that count there, as an index; −1 where none.
    day
        Shape (2, pieces): ordinal of the work date by which the share was reached on the left and
        the right half; 0 where nothing is done.
    """

    work_type: str
    route: str
    from_m: Floats
    to_m: Floats
    item: Ints
    share: Floats
    reported: Flags
    standing: Ints
    day: Ints

    @property
    def length_m(self) -> Floats:
        """The length of each piece."""
        return self.to_m - self.from_m


@dataclass(frozen=True, kw_only=True)
class Group:
    """The items of one work type on one route, and the reports on them that count.

    Parameters
    ----------
    work_type, route
        Ids.
    item
        Indices of the items, in order of the road.
    from_m, to_m, quantity
        Where they lie and what there is to do.
    rows
        The reports, as rows of a history in order of their day.
    amounts
        Whether amounts are reported, else stretches.
    """

    work_type: str
    route: str
    item: Ints
    from_m: Floats
    to_m: Floats
    quantity: Floats
    rows: Ints
    amounts: bool


def groups(items: WorkItems, history: History, counting: Flags) -> Iterator[Group]:
    """Yield the work along the road by type and route, for each that has items.

    Parameters
    ----------
    items
        The work items. Those of one type do not overlap.
    history
        The reports.
    counting
        Which of them count, see :meth:`roadplan.progress.history.History.counting`.
    """
    rows = history.by_day[counting[history.by_day]]
    kinds, routes = history.work_type.code[rows], history.route.code[rows]
    frame = items.frame
    along = frame[frame["measure"] != "milestones"].sort_values("from_m", kind="stable")
    for key, own in along.groupby(["work_type", "route"], sort=False):
        kind, route = str(key[0]), str(key[1])
        amounts = items.types[kind].measure == "amount"
        # Rows are sorted by work type and route, so those of one of each are one run.
        code = history.work_type.where(kind)
        lower, upper = np.searchsorted(kinds, [code, code + 1])
        code = history.route.where(route)
        start, end = lower + np.searchsorted(routes[lower:upper], [code, code + 1])
        mine = rows[start:end]
        yield Group(
            work_type=kind,
            route=route,
            item=own.index.to_numpy(dtype=np.int64),
            from_m=own["from_m"].to_numpy(float),
            to_m=own["to_m"].to_numpy(float),
            quantity=own["quantity"].to_numpy(float),
            rows=mine[~np.isnan(history.quantity[mine])] if amounts else mine,
            amounts=amounts,
        )


def pieces(items: WorkItems, history: History, counting: Flags) -> Iterator[Pieces]:
    """Yield the work along the road piece by piece, for each type and route that has items.

    Parameters
    ----------
    items, history, counting
        As for :func:`groups`.
    """
    for group in groups(items, history, counting):
        yield cut(group, history)


def cut(group: Group, history: History) -> Pieces:
    """Cut one type on one route wherever anything changes and see what counts on each piece."""
    rows = group.rows
    from_m, to_m = history.from_m[rows], history.to_m[rows]
    cuts = np.unique(np.concatenate((from_m, to_m, group.from_m, group.to_m)))
    first, last = np.searchsorted(cuts, from_m), np.searchsorted(cuts, to_m)
    holder = np.searchsorted(group.from_m, cuts[:-1], side="right") - 1
    inside = (holder >= 0) & (cuts[:-1] < group.to_m[np.maximum(holder, 0)])
    stated, sides = history.quantity[rows], history.side[rows]
    if group.amounts:
        goal = group.quantity / (group.to_m - group.from_m)
        # Density as if spread evenly over both halves; a report on one half gives it all there.
        # More than is planned is no more done, and must not hide the day by which all was there.
        density = stated / (to_m - from_m) * np.where(sides == 0, 1.0, 2.0)
        density = np.minimum(density, goal.max(initial=0.0))
    else:
        goal = np.ones(len(group.item))
        density = np.where(stated == 0, 0.0, 1.0)
    # Where reports overlap the most done counts, and of equals the earliest.
    best = np.argsort(-density, kind="stable")
    share = np.zeros((2, len(cuts) - 1))
    day = np.zeros((2, len(cuts) - 1), dtype=np.int64)
    standing = np.full(len(cuts) - 1, -1, dtype=np.int64)
    one_sided = bool((sides != 0).any())
    for half, other in enumerate((_RIGHT, _LEFT)):
        if half and not one_sided:
            share[1], day[1] = share[0], day[0]
            break
        ranked = best[sides[best] != other]
        owner = paint(first[ranked], last[ranked], len(cuts) - 1)
        there = owner >= 0
        row = ranked[owner[there]]
        wanted = goal[np.maximum(holder[there], 0)]
        share[half, there] = np.minimum(1.0, density[row] / np.where(wanted > 0, wanted, 1.0))
        day[half, there] = np.where(density[row] > 0, history.day[rows[row]], 0)
        standing[there] = np.maximum(standing[there], history.standing[rows[row]])
    return Pieces(
        work_type=group.work_type,
        route=group.route,
        from_m=cuts[:-1],
        to_m=cuts[1:],
        item=np.where(inside, group.item[np.maximum(holder, 0)], -1),
        share=share,
        reported=standing >= 0,
        standing=standing,
        day=day,
    )
