"""Keep the best known plan, prices and table of the benchmark instances.

    python tests/benchmarks/best_known.py                           # check all, show the table
    python tests/benchmarks/best_known.py --seconds 600             # search, keep what is better
    python tests/benchmarks/best_known.py --seconds 600 --fresh     # the same from nothing
    python tests/benchmarks/best_known.py --take plan.json NAME     # somebody's plan, if better
    python tests/benchmarks/best_known.py --take prices.npz NAME    # somebody's prices, if better
    python tests/benchmarks/best_known.py --forget-claims           # bounds by prices only

Searching and taking never make anything worse: a plan gives way only to a cheaper one that the
checker accepts, prices only to prices that prove more. Afterwards the table in
``instances/README.md`` is written anew from the files. It can be interrupted at any time.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from make_instances import FOLDER, INSTANCES, chosen, problem_path
from price_bound import price_bound
from winter_tables import replace_section, table, write_section

from roadplan.errors import RoadplanError
from roadplan.winter import plan as plans
from roadplan.winter.instances import FLEET, tiny_instance
from roadplan.winter.plan import Plan
from roadplan.winter.problem import Problem
from roadplan.winter.solve import solve
from roadplan.winter.solve.bound import prove
from roadplan.winter.solve.network import Network, compile_network
from roadplan.winter.solve.prices import Ascent, PriceBoard
from roadplan.winter.verify import Check, verify, verify_plan

Floats = npt.NDArray[np.float64]

README: Final = FOLDER / "README.md"
SECTION: Final = "table"

WORTH_A_CLAIM: Final = 1e-4
"""A search's own bound is stated in place of the prices' when it is better by this share."""

POLISH_HEATS: Final = (1e-3, 5e-4, 2e-4)
"""Temperatures of the last ascents, as shares of the cost of one pass."""

PRICE_BITS: Final = 12
"""Bits of the mantissa that stored prices keep; the bound is that of the prices as stored."""

KM_A_SEGMENT: Final = 20

CLOSED_GAP: Final = 1e-6


def plan_path(name: str) -> Path:
    """Return where the best known plan of an instance lies."""
    return FOLDER / f"{name}.plan.json"


def prices_path(name: str) -> Path:
    """Return where the best known prices of an instance lie."""
    return FOLDER / f"{name}.prices.npz"


def read_prices(path: Path) -> Floats:
    """Return the prices of a file."""
    with np.load(path, allow_pickle=False) as archive:
        return np.asarray(archive["price"], dtype=np.float64)


def write_prices(path: Path, price: Floats, problem: Problem) -> None:
    """Write prices, rounded as they are stored, with the fingerprint of their problem."""
    with path.open("wb") as stream:
        np.savez_compressed(
            stream, price=price.astype(np.float32), problem=np.array(problem.digest)
        )


def stored(price: Floats) -> Floats:
    """Return prices rounded to the bits that are stored."""
    part, power = np.frexp(np.maximum(price, 0.0))
    rounded = np.ldexp(np.round(np.ldexp(part, PRICE_BITS)), power - PRICE_BITS)
    return np.where(rounded < 1e-3, 0.0, rounded)


def write_plan(path: Path, plan: Plan, problem: Problem) -> None:
    """Write a plan with one line a crew and without the names of places, to keep it small."""
    keys = ("slot", "slots", "kind", "arc")
    crews = [
        json.dumps(
            {
                "crew": str(name),
                "moves": [{key: getattr(move, key) for key in keys} for move in moves],
            },
            separators=(",", ":"),
        )
        for name, moves in zip(problem.crew_name, plan.crews, strict=True)
    ]
    head = {
        "format": plans.FORMAT,
        "version": plans.VERSION,
        "problem": problem.digest,
        "summary": dict(plan.summary),
    }
    text = json.dumps(head, indent=1, allow_nan=False).removesuffix("\n}")
    body = ",\n  ".join(crews)
    path.write_text(f'{text},\n "crews": [\n  {body}\n ]\n}}\n', encoding="utf-8")


def keep(
    name: str,
    *,
    plan: Plan | None = None,
    price: Floats | None = None,
    claim: float = -math.inf,
    claims: bool = True,
) -> str:
    """Take what is better than what is known of an instance, and say what that was.

    Parameters
    ----------
    name
        Of the instance.
    plan, price
        New ones, or None.
    claim
        A bound for which there are no prices (from branching).
    claims
        Whether such a bound stated before still counts.
    """
    problem = Problem.load(problem_path(name))
    known = Plan.load(plan_path(name)) if plan_path(name).exists() else None
    best, news = known, []
    if plan is not None:
        broken = verify_plan(Plan(crews=plan.crews), problem).violations
        if broken:
            raise RoadplanError(f"{name}: the plan is not possible: {'; '.join(broken[:3])}")
        if known is None or plan.cost(problem) < known.cost(problem) - 1e-6:
            best = plan
            news.append("plan")
    if best is None:
        raise RoadplanError(f"{name}: there is no plan yet; search first")
    proven = -math.inf
    if prices_path(name).exists():
        proven = price_bound(vars(problem), read_prices(prices_path(name)))
    if price is not None:
        price = stored(price)
        found = price_bound(vars(problem), price)
        if found > proven + 1e-6:
            write_prices(prices_path(name), price, problem)
            proven = found
            news.append("prices")
    if claims and known is not None and known.summary.get("bound_by") == "search":
        claim = max(claim, float(known.summary["bound"]))
    write_plan(plan_path(name), _summed_up(best, problem, proven, claim), problem)
    return " and ".join(news) or "nothing"


def _summed_up(plan: Plan, problem: Problem, proven: float, claim: float) -> Plan:
    """Return a plan whose summary says what is known of the instance."""
    cost = plan.cost(problem)
    by_search = not proven >= min(claim, cost) - WORTH_A_CLAIM * cost
    bound = min(cost, claim if by_search else proven)
    gap = max(0.0, (cost - bound) / cost)
    summary = {
        "cost": cost,
        "bound": bound,
        "gap": gap,
        "bound_by": "search" if by_search else "prices",
        "price_bound": proven,
        "status": "optimal" if gap <= CLOSED_GAP else "feasible",
        "uncleared_cost": problem.uncleared_cost,
    }
    return Plan(crews=plan.crews, problem_digest=problem.digest, summary=summary)


def better_prices(problem: Problem, cost: float, passes: int, seconds: float) -> Floats | None:
    """Return the best prices found in some seconds, by class; None where there are none.

    Parameters
    ----------
    problem
        What they are for.
    cost, passes
        Of a good plan: they give the scale of prices.
    seconds
        To use.
    """
    network = compile_network(problem)
    until = time.monotonic() + seconds
    best: list[Any] = [-math.inf, None]

    def report(bound: float, price: Floats) -> None:
        if bound > best[0]:
            best[:] = [bound, price.copy()]

    def left_s() -> float:
        return max(0.0, until - time.monotonic())

    board = PriceBoard(network)
    floor = board.evaluate(np.zeros(board.shape)).bound
    unit = (cost - floor) / max(1, passes)
    prove(network, pass_cost=unit, report=report, over=lambda: left_s() <= 0, left_s=left_s)
    if best[1] is not None:
        ascent = Ascent(board, best[1])
        for heat in POLISH_HEATS:
            for _ in range(20):
                if left_s() <= 0:
                    break
                ascent.run(heat * unit, 50)
                report(board.evaluate(ascent.price).bound, ascent.price)
    return None if best[1] is None else by_class(network, problem, best[1])


def by_class(network: Network, problem: Problem, price: Floats) -> Floats:
    """Return prices of ranks, shape (R · J, T + 1), as prices of classes, (K, J, T + 1)."""
    ranks = price.reshape(network.ranks, network.items, network.slots + 1)
    found = np.zeros((len(problem.class_name), *ranks.shape[1:]))
    found[network.crew_class] = ranks[network.crew_rank]
    return found


def search(name: str, *, seconds: float, seed: int, fresh: bool, prices: bool) -> str:
    """Search an instance for a better plan, then for better prices, and keep what is better."""
    problem = Problem.load(problem_path(name))
    start = None if fresh or not plan_path(name).exists() else Plan.load(plan_path(name))
    found = solve(problem, time_limit_s=seconds, seed=seed, start=start)
    print(f"{name}: {found.summary()}", flush=True)
    if not prices:
        return keep(name, plan=found.plan, claim=found.bound)
    passes = sum(len(moments) for moments in found.plan.passes(problem))
    price = better_prices(problem, found.cost, passes, seconds)
    return keep(name, plan=found.plan, price=price, claim=found.bound)


def search_all(names: list[str], *, seconds: float, seed: int, fresh: bool, prices: bool) -> None:
    """Search some instances one after the other until done or interrupted."""
    # Compiled before the first search.
    solve(tiny_instance(0), effort=1)
    try:
        for name in names:
            better = search(name, seconds=seconds, seed=seed, fresh=fresh, prices=prices)
            gap = Plan.load(plan_path(name)).summary["gap"]
            print(f"{name}: better: {better}; gap {gap:.2%}", flush=True)
    except KeyboardInterrupt:
        print("interrupted; what was found so far is kept")


def take(path: Path, name: str) -> str:
    """Take somebody's plan or prices."""
    if path.suffix == ".npz":
        return keep(name, price=read_prices(path))
    return keep(name, plan=Plan.load(path))


