"""The ledger: append-only reports and baselines with a proof that nothing was changed."""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from roadplan.errors import RoadplanError
from roadplan.files import replace_text, replacing
from roadplan.progress.asof import moment_text, read_moment
from roadplan.progress.baseline import Baseline, StoredBaseline
from roadplan.progress.ledger.chain import (
    BASELINE_COLUMNS,
    COLUMNS,
    Head,
    Link,
    Row,
    baseline_row,
    broken_links,
    first_hash,
    report_row,
    stored_report,
)
from roadplan.progress.ledger.errors import ConflictError, LedgerError
from roadplan.progress.ledger.postgres import PostgresStore
from roadplan.progress.ledger.sqlite import SqliteStore
from roadplan.progress.ledger.store import ChainName, End, Writing
from roadplan.progress.report import Report, StoredReport, canonical

if TYPE_CHECKING:
    from roadplan.progress.history import History

_log = logging.getLogger(__name__)

_TICK = dt.timedelta(microseconds=1)
_CLOCKS_APART = dt.timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What became of reports: all of them are stored.

    Parameters
    ----------
    stored
        The ids that are new, in the order given.
    known
        The ids that were stored before, with the very same content.
    recorded_at
        When the new ones were recorded; None where none is new.
    head
        What proves the ledger with them in it.
    """

    stored: tuple[str, ...]
    known: tuple[str, ...]
    recorded_at: dt.datetime | None
    head: Head


@dataclass(frozen=True, kw_only=True)
class Verification:
    """Whether a ledger is what was recorded.

    Parameters
    ----------
    head
        The end of the chains as recomputed, where they hold.
    faults
        What is wrong, one sentence each; empty where all is well.
    proven
        The number of reports that an exported head proves; None where none was given.
    """

    head: Head | None
    faults: tuple[str, ...]
    proven: int | None = None

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults


class Ledger:
    """Append-only reports and baselines. Use :func:`open_ledger` or :func:`create_ledger`.

    For one thread at a time; open one for each thread or process. Works as a context manager.

    Parameters
    ----------
    store
        Where the records are kept.
    """

    def __init__(self, store: SqliteStore | PostgresStore) -> None:
        self._store = store

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file or the connection."""
        self._store.close()

    @property
    def id(self) -> str:
        """The id of the ledger; its backups have the same."""
        return self._store.ledger_id

    @property
    def place(self) -> str:
        """Where it is, as it may be shown: a path or a URL without its password."""
        return self._store.place

    # -- writing ----------------------------------------------------------------------------

    def append(
        self, reports: Sequence[Report], *, recorded_at: dt.datetime | None = None
    ) -> Receipt:
        """Store reports, all or none; when this returns they are on the disk.

        Many reports in one call cost little more than one. A report that is there already with
        the same content is left as it is, so a call whose outcome is not known can be repeated.

        Parameters
        ----------
        reports
            In the order in which they are to stand; a correction after what it corrects.
        recorded_at
            When they were recorded, for reports taken over from elsewhere: after all that is
            stored, and not in the future. By default now, by the clock of the store.

        Raises
        ------
        ConflictError
            An id is taken by another report, or a correction corrects what is unknown, already
            corrected or of other work.
        LedgerBusyError, LedgerFullError, LedgerDamagedError, LedgerUnreachableError
            It could not be stored. Only where the server did not answer it may have been.
        """
        reports = tuple(reports)
        with self._store.writing() as writing:
            before = writing.end("reports")
            fresh, known = self._fresh(writing, reports)
            moment = self._moment(writing, before, recorded_at) if fresh else None
            rows: list[Row] = []
            link = before.hash or first_hash(self.id)
            if moment is not None:
                for seq, report in enumerate(fresh, start=before.count + 1):
                    rows.append(report_row(seq, moment, report, link))
                    link = str(rows[-1][-1])
                writing.insert("reports", rows)
            plans = writing.end("baselines")
        head = Head(
            ledger=self.id,
            reports=Link(before.count + len(rows), link),
            baselines=Link(plans.count, plans.hash or first_hash(self.id)),
        )
        if rows:
            self._write_side_head(head)
        return Receipt(
            stored=tuple(report.id for report in fresh),
            known=known,
            recorded_at=moment,
            head=head,
        )

    def append_baseline(
        self, baseline: Baseline, *, recorded_at: dt.datetime | None = None
    ) -> StoredBaseline:
        """Freeze a baseline as the next version.

        Raises
        ------
        ConflictError
            Its version is taken or leaves a gap; one that is there with the same content is
            left as it is.
        """
        content = canonical(baseline.content()).decode("utf-8")
        with self._store.writing() as writing:
            before = writing.end("baselines")
            if baseline.version <= before.count:
                there = next(
                    iter(self._store.rows("baselines", "version = ?", (baseline.version,)))
                )
                if there[2] != content:
                    raise ConflictError(
                        f"baseline {baseline.version} is frozen; give the changed plan version "
                        f"{before.count + 1}"
                    )
                return _stored_baseline(there)
            if baseline.version != before.count + 1:
                raise ConflictError(
                    f"baseline {baseline.version} would leave a gap; the next is {before.count + 1}"
                )
            moment = self._moment(writing, before, recorded_at)
            row = baseline_row(
                baseline.version, moment, content, before.hash or first_hash(self.id)
            )
            writing.insert("baselines", [row])
        self._write_side_head(self.head())
        return _stored_baseline(row)

    def _fresh(
        self, writing: Writing, reports: Sequence[Report]
    ) -> tuple[list[Report], tuple[str, ...]]:
        """Return the reports that are new, and the ids of those that are not."""
        wanted = {report.id for report in reports} | {
            report.supersedes for report in reports if report.supersedes
        }
        there = {str(row[2]): stored_report(row).report for row in writing.known(sorted(wanted))}
        corrected = writing.corrections(
            sorted(report.supersedes for report in reports if report.supersedes)
        )
        fresh: list[Report] = []
        known: list[str] = []
        for report in reports:
            stored = there.get(report.id)
            if stored is not None:
                if stored != report:
                    raise ConflictError(
                        f"report {report.id} is stored with other content; state the change as a "
                        "correction that supersedes it"
                    )
                known.append(report.id)
                continue
            if report.supersedes:
                _check_correction(report, there, corrected)
                corrected[report.supersedes] = report.id
            there[report.id] = report
            fresh.append(report)
        return fresh, tuple(known)

    def _moment(
        self, writing: Writing, before: End, recorded_at: dt.datetime | None
    ) -> dt.datetime:
        """Return when records are recorded: always after all that is stored."""
        now = writing.now()
        last = read_moment(before.recorded_at) if before.count else None
        if recorded_at is not None:
            moment = read_moment(moment_text(recorded_at))
            if moment > now + _CLOCKS_APART:
                raise LedgerError(
                    f"nothing can have been recorded at {moment_text(moment)}, which is yet to come"
                )
            if last is not None and moment <= last:
                raise LedgerError(
                    f"the ledger has records of {before.recorded_at}; records of "
                    f"{moment_text(moment)} would change what was known then"
                )
            return moment
        if last is not None and now <= last:
            if last - now > _CLOCKS_APART:
                _log.warning("the clock is behind the last record of %s", before.recorded_at)
            return last + _TICK
        return now

    # -- reading ----------------------------------------------------------------------------

    def __len__(self) -> int:
        """Return the number of reports, corrected ones included."""
        return self._store.end("reports").count

    def reports(
        self,
        *,
        work_type: str = "",
        asset: str = "",
        route: str = "",
        from_m: float = 0.0,
        to_m: float = float("inf"),
        recorded_by: dt.datetime | None = None,
    ) -> Iterator[StoredReport]:
        """Yield reports in the order of recording, corrected ones included.

        Parameters
        ----------
        work_type, asset, route
            Only these; empty for all.
        from_m, to_m
            Only stretches of `route` that overlap this one.
        recorded_by
            Only those recorded by this moment.
        """
        limits: dict[str, object] = {}
        for name, wanted in (("work_type", work_type), ("asset", asset), ("route", route)):
            if wanted:
                limits[f"{name} = ?"] = wanted
        if route:
            limits["to_m > ?"] = from_m
            if to_m < float("inf"):
                limits["from_m < ?"] = to_m
        if recorded_by is not None:
            limits["recorded_at <= ?"] = moment_text(recorded_by)
        rows = self._store.rows("reports", " AND ".join(limits), tuple(limits.values()))
        return (stored_report(row) for row in rows)

    def report(self, report: str) -> StoredReport:
        """Return one report by id.

        Raises
        ------
        LedgerError
            There is none.
        """
        for row in self._store.rows("reports", "id = ?", (report,)):
            return stored_report(row)
        raise LedgerError(f"there is no report '{report}' in {self.place}")

    def corrections(self, ids: Sequence[str]) -> dict[str, str]:
        """Return what corrects some reports: corrected id → id of the correction."""
        with self._store.reading():
            return self._store.corrections(sorted(set(ids)))

    def history(self, *, recorded_by: dt.datetime | None = None) -> History:
        """Return all reports as arrays, for the status at any date.

        Parameters
        ----------
        recorded_by
            Leave out what was recorded later; by default everything is there and the moment is
            chosen with the status.
        """
        from roadplan.progress.history import FIELDS, History

        limit = "" if recorded_by is None else moment_text(recorded_by)
        columns = self._store.columns(FIELDS, recorded_by=limit)
        return History.from_columns(dict(zip(FIELDS, columns, strict=True)))

    def baselines(self, *, recorded_by: dt.datetime | None = None) -> tuple[StoredBaseline, ...]:
        """Return all versions of the baseline, the latest last."""
        if recorded_by is None:
            rows = self._store.rows("baselines")
        else:
            rows = self._store.rows("baselines", "recorded_at <= ?", (moment_text(recorded_by),))
        return tuple(_stored_baseline(row) for row in rows)

    def baseline(self, version: int | None = None) -> Baseline:
        """Return one version of the baseline, by default the latest.

        Raises
        ------
        LedgerError
            There is none.
        """
        found = self.baselines()
        for stored in reversed(found):
            if version is None or stored.baseline.version == version:
                return stored.baseline
        some = f"there are 1 to {len(found)}" if found else "none was frozen yet"
        which = "a baseline" if version is None else f"baseline {version}"
        raise LedgerError(f"{self.place} has not {which}; {some}")

    # -- proof ------------------------------------------------------------------------------

    def head(self) -> Head:
        """Return what proves the ledger up to now."""
        with self._store.reading():
            ends = {name: self._store.end(name) for name in ("reports", "baselines")}
        links = {
            name: Link(end.count, end.hash or first_hash(self.id)) for name, end in ends.items()
        }
        return Head(ledger=self.id, **links)

    def verify(self, head: Head | None = None) -> Verification:
        """Follow both chains from their beginning and compare them with an exported head.

        Parameters
        ----------
        head
            A head exported earlier. By default the one beside the file, where there is one.
        """
        if head is None:
            head = self.side_head()
        faults = self._store.faults()
        ends: dict[ChainName, Link] = {}
        with self._store.reading():
            chains: tuple[tuple[ChainName, tuple[str, ...], str], ...] = (
                ("reports", COLUMNS, "report"),
                ("baselines", BASELINE_COLUMNS, "baseline"),
            )
            for chain, names, what in chains:
                for found in broken_links(self._store.rows(chain), names, self.id, what):
                    if isinstance(found, Link):
                        ends[chain] = found
                    else:
                        faults.append(found)
            if head is not None:
                faults.extend(self._against(head))
        whole = len(ends) == len(chains) and not faults
        return Verification(
            head=Head(ledger=self.id, **ends) if whole else None,
            faults=tuple(faults),
            proven=None if head is None else head.reports.count,
        )

    def _against(self, head: Head) -> Iterator[str]:
        """Yield how the ledger contradicts an exported head."""
        if head.ledger != self.id:
            yield f"the exported head is of another ledger ({head.ledger}, this is {self.id})"
            return
        chains: tuple[tuple[ChainName, str, Link], ...] = (
            ("reports", "seq", head.reports),
            ("baselines", "version", head.baselines),
        )
        for chain, number, link in chains:
            count = self._store.end(chain).count
            if link.count > count:
                yield f"{chain} are missing: the exported head counts {link.count}, not {count}"
            elif link.count and not self._at(chain, number, link):
                yield f"{chain} up to {link.count} are not those that the exported head proves"

    def _at(self, chain: ChainName, number: str, link: Link) -> bool:
        """Tell whether the chain had this end when it had this many records."""
        row = next(iter(self._store.rows(chain, f"{number} = ?", (link.count,))), None)
        return row is not None and row[-1] == link.hash

    @property
    def side_file(self) -> Path | None:
        """The file beside a ledger in a file that holds its head; None for one on a server."""
        if isinstance(self._store, SqliteStore):
            return self._store.path.with_name(f"{self._store.path.name}.head.json")
        return None

    def side_head(self) -> Head | None:
        """Return the head beside the file, where there is one that can be read."""
        if self.side_file is None or not self.side_file.is_file():
            return None
        return read_head(self.side_file)

    def _write_side_head(self, head: Head) -> None:
        """Put the head beside the file, never over one that the ledger contradicts."""
        path = self.side_file
        if path is None:
            return
        try:
            before = self.side_head()
            if before is not None and list(self._against(before)):
                _log.warning("%s contradicts the ledger and was left; verify the ledger", path)
                return
            # Not forced to the disk: a head that is behind proves less, yet nothing wrong.
            temporary = path.with_name(f".{path.name}.{os.getpid()}")
            temporary.write_text(head_text(head), encoding="utf-8")
            temporary.replace(path)
        except (OSError, RoadplanError) as error:
            # The reports are stored, so this must not look as if they were not.
            _log.warning("the head was not written to %s: %s", path, error)

    # -- copies -----------------------------------------------------------------------------

    def backup(self, path: str | os.PathLike[str]) -> Head:
        """Copy the ledger to a file while others may write, and prove the copy.

        Parameters
        ----------
        path
            The copy, a ledger in a file whatever the store of this one is. It takes the place of
            what is there only when it is proven.

        Returns
        -------
        Head
            The head of the copy, which is also put beside it.

        Raises
        ------
        LedgerError
            The copy could not be made, or the ledger does not hold.
        """
        target = Path(path)
        # Read before the copy is made: the copy must hold at least what this head proves.
        beside = self.side_head()
        try:
            with replacing(target) as temporary:
                self._store.copy_to(temporary)
                with Ledger(SqliteStore(temporary)) as copy:
                    proof = copy.verify(beside)
                if proof.head is None:
                    raise LedgerError(
                        f"the ledger in {self.place} does not hold, so no backup was made: "
                        + "; ".join(proof.faults)
                    )
            write_head(proof.head, target.with_name(f"{target.name}.head.json"))
        except OSError as error:
            raise LedgerError(
                f"the backup {target} cannot be written: {error.strerror or error}"
            ) from error
        return proof.head

    def restore(self, path: str | os.PathLike[str]) -> int:
        """Take all records of another ledger over into this new one, with their proofs.

        Parameters
        ----------
        path
            A ledger in a file, e.g. a backup. This ledger must be empty and have its id; see
            :func:`create_ledger`.

        Returns
        -------
        int
            The number of reports.
        """
        with Ledger(SqliteStore(Path(path))) as source:
            proof = source.verify()
            if not proof.ok:
                raise LedgerError(f"{path} does not hold: {'; '.join(proof.faults)}")
            if source.id != self.id or len(self):
                raise LedgerError(
                    f"{self.place} is in use or made with another id; restore into a new ledger"
                )
            with source._store.reading(), self._store.writing() as writing:
                for chain in ("reports", "baselines"):
                    writing.insert(chain, list(source._store.rows(chain)))
        self._write_side_head(self.head())
        return len(self)


