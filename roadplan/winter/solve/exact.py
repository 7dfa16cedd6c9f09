"""The whole problem in CP-SAT: proves optima of small problems."""

from __future__ import annotations

import math
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
from roadplan.winter.solve.search import plan_of
from roadplan.winter.solve.search_kernels import Best

MOST_VARIABLES = 60_000
"""Beyond this many variables CP-SAT finds no plan in reasonable time."""

RESOLUTION = 1e9
"""The objective is rounded to whole numbers up to about this."""


def exact(problem: Problem, network: Network, budget: Budget, *, seed: int) -> Plan:
    """Solve a small problem to the end with CP-SAT.

    Raises
    ------
    RoadplanError
        When the problem is too large, or no plan is found in the time.
    """
    from ortools.sat.python import cp_model

    intervals = network.items * network.slots * (network.slots + 1) // 2
    if intervals + network.crews * network.arc_to.size * network.slots > MOST_VARIABLES:
        raise RoadplanError("the problem is too large for the exact solver; use 'search'")
    model = cp_model.CpModel()
    scale = RESOLUTION / max(1.0, problem.uncleared_cost)
    costs: list[Any] = []
    made: dict[tuple[int, int], list[tuple[int, Any]]] = {}
    paths = [_crew(model, network, crew, made, costs, scale) for crew in range(network.crews)]
    for item in range(network.items):
        _item(model, network, item, made, costs, scale)
    model.minimize(sum(costs))
    solver = cp_model.CpSolver()
    solver.parameters.random_seed = seed
    solver.parameters.num_workers = 1
    if math.isfinite(budget.left_s):
        solver.parameters.max_time_in_seconds = budget.left_s
    status = solve_model(solver, model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        raise RoadplanError("CP-SAT found no plan in the time given")
    nights = empty_nights(network, 0)
    for crew, moves in enumerate(paths):
        taken = sorted((t, arc) for arc, t, var in moves if arc >= 0 and solver.value(var))
        nights.path_len[crew] = len(taken)
        for index, (t, arc) in enumerate(taken):
            nights.path_arc[crew, index], nights.path_time[crew, index] = arc, t
    best = Best(
        nights.path_arc,
        nights.path_time,
        nights.path_len,
        nights.shift_from,
        nights.shift_until,
        np.zeros(1),
    )
    return plan_of(network, best, problem)


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
