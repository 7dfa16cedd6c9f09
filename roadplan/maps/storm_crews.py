"""What crews do in the course of a storm, and where each of them is at any moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from roadplan.corridor.position import Position
from roadplan.errors import RoadplanError

Activity = Literal["plough", "travel", "refill", "wait"]
ACTIVITIES: tuple[Activity, ...] = get_args(Activity)


@dataclass(frozen=True)
class Leg:
    """A way along one route.

    Parameters
    ----------
    route
        The route.
    from_m, to_m
        Stations in metres; falling where the way leads against the route. Equal for a place.
    """

    route: str
    from_m: float
    to_m: float

    @property
    def length_m(self) -> float:
        """How long the way is."""
        return abs(self.to_m - self.from_m)


@dataclass(frozen=True)
class Order:
    """One thing that a crew is to do.

    Parameters
    ----------
    start, end
        The moments, in slots from the beginning of the plan, between which it is done.
    activity
        Ploughing, travelling with the plough up, refilling or waiting.
    legs
        The way, one leg after the other; a leg without length where the crew stands.
    """

    start: float
    end: float
    activity: Activity
    legs: tuple[Leg, ...]

    def __post_init__(self) -> None:
        if self.activity not in ACTIVITIES:
            known = ", ".join(ACTIVITIES)
            raise RoadplanError(f"the activity '{self.activity}' is not one of {known}")
        if not (np.isfinite([self.start, self.end]).all() and self.start < self.end):
            raise RoadplanError(f"an order from {self.start} to {self.end} takes no time")
        if not self.legs:
            raise RoadplanError(f"an order from {self.start} to {self.end} is nowhere on the road")
        stations = [station for leg in self.legs for station in (leg.from_m, leg.to_m)]
        if not np.isfinite(stations).all():
            raise RoadplanError(f"an order from {self.start} to {self.end} has no finite stations")

    def at(self, moment: float) -> tuple[Position, int]:
        """Return where the crew is at a moment, and its direction: 1 rising, −1 falling, 0.

        It moves evenly along all legs together.
        """
        total = sum(leg.length_m for leg in self.legs)
        share = min(max((moment - self.start) / (self.end - self.start), 0.0), 1.0)
        left = share * total
        for leg in self.legs:
            if left < leg.length_m or leg is self.legs[-1]:
                break
            left -= leg.length_m
        direction = int(np.sign(leg.to_m - leg.from_m))
        return Position(leg.route, leg.from_m + direction * min(left, leg.length_m)), direction

    def as_list(self, routes: Mapping[str, int]) -> list[Any]:
        """Return the order as the page reads it, with routes by number."""
        ways = [[routes[leg.route], round(leg.from_m), round(leg.to_m)] for leg in self.legs]
        return [round(self.start, 3), round(self.end, 3), ACTIVITIES.index(self.activity), ways]


@dataclass(frozen=True, kw_only=True)
class Crew:
    """A crew with its orders.

    Parameters
    ----------
    id
        Identifier, unique within an alternative.
    names
        What people call it, by language; its id where none are given.
    class_names
        Names of its class by language.
    kind
        Kind of machine, as in the table `plough_classes`; it gives the symbol.
    depot
        What its depot is called, as it is or by language.
    orders
        In the order of time; between two of them the crew waits.
    standing
        ``estimated`` where the machine itself is an estimate.
    """

    id: str
    names: Mapping[str, str]
    class_names: Mapping[str, str]
    kind: str
    orders: tuple[Order, ...]
    depot: str | Mapping[str, str] = ""
    standing: str = ""

    def __post_init__(self) -> None:
        for before, after in zip(self.orders, self.orders[1:], strict=False):
            if after.start < before.end - 1e-9:
                raise RoadplanError(
                    f"crew {self.id} is to begin something at {after.start} while it is busy "
                    f"until {before.end}; orders must follow each other"
                )

    def doing(self, moment: float) -> Order | None:
        """Return the order that is carried out at a moment; None while there is none."""
        return next((order for order in self.orders if order.start <= moment < order.end), None)

    def upcoming(self, moment: float) -> Order | None:
        """Return the first order that begins after a moment and is more than waiting."""
        return next(
            (item for item in self.orders if item.start > moment and item.activity != "wait"), None
        )

    def at(self, moment: float) -> tuple[Position, int] | None:
        """Return where the crew is at a moment and its direction; None for one without orders."""
        current = self.doing(moment)
        if current is not None:
            return current.at(moment)
        past = [order for order in self.orders if order.end <= moment]
        if past:
            return past[-1].at(past[-1].end)[0], 0
        return (self.orders[0].at(self.orders[0].start)[0], 0) if self.orders else None
