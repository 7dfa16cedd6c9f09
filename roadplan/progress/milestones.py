"""Work with milestones: the farthest stage reached on each asset."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from roadplan.progress.history import Flags, Floats, History, Ints
from roadplan.progress.items import WorkItems

NO_REPORT = -2
"""The stage of an item on which nobody reported."""

NOT_BEGUN = -1
"""The stage of an item of which it was reported that no stage is reached."""


@dataclass(frozen=True, kw_only=True)
class Reached:
    """How far the items with milestones are; arrays over all items, also those without.

    Parameters
    ----------
    stage
        Index of the farthest stage reached; :data:`NOT_BEGUN` or :data:`NO_REPORT`.
    share
        Share of the work done, 0–1; NaN where nobody reported.
    day
        Ordinal of the work date by which the stage was first reached; 0 where none is.
    standing
        The weakest standing of the reports on the item, as an index; −1 where none.
    """

    stage: Ints
    share: Floats
    day: Ints
    standing: Ints


def item_of_report(items: WorkItems, history: History) -> Ints:
    """Return for each report the index of the milestone item it speaks of; −1 where none."""
    kinds = {word: i for i, word in enumerate(history.work_type.words)}
    assets = {word: i for i, word in enumerate(history.asset.words)}
    table = np.full((len(kinds) + 1, len(assets) + 1), -1, dtype=np.int64)
    for index, item in enumerate(items):
        if item.asset and item.work_type in kinds and item.asset in assets:
            table[kinds[item.work_type], assets[item.asset]] = index
    return table[history.work_type.code, history.asset.code]


def stage_of_report(items: WorkItems, history: History) -> Ints:
    """Return for each report the index of its stage in its type; NO_REPORT where unknown."""
    kinds, stages = history.work_type.words, history.stage.words
    table = np.full((len(kinds) + 1, len(stages) + 1), NO_REPORT, dtype=np.int64)
    for k, kind in enumerate(kinds):
        if kind not in items.types:
            continue
        order = {stage.id: i for i, stage in enumerate(items.types[kind].stages)}
        for s, stage in enumerate(stages):
            table[k, s] = NOT_BEGUN if not stage else order.get(stage, NO_REPORT)
    return table[history.work_type.code, history.stage.code]


def stage_shares(items: WorkItems) -> Floats:
    """Return the share done by stage, shape (items, stages + 2); the first two are none yet.

    Column 0 is for no report (NaN) and 1 for not begun (0).
    """
    most = max((len(items.types[item.work_type].stages) for item in items), default=0)
    rows = {
        kind.id: [np.nan, 0.0, *(stage.reached_share for stage in kind.stages)]
        for kind in items.types.values()
    }
    table = np.full((len(items), most + 2), np.nan)
    for index, item in enumerate(items):
        row = rows[item.work_type]
        table[index, : len(row)] = row
    return table


def reached(items: WorkItems, history: History, counting: Flags) -> Reached:
    """Return how far each item with milestones is.

    Parameters
    ----------
    items
        The work items.
    history
        The reports.
    counting
        Which of them count.
    """
    item, stage = item_of_report(items, history), stage_of_report(items, history)
    rows = np.flatnonzero(counting & (item >= 0) & (stage > NO_REPORT))
    item, stage = item[rows], stage[rows]
    farthest = np.full(len(items), NO_REPORT, dtype=np.int64)
    np.maximum.at(farthest, item, stage)
    weakest = np.full(len(items), -1, dtype=np.int64)
    at_it = stage == farthest[item]
    np.maximum.at(weakest, item[at_it], history.standing[rows][at_it])
    never = np.iinfo(np.int64).max
    day = np.full(len(items), never, dtype=np.int64)
    begun = at_it & (stage >= 0)
    np.minimum.at(day, item[begun], history.day[rows][begun])
    day[day == never] = 0
    share = stage_shares(items)[np.arange(len(items)), farthest - NO_REPORT]
    return Reached(stage=farthest, share=share, day=day, standing=weakest)
