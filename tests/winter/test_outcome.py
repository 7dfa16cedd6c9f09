"""Plans replayed in continuous time and simulated."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from roadplan.corridor import Corridor
from roadplan.errors import RoadplanError
from roadplan.traffic.kernel import CLOSED_TO_HEAVY, OPEN
from roadplan.traffic.weather import road_state
from roadplan.weather import Passes, conditions, depth_after_passes
from roadplan.winter.build import Board, build
from roadplan.winter.documents import plan_document
from roadplan.winter.fleet import Fleet
from roadplan.winter.night import prepare
from roadplan.winter.outcome import simulate
from roadplan.winter.plan import Move, Plan, idle_plan
from roadplan.winter.planning import NOTHING, THE_PLAN, NightPlan, make_plan
from roadplan.winter.replay import replay


def test_crews_are_never_early_and_hardly_late(shipped_plan: NightPlan) -> None:
    """Every leg begins at or after its slot and where the one before ended."""
    board, table = shipped_plan.board, shipped_plan.timetable
    slot_h = board.night.slots.hours
    for crew, legs in enumerate(table.legs):
        moves = [m for m in shipped_plan.plan.crews[crew] if m.kind != "wait"]
        node, now = int(board.problem.crew_node[crew]), 0.0
        for move, leg in zip(moves, legs, strict=True):
            assert leg.start == node
            assert leg.start_h >= max(now, move.slot * slot_h) - 1e-9
            node, now = leg.end, leg.end_h
    assert table.latest_h < slot_h
    assert table.overrun_h < slot_h


def test_strips_side_by_side_take_the_share_of_one_pass(shipped_board: Board) -> None:
    """Two half passes leave what one whole pass leaves, residue apart."""
    problem = shipped_board.problem
    k, arc = next(
        (int(problem.plough_class[a]), a)
        for a in range(len(problem.plough_class))
        if shipped_board.passes_side[problem.plough_class[a], problem.plough_item[a]] == 2
        and problem.plough_slots[a] <= problem.slots
    )
    crew = int(np.flatnonzero(problem.crew_class == k)[0])
    item = int(problem.plough_item[arc])
    moves: list[tuple[Move, ...]] = [()] * problem.crews
    moves[crew] = (Move(0, "plough", int(arc), int(problem.plough_slots[arc])),)
    there = problem.crew_node.copy()
    there[crew] = problem.item_from[item]
    board = replace(shipped_board, problem=replace(problem, crew_node=there))
    passes = replay(Plan(crews=tuple(moves)), board).passes
    assert len(passes.segment) == 2 * len(board.items.segments[item])
    first = passes.efficiency[: len(board.items.segments[item])]
    second = passes.efficiency[len(first) :]
    usual = board.night.parameters.pass_efficiency
    assert (1 - first) * (1 - second) == pytest.approx(1 - usual)
    assert (np.diff(passes.arrival_h.reshape(2, -1), axis=0) > 0).all()


def test_a_plan_for_another_problem_is_refused(shipped_board: Board) -> None:
    """By its fingerprint and by its number of crews."""
    plan = idle_plan(shipped_board.problem)
    with pytest.raises(RoadplanError, match="another problem"):
        replay(replace(plan, problem_digest="0" * 16), shipped_board)
    with pytest.raises(RoadplanError, match="another problem"):
        replay(replace(plan, crews=()), shipped_board)


def test_clearing_saves_delay_under_the_same_draws(shipped_plan: NightPlan) -> None:
    """The plan is simulated with the same storms and stuck vehicles as nothing cleared."""
    outcome = shipped_plan.outcome
    assert outcome is not None
    plan, nothing = outcome.delay(THE_PLAN), outcome.delay(NOTHING)
    assert plan.low <= plan.value <= plan.high
    assert plan.value <= nothing.value
    assert outcome.saving(THE_PLAN, NOTHING).value == pytest.approx(1 - plan.value / nothing.value)
    depth_plan, depth_nothing = (depth.mean_m for depth in outcome.depths[:2])
    assert (depth_plan <= depth_nothing + 1e-9).all()


def test_the_same_seed_gives_the_same_outcome(shipped_plan: NightPlan) -> None:
    """And another one differs only in the draws."""
    board, plan = shipped_plan.board, shipped_plan.result.plan
    a = simulate(board, {"p": plan}, draws=1, seed=5, members=[0, 2])
    b = simulate(board, {"p": plan}, draws=1, seed=5, members=[0, 2])
    assert a.members == (0, 2)
    assert a.delays("p").tolist() == b.delays("p").tolist()


def test_closures_are_those_of_a_simulated_storm(road: Corridor, shipped_fleet: Fleet) -> None:
    """Nothing cleared, a plan's road is closed where `storm simulate` closes it, and to whom."""
    night = prepare(road, "wet-snow", hours=20, slot_minutes=60, members=2)
    board = build(night, shipped_fleet)
    outcome = simulate(board, {"nothing": idle_plan(board.problem)}, draws=1)
    found = conditions(
        night.weather,
        night.load,
        depth_after_passes(night.load, night.parameters, passes=Passes.none()),
        night.road,
        night.parameters,
        free_speed_m_s=night.segments.free_speed_m_s,
        passes=Passes.none(),
    )
    state = road_state([found], night.load, night.segments)
    shape = found.depth_m.shape
    barrier = night.traffic.conditions(
        np.ones(shape),
        np.ones(shape),
        closed=np.asarray(state.closed),
        closed_to_heavy=np.asarray(state.closed_to_heavy),
    ).barrier
    assert set(np.unique(barrier)) >= {OPEN, CLOSED_TO_HEAVY}
    assert (outcome.storm.conditions.barrier == barrier).all()


