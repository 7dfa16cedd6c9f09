"""The storm page in a real browser that can reach nothing but the file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from roadplan.corridor import Corridor
from roadplan.maps.storm_events import Interval, Proof
from roadplan.maps.storm_page import storm_map
from roadplan.maps.storm_styles import LEVELS, SEVERITIES, UNKNOWN_COLOUR
from roadplan.maps.storm_view import StormView

pytestmark = pytest.mark.browser

HOSTILE = (
    "<script>window.ran=1</script>",
    "</script><script>window.ran=2</script>",
    "<img src=x onerror=window.ran=3>",
    "\"'><b id=ran>bold</b>",
    "`${window.ran=4}` {n} {{7*7}}",
    "\u202egnp.exe\u202c \u200fעברית",
    "__proto__",
)

# What is drawn on the map, by stretch: the colour of the line or null.
_COLOURS = """(() => {
    const found = {};
    for (const [id, entry] of roadplan.layers.entries) {
        if (!id.startsWith('storm-risk')) continue;
        for (const one of entry.items) found[one.properties.number] = one.paths[0].options.color;
    }
    return Object.keys(found).map(Number).sort((a, b) => a - b).map((n) => found[n]);
})()"""
_TIP = "roadplan.layers.nameOf(roadplan.layers.find('storm-risk-{way}', 's{number}'))"

# A place on the screen where the first stretch is drawn.
_ON_THE_ROAD = """(() => {
    const one = roadplan.layers.find('storm-risk-rising', 's0');
    const [a, b] = one.paths[0]._rings[0];
    const p = roadplan.map.layerPointToContainerPoint(a.add(b).divideBy(2));
    const box = roadplan.map.getContainer().getBoundingClientRect();
    return [box.left + p.x, box.top + p.y];
})()"""

# A stretch of the branch without jams and closures, and its colours on the strip by slot.
_STRIP_ROW = """(() => {
    const { bands, xOf, yOf } = roadplan.stormStrip;
    const canvas = document.querySelector('.rp-strip canvas');
    const band = bands.find((one) => one.route === 'r2');
    const row = band.rows.find((one) => one.direction === 'rising');
    const y = Math.round(yOf(band, (row.from + row.to) / 2));
    const line = canvas.getContext('2d').getImageData(0, y, canvas.width, 1).data;
    const two = (c) => c.toString(16).padStart(2, '0');
    const hex = (x) => [...line.slice(4 * x, 4 * x + 3)].map(two);
    const at = (slot) => '#' + hex(Math.round(xOf(slot + 0.25))).join('').toUpperCase();
    return [row.index, Array.from({ length: roadplan.storm.slots }, (_, slot) => at(slot))];
})()"""

# Of the drawn risk lines of 3 px and more: how many there are, and in the middle of how many
# another one is found first.
_FIRST_UNDER_MIDDLES = """(() => {
    let [checked, wrong] = [0, 0];
    for (const [id, entry] of roadplan.layers.entries) {
        if (!id.startsWith('storm-risk')) continue;
        for (const one of entry.items) {
            const line = one.paths[0]?._parts[0] || [];
            const steps = line.slice(1).map((point, i) => point.distanceTo(line[i]));
            const length = steps.reduce((sum, step) => sum + step, 0);
            if (length < 3) continue;
            let [i, left] = [0, length / 2];
            while (left > steps[i]) left -= steps[i++];
            const point = line[i].add(line[i + 1].subtract(line[i]).multiplyBy(left / steps[i]));
            const found = roadplan.layers.under(point);
            const [first] = found.filter((other) => other.layer.id.startsWith('storm-risk'));
            checked += 1;
            if (first !== one) wrong += 1;
        }
    }
    return [checked, wrong];
})()"""

# How many dark and how many white pixels the strip has where a closure of the main route is.
_HATCHING = """(() => {
    const { bands, xOf, yOf } = roadplan.stormStrip;
    const [item] = roadplan.storm.state.alternative.closures;
    const band = bands.find((one) => one.route === item.route);
    const [left, right] = [xOf(item.start), xOf(item.end)];
    const [top, bottom] = [yOf(band, item.from), yOf(band, item.to)];
    const canvas = document.querySelector('.rp-strip canvas');
    const { data } = canvas.getContext('2d').getImageData(left, top, right - left, bottom - top);
    let [dark, white] = [0, 0];
    for (let i = 0; i < data.length; i += 4) {
        const light = (data[i] + data[i + 1] + data[i + 2]) / 3;
        if (light < 110) dark += 1;
        if (data[i + 2] > 200) white += 1;
    }
    return [dark, white];
})()"""


def _classed(name: str) -> dict[str, Any]:
    return {"class_names": {"en": name}, "kind": name}


def _plain(text: str) -> str:
    """Return a text without isolates and with plain spaces."""
    for mark in ("\u2068", "\u2069"):
        text = text.replace(mark, "")
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def _colours(view: StormView, alternative: int, slot: int) -> list[str]:
    levels = view.alternatives[alternative].level[slot]
    return [UNKNOWN_COLOUR if n < 0 else LEVELS[n].colour for n in levels.tolist()]


@pytest.fixture
def view(stranger: Corridor, make_view: Callable[..., StormView]) -> StormView:
    """Give an invented storm on the stranger's road."""
    return make_view(stranger)


