"""Proven bounds: price ascent first, then the linear relaxation over the columns that matter.

The linear relaxation and the best prices have the same value (Geoffrion 1974), so its duals are
prices; whatever a floating-point solver returned, the bound reported is the one that our own
evaluation of those prices proves. That lets the relaxation be solved over few columns: those
whose reduced cost at good prices is small.
"""

from __future__ import annotations

import datetime
import logging
import math
from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from roadplan.winter.solve.linear import (
    WAIT,
    FlowModel,
    Variables,
    assemble,
    crew_columns,
    crew_groups,
    item_intervals,
)
from roadplan.winter.solve.network import Network
from roadplan.winter.solve.prices import PriceBoard, ascend

_log = logging.getLogger(__name__)

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

COOLING: Final = ((0.2, 150), (0.06, 150), (0.02, 200), (0.006, 300))
"""Temperatures of the ascent, as shares of the cost of one pass, and steps at each."""

WORTH_KEEPING: Final = 60.0
"""Columns whose reduced cost is at most this many last temperatures enter the relaxation."""


def first_prices(board: PriceBoard, pass_cost: float) -> Floats:
    """Return equal prices on all passes to begin the ascent with."""
    price = np.full(board.shape, 0.7 * pass_cost)
    price[:, 0] = price[:, -1] = 0.0
    return price


def prove(
    network: Network,
    *,
    pass_cost: float,
    report: Callable[[float, Floats], None],
    over: Callable[[], bool],
    left_s: Callable[[], float],
) -> None:
    """Prove better and better bounds, reporting each with its prices, until done or over.

    Parameters
    ----------
    network
        The compiled problem.
    pass_cost
        Cost of a plan a pass, veh·h: the scale of prices.
    report
        Called with each bound and its prices.
    over, left_s
        Whether to stop, and the seconds left.
    """
    board = PriceBoard(network)
    # Without prices every pass is free: a weak bound, but one that holds from the first moment.
    price = np.zeros(board.shape)
    report(board.evaluate(price).bound, price)
    price = first_prices(board, pass_cost)
    report(board.evaluate(price).bound, price)
    for heat, steps in COOLING:
        for _ in range(0, steps, 50):
            if over():
                return
            price = ascend(board, price, heats=((heat * pass_cost, 50),))
            report(board.evaluate(price).bound, price)
    reach = WORTH_KEEPING * COOLING[-1][0] * pass_cost
    for _ in range(3):
        if over():
            return
        before = board.evaluate(price).bound
        found, optimum = improve_by_relaxation(board, price, reach=reach, time_limit_s=left_s())
        if found is None:
            return
        value = board.evaluate(found).bound
        _log.debug("relaxation %.3f, proven %.3f, before %.3f", optimum, value, before)
        if value > before:
            price = found
            report(value, price)
        if optimum - value <= 1e-4 * abs(optimum):
            return
        reach *= 2.0


def improve_by_relaxation(
    board: PriceBoard, price: Floats, *, reach: float, time_limit_s: float
) -> tuple[Floats | None, float]:
    """Solve the relaxation over the columns within reach and return its duals as prices.

    Parameters
    ----------
    board
        Evaluates.
    price
        Good prices, shape (R · J, T + 1).
    reach
        Largest reduced cost of a column that enters, veh·h.
    time_limit_s
        For the interior point method of HiGHS.

    Returns
    -------
    prices, optimum
        None and minus infinity when it was not solved in time; the optimum over the columns
        is no bound by itself.
    """
    network = board.network
    every = Variables(*item_intervals(network), *crew_columns(network))
    y = interval_reduced_costs(network, every, price) <= reach
    x = crew_reduced_costs(network, every, price) <= reach
    kept = Variables(
        every.y_item[y],
        every.y_rank[y],
        every.y_before[y],
        every.y_after[y],
        every.x_arc[x],
        every.x_state[x],
        every.x_time[x],
        every.x_group[x],
    )
    model = assemble(network, kept, whole=False)
    duals, optimum = _interior_point(model, time_limit_s)
    if duals is None:
        return None, -math.inf
    found = np.maximum(0.0, -duals[model.coupling_first :].reshape(board.shape))
    found[:, 0] = found[:, -1] = 0.0
    wanted, made = _touched(network, kept, board.shape)
    # Where one side has no column the dual is free in one direction: stay near the old price.
    found = np.where(wanted & made, found, price)
    return found, optimum


