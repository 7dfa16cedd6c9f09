"""``roadplan progress template``, ``import``, ``export``, ``baseline`` and ``wzdx``."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from roadplan.cli import EXIT_FAULTS
from roadplan.cli._ledger_options import as_of_options, ledger_option, moments, today, work_of
from roadplan.cli._shared import corridor_option, echo_json, echo_table, json_option
from roadplan.i18n import LANGUAGES, counted
from roadplan.progress.asof import read_day

if TYPE_CHECKING:
    from roadplan.errors import Fault
    from roadplan.progress.baseline_import import BaselineImport
    from roadplan.progress.sheet_import import SheetImport

_STANDINGS = click.Choice(("reported", "measured", "estimated"))

_language_option = click.option(
    "--lang",
    "language",
    type=click.Choice(LANGUAGES),
    default="ru",
    show_default=True,
    help="Language of headers, drop-downs and explanations.",
)


@click.command()
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="The workbook to write, ending in .xlsx.",
)
@_language_option
@click.option(
    "--contract", "contracts", multiple=True, metavar="ID", help="Only this; may be repeated."
)
@corridor_option
def template(
    out: Path, language: str, contracts: tuple[str, ...], corridor_path: Path | None
) -> None:
    """Write the workbook in which progress is reported."""
    from roadplan.progress.sheet_template import write_sheet_template

    road, work = work_of(corridor_path)
    write_sheet_template(out, road, work, language=language, contracts=contracts)
    click.echo(f"{out} written; fill it in and run: roadplan progress import {out}")


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@ledger_option
@corridor_option
@click.option("--author", default="", metavar="NAME", help="Who reports, where a row says nobody.")
@click.option("--source", default="", help="Source of rows that say none; else the file's name.")
@click.option(
    "--standing",
    type=_STANDINGS,
    default="reported",
    show_default=True,
    help="Standing of rows that say none.",
)
@click.option("--posting", default="", help="The kilometre system meant, where a post names none.")
@click.option("--route", default="", help="The route meant, where a row names none.")
@click.option("--more", is_flag=True, help="Let amounts pass that are more than planned.")
@click.option(
    "--any-order", is_flag=True, help="Let work pass that comes before what it has to follow."
)
@click.option("--dry-run", is_flag=True, help="Store nothing; only tell.")
@click.option(
    "--today",
    "--as-of",
    "day",
    metavar="DAY",
    help="Work later than this day is a fault; today by default.",
)
@click.option(
    "--marked",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Where there are faults, write a copy of the sheet with each fault marked (.xlsx).",
)
@_language_option
@json_option
def import_command(
    file: Path,
    ledger_place: str,
    corridor_path: Path | None,
    author: str,
    source: str,
    standing: str,
    posting: str,
    route: str,
    more: bool,
    any_order: bool,
    dry_run: bool,
    day: str | None,
    marked: Path | None,
    language: str,
    as_json: bool,
) -> int:
    """Store what a progress sheet FILE (.xlsx or .csv) states.

    All rows are stored or none: where anything is wrong every fault is told at once and the exit
    code is 1. Importing a sheet again changes nothing.
    """
    from roadplan.progress import open_ledger
    from roadplan.progress.sheet_import import import_sheet

    road, work = work_of(corridor_path)
    with open_ledger(ledger_place) as ledger:
        found = import_sheet(
            file,
            ledger,
            road,
            work,
            today=read_day(day) if day else today(),
            author=author,
            said_by=source,
            standing=standing,
            posting=posting,
            route=route,
            more_than_planned=more,
            any_order=any_order,
            dry_run=dry_run,
        )
    if marked is not None and found.faults:
        found.mark(marked, language=language)
    if as_json:
        echo_json(found.as_dict())
    else:
        _echo_import(found, marked, dry_run=dry_run)
    return 0 if found.ok else EXIT_FAULTS


def _echo_import(found: SheetImport, marked: Path | None, *, dry_run: bool) -> None:
    for note in found.notes:
        click.echo(f"Note: {note}")
    for row in found.rows:
        for note in row.notes:
            where = f"sheet {row.sheet}, row {row.row}" if row.sheet else f"row {row.row}"
            click.echo(f"Note: {where}: {note}")
    counts = ", ".join(f"{n} {outcome}" for outcome, n in found.counts.items() if n) or "no rows"
    if found.faults:
        _echo_fault_table(found.faults)
        click.echo(f"{counts}; nothing was stored in {found.ledger}")
        if marked is not None:
            click.echo(f"The faults are marked in {marked}")
    elif dry_run:
        click.echo(f"{counts}; nothing was stored, for this was a dry run")
    elif found.stored:
        click.echo(f"{counts}; {counted(len(found.stored), 'report')} stored in {found.ledger}")
    else:
        click.echo(f"{counts}; {found.ledger} is unchanged")


def _echo_fault_table(faults: tuple[Fault, ...]) -> None:
    noun = "fault" if len(faults) == 1 else "faults"
    click.echo(f"{len(faults)} {noun}:")
    echo_table(
        ("Sheet", "Row", "Column", "Value", "What is wrong", "What would be right"),
        [
            (
                fault.sheet or fault.file,
                "" if fault.row is None else str(fault.row),
                fault.column,
                fault.value,
                fault.why,
                fault.remedy,
            )
            for fault in faults
        ],
    )


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@ledger_option
@corridor_option
@click.option("--author", required=True, metavar="NAME", help="Who planned it.")
@click.option(
    "--mapping",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="CSV or .xlsx with columns activity, item, and perhaps contract and quantity.",
)
@click.option(
    "--code",
    default="",
    metavar="FIELD",
    help="The field, code or custom attribute that names the work item; 'roadplan' or the id.",
)
@click.option(
    "--dates",
    type=click.Choice(("auto", "baseline", "scheduled")),
    default="auto",
    show_default=True,
    help="Which dates count; auto: of the kept baseline where an activity has one.",
)
@click.option("--source", default="", help="Where the plan stands; else the file's name.")
@click.option("--standing", type=_STANDINGS, default="reported", show_default=True)
@click.option("--note", default="", help="Why it was made.")
@click.option("--dry-run", is_flag=True, help="Freeze nothing; only tell.")
@json_option
def baseline(
    file: Path,
    ledger_place: str,
    corridor_path: Path | None,
    author: str,
    mapping: Path | None,
    code: str,
    dates: str,
    source: str,
    standing: str,
    note: str,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Freeze a schedule FILE as the next baseline: MS Project XML or Primavera XER."""
    from roadplan.progress import open_ledger
    from roadplan.progress.baseline_import import import_baseline

    _, work = work_of(corridor_path)
    with open_ledger(ledger_place) as ledger:
        found = import_baseline(
            file,
            ledger,
            work,
            author=author,
            mapping=mapping,
            code=code,
            dates=dates,
            said_by=source,
            standing=standing,
            note=note,
            dry_run=dry_run,
        )
        place = ledger.place
    if as_json:
        echo_json(found.as_dict())
    else:
        _echo_baseline(found, place, dry_run=dry_run)
    return 0 if found.ok else EXIT_FAULTS


