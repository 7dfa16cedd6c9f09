"""The page shell in a real browser that can reach nothing but the file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import folium
import pytest
from playwright.sync_api import Route

from roadplan.corridor import Corridor, Position
from roadplan.maps import CardGroup, CardPanel, Feature, Field, Page, Style, Tiles
from roadplan.maps.road import bounds, road_data

pytestmark = pytest.mark.browser

# The smallest PNG there is: one transparent pixel.
_PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f64540"
    "0000000049454e44ae426082"
)

HOSTILE = (
    "<script>window.ran=1</script>",
    "</script><script>window.ran=2</script>",
    "<img src=x onerror=window.ran=3>",
    "\"'><b id=ran>bold</b>",
    "`${window.ran=4}` ${alert(1)} {{7*7}}",
    "\u202egnp.exe\u202c \u200fעברית",
    "constructor",
    "__proto__",
)


def _page(road: Corridor, **options: Any) -> Page:
    return Page(
        title={"en": "Trunk", "ru": "Трасса", "kk": "Тас жол"},
        bounds=bounds(road),
        road=road_data(road),
        **options,
    )


def _things(names: tuple[str, ...]) -> list[Feature]:
    return [
        Feature(
            properties={
                "id": f"t{i}",
                "name": {"en": name},
                "standing": "estimated",
                "source": name,
            },
            at=Position("r1", 2_000.0 + 4_000.0 * i),
        )
        for i, name in enumerate(names)
    ]


def _plain(text: str) -> str:
    """Return a text without isolates and with plain spaces."""
    return text.replace("\u2068", "").replace("\u2069", "").replace("\u00a0", " ")


def _with_things(road: Corridor, names: tuple[str, ...] = ("One", "Two")) -> Page:
    style = Style(label="Thing", colour="#0072B2", symbol="square", size_px=9)
    fields = [Field(name="source", label="Note"), Field(name="id", label="Code")]
    return _page(road).add_layer("things", "Things", _things(names), style, fields=fields)


def test_hostile_names_are_shown_and_never_run(
    stranger: Corridor, tmp_path: Path, visit: Callable[..., Any]
) -> None:
    """Markup, quotes, backticks, `${}` and direction marks in names stand on the page as text."""
    page = _with_things(stranger, HOSTILE)
    page.title = {"en": HOSTILE[0]}
    page._fixed["title"] = page.title
    page._fixed["places"] = [
        {"name": {"en": name}, "kind": "town", "xy": [-71.0, -32.95 + 0.06 * i]}
        for i, name in enumerate(HOSTILE)
    ]
    panel = CardPanel(
        groups=[CardGroup(title={"en": name}, cards=[{"source": name}]) for name in HOSTILE],
        head=(Field(name="source", label="Source"),),
        fields=(),
    )
    page.add_panel("cards", "Tables", panel, opened=True)
    seen = visit(page.save(tmp_path / "page.html"))
    seen.page.click(".rp-list summary")
    seen.page.wait_for_selector(".rp-items button")
    shown = seen.run("[...document.querySelectorAll('.rp-item bdi')].map((e) => e.textContent)")
    assert shown == list(HOSTILE)
    for i, name in enumerate(HOSTILE):
        seen.page.locator(".rp-items button").nth(i).click()
        assert seen.run("document.querySelector('.rp-popup h3').textContent") == name
        seen.page.fill("#rp-query", name)
        seen.page.press("#rp-query", "Enter")
    assert seen.run("document.title") == HOSTILE[0]
    heads = seen.run("[...document.querySelectorAll('.rp-cards h3 bdi')].map((e) => e.textContent)")
    assert heads == list(HOSTILE)
    labels = seen.run("[...document.querySelectorAll('.rp-label-town')].map((e) => e.textContent)")
    assert set(labels) <= set(HOSTILE)
    assert seen.run("window.ran") is None
    assert seen.run("document.querySelectorAll('#ran, main img, main script').length") == 0


def test_direction_marks_stay_inside_their_name(
    stranger: Corridor, tmp_path: Path, visit: Callable[..., Any]
) -> None:
    """A name that turns the writing direction is isolated from the text around it."""
    seen = visit(_with_things(stranger, HOSTILE).save(tmp_path / "page.html"))
    seen.page.click(".rp-list summary")
    seen.page.wait_for_selector(".rp-items button")
    isolation = seen.run("getComputedStyle(document.querySelector('.rp-item bdi')).unicodeBidi")
    assert isolation in {"isolate", "plaintext"}


@pytest.mark.parametrize(
    ("locale", "address", "language"),
    [
        ("kk-KZ", "", "kk"),
        ("de-DE", "", "ru"),
        ("en-GB", "", "en"),
        ("en-GB", "?lang=kk", "kk"),
        ("en-GB", "#lang=ru", "ru"),
        ("en-GB", "#lang=xx", "en"),
    ],
)
def test_the_first_language_is_the_readers(
    stranger: Corridor,
    tmp_path: Path,
    visit: Callable[..., Any],
    locale: str,
    address: str,
    language: str,
) -> None:
    """The address counts before the browser's language, and Russian stands in for others."""
    path = _page(stranger).save(tmp_path / "page.html")
    seen = visit(path, address=address, locale=locale)
    assert seen.run("document.documentElement.lang") == language


