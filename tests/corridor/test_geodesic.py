"""Chords and fine lines, against pyproj."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod, Transformer

from roadplan.corridor._geodesic import chord_to_geodesic, densify, earth_centred

GEOD = Geod(ellps="WGS84")


def test_earth_centred_coordinates_are_those_of_proj() -> None:
    """The conversion agrees with PROJ's own to a micrometre."""
    lon, lat = np.array([0.0, 73.1, -120.5, 180.0]), np.array([0.0, 49.8, -33.3, 89.0])
    proj = Transformer.from_crs("EPSG:4979", "EPSG:4978", always_xy=True)
    expected = np.column_stack(proj.transform(lon, lat, np.zeros(4)))
    np.testing.assert_allclose(earth_centred(lon, lat), expected, atol=1e-6)


@settings(deadline=None)
@given(
    lon=st.floats(-180, 180),
    lat=st.floats(-89, 89),
    azimuth=st.floats(0, 360),
    length_m=st.floats(0, 100_000),
)
def test_a_chord_gives_the_geodesic(
    lon: float, lat: float, azimuth: float, length_m: float
) -> None:
    """Up to 100 km, anywhere and in any direction, within a tenth of a millimetre."""
    end = GEOD.fwd(lon, lat, azimuth, length_m)[:2]
    start_xyz, end_xyz = earth_centred([lon], [lat]), earth_centred(*np.atleast_2d(end).T)
    assert chord_to_geodesic(start_xyz, end_xyz)[0] == pytest.approx(length_m, abs=1e-4)


def test_a_fine_line_has_short_pieces_and_the_control_points() -> None:
    """No piece is longer than asked for, and the points given are among those that come out."""
    lon, lat = np.array([73.0, 73.5, 73.5004]), np.array([49.0, 49.5, 49.5])
    fine_lon, fine_lat, station_m, shape = densify(
        lon, lat, shape_error_m=0.5, vertex_error_m=0.001, longest_m=100
    )
    pieces = np.asarray(GEOD.inv(fine_lon[:-1], fine_lat[:-1], fine_lon[1:], fine_lat[1:])[2])
    assert pieces.max() <= 100
    np.testing.assert_allclose(np.diff(station_m), pieces, atol=1e-6)
    assert set(zip(lon, lat, strict=True)) <= set(
        zip(fine_lon[shape], fine_lat[shape], strict=True)
    )
    assert len(shape) < 20
