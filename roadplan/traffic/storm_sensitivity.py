"""Which numbers of the snow and traffic models move the expected delay of a storm the most."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import pandas as pd

from roadplan.errors import RoadplanError
from roadplan.traffic.parameters import load_parameters as load_traffic_parameters
from roadplan.traffic.risk import expectation
from roadplan.traffic.storm_run import StormRun, prepare_storm
from roadplan.weather import Passes, load_parameters

if TYPE_CHECKING:
    from roadplan.corridor import Corridor

Model = Literal["snow", "traffic", "demand"]


@dataclass(frozen=True, kw_only=True)
class Range:
    """A plausible range of one number.

    Parameters
    ----------
    model
        `snow` or `traffic`: a number of that table of parameters; `demand`: a factor on the
        daily traffic.
    name
        Of the number.
    low, high
        The range.
    why
        Where the range comes from.
    """

    model: Model
    name: str
    low: float
    high: float
    why: str


RANGES: Final = (
    Range(model="demand", name="daily traffic", low=0.7, high=1.3,
          why="counts of this road differ by a third and more"),
    Range(model="traffic", name="stuck_per_cm", low=0.15, high=0.3,
          why="20 to 400 times as many stuck lorries at 20 cm"),
    Range(model="traffic", name="stuck_per_truck_km", low=1e-7, high=9e-7,
          why="three times either way"),
    Range(model="traffic", name="stuck_median_h", low=0.75, high=3.0,
          why="twice either way"),
    Range(model="traffic", name="stuck_all_lanes_share", low=0.15, high=0.5,
          why="one in seven to one in two"),
    Range(model="traffic", name="spacing_heavy_m", low=15.0, high=25.0,
          why="with and without a gap to the lorry ahead"),
    Range(model="traffic", name="light_loss_per_cm", low=0.0, high=0.03,
          why="nobody stays at home; twice as many as counted"),
    Range(model="traffic", name="capacity_lane_pcu_h", low=1700.0, high=2200.0,
          why="rural multilane roads in capacity manuals"),
    Range(model="snow", name="density_new_kg_m3", low=70.0, high=150.0,
          why="new dry snow"),
    Range(model="snow", name="catch_embankment", low=0.01, high=0.05,
          why="order of magnitude"),
    Range(model="snow", name="catch_flush", low=0.05, high=0.2,
          why="order of magnitude"),
    Range(model="snow", name="transport_exponent", low=3.6, high=4.0,
          why="about 40 % of the transport at 12 m/s either way"),
    Range(model="snow", name="pass_efficiency", low=0.8, high=0.98,
          why="a worn blade, a new one"),
    Range(model="snow", name="depth_none_m", low=0.18, high=0.27,
          why="a fifth either way"),
    Range(model="snow", name="close_visibility_m", low=30.0, high=100.0,
          why="no criterion is published"),
)  # fmt: skip
"""What is changed unless a caller says otherwise; all ranges are assumed."""


def storm_sensitivity(
    corridor: Corridor,
    storm: str | os.PathLike[str],
    *,
    plan: Callable[[StormRun], Passes] | None = None,
    ranges: Sequence[Range] = RANGES,
    members: int | None = None,
    draws: int = 4,
    seed: int = 0,
) -> pd.DataFrame:
    """Change one number at a time and see what becomes of the expected delay.

    Parameters
    ----------
    corridor
        The road.
    storm
        Name of a storm that is shipped, or a file.
    plan
        Gives the passes for a prepared storm; nothing is cleared without it.
    ranges
        What is changed, and from where to where.
    members
        Members of the storm to take; all if not given.
    draws, seed
        Draws of stuck vehicles for each member; members and draws are the same in all runs.

    Returns
    -------
    DataFrame
        Columns `model`, `name`, `low`, `high`, `base_veh_h`, `at_low_veh_h`, `at_high_veh_h`,
        `swing_veh_h` (their difference), `swing_low_veh_h` and `swing_high_veh_h` (its interval
        of 95 %, from the differences by member), `why`; the widest swing first.
    """
    if not ranges:
        raise RoadplanError("give at least one number to change")

    def delays(change: Range | None, value: float) -> tuple[pd.Series, np.ndarray]:
        run = _changed(corridor, storm, change, value, members)
        outcome = run.simulate([plan(run) if plan else Passes.none()], draws=draws, seed=seed)
        return pd.Series(outcome.delay_veh_h.sum(axis=1)), outcome.member_of

    base, member_of = delays(None, 0.0)
    rows = []
    for change in ranges:
        low, _ = delays(change, change.low)
        high, _ = delays(change, change.high)
        swing = expectation(high - low, member_of)
        rows.append(
            {
                "model": change.model,
                "name": change.name,
                "low": change.low,
                "high": change.high,
                "base_veh_h": float(base.mean()),
                "at_low_veh_h": float(low.mean()),
                "at_high_veh_h": float(high.mean()),
                "swing_veh_h": swing.value,
                "swing_low_veh_h": float(swing.low),
                "swing_high_veh_h": float(swing.high),
                "why": change.why,
            }
        )
    table = pd.DataFrame(rows)
    order = table["swing_veh_h"].abs().sort_values(ascending=False, kind="stable").index
    return table.loc[order].reset_index(drop=True)


def _changed(
    corridor: Corridor,
    storm: str | os.PathLike[str],
    change: Range | None,
    value: float,
    members: int | None,
) -> StormRun:
    """Prepare the storm with one number changed."""
    changed = {change.name: value} if change else {}
    model = change.model if change else None
    return prepare_storm(
        corridor,
        storm,
        members=members,
        parameters=load_parameters(changed) if model == "snow" else None,
        traffic_parameters=load_traffic_parameters(changed) if model == "traffic" else None,
        demand_scale=value if model == "demand" else 1.0,
    )
