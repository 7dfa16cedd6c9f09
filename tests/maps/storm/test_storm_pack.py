"""Numbers written to the base 64 come back as they were."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadplan.errors import RoadplanError
from roadplan.maps.storm_pack import DIGITS, RUN, pack, unpack


@given(st.lists(st.integers(-1, 5000)))
def test_what_is_packed_comes_back(values: list[int]) -> None:
    """Any numbers and the unknown among them survive."""
    assert unpack(pack(values)).tolist() == values


@given(st.integers(-1, 200), st.integers(1, 1000))
def test_a_long_run_is_short(value: int, count: int) -> None:
    """A value that stays takes three letters for 64 of it, or less."""
    text = pack([value] * count)
    assert len(text) <= 1 + 2 + 4 * (count // 64 + 1)
    assert (unpack(text) == value).all()


def test_the_letters_are_those_that_the_page_reads() -> None:
    """Unknown, zero and a number of two digits, by hand."""
    assert pack([-1, 0, 1]) == "1012"
    assert pack([70]) == "2" + DIGITS[1] + DIGITS[7]
    assert pack([0] * 5) == "11" + RUN + "4"


def test_rows_follow_each_other() -> None:
    """An array is written row by row."""
    assert pack(np.array([[1, 2], [3, 4]])) == "12345"


def test_what_is_too_large_is_refused() -> None:
    """A number with more than three digits names the limit."""
    with pytest.raises(RoadplanError, match="too large"):
        pack([64**3])
