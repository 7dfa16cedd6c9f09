"""Baselines from MS Project XML and Primavera XER."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadplan.corridor import Corridor
from roadplan.errors import FaultsError, RoadplanError
from roadplan.progress import Ledger, WorkItems, create_ledger, work_items
from roadplan.progress.baseline_import import BaselineImport, import_baseline, planned_by
from roadplan.progress.baseline_import_schedule import Activity, read_schedule
from roadplan.tables.archive import UnreadableFileError

Day = dt.date

_HEAD = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Project xmlns="http://schemas.microsoft.com/project"><Name>План</Name>
<ExtendedAttributes><ExtendedAttribute><FieldID>188743731</FieldID>
<FieldName>Text1</FieldName><Alias>Roadplan</Alias></ExtendedAttribute></ExtendedAttributes>
<Tasks><Task><UID>0</UID><ID>0</ID><Name>План</Name><Summary>1</Summary></Task>
<Task><UID>9</UID><ID>1</ID><Name>Мосты</Name><WBS>1</WBS><Summary>1</Summary>
<Start>2024-01-01T08:00:00</Start><Finish>2024-12-31T17:00:00</Finish></Task>"""
_TAIL = "</Tasks></Project>"


def _task(
    number: int,
    start: str,
    finish: str,
    *,
    item: str = "",
    baseline: tuple[str, str] | None = None,
    extra: str = "",
) -> str:
    code = (
        f"<ExtendedAttribute><FieldID>188743731</FieldID><Value>{item}</Value></ExtendedAttribute>"
        if item
        else ""
    )
    kept = (
        f"<Baseline><Number>0</Number><Start>{baseline[0]}T08:00:00</Start>"
        f"<Finish>{baseline[1]}T17:00:00</Finish></Baseline>"
        if baseline
        else ""
    )
    return (
        f"<Task><UID>{number}</UID><ID>{number}</ID><Name>Мост &amp; {number}</Name>"
        f"<WBS>1.{number}</WBS>{extra}<Start>{start}T08:00:00</Start>"
        f"<Finish>{finish}T17:00:00</Finish>{code}{kept}</Task>"
    )


def _xer(*rows: str, more: str = "") -> str:
    fields = "task_id\ttask_code\ttask_name\ttask_type\ttarget_start_date\ttarget_end_date"
    lines = [f"%R\t{row}" for row in rows]
    return "\r\n".join(
        ["ERMHDR\t19.12\t2024-05-01", "%T\tTASK", f"%F\t{fields}", *lines, more, "%E"]
    )


@pytest.fixture(scope="module")
def work(road: Corridor) -> WorkItems:
    """Give the work of the shipped corridor."""
    return work_items(road)


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Ledger]:
    """Give a new ledger in a file."""
    with create_ledger(tmp_path / "works.ledger") as ledger:
        yield ledger


def _import(
    text: str, book: Ledger, work: WorkItems, tmp_path: Path, name: str = "plan.xml", **more: str
) -> BaselineImport:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return import_baseline(path, book, work, author="Planner", **more)  # type: ignore[arg-type] # texts only


def test_ms_project_with_a_custom_field(book: Ledger, work: WorkItems, tmp_path: Path) -> None:
    """Tasks name their work item; the kept baseline counts before the current dates."""
    text = _HEAD + _task(
        2,
        "2024-05-01",
        "2024-09-30",
        item="bridge:kb-bridge-01",
        baseline=("2024-04-01", "2024-08-31"),
    )
    text += _task(3, "2024-06-01", "2024-06-30", item="bridge:kb-bridge-02")
    text += _task(4, "2024-06-01", "2024-06-30") + _TAIL
    found = _import(text, book, work, tmp_path)
    assert found.ok, found.faults
    assert found.version == 1
    stored = book.baseline()
    assert stored.source == "plan.xml"
    assert dict(stored.items) == dict(found.planned)
    assert stored.items["bridge:kb-bridge-01"].start == Day(2024, 4, 1)
    assert stored.items["bridge:kb-bridge-01"].finish == Day(2024, 8, 31)
    assert stored.items["bridge:kb-bridge-02"].finish == Day(2024, 6, 30)
    assert any("1.4" in note for note in found.notes)


def test_current_dates_on_demand(book: Ledger, work: WorkItems, tmp_path: Path) -> None:
    """The schedule as it is now may be meant; a baseline that is asked for must be there."""
    kept = ("2024-04-01", "2024-08-31")
    text = _HEAD + _task(2, "2024-05-01", "2024-09-30", item="bridge:kb-bridge-01", baseline=kept)
    found = _import(text + _TAIL, book, work, tmp_path, dates="scheduled")
    assert found.planned["bridge:kb-bridge-01"].finish == Day(2024, 9, 30)
    text += _task(3, "2024-06-01", "2024-06-30", item="bridge:kb-bridge-02")
    found = _import(text + _TAIL, book, work, tmp_path, dates="baseline")
    assert "no start in the kept baseline" in found.faults[0].why


