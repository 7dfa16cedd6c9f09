"""Dated public reports as a page tells them: as stated, the latest first, contract by contract."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from roadplan.corridor import Corridor
from roadplan.maps.layers import Field, Style
from roadplan.maps.panels import CardGroup, CardPanel

WHOLE_CORRIDOR = "corridor"
"""What the table `reports` calls a report on all contracts together."""

ITEMS = {
    "planned_start": "Start planned",
    "plan_structures": "Structures planned",
    "planned_to_commission": "To be commissioned",
    "deadline": "Finish promised",
    "new_surface": "New surface",
    "upper_layer": "Upper layer laid",
    "open_four_lanes": "Open with four lanes",
    "tolled": "Toll collected",
}
"""What reports state → how a page says it; anything else is shown as it stands."""

_DATE = Field(name="date", label="Date", kind="date")
_ITEM = Field(name="item", label="What", kind="choice", choices=ITEMS)
_VALUES = (
    Field(name="value_km", label="Value", kind="number", unit="{n} km", digits=1),
    Field(name="value_percent", label="Value", kind="number", unit="{n} %", digits=1),
    Field(name="value_date", label="Value", kind="date"),
    Field(name="value_text", label="Value"),
)

LATEST_FIELDS = (
    Field(name="latest_date", label="Latest report", kind="date"),
    Field(name="latest_item", label="It says", kind="choice", choices=ITEMS),
    Field(name="latest_stated", label="As stated"),
    Field(name="latest_source", label="Source of the report"),
)
"""What the popup of a contract tells of the latest report on it."""


def newest_first(reports: pd.DataFrame) -> pd.DataFrame:
    """Return reports from the newest to the oldest.

    A date without day or month counts as the end of its month or year: such statements look back.

    Examples
    --------
    >>> frame = pd.DataFrame({"date": ["2024-10", "2025", "2025-05-11"]})
    >>> list(newest_first(frame)["date"])
    ['2025', '2025-05-11', '2024-10']
    """

    def end(dates: pd.Series) -> pd.Series:
        return dates.astype(str).map(lambda date: date + "-99" * (2 - date.count("-")))

    return reports.sort_values("date", key=end, ascending=False, kind="stable")


def latest_report(reports: pd.DataFrame, contract: str) -> dict[str, Any]:
    """Return the latest report on one contract as properties; nothing where there is none."""
    own = newest_first(reports[reports["contract"] == contract])
    if own.empty:
        return {}
    row = own.iloc[0]
    return {
        "latest_date": row["date"],
        "latest_item": row["item"],
        "latest_stated": row["as_stated"],
        "latest_source": row["source"],
    }


def report_panel(
    corridor: Corridor, reports: pd.DataFrame, styles: Mapping[str, Style]
) -> CardPanel:
    """Return the panel of the latest dated reports on each contract.

    Parameters
    ----------
    corridor
        The corridor.
    reports
        Rows of the table `reports`.
    styles
        The look of each contract on the map.
    """
    groups = []
    for contract in corridor.contracts:
        if contract.kind != "contract":
            continue
        style = styles[contract.id]
        cards, older = _cards(reports, contract.id)
        groups.append(
            CardGroup(
                title=style.label, cards=cards, older=older, badge=style.badge, colour=style.colour
            )
        )
    known = {contract.id for contract in corridor.contracts}
    for other in dict.fromkeys(reports["contract"]):
        if other not in known:
            cards, older = _cards(reports, other)
            title = "All contracts together" if other == WHOLE_CORRIDOR else {"en": other}
            groups.append(CardGroup(title=title, cards=cards, older=older))
    return CardPanel(
        groups=groups,
        head=(_DATE, _ITEM, *_VALUES),
        fields=(Field(name="as_stated", label="As stated"),),
        intro="The latest dated public report on each contract, as it was stated.",
        nothing="No report",
    )


def _cards(
    reports: pd.DataFrame, contract: str
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the reports of the latest date, and all earlier ones."""
    own = newest_first(reports[reports["contract"] == contract])
    cards = [_card(row) for row in own.to_dict("records")]
    latest = [card for card in cards if card["date"] == cards[0]["date"]]
    return latest, cards[len(latest) :]


def _card(row: Mapping[Any, Any]) -> dict[str, Any]:
    properties = {
        key: row[key] for key in ("date", "item", "as_stated", "standing", "source", "note")
    }
    return properties | _value(str(row["value"] or ""), str(row["unit"] or ""))


def _value(value: str, unit: str) -> dict[str, Any]:
    """Return the stated figure under the name of the field that writes it."""
    if not value:
        return {}
    if unit == "date":
        return {"value_date": value}
    kind = {"km": "value_km", "percent": "value_percent"}.get(unit)
    if kind:
        try:
            return {kind: float(value.replace(",", "."))}
        except ValueError:
            pass
    return {"value_text": f"{value} {unit}".strip()}
