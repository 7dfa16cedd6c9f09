"""The benchmark instances are what they say, and the scripts that measure reckon rightly."""

from __future__ import annotations

import functools
import importlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from roadplan.errors import RoadplanError
from roadplan.winter.instances import tiny_instance
from roadplan.winter.plan import Plan
from roadplan.winter.problem import ARRAYS, Problem
from roadplan.winter.solve import Progress, Result, solve
from roadplan.winter.solve.network import compile_network
from roadplan.winter.solve.prices import PriceBoard

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
NAMES = sorted(path.stem for path in (BENCHMARKS / "instances").glob("*-*-*.plan.json"))
NAMES = [name.removesuffix(".plan") for name in NAMES]
SCRIPTS = (
    "winter_tables",
    "price_bound",
    "make_instances",
    "best_known",
    "bench_winter",
    "bench_out_of_sample",
)


@pytest.fixture(scope="module")
def scripts() -> Iterator[dict[str, ModuleType]]:
    """Give the scripts beside the instances as modules."""
    sys.path.insert(0, str(BENCHMARKS))
    try:
        yield {name: importlib.import_module(name) for name in SCRIPTS}
    finally:
        sys.path.remove(str(BENCHMARKS))
        for name in SCRIPTS:
            sys.modules.pop(name, None)


@pytest.fixture(scope="module")
def known(scripts: dict[str, ModuleType]) -> Callable[[str], Any]:
    """Give what is known of an instance, each read and checked once."""
    found: Callable[[str], Any] = functools.cache(scripts["best_known"].known)
    return found


