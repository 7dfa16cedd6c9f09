"""The ledger on both stores: what is stored, what is refused, what is proven."""

from __future__ import annotations

import datetime as dt
import threading
from pathlib import Path

import pytest

from roadplan.errors import RoadplanError
from roadplan.progress import Baseline, Planned, Report, correction, withdrawal
from roadplan.progress.ledger import (
    ConflictError,
    Head,
    Ledger,
    LedgerBusyError,
    LedgerError,
    Link,
    create_ledger,
    open_ledger,
    read_head,
    write_head,
)

DAY = dt.date(2024, 5, 1)


def done(from_m: float, to_m: float = 0.0, **stated: object) -> Report:
    """Return a report on a stretch."""
    values = {"author": "Office", "source": "week 18", "work_date": DAY, **stated}
    return Report(
        work_type="base", route="main", from_m=from_m, to_m=to_m or from_m + 100, **values
    )


def test_reports_come_back_as_they_were_stated(ledger: Ledger) -> None:
    """Text in any script, odd numbers and empty fields survive storing."""
    reports = [
        done(0.1 + 0.2, 1e6 / 3, note="Қарағанды → «Балқаш»\nстрока 2", quantity=0.0),
        Report(
            work_type="bridge",
            asset="b'; DROP TABLE reports; --",
            stage="deck",
            work_date=DAY,
            author="О'Нил",
            source='"=cmd"',
            standing="estimated",
        ),
    ]
    receipt = ledger.append(reports)
    assert [each.report for each in ledger.reports()] == reports
    assert [each.seq for each in ledger.reports()] == [1, 2]
    assert receipt.stored == tuple(report.id for report in reports)
    assert all(each.recorded_at == receipt.recorded_at for each in ledger.reports())


def test_stating_the_same_twice_stores_it_once(ledger: Ledger) -> None:
    """A repeated call stores nothing and does not move the head."""
    first = ledger.append([done(0), done(100), done(0)])
    again = ledger.append([done(100), done(0)])
    assert len(ledger) == 2
    assert again.stored == ()
    assert set(again.known) == set(first.stored)
    assert again.recorded_at is None
    assert again.head == first.head == ledger.head()


def test_an_id_cannot_be_taken_twice(ledger: Ledger) -> None:
    """Another content under a stored id is refused, with all that came with it."""
    ledger.append([done(0, id="r1")])
    with pytest.raises(ConflictError, match="r1 is stored with other content"):
        ledger.append([done(500), done(100, id="r1")])
    assert len(ledger) == 1


def test_corrections_stay_visible_and_form_a_line(ledger: Ledger) -> None:
    """A report is corrected once; the next correction corrects the correction."""
    wrong = done(0, 900)
    ledger.append([wrong])
    right = correction(wrong, to_m=400.0)
    ledger.append([right])
    with pytest.raises(ConflictError, match=f"corrected already by {right.id}"):
        ledger.append([correction(wrong, to_m=500.0)])
    ledger.append([withdrawal(right, author="Chief")])
    assert [each.report.supersedes for each in ledger.reports()] == ["", wrong.id, right.id]
    assert ledger.corrections([wrong.id, right.id, "none"]).keys() == {wrong.id, right.id}


def test_a_correction_needs_what_it_corrects(ledger: Ledger) -> None:
    """Correcting an unknown report, or a withdrawal, is refused."""
    with pytest.raises(ConflictError, match="not in the ledger"):
        ledger.append([done(0, supersedes="nowhere")])
    wrong = done(0)
    gone = withdrawal(wrong)
    ledger.append([wrong, gone])
    with pytest.raises(ConflictError, match="only takes back"):
        ledger.append([correction(gone, note="?")])


def test_moments_of_recording_never_go_back(ledger: Ledger) -> None:
    """Each call is recorded after all before it, and a moment given must be so too."""
    early = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
    ledger.append([done(0)], recorded_at=early)
    with pytest.raises(LedgerError, match="would change what was known"):
        ledger.append([done(100)], recorded_at=early)
    with pytest.raises(LedgerError, match="yet to come"):
        ledger.append([done(100)], recorded_at=dt.datetime(2999, 1, 1, tzinfo=dt.UTC))
    ledger.append([done(200)])
    ledger.append([done(300)])
    moments = [each.recorded_at for each in ledger.reports()]
    assert moments == sorted(set(moments))
    assert len(moments) == 3
    assert [each.report.from_m for each in ledger.reports(recorded_by=early)] == [0]


def test_reports_can_be_picked_by_place(ledger: Ledger) -> None:
    """Type, route, stretch and asset limit what is read; stretches are half open."""
    bridge = Report(
        work_type="bridge", asset="b1", stage="deck", work_date=DAY, author="a", source="s"
    )
    ledger.append([done(0), done(100), done(200), bridge])
    picked = ledger.reports(work_type="base", route="main", from_m=100, to_m=200)
    assert [each.report.from_m for each in picked] == [100]
    assert [each.id for each in ledger.reports(asset="b1")] == [bridge.id]
    assert ledger.report(bridge.id).report == bridge
    with pytest.raises(LedgerError, match="no report 'x'"):
        ledger.report("x")


