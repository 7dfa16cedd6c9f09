"""Order sheets: a sheet for each crew, in three languages, with nothing run and nothing loaded."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from html.parser import HTMLParser
from types import MappingProxyType

import pytest

from roadplan.corridor import Position
from roadplan.corridor.model import Names
from roadplan.winter.order_sheets import order_sheets
from roadplan.winter.planning import NightPlan
from roadplan.winter.spoken_posts import SpokenPosts


class _Seen(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href")]

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def seen(page: str) -> _Seen:
    """Return what a parser sees in a page."""
    parser = _Seen()
    parser.feed(page)
    return parser


@pytest.mark.parametrize(
    ("language", "word"), [("ru", "Очистка"), ("kk", "Тазалау"), ("en", "Clear")]
)
def test_every_crew_has_a_sheet_in_every_language(
    language: str, word: str, shipped_plan: NightPlan
) -> None:
    """With its work, and nothing loaded from elsewhere."""
    page = order_sheets(shipped_plan, language=language)
    found = seen(page)
    assert found.tags.count("section") == len(shipped_plan.board.duties)
    assert word in page
    assert f'<html lang="{language}">' in page
    assert "script" not in found.tags
    assert all(link.startswith("#") for link in found.links)
    ploughed = sum(leg.kind == "plough" for crew in shipped_plan.timetable.legs for leg in crew)
    assert page.count('class="plough"') == ploughed


def test_nothing_is_left_in_english(shipped_plan: NightPlan) -> None:
    """No English word of ours stands on a Russian or Kazakh sheet."""
    for language in ("ru", "kk"):
        text = " ".join(seen(order_sheets(shipped_plan, language=language)).text[5:])
        for word in ("Clear", "Drive", "Time", "Direction", "Dispatcher", "On duty", "rising"):
            assert not re.search(rf"\b{word}\b", text), (language, word)


def test_places_are_written_for_drivers(shipped_plan: NightPlan) -> None:
    """Posts by the names people use, numbers in the writing of the language, the day, no ids."""
    labels = {"ru": "М‑36 <span>", "kk": "ҚАЗ01 <span>", "en": "M‑36 <span>"}
    for language, label in labels.items():
        page = order_sheets(shipped_plan, language=language)
        assert label in page
        assert "m36:" not in page
        assert ", main" not in page
        assert f'<th colspan="7">{shipped_plan.board.night.start:%d.%m.%Y}</th>' in page
        decimal = "." if language == "en" else ","
        assert re.search(rf'<td class="time km" data-head="[^"]+">\d+\{decimal}\d</td>', page)


def test_a_new_day_is_said(shipped_plan: NightPlan) -> None:
    """Times of day alone would not tell one night from the next."""
    night = shipped_plan.board.night
    plan = shipped_plan.result.plan
    busy = [move.slot for moves in plan.crews for move in moves if move.kind != "wait"]
    # Midnight falls between the first departure and the last.
    middle = night.moment((min(busy) + max(busy)) / 2 * night.slots.hours)
    midnight = (middle + dt.timedelta(days=1)).replace(hour=0, minute=0, second=0)
    start = night.slots.start + int((midnight - middle).total_seconds())
    later = replace(night, slots=replace(night.slots, start=start))
    board = replace(shipped_plan.board, night=later)
    days = re.findall(
        r'colspan="7">([\d.]+)<', order_sheets(replace(shipped_plan, board=board), language="en")
    )
    eve = midnight - dt.timedelta(days=1)
    assert set(days) == {f"{day:%d.%m.%Y}" for day in (eve, midnight)}


def test_text_from_users_is_shown_and_not_run(shipped_plan: NightPlan) -> None:
    """Names of crews and bases with markup stay text."""
    board = shipped_plan.board
    evil = '<script>alert("1")</script>'
    first = board.duties[0]
    base = board.fleet.bases[first.crew.base]
    bases = dict(board.fleet.bases) | {base.id: replace(base, names=Names(evil, evil, evil))}
    changed = replace(
        board,
        duties=(replace(first, name=evil), *board.duties[1:]),
        fleet=replace(board.fleet, bases=MappingProxyType(bases)),
    )
    found = seen(order_sheets(replace(shipped_plan, board=changed), language="en"))
    assert "script" not in found.tags
    assert any(evil in text for text in found.text)


@pytest.mark.parametrize(
    ("language", "words", "depot"),
    [
        ("ru", ("Ожидание", "М‑36 <span>", "Быть наготове на месте"), "Быть наготове на базе"),
        ("kk", ("Күту", "М‑36 <span>", "Орнында дайын тұру"), "Базада дайын тұру"),
        ("en", ("Wait", "M‑36 <span>", "Stand by where you are"), "Stand by at the depot"),
    ],
)
def test_a_crew_on_the_road_without_orders_waits_where_it_stands(
    language: str, words: tuple[str, str, str], depot: str, shipped_plan: NightPlan
) -> None:
    """By its posts and for all its duty; a crew without orders at its depot stands by there."""
    board = shipped_plan.board
    place = Position("main", 500_000.0)
    out = replace(board.duties[0], place=place, start_slot=2, end_slot=10)
    home = replace(board.duties[1], place=None)
    legs = ((), (), *shipped_plan.timetable.legs[2:])
    planned = replace(
        shipped_plan,
        board=replace(board, duties=(out, home, *board.duties[2:])),
        timetable=replace(shipped_plan.timetable, legs=legs),
    )
    page = order_sheets(planned, language=language)
    first, second = page.split("<section ")[1:3]
    wait, post, stand_by = words
    (row,) = re.findall(r'<tr class="wait">.*?</tr>', first)
    night = board.night
    begin, end = (f"{night.moment(slot * night.slots.hours):%H:%M}" for slot in (2, 10))
    said = re.findall(r"<td [^>]*>(.*?)</td>", row)
    assert said[:2] == [f"{begin} – {end}", wait]
    assert said[2].startswith(post)
    assert SpokenPosts(night.corridor, language).at(place)[0][1] in row
    assert f'<th colspan="7">{night.moment(2 * night.slots.hours):%d.%m.%Y}</th>' in first
    assert depot not in first
    assert stand_by in first
    assert depot in second
    assert stand_by not in second
    assert '<tr class="wait">' not in second


def test_a_loose_page_says_whose_it_is(shipped_plan: NightPlan) -> None:
    """The head of each table, which comes again on every printed page, names crew and time."""
    page = order_sheets(shipped_plan, language="en")
    heads = re.findall(r'<thead><tr class="whose"><th colspan="7">(.*?)</th></tr>', page)
    busy = [
        duty.name
        for duty, legs in zip(shipped_plan.board.duties, shipped_plan.timetable.legs, strict=True)
        if legs
    ]
    assert [head.split(" · ")[0] for head in heads] == [f"Order: {name}" for name in busy]
    assert all(f"{shipped_plan.board.night.start:%d.%m.%Y}" in head for head in heads)


def test_a_loose_page_says_that_the_storm_is_synthetic(shipped_plan: NightPlan) -> None:
    """In the language of the sheet, so that nobody drives out for a storm that was invented."""
    words = {"ru": "синтетическая буря", "kk": "синтетикалық дауыл", "en": "synthetic storm"}
    for language, word in words.items():
        page = order_sheets(shipped_plan, language=language)
        heads = re.findall(r'<tr class="whose">(.*?)</tr>', page)
        assert heads
        assert all(word in head for head in heads)


def test_every_cell_carries_the_head_of_its_column(shipped_plan: NightPlan) -> None:
    """On a narrow screen the heads are gone, and the cells of a row stand below each other."""
    page = order_sheets(shipped_plan, language="en")
    heads = ["Time", "What", "From", "To", "Direction", "km", "Done"]
    rows = re.findall(r'<tr class="(?:plough|travel|refill|wait)">(.*?)</tr>', page)
    assert rows
    assert all(re.findall(r'data-head="(.*?)"', row) == heads for row in rows)


def test_another_language_is_refused(shipped_plan: NightPlan) -> None:
    """Only three are known."""
    with pytest.raises(ValueError, match="not one of"):
        order_sheets(shipped_plan, language="de")
