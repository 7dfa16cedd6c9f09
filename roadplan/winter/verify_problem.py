"""Whether the arrays of a problem file fit together, for the checker of plans.

Like :mod:`roadplan.winter.verify` it shares no code with what builds problems: the table of
``PROBLEM.md`` is written down here once more.
"""

from __future__ import annotations

import hashlib
import os
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

PROBLEM_FORMAT: Final = "roadplan-winter-problem"

DAMAGED: Final = (
    EOFError,
    MemoryError,
    RuntimeError,
    SyntaxError,
    struct.error,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What reading a damaged archive raises besides ValueError."""

_LED_BY: Final = {
    "N": "node_name", "J": "item_name", "K": "class_name", "C": "crew_name",
    "A": "travel_class", "P": "plough_class",
}  # fmt: skip

_ARRAYS: Final = """
node_name text N | node_route text N | node_station_m float64 N
item_name text J | item_from int32 J N | item_to int32 J N
class_name text K | class_passes_per_load int32 K | class_refill_slots int32 K | refill_node bool KN
crew_name text C | crew_class int32 C K | crew_node int32 C N | crew_from int32 C
crew_until int32 C | crew_end_node int32 C N- | crew_longest_duty int32 C
travel_class int32 A K | travel_from int32 A N | travel_to int32 A N | travel_slots int32 A
travel_cost float64 A | travel_opens int32 A | travel_closes int32 A
plough_class int32 P K | plough_item int32 P J | plough_slots int32 P
plough_cost float64 P | plough_opens int32 P | plough_closes int32 P
passable_since int16 KJT | cost float32 JTT
"""
"""Name, type, axes and what its numbers point to (with − where −1 is nobody), in file order."""

_SPECS: Final = [entry.split() for entry in _ARRAYS.replace("\n", "|").split("|") if entry.strip()]


def read_arrays(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the arrays of a problem file by name.

    Raises
    ------
    ValueError
        The file cannot be read as one; the message says why.
    """
    try:
        # Opened here, since numpy leaves a broken file open.
        with Path(path).open("rb") as stream:
            if stream.read(2) != b"PK":
                raise ValueError("it is no npz file")
            stream.seek(0)
            with np.load(stream, allow_pickle=False) as archive:
                return {name: archive[name] for name in archive.files}
    except OSError as error:
        raise ValueError(error.strerror or str(error)) from error
    except DAMAGED as error:
        raise ValueError("it is cut short or damaged") from error


def array_faults(arrays: Mapping[str, Any]) -> list[str]:
    """Return why the arrays are no problem of the format that the checker knows."""
    stated = str(arrays.get("format", PROBLEM_FORMAT))
    if stated != PROBLEM_FORMAT:
        return [f"the problem's format is {stated[:40]!r}, not {PROBLEM_FORMAT!r}"]
    version = arrays.get("version", 1)
    if np.size(version) != 1 or version != 1:
        return [f"the problem is of version {version}; the checker knows version 1"]
    missing = [name for name in ("slots", *(spec[0] for spec in _SPECS)) if name not in arrays]
    if missing:
        return [f"the problem lacks {', '.join(missing)}"]
    slots = np.asarray(arrays["slots"])
    if slots.shape != () or slots.dtype.kind not in "iu" or slots < 1:
        return ["the problem's slots are no whole number above 0"]
    size = {axis: len(np.atleast_1d(arrays[name])) for axis, name in _LED_BY.items()}
    size["T"] = int(slots) + 1
    faults = [(spec[0], _fault(np.asarray(arrays[spec[0]]), spec[1:], size)) for spec in _SPECS]
    return [f"{name} of the problem {fault}" for name, fault in faults if fault]


def _fault(array: npt.NDArray[Any], spec: list[str], size: Mapping[str, int]) -> str:
    """Return what is wrong with an array of some type, axes and target; empty if nothing."""
    kind, axes, *points_to = spec
    shape = tuple(size[axis] for axis in axes)
    if array.shape != shape:
        return f"has the shape {array.shape}, not {shape}"
    if array.dtype.kind not in ("US" if kind == "text" else "biuf"):
        return f"holds {array.dtype}, not {kind}"
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        return "holds what is no number"
    if points_to and array.size:
        low, high = (-1 if "-" in points_to[0] else 0), size[points_to[0][0]]
        if array.min() < low or array.max() >= high:
            return "points to what is not there"
    return ""


def fingerprint(arrays: Mapping[str, Any]) -> str:
    """Return the fingerprint of a problem: what a plan's `problem` must be.

    The first 16 digits of the SHA-256 of ``roadplan-winter-problem 1 <slots>`` followed by name,
    shape and bytes of every array that is no text, in the order and the types of ``PROBLEM.md``
    (integers int32, `passable_since` int16, floats float64, `cost` float32).
    """
    digest = hashlib.sha256(f"{PROBLEM_FORMAT} 1 {int(arrays['slots'])}".encode())
    for name, kind, *_ in _SPECS:
        if kind != "text":
            array = np.ascontiguousarray(arrays[name], dtype=kind)
            digest.update(f"{name}{array.shape}".encode())
            digest.update(array.tobytes())
    return digest.hexdigest()[:16]