def _echo_baseline(found: BaselineImport, place: str, *, dry_run: bool) -> None:
    for note in found.notes:
        click.echo(f"Note: {note}")
    if found.faults:
        _echo_fault_table(found.faults)
        click.echo(f"nothing was frozen in {place}")
    elif found.unchanged:
        click.echo(f"{place} is unchanged: baseline {found.version} says the very same")
    elif dry_run:
        click.echo("nothing was frozen, for this was a dry run")
    else:
        click.echo(f"{place}: frozen as baseline {found.version}")


@click.command()
@click.argument("out", type=click.Path(path_type=Path))
@ledger_option
@corridor_option
@as_of_options
@click.option(
    "--format",
    "form",
    type=click.Choice(("gpkg", "geojson", "xlsx")),
    help="By the ending of OUT where not given.",
)
@click.option(
    "--layer", "layers", multiple=True, metavar="NAME", help="Only this; may be repeated."
)
@_language_option
@json_option
def export(
    out: Path,
    ledger_place: str,
    corridor_path: Path | None,
    as_of: str | None,
    recorded_by: str | None,
    form: str | None,
    layers: tuple[str, ...],
    language: str,
    as_json: bool,
) -> None:
    """Write the status per item, segment and contract for QGIS and spreadsheets.

    OUT is a .gpkg or .xlsx (one layer or sheet each), a .geojson (one layer), or a folder (one
    .geojson for each).
    """
    from roadplan.progress import open_ledger
    from roadplan.progress.exchange import export_status

    when = moments(as_of, recorded_by)
    road, work = work_of(corridor_path)
    with open_ledger(ledger_place) as ledger:
        written = export_status(
            out, ledger, road, work, when, form=form or "", layers=layers, language=language
        )
    if as_json:
        echo_json({"written": [str(path) for path in written]})
    else:
        noun = "file" if len(written) == 1 else "files"
        click.echo(f"{out} written ({len(written)} {noun}), as of {when}")


@click.command()
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="The feed to write, ending in .geojson or .json.",
)
@ledger_option
@corridor_option
@as_of_options
@click.option("--publisher", required=True, metavar="NAME", help="The organisation that publishes.")
@click.option("--contact-name", default="", metavar="NAME")
@click.option("--contact-email", default="", metavar="ADDRESS")
@click.option(
    "--until",
    metavar="DAY",
    help="Expected end of works that no baseline ends after the date; marked as not verified.",
)
@json_option
def wzdx(
    out: Path,
    ledger_place: str,
    corridor_path: Path | None,
    as_of: str | None,
    recorded_by: str | None,
    publisher: str,
    contact_name: str,
    contact_email: str,
    until: str | None,
    as_json: bool,
) -> None:
    """Write a WZDx 4.2 feed: work zones of unfinished work, bypass roads in use as detours."""
    from roadplan.files import replace_text
    from roadplan.progress import open_ledger
    from roadplan.progress.wzdx import feed_text, work_zone_feed

    when = moments(as_of, recorded_by)
    road, work = work_of(corridor_path)
    with open_ledger(ledger_place) as ledger:
        found = work_zone_feed(
            ledger,
            road,
            work,
            when,
            publisher=publisher,
            generated_at=_now(),
            contact_name=contact_name,
            contact_email=contact_email,
            until=read_day(until) if until else None,
        )
    replace_text(out, feed_text(found.feed))
    if as_json:
        echo_json({"written": str(out), **found.counts, "notes": list(found.notes)})
        return
    for note in found.notes:
        click.echo(f"Note: {note}")
    zones, detours = found.counts["work_zones"], found.counts["detours"]
    click.echo(
        f"{out} written: {counted(zones, 'work zone')} and {counted(detours, 'detour')}, "
        f"as of {when}"
    )


def _now() -> dt.datetime:
    fixed = os.environ.get("SOURCE_DATE_EPOCH", "")
    if fixed.isdigit():
        return dt.datetime.fromtimestamp(min(int(fixed), 32_503_680_000), dt.UTC)
    return dt.datetime.now(dt.UTC)


COMMANDS = (template, import_command, export, baseline, wzdx)
