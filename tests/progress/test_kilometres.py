"""Surfaced, complete and open: three figures that are not mixed."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
import small_works as works

from roadplan.progress import AsOf, History, Report, status

LATE = AsOf(works.DAY + dt.timedelta(days=1000))
PHYSICAL = ("earthworks", "lower-asphalt", "upper-asphalt", "signs")


def figures(reports: list[Report]) -> pd.DataFrame:
    """Return the kilometre figures of the small road by contract."""
    history = History.from_reports(works.stored(reports))
    return status(works.items(), history, LATE).kilometres.set_index("contract")


def all_work(from_m: float, to_m: float, side: str = "both") -> list[Report]:
    """Return reports that all physical work along the road is done on a stretch."""
    signs = (to_m - from_m) / 1000 * 4
    return [
        works.stretch(
            from_m,
            to_m,
            work_type=kind,
            side=side,
            quantity=(signs if side == "both" else signs / 2) if kind == "signs" else None,
        )
        for kind in PHYSICAL
    ]


def test_surfaced_is_the_lower_asphalt() -> None:
    """4 km of lower asphalt are surfaced; complete and open are not known."""
    found = figures([works.stretch(3_000, 7_000)])
    assert found.loc["c1", "surfaced_km"] == pytest.approx(2)
    assert found.loc["whole", "surfaced_km"] == pytest.approx(4)
    assert found[["complete_km", "open_km"]].isna().all().all()
    assert found.loc["c1", "lacking"] == "earthworks;upper-asphalt;signs"


def test_complete_needs_every_work() -> None:
    """Only where all layers and furniture are done is the road complete."""
    reports = [*all_work(5_000, 10_000), works.stretch(0, 5_000)]
    found = figures([*reports, works.stretch(0, 1_000, work_type="earthworks")])
    assert found.loc["c2", "complete_km"] == pytest.approx(5)
    assert np.isnan(found.loc["c1", "complete_km"])
    assert found.loc["c2", "lacking"] == ""
    assert found.loc["whole", "complete_km"] == pytest.approx(5)
    assert found.loc["whole", "surfaced_km"] == pytest.approx(10)


def test_an_unfinished_structure_holds_back_its_stretch() -> None:
    """600 m around the bridge are not complete until it is finished."""
    reports = all_work(0, 5_000)
    assert figures(reports).loc["c1", "complete_km"] == pytest.approx(4.4)
    reports.append(works.milestone("deck"))
    assert figures(reports).loc["c1", "complete_km"] == pytest.approx(4.4)
    reports.append(works.milestone("finished", day=9))
    assert figures(reports).loc["c1", "complete_km"] == pytest.approx(5)


def test_a_finished_half_counts_half() -> None:
    """A carriageway that is complete while the other is not counts half of its length."""
    reports = [*all_work(5_000, 9_000, "left"), *all_work(5_000, 7_000, "right")]
    assert figures(reports).loc["c2", "complete_km"] == pytest.approx(3)


def test_open_is_what_was_opened() -> None:
    """Opening is stated by itself and follows from no layer."""
    reports = [*all_work(0, 10_000), works.stretch(0, 3_000, work_type="opening")]
    found = figures(reports)
    assert found.loc["c1", "open_km"] == pytest.approx(3)
    assert np.isnan(found.loc["c2", "open_km"])
    assert found.loc["whole", "open_km"] == pytest.approx(3)


def test_lengths_by_the_axis_and_by_the_contract_stand_side_by_side() -> None:
    """The whole is the sum of both."""
    found = figures([])
    assert found.loc["whole", "length_km"] == pytest.approx(10)
    assert found.loc["whole", "length_km_official"] == pytest.approx(10)
