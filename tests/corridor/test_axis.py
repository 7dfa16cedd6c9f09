"""Stations to points and back, against pyproj on the same points."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pyproj import Geod

from roadplan.corridor import _nearest
from roadplan.corridor.axis import Axis
from roadplan.errors import FaultsError, RoadplanError, StationError

GEOD = Geod(ellps="WGS84")
SHIPPED = Path(__file__).parents[2] / "geodata" / "control_points.csv"
Floats = NDArray[np.float64]


def winding_points() -> tuple[Floats, Floats]:
    """Return control points of an invented road of some 900 km, with short and long lines."""
    rng = np.random.default_rng(7)
    lat = 49.8 - np.cumsum(rng.uniform(0.002, 0.1, 160))
    lon = 73.1 + np.cumsum(rng.normal(0.01, 0.05, 160))
    return lon, lat


@pytest.fixture(scope="module")
def road() -> Axis:
    """Return the main line as shipped, or an invented road where the data are not there."""
    if not SHIPPED.exists():
        return Axis(*winding_points())
    points = pd.read_csv(SHIPPED).sort_values(["route", "seq"])
    longest = points["route"].value_counts().index[0]
    points = points[points["route"] == longest]
    return Axis(points["lon"].to_numpy(), points["lat"].to_numpy())


def geodesic_points(axis: Axis, station_m: Floats) -> tuple[Floats, Floats]:
    """Return points at stations straight from pyproj, without the fine line."""
    azimuth, _, _ = GEOD.inv(axis.lon[:-1], axis.lat[:-1], axis.lon[1:], axis.lat[1:])
    edge = np.searchsorted(axis.control_station_m, station_m, side="right") - 1
    edge = np.clip(edge, 0, len(azimuth) - 1)
    along = station_m - axis.control_station_m[edge]
    lon, lat, _ = GEOD.fwd(axis.lon[edge], axis.lat[edge], azimuth[edge], along)
    return np.asarray(lon), np.asarray(lat)


def metres_between(a: tuple[Floats, Floats], b: tuple[Floats, Floats]) -> Floats:
    """Return the geodesic distances between points pair by pair."""
    return np.asarray(GEOD.inv(*a, *b)[2])


def nearest_by_hand(axis: Axis, lon: float, lat: float) -> float:
    """Return the geodesic distance to the nearest point, by trying stations ever finer."""

    def distance(station_m: Floats) -> Floats:
        points = geodesic_points(axis, station_m)
        return metres_between(points, (np.full_like(station_m, lon), np.full_like(station_m, lat)))

    coarse = np.linspace(0, axis.length_m, int(axis.length_m // 20) + 2)
    away = distance(coarse)
    best = np.inf
    for start in coarse[np.argsort(away)[:200:10]]:
        centre, width = start, 40.0
        for _ in range(4):
            near = np.clip(np.linspace(centre - width, centre + width, 41), 0, axis.length_m)
            away = distance(near)
            centre, width = near[np.argmin(away)], width / 15
        best = min(best, float(away.min()))
    return best


@st.composite
def axes(draw: st.DrawFn) -> Axis:
    """Draw axes anywhere short of the poles and the 180° meridian, with sharp bends."""
    lon, lat = draw(st.floats(-170, 170)), draw(st.floats(-80, 80))
    step = st.tuples(st.floats(0, 360), st.floats(1, 20_000))
    lons, lats = [lon], [lat]
    for azimuth, length in draw(st.lists(step, min_size=1, max_size=8)):
        lon, lat, _ = GEOD.fwd(lons[-1], lats[-1], azimuth, length)
        lons.append(lon)
        lats.append(lat)
    return Axis(lons, lats)


# -- lengths and points --------------------------------------------------------------------------


def test_length_is_the_geodesic_length_of_the_control_points(road: Axis) -> None:
    """The length agrees with pyproj on the control points."""
    assert road.length_m == pytest.approx(GEOD.line_length(road.lon, road.lat), rel=1e-9)


def test_length_of_a_degree_of_the_equator_and_of_the_meridian() -> None:
    """A degree of the equator is a·π/180; one of the meridian from it is 110,574.389 m."""
    assert Axis([10, 11], [0, 0]).length_m == pytest.approx(6_378_137 * np.pi / 180, abs=0.001)
    assert Axis([10, 10], [0, 1]).length_m == pytest.approx(110_574.389, abs=0.001)


def test_points_lie_on_the_geodesics(road: Axis) -> None:
    """Every point is within a millimetre of pyproj's own, station by station."""
    station = np.random.default_rng(1).uniform(0, road.length_m, 20_000)
    assert metres_between(road.points(station), geodesic_points(road, station)).max() < 0.001


