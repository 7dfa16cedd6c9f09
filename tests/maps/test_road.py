"""The road as a page holds it."""

from __future__ import annotations

import numpy as np
import pyproj

from roadplan.corridor import Corridor
from roadplan.maps.road import bounds, drawn_line, packed, road_data


def test_the_drawn_line_keeps_to_the_axis(road: Corridor) -> None:
    """Stations interpolated on the packed line are within 5 m of the axis's own points."""
    for route in road.routes.values():
        line = packed(drawn_line(route.axis))
        lon, lat = np.cumsum(line["lon"]) / 1e5, np.cumsum(line["lat"]) / 1e5
        station = np.cumsum(line["station"]) / 10
        asked = np.linspace(0, route.length_m, 2_000)
        true_lon, true_lat = route.axis.points(asked)
        shown = np.interp(asked, station, lon), np.interp(asked, station, lat)
        _, _, off_m = pyproj.Geod(ellps="WGS84").inv(*shown, true_lon, true_lat)
        assert np.abs(off_m).max() < 5


def test_the_drawn_line_is_small_and_whole(road: Corridor) -> None:
    """The line begins and ends where the axis does, and no piece is longer than 5 km."""
    axis = road.main_route.axis
    line = drawn_line(axis)
    assert line.station_m[0] == 0
    assert line.station_m[-1] == axis.vertex_station_m[-1]
    assert np.diff(line.station_m).max() <= 5_000.001
    assert len(line.lon) < len(axis.vertex_lon)


def test_bounds_hold_all_routes(road: Corridor) -> None:
    """The first view reaches from Almaty to Karaganda."""
    (south, west), (north, east) = bounds(road)
    assert 43 < south < 43.4
    assert 49.8 < north < 50
    assert 73 < west < 73.3
    assert 76.5 < east < 77.2


def test_only_postings_with_breaks_are_offered(stranger: Corridor) -> None:
    """A posting stands with its names and the other ways to write it."""
    data = road_data(stranger)
    assert data["postings"] == [
        {
            "id": "s",
            "name": {"en": "Trunk", "ru": "", "kk": ""},
            "aliases": ["T-5", "Ruta 5"],
        }
    ]
    assert [len(group) for group in data["junctions"]] == [2]
