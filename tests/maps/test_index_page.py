"""The page that links what a run has made."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from roadplan.errors import RoadplanError
from roadplan.maps import Entry, index_html, write_index

# The moment is local time without a zone, as a reader's clock shows it.
MADE_AT = datetime(2026, 1, 31, 7, 5)  # noqa: DTZ001
TITLE = {"en": "Road", "ru": "Дорога", "kk": "Жол"}


def _write(folder: Path, *entries: Entry) -> Path:
    return write_index(folder, entries, title=TITLE, made_at=MADE_AT)


def test_entries_stand_in_groups_with_their_sizes(tmp_path: Path) -> None:
    """Each file is linked under its group, with kind and size, and readable without a script."""
    (tmp_path / "corridor.html").write_bytes(b"x" * 1_500_000)
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "beats.csv").write_bytes(b"x" * 800)
    path = _write(
        tmp_path,
        Entry(href="tables/beats.csv", title={"en": "Beats"}, group="tables"),
        Entry(href="corridor.html", title={"en": "Map"}, purpose={"en": "See it", "ru": "Видно"}),
    )
    html = path.read_text(encoding="utf-8")
    assert html.index("Карты и страницы") < html.index("corridor.html") < html.index("Таблицы")
    assert 'data-size="1500000">1,5 МБ' in html
    assert 'data-size="800">1 кБ' in html
    assert "Видно" in html
    assert 'datetime="2026-01-31T07:05"' in html


def test_a_link_to_nothing_is_refused(tmp_path: Path) -> None:
    """An index names every file that is missing and is not written."""
    with pytest.raises(RoadplanError, match=r"has no a\.html, b\.html"):
        _write(tmp_path, Entry(href="a.html", title="A"), Entry(href="b.html", title="B"))
    assert not (tmp_path / "index.html").exists()


@pytest.mark.parametrize("href", ["", "/etc/passwd", "../up.html", "a\\b.html"])
def test_a_path_out_of_the_folder_is_refused(href: str) -> None:
    """Only files beside the page can be linked."""
    with pytest.raises(RoadplanError, match="no path inside the folder"):
        Entry(href=href, title="A")


def test_an_unknown_group_is_refused() -> None:
    """A group that the page does not have is an error that lists those it has."""
    with pytest.raises(RoadplanError, match="there are pages, tables"):
        Entry(href="a.html", title="A", group="films")


def test_odd_file_names_are_links_all_the_same() -> None:
    """A file whose name looks like an address or markup is linked as a file."""
    entries = [
        Entry(href="javascript:alert(1)", title={"en": "A"}),
        Entry(href='"><b>.html', title={"en": "<b>B</b>"}),
    ]
    html = index_html(entries, title=TITLE, made_at=MADE_AT)
    assert 'href="javascript%3Aalert%281%29"' in html
    assert "<b>" not in html


@pytest.mark.browser
def test_the_index_speaks_three_languages(tmp_path: Path, visit: Callable[..., Any]) -> None:
    """Titles, purposes, sizes and dates change with the language, and links carry it on."""
    (tmp_path / "corridor.html").write_bytes(b"x" * 1_500_000)
    path = write_index(
        tmp_path,
        [
            Entry(
                href="corridor.html", title={"en": "Map", "kk": "Карта"}, purpose="Map of the road"
            )
        ],
        title=TITLE,
        made_at=MADE_AT,
        facts=[({"en": "Crews"}, {"en": "30"})],
    )
    seen = visit(path)
    assert "1.5 MB" in seen.text("main li")
    assert "Map of the road" in seen.text("main li")
    assert seen.text("footer time") == "2026-01-31 07:05"
    seen.language("kk")
    assert "1,5 МБ" in seen.text("main li")
    assert "Жол картасы" in seen.text("main li")
    assert seen.text("footer time") == "31.01.2026 07:05"
    assert seen.run("[document.title, document.documentElement.lang]") == ["Жол", "kk"]
    assert seen.page.locator("main a").get_attribute("href") == "corridor.html#lang=kk"


@pytest.mark.browser
def test_hostile_titles_are_text(tmp_path: Path, visit: Callable[..., Any]) -> None:
    """Markup in a title of the index is shown and not run."""
    evil = "</script><img src=x onerror=window.ran=1>`${0}`"
    (tmp_path / "a.csv").write_text("x", encoding="utf-8")
    seen = visit(_write(tmp_path, Entry(href="a.csv", title={"en": evil}, purpose={"en": evil})))
    seen.language("ru")
    assert seen.run("document.querySelector('main a').textContent") == evil
    assert seen.run("[window.ran ?? null, document.images.length]") == [None, 0]
