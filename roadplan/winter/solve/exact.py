"""The whole problem in CP-SAT: proves optima of small problems."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from roadplan.errors import RoadplanError
from roadplan.winter._cp_sat import solve_model
from roadplan.winter.plan import Plan
from roadplan.winter.problem import Problem
from roadplan.winter.solve.linear import reachable, returning
from roadplan.winter.solve.network import Network
from roadplan.winter.solve.night_kernels import empty_nights
from roadplan.winter.solve.result import Budget
from roadplan.winter.solve.search import best_of_nights, best_of_plan, plan_of
from roadplan.winter.solve.search_kernels import Best

MOST_VARIABLES = 60_000
"""Beyond this many variables CP-SAT finds no plan in reasonable time."""

FEW_VARIABLES = 6_000
"""Up to this many variables the optimum is usually proven in seconds."""

RESOLUTION = 1e11
"""The objective is rounded to whole numbers up to about this."""


def variables(network: Network) -> int:
    """Return about how many variables the model of a problem has."""
    intervals = network.items * network.slots * (network.slots + 1) // 2
    arcs = np.diff(network.first[network.class_first])
    return intervals + int(arcs[network.crew_class].sum()) * network.slots


def is_small(network: Network) -> bool:
    """Say whether a problem is so small that it is solved to the end as a matter of course."""
    return variables(network) <= FEW_VARIABLES


def exact(problem: Problem, network: Network, budget: Budget, *, seed: int) -> Plan:
    """Solve a small problem to the end with CP-SAT.

    Raises
    ------
    RoadplanError
        When the problem is too large, or no plan is found in the time.
    """
    if variables(network) > MOST_VARIABLES:
        raise RoadplanError("the problem is too large for the exact solver; use 'search'")
    plan, _ = solve_exactly(problem, network, time_limit_s=budget.left_s, seed=seed)
    if plan is None:
        raise RoadplanError("CP-SAT found no plan in the time given")
    return plan


def solve_exactly(
    problem: Problem,
    network: Network,
    *,
    time_limit_s: float,
    seed: int,
    hint: Plan | None = None,
    effort_limit: float = math.inf,
    stop: Callable[[], bool] | None = None,
) -> tuple[Plan | None, float]:
    """Solve a small problem with CP-SAT and return its best plan and bound.

    Parameters
    ----------
    problem, network
        The problem and its compiled form.
    time_limit_s
        Seconds; may be infinite.
    seed
        Of CP-SAT.
    hint
        A plan to begin from.
    effort_limit
        CP-SAT's deterministic time; may be infinite.
    stop
        Asked a few times a second; once true, the best so far is returned.

    Returns
    -------
    plan, bound
        None when no plan was found; the bound is lowered by what rounding the costs to whole
        numbers can have hidden.
    """
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    nothing = float(network.cost[:, 0, network.slots].sum())
    scale = RESOLUTION / max(1.0, nothing)
    costs: list[Any] = []
    made: dict[tuple[int, int], list[tuple[int, Any]]] = {}
    paths = [_crew(model, network, crew, made, costs, scale) for crew in range(network.crews)]
    for item in range(network.items):
        _item(model, network, item, made, costs, scale)
    model.minimize(sum(costs))
    if hint is not None:
        _hint(model, network, paths, hint)
    solver = cp_model.CpSolver()
    solver.parameters.random_seed = seed
    solver.parameters.num_workers = 1
    if math.isfinite(time_limit_s):
        solver.parameters.max_time_in_seconds = max(0.1, time_limit_s)
    if math.isfinite(effort_limit):
        solver.parameters.max_deterministic_time = effort_limit
    status = solve_model(solver, model, stop=stop)
    # Every interval and move of a plan is rounded by up to a half.
    rounding = 0.5 * (network.items + network.crews) * (network.slots + 1)
    bound = (solver.best_objective_bound - rounding) / scale
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None, bound if status == cp_model.UNKNOWN else -math.inf
    return plan_of(network, _paths_taken(network, paths, solver), problem), bound


def _hint(
    model: Any, network: Network, paths: list[list[tuple[int, int, Any]]], plan: Plan
) -> None:
    """Tell the model which moves a known plan makes."""
    start = best_of_plan(network, plan)
    for crew, moves in enumerate(paths):
        size = int(start.path_len[crew])
        taken = set(zip(start.path_arc[crew, :size], start.path_time[crew, :size], strict=True))
        for arc, t, var in moves:
            if arc >= 0:
                model.add_hint(var, (arc, t) in taken)


def _paths_taken(network: Network, paths: list[list[tuple[int, int, Any]]], solver: Any) -> Best:
    """Return the moves that the solver chose."""
    nights = empty_nights(network, 0)
    for crew, moves in enumerate(paths):
        taken = sorted((t, arc) for arc, t, var in moves if arc >= 0 and solver.value(var))
        nights.path_len[crew] = len(taken)
        for index, (t, arc) in enumerate(taken):
            nights.path_arc[crew, index], nights.path_time[crew, index] = arc, t
    return best_of_nights(nights, 0.0)


def _crew(  # noqa: C901 - one constraint after another; splitting would hide the flow
    model: Any,
    network: Network,
    crew: int,
    made: dict[tuple[int, int], list[tuple[int, Any]]],
    costs: list[Any],
    scale: float,
) -> list[tuple[int, int, Any]]:
    """Add one crew's path to the model; return (arc or −1, moment, variable) of its moves."""
    begin, until = int(network.crew_from[crew]), int(network.crew_until[crew])
    goal, duty = int(network.crew_goal[crew]), int(network.crew_duty[crew])
    reach = reachable(network, np.array([crew]), until)
    back = returning(network, goal, until)
    out: dict[tuple[int, int], list[Any]] = {}
    into: dict[tuple[int, int], list[Any]] = {}
    moves: list[tuple[int, int, Any]] = []
    # A crew that cannot end where it must, or need not work, stays idle.
    idle = model.new_bool_var("")
    starts = {s: model.new_bool_var("") for s in range(begin, until - duty + 1)} if duty else {}
    if starts:
        model.add_exactly_one(starts.values())
    for t in range(begin, until):
        for state in np.flatnonzero(reach[t] & back[t]).tolist():
            for arc, to, end in _options(network, back, state, t, until):
                var = model.new_bool_var("")
                moves.append((arc, t, var))
                out.setdefault((t, state), []).append(var)
                into.setdefault((end, to), []).append(var)
                if arc < 0:
                    continue
                costs.append(round(float(network.arc_cost[arc]) * scale) * var)
                if starts:
                    model.add(
                        sum(v for s, v in starts.items() if s <= t and end <= s + duty) >= var
                    )
                if network.arc_pair[arc] >= 0 and end < network.slots:
                    rank, item = divmod(int(network.arc_pair[arc]), network.items)
                    made.setdefault((item, end), []).append((rank, var))
    source = (begin, int(network.crew_state[crew]))
    for node in {*out, *into, source}:
        enters = sum(into.get(node, [])) + (1 - idle if node == source else 0)
        if node[0] < until:
            model.add(sum(out.get(node, [])) == enters)
        elif not network.goal[goal, node[1]]:
            model.add(enters == 0)
    return moves


