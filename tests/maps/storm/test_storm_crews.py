"""Where a crew is at a moment, computed by hand."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadplan.corridor.position import Position
from roadplan.errors import RoadplanError
from roadplan.maps.storm_crews import Crew, Leg, Order

_THERE = Order(2.0, 6.0, "plough", (Leg("r1", 1_000.0, 5_000.0),))
_ROUND = Order(6.0, 10.0, "travel", (Leg("r1", 5_000.0, 4_000.0), Leg("r2", 0.0, 3_000.0)))


def _crew(*orders: Order) -> Crew:
    return Crew(id="c1", names={}, class_names={}, kind="grader", orders=orders)


def test_half_way_is_in_the_middle() -> None:
    """After half of its time a crew has half of its way behind it."""
    assert _THERE.at(4.0) == (Position("r1", 3_000.0), 1)


def test_legs_follow_each_other() -> None:
    """A crew that leaves one route against its stations goes on along the next."""
    assert _ROUND.at(6.5) == (Position("r1", 4_500.0), -1)
    assert _ROUND.at(8.0) == (Position("r2", 1_000.0), 1)
    assert _ROUND.at(10.0) == (Position("r2", 3_000.0), 1)


def test_between_orders_a_crew_stands_where_the_last_one_ended() -> None:
    """Before the first order it stands at its beginning, after the last one at its end."""
    crew = _crew(_THERE, Order(8.0, 9.0, "refill", (Leg("r1", 5_000.0, 5_000.0),)))
    assert crew.at(0.0) == (Position("r1", 1_000.0), 0)
    assert crew.at(7.0) == (Position("r1", 5_000.0), 0)
    assert crew.at(50.0) == (Position("r1", 5_000.0), 0)
    assert _crew().at(1.0) is None


def test_the_next_order_is_more_than_waiting() -> None:
    """What a crew is told next is what it is to do, not that it waits before."""
    wait = Order(6.0, 7.0, "wait", (Leg("r1", 5_000.0, 5_000.0),))
    refill = Order(7.0, 8.0, "refill", (Leg("r1", 5_000.0, 5_000.0),))
    crew = _crew(_THERE, wait, refill)
    assert crew.doing(3.0) is _THERE
    assert crew.upcoming(3.0) is refill
    assert crew.upcoming(7.0) is None


@given(st.floats(-5.0, 20.0), st.lists(st.floats(0.0, 1e6), min_size=2, max_size=6))
def test_a_crew_stays_on_its_way(moment: float, stations: list[float]) -> None:
    """At any moment a crew is between the lowest and the highest station of its legs."""
    legs = tuple(Leg("r1", a, b) for a, b in itertools.pairwise(stations))
    place, _ = Order(0.0, 3.0, "travel", legs).at(moment)
    assert min(stations) - 1e-6 <= place.station_m <= max(stations) + 1e-6


@pytest.mark.parametrize(
    ("start", "end", "doing", "legs", "message"),
    [
        (3.0, 3.0, "plough", (Leg("r1", 0.0, 1.0),), "takes no time"),
        (math.nan, 3.0, "plough", (Leg("r1", 0.0, 1.0),), "takes no time"),
        (1.0, 3.0, "dance", (Leg("r1", 0.0, 1.0),), "dance"),
        (1.0, 3.0, "wait", (), "nowhere"),
        (1.0, 3.0, "wait", (Leg("r1", math.nan, 1.0),), "finite"),
    ],
)
def test_impossible_orders_are_refused(
    start: float, end: float, doing: str, legs: tuple[Leg, ...], message: str
) -> None:
    """An order without time, place or meaning says what is wrong."""
    with pytest.raises(RoadplanError, match=message):
        Order(start, end, doing, legs)  # type: ignore[arg-type]


def test_two_things_at_once_are_refused() -> None:
    """A crew does not begin something while it is busy."""
    with pytest.raises(RoadplanError, match="busy until"):
        _crew(_THERE, Order(5.0, 7.0, "wait", (Leg("r1", 0.0, 0.0),)))
