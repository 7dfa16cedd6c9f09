"""The storm page of the dispatcher: what the storm does to the road, slot by slot."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from itertools import chain
from typing import Any

from branca.element import MacroElement
from folium.template import Template

from roadplan.corridor import Corridor
from roadplan.i18n import LANGUAGES, translate
from roadplan.maps.corridor_layers import barrier_layer, depot_layer, heating_layer
from roadplan.maps.corridor_page import ESTIMATES_NOTE, STATIONS_NOTE, background, places, thanks
from roadplan.maps.embedding import own_file
from roadplan.maps.layers import Feature, Layer, Style
from roadplan.maps.page import Page
from roadplan.maps.road import bounds, road_data, shown_names
from roadplan.maps.sources import OPENSTREETMAP_TILES, Tiles
from roadplan.maps.storm_events import DIRECTIONS, Closure, Jam, Stretch
from roadplan.maps.storm_strip import StormPanel, StripPanel
from roadplan.maps.storm_styles import (
    CLOSURE_STYLES,
    CREW_COLOUR,
    CREW_SYMBOLS,
    JAM_COLOUR,
    OTHER_CREW_SYMBOL,
    risk_styles,
)
from roadplan.maps.storm_view import StormView

DOMAIN = "storm_page"

SCRIPTS = (
    "storm",
    "storm_words",
    "storm_map",
    "storm_dock",
    "storm_paint",
    "storm_strip",
    "storm_panels",
)
"""The page's further scripts, in the order in which they need each other."""

LEVELS_NOTE = (
    "The risk level joins severity and probability: it is the severity where that is probable, "
    "and one less where it is only likely. Both are told apart in every popup."
)
RUNS_NOTE = (
    "Probabilities are shares of simulated runs; intervals are of 95 % and know that runs of one "
    "forecast member are alike."
)

_DRAWN = re.compile(r"synthetic storm (?P<kind>[\w-]+), seed (?P<seed>\d+)")

_RISK_TITLES = {
    "both": "Risk",
    "rising": "Risk, towards rising kilometres",
    "falling": "Risk, towards falling kilometres",
}
_SIDES_PX = {"both": 0.0, "rising": 6.0, "falling": -6.0}


def storm_map(
    corridor: Corridor, view: StormView, *, tiles: Tiles | None = OPENSTREETMAP_TILES
) -> Page:
    """Return the storm page.

    Parameters
    ----------
    corridor
        The corridor.
    view
        The storm with its alternatives.
    tiles
        A server of background tiles, asked only when a reader switches it on; None for none.

    Returns
    -------
    Page
        Ready for ``save(path)`` or to be shown in a notebook.

    Raises
    ------
    RoadplanError
        Something lies on a route that the corridor does not have.
    """
    page = Page(
        title=_title(corridor, view),
        subtitle=_subtitle(view),
        bounds=bounds(corridor),
        road=road_data(corridor),
        background=background(corridor),
        places=places(corridor),
        thanks=thanks(corridor),
        about=[LEVELS_NOTE, RUNS_NOTE, STATIONS_NOTE, ESTIMATES_NOTE],
        tiles=tiles,
        domains=("maps", DOMAIN),
    )
    corridor_routes = dict.fromkeys(corridor.routes)
    for layer in storm_layers(view):
        page.add(layer)
    for make in (depot_layer, barrier_layer, heating_layer):
        page.add(_hidden(make(corridor)))
    page.add_panel("strip", "Kilometres and hours", StripPanel(view, corridor_routes), opened=True)
    page.add_panel("outcome", "Comparison", StormPanel(kind="storm_outcome"), opened=True)
    if any(alternative.crews for alternative in view.alternatives):
        page.add_panel("crews", "Crews", StormPanel(kind="storm_crews"))
    page.add_panel("events", "Jams and closures", StormPanel(kind="storm_events"))
    for name in SCRIPTS:
        page.add_script(name, own_file(f"{name}.js"))
    _StormStyle().add_to(page)
    return page


def storm_layers(view: StormView) -> list[Layer]:
    """Return the layers that follow the slider, as they are before it is moved."""
    risk = [_risk_layer(view, direction) for direction in DIRECTIONS]
    return [*(layer for layer in risk if layer.features), *_event_layers(view), _crew_layer(view)]


def _risk_layer(view: StormView, direction: str) -> Layer:
    """Return the stretches of one direction; all start without data."""
    return Layer(
        id=f"storm-risk-{direction}",
        title=_RISK_TITLES[direction],
        features=[
            _along(stretch, {"id": f"s{number}", "number": number, "look": "unknown"})
            for number, stretch in enumerate(view.stretches)
            if stretch.direction == direction
        ],
        styles=risk_styles(),
        by="look",
        order=10,
        side_px=_SIDES_PX[direction],
    )


