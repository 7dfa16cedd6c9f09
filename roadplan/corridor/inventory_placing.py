"""Where the rows of an inventory lie: by station, by kilometre post, or by a point beside the road.

One row may say its place in several ways, as exported and refilled sheets do. Those that agree with
what the corridor has say nothing new; those that differ from it are what the writer changed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from roadplan.corridor.inventory_schema import (
    POST_SEPARATOR,
    SAME_POST_M,
)
from roadplan.corridor.model import Corridor
from roadplan.corridor.position import Position
from roadplan.errors import PostError, RoadplanError
from roadplan.tables.schema import Table

MAX_OFFSET_M = 2000.0
"""How far off the axis a thing on the road may be said to lie."""

TOLD_OFFSET_M = 30.0
"""Offset from which on it is told: more than the width of road and verge."""

Record = Mapping[str, Any]
"""One row: column name → value."""

_STATION_COLUMN = {"post": "station_m", "from_post": "from_m", "to_post": "to_m"}
"""Column of a post → column of the station it means."""

_STATION_TOLERANCE_M = 0.01
_POINT_TOLERANCE_M = 2.0


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """What is wrong with the place of one row."""

    column: str
    why: str
    remedy: str = ""


@dataclass(frozen=True, kw_only=True)
class Place:
    """The place of one row in the form in which a corridor keeps it.

    Parameters
    ----------
    values
        Column name → value, of the position columns that are known.
    notes
        What the user should know, e.g. how far a point lies off the axis.
    troubles
        What is wrong; the values are fit for use only where there is nothing.
    tolerance_m
        How exactly the stations are known from the way they were given.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    tolerance_m: float = _STATION_TOLERANCE_M


@dataclass(frozen=True)
class _Candidate:
    """One way in which a row says where an end of it lies."""

    column: str
    position: Position
    tolerance_m: float
    offset_m: float = 0.0

    @property
    def notes(self) -> tuple[str, ...]:
        """What is told of a point that is not on the road itself."""
        if abs(self.offset_m) < TOLD_OFFSET_M:
            return ()
        side = "right" if self.offset_m > 0 else "left"
        return (f"the point lies {abs(self.offset_m):.0f} m to the {side} of the axis",)


class _MisplacedError(Exception):
    """A row whose place cannot be found."""

    def __init__(self, column: str, why: str, remedy: str = "") -> None:
        self.trouble = Trouble(column=column, why=why, remedy=remedy)
        super().__init__(why)


