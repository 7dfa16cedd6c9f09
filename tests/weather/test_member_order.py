"""The order of members."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from roadplan.weather.member_order import natural_key, natural_order


def test_numbers_are_ordered_by_their_size() -> None:
    """With and without zeros before them, and behind names; numbers stand before names."""
    labels = ["11", "gfs:10", "2", "gfs:2", "0", "010", "1"]
    ordered = [labels[place] for place in natural_order(labels)]
    assert ordered == ["0", "1", "2", "010", "11", "gfs:2", "gfs:10"]


@given(st.lists(st.integers(0, 10**30), unique=True))
def test_it_is_the_order_of_the_numbers(numbers: list[int]) -> None:
    """Of any size."""
    assert sorted(map(str, numbers), key=natural_key) == [str(n) for n in sorted(numbers)]


@given(st.lists(st.text(), unique=True))
def test_any_labels_have_one_order(labels: list[str]) -> None:
    """Whatever the order in which they come."""
    there = [labels[place] for place in natural_order(labels)]
    back = labels[::-1]
    assert [back[place] for place in natural_order(back)] == there
