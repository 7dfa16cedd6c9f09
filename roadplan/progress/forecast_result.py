"""What a forecast says: dates by probability, probabilities by date, and the reasons."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from roadplan.errors import UnknownIdError
from roadplan.progress.forecast_pace import BASES
from roadplan.progress.montecarlo import quantile_day
from roadplan.progress.seasons import day_number, finish_date

Floats = NDArray[np.float64]

WHOLE = ""
"""Stands for all contracts together where one may be named."""

LEVELS = (0.5, 0.8, 0.95)


@dataclass(frozen=True, kw_only=True, eq=False)
class Forecast:
    """When the works end, with reasons.

    Parameters
    ----------
    as_of
        The day after which everything is forecast.
    contracts
        Contracts in order.
    finish
        Day numbers at which each contract is done, shape (contracts, draws).
    unfinished
        Number of unfinished items of each contract that were forecast.
    items
        Unfinished items: `done` (NaN without a report), `left`, the pace in quantity by working
        day and the planned one, `basis` (index into :data:`~.forecast_pace.BASES`), `p50` and
        `p80` as day numbers, and in how many of the draws it is the `last` of all, the
        `last_of_contract`, and on the `chain` that leads to the end.
    left_out
        Unfinished items that could not be forecast, with `why`; the dates hold without them.
    paces
        By contract and work type: quantity, left, pace reached and needed by working day, crews.
    deadlines
        Contract → promised day; ``""`` for the whole.
    curve_days, curve
        Days, and the share of all weight done by their end, shape (days, draws of the curve).
    done_by
        Item → probability of being done by the end of each checkpoint.
    estimated_seasons
        Whether the seasons are estimates.
    seed
        The seed it was drawn with.
    """

    as_of: dt.date
    contracts: tuple[str, ...]
    finish: Floats = field(repr=False)
    unfinished: tuple[int, ...]
    items: pd.DataFrame = field(repr=False)
    left_out: pd.DataFrame = field(repr=False)
    paces: pd.DataFrame = field(repr=False)
    deadlines: Mapping[str, dt.date] = field(default_factory=dict)
    curve_days: tuple[dt.date, ...] = field(default=(), repr=False)
    curve: Floats = field(default_factory=lambda: np.empty((0, 0)), repr=False)
    done_by: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    estimated_seasons: bool = False
    seed: int = 0

    @property
    def draws(self) -> int:
        """Number of draws."""
        return int(self.finish.shape[1])

    def moments(self, contract: str = WHOLE) -> Floats:
        """Return the day numbers at which a contract, or everything, is done, shape (draws,).

        Minus infinity where nothing is left to do.

        Raises
        ------
        UnknownIdError
            There is no such contract.
        """
        if contract == WHOLE:
            return np.asarray(self.finish.max(axis=0))
        if contract not in self.contracts:
            raise UnknownIdError(
                f"there is no contract '{contract}'; there are {', '.join(self.contracts)}"
            )
        return np.asarray(self.finish[self.contracts.index(contract)])

    def finished(self, contract: str = WHOLE) -> bool:
        """Return whether nothing is left that was forecast."""
        return bool(np.isneginf(self.moments(contract)).all())

    def date(self, level: float, contract: str = WHOLE) -> dt.date | None:
        """Return the day by which the works are done with a probability.

        None where nothing is left to do, or where it lies beyond the horizon of the calendars.
        """
        moment = quantile_day(self.moments(contract), level)
        return finish_date(moment) if np.isfinite(moment) else None

    def probability(self, day: dt.date, contract: str = WHOLE) -> float:
        """Return the probability that the works are done by the end of a day."""
        return float((self.moments(contract) <= day_number(day) + 1).mean())

    def bands(self, levels: tuple[float, ...] = (0.05, 0.2, 0.5, 0.8, 0.95)) -> pd.DataFrame:
        """Return quantiles of the share done by each day of the curve, for an S-curve."""
        values = (
            np.quantile(self.curve, levels, axis=1).T
            if self.curve.size
            else np.empty((0, len(levels)))
        )
        return pd.DataFrame(values, columns=list(levels)).assign(day=list(self.curve_days))

    def dates(self) -> pd.DataFrame:
        """Return dates and probabilities for the whole and for each contract."""
        rows = []
        for contract in (WHOLE, *self.contracts):
            deadline = self.deadlines.get(contract)
            rows.append(
                {
                    "contract": contract,
                    "unfinished_items": self._unfinished(contract),
                    **{f"p{100 * level:.0f}": self.date(level, contract) for level in LEVELS},
                    "deadline": deadline,
                    "on_time": None if deadline is None else self.probability(deadline, contract),
                    "why": self.why(contract),
                }
            )
        return pd.DataFrame(rows)

    def why(self, contract: str = WHOLE) -> str:
        """Return what a reader must know of the dates, or nothing."""
        said = []
        lost = self.left_out
        count = len(lost) if contract == WHOLE else int((lost["contract"] == contract).sum())
        if self.finished(contract):
            said.append("all work that can be forecast is complete")
        elif self.date(0.95, contract) is None:
            said.append("some draws end beyond the horizon of the calendars")
        if count:
            noun = "item is" if count == 1 else "items are"
            said.append(f"{count} {noun} left out: no plan and no report tells their pace")
        return "; ".join(said)

    def _unfinished(self, contract: str) -> int:
        if contract == WHOLE:
            return sum(self.unfinished)
        return self.unfinished[self.contracts.index(contract)]

    def bottlenecks(self, count: int = 10, contract: str = WHOLE) -> pd.DataFrame:
        """Return the items that most often finish last, the most frequent first."""
        column = "last" if contract == WHOLE else "last_of_contract"
        rows = self.items if contract == WHOLE else self.items[self.items["contract"] == contract]
        rows = rows[rows[column] > 0]
        return (
            rows.sort_values([column, "chain"], ascending=False, kind="stable")
            .head(count)
            .reset_index(drop=True)
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the forecast as plain values, for JSON."""
        paces = self.paces.astype(object).where(self.paces.notna(), None).to_dict("records")
        return {
            "as_of": self.as_of.isoformat(),
            "draws": self.draws,
            "seed": self.seed,
            "estimated_seasons": self.estimated_seasons,
            "finish": [
                {key: _plain(value) for key, value in row.items()}
                for row in self.dates().astype(object).to_dict("records")
            ],
            "last": [
                {
                    "item": row["item"],
                    "contract": row["contract"],
                    "share_last": float(row["last"]),
                    "share_on_chain": float(row["chain"]),
                    "p50": _day(row["p50"]),
                    "p80": _day(row["p80"]),
                    "basis": BASES[int(row["basis"])],
                }
                for row in self.bottlenecks().to_dict("records")
            ],
            "paces": [{key: _plain(value) for key, value in row.items()} for row in paces],
            "left_out": self.left_out.to_dict("records"),
        }


def _day(moment: float) -> str | None:
    return finish_date(moment).isoformat() if np.isfinite(moment) else None


def _plain(value: Any) -> Any:
    if isinstance(value, dt.date):
        return value.isoformat()
    if value is None or (isinstance(value, float) and not np.isfinite(value)) or value is pd.NaT:
        return None
    return value
