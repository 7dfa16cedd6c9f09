"""One way to call every solver and baseline."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from roadplan.errors import RoadplanError, UnknownIdError
from roadplan.winter.plan import Plan, idle_plan
from roadplan.winter.problem import Problem
from roadplan.winter.solve.anneal import anneal
from roadplan.winter.solve.network import Network, compile_network
from roadplan.winter.solve.reasons import idle_reasons
from roadplan.winter.solve.result import (
    CLOSED_GAP,
    Budget,
    Progress,
    Result,
    Status,
    proven_gap,
)
from roadplan.winter.solve.warm_up import warm_up

DEFAULT_TIME_LIMIT_S = 60.0


class Solver(Protocol):
    """A baseline: makes one plan; it may use the seed and has to keep to the budget."""

    def __call__(self, problem: Problem, network: Network, budget: Budget, *, seed: int) -> Plan:
        """Return a plan."""


_SOLVERS: dict[str, Solver] = {}


def register(name: str, solver: Solver) -> None:
    """Add a baseline under a name, so that :func:`solve` finds it.

    Raises
    ------
    RoadplanError
        When the name is taken by another solver.
    """
    if name == "search" or _SOLVERS.get(name, solver) is not solver:
        raise RoadplanError(f"there is a solver named {name!r} already")
    _SOLVERS[name] = solver


def solvers() -> tuple[str, ...]:
    """Return the names of all solvers."""
    from roadplan.winter.solve import baselines

    baselines.register_all()
    return ("search", *_SOLVERS)


@dataclass
class _Diary:
    """Writes down every better plan or bound and passes it on."""

    budget: Budget
    on_progress: Callable[[Progress], None] | None
    entries: list[Progress] = field(default_factory=list)
    cost: float = math.inf
    bound: float = -math.inf

    def __call__(self, cost: float, bound: float, note: str) -> None:
        self.cost, self.bound = min(self.cost, float(cost)), max(self.bound, float(bound))
        entry = Progress(self.budget.elapsed_s, self.cost, self.bound, self.budget.share(0), note)
        self.entries.append(entry)
        if self.on_progress is not None:
            self.on_progress(entry)


def solve(
    problem: Problem,
    *,
    method: str = "search",
    time_limit_s: float | None = None,
    effort: int | None = None,
    seed: int = 0,
    threads: int = 2,
    start: Plan | None = None,
    bounded: bool = True,
    on_progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Result:
    """Make a plan and prove how good it is.

    Parameters
    ----------
    problem
        What to solve.
    method
        ``search`` or the name of a baseline; see :func:`solvers`.
    time_limit_s
        Seconds to use; 60 when neither it nor `effort` is given. They count from when the
        compiled code is ready, which takes some ten seconds more where it never ran before.
    effort
        Rounds of search in place of seconds; then the same seed gives the same plan.
    seed
        Of everything random.
    threads
        Walks side by side; with a time limit one of them waits until the bound is proven.
    start
        A plan to begin from.
    bounded
        Whether to prove a bound.
    on_progress
        Called with each better plan or bound.
    stop
        Asked a few times a second; once true, the best plan so far is returned.

    Returns
    -------
    Result
        Also after Ctrl-C, then with status ``interrupted``.

    Raises
    ------
    UnknownIdError
        When there is no such method.
    RoadplanError
        When a limit is not positive or the plan to begin from is not possible.
    """
    _check_limits(time_limit_s, effort, threads)
    if method not in solvers():
        raise UnknownIdError(f"there is no solver {method!r}; there are {', '.join(solvers())}")
    if time_limit_s is None and effort is None:
        time_limit_s = DEFAULT_TIME_LIMIT_S
    if method == "search":
        warm_up()
    budget = Budget(time_limit_s, effort, stop)
    diary = _Diary(budget, on_progress)
    network = compile_network(problem)
    possible, reasons = idle_reasons(problem, network)
    if not possible:
        plan, bound = idle_plan(problem), problem.uncleared_cost
        diary(bound, bound, "nothing can be done")
        return _result(problem, plan, bound, method, diary, reasons, "nothing can be done")
    if start is not None:
        start = _checked_start(start, problem)
    if method == "search":
        plan, bound = anneal(
            problem,
            network,
            budget,
            seed=seed,
            threads=threads,
            start=start,
            bounded=bounded,
            report=diary,
        )
    else:
        plan, bound = _SOLVERS[method](problem, network, budget, seed=seed), -math.inf
        diary(plan.cost(problem), bound, method)
    return _result(problem, plan, bound, method, diary, reasons, None)


def _check_limits(time_limit_s: float | None, effort: int | None, threads: int) -> None:
    if time_limit_s is not None and not (math.isfinite(time_limit_s) and time_limit_s > 0):
        raise RoadplanError(
            f"a time limit of {time_limit_s} s is not possible; give seconds above 0"
        )
    if effort is not None and effort < 1:
        raise RoadplanError(f"an effort of {effort} is not possible; give rounds from 1 up")
    if threads < 1:
        raise RoadplanError(f"{threads} threads are not possible; give 1 or more")


def _checked_start(start: Plan, problem: Problem) -> Plan:
    from roadplan.winter.verify import verify_plan

    report = verify_plan(start, problem)
    if report.violations:
        raise RoadplanError(
            "the plan to begin from is not possible: " + "; ".join(report.violations[:3])
        )
    return start


def _result(
    problem: Problem,
    plan: Plan,
    bound: float,
    method: str,
    diary: _Diary,
    reasons: tuple[str, ...],
    status: Any,
) -> Result:
    cost = plan.cost(problem)
    # Sums in another order differ in the last digits; a bound never exceeds the cost it proves.
    bound = min(bound, cost)
    gap = proven_gap(cost, bound)
    if status is None:
        interrupted = diary.budget.halted.is_set()
        found: Status = "interrupted" if interrupted else "feasible"
        status = "optimal" if gap <= CLOSED_GAP else found
    summary = {
        "cost": cost,
        "bound": bound if math.isfinite(bound) else None,
        "gap": gap if math.isfinite(gap) else None,
        "status": status,
        "method": method,
        "uncleared_cost": problem.uncleared_cost,
        "elapsed_s": round(diary.budget.elapsed_s, 3),
        "reasons": list(reasons),
    }
    return Result(
        plan=replace(plan, summary=summary),
        cost=cost,
        bound=bound,
        status=status,
        method=method,
        history=tuple(diary.entries),
        reasons=reasons,
        elapsed_s=diary.budget.elapsed_s,
    )
