"""The checker recomputes the cost and catches each way in which a plan can be wrong."""

from __future__ import annotations

import ast
import copy
import functools
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from roadplan.winter import verify as verify_module
from roadplan.winter import verify_problem
from roadplan.winter.instances import STORMS, corridor_instance
from roadplan.winter.plan import Plan
from roadplan.winter.problem import Problem
from roadplan.winter.solve import solve
from roadplan.winter.verify import check, verify
from roadplan.winter.verify_problem import fingerprint, read_arrays

Document = dict[str, Any]


SEEDS = (3, 8, 21)


@functools.cache
def solved(seed: int) -> tuple[Problem, Document]:
    """Return a random night with four classes, duties, refills and ways home, and a good plan."""
    night = corridor_instance(
        seed,
        storm=STORMS[seed % len(STORMS)],
        segments=8,
        branch=2,
        slots=20,
        members=6,
        crews_by_class=(3, 1, 1, 1),
        depots=3,
        longest_duty=10,
        staggered=True,
        return_to_base=True,
    )
    result = solve(night, effort=4, seed=1, bounded=False)
    return night, json.loads(result.plan.to_json(night))


@pytest.fixture
def night() -> Problem:
    """Give one of these nights."""
    return solved(SEEDS[0])[0]


@pytest.fixture
def document() -> Document:
    """Give its plan as a document."""
    return copy.deepcopy(solved(SEEDS[0])[1])


def busy(
    document: Document, kind: str, wanted: Callable[[int], bool] = lambda _: True
) -> tuple[list[Document], int]:
    """Return the moves of the first wanted crew with a move of a kind, and where it stands."""
    for number, crew in enumerate(document["crews"]):
        for index, move in enumerate(crew["moves"]):
            if move["kind"] == kind and wanted(number):
                return crew["moves"], index
    pytest.fail(f"no {kind} in the plan")


def later(document: Document) -> tuple[list[Document], int]:
    """Return the moves of a crew and the place of one of them that is not its first."""
    for crew in document["crews"]:
        if len(crew["moves"]) > 1:
            return crew["moves"], 1
    pytest.fail("nobody moves twice")


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
    empty: Document = {"crews": [{"moves": []} for _ in range(night.crews)]}
    found = check(empty, vars(night))
    assert found.cost == pytest.approx(night.cost[:, 0, night.slots].astype(float).sum())
    assert found.ok


# Each corruption spoils a good plan and returns words of the finding that must be made of it.
Spoil = Callable[[Document, Problem], str]


def _teleport(document: Document, night: Problem) -> str:
    moves, index = busy(document, "plough")
    arc = moves[index]["arc"]
    tail = night.item_from[night.plough_item]
    elsewhere = np.flatnonzero(
        (night.plough_class == night.plough_class[arc])
        & (night.plough_slots == night.plough_slots[arc])
        & (tail != tail[arc])
    )
    moves[index]["arc"] = int(elsewhere[0])
    return "it is at "


def _too_fast(document: Document, night: Problem) -> str:
    for kind in ("plough", "travel"):
        for crew in document["crews"]:
            for move in crew["moves"]:
                if move["kind"] == kind and move["slots"] > 1:
                    move["slots"] -= 1
                    return f"arc {move['arc']} takes"
    moves, index = busy(document, "plough")
    moves[index]["slots"] = 0
    return "a move takes 0 slots"


def _overlap(document: Document, night: Problem) -> str:
    moves, index = later(document)
    moves[index]["slot"] -= 1
    return "the next move begins at"


def _gap(document: Document, night: Problem) -> str:
    moves, index = later(document)
    for move in moves[index:]:
        move["slot"] += 1
    return "the next move begins at"


def _before_available(document: Document, night: Problem) -> str:
    moves, _ = busy(document, "plough", lambda crew: night.crew_from[crew] > 0)
    for move in moves:
        move["slot"] -= 1
    return "the next move begins at"


def _negative_slot(document: Document, night: Problem) -> str:
    moves, _ = busy(document, "plough")
    moves[0]["slot"] = -1
    return "the next move begins at -1"


