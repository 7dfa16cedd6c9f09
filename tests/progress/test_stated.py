"""Public statements, shown as stated."""

from __future__ import annotations

import datetime as dt

import pytest

from roadplan.corridor import Corridor
from roadplan.progress import statements
from roadplan.progress.stated import latest, partial_days


def test_surfaced_874_of_946(road: Corridor) -> None:
    """The statement of the end of 2023 is known on its day and not before."""
    known = statements(road, known_by=dt.date(2023, 12, 31))
    (surface,) = [each for each in known if each.what == "new_surface"]
    assert (surface.contract, surface.value, surface.whole, surface.unit) == (
        "corridor",
        874,
        946,
        "km",
    )
    assert surface.share == pytest.approx(874 / 946)
    earlier = statements(road, known_by=dt.date(2023, 12, 30))
    assert not [each for each in earlier if each.what == "new_surface"]


def test_a_month_is_known_at_its_end(road: Corridor) -> None:
    """What was said in October 2024 is not known on the 30th."""
    by = dt.date(2024, 10, 30)
    assert not [e for e in statements(road, known_by=by) if e.what == "upper_layer"]
    (upper,) = [
        e for e in statements(road, known_by=by + dt.timedelta(days=1)) if e.what == "upper_layer"
    ]
    assert (upper.value, upper.whole, upper.share) == (76, 100, pytest.approx(0.76))


def test_kilometres_are_of_the_official_length(road: Corridor) -> None:
    """81 km opened of 228; a statement without a figure has no share."""
    found = {each.id: each for each in statements(road)}
    opened = found["2024-08-15-burylbaital-kurty-open-four-lanes"]
    assert (opened.value, opened.whole, opened.from_post_km) == (81, 228, 2214)
    assert found["2024-02-karaganda-balkhash-new-surface"].share is None
    assert found["2022-07-karaganda-balkhash-deadline"].day == dt.date(2023, 12, 31)


def test_every_row_is_there_in_order(road: Corridor) -> None:
    """None is dropped, and each keeps its source."""
    found = statements(road)
    assert len(found) == len(road.table("reports"))
    assert [each.known_by for each in found] == sorted(each.known_by for each in found)
    assert all(each.source for each in found)


def test_the_latest_of_each_kind_is_picked(road: Corridor) -> None:
    """Of two deadlines of one contract the later statement stays."""
    picked = latest(statements(road))
    (deadline,) = [each for each in picked if each.what == "deadline"]
    assert deadline.date_text == "2022-10-05"


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2020", dt.date(2020, 1, 1), dt.date(2020, 12, 31)),
        ("2023-02", dt.date(2023, 2, 1), dt.date(2023, 2, 28)),
        ("2023-02-07", dt.date(2023, 2, 7), dt.date(2023, 2, 7)),
    ],
)
def test_partial_dates(text: str, first: dt.date, last: dt.date) -> None:
    """A year and a month mean all of their days."""
    assert partial_days(text) == (first, last)
