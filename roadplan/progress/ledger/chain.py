"""The hash chain: each record is proven by one hash over itself and all before it.

``hash(n) = SHA-256(hash(n − 1) ‖ canonical record n)``, where ``hash(0)`` follows from the id of
the ledger. Changing, removing, inserting or reordering a record changes every hash after it, so a
head that was exported before proves that all up to it stands as it was. This is the linked
time-stamping of Haber and Stornetta (1991).
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from roadplan.errors import RoadplanError
from roadplan.progress.asof import moment_text
from roadplan.progress.report import Report, StoredReport, canonical

Row = tuple[Any, ...]

COLUMNS = (
    "seq",
    "recorded_at",
    "id",
    "work_type",
    "work_date",
    "author",
    "source",
    "standing",
    "route",
    "from_m",
    "to_m",
    "side",
    "asset",
    "quantity",
    "stage",
    "supersedes",
    "withdrawn",
    "note",
    "hash",
)
"""The columns of a stored report, in order, in every store."""

BASELINE_COLUMNS = ("version", "recorded_at", "content", "hash")
"""The columns of a stored baseline."""

_PROVEN = COLUMNS[:-1]


@dataclass(frozen=True)
class Link:
    """The end of a chain: how many records there are, and the hash of the last."""

    count: int
    hash: str

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {"count": self.count, "hash": self.hash}


@dataclass(frozen=True, kw_only=True)
class Head:
    """What proves a ledger up to now; keep a copy where the ledger's keepers cannot change it.

    Parameters
    ----------
    ledger
        Id of the ledger.
    reports, baselines
        The ends of its two chains.
    """

    ledger: str
    reports: Link
    baselines: Link

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {
            "ledger": self.ledger,
            "reports": self.reports.as_dict(),
            "baselines": self.baselines.as_dict(),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Head:
        """Return the head that :meth:`as_dict` wrote.

        Raises
        ------
        RoadplanError
            It is none.
        """
        try:
            links = {
                name: Link(int(values[name]["count"]), str(values[name]["hash"]))
                for name in ("reports", "baselines")
            }
            return cls(ledger=str(values["ledger"]), **links)
        except (KeyError, TypeError, ValueError) as error:
            raise RoadplanError(
                "this is no exported head; give a file that `roadplan progress head` wrote"
            ) from error


def first_hash(ledger: str) -> str:
    """Return the hash before the first record of a ledger."""
    return hashlib.sha256(f"roadplan ledger {ledger}".encode()).hexdigest()


def next_hash(before: str, record: Mapping[str, Any]) -> str:
    """Return the hash of a record from the hash before it."""
    return hashlib.sha256(bytes.fromhex(before) + canonical(record)).hexdigest()


def report_row(seq: int, recorded_at: dt.datetime, report: Report, before: str) -> Row:
    """Return a report as a row of :data:`COLUMNS`, sealed with its hash."""
    values = {
        "seq": seq,
        "recorded_at": moment_text(recorded_at),
        "id": report.id,
        **report.content(),
        "supersedes": report.supersedes or None,
        "withdrawn": int(report.withdrawn),
    }
    return (*(values[name] for name in _PROVEN), next_hash(before, values))


def stored_report(row: Row) -> StoredReport:
    """Return the report of a row."""
    values = dict(zip(COLUMNS, row, strict=True))
    values["supersedes"] = values["supersedes"] or ""
    values["withdrawn"] = bool(values["withdrawn"])
    return StoredReport.from_dict(values)


def baseline_row(version: int, recorded_at: dt.datetime, content: str, before: str) -> Row:
    """Return a baseline as a row of :data:`BASELINE_COLUMNS`, sealed with its hash."""
    record = (version, moment_text(recorded_at), content)
    return (*record, next_hash(before, dict(zip(BASELINE_COLUMNS, record, strict=False))))


def broken_links(
    rows: Iterable[Row], names: tuple[str, ...], ledger: str, what: str
) -> Iterator[str | Link]:
    """Follow a chain and yield what is wrong with it, then its end.

    Parameters
    ----------
    rows
        All records in order, with the hash as the last column.
    names
        Their columns; the first is the number, the second the moment of recording.
    ledger
        Id of the ledger.
    what
        What a record is called.

    Yields
    ------
    str or Link
        One sentence for each kind of fault where it is first met; at last the end of the chain.
    """
    before, count, moment = first_hash(ledger), 0, ""
    for row in rows:
        count += 1
        if row[0] != count:
            yield f"{what} {count} is missing; the next one has number {row[0]}"
            return
        if str(row[1]) < moment:
            yield f"{what} {count} was recorded before the one ahead of it"
        moment = str(row[1])
        try:
            expected = next_hash(before, dict(zip(names[:-1], row[:-1], strict=True)))
        except (TypeError, ValueError):
            expected = ""
        if expected != row[-1]:
            yield f"{what} {count} is not what was recorded: its hash does not follow from it"
            return
        before = expected
    yield Link(count, before)
