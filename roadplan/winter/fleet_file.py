"""Reading a fleet file: every fault at once, with its place and what would be right."""

from __future__ import annotations

import datetime as dt
import math
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd

from roadplan.corridor import Corridor
from roadplan.corridor.model import Names
from roadplan.corridor.position import Position
from roadplan.errors import Fault, FaultsError, RoadplanError
from roadplan.i18n import counted
from roadplan.tables.cells import Problem, shown
from roadplan.tables.template import write_template
from roadplan.tables.words import may_be_meant
from roadplan.tables.workbook import ReadPart, read_workbook
from roadplan.winter.fleet import (
    Ability,
    Base,
    Crew,
    CrewClass,
    Fleet,
    corridor_bases,
    corridor_classes,
    or_else,
)
from roadplan.winter.fleet_schema import CLASSES, CREWS, DEPOTS, FLEET_TABLES, MACHINES

_CLOCK = re.compile(r"(\d{1,2})(?:[:.ч-](\d{2}))?(?::\d{2})?")
_DAY_SHARE = re.compile(r"0?[.,]\d+|\d(\.\d+)?e-\d+")
_SHARE_OR_CLOCK = re.compile(r"0\.[1-5]0")
_DAY_MIN = 24 * 60

Row = Mapping[str, Any]


def write_fleet_template(
    path: str | os.PathLike[str],
    corridor: Corridor,
    *,
    language: str = "en",
    fleet: Fleet | None = None,
) -> Path:
    """Write a workbook in which a fleet can be filled in.

    Parameters
    ----------
    path
        The file, ending in .xlsx.
    corridor
        Its classes and depots are offered.
    language
        `ru`, `kk` or `en`.
    fleet
        Crews to begin with.
    """
    if Path(path).suffix.lower() != ".xlsx":
        raise RoadplanError(f"the template {Path(path).name} must end in .xlsx")
    known = {
        "plough_classes": list(corridor_classes(corridor)),
        "depots": list(corridor_bases(corridor)),
    }
    examples = {} if fleet is None else {"crews": _crew_rows(fleet)}
    return write_template(
        path,
        FLEET_TABLES,
        language=language,
        known_ids=known,
        examples=examples,
    )


def _crew_rows(fleet: Fleet) -> pd.DataFrame:
    rows = [
        {
            "crew": crew.id,
            "plough_class": crew.crew_class,
            "depot": crew.base,
            "returns": "yes" if crew.returns else "no",
            "standing": crew.standing,
            "source": fleet.source,
        }
        for crew in fleet.crews
    ]
    return pd.DataFrame(rows)


def read_fleet(
    path: str | os.PathLike[str], corridor: Corridor, *, zone: dt.tzinfo | None = None
) -> Fleet:
    """Read a fleet from a workbook (sheets as in the template) or a CSV of crews or machines.

    Where the file has crews, its machines may go with these only; without any, they may name crews
    freely. What a row leaves empty of a depot that the corridor knows stays as it is there. Times
    of day may be written as 20:00, 20.00 or 20; a number below 1, as spreadsheets keep times that
    are not shown as such, is the part of the day that has passed: 0.25 is 06:00.

    Parameters
    ----------
    path
        The file.
    corridor
        Its classes and depots stand in for those the file does not hold.
    zone
        Time zone of times that name none; the corridor's by default.

    Raises
    ------
    FaultsError
        All faults of the file at once.
    """
    file, zone = Path(path), zone or corridor.zone
    read = read_workbook(file, FLEET_TABLES)
    reader = _Reader(corridor, file.name, zone, read.parts)
    fleet = reader.fleet()
    faults = [*read.faults, *reader.faults]
    if not faults and not fleet.crews:
        out = f" ({'; '.join(fleet.notes)})" if fleet.notes else ""
        faults.append(
            Fault(
                file=file.name,
                why=f"no crew can be used{out}",
                remedy="give at least one crew or serviceable machine",
            )
        )
    if faults:
        raise FaultsError(faults, f"The fleet in {file.name} cannot be used")
    return replace(fleet, notes=(*fleet.notes, *read.notes))


