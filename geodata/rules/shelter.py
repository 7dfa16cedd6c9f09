"""Barriers at which the road is closed, and heating points for those who wait."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from pyproj import Geod

from rules.bases import FAR_FROM_ROAD_M
from rules.network import post_station_m
from rules.placing import parts, rounded
from rules.sources import Sources

SAME_BARRIER_M = 10_000.0
"""Two barriers are not put nearer to each other than this."""

AT_PLACE_M = 20_000.0
"""Something further from every place than this is named after its kilometre alone."""

WAITING_WEIGHT = {"city": 4, "town": 2, "village": 1}
"""How many vehicles wait at a place of this size, relative to a village (assumed)."""

HEATED_KM = (1505.0, 1854.0)
HEATED_POINTS = 6
HEATED_PEOPLE = 191
"""In one closure of old km 1505–1854, 191 people were in 6 heating points (caravan.kz 978946)."""

BARRIER = ("Barrier", "Шлагбаум", "шлагбаумы", "Шлагбаум")
HEATING_POINT = ("Heating point", "Пункт обогрева", "жылыту пункті", "Жылыту пункті")
"""What they are called in English and Russian, and in Kazakh after a name and without one."""

_GEOD = Geod(ellps="WGS84")


def barriers(sources: Sources, tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the barriers.

    One at each end of every stretch that a reported closure names, and one at each depot, unless
    another is within 10 km on the same route. The 1,150 vehicles that one closure held in
    Karaganda region are shared out over the barriers there, by the size of the nearest place;
    elsewhere a place of that size holds as many.
    """
    found = _barrier_places(sources, tables)
    weights = [WAITING_WEIGHT[str(place["kind"])] for _, _, place, _ in found]
    regions = tables["regions"]
    karaganda = regions[regions["region"] == "karaganda"].set_index("route")["to_m"]
    inside = sum(
        weight
        for weight, (route, station, _, _) in zip(weights, found, strict=True)
        if station <= float(karaganda.get(route, -1.0))
    )
    held = sources.fact("vehicles held in one closure", "count")
    return pd.DataFrame(
        [
            {
                "barrier": f"barrier-{route}-{int(station // 1000):04d}",
                **_names(tables, route, station, place, BARRIER),
                "route": route,
                "station_m": station,
                "waiting_places": int(round(held * weight / inside, -1)),
                "standing": "estimated",
                "source": f"{why}; waiting places: 1150 vehicles held in one closure "
                "(dala-info.com 173862) shared by size of place",
            }
            for weight, (route, station, place, why) in zip(weights, found, strict=True)
        ]
    )


def _barrier_places(
    sources: Sources, tables: dict[str, pd.DataFrame]
) -> list[tuple[str, float, dict[str, Any], str]]:
    """Return (route, station, nearest place, reason) of each barrier along the road."""
    wanted = []
    for row in sources.table("closures").to_dict("records"):
        for cell in (row["from_post_km"], row["to_post_km"]):
            if cell:
                at = post_station_m(tables["posting_breaks"], row["posting"], float(cell))
                wanted.append((*at, f"end of a reported closure ({row['posting']} km {cell})"))
    wanted.extend(
        (row["route"], float(row["station_m"]), "at a depot")
        for row in tables["depots"].to_dict("records")
    )
    kept: list[tuple[str, float, str]] = []
    for route, station, why in wanted:
        near = any(other == route and abs(station - at) < SAME_BARRIER_M for other, at, _ in kept)
        if not near:
            kept.append((route, _to_100_m(sources, route, station), why))
    order = list(sources.axes)
    kept.sort(key=lambda item: (order.index(item[0]), item[1]))
    return [
        (route, station, _nearest_place(sources, tables["places"], route, station), why)
        for route, station, why in kept
    ]


