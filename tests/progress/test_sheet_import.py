"""Progress sheets as engineers send them: read, faulted, stored once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from roadplan.corridor import Corridor
from roadplan.errors import FaultsError, RoadplanError
from roadplan.progress import AsOf, Ledger, Report, WorkItems, create_ledger, status, work_items
from roadplan.progress.sheet_import import SheetImport, import_sheet

TODAY = dt.date(2024, 10, 1)
Import = Callable[..., SheetImport]


@pytest.fixture(scope="module")
def work(road: Corridor) -> WorkItems:
    """Give the work of the shipped corridor."""
    return work_items(road)


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Ledger]:
    """Give a new ledger in a file."""
    with create_ledger(tmp_path / "works.ledger") as ledger:
        yield ledger


@pytest.fixture
def take(book: Ledger, road: Corridor, work: WorkItems, tmp_path: Path) -> Import:
    """Give a function that writes rows as a CSV and imports them."""

    def call(*rows: str, name: str = "week.csv", **options: Any) -> SheetImport:
        header = "work_type;contract;from_post;to_post;side;asset;stage;quantity;work_date"
        path = tmp_path / name
        path.write_text("\n".join((header, *rows)), encoding="utf-8")
        options = {"author": "A. Engineer", "today": TODAY, **options}
        return import_sheet(path, book, road, work, **options)

    return call


def test_rows_become_reports(take: Import, book: Ledger, work: WorkItems) -> None:
    """A stretch, a structure and an amount are stored and count in the status."""
    found = take(
        "earthworks;;m36:1500;m36:1510;;;;;2024-06-01",
        "bridge;;;;;kb-bridge-01;deck;;2024-06-02",
        "utilities;;m36:1500;m36:1510;;;;2,5;2024-06-03",
    )
    assert found.ok, found.faults
    assert found.counts == {"new": 3, "unchanged": 0, "repeated": 0, "rejected": 0}
    assert len(book) == 3
    state = status(work, book.history(), AsOf(TODAY)).frame.set_index("id")
    assert state.loc["bridge:kb-bridge-01", "completion"] == pytest.approx(0.9)
    assert {report.report.source for report in book.reports()} == {"week.csv"}


@pytest.mark.parametrize("name", ["week.csv", "week (1).csv"])
def test_importing_again_changes_nothing(take: Import, book: Ledger, name: str) -> None:
    """The same sheet, under the same name or another, states nothing new."""
    rows = (
        "earthworks;;m36:1500;m36:1510;;;;;2024-06-01",
        "barriers;;m36:1500;m36:1501;;;;0;2024-06-02",
        "bridge;;;;;kb-bridge-01;deck;;2024-06-02",
    )
    take(*rows)
    before = book.head()
    again = take(*rows, name=name)
    assert again.counts["unchanged"] == 3
    assert again.stored == ()
    assert book.head() == before


def test_a_row_twice_in_one_sheet_is_one_report(take: Import, book: Ledger) -> None:
    """A repeated row is told and stored once."""
    row = "earthworks;;m36:1500;m36:1510;;;;;2024-06-01"
    assert take(row, row).counts["repeated"] == 1
    assert len(book) == 1


def test_another_author_or_a_named_source_is_another_report(take: Import, book: Ledger) -> None:
    """Who says so is part of what is said."""
    row = "earthworks;;m36:1500;m36:1510;;;;;2024-06-01"
    take(row)
    assert take(row, author="B. Supervisor").counts["new"] == 1
    assert take(row, said_by="act 17").counts["new"] == 1
    assert take(row, said_by="act 17").counts["unchanged"] == 1
    assert len(book) == 3


def test_names_in_three_languages_and_both_postings(take: Import, book: Ledger) -> None:
    """Work types, stages, contracts and sides may be written as the template offers them."""
    found = take(
        "Земляное полотно;Караганда – Балхаш;1610 км ПК2+50;1620;левая;;;;01.06.2024",
        "Жер төсемі;;KAZ01 km 300;301,5;оң жақ;;;;1.6.2024",
        "Мост;Караганда – Балхаш;;;;Мост 1;Опоры;;45444",
        "Көпір;;;;;kb-bridge-02;басталмаған;;2024-06-01",
    )
    assert found.ok, found.faults
    reports = [stored.report for stored in book.reports()]
    assert [report.side for report in reports[:2]] == ["left", "right"]
    assert reports[0].from_m == pytest.approx(117_069.967, abs=0.01)
    assert reports[2].asset == "kb-bridge-01"
    assert reports[2].work_date == dt.date(2024, 6, 1)
    assert reports[3].stage == ""


def test_all_faults_are_told_at_once_and_nothing_is_stored(take: Import, book: Ledger) -> None:
    """One sheet with everything wrong: each fault has its row, column, value and remedy."""
    found = take(
        "earthworks;;m36:1500;m36:1510;;;;;2024-06-01",
        "earthwork;;m36:9999;m36:1510;;;;x;2024-13-01",
        "signs;;m36:1500;m36:1510;;;;900;2030-01-01",
        "upper-asphalt;;m36:1500;m36:1510;;;;;2024-06-01",
        "bridge;;;;;kb-bridge-01;roof;5;2024-06-01",
        "earthworks;kurty-x;m36:1500;m36:1510;;;deck;;",
        "earthworks;;m36:1500;m36:1510;;;;25;2024-06-01",
        "earthworks;;m36:1500;m36:1510;;;;4;2024-06-01",
    )
    assert not found.ok
    assert len(book) == 0
    told = {(fault.row, fault.column) for fault in found.faults}
    assert told >= {
        (3, "work_type"),
        (3, "quantity"),
        (3, "work_date"),
        (4, "quantity"),
        (4, "work_date"),
        (5, "work_type"),
        (6, "stage"),
        (6, "quantity"),
        (7, "contract"),
        (7, "stage"),
        (7, "work_date"),
        (8, "quantity"),
        (9, "quantity"),
    }
    assert all(fault.why and fault.remedy for fault in found.faults)
    assert next(fault for fault in found.faults if fault.row == 3).file == "week.csv"
    assert found.counts == {"new": 1, "unchanged": 0, "repeated": 0, "rejected": 7}
    with pytest.raises(FaultsError, match=r"week\.csv cannot be imported"):
        found.raise_for_faults()


def test_both_posts_of_a_stretch_are_told(take: Import) -> None:
    """Two wrong posts are two faults, and an empty one is a third kind."""
    found = take("earthworks;;m36:9999;abc;;;;;2024-06-01", "earthworks;;m36:1500;;;;;;2024-06-01")
    assert {(fault.row, fault.column) for fault in found.faults} == {
        (2, "from_post"),
        (2, "to_post"),
        (3, "to_post"),
    }


def test_a_stretch_over_two_contracts_is_split(take: Import, book: Ledger, work: WorkItems) -> None:
    """Each contract gets its part; an amount is shared out as the work planned there."""
    row = "signs;;m36:2150;m36:2156;;;;20;2024-06-01"
    ready = [
        f"{kind};;m36:2140;m36:2160;;;;;2024-05-01"
        for kind in ("earthworks", "sub-base", "base", "lower-asphalt", "upper-asphalt")
    ]
    found = take(*ready, row)
    assert found.ok, found.faults
    parts = [stored.report for stored in book.reports(work_type="signs")]
    assert [part.from_m for part in parts][1] == parts[0].to_m == 664_500.0
    assert sum(part.quantity or 0 for part in parts) == pytest.approx(20)
    lengths = [(part.to_m or 0) - (part.from_m or 0) for part in parts]
    assert (parts[0].quantity or 0) / 20 == pytest.approx(lengths[0] / sum(lengths), abs=1e-6)
    assert "split" in found.rows[-1].notes[0]


def test_a_stretch_beyond_its_contract_is_a_fault(take: Import) -> None:
    """Between contracts nothing is planned; a named contract must hold the whole stretch."""
    found = take(
        "earthworks;;m36:1850;m36:1870;;;;;2024-06-01",
        "earthworks;balkhash-burylbaital;m36:2150;m36:2156;;;;;2024-06-01",
    )
    assert "lies in no contract" in found.faults[0].why
    assert (found.faults[1].column, found.faults[1].row) == ("contract", 3)


def test_a_small_overhang_ends_at_the_contract(take: Import, book: Ledger) -> None:
    """Some tens of metres beyond the contract are the roundness of posts; they are noted."""
    found = take("earthworks;;m36:1850;m36:1855,02;;;;;2024-06-01")
    assert found.ok, found.faults
    assert next(iter(book.reports())).report.to_m == 360_200.0
    assert "left out" in found.rows[0].notes[0]


def test_a_length_that_repeats_the_stretch_is_no_quantity(take: Import, book: Ledger) -> None:
    """Ten kilometres on ten kilometres say that all is done, by posts or along the axis."""
    assert take("earthworks;;m36:2300;m36:2310;;;;10;2024-06-01").ok
    assert take("earthworks;;m36:2310;m36:2320;;;;9,24;2024-06-01").ok
    assert [stored.report.quantity for stored in book.reports()] == [None, None]


def test_over_reported_amounts_pass_on_demand(take: Import, book: Ledger) -> None:
    """More than planned is a fault unless it is said to be so."""
    row = "utilities;;m36:1500;m36:1510;;;;50;2024-06-01"
    assert "more than is planned" in take(row).faults[0].why
    assert take(row, more_than_planned=True).ok
    assert len(book) == 1


@pytest.mark.parametrize(
    ("before", "ok"),
    [
        ("", False),
        ("earthworks;;m36:1500;m36:1510;;;;;2024-05-01", True),
        ("earthworks;;m36:1500;m36:1510;;;;;2024-07-01", False),
        ("earthworks;;m36:1500;m36:1508;;;;;2024-05-01", False),
        ("earthworks;;m36:1500;m36:1510;left;;;;2024-05-01", False),
    ],
)
def test_work_before_its_predecessor(take: Import, before: str, ok: bool) -> None:
    """The layer below must be done there by then, on both halves of the road."""
    found = take(*filter(None, (before, "sub-base;;m36:1500;m36:1510;;;;;2024-06-01")))
    assert found.ok is ok
    if not ok:
        assert "comes before earthworks" in found.faults[-1].why


def test_the_predecessor_may_stand_in_the_ledger(take: Import) -> None:
    """What was stored before counts; in any order it is only noted."""
    row = "sub-base;;m36:1500;m36:1510;;;;;2024-06-01"
    noted = take(row, any_order=True, dry_run=True)
    assert noted.ok
    assert "comes before" in noted.rows[0].notes[0]
    take("earthworks;;m36:1500;m36:1510;;;;;2024-05-01", name="before.csv")
    assert take(row).ok


def test_a_bypass_road_closes_after_its_structure(take: Import) -> None:
    """It may open at any time but closes only once the structure stands."""
    opened = "detour;;;;;detour-kb-farm-crossing-01;opened;;2024-03-01"
    closed = "detour;;;;;detour-kb-farm-crossing-01;closed;;2024-09-01"
    stands = "farm-crossing;;;;;kb-farm-crossing-01;finished;;2024-08-01"
    assert take(opened).ok
    assert "comes before farm-crossing" in take(closed).faults[0].why
    assert take(stands, closed).ok


def test_reports_of_structures_by_their_post(take: Import, book: Ledger) -> None:
    """Where no structure is named, the only one at the post is meant."""
    found = take("bridge;;main@12420;;;;deck;;2024-06-01", "bridge;;main@50000;;;;deck;;2024-06-01")
    assert found.rows[0].notes == ("kb-bridge-01 stands there",)
    assert found.faults[0].why == "no bridge stands there"


def test_procurement_is_reported_for_a_contract(take: Import, book: Ledger) -> None:
    """The contract is the place."""
    assert take("supply-stone;Караганда – Балхаш;;;;;contracted;;2024-06-01").ok
    assert next(iter(book.reports())).report.asset == "karaganda-balkhash"
    assert take("supply-stone;;;;;;contracted;;2024-06-01").faults[0].column == "contract"


def test_a_segment_may_be_the_place(take: Import, book: Ledger, road: Corridor) -> None:
    """Work along the road may name a segment instead of posts."""
    segment = road.segments[3]
    assert take(f"earthworks;;;;;{segment.id};;;2024-06-01").ok
    stored = next(iter(book.reports())).report
    assert (stored.from_m, stored.to_m) == (segment.from_m, segment.to_m)


def test_nobody_named_is_a_fault(take: Import) -> None:
    """A report needs its author."""
    found = take("earthworks;;m36:1500;m36:1510;;;;;2024-06-01", author="")
    assert [fault.column for fault in found.faults] == ["author"]


def test_a_dry_run_stores_nothing(take: Import, book: Ledger) -> None:
    """It only tells."""
    found = take("earthworks;;m36:1500;m36:1510;;;;;2024-06-01", dry_run=True)
    assert found.counts["new"] == 1
    assert len(book) == 0


def test_falling_posts_are_put_in_order(take: Import, book: Ledger) -> None:
    """A stretch from the higher post to the lower is the same stretch."""
    take("earthworks;;m36:1510;m36:1500;;;;;2024-06-01")
    again = take("earthworks;;m36:1500;m36:1510;;;;;2024-06-01")
    assert again.counts["unchanged"] == 1


def test_a_workbook_with_merged_hidden_and_formula_cells(
    book: Ledger, road: Corridor, work: WorkItems, tmp_path: Path
) -> None:
    """Merged cells count in each row, hidden rows are read, uncomputed formulas are faults."""
    made = openpyxl.Workbook()
    sheet: Any = made.active
    sheet.title = "Неделя 12"
    sheet.append(["Отчёт за неделю"])
    sheet.append(
        ["Вид работ", "Начало, км знак", "Конец, км знак", "Дата работ", "Объём с начала работ"]
    )
    sheet.append(["Земляное полотно", "m36:1500", "m36:1510", dt.date(2024, 6, 1), None])
    sheet.append([None, "m36:1520", "m36:1530", dt.date(2024, 6, 1), None])
    sheet.append([None, "m36:1540", "m36:1550", dt.date(2024, 6, 1), "=5+5"])
    sheet.merge_cells("A3:A5")
    sheet.row_dimensions[4].hidden = True
    path = tmp_path / "неделя.xlsx"
    made.save(path)
    found = import_sheet(path, book, road, work, today=TODAY, author="A")
    assert [(fault.sheet, fault.row) for fault in found.faults] == [("Неделя 12", 5)]
    assert "not stored in the file" in found.faults[0].why
    assert any("hidden rows 4" in note for note in found.notes)
    marked = found.mark(tmp_path / "marked.xlsx", language="ru")
    copy = openpyxl.load_workbook(marked)
    assert copy["Неделя 12"]["E5"].comment is not None
    sheet["E5"] = 10
    made.save(path)
    found = import_sheet(path, book, road, work, today=TODAY, author="A")
    assert found.counts["new"] == 3
    assert {stored.report.work_type for stored in book.reports()} == {"earthworks"}


def test_unknown_postings_and_routes_are_refused(take: Import) -> None:
    """What is assumed of all rows must exist."""
    row = "earthworks;;1500;1510;;;;;2024-06-01"
    with pytest.raises(RoadplanError, match="there is no posting"):
        take(row, posting="x99")
    with pytest.raises(RoadplanError, match="there is no route"):
        take(row, route="nowhere")


def test_corrected_reports_do_not_count_as_predecessors(
    take: Import, book: Ledger, road: Corridor, work: WorkItems, tmp_path: Path
) -> None:
    """A row that corrects a report takes away what rested on it; twice corrected is a fault."""
    take("earthworks;;m36:1500;m36:1510;;;;;2024-05-01")
    wrong = next(iter(book.reports())).id
    path = tmp_path / "fix.csv"
    header = "work_type;from_post;to_post;work_date;corrects\n"
    fix = f"earthworks;m36:1500;m36:1505;2024-05-01;{wrong}\n"
    path.write_text(f"{header}{fix}sub-base;m36:1500;m36:1510;2024-06-01;\n", "utf-8")
    found = import_sheet(path, book, road, work, today=TODAY, author="A")
    assert [fault.row for fault in found.faults] == [3]
    path.write_text(header + fix, "utf-8")
    assert import_sheet(path, book, road, work, today=TODAY, author="A").ok
    assert import_sheet(path, book, road, work, today=TODAY, author="A").counts["unchanged"] == 1
    path.write_text(header + fix.replace("1505", "1506") + fix.replace(wrong, "abc"), "utf-8")
    found = import_sheet(path, book, road, work, today=TODAY, author="A")
    assert "corrected already" in found.faults[0].why
    assert "no such report" in found.faults[1].why


def test_reports_stored_otherwise_are_recognised(
    take: Import, book: Ledger, work: WorkItems
) -> None:
    """A report made on the command line and repeated in a sheet is one."""
    said = {"work_date": dt.date(2024, 6, 1), "author": "A. Engineer", "source": "call"}
    book.append([Report(work_type="bridge", asset="kb-bridge-01", stage="deck", **said)])
    assert take("bridge;;;;;kb-bridge-01;deck;;2024-06-01").counts["unchanged"] == 1


def test_a_strangers_corridor(stranger: Corridor, tmp_path: Path) -> None:
    """Nothing in the importer knows the shipped road."""
    items = work_items(stranger)
    path = tmp_path / "week.csv"
    path.write_text(
        "work_type,from_post,to_post,asset,stage,work_date\n"
        "earthworks,T-5 km 10,12,,,2024-06-01\nbridge,,,Long Bridge,deck,2024-06-01\n"
        "earthworks,26,28,,,2024-06-01\n",
        encoding="utf-8",
    )
    with create_ledger(tmp_path / "works.ledger") as ledger:
        found = import_sheet(path, ledger, stranger, items, today=TODAY, author="A")
        assert [(fault.row, fault.column) for fault in found.faults] == [(4, "to_post")]
        path.write_text("\n".join(path.read_text("utf-8").splitlines()[:3]), encoding="utf-8")
        found = import_sheet(path, ledger, stranger, items, today=TODAY, author="A")
        assert found.counts["new"] == 2
        assert next(iter(ledger.reports(work_type="bridge"))).report.asset == "s1"


def test_another_note_alone_is_told(
    book: Ledger, road: Corridor, work: WorkItems, tmp_path: Path
) -> None:
    """A row whose note was edited states nothing new; that its note is not taken is said."""
    path = tmp_path / "week.csv"
    text = "work_type;asset;stage;work_date;note\nbridge;kb-bridge-01;deck;2024-06-01;first\n"
    path.write_text(text, encoding="utf-8")
    assert import_sheet(path, book, road, work, today=TODAY, author="A").rows[0].notes == ()
    path.write_text(text.replace("first", "second"), encoding="utf-8")
    found = import_sheet(path, book, road, work, today=TODAY, author="A")
    assert found.counts["unchanged"] == 1
    assert "keeps its own note" in found.rows[0].notes[0]
    assert len(book) == 1
