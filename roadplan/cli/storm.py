"""``roadplan storm``: forecasts and synthetic storms."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from roadplan.cli._shared import corridor_option, echo_json, echo_table, json_option
from roadplan.cli._storm_outcome import simulate
from roadplan.errors import RoadplanError
from roadplan.i18n import LANGUAGES, counted

if TYPE_CHECKING:
    from roadplan.weather import Road, ShippedStorm, Storm

_OUT = click.Path(path_type=Path)
_EVERY_KM = click.option(
    "--every-km",
    type=click.FloatRange(0.5, 500),
    default=25.0,
    show_default=True,
    help="Distance between the points along the road.",
)


@click.group()
def storm() -> None:
    """List, draw, fetch, enter, show and simulate forecasts and synthetic storms."""


storm.add_command(simulate)


@storm.command("list")
@json_option
def list_storms(*, as_json: bool) -> None:
    """List the storms that come with roadplan; all of them are synthetic."""
    from roadplan.weather import shipped_storms

    storms = list(shipped_storms().values())
    if as_json:
        echo_json([item.as_dict() for item in storms])
        return
    echo_table(
        ("name", "hours", "members", "seed", "title"),
        [
            (item.name, str(item.hours), str(item.members), str(item.seed), item.titles["en"])
            for item in storms
        ],
    )
    click.echo("All of them are synthetic: drawn from their seeds over any road.")


@storm.command()
@click.option("--seed", type=click.IntRange(0), required=True, help="The same seed, same storms.")
@click.option("--kind", help="One kind only; all kinds by default.")
@click.option("--hours", type=int, help="Length; by default that of the kind.")
@click.option("--members", type=int, default=50, show_default=True, help="Members to draw.")
@click.option("--start", help="First hour, ISO 8601 with its time zone.")
@click.option(
    "--out",
    type=_OUT,
    default=Path("storms"),
    show_default=True,
    help="A folder, or with --kind a .npz or .csv file.",
)
@_EVERY_KM
@corridor_option
@json_option
def make(
    *,
    seed: int,
    kind: str | None,
    hours: int | None,
    members: int,
    start: str | None,
    out: Path,
    every_km: float,
    corridor_path: Path | None,
    as_json: bool,
) -> None:
    """Draw fresh synthetic storms from a seed, one of each kind.

    The files hold hourly values at points along the corridor and are read by every command that
    takes a storm.
    """
    from roadplan.weather import KINDS, draw, fresh_storm, write
    from roadplan.weather.generator import NOMINAL_START

    single = out.suffix in {".npz", ".csv"}
    if single and kind is None:
        raise click.UsageError("--out names one file: say which storm by --kind, or give a folder")
    begins = _moment(start, "--start") if start else NOMINAL_START
    drawn = [
        fresh_storm(name, seed, hours=hours, members=members)
        for name in ([kind] if kind else KINDS)
    ]
    road = _points(corridor_path, every_km)
    made: list[dict[str, Any]] = []
    for item in drawn:
        path = out if single else out / f"{item.name}.npz"
        write(draw(item, road, place="point", start=begins), path)
        made.append({**item.as_dict(), "path": str(path)})
    if as_json:
        echo_json(made)
        return
    for entry in made:
        click.echo(
            f"{entry['path']}: {entry['hours']} h, {counted(entry['members'], 'member')}, synthetic"
        )


@storm.command()
@click.argument("name")
@click.option(
    "--now", help="The present moment, ISO 8601 with its time zone; by default the clock."
)
@click.option(
    "--from", "needed_from", help="From when weather is needed; by default its first hour."
)
@click.option("--to", "needed_to", help="Until when weather is needed; by default its last hour.")
@click.option("--language", type=click.Choice(LANGUAGES), default="en", show_default=True)
@corridor_option
@json_option
def show(
    *,
    name: str,
    now: str | None,
    needed_from: str | None,
    needed_to: str | None,
    language: str,
    corridor_path: Path | None,
    as_json: bool,
) -> None:
    """Show what a storm brings and what must be known of it.

    NAME is a storm that comes with roadplan or a file: a storm of roadplan, a reply of Open-Meteo,
    a table, METAR text, NetCDF or GRIB.
    """
    from roadplan.weather import read, shipped_storm, shipped_storms
    from roadplan.weather.overview import overview

    moment = _moment(now, "--now") if now else dt.datetime.now(dt.UTC)
    if name in shipped_storms():
        shown = _drawn(shipped_storm(name), corridor_path)
    elif Path(name).is_file():
        shown = read(name, as_of=moment)
    else:
        raise RoadplanError(
            f"there is neither a file nor a storm '{name}'; storms that come with roadplan are "
            f"{', '.join(shipped_storms())}"
        )
    first, last = (_utc(shown.times[k]) for k in (0, -1))
    found = shown.flags(
        moment,
        _moment(needed_from, "--from") if needed_from else first,
        _moment(needed_to, "--to") if needed_to else max(last, first + dt.timedelta(hours=1)),
    )
    table = overview(shown)
    if as_json:
        rows = [
            {str(key): value for key, value in row.items()} | {"time": _stamp(_utc(row["time"]))}
            for row in table.to_dict("records")
        ]
        echo_json(
            {
                **_about(name, shown),
                "flags": [{**flag.as_dict(), "text": flag.text(language)} for flag in found],
                "hours": rows,
            }
        )
        return
    _print(name, shown, language)
    for flag in found:
        click.echo(f"  {'!' if flag.severity == 'warning' else '-'} {flag.text(language)}")
    click.echo("\nMedian of the members (10–90 %); snow at the mean place, else the worst place.")
    echo_table(
        ("until (UTC)", "snow, mm", "wind, m/s", "gust, m/s", "temp., °C", "sight, m"),
        [
            (
                _stamp(_utc(row["time"])),
                _range(row, "snow_mm", 1),
                _range(row, "wind_m_s", 0),
                _range(row, "gust_m_s", 0),
                _range(row, "temperature_c", 0),
                _range(row, "visibility_m", -1),
            )
            for row in table.to_dict("records")
        ],
    )


@storm.command()
@click.option("--out", type=_OUT, required=True, help="A .json, .npz or .csv file.")
@click.option("--hours", type=click.IntRange(1, 240), default=48, show_default=True)
@click.option("--model", help="The ensemble model, as Open-Meteo names it.")
@click.option("--url", help="Another service that answers in the same way.")
@click.option("--cache", type=_OUT, help="Folder of kept replies.")
@click.option("--cache-age-h", type=click.FloatRange(0), default=3.0, show_default=True)
@click.option("--stale", is_flag=True, help="Use a kept reply of any age when none is to be had.")
@click.option("--timeout", type=click.FloatRange(0.1), default=30.0, show_default=True, help="s")
@click.option("--tries", type=click.IntRange(1, 10), default=4, show_default=True)
@_EVERY_KM
@corridor_option
def fetch(
    *,
    out: Path,
    hours: int,
    model: str | None,
    url: str | None,
    cache: Path | None,
    cache_age_h: float,
    stale: bool,
    timeout: float,
    tries: int,
    every_km: float,
    corridor_path: Path | None,
) -> None:
    """Get an ensemble forecast for the corridor from Open-Meteo."""
    import json

    from roadplan.files import replace_text
    from roadplan.weather import OpenMeteo, parse_open_meteo, write
    from roadplan.weather.client import DEFAULT_MODEL, ENSEMBLE_URL

    if out.suffix not in {".json", ".npz", ".csv"}:
        raise click.UsageError("--out is a .json, .npz or .csv file")
    road = _points(corridor_path, every_km)
    client = OpenMeteo(
        url=url or ENSEMBLE_URL,
        model=DEFAULT_MODEL if model is None else model,
        cache_dir=cache,
        cache_age_h=cache_age_h,
        timeout_s=timeout,
        tries=tries,
    )
    reply = client.reply(list(road.lon), list(road.lat), hours=hours, allow_stale=stale)
    got = parse_open_meteo(reply, name=client.url)
    if out.suffix == ".json":
        replace_text(out, json.dumps(reply, ensure_ascii=False))
    else:
        write(got, out)
    members, times, points = got.shape
    click.echo(
        f"{out}: {counted(members, 'member')}, {counted(times, 'time')}, {counted(points, 'point')}"
    )


@storm.command()
@click.option("--from-post", required=True, help="Kilometre post at one end, e.g. 'm36:1610'.")
@click.option("--to-post", required=True, help="Kilometre post at the other end.")
@click.option("--start", required=True, help="Beginning, ISO 8601 with its time zone.")
@click.option("--end", required=True, help="End, ISO 8601 with its time zone.")
@click.option("--level", type=click.IntRange(1, 4), required=True, help="Class of danger.")
@click.option(
    "--hazard",
    type=click.Choice(("blizzard", "snow", "wind")),
    default="blizzard",
    show_default=True,
)
@click.option("--temperature", type=float, default=-10.0, show_default=True, help="°C")
@click.option("--direction", type=click.FloatRange(0, 360), help="Where the wind comes from, °.")
@click.option("--members", type=int, default=20, show_default=True)
@click.option("--issued", help="When it was given out; by default now.")
@click.option("--out", type=_OUT, required=True, help="A .npz or .csv file.")
@corridor_option
def warn(
    *,
    from_post: str,
    to_post: str,
    start: str,
    end: str,
    level: int,
    hazard: str,
    temperature: float,
    direction: float | None,
    members: int,
    issued: str | None,
    out: Path,
    corridor_path: Path | None,
) -> None:
    """Make a small ensemble of a warning of the weather service; it is shown as estimated."""
    from roadplan.corridor import load
    from roadplan.weather import (
        Road,
        WeatherWarning,
        load_parameters,
        warning_storm,
        write,
    )

    corridor = load(corridor_path)
    parameters = load_parameters()
    warning = WeatherWarning.between_posts(
        corridor,
        from_post,
        to_post,
        start=_moment(start, "--start"),
        end=_moment(end, "--end"),
        level=level,
        hazard=hazard,
        temperature_c=temperature,
        wind_direction_deg=direction,
    )
    made = warning_storm(
        [warning],
        Road.from_corridor(corridor, parameters),
        parameters,
        issued=_moment(issued, "--issued") if issued else dt.datetime.now(dt.UTC),
        members=members,
    )
    write(made, out)
    km = f"{warning.route} {warning.from_m / 1000:.1f}–{warning.to_m / 1000:.1f} km"
    click.echo(f"{out}: class {level}, {km}, {counted(members, 'member')}, estimated")


@storm.command()
@click.option("--file", "path", type=_OUT, help="A CSV with the columns name and value.")
@json_option
def parameters(*, path: Path | None, as_json: bool) -> None:
    """Show every number of the snow model with its unit, range, standing and source."""
    from roadplan.weather import load_parameters

    table = load_parameters(path).table()
    if as_json:
        echo_json(table.to_dict("records"))
        return
    echo_table(
        ("name", "value", "unit", "standing", "meaning"),
        [
            (row["name"], f"{row['value']:g}", row["unit"], row["standing"], row["meaning"])
            for row in table.to_dict("records")
        ],
    )


def _moment(text: str, option: str) -> dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise click.UsageError(
            f"{option}: '{text}' is no moment; write 2026-01-15T18:00+05:00"
        ) from error
    if moment.tzinfo is None:
        raise click.UsageError(
            f"{option}: '{text}' has no time zone; write {text}+05:00 or {text}Z"
        )
    return moment


def _utc(time: Any) -> dt.datetime:
    import pandas as pd

    return dt.datetime.fromisoformat(str(pd.Timestamp(time))).replace(tzinfo=dt.UTC)


def _stamp(moment: dt.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%MZ")


def _points(corridor_path: Path | None, every_km: float) -> Road:
    from roadplan.corridor import load
    from roadplan.weather import Road, load_parameters

    return Road.sampled(load(corridor_path), load_parameters(), spacing_m=1000.0 * every_km)


def _drawn(item: ShippedStorm, corridor_path: Path | None) -> Storm:
    from roadplan.weather import draw

    return draw(item, _points(corridor_path, 10.0))


def _about(name: str, shown: Storm) -> dict[str, Any]:
    members, times, places = shown.shape
    return {
        "name": name,
        "source": shown.source,
        "title": dict(shown.origin.title),
        "synthetic": shown.synthetic,
        "standing": shown.origin.standing,
        "issued": _stamp(shown.issued),
        "issued_stated": shown.origin.issued_stated,
        "from": _stamp(_utc(shown.times[0])),
        "to": _stamp(_utc(shown.times[-1])),
        "members": members,
        "times": times,
        "places": places,
        "missing_share": shown.missing_share(),
    }


def _print(name: str, shown: Storm, language: str) -> None:
    about = _about(name, shown)
    title = shown.origin.title.get(language, "")
    click.echo(f"{title or name} ({shown.source})")
    unsure = "" if shown.origin.issued_stated else " or later"
    click.echo(f"  issued {about['issued']}{unsure}; {about['from']} to {about['to']}")
    click.echo(
        f"  {counted(about['members'], 'member')}, {counted(about['times'], 'time')}, "
        f"{counted(about['places'], 'place')}"
    )


def _range(row: Mapping[Any, Any], key: str, decimals: int) -> str:
    values = [row[key], row[f"{key}_low"], row[f"{key}_high"]]
    if any(value != value for value in values):
        return "–"
    middle, low, high = (f"{round(value, decimals):.{max(decimals, 0)}f}" for value in values)
    return f"{middle} ({low}…{high})"
