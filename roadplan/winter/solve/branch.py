"""Bounds beyond the linear one, by branching, where few columns are left to branch on.

With prices whose bound is L and a plan of cost U, no plan cheaper than U uses a column whose
reduced cost is above U − L. What is left is a whole-number flow model for HiGHS (through
MathOpt); its dual bound, or U if that is lower, is a bound for the problem. Unlike the linear
bound it rests on the solver's arithmetic, and is lowered by :data:`TOLERANCE` for that.
"""

from __future__ import annotations

import datetime
import logging
import math
from typing import Final

import numpy as np
import numpy.typing as npt

from roadplan.winter.solve.bound import within_reach
from roadplan.winter.solve.linear import assemble
from roadplan.winter.solve.prices import PriceBoard

_log = logging.getLogger(__name__)

MOST_COLUMNS: Final = 15_000
"""Above this many columns branching has gained nothing in minutes."""

MOST_NODES: Final = 20_000
"""Nodes of the tree at most."""

TOLERANCE: Final = 1e-6
"""Share by which the solver's dual bound is lowered."""


def branch(
    board: PriceBoard,
    price: npt.NDArray[np.float64],
    *,
    bound: float,
    cost: float,
    time_limit_s: float,
) -> float:
    """Return a bound at least as good as `bound`, which prices proved, given a plan's cost."""
    from ortools.math_opt.python import mathopt

    if not math.isfinite(cost) or cost <= bound:
        return bound
    slack = (cost - bound) * (1 + TOLERANCE) + TOLERANCE * abs(cost)
    kept = within_reach(board, price, slack)
    if kept.size > MOST_COLUMNS:
        return bound
    model = mathopt.Model.from_model_proto(assemble(board.network, kept, whole=True).proto)
    parameters = mathopt.SolveParameters(
        node_limit=MOST_NODES, relative_gap_tolerance=TOLERANCE / 10
    )
    if math.isfinite(time_limit_s):
        parameters.time_limit = datetime.timedelta(seconds=max(0.1, time_limit_s))
    try:
        result = mathopt.solve(model, mathopt.SolverType.HIGHS, params=parameters)
    except (AttributeError, RuntimeError, ValueError) as error:
        # As in the relaxation: OR-Tools 9.15 fails on the status "unknown" when time runs out.
        _log.debug("branching gave no answer: %s", error)
        return bound
    infeasible = result.termination.reason == mathopt.TerminationReason.INFEASIBLE
    # Nothing left to choose from: no plan is cheaper than the one at hand.
    found = math.inf if infeasible else float(result.termination.objective_bounds.dual_bound)
    if math.isnan(found):
        return bound
    return max(bound, min(cost, found) - TOLERANCE * abs(cost))
