"""A Folium map as one self-contained HTML file that needs no network."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import folium
import jinja2
from branca.element import CssLink, Element, Figure, JavascriptLink
from folium.template import Template

from roadplan import __version__
from roadplan.errors import RoadplanError
from roadplan.files import replace_text
from roadplan.i18n import LANGUAGES, page_messages
from roadplan.maps.embedding import (
    LANGUAGE_NAMES,
    Text,
    embedded_json,
    embedded_script,
    in_language,
    leaflet,
    own_file,
    page_script,
    script_hash,
)
from roadplan.maps.layers import Feature, Field, Layer, Style
from roadplan.maps.panels import Panel
from roadplan.maps.sources import OPENSTREETMAP_TILES, Credit, Tiles

_DEFAULT_LANGUAGE = LANGUAGES[0]
_MAP_NAME = "page"
_EMPTY_ROAD: Mapping[str, Any] = {"routes": [], "postings": [], "breaks": [], "junctions": []}


class Page(folium.Map):
    """A map of a road that works with the network cable pulled.

    It is a Folium map: it shows itself in a notebook, and Folium's vectors and markers can be
    added to it. Its own layers are drawn by a script in the page from compact data instead of by
    one piece of script per feature. Texts are message ids of the catalogues in `domains`,
    switched on the page between Russian, Kazakh and English; whatever comes from tables is shown
    as text and never as markup.

    Parameters
    ----------
    title
        Title of the page.
    bounds
        South-western and north-eastern corner as (lat, lon): what is seen at first.
    subtitle
        A line below the title.
    road
        Axes, postings and junctions, from :func:`roadplan.maps.road.road_data`.
    background
        Shores, rivers and borders: mappings with `kind`, `name`, `xy` and the place of a `label`.
    places
        Towns and villages: mappings with `kind`, `name` and `xy`.
    thanks
        Whom the data come from.
    about
        Sentences about the data.
    tiles
        A server of background tiles; None for none.
    domains
        The catalogues of the page's texts.

    Examples
    --------
    >>> page = Page(title={"en": "A road"}, bounds=((43.0, 73.0), (49.8, 77.1)))
    >>> "<title>A road</title>" in page.to_html()
    True
    """

    _template = Template(
        """
        {% macro html(this, kwargs) %}
            <div class="folium-map" id={{ this.get_name()|tojson }}></div>
        {% endmacro %}
        {% macro script(this, kwargs) %}
            var {{ this.get_name() }} = L.map({{ this.get_name()|tojson }},
                {...{{ this.options|tojavascript }}, crs: L.CRS.EPSG3857,
                 fadeAnimation: false, attributionControl: false, zoomControl: false,
                 zoomAnimation: !window.matchMedia("(prefers-reduced-motion: reduce)").matches});
        {% endmacro %}
        """
    )

    def __init__(
        self,
        *,
        title: Text,
        bounds: tuple[tuple[float, float], tuple[float, float]],
        subtitle: Text = "",
        road: Mapping[str, Any] = _EMPTY_ROAD,
        background: Iterable[Mapping[str, Any]] = (),
        places: Iterable[Mapping[str, Any]] = (),
        thanks: Sequence[Credit] = (),
        about: Sequence[Text] = (),
        tiles: Tiles | None = OPENSTREETMAP_TILES,
        domains: Sequence[str] = ("maps",),
    ) -> None:
        (south, west), (north, east) = bounds
        super().__init__(
            location=[(south + north) / 2, (west + east) / 2],
            tiles=None,
            zoom_start=6,
            min_zoom=4,
            max_zoom=18,
            zoom_snap=0.25,
            zoom_delta=1,
            prefer_canvas=True,
        )
        self._id = _MAP_NAME
        self._name = "Map"
        # Folium would link Leaflet, jQuery and Bootstrap on servers; Leaflet is inlined instead.
        self.default_js = []
        self.default_css = []
        figure = _PageFigure(self)
        figure.add_child(self)
        self.title = title
        self.tiles = tiles
        self.domains = tuple(domains)
        self._layers: dict[str, Layer] = {}
        self._panels: dict[str, dict[str, Any]] = {}
        self._scripts: dict[str, str] = {}
        self._fixed: dict[str, Any] = {
            "title": title,
            "subtitle": subtitle,
            "bounds": bounds,
            "road": road,
            "background": list(background),
            "places": list(places),
            "credits": [{"text": credit.text, "url": credit.url} for credit in thanks],
            "about": list(about),
        }

    # -- what is on it ------------------------------------------------------------------------

    def add_layer(
        self,
        layer_id: str,
        title: Text,
        features: Iterable[Feature],
        style: Style | Mapping[str, Style],
        *,
        by: str = "",
        fields: Sequence[Field] = (),
        visible: bool = True,
        order: int | None = None,
        side_px: float = 0.0,
    ) -> Page:
        """Add a layer and return the page.

        Parameters
        ----------
        layer_id, title, features, fields, visible, side_px
            As in :class:`~roadplan.maps.layers.Layer`.
        style
            One look for all, or class → look.
        by
            The property that holds the class.
        order
            Layers with a higher number are drawn over the others; as added where not given.

        Raises
        ------
        RoadplanError
            The page has a layer of this id, or a feature is of a class without a style, or on a
            route that the page does not have.
        """
        return self.add(
            Layer(
                id=layer_id,
                title=title,
                features=tuple(features),
                styles={"": style} if isinstance(style, Style) else dict(style),
                by=by,
                fields=tuple(fields),
                visible=visible,
                order=len(self._layers) if order is None else order,
                side_px=side_px,
            )
        )

    def add(self, layer: Layer) -> Page:
        """Add a finished layer and return the page."""
        if layer.id in self._layers:
            raise RoadplanError(f"the page has a layer '{layer.id}' already; give another id")
        routes = {route["id"] for route in self._fixed["road"]["routes"]}
        for feature in layer.features:
            route = feature.at.route if feature.at else (feature.along or [None])[0]
            if route is not None and route not in routes:
                raise RoadplanError(
                    f"layer {layer.id}: the page has no route '{route}'; "
                    f"it has {', '.join(sorted(routes)) or 'none'}"
                )
        self._layers[layer.id] = layer
        return self

    def add_panel(self, panel_id: str, title: Text, panel: Panel, *, opened: bool = False) -> Page:
        """Add a panel beside the map and return the page.

        Raises
        ------
        RoadplanError
            The page has a panel of this id.
        """
        if panel_id in self._panels:
            raise RoadplanError(f"the page has a panel '{panel_id}' already; give another id")
        self._panels[panel_id] = {
            "id": panel_id,
            "title": title,
            "kind": panel.kind,
            "content": panel.as_dict(),
            "open": opened,
        }
        return self

    def add_script(self, name: str, source: str) -> Page:
        """Add a script that runs before the page is put together, and return the page.

        It finds everything of the page under the name `roadplan`: a new kind of panel, for
        instance, is a function in ``roadplan.panels.kinds``.
        """
        self._scripts[name] = source
        return self

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers, in the order in which they were added."""
        return tuple(self._layers.values())

    # -- what comes of it ---------------------------------------------------------------------

    def data(self) -> dict[str, Any]:
        """Return everything that the page's script reads."""
        tiles = self.tiles
        return {
            **self._fixed,
            "languages": [[code, LANGUAGE_NAMES[code]] for code in LANGUAGES],
            "messages": page_messages(self.domains),
            "layers": [layer.as_dict() for layer in self.layers],
            "panels": list(self._panels.values()),
            "tiles": None
            if tiles is None
            else {
                "url": tiles.url,
                "subdomains": list(tiles.subdomains),
                "max_zoom": tiles.max_zoom,
                "needs_address": tiles.needs_address,
            },
        }

    def to_html(self) -> str:
        """Return the page as one HTML document.

        Raises
        ------
        RoadplanError
            Something was added to the Folium map that would ask the network.
        """
        return str(self.get_root().render())

    def save(  # type: ignore[override] # a page is written to a path only, atomically
        self, outfile: str | os.PathLike[str]
    ) -> Path:
        """Write the page to a file, which is either wholly the old one or wholly the new one."""
        return replace_text(outfile, self.to_html())


