"""An independent check of a winter plan against the arrays of its problem file.

It reads the two files by itself and shares no code with what builds problems or makes plans:
every rule of ``PROBLEM.md`` is spelled out here once more, in plain loops.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from roadplan.winter.verify_problem import array_faults, fingerprint, read_arrays

PLAN_FORMAT = "roadplan-winter-plan"

TOLERANCE = 1e-6
"""Relative difference at which a stated cost counts as another one."""


@dataclass(frozen=True)
class Check:
    """What the checker found.

    Parameters
    ----------
    violations
        Sentences, one for each rule broken; empty for a plan that is possible and truly costed.
    cost
        The cost recomputed, veh·h; not a number where the plan cannot be costed.
    uncleared_cost
        What doing nothing costs.
    stated_cost, stated_bound
        As the plan says, None where it does not.
    gap
        (cost − stated bound) / cost, None without a bound.
    passes
        Number of passes that count (each item and moment once).
    """

    violations: tuple[str, ...]
    cost: float
    uncleared_cost: float
    stated_cost: float | None
    stated_bound: float | None
    gap: float | None
    passes: int

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.violations

    def summary(self) -> str:
        """Return the findings in a few lines of English."""
        lines = []
        if math.isfinite(self.cost):
            lines.append(
                f"cost {self.cost:,.1f} veh·h with {_count(self.passes, 'pass', 'passes')}"
            )
            lines.append(f"nothing cleared: {self.uncleared_cost:,.1f} veh·h")
            if self.gap is not None:
                lines.append(f"stated bound {self.stated_bound:,.1f} veh·h, gap {self.gap:.2%}")
            else:
                lines.append("no bound is stated")
        if self.violations:
            number = len(self.violations)
            lines.append(f"{_count(number, 'thing is', 'things are')} wrong:")
            lines += [f"  {violation}" for violation in self.violations]
        else:
            lines.append("every rule is kept")
        return "\n".join(lines)


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _unusable(*violations: str) -> Check:
    """Return the finding that a plan cannot even be costed."""
    return Check(violations, math.nan, math.nan, None, None, None, 0)


def verify(plan_path: str | os.PathLike[str], problem_path: str | os.PathLike[str]) -> Check:
    """Check a plan file against a problem file.

    Files that cannot be read at all are reported as violations too.
    """
    try:
        arrays = read_arrays(problem_path)
    except ValueError as error:
        name = Path(problem_path).name
        return _unusable(f"{name} cannot be read as a problem, which roadplan winter plan writes "
                         f"as problem.npz: {error}")  # fmt: skip
    try:
        document = json.loads(Path(plan_path).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        name = Path(plan_path).name
        return _unusable(f"{name} cannot be read as a plan, which roadplan winter plan writes as "
                         f"plan.json: {error}")  # fmt: skip
    return check(document, arrays)


def verify_plan(plan: Any, problem: Any) -> Check:
    """Check a plan object against a problem object by their plain contents."""
    document = {
        "format": "roadplan-winter-plan",
        "version": 1,
        "problem": plan.problem_digest,
        "summary": dict(plan.summary),
        "crews": [
            {
                "crew": str(name),
                "moves": [
                    {"slot": m.slot, "kind": m.kind, "arc": m.arc, "slots": m.slots} for m in moves
                ],
            }
            for name, moves in zip(_names(plan, problem), plan.crews, strict=True)
        ],
    }
    return check(document, vars(problem))


def _names(plan: Any, problem: Any) -> list[str]:
    """Return the crews' names, made up where the plan has more crews than the problem."""
    names = [str(name) for name in problem.crew_name][: len(plan.crews)]
    return names + [f"crew {i + 1}" for i in range(len(names), len(plan.crews))]