@settings(deadline=None)
@given(axis=axes(), share=st.floats(0, 1))
def test_points_lie_on_the_geodesics_anywhere(axis: Axis, share: float) -> None:
    """The same holds for any axis on earth, also near the poles."""
    station = np.array([share * axis.length_m])
    assert metres_between(axis.points(station), geodesic_points(axis, station)).max() < 0.001


def test_control_points_are_met_exactly(road: Axis) -> None:
    """At the station of a control point stands the control point itself."""
    lon, lat = road.points(road.control_station_m)
    np.testing.assert_array_equal(lon, road.lon)
    np.testing.assert_array_equal(lat, road.lat)


def test_shapes_are_kept(road: Axis) -> None:
    """Single numbers, tables of numbers and empty lists give results of the same shape."""
    assert road.points(5.0)[0].shape == ()
    assert road.points(np.ones((2, 3)))[1].shape == (2, 3)
    assert road.points([])[0].shape == (0,)
    assert road.locate(road.lon[0], road.lat[0])[0].shape == ()
    assert road.locate(np.full((2, 3), 75.0), 46.0)[1].shape == (2, 3)
    assert road.locate([], [])[0].shape == (0,)
    assert road.bearings([]).shape == (0,)
    assert road.lines([], []).shape == (0,)


def test_stations_outside_are_refused(road: Axis) -> None:
    """The first stations outside are named, and the range that would be right."""
    with pytest.raises(StationError, match=rf"3 of 4 .*-5\.000, .*nan.*0 to {road.length_m:.3f}"):
        road.points([-5.0, 1.0, road.length_m + 0.5, np.nan])
    with pytest.raises(StationError, match="must be numbers"):
        road.points(["km 5"])


def test_a_millimetre_outside_is_the_end(road: Axis) -> None:
    """Rounding does not throw a station off the road; more than rounding does."""
    lon, lat = road.points([-0.0009, road.length_m + 0.0009])
    assert (lon[0], lat[1]) == (road.lon[0], road.lat[-1])
    with pytest.raises(StationError):
        road.points(-0.002)


def test_point_geometries_are_the_points(road: Axis) -> None:
    """The shapely points have the coordinates of `points`."""
    lon, lat = road.points([0, 1000])
    geometries = road.point_geometries([0, 1000])
    np.testing.assert_array_equal(shapely.get_coordinates(geometries), np.column_stack((lon, lat)))


# -- round trips and nearest points --------------------------------------------------------------


def test_round_trip_of_100_000_stations(road: Axis) -> None:
    """Station → point → station returns within a centimetre, and on the line."""
    station = np.random.default_rng(2).uniform(0, road.length_m, 100_000)
    back, offset = road.locate(*road.points(station))
    assert np.abs(back - station).max() < 0.01
    assert np.abs(offset).max() < 0.001


@settings(deadline=None)
@given(axis=axes(), shares=st.lists(st.floats(0, 1), min_size=1, max_size=5))
def test_round_trip_lands_on_the_same_point(axis: Axis, shares: list[float]) -> None:
    """On any axis the point found is the point asked for, though a crossing has two stations."""
    points = axis.points(np.array(shares) * axis.length_m)
    station, offset = axis.locate(*points)
    assert metres_between(axis.points(station), points).max() < 0.01
    assert np.abs(offset).max() < 0.01


