"""What one more crew is worth: beside the plan at hand, and with everybody planned anew."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from roadplan.errors import RoadplanError, UnknownIdError
from roadplan.winter.plan import Plan, idle_plan
from roadplan.winter.problem import Problem
from roadplan.winter.solve import Result, solve
from roadplan.winter.verify import verify_plan

EFFORT = 4
"""Rounds of each search."""

SEEDS = 3
"""Searches for each crew tried, by which chance is told from worth."""

POLISHES = 3
"""How often at the most the plan at hand is searched on before anything is compared with it."""


@dataclass(frozen=True, kw_only=True)
class Worth:
    """What one more crew saves against the plan at hand, itself searched on before.

    Parameters
    ----------
    crew_class, place
        Which crew, and the node at which it stands.
    alone_veh_h
        Saved by its best night while all others keep to their plan: without chance, hence the
        figure by which places are told apart.
    saved_veh_h
        Saved by the best plan found with all crews planned anew; at least `alone_veh_h`.
    least_veh_h
        Saved by the worst of the searches: what separates it from `saved_veh_h` is chance, and
        so are differences between places of that size.
    cost
        Cost of the best plan found.
    """

    crew_class: str
    place: str
    alone_veh_h: float
    saved_veh_h: float
    least_veh_h: float
    cost: float

    @property
    def chance_veh_h(self) -> float:
        """By how much searches with this crew differ."""
        return self.saved_veh_h - self.least_veh_h


def best_first(found: Iterable[Worth]) -> tuple[Worth, ...]:
    """Return crews in the order of what they save alone, then of what they save at best."""
    return tuple(sorted(found, key=lambda worth: (-worth.alone_veh_h, -worth.saved_veh_h)))


def depots(problem: Problem) -> list[str]:
    """Return the names of the depots, which are the nodes where crews may refill."""
    names: list[str] = problem.node_name[problem.refill_node.any(axis=0)].tolist()
    return names


def add_crew(problem: Problem, plan: Plan, crew_class: str, place: str) -> tuple[Problem, Plan]:
    """Return a problem with one more crew on duty all the time, and the plan with it idle.

    Raises
    ------
    UnknownIdError
        There is no such class or node.
    """
    k, node = _class_index(problem, crew_class), _node_index(problem, place)
    taken = set(problem.crew_name.tolist())
    name = next(n for n in (f"+{crew_class}", *(f"+{crew_class} {i}" for i in range(2, 9999)))
                if n not in taken)  # fmt: skip
    wider = replace(
        problem,
        crew_name=np.append(problem.crew_name.astype(object), name).astype(np.str_),
        crew_class=np.append(problem.crew_class, k),
        crew_node=np.append(problem.crew_node, node),
        crew_from=np.append(problem.crew_from, 0),
        crew_until=np.append(problem.crew_until, problem.slots),
        crew_end_node=np.append(problem.crew_end_node, -1),
        crew_longest_duty=np.append(problem.crew_longest_duty, 0),
    )
    return wider, Plan(crews=(*plan.crews, ()), problem_digest=wider.digest)


def _class_index(problem: Problem, name: str) -> int:
    names = problem.class_name.tolist()
    if name not in names:
        known = ", ".join(names) or "none"
        raise UnknownIdError(f"there is no class {name!r} in the problem; its classes are {known}")
    return int(names.index(name))


def _node_index(problem: Problem, name: str) -> int:
    names = problem.node_name.tolist()
    if name not in names:
        # Places where the road is cut are nodes too, but nobody looks for those.
        known = ", ".join(depots(problem)) or "none"
        raise UnknownIdError(f"there is no place {name!r} in the problem; its depots are {known}")
    return int(names.index(name))


def beside(problem: Problem, plan: Plan, crew_class: str, place: str) -> Problem:
    """Return the problem of one more crew while all others keep to their plan.

    An interval costs what the passes of the others leave of it, so the cost of a plan of this
    problem differs from that of all crews by what the moves of the others cost.

    Raises
    ------
    UnknownIdError
        There is no such class or node.
    """
    wider, _ = add_crew(problem, plan, crew_class, place)
    slots, kind = problem.slots, int(wider.crew_class[-1])
    cost, since = problem.cost.copy(), problem.passable_since.copy()
    t = np.arange(slots + 1)
    upper = np.triu(np.ones((slots + 1, slots + 1), dtype=bool), 1)
    for item, moments in enumerate(plan.passes(problem)):
        fixed = np.array([m for m in moments if m < slots], dtype=np.int64)
        if not len(fixed):
            continue
        own = problem.cost[item].astype(np.float64)
        sums = np.concatenate([[0.0], np.cumsum(own[fixed[:-1], fixed[1:]])])
        after = np.searchsorted(fixed, t, side="right")
        before = np.searchsorted(fixed, t, side="left") - 1
        # Intervals with a pass of the others strictly inside are cut there.
        first, last = np.minimum(after, len(fixed) - 1), np.maximum(before, 0)
        cut = (after[:, None] <= before[None]) & upper
        total = own[t, fixed[first]][:, None] + (sums[last][None] - sums[first][:, None])
        cost[item][cut] = (total + own[fixed[last], t][None])[cut]
        latest = np.where(before >= 0, fixed[last], 0)
        reached = problem.passable_since[kind, item] <= latest
        since[kind, item] = np.where(reached & (t > 0), 0, problem.passable_since[kind, item])
    one = {
        name: getattr(wider, name)[-1:]
        for name in (
            "crew_name",
            "crew_class",
            "crew_node",
            "crew_from",
            "crew_until",
            "crew_end_node",
            "crew_longest_duty",
        )
    }
    return replace(problem, cost=cost, passable_since=since, **one)


def join(problem: Problem, plan: Plan, crew_class: str, place: str) -> tuple[Problem, Plan]:
    """Return the problem with one more crew, and the plan with its best night beside the others.

    The night is that of a short search with this crew alone; where it finds none that saves
    anything, the crew stays.

    Raises
    ------
    UnknownIdError
        There is no such class or node.
    KeyboardInterrupt
        At Ctrl-C.
    """
    wider, start = add_crew(problem, plan, crew_class, place)
    alone = beside(problem, plan, crew_class, place)
    found = _search(alone, effort=1)
    if found.cost >= idle_plan(alone).cost(alone):
        return wider, start
    return wider, replace(start, crews=(*plan.crews, found.plan.crews[0]))


def _search(problem: Problem, *, effort: int, seed: int = 0, start: Plan | None = None) -> Result:
    """Search to the end; Ctrl-C is passed on, since a search cut short tells nothing here."""
    found = solve(problem, effort=effort, seed=seed, start=start, bounded=False, threads=1)
    if found.status == "interrupted":
        raise KeyboardInterrupt
    return found


def _searches(
    problem: Problem, start: Plan, first: int, *, effort: int, repeats: int
) -> list[Result]:
    """Search several times from one plan, with seeds from the first on."""
    seeds = range(first, first + repeats)
    return [_search(problem, effort=effort, seed=seed, start=start) for seed in seeds]


def _pairs(
    problem: Problem, classes: Iterable[str], places: Iterable[str]
) -> list[tuple[str, str]]:
    """Return each class at each place, all classes and all depots where none are named."""
    kinds = list(classes) or problem.class_name.tolist()
    nodes = list(places) or depots(problem)
    if not kinds or not nodes:
        raise RoadplanError("the problem has no class or no depot; build it with a fleet")
    # Now, not when a long search for others is over.
    for kind in kinds:
        _class_index(problem, kind)
    for node in nodes:
        _node_index(problem, node)
    return [(kind, node) for kind in kinds for node in nodes]


def crew_values(
    problem: Problem,
    plan: Plan,
    *,
    classes: Iterable[str] = (),
    places: Iterable[str] = (),
    effort: int = EFFORT,
    repeats: int = SEEDS,
    seed: int = 0,
    on_progress: Callable[[int, int], None] | None = None,
    on_worth: Callable[[Worth], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> tuple[Worth, ...]:
    """Return what one more crew of each class at each depot would save, the best alone first.

    Parameters
    ----------
    problem, plan
        The plan at hand and its problem.
    classes
        Names of classes; all of the problem by default.
    places
        Names of nodes; by default those of all depots of the problem, see :func:`depots`.
    effort
        Rounds of each search.
    repeats
        Searches for each crew, with other random numbers.
    seed
        Of the first of them.
    on_progress
        Called with how many are done and how many there are.
    on_worth
        Called with each crew as soon as it is valued: what Ctrl-C cannot take away.
    stop
        Asked before each; once true, what is known is returned.

    Raises
    ------
    RoadplanError
        The plan is not possible, the problem has no class or no depot, or there are no searches
        to make.
    UnknownIdError
        There is no such class or node.
    KeyboardInterrupt
        At the first Ctrl-C.

    Notes
    -----
    The plan at hand is searched on first, with the same rounds and repeats, until that brings
    nothing. Every crew then begins with its best night beside that plan, and all crews are
    searched on together: no saving is negative, and none is mere search that was left over.
    """
    if repeats < 1:
        raise RoadplanError(f"{repeats} searches tell nothing; give 1 or more")
    pairs = _pairs(problem, classes, places)
    violations = verify_plan(plan, problem).violations
    if violations:
        raise RoadplanError("the plan is not possible: " + "; ".join(violations[:3]))
    searches = partial(_searches, effort=effort, repeats=repeats)
    cost = plan.cost(problem)
    for polish in range(POLISHES):
        best = min(searches(problem, plan, seed + polish * repeats), key=lambda made: made.cost)
        if best.cost >= cost - 1e-6 * max(cost, 1.0):
            break
        cost, plan = best.cost, best.plan
    found: list[Worth] = []
    for number, (kind, node) in enumerate(pairs):
        if stop is not None and stop():
            break
        wider, start = join(problem, plan, kind, node)
        costs = [min(made.cost, start.cost(wider)) for made in searches(wider, start, seed)]
        found.append(
            Worth(
                crew_class=kind,
                place=node,
                alone_veh_h=cost - start.cost(wider),
                saved_veh_h=cost - min(costs),
                least_veh_h=cost - max(costs),
                cost=min(costs),
            )
        )
        if on_worth is not None:
            on_worth(found[-1])
        if on_progress is not None:
            on_progress(number + 1, len(pairs))
    return best_first(found)
