"""When the works end: what is left, at the pace that was seen, through the seasons to come.

The façade over learning the paces (:mod:`~roadplan.progress.forecast_pace`), counting the crews
(:mod:`~roadplan.progress.forecast_crews`) and the simulation
(:mod:`~roadplan.progress.montecarlo`). It takes plain tables, so that it serves the ledger, a
replay of it and any other record alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from roadplan.errors import RoadplanError
from roadplan.progress.forecast_assumptions import Assumptions, load_assumptions
from roadplan.progress.forecast_crews import CrewCount, ExtraCrew, count_crews, planned_at_once
from roadplan.progress.forecast_pace import Paces, learn_paces, work_intervals
from roadplan.progress.forecast_result import WHOLE, Forecast
from roadplan.progress.forecast_throughput import (
    Increments,
    Throughput,
    ready_moments,
    throughput,
)
from roadplan.progress.montecarlo import Gang, Links, RemainingWork, Shock, simulate
from roadplan.progress.seasons import Seasons, WorkCalendar, day_date, day_number

Floats = NDArray[np.float64]

ITEM_COLUMNS = (
    "item",
    "work_type",
    "contract",
    "region",
    "season",
    "route",
    "from_m",
    "to_m",
    "quantity",
    "weight",
    "after",
    "waits_to",
    "planned_start",
    "planned_finish",
)
"""Columns of the items of a forecast; as the fields of a work item, with the planned days."""

HISTORY_COLUMNS = ("item", "day", "done")
"""Columns of what was reported: what was done to date by the end of a day, as a share 0–1."""

DRAWS = 10_000
HORIZON_YEARS = 25
_LEVELS = (0.5, 0.8)
_DONE = 1 - 1e-9
_CURVE_POINTS = 80
_CURVE_TRIALS = 100


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How a forecast is made.

    Parameters
    ----------
    draws, seed
        Number of draws and the seed of their random numbers.
    seasons
        When work can go on; the shipped rules by default.
    assumptions
        What holds where the ledger is silent; the shipped ones by default.
    extra_crews
        Crews beyond those that were counted.
    """

    draws: int = DRAWS
    seed: int = 1
    seasons: Seasons = field(default_factory=Seasons.read)
    assumptions: Assumptions = field(default_factory=load_assumptions)
    extra_crews: tuple[ExtraCrew, ...] = ()


def forecast(
    items: pd.DataFrame,
    history: pd.DataFrame,
    *,
    as_of: date,
    deadlines: Mapping[str, date] | None = None,
    settings: Settings | None = None,
    checkpoints: Mapping[str, Sequence[date]] | Sequence[date] = (),
) -> Forecast:
    """Forecast when the works end.

    Parameters
    ----------
    items
        All work items, with :data:`ITEM_COLUMNS`; planned days may be empty.
    history
        What was reported, with :data:`HISTORY_COLUMNS`. Rows after `as_of` are not looked at. An
        item without a row counts as not begun, and is told apart in the result.
    as_of
        The day after which everything is forecast.
    deadlines
        Contract → promised day; ``""`` for the whole.
    settings
        Draws, seed, seasons, assumptions and crews.
    checkpoints
        Days for which each item's probability of being done is wanted.

    Returns
    -------
    Forecast
        Dates, probabilities and reasons.

    Raises
    ------
    RoadplanError
        A column is missing, an id comes twice, items wait for each other in a circle, or nothing
        can be forecast at all.
    """
    settings = settings or Settings()
    case = _Case(items, history, as_of, settings)
    contracts = list(dict.fromkeys(case.items["contract"]))
    work, rows = case.remaining_work(contracts)
    days = list(checkpoints)
    moments = np.tile([day_number(day) + 1 for day in days], (len(rows), 1)) if days else None
    weight = case.items["weight"].to_numpy(np.float64) * (1 - case.done)
    assumed = settings.assumptions
    shock = Shock(sd=assumed.shock_sd, correlation=assumed.shock_correlation)
    groups = max(len(contracts), 1)
    few = simulate(work, groups=groups, draws=_CURVE_TRIALS, seed=settings.seed, shock=shock)
    curve = case.curve_moments(few.whole, deadlines or {})
    drawn = simulate(
        work,
        groups=groups,
        draws=settings.draws,
        seed=settings.seed,
        shock=shock,
        moments=moments,
        levels=_LEVELS,
        curve_moments=curve,
        weight=weight[rows],
    )
    total = float(case.items["weight"].sum())
    finished = float((case.items["weight"] * case.done).sum())
    bands = (finished + drawn.curve) / total if total > 0 else drawn.curve
    return Forecast(
        as_of=as_of,
        contracts=tuple(contracts),
        finish=drawn.finish,
        unfinished=tuple(int((work.group == g).sum()) for g in range(len(contracts))),
        items=case.item_table(rows, drawn.last, drawn.chain, drawn.levels),
        left_out=case.left_out,
        paces=case.pace_table(deadlines or {}),
        deadlines=dict(deadlines or {}),
        curve_days=tuple(day_date(moment - 1) for moment in curve),
        curve=bands,
        done_by=pd.DataFrame(drawn.done_by, index=case.items["item"].iloc[rows], columns=days),
        estimated_seasons=case.estimated_seasons(),
        seed=settings.seed,
    )


