"""A baseline on OR-Tools Routing: passes with deadlines, dropped at a penalty."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from roadplan.winter.plan import Plan
from roadplan.winter.problem import Problem
from roadplan.winter.solve.dispatch import Dispatch, shortest_ways
from roadplan.winter.solve.network import Network
from roadplan.winter.solve.result import Budget

WANTED_SHARE = 0.7
"""Passes asked for, as a share of the slots that the crews have."""

LONGEST_S = 20.0
"""Most seconds for Routing where no time limit says otherwise."""


@dataclass(frozen=True)
class Task:
    """One pass that is due: its item, when it may be done, and what leaving it out costs."""

    item: int
    earliest: int
    latest: int
    penalty: int


def routing(problem: Problem, network: Network, budget: Budget, *, seed: int) -> Plan:
    """Let OR-Tools Routing visit passes with deadlines, as a good engineer would try first.

    A pass of an item is due whenever its waiting since the one before has cost a certain amount,
    the same for all items and such that the crews could just about keep up. Refills, which
    Routing does not see, are made when a load is empty.
    """
    tasks = due_passes(network)
    dispatch = Dispatch(network, shortest_ways(network))
    if tasks:
        seconds = min(LONGEST_S, budget.left_s)
        routes = _routes(network, dispatch, tasks, seconds)
        _drive(network, dispatch, tasks, routes)
    return dispatch.finish(problem)


def due_passes(network: Network) -> list[Task]:
    """Return the passes that are due, as many as the crews could about make."""
    window = (network.crew_until - network.crew_from).sum()
    most = max(1, int(WANTED_SHARE * window))
    low, high = 0.0, float(network.cost.max(initial=1.0))
    for _ in range(40):
        middle = math.sqrt(max(low, 1e-6) * high)
        if len(_due(network, middle)) > most:
            low = middle
        else:
            high = middle
    return _due(network, high)


def _due(network: Network, limit: float) -> list[Task]:
    tasks = []
    for item in range(network.items):
        last = 0
        while True:
            late = np.flatnonzero(network.cost[item, last, last + 1 :] >= limit)
            if not late.size:
                break
            latest = last + 1 + int(late[0])
            if latest >= network.slots:
                break
            table = network.cost[item]
            saved = table[last, -1] - table[last, latest] - table[latest, -1]
            penalty = int(min(1e9, max(1.0, 10 * saved)))
            tasks.append(Task(item, last + (latest - last + 1) // 2, latest, penalty))
            last = latest
    return tasks


def _routes(
    network: Network, dispatch: Dispatch, tasks: list[Task], seconds: float
) -> list[list[int]]:
    """Return the tasks of each crew in their order."""
    from ortools.constraint_solver import pywrapcp, routing_enums_pb2

    crews, count = network.crews, len(tasks)
    # Nodes of Routing: tasks, then one start for each crew, then one common end.
    starts = [count + crew for crew in range(crews)]
    end = count + crews
    manager = pywrapcp.RoutingIndexManager(count + crews + 1, crews, starts, [end] * crews)
    model = pywrapcp.RoutingModel(manager)
    tables = {
        int(k): model.RegisterTransitMatrix(_slots_between_tasks(network, dispatch, tasks, int(k)))
        for k in np.unique(network.crew_class)
    }
    callbacks = [tables[int(k)] for k in network.crew_class]
    for crew, callback in enumerate(callbacks):
        model.SetArcCostEvaluatorOfVehicle(callback, crew)
    horizon = network.slots
    model.AddDimensionWithVehicleTransits(callbacks, horizon, horizon, False, "time")
    time = model.GetDimensionOrDie("time")
    for number, task in enumerate(tasks):
        index = manager.NodeToIndex(number)
        time.CumulVar(index).SetRange(task.earliest, task.latest)
        model.AddDisjunction([index], task.penalty)
    for crew in range(crews):
        begin, until = int(network.crew_from[crew]), dispatch.until(crew)
        time.CumulVar(model.Start(crew)).SetRange(begin, max(begin, until))
        time.CumulVar(model.End(crew)).SetRange(begin, max(begin, until))
    parameters = pywrapcp.DefaultRoutingSearchParameters()
    parameters.first_solution_strategy = (
        routing_enums_pb2.FirstSolutionStrategy.PARALLEL_CHEAPEST_INSERTION
    )
    parameters.local_search_metaheuristic = (
        routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    )
    parameters.time_limit.FromMilliseconds(max(100, int(1000 * seconds)))
    found = model.SolveWithParameters(parameters)
    if found is None:
        return [[] for _ in range(crews)]
    routes = []
    for crew in range(crews):
        index, route = found.Value(model.NextVar(model.Start(crew))), []
        while not model.IsEnd(index):
            route.append(manager.IndexToNode(index))
            index = found.Value(model.NextVar(index))
        routes.append(route)
    return routes


def _slots_between_tasks(
    network: Network, dispatch: Dispatch, tasks: list[Task], k: int
) -> list[list[int]]:
    """Return slots from the end of one node of Routing to the end of another, for one class."""
    count, crews = len(tasks), network.crews
    far = 10 * network.slots
    own = network.state_class[dispatch.leaving] == k
    arcs: dict[int, int] = {}
    for arc in np.flatnonzero((network.arc_item >= 0) & own):
        arcs.setdefault(int(network.arc_item[arc]), int(arc))
    table = np.full((count + crews + 1, count + crews + 1), far, dtype=np.int64)
    table[count:, -1] = 0
    known = [number for number, task in enumerate(tasks) if task.item in arcs]
    taken = np.array([arcs[tasks[number].item] for number in known], dtype=np.int64)
    if known:
        tail, head = dispatch.leaving[taken], network.arc_to[taken]
        work = network.arc_slots[taken]
        table[np.ix_(known, known)] = dispatch.ways.slots[np.ix_(head, tail)] + work[None]
        for crew in np.flatnonzero(network.crew_class == k):
            away = dispatch.ways.slots[network.crew_state[crew], tail]
            table[count + crew, known] = away + work
        table[known, -1] = 0
    rows: list[list[int]] = np.minimum(table, far).tolist()
    return rows


def _drive(
    network: Network, dispatch: Dispatch, tasks: list[Task], routes: list[list[int]]
) -> None:
    """Carry out the routes, all crews in the order of their deadlines."""
    now = [int(moment) for moment in network.crew_from]
    queue = sorted(
        (tasks[number].latest, crew, place)
        for crew, route in enumerate(routes)
        for place, number in enumerate(route)
    )
    for _latest, crew, place in queue:
        task = tasks[routes[crew][place]]
        options = [t for t in dispatch.tasks(crew, now[crew]) if network.arc_item[t[0]] == task.item]
        if not options and dispatch.refill.size:
            done = dispatch.refill_somewhere(crew, now[crew])
            if done is not None:
                now[crew] = done
                ready = dispatch.tasks(crew, done)
                options = [t for t in ready if network.arc_item[t[0]] == task.item]
        if options:
            arc = min(options, key=lambda option: option[1])[0]
            begin = max(now[crew], task.earliest - int(network.arc_slots[arc]))
            away = int(dispatch.ways.slots[dispatch.state[crew], dispatch.leaving[arc]])
            done = dispatch.go(crew, arc, max(now[crew], begin - away))
            if done is not None:
                now[crew] = done
