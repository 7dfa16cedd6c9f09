"""Every text that the pages say stands in every catalogue."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib.resources import files
from typing import Any

import pytest
from babel.messages.pofile import read_po

from roadplan.corridor import Corridor
from roadplan.i18n import page_messages
from roadplan.maps import (
    Page,
    corridor_map,
    corridor_page,
    corridor_styles,
    index_page,
    reports,
)
from roadplan.maps.embedding import SCRIPTS, own_file

_SAID = re.compile(r"""\b(?:t|off|say)\(\s*(?:[\w.]+\s*\?\s*)?"([^"]+)"(?:\s*:\s*t\("([^"]+)")?""")
_COUNTED = re.compile(r"""\btn\(\s*"([^"]+)",\s*"([^"]+)\"""")
DOMAINS = sorted(
    path.name.removesuffix(".po")
    for path in files("roadplan").joinpath("locale", "ru", "LC_MESSAGES").iterdir()
    if path.name.endswith(".po")
)

_PLACES = re.compile(r"\{\w+\}")


def _strings(texts: Iterable[Any]) -> set[str]:
    return {text for text in texts if isinstance(text, str) and text}


def _script_texts() -> tuple[set[str], set[str]]:
    """Return the messages of the page scripts, and those of them that count."""
    sources = [own_file(f"{name}.js") for name in (*SCRIPTS, "index")]
    said = {text for source in sources for found in _SAID.findall(source) for text in found if text}
    counted = {found[0] for source in sources for found in _COUNTED.findall(source)}
    standings = re.search(r"const STANDING = \{(.*?)\}", own_file("fields.js"))
    assert standings is not None
    return said | set(re.findall(r'"([^"]+)"', standings[1])), counted


def _page_texts(page: Page) -> tuple[set[str], set[str]]:
    """Return the messages in the data of a page, and those of them that count."""
    data = page.data()
    said = _strings([data["title"], data["subtitle"], *data["about"]])
    said |= _strings(credit["text"] for credit in data["credits"])
    fields = [field for layer in data["layers"] for field in layer["fields"]]
    for layer in data["layers"]:
        said |= _strings([layer["title"], *(style["label"] for style in layer["styles"].values())])
    for panel in data["panels"]:
        content = panel["content"]
        titles = [group["title"] for group in content["groups"]]
        said |= _strings([panel["title"], content["intro"], content["nothing"], *titles])
        fields += [*content["head"], *content["fields"]]
    for field in fields:
        said |= _strings([field["label"], field["unit"], *field["choices"].values()])
    return said, _strings(field["one"] for field in fields)


def _constant_texts() -> set[str]:
    """Return messages in tables of the modules, whether or not the shipped data use them now."""
    styles = [
        *corridor_styles.STRUCTURE_STYLES.values(),
        *corridor_styles.REST_AREA_STYLES.values(),
        *corridor_styles.DETOUR_STYLES.values(),
        *(style for _, style in corridor_styles.DRIFT_CLASSES.values()),
    ]
    return _strings(
        [
            *(style.label for style in styles),
            *reports.ITEMS.values(),
            *index_page.GROUPS.values(),
            corridor_page.SKETCH_NOTE,
            "Made on",
            "Everything here works without a network.",
            "This page needs JavaScript to draw the map.",
            "All contracts together",
        ]
    )


@pytest.mark.parametrize("language", ["ru", "kk"])
def test_every_text_is_translated(road: Corridor, language: str) -> None:
    """No text of a page is missing in the Russian or the Kazakh catalogue."""
    said, counted = _script_texts()
    more_said, more_counted = _page_texts(corridor_map(road))
    messages = page_messages(["maps"])[language]
    wanted = said | more_said | _constant_texts() | counted | more_counted
    assert wanted - set(messages) == set()


def test_no_translation_is_left_over(road: Corridor) -> None:
    """The catalogues hold no text that no page says any more."""
    said, counted = _script_texts()
    more_said, more_counted = _page_texts(corridor_map(road))
    wanted = said | more_said | _constant_texts() | counted | more_counted
    assert set(page_messages(["maps"])["ru"]) - wanted == set()


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize(("language", "forms"), [("ru", 3), ("kk", 2)])
def test_catalogues_are_sound(language: str, forms: int, domain: str) -> None:
    """Plural forms are complete, no entry is fuzzy, and placeholders are those of the message."""
    path = files("roadplan").joinpath("locale", language, "LC_MESSAGES", f"{domain}.po")
    with path.open("rb") as stream:
        catalogue = read_po(stream, locale=language)
    for message in catalogue:
        if not message.id:
            continue
        ids = [message.id] if isinstance(message.id, str) else list(message.id)
        texts = [message.string] if isinstance(message.string, str) else list(message.string)
        assert not message.fuzzy
        assert len(texts) == (1 if isinstance(message.id, str) else forms)
        for text in texts:
            assert set(_PLACES.findall(text)) <= set(_PLACES.findall(ids[0]))
            if "{y}" not in ids[0]:
                assert set(_PLACES.findall(text)) == set(_PLACES.findall(ids[0]))