def with_extra_crew(
    items: pd.DataFrame,
    history: pd.DataFrame,
    crew: ExtraCrew,
    *,
    as_of: date,
    deadlines: Mapping[str, date] | None = None,
    settings: Settings | None = None,
) -> tuple[Forecast, Forecast]:
    """Return the forecast without and with one more crew, on the same random numbers.

    Raises
    ------
    RoadplanError
        The crew would find no work.
    """
    settings = settings or Settings()
    if not crew.takes(items).any():
        raise RoadplanError(
            f"there is no {crew.work_type} for one more crew there; "
            f"work types are {', '.join(sorted(set(items['work_type'])))}"
        )
    richer = replace(settings, extra_crews=(*settings.extra_crews, crew))
    common = {"as_of": as_of, "deadlines": deadlines}
    before = forecast(items, history, settings=settings, **common)  # type: ignore[arg-type] # both by name
    after = forecast(items, history, settings=richer, **common)  # type: ignore[arg-type] # both by name
    return before, after


class _Case:
    """The items of one forecast with what was seen of them."""

    def __init__(
        self, items: pd.DataFrame, history: pd.DataFrame, as_of: date, settings: Settings
    ) -> None:
        _check(items, ITEM_COLUMNS, "items")
        _check(history, HISTORY_COLUMNS, "history")
        if items["item"].duplicated().any():
            twice = items.loc[items["item"].duplicated(), "item"].iloc[0]
            raise RoadplanError(f"item '{twice}' comes twice; give each item once")
        self.items = items.reset_index(drop=True)
        self.as_of, self.now, self.settings = as_of, day_number(as_of) + 1, settings
        self._number = {item: k for k, item in enumerate(self.items["item"])}
        self.start = _moments(self.items["planned_start"])
        self.end = _moments(self.items["planned_finish"]) + 1
        self._calendars: dict[tuple[str, str], WorkCalendar] = {}
        self.first = day_date(self._earliest(history))
        self.history = self._known(history)
        self.done = self._done()
        self.intervals = work_intervals(self.history, self.calendar)
        gated = self.items["waits_to"].to_numpy() == "finish"
        # What waits for a gate tells nothing of its own pace.
        own = ~gated[self.intervals["row"].to_numpy(np.intp)]
        self.intervals = self.intervals[own].reset_index(drop=True)
        self.left = self.items["quantity"].to_numpy(np.float64) * (1 - self.done)
        self.planned_work_days = self._planned_work_days()
        self.paces: Paces = learn_paces(
            self.items,
            self.intervals,
            planned_work_days=self.planned_work_days,
            left=self.left,
            assumptions=settings.assumptions,
        )
        self.rows = self._rows_by_gang()
        self.increments = Increments.of(self.history, len(self.items))
        self.throughputs = self._throughputs()
        self.counts = self._crews()
        self.left_out = self._left_out()

    # -- what is known ------------------------------------------------------------------------

    def calendar(self, row: int) -> WorkCalendar:
        """Return the working days of an item."""
        key = (str(self.items["region"].iat[row]), str(self.items["season"].iat[row]))
        if key not in self._calendars:
            last = date(self.as_of.year + HORIZON_YEARS, 12, 31)
            self._calendars[key] = self.settings.seasons.calendar(*key, self.first, last)
        return self._calendars[key]

    def _earliest(self, history: pd.DataFrame) -> float:
        known = [self.now, *_moments(history["day"]), *self.start[np.isfinite(self.start)]]
        return float(min(known)) - 1

    def _known(self, history: pd.DataFrame) -> pd.DataFrame:
        """Return the history by row and moment, up to the day of the forecast."""
        row = history["item"].map(self._number)
        if row.isna().any():
            unknown = history.loc[row.isna(), "item"].iloc[0]
            raise RoadplanError(f"the history speaks of '{unknown}', which is no item")
        frame = pd.DataFrame(
            {
                "row": row.to_numpy(np.intp),
                "moment": _moments(history["day"]) + 1,
                "done": history["done"].to_numpy(np.float64),
            }
        )
        if not frame["done"].between(0, 1 + 1e-9).all():
            raise RoadplanError("what is done is a share from 0 to 1")
        return frame[frame["moment"] <= self.now].reset_index(drop=True)

    def _done(self) -> Floats:
        """Return what is done of each item by its last report; 0 where nothing was reported."""
        done = np.zeros(len(self.items))
        ordered = self.history.sort_values("moment", kind="stable")
        done[ordered["row"].to_numpy(np.intp)] = ordered["done"].to_numpy()
        return np.clip(done, 0.0, 1.0)

    def _planned_work_days(self) -> Floats:
        found = np.full(len(self.items), np.nan)
        for row in np.flatnonzero(np.isfinite(self.start) & np.isfinite(self.end)):
            calendar = self.calendar(int(row))
            begin, end = calendar.worked([self.start[row], self.end[row]])
            # A plan for the dead of winter has no working day; the calendar days stand in.
            found[row] = max(end - begin, 1.0) if end > begin else self.end[row] - self.start[row]
        return found

    def _gang_keys(self) -> list[tuple[str, str]]:
        return list(zip(self.items["contract"], self.items["work_type"], strict=True))

    def _rows_by_gang(self) -> dict[tuple[str, str], NDArray[np.intp]]:
        """Return the rows of every contract and work type."""
        found: dict[tuple[str, str], list[int]] = {}
        for row, key in enumerate(self._gang_keys()):
            found.setdefault(key, []).append(row)
        return {key: np.array(rows, dtype=np.intp) for key, rows in found.items()}

    def _throughputs(self) -> dict[tuple[str, str], Throughput]:
        before = [
            [self._number[other] for other in others if other in self._number]
            for others in self.items["after"]
        ]
        ready = ready_moments(before, self.increments.done, self.start)
        return {
            key: throughput(
                self.increments,
                rows=rows,
                quantity=self.items["quantity"].to_numpy(np.float64),
                ready=ready[rows],
                calendar=self.calendar(int(rows[0])),
                since=self.now - self.settings.assumptions.window_days,
                now=self.now,
            )
            for key, rows in self.rows.items()
        }

    def _crews(self) -> dict[tuple[str, str], CrewCount]:
        """Return the crews of every contract and work type."""
        found = {}
        for key, rows in self.rows.items():
            # A crew that takes items in turn is as fast as all quantity over all time.
            quantity = self.items["quantity"].to_numpy(np.float64)[rows]
            known = self.paces.log_pace[rows] - self.paces.own_sd[rows] ** 2 / 2
            pace = float(quantity.sum() / (quantity * np.exp(-known)).sum())
            planned = planned_at_once(self.start[rows], self.end[rows])
            found[key] = count_crews(self.throughputs[key], pace=pace, planned=planned)
        return found

    def _left_out(self) -> pd.DataFrame:
        lost = (self.done < _DONE) & ~np.isfinite(self.paces.log_pace)
        frame = self.items.loc[lost, ["item", "contract", "work_type"]].reset_index(drop=True)
        return frame.assign(why="no plan and no report of this work type tells its pace")

    # -- the simulation -----------------------------------------------------------------------

    def remaining_work(self, contracts: Sequence[str]) -> tuple[RemainingWork, NDArray[np.intp]]:
        """Return what is left as arrays, and the rows of the items in them."""
        rows = np.flatnonzero((self.done < _DONE) & np.isfinite(self.paces.log_pace))
        if not len(rows) and len(self.left_out):
            raise RoadplanError(
                "nothing can be forecast: no unfinished item has a plan or a report of its work "
                "type; give a baseline"
            )
        part = self.items.iloc[rows]
        keys = [key for k, key in enumerate(self._gang_keys()) if k in set(rows.tolist())]
        gangs, gang_of, use = self._gangs(keys, part)
        calendars = [self.calendar(int(row)) for row in rows]
        distinct = list({id(each): each for each in calendars}.values())
        position = {id(each): k for k, each in enumerate(distinct)}
        begun = self.done[rows] > 0
        planned = np.nan_to_num(self.start[rows], nan=self.now)
        group = {contract: k for k, contract in enumerate(contracts)}
        work = RemainingWork(
            ids=list(part["item"]),
            quantity=self.left[rows],
            log_pace=self.paces.log_pace[rows] + np.log(use),
            own_sd=self.paces.own_sd[rows],
            pool=self.paces.pool[rows],
            pool_sd=self.paces.pool_sd,
            group=np.array([group[c] for c in part["contract"]], dtype=np.intp),
            calendar=np.array([position[id(each)] for each in calendars], dtype=np.intp),
            calendars=distinct,
            release=np.where(begun, self._went_on(rows), np.maximum(planned, self.now)),
            rank=_rank(begun, planned, part["from_m"].to_numpy(np.float64)),
            gang=gang_of,
            gangs=gangs,
            links=self._links(rows, begun),
            now=self.now,
        )
        return work, rows

    def _gangs(
        self, keys: Sequence[tuple[str, str]], part: pd.DataFrame
    ) -> tuple[list[Gang], NDArray[np.intp], Floats]:
        distinct = list(dict.fromkeys(keys))
        number = {key: k for k, key in enumerate(distinct)}
        takes = [crew.takes(part) for crew in self.settings.extra_crews]
        gated = set(part.loc[part["waits_to"] == "finish", "work_type"])
        gangs = []
        for key in distinct:
            mine = np.array([each == key for each in keys])
            extra = [
                frozenset(np.flatnonzero(mine & taken).tolist())
                for taken in takes
                if (mine & taken).any()
            ]
            crews = 0 if key[1] in gated else self.counts[key].crews
            gangs.append(Gang(crews=crews, extra=extra))
        use = np.array([self.counts[key].use for key in keys])
        return gangs, np.array([number[key] for key in keys], dtype=np.intp), use

    def _went_on(self, rows: NDArray[np.intp]) -> Floats:
        """Return since when items that have begun are taken to have gone on.

        Since their last report, but not for longer than one usual interval between reports: what
        was done since is not reported yet.
        """
        last = np.full(len(self.items), -np.inf)
        row = self.history["row"].to_numpy(np.intp)
        np.maximum.at(last, row, self.history["moment"].to_numpy(np.float64))
        since: Floats = np.maximum(last[rows], self.now - self.increments.gap)
        return since

    def _links(self, rows: NDArray[np.intp], begun: NDArray[np.bool_]) -> Links:
        """Return what waits for what among the unfinished items.

        An item that has begun although one before it is not done can only wait to finish.
        """
        position = {int(row): k for k, row in enumerate(rows)}
        lag = self.settings.assumptions.gate_lag_days
        found: list[tuple[int, int, bool, float]] = []
        for k, row in enumerate(rows):
            gated = self.items["waits_to"].iat[row] == "finish"
            for other in self.items["after"].iat[row]:
                waited = position.get(self._number.get(other, -1))
                if waited is not None:
                    found.append((waited, k, gated or bool(begun[k]), lag if gated else 0.0))
        before, after, ends, lags = zip(*found, strict=True) if found else ((), (), (), ())
        return Links(
            before=np.array(before, dtype=np.intp),
            after=np.array(after, dtype=np.intp),
            to_finish=np.array(ends, dtype=bool),
            lag_days=np.array(lags, dtype=np.float64),
        )

    def curve_moments(self, whole: Floats, deadlines: Mapping[str, date]) -> Floats:
        """Return moments for the course of the works, until nearly all draws have ended."""
        usual = np.quantile(whole, 0.9, method="inverted_cdf")
        ends = [
            *([usual] if np.isfinite(usual) else []),
            *(day_number(day) for day in deadlines.values()),
        ]
        ahead = max([self.now + 90, *ends])
        return np.linspace(self.now, ahead, _CURVE_POINTS)

    # -- what is told -------------------------------------------------------------------------

    def item_table(
        self,
        rows: NDArray[np.intp],
        last: Floats,
        chain: Floats,
        levels: Floats,
    ) -> pd.DataFrame:
        """Return the unfinished items with what the forecast says of each."""
        columns = ["item", "contract", "work_type", "route", "from_m", "to_m"]
        reported = set(self.history["row"].tolist())
        with np.errstate(invalid="ignore"):
            pace = np.exp(self.paces.log_pace[rows])
        return (
            self.items.iloc[rows][columns]
            .assign(
                done=[self.done[row] if row in reported else np.nan for row in rows],
                left=self.left[rows],
                pace_per_day=pace,
                planned_per_day=self.paces.reference[rows],
                basis=self.paces.basis[rows],
                intervals=self.paces.intervals[rows],
                p50=levels[:, 0] if len(rows) else [],
                p80=levels[:, 1] if len(rows) else [],
                last=last[:, 0],
                last_of_contract=last[:, 1],
                chain=chain,
            )
            .reset_index(drop=True)
        )

    def pace_table(self, deadlines: Mapping[str, date]) -> pd.DataFrame:
        """Return by contract and work type the pace that was reached and that is needed."""
        quantity = self.items["quantity"].to_numpy(np.float64)
        table = []
        for (contract, work_type), rows in self.rows.items():
            deadline = deadlines.get(contract) or deadlines.get(WHOLE)
            open_days = _work_days_until(self.calendar(int(rows[0])), self.now, deadline)
            left = float(self.left[rows].sum())
            crews = self.counts[contract, work_type]
            table.append(
                {
                    "contract": contract,
                    "work_type": work_type,
                    "quantity": float(quantity[rows].sum()),
                    "left": left,
                    "reached_per_day": self.throughputs[contract, work_type].reached_per_day,
                    "needed_per_day": _needed(left, open_days),
                    "work_days_left": open_days,
                    "crews": crews.crews,
                    "crews_seen": crews.seen,
                    "crews_planned": crews.planned,
                }
            )
        return pd.DataFrame(table)

    def estimated_seasons(self) -> bool:
        """Return whether the seasons used are estimates."""
        return any(self.settings.seasons.is_estimated(*key) for key in self._calendars)