@dataclass(frozen=True)
class Known:
    """What is known of an instance.

    Parameters
    ----------
    name
        Of the instance.
    problem, plan
        As stored.
    check
        What the checker says of the plan.
    proven
        The bound that the stored prices prove.
    """

    name: str
    problem: Problem
    plan: Plan
    check: Check
    proven: float

    @property
    def faults(self) -> tuple[str, ...]:
        """What is wrong with what is stated, as sentences."""
        found = list(self.check.violations)
        stated = self.plan.summary
        if self.plan.problem_digest != self.problem.digest:
            found.append("the plan is of another problem")
        if not math.isclose(stated["price_bound"], self.proven, rel_tol=1e-9, abs_tol=1e-6):
            found.append(f"the prices prove {self.proven:.3f}, not {stated['price_bound']:.3f}")
        if stated["bound_by"] == "prices" and stated["bound"] > self.proven + 1e-6:
            found.append(f"the bound {stated['bound']:.3f} is above what the prices prove")
        return tuple(f"{self.name}: {fault}" for fault in found)

    def row(self) -> tuple[str, ...]:
        """Return the row of the table; costs are rounded up and bounds down."""
        summary, problem = self.plan.summary, self.problem
        count = np.bincount(problem.crew_class, minlength=len(problem.class_name))
        crews = ", ".join(f"{n} {spec.name}" for n, spec in zip(count, FLEET, strict=False) if n)
        return (
            f"`{self.name}`",
            crews,
            ", ".join(rules(self.name)) or "–",
            f"{problem.items // 2 * KM_A_SEGMENT:,}",
            f"{problem.crews}",
            f"{problem.uncleared_cost:,.0f}",
            f"{math.ceil(10 * summary['cost']) / 10:,.1f}",
            f"{math.floor(10 * summary['bound']) / 10:,.1f}",
            f"{summary['gap']:.2%}",
            str(summary["bound_by"]),
        )


