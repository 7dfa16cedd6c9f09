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
    LEAVE,
    FlowModel,
    Variables,
    assemble,
    crew_columns,
    crew_ends,
    item_intervals,
)
from roadplan.winter.solve.network import Network
from roadplan.winter.solve.prices import Ascent, PriceBoard

_log = logging.getLogger(__name__)

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

COOLING: Final = (
    (0.1, 250),
    (0.03, 250),
    (0.01, 300),
    (0.003, 300),
    (0.001, 300),
    (0.0005, 300),
)
"""Temperatures of the ascent, as shares of the cost of one pass, and steps at each."""

REACH: Final = 0.1
"""Columns whose reduced cost is at most this share of the cost of one pass enter the relaxation."""

MOST_COLUMNS: Final = 25_000
"""More columns than these are left to the ascent, which gets as far in less time."""

CLOSE: Final = 3e-4
"""Prices whose bound is this close to the relaxation are good enough, as a share."""

LAST_HEATS: Final = (0.001, 0.0005)
"""Temperatures of the last ascent, where the relaxation could not be used."""

LAST_STEPS: Final = 600
"""Steps of the last ascent at each temperature."""

BLENDS: Final = (0.4, 0.7, 0.9, 1.0)
"""How far to go from the old prices towards the duals; the bound is concave in between."""


def first_prices(board: PriceBoard, pass_cost: float) -> Floats:
    """Return equal prices on all passes to begin the ascent with."""
    price = np.full(board.shape, 0.35 * pass_cost)
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
    ascent = Ascent(board, price)
    for heat, steps in COOLING:
        for _ in range(0, steps, 50):
            if over():
                return
            ascent.run(heat * pass_cost, 50)
            report(board.evaluate(ascent.price).bound, ascent.price)
    price = ascent.price
    found = _relax(board, price, pass_cost=pass_cost, report=report, over=over, left_s=left_s)
    if found is not None:
        ascent = Ascent(board, found)
        for heat in LAST_HEATS:
            for _ in range(0, LAST_STEPS, 50):
                if over():
                    return
                ascent.run(heat * pass_cost, 50)
                report(board.evaluate(ascent.price).bound, ascent.price)


def _relax(
    board: PriceBoard,
    price: Floats,
    *,
    pass_cost: float,
    report: Callable[[float, Floats], None],
    over: Callable[[], bool],
    left_s: Callable[[], float],
) -> Floats | None:
    """Improve prices by the relaxation and return the best; None when there is nothing to gain.

    They are as good as the relaxation then, or it is too large: prices that the ascent has cooled
    down come within about a thousandth of it, in less time than it takes to solve.
    """
    reach = REACH * pass_cost
    for _ in range(3):
        if over():
            return None
        before = board.evaluate(price).bound
        found, optimum = improve_by_relaxation(board, price, reach=reach, time_limit_s=left_s())
        if found is None:
            return None
        blends = [price + share * (found - price) for share in BLENDS]
        values = [board.evaluate(blend).bound for blend in blends]
        best = int(np.argmax(values))
        _log.debug("relaxation %.3f, proven %s, before %.3f", optimum, values, before)
        if values[best] > before:
            price = blends[best]
            report(values[best], price)
        if optimum - values[best] <= CLOSE * abs(optimum):
            return None
        reach *= 2.0
    return price


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
    kept = within_reach(board, price, reach)
    if kept.size > MOST_COLUMNS:
        return None, -math.inf
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


def within_reach(board: PriceBoard, price: Floats, reach: float) -> Variables:
    """Return the columns whose reduced cost at some prices is within reach."""
    network = board.network
    every = Variables(*item_intervals(network), *crew_columns(network))
    y = interval_reduced_costs(network, every, price) <= reach
    x = crew_reduced_costs(network, every, price) <= reach
    # Some crews leave earlier than pays, so leaving has to stay possible.
    x |= every.x_arc == LEAVE
    return every.chosen(y, x)


def _touched(network: Network, variables: Variables, shape: tuple[int, int]) -> tuple[Mask, Mask]:
    """Return which passes some interval column wants and some crew column makes."""
    wanted = np.zeros(shape, dtype=bool)
    made = np.zeros(shape, dtype=bool)
    buys = variables.y_rank >= 0
    pair = variables.y_rank[buys] * network.items + variables.y_item[buys]
    wanted[pair, variables.y_after[buys]] = True
    end, _, sold = crew_ends(network, variables)
    made[sold[sold >= 0], end[sold >= 0]] = True
    return wanted, made


def _interior_point(model: FlowModel, time_limit_s: float) -> tuple[Floats | None, float]:
    from ortools.math_opt.python import mathopt

    parameters = mathopt.SolveParameters(lp_algorithm=mathopt.LPAlgorithm.BARRIER)
    if math.isfinite(time_limit_s):
        parameters.time_limit = datetime.timedelta(seconds=max(0.1, time_limit_s))
    parameters.highs.string_options["run_crossover"] = "off"
    linear = mathopt.Model.from_model_proto(model.proto)
    try:
        result = mathopt.solve(linear, mathopt.SolverType.HIGHS, params=parameters)
    except (AttributeError, RuntimeError, ValueError) as error:
        # HiGHS ends with status "unknown" when time runs out inside a factorisation, and OR-Tools
        # 9.15 then fails while it translates that status. There is no answer either way.
        _log.debug("the relaxation was not solved: %s", error)
        return None, -math.inf
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
    lost = np.full(v.x_arc.size, np.inf)
    end, head, pair = crew_ends(network, v)
    leaves = v.x_arc == LEAVE
    gain = np.zeros(v.x_arc.size)
    moves = v.x_arc >= 0
    gain[moves] = -network.arc_cost[v.x_arc[moves]]
    sells = pair >= 0
    gain[sells] += price[pair[sells], end[sells]]
    ahead = np.full((network.slots + 1, network.states), -np.inf)
    ahead[v.x_time[leaves], v.x_state[leaves]] = 0.0
    at = [np.flatnonzero(~leaves & (v.x_time == t)) for t in range(network.slots)]
    for t in range(network.slots - 1, -1, -1):
        here = at[t]
        np.maximum.at(ahead[t], v.x_state[here], gain[here] + ahead[end[here], head[here]])
    behind = np.full((network.slots + 1, network.states), np.inf)
    behind[network.crew_from, network.crew_state] = 0.0
    for t in range(network.slots):
        here = at[t]
        state = v.x_state[here]
        known = np.isfinite(behind[t, state]) & np.isfinite(ahead[t, state])
        here, state = here[known], state[known]
        found = gain[here] + ahead[end[here], head[here]]
        lost[here] = behind[t, state] + ahead[t, state] - found
        np.minimum.at(behind, (end[here], head[here]), lost[here])
    left = behind[v.x_time[leaves], v.x_state[leaves]]
    lost[leaves] = left + ahead[v.x_time[leaves], v.x_state[leaves]]
    return lost
