"""``roadplan winter``: where the machines stand and what they clear."""

from __future__ import annotations

from pathlib import Path

import click

from roadplan.cli._shared import corridor_option, echo_json, echo_table, json_option
from roadplan.cli._winter_plan import COMMANDS


@click.group()
def winter() -> None:
    """Place the snow-clearing crews and plan what they clear."""


@winter.command()
@corridor_option
@click.option(
    "--time-limit", type=click.FloatRange(min=0.1), default=20.0, show_default=True, metavar="S"
)
@click.option("--seed", type=int, default=1, show_default=True, help="Seed of the solver.")
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="Write the table as xlsx."
)
@json_option
def posture(
    corridor_path: Path | None, time_limit: float, seed: int, out: Path | None, as_json: bool
) -> None:
    """Give each crew a depot and a beat for the season, with the proof of how good that is.

    CP-SAT picks contiguous beats so that the traffic- and drift-weighted waiting between passes
    is least, within depot places and crew classes.
    """
    from roadplan.corridor import load
    from roadplan.tables.writing import write_workbook
    from roadplan.winter.posture import POSTURE_TABLE, plan_posture

    road = load(corridor_path)
    found = plan_posture(road, time_limit_s=time_limit, seed=seed)
    table = found.table(road)
    if out is not None:
        write_workbook(out, {"posture": table}, tables={"posture": POSTURE_TABLE})
    if as_json:
        echo_json(
            {
                "cost": found.cost,
                "bound": found.bound,
                "gap": found.gap,
                "optimal": found.optimal,
                "idle": dict(found.idle),
                "unserved_km": dict(found.unserved_km),
                "beats": table.to_dict("records"),
            }
        )
        return
    echo_table(
        ("Crew", "Depot", "From", "To", "km", "Round h", "Access km"),
        [
            (
                row.crew,
                row.depot_name,
                row.from_posts or f"{row.route}@{row.from_m:.0f}",
                row.to_posts or f"{row.route}@{row.to_m:.0f}",
                f"{row.length_km:.1f}",
                f"{row.round_h:.1f}",
                f"{row.access_km:.1f}",
            )
            for row in table.itertuples()
        ],
    )
    click.echo()
    click.echo(found.summary())


for _command in COMMANDS:
    winter.add_command(_command)