@pytest.fixture
def page(stranger: Corridor, view: StormView, tmp_path: Path) -> Path:
    """Give the file of its page."""
    return storm_map(stranger, view).save(tmp_path / "storm.html")


def test_the_slider_colours_the_road(
    view: StormView, page: Path, visit: Callable[..., Any]
) -> None:
    """In every slot each stretch has the colour of its level; where nothing is known, grey."""
    seen = visit(page)
    for slot in (0, 5, 11):
        seen.page.fill("#rp-storm-slider", str(slot))
        assert seen.run(_COLOURS) == _colours(view, 0, slot)
    assert UNKNOWN_COLOUR in _colours(view, 0, 5)
    assert len(set(_colours(view, 0, 5))) > 2


def test_time_is_that_of_the_road(page: Path, visit: Callable[..., Any]) -> None:
    """The slot is told in local time, whatever the clock of the reader, as each language does."""
    seen = visit(page, timezone_id="America/New_York")
    seen.page.fill("#rp-storm-slider", "11")
    assert _plain(seen.text(".rp-storm-time")) == "2026-01-31 23:30–00:00 UTC+5"
    seen.language("ru")
    assert _plain(seen.text(".rp-storm-time")) == "31.01.2026 23:30–00:00 UTC+5"


def test_arrows_and_buttons_move_the_time(page: Path, visit: Callable[..., Any]) -> None:
    """Arrow keys move the slot from the slider and from the page, and stop at its ends."""
    seen = visit(page)
    seen.page.keyboard.press("ArrowRight")
    assert seen.run("roadplan.storm.state.slot") == 1
    seen.page.focus("#rp-storm-slider")
    seen.page.keyboard.press("ArrowRight")
    assert seen.run("roadplan.storm.state.slot") == 2
    seen.page.click("[aria-label='One slot back']")
    assert seen.run("roadplan.storm.state.slot") == 1
    for _ in range(3):
        seen.page.keyboard.press("ArrowLeft")
    assert seen.run("roadplan.storm.state.slot") == 0


def test_playing_goes_on_by_itself_and_can_be_stopped(
    page: Path, visit: Callable[..., Any]
) -> None:
    """The button plays slot after slot until it is pressed again, and stops at the end."""
    seen = visit(page, address="#lang=en&slot=10")
    seen.page.click(".rp-storm-play")
    assert seen.page.get_attribute(".rp-storm-play", "aria-label") == "Pause"
    seen.page.wait_for_function("() => roadplan.storm.state.slot === 11")
    seen.page.wait_for_selector(".rp-storm-play[aria-label=Play]")
    seen.page.click(".rp-storm-play")
    seen.page.wait_for_function(
        "() => roadplan.storm.state.slot >= 1 && roadplan.storm.state.slot < 11"
    )
    seen.page.click(".rp-storm-play")
    assert seen.page.get_attribute(".rp-storm-play", "aria-label") == "Play"


def test_the_switch_shows_another_alternative(
    view: StormView, page: Path, visit: Callable[..., Any]
) -> None:
    """Colours, delay and crews are those of the alternative that is chosen."""
    seen = visit(page, address="#lang=en&slot=7")
    assert "12,300 veh·h (10,200–14,800)" in _plain(seen.text(".rp-storm-delay"))
    assert seen.run("roadplan.layers.find('storm-crews', 'c1').paths.length") > 0
    seen.page.click("[data-alternative=nothing]")
    assert seen.run(_COLOURS) == _colours(view, 2, 6)
    assert "22,300 veh·h" in _plain(seen.text(".rp-storm-delay"))
    assert seen.run("roadplan.layers.find('storm-crews', 'c1').paths.length") == 0
    assert seen.page.get_attribute("[data-alternative=nothing]", "aria-pressed") == "true"


