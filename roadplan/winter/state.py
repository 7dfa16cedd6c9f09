"""The road and the crews as they are now: depths, closures, crews' places, priorities."""

from __future__ import annotations

import datetime as dt
import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from roadplan.corridor import Corridor, Position
from roadplan.errors import Fault, FaultsError, RoadplanError
from roadplan.tables.cells import shown
from roadplan.tables.raw import RawTable
from roadplan.tables.reading import parse_table
from roadplan.tables.schema import Column, Kind, Table
from roadplan.tables.template import write_template
from roadplan.tables.words import may_be_meant
from roadplan.tables.workbook import ReadPart, read_workbook
from roadplan.weather import Road, Slots

Floats = NDArray[np.float64]

FORMAT: Final = "roadplan-winter-state"
VERSION: Final = 1

SIDES: Final = ("both", "rising", "falling")
"""Which carriageway a row speaks of."""


def _column(
    name: str,
    kind: Kind,
    description: str,
    labels: tuple[str, str, str],
    *,
    unit: str = "",
    required: bool = False,
    minimum: float | None = None,
    maximum: float | None = None,
    choices: tuple[str, ...] = (),
) -> Column:
    ru, kk, en = labels
    return Column(
        name=name,
        kind=kind,
        description=description,
        unit=unit,
        required=required,
        minimum=minimum,
        maximum=maximum,
        choices=choices,
        labels={"ru": ru, "kk": kk, "en": en},
    )


_STRETCH = (
    _column(
        "from_place",
        "post",
        "Kilometre post or route@metres at one end",
        ("От", "Басы", "From"),
        required=True,
    ),
    _column(
        "to_place",
        "post",
        "Kilometre post or route@metres at the other end, on the same route",
        ("До", "Соңы", "To"),
        required=True,
    ),
)
_SIDE = _column(
    "side",
    "choice",
    "Carriageway: of rising stations, of falling ones; empty means both",
    ("Сторона", "Жағы", "Carriageway"),
    choices=SIDES,
)

