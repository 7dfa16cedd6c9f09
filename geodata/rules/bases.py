"""Depots, barriers and heating points: placed at settlements, sized by region totals."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pandas as pd

from rules.sources import Sources

DEPOT_SPACING_M = 100_000.0
"""Between two depots further apart than this the village nearest to the middle gets one."""

DEPOT_NEAREST_M = 25_000.0
"""A depot is not founded nearer than this to another one."""

SMALLEST_DEPOT = 4
"""Machines that stand at the smallest depot: two crews of two."""

FAR_FROM_ROAD_M = 15_000.0
"""A settlement further from the road than this serves no depot on it."""


def machine_density_per_km(sources: Sources) -> float:
    """Return machines for each kilometre of road: the Karaganda branch's over its roads."""
    branch = "Karaganda branch"
    machines = sources.fact("own machines", "count", scope=branch)
    machines += sources.fact("rented machines", "count", scope=branch)
    return machines / sources.fact("republican roads", "km", scope="Karaganda region")


def depots(sources: Sources, places: pd.DataFrame) -> pd.DataFrame:
    """Return the maintenance depots.

    Every city and town has one, and the village at the end of the main line, where the branches
    meet. Then, as long as two neighbours on the main line are more than 100 km apart, the village
    nearest to the middle between them gets one, unless another is within 25 km. A depot lies in
    its settlement and reaches the nearest route in a straight line. The machines of the corridor
    are shared out by the length of road that is nearest to each depot.
    """
    near = places[places["offset_m"] <= FAR_FROM_ROAD_M]
    chosen: list[str] = []
    for row in near.sort_values("kind", kind="stable").itertuples():
        if row.kind != "village" and _gap_m(near, chosen, str(row.place)) > DEPOT_NEAREST_M:
            chosen.append(str(row.place))
    main = near[near["route"] == "main"].sort_values("station_m")
    chosen.append(str(main["place"].iloc[-1]))
    chosen = _filled(main, chosen)
    rows = near.set_index("place").loc[[place for place in near["place"] if place in chosen]]
    routes, stations, access = [], [], []
    for row in rows.itertuples():
        route, station, off = nearest_route(sources, float(str(row.lon)), float(str(row.lat)))
        routes.append(route)
        stations.append(station)
        access.append(round(off, -2))
    frame = pd.DataFrame(
        {
            "depot": "depot-" + rows.index,
            "name_en": "Depot " + rows["name_en"],
            "name_ru": "Дорожная база " + rows["name_ru"],
            "name_kk": rows["name_kk"] + " жол базасы",
            "route": routes,
            "station_m": stations,
            "access_m": access,
        }
    ).reset_index(drop=True)
    machines = machine_density_per_km(sources) * road_km(sources)
    share = _catchments(sources, frame)
    frame["capacity"] = [max(SMALLEST_DEPOT, math.ceil(machines * part)) for part in share]
    return frame.assign(
        standing="estimated",
        source="towns, and villages where the next depot is more than 100 km away; capacity is the "
        "corridor's machines (131 on 1843.5 km in Karaganda region: "
        "kazpravda.kz/n/zima-ne-za-gorami-zz) shared by nearest road length, at least 4",
    )


def road_km(sources: Sources) -> float:
    """Return the length of the corridor's main line and branches."""
    kinds = sources.table("routes").set_index("route")["kind"]
    return sum(
        axis.length_m / 1000
        for route, axis in sources.axes.items()
        if kinds[route] in {"main", "branch"}
    )


def nearest_route(sources: Sources, lon: float, lat: float) -> tuple[str, float, float]:
    """Return the route nearest to a point, the station on it to 100 m, and the distance."""
    found = []
    for route, axis in sources.axes.items():
        station, offset = axis.locate(lon, lat)
        found.append(
            (
                abs(float(offset)),
                route,
                min(float(round(float(station), -2)), math.floor(axis.length_m / 100) * 100.0),
            )
        )
    off, route, station = min(found, key=lambda item: item[0])
    return route, station, off


def _gap_m(places: pd.DataFrame, chosen: list[str], place: str) -> float:
    """Return the distance along one route from a place to the nearest chosen one."""
    at = places.set_index("place")
    gaps = [
        abs(float(at.loc[place, "station_m"]) - float(at.loc[other, "station_m"]))
        for other in chosen
        if at.loc[other, "route"] == at.loc[place, "route"]
    ]
    return min(gaps, default=math.inf)


def _filled(main: pd.DataFrame, chosen: list[str]) -> list[str]:
    """Add villages of the main line until no gap over the spacing can be divided."""
    done = list(chosen)
    at = main.set_index("place")["station_m"].astype(float)
    while True:
        stations = sorted(at[place] for place in done if place in at.index)
        additions = []
        for begin, end in pairwise(stations):
            inside = at[(at > begin + DEPOT_NEAREST_M) & (at < end - DEPOT_NEAREST_M)]
            if end - begin > DEPOT_SPACING_M and len(inside):
                additions.append(str((inside - (begin + end) / 2).abs().idxmin()))
        if not additions:
            return done
        done.extend(additions)


def _catchments(sources: Sources, depots: pd.DataFrame) -> list[float]:
    """Return the share of the road that lies nearest to each depot, as the crow flies."""
    xy = np.array(
        [
            sources.axes[str(row.route)].points(float(str(row.station_m)))
            for row in depots.itertuples()
        ]
    )
    kinds = sources.table("routes").set_index("route")["kind"]
    count = np.zeros(len(depots))
    for route, axis in sources.axes.items():
        if kinds[route] not in {"main", "branch"}:
            continue
        lon, lat = axis.points(np.arange(500.0, axis.length_m, 1000.0))
        east = (lon[:, None] - xy[:, 0]) * np.cos(np.radians(lat))[:, None]
        nearest = np.hypot(east, lat[:, None] - xy[:, 1]).argmin(axis=1)
        count += np.bincount(nearest, minlength=len(depots))
    return list(count / count.sum())
