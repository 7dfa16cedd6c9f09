"""Loading a corridor from its folder: one call that reads, checks and returns it."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pandas as pd

from roadplan.corridor.checks import check_tables
from roadplan.corridor.model import Corridor
from roadplan.corridor.schema import TABLES
from roadplan.corridor.store import recover
from roadplan.errors import Fault, FaultsError, RoadplanError
from roadplan.tables.reading import empty_frame, read_csv_table


def shipped_folder() -> Path:
    """Return the folder of the corridor that comes with roadplan."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "geodata"
    return installed if installed.is_dir() else package.parent / "geodata"


def read_tables(path: str | os.PathLike[str]) -> tuple[dict[str, pd.DataFrame], list[Fault]]:
    """Read every table of a corridor folder and check the values and how they hold together.

    Parameters
    ----------
    path
        A folder with one CSV per table of :data:`roadplan.corridor.schema.TABLES`.

    Returns
    -------
    tables
        Table name → rows; a missing table is an empty one with its columns.
    faults
        All that is wrong. The tables are fit for use only where there is nothing.

    Raises
    ------
    RoadplanError
        There is no such folder.
    """
    folder = Path(path)
    recover(folder)
    if not folder.is_dir():
        raise RoadplanError(
            f"{folder} is no folder; give a folder with routes.csv and control_points.csv"
        )
    tables: dict[str, pd.DataFrame] = {}
    faults: list[Fault] = []
    for name, table in TABLES.items():
        file = folder / f"{name}.csv"
        if file.is_file():
            tables[name], found = read_csv_table(file, table)
            faults.extend(_with_crs(fault) for fault in found)
        else:
            tables[name] = empty_frame(table)
            if table.required:
                remedy = f"a corridor needs {file.name}"
                faults.append(Fault(file=file.name, why="the file is missing", remedy=remedy))
    # A row whose cells are unsound would only be told again by the rules across tables.
    told = {(fault.file, fault.row) for fault in faults}
    faults.extend(fault for fault in check_tables(tables) if (fault.file, fault.row) not in told)
    return tables, faults


def _with_crs(fault: Fault) -> Fault:
    """Return a fault whose remedy says so when a coordinate is in metres instead of degrees."""
    if fault.column not in {"lon", "lat"}:
        return fault
    try:
        metres = abs(float(fault.value)) > 360
    except ValueError:
        return fault
    if not metres:
        return fault
    return replace(
        fault,
        why=f"{fault.why}: the coordinates are in a projected system (wrong CRS)",
        remedy="reproject them to WGS 84 longitude and latitude (EPSG:4326)",
    )


def load(path: str | os.PathLike[str] | None = None) -> Corridor:
    """Load a corridor.

    Parameters
    ----------
    path
        Its folder; None for the one that comes with roadplan.

    Returns
    -------
    Corridor
        The validated model.

    Raises
    ------
    FaultsError
        The tables have faults; all are listed, each with file, row and remedy.
    RoadplanError
        There is no such folder.

    Examples
    --------
    >>> from roadplan import corridor
    >>> road = corridor.load()
    >>> road.position("m36:1610+250").route
    'main'
    """
    folder = shipped_folder() if path is None else Path(path)
    tables, faults = read_tables(folder)
    if faults:
        raise FaultsError(faults, f"The corridor in {folder} cannot be used")
    return Corridor.from_tables(tables)
