"""What can be wrong with a storm that is to be shown, all of it told at once."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from roadplan.errors import Fault
from roadplan.maps.storm_crews import Leg
from roadplan.maps.storm_events import DIRECTIONS, LEVELS, Stretch

if TYPE_CHECKING:
    from roadplan.maps.storm_view import Alternative, StormView


def storm_faults(view: StormView) -> list[Fault]:
    """Return everything that is wrong with a storm and its alternatives."""
    faults = list(_view_faults(view))
    for alternative in view.alternatives:
        faults += _alternative_faults(view, alternative)
    return faults


def placed(alternative: Alternative) -> Iterable[Stretch | Leg]:
    """Yield every place on the road of which an alternative tells, but for its arrays."""
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
    moments = {"start": view.start, "issued": view.storm.issued, "made_at": view.made_at}
    for name, moment in moments.items():
        if moment is not None and moment.tzinfo is None:
            yield Fault(column=name, why="the time has no time zone", remedy="write e.g. +05:00")
    if not 0 <= view.least_share <= 1:
        why = f"the least share of the runs {view.least_share:g} is not between 0 and 1"
        yield Fault(column="least_share", why=why)
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
