"""Snow carried by the wind."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadplan.errors import RoadplanError
from roadplan.weather import Parameters, load_parameters
from roadplan.weather.drift import (
    across,
    drift_rate_m_h,
    drifting,
    fetch_factor,
    threshold_m_s,
    transport_kg_m_s,
)

P = load_parameters()


def test_transport_at_four_winds(parameters: Parameters) -> None:
    """Tabler 2003: 97, 453, 1,353 and 3,159 kg/m/h at 10, 15, 20 and 25 m/s."""
    carried = 3600 * transport_kg_m_s([10, 15, 20, 25], parameters)
    assert carried == pytest.approx([97, 453, 1353, 3159], abs=0.6)


def test_drift_on_a_flush_road(parameters: Parameters) -> None:
    """1.1 and 3.2 cm/h at 15 and 20 m/s square to a road that keeps a tenth."""
    rate = 100 * drift_rate_m_h([15.0, 20.0], 0.1, 1.0, parameters)
    assert rate == pytest.approx([1.1, 3.2], abs=0.05)


def test_wind_along_the_road_brings_no_drift(parameters: Parameters) -> None:
    """Only the component across the road counts, from either side."""
    sine = across([0, 180, 90, 270, 30], 0.0)
    assert sine == pytest.approx([0, 0, 1, -1, 0.5], abs=1e-12)
    assert drift_rate_m_h(20.0, 0.1, sine, parameters)[:2] == pytest.approx([0, 0], abs=1e-12)


def test_threshold_wind(parameters: Parameters) -> None:
    """Li & Pomeroy 1997: 9.43 at 0 °C, 7.96 at -10 °C, 7.15 at -20 °C, 9.9 for wet snow."""
    assert threshold_m_s([0, -10, -20, 1], parameters) == pytest.approx([9.43, 7.96, 7.15, 9.9])


def test_threshold_does_not_rise_in_severe_cold(parameters: Parameters) -> None:
    """Below the minimum of the fitted parabola its minimum holds."""
    thresholds = threshold_m_s([-27.3, -40, -60], parameters)
    assert thresholds == pytest.approx([thresholds[0]] * 3, abs=1e-3)


def test_fetch_factor(parameters: Parameters) -> None:
    """86 % of the full transport after 3 km, none without fetch, all of it without end."""
    assert fetch_factor([0, 3000, np.inf], parameters) == pytest.approx([0, 0.86, 1])


def test_wind_in_kmh_cannot_slip_in(parameters: Parameters) -> None:
    """A mean wind beyond any ever measured is refused as km/h."""
    with pytest.raises(RoadplanError, match="km/h"):
        transport_kg_m_s([20.0, 90.0], parameters)
    with pytest.raises(RoadplanError, match="negative"):
        transport_kg_m_s([-1.0], parameters)


def _run(
    snow: float,
    wind: float,
    temperature: float,
    loose: float,
    *,
    steps: int = 96,
    step_h: float = 0.5,
) -> tuple[np.ndarray, np.ndarray]:
    shape = (1, steps, 1)
    moved = drifting(
        snowfall_kg_m2_h=np.full(shape, snow),
        wind_m_s=np.full(shape, wind),
        temperature_c=np.full(shape, temperature),
        loose_kg_m2=np.full((1, 1), loose),
        fetch_m=3000.0,
        step_h=step_h,
        parameters=P,
    )
    return moved.flux_kg_m_s[0, :, 0], moved.loose_kg_m2[0, :, 0]


def test_nothing_drifts_below_the_threshold() -> None:
    """Loose snow lies where the wind is too weak."""
    flux, loose = _run(0.0, 7.9, -10.0, 5.0)
    assert (flux == 0).all()
    assert (loose == 5.0).all()


def test_the_supply_is_used_up() -> None:
    """At 20 m/s 3 kg/m² over 3 km last under eight hours: 9,000 kg/m at 1,164 kg/m/h."""
    flux, loose = _run(0.0, 20.0, -10.0, 3.0)
    hours = 9000.0 / (3600 * flux[0])
    assert hours == pytest.approx(7.73, abs=0.01)
    assert np.count_nonzero(flux) == int(np.ceil(2 * hours))
    assert loose[-1] == 0


@given(
    snow=st.floats(0, 5),
    wind=st.floats(0, 30),
    temperature=st.floats(-40, 0),
    loose=st.floats(0, 50),
)
def test_loose_snow_is_conserved(
    snow: float, wind: float, temperature: float, loose: float
) -> None:
    """What was there and what fell is what drifted away and what is left."""
    flux, left = _run(snow, wind, temperature, loose, steps=20)
    gone = flux.sum() * 1800.0 / 3000.0
    assert loose + snow * 10.0 == pytest.approx(gone + left[-1], rel=1e-9, abs=1e-9)
    assert (left >= 0).all()


def test_thaw_bonds_loose_snow() -> None:
    """After two hours above zero with a wind that carries nothing, 37 % are loose still."""
    _, loose = _run(0.0, 5.0, 2.0, 10.0, steps=4)
    assert loose[-1] == pytest.approx(10 * np.exp(-1.0))


def test_snowfall_renews_the_supply() -> None:
    """With snow falling the wind goes on carrying as much as falls on the fetch."""
    flux, _ = _run(0.2, 20.0, -10.0, 0.0)
    assert flux[-1] * 3600 / 3000 == pytest.approx(0.2)
