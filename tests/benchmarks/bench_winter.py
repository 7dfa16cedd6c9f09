"""Measure the winter solver: cost, bound and gap over time.

    python tests/benchmarks/bench_winter.py                                   # invented corridors
    python tests/benchmarks/bench_winter.py --instances 'corridor-*'          # stored instances
    python tests/benchmarks/bench_winter.py --shipped --seconds 300           # the shipped storms
    python tests/benchmarks/bench_winter.py --shipped --out tests/benchmarks/winter.md

Each problem is solved by itself, one after the other. The gap at a moment is what was proven then:
(cost of the best plan − best bound) / cost, both as they were known at that moment. Building the
problem is not counted. Each plan goes through the checker.
"""

from __future__ import annotations

import argparse
import math
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from best_known import plan_path
from make_instances import chosen, problem_path
from winter_tables import machine, table, write_section

from roadplan.winter.instances import STORMS, corridor_instance, national_instance, tiny_instance
from roadplan.winter.plan import Plan
from roadplan.winter.problem import Problem
from roadplan.winter.solve import Progress, Result, solve
from roadplan.winter.solve.result import proven_gap
from roadplan.winter.verify import verify_plan

EARLY_S = (5.0, 60.0)
"""Moments at which the gap is told besides the end."""


@dataclass(frozen=True)
class Case:
    """A problem to be measured.

    Parameters
    ----------
    name
        What it is called.
    problem
        Its arrays.
    floor
        A bound known before the search, veh·h: what is left with crews without end.
    best
        Cost of the best plan known, veh·h; infinite where none is.
    """

    name: str
    problem: Problem
    floor: float = -math.inf
    best: float = math.inf


@dataclass(frozen=True)
class Measured:
    """What came of it.

    Parameters
    ----------
    case
        The problem.
    result
        What the solver gave.
    cpu_s
        Processor time of all threads.
    fault
        The first rule that the plan breaks, empty for a good plan.
    """

    case: Case
    result: Result
    cpu_s: float
    fault: str

    @property
    def bound(self) -> float:
        """The best bound in the end, veh·h."""
        return max(self.result.bound, min(self.case.floor, self.result.cost))

    @property
    def gap(self) -> float:
        """The gap in the end."""
        return proven_gap(self.result.cost, self.bound)

    def gap_at(self, second: float) -> float:
        """Return the gap as it was proven at a second."""
        cost, bound = known_at(self.result.history, second)
        return proven_gap(cost, max(bound, min(self.case.floor, cost)))

    def reached(self, second: float) -> bool:
        """Whether the gap at a second is known: the search went on so long, or was done before."""
        return second < self.result.elapsed_s or self.result.status == "optimal"

    def row(self) -> tuple[str, ...]:
        """Return the row of the table."""
        over = self.result.cost / self.case.best - 1
        return (
            self.case.name,
            *(percent(self.gap_at(s)) if self.reached(s) else "–" for s in EARLY_S),
            percent(self.gap),
            f"{self.result.cost:,.1f}",
            f"{self.bound:,.1f}",
            f"{over:+.2%}" if math.isfinite(self.case.best) else "–",
            f"{self.result.elapsed_s:.0f}",
            f"{self.cpu_s:.0f}",
            self.fault or "ok",
        )


HEAD = ("problem", *(f"gap at {s:g} s" for s in EARLY_S), "at the end", "cost, veh·h", "bound",
        "against best known", "seconds", "processor s", "checker")  # fmt: skip


def percent(gap: float) -> str:
    """Return a gap in words."""
    return f"{gap:.2%}" if math.isfinite(gap) else "no bound"


def known_at(history: tuple[Progress, ...], second: float) -> tuple[float, float]:
    """Return the best cost and the best bound known at a second."""
    seen = [entry for entry in history if entry.elapsed_s <= second]
    cost = min((entry.cost for entry in seen), default=math.inf)
    return cost, max((entry.bound for entry in seen), default=-math.inf)


def measure(case: Case, *, seconds: float, method: str, seed: int) -> Measured:
    """Solve one problem and check its plan."""
    began = time.process_time()
    result = solve(case.problem, method=method, time_limit_s=seconds, seed=seed)
    used = time.process_time() - began
    check = verify_plan(result.plan, case.problem)
    return Measured(case, result, used, "" if check.ok else check.violations[0])


