"""Dated reports, the latest first."""

from __future__ import annotations

import pandas as pd

from roadplan.corridor import Corridor
from roadplan.maps.corridor_styles import contract_styles
from roadplan.maps.reports import latest_report, report_panel


def _reports(*rows: tuple[str, str, str, str, str]) -> pd.DataFrame:
    frame = pd.DataFrame(list(rows), columns=["date", "contract", "item", "value", "unit"])
    return frame.assign(as_stated="as it was said", standing="reported", source="paper", note="")


def test_the_latest_report_is_told_as_stated() -> None:
    """Of several reports on a contract the newest is told, with its date and source."""
    reports = _reports(
        ("2024-10", "c1", "upper_layer", "76", "percent"),
        ("2025-05-11", "c1", "tolled", "91", "km"),
        ("2026", "c2", "tolled", "1", "km"),
    )
    assert latest_report(reports, "c1") == {
        "latest_date": "2025-05-11",
        "latest_item": "tolled",
        "latest_stated": "as it was said",
        "latest_source": "paper",
    }
    assert latest_report(reports, "c9") == {}


def test_earlier_reports_are_folded_away(stranger: Corridor) -> None:
    """Reports of the latest date are shown, the others below; every contract has its group."""
    reports = _reports(
        ("2024", "c1", "deadline", "2025-12-31", "date"),
        ("2025-05", "c1", "tolled", "91", "km"),
        ("2025-05", "c1", "new_surface", "874", "km of 946"),
        ("2025", "corridor", "new_surface", "", "share"),
    )
    panel = report_panel(stranger, reports, contract_styles(stranger))
    first, whole = panel.groups
    assert [card["item"] for card in first.cards] == ["tolled", "new_surface"]
    assert first.cards[0]["value_km"] == 91
    assert first.cards[1]["value_text"] == "874 km of 946"
    assert first.older[0]["value_date"] == "2025-12-31"
    assert whole.title == "All contracts together"
    assert not [key for key in whole.cards[0] if key.startswith("value")]


def test_a_figure_that_is_no_number_stays_text(stranger: Corridor) -> None:
    """A stated figure such as 'about 50' is shown as it stands."""
    reports = _reports(("2025", "c1", "tolled", "about 50", "km"))
    panel = report_panel(stranger, reports, contract_styles(stranger))
    assert panel.groups[0].cards[0]["value_text"] == "about 50 km"
