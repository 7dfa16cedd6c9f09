"""Completion day by day, for plans, forecasts and charts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from roadplan.progress.asof import END_OF_TIME
from roadplan.progress.history import Flags, Floats, History, Ints
from roadplan.progress.items import WorkItems
from roadplan.progress.milestones import (
    NO_REPORT,
    item_of_report,
    stage_of_report,
    stage_shares,
)
from roadplan.progress.pieces import FULL, Group, Pieces, cut, groups, pieces
from roadplan.progress.rollup import item_shares


def completion_by_day(
    items: WorkItems,
    history: History,
    days: Sequence[dt.date],
    *,
    recorded_at: dt.datetime = END_OF_TIME,
) -> Floats:
    """Return the completion of every item as of each day.

    Each column is what :func:`roadplan.progress.rollup.status` gives for that work date.

    Parameters
    ----------
    items
        The work items.
    history
        The reports.
    days
        Work dates, in any order.
    recorded_at
        What was known: reports recorded by this moment and not corrected by then.

    Returns
    -------
    ndarray, shape (items, days)
        0–1; NaN where nobody had reported on work by that day.
    """
    believed = history.believed(recorded_at)
    ordinals = np.array([day.toordinal() for day in days], dtype=np.int64)
    table = _milestones(items, history, believed, ordinals)
    for group in groups(items, history, believed):
        share = (_amounts if group.amounts else _stretches)(group, history, ordinals)
        table[group.item] = share
    return table


def _stretches(group: Group, history: History, ordinals: Ints) -> Floats:
    """Return the completion of items measured by stretches, shape (items, days).

    What is done stays done, so each piece counts from the first day by which it was.
    """
    each = cut(group, history)
    inside = each.item >= 0
    place = np.searchsorted(group.from_m, each.from_m[inside], side="right") - 1
    order = np.argsort(ordinals, kind="stable")
    later = len(ordinals)
    done = np.zeros((len(group.item), later + 1))
    for day in each.day[:, inside]:
        column = np.where(day > 0, np.searchsorted(ordinals[order], day), later)
        np.add.at(done, (place, column), each.length_m[inside] / 2)
    share = np.cumsum(done[:, :later], axis=1) / (group.to_m - group.from_m)[:, None]
    share[share > FULL] = 1.0
    share[ordinals[order][None, :] < _first_reported(group, history)[:, None]] = np.nan
    table = np.empty_like(share)
    table[:, order] = share
    return table


def _first_reported(group: Group, history: History) -> Ints:
    """Return the day of the first report on each item, done or not; a day never where none."""
    # As if all reports said that something is done: then the first of them dates each piece.
    said = replace(history, quantity=np.full(len(history), np.nan))
    each = cut(group, said)
    inside = each.item >= 0
    place = np.searchsorted(group.from_m, each.from_m[inside], side="right") - 1
    found = np.full(len(group.item), np.iinfo(np.int64).max)
    for day in each.day[:, inside]:
        np.minimum.at(found, place[day > 0], day[day > 0])
    return found


def _amounts(group: Group, history: History, ordinals: Ints) -> Floats:
    """Return the completion of items measured by amounts, shape (items, days)."""
    table = np.full((len(group.item), len(ordinals)), np.nan)
    days = history.day[group.rows]
    # Between two days on which nothing was reported nothing changes.
    changes = np.unique(days)
    step = np.searchsorted(changes, ordinals, side="right")
    for value in np.unique(step[step > 0]):
        known = replace(group, rows=group.rows[days <= changes[value - 1]])
        share, _ = item_shares(cut(known, history), int(group.item.max()) + 1)
        table[:, step == value] = share[group.item, None]
    return table


def _milestones(items: WorkItems, history: History, believed: Flags, ordinals: Ints) -> Floats:
    """Return the completion of items with milestones; NaN for the others."""
    item, stage = item_of_report(items, history), stage_of_report(items, history)
    rows = np.flatnonzero(believed & (item >= 0) & (stage > NO_REPORT))
    rows = rows[np.argsort(history.day[rows], kind="stable")]
    farthest = np.full((len(items), len(ordinals)), NO_REPORT, dtype=np.int64)
    for column in np.argsort(ordinals):
        last = np.searchsorted(history.day[rows], ordinals[column], side="right")
        np.maximum.at(farthest[:, column], item[rows[:last]], stage[rows[:last]])
    shares = stage_shares(items)
    table: Floats = np.take_along_axis(shares, farthest - NO_REPORT, axis=1)
    return table


def done_stretches(
    items: WorkItems, history: History, *, recorded_at: dt.datetime = END_OF_TIME
) -> pd.DataFrame:
    """Return where work along the road is done and by which day, for the march chart.

    Parameters
    ----------
    items
        The work items.
    history
        The reports.
    recorded_at
        What was known.

    Returns
    -------
    DataFrame
        `work_type`, `route`, `from_m`, `to_m`, `side` (`both` where both halves were done on one
        day), `work_date` (datetime64) of the first report by which it was done, and `standing`.
        For amounts only where all that is planned is there. Stretches of one type, side and day
        that touch are one.
    """
    frames = [
        frame
        for each in pieces(items, history, history.believed(recorded_at))
        for frame in _done(each)
    ]
    columns = ["work_type", "route", "from_m", "to_m", "side", "day", "standing"]
    whole = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)
    same = ["work_type", "route", "side", "day", "standing"]
    whole = whole.sort_values([*same, "from_m"], kind="stable")
    before = whole[same].eq(whole[same].shift()).all(axis=1)
    run = (~(before & (whole["from_m"] == whole["to_m"].shift()))).cumsum()
    joined = whole.groupby(run, sort=False).agg(
        {name: "last" if name == "to_m" else "first" for name in columns}
    )
    joined = joined.reset_index(drop=True)
    origin = dt.date(1970, 1, 1).toordinal()
    since = (joined.pop("day").to_numpy(dtype=np.int64) - origin).astype("datetime64[D]")
    joined.insert(5, "work_date", since.astype("datetime64[s]"))
    named = np.array(["reported", "measured", "estimated"], dtype=object)
    joined["standing"] = named[joined["standing"].to_numpy(dtype=np.int64)]
    return joined.sort_values(["work_type", "route", "from_m", "side"], ignore_index=True)


def _done(each: Pieces) -> list[pd.DataFrame]:
    """Return the pieces that are done, by side."""
    full = (each.share >= FULL) & (each.item >= 0)
    both = full.all(axis=0) & (each.day[0] == each.day[1])
    found = []
    for side, chosen, half in (
        ("both", both, 0),
        ("left", full[0] & ~both, 0),
        ("right", full[1] & ~both, 1),
    ):
        if chosen.any():
            found.append(
                pd.DataFrame(
                    {
                        "work_type": each.work_type,
                        "route": each.route,
                        "from_m": each.from_m[chosen],
                        "to_m": each.to_m[chosen],
                        "side": side,
                        "day": each.day[half, chosen],
                        "standing": each.standing[chosen],
                    }
                )
            )
    return found
