"""Lines with fewer points."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import shapely
from hypothesis import given
from hypothesis import strategies as st

from roadplan.corridor.osm.generalise import kept_points

CORNERS = st.lists(
    st.tuples(st.integers(-500, 500), st.integers(-500, 500)), min_size=2, max_size=40
)


@given(CORNERS, st.floats(0.1, 200))
def test_dropped_points_are_within_the_tolerance(corners, tolerance):
    """Ends stay, order stays, and every dropped point is near the line that replaces it."""
    xy = np.array(corners, dtype=float)
    kept = kept_points(xy, tolerance)
    assert kept[0] == 0
    assert kept[-1] == len(xy) - 1
    assert (np.diff(kept) > 0).all()
    for a, b in pairwise(kept):
        piece = shapely.LineString(xy[[a, b]])
        assert all(piece.distance(shapely.Point(p)) <= tolerance + 1e-9 for p in xy[a : b + 1])
