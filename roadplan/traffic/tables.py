"""Outcomes of a storm as tables, for maps and notebooks."""

from __future__ import annotations

import numpy as np
import pandas as pd

from roadplan.traffic.layout import DIRECTIONS
from roadplan.traffic.outcome import StormOutcome

_JAM_KM = 0.5


def jams_by_hour(outcome: StormOutcome, plan: int = 0) -> pd.DataFrame:
    """Return how long jams are and where, hour by hour, on each route and direction.

    Returns
    -------
    DataFrame
        Columns `hour` (from the beginning), `route`, `direction`, `mean_km` and `p90_km` (the
        longest single jam: mean over members and 90th percentile of the scenarios),
        `probability` (of one longer than half a kilometre), `head_m` and `tail_m` (median
        stations of its ends where there is one, NaN where there never is), `vehicles` (mean in
        all jams of the direction).
    """
    rows = outcome.of_plan(plan)
    weight = _member_weights(outcome.member_of[rows])
    longest = outcome.runs.longest_km[rows].astype(np.float64)
    head = outcome.runs.head_km[rows].astype(np.float64)
    vehicles = outcome.runs.queue_veh[rows].sum(axis=-1).astype(np.float64)
    places = {place.name: place for place in outcome.traffic.layout.places}
    found = []
    for number, (chain, links) in enumerate(outcome.traffic.layout.chains.items()):
        first = places[links[0]]
        for hour in range(longest.shape[1]):
            length = longest[:, hour, number]
            jammed = length > _JAM_KM
            front = outcome.traffic.station_m(chain, head[jammed, hour, number])
            back = outcome.traffic.station_m(chain, (head[:, hour, number] - length)[jammed])
            found.append(
                {
                    "hour": hour,
                    "route": first.route,
                    "direction": DIRECTIONS[first.direction],
                    "mean_km": float(weight @ length),
                    "p90_km": float(np.quantile(length, 0.9)),
                    "probability": float(weight @ jammed),
                    "head_m": float(np.median(front)) if jammed.any() else np.nan,
                    "tail_m": float(np.median(back)) if jammed.any() else np.nan,
                    "vehicles": float(weight @ vehicles[:, hour, number]),
                }
            )
    return pd.DataFrame(found)


def risk_by_segment(outcome: StormOutcome, plan: int = 0) -> pd.DataFrame:
    """Return risk and delay of each segment, direction and hour.

    Returns
    -------
    DataFrame
        Columns `segment`, `route`, `from_m`, `to_m`, `direction`, `hour`, `level`, `severity`
        (-1: the weather is not known), `probability`, `delay_light_veh_h`, `delay_heavy_veh_h`,
        `jam_km` (means over members).
    """
    rows = outcome.of_plan(plan)
    risk = outcome.segment_risk(plan)
    segments = outcome.traffic.segments
    shape = risk.level.shape
    weight = _member_weights(outcome.member_of[rows])
    delay = np.tensordot(weight, outcome.runs.delay_veh_h[rows], axes=1).reshape(*shape, 2)
    jam = np.tensordot(weight, outcome.runs.jam_km[rows], axes=1).reshape(shape)
    hour, segment, direction = (index.ravel() for index in np.indices(shape))
    return pd.DataFrame(
        {
            "segment": np.array(segments.ids)[segment],
            "route": np.array(segments.route)[segment],
            "from_m": segments.from_m[segment],
            "to_m": segments.to_m[segment],
            "direction": np.array(DIRECTIONS)[direction],
            "hour": hour,
            "level": risk.level.ravel(),
            "severity": risk.severity.ravel(),
            "probability": risk.probability.ravel(),
            "delay_light_veh_h": delay[..., 0].ravel(),
            "delay_heavy_veh_h": delay[..., 1].ravel(),
            "jam_km": jam.ravel(),
        }
    )


def _member_weights(member_of: np.ndarray) -> np.ndarray:
    """Return weights by which members count alike, whatever their draws."""
    _, index, sizes = np.unique(member_of, return_inverse=True, return_counts=True)
    weights: np.ndarray = 1.0 / sizes[index] / len(sizes)
    return weights
