"""Freight scenarios: a plant's yearly tonnage as lorries a day on the road they use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from roadplan.errors import RoadplanError
from roadplan.traffic.demand import HEAVY
from roadplan.traffic.layout import Segments
from roadplan.traffic.parameters import TrafficParameters

if TYPE_CHECKING:
    from roadplan.corridor import Corridor
    from roadplan.corridor.position import Position

Floats = NDArray[np.float64]


def freight_trucks_day(
    tonnes_year: float,
    parameters: TrafficParameters,
    *,
    payload_t: float | None = None,
    working_days: float | None = None,
    returns_empty: bool = True,
) -> float:
    """Return the lorries a day, both directions together, that a plant puts on its road.

    Parameters
    ----------
    tonnes_year
        What it sends or gets in a year.
    parameters
        Payload and working days where not given.
    payload_t, working_days
        Load of a lorry and days a year on which it drives.
    returns_empty
        Whether each load means two trips; False where lorries come back loaded anyway.

    Raises
    ------
    RoadplanError
        A tonnage below zero, or a payload or number of days that is not above zero.

    Examples
    --------
    >>> from roadplan.traffic.parameters import load_parameters
    >>> freight_trucks_day(660_000, load_parameters())
    200.0
    """
    load = parameters["payload_t"] if payload_t is None else payload_t
    days = parameters["working_days"] if working_days is None else working_days
    if not (tonnes_year >= 0 and np.isfinite(tonnes_year)):
        raise RoadplanError(f"{tonnes_year} tonnes a year: give 0 or more")
    if not (load > 0 and 0 < days <= 366):
        raise RoadplanError("the payload must be above 0 t, the working days from 1 to 366 a year")
    return float(tonnes_year / load / days * (2 if returns_empty else 1))


@dataclass(frozen=True, kw_only=True, eq=False)
class Freight:
    """Lorries that come on top of the daily traffic.

    Parameters
    ----------
    name
        What sends or gets them.
    trucks_day
        Lorries a day, both directions together; half drive each way.
    used
        Segments on their way, shape (segment,).
    """

    name: str
    trucks_day: float
    used: NDArray[np.bool_] = field(repr=False)

    def __post_init__(self) -> None:
        if not (np.isfinite(self.trucks_day) and self.trucks_day >= 0):
            raise RoadplanError(f"freight {self.name}: {self.trucks_day} lorries a day")
        if not self.used.any():
            raise RoadplanError(f"freight {self.name} uses no segment")

    @classmethod
    def between(
        cls,
        name: str,
        trucks_day: float,
        corridor: Corridor,
        segments: Segments,
        *,
        start: Position,
        end: Position,
    ) -> Freight:
        """Return lorries on the shortest way between two places of the corridor.

        A segment is on the way if at least half of it is.
        """
        on_way = np.zeros(len(segments))
        for leg in corridor.network.path(start, end):
            here = np.array([route == leg.route for route in segments.route])
            overlap = np.minimum(segments.to_m, leg.to_m) - np.maximum(segments.from_m, leg.from_m)
            on_way += np.where(here, np.maximum(overlap, 0.0), 0.0)
        return cls(name=name, trucks_day=trucks_day, used=on_way >= 500.0 * segments.length_km)


def as_freight(
    freight: Sequence[Freight] | Mapping[str, float] | None, segments: Segments
) -> Sequence[Freight]:
    """Return freight scenarios; lorries a day by route become one on each route's whole length.

    Raises
    ------
    RoadplanError
        No segment lies on a route.
    """
    if not isinstance(freight, Mapping):
        return freight or ()
    found = []
    for route, trucks_day in freight.items():
        used = np.array([name == route for name in segments.route])
        if not used.any():
            raise RoadplanError(f"freight on route {route}: no segment lies on it")
        found.append(Freight(name=route, trucks_day=trucks_day, used=used))
    return found


def add_freight(
    demand: Floats, freight: Freight, *, start: datetime, parameters: TrafficParameters
) -> Floats:
    """Return demand with the lorries of a freight scenario on the segments they use.

    Parameters
    ----------
    demand
        Shape (hours, segment, direction, class).
    freight
        The lorries.
    start
        Local time of the first hour.
    parameters
        Hours of freight.
    """
    if freight.used.shape != demand.shape[1:2]:
        raise RoadplanError(
            f"freight {freight.name} is for {len(freight.used)} segments; there are "
            f"{demand.shape[1]}"
        )
    share = parameters.hour_share[:, HEAVY]
    clock = [(start.hour + hour) % 24 for hour in range(len(demand))]
    extra = np.zeros_like(demand)
    hourly = (freight.trucks_day / 2 * share[clock])[:, None, None]
    extra[..., HEAVY] = hourly * freight.used[:, None]
    return demand + extra
