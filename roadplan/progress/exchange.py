"""The status of the works for other programs: GeoPackage, GeoJSON and workbooks."""

from __future__ import annotations

import json
import math
import os
import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from pyogrio.errors import DataSourceError

from roadplan.corridor.model import CRS, Corridor
from roadplan.errors import RoadplanError
from roadplan.files import replace_text, replacing
from roadplan.i18n import translate
from roadplan.progress.asof import AsOf
from roadplan.progress.exchange_sources import Sources, report_sources
from roadplan.progress.items import WorkItems
from roadplan.progress.ledger import Ledger
from roadplan.progress.pieces import FULL
from roadplan.progress.rollup import Status, status
from roadplan.progress.sheet import DOMAIN
from roadplan.tables.writing import write_workbook

FORMATS = ("gpkg", "geojson", "xlsx")
"""What a status can be exported to."""

LAYERS = {
    "items": "Work items: completion, stage, and who said so",
    "segments": "Segments: completion of all physical work on them",
    "contracts": "Contracts: kilometres surfaced, complete and open",
    "counts": "Structures, rest areas, facilities and bypass roads by state",
}
"""The layers or sheets by name, with what they are."""

STATES = ("no report", "not begun", "in progress", "done")
"""How a work item stands."""

_DEGREE_DECIMALS = 7
"""Decimals of degrees in GeoJSON: a centimetre, as RFC 7946, section 11.2 advises at most."""

_WITHOUT_PLACE = ("counts",)


def export_status(
    path: str | os.PathLike[str],
    ledger: Ledger,
    corridor: Corridor,
    items: WorkItems,
    as_of: AsOf,
    *,
    form: str = "",
    layers: Iterable[str] = (),
    language: str = "ru",
) -> list[Path]:
    """Write how far the works are, with standing and source of every figure, atomically.

    Parameters
    ----------
    path
        A file ending in .gpkg or .xlsx; one ending in .geojson or .json, for one layer; or a
        folder, which gets one .geojson for each layer.
    ledger
        The reports.
    corridor, items
        The road and its work.
    as_of
        The two times of the status.
    form
        One of :data:`FORMATS`; by the ending of `path` where empty.
    layers
        Some of :data:`LAYERS`; all by default, and `items` for a single .geojson.
    language
        `ru`, `kk` or `en`: names of work types and stages, and headers of a workbook.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    RoadplanError
        A layer is unknown, the format does not fit, or the file cannot be written.
    """
    target = Path(path)
    suffix = target.suffix.lower()
    wanted = form or {".gpkg": "gpkg", ".xlsx": "xlsx"}.get(suffix, "geojson")
    if wanted not in FORMATS:
        raise RoadplanError(f"format {wanted!r} is not one of {', '.join(FORMATS)}")
    single = wanted == "geojson" and suffix in {".geojson", ".json"}
    chosen = _chosen(layers, default=("items",) if single else tuple(LAYERS))
    if wanted != "geojson" and suffix != f".{wanted}":
        raise RoadplanError(f"{target.name} must end in .{wanted}")
    if wanted == "geojson" and not single:
        if suffix and not target.is_dir():
            raise RoadplanError(f"{target.name} is no .gpkg, .xlsx, .geojson or folder")
        if target.is_file():
            raise RoadplanError(f"{target} is a file; give a folder")
    if single and len(chosen) != 1:
        raise RoadplanError(
            f"{target.name} can hold one layer; choose one, or give a folder for all of them"
        )
    found = status(items, ledger.history(), as_of)
    frames = status_layers(corridor, found, report_sources(ledger, items, as_of), language=language)
    frames = {name: frames[name] for name in chosen}
    if wanted == "gpkg":
        return [_write_geopackage(target, frames)]
    if wanted == "xlsx":
        return [_write_workbook(target, frames, language)]
    files = {name: target if single else target / f"{name}.geojson" for name in chosen}
    return [
        replace_text(file, geojson_text(frames[name], name, as_of)) for name, file in files.items()
    ]


def _chosen(layers: Iterable[str], *, default: Sequence[str]) -> list[str]:
    names = list(dict.fromkeys(layers)) or list(default)
    for name in names:
        if name not in LAYERS:
            raise RoadplanError(f"there is no layer {name!r}; there are {', '.join(LAYERS)}")
    return names


# --- the layers -------------------------------------------------------------------------------


def status_layers(
    corridor: Corridor, found: Status, sources: Sources, *, language: str = "en"
) -> dict[str, gpd.GeoDataFrame]:
    """Return the layers of a status.

    Parameters
    ----------
    corridor
        The road.
    found
        The status.
    sources
        Who said it.
    language
        Of the names.

    Returns
    -------
    dict
        Layer name → GeoDataFrame in EPSG:4326. What is not known is NaN or empty, never 0:
        `completion` is NaN and `state` is ``no report`` where nobody reported.
    """
    return {
        "items": _items_layer(corridor, found, sources, language),
        "segments": _segments_layer(corridor, found, sources),
        "contracts": _contracts_layer(corridor, found),
        "counts": gpd.GeoDataFrame(
            _stamped(found.counts, found), geometry=[None] * len(found.counts), crs=CRS
        ),
    }


