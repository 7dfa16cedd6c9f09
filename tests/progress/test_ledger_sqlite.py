"""The ledger in a file: guards, damage, full disks, other programs."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from roadplan.progress import Report
from roadplan.progress.ledger import (
    Ledger,
    LedgerBusyError,
    LedgerDamagedError,
    LedgerError,
    LedgerFullError,
    LedgerVersionError,
    create_ledger,
    open_ledger,
)

DAY = dt.date(2024, 5, 1)


def reports(count: int, start: int = 0, note: str = "") -> list[Report]:
    """Return reports on stretches one after the other."""
    return [
        Report(
            work_type="base",
            route="main",
            from_m=float(k),
            to_m=float(k + 1),
            work_date=DAY,
            author="a",
            source="s",
            note=note,
        )
        for k in range(start, start + count)
    ]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Give a ledger with five reports, closed."""
    file = tmp_path / "works.ledger"
    with create_ledger(file) as ledger:
        ledger.append(reports(5))
    return file


_ROW = (
    "SELECT 99, recorded_at, 'new', work_type, work_date, author, source, standing, route, from_m, "
    "to_m, side, asset, quantity, stage, NULL, withdrawn, note, hash FROM reports WHERE seq = 1"
)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE reports SET quantity = 1",
        "UPDATE OR REPLACE reports SET seq = 2 WHERE seq = 1",
        "UPDATE OR IGNORE reports SET note = 'x'",
        "DELETE FROM reports",
        "DELETE FROM reports WHERE seq = 5",
        "INSERT OR REPLACE INTO reports SELECT * FROM reports WHERE seq = 1",
        "REPLACE INTO reports " + _ROW.replace("99", "6").replace("'new'", "id"),
        "INSERT OR REPLACE INTO reports " + _ROW.replace("99", "1"),
        "INSERT INTO reports " + _ROW,
        "INSERT INTO reports " + _ROW.replace("99", "1") + " ON CONFLICT DO UPDATE SET note = 'x'",
        "UPDATE ledger SET id = 'x'",
        "DELETE FROM ledger",
        "INSERT INTO ledger VALUES ('x')",
    ],
)
def test_other_programs_cannot_change_records(path: Path, statement: str) -> None:
    """Even without our settings every way of changing a record is refused."""
    other = sqlite3.connect(path)
    before = list(other.execute("SELECT * FROM reports"))
    with pytest.raises(sqlite3.IntegrityError):
        other.execute(statement)
    other.rollback()
    assert list(other.execute("SELECT * FROM reports")) == before
    other.close()


def test_tampering_is_found(path: Path) -> None:
    """With the guards off a changed, a removed and an added record are each found."""
    for statement in (
        "UPDATE reports SET to_m = 900 WHERE seq = 3",
        "DELETE FROM reports WHERE seq = 3",
        "DELETE FROM reports WHERE seq = 5",
        "INSERT INTO reports " + _ROW.replace("99", "6"),
        "UPDATE reports SET recorded_at = '2001-01-01T00:00:00.000000Z' WHERE seq = 4",
    ):
        copy = path.with_name("tampered.ledger")
        shutil.copy(path, copy)
        shutil.copy(f"{path}.head.json", f"{copy}.head.json")
        other = sqlite3.connect(copy)
        names = [row[0] for row in other.execute("SELECT name FROM sqlite_schema")]
        guards = {
            name: other.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (name,)).fetchone()
            for name in names
            if "_refuse_" in name
        }
        for name in guards:
            other.execute(f"DROP TRIGGER {name}")
        other.execute(statement)
        for (sql,) in guards.values():
            other.execute(sql)
        other.commit()
        other.close()
        with open_ledger(copy) as ledger:
            proof = ledger.verify()
        assert not proof.ok, statement
        assert proof.head is None


def test_guards_taken_off_are_told(path: Path) -> None:
    """Verification says which guard is missing."""
    other = sqlite3.connect(path)
    other.execute("DROP TRIGGER reports_refuse_update")
    other.close()
    with open_ledger(path) as ledger:
        assert ledger.verify().faults == (
            "the guard reports_refuse_update was taken off or changed",
        )


def test_the_settings_are_the_safe_ones(path: Path) -> None:
    """Write-ahead log, full synchronisation, strict tables, our mark in the file."""
    with open_ledger(path) as ledger:
        store = ledger._store
        ask = store._connection.execute  # type: ignore[union-attr] # a ledger in a file
        assert ask("PRAGMA journal_mode").fetchone() == ("wal",)
        assert ask("PRAGMA synchronous").fetchone() == (2,)
        assert {row[5] for row in ask("PRAGMA table_list") if row[1] == "reports"} == {1}
    header = path.read_bytes()[:100]
    assert header[68:72] == b"RPLG"


def test_a_newer_ledger_is_refused(path: Path) -> None:
    """A file of a later version is left alone and the remedy is told."""
    other = sqlite3.connect(path)
    other.execute("PRAGMA user_version = 7")
    other.close()
    with pytest.raises(LedgerVersionError, match=r"newer roadplan .*update roadplan"):
        open_ledger(path)


def test_other_files_are_no_ledgers(tmp_path: Path) -> None:
    """Text, an empty file, a folder and another program's database are told apart from ledgers."""
    (tmp_path / "text").write_text("seq,report\n" * 1000)
    (tmp_path / "empty").write_bytes(b"")
    other = sqlite3.connect(tmp_path / "other.db")
    other.execute("CREATE TABLE reports (x)")
    other.commit()
    other.close()
    for name in ("text", "empty", "other.db"):
        with pytest.raises(LedgerDamagedError, match="no ledger"):
            open_ledger(tmp_path / name)
    with pytest.raises(LedgerError, match="is a folder"):
        open_ledger(tmp_path)
    with pytest.raises(LedgerError, match="already"):
        create_ledger(tmp_path / "other.db")


