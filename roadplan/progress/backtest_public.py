"""What would have been said of the promised finishes, from the public reports of the time alone.

The public record holds a handful of dated statements, no ledger. The method is as small: how long
the works take over what was first promised is log-normal, with the mean of a reference class; the
share done grows evenly over the working days of the paving season; each statement known on a day
weighs the possible lengths by how well they agree with it (importance sampling). One asks only
while the works go on. Every number that is no report is an assumption of
``forecast_assumptions.csv``, or a weight of ``work_types.csv``.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from roadplan.errors import FaultsError, RoadplanError
from roadplan.progress.forecast_assumptions import Assumptions, load_assumptions
from roadplan.progress.montecarlo import quantile_day
from roadplan.progress.seasons import Seasons, WorkCalendar, day_number, finish_date
from roadplan.progress.stated import partial_days
from roadplan.progress.worktypes import load_work_types
from roadplan.tables.reading import read_csv_table
from roadplan.tables.schema import STANDINGS, Column, Table

if TYPE_CHECKING:
    from roadplan.corridor.model import Corridor

Floats = NDArray[np.float64]

PROMISES = Table(
    name="promises",
    description="Finishes that were promised in public, each tied to the report that says so",
    key=("promise",),
    columns=(
        Column(name="promise", kind="id", required=True, description="Identifier"),
        Column(name="contract", kind="id", required=True, description="The contract"),
        Column(name="stated", kind="partial_date", required=True, description="When it was said"),
        Column(name="start", kind="partial_date", required=True, description="Start of the works"),
        Column(name="finish", kind="date", required=True, description="The promised day"),
        Column(name="as_stated", kind="text", description="The statement in short"),
        Column(name="report", kind="id", required=True, description="The report that says so"),
        Column(
            name="standing",
            kind="choice",
            choices=STANDINGS,
            required=True,
            description="Where it comes from",
        ),
        Column(name="source", kind="text", required=True, description="Who said it"),
        Column(name="note", kind="text", description="How it was read"),
    ),
)

DRAWS = 40_000
_HORIZON_YEARS = 40
_UNFINISHED_ITEMS = ("deadline", "planned_to_commission")
_ENOUGH = 50.0
"""Draws that must be left in effect; with fewer the statements contradict the assumptions."""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What a report says of a contract.

    Parameters
    ----------
    known_on
        The first day on which it was surely known: the last day that its date can mean.
    kind
        `unfinished` by the day, a `share` done, or `at_least` a share done.
    on
        The day of which it speaks.
    share
        The share, 0–1.
    report, how
        The report, and how the share follows from it.
    """

    known_on: dt.date
    kind: Literal["unfinished", "share", "at_least"]
    on: dt.date
    share: float = 0.0
    report: str = ""
    how: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Outlook:
    """What would have been said on a day.

    Parameters
    ----------
    asked_on
        The day.
    finish
        Possible ends as day numbers, shape (draws,), equally likely.
    evidence
        The statements that it rests on besides the assumptions.
    effective_draws
        Draws left in effect after weighing them.
    """

    asked_on: dt.date
    finish: Floats = field(repr=False)
    evidence: tuple[Evidence, ...]
    effective_draws: float

    def date(self, level: float) -> dt.date | None:
        """Return the day by which it is done with a probability; None beyond the horizon."""
        moment = quantile_day(self.finish, level)
        return finish_date(moment) if math.isfinite(moment) else None

    def probability(self, day: dt.date) -> float:
        """Return the probability that it is done by the end of a day."""
        return float((self.finish <= day_number(day) + 1).mean())


def read_promises(path: Any = None) -> pd.DataFrame:
    """Read the promised finishes; the shipped ones by default.

    Raises
    ------
    FaultsError
        The file has faults; all are told.
    """
    if path is None:
        from roadplan.corridor.load import shipped_folder

        path = shipped_folder() / "promises.csv"
    frame, faults = read_csv_table(path, PROMISES)
    if faults:
        raise FaultsError(faults, "The promises cannot be used")
    return frame.drop(columns="_row")


def public_evidence(corridor: Corridor, contract: str) -> tuple[Evidence, ...]:
    """Return what the public reports say of how far a contract is.

    A promise or a plan made on a day says that the works were unfinished. A figure for the whole
    corridor says at least something of each contract: what is missing can at most all be missing
    there. A kilometre that is surfaced is not complete: it counts with the weight of the layers
    that are then there. Kilometres open to traffic are at least that share of the works.

    Raises
    ------
    UnknownIdError
        There is no such contract.
    """
    own_km = corridor.contract(contract).length_km_official
    surfaced = _weight_when_surfaced()
    found = []
    for row in corridor.table("reports").to_dict("records"):
        about = str(row["contract"])
        if about not in {contract, "corridor"}:
            continue
        first, last = partial_days(str(row["date"]))
        share = _share(row, own_km, surfaced=surfaced, whole=about == "corridor")
        name = str(row["report"])
        if share is not None:
            kind, value, how = share
            found.append(
                Evidence(known_on=last, kind=kind, on=last, share=value, report=name, how=how)
            )
        if about == contract and str(row["item"]) in _UNFINISHED_ITEMS:
            how = "a finish was still ahead"
            found.append(Evidence(known_on=last, kind="unfinished", on=first, report=name, how=how))
    return tuple(sorted(found, key=lambda each: each.known_on))