class _Reader:
    """Understands the rows of a fleet file and collects what is wrong."""

    def __init__(
        self, corridor: Corridor, file: str, zone: dt.tzinfo, parts: Iterable[ReadPart]
    ) -> None:
        self.corridor, self.file, self.zone = corridor, file, zone
        self.parts = tuple(parts)
        self.faults: list[Fault] = []
        self.notes: list[str] = []
        self.out_of_use: list[str] = []
        self.broken: set[tuple[str, str]] = set()
        """Column and id of the classes and depots whose own rows have faults, so that rows that
        name them are not faulted too."""

    def fault(self, row: Row, column: str, why: str, remedy: str) -> None:
        self.faults.append(
            Fault(
                file=self.file,
                sheet=str(row["_sheet"]),
                row=int(row["_row"]),
                column=_header(row, column),
                value=str(row[column]),
                why=why,
                remedy=remedy,
            )
        )

    def rows(self, table: str, key: str) -> Iterator[tuple[Row, bool]]:
        """Give every row of a table, and whether it can be used: its key is its own.

        A repeated key is a fault; an empty one was told already. Such rows are given too, so that
        whatever else is wrong with them is told at once.
        """
        seen: dict[str, int] = {}
        for part in self.parts:
            if part.table != table:
                continue
            for record in part.frame.to_dict("records"):
                row = {str(k): v for k, v in record.items()}
                row |= {"_sheet": part.sheet, "_headers": part.headers}
                name = str(row[key])
                if name in seen:
                    why = f"{name} stands in row {seen[name]} too"
                    self.fault(row, key, why, "give every row its own")
                yield row, bool(name) and name not in seen
                if name:
                    seen.setdefault(name, int(row["_row"]))

    def fleet(self) -> Fleet:
        classes = corridor_classes(self.corridor) | self.classes()
        bases = corridor_bases(self.corridor) | self.bases()
        crews = self.crews(classes, bases)
        self.check_capacity(crews, bases)
        return Fleet(
            crews=tuple(crews),
            classes=MappingProxyType(classes),
            bases=MappingProxyType(bases),
            out_of_use=tuple(self.out_of_use),
            notes=tuple(self.notes),
            source=self.file,
        )

    def classes(self) -> dict[str, CrewClass]:
        known = corridor_classes(self.corridor)
        found = {}
        for row, usable in self.rows(CLASSES.name, "plough_class"):
            name = str(row["plough_class"])
            numbers = ("plough_kmh", "travel_kmh", "width_m", "max_depth_cm")
            if any(row[number] != row[number] for number in numbers) or not row["kind"]:
                self.broken.add(("plough_class", name))
            elif usable:
                found[name] = _class_of(row, known.get(name))
        return found

    def bases(self) -> dict[str, Base]:
        known = corridor_bases(self.corridor)
        found = {}
        for row, usable in self.rows(DEPOTS.name, "depot"):
            name = str(row["depot"])
            old = known.get(name)
            position = self.position(row, old)
            if position is None:
                self.broken.add(("depot", name))
            elif usable:
                found[name] = _base_of(row, old, position)
        return found

    def position(self, row: Row, old: Base | None) -> Position | None:
        """Return where the way from a depot meets the road; None where the row does not say."""
        if row["place"]:
            try:
                return self.corridor.position(str(row["place"]))
            except RoadplanError as error:
                self.fault(row, "place", str(error), "give a place on the road")
                return None
        if old is None:
            if row["depot"]:
                why = f"the corridor has no depot {row['depot']}, and no place is given"
                self.fault(row, "place", why, "give a kilometre post or route@metres")
            return None
        return old.position

    def crews(self, classes: Mapping[str, CrewClass], bases: Mapping[str, Base]) -> list[Crew]:
        crew_rows: dict[str, Row] = {}
        for row, usable in self.rows(CREWS.name, "crew"):
            self.known(row, "plough_class", classes, "class")
            self.known(row, "depot", bases, "depot")
            with_duty = self.with_duty(row)
            if usable:
                crew_rows[str(row["crew"])] = with_duty
        teams: dict[str, list[Row]] = {}
        for row, usable in self.rows(MACHINES.name, "machine"):
            self.known(row, "plough_class", classes, "class")
            there = not crew_rows or self.known(row, "crew", crew_rows, "crew")
            self.known(row, "depot", bases, "depot")
            name = str(row["crew"]) or str(row["machine"])
            if not row["crew"] and name in crew_rows:
                why = f"crew {name} is there too"
                remedy = f"say in column {_header(row, 'crew')} with which crew it goes"
                self.fault(row, "machine", why, remedy)
            elif there and usable:
                teams.setdefault(name, []).append(row)
        found = []
        for name in dict.fromkeys([*crew_rows, *teams]):
            crew = self.crew(name, crew_rows.get(name), teams.get(name, []), classes, bases)
            if crew is not None:
                found.append(crew)
        return found

    def known(self, row: Row, column: str, known: Mapping[str, object], noun: str) -> bool:
        """Return whether what a row names is there; an empty cell names nothing that is not."""
        value = str(row[column])
        if not value or value in known:
            return True
        if (column, value) not in self.broken:
            some = ", ".join(list(known)[:12]) or "none"
            # A CSV holds one table, so that there is no sheet to add a row to.
            more = ", or add a row for it" if row["_sheet"] else ""
            remedy = f"give one of {some}{more}{may_be_meant(value, known)}"
            self.fault(row, column, f"there is no {noun} {value!r}", remedy)
        return False

    def with_duty(self, row: Row) -> Row:
        """Return the row of a crew with its duty as times of day."""
        begin, until = self.clock(row, "duty_from"), self.clock(row, "duty_until")
        if begin is not None and begin == until:
            why = "the duty ends when it begins"
            self.fault(row, "duty_until", why, "leave both empty for work at any time")
        return {**row, "duty_from": begin, "duty_until": until}

    def clock(self, row: Row, column: str) -> dt.time | None:
        text = str(row[column]).strip()
        found = _time_of_day(text) if text else None
        if isinstance(found, Problem):
            self.fault(row, column, found.why, found.remedy)
            return None
        return found

    def crew(
        self,
        name: str,
        row: Row | None,
        machines: list[Row],
        classes: Mapping[str, CrewClass],
        bases: Mapping[str, Base],
    ) -> Crew | None:
        """Return one crew from its row and its machines; None where it cannot be used."""
        rows = [*([] if row is None else [row]), *machines]
        kinds = _first_rows(rows, "plough_class", classes)
        if len(kinds) > 1:
            why = f"crew {name} has machines of different classes: {', '.join(sorted(kinds))}"
            odd = list(kinds.values())[1]
            self.fault(odd, "plough_class", why, "give all machines of a crew one class")
        homes = _first_rows(rows, "depot", bases)
        if len(homes) > 1:
            why = f"the machines of crew {name} stand at different depots"
            odd = list(homes.values())[1]
            self.fault(odd, "depot", why, "let them stand at one depot")
        if row is None and not any(each["depot"] for each in machines):
            self.fault(machines[0], "depot", f"{name} stands nowhere", "give its depot")
        if len(kinds) != 1 or len(homes) != 1:
            return None
        able = [each for each in machines if each["serviceable"] != "no"]
        if machines and not able:
            self.notes.append(f"crew {name} is left out: none of its machines is serviceable")
            self.out_of_use.append(name)
            return None
        if len(able) < len(machines):
            out = len(machines) - len(able)
            self.notes.append(
                f"crew {name} goes without {out} of {counted(len(machines), 'machine')}"
            )
        return self._built(name, row, able, classes[next(iter(kinds))], next(iter(homes)))

    def _built(
        self, name: str, row: Row | None, able: list[Row], crew_class: CrewClass, home: str
    ) -> Crew:
        ready = [self.moment(each) for each in (*able, *([row] if row is not None else []))]
        ability = _together(crew_class, able) if able else crew_class.ability
        return Crew(
            id=name,
            crew_class=crew_class.id,
            base=home,
            machines=len(able) or crew_class.machines,
            ability=ability,
            duty_from=row["duty_from"] if row is not None else None,
            duty_until=row["duty_until"] if row is not None else None,
            longest_duty_h=or_else(row["longest_duty_h"], math.inf)
            if row is not None
            else math.inf,
            returns=row is not None and row["returns"] == "yes",
            available_from=max((moment for moment in ready if moment), default=None),
            standing=_weakest(str(each["standing"]) for each in (*able, *([row] if row else []))),
        )

    def moment(self, row: Row) -> dt.datetime | None:
        text = str(row["available_from"])
        if not text:
            return None
        moment = dt.datetime.fromisoformat(text)
        return moment.replace(tzinfo=self.zone) if moment.tzinfo is None else moment

    def check_capacity(self, crews: Iterable[Crew], bases: Mapping[str, Base]) -> None:
        """Say where more machines stand than there are places; estimated places only warn.

        Machines that are not serviceable are not counted: they may be in a workshop elsewhere.
        """
        stand: Counter[str] = Counter()
        for crew in crews:
            stand[crew.base] += crew.machines
        for base, count in stand.items():
            places = bases[base]
            if count <= places.capacity:
                continue
            why = (
                f"{counted(count, 'machine stands', 'machines stand')} at depot {base}, which has "
                f"places for {places.capacity}"
            )
            if places.standing == "estimated":
                self.notes.append(f"{why} (estimated)")
            else:
                self.faults.append(
                    Fault(file=self.file, why=why, remedy="move crews or correct its capacity")
                )


