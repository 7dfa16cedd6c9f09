"""``roadplan winter plan``, ``verify``, ``value`` and the templates of their files."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from roadplan.cli import EXIT_FAULTS
from roadplan.cli._shared import corridor_option, echo_json, echo_table, json_option
from roadplan.errors import RoadplanError
from roadplan.i18n import LANGUAGES, counted

if TYPE_CHECKING:
    import pandas as pd

    from roadplan.corridor import Corridor
    from roadplan.winter.fleet import Fleet
    from roadplan.winter.planning import NightPlan
    from roadplan.winter.solve import Progress
    from roadplan.winter.value import Worth

_FILE = click.Path(path_type=Path, dir_okay=False)
_FOLDER = click.Path(path_type=Path, file_okay=False)
_language_option = click.option(
    "--lang",
    "language",
    type=click.Choice(LANGUAGES),
    default="ru",
    show_default=True,
    help="Language of headers, explanations and drop-downs.",
)


@click.command()
@click.option(
    "--storm",
    required=True,
    metavar="NAME|FILE",
    help="A storm that comes with roadplan, or a forecast in any form that storm show reads.",
)
@click.option(
    "--fleet",
    "fleet_path",
    type=_FILE,
    metavar="FILE",
    help="Crews and machines (.xlsx, .csv); by default estimated from the corridor's totals.",
)
@click.option("--hours", type=click.FloatRange(min=0.1), default=24.0, show_default=True)
@click.option(
    "--time-limit",
    type=click.FloatRange(min=0.1),
    metavar="S",
    help="Seconds to search; 60 where neither it nor --effort is given.",
)
@click.option(
    "--effort",
    type=click.IntRange(min=1),
    help="Rounds to search in place of seconds: then the same seed gives the same plan.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--out", required=True, type=_FOLDER, metavar="DIR", help="Folder for the results.")
@click.option(
    "--state",
    "state_path",
    type=_FILE,
    metavar="FILE",
    help="Snow on the road, crews' places and closures now (.json, .xlsx, .csv).",
)
@corridor_option
@click.option("--start", help="When the plan begins, ISO 8601 with its time zone.")
@click.option("--members", type=click.IntRange(min=1), help="Members of the forecast to take.")
@click.option("--slot", "slot_minutes", type=int, default=30, show_default=True, metavar="MIN")
@click.option("--item-km", type=click.FloatRange(min=1), help="Aimed length of what a pass clears.")
@click.option(
    "--worst",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    help="Weight of the worst tenth of the members against the mean of all.",
)
@click.option(
    "--service",
    type=click.Choice(("off", "soft", "hard")),
    default="off",
    show_default=True,
    help="Limits of the time to clear after the snowfall ends, by road category.",
)
@click.option(
    "--draws",
    type=click.IntRange(min=0),
    default=10,
    show_default=True,
    help="Simulated draws of stuck vehicles a member; 0 leaves the simulation out.",
)
@click.option("--from-plan", type=_FILE, metavar="PLAN", help="A plan.json to begin from.")
@click.option(
    "--keep",
    "keep_path",
    type=_FILE,
    metavar="PLAN",
    help="The plan.json that crews have in hand: each departure from its passes costs.",
)
@click.option(
    "--change-cost",
    type=click.FloatRange(min=0),
    metavar="VEH_H",
    help="What each pass costs that is new or dropped against --keep; 2 by default.",
)
@click.option(
    "--ledger",
    "ledger_place",
    metavar="FILE|URL",
    help="Ledger of the works: it decides which temporary bypasses are in use.",
)
@click.option(
    "--as-of",
    metavar="DAY",
    help="Works of the ledger done by this day, e.g. 2024-02-01; today by default.",
)
@click.option(
    "--reweight",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    metavar="N",
    help="Rounds in which stretches count more by the queues they cause in the simulation.",
)
@json_option
def plan(
    *,
    storm: str,
    fleet_path: Path | None,
    hours: float,
    time_limit: float | None,
    effort: int | None,
    seed: int,
    out: Path,
    state_path: Path | None,
    corridor_path: Path | None,
    start: str | None,
    members: int | None,
    slot_minutes: int,
    item_km: float | None,
    worst: float,
    service: str,
    draws: int,
    from_plan: Path | None,
    keep_path: Path | None,
    change_cost: float | None,
    ledger_place: str | None,
    as_of: str | None,
    reweight: int,
    as_json: bool,
) -> None:
    """Send every crew where it saves the most, and prove how good that is.

    Writes into DIR: plan.json, problem.npz, crews.csv and .xlsx, stretches.csv and .xlsx, and
    order sheets to print, orders_ru.html, orders_kk.html and orders_en.html; and with the
    simulation the dispatcher's page storm.html. A storm.html of an earlier plan in DIR is removed
    where none is made anew.

    Ctrl-C during the search ends it and keeps the best plan so far: its status is "interrupted"
    and the exit code 0. Again, it leaves the simulation out. Before the search nothing is written
    and the exit code is 130.
    """
    from roadplan.corridor import load
    from roadplan.files import folder_for_results
    from roadplan.winter.build import PlanOptions, build
    from roadplan.winter.change import FormerPlan
    from roadplan.winter.night import prepare
    from roadplan.winter.plan import Plan
    from roadplan.winter.planning import PAGE, former_files, make_plan

    if change_cost is not None and keep_path is None:
        raise click.UsageError("--change-cost needs --keep PLAN: the plan that is changed")
    folder_for_results(out)
    if as_of is not None and ledger_place is None:
        raise click.UsageError("--as-of goes with --ledger")
    road = load(corridor_path)
    fleet = _fleet(fleet_path, road)
    bypasses, known = _bypasses(ledger_place, as_of, corridor_path)
    night = prepare(
        road,
        storm,
        hours=hours,
        slot_minutes=slot_minutes,
        start=_moment(start) if start else None,
        members=members,
        now=_state(state_path, road),
        open_bypasses=bypasses,
    )
    night = replace(night, notes=(*night.notes, *known))
    options = PlanOptions(worst_weight=worst, service=service)  # type: ignore[arg-type] # a Choice
    if change_cost is not None:
        options = replace(options, change_veh_h=change_cost)
    keep = None if keep_path is None else FormerPlan.load(keep_path)
    board = build(night, fleet, options, item_km=item_km, keep=keep)
    begin = None if from_plan is None else Plan.load(from_plan)
    limit = 60.0 if time_limit is None and effort is None else time_limit
    with _bar("Planning", quiet=as_json) as tell:
        planned = make_plan(
            board,
            time_limit_s=limit,
            effort=effort,
            seed=seed,
            start=begin,
            draws=draws,
            reweight=reweight,
            on_progress=lambda progress: tell(progress.share, _told(progress)),
        )
    former = former_files(out)
    files = planned.write(out)
    stale = [path for path in former if path not in files]
    for path in stale:
        # At once: whatever stops the making of the page must not leave that of another plan.
        path.unlink(missing_ok=True)
    if planned.outcome is not None:
        from roadplan.maps.storm_page import storm_map
        from roadplan.maps.storm_results import night_view

        view = night_view(planned, made_at=dt.datetime.now(dt.UTC))
        files.append(storm_map(road, view).save(out / PAGE))
    removed = [path for path in stale if path not in files]
    _echo(planned, files, removed, as_json=as_json)


def _bypasses(
    ledger_place: str | None, as_of: str | None, corridor_path: Path | None
) -> tuple[pd.DataFrame | None, tuple[str, ...]]:
    """Return the bypasses in use by a ledger and what is known of them; None without a ledger."""
    if ledger_place is None:
        return None, ()
    from roadplan.cli._ledger_options import moments, work_of
    from roadplan.progress import open_ledger, status
    from roadplan.progress.bypasses import bypasses_in_use, bypasses_note

    road, items = work_of(corridor_path)
    with open_ledger(ledger_place) as ledger:
        found = status(items, ledger.history(), moments(as_of, None))
    used = bypasses_in_use(road, found)
    return used, (bypasses_note(road, found, used),)


def _fleet(path: Path | None, road: Corridor) -> Fleet:
    from roadplan.winter.fleet import default_fleet
    from roadplan.winter.fleet_file import read_fleet

    return default_fleet(road) if path is None else read_fleet(path, road)


def _state(path: Path | None, road: Corridor) -> Any:
    from roadplan.winter.state import read_state

    return None if path is None else read_state(path, road)


def _moment(text: str) -> dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise click.UsageError(
            f"--start: '{text}' is no moment; write 2026-01-15T18:00+05:00"
        ) from error
    if moment.tzinfo is None:
        raise click.UsageError(f"--start: '{text}' has no time zone; write {text}+05:00")
    return moment


def _echo(planned: NightPlan, files: list[Path], removed: list[Path], *, as_json: bool) -> None:
    if as_json:
        echo_json(
            {
                "summary": dict(planned.plan.summary),
                "simulated": planned.comparison,
                "notes": [*planned.warnings, *planned.board.notes],
                "written": [str(path) for path in files],
                "removed": [str(path) for path in removed],
            }
        )
        return
    click.echo(planned.summary())
    click.echo(f"{len(files)} files written into {files[0].parent}")
    if removed:
        names = ", ".join(path.name for path in removed)
        click.echo(f"{names} of an earlier plan removed, as this run makes none")


def _told(progress: Progress) -> str:
    """Return cost and gap of a search in short."""
    text = f"{progress.cost:,.0f} veh·h" if math.isfinite(progress.cost) else ""
    return f"{text}, gap {progress.gap:.2%}" if math.isfinite(progress.gap) else text


@contextmanager
def _bar(title: str, *, quiet: bool) -> Iterator[Callable[[float, str], None]]:
    """Show how far something is, 0–1, with a word on its state, on a terminal's error stream."""
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[state]}"),
    )
    with Bar(*columns, console=console, disable=quiet or not console.is_terminal) as bar:
        task = bar.add_task(title, total=1.0, state="")

        def tell(share: float, state: str) -> None:
            bar.update(task, completed=share, state=state)

        yield tell
        bar.update(task, completed=1.0)


