"""Plans made on half of the members, scored by the queue simulation on the other half.

    python tests/benchmarks/bench_out_of_sample.py --time-limit 60 --out table.md

For each storm the solver and every baseline make a plan from the even members; the simulation
runs them through the odd members with fresh draws of stuck vehicles, the same for all plans.
Writes a table in Markdown; intervals are of 95 %.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import roadplan.corridor as corridors
from roadplan.weather import Road, load, load_parameters, shipped_storms
from roadplan.winter.build import build
from roadplan.winter.fleet import Fleet, default_fleet
from roadplan.winter.night import LONGEST_SEGMENT_M, prepare
from roadplan.winter.outcome import simulate
from roadplan.winter.plan import Plan, idle_plan
from roadplan.winter.solve import solve, solvers

PLAN = "search"


def score(
    road: corridors.Corridor, fleet: Fleet, storm: str, options: argparse.Namespace
) -> list[tuple[str, ...]]:
    """Return a row of the table for each plan of a storm."""
    weather = load_parameters()
    pieces = Road.from_corridor(road, weather, longest_m=LONGEST_SEGMENT_M)
    whole = load(storm, road=pieces, members=options.members)
    count = len(whole.members)
    seen = prepare(road, whole.at_members(range(0, count, 2)), hours=options.hours)
    unseen = prepare(road, whole.at_members(range(1, count, 2)), hours=options.hours)
    board = build(seen, fleet)
    plans: dict[str, Plan] = {}
    stated: dict[str, tuple[float, float]] = {}
    for name in solvers():
        limit = options.time_limit if name == PLAN else 20.0
        found = solve(board.problem, method=name, time_limit_s=limit, seed=options.seed)
        plans[name], stated[name] = found.plan, (found.cost, found.gap)
    if "nothing" not in plans:
        plans["nothing"] = idle_plan(board.problem)
        stated["nothing"] = (board.problem.uncleared_cost, float("inf"))
    outcome = simulate(board, plans, draws=options.draws, seed=options.seed + 1000, night=unseen)
    rows = []
    for name in plans:
        delay, jam = outcome.delay(name), outcome.storm.jam_probability(5.0, outcome.index(name))
        saved = outcome.saving(PLAN, name)
        cost, gap = stated[name]
        rows.append(
            (
                storm,
                name,
                f"{cost:,.0f}",
                f"{gap:.1%}" if gap < 1 else "–",
                f"{delay.value:,.0f} ({delay.low:,.0f}…{delay.high:,.0f})",
                f"{jam.value:.0%} ({jam.low:.0%}…{jam.high:.0%})",
                "" if name == PLAN else f"{saved.value:+.1%} ({saved.low:+.1%}…{saved.high:+.1%})",
            )
        )
    return rows


def main() -> None:
    """Score all storms and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--storm", action="append", help="by default all that are shipped")
    parser.add_argument("--time-limit", type=float, default=60.0)
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--members", type=int, default=50)
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    road = corridors.load()
    fleet = default_fleet(road)
    lines = [
        (
            "| storm | plan | cost, veh·h | gap | simulated delay, veh·h | P(jam > 5 km) "
            "| the solver's plan brings less delay by |"
        ),
        "| --- | --- | --: | --: | --: | --: | --: |",
    ]
    for storm in options.storm or list(shipped_storms()):
        began = time.perf_counter()
        for row in score(road, fleet, storm, options):
            lines.append(f"| {' | '.join(row)} |")
            print(lines[-1], flush=True)
        print(f"{storm}: {time.perf_counter() - began:.0f} s", flush=True)
    if options.out is not None:
        options.out.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
