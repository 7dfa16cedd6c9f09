"""When a road is closed and opens again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadplan.weather import Closures, closures, load_parameters
from roadplan.weather.closing import DEPTH, GUST, SIGHT

P = load_parameters()


def _run(
    sight: Any = 2000.0, gust: Any = 10.0, depth: Any = 0.0, slots: int = 6, **changes: Any
) -> Closures:
    def line(value: Any) -> np.ndarray:
        return np.broadcast_to(np.asarray(value, dtype=float), (slots,))[None, :, None]

    return closures(
        visibility_m=line(sight),
        gust_m_s=line(gust),
        depth_m=line(depth),
        blocking_m=0.2,
        slot_h=changes.pop("slot_h", 0.5),
        parameters=changes.pop("parameters", P),
        **changes,
    )


def _slots(result: Closures) -> list[int]:
    return result.closed[0, :, 0].astype(int).tolist()


def test_each_trigger_closes_and_says_why() -> None:
    """Sight under 50 m, gusts of 25 m/s, snow deeper than blocks."""
    assert _run(sight=49.0).reasons[0, 0, 0] == SIGHT
    assert _run(gust=25.0).reasons[0, 0, 0] == GUST
    assert _run(depth=0.21).reasons[0, 0, 0] == DEPTH
    assert _run(sight=49.0, depth=0.21).reasons[0, 0, 0] == SIGHT + DEPTH
    assert not _run(sight=50.0, gust=24.9, depth=0.2).closed.any()


def test_it_opens_at_twice_the_sight() -> None:
    """99 m keep it closed, without a reason of their own; 100 m open it."""
    result = _run(sight=[40, 60, 99, 99, 100, 60])
    assert _slots(result) == [1, 1, 1, 1, 0, 0]
    assert result.reasons[0, :, 0].tolist() == [SIGHT, 0, 0, 0, 0, 0]


def test_it_opens_when_gusts_are_well_below() -> None:
    """Nine tenths of the trigger are 22.5 m/s."""
    assert _slots(_run(gust=[26, 24, 23, 22, 24, 10])) == [1, 1, 1, 0, 0, 0]


def test_it_takes_a_quiet_hour_to_open() -> None:
    """With slots of half an hour that is two of them after the last reason."""
    assert _slots(_run(sight=[40, 2000, 40, 2000, 2000, 2000])) == [1, 1, 1, 1, 1, 0]


def test_after_snow_it_takes_a_pass() -> None:
    """Sight alone does not open a road with 10 cm on it; the pass does."""
    none = np.zeros((1, 6, 1), dtype=bool)
    late = none.copy()
    late[0, 3] = True
    sight = [40, 2000, 2000, 2000, 2000, 2000]
    assert _slots(_run(sight=sight, depth=0.1, passed=none)) == [1] * 6
    assert _slots(_run(sight=sight, depth=0.1, passed=late)) == [1, 1, 1, 0, 0, 0]
    assert _slots(_run(sight=sight, depth=0.01, passed=none)) == [1, 1, 1, 0, 0, 0]


def test_the_pass_that_clears_a_blocked_road_opens_it() -> None:
    """It comes in the last slot in which the depth was a reason."""
    cleared = np.zeros((1, 6, 1), dtype=bool)
    cleared[0, 1] = True
    depth = [0.25, 0.22, 0.03, 0.03, 0.03, 0.03]
    assert _slots(_run(depth=depth, passed=cleared)) == [1, 1, 1, 1, 0, 0]


def test_a_pass_before_the_last_reason_does_not_count() -> None:
    """It must come after."""
    early = np.zeros((1, 6, 1), dtype=bool)
    early[0, 0] = True
    assert _slots(_run(sight=[2000, 40, 2000, 2000, 2000, 2000], depth=0.1, passed=early)) == [
        0,
        1,
        1,
        1,
        1,
        1,
    ]


def test_it_may_be_closed_from_before() -> None:
    """A road that is closed now opens when it may."""
    assert _slots(_run(sight=[60, 60, 200, 200, 200, 200], closed_before=True)) == [
        1,
        1,
        0,
        0,
        0,
        0,
    ]


def test_triggers_can_be_set() -> None:
    """Another rule, another answer."""
    strict = load_parameters({"close_visibility_m": 200})
    assert _run(sight=150.0, parameters=strict).closed.all()


@given(seed=st.integers(0, 5000))
def test_worse_weather_never_opens_a_road(seed: int) -> None:
    """Shorter sight, stronger gusts and deeper snow only close more."""
    rng = np.random.default_rng(seed)
    sight, gust, depth = (rng.uniform(a, b, 20) for a, b in ((30, 900), (10, 27), (0, 0.22)))
    passed = rng.random((1, 20, 1)) < 0.3
    good = _run(sight=sight, gust=gust, depth=depth, passed=passed, slots=20)
    worse = {"sight": 0.9 * sight, "gust": 1.05 * gust, "depth": depth + 0.01}
    bad = _run(**worse, passed=passed, slots=20)
    assert (bad.closed >= good.closed).all()


@pytest.mark.parametrize("shape", [(2, 6, 3), (2, 6, 3, 2)])
def test_any_number_of_axes(shape: tuple[int, ...]) -> None:
    """Members and slots first, then what one likes."""
    result = closures(
        visibility_m=np.full(shape, 40.0),
        gust_m_s=np.zeros(shape),
        depth_m=np.zeros(shape),
        blocking_m=0.2,
        slot_h=0.5,
        parameters=P,
    )
    assert result.closed.shape == shape
    assert result.closed.all()
