"""Ctrl-C or a stop in an early phase of a plan goes straight to its end."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from roadplan.winter import planning, reweight
from roadplan.winter.build import Board
from roadplan.winter.outcome import simulate as simulate_whole
from roadplan.winter.planning import make_plan
from roadplan.winter.solve import solve as solve_whole
from roadplan.winter.verify import verify_plan


@pytest.fixture
def efforts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Give the list into which every solve of a plan writes its status."""
    found: list[str] = []

    def told(*args: Any, **options: Any) -> Any:
        result = solve_whole(*args, **options)
        found.append(result.status)
        return result

    monkeypatch.setattr(planning, "solve", told)
    return found


def once() -> Any:
    """Return a stop that is asked for a single time, as Ctrl-C is."""
    answers = iter([True])
    return lambda: next(answers, False)


def test_a_stop_while_the_worst_members_are_sought_ends_the_plan(
    shipped_board: Board, efforts: list[str]
) -> None:
    """The phase after it takes no round of its own, and the plan holds."""
    board = replace(shipped_board, options=replace(shipped_board.options, worst_weight=0.5))
    planned = make_plan(board, effort=8, seed=1, draws=0, bounded=False, stop=once())
    assert efforts == ["interrupted", "interrupted"]
    assert planned.result.status == "interrupted"
    assert planned.result.cost < planned.board.problem.uncleared_cost
    assert verify_plan(planned.plan, planned.board.problem).ok


def test_a_stop_before_the_first_simulation_leaves_weights_as_they_are(
    shipped_board: Board, efforts: list[str]
) -> None:
    """Nothing is simulated, no further plan made, and nothing said of weights."""
    planned = make_plan(
        shipped_board, effort=8, seed=1, draws=0, bounded=False, reweight=3, stop=once()
    )
    assert efforts == ["interrupted", "interrupted"]
    assert planned.reweighting is None
    assert planned.board.problem.digest == shipped_board.problem.digest


def test_ctrl_c_in_a_simulation_keeps_the_best_plan_simulated(
    shipped_board: Board, efforts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second of four simulations is broken off: the first plan is kept, without a search."""
    begun = []

    def simulate(*args: Any, **options: Any) -> Any:
        begun.append(True)
        if len(begun) == 2:
            raise KeyboardInterrupt
        return simulate_whole(*args, **options)

    monkeypatch.setattr(reweight, "simulate", simulate)
    planned = make_plan(shipped_board, effort=2, seed=1, draws=0, bounded=False, reweight=3)
    assert efforts == ["feasible", "feasible", "interrupted"]
    assert planned.reweighting is not None
    assert len(planned.reweighting.delay_veh_h) == 1
    assert planned.board.problem.digest == shipped_board.problem.digest
