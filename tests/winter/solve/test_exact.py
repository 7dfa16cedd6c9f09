"""On problems small enough to try everything, search and bound agree with the true optimum."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
import pytest

from roadplan.winter.instances import tiny_instance
from roadplan.winter.problem import Problem
from roadplan.winter.solve import solve
from roadplan.winter.verify import verify_plan

Passes = frozenset[tuple[int, int, int]]


def moves(
    p: Problem, kind: int, node: int, t: int, load: int
) -> Iterator[tuple[int, int, int, float, int]]:
    """Give every move there is: to, slots, load left, cost, and the item it passes or -1."""
    refills = int(p.class_passes_per_load[kind])
    travels = (p.travel_class == kind) & (p.travel_from == node)
    for a in np.flatnonzero(travels & (p.travel_opens <= t) & (t < p.travel_closes)):
        yield int(p.travel_to[a]), int(p.travel_slots[a]), load, float(p.travel_cost[a]), -1
    ploughs = (p.plough_class == kind) & (p.item_from[p.plough_item] == node) & (load != 0)
    for a in np.flatnonzero(ploughs & (p.plough_opens <= t) & (t < p.plough_closes)):
        item = int(p.plough_item[a])
        left = load - 1 if refills else load
        yield int(p.item_to[item]), int(p.plough_slots[a]), left, float(p.plough_cost[a]), item
    if refills and p.refill_node[kind, node]:
        yield node, int(p.class_refill_slots[kind]), refills, 0.0, -1


def walks(p: Problem, crew: int) -> dict[Passes, float]:
    """Return every set of passes (item, moment, class) a crew can make, with its least cost."""
    kind = int(p.crew_class[crew])
    load_size = int(p.class_passes_per_load[kind])
    until, goal = int(p.crew_until[crew]), int(p.crew_end_node[crew])
    duty = int(p.crew_longest_duty[crew])
    found: dict[Passes, float] = {}

    def go(node: int, t: int, load: int, begun: int, last: int, made: Passes, cost: float) -> None:
        if (goal in (-1, node)) and (duty == 0 or begun < 0 or last - begun <= duty):
            found[made] = min(cost, found.get(made, float("inf")))
        if t < until:
            go(node, t + 1, load, begun, last, made, cost)
        for to, slots, left, price, item in moves(p, kind, node, t, load):
            if t + slots <= until:
                more = made | {(item, t + slots, kind)} if item >= 0 else made
                start = t if begun < 0 else begun
                go(to, t + slots, left, start, t + slots, more, cost + float(price))

    full = load_size or -1
    go(int(p.crew_node[crew]), int(p.crew_from[crew]), full, -1, -1, frozenset(), 0.0)
    return found


def waiting(p: Problem, made: Passes) -> float:
    """Return what all items cost with these passes; infinite where snow is too deep for one."""
    total = 0.0
    for item in range(p.items):
        last = 0
        for moment in sorted({t for i, t, _ in made if i == item}):
            kinds = {k for i, t, k in made if i == item and t == moment}
            if any(p.passable_since[k, item, moment] > last for k in kinds):
                return float("inf")
            if moment < p.slots:
                total += float(p.cost[item, last, moment])
                last = moment
        total += float(p.cost[item, last, p.slots])
    return total


def optimum(p: Problem) -> float:
    """Return the least cost of all plans by trying them."""
    options = [list(walks(p, crew).items()) for crew in range(p.crews)]
    best = float("inf")
    for chosen in itertools.product(*options):
        cost = sum(price for _, price in chosen)
        if cost < best:
            best = min(best, cost + waiting(p, frozenset().union(*(made for made, _ in chosen))))
    return best


def agrees(p: Problem, seed: int) -> None:
    """Assert that solver and bound meet the cheapest of all plans."""
    best = optimum(p)
    result = solve(p, effort=2, seed=seed, threads=1)
    assert verify_plan(result.plan, p).violations == ()
    assert result.bound <= best * (1 + 1e-6) + 1e-9
    assert result.cost == pytest.approx(best, rel=1e-6, abs=1e-9)
    assert result.bound == pytest.approx(best, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("block", range(8))
def test_one_crew_agrees_with_every_plan_there_is(block: int) -> None:
    """Random nights of one crew, with duties, late starts and ways home."""
    for seed in range(25 * block, 25 * block + 25):
        problem = tiny_instance(
            seed,
            slots=6,
            storm=("burst", "front")[seed % 2],
            longest_duty=(0, 3)[seed % 3 == 0],
            staggered=seed % 4 == 1,
            return_to_base=seed % 5 == 2,
        )
        agrees(problem, seed)


@pytest.mark.parametrize("seed", range(24))
def test_two_crews_agree_with_every_pair_of_plans(seed: int) -> None:
    """Crews of one class or of two, on the same little road."""
    classes = ((2,), (1, 1))[seed % 2]
    agrees(tiny_instance(seed, slots=5, crews_by_class=classes), seed)
