"""The corridor as one object."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pyproj import Geod

from roadplan import corridor
from roadplan.corridor import Corridor, Position
from roadplan.corridor.schema import TABLES
from roadplan.errors import PostError, RoadplanError, StationError, UnknownIdError


def test_the_main_line_is_as_long_as_its_control_points(road: Corridor) -> None:
    """Length agrees with the geodesics between the control points, within 0.05 %."""
    points = road.table("control_points").query("route == 'main'").sort_values("seq")
    outside = Geod(ellps="WGS84").line_length(points["lon"], points["lat"])
    assert road.route("main").length_m == pytest.approx(outside, rel=1e-9)


def test_old_posts_are_met_at_every_calibration_mark(road: Corridor) -> None:
    """Each mark's post lies within 1 m of its station."""
    for row in road.table("posting_breaks").itertuples():
        for km, station in ((row.from_post_km, row.from_m), (row.to_post_km, row.to_m)):
            found = road.postings.position(f"{row.posting}:{km:.6f}", route=row.route)
            assert abs(found.station_m - station) < 1


def test_a_hundred_thousand_stations_come_back(road: Corridor) -> None:
    """Station to point to station returns within 0.01 m."""
    axis = road.axis("main")
    station = np.random.default_rng(7).uniform(0, axis.length_m, 100_000)
    back, offset = axis.locate(*axis.points(station))
    assert np.abs(back - station).max() < 0.01
    assert np.abs(offset).max() < 0.01


def test_posts_come_back_exactly(road: Corridor) -> None:
    """Station to post to station, then to the same post, for posts on whole metres."""
    rng = np.random.default_rng(3)
    for metre in rng.integers(1_493_000, 2_379_000, 500):
        text = f"m36:{metre // 1000}+{metre % 1000:03d}"
        position = road.position(text)
        assert text in road.posts(position)


@pytest.mark.parametrize(
    "text", ["m36:1610+250", "M-36 км 1610+250", "1610 км ПК2+50", "m36:1610.25", "1610+250"]
)
def test_every_way_to_say_a_post_means_one_place(road: Corridor, text: str) -> None:
    """The same post in five notations is one station."""
    assert road.position(text) == road.position("m36:1610+250")


def test_the_new_index_is_read_too(road: Corridor) -> None:
    """KAZ01 248 is old kilometre 1510."""
    old, new = road.position("m36:1510"), road.position("KAZ01 km 248")
    assert abs(old.station_m - new.station_m) < 1


def test_a_post_out_of_range_names_what_there_is(road: Corridor) -> None:
    """The error gives the valid range."""
    with pytest.raises(PostError, match=r"m36:1492\+400"):
        road.position("m36:99")


def test_an_unknown_station_is_refused(road: Corridor) -> None:
    """Beyond the end and on an unknown route are errors with the remedy."""
    with pytest.raises(StationError, match="0 to 889"):
        road.position("main@9999999")
    with pytest.raises(UnknownIdError, match="main"):
        road.position("nowhere@10")


def test_locate_answers_with_everything(road: Corridor) -> None:
    """A post, its station and its point give one and the same answer."""
    by_post = road.locate("m36:1610+250").as_dict()
    by_station = road.locate(f"main@{by_post['station_m']}").as_dict()
    by_point = road.locate(lon=by_post["lon"], lat=by_post["lat"]).as_dict()
    for answer in (by_station, by_point):
        assert answer["route"] == "main"
        assert answer["station_m"] == pytest.approx(by_post["station_m"], abs=0.02)
        assert answer["segment"] == by_post["segment"]
        assert answer["posts"] == by_post["posts"]
    assert by_post["contract"] == "karaganda-balkhash"
    assert by_post["nearest_depot"]["distance_m"] >= 0
    json.dumps(by_post, allow_nan=False)


def test_a_point_beside_the_road_tells_its_side(stranger: Corridor) -> None:
    """East of a road that runs north is to its right."""
    east = stranger.locate(lon=-70.99, lat=-32.9)
    west = stranger.locate(lon=-71.01, lat=-32.9)
    assert east.position.route == west.position.route == "r1"
    assert east.offset_m == pytest.approx(934, abs=5)
    assert west.offset_m == pytest.approx(-934, abs=5)


def test_a_point_that_is_none_is_refused(road: Corridor) -> None:
    """Degrees out of range are an error, not a far end of the road."""
    with pytest.raises(RoadplanError, match="no degrees"):
        road.nearest(500.0, 46.0)


def test_the_ends_of_a_route_belong_to_a_segment(road: Corridor) -> None:
    """The last station of every route has a segment too."""
    for route in road.routes.values():
        for station in (0.0, route.length_m):
            assert road.describe(Position(route.id, station)).segment is not None


def test_every_table_has_a_view(road: Corridor) -> None:
    """Views are GeoDataFrames in WGS 84 with a geometry where rows lie on the road."""
    for name, table in TABLES.items():
        view = road.view(name, posts=True)
        assert view.crs.to_epsg() == 4326
        assert len(view) == len(road.table(name))
        if table.shape != "none" and len(view):
            assert view.geometry.notna().all()
            assert view.geometry.is_valid.all()


def test_nothing_can_be_changed(road: Corridor) -> None:
    """Tables are copies and objects are frozen."""
    depots = road.table("depots")
    depots.loc[0, "capacity"] = -5
    assert (road.table("depots")["capacity"] >= 0).all()
    with pytest.raises(dataclasses.FrozenInstanceError):
        road.segments[0].lanes = 9  # type: ignore[misc]
    with pytest.raises(TypeError):
        road.assets[0].attributes["x"] = 1  # type: ignore[index]


def test_look_ups_name_what_there_is(road: Corridor) -> None:
    """An unknown id is an error that lists known ones."""
    assert road.segment(road.segments[3].id) is road.segments[3]
    assert road.asset(road.assets[0].id).table
    for look_up in (road.segment, road.contract, road.asset, road.depot, road.route):
        with pytest.raises(UnknownIdError, match="there is no"):
            look_up("nothing like it")


def test_a_renamed_corridor_loads_as_well(
    road: Corridor, write_corridor: Callable[[dict[str, pd.DataFrame]], Path]
) -> None:
    """No identifier of the shipped highway is known to the code."""
    renamed = {}
    for name, table in TABLES.items():
        frame = road.table(name)
        for column in table:
            if column.kind == "id" or column.refers:
                known = {"corridor": "corridor", "": ""}
                frame[column.name] = [known.get(str(v), f"x-{v}") for v in frame[column.name]]
        renamed[name] = frame
    other = corridor.load(write_corridor(renamed))
    place = other.locate("x-m36:1610+250")
    assert place.position.route == "x-main"
    assert place.posts[0] == "x-m36:1610+250"


def test_branches_join_the_trunk(stranger: Corridor) -> None:
    """Travel from the trunk to the branch goes through the junction."""
    distance = stranger.distance_m(Position("r1", 20_180.0), Position("r2", 1_000.0))
    assert distance == pytest.approx(3_000.0)


def test_a_corridor_shows_itself(stranger_tables: dict[str, pd.DataFrame]) -> None:
    """In a notebook hostile names are text."""
    stranger_tables["routes"].loc[0, "name_en"] = "<script>alert(1)</script>"
    tables = {
        name: stranger_tables.get(name, pd.DataFrame(columns=list(table.names)))
        for name, table in TABLES.items()
    }
    page = Corridor.from_tables(tables)._repr_html_()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