def _weight_when_surfaced() -> float:
    """Return the share of the works along a kilometre that is done once it is surfaced."""
    types = load_work_types()
    weight = {
        each.id: each.per_km * each.unit_weight
        for each in types.values()
        if each.on == "segments" and each.physical
    }
    done = {each.id for each in types.values() if each.shows == "surfaced"}
    while more := {other for name in done for other in types[name].after} - done:
        done |= more
    return sum(weight.get(name, 0.0) for name in done) / sum(weight.values())


def _share(
    row: dict[Any, Any], own_km: float, *, surfaced: float, whole: bool
) -> tuple[Literal["share", "at_least"], float, str] | None:
    """Return the share of a contract's works that a report gives, and how."""
    try:
        value = float(row["value"])
    except (TypeError, ValueError):
        return None
    unit, item = str(row["unit"]), str(row["item"])
    if whole and item == "new_surface" and unit.startswith("km of "):
        missing = float(unit.removeprefix("km of ")) - value
        least = max(own_km - missing, 0.0) / own_km
        how = f"at most {missing:g} km lack it; surfaced is {surfaced:.0%} of the works"
        return "at_least", least * surfaced, how
    if not whole and unit == "percent" and item == "upper_layer":
        return "share", value / 100, "the last layer, taken as the share of the works"
    if not whole and unit == "km" and item in {"open_four_lanes", "tolled"} and value < own_km:
        return "at_least", value / own_km, "so many of its kilometres are open"
    return None


def opened(corridor: Corridor, contract: str) -> tuple[dt.date, dt.date] | None:
    """Return the first and last day that the reported full opening can mean; None without one."""
    own_km = corridor.contract(contract).length_km_official
    for row in corridor.table("reports").to_dict("records"):
        if row["contract"] == contract and row["item"] == "open_four_lanes":
            try:
                whole = float(row["value"]) >= own_km
            except ValueError:
                continue
            if whole:
                return partial_days(str(row["date"]))
    return None


def outlook(
    evidence: Sequence[Evidence],
    *,
    start: dt.date,
    promised: dt.date,
    asked_on: dt.date,
    calendar: WorkCalendar,
    assumptions: Assumptions | None = None,
    draws: int = DRAWS,
    seed: int = 1,
) -> Outlook:
    """Return what would have been said of the end on a day.

    Parameters
    ----------
    evidence
        What was stated; only what was known on the day counts.
    start, promised
        Start of the works and the finish that was promised first: the length that overruns.
    asked_on
        The day, on which the works still go on.
    calendar
        Working days of the season, from before the start until long after.
    assumptions
        Reference class and spread of stated shares.
    draws, seed
        Number of draws and their seed.

    Raises
    ------
    RoadplanError
        The statements cannot come from works as assumed.
    """
    assumed = assumptions or load_assumptions()
    known = tuple(each for each in evidence if each.known_on <= asked_on)
    spread = assumed.class_overrun_sd
    median = math.log(assumed.class_overrun_mean) - spread**2 / 2
    # Evenly spaced quantiles in the place of random numbers: as many, without their noise.
    levels = (np.arange(draws) + 0.5) / draws
    normal = NormalDist()
    overrun = np.exp(median + spread * np.array([normal.inv_cdf(level) for level in levels]))
    begin, planned_end = calendar.worked([day_number(start), day_number(promised) + 1])
    length = (planned_end - begin) * overrun
    finish = calendar.finish(np.full(draws, day_number(start)), length)
    weight = np.asarray(finish > day_number(asked_on) + 1, dtype=np.float64)
    for each in known:
        weight *= _agreement(each, finish, length, float(begin), calendar, assumed.stated_share_sd)
    total = weight.sum()
    effective = float(total**2 / (weight**2).sum()) if total > 0 else 0.0
    if effective < _ENOUGH:
        raise RoadplanError(
            f"what was known on {asked_on.isoformat()} cannot come from works as assumed; "
            "widen class_overrun_sd or stated_share_sd"
        )
    rng = np.random.default_rng(seed)
    marks = (rng.random() + np.arange(draws)) / draws
    chosen = np.minimum(np.searchsorted(np.cumsum(weight) / total, marks), draws - 1)
    return Outlook(
        asked_on=asked_on, finish=finish[chosen], evidence=known, effective_draws=effective
    )


