"""Which unfinished work makes a work zone, where, since when and until when."""

from __future__ import annotations

import datetime as dt
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from roadplan.corridor.model import Corridor
from roadplan.errors import RoadplanError
from roadplan.progress.baseline import Baseline
from roadplan.progress.exchange_sources import Sources
from roadplan.progress.items import WorkItem
from roadplan.progress.pieces import FULL
from roadplan.progress.rollup import Status

_NO_WORK = frozenset({"opening", "procurement", "detour"})
"""Groups whose items are no work on the road."""

_HALF_M = 0.5
"""Half the length given to a thing that has none, so that it can be drawn as a line."""

TYPES_OF_WORK = {
    "earthworks": ("roadway-creation", True),
    "utilities": ("below-road-work", False),
    "signs": ("roadside-work", False),
    "lighting": ("roadside-work", False),
    "barriers": ("barrier-work", False),
    "marking": ("painting", False),
    "overpass": ("overhead-work", True),
    "farm-crossing": ("overhead-work", True),
    "culvert": ("below-road-work", True),
}
"""Work type → type of work of the standard, and whether the road is another one afterwards."""

TYPES_OF_GROUP = {
    "pavement": ("surface-work", True),
    "structure": ("roadway-creation", True),
    "furniture": ("roadside-work", False),
    "utilities": ("below-road-work", False),
    "rest_area": ("roadside-work", True),
    "sanitary": ("roadside-work", True),
}
"""The same by group, for work types that are not named above."""


@dataclass(frozen=True, kw_only=True)
class Zone:
    """A stretch of road with unfinished work, or a bypass road in use.

    Parameters
    ----------
    key
        What it is called: the segment, structure, rest area or bypass road.
    items
        The unfinished items.
    route, from_m, to_m
        Where it lies; never without length.
    start, start_verified
        The day by which work had begun and whether that was reported or measured; else the day
        planned, not verified.
    end
        The expected last day.
    description
        What is known, with its standing.
    closed
        Whether traffic is led around on a bypass road.
    """

    key: str
    items: tuple[WorkItem, ...]
    route: str
    from_m: float
    to_m: float
    start: dt.date
    start_verified: bool
    end: dt.date
    description: str
    closed: bool = False


@dataclass(frozen=True, kw_only=True)
class Zones:
    """All zones and what is left out of them.

    Parameters
    ----------
    work
        Zones of unfinished work.
    detours
        Bypass roads in use, by id.
    notes
        What the user should know.
    """

    work: tuple[Zone, ...]
    detours: tuple[Zone, ...]
    notes: tuple[str, ...]


def find_zones(
    corridor: Corridor,
    found: Status,
    sources: Sources,
    baseline: Baseline | None,
    *,
    until: dt.date | None = None,
) -> Zones:
    """Return the work zones of a status.

    Work on which nobody reported and which no baseline plans makes no zone: that it is missing
    does not say that it goes on.

    Parameters
    ----------
    corridor
        The road.
    found
        The status.
    sources
        Who reported, and since when work goes on.
    baseline
        The plan; None where there is none.
    until
        The expected end of work that the baseline does not end after the date of the status.

    Raises
    ------
    RoadplanError
        The end of some work is not known, or `until` is past.
    """
    today = found.as_of.work_date
    if until is not None and until <= today:
        raise RoadplanError(
            f"the expected end {until.isoformat()} is not after {today.isoformat()}; "
            "give a later day"
        )
    dates = _Dates(found, sources, baseline, until)
    used = _detours_in_use(found)
    around = {found.items[index].structure for index in used}
    groups: dict[str, list[int]] = defaultdict(list)
    silent = 0
    for index, item in enumerate(found.items):
        if found.items.type_of(item).group in _NO_WORK or found.completion[index] >= FULL:
            continue
        if not dates.is_known(index):
            silent += 1
            continue
        groups[item.place].append(index)
    work = [
        _zone(corridor, key, indices, found, dates, closed=key in around)
        for key, indices in groups.items()
    ]
    detours = [_zone(corridor, found.items[index].place, [index], found, dates) for index in used]
    dates.raise_for_unknown_ends()
    notes = []
    if silent:
        notes.append(
            f"{silent:,} unfinished items make no work zone: nobody reported that they are begun, "
            "and no baseline plans them"
        )
    return Zones(work=tuple(work), detours=tuple(detours), notes=tuple(notes))


def _detours_in_use(found: Status) -> list[int]:
    return [
        index
        for index, item in enumerate(found.items)
        if found.items.type_of(item).group == "detour"
        and found.reached.stage[index] >= 0
        and found.items.type_of(item).stages[found.reached.stage[index]].traffic
    ]


