"""``roadplan corridor template``, ``import`` and ``export``: the road's tables in and out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from roadplan.cli import EXIT_FAULTS
from roadplan.cli._shared import corridor_option, echo_faults, echo_json, echo_table, json_option
from roadplan.i18n import LANGUAGES

if TYPE_CHECKING:
    from roadplan.corridor.inventory import ImportReport
    from roadplan.corridor.inventory_outcome import RowOutcome

_tables_option = click.option(
    "--table", "tables", multiple=True, metavar="NAME", help="Only this table; may be repeated."
)


@click.command()
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="The workbook to write, ending in .xlsx.",
)
@click.option(
    "--lang",
    "language",
    type=click.Choice(LANGUAGES),
    default="ru",
    show_default=True,
    help="Language of headers, explanations and drop-downs.",
)
@_tables_option
@click.option("--filled", is_flag=True, help="Begin with the rows that the corridor has.")
@corridor_option
def template(
    out: Path, language: str, tables: tuple[str, ...], filled: bool, corridor_path: Path | None
) -> None:
    """Write a workbook in which an inventory can be filled in, one sheet for each table."""
    from roadplan.corridor import load
    from roadplan.corridor.inventory_schema import write_inventory_template

    write_inventory_template(
        out, load(corridor_path), names=tables, language=language, filled=filled
    )
    click.echo(f"{out} written; fill it in and run: roadplan corridor import {out} --into DIR")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--into",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Folder of the corridor to change; made from --corridor where it is not there yet.",
)
@click.option("--table", "only", metavar="NAME", help="The table that a CSV or only sheet holds.")
@click.option(
    "--standing",
    type=click.Choice(("reported", "measured")),
    default="reported",
    show_default=True,
    help="Standing of rows that say none.",
)
@click.option("--source", default="", help="Source of rows that say none; else the file's name.")
@click.option("--posting", default="", help="The kilometre system meant, where a post names none.")
@click.option("--route", default="", help="The route meant, where a row names none.")
@click.option(
    "--replace-estimates",
    is_flag=True,
    help="Take out estimated rows that the file does not name, in the tables (and kinds) it holds.",
)
@click.option("--dry-run", is_flag=True, help="Only tell what would change.")
@click.option(
    "--marked",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Where there are faults, write a copy of the sheets with each fault marked (.xlsx).",
)
@click.option(
    "--lang",
    "language",
    type=click.Choice(LANGUAGES),
    default="ru",
    show_default=True,
    help="Language of the headings in the marked copy.",
)
@corridor_option
@json_option
def import_inventory(
    file: Path,
    into: Path,
    only: str | None,
    standing: str,
    source: str,
    posting: str,
    route: str,
    replace_estimates: bool,
    dry_run: bool,
    marked: Path | None,
    language: str,
    corridor_path: Path | None,
    as_json: bool,
) -> int:
    """Put an inventory over the estimates: merge FILE (.xlsx, .csv, .gpkg) by id into a corridor.

    Rows give their place by route and station, by kilometre post, or by lon and lat; empty cells
    keep what the corridor has. The folder changes only if the whole corridor then passes every
    check; otherwise all faults are told at once and the exit code is 1.
    """
    from roadplan.corridor.inventory import import_inventory as run

    report = run(
        file,
        into,
        base=corridor_path,
        only=only,
        standing=standing,
        said_by=source,
        posting=posting,
        route=route,
        replace_estimates=replace_estimates,
        dry_run=dry_run,
    )
    if marked is not None and report.faults:
        report.mark(marked, language=language)
    if as_json:
        echo_json(report.as_dict())
    else:
        _echo_report(report, marked)
    return 0 if report.ok else EXIT_FAULTS


def _echo_report(report: ImportReport, marked: Path | None) -> None:
    told = [row for row in report.rows if row.outcome != "unchanged" or row.notes]
    if told:
        rows = [(row.table, row.key, str(row.row or ""), row.outcome, _told(row)) for row in told]
        echo_table(("Table", "Id", "Row", "Outcome", ""), rows)
    for note in report.notes:
        click.echo(f"Note: {note}")
    counts = ", ".join(f"{n} {outcome}" for outcome, n in report.counts.items() if n) or "no rows"
    if report.faults:
        noun = "fault" if len(report.faults) == 1 else "faults"
        click.echo(f"{len(report.faults)} {noun}:")
        echo_faults(report.faults)
        click.echo(f"{counts}; nothing was changed in {report.into}")
        if marked is not None:
            click.echo(f"The faults are marked in {marked}")
    elif report.written:
        click.echo(f"{counts}; {report.into} written")
    else:
        click.echo(f"{counts}; nothing was changed, for this was a dry run")


def _told(row: RowOutcome) -> str:
    """Return what changes in a row, in short."""
    changes = [
        f"{name}: {_value(before)} → {_value(after)}"
        for name, (before, after) in (row.changes or {}).items()
    ]
    return "; ".join([*changes, *row.notes])


def _value(value: object) -> str:
    from roadplan.tables.writing import plain_text

    text = plain_text(round(value, 3) if isinstance(value, float) else value) or "–"
    return text if len(text) <= 40 else f"{text[:39]}…"


@click.command()
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "form",
    type=click.Choice(("gpkg", "geojson")),
    help="By the ending of OUT where not given.",
)
@_tables_option
@corridor_option
@json_option
def export(
    out: Path, form: str | None, tables: tuple[str, ...], corridor_path: Path | None, as_json: bool
) -> None:
    """Write the corridor for QGIS and other programs.

    OUT is a .gpkg (one layer for each table), a .geojson (one table), or a folder (one .geojson
    for each table).
    """
    from roadplan.corridor import load
    from roadplan.corridor.exchange import export as run

    written = run(load(corridor_path), out, form=form or "", tables=tables)
    if as_json:
        echo_json({"written": [str(path) for path in written]})
    else:
        noun = "file" if len(written) == 1 else "files"
        click.echo(f"{out} written ({len(written)} {noun})")
