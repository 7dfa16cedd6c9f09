"""Weights from the simulation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from roadplan.errors import RoadplanError
from roadplan.winter.build import Board
from roadplan.winter.outcome import PlanOutcome
from roadplan.winter.planning import THE_PLAN, NightPlan, make_plan
from roadplan.winter.reweight import (
    LEAST_FACTOR,
    MOST_FACTOR,
    caused_veh_h,
    factors,
    of_items,
)
from roadplan.winter.verify import verify_plan


def test_delay_on_the_road_is_charged_once(shipped_plan: NightPlan) -> None:
    """Whichever segment is at the head of a jam, the sum is the delay on the road."""
    outcome, night = shipped_plan.outcome, shipped_plan.board.night
    assert outcome is not None
    rows = outcome.storm.of_plan(outcome.index(THE_PLAN))
    whole = float(outcome.storm.runs.delay_veh_h[rows].sum(dtype=np.float64)) / len(rows)
    caused = caused_veh_h(outcome, THE_PLAN, night)
    assert caused.sum() == pytest.approx(whole, rel=1e-5)
    assert of_items(caused, shipped_plan.board.items).sum() == pytest.approx(whole, rel=1e-5)


def test_a_jam_is_charged_to_its_head(shipped_plan: NightPlan) -> None:
    """A jam over three segments belongs to the one that traffic reaches last."""
    outcome, night = shipped_plan.outcome, shipped_plan.board.night
    assert outcome is not None
    main = [i for i, name in enumerate(night.road.route) if name == "main"]
    main.sort(key=lambda i: float(night.road.from_m[i]))
    tail, middle, head = main[4:7]
    runs = outcome.storm.runs
    jam, delay = np.zeros_like(runs.jam_km), np.zeros_like(runs.delay_veh_h)
    for segment in (tail, middle, head):
        jam[:, 2, 2 * segment] = night.road.length_m[segment] / 1000
        delay[:, 2, 2 * segment] = 1.0
    storm = replace(outcome.storm, runs=replace(runs, jam_km=jam, delay_veh_h=delay))
    caused = caused_veh_h(_with(outcome, storm), THE_PLAN, night)
    assert caused[head, 0] == pytest.approx(caused.sum())
    jam[:, 2, 2 * middle] *= 0.3
    caused = caused_veh_h(_with(outcome, storm), THE_PLAN, night)
    assert caused[head, 0] == pytest.approx(2 / 3 * caused.sum())


def _with(outcome: PlanOutcome, storm: object) -> PlanOutcome:
    return replace(outcome, storm=storm)  # type: ignore[arg-type] # a storm by construction


def test_factors_are_smooth_and_bounded() -> None:
    """What causes its share stays as it is; nothing goes further than the bounds."""
    ones = np.ones(4)
    same = np.array([1.0, 2.0, 0.0, 5.0])
    assert factors(3 * same, same, ones) == pytest.approx(ones)
    for _ in range(50):
        ones = factors(np.array([0.0, 0.0, 0.0, 1e9]), same, ones)
        assert (ones >= LEAST_FACTOR).all()
        assert (ones <= MOST_FACTOR).all()
    assert factors(np.zeros(4), same, same) == pytest.approx(same)


def test_the_plan_that_simulates_best_is_kept_with_its_problem(shipped_board: Board) -> None:
    """Cost and bound are of the problem that is saved, and none of the plans simulates better."""
    planned = make_plan(shipped_board, effort=2, seed=1, draws=1, reweight=1, bounded=False)
    assert planned.reweighting is not None
    assert verify_plan(planned.plan, planned.board.problem).ok
    assert planned.result.cost == pytest.approx(planned.plan.cost(planned.board.problem))
    assert planned.result.bound <= planned.result.cost
    told = planned.plan.summary["reweighting"]
    assert len(told["delay_veh_h"]) == 2
    assert told["delay_veh_h"][told["chosen"]] == min(told["delay_veh_h"])
    changed = planned.board.problem.digest != shipped_board.problem.digest
    assert changed == (told["chosen"] > 0)
    assert "weights from the simulation" in planned.summary()


def test_factors_that_are_none_are_refused(shipped_board: Board) -> None:
    """One above 0 for each item, and no fewer than no rounds."""
    with pytest.raises(RoadplanError, match="one factor"):
        shipped_board.reweighted(np.zeros(len(shipped_board.items)))
    with pytest.raises(RoadplanError, match="-1 rounds"):
        make_plan(shipped_board, effort=1, reweight=-1)
