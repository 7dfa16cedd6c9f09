"""What happens on the road in a storm: jams, closures, and how probable things are."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

Direction = Literal["both", "rising", "falling"]
DIRECTIONS: tuple[Direction, ...] = get_args(Direction)
LEVELS = 5
"""Risk levels and severities run from 0 to 4."""


@dataclass(frozen=True)
class Stretch:
    """A stretch of one carriageway, or of both.

    Parameters
    ----------
    route, from_m, to_m
        Half open, in metres along the route.
    direction
        ``rising`` or ``falling`` stations; ``both`` where they are not told apart.
    """

    route: str
    from_m: float
    to_m: float
    direction: Direction = "both"


@dataclass(frozen=True)
class Interval:
    """An estimate with its interval of 95 %; ends that are not finite are not known."""

    value: float
    low: float = -math.inf
    high: float = math.inf


@dataclass(frozen=True, kw_only=True)
class Chance:
    """The probability of an event anywhere on the road during the whole plan.

    Parameters
    ----------
    event
        ``jam``: one longer than `limit` km; ``closed``: a closure of at least `limit` hours.
    limit
        Kilometres or hours.
    share
        The probability, 0–1, with its interval.
    hits, runs
        In how many of the simulated runs it happened.
    """

    event: Literal["jam", "closed"]
    limit: float
    share: Interval
    hits: int
    runs: int


@dataclass(frozen=True, kw_only=True)
class Jam:
    """A jam during one slot.

    Parameters
    ----------
    slot
        The slot.
    stretch
        From its tail to its head.
    probability
        Share of the runs in which there is a jam on it, 0–1; NaN where unknown.
    """

    slot: int
    stretch: Stretch
    probability: float = math.nan


@dataclass(frozen=True, kw_only=True)
class Closure:
    """A closed stretch.

    Parameters
    ----------
    start, end
        Slots from the first to before the last.
    stretch
        What is closed.
    vehicles
        ``all``, or ``heavy`` for freight and public transport.
    probability
        Share of the runs in which it is closed, 0–1; NaN where it is ordered and not foreseen.
    """

    start: int
    end: int
    stretch: Stretch
    vehicles: Literal["all", "heavy"] = "all"
    probability: float = math.nan


@dataclass(frozen=True)
class Proof:
    """How good a plan is proven to be, veh·h of the optimised cost.

    Parameters
    ----------
    cost
        What the plan costs.
    bound
        What no plan costs less than; minus infinity where none could be proven in time.
    """

    cost: float
    bound: float = -math.inf