def test_the_choice_of_language_is_kept(
    stranger: Corridor, tmp_path: Path, visit: Callable[..., Any]
) -> None:
    """The language chosen with the button holds after a reload, in title, texts and address."""
    seen = visit(_page(stranger).save(tmp_path / "page.html"), address="", locale="en-GB")
    assert seen.text("#rp-section-layers h2") == "Layers and legend"
    seen.language("ru")
    assert seen.text("#rp-section-layers h2") == "Слои и условные знаки"
    assert seen.run("[document.title, document.documentElement.lang, location.hash]") == [
        "Трасса",
        "ru",
        "#lang=ru",
    ]
    seen.page.evaluate("() => { location.hash = ''; location.reload(); }")
    seen.page.wait_for_selector("html[lang=ru][data-ready=yes]", state="attached")


def test_a_browser_without_a_memory_still_shows_the_page(
    stranger: Corridor, tmp_path: Path, visit: Callable[..., Any]
) -> None:
    """Where nothing may be kept and the address may not change, the language still switches."""
    page = _page(stranger)
    page.add_script(
        "forgetful",
        "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no'); }});"
        "history.replaceState = () => { throw new DOMException('no'); };",
    )
    seen = visit(page.save(tmp_path / "page.html"))
    seen.language("kk")
    assert seen.text("#rp-section-layers h2") == "Қабаттар мен шартты белгілер"


@pytest.mark.parametrize(
    ("language", "texts"),
    [
        ("ru", ["1 машина", "2 машины", "5 машин", "21 машина", "12 машин", "1 234 машины"]),
        (
            "kk",
            ["1 машина", "2 машина", "5 машина", "21 машина", "12 машина", "1 234 машина"],
        ),
        ("en", ["1 machine", "2 machines", "5 machines", "21 machines", "12 machines"]),
    ],
)
def test_counts_take_their_plural_form(
    stranger: Corridor,
    tmp_path: Path,
    visit: Callable[..., Any],
    language: str,
    texts: list[str],
) -> None:
    """Counts are written with the plural form and the digits of the language."""
    seen = visit(_page(stranger).save(tmp_path / "page.html"), address=f"#lang={language}")
    said = seen.run(
        "[1, 2, 5, 21, 12, 1234].map((n) => roadplan.language.tn('{n} machine', '{n} machines', n))"
    )
    assert [text.replace("\u00a0", " ") for text in said][: len(texts)] == texts


def test_partial_dates_are_written_as_they_are_known(
    stranger: Corridor, tmp_path: Path, visit: Callable[..., Any]
) -> None:
    """A year, a month, a day and a time are written in each language's order; the rest stays."""
    seen = visit(_page(stranger).save(tmp_path / "page.html"), address="#lang=ru")
    said = seen.run(
        "['2025', '2024-02', '2024-07-15', '2024-12-14T17:00', 'n.d.']"
        ".map((text) => roadplan.language.date(text))"
    )
    assert said == ["2025", "02.2024", "15.07.2024", "14.12.2024 17:00", "n.d."]


def test_a_click_on_a_symbol_tells_of_it(
    stranger: Corridor, tmp_path: Path, visit: Callable[..., Any]
) -> None:
    """The popup of a thing tells post, station, standing and source, and follows the language."""
    seen = visit(_with_things(stranger).save(tmp_path / "page.html"))
    seen.page.mouse.click(*seen.pixel_of("things", "t1"))
    text = _plain(seen.text(".leaflet-popup"))
    for part in ("Two", "Trunk: km 10+951", "6,000 m", "Northern trunk", "Estimated"):
        assert part in text
    seen.language("ru")
    text = _plain(seen.text(".leaflet-popup"))
    assert "Оценка" in text
    assert "Trunk: км 10+951" in text
    seen.page.keyboard.press("Escape")
    assert seen.page.locator(".leaflet-popup").count() == 0