def _touched(
    network: Network, variables: Variables, shape: tuple[int, int]
) -> tuple[Mask, Mask]:
    """Return which passes some interval column wants and some crew column makes."""
    wanted = np.zeros(shape, dtype=bool)
    made = np.zeros(shape, dtype=bool)
    buys = variables.y_rank >= 0
    pair = variables.y_rank[buys] * network.items + variables.y_item[buys]
    wanted[pair, variables.y_after[buys]] = True
    moves = variables.x_arc != WAIT
    arc = variables.x_arc[moves]
    sold = network.arc_pair[arc]
    end = variables.x_time[moves] + network.arc_slots[arc]
    made[sold[sold >= 0], end[sold >= 0]] = True
    return wanted, made


def _interior_point(model: FlowModel, time_limit_s: float) -> tuple[Floats | None, float]:
    from ortools.math_opt.python import mathopt

    parameters = mathopt.SolveParameters(lp_algorithm=mathopt.LPAlgorithm.BARRIER)
    if math.isfinite(time_limit_s):
        parameters.time_limit = datetime.timedelta(seconds=max(0.1, time_limit_s))
    parameters.highs.string_options["run_crossover"] = "off"
    linear = mathopt.Model.from_model_proto(model.proto)
    result = mathopt.solve(linear, mathopt.SolverType.HIGHS, params=parameters)
    if result.termination.reason != mathopt.TerminationReason.OPTIMAL or not result.solutions:
        return None, -math.inf
    dual = result.solutions[0].dual_solution
    if dual is None:
        return None, -math.inf
    duals = np.zeros(len(model.proto.linear_constraints.ids))
    for row, value in dual.dual_values.items():
        duals[row.id] = value
    return duals, float(result.termination.objective_bounds.primal_bound)


def interval_reduced_costs(network: Network, variables: Variables, price: Floats) -> Floats:
    """Return how much dearer an item's night gets when it has to use each interval."""
    v = variables
    slots = network.slots
    pair = np.maximum(v.y_rank, 0) * network.items + v.y_item
    paid = np.where(v.y_rank >= 0, price[pair, v.y_after], 0.0)
    total = network.cost[v.y_item, v.y_before, v.y_after] + paid
    cheapest = np.full((network.items, slots + 1, slots + 1), np.inf)
    for rank in np.unique(v.y_rank):
        mine = v.y_rank == rank
        where = (v.y_item[mine], v.y_before[mine], v.y_after[mine])
        cheapest[where] = np.minimum(cheapest[where], total[mine])
    up_to = np.full((network.items, slots + 1), np.inf)
    onward = up_to.copy()
    up_to[:, 0] = 0.0
    onward[:, slots] = 0.0
    for t in range(1, slots + 1):
        up_to[:, t] = (up_to[:, :t] + cheapest[:, :t, t]).min(axis=1)
    for t in range(slots - 1, -1, -1):
        onward[:, t] = (onward[:, t + 1 :] + cheapest[:, t, t + 1 :]).min(axis=1)
    through = up_to[v.y_item, v.y_before] + total + onward[v.y_item, v.y_after]
    return np.asarray(through - up_to[v.y_item, slots])


def crew_reduced_costs(network: Network, variables: Variables, price: Floats) -> Floats:
    """Return how much less the best-placed crew earns when it has to use each move."""
    v = variables
    arc = np.maximum(v.x_arc, 0)
    rests = v.x_arc == WAIT
    lost = np.full(v.x_arc.size, np.inf)
    if not v.x_arc.size:
        return lost
    end = v.x_time + np.where(rests, 1, network.arc_slots[arc])
    head = np.where(rests, v.x_state, network.arc_to[arc])
    pair = np.where(rests, -1, network.arc_pair[arc])
    gain = np.where(rests, 0.0, -network.arc_cost[arc])
    gain = gain + np.where(pair >= 0, price[np.maximum(pair, 0), end], 0.0)
    keys, of_crew = crew_groups(network)
    for group, (goal, until) in enumerate(keys):
        mine = np.flatnonzero(v.x_group == group)
        at = [mine[v.x_time[mine] == t] for t in range(until)]
        ahead = np.full((network.slots + 1, network.states), -np.inf)
        ahead[until, network.goal[goal]] = 0.0
        for t in range(until - 1, -1, -1):
            found = gain[at[t]] + ahead[end[at[t]], head[at[t]]]
            np.maximum.at(ahead[t], v.x_state[at[t]], found)
        behind = np.full((network.slots + 1, network.states), np.inf)
        crews = np.flatnonzero(of_crew == group)
        behind[network.crew_from[crews], network.crew_state[crews]] = 0.0
        for t in range(until):
            here = v.x_state[at[t]]
            found = gain[at[t]] + ahead[end[at[t]], head[at[t]]]
            lost[at[t]] = behind[t, here] + ahead[t, here] - found
            np.minimum.at(behind, (end[at[t]], head[at[t]]), lost[at[t]])
    return lost
