"""Structures, rest areas and the bypass roads at structures.

What is drawn on the line stands where it is drawn. What is only counted is placed by rule until
the count is reached: interchanges at junctions, crossings for farm machinery near settlements,
everything else evenly in between.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from rules.placing import ROUNDED_TO_M, between, parts, rounded
from rules.sources import Sources

SETTLEMENT_NEAR_M = 5_000.0
"""A settlement this near to the road gets a crossing for farm machinery, where some are stated."""

SANITARY_NEAR_M = 10_000.0
"""A rest area this near to a settlement is taken to have sanitary facilities: it has water."""

REST_AREAS = ("karaganda-balkhash", 18)

DETOURED = {
    "karaganda-balkhash": ("farm_crossing", "interchange"),
    "balkhash-bypass": ("railway_overpass",),
}
"""Contract → kinds of structures that had a bypass road: the overpass sites of the statement."""

DETOUR_REACH_M = 300.0
"""A bypass road leaves the road this far before its structure and joins it as far behind it."""

DETOUR_KMH = 40.0

_SHORT = {
    "karaganda-balkhash": "kb",
    "balkhash-bypass": "bypass",
    "balkhash-burylbaital": "bb",
    "burylbaital-kurty": "bk",
    "kurty-konaev": "kk",
}
_KINDS = {
    "bridge": ("bridge", "Bridge", "Мост", "Көпір"),
    "bridge_or_railway_overpass": (
        "bridge",
        "Bridge or railway overpass",
        "Мост или путепровод через железную дорогу",
        "Көпір немесе темір жол үстіндегі жолөткел",
    ),
    "railway_overpass": (
        "railway_overpass",
        "Railway overpass",
        "Путепровод через железную дорогу",
        "Темір жол үстіндегі жолөткел",
    ),
    "interchange": ("interchange", "Interchange", "Транспортная развязка", "Жолайрық"),
    "farm_crossing": (
        "farm_crossing",
        "Farm-machinery overpass",
        "Путепровод для сельхозтехники",
        "Ауыл шаруашылығы техникасына арналған жолөткел",
    ),
}
"""Counted kind → kind of structure, and what it is called."""


@dataclass(frozen=True)
class _Scope:
    """The stretch that a count speaks of."""

    contract: str
    route: str
    from_m: float
    to_m: float


def structures(
    sources: Sources,
    tables: dict[str, pd.DataFrame],
) -> pd.DataFrame:
    """Return all structures: drawn ones first, then those that complete the counts."""
    drawn = _drawn(sources, tables["contracts"])
    rows = [dict(row) for row in drawn.to_dict("records")]
    counts = sources.table("structure_counts")
    for count in counts[counts["placed"] == "yes"].to_dict("records"):
        scope = _scope(count, tables)
        kind = _KINDS[count["kind"]][0]
        inside = [
            float(row["station_m"])
            for row in rows
            if row["route"] == scope.route
            and scope.from_m <= row["station_m"] <= scope.to_m
            and row["kind"] == kind
        ]
        missing = int(count["count"]) - len(inside)
        if missing < 0:
            raise ValueError(f"{count['structure_count']}: {len(inside)} are drawn already")
        taken = {(row["route"], row["station_m"]) for row in rows}
        stations = [
            (_free(station, scope, taken), rule)
            for station, rule in _stations(kind, scope, inside, missing, tables)
        ]
        rows.extend(
            {
                "counted": count["kind"],
                "kind": kind,
                "route": scope.route,
                "station_m": station,
                "contract": scope.contract,
                "reported_columns": "kind;contract",
                "standing": "estimated",
                "source": f"{count['count']} stated ({count['source']}); place by rule: {rule}",
            }
            for station, rule in stations
        )
    frame = pd.DataFrame(rows).fillna("")
    order = frame["route"].map(list(sources.axes).index)
    return _named(frame.assign(order=order).sort_values(["order", "station_m"], kind="stable"))


def _drawn(sources: Sources, contracts: pd.DataFrame) -> pd.DataFrame:
    """Return the structures drawn on the line in 2021, at the nearest station of their route."""
    frame = sources.source("bridges_on_line")
    rows = []
    for row in frame.to_dict("records"):
        axis = sources.axes[row["route"]]
        station, offset = axis.locate(float(row["lon"]), float(row["lat"]))
        at = round(min(float(station), sources.end_m(row["route"])), -1)
        mine = contracts[
            (contracts["route"] == row["route"])
            & (contracts["from_m"] <= at)
            & (at < contracts["to_m"])
        ]
        off_line = abs(float(offset)) > 500
        rows.append(
            {
                "counted": row["kind"],
                "kind": row["kind"],
                "route": row["route"],
                "station_m": at,
                "contract": "" if mine.empty else mine["contract"].iloc[0],
                "length_m": row["length_m"],
                "obstacle": row["obstacle"],
                "standing": "estimated" if off_line else row["standing"],
                "source": row["source"]
                + ("; the new bridge is taken to cross at the same station" if off_line else ""),
                "note": row["note"],
            }
        )
    return pd.DataFrame(rows)


def _scope(count: dict[str, str], tables: dict[str, pd.DataFrame]) -> _Scope:
    """Return the stretch of a count: its contract, narrowed to posts or a region."""
    contract = tables["contracts"].set_index("contract").loc[count["contract"]]
    route = str(contract["route"])
    from_m, to_m = float(contract["from_m"]), float(contract["to_m"])
    if count["from_post_km"]:
        breaks = tables["posting_breaks"]
        breaks = breaks[(breaks["posting"] == count["posting"]) & (breaks["route"] == route)]
        at = dict(zip(breaks["from_post_km"], breaks["from_m"], strict=True))
        at |= dict(zip(breaks["to_post_km"], breaks["to_m"], strict=True))
        from_m, to_m = at[float(count["from_post_km"])], at[float(count["to_post_km"])]
    if count["region"]:
        regions = tables["regions"]
        region = regions[(regions["region"] == count["region"]) & (regions["route"] == route)]
        from_m = max(from_m, float(region["from_m"].iloc[0]))
        to_m = min(to_m, float(region["to_m"].iloc[0]))
    return _Scope(count["contract"], route, from_m, to_m)


def _free(station_m: float, scope: _Scope, taken: set[tuple[str, float]]) -> float:
    """Return the station, or the next kilometre of the scope where nothing stands yet."""
    while (scope.route, station_m) in taken and station_m + ROUNDED_TO_M < scope.to_m:
        station_m += ROUNDED_TO_M
    return station_m


def _stations(
    kind: str, scope: _Scope, known: list[float], missing: int, tables: dict[str, pd.DataFrame]
) -> Iterator[tuple[float, str]]:
    """Yield the station of each structure that is missing, with the rule that put it there."""
    if kind == "interchange":
        junctions = tables["junctions"]
        free = [
            float(station)
            for station in junctions.loc[junctions["route"] == scope.route, "station_m"]
            if scope.from_m <= station < scope.to_m
            and all(abs(station - other) > SETTLEMENT_NEAR_M for other in known)
        ]
        taken = [float(round(station, -2)) for station in sorted(free)[:missing]]
        yield from ((station, "at the junction of two routes") for station in taken)
        known, missing = [*known, *taken], missing - len(taken)
    if kind == "farm_crossing":
        places = tables["places"]
        near = places[
            (places["route"] == scope.route)
            & (places["offset_m"] <= SETTLEMENT_NEAR_M)
            & (places["station_m"].between(scope.from_m + SETTLEMENT_NEAR_M, scope.to_m))
        ]
        taken = [
            rounded(float(station), scope.from_m, scope.to_m)
            for station in near["station_m"].iloc[:missing]
        ]
        yield from ((station, "at a settlement within 5 km") for station in taken)
        known, missing = [*known, *taken], missing - len(taken)
    for station in between(known, scope.from_m, scope.to_m, missing):
        yield station, "evenly between those known, to the whole kilometre"


def _named(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the structures numbered along the road, by contract and kind, and named so."""
    frame = frame.reset_index(drop=True)
    number = frame.groupby(["contract", "kind"]).cumcount() + 1
    kind = frame["kind"].str.replace("_", "-")
    frame["structure"] = [
        f"{_SHORT[contract]}-{name}-{n:02d}"
        for contract, name, n in zip(frame["contract"], kind, number, strict=True)
    ]
    for column, at in (("name_en", 1), ("name_ru", 2), ("name_kk", 3)):
        frame[column] = [
            f"{_KINDS[counted][at]} {n}"
            for counted, n in zip(frame["counted"], number, strict=True)
        ]
    return frame