def _header(row: Row, column: str) -> str:
    """Return the header of a column as the file has it; its name where the file lacks it."""
    return shown(row["_headers"].get(column, column))


def _first_rows(rows: Iterable[Row], column: str, known: Mapping[str, object]) -> dict[str, Row]:
    """Return the first row that names each of some known things."""
    found: dict[str, Row] = {}
    for row in rows:
        if row[column] in known:
            found.setdefault(str(row[column]), row)
    return found


def _time_of_day(text: str) -> dt.time | Problem:
    """Understand a time of day.

    By the clock are hours with or without minutes after a colon, a dot, a hyphen or the letter ч:
    `20`, `6:30`, `6.30`, `06.30`, `00.30`. A part of the day, rounded to the minute, is a number
    below 1 as a spreadsheet keeps a time in a cell not formatted as one: `0.25`, `0,25`, `.25`.
    `0.30` with its closing zero is not how such a number is kept; it may as well be half past
    midnight and is refused, as are `0.10` to `0.50`.

    Examples
    --------
    >>> [str(_time_of_day(text)) for text in ("6.30", "24:00", "0.25", "0,9999")]
    ['06:30:00', '00:00:00', '06:00:00', '00:00:00']
    >>> _time_of_day("0.30").why
    "'0.30' may mean 00:30 or 07:12"
    """
    if _DAY_SHARE.fullmatch(text):
        minutes = round(float(text.replace(",", ".")) * _DAY_MIN) % _DAY_MIN
        share = dt.time(*divmod(minutes, 60))
        if _SHARE_OR_CLOCK.fullmatch(text):
            either = f"00:{text[-2:]} or {share:%H:%M}"
            return Problem(f"{text!r} may mean {either}", f"write it as {either}")
        return share
    match = _CLOCK.fullmatch(text)
    hour, minute = (int(match[1]), int(match[2] or 0)) if match else (99, 0)
    if hour == 24 and minute == 0:
        hour = 0
    if not (hour < 24 and minute < 60):
        return Problem(f"{text[:20]!r} is no time of day", "write it as 20:00")
    return dt.time(hour, minute)