def _stamped(frame: pd.DataFrame, found: Status) -> pd.DataFrame:
    """Return a table with the work date that its figures are of."""
    return frame.assign(as_of=found.as_of.work_date.isoformat())


def _items_layer(
    corridor: Corridor, found: Status, sources: Sources, language: str
) -> gpd.GeoDataFrame:
    frame = found.frame
    types = found.items.types
    stages = {
        (kind.id, stage.id): stage.names[language]
        for kind in types.values()
        for stage in kind.stages
    }
    columns = pd.DataFrame(
        {
            "item": frame["id"],
            "work_type": frame["work_type"],
            "work_name": [types[key].names[language] for key in frame["work_type"]],
            "place": frame["place"],
            "contract": frame["contract"],
            "segment": frame["segment"],
            "region": frame["region"],
            "route": frame["route"],
            "from_m": frame["from_m"],
            "to_m": frame["to_m"],
            **_post_columns(corridor, frame),
            "quantity": frame["quantity"],
            "unit": frame["unit"],
            "weight": frame["weight"],
            "state": _states(frame["completion"].to_numpy(float)),
            "completion": frame["completion"],
            "stage": frame["stage"],
            "stage_name": [
                stages.get(key, "") for key in zip(frame["work_type"], frame["stage"], strict=True)
            ],
            "reached_on": frame["reached_on"],
            "reported_by": sources.authors,
            "reported_in": sources.sources,
            "last_work_date": sources.last_days,
            "report_standing": frame["report_standing"],
            "quantity_standing": frame["standing"],
            "quantity_source": frame["source"],
        }
    )
    geometry = _geometry(corridor, frame)
    return gpd.GeoDataFrame(_stamped(columns, found), geometry=geometry, crs=CRS)


def _segments_layer(corridor: Corridor, found: Status, sources: Sources) -> gpd.GeoDataFrame:
    rolled = found.by("segment").set_index("segment")
    own = [each for each in corridor.segments if each.id in rolled.index]
    rows = rolled.loc[[each.id for each in own]]
    frame = pd.DataFrame(
        {
            "segment": [each.id for each in own],
            "contract": [each.contract for each in own],
            "region": [each.region for each in own],
            "route": [each.route for each in own],
            "from_m": [each.from_m for each in own],
            "to_m": [each.to_m for each in own],
        }
    )
    by_segment = sources.by(list(found.frame["segment"]))
    columns = frame.assign(
        **_post_columns(corridor, frame),
        items=rows["items"].to_numpy(),
        items_reported=rows["items_reported"].to_numpy(),
        items_done=rows["items_done"].to_numpy(),
        completion=rows["completion"].to_numpy(),
        state=_states(rows["completion"].to_numpy(float)),
        rests_on_estimates=["yes" if flag else "no" for flag in rows["estimated"]],
        reported_in=[by_segment.get(each.id, "") for each in own],
        segment_standing=[each.standing for each in own],
        segment_source=[each.source for each in own],
    )
    return gpd.GeoDataFrame(_stamped(columns, found), geometry=_geometry(corridor, frame), crs=CRS)


def _contracts_layer(corridor: Corridor, found: Status) -> gpd.GeoDataFrame:
    rolled = found.by("contract").set_index("contract")["completion"]
    frame = found.kilometres.reset_index(drop=True)
    known = {each.id: each for each in found.items.contracts}
    own = [known.get(str(key)) for key in frame["contract"]]
    completion = [
        found.overall if each is None else float(rolled.get(each.id, math.nan)) for each in own
    ]
    geometry = [
        None
        if each is None
        else corridor.axis(each.route).lines(np.array([each.from_m]), np.array([each.to_m]))[0]
        for each in own
    ]
    columns = frame.assign(
        completion=completion,
        contract_standing=["" if each is None else each.standing for each in own],
        contract_source=["" if each is None else each.source for each in own],
    )
    return gpd.GeoDataFrame(_stamped(columns, found), geometry=geometry, crs=CRS)


def _states(completion: np.ndarray) -> list[str]:
    return [
        STATES[0]
        if math.isnan(share)
        else STATES[1]
        if share <= 0
        else STATES[3]
        if share >= FULL
        else STATES[2]
        for share in completion
    ]


def _post_columns(corridor: Corridor, frame: pd.DataFrame) -> dict[str, list[str]]:
    """Return the kilometre posts at which each row begins and ends, in every posting."""
    found: dict[str, list[str]] = {}
    for column, title in (("from_m", "from_post"), ("to_m", "to_post")):
        texts = np.full(len(frame), "", dtype=object)
        for route, index in frame.groupby("route").indices.items():
            if str(route) in corridor.routes:
                stations = frame[column].to_numpy(float)[index]
                texts[index] = corridor.postings.texts(str(route), stations)
        found[title] = [str(text) for text in texts]
    return found


