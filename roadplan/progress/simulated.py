"""Simulated works: a made-up plan and a made-up course of the works, for exercises and tests.

Nothing here is a fact about any road. A plan is laid out with crews and seasons; then the works
are let go at paces of their own, with luck by contract, work type, item and week, and are reported
once a month. It shares the calendars with the forecast but not its model of the pace, so that a
forecast replayed over it is tested on something it was not made from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from roadplan.errors import RoadplanError
from roadplan.progress.seasons import Seasons, WorkCalendar, day_date, day_number, finish_date

Floats = NDArray[np.float64]

_YEARS = 30
_WEEK = 7.0
_MONTH = 30.0


@dataclass(frozen=True, kw_only=True)
class Luck:
    """How the made-up works differ from their plan.

    Parameters
    ----------
    pace
        Median of the actual over the planned pace.
    contract_sd, type_sd, item_sd, week_sd
        Deviations of the logarithm of the pace between contracts, work types of a contract,
        items, and weeks.
    silent_share
        Share of the items on which nobody reports until they are done.
    """

    pace: float = 0.8
    contract_sd: float = 0.2
    type_sd: float = 0.15
    item_sd: float = 0.3
    week_sd: float = 0.6
    silent_share: float = 0.05


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How the made-up plan is laid out.

    Parameters
    ----------
    start
        The first day of the works.
    pace_per_day
        Work type → planned quantity by working day and crew.
    crews
        Work type → planned crews of each contract.
    other_share_per_day, other_crews
        The same for all other work types; the pace as a share of the item.
    """

    start: date
    pace_per_day: Mapping[str, float] = field(default_factory=dict)
    crews: Mapping[str, int] = field(default_factory=dict)
    other_share_per_day: float = 1 / 60
    other_crews: int = 3


@dataclass(frozen=True, kw_only=True, eq=False)
class SimulatedWorks:
    """A made-up plan, course and record of the works.

    Parameters
    ----------
    items
        The items with `planned_start` and `planned_finish`.
    history
        Monthly reports: `item`, `day`, `done` to date as a share.
    finish
        Item → the day on which it really ends.
    """

    items: pd.DataFrame
    history: pd.DataFrame
    finish: Mapping[str, date]

    def finish_of(self, contract: str = "") -> date:
        """Return when all items of a contract, or all, really end."""
        items = self.items if not contract else self.items[self.items["contract"] == contract]
        return max(self.finish[item] for item in items["item"])


def simulated_works(
    items: pd.DataFrame,
    layout: Layout,
    *,
    seed: int,
    luck: Luck | None = None,
    seasons: Seasons | None = None,
    until: date | None = None,
) -> SimulatedWorks:
    """Make up a plan and a course of the works.

    Parameters
    ----------
    items
        Work items with the columns of a forecast; planned days are not needed.
    layout
        The plan's paces and crews.
    seed
        Seed of the random numbers.
    luck
        How the works differ from the plan.
    seasons
        When work can go on.
    until
        Last day of the record; the real end by default.

    Raises
    ------
    RoadplanError
        Items wait for each other in a circle.
    """
    luck, seasons = luck or Luck(), seasons or Seasons.read()
    frame = items.reset_index(drop=True)
    calendars = _calendars(frame, seasons, layout.start)
    rng = np.random.default_rng(seed)
    planned_pace = _planned_pace(frame, layout)
    quantity = frame["quantity"].to_numpy(np.float64)
    order = _order(frame)
    begin, end = _schedule(frame, order, calendars, quantity / planned_pace, layout)
    plan = frame.assign(
        planned_start=[day_date(moment) for moment in begin],
        planned_finish=[finish_date(moment) for moment in end],
    )
    factor = luck.pace * np.exp(
        _by_key(rng, list(frame["contract"]), luck.contract_sd)
        + _by_key(rng, list(zip(frame["contract"], frame["work_type"], strict=True)), luck.type_sd)
        + rng.normal(0, luck.item_sd, len(frame))
    )
    needed = quantity / (planned_pace * factor)
    started, ended = _schedule(frame, order, calendars, needed, layout)
    history = _reports(frame, calendars, started, ended, luck=luck, rng=rng)
    if until is not None:
        history = history[history["day"] <= until].reset_index(drop=True)
    finish = {item: finish_date(moment) for item, moment in zip(frame["item"], ended, strict=True)}
    return SimulatedWorks(items=plan, history=history, finish=finish)


