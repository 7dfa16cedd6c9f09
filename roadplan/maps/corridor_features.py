"""Rows of a corridor's tables as features of a page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from roadplan.corridor import Corridor, Position
from roadplan.corridor.schema import TABLES
from roadplan.maps.layers import Feature
from roadplan.maps.road import record_names

Record = Mapping[str, Any]


def kept(row: Record, drop: Iterable[str]) -> dict[str, Any]:
    """Return what of a record popups may tell: all but its place and its three names."""
    gone = {"route", "station_m", "from_m", "to_m", "name_en", "name_ru", "name_kk", *drop}
    return {key: value for key, value in row.items() if key not in gone}


def _nothing_more(row: Record) -> dict[str, Any]:  # noqa: ARG001 - the shape of its kin
    return {}


def stretches(
    corridor: Corridor,
    table: str,
    more: Callable[[Record], dict[str, Any]] = _nothing_more,
    *,
    drop: Sequence[str] = (),
) -> list[Feature]:
    """Return the rows of a table of stretches as features.

    Parameters
    ----------
    corridor
        The corridor.
    table
        Name of the table.
    more
        What a row tells besides its own columns.
    drop
        Columns that are not told.
    """
    return [
        Feature(
            properties=_properties(table, row, more, drop),
            along=(str(row["route"]), float(row["from_m"]), float(row["to_m"])),
        )
        for row in corridor.table(table).to_dict("records")
    ]


def points(
    corridor: Corridor,
    table: str,
    more: Callable[[Record], dict[str, Any]] = _nothing_more,
) -> list[Feature]:
    """Return the rows of a table of points as features.

    Parameters
    ----------
    corridor
        The corridor.
    table
        Name of the table.
    more
        What a row tells besides its own columns.
    """
    return [
        Feature(
            properties=_properties(table, row, more, ()),
            at=Position(str(row["route"]), float(row["station_m"])),
        )
        for row in corridor.table(table).to_dict("records")
    ]


def _properties(
    table: str,
    row: Record,
    more: Callable[[Record], dict[str, Any]],
    drop: Sequence[str],
) -> dict[str, Any]:
    key = TABLES[table].key[0]
    return {
        "id": str(row[key]),
        "name": record_names(row),
        **kept(row, (key, *drop)),
        **more(row),
    }
