"""Which ways of OpenStreetMap belong to a route: by their reference or their name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from roadplan.corridor.model import Corridor
from roadplan.errors import RoadplanError

REF_KEYS = ("ref", "int_ref", "nat_ref", "official_ref")
"""Tags that hold references; several stand in one value, separated by semicolons."""

NAME_KEYS = ("name", "name:en", "name:ru", "name:kk", "int_name", "official_name", "alt_name")
"""Tags that hold names."""

# Letters that look or sound alike in the Latin and Cyrillic spelling of one reference.
_ALIKE = ("AА", "BВБ", "CСЦ", "EЕ", "GГ", "HН", "KКҚ", "MМ", "OО", "PПР", "TТ", "XХ", "YУ", "ZЗ")
_LETTERS = {letter: group for group in _ALIKE for letter in group}
_REFERENCE = re.compile(r"[^\W\d_]{1,4}[\s\-–]*\d{1,4}[^\W\d_]?")


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a way must match to belong to the route: a reference or a name.

    Parameters
    ----------
    ref
        Searched for in each reference of a way.
    name
        Searched for in each name of a way.

    Examples
    --------
    >>> wanted = Wanted.parse(ref="^A-?7$")
    >>> wanted.matches({"ref": "E 40;A7"}), wanted.matches({"ref": "A71"})
    (True, False)
    """

    ref: re.Pattern[str] | None = None
    name: re.Pattern[str] | None = None

    def __post_init__(self) -> None:
        if self.ref is None and self.name is None:
            raise RoadplanError("say which ways the route has: give a reference or a name")

    @classmethod
    def parse(cls, *, ref: str | None = None, name: str | None = None) -> Wanted:
        """Read regular expressions as people give them; capitals do not matter.

        Raises
        ------
        RoadplanError
            An expression is malformed, or both are empty.
        """
        return cls(ref=_pattern(ref, "reference"), name=_pattern(name, "name"))

    @classmethod
    def of_route(cls, corridor: Corridor, route: str) -> Wanted:
        """Take the references from the kilometre systems that run along a route.

        Raises
        ------
        RoadplanError
            No posting of the route is named like a road's reference (letters and a number).
        """
        breaks = corridor.table("posting_breaks")
        own = set(breaks.loc[breaks["route"] == route, "posting"])
        postings = corridor.table("postings")
        texts = [
            text
            for row in postings[postings["posting"].isin(own)].itertuples()
            for text in (str(row.posting), *str(row.aliases).split(";"))
        ]
        pattern = reference_pattern(texts)
        if not pattern:
            raise RoadplanError(
                f"no posting of route '{route}' is named like a road's reference; "
                "give --ref or --name"
            )
        return cls.parse(ref=pattern)

    def matches(self, tags: Mapping[str, object]) -> bool:
        """Tell whether a way with these tags belongs to the route."""
        return self._found(self.ref, tags, REF_KEYS) or self._found(self.name, tags, NAME_KEYS)

    @staticmethod
    def _found(
        pattern: re.Pattern[str] | None, tags: Mapping[str, object], keys: Iterable[str]
    ) -> bool:
        return pattern is not None and any(
            pattern.search(value.strip())
            for key in keys
            if key in tags
            for value in str(tags[key]).split(";")
        )

    def __str__(self) -> str:
        """Return what is wanted as people read it."""
        parts = []
        if self.ref is not None:
            parts.append(f"reference {self.ref.pattern}")
        if self.name is not None:
            parts.append(f"name {self.name.pattern}")
        return " or ".join(parts)


def reference_pattern(texts: Iterable[str]) -> str:
    """Return an expression for references however they are spelt; empty where none is one.

    Latin and Cyrillic letters that stand for one another are taken as equal, and spaces and
    hyphens between letters and number as optional.

    Examples
    --------
    >>> pattern = reference_pattern(["M-36"])
    >>> [bool(re.search(pattern, text)) for text in ("М 36", "M36", "M360")]
    [True, True, False]
    """
    found: dict[str, None] = {}
    for text in texts:
        if not _REFERENCE.fullmatch(text.strip()):
            continue
        spelt = []
        for character in re.sub(r"[\s\-–]+", "", text.upper()):
            alike = _LETTERS.get(character)
            spelt.append(f"[{alike}]" if alike else re.escape(character))
        found["".join(spelt)] = None
    # The separator stands where letters end and the number begins.
    spelt_all = [re.sub(r"^(\D+?)(?=\d)", r"\1[ -]*", pattern) for pattern in found]
    return f"^({'|'.join(spelt_all)})$" if spelt_all else ""


def _pattern(text: str | None, what: str) -> re.Pattern[str] | None:
    if not text:
        return None
    try:
        return re.compile(text, re.IGNORECASE)
    except re.error as error:
        raise RoadplanError(
            f"the {what} '{text}' is no regular expression: {error}; "
            "put a backslash before ( ) [ ] . * + ? that are meant literally"
        ) from error
