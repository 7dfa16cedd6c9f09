"""Moments and days as people and the ledger write them."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadplan.errors import RoadplanError
from roadplan.progress import AsOf, read_day, read_moment
from roadplan.progress.asof import moment_text

_moments = st.datetimes(dt.datetime(1, 1, 2), timezones=st.just(dt.UTC))  # noqa: DTZ001


@given(_moments, _moments)
def test_texts_sort_as_the_moments_do(a: dt.datetime, b: dt.datetime) -> None:
    """So a database may compare them as text; and they read back."""
    assert (moment_text(a) < moment_text(b)) == (a < b)
    assert read_moment(moment_text(a)) == a


def test_a_day_means_its_end() -> None:
    """What was recorded on the day counts."""
    assert moment_text(read_moment("2024-02-01")) == "2024-02-01T23:59:59.999999Z"


@pytest.mark.parametrize("text", ["yesterday", "", "2024-13-01", "2024-02-01T12:00"])
def test_what_is_no_moment_is_told(text: str) -> None:
    """Also a moment without a time zone."""
    with pytest.raises(RoadplanError, match=r"no moment|no time zone"):
        read_moment(text)


def test_a_moment_needs_a_zone() -> None:
    """A naive moment is refused where it is used."""
    with pytest.raises(RoadplanError, match="no time zone"):
        AsOf(dt.date(2024, 1, 1), dt.datetime(2024, 1, 1))  # noqa: DTZ001 - refused as such
    with pytest.raises(RoadplanError, match="no day"):
        read_day("soon")
