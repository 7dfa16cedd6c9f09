"""Whether the tables of a corridor hold together: one function for each rule.

Every rule looks at all rows and yields every fault, so that a user mends a corridor in one go.
Rules on values alone (ranges, choices, standings) belong to reading; these here look across rows
and tables.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from zoneinfo import available_timezones

import numpy as np
import pandas as pd

from roadplan.corridor._control_points import STATION_TOLERANCE_M
from roadplan.corridor.axis import Axis
from roadplan.corridor.schema import ASSET_TABLES, TABLES
from roadplan.errors import Fault, RoadplanError

Tables = Mapping[str, pd.DataFrame]
Axes = Mapping[str, Axis]

COVERAGE_TOLERANCE_M = 1.0
"""The longest gap between segments that is taken for rounding."""

JUNCTION_TOLERANCE_M = 250.0
"""How far apart the members of one junction may be drawn; axes are generalised to about 200 m."""

OFF_ROUTE_M = 1_000.0
"""How far a place's own coordinates may be from where its station and offset put it."""

LONGEST_JUMP_M = 200_000.0
"""The longest distance between neighbouring control points that is taken for a road."""

POST_RESIDUAL_SHARE = 0.6
"""Post kilometres may be drawn from 1 − this to 1 / (1 − this) of their official length."""


def check_tables(tables: Tables) -> list[Fault]:
    """Check that the tables of a corridor hold together.

    Parameters
    ----------
    tables
        Table name → rows with the columns of :data:`roadplan.corridor.schema.TABLES`. A column
        `_row` holds the row of the file, for the messages; without it rows count from 2.

    Returns
    -------
    list of Fault
        All faults, in the order of the rules; empty where all is well.
    """
    faults: list[Fault] = []
    axes = _axes(tables, faults)
    for rule in RULES:
        faults.extend(rule(tables, axes))
    return faults


def _frame(tables: Tables, name: str) -> pd.DataFrame:
    frame = tables.get(name)
    if frame is None:
        frame = pd.DataFrame(columns=list(TABLES[name].names))
    return frame


def _row_numbers(frame: pd.DataFrame) -> np.ndarray:
    if "_row" in frame:
        return np.asarray(frame["_row"])
    return np.arange(len(frame)) + 2


def _files(frame: pd.DataFrame, table: str) -> np.ndarray:
    if "_file" in frame:
        return np.asarray(frame["_file"])
    return np.full(len(frame), f"{table}.csv", dtype=object)


def _faults(
    frame: pd.DataFrame,
    table: str,
    hit: np.ndarray | pd.Series,
    column: str,
    why: Callable[[pd.Series], str] | str,
    remedy: str,
) -> Iterator[Fault]:
    """Yield one fault for each row that is hit."""
    positions = np.flatnonzero(np.asarray(hit, dtype=bool))
    rows, files = _row_numbers(frame), _files(frame, table)
    for i in positions:
        record = frame.iloc[i]
        yield Fault(
            file=str(files[i]),
            row=int(rows[i]),
            column=column,
            value=str(record.get(column, "")),
            why=why if isinstance(why, str) else why(record),
            remedy=remedy,
        )


def _axes(tables: Tables, faults: list[Fault]) -> dict[str, Axis]:
    """Build the axes, telling what is wrong with the control points."""
    axes: dict[str, Axis] = {}
    points = _frame(tables, "control_points").dropna(subset=["seq", "lon", "lat"])
    known = set(_frame(tables, "routes")["route"])
    for route, group in points.groupby("route", sort=False):
        ordered = group.sort_values("seq", kind="stable")
        found = list(_point_faults(ordered, str(route)))
        faults.extend(found)
        if found:
            continue
        try:
            axes[str(route)] = Axis(ordered["lon"].to_numpy(float), ordered["lat"].to_numpy(float))
        except RoadplanError as error:
            faults.append(
                Fault(
                    file=str(_files(ordered, "control_points")[0]),
                    row=int(_row_numbers(ordered)[0]),
                    value=str(route),
                    why=f"route {route}: {error}",
                )
            )
    routes = _frame(tables, "routes")
    missing = ~routes["route"].isin(set(points["route"]))
    faults.extend(
        _faults(
            routes,
            "routes",
            missing,
            "route",
            lambda row: f"route {row['route']} has no control points",
            "add at least two rows with its id to control_points.csv",
        )
    )
    return {route: axis for route, axis in axes.items() if route in known}


