"""A storm as the dispatcher sees it: risk by slot and stretch, jams, closures and crews.

Everything here is finished: plain arrays and texts that the storm page and the strip of kilometres
and hours draw as they are. Nothing is computed from the model again.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from roadplan.errors import Fault, FaultsError
from roadplan.maps.embedding import Text
from roadplan.maps.storm_crews import Crew, Leg

Direction = Literal["both", "rising", "falling"]
DIRECTIONS: tuple[Direction, ...] = get_args(Direction)
LEVELS = 5
"""Risk levels and severities run from 0 to 4."""

Ints = NDArray[np.integer]
Floats = NDArray[np.float64]


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


@dataclass(frozen=True, kw_only=True, eq=False)
class Alternative:
    """What the storm brings if this is done. Arrays of shape (slot, stretch).

    Parameters
    ----------
    id
        ``plan``, ``beats``, ``nothing`` or any other.
    title
        What it is called.
    level
        Risk level 0–4; below zero where nothing is known.
    severity
        The severity that is likely enough to be named, 0–4; below zero where nothing is known.
    probability
        Probability of that severity or worse, 0–1, of none where it is 0; NaN where unknown.
    jam_hits
        In how many runs a jam longer than the view's `jam_km` stands on the stretch; below zero
        where unknown.
    jam_low, jam_high
        The interval of 95 % of that share, 0–1; None where it was not computed.
    delay_veh_h
        Expected delay of all traffic.
    saving_veh_h
        How much less delay the first alternative has than this one, from the same draws.
    chances
        Events anywhere on the road.
    proof
        For an optimised plan.
    jams, closures, crews
        What is on the road when.
    """

    id: str
    title: Text
    level: Ints
    severity: Ints
    probability: Floats
    jam_hits: Ints
    jam_low: Floats | None = None
    jam_high: Floats | None = None
    delay_veh_h: Interval | None = None
    saving_veh_h: Interval | None = None
    chances: tuple[Chance, ...] = ()
    proof: Proof | None = None
    jams: tuple[Jam, ...] = ()
    closures: tuple[Closure, ...] = ()
    crews: tuple[Crew, ...] = ()


@dataclass(frozen=True, kw_only=True)
class StormFacts:
    """What storm it is.

    Parameters
    ----------
    names
        Its name by language.
    issued
        When the forecast was made, with its time zone.
    source
        Who made it.
    standing
        ``forecast``, ``measured`` or ``estimated``.
    synthetic
        Whether it is invented for trying things out.
    notes
        What a dispatcher should know of it, such as its age; texts by language.
    """

    names: Mapping[str, str]
    issued: dt.datetime
    source: str = ""
    standing: str = "forecast"
    synthetic: bool = False
    notes: tuple[Text, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class StormView:
    """A storm with its alternatives, ready to be drawn.

    Parameters
    ----------
    storm
        What storm it is.
    start
        Beginning of the first slot in the local time of the corridor.
    slots
        Number of slots.
    slot_minutes
        Length of a slot.
    stretches
        What the columns of the arrays stand for.
    jam_km
        How long a jam `jam_hits` counts.
    runs
        Number of simulated runs: members times draws.
    alternatives
        At least one; the first is shown first.
    estimated
        Which inputs are estimates, e.g. the fleet; texts.
    made_at
        When it was computed; None where it should not be told.

    Raises
    ------
    FaultsError
        Shapes differ, values are out of range, or something lies outside the slots.
    """

    storm: StormFacts
    start: dt.datetime
    slots: int
    slot_minutes: float
    stretches: tuple[Stretch, ...]
    jam_km: float
    runs: int
    alternatives: tuple[Alternative, ...]
    estimated: tuple[Text, ...] = ()
    made_at: dt.datetime | None = field(default=None)

    def __post_init__(self) -> None:
        faults = list(_view_faults(self))
        for alternative in self.alternatives:
            faults += _alternative_faults(self, alternative)
        if faults:
            raise FaultsError(faults, "This storm cannot be shown")

    @property
    def moments(self) -> tuple[dt.datetime, ...]:
        """Beginnings of the slots and the end of the last, in local time."""
        zone = self.start.tzinfo
        first = self.start.astimezone(dt.UTC)
        step = dt.timedelta(minutes=self.slot_minutes)
        return tuple((first + step * k).astimezone(zone) for k in range(self.slots + 1))

    @property
    def routes(self) -> tuple[str, ...]:
        """Every route on which something lies, in the order of the stretches."""
        found = dict.fromkeys(item.route for item in self.stretches)
        for alternative in self.alternatives:
            found |= dict.fromkeys(stretch.route for stretch in _placed(alternative))
        return tuple(found)

    def alternative(self, name: str) -> Alternative:
        """Return an alternative by its id.

        Raises
        ------
        FaultsError
            There is none of this id.
        """
        for item in self.alternatives:
            if item.id == name:
                return item
        known = ", ".join(item.id for item in self.alternatives)
        raise FaultsError([Fault(why=f"no alternative '{name}'", remedy=f"there are {known}")])


def _placed(alternative: Alternative) -> Iterable[Stretch | Leg]:
    for jam in alternative.jams:
        yield jam.stretch
    for closure in alternative.closures:
        yield closure.stretch
    for crew in alternative.crews:
        for order in crew.orders:
            yield from order.legs


def _view_faults(view: StormView) -> Iterable[Fault]:
    if view.slots < 1 or not (math.isfinite(view.slot_minutes) and view.slot_minutes > 0):
        yield Fault(why="there is no slot", remedy="give at least one of more than zero minutes")
    for name, moment in (("start", view.start), ("issued", view.storm.issued)):
        if moment.tzinfo is None:
            yield Fault(column=name, why="the time has no time zone", remedy="write e.g. +05:00")
    if not view.alternatives:
        yield Fault(why="there is no alternative", remedy="give at least the plan")
    names = [item.id for item in view.alternatives]
    if len(set(names)) < len(names):
        yield Fault(why=f"two alternatives have the same id among {', '.join(names)}")
    if not view.stretches:
        yield Fault(why="there is no stretch of the road")
    if view.runs < 1:
        yield Fault(column="runs", why=f"{view.runs} simulated runs say nothing")
    for number, stretch in enumerate(view.stretches):
        yield from _stretch_faults(stretch, f"stretch {number}")


def _stretch_faults(stretch: Stretch, where: str) -> Iterable[Fault]:
    if not (
        math.isfinite(stretch.from_m)
        and math.isfinite(stretch.to_m)
        and stretch.from_m < stretch.to_m
    ):
        why = f"{where} from {stretch.from_m} to {stretch.to_m} m on {stretch.route} has no length"
        yield Fault(why=why)
    if stretch.direction not in DIRECTIONS:
        known = ", ".join(DIRECTIONS)
        yield Fault(why=f"{where}: the direction '{stretch.direction}' is not one of {known}")


_TOPS = {"level": LEVELS - 1, "severity": LEVELS - 1}


def _alternative_faults(view: StormView, alternative: Alternative) -> list[Fault]:
    shape = (view.slots, len(view.stretches))
    faults = []
    for name in ("level", "severity", "probability", "jam_hits", "jam_low", "jam_high"):
        values = getattr(alternative, name)
        if values is None:
            continue
        column = f"{alternative.id}.{name}"
        if np.shape(values) != shape:
            why = f"it has the shape {np.shape(values)} and not (slot, stretch) = {shape}"
            faults.append(Fault(column=column, why=why))
            continue
        top = _TOPS.get(name, view.runs if name == "jam_hits" else 1)
        largest = float(np.nanmax(values, initial=0))
        if largest > top:
            faults.append(Fault(column=column, why=f"{largest:g} is above {top}"))
        if name in {"probability", "jam_low", "jam_high"} and np.nanmin(values, initial=0) < 0:
            faults.append(Fault(column=column, why="a probability is below 0"))
    return [*faults, *_content_faults(view, alternative)]


def _content_faults(view: StormView, alternative: Alternative) -> Iterable[Fault]:
    for jam in alternative.jams:
        yield from _stretch_faults(jam.stretch, f"{alternative.id}: a jam")
        if not 0 <= jam.slot < view.slots:
            yield Fault(why=f"{alternative.id}: a jam in slot {jam.slot} of {view.slots}")
    for closure in alternative.closures:
        yield from _stretch_faults(closure.stretch, f"{alternative.id}: a closure")
        if not 0 <= closure.start < closure.end <= view.slots:
            why = f"a closure from slot {closure.start} to {closure.end} of {view.slots}"
            yield Fault(why=f"{alternative.id}: {why}")
    ids = [crew.id for crew in alternative.crews]
    if len(set(ids)) < len(ids):
        twice = next(name for name in ids if ids.count(name) > 1)
        yield Fault(why=f"{alternative.id}: crew {twice} is there twice")
