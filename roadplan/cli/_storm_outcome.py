"""``roadplan storm simulate``: what a storm does to traffic, from forecast to queues."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from roadplan.cli._shared import corridor_option, echo_json, echo_table, json_option
from roadplan.i18n import counted

if TYPE_CHECKING:
    import pandas as pd

    from roadplan.corridor import Corridor
    from roadplan.traffic import Estimate, StormOutcome
    from roadplan.traffic.storm_run import StormRun

LEVELS = {-1: "unknown", 0: "none", 1: "slow", 2: "jam", 3: "long jam", 4: "closed"}
"""Severities and levels in words."""

_WORTH_SAYING = 0.001

_HELP = """\b
What is shown:
  delay       vehicle-hours lost on the road and waiting, against free
              driving in good weather, with the 95 % interval of the members
  CVaR        mean delay of the worst tenth of the scenarios
  risk level  severity (1 slow, 2 jam, 3 long jam, 4 closed) where it is
              probable, one less where it is only likely

\b
--cleared none: no plough moves. --cleared beats: the crews of the posture go
round on their beats from the first hour, without rest or refill.

\b
A stretch is closed to all for sight, for gusts, or for snow in which cars get
stuck; to lorries and buses alone for snow in which lorries do, until a pass
comes or it is bare by itself. "closed" counts what is closed to all.
"""


@click.command("simulate", epilog=_HELP)
@click.argument("name")
@click.option("--hours", type=click.IntRange(1, 240), help="How long; by default the whole storm.")
@click.option("--members", type=click.IntRange(1, 1000), help="Members to take; all by default.")
@click.option(
    "--draws", type=click.IntRange(1, 1000), default=20, show_default=True,
    help="Draws of stuck vehicles for each member.",
)  # fmt: skip
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option(
    "--cleared", type=click.Choice(["none", "beats"]), default="none", show_default=True,
    help="What is ploughed.",
)  # fmt: skip
@click.option(
    "--jam-km", type=click.FloatRange(0), multiple=True, default=(1.0, 5.0, 10.0),
    show_default=True, help="Jam lengths whose probability is wanted.",
)  # fmt: skip
@click.option(
    "--closed-h", type=click.FloatRange(0.5), multiple=True, default=(2.0, 4.0, 12.0),
    show_default=True, help="Closures whose probability is wanted.",
)  # fmt: skip
@click.option("--demand", type=click.FloatRange(0, 10), default=1.0, show_default=True,
              help="Factor on the daily traffic.")  # fmt: skip
@click.option(
    "--freight",
    multiple=True,
    metavar="ROUTE=TONNES",
    help="A plant's tonnes a year on the whole of a route; loads go one way.",
)
@click.option(
    "--holiday",
    "holidays",
    multiple=True,
    type=click.DateTime(["%Y-%m-%d"]),
    help="A day with the traffic of a holiday.",
)
@corridor_option
@json_option
def simulate(
    *,
    name: str,
    hours: int | None,
    members: int | None,
    draws: int,
    seed: int,
    cleared: str,
    jam_km: Sequence[float],
    closed_h: Sequence[float],
    demand: float,
    freight: Sequence[str],
    holidays: Sequence[dt.datetime],
    corridor_path: Path | None,
    as_json: bool,
) -> None:
    """Simulate what a storm does to traffic on a corridor.

    NAME is a storm that comes with roadplan or a file that `roadplan storm show` reads.
    """
    from roadplan.corridor import load
    from roadplan.traffic.storm_run import prepare_storm

    corridor = load(corridor_path)
    trucks_day = _freight(freight)
    run = prepare_storm(
        corridor, name, hours=hours, members=members, demand_scale=demand,
        holidays=[day.date() for day in holidays], freight=trucks_day,
    )  # fmt: skip
    passes, notes = _passes(run, corridor, cleared)
    notes = [*run.notes, *notes]
    outcome = run.simulate(passes, draws=draws, seed=seed)
    document = _document(run, outcome, jam_km=jam_km, closed_h=closed_h)
    stretches = _stretches(outcome, corridor, run)
    about = {
        "name": name,
        "source": run.storm.source,
        "synthetic": run.storm.synthetic,
        "from": run.start.isoformat(timespec="minutes"),
        "hours": run.hours,
        "members": run.members,
        "draws": draws,
        "seed": seed,
        "cleared": cleared,
        "demand": demand,
        "freight_trucks_day": trucks_day,
        "holidays": [day.date().isoformat() for day in holidays],
        "standing": "estimated",
    }
    if as_json:
        flags = [{**flag.as_dict(), "text": flag.text("en")} for flag in _flags(run)]
        rows = stretches.to_dict("records")
        echo_json({**about, "flags": flags, "notes": notes, **document, "stretches": rows})
        return
    _show(about, run, document, notes, stretches)


def _freight(wishes: Sequence[str]) -> dict[str, float]:
    """Return the lorries a day on each route that yearly tonnages mean."""
    from roadplan.traffic import freight_trucks_day, load_parameters

    found: dict[str, float] = {}
    for wish in wishes:
        route, _, tonnes = wish.partition("=")
        try:
            value = float(tonnes)
        except ValueError as error:
            raise click.UsageError(
                f"--freight: '{wish[:60]}' is no route and tonnage; write main=660000"
            ) from error
        found[route] = found.get(route, 0.0) + freight_trucks_day(value, load_parameters())
    return found


def _passes(run: StormRun, corridor: Corridor, cleared: str) -> tuple[list[Any], list[str]]:
    """Return the passes of the plan, and what must be known of them."""
    if cleared == "none":
        return [], []
    from roadplan.winter.beat_passes import beat_passes
    from roadplan.winter.posture import plan_posture

    posture = plan_posture(corridor)
    found = beat_passes(posture, corridor, run.road, run.parameters, hours=run.hours)
    deep = found.too_deep_share(run.depth(found.passes).moment_m, run.slots.hours)
    notes = [f"{counted(len(found.limit_m), 'pass', 'passes')} by crews of an estimated fleet"]
    if deep >= _WORTH_SAYING:
        notes.append(f"in {deep:.1%} of passes and members the snow is too deep for the crew; "
                     "they count as made")  # fmt: skip
    return [found.passes], notes


def _flags(run: StormRun) -> list[Any]:
    first = run.start.astimezone(dt.UTC)
    return list(
        run.storm.flags(dt.datetime.now(dt.UTC), first, first + dt.timedelta(hours=run.hours))
    )


def _document(
    run: StormRun, outcome: StormOutcome, *, jam_km: Sequence[float], closed_h: Sequence[float]
) -> dict[str, Any]:
    """Return the figures with their intervals."""
    from roadplan.traffic.risk import expectation

    delay = outcome.expected_delay()
    return {
        "weather_known_share": outcome.summary()["weather_known_share"],
        "delay_veh_h": {name: _plain(value) for name, value in delay.items()},
        "delay_cvar90_veh_h": outcome.cvar_veh_h(0, 0.9),
        "longest_jam_km": _plain(expectation(outcome.longest_jam_km, outcome.member_of)),
        "jam_probability": [
            {"longer_km": km, **_plain(outcome.jam_probability(km))} for km in jam_km
        ],
        "closed_probability": [
            {"hours": h, **_plain(outcome.closed_probability(h))}
            for h in closed_h
            if h <= run.hours
        ],
        "held_at_barriers": {name: _plain(value) for name, value in outcome.held().items()},
        "in_jams": {name: _plain(value) for name, value in outcome.in_jams().items()},
    }


def _plain(estimate: Estimate) -> dict[str, float]:
    return {
        "value": float(estimate.value),
        "low": max(0.0, float(estimate.low)),
        "high": float(estimate.high),
    }


def _stretches(outcome: StormOutcome, corridor: Corridor, run: StormRun) -> pd.DataFrame:
    """Return the stretches with their posts and the local time of the worst hour."""
    from roadplan.corridor import Position
    from roadplan.traffic.storm_risk import risk_stretches

    table = risk_stretches(outcome)

    def post(route: str, station_m: float) -> str:
        station_m = min(station_m, corridor.route(route).length_m)
        return " · ".join(corridor.posts(Position(route, station_m)))

    for end in ("from", "to"):
        places = zip(table["route"], table[f"{end}_m"], strict=True)
        table[f"{end}_post"] = [post(route, station_m) for route, station_m in places]
    table["worst_hour"] = [
        (run.start + dt.timedelta(hours=int(hour))).isoformat(timespec="minutes")
        for hour in table["hour"]
    ]
    return table


def _show(
    about: dict[str, Any],
    run: StormRun,
    document: dict[str, Any],
    notes: Sequence[str],
    stretches: pd.DataFrame,
) -> None:
    title = run.storm.origin.title.get("en", "") or about["name"]
    click.echo(
        f"{title}: {run.hours} h from {run.start:%Y-%m-%d %H:%M %Z}, "
        f"{counted(run.members, 'member')} × {counted(about['draws'], 'draw')}; "
        f"cleared: {about['cleared']}"
    )
    for flag in _flags(run):
        click.echo(f"  {'!' if flag.severity == 'warning' else '-'} {flag.text('en')}")
    for note in notes:
        click.echo(f"  - {note}")
    if document["weather_known_share"] < 1:
        click.echo(
            f"  ! the weather is known for {document['weather_known_share']:.1%} of road and time; "
            "elsewhere a good road was taken"
        )
    click.echo("  - all figures are estimated\n")
    echo_table(("what", "mean or probability (95 %)", "unit"), _lines(document))
    risky = stretches[stretches["level"] != 0]
    safe = len(stretches) - len(risky)
    left = counted(safe, "stretch without any is", "stretches without any are")
    click.echo(f"\nRisk by stretch; {left} left out.")
    if len(risky):
        echo_table(
            ("route", "direction", "from", "to", "km", "level", "severity", "probability", "at"),
            [_line(row) for row in risky.to_dict("records")],
        )


def _lines(document: dict[str, Any]) -> list[tuple[str, str, str]]:
    delay, held, jams = (
        document["delay_veh_h"], document["held_at_barriers"], document["in_jams"]
    )  # fmt: skip
    lines = [
        (f"delay, {label}", _range(delay[name], 0), "veh·h")
        for name, label in (("all", "all"), ("light", "light"), ("heavy", "lorries and buses"))
    ]
    lines.append(("delay, worst tenth (CVaR)", f"{document['delay_cvar90_veh_h']:,.0f}", "veh·h"))
    lines.append(("longest jam", _range(document["longest_jam_km"], 1), "km"))
    lines += [
        (f"jam longer than {row['longer_km']:g} km", _percent(row), "")
        for row in document["jam_probability"]
    ]
    lines += [
        (f"closed at least {row['hours']:g} h somewhere", _percent(row), "")
        for row in document["closed_probability"]
    ]
    lines += [
        ("vehicles in jams at one time", _range(jams["vehicles"], 0), "veh"),
        ("people in them", _range(jams["people"], 0), "persons"),
        ("vehicles held at barriers at one time", _range(held["vehicles"], 0), "veh"),
        ("people in them", _range(held["people"], 0), "persons"),
        ("longest wait at a barrier", _range(held["longest_h"], 1), "h"),
    ]
    return lines


def _line(row: dict[Any, Any]) -> tuple[str, ...]:
    unknown = row["level"] < 0
    return (
        str(row["route"]),
        str(row["direction"]),
        str(row["from_post"]) or f"{row['from_m'] / 1000:.1f} km",
        str(row["to_post"]) or f"{row['to_m'] / 1000:.1f} km",
        f"{(row['to_m'] - row['from_m']) / 1000:.1f}",
        "unknown" if unknown else str(row["level"]),
        LEVELS[row["severity"]],
        "–" if unknown else f"{row['probability']:.0%}",
        "–" if unknown else str(row["worst_hour"])[5:16].replace("T", " "),
    )


def _range(row: dict[str, float], digits: int) -> str:
    if row["high"] == float("inf"):
        return f"{row['value']:,.{digits}f} (one member: no interval)"
    return f"{row['value']:,.{digits}f} ({row['low']:,.{digits}f}…{row['high']:,.{digits}f})"


def _percent(row: dict[str, float]) -> str:
    return f"{row['value']:.0%} ({row['low']:.0%}…{row['high']:.0%})"