def _point_faults(points: pd.DataFrame, route: str) -> Iterator[Fault]:
    lon, lat = points["lon"].to_numpy(float), points["lat"].to_numpy(float)
    outside = (np.abs(lon) > 180) | (np.abs(lat) > 90)
    if outside.any():
        yield from _faults(
            points,
            "control_points",
            outside,
            "lon",
            "these are no degrees; the coordinates may be in a projected system (wrong CRS)",
            "give WGS 84 longitude and latitude (EPSG:4326)",
        )
        return
    same = np.concatenate([[False], (np.diff(lon) == 0) & (np.diff(lat) == 0)])
    yield from _faults(
        points,
        "control_points",
        same,
        "seq",
        lambda row: f"route {route}, point {row['seq']:g} repeats the point before it",
        "remove it",
    )
    if len(points) < 2:
        yield from _faults(
            points,
            "control_points",
            np.ones(len(points), dtype=bool),
            "seq",
            f"route {route} has one control point only",
            "give it at least two",
        )
        return
    # Degrees to metres well enough to find a coordinate that is off by hundreds of kilometres.
    step = 111_000 * np.hypot(np.diff(lat), np.diff(lon) * np.cos(np.radians(lat[1:])))
    far = np.concatenate([[False], step > LONGEST_JUMP_M])
    if far.any():
        swapped = np.median(np.abs(lat)) > np.median(np.abs(lon))
        yield from _faults(
            points,
            "control_points",
            far,
            "seq",
            lambda row: (
                f"route {route}, point {row['seq']:g} is more than "
                f"{LONGEST_JUMP_M / 1000:.0f} km from the point before it"
            ),
            "correct its coordinates (longitude and latitude swapped, perhaps) or its order"
            if not swapped
            else "correct its coordinates or its order",
        )


def duplicate_ids(tables: Tables, axes: Axes) -> Iterator[Fault]:  # noqa: ARG001 - rules are alike
    """Tell rows that repeat the key of an earlier row, and assets that share an id."""
    for name, table in TABLES.items():
        frame = _frame(tables, name)
        key = list(table.key)
        yield from _faults(
            frame,
            name,
            frame.duplicated(key, keep="first"),
            key[0],
            lambda row, key=key: f"{', '.join(f'{k} {row[k]}' for k in key)} is there already",  # type: ignore[misc]
            "give each row an id of its own, or remove one",
        )
    seen: dict[str, str] = {}
    for name in ASSET_TABLES:
        frame = _frame(tables, name)
        key_column = TABLES[name].key[0]
        repeated = frame[key_column].isin([i for i, table in seen.items() if table != name])
        yield from _faults(
            frame,
            name,
            repeated.to_numpy(dtype=bool),
            key_column,
            lambda row, k=key_column: f"asset id {row[k]} stands in {seen[row[k]]}.csv too",  # type: ignore[misc]
            "asset ids must differ between tables; rename one",
        )
        seen.update({i: name for i in frame[key_column] if i not in seen})


def broken_references(tables: Tables, axes: Axes) -> Iterator[Fault]:  # noqa: ARG001
    """Tell cells that point to a row that is not there."""
    for name, table in TABLES.items():
        frame = _frame(tables, name)
        targets = [(c.name, c.refers, TABLES[c.refers].key[0]) for c in table if c.refers]
        if name != "regions" and "region" in table.names:
            targets.append(("region", "regions", "region"))
        for column, target, key in targets:
            known = set(_frame(tables, target)[key])
            cells = frame[column]
            hit = (cells != "") & cells.notna() & ~cells.isin(known)
            yield from _faults(
                frame,
                name,
                hit,
                column,
                lambda row, c=column, t=target: f"{c} '{row[c]}' is not in {t}.csv",  # type: ignore[misc]
                f"use an id from {target}.csv or add it there",
            )
    reports = _frame(tables, "reports")
    known = {"corridor", *_frame(tables, "contracts")["contract"]}
    yield from _faults(
        reports,
        "reports",
        ~reports["contract"].isin(known),
        "contract",
        lambda row: f"contract '{row['contract']}' is not in contracts.csv",
        "use an id from contracts.csv, or 'corridor'",
    )


def positions_in_range(tables: Tables, axes: Axes) -> Iterator[Fault]:
    """Tell reversed or empty stretches and stations beyond the end of their route."""
    lengths = {route: axis.length_m for route, axis in axes.items()}
    for name, table in TABLES.items():
        columns = [c for c in ("station_m", "from_m", "to_m") if c in table.names]
        if not columns:
            continue
        frame = _frame(tables, name)
        if "from_m" in columns:
            yield from _faults(
                frame,
                name,
                frame["from_m"].astype(float) >= frame["to_m"].astype(float),
                "from_m",
                lambda row: (
                    f"the stretch is reversed or empty: from {row['from_m']:g} to {row['to_m']:g}"
                ),
                "from_m must be less than to_m",
            )
        length = frame["route"].map(lengths).astype(float)
        for column in columns:
            beyond = frame[column].astype(float) > length + STATION_TOLERANCE_M
            yield from _faults(
                frame,
                name,
                beyond,
                column,
                lambda row, c=column: (  # type: ignore[misc]
                    f"station {row[c]:g} is beyond the end of {row['route']}"
                ),
                "the valid range is 0 to the length of the route: "
                + "; ".join(f"{r} {m:.2f}" for r, m in lengths.items()),
            )


