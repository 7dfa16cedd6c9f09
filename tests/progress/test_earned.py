from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadplan.errors import RoadplanError
from roadplan.progress.earned import (
    FINISHED,
    NO_BASELINE,
    NO_REPORT,
    NOT_STARTED,
    NOTHING_EARNED,
    PLAN_OVER,
    PlanCurve,
    earned_schedule,
    schedule_status,
    status_curve,
)

START = date(2024, 1, 1)
WEEKS = 7.0
LINEAR = PlanCurve([0, 40 * WEEKS], [0, 100])


def late(weeks: float) -> dict[str, object]:
    """Return the status of the linear 40-week plan that takes 52, after some weeks."""
    days = np.arange(0, min(weeks, 52) + 1) * WEEKS
    return vars(
        schedule_status(
            LINEAR,
            start=START,
            as_of=START + timedelta(weeks=weeks),
            earned_days=days,
            earned_value=days / (52 * WEEKS) * 100,
        )
    )


def test_a_linear_plan_of_40_weeks_that_takes_52_ends_with_spi_1_and_spi_t_077() -> None:
    """SPI forgets the delay at the end; SPI(t) = 40/52."""
    end = late(52)
    assert end["spi"] == pytest.approx(1.0)
    assert end["spi_time"] == pytest.approx(40 / 52)
    assert round(float(end["spi_time"]), 2) == 0.77  # type: ignore[arg-type] # a number by now
    assert end["finish"] == START + timedelta(weeks=52)


def test_its_forecast_is_52_weeks_from_early_on() -> None:
    """At 26 weeks 50 % are earned, which the plan had at week 20: ES/AT = 20/26."""
    middle = late(26)
    assert middle["earned_days"] == pytest.approx(20 * WEEKS)
    assert middle["spi_time"] == pytest.approx(20 / 26)
    assert middle["spi"] == pytest.approx(50 / 65)
    assert middle["finish"] == START + timedelta(weeks=52)
    assert middle["finish_at_plan"] == START + timedelta(weeks=46)
    assert middle["needed_spi_time"] == pytest.approx(20 / 14)


def test_a_status_long_after_the_end_does_not_change_the_indices() -> None:
    """Actual time stops when the work is complete."""
    assert late(80)["spi_time"] == pytest.approx(40 / 52)


def test_es_interpolates_between_two_moments_of_the_plan() -> None:
    """Hand-computed: PV 10, 30, 60; EV 20 is half-way in the second period, 45 in the third."""
    plan = PlanCurve([0, 1, 2, 3], [0, 10, 30, 60])
    assert earned_schedule(plan, [5, 10, 20, 45, 60], [1, 1, 2, 3, 3]).tolist() == [
        0.5,
        1.0,
        1.5,
        2.5,
        3.0,
    ]


def test_work_that_is_on_its_plan_stays_so_through_the_winter() -> None:
    """While the plan stands still the schedule follows the calendar, within the standstill."""
    plan = PlanCurve([0, 100, 250, 350], [0, 50, 50, 100])
    assert earned_schedule(plan, [50, 50, 50, 50], [90, 100, 180, 300]).tolist() == [
        100.0,
        100.0,
        180.0,
        250.0,
    ]


def test_time_after_the_planned_end_earns_nothing() -> None:
    """A plan that goes on flat after its end has the duration of its last rise."""
    plan = PlanCurve([0, 40, 60], [0, 100, 100])
    assert plan.duration == 40
    assert float(earned_schedule(plan, 100, 55)) == 40


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"plan": None}, NO_BASELINE),
        ({"as_of": START - timedelta(days=3)}, NOT_STARTED),
        ({"as_of": START + timedelta(days=10)}, NO_REPORT),
    ],
)
def test_what_is_not_defined_says_why(given: dict[str, object], reason: str) -> None:
    """No baseline, not begun and not reported are three different reasons."""
    call = {"plan": LINEAR, "start": START, "as_of": START} | given
    status = schedule_status(**call)  # type: ignore[arg-type] # by name
    assert status.spi_time is None
    assert status.why["spi_time"] == reason


def test_nothing_earned_gives_no_finish() -> None:
    """SPI(t) is then 0, and a finish at this pace never comes."""
    status = schedule_status(
        LINEAR,
        start=START,
        as_of=START + timedelta(days=70),
        earned_days=[0, 70],
        earned_value=[0, 0],
    )
    assert status.spi_time == 0
    assert status.finish is None
    assert status.why["finish"] == NOTHING_EARNED


def test_finished_and_overdue_work_say_why_there_is_no_needed_pace() -> None:
    """Nothing is left to do, or no planned time is left to do it in."""
    assert late(52)["why"]["needed_spi_time"] == FINISHED  # type: ignore[index] # a mapping
    assert late(45)["why"]["needed_spi_time"] == PLAN_OVER  # type: ignore[index] # a mapping


def test_reports_after_the_day_do_not_count() -> None:
    """The status of a day is the same whatever is reported later."""
    known = {"start": START, "as_of": START + timedelta(days=50)}
    early = schedule_status(LINEAR, earned_days=[0, 50], earned_value=[0, 10], **known)  # type: ignore[arg-type] # by name
    later = schedule_status(LINEAR, earned_days=[0, 50, 90], earned_value=[0, 10, 80], **known)  # type: ignore[arg-type] # by name
    assert vars(early) == vars(later)


@pytest.mark.parametrize(
    ("time", "value", "words"),
    [
        ([0], [0], "at least two"),
        ([0, 2, 1], [0, 1, 2], "must rise"),
        ([0, 1], [1, 2], "must not fall"),
        ([0, 1], [0, np.nan], "finite"),
        ([0, 1], [0, 0], "must not fall"),
    ],
)
def test_a_broken_plan_is_refused(time: list[float], value: list[float], words: str) -> None:
    """The message says what is wrong with the plan."""
    with pytest.raises(RoadplanError, match=words):
        PlanCurve(time, value)


@given(
    steps=st.lists(st.floats(0, 10), min_size=2, max_size=12).filter(lambda s: sum(s) > 0.1),
    shares=st.tuples(st.floats(0, 1), st.floats(0, 1)),
)
def test_more_earned_never_means_less_schedule(
    steps: list[float], shares: tuple[float, float]
) -> None:
    """ES rises with EV, and lies within the planned duration."""
    plan = PlanCurve(np.arange(len(steps) + 1), np.concatenate(([0], np.cumsum(steps))))
    low, high = sorted(shares)
    first, second = earned_schedule(plan, [low * plan.total, high * plan.total], [3.0, 3.0])
    assert 0 <= first <= second + 1e-9
    assert second <= plan.duration + 1e-9


def test_the_curve_gives_the_status_of_each_day() -> None:
    """The values of a day are those of its status; before the first report there are none."""
    days = np.arange(0, 53) * WEEKS
    curve = status_curve(LINEAR, start=START, days=days, earned_days=days, earned_value=days / 3.64)
    assert np.isnan(curve["spi_time"][0])
    assert curve["spi_time"][26] == pytest.approx(20 / 26)
    assert curve["spi"][52] == pytest.approx(1.0)
