"""The fleet: crews with what they can do, when they may work, and where they stand."""

from __future__ import annotations

import datetime as dt
import html
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from roadplan.corridor.model import Names
from roadplan.corridor.position import Position
from roadplan.errors import UnknownIdError
from roadplan.i18n import counted

if TYPE_CHECKING:
    from roadplan.corridor import Corridor

LANE_M: Final = 3.75
"""Width of a traffic lane of the categories I and II (design standard of the road)."""

LEFT_SHARE: Final = 0.25
"""Part of a machine's width that may stay uncleared at the edge before one more pass is made."""

KM_PER_LOAD: Final = {"spreader": 60.0}
"""Kilometres on one load by kind where nothing is said: mean spreading routes are 63 km long."""

REFILL_MIN: Final = 30.0
"""Time to load a spreader where nothing is said (assumed)."""


@dataclass(frozen=True, kw_only=True)
class Ability:
    """What a crew can do.

    Parameters
    ----------
    plough_kmh, travel_kmh
        Speeds with the plough down and up.
    width_m
        Width cleared in one pass.
    max_depth_cm
        Deepest snow it moves.
    removal_t_h
        Snow it can move in an hour; infinite where that is no limit.
    km_per_load
        Kilometres it ploughs between two refills; infinite where it never refills.
    refill_min
        Time a refill takes.
    """

    plough_kmh: float
    travel_kmh: float
    width_m: float
    max_depth_cm: float
    removal_t_h: float = math.inf
    km_per_load: float = math.inf
    refill_min: float = REFILL_MIN

    def passes_for(self, lanes: int) -> int:
        """Return how many passes side by side clear a carriageway of some lanes.

        Examples
        --------
        >>> truck = Ability(plough_kmh=40, travel_kmh=60, width_m=3.5, max_depth_cm=30)
        >>> truck.passes_for(1), truck.passes_for(2)
        (1, 2)
        """
        return max(1, math.ceil(lanes * LANE_M / self.width_m - LEFT_SHARE))


@dataclass(frozen=True, kw_only=True)
class CrewClass:
    """A class of crews.

    Parameters
    ----------
    id, names, kind
        What it is.
    machines
        Machines of a whole crew.
    ability
        What a whole crew can do.
    standing
        `reported`, `measured` or `estimated`.
    """

    id: str
    names: Names
    kind: str
    machines: int
    ability: Ability
    standing: str


@dataclass(frozen=True, kw_only=True)
class Base:
    """A depot.

    Parameters
    ----------
    id, names
        What it is.
    position
        Where its way meets the road.
    access_m
        Length of that way.
    capacity
        Machines that can stand there.
    standing
        Where this comes from.
    """

    id: str
    names: Names
    position: Position
    access_m: float
    capacity: int
    standing: str


@dataclass(frozen=True, kw_only=True)
class Crew:
    """One crew: machines that clear together.

    Parameters
    ----------
    id, crew_class, base
        Who it is, and where it stands.
    machines
        How many serviceable machines it has.
    ability
        What these can do together.
    duty_from, duty_until
        Times of day between which it may work; None for at any time.
    longest_duty_h
        Longest time from its first departure to its last arrival; infinite for no limit.
    returns
        Whether it must be back at its base in the end.
    available_from
        From when it can be used; None for now.
    standing
        Where this comes from.
    """

    id: str
    crew_class: str
    base: str
    machines: int
    ability: Ability
    duty_from: dt.time | None = None
    duty_until: dt.time | None = None
    longest_duty_h: float = math.inf
    returns: bool = False
    available_from: dt.datetime | None = None
    standing: str = "reported"


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """All crews with their classes and bases.

    Parameters
    ----------
    crews
        Those that can be used.
    classes, bases
        By identifier.
    out_of_use
        Crews that are known but left out, as none of their machines is serviceable; a state may
        speak of them.
    notes
        What the user should know: machines out of service, bases fuller than estimated.
    source
        Where the fleet comes from.
    """

    crews: tuple[Crew, ...]
    classes: Mapping[str, CrewClass] = field(repr=False)
    bases: Mapping[str, Base] = field(repr=False)
    out_of_use: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    source: str = ""

    @property
    def estimated(self) -> bool:
        """Whether any crew is an estimate."""
        return any(crew.standing == "estimated" for crew in self.crews)

    @property
    def counts(self) -> dict[str, int]:
        """Number of crews by class."""
        return dict(Counter(crew.crew_class for crew in self.crews))

    def summary(self) -> str:
        """Return the fleet in a few lines of English."""
        parts = [f"{n} × {self.classes[k].names['en'].lower()}" for k, n in self.counts.items()]
        depots = counted(len({crew.base for crew in self.crews}), "depot")
        mark = ", estimated" if self.estimated else ""
        lines = [f"{counted(len(self.crews), 'crew')} at {depots}{mark}: {', '.join(parts)}"]
        return "\n".join([*lines, *self.notes])

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(self.summary())}</p>".replace("\n", "<br>")