@dataclass(frozen=True, kw_only=True)
class Placer:
    """Finds the places of rows on one corridor.

    Parameters
    ----------
    corridor
        The road.
    posting, route
        What to assume where a row names none.
    """

    corridor: Corridor
    posting: str = ""
    route: str = ""

    def places(
        self,
        frame: pd.DataFrame,
        table: Table,
        known: Callable[[Mapping[str, Any]], Record | None],
    ) -> list[Place]:
        """Return the place of each row.

        Parameters
        ----------
        frame
            Rows as :func:`roadplan.corridor.inventory_schema.import_table` describes them.
        table
            The corridor's table.
        known
            Gives the row that the corridor has under the same id, or None; with its posts as they
            are exported.
        """
        records = frame.to_dict("records")
        points = self._points(frame)
        find = {"point": self._point, "stretch": self._stretch, "lonlat": self._lonlat}.get(
            table.shape
        )
        if find is None or "route" not in table.names:
            return [Place() for _ in records]
        found = []
        for record, point in zip(records, points, strict=True):
            old = known(record)
            try:
                found.append(find(record, old, point))
            except _MisplacedError as error:
                found.append(Place(troubles=(error.trouble,)))
        return found

    # -- shapes -----------------------------------------------------------------------------

    def _point(self, record: Record, old: Record | None, point: _Candidate | None) -> Place:
        if point is not None and abs(point.offset_m) > MAX_OFFSET_M:
            raise _MisplacedError(
                "lon",
                f"the point lies {abs(point.offset_m) / 1000:.1f} km off the road",
                "correct the coordinates (perhaps longitude and latitude are swapped)",
            )
        chosen = self._choose(
            [self._by_station(record, old, "station_m"), self._by_post(record, old, "post"), point],
            _position_of(old, "station_m"),
        )
        return _point_place(chosen, record, old)

    def _lonlat(self, record: Record, old: Record | None, point: _Candidate | None) -> Place:
        """Place a row that has coordinates of its own, which need not be on the road."""
        said = [
            candidate
            for candidate in (
                self._by_station(record, old, "station_m"),
                self._by_post(record, old, "post"),
            )
            if candidate is not None
        ]
        before = _position_of(old, "station_m")
        moved = old is None or (
            point is not None and any(record[name] != old[name] for name in ("lon", "lat"))
        )
        changed = [candidate for candidate in said if not self._is_same(candidate, before)]
        if not changed and not moved:
            return _unplaced(record, old, ("station_m",), "a post")
        by_point = not said or not changed
        chosen = self._choose([point] if by_point else [*said], before)
        place = _point_place(chosen, record, old)
        if chosen is None or chosen.column != "lon" or not math.isnan(record["offset_m"]):
            return place
        values = {**place.values, "offset_m": round(abs(chosen.offset_m), 1)}
        return Place(values=values, tolerance_m=place.tolerance_m)

    def _stretch(self, record: Record, old: Record | None, _: _Candidate | None) -> Place:
        ends: dict[str, _Candidate | None] = {}
        texts = {"from": record.get("from_post", ""), "to": record.get("to_post", "")}
        by_post = {
            "from": self._by_post(record, old, "from_post", texts["to"]),
            "to": self._by_post(record, old, "to_post", texts["from"]),
        }
        for end in ("from", "to"):
            ends[end] = self._choose(
                [self._by_station(record, old, f"{end}_m"), by_post[end]],
                _position_of(old, f"{end}_m"),
            )
        begin, finish = ends["from"], ends["to"]
        if begin is None or finish is None:
            return _unplaced(record, old, ("from_m", "to_m"), "from_post and to_post")
        if begin.position.route != finish.position.route:
            raise _MisplacedError(
                finish.column,
                f"it begins on {begin.position.route} and ends on {finish.position.route}",
                "split it where the routes meet",
            )
        notes = begin.notes + finish.notes
        # Where posts fall along rising stations, two posts still mean one stretch.
        if (
            begin.position.station_m > finish.position.station_m
            and begin.column == "from_post"
            and finish.column == "to_post"
        ):
            begin, finish = finish, begin
            notes += ("its posts were put in the order of the stations",)
        return Place(
            values={
                "route": begin.position.route,
                "from_m": begin.position.station_m,
                "to_m": finish.position.station_m,
            },
            notes=notes,
            tolerance_m=max(begin.tolerance_m, finish.tolerance_m),
        )

    # -- ways to say a place ----------------------------------------------------------------

    def _by_station(self, record: Record, old: Record | None, column: str) -> _Candidate | None:
        station = float(record.get(column, math.nan))
        if math.isnan(station):
            return None
        routes = list(self.corridor.routes)
        route = (
            record.get("route")
            or (old or {}).get("route")
            or self.route
            or (routes[0] if len(routes) == 1 else "")
        )
        if not route:
            raise _MisplacedError("route", "it says no route", f"write one of {', '.join(routes)}")
        try:
            position = self.corridor.checked(Position(str(route), station))
        except RoadplanError as error:
            raise _MisplacedError(column, *_why_and_remedy(error)) from error
        return _Candidate(column, position, _STATION_TOLERANCE_M)

    def _by_post(
        self, record: Record, old: Record | None, column: str, other: str = ""
    ) -> _Candidate | None:
        """Return where a post stands; `other`, the post of the other end, may tell the route."""
        text = str(record.get(column, "") or "")
        if not text:
            return None
        route = str(record.get("route", "") or "") or self.route
        if old is not None and text == old.get(column):
            # As it was exported: it means the place of its row.
            before = _position_of(old, _STATION_COLUMN[column])
            if before is not None:
                return _Candidate(column, before, SAME_POST_M)
        found: list[Position] = []
        for part in filter(None, (part.strip() for part in text.split(POST_SEPARATOR))):
            try:
                found.append(self._post(part, route, other))
            except RoadplanError as error:
                raise _MisplacedError(column, *_why_and_remedy(error)) from error
        if not found:
            raise _MisplacedError(column, "it is no kilometre post", "write it as m36:1610+250")
        # Posts are no finer than this; more digits would only pretend.
        first = _Candidate(column, self._rounded(found[0], 3), SAME_POST_M)
        if not all(self._is_same(first, position) for position in found[1:]):
            raise _MisplacedError(
                column, "its posts mean different places", "leave only one of them"
            )
        return first

    def _post(self, text: str, route: str, other: str) -> Position:
        try:
            return self.corridor.position(text, posting=self.posting, route=route)
        except PostError:
            if route or not other or POST_SEPARATOR in other:
                raise
            # The other end may stand on one route only.
            try:
                elsewhere = self.corridor.position(other, posting=self.posting)
            except RoadplanError:
                elsewhere = None
            if elsewhere is None:
                raise
            return self.corridor.position(text, posting=self.posting, route=elsewhere.route)

    def _points(self, frame: pd.DataFrame) -> list[_Candidate | None]:
        """Return the place on the road nearest to each row's coordinates, for all rows at once."""
        found: list[_Candidate | None] = [None] * len(frame)
        if not {"lon", "lat"} <= set(frame.columns):
            return found
        lon, lat = frame["lon"].to_numpy(float), frame["lat"].to_numpy(float)
        rows = np.flatnonzero(np.isfinite(lon) & np.isfinite(lat))
        if not len(rows):
            return found
        wanted = frame["route"].to_numpy(object)[rows]
        best = np.full(len(rows), np.inf)
        routes = np.full(len(rows), "", dtype=object)
        stations, offsets = np.zeros(len(rows)), np.zeros(len(rows))
        for name, route in self.corridor.routes.items():
            station, offset = route.axis.locate(lon[rows], lat[rows])
            better = (np.abs(offset) < best - 1.0) & ((wanted == "") | (wanted == name))
            best = np.where(better, np.abs(offset), best)
            routes[better] = name
            stations, offsets = (
                np.where(better, station, stations),
                np.where(better, offset, offsets),
            )
        for i, row in enumerate(rows):
            if routes[i]:
                found[row] = _Candidate(
                    "lon",
                    self._rounded(Position(str(routes[i]), float(stations[i])), 2),
                    _POINT_TOLERANCE_M,
                    float(offsets[i]),
                )
        return found

    def _rounded(self, position: Position, decimals: int) -> Position:
        """Return a position to some decimals, still on its route."""
        length_m = self.corridor.axis(position.route).length_m
        return Position(position.route, min(round(position.station_m, decimals), length_m))

    # -- choosing ---------------------------------------------------------------------------

    def _choose(
        self, candidates: list[_Candidate | None], before: Position | None
    ) -> _Candidate | None:
        """Return the one place that is meant: what was changed, else what is said first.

        Raises
        ------
        _MisplacedError
            Two of the ways to say the place were changed and disagree.
        """
        said = [candidate for candidate in candidates if candidate is not None]
        if not said:
            return None
        changed = [c for c in said if not self._is_same(c, before)] if before is not None else said
        if not changed and before is not None:
            return _Candidate(said[0].column, before, said[0].tolerance_m)
        chosen = changed[0]
        for candidate in changed[1:]:
            wide = max(chosen.tolerance_m, candidate.tolerance_m)
            loose = _Candidate(candidate.column, candidate.position, wide)
            if not self._is_same(loose, chosen.position):
                raise _MisplacedError(
                    candidate.column,
                    f"{candidate.column} says {_text(candidate.position)}, {chosen.column} says "
                    f"{_text(chosen.position)}",
                    "leave only one of them",
                )
        return chosen

    def _is_same(self, candidate: _Candidate, other: Position | None) -> bool:
        if other is None:
            return False
        here = candidate.position
        if here.route == other.route:
            return abs(here.station_m - other.station_m) <= candidate.tolerance_m
        try:
            return self.corridor.distance_m(here, other) <= candidate.tolerance_m
        except RoadplanError:
            return False


