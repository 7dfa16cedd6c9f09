"""Keeping to a plan that crews already have in hand."""

from __future__ import annotations

import datetime as dt
import itertools
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from roadplan.corridor import Corridor
from roadplan.errors import RoadplanError
from roadplan.winter.build import Board, PlanOptions, build
from roadplan.winter.change import FormerPass, FormerPlan, Kept, match
from roadplan.winter.documents import plan_document
from roadplan.winter.fleet import Fleet
from roadplan.winter.night import Night, prepare
from roadplan.winter.planning import NightPlan, make_plan
from roadplan.winter.verify import verify_plan


@pytest.fixture(scope="module")
def former(shipped_plan: NightPlan) -> FormerPlan:
    """Give the shipped plan as one that crews have in hand."""
    return FormerPlan.of(plan_document(shipped_plan))


def along(kept: Kept, passes: list[list[int]]) -> float:
    """Return what the intervals between passes cost for changes alone."""
    cost, slots = kept.cost(), kept.made.shape[1] - 1
    total = 0.0
    for item, moments in enumerate(passes):
        stops = [0, *(m for m in moments if m < slots), slots]
        total += sum(float(cost[item, a, b]) for a, b in itertools.pairwise(stops))
    return total


def test_a_plan_is_no_change_of_itself(
    former: FormerPlan, shipped_board: Board, shipped_plan: NightPlan
) -> None:
    """All its passes are found again, and keeping them costs nothing."""
    kept = match(former, shipped_board.night, shipped_board.items, veh_h=3.0)
    passes = shipped_plan.plan.passes(shipped_board.problem)
    change = kept.change(passes)
    assert change.kept == sum(len([m for m in each if m < 16]) for each in passes) > 0
    assert (change.new, change.dropped, change.cost_veh_h) == (0, 0, 0.0)
    assert along(kept, passes) == 0.0
    nothing: list[list[int]] = [[] for _ in passes]
    assert along(kept, nothing) == pytest.approx(3.0 * change.kept)


@pytest.mark.parametrize("tolerance", [0, 1, 3])
def test_intervals_sum_to_the_changes(
    former: FormerPlan, shipped_board: Board, tolerance: int
) -> None:
    """Whatever the new passes are, their intervals cost what counting the changes says."""
    kept = match(former, shipped_board.night, shipped_board.items, veh_h=0.5, tolerance=tolerance)
    rng = np.random.default_rng(tolerance)
    for _ in range(20):
        chosen = rng.uniform(size=kept.made.shape) < rng.uniform(0, 0.4)
        passes = [(1 + np.flatnonzero(row[1:])).tolist() for row in chosen]
        assert along(kept, passes) == pytest.approx(kept.change(passes).cost_veh_h)


def test_nothing_is_asked_of_time_the_former_plan_does_not_speak_of(
    former: FormerPlan, shipped_board: Board
) -> None:
    """A former plan that ends four hours in leaves the rest of the night free."""
    half = replace(former, end=former.start + dt.timedelta(hours=4), passes=())
    kept = match(half, shipped_board.night, shipped_board.items, veh_h=1.0)
    early = [[4], *([] for _ in range(len(shipped_board.items) - 1))]
    late = [[9], *([] for _ in range(len(shipped_board.items) - 1))]
    assert (kept.change(early).new, kept.change(late).new) == (1, 0)
    assert (along(kept, early), along(kept, late)) == (1.0, 0.0)


def test_passes_are_found_on_other_items_and_slots(
    shipped_board: Board, shipped_night: Night
) -> None:
    """Half of an item at 40 minutes past counts on its own carriageway at the nearest slot."""
    items, road = shipped_board.items, shipped_night.road
    route, low, high = items.stretch(3, road)
    at = FormerPass(
        crew="c", route=route, from_m=low, to_m=low + 0.6 * (high - low),
        direction=int(items.direction[3]), done=shipped_night.start + dt.timedelta(minutes=100),
    )  # fmt: skip
    end = shipped_night.start + dt.timedelta(hours=8)
    plan = FormerPlan(source="p", start=shipped_night.start, end=end, passes=(at,))
    kept = match(plan, shipped_night, items, veh_h=1.0)
    assert np.argwhere(kept.made).tolist() == [[3, 3]]


