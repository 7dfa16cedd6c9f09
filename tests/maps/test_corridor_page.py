"""The corridor's map in a real browser: the shipped road and a stranger's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from roadplan import corridor
from roadplan.corridor import Corridor
from roadplan.errors import PostError
from roadplan.maps import corridor_map
from roadplan.maps.closures import closed_stretches
from roadplan.maps.corridor_layers import contract_layer, corridor_layers

LARGEST_PAGE_BYTES = 3_000_000


@pytest.fixture(scope="module")
def page_file(road: Corridor, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the file of the shipped corridor's map."""
    return corridor_map(road).save(tmp_path_factory.mktemp("maps") / "corridor.html")


def test_every_row_is_on_the_map(road: Corridor) -> None:
    """Each table's layer has as many features as the table has rows."""
    layers = {layer.id: layer for layer in corridor_layers(road, road.table("reports"))}
    for name in (
        "contracts",
        "segments",
        "structures",
        "rest_areas",
        "detours",
        "depots",
        "barriers",
        "heating_points",
        "drift_stretches",
    ):
        assert len(layers[name].features) == len(road.table(name))


def test_contracts_differ_in_more_than_colour(road: Corridor) -> None:
    """Each contract has a colour and a number that no other has."""
    styles = contract_layer(road, road.table("reports")).styles
    marks = [(style.colour, style.badge) for style in styles.values() if style.badge]
    kinds = road.table("contracts")["kind"]
    assert len(marks) == (kinds == "contract").sum()
    assert (
        len({colour for colour, _ in marks}) == len({number for _, number in marks}) == len(marks)
    )


def test_kinds_of_structures_differ_in_shape(road: Corridor) -> None:
    """No two kinds of structures share a symbol, so that they differ without colour."""
    layers = {layer.id: layer for layer in corridor_layers(road, road.table("reports"))}
    shapes = [style.symbol for style in layers["structures"].styles.values()]
    assert len(set(shapes)) == len(shapes)


def test_traffic_is_told_with_its_own_standing(stranger: Corridor) -> None:
    """A segment tells the range of traffic on it, and where that comes from."""
    layers = {layer.id: layer for layer in corridor_layers(stranger, stranger.table("reports"))}
    found = {item.properties["id"]: item.properties for item in layers["segments"].features}
    assert found["a1"]["traffic_veh_day"] == [8_000.0, 8_000.0]
    assert found["a1"]["traffic_standing"] == "measured"
    assert found["b1"]["traffic_veh_day"] is None


def test_a_closure_lies_where_its_posts_are(stranger: Corridor) -> None:
    """Posts of a closure become stations on each route; what is off the road is cut off."""
    row = {"posting": "s", "from_post_km": 1.0, "to_post_km": 16.0}
    # Post 16 is half-way between 5 and 27, so station 11,090 of 22,180; post 1 is not on the road.
    assert closed_stretches(stranger, row) == [("r1", 0.0, pytest.approx(11_090.0))]
    assert closed_stretches(stranger, row | {"to_post_km": 2.0}) == []
    assert closed_stretches(stranger, row | {"posting": ""}) == []
    assert closed_stretches(stranger, row | {"to_post_km": float("nan")}) == []


def test_the_page_is_small(page_file: Path) -> None:
    """The page is under 3 MB."""
    assert page_file.stat().st_size < LARGEST_PAGE_BYTES


def test_a_finely_drawn_road_still_gives_a_small_page(stranger: Corridor) -> None:
    """A road of tens of thousands of points, as a survey gives it, is drawn with few of them."""
    tables = {name: stranger.table(name) for name in stranger.tables}
    along = np.linspace(0, 6, 30_000)
    tables["control_points"] = pd.DataFrame(
        {
            "route": "r1",
            "seq": np.arange(along.size),
            "lon": -71.0 + 0.05 * np.sin(40 * along),
            "lat": -33.0 + along,
            "standing": "measured",
            "source": "survey",
        }
    )
    for name, frame in tables.items():
        if name != "control_points" and "route" in frame:
            tables[name] = frame[frame["route"] == "r1"]
    fine = Corridor.from_tables(tables)
    assert len(corridor_map(fine).to_html().encode()) < LARGEST_PAGE_BYTES / 2


