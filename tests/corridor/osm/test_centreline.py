"""The axis between two carriageways."""

from __future__ import annotations

import numpy as np
import pytest

from roadplan.corridor.osm.centreline import centre_line, meeting_points, stretches

NOWHERE = np.empty((0, 2), dtype=int)


def line(*points: tuple[float, float]) -> np.ndarray:
    """Return points as an array."""
    return np.array(points, dtype=float)


def test_parallel_carriageways_enclose_the_axis():
    """Two lines 20 m apart have their axis 10 m from each."""
    xy, dual = centre_line(line((0, -10), (5_000, -10)), line((0, 10), (5_000, 10)), NOWHERE)
    assert np.abs(xy[:, 1]).max() < 1e-9
    assert xy[[0, -1], 0].tolist() == [0, 5_000]
    assert dual.all()
    assert len(dual) == len(xy) - 1


def test_one_road_is_its_own_axis():
    """Where both run on one road, its points are the axis."""
    road = line((0, 0), (700, 50), (1_500, 0))
    xy, dual = centre_line(road, road, np.column_stack((np.arange(3), np.arange(3))))
    assert xy.tolist() == road.tolist()
    assert not dual.any()


def test_road_drawn_twice_is_one_road():
    """Two ways over the same ground make no second carriageway."""
    road = line((0, 0), (700, 50), (1_500, 0))
    xy, dual = centre_line(road, road, NOWHERE)
    assert np.abs(xy[:, 1] - np.interp(xy[:, 0], road[:, 0], road[:, 1])).max() < 1e-9
    assert not dual.any()


def test_axis_passes_over_without_a_step_where_carriageways_part_widely():
    """From 150 to 300 m apart the axis passes from the middle to the carriageway, smoothly."""
    x = np.arange(0.0, 10_001, 20)
    apart = np.interp(x, [0, 2_000, 6_000, 8_000, 10_000], [20, 20, 600, 600, 20])
    there, back = np.column_stack((x, 0 * x)), np.column_stack((x, apart))
    xy, _ = centre_line(there, back, NOWHERE)
    assert xy[xy[:, 0] < 2_000, 1] == pytest.approx(10, abs=0.5)
    assert xy[(xy[:, 0] > 6_100) & (xy[:, 0] < 7_900), 1] == pytest.approx(0, abs=1e-6)
    assert np.hypot(*np.diff(xy, axis=0).T).max() < 30


def test_nodes_met_twice_keep_their_order():
    """Sequences that pass one node twice meet there twice, in order."""
    there = np.array([1, 2, 3, 4, 2, 6])
    back = np.array([1, 2, 9, 4, 2, 6])
    pairs = [(0, 0), (1, 1), (3, 3), (4, 4), (5, 5)]
    assert meeting_points(there, back).tolist() == [list(pair) for pair in pairs]


def test_short_stretches_are_joined_to_their_neighbours():
    """A traffic island and a crossing are no stretches of their own; a long parting is."""
    at = np.array([0.0, 3_000, 3_050, 6_000, 8_000, 8_090, 9_000])
    dual = np.array([False, True, False, True, False, True])
    found = [(s.from_m, s.to_m, s.carriageways) for s in stretches(at, dual)]
    assert found == [(0, 6_000, 1), (6_000, 9_000, 2)]