def _options(
    network: Network, back: npt.NDArray[np.bool_], state: int, t: int, until: int
) -> list[tuple[int, int, int]]:
    """Return (arc or −1 for a wait, state, moment) of all a crew may do next."""
    options = [(-1, state, t + 1)] if back[t + 1, state] else []
    for arc in range(int(network.first[state]), int(network.first[state + 1])):
        end = t + int(network.arc_slots[arc])
        opened = network.arc_opens[arc] <= t < network.arc_closes[arc]
        if end <= until and opened and back[end, network.arc_to[arc]]:
            options.append((arc, int(network.arc_to[arc]), end))
    return options


def _item(
    model: Any,
    network: Network,
    item: int,
    made: dict[tuple[int, int], list[tuple[int, Any]]],
    costs: list[Any],
    scale: float,
) -> None:
    """Add one item's night to the model: every pass made is a stop of it, and only those."""
    slots = network.slots
    stops = [0, *sorted(t for j, t in made if j == item), slots]
    out: dict[int, list[Any]] = {t: [] for t in stops}
    into: dict[int, list[tuple[int, Any]]] = {t: [] for t in stops}
    for i, before in enumerate(stops[:-1]):
        for after in stops[i + 1 :]:
            var = model.new_bool_var("")
            out[before].append(var)
            into[after].append((before, var))
            costs.append(round(float(network.cost[item, before, after]) * scale) * var)
    model.add_exactly_one(out[0])
    for t in stops[1:-1]:
        arrives = sum(var for _, var in into[t])
        model.add(sum(out[t]) == arrives)
        model.add(arrives <= sum(var for _, var in made[item, t]))
        for rank, passing in made[item, t]:
            shallow = [var for before, var in into[t] if before >= network.since[rank, item, t]]
            model.add(sum(shallow) >= passing)