@pytest.mark.parametrize("away_m", [5, 500, 20_000, 300_000])
def test_offset_is_the_true_distance(road: Axis, away_m: float) -> None:
    """Near and far, the offset is the geodesic distance found by trying stations in pyproj."""
    rng = np.random.default_rng(int(away_m))
    station = rng.uniform(0, road.length_m, 8)
    lon, lat = road.offset_points(station, rng.choice([-1, 1], 8) * away_m)
    found, offset = road.locate(lon, lat)
    by_hand = [nearest_by_hand(road, x, y) for x, y in zip(lon, lat, strict=True)]
    np.testing.assert_allclose(np.abs(offset), by_hand, atol=0.002)
    foot = geodesic_points(road, found)
    np.testing.assert_allclose(metres_between(foot, (lon, lat)), by_hand, atol=0.002)


def test_the_foot_is_square_to_the_axis() -> None:
    """On a single geodesic the way to the foot meets it at a right angle."""
    axis = Axis([70.0, 74.0], [45.0, 47.0])
    rng = np.random.default_rng(4)
    lon, lat = rng.uniform(70.5, 73.5, 200), rng.uniform(45.5, 46.5, 200)
    station, offset = axis.locate(lon, lat)
    azimuth, _, _ = GEOD.inv(*geodesic_points(axis, station), lon, lat)
    angle = (np.asarray(azimuth) - axis.bearings(station)) % 360
    np.testing.assert_allclose(angle, np.where(offset > 0, 90, 270), atol=0.01)


def test_offset_points_come_back(road: Axis) -> None:
    """A point 3 m beside the line is found 3 m beside it, to the right when positive."""
    axis = Axis([75.0, 75.2, 75.4], [46.0, 46.05, 46.0])
    station = np.linspace(100, axis.length_m - 100, 50)
    station = station[np.abs(station - axis.control_station_m[1]) > 10]
    for offset_m in (3.0, -3.0):
        found, offset = axis.locate(*axis.offset_points(station, offset_m))
        np.testing.assert_allclose(found, station, atol=0.002)
        np.testing.assert_allclose(offset, offset_m, atol=0.002)


def test_right_of_a_road_north_is_east() -> None:
    """Offsets are positive to the right of rising stations."""
    north = Axis([73.0, 73.0], [49.0, 50.0])
    _, offset = north.locate([73.1, 72.9], [49.5, 49.5])
    assert offset[0] > 0 > offset[1]


def test_beyond_the_ends_the_end_is_nearest() -> None:
    """Past an end the station is the end's and the offset the distance to it."""
    axis = Axis([75.0, 75.2], [46.0, 46.0])
    lon, lat = np.array([74.9, 75.3, 75.3]), np.array([46.0, 46.02, 45.98])
    station, offset = axis.locate(lon, lat)
    np.testing.assert_array_equal(station, [0, axis.length_m, axis.length_m])
    ends = np.array([75.0, 75.2, 75.2]), np.full(3, 46.0)
    np.testing.assert_allclose(np.abs(offset), metres_between(ends, (lon, lat)), atol=0.001)
    assert offset[1] < 0 < offset[2]


def test_the_side_at_a_sharp_bend() -> None:
    """Outside a hairpin the side is told by both its lines, not by whichever came first."""
    axis = Axis([75.0, 75.1, 75.0], [46.0, 46.002, 46.004])  # turns left, almost back
    station, offset = axis.locate([75.11, 75.11], [46.0, 46.004])
    np.testing.assert_allclose(station, axis.control_station_m[1])
    assert (offset > 0).all()


def test_few_and_many_points_are_found_alike(road: Axis, monkeypatch: pytest.MonkeyPatch) -> None:
    """The search in numpy and the compiled one give the same stations."""
    rng = np.random.default_rng(5)
    lon, lat = rng.uniform(70, 80, 3000), rng.uniform(42, 51, 3000)
    few = road.locate(lon, lat)
    monkeypatch.setattr(_nearest, "_FEW", 0)
    many = road.locate(lon, lat)
    np.testing.assert_allclose(many[0], few[0], atol=1e-6)
    np.testing.assert_allclose(many[1], few[1], atol=1e-6)


