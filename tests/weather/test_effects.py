"""What snow, wind and cold leave of sight, speed and capacity."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadplan.errors import RoadplanError
from roadplan.weather import Parameters, effects, load_parameters

P = load_parameters()
rising = st.lists(st.floats(0, 1), min_size=2, max_size=8).map(sorted).map(np.array)


def test_speed_from_sight(parameters: Parameters) -> None:
    """38, 59 and 88 km/h at a sight of 50, 100 and 200 m."""
    speed = 3.6 * effects.sight_speed_m_s([50, 100, 200], parameters)
    assert speed == pytest.approx([38, 59, 88], abs=0.6)
    assert effects.sight_speed_m_s(0, parameters) == pytest.approx(0)


def test_a_driver_can_stop_within_sight(parameters: Parameters) -> None:
    """Way in the reaction time plus braking way is the sight."""
    sight = np.array([30.0, 120.0, 500.0])
    v = effects.sight_speed_m_s(sight, parameters)
    assert v * 2 + v**2 / (2 * 0.2 * 9.81) == pytest.approx(sight)


@pytest.mark.parametrize(
    ("inches_an_hour", "loss"),
    [(0, 0), (0.05, 0.043), (0.1, 0.087), (0.5, 0.11), (0.51, 0.224), (3, 0.224)],
)
def test_capacity_lost_to_snowfall(inches_an_hour: float, loss: float) -> None:
    """HCM 2010, exhibit 10-15, by depth of new snow."""
    water = inches_an_hour * 25.4 * 0.1
    assert float(effects.weather_loss(water, -5, 5000, P)) == loss


def test_four_thousand_become_3104(parameters: Parameters) -> None:
    """Heavy snow takes 22.4 % and no more: above the demand, so no jam by itself."""
    assert 4000 * (1 - effects.weather_loss(2.0, -5, 100, parameters)) == pytest.approx(3104)


def test_the_worst_counts_never_the_product(parameters: Parameters) -> None:
    """Snowfall and short sight describe one effect; cold stands beside them."""
    assert float(effects.weather_loss(1.0, -25, 100, parameters)) == 0.11
    assert float(effects.weather_loss(0.0, -25, 5000, parameters)) == 0.0845
    assert float(effects.weather_loss(0.0, -20, 5000, parameters)) == 0.0
    assert float(effects.weather_loss(0.0, -5, 402, parameters)) == 0.11


def test_lanes_by_depth(parameters: Parameters) -> None:
    """All lanes at 2 cm, one of two at 10 cm, none at 25 cm, next to none at 20 cm."""
    share = effects.open_share([0.02, 0.10, 0.20, 0.25], 2, parameters)
    assert share == pytest.approx([1, 0.5, 0.05, 0], abs=0.01)
    assert float(effects.open_share(0.10, 3, parameters)) == pytest.approx(1 / 3)


@given(depths=rising, lanes=st.integers(1, 4))
def test_deeper_snow_never_opens_lanes(depths: np.ndarray, lanes: int) -> None:
    """Lanes and speed fall with depth, within 0 and 1."""
    share = effects.open_share(depths, lanes, P)
    speed = effects.depth_speed_share(depths, P)
    for values in (share, speed):
        assert (np.diff(values) <= 1e-12).all()
        assert ((values >= -1e-12) & (values <= 1)).all()


@given(
    snow=rising,
    wind=st.floats(0, 40),
    drift=st.floats(0, 1),
    temperature=st.floats(-40, 5),
    depth=st.floats(0, 0.4),
)
def test_more_snow_never_raises_capacity(
    snow: np.ndarray, wind: float, drift: float, temperature: float, depth: float
) -> None:
    """Through intensity, sight and depth: capacity and speed only fall with snowfall."""
    fall = 5 * snow
    sight = effects.visibility_m(fall, wind, drift, P)
    deeper = depth + 0.2 * snow
    capacity = effects.capacity_share(
        snowfall_kg_m2_h=fall,
        temperature_c=temperature,
        visibility=sight,
        depth_m=deeper,
        lanes=2,
        parameters=P,
    )
    assert (np.diff(sight) <= 1e-9).all()
    assert (np.diff(capacity) <= 1e-12).all()
    assert (np.diff(effects.speed_m_s(sight, deeper, 27.8, P)) <= 1e-9).all()
    assert ((capacity >= 0) & (capacity <= 1)).all()


@given(wind=rising, snow=st.floats(0, 5), share=st.floats(0, 1))
def test_more_wind_never_clears_the_sight(wind: np.ndarray, snow: float, share: float) -> None:
    """Stronger wind carries more snow past the eye."""
    sight = effects.visibility_m(snow, 40 * wind, share, P)
    assert (np.diff(sight) <= 1e-9).all()


def test_visibility_of_a_known_flux(parameters: Parameters) -> None:
    """Calm snowfall of 3.6 kg/m²/h is a flux of 1 g/m²/s: 10^2.845 = 700 m."""
    assert float(effects.visibility_m(3.6, 0.0, 0.0, parameters)) == pytest.approx(700, abs=1)


def test_visibility_in_blowing_snow(parameters: Parameters) -> None:
    """By hand at 15 m/s: 1.03 g/m³ at 12.1 m/s are 12.5 g/m²/s, which leave 99 m."""
    assert float(effects.visibility_m(0.0, 15.0, 1.0, parameters)) == pytest.approx(99, abs=1)


def test_clear_air_has_the_upper_bound(parameters: Parameters) -> None:
    """Nothing in the air is no division by zero."""
    assert float(effects.visibility_m(0, 0, 0, parameters)) == parameters.visibility_clear_m


def test_trucks_get_stuck_first_and_on_grades_sooner(parameters: Parameters) -> None:
    """A grade of 4 % takes 8 cm off, of either sign, down to a least depth."""
    flat = float(effects.blocking_depth_m("truck", parameters))
    assert flat < float(effects.blocking_depth_m("car", parameters))
    steep = effects.blocking_depth_m("truck", parameters, grade_percent=[4, -4, 40])
    assert steep == pytest.approx([flat - 0.08, flat - 0.08, parameters.blocking_least_m])
    assert effects.stuck(0.15, "truck", parameters, grade_percent=4)
    assert not effects.stuck(0.15, "car", parameters)
    with pytest.raises(RoadplanError, match="car, bus, truck"):
        effects.blocking_depth_m("tram", parameters)