def test_a_link_leads_to_slot_and_alternative(page: Path, visit: Callable[..., Any]) -> None:
    """The address takes slot and alternative, and nonsense in it does no harm."""
    seen = visit(page, address="#lang=en&slot=5&plan=beats")
    assert seen.run("[roadplan.storm.state.slot, roadplan.storm.state.alternative.id]") == [
        4,
        "beats",
    ]
    seen = visit(page, address="#lang=en&slot=1e9&plan=__proto__")
    assert seen.run("[roadplan.storm.state.slot, roadplan.storm.state.alternative.id]") == [
        0,
        "plan",
    ]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "3 high · P(jam > 5 km) = 32 %, 16 of 50"),
        ("ru", "3 высокий · P(затор > 5 км) = 32 %, 16 из 50"),
        ("kk", "3 жоғары · P(кептеліс > 5 км) = 32 %, 50 ішінен 16"),
    ],
)
def test_tooltips_tell_level_and_probability(
    stranger: Corridor,
    view: StormView,
    tmp_path: Path,
    visit: Callable[..., Any],
    language: str,
    text: str,
) -> None:
    """Under the pointer stand place, level with number and word, and runs with a long jam."""
    first = view.alternatives[0]
    level, hits = first.level.copy(), first.jam_hits.copy()
    level[0, 0], hits[0, 0] = 3, 16
    changed = replace(view, alternatives=(replace(first, level=level, jam_hits=hits),))
    seen = visit(
        storm_map(stranger, changed).save(tmp_path / "one.html"), address=f"#lang={language}"
    )
    # The map may still be settling into its frame when the page says that it is ready.
    for _ in range(20):
        x, y = seen.run(_ON_THE_ROAD)
        seen.page.mouse.move(x + 40, y)
        seen.page.mouse.move(x, y, steps=3)
        seen.page.wait_for_timeout(150)
        if seen.page.locator(".rp-tip").count():
            break
    assert _plain(seen.text(".rp-tip")).endswith(text)


def test_some_is_not_told_as_none(
    stranger: Corridor, view: StormView, tmp_path: Path, visit: Callable[..., Any]
) -> None:
    """One run of a thousand is under 1 %, all but one over 99 %, and unknown is said so."""
    first = view.alternatives[0]
    hits = np.zeros_like(first.jam_hits)
    hits[0, :3] = [1, 999, -1]
    changed = replace(view, runs=1000, alternatives=(replace(first, jam_hits=hits),))
    seen = visit(storm_map(stranger, changed).save(tmp_path / "one.html"))
    tips = [
        _plain(seen.run(_TIP.format(way=way, number=n)))
        for n, way in enumerate(("rising", "falling", "rising"))
    ]
    assert tips[0].endswith("P(jam > 5 km) = under 1 %, 1 of 1,000")
    assert tips[1].endswith("P(jam > 5 km) = over 99 %, 999 of 1,000")
    assert tips[2].endswith("P(jam > 5 km): unknown")


def test_severity_and_probability_are_told_apart(
    view: StormView, page: Path, visit: Callable[..., Any]
) -> None:
    """The scale switches from levels to severities; a popup tells each in a line of its own."""
    seen = visit(page, address="#lang=en&slot=7")
    seen.page.select_option("#rp-storm-scale", "s")
    severity = view.alternatives[0].severity[6].tolist()
    wanted = [UNKNOWN_COLOUR if n < 0 else SEVERITIES[n].colour for n in severity]
    assert seen.run(_COLOURS) == wanted
    assert "closed or impassable" in seen.text(".rp-storm-legend")
    seen.run("roadplan.stormMap.show('r1', 23000)")
    labels = seen.run("[...document.querySelectorAll('.rp-popup dt')].map((e) => e.textContent)")
    for label in ("Risk level", "Severity", "P(jam > 5 km)"):
        assert label in labels
    assert any(label.startswith("Probability of it") for label in labels)


def test_an_open_popup_follows_the_slider(page: Path, visit: Callable[..., Any]) -> None:
    """What a popup says is of the moment that is shown."""
    seen = visit(page)
    seen.run("roadplan.stormMap.show('r1', 23000)")
    assert "18:00–18:30" in seen.text(".rp-popup")
    seen.page.fill("#rp-storm-slider", "6")
    assert "21:00–21:30" in seen.text(".rp-popup")
    assert "18:00–18:30" not in seen.text(".rp-popup")


