from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadplan.errors import FaultsError, RoadplanError
from roadplan.progress.seasons import Seasons, WorkCalendar, day_number, finish_date

COLUMNS = [
    "season",
    "kind",
    "region",
    "season_class",
    "opens",
    "closes",
    "valid_from",
    "valid_to",
    "working_share",
    "standing",
    "source",
]


def rules(*rows: tuple[object, ...]) -> Seasons:
    """Return season rules; rows as in `COLUMNS` up to the working share."""
    full = [(*row, "reported", "contract") for row in rows]
    return Seasons(pd.DataFrame(full, columns=COLUMNS))


def test_work_that_does_not_fit_the_season_ends_in_spring() -> None:
    """40 working days from 1 October: 31 until the close, 9 from 1 May on."""
    calendar = rules(("p", "season", "*", "paving", "05-01", "10-31", "", "", 1.0)).calendar(
        "x", "paving", date(2024, 1, 1), date(2025, 12, 31)
    )
    end = calendar.finish(day_number(date(2024, 10, 1)), 40.0)
    assert finish_date(float(end)) == date(2025, 5, 9)


def test_work_that_just_fits_ends_with_the_season() -> None:
    """The last working day of the season is used, not the first of the next."""
    calendar = rules(("p", "season", "*", "paving", "05-01", "10-31", "", "", 1.0)).calendar(
        "x", "paving", date(2024, 1, 1), date(2025, 12, 31)
    )
    end = calendar.finish(day_number(date(2024, 10, 1)), 31.0)
    assert finish_date(float(end)) == date(2024, 10, 31)


def test_work_beyond_the_calendar_never_ends() -> None:
    """A horizon that is too short is told by infinity."""
    assert WorkCalendar(0, np.ones(10)).finish(0.0, 11.0) == np.inf


def test_the_more_specific_season_counts() -> None:
    """A rule for the class beats one for the region; a dated one beats an undated one."""
    seasons = rules(
        ("any", "season", "*", "*", "01-01", "12-31", "", "", 1.0),
        ("south", "season", "south", "*", "02-01", "12-31", "", "", 1.0),
        ("paving", "season", "*", "paving", "05-01", "10-31", "", "", 1.0),
        ("paving-25", "season", "*", "paving", "06-01", "10-31", "2025-01-01", "2025-12-31", 1.0),
    )
    first = date(2024, 1, 1)
    stretches = seasons.stretches("south", "paving", first, date(2025, 12, 31))
    assert stretches == [
        (date(2024, 5, 1), date(2024, 10, 31)),
        (date(2025, 6, 1), date(2025, 10, 31)),
    ]
    assert seasons.stretches("south", "other", first, date(2024, 12, 31)) == [
        (date(2024, 2, 1), date(2024, 12, 31))
    ]


def test_a_stop_takes_days_out_of_any_season() -> None:
    """From its first to its last day nothing is done."""
    seasons = rules(
        ("all", "season", "*", "*", "01-01", "12-31", "", "", 1.0),
        ("flood", "stop", "north", "*", "", "", "2024-04-10", "2024-04-12", np.nan),
    )
    days = (date(2024, 4, 1), date(2024, 4, 30))
    assert seasons.calendar("north", "base", *days).share.sum() == 27
    assert seasons.calendar("south", "base", *days).share.sum() == 30


def test_a_season_may_go_over_new_year() -> None:
    """What closes before it opens is open in winter."""
    seasons = rules(("ice", "season", "*", "*", "11-01", "02-28", "", "", 1.0))
    share = seasons.calendar("x", "y", date(2024, 12, 1), date(2025, 3, 31)).share
    assert share.sum() == 31 + 31 + 28


@pytest.mark.parametrize("text", ["02-30", "2024-05-01", "5-1", "", "ab-cd"])
def test_a_day_that_does_not_exist_is_told(text: str) -> None:
    """The fault names the column and how to write it."""
    with pytest.raises(FaultsError, match="MM-DD"):
        rules(("p", "season", "*", "*", text, "10-31", "", "", 1.0))


def test_a_season_without_a_working_day_is_told() -> None:
    """Work that can never be done has no calendar."""
    seasons = rules(("p", "season", "*", "paving", "05-01", "10-31", "", "", 1.0))
    with pytest.raises(RoadplanError, match="no working day"):
        seasons.calendar("x", "paving", date(2024, 1, 1), date(2024, 2, 1))


def test_all_faults_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    """A standing and a share out of range are both in the message."""
    file = tmp_path / "seasons.csv"
    file.write_text(
        "season,kind,region,season_class,opens,closes,valid_from,valid_to,working_share,"
        "standing,source,note\na,season,*,*,01-01,12-31,,,7,guessed,x,\n",
        encoding="utf-8",
    )
    with pytest.raises(FaultsError) as caught:
        Seasons.read(file)
    assert len(caught.value.faults) == 2


def test_the_shipped_seasons_cover_every_season_class(road: object) -> None:
    """Every work type has a season of its own or works all year."""
    from roadplan.progress.worktypes import load_work_types

    known = set(Seasons.read().rules["season_class"])
    wanted = {each.season for each in load_work_types().values()} - {"all-year"}
    assert wanted <= known


shares = st.lists(st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]), min_size=5, max_size=80).filter(any)


@given(shares=shares, start=st.floats(0, 60), needed=st.floats(0.01, 40))
def test_worked_days_between_start_and_finish_are_those_needed(
    shares: list[float], start: float, needed: float
) -> None:
    """Finish is the inverse of the working days; where it is not, the calendar is too short."""
    calendar = WorkCalendar(0, shares)
    end = float(calendar.finish(start, needed))
    if np.isinf(end):
        assert calendar.worked(calendar.last_day) - calendar.worked(start) < needed + 1e-6
    else:
        done = float(calendar.worked(end) - calendar.worked(start))
        assert done == pytest.approx(needed, abs=1e-6)
        assert end >= start
