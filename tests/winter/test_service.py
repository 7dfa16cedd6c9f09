"""Limits of the time to clear: kept where they can be, told where they cannot."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from roadplan.corridor import Corridor
from roadplan.winter.build import LEAST_HARD_KM, PlanOptions, build
from roadplan.winter.documents import stretch_frame
from roadplan.winter.fleet import Fleet, default_fleet
from roadplan.winter.night import Night, prepare
from roadplan.winter.planning import NightPlan, make_plan

LIMITS = (("I-a", 1.0), ("I-b", 1.0), ("II", 1.0), ("III", 1.0))


@pytest.fixture(scope="module")
def snowy(road: Corridor) -> Night:
    """Give six quiet hours that begin with 8 cm of snow everywhere."""
    night = prepare(road, "mild-night", hours=6, members=2)
    return replace(night, initial_m=np.full((len(night.road), 2), 0.08))


def planned(
    night: Night, fleet: Fleet, mode: str, limits: object = LIMITS, *, bounded: bool = False
) -> NightPlan:
    """Return a plan of little effort under limits."""
    options = PlanOptions(service=mode, service_h=limits)  # type: ignore[arg-type] # as in tables
    board = build(night, fleet, options)
    return make_plan(board, effort=3, seed=1, draws=0, bounded=bounded)


@pytest.fixture(scope="module")
def hopeless(snowy: Night, road: Corridor) -> NightPlan:
    """Give the plan of two crews for 2,000 km of carriageways within an hour."""
    fleet = default_fleet(road)
    return planned(snowy, replace(fleet, crews=fleet.crews[:2]), "hard", bounded=True)


def test_limits_that_can_be_kept_are_kept(snowy: Night, shipped_fleet: Fleet) -> None:
    """Five hours are enough for 30 crews, and the summary says so."""
    relaxed = tuple((name, 5.0) for name, _ in LIMITS)
    kept = planned(snowy, shipped_fleet, "hard", relaxed)
    assert kept.service is not None
    assert kept.service.missed == 0
    assert "kept on all" in kept.summary()
    assert "NOT KEPT" not in kept.summary()


def test_hard_limits_that_cannot_be_kept_are_told(hopeless: NightPlan) -> None:
    """With how many carriageways are late and by how much, and that it is proven."""
    told = hopeless.plan.summary["service"]
    assert told["missed"] > 50
    assert told["impossible"]
    assert "THE HARD LIMITS ARE NOT KEPT: no plan of these crews keeps them all" in (
        hopeless.summary()
    )
    frame = stretch_frame(hopeless)
    assert (frame["late_h"] > 0).sum() == told["missed"]
    assert frame["late_h"].sum() == pytest.approx(told["late_h"], abs=0.01 * len(frame))
    assert told["longest_late_h"] == pytest.approx(5.0), "an hour's limit of six hours"


def test_the_penalty_is_part_of_the_cost(hopeless: NightPlan) -> None:
    """Hours times the price; without it the cost is delay and driving only."""
    service, board = hopeless.service, hopeless.board
    assert service is not None
    assert service.penalty_veh_h == pytest.approx(float(service.late_h @ board.costs.late_price))
    plain = board.costs.by_member(hopeless.plan.passes(board.problem)).mean()
    assert 0 <= hopeless.result.cost - service.penalty_veh_h - plain < 10
    assert board.costs.late_price.min() == pytest.approx(1000 * LEAST_HARD_KM, rel=0.01)


def test_soft_limits_are_told_without_alarm(snowy: Night, road: Corridor) -> None:
    """They weigh against delay; missing them is a choice."""
    fleet = default_fleet(road)
    soft = planned(snowy, replace(fleet, crews=fleet.crews[:2]), "soft")
    assert soft.service is not None
    assert soft.service.missed > 0
    assert "service limits (soft): missed on" in soft.summary()
    assert "NOT KEPT" not in soft.summary()


def test_without_limits_nothing_is_said(shipped_plan: NightPlan) -> None:
    """Neither in the summary nor in the table."""
    assert shipped_plan.service is None
    assert "service" not in shipped_plan.plan.summary
    assert stretch_frame(shipped_plan)["late_h"].isna().all()
