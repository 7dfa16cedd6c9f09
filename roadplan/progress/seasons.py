"""When work can go on: seasons and winter stops by region and kind of work, as dated data.

A calendar is worked through as cumulative working days. Work that needs 30 working days and
begins in late October then ends in spring without a special case: both ways are look-ups.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from roadplan.errors import Fault, FaultsError, RoadplanError
from roadplan.tables.reading import read_csv_table
from roadplan.tables.schema import STANDINGS, Column, Table

ANY = "*"
"""Region or season class of a rule that holds wherever no more specific one does."""

SEASONS = Table(
    name="seasons",
    description=(
        "When work can go on, by region and season class of the work: recurring seasons, and "
        "stops between two dates. Of the seasons that apply to a day the most specific one counts"
    ),
    key=("season",),
    columns=(
        Column(name="season", kind="id", required=True, description="Identifier of the rule"),
        Column(
            name="kind",
            kind="choice",
            choices=("season", "stop"),
            required=True,
            description="A season of every year, or a stop from one date to another",
        ),
        Column(name="region", kind="text", required=True, description="Region; * for any"),
        Column(
            name="season_class",
            kind="text",
            required=True,
            description="Season class of the work types it is for; * for any",
        ),
        Column(name="opens", kind="text", description="First day of the season, as MM-DD"),
        Column(name="closes", kind="text", description="Last day of the season, as MM-DD"),
        Column(
            name="valid_from",
            kind="date",
            description="First day the rule holds; of a stop its first day",
        ),
        Column(
            name="valid_to",
            kind="date",
            description="Last day the rule holds; of a stop its last day",
        ),
        Column(
            name="working_share",
            kind="number",
            unit="0–1",
            minimum=0.05,
            maximum=1,
            description="Working days by calendar day inside the season; 1 where empty",
        ),
        Column(
            name="standing",
            kind="choice",
            choices=STANDINGS,
            required=True,
            description="Where the dates come from",
        ),
        Column(name="source", kind="text", required=True, description="Who said it, or the rule"),
        Column(name="note", kind="text", description="Anything a reader should know"),
    ),
)

_MONTH_DAY = re.compile(r"(\d{2})-(\d{2})")
_EPOCH = np.datetime64("1970-01-01", "D")
_TINY_DAYS = 1e-9
_FINEST_SHARE = 0.05


def day_number(day: date | np.datetime64 | pd.Timestamp | str) -> float:
    """Return a day as days since 1 January 1970.

    Examples
    --------
    >>> day_number(date(1970, 1, 31))
    30.0
    """
    return float((np.asarray(day, dtype="datetime64[D]") - _EPOCH).astype(np.int64))


def finish_date(moment: float) -> date:
    """Return the day on which something that ends at a moment ends.

    Examples
    --------
    Work that ends as the second day ends:

    >>> finish_date(2.0), finish_date(2.1)
    (datetime.date(1970, 1, 2), datetime.date(1970, 1, 3))
    """
    return day_date(np.ceil(moment - 1e-6) - 1)


def day_date(number: float) -> date:
    """Return the day that holds a moment given in days since 1 January 1970.

    Examples
    --------
    >>> day_date(30.5)
    datetime.date(1970, 1, 31)
    """
    found: date = (_EPOCH + np.timedelta64(int(np.floor(number)), "D")).item()
    return found


@dataclass(frozen=True, eq=False)
class _Inverse:
    """The moment at which some working days are over, found in constant time.

    Parameters
    ----------
    begin
        Working days before each working day, and after the last, shape (k + 1,).
    day, share
        Day number and share of each working day, shape (k,).
    step
        Working days between two rows of `row`: the smallest share, so that no more than one
        working day begins between them.
    row
        The working day that holds each multiple of `step`.
    """

    begin: NDArray[np.float64]
    day: NDArray[np.float64]
    share: NDArray[np.float64]
    step: float
    row: NDArray[np.intp]

    @classmethod
    def of(cls, share: NDArray[np.float64], total: NDArray[np.float64], first_day: int) -> _Inverse:
        working = np.flatnonzero(share > 0)
        begin = np.append(total[working], total[-1])
        step = max(float(share[working].min()), _FINEST_SHARE)
        marks = np.arange(int(total[-1] / step) + 2) * step
        row = np.clip(np.searchsorted(begin, marks, side="right") - 1, 0, len(working) - 1)
        day = working.astype(np.float64) + first_day
        return cls(begin, day, share[working], step, row)

    def day_of(self, work_days: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return when some working days are over, infinite beyond the last."""
        # A hair less than asked: what ends with the season ends then, not next spring.
        amount = np.maximum(work_days - _TINY_DAYS, 0.0)
        inside = np.minimum(amount, self.begin[-1])
        row = self.row[(inside / self.step).astype(np.intp)]
        row = np.minimum(row + (self.begin[row + 1] <= inside), len(self.day) - 1)
        ends = self.day[row] + (inside - self.begin[row]) / self.share[row] + _TINY_DAYS
        found: NDArray[np.float64] = np.where(amount > self.begin[-1], np.inf, ends)
        return found


