"""Plans made on half of the members, scored by the queue simulation on the other half.

    python tests/benchmarks/bench_out_of_sample.py --time-limit 60
    python tests/benchmarks/bench_out_of_sample.py --repeats 2 --out tests/benchmarks/winter.md

For each storm the solver and every baseline make a plan from one half of the members; the
simulation runs them through the other half with fresh draws of stuck vehicles, the same for all
plans. A second repeat swaps the halves, so that each member is scored once by plans that have not
seen it; further pairs of repeats halve the members at random. Prints a table in Markdown.

Intervals are of 95 %. Differences between plans are paired: same members, same draws; what a member
says in several repeats is averaged first, so repeats take the chance of search and halving out of
the result, but make the interval no narrower than the members allow.
"""

from __future__ import annotations

import argparse
import math
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
from winter_tables import machine, table, write_section

import roadplan.corridor as corridors
from roadplan.traffic.risk import expectation, probability
from roadplan.traffic.road_traffic import LONGEST_SEGMENT_M
from roadplan.weather import Road, load, load_parameters, shipped_storms
from roadplan.winter.build import build
from roadplan.winter.fleet import Fleet, default_fleet
from roadplan.winter.night import prepare
from roadplan.winter.outcome import PlanOutcome, simulate
from roadplan.winter.plan import Plan, idle_plan
from roadplan.winter.solve import solve, solvers

PLAN = "search"

BASELINE_S = 20.0
"""Most seconds for a baseline."""

JAM_KM = 5.0

Z95 = 1.959964

HEAD = ("storm", "plan", "cost, veh·h", "gap", "simulated delay, veh·h", "P(jam > 5 km)",
        "the solver's plan brings less delay by")  # fmt: skip

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass
class Scores:
    """What the repeats say of one plan.

    Parameters
    ----------
    cost, gap
        As the solver stated them, one for each repeat.
    delay_veh_h, jam_km, member
        One value for each simulated scenario: delay, longest jam, and member of the forecast.
    """

    cost: list[float] = field(default_factory=list)
    gap: list[float] = field(default_factory=list)
    delay_veh_h: list[float] = field(default_factory=list)
    jam_km: list[float] = field(default_factory=list)
    member: list[int] = field(default_factory=list)

    def add(self, outcome: PlanOutcome, name: str, members: Ints) -> None:
        """Add the scenarios of one simulation, whose members have these numbers."""
        rows = outcome.storm.of_plan(outcome.index(name))
        self.delay_veh_h += outcome.delays(name).tolist()
        self.jam_km += outcome.storm.longest_jam_km[rows].tolist()
        self.member += members[outcome.storm.member_of[rows]].tolist()


