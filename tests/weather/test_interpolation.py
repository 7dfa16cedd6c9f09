"""From forecast points to the road."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadplan.errors import RoadplanError
from roadplan.weather import Parameters, Road, Storm, to_road
from roadplan.weather.interpolation import distance_weights, distances_km, station_weights

Make = Callable[..., Storm]
MakeRoad = Callable[..., Road]


def test_great_circle_distance() -> None:
    """A degree of latitude is 111.195 km; the quarter of the globe is 10,007.6 km."""
    away = distances_km([74, 0], [47, 0], [74, 90], [48, 0])
    assert away[0, 0] == pytest.approx(111.195, abs=0.01)
    assert away[1, 1] == pytest.approx(10_007.56, abs=0.1)


def test_a_segment_at_a_point_takes_its_values(
    storm_of: Make, road_of: MakeRoad, parameters: Parameters
) -> None:
    """Within fifty metres the point has all but the whole weight."""
    wind = np.broadcast_to([8.0, 16.0], (2, 7, 2))
    storm = storm_of(wind_speed=wind, lat=(47.0, 47.135))
    there = to_road(storm, road_of(4), parameters)
    assert there.values("wind_speed")[0, 0] == pytest.approx([8, 9.6, 14.4, 16], abs=0.02)
    assert there.place == "segment"
    assert there.data["bearing_deg"].shape == (4,)


@given(lat=st.lists(st.floats(46.8, 47.4), min_size=1, max_size=6, unique=True))
@settings(max_examples=30)
def test_weights_are_shares(
    storm_of: Make, road_of: MakeRoad, parameters: Parameters, lat: list[float]
) -> None:
    """They sum to one, so that interpolated values stay between those of the points."""
    storm = storm_of(lon=[74.0] * len(lat), lat=lat)
    weights = distance_weights(storm, road_of(4), parameters)
    assert weights.sum(axis=1) == pytest.approx(np.ones(4))
    assert (weights >= 0).all()
    assert (np.count_nonzero(weights, axis=1) <= 4).all()


def test_directions_are_interpolated_as_vectors(
    storm_of: Make, road_of: MakeRoad, parameters: Parameters
) -> None:
    """Between 350° and 10° lies north, not south."""
    direction = np.broadcast_to([350.0, 10.0], (2, 7, 2))
    storm = storm_of(wind_direction=direction, lat=(46.978, 47.022))
    there = to_road(storm, road_of(1), parameters).values("wind_direction")
    assert np.cos(np.deg2rad(there)) == pytest.approx(np.ones_like(there))


def test_points_outside_reach_leave_segments_without_forecast(
    storm_of: Make, road_of: MakeRoad, parameters: Parameters
) -> None:
    """The far end of the road stays missing, and is flagged as such."""
    road = road_of(30)
    storm = storm_of(lon=[74.0], lat=[46.9])
    there = to_road(storm, road, parameters)
    missing = np.isnan(there.values("wind_speed")[0, 0])
    assert missing.any()
    assert not missing[0]
    assert missing[-1]
    moments = storm.issued, storm.issued, storm.issued.replace(hour=15)
    assert "places_without" in [flag.code for flag in there.flags(*moments)]


def test_a_forecast_for_elsewhere_is_refused(
    storm_of: Make, road_of: MakeRoad, parameters: Parameters
) -> None:
    """No point near the road: longitude and latitude may be swapped."""
    with pytest.raises(RoadplanError, match="within 60 km of the road"):
        to_road(storm_of(lon=(47.0, 47.1), lat=(74.0, 74.0)), road_of(4), parameters)


def test_a_point_without_value_leaves_it_to_the_others(
    storm_of: Make, road_of: MakeRoad, parameters: Parameters
) -> None:
    """While those that have one hold a quarter of the weight; otherwise it is missing."""
    wind = np.full((2, 7, 2), 8.0)
    wind[:, 3, 0] = np.nan
    road = road_of(1)
    near = to_road(storm_of(wind_speed=wind, lat=(46.98, 47.02)), road, parameters)
    far = to_road(storm_of(wind_speed=wind, lat=(47.0, 47.3)), road, parameters)
    assert (near.values("wind_speed") == 8).all()
    assert np.isnan(far.values("wind_speed")[:, 3]).all()
    assert np.isfinite(far.values("wind_speed")[:, 2]).all()


def test_points_with_stations_are_interpolated_along_the_road(
    storm_of: Make, road_of: MakeRoad, parameters: Parameters
) -> None:
    """By hand: middles 2.5, 7.5, 12.5 and 17.5 km between points at 5 and 15 km."""
    storm = storm_of(
        wind_speed=np.broadcast_to([8.0, 16.0], (2, 7, 2)),
        coords={"route": ["main", "main"], "station_m": [5000.0, 15_000.0]},
    )
    there = to_road(storm, road_of(4), parameters)
    assert there.values("wind_speed")[0, 0] == pytest.approx([8, 10, 14, 16])
    weights = station_weights(storm, road_of(4, route=("other",) * 4), parameters)
    assert not weights.any()


def test_the_way_may_be_chosen(storm_of: Make, road_of: MakeRoad, parameters: Parameters) -> None:
    """By station only where the points have stations."""
    with pytest.raises(RoadplanError, match="no route and station_m"):
        to_road(storm_of(), road_of(4), parameters, method="station")
    with pytest.raises(RoadplanError, match="'auto'"):
        to_road(storm_of(), road_of(4), parameters, method="spline")


def test_a_storm_on_other_segments_is_refused(
    storm_of: Make, road_of: MakeRoad, parameters: Parameters
) -> None:
    """On the same ones it is left as it is."""
    there = to_road(storm_of(), road_of(4), parameters)
    assert to_road(there, road_of(4), parameters) is there
    with pytest.raises(RoadplanError, match="other segments"):
        to_road(there, road_of(3), parameters)
