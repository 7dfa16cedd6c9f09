"""Making a night's plan: solve, replay, simulate, and write everything the road needs."""

from __future__ import annotations

import html
import logging
import math
import os
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from roadplan.errors import RoadplanError
from roadplan.files import replace_text
from roadplan.i18n import LANGUAGES, counted
from roadplan.winter.build import Board, worst_weights
from roadplan.winter.change import Change, follow
from roadplan.winter.documents import (
    CREW_ORDERS,
    STRETCH_TABLE,
    crew_frame,
    plan_json,
    stretch_frame,
)
from roadplan.winter.halt import Halt
from roadplan.winter.outcome import PlanOutcome, simulate
from roadplan.winter.plan import Plan, idle_plan
from roadplan.winter.replay import Timetable
from roadplan.winter.reweight import DRAWS as REWEIGHT_DRAWS
from roadplan.winter.reweight import Reweighting, reweigh
from roadplan.winter.service import ServiceReport, service_report
from roadplan.winter.solve import Progress, Result, solve, solvers
from roadplan.winter.solve.result import CLOSED_GAP, proven_gap

_LOG = logging.getLogger(__name__)

DRAWS: Final = 10
"""Draws of stuck vehicles for each member in the outcome of a plan."""

REWEIGHT_SHARE: Final = 0.7
"""Share of the time for plans with weights from the simulation; the rest improves and bounds."""

FIRST_SHARE: Final = 0.3
"""Share of the time for the plan by which the worst members are found."""

COMPARED: Final = ("posture", "beats")
"""Solvers whose plans are simulated beside a plan: beats by CP-SAT, and equal ones."""

SHEETS: Final = "ru"
"""Language of workbooks, whose places are named as people say them; CSV is for other programs."""

PAGE: Final = "storm.html"
"""Name of the dispatcher's page beside a plan."""

FILES: Final = (
    "plan.json",
    "problem.npz",
    "crews.csv",
    "crews.xlsx",
    "stretches.csv",
    "stretches.xlsx",
    *(f"orders_{language}.html" for language in LANGUAGES),
    PAGE,
)
"""Names of all files that a plan may have in its folder."""

NOTABLE_SHARE: Final = 0.005
"""A comparison that simulates better by less than this share is not worth a word."""

NOTHING: Final = "nothing cleared"
THE_PLAN: Final = "plan"