def test_a_click_on_the_bare_road_tells_the_post(
    stranger: Corridor, tmp_path: Path, visit: Callable[..., Any]
) -> None:
    """A click on the road where nothing stands says which post is there."""
    seen = visit(_page(stranger).save(tmp_path / "page.html"))
    x, y = seen.run(
        "(() => { const p = roadplan.map.latLngToContainerPoint(roadplan.road.point('r1', 11090));"
        "const b = roadplan.map.getContainer().getBoundingClientRect();"
        "return [b.left + p.x, b.top + p.y]; })()"
    )
    seen.page.mouse.click(x, y)
    assert seen.text(".rp-popup h3").startswith("km\u00a016+")


def test_a_layer_is_hidden_and_shown(
    stranger: Corridor, tmp_path: Path, visit: Callable[..., Any]
) -> None:
    """The box of a layer takes its symbols off the map, so that a click finds nothing there."""
    seen = visit(_with_things(stranger).save(tmp_path / "page.html"))
    under = (
        "roadplan.layers.under(roadplan.layers.find('things', 't0').paths[0]._point)"
        ".map((one) => one.properties.id)"
    )
    assert seen.run(under) == ["t0"]
    before = seen.page.locator("#rp-map").screenshot()
    seen.page.uncheck("[data-layer=things]")
    seen.page.wait_for_timeout(100)
    assert seen.run(under) == []
    assert seen.page.locator("#rp-map").screenshot() != before
    seen.page.check("[data-layer=things]")
    assert seen.run(under) == ["t0"]


def test_the_keyboard_alone_reaches_everything(
    stranger: Corridor, tmp_path: Path, visit: Callable[..., Any]
) -> None:
    """A list gives every feature as a button that goes to it."""
    seen = visit(_with_things(stranger).save(tmp_path / "page.html"))
    seen.page.focus(".rp-list summary")
    seen.page.keyboard.press("Enter")
    seen.page.wait_for_selector(".rp-items button")
    for key in ("Tab", "Tab", "Enter"):
        seen.page.keyboard.press(key)
    assert seen.run("document.querySelector('.rp-popup h3').textContent") == "Two"


def test_a_hidden_layer_is_shown_when_something_on_it_is_looked_for(
    stranger: Corridor, tmp_path: Path, visit: Callable[..., Any]
) -> None:
    """Searching for a thing by name switches its layer on and opens its popup."""
    seen = visit(_with_things(stranger).save(tmp_path / "page.html"))
    seen.page.uncheck("[data-layer=things]")
    seen.page.fill("#rp-query", "two")
    seen.page.press("#rp-query", "Enter")
    seen.page.click("#rp-results button")
    assert seen.page.is_checked("[data-layer=things]")
    assert "Two" in seen.text(".leaflet-popup")


def test_a_post_that_is_not_there_says_what_there_is(
    stranger: Corridor, tmp_path: Path, visit: Callable[..., Any]
) -> None:
    """A post beyond the road is answered with the posts there are."""
    seen = visit(_page(stranger).save(tmp_path / "page.html"))
    seen.page.fill("#rp-query", "T-5 km 900")
    seen.page.press("#rp-query", "Enter")
    text = seen.text("#rp-results")
    assert "no such post" in text
    assert "km 5+000 – 51+000" in text


def test_tiles_wait_for_a_web_server(
    stranger: Corridor, tmp_path: Path, visit: Callable[..., Any]
) -> None:
    """OpenStreetMap's tiles are not asked for from a file, and the page says why."""
    seen = visit(_page(stranger).save(tmp_path / "page.html"), offline=False)
    seen.page.click("#rp-tiles")
    assert not seen.page.is_checked("#rp-tiles")
    assert "only pages that come from a web server" in seen.text(".rp-layer [role=status]")


def _tiled(road: Corridor, folder: Path) -> Path:
    tiles = Tiles(url="https://tiles.example.org/{z}/{x}/{y}.png", needs_address=False)
    return _page(road, tiles=tiles).save(folder / "page.html")


def test_tiles_are_not_asked_for_without_a_network(
    stranger: Corridor, tmp_path: Path, visit: Callable[..., Any]
) -> None:
    """With the cable pulled nothing is requested, and the plain background stays."""
    seen = visit(_tiled(stranger, tmp_path))
    seen.page.click("#rp-tiles")
    assert "No network" in seen.text(".rp-layer [role=status]")


