"""The status of the works as of a moment: per item, rolled up, in kilometres and in counts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from roadplan.errors import RoadplanError
from roadplan.progress.asof import AsOf
from roadplan.progress.history import Flags, Floats, History, Ints
from roadplan.progress.items import WorkItems
from roadplan.progress.kilometres import kilometres
from roadplan.progress.milestones import (
    NO_REPORT,
    NOT_BEGUN,
    Reached,
    item_of_report,
    reached,
    stage_of_report,
)
from roadplan.progress.pieces import FULL, Pieces, pieces
from roadplan.progress.report import STANDINGS

ROLL_UPS = ("segment", "place", "contract", "work_type", "group", "region", "route", "season")
"""What the completion can be rolled up by."""


@dataclass(frozen=True, kw_only=True)
class Status:
    """How far the works are as of a moment. Made by :func:`status`.

    Parameters
    ----------
    as_of
        The two times.
    items
        The work items.
    completion
        For each item the share done, 0–1; NaN where nobody reported.
    standing
        For each item the weakest standing of the reports that count, as an index into
        `STANDINGS`; −1 where nobody reported.
    pieces
        The work along the road, piece by piece.
    reached
        The work with milestones.
    reports
        How many reports count.
    unmatched
        How many of them speak of no work item: an unknown work type, asset, stage or route, or a
        stretch where no such work is planned. They are in no figure.
    """

    as_of: AsOf
    items: WorkItems
    completion: Floats
    standing: Ints
    pieces: tuple[Pieces, ...] = field(repr=False)
    reached: Reached = field(repr=False)
    reports: int
    unmatched: int

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row for each item; treat it as read-only.

        The columns of :attr:`roadplan.progress.items.WorkItems.frame`, then `completion` (NaN:
        no report), `reported`, `done_weight`, `stage` (id of the stage reached; empty where none
        or not measured so), `reached_on` (the day by which the farthest stage was reached, ISO;
        milestones only) and `report_standing`.
        """
        stages = [
            self.items.types[item.work_type].stages[index].id if index >= 0 else ""
            for item, index in zip(self.items, self.reached.stage, strict=True)
        ]
        named = np.array([*STANDINGS, ""], dtype=object)
        return self.items.frame.assign(
            completion=self.completion,
            reported=~np.isnan(self.completion),
            done_weight=np.nan_to_num(self.completion) * self.items.frame["weight"].to_numpy(),
            stage=stages,
            reached_on=[iso_day(day) for day in self.reached.day],
            report_standing=named[self.standing],
        )

    def by(self, *keys: str, physical: bool | None = None) -> pd.DataFrame:
        """Roll the completion up, weighted.

        Parameters
        ----------
        keys
            Some of :data:`ROLL_UPS`; none for one row over all. `place` is the segment, asset or
            contract that an item is made for.
        physical
            Only work that counts in physical completion, or only what does not. By default
            physical work only, and all where it is rolled up by work type or group.

        Returns
        -------
        DataFrame
            One row for each value: `items`, `items_reported`, `items_done`, `weight`,
            `done_weight`, `completion` and `estimated`. `completion` is the weight done over all
            the weight, so what nobody reported counts as not done in it, and it is NaN (no report)
            where nobody reported on any of the items; `items_reported` says how much it rests
            on. `estimated` tells whether a report that counts is an estimate.
        """
        unknown = [key for key in keys if key not in ROLL_UPS]
        if unknown:
            raise RoadplanError(
                f"cannot roll up by '{unknown[0]}'; use some of {', '.join(ROLL_UPS)}"
            )
        frame = self.frame
        if physical is None and not {"work_type", "group"} & set(keys):
            physical = True
        if physical is not None:
            frame = frame[frame["physical"] == physical]
        parts = frame.assign(
            items_done=frame["completion"] >= FULL,
            done_quantity=frame["completion"].fillna(0.0) * frame["quantity"],
            estimated=frame["report_standing"] == "estimated",
        )
        by = list(keys) or (lambda _: "all")
        groups = parts.groupby(by, sort=False, dropna=False)
        sums = groups.agg(
            items=("id", "size"),
            items_reported=("reported", "sum"),
            items_done=("items_done", "sum"),
            weight=("weight", "sum"),
            done_weight=("done_weight", "sum"),
            quantity=("quantity", "sum"),
            done_quantity=("done_quantity", "sum"),
            estimated=("estimated", "any"),
        )
        weight = sums["weight"].where(sums["weight"] > 0)
        share = sums["done_weight"] / weight
        # Work without weight, such as the opening, is rolled up by its quantity.
        plain = sums.pop("done_quantity") / sums.pop("quantity")
        share = np.where(sums["weight"] > 0, share, plain)
        sums.insert(5, "completion", np.where(sums["items_reported"] > 0, share, np.nan))
        return sums.reset_index(drop=not keys) if keys else sums.reset_index(drop=True)

    @cached_property
    def overall(self) -> float:
        """Physical completion of the whole, 0–1; NaN where nobody reported."""
        whole = self.by()
        return float(whole["completion"].iloc[0]) if len(whole) else np.nan

    @cached_property
    def kilometres(self) -> pd.DataFrame:
        """The three kilometre figures, for each contract and (last row, `whole`) for all.

        See :func:`roadplan.progress.kilometres.kilometres`.
        """
        return kilometres(self.items, self.pieces, self.completion)

    @cached_property
    def counts(self) -> pd.DataFrame:
        """How many structures, rest areas, facilities and bypass roads stand how.

        Returns
        -------
        DataFrame
            One row for each contract and group, and for each group over all with contract
            `whole`: `total`, `finished`, `begun` (reported, not finished), `not_reported`, and
            `in_use`, the bypass roads on which traffic runs.
        """
        groups = ("structure", "rest_area", "sanitary", "detour")
        frame = self.frame[self.frame["group"].isin(groups)]
        traffic = [
            index >= 0 and self.items.types[item.work_type].stages[index].traffic
            for item, index in zip(self.items, self.reached.stage, strict=True)
        ]
        finished = frame["completion"] >= FULL
        parts = frame.assign(
            total=1,
            finished=finished.astype(int),
            begun=(frame["reported"] & ~finished).astype(int),
            not_reported=(~frame["reported"]).astype(int),
            in_use=np.array(traffic, dtype=int)[frame.index],
        )
        columns = ["total", "finished", "begun", "not_reported", "in_use"]
        each = parts.groupby(["contract", "group"], sort=False)[columns].sum().reset_index()
        whole = parts.groupby("group", sort=False)[columns].sum().reset_index()
        whole.insert(0, "contract", "whole")
        return pd.concat([each, whole], ignore_index=True)

    def as_dict(self) -> dict[str, Any]:
        """Return the figures as plain values, for JSON; what is not known is NaN."""
        return {
            "work_date": self.as_of.work_date.isoformat(),
            "recorded_at": self.as_of.recorded_at.isoformat(),
            "reports": self.reports,
            "unmatched": self.unmatched,
            "completion": self.overall,
            "kilometres": self.kilometres.to_dict("records"),
            "counts": self.counts.to_dict("records"),
            "by_contract": self.by("contract").to_dict("records"),
            "by_work_type": self.by("work_type").to_dict("records"),
        }