DEPTHS: Final = Table(
    name="depths",
    description="Snow on the road now; bare where nothing is said",
    key=("from_place", "to_place"),
    domain="orders",
    labels={"ru": "Снег", "kk": "Қар", "en": "Snow"},
    columns=(
        *_STRETCH,
        _SIDE,
        _column(
            "depth_cm",
            "number",
            "Depth of loose snow on the carriageway",
            ("Высота снега, см", "Қар қалыңдығы, см", "Depth, cm"),
            unit="cm",
            required=True,
            minimum=0,
            maximum=500,
        ),
    ),
)
CLOSURES_NOW: Final = Table(
    name="closures",
    description="Stretches that are closed now or will be",
    key=("from_place", "to_place"),
    domain="orders",
    labels={"ru": "Закрытия", "kk": "Жабылған учаскелер", "en": "Closures"},
    columns=(
        *_STRETCH,
        _column(
            "from_time",
            "datetime",
            "From when, local time; empty: now",
            ("Закрыто с", "Жабылуы", "Closed from"),
        ),
        _column(
            "until_time",
            "datetime",
            "Until when, local time; empty: to the end of the plan",
            ("Закрыто до", "Ашылуы", "Closed until"),
        ),
        _column(
            "ploughs",
            "choice",
            "Whether ploughs may pass; empty means yes",
            ("Снегоочистители проходят", "Соқа жүреді", "Ploughs may pass"),
            choices=("yes", "no"),
        ),
    ),
)
CREWS_NOW: Final = Table(
    name="places",
    description="Where crews are now; at their bases where nothing is said",
    key=("crew",),
    domain="orders",
    labels={"ru": "Где экипажи", "kk": "Экипаждар орны", "en": "Places of crews"},
    columns=(
        _column("crew", "id", "The crew", ("Экипаж", "Экипаж", "Crew"), required=True),
        _column(
            "place",
            "post",
            "Kilometre post or route@metres where it is; empty: at its base",
            ("Где", "Орны", "Place"),
        ),
        _column(
            "free_from",
            "datetime",
            "From when it can take a new order, local time; empty: now",
            ("Свободен с", "Босайтын уақыты", "Free from"),
        ),
        _column(
            "on_duty_since",
            "datetime",
            "Since when it has been on duty, local time; empty: not yet",
            ("На смене с", "Ауысымда", "On duty since"),
        ),
        _column(
            "out",
            "choice",
            "Yes: it cannot be used",
            ("Не работает", "Жұмыс істемейді", "Out of use"),
            choices=("yes", "no"),
        ),
    ),
)
PRIORITIES: Final = Table(
    name="priorities",
    description="Stretches whose delay counts more or less",
    key=("from_place", "to_place"),
    domain="orders",
    labels={"ru": "Приоритеты", "kk": "Басымдықтар", "en": "Priorities"},
    columns=(
        *_STRETCH,
        _column(
            "weight",
            "number",
            "How many times as much an hour of delay counts there",
            ("Вес", "Салмағы", "Weight"),
            required=True,
            minimum=0,
            maximum=100,
        ),
    ),
)
STATE_TABLES: Final = (DEPTHS, CLOSURES_NOW, CREWS_NOW, PRIORITIES)
"""Every table of a state file."""


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A stretch on which something holds now."""

    route: str
    from_m: float
    to_m: float


@dataclass(frozen=True, kw_only=True)
class DepthNow(Piece):
    """Snow on a stretch; `side` is one of :data:`SIDES`."""

    side: str
    depth_cm: float


@dataclass(frozen=True, kw_only=True)
class ClosureNow(Piece):
    """A closed stretch; times are None for now and for the end of the plan."""

    begin: dt.datetime | None
    end: dt.datetime | None
    ploughs: bool


@dataclass(frozen=True, kw_only=True)
class Priority(Piece):
    """A stretch whose delay counts `weight` times."""

    weight: float


@dataclass(frozen=True, kw_only=True)
class CrewNow:
    """Where a crew is."""

    crew: str
    place: Position | None
    free_from: dt.datetime | None
    on_duty_since: dt.datetime | None
    out: bool


@dataclass(frozen=True, kw_only=True)
class RoadNow:
    """The state from which a plan begins.

    Parameters
    ----------
    as_of
        Its moment, where it is stated.
    depths, closures, crews, priorities
        What holds.
    """

    as_of: dt.datetime | None = None
    depths: tuple[DepthNow, ...] = ()
    closures: tuple[ClosureNow, ...] = ()
    crews: tuple[CrewNow, ...] = ()
    priorities: tuple[Priority, ...] = ()

    def depth_m(self, road: Road) -> Floats:
        """Return the depth on each segment and carriageway, means by length; later rows win."""
        depth = np.zeros((len(road), 2))
        for row in self.depths:
            share = _share(road, row)
            sides = {"both": (0, 1), "rising": (0,), "falling": (1,)}[row.side]
            for side in sides:
                depth[:, side] = (1 - share) * depth[:, side] + share * row.depth_cm / 100.0
        return depth

    def shut(self, road: Road, slots: Slots, *, ploughs: bool) -> NDArray[np.bool_]:
        """Return in which slots segments are closed, shape (slot, segment).

        Parameters
        ----------
        road, slots
            Where and when.
        ploughs
            Only closures that keep ploughs off too.
        """
        closed = np.zeros((slots.count, len(road)), dtype=bool)
        for row in self.closures:
            if ploughs and row.ploughs:
                continue
            begin = 0.0 if row.begin is None else _hours(row.begin, slots)
            end = np.inf if row.end is None else _hours(row.end, slots)
            moment = np.arange(slots.count) * slots.hours
            during = (moment + slots.hours > begin + 1e-9) & (moment < end - 1e-9)
            closed |= during[:, None] & (_share(road, row) > 0.02)[None]
        return closed

    def weights(self, road: Road) -> Floats:
        """Return how much delay counts on each segment; 1 where nothing is said."""
        weight = np.ones(len(road))
        for row in self.priorities:
            share = _share(road, row)
            weight = (1 - share) * weight + share * row.weight
        return weight


def _hours(moment: dt.datetime, slots: Slots) -> float:
    at = np.datetime64(moment.astimezone(dt.UTC).replace(tzinfo=None), "s")
    return float((at - slots.start) / np.timedelta64(1, "s")) / 3600.0


def _share(road: Road, piece: Piece) -> Floats:
    """Return the share of each segment that lies on a stretch."""
    common = np.minimum(road.to_m, piece.to_m) - np.maximum(road.from_m, piece.from_m)
    here = np.array([name == piece.route for name in road.route])
    share: Floats = np.where(here, np.maximum(common, 0.0) / road.length_m, 0.0)
    return share


def write_state_template(
    path: str | os.PathLike[str], *, crews: Sequence[str] = (), language: str = "en"
) -> Path:
    """Write a workbook in which the state can be filled in."""
    import pandas as pd

    if Path(path).suffix.lower() != ".xlsx":
        raise RoadplanError(f"the template {Path(path).name} must end in .xlsx")
    rows = {"places": pd.DataFrame({"crew": list(crews)})} if crews else {}
    return write_template(path, STATE_TABLES, language=language, examples=rows)


def read_state(
    path: str | os.PathLike[str], corridor: Corridor, *, zone: dt.tzinfo | None = None
) -> RoadNow:
    """Read the state from a workbook (a sheet for each table), a CSV of one table, or JSON.

    Parameters
    ----------
    path
        The file. JSON is an object with `format`, `version`, optionally `as_of`, and a list of
        objects for each table of :data:`STATE_TABLES`; another key is a fault.
    corridor
        For the places.
    zone
        Time zone of times that name none; the corridor's by default.

    Raises
    ------
    FaultsError
        All faults of the file at once.
    """
    file, zone = Path(path), zone or corridor.zone
    as_of: dt.datetime | None = None
    if file.suffix.lower() == ".json":
        parts, faults, as_of = _json_parts(file, zone)
    else:
        read = read_workbook(file, STATE_TABLES)
        parts, faults = list(read.parts), list(read.faults)
    reader = _Reader(corridor, file.name, zone)
    now = reader.read(parts)
    faults += reader.faults
    if faults:
        raise FaultsError(faults, f"The state in {file.name} cannot be used")
    return replace(now, as_of=as_of)


def _json_parts(
    file: Path, zone: dt.tzinfo
) -> tuple[list[ReadPart], list[Fault], dt.datetime | None]:
    try:
        document = json.loads(file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise RoadplanError(f"there is no file {file}") from None
    except (OSError, ValueError, RecursionError) as error:
        raise RoadplanError(f"{file.name} is not valid JSON: {error}") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise RoadplanError(f"{file.name} is no state: its format is not {FORMAT!r}")
    if document.get("version") != VERSION:
        raise RoadplanError(
            f"{file.name} is of version {document.get('version')}; this program reads {VERSION}"
        )
    as_of = None
    if document.get("as_of"):
        try:
            as_of = dt.datetime.fromisoformat(str(document["as_of"]))
        except ValueError:
            raise RoadplanError(
                f"{file.name}: as_of is no moment; write 2026-01-15T18:00+05:00"
            ) from None
        as_of = as_of.replace(tzinfo=zone) if as_of.tzinfo is None else as_of
    parts, faults = [], _unknown_keys(file.name, document)
    for table in STATE_TABLES:
        rows = document.get(table.name, [])
        if not (isinstance(rows, list) and all(isinstance(row, dict) for row in rows)):
            faults.append(Fault(file=file.name, sheet=table.name, why="it is no list of objects"))
            continue
        if rows:
            frame, found = parse_table(_raw(file.name, table, rows), table)
            parts.append(ReadPart(table=table.name, sheet=table.name, frame=frame))
            faults += found
    return parts, faults, as_of


def _unknown_keys(file: str, document: Mapping[str, Any]) -> list[Fault]:
    """Return a fault for each key that nothing reads: a misspelt table would be left out."""
    tables = [table.name for table in STATE_TABLES]
    known = {"format", "version", "as_of", *tables}
    faults = []
    for key in document:
        if key in known:
            continue
        meant = may_be_meant(key, (*tables, "as_of"))
        faults.append(
            Fault(
                file=file,
                value=shown(key),
                why=f"there is no table or key {shown(key)!r}",
                remedy=f"give {', '.join(tables)} or as_of{meant}",
            )
        )
    return faults


def _raw(file: str, table: Table, rows: Sequence[Mapping[str, Any]]) -> RawTable:
    names = list(dict.fromkeys(str(name) for row in rows for name in row))
    cells = tuple([_cell(row.get(name)) for row in rows] for name in names)
    return RawTable(
        file=file,
        sheet=table.name,
        header=tuple(names),
        positions=tuple(range(len(names))),
        columns=cells,
        rows=list(range(1, len(rows) + 1)),
    )


def _cell(value: object) -> str | float | bool | None:
    """Return a JSON value as a cell; lists and objects as text, which no column accepts."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int | float) and math.isfinite(value):
        return float(value)
    return str(value)