def test_importing_again_freezes_nothing(book: Ledger, work: WorkItems, tmp_path: Path) -> None:
    """The same plan is the same version; a changed plan is the next."""
    text = _HEAD + _task(2, "2024-05-01", "2024-09-30", item="bridge:kb-bridge-01") + _TAIL
    assert _import(text, book, work, tmp_path).version == 1
    again = _import(text, book, work, tmp_path)
    assert (again.version, again.unchanged) == (1, True)
    assert len(book.baselines()) == 1
    changed = _import(text.replace("09-30", "10-30"), book, work, tmp_path)
    assert (changed.version, changed.unchanged) == (2, False)


def test_primavera_by_activity_id_code_and_field(
    book: Ledger, work: WorkItems, tmp_path: Path
) -> None:
    """The item may be the activity's id, an activity code or a user-defined field."""
    rows = (
        "1\tbridge:kb-bridge-01\tМост\tTT_Task\t2024-05-01 08:00\t2024-09-30 17:00",
        "2\tA20\tМост 2\tTT_Task\t2024-06-01 08:00\t2024-07-01 00:00",
        "3\tA30\tЗавершение\tTT_FinMile\t\t2024-08-01 17:00",
        "4\tW\tИтог\tTT_WBS\t2024-01-01 08:00\t2024-12-01 17:00",
    )
    codes = (
        "%T\tACTVTYPE\n%F\tactv_code_type_id\tactv_code_type\n%R\t7\tОбъект\n"
        "%T\tACTVCODE\n%F\tactv_code_id\tactv_code_type_id\tshort_name\n"
        "%R\t70\t7\tbridge:kb-bridge-02\n"
        "%T\tTASKACTV\n%F\ttask_id\tactv_code_id\n%R\t2\t70\n"
        "%T\tUDFTYPE\n%F\tudf_type_id\ttable_name\tudf_type_label\n%R\t5\tTASK\troadplan\n"
        "%T\tUDFVALUE\n%F\tudf_type_id\tfk_id\tudf_text\n%R\t5\t3\tbridge:bk-bridge-01"
    )
    found = _import(_xer(*rows), book, work, tmp_path, "plan.xer")
    assert list(found.planned) == ["bridge:kb-bridge-01"]
    text = _xer(*rows, more=codes)
    found = _import(text, book, work, tmp_path, "plan.xer", code="Объект")
    assert found.planned["bridge:kb-bridge-02"].finish == Day(2024, 6, 30)
    found = _import(text, book, work, tmp_path, "plan.xer")
    assert found.planned["bridge:bk-bridge-01"].start == Day(2024, 8, 1)


def test_a_russian_xer_keeps_its_letters(tmp_path: Path) -> None:
    """Primavera writes in the code page of its machine; names in Cyrillic are not lost."""
    path = tmp_path / "plan.xer"
    row = "1\tA1\tМост через Моинты\tTT_Task\t2024-05-01 08:00\t2024-09-30 17:00"
    path.write_bytes(_xer(row).encode("cp1251"))
    assert read_schedule(path).activities[0].name == "Мост через Моинты"


def test_a_mapping_of_activities(book: Ledger, work: WorkItems, tmp_path: Path) -> None:
    """One activity may mean many items, and several activities one item."""
    rows = (
        "1\tA10\tОснование\tTT_Task\t2024-05-01 08:00\t2024-09-30 17:00",
        "2\tA20\tФундаменты\tTT_Task\t2024-05-01 08:00\t2024-05-10 17:00",
        "3\tA30\tПролёты\tTT_Task\t2024-06-01 08:00\t2024-06-30 17:00",
    )
    mapping = tmp_path / "mapping.csv"
    mapping.write_text(
        "activity;item;contract;quantity\nA10;base:*;karaganda-balkhash;\n"
        "A20;bridge:kb-bridge-01;;\nA30;bridge:kb-bridge-01; ;1,5\n",
        encoding="utf-8",
    )
    found = _import(_xer(*rows), book, work, tmp_path, "plan.xer", mapping=str(mapping))
    assert found.ok, found.faults
    own = [i for i in work if i.work_type == "base" and i.contract == "karaganda-balkhash"]
    assert len(found.planned) == len(own) + 1
    bridge = found.planned["bridge:kb-bridge-01"]
    assert bridge.quantity == 1.5
    assert bridge.shares([Day(2024, 5, 10), Day(2024, 5, 20), Day(2024, 6, 15)]).tolist() == [
        0.25,
        0.25,
        pytest.approx(0.625),
    ]


