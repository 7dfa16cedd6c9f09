"""Features, fields, styles and layers as data."""

from __future__ import annotations

import pytest
import shapely

from roadplan.corridor import Position
from roadplan.errors import RoadplanError
from roadplan.maps.layers import Feature, Field, Layer, Style

_STYLE = Style(label="Bridge", colour="#000")


def test_a_feature_is_at_one_place() -> None:
    """A feature without a place, or with two, is refused."""
    with pytest.raises(ValueError, match="one of at, along and geometry"):
        Feature(properties={})
    with pytest.raises(ValueError, match="one of at, along and geometry"):
        Feature(properties={}, at=Position("a", 1), along=("a", 1, 2))


def test_empty_properties_are_left_out() -> None:
    """Empty texts, missing values and NaN take no room on the page; zero and False stay."""
    properties = {"a": "", "b": None, "c": float("nan"), "d": 0, "e": False}
    feature = Feature(properties=properties, at=Position("r", 1.23456))
    assert feature.as_dict() == {"properties": {"d": 0, "e": False}, "at": ["r", 1.23]}


def test_coordinates_are_rounded() -> None:
    """A geometry off the road is GeoJSON with coordinates to 1e-5 degrees."""
    feature = Feature(properties={}, geometry=shapely.Point(73.123456789, 49.000001))
    assert feature.as_dict()["geometry"] == {"type": "Point", "coordinates": [73.12346, 49.0]}


def test_a_class_without_a_style_is_refused() -> None:
    """A feature of a class that has no look is an error that names both."""
    feature = Feature(properties={"kind": "ferry"}, at=Position("r", 1))
    with pytest.raises(RoadplanError, match="no style for kind 'ferry'; there are 'bridge'"):
        Layer(id="s", title="S", features=[feature], styles={"bridge": _STYLE}, by="kind")


def test_a_count_needs_its_plural_forms() -> None:
    """A field that counts must say for one and for many."""
    with pytest.raises(ValueError, match="for one and for many"):
        Field(name="people", label="Room for people", kind="count")
