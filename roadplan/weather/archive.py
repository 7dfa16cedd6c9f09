"""Storms in one compact file of our own: a NumPy archive that needs nothing else to be read.

The file is a ``.npz`` without pickled objects. It holds ``time`` (seconds since 1970, UTC),
``member`` (text), the coordinates of the places, the variables in the units of
:data:`roadplan.weather.units.CANONICAL` as 32-bit floats of shape (member, time, place), and
``about``: JSON in UTF-8 bytes with the format, its version, the place dimension and the origin.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import zipfile
from pathlib import Path
from typing import Any, Final

import numpy as np

from roadplan.errors import RoadplanError
from roadplan.files import DAMAGED, replacing
from roadplan.weather.flag import Flag
from roadplan.weather.storm import VARIABLES, Origin, Storm, make_dataset
from roadplan.weather.units import CANONICAL

FORMAT: Final = "roadplan-storm"
VERSION: Final = 1

_MOST_BYTES: Final = 4 * 1024**3
_COORDS: Final = ("route", "station_m", "from_m", "to_m", "bearing_deg")


def write_storm(storm: Storm, path: str | os.PathLike[str]) -> Path:
    """Write a storm to a ``.npz`` file, atomically, and return the path."""
    data, origin = storm.data, storm.origin
    about = {
        "format": FORMAT,
        "version": VERSION,
        "place": storm.place,
        "units": CANONICAL,
        "source": origin.source,
        "issued": origin.issued.isoformat(),
        "issued_stated": origin.issued_stated,
        "standing": origin.standing,
        "synthetic": origin.synthetic,
        "title": dict(origin.title),
        "notes": [{"code": note.code, "values": dict(note.values)} for note in origin.notes],
    }
    arrays: dict[str, Any] = {
        "about": np.frombuffer(json.dumps(about, ensure_ascii=False).encode(), dtype=np.uint8),
        "time": storm.times.astype("datetime64[s]").astype(np.int64),
        "member": np.array(storm.members),
        "place": data[storm.place].values.astype(str),
        "lon": data["lon"].values.astype(np.float64),
        "lat": data["lat"].values.astype(np.float64),
    }
    for key in _COORDS:
        if key in data.coords:
            values = data[key].values
            arrays[key] = values.astype(str) if key == "route" else values.astype(np.float64)
    for name in (*VARIABLES, "loose_snow"):
        if name in data:
            arrays[name] = storm.values(name).astype(np.float32)
    with replacing(path) as temporary, temporary.open("wb") as stream:
        np.savez_compressed(stream, **arrays)
    return Path(path)


def read_storm(path: str | os.PathLike[str]) -> Storm:
    """Read a storm written by :func:`write_storm`.

    Raises
    ------
    RoadplanError
        The file is damaged, of another kind or of a later version.
    """
    arrays = _arrays(Path(path))
    name = Path(path).name
    try:
        about = json.loads(arrays["about"].tobytes())
        _check_format(about, name)
        origin = Origin(
            source=str(about["source"]),
            issued=dt.datetime.fromisoformat(about["issued"]),
            issued_stated=bool(about["issued_stated"]),
            standing=str(about["standing"]),
            synthetic=bool(about["synthetic"]),
            title={str(k): str(v) for k, v in about["title"].items()},
            notes=tuple(
                Flag(str(note["code"]), {str(k): str(v) for k, v in note["values"].items()})
                for note in about["notes"]
            ),
        )
        data = make_dataset(
            {
                key: (arrays[key], str(about["units"][key]))
                for key in (*VARIABLES, "loose_snow")
                if key in arrays
            },
            members=[str(label) for label in arrays["member"]],
            times=arrays["time"].astype("datetime64[s]"),
            lon=arrays["lon"],
            lat=arrays["lat"],
            places=[str(label) for label in arrays["place"]],
            place=str(about["place"]),
            coords={key: arrays[key] for key in _COORDS if key in arrays},
        )
    except RoadplanError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise RoadplanError(f"{name} is no storm of roadplan, or damaged: {error}") from error
    return Storm.from_dataset(data, origin)


def _check_format(about: dict[str, Any], name: str) -> None:
    if about["format"] != FORMAT:
        raise RoadplanError(f"{name} is no storm")
    if int(about["version"]) > VERSION:
        raise RoadplanError(f"{name} was written by a later version of roadplan")


def _check_size(size: int, name: str) -> None:
    if size > _MOST_BYTES:
        raise RoadplanError(f"{name} holds more than a storm can")


def _arrays(path: Path) -> dict[str, np.ndarray[Any, Any]]:
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
        _check_size(size, path.name)
        with np.load(path, allow_pickle=False) as archive:
            return {key: archive[key] for key in archive.files}
    except RoadplanError:
        raise
    except (OSError, ValueError, KeyError) as error:
        raise RoadplanError(f"{path} cannot be read as a storm: {error}") from error
    except DAMAGED as error:
        raise RoadplanError(f"{path} cannot be read as a storm: it is damaged") from error
