"""Importing a progress sheet: all rows are stored, or none and every fault is told."""

from __future__ import annotations

import datetime as dt
import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from roadplan.corridor.inventory_placing import Trouble
from roadplan.corridor.model import Corridor
from roadplan.errors import Fault, FaultsError, RoadplanError
from roadplan.progress.items import WorkItems
from roadplan.progress.ledger import Head, Ledger, LedgerError
from roadplan.progress.report import Report
from roadplan.progress.sheet import SHEET, Vocabulary
from roadplan.progress.sheet_known import compared
from roadplan.progress.sheet_order import Done, Order, history_of
from roadplan.progress.sheet_rows import RowReader, Statement
from roadplan.tables.marking import mark_faults
from roadplan.tables.reading import ROW
from roadplan.tables.schema import STANDINGS
from roadplan.tables.workbook import ReadPart, read_workbook

Outcome = Literal["new", "unchanged", "repeated", "rejected"]


@dataclass(frozen=True, kw_only=True)
class RowOutcome:
    """What becomes of one row.

    Parameters
    ----------
    sheet, row
        Where it stands.
    outcome
        `new`: its reports are stored; `unchanged`: the ledger has them already; `repeated`: a row
        above states the same; `rejected`: it has a fault.
    reports
        Ids of the reports it states.
    notes
        What the user should know, e.g. that it was split between contracts.
    """

    sheet: str
    row: int
    outcome: Outcome
    reports: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return all of it as plain values."""
        return {
            "sheet": self.sheet,
            "row": self.row,
            "outcome": self.outcome,
            "reports": list(self.reports),
            "notes": list(self.notes),
        }


@dataclass(frozen=True, kw_only=True)
class SheetImport:
    """What a sheet states and what became of it.

    Parameters
    ----------
    source
        The file.
    ledger
        The place of the ledger.
    rows
        What becomes of each row.
    faults
        All that is wrong; where there is anything, nothing was stored.
    notes
        What the user should know of the file, e.g. hidden rows that were read.
    stored
        Ids of the reports that are new in the ledger.
    head
        What proves the ledger afterwards; None where nothing was to be stored.
    """

    source: Path
    ledger: str
    rows: tuple[RowOutcome, ...] = field(repr=False)
    faults: tuple[Fault, ...] = ()
    notes: tuple[str, ...] = ()
    stored: tuple[str, ...] = ()
    head: Head | None = None

    @property
    def ok(self) -> bool:
        """Whether the sheet can be used as a whole."""
        return not self.faults

    @property
    def counts(self) -> dict[str, int]:
        """The number of rows by outcome."""
        found = Counter(row.outcome for row in self.rows)
        return {outcome: found[outcome] for outcome in get_args(Outcome)}

    def raise_for_faults(self) -> None:
        """Raise all faults, if there are any.

        Raises
        ------
        FaultsError
            The sheet cannot be used.
        """
        if self.faults:
            raise FaultsError(self.faults, f"{self.source.name} cannot be imported")

    def mark(self, target: str | os.PathLike[str], *, language: str = "en") -> Path:
        """Write a copy of the sheet with its faults marked."""
        return mark_faults(self.source, target, self.faults, tables=[SHEET], language=language)

    def as_dict(self) -> dict[str, Any]:
        """Return all of it as plain values."""
        return {
            "ok": self.ok,
            "source": str(self.source),
            "ledger": self.ledger,
            "counts": self.counts,
            "stored": list(self.stored),
            "head": None if self.head is None else self.head.as_dict(),
            "rows": [row.as_dict() for row in self.rows],
            "faults": [fault.as_dict() for fault in self.faults],
            "notes": list(self.notes),
        }


def import_sheet(
    source: str | os.PathLike[str],
    ledger: Ledger,
    corridor: Corridor,
    items: WorkItems,
    *,
    today: dt.date,
    author: str = "",
    said_by: str = "",
    standing: str = "reported",
    posting: str = "",
    route: str = "",
    more_than_planned: bool = False,
    any_order: bool = False,
    dry_run: bool = False,
) -> SheetImport:
    """Store what a progress sheet states.

    Parameters
    ----------
    source
        A workbook or CSV with the columns of :data:`roadplan.progress.sheet.SHEET`.
    ledger
        Where the reports are stored, all in one go.
    corridor, items
        The road and its work.
    today
        Work later than this day is a fault.
    author, said_by, standing
        Author, source and standing of rows that say none; the source is the file's name by
        default.
    posting, route
        What to assume of posts that name none.
    more_than_planned
        Let amounts pass that are more than planned.
    any_order
        Let work pass that comes before what it has to follow; it is noted.
    dry_run
        Store nothing.

    Returns
    -------
    SheetImport
        What becomes of each row, and all faults. Nothing is stored where there are faults. What
        the ledger has already, by the same author, is left as it is: importing a sheet again
        changes nothing.

    Raises
    ------
    RoadplanError
        The file cannot be read at all.
    LedgerError
        The reports could not be stored.
    """
    if standing not in STANDINGS:
        raise RoadplanError(f"standing {standing!r} is not one of {', '.join(STANDINGS)}")
    file = Path(source)
    reader = RowReader(
        corridor=corridor,
        items=items,
        words=Vocabulary.of(corridor, items),
        today=today,
        author=author,
        source=said_by or file.name,
        standing=standing,
        posting=corridor.postings.resolve(posting) if posting else "",
        route=corridor.route(route).id if route else "",
        more_than_planned=more_than_planned,
    )
    read = read_workbook(file, [SHEET], only=SHEET.name)
    labels = {part.sheet: part.headers for part in read.parts}
    statements = [each for part in read.parts for each in _statements(part, reader, read.faults)]
    statements, known, repeated = compared(statements, ledger, sources_count=bool(said_by))
    statements = list(_checked(statements, known, ledger, corridor, items, any_order=any_order))
    faults = [*read.faults]
    faults += [
        _fault(trouble, each, file.name, labels.get(each.sheet, {}), read.parts)
        for each in statements
        for trouble in each.troubles
    ]
    order = {part.sheet: number for number, part in enumerate(read.parts)}
    faults.sort(key=lambda fault: (order.get(fault.sheet, -1), fault.row or 0))
    fresh = [
        report
        for number, each in enumerate(statements)
        if number not in repeated
        for report in each.reports
        if report.id not in known
    ]
    receipt = ledger.append(fresh) if fresh and not faults and not dry_run else None
    bad = {(fault.sheet, fault.row) for fault in faults}
    return SheetImport(
        source=file,
        ledger=ledger.place,
        rows=tuple(
            _outcome(each, known, bad, is_repeated=number in repeated)
            for number, each in enumerate(statements)
        ),
        faults=tuple(faults),
        notes=read.notes,
        stored=receipt.stored if receipt else (),
        head=receipt.head if receipt else None,
    )


def _statements(part: ReadPart, reader: RowReader, faults: Iterable[Fault]) -> Iterator[Statement]:
    """Yield what the rows of one sheet state."""
    column_of = {header: name for name, header in part.headers.items()}
    spoilt: dict[int, set[str]] = defaultdict(set)
    for fault in faults:
        if fault.sheet == part.sheet and fault.row is not None:
            spoilt[fault.row].add(column_of.get(fault.column, fault.column))
    missing = {column.name for column in SHEET if column.required} - set(part.headers)
    for record in part.frame.to_dict("records"):
        row = int(record[ROW])
        yield reader.read(record, spoilt[row] | missing, sheet=part.sheet, row=row)


# --- what only shows together -------------------------------------------------------


def _checked(
    statements: Sequence[Statement],
    known: frozenset[str],
    ledger: Ledger,
    corridor: Corridor,
    items: WorkItems,
    *,
    any_order: bool,
) -> Iterator[Statement]:
    """Yield the statements with the troubles that only show beside the ledger and each other."""
    every = [report for each in statements for report in each.reports]
    if not every:
        yield from statements
        return
    corrected = {report.supersedes for report in every if report.supersedes}
    order = Order(
        corridor,
        items,
        (
            Done.of(items, ledger.history(), without=corrected),
            Done.of(items, history_of(every)),
        ),
    )
    replaced = ledger.corrections(sorted(corrected)) if corrected else {}
    taken: set[str] = set()
    for each in statements:
        troubles, notes = list(each.troubles), list(each.notes)
        for report in each.reports:
            if report.id in known:
                continue
            if report.supersedes:
                troubles += _correction_troubles(report, ledger, replaced, taken)
                taken.add(report.supersedes)
            early = list(order.troubles(report))
            if any_order:
                notes += [trouble.why for trouble in early]
            else:
                troubles += early
        yield replace(each, troubles=tuple(dict.fromkeys(troubles)), notes=tuple(notes))


def _correction_troubles(
    report: Report, ledger: Ledger, replaced: Mapping[str, str], taken: set[str]
) -> Iterator[Trouble]:
    try:
        wrong = ledger.report(report.supersedes).report
    except LedgerError:
        yield Trouble(
            column="corrects",
            why="the ledger has no such report",
            remedy="copy the id from `roadplan progress history`, or leave it empty",
        )
        return
    if wrong.withdrawn:
        yield Trouble(
            column="corrects",
            why="that report only takes back another",
            remedy="leave it empty and make a new report",
        )
    if wrong.work_type != report.work_type:
        yield Trouble(
            column="corrects",
            why=f"that report is on {wrong.work_type}",
            remedy="correct the id or the work type",
        )
    other = replaced.get(report.supersedes, "")
    if other or report.supersedes in taken:
        yield Trouble(
            column="corrects",
            why=f"it was corrected already by {other or 'a row above'}",
            remedy=f"correct {other} instead" if other else "leave one of the rows",
        )


def _fault(
    trouble: Trouble,
    statement: Statement,
    file: str,
    labels: Mapping[str, str],
    parts: Iterable[ReadPart],
) -> Fault:
    """Return a trouble as the fault of a cell, with what stands there."""
    value = ""
    for part in parts:
        if part.sheet == statement.sheet and trouble.column in part.frame:
            rows = part.frame.loc[part.frame[ROW] == statement.row, trouble.column]
            value = _shown(rows.iloc[0]) if len(rows) else ""
    return Fault(
        file=file,
        sheet=statement.sheet,
        row=statement.row,
        column=labels.get(trouble.column, trouble.column),
        value=value,
        why=trouble.why,
        remedy=trouble.remedy,
    )


def _shown(value: object) -> str:
    from roadplan.tables.cells import shown

    return "" if isinstance(value, float) and np.isnan(value) else shown(value)


def _outcome(
    statement: Statement,
    known: frozenset[str],
    bad: set[tuple[str, int | None]],
    *,
    is_repeated: bool,
) -> RowOutcome:
    ids = tuple(report.id for report in statement.reports)
    outcome: Outcome = "new"
    if (statement.sheet, statement.row) in bad:
        outcome, ids = "rejected", ()
    elif is_repeated:
        outcome = "repeated"
    elif set(ids) <= known:
        outcome = "unchanged"
    return RowOutcome(
        sheet=statement.sheet,
        row=statement.row,
        outcome=outcome,
        reports=ids,
        notes=statement.notes,
    )
