"""What a corridor's tables say of its segments and traffic, as every simulation takes it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from roadplan.errors import RoadplanError
from roadplan.traffic.layout import Segments
from roadplan.weather import Road

if TYPE_CHECKING:
    from roadplan.corridor import Corridor

Floats = NDArray[np.float64]

USUAL_SPEED_KMH: Final = 90.0
"""Free speed where the corridor tells none (assumed): a rural road with a lane each way."""

LONGEST_SEGMENT_M: Final = 12_000.0
"""Longer segments are cut, so that weather is resolved along the road; the shipped corridor's are
10 km at most and stay whole."""


def local_time(moment: np.datetime64, zone: dt.tzinfo) -> dt.datetime:
    """Return a moment in UTC as local time."""
    seconds = int((moment - np.datetime64(0, "s")) / np.timedelta64(1, "s"))
    return dt.datetime.fromtimestamp(seconds, tz=zone)


def fixed_zone(zone: dt.tzinfo, moment: np.datetime64) -> dt.tzinfo:
    """Return a zone as it is at a moment, in UTC, so that clocks do not change within a plan.

    Python takes times in one zone apart by their clocks, which would be an hour off then.
    """
    offset = local_time(moment, zone).utcoffset()
    return zone if offset is None else dt.timezone(offset)


def traffic_segments(corridor: Corridor, road: Road, notes: list[str]) -> Segments:
    """Return the segments of the weather as segments for traffic; `notes` gets what is assumed."""
    speeds = {segment.id: segment.free_speed_kmh for segment in corridor.segments}
    free_kmh = np.array([speeds.get(parent, np.nan) for parent in road.parents], dtype=np.float64)
    if np.isnan(free_kmh).any():
        notes.append(f"{USUAL_SPEED_KMH:g} km/h is assumed where no free speed is known")
    return Segments(
        ids=road.ids,
        route=road.route,
        from_m=road.from_m,
        to_m=road.to_m,
        lanes=road.lanes,
        carriageways=road.carriageways,
        free_speed_m_s=np.where(np.isnan(free_kmh), USUAL_SPEED_KMH, free_kmh) / 3.6,
    )


def daily_traffic(
    corridor: Corridor, segments: Segments, notes: list[str], *, scale: float = 1.0
) -> pd.DataFrame:
    """Return the daily traffic with a row for every route; the mean where nothing is known.

    Parameters
    ----------
    corridor, segments
        The road.
    notes
        Gets a sentence on what stands in for what is not known.
    scale
        Factor on the traffic of every stretch.

    Raises
    ------
    RoadplanError
        No daily traffic is known on any route.
    """
    table = corridor.table("traffic")
    known = table[table["aadt_veh_day"].notna()]
    known = known.assign(aadt_veh_day=known["aadt_veh_day"] * scale)
    routes = dict.fromkeys(segments.route)
    missing = [route for route in routes if route not in set(known["route"])]
    if not missing:
        return known
    if known.empty:
        raise RoadplanError("no daily traffic is known on any route; fill in the table traffic")
    length = (known["to_m"] - known["from_m"]).to_numpy(np.float64)
    columns = ("aadt_veh_day", "truck_share", "bus_share", "weekend_factor")
    mean = {name: _mean(known[name].to_numpy(np.float64), length) for name in columns}
    notes.append(
        f"the mean traffic of the other routes stands in for {', '.join(missing)} (estimated)"
    )
    rows = [
        {**mean, "route": route, "from_m": 0.0, "to_m": corridor.route(route).length_m}
        for route in missing
    ]
    return pd.concat([known, pd.DataFrame(rows)], ignore_index=True)


def _mean(values: Floats, length: Floats) -> float:
    """Return the mean of what is known by length; NaN where nothing is."""
    known = np.isfinite(values)
    return float(np.average(values[known], weights=length[known])) if known.any() else np.nan
