"""What was stated in public of the works, kept apart from reports on single items.

A public statement such as "new surface on 874 of 946 km" says nothing of where; it is shown as it
was stated, beside the figures that follow from the ledger and never mixed into them.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from roadplan.corridor.model import Corridor

WHOLE = "corridor"
"""The contract of statements on all contracts together."""

_OF = re.compile(r"km of ([\d.,]+)")
_KILOMETRES = frozenset({"new_surface", "open_four_lanes", "planned_to_commission", "tolled"})
_DAY = re.compile(r"\d{4}(-\d{2}){0,2}")


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One public statement.

    Parameters
    ----------
    id
        Its row in `reports.csv`.
    contract
        The contract, or `corridor` for all of them.
    what
        What is stated, e.g. `new_surface`, `upper_layer`, `open_four_lanes`, `deadline`.
    date_text
        The date as known: a year, a month or a day.
    known_from, known_by
        First and last day that the date may mean.
    value_text
        What is stated, as written: a figure, a day or nothing.
    value
        The figure; None where it is none.
    unit
        `km`, `percent`, `date` or empty.
    day
        The day stated, for deadlines and planned starts; the last that it may mean where only a
        month or a year is stated. None where none is.
    whole
        What the figure is of, in its unit: as stated, else the official length of the contract or
        100 percent; None where it is of nothing.
    share
        `value` over `whole`, 0–1; None where there is none.
    posting, from_post_km, to_post_km
        The kilometres spoken of, where they are stated.
    as_stated, note
        The statement in short, and what a reader should know.
    standing, source
        Where it comes from.
    """

    id: str
    contract: str
    what: str
    date_text: str
    known_from: dt.date
    known_by: dt.date
    value_text: str
    value: float | None
    unit: str
    day: dt.date | None
    whole: float | None
    share: float | None
    posting: str
    from_post_km: float | None
    to_post_km: float | None
    as_stated: str
    note: str
    standing: str
    source: str

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        values = asdict(self)
        for name in ("known_from", "known_by", "day"):
            values[name] = values[name].isoformat() if values[name] else None
        return values


def statements(corridor: Corridor, *, known_by: dt.date | None = None) -> tuple[Statement, ...]:
    """Return the public statements on the works of a corridor, the earliest first.

    Parameters
    ----------
    corridor
        The road; its table `reports` holds them.
    known_by
        Leave out what may have been stated later: a statement of "2024-02" is known by the end of
        that month.

    Examples
    --------
    >>> from roadplan import corridor
    >>> known = statements(corridor.load(), known_by=dt.date(2024, 1, 31))
    >>> [(each.value, each.whole) for each in known if each.what == "new_surface"]
    [(874.0, 946.0)]
    """
    lengths = {c.id: c.length_km_official for c in corridor.contracts if c.kind == "contract"}
    lengths[WHOLE] = sum(lengths.values())
    found = [
        _statement({str(key): value for key, value in record.items()}, lengths)
        for record in corridor.table("reports").to_dict("records")
    ]
    found.sort(key=lambda each: (each.known_by, each.known_from, each.id))
    return tuple(each for each in found if known_by is None or each.known_by <= known_by)


def latest(stated: tuple[Statement, ...]) -> tuple[Statement, ...]:
    """Return the last statement of each kind for each contract, where kilometres for each stretch.

    Parameters
    ----------
    stated
        As :func:`statements` gives them.
    """
    last = {(each.contract, each.what, each.from_post_km, each.to_post_km): each for each in stated}
    return tuple(last.values())


def partial_days(text: str) -> tuple[dt.date, dt.date]:
    """Return the first and the last day that a date which may lack day or month means.

    Examples
    --------
    >>> partial_days("2024-02")[1].isoformat()
    '2024-02-29'
    """
    parts = [int(part) for part in text.split("-")]
    year, month, day = (*parts, 0, 0)[:3]
    first = dt.date(year, month or 1, day or 1)
    end_month = month or 12
    return first, dt.date(year, end_month, day or calendar.monthrange(year, end_month)[1])


def _statement(record: dict[str, Any], lengths: dict[str, float]) -> Statement:
    known_from, known_by = partial_days(record["date"])
    text, unit = record["value"], record["unit"]
    value, day = _number(text), None
    if unit == "date" and _DAY.fullmatch(text):
        value, day = None, partial_days(text)[1]
    whole: float | None = None
    if (stated := _OF.search(unit)) is not None:
        whole, unit = float(stated[1].replace(",", ".")), "km"
    elif unit == "percent":
        whole = 100.0
    elif unit == "km" and record["item"] in _KILOMETRES:
        whole = lengths.get(record["contract"])
    share = None if value is None or not whole else value / whole
    return Statement(
        id=record["report"],
        contract=record["contract"],
        what=record["item"],
        date_text=record["date"],
        known_from=known_from,
        known_by=known_by,
        value_text=text,
        value=value,
        unit=unit,
        day=day,
        whole=whole,
        share=share,
        posting=record["posting"],
        from_post_km=_known(record["from_post_km"]),
        to_post_km=_known(record["to_post_km"]),
        as_stated=record["as_stated"],
        note=record["note"],
        standing=record["standing"],
        source=record["source"],
    )


def _number(text: str) -> float | None:
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        return None
    return number if np.isfinite(number) else None


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
