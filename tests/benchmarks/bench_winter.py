"""Measure the winter solver on invented problems: cost, bound and gap over time.

Run as ``python tests/benchmarks/bench_winter.py --seconds 60``; see ``--help``.
"""

from __future__ import annotations

import argparse
import statistics
import time

from roadplan.winter.instances import STORMS, corridor_instance, national_instance, tiny_instance
from roadplan.winter.problem import Problem
from roadplan.winter.solve import Progress, solve
from roadplan.winter.verify import verify_plan


def best_at(history: tuple[Progress, ...], second: float) -> float:
    """Return the cost of the best plan known at a second."""
    return min((entry.cost for entry in history if entry.elapsed_s <= second), default=float("inf"))


def measure(name: str, problem: Problem, seconds: float, method: str, seed: int) -> float:
    """Solve one problem, print a line, and return its gap."""
    began = time.process_time()
    result = solve(problem, method=method, time_limit_s=seconds, seed=seed)
    used = time.process_time() - began
    check = verify_plan(result.plan, problem)
    early = best_at(result.history, 5.0)
    early_gap = (early - result.bound) / early
    print(
        f"{name:28s} cost {result.cost:12,.1f}  bound {result.bound:12,.1f}  gap {result.gap:7.2%}"
        f"  at 5 s {early_gap:7.2%}  cpu {used:6.1f} s  "
        f"{'ok' if check.ok else check.violations[0]}",
        flush=True,
    )
    return result.gap


def main() -> None:
    """Measure all storms of one size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--size", choices=("tiny", "corridor", "national"), default="corridor")
    parser.add_argument("--method", default="search")
    parser.add_argument("--crews", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    warm_up = tiny_instance(0)
    solve(warm_up, effort=1)
    gaps = []
    for storm in STORMS:
        if chosen.size == "national":
            problem = national_instance(chosen.seed, storm=storm)
        elif chosen.size == "tiny":
            problem = tiny_instance(chosen.seed, storm=storm)
        else:
            problem = corridor_instance(chosen.seed, storm=storm, crews_by_class=(chosen.crews,))
        gaps.append(measure(f"{chosen.size} {storm}", problem, chosen.seconds, chosen.method, 1))
    print(f"median gap {statistics.median(gaps):.2%}, worst {max(gaps):.2%}")


if __name__ == "__main__":
    main()
