"""Completion day by day, and where and when work along the road was done."""

from __future__ import annotations

import datetime as dt

import numpy as np
import small_works as works
from hypothesis import given, settings
from hypothesis import strategies as st

from roadplan.progress import (
    AsOf,
    History,
    completion_by_day,
    correction,
    done_stretches,
    status,
)

_stretches = st.builds(
    lambda kind, a, length, side, day, amount: works.stretch(
        a,
        a + length,
        work_type=kind,
        side=side,
        day=day,
        quantity=amount if kind == "signs" else None,
    ),
    st.sampled_from(works.LAYERS),
    st.integers(0, 9_000).map(float),
    st.integers(1, 3_000).map(float),
    st.sampled_from(["both", "left", "right"]),
    st.integers(0, 9),
    st.integers(0, 30).map(float),
)
_stages = st.builds(
    works.milestone, st.sampled_from(["", "supports", "finished"]), day=st.integers(0, 9)
)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.one_of(_stretches, _stages), max_size=8), st.integers(0, 8))
def test_each_day_is_the_status_of_that_day(reports: list, recorded: int) -> None:
    """A column is what the status gives for its day, in whatever order the days are asked."""
    items, history = works.items(), History.from_reports(works.stored(reports))
    days = [works.DAY + dt.timedelta(days=k) for k in (4, -1, 9, 0, 20)]
    moment = works.RECORDED + dt.timedelta(minutes=recorded)
    table = completion_by_day(items, history, days, recorded_at=moment)
    for column, day in enumerate(days):
        found = status(items, history, AsOf(day, moment))
        np.testing.assert_allclose(table[:, column], found.completion, atol=1e-12)


def test_done_stretches_say_where_and_by_when() -> None:
    """The first report by which a place was done dates it; touching stretches of a day are one."""
    reports = [
        works.stretch(0, 1_000, day=2),
        works.stretch(1_000, 2_000, day=2),
        works.stretch(500, 3_000, day=5),
        works.stretch(6_000, 7_000, day=1, side="left", standing="estimated"),
    ]
    found = done_stretches(works.items(), History.from_reports(works.stored(reports)))
    assert [
        (row.from_m, row.to_m, row.side, row.work_date.day, row.standing)
        for row in found.itertuples()
    ] == [
        (0, 2_000, "both", 3, "reported"),
        (2_000, 3_000, "both", 6, "reported"),
        (6_000, 7_000, "left", 2, "estimated"),
    ]
    assert set(found["work_type"]) == {"lower-asphalt"}


def test_an_amount_is_done_when_all_of_it_is_there() -> None:
    """20 of 20 signs date the stretch, 10 did not, and 25 later do not date it anew."""
    reports = [
        works.stretch(0, 5_000, work_type="signs", quantity=quantity, day=day)
        for quantity, day in ((10, 1), (20, 4), (25, 8))
    ]
    found = done_stretches(works.items(), History.from_reports(works.stored(reports)))
    assert [row.work_date.day for row in found.itertuples()] == [5]


def test_corrections_move_what_was_done() -> None:
    """What was known before a correction and what is known after it differ."""
    wrong = works.stretch(0, 4_000)
    history = History.from_reports(works.stored([wrong, correction(wrong, to_m=1_000.0)]))
    before = done_stretches(
        works.items(), history, recorded_at=works.RECORDED + dt.timedelta(minutes=1)
    )
    after = done_stretches(works.items(), history)
    assert (before["to_m"].iloc[0], after["to_m"].iloc[0]) == (4_000, 1_000)


def test_nothing_done_is_an_empty_table() -> None:
    """Without reports there is no row, and the columns are there."""
    found = done_stretches(works.items(), History.from_reports([]))
    assert len(found) == 0
    assert "work_date" in found