def stretches_disjoint(tables: Tables, axes: Axes) -> Iterator[Fault]:  # noqa: ARG001
    """Tell stretches of one table that overlap where a place may have one row only."""
    groups = {
        "segments": ["route"],
        "contracts": ["route"],
        "regions": ["route"],
        "traffic": ["route"],
        "drift_stretches": ["route"],
        "posting_breaks": ["posting", "route"],
    }
    for name, by in groups.items():
        frame = _frame(tables, name)
        for _, group in frame.groupby(by, sort=False):
            ordered = group.sort_values(["from_m", "to_m"])
            reach = ordered["to_m"].astype(float).cummax().shift()
            overlap = ordered["from_m"].astype(float) < reach - STATION_TOLERANCE_M
            yield from _faults(
                ordered,
                name,
                overlap,
                "from_m",
                lambda row: (
                    f"[{row['from_m']:g}, {row['to_m']:g}) overlaps a stretch before it on "
                    f"{row['route']}"
                ),
                "stretches of this table may touch but not overlap",
            )


def segments_cover(tables: Tables, axes: Axes) -> Iterator[Fault]:
    """Tell stretches of a route that no segment covers."""
    frame = _frame(tables, "segments")
    for route, group in frame.groupby("route", sort=False):
        if route not in axes:
            continue
        ordered = group.sort_values("from_m")
        begins = np.append(ordered["from_m"].to_numpy(float), axes[str(route)].length_m)
        ends = np.concatenate([[0.0], np.maximum.accumulate(ordered["to_m"].to_numpy(float))])
        rows, files = _row_numbers(ordered), _files(ordered, "segments")
        for i in np.flatnonzero(begins > ends + COVERAGE_TOLERANCE_M):
            at = min(int(i), len(ordered) - 1)
            yield Fault(
                file=str(files[at]),
                row=int(rows[at]),
                column="from_m" if i < len(ordered) else "to_m",
                why=f"no segment covers [{ends[i]:.2f}, {begins[i]:.2f}) of {route}",
                remedy="segments must cover each route they describe wholly",
            )


def places_on_route(tables: Tables, axes: Axes) -> Iterator[Fault]:
    """Tell places whose coordinates and station disagree."""
    frame = _frame(tables, "places")
    for route, group in frame.groupby("route", sort=False):
        if route not in axes:
            continue
        axis = axes[str(route)]
        sound = group[
            (group["station_m"] <= axis.length_m + STATION_TOLERANCE_M)
            & (group["lon"].abs() <= 180)
            & (group["lat"].abs() <= 90)
        ]
        if sound.empty:
            continue
        station, offset = axis.locate(sound["lon"].to_numpy(float), sound["lat"].to_numpy(float))
        along = np.abs(station - sound["station_m"].to_numpy(float))
        # Far from the road the nearest station is ill determined: allow a share of the distance.
        allowed = OFF_ROUTE_M + np.abs(offset)
        yield from _faults(
            sound,
            "places",
            along > allowed,
            "station_m",
            lambda row: f"{row['place']} lies elsewhere than its station says",
            "correct lon and lat or station_m",
        )
        stated = sound["offset_m"].to_numpy(float)
        yield from _faults(
            sound,
            "places",
            np.nan_to_num(np.abs(np.abs(offset) - stated), nan=0.0) > OFF_ROUTE_M + 0.2 * stated,
            "offset_m",
            lambda row: f"{row['place']} is off its route by another distance than stated",
            "correct lon and lat or offset_m",
        )


def junctions_meet(tables: Tables, axes: Axes) -> Iterator[Fault]:
    """Tell junctions with one member only, or whose members are drawn far apart."""
    frame = _frame(tables, "junctions")
    for junction, group in frame.groupby("junction", sort=False):
        first = np.arange(len(group)) == 0
        if len(group) < 2:
            yield from _faults(
                group,
                "junctions",
                first,
                "junction",
                f"junction {junction} joins nothing: it has one member",
                "add the other route's row",
            )
            continue
        known = [
            (axes[row.route], float(row.station_m))
            for row in group.itertuples()
            if row.route in axes and row.station_m <= axes[row.route].length_m + STATION_TOLERANCE_M
        ]
        if len(known) < len(group):
            continue
        points = [axis.points(np.array([station])) for axis, station in known]
        head_lon, head_lat = points[0]
        apart = [0.0]
        for lon, lat in points[1:]:
            step = np.hypot(lat - head_lat, (lon - head_lon) * np.cos(np.radians(head_lat)))
            apart.append(float(111_000 * step[0]))
        yield from _faults(
            group,
            "junctions",
            np.array(apart) > JUNCTION_TOLERANCE_M,
            "station_m",
            f"the members of junction {junction} are more than {JUNCTION_TOLERANCE_M:.0f} m apart",
            "correct the stations",
        )


