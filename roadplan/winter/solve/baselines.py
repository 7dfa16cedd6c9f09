"""What a plan is compared with: nothing, beats, the nearest deep snow, OR-Tools Routing."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from roadplan.winter.plan import Plan, idle_plan
from roadplan.winter.problem import Problem
from roadplan.winter.solve.dispatch import NEVER, CrewState, Dispatcher, Trip, run
from roadplan.winter.solve.network import Network
from roadplan.winter.solve.result import Budget

REACH_SLOTS = 4
"""How far a crew of the rule `nearest` looks for deep snow before it takes what is nearest."""

BLOCK_HOURS = 4.0
"""How often the routing baseline means to clear every item: the limit for roads of category I."""

_PENALTY_UNITS = 1_000_000


def register_all() -> None:
    """Add the baselines to those that :func:`roadplan.winter.solve.solve` knows."""
    from roadplan.winter.solve.interface import register
    from roadplan.winter.solve.posture_beats import posture

    for name, baseline in (
        ("nothing", nothing),
        ("beats", fixed_beats),
        ("posture", posture),
        ("nearest", nearest_snow),
        ("routing", routing),
    ):
        register(name, baseline)


def nothing(problem: Problem, network: Network, budget: Budget, *, seed: int) -> Plan:  # noqa: ARG001 - one interface
    """Return the plan in which nobody moves."""
    return idle_plan(problem)


def fixed_beats(problem: Problem, network: Network, budget: Budget, *, seed: int) -> Plan:  # noqa: ARG001
    """Return equal fixed beats: each crew goes round and round on its share of the road.

    The items stand in road order, both carriageways of a stretch together, and the crews by where
    they start; each crew gets a contiguous share that takes it as long as any other. It clears one
    carriageway on the way out and the other on the way back, whatever the storm does.
    """
    dispatcher = Dispatcher(problem)
    crews = dispatcher.crews()
    rounds = {crew.index: _round(problem, share) for crew, share in _shares(dispatcher, crews)}
    return go_round(dispatcher, crews, rounds, budget.over)


def go_round(
    dispatcher: Dispatcher,
    crews: list[CrewState],
    rounds: Mapping[int, list[int]],
    over: Callable[[], bool],
) -> Plan:
    """Return the plan of crews that go round and round, whatever the storm does.

    Parameters
    ----------
    dispatcher, crews
        The problem and its crews.
    rounds
        Number of the crew → items in the order of one round, begun where it is nearest; crews
        that are not here stay.
    over
        Whether to stop.
    """
    turn: dict[int, int] = {}

    def choose(crew: CrewState) -> Trip | None:
        items = rounds.get(crew.index)
        if not items:
            return None
        if crew.index not in turn:
            turn[crew.index] = _nearest_on(dispatcher, crew, items)
        # An item that cannot be passed now (too deep, closed) is left out of this round.
        for _ in items:
            item = items[turn[crew.index] % len(items)]
            turn[crew.index] += 1
            trip = dispatcher.trip(crew, item)
            if trip is not None:
                return trip
        return None

    return run(dispatcher, crews, choose, over)


def _shares(dispatcher: Dispatcher, crews: list[CrewState]) -> list[tuple[CrewState, list[int]]]:
    """Return each crew with its contiguous share of the items."""
    p = dispatcher.problem
    stretches: dict[tuple[str, float, float], list[int]] = {}
    for item in range(p.items):
        ends = p.node_station_m[[p.item_from[item], p.item_to[item]]]
        route = str(p.node_route[p.item_from[item]])
        stretches.setdefault((route, float(ends.min()), float(ends.max())), []).append(item)
    road = [stretches[key] for key in sorted(stretches)]

    def place(crew: CrewState) -> tuple[str, float]:
        return str(p.node_route[crew.node]), float(p.node_station_m[crew.node])

    able = [crew for crew in crews if dispatcher.items_of(int(p.crew_class[crew.index]))]
    able.sort(key=place)
    pace = [_pace(dispatcher, crew) for crew in able]
    limits = np.cumsum(pace) / sum(pace) * len(road) if able else np.zeros(0)
    begin, shares = 0, []
    for crew, limit in zip(able, limits, strict=True):
        end = round(float(limit))
        shares.append((crew, [item for group in road[begin:end] for item in group]))
        begin = end
    return [*shares, *((crew, []) for crew in crews if crew not in able)]


def _pace(dispatcher: Dispatcher, crew: CrewState) -> float:
    """Return how many items a crew clears in a slot, on average."""
    kind = int(dispatcher.problem.crew_class[crew.index])
    return 1 / float(
        np.mean([dispatcher.pass_slots(kind, item) for item in dispatcher.items_of(kind)])
    )


def _round(problem: Problem, items: list[int]) -> list[int]:
    """Return items in the order of one round: out on one carriageway, back on the other."""

    def begin(item: int) -> tuple[str, float]:
        node = problem.item_from[item]
        return str(problem.node_route[node]), float(problem.node_station_m[node])

    stations = problem.node_station_m
    out = [i for i in items if stations[problem.item_to[i]] >= stations[problem.item_from[i]]]
    back = [i for i in items if i not in set(out)]
    return [*sorted(out, key=begin), *sorted(back, key=begin, reverse=True)]


def _nearest_on(dispatcher: Dispatcher, crew: CrewState, items: list[int]) -> int:
    p = dispatcher.problem
    kind = int(p.crew_class[crew.index])
    reach = [
        dispatcher.arrival(kind, crew.node, crew.slot, int(p.item_from[item])) for item in items
    ]
    return int(np.argmin(reach))


def nearest_snow(problem: Problem, network: Network, budget: Budget, *, seed: int) -> Plan:  # noqa: ARG001
    """Return the plan of crews that each go to the deepest snow nearby.

    Among the items that a crew can clear within two hours it takes the one whose wait since its
    last pass is the most costly, which stands for the deepest snow, since a problem holds what
    snow costs and not its depth; where none costs anything, it stays.
    """
    dispatcher = Dispatcher(problem)
    crews = dispatcher.crews()
    heading: dict[int, int] = {}

    def choose(crew: CrewState) -> Trip | None:
        kind = int(problem.crew_class[crew.index])
        best: tuple[float, Trip] | None = None
        nearest: tuple[int, Trip] | None = None
        for item in dispatcher.items_of(kind):
            # Two crews do not head for one item at the same time.
            if heading.get(item, 0) > crew.slot:
                continue
            reach = dispatcher.arrival(kind, crew.node, crew.slot, int(problem.item_from[item]))
            if reach >= NEVER or (best is not None and reach - crew.slot > REACH_SLOTS):
                continue
            trip = dispatcher.trip(crew, item)
            if trip is None:
                continue
            since = max((m for m in dispatcher.passes[item] if m < trip.moment), default=0)
            cost = float(problem.cost[item, since, trip.moment])
            if cost <= 0:
                continue
            if reach - crew.slot <= REACH_SLOTS and (best is None or cost > best[0]):
                best = cost, trip
            if nearest is None or trip.moment < nearest[0]:
                nearest = trip.moment, trip
        if best is None and nearest is None:
            return None
        chosen = best[1] if best is not None else nearest[1]  # type: ignore[index] # not both None
        heading[chosen.item] = chosen.moment
        return chosen

    return run(dispatcher, crews, choose, budget.over)


def routing(problem: Problem, network: Network, budget: Budget, *, seed: int) -> Plan:  # noqa: ARG001
    """Return the plan of OR-Tools Routing with a deadline for every visit.

    The horizon is cut into blocks of four hours; every item may be visited once a block, and a
    visit left out costs what the item's wait over the block costs. Routing knows no snow, so a
    visit that would meet more than a class moves is dropped when the routes are driven.
    """
    dispatcher = Dispatcher(problem)
    crews = dispatcher.crews()
    if not crews or not problem.items:
        return idle_plan(problem)
    blocks = _blocks(problem)
    visits = [(item, block) for block in blocks for item in range(problem.items)]
    orders = _routes(dispatcher, crews, visits, budget)
    turn = dict.fromkeys(orders, 0)
    crews = dispatcher.crews()

    def choose(crew: CrewState) -> Trip | None:
        order = orders[crew.index]
        while turn[crew.index] < len(order):
            item, (begin, _) = order[turn[crew.index]]
            if crew.slot < begin - 2 * REACH_SLOTS:
                return None
            turn[crew.index] += 1
            trip = dispatcher.trip(crew, item)
            if trip is not None:
                return trip
        return None

    return run(dispatcher, crews, choose, lambda: False)


def _blocks(problem: Problem) -> list[tuple[int, int]]:
    count = max(1, round(problem.slots * problem.slot_minutes / 60 / BLOCK_HOURS))
    borders = np.linspace(0, problem.slots, count + 1).round().astype(int)
    return [(int(a), int(b)) for a, b in itertools.pairwise(borders)]


def _routes(
    dispatcher: Dispatcher,
    crews: list[CrewState],
    visits: list[tuple[int, tuple[int, int]]],
    budget: Budget,
) -> dict[int, list[tuple[int, tuple[int, int]]]]:
    """Return the visits of each crew in order."""
    from ortools.constraint_solver import pywrapcp, routing_enums_pb2

    p = dispatcher.problem
    count = len(visits)
    # Every crew starts at a place of its own and may end anywhere: a common end costs nothing.
    starts = [count + number for number in range(len(crews))]
    end = count + len(crews)
    manager = pywrapcp.RoutingIndexManager(end + 1, len(crews), starts, [end] * len(crews))
    model = pywrapcp.RoutingModel(manager)
    transits = {
        kind: _transit_index(dispatcher, model, kind, visits, crews)
        for kind in {int(p.crew_class[crew.index]) for crew in crews}
    }
    kinds = [int(p.crew_class[crew.index]) for crew in crews]
    model.AddDimensionWithVehicleTransits(
        [transits[kind] for kind in kinds], p.slots, p.slots, False, "time"
    )
    clock = model.GetDimensionOrDie("time")
    for number, crew in enumerate(crews):
        model.SetArcCostEvaluatorOfVehicle(transits[kinds[number]], number)
        clock.CumulVar(model.Start(number)).SetRange(crew.slot, p.slots)
        until = max(crew.slot, min(p.slots, int(p.crew_until[crew.index])))
        clock.CumulVar(model.End(number)).SetRange(crew.slot, until)
    costs = np.array([float(p.cost[item, a, b]) for item, (a, b) in visits])
    scale = _PENALTY_UNITS / max(float(costs.max(initial=0.0)), 1e-9)
    able = {kind: set(dispatcher.items_of(kind)) for kind in transits}
    for number, (item, (begin, until)) in enumerate(visits):
        index = manager.NodeToIndex(number)
        clock.CumulVar(index).SetRange(begin, until)
        model.AddDisjunction([index], 1 + math.floor(scale * costs[number]))
        fit = [number for number, kind in enumerate(kinds) if item in able[kind]]
        if not fit:
            model.solver().Add(model.ActiveVar(index) == 0)
        elif len(fit) < len(crews):
            model.SetAllowedVehiclesForIndex(fit, index)
    settings = pywrapcp.DefaultRoutingSearchParameters()
    settings.first_solution_strategy = (
        routing_enums_pb2.FirstSolutionStrategy.PARALLEL_CHEAPEST_INSERTION
    )
    settings.local_search_metaheuristic = (
        routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    )
    left_s = budget.left_s if math.isfinite(budget.left_s) else 60.0
    settings.time_limit.FromMilliseconds(max(1000, math.floor(1000 * left_s)))
    solution = model.SolveWithParameters(settings)
    orders: dict[int, list[tuple[int, tuple[int, int]]]] = {crew.index: [] for crew in crews}
    if solution is None:
        return orders
    for number, crew in enumerate(crews):
        index = solution.Value(model.NextVar(model.Start(number)))
        while not model.IsEnd(index):
            orders[crew.index].append(visits[manager.IndexToNode(index)])
            index = solution.Value(model.NextVar(index))
    return orders


def _transit_index(
    dispatcher: Dispatcher,
    model: Any,
    kind: int,
    visits: list[tuple[int, tuple[int, int]]],
    crews: list[CrewState],
) -> int:
    """Register the slots from one visit to the next for a class: its pass, then the way."""
    p = dispatcher.problem
    able = set(dispatcher.items_of(kind))
    nodes = [int(p.item_from[item]) for item, _ in visits]
    leaves = [int(p.item_to[item]) for item, _ in visits] + [crew.node for crew in crews]
    passes = [dispatcher.pass_slots(kind, i) if i in able else p.slots for i, _ in visits]
    passes += [0] * len(crews)
    far = p.slots
    reach = {
        node: [min(far, dispatcher.arrival(kind, node, 0, to)) for to in range(len(p.node_name))]
        for node in sorted(set(leaves))
    }
    matrix = np.zeros((len(leaves) + 1, len(leaves) + 1), dtype=np.int64)
    ways = np.array([reach[node] for node in leaves])[:, nodes]
    matrix[: len(leaves), : len(nodes)] = np.array(passes)[:, None] + ways
    matrix[: len(leaves), -1] = passes
    return int(model.RegisterTransitMatrix(matrix.tolist()))
