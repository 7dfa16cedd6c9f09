"""GeoPackages of strangers as raw tables: one layer a table, points as longitude and latitude."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, FieldError, GeometryError
from pyproj.exceptions import CRSError, ProjError

from roadplan.errors import Fault
from roadplan.tables.archive import UnreadableFileError
from roadplan.tables.cells import Cell, shown
from roadplan.tables.raw import RawTable
from roadplan.tables.schema import Table

_READ_ERRORS = (
    DataSourceError,
    DataLayerError,
    FeatureError,
    FieldError,
    GeometryError,
    ValueError,
    RuntimeError,
    OSError,
)


_SAME_DEGREES = 1e-6
_POINT = 0
"""Shapely's number for points."""


def layer_names(path: Path) -> list[str]:
    """Return the names of the layers of a GeoPackage.

    Raises
    ------
    UnreadableFileError
        The file is missing or no sound GeoPackage.
    """
    if not path.is_file():
        raise UnreadableFileError(path.name, "there is no such file")
    with path.open("rb") as stream:
        if stream.read(16) != b"SQLite format 3\x00":
            why = "the file is no GeoPackage, whatever its name says"
            raise UnreadableFileError(path.name, why, "export the layers as GeoPackage")
    try:
        with _quiet([]):
            return [str(name) for name in pyogrio.list_layers(path)[:, 0]]
    except _READ_ERRORS as error:
        raise _unreadable(path, error) from error


@contextmanager
def _quiet(told: list[str]) -> Iterator[None]:
    """Collect what the library warns of, instead of printing it."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    told.extend(str(warning.message) for warning in caught)


def layer_table(path: Path, layer: str, table: Table, notes: list[str]) -> RawTable | Fault:
    """Read one layer as a raw table.

    Parameters
    ----------
    path
        The GeoPackage.
    layer
        The layer's name.
    table
        What it should hold. Its columns `lon` and `lat`, if it has them, come from the layer's
        points, brought to WGS 84; columns of the layer must not contradict them.
    notes
        Gets what the library warns of.

    Returns
    -------
    RawTable or Fault
        Its rows, numbered by their feature ids; a fault where the points cannot be placed.

    Raises
    ------
    UnreadableFileError
        The layer cannot be read.
    """
    warned: list[str] = []
    try:
        with _quiet(warned):
            frame = pyogrio.read_dataframe(path, layer=layer, fid_as_index=True)
    except _READ_ERRORS as error:
        raise _unreadable(path, error) from error
    notes.extend(f"layer {layer}: {text}" for text in warned)
    geometry = frame.geometry if isinstance(frame, gpd.GeoDataFrame) else None
    attributes = pd.DataFrame(frame.drop(columns=geometry.name) if geometry is not None else frame)
    columns = {str(name): _cells(attributes[name]) for name in attributes.columns}
    if geometry is not None and {"lon", "lat"} <= set(table.names):
        points = _points(geometry, path.name, layer)
        if isinstance(points, Fault):
            return points
        for name, degrees in zip(("lon", "lat"), points, strict=True):
            at = _first_difference(columns.get(name), degrees)
            if at is not None:
                return Fault(
                    file=path.name,
                    sheet=layer,
                    row=int(frame.index[at]),
                    column=name,
                    value=shown(columns[name][at]),
                    why=f"the column says {shown(columns[name][at])}, the point {degrees[at]:.6f}",
                    remedy="delete the columns lon and lat, or put the point where they say",
                )
            told = columns.get(name, [None] * len(degrees))
            columns[name] = [
                cell if point is None else point for cell, point in zip(told, degrees, strict=True)
            ]
    return RawTable(
        file=path.name,
        sheet=layer,
        header=tuple(columns),
        positions=tuple(range(len(columns))),
        columns=tuple(columns.values()),
        rows=[int(fid) for fid in frame.index],
    )


def _cells(column: pd.Series) -> list[Cell]:
    """Return the values of an attribute as cells."""
    cells: list[Cell] = []
    for value in column.tolist():
        if value is None or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
            cells.append(None)
        elif isinstance(value, pd.Timestamp):
            cells.append(value.to_pydatetime())
        elif isinstance(value, str | float | int | bool):
            cells.append(value)
        else:
            cells.append(str(value))
    return cells


def _first_difference(told: list[Cell] | None, points: list[Cell]) -> int | None:
    """Return the first row whose column and point differ by more than a decimetre; None: no row."""
    for at, (cell, degrees) in enumerate(zip(told or (), points, strict=False)):
        if (
            isinstance(cell, int | float)
            and isinstance(degrees, float)
            and abs(cell - degrees) > _SAME_DEGREES
        ):
            return at
    return None


def _points(geometry: Any, file: str, layer: str) -> tuple[list[Cell], list[Cell]] | Fault:
    """Return longitude and latitude of each row; None where a row has no point."""
    if geometry.crs is None:
        why, remedy = "the layer has no coordinate system", "set its coordinate system and save it"
        return Fault(file=file, sheet=layer, why=why, remedy=remedy)
    try:
        degrees = geometry.to_crs(4326)
    except (CRSError, ProjError, ValueError) as error:
        why = f"its coordinates cannot be brought to WGS 84 ({error})"
        return Fault(file=file, sheet=layer, why=why, remedy="save the layer in EPSG:4326")
    shapes = degrees.to_numpy()
    # Map programs like to save single points as collections of one.
    alone = shapely.get_num_geometries(shapes) == 1
    points = np.where(alone, shapely.get_geometry(shapes, 0), None)
    good = (shapely.get_type_id(points) == _POINT) & ~shapely.is_empty(points)
    x, y = shapely.get_x(points), shapely.get_y(points)
    lon: list[Cell] = [float(value) if fine else None for value, fine in zip(x, good, strict=True)]
    lat: list[Cell] = [float(value) if fine else None for value, fine in zip(y, good, strict=True)]
    return lon, lat


def _unreadable(path: Path, error: BaseException) -> UnreadableFileError:
    why = f"the GeoPackage cannot be read ({error})"
    return UnreadableFileError(path.name, why, "open it in QGIS and export it again")
