"""Points in order matched to places along a line."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from roadplan.corridor.osm.matching import match, rising
from roadplan.corridor.osm.plane import along


def test_points_beside_a_line_are_matched_to_their_feet():
    """On a straight line the place is the foot of the perpendicular."""
    line = np.array([(0.0, 0.0), (1_000.0, 0.0)])
    points = np.array([(100.0, 30.0), (400.0, -20.0), (900.0, 5.0)])
    found = match(points, np.array([0.0, 300.0, 800.0]), line, along(line))
    assert found == pytest.approx([100, 400, 900])


def test_order_decides_between_near_limbs():
    """Points on the far limb of a hairpin are not matched to the near limb they lie closer to."""
    line = np.array([(0.0, 0.0), (2_000.0, 0.0), (2_000.0, 40.0), (0.0, 40.0)])
    at = np.arange(50.0, 4_000.0, 50.0)
    true = np.column_stack([np.interp(at, along(line), line[:, i]) for i in (0, 1)])
    points = np.column_stack((true[:, 0], np.where(true[:, 1] > 20, 15.0, 25.0)))
    assert np.abs(match(points, at, line, along(line)) - at).max() < 60


def test_place_passed_twice_is_told_apart():
    """Where a line crosses itself, each pass is matched to its own limb."""
    line = np.array([(0.0, 0.0), (2_000.0, 0.0), (2_000.0, 1_000.0), (1_000.0, 1_000.0)])
    line = np.concatenate((line, [(1_000.0, -1_000.0)]))
    at = np.arange(0.0, along(line)[-1], 40.0)
    points = np.column_stack([np.interp(at, along(line), line[:, i]) for i in (0, 1)])
    assert match(points, at, line, along(line)) == pytest.approx(at, abs=1e-6)


@given(arrays(float, st.integers(1, 40), elements=st.floats(-1e6, 1e6)))
def test_rising_never_falls_and_keeps_the_mean(values):
    """The nearest rising sequence rises, has the same sum, and is itself where it rose already."""
    found = rising(values)
    assert (np.diff(found) >= 0).all()
    assert found.sum() == pytest.approx(values.sum(), abs=1e-3)
    assert rising(np.sort(values)) == pytest.approx(np.sort(values))
