"""Weather in the slots of a plan."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import numpy as np
import pytest

from roadplan.errors import RoadplanError
from roadplan.weather import Parameters, Road, Slots, Storm, slot_weather
from roadplan.weather.slots import UNKNOWN_ACROSS

Make = Callable[..., Storm]
MakeRoad = Callable[..., Road]
T0 = np.datetime64("2026-01-15T12:00:00")
SHAPE = (2, 7, 2)


def test_slots_have_moments() -> None:
    """Three slots of half an hour have four moments; hours are rounded up to slots."""
    slots = Slots(T0, 3)
    assert slots.moments.tolist() == (T0 + np.arange(4) * np.timedelta64(30, "m")).tolist()
    almaty = dt.timezone(dt.timedelta(hours=5))
    local = Slots.between(dt.datetime(2026, 1, 15, 17, tzinfo=almaty), hours=1.2)
    assert (local.start, local.count) == (T0, 3)
    with pytest.raises(RoadplanError, match="at least one slot"):
        Slots(T0, 0)


def test_snowfall_keeps_its_sum(storm_of: Make, road_of: MakeRoad, parameters: Parameters) -> None:
    """Both halves of an hour take the rate of the hour that ends after them."""
    snow = np.broadcast_to(np.array([9.0, 1, 2, 3, 4, 5, 6])[None, :, None], SHAPE)
    weather = slot_weather(storm_of(snowfall=snow), road_of(1), Slots(T0, 12), parameters)
    assert weather.snowfall_kg_m2_h[0, :6, 0] == pytest.approx([1, 1, 2, 2, 3, 3])
    shifted = Slots(T0 + np.timedelta64(15, "m"), 10)
    weather = slot_weather(storm_of(snowfall=snow), road_of(1), shifted, parameters)
    assert weather.snowfall_kg_m2_h[0, :3, 0] == pytest.approx([1, 1.5, 2])


def test_wind_is_taken_in_the_middle_of_the_slot(
    storm_of: Make, road_of: MakeRoad, parameters: Parameters
) -> None:
    """Straight from hour to hour: a quarter and three quarters of the way."""
    wind = np.broadcast_to(np.arange(8.0, 15.0)[None, :, None], SHAPE)
    weather = slot_weather(storm_of(wind_speed=wind), road_of(1), Slots(T0, 4), parameters)
    assert weather.wind_m_s[0, :, 0] == pytest.approx([8.25, 8.75, 9.25, 9.75])


def test_wind_across_the_road(storm_of: Make, road_of: MakeRoad, parameters: Parameters) -> None:
    """By the segment's bearing; unknown directions count as their mean."""
    road = road_of(2, bearing_deg=np.array([0.0, 90.0]))
    told = slot_weather(storm_of(), road, Slots(T0, 2), parameters)
    assert told.across[0, 0] == pytest.approx([1, 0], abs=1e-12)
    untold = slot_weather(storm_of(wind_direction=None), road, Slots(T0, 2), parameters)
    assert (untold.across == UNKNOWN_ACROSS).all()


def test_a_hole_in_sight_harms_its_neighbours_only(
    storm_of: Make, road_of: MakeRoad, parameters: Parameters
) -> None:
    """Missing visibility does not spread over the whole storm."""
    sight = np.full(SHAPE, 2000.0)
    sight[:, 5:] = np.nan
    weather = slot_weather(storm_of(visibility=sight), road_of(1), Slots(T0, 12), parameters)
    assert np.isfinite(weather.visibility_m[:, :8]).all()
    assert np.isnan(weather.visibility_m[:, 8:]).all()


def test_loose_snow_comes_from_the_storm_or_the_table(
    storm_of: Make, road_of: MakeRoad, parameters: Parameters
) -> None:
    """Where the storm knows nothing of it the default stands in."""
    told = slot_weather(storm_of(loose_snow=12.0), road_of(1), Slots(T0, 2), parameters)
    untold = slot_weather(storm_of(), road_of(1), Slots(T0, 2), parameters)
    assert told.loose_kg_m2 == pytest.approx(12)
    assert (untold.loose_kg_m2 == parameters.loose_snow_kg_m2).all()


def test_slots_beyond_the_forecast_are_refused(
    storm_of: Make, road_of: MakeRoad, parameters: Parameters
) -> None:
    """Before its first time as well as after its last."""
    for start, count in ((T0 - np.timedelta64(1, "h"), 4), (T0, 13)):
        with pytest.raises(RoadplanError, match="the forecast covers"):
            slot_weather(storm_of(), road_of(1), Slots(start, count), parameters)
