"""What one more crew is worth: the plan at hand, solved on with a crew more."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np

from roadplan.errors import RoadplanError, UnknownIdError
from roadplan.winter.plan import Plan
from roadplan.winter.problem import Problem
from roadplan.winter.solve import solve

EFFORT = 4
"""Rounds of search for each crew tried."""

SEEDS = 3
"""Searches without one more crew, by which chance is told from worth."""


@dataclass(frozen=True, kw_only=True)
class Worth:
    """What one more crew saves.

    Parameters
    ----------
    crew_class, place
        Which crew, and the node at which it stands.
    saved_veh_h
        Cost saved by the plan found with it, against the plan at hand solved on as long without
        it: more search may find more.
    chance_veh_h
        By how much searches of the same length differ by chance alone; a saving below it says
        little.
    cost
        Cost with it.
    """

    crew_class: str
    place: str
    saved_veh_h: float
    chance_veh_h: float
    cost: float


def add_crew(problem: Problem, plan: Plan, crew_class: str, place: str) -> tuple[Problem, Plan]:
    """Return a problem with one more crew on duty all the time, and the plan with it idle.

    Raises
    ------
    UnknownIdError
        There is no such class or node.
    """
    for name, known, noun in (
        (crew_class, problem.class_name, "class"),
        (place, problem.node_name, "place"),
    ):
        if name not in set(known.tolist()):
            some = ", ".join(known.tolist()[:12])
            raise UnknownIdError(f"there is no {noun} {name!r} in the problem; there are {some}")
    k = int(np.flatnonzero(problem.class_name == crew_class)[0])
    node = int(np.flatnonzero(problem.node_name == place)[0])
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


def crew_values(
    problem: Problem,
    plan: Plan,
    *,
    classes: Iterable[str] = (),
    places: Iterable[str] = (),
    effort: int = EFFORT,
    seed: int = 0,
    on_progress: Callable[[int, int], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> tuple[Worth, ...]:
    """Return what one more crew of each class at each depot would save, the best first.

    Parameters
    ----------
    problem, plan
        The plan at hand and its problem.
    classes
        Names of classes; all of the problem by default.
    places
        Names of nodes; by default the depots, which are the nodes where crews may refill.
    effort
        Rounds of search for each, and for the plan without one more.
    seed
        Of the search.
    on_progress
        Called with how many are done and how many there are.
    stop
        Asked before each; once true, what is known is returned.

    Raises
    ------
    RoadplanError
        The problem has no class or no depot.
    """
    kinds = list(classes) or problem.class_name.tolist()
    nodes = list(places) or problem.node_name[problem.refill_node.any(axis=0)].tolist()
    if not kinds or not nodes:
        raise RoadplanError("the problem has no class or no depot; build it with a fleet")
    pairs = [(kind, node) for kind in kinds for node in nodes]

    def search(task: Problem, start: Plan, number: int) -> tuple[Plan, float]:
        done = solve(task, effort=effort, seed=number, start=start, bounded=False, threads=1)
        return done.plan, done.cost

    # Both sides go on from one plan for as long, so that search alone is not taken for worth.
    common, _ = search(problem, plan, seed)
    without = [search(problem, common, seed + number)[1] for number in range(SEEDS)]
    reference, chance = float(np.mean(without)), float(np.ptp(without))
    found: list[Worth] = []
    for number, (kind, node) in enumerate(pairs):
        if stop is not None and stop():
            break
        _, cost = search(*add_crew(problem, common, kind, node), seed)
        saved = max(0.0, reference - cost)
        found.append(
            Worth(crew_class=kind, place=node, saved_veh_h=saved, chance_veh_h=chance, cost=cost)
        )
        if on_progress is not None:
            on_progress(number + 1, len(pairs))
    return tuple(sorted(found, key=lambda worth: -worth.saved_veh_h))
