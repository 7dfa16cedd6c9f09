"""Stations carried over from an old axis to a new one, with all that stands on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from roadplan.corridor._geodesic import GEOD, Floats
from roadplan.corridor.axis import Axis
from roadplan.corridor.osm.matching import match, rising
from roadplan.corridor.osm.plane import Plane
from roadplan.corridor.schema import TABLES

_STATION_COLUMNS = ("station_m", "from_m", "to_m")
_EVERY_M = 250.0
_LEAST_SLOPE = 0.05
"""A metre of the old axis becomes at least so much of the new one, so that no stretch vanishes
where the new road cuts a corner."""
_DECIMALS = 3


@dataclass(frozen=True, eq=False)
class StationMap:
    """Old stations to new ones: rising, from end to end, linear between known pairs.

    Equal stations stay equal and greater ones greater, so stretches that touched still touch and
    none comes to overlap another.

    Parameters
    ----------
    old_m, new_m
        Pairs of stations, both rising, beginning at 0 and ending at the lengths of the axes.
    """

    old_m: Floats
    new_m: Floats

    def __call__(self, station_m: ArrayLike) -> Floats:
        """Return the new stations of old ones, to the millimetre and never beyond the end."""
        exact = np.interp(np.asarray(station_m, dtype=float), self.old_m, self.new_m)
        end = np.floor(self.new_m[-1] * 10**_DECIMALS) / 10**_DECIMALS
        return np.asarray(np.minimum(np.round(exact, _DECIMALS), end))


def map_stations(old: Axis, new: Axis, stations: ArrayLike = ()) -> StationMap:
    """Find where each place of an old axis comes to lie on a new one.

    A place goes to the nearest place of the new axis that keeps the order; both ends go to the
    ends.

    Parameters
    ----------
    old, new
        The axes.
    stations
        Old stations that are wanted exactly; between them the map is linear.
    """
    count = max(2, int(np.ceil(old.length_m / _EVERY_M)) + 1)
    asked = np.clip(np.asarray(stations, dtype=float).ravel(), 0, old.length_m)
    at = np.unique(
        np.concatenate((np.linspace(0, old.length_m, count), old.control_station_m, asked))
    )
    plane = Plane(old.vertex_lon, old.vertex_lat)
    place = match(
        plane.xy(*old.points(at)),
        at,
        plane.xy(new.vertex_lon, new.vertex_lat),
        new.vertex_station_m,
    )
    slope = _LEAST_SLOPE * min(1.0, new.length_m / old.length_m)
    spare = new.length_m - slope * old.length_m
    above = rising(np.clip(place - slope * at, 0.0, spare))
    above[0], above[-1] = 0.0, spare
    return StationMap(at, above + slope * at)


@dataclass(frozen=True, kw_only=True)
class RowMove:
    """How far one row moves.

    Parameters
    ----------
    table, key
        The row.
    old_m, new_m
        Its station before and after; for a stretch that of the end which moves most.
    sideways_m
        Distance on the ground between the old place and the new one.
    """

    table: str
    key: str
    old_m: float
    new_m: float
    sideways_m: float

    @property
    def along_m(self) -> float:
        """By how much its station changes."""
        return self.new_m - self.old_m


@dataclass(frozen=True, kw_only=True)
class TableMove:
    """How far the rows of one table move, in metres."""

    table: str
    rows: int
    along_median_m: float
    along_max_m: float
    sideways_median_m: float
    sideways_max_m: float

    @classmethod
    def of(cls, table: str, rows: list[RowMove]) -> TableMove:
        """Sum up the moves of a table's rows; medians and maxima are of absolute values."""
        along = np.abs([row.along_m for row in rows])
        sideways = np.array([row.sideways_m for row in rows])
        return cls(
            table=table,
            rows=len(rows),
            along_median_m=float(np.median(along)),
            along_max_m=float(along.max()),
            sideways_median_m=float(np.median(sideways)),
            sideways_max_m=float(sideways.max()),
        )


def stations_on(tables: Mapping[str, pd.DataFrame], route: str) -> Floats:
    """Return every station that a row of a route has."""
    found = [np.empty(0)]
    for name, columns in _station_columns().items():
        own = tables[name][tables[name]["route"] == route]
        found += [own[column].to_numpy(dtype=float) for column in columns]
    stations = np.concatenate(found)
    return stations[np.isfinite(stations)]


def carry_tables(
    tables: Mapping[str, pd.DataFrame], route: str, old: Axis, new: Axis, mapped: StationMap
) -> tuple[dict[str, pd.DataFrame], list[RowMove]]:
    """Carry every row of a route from its old axis to a new one.

    Places with coordinates of their own stay where they are: their station and offset are those
    of the nearest place on the new axis.

    Parameters
    ----------
    tables
        All tables of the corridor. Not changed.
    route
        The route.
    old, new, mapped
        Its axes, and old stations to new ones.

    Returns
    -------
    tables
        All tables, those with rows on the route renewed.
    moves
        One for each row, in the order of the tables.
    """
    renewed = dict(tables)
    moves: list[RowMove] = []
    for name, columns in _station_columns().items():
        frame = tables[name].copy()
        own = np.flatnonzero((frame["route"] == route).to_numpy())
        if not len(own):
            continue
        before = frame.iloc[own][columns].to_numpy(dtype=float)
        after = mapped(before)
        if TABLES[name].shape == "lonlat":
            lon, lat = (frame[c].to_numpy(dtype=float)[own] for c in ("lon", "lat"))
            station, offset = new.locate(lon, lat)
            after = _rounded(station[:, None], _DECIMALS)
            frame["offset_m"] = _with(frame["offset_m"], own, _rounded(np.abs(offset), 1))
        for i, column in enumerate(columns):
            frame[column] = _with(frame[column], own, after[:, i])
        renewed[name] = frame
        moves += _row_moves(name, frame.iloc[own], before, after, old, new)
    return renewed, moves


def _station_columns() -> dict[str, list[str]]:
    """Return the columns with stations of each table that has a route."""
    return {
        name: columns
        for name, table in TABLES.items()
        if "route" in table.names and (columns := [c for c in _STATION_COLUMNS if c in table.names])
    }


def _with(column: pd.Series, rows: np.ndarray, values: Floats) -> Floats:
    """Return a column of numbers with new values in some rows."""
    numbers: Floats = column.to_numpy(dtype=float).copy()
    numbers[rows] = values
    return numbers


def _rounded(values: Floats, decimals: int) -> Floats:
    return np.asarray(np.round(values, decimals), dtype=float)


def _row_moves(
    name: str, rows: pd.DataFrame, before: Floats, after: Floats, old: Axis, new: Axis
) -> list[RowMove]:
    """Return how far rows move; before and after have a column for each end."""
    there = old.points(np.clip(before, 0, old.length_m))
    here = new.points(np.clip(after, 0, new.length_m))
    away = np.asarray(GEOD.inv(*there, *here)[2])
    most = np.abs(after - before).argmax(axis=1)
    pick = np.arange(len(rows)), most
    columns = [column for column in TABLES[name].key if column != "route"]
    keys = rows[columns].astype(str).agg(" ".join, axis=1)
    return [
        RowMove(table=name, key=key, old_m=old_m, new_m=new_m, sideways_m=sideways)
        for key, old_m, new_m, sideways in zip(
            keys,
            before[pick].tolist(),
            after[pick].tolist(),
            away.max(axis=1).tolist(),
            strict=True,
        )
    ]
