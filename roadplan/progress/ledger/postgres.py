"""A ledger in PostgreSQL, for several offices that write to one.

Writers take turns by an advisory lock that the transaction holds, so the chain has no gaps and no
forks; the server frees it when a writer dies. A report is acknowledged after a commit with
``synchronous_commit = on``, whatever the server's default is.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from roadplan.progress.ledger.chain import BASELINE_COLUMNS, COLUMNS, Row
from roadplan.progress.ledger.errors import (
    LedgerBusyError,
    LedgerDamagedError,
    LedgerError,
    LedgerFullError,
    LedgerUnreachableError,
    LedgerVersionError,
)
from roadplan.progress.ledger.store import SCHEMA_VERSION, ChainName, End

if TYPE_CHECKING:
    import psycopg

WAIT_S = 30.0
"""How long to wait for other writers."""

CONNECT_S = 10
"""How long to wait for the server."""

_ROWS_AT_ONCE = 5_000
_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")

_TABLES = """
CREATE TABLE ledger (id text NOT NULL, version integer NOT NULL);
CREATE TABLE reports (
    seq bigint PRIMARY KEY CHECK (seq > 0),
    recorded_at text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL UNIQUE CHECK (id <> ''),
    work_type text NOT NULL,
    work_date text NOT NULL,
    author text NOT NULL,
    source text NOT NULL,
    standing text NOT NULL CHECK (standing IN ('reported', 'measured', 'estimated')),
    route text NOT NULL,
    from_m double precision,
    to_m double precision,
    side text NOT NULL CHECK (side IN ('both', 'left', 'right')),
    asset text NOT NULL,
    quantity double precision CHECK (quantity >= 0),
    stage text NOT NULL,
    supersedes text COLLATE "C" UNIQUE REFERENCES reports (id),
    withdrawn smallint NOT NULL CHECK (withdrawn IN (0, 1)),
    note text NOT NULL,
    hash text NOT NULL,
    CHECK ((asset <> '') = (from_m IS NULL)),
    CHECK ((from_m IS NULL) = (to_m IS NULL)),
    CHECK (from_m IS NULL OR (from_m >= 0 AND from_m < to_m))
);
CREATE TABLE baselines (
    version bigint PRIMARY KEY CHECK (version > 0),
    recorded_at text COLLATE "C" NOT NULL,
    content text NOT NULL,
    hash text NOT NULL
);
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is append-only: % cannot be changed', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE FUNCTION take_next() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE last bigint;
BEGIN
    EXECUTE format('SELECT coalesce(max(%I), 0) FROM %I.%I',
        TG_ARGV[0], TG_TABLE_SCHEMA, TG_TABLE_NAME) INTO last;
    IF (to_jsonb(NEW) ->> TG_ARGV[0])::bigint <> last + 1 THEN
        RAISE EXCEPTION 'the ledger is append-only: % take only the next number', TG_TABLE_NAME
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
"""


def _guards() -> dict[tuple[str, str], str]:
    """Return the triggers that refuse every change, by table and name."""
    guards = {}
    for table in ("reports", "baselines", "ledger"):
        guards[table, f"{table}_refuse_change"] = (
            f"CREATE TRIGGER {table}_refuse_change BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        guards[table, f"{table}_refuse_truncate"] = (
            f"CREATE TRIGGER {table}_refuse_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    for table, number in (("reports", "seq"), ("baselines", "version")):
        guards[table, f"{table}_take_next"] = (
            f"CREATE TRIGGER {table}_take_next BEFORE INSERT ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION take_next('{number}')"
        )
    return guards


class PostgresStore:
    """A ledger's records in a schema of a PostgreSQL database.

    Parameters
    ----------
    url
        ``postgresql://user@host/database``; ``?ledger=name`` tells apart several ledgers in one
        database.
    create
        Make a new ledger there; without, there must be one.
    ledger_id
        Id of a new ledger; by default a new one.
    wait_s
        How long to wait for other writers, seconds.
    """

    def __init__(
        self, url: str, *, create: bool = False, ledger_id: str = "", wait_s: float = WAIT_S
    ) -> None:
        self._url, name = _split(url)
        self.place = without_password(url)
        self._schema = f"roadplan_{name}" if name else "roadplan"
        self._wait_s = wait_s
        digest = hashlib.sha256(self._schema.encode()).digest()
        self._lock = int.from_bytes(digest[:8], "big", signed=True)
        self._connection: psycopg.Connection[Any] | None = None
        try:
            with self._explained():
                if create:
                    self._create(ledger_id or uuid.uuid4().hex)
                self.ledger_id = self._check_version()
        except BaseException:
            self.close()
            raise

    # -- connection -------------------------------------------------------------------------

    def _connected(self) -> psycopg.Connection[Any]:
        """Return the connection; a lost one is made anew."""
        if self._connection is not None and not self._connection.closed:
            return self._connection
        try:
            import psycopg
        except ImportError as error:
            raise LedgerError(
                "a ledger in PostgreSQL needs psycopg; install roadplan[postgres]"
            ) from error
        wait_ms = max(1, round(self._wait_s * 1000))
        settings = (
            f"-c lock_timeout={wait_ms} -c synchronous_commit=on -c client_min_messages=warning "
            f"-c search_path={self._schema} -c idle_in_transaction_session_timeout=120000 "
            "-c default_transaction_isolation=read\\ committed"
        )
        try:
            self._connection = psycopg.connect(
                self._url,
                connect_timeout=CONNECT_S,
                autocommit=True,
                options=settings,
                application_name="roadplan",
            )
        except psycopg.Error as error:
            said = " ".join(str(error).split())
            raise LedgerUnreachableError(
                f"the server of {self.place} did not answer ({said}); nothing was stored, check "
                "the URL, the network and your rights"
            ) from error
        return self._connection

    def _run(self, sql: str, values: Sequence[object] = ()) -> psycopg.Cursor[Any]:
        return self._connected().execute(sql, tuple(values) or None)

    def _create(self, ledger_id: str) -> None:
        connection = self._connected()
        with connection.transaction():
            self._run("SELECT pg_advisory_xact_lock(%s)", (self._lock,))
            if self._exists():
                raise LedgerError(f"{self.place} is a ledger already; use it as it is")
            self._run(f"CREATE SCHEMA IF NOT EXISTS {self._schema}")
            self._run(_TABLES)
            self._run(
                "INSERT INTO ledger (id, version) VALUES (%s, %s)", (ledger_id, SCHEMA_VERSION)
            )
            for (table, name), sql in _guards().items():
                self._run(sql)
                # Also where a session says that it replicates, which switches off plain triggers.
                self._run(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")

    def _exists(self) -> bool:
        found = self._run("SELECT to_regclass(%s)", (f"{self._schema}.ledger",)).fetchone()
        return found is not None and found[0] is not None

    def _check_version(self) -> str:
        if not self._exists():
            raise LedgerError(
                f"there is no ledger in {self.place}; make one with `roadplan progress init`"
            )
        row = self._run("SELECT id, version FROM ledger").fetchone()
        if row is None:
            raise LedgerDamagedError(f"the ledger in {self.place} has lost its id")
        if row[1] > SCHEMA_VERSION:
            raise LedgerVersionError(
                f"the ledger in {self.place} was written by a newer roadplan (ledger version "
                f"{row[1]}, this one knows {SCHEMA_VERSION}); update roadplan"
            )
        return str(row[0])

    # -- writing ----------------------------------------------------------------------------

    @contextmanager
    def writing(self) -> Iterator[PostgresStore]:
        """Keep other writers out and store all or nothing when the block ends."""
        with self._explained(), self._connected().transaction():
            # Each statement after this sees what the writer before us committed.
            self._run("SELECT pg_advisory_xact_lock(%s)", (self._lock,))
            yield self

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Read one state in all calls inside."""
        import psycopg

        with self._explained():
            connection = self._connected()
            if connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
                yield
                return
            with connection.transaction():
                self._run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
                yield

    def now(self) -> dt.datetime:
        """Return the moment by the server's clock, one for all offices."""
        row = self._run("SELECT clock_timestamp()").fetchone()
        moment: dt.datetime = row[0] if row else dt.datetime.now(dt.UTC)
        return moment.astimezone(dt.UTC)

    def known(self, ids: Sequence[str]) -> list[Row]:
        """Return the stored reports with these ids."""
        sql = f"SELECT {', '.join(COLUMNS)} FROM reports WHERE id = ANY(%s)"  # noqa: S608 - our own names
        return self._run(sql, (list(ids),)).fetchall()

    def corrections(self, ids: Sequence[str]) -> dict[str, str]:
        """Return the reports that correct these."""
        if not ids:
            return {}
        sql = "SELECT supersedes, id FROM reports WHERE supersedes = ANY(%s)"
        return {row[0]: row[1] for row in self._run(sql, (list(ids),)).fetchall()}

    def insert(self, chain: ChainName, rows: Sequence[Row]) -> None:
        """Add records to a chain."""
        names = COLUMNS if chain == "reports" else BASELINE_COLUMNS
        marks = ", ".join("%s" for _ in names)
        sql = f"INSERT INTO {chain} ({', '.join(names)}) VALUES ({marks})"  # noqa: S608 - our own names
        with self._connected().cursor() as cursor:
            cursor.executemany(sql, rows)

    # -- reading ----------------------------------------------------------------------------

    def end(self, chain: ChainName) -> End:
        """Return the last record of a chain."""
        number = "seq" if chain == "reports" else "version"
        sql = f"SELECT {number}, recorded_at, hash FROM {chain} ORDER BY {number} DESC LIMIT 1"  # noqa: S608
        with self._explained():
            row = self._run(sql).fetchone()
        return End(*row) if row else End(0, "", "")

    def rows(
        self, chain: ChainName, where: str = "", values: Sequence[object] = ()
    ) -> Iterator[Row]:
        """Yield records in order."""
        import psycopg

        names = COLUMNS if chain == "reports" else BASELINE_COLUMNS
        condition = f" WHERE {where.replace('?', '%s')}" if where else ""
        sql = f"SELECT {', '.join(names)} FROM {chain}{condition} ORDER BY {names[0]}"  # noqa: S608
        with self._explained():
            connection = self._connected()
            idle = connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
            if where or idle:
                yield from self._run(sql, values).fetchall()
                return
            # Within one state a cursor of the server spares the memory for millions of records.
            with connection.cursor(name=f"rows_{chain}") as cursor:
                cursor.itersize = _ROWS_AT_ONCE
                yield from cursor.execute(sql)

    def columns(self, names: Sequence[str], *, recorded_by: str = "") -> list[Sequence[Any]]:
        """Return columns of all reports recorded by a moment, in order."""
        condition = " WHERE recorded_at <= %s" if recorded_by else ""
        sql = f"SELECT {', '.join(names)} FROM reports{condition} ORDER BY seq"  # noqa: S608
        with self._explained():
            rows = self._run(sql, (recorded_by,) if recorded_by else ()).fetchall()
        return list(zip(*rows, strict=True)) if rows else [()] * len(names)

    # -- care -------------------------------------------------------------------------------

    def faults(self) -> list[str]:
        """Return which guards were taken off."""
        sql = (
            "SELECT c.relname, t.tgname, t.tgenabled::text FROM pg_trigger t "
            "JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE n.nspname = %s AND NOT t.tgisinternal"
        )
        with self._explained():
            there = {(row[0], row[1]): row[2] for row in self._run(sql, (self._schema,))}
        return [
            f"the guard {name} was taken off or switched off"
            for table, name in _guards()
            if there.get((table, name)) != "A"
        ]

    def copy_to(self, path: Path) -> None:
        """Copy the ledger to a file of SQLite while others may write, as of one moment."""
        from roadplan.progress.ledger.sqlite import SqliteStore

        target = SqliteStore(path, create=True, ledger_id=self.ledger_id)
        try:
            with self.reading(), target.writing() as writing:
                for chain in ("reports", "baselines"):
                    writing.insert(chain, list(self.rows(chain)))
        finally:
            target.close()

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.close()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn errors of PostgreSQL into ours, with the remedy."""
        try:
            import psycopg
        except ImportError as error:
            raise LedgerError(
                "a ledger in PostgreSQL needs psycopg; install roadplan[postgres]"
            ) from error
        try:
            yield
        except psycopg.Error as error:
            raise explained(error, self.place) from error


def explained(error: psycopg.Error, place: str) -> LedgerError:
    """Return our error for one of PostgreSQL, with the remedy."""
    from psycopg import errors

    said = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, errors.LockNotAvailable):
        return LedgerBusyError(
            f"other writers hold {place} for too long; nothing was stored, try again"
        )
    if isinstance(error, errors.DiskFull | errors.OutOfMemory):
        return LedgerFullError(
            f"the server of {place} has no room left ({said}); nothing was stored"
        )
    if isinstance(error, errors.DataCorrupted | errors.IndexCorrupted):
        return LedgerDamagedError(
            f"{place} is damaged ({said}); restore the latest backup and prove it with "
            "`roadplan progress verify`"
        )
    if isinstance(error, errors.InsufficientPrivilege | errors.InvalidCatalogName):
        return LedgerError(f"{place} cannot be used: {said}; check the URL and your rights")
    if error.sqlstate is None or error.sqlstate.startswith(("08", "57", "28", "53")):
        return LedgerUnreachableError(
            f"the server of {place} did not answer ({said}); whether the last reports were stored "
            "is not known, and sending them again stores them once"
        )
    return LedgerError(f"{place}: {said}; nothing was stored")


def _split(url: str) -> tuple[str, str]:
    """Return the URL for the server and the name of the ledger in it."""
    parts = urlsplit(url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    name = next((value for key, value in query if key == "ledger"), "")
    if name and not _NAME.fullmatch(name):
        raise LedgerError(
            f"the ledger name '{name}' is not possible; use small Latin letters, digits and _, "
            "beginning with a letter"
        )
    rest = urlencode([(key, value) for key, value in query if key != "ledger"])
    return urlunsplit(parts._replace(query=rest)), name


def without_password(url: str) -> str:
    """Return a URL as it may be shown.

    Examples
    --------
    >>> without_password("postgresql://ann:secret@db/works?ledger=south&password=x")
    'postgresql://ann@db/works?ledger=south'
    """
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    query = [
        (key, value)
        for key, value in parse_qsl(parts.query)
        if "pass" not in key.lower() and key.lower() != "sslkey"
    ]
    netloc = f"{user.partition(':')[0]}{at}{host}"
    return urlunsplit(parts._replace(netloc=netloc, query=urlencode(query, safe="/")))
