"""Which ways belong to a route."""

from __future__ import annotations

import re

import pytest

from roadplan.corridor.osm import Wanted
from roadplan.corridor.osm.wanted import reference_pattern
from roadplan.errors import RoadplanError


@pytest.mark.parametrize(
    ("tags", "matches"),
    [
        ({"ref": "M-36"}, True),
        ({"ref": "А-350; М-36"}, True),
        ({"int_ref": "E 125", "nat_ref": "М36"}, True),
        ({"ref": "m 36"}, True),
        ({"ref": "M-360"}, False),
        ({"name": "M-36"}, False),
        ({}, False),
    ],
)
def test_references_match_however_they_are_spelt(tags, matches):
    """Latin and Cyrillic letters, hyphens and spaces make no difference; other numbers do."""
    assert Wanted.parse(ref=reference_pattern(["m36"])).matches(tags) is matches


def test_either_reference_or_name_is_enough():
    """Both given, a way needs one of them."""
    wanted = Wanted.parse(ref="^A7$", name="ring road")
    assert wanted.matches({"ref": "A7"})
    assert wanted.matches({"name:en": "Outer Ring Road"})
    assert not wanted.matches({"name": "Side Street"})
    assert str(wanted) == "reference ^A7$ or name ring road"


def test_words_without_numbers_are_no_references():
    """What is named like a place gives no pattern, and neither does a number alone."""
    assert reference_pattern(["Kurty-Konaev", "36", "", "Road to 12 oaks"]) == ""


def test_pattern_covers_every_spelling_given():
    """Several designations make one pattern."""
    pattern = re.compile(reference_pattern(["KAZ01", "A-7"]), re.IGNORECASE)
    assert [bool(pattern.search(t)) for t in ("KAZ 01", "КАЗ-01", "a7", "A77")] == [
        True,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize("what", ["ref", "name"])
def test_broken_expressions_are_told(what):
    """A bracket left open is told with the remedy."""
    with pytest.raises(RoadplanError, match=r"no regular expression.*backslash"):
        Wanted.parse(**{what: "A7("})


def test_nothing_wanted_is_refused():
    """At least one of them must be given."""
    with pytest.raises(RoadplanError, match="give a reference or a name"):
        Wanted.parse(ref="", name=None)