def test_crews_move_and_tell_their_next_order(
    view: StormView, page: Path, visit: Callable[..., Any]
) -> None:
    """On the page a crew is where the plan has it, and tells class, order and the one after."""
    seen = visit(page)
    for slot in (0, 2, 6):
        seen.page.fill("#rp-storm-slider", str(slot))
        for crew in view.alternatives[0].crews:
            place = crew.at(slot)
            assert place is not None
            found = seen.run(
                f"(({{found}}) => [found.route, found.station, found.direction])"
                f"(roadplan.layers.find('storm-crews', '{crew.id}'))"
            )
            assert found == [place[0].route, pytest.approx(place[0].station_m, abs=1.0), place[1]]
    tip = _plain(seen.run("roadplan.layers.nameOf(roadplan.layers.find('storm-crews', 'c1'))"))
    assert tip.startswith("Crew 1 · Plough truck · Ploughing to km ")
    assert "next: 22:00 Refilling" in tip
    seen.page.click("#rp-section-crews summary")
    assert "2 crews, 2 ploughing" in seen.text("#rp-section-crews")


def test_jams_and_closures_come_and_go(
    view: StormView, page: Path, visit: Callable[..., Any]
) -> None:
    """In each slot as many jams and closures are drawn as there are, ordered and foreseen apart."""
    seen = visit(page)
    first = view.alternatives[0]
    for slot in range(0, view.slots, 3):
        seen.page.fill("#rp-storm-slider", str(slot))
        for layer, count in (
            ("jams", sum(jam.slot == slot for jam in first.jams)),
            ("closures", sum(c.start <= slot < c.end for c in first.closures)),
        ):
            drawn = (
                f"roadplan.layers.entries.get('storm-{layer}').items.filter((i) => i.paths.length)"
            )
            assert seen.run(f"{drawn}.length") == count
    seen.page.fill("#rp-storm-slider", "6")
    seen.page.click("#rp-section-events summary")
    text = seen.text("#rp-section-events")
    assert "Closure to all vehicles foreseen" in text
    assert "in up to 40 % of the runs" in text
    assert "Closed to freight and public transport" in text


def test_the_strip_leads_to_slot_and_place(
    view: StormView, page: Path, visit: Callable[..., Any]
) -> None:
    """A click on a cell goes to its slot and kilometre; what is pointed at is told."""
    seen = visit(page)
    x, y = seen.run(
        "(() => { const { bands, xOf, yOf } = roadplan.stormStrip;"
        "const box = document.querySelector('.rp-strip-over').getBoundingClientRect();"
        "const band = bands.find((one) => one.route === 'r1');"
        "return [box.left + xOf(8.5), box.top + yOf(band, 30000)]; })()"
    )
    seen.page.mouse.move(x, y)
    assert "22:00–22:30" in seen.text(".rp-strip-read")
    seen.page.mouse.click(x, y)
    assert seen.run("roadplan.storm.state.slot") == 8
    assert _plain(seen.text(".rp-popup h3")).startswith("km 34+")


def test_the_strip_has_the_colours_of_the_map(
    view: StormView, page: Path, visit: Callable[..., Any]
) -> None:
    """In one direction each cell of the strip is of the colour of its level."""
    seen = visit(page)
    seen.page.select_option("#rp-strip-direction", "rising")
    seen.page.uncheck("#rp-strip-crews")
    number, colours = seen.run(_STRIP_ROW)
    levels = view.alternatives[0].level[:, number].tolist()
    wanted = [UNKNOWN_COLOUR if n < 0 else LEVELS[n].colour for n in levels]
    closed = [c for c in view.alternatives[0].closures if c.stretch == view.stretches[number]]
    assert closed == []
    assert colours == [colour.upper() for colour in wanted]


def test_the_strip_answers_the_keyboard(page: Path, visit: Callable[..., Any]) -> None:
    """Arrows move over slots and places, and Enter goes there."""
    seen = visit(page)
    seen.page.focus(".rp-strip-over")
    for key in ("ArrowDown", "ArrowDown", "ArrowRight", "Enter"):
        seen.page.keyboard.press(key)
    assert seen.run("roadplan.storm.state.slot") == 1
    assert seen.page.locator(".rp-popup").count() == 1


