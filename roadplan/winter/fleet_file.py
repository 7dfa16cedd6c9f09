"""Reading a fleet file: every fault at once, with its place and what would be right."""

from __future__ import annotations

import datetime as dt
import math
import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd

from roadplan.corridor import Corridor
from roadplan.corridor.model import Names
from roadplan.errors import Fault, FaultsError, RoadplanError
from roadplan.i18n import counted
from roadplan.tables.template import write_template
from roadplan.tables.workbook import ReadPart, read_workbook
from roadplan.traffic.road_traffic import LOCAL_ZONE
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
    path: str | os.PathLike[str], corridor: Corridor, *, zone: dt.tzinfo = LOCAL_ZONE
) -> Fleet:
    """Read a fleet from a workbook (sheets as in the template) or a CSV of crews or machines.

    Parameters
    ----------
    path
        The file.
    corridor
        Its classes and depots stand in for those the file does not hold.
    zone
        Time zone of the times in the file that name none.

    Raises
    ------
    FaultsError
        All faults of the file at once.
    """
    file = Path(path)
    read = read_workbook(file, FLEET_TABLES)
    reader = _Reader(corridor, file.name, zone, read.parts)
    fleet = reader.fleet()
    faults = [*read.faults, *reader.faults]
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
        self.broken: set[str] = set()
        """Depots whose own rows have faults, so that rows that name them are not faulted too."""

    def fault(self, row: Row, column: str, why: str, remedy: str) -> None:
        self.faults.append(
            Fault(
                file=self.file,
                sheet=str(row.get("_sheet", "")),
                row=int(row["_row"]) if "_row" in row else None,
                column=column,
                value=str(row.get(column, "")),
                why=why,
                remedy=remedy,
            )
        )

    def rows(self, table: str, key: str) -> list[Row]:
        """Return the rows of a table; a repeated key is a fault."""
        found: list[Row] = []
        seen: dict[str, int] = {}
        for part in self.parts:
            if part.table != table:
                continue
            for record in part.frame.to_dict("records"):
                row = {str(k): v for k, v in record.items()} | {"_sheet": part.sheet}
                name = str(row[key])
                if not name:
                    continue  # told already as an empty required cell
                if name in seen:
                    why = f"{name} stands in row {seen[name]} too"
                    self.fault(row, key, why, "give every row its own")
                    continue
                seen[name] = int(row["_row"])
                found.append(row)
        return found

    def fleet(self) -> Fleet:
        classes = corridor_classes(self.corridor) | self.classes()
        bases = corridor_bases(self.corridor) | self.bases()
        crews = self.crews(classes, bases)
        self.check_capacity(crews, bases)
        if not crews and not self.faults:
            out = f" ({'; '.join(self.notes)})" if self.notes else ""
            self.faults.append(
                Fault(
                    file=self.file,
                    why=f"no crew can be used{out}",
                    remedy="give at least one crew or serviceable machine",
                )
            )
        return Fleet(
            crews=tuple(crews),
            classes=MappingProxyType(classes),
            bases=MappingProxyType(bases),
            notes=tuple(self.notes),
            source=self.file,
        )

    def classes(self) -> dict[str, CrewClass]:
        found = {}
        for row in self.rows(CLASSES.name, "plough_class"):
            numbers = ("plough_kmh", "travel_kmh", "width_m", "max_depth_cm")
            if any(row[name] != row[name] for name in numbers) or not row["kind"]:
                continue
            found[str(row["plough_class"])] = CrewClass(
                id=str(row["plough_class"]),
                names=_names(row, str(row["plough_class"])),
                kind=str(row["kind"]),
                machines=int(or_else(row["machines_per_crew"], 1)),
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
        return found

    def bases(self) -> dict[str, Base]:
        known = corridor_bases(self.corridor)
        found = {}
        for row in self.rows(DEPOTS.name, "depot"):
            old = known.get(str(row["depot"]))
            position = old.position if old else None
            if row["place"]:
                try:
                    position = self.corridor.position(str(row["place"]))
                except RoadplanError as error:
                    self.fault(row, "place", str(error), "give a place on the road")
                    self.broken.add(str(row["depot"]))
                    continue
            if position is None:
                why = f"the corridor has no depot {row['depot']}, and no place is given"
                self.fault(row, "place", why, "give a kilometre post or route@metres")
                self.broken.add(str(row["depot"]))
                continue
            found[str(row["depot"])] = Base(
                id=str(row["depot"]),
                names=_names(row, old.names.en if old else str(row["depot"])),
                position=position,
                access_m=or_else(row["access_m"], old.access_m if old else 0.0),
                capacity=int(or_else(row["capacity"], old.capacity if old else 10_000)),
                standing="reported",
            )
        return found

    def crews(self, classes: Mapping[str, CrewClass], bases: Mapping[str, Base]) -> list[Crew]:
        crew_rows = {str(row["crew"]): row for row in self.rows(CREWS.name, "crew")}
        teams: dict[str, list[Row]] = {}
        for row in self.rows(MACHINES.name, "machine"):
            self.known(row, "plough_class", classes, "class")
            if row["depot"]:
                self.known(row, "depot", bases, "depot")
            name = str(row["crew"]) or str(row["machine"])
            if not row["crew"] and name in crew_rows:
                why = f"crew {name} is there too"
                self.fault(row, "machine", why, "say in column crew with which crew it goes")
                continue
            teams.setdefault(name, []).append(row)
        found = []
        for name in dict.fromkeys([*crew_rows, *teams]):
            crew = self.crew(name, crew_rows.get(name), teams.get(name, []), classes, bases)
            if crew is not None:
                found.append(crew)
        return found

    def known(self, row: Row, column: str, known: Mapping[str, object], noun: str) -> bool:
        value = str(row[column])
        if value in known:
            return True
        if value and value not in self.broken:
            some = ", ".join(list(known)[:12]) or "none"
            self.fault(row, column, f"there is no {noun} {value!r}", f"give one of {some}")
        return False

    def crew(
        self,
        name: str,
        row: Row | None,
        machines: list[Row],
        classes: Mapping[str, CrewClass],
        bases: Mapping[str, Base],
    ) -> Crew | None:
        """Return one crew from its row and its machines; None where it cannot be used."""
        head = row if row is not None else machines[0]
        if row is not None and not (
            self.known(row, "plough_class", classes, "class")
            & self.known(row, "depot", bases, "depot")
        ):
            return None
        kinds = {str(each["plough_class"]) for each in (*machines, *([row] if row else []))}
        if len(kinds) > 1:
            why = f"crew {name} has machines of different classes: {', '.join(sorted(kinds))}"
            self.fault(machines[0], "plough_class", why, "give all machines of a crew one class")
            return None
        homes = [str(each["depot"]) for each in machines if each["depot"]]
        home = str(row["depot"]) if row is not None else (homes[0] if homes else "")
        if not home:
            self.fault(head, "depot", f"{name} stands nowhere", "give its depot")
            return None
        if any(other != home for other in homes):
            why = f"the machines of crew {name} stand at different depots"
            self.fault(machines[0], "depot", why, "let them stand at one depot")
            return None
        if str(head["plough_class"]) not in classes or home not in bases:
            return None
        crew_class = classes[str(head["plough_class"])]
        able = [each for each in machines if each["serviceable"] != "no"]
        if machines and not able:
            self.notes.append(f"crew {name} is left out: none of its machines is serviceable")
            return None
        if len(able) < len(machines):
            out = len(machines) - len(able)
            self.notes.append(
                f"crew {name} goes without {out} of {counted(len(machines), 'machine')}"
            )
        return self._built(name, row, able, crew_class, home)

    def _built(
        self, name: str, row: Row | None, able: list[Row], crew_class: CrewClass, home: str
    ) -> Crew:
        ready = [self.moment(each) for each in (*able, *([row] if row is not None else []))]
        ability = _together(crew_class, able) if able else crew_class.ability
        duty_from = self.clock(row, "duty_from") if row is not None else None
        duty_until = self.clock(row, "duty_until") if row is not None else None
        if row is not None and duty_from is not None and duty_from == duty_until:
            why = "the duty ends when it begins"
            self.fault(row, "duty_until", why, "leave both empty for work at any time")
        return Crew(
            id=name,
            crew_class=crew_class.id,
            base=home,
            machines=len(able) or crew_class.machines,
            ability=ability,
            duty_from=duty_from,
            duty_until=duty_until,
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

    def clock(self, row: Row, column: str) -> dt.time | None:
        text = str(row[column]).strip()
        if not text:
            return None
        match = _CLOCK.fullmatch(text)
        hour, minute = (int(match[1]), int(match[2] or 0)) if match else (99, 0)
        if hour == 24 and minute == 0:
            hour = 0
        if not (hour < 24 and minute < 60):
            self.fault(row, column, f"{text[:20]!r} is no time of day", "write it as 20:00")
            return None
        return dt.time(hour, minute)

    def check_capacity(self, crews: Iterable[Crew], bases: Mapping[str, Base]) -> None:
        """Say where more machines stand than there are places; estimated places only warn."""
        stand: Counter[str] = Counter()
        for crew in crews:
            stand[crew.base] += 1
        for base, count in stand.items():
            places = bases[base]
            if count <= places.capacity:
                continue
            why = (
                f"{counted(count, 'crew stands', 'crews stand')} at depot {base}, which has places "
                f"for {places.capacity}"
            )
            if places.standing == "estimated":
                self.notes.append(f"{why} (estimated)")
            else:
                self.faults.append(
                    Fault(file=self.file, why=why, remedy="move crews or correct its capacity")
                )


def _names(row: Row, default: str) -> Names:
    return Names(*(str(row[f"name_{code}"] or "") or default for code in ("en", "ru", "kk")))


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
