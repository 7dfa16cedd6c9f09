"""A ledger in one SQLite file: the embedded default.

Write-ahead log with full synchronisation, so a report is on the disk before it is acknowledged
and readers never wait; strict tables; triggers that refuse every change, also ``INSERT OR
REPLACE`` from a program that does not fire triggers for the rows it replaces.
"""

from __future__ import annotations

import datetime as dt
import logging
import sqlite3
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from roadplan.progress.ledger.chain import BASELINE_COLUMNS, COLUMNS, Row
from roadplan.progress.ledger.errors import (
    LedgerBusyError,
    LedgerDamagedError,
    LedgerError,
    LedgerFullError,
    LedgerVersionError,
)
from roadplan.progress.ledger.store import SCHEMA_VERSION, ChainName, End

_log = logging.getLogger(__name__)

APPLICATION_ID = 0x52504C47
"""Marks the file as a ledger of roadplan ("RPLG")."""

WAIT_S = 30.0
"""How long to wait for other writers."""

_TABLES = """
CREATE TABLE ledger (id TEXT NOT NULL) STRICT;
CREATE TABLE reports (
    seq INTEGER PRIMARY KEY CHECK (seq > 0),
    recorded_at TEXT NOT NULL,
    id TEXT NOT NULL UNIQUE CHECK (id <> ''),
    work_type TEXT NOT NULL,
    work_date TEXT NOT NULL,
    author TEXT NOT NULL,
    source TEXT NOT NULL,
    standing TEXT NOT NULL CHECK (standing IN ('reported', 'measured', 'estimated')),
    route TEXT NOT NULL,
    from_m REAL,
    to_m REAL,
    side TEXT NOT NULL CHECK (side IN ('both', 'left', 'right')),
    asset TEXT NOT NULL,
    quantity REAL CHECK (quantity >= 0),
    stage TEXT NOT NULL,
    supersedes TEXT UNIQUE REFERENCES reports (id),
    withdrawn INTEGER NOT NULL CHECK (withdrawn IN (0, 1)),
    note TEXT NOT NULL,
    hash TEXT NOT NULL,
    CHECK ((asset <> '') = (from_m IS NULL)),
    CHECK ((from_m IS NULL) = (to_m IS NULL)),
    CHECK (from_m IS NULL OR (from_m >= 0 AND from_m < to_m))
) STRICT;
CREATE TABLE baselines (
    version INTEGER PRIMARY KEY CHECK (version > 0),
    recorded_at TEXT NOT NULL,
    content TEXT NOT NULL,
    hash TEXT NOT NULL
) STRICT;
"""


def _guards() -> dict[str, str]:
    """Return the triggers that refuse every change, by name."""
    guards = {}
    for table in ("reports", "baselines", "ledger"):
        for change in ("UPDATE", "DELETE"):
            name = f"{table}_refuse_{change.lower()}"
            guards[name] = (
                f"CREATE TRIGGER {name} BEFORE {change} ON {table} BEGIN "
                f"SELECT RAISE(ABORT, 'the ledger is append-only: {table} cannot be changed'); END"
            )
    # A BEFORE INSERT trigger fires before REPLACE removes the rows that are in the way.
    for table, number in (("reports", "seq"), ("baselines", "version")):
        name = f"{table}_refuse_replace"
        taken = f"NEW.{number} <> (SELECT coalesce(max({number}), 0) + 1 FROM {table})"  # noqa: S608 - our own names
        if table == "reports":
            taken += (
                " OR EXISTS (SELECT 1 FROM reports WHERE id = NEW.id)"
                " OR EXISTS (SELECT 1 FROM reports WHERE supersedes = NEW.supersedes)"
            )
        guards[name] = (
            f"CREATE TRIGGER {name} BEFORE INSERT ON {table} WHEN {taken} BEGIN "
            f"SELECT RAISE(ABORT, 'the ledger is append-only: {table} take only the next number"
            " and a new id'); END"
        )
    guards["ledger_refuse_insert"] = (
        "CREATE TRIGGER ledger_refuse_insert BEFORE INSERT ON ledger "
        "WHEN (SELECT count(*) FROM ledger) > 0 BEGIN "
        "SELECT RAISE(ABORT, 'the ledger has its id already'); END"
    )
    return guards


