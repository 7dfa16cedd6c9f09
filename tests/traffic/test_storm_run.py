"""From forecast to queues: what must hold of the whole chain on the shipped corridor."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from roadplan.corridor import Corridor
from roadplan.errors import RoadplanError
from roadplan.traffic.storm_risk import COLUMNS, risk_stretches
from roadplan.traffic.storm_run import StormRun, prepare_storm
from roadplan.weather import BACKWARD, FORWARD, Passes

MEMBERS, DRAWS = 4, 3


@pytest.fixture(scope="module")
def run_of(road: Corridor) -> Callable[..., StormRun]:
    """Prepare a few members of a shipped storm, each once."""
    kept: dict[tuple[str, float], StormRun] = {}

    def make(name: str, demand_scale: float = 1.0) -> StormRun:
        if (name, demand_scale) not in kept:
            kept[name, demand_scale] = prepare_storm(
                road, name, members=MEMBERS, demand_scale=demand_scale
            )
        return kept[name, demand_scale]

    return make


def rounds(run: StormRun, every_h: float) -> Passes:
    """Return passes over every carriageway at the same hours, each full ones."""
    hours = np.arange(every_h, run.hours, every_h)
    segment = np.arange(len(run.road))
    grid = np.meshgrid(hours, segment, [FORWARD, BACKWARD], indexing="ij")
    return Passes.of(grid[1].ravel(), grid[2].ravel(), grid[0].ravel())


def test_a_mild_night_costs_next_to_nothing_and_storms_cost_much(
    run_of: Callable[..., StormRun],
) -> None:
    """With nothing cleared, delay rises from a mild night over a snow band to a buran."""
    delay = {
        name: run_of(name).simulate(draws=DRAWS).expected_delay()["all"].value
        for name in ("mild-night", "snow-band", "buran")
    }
    # A day's traffic of the corridor is some 60,000 vehicle-hours of driving.
    assert delay["mild-night"] < 1_000
    assert delay["snow-band"] > 5 * delay["mild-night"]
    assert delay["buran"] > 5 * delay["snow-band"]


@pytest.mark.parametrize("name", ["snow-band", "wet-snow", "buran"])
@pytest.mark.parametrize("barriers", [True, False])
def test_more_clearing_never_raises_delay(
    run_of: Callable[..., StormRun], name: str, barriers: bool
) -> None:
    """In no scenario, with common random numbers: none, every 8 h, every 4 h, every 2 h.

    The hours of each plan are among those of the next.
    """
    run = run_of(name)
    plans = [Passes.none(), *(rounds(run, hours) for hours in (8.0, 4.0, 2.0))]
    outcome = run.simulate(plans, draws=DRAWS, seed=5, barriers=barriers)
    delay = np.stack(
        [outcome.delay_veh_h[outcome.of_plan(k)].sum(axis=1) for k in range(len(plans))]
    )
    assert (np.diff(delay, axis=0) <= 1e-6 * delay[:-1]).all()
    assert delay[0].mean() > delay[-1].mean()


@pytest.mark.parametrize("name", ["snow-band", "ground-blizzard"])
def test_less_demand_never_raises_delay(run_of: Callable[..., StormRun], name: str) -> None:
    """In no scenario, with common random numbers: fewer lorries are fewer that get stuck."""
    found = [run_of(name, scale).simulate(draws=DRAWS, seed=5) for scale in (1.0, 0.6)]
    more, less = (outcome.delay_veh_h.sum(axis=1) for outcome in found)
    assert (less <= more * (1 + 1e-6)).all()
    assert len(found[1].stuck) <= len(found[0].stuck)


def test_runs_are_reproducible(run_of: Callable[..., StormRun]) -> None:
    """The same seed gives the same delay, another one another."""
    run = run_of("snow-band")
    first, again, other = (run.simulate(draws=DRAWS, seed=seed).delay_veh_h for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_deep_snow_without_barriers_can_be_simulated(road: Corridor) -> None:
    """Knee-deep snow on the road, and no barrier that keeps traffic out of it."""
    run = prepare_storm(road, "buran")
    assert run.depth(Passes.none()).mean_m.max() > 0.6
    outcome = run.simulate(draws=1, barriers=False)
    assert np.isfinite(outcome.delay_veh_h).all()


def test_stretches_cover_the_road_once_each_way(run_of: Callable[..., StormRun]) -> None:
    """Without gap or overlap, whatever their level; closed ones are where severity is 4."""
    run = run_of("buran")
    table = risk_stretches(run.simulate(draws=DRAWS))
    assert tuple(table.columns) == COLUMNS
    for (route, _), rows in table.groupby(["route", "direction"]):
        here = np.array(run.segments.route) == route
        length = (run.segments.to_m - run.segments.from_m)[here].sum()
        assert (rows["to_m"] - rows["from_m"]).sum() == pytest.approx(length)
        assert (rows["from_m"].to_numpy()[1:] >= rows["to_m"].to_numpy()[:-1] - 1e-6).all()
    assert table["level"].max() == 4
    assert (table["level"] <= table["severity"]).all()
    assert table["hour"].between(0, run.hours - 1).all()


def test_a_mild_night_has_hardly_any_risk(run_of: Callable[..., StormRun]) -> None:
    """Most of the road has level 0, nothing is unknown."""
    table = risk_stretches(run_of("mild-night").simulate(draws=DRAWS))
    assert (table["level"] >= 0).all()
    quiet = table[table["level"] == 0]
    whole = (table["to_m"] - table["from_m"]).sum()
    assert (quiet["to_m"] - quiet["from_m"]).sum() > 0.8 * whole


@pytest.mark.parametrize(
    ("wish", "told"),
    [({"hours": 0}, "ask for 1 to 24"), ({"hours": 25}, "ask for 1 to 24"),
     ({"demand_scale": -1.0}, "give 0 or more"), ({"demand_scale": float("nan")}, "0 or more")],
)  # fmt: skip
def test_wishes_that_cannot_be_met_are_told(
    road: Corridor, wish: dict[str, float], told: str
) -> None:
    """With what is possible."""
    with pytest.raises(RoadplanError, match=told):
        prepare_storm(road, "mild-night", members=1, **wish)


def test_a_stranger_s_road_without_barriers_is_simulated(stranger: Corridor) -> None:
    """Nothing is taken from the shipped corridor."""
    outcome = prepare_storm(stranger, "buran", members=2).simulate(draws=2)
    assert outcome.expected_delay()["all"].value > 0
    assert outcome.held()["vehicles"].value == 0
