"""Baselines make plans that hold, each by its own rule."""

from __future__ import annotations

import numpy as np
import pytest

from roadplan.winter.instances import corridor_instance, tiny_instance
from roadplan.winter.problem import Problem
from roadplan.winter.solve import Result, solve, solvers
from roadplan.winter.verify import verify_plan

BASELINES = ("nothing", "beats", "posture", "nearest", "routing")


@pytest.fixture(scope="module")
def corridor_problem() -> Problem:
    """Give a night on a corridor of twelve stretches."""
    return corridor_instance(
        4, segments=12, branch=3, slots=24, members=8, crews_by_class=(4, 1), depots=3
    )


def plan_by(method: str, problem: Problem) -> Result:
    """Solve by a baseline; all but routing, which uses all its time, end by themselves."""
    if method == "routing":
        return solve(problem, method=method, time_limit_s=1.0, seed=1)
    return solve(problem, method=method, effort=1, seed=1)


def test_every_baseline_is_known() -> None:
    """The search and all baselines answer to one call."""
    assert solvers() == ("search", *BASELINES)


@pytest.mark.parametrize("method", BASELINES)
def test_a_baseline_makes_a_plan_that_holds(method: str, corridor_problem: Problem) -> None:
    """The independent checker finds nothing wrong, and the cost stated is the cost found."""
    result = plan_by(method, corridor_problem)
    report = verify_plan(result.plan, corridor_problem)
    assert report.violations == ()
    assert report.cost == pytest.approx(result.cost)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("method", ["beats", "posture", "nearest"])
def test_tiny_nights_hold_too(method: str, seed: int) -> None:
    """Windows, duties, refills and ends are kept on random little problems."""
    problem = tiny_instance(
        seed,
        segments=4,
        slots=12,
        crews_by_class=(2, 1),
        longest_duty=(0, 5)[seed % 2],
        staggered=seed % 3 == 0,
        return_to_base=seed % 4 < 2,
    )
    result = plan_by(method, problem)
    assert verify_plan(result.plan, problem).violations == ()


@pytest.mark.parametrize("seed", range(3))
def test_routes_keep_the_rules_of_the_crews(seed: int) -> None:
    """Routing knows neither duties nor ends; driving its routes keeps them all the same."""
    problem = tiny_instance(
        seed,
        segments=4,
        slots=12,
        crews_by_class=(2, 1),
        longest_duty=5,
        staggered=True,
        return_to_base=True,
    )
    result = plan_by("routing", problem)
    assert verify_plan(result.plan, problem).violations == ()


def test_clearing_by_any_rule_beats_nothing_in_deep_snow(corridor_problem: Problem) -> None:
    """Each rule saves something; the search saves at least as much as each."""
    costs = {method: plan_by(method, corridor_problem).cost for method in BASELINES}
    assert costs["nothing"] == pytest.approx(corridor_problem.uncleared_cost)
    assert max(costs[method] for method in BASELINES[1:]) < costs["nothing"]
    best = solve(corridor_problem, effort=3, seed=1, bounded=False).cost
    assert best <= min(costs.values()) + 1e-6


def test_beats_share_out_the_road(corridor_problem: Problem) -> None:
    """Fixed beats leave no stretch without a pass for half the night."""
    plan = plan_by("beats", corridor_problem).plan
    waits = [
        np.diff([0, *moments, corridor_problem.slots]).max()
        for moments in plan.passes(corridor_problem)
    ]
    assert np.median(waits) < corridor_problem.slots / 2