@click.command()
@click.argument("plan", type=click.Path(path_type=Path, dir_okay=False), metavar="PLAN")
@click.argument("problem", type=click.Path(path_type=Path, dir_okay=False), metavar="PROBLEM")
@json_option
def verify(*, plan: Path, problem: Path, as_json: bool) -> int:
    """Check PLAN (plan.json) against PROBLEM (problem.npz), move by move.

    The checker shares no code with what builds problems or makes plans. The exit code is 1 when
    a rule is broken or a stated figure is wrong.
    """
    from roadplan.winter.verify import verify as check

    for path in (plan, problem):
        if not path.is_file():
            raise RoadplanError(f"there is no file {path}")
    found = check(plan, problem)
    if as_json:
        echo_json(
            {
                "ok": found.ok,
                "violations": list(found.violations),
                "cost": found.cost,
                "uncleared_cost": found.uncleared_cost,
                "stated_cost": found.stated_cost,
                "stated_bound": found.stated_bound,
                "gap": found.gap,
                "passes": found.passes,
            }
        )
    else:
        click.echo(found.summary())
    return 0 if found.ok else EXIT_FAULTS


@click.command()
@click.argument("plan", type=_FILE, metavar="PLAN")
@click.argument("problem", type=_FILE, metavar="PROBLEM")
@click.option(
    "--class",
    "classes",
    multiple=True,
    metavar="CLASS",
    help="A class of PROBLEM; may be repeated; all by default.",
)
@click.option(
    "--depot",
    "depots",
    multiple=True,
    metavar="DEPOT",
    help="Id of a depot of PROBLEM; may be repeated; all by default. An unknown id is "
    "answered with the list.",
)
@click.option(
    "--effort", type=click.IntRange(min=1), default=4, show_default=True, help="Rounds a search."
)
@click.option(
    "--repeats",
    type=click.IntRange(min=1),
    default=3,
    show_default=True,
    help="Searches for each crew; how they differ is chance.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@json_option
def value(
    *,
    plan: Path,
    problem: Path,
    classes: tuple[str, ...],
    depots: tuple[str, ...],
    effort: int,
    repeats: int,
    seed: int,
    as_json: bool,
) -> None:
    """Say what one more crew of each class at each depot would save.

    Searches on from PLAN (plan.json) of PROBLEM (problem.npz) until that brings nothing. Then
    each crew more is given its best night while all others keep to their plan, a figure without
    chance, and several searches plan everybody anew from there: the least and the most they save.

    Only depots that are in PROBLEM can be asked for. Ctrl-C ends it with the crews valued so far;
    the exit code is then 130.
    """
    from roadplan.winter.plan import Plan
    from roadplan.winter.problem import Problem
    from roadplan.winter.value import best_first, crew_values

    night = Problem.load(problem)
    begin = Plan.load(plan)
    known: list[Worth] = []
    try:
        with _bar("One more crew", quiet=as_json) as tell:
            found = crew_values(
                night,
                begin,
                classes=classes,
                places=depots,
                effort=effort,
                repeats=repeats,
                seed=seed,
                on_progress=lambda done, count: tell(done / count, f"{done} of {count}"),
                on_worth=known.append,
            )
    except KeyboardInterrupt:
        if known:
            _echo_worth(best_first(known), as_json=as_json)
            were = counted(len(known), "crew was", "crews were")
            click.echo(f"{were} valued before the interruption, others were not.", err=True)
        raise
    _echo_worth(found, as_json=as_json)


def _echo_worth(found: tuple[Worth, ...], *, as_json: bool) -> None:
    """Show what crews are worth."""
    if as_json:
        echo_json(
            [
                {
                    "class": worth.crew_class,
                    "depot": worth.place,
                    "alone_veh_h": worth.alone_veh_h,
                    "least_veh_h": worth.least_veh_h,
                    "saved_veh_h": worth.saved_veh_h,
                    "chance_veh_h": worth.chance_veh_h,
                    "cost": worth.cost,
                }
                for worth in found
            ]
        )
        return
    echo_table(
        ("Class", "Depot", "Alone, veh·h", "All planned anew, veh·h"),
        [
            (
                worth.crew_class,
                worth.place,
                f"{worth.alone_veh_h:,.1f}",
                f"{worth.least_veh_h:,.1f} … {worth.saved_veh_h:,.1f}",
            )
            for worth in found
        ],
    )
    if found:
        chance = max(worth.chance_veh_h for worth in found)
        click.echo(
            f"Searches with one crew differ by up to {chance:,.1f} veh·h by chance: places that "
            "differ by less are told apart only by what the crew saves alone."
        )


@click.command("fleet-template")
@click.option("--out", required=True, type=_FILE, metavar="FILE", help="A workbook (.xlsx).")
@click.option("--filled", is_flag=True, help="Begin with the estimated fleet.")
@_language_option
@corridor_option
def fleet_template(*, out: Path, filled: bool, language: str, corridor_path: Path | None) -> None:
    """Write a workbook in which the fleet can be filled in."""
    from roadplan.corridor import load
    from roadplan.winter.fleet import default_fleet
    from roadplan.winter.fleet_file import write_fleet_template

    road = load(corridor_path)
    fleet = default_fleet(road) if filled else None
    write_fleet_template(out, road, language=language, fleet=fleet)
    click.echo(f"{out} written; fill it in and run: roadplan winter plan --fleet {out} …")


@click.command("state-template")
@click.option("--out", required=True, type=_FILE, metavar="FILE", help="A workbook (.xlsx).")
@click.option("--fleet", "fleet_path", type=_FILE, metavar="FILE", help="Its crews are listed.")
@_language_option
@corridor_option
def state_template(
    *, out: Path, fleet_path: Path | None, language: str, corridor_path: Path | None
) -> None:
    """Write a workbook in which the road and the crews as they are now can be filled in."""
    from roadplan.corridor import load
    from roadplan.winter.state import write_state_template

    fleet = _fleet(fleet_path, load(corridor_path))
    write_state_template(out, crews=[crew.id for crew in fleet.crews], language=language)
    click.echo(f"{out} written; fill it in and run: roadplan winter plan --state {out} …")


@click.command("plan-schema")
def plan_schema() -> None:
    """Print the JSON Schema of plan.json."""
    from roadplan.winter.documents import PLAN_SCHEMA

    echo_json(PLAN_SCHEMA)


COMMANDS = (plan, verify, value, fleet_template, state_template, plan_schema)
"""The commands of this module."""
