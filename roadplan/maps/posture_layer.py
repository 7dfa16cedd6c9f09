"""The season's posture on the map: beats by kind of work, and the crews by depot."""

from __future__ import annotations

from typing import Any

from roadplan.corridor import Corridor
from roadplan.i18n import LANGUAGES, translate
from roadplan.maps.layers import Feature, Field, Layer, Style
from roadplan.maps.page import Page
from roadplan.maps.palette import BLACK, BLUE, GREEN, ORANGE, PURPLE, VERMILLION
from roadplan.maps.panels import CardGroup, CardPanel
from roadplan.maps.road import record_names
from roadplan.winter.posture import Beat, Posture

DOMAIN = "winter"

_TITLES = {
    "clearing": "Beats of the ploughs",
    "spreading": "Beats of the spreaders",
    "reserve": "Areas of the rotary blowers",
}
_COLOURS = {
    "clearing": (BLUE, ORANGE),
    "spreading": (GREEN, PURPLE),
    "reserve": (VERMILLION, BLACK),
}
_SIDES_PX = {"clearing": 13.0, "spreading": 19.0, "reserve": -19.0}
_CREW = Field(name="crew", label="Crew")
_CLASS = Field(name="class_name", label="Class", kind="names")
_DEPOT = Field(name="depot", label="Depot", kind="feature", layer="depots")
_ACCESS = Field(name="access_km", label="Way to the beat", kind="number", unit="{n} km", digits=1)
_LENGTH = Field(name="length_km", label="Length", kind="number", unit="{n} km", digits=1)
_ROUND = Field(
    name="round_h", label="Hours between two passes", kind="number", unit="{n} h", digits=1
)
_ARRIVAL = Field(
    name="round_h", label="Hours until it is there", kind="number", unit="{n} h", digits=1
)


def add_posture(page: Page, corridor: Corridor, posture: Posture) -> Page:
    """Add the season's posture to a map of the corridor and return the page.

    Parameters
    ----------
    page
        The corridor's map.
    corridor, posture
        The road and the posture made for it.
    """
    page.domains = (*page.domains, DOMAIN) if DOMAIN not in page.domains else page.domains
    for layer in posture_layers(corridor, posture):
        page.add(layer)
    if posture.beats:
        page.add_panel("posture", "Crews by depot", posture_panel(corridor, posture))
    return page


def posture_layers(corridor: Corridor, posture: Posture) -> list[Layer]:
    """Return a layer of beats for each kind of work; neighbours differ in colour."""
    layers = []
    for name in dict.fromkeys(beat.layer for beat in posture.beats):
        beats = [beat for beat in posture.beats if beat.layer == name]
        features = [
            Feature(
                properties=_properties(corridor, beat, posture)
                | {"turn": "odd" if number % 2 else "even"},
                along=(beat.route, beat.from_m, beat.to_m),
            )
            for number, beat in enumerate(beats)
        ]
        looks = zip(("even", "odd"), ("Beat", "Neighbouring beat"), _COLOURS[name], strict=True)
        layers.append(
            Layer(
                id=f"posture-{name}",
                title=_TITLES[name],
                features=features,
                styles={
                    turn: Style(label=label, colour=colour, width_px=4.0)
                    for turn, label, colour in looks
                },
                by="turn",
                fields=(_CREW, _CLASS, _DEPOT, _LENGTH, _wait(name), _ACCESS),
                visible=False,
                order=15,
                side_px=_SIDES_PX[name],
            )
        )
    return layers


def posture_panel(corridor: Corridor, posture: Posture) -> CardPanel:
    """Return the crews as cards, grouped by the depot where they stand."""
    groups = []
    for depot in sorted({beat.depot for beat in posture.beats}, key=_by_place(corridor)):
        beats = [beat for beat in posture.beats if beat.depot == depot]
        names = corridor.depot(depot).names
        groups.append(
            CardGroup(
                title=names.as_dict(),
                cards=[_properties(corridor, beat, posture) for beat in beats],
            )
        )
    return CardPanel(
        groups=groups,
        head=(_CREW,),
        fields=(
            _CLASS,
            Field(name="between", label="From – to"),
            _LENGTH,
            Field(
                name="wait_h",
                label="Hours between two passes",
                kind="number",
                unit="{n} h",
                digits=1,
            ),
            Field(
                name="reach_h",
                label="Hours until it is there",
                kind="number",
                unit="{n} h",
                digits=1,
            ),
            _ACCESS,
        ),
        intro=_proof(posture),
    )


def _proof(posture: Posture) -> dict[str, str]:
    """Return how good the posture is proven to be, by language."""
    if posture.optimal:
        text = "Proven: no other posture of these crews waits less."
    else:
        text = "Proven: no other posture of these crews waits more than {gap} less."
    return {
        language: translate(text, language, DOMAIN).replace(
            "{gap}", f"{100 * posture.gap:.1f} %".replace(".", "." if language == "en" else ",")
        )
        for language in LANGUAGES
    }


def _by_place(corridor: Corridor) -> Any:
    order = list(corridor.routes)

    def key(depot: str) -> tuple[int, float]:
        position = corridor.depot(depot).position
        return order.index(position.route), position.station_m

    return key


def _wait(layer: str) -> Field:
    return _ARRIVAL if layer == "reserve" else _ROUND


def _properties(corridor: Corridor, beat: Beat, posture: Posture) -> dict[str, Any]:
    classes = corridor.table("plough_classes").set_index("plough_class")
    row = classes.loc[beat.plough_class].to_dict() if beat.plough_class in classes.index else {}
    names = record_names(row) or {"en": beat.plough_class}
    ends = [corridor.postings.texts(beat.route, m)[0] for m in (beat.from_m, beat.to_m)]
    proof = "proven best" if posture.optimal else f"within {posture.gap:.1%} of the best"
    wait = "reach_h" if beat.layer == "reserve" else "wait_h"
    return {
        "id": f"{beat.layer}-{beat.crew}",
        "name": {"en": beat.crew},
        "crew": beat.crew,
        "class_name": names,
        "depot": beat.depot,
        "length_km": round(beat.length_km, 1),
        "round_h": round(beat.round_h, 1),
        wait: round(beat.round_h, 1),
        "access_km": round(beat.access_km, 1),
        "between": " – ".join(ends),
        "standing": "estimated",
        "source": f"season's posture by CP-SAT on the estimated fleet and depots, {proof}",
    }
