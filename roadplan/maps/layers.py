"""What a layer of a page is: features, rules how they look, and fields that tell about them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import shapely

from roadplan.corridor.position import Position
from roadplan.errors import RoadplanError
from roadplan.maps.embedding import Text

Symbol = Literal[
    "",
    "circle",
    "square",
    "square_plus",
    "square_minus",
    "triangle",
    "triangle_bar",
    "triangle_down",
    "diamond",
    "bow",
    "house",
    "barrier",
    "drop",
    "hexagon",
    "star",
    "cross",
]
"""Shapes of point symbols; they tell kinds apart without colour."""

FieldKind = Literal["text", "names", "choice", "number", "range", "count", "date", "feature"]
"""How a property is written.

`names` is a name by language; `range` a pair of numbers; `count` takes plural forms; `feature` is
the id of a feature of another layer and becomes a link to it.
"""

COORDINATE_DECIMALS = 5
"""Decimals of degrees on a page: 1e-5° is about 1 m."""


@dataclass(frozen=True, kw_only=True)
class Field:
    """One line of a popup or a card.

    Parameters
    ----------
    name
        The property it shows.
    label
        What it is called.
    kind
        How the value is written.
    unit
        For `number` and `range`: a message with ``{n}``, e.g. ``{n} km/h``.
    digits
        Largest number of decimals.
    one, many
        For `count`: the messages for one and for many, with ``{n}``.
    choices
        For `choice`: value → text.
    layer
        For `feature`: the layer that holds it.
    """

    name: str
    label: Text
    kind: FieldKind = "text"
    unit: str = ""
    digits: int = 0
    one: str = ""
    many: str = ""
    choices: Mapping[str, Text] = field(default_factory=dict)
    layer: str = ""

    def __post_init__(self) -> None:
        if self.kind == "count" and not (self.one and self.many):
            raise ValueError(f"field {self.name}: a count needs its messages for one and for many")

    def as_dict(self) -> dict[str, Any]:
        """Return the field as the page reads it."""
        return {
            "name": self.name,
            "label": self.label,
            "kind": self.kind,
            "unit": self.unit,
            "digits": self.digits,
            "one": self.one,
            "many": self.many,
            "choices": self.choices,
            "layer": self.layer,
        }


@dataclass(frozen=True, kw_only=True)
class Style:
    """How features of one class look.

    Parameters
    ----------
    label
        What the legend says.
    colour
        CSS colour. What is estimated is drawn hollow in it.
    symbol
        Shape at a point, or in the middle of a stretch; empty for none.
    size_px
        Half the height of the symbol at close zoom.
    width_px
        Width of a line at close zoom.
    dash_px
        Dashes and gaps of a line.
    round_ends
        Whether dashes have round ends; a dash of nothing then becomes a dot.
    outline
        CSS colour of the edges of a line whose own colour hardly stands out; empty for none.
    gap_px
        What is left free at both ends of a line, so that neighbours are told apart.
    opacity
        Of a line, 0–1.
    badge
        Short text that stands on the line and in the legend, so that colour is not all.
    from_zoom
        The zoom of the map from which on its symbol is drawn: what is many and small would cover
        the road in an overview of the whole.
    always
        Whether the legend shows the class even where no feature is of it.
    """

    label: Text
    colour: str
    symbol: Symbol = ""
    size_px: float = 8.0
    width_px: float = 5.0
    dash_px: Sequence[float] = ()
    round_ends: bool = False
    outline: str = ""
    gap_px: float = 0.0
    opacity: float = 1.0
    badge: str = ""
    from_zoom: float = 0.0
    always: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return the style as the page reads it."""
        return {
            "label": self.label,
            "colour": self.colour,
            "symbol": self.symbol,
            "size": self.size_px,
            "width": self.width_px,
            "dash": list(self.dash_px),
            "round": self.round_ends,
            "outline": self.outline,
            "gap": self.gap_px,
            "opacity": self.opacity,
            "badge": self.badge,
            "from": self.from_zoom,
            "always": self.always,
        }