@dataclass(frozen=True, eq=False)
class WorkCalendar:
    """Working days of one kind of work in one region, looked up both ways.

    Parameters
    ----------
    first_day
        Day number of the first day.
    share
        Working days by day, 0–1, shape (n,).

    Raises
    ------
    RoadplanError
        No day is a working day, or a share is outside 0–1.

    Examples
    --------
    Two days of work, three of rest, two of work; work that takes three days ends on the sixth:

    >>> calendar = WorkCalendar(0, [1, 1, 0, 0, 0, 1, 1])
    >>> float(calendar.finish(0.0, 3.0)), float(calendar.worked(4.0))
    (6.0, 2.0)
    """

    first_day: int
    share: NDArray[np.float64]
    _total: NDArray[np.float64] = field(init=False, repr=False)
    _inverse: _Inverse = field(init=False, repr=False)

    def __init__(self, first_day: int, share: ArrayLike) -> None:
        shares = np.array(share, dtype=np.float64)
        if not ((shares >= 0) & (shares <= 1)).all():
            raise RoadplanError("working shares of days lie between 0 and 1")
        if ((shares > 0) & (shares < _FINEST_SHARE)).any():
            raise RoadplanError(f"a working day is at least {_FINEST_SHARE:g} of a day; or it is 0")
        if not (shares > 0).any():
            raise RoadplanError(
                "the calendar has no working day; open a season for this kind of work"
            )
        total = np.concatenate(([0.0], np.cumsum(shares)))
        object.__setattr__(self, "first_day", int(first_day))
        object.__setattr__(self, "share", shares)
        object.__setattr__(self, "_total", total)
        object.__setattr__(self, "_inverse", _Inverse.of(shares, total, int(first_day)))

    @property
    def last_day(self) -> float:
        """The moment at which the calendar ends."""
        return float(self.first_day + len(self.share))

    def worked(self, day: ArrayLike) -> NDArray[np.float64]:
        """Return the working days from the calendar's first day to some moments.

        Moments outside the calendar count as its ends.
        """
        at = np.asarray(day, dtype=np.float64) - self.first_day
        at = np.clip(at, 0.0, len(self.share))
        whole = np.minimum(at.astype(np.intp), len(self.share) - 1)
        result: NDArray[np.float64] = self._total[whole] + (at - whole) * self.share[whole]
        return result

    def finish(self, start: ArrayLike, work_days: ArrayLike) -> NDArray[np.float64]:
        """Return when work that begins at a moment and takes some working days is done.

        Parameters
        ----------
        start
            Moments as day numbers, any shape.
        work_days
            Working days needed, of a shape that goes with it; work of no days ends as it starts.

        Returns
        -------
        ndarray
            Moments as day numbers; infinite where the calendar is too short.
        """
        begin = np.asarray(start, dtype=np.float64)
        needed = np.asarray(work_days, dtype=np.float64)
        until = np.atleast_1d(self.worked(begin) + needed)
        ends = self._inverse.day_of(until).reshape(np.broadcast_shapes(begin.shape, needed.shape))
        return np.where(needed > 0, np.maximum(ends, begin), begin)


