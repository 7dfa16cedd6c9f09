"""The checker recomputes the cost and catches each way in which a plan can be wrong."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from roadplan.winter.instances import corridor_instance
from roadplan.winter.plan import Plan
from roadplan.winter.problem import Problem
from roadplan.winter.solve import solve
from roadplan.winter.verify import check, verify

Document = dict[str, Any]


@pytest.fixture(scope="module")
def night() -> Problem:
    """Give a small night with three classes, duties, refills and ways home."""
    return corridor_instance(
        3,
        storm="burst",
        segments=8,
        branch=2,
        slots=20,
        members=6,
        crews_by_class=(3, 1, 1, 1),
        depots=3,
        longest_duty=14,
        return_to_base=True,
    )


@pytest.fixture(scope="module")
def document(night: Problem) -> Document:
    """Give a good plan as a document."""
    result = solve(night, effort=4, seed=1, bounded=False)
    found: Document = json.loads(result.plan.to_json(night))
    return found


def busy(document: Document, kind: str) -> tuple[list[Document], int]:
    """Return the moves of the first crew with a move of a kind, and where it stands."""
    for crew in document["crews"]:
        for index, move in enumerate(crew["moves"]):
            if move["kind"] == kind:
                return crew["moves"], index
    pytest.fail(f"no {kind} in the plan")


def test_a_good_plan_passes(night: Problem, document: Document) -> None:
    """No rule is broken and the cost stated is the cost found."""
    found = check(document, vars(night))
    assert found.violations == ()
    assert found.cost == pytest.approx(document["summary"]["cost"])


def test_files_are_checked_by_themselves(
    night: Problem, document: Document, tmp_path: Path
) -> None:
    """The checker reads the two files on its own; a missing one is a finding."""
    problem = night.save(tmp_path / "night.npz")
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps(document), encoding="utf-8")
    assert verify(plan, problem).ok
    assert not verify(tmp_path / "none.json", problem).ok


def test_nobody_moving_costs_what_nothing_cleared_costs(night: Problem) -> None:
    """The cost of an empty plan is summed from the table alone."""
    empty = {"crews": [{"moves": []} for _ in range(night.crews)]}
    found = check(empty, vars(night))
    assert found.cost == pytest.approx(night.cost[:, 0, night.slots].astype(float).sum())
    assert found.ok


def _shift(document: Document) -> None:
    moves, index = busy(document, "plough")
    moves[index]["slot"] += 1


def _longer(document: Document) -> None:
    moves, index = busy(document, "plough")
    moves[index]["slots"] += 1


def _jump(document: Document) -> None:
    moves, index = busy(document, "plough")
    del moves[index]


def _another_arc(document: Document) -> None:
    moves, index = busy(document, "plough")
    moves[index]["arc"] = 10**6


def _negative_arc(document: Document) -> None:
    moves, index = busy(document, "travel")
    moves[index]["arc"] = -1


def _never_home(document: Document) -> None:
    moves, index = busy(document, "plough")
    del moves[index + 1 :]


def _false_refill(document: Document) -> None:
    moves, index = busy(document, "plough")
    moves[index].update(kind="refill", arc=-1)


def _backwards(document: Document) -> None:
    moves, index = busy(document, "plough")
    moves[index]["slots"] = -1


def _unreadable(document: Document) -> None:
    moves, index = busy(document, "plough")
    moves[index]["slot"] = "noon"


def _cheaper(document: Document) -> None:
    document["summary"]["cost"] *= 0.99


def _bound_above(document: Document) -> None:
    document["summary"]["bound"] = document["summary"]["cost"] * 2


def _crew_missing(document: Document) -> None:
    document["crews"].pop()


def _crews_exchanged(document: Document) -> None:
    document["crews"].reverse()


def _after_the_end(document: Document) -> None:
    moves, _ = busy(document, "plough")
    last = moves[-1]
    moves.append({"slot": last["slot"] + last["slots"], "kind": "wait", "arc": -1, "slots": 999})


@pytest.mark.parametrize(
    "spoil",
    [
        _shift,
        _longer,
        _jump,
        _another_arc,
        _negative_arc,
        _never_home,
        _false_refill,
        _backwards,
        _unreadable,
        _cheaper,
        _bound_above,
        _crew_missing,
        _crews_exchanged,
        _after_the_end,
    ],
)
def test_each_corruption_is_caught(
    spoil: Callable[[Document], None], night: Problem, document: Document
) -> None:
    """One spoiled move or figure is enough for a finding."""
    spoiled = copy.deepcopy(document)
    spoil(spoiled)
    assert check(spoiled, vars(night)).violations


def test_depth_duty_load_and_closure_are_caught(night: Problem, document: Document) -> None:
    """The same plan breaks rules when the rules are tighter than it was made for."""
    tighter: dict[str, tuple[str, Any]] = {
        "too deep": ("passable_since", np.full_like(night.passable_since, night.slots)),
        "longer than": ("crew_longest_duty", np.full_like(night.crew_longest_duty, 1)),
        "beyond the end": ("crew_until", np.zeros_like(night.crew_until)),
        "is open from": ("plough_closes", np.zeros_like(night.plough_closes)),
        "empty load": ("class_passes_per_load", np.full_like(night.class_passes_per_load, 1)),
    }
    for why, (name, array) in tighter.items():
        found = check(document, {**vars(night), name: array})
        assert any(why in violation for violation in found.violations), why


def test_a_plan_comes_back_from_its_text(night: Problem, document: Document) -> None:
    """Reading what was written gives the same moves."""
    plan = Plan.from_json(json.dumps(document))
    again = Plan.from_json(plan.to_json(night))
    assert again.crews == plan.crews
    assert plan.cost(night) == pytest.approx(document["summary"]["cost"])