def _geometry(corridor: Corridor, frame: pd.DataFrame) -> np.ndarray:
    """Return lines of stretches, points where a thing has no length."""
    shapes = np.full(len(frame), None, dtype=object)
    for route, index in frame.groupby("route").indices.items():
        if str(route) not in corridor.routes:
            continue
        axis = corridor.axis(str(route))
        from_m = np.clip(frame["from_m"].to_numpy(float)[index], 0.0, axis.length_m)
        to_m = np.clip(frame["to_m"].to_numpy(float)[index], 0.0, axis.length_m)
        long = to_m > from_m
        if long.any():
            shapes[index[long]] = axis.lines(from_m[long], to_m[long])
        if (~long).any():
            shapes[index[~long]] = axis.point_geometries(from_m[~long])
    return shapes


# --- the formats ------------------------------------------------------------------------------


def _write_geopackage(target: Path, frames: Mapping[str, gpd.GeoDataFrame]) -> Path:
    try:
        with replacing(target) as temporary:
            append = False
            for name, frame in frames.items():
                for layer, part in _by_geometry(name, frame).items():
                    _write_layer(temporary, layer, part, LAYERS[name], append=append)
                    append = True
    except (DataSourceError, OSError) as error:
        raise RoadplanError(f"{target} cannot be written: {error}") from error
    return target


def _by_geometry(name: str, frame: gpd.GeoDataFrame) -> dict[str, gpd.GeoDataFrame]:
    """Part a layer by kind of geometry: map programs show one kind in a layer."""
    if name in _WITHOUT_PLACE:
        return {name: frame}
    points = np.asarray(frame.geom_type == "Point")
    if not points.any():
        return {name: frame}
    return {name: frame[~points], f"{name}_points": frame[points]}


def _write_layer(
    path: Path, layer: str, frame: gpd.GeoDataFrame, description: str, *, append: bool
) -> None:
    bare = layer in _WITHOUT_PLACE
    content = pd.DataFrame(frame.drop(columns="geometry")) if bare else frame
    kind = None if bare else "Point" if layer.endswith("_points") else "LineString"
    with warnings.catch_warnings():
        # A table without places is meant.
        warnings.filterwarnings("ignore", message="A geometry column is not present")
        pyogrio.write_dataframe(
            content,
            path,
            layer=layer,
            driver="GPKG",
            append=append,
            geometry_type=kind,
            layer_options={"DESCRIPTION": description, "IDENTIFIER": layer},
        )


def _write_workbook(target: Path, frames: Mapping[str, gpd.GeoDataFrame], language: str) -> Path:
    def said(text: str) -> str:
        return translate(text, language, DOMAIN)

    sheets = {}
    for name, frame in frames.items():
        plain = pd.DataFrame(frame.drop(columns="geometry"))
        if "state" in plain:
            plain["state"] = [said(state) for state in plain["state"]]
        for column in plain.columns:
            if column.endswith("standing"):
                plain[column] = [said(text) if text else "" for text in plain[column]]
        titles = {column: said(column.replace("_", " ").capitalize()) for column in plain.columns}
        sheets[said(name.capitalize())] = plain.rename(columns=titles)
    return write_workbook(target, sheets, language=language)


def geojson_text(frame: gpd.GeoDataFrame, name: str, as_of: AsOf) -> str:
    """Return a layer as a GeoJSON FeatureCollection (RFC 7946).

    The id of a feature is its first column; what is not known is null. Coordinates are WGS 84
    degrees, so there is no `crs` (section 4).
    """
    plain = pd.DataFrame(frame.drop(columns="geometry"))
    key = plain.columns[0]
    features = [
        {
            "type": "Feature",
            "id": str(record[key]),
            "geometry": geojson_geometry(geometry),
            "properties": {str(field): json_value(value) for field, value in record.items()},
        }
        for geometry, record in zip(
            frame.geometry.to_numpy(), plain.to_dict("records"), strict=True
        )
    ]
    head = {
        "type": "FeatureCollection",
        "name": name,
        "description": f"{LAYERS[name]}; as of {as_of}",
    }
    lines = ",\n".join(json.dumps(each, ensure_ascii=False, allow_nan=False) for each in features)
    return f'{json.dumps(head, ensure_ascii=False)[:-1]}, "features": [\n{lines}\n]}}\n'


def geojson_geometry(geometry: Any) -> dict[str, Any] | None:
    """Return a point or line as GeoJSON, to seven decimals; None where there is none.

    Positions that rounding makes the same as the one before are left out where two remain.
    """
    if geometry is None or geometry.is_empty:
        return None
    rounded = np.round(shapely.get_coordinates(geometry), _DEGREE_DECIMALS)
    if geometry.geom_type == "Point":
        return {"type": "Point", "coordinates": rounded[0].tolist()}
    keep = np.append(True, np.any(np.diff(rounded, axis=0) != 0, axis=1))
    kept = rounded[keep] if keep.sum() > 1 else rounded
    return {"type": geometry.geom_type, "coordinates": kept.tolist()}


def json_value(value: Any) -> Any:
    """Return a value as JSON holds it; None for what is not known."""
    if value is None or value is pd.NA or value == "":
        return None
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float):
        return None if math.isnan(value) else value
    return value
