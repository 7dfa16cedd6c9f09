"""One call solves everything: it repeats itself, stops when told, and knows the impossible."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from roadplan.errors import RoadplanError, UnknownIdError
from roadplan.winter.instances import corridor_instance, tiny_instance
from roadplan.winter.problem import Problem
from roadplan.winter.solve import Progress, solve
from roadplan.winter.solve.exact import exact
from roadplan.winter.solve.network import compile_network
from roadplan.winter.solve.result import Budget
from roadplan.winter.verify import verify_plan


@pytest.fixture(scope="module")
def night() -> Problem:
    """Give a night on ten stretches."""
    return corridor_instance(5, segments=10, branch=2, slots=20, members=5, crews_by_class=(4, 1))


def test_the_same_seed_and_effort_give_the_same_plan(night: Problem) -> None:
    """Two threads side by side change nothing about it."""
    plans = [solve(night, effort=12, seed=7, bounded=False).plan for _ in range(2)]
    assert plans[0].crews == plans[1].crews


def test_history_only_improves(night: Problem) -> None:
    """Costs never rise, bounds never fall, and the bound stays below the cost."""
    seen: list[Progress] = []
    result = solve(night, effort=6, seed=1, on_progress=seen.append)
    costs, bounds = [p.cost for p in seen], [p.bound for p in seen]
    assert costs == sorted(costs, reverse=True)
    assert bounds == sorted(bounds)
    assert result.bound <= result.cost
    assert verify_plan(result.plan, night).ok


def test_stopping_gives_the_best_so_far(night: Problem) -> None:
    """A stop that is asked for at once still leaves a plan that holds."""
    result = solve(night, time_limit_s=60.0, stop=lambda: True)
    assert result.status == "interrupted"
    assert result.cost < night.uncleared_cost
    assert verify_plan(result.plan, night).ok


def test_a_solve_goes_on_from_a_plan(night: Problem) -> None:
    """The plan at hand is never left for a worse one."""
    first = solve(night, effort=8, seed=1, bounded=False)
    again = solve(night, effort=1, seed=2, start=first.plan, bounded=False)
    assert again.cost <= first.cost + 1e-6


def test_without_a_bound_it_says_so(night: Problem) -> None:
    """No gap is stated where nothing was proven."""
    result = solve(night, effort=1, bounded=False)
    assert "no bound" in result.summary()
    assert result.plan.summary["gap"] is None


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"plough_closes": 0}, "closed"),
        ({"crew_until": 0}, "0 slots"),
        ({"passable_since": 6}, "too deep"),
        ({"travel_closes": 0, "crew_from": 6}, "slots"),
    ],
)
def test_what_cannot_be_done_is_said(change: dict[str, int], match: str) -> None:
    """The answer is doing nothing, with the reason, at once and with no gap."""
    problem = tiny_instance(1)
    arrays = {name: np.full_like(getattr(problem, name), value) for name, value in change.items()}
    result = solve(replace(problem, **arrays), time_limit_s=5.0)
    assert result.status == "nothing can be done"
    assert match in " ".join(result.reasons)
    assert result.cost == result.bound == pytest.approx(problem.uncleared_cost)


def test_no_crews_is_no_failure() -> None:
    """A night without crews has the plan of doing nothing."""
    result = solve(tiny_instance(1, crews_by_class=()), time_limit_s=5.0)
    assert result.reasons == ("There is no crew.",)


def test_impossible_limits_are_refused(night: Problem) -> None:
    """A limit that is none is an error, not an endless search."""
    with pytest.raises(RoadplanError, match="time limit"):
        solve(night, time_limit_s=0.0)
    with pytest.raises(RoadplanError, match="effort"):
        solve(night, effort=0)
    with pytest.raises(UnknownIdError, match="no solver"):
        solve(night, method="magic")


@pytest.mark.parametrize("seed", range(20))
def test_search_and_bound_agree_with_cp_sat(seed: int) -> None:
    """On nights with all rules mixed, CP-SAT's optimum lies between bound and search."""
    rng = np.random.default_rng(seed)
    problem = tiny_instance(
        seed,
        segments=int(rng.integers(1, 4)),
        slots=int(rng.integers(4, 8)),
        crews_by_class=((1,), (2,), (1, 1), (1, 1, 1), (1, 0, 0, 1))[seed % 5],
        longest_duty=(0, 0, 3)[seed % 3],
        staggered=seed % 2 == 1,
        return_to_base=seed % 4 == 2,
    )
    network = compile_network(problem)
    best = exact(problem, network, Budget(20.0, None), seed=0)
    assert verify_plan(best, problem).violations == ()
    optimum = best.cost(problem)
    result = solve(problem, effort=4, seed=seed, threads=1)
    assert result.bound <= optimum * (1 + 1e-6) + 1e-9
    assert optimum * (1 - 1e-5) - 1e-3 <= result.cost <= optimum * 1.03 + 1e-3
