from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from forecast_case import ALL_YEAR, START, history, items

from roadplan.corridor import Corridor
from roadplan.errors import RoadplanError
from roadplan.progress.backtest import backtest
from roadplan.progress.backtest_public import public_backtest, public_evidence, read_promises
from roadplan.progress.backtest_scores import brier, pit_counts, reliability
from roadplan.progress.forecast import Settings
from roadplan.progress.forecast_ledger import finish_days
from roadplan.progress.simulated import Layout, Luck, simulated_works

SETTINGS = Settings(draws=300, seasons=ALL_YEAR)


def test_the_brier_score_is_the_mean_square() -> None:
    """Hand-computed: (0.01 + 0.81 + 0.01) / 3."""
    score = brier([0.9, 0.9, 0.1], [1, 0, 0])
    assert score.score == pytest.approx(0.83 / 3)


def test_the_parts_of_the_score_add_up() -> None:
    """Score = reliability − resolution + uncertainty when each bin holds one probability."""
    score = brier([0.25, 0.25, 0.25, 0.75, 0.75], [0, 1, 0, 1, 1])
    assert score.score == pytest.approx(score.reliability - score.resolution + score.uncertainty)


def test_well_stated_probabilities_are_reliable() -> None:
    """What is stated with p comes with p."""
    rng = np.random.default_rng(1)
    stated = rng.random(50_000)
    came = rng.random(50_000) < stated
    table = reliability(stated, came)
    assert (table["stated"] - table["came"]).abs().max() < 0.02
    assert (table["low"] <= table["stated"]).mean() > 0.7


def test_transforms_are_counted_in_bins() -> None:
    """1 belongs to the last bin."""
    assert pit_counts([0.05, 0.95, 1.0], bins=10).tolist() == [1, 0, 0, 0, 0, 0, 0, 0, 0, 2]


@pytest.mark.parametrize("bad", [([], []), ([0.5], [1, 0]), ([1.2], [1])])
def test_scores_of_nonsense_are_refused(bad: tuple[list[float], list[int]]) -> None:
    """No probability, unequal lengths, and what is no probability."""
    with pytest.raises(RoadplanError):
        brier(*bad)


def test_simulated_work_waits_for_crew_and_work_before_it() -> None:
    """Ten pieces one after the other of 0.4 days each take four days and not one."""
    chain = items(10, planned=False)
    chain = chain[chain["work_type"] == "base"].assign(contract="north")
    chain["after"] = [(), *((item,) for item in chain["item"][:-1])]
    layout = Layout(start=START, other_share_per_day=2.5, other_crews=1)
    even = Luck(pace=1, contract_sd=0, type_sd=0, item_sd=0, week_sd=0, silent_share=0)
    works = simulated_works(chain, layout, seed=1, luck=even, seasons=ALL_YEAR)
    assert works.finish_of() == START + timedelta(days=3)


def replay(dates: list[date]) -> object:
    """Replay simulated works of twelve segments."""
    layout = Layout(start=START, other_share_per_day=1 / 20, other_crews=2)
    works = simulated_works(
        items(12, planned=False), layout, seed=4, luck=Luck(silent_share=0), seasons=ALL_YEAR
    )
    return backtest(
        lambda day: (works.items, works.history[works.history["day"] <= day]),
        dates,
        finish=finish_days(works.history),
        until=works.finish_of(),
        settings=SETTINGS,
    )


def test_a_replay_judges_only_what_the_record_tells() -> None:
    """Horizons beyond its end are not judged; each date and contract has its end."""
    dates = [START + timedelta(days=d) for d in (40, 80)]
    result = replay(dates)
    judged = result.stated  # type: ignore[attr-defined] # a backtest
    horizon = pd.to_timedelta(judged["horizon_days"].astype(int), unit="D")
    assert (pd.to_datetime(judged["date"]) + horizon <= pd.Timestamp(result.until)).all()  # type: ignore[attr-defined] # a backtest
    assert result.ends["pit"].between(0, 1).all()  # type: ignore[attr-defined] # a backtest
    assert result.brier().score < 0.25  # type: ignore[attr-defined] # a backtest
    assert result.as_dict()["pit"]  # type: ignore[attr-defined] # a backtest


def test_a_replay_from_after_the_record_is_refused() -> None:
    """Nothing could come true."""
    with pytest.raises(RoadplanError, match="before the end of the record"):
        replay([date(2099, 1, 1)])


def test_a_date_that_cannot_be_forecast_is_told() -> None:
    """It is skipped with its reason, not silently."""
    result = backtest(
        lambda _: (items(planned=False), history()),
        [START],
        finish={},
        until=START + timedelta(days=90),
        settings=SETTINGS,
    )
    assert "give a baseline" in result.skipped["why"].iloc[0]
    assert result.stated.empty


def test_the_promises_are_those_of_the_reports(road: Corridor) -> None:
    """Each names a shipped report of its contract and source."""
    reports = road.table("reports").set_index("report")
    for promise in read_promises().to_dict("records"):
        row = reports.loc[promise["report"]]
        assert row["contract"] == promise["contract"]
        assert row["source"] == promise["source"]
        assert row["date"] == promise["stated"]


def test_a_figure_for_the_corridor_bounds_a_contract(road: Corridor) -> None:
    """72 km without surface leave at least 291 of 363 km with it; surfaced is not complete."""
    found = {each.report: each for each in public_evidence(road, "karaganda-balkhash")}
    bound = found["2023-12-31-corridor-new-surface"]
    assert bound.kind == "at_least"
    assert 0.5 < bound.share < 291 / 363


def test_no_promise_would_have_been_believed_when_it_counted(road: Corridor) -> None:
    """All three were broken; the replay doubts them more the nearer they come."""
    late = [date(2020, 10, 1), date(2023, 10, 1), date(2024, 11, 1)]
    result = public_backtest(road, asked_on=late)
    table = result.table
    assert list(table.groupby("promise", sort=False)["came"].first()) == [False] * 3
    near = table.groupby("promise", sort=False)["probability"].last()
    first = table.groupby("promise", sort=False)["probability"].first()
    assert (near < first).all()
    assert (first < 0.75).all()
    assert result.brier < 0.5
    assert result.ended == (date(2025, 1, 1), date(2025, 12, 31))


def test_statements_are_used_only_once_they_were_known(road: Corridor) -> None:
    """On the day of the first promise nothing had been stated; the counts rise."""
    counts = public_backtest(road).table["statements"]
    assert counts.iloc[0] == 0
    assert counts.is_monotonic_increasing
