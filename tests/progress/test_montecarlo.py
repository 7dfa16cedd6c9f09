from __future__ import annotations

from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest

from roadplan.errors import RoadplanError
from roadplan.progress.montecarlo import Gang, Links, RemainingWork, Shock, simulate
from roadplan.progress.seasons import WorkCalendar


def work(n: int, *, days: float = 10.0, sd: float = 0.0, **more: object) -> RemainingWork:
    """Return independent items that take some days each, every day being a working day."""
    values: dict[str, object] = {
        "ids": [f"item {i}" for i in range(n)],
        "quantity": np.full(n, days),
        "log_pace": np.zeros(n),
        "own_sd": np.full(n, sd),
        "pool": np.zeros(n, dtype=np.intp),
        "pool_sd": np.zeros(1),
        "group": np.zeros(n, dtype=np.intp),
        "calendar": np.zeros(n, dtype=np.intp),
        "calendars": [WorkCalendar(0, np.ones(20_000))],
        "release": np.zeros(n),
        "rank": np.arange(n, dtype=np.float64),
        "gang": np.zeros(n, dtype=np.intp),
        "gangs": [Gang(crews=0)],
    }
    return RemainingWork(**(values | more))  # type: ignore[arg-type] # by name


def links(*pairs: tuple[int, int], to_finish: bool = False, lag: float = 0.0) -> Links:
    """Return links from pairs of before and after."""
    before, after = zip(*pairs, strict=True)
    return Links(
        before=np.array(before),
        after=np.array(after),
        to_finish=np.full(len(pairs), to_finish),
        lag_days=np.full(len(pairs), lag),
    )


def test_twenty_items_at_95_percent_are_ready_together_with_36() -> None:
    """Merge bias: 0.95^20 = 0.358, within a point at 100,000 draws."""
    spread = 0.3
    each = work(20, days=1.0, sd=spread)
    pace = NormalDist().inv_cdf(0.95) * spread - np.log(30)
    drawn = simulate(
        replace(each, log_pace=np.full(20, pace)),
        groups=1,
        draws=100_000,
        seed=7,
        moments=np.full((20, 1), 30.0),
    )
    assert drawn.done_by.mean() == pytest.approx(0.95, abs=0.002)
    assert (drawn.whole <= 30).mean() == pytest.approx(0.36, abs=0.01)


def test_a_shared_shock_binds_the_items_together() -> None:
    """Items that share all their luck are ready together as often as one of them."""
    pace = NormalDist().inv_cdf(0.95) * 0.3 - np.log(30)
    items = work(20, days=1.0, log_pace=np.full(20, pace))
    drawn = simulate(items, groups=1, draws=20_000, seed=1, shock=Shock(sd=0.3))
    assert (drawn.whole <= 30).mean() == pytest.approx(0.95, abs=0.01)


def test_contracts_are_correlated_as_asked() -> None:
    """The logarithms of two contracts' times have the correlation of the shock."""
    items = work(2, days=1.0, group=np.array([0, 1]))
    drawn = simulate(items, groups=2, draws=50_000, seed=2, shock=Shock(sd=0.2, correlation=0.4))
    assert np.corrcoef(np.log(drawn.finish))[0, 1] == pytest.approx(0.4, abs=0.02)


def test_items_wait_for_those_before_them() -> None:
    """Three items in a row of 10 days each end on day 30."""
    drawn = simulate(work(3, links=links((0, 1), (1, 2))), groups=1, draws=3, seed=1)
    assert drawn.whole == pytest.approx(30)


def test_a_gate_holds_back_the_finish_only() -> None:
    """A bypass road of 5 days closes 7 days after its structure of 50, begun beside it."""
    items = work(2, quantity=np.array([50.0, 5.0]), links=links((0, 1), to_finish=True, lag=7))
    assert simulate(items, groups=1, draws=2, seed=1).whole == pytest.approx(57)