@pytest.mark.parametrize("share", [0.95, 0.6, 0.3, 0.05])
def test_a_truncated_file_is_told(tmp_path: Path, share: float) -> None:
    """Wherever a file is cut off, opening or reading it says that it is damaged."""
    path = tmp_path / "works.ledger"
    with create_ledger(path) as ledger:
        ledger.append(reports(2000))
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(LedgerDamagedError, match="backup"), open_ledger(path) as ledger:
        list(ledger.reports())


def test_a_corrupt_page_is_found(tmp_path: Path) -> None:
    """Bytes overwritten in the middle do not pass verification."""
    path = tmp_path / "works.ledger"
    with create_ledger(path) as ledger:
        ledger.append(reports(2000))
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 4096] = b"\xa5" * 4096
    path.write_bytes(content)
    # Where the page is of the tree itself, reading stops before the chain is followed.
    with contextlib.suppress(LedgerDamagedError), open_ledger(path) as ledger:
        assert not ledger.verify().ok


def test_lost_reports_contradict_the_head_beside(path: Path) -> None:
    """An older copy put in the ledger's place is found, and its head is not written over."""
    old = path.read_bytes()
    with open_ledger(path) as ledger:
        ledger.append(reports(3, start=10))
    path.write_bytes(old)
    with open_ledger(path) as ledger:
        ledger.append(reports(9, start=20))
        proof = ledger.verify()
    assert proof.proven == 8
    assert proof.faults == ("reports up to 8 are not those that the exported head proves",)


def test_the_head_beside_follows_the_ledger(path: Path) -> None:
    """After each call the file beside the ledger holds its head."""
    with open_ledger(path) as ledger:
        head = ledger.append(reports(1, start=50)).head
        beside = json.loads(Path(f"{path}.head.json").read_text())
        assert beside == head.as_dict() == ledger.head().as_dict()


def test_another_program_may_hold_the_file(path: Path) -> None:
    """A file that another program keeps locked is told after a bounded wait."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with open_ledger(path, wait_s=0.1) as ledger:
        with pytest.raises(LedgerBusyError, match="locked by another program"):
            ledger.append(reports(1, start=70))
        other.execute("ROLLBACK")
        other.close()
        ledger.append(reports(1, start=70))
        assert len(ledger) == 6


def test_a_full_disk_stores_nothing(path: Path) -> None:
    """When no page is left the batch is refused whole; with room again it is stored."""
    with open_ledger(path) as ledger:
        ask = ledger._store._connection.execute  # type: ignore[union-attr] # a ledger in a file
        pages = ask("PRAGMA page_count").fetchone()[0]
        ask(f"PRAGMA max_page_count = {pages + 2}")
        with pytest.raises(LedgerFullError, match=r"no room left .*nothing was stored"):
            ledger.append(reports(2000, start=100))
        assert len(ledger) == 5
        assert ledger.verify().ok
        ask("PRAGMA max_page_count = 1000000")
        ledger.append(reports(2000, start=100))
        assert len(ledger) == 2005


_LIMITED = """
import resource, signal, sys
from roadplan.progress.ledger import LedgerError, open_ledger
from roadplan.progress import Report
import contextlib
import datetime as dt
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
ledger = open_ledger(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
try:
    for k in range(100, 100000):
        ledger.append([Report(work_type="base", route="main", from_m=k, to_m=k + 1,
            work_date=dt.date(2024, 5, 1), author="a", source="s", note="x" * 500)])
        print(k, flush=True)
except LedgerError as error:
    print(type(error).__name__, flush=True)
"""


def test_a_disk_that_fills_up_while_writing(path: Path) -> None:
    """A writer whose disk takes no more stops with a clear error, and all acknowledged is there."""
    limit = path.stat().st_size + 200_000
    ran = subprocess.run(
        [sys.executable, "-c", _LIMITED, str(path), str(limit)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    *acknowledged, error = ran.stdout.split()
    assert error == "LedgerFullError"
    with open_ledger(path) as ledger:
        stored = {each.report.from_m for each in ledger.reports()}
        assert ledger.verify().ok
    assert {float(k) for k in acknowledged} <= stored
    assert len(stored) - 5 - len(acknowledged) in (0, 1)


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """A ledger below a file cannot be made, and the message names the path."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(LedgerError, match="file"):
        create_ledger(tmp_path / "file" / "works.ledger")


def test_a_backup_that_does_not_hold_is_not_made(path: Path, tmp_path: Path) -> None:
    """A ledger that was tampered with is not copied over an older, good backup."""
    target = tmp_path / "backup.ledger"
    with open_ledger(path) as ledger:
        ledger.backup(target)
    good = target.read_bytes()
    other = sqlite3.connect(path)
    other.execute("DROP TRIGGER reports_refuse_update")
    other.execute("UPDATE reports SET note = 'better' WHERE seq = 2")
    other.commit()
    other.close()
    with open_ledger(path) as ledger, pytest.raises(LedgerError, match="no backup was made"):
        ledger.backup(target)
    assert target.read_bytes() == good


def test_two_ledgers_in_two_threads_of_one_process(path: Path) -> None:
    """Each opening is its own; what one commits the other sees."""
    with open_ledger(path) as one, open_ledger(path) as two:
        one.append(reports(1, start=80))
        assert len(two) == 6
        two.append(reports(1, start=81))
        assert len(one) == 7
        assert isinstance(one, Ledger)