def _position_of(old: Record | None, column: str) -> Position | None:
    if old is None or not old["route"] or math.isnan(old[column]):
        return None
    return Position(str(old["route"]), float(old[column]))


def _point_place(chosen: _Candidate | None, record: Record, old: Record | None) -> Place:
    if chosen is None:
        return _unplaced(record, old, ("station_m",), "a post, or lon and lat")
    return Place(
        values={"route": chosen.position.route, "station_m": chosen.position.station_m},
        notes=chosen.notes,
        tolerance_m=chosen.tolerance_m,
    )


def _unplaced(
    record: Record,
    old: Record | None,
    columns: tuple[str, ...],
    instead: str,
) -> Place:
    """Return the place of a row that says none: where it was, if it was anywhere."""
    route = record.get("route", "")
    if old is not None and (not route or route == old["route"]):
        return Place(values={name: old[name] for name in ("route", *columns)})
    raise _MisplacedError(
        columns[0],
        "it says no place on the road",
        f"give route and {' and '.join(columns)}, or {instead}",
    )


def _text(position: Position) -> str:
    return f"{position.route}@{position.station_m:.1f}"


def _why_and_remedy(error: RoadplanError) -> tuple[str, str]:
    """Split an error's message at its first semicolon into reason and remedy."""
    why, _, remedy = str(error).partition("; ")
    return why, remedy