def _class_of(row: Row, old: CrewClass | None) -> CrewClass:
    """Return a class; name and machines that its row leaves empty are the corridor's."""
    return CrewClass(
        id=str(row["plough_class"]),
        names=_names(row, old.names if old else None, str(row["plough_class"])),
        kind=str(row["kind"]),
        machines=int(or_else(row["machines_per_crew"], old.machines if old else 1)),
        ability=Ability(
            plough_kmh=float(row["plough_kmh"]),
            travel_kmh=float(row["travel_kmh"]),
            width_m=float(row["width_m"]),
            max_depth_cm=float(row["max_depth_cm"]),
            removal_t_h=or_else(row["removal_t_h"], math.inf),
            km_per_load=or_else(row["km_per_load"], math.inf),
            refill_min=or_else(row["refill_min"], 30.0),
        ),
        standing="reported",
    )


def _base_of(row: Row, old: Base | None, position: Position) -> Base:
    """Return a depot; what its row leaves empty is the corridor's."""
    # Estimated places stay so: who only mends a name does not vouch for them.
    kept = old is not None and row["capacity"] != row["capacity"]
    return Base(
        id=str(row["depot"]),
        names=_names(row, old.names if old else None, str(row["depot"])),
        position=position,
        access_m=or_else(row["access_m"], old.access_m if old else 0.0),
        capacity=int(or_else(row["capacity"], old.capacity if old else 10_000)),
        standing=old.standing if old and kept else "reported",
    )


def _names(row: Row, old: Names | None, default: str) -> Names:
    """Return the names of a row; empty ones are the old ones, or the default for a new thing."""
    before = old or Names(default, default, default)
    return Names(
        en=str(row["name_en"]) or before.en,
        ru=str(row["name_ru"]) or before.ru,
        kk=str(row["name_kk"]) or before.kk,
    )


def _weakest(standings: Iterable[str]) -> str:
    """Return the least certain of some standings; empty counts as reported."""
    found = set(standings)
    return next((name for name in ("estimated", "reported") if name in found), "") or (
        "measured" if found == {"measured"} else "reported"
    )


def _together(crew_class: CrewClass, machines: list[Row]) -> Ability:
    """Return what some machines of a class do side by side, at the speed of the slowest."""
    whole = crew_class.ability
    share = 1.0 / crew_class.machines

    def least(name: str, of_class: float) -> float:
        return min(or_else(row[name], of_class) for row in machines)

    return replace(
        whole,
        plough_kmh=least("plough_kmh", whole.plough_kmh),
        travel_kmh=least("travel_kmh", whole.travel_kmh),
        max_depth_cm=least("max_depth_cm", whole.max_depth_cm),
        width_m=sum(or_else(row["width_m"], whole.width_m * share) for row in machines),
        removal_t_h=sum(or_else(row["removal_t_h"], whole.removal_t_h * share) for row in machines),
    )