def test_the_centre_of_a_ring_is_as_far_as_the_ring() -> None:
    """Where every edge is equally near, one of them is found without trouble."""
    azimuth = np.linspace(0, 350, 36)
    lon, lat, _ = GEOD.fwd(np.full(36, 75.0), np.full(36, 46.0), azimuth, np.full(36, 50_000.0))
    _, offset = Axis(lon, lat).locate(np.full(300, 75.0), 46.0)
    assert np.all((offset > 49_000) & (offset < 50_001))


@pytest.mark.parametrize(("lon", "lat"), [(np.nan, 45), (75, 95), (200, 45), (np.inf, 45)])
def test_points_that_are_no_places_are_refused(road: Axis, lon: float, lat: float) -> None:
    """A missing or impossible coordinate is named by its number."""
    with pytest.raises(RoadplanError, match="1 of 2 points are no places: number 2"):
        road.locate([75.0, lon], [45.0, lat])


# -- lines and bearings --------------------------------------------------------------------------


def test_lines_keep_the_control_points_inside(road: Axis) -> None:
    """A line begins and ends at its stations and passes the control points between."""
    mid = road.control_station_m
    (line,) = road.lines(mid[3] - 1, mid[9] + 1)
    have = set(map(tuple, shapely.get_coordinates(line)))
    assert {(road.lon[i], road.lat[i]) for i in range(3, 10)} <= have
    ends = np.column_stack(road.points([mid[3] - 1, mid[9] + 1]))
    np.testing.assert_array_equal(shapely.get_coordinates(line)[[0, -1]], ends)


def test_lines_stay_within_a_metre_of_the_geodesic_with_few_points() -> None:
    """A line of 25 km is drawn with a handful of points, each place within a metre."""
    axis = Axis([70.0, 70.3], [50.0, 50.1])
    (line,) = axis.lines(0, axis.length_m)
    assert len(line.coords) < 10
    even = shapely.line_interpolate_point(line, np.linspace(0, 1, 500), normalized=True)
    _, offset = axis.locate(*shapely.get_coordinates(even).T)
    assert np.abs(offset).max() < 1


def test_lines_of_neighbouring_stretches_join(road: Axis) -> None:
    """Lines cut at any stations add up to the whole length, and join end to end."""
    cuts = np.concatenate(([0], np.sort(np.random.default_rng(6).uniform(0, road.length_m, 300))))
    cuts = np.append(cuts, road.length_m)
    lines = road.lines(cuts[:-1], cuts[1:])
    lengths = [GEOD.geometry_length(line) for line in lines]
    np.testing.assert_allclose(lengths, np.diff(cuts), rtol=1e-6, atol=1e-3)
    np.testing.assert_array_equal(
        [line.coords[-1] for line in lines[:-1]], [line.coords[0] for line in lines[1:]]
    )


def test_a_line_does_not_repeat_a_point_at_its_ends(road: Axis) -> None:
    """A stretch from control point to control point has each of them once."""
    (line,) = road.lines(road.control_station_m[2], road.control_station_m[4])
    coordinates = shapely.get_coordinates(line)
    assert len(np.unique(coordinates, axis=0)) == len(coordinates)


def test_empty_and_reversed_stretches_are_refused(road: Axis) -> None:
    """The stretches are named, and what would be right."""
    with pytest.raises(StationError, match=r"2 of 3 .*\[5\.000, 5\.000\), \[9\.000, 3\.000\)"):
        road.lines([1, 5, 9], [2, 5, 3])


def test_bearings_are_pyproj_azimuths(road: Axis) -> None:
    """A bearing is the azimuth from one station to the next metre."""
    station = np.random.default_rng(8).uniform(0, road.length_m - 2, 500)
    edge = np.searchsorted(road.control_station_m, station)
    station = station[road.control_station_m[edge] - station > 1.5]
    azimuth = GEOD.inv(*geodesic_points(road, station), *geodesic_points(road, station + 1))[0]
    turn = (road.bearings(station) - np.asarray(azimuth) + 180) % 360 - 180
    assert np.abs(turn).max() < 0.002


