"""The ledger on a server: guards, lost connections, rights, secrets."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import psycopg
import pytest

from roadplan.errors import ServiceError
from roadplan.progress import Report
from roadplan.progress.ledger import (
    Ledger,
    LedgerError,
    LedgerUnreachableError,
    LedgerVersionError,
    create_ledger,
    open_ledger,
)


def report(k: int) -> Report:
    """Return a report on a stretch."""
    return Report(
        work_type="base",
        route="main",
        from_m=float(k),
        to_m=float(k + 1),
        work_date=dt.date(2024, 5, 1),
        author="a",
        source="s",
    )


@pytest.fixture
def place(postgres_url: str, request: pytest.FixtureRequest) -> str:
    """Give a place for a ledger of its own."""
    return f"{postgres_url}&ledger=p{abs(hash(request.node.nodeid)):x}"


@pytest.fixture
def server(place: str) -> Iterator[Ledger]:
    """Give a ledger on a server with five reports."""
    with create_ledger(place) as ledger:
        ledger.append([report(k) for k in range(5)])
        yield ledger


@pytest.fixture
def other(postgres_url: str, place: str) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """Give another program's connection to the tables of the ledger."""
    schema = "roadplan_" + place.rpartition("=")[2]
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"SET search_path = {schema}")
        yield connection


_ROW = (
    "SELECT 99, recorded_at, 'new', work_type, work_date, author, source, standing, route, from_m, "
    "to_m, side, asset, quantity, stage, NULL, withdrawn, note, hash FROM reports WHERE seq = 1"
)


@pytest.mark.parametrize("replicating", [False, True])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE reports SET quantity = 1",
        "DELETE FROM reports",
        "TRUNCATE reports CASCADE",
        "INSERT INTO reports " + _ROW,
        "INSERT INTO reports "
        + _ROW.replace("99", "6").replace("'new'", "id")
        + " ON CONFLICT (id) DO UPDATE SET note = 'x'",
        "UPDATE ledger SET id = 'x'",
        "DELETE FROM ledger",
    ],
)
def test_other_programs_cannot_change_records(
    server: Ledger, other: psycopg.Connection[object], statement: str, replicating: bool
) -> None:
    """Every way of changing a record is refused, also in a session that replicates."""
    if replicating:
        other.execute("SET session_replication_role = replica")
    with pytest.raises(psycopg.errors.IntegrityError, match="append-only"):
        other.execute(statement)
    assert server.verify().ok
    assert len(server) == 5


def test_tampering_is_found(server: Ledger, other: psycopg.Connection[object]) -> None:
    """With the guards off a changed record and the missing guard are both told."""
    other.execute("ALTER TABLE reports DISABLE TRIGGER reports_refuse_change")
    other.execute("UPDATE reports SET to_m = 900 WHERE seq = 3")
    faults = server.verify().faults
    assert "the guard reports_refuse_change was taken off or switched off" in faults
    assert any(fault.startswith("report 3 is not what was recorded") for fault in faults)


def test_a_lost_connection_is_told_and_made_anew(
    server: Ledger, other: psycopg.Connection[object]
) -> None:
    """When the server drops us the call says so; the next one works, and repeating is safe."""
    other.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE application_name = 'roadplan' AND pid <> pg_backend_pid()"
    )
    with pytest.raises(LedgerUnreachableError, match="sending them again stores them once"):
        server.append([report(9)])
    server.append([report(9)])
    assert len(server) == 6
    assert server.verify().ok


def test_commits_are_on_the_disk_whatever_the_server_says(
    server: Ledger, other: psycopg.Connection[object], place: str
) -> None:
    """A server that commits lazily by default does not make our acknowledgements lazy."""
    other.execute("ALTER ROLE roadplan SET synchronous_commit = off")
    try:
        with open_ledger(place) as ledger:
            run = ledger._store._run  # type: ignore[union-attr] # a ledger on a server
            assert run("SHOW synchronous_commit").fetchone() == ("on",)
    finally:
        other.execute("ALTER ROLE roadplan RESET synchronous_commit")


def test_a_newer_ledger_is_refused(
    server: Ledger, other: psycopg.Connection[object], place: str
) -> None:
    """A ledger of a later version is left alone and the remedy is told."""
    other.execute("ALTER TABLE ledger DISABLE TRIGGER ALL")
    other.execute("UPDATE ledger SET version = 7")
    with pytest.raises(LedgerVersionError, match=r"newer roadplan .*update roadplan"):
        open_ledger(place)


def test_a_server_that_does_not_answer_is_a_service(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """No server is told as such, without the password."""
    folder = tmp_path_factory.mktemp("none")
    with pytest.raises(ServiceError, match="did not answer") as caught:
        open_ledger(f"postgresql://ann:s3cret@/works?host={folder}&connect_timeout=2")
    assert "s3cret" not in str(caught.value)


def test_an_unknown_database_is_told(postgres_url: str) -> None:
    """A database that is not there is told with what to check."""
    with pytest.raises(LedgerError, match="check the URL"):
        open_ledger(postgres_url.replace("/postgres?", "/nowhere?"))


def test_two_ledgers_in_one_database_are_apart(server: Ledger, place: str) -> None:
    """The name in the URL tells ledgers apart."""
    with create_ledger(f"{place}_b") as second:
        second.append([report(1)])
        assert len(second) == 1
        assert len(server) == 5
        assert second.id != server.id


@pytest.mark.parametrize("name", ["A", "x;drop", "1a", "x y"])
def test_a_name_that_is_none_is_refused(postgres_url: str, name: str) -> None:
    """Only plain names are let into the SQL."""
    with pytest.raises(LedgerError, match="not possible"):
        open_ledger(f"{postgres_url}&ledger={name}")
