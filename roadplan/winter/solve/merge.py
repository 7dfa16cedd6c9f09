"""The best plan that can be put together from the moves of two others.

Two coolings end in plans that are good in different places. Their moves together are few enough
for the flow model over them to be solved to its optimum in about a second (HiGHS through MathOpt),
and its answer is at least as good as either: the same idea as tour merging for the travelling
salesman (Cook & Seymour 2003).
"""

from __future__ import annotations

import datetime
import logging
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from roadplan.winter.solve.bound import crew_reduced_costs, interval_reduced_costs
from roadplan.winter.solve.linear import (
    LEAVE,
    Variables,
    assemble,
    crew_columns,
    crew_ends,
    item_intervals,
)
from roadplan.winter.solve.network import Network
from roadplan.winter.solve.night_kernels import empty_nights
from roadplan.winter.solve.search import Apart, Walk, best_of_nights, copy_best
from roadplan.winter.solve.search_kernels import Best

_log = logging.getLogger(__name__)

Mask = npt.NDArray[np.bool_]

GAP: Final = 1e-5
"""Relative gap at which the merged plan counts as the best one."""


def can_merge(network: Network) -> bool:
    """Say whether crews of a class may take over each other's nights, as merging lets them."""
    ends = np.stack([network.crew_class, network.crew_goal, network.crew_until], axis=1)
    alike = len(np.unique(ends, axis=0)) == len(np.unique(network.crew_class))
    return alike and not network.crew_duty.any()


def merge(
    network: Network,
    plans: list[Best],
    *,
    price: npt.NDArray[np.float64] | None,
    bound: float,
    time_limit_s: float,
) -> Best | None:
    """Return the best plan of the moves of some plans; None where there was no time to find one.

    Parameters
    ----------
    network
        The compiled problem; see :func:`can_merge`.
    plans
        At least one, with their costs.
    price, bound
        Prices and the bound they prove: moves that no better plan can use are left out. None
        where there are none.
    time_limit_s
        For HiGHS.
    """
    from ortools.math_opt.python import mathopt

    kept = _columns(network, plans, price, bound)
    model = mathopt.Model.from_model_proto(_proto(network, kept))
    parameters = mathopt.SolveParameters(
        time_limit=datetime.timedelta(seconds=max(0.1, time_limit_s)), relative_gap_tolerance=GAP
    )
    try:
        result = mathopt.solve(model, mathopt.SolverType.HIGHS, params=parameters)
    except (AttributeError, RuntimeError, ValueError) as error:
        # As in the relaxation: OR-Tools 9.15 fails on the status "unknown" when time runs out.
        _log.debug("merging gave no answer: %s", error)
        return None
    if not result.solutions or result.solutions[0].primal_solution is None:
        return None
    flow = np.zeros(kept.size)
    for variable, value in result.solutions[0].primal_solution.variable_values.items():
        flow[variable.id] = value
    return _paths(network, kept, np.round(flow[kept.intervals :]).astype(np.int64))


class Merger:
    """Puts plans together one after another, beside whatever else is going on.

    Parameters
    ----------
    network
        The compiled problem; see :func:`can_merge`.
    apart
        From :func:`~roadplan.winter.solve.search.states_apart`.
    """

    def __init__(self, network: Network, apart: Apart) -> None:
        self._network = network
        self._judge = Walk(network, 0, apart)
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="merge")
        self._waiting: list[Best] = []
        self._base: Best | None = None
        self._job: Future[Best | None] | None = None

    def add(self, plan: Best) -> None:
        """Put a plan in the queue; it must not change any more."""
        self._waiting.append(plan)

    @property
    def busy(self) -> bool:
        """Whether something is under way or waiting."""
        return self._job is not None or bool(self._waiting)

    def step(
        self, known: tuple[npt.NDArray[np.float64] | None, float], limit_s: float
    ) -> Best | None:
        """Return a merged plan that became ready, if any, and begin with the next one.

        Each plan is merged into what came of all before it.

        Parameters
        ----------
        known
            Prices and the bound they prove.
        limit_s
            Seconds for one merge.
        """
        found = None
        if self._job is not None and self._job.done():
            found = self._job.result()
            self._job = None
            if found is not None:
                self._base = found
        if self._job is None and self._waiting:
            plan = self._waiting.pop(0)
            if self._base is None:
                self._base = plan
            else:
                pair = sorted((self._base, plan), key=lambda each: float(each.cost[0]))
                self._base = pair[0]
                self._job = self._pool.submit(self._merged, pair, known, limit_s)
        return found

    def close(self) -> None:
        """Drop what waits; what is under way ends by its own limit of time."""
        self._waiting.clear()
        self._pool.shutdown(wait=False)

    def _merged(
        self,
        pair: list[Best],
        known: tuple[npt.NDArray[np.float64] | None, float],
        limit_s: float,
    ) -> Best | None:
        price, bound = known
        merged = merge(self._network, pair, price=price, bound=bound, time_limit_s=limit_s)
        if merged is None:
            return None
        self._judge.start_from(merged)
        found = copy_best(self._judge.best)
        return found if found.cost[0] < pair[0].cost[0] else None