def check(document: Any, arrays: Mapping[str, Any]) -> Check:
    """Check a plan document against the arrays of a problem.

    Parameters
    ----------
    document
        The parsed plan file.
    arrays
        The arrays of the problem file by name.
    """
    faults = array_faults(arrays)
    if faults:
        return _unusable(*faults)
    violations: list[str] = []
    slots = int(arrays["slots"])
    crews = document.get("crews") if isinstance(document, dict) else None
    if not isinstance(crews, list):
        return _unusable("the plan has no list of crews")
    kind, version = document.get("format", PLAN_FORMAT), document.get("version", 1)
    if kind != PLAN_FORMAT or version != 1:
        return _unusable(f"the plan is of format {str(kind)[:40]!r} and version "
                         f"{str(version)[:40]}; the checker knows {PLAN_FORMAT!r}, 1")  # fmt: skip
    made_for = document.get("problem") or ""
    if made_for and made_for != fingerprint(arrays):
        violations.append(
            f"the plan was made for problem {str(made_for)[:40]}, not for {fingerprint(arrays)}"
        )
    if len(crews) != len(arrays["crew_name"]):
        violations.append(f"the plan has {len(crews)} crews, not {len(arrays['crew_name'])}")
    passes: dict[int, dict[int, set[int]]] = {}
    moving = 0.0
    for index, entry in enumerate(crews[: len(arrays["crew_name"])]):
        crew = _Crew(index, arrays, violations, passes)
        moving += crew.follow(entry)
    cost, counted = _cost(passes, arrays, slots, violations)
    cost += moving
    uncleared = float(np.asarray(arrays["cost"], dtype=np.float64)[:, 0, slots].sum())
    stated_cost, bound, gap = _stated(document.get("summary"), cost, uncleared, violations)
    return Check(tuple(violations), cost, uncleared, stated_cost, bound, gap, counted)


def _stated(
    summary: Any, cost: float, uncleared: float, violations: list[str]
) -> tuple[float | None, float | None, float | None]:
    """Return cost and bound as stated and the gap between them; check what is stated."""
    stated = summary if isinstance(summary, dict) else {}
    if summary is not None and not isinstance(summary, dict):
        violations.append("the summary is no object")
    names = ("cost", "bound", "gap", "uncleared_cost")
    found = {name: _number(stated.get(name)) for name in names}
    violations.extend(
        f"the stated {name} is no number"
        for name in names
        if stated.get(name) is not None and found[name] is None
    )
    for name, true in (("cost", cost), ("uncleared_cost", uncleared)):
        value = found[name]
        if value is not None and abs(value - true) > TOLERANCE * max(1.0, abs(true)):
            what = name.replace("_", " ")
            violations.append(f"the stated {what} is {value:.3f}, recomputed {true:.3f}")
    bound, gap, stated_gap = found["bound"], None, found["gap"]
    if bound is not None:
        if bound > cost + TOLERANCE * max(1.0, abs(cost)):
            violations.append(f"the stated bound {bound:.3f} is above the cost {cost:.3f}")
        gap = max(0.0, (cost - bound) / cost) if cost > 0 else 0.0
        if stated_gap is not None and abs(stated_gap - gap) > TOLERANCE:
            violations.append(f"the stated gap is {stated_gap:.6f}, recomputed {gap:.6f}")
    elif stated_gap is not None:
        violations.append(f"a gap of {stated_gap:.6f} is stated without a bound")
    if stated.get("status") == "optimal" and (gap is None or gap > 2 * TOLERANCE):
        violations.append("the plan is called optimal, but its bound does not prove it")
    return found["cost"], bound, gap


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _cost(
    passes: dict[int, dict[int, set[int]]],
    arrays: Mapping[str, Any],
    slots: int,
    violations: list[str],
) -> tuple[float, int]:
    """Return what the items' nights cost and how many passes count; check depths."""
    table = arrays["cost"]
    total, counted = 0.0, 0
    for item in range(len(arrays["item_name"])):
        last = 0
        for moment in sorted(passes.get(item, {})):
            violations.extend(
                f"item {arrays['item_name'][item]} at moment {moment}: the snow since "
                f"moment {last} is too deep for class {arrays['class_name'][k]}"
                for k in sorted(passes[item][moment])
                if int(arrays["passable_since"][k, item, moment]) > last
            )
            if moment < slots:
                total += float(table[item, last, moment])
                counted += 1
                last = moment
        total += float(table[item, last, slots])
    return total, counted