def _after_the_end(document: Document, night: Problem) -> str:
    moves, _ = busy(document, "plough")
    end = moves[-1]["slot"] + moves[-1]["slots"]
    moves.append({"slot": end, "kind": "wait", "arc": -1, "slots": night.slots - end + 1})
    return "beyond the end of its window"


def _beyond_the_duty(document: Document, night: Problem) -> str:
    """Let a crew go on after a wait that its duty does not allow."""
    for index, crew in enumerate(document["crews"]):
        arcs = [m for m in crew["moves"] if m["kind"] in ("plough", "travel")]
        if arcs:
            begin = int(night.crew_from[index])
            node, duty = int(night.crew_node[index]), int(night.crew_longest_duty[index])
            there = _arc_between(night, int(night.crew_class[index]), node)
            back = _arc_between(
                night, int(night.crew_class[index]), int(night.travel_to[there]), node
            )
            first, last = (int(night.travel_slots[arc]) for arc in (there, back))
            crew["moves"] = [
                {"slot": begin, "kind": "travel", "arc": there, "slots": first},
                {"slot": begin + first, "kind": "wait", "arc": -1, "slots": duty},
                {"slot": begin + first + duty, "kind": "travel", "arc": back, "slots": last},
            ]
            return f"its duty of {first + duty + last} slots is longer than {duty}"
    raise AssertionError("nobody moves")


def _wrong_base(document: Document, night: Problem) -> str:
    for crew in document["crews"]:
        moving = [n for n, move in enumerate(crew["moves"]) if move["kind"] != "wait"]
        if moving:
            del crew["moves"][moving[0] + 1 :]
            return "it ends at"
    raise AssertionError("nobody moves")


def _arc_of_another_class(document: Document, night: Problem) -> str:
    moves, index = busy(document, "plough")
    arc = moves[index]["arc"]
    twin = (night.plough_item == night.plough_item[arc]) & (
        night.plough_class != night.plough_class[arc]
    )
    moves[index]["arc"] = int(np.flatnonzero(twin)[0])
    return "is not for its class"


def _refill_on_the_road(document: Document, night: Problem) -> str:
    """Refill after a pass that ends where nobody can."""
    for index, crew in enumerate(document["crews"]):
        k = int(night.crew_class[index])
        for at, move in enumerate(crew["moves"]):
            if move["kind"] == "plough":
                end = int(night.item_to[night.plough_item[move["arc"]]])
                if not night.refill_node[k, end]:
                    now = move["slot"] + move["slots"]
                    refill = {"slot": now, "kind": "refill", "arc": -1, "slots": 1}
                    crew["moves"].insert(at + 1, refill)
                    return f"it cannot refill at {night.node_name[end]}"
    raise AssertionError("every pass ends at a base")


def _unknown_arc(document: Document, night: Problem) -> str:
    moves, index = busy(document, "plough")
    moves[index]["arc"] = len(night.plough_class)
    return "there is no plough arc"


def _negative_arc(document: Document, night: Problem) -> str:
    moves, index = busy(document, "travel")
    moves[index]["arc"] = -1
    return "there is no travel arc -1"


def _negative_wait(document: Document, night: Problem) -> str:
    moves, _ = busy(document, "plough")
    end = moves[-1]["slot"] + moves[-1]["slots"]
    moves.append({"slot": end, "kind": "wait", "arc": -1, "slots": -1})
    return "a move takes -1 slots"


def _unreadable(document: Document, night: Problem) -> str:
    moves, index = busy(document, "plough")
    moves[index]["slot"] = "noon"
    return "a move cannot be read"


def _unknown_kind(document: Document, night: Problem) -> str:
    moves, index = busy(document, "plough")
    moves[index]["kind"] = "follow"
    return "a move cannot be read"


def _pass_left_out(document: Document, night: Problem) -> str:
    moves, index = busy(document, "plough")
    moves[index].update(kind="wait", arc=-1)
    return "the stated cost is"


