"""Rows of a progress sheet, turned into the reports that they state."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from roadplan.corridor.inventory_placing import Trouble
from roadplan.corridor.model import Corridor, Stretch
from roadplan.errors import RoadplanError
from roadplan.progress.checks import OVER_SHARE, check_reports
from roadplan.progress.items import WorkItems
from roadplan.progress.report import Report
from roadplan.progress.sheet import Vocabulary
from roadplan.progress.sheet_places import (
    NEAR_M,
    Part,
    find_stretch,
    parts_by_contract,
    said_km,
    why_and_remedy,
)
from roadplan.progress.worktypes import WorkType

_COLUMN_OF_FIELD = {"from_m": "from_post", "to_m": "to_post", "route": "from_post"}
_PLACE_COLUMNS = frozenset({"from_post", "to_post", "route", "posting", "contract"})
_ROUNDING_KM = 0.05


@dataclass(frozen=True, kw_only=True)
class Statement:
    """What one row states.

    Parameters
    ----------
    sheet, row
        Where the row stands.
    reports
        Its reports, one for each contract it touches; none where something is wrong.
    notes
        What the user should know, e.g. that it was split.
    troubles
        What is wrong.
    source_said
        Whether the row names its source itself.
    """

    sheet: str
    row: int
    reports: tuple[Report, ...] = ()
    notes: tuple[str, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    source_said: bool = False


@dataclass(frozen=True, kw_only=True)
class RowReader:
    """Reads rows against one corridor.

    Parameters
    ----------
    corridor, items, words
        The road, its work, and what cells may name.
    today
        Work later than this day is a fault.
    author, source, standing, posting, route
        What to assume where a row says none.
    more_than_planned
        Let amounts pass that are more than planned.
    """

    corridor: Corridor
    items: WorkItems
    words: Vocabulary = field(repr=False)
    today: dt.date
    author: str = ""
    source: str = ""
    standing: str = "reported"
    posting: str = ""
    route: str = ""
    more_than_planned: bool = False

    def read(
        self, record: Mapping[str, Any], spoilt: Collection[str], *, sheet: str, row: int
    ) -> Statement:
        """Return what a row states, with everything that is wrong with it.

        Parameters
        ----------
        record
            Column name → value, as :func:`roadplan.tables.reading.parse_table` gives them.
        spoilt
            Columns whose cell could not be understood; they have been told already.
        sheet, row
            Where the row stands.
        """
        reading = _Reading(self, record, frozenset(spoilt))
        reports = reading.reports()
        whole = not reading.troubles and not spoilt
        return Statement(
            sheet=sheet,
            row=row,
            reports=tuple(reports) if whole else (),
            notes=tuple(reading.notes),
            troubles=tuple(reading.troubles),
            source_said=bool(record["source"]),
        )


class _Reading:
    """One row being read; collects what is wrong."""

    def __init__(
        self, reader: RowReader, record: Mapping[str, Any], spoilt: frozenset[str]
    ) -> None:
        self.reader, self.record, self.spoilt = reader, record, spoilt
        self.notes: list[str] = []
        self.troubles: list[Trouble] = []

    def wrong(self, column: str, why: str, remedy: str = "") -> None:
        self.troubles.append(Trouble(column=column, why=why, remedy=remedy))

    def reports(self) -> list[Report]:
        words = self.reader.words
        if not (self.record["author"] or self.reader.author or "author" in self.spoilt):
            self.wrong("author", "nobody is named who reports it", "fill it in or give --author")
        contract = self._named("contract", words.contracts)
        route = self._named("route", words.routes) or self.reader.route
        posting = self._posting()
        day = self._day()
        name = self._named("work_type", words.work_types)
        if name is None or name == "":
            return []
        kind = self.reader.items.types[name]
        if kind.measure == "milestones":
            return self._milestone(kind, contract, day)
        return self._along(kind, contract, route, posting, day)

    # -- cells ------------------------------------------------------------------------------

    def _named(self, column: str, words: Any, among: Any = None) -> str | None:
        """Return the id that a cell means; empty for an empty cell, None for a wrong one."""
        text = str(self.record[column])
        if column in self.spoilt or not text:
            return None if column in self.spoilt else ""
        found = words.find(text, among)
        if isinstance(found, str):
            return found
        self.wrong(column, *found)
        return None

    def _posting(self) -> str:
        text = str(self.record["posting"])
        if not text:
            return self.reader.posting
        try:
            return self.reader.corridor.postings.resolve(text)
        except RoadplanError as error:
            self.wrong("posting", *why_and_remedy(error))
            return ""

    def _day(self) -> dt.date | None:
        text = str(self.record["work_date"])
        if "work_date" in self.spoilt or not text:
            return None
        day = dt.date.fromisoformat(text[:10])
        if day > self.reader.today:
            self.wrong(
                "work_date",
                "the work lies in the future",
                f"give a day up to {self.reader.today.isoformat()}",
            )
            return None
        return day

    # -- work with milestones ---------------------------------------------------------------

    def _milestone(self, kind: WorkType, contract: str | None, day: dt.date | None) -> list[Report]:
        stage = self._stage(kind)
        asset = self._asset(kind, contract)
        if asset and contract:
            item = self.reader.items.item(f"{kind.id}:{asset}")
            if item.contract != contract:
                self.wrong(
                    "contract", f"{asset} belongs to {item.contract}", "correct one of the two"
                )
        if not math.isnan(self.record["quantity"]):
            self.wrong(
                "quantity",
                "work with milestones has no quantity",
                "leave it empty and give the stage reached",
            )
        if self.troubles or stage is None or asset is None or day is None:
            return []
        report = self._report(work_type=kind.id, asset=asset, stage=stage, work_date=day)
        return [] if report is None else [report]

    def _stage(self, kind: WorkType) -> str | None:
        stages = ", ".join(stage.id for stage in kind.stages)
        if not self.record["stage"] and "stage" not in self.spoilt:
            self.wrong("stage", f"{kind.id} is reported by its stage", f"write one of {stages}")
            return None
        return self._named("stage", self.reader.words.stages[kind.id])

    def _asset(self, kind: WorkType, contract: str | None) -> str | None:
        items = self.reader.items

        def fits(asset: str) -> bool:
            key = f"{kind.id}:{asset}"
            return key in items.ids and contract in (None, "", items.item(key).contract)

        if kind.on == "contracts":
            if self.record["asset"]:
                found = self._named("asset", self.reader.words.contracts)
                return found if found is None else self._checked_asset(kind, found)
            if not contract:
                if contract == "":
                    self.wrong("contract", f"{kind.id} is reported for a contract", "name it")
                return None
            return contract
        if self.record["asset"] or "asset" in self.spoilt:
            found = self._named("asset", self.reader.words.assets, fits)
            return found if found is None else self._checked_asset(kind, found)
        return self._asset_at_post(kind)

    def _checked_asset(self, kind: WorkType, asset: str) -> str | None:
        items = self.reader.items
        if f"{kind.id}:{asset}" in items.ids:
            return asset
        named = [item.asset for item in items if item.work_type == kind.id]
        some = f"there are {', '.join(named[:5])}" + (" …" if len(named) > 5 else "")
        self.wrong("asset", f"there is no {kind.id} of this name", some if named else "")
        return None

    def _asset_at_post(self, kind: WorkType) -> str | None:
        """Return the only thing of a kind that stands at the post of the row."""
        text = self.record["from_post"] or self.record["to_post"]
        column = "from_post" if self.record["from_post"] else "to_post"
        if not text:
            if not _PLACE_COLUMNS & self.spoilt:
                self.wrong("asset", f"{kind.id} is reported on a structure or place", "name it")
            return None
        try:
            here = self.reader.corridor.position(
                str(text), posting=self._posting(), route=self.reader.route
            )
        except RoadplanError as error:
            self.wrong(column, *why_and_remedy(error))
            return None
        near = [
            item.asset
            for item in self.reader.items
            if item.work_type == kind.id
            and item.route == here.route
            and item.from_m - NEAR_M <= here.station_m <= item.to_m + NEAR_M
        ]
        if len(near) == 1:
            self.notes.append(f"{near[0]} stands there")
            return near[0]
        why = f"{' and '.join(near)} stand there" if near else f"no {kind.id} stands there"
        self.wrong(column, why, "name the structure or place by its id")
        return None

    # -- work along the road ----------------------------------------------------------------

    def _along(
        self,
        kind: WorkType,
        contract: str | None,
        route: str,
        posting: str,
        day: dt.date | None,
    ) -> list[Report]:
        if self.record["stage"]:
            self.wrong("stage", f"{kind.id} has no stages", "leave it empty")
        stretch = self._stretch(kind, route, posting)
        if stretch is None or contract is None:
            self._check_quantity(kind, None)
            return []
        parts, notes, troubles = parts_by_contract(
            self.reader.corridor, stretch, self.reader.items, contract=contract
        )
        self.notes += notes
        self.troubles += troubles
        quantity = self._check_quantity(kind, stretch)
        if not parts or (kind.measure == "amount" and quantity is None):
            return []
        if len(parts) > 1 and self.record["corrects"]:
            self.wrong(
                "corrects", "one report cannot be corrected in two contracts", "give a row for each"
            )
        shares = self._shares(kind, parts)
        made = [
            self._report(
                work_type=kind.id,
                route=part.stretch.route,
                from_m=part.stretch.from_m,
                to_m=part.stretch.to_m,
                side=self.record["side"] or "both",
                quantity=None if quantity is None else round(quantity * share, 6),
                # Without a sound date the rest of the row is still checked.
                work_date=day or self.reader.today,
            )
            for part, share in zip(parts, shares, strict=True)
        ]
        return (
            []
            if self.troubles or day is None
            else [report for report in made if report is not None]
        )

    def _stretch(self, kind: WorkType, route: str, posting: str) -> Stretch | None:
        if {"from_post", "to_post", "route", "posting", "asset"} & self.spoilt:
            return None
        from_post, to_post = str(self.record["from_post"]), str(self.record["to_post"])
        if self.record["asset"]:
            segment = self._named("asset", self.reader.words.segments)
            if segment is None:
                return None
            if from_post or to_post:
                self.wrong("asset", "the place is said by posts too", "leave only one of them")
                return None
            found = self.reader.corridor.segment(segment)
            return Stretch(route=found.route, from_m=found.from_m, to_m=found.to_m)
        if not from_post and not to_post:
            self.wrong(
                "from_post",
                f"{kind.id} is reported on a stretch",
                "give the posts at which it begins and ends",
            )
            return None
        stretch, notes, troubles = find_stretch(
            self.reader.corridor, from_post, to_post, posting=posting, route=route
        )
        self.notes += notes
        self.troubles += troubles
        return stretch

    def _check_quantity(self, kind: WorkType, stretch: Stretch | None) -> float | None:
        """Return the quantity to report; a length that only repeats the stretch is none."""
        quantity = float(self.record["quantity"])
        if math.isnan(quantity) or "quantity" in self.spoilt:
            if kind.measure == "amount" and "quantity" not in self.spoilt:
                self.wrong(
                    "quantity",
                    f"{kind.id} is reported by the amount there is",
                    f"give the {kind.unit} to date",
                )
            return None
        if kind.measure == "amount" or quantity == 0:
            return quantity
        if stretch is not None:
            self._check_length(kind, quantity, stretch)
        return None

    def _check_length(self, kind: WorkType, quantity: float, stretch: Stretch) -> None:
        along = self.reader.items.planned_on(kind.id, stretch.route, stretch.from_m, stretch.to_m)
        posts_km = said_km(str(self.record["from_post"]), str(self.record["to_post"]))
        # Post kilometres and kilometres along the axis differ; either may be meant.
        lengths = [along] + ([posts_km * kind.per_km] if posts_km else [])
        half = 1.0 if (self.record["side"] or "both") == "both" else 0.5
        lengths += [length * half for length in lengths] if half < 1 else []
        slack = _ROUNDING_KM * kind.per_km
        if any(abs(quantity - length) <= length * OVER_SHARE + slack for length in lengths):
            return
        if quantity > max(lengths):
            if not self.reader.more_than_planned:
                self.wrong(
                    "quantity",
                    f"it is more than fits on the stretch: {max(lengths):.4g} {kind.unit}",
                    "correct the posts, or leave the quantity empty",
                )
            return
        self.wrong(
            "quantity",
            f"the stretch is {along:.4g} {kind.unit} long, of which not all is done",
            "give the posts of the stretch that is done and leave the quantity empty",
        )

    def _shares(self, kind: WorkType, parts: list[Part]) -> list[float]:
        """Return which share of an amount falls to each part: as the work planned there."""
        planned = [
            self.reader.items.planned_on(
                kind.id, part.stretch.route, part.stretch.from_m, part.stretch.to_m
            )
            for part in parts
        ]
        whole = sum(planned)
        if whole <= 0:
            lengths = [part.stretch.length_m for part in parts]
            return [length / sum(lengths) for length in lengths]
        return [amount / whole for amount in planned]

    # -- the report -------------------------------------------------------------------------

    def _report(self, **stated: Any) -> Report | None:
        reader, record = self.reader, self.record
        try:
            report = Report(
                author=record["author"] or reader.author or "?",
                source=record["source"] or reader.source,
                standing=record["standing"] or reader.standing,
                supersedes=record["corrects"],
                note=record["note"],
                **stated,
            )
        except RoadplanError as error:
            self.wrong("work_type", *why_and_remedy(error))
            return None
        lengths = {key: route.length_m for key, route in reader.corridor.routes.items()}
        faults = check_reports(
            [report],
            reader.items,
            today=reader.today,
            route_lengths_m=lengths,
            more_than_planned=reader.more_than_planned,
        )
        for fault in faults:
            trouble = Trouble(
                column=_COLUMN_OF_FIELD.get(fault.column, fault.column),
                why=fault.why,
                remedy=fault.remedy,
            )
            if trouble not in self.troubles:
                self.troubles.append(trouble)
        return report
