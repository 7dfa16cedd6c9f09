"""``roadplan traffic``: queues and delay on a road."""

from __future__ import annotations

from pathlib import Path

import click

from roadplan.cli._shared import echo_json, echo_table, json_option

_CASE_HELP = """\b
The case is one JSON object; every key must be there, and no other:
  length_km, free_flow_kmh, capacity_veh_h, jam_density_veh_km
                one direction of a uniform road with a triangular
                fundamental diagram, empty at hour 0
  cell_km       cell length for --method cells
  demand        [[from_h, to_h, veh_h], ...]  what wishes to enter
  bottlenecks   [{"km": ..., "capacity": [[from_h, to_h, veh_h], ...]}, ...]
                km from the entry; outside its periods, and above the
                road's capacity, a bottleneck limits nothing
  horizon_h     until when it runs

\b
Periods are half open, must not overlap and may leave gaps (no demand, full
capacity). Vehicles that find no room wait outside and are counted.

\b
The answer, up to the horizon:
  delay_veh_h    time lost against driving freely: by vehicles that have left,
                 by those on the road for the distance driven, and outside
  peak_queue_km, peak_time_h
                 longest congested length of the road and when it was first
                 reached (null: there was none)
  reach_km       farthest queue tail, as distance upstream of the bottleneck
                 at the head of its queue
  dissipated_h   when the last queue, on the road or outside, was gone
                 (0: there never was one; null: not by the horizon)
  entered, left, waiting
                 vehicles that have entered, have left, and wait outside
"""


@click.group()
def traffic() -> None:
    """Run traffic cases: queues, delay and who is left waiting."""


@traffic.command(epilog=_CASE_HELP)
@click.argument("case", type=click.Path(path_type=Path, dir_okay=False), metavar="CASE.json")
@click.option(
    "--method",
    type=click.Choice(["exact", "cells"]),
    default="exact",
    show_default=True,
    help="The kinematic wave solved exactly, or the cell transmission model of the corridor.",
)
@json_option
def simulate(case: Path, method: str, as_json: bool) -> None:
    """Run the single-road case in CASE.json."""
    from roadplan.traffic.case import read_case

    road = read_case(case)
    # Compiling the cell model takes seconds, so only the method that needs it loads it.
    if method == "cells":
        from roadplan.traffic.single_road_cells import simulate_cells as simulate_case
    else:
        from roadplan.traffic.single_road import simulate_exactly as simulate_case
    result = simulate_case(road)
    if as_json:
        echo_json(result.as_dict())
        return
    rows = [
        ("delay", _text(result.delay_veh_h, 1), "veh·h"),
        ("longest queue", _text(result.peak_queue_km, 3), "km"),
        ("reached at", _text(result.peak_time_h, 3), "h"),
        ("farthest tail", _text(result.reach_km, 3), "km upstream of the bottleneck"),
        ("last queue gone at", _text(result.dissipated_h, 3), "h"),
        ("entered", _text(result.entered, 1), "veh"),
        ("left", _text(result.left, 1), "veh"),
        ("waiting outside", _text(result.waiting, 1), "veh"),
    ]
    echo_table(("what", "value", "unit"), rows)


@traffic.command()
def schema() -> None:
    """Print the JSON Schema of a single-road case."""
    from roadplan.traffic.case import SCHEMA

    echo_json(SCHEMA)


def _text(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"
