"""Which temporary bypasses carry traffic, by what was reported."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
import small_works as works

from roadplan.corridor import Corridor
from roadplan.progress import AsOf, History, Report, WorkItems, status, work_items
from roadplan.progress.bypasses import bypasses_in_use

STRUCTURE = "kb-interchange-01"
BYPASS = f"detour-{STRUCTURE}"
LATE = AsOf(works.DAY + dt.timedelta(days=1000))


@pytest.fixture(scope="module")
def items(road: Corridor) -> WorkItems:
    """Give the work items of the shipped corridor, whose bypasses the table calls closed."""
    return work_items(road)


def bypass(stage: str, *, day: int = 0) -> Report:
    """Return a report on the bypass road."""
    return works.milestone(stage, work_type="detour", asset=BYPASS, day=day)


def structure(stage: str, *, day: int = 0) -> Report:
    """Return a report on the interchange that it leads around."""
    return works.milestone(stage, work_type="interchange", asset=STRUCTURE, day=day)


def in_use(road: Corridor, items: WorkItems, *reports: Report, as_of: AsOf = LATE) -> pd.DataFrame:
    """Return the bypasses in use after some reports."""
    return bypasses_in_use(road, status(items, History.from_reports(works.stored(reports)), as_of))


def test_without_reports_the_table_decides(road: Corridor, items: WorkItems) -> None:
    """On the shipped road all of them are closed."""
    assert in_use(road, items).empty
    assert list(in_use(road, items).columns) == ["detour", "route", "from_m", "to_m", "known"]


@pytest.mark.parametrize("stage", ["opened", "in-use"])
def test_a_bypass_reported_open_is_in_use(road: Corridor, items: WorkItems, stage: str) -> None:
    """With its place on the road."""
    (row,) = in_use(road, items, bypass(stage)).to_dict("records")
    table = road.table("detours").set_index("detour")
    assert row["detour"] == BYPASS
    assert row["known"] == "reported"
    assert (row["from_m"], row["to_m"]) == tuple(table.loc[BYPASS, ["from_m", "to_m"]])


def test_a_structure_that_is_begun_needs_its_bypass(road: Corridor, items: WorkItems) -> None:
    """Until it is reported finished, whether the bypass itself was spoken of or not."""
    kind = items.types["interchange"]
    first, last = kind.stages[0].id, kind.stages[-1].id
    assert in_use(road, items, structure(first))["detour"].tolist() == [BYPASS]
    assert in_use(road, items, structure(first), structure(last, day=9)).empty
    assert in_use(road, items, bypass("in-use"), structure(last, day=9)).empty


def test_what_counts_is_what_was_known(road: Corridor, items: WorkItems) -> None:
    """Closed on the tenth day, it is in use as of the ninth."""
    reports = bypass("opened"), bypass("closed", day=10)
    before = AsOf(works.DAY + dt.timedelta(days=9))
    assert len(in_use(road, items, *reports, as_of=before)) == 1
    assert in_use(road, items, *reports).empty


def test_one_reported_not_begun_is_not_in_use(road: Corridor, items: WorkItems) -> None:
    """Nothing of it is there yet."""
    assert in_use(road, items, bypass("")).empty
