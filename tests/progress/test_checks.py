"""What a report may claim, by the work items."""

from __future__ import annotations

import datetime as dt

import pytest
import small_works as works

from roadplan.progress import Report, check_reports, withdrawal

TODAY = works.DAY + dt.timedelta(days=60)


def told(report: Report, **options: object) -> list[str]:
    """Return the columns and reasons of the faults of one report."""
    faults = check_reports([report], works.items(), today=TODAY, **options)
    return [f"{fault.column}: {fault.why}" for fault in faults]


@pytest.mark.parametrize(
    ("report", "why"),
    [
        (works.stretch(0, 100, day=61), "work_date: the work lies in the future"),
        (works.stretch(0, 100, work_type="tunnel"), "work_type: there is no such work type"),
        (works.stretch(20_000, 20_100), "from_m: no lower-asphalt is planned on r"),
        (works.stretch(0, 100, stage="deck"), "stage: lower-asphalt has no stages"),
        (works.stretch(0, 100, quantity=3), "quantity: lower-asphalt is reported by the stretch"),
        (works.stretch(0, 100, work_type="signs"), "quantity: signs is reported by the amount"),
        (
            works.stretch(0, 5_000, work_type="signs", quantity=22),
            "quantity: it is more than is planned there: 20 signs",
        ),
        (
            works.stretch(0, 5_000, work_type="signs", quantity=12, side="left"),
            "quantity: it is more than is planned there: 10 signs",
        ),
        (works.stretch(0, 100, work_type="bridge"), "asset: bridge is reported on an asset"),
        (works.milestone("deck", asset="b2"), "asset: there is no bridge of this name"),
        (works.milestone("roof"), "stage: bridge has no such stage"),
        (works.milestone("deck", work_type="signs"), "asset: signs is reported on a stretch"),
    ],
)
def test_what_cannot_be_true_is_told(report: Report, why: str) -> None:
    """One fault, with its column and reason."""
    (fault,) = told(report)
    assert fault.startswith(why)


@pytest.mark.parametrize(
    "report",
    [
        works.stretch(0, 10_000, day=60),
        works.stretch(9_000, 12_000),
        works.stretch(0, 100, quantity=0),
        works.stretch(0, 5_000, work_type="signs", quantity=20.4),
        works.milestone("deck"),
        works.milestone(""),
        withdrawal(works.milestone("roof")),
    ],
)
def test_what_can_be_true_passes(report: Report) -> None:
    """Nothing is told."""
    assert told(report) == []


def test_more_than_planned_can_be_let_pass() -> None:
    """The plan may be the poorer estimate."""
    report = works.stretch(0, 5_000, work_type="signs", quantity=99)
    assert told(report, more_than_planned=True) == []


def test_the_end_of_the_route_is_told() -> None:
    """A stretch beyond it says where the route ends."""
    assert told(works.stretch(0, 12_000), route_lengths_m={"r": 11_000.0}) == [
        "to_m: r ends at 11000 m"
    ]


def test_all_faults_of_all_reports_are_told_in_order() -> None:
    """Row numbers count the reports."""
    reports = [
        works.milestone("roof", day=99),
        works.milestone("deck"),
        works.stretch(1, 2, day=99),
    ]
    faults = check_reports(reports, works.items(), today=TODAY)
    assert [(fault.row, fault.column) for fault in faults] == [
        (1, "work_date"),
        (1, "stage"),
        (3, "work_date"),
    ]