def _stated(name: str, value: object, words: str) -> Spoil:
    def spoil(document: Document, night: Problem) -> str:
        document["summary"][name] = value
        return words

    spoil.__name__ = f"_stated_{name}_{value}"
    return spoil


def _cheaper(document: Document, night: Problem) -> str:
    document["summary"]["cost"] *= 0.99
    return "the stated cost is"


def _bound_above(document: Document, night: Problem) -> str:
    document["summary"]["bound"] = document["summary"]["cost"] * 1.01
    return "is above the cost"


def _smaller_gap(document: Document, night: Problem) -> str:
    document["summary"].update(bound=document["summary"]["cost"] / 2, gap=0.01)
    return "the stated gap is 0.010000, recomputed 0.500000"


def _not_optimal(document: Document, night: Problem) -> str:
    summary = document["summary"]
    summary.update(bound=summary["cost"] / 2, gap=0.5, status="optimal")
    return "its bound does not prove it"


def _another_problem(document: Document, night: Problem) -> str:
    document["problem"] = "0" * 16
    return f"made for problem {'0' * 16}, not for {night.digest}"


def _another_format(document: Document, night: Problem) -> str:
    document["format"] = "shopping list"
    return "the plan is of format 'shopping list'"


def _another_version(document: Document, night: Problem) -> str:
    document["version"] = 2
    return "and version 2"


def _crew_missing(document: Document, night: Problem) -> str:
    document["crews"].pop()
    return f"the plan has {night.crews - 1} crews, not {night.crews}"


def _extra_crew(document: Document, night: Problem) -> str:
    document["crews"].append({"crew": "ghost", "moves": []})
    return f"the plan has {night.crews + 1} crews, not {night.crews}"


def _crews_exchanged(document: Document, night: Problem) -> str:
    document["crews"].reverse()
    return "the plan names crew"


def _no_moves(document: Document, night: Problem) -> str:
    document["crews"][0]["moves"] = None
    return "it has no list of moves"


SPOILS: list[Spoil] = [
    _teleport,
    _too_fast,
    _overlap,
    _gap,
    _before_available,
    _negative_slot,
    _after_the_end,
    _beyond_the_duty,
    _wrong_base,
    _arc_of_another_class,
    _refill_on_the_road,
    _unknown_arc,
    _negative_arc,
    _negative_wait,
    _unreadable,
    _unknown_kind,
    _pass_left_out,
    _cheaper,
    _bound_above,
    _smaller_gap,
    _not_optimal,
    _stated("cost", float("nan"), "the stated cost is no number"),
    _stated("cost", "cheap", "the stated cost is no number"),
    _stated("bound", float("nan"), "the stated bound is no number"),
    _stated("bound", float("inf"), "the stated bound is no number"),
    _stated("gap", 0.1, "stated without a bound"),
    _stated("uncleared_cost", 1.0, "the stated uncleared cost is 1.000"),
    _another_problem,
    _another_format,
    _another_version,
    _crew_missing,
    _extra_crew,
    _crews_exchanged,
    _no_moves,
]


def _arc_between(night: Problem, k: int, tail: int, head: int | None = None) -> int:
    """Return a travel arc of a class from a node, to another one if that is given."""
    fits = (night.travel_class == k) & (night.travel_from == tail)
    if head is not None:
        fits &= night.travel_to == head
    return int(np.flatnonzero(fits)[0])


@pytest.mark.parametrize("spoil", SPOILS, ids=lambda spoil: spoil.__name__.strip("_"))
@pytest.mark.parametrize("seed", SEEDS)
def test_each_corruption_is_caught(seed: int, spoil: Spoil) -> None:
    """One spoiled move or figure is enough for a finding that says what is wrong."""
    night, good = solved(seed)
    document = copy.deepcopy(good)
    words = spoil(document, night)
    found = check(document, vars(night)).violations
    assert any(words in violation for violation in found), found


def test_the_checker_shares_nothing_with_the_solver() -> None:
    """Of the package it imports its own two modules and nothing else."""
    for module in (verify_module, verify_problem):
        tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
        names = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        names |= {
            alias.name for node in ast.walk(tree) if isinstance(node, ast.Import)
            for alias in node.names
        }  # fmt: skip
        ours = {name for name in names if name and name.startswith("roadplan")}
        assert ours <= {"roadplan.winter.verify_problem"}


