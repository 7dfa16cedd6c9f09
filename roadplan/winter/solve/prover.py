"""The prover: bounds in a thread of their own, handed over when asked."""

from __future__ import annotations

import math
import queue
import threading
from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from roadplan.winter.plan import Plan
from roadplan.winter.problem import Problem
from roadplan.winter.solve.bound import prove
from roadplan.winter.solve.branch import branch
from roadplan.winter.solve.exact import is_small, solve_exactly
from roadplan.winter.solve.network import Network
from roadplan.winter.solve.prices import PriceBoard
from roadplan.winter.solve.result import Budget

LONGEST_BRANCH_S: Final = 20.0
"""Most seconds for one try at branching, which nothing can interrupt."""

EXACT_EFFORT: Final = 5.0
"""CP-SAT's own measure of effort for small problems where only effort is limited."""

UNTIMED_BRANCH_S: Final = 3.0
"""Seconds for it where only effort is limited."""

Report = Callable[[float, float, str], None]


def _branch_s(budget: Budget) -> float:
    """Return the seconds for one try at branching: better plans make the next one easier."""
    if math.isinf(budget.left_s):
        return UNTIMED_BRANCH_S
    return min(LONGEST_BRANCH_S, max(1.0, budget.left_s / 3), budget.left_s)


class Prover:
    """Proves bounds in a thread of its own and hands them over when asked."""

    def __init__(
        self, problem: Problem, network: Network, worth: float, budget: Budget, seed: int
    ) -> None:
        self._problem, self._network, self._seed = problem, network, seed
        self._found: queue.SimpleQueue[float] = queue.SimpleQueue()
        self._bound = -math.inf
        self._kept = -math.inf
        self._budget = budget
        self._price: npt.NDArray[np.float64] | None = None
        self._cost = math.inf
        self._plan: Plan | None = None
        # No daemon: a linear relaxation under way ends by its own time limit, and a process that
        # ends before it would be aborted by the solver's threads.
        self._thread = threading.Thread(target=self._prove, args=(worth,), name="bound")
        self._thread.start()

    def _prove(self, worth: float) -> None:
        budget, network = self._budget, self._network
        prove(
            network,
            pass_cost=worth,
            report=self._keep,
            over=budget.over,
            left_s=lambda: budget.left_s,
        )
        if is_small(network):
            if budget.time_limit_s is not None and not budget.over():
                self._solve_exactly(None)
            return
        board = PriceBoard(network)
        tried = math.inf
        # Each better plan leaves fewer columns to branch on.
        while self._price is not None and self._cost < tried and not budget.over():
            tried = self._cost
            linear = board.evaluate(self._price).bound
            found = branch(
                board, self._price, bound=linear, cost=tried, time_limit_s=_branch_s(budget)
            )
            self._found.put(found)

    def _solve_exactly(self, hint: Plan | None) -> None:
        timed = self._budget.time_limit_s is not None
        self._plan, bound = solve_exactly(
            self._problem,
            self._network,
            time_limit_s=self._budget.left_s,
            seed=self._seed,
            hint=hint,
            effort_limit=math.inf if timed else EXACT_EFFORT,
            stop=self._budget.over,
        )
        self._found.put(bound)

    def _keep(self, bound: float, price: npt.NDArray[np.float64]) -> None:
        if bound > self._kept:
            # The prices first: read from another thread, they must not prove less than stated.
            self._price = price
            self._kept = bound
        self._found.put(bound)

    @property
    def busy(self) -> bool:
        """Whether it is still at work."""
        return self._thread.is_alive()

    @property
    def known(self) -> tuple[npt.NDArray[np.float64] | None, float]:
        """The best prices so far and the bound that they prove."""
        return self._price, self._kept

    def collect(self, report: Report, cost: float) -> float:
        """Return the best bound so far, given the best cost."""
        self._cost = cost
        while not self._found.empty():
            bound = self._found.get()
            if bound > self._bound:
                self._bound = bound
                report(cost, bound, "better bound")
        return self._bound

    def finish(self, report: Report, plan: Plan, cost: float) -> tuple[Plan, float]:
        """Return the better of the plan and the prover's own, and the best bound.

        With a limit of effort it waits for the bound first.
        """
        if self._budget.time_limit_s is None and not self._budget.halted.is_set():
            while self._thread.is_alive() and not self._budget.over():
                self._thread.join(0.1)
            if is_small(self._network) and not self._budget.over():
                self._solve_exactly(plan)
        if self._plan is not None:
            exact_cost = self._plan.cost(self._problem)
            if exact_cost < cost:
                plan, cost = self._plan, exact_cost
        return plan, self.collect(report, cost)
