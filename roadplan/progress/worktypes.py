"""Types of work: how each is measured, what it weighs and what comes before it."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from roadplan.errors import Fault, FaultsError, UnknownIdError

if TYPE_CHECKING:
    import pandas as pd

Measure = Literal["stretch", "amount", "milestones"]
_SHARES_TOLERANCE = 1e-9


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A milestone of a work type.

    Parameters
    ----------
    id
        Identifier within the work type.
    names
        Name by language.
    share
        Share of the whole work that the stage itself is, 0–1.
    reached_share
        Share of the whole work done once the stage is reached, 0–1.
    traffic
        Whether traffic runs on a bypass road while this is the stage reached.
    """

    id: str
    names: Mapping[str, str]
    share: float
    reached_share: float
    traffic: bool = False


@dataclass(frozen=True, kw_only=True)
class WorkType:
    """A type of work.

    Parameters
    ----------
    id
        Identifier.
    names
        Name by language.
    group
        What people count it among, one of :data:`roadplan.progress.schema.GROUPS`.
    measure
        `stretch`: the stretches that are done; `amount`: an amount to date over a stretch;
        `milestones`: the stage reached.
    unit
        Unit of its quantity.
    on
        What has one item each.
    kinds
        Kinds of structure it is for; empty for all.
    per_km
        Quantity for each kilometre of road; NaN for milestones.
    unit_weight
        Weight of one unit in a roll-up.
    physical
        Whether it counts in physical completion.
    shows
        `surfaced` or `open` where its done stretches make up that kilometre figure, else empty.
    after
        Ids of the work types that come before at the same place.
    waits_to
        Whether it waits for them before it starts or only before it finishes.
    season
        Season class.
    stages
        Its milestones in order; empty unless measured by them.
    standing, source
        Where its figures come from.
    """

    id: str
    names: Mapping[str, str]
    group: str
    measure: Measure
    unit: str
    on: str
    kinds: tuple[str, ...] = ()
    per_km: float = math.nan
    unit_weight: float = 1.0
    physical: bool = True
    shows: str = ""
    after: tuple[str, ...] = ()
    waits_to: str = "start"
    season: str = "all-year"
    stages: tuple[Stage, ...] = ()
    standing: str = "estimated"
    source: str = ""

    def stage(self, stage: str) -> Stage:
        """Return one of its stages.

        Raises
        ------
        UnknownIdError
            It has no such stage.
        """
        for each in self.stages:
            if each.id == stage:
                return each
        some = ", ".join(each.id for each in self.stages) or "none; it has no milestones"
        raise UnknownIdError(f"{self.id} has no stage '{stage}'; there are {some}")


@dataclass(frozen=True)
class WorkTypes(Mapping[str, WorkType]):
    """All types of work by id, in the order of their table."""

    by_id: Mapping[str, WorkType] = field(repr=False)

    def __getitem__(self, work_type: str) -> WorkType:
        """Return a work type by id."""
        if work_type not in self.by_id:
            some = ", ".join(self.by_id)
            raise UnknownIdError(f"there is no work type '{work_type}'; there are {some}")
        return self.by_id[work_type]

    def __contains__(self, work_type: object) -> bool:
        """Tell whether there is such a work type."""
        return work_type in self.by_id

    def __iter__(self) -> Iterator[str]:
        """Iterate over the ids."""
        return iter(self.by_id)

    def __len__(self) -> int:
        """Return the number of work types."""
        return len(self.by_id)


@cache
def _shipped() -> WorkTypes:
    from roadplan.corridor.load import shipped_folder

    return load_work_types(shipped_folder())


def load_work_types(path: str | os.PathLike[str] | None = None) -> WorkTypes:
    """Load the work types of a corridor.

    Parameters
    ----------
    path
        Folder with `work_types.csv` and `stages.csv`. Where it is None, or a folder without
        `work_types.csv`, those that come with roadplan are taken.

    Raises
    ------
    FaultsError
        The tables have faults; all are listed.

    Examples
    --------
    >>> load_work_types()["bridge"].stage("deck").reached_share
    0.9
    """
    from roadplan.progress.schema import STAGES, WORK_TYPES
    from roadplan.tables.reading import empty_frame, read_csv_table

    if path is None or not (Path(path) / "work_types.csv").is_file():
        return _shipped()
    folder = Path(path)
    types, faults = read_csv_table(folder / "work_types.csv", WORK_TYPES)
    stages = empty_frame(STAGES)
    more: list[Fault] = []
    if (folder / "stages.csv").is_file():
        stages, more = read_csv_table(folder / "stages.csv", STAGES)
    faults = [*faults, *more]
    if not faults:
        faults = list(_check(types, stages))
    if faults:
        raise FaultsError(faults, f"The work types in {folder} cannot be used")
    return WorkTypes(MappingProxyType(_build(types, stages)))


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(";") if part.strip())


