"""The strip of kilometres and hours: what the page's panel reads."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from roadplan.errors import RoadplanError
from roadplan.maps.storm_crews import Crew
from roadplan.maps.storm_events import DIRECTIONS, Interval
from roadplan.maps.storm_pack import pack
from roadplan.maps.storm_styles import (
    PROBABILITY_BOUNDS,
    SCALES,
    UNKNOWN_COLOUR,
)
from roadplan.maps.storm_view import Alternative, StormView

_DOMAIN = "storm_page"
_VEHICLES = ("all", "heavy")
_EVENTS = ("jam", "closed")


@dataclass(frozen=True)
class StormPanel:
    """A panel that is drawn from the data of the strip."""

    kind: str

    def as_dict(self) -> dict[str, Any]:
        """Return nothing: the data stand in the strip's panel once."""
        return {}


@dataclass(frozen=True, eq=False)
class StripPanel:
    """The strip with everything that the slider moves.

    Parameters
    ----------
    view
        The storm.
    routes
        The routes of the road there is; nothing may lie on any other.
    """

    view: StormView
    routes: Iterable[str]
    kind: str = "storm_strip"

    def __post_init__(self) -> None:
        known = list(self.routes)
        for route in self.view.routes:
            if route not in known:
                raise RoadplanError(
                    f"the storm has something on route '{route}', which the road does not have; "
                    f"it has {', '.join(known)}"
                )

    def as_dict(self) -> dict[str, Any]:
        """Return the storm as the page reads it."""
        view = self.view
        routes = {route: number for number, route in enumerate(view.routes)}
        storm = view.storm
        return {
            "times": [moment.strftime("%Y-%m-%dT%H:%M") for moment in view.moments],
            "zone": utc_offset(view.moments[0]),
            "minutes": view.slot_minutes,
            "routes": list(routes),
            "directions": list(DIRECTIONS),
            "stretches": [
                [routes[s.route], round(s.from_m), round(s.to_m), DIRECTIONS.index(s.direction)]
                for s in view.stretches
            ],
            "jam_km": view.jam_km,
            "runs": view.runs,
            "least": _whole_percent(view.least_share),
            "storm": {
                "name": dict(storm.names),
                "issued": storm.issued.astimezone(view.start.tzinfo).strftime("%Y-%m-%dT%H:%M"),
                "source": storm.source,
                "standing": storm.standing,
                "synthetic": storm.synthetic,
                "notes": list(storm.notes),
            },
            "estimated": list(view.estimated),
            "made": view.made_at.astimezone(view.start.tzinfo).strftime("%Y-%m-%dT%H:%M")
            if view.made_at
            else "",
            "scales": {
                letter: [[step.word, step.colour] for step in steps]
                for letter, steps in SCALES.items()
            },
            "unknown": UNKNOWN_COLOUR,
            "bounds": list(PROBABILITY_BOUNDS),
            "alternatives": [_alternative(item, routes) for item in view.alternatives],
        }


def _alternative(item: Alternative, routes: Mapping[str, int]) -> dict[str, Any]:
    """Return an alternative as the page reads it; arrays by stretch, then by slot."""
    percent = {
        name: None if values is None else pack(_percent(values).T)
        for name, values in (
            ("probability", item.probability),
            ("jam_low", item.jam_low),
            ("jam_high", item.jam_high),
        )
    }
    return {
        "id": item.id,
        "title": item.title,
        "level": pack(np.asarray(item.level).T),
        "severity": pack(np.asarray(item.severity).T),
        "jam_hits": pack(np.asarray(item.jam_hits).T),
        **percent,
        "delay": _interval(item.delay_veh_h),
        "saving": _interval(item.saving_veh_h),
        "chances": [
            [_EVENTS.index(c.event), c.limit, _interval(c.share), c.hits, c.runs]
            for c in item.chances
        ],
        "proof": None if item.proof is None else [item.proof.cost, item.proof.bound],
        "jams": [
            [
                jam.slot,
                routes[jam.stretch.route],
                round(jam.stretch.from_m),
                round(jam.stretch.to_m),
                DIRECTIONS.index(jam.stretch.direction),
                _whole_percent(jam.probability),
            ]
            for jam in item.jams
        ],
        "closures": [
            [
                closure.start,
                closure.end,
                routes[closure.stretch.route],
                round(closure.stretch.from_m),
                round(closure.stretch.to_m),
                DIRECTIONS.index(closure.stretch.direction),
                _VEHICLES.index(closure.vehicles),
                _whole_percent(closure.probability),
            ]
            for closure in item.closures
        ],
        "crews": [_crew(crew, routes) for crew in item.crews],
    }


def _crew(crew: Crew, routes: Mapping[str, int]) -> dict[str, Any]:
    return {
        "id": crew.id,
        "name": dict(crew.names) or {"en": crew.id},
        "class": dict(crew.class_names) or {"en": crew.kind},
        "depot": {"en": crew.depot} if isinstance(crew.depot, str) else dict(crew.depot),
        "standing": crew.standing,
        "orders": [order.as_list(routes) for order in crew.orders],
    }


def _percent(values: Any) -> Any:
    """Return shares in whole percent, the unknown as −1.

    What is neither 0 nor 1 never becomes 0 % or 100 %: 101 stands for under 1 %, 102 for over 99 %.
    """
    shares = np.asarray(values, dtype=np.float64)
    percent = np.where(np.isnan(shares), -1.0, np.round(100.0 * shares))
    percent = np.where((shares > 0) & (percent == 0), 101.0, percent)
    return np.where((shares < 1) & (percent == 100), 102.0, percent).astype(np.int64)


def _whole_percent(share: float) -> int:
    return int(_percent(share))


def _interval(interval: Interval | None) -> list[float | None] | None:
    if interval is None:
        return None
    ends = (interval.value, interval.low, interval.high)
    return [float(end) if math.isfinite(end) else None for end in ends]


def utc_offset(moment: dt.datetime) -> str:
    """Return how far local time is from UTC, e.g. ``UTC+5``."""
    offset = moment.utcoffset() or dt.timedelta()
    minutes = round(offset.total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    sign = "−" if minutes < 0 else "+"
    return f"UTC{sign}{hours}" + (f":{rest:02d}" if rest else "")
