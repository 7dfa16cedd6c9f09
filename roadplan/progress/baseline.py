"""Baselines: what was planned, frozen; a new plan is a new version beside the old."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from roadplan.errors import RoadplanError


@dataclass(frozen=True, kw_only=True)
class Planned:
    """When one item is planned.

    Parameters
    ----------
    start
        The first day of work.
    finish
        The last day of work; at its end all is done.
    quantity
        How much there is to do by this plan, in the unit of the item.
    curve
        Planned share done by the end of a day, as (day, share 0–1) in rising order, where it is
        not linear from the beginning of `start` to the end of `finish`.
    """

    start: dt.date
    finish: dt.date
    quantity: float
    curve: tuple[tuple[dt.date, float], ...] = ()

    def __post_init__(self) -> None:
        if self.finish < self.start:
            raise RoadplanError(
                f"the planned finish {self.finish.isoformat()} is before the start "
                f"{self.start.isoformat()}"
            )
        if not (math.isfinite(self.quantity) and self.quantity >= 0):
            raise RoadplanError(f"the planned quantity {self.quantity} is no amount")
        days = [day for day, _ in self.curve]
        shares = [share for _, share in self.curve]
        if self.curve and (
            any(later <= day for day, later in pairwise(days))
            or any(later < share for share, later in pairwise(shares))
            or not all(0 <= share <= 1 for share in shares)
            or days[0] < self.start
            or days[-1] != self.finish
            or shares[-1] != 1
        ):
            raise RoadplanError(
                "a planned curve must rise from the start to 1 on the day of the finish"
            )

    def shares(self, days: Sequence[dt.date]) -> NDArray[np.float64]:
        """Return the planned share done by the end of each day, 0–1."""
        # The end of a day is the beginning of the next, so work on one day takes one day.
        known = [(self.start.toordinal(), 0.0)]
        for day, share in self.curve or ((self.finish, 1.0),):
            known.append((day.toordinal() + 1, share))
        x, y = zip(*known, strict=True)
        shares: NDArray[np.float64] = np.interp([day.toordinal() + 1 for day in days], x, y)
        return shares


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """A frozen plan of the works.

    Parameters
    ----------
    version
        Its number, from 1 without gaps; a new plan is a new version.
    items
        Item id → when it is planned.
    author, source
        Who planned it and where it stands.
    standing
        `reported`, `measured` or `estimated`.
    note
        Why it was made.
    """

    version: int
    items: Mapping[str, Planned] = field(repr=False)
    author: str
    source: str
    standing: str = "reported"
    note: str = ""

    def __post_init__(self) -> None:
        if self.version < 1:
            raise RoadplanError("baseline versions count from 1")
        if not self.items:
            raise RoadplanError("a baseline needs at least one item")
        object.__setattr__(self, "items", MappingProxyType(dict(self.items)))

    def shares(self, items: Sequence[str], days: Sequence[dt.date]) -> NDArray[np.float64]:
        """Return the planned share done by the end of each day.

        Returns
        -------
        ndarray, shape (items, days)
            0–1; NaN for an item that the baseline does not plan.
        """
        table = np.full((len(items), len(days)), np.nan)
        for i, item in enumerate(items):
            planned = self.items.get(item)
            if planned is not None:
                table[i] = planned.shares(days)
        return table

    def content(self) -> dict[str, Any]:
        """Return all of it as plain values."""
        return {
            "version": self.version,
            "author": self.author,
            "source": self.source,
            "standing": self.standing,
            "note": self.note,
            "items": {
                key: {
                    "start": each.start.isoformat(),
                    "finish": each.finish.isoformat(),
                    "quantity": float(each.quantity),
                    "curve": [[day.isoformat(), float(share)] for day, share in each.curve],
                }
                for key, each in self.items.items()
            },
        }

    @classmethod
    def from_content(cls, values: Mapping[str, Any]) -> Baseline:
        """Return the baseline that :meth:`content` wrote."""
        day = dt.date.fromisoformat
        return cls(
            version=int(values["version"]),
            author=values["author"],
            source=values["source"],
            standing=values["standing"],
            note=values["note"],
            items={
                key: Planned(
                    start=day(each["start"]),
                    finish=day(each["finish"]),
                    quantity=float(each["quantity"]),
                    curve=tuple((day(when), float(share)) for when, share in each["curve"]),
                )
                for key, each in values["items"].items()
            },
        )


@dataclass(frozen=True, kw_only=True)
class StoredBaseline:
    """A baseline as it stands in a ledger: frozen at a moment.

    Parameters
    ----------
    recorded_at
        When it was recorded, UTC.
    baseline
        The plan.
    hash
        SHA-256 over the hash of the version before it and all of this, in hexadecimal.
    """

    recorded_at: dt.datetime
    baseline: Baseline
    hash: str
