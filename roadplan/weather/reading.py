"""Reading weather from any file, told by what is in it, and loading a storm onto a road."""

from __future__ import annotations

import datetime as dt
import os
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from roadplan.errors import RoadplanError
from roadplan.weather.archive import read_storm, write_storm
from roadplan.weather.csv_file import read_csv_storm, write_csv_storm
from roadplan.weather.generator import NOMINAL_START
from roadplan.weather.grids import is_grid, read_grid
from roadplan.weather.interpolation import to_road
from roadplan.weather.metar import holds_metar, read_metar
from roadplan.weather.open_meteo import read_open_meteo
from roadplan.weather.parameters import Parameters, load_parameters
from roadplan.weather.road import Road
from roadplan.weather.shipped import draw, shipped_storms
from roadplan.weather.storm import Storm

if TYPE_CHECKING:
    from roadplan.corridor import Corridor

_SNIFFED_BYTES = 65_536


def read(
    path: str | os.PathLike[str],
    *,
    issued: dt.datetime | None = None,
    as_of: dt.datetime | None = None,
    implausible: str = "raise",
    road: Road | None = None,
) -> Storm:
    """Read weather from a file, whatever its kind.

    Parameters
    ----------
    path
        A storm of roadplan (``.npz``), a reply of Open-Meteo (JSON), a table (CSV), METAR text,
        or a grid (NetCDF, GRIB). What it is, is told by its content.
    issued
        When the forecast was made, where the file does not say it.
    as_of
        For METARs without a month: a moment not before them.
    implausible
        ``raise`` refuses values that cannot be, ``missing`` takes them as missing.
    road
        For grids: only the grid's points around this road are read.

    Raises
    ------
    RoadplanError
        There is no such file, or it is none of these kinds or cannot be used.
    """
    file = Path(path)
    try:
        with file.open("rb") as stream:
            head = stream.read(_SNIFFED_BYTES)
    except OSError as error:
        raise RoadplanError(f"{path} cannot be read: {error.strerror or error}") from error
    if not head.strip():
        raise RoadplanError(f"{file.name} is empty")
    if head[:2] == b"PK":
        return _read_zip(file)
    if is_grid(head):
        return read_grid(file, issued=issued, implausible=implausible, road=road)
    if b"\0" in head:
        raise RoadplanError(f"{file.name} is no file of weather that can be read")
    text = head.decode("utf-8-sig", errors="replace").lstrip()
    if text[:1] in {"{", "["}:
        return read_open_meteo(file, issued=issued, implausible=implausible)
    if holds_metar(text):
        return read_metar(file, as_of=as_of)
    return read_csv_storm(file, issued=issued, implausible=implausible)


def write(storm: Storm, path: str | os.PathLike[str]) -> Path:
    """Write a storm to a ``.npz`` or ``.csv`` file that :func:`read` reads, and return the path.

    Raises
    ------
    RoadplanError
        The file's name ends in neither.
    """
    file = Path(path)
    if file.suffix == ".npz":
        return write_storm(storm, file)
    if file.suffix == ".csv":
        write_csv_storm(storm, file)
        return file
    raise RoadplanError(f"a storm is written to a .npz or .csv file, not to {file.name}")


def load(
    name_or_path: str | os.PathLike[str],
    corridor: Corridor | None = None,
    *,
    road: Road | None = None,
    start: dt.datetime | None = None,
    members: int | None = None,
    parameters: Parameters | None = None,
) -> Storm:
    """Return a storm on the segments of a road.

    Parameters
    ----------
    name_or_path
        Name of a storm that comes with roadplan, or a file that :func:`read` reads.
    corridor
        The corridor, cut into segments of at most 5 km; or give `road`.
    road
        Segments of one's own choice.
    start
        When a shipped storm begins; files keep their times.
    members
        How many members to draw of a shipped storm, or to keep of a file, from the first.
    parameters
        The model's numbers.

    Raises
    ------
    RoadplanError
        There is neither a storm nor a file of this name, or it does not fit the road.
    """
    p = parameters or load_parameters()
    if road is None:
        if corridor is None:
            raise RoadplanError("a storm is loaded onto a corridor or a road: give one of them")
        road = Road.from_corridor(corridor, p)
    storms = shipped_storms()
    if str(name_or_path) in storms:
        return draw(
            storms[str(name_or_path)],
            road,
            start=start or NOMINAL_START,
            members=members,
            parameters=p,
        )
    if not Path(name_or_path).is_file():
        raise RoadplanError(
            f"there is neither a file nor a storm '{name_or_path}'; storms that come with "
            f"roadplan are {', '.join(storms)}"
        )
    storm = to_road(read(name_or_path, road=road), road, p)
    if members is None:
        return storm
    if not 1 <= members <= len(storm.members):
        raise RoadplanError(f"the storm has {len(storm.members)} members, not {members}")
    return storm.at_members(range(members))


def _read_zip(file: Path) -> Storm:
    try:
        with zipfile.ZipFile(file) as archive:
            names = set(archive.namelist())
    except (OSError, zipfile.BadZipFile) as error:
        raise RoadplanError(f"{file.name} is cut short or damaged: {error}") from error
    if "about.npy" not in names:
        raise RoadplanError(
            f"{file.name} is a workbook or an archive, not weather; save the sheet as CSV"
        )
    return read_storm(file)