@pytest.mark.parametrize(("crews", "end"), [(1, 60), (2, 30), (3, 20), (0, 10)])
def test_crews_take_items_in_turn(crews: int, end: float) -> None:
    """Six items of 10 days take 60 days with one crew, and 10 where nobody waits for a crew."""
    drawn = simulate(work(6, gangs=[Gang(crews=crews)]), groups=1, draws=2, seed=1)
    assert drawn.whole == pytest.approx(end)


def test_one_more_crew_helps_only_on_its_stretch() -> None:
    """A crew that takes but two of six items leaves four to the other."""
    gangs = [Gang(crews=1, extra=[frozenset({4, 5})])]
    assert simulate(work(6, gangs=gangs), groups=1, draws=2, seed=1).whole == pytest.approx(40)


def test_one_more_crew_never_makes_it_later() -> None:
    """Common random numbers: every draw ends as early or earlier when items are independent."""
    alone = work(30, sd=0.4, gangs=[Gang(crews=3)])
    more = replace(alone, gangs=[Gang(crews=4)])
    first = simulate(alone, groups=1, draws=500, seed=5).whole
    second = simulate(more, groups=1, draws=500, seed=5).whole
    assert (second <= first + 1e-9).all()


def test_the_same_seed_gives_the_same_and_another_does_not() -> None:
    """Reproducible to the digit."""
    items = work(5, sd=0.4)
    first = simulate(items, groups=1, draws=100, seed=3).whole
    assert (first == simulate(items, groups=1, draws=100, seed=3).whole).all()
    assert (first != simulate(items, groups=1, draws=100, seed=4).whole).any()


def test_an_item_keeps_its_luck_when_others_come_and_go() -> None:
    """The numbers of an item depend on its name and the seed."""
    five = simulate(work(5, sd=0.4), groups=1, draws=50, seed=3, levels=(0.5,))
    two = simulate(work(2, sd=0.4), groups=1, draws=50, seed=3, levels=(0.5,))
    assert (five.levels[:2] == two.levels).all()


def test_criticality_tells_the_last_item_and_the_chain_to_it() -> None:
    """The long chain ends last always; the short item never; all of the chain is on it."""
    items = work(4, links=links((0, 1), (1, 2)))
    drawn = simulate(items, groups=1, draws=100, seed=1)
    assert drawn.last[:, 0].tolist() == [0, 0, 1, 0]
    assert drawn.chain.tolist() == [1, 1, 1, 0]


def test_the_chain_goes_through_crews() -> None:
    """Where one crew does all, each item holds up the last."""
    drawn = simulate(work(3, gangs=[Gang(crews=1)]), groups=1, draws=10, seed=1)
    assert drawn.chain.tolist() == [1, 1, 1]


def test_the_course_rises_to_all_the_weight() -> None:
    """Half of two items of ten days is done after five."""
    drawn = simulate(
        work(2), groups=1, draws=10, seed=1, curve_moments=[0, 5, 10, 99], weight=[1, 3]
    )
    assert drawn.curve[:, 0] == pytest.approx([0, 2, 4, 4])


def test_a_circle_is_told() -> None:
    """The message names items of the circle."""
    with pytest.raises(RoadplanError, match="circle: item 0, item 1"):
        simulate(work(3, links=links((0, 1), (1, 0))), groups=1, draws=2, seed=1)


@pytest.mark.parametrize("field", ["quantity", "log_pace", "release"])
def test_values_that_are_no_numbers_are_refused(field: str) -> None:
    """NaN never enters a simulation."""
    with pytest.raises(RoadplanError, match="finite"):
        work(2, **{field: np.array([1.0, np.nan])})


def test_work_beyond_the_horizon_has_no_end() -> None:
    """It is infinite, and the course copes with it."""
    items = work(1, days=50.0, calendars=[WorkCalendar(0, np.ones(10))])
    drawn = simulate(items, groups=1, draws=2, seed=1, curve_moments=[0, 5, 10])
    assert np.isinf(drawn.whole).all()
    assert (drawn.curve == 0).all()