def _calendars(frame: pd.DataFrame, seasons: Seasons, start: date) -> list[WorkCalendar]:
    last = date(start.year + _YEARS, 12, 31)
    made: dict[tuple[str, str], WorkCalendar] = {}
    for key in zip(frame["region"], frame["season"], strict=True):
        if key not in made:
            made[key] = seasons.calendar(*key, start, last)
    return [made[key] for key in zip(frame["region"], frame["season"], strict=True)]


def _planned_pace(frame: pd.DataFrame, layout: Layout) -> Floats:
    """Return the planned pace of each item in quantity by working day."""
    share = frame["quantity"].to_numpy(np.float64) * layout.other_share_per_day
    given = frame["work_type"].map(dict(layout.pace_per_day)).to_numpy(np.float64)
    found: Floats = np.where(np.isfinite(given), given, share)
    return found


def _order(frame: pd.DataFrame) -> list[int]:
    """Return the rows in an order in which none comes before what it waits for."""
    number = {item: row for row, item in enumerate(frame["item"])}
    before = [[number[o] for o in others if o in number] for others in frame["after"]]
    done: set[int] = set()
    found: list[int] = []
    waiting = list(np.argsort(frame["from_m"].to_numpy(np.float64), kind="stable"))
    while waiting:
        ready = [row for row in waiting if all(other in done for other in before[row])]
        if not ready:
            raise RoadplanError(
                f"items wait for each other in a circle, e.g. {frame['item'].iat[waiting[0]]}"
            )
        found += ready
        done.update(ready)
        waiting = [row for row in waiting if row not in done]
    return [int(row) for row in found]


def _schedule(
    frame: pd.DataFrame,
    order: list[int],
    calendars: list[WorkCalendar],
    needed: Floats,
    layout: Layout,
) -> tuple[Floats, Floats]:
    """Return begin and end of each item when crews take the items in order."""
    number = {item: row for row, item in enumerate(frame["item"])}
    begin, end = np.zeros(len(frame)), np.zeros(len(frame))
    free: dict[tuple[str, str], Floats] = {}
    for row in order:
        key = (frame["contract"].iat[row], frame["work_type"].iat[row])
        if key not in free:
            crews = layout.crews.get(key[1], layout.other_crews)
            free[key] = np.full(crews, day_number(layout.start))
        before = [end[number[o]] for o in frame["after"].iat[row] if o in number]
        gated = frame["waits_to"].iat[row] == "finish"
        crew = int(free[key].argmin())
        start = max([float(free[key][crew]), *([] if gated else before)])
        if needed[row] > 0:
            # Work begins on a working day, and not before the crew and the work before it are done.
            start = max(start, float(np.ceil(calendars[row].finish(start, 1e-6)) - 1))
        finish = float(calendars[row].finish(start, needed[row]))
        free[key][crew] = finish
        begin[row], end[row] = start, max([finish, *(before if gated else [])])
    return begin, end


def _by_key(rng: np.random.Generator, keys: list[object], sd: float) -> Floats:
    """Return one normal number for each key, at each row that has it."""
    drawn = {key: rng.normal(0, sd) for key in dict.fromkeys(keys)}
    return np.array([drawn[key] for key in keys])


def _reports(
    frame: pd.DataFrame,
    calendars: list[WorkCalendar],
    started: Floats,
    ended: Floats,
    *,
    luck: Luck,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return monthly reports of what is done to date, weeks going well and badly in between."""
    rows = []
    milestones = _milestones(frame)
    for row, item in enumerate(frame["item"]):
        weeks = np.append(np.arange(started[row], ended[row], _WEEK), ended[row])
        work = np.diff(calendars[row].worked(weeks)) if len(weeks) > 1 else np.zeros(0)
        work = work * np.exp(rng.normal(0, luck.week_sd, len(work)))
        done = np.concatenate(([0.0], np.cumsum(work)))
        done = done / done[-1] if done[-1] > 0 else np.linspace(0, 1, len(done))
        months = np.arange(np.ceil(started[row] / _MONTH) * _MONTH, ended[row], _MONTH)
        if rng.random() < luck.silent_share:
            months = np.zeros(0)
        shares = np.interp(months, weeks, done)
        if milestones[row]:
            shares = np.floor(shares * 5 + 1e-9) / 5
        rows += [(item, day_date(m - 1), float(s)) for m, s in zip(months, shares, strict=True)]
        rows.append((item, finish_date(ended[row]), 1.0))
    history = pd.DataFrame(rows, columns=["item", "day", "done"])
    return history.sort_values(["day", "item"], kind="stable").reset_index(drop=True)


def _milestones(frame: pd.DataFrame) -> NDArray[np.bool_]:
    if "measure" not in frame:
        return np.zeros(len(frame), dtype=bool)
    return np.asarray(frame["measure"] == "milestones")