def test_dear_changes_keep_the_former_passes(
    former: FormerPlan, shipped_night: Night, shipped_fleet: Fleet, shipped_board: Board
) -> None:
    """At 1,000 veh·h each everything is kept; the plan holds, and states what changes cost."""
    board = build(shipped_night, shipped_fleet, PlanOptions(change_veh_h=1000.0), keep=former)
    planned = make_plan(board, effort=1, seed=7, bounded=False, draws=0)
    assert planned.change is not None
    assert (planned.change.new, planned.change.dropped) == (0, 0)
    assert verify_plan(planned.plan, board.problem).ok
    assert planned.plan.summary["cost_without_change"] == pytest.approx(planned.result.cost)
    assert f"{planned.change.kept} passes are kept" in planned.summary()
    delay = planned.plan.cost(shipped_board.problem)
    assert planned.plan.cost(board.problem) == pytest.approx(delay)


def test_free_changes_leave_the_problem_as_it_was(
    former: FormerPlan, shipped_night: Night, shipped_fleet: Fleet, shipped_board: Board
) -> None:
    """Then the changes are only counted."""
    board = build(shipped_night, shipped_fleet, PlanOptions(change_veh_h=0.0), keep=former)
    assert board.problem.digest == shipped_board.problem.digest
    assert board.kept is not None


def test_a_plan_of_the_night_before_says_nothing_of_this_one(
    former: FormerPlan, shipped_night: Night, shipped_board: Board
) -> None:
    """It is told that there is nothing to keep, and nothing is charged."""
    day = dt.timedelta(days=1)
    before = replace(
        former,
        start=former.start - day,
        end=former.end - day,
        passes=tuple(replace(each, done=each.done - day) for each in former.passes),
    )
    kept = match(before, shipped_night, shipped_board.items, veh_h=5.0)
    assert "nothing to keep" in kept.notes[0]
    assert not kept.cost().any()


def test_a_plan_goes_on_later_in_the_night(
    former: FormerPlan, shipped_night: Night, shipped_fleet: Fleet, road: Corridor
) -> None:
    """Two hours on, passes that are still to come are kept and those done are forgotten."""
    later = prepare(
        road, "wet-snow", hours=6, members=4, start=shipped_night.start + dt.timedelta(hours=2)
    )
    board = build(later, shipped_fleet, PlanOptions(change_veh_h=1000.0), keep=former)
    assert board.kept is not None
    still = [each for each in former.passes if each.done > later.start]
    assert 0 < board.kept.made.sum() <= len(still)
    planned = make_plan(board, effort=1, bounded=False, draws=0)
    assert planned.change is not None
    assert planned.change.kept >= 0.8 * board.kept.made.sum()


def test_other_roads_and_costs_are_refused(former: FormerPlan, shipped_board: Board) -> None:
    """With what would be right."""
    night, items = shipped_board.night, shipped_board.items
    strange = replace(former, passes=tuple(replace(each, route="m99") for each in former.passes))
    with pytest.raises(RoadplanError, match=r"no pass of .* lies on this road: it is on m99"):
        match(strange, night, items, veh_h=1.0)
    with pytest.raises(RoadplanError, match="cannot cost -1"):
        match(former, night, items, veh_h=-1.0)
    with pytest.raises(RoadplanError, match="-1 slots"):
        match(former, night, items, veh_h=1.0, tolerance=-1)


def test_files_that_are_no_plans_are_refused(tmp_path: Path, shipped_plan: NightPlan) -> None:
    """A missing file, other JSON, a plan without its passes, and passes that make no sense."""
    path = tmp_path / "plan.json"
    with pytest.raises(RoadplanError, match="no file"):
        FormerPlan.load(path)
    path.write_text("[1]", encoding="utf-8")
    with pytest.raises(RoadplanError, match="not a winter plan"):
        FormerPlan.load(path)
    document = plan_document(shipped_plan)
    path.write_text(json.dumps({**document, "passes": [{}]}), encoding="utf-8")
    with pytest.raises(RoadplanError, match="cannot be read"):
        FormerPlan.load(path)
    del document["passes"]
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(RoadplanError, match="does not tell its passes"):
        FormerPlan.load(path)