def test_tiles_are_shown_when_asked_for(
    stranger: Corridor, tmp_path: Path, visit: Callable[..., Any]
) -> None:
    """With a network the tiles come when the box is ticked, and from one server only."""

    def answer(route: Route) -> None:
        route.fulfill(body=_PNG, content_type="image/png")

    seen = visit(_tiled(stranger, tmp_path), answer=answer, offline=False)
    assert seen.requests == []
    seen.page.click("#rp-tiles")
    seen.page.wait_for_selector("img.leaflet-tile-loaded", state="attached")
    assert all(url.startswith("https://tiles.example.org/") for url in seen.requests)
    seen.page.uncheck("#rp-tiles")
    assert seen.page.locator("img.leaflet-tile").count() == 0
    assert seen.messages == []
    seen.quiet = False


def test_tiles_that_fail_give_the_plain_background_back(
    stranger: Corridor, tmp_path: Path, visit: Callable[..., Any]
) -> None:
    """A server that does not answer is asked once, and the reader is told."""
    seen = visit(_tiled(stranger, tmp_path), offline=False)
    seen.page.click("#rp-tiles")
    seen.page.wait_for_function("() => !document.getElementById('rp-tiles').checked")
    assert "cannot be reached" in seen.text(".rp-layer [role=status]")
    assert len(seen.requests) == 1
    assert seen.run("roadplan.map.hasLayer(roadplan.waters)") is True
    seen.quiet = False


def test_folium_objects_work_on_the_page(
    stranger: Corridor, tmp_path: Path, visit: Callable[..., Any]
) -> None:
    """A plain marker and a circle with a popup, as Folium makes them, need no network here."""
    page = _page(stranger)
    folium.Marker((-32.9, -71.0), popup="A marker", tooltip="hint").add_to(page)
    folium.CircleMarker((-32.7, -70.95), popup=folium.Popup("A circle", show=True)).add_to(page)
    seen = visit(page.save(tmp_path / "page.html"))
    assert "A circle" in seen.text(".leaflet-popup")
    source = seen.page.locator("img.leaflet-marker-icon").get_attribute("src")
    assert source is not None
    assert source.startswith("data:image/png;base64,")


def test_a_page_may_bring_scripts_and_panels_of_its_own(
    stranger: Corridor, tmp_path: Path, visit: Callable[..., Any]
) -> None:
    """A script added to a page adds a kind of panel and gives features another look."""

    class Slider:
        kind = "slider"

        def as_dict(self) -> dict[str, Any]:
            return {"steps": 3}

    styles = {
        "low": Style(label="Bridge", colour="#0072B2", symbol="circle"),
        "high": Style(label="Overpass", colour="#D55E00", symbol="star"),
    }
    feature = Feature(properties={"id": "x", "risk": "low"}, at=Position("r1", 9_000.0))
    page = _page(stranger).add_layer("risk", "Segments", [feature], styles, by="risk")
    page.add_panel("slider", "Tables", Slider(), opened=True)
    page.add_script(
        "slider",
        "roadplan.panels.kinds.slider = ({steps}) => {"
        " const box = roadplan.make('input', {type: 'range', max: steps, value: 0});"
        " const key = () => (box.value > 0 ? 'high' : 'low');"
        " box.oninput = () => roadplan.layers.restyle('risk', key);"
        " return box; };",
    )
    seen = visit(page.save(tmp_path / "page.html"))
    shape = "roadplan.layers.find('risk', 'x').paths[0].options.shape"
    assert seen.run(shape) == "circle"
    seen.page.fill("input[type=range]", "2")
    assert seen.run(shape) == "star"


def test_printing_puts_the_screen_back(
    stranger: Corridor, tmp_path: Path, visit: Callable[..., Any]
) -> None:
    """After printing, the page and the view of the map are as before."""
    seen = visit(_with_things(stranger).save(tmp_path / "page.html"))
    state = (
        "[document.body.className, roadplan.map.getZoom(), roadplan.map.getSize().x,"
        " roadplan.map.getCenter().lat.toFixed(4)]"
    )
    before = seen.run(state)
    assert seen.page.pdf().startswith(b"%PDF")
    assert seen.run(state) == before


def test_a_page_without_a_road_is_a_map_all_the_same(
    tmp_path: Path, visit: Callable[..., Any]
) -> None:
    """A page of nothing but a title and bounds opens and complains of nothing."""
    page = Page(title={"en": "Empty"}, bounds=((43.0, 73.0), (50.0, 77.0)))
    seen = visit(page.save(tmp_path / "page.html"))
    seen.page.fill("#rp-query", "12+300")
    seen.page.press("#rp-query", "Enter")
    assert "no such post" in seen.text("#rp-results")