def _check_correction(
    report: Report, there: Mapping[str, Report], corrected: Mapping[str, str]
) -> None:
    wrong = there.get(report.supersedes)
    if wrong is None:
        raise ConflictError(
            f"report {report.id} corrects {report.supersedes}, which is not in the ledger"
        )
    if report.supersedes in corrected:
        raise ConflictError(
            f"report {report.supersedes} was corrected already by {corrected[report.supersedes]}; "
            "correct that one"
        )
    if wrong.withdrawn:
        raise ConflictError(
            f"report {report.supersedes} only takes back another; make a new report instead"
        )


def _stored_baseline(row: Row) -> StoredBaseline:
    return StoredBaseline(
        recorded_at=read_moment(row[1]),
        baseline=Baseline.from_content(json.loads(row[2])),
        hash=row[3],
    )


def _store(where: str | os.PathLike[str], **options: Any) -> SqliteStore | PostgresStore:
    text = os.fspath(where)
    if not text.strip():
        raise LedgerError("the place of the ledger is empty; give a file or a URL")
    if text.startswith(("postgresql://", "postgres://")):
        return PostgresStore(text, **options)
    if "://" in text:
        kind = text.partition("://")[0]
        raise LedgerError(f"'{kind}' is no place for a ledger; give a file or postgresql://…")
    return SqliteStore(Path(text), **options)


