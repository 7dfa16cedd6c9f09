"""Kilometre posts of places as people say them in their language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from roadplan.corridor import Corridor, Position
from roadplan.corridor.posts import format_km
from roadplan.i18n import translate

_DOMAIN: Final = "orders"
_LETTERS: Final[Mapping[str, tuple[str, ...]]] = {
    "ru": ("[А-яЁё]",),
    "kk": ("[ӘәҒғҚқҢңӨөҰұҮүҺһІі]", "[А-яЁё]"),
    "en": ("[A-Za-z]",),
}
"""Letters of aliases by language, the most wanted first."""


class SpokenPosts:
    """Says posts with the short names that their postings have in a language.

    Parameters
    ----------
    corridor
        The road.
    language
        `ru`, `kk` or `en`.
    """

    def __init__(self, corridor: Corridor, language: str) -> None:
        self._corridor, self._language = corridor, language
        table = corridor.table("postings")
        self._known: dict[Position, list[tuple[str, str]]] = {}
        self.postings = {str(row["posting"]): row for row in table.to_dict("records")}

    def label(self, posting: str) -> str:
        """Return what a posting is called for short: an alias in the reader's letters."""
        aliases = str(self.postings.get(posting, {}).get("aliases") or "").split(";")
        letters = _LETTERS[self._language]
        wanted = [each for letter in letters for each in aliases if re.search(letter, each)]
        return next((each.strip() for each in [*wanted, *aliases] if each.strip()), posting)

    def at(self, place: Position) -> list[tuple[str, str]]:
        """Return short name and kilometre of each post at a place; none where it has none."""
        if place not in self._known:
            posts = self._corridor.postings.posts(self._on_road(place))
            self._known[place] = [(self.label(p.posting), format_km(p.km)) for p in posts]
        return self._known[place]

    def along(self, place: Position) -> str:
        """Return route and kilometres from its beginning, for places without posts."""
        name = self._corridor.route(place.route).names[self._language] or place.route
        text = translate("{km} km from its beginning", self._language, _DOMAIN)
        km = self.number(self._on_road(place).station_m / 1000.0)
        return f"{name}: {text.replace('{km}', km)}"

    def text(self, place: Position) -> str:
        """Return the posts of a place in one text."""
        return " · ".join(f"{name} {km}" for name, km in self.at(place)) or self.along(place)

    def number(self, value: float) -> str:
        """Return a number with a decimal in the writing of the language."""
        text = f"{value:.1f}"
        return text if self._language == "en" else text.replace(".", ",")

    def _on_road(self, place: Position) -> Position:
        length_m = self._corridor.route(place.route).length_m
        return Position(place.route, min(max(place.station_m, 0.0), length_m))
