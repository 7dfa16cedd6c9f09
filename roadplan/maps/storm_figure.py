"""The strip of kilometres and hours as a figure, for notebooks and reports."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from roadplan.errors import RoadplanError
from roadplan.i18n import translate
from roadplan.maps.storm_crews import Order
from roadplan.maps.storm_events import DIRECTIONS
from roadplan.maps.storm_strip import utc_offset
from roadplan.maps.storm_styles import LEVELS, UNKNOWN_COLOUR
from roadplan.maps.storm_view import Alternative, StormView

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_DOMAIN = "storm_page"


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
    ax.set_xlabel(say("Hours since {time}").replace("{time}", f"{first} {utc_offset(view.start)}"))
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


def _ways(order: Order, route: str) -> Iterable[tuple[list[float], list[float]]]:
    """Return the moments and stations of an order's legs on a route."""
    total = sum(leg.length_m for leg in order.legs)
    done = 0.0
    for leg in order.legs:
        share = (done / total, (done + leg.length_m) / total) if total > 0 else (0.0, 1.0)
        done += leg.length_m
        if leg.route == route:
            length = order.end - order.start
            yield [order.start + s * length for s in share], [leg.from_m, leg.to_m]
