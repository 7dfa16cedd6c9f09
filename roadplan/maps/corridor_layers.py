"""The layers of the corridor page: what each table of a corridor looks like on the map."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from roadplan.corridor import Corridor, Position
from roadplan.corridor.schema import TABLES
from roadplan.errors import PostError
from roadplan.maps import palette
from roadplan.maps.embedding import Text
from roadplan.maps.layers import Feature, Field, Layer, Style
from roadplan.maps.reports import LATEST_FIELDS, latest_report
from roadplan.maps.road import record_names

Record = Mapping[str, Any]

_SIDES = {"left": "Left", "right": "Right", "both": "Both sides"}
_PROFILES = {"embankment": "Embankment", "flush": "Level with the ground", "cutting": "Cutting"}
_CONTRACT = Field(name="contract", label="Contract", kind="names")
_CODE = Field(name="id", label="Code")

STRUCTURE_STYLES = {
    "bridge": Style(label="Bridge", colour=palette.BLUE, symbol="bow", size_px=8, from_zoom=7),
    "overpass": Style(label="Overpass", colour=palette.VERMILLION, symbol="triangle", size_px=8),
    "railway_overpass": Style(
        label="Railway overpass", colour=palette.BLACK, symbol="triangle_bar", size_px=8.5
    ),
    "interchange": Style(label="Interchange", colour=palette.PURPLE, symbol="diamond", size_px=8),
    "farm_crossing": Style(
        label="Overpass for farm machinery",
        colour=palette.ORANGE,
        symbol="triangle_down",
        size_px=7,
        from_zoom=7,
    ),
    "culvert": Style(label="Culvert", colour=palette.SKY, symbol="circle", size_px=5, from_zoom=8),
}
"""Kind of structure → its look; every kind has a shape of its own."""

REST_AREA_STYLES = {
    "yes": Style(
        label="With sanitary facilities", colour=palette.GREEN, symbol="square_plus", size_px=7.5
    ),
    "no": Style(
        label="Without sanitary facilities",
        colour=palette.GREEN,
        symbol="square_minus",
        size_px=7.5,
    ),
    "unknown": Style(
        label="Sanitary facilities unknown", colour=palette.GREEN, symbol="square", size_px=6.5
    ),
}


DETOUR_STYLES = {
    "open": Style(
        label="In use", colour=palette.VERMILLION, symbol="hexagon", size_px=7, dash_px=(7, 4)
    ),
    "planned": Style(
        label="Planned", colour=palette.SKY, symbol="hexagon", size_px=6, dash_px=(2, 4)
    ),
    "closed": Style(
        label="Closed",
        colour=palette.GREY,
        symbol="cross",
        size_px=5,
        width_px=4,
        dash_px=(7, 4),
        from_zoom=8,
    ),
    "unknown": Style(
        label="State not reported",
        colour=palette.ORANGE,
        symbol="hexagon",
        size_px=6,
        dash_px=(7, 4),
    ),
}
"""State of a bypass road → its look."""

_DRIFT = "#2E86C1"

DRIFT_CLASSES = {
    "low": (
        0.0,
        Style(
            label="Under 10 % of the length",
            colour=_DRIFT,
            width_px=4,
            dash_px=(0.1, 18),
            round_ends=True,
        ),
    ),
    "middle": (
        0.1,
        Style(
            label="10 to 25 % of the length",
            colour=_DRIFT,
            width_px=6,
            dash_px=(0.1, 12),
            round_ends=True,
        ),
    ),
    "high": (
        0.25,
        Style(
            label="Over 25 % of the length",
            colour=_DRIFT,
            width_px=9,
            dash_px=(0.1, 11),
            round_ends=True,
        ),
    ),
}
"""Class of exposure to drifts → the least share of the length that is in it, and its look."""


def corridor_layers(corridor: Corridor, reports: pd.DataFrame) -> list[Layer]:
    """Return the layers of a corridor, in the order of the legend.

    Parameters
    ----------
    corridor
        The corridor.
    reports
        Dated reports, with the columns of the table `reports`; the latest on each contract is
        told with it.
    """
    contracts = _contract_names(corridor)
    return [
        contract_layer(corridor, reports),
        segment_layer(corridor, contracts),
        structure_layer(corridor, contracts),
        detour_layer(corridor),
        rest_area_layer(corridor, contracts),
        depot_layer(corridor),
        barrier_layer(corridor),
        heating_layer(corridor),
        drift_layer(corridor),
        closure_layer(corridor),
    ]


def contract_styles(corridor: Corridor) -> dict[str, Style]:
    """Return the look of each contract: a colour and a number; stretches between are grey."""
    styles = {}
    number = 0
    for contract in corridor.contracts:
        label = contract.names.as_dict() if contract.names.en else {"en": contract.id}
        if contract.kind == "between":
            styles[contract.id] = Style(
                label=label, colour=palette.GREY, width_px=10, dash_px=(10, 5)
            )
            continue
        colour = palette.SERIES[number % len(palette.SERIES)]
        number += 1
        styles[contract.id] = Style(label=label, colour=colour, width_px=10, badge=str(number))
    return styles


def contract_layer(corridor: Corridor, reports: pd.DataFrame) -> Layer:
    """Return the contracts, each with a colour and a number of its own and its latest report."""

    def more(row: Record) -> dict[str, Any]:
        return latest_report(reports, str(row["contract"]))

    return Layer(
        id="contracts",
        title="Contracts",
        features=_stretches(corridor, "contracts", more),
        styles=contract_styles(corridor),
        by="id",
        fields=(
            Field(
                name="length_km_official",
                label="Length by the contract",
                kind="number",
                unit="{n} km",
                digits=1,
            ),
            Field(name="pavement", label="Pavement"),
            Field(name="lots", label="Lots", kind="number"),
            Field(name="financing", label="Financing"),
            Field(name="facts", label="Stated facts"),
            *LATEST_FIELDS,
        ),
        order=20,
    )


def segment_layer(corridor: Corridor, contracts: Mapping[str, Text]) -> Layer:
    """Return the segments with their attributes and the traffic on them."""
    traffic = _ranges_by_route(corridor.table("traffic"), "aadt_veh_day")
    regions = {
        str(row["region"]): record_names(row) or {"en": str(row["region"])}
        for row in corridor.table("regions").to_dict("records")
    }

    def more(row: Record) -> dict[str, Any]:
        found = traffic(str(row["route"]), float(row["from_m"]), float(row["to_m"]))
        return {
            "contract": contracts.get(str(row["contract"])),
            "region": regions.get(str(row["region"]), row["region"]),
            "traffic_veh_day": found.get("range"),
            "traffic_standing": found.get("standing"),
            "traffic_source": found.get("source"),
            "roadway": "dual" if row["carriageways"] == 2 else "single",
        }

    return Layer(
        id="segments",
        title="Segments",
        features=_stretches(corridor, "segments", more, drop=("carriageways",)),
        styles={
            "dual": Style(label="Two carriageways", colour=palette.BLACK, width_px=5, gap_px=2),
            "single": Style(
                label="One carriageway",
                colour=palette.PURPLE,
                width_px=4,
                dash_px=(8, 4),
                gap_px=2,
            ),
        },
        by="roadway",
        fields=(
            _CODE,
            _CONTRACT,
            Field(name="region", label="Region", kind="names"),
            Field(
                name="lanes",
                label="Lanes in each direction",
                kind="number",
            ),
            Field(name="category", label="Road category"),
            Field(name="free_speed_kmh", label="Free speed", kind="number", unit="{n} km/h"),
            Field(name="profile", label="Cross-section", kind="choice", choices=_PROFILES),
            Field(
                name="traffic_veh_day",
                label="Traffic, both directions",
                kind="range",
                unit="{n} vehicles a day",
            ),
            Field(
                name="traffic_standing",
                label="Standing of the traffic",
                kind="choice",
                choices={
                    "reported": "Reported",
                    "measured": "Measured",
                    "estimated": "Estimated",
                },
            ),
            Field(name="traffic_source", label="Source of the traffic"),
        ),
        visible=False,
        order=30,
    )


def drift_layer(corridor: Corridor) -> Layer:
    """Return the stretches prone to drifting snow, in three classes of exposure."""

    def more(row: Record) -> dict[str, Any]:
        exposure = float(row["exposure"])
        classes = [name for name, (least, _) in DRIFT_CLASSES.items() if exposure >= least]
        return {"exposure_percent": 100 * exposure, "class": classes[-1]}

    return Layer(
        id="drift_stretches",
        title="Stretches prone to drifting snow",
        features=_stretches(corridor, "drift_stretches", more, drop=("exposure",)),
        styles={name: style for name, (_, style) in DRIFT_CLASSES.items()},
        by="class",
        fields=(
            _CODE,
            Field(
                name="exposure_percent",
                label="Share prone to drifts",
                kind="number",
                unit="{n} %",
            ),
        ),
        visible=False,
        order=10,
        side_px=-13,
    )


def detour_layer(corridor: Corridor) -> Layer:
    """Return the temporary bypass roads, each with the structure it leads around."""
    return Layer(
        id="detours",
        title="Bypass roads at structures",
        features=_stretches(corridor, "detours"),
        styles=DETOUR_STYLES,
        by="state",
        fields=(
            _CODE,
            Field(name="structure", label="Leads around", kind="feature", layer="structures"),
            Field(name="speed_kmh", label="Speed allowed", kind="number", unit="{n} km/h"),
            Field(name="as_of", label="State as of", kind="date"),
            Field(name="in_use_as_of", label="Reported in use", kind="date"),
        ),
        order=40,
        side_px=13,
    )


def structure_layer(corridor: Corridor, contracts: Mapping[str, Text]) -> Layer:
    """Return bridges, overpasses, interchanges, farm crossings and culverts."""
    detours = {
        str(row["structure"]): str(row["detour"])
        for row in corridor.table("detours").to_dict("records")
    }

    def more(row: Record) -> dict[str, Any]:
        return {
            "contract": contracts.get(str(row["contract"])),
            "detour": detours.get(str(row["structure"])),
        }

    return Layer(
        id="structures",
        title="Structures",
        features=_points(corridor, "structures", more),
        styles=STRUCTURE_STYLES,
        by="kind",
        fields=(
            _CODE,
            _CONTRACT,
            Field(name="length_m", label="Length", kind="number", unit="{n} m"),
            Field(name="obstacle", label="Crosses"),
            Field(name="detour", label="Bypass road", kind="feature", layer="detours"),
        ),
        order=50,
    )


def rest_area_layer(corridor: Corridor, contracts: Mapping[str, Text]) -> Layer:
    """Return the rest areas, with or without sanitary facilities."""

    def more(row: Record) -> dict[str, Any]:
        return {"contract": contracts.get(str(row["contract"])), "on_side": row["side"]}

    return Layer(
        id="rest_areas",
        title="Rest areas",
        features=_points(corridor, "rest_areas", more),
        styles=REST_AREA_STYLES,
        by="sanitary",
        fields=(
            _CODE,
            _CONTRACT,
            Field(name="on_side", label="Side of the road", kind="choice", choices=_SIDES),
        ),
        order=60,
        side_px=16,
    )


def depot_layer(corridor: Corridor) -> Layer:
    """Return the maintenance depots."""
    return Layer(
        id="depots",
        title="Maintenance depots",
        features=_points(corridor, "depots"),
        styles={
            "": Style(label="Maintenance depot", colour=palette.BLACK, symbol="house", size_px=9)
        },
        fields=(
            _CODE,
            Field(
                name="capacity",
                label="Room for",
                kind="count",
                one="{n} machine",
                many="{n} machines",
            ),
            Field(name="access_m", label="Way to the road", kind="number", unit="{n} m"),
        ),
        order=70,
        side_px=-18,
    )


def barrier_layer(corridor: Corridor) -> Layer:
    """Return the barriers at which the road is closed."""
    return Layer(
        id="barriers",
        title="Barriers",
        features=_points(corridor, "barriers"),
        styles={
            "": Style(
                label="Barrier",
                colour=palette.VERMILLION,
                symbol="barrier",
                size_px=7.5,
                from_zoom=7,
            )
        },
        fields=(
            _CODE,
            Field(
                name="waiting_places",
                label="Waiting places",
                kind="count",
                one="{n} vehicle",
                many="{n} vehicles",
            ),
        ),
        order=80,
        side_px=-36,
    )


def heating_layer(corridor: Corridor) -> Layer:
    """Return the heating points for travellers."""
    return Layer(
        id="heating_points",
        title="Heating points",
        features=_points(corridor, "heating_points"),
        styles={
            "": Style(
                label="Heating point",
                colour=palette.PURPLE,
                symbol="drop",
                size_px=7.5,
                from_zoom=7,
            )
        },
        fields=(
            _CODE,
            Field(
                name="people",
                label="Room for people",
                kind="count",
                one="{n} person",
                many="{n} people",
            ),
        ),
        order=90,
        side_px=32,
    )


def closure_layer(corridor: Corridor) -> Layer:
    """Return the reported winter closures whose kilometres lie on the road."""
    features = []
    for row in corridor.table("closures").to_dict("records"):
        for route, from_m, to_m in closed_stretches(corridor, row):
            properties = {"id": row["closure"], **_kept(row, ("closure",))}
            features.append(Feature(properties=properties, along=(route, from_m, to_m)))
    return Layer(
        id="closures",
        title="Reported winter closures",
        features=features,
        styles={
            "": Style(
                label="Closed in winter, as reported",
                colour="#7A2048",
                width_px=4,
                dash_px=(3, 3),
            )
        },
        fields=CLOSURE_FIELDS,
        visible=False,
        order=35,
        side_px=22,
    )


CLOSURE_FIELDS = (
    Field(name="start", label="Closed from", kind="date"),
    Field(name="end", label="Closed until", kind="date"),
    Field(name="section", label="Section, as stated"),
    Field(name="vehicles", label="For vehicles, as stated"),
    Field(name="reason", label="Reason, as stated"),
)


def closed_stretches(corridor: Corridor, row: Record) -> list[tuple[str, float, float]]:
    """Return where on the road a closure between two posts lies, one stretch for each route.

    Parameters
    ----------
    corridor
        The corridor.
    row
        A row of the table `closures`.

    Returns
    -------
    list
        Route, from and to in metres. Empty where the report names no posts or none on the road;
        posts beyond the ends of a route are taken as its end.
    """
    posting, first, last = row["posting"], row["from_post_km"], row["to_post_km"]
    if not posting or pd.isna(first) or pd.isna(last):
        return []
    low, high = sorted((float(first), float(last)))
    try:
        name = corridor.postings.resolve(str(posting))
    except PostError:
        return []
    breaks = corridor.postings.breaks
    found: dict[str, tuple[float, float]] = {}
    for piece in breaks[breaks["posting"] == name].itertuples():
        ends = sorted((piece.from_post_km, piece.to_post_km))
        a, b = max(low, ends[0]), min(high, ends[1])
        if a >= b:
            continue
        share = (np.array([a, b]) - piece.from_post_km) / (piece.to_post_km - piece.from_post_km)
        stations = sorted(piece.from_m + share * (piece.to_m - piece.from_m))
        route = str(piece.route)
        before = found.get(route, (np.inf, -np.inf))
        found[route] = (
            min(before[0], float(stations[0])),
            max(before[1], float(stations[1])),
        )
    return [(route, from_m, to_m) for route, (from_m, to_m) in found.items()]


def _contract_names(corridor: Corridor) -> dict[str, Text]:
    return {
        contract.id: contract.names.as_dict() if contract.names.en else {"en": contract.id}
        for contract in corridor.contracts
    }


def _kept(row: Record, drop: Iterable[str]) -> dict[str, Any]:
    """Return what of a record popups may tell: all but its place and its three names."""
    gone = {"route", "station_m", "from_m", "to_m", "name_en", "name_ru", "name_kk", *drop}
    return {key: value for key, value in row.items() if key not in gone}


def _nothing_more(row: Record) -> dict[str, Any]:  # noqa: ARG001 - the shape of its kin
    return {}


def _stretches(
    corridor: Corridor,
    table: str,
    more: Callable[[Record], dict[str, Any]] = _nothing_more,
    *,
    drop: Sequence[str] = (),
) -> list[Feature]:
    return [
        Feature(
            properties=_properties(table, row, more, drop),
            along=(str(row["route"]), float(row["from_m"]), float(row["to_m"])),
        )
        for row in corridor.table(table).to_dict("records")
    ]


def _points(
    corridor: Corridor,
    table: str,
    more: Callable[[Record], dict[str, Any]] = _nothing_more,
) -> list[Feature]:
    return [
        Feature(
            properties=_properties(table, row, more, ()),
            at=Position(str(row["route"]), float(row["station_m"])),
        )
        for row in corridor.table(table).to_dict("records")
    ]


def _properties(
    table: str,
    row: Record,
    more: Callable[[Record], dict[str, Any]],
    drop: Sequence[str],
) -> dict[str, Any]:
    key = TABLES[table].key[0]
    return {
        "id": str(row[key]),
        "name": record_names(row),
        **_kept(row, (key, *drop)),
        **more(row),
    }


def _ranges_by_route(
    traffic: pd.DataFrame, column: str
) -> Callable[[str, float, float], dict[str, Any]]:
    """Return a function that tells the lowest and highest value on a stretch, and its origin."""

    def on(route: str, from_m: float, to_m: float) -> dict[str, Any]:
        hit = traffic[
            (traffic["route"] == route) & (traffic["from_m"] < to_m) & (traffic["to_m"] > from_m)
        ]
        if hit.empty:
            return {}
        standings = set(hit["standing"])
        return {
            "range": [float(hit[column].min()), float(hit[column].max())],
            # Where the rows differ, the stretch is only as sure as the weakest of them.
            "standing": "estimated" if "estimated" in standings else min(standings),
            "source": "; ".join(dict.fromkeys(hit["source"])),
        }

    return on