def halves(members: int, *, repeat: int, seed: int) -> tuple[Ints, Ints]:
    """Return which members a repeat plans with and which it scores with.

    The first two repeats take even and odd members in turn, each later pair other halves.
    """
    order = np.arange(members)
    if repeat >= 2:
        order = np.random.default_rng([seed, repeat // 2]).permutation(members)
    parts = np.sort(order[0::2]), np.sort(order[1::2])
    return parts if repeat % 2 == 0 else parts[::-1]


def score(
    road: corridors.Corridor, fleet: Fleet, storm: str, options: argparse.Namespace
) -> dict[str, Scores]:
    """Return the scores of each plan of a storm."""
    pieces = Road.from_corridor(road, load_parameters(), longest_m=LONGEST_SEGMENT_M)
    whole = load(storm, road=pieces, members=options.members)
    found: dict[str, Scores] = {}
    for repeat in range(options.repeats):
        ours, others = halves(len(whole.members), repeat=repeat, seed=options.seed)
        seed = options.seed + repeat
        board = build(prepare(road, whole.at_members(ours.tolist()), hours=options.hours), fleet)
        unseen = prepare(road, whole.at_members(others.tolist()), hours=options.hours)
        plans: dict[str, Plan] = {}
        for name in solvers():
            limit = options.time_limit if name == PLAN else BASELINE_S
            made = solve(board.problem, method=name, time_limit_s=limit, seed=seed)
            plans[name] = made.plan
            scores = found.setdefault(name, Scores())
            scores.cost.append(made.cost)
            scores.gap.append(made.gap)
        if "nothing" not in plans:
            plans["nothing"] = idle_plan(board.problem)
            found.setdefault("nothing", Scores()).cost.append(board.problem.uncleared_cost)
        outcome = simulate(board, plans, draws=options.draws, seed=seed + 1000, night=unseen)
        for name in plans:
            found[name].add(outcome, name, others)
    return found


def saving(own: Floats, other: Floats, member: Ints) -> tuple[float, float]:
    """Return the share by which delay is less than another plan's, and half its interval.

    The ratio of the members' means and its error by linearisation (Cochran 1977, "Sampling
    techniques", ch. 6): a member with much delay under both plans widens it little.
    """
    _, index, count = np.unique(member, return_inverse=True, return_counts=True)
    means = [np.bincount(index, weights=values) / count for values in (own, other)]
    ratio = float(means[0].mean() / means[1].mean())
    if len(count) < 2:
        return 1 - ratio, math.inf
    error = float((means[0] - ratio * means[1]).std(ddof=1)) / math.sqrt(len(count))
    return 1 - ratio, Z95 * error / float(means[1].mean())


def rows(storm: str, found: dict[str, Scores]) -> list[tuple[str, ...]]:
    """Return the rows of the table, one for each plan."""
    own = np.array(found[PLAN].delay_veh_h)
    made: list[tuple[str, ...]] = []
    for name, scores in found.items():
        other = np.array(scores.delay_veh_h)
        delay = expectation(other, scores.member)
        jam = probability(np.array(scores.jam_km) > JAM_KM, scores.member)
        saved = ""
        if name != PLAN and other.mean() > 0:
            value, half = saving(own, other, np.array(scores.member))
            saved = f"{value:+.1%} ({value - half:+.1%}…{value + half:+.1%})"
        gap = float(np.mean(scores.gap)) if scores.gap else math.inf
        made.append(
            (
                storm,
                name,
                f"{np.mean(scores.cost):,.0f}",
                f"{gap:.1%}" if gap < 1 else "–",
                f"{delay.value:,.0f} ({delay.low:,.0f}…{delay.high:,.0f})",
                f"{jam.value:.0%} ({jam.low:.0%}…{jam.high:.0%})",
                saved,
            )
        )
    return made


def report(lines: list[tuple[str, ...]], options: argparse.Namespace) -> str:
    """Return the section for people: how it was made, and the table."""
    times = "once" if options.repeats == 1 else f"{options.repeats} times"
    return (
        "## Out of sample\n\n"
        f"Made by `python tests/benchmarks/bench_out_of_sample.py` on {machine()}.\n"
        f"Plans of {options.hours:g} h made on half of {options.members} members with "
        f"{options.time_limit:g} s of search, scored on the other half\n"
        f"with {options.draws} draws a member, {times}; seed {options.seed}. Cost and gap are "
        "those of the half that the plan\nwas made with. Intervals are of 95 % over members; "
        "differences are paired by member and draw.\n\n" + table(HEAD, lines, left=2)
    )


def main() -> None:
    """Score all storms and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--storm", action="append", help="by default all that are shipped")
    parser.add_argument("--time-limit", type=float, default=60.0)
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--members", type=int, default=50)
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--repeats", type=int, default=1, help="2 scores with every member once")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, metavar="FILE", help="Markdown: one section is written")
    options = parser.parse_args()
    if options.repeats < 1 or options.members < 4:
        parser.error("at least 1 repeat and 4 members are needed")
    road = corridors.load()
    fleet = default_fleet(road)
    lines: list[tuple[str, ...]] = []
    print(f"| {' | '.join(HEAD)} |")
    for storm in options.storm or list(shipped_storms()):
        began = time.perf_counter()
        for row in rows(storm, score(road, fleet, storm, options)):
            lines.append(row)
            print(f"| {' | '.join(row)} |", flush=True)
        print(f"{storm}: {time.perf_counter() - began:.0f} s", flush=True)
    if options.out is not None:
        write_section(options.out, "out-of-sample", report(lines, options))


if __name__ == "__main__":
    main()