def rest_areas(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the rest areas: one in the middle of each equal part of the contract.

    Neither their places nor which of them have sanitary facilities is published. One within 10 km
    of a settlement is taken to have them; of the others nothing is known.
    """
    name, count = REST_AREAS
    contract = tables["contracts"].set_index("contract").loc[name]
    from_m, to_m = float(contract["from_m"]), float(contract["to_m"])
    places = tables["places"]
    places = places[places["route"] == contract["route"]]
    places = places[places["offset_m"] <= SANITARY_NEAR_M]
    rows = []
    for number, (_, middle, _) in enumerate(parts(from_m, to_m, count), start=1):
        station = rounded(middle, from_m, to_m)
        near = (places["station_m"] - station).abs().min() <= SANITARY_NEAR_M
        rows.append(
            {
                "rest_area": f"rest-area-{number:02d}",
                "name_en": f"Rest area {number}",
                "name_ru": f"Площадка отдыха {number}",
                "name_kk": f"{number}-демалыс алаңы",
                "route": contract["route"],
                "station_m": station,
                "contract": name,
                "sanitary": "yes" if near else "unknown",
                "reported_columns": "contract",
                "standing": "estimated",
                "source": f"{count} stated (early 2024 and 2025); place by rule: middle of each of "
                f"{count} equal parts, to the whole kilometre",
                "note": "Sanitary facilities by rule: yes within 10 km of a settlement",
            }
        )
    return pd.DataFrame(rows)


def detours(sources: Sources, tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return one bypass road for each overpass site.

    In early 2024 bypass roads were left at overpass sites only; which ones was not said. All are
    taken as closed since the contract was reported fully open in 2025.
    """
    rows = []
    for row in tables["structures"].to_dict("records"):
        if row["kind"] not in DETOURED.get(row["contract"], ()):
            continue
        end_m = sources.end_m(row["route"])
        railway = row["kind"] == "railway_overpass"
        rows.append(
            {
                "detour": f"detour-{row['structure']}",
                "structure": row["structure"],
                "route": row["route"],
                "from_m": max(0.0, row["station_m"] - DETOUR_REACH_M),
                "to_m": min(end_m, row["station_m"] + DETOUR_REACH_M),
                "speed_kmh": DETOUR_KMH,
                "state": "closed",
                "as_of": "2025",
                "in_use_as_of": "" if railway else "2024-02",
                "standing": "estimated",
                "source": "bypass roads at overpass sites: government statement of early 2024; "
                "closed: fully open by kazpravda.kz/n/zavershen-remont-trassy-karaganda-balhash; "
                "one for each overpass, 300 m either way and 40 km/h by rule",
                "note": "Its overpass was reported built in early 2024" if railway else "",
            }
        )
    return pd.DataFrame(rows)
