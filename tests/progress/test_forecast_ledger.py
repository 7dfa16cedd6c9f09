from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from forecast_case import START, history, items

from roadplan.errors import RoadplanError
from roadplan.progress.forecast_ledger import (
    contract_deadlines,
    earned_status,
    finish_days,
    value_curves,
)


def test_planned_value_ramps_item_by_item() -> None:
    """Six segments of two layers, ten days each: half a weight unit a day on average."""
    start, days, planned, _ = value_curves(items(), history())
    assert start == START
    assert planned[0] == 0
    assert planned[10] == pytest.approx(1)
    assert planned[20] == pytest.approx(3)
    assert planned[-1] == pytest.approx(12)
    assert days[-1] == 70


def test_earned_value_counts_reports_of_the_contract_by_the_day() -> None:
    """Half an item is half its weight; later reports do not count."""
    reports = history(("base:0", 4, 0.5), ("base:0", 9, 1.0), ("base:5", 9, 1.0))
    status = earned_status(items(), reports, as_of=START + timedelta(days=5), contract="north")
    assert status.earned_value == pytest.approx(0.5)
    assert status.total == pytest.approx(6)
    later = earned_status(items(), reports, as_of=START + timedelta(days=20))
    assert later.earned_value == pytest.approx(2)


def test_work_on_its_plan_has_an_index_of_one() -> None:
    """Two reports that follow the plan of the first segment."""
    reports = history(("base:0", 9, 1.0))
    status = earned_status(items(), reports, as_of=START + timedelta(days=10))
    assert status.earned_days == pytest.approx(10)


def test_without_a_plan_there_is_no_index() -> None:
    """And the reason is told."""
    status = earned_status(items(planned=False), history(), as_of=START)
    assert status.why["spi_time"] == "there is no baseline"


def test_an_unknown_contract_is_told() -> None:
    """The message names those there are."""
    with pytest.raises(RoadplanError, match="north, south"):
        earned_status(items(), history(), as_of=START, contract="west")


def test_deadlines_are_the_last_planned_days() -> None:
    """Of each contract and of the whole."""
    found = contract_deadlines(items())
    assert found[""] == found["south"] == date(2024, 3, 10)
    assert found["north"] == START + timedelta(days=39)
    assert contract_deadlines(items(planned=False)) == {}


def test_an_item_that_was_taken_back_is_not_finished() -> None:
    """It is finished on the day since which it stayed so."""
    reports = history(("a", 1, 1.0), ("b", 1, 1.0), ("b", 2, 0.5), ("c", 3, 1.0), ("c", 4, 1.0))
    assert finish_days(reports) == {"a": START + timedelta(1), "c": START + timedelta(3)}


def test_earned_value_never_exceeds_the_weight() -> None:
    """All done is all the weight."""
    _, _, _, earned = value_curves(items(), history(*[(i, 3, 1.0) for i in items()["item"]]))
    assert np.nanmax(earned) == pytest.approx(12)
