"""Simulated plans as the storm page shows them, on a small road."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from roadplan import corridor
from roadplan.errors import RoadplanError
from roadplan.maps.storm_events import Proof
from roadplan.maps.storm_results import night_view, storm_view
from roadplan.maps.storm_view import StormView
from roadplan.winter.build import Board, build
from roadplan.winter.fleet import default_fleet
from roadplan.winter.night import prepare
from roadplan.winter.outcome import PlanOutcome, simulate
from roadplan.winter.plan import Move, Plan, idle_plan
from roadplan.winter.planning import NightPlan
from roadplan.winter.solve import Result


def _to_and_fro(board: Board) -> Plan:
    """Return a plan in which every crew takes the first pass or way that begins where it is."""
    problem = board.problem
    crews = []
    for crew in range(problem.crews):
        node, slot = int(problem.crew_node[crew]), int(problem.crew_from[crew])
        own = problem.crew_class[crew]
        moves: list[Move] = []
        while slot < problem.crew_until[crew]:
            starts = problem.item_from[problem.plough_item]
            ways = (problem.plough_class == own) & (starts == node)
            found = np.flatnonzero(ways & (slot + problem.plough_slots <= problem.slots))
            if len(found):
                arc = int(found[len(moves) % len(found)])
                moves.append(Move(slot, "plough", arc, int(problem.plough_slots[arc])))
                node = int(problem.item_to[problem.plough_item[arc]])
            else:
                ways = (problem.travel_class == own) & (problem.travel_from == node)
                found = np.flatnonzero(ways & (slot + problem.travel_slots <= problem.slots))
                if not len(found):
                    break
                arc = int(found[len(moves) % len(found)])
                moves.append(Move(slot, "travel", arc, int(problem.travel_slots[arc])))
                node = int(problem.travel_to[arc])
            slot = moves[-1].end
        crews.append(tuple(moves))
    return Plan(crews=tuple(crews), problem_digest=problem.digest)


@pytest.fixture
def simulated(
    stranger_tables: dict[str, pd.DataFrame],
    write_corridor: Callable[[dict[str, pd.DataFrame]], Path],
) -> tuple[Board, PlanOutcome, StormView]:
    """Give a short night on the stranger's road, two plans and their view."""
    road = corridor.load(write_corridor(stranger_tables))
    night = prepare(road, "buran", hours=6, members=4)
    board = build(night, default_fleet(road))
    plans = {"plan": _to_and_fro(board), "nothing": idle_plan(board.problem)}
    outcome = simulate(board, plans, draws=2)
    proofs = {"plan": Proof(plans["plan"].cost(board.problem), 0.0)}
    return board, outcome, storm_view(outcome, board, proofs=proofs, jam_km=1.0)


def test_the_view_says_what_the_simulation_found(
    simulated: tuple[Board, PlanOutcome, StormView],
) -> None:
    """Delay, savings, risk and probabilities are those of the outcome, in slots."""
    board, outcome, view = simulated
    plan, nothing = view.alternatives
    assert (view.slots, view.runs) == (12, 8)
    assert view.least_share == outcome.storm.traffic.parameters["risk_likely_share"]
    assert len(view.stretches) == 2 * len(board.night.segments)
    assert plan.delay_veh_h is not None
    assert plan.delay_veh_h.value == pytest.approx(outcome.delays("plan").mean())
    assert nothing.saving_veh_h is not None
    less = outcome.delays("nothing").mean() - outcome.delays("plan").mean()
    assert nothing.saving_veh_h.value == pytest.approx(less)
    risk = outcome.storm.segment_risk(outcome.index("nothing"))
    for slot in range(view.slots):
        hour = risk.level[slot // 2].reshape(-1)
        assert np.array_equal(nothing.level[slot], hour)
    assert view.storm.synthetic
    assert "fleet" in view.estimated


def test_a_long_jam_on_a_stretch_is_a_long_jam_on_the_road(
    simulated: tuple[Board, PlanOutcome, StormView],
) -> None:
    """No stretch counts more runs than the whole road, and intervals hold the shares."""
    _, _, view = simulated
    for alternative in view.alternatives:
        (jam, _) = alternative.chances
        assert alternative.jam_hits.max() <= jam.hits
        share = alternative.jam_hits / view.runs
        assert alternative.jam_low is not None
        assert alternative.jam_high is not None
        assert (alternative.jam_low <= share + 1e-9).all()
        assert (alternative.jam_high >= share - 1e-9).all()


def test_crews_are_where_their_plan_says(
    simulated: tuple[Board, PlanOutcome, StormView],
) -> None:
    """A crew begins at its base, and each pass leads over the stretch that it clears."""
    board, outcome, view = simulated
    plan, nothing = view.alternatives
    assert nothing.crews == ()
    assert len(plan.crews) == board.problem.crews
    for number, crew in enumerate(plan.crews):
        duty = board.duties[number]
        begin = crew.at(0.0)
        assert begin is not None
        assert begin[0].route == board.fleet.bases[duty.crew.base].position.route
        for order, leg in zip(crew.orders, outcome.timetables[0].legs[number], strict=True):
            if leg.kind != "plough":
                continue
            route, low, high = board.items.stretch(leg.item, board.night.road)
            first = order.legs[0]
            assert first.route == route
            assert {first.from_m, first.to_m} == {low, high}
            assert order.end * board.night.slots.hours == pytest.approx(leg.end_h)


def test_closures_lie_in_the_slots_and_are_likely(
    simulated: tuple[Board, PlanOutcome, StormView],
) -> None:
    """What is told as foreseen has at least the probability from which things are named."""
    _, outcome, view = simulated
    least = outcome.storm.traffic.parameters["risk_likely_share"]
    closures: list[Any] = [c for item in view.alternatives for c in item.closures]
    assert all(closure.probability >= least for closure in closures)


def test_a_nights_plan_brings_its_proof_along(
    simulated: tuple[Board, PlanOutcome, StormView],
) -> None:
    """Cost and bound of the solver stand with the plan; nothing cleared comes last."""
    board, outcome, _ = simulated
    plan = _to_and_fro(board)
    result = Result(plan=plan, cost=9.0, bound=8.5, status="feasible", method="by hand")
    table = outcome.timetables[0]
    view = night_view(NightPlan(board=board, result=result, outcome=outcome, timetable=table))
    assert [item.id for item in view.alternatives] == ["plan", "nothing"]
    assert view.alternatives[0].proof == Proof(9.0, 8.5)
    assert view.alternatives[1].proof is None
    with pytest.raises(RoadplanError, match="without a simulation"):
        night_view(NightPlan(board=board, result=result, outcome=None, timetable=table))
