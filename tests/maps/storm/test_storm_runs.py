"""Long jams and closures as stretches and rectangles."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from roadplan.maps.storm_events import Stretch
from roadplan.maps.storm_runs import rectangles, spells

_STRETCHES = [
    Stretch("r1", 0.0, 10.0, "rising"),
    Stretch("r1", 0.0, 10.0, "falling"),
    Stretch("r1", 10.0, 20.0, "rising"),
    Stretch("r1", 10.0, 20.0, "falling"),
    Stretch("r1", 25.0, 30.0, "rising"),
    Stretch("r2", 20.0, 25.0, "rising"),
]


@given(arrays(bool, (7, len(_STRETCHES))))
def test_rectangles_cover_what_is_shown_and_nothing_else(shown: np.ndarray) -> None:
    """Every flag lies in exactly one rectangle."""
    covered = np.zeros(shown.shape, dtype=int)
    for start, end, stretch, own in rectangles(shown, _STRETCHES):
        covered[start:end, own] += 1
        assert stretch.from_m == min(_STRETCHES[n].from_m for n in own)
        assert stretch.to_m == max(_STRETCHES[n].to_m for n in own)
    assert np.array_equal(covered, shown.astype(int))


def test_neighbours_of_one_direction_are_joined() -> None:
    """Two stretches that touch are one closure; a gap, another route or direction parts them."""
    shown = np.ones((3, len(_STRETCHES)), dtype=bool)
    found = [(s.route, s.from_m, s.to_m, s.direction) for *_, s, _ in rectangles(shown, _STRETCHES)]
    assert sorted(found) == [
        ("r1", 0.0, 20.0, "falling"),
        ("r1", 0.0, 20.0, "rising"),
        ("r1", 25.0, 30.0, "rising"),
        ("r2", 20.0, 25.0, "rising"),
    ]


@given(st.lists(st.booleans()))
def test_spells_are_the_flags(flags: list[bool]) -> None:
    """Ranges of set flags, put together, are the flags."""
    again = np.zeros(len(flags), dtype=bool)
    for start, end in spells(np.array(flags, dtype=bool)):
        assert start < end
        again[start:end] = True
    assert again.tolist() == flags
