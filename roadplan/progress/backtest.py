"""A replay of the ledger: what would have been forecast at past dates, and what came."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from roadplan.errors import RoadplanError
from roadplan.progress.asof import AsOf
from roadplan.progress.backtest_scores import BrierScore, brier, pit_counts, reliability
from roadplan.progress.baseline import StoredBaseline
from roadplan.progress.forecast import Settings, forecast
from roadplan.progress.forecast_ledger import finish_days, forecast_items, progress_history
from roadplan.progress.history import History
from roadplan.progress.items import WorkItems

HORIZONS_DAYS = (30, 90, 180, 365)
DRAWS = 2_000

Known = Callable[[dt.date], tuple[pd.DataFrame, pd.DataFrame]]
"""Day → items with their plan and history, as they were known on that day."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Backtest:
    """How stated probabilities came true.

    Parameters
    ----------
    stated
        One row for each date, item and horizon whose outcome is known: `date`, `item`,
        `contract`, `work_type`, `horizon_days`, `probability` of being done by then, `planned`
        (whether the plan said so) and whether it `came`.
    ends
        One row for each date and contract: `p50`, `p80`, the day on which it really `ended` (None
        where it has not) and `pit`, the stated probability of ending by then; where it has not
        ended, `pit` is that of ending by the last day of the record, a lower bound.
    skipped
        Dates that could not be forecast, with why.
    until
        Last day of the record.
    """

    stated: pd.DataFrame = field(repr=False)
    ends: pd.DataFrame = field(repr=False)
    skipped: pd.DataFrame = field(repr=False)
    until: dt.date

    def brier(self) -> BrierScore:
        """Return the score of the forecast."""
        return brier(self.stated["probability"], self.stated["came"])

    def brier_of_plan(self) -> BrierScore:
        """Return the score of believing the plan."""
        return brier(self.stated["planned"].astype(float), self.stated["came"])

    def reliability(self, bins: int = 10) -> pd.DataFrame:
        """Return how often it came by what was stated."""
        return reliability(self.stated["probability"], self.stated["came"], bins=bins)

    def pit(self) -> np.ndarray[Any, np.dtype[np.int64]]:
        """Return the counts of the transforms of the ends that came, in ten bins."""
        came = self.ends[self.ends["ended"].notna()]
        return pit_counts(came["pit"])

    def by_horizon(self) -> pd.DataFrame:
        """Return the scores by horizon."""
        rows = []
        for horizon, part in self.stated.groupby("horizon_days"):
            own = brier(part["probability"], part["came"])
            plan = brier(part["planned"].astype(float), part["came"])
            rows.append(
                {
                    "horizon_days": horizon,
                    "count": own.count,
                    "stated": float(part["probability"].mean()),
                    "came": float(part["came"].mean()),
                    "brier": own.score,
                    "brier_of_plan": plan.score,
                    "skill": own.skill,
                }
            )
        return pd.DataFrame(rows)

    def as_dict(self) -> dict[str, Any]:
        """Return scores and tables as plain values, for JSON."""
        ends = self.ends.astype(object).where(self.ends.notna(), None)
        return {
            "until": self.until.isoformat(),
            "brier": vars(self.brier()) if len(self.stated) else None,
            "brier_of_plan": vars(self.brier_of_plan()) if len(self.stated) else None,
            "by_horizon": self.by_horizon().to_dict("records") if len(self.stated) else [],
            "reliability": self.reliability().to_dict("records") if len(self.stated) else [],
            "pit": self.pit().tolist(),
            "ends": [
                {k: v.isoformat() if isinstance(v, dt.date) else v for k, v in row.items()}
                for row in ends.to_dict("records")
            ],
            "skipped": [
                {**row, "date": row["date"].isoformat()} for row in self.skipped.to_dict("records")
            ],
        }