def invented(size: str, *, seed: int, crews: int) -> Iterator[Case]:
    """Give an invented problem of one size for each storm."""
    for storm in STORMS:
        if size == "national":
            problem = national_instance(seed, storm=storm)
        elif size == "tiny":
            problem = tiny_instance(seed, storm=storm)
        else:
            problem = corridor_instance(seed, storm=storm, crews_by_class=(crews,))
        yield Case(f"{size} {storm}", problem)


def stored(patterns: list[str]) -> Iterator[Case]:
    """Give the stored instances that fit some patterns."""
    for name in chosen(patterns):
        path = plan_path(name)
        best = float(Plan.load(path).summary["cost"]) if path.exists() else math.inf
        yield Case(name, Problem.load(problem_path(name)), best=best)


def shipped(storms: list[str], *, hours: float, members: int) -> Iterator[Case]:
    """Give the problems of shipped storms on the shipped corridor with its default fleet."""
    import roadplan.corridor as corridors
    from roadplan.weather import shipped_storms
    from roadplan.winter.build import build
    from roadplan.winter.fleet import default_fleet
    from roadplan.winter.night import prepare

    road = corridors.load()
    fleet = default_fleet(road)
    for storm in storms or list(shipped_storms()):
        board = build(prepare(road, storm, hours=hours, members=members), fleet)
        floor = board.costs.floor_veh_h(board.problem.cost)
        yield Case(storm, board.problem, floor=floor)


def main() -> None:
    """Measure some problems and tell the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--seconds", type=float, default=60.0, help="for each problem")
    parser.add_argument("--method", default="search")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--instances", nargs="+", metavar="NAME", help="stored ones, or patterns")
    parser.add_argument("--shipped", action="store_true", help="shipped storms and corridor")
    parser.add_argument("--storm", action="append", default=[], help="of the shipped ones")
    parser.add_argument("--hours", type=float, default=24.0, help="of the shipped storms")
    parser.add_argument("--members", type=int, default=50, help="of the shipped storms")
    parser.add_argument("--size", choices=("tiny", "corridor", "national"), default="corridor",
                        help="of invented problems")  # fmt: skip
    parser.add_argument("--crews", type=int, default=30, help="on invented corridors")
    parser.add_argument("--out", type=Path, metavar="FILE", help="Markdown: one section is written")
    options = parser.parse_args()
    if options.instances:
        what, cases = "instances", stored(options.instances)
    elif options.shipped:
        what = "shipped"
        cases = shipped(options.storm, hours=options.hours, members=options.members)
    else:
        what, cases = "invented", invented(options.size, seed=options.seed, crews=options.crews)
    # Compiled before the first measurement.
    solve(tiny_instance(0), method=options.method, effort=1)
    print(f"| {' | '.join(HEAD)} |")
    found: list[Measured] = []
    for case in cases:
        found.append(
            measure(case, seconds=options.seconds, method=options.method, seed=options.seed)
        )
        print(f"| {' | '.join(found[-1].row())} |", flush=True)
    gaps = [each.gap for each in found]
    middle = f"Median gap {percent(statistics.median(gaps))}, worst {percent(max(gaps))}."
    print(middle)
    if options.out is not None:
        write_section(options.out, what, report(what, found, options, middle))
    if any(each.fault for each in found):
        sys.exit("a plan broke a rule")


TITLES = {
    "shipped": "Storms that come with roadplan",
    "instances": "Stored instances",
    "invented": "Invented problems",
}


def report(what: str, found: list[Measured], options: argparse.Namespace, middle: str) -> str:
    """Return the section for people: how it was made, the table, and the middle."""
    settings = f"{options.seconds:g} s a problem, seed {options.seed}"
    if what == "shipped":
        settings += f", {options.hours:g} h, {options.members} members, the corridor's own fleet"
    intro = (
        f"Made by `python tests/benchmarks/bench_winter.py` ({what}; {settings}) on\n{machine()}.\n"
        "A gap is what was proven at that moment, from the start of the search; building the\n"
        "problem is not counted."
    )
    rows = table(HEAD, [each.row() for each in found])
    return f"## {TITLES[what]}\n\n{intro}\n\n{rows}\n\n{middle}"


if __name__ == "__main__":
    main()