class _Crew:
    """Follows one crew through its moves and notes what it may not do."""

    def __init__(
        self,
        index: int,
        arrays: Mapping[str, Any],
        violations: list[str],
        passes: dict[int, dict[int, set[int]]],
    ) -> None:
        self.a = arrays
        self.violations = violations
        self.passes = passes
        self.name = f"crew {arrays['crew_name'][index]}"
        self.k = int(arrays["crew_class"][index])
        self.index = index
        self.node = int(arrays["crew_node"][index])
        self.now = int(arrays["crew_from"][index])
        self.load = int(arrays["class_passes_per_load"][self.k])
        self.cost = 0.0

    def wrong(self, why: str) -> None:
        """Note a violation."""
        self.violations.append(f"{self.name}, moment {self.now}: {why}")

    def follow(self, entry: Any) -> float:
        """Follow the moves of a crew and return what they cost."""
        moves = entry.get("moves") if isinstance(entry, dict) else None
        if not isinstance(moves, list):
            self.wrong("it has no list of moves")
            return 0.0
        named = entry.get("crew")
        if named is not None and f"crew {named}" != self.name:
            self.wrong(f"the plan names crew {named} here")
        begin, end = None, self.now
        for move in moves:
            if not self._readable(move):
                return self.cost
            if move["slot"] != self.now:
                self.wrong(f"the next move begins at {move['slot']}")
            if move["slots"] < 1:
                self.wrong(f"a move takes {move['slots']} slots")
            self.now = max(move["slot"], 0)
            getattr(self, f"_{move['kind']}")(move)
            if move["kind"] != "wait":
                begin = self.now if begin is None else begin
                end = self.now + move["slots"]
            self.now += move["slots"]
        self._duty(begin, end)
        return self.cost

    def _readable(self, move: Any) -> bool:
        good = isinstance(move, dict) and move.get("kind") in ("wait", "travel", "plough", "refill")
        good = good and all(type(move.get(key)) is int for key in ("slot", "arc", "slots"))
        if not good:
            self.wrong("a move cannot be read")
        return bool(good)

    def _duty(self, begin: int | None, end: int) -> None:
        """Check the window, the longest duty and the place at the end."""
        if self.now > int(self.a["crew_until"][self.index]):
            self.wrong(f"it works beyond the end of its window {self.a['crew_until'][self.index]}")
        if begin is None:
            return
        longest = int(self.a["crew_longest_duty"][self.index])
        if longest and end - begin > longest:
            self.wrong(f"its duty of {end - begin} slots is longer than {longest}")
        goal = int(self.a["crew_end_node"][self.index])
        if goal >= 0 and self.node != goal:
            self.wrong(f"it ends at {self._place(self.node)}, not at {self._place(goal)}")

    def _place(self, node: int) -> str:
        return str(self.a["node_name"][node])

    def _wait(self, move: dict[str, Any]) -> None:
        """Check a wait, which needs nothing."""

    def _refill(self, move: dict[str, Any]) -> None:
        if int(self.a["class_passes_per_load"][self.k]) == 0:
            self.wrong("its class has nothing to refill")
        if not self.a["refill_node"][self.k, self.node]:
            self.wrong(f"it cannot refill at {self._place(self.node)}")
        if move["slots"] != int(self.a["class_refill_slots"][self.k]):
            self.wrong(f"a refill takes {self.a['class_refill_slots'][self.k]} slots")
        self.load = int(self.a["class_passes_per_load"][self.k])

    def _arc(self, move: dict[str, Any], prefix: str) -> bool:
        arc = move["arc"]
        if not 0 <= arc < len(self.a[f"{prefix}_class"]):
            self.wrong(f"there is no {prefix} arc {arc}")
            return False
        if int(self.a[f"{prefix}_class"][arc]) != self.k:
            self.wrong(f"{prefix} arc {arc} is not for its class")
        if move["slots"] != int(self.a[f"{prefix}_slots"][arc]):
            self.wrong(f"{prefix} arc {arc} takes {self.a[f'{prefix}_slots'][arc]} slots")
        opens, closes = int(self.a[f"{prefix}_opens"][arc]), int(self.a[f"{prefix}_closes"][arc])
        if not opens <= self.now < closes:
            self.wrong(f"{prefix} arc {arc} is open from {opens} to {closes} only")
        self.cost += float(self.a[f"{prefix}_cost"][arc])
        return True

    def _step(self, tail: int, head: int) -> None:
        if self.node != tail:
            self.wrong(f"it is at {self._place(self.node)}, not at {self._place(tail)}")
        self.node = head

    def _travel(self, move: dict[str, Any]) -> None:
        if self._arc(move, "travel"):
            arc = move["arc"]
            self._step(int(self.a["travel_from"][arc]), int(self.a["travel_to"][arc]))

    def _plough(self, move: dict[str, Any]) -> None:
        if not self._arc(move, "plough"):
            return
        item = int(self.a["plough_item"][move["arc"]])
        self._step(int(self.a["item_from"][item]), int(self.a["item_to"][item]))
        if int(self.a["class_passes_per_load"][self.k]):
            if self.load < 1:
                self.wrong("it ploughs with an empty load")
            self.load -= 1
        moment = self.now + move["slots"]
        if moment > int(self.a["slots"]):
            self.wrong(f"it ends its pass at moment {moment}, after the horizon")
            return
        self.passes.setdefault(item, {}).setdefault(moment, set()).add(self.k)
