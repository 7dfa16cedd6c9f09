"""The strip of kilometres and hours: data of the page's panel, and a figure for notebooks."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from roadplan.errors import RoadplanError
from roadplan.i18n import translate
from roadplan.maps.storm_crews import Crew
from roadplan.maps.storm_pack import pack
from roadplan.maps.storm_styles import (
    LEVELS,
    PROBABILITY_BOUNDS,
    SCALES,
    UNKNOWN_COLOUR,
)
from roadplan.maps.storm_view import DIRECTIONS, Alternative, Interval, StormView

if TYPE_CHECKING:
    from matplotlib.axes import Axes

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
            "zone": _offset(view.moments[0]),
            "minutes": view.slot_minutes,
            "routes": list(routes),
            "directions": list(DIRECTIONS),
            "stretches": [
                [routes[s.route], round(s.from_m), round(s.to_m), DIRECTIONS.index(s.direction)]
                for s in view.stretches
            ],
            "jam_km": view.jam_km,
            "runs": view.runs,
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


def _offset(moment: dt.datetime) -> str:
    """Return how far local time is from UTC, e.g. ``UTC+5``."""
    offset = moment.utcoffset() or dt.timedelta()
    minutes = round(offset.total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    sign = "−" if minutes < 0 else "+"
    return f"UTC{sign}{hours}" + (f":{rest:02d}" if rest else "")


# -- the figure ---------------------------------------------------------------------------------


def storm_strip_figure(
    view: StormView,
    ax: Axes | None = None,
    *,
    alternative: str = "",
    direction: str = "",
    route: str = "",
    language: str = "en",
) -> Axes:
    """Draw the strip of kilometres and hours: risk levels, ways of the crews, jams, closures.

    Parameters
    ----------
    view
        The storm.
    ax
        Where to draw; a new figure where none is given.
    alternative
        Its id; the first where none is given.
    direction
        ``rising`` or ``falling``; the worse of both where none is given.
    route
        The route; the first of the view where none is given.
    language
        ``ru``, ``kk`` or ``en``.

    Returns
    -------
    Axes
        Hours from left to right, stations in km from top to bottom.

    Raises
    ------
    RoadplanError
        There is no such alternative, or no stretch on the route in that direction.
    """
    from matplotlib import pyplot as plt
    from matplotlib.colors import BoundaryNorm, ListedColormap

    chosen = view.alternative(alternative) if alternative else view.alternatives[0]
    route = route or view.stretches[0].route
    edges_m, levels = _grid(view, chosen, route, direction)
    if ax is None:
        _, ax = plt.subplots(figsize=(9, 6), layout="constrained")
    colours = ListedColormap([step.colour for step in LEVELS]).with_extremes(bad=UNKNOWN_COLOUR)
    hours = np.arange(view.slots + 1) * view.slot_minutes / 60.0
    mesh = ax.pcolormesh(
        hours,
        edges_m / 1000.0,
        np.ma.masked_less(levels, 0),
        cmap=colours,
        norm=BoundaryNorm(np.arange(-0.5, len(LEVELS)), len(LEVELS)),
    )
    ax.set_facecolor(UNKNOWN_COLOUR)
    ax.invert_yaxis()
    _draw_events(ax, view, chosen, route, direction)

    def say(text: str) -> str:
        return translate(text, language, _DOMAIN)

    bar = ax.figure.colorbar(mesh, ax=ax, ticks=range(len(LEVELS)), label=say("Risk level"))
    bar.ax.set_yticklabels([f"{n} {say(step.word)}" for n, step in enumerate(LEVELS)])
    first = view.moments[0].strftime("%Y-%m-%d %H:%M")
    ax.set_xlabel(say("Hours since {time}").replace("{time}", f"{first} {_offset(view.start)}"))
    ax.set_ylabel(say("Station, km"))
    title = chosen.title if isinstance(chosen.title, str) else chosen.title.get(language, "")
    marks = [say("synthetic storm")] if view.storm.synthetic else []
    name = view.storm.names.get(language) or view.storm.names.get("en", "")
    ax.set_title(" · ".join(part for part in (name, say(title), *marks) if part))
    return ax


def _grid(
    view: StormView, chosen: Alternative, route: str, direction: str
) -> tuple[np.ndarray[Any, np.dtype[np.float64]], np.ndarray[Any, np.dtype[np.int64]]]:
    """Return edges of pieces of a route, and the worst level on each, shape (piece, slot)."""
    wanted = {direction, "both"} if direction else set(DIRECTIONS)
    rows = [
        number
        for number, stretch in enumerate(view.stretches)
        if stretch.route == route and stretch.direction in wanted
    ]
    if not rows:
        raise RoadplanError(
            f"there is no stretch on route '{route}' in direction '{direction or 'any'}'; "
            f"there are stretches on {', '.join(dict.fromkeys(s.route for s in view.stretches))}"
        )
    edges = np.unique([(view.stretches[n].from_m, view.stretches[n].to_m) for n in rows])
    levels = np.full((len(edges) - 1, view.slots), -1, dtype=np.int64)
    for number in rows:
        stretch = view.stretches[number]
        inside = (edges[:-1] >= stretch.from_m) & (edges[:-1] < stretch.to_m)
        levels[inside] = np.maximum(levels[inside], np.asarray(chosen.level)[:, number])
    return edges, levels


def _draw_events(
    ax: Axes, view: StormView, chosen: Alternative, route: str, direction: str
) -> None:
    hour = view.slot_minutes / 60.0
    wanted = {direction, "both"} if direction else set(DIRECTIONS)
    for closure in chosen.closures:
        if closure.stretch.route == route and closure.stretch.direction in wanted:
            ax.fill_between(
                [closure.start * hour, closure.end * hour],
                closure.stretch.from_m / 1000.0,
                closure.stretch.to_m / 1000.0,
                facecolor="none",
                edgecolor="black",
                hatch="///",
                linewidth=0.8,
            )
    for crew in chosen.crews:
        for order in crew.orders:
            for moments, stations in _ways(order, route):
                ploughing = order.activity == "plough"
                ax.plot(
                    np.array(moments) * hour,
                    np.array(stations) / 1000.0,
                    color="black",
                    linewidth=1.1 if ploughing else 0.6,
                    linestyle="-" if ploughing else ":",
                )


def _ways(order: Any, route: str) -> Iterable[tuple[list[float], list[float]]]:
    """Return the moments and stations of an order's legs on a route."""
    total = sum(leg.length_m for leg in order.legs)
    done = 0.0
    for leg in order.legs:
        share = (done / total, (done + leg.length_m) / total) if total > 0 else (0.0, 1.0)
        done += leg.length_m
        if leg.route == route:
            length = order.end - order.start
            yield [order.start + s * length for s in share], [leg.from_m, leg.to_m]