def open_ledger(where: str | os.PathLike[str], *, wait_s: float = 30.0) -> Ledger:
    """Open a ledger.

    Parameters
    ----------
    where
        A file, or ``postgresql://user@host/database`` with ``?ledger=name`` where the database
        holds several.
    wait_s
        How long to wait for other writers, seconds.

    Raises
    ------
    LedgerError
        There is none, it is damaged, of a newer version, or it cannot be reached.
    """
    return Ledger(_store(where, wait_s=wait_s))


def create_ledger(where: str | os.PathLike[str], *, ledger_id: str = "") -> Ledger:
    """Make a new, empty ledger and open it.

    Parameters
    ----------
    where
        As for :func:`open_ledger`.
    ledger_id
        The id of a ledger whose backup is to be restored into it; by default a new one.

    Raises
    ------
    LedgerError
        There is something already.
    """
    ledger = Ledger(_store(where, create=True, ledger_id=ledger_id))
    ledger._write_side_head(ledger.head())
    return ledger


def head_text(head: Head) -> str:
    """Return a head as the text of its file."""
    return json.dumps(head.as_dict(), indent=2) + "\n"


def write_head(head: Head, path: str | os.PathLike[str]) -> Path:
    """Write a head to a file and return the file."""
    return replace_text(path, head_text(head))


def read_head(path: str | os.PathLike[str]) -> Head:
    """Read a head from a file.

    Raises
    ------
    RoadplanError
        It cannot be read or is none.
    """
    try:
        values = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise RoadplanError(f"{path} is no exported head: {error}") from error
    return Head.from_dict(values)
