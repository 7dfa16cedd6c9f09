"""What one more crew is worth."""

from __future__ import annotations

import pytest

from roadplan.errors import UnknownIdError
from roadplan.winter.instances import corridor_instance
from roadplan.winter.solve import solve
from roadplan.winter.value import add_crew, crew_values
from roadplan.winter.verify import verify_plan


def test_a_crew_more_never_costs_more() -> None:
    """Savings are not negative, sorted, and large where there is one crew for a long road."""
    problem = corridor_instance(
        3, segments=8, branch=0, slots=16, members=5, crews_by_class=(1,), depots=2
    )
    plan = solve(problem, effort=3, bounded=False).plan
    found = crew_values(problem, plan, effort=3)
    assert len(found) == 2
    assert [w.saved_veh_h for w in found] == sorted((w.saved_veh_h for w in found), reverse=True)
    assert found[0].saved_veh_h > 0.05 * plan.cost(problem)
    assert found[0].chance_veh_h >= 0


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


def test_it_can_be_stopped() -> None:
    """What is known by then is returned."""
    problem = corridor_instance(
        3, segments=4, branch=0, slots=6, members=2, crews_by_class=(1,), depots=2
    )
    plan = solve(problem, effort=1, bounded=False).plan
    assert crew_values(problem, plan, effort=1, stop=lambda: True) == ()