@pytest.fixture
def tiny(
    scripts: dict[str, ModuleType], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Problem:
    """Give a tiny instance with a folder of its own."""
    monkeypatch.setattr(scripts["make_instances"], "FOLDER", tmp_path)
    monkeypatch.setattr(scripts["best_known"], "FOLDER", tmp_path)
    problem = tiny_instance(3, segments=3, slots=10, crews_by_class=(1, 1, 0, 1))
    problem.save(tmp_path / "tiny.npz")
    return problem


def test_every_instance_has_its_files(scripts: dict[str, ModuleType]) -> None:
    """Problem, plan and prices lie side by side, and nothing else does."""
    names = set(scripts["make_instances"].INSTANCES)
    expected = {f"{name}{end}" for name in names for end in (".npz", ".plan.json", ".prices.npz")}
    found = {path.name for path in (BENCHMARKS / "instances").iterdir()}
    assert found == expected | {"README.md"}


def test_the_files_stay_small() -> None:
    """A clone does not suffer: about 12 MB at most."""
    size = sum(path.stat().st_size for path in (BENCHMARKS / "instances").iterdir())
    assert size < 12e6


@pytest.mark.parametrize(
    "name", ["corridor-small-front", "corridor-small-burst", "corridor-medium-double"]
)
def test_the_maker_makes_the_same_instances(scripts: dict[str, ModuleType], name: str) -> None:
    """Whole numbers and names are the same; sums may differ by a rounding on other processors."""
    made = scripts["make_instances"].make(name)
    stored = Problem.load(scripts["make_instances"].problem_path(name))
    for field in set(ARRAYS) - {"cost", "passable_since"}:
        assert np.array_equal(getattr(made, field), getattr(stored, field)), field
    np.testing.assert_allclose(made.cost, stored.cost, rtol=3e-4, atol=1e-9)
    assert np.mean(made.passable_since != stored.passable_since) < 1e-3


def test_instances_are_written_byte_for_byte_alike(tmp_path: Path) -> None:
    """Nothing of the moment or the machine goes into a file."""
    files = [tiny_instance(1).save(tmp_path / name).read_bytes() for name in ("a.npz", "b.npz")]
    assert files[0] == files[1]


def test_rounding_keeps_twelve_bits(scripts: dict[str, ModuleType]) -> None:
    """Costs move by at most one part in 8,192, and zeros stay zeros."""
    plain = tiny_instance(2)
    problem = scripts["make_instances"].rounded(plain)
    assert not (problem.cost.view(np.uint32) & 0x7FF).any()
    np.testing.assert_allclose(problem.cost, plain.cost, rtol=1 / 8192)
    assert np.array_equal(problem.cost == 0, plain.cost == 0)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_stated_of_an_instance_holds(known: Callable[[str], Any], name: str) -> None:
    """The plan keeps every rule and costs what is stated; the prices prove their bound."""
    assert known(name).faults == ()
    assert known(name).proven <= known(name).check.cost


def test_the_table_is_that_of_the_files(
    scripts: dict[str, ModuleType], known: Callable[[str], Any]
) -> None:
    """The README says what plans and prices say."""
    best_known = scripts["best_known"]
    every = [known(name) for name in scripts["make_instances"].INSTANCES]
    text = best_known.README.read_text(encoding="utf-8")
    table = best_known.best_table(every)
    assert scripts["winter_tables"].replace_section(text, best_known.SECTION, table) == text


RULES = pytest.mark.parametrize(
    "rules",
    [
        {"crews_by_class": (1,)},
        {"crews_by_class": (1, 1, 0, 1), "slots": 10},
        {"crews_by_class": (0, 1, 1), "return_to_base": True, "slots": 12},
        {"crews_by_class": (1, 0, 0, 1), "longest_duty": 4, "return_to_base": True, "slots": 10},
        {"crews_by_class": (2, 1), "staggered": True, "longest_duty": 3, "slots": 12},
    ],
    ids=["plain", "refills", "home", "duty", "windows"],
)


@RULES
def test_no_prices_prove_more_than_a_plan_costs(
    scripts: dict[str, ModuleType], rules: dict[str, object]
) -> None:
    """Whatever the prices, good or drawn at random, the bound stays below the best plan."""
    problem = tiny_instance(4, segments=3, storm="burst", **rules)  # type: ignore[arg-type]
    cost = solve(problem, effort=4, seed=1, bounded=False).cost
    shape = (len(problem.class_name), problem.items, problem.slots + 1)
    rng = np.random.default_rng(5)
    bound = scripts["price_bound"].price_bound
    for scale in (0.0, 0.1, 1.0, 10.0, 1e4):
        price = scale * cost / 10 * rng.uniform(0, 1, shape)
        assert bound(vars(problem), price) <= cost * (1 + 1e-9)


@RULES
def test_prices_prove_the_same_in_compiled_code(
    scripts: dict[str, ModuleType], rules: dict[str, object]
) -> None:
    """The solver's evaluation and the one in plain numpy agree to rounding."""
    problem = tiny_instance(4, segments=3, storm="burst", **rules)  # type: ignore[arg-type]
    network = compile_network(problem)
    board = PriceBoard(network)
    rng = np.random.default_rng(6)
    for scale in (0.1, 1.0, 10.0):
        price = scale * rng.uniform(0, 1, board.shape)
        price[:, 0] = price[:, -1] = 0.0
        by_class = scripts["best_known"].by_class(network, problem, price)
        plain = scripts["price_bound"].price_bound(vars(problem), by_class)
        assert board.evaluate(price).bound == pytest.approx(plain, rel=1e-6)


def test_a_bound_by_prices_can_be_added_up_by_hand(scripts: dict[str, ModuleType]) -> None:
    """One crew that may clear one item once: it earns its price, the item pays it."""
    problem = tiny_instance(1, segments=1, slots=2)
    price = np.zeros((1, 2, 3))
    price[0, 0, 1] = 3.0
    cost, out = problem.cost.astype(float), float(problem.plough_cost[0])
    first = min(cost[0, 0, 2], cost[0, 0, 1] + 3.0 + cost[0, 1, 2])
    second = min(cost[1, 0, 2], cost[1, 0, 1] + cost[1, 1, 2])
    starts_at_it = problem.crew_node[0] == problem.item_from[0]
    earned = 3.0 - out if starts_at_it else 0.0
    found = scripts["price_bound"].price_bound(vars(problem), price)
    assert found == pytest.approx(first + second - earned)


@pytest.mark.parametrize("wrong", [-1.0, float("nan"), float("inf")])
def test_prices_that_are_none_are_refused(scripts: dict[str, ModuleType], wrong: float) -> None:
    """A negative price would prove anything."""
    problem = tiny_instance(1)
    shape = (len(problem.class_name), problem.items, problem.slots + 1)
    with pytest.raises(ValueError, match="negative or not finite"):
        scripts["price_bound"].price_bound(vars(problem), np.full(shape, wrong))
    with pytest.raises(ValueError, match="shape"):
        scripts["price_bound"].price_bound(vars(problem), np.zeros(shape)[:, :, 1:])


def test_only_what_is_better_is_kept(scripts: dict[str, ModuleType], tiny: Problem) -> None:
    """A worse plan or worse prices change nothing, better ones replace what was there."""
    best_known = scripts["best_known"]
    good = solve(tiny, effort=10, seed=1, bounded=False).plan
    idle = Plan(crews=((),) * tiny.crews)
    zeros = np.zeros((len(tiny.class_name), tiny.items, tiny.slots + 1))
    assert best_known.keep("tiny", plan=idle, price=zeros) == "plan and prices"
    price = best_known.better_prices(tiny, good.cost(tiny), 10, 0.5)
    assert best_known.keep("tiny", plan=good, price=price) == "plan and prices"
    known = best_known.known("tiny")
    assert known.faults == ()
    assert known.plan.crews == good.crews
    assert 0 < known.proven <= good.cost(tiny)
    assert best_known.keep("tiny", plan=idle, price=zeros) == "nothing"
    assert best_known.known("tiny").plan.summary == known.plan.summary


def test_a_bound_without_prices_is_stated_as_such(
    scripts: dict[str, ModuleType], tiny: Problem
) -> None:
    """Where a search proved clearly more than the prices do, the table says by whom."""
    best_known = scripts["best_known"]
    good = solve(tiny, effort=10, seed=1, bounded=False).plan
    zeros = np.zeros((len(tiny.class_name), tiny.items, tiny.slots + 1))
    best_known.keep("tiny", plan=good, price=zeros, claim=0.9 * good.cost(tiny))
    for _ in range(2):
        stated = best_known.known("tiny").plan.summary
        assert stated["bound_by"] == "search"
        assert stated["gap"] == pytest.approx(0.1)
        best_known.keep("tiny")
    best_known.keep("tiny", claims=False)
    assert best_known.known("tiny").plan.summary["bound_by"] == "prices"


def test_an_impossible_plan_is_not_taken(scripts: dict[str, ModuleType], tiny: Problem) -> None:
    """The checker has the last word on what somebody sends."""
    best_known = scripts["best_known"]
    good = solve(tiny, effort=10, seed=1, bounded=False).plan
    path = best_known.plan_path("sent")
    best_known.write_plan(path, good, tiny)
    document = json.loads(path.read_text(encoding="utf-8"))
    moves = next(crew["moves"] for crew in document["crews"] if crew["moves"])
    moves[-1]["slots"] += 1
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(RoadplanError, match="not possible"):
        best_known.take(path, "tiny")
    assert not best_known.plan_path("tiny").exists()


def test_a_gap_is_what_was_proven_at_the_moment(scripts: dict[str, ModuleType]) -> None:
    """A bound found later does not shine on an earlier moment, a floor known before does."""
    bench = scripts["bench_winter"]
    history = (
        Progress(1.0, 200.0, -np.inf, 0.0),
        Progress(4.0, 150.0, 90.0, 0.1),
        Progress(9.0, 120.0, 114.0, 0.2),
    )
    result = Result(
        plan=Plan(crews=()), cost=120.0, bound=114.0, status="feasible", method="search",
        history=history, elapsed_s=10.0,
    )  # fmt: skip
    plain = bench.Measured(bench.Case("x", tiny_instance(0)), result, 1.0, "")
    assert plain.gap_at(1.0) == np.inf
    assert plain.gap_at(5.0) == pytest.approx(0.4)
    assert plain.gap == pytest.approx(0.05)
    assert plain.row()[1:4] == ("40.00%", "–", "5.00%")
    floored = bench.Measured(bench.Case("x", tiny_instance(0), floor=100.0), result, 1.0, "")
    assert floored.gap_at(1.0) == pytest.approx(0.5)


def test_halves_share_no_member_and_swap(scripts: dict[str, ModuleType]) -> None:
    """Nobody is scored by a plan that has seen it, and each pair of repeats scores everybody."""
    halves = scripts["bench_out_of_sample"].halves
    for repeat in range(6):
        ours, others = halves(11, repeat=repeat, seed=3)
        assert sorted([*ours, *others]) == list(range(11))
    for pair in (0, 2, 4):
        first, second = (halves(11, repeat=pair + i, seed=3) for i in (0, 1))
        assert first[0].tolist() == second[1].tolist()
    assert halves(4, repeat=0, seed=3)[0].tolist() == [0, 2]


def test_savings_are_paired_by_member(scripts: dict[str, ModuleType]) -> None:
    """Half the delay in every member is a saving of half without any doubt; draws are averaged."""
    saving = scripts["bench_out_of_sample"].saving
    other = np.array([10.0, 30.0, 400.0, 400.0])
    member = np.array([0, 0, 1, 2])
    assert saving(other / 2, other, member) == (0.5, 0.0)
    # Members' means 20, 400, 400 against 20, 400, 100: the ratio is 520/820.
    value, half = saving(np.array([20.0, 20.0, 400.0, 100.0]), other, member)
    ratio = 520 / 820
    rest = np.array([20 - ratio * 20, 400 - ratio * 400, 100 - ratio * 400])
    assert value == pytest.approx(1 - ratio)
    assert half == pytest.approx(1.959964 * rest.std(ddof=1) / 3**0.5 / (820 / 3))


def test_a_section_is_replaced_where_it_stands(scripts: dict[str, ModuleType]) -> None:
    """Running a benchmark again changes its own section only."""
    replace = scripts["winter_tables"].replace_section
    text = replace(replace("", "a", "old"), "b", "other")
    assert replace(text, "a", "new") == text.replace("old", "new")
