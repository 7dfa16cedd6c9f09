"""The page shell without a browser: what is in the file, and what is refused."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import folium
import folium.plugins
import pytest

from roadplan.corridor import Position
from roadplan.errors import RoadplanError
from roadplan.maps import Feature, Page, Style, Tiles
from roadplan.maps.embedding import script_hash

BOUNDS = ((43.0, 73.0), (50.0, 77.0))
_STYLE = Style(label="Bridge", colour="#000", symbol="bow")


class References(HTMLParser):
    """Collects all that an HTML file would fetch, its inline scripts and its event handlers."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.scripts: list[str] = []
        self.handlers: list[str] = []
        self._script: str | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.handlers += [name for name in values if name.startswith("on")]
        for name in ("src", "srcset", "data", "poster", "background", "action"):
            if values.get(name):
                self.fetched.append(f"{tag} {name}={values[name]}")
        if tag in {"link", "use", "image"} and values.get("href"):
            self.fetched.append(f"{tag} href={values['href']}")
        if tag == "script" and values.get("type") != "application/json":
            self._script = ""

    def handle_data(self, data: str) -> None:
        if self._script is not None:
            self._script += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "script" and self._script is not None:
            self.scripts.append(self._script)
            self._script = None


def _page(**options: object) -> Page:
    return Page(title={"en": "A road"}, bounds=BOUNDS, **options)  # type: ignore[arg-type]


def test_a_page_is_a_folium_map() -> None:
    """Whoever knows Folium can treat a page as one of its maps."""
    assert isinstance(_page(), folium.Map)


def test_the_file_fetches_nothing() -> None:
    """No script, style, font or image comes from elsewhere, and styles name no address."""
    html = _page().to_html()
    found = References(html)
    assert found.fetched == []
    assert found.handlers == []
    styles = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    assert all("@import" not in style for style in styles)
    assert {url[:5] for style in styles for url in re.findall(r"url\(([^)]*)\)", style)} == {
        "data:"
    }


def test_nothing_of_foliums_usual_head_is_left() -> None:
    """No jQuery, Bootstrap or content delivery network is named anywhere."""
    html = _page().to_html().lower()
    for word in ("jquery", "bootstrap", "jsdelivr", "cloudflare", "awesome", "googleapis"):
        assert word not in html


def test_the_policy_allows_the_page_scripts_and_no_other() -> None:
    """The content security policy lists exactly the hashes of the scripts in the file."""
    html = _page().to_html()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)
    assert policy is not None
    text = policy[1].replace("&#39;", "'")
    hashes = {script_hash(script) for script in References(html).scripts}
    assert set(re.findall(r"'sha256-[^']*'", text)) == hashes
    assert "default-src 'none'" in text
    assert "unsafe-inline" not in text.split("script-src")[1].split(";")[0]


def test_the_same_page_is_the_same_file() -> None:
    """Two pages of the same content are equal letter by letter, and so is one asked twice."""
    first = _page()
    html = first.to_html()
    assert first.to_html() == html
    assert _page().to_html() == html


def test_the_title_is_text() -> None:
    """A title with markup in it stays a title."""
    html = Page(title={"en": "</title><script>alert(1)</script>"}, bounds=BOUNDS).to_html()
    assert "<script>alert(1)" not in html
    assert "&lt;/title&gt;&lt;script&gt;alert(1)" in html


def test_a_page_is_saved_whole_or_not_at_all(tmp_path: Path) -> None:
    """A page that cannot be made leaves the old file as it was."""
    path = tmp_path / "maps" / "page.html"
    page = _page()
    assert page.save(path) == path
    before = path.read_bytes()
    folium.TileLayer("OpenStreetMap").add_to(page)
    with pytest.raises(RoadplanError):
        page.save(path)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_notebook_gets_the_page_in_a_frame() -> None:
    """The page shows itself in Jupyter with its markup escaped inside the frame."""
    html = _page()._repr_html_()
    assert "<iframe" in html
    assert "&lt;!DOCTYPE html&gt;" in html


@pytest.mark.parametrize(
    ("thing", "message"),
    [
        (folium.TileLayer("OpenStreetMap"), r"Page\(tiles=Tiles"),
        (folium.Marker((44, 75), icon=folium.Icon()), "font from the network"),
        (folium.plugins.HeatMap([(44, 75)]), "must work without a network"),
    ],
)
def test_what_needs_a_network_is_refused(thing: folium.map.Layer, message: str) -> None:
    """Folium objects that would fetch something are refused with what to use instead."""
    page = _page()
    thing.add_to(page)
    with pytest.raises(RoadplanError, match=message):
        page.to_html()


def test_two_layers_cannot_have_one_name() -> None:
    """A second layer or panel of the same id is an error."""
    page = _page().add_layer("a", "A", [], _STYLE)
    with pytest.raises(RoadplanError, match="has a layer 'a' already"):
        page.add_layer("a", "A", [], _STYLE)


def test_a_feature_off_the_roads_is_refused() -> None:
    """A feature on a route that the page does not have is an error that names the route."""
    feature = Feature(properties={}, at=Position("elsewhere", 5.0))
    with pytest.raises(RoadplanError, match="no route 'elsewhere'; it has none"):
        _page().add_layer("a", "A", [feature], _STYLE)


@pytest.mark.parametrize(
    "url", ["tiles/{z}/{x}/{y}.png", "javascript:alert(1)", "https://a.b/{z}; script-src *"]
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    """Tiles come from a web server, and their address cannot widen the page's policy."""
    with pytest.raises(RoadplanError):
        Tiles(url=url)


def test_the_tile_server_is_all_that_images_may_come_from() -> None:
    """The policy names the tile server, or none where there are no tiles."""
    html = _page(tiles=Tiles(url="https://{s}.tiles.example.org/{z}/{x}/{y}.png")).to_html()
    assert "img-src data: https://*.tiles.example.org;" in html
    assert "img-src data:;" in _page(tiles=None).to_html()
