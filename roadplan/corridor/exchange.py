"""The corridor for other programs: GeoPackage and GeoJSON, as QGIS and the web read them."""

from __future__ import annotations

import json
import math
import os
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from pyogrio.errors import DataSourceError

from roadplan.corridor.inventory_schema import rows_with_posts
from roadplan.corridor.model import CRS, Corridor
from roadplan.corridor.schema import TABLES
from roadplan.errors import RoadplanError
from roadplan.files import replace_text, replacing
from roadplan.tables.schema import Table

FORMATS = ("gpkg", "geojson")
"""What a corridor can be exported to."""

_DEGREE_DECIMALS = 7
"""Decimals of degrees in GeoJSON: a centimetre, as RFC 7946, section 11.2 advises at most."""


def export(
    corridor: Corridor,
    path: str | os.PathLike[str],
    *,
    form: str = "",
    tables: Iterable[str] = (),
) -> list[Path]:
    """Write the tables of a corridor with their geometry, atomically.

    Every row has its standing and source, and its kilometre posts as text (`post`, or `from_post`
    and `to_post`). Routes are lines along their axis, stretches lines, things on the road points;
    tables without a place have no geometry.

    Parameters
    ----------
    corridor
        The road.
    path
        A file ending in .gpkg; a file ending in .geojson, for one table; or a folder, which gets
        one .geojson for each table.
    form
        One of :data:`FORMATS`; by the ending of `path` where empty.
    tables
        Names of tables; all by default.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    RoadplanError
        A table is unknown, the format does not fit, or the file cannot be written.
    """
    target = Path(path)
    chosen = _chosen(tables)
    wanted = form or ("gpkg" if target.suffix.lower() == ".gpkg" else "geojson")
    if wanted not in FORMATS:
        raise RoadplanError(f"format {wanted!r} is not one of {', '.join(FORMATS)}")
    if wanted == "gpkg":
        if target.suffix.lower() != ".gpkg":
            raise RoadplanError(f"a GeoPackage must end in .gpkg, unlike {target.name}")
        return [write_geopackage(corridor, target, chosen)]
    single = target.suffix.lower() in {".geojson", ".json"}
    if single and len(chosen) != 1:
        raise RoadplanError(
            f"{target.name} can hold one table; choose one, or give a folder for all of them"
        )
    if target.suffix and not single and not target.is_dir():
        raise RoadplanError(f"{target.name} is no .gpkg, .geojson or folder")
    if target.is_file() and not single:
        raise RoadplanError(f"{target} is a file; give a folder")
    files = {name: target if single else target / f"{name}.geojson" for name in chosen}
    return [replace_text(file, geojson_text(corridor, name)) for name, file in files.items()]


def layer(corridor: Corridor, name: str) -> gpd.GeoDataFrame:
    """Return one table as it is exported: posts as text, whole numbers as such, geometry.

    Parameters
    ----------
    corridor
        The road.
    name
        The table.

    Returns
    -------
    GeoDataFrame
        EPSG:4326. Coordinates of a place are its geometry and no columns, so that a point moved
        in a map program cannot contradict them.
    """
    table = TABLES[name]
    frame = rows_with_posts(corridor, name)
    if name == "routes":
        geometry: Any = [
            corridor.axis(str(route)).lines(
                np.array([0.0]), np.array([corridor.axis(str(route)).length_m])
            )[0]
            for route in frame["route"]
        ]
    else:
        geometry = corridor.view(name).geometry.to_numpy()
    for column in table:
        if column.kind == "integer":
            frame[column.name] = frame[column.name].astype("Int64")
    if table.shape == "lonlat":
        frame = frame.drop(columns=["lon", "lat"])
    return gpd.GeoDataFrame(frame, geometry=geometry, crs=CRS)


def write_geopackage(
    corridor: Corridor, path: str | os.PathLike[str], tables: Sequence[str] = ()
) -> Path:
    """Write one layer for each table into a GeoPackage, atomically.

    Raises
    ------
    RoadplanError
        The file cannot be written.
    """
    target = Path(path)
    try:
        with replacing(target) as temporary:
            for number, name in enumerate(_chosen(tables)):
                _write_layer(layer(corridor, name), TABLES[name], temporary, append=number > 0)
    except (DataSourceError, OSError) as error:
        raise RoadplanError(f"{target} cannot be written: {error}") from error
    return target


def _write_layer(frame: gpd.GeoDataFrame, table: Table, path: Path, *, append: bool) -> None:
    kinds = _geometry_type(table)
    content = frame if kinds else pd.DataFrame(frame.drop(columns="geometry"))
    with warnings.catch_warnings():
        # An empty layer is meant: QGIS then offers the table to be filled.
        warnings.filterwarnings("ignore", message="A geometry column is not present")
        pyogrio.write_dataframe(
            content,
            path,
            layer=table.name,
            driver="GPKG",
            append=append,
            geometry_type=kinds or None,
            layer_options={"DESCRIPTION": table.description, "IDENTIFIER": table.name},
        )


def _geometry_type(table: Table) -> str:
    """Return what a table's layer holds; nothing for a table without geometry."""
    if table.name == "routes" or table.shape == "stretch":
        return "LineString"
    return "" if table.shape == "none" else "Point"


def geojson_text(corridor: Corridor, name: str) -> str:
    """Return one table as a GeoJSON FeatureCollection (RFC 7946).

    Features are in the order of the table; their id is the row's key, a value that is not known
    is null. Coordinates are WGS 84 degrees, so there is no `crs` (section 4).
    """
    table = TABLES[name]
    frame = layer(corridor, name)
    geometries = frame.geometry.to_numpy()
    properties = pd.DataFrame(frame.drop(columns="geometry"))
    keys = corridor.table(name)[list(table.key)].astype(str).agg(" ".join, axis=1)
    features = [
        {
            "type": "Feature",
            "id": key,
            "geometry": _geojson_geometry(geometry),
            "properties": {str(field): _plain(value) for field, value in record.items()},
        }
        for key, geometry, record in zip(
            keys if len(frame) else (), geometries, properties.to_dict("records"), strict=True
        )
    ]
    lines = ",\n".join(json.dumps(f, ensure_ascii=False, allow_nan=False) for f in features)
    head = {"type": "FeatureCollection", "name": name, "description": table.description}
    start = json.dumps(head, ensure_ascii=False)[:-1]
    return f'{start}, "features": [\n{lines}\n]}}\n'


def _geojson_geometry(geometry: Any) -> dict[str, Any] | None:
    if geometry is None or geometry.is_empty:
        return None
    rounded = np.round(shapely.get_coordinates(geometry), _DEGREE_DECIMALS).tolist()
    if geometry.geom_type == "Point":
        return {"type": "Point", "coordinates": rounded[0]}
    return {"type": geometry.geom_type, "coordinates": rounded}


def _plain(value: Any) -> Any:
    """Return a value as JSON holds it; null for what is not known."""
    if value is None or value is pd.NA or value == "":
        return None
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float):
        return None if math.isnan(value) else value
    return value


def _chosen(tables: Iterable[str]) -> list[str]:
    names = list(dict.fromkeys(tables)) or list(TABLES)
    for name in names:
        if name not in TABLES:
            raise RoadplanError(f"there is no table {name!r}; there are {', '.join(TABLES)}")
    return names
