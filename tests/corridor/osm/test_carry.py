"""Stations carried over: order, ends and adjacency stay, positions stay where they can."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from roadplan.corridor import load
from roadplan.corridor.osm.carry import carry_tables, map_stations, stations_on

OLD = [(0, 0), (6_000, 400), (12_000, 0)]


def test_same_axis_moves_nothing(sketch):
    """On an unchanged axis every station stays, to the millimetre."""
    axis = sketch.axis(OLD)
    stations = np.linspace(0, axis.length_m, 501)
    mapped = map_stations(axis, axis, stations)
    assert np.interp(stations, mapped.old_m, mapped.new_m) == pytest.approx(stations, abs=1e-3)


def test_place_on_the_ground_is_kept(sketch):
    """On a road drawn 30 m aside, a station goes to the foot of its old place."""
    mapped = map_stations(
        sketch.axis([(0, 0), (10_000, 0)]), sketch.axis([(-500, 30), (10_000, 30)])
    )
    assert mapped([2_000, 7_500]).tolist() == pytest.approx([2_500, 8_000], abs=0.1)


def test_ends_go_to_ends(sketch):
    """However far the new axis reaches, beginning and end are beginning and end."""
    old, new = sketch.axis(OLD), sketch.axis([(-900, 50), (6_000, 450), (12_800, 0)])
    first, last = map_stations(old, new)([0.0, old.length_m])
    assert first == 0
    assert new.length_m - 0.01 <= last <= new.length_m


def test_stations_follow_a_bypass(sketch):
    """Stations on both sides of a new bypass keep their places though it is longer."""
    old = sketch.axis([(0, 0), (12_000, 0)])
    new = sketch.axis([(0, 0), (4_000, 0), (6_000, 2_500), (8_000, 0), (12_000, 0)])
    longer = new.length_m - old.length_m
    mapped = map_stations(old, new)
    assert mapped([1_000, 3_000]).tolist() == pytest.approx([1_000, 3_000], abs=1)
    assert mapped([9_000, 11_000]) == pytest.approx(np.array([9_000, 11_000]) + longer, abs=1)


def test_short_cut_leaves_no_empty_stretch(sketch):
    """Where the new road cuts a spur of the old axis off, its stations stay apart, in order."""
    old = sketch.axis([(0, 0), (5_000, 0), (5_000, 3_000), (5_050, 3_000), (5_050, 0), (10_000, 0)])
    new = sketch.axis([(0, 0), (10_000, 0)])
    stations = np.arange(0, old.length_m, 10.0)
    assert (np.diff(map_stations(old, new, stations)(stations)) > 0.1).all()


def test_loop_keeps_its_stations_apart(sketch):
    """Stations before and after a loop do not swap where the axis crosses itself."""
    line = [(0, 0), (6_000, 0), (6_000, 3_000), (3_000, 3_000), (3_000, -3_000)]
    old, new = sketch.axis(line), sketch.axis([(x + 20, y + 20) for x, y in line])
    stations = np.arange(100, old.length_m - 100, 100.0)
    assert np.abs(map_stations(old, new, stations)(stations) - stations).max() < 100


@given(
    st.lists(st.floats(-400, 400), min_size=9, max_size=9),
    st.lists(st.floats(0, 1), min_size=2, max_size=30),
)
@settings(max_examples=40, deadline=None)
def test_order_and_ends_always_hold(sketch_type, aside, shares):
    """On any bent axis: equal stations stay equal, greater ones greater, none leaves the axis."""
    sketch = sketch_type()
    x = np.linspace(0, 12_000, 9)
    old = sketch.axis([(0, 0), (12_000, 0)])
    new = sketch.axis(np.column_stack((x, aside)))
    stations = np.unique(np.round(np.array(shares) * old.length_m, 0))
    mapped = map_stations(old, new, stations)(stations)
    assert (np.diff(mapped) > 0).all()
    assert (mapped >= 0).all()
    assert (mapped <= new.length_m).all()


def test_every_row_of_the_route_moves_and_no_other(stranger, tmp_path):
    """All tables with stations are carried, ids and other routes stay, adjacency stays exact."""
    road = load(stranger.write(tmp_path))
    tables = dict(road.tables)
    old = road.axis("ruta")
    new = stranger.sketch.axis([(0, 80), (8_000, 1_600), (22_000, 500), (30_000, 20)])
    mapped = map_stations(old, new, stations_on(tables, "ruta"))
    carried, moves = carry_tables(tables, "ruta", old, new, mapped)

    segments = carried["segments"]
    assert segments["segment"].tolist() == tables["segments"]["segment"].tolist()
    assert segments["from_m"].tolist()[1:] == segments["to_m"].tolist()[:-1]
    assert segments["from_m"].iloc[0] == 0
    structure = carried["structures"].set_index("structure")["station_m"]
    assert structure["b1"] == segments["to_m"].iloc[1] == carried["regions"]["to_m"].iloc[0]
    assert structure["b3"] == 5_000
    posts = ["from_post_km", "to_post_km"]
    assert carried["posting_breaks"][posts].equals(tables["posting_breaks"][posts])
    assert {move.table for move in moves} == {
        name for name in stranger.rows() if name not in {"routes", "control_points", "postings"}
    }
    assert all(tables[name].equals(road.tables[name]) for name in tables)


def test_moves_are_those_on_the_ground(stranger, tmp_path):
    """What is told of a row is the geodesic distance between its old and its new place."""
    road = load(stranger.write(tmp_path))
    old = road.axis("ruta")
    new = stranger.sketch.axis([(0, 80), (8_000, 1_600), (22_000, 500), (30_000, 20)])
    mapped = map_stations(old, new, [7_000.0])
    _, moves = carry_tables(dict(road.tables), "ruta", old, new, mapped)
    row = next(move for move in moves if move.key == "ra1")
    there, here = old.points([row.old_m]), new.points([row.new_m])
    assert row.sideways_m == pytest.approx(Geod(ellps="WGS84").inv(*there, *here)[2][0], abs=1e-6)
    assert row.along_m == pytest.approx(row.new_m - 7_000)


def test_places_stay_where_they_are(stranger, tmp_path):
    """A town does not move with the road: its station and offset are measured anew."""
    road = load(stranger.write(tmp_path))
    old = road.axis("ruta")
    new = stranger.sketch.axis([(0, 0), (30_000, 0)])
    carried, _ = carry_tables(dict(road.tables), "ruta", old, new, map_stations(old, new))
    town = carried["places"].iloc[0]
    assert town["station_m"] == pytest.approx(20_000, abs=1)
    assert town["offset_m"] == pytest.approx(2_600, abs=1)
    assert town[["lon", "lat"]].equals(road.tables["places"].iloc[0][["lon", "lat"]])