@pytest.mark.browser
class TestInBrowser:
    """The shipped corridor's page, with the network cable pulled."""

    @pytest.mark.parametrize("language", ["ru", "kk", "en"])
    @pytest.mark.parametrize("size", [(1400, 900), (390, 844)])
    def test_the_whole_road_is_seen_and_labels_do_not_overlap(
        self,
        page_file: Path,
        visit: Callable[..., Any],
        language: str,
        size: tuple[int, int],
    ) -> None:
        """The first view holds the road, and no two labels touch, in each language and size."""
        seen = visit(page_file, address=f"#lang={language}", size=size)
        inside = "roadplan.data.bounds.every((corner) => roadplan.map.getBounds().contains(corner))"
        assert seen.run(inside) is True
        boxes = seen.run(
            "[...document.querySelectorAll('.rp-label')].map((e) => {"
            "const b = e.getBoundingClientRect(); return [b.left, b.top, b.right, b.bottom]; })"
        )
        assert len(boxes) >= 12
        for i, (left, top, right, bottom) in enumerate(boxes):
            for other in boxes[:i]:
                apart = (
                    left >= other[2] or right <= other[0] or top >= other[3] or bottom <= other[1]
                )
                assert apart

    def test_nothing_is_left_untranslated(self, page_file: Path, visit: Callable[..., Any]) -> None:
        """The panel's headings and the names of layers change with the language."""
        seen = visit(page_file)
        texts = (
            "[...document.querySelectorAll('summary h2, .rp-layer label')]"
            ".map((e) => e.textContent)"
        )
        english = seen.run(texts)
        for code in ("ru", "kk"):
            seen.language(code)
            assert not set(seen.run(texts)) & set(english)
        assert seen.text(".leaflet-control-scale-line").endswith("км")
        seen.language("en")
        assert seen.run(texts) == english

    def test_go_to_post_tells_both_posts_and_the_contract(
        self, page_file: Path, road: Corridor, visit: Callable[..., Any]
    ) -> None:
        """`1610+250` brings the map to that place, in whichever way the post is written."""
        position = road.position("m36:1610+250")
        lon, lat = road.axis(position.route).points(np.array([position.station_m]))
        seen = visit(page_file)
        for text in ("1610+250", "км 1610+250", "1610 км ПК2+50", "М-36: 1610,25"):
            seen.run("roadplan.map.closePopup() && 0")
            seen.page.fill("#rp-query", text)
            seen.page.press("#rp-query", "Enter")
            shown = seen.text(".leaflet-popup").replace("\u00a0", " ")
            assert "km 1610+250" in shown
            assert "km 348+250" in shown
            assert "Karaganda – Balkhash" in shown
            at = seen.run(
                "(() => { const a = roadplan.map.getCenter(); return [a.lat, a.lng]; })()"
            )
            assert at[1] == pytest.approx(float(lon[0]), abs=0.05)
            assert at[0] == pytest.approx(float(lat[0]), abs=0.12)

    def test_an_address_may_name_a_post(self, page_file: Path, visit: Callable[..., Any]) -> None:
        """A link such as `corridor.html#lang=ru&at=m36:1610+250` opens at that post."""
        seen = visit(page_file, address="#lang=ru&at=m36:1610+250")
        assert "км\u00a01610+250" in seen.text(".leaflet-popup")
        seen.language("en")
        assert seen.run("location.hash") == "#lang=en&at=m36%3A1610%2B250"

    def test_an_ambiguous_post_is_a_choice(
        self,
        stranger_tables: dict[str, pd.DataFrame],
        write_corridor: Callable[[dict[str, pd.DataFrame]], Path],
        tmp_path: Path,
        visit: Callable[..., Any],
    ) -> None:
        """A number that stands in several postings is offered with each of them."""
        postings = stranger_tables["postings"]
        other = postings.assign(posting="p", name_en="Harbour", aliases="")
        stranger_tables["postings"] = pd.concat([postings, other])
        breaks = stranger_tables["posting_breaks"]
        harbour = breaks.iloc[:1].assign(
            posting="p", route="r2", to_m=28_000.0, from_post_km=0.0, to_post_km=28.0
        )
        stranger_tables["posting_breaks"] = pd.concat([breaks, harbour])
        two = corridor.load(write_corridor(stranger_tables))
        seen = visit(corridor_map(two).save(tmp_path / "page.html"), address="#lang=ru")
        seen.page.fill("#rp-query", "20")
        seen.page.press("#rp-query", "Enter")
        choices = seen.page.locator("#rp-results button")
        assert choices.count() == 2
        assert "Harbour" in choices.nth(1).inner_text()
        choices.nth(1).click()
        assert "км\u00a020+000" in seen.text(".leaflet-popup")

    def test_posts_on_the_page_are_those_of_the_library(
        self, page_file: Path, road: Corridor, visit: Callable[..., Any]
    ) -> None:
        """At random stations and at every break the page and the library tell the same posts."""
        seen = visit(page_file)
        rng = np.random.default_rng(7)
        for name, route in road.routes.items():
            ends = road.table("posting_breaks").query("route == @name")[["from_m", "to_m"]]
            stations = np.concatenate(
                [rng.uniform(0, route.length_m, 200), np.unique(ends.to_numpy(float))]
            )
            shown = seen.page.evaluate(
                """([route, stations]) => stations.map((station) => Object.fromEntries(
                    roadplan.road.posts(route, station).map(
                        (post) => [post.posting.id, post.km])))""",
                [name, stations.tolist()],
            )
            for posting in road.postings.names:
                km = road.postings.post_km(posting, name, stations)
                told = np.array([found.get(posting, np.nan) for found in shown], dtype=float)
                np.testing.assert_allclose(told, km, atol=1e-6)

    def test_texts_mean_on_the_page_what_they_mean_to_the_library(
        self, page_file: Path, road: Corridor, visit: Callable[..., Any]
    ) -> None:
        """Posts of every way of writing lead to the library's position; what is none, is none."""
        seen = visit(page_file)
        texts = [
            "m36:1610+250",
            "КАЗ01 км 348",
            "1610 км 250 м",
            "KAZ 01 348,25",
            "1855",
            "km 2213.9",
            "Курты-Конаев 12+500",
            "konaev:0",
            "m36:2380@main",
            "40",
            "1610+1250",
            "1610.5+250",
            "1610 км ПК12",
            "nowhere 5",
            "9999",
            "Балхаш",
            "",
        ]
        shown = seen.page.evaluate(
            "(texts) => texts.map((text) => roadplan.road.find(text).places"
            ".map((place) => [place.route, place.station]))",
            texts,
        )
        for text, places in zip(texts, shown, strict=True):
            try:
                position = road.position(text)
            except PostError:
                assert len(places) != 1, text
                continue
            assert len(places) == 1, text
            assert places[0][0] == position.route
            assert places[0][1] == pytest.approx(position.station_m, abs=0.01)

    def test_stations_and_points_agree_with_the_axis(
        self, page_file: Path, road: Corridor, visit: Callable[..., Any]
    ) -> None:
        """A click at a point of the axis finds its station within 5 m."""
        seen = visit(page_file)
        axis = road.main_route.axis
        stations = np.linspace(1_000, axis.length_m - 1_000, 40)
        lon, lat = axis.points(stations)
        found = seen.page.evaluate(
            "(points) => points.map(([lat, lon]) => roadplan.road.nearest(lat, lon).station)",
            np.column_stack([lat, lon]).tolist(),
        )
        np.testing.assert_allclose(found, stations, atol=5)

    def test_estimated_things_are_hollow_and_the_legend_says_so(
        self, page_file: Path, road: Corridor, visit: Callable[..., Any]
    ) -> None:
        """Every feature is hollow exactly where its standing is 'estimated'."""
        seen = visit(page_file)
        hollow = seen.run(
            "Object.fromEntries([...roadplan.layers.entries.get('structures').items]"
            ".map((one) => [one.properties.id, one.paths.at(-1).options.hollow]))"
        )
        table = road.table("structures")
        expected = dict(
            zip(table["structure"], (table["standing"] == "estimated").tolist(), strict=True)
        )
        assert hollow == expected
        assert "Hollow: estimated by a rule" in seen.text(".rp-standings")

    def test_the_latest_report_of_each_contract_is_told(
        self, page_file: Path, visit: Callable[..., Any]
    ) -> None:
        """The panel shows for each contract the latest report with date, source and standing."""
        seen = visit(page_file)
        seen.page.click("#rp-section-reports > summary")
        text = seen.text("#rp-section-reports")
        for part in ("2025-05-11", "Toll collected – 91 km", "Reported", "inform.kz 79aae5"):
            assert part in text
        assert "All contracts together" in text

    def test_a_structure_and_its_bypass_road_lead_to_each_other(
        self, page_file: Path, road: Corridor, visit: Callable[..., Any]
    ) -> None:
        """The popup of a bypass road links the structure it leads around, and back."""
        detour = road.table("detours").iloc[0]
        seen = visit(page_file)
        seen.page.evaluate(
            "(id) => roadplan.layers.show(roadplan.layers.find('detours', id))",
            str(detour["detour"]),
        )
        seen.page.click(".leaflet-popup .rp-link")
        assert str(detour["structure"]) in seen.text(".leaflet-popup")
        seen.page.click(".leaflet-popup .rp-link")
        assert str(detour["detour"]) in seen.text(".leaflet-popup")

    def test_a_finger_on_a_phone_opens_a_popup_inside_the_screen(
        self, page_file: Path, visit: Callable[..., Any]
    ) -> None:
        """On a phone a tap tells of a depot, and the panel opens and closes with one button."""
        seen = visit(page_file, size=(390, 844), has_touch=True, is_mobile=True)
        assert not seen.page.is_visible("#rp-side")
        seen.page.tap("#rp-menu")
        assert seen.page.is_visible("#rp-side")
        seen.page.tap("#rp-menu")
        depot = seen.run("roadplan.layers.entries.get('depots').items[3].properties.id")
        seen.page.touchscreen.tap(*seen.pixel_of("depots", depot))
        seen.page.wait_for_selector(".leaflet-popup")
        seen.page.wait_for_timeout(400)
        left, right = seen.run(
            "(() => { const b = document.querySelector('.leaflet-popup').getBoundingClientRect();"
            "return [b.left, b.right]; })()"
        )
        assert left >= 0
        assert right <= 390
        assert seen.run("document.documentElement.scrollWidth") == 390

    def test_a_strangers_road_is_shown_as_well(
        self, stranger: Corridor, tmp_path: Path, visit: Callable[..., Any]
    ) -> None:
        """A corridor elsewhere, without places, background and reports, opens the same way."""
        seen = visit(corridor_map(stranger).save(tmp_path / "page.html"))
        assert seen.text("h1") == "Northern trunk"
        assert seen.page.locator("#rp-section-reports").count() == 0
        seen.page.fill("#rp-query", "Ruta 5 km 12+500")
        seen.page.press("#rp-query", "Enter")
        assert "Lot South" in seen.text(".leaflet-popup")

    def test_hostile_tables_are_only_text(
        self,
        stranger_tables: dict[str, pd.DataFrame],
        write_corridor: Callable[[dict[str, pd.DataFrame]], Path],
        tmp_path: Path,
        visit: Callable[..., Any],
    ) -> None:
        """Markup in the cells of every table reaches the reader as text and runs nowhere."""
        evil = '</script><img src=x onerror="window.ran=1"><script>window.ran=2</script>`${0}`'
        for frame in stranger_tables.values():
            for column in frame.columns:
                if column in {"name_en", "name_ru", "name_kk", "source", "note", "aliases"}:
                    frame[column] = evil
        hostile = corridor.load(write_corridor(stranger_tables))
        seen = visit(corridor_map(hostile).save(tmp_path / "page.html"))
        for i in range(seen.page.locator(".rp-list summary").count()):
            seen.page.locator(".rp-list summary").nth(i).click()
        seen.page.wait_for_timeout(100)
        for i in range(seen.page.locator(".rp-items button").count()):
            seen.page.locator(".rp-items button").nth(i).click()
            assert evil in seen.run("document.querySelector('.leaflet-popup').textContent")
        for code in ("ru", "kk"):
            seen.language(code)
        assert seen.run("document.title") == evil
        assert seen.run("window.ran") is None
        assert seen.run("document.querySelectorAll('img, main script').length") == 0