def test_what_is_invented_and_estimated_is_marked(
    stranger: Corridor, view: StormView, page: Path, tmp_path: Path, visit: Callable[..., Any]
) -> None:
    """A synthetic storm and estimated inputs stand above the map; a forecast has no such mark."""
    seen = visit(page, address="#lang=ru")
    assert "Синтетическая буря" in seen.text(".rp-storm-synthetic")
    assert "парк машин, движение" in seen.text(".rp-storm-estimated")
    real = replace(view, storm=replace(view.storm, synthetic=False), estimated=())
    seen = visit(storm_map(stranger, real).save(tmp_path / "real.html"))
    assert seen.page.locator(".rp-storm-mark").count() == 0


@pytest.mark.parametrize(
    ("proof", "text"),
    [
        (Proof(100.0, 98.8), "Proven: no plan of these crews costs over 1.2 % less."),
        (Proof(1000.0, 989.95), "Proven: no plan of these crews costs over 1.1 % less."),
        (Proof(100.0, 99.99), "Proven: no plan of these crews costs over 0.1 % less."),
        (Proof(100.0, 100.0), "Proven: no plan of these crews costs less."),
        (Proof(100.0), "No bound could be proven in the time given"),
        (Proof(0.0, 0.0), "Proven: no plan of these crews costs less."),
    ],
)
def test_the_gap_is_told_in_words(
    stranger: Corridor,
    view: StormView,
    tmp_path: Path,
    visit: Callable[..., Any],
    proof: Proof,
    text: str,
) -> None:
    """A gap, an optimum and the lack of a bound each have a sentence."""
    first = replace(view.alternatives[0], proof=proof)
    seen = visit(
        storm_map(stranger, replace(view, alternatives=(first,))).save(tmp_path / "one.html")
    )
    assert text in _plain(seen.text("#rp-section-outcome"))


def test_a_difference_that_is_not_sure_is_not_told_as_one(
    stranger: Corridor, view: StormView, tmp_path: Path, visit: Callable[..., Any]
) -> None:
    """Savings whose interval holds zero are no savings; losses are told as losses."""
    plan, beats, nothing = view.alternatives
    changed = replace(
        view,
        alternatives=(
            plan,
            replace(beats, saving_veh_h=Interval(50.0, -20.0, 120.0)),
            replace(nothing, saving_veh_h=Interval(-50.0, -90.0, -10.0)),
        ),
    )
    seen = visit(storm_map(stranger, changed).save(tmp_path / "one.html"))
    text = _plain(seen.text("#rp-section-outcome"))
    assert "No sure difference in delay between “The plan” and “Equal beats”." in text
    assert "“The plan” has 50 veh·h (10–90) more delay than “Nothing cleared”." in text


def test_counts_take_their_plural_form(
    stranger: Corridor, make_view: Callable[..., Any], tmp_path: Path, visit: Callable[..., Any]
) -> None:
    """The number of crews takes the form of the language."""
    seen = visit(
        storm_map(stranger, make_view(stranger, crews=5)).save(tmp_path / "page.html"),
        address="#lang=ru",
    )
    seen.page.click("#rp-section-crews summary")
    assert "5 экипажей, на расчистке 0" in _plain(seen.text("#rp-section-crews"))
    forms = seen.run(
        "[1, 2, 21].map((n) => roadplan.language.tn("
        "'{n} crew, {busy} ploughing', '', n, {busy: 0}))"
    )
    assert [text.split(",")[0] for text in forms] == ["1 экипаж", "2 экипажа", "21 экипаж"]


@pytest.mark.parametrize("language", ["ru", "kk"])
def test_nothing_on_the_page_is_left_untranslated(
    stranger: Corridor, view: StormView, tmp_path: Path, visit: Callable[..., Any], language: str
) -> None:
    """Whatever is opened, switched and pointed at, no message is missing in the catalogues."""
    page = storm_map(stranger, view)
    page.add_script(
        "listen",
        "window.missing = new Set(); for (const code of ['ru', 'kk']) {"
        " roadplan.data.messages[code] = new Proxy(roadplan.data.messages[code], {"
        "  getOwnPropertyDescriptor(target, key) {"
        "   const found = Object.getOwnPropertyDescriptor(target, key);"
        "   if (!found) window.missing.add(key); return found; } }); }",
    )
    seen = visit(page.save(tmp_path / "page.html"), address=f"#lang={language}")
    seen.page.evaluate(
        """() => {
            for (const box of document.querySelectorAll('details')) box.open = true;
            const storm = roadplan.storm;
            for (const alternative of storm.alternatives) {
                for (const scale of ['l', 's', 'p']) {
                    for (let slot = 0; slot < storm.slots; slot += 2) {
                        storm.set({ alternative, scale, slot });
                        for (const [, entry] of roadplan.layers.entries) {
                            for (const one of entry.items.filter((item) => item.paths.length)) {
                                roadplan.layers.nameOf(one);
                                roadplan.fields.all(one);
                            }
                        }
                    }
                }
            }
            roadplan.stormMap.show('r1', 23000);
        }"""
    )
    assert seen.run("[...window.missing]") == []