class _Reader:
    """Understands the rows of a state and collects what is wrong."""

    def __init__(self, corridor: Corridor, file: str, zone: dt.tzinfo) -> None:
        self.corridor, self.file, self.zone = corridor, file, zone
        self.faults: list[Fault] = []

    def read(self, parts: Sequence[ReadPart]) -> RoadNow:
        depths: list[DepthNow] = []
        closed: list[ClosureNow] = []
        crews: list[CrewNow] = []
        priorities: list[Priority] = []
        for part in parts:
            for record in part.frame.to_dict("records"):
                row = {str(k): v for k, v in record.items()} | {"_sheet": part.sheet}
                if part.table == CREWS_NOW.name:
                    self.crew(row, crews)
                    continue
                place = self.stretch(row)
                if place is None:
                    continue
                if part.table == DEPTHS.name and row["depth_cm"] == row["depth_cm"]:
                    side = str(row["side"]) or "both"
                    depths.append(DepthNow(**place, side=side, depth_cm=float(row["depth_cm"])))
                elif part.table == CLOSURES_NOW.name:
                    self.closure(row, place, closed)
                elif part.table == PRIORITIES.name and row["weight"] == row["weight"]:
                    priorities.append(Priority(**place, weight=float(row["weight"])))
        return RoadNow(
            depths=tuple(depths),
            closures=tuple(closed),
            crews=tuple(crews),
            priorities=tuple(priorities),
        )

    def fault(self, row: Mapping[str, Any], column: str, why: str, remedy: str) -> None:
        self.faults.append(
            Fault(
                file=self.file,
                sheet=str(row["_sheet"]),
                row=int(row["_row"]),
                column=column,
                value=str(row[column]),
                why=why,
                remedy=remedy,
            )
        )

    def position(self, row: Mapping[str, Any], column: str) -> Position | None:
        if not row[column]:
            return None
        try:
            return self.corridor.position(str(row[column]))
        except RoadplanError as error:
            self.fault(row, column, str(error), "give a place on the road")
            return None

    def stretch(self, row: Mapping[str, Any]) -> dict[str, Any] | None:
        one, other = self.position(row, "from_place"), self.position(row, "to_place")
        if one is None or other is None:
            return None
        if one.route != other.route:
            why = f"it begins on {one.route} and ends on {other.route}"
            self.fault(row, "to_place", why, "give one row for each route")
            return None
        low, high = sorted((one.station_m, other.station_m))
        if not low < high:
            self.fault(row, "to_place", "the stretch has no length", "give two places")
            return None
        return {"route": one.route, "from_m": low, "to_m": high}

    def closure(
        self, row: Mapping[str, Any], place: dict[str, Any], found: list[ClosureNow]
    ) -> None:
        begin, end = self.moment(row["from_time"]), self.moment(row["until_time"])
        if begin is not None and end is not None and end <= begin:
            self.fault(row, "until_time", "it ends before it begins", "give a later time")
            return
        found.append(ClosureNow(**place, begin=begin, end=end, ploughs=row["ploughs"] != "no"))

    def crew(self, row: Mapping[str, Any], found: list[CrewNow]) -> None:
        name = str(row["crew"])
        if not name:
            return
        if any(crew.crew == name for crew in found):
            self.fault(row, "crew", f"{name} is there twice", "give every crew one row")
            return
        found.append(
            CrewNow(
                crew=name,
                place=self.position(row, "place"),
                free_from=self.moment(row["free_from"]),
                on_duty_since=self.moment(row["on_duty_since"]),
                out=row["out"] == "yes",
            )
        )

    def moment(self, text: object) -> dt.datetime | None:
        if not text:
            return None
        moment = dt.datetime.fromisoformat(str(text))
        return moment.replace(tzinfo=self.zone) if moment.tzinfo is None else moment