def corridor_classes(corridor: Corridor) -> dict[str, CrewClass]:
    """Return the crew classes of a corridor."""
    found = {}
    for row in corridor.table("plough_classes").to_dict("records"):
        kind = str(row["kind"])
        machines = row["machines_per_crew"]
        found[str(row["plough_class"])] = CrewClass(
            id=str(row["plough_class"]),
            names=Names(*(str(row[f"name_{code}"] or "") for code in ("en", "ru", "kk"))),
            kind=kind,
            machines=int(machines) if machines == machines else 1,
            ability=Ability(
                plough_kmh=float(row["plough_kmh"]),
                travel_kmh=float(row["travel_kmh"]),
                width_m=float(row["width_m"]),
                max_depth_cm=float(row["max_depth_cm"]),
                removal_t_h=or_else(row["removal_t_h"], math.inf),
                km_per_load=KM_PER_LOAD.get(kind, math.inf),
            ),
            standing=str(row["standing"]),
        )
    return found


def corridor_bases(corridor: Corridor) -> dict[str, Base]:
    """Return the depots of a corridor."""
    found = {}
    for row in corridor.table("depots").to_dict("records"):
        route = str(row["route"])
        station = min(float(row["station_m"]), corridor.route(route).length_m)
        found[str(row["depot"])] = Base(
            id=str(row["depot"]),
            names=Names(*(str(row[f"name_{code}"] or "") for code in ("en", "ru", "kk"))),
            position=Position(route, station),
            access_m=or_else(row["access_m"], 0.0),
            capacity=int(row["capacity"]),
            standing=str(row["standing"]),
        )
    return found


def or_else(value: object, default: float) -> float:
    """Return a number, or the default where it is missing.

    Examples
    --------
    >>> or_else(float("nan"), 2.0), or_else(None, 2.0), or_else(3, 2.0)
    (2.0, 2.0, 3.0)
    """
    if not isinstance(value, int | float) or value != value:
        return default
    return float(value)


def default_fleet(corridor: Corridor, *, time_limit_s: float = 10.0) -> Fleet:
    """Return the crews that the corridor's totals by class allow, placed by the season's posture.

    Every crew is marked as estimated: the totals are, and so are the places. Crews are relieved
    on the road, so that their machines work round the clock.

    Parameters
    ----------
    corridor
        The corridor with its tables `machines`, `plough_classes` and `depots`.
    time_limit_s
        For the posture.
    """
    from roadplan.winter.posture import plan_posture

    classes, bases = corridor_classes(corridor), corridor_bases(corridor)
    posture = plan_posture(corridor, time_limit_s=time_limit_s)
    crews = tuple(
        Crew(
            id=beat.crew,
            crew_class=beat.plough_class,
            base=beat.depot,
            machines=classes[beat.plough_class].machines,
            ability=classes[beat.plough_class].ability,
            standing="estimated",
        )
        for beat in posture.beats
    )
    left = [f"{n} × {k} left over: no place in a depot or no need" for k, n in posture.idle.items()]
    return Fleet(
        crews=crews,
        classes=MappingProxyType(classes),
        bases=MappingProxyType(bases),
        notes=tuple(left),
        source="the corridor's totals by class, placed by the season's posture (estimated)",
    )


def find_base(fleet: Fleet, base: str) -> Base:
    """Return a base by its identifier.

    Raises
    ------
    UnknownIdError
        There is no such base.
    """
    if base not in fleet.bases:
        some = ", ".join(list(fleet.bases)[:8]) or "none"
        raise UnknownIdError(f"there is no depot '{base}'; there are {some}")
    return fleet.bases[base]
