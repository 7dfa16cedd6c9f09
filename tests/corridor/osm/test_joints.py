"""Other routes stay joined to one whose axis has moved."""

from __future__ import annotations

import pytest

from roadplan.corridor import load
from roadplan.corridor.checks import check_tables
from roadplan.corridor.osm.joints import rejoin


@pytest.fixture
def joined(stranger, tmp_path):
    """Move the axis of the main route and rejoin the side road at its end."""

    def run(end):
        road = load(stranger.write(tmp_path))
        axis = stranger.sketch.axis([*stranger.LINE[:-1], end])
        tables = dict(road.tables)
        tables["junctions"] = road.table("junctions")
        tables["junctions"].loc[0, "station_m"] = axis.length_m
        tables["control_points"] = road.table("control_points")
        last = tables["control_points"].query("route == 'ruta'").index[-1]
        tables["control_points"].loc[last, ["lon", "lat"]] = [axis.lon[-1], axis.lat[-1]]
        return road, axis, *rejoin(tables, "ruta", axis, {"ramal": road.axis("ramal")})

    return run


def test_near_end_is_left_alone(joined):
    """What lies as near as axes are generalised by stays as it is drawn."""
    road, _, tables, moves, notes = joined((30_000, 150))
    assert (moves, notes) == ([], [])
    side, before = (
        points[points["route"] == "ramal"]
        for points in (tables["control_points"], road.tables["control_points"])
    )
    assert side.equals(before)


def test_distant_end_is_moved_and_told(joined, stranger):
    """An end 600 m off takes the junction's new place; what stands behind keeps its ground."""
    road, _, tables, moves, notes = joined((30_000, -600))
    points = tables["control_points"]
    own = points[points["route"] == "ramal"]
    assert stranger.sketch.xy(own["lon"], own["lat"])[0] == pytest.approx([30_000, -600], abs=1)
    assert own["standing"].tolist() == ["estimated", "reported", "reported"]
    assert "refresh ramal as well" in notes[0]
    assert "600 m" in notes[0]
    bridge = next(move for move in moves if move.key == "b3")
    assert bridge.along_m == pytest.approx(
        _first_m(stranger, (30_000, -600)) - _first_m(stranger, (30_000, 0)),
        abs=0.1,
    )
    assert bridge.sideways_m < 0.1
    assert len(own) == len(road.tables["control_points"].query("route == 'ramal'"))


def _first_m(stranger, start) -> float:
    return stranger.sketch.axis([start, stranger.side[1]]).length_m


def test_end_too_far_is_told_and_left(joined):
    """An end kilometres off is left; the checks then keep the corridor from being written."""
    _, _, tables, moves, notes = joined((30_000, -5_000))
    assert moves == []
    assert "too far to be moved" in notes[0]
    assert any("junction cruce" in fault.why for fault in check_tables(tables))
