"""A storm as the dispatcher sees it: risk by slot and stretch, jams, closures and crews.

Everything here is finished: plain arrays and texts that the storm page and the strip of kilometres
and hours draw as they are. Nothing is computed from the model again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from roadplan.errors import Fault, FaultsError
from roadplan.maps.embedding import Text
from roadplan.maps.storm_crews import Crew
from roadplan.maps.storm_events import Chance, Closure, Interval, Jam, Proof, Stretch
from roadplan.maps.storm_faults import placed, storm_faults

Ints = NDArray[np.integer]
Floats = NDArray[np.float64]


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
    least_share
        The share of the runs, 0–1, below which jams and foreseen closures are left out.

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
    least_share: float = 0.0

    def __post_init__(self) -> None:
        faults = storm_faults(self)
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
            found |= dict.fromkeys(stretch.route for stretch in placed(alternative))
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
