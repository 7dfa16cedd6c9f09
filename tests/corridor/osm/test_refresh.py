"""A whole refresh, on a corridor that has nothing to do with the shipped one."""

from __future__ import annotations

import numpy as np
import pytest

from roadplan.corridor import Corridor, load
from roadplan.corridor.osm import Limits, Wanted, areas, read_osm_xml, refresh
from roadplan.errors import RoadplanError, UnknownIdError


@pytest.fixture
def road(stranger, tmp_path):
    """Load the stranger's corridor."""
    return load(stranger.write(tmp_path / "corridor"))


@pytest.fixture
def renewed(stranger, road, tmp_path):
    """Refresh the stranger's main route from a file."""

    def run(*, up_m: float = 25.0, **limits):
        file = tmp_path / "road.osm"
        file.write_text(stranger.draw(up_m=up_m).xml())
        wanted = Wanted.of_route(road, "ruta")
        allowed = Limits(**limits)
        roads = read_osm_xml(file, areas(road.axis("ruta"), allowed.buffer_m), wanted)
        return refresh(road, "ruta", roads, wanted=wanted, limits=allowed, as_of="2026-01-02")

    return run


def test_references_come_from_the_postings(road):
    """The ways are chosen by the names of the kilometre systems that run along the route."""
    wanted = Wanted.of_route(road, "ruta")
    assert wanted.matches({"ref": "RN226"})
    assert not wanted.matches({"ref": "RN 22"})
    with pytest.raises(RoadplanError, match=r"no posting of route 'ramal'.*give --ref or --name"):
        Wanted.of_route(road, "ramal")


def test_renewed_corridor_holds_together(renewed):
    """The new tables pass every check and load as a corridor with the new axis."""
    result = renewed()
    assert result.faults == ()
    fresh = Corridor.from_tables(result.tables)
    assert fresh.axis("ruta").length_m == pytest.approx(result.alignment.axis.length_m, abs=1e-6)
    posts = {row.station_m for row in result.tables["junctions"].itertuples()}
    assert max(posts) == pytest.approx(result.alignment.axis.length_m, abs=0.001)


def test_post_at_a_mark_keeps_its_place(road, renewed):
    """The post of a structure is the same before and after; only stations change."""
    fresh = Corridor.from_tables(renewed().tables)
    for name in ("b0", "b1", "b2"):
        assert fresh.posts(fresh.asset(name).position) == road.posts(road.asset(name).position)


def test_old_corridor_is_not_touched(road, renewed):
    """The corridor given stays as it was."""
    before = {name: frame.copy() for name, frame in road.tables.items()}
    renewed()
    assert all(road.tables[name].equals(frame) for name, frame in before.items())


def test_axis_says_where_it_comes_from(renewed):
    """New control points are measured, with attribution, choice, date and tolerance."""
    result = renewed(tolerance_m=3)
    points = result.tables["control_points"].query("route == 'ruta'")
    assert points["seq"].tolist() == list(range(len(points)))
    assert set(points["standing"]) == {"measured"}
    source = points["source"].iloc[0]
    assert source.startswith("© OpenStreetMap contributors, ODbL 1.0; reference ")
    assert source.endswith("; state of 2026-01-02; generalised to 3 m")
    route = result.tables["routes"].set_index("route").loc["ruta"]
    assert (route["standing"], route["source"], bool(route["schematic"])) == (
        "measured",
        source,
        False,
    )
    assert route["note"] == "before it was measured: sketch"
    side = result.tables["control_points"].query("route == 'ramal'")
    assert set(side["source"]) == {"survey of 1998"}


def test_what_moves_is_told_by_table_and_row(renewed):
    """Medians and maxima are those of the rows, and the farthest row comes first."""
    result = renewed()
    move = next(move for move in result.moves if move.table == "structures")
    rows = [row for row in result.rows if row.table == "structures"]
    assert move.rows == len(rows) == 3
    assert move.sideways_max_m == max(row.sideways_m for row in rows)
    assert move.along_median_m == pytest.approx(np.median([abs(row.along_m) for row in rows]))
    assert result.worst[0].sideways_m == max(row.sideways_m for row in result.rows)
    places = [m for m in result.moves if m.table != "places"]
    assert all(m.sideways_max_m < 80 for m in places)


def test_segments_that_disagree_with_the_map_are_told(renewed):
    """Where segments say one carriageway and two are mapped, that is told, not changed."""
    result = renewed()
    assert set(result.tables["segments"]["carriageways"]) == {1}
    assert any(
        "one carriageway on 15." in note and "two carriageways are mapped" in note
        for note in result.notes
    )


def test_summary_and_plain_values_agree(renewed):
    """Text and JSON say the same lengths."""
    result = renewed()
    plain = result.as_dict()
    assert f"now {plain['new_length_m'] / 1000:.3f} km" in result.summary()
    assert plain["stretches"][-1]["to_m"] == plain["new_length_m"]
    assert [stretch["carriageways"] for stretch in plain["stretches"]] == [2, 1]
    assert len(plain["rows"]) == sum(move["rows"] for move in plain["moves"])


def test_refreshing_twice_changes_next_to_nothing(stranger, road, tmp_path):
    """A second refresh from the same data finds the road where the first one put it."""
    file = tmp_path / "road.osm"
    file.write_text(stranger.draw().xml())
    wanted = Wanted.of_route(road, "ruta")
    lengths = []
    for _ in range(2):
        roads = read_osm_xml(file, areas(road.axis("ruta"), 3_000), wanted)
        result = refresh(road, "ruta", roads, wanted=wanted)
        lengths.append(result.alignment.axis.length_m)
        road = Corridor.from_tables(result.tables)
    assert lengths[1] == pytest.approx(lengths[0], abs=2)
    rows = [row for row in result.rows if row.table != "places"]
    # The two carriageways do not begin quite opposite each other: at the ends a metre is open.
    assert max(row.sideways_m for row in rows) < 2
    assert max(abs(row.along_m) for row in rows) < 2


def test_side_road_stays_joined(renewed):
    """Where the road has moved by more than axes are good for, the side road's end follows."""
    result = renewed(up_m=400.0)
    assert any("the end of ramal at junction cruce" in note for note in result.notes)
    assert result.faults == ()


def test_unknown_route_is_told(road):
    """A route that is not there is named with those that are."""
    with pytest.raises(UnknownIdError, match=r"no route 'main'.*ruta, ramal"):
        refresh(road, "main", None, wanted=Wanted.parse(ref="x"))