def _event_layers(view: StormView) -> list[Layer]:
    """Return jams and closures, of each as many features as there are at most at one time.

    The page moves them from slot to slot; what is not needed it does not draw.
    """
    jam = Style(label="Jam", colour=JAM_COLOUR, width_px=4.0, dash_px=(2, 3))
    return [
        Layer(
            id="storm-jams",
            title="Jams",
            features=[
                _along(item.stretch, {"id": f"j{number}"})
                for number, item in enumerate(_most(view, _jams_at))
            ],
            styles={"": jam},
            order=20,
            side_px=12.0,
        ),
        Layer(
            id="storm-closures",
            title="Closures",
            features=[
                _along(item.stretch, {"id": f"c{number}", "look": closure_look(item)})
                for number, item in enumerate(_most(view, _closures_at))
            ],
            styles=CLOSURE_STYLES,
            by="look",
            order=25,
            side_px=-14.0,
        ),
    ]


def closure_look(closure: Closure) -> str:
    """Return the class of a closure: for whom, and whether it is only foreseen."""
    ordered = math.isnan(closure.probability)
    return closure.vehicles if ordered else f"{closure.vehicles}-foreseen"


def _jams_at(view: StormView) -> Iterable[tuple[Jam, ...]]:
    for alternative in view.alternatives:
        by_slot: dict[int, list[Jam]] = {}
        for jam in alternative.jams:
            by_slot.setdefault(jam.slot, []).append(jam)
        yield from (tuple(jams) for jams in by_slot.values())


def _closures_at(view: StormView) -> Iterable[tuple[Closure, ...]]:
    for alternative in view.alternatives:
        for slot in range(view.slots):
            yield tuple(item for item in alternative.closures if item.start <= slot < item.end)


def _most(view: StormView, groups: Callable[[StormView], Iterable[tuple[Any, ...]]]) -> Any:
    return max(groups(view), key=len, default=())


def _crew_layer(view: StormView) -> Layer:
    """Return every crew where it first is; crews of several alternatives by their id."""
    crews = {
        crew.id: crew
        for crew in chain.from_iterable(item.crews for item in view.alternatives)
        if crew.orders
    }
    kinds: dict[str, Mapping[str, str]] = {}
    for crew in crews.values():
        kinds.setdefault(crew.kind, crew.class_names)
    features = []
    for crew in crews.values():
        first = crew.at(0.0)
        if first is not None:
            properties = {
                "id": crew.id,
                "name": dict(crew.names) or {"en": crew.id},
                "kind": crew.kind,
                "standing": crew.standing,
            }
            features.append(Feature(properties=properties, at=first[0]))
    return Layer(
        id="storm-crews",
        title="Crews",
        features=features,
        styles={
            kind: Style(
                label=dict(names) or {"en": kind},
                colour=CREW_COLOUR,
                symbol=CREW_SYMBOLS.get(kind, OTHER_CREW_SYMBOL),  # type: ignore[arg-type] # literals
                size_px=7.5,
            )
            for kind, names in kinds.items()
        },
        by="kind",
        order=90,
        side_px=10.0,
    )


def _along(stretch: Stretch, properties: Mapping[str, Any]) -> Feature:
    return Feature(properties=properties, along=(stretch.route, stretch.from_m, stretch.to_m))


def _hidden(layer: Layer) -> Layer:
    return replace(layer, visible=False)


def _title(corridor: Corridor, view: StormView) -> dict[str, str]:
    road = shown_names(corridor.main_route)
    storm = view.storm.names
    texts = {}
    for code in LANGUAGES:
        names = [names.get(code) or names.get("en", "") for names in (storm, road)]
        texts[code] = " · ".join(name for name in names if name)
    return texts


def _subtitle(view: StormView) -> dict[str, str]:
    """Return which forecast it is and when it was made, by language."""
    issued = view.storm.issued.astimezone(view.start.tzinfo)
    kinds = {
        "forecast": "Forecast of {time}",
        "measured": "Measured until {time}",
        "estimated": "Estimate of {time}",
    }
    texts = {}
    for code in LANGUAGES:
        day = issued.strftime("%Y-%m-%d %H:%M" if code == "en" else "%d.%m.%Y %H:%M")
        text = translate(kinds[view.storm.standing], code, DOMAIN).replace("{time}", day)
        source = _said(view.storm.source, code)
        texts[code] = " · ".join(part for part in (text, source) if part)
    return texts


def _said(source: str, language: str) -> str:
    """Return who made a forecast; what roadplan has drawn by itself in the reader's language."""
    drawn = _DRAWN.fullmatch(source)
    if drawn is None:
        return source
    text = translate("synthetic storm {kind}, seed {seed}", language, DOMAIN)
    return text.replace("{kind}", drawn["kind"]).replace("{seed}", drawn["seed"])


class _StormStyle(MacroElement):
    """The style sheet of the storm page's own parts."""

    _template = Template(
        "{% macro header(this, kwargs) %}<style>\n{{ this.style }}\n</style>\n{% endmacro %}"
    )

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call] # as branca has it
        self._name = "StormStyle"
        self.style = own_file("storm.css")
