"""Regions: neighbours planned anew while everybody else keeps to the plan."""

from __future__ import annotations

import numpy as np
import pytest

from roadplan.winter.instances import corridor_instance
from roadplan.winter.problem import Problem
from roadplan.winter.solve.network import Network, compile_network
from roadplan.winter.solve.regions import (
    MOST_STEPS_A_CREW,
    Region,
    Regions,
    joined,
    places,
)
from roadplan.winter.solve.search import Walk, copy_best, plan_of, states_apart
from roadplan.winter.verify import verify_plan


@pytest.fixture(scope="module")
def night() -> Problem:
    """Give a night with many crews."""
    return corridor_instance(
        6, segments=20, branch=3, slots=16, members=4, crews_by_class=(20, 3, 1)
    )


@pytest.fixture(scope="module")
def network(night: Problem) -> Network:
    """Give the same, compiled."""
    return compile_network(night)


@pytest.fixture(scope="module")
def walk(network: Network) -> Walk:
    """Give a search with a first plan."""
    walk = Walk(network, 1, states_apart(network))
    walk.construct(np.arange(network.crews))
    walk.run(2000, 1.0)
    return walk


def test_only_free_crews_change(night: Problem, network: Network, walk: Walk) -> None:
    """However hot a region gets, everybody else's night stays as it is."""
    start = copy_best(walk.best)
    free = np.arange(network.crews) < 7
    other = Walk(network, 2, states_apart(network))
    other.start_from(start)
    other.run(3000, 20.0, free=free)
    before, after = (plan_of(network, best, night).crews for best in (start, other.current()))
    assert before[7:] == after[7:]
    assert before[:7] != after[:7]


def test_regions_have_no_crew_in_common(network: Network, walk: Walk) -> None:
    """Two regions side by side are as large as each other and apart."""
    regions = Regions(network, walk.apart.near, 5)
    for _ in range(20):
        first, second = regions.choose(walk.best, 2)
        assert not (first.free & second.free).any()
        assert first.free.sum() == second.free.sum() >= 8
        regions.tell(first, improved=False)


def test_regions_tried_in_vain_get_more_time(network: Network, walk: Walk) -> None:
    """Each try that brought nothing lengthens the next, up to a limit; success ends that."""
    regions = Regions(network, walk.apart.near, 5)
    everybody = np.ones(network.crews, dtype=bool)

    def steps_a_crew() -> float:
        region = regions.choose(walk.best, 1)[0]
        return region.steps / int(region.free.sum())

    first = steps_a_crew()
    regions.tell(Region(everybody, 1), improved=False)
    assert first < steps_a_crew() < MOST_STEPS_A_CREW
    for _ in range(50):
        regions.tell(Region(everybody, 1), improved=False)
    assert steps_a_crew() == MOST_STEPS_A_CREW
    regions.tell(Region(everybody, 1), improved=True)
    assert steps_a_crew() == first


def test_nights_of_two_regions_go_together(night: Problem, network: Network, walk: Walk) -> None:
    """The joined plan has each region's nights, costs what the checker says, and is possible."""
    start = copy_best(walk.best)
    halves = [np.arange(network.crews) % 2 == part for part in (0, 1)]
    parts = []
    for seed, free in enumerate(halves):
        other = Walk(network, seed, states_apart(network))
        other.start_from(start)
        other.run(2000, 0.0, free=free)
        parts.append((copy_best(other.best), Region(free, 1)))
    judge = Walk(network, 9, states_apart(network))
    judge.start_from(joined(start, parts))
    plan = plan_of(network, judge.best, night)
    for number, moves in enumerate(plan.crews):
        assert moves == plan_of(network, parts[number % 2][0], night).crews[number]
    check = verify_plan(plan, night)
    assert check.violations == ()
    assert check.cost == pytest.approx(float(judge.best.cost[0]), rel=1e-9)


def test_places_follow_the_moves(network: Network, walk: Walk) -> None:
    """At the end of a move a crew is where the move led."""
    best = walk.best
    where = places(network, best)
    assert (where[:, 0] == network.crew_state).all()
    for crew in range(network.crews):
        for arc, start in zip(
            best.path_arc[crew, : best.path_len[crew]].tolist(),
            best.path_time[crew, : best.path_len[crew]].tolist(),
            strict=True,
        ):
            assert where[crew, start + network.arc_slots[arc]] == network.arc_to[arc]