def heating_points(sources: Sources, tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the heating points.

    Six on old km 1505–1854, as one closure had; on the rest of the main line and on the branches
    as many for each kilometre as Karaganda region has on its republican roads. Each stretch is
    divided into as many equal parts; a point stands at the settlement nearest to the middle of its
    part, or in the middle where there is none.
    """
    breaks = tables["posting_breaks"]
    from_m, to_m = (post_station_m(breaks, "m36", km)[1] for km in HEATED_KM)
    density = sources.fact("heating points", "count") / sources.fact("republican roads", "km")
    stretches = [("main", from_m, to_m, HEATED_POINTS)]
    kinds = sources.table("routes").set_index("route")["kind"]
    for route in sources.axes:
        if kinds[route] in {"main", "branch"}:
            begin, end = (to_m if route == "main" else 0.0), sources.end_m(route)
            stretches.append((route, begin, end, max(1, round(density * (end - begin) / 1000))))
    people = round(HEATED_PEOPLE / HEATED_POINTS, -1)
    rows = []
    for route, begin, end, count in stretches:
        stated = count == HEATED_POINTS
        for exact in _shelter_stations(tables["places"], route, begin, end, count):
            station = _to_100_m(sources, route, exact)
            place = _nearest_place(sources, tables["places"], route, station)
            rows.append(
                {
                    "heating_point": f"heating-{route}-{int(station // 1000):04d}",
                    **_names(tables, route, station, place, HEATING_POINT),
                    "route": route,
                    "station_m": station,
                    "people": int(people),
                    "standing": "estimated",
                    "source": (
                        "6 stated on old km 1505–1854 (caravan.kz 978946)"
                        if stated
                        else "19 on 1843.5 km in Karaganda region (inkaraganda.kz "
                        "590-snegozanosimyh; kaz.inform.kz 937b20)"
                    )
                    + ", one in each equal part, at a settlement where there is one; people: 191 "
                    "in 6 points",
                }
            )
    return pd.DataFrame(rows)


def _shelter_stations(
    places: pd.DataFrame, route: str, from_m: float, to_m: float, count: int
) -> list[float]:
    near = places[(places["route"] == route) & (places["offset_m"] <= FAR_FROM_ROAD_M)]
    stations = near["station_m"].astype(float)
    chosen = []
    for begin, middle, end in parts(from_m, to_m, count):
        inside = stations[(stations >= begin) & (stations < end)]
        if len(inside):
            chosen.append(float(inside.loc[(inside - middle).abs().idxmin()]))
        else:
            chosen.append(rounded(middle, begin, end))
    return chosen


def _to_100_m(sources: Sources, route: str, station_m: float) -> float:
    return min(float(round(station_m, -2)), math.floor(sources.end_m(route) / 100) * 100.0)


def _nearest_place(
    sources: Sources, places: pd.DataFrame, route: str, station_m: float
) -> dict[str, Any]:
    """Return the place nearest to a station, as the crow flies; a village without name far off."""
    lon, lat = (float(value) for value in sources.axes[route].points(station_m))
    there = places["lon"].astype(float), places["lat"].astype(float)
    away = _GEOD.inv(np.full(len(places), lon), np.full(len(places), lat), *there)[2]
    nearest = int(np.argmin(away))
    if away[nearest] > AT_PLACE_M:
        return {"kind": "village", "name_en": "", "name_ru": "", "name_kk": ""}
    return {str(name): value for name, value in places.iloc[nearest].items()}


def _names(
    tables: dict[str, pd.DataFrame],
    route: str,
    station_m: float,
    place: dict[str, Any],
    kind: tuple[str, str, str, str],
) -> dict[str, str]:
    """Return names such as ``Barrier Aksu, km 1590``; without posts without the kilometre."""
    breaks = tables["posting_breaks"]
    mine = breaks[(breaks["route"] == route) & (breaks["posting"] != "kaz01")]
    mine = mine[(mine["from_m"] <= station_m) & (station_m <= mine["to_m"])]
    en, ru, kk = "", "", ""
    if len(mine):
        row = mine.iloc[-1]
        share = (station_m - row["from_m"]) / (row["to_m"] - row["from_m"])
        km = round(row["from_post_km"] + share * (row["to_post_km"] - row["from_post_km"]))
        en, ru, kk = f", km {km}", f", км {km}", f", {km}-км"
    named = [
        f"{kind[0]} {place['name_en']}".strip() + en,
        f"{kind[1]} {place['name_ru']}".strip() + ru,
        (f"{place['name_kk']} {kind[2]}" if place["name_kk"] else kind[3]) + kk,
    ]
    return dict(zip(("name_en", "name_ru", "name_kk"), named, strict=True))