@dataclass(frozen=True, kw_only=True)
class Feature:
    """One thing on a layer.

    Exactly one of `at`, `along` and `geometry` says where it is. What lies on the road is given
    by stations: the page holds the axis once and cuts every stretch from it.

    Parameters
    ----------
    properties
        What is known of it. Known to every page are `id`, `name` (by language), `standing`,
        `source`, `note` and `side` (`left` or `right` of rising stations).
    at
        A position on the road.
    along
        Route, from and to in metres.
    geometry
        A shapely geometry in degrees (WGS 84), for what lies off the road.
    """

    properties: Mapping[str, Any]
    at: Position | None = None
    along: tuple[str, float, float] | None = None
    geometry: shapely.Geometry | None = None

    def __post_init__(self) -> None:
        given = [self.at, self.along, self.geometry]
        if sum(item is not None for item in given) != 1:
            raise ValueError("a feature has one of at, along and geometry")

    def as_dict(self) -> dict[str, Any]:
        """Return the feature as the page reads it; empty properties are left out."""
        found: dict[str, Any] = {
            "properties": {
                key: value for key, value in self.properties.items() if not _is_empty(value)
            }
        }
        if self.at is not None:
            found["at"] = [self.at.route, round(self.at.station_m, 2)]
        elif self.along is not None:
            route, from_m, to_m = self.along
            found["along"] = [route, round(from_m, 2), round(to_m, 2)]
        elif self.geometry is not None:
            found["geometry"] = _geojson(self.geometry)
        return found


@dataclass(frozen=True, kw_only=True)
class Layer:
    """Features that are shown and hidden together.

    Parameters
    ----------
    id
        Identifier, unique on the page.
    title
        What it is called.
    features
        What is on it.
    styles
        Class → look, in the order of the legend. Without `by` it has the one class ``""``.
    by
        The property that holds the class.
    fields
        What popups tell, besides position, standing and source.
    visible
        Whether it is shown at first.
    order
        Layers with a higher number are drawn over the others.
    side_px
        How far beside the road it is drawn, in pixels, to the right of rising stations or on the
        feature's own `side`.
    """

    id: str
    title: Text
    features: Sequence[Feature]
    styles: Mapping[str, Style]
    by: str = ""
    fields: Sequence[Field] = ()
    visible: bool = True
    order: int = 0
    side_px: float = 0.0

    def __post_init__(self) -> None:
        found = {str(item.properties.get(self.by, "")) if self.by else "" for item in self.features}
        unknown = sorted(found - set(self.styles))
        if unknown:
            raise RoadplanError(
                f"layer {self.id}: there is no style for {self.by} "
                f"{', '.join(map(repr, unknown))}; there are {', '.join(map(repr, self.styles))}"
            )

    def as_dict(self) -> dict[str, Any]:
        """Return the layer as the page reads it."""
        return {
            "id": self.id,
            "title": self.title,
            "by": self.by,
            "visible": self.visible,
            "order": self.order,
            "side": self.side_px,
            "styles": {key: style.as_dict() for key, style in self.styles.items()},
            "fields": [item.as_dict() for item in self.fields],
            "features": [item.as_dict() for item in self.features],
        }


def texts_of(layers: Iterable[Layer]) -> set[str]:
    """Return every message id that layers use, for the catalogues to be checked against."""
    found: set[str] = set()
    for layer in layers:
        spoken: list[Text] = [layer.title, *(style.label for style in layer.styles.values())]
        for item in layer.fields:
            spoken += [item.label, *item.choices.values()]
            found.update(text for text in (item.unit, item.one) if text)
        found.update(text for text in spoken if isinstance(text, str))
    return found


def _is_empty(value: object) -> bool:
    if value is None or (isinstance(value, str) and not value):
        return True
    return isinstance(value, float | np.floating) and not np.isfinite(value)


def _geojson(geometry: shapely.Geometry) -> dict[str, Any]:
    rounded = shapely.transform(geometry, lambda xy: np.round(xy, COORDINATE_DECIMALS))
    return dict(json.loads(shapely.to_geojson(rounded)))
