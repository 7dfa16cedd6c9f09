"""The layers of the corridor page: what each table of a corridor looks like on the map."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from roadplan.corridor import Corridor
from roadplan.maps import palette
from roadplan.maps.closures import closure_layer
from roadplan.maps.corridor_features import Record, points, stretches
from roadplan.maps.corridor_styles import (
    DETOUR_STYLES,
    DRIFT_CLASSES,
    REST_AREA_STYLES,
    STRUCTURE_STYLES,
    contract_styles,
)
from roadplan.maps.embedding import Text
from roadplan.maps.layers import Field, Layer, Style
from roadplan.maps.reports import LATEST_FIELDS, latest_report
from roadplan.maps.road import record_names

_SIDES = {"left": "Left", "right": "Right", "both": "Both sides"}
_PROFILES = {"embankment": "Embankment", "flush": "Level with the ground", "cutting": "Cutting"}
_CONTRACT = Field(name="contract", label="Contract", kind="names")
_CODE = Field(name="id", label="Code")


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


def contract_layer(corridor: Corridor, reports: pd.DataFrame) -> Layer:
    """Return the contracts, each with a colour and a number of its own and its latest report."""

    def more(row: Record) -> dict[str, Any]:
        return latest_report(reports, str(row["contract"]))

    return Layer(
        id="contracts",
        title="Contracts",
        features=stretches(corridor, "contracts", more),
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
        features=stretches(corridor, "segments", more, drop=("carriageways",)),
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
        features=stretches(corridor, "drift_stretches", more, drop=("exposure",)),
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
        features=stretches(corridor, "detours"),
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
        features=points(corridor, "structures", more),
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
        features=points(corridor, "rest_areas", more),
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
        features=points(corridor, "depots"),
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
        features=points(corridor, "barriers"),
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
        features=points(corridor, "heating_points"),
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


def _contract_names(corridor: Corridor) -> dict[str, Text]:
    return {
        contract.id: contract.names.as_dict() if contract.names.en else {"en": contract.id}
        for contract in corridor.contracts
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