class Seasons:
    """Season rules, from which the calendar of any kind of work in any region follows.

    Parameters
    ----------
    rules
        Rows with the columns of :data:`SEASONS`.

    Raises
    ------
    FaultsError
        A rule has a date that does not exist, or lacks one.

    Examples
    --------
    >>> rules = pd.DataFrame([{
    ...     "season": "paving", "kind": "season", "region": "*", "season_class": "asphalt",
    ...     "opens": "05-01", "closes": "10-31", "valid_from": "", "valid_to": "",
    ...     "working_share": 1.0}])
    >>> calendar = Seasons(rules).calendar("any", "asphalt", date(2024, 1, 1), date(2024, 12, 31))
    >>> float(calendar.share.sum())
    184.0
    """

    def __init__(self, rules: pd.DataFrame) -> None:
        faults = list(_faults(rules))
        if faults:
            raise FaultsError(faults, "The season rules cannot be used")
        self._rules = rules.reset_index(drop=True).copy()

    @classmethod
    def read(cls, path: str | os.PathLike[str] | None = None) -> Seasons:
        """Read season rules from a CSV file; the shipped ones by default.

        Raises
        ------
        FaultsError
            The file has faults; all are told.
        """
        if path is None:
            from roadplan.corridor.load import shipped_folder

            path = shipped_folder() / "seasons.csv"
        frame, faults = read_csv_table(path, SEASONS)
        if faults:
            raise FaultsError(faults, "The season rules cannot be used")
        return cls(frame)

    @property
    def rules(self) -> pd.DataFrame:
        """A copy of the rules."""
        return self._rules.copy()

    def calendar(self, region: str, season_class: str, first: date, last: date) -> WorkCalendar:
        """Return the working days of one kind of work in one region.

        Parameters
        ----------
        region, season_class
            Which work; what no rule speaks of is possible every day.
        first, last
            First and last day.

        Raises
        ------
        RoadplanError
            Work of this kind is never possible in this time.
        """
        begin, end = int(day_number(first)), int(day_number(last))
        days = np.arange(begin, end + 1)
        share = np.ones(len(days))
        best = np.full(len(days), -1)
        for rule in self._matching(region, season_class, "season"):
            valid = _between(days, rule["valid_from"], rule["valid_to"])
            rank = _specificity(rule)
            wins = valid & (rank >= best)
            inside = _in_season(days, str(rule["opens"]), str(rule["closes"]))
            worth = rule["working_share"]
            share[wins] = np.where(inside[wins], 1.0 if pd.isna(worth) else float(worth), 0.0)
            best[wins] = rank
        for rule in self._matching(region, season_class, "stop"):
            share[_between(days, rule["valid_from"], rule["valid_to"])] = 0.0
        try:
            return WorkCalendar(begin, share)
        except RoadplanError as error:
            raise RoadplanError(
                f"{season_class or 'work'} in region {region or ANY}: {error}"
            ) from None

    def stretches(
        self, region: str, season_class: str, first: date, last: date
    ) -> list[tuple[date, date]]:
        """Return the seasons between two days as pairs of first and last day, for drawing."""
        try:
            share = self.calendar(region, season_class, first, last).share > 0
        except RoadplanError:
            return []
        edges = np.flatnonzero(np.diff(np.concatenate(([0], share.astype(int), [0]))))
        begin = day_number(first)
        return [
            (day_date(begin + a), day_date(begin + b - 1))
            for a, b in zip(edges[::2], edges[1::2], strict=True)
        ]

    def is_estimated(self, region: str, season_class: str) -> bool:
        """Return whether any rule that applies to this work is an estimate."""
        rules = [
            *self._matching(region, season_class, "season"),
            *self._matching(region, season_class, "stop"),
        ]
        return any(rule.get("standing") == "estimated" for rule in rules)

    def _matching(self, region: str, season_class: str, kind: str) -> list[dict[str, Any]]:
        rules = self._rules
        found = rules[
            (rules["kind"] == kind)
            & rules["region"].isin([ANY, region])
            & rules["season_class"].isin([ANY, season_class])
        ]
        return list(found.to_dict("records"))


def _specificity(rule: dict[str, Any]) -> int:
    """Return how specific a season is: class before region before dates of its own."""
    dated = not (_is_open(rule["valid_from"]) and _is_open(rule["valid_to"]))
    return 4 * int(rule["season_class"] != ANY) + 2 * int(rule["region"] != ANY) + int(dated)


def _is_open(value: object) -> bool:
    return value is None or value == "" or bool(pd.isna(value))


def _between(days: NDArray[np.int_], first: object, last: object) -> NDArray[np.bool_]:
    inside = np.ones(len(days), dtype=bool)
    if not _is_open(first):
        inside &= days >= day_number(str(first))
    if not _is_open(last):
        inside &= days <= day_number(str(last))
    return inside


def _in_season(days: NDArray[np.int_], opens: str, closes: str) -> NDArray[np.bool_]:
    """Return which days lie in a season; one that closes before it opens goes over New Year."""
    dates = _EPOCH + days.astype("timedelta64[D]")
    months = dates.astype("datetime64[M]")
    code = (months.astype(int) % 12 + 1) * 100 + ((dates - months).astype(int) + 1)
    first, last = _month_day(opens), _month_day(closes)
    if first <= last:
        return np.asarray((code >= first) & (code <= last))
    return np.asarray((code >= first) | (code <= last))


def _month_day(text: str) -> int:
    month, day = text.split("-")
    return int(month) * 100 + int(day)


def _faults(rules: pd.DataFrame) -> Iterable[Fault]:
    for number, rule in enumerate(rules.to_dict("records"), start=2):
        row = int(rule.get("_row", number))
        if rule["kind"] == "season":
            for column in ("opens", "closes"):
                text = "" if _is_open(rule[column]) else str(rule[column])
                if not _is_month_day(text):
                    why = "a season needs its day of the year"
                    yield Fault(
                        file="seasons.csv",
                        row=row,
                        column=column,
                        value=text,
                        why=why if not text else f"'{text}' is no day of the year",
                        remedy="write month and day as MM-DD, e.g. 04-20",
                    )
        else:
            for column in ("valid_from", "valid_to"):
                if _is_open(rule[column]):
                    yield Fault(
                        file="seasons.csv",
                        row=row,
                        column=column,
                        why="a stop needs its first and its last day",
                        remedy="write both as YYYY-MM-DD",
                    )


def _is_month_day(text: str) -> bool:
    found = _MONTH_DAY.fullmatch(text)
    if not found:
        return False
    try:
        date(2024, int(found[1]), int(found[2]))
    except ValueError:
        return False
    return True