def _names(record: Mapping[str, Any]) -> dict[str, str]:
    return {code: record[f"name_{code}"] or record["name_en"] for code in ("en", "ru", "kk")}


def _build(types: pd.DataFrame, stages: pd.DataFrame) -> dict[str, WorkType]:
    found: dict[str, WorkType] = {}
    for row in types.to_dict("records"):
        record = {str(key): value for key, value in row.items()}
        own = stages[stages["work_type"] == record["work_type"]].sort_values("seq")
        found[record["work_type"]] = WorkType(
            id=record["work_type"],
            names=MappingProxyType(_names(record)),
            group=record["group"],
            measure=record["measure"],
            unit=record["unit"],
            on=record["on"],
            kinds=_parts(record["kinds"]),
            per_km=float(record["per_km"]),
            unit_weight=float(record["unit_weight"]),
            physical=bool(record["physical"]),
            shows=record["shows"],
            after=_parts(record["after"]),
            waits_to=record["waits_to"],
            season=record["season"],
            stages=_stages(own),
            standing=record["standing"],
            source=record["source"],
        )
    return found


def _stages(rows: pd.DataFrame) -> tuple[Stage, ...]:
    done, found = 0.0, []
    for i, row in enumerate(rows.to_dict("records"), start=1):
        record = {str(key): value for key, value in row.items()}
        # Shares are checked to add up to 1; rounding must not leave finished work unfinished.
        done = 1.0 if i == len(rows) else round(done + float(record["share"]), 12)
        found.append(
            Stage(
                id=record["stage"],
                names=MappingProxyType(_names(record)),
                share=float(record["share"]),
                reached_share=done,
                traffic=bool(record["traffic"]),
            )
        )
    return tuple(found)


def _check(types: pd.DataFrame, stages: pd.DataFrame) -> Iterator[Fault]:
    """Yield what does not hold together across rows and tables."""
    known = set(types["work_type"])
    for record in types.to_dict("records"):
        place: dict[str, Any] = {"file": "work_types.csv", "row": int(record["_row"])}
        yield from _check_type(record, known, place)
        own = stages[stages["work_type"] == record["work_type"]]
        if record["measure"] == "milestones" and abs(own["share"].sum() - 1) > _SHARES_TOLERANCE:
            yield Fault(
                **place,
                column="work_type",
                value=record["work_type"],
                why=f"the shares of its stages add up to {own['share'].sum():g}",
                remedy="give stages in stages.csv whose shares add up to 1",
            )
    for name, frame, key in (
        ("work_types.csv", types, ["work_type"]),
        ("stages.csv", stages, ["work_type", "stage"]),
        ("stages.csv", stages, ["work_type", "seq"]),
    ):
        for record in frame[frame.duplicated(key)].to_dict("records"):
            yield Fault(
                file=name,
                row=int(record["_row"]),
                column=key[-1],
                value=f"{record[key[-1]]}",
                why="it is there already",
                remedy="keep one row",
            )
    for record in stages[~stages["work_type"].isin(known)].to_dict("records"):
        yield Fault(
            file="stages.csv",
            row=int(record["_row"]),
            column="work_type",
            value=record["work_type"],
            why="there is no such work type",
            remedy="add it to work_types.csv",
        )


def _check_type(
    record: Mapping[Any, Any], known: set[str], place: Mapping[str, Any]
) -> Iterator[Fault]:
    along = record["on"] == "segments"
    if along == (record["measure"] == "milestones"):
        yield Fault(
            **place,
            column="measure",
            value=record["measure"],
            why=f"work on {record['on']} cannot be measured by {record['measure']}",
            remedy="measure work on segments by stretch or amount and all other by milestones",
        )
    if along and not record["per_km"] > 0:
        yield Fault(
            **place,
            column="per_km",
            why="work along the road needs its quantity for each kilometre",
            remedy="give a number above 0",
        )
    if record["shows"] and record["measure"] != "stretch":
        yield Fault(
            **place,
            column="shows",
            value=record["shows"],
            why="only work measured by stretches shows kilometres",
            remedy="leave it empty",
        )
    for other in _parts(record["after"]):
        if other not in known:
            yield Fault(
                **place,
                column="after",
                value=other,
                why="there is no such work type",
                remedy=f"name some of {', '.join(sorted(known))}",
            )
