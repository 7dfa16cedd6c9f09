"""``roadplan corridor refresh``: the axis of a route anew from OpenStreetMap."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from roadplan.cli import EXIT_FAULTS
from roadplan.cli._shared import corridor_option, echo_faults, echo_json, echo_table, json_option
from roadplan.i18n import counted

if TYPE_CHECKING:
    from roadplan.corridor import Corridor
    from roadplan.corridor.osm import Limits, Refresh, Roads, Wanted

_WORST_ROWS = 10


@click.command()
@click.argument("route")
@click.option(
    "--into",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Folder of the corridor to renew; made from --corridor where it is not there yet.",
)
@click.option("--overpass", metavar="URL", help="Ask this Overpass API, e.g. https://host/api.")
@click.option(
    "--osm",
    "osm_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="Read this OSM XML file (.osm, .osm.gz, .osm.bz2) instead.",
)
@click.option("--ref", metavar="REGEX", help="Ways whose reference matches, e.g. '^[MМ]-?36$'.")
@click.option("--name", metavar="REGEX", help="Ways whose name matches, as well.")
@click.option(
    "--buffer-km",
    type=click.FloatRange(0.1, 50),
    default=3.0,
    show_default=True,
    help="How far from the present axis ways are looked for.",
)
@click.option(
    "--max-gap",
    "max_gap_m",
    type=click.FloatRange(0, 100_000),
    default=200.0,
    show_default=True,
    metavar="M",
    help="Bridge gaps between ways up to this length; refuse longer ones.",
)
@click.option(
    "--tolerance",
    "tolerance_m",
    type=click.FloatRange(0.1, 100),
    default=5.0,
    show_default=True,
    metavar="M",
    help="How far the generalised axis may depart from the measured one.",
)
@click.option(
    "--timeout",
    "timeout_s",
    type=click.FloatRange(1, 86_400),
    default=300.0,
    show_default=True,
    metavar="S",
    help="Time for the whole download, waiting for the server's turn included.",
)
@click.option("--apply", "write", is_flag=True, help="Write the result; otherwise only tell it.")
@corridor_option
@json_option
def refresh(
    route: str,
    into: Path,
    overpass: str | None,
    osm_file: Path | None,
    ref: str | None,
    name: str | None,
    buffer_km: float,
    max_gap_m: float,
    tolerance_m: float,
    timeout_s: float,
    write: bool,
    corridor_path: Path | None,
    as_json: bool,
) -> int:
    """Measure ROUTE anew from OpenStreetMap and carry everything on it over.

    Ways are chosen by reference or name (by the route's postings where none is given) near the
    present axis and put in order. What moves by how much is told first; nothing is written
    without --apply, and then the folder is replaced as a whole or not at all. The corridor read is
    that of --corridor, else the one in --into, else the shipped one.
    """
    from roadplan.corridor import load
    from roadplan.corridor.osm import Limits, Wanted
    from roadplan.corridor.osm import refresh as refresh_route
    from roadplan.corridor.store import write_tables

    if (overpass is None) == (osm_file is None):
        raise click.UsageError("give one source: --overpass URL or --osm FILE")
    source = corridor_path
    if source is None and (into / "routes.csv").is_file():
        source = into
    road = load(source)
    road.route(route)
    wanted = Wanted.parse(ref=ref, name=name) if ref or name else Wanted.of_route(road, route)
    limits = Limits(
        buffer_m=1000 * buffer_km, max_gap_m=max_gap_m, tolerance_m=tolerance_m, end_reach_m=1000
    )
    roads = _roads(road, route, wanted, limits, overpass, osm_file, timeout_s)
    today = datetime.now().astimezone().date().isoformat()
    result = refresh_route(road, route, roads, wanted=wanted, limits=limits, as_of=today)
    written = write and not result.faults
    if as_json:
        if written:
            write_tables(result.tables, into)
        echo_json({"applied": written, "into": into, **result.as_dict()})
    else:
        _echo(result)
        if written:
            write_tables(result.tables, into)
            click.echo(f"\nWritten to {into}.")
        elif result.faults:
            click.echo(
                f"\nNothing can be written: {counted(len(result.faults), 'fault')} would arise:"
            )
            echo_faults(result.faults)
        else:
            click.echo(f"\nNothing was written; --apply writes this to {into}.")
    return EXIT_FAULTS if result.faults else 0


def _roads(
    road: Corridor,
    route: str,
    wanted: Wanted,
    limits: Limits,
    overpass: str | None,
    osm_file: Path | None,
    timeout_s: float,
) -> Roads:
    """Get the roads along the route from a file or from an Overpass API, with progress."""
    from roadplan.corridor.osm import Overpass, areas, read_osm_xml

    around = areas(road.axis(route), limits.buffer_m)
    if osm_file is not None:
        return read_osm_xml(osm_file, around, wanted)
    service = Overpass(url=overpass or "", timeout_s=timeout_s)
    with click.progressbar(length=len(around), label="Asking Overpass", file=sys.stderr) as bar:
        return service.roads(around, wanted, told=bar.update)


def _echo(result: Refresh) -> None:
    """Tell what was found and what moves by how much."""
    click.echo(result.summary())
    if result.moves:
        click.echo("\nWhat moves:")
        echo_table(
            ("Table", "Rows", "Along, median m", "max m", "Sideways, median m", "max m"),
            [
                (
                    move.table,
                    str(move.rows),
                    f"{move.along_median_m:.1f}",
                    f"{move.along_max_m:.1f}",
                    f"{move.sideways_median_m:.1f}",
                    f"{move.sideways_max_m:.1f}",
                )
                for move in result.moves
            ],
        )
    worst = result.worst[:_WORST_ROWS]
    if worst:
        click.echo("\nMost moved:")
        echo_table(
            ("Table", "Row", "From m", "To m", "Along m", "Sideways m"),
            [
                (
                    row.table,
                    row.key,
                    f"{row.old_m:.1f}",
                    f"{row.new_m:.1f}",
                    f"{row.along_m:+.1f}",
                    f"{row.sideways_m:.1f}",
                )
                for row in worst
            ],
        )