def _columns(
    network: Network, plans: list[Best], price: npt.NDArray[np.float64] | None, bound: float
) -> Variables:
    """Return the columns of the moves of some plans, of waits where they lead, and of passes."""
    every = Variables(*item_intervals(network), *crew_columns(network))
    origin = np.repeat(np.arange(network.states), np.diff(network.first))
    moved = np.zeros((network.arc_to.size, network.slots + 1), dtype=bool)
    passed = np.zeros((network.items, network.slots + 1), dtype=bool)
    passed[:, 0] = passed[:, -1] = True
    seen = np.zeros(network.states, dtype=bool)
    seen[network.crew_state] = True
    for plan in plans:
        used = np.arange(plan.path_arc.shape[1]) < plan.path_len[:, None]
        arc, start = plan.path_arc[used], plan.path_time[used]
        moved[arc, start] = True
        seen[origin[arc]] = seen[network.arc_to[arc]] = True
        clears = network.arc_item[arc] >= 0
        passed[network.arc_item[arc[clears]], (start + network.arc_slots[arc])[clears]] = True
    x = np.where(
        every.x_arc >= 0, moved[np.maximum(every.x_arc, 0), every.x_time], seen[every.x_state]
    )
    y = passed[every.y_item, every.y_before] & passed[every.y_item, every.y_after]
    if price is not None:
        slack = min(float(plan.cost[0]) for plan in plans) - bound
        x &= crew_reduced_costs(network, every, price) <= slack
        y &= interval_reduced_costs(network, every, price) <= slack
        # Some crews leave earlier than pays, so leaving has to stay possible.
        x |= every.x_arc == LEAVE
    return every.chosen(y, x)


def _proto(network: Network, kept: Variables) -> Any:
    """Return the model, with snow too deep for a pass kept from being passed all the same."""
    proto = assemble(network, kept, whole=True).proto
    moment, _, pair = crew_ends(network, kept)
    since = network.since.reshape(-1, network.slots + 1)
    inside = (pair >= 0) & (moment < network.slots)
    deep = np.flatnonzero(inside & (since[pair, np.minimum(moment, network.slots)] > 0))
    rows = proto.linear_constraints
    matrix = proto.linear_constraint_matrix
    by_end: dict[tuple[int, int], list[int]] = {}
    for column, (item, after) in enumerate(
        zip(kept.y_item.tolist(), kept.y_after.tolist(), strict=True)
    ):
        by_end.setdefault((item, after), []).append(column)
    for column in deep.tolist():
        item, after = int(pair[column] % network.items), int(moment[column])
        earliest = since[pair[column], after]
        row = len(rows.ids)
        rows.ids.append(row)
        rows.lower_bounds.append(-np.inf)
        rows.upper_bounds.append(0.0)
        ends = [y for y in by_end.get((item, after), []) if kept.y_before[y] >= earliest]
        for y in ends:
            matrix.row_ids.append(row)
            matrix.column_ids.append(y)
            matrix.coefficients.append(-1.0)
        matrix.row_ids.append(row)
        matrix.column_ids.append(kept.intervals + column)
        matrix.coefficients.append(1.0)
    return proto


def _paths(network: Network, kept: Variables, flow: npt.NDArray[np.int64]) -> Best:
    """Return the nights of crews that follow a whole flow; the cost is left open."""
    nights = empty_nights(network, 0)
    leaving: dict[tuple[int, int], list[int]] = {}
    for column in np.flatnonzero(flow > 0).tolist():
        where = int(kept.x_time[column]), int(kept.x_state[column])
        leaving.setdefault(where, []).extend([column] * int(flow[column]))
    for crew in range(network.crews):
        moment, state = int(network.crew_from[crew]), int(network.crew_state[crew])
        count = 0
        while (arc := int(kept.x_arc[(column := leaving[moment, state].pop())])) != LEAVE:
            if arc < 0:
                moment += 1
                continue
            nights.path_arc[crew, count], nights.path_time[crew, count] = arc, moment
            moment, state = moment + int(network.arc_slots[arc]), int(network.arc_to[arc])
            count += 1
        nights.path_len[crew] = count
    return best_of_nights(nights, np.inf)
