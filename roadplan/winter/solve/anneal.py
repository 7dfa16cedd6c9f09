"""The solver itself: walks through plans on one side, proven bounds on the other.

A search goes through three stages: a quick cooling that gives a good plan within seconds, a slow
one of everybody that finds how many crews each part of the roads gets, and then regions of a few
neighbouring crews heated and cooled again and again (:mod:`roadplan.winter.solve.regions`).
"""

from __future__ import annotations

import math
import time
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from roadplan.winter.plan import Plan
from roadplan.winter.problem import Problem
from roadplan.winter.solve.merge import Merger, can_merge
from roadplan.winter.solve.network import Network
from roadplan.winter.solve.prices import PriceBoard
from roadplan.winter.solve.prover import Prover, Report
from roadplan.winter.solve.regions import STEPS_A_CREW, Region, Regions, joined
from roadplan.winter.solve.result import CLOSED_GAP, Budget, proven_gap
from roadplan.winter.solve.search import Walk, best_of_plan, copy_best, plan_of, states_apart
from roadplan.winter.solve.search_kernels import Best

STEPS_A_ROUND: Final = 2000
"""Steps of each walk in a round when effort is limited."""

ROUND_S: Final = 0.25
"""Aimed length of a round when time is limited."""

ORDERS: Final = 4
"""Random orders of crews tried for the first plan."""

QUENCH_SHARE: Final = 0.08
"""Share of the budget for the quick first cooling."""

SHORTEST_QUENCH_S: Final = 1.0
LONGEST_QUENCH_S: Final = 4.2
"""Seconds of it at least, else there is none, and at most."""

COOLING_SHARE: Final = 0.5
"""Share of the budget at which the slow cooling has ended and regions begin."""

HOT: Final = 5.6
"""Temperature at which coolings begin, in usual rises of cost, where there are steps enough."""

COLD: Final = 0.045
"""Temperature at which they end."""

STEPS_FOR_HOT: Final = 3_000
"""Steps for each crew from which on a cooling may begin at :data:`HOT`; less begins colder."""

RESTART_HOT: Final = 0.6
"""Temperature at which the cooling of a plan that was given begins."""

REGION_HOT: Final = 2.3
"""Temperature at which the cooling of a region begins."""

WORTH_TRIES: Final = 2
"""Regions are heated where each crew comes to its turn at least so often."""

STEPS_A_COOLING: Final = 14_000
"""Steps for each crew of one cooling; longer ones end in hardly better plans."""

MERGE_SHARE: Final = 0.05
"""Share of the time that may go into one merging of two plans."""

MERGE_POLL_S: Final = 0.05
"""Seconds between looks at a merging under way."""

SETTLING_STEPS: Final = 3000
"""Steps at temperature 0 before the scale of temperatures is measured, and while it is."""

SMALLEST_WORTH: Final = 1e-6
"""Least scale of a pass, as a share of the cost of the first plan."""


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
    apart = states_apart(network)
    walks = [Walk(network, seed * 1000 + i, apart) for i in range(max(1, threads))]
    first = walks[0]
    _begin(first, network, start, seed)
    for walk in walks[1:]:
        walk.start_from(first.best)
    report(first.best.cost[0], -math.inf, "first plan")
    prover = None
    timed = budget.time_limit_s is not None
    merger = Merger(network, apart) if timed and can_merge(network) else None
    work = None
    try:
        began = time.monotonic()
        first.run(SETTLING_STEPS, 0.0)
        rise = first.usual_rise(SETTLING_STEPS)
        took = max(1e-6, time.monotonic() - began)
        worth = pass_worth(network, first)
        prover = Prover(problem, network, worth, budget, seed) if bounded else None
        work = _Work(
            network=network,
            walks=walks,
            budget=budget,
            prover=prover,
            report=report,
            rise=rise or worth,
            rate=2 * SETTLING_STEPS / took,
            leader=copy_best(first.best),
            regions=Regions(network, apart.near, seed),
            # What time allows differs from run to run, which a limit of effort rules out.
            merger=merger,
        )
        work.search(fresh=start is None)
    except KeyboardInterrupt:
        # There is a plan already, which must not be lost.
        budget.halted.set()
    finally:
        if merger is not None:
            merger.close()
    known = [walk.best for walk in walks] + ([work.leader] if work is not None else [])
    best = min(known, key=lambda each: float(each.cost[0]))
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


