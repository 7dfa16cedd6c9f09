"""Contracts, junctions, posts, regions and places: what the road is made of.

Stations of marks are those measured on the control points, to 100 m. Neighbouring stretches share
one station, and the last one of a route ends with the route.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd

from rules.sources import Sources

KAZ01_MINUS_M36_KM = -1262
"""New minus old kilometre, from Balkhash: 592 and 1854 name the same end of closures there."""

KAZ01_REPORTED_KM = (248.0, 592.0)
"""The new kilometres that closures name: Atameken and Balkhash (inform.kz edfa96)."""

JUNCTIONS = (
    ("kurty", (("main", "end"), ("kurty-almaty", "0"), ("kurty-konaev", "0"))),
    ("balkhash-north", (("balkhash-city", "0"), ("main", ""))),
    ("balkhash-south", (("balkhash-city", "vertex"), ("main", ""))),
    ("karaganda-south-east", (("karaganda-ne-bypass", "0"), ("main", ""))),
)
"""Junctions and their members: a station, the last vertex that lies on the main line (`vertex`),
or, empty, the point of that route nearest to the first member."""

_ON_LINE_M = 1.0


def contracts(sources: Sources) -> pd.DataFrame:
    """Return the contracts with their stations as numbers."""
    frame = sources.source("sections")
    for column in ("from_m", "to_m"):
        frame[column] = [
            sources.station_m(route, cell)
            for route, cell in zip(frame["route"], frame[column], strict=True)
        ]
    return frame


def junctions(sources: Sources) -> pd.DataFrame:
    """Return the places where routes meet.

    Where a route begins or ends on another, its end is projected onto the other's axis. The old
    road through Balkhash crosses the main line at a shared control point and its last points run
    beside it; it is joined at that shared point.
    """
    rows = []
    for junction, members in JUNCTIONS:
        lon = lat = float("nan")
        for route, rule in members:
            axis = sources.axes[route]
            if rule == "vertex":
                main = sources.axes[members[1][0]]
                offset = np.abs(main.locate(axis.lon, axis.lat)[1])
                station = float(axis.control_station_m[np.flatnonzero(offset < _ON_LINE_M)[-1]])
            elif rule:
                station = sources.station_m(route, rule)
            else:
                station = float(axis.locate(lon, lat)[0])
            if np.isnan(lon):
                lon, lat = (float(value) for value in axis.points(station))
            rows.append(
                {
                    "junction": junction,
                    "route": route,
                    "station_m": min(round(station, 3), sources.end_m(route)),
                    "standing": "estimated" if route == "kurty-konaev" else "measured",
                    "source": "ends of the routes' control points, projected onto the other route",
                }
            )
    return pd.DataFrame(rows)


def posting_breaks(sources: Sources) -> pd.DataFrame:
    """Return the posts between calibration marks, for the old, the new and the branch's kilometres.

    Old kilometres go on along the old road to Almaty, one for each drawn kilometre. New kilometres
    are the old ones less 1262 throughout; they are reported only between Atameken and Balkhash.
    """
    marks = sources.source("calibration_marks")
    routes = sources.table("routes")
    schematic = set(routes.loc[routes["schematic"] == "yes", "route"])
    rows: list[dict[str, object]] = []
    for (posting, route), group in marks.groupby(["posting", "route"], sort=False):
        at = [
            (sources.station_m(str(route), cell), float(km), mark, source)
            for cell, km, mark, source in zip(
                group["station_m"], group["post_km"], group["mark"], group["source"], strict=True
            )
        ]
        for (from_m, from_km, from_mark, first), (to_m, to_km, to_mark, last) in pairwise(at):
            rows.append(
                _row(posting, route, from_m, to_m, from_km, to_km, from_mark, to_mark)
                | {
                    "standing": "estimated" if route in schematic else "reported",
                    "source": "; ".join(dict.fromkeys([*first.split("; "), *last.split("; ")])),
                }
            )
    old = [row for row in rows if row["posting"] == "m36"]
    rows[len(old) : len(old)] = [_to_almaty(sources, float(str(old[-1]["to_post_km"])))]
    rows.extend(_new_kilometres(old))
    frame = pd.DataFrame(rows)
    order = {"m36": 0, "kaz01": 1}
    return frame.sort_values("posting", key=lambda ids: ids.map(order).fillna(2), kind="stable")


def _row(
    posting: object,
    route: object,
    from_m: float,
    to_m: float,
    from_km: float,
    to_km: float,
    from_mark: str,
    to_mark: str,
) -> dict[str, object]:
    return {
        "posting": posting,
        "route": route,
        "from_m": from_m,
        "to_m": to_m,
        "from_post_km": round(from_km, 3),
        "to_post_km": round(to_km, 3),
        "from_mark": from_mark,
        "to_mark": to_mark,
    }


def _to_almaty(sources: Sources, from_km: float) -> dict[str, object]:
    end_m = sources.end_m("kurty-almaty")
    to_km = from_km + end_m / 1000
    return _row("m36", "kurty-almaty", 0.0, end_m, from_km, to_km, "Kurty", "Almaty") | {
        "standing": "estimated",
        "source": "old kilometres carried on from Kurty, one for each drawn kilometre; "
        "that they go on is seen from a closure of km 2295–2436 (inform.kz 6124c7)",
    }


def _new_kilometres(old: list[dict[str, object]]) -> list[dict[str, object]]:
    """Return the new kilometres: the old rows less 1262, cut at the reported marks."""
    names = dict(zip(KAZ01_REPORTED_KM, ("Atameken", "Balkhash"), strict=True))
    rows = []
    for row in old:
        from_m, to_m = float(str(row["from_m"])), float(str(row["to_m"]))
        from_km = float(str(row["from_post_km"])) + KAZ01_MINUS_M36_KM
        to_km = float(str(row["to_post_km"])) + KAZ01_MINUS_M36_KM
        inside = [km for km in KAZ01_REPORTED_KM if from_km < km < to_km]
        cuts = [from_km, *inside, to_km]
        stations = [
            round(from_m + (km - from_km) / (to_km - from_km) * (to_m - from_m), 3) for km in cuts
        ]
        marks = [names.get(km, "") for km in cuts]
        marks[0], marks[-1] = str(row["from_mark"]), str(row["to_mark"])
        for i in range(len(cuts) - 1):
            reported = cuts[i : i + 2] == list(KAZ01_REPORTED_KM)
            source = "old kilometre less 1262, the difference at Balkhash"
            if reported:
                source = (
                    "km 248–592 Atameken – Balkhash (inform.kz edfa96; rus.baq.kz 300032278); "
                    f"stations by the {source}"
                )
            rows.append(
                _row("kaz01", "main", *stations[i : i + 2], *cuts[i : i + 2], *marks[i : i + 2])
                | {"standing": "estimated", "source": source}
            )
    return rows


def post_station_m(breaks: pd.DataFrame, posting: str, post_km: float) -> tuple[str, float]:
    """Return the route and station of a post, rounded to the metre.

    Raises
    ------
    ValueError
        The posting has no such post.
    """
    rows = breaks[breaks["posting"] == posting]
    rows = rows[(rows["from_post_km"] <= post_km) & (post_km <= rows["to_post_km"])]
    if rows.empty:
        raise ValueError(f"{posting} has no km {post_km}")
    row = rows.iloc[0]
    share = (post_km - row["from_post_km"]) / (row["to_post_km"] - row["from_post_km"])
    return str(row["route"]), float(round(row["from_m"] + share * (row["to_m"] - row["from_m"])))


def regions(sources: Sources, breaks: pd.DataFrame) -> pd.DataFrame:
    """Return the region of each stretch; a border is given by an old kilometre or a station."""
    frame = sources.source("region_ends")
    begin: dict[str, float] = {}
    from_m, to_m = [], []
    for row in frame.itertuples():
        route = str(row.route)
        if row.to_post_km:
            end = post_station_m(breaks, "m36", float(str(row.to_post_km)))[1]
        else:
            end = sources.station_m(route, str(row.to_m), default=sources.end_m(route))
        from_m.append(begin.get(route, 0.0))
        to_m.append(end)
        begin[route] = end
    return frame.assign(from_m=from_m, to_m=to_m)


def places(sources: Sources) -> pd.DataFrame:
    """Return the settlements with station and distance on the route each belongs to, to a metre."""
    frame = sources.source("settlements")
    station, offset = [], []
    for row in frame.itertuples():
        at, off = sources.axes[str(row.route)].locate(float(str(row.lon)), float(str(row.lat)))
        station.append(min(round(float(at)), int(sources.end_m(str(row.route)))))
        offset.append(round(abs(float(off))))
    return frame.assign(station_m=station, offset_m=offset)
