"""Event tables as frames: checked on the way in, put together on the way out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from roadplan.corridor._stretches import Stretches, clashes
from roadplan.errors import Fault, FaultsError, RoadplanError

PLACE = ("route", "from_m", "to_m")
"""The columns that say where a row lies; all others are its attributes."""


def checked(events: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return an event table as a fresh plain frame with sound stretches.

    Parameters
    ----------
    events
        Any frame with the columns `route`, `from_m` and `to_m`.
    name
        What to call it in messages.

    Returns
    -------
    DataFrame
        Rows and attributes as they were, with the index kept, `route` as text and the ends as
        floats. Geometries are left out: a piece of a stretch has another line.

    Raises
    ------
    FaultsError
        A column is missing or doubled, an end is not a finite number, or a stretch is empty or
        reversed; each row is named by its index.
    """
    columns = list(events.columns)
    faults = [
        Fault(why=f"column {column} is missing", remedy="an event table has route, from_m and to_m")
        for column in PLACE
        if column not in columns
    ]
    doubled = sorted({str(column) for column in columns if columns.count(column) > 1})
    faults += [
        Fault(why=f"column {column} is there twice", remedy="rename one of them")
        for column in doubled
    ]
    if faults:
        raise FaultsError(faults, f"The table {name} is no event table")
    shapes = [name for name in columns if str(events[name].dtype) == "geometry"]
    frame = pd.DataFrame(events.drop(columns=shapes))
    begin, end = (
        pd.to_numeric(frame[column], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
        for column in ("from_m", "to_m")
    )
    findings = (
        (frame["route"].isna().to_numpy(), "has no route", "name the route it lies on"),
        (
            ~(np.isfinite(begin) & np.isfinite(end)),
            "has an end that is no number",
            "give both ends in metres",
        ),
        (end <= begin, "is empty or reversed", "from_m must be less than to_m"),
    )
    faults = [
        Fault(
            why=f"row {frame.index[int(i)]} {why}",
            remedy=remedy,
            value=f"[{frame['from_m'].iloc[int(i)]}, {frame['to_m'].iloc[int(i)]})",
        )
        for wrong, why, remedy in findings
        for i in np.flatnonzero(wrong)
    ]
    if faults:
        raise FaultsError(faults, f"The table {name} cannot be used")
    frame["route"] = frame["route"].astype(str)
    frame["from_m"], frame["to_m"] = begin, end
    return frame


def extents_frame(extents: pd.DataFrame | Mapping[str, float]) -> pd.DataFrame:
    """Return extents as a checked event table; lengths by route become whole routes.

    The index of whole routes is their identifiers.
    """
    if isinstance(extents, pd.DataFrame):
        return checked(extents, "extents")
    routes = [str(route) for route in extents]
    frame = pd.DataFrame({"route": routes, "from_m": 0.0, "to_m": list(extents.values())})
    return checked(frame.set_index(pd.Index(routes, name="route_id")), "extents")


def cut_points(cuts: pd.DataFrame | None) -> pd.DataFrame:
    """Return places to cut at as stretches of no length."""
    if cuts is None:
        return pd.DataFrame({"route": [], "from_m": [], "to_m": []})
    missing = {"route", "station_m"} - set(cuts.columns)
    if missing:
        raise RoadplanError(f"the cuts lack the columns {', '.join(sorted(missing))}")
    station = pd.to_numeric(cuts["station_m"], errors="coerce").to_numpy(float)
    if not np.isfinite(station).all():
        wrong = ", ".join(
            str(cuts.index[int(i)]) for i in np.flatnonzero(~np.isfinite(station))[:5]
        )
        raise RoadplanError(f"the cuts have no station in row {wrong}; give metres")
    return pd.DataFrame({"route": cuts["route"].astype(str), "from_m": station, "to_m": station})


def require(events: pd.DataFrame, columns: Sequence[str]) -> None:
    """Raise if attributes are missing."""
    has = [str(column) for column in events.columns if column not in PLACE]
    missing = [column for column in columns if column not in has]
    if missing:
        raise RoadplanError(
            f"there is no attribute {', '.join(missing)}; the table has {', '.join(has) or 'none'}"
        )


def together(*frames: pd.DataFrame) -> tuple[list[str], list[Stretches]]:
    """Return route names in order and checked tables as arrays that share route codes."""
    routes = np.concatenate([frame["route"].to_numpy(object) for frame in frames])
    codes, names = pd.factorize(routes, sort=True)
    bounds = np.cumsum([0, *(len(frame) for frame in frames)])
    sets = [
        Stretches(
            codes[bounds[k] : bounds[k + 1]].astype(np.intp),
            frame["from_m"].to_numpy(float),
            frame["to_m"].to_numpy(float),
        )
        for k, frame in enumerate(frames)
    ]
    return [str(name) for name in names], sets


def refuse_overlaps(frame: pd.DataFrame, stretches: Stretches, name: str, why: str) -> None:
    """Raise if rows of a table overlap each other.

    Raises
    ------
    FaultsError
        Names each row that begins inside another.
    """
    later, earlier = clashes(stretches)
    if len(later):
        faults = [
            Fault(
                why=(
                    f"row {frame.index[int(j)]} begins inside row {frame.index[int(i)]} on route "
                    f"{frame['route'].iloc[int(j)]} at {frame['from_m'].iloc[int(j)]:.3f} m"
                ),
                remedy="end one where the other begins",
            )
            for j, i in zip(later, earlier, strict=True)
        ]
        raise FaultsError(faults, f"Stretches of the table {name} overlap: {why}")


def attributes(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the attributes of a table, its rows numbered from 0."""
    return frame.drop(columns=list(PLACE)).reset_index(drop=True)


def renamed(frames: Sequence[pd.DataFrame], suffixes: Sequence[str]) -> list[pd.DataFrame]:
    """Add suffixes to the columns that several tables have."""
    names = [str(column) for frame in frames for column in frame.columns]
    shared = {name for name in names if names.count(name) > 1}
    result = [
        frame.rename(columns={c: f"{c}{suffix}" for c in frame.columns if str(c) in shared})
        for frame, suffix in zip(frames, suffixes, strict=True)
    ]
    names = [str(column) for frame in result for column in frame.columns]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise RoadplanError(
            f"two columns of the result would be called {', '.join(doubled)}; "
            "rename one or choose other suffixes"
        )
    return result


def assembled(
    routes: Sequence[str], place: Stretches, sides: Sequence[pd.DataFrame]
) -> pd.DataFrame:
    """Put stretches and attribute rows together."""
    columns = {
        "route": np.array(routes, dtype=object)[place.route],
        "from_m": place.from_m,
        "to_m": place.to_m,
    }
    frames = [pd.DataFrame(columns).astype({"route": "str"})]
    frames += [frame.reset_index(drop=True) for frame in sides]
    return pd.concat(frames, axis=1)
