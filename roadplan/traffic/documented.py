"""Jams that were reported, run through the model: what was put in, what came out, how far off.

A case is a stretch of ``geodata/documented_jams.csv``: one direction of a road on which traffic
meets a blockage, or a barrier that holds it. Every figure has a standing: what the sources do not
say is estimated, with a range. The inputs were chosen before the model was run; nothing is fitted.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from roadplan.corridor.load import shipped_folder
from roadplan.errors import Fault, FaultsError, RoadplanError
from roadplan.tables.reading import read_csv_table
from roadplan.tables.schema import STANDINGS, Column, Table
from roadplan.traffic.demand import DailyTraffic, hourly_demand, weather_response
from roadplan.traffic.kernel import CLOSED
from roadplan.traffic.links import Link, Piece
from roadplan.traffic.network import CellNetwork, build_network
from roadplan.traffic.parameters import TrafficParameters, load_parameters
from roadplan.traffic.simulation import Blockages, Conditions, Demand, Runs, run_network

Floats = NDArray[np.float64]

JAMS_TABLE: Final = Table(
    name="documented_jams",
    description="Figures of reported jams: what goes into the model and what came of them",
    key=("case", "role", "what"),
    columns=(
        Column(name="case", kind="id", description="The jam, one direction of it", required=True),
        Column(
            name="role",
            kind="choice",
            choices=("input", "outcome"),
            description="Put into the model, or compared with what comes out",
            required=True,
        ),
        Column(name="what", kind="id", description="Which figure", required=True),
        Column(name="value", kind="number", description="The figure", required=True),
        Column(name="low", kind="number", description="Low end of its plausible range"),
        Column(name="high", kind="number", description="High end of its plausible range"),
        Column(name="unit", kind="text", description="Its unit"),
        Column(
            name="standing",
            kind="choice",
            choices=STANDINGS,
            description="Stated by a source, or assumed",
            required=True,
        ),
        Column(name="source", kind="text", description="Who said it, or why it was assumed",
               required=True),
    ),
)  # fmt: skip
"""The file of the cases."""

INPUTS: Final[Mapping[str, tuple[float, float]]] = {
    "barrier": (0, 1),
    "directions": (1, 2),
    "approach_km": (5, 500),
    "lanes": (1, 6),
    "free_speed_kmh": (20, 150),
    "daily_veh": (0, 500_000),
    "truck_share": (0, 1),
    "bus_share": (0, 1),
    "weekday": (0, 6),
    "begins_clock_h": (0, 24),
    "arrivals_h": (0, 200),
    "blocked_h": (0.5, 200),
    "snowfall_cm": (0, 300),
    "temperature_c": (-60, 40),
    "capacity_share": (0.01, 1),
    "speed_share": (0.41, 1),
    "waiting_places": (0, 10_000),
}
"""What a case must say, with the range of its values.

`barrier`: 1 where a barrier holds traffic, 0 where a vehicle blocks every lane; `directions`:
2 where both ends are alike; `approach_km`: road before it; `arrivals_h`: how long vehicles go on
coming; `blocked_h`: how long nothing passes.
"""

PARAMETER_RANGES: Final[Mapping[str, tuple[float, float]]] = {
    "spacing_heavy_m": (15.0, 25.0),
    "spacing_light_m": (6.5, 9.0),
    "least_demand_share": (0.1, 0.6),
    "light_loss_per_cm": (0.0, 0.03),
    "people_light": (1.5, 3.5),
}
"""Plausible ranges of the model's own numbers that such a case depends on (assumed)."""