def test_all_faults_of_a_mapping_and_a_schedule(
    book: Ledger, work: WorkItems, tmp_path: Path
) -> None:
    """Unknown activities, items and contracts and unsound dates are told together."""
    rows = (
        "1\tA10\tОснование\tTT_Task\t2024-05-01 08:00\t2024-04-30 17:00",
        "2\tA20\tМост\tTT_Task\t2024-05-01 08:00\t2024-13-10 17:00",
        "3\tA30\tМост\tTT_Task\t2024-06-01 08:00",
        "4\tA40\tМост\tTT_Task\t2024-06-01 08:00\t2024-06-30 17:00",
    )
    mapping = tmp_path / "mapping.csv"
    mapping.write_text(
        "activity;item;contract\nA40;bridge:none;\nA99;bridge:kb-bridge-01;\nA40;base:*;nobody\n",
        encoding="utf-8",
    )
    found = _import(_xer(*rows), book, work, tmp_path, "plan.xer", mapping=str(mapping))
    whys = " | ".join(fault.why for fault in found.faults)
    for text in (
        "before it starts",
        "is no date",
        "has 5 cells",
        "no such work item",
        "no such activity",
        "no work belongs",
    ):
        assert text in whys
    assert found.planned == {}
    assert book.baselines() == ()
    with pytest.raises(FaultsError, match="cannot be imported"):
        found.raise_for_faults()


def test_codes_that_mean_no_item(book: Ledger, work: WorkItems, tmp_path: Path) -> None:
    """A near id is proposed; a field of another meaning is one fault, not hundreds."""
    text = _HEAD + _task(2, "2024-05-01", "2024-09-30", item="bridge:kb-bridge-01")
    text += _task(3, "2024-05-01", "2024-09-30", item="bridge:kb-bridge-1")
    found = _import(text + _TAIL, book, work, tmp_path)
    assert [fault.value for fault in found.faults] == ["bridge:kb-bridge-1"]
    assert "may be meant" in found.faults[0].remedy
    found = _import(text + _TAIL, book, work, tmp_path, code="WBS")
    assert [fault.why for fault in found.faults] == ["no activity names a work item there"]
    found = _import(text + _TAIL, book, work, tmp_path, code="Region")
    assert "Roadplan" in found.faults[0].remedy


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.xml", b"<Project><Tasks>", "no sound XML"),
        ("a.xml", b"<APIBusinessObjects/>", "no MS Project XML"),
        ("a.xml", b'<!DOCTYPE a [<!ENTITY b "c">]><Project>&b;</Project>', "XML bombs"),
        ("a.xml", b"<Project>" + b"<a>" * 100_000, "nested"),
        ("a.xml", b"", "no sound XML"),
        ("a.xer", b"PK\x03\x04", "looks like|no Primavera|no CSV"),
        ("a.xer", b"hello", "no Primavera XER"),
        ("a.xer", b"ERMHDR\t1\n%E", "no table TASK"),
        ("a.mpp", b"x", "no schedules"),
    ],
)
def test_files_that_are_no_schedules(tmp_path: Path, name: str, content: bytes, why: str) -> None:
    """Each is refused with the reason and a remedy."""
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UnreadableFileError, match=why) as refused:
        read_schedule(path)
    assert refused.value.remedy


def test_missing_files_and_authors(book: Ledger, work: WorkItems, tmp_path: Path) -> None:
    """A file that is not there, a folder, nobody named."""
    with pytest.raises(UnreadableFileError, match="no such file"):
        read_schedule(tmp_path / "a.xml")
    (tmp_path / "b.xml").mkdir()
    with pytest.raises(UnreadableFileError, match="cannot be read"):
        read_schedule(tmp_path / "b.xml")
    with pytest.raises(RoadplanError, match="author"):
        import_baseline(tmp_path / "a.xml", book, work, author="")


@given(
    st.lists(
        st.tuples(st.integers(0, 400), st.integers(0, 200)),
        min_size=1,
        max_size=6,
    )
)
def test_several_activities_always_make_a_plan(spans: list[tuple[int, int]]) -> None:
    """Shares rise from 0 to 1 and are the mean of the activities, each by its days."""
    origin = Day(2024, 1, 1)
    activities = [
        Activity(
            id=str(number),
            name="",
            start=origin + dt.timedelta(days=begin),
            finish=origin + dt.timedelta(days=begin + length),
        )
        for number, (begin, length) in enumerate(spans)
    ]
    plan = planned_by(activities, 2.0)
    days = [origin + dt.timedelta(days=day) for day in range(-1, 610)]
    shares = plan.shares(days)
    assert shares[0] == 0.0
    assert shares[-1] == 1.0
    whole = sum(length + 1 for _, length in spans)
    for day, share in zip(range(-1, 610), shares, strict=True):
        done = sum(min(max(day - begin + 1, 0), length + 1) for begin, length in spans)
        assert share == pytest.approx(done / whole)