@dataclass
class _Work:
    """One search under way.

    Parameters
    ----------
    network, budget, report
        What is solved, for how long, and who is told.
    walks
        The searchers, a thread each.
    prover
        Proves bounds beside them; None where no bound is wanted.
    rise
        Scale of temperatures, veh·h.
    rate
        Steps a second of one walk.
    leader
        The best plan so far; replaced as a whole, never changed, so that Ctrl-C finds it whole.
    regions
        Chooses crews to be planned anew together.
    merger
        Puts the plans of coolings together; None where that is not possible.
    """

    network: Network
    walks: list[Walk]
    budget: Budget
    prover: Prover | None
    report: Report
    rise: float
    rate: float
    leader: Best
    regions: Regions
    merger: Merger | None
    rounds: int = 0
    closed: bool = False

    def search(self, *, fresh: bool) -> None:
        """Go through the stages; a plan that was given is not heated through again."""
        with ThreadPoolExecutor(max_workers=len(self.walks)) as pool:
            quench = self._quench_share() if fresh else 0.0
            if quench > 0.0:
                self._cool(pool, 0.0, quench, HOT)
            last = COOLING_SHARE if self._worth_regions() else 1.0
            ends = np.linspace(quench, last, self._coolings(last - quench) + 1)
            for begin, end in pairwise(ends.tolist()):
                self._cool(pool, begin, end, HOT if fresh else RESTART_HOT)
            while self.merger is not None and self.merger.busy and not self._done():
                time.sleep(MERGE_POLL_S)
            while not self._done():
                self._reheat(pool)

    def _coolings(self, share: float) -> int:
        """Return into how many coolings a share of the budget is cut: one, unless they merge."""
        if self.merger is None:
            return 1
        return max(1, int(self._steps(share) / (STEPS_A_COOLING * self.network.crews)))

    @property
    def _timed(self) -> bool:
        return self.budget.time_limit_s is not None

    def _steps(self, share: float) -> float:
        """Return about how many steps one walk makes in a share of the budget."""
        limits = [math.inf]
        if self.budget.time_limit_s is not None:
            limits.append(self.rate * self.budget.time_limit_s)
        if self.budget.effort is not None:
            limits.append(float(STEPS_A_ROUND * self.budget.effort))
        return share * min(limits)

    def _quench_share(self) -> float:
        """Return the share of a quick cooling; none where the budget is one itself."""
        limit = self.budget.time_limit_s
        if limit is None or QUENCH_SHARE * limit < SHORTEST_QUENCH_S:
            return 0.0
        return min(QUENCH_SHARE, LONGEST_QUENCH_S / limit)

    def _worth_regions(self) -> bool:
        """Say whether what is left after the slow cooling is enough to heat regions."""
        each = (1 - COOLING_SHARE) * self._steps(1.0) * len(self.walks) / self.network.crews
        return each >= WORTH_TRIES * STEPS_A_CREW

    def _done(self) -> bool:
        """Collect bounds and merged plans; say whether to stop."""
        budget = self.budget
        if self.merger is not None:
            known = self.prover.known if self.prover else (None, -math.inf)
            limit = MERGE_SHARE * (budget.time_limit_s or 0.0)
            merged = self.merger.step(known, min(limit, budget.left_s))
            if merged is not None:
                self._keep(merged)
        cost = float(self.leader.cost[0])
        bound = self.prover.collect(self.report, cost) if self.prover else -math.inf
        # With a limit of effort nothing depends on how fast the bound is proven.
        self.closed = self._timed and proven_gap(cost, bound) <= CLOSED_GAP
        spent = budget.effort is not None and self.rounds >= budget.effort
        return self.closed or spent or budget.over()

    def _active(self) -> list[Walk]:
        """Return the walks that may run: one alone while the prover needs a processor."""
        busy = self._timed and self.prover is not None and self.prover.busy
        return self.walks[:1] if busy else self.walks

    def _keep(self, best: Best) -> None:
        """Make a plan the leader where it is better."""
        if best.cost[0] < self.leader.cost[0] - 1e-9:
            self.leader = copy_best(best)
            bound = self.prover.collect(self.report, float(best.cost[0])) if self.prover else None
            self.report(float(best.cost[0]), -math.inf if bound is None else bound, "better plan")

    def _cool(self, pool: ThreadPoolExecutor, begin: float, end: float, hot: float) -> None:
        """Cool all walks from hot to cold between two shares of the budget, in rounds."""
        each = self._steps(end - begin) / self.network.crews
        hot = max(COLD, hot * min(1.0, math.sqrt(each / STEPS_FOR_HOT)))
        steps = STEPS_A_ROUND
        born: dict[int, float] = {}
        for walk in self.walks:
            walk.start_from(walk.current())
        while not self._done() and (share := self.budget.share(self.rounds)) < end:
            active = self._active()
            began = time.monotonic()
            jobs = []
            for number, walk in enumerate(active):
                # A walk that joins late cools down in the time that is left to it.
                first = born.setdefault(number, share)
                part = min(1.0, (share - first) / (end - first))
                heat = self.rise * hot * (COLD / hot) ** part
                jobs.append(pool.submit(walk.run, steps, heat))
            for job in jobs:
                job.result()
            if self._timed:
                took = max(1e-3, time.monotonic() - began)
                steps = int(np.clip(steps * min(2.0, ROUND_S / took), 50, 100_000))
            self.rounds += 1
            self._keep(min((walk.best for walk in active), key=lambda each: float(each.cost[0])))
        if self.merger is not None:
            for number, first in born.items():
                # One that joined in the second half had no time to cool down.
                if first <= (begin + end) / 2:
                    self.merger.add(copy_best(self.walks[number].best))

    def _reheat(self, pool: ThreadPoolExecutor) -> None:
        """Plan some regions anew side by side, and keep those that got better."""
        active = self._active()
        regions = self.regions.choose(self.leader, min(len(active), self.network.crews))
        start, before = self.leader, float(self.leader.cost[0])
        jobs = [
            pool.submit(self._reheated, walk, start, region)
            for walk, region in zip(active, regions, strict=False)
        ]
        while wait(jobs, timeout=ROUND_S, return_when=FIRST_EXCEPTION).not_done:
            if self._done():
                break
        found = [(job.result(), region) for job, region in zip(jobs, regions, strict=True)]
        self.rounds += -(-max(region.steps for region in regions) // STEPS_A_ROUND)
        better = [(best, region) for best, region in found if best.cost[0] < before - 1e-9]
        for _, region in found:
            self.regions.tell(region, improved=any(region is other for _, other in better))
        for best, _ in better:
            self._keep(best)
        if len(better) > 1:
            active[0].start_from(joined(start, better))
            self._keep(active[0].best)

    def _reheated(self, walk: Walk, start: Best, region: Region) -> Best:
        """Return the best plan met while a region of a plan is heated and cooled."""
        walk.start_from(start)
        hot, cold = self.rise * REGION_HOT, self.rise * COLD
        cooler = (cold / hot) ** (1.0 / region.steps)
        chunk = int(np.clip(self.rate * ROUND_S, 50, 100_000))
        for done in range(0, region.steps, chunk):
            if self.closed or self.budget.over():
                break
            steps = min(chunk, region.steps - done)
            walk.run(steps, hot * cooler**done, cooler=cooler, free=region.free)
        return copy_best(walk.best)