@dataclass(frozen=True, kw_only=True, eq=False)
class NightPlan:
    """A plan with what is proven of it and what it comes to.

    Parameters
    ----------
    board
        The problem and what its indices mean.
    result
        The plan as the solver gave it.
    outcome
        The plan and what it is compared with, simulated; None where that was not asked for.
    timetable
        The plan in continuous time.
    reweighting
        What weights from the simulation brought; None where that was not asked for.
    """

    board: Board = field(repr=False)
    result: Result
    outcome: PlanOutcome | None = field(repr=False)
    timetable: Timetable = field(repr=False)
    reweighting: Reweighting | None = None

    @property
    def plan(self) -> Plan:
        """The plan with its whole summary."""
        values: dict[str, Any] = dict(self.result.plan.summary)
        values["delay_veh_h"] = values["delay_veh_h_interval"] = None
        values["floor_cost"] = self.floor_veh_h
        change = self.change
        if change is not None:
            values["change"] = asdict(change)
            values["cost_without_change"] = self.result.cost - change.cost_veh_h
        service = self.service
        if service is not None:
            values["service"] = service.values()
        if self.reweighting is not None:
            values["reweighting"] = _plain(asdict(self.reweighting))
        if self.outcome is not None:
            found = self.outcome.delay(THE_PLAN)
            values["delay_veh_h"] = max(0.0, found.value)
            if math.isfinite(found.low):
                values["delay_veh_h_interval"] = [max(0.0, float(found.low)), float(found.high)]
        values["latest_pass_min"] = round(60 * self.timetable.latest_h, 1)
        values["overrun_min"] = round(60 * self.timetable.overrun_h, 1)
        return replace(self.result.plan, summary=values)

    @property
    def change(self) -> Change | None:
        """How the plan departs from the former one; None where none was to be kept."""
        if self.board.kept is None:
            return None
        return self.board.kept.change(self.result.plan.passes(self.board.problem))

    @property
    def service(self) -> ServiceReport | None:
        """How the plan keeps the limits of the time to clear; None where there are none."""
        passes = self.result.plan.passes(self.board.problem)
        return service_report(self.board, passes, self.result.bound)

    @property
    def floor_veh_h(self) -> float:
        """What is left of the cost with crews without end: delay that no plan can avoid."""
        return self.board.costs.floor_veh_h(self.board.problem.cost)

    @property
    def comparison(self) -> list[dict[str, Any]]:
        """The simulated figures of the plan and of what it is compared with."""
        return [] if self.outcome is None else _plain(self.outcome.table())

    @property
    def warnings(self) -> list[str]:
        """What simulates better than the plan beyond chance, in a sentence each."""
        if self.outcome is None:
            return []
        found = []
        for name in self.outcome.names:
            if name == THE_PLAN:
                continue
            less = self.outcome.saving(name, THE_PLAN)
            if less.value >= NOTABLE_SHARE and less.low > 0:
                found.append(
                    f"{name} simulates {less.value:.1%} better than the plan "
                    f"({less.low:.1%}…{less.high:.1%}): jams that run into each other count double "
                    "in the plan's cost; try --reweight 3, or go by that"
                )
        return found

    def summary(self) -> str:
        """Return the plan in a few lines of English."""
        board, result = self.board, self.result
        passes = sum(len(moments) for moments in result.plan.passes(board.problem))
        lines = [
            (
                f"{board.problem.title}: {board.night.slots.count * board.night.slots.hours:g} h, "
                f"{counted(board.problem.crews, 'crew')}, "
                f"{counted(len(board.items), 'carriageway')}, {counted(passes, 'pass', 'passes')}"
            ),
            result.summary(),
            (
                f"by the same reckoning {board.problem.uncleared_cost:,.1f} veh·h if nothing is "
                f"cleared, {self.floor_veh_h:,.1f} veh·h with crews without end"
            ),
        ]
        lines += [] if self.service is None else self.service.summary()
        lines += self._changes()
        if self.reweighting is not None:
            lines.append(self.reweighting.summary())
        if self.outcome is not None:
            lines.append(
                "simulated with queues and stuck vehicles "
                f"({counted(len(self.outcome.members), 'member')}, 95 % intervals):"
            )
            for row in self.comparison:
                low, high = row["delay_veh_h_interval"]
                known = None not in (low, high)
                interval = f"{low:,.0f}…{high:,.0f}" if known else "one member: no interval"
                lines.append(
                    f"  {row['plan']}: {row['delay_veh_h']:,.0f} veh·h ({interval}), "
                    f"P(jam > 5 km) = {row['jam_over_5_km']:.0%}"
                )
        late = 60 * self.timetable.latest_h
        lines.append(
            "in continuous time every pass is done by its slot"
            if late <= 0.5
            else f"in continuous time the latest pass is {late:.0f} min after its slot"
        )
        return "\n".join([*lines, *self.warnings, *board.notes])

    def _changes(self) -> list[str]:
        """Return what became of the former plan, in a line."""
        change, kept = self.change, self.board.kept
        if change is None or kept is None:
            return []
        text = (
            f"of {kept.former.source} {counted(change.kept, 'pass is', 'passes are')} kept, "
            f"{change.dropped} dropped and {change.new} new, at {kept.veh_h:g} veh·h each: "
            f"{change.cost_veh_h:,.1f} of the {self.result.cost:,.1f} veh·h, which leaves "
            f"{self.result.cost - change.cost_veh_h:,.1f} veh·h of delay and driving"
        )
        return [text]

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(self.summary())}</pre>"

    def write(
        self, folder: str | os.PathLike[str], *, languages: Iterable[str] = LANGUAGES
    ) -> list[Path]:
        """Write plan, problem, tables and order sheets into a folder and return the files."""
        from roadplan.tables.writing import write_csv, write_workbook
        from roadplan.winter.order_sheets import order_sheets

        out = Path(folder)
        orders = crew_frame(self.board, self.timetable, language=SHEETS)
        sheets, tables = {"orders": orders}, {"orders": CREW_ORDERS}
        for duty in self.board.duties:
            key = f"crew {duty.name}"
            sheets[key] = orders[orders["crew"] == duty.name]
            tables[key] = replace(CREW_ORDERS, labels=dict.fromkeys(LANGUAGES, duty.name))
        written = [
            replace_text(out / "plan.json", plan_json(self)),
            self.board.problem.save(out / "problem.npz"),
            write_csv(out / "crews.csv", crew_frame(self.board, self.timetable), CREW_ORDERS),
            write_workbook(out / "crews.xlsx", sheets, tables=tables, language=SHEETS),
            write_csv(out / "stretches.csv", stretch_frame(self), STRETCH_TABLE),
            write_workbook(
                out / "stretches.xlsx",
                {"stretches": stretch_frame(self, language=SHEETS)},
                tables={"stretches": STRETCH_TABLE},
                language=SHEETS,
            ),
        ]
        for language in languages:
            path = out / f"orders_{language}.html"
            written.append(replace_text(path, order_sheets(self, language=language)))
        return written


