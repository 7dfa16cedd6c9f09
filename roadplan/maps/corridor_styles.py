"""How things on a corridor look: one shape a kind, one colour and number a contract."""

from __future__ import annotations

from roadplan.corridor import Corridor
from roadplan.maps import palette
from roadplan.maps.layers import Style

STRUCTURE_STYLES = {
    "bridge": Style(label="Bridge", colour=palette.BLUE, symbol="bow", size_px=8, from_zoom=7),
    "overpass": Style(label="Overpass", colour=palette.VERMILLION, symbol="triangle", size_px=8),
    "railway_overpass": Style(
        label="Railway overpass", colour=palette.BLACK, symbol="triangle_bar", size_px=8.5
    ),
    "interchange": Style(label="Interchange", colour=palette.PURPLE, symbol="diamond", size_px=8),
    "farm_crossing": Style(
        label="Overpass for farm machinery",
        colour=palette.ORANGE,
        symbol="triangle_down",
        size_px=7,
        from_zoom=7,
    ),
    "culvert": Style(label="Culvert", colour=palette.SKY, symbol="circle", size_px=5, from_zoom=8),
}
"""Kind of structure → its look; every kind has a shape of its own."""

REST_AREA_STYLES = {
    "yes": Style(
        label="With sanitary facilities", colour=palette.GREEN, symbol="square_plus", size_px=7.5
    ),
    "no": Style(
        label="Without sanitary facilities",
        colour=palette.GREEN,
        symbol="square_minus",
        size_px=7.5,
    ),
    "unknown": Style(
        label="Sanitary facilities unknown", colour=palette.GREEN, symbol="square", size_px=6.5
    ),
}


DETOUR_STYLES = {
    "open": Style(
        label="In use", colour=palette.VERMILLION, symbol="hexagon", size_px=7, dash_px=(7, 4)
    ),
    "planned": Style(
        label="Planned", colour=palette.SKY, symbol="hexagon", size_px=6, dash_px=(2, 4)
    ),
    "closed": Style(
        label="Closed",
        colour=palette.GREY,
        symbol="cross",
        size_px=5,
        width_px=4,
        dash_px=(7, 4),
        from_zoom=8,
    ),
    "unknown": Style(
        label="State not reported",
        colour=palette.ORANGE,
        symbol="hexagon",
        size_px=6,
        dash_px=(7, 4),
    ),
}
"""State of a bypass road → its look."""

_DRIFT = "#2E86C1"

DRIFT_CLASSES = {
    "low": (
        0.0,
        Style(
            label="Under 10 % of the length",
            colour=_DRIFT,
            width_px=4,
            dash_px=(0.1, 18),
            round_ends=True,
        ),
    ),
    "middle": (
        0.1,
        Style(
            label="10 to 25 % of the length",
            colour=_DRIFT,
            width_px=6,
            dash_px=(0.1, 12),
            round_ends=True,
        ),
    ),
    "high": (
        0.25,
        Style(
            label="Over 25 % of the length",
            colour=_DRIFT,
            width_px=9,
            dash_px=(0.1, 11),
            round_ends=True,
        ),
    ),
}
"""Class of exposure to drifts → the least share of the length that is in it, and its look."""


def contract_styles(corridor: Corridor) -> dict[str, Style]:
    """Return the look of each contract: a colour and a number; stretches between are grey."""
    styles = {}
    number = 0
    for contract in corridor.contracts:
        label = contract.names.as_dict() if contract.names.en else {"en": contract.id}
        if contract.kind == "between":
            styles[contract.id] = Style(
                label=label, colour=palette.GREY, width_px=10, dash_px=(10, 5)
            )
            continue
        colour = palette.SERIES[number % len(palette.SERIES)]
        number += 1
        styles[contract.id] = Style(label=label, colour=colour, width_px=10, badge=str(number))
    return styles
