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


def pieces(items: WorkItems, history: History, counting: Flags) -> Iterator[Pieces]:
    """Yield the work along the road, for each type and route that has items.

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
    along = frame[frame["measure"] != "milestones"]
    for key, index in along.groupby(["work_type", "route"], sort=False).indices.items():
        kind, route = str(key[0]), str(key[1])
        own = along.index.to_numpy()[index]
        # Rows are sorted by work type, so those of one type and route are one run.
        lower, upper = np.searchsorted(
            kinds, [history.work_type.where(kind), history.work_type.where(kind) + 1]
        )
        code = history.route.where(route)
        start, end = lower + np.searchsorted(routes[lower:upper], [code, code + 1])
        place = (
            frame["from_m"].to_numpy()[own],
            frame["to_m"].to_numpy()[own],
            frame["quantity"].to_numpy()[own],
        )
        amounts = items.types[kind].measure == "amount"
        yield _pieces(kind, route, own, place, history, rows[start:end], amounts=amounts)


def _pieces(
    kind: str,
    route: str,
    own: Ints,
    place: tuple[Floats, Floats, Floats],
    history: History,
    rows: Ints,
    *,
    amounts: bool,
) -> Pieces:
    """Cut one type on one route and see what counts on each piece."""
    begin, finish, planned = place
    order = np.argsort(begin, kind="stable")
    begin, finish, planned, own = begin[order], finish[order], planned[order], own[order]
    if amounts:
        rows = rows[~np.isnan(history.quantity[rows])]
    from_m, to_m = history.from_m[rows], history.to_m[rows]
    cuts = np.unique(np.concatenate((from_m, to_m, begin, finish)))
    first, last = np.searchsorted(cuts, from_m), np.searchsorted(cuts, to_m)
    holder = np.searchsorted(begin, cuts[:-1], side="right") - 1
    inside = (holder >= 0) & (cuts[:-1] < finish[np.maximum(holder, 0)])
    length = to_m - from_m
    stated = history.quantity[rows]
    # Density as if spread evenly over both halves; a report on one half gives it all there.
    halves = np.where(history.side[rows] == 0, 1.0, 2.0)
    density = stated / length * halves if amounts else np.where(stated == 0, 0.0, 1.0)
    item_density = planned / (finish - begin) if amounts else np.ones(len(own))
    # More than is planned is no more done, and must not hide the day by which all was there.
    density = np.minimum(density, item_density.max(initial=0.0))
    # Where reports overlap the most done counts, and of equals the earliest.
    best = np.argsort(-density, kind="stable")
    share = np.zeros((2, len(cuts) - 1))
    day = np.zeros((2, len(cuts) - 1), dtype=np.int64)
    standing = np.full(len(cuts) - 1, -1, dtype=np.int64)
    one_sided = bool((history.side[rows] != 0).any())
    for half, other in enumerate((_RIGHT, _LEFT)):
        if half and not one_sided:
            share[1], day[1] = share[0], day[0]
            break
        ranked = best[history.side[rows][best] != other]
        owner = paint(first[ranked], last[ranked], len(cuts) - 1)
        there = owner >= 0
        row = ranked[owner[there]]
        goal = item_density[np.maximum(holder[there], 0)]
        share[half, there] = np.minimum(1.0, density[row] / np.where(goal > 0, goal, 1.0))
        day[half, there] = np.where(density[row] > 0, history.day[rows[row]], 0)
        standing[there] = np.maximum(standing[there], history.standing[rows[row]])
    return Pieces(
        work_type=kind,
        route=route,
        from_m=cuts[:-1],
        to_m=cuts[1:],
        item=np.where(inside, own[np.maximum(holder, 0)], -1),
        share=share,
        reported=standing >= 0,
        standing=standing,
        day=day,
    )