def test_the_bearing_at_a_corner_is_that_ahead() -> None:
    """At a control point the line after it counts, at the end the last one."""
    axis = Axis([75.0, 75.0, 75.1], [46.0, 46.1, 46.1])
    bearing = axis.bearings([0, axis.control_station_m[1], axis.length_m])
    np.testing.assert_allclose(bearing, [0, 90, 90], atol=0.1)


def test_offsets_must_be_numbers(road: Axis) -> None:
    """A missing offset is refused."""
    with pytest.raises(RoadplanError, match="offset"):
        road.offset_points([5.0], [np.nan])


# -- control points ------------------------------------------------------------------------------


def test_all_wrong_control_points_are_named() -> None:
    """Every missing or impossible control point is told at once, counted from 1."""
    with pytest.raises(FaultsError, match="2 faults") as caught:
        Axis([75, np.nan, 75.2, 400], [46, 46, 46, 46])
    assert "control point 2 " in str(caught.value)
    assert "control point 4 " in str(caught.value)


@pytest.mark.parametrize(
    ("lon", "lat", "message"),
    [
        ([75, 75.1, 75.1, 75.2], [46, 46, 46, 46], "control points 2 and 3 are the same place"),
        ([75, 75.1, 75.1 + 1e-9], [46, 46, 46], "control points 2 and 3 are the same place"),
        ([179.9, -179.9], [65, 65], "control points 1 and 2 lie on two sides of the 180°"),
        ([10, 11], [88, 89.5], "control points 1 and 2 lie within a degree of a pole"),
    ],
)
def test_lines_that_make_no_axis_are_refused(
    lon: list[float], lat: list[float], message: str
) -> None:
    """A repeated point, the 180° meridian and the poles are named with the points."""
    with pytest.raises(FaultsError, match=message):
        Axis(lon, lat)


def test_an_axis_around_the_world_is_a_mistake() -> None:
    """Points in no order make a line so long that they are refused instead of filling memory."""
    lon = np.tile([-90.0, 80.0], 500)
    with pytest.raises(FaultsError, match="50,000 km"):
        Axis(lon, np.linspace(0, 1, 1000))


@pytest.mark.parametrize(
    ("lon", "lat", "message"),
    [
        ([75], [46], "at least two"),
        ([], [], "at least two"),
        ([75, 76], [46], "one length"),
        (["a", "b"], [46, 47], "numbers"),
    ],
)
def test_control_points_must_be_two_lists_of_numbers(
    lon: list[float], lat: list[float], message: str
) -> None:
    """What is no list of points is refused in words."""
    with pytest.raises(RoadplanError, match=message):
        Axis(lon, lat)


def test_an_axis_cannot_be_changed() -> None:
    """Neither through its arrays nor through those it was made from."""
    lon = np.array([75.0, 75.1])
    axis = Axis(lon, [46.0, 46.1])
    lon[0] = 0
    assert axis.lon[0] == 75.0
    with pytest.raises(ValueError, match="read-only"):
        axis.lon[0] = 0


def test_an_axis_can_be_copied_and_sent(road: Axis) -> None:
    """Copies and pickles locate as the original does."""
    road.locate(75, 46)
    for other in (copy.deepcopy(road), pickle.loads(pickle.dumps(road))):  # noqa: S301 - our own
        assert other.locate(75, 46) == road.locate(75, 46)


def test_repr_says_length_and_points() -> None:
    """The representation fits on a line."""
    assert repr(Axis([10, 11], [0, 0])) == "<Axis of 111.319 km through 2 control points>"


@settings(deadline=None)
@given(axis=axes(), lon=st.floats(-180, 180), lat=st.floats(-89, 89))
@example(axis=Axis([-89, -89], [0, 9.04369477e-06]), lon=91.0, lat=0.0)
def test_offset_is_the_distance_to_the_station_found(axis: Axis, lon: float, lat: float) -> None:
    """Wherever on earth a point lies, its offset is the geodesic distance to its station."""
    station, offset = axis.locate(lon, lat)
    away = metres_between(axis.points(station), (np.asarray(lon), np.asarray(lat)))
    assert abs(float(offset)) == pytest.approx(float(away), abs=0.01)
