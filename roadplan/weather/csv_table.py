"""The text of a table of weather: its lines, its header and its cells, each with its row.

Rows are numbered as an editor numbers the lines of the file, so that a fault can be found.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pandas as pd

from roadplan.errors import Fault, FaultsError, RoadplanError
from roadplan.i18n import counted
from roadplan.weather.storm import VARIABLES

MOST_FAULTS: Final = 50
"""Faults of one kind that are told of a table."""

_ALIASES: Final = {
    "wind": "wind_speed",
    "gust": "wind_gust",
    "gusts": "wind_gust",
    "direction": "wind_direction",
    "snow": "snowfall",
    "longitude": "lon",
    "latitude": "lat",
    "ветер": "wind_speed",
    "порывы": "wind_gust",
    "направление ветра": "wind_direction",
    "снег": "snowfall",
    "температура": "temperature",
    "видимость": "visibility",
    "время": "time",
    "жел": "wind_speed",
    "қар": "snowfall",
    "көріну": "visibility",
    "уақыт": "time",
}
_HEADER: Final = re.compile(r"^(?P<name>[^\[\](),]+?)\s*(?:[\[(](?P<unit>[^\])]*)[\])])?$")
_MAY_END_EARLY: Final = frozenset({"wind_gust", "wind_direction", "visibility", "loose_snow"})
"""Columns whose cells may be missing at the end of a row: the model does without them."""

_Numbered = tuple[int, list[str]]


@dataclass(frozen=True)
class Stated:
    """What a file says, and the row in which it says so."""

    text: str
    row: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Table:
    """A table of weather as text.

    Parameters
    ----------
    name
        The file's name.
    about
        What the lines before the header say, by key.
    header_row
        Row of the header.
    units
        Column → its unit and where that stands.
    cells
        The cells by plain names of columns; the index holds the rows' numbers.
    faults
        Rows that are too long or too short; they are not among the cells.
    """

    name: str
    about: Mapping[str, Stated]
    header_row: int
    units: Mapping[str, Stated]
    cells: pd.DataFrame = field(repr=False)
    faults: tuple[Fault, ...] = ()


def read_table(path: Path) -> Table:
    """Read the cells of a table of weather.

    Raises
    ------
    RoadplanError
        The file cannot be read, or there is no header with the columns needed, or no rows.
    FaultsError
        No row has the cells that the header names.
    """
    name = path.name
    about, rows, separator = _rows(_text(path), name)
    header_row, header = rows[0]
    names, units = _header(header, header_row, name)
    body = [(number, row) for number, row in rows[1:] if any(row)]
    time = names.index("time")
    if body and (len(body[0][1]) <= time or not any(c.isdigit() for c in body[0][1][time])):
        number, row = body.pop(0)
        for column, cell in zip(names, row, strict=False):
            if cell:
                units.setdefault(column, Stated(cell, number))
    if not body:
        raise RoadplanError(f"{name} has no rows below its header")
    faults = _width_faults(body, names, separator, name)
    wrong = {fault.row for fault in faults}
    fitting = [(number, row) for number, row in body if number not in wrong]
    faults = faults[:MOST_FAULTS]
    if not fitting:
        raise FaultsError(faults, f"{name} cannot be used")
    width = len(names)
    cells = [[*row[:width], *[""] * (width - len(row))] for _, row in fitting]
    frame = pd.DataFrame(cells, columns=names, index=[n for n, _ in fitting], dtype=object)
    return Table(
        name=name,
        about=about,
        header_row=header_row,
        units=units,
        cells=frame,
        faults=tuple(faults),
    )


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise RoadplanError(f"{path} cannot be read: {error}") from error
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1251", errors="replace")


def _rows(text: str, name: str) -> tuple[dict[str, Stated], list[_Numbered], str]:
    """Return what the lines before the header say, the rows from the header on, the separator."""
    about: dict[str, Stated] = {}
    lines = re.split(r"\r\n|\r|\n", text)
    start = 0
    while start < len(lines) and (lines[start].startswith("#") or not lines[start].strip()):
        key, colon, value = lines[start].lstrip("# ").partition(":")
        if colon:
            stated = value.strip().rstrip(",;\t").strip()
            about[key.strip().casefold()] = Stated(stated, start + 1)
        start += 1
    if start >= len(lines):
        raise RoadplanError(f"{name} holds no table; it needs a header and rows")
    header = lines[start]
    separator = max(";\t,", key=header.count)
    reader = csv.reader(io.StringIO("\n".join(lines[start:])), delimiter=separator)
    rows: list[_Numbered] = []
    # A quoted cell may hold line ends: a row begins on the line after the one before it.
    number = start + 1
    try:
        for row in reader:
            rows.append((number, [cell.strip() for cell in row]))
            number = start + reader.line_num + 1
    except csv.Error as error:
        raise RoadplanError(
            f"{name}, row {number} cannot be read as a row of a table: {error}"
        ) from error
    if separator != ",":
        rows = [rows[0], *((n, [_decimal(cell) for cell in row]) for n, row in rows[1:])]
    return about, rows, separator


def _decimal(cell: str) -> str:
    return cell.replace(",", ".") if re.fullmatch(r"[+-]?\d+,\d+", cell) else cell


def _header(header: Sequence[str], row: int, name: str) -> tuple[list[str], dict[str, Stated]]:
    """Return the columns' plain names, and the units that the header states."""
    names: list[str] = []
    units: dict[str, Stated] = {}
    for cell in header:
        match = _HEADER.match(cell)
        plain = (match["name"] if match else cell).strip().casefold()
        plain = _ALIASES.get(plain, plain).replace(" ", "_")
        names.append(plain)
        if match and match["unit"]:
            units[plain] = Stated(match["unit"], row)
    missing = [need for need in ("time", "lon", "lat") if need not in names]
    if missing or len(set(names)) < len(names):
        said = f"lacks {', '.join(missing)}" if missing else "names a column twice"
        raise RoadplanError(
            f"{name}: the header {said}; a table of weather has time, member, lon, lat and "
            f"some of {', '.join(VARIABLES)} with units"
        )
    if not set(names) & set(VARIABLES):
        raise RoadplanError(f"{name} has none of the columns {', '.join(VARIABLES)}")
    return names, units


def _width_faults(
    body: Sequence[_Numbered], names: Sequence[str], separator: str, name: str
) -> list[Fault]:
    """Find the rows that have cells without a column, or lack cells that must be there.

    Empty cells beyond the header are only separators at the end of a line.
    """
    width = len(names)
    needed = max(k for k, column in enumerate(names, 1) if column not in _MAY_END_EARLY)
    faults = []
    for number, row in body:
        if any(row[width:]):
            remedy = (
                "decimal commas need semicolons between the cells"
                if separator == ","
                else "give one cell for each column of the header"
            )
        elif len(row) < needed:
            remedy = "the row is cut short: give a cell for each column, empty where it is missing"
        else:
            continue
        why = f"the row has {counted(len(row), 'cell')}, the header {width}"
        faults.append(Fault(file=name, row=number, why=why, remedy=remedy))
    return faults
