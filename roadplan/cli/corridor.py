"""``roadplan corridor``: the road, its posts and its tables."""

from __future__ import annotations

import re
from pathlib import Path

import click

from roadplan.cli import EXIT_FAULTS
from roadplan.cli._inventory import export, import_inventory, template
from roadplan.cli._refresh import refresh
from roadplan.cli._shared import corridor_option, echo_faults, echo_json, echo_table, json_option
from roadplan.i18n import counted

_DEGREES = re.compile(r"(-?\d+\.\d+)\s*[,; ]\s*(-?\d+\.\d+)")


@click.group()
def corridor() -> None:
    """Locate places on the road; check, import, export and refresh its tables."""


@corridor.command()
@click.argument("where", nargs=-1)
@click.option("--post", help="A kilometre post, e.g. 'm36:1610+250' or '1610 км ПК2+50'.")
@click.option("--station", type=float, metavar="M", help="A station in metres; goes with --route.")
@click.option("--lon", type=float, metavar="DEG", help="Longitude; goes with --lat.")
@click.option("--lat", type=float, metavar="DEG", help="Latitude; goes with --lon.")
@click.option("--route", default="", help="The route meant, where a post or station names none.")
@click.option("--posting", default="", help="The kilometre system meant, where a post names none.")
@corridor_option
@json_option
def locate(
    where: tuple[str, ...],
    post: str | None,
    station: float | None,
    lon: float | None,
    lat: float | None,
    route: str,
    posting: str,
    corridor_path: Path | None,
    as_json: bool,
) -> None:
    """Say all that is known of one place.

    WHERE is a kilometre post (m36:1610+250, 'км 1610+250', '1610 км ПК2+50', 'KAZ01 km 248'), a
    station (main@118000, in metres) or a point as 'lon, lat' in degrees with decimals. The answer
    gives all of them, with the segment, contract and region, and the nearest place and depot.
    """
    from roadplan.corridor import load

    text = " ".join(where).strip()
    if text and (degrees := _DEGREES.fullmatch(text)):
        lon, lat, text = float(degrees[1]), float(degrees[2]), ""
    if (lon is None) != (lat is None):
        raise click.UsageError("--lon and --lat go together")
    given = [bool(text), post is not None, station is not None, lon is not None]
    if sum(given) != 1:
        raise click.UsageError(
            "give one place: WHERE, --post, --station with --route, or --lon with --lat"
        )
    road = load(corridor_path)
    if station is not None:
        from roadplan.corridor import Position

        place = road.describe(Position(route or road.main_route.id, station))
    elif lon is not None:
        place = road.locate(lon=lon, lat=lat)
    else:
        place = road.locate(post or text, posting=posting, route=route)
    if as_json:
        echo_json(place.as_dict())
    else:
        click.echo(str(place))


@corridor.command()
@click.argument("path", required=False, type=click.Path(path_type=Path))
@corridor_option
@json_option
def check(path: Path | None, corridor_path: Path | None, as_json: bool) -> int:
    """Check the tables of a corridor and list every fault with file, row and remedy.

    PATH is the corridor's folder; the shipped corridor by default. Exits with 1 where there are
    faults.
    """
    from roadplan.corridor.load import read_tables, shipped_folder

    folder = path or corridor_path or shipped_folder()
    tables, faults = read_tables(folder)
    if as_json:
        echo_json(
            {
                "ok": not faults,
                "folder": str(folder),
                "rows": {name: len(frame) for name, frame in tables.items()},
                "faults": [fault.as_dict() for fault in faults],
            }
        )
    elif faults:
        noun = "fault" if len(faults) == 1 else "faults"
        click.echo(f"{folder}: {len(faults)} {noun}")
        echo_faults(faults)
    else:
        filled = sum(1 for frame in tables.values() if len(frame))
        rows = sum(len(frame) for frame in tables.values())
        click.echo(f"{folder}: {counted(filled, 'table')}, {counted(rows, 'row')}, no faults")
    return EXIT_FAULTS if faults else 0


@corridor.command()
@corridor_option
@json_option
def posts(corridor_path: Path | None, as_json: bool) -> None:
    """List the calibrated stretches of each posting, with what the drawn length is off."""
    from roadplan.corridor import load
    from roadplan.corridor.posts import format_km

    residuals = load(corridor_path).postings.residuals()
    if as_json:
        echo_json(residuals.to_dict("records"))
        return
    echo_table(
        (
            "Posting",
            "Route",
            "From post",
            "To post",
            "Official km",
            "Drawn km",
            "Off m",
            "Standing",
        ),
        [
            (
                row.posting,
                row.route,
                format_km(row.from_post_km),
                format_km(row.to_post_km),
                f"{row.official_m / 1000:.1f}",
                f"{row.drawn_m / 1000:.1f}",
                f"{row.residual_m:+,.0f}",
                row.standing,
            )
            for row in residuals.itertuples()
        ],
    )


corridor.add_command(template)
corridor.add_command(import_inventory, "import")
corridor.add_command(export)
corridor.add_command(refresh)
