"""Small works for tests of the forecast: one contract of segments with two layers."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd

from roadplan.progress.seasons import Seasons

ALL_YEAR = Seasons(
    pd.DataFrame(
        [
            {
                "season": "all",
                "kind": "season",
                "region": "*",
                "season_class": "*",
                "opens": "01-01",
                "closes": "12-31",
                "valid_from": "",
                "valid_to": "",
                "working_share": 1.0,
                "standing": "reported",
                "source": "test",
            }
        ]
    )
)
START = date(2024, 1, 1)


def items(count: int = 6, *, planned_days: int = 10, planned: bool = True) -> pd.DataFrame:
    """Return segments of 10 km with a base and a surface, planned one after the other."""
    rows = []
    for k in range(count):
        for place, (kind, after) in enumerate((("base", ()), ("surface", (f"base:{k}",)))):
            first = START + timedelta(days=(k + place) * planned_days)
            rows.append(
                {
                    "item": f"{kind}:{k}",
                    "work_type": kind,
                    "contract": "north" if k < count / 2 else "south",
                    "region": "r",
                    "season": "any",
                    "route": "main",
                    "from_m": 10_000.0 * k,
                    "to_m": 10_000.0 * (k + 1),
                    "quantity": 10.0,
                    "weight": 1.0,
                    "after": after,
                    "waits_to": "start",
                    "planned_start": first if planned else None,
                    "planned_finish": first + timedelta(days=planned_days - 1) if planned else None,
                }
            )
    return pd.DataFrame(rows)


def history(*rows: tuple[str, int, float]) -> pd.DataFrame:
    """Return reports from item, days since the start, and share done by the end of that day."""
    return pd.DataFrame(
        [(item, START + timedelta(days=days), done) for item, days, done in rows],
        columns=["item", "day", "done"],
    )
