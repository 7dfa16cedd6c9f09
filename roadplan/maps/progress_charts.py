"""March chart and S-curves of a contract, from its items and what was reported on them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from roadplan.i18n import LANGUAGES
from roadplan.maps.chart_paper import say
from roadplan.maps.march_chart import (
    STRETCH_COLUMNS,
    SYMBOL_COLUMNS,
    MarchChart,
    first_posting,
    post_ticks,
)
from roadplan.maps.s_curves import SCurves
from roadplan.progress.forecast import Settings, forecast
from roadplan.progress.forecast_ledger import contract_deadlines, value_curves
from roadplan.progress.forecast_result import WHOLE, Forecast
from roadplan.progress.seasons import Seasons

if TYPE_CHECKING:
    from roadplan.corridor.model import Corridor
    from roadplan.progress.items import WorkItems

_SHOWN = ("earthworks", "base", "lower-asphalt", "upper-asphalt", "marking")
_THINGS = ("structure", "detour", "rest_area")
_OPENED = 0.5


def march_chart(
    corridor: Corridor,
    items: WorkItems,
    frame: pd.DataFrame,
    history: pd.DataFrame,
    contract: str,
    *,
    today: dt.date,
    work_types: Sequence[str] = _SHOWN,
    seasons: Seasons | None = None,
    note: Mapping[str, str] | None = None,
) -> MarchChart:
    """Return the march chart of a contract.

    Parameters
    ----------
    corridor, items
        The road and its work items.
    frame, history
        Items with their planned days, and what was done by the end of which day.
    contract
        The contract.
    today
        The day of the chart; later reports are not drawn.
    work_types
        Work along the road to draw, at most seven types.
    seasons
        For the paving seasons.
    note
        What must stand on the chart, by language.

    Raises
    ------
    UnknownIdError
        There is no such contract.
    """
    own = corridor.contract(contract)
    mine = frame[(frame["contract"] == contract) & (frame["route"] == own.route)]
    seen = history[(history["day"] <= today) & history["item"].isin(set(mine["item"]))]
    begun = seen[seen["done"] > 0].groupby("item")["day"].min()
    done = seen[seen["done"] >= 1 - 1e-9].groupby("item")["day"].min()
    last = seen.sort_values("day", kind="stable").groupby("item")["done"].last()
    along = mine[mine["work_type"].isin(list(work_types))]
    plan = along[along["planned_start"].notna() & along["planned_finish"].notna()]
    planned = plan.assign(
        start=pd.to_datetime(plan["planned_start"]),
        finish=pd.to_datetime(plan["planned_finish"]),
        standing="reported",
    )
    worked = along[along["item"].isin(begun.index)]
    actual = worked.assign(
        start=pd.to_datetime(worked["item"].map(begun)),
        finish=pd.to_datetime(worked["item"].map(done).fillna(today)),
        standing="reported",
        # Work that goes on is drawn as far as it is done.
        to_m=worked["from_m"] + (worked["to_m"] - worked["from_m"]) * worked["item"].map(last),
    )
    rules = seasons or Seasons.read()
    days = [*planned["start"], *planned["finish"], pd.Timestamp(today)]
    last_day = dt.date(max(days).year, 12, 31)
    middle = (own.from_m + own.to_m) / 2
    own_segments = [each for each in corridor.segments if each.route == own.route]
    region = next((s.region for s in own_segments if s.from_m <= middle < s.to_m), "")
    return MarchChart(
        route=own.route,
        from_m=own.from_m,
        to_m=own.to_m,
        today=today,
        planned=planned[list(STRETCH_COLUMNS)],
        actual=actual[list(STRETCH_COLUMNS)],
        names={name: items.types[name].names for name in work_types if name in items.types},
        symbols=_symbols(corridor, mine, done, last),
        seasons=rules.stretches(region, "paving", min(days).date(), last_day),
        posts=post_ticks(corridor, own.route, own.from_m, own.to_m),
        posting=first_posting(corridor, own.route),
        title=_titled("March chart: {name}", own.names.as_dict()),
        note=note or {},
    )


def _symbols(
    corridor: Corridor, mine: pd.DataFrame, done: pd.Series, last: pd.Series
) -> pd.DataFrame:
    """Return structures, bypass roads and rest areas on the day they were finished or should be."""
    things = mine[mine["group"].isin(_THINGS)]
    structures = corridor.table("structures").set_index("structure")["kind"]
    rows = []
    for row in things.to_dict("records"):
        finished = row["item"] in done.index
        day = done[row["item"]] if finished else row["planned_finish"]
        if pd.isna(day):
            continue
        kind = structures.get(row["place"], row["group"])
        in_use = row["group"] == "detour" and last.get(row["item"], 0.0) > _OPENED
        state = "done" if finished else "open" if in_use else "planned"
        middle = (row["from_m"] + row["to_m"]) / 2
        rows.append((kind, middle, pd.Timestamp(day), state, row["standing"]))
    return pd.DataFrame(rows, columns=list(SYMBOL_COLUMNS))


def s_curves(
    corridor: Corridor,
    frame: pd.DataFrame,
    history: pd.DataFrame,
    *,
    contract: str = WHOLE,
    today: dt.date,
    settings: Settings | None = None,
    said: Forecast | None = None,
    note: Mapping[str, str] | None = None,
) -> SCurves:
    """Return the S-curves of a contract, or of everything, with their forecast.

    Parameters
    ----------
    corridor
        The road.
    frame, history
        Items with their planned days, and what was done by the end of which day.
    contract
        The contract; everything by default.
    today
        The day of the forecast.
    settings
        How the forecast is made.
    said
        A forecast of just this contract, where there is one already.
    note
        What must stand on the chart, by language.

    Raises
    ------
    UnknownIdError
        There is no such contract.
    """
    names = (
        {language: say("All contracts", language) for language in LANGUAGES}
        if contract == WHOLE
        else corridor.contract(contract).names.as_dict()
    )
    mine = frame if contract == WHOLE else frame[frame["contract"] == contract]
    known = history[history["item"].isin(set(mine["item"]))]
    deadline = contract_deadlines(mine).get(WHOLE)
    if said is None:
        said = forecast(mine, known, as_of=today, settings=settings or Settings(draws=2_000))
    start, days, planned, earned = value_curves(mine, known, until=today)
    empty = pd.DataFrame({"day": [], "share": []})
    plan, done = empty, empty
    if start is not None and len(planned) and planned[-1] > 0:
        # A moment is the end of the day before.
        dates = pd.Timestamp(start) + pd.to_timedelta(days - 1, unit="D")
        until = int(np.argmax(planned >= planned[-1])) + 1
        plan = pd.DataFrame({"day": dates[:until], "share": planned[:until] / planned[-1]})
        seen = np.isfinite(earned)
        done = pd.DataFrame({"day": dates[seen], "share": earned[seen] / planned[-1]})
    return SCurves(
        today=today,
        planned=plan,
        actual=done,
        bands=said.bands(),
        deadline=deadline,
        finishes={f"P{100 * level:.0f}": said.date(level) for level in (0.5, 0.8)},
        title=_titled("Share of the works: {name}", names),
        note=note or {},
    )


def _titled(text: str, names: Mapping[str, str]) -> dict[str, str]:
    return {
        language: say(text, language).replace("{name}", names.get(language) or names["en"])
        for language in LANGUAGES
    }
