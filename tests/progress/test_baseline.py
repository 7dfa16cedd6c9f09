"""Baselines: planned shares by hand, and what is no plan."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from roadplan.errors import RoadplanError
from roadplan.progress import Baseline, Planned

D = dt.date


def test_a_plan_is_linear_over_its_days() -> None:
    """Ten days in May: nothing before, a tenth after the first day, all after the last."""
    plan = Planned(start=D(2024, 5, 1), finish=D(2024, 5, 10), quantity=3)
    days = [D(2024, 4, 30), D(2024, 5, 1), D(2024, 5, 5), D(2024, 5, 10), D(2025, 1, 1)]
    np.testing.assert_allclose(plan.shares(days), [0, 0.1, 0.5, 1, 1])
    one_day = Planned(start=D(2024, 5, 1), finish=D(2024, 5, 1), quantity=1)
    np.testing.assert_allclose(one_day.shares(days), [0, 1, 1, 1, 1])


def test_a_curve_bends_the_plan() -> None:
    """A quarter by the end of 2 May and the rest by the 10th, linear between."""
    curve = ((D(2024, 5, 2), 0.25), (D(2024, 5, 10), 1.0))
    plan = Planned(start=D(2024, 5, 1), finish=D(2024, 5, 10), quantity=3, curve=curve)
    days = [D(2024, 5, 1), D(2024, 5, 2), D(2024, 5, 6)]
    np.testing.assert_allclose(plan.shares(days), [0.125, 0.25, 0.625])


@pytest.mark.parametrize(
    "curve",
    [
        ((D(2024, 5, 2), 0.5), (D(2024, 5, 10), 0.9)),
        ((D(2024, 5, 2), 0.5), (D(2024, 5, 9), 1.0)),
        ((D(2024, 5, 5), 0.5), (D(2024, 5, 2), 0.6), (D(2024, 5, 10), 1.0)),
        ((D(2024, 5, 2), 0.5), (D(2024, 5, 5), 0.4), (D(2024, 5, 10), 1.0)),
        ((D(2024, 4, 2), 0.5), (D(2024, 5, 10), 1.0)),
    ],
)
def test_what_is_no_curve_is_refused(curve: tuple[tuple[dt.date, float], ...]) -> None:
    """It must rise from the start to 1 on the day of the finish."""
    with pytest.raises(RoadplanError, match="must rise"):
        Planned(start=D(2024, 5, 1), finish=D(2024, 5, 10), quantity=3, curve=curve)


def test_a_finish_before_the_start_is_refused() -> None:
    """Both days are named."""
    with pytest.raises(RoadplanError, match="2024-05-01 is before the start 2024-05-02"):
        Planned(start=D(2024, 5, 2), finish=D(2024, 5, 1), quantity=3)


def test_items_that_are_not_planned_are_unknown() -> None:
    """A baseline gives NaN for an item it does not plan."""
    plan = {"a": Planned(start=D(2024, 5, 1), finish=D(2024, 5, 2), quantity=1)}
    baseline = Baseline(version=1, items=plan, author="a", source="s")
    table = baseline.shares(["b", "a"], [D(2024, 5, 1)])
    assert np.isnan(table[0, 0])
    assert table[1, 0] == pytest.approx(0.5)
    assert Baseline.from_content(baseline.content()) == baseline


def test_an_empty_baseline_is_refused() -> None:
    """Nothing planned is no plan, and versions count from 1."""
    with pytest.raises(RoadplanError, match="at least one item"):
        Baseline(version=1, items={}, author="a", source="s")
    with pytest.raises(RoadplanError, match="count from 1"):
        Baseline(version=0, items={}, author="a", source="s")