def status(items: WorkItems, history: History, as_of: AsOf) -> Status:
    """Return how far the works are as of a moment.

    Parameters
    ----------
    items
        The work items.
    history
        The reports, of a ledger or made by :meth:`History.from_reports`.
    as_of
        Until when work was done, and until when it was recorded.
    """
    counting = history.counting(as_of)
    along = tuple(pieces(items, history, counting))
    milestones = reached(items, history, counting)
    completion, standing = milestones.share.copy(), milestones.standing.copy()
    for each in along:
        share, weakest = item_shares(each, len(items))
        own = np.unique(each.item[each.item >= 0])
        completion[own], standing[own] = share[own], weakest[own]
    return Status(
        as_of=as_of,
        items=items,
        completion=completion,
        standing=standing,
        pieces=along,
        reached=milestones,
        reports=int(counting.sum()),
        unmatched=_unmatched(items, history, counting, along),
    )


def item_shares(each: Pieces, count: int) -> tuple[Floats, Ints]:
    """Return the share done of each item and the weakest standing; NaN and −1 where no report.

    Parameters
    ----------
    each
        The pieces of one work type on one route.
    count
        The number of all items.
    """
    inside = each.item >= 0
    item, length = each.item[inside], each.length_m[inside]
    done = np.bincount(item, weights=length * each.share.mean(axis=0)[inside], minlength=count)
    whole = np.bincount(item, weights=length, minlength=count)
    share = np.divide(done, whole, out=np.full(count, np.nan), where=whole > 0)
    share[share > FULL] = 1.0
    weakest = np.full(count, -1, dtype=np.int64)
    np.maximum.at(weakest, item, each.standing[inside])
    share[weakest < 0] = np.nan
    return share, weakest


def _unmatched(items: WorkItems, history: History, counting: Flags, along: Sequence[Pieces]) -> int:
    """Return how many counting reports speak of no work item."""
    known = (item_of_report(items, history) >= 0) & (stage_of_report(items, history) > NO_REPORT)
    kinds, routes = history.work_type, history.route
    for each in along:
        mine = (kinds.code == kinds.where(each.work_type)) & (
            routes.code == routes.where(each.route)
        )
        rows = np.flatnonzero(mine & counting)
        if not len(rows):
            continue
        planned = np.concatenate(([0.0], np.cumsum(np.where(each.item >= 0, each.length_m, 0.0))))
        cuts = np.append(each.from_m, each.to_m[-1])
        begin, end = np.interp(np.stack((history.from_m[rows], history.to_m[rows])), cuts, planned)
        known[rows[end > begin]] = True
    return int((counting & ~known).sum())


def iso_day(ordinal: int) -> str:
    """Return the day of an ordinal in ISO 8601; empty for 0."""
    return dt.date.fromordinal(int(ordinal)).isoformat() if ordinal > 0 else ""


__all__ = ["NOT_BEGUN", "NO_REPORT", "ROLL_UPS", "Status", "item_shares", "status"]