class SqliteStore:
    """A ledger's records in one file. For one thread at a time; open one for each thread.

    Parameters
    ----------
    path
        The file.
    create
        Make a new ledger there; without, the file must be one.
    ledger_id
        Id of a new ledger; by default a new one.
    wait_s
        How long to wait for other writers, seconds.
    """

    def __init__(
        self, path: Path, *, create: bool = False, ledger_id: str = "", wait_s: float = WAIT_S
    ) -> None:
        self.path = path
        self.place = str(path)
        if not create and not path.is_file():
            what = "is a folder" if path.is_dir() else "is not there"
            raise LedgerError(
                f"{path} {what}; make a ledger with `roadplan progress init --ledger {path}`"
            )
        if create and path.is_file() and path.stat().st_size:
            raise LedgerError(f"{path} is there already; give another name, or use it as it is")
        with self._explained():
            if create:
                path.parent.mkdir(parents=True, exist_ok=True)
            # Writers come and go by BEGIN IMMEDIATE of ours, not by the module's own rules.
            self._connection = sqlite3.connect(path, timeout=wait_s, isolation_level=None)
        try:
            with self._explained():
                self._set_up(create=create, ledger_id=ledger_id)
        except BaseException:
            self._connection.close()
            raise

    def _set_up(self, *, create: bool, ledger_id: str) -> None:
        run = self._connection.execute
        if create:
            self._create(ledger_id or uuid.uuid4().hex)
        self._check_version()
        if run("PRAGMA journal_mode = WAL").fetchone()[0] != "wal":
            raise LedgerError(
                f"{self.path} is on a file system without shared memory (a network drive?); "
                "keep the ledger on a local disk, or use PostgreSQL"
            )
        # EXTRA over FULL would only matter with a rollback journal.
        run("PRAGMA synchronous = FULL")
        run("PRAGMA foreign_keys = ON")
        run("PRAGMA recursive_triggers = ON")
        self.ledger_id = str(run("SELECT id FROM ledger").fetchone()[0])

    def _create(self, ledger_id: str) -> None:
        run = self._connection.execute
        run("PRAGMA journal_mode = WAL")
        with self._transaction("BEGIN IMMEDIATE"):
            if run("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
                raise LedgerError(f"{self.path} was made by somebody else just now; use it")
            for statement in _TABLES.split(";\n"):
                if statement.strip():
                    run(statement)
            run("INSERT INTO ledger VALUES (?)", (ledger_id,))
            for guard in _guards().values():
                run(guard)
            run(f"PRAGMA application_id = {APPLICATION_ID}")
            run(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def _check_version(self) -> None:
        run = self._connection.execute
        if run("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
            raise LedgerDamagedError(
                f"{self.path} is no ledger of roadplan; give the file that "
                "`roadplan progress init` made, or put a backup in its place"
            )
        version = run("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA_VERSION:
            raise LedgerVersionError(
                f"{self.path} was written by a newer roadplan (ledger version {version}, this one "
                f"knows {SCHEMA_VERSION}); update roadplan"
            )
        run("SELECT count(*) FROM sqlite_schema").fetchone()

    # -- writing ----------------------------------------------------------------------------

    @contextmanager
    def writing(self) -> Iterator[SqliteStore]:
        """Keep other writers out and store all or nothing when the block ends."""
        with self._explained(), self._transaction("BEGIN IMMEDIATE"):
            yield self

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Read one state in all calls inside."""
        if self._connection.in_transaction:
            yield
            return
        with self._explained(), self._transaction("BEGIN"):
            yield

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[None]:
        run = self._connection.execute
        run(begin)
        try:
            yield
            run("COMMIT")
        except BaseException:
            # A full disk may have rolled back by itself.
            if self._connection.in_transaction:
                run("ROLLBACK")
            raise

    def now(self) -> dt.datetime:
        """Return the moment by this machine's clock."""
        return dt.datetime.now(dt.UTC)

    def known(self, ids: Sequence[str]) -> list[Row]:
        """Return the stored reports with these ids."""
        sql = f"SELECT {', '.join(COLUMNS)} FROM reports WHERE id = ?"  # noqa: S608 - our own names
        found = (self._connection.execute(sql, (each,)).fetchone() for each in ids)
        return [row for row in found if row is not None]

    def corrections(self, ids: Sequence[str]) -> dict[str, str]:
        """Return the reports that correct these."""
        sql = "SELECT supersedes, id FROM reports WHERE supersedes = ?"
        found = (self._connection.execute(sql, (each,)).fetchone() for each in ids)
        return {row[0]: row[1] for row in found if row is not None}

    def insert(self, chain: ChainName, rows: Sequence[Row]) -> None:
        """Add records to a chain."""
        names = COLUMNS if chain == "reports" else BASELINE_COLUMNS
        marks = ", ".join("?" for _ in names)
        sql = f"INSERT INTO {chain} ({', '.join(names)}) VALUES ({marks})"  # noqa: S608 - our own names
        self._connection.executemany(sql, rows)

    # -- reading ----------------------------------------------------------------------------

    def end(self, chain: ChainName) -> End:
        """Return the last record of a chain."""
        number = "seq" if chain == "reports" else "version"
        sql = f"SELECT {number}, recorded_at, hash FROM {chain} ORDER BY {number} DESC LIMIT 1"  # noqa: S608
        with self._explained():
            row = self._connection.execute(sql).fetchone()
        return End(*row) if row else End(0, "", "")

    def rows(
        self, chain: ChainName, where: str = "", values: Sequence[object] = ()
    ) -> Iterator[Row]:
        """Yield records in order."""
        names = COLUMNS if chain == "reports" else BASELINE_COLUMNS
        condition = f" WHERE {where}" if where else ""
        sql = f"SELECT {', '.join(names)} FROM {chain}{condition} ORDER BY {names[0]}"  # noqa: S608
        with self._explained():
            yield from self._connection.execute(sql, tuple(values))

    def columns(self, names: Sequence[str], *, recorded_by: str = "") -> list[Sequence[Any]]:
        """Return columns of all reports recorded by a moment, in order."""
        condition, values = (" WHERE recorded_at <= ?", (recorded_by,)) if recorded_by else ("", ())
        sql = f"SELECT {', '.join(names)} FROM reports{condition} ORDER BY seq"  # noqa: S608
        with self._explained():
            rows = self._connection.execute(sql, values).fetchall()
        return list(zip(*rows, strict=True)) if rows else [()] * len(names)

    # -- care -------------------------------------------------------------------------------

    def faults(self) -> list[str]:
        """Return what is wrong with the file itself."""
        with self._explained():
            run = self._connection.execute
            found = [str(row[0]) for row in run("PRAGMA integrity_check(20)") if row[0] != "ok"]
            there = {
                str(name): str(sql)
                for name, sql in run("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
            }
        found.extend(
            f"the guard {name} was taken off or changed"
            for name, sql in _guards().items()
            if there.get(name) != sql
        )
        return found

    def copy_to(self, path: Path) -> None:
        """Copy the file while others may write, as of one moment."""
        with self._explained():
            target = sqlite3.connect(path)
            try:
                # All pages in one step: readers do not stop writers, and no write starts it anew.
                self._connection.backup(target)
                target.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                target.close()

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn errors of SQLite into ours, with the remedy."""
        try:
            yield
        except sqlite3.Error as error:
            raise explained(error, self.place) from error
        except OSError as error:
            raise LedgerError(
                f"{self.place} cannot be used: {error.strerror or error}; check the path and its "
                "permissions"
            ) from error


def explained(error: sqlite3.Error, place: str) -> LedgerError:
    """Return our error for one of SQLite, with the remedy."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return LedgerBusyError(
            f"{place} is locked by another program ({error}); nothing was stored, try again"
        )
    if code == sqlite3.SQLITE_FULL:
        return LedgerFullError(
            f"there is no room left for {place} ({error}); nothing was stored, free some space"
        )
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return LedgerDamagedError(
            f"{place} is damaged or no ledger ({error}); put the latest backup in its place and "
            "prove it with `roadplan progress verify`"
        )
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return LedgerError(
            f"{place} cannot be written or opened ({error}); check the permissions of the file "
            "and its folder"
        )
    if code == sqlite3.SQLITE_IOERR:
        return LedgerFullError(
            f"the disk refused to keep {place} ({error}); nothing was stored, check its space and "
            "health"
        )
    return LedgerError(f"{place}: {error}; nothing was stored")