def backtest(
    known: Known,
    dates: Sequence[dt.date],
    *,
    finish: Mapping[str, dt.date],
    until: dt.date,
    horizons_days: Sequence[int] = HORIZONS_DAYS,
    settings: Settings | None = None,
) -> Backtest:
    """Replay forecasts from past dates and compare them with what came.

    Parameters
    ----------
    known
        What was known on a day.
    dates
        The dates, before `until`.
    finish
        Item → the day on which it was done, for all that was done by `until`.
    until
        Last day of the record: what lies beyond it is not judged.
    horizons_days
        How far ahead probabilities are judged.
    settings
        How the forecasts are made; 2,000 draws by default.

    Raises
    ------
    RoadplanError
        A date is not before the end of the record.
    """
    late = [day for day in dates if day >= until]
    if late or not dates:
        raise RoadplanError(
            f"a replay needs dates before the end of the record, {until.isoformat()}"
        )
    settings = settings or Settings(draws=DRAWS)
    stated: list[pd.DataFrame] = []
    ends: list[dict[str, Any]] = []
    skipped: list[dict[str, Any]] = []
    for day in dates:
        items, history = known(day)
        horizons = [h for h in horizons_days if day + dt.timedelta(days=h) <= until]
        moments = [day + dt.timedelta(days=h) for h in horizons]
        try:
            said = forecast(items, history, as_of=day, settings=settings, checkpoints=moments)
        except RoadplanError as error:
            skipped.append({"date": day, "why": str(error)})
            continue
        stated += _stated(said.done_by, items, day, horizons, finish)
        for contract in said.contracts:
            if said.finished(contract):
                continue
            mine = items.loc[items["contract"] == contract, "item"]
            whole = all(item in finish for item in mine)
            ended = max(finish[item] for item in mine) if whole else None
            ends.append(
                {
                    "date": day,
                    "contract": contract,
                    "p50": said.date(0.5, contract),
                    "p80": said.date(0.8, contract),
                    "ended": ended,
                    "pit": said.probability(ended or until, contract),
                }
            )
    return Backtest(
        stated=pd.concat(stated, ignore_index=True) if stated else _NO_STATED.copy(),
        ends=pd.DataFrame(ends, columns=["date", "contract", "p50", "p80", "ended", "pit"]),
        skipped=pd.DataFrame(skipped, columns=["date", "why"]),
        until=until,
    )


_NO_STATED = pd.DataFrame(
    columns=[
        "date",
        "item",
        "contract",
        "work_type",
        "horizon_days",
        "probability",
        "planned",
        "came",
    ]
)


def _stated(
    done_by: pd.DataFrame,
    items: pd.DataFrame,
    day: dt.date,
    horizons: Sequence[int],
    finish: Mapping[str, dt.date],
) -> list[pd.DataFrame]:
    about = items.set_index("item").loc[done_by.index]
    planned = pd.to_datetime(about["planned_finish"]).dt.date
    found = []
    for horizon, moment in zip(horizons, done_by.columns, strict=True):
        found.append(
            pd.DataFrame(
                {
                    "date": day,
                    "item": list(done_by.index),
                    "contract": about["contract"].to_numpy(),
                    "work_type": about["work_type"].to_numpy(),
                    "horizon_days": horizon,
                    "probability": done_by[moment].to_numpy(np.float64),
                    "planned": [not pd.isna(end) and end <= moment for end in planned],
                    "came": [finish.get(item, dt.date.max) <= moment for item in done_by.index],
                }
            )
        )
    return found


def replay_ledger(
    items: WorkItems,
    history: History,
    baselines: Sequence[StoredBaseline],
    dates: Sequence[dt.date],
    *,
    until: dt.date | None = None,
    horizons_days: Sequence[int] = HORIZONS_DAYS,
    settings: Settings | None = None,
) -> Backtest:
    """Replay a ledger: each date sees only what had been recorded by its end.

    Parameters
    ----------
    items
        The work items.
    history
        All reports.
    baselines
        All baselines; the last one recorded by a date is in force on it.
    dates
        The dates to forecast from.
    until
        Last day of the record; that of the last report by default.
    horizons_days, settings
        As for :func:`backtest`.

    Raises
    ------
    RoadplanError
        The ledger is empty, or a date is not before the end of the record.
    """
    whole = progress_history(items, history)
    if whole.empty:
        raise RoadplanError("the ledger holds no report on these works; there is nothing to replay")
    last = until or max(whole["day"])
    outcome = whole[whole["day"] <= last]

    def known(day: dt.date) -> tuple[pd.DataFrame, pd.DataFrame]:
        moment = dt.datetime.combine(day, dt.time.max, dt.UTC)
        in_force = [each.baseline for each in baselines if each.recorded_at <= moment]
        frame = forecast_items(items, in_force[-1] if in_force else None)
        return frame, progress_history(items, history, as_of=AsOf(day, moment))

    return backtest(
        known,
        dates,
        finish=finish_days(outcome),
        until=last,
        horizons_days=horizons_days,
        settings=settings,
    )
