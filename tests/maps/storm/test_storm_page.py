"""The storm page as a file: its size, its layers, its refusals and its catalogues."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from dataclasses import replace
from importlib.resources import files
from typing import Any

import pytest

from roadplan.corridor import Corridor
from roadplan.errors import RoadplanError
from roadplan.i18n import page_messages
from roadplan.maps import storm_page, storm_styles
from roadplan.maps.embedding import own_file
from roadplan.maps.storm_events import Stretch
from roadplan.maps.storm_page import SCRIPTS, storm_map

_PLACES = re.compile(r"\{\w+\}")
_SAID = re.compile(r"""\bt\(\s*"([^"]+)\"""")
_COUNTED = re.compile(r"""\btn\(\s*"([^"]+)",\s*"([^"]+)\"""")


def test_a_large_storm_stays_under_four_megabytes(
    road: Corridor, make_view: Callable[..., Any]
) -> None:
    """96 slots, 400 stretches, 3 alternatives of 1,000 runs and 60 crews on the shipped road."""
    view = make_view(road, slots=96, stretches=400, runs=1000, crews=60)
    assert len(view.stretches) > 350
    assert len(storm_map(road, view).to_html().encode()) < 4_000_000


def test_every_level_has_a_number_a_word_and_a_colour_of_its_own() -> None:
    """Scales never share a colour with no data, and no two steps look alike."""
    for steps in storm_styles.SCALES.values():
        colours = [step.colour for step in steps]
        assert len(set(colours)) == len(steps) == 5
        assert storm_styles.UNKNOWN_COLOUR not in colours
    styles = storm_styles.risk_styles()
    assert [styles[f"l{n}"].badge for n in range(5)] == list("01234")


def _lightness(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_no_data_is_grey_and_risk_darkens_as_it_rises() -> None:
    """Grey has no hue; from level 1 on each step is darker than the one before it."""
    channels = [int(storm_styles.UNKNOWN_COLOUR[at : at + 2], 16) for at in (1, 3, 5)]
    assert max(channels) - min(channels) < 24
    shades = [_lightness(step.colour) for step in storm_styles.LEVELS[1:]]
    assert shades == sorted(shades, reverse=True)
    ratios = [(a + 0.05) / (b + 0.05) for a, b in itertools.pairwise(shades)]
    assert min(ratios) > 1.5


def test_something_on_another_road_is_refused(
    stranger: Corridor, make_view: Callable[..., Any]
) -> None:
    """A stretch on a route that the road lacks says which routes there are."""
    view = make_view(stranger)
    strange = replace(view, stretches=(Stretch("r9", 0.0, 5.0), *view.stretches[1:]))
    with pytest.raises(RoadplanError, match="r9"):
        storm_map(stranger, strange)


def test_stretches_of_both_directions_make_one_layer(
    stranger: Corridor, make_view: Callable[..., Any]
) -> None:
    """Where directions are not told apart there is one layer of risk on the road itself."""
    view = make_view(stranger)
    merged = tuple(replace(stretch, direction="both") for stretch in view.stretches)
    layers = storm_page.storm_layers(replace(view, stretches=merged))
    assert [layer.id for layer in layers if "risk" in layer.id] == ["storm-risk-both"]


def test_without_crews_there_is_no_panel_of_them(
    stranger: Corridor, make_view: Callable[..., Any]
) -> None:
    """A storm without a plan still makes a page."""
    page = storm_map(stranger, make_view(stranger, crews=0))
    assert "crews" not in [panel["id"] for panel in page.data()["panels"]]
    assert page.to_html()


# -- catalogues ---------------------------------------------------------------------------------


def _sources() -> str:
    modules = ("storm_page", "storm_styles", "storm_results", "storm_figure")
    texts = [files("roadplan.maps").joinpath(f"{name}.py").read_text("utf-8") for name in modules]
    return "\n".join([*texts, *(own_file(f"{name}.js") for name in SCRIPTS)])


@pytest.mark.parametrize("language", ["ru", "kk"])
def test_what_the_scripts_say_is_translated(language: str) -> None:
    """Every message in the scripts is in the catalogue of this page or of all pages."""
    scripts = "\n".join(own_file(f"{name}.js") for name in SCRIPTS)
    said = set(_SAID.findall(scripts)) | {one for one, _ in _COUNTED.findall(scripts)}
    assert len(said) > 50
    assert said - set(page_messages(["maps", "storm_page"])[language]) == set()


def test_no_translation_is_left_over() -> None:
    """Each message stands somewhere in the page's modules or scripts."""
    # Long messages are parted over lines.
    sources = re.sub(r'"\s*\n\s*"', "", _sources())
    for message in page_messages(["storm_page"])["ru"]:
        assert f'"{message}"' in sources, message


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("ru", "синтетическая буря snow-band № 11"),
        ("kk", "синтетикалық дауыл snow-band № 11"),
        ("en", "synthetic storm snow-band, seed 11"),
    ],
)
def test_a_storm_drawn_here_is_named_in_every_language(
    stranger: Corridor, make_view: Callable[..., Any], language: str, text: str
) -> None:
    """What a weather service calls its forecast stays as it is."""
    view = make_view(stranger)
    drawn = replace(view.storm, source="synthetic storm snow-band, seed 11")
    assert storm_page._subtitle(replace(view, storm=drawn))[language].endswith(text)
    fetched = replace(view.storm, source="ICON-EPS")
    assert storm_page._subtitle(replace(view, storm=fetched))[language].endswith("ICON-EPS")
