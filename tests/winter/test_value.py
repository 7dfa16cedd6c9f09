"""What one more crew is worth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from roadplan.errors import RoadplanError, UnknownIdError
from roadplan.winter.instances import corridor_instance
from roadplan.winter.plan import Move, Plan, idle_plan
from roadplan.winter.problem import Problem
from roadplan.winter.solve import solve
from roadplan.winter.solve.result import Budget
from roadplan.winter.value import Worth, add_crew, beside, crew_values, join
from roadplan.winter.verify import verify_plan


@pytest.fixture(scope="module")
def night() -> tuple[Problem, Plan]:
    """Give a plan of two crews on a road that needs more, with deep snow."""
    problem = corridor_instance(
        3, segments=8, branch=0, slots=16, members=5, crews_by_class=(1, 1), depots=2
    )
    return problem, solve(problem, effort=3, bounded=False).plan


def test_a_crew_more_never_costs_more(night: tuple[Problem, Plan]) -> None:
    """Planned anew it saves what it saves alone, or more; the best alone comes first."""
    found = crew_values(*night, effort=2, repeats=2)
    assert len(found) == 4
    alone = [worth.alone_veh_h for worth in found]
    assert alone == sorted(alone, reverse=True)
    for worth in found:
        assert 0 <= worth.alone_veh_h <= worth.least_veh_h + 1e-6
        assert worth.least_veh_h <= worth.saved_veh_h
        assert worth.chance_veh_h == pytest.approx(worth.saved_veh_h - worth.least_veh_h)
    assert found[0].saved_veh_h > 0.05 * night[1].cost(night[0])


def test_what_a_crew_saves_alone_has_no_chance_in_it() -> None:
    """Other seeds give the same, where the plan at hand is proven best: no search betters it."""
    problem = corridor_instance(
        3, segments=4, branch=0, slots=10, members=5, crews_by_class=(1, 1), depots=2
    )
    best = solve(problem, effort=10)
    assert best.status == "optimal"
    first, second = (
        [w.alone_veh_h for w in crew_values(problem, best.plan, effort=1, repeats=1, seed=seed)]
        for seed in (0, 50)
    )
    assert first == pytest.approx(second)


@pytest.mark.parametrize("place", [0, -1])
def test_beside_the_others_costs_what_all_together_cost(
    night: tuple[Problem, Plan], place: int
) -> None:
    """The problem of the crew alone differs from the whole by the others' moves, and so holds."""
    problem, plan = night
    name, node = str(problem.class_name[0]), str(problem.node_name[place])
    alone = beside(problem, plan, name, node)
    wider, idle = add_crew(problem, plan, name, node)
    moves = plan.cost(problem) - idle_plan(alone).cost(alone)
    found = solve(alone, effort=1, bounded=False)
    joined = replace(idle, crews=(*plan.crews, found.plan.crews[0]))
    assert verify_plan(joined, wider).violations == ()
    assert joined.cost(wider) == pytest.approx(found.cost + moves, rel=1e-5)
    together, start = join(problem, plan, name, node)
    assert together.digest == wider.digest
    assert verify_plan(start, together).violations == ()
    assert start.cost(together) <= plan.cost(problem) + 1e-6


def test_a_crew_may_follow_another_through_deep_snow(night: tuple[Problem, Plan]) -> None:
    """Right after a pass of the others, snow that kept a class out no longer does."""
    problem, plan = night
    name, node = str(problem.class_name[0]), str(problem.node_name[0])
    deep = replace(problem, passable_since=np.ones_like(problem.passable_since))
    alone = beside(deep, plan, name, node)
    for item, moments in enumerate(plan.passes(deep)):
        first = min(moments, default=problem.slots)
        assert (alone.passable_since[0, item, 1 : first + 1] == 1).all()
        assert (alone.passable_since[0, item, first + 1 :] == 0).all()


