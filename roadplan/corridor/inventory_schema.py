"""The tables of a corridor as people fill them in: a place may be given in several ways."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from roadplan.corridor.model import Corridor
from roadplan.corridor.posts import Post, Postings
from roadplan.corridor.schema import TABLES
from roadplan.errors import RoadplanError
from roadplan.tables.schema import Column, Table
from roadplan.tables.template import write_template

NOT_IMPORTABLE = ("routes", "control_points", "background")
"""Tables that only a new alignment changes, which moves all that lies on it."""

POSITION_COLUMNS = ("route", "station_m", "from_m", "to_m")
"""Columns that say where a row lies, in the form in which a corridor keeps it."""

SAME_POST_M = 1.5
"""How far a post may lie from the station it was written for: posts are written to the metre."""

REMOVE = "remove"
"""Column by which a row is taken out."""

POST_COLUMNS = ("post", "from_post", "to_post")
"""Columns that say where a row lies as kilometre posts."""

POST_SEPARATOR = "·"
"""What stands between several posts that mean one place."""

_HELP_LINES = (
    "A row whose id is known changes only what is filled in; a new row needs its place too.",
    "A place is route and station, or a kilometre post, or longitude and latitude: one is enough.",
    "Standing and source may stay empty: then the row counts as reported by this file.",
)

_POST = Column(
    name="post",
    kind="post",
    description="Kilometre post, e.g. m36:1610+250; instead of route and station",
    labels={"ru": "Километровый знак", "kk": "Километр белгісі", "en": "Post"},
)
_FROM_POST = Column(
    name="from_post",
    kind="post",
    description="Kilometre post at which it begins; instead of route and station",
    labels={"ru": "Начало, км знак", "kk": "Басы, км белгісі", "en": "From post"},
)
_TO_POST = Column(
    name="to_post",
    kind="post",
    description="Kilometre post before which it ends; instead of route and station",
    labels={"ru": "Конец, км знак", "kk": "Соңы, км белгісі", "en": "To post"},
)
_LON = Column(
    name="lon",
    kind="number",
    unit="° east, WGS 84",
    minimum=-180,
    maximum=180,
    description="Longitude; with the latitude instead of route and station",
    labels={"ru": "Долгота, °", "kk": "Бойлық, °", "en": "Longitude, °"},
)
_LAT = Column(
    name="lat",
    kind="number",
    unit="° north, WGS 84",
    minimum=-90,
    maximum=90,
    description="Latitude; with the longitude instead of route and station",
    labels={"ru": "Широта, °", "kk": "Ендік, °", "en": "Latitude, °"},
)
_REMOVE = Column(
    name=REMOVE,
    kind="choice",
    choices=("yes", "no"),
    description="Yes: take the row with this id out of the corridor",
    labels={"ru": "Удалить", "kk": "Жою", "en": "Remove"},
)


def import_table(name: str) -> Table:
    """Return the description of a table as people fill it in.

    Besides the columns of the corridor's table it has `post` or `from_post` and `to_post`, `lon`
    and `lat` for points, and `remove`. Only the id must be given: an empty cell keeps what the
    corridor has.

    Parameters
    ----------
    name
        One of :data:`IMPORTABLE`.
    """
    table = TABLES[name]
    free = {column.name: _optional(column, table) for column in table}
    extra: list[Column] = []
    if table.shape == "point":
        extra = [_POST, _LON, _LAT]
    elif table.shape == "stretch":
        extra = [_FROM_POST, _TO_POST]
    elif "station_m" in table.names:
        extra = [_POST]
    columns: list[Column] = []
    for column_name, column in free.items():
        columns.append(column)
        if column_name in {"station_m", "to_m"}:
            columns.extend(new for new in extra if new.name not in table.names)
    return replace(table, columns=(*columns, _REMOVE), required=False)


def _optional(column: Column, table: Table) -> Column:
    """Return a column as it may be filled in: flags can be empty, only ids are required."""
    is_id = column.name in table.key and column.name not in POSITION_COLUMNS
    if column.kind == "flag":
        return replace(column, kind="choice", choices=("yes", "no"), required=False)
    return replace(column, required=is_id and column.required)


IMPORTABLE = tuple(name for name in TABLES if name not in NOT_IMPORTABLE)
"""Names of the tables that an inventory may hold."""


def import_tables(names: Iterable[str] = ()) -> dict[str, Table]:
    """Return the descriptions of some importable tables, all by default.

    Raises
    ------
    RoadplanError
        A name is no importable table.
    """
    chosen = tuple(names) or IMPORTABLE
    for name in chosen:
        if name in NOT_IMPORTABLE:
            raise RoadplanError(
                f"table {name} is part of the alignment; `roadplan corridor refresh` renews it"
            )
        if name not in IMPORTABLE:
            raise RoadplanError(
                f"there is no table {name!r} to fill in; there are {', '.join(IMPORTABLE)}"
            )
    return {name: import_table(name) for name in chosen}


def write_inventory_template(
    path: str | os.PathLike[str],
    corridor: Corridor,
    *,
    names: Iterable[str] = (),
    language: str = "en",
    filled: bool = False,
) -> Path:
    """Write a workbook in which an inventory of a corridor can be filled in, atomically.

    Parameters
    ----------
    path
        The file, ending in .xlsx.
    corridor
        The road whose routes, contracts and other ids the drop-downs offer.
    names
        Tables; all importable ones by default.
    language
        `ru`, `kk` or `en`.
    filled
        Whether to begin with the rows that the corridor has.

    Returns
    -------
    Path
        The file.
    """
    if Path(path).suffix.lower() != ".xlsx":
        raise RoadplanError(f"the template {Path(path).name} must end in .xlsx")
    tables = import_tables(names)
    known_ids = {
        name: [str(key) for key in corridor.tables[name][table.key[0]].unique()]
        for name, table in TABLES.items()
        if len(table.key) == 1
    }
    rows = {name: rows_with_posts(corridor, name) for name in tables} if filled else {}
    return write_template(
        path,
        tables.values(),
        language=language,
        examples=rows,
        known_ids=known_ids,
        help_lines=_HELP_LINES,
    )


def rows_with_posts(corridor: Corridor, name: str) -> pd.DataFrame:
    """Return a table with the posts of each row as text, which can be typed again.

    Columns `post`, or `from_post` and `to_post`, hold the posts of every posting that reaches the
    place, separated by :data:`POST_SEPARATOR`; a post that alone would be ambiguous names its
    route.
    """
    frame = corridor.table(name)
    for column, title in (("station_m", "post"), ("from_m", "from_post"), ("to_m", "to_post")):
        if column in frame and "route" in frame:
            texts = np.full(len(frame), "", dtype=object)
            for route, index in frame.groupby("route").indices.items():
                stations = frame[column].to_numpy(float)[index]
                texts[index] = _post_texts(corridor.postings, str(route), stations)
            frame[title] = texts
    return frame


def _post_texts(
    postings: Postings, route: str, station_m: NDArray[np.float64]
) -> NDArray[np.object_]:
    """Return the posts at stations of a route that mean these places again, to a metre or so."""
    texts = np.full(len(station_m), "", dtype=object)
    for posting in postings.names:
        km = np.round(postings.post_km(posting, route, station_m), 3)
        here, elsewhere, wrong = (np.zeros(len(km), dtype=bool) for _ in range(3))
        for row in postings.breaks.query("posting == @posting").itertuples():
            ends = sorted((row.from_post_km, row.to_post_km))
            hit = (km >= ends[0]) & (km <= ends[1])
            share = (km - row.from_post_km) / (row.to_post_km - row.from_post_km)
            found = row.from_m + share * (row.to_m - row.from_m)
            near = np.abs(found - station_m) <= SAME_POST_M
            if row.route == route:
                here |= hit & near
                wrong |= hit & ~near
            else:
                elsewhere |= hit
        for i in np.flatnonzero(here & ~wrong):
            text = f"{Post(posting, float(km[i]))}{f'@{route}' if elsewhere[i] else ''}"
            texts[i] = f"{texts[i]} {POST_SEPARATOR} {text}" if texts[i] else text
    return texts