def former_files(folder: str | os.PathLike[str]) -> list[Path]:
    """Return the files of a plan in a folder.

    Ask before another plan is written there: what that does not replace would stay beside it and
    be taken for its own. Where there is no ``plan.json``, files with such names may be anybody's.

    Returns
    -------
    list
        Those of :data:`FILES` that are there; none without a ``plan.json``.
    """
    out = Path(folder)
    if not (out / FILES[0]).is_file():
        return []
    return [path for name in FILES if (path := out / name).is_file()]


def _plain(value: Any) -> Any:
    """Return values that JSON knows; what is not finite becomes None."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _not_below(result: Result, floor: float) -> Result:
    """Return a result whose bound is at least the floor: no plan does better than all crews.

    Soon after the start of a search the floor can be the better bound of the two.
    """
    bound = min(max(result.bound, floor), result.cost)
    if bound <= result.bound:
        return result
    gap = proven_gap(result.cost, bound)
    status = "optimal" if gap <= CLOSED_GAP and result.status == "feasible" else result.status
    summary = {**result.plan.summary, "bound": bound, "gap": gap, "status": status}
    return replace(result, bound=bound, status=status, plan=replace(result.plan, summary=summary))


def make_plan(
    board: Board,
    *,
    time_limit_s: float | None = None,
    effort: int | None = None,
    seed: int = 0,
    start: Plan | None = None,
    bounded: bool = True,
    draws: int = DRAWS,
    compare: Iterable[str] = COMPARED,
    reweight: int = 0,
    on_progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> NightPlan:
    """Solve a night's problem, replay the plan in continuous time and simulate its traffic.

    Parameters
    ----------
    board
        The problem.
    time_limit_s, effort, seed, start, bounded, on_progress, stop
        As in :func:`roadplan.winter.solve.solve`.
    draws
        Draws of stuck vehicles a member; 0 leaves the simulation out.
    compare
        Names of solvers whose plans are simulated too, besides nothing cleared; names that are
        not there are passed over.
    reweight
        Rounds in which items count more or less by what they cause in the simulation, in the
        same time; see :mod:`roadplan.winter.reweight` for what that brought. Cost and bound are
        then those of the weights of the plan that simulates best.

    Notes
    -----
    With a weight on the worst members a first plan is made with all members alike; its worst
    members then count more in the plan proper, whose cost and bound are of these weights.

    Where a former plan is to be kept and none is given to begin from, the search begins with the
    former passes, each made by its own crew as far as that still can.

    After Ctrl-C or `stop` in any phase those after it take no time: the best plan so far is
    returned, with status ``interrupted``, and simulated.
    """
    from roadplan.winter.replay import replay

    if reweight < 0:
        raise RoadplanError(f"{reweight} rounds of weights are not possible; give 0 or more")
    if start is None and board.kept is not None and board.kept.veh_h > 0:
        start = follow(board.kept, board.problem)
    reweighting = None
    halt = Halt(stop)

    def rough(on: Board, begin: Plan | None, share: float) -> Plan:
        found = solve(
            on.problem,
            time_limit_s=None if time_limit_s is None else share * time_limit_s,
            effort=None if effort is None else max(1, int(share * effort)),
            seed=seed,
            start=_moved(begin, on),
            bounded=False,
            stop=halt,
        )
        if found.status == "interrupted":
            halt.now()
        return found.plan

    left = 1.0
    if board.options.worst_weight > 0 and board.problem.crews:
        start = rough(board, start, FIRST_SHARE)
        left -= FIRST_SHARE
        member_cost = board.costs.by_member(start.passes(board.problem))
        board = board.weighted(worst_weights(member_cost, board.options))
    if reweight and board.problem.crews and len(board.items):
        share = left * REWEIGHT_SHARE / (reweight + 1)
        board, start, reweighting = reweigh(
            board,
            reweight,
            lambda on, begin: rough(on, begin or start, share),
            seed=seed,
            halt=halt,
        )
        left *= 1 - REWEIGHT_SHARE
    result = solve(
        board.problem,
        time_limit_s=None if time_limit_s is None else left * time_limit_s,
        effort=effort,
        seed=seed,
        start=_moved(start, board),
        bounded=bounded,
        on_progress=on_progress,
        stop=halt,
    )
    if reweighting is not None and start is not None and not halt():
        result = _better_simulated(board, result, start, seed=seed)
    result = _not_below(result, board.costs.floor_veh_h(board.problem.cost))
    outcome = None
    if draws:
        try:
            outcome = _simulated(board, result.plan, compare=compare, draws=draws, seed=seed)
        except KeyboardInterrupt:
            # The plan is there already and must not be lost.
            _LOG.warning("the simulation was interrupted; the plan comes without it")
    return NightPlan(
        board=board,
        result=result,
        outcome=outcome,
        timetable=replay(result.plan, board),
        reweighting=reweighting,
    )


def _moved(plan: Plan | None, board: Board) -> Plan | None:
    """Return a plan to begin from without what was said of another problem.

    Its moves are checked where it is used.
    """
    if plan is None:
        return None
    return replace(plan, problem_digest=board.problem.digest, summary={})


def _better_simulated(board: Board, result: Result, plan: Plan, *, seed: int) -> Result:
    """Return the result with the plan it began from where that simulates better."""
    cost = plan.cost(board.problem)
    plan = replace(plan, problem_digest=board.problem.digest)
    plans = {"begun": plan, "ended": result.plan}
    try:
        outcome = simulate(board, plans, draws=REWEIGHT_DRAWS, seed=seed)
    except KeyboardInterrupt:
        # The plan is there already and must not be lost.
        return result
    if outcome.delays("ended").mean() <= outcome.delays("begun").mean():
        return result
    gap = proven_gap(cost, result.bound)
    summary = {**result.plan.summary, "cost": cost, "gap": gap if math.isfinite(gap) else None}
    status = "feasible" if result.status == "optimal" and gap > CLOSED_GAP else result.status
    summary["status"] = status
    return replace(result, plan=replace(plan, summary=summary), cost=cost, status=status)


def _simulated(
    board: Board, plan: Plan, *, compare: Iterable[str], draws: int, seed: int
) -> PlanOutcome:
    """Simulate a plan, nothing cleared and the plans of some solvers under the same draws."""
    plans = {THE_PLAN: plan, NOTHING: idle_plan(board.problem)}
    for name in compare:
        if name in solvers() and board.problem.crews:
            plans[name] = solve(board.problem, method=name, time_limit_s=5.0, seed=seed).plan
    return simulate(board, plans, draws=draws, seed=seed)