class _Dates:
    """Since when and until when items go on; collects the ends that are not known."""

    def __init__(
        self,
        found: Status,
        sources: Sources,
        baseline: Baseline | None,
        until: dt.date | None,
    ) -> None:
        self._found, self._sources, self._until = found, sources, until
        self._planned = {} if baseline is None else baseline.items
        self._today = found.as_of.work_date
        self._unknown: list[str] = []

    def is_begun(self, index: int) -> bool:
        return bool(self._sources.first_days[index])

    def is_known(self, index: int) -> bool:
        return self.is_begun(index) or self._found.items[index].id in self._planned

    def start(self, index: int) -> tuple[dt.date, bool]:
        """Return the first day and whether it was reported or measured."""
        if self.is_begun(index):
            day = dt.date.fromisoformat(self._sources.first_days[index])
            return day, self._sources.first_sound[index]
        # What has not begun cannot begin in the past.
        tomorrow = self._today + dt.timedelta(days=1)
        return max(self._planned[self._found.items[index].id].start, tomorrow), False

    def end(self, index: int) -> dt.date:
        item = self._found.items[index]
        # A bypass road is needed until its structure stands.
        keys = [item.id, *(item.after if item.structure else ())]
        ends = [self._planned[key].finish for key in keys if key in self._planned]
        day = max(ends, default=None)
        if day is not None and day > self._today:
            return day
        if self._until is None:
            self._unknown.append(item.id)
            return self._today
        return self._until

    def raise_for_unknown_ends(self) -> None:
        if self._unknown:
            some = ", ".join(self._unknown[:5]) + (" …" if len(self._unknown) > 5 else "")
            raise RoadplanError(
                f"the end of {len(self._unknown)} unfinished items is not known ({some}), and a "
                f"work zone needs one: no baseline plans it after {self._today.isoformat()}; "
                "freeze a baseline, or give the expected end (--until)"
            )


def _zone(
    corridor: Corridor,
    key: str,
    indices: Sequence[int],
    found: Status,
    dates: _Dates,
    *,
    closed: bool = False,
) -> Zone:
    items = [found.items[index] for index in indices]
    route = items[0].route
    from_m, to_m = _extent(items, corridor.axis(route).length_m)
    starts = [dates.start(index) for index in indices]
    begun = [start for index, start in zip(indices, starts, strict=True) if dates.is_begun(index)]
    start, verified = min(begun or starts)
    end = max(dates.end(index) for index in indices)
    return Zone(
        key=key,
        items=tuple(items),
        route=route,
        from_m=from_m,
        to_m=to_m,
        start=start,
        start_verified=verified,
        end=max(end, start),
        description=_description(found, indices),
        closed=closed,
    )


def _extent(items: Iterable[WorkItem], length_m: float) -> tuple[float, float]:
    every = list(items)
    from_m, to_m = min(item.from_m for item in every), max(item.to_m for item in every)
    if to_m - from_m >= 2 * _HALF_M:
        return from_m, to_m
    middle = min(max((from_m + to_m) / 2, _HALF_M), length_m - _HALF_M)
    return max(middle - _HALF_M, 0.0), min(middle + _HALF_M, length_m)


def _description(found: Status, indices: Sequence[int]) -> str:
    """Return how far the work of a zone is, with the standing of each figure."""
    parts = []
    standings = ("reported", "measured", "estimated")
    for index in indices:
        kind = found.items.type_of(found.items[index])
        share = found.completion[index]
        if math.isnan(share):
            parts.append(f"{kind.names['en']}: planned, no report")
            continue
        stage = int(found.reached.stage[index])
        # Rounded down: unfinished work is not 100 %.
        how_far = kind.stages[stage].names["en"] if stage >= 0 else f"{math.floor(share * 100)} %"
        parts.append(f"{kind.names['en']}: {how_far} ({standings[int(found.standing[index])]})")
    return f"As of {found.as_of.work_date.isoformat()}: {'; '.join(parts)}"


def types_of_work(zone: Zone, groups: Mapping[str, str]) -> list[dict[str, object]]:
    """Return the types of work of a zone as the standard names them.

    Parameters
    ----------
    zone
        The zone.
    groups
        Work type → its group.
    """
    found: dict[str, bool] = {}
    for item in zone.items:
        group = groups[item.work_type]
        named = TYPES_OF_WORK.get(item.work_type) or TYPES_OF_GROUP.get(group)
        if named is not None:
            found[named[0]] = found.get(named[0], False) or named[1]
    return [{"type_name": name, "is_architectural_change": flag} for name, flag in found.items()]
