"""Baselines: what one would do without the search."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from roadplan.winter.plan import Plan, idle_plan
from roadplan.winter.problem import Problem
from roadplan.winter.solve.dispatch import Dispatch, send_by_rule, shortest_ways
from roadplan.winter.solve.network import Network
from roadplan.winter.solve.result import Budget

Ints = npt.NDArray[np.int64]

NEARBY_SLOTS = 3
"""How far a crew looks for the deepest snow."""


def register_all() -> None:
    """Add the baselines of this package to the solvers; does nothing the second time."""
    from roadplan.winter.solve.exact import exact
    from roadplan.winter.solve.interface import register
    from roadplan.winter.solve.routing import routing

    register("nothing", nothing)
    register("beats", beats)
    register("deepest", deepest)
    register("routing", routing)
    register("exact", exact)


def nothing(problem: Problem, network: Network, budget: Budget, *, seed: int) -> Plan:
    """Leave all crews where they are."""
    return idle_plan(problem)


def deepest(problem: Problem, network: Network, budget: Budget, *, seed: int) -> Plan:
    """Send each crew to where the snow nearby is deepest.

    The problem holds costs, not depths; the cost of the coming slot stands for the depth, as it
    rises with it.
    """

    def choose(
        dispatch: Dispatch, crew: int, now: int, tasks: list[tuple[int, int, int]]
    ) -> int | None:
        near = [i for i, task in enumerate(tasks) if task[1] - now <= NEARBY_SLOTS]
        near = near or [min(range(len(tasks)), key=lambda i: tasks[i][1])]
        depth = [_depth(dispatch, tasks[i], now) for i in near]
        best = int(np.argmax(depth))
        return near[best] if depth[best] > 0 else None

    return send_by_rule(problem, network, choose, budget.over)


def _depth(dispatch: Dispatch, task: tuple[int, int, int], now: int) -> float:
    """Return the cost of the slot before the pass, nearer tasks first among equals."""
    arc, begin, done = task
    network = dispatch.network
    item = int(network.arc_item[arc])
    if done in dispatch.passes[item]:
        return 0.0
    last = dispatch.last_pass(item, done)
    slot_cost = network.cost[item, last, done] - network.cost[item, last, done - 1]
    return float(slot_cost) * (1 - 1e-6 * (begin - now))


def beats(problem: Problem, network: Network, budget: Budget, *, seed: int) -> Plan:
    """Give each crew an equal, fixed beat in which it goes round.

    The items are put in an order along the roads and cut into runs of equal length; crews take
    runs so that they have the least way in all (OR-Tools linear sum assignment). In its beat a
    crew goes to the item that has waited longest for its distance.
    """
    home = _assign(problem, network)

    def choose(
        dispatch: Dispatch, crew: int, now: int, tasks: list[tuple[int, int, int]]
    ) -> int | None:
        mine = [i for i, task in enumerate(tasks) if home[network.arc_item[task[0]]] == crew]
        if not mine:
            return None

        def urgency(i: int) -> float:
            arc, begin, done = tasks[i]
            waited = done - dispatch.last_pass(int(network.arc_item[arc]), done)
            return waited - 2.0 * (begin - now)

        return max(mine, key=urgency)

    return send_by_rule(problem, network, choose, budget.over)


def _assign(problem: Problem, network: Network) -> Ints:
    """Return the crew of each item."""
    from ortools.graph.python import linear_sum_assignment

    order = _along_roads(problem)
    runs = np.array_split(order, network.crews)
    away = shortest_ways(network).slots
    solver = linear_sum_assignment.SimpleLinearSumAssignment()
    for crew in range(network.crews):
        mine = network.state_class == network.crew_class[crew]
        for number, run in enumerate(runs):
            starts = np.isin(network.state_node, problem.item_from[run]) & mine
            cost = away[network.crew_state[crew], starts].min(initial=10_000)
            solver.add_arc_with_cost(crew, number, int(cost))
    home = np.full(network.items, -1, dtype=np.int64)
    if solver.solve() == solver.OPTIMAL:
        for crew in range(network.crews):
            home[runs[solver.right_mate(crew)]] = crew
    return home


def _along_roads(problem: Problem) -> Ints:
    """Return the items in the order of a walk along the roads, opposite ones together."""
    nodes = len(problem.node_name)
    leaving: list[list[int]] = [[] for _ in range(nodes)]
    for item in range(problem.items):
        leaving[problem.item_from[item]].append(item)
        leaving[problem.item_to[item]].append(item)
    degree = np.array([len(each) for each in leaving])
    seen = np.zeros(problem.items, dtype=bool)
    visited = np.zeros(nodes, dtype=bool)
    order: list[int] = []
    # Beginning at the ends of roads keeps a line in one piece.
    for root in np.argsort(degree, kind="stable"):
        stack = [int(root)]
        while stack:
            node = stack.pop()
            if visited[node]:
                continue
            visited[node] = True
            for item in leaving[node]:
                if not seen[item]:
                    seen[item] = True
                    order.append(item)
                ends = (int(problem.item_from[item]), int(problem.item_to[item]))
                stack += [end for end in ends if not visited[end]]
    return np.array(order, dtype=np.int64)
