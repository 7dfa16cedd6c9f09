"""The compiled search keeps its books: what it says a change costs is what it costs."""

from __future__ import annotations

import numpy as np
import pytest

from roadplan.winter.instances import corridor_instance
from roadplan.winter.solve.bound import first_prices
from roadplan.winter.solve.network import compile_network
from roadplan.winter.solve.prices import PriceBoard
from roadplan.winter.solve.search import (
    FAR,
    Walk,
    best_of_plan,
    copy_best,
    plan_of,
    states_apart,
)
from roadplan.winter.verify import verify_plan

RULES = [
    {},
    {"crews_by_class": (4, 1, 1, 1)},
    {
        "crews_by_class": (4, 1, 1, 1),
        "staggered": True,
        "longest_duty": 12,
        "return_to_base": True,
    },
]


@pytest.mark.parametrize("rules", RULES)
def test_the_running_cost_is_the_cost(rules: dict[str, object]) -> None:
    """After thousands of steps the sum of changes is what an independent sum gives."""
    problem = corridor_instance(4, storm="burst", segments=10, slots=24, members=5, **rules)  # type: ignore[arg-type]
    network = compile_network(problem)
    walk = Walk(network, 1, states_apart(network))
    walk.construct(np.arange(network.crews))
    for _ in range(3):
        walk.run(1500, 3.0)
        # Each penalty that comes and goes leaves the rounding of 1e9, about 1e-7.
        assert walk.cost == pytest.approx(walk.exact_cost(), abs=1e-4)
        plan = plan_of(network, copy_best(walk.best), problem)
        found = verify_plan(plan, problem)
        assert found.violations == ()
        assert found.cost == pytest.approx(float(walk.best.cost[0]), rel=1e-9)


def test_shifts_slide_with_their_moves_and_hold_them() -> None:
    """Whatever the steps did, each crew's moves lie in its shift and its shift in its window."""
    problem = corridor_instance(
        5,
        storm="double",
        segments=10,
        slots=24,
        members=5,
        crews_by_class=(6, 1),
        longest_duty=10,
        staggered=True,
    )
    network = compile_network(problem)
    bound_by_duty = np.flatnonzero(network.crew_duty)
    assert bound_by_duty.size
    walk = Walk(network, 2, states_apart(network))
    walk.construct(np.arange(network.crews))
    begins = set()
    for _ in range(20):
        walk.run(200, 3.0)
        nights = walk.nights
        for crew in bound_by_duty.tolist():
            begin, until = int(nights.shift_from[crew]), int(nights.shift_until[crew])
            begins.add((crew, begin))
            assert until - begin == network.crew_duty[crew]
            assert network.crew_from[crew] <= begin <= until <= network.crew_until[crew]
            size = int(nights.path_len[crew])
            if size:
                arc = nights.path_arc[crew, size - 1]
                assert begin <= nights.path_time[crew, 0]
                assert nights.path_time[crew, size - 1] + network.arc_slots[arc] <= until
    assert len(begins) > bound_by_duty.size


def test_a_plan_goes_into_the_search_and_comes_out_the_same() -> None:
    """Compiling a plan to paths and back changes no move."""
    problem = corridor_instance(4, segments=8, slots=16, members=4, crews_by_class=(3, 1, 1, 1))
    network = compile_network(problem)
    walk = Walk(network, 1, states_apart(network))
    walk.construct(np.arange(network.crews))
    plan = plan_of(network, walk.best, problem)
    assert plan_of(network, best_of_plan(network, plan), problem).crews == plan.crews


@pytest.mark.parametrize("seed", range(8))
def test_any_prices_prove_a_bound(seed: int) -> None:
    """Whatever the prices, no plan at hand costs less than they prove."""
    problem = corridor_instance(
        seed, segments=6, slots=14, members=4, crews_by_class=(2, 1), longest_duty=(0, 9)[seed % 2]
    )
    network = compile_network(problem)
    walk = Walk(network, seed, states_apart(network))
    walk.construct(np.arange(network.crews))
    best = walk.run(2000, 1.0)
    board = PriceBoard(network)
    rng = np.random.default_rng(seed)
    for scale in (0.0, 1.0, 30.0):
        price = first_prices(board, 1.0) * scale * rng.uniform(0, 2, board.shape)
        assert board.evaluate(price).bound <= best


@pytest.mark.parametrize("rules", RULES)
def test_ways_with_the_plough_down(rules: dict[str, object]) -> None:
    """The table of distances is what adding arc after arc gives."""
    problem = corridor_instance(4, storm="burst", segments=10, slots=12, members=3, **rules)  # type: ignore[arg-type]
    network = compile_network(problem)
    leaves = np.repeat(np.arange(network.states), np.diff(network.first))
    ploughs = network.arc_pair >= 0
    wanted = np.where(np.eye(network.states, dtype=bool), 0, FAR)
    for _ in range(network.slots):
        for arc in np.flatnonzero(ploughs):
            longer = wanted[leaves[arc]] + network.arc_slots[arc]
            to = network.arc_to[arc]
            wanted[to] = np.minimum(wanted[to], longer)
    # Ways that are longer than the night are no ways.
    wanted = np.where(wanted > network.slots, FAR, wanted)
    assert np.array_equal(states_apart(network).down, wanted)
