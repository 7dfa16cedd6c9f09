from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from forecast_case import ALL_YEAR, START, history, items

from roadplan.errors import FaultsError, RoadplanError
from roadplan.progress.forecast import Settings, forecast, with_extra_crew
from roadplan.progress.forecast_assumptions import load_assumptions
from roadplan.progress.forecast_crews import ExtraCrew
from roadplan.progress.forecast_pace import learn_paces, work_intervals
from roadplan.progress.seasons import WorkCalendar

SURE = {
    "prior_pace_ratio": 1.0,
    "prior_pace_sd": 0.01,
    "level_sd": 0.0,
    "item_sd": 0.01,
    "interval_sd": 0.01,
    "shock_sd": 0.0,
}
CERTAIN = Settings(draws=200, seasons=ALL_YEAR, assumptions=load_assumptions(changes=SURE))
USUAL = Settings(draws=1_000, seasons=ALL_YEAR)
NONE = history()


def test_without_doubt_the_forecast_is_the_plan() -> None:
    """Six segments at the planned pace with the planned crews end within days of the plan."""
    said = forecast(items(), NONE, as_of=START - timedelta(days=1), settings=CERTAIN)
    planned = max(items()["planned_finish"])
    median = said.date(0.5)
    assert median is not None
    assert abs((median - planned).days) <= 3


def test_slow_reports_make_it_late() -> None:
    """Half the planned pace on three items doubles what is left."""
    reports = [(f"base:{k}", day, done) for k in range(3) for day, done in ((0, 0.05), (9, 0.5))]
    slow = forecast(items(), history(*reports), as_of=START + timedelta(days=9), settings=USUAL)
    plan = forecast(items(), NONE, as_of=START + timedelta(days=9), settings=USUAL)
    pace = slow.items.set_index("item")["pace_per_day"]
    assert pace["base:0"] == pytest.approx(0.5, rel=0.25)
    assert pace["base:5"] < 1.0
    assert plan.items["basis"].eq(4).all()
    assert slow.items.set_index("item")["basis"]["base:0"] == 0


def test_later_reports_are_not_looked_at() -> None:
    """A forecast of a day stays the same whatever is reported afterwards."""
    day = START + timedelta(days=12)
    known = [("base:0", 0, 0.1), ("base:0", 9, 1.0)]
    early = forecast(items(), history(*known), as_of=day, settings=USUAL)
    later = forecast(items(), history(*known, ("base:1", 30, 1.0)), as_of=day, settings=USUAL)
    assert (early.finish == later.finish).all()


def test_a_deadline_has_a_probability_that_rises_with_it() -> None:
    """From nearly never to nearly surely."""
    said = forecast(items(), NONE, as_of=START, settings=USUAL, deadlines={"": date(2024, 6, 1)})
    chances = [said.probability(START + timedelta(days=d)) for d in (30, 60, 90, 200, 900)]
    assert chances == sorted(chances)
    assert chances[0] < 0.05
    assert chances[-1] > 0.95
    table = said.dates().set_index("contract")
    assert table.at["", "on_time"] == said.probability(date(2024, 6, 1))


def test_the_whole_is_never_before_a_contract() -> None:
    """The whole is done when the last contract is."""
    said = forecast(items(), NONE, as_of=START, settings=USUAL)
    assert (said.moments() >= said.moments("north")).all()
    assert (said.moments() == np.maximum(said.moments("north"), said.moments("south"))).all()


def test_finished_work_needs_no_forecast() -> None:
    """Everything done: no date, and the reason."""
    done = history(*[(item, 5, 1.0) for item in items()["item"]])
    said = forecast(items(), done, as_of=START + timedelta(days=9), settings=USUAL)
    assert said.finished()
    assert said.date(0.5) is None
    assert said.why() == "all work that can be forecast is complete"
    assert said.probability(START) == 1


def test_items_without_plan_or_report_are_left_out_and_told() -> None:
    """A work type that nothing is known of has no pace."""
    frame = items()
    lone = frame["work_type"] == "surface"
    frame.loc[lone, ["planned_start", "planned_finish"]] = None
    said = forecast(frame, NONE, as_of=START, settings=USUAL)
    assert set(said.left_out["work_type"]) == {"surface"}
    assert "6 items are left out" in said.why()


def test_nothing_known_at_all_is_an_error() -> None:
    """Without a plan and without a report there is no forecast."""
    with pytest.raises(RoadplanError, match="give a baseline"):
        forecast(items(planned=False), NONE, as_of=START, settings=USUAL)


def test_one_more_crew_brings_the_end_nearer() -> None:
    """On the same random numbers, for the contract it works for."""
    before, after = with_extra_crew(
        items(12), NONE, ExtraCrew(work_type="base", contract="south"), as_of=START, settings=USUAL
    )
    assert after.moments("south").mean() < before.moments("south").mean() - 5
    assert (after.moments("north") == before.moments("north")).all()


def test_a_crew_without_work_is_told() -> None:
    """The message names the work types."""
    with pytest.raises(RoadplanError, match="base, surface"):
        with_extra_crew(items(), NONE, ExtraCrew(work_type="lamps", contract="south"), as_of=START)