def posts_make_sense(tables: Tables, axes: Axes) -> Iterator[Fault]:  # noqa: ARG001
    """Tell calibration rows without length in posts, or with impossible kilometres."""
    frame = _frame(tables, "posting_breaks")
    posts = (frame["to_post_km"].astype(float) - frame["from_post_km"].astype(float)).abs()
    drawn = (frame["to_m"].astype(float) - frame["from_m"].astype(float)) / 1000
    yield from _faults(
        frame,
        "posting_breaks",
        posts == 0,
        "to_post_km",
        "the posts at both ends are equal",
        "give the post at each end; a jump is the border between two rows",
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = (drawn / posts).to_numpy(float)
    odd = (posts > 0).to_numpy() & (drawn > 0).to_numpy()
    odd &= (scale < 1 - POST_RESIDUAL_SHARE) | (scale > 1 / (1 - POST_RESIDUAL_SHARE))
    yield from _faults(
        frame,
        "posting_breaks",
        odd,
        "to_post_km",
        lambda row: (
            f"{abs(row['to_post_km'] - row['from_post_km']):g} post kilometres on "
            f"{(row['to_m'] - row['from_m']) / 1000:g} km of the axis"
        ),
        "correct the marks; where posts jump, begin a new row",
    )


def contracts_hold(tables: Tables, axes: Axes) -> Iterator[Fault]:  # noqa: ARG001
    """Tell rows that name a contract but lie outside its stretch."""
    contracts = _frame(tables, "contracts").drop_duplicates("contract").set_index("contract")
    for name in ("segments", *ASSET_TABLES):
        frame = _frame(tables, name)
        if "contract" not in frame:
            continue
        named = frame[frame["contract"].isin(contracts.index)]
        if named.empty:
            continue
        at = contracts.loc[named["contract"]]
        begin = named["from_m"] if "from_m" in named else named["station_m"]
        end = named["to_m"] if "to_m" in named else named["station_m"]
        outside = (
            (named["route"].to_numpy() != at["route"].to_numpy())
            | (begin.to_numpy(float) < at["from_m"].to_numpy(float) - STATION_TOLERANCE_M)
            | (end.to_numpy(float) > at["to_m"].to_numpy(float) + STATION_TOLERANCE_M)
        )
        yield from _faults(
            named,
            name,
            outside,
            "contract",
            lambda row: f"it lies outside the stretch of contract {row['contract']}",
            "correct the contract or the position",
        )


def detours_at_structures(tables: Tables, axes: Axes) -> Iterator[Fault]:  # noqa: ARG001
    """Tell bypass roads that do not lead around the structure they name."""
    detours = _frame(tables, "detours")
    structures = _frame(tables, "structures").drop_duplicates("structure").set_index("structure")
    known = detours[detours["structure"].isin(structures.index)]
    if known.empty:
        return
    at = structures.loc[known["structure"]]
    station = at["station_m"].to_numpy(float)
    off = (
        (known["route"].to_numpy() != at["route"].to_numpy())
        | (known["from_m"].to_numpy(float) > station)
        | (known["to_m"].to_numpy(float) < station)
    )
    yield from _faults(
        known,
        "detours",
        off,
        "structure",
        lambda row: f"structure {row['structure']} is not on the stretch this road leads around",
        "correct the structure or the stretch",
    )


def zones_known(tables: Tables, axes: Axes) -> Iterator[Fault]:  # noqa: ARG001 - rules are alike
    """Local time is one for the corridor, in a zone that is known."""
    routes = _frame(tables, "routes")
    zones = routes["time_zone"].fillna("").astype(str)
    unknown = (zones != "") & ~zones.isin(available_timezones())
    remedy = "give a name of the tz database, as Asia/Almaty, or leave it empty for UTC+05:00"
    yield from _faults(routes, "routes", unknown, "time_zone", "there is no such zone", remedy)
    others = zones[(zones != "") & ~unknown].unique()[1:]
    why = "another route has another zone"
    odd = zones.isin(others)
    yield from _faults(routes, "routes", odd, "time_zone", why, "give all routes the same")


RULES: tuple[Callable[[Tables, Axes], Iterator[Fault]], ...] = (
    duplicate_ids,
    zones_known,
    broken_references,
    positions_in_range,
    stretches_disjoint,
    segments_cover,
    places_on_route,
    junctions_meet,
    posts_make_sense,
    contracts_hold,
    detours_at_structures,
)
"""The rules in the order in which they are told."""
