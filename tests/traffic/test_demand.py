"""From daily traffic to flows by hour, direction and class."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import numpy as np
import pytest

from roadplan.errors import RoadplanError
from roadplan.traffic import (
    DailyTraffic,
    hourly_demand,
    load_parameters,
    weather_response,
)
from roadplan.traffic.demand import HEAVY, LIGHT

LOCAL = timezone(timedelta(hours=5))
PARAMETERS = load_parameters()
MONDAY = datetime(2025, 1, 13, tzinfo=LOCAL)


def _traffic(weekend: float = 1.0) -> DailyTraffic:
    return DailyTraffic(
        veh_day=np.array([10_000.0]),
        truck_share=np.array([0.25]),
        bus_share=np.array([0.05]),
        weekend_factor=np.array([weekend]),
    )


def test_a_week_has_seven_times_the_daily_mean() -> None:
    """Weekend factors move traffic within the week and add none."""
    flow = hourly_demand(_traffic(2.0), start=MONDAY, hours=7 * 24, parameters=PARAMETERS)
    assert flow.sum() == pytest.approx(7 * 10_000)
    assert flow[..., HEAVY].sum() == pytest.approx(7 * 3_000)


def test_double_at_weekends_is_double_the_mean() -> None:
    """With a factor of 2 a Saturday has twice the mean, a Monday 0.6 of it (light traffic)."""
    traffic = _traffic(2.0)
    saturday = hourly_demand(
        traffic, start=datetime(2025, 1, 18, tzinfo=LOCAL), hours=24, parameters=PARAMETERS
    )
    monday = hourly_demand(traffic, start=MONDAY, hours=24, parameters=PARAMETERS)
    assert saturday[..., LIGHT].sum() == pytest.approx(2.0 * 7_000)
    assert monday[..., LIGHT].sum() == pytest.approx(0.6 * 7_000)


def test_holidays_have_their_own_factors() -> None:
    """A holiday takes the place of the day of the week."""
    flow = hourly_demand(
        _traffic(), start=MONDAY, hours=24, parameters=PARAMETERS, holidays={date(2025, 1, 13)}
    )
    assert flow[..., LIGHT].sum() == pytest.approx(1.3 * 7_000)
    assert flow[..., HEAVY].sum() == pytest.approx(0.6 * 3_000)


def test_a_run_may_begin_within_an_hour() -> None:
    """From half past five, the first hour is half of five and half of six."""
    flow = hourly_demand(
        _traffic(), start=datetime(2025, 1, 13, 5, 30, tzinfo=LOCAL), hours=1, parameters=PARAMETERS
    )
    share = PARAMETERS.hour_share[5:7, LIGHT].mean()
    assert flow[0, 0, :, LIGHT] == pytest.approx([3500 * share, 3500 * share])


def test_directions_take_their_shares() -> None:
    """An uneven split is that of the parameter."""
    uneven = load_parameters({"rising_share": 0.6})
    flow = hourly_demand(_traffic(), start=MONDAY, hours=24, parameters=uneven)
    assert flow[:, 0, 0].sum() / flow.sum() == pytest.approx(0.6)


@pytest.mark.parametrize(
    ("field", "value"),
    [("truck_share", 0.97), ("veh_day", np.nan), ("weekend_factor", 4.0), ("bus_share", -0.1)],
)
def test_impossible_daily_traffic_is_refused(field: str, value: float) -> None:
    """Shares above 1, missing counts and weekends with more than a week are named."""
    values = {name: array.copy() for name, array in vars(_traffic()).items()}
    values[field][0] = value
    with pytest.raises(RoadplanError, match="stretch 0"):
        DailyTraffic(**values)


def test_bad_weather_keeps_cars_at_home_and_lorries_not() -> None:
    """1.5 % per cm, 31 % in severe cold, and never below the least share."""
    found = weather_response([0, 20, 0, 20, 200], [0, 0, -35, -25, 0], PARAMETERS)
    assert found[:, LIGHT] == pytest.approx([1.0, 0.7, 0.69, 0.7 * 0.845, 0.3])
    assert found[:, HEAVY] == pytest.approx(1.0)


def test_missing_weather_has_no_response() -> None:
    """NaN is refused rather than taken for fine weather."""
    with pytest.raises(RoadplanError, match="must be numbers"):
        weather_response(np.nan, 0.0, PARAMETERS)


def test_people_in_heavy_vehicles_are_those_of_lorries_and_buses() -> None:
    """2,500 lorries with 1.2 people and 500 buses with 30 carry 6 people each on average."""
    assert _traffic().people(PARAMETERS) == pytest.approx([2.5, 6.0])