def test_hostile_names_are_shown_and_never_run(
    stranger: Corridor, view: StormView, tmp_path: Path, visit: Callable[..., Any]
) -> None:
    """Markup in the names of storm, crews, classes, plans and notes stands there as text."""
    plan = view.alternatives[0]
    crews = tuple(
        replace(plan.crews[0], id=name, names={"en": name}, depot=name, **_classed(name))
        for name in HOSTILE
    )
    changed = replace(
        view,
        storm=replace(
            view.storm,
            names={"en": HOSTILE[0]},
            source=HOSTILE[1],
            notes=tuple({"en": name} for name in HOSTILE),
        ),
        estimated=HOSTILE,
        alternatives=(
            replace(plan, crews=crews),
            *(replace(plan, id=name, title={"en": name}, crews=()) for name in HOSTILE),
        ),
    )
    seen = visit(storm_map(stranger, changed).save(tmp_path / "page.html"))
    assert HOSTILE[0] in seen.run("document.title")
    buttons = seen.run(
        "[...document.querySelectorAll('.rp-storm-switch button')].map((b) => b.textContent)"
    )
    assert buttons == ["The plan", *HOSTILE]
    notes = seen.run("[...document.querySelectorAll('.rp-storm-note')].map((e) => e.textContent)")
    assert notes == list(HOSTILE)
    seen.page.click("#rp-section-crews summary")
    names = seen.run(
        "[...document.querySelectorAll('#rp-section-crews .rp-link bdi')].map((e) => e.textContent)"
    )
    assert names == list(HOSTILE)
    seen.page.locator("#rp-section-crews .rp-link").nth(3).click()
    assert HOSTILE[3] in seen.run("document.querySelector('.rp-popup').textContent")
    for i in range(len(HOSTILE)):
        seen.page.locator(".rp-storm-switch button").nth(i + 1).click()
    assert seen.run("window.ran") is None
    assert seen.run("document.querySelectorAll('#ran, main img, main script').length") == 0


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "No noticeable difference in delay between “The plan” and “Nothing cleared”."),
        ("ru", "Заметной разницы в задержке между «План» и «Без расчистки» нет."),
        ("kk", "«Жоспар» пен «Тазаланбаса» арасында кідірісте байқалатын айырма жоқ."),
    ],
)
def test_a_difference_of_nothing_is_not_told_as_one(
    stranger: Corridor,
    view: StormView,
    tmp_path: Path,
    visit: Callable[..., Any],
    language: str,
    text: str,
) -> None:
    """A loss that rounds to 0 veh·h is none, however sure its sign is."""
    plan, _, nothing = view.alternatives
    nothing = replace(nothing, saving_veh_h=Interval(-0.3, -0.45, -0.1))
    seen = visit(
        storm_map(stranger, replace(view, alternatives=(plan, nothing))).save(tmp_path / "a.html"),
        address=f"#lang={language}",
    )
    assert text in _plain(seen.text("#rp-section-outcome"))


@pytest.mark.parametrize("least", [0.0, 0.1])
def test_none_says_which_share_of_the_runs_counts(
    stranger: Corridor, view: StormView, tmp_path: Path, visit: Callable[..., Any], least: float
) -> None:
    """Where jams in few runs are left out, none means none in so many of the runs."""
    plan = replace(view.alternatives[0], jams=(), closures=())
    changed = replace(view, alternatives=(plan,), least_share=least)
    seen = visit(storm_map(stranger, changed).save(tmp_path / "page.html"))
    seen.page.click("#rp-section-events summary")
    text = "None at this time in 10 % of the runs or more." if least else "None at this time."
    assert seen.run(
        "[...document.querySelectorAll('#rp-section-events .rp-none')].map((p) => p.textContent)"
    ) == [text, text]


@pytest.mark.parametrize("size", [(1400, 900), (390, 844)])
def test_the_page_tells_when_it_was_computed(
    page: Path, visit: Callable[..., Any], size: tuple[int, int]
) -> None:
    """The moment stands above the map in the time of the road, with its zone."""
    seen = visit(page, size=size, timezone_id="America/New_York")
    assert seen.page.locator(".rp-storm-made").is_visible()
    assert _plain(seen.text(".rp-storm-made")) == "Computed 2026-01-31 17:00 UTC+5"