def test_an_interrupted_simulation_leaves_the_plan(
    shipped_board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C after the search costs the simulation, not the plan."""

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("roadplan.winter.planning.simulate", interrupted)
    found = make_plan(shipped_board, effort=1, seed=1, bounded=False, draws=2, compare=())
    assert found.outcome is None
    assert found.comparison == []
    assert found.plan.passes(shipped_board.problem)


def test_odd_members_are_refused(shipped_plan: NightPlan) -> None:
    """Members that are not there, and no plan at all."""
    with pytest.raises(RoadplanError, match="members"):
        simulate(shipped_plan.board, {"p": shipped_plan.result.plan}, members=[99])
    with pytest.raises(RoadplanError, match="at least one plan"):
        simulate(shipped_plan.board, {})


def test_effort_and_seed_fix_the_plan(shipped_board: Board, shipped_plan: NightPlan) -> None:
    """The same seed and effort give the same plan again."""
    again = make_plan(shipped_board, effort=2, seed=1, bounded=False, draws=0)
    assert again.result.plan.crews == shipped_plan.result.plan.crews
    assert again.plan.summary["delay_veh_h"] is None


def test_weight_on_the_worst_members_helps_them(shipped_board: Board) -> None:
    """With all the weight on the worst member, its cost is not above that of the even plan."""
    even = make_plan(shipped_board, effort=6, seed=1, bounded=False, draws=0)
    options = replace(shipped_board.options, worst_weight=1.0, worst_share=0.25)
    careful = make_plan(
        replace(shipped_board, options=options), effort=12, seed=1, bounded=False, draws=0
    )
    assert careful.board.problem.digest != even.board.problem.digest
    costs = shipped_board.costs

    def worst(planned: NightPlan) -> float:
        return float(costs.by_member(planned.plan.passes(shipped_board.problem)).max())

    assert worst(careful) <= worst(even) * 1.02


def test_a_plan_can_begin_from_another(shipped_board: Board, shipped_plan: NightPlan) -> None:
    """The result is not worse than where it began."""
    again = make_plan(
        shipped_board, effort=1, seed=9, start=shipped_plan.plan, bounded=False, draws=0
    )
    assert again.result.cost <= shipped_plan.result.cost + 1e-6


def test_the_bound_is_at_least_the_floor(shipped_plan: NightPlan) -> None:
    """What crews without end would leave bounds every plan, even where nothing else is proven."""
    summary = shipped_plan.plan.summary
    assert summary["bound"] == pytest.approx(shipped_plan.floor_veh_h)
    assert 0 < summary["bound"] <= summary["cost"]
    assert summary["gap"] == pytest.approx(1 - summary["bound"] / summary["cost"])


def test_what_simulates_better_than_the_plan_is_told(road: Corridor, shipped_fleet: Fleet) -> None:
    """A plan that does worse than what it is compared with does not pass in silence."""
    board = build(prepare(road, "wet-snow", hours=12, members=4), shipped_fleet)
    planned = make_plan(board, effort=1, seed=1, bounded=False, draws=0)
    idle = idle_plan(board.problem)
    for names, told in (((THE_PLAN, "beats"), 1), (("beats", THE_PLAN), 0)):
        plans = dict(zip(names, (idle, planned.plan), strict=True))
        found = replace(planned, outcome=simulate(board, plans, draws=4, seed=1))
        assert len(found.warnings) == told
        assert all(text.startswith("beats simulates ") for text in found.warnings)
        assert all(text in found.summary() for text in found.warnings)
        assert plan_document(found)["notes"][:told] == found.warnings