class _PageFigure(Figure):
    """The document around a page's Folium map."""

    def __init__(self, page: Page) -> None:
        super().__init__(ratio="75%")
        self._page = page

    def render(self, **kwargs: object) -> str:
        """Return the HTML document."""
        page = self._page
        own_name = page.get_name()
        for part in (self.header, self.html, self.script):
            part._children.clear()
        page.render(**kwargs)  # type: ignore[no-untyped-call] # as Folium has it
        _check_offline(self, page)
        pieces = {name: child.render() for name, child in self.script._children.items()}
        map_script = pieces.pop(own_name)
        added = "\n".join(pieces.values())
        script, style = leaflet()
        scripts = [script, page_script(), *page._scripts.values(), map_script]
        scripts.append(f"roadplan.start({own_name});")
        if added:
            scripts += [own_file("folium.js"), added]
        scripts = [embedded_script(text) for text in scripts]
        texts = [in_language(page.title, code, page.domains) for code in LANGUAGES]
        return _document().render(
            language=_DEFAULT_LANGUAGE,
            title=texts[0],
            version=__version__,
            policy=_policy(scripts, page.tiles),
            styles=[style, own_file("page.css")],
            extra_head="".join(c.render() for c in self.header._children.values()),
            noscript=[
                in_language("This page needs JavaScript to draw the map.", code, page.domains)
                for code in LANGUAGES
            ],
            map_html="".join(c.render() for c in self.html._children.values()),
            data=embedded_json(page.data()),
            scripts=scripts,
        )


def _document() -> jinja2.Template:
    return jinja2.Environment(autoescape=True).from_string(own_file("page.html"))


def _policy(scripts: Iterable[str], tiles: Tiles | None) -> str:
    """Return a content security policy that lets only the page's own scripts run."""
    images = " ".join(["data:", *([tiles.origin] if tiles else [])])
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src {' '.join(script_hash(text) for text in scripts)}",
            "style-src 'unsafe-inline'",
            f"img-src {images}",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )


def _check_offline(figure: Figure, page: Page) -> None:
    """Refuse what Folium objects would fetch from the network."""
    for child in figure.header._children.values():
        if isinstance(child, JavascriptLink | CssLink):
            raise RoadplanError(
                "the page must work without a network, and something added to it needs "
                f"{child.url}; use Folium's vectors and plain markers"
            )
    for child in _descendants(page):
        if isinstance(child, folium.TileLayer):
            raise RoadplanError(
                "a page loads tiles only when its reader asks for them; "
                "give the server as Page(tiles=Tiles(url=...))"
            )
        if isinstance(child, folium.Icon):
            raise RoadplanError(
                "folium.Icon draws with a font from the network; use folium.Marker without an "
                "icon, folium.DivIcon or folium.CircleMarker"
            )


def _descendants(element: Element) -> Iterable[Element]:
    for child in element._children.values():
        yield child
        yield from _descendants(child)