def test_places_of_crews_name_their_road(
    road: Corridor, make_view: Callable[..., Any], tmp_path: Path, visit: Callable[..., Any]
) -> None:
    """With several postings a post is told with its own, and without posts the route is named."""
    seen = visit(storm_map(road, make_view(road, crews=1)).save(tmp_path / "page.html"))
    seen.page.click("#rp-section-crews summary")
    here = _plain(seen.text("#rp-section-crews dd"))
    assert here.startswith("Old kilometres: km ")
    bare = seen.run("roadplan.posts.short('balkhash-city', 6399)")
    assert _plain(bare) == "Old road through Balkhash: station 6,399 m"


def test_the_stretch_that_is_pointed_at_comes_first(
    road: Corridor, make_view: Callable[..., Any], tmp_path: Path, visit: Callable[..., Any]
) -> None:
    """In the middle of each drawn line of some length its own stretch is found first."""
    seen = visit(
        storm_map(road, make_view(road, stretches=160)).save(tmp_path / "page.html"),
        size=(1366, 768),
    )
    checked, wrong = seen.run(_FIRST_UNDER_MIDDLES)
    assert checked > 100
    assert wrong <= 0.04 * checked


@pytest.mark.parametrize(
    "size", [(844, 390), (667, 375), (915, 412), (390, 600), (390, 664), (360, 640), (844, 200)]
)
def test_on_a_low_screen_the_map_keeps_its_room(
    road: Corridor,
    make_view: Callable[..., Any],
    tmp_path: Path,
    visit: Callable[..., Any],
    size: tuple[int, int],
) -> None:
    """The bar leaves more than half of a low screen to the map, which shows the whole road."""
    seen = visit(storm_map(road, make_view(road)).save(tmp_path / "page.html"), size=size)
    height = seen.run("document.getElementById('rp-map').clientHeight")
    assert height >= 0.52 * size[1]
    assert seen.run("document.documentElement.scrollWidth") <= size[0]
    zoom, inside, share = seen.run(
        "(() => { const { map, data } = roadplan; const all = L.latLngBounds(data.bounds);"
        "const [a, b] = [all.getNorthWest(), all.getSouthEast()]"
        ".map((at) => map.latLngToContainerPoint(at));"
        "return [map.getZoom(), map.getBounds().contains(all), (b.y - a.y) / map.getSize().y]; })()"
    )
    assert 2 <= zoom < 19
    assert inside
    assert share > 0.45


def test_a_map_without_room_is_left_alone(page: Path, visit: Callable[..., Any]) -> None:
    """Showing the whole road on a map of few pixels or none never asks for an endless zoom."""
    seen = visit(page)
    for height in (49, 5, 0):
        zoom = seen.run(
            "(() => { const { map } = roadplan;"
            f"document.getElementById('rp-map').style.flex = 'none';"
            f"document.querySelector('.folium-map').style.height = '{height}px';"
            "document.querySelector('.folium-map').style.bottom = 'auto';"
            "map.invalidateSize({ animate: false }); roadplan.controls.fit(map, false);"
            "return map.getZoom(); })()"
        )
        assert 0 <= zoom < 19


def test_buttons_make_way_for_a_popup_on_a_phone(page: Path, visit: Callable[..., Any]) -> None:
    """While a popup is open no button lies over it, and in any language it is seen whole."""
    seen = visit(page, size=(390, 844), has_touch=True)
    buttons = ("#rp-menu", ".leaflet-control-zoom")
    seen.run("roadplan.stormMap.show('r1', 23000)")
    for language in ("ru", "kk", "en"):
        seen.language(language)
        seen.page.wait_for_timeout(500)
        assert not any(seen.page.locator(button).is_visible() for button in buttons)
        assert seen.run(
            "(() => { const box = (query) => document.querySelector(query).getBoundingClientRect();"
            "const [popup, map] = [box('.leaflet-popup'), box('#rp-map')];"
            "return popup.top >= map.top && popup.bottom <= map.bottom"
            " && popup.left >= map.left && popup.right <= map.right; })()"
        )
    seen.page.click(".leaflet-popup-close-button")
    assert all(seen.page.locator(button).is_visible() for button in buttons)


