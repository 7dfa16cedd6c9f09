"""How risk looks: a colour, a width, a number and a word each, and grey where nothing is known."""

from __future__ import annotations

from dataclasses import dataclass

from roadplan.maps.layers import Style

UNKNOWN_COLOUR = "#9AA3AC"
"""No data is grey, which is no step of any scale."""


@dataclass(frozen=True)
class Step:
    """One step of a scale: what the legend says, its colour, and its edges where it is pale."""

    word: str
    colour: str
    outline: str = ""


LEVELS = (
    Step("little or none", "#7DB8D6"),
    Step("low", "#F5DB6B", outline="#7A6000"),
    Step("moderate", "#F2992A"),
    Step("high", "#D0431F"),
    Step("very high", "#6A0F49"),
)
"""Risk levels: from a calm blue over yellow to a dark purple, told apart by lightness too."""

SEVERITIES = (
    Step("free flow", "#A3C6DA"),
    Step("slow traffic", "#C5B3E0"),
    Step("jam", "#9F7ACB"),
    Step("long jam", "#7341A5"),
    Step("closed or impassable", "#371060"),
)
"""How bad it gets, whatever its probability."""

PROBABILITIES = (
    Step("under 5 %", "#C9DAE8", outline="#5F7689"),
    Step("5 to 20 %", "#92BBDD"),
    Step("20 to 50 %", "#5596CB"),
    Step("50 to 80 %", "#2269AE"),
    Step("80 % and more", "#0A3570"),
)
"""How probable a long jam is, however bad the rest."""

PROBABILITY_BOUNDS = (0.05, 0.2, 0.5, 0.8)
"""Where the steps of :data:`PROBABILITIES` begin."""

SCALES = {"l": LEVELS, "s": SEVERITIES, "p": PROBABILITIES}
"""Letter of a scale → its steps; a style is called by letter and number."""

_WIDTHS_PX = (7.0, 8.0, 9.0, 10.0, 11.0)

NO_DATA = Style(label="no data", colour=UNKNOWN_COLOUR, width_px=6.0, dash_px=(5, 4), always=True)

CREW_SYMBOLS = {
    "plough_truck": "triangle",
    "echelon": "star",
    "grader": "square",
    "rotary_blower": "hexagon",
    "spreader": "drop",
}
"""Kind of machine → the shape of its crews; any other kind is a diamond."""

OTHER_CREW_SYMBOL = "diamond"
CREW_COLOUR = "#0B3C6F"
JAM_COLOUR = "#16202A"
CLOSURE_COLOUR = "#A3003E"


def risk_styles() -> dict[str, Style]:
    """Return the look of a stretch by scale and step, the levels first; grey where unknown."""
    styles = {}
    for letter, steps in SCALES.items():
        for number, step in enumerate(steps):
            styles[f"{letter}{number}"] = Style(
                label=step.word,
                colour=step.colour,
                width_px=_WIDTHS_PX[number],
                round_ends=True,
                outline=step.outline,
                badge=str(number) if letter == "l" else "",
                always=letter == "l",
            )
    return styles | {"unknown": NO_DATA}


CLOSURE_STYLES = {
    "all": Style(
        label="Closed to all vehicles",
        colour=CLOSURE_COLOUR,
        width_px=5.0,
        dash_px=(10, 5),
        symbol="barrier",
        size_px=10.0,
        always=True,
    ),
    "heavy": Style(
        label="Closed to freight and public transport",
        colour=CLOSURE_COLOUR,
        width_px=4.0,
        dash_px=(3, 6),
        symbol="barrier",
        size_px=8.0,
        always=True,
    ),
    "all-foreseen": Style(
        label="Closure to all vehicles foreseen",
        colour=CLOSURE_COLOUR,
        width_px=3.0,
        dash_px=(8, 6),
        always=True,
    ),
    "heavy-foreseen": Style(
        label="Closure to freight and public transport foreseen",
        colour=CLOSURE_COLOUR,
        width_px=3.0,
        dash_px=(2, 7),
        always=True,
    ),
}
"""For whom it is closed → its look; what is only foreseen has no barrier."""
