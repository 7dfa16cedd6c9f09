"""The strip as data and as a figure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.collections import QuadMesh
from matplotlib.colors import to_hex

from roadplan.corridor import Corridor
from roadplan.errors import RoadplanError
from roadplan.maps.storm_figure import storm_strip_figure
from roadplan.maps.storm_pack import unpack
from roadplan.maps.storm_strip import StripPanel
from roadplan.maps.storm_styles import LEVELS, UNKNOWN_COLOUR


@pytest.fixture(autouse=True)
def _quiet_figures() -> Iterator[None]:
    with mpl.rc_context({"backend": "agg"}):
        yield
        plt.close("all")


def test_arrays_are_packed_stretch_by_stretch(
    stranger: Corridor, make_view: Callable[..., Any]
) -> None:
    """The page finds the level of a stretch in a slot at stretch × slots + slot."""
    view = make_view(stranger)
    packed = StripPanel(view, stranger.routes).as_dict()["alternatives"][1]
    levels = unpack(packed["level"]).reshape(len(view.stretches), view.slots).T
    assert np.array_equal(levels, np.maximum(view.alternatives[1].level, -1))


def test_some_is_never_written_as_none_or_all(
    stranger: Corridor, make_view: Callable[..., Any]
) -> None:
    """0.2 % is not 0 %, 99.9 % is not 100 %, and unknown is neither."""
    view = make_view(stranger)
    shares = np.zeros((view.slots, len(view.stretches)))
    shares[0, :5] = [0.002, 0.999, np.nan, 1.0, 0.5]
    changed = replace(view.alternatives[0], probability=shares)
    view = replace(view, alternatives=(changed,))
    packed = StripPanel(view, stranger.routes).as_dict()["alternatives"][0]
    found = unpack(packed["probability"]).reshape(len(view.stretches), view.slots)[:6, 0]
    assert found.tolist() == [101, 102, -1, 100, 50, 0]


def test_local_time_says_how_far_it_is_from_utc(
    stranger: Corridor, make_view: Callable[..., Any]
) -> None:
    """Whole and broken hours east and west of Greenwich."""
    for hours, text in ((5.0, "UTC+5"), (-3.5, "UTC−3:30"), (0.0, "UTC+0")):
        zone = dt.timezone(dt.timedelta(hours=hours))
        view = make_view(stranger, start=dt.datetime(2026, 1, 1, tzinfo=zone))
        assert StripPanel(view, stranger.routes).as_dict()["zone"] == text


def test_a_route_that_the_road_lacks_is_refused(
    stranger: Corridor, make_view: Callable[..., Any]
) -> None:
    """A storm on another road names the routes there are."""
    with pytest.raises(RoadplanError, match="it has r9"):
        StripPanel(make_view(stranger), ["r9"])


def _mesh(ax: Any) -> QuadMesh:
    return next(item for item in ax.collections if isinstance(item, QuadMesh))


def test_the_figure_colours_the_worse_direction(
    stranger: Corridor, make_view: Callable[..., Any]
) -> None:
    """Each cell has the colour of its level; where nothing is known it is grey."""
    view = make_view(stranger)
    level = view.alternatives[0].level.copy()
    level[:3, :2] = -1
    view = replace(view, alternatives=(replace(view.alternatives[0], level=level),))
    ax = storm_strip_figure(view, route="r1")
    mesh = _mesh(ax)
    ax.figure.canvas.draw()
    own = [n for n, s in enumerate(view.stretches) if s.route == "r1"]
    wanted = np.maximum(*(view.alternatives[0].level[:, own[k::2]].T for k in (0, 1)))
    colours = np.array([to_hex(c) for c in mesh.get_facecolors()]).reshape(wanted.shape)
    for level, step in enumerate(LEVELS):
        assert set(colours[wanted == level]) <= {step.colour.lower()}
    assert set(colours[wanted < 0]) == {UNKNOWN_COLOUR.lower()}
    assert ax.get_ylim()[0] > ax.get_ylim()[1]


def test_the_figure_speaks_three_languages_and_marks_what_is_invented(
    stranger: Corridor, make_view: Callable[..., Any]
) -> None:
    """Title, axes and scale follow the language; a synthetic storm says so."""
    ax = storm_strip_figure(make_view(stranger), alternative="nothing", language="ru")
    assert ax.get_title().endswith("Без расчистки · синтетическая буря")
    assert ax.get_ylabel() == "Пикетаж, км"


def test_the_figure_draws_on_given_axes(stranger: Corridor, make_view: Callable[..., Any]) -> None:
    """Axes that are given are used and returned; one direction alone can be drawn."""
    _, ax = plt.subplots()
    assert storm_strip_figure(make_view(stranger), ax, direction="rising") is ax


def test_the_figure_refuses_a_route_without_stretches(
    stranger: Corridor, make_view: Callable[..., Any]
) -> None:
    """Another route is answered with those there are."""
    with pytest.raises(RoadplanError, match="r1, r2"):
        storm_strip_figure(make_view(stranger), route="r9")