def _agreement(
    evidence: Evidence,
    finish: Floats,
    length: Floats,
    begin: float,
    calendar: WorkCalendar,
    spread: float,
) -> Floats:
    """Return the likelihood of a statement for each possible length of the works."""
    moment = day_number(evidence.on) + 1
    if evidence.kind == "unfinished":
        return np.asarray(finish > moment, dtype=np.float64)
    share = np.clip((calendar.worked(moment) - begin) / length, 0.0, 1.0)
    distance = (share - evidence.share) / spread
    if evidence.kind == "share":
        return np.asarray(np.exp(-(distance**2) / 2))
    return np.asarray([0.5 * math.erfc(-d / math.sqrt(2)) for d in distance])


@dataclass(frozen=True, kw_only=True, eq=False)
class PublicBacktest:
    """What would have been said of each promise, and what came.

    Parameters
    ----------
    table
        One row for each promise and day on which one asks: `promise`, `asked_on`, `deadline`,
        `probability` of keeping it, `p50`, `p80`, the number of `statements` used, and `came`:
        True or False where the reports tell, None where they do not.
    ended
        First and last day that the reported end can mean; None where none is reported.
    """

    table: pd.DataFrame
    ended: tuple[dt.date, dt.date] | None

    @property
    def brier(self) -> float:
        """Mean squared difference of what was said on the day of each promise and what came.

        A few promises on one road, all with one fate, prove little; the figure is for comparison
        with having believed them, which scores 1 for each that was broken.
        """
        first = self.table[self.table["came"].notna()].groupby("promise").first()
        if first.empty:
            return math.nan
        return float(((first["probability"] - first["came"].astype(float)) ** 2).mean())

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values, for JSON."""
        rows = self.table.astype(object).where(self.table.notna(), None).to_dict("records")
        return {
            "ended": None if self.ended is None else [day.isoformat() for day in self.ended],
            "brier_when_promised": None if math.isnan(self.brier) else self.brier,
            "promises": [
                {k: v.isoformat() if isinstance(v, dt.date) else v for k, v in row.items()}
                for row in rows
            ],
        }


def public_backtest(
    corridor: Corridor,
    *,
    promises: pd.DataFrame | None = None,
    asked_on: Sequence[dt.date] = (),
    seasons: Seasons | None = None,
    assumptions: Assumptions | None = None,
) -> PublicBacktest:
    """Replay the public reports against the promised finishes.

    Each promise is asked about on the last day that its own date can mean, and on further days
    before its deadline. What overruns is the length first promised.

    Parameters
    ----------
    corridor
        The road with its public reports.
    promises
        The promised finishes, of one contract; the shipped ones by default.
    asked_on
        Further days to ask on.
    seasons, assumptions
        When work goes on, and the reference class.

    Raises
    ------
    RoadplanError
        There is no promise, or they are of several contracts.
    """
    frame = read_promises() if promises is None else promises
    contracts = list(dict.fromkeys(frame["contract"]))
    if len(contracts) != 1:
        raise RoadplanError(f"give promises of one contract; these are of {len(contracts)}")
    contract = str(contracts[0])
    first = frame.sort_values("stated", kind="stable").iloc[0]
    start = partial_days(str(first["start"]))[0]
    last = dt.date(start.year + _HORIZON_YEARS, 12, 31)
    rules = seasons or Seasons.read()
    region = _region(corridor, contract)
    calendar = rules.calendar(region, "paving", dt.date(start.year, 1, 1), last)
    evidence = public_evidence(corridor, contract)
    ended = opened(corridor, contract)
    rows = []
    for promise in frame.sort_values("stated", kind="stable").to_dict("records"):
        deadline = dt.date.fromisoformat(str(promise["finish"]))
        said_on = partial_days(str(promise["stated"]))[1]
        for day in (said_on, *sorted(d for d in asked_on if said_on < d < deadline)):
            seen = outlook(
                evidence,
                start=start,
                promised=dt.date.fromisoformat(str(first["finish"])),
                asked_on=day,
                calendar=calendar,
                assumptions=assumptions,
            )
            rows.append(
                {
                    "promise": promise["promise"],
                    "asked_on": day,
                    "deadline": deadline,
                    "probability": seen.probability(deadline),
                    "p50": seen.date(0.5),
                    "p80": seen.date(0.8),
                    "statements": len(seen.evidence),
                    "came": _kept(deadline, ended, evidence),
                }
            )
    table = pd.DataFrame(rows)
    return PublicBacktest(table=table.assign(came=table["came"].astype(object)), ended=ended)


def _kept(
    deadline: dt.date, ended: tuple[dt.date, dt.date] | None, evidence: Sequence[Evidence]
) -> bool | None:
    """Return whether a promise was kept; None where the reports do not tell."""
    if ended is not None and ended[0] > deadline:
        return False
    if ended is not None and ended[1] <= deadline:
        return True
    later = [e for e in evidence if e.kind == "unfinished" and e.on > deadline]
    return False if later else None


def _region(corridor: Corridor, contract: str) -> str:
    """Return the region in which most of a contract lies."""
    length: dict[str, float] = {}
    for segment in corridor.segments:
        if segment.contract == contract:
            length[segment.region] = length.get(segment.region, 0.0) + segment.length_m
    return max(length, key=lambda name: length[name], default="")
