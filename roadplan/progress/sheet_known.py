"""What a progress sheet states that the ledger has already, or that it states twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from roadplan.progress.history import History
from roadplan.progress.ledger import Ledger
from roadplan.progress.report import Report
from roadplan.progress.sheet_rows import Statement


def _key(report: Report) -> tuple[object, ...]:
    """Return what makes two reports say the same: all but source and note."""
    return (
        report.work_type,
        report.work_date,
        report.author,
        report.standing,
        report.route,
        report.from_m,
        report.to_m,
        report.side,
        report.asset,
        report.quantity,
        report.stage,
        report.supersedes,
        report.withdrawn,
    )


def compared(
    statements: Iterable[Statement], ledger: Ledger, *, sources_count: bool
) -> tuple[list[Statement], frozenset[str], frozenset[int]]:
    """Find what is stored already or stated twice.

    A file that comes again under another name states nothing new; only a source that is said
    outright counts.

    Returns
    -------
    statements
        With the stored reports in the place of those that say the same.
    known
        Ids of reports that are stored.
    repeated
        Numbers of the statements whose reports all stand in rows above.
    """
    wanted = list(statements)
    stored = _stored_alike(ledger, [report for each in wanted for report in each.reports])
    known: set[str] = set()
    seen: set[str] = set()
    repeated: set[int] = set()
    found: list[Statement] = []
    for number, each in enumerate(wanted):
        reports: list[Report] = []
        notes = list(each.notes)
        for report in each.reports:
            alike = stored.get(_key(report), ())
            exact = [other for other in alike if other.id == report.id]
            if not (each.source_said or sources_count):
                exact = exact or list(alike)
            else:
                exact = exact or [other for other in alike if other.source == report.source]
            known.update(other.id for other in exact[:1])
            reports.append(exact[0] if exact else report)
            if exact and exact[0].note != report.note:
                notes.append(f"report {exact[0].id} says the same and keeps its own note")
        ids = {report.id for report in reports}
        if ids and ids <= seen:
            repeated.add(number)
        seen |= ids
        found.append(replace(each, reports=tuple(reports), notes=tuple(notes)))
    return found, frozenset(known), frozenset(repeated)


def _stored_alike(
    ledger: Ledger, reports: Sequence[Report]
) -> Mapping[tuple[object, ...], list[Report]]:
    """Return the stored reports that say the same as some of these, by what they say."""
    wanted = {_key(report) for report in reports}
    found: dict[tuple[object, ...], list[Report]] = defaultdict(list)
    if not wanted:
        return found
    history = ledger.history()
    days = {report.work_date.toordinal() for report in reports}
    kinds = {history.work_type.where(report.work_type) for report in reports} - {-1}
    rows = np.flatnonzero(
        np.isin(history.day, list(days)) & np.isin(history.work_type.code, list(kinds))
    )
    places = {(report.route, report.from_m, report.to_m, report.asset) for report in reports}
    for row in rows:
        if _place_in(history, int(row)) in places:
            stored = ledger.report(history.ids[int(row)]).report
            if _key(stored) in wanted:
                found[_key(stored)].append(stored)
    return found


def _place_in(history: History, row: int) -> tuple[object, ...]:
    from_m, to_m = float(history.from_m[row]), float(history.to_m[row])
    return (
        _word(history.route.words, int(history.route.code[row])),
        None if np.isnan(from_m) else from_m,
        None if np.isnan(to_m) else to_m,
        _word(history.asset.words, int(history.asset.code[row])),
    )


def _word(words: Sequence[str], code: int) -> str:
    return words[code] if code >= 0 else ""
