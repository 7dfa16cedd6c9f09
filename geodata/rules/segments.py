"""Segments: the road cut where its attributes change, and in pieces of at most ten kilometres."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from rules.sources import Sources

LONGEST_M = 10_000.0
"""No segment is longer."""

STANDARD = ("carriageways", "lanes", "category", "free_speed_kmh", "reported_columns")
"""What `source/road_standards.csv` says of each stretch."""


def road_standards(sources: Sources, contracts: pd.DataFrame) -> pd.DataFrame:
    """Return carriageways, lanes, category and speed by stretch, stations as numbers."""
    frame = sources.source("road_standards")
    ends = contracts.set_index("contract")[["from_m", "to_m"]]
    begin, end = [], []
    for row in frame.itertuples():
        if row.contract:
            at = ends.loc[row.contract]
            begin.append(float(at["from_m"]))
            end.append(float(at["to_m"]))
        else:
            route = str(row.route)
            begin.append(sources.station_m(route, str(row.from_m), default=0.0))
            end.append(sources.station_m(route, str(row.to_m), default=sources.end_m(route)))
    return frame.assign(from_m=begin, to_m=end)


def stretches(sources: Sources, tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the segments without profile.

    Each route is cut at contract ends, junctions, region borders and where its standard changes;
    what lies between two cuts is divided into the fewest equal parts of at most 10 km, on whole
    metres. A segment is named after its route and the kilometre it begins in; a second one that
    begins in the same kilometre has a letter after it.
    """
    contracts, regions = tables["contracts"], tables["regions"]
    junctions = tables["junctions"]
    standards = road_standards(sources, contracts)
    rows: list[dict[str, object]] = []
    for route in sources.axes:
        cuts = {0.0, sources.end_m(route)}
        cuts |= set(junctions.loc[junctions["route"] == route, "station_m"])
        for frame in (contracts, regions, standards):
            mine = frame[frame["route"] == route]
            cuts |= set(mine["from_m"].astype(float)) | set(mine["to_m"].astype(float))
        bounds = _divided(sorted(cuts))
        used: dict[int, int] = {}
        for from_m, to_m in pairwise(bounds):
            km = int(from_m // 1000)
            used[km] = used.get(km, 0) + 1
            letter = "" if used[km] == 1 else chr(ord("a") + used[km] - 1)
            middle = (from_m + to_m) / 2
            standard = _at(standards, route, middle)
            rows.append(
                {
                    "segment": f"{route}-{km:04d}{letter}",
                    "route": route,
                    "from_m": from_m,
                    "to_m": to_m,
                    "contract": _at(contracts, route, middle).get("contract", ""),
                    "region": _at(regions, route, middle).get("region", ""),
                    **{name: standard[name] for name in STANDARD},
                    "standing": "estimated",  # for the profile, which is so everywhere
                    "source": standard["source"],
                }
            )
    return pd.DataFrame(rows)


def _divided(cuts: list[float]) -> list[float]:
    """Return the cuts with those added that make every part at most 10 km long."""
    bounds = [cuts[0]]
    for begin, end in pairwise(cuts):
        parts = math.ceil((end - begin) / (LONGEST_M - 1))  # a metre for rounding
        inner = np.round(np.linspace(begin, end, parts + 1)[1:-1])
        bounds.extend([*(float(station) for station in inner), end])
    return bounds


def _at(frame: pd.DataFrame, route: str, station_m: float) -> dict[str, Any]:
    """Return the row of a stretch table at a station; empty where there is none."""
    hit = (frame["route"] == route) & (frame["from_m"] <= station_m)
    hit &= station_m < frame["to_m"]
    return {str(k): v for k, v in frame[hit].iloc[0].items()} if hit.any() else {}