def test_the_strip_has_a_key(page: Path, visit: Callable[..., Any]) -> None:
    """What is drawn over the cells of this storm is told beside a sample, and nothing else."""
    seen = visit(page)
    words = "[...document.querySelectorAll('.rp-strip-key li')].map((li) => li.textContent)"
    assert seen.run(words) == [
        "Closed to freight and public transport",
        "Closure to all vehicles foreseen",
        "Jam",
        "Ploughing",
        "Travelling",
        "Refilling",
    ]
    seen.language("ru")
    assert "Загрузка" in seen.run(words)


def test_closures_are_seen_on_light_cells(
    stranger: Corridor, view: StormView, tmp_path: Path, visit: Callable[..., Any]
) -> None:
    """Hatching over cells of level 1 has dark pixels beside white ones."""
    first = view.alternatives[0]
    level = np.ones_like(first.level)
    changed = replace(first, level=level, jams=(), crews=())
    seen = visit(
        storm_map(stranger, replace(view, alternatives=(changed,))).save(tmp_path / "light.html")
    )
    dark, white = seen.run(_HATCHING)
    assert dark > 50
    assert white > 20


def test_the_mark_of_the_slot_covers_no_title(page: Path, visit: Callable[..., Any]) -> None:
    """Nothing of the frame and mark of the slot lies where the title of the first band stands."""
    seen = visit(page)
    assert seen.run("roadplan.stormStrip.bands[0].titled")
    drawn = seen.run(
        "(() => { const canvas = document.querySelector('.rp-strip-over');"
        "const top = roadplan.stormStrip.bands[0].y - 16;"
        "const { data } = canvas.getContext('2d').getImageData(0, top, canvas.width, 11);"
        "return data.filter((value, i) => i % 4 === 3 && value > 0).length; })()"
    )
    assert drawn == 0


@pytest.mark.parametrize("slots", [12, 13, 14, 15])
def test_hours_are_never_squeezed(
    stranger: Corridor,
    make_view: Callable[..., Any],
    tmp_path: Path,
    visit: Callable[..., Any],
    slots: int,
) -> None:
    """Each hour of the strip has the room that its letters need."""
    seen = visit(storm_map(stranger, make_view(stranger, slots=slots)).save(tmp_path / "page.html"))
    rooms = seen.page.evaluate(
        """() => {
            const found = [];
            const plain = CanvasRenderingContext2D.prototype.fillText;
            CanvasRenderingContext2D.prototype.fillText = function (text, x, y, most) {
                if (/^\\d\\d:00$/.test(text)) found.push(most - this.measureText(text).width);
                return plain.call(this, text, x, y, most);
            };
            roadplan.storm.set({ scale: 's' });
            return found;
        }"""
    )
    assert len(rooms) > 1
    assert min(rooms) >= 0


@pytest.mark.parametrize("language", ["ru", "kk", "en"])
def test_on_a_phone_everything_has_room(
    page: Path, visit: Callable[..., Any], language: str
) -> None:
    """Nothing is wider than the screen, the map keeps a third of it, and the strip opens."""
    seen = visit(page, size=(390, 844), address=f"#lang={language}", has_touch=True)
    assert seen.run("document.documentElement.scrollWidth") <= 390
    assert seen.run("document.getElementById('rp-map').clientHeight") > 844 / 3
    hint = seen.run(
        "(() => { const input = document.getElementById('rp-query');"
        "const ctx = document.createElement('canvas').getContext('2d');"
        "const style = getComputedStyle(input);"
        "ctx.font = `${style.fontSize} ${style.fontFamily}`;"
        "const pads = parseFloat(style.paddingLeft) + parseFloat(style.paddingRight);"
        "return input.clientWidth - pads - ctx.measureText(input.placeholder).width; })()"
    )
    assert hint >= 0
    seen.page.click("#rp-menu")
    assert seen.page.locator(".rp-strip-over").is_visible()
    assert seen.run("document.querySelector('.rp-strip').clientWidth") < 390


def test_one_slot_and_one_stretch_are_enough(
    stranger: Corridor, make_view: Callable[..., Any], tmp_path: Path, visit: Callable[..., Any]
) -> None:
    """The smallest storm there is makes a page that complains of nothing."""
    view = make_view(stranger, slots=1, stretches=1, crews=0)
    bare: dict[str, Any] = {"jams": (), "closures": (), "chances": (), "proof": None}
    one = replace(view.alternatives[0], delay_veh_h=None, **bare)
    view = replace(view, alternatives=(one,))
    seen = visit(storm_map(stranger, view).save(tmp_path / "one.html"))
    seen.page.click(".rp-storm-play")
    assert "The delay is not known." in seen.text("#rp-section-outcome")
