"""Two plans put together are at least as good as either, and possible."""

from __future__ import annotations

import time

import numpy as np
import pytest

from roadplan.winter.instances import corridor_instance
from roadplan.winter.problem import Problem
from roadplan.winter.solve.bound import first_prices
from roadplan.winter.solve.merge import Merger, can_merge, merge
from roadplan.winter.solve.network import Network, compile_network
from roadplan.winter.solve.prices import Ascent, PriceBoard
from roadplan.winter.solve.search import Walk, plan_of, states_apart
from roadplan.winter.solve.search_kernels import Best
from roadplan.winter.verify import verify_plan

NO_PRICES = (None, -np.inf)


@pytest.fixture(scope="module", params=[(6,), (3, 2, 1)], ids=["one class", "three classes"])
def night(request: pytest.FixtureRequest) -> Problem:
    """Give a night on ten stretches; graders and blowers pass where ploughs may not."""
    return corridor_instance(
        3, storm="burst", segments=10, branch=2, slots=20, members=5, crews_by_class=request.param
    )


def cooled(network: Network, seed: int, steps: int = 1500) -> Best:
    """Return the plan of a short search."""
    walk = Walk(network, seed, states_apart(network))
    walk.construct(np.random.default_rng(seed).permutation(network.crews))
    walk.run(steps, 3.0, cooler=0.998)
    return walk.best


def prices(network: Network) -> tuple[np.ndarray, float]:
    """Return fair prices and the bound they prove."""
    board = PriceBoard(network)
    ascent = Ascent(board, first_prices(board, 5.0))
    ascent.run(0.2, 200)
    return ascent.price, board.evaluate(ascent.price).bound


def test_merging_never_makes_worse(night: Problem) -> None:
    """The merged plan costs no more than the better of two, with prices or without."""
    network = compile_network(night)
    plans = [cooled(network, seed) for seed in (1, 2)]
    price, bound = prices(network)
    costs = []
    for known in (NO_PRICES, (price, bound)):
        found = merge(network, plans, price=known[0], bound=known[1], time_limit_s=60.0)
        assert found is not None
        check = verify_plan(plan_of(network, found, night), night)
        assert check.violations == ()
        costs.append(check.cost)
    assert costs[0] <= min(float(plan.cost[0]) for plan in plans) + 1e-3
    # What prices rule out is in no plan that is better.
    assert costs[1] == pytest.approx(costs[0], rel=1e-4)


def test_a_merger_keeps_what_is_better(night: Problem) -> None:
    """Plans handed over one after another end in one that is at least as good as each."""
    network = compile_network(night)
    merger = Merger(network, states_apart(network))
    # Hardly searched, so that each is good in other places.
    plans = [cooled(network, seed, steps=20) for seed in (3, 4, 5)]
    for plan in plans:
        merger.add(plan)
    found = []
    while merger.busy:
        ready = merger.step(NO_PRICES, 60.0)
        if ready is not None:
            found.append(float(ready.cost[0]))
        time.sleep(0.01)
    merger.close()
    least = min(float(plan.cost[0]) for plan in plans)
    assert found == sorted(found, reverse=True)
    assert found
    assert found[-1] < least


@pytest.mark.parametrize(
    "rules", [{"staggered": True}, {"longest_duty": 12}, {"return_to_base": True}]
)
def test_crews_that_end_apart_are_not_merged(rules: dict[str, object]) -> None:
    """A crew may not be handed the night of one that must be elsewhere, or home earlier."""
    problem = corridor_instance(3, segments=10, slots=20, members=3, crews_by_class=(6,), **rules)  # type: ignore[arg-type]
    assert not can_merge(compile_network(problem))
