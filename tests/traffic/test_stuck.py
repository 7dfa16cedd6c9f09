"""Stuck vehicles: hazards, and draws that stay the same where nothing changed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadplan.errors import RoadplanError
from roadplan.traffic import StuckVehicles, draw_stuck, load_parameters, stuck_hazard
from roadplan.traffic.stuck import segment_keys

PARAMETERS = load_parameters()


def _draw(
    expected: np.ndarray,
    depth_cm: np.ndarray | None = None,
    *,
    names: str = "abcdef",
    draws: int = 10,
    seed: int = 1,
) -> StuckVehicles:
    cases = len(expected)
    return draw_stuck(
        expected.astype(np.float32),
        (np.zeros_like(expected) if depth_cm is None else depth_cm).astype(np.float32),
        PARAMETERS,
        keys=segment_keys(list(names[: expected.shape[2]])),
        case_of=np.repeat(np.arange(cases), draws),
        member_of=np.repeat(np.arange(cases), draws),
        draw_of=np.tile(np.arange(draws), cases),
        period_s=3600.0,
        seed=seed,
    )


def _set(stuck: StuckVehicles) -> set[tuple[int, int, int, float]]:
    return set(
        zip(
            stuck.scenario.tolist(),
            stuck.segment.tolist(),
            stuck.direction.tolist(),
            stuck.start_s.tolist(),
            strict=True,
        )
    )


def test_hazard_follows_its_formula() -> None:
    """10 cm, 100 m of sight and 2 % of grade: exp(2.5 + 1 + 0.6) times the base."""
    found = stuck_hazard([0.0, 10.0], [5000.0, 100.0], PARAMETERS, grade_percent=[0.0, -2.0])
    assert found == pytest.approx([3e-7, 3e-7 * np.exp(4.1)])


def test_unknown_depth_is_no_good_weather() -> None:
    """A missing value is a fault."""
    with pytest.raises(RoadplanError, match="numbers of 0 or more"):
        stuck_hazard(np.nan, 100.0, PARAMETERS)


def test_draws_have_the_mean_the_share_and_the_median_asked_for() -> None:
    """A hundred thousand periods of mean 0.1 agree within four standard errors."""
    expected = np.full((25, 40, 5, 2), 0.1)
    found = _draw(expected, np.full_like(expected, 10.0))
    count = 0.1 * expected.size * 10
    assert len(found) == pytest.approx(count, abs=4 * np.sqrt(count))
    assert found.all_lanes.mean() == pytest.approx(0.3, abs=4 * np.sqrt(0.21 / count))
    hours = (found.end_s - found.start_s) / 3600
    assert np.median(hours) == pytest.approx(1.5 * np.exp(0.4), rel=0.03)
    assert np.std(np.log(hours)) == pytest.approx(0.9, rel=0.02)
    assert found.along.mean() == pytest.approx(0.5, abs=0.01)
    assert ((found.start_s % 3600) / 3600).mean() == pytest.approx(0.5, abs=0.01)


def test_many_in_one_period_are_poisson() -> None:
    """With a mean of 3 the number has a variance of 3, too."""
    expected = np.full((1, 200, 5, 2), 3.0)
    found = _draw(expected)
    _, counts = np.unique(
        found.scenario * 10**6 + (found.start_s // 3600).astype(int) * 100 + found.segment * 2
        + found.direction,
        return_counts=True,
    )  # fmt: skip
    cells = expected.size * 10
    counts = np.append(counts, np.zeros(cells - len(counts)))
    assert counts.mean() == pytest.approx(3.0, rel=0.02)
    assert counts.var() == pytest.approx(3.0, rel=0.05)


@settings(max_examples=30, deadline=None)
@given(st.floats(0, 1), st.floats(0, 30), st.integers(0, 100))
def test_less_hazard_keeps_some_of_the_same_blockages(
    share: float, depth: float, seed: int
) -> None:
    """With common random numbers a better plan has a subset, each as short or shorter."""
    rng = np.random.default_rng(seed)
    expected = rng.uniform(0, 0.4, (2, 6, 3, 2))
    deep = np.full_like(expected, depth)
    worse = _draw(expected, deep, seed=seed)
    better = _draw(share * expected, 0.5 * deep, seed=seed)
    assert _set(better) <= _set(worse)
    ends = dict(zip(worse.start_s.tolist(), worse.end_s.tolist(), strict=True))
    for start, end in zip(better.start_s.tolist(), better.end_s.tolist(), strict=True):
        assert end <= ends[start] + 1e-6


def test_a_segment_keeps_its_draws_when_others_come_and_go() -> None:
    """Streams hang on the segment's name, not on its place in the table."""
    expected = np.full((1, 50, 3, 2), 0.2)
    alone = _draw(expected[:, :, :1], names="b")
    among = _draw(expected, names="abc")
    here = among.segment == 1
    assert sorted(among.start_s[here]) == sorted(alone.start_s)


def test_seed_member_and_draw_give_other_streams() -> None:
    """No two scenarios and no two seeds share their blockages."""
    expected = np.full((2, 200, 2, 2), 0.2)
    one, other = _draw(expected, seed=1), _draw(expected, seed=2)
    assert not _set(one) & _set(other)
    assert len(np.unique(one.start_s)) == len(one)


def test_shapes_that_do_not_fit_are_refused() -> None:
    """Arrays without both directions are refused, and means that are none."""
    with pytest.raises(RoadplanError, match="must both be"):
        _draw(np.zeros((1, 2, 3, 1)))
    with pytest.raises(RoadplanError, match="means must be"):
        _draw(np.full((1, 2, 3, 2), np.nan))
    with pytest.raises(RoadplanError, match="2 keys for 3 segments"):
        _draw(np.zeros((1, 2, 3, 2)), names="ab")