def _needed(left: float, open_days: float) -> float:
    """Return the pace that is needed; infinite where no working day is left."""
    if not np.isfinite(open_days) or left <= 0:
        return np.nan
    return left / open_days if open_days > 0 else np.inf


def _work_days_until(calendar: WorkCalendar, now: float, deadline: date | None) -> float:
    if deadline is None:
        return np.nan
    until, since = calendar.worked([day_number(deadline) + 1, now])
    return float(max(until - since, 0.0))


def _rank(begun: NDArray[np.bool_], planned: Floats, from_m: Floats) -> Floats:
    """Return the order in which crews take items: begun ones, then by plan, then along the road."""
    order = np.lexsort((from_m, planned, ~begun))
    rank = np.empty(len(order))
    rank[order] = np.arange(len(order))
    return rank


def _moments(days: pd.Series) -> Floats:
    """Return days as day numbers; NaN where there is none."""
    stamps = pd.to_datetime(days, errors="coerce").to_numpy("datetime64[s]")
    numbers = stamps.astype("datetime64[D]").astype(np.int64).astype(np.float64)
    found: Floats = np.where(np.isnat(stamps), np.nan, numbers)
    return found


def _check(frame: pd.DataFrame, columns: Sequence[str], what: str) -> None:
    missing = [column for column in columns if column not in frame]
    if missing:
        raise RoadplanError(f"the {what} of a forecast lack {', '.join(missing)}")