@pytest.mark.parametrize("seed", SEEDS)
def test_the_fingerprint_is_reckoned_anew(seed: int, tmp_path: Path) -> None:
    """Code of the checker and of the problem agree, from memory and from the file."""
    night, _ = solved(seed)
    assert fingerprint(vars(night)) == night.digest
    assert fingerprint(read_arrays(night.save(tmp_path / "night.npz"))) == night.digest


def _without(arrays: dict[str, Any]) -> str:
    del arrays["cost"]
    return "the problem lacks cost"


def _short(arrays: dict[str, Any]) -> str:
    arrays["travel_to"] = arrays["travel_to"][:-1]
    return "travel_to of the problem has the shape"


def _no_such_class(arrays: dict[str, Any]) -> str:
    arrays["crew_class"] = arrays["crew_class"] + 99
    return "crew_class of the problem points to what is not there"


def _not_finite(arrays: dict[str, Any]) -> str:
    arrays["travel_cost"] = np.full_like(arrays["travel_cost"], np.nan)
    return "travel_cost of the problem holds what is no number"


def _no_names(arrays: dict[str, Any]) -> str:
    arrays["node_name"] = np.arange(len(arrays["node_name"]))
    return "node_name of the problem holds int64, not text"


def _no_slots(arrays: dict[str, Any]) -> str:
    arrays["slots"] = np.array(0)
    return "slots are no whole number above 0"


def _newer(arrays: dict[str, Any]) -> str:
    arrays["version"] = np.array(2)
    return "of version 2"


def _no_problem(arrays: dict[str, Any]) -> str:
    arrays["format"] = np.array("weather")
    return "format is 'weather'"


@pytest.mark.parametrize(
    "spoil",
    [_without, _short, _no_such_class, _not_finite, _no_names, _no_slots, _newer, _no_problem],
    ids=lambda spoil: spoil.__name__.strip("_"),
)
def test_a_problem_that_does_not_fit_together_is_told(
    spoil: Callable[[dict[str, Any]], str], tmp_path: Path
) -> None:
    """Arrays that lack something are one sentence, not a crash."""
    night, document = solved(SEEDS[0])
    arrays = read_arrays(night.save(tmp_path / "night.npz"))
    words = spoil(arrays)
    found = check(document, arrays)
    assert any(words in violation for violation in found.violations), found.violations
    assert not math.isfinite(found.cost)


def test_damaged_files_are_told(tmp_path: Path) -> None:
    """Cut, empty, swapped and scrambled files give a sentence that names the file."""
    night, document = solved(SEEDS[0])
    problem = night.save(tmp_path / "night.npz")
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps(document), encoding="utf-8")
    whole = problem.read_bytes()
    damaged = tmp_path / "damaged.npz"
    rng = np.random.default_rng(1)
    scrambled = [bytearray(whole) for _ in range(60)]
    for each in scrambled:
        for at in rng.integers(0, len(whole), 20).tolist():
            each[at] = int(rng.integers(256))
    cut = (b"", b"hello", whole[:-100], whole[: len(whole) // 2])
    for content in (*cut, *map(bytes, scrambled)):
        damaged.write_bytes(content)
        found = verify(plan, damaged)
        assert not found.ok
    damaged.write_bytes(whole[:-100])
    assert verify(plan, damaged).violations[0].startswith("damaged.npz cannot be read as a problem")
    assert verify(problem, problem).violations[0].startswith("night.npz cannot be read as a plan")
    plan.write_text(plan.read_text(encoding="utf-8")[:-50], encoding="utf-8")
    assert verify(plan, problem).violations[0].startswith("plan.json cannot be read as a plan")


@pytest.mark.parametrize("seed", SEEDS)
def test_depth_duty_load_and_closure_are_caught(seed: int) -> None:
    """The same plan breaks rules when the rules are tighter than it was made for."""
    night, document = solved(seed)
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