def rules(name: str) -> list[str]:
    """Return the rules of an instance's crews in words."""
    spec = INSTANCES[name]
    found = []
    if len(spec["crews_by_class"]) > 3:
        found.append("refills")
    if spec.get("staggered"):
        found.append("windows")
    if spec.get("longest_duty"):
        found.append(f"duty {spec['longest_duty'] / 2:g} h")
    if spec.get("return_to_base"):
        found.append("home")
    return found


def known(name: str) -> Known:
    """Return what is known of an instance, read and checked anew."""
    problem = Problem.load(problem_path(name))
    return Known(
        name=name,
        problem=problem,
        plan=Plan.load(plan_path(name)),
        check=verify(plan_path(name), problem_path(name)),
        proven=price_bound(vars(problem), read_prices(prices_path(name))),
    )


def best_table(every: list[Known]) -> str:
    """Return the table of what is known."""
    head = (
        "instance",
        "crews by class",
        "rules",
        "km",
        "crews",
        "nothing cleared",
        "best cost",
        "proven bound",
        "gap",
        "bound by",
    )
    return table(head, [each.row() for each in every], left=3)


def main() -> None:
    """Check, search or take."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("names", nargs="*", help="names or patterns; by default all")
    parser.add_argument("--seconds", type=float, help="search each so long for plan and prices")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--fresh", action="store_true", help="search without the plan that is known"
    )
    parser.add_argument("--plans-only", action="store_true", help="look for no better prices")
    parser.add_argument("--forget-claims", action="store_true", help="state bounds by prices only")
    parser.add_argument("--take", type=Path, metavar="FILE", help="a plan or prices for one NAME")
    options = parser.parse_args()
    if options.take is not None:
        if options.names != chosen(options.names):
            sys.exit("--take needs the name of one instance")
        print(f"{options.names[0]}: better: {take(options.take, options.names[0])}")
    elif options.forget_claims:
        for name in chosen(options.names or None):
            keep(name, claims=False)
    elif options.seconds is not None:
        search_all(
            chosen(options.names or None),
            seconds=options.seconds,
            seed=options.seed,
            fresh=options.fresh,
            prices=not options.plans_only,
        )
    every = [known(name) for name in INSTANCES if plan_path(name).exists()]
    content = best_table(every)
    if options.take is not None or options.seconds is not None or options.forget_claims:
        write_section(README, SECTION, content)
    print(content)
    faults = [fault for each in every for fault in each.faults]
    text = README.read_text(encoding="utf-8") if README.exists() else ""
    if replace_section(text, SECTION, content) != text:
        faults.append("the table in README.md is not that of the files")
    if faults:
        sys.exit("\n".join(faults))


if __name__ == "__main__":
    main()
