"""Who reported what: the authors and sources that the status of each work item rests on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from roadplan.progress.asof import AsOf
from roadplan.progress.history import Floats, Ints
from roadplan.progress.items import WorkItems
from roadplan.progress.ledger import Ledger
from roadplan.progress.report import Report

_MOST = 5
"""So many sources are named; of more only the number."""


@dataclass(frozen=True, kw_only=True)
class Sources:
    """What each item's status rests on; lists in the order of the items.

    Parameters
    ----------
    authors, sources
        Names with semicolons between, the latest first; empty where nobody reported.
    last_days
        The latest work date reported, ISO; empty where none.
    first_days, first_sound
        The earliest work date at which work was reported to be going on, and whether that was
        reported or measured and not estimated.
    """

    authors: list[str] = field(repr=False)
    sources: list[str] = field(repr=False)
    last_days: list[str] = field(repr=False)
    first_days: list[str] = field(repr=False)
    first_sound: list[bool] = field(repr=False)

    def by(self, keys: Sequence[str]) -> Mapping[str, str]:
        """Return the sources of all items that share a key, e.g. their segment."""
        found: dict[str, dict[str, None]] = defaultdict(dict)
        for key, text in zip(keys, self.sources, strict=True):
            found[key] |= dict.fromkeys(filter(None, text.split("; ")))
        return {key: _some(list(texts)) for key, texts in found.items()}


def report_sources(ledger: Ledger, items: WorkItems, as_of: AsOf) -> Sources:
    """Return who reported on each item by a moment; corrected reports do not count.

    Parameters
    ----------
    ledger
        The reports.
    items
        The work items.
    as_of
        The two times.
    """
    history = ledger.history(recorded_by=as_of.recorded_at)
    counting = history.counting(as_of)
    wanted = {history.ids[int(row)] for row in np.flatnonzero(counting)}
    found: dict[int, list[Report]] = defaultdict(list)
    where = _Where(items)
    for stored in ledger.reports(recorded_by=as_of.recorded_at) if wanted else ():
        if stored.id in wanted:
            for index in where.items_of(stored.report):
                found[index].append(stored.report)
    authors, sources, last, first, sound = [], [], [], [], []
    for index in range(len(items)):
        reports = sorted(found[index], key=lambda report: report.work_date, reverse=True)
        authors.append(_some(dict.fromkeys(report.author for report in reports)))
        sources.append(_some(dict.fromkeys(report.source for report in reports)))
        last.append(reports[0].work_date.isoformat() if reports else "")
        begun = [report for report in reports if _is_begun(report, items)]
        first.append(begun[-1].work_date.isoformat() if begun else "")
        sound.append(bool(begun) and begun[-1].standing != "estimated")
    return Sources(
        authors=authors, sources=sources, last_days=last, first_days=first, first_sound=sound
    )


def _some(names: Iterable[str]) -> str:
    every = list(names)
    more = [f"and {len(every) - _MOST} more"] if len(every) > _MOST else []
    return "; ".join([*every[:_MOST], *more])


def _is_begun(report: Report, items: WorkItems) -> bool:
    """Say whether a report states that something is done."""
    if report.asset:
        return bool(report.stage)
    if items.types[report.work_type].measure == "amount":
        return bool(report.quantity)
    return report.quantity is None


class _Where:
    """Finds the items that a report speaks of."""

    def __init__(self, items: WorkItems) -> None:
        self._assets = {
            (item.work_type, item.asset): index for index, item in enumerate(items) if item.asset
        }
        along: dict[tuple[str, str], list[tuple[float, float, int]]] = defaultdict(list)
        for index, item in enumerate(items):
            if not item.asset:
                along[item.work_type, item.route].append((item.from_m, item.to_m, index))
        self._along: dict[tuple[str, str], tuple[Floats, Floats, Ints]] = {}
        for key, rows in along.items():
            ordered = sorted(rows)
            self._along[key] = (
                np.array([row[0] for row in ordered]),
                np.array([row[1] for row in ordered]),
                np.array([row[2] for row in ordered], dtype=np.int64),
            )

    def items_of(self, report: Report) -> list[int]:
        """Return the indices of the items that a report touches."""
        if report.asset:
            index = self._assets.get((report.work_type, report.asset))
            return [] if index is None else [index]
        places = self._along.get((report.work_type, report.route))
        if places is None or report.from_m is None or report.to_m is None:
            return []
        from_m, to_m, index_of = places
        low = int(np.searchsorted(to_m, report.from_m, "right"))
        high = int(np.searchsorted(from_m, report.to_m, "left"))
        return [int(index) for index in index_of[low:high]]
