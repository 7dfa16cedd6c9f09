"""How far the works are: the breakdown, the ledger of reports, and the status as of any moment.

**Work breakdown.** `load_work_types()` gives the types of work from tables (pavement layers,
structures, bypass roads, rest areas and their sanitary facilities, furniture, utilities,
procurement, opening). A type is measured in one of three ways: by *stretches* done, by *amounts*
to date over a stretch, or by *milestones*. `work_items(corridor)` makes the items by a rule: one
for each segment of a contract and type of work along the road, one for each structure, bypass
road, rest area, and one procurement item for each contract. An item's `weight` is its share in
roll-ups; those of a type along the road grow with length, so cutting a segment changes no total.
`after` names the items that come before it and `waits_to` says whether they gate its start or its
finish.

**Reports.** A `Report` states work of one type at one place by a work date, and what it states is
always *to date*, never an increment:

- stretches: ``[from_m, to_m)`` on a `side` is done. What is done is the union of all such
  stretches, so overlapping reports never count twice. `quantity=0` says that nothing is done
  there yet, which differs from no report.
- amounts: `quantity` is what there is on the stretch to date, taken as spread evenly; where
  reports overlap the greatest density counts.
- milestones: `stage` is reached on the `asset` (for procurement the contract), and with it all
  stages before; the farthest stage reported counts. `stage=""` says that none is reached yet.

Work never goes back by itself: a report that was wrong is corrected by another that `supersedes`
it (`correction`, `withdrawal`). A report has an id made from its content, so storing it twice
stores it once.

**Two times.** A report counts in the state `AsOf(work_date, recorded_at)` when its work date is
not after `work_date`, it was recorded by `recorded_at`, and no correction of it had been recorded
by then. Later reports cannot change such a state.

**Missing is not 0.** An item on which nobody reported has completion NaN. In a roll-up its weight
counts as not done, and the roll-up is NaN only where nobody reported on any of its items.

**The ledger** (`open_ledger`, `create_ledger`) keeps reports and baselines and proves that nothing
was changed. `status(items, ledger.history(), as_of)` says how far the works are;
`completion_by_day` gives the completion of every item on many days, `done_stretches` where and
when work along the road was done.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from roadplan.progress.asof import AsOf, read_day, read_moment
    from roadplan.progress.baseline import Baseline, Planned, StoredBaseline
    from roadplan.progress.checks import check_reports
    from roadplan.progress.curves import completion_by_day, done_stretches
    from roadplan.progress.history import History
    from roadplan.progress.items import WorkItem, WorkItems, work_items
    from roadplan.progress.ledger import Ledger, create_ledger, open_ledger
    from roadplan.progress.report import (
        Report,
        StoredReport,
        correction,
        report_on,
        withdrawal,
    )
    from roadplan.progress.rollup import Status, status
    from roadplan.progress.stated import Statement, statements
    from roadplan.progress.worktypes import Stage, WorkType, WorkTypes, load_work_types

_WHERE = {
    "asof": ("AsOf", "read_day", "read_moment"),
    "baseline": ("Baseline", "Planned", "StoredBaseline"),
    "checks": ("check_reports",),
    "curves": ("completion_by_day", "done_stretches"),
    "history": ("History",),
    "items": ("WorkItem", "WorkItems", "work_items"),
    "ledger": ("Ledger", "create_ledger", "open_ledger"),
    "report": ("Report", "StoredReport", "correction", "report_on", "withdrawal"),
    "rollup": ("Status", "status"),
    "stated": ("Statement", "statements"),
    "worktypes": ("Stage", "WorkType", "WorkTypes", "load_work_types"),
}
_MODULE = {name: module for module, names in _WHERE.items() for name in names}

__all__ = [
    "AsOf",
    "Baseline",
    "History",
    "Ledger",
    "Planned",
    "Report",
    "Stage",
    "Statement",
    "Status",
    "StoredBaseline",
    "StoredReport",
    "WorkItem",
    "WorkItems",
    "WorkType",
    "WorkTypes",
    "check_reports",
    "completion_by_day",
    "correction",
    "create_ledger",
    "done_stretches",
    "load_work_types",
    "open_ledger",
    "read_day",
    "read_moment",
    "report_on",
    "statements",
    "status",
    "withdrawal",
    "work_items",
]


def __getattr__(name: str) -> object:
    """Import a public name when it is first used: a writer to the ledger needs no geometry."""
    if name not in _MODULE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULE[name]}"), name)
