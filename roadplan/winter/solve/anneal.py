"""The solver itself: walks through plans on one side, proven bounds on the other."""

from __future__ import annotations

import math
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
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
from roadplan.winter.solve.result import CLOSED_GAP, Budget, proven_gap
from roadplan.winter.solve.search import Walk, best_of_plan, copy_best, plan_of, slots_between

STEPS_A_ROUND: Final = 2000
"""Steps of each walk in a round when effort is limited."""

ROUND_S: Final = 0.25
"""Aimed length of a round when time is limited."""

ORDERS: Final = 4
"""Random orders of crews tried for the first plan."""

QUENCH_SHARE: Final = 0.06
"""Share of the budget for a quick first cooling."""

QUENCH_HOT: Final = 0.6
"""Temperature at which the quick cooling begins, in usual rises of cost."""

HOT: Final = 1.9
"""Temperature at which the slow cooling begins."""

COLD: Final = 0.045
"""Temperature at which both end."""

EXCHANGE_ROUNDS: Final = 10
"""Rounds after which all walks go on from the plan of the best of them."""

SETTLING_STEPS: Final = 3000
"""Steps at temperature 0 before the scale of temperatures is measured, and while it is."""

SMALLEST_WORTH: Final = 1e-6
"""Least scale of a pass, as a share of the cost of the first plan."""

LONGEST_BRANCH_S: Final = 20.0
"""Most seconds for one try at branching, which nothing can interrupt."""

EXACT_EFFORT: Final = 5.0
"""CP-SAT's own measure of effort for small problems where only effort is limited."""

UNTIMED_BRANCH_S: Final = 3.0
"""Seconds for it where only effort is limited."""

Report = Callable[[float, float, str], None]


def temperature(share: float) -> float:
    """Return the temperature, in usual rises of cost, when some share of the budget is used."""
    if share < QUENCH_SHARE:
        part = share / QUENCH_SHARE
        return float(QUENCH_HOT * (COLD / QUENCH_HOT) ** part)
    part = (share - QUENCH_SHARE) / (1 - QUENCH_SHARE)
    return float(HOT * (COLD / HOT) ** part)


def anneal(
    problem: Problem,
    network: Network,
    budget: Budget,
    *,
    seed: int,
    threads: int,
    start: Plan | None,
    bounded: bool,
    report: Report,
) -> tuple[Plan, float]:
    """Search and prove until the budget is used or the gap is closed.

    Returns
    -------
    plan, bound
        The best plan and the best bound.
    """
    near = slots_between(network)
    walks = [Walk(network, seed * 1000 + i, near) for i in range(max(1, threads))]
    first = walks[0]
    _begin(first, network, start, seed)
    report(first.best.cost[0], -math.inf, "first plan")
    prover = None
    try:
        first.run(SETTLING_STEPS, 0.0)
        rise = first.usual_rise(SETTLING_STEPS)
        worth = pass_worth(network, first)
        prover = _Prover(problem, network, worth, budget, seed) if bounded else None
        _walk(walks, budget, rise or worth, prover, report)
    except KeyboardInterrupt:
        # There is a plan already, which must not be lost.
        budget.halted.set()
    best = min(walks, key=lambda walk: float(walk.best.cost[0])).best
    plan = plan_of(network, copy_best(best), problem)
    if prover is None:
        return plan, -math.inf
    return prover.finish(report, plan, float(best.cost[0]))


def pass_worth(network: Network, walk: Walk) -> float:
    """Return the scale of prices: what a pass of the plan at hand saves.

    It is the cost that crews without end would save, shared by the passes; what no crew can save
    must not count, and it may be nine tenths of the cost.
    """
    board = PriceBoard(network)
    floor = board.evaluate(np.zeros(board.shape)).bound
    cost = float(walk.best.cost[0])
    passes = max(1, int((walk.nights.needs >= 0).sum()))
    return max((cost - floor) / passes, SMALLEST_WORTH * abs(cost), float(np.finfo(float).tiny))


def _begin(walk: Walk, network: Network, start: Plan | None, seed: int) -> None:
    """Give the first walk its first plan: the given one, or the best of some orders of crews."""
    if start is not None:
        walk.adopt(best_of_plan(network, start))
        return
    rng = np.random.default_rng(seed)
    crews = np.arange(network.crews)
    strong = np.argsort(-problem_strength(network), kind="stable")
    idle = copy_best(walk.best)
    for order in [strong, *(rng.permutation(crews) for _ in range(ORDERS))]:
        walk.adopt(idle)
        walk.construct(order)
    walk.adopt(walk.best)


def problem_strength(network: Network) -> npt.NDArray[np.float64]:
    """Return for each crew the share of passes that its rank may make without any before it."""
    open_share = (network.since == 0).mean(axis=(1, 2)) if network.items else np.ones(1)
    return np.asarray(open_share[network.crew_rank])


def _walk(
    walks: list[Walk], budget: Budget, unit: float, prover: _Prover | None, report: Report
) -> None:
    """Run rounds of the walks until the budget is used or the gap is closed.

    With a limit of effort nothing depends on how fast the bound is proven.
    """
    rounds, steps = 0, STEPS_A_ROUND
    timed = budget.time_limit_s is not None
    best = float(walks[0].best.cost[0])
    with ThreadPoolExecutor(max_workers=len(walks)) as pool:
        while not budget.over() and (budget.effort is None or rounds < budget.effort):
            bound = prover.collect(report, best) if prover else -math.inf
            if timed and proven_gap(best, bound) <= CLOSED_GAP:
                return
            alone = timed and prover is not None and prover.busy and len(walks) > 1
            active = walks[:1] if alone else walks
            heat = unit * temperature(budget.share(rounds))
            began = time.monotonic()
            jobs = [pool.submit(walk.run, steps, heat) for walk in active]
            found = min(job.result() for job in jobs)
            if timed:
                took = max(1e-3, time.monotonic() - began)
                steps = int(np.clip(steps * min(2.0, ROUND_S / took), 50, 100_000))
            rounds += 1
            if rounds % EXCHANGE_ROUNDS == 0 and not alone:
                leader = min(walks, key=lambda walk: walk.cost)
                for walk in walks:
                    if walk is not leader:
                        walk.adopt(leader.current())
            if found < best - 1e-9:
                best = found
                report(best, bound, "better plan")


def _branch_s(budget: Budget) -> float:
    """Return the seconds for one try at branching: better plans make the next one easier."""
    if math.isinf(budget.left_s):
        return UNTIMED_BRANCH_S
    return min(LONGEST_BRANCH_S, max(1.0, budget.left_s / 3), budget.left_s)


class _Prover:
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
            self._kept, self._price = bound, price
        self._found.put(bound)

    @property
    def busy(self) -> bool:
        """Whether it is still at work."""
        return self._thread.is_alive()

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