def test_baselines_are_frozen(ledger: Ledger) -> None:
    """A version cannot change; a new plan is the next version beside it."""
    plan = {
        "base:s1": Planned(
            start=DAY,
            finish=dt.date(2024, 9, 30),
            quantity=7.5,
            curve=((dt.date(2024, 7, 1), 0.25), (dt.date(2024, 9, 30), 1.0)),
        )
    }
    first = Baseline(version=1, items=plan, author="Planner", source="contract annex 3")
    ledger.append_baseline(first)
    assert ledger.append_baseline(first).baseline == first
    with pytest.raises(ConflictError, match="frozen; give the changed plan version 2"):
        ledger.append_baseline(Baseline(version=1, items=plan, author="Planner", source="annex 4"))
    with pytest.raises(ConflictError, match="gap; the next is 2"):
        ledger.append_baseline(Baseline(version=3, items=plan, author="P", source="s"))
    second = Baseline(version=2, items=plan, author="Planner", source="annex 4")
    ledger.append_baseline(second)
    assert [each.baseline for each in ledger.baselines()] == [first, second]
    assert ledger.baseline() == second
    assert ledger.baseline(1) == first
    with pytest.raises(LedgerError, match="not baseline 3; there are 1 to 2"):
        ledger.baseline(3)
    assert ledger.verify().ok


def test_the_head_proves_what_was_there(ledger: Ledger, tmp_path: Path) -> None:
    """An exported head is proven by the ledger later on, and not by another one."""
    ledger.append([done(0), done(100)])
    head = read_head(write_head(ledger.head(), tmp_path / "head.json"))
    ledger.append([done(200)])
    proof = ledger.verify(head)
    assert proof.ok
    assert proof.proven == 2
    assert proof.head == ledger.head()
    more = Head(ledger=head.ledger, reports=Link(9, head.reports.hash), baselines=head.baselines)
    assert any("counts 9, not 3" in fault for fault in ledger.verify(more).faults)
    other = Head(ledger=head.ledger, reports=Link(2, "0" * 64), baselines=head.baselines)
    assert any("not those that the exported head proves" in f for f in ledger.verify(other).faults)
    foreign = Head(ledger="x", reports=head.reports, baselines=head.baselines)
    assert any("of another ledger" in fault for fault in ledger.verify(foreign).faults)


def test_a_broken_head_file_is_told(tmp_path: Path) -> None:
    """A file that is no head is refused with what to give instead."""
    for text in ("", "[1]", '{"ledger": "x"}', '{"ledger": 1, "reports": {}, "baselines": 2}'):
        (tmp_path / "head.json").write_text(text)
        with pytest.raises(RoadplanError, match="no exported head"):
            read_head(tmp_path / "head.json")


def test_a_backup_is_a_ledger(ledger: Ledger, where: str, tmp_path: Path) -> None:
    """The copy has the same records and proofs, and is taken over into a new ledger."""
    ledger.append([done(0), done(100)])
    plan = {"i": Planned(start=DAY, finish=DAY, quantity=1)}
    ledger.append_baseline(Baseline(version=1, items=plan, author="a", source="s"))
    head = ledger.backup(tmp_path / "copy.ledger")
    ledger.append([done(200)])
    with open_ledger(tmp_path / "copy.ledger") as copy:
        assert copy.head() == head
        assert copy.id == ledger.id
        assert copy.verify().ok
    place = f"{where}_new" if where.startswith("postgresql") else str(tmp_path / "new.ledger")
    with create_ledger(place, ledger_id=ledger.id) as new:
        assert new.restore(tmp_path / "copy.ledger") == 2
        assert new.verify(head).ok
        new.append([done(300)])
        assert new.verify(head).ok
        with pytest.raises(LedgerError, match="restore into a new ledger"):
            new.restore(tmp_path / "copy.ledger")


def test_a_backup_is_one_state_while_others_write(
    ledger: Ledger, where: str, tmp_path: Path
) -> None:
    """Backups made during writing all hold, each a beginning of the final ledger."""
    stop = threading.Event()

    def write() -> None:
        with open_ledger(where) as other:
            for k in range(1000):
                if stop.is_set():
                    break
                other.append([done(k * 10, k * 10 + 5)])

    writer = threading.Thread(target=write)
    writer.start()
    try:
        heads = [ledger.backup(tmp_path / f"copy-{k}") for k in range(4)]
    finally:
        stop.set()
        writer.join()
    assert all(ledger.verify(head).ok for head in heads)


def test_a_ledger_is_not_made_twice(ledger: Ledger, where: str) -> None:
    """Making a ledger where there is one is refused and changes nothing."""
    ledger.append([done(0)])
    with pytest.raises(LedgerError, match="already"):
        create_ledger(where)
    assert len(ledger) == 1


def test_a_missing_ledger_is_told(where: str) -> None:
    """Opening what is not there says how to make it."""
    with pytest.raises(LedgerError, match="roadplan progress init"):
        open_ledger(where)


def test_waiting_for_other_writers_is_bounded(ledger: Ledger, where: str) -> None:
    """While another holds the ledger a writer gives up in time, and readers go on."""
    ledger.append([done(0)])
    with open_ledger(where, wait_s=0.2) as other, ledger._store.writing():
        with pytest.raises(LedgerBusyError, match="nothing was stored, try again"):
            other.append([done(100)])
        assert len(other) == 1
    ledger.append([done(200)])
    assert len(ledger) == 2


def test_a_failed_batch_leaves_nothing(ledger: Ledger) -> None:
    """When one report of many is refused none is stored, and the ledger goes on."""
    with pytest.raises(ConflictError):
        ledger.append([*(done(k * 100) for k in range(50)), done(0, supersedes="unknown")])
    assert len(ledger) == 0
    ledger.append([done(0)])
    assert ledger.verify().ok


@pytest.mark.parametrize("place", ["", "  ", "mysql://x/y"])
def test_no_place_for_a_ledger(place: str) -> None:
    """What is neither a file nor PostgreSQL is refused."""
    with pytest.raises(LedgerError, match="give a file or"):
        open_ledger(place)
