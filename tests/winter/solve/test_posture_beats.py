"""CP-SAT shares out the road of any problem, and crews keep to their beats."""

from __future__ import annotations

import itertools

import pytest

from roadplan.errors import RoadplanError
from roadplan.winter.build import Board
from roadplan.winter.instances import corridor_instance, national_instance, tiny_instance
from roadplan.winter.problem import Problem
from roadplan.winter.solve import posture_beats, solve
from roadplan.winter.solve.network import compile_network
from roadplan.winter.solve.posture_beats import posture, road_order
from roadplan.winter.solve.result import Budget
from roadplan.winter.verify import verify_plan


def beats_of(problem: Problem) -> list[set[int]]:
    """Return the items that each crew of the posture clears."""
    plan = solve(problem, method="posture", effort=1, seed=1).plan
    assert verify_plan(plan, problem).violations == ()
    return [
        {int(problem.plough_item[m.arc]) for m in moves if m.kind == "plough"}
        for moves in plan.crews
    ]


def test_every_crew_has_a_contiguous_beat_and_nothing_is_left_out() -> None:
    """Twelve stretches among four crews: beats do not overlap and cover all carriageways."""
    problem = corridor_instance(
        4, segments=12, branch=3, slots=24, members=4, crews_by_class=(4,), depots=3
    )
    beats = beats_of(problem)
    assert sorted(itertools.chain(*beats)) == list(range(problem.items))
    road = road_order(problem)
    number = {item: n for n, stretch in enumerate(road) for item in stretch.items}
    for beat in beats:
        places = sorted({number[item] for item in beat})
        assert places == list(range(places[0], places[-1] + 1))


def test_the_road_is_followed_straight_on() -> None:
    """The trunk comes first and whole, then its branch; both carriageways stand together."""
    problem = corridor_instance(4, segments=12, branch=3, slots=6, members=2, depots=3)
    road = road_order(problem)
    assert [stretch.start for stretch in road[:9]] == list(range(9))
    assert all(len(stretch.out) == len(stretch.back) == 1 for stretch in road)
    assert sum(a.end != b.start for a, b in itertools.pairwise(road)) <= 1


def test_slow_crews_get_short_beats() -> None:
    """A grader at half the speed, from the same depot, gets less of the road than a truck."""
    problem = corridor_instance(
        1, segments=12, branch=0, slots=48, members=4, crews_by_class=(1, 1), depots=1
    )
    truck, grader = beats_of(problem)
    assert 0 < len(grader) < len(truck)


def test_a_network_of_many_ways_is_shared_out() -> None:
    """Classes, refills and hubs: much cheaper than shares counted along a list of stretches."""
    problem = national_instance(
        2, hubs=6, segments=30, slots=24, members=3, crews_by_class=(12, 3, 1, 3), depots=8
    )
    result = solve(problem, method="posture", effort=1, seed=1)
    assert verify_plan(result.plan, problem).violations == ()
    assert result.cost < solve(problem, method="beats", effort=1).cost


@pytest.mark.parametrize("crews", [(), (0, 0, 0, 1), (9,)])
def test_odd_fleets_make_plans_too(crews: tuple[int, ...]) -> None:
    """Nobody at all, only a spreader, and more crews than stretches."""
    problem = tiny_instance(2, segments=3, slots=10, crews_by_class=crews)
    plan = posture(problem, compile_network(problem), Budget(None, 1, None), seed=0)
    assert verify_plan(plan, problem).violations == ()


def test_without_time_equal_shares_remain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where CP-SAT finds nothing in its time, the plan is that of equal fixed beats."""
    problem = tiny_instance(2, segments=3, slots=10, crews_by_class=(2,))
    monkeypatch.setattr(posture_beats, "choose_beats", _nothing_found)
    found = solve(problem, method="posture", effort=1)
    assert found.plan.crews == solve(problem, method="beats", effort=1).plan.crews


def _nothing_found(*_args: object, **_options: object) -> None:
    raise RoadplanError("no posture was found")


def test_the_shipped_corridor_is_shared_out(shipped_board: Board) -> None:
    """Trucks, echelons, graders, spreaders and blowers make a plan that holds."""
    result = solve(shipped_board.problem, method="posture", effort=1, seed=1)
    assert verify_plan(result.plan, shipped_board.problem).violations == ()
