"""A place on the road: a route and a station."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Position:
    """A place on the road.

    Parameters
    ----------
    route
        Identifier of the route.
    station_m
        Metres along the route's axis from its start.
    """

    route: str
    station_m: float