def test_the_plan_with_a_crew_more_is_a_plan_of_the_wider_problem() -> None:
    """The added crew is idle, on duty all the time, and has a name of its own."""
    problem = corridor_instance(
        3, segments=6, branch=0, slots=10, members=3, crews_by_class=(1,), depots=2
    )
    plan = solve(problem, effort=1, bounded=False).plan
    name, place = str(problem.class_name[0]), str(problem.node_name[0])
    wider, start = add_crew(problem, plan, name, place)
    twice, _ = add_crew(wider, start, name, place)
    assert verify_plan(start, wider).ok
    assert len(set(twice.crew_name.tolist())) == problem.crews + 2
    assert start.cost(wider) == pytest.approx(plan.cost(problem))


def test_unknown_classes_and_places_are_refused() -> None:
    """With those that there are."""
    problem = corridor_instance(
        3, segments=4, branch=0, slots=6, members=2, crews_by_class=(1,), depots=2
    )
    plan = solve(problem, effort=1, bounded=False).plan
    with pytest.raises(UnknownIdError, match="no class 'tank'"):
        add_crew(problem, plan, "tank", str(problem.node_name[0]))
    with pytest.raises(UnknownIdError, match="no place 'moon'"):
        crew_values(problem, plan, places=["moon"], effort=1)
    with pytest.raises(UnknownIdError, match="no place 'moon'"):
        add_crew(problem, plan, str(problem.class_name[0]), "moon")
    with pytest.raises(RoadplanError, match="0 searches"):
        crew_values(problem, plan, repeats=0)


def test_it_can_be_stopped() -> None:
    """What is known by then is returned."""
    problem = corridor_instance(
        3, segments=4, branch=0, slots=6, members=2, crews_by_class=(1,), depots=2
    )
    plan = solve(problem, effort=1, bounded=False).plan
    assert crew_values(problem, plan, effort=1, stop=lambda: True) == ()


def test_the_depots_are_told_where_a_place_is_unknown(night: tuple[Problem, Plan]) -> None:
    """All of them by their ids, and no other node; before anything is searched."""
    problem, plan = night
    refill = np.zeros_like(problem.refill_node)
    refill[:, [2, 5]] = True
    names = problem.node_name.astype(object)
    names[[2, 5]] = ["depot-north", "depot-south"]
    named = replace(problem, refill_node=refill, node_name=names.astype(np.str_))
    fitting = replace(plan, problem_digest=named.digest)

    def searched(done: int, count: int) -> None:
        raise AssertionError("a search was made", done, count)

    with pytest.raises(UnknownIdError) as told:
        crew_values(named, fitting, places=["depot-south", "moon"], on_progress=searched)
    assert str(told.value) == (
        "there is no place 'moon' in the problem; its depots are depot-north, depot-south"
    )


@pytest.mark.parametrize("arc", [10**6, -(10**6)])
def test_a_plan_that_is_not_possible_is_refused(night: tuple[Problem, Plan], arc: int) -> None:
    """With what is wrong, before anything is reckoned with it."""
    problem, plan = night
    broken = replace(plan, crews=((Move(0, "plough", arc, 1),), *plan.crews[1:]))
    with pytest.raises(RoadplanError, match=r"the plan is not possible: crew .*arc"):
        crew_values(problem, broken, effort=1, repeats=1)


@pytest.mark.parametrize("known", [0, 1])
def test_ctrl_c_ends_it(
    night: tuple[Problem, Plan], known: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first one does, in whichever search; what is known until then has been told."""
    told: list[Worth] = []
    pressed: list[bool] = []
    over = Budget.over

    def pressing(budget: Budget) -> bool:
        if len(told) == known and not pressed:
            pressed.append(True)
            raise KeyboardInterrupt
        return over(budget)

    monkeypatch.setattr(Budget, "over", pressing)
    with pytest.raises(KeyboardInterrupt):
        crew_values(*night, effort=1, repeats=1, on_worth=told.append)
    assert pressed
    assert len(told) == known
