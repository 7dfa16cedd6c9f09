"""Probabilities, intervals, CVaR and risk levels."""

from __future__ import annotations

import numpy as np
import pytest

from roadplan.errors import RoadplanError
from roadplan.traffic import load_parameters
from roadplan.traffic.risk import (
    conditional_value_at_risk,
    expectation,
    probability,
    scenario_severity,
    segment_risk,
)

PARAMETERS = load_parameters()


def test_fifty_one_members_at_a_tenth_leave_some_points() -> None:
    """The Wilson interval of 5 in 51 is 4.3 to 21.0 % (Wilson 1927, by hand)."""
    found = probability([True] * 5 + [False] * 46, np.arange(51))
    assert found.value == pytest.approx(5 / 51)
    assert (found.low, found.high) == pytest.approx((0.0426, 0.2098), abs=2e-4)


def test_draws_that_agree_within_members_add_nothing() -> None:
    """20 draws of each of 50 members that all agree are worth 50 scenarios."""
    by_member = np.arange(50) < 5
    once = probability(by_member, np.arange(50))
    often = probability(np.repeat(by_member, 20), np.repeat(np.arange(50), 20))
    assert (often.low, often.high) == pytest.approx((once.low, once.high))


def test_independent_draws_narrow_the_interval() -> None:
    """Where members do not matter, 1,000 scenarios are worth near 1,000."""
    rng = np.random.default_rng(5)
    found = probability(rng.random(1000) < 0.1, np.repeat(np.arange(50), 20))
    assert found.high - found.low < 0.06


def test_what_never_happened_is_not_impossible() -> None:
    """No event in 50 members leaves up to 7 %."""
    found = probability(np.zeros(1000, dtype=bool), np.repeat(np.arange(50), 20))
    assert found.value == 0
    assert found.low == 0
    assert found.high == pytest.approx(1.959964**2 / (50 + 1.959964**2))


def test_members_count_alike_whatever_their_draws() -> None:
    """Two members with one and with three draws weigh the same."""
    assert probability([True, False, False, False], [0, 1, 1, 1]).value == 0.5


def test_coverage_of_the_interval() -> None:
    """Of 400 samples of correlated draws at least 90 % of the intervals hold the truth."""
    rng = np.random.default_rng(11)
    member_of = np.repeat(np.arange(40), 10)
    held = 0
    for _ in range(400):
        chance = rng.beta(0.5, 2.0, 40)
        found = probability(rng.random(400) < np.repeat(chance, 10), member_of)
        held += found.low <= 0.2 <= found.high
    assert held >= 360


def test_mean_has_the_spread_of_the_members() -> None:
    """Means 1, 2, 3 of three members: 2 ± 1.96/√3."""
    found = expectation([0, 2, 2, 2, 3, 3], [0, 0, 1, 1, 2, 2])
    assert found.value == pytest.approx(2.0)
    assert found.high - found.value == pytest.approx(1.959964 / np.sqrt(3))
    assert np.isinf(expectation([1.0, 2.0], [0, 0]).high)


def test_cvar_is_the_mean_of_the_worst() -> None:
    """Of 1 to 10, the worst fifth are 9 and 10."""
    assert conditional_value_at_risk(np.arange(1, 11), 0.8) == pytest.approx(9.5)
    assert conditional_value_at_risk([3.0], 0.95) == pytest.approx(3.0)
    assert conditional_value_at_risk(np.arange(1, 11), 0.0) == pytest.approx(5.5)


def test_missing_values_are_refused() -> None:
    """A scenario without a value, a share of 1, and members that do not fit are named."""
    with pytest.raises(RoadplanError, match="none missing"):
        expectation([1.0, np.nan], [0, 1])
    with pytest.raises(RoadplanError, match="from 0 to below 1"):
        conditional_value_at_risk([1.0], 1.0)
    with pytest.raises(RoadplanError, match="2 members for 3 scenarios"):
        probability([True, False, True], [0, 1])


def _one(**values: float) -> int:
    shape = (1, 1, 1, 1)
    found = scenario_severity(
        jam_km=np.full(shape, values.get("jam_km", 0.0)),
        speed_factor=np.full(shape, values.get("speed", 1.0)),
        closed=np.full(shape, bool(values.get("closed", 0))),
        length_km=np.array([values.get("length_km", 10.0)]),
        parameters=PARAMETERS,
    )
    return int(found[0, 0, 0, 0])


def test_severity_goes_by_what_is_worst() -> None:
    """Slow is 1, a jam 2, a long one 3, closed 4; on a short segment four fifths are long."""
    assert _one() == 0
    assert _one(speed=0.5) == 1
    assert _one(speed=0.5, jam_km=0.5) == 2
    assert _one(jam_km=5.0) == 3
    assert _one(jam_km=1.7, length_km=2.0) == 3
    assert _one(closed=1, jam_km=9.0) == 4
    assert _one(speed=np.nan) == -1


def _risk(severities: list[int]) -> tuple[int, float, int]:
    grid = np.array(severities, dtype=np.int8).reshape(-1, 1, 1, 1)
    found = segment_risk(grid, np.arange(len(severities)), PARAMETERS)
    at = (0, 0, 0)
    return int(found.severity[at]), float(found.probability[at]), int(found.level[at])


def test_severity_and_probability_are_kept_apart() -> None:
    """A likely closure is severity 4 with its probability; its level is 3 until it is probable."""
    assert _risk([4] * 2 + [0] * 8) == (4, pytest.approx(0.2), 3)
    assert _risk([4] * 4 + [0] * 6) == (4, pytest.approx(0.4), 4)
    assert _risk([1] * 2 + [0] * 8) == (1, pytest.approx(0.2), 1)
    assert _risk([4] + [2] * 9 + [0] * 10) == (2, pytest.approx(0.5), 2)
    assert _risk([0] * 19 + [4]) == (0, pytest.approx(0.95), 0)


def test_unknown_weather_is_unknown_risk() -> None:
    """One member without weather makes the hour unknown, never green."""
    severity, chance, level = _risk([0, -1, 0])
    assert (severity, level) == (-1, -1)
    assert np.isnan(chance)
