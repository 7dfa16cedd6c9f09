"""What must always hold of importing: all or nothing, and again is nothing."""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadplan.corridor import Corridor
from roadplan.progress import AsOf, WorkItems, create_ledger, status, work_items
from roadplan.progress.sheet_import import import_sheet

TODAY = dt.date(2024, 10, 1)
HEADER = ("work_type", "from_post", "to_post", "side", "asset", "stage", "quantity", "work_date")

_days = st.dates(dt.date(2022, 1, 1), dt.date(2024, 10, 20)).map(lambda day: f"{day:%d.%m.%Y}")
_km = st.integers(1_470_000, 2_400_000)


@st.composite
def _along(draw: st.DrawFn) -> tuple[str, ...]:
    begin, length = draw(_km), draw(st.integers(-2, 9_000))
    kind = draw(st.sampled_from(["earthworks", "base", "Разметка", "utilities", "signs"]))
    quantity = draw(st.sampled_from(["", "0", "1", "2,5"]))
    posts = [f"m36:{metres // 1000}+{metres % 1000:03d}" for metres in (begin, begin + length)]
    side = draw(st.sampled_from(["", "left", "правая"]))
    return (kind, *posts, side, "", "", quantity, draw(_days))


@st.composite
def _milestone(draw: st.DrawFn) -> tuple[str, ...]:
    asset = draw(st.sampled_from(["kb-bridge-01", "bk-bridge-01", "nowhere"]))
    stage = draw(st.sampled_from(["foundations", "Опоры", "deck", "not begun", "roof"]))
    return ("bridge", "", "", "", asset, stage, "", draw(_days))


@pytest.fixture(scope="module")
def work(road: Corridor) -> WorkItems:
    """Give the work of the shipped corridor."""
    return work_items(road)


@settings(max_examples=25, deadline=None)
@given(rows=st.lists(_along() | _milestone(), min_size=1, max_size=3))
def test_importing_again_is_nothing(
    road: Corridor, work: WorkItems, rows: list[tuple[str, ...]]
) -> None:
    """A rejected sheet leaves the ledger as it was; an accepted one is unchanged ever after.

    In another order of rows, as a workbook or under another name it says the same.
    """
    with (
        tempfile.TemporaryDirectory() as folder,
        create_ledger(Path(folder) / "works.ledger") as ledger,
    ):
        path = Path(folder) / "week.csv"
        path.write_text("\n".join(";".join(row) for row in (HEADER, *rows)), encoding="utf-8")
        empty = ledger.head()
        first = import_sheet(path, ledger, road, work, today=TODAY, author="A", any_order=True)
        head = ledger.head()
        assert (head == empty) is not first.ok
        state = status(work, ledger.history(), AsOf(TODAY))
        assert state.unmatched == 0
        book = openpyxl.Workbook()
        for row in (HEADER, *reversed(rows)):
            book.active.append(list(row))
        other = Path(folder) / "неделя.xlsx"
        book.save(other)
        for again in (path, other):
            found = import_sheet(again, ledger, road, work, today=TODAY, author="A", any_order=True)
            assert found.ok is first.ok
            assert len(found.faults) == len(first.faults)
            assert found.stored == ()
            assert ledger.head() == head