def test_a_gate_holds_back_what_waits_for_it() -> None:
    """Furniture cannot begin before its order has come."""
    frame = pd.concat(
        [
            items(),
            items(1)
            .iloc[[0]]
            .assign(
                item="order",
                work_type="order",
                planned_start=START,
                planned_finish=date(2024, 12, 31),
                contract="north",
            ),
        ],
        ignore_index=True,
    )
    frame.at[int(np.flatnonzero(frame["item"] == "surface:0")[0]), "after"] = ("base:0", "order")
    said = forecast(frame, NONE, as_of=START, settings=CERTAIN)
    assert said.date(0.5, "north") > date(2024, 12, 31)  # type: ignore[operator] # a date by the plan


def test_the_pace_needed_stands_beside_the_pace_reached() -> None:
    """15 of 30 km left in 30 days need half a kilometre a day; 15 km in 10 days were reached."""
    reports = history(
        ("base:0", 0, 0.0), ("base:0", 10, 1.0), ("base:1", 0, 0.0), ("base:1", 10, 0.5)
    )
    said = forecast(
        items(),
        reports,
        as_of=START + timedelta(days=10),
        deadlines={"": START + timedelta(days=40)},
        settings=USUAL,
    )
    row = said.paces.set_index(["contract", "work_type"]).loc[("north", "base")]
    assert row["left"] == pytest.approx(15)
    assert row["needed_per_day"] == pytest.approx(15 / 30)
    assert row["reached_per_day"] == pytest.approx(15 / 10, rel=0.15)


def test_the_result_is_plain_json() -> None:
    """No NaN, no numpy, no date objects."""
    import json

    said = forecast(items(), NONE, as_of=START, settings=USUAL, deadlines={"": START})
    assert json.loads(json.dumps(said.as_dict(), allow_nan=False))["as_of"] == "2024-01-01"


@pytest.mark.parametrize(
    ("frame", "reports", "words"),
    [
        (items().drop(columns="season"), NONE, "lack season"),
        (pd.concat([items(), items()]), NONE, "comes twice"),
        (items(), history(("nowhere", 1, 0.5)), "is no item"),
        (items(), history(("base:0", 1, 1.5)), "share from 0 to 1"),
    ],
)
def test_broken_input_is_told(frame: pd.DataFrame, reports: pd.DataFrame, words: str) -> None:
    """Each fault has its message."""
    with pytest.raises(RoadplanError, match=words):
        forecast(frame, reports, as_of=START, settings=USUAL)


def test_a_known_pace_is_learned() -> None:
    """40 items at a pace of 0.6 of the plan give a pool of that pace, and its scatter."""
    rng = np.random.default_rng(3)
    n = 40
    frame = pd.DataFrame({"contract": "c", "work_type": "t", "quantity": np.full(n, 10.0)})
    pace = np.minimum(0.6 * np.exp(rng.normal(0, 0.25, n)), 1.0)
    rows = [(k, day, min(day * pace[k] / 10, 1.0)) for k in range(n // 2) for day in (0.0, 3, 6, 9)]
    seen = pd.DataFrame(rows, columns=["row", "moment", "done"])
    intervals = work_intervals(seen, lambda _: WorkCalendar(0, np.ones(100)))
    learned = learn_paces(
        frame,
        intervals,
        planned_work_days=np.full(n, 10.0),
        left=np.full(n, 5.0),
        assumptions=load_assumptions(),
    )
    unseen = np.exp(learned.log_pace[n // 2 :])
    assert unseen == pytest.approx(0.6, rel=0.12)
    assert learned.item_sd == pytest.approx(0.25, abs=0.08)
    assert np.exp(learned.log_pace[: n // 2]) == pytest.approx(pace[: n // 2], rel=0.2)
    assert learned.basis.tolist() == [0] * (n // 2) + [1] * (n // 2)


def test_an_assumption_out_of_range_is_told() -> None:
    """The message says what the number means."""
    with pytest.raises(FaultsError, match="log factor"):
        load_assumptions(changes={"shock_sd": -1})
    with pytest.raises(RoadplanError, match="no assumption 'luck'"):
        load_assumptions(changes={"luck": 1})


def test_the_settings_can_be_changed_one_by_one() -> None:
    """They are frozen and plain."""
    assert replace(USUAL, draws=7).draws == 7


def test_a_slow_item_counts_no_more_than_a_quick_one() -> None:
    """Equal pieces at half and at twice the plan's pace: their like is expected at the plan's.

    The slow one was watched four times as long; by that length the pace would be far too slow.
    """
    lengths = {0: 5.0, 1: 20.0}
    rows = [
        {
            "row": row,
            "from_day": k * days,
            "to_day": (k + 1) * days,
            "share": 0.25,
            "work_days": days,
        }
        for row, days in lengths.items()
        for k in range(4)
    ]
    learned = learn_paces(
        pd.DataFrame({"contract": "c", "work_type": "t", "quantity": [10.0, 10.0, 10.0]}),
        pd.DataFrame(rows),
        planned_work_days=np.full(3, 40.0),
        left=np.array([0.0, 0.0, 10.0]),
        assumptions=load_assumptions(
            changes={"item_sd": 0.01, "interval_sd": 0.5, "prior_pace_sd": 2.0, "level_sd": 2.0}
        ),
    )
    assert learned.log_pace[2] == pytest.approx(np.log(10 / 40), abs=0.05)
