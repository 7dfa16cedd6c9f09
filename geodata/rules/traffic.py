"""Daily traffic: what is stated, carried along the road by conservation where nothing is."""

from __future__ import annotations

from datetime import date

import pandas as pd

from rules.network import post_station_m
from rules.sources import Sources

TOLL_FROM, TOLL_TO = date(2025, 5, 11), date(2025, 12, 31)
"""Days that the count of toll trips of 2025 covers, both included."""

TOLLED_TO_POST_KM = 1955.0
NEAR_KARAGANDA_TO_POST_KM = 1542.4

TRUCK_SHARE, BUS_SHARE = 0.35, 0.03
"""Shares on the open road (assumed): long-distance freight; in one column that was stopped by
snow 142 of 217 vehicles were trucks, after freight had been held."""

CITY_TRUCK_SHARE, CITY_BUS_SHARE = 0.15, 0.05
"""Shares near a city (assumed)."""

WEEKEND_FACTOR = 1.2
"""Between an even week and the doubling stated near Karaganda (assumed)."""

_ROUNDED_TO = 50


def toll_veh_day(sources: Sources) -> float:
    """Return vehicles a day on the tolled stretch: trips of 2025 over the days since 11 May."""
    trips = sources.fact("toll trips Balkhash–Burylbaital", "trips")
    return trips / ((TOLL_TO - TOLL_FROM).days + 1)


def traffic(sources: Sources, tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return daily traffic by stretch.

    Stated are 18,000 a day near Karaganda, 9,000 on Karaganda – Balkhash and a year's toll trips
    south of Balkhash. The first two contradict each other where they overlap; each is used where
    it is the more particular one, and the row says so. From the tolled stretch on its traffic is
    carried to Kurty and halved between the two branches; what arrives at Balkhash and does not go
    on there goes into the town.
    """
    breaks, junctions = tables["posting_breaks"], tables["junctions"].set_index("junction")
    main = junctions[junctions["route"] == "main"]["station_m"]
    near = sources.fact("traffic near Karaganda", "vehicles/day")
    far = sources.fact("traffic Karaganda–Balkhash", "vehicles/day")
    toll = _round(toll_veh_day(sources))
    near_end = post_station_m(breaks, "m36", NEAR_KARAGANDA_TO_POST_KM)[1]
    toll_end = post_station_m(breaks, "m36", TOLLED_TO_POST_KM)[1]
    north, south = float(main["balkhash-north"]), float(main["balkhash-south"])
    days = (TOLL_TO - TOLL_FROM).days + 1
    kaskelen = float(tables["places"].set_index("place").loc["kaskelen", "station_m"])
    end = {route: sources.end_m(route) for route in sources.axes}
    contradiction = "another source says {:,.0f} a day for Karaganda – Balkhash as a whole"
    rows = [
        _row("main", 0, near_end, near, "aadt_veh_day;weekend_factor",
             "about 18,000 a day, double at weekends (ulysmedia.kz, 2024-07); "
             + contradiction.format(far), city=True) | {"weekend_factor": 2.0},
        _row("main", near_end, north, far, "aadt_veh_day", "about 9,000 a day (adyrna.kz 204655)"),
        _row("main", north, south, toll, "", "as on the tolled stretch that follows"),
        _row("main", south, toll_end, toll, "",
             f"974,000 toll trips in 2025 since 11 May (inform.kz 9ec298) over {days} days; a "
             "lower bound if counted before the year's end"),
        _row("main", toll_end, end["main"], toll, "", "as on the tolled stretch before it"),
        _row("kurty-almaty", 0, kaskelen, toll / 2, "", "half of the traffic that reaches Kurty"),
        _row("kurty-almaty", kaskelen, end["kurty-almaty"], near, "",
             "approach to a large city, as near Karaganda", city=True),
        _row("kurty-konaev", 0, end["kurty-konaev"], toll / 2, "",
             "half of the traffic that reaches Kurty"),
        _row("balkhash-city", 0, end["balkhash-city"], far - toll, "",
             "what arrives from Karaganda less what goes on", city=True),
        _row("karaganda-ne-bypass", 0, end["karaganda-ne-bypass"], far / 2, "",
             "half of the traffic Karaganda – Balkhash, the other half passes through the city"),
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _round(veh_day: float) -> float:
    return float(round(veh_day / _ROUNDED_TO) * _ROUNDED_TO)


def _row(
    route: str,
    from_m: float,
    to_m: float,
    veh_day: float,
    reported: str,
    source: str,
    *,
    city: bool = False,
) -> dict[str, object]:
    return {
        "route": route,
        "from_m": from_m,
        "to_m": to_m,
        "aadt_veh_day": _round(veh_day),
        "truck_share": CITY_TRUCK_SHARE if city else TRUCK_SHARE,
        "bus_share": CITY_BUS_SHARE if city else BUS_SHARE,
        "weekend_factor": WEEKEND_FACTOR,
        "reported_columns": reported,
        "standing": "estimated",
        "source": f"{source}; shares and weekend assumed"
        if "weekend_factor" not in reported
        else f"{source}; shares assumed",
    }