_HEADING: Final = "The documented jams cannot be used"
_OUTCOMES: Final = ("vehicles", "people", "jam_km")
_LEAD_H = 3
_AFTER_H = 12
_BEYOND_M = 20_000.0
_CELL_M = 500.0
_STEP_S = 900.0


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One figure of a case.

    Parameters
    ----------
    value, low, high
        It, and its plausible range; NaN where none is given.
    unit, standing, source
        As in the table.
    """

    value: float
    low: float
    high: float
    unit: str
    standing: str
    source: str


@dataclass(frozen=True, kw_only=True)
class DocumentedJam:
    """A reported jam.

    Parameters
    ----------
    name
        Identifier.
    inputs
        The names of :data:`INPUTS` → figures.
    outcomes
        `vehicles`, `people`, `jam_km`, as far as they were reported.
    """

    name: str
    inputs: Mapping[str, Figure] = field(repr=False)
    outcomes: Mapping[str, Figure] = field(repr=False)

    def __getitem__(self, what: str) -> float:
        """Return the value of an input."""
        return self.inputs[what].value

    def changed(self, what: str, value: float) -> DocumentedJam:
        """Return the case with another value of an input."""
        if what not in self.inputs:
            raise RoadplanError(f"{self.name} has no input {what!r}; it has {', '.join(INPUTS)}")
        return replace(self, inputs={**self.inputs, what: replace(self.inputs[what], value=value)})


@dataclass(frozen=True, kw_only=True)
class JamResult:
    """What the model makes of a case; times in hours from the beginning of the blockage.

    Parameters
    ----------
    vehicles, people
        Standing on the road and held, the most at one time.
    jam_km
        The longest jam on the road.
    last_h
        When the last queue was gone; NaN where it was not by the end of the run.
    hour, jam_km_by_hour, vehicles_by_hour
        The course, shape (n,).
    """

    vehicles: float
    people: float
    jam_km: float
    last_h: float
    hour: Floats = field(repr=False)
    jam_km_by_hour: Floats = field(repr=False)
    vehicles_by_hour: Floats = field(repr=False)


def documented_jams(path: str | os.PathLike[str] | None = None) -> dict[str, DocumentedJam]:
    """Read the cases, by name.

    Parameters
    ----------
    path
        The file; by default the one that is shipped.

    Raises
    ------
    FaultsError
        Figures that are missing, unknown or out of range; all at once.

    Examples
    --------
    >>> documented_jams()["kan-etsu-inbound-2020"].outcomes["jam_km"].value
    16.5
    """
    file = shipped_folder() / "documented_jams.csv" if path is None else path
    table, faults = read_csv_table(file, JAMS_TABLE)
    if faults:
        raise FaultsError(faults, _HEADING)
    found: dict[str, DocumentedJam] = {}
    for name, rows in table.groupby("case", sort=False):
        figures: dict[str, dict[str, Figure]] = {"input": {}, "outcome": {}}
        for row in rows.to_dict("records"):
            figures[str(row["role"])][str(row["what"])] = Figure(
                value=float(row["value"]),
                low=float(row["low"]),
                high=float(row["high"]),
                unit=str(row["unit"] or ""),
                standing=str(row["standing"]),
                source=str(row["source"]),
            )
        jam = DocumentedJam(name=str(name), inputs=figures["input"], outcomes=figures["outcome"])
        faults.extend(_faults(jam, Path(file).name))
        found[jam.name] = jam
    if faults:
        raise FaultsError(faults, _HEADING)
    return found


def _faults(jam: DocumentedJam, file: str) -> list[Fault]:
    """Return what is missing, unknown or out of range."""
    found = [
        Fault(file=file, why=f"{jam.name}: {what} is missing", remedy="add a row")
        for what in INPUTS
        if what not in jam.inputs
    ]
    for what, figure in jam.inputs.items():
        if what not in INPUTS:
            why, remedy = f"{jam.name}: {what} is no input", f"there are {', '.join(INPUTS)}"
            found.append(Fault(file=file, why=why, remedy=remedy))
            continue
        low, high = INPUTS[what]
        ends = [end for end in (figure.low, figure.high) if not math.isnan(end)]
        for value in (figure.value, *ends):
            if not low <= value <= high:
                why = f"{jam.name}: {what} of {value:g} is out of range"
                found.append(Fault(file=file, why=why, remedy=f"give {low:g} to {high:g}"))
    found += [
        Fault(file=file, why=f"{jam.name}: {what} is no outcome", remedy=", ".join(_OUTCOMES))
        for what in jam.outcomes
        if what not in _OUTCOMES
    ]
    return found


def simulate_jam(jam: DocumentedJam, parameters: TrafficParameters | None = None) -> JamResult:
    """Run a documented jam through the traffic model.

    Parameters
    ----------
    jam
        The case.
    parameters
        The model's numbers; the defaults if not given.

    Notes
    -----
    Demand comes from daily traffic, hour by hour, and answers to snowfall and cold. It enters an
    `approach_km` long road without exits, at whose end nothing passes for `blocked_h`: every lane
    is blocked, or a barrier is closed. It runs for half a day beyond the end of the blockage.
    """
    p = parameters or load_parameters()
    network = _network(jam, p)
    hours = _LEAD_H + math.ceil(jam["blocked_h"]) + _AFTER_H
    runs = run_network(
        network,
        _demand(jam, p, hours),
        hours=hours,
        conditions=_conditions(jam, network, hours),
        blockages=_blockage(jam, network),
        output_s=_STEP_S,
        sample_s=_STEP_S,
        jam_speed_share=p["jam_speed_share"],
        threads=1,
    )
    return _result(jam, runs, _daily(jam).people(p))


def _daily(jam: DocumentedJam) -> DailyTraffic:
    return DailyTraffic(
        veh_day=np.array([jam["daily_veh"]]),
        truck_share=np.array([jam["truck_share"]]),
        bus_share=np.array([jam["bus_share"]]),
        weekend_factor=np.ones(1),
    )


def _network(jam: DocumentedJam, p: TrafficParameters) -> CellNetwork:
    """Return the approach and the road beyond, which begins at a barrier where there is one."""
    lanes = jam["lanes"]
    lane = p["capacity_lane_pcu_h"] if lanes > 1 else p["capacity_two_way_pcu_h"]

    def piece(length_m: float, zone: int) -> tuple[Piece, ...]:
        return (
            Piece(
                length_m=length_m,
                free_speed_m_s=jam["free_speed_kmh"] / 3.6,
                capacity_pcu_h=lane * lanes,
                jam_density_pcu_km=lanes * 1000.0 / p["spacing_light_m"],
                zone=zone,
            ),
        )

    held = jam["waiting_places"] if jam["barrier"] else None
    return build_network(
        [
            Link(name="approach", start="in", end="block",
                 pieces=piece(1000.0 * jam["approach_km"], 0)),
            Link(name="beyond", start="block", end="out", pieces=piece(_BEYOND_M, 1),
                 waiting_places=held),
        ],
        entries={"in": lane * lanes},
        chains={"approach": ["approach"]},
        cell_m=_CELL_M,
        period_s=_STEP_S,
        heavy_pcu=p.heavy_pcu,
        past_column=p["past_column_share"],
        hold_priority_share=p["release_claim_share"],
    )  # fmt: skip


def _demand(jam: DocumentedJam, p: TrafficParameters, hours: int) -> Demand:
    """Return what enters, in quarters of an hour; nothing after the arrivals have ended."""
    monday = datetime(2024, 1, 1)  # noqa: DTZ001 - a clock without a place: only its day counts
    begins = monday + timedelta(days=7 + jam["weekday"], hours=jam["begins_clock_h"])
    flow = hourly_demand(
        _daily(jam), start=begins - timedelta(hours=_LEAD_H), hours=hours, parameters=p
    )[:, 0, 0]
    flow = flow * weather_response(jam["snowfall_cm"], jam["temperature_c"], p)
    step_h = _STEP_S / 3600.0
    quarter = np.repeat(flow, round(1 / step_h), axis=0)
    end_h = _LEAD_H + jam["arrivals_h"]
    coming = np.clip((end_h - np.arange(len(quarter)) * step_h) / step_h, 0.0, 1.0)
    entering = (quarter * coming[:, None])[None, :, None, :]
    return Demand(veh_h=entering.astype(np.float32), period_s=_STEP_S)


def _conditions(jam: DocumentedJam, network: CellNetwork, hours: int) -> Conditions:
    periods = round(hours * 3600.0 / _STEP_S)
    shape = (1, periods, network.zones)
    barrier = np.zeros((1, periods, len(network.links)), dtype=np.uint8)
    if jam["barrier"]:
        until = round((_LEAD_H + jam["blocked_h"]) * 3600.0 / _STEP_S)
        barrier[0, round(_LEAD_H * 3600.0 / _STEP_S) : until, 1] = CLOSED
    return Conditions(
        capacity_factor=np.full(shape, jam["capacity_share"], dtype=np.float32),
        speed_factor=np.full(shape, jam["speed_share"], dtype=np.float32),
        barrier=barrier,
        period_s=_STEP_S,
    )


def _blockage(jam: DocumentedJam, network: CellNetwork) -> Blockages:
    """Return the vehicle across the road, at the end of the approach."""
    if jam["barrier"]:
        return Blockages.none()
    end = 1000.0 * jam["approach_km"]
    return Blockages(
        scenario=np.zeros(1, dtype=np.int64),
        border=network.border(0, end),
        start_s=np.array([3600.0 * _LEAD_H]),
        end_s=np.array([3600.0 * (_LEAD_H + jam["blocked_h"])]),
        lost=np.ones(1),
    )


def _result(jam: DocumentedJam, runs: Runs, aboard: Floats) -> JamResult:
    """Return the figures that reports give, both directions together where there are two."""
    stored = runs.stored_veh[0].sum(axis=1, dtype=np.float64)
    standing = jam["directions"] * (runs.queue_veh[0, :, 0].astype(np.float64) + stored)
    people = standing @ aboard
    length_km = runs.queue_km[0, :, 0].astype(np.float64)
    hour: Floats = np.arange(1.0, len(length_km) + 1) * _STEP_S / 3600.0 - _LEAD_H
    vehicles = standing.sum(axis=1)
    queued = np.flatnonzero(vehicles > 1.0)
    gone = len(queued) == 0 or queued[-1] + 1 < len(hour)
    last_h = (float(hour[queued[-1]]) if len(queued) else 0.0) if gone else math.nan
    return JamResult(
        vehicles=float(vehicles.max()),
        people=float(people.max()),
        jam_km=float(length_km.max()),
        last_h=last_h,
        hour=hour,
        jam_km_by_hour=length_km,
        vehicles_by_hour=vehicles,
    )


def compare(
    jams: Mapping[str, DocumentedJam], parameters: TrafficParameters | None = None
) -> pd.DataFrame:
    """Run the cases and set what came out beside what was reported.

    Returns
    -------
    DataFrame
        Columns `case`, `what`, `unit`, `reported`, `simulated`, `ratio` (simulated over
        reported), `assumed_inputs` (how many of the inputs no source gives), `source`.
    """
    rows = []
    for jam in jams.values():
        result = simulate_jam(jam, parameters)
        assumed = sum(figure.standing == "estimated" for figure in jam.inputs.values())
        for what, figure in jam.outcomes.items():
            simulated = float(getattr(result, what))
            rows.append(
                {
                    "case": jam.name,
                    "what": what,
                    "unit": figure.unit,
                    "reported": figure.value,
                    "simulated": simulated,
                    "ratio": simulated / figure.value,
                    "assumed_inputs": assumed,
                    "source": figure.source,
                }
            )
    return pd.DataFrame(rows)


def sensitivity(
    jam: DocumentedJam, what: str, parameters: TrafficParameters | None = None
) -> pd.DataFrame:
    """Change one input or parameter at a time over its plausible range.

    Parameters
    ----------
    jam
        The case.
    what
        `vehicles`, `people` or `jam_km`.
    parameters
        The model's numbers from which to start.

    Returns
    -------
    DataFrame
        Columns `changed`, `low`, `high` (its values), `at_low`, `at_high` (what comes out),
        `swing` (their difference); the widest first.
    """
    if what not in _OUTCOMES:
        raise RoadplanError(f"there is no outcome {what!r}; there are {', '.join(_OUTCOMES)}")
    p = parameters or load_parameters()
    rows = []
    for name, figure in jam.inputs.items():
        if math.isfinite(figure.low) and math.isfinite(figure.high):
            ends = [simulate_jam(jam.changed(name, v), p) for v in (figure.low, figure.high)]
            rows.append((name, figure.low, figure.high, *(getattr(end, what) for end in ends)))
    for name, (low, high) in PARAMETER_RANGES.items():
        sets = [load_parameters({**p.values, name: value}) for value in (low, high)]
        rows.append((name, low, high, *(getattr(simulate_jam(jam, s), what) for s in sets)))
    table = pd.DataFrame(rows, columns=["changed", "low", "high", "at_low", "at_high"])
    table["swing"] = (table["at_high"] - table["at_low"]).abs()
    return table.sort_values("swing", ascending=False, ignore_index=True)
