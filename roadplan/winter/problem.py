"""The winter problem as plain arrays: slots, roads, crews and what waiting costs.

The meaning of every array, the objective and the linear relaxation are described for readers
from outside in ``PROBLEM.md`` beside this file; :data:`ARRAYS` is the same schema as data.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from roadplan.errors import Fault, FaultsError, RoadplanError
from roadplan.files import DAMAGED, replacing

FORMAT: Final = "roadplan-winter-problem"
VERSION: Final = 1
"""The version of the file format; it rises when an array changes its meaning."""

LONGEST_HORIZON: Final = 1000
"""The most slots a problem may have: the cost array grows with their square."""

IntArray = npt.NDArray[np.int32]
FloatArray = npt.NDArray[np.float64]
TextArray = npt.NDArray[np.str_]


@dataclass(frozen=True)
class ArraySpec:
    """One array of the file.

    Parameters
    ----------
    dtype
        ``text``, or a numpy type: what the array is brought to.
    axes
        One letter an axis: N nodes, J items, K classes, C crews, A travel arcs, P plough arcs,
        T the number of slots plus one.
    refers
        The axis into which its whole numbers point; empty where they are not indices.
    low, high
        The inclusive range; `high` may be ``T`` (the number of slots).
    """

    dtype: str
    axes: str
    refers: str = ""
    low: float | None = None
    high: float | str | None = None


ARRAYS: Final[dict[str, ArraySpec]] = {
    "node_name": ArraySpec("text", "N"),
    "node_route": ArraySpec("text", "N"),
    "node_station_m": ArraySpec("float64", "N"),
    "item_name": ArraySpec("text", "J"),
    "item_from": ArraySpec("int32", "J", refers="N"),
    "item_to": ArraySpec("int32", "J", refers="N"),
    "class_name": ArraySpec("text", "K"),
    "class_passes_per_load": ArraySpec("int32", "K", low=0, high=1000),
    "class_refill_slots": ArraySpec("int32", "K", low=1, high=LONGEST_HORIZON),
    "refill_node": ArraySpec("bool", "KN"),
    "crew_name": ArraySpec("text", "C"),
    "crew_class": ArraySpec("int32", "C", refers="K"),
    "crew_node": ArraySpec("int32", "C", refers="N"),
    "crew_from": ArraySpec("int32", "C", low=0, high="T"),
    "crew_until": ArraySpec("int32", "C", low=0, high="T"),
    "crew_end_node": ArraySpec("int32", "C", refers="N", low=-1),
    "crew_longest_duty": ArraySpec("int32", "C", low=0),
    "travel_class": ArraySpec("int32", "A", refers="K"),
    "travel_from": ArraySpec("int32", "A", refers="N"),
    "travel_to": ArraySpec("int32", "A", refers="N"),
    "travel_slots": ArraySpec("int32", "A", low=1),
    "travel_cost": ArraySpec("float64", "A", low=0),
    "travel_opens": ArraySpec("int32", "A", low=0),
    "travel_closes": ArraySpec("int32", "A", low=0),
    "plough_class": ArraySpec("int32", "P", refers="K"),
    "plough_item": ArraySpec("int32", "P", refers="J"),
    "plough_slots": ArraySpec("int32", "P", low=1),
    "plough_cost": ArraySpec("float64", "P", low=0),
    "plough_opens": ArraySpec("int32", "P", low=0),
    "plough_closes": ArraySpec("int32", "P", low=0),
    "passable_since": ArraySpec("int16", "KJT", low=0, high="T"),
    "cost": ArraySpec("float32", "JTT"),
}
"""Every array of a problem by name, in the order of the file."""

AXES: Final = {"N": "node_name", "J": "item_name", "K": "class_name", "C": "crew_name"}
_LED_BY: Final = {**AXES, "A": "travel_class", "P": "plough_class"}
_AXIS_NOUN: Final = {
    "N": "node",
    "J": "item",
    "K": "class",
    "C": "crew",
    "A": "travel arc",
    "P": "plough arc",
    "T": "moment",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Problem:
    """Who may clear what when, and what it costs to let a carriageway wait.

    Time runs in `slots` slots between the moments 0, 1, …, `slots`. A crew stands at a node at a
    moment; a move takes a whole number of slots. A **pass** over an item happens at the moment
    at which the ploughing crew arrives.

    Parameters
    ----------
    title
        One line for people.
    slots
        Number of slots, T.
    slot_minutes
        Length of a slot.
    node_name, node_route, node_station_m
        Shape (N,). Places at which crews can stand.
    item_name, item_from, item_to
        Shape (J,). One carriageway of one or more joined segments, cleared in one direction.
    class_name
        Shape (K,). Crew classes.
    class_passes_per_load, class_refill_slots
        Shape (K,). Passes between refills (0: never refills) and how long a refill takes.
    refill_node
        Shape (K, N). Where a class may refill.
    crew_name, crew_class, crew_node, crew_from, crew_until
        Shape (C,). A crew stands at its node at `crew_from`, full, and moves up to `crew_until`.
    crew_end_node
        Shape (C,). Where it has to be in the end; −1 for anywhere.
    crew_longest_duty
        Shape (C,). Most slots from its first departure to its last arrival; 0 for no limit
        but the window.
    travel_class, travel_from, travel_to, travel_slots, travel_cost, travel_opens, travel_closes
        Shape (A,). Moves with the plough up, departing at a moment in ``[opens, closes)``.
    plough_class, plough_item, plough_slots, plough_cost, plough_opens, plough_closes
        Shape (P,). Moves along an item with the plough down.
    passable_since
        Shape (K, J, T + 1). A class may pass item j at moment t when the last pass before it (or
        0, the state now) was at this moment or later; a value not below t means never. It
        carries the deepest snow a class can move.
    cost
        Shape (J, T + 1, T + 1), float32, veh·h. ``cost[j, t1, t2]`` for 0 ≤ t1 < t2 ≤ T is the
        expected jam cost between passes at t1 and t2 with none between; t1 = 0 is the state
        now and t2 = T the end of the horizon. Zero elsewhere.

    Raises
    ------
    FaultsError
        When arrays disagree in shape, point to nothing, or hold values that are not finite.
    """

    title: str
    slots: int
    slot_minutes: float
    node_name: TextArray
    node_route: TextArray
    node_station_m: FloatArray
    item_name: TextArray
    item_from: IntArray
    item_to: IntArray
    class_name: TextArray
    class_passes_per_load: IntArray
    class_refill_slots: IntArray
    refill_node: npt.NDArray[np.bool_]
    crew_name: TextArray
    crew_class: IntArray
    crew_node: IntArray
    crew_from: IntArray
    crew_until: IntArray
    crew_end_node: IntArray
    crew_longest_duty: IntArray
    travel_class: IntArray
    travel_from: IntArray
    travel_to: IntArray
    travel_slots: IntArray
    travel_cost: FloatArray
    travel_opens: IntArray
    travel_closes: IntArray
    plough_class: IntArray
    plough_item: IntArray
    plough_slots: IntArray
    plough_cost: FloatArray
    plough_opens: IntArray
    plough_closes: IntArray
    passable_since: npt.NDArray[np.int16]
    cost: npt.NDArray[np.float32]

    def __post_init__(self) -> None:
        faults = _scalar_faults(self)
        if not faults:
            for name, spec in ARRAYS.items():
                try:
                    array = _as_array(getattr(self, name), spec)
                except (TypeError, ValueError, OverflowError) as error:
                    faults.append(_fault(name, f"cannot be read as {spec.dtype}: {error}"))
                    continue
                array.setflags(write=False)
                object.__setattr__(self, name, array)
        if not faults:
            faults = [fault for name in ARRAYS for fault in _shape_faults(self, name)]
        if not faults:
            faults = [fault for name in ARRAYS for fault in _value_faults(self, name)]
        if not faults:
            faults = _order_faults(self)
        if faults:
            raise FaultsError(faults, "The winter problem cannot be used")

    @property
    def items(self) -> int:
        """Number of items."""
        return len(self.item_name)

    @property
    def crews(self) -> int:
        """Number of crews."""
        return len(self.crew_name)

    @property
    def digest(self) -> str:
        """A short fingerprint of everything that decides what a plan costs and may do."""
        hasher = hashlib.sha256(f"{FORMAT} {VERSION} {self.slots}".encode())
        for name, spec in ARRAYS.items():
            if spec.dtype != "text":
                array = getattr(self, name)
                hasher.update(f"{name}{array.shape}".encode())
                hasher.update(np.ascontiguousarray(array).tobytes())
        return hasher.hexdigest()[:16]

    @property
    def uncleared_cost(self) -> float:
        """Cost in veh·h when nobody clears anything."""
        return float(self.cost[:, 0, self.slots].sum(dtype=np.float64))

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the problem as an npz file (``PROBLEM.md`` describes it) and return its path."""
        content: dict[str, Any] = {name: getattr(self, name) for name in ARRAYS}
        content["format"] = np.array(FORMAT)
        content["version"] = np.array(VERSION, dtype=np.int32)
        content["title"] = np.array(self.title)
        content["slots"] = np.array(self.slots, dtype=np.int32)
        content["slot_minutes"] = np.array(self.slot_minutes, dtype=np.float64)
        target = Path(path)
        with replacing(target) as temporary, temporary.open("wb") as stream:
            np.savez_compressed(stream, **content)
        return target

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Problem:
        """Read a problem file.

        Raises
        ------
        RoadplanError
            When the file is not there, is no problem file, or is of another version.
        FaultsError
            When what it holds cannot be used.
        """
        content = _read_archive(Path(path))
        if str(content.get("format", "")) != FORMAT:
            raise RoadplanError(f"{path} is not a winter problem: its format is not {FORMAT!r}")
        version = content.get("version")
        if version is None or version.shape != () or version != VERSION:
            raise RoadplanError(
                f"{path} is of version {version}; this program reads version {VERSION}"
            )
        wanted = [field.name for field in fields(cls)]
        missing = [name for name in wanted if name not in content]
        if missing:
            raise RoadplanError(f"{path} lacks {', '.join(missing)}; save the problem anew")
        values: dict[str, Any] = {name: content[name] for name in wanted}
        for name, kind in (("title", str), ("slots", int), ("slot_minutes", float)):
            if values[name].shape != ():
                raise RoadplanError(f"{path}: {name} must be a single value")
            try:
                values[name] = kind(values[name])
            except (TypeError, ValueError, OverflowError) as error:
                raise RoadplanError(f"{path}: {name} cannot be read: {error}") from error
        return cls(**values)


def _read_archive(path: Path) -> dict[str, npt.NDArray[Any]]:
    try:
        # Opened here, since numpy leaves a broken file open.
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            if isinstance(archive, np.lib.npyio.NpzFile):
                return {name: archive[name] for name in archive.files}
    except FileNotFoundError as error:
        raise RoadplanError(f"there is no file {path}") from error
    except (OSError, ValueError) as error:
        raise RoadplanError(f"{path} cannot be read as a winter problem: {error}") from error
    except DAMAGED as error:
        raise RoadplanError(
            f"{path} cannot be read as a winter problem: it is cut short or damaged"
        ) from error
    raise RoadplanError(f"{path} is not a winter problem: it is not an npz file")


def _fault(name: str, why: str, *, row: int | None = None, remedy: str = "") -> Fault:
    return Fault(why=why, remedy=remedy, column=name, row=row)


def _scalar_faults(problem: Problem) -> list[Fault]:
    faults = []
    if not 1 <= problem.slots <= LONGEST_HORIZON:
        why = f"{problem.slots} slots are not in 1…{LONGEST_HORIZON}"
        faults.append(_fault("slots", why))
    if not (np.isfinite(problem.slot_minutes) and problem.slot_minutes > 0):
        faults.append(_fault("slot_minutes", f"{problem.slot_minutes} min is no length of a slot"))
    return faults


def _as_array(value: Any, spec: ArraySpec) -> npt.NDArray[Any]:
    """Return a copy of `value` in the type of the schema, refusing what would be changed by it."""
    given = np.asarray(value)
    if given.dtype.kind == "O":
        raise TypeError("it holds Python objects")
    if spec.dtype == "text":
        return np.array(given, dtype=np.str_)
    if given.dtype.kind not in "biuf" and given.size:
        raise TypeError(f"it holds {given.dtype}")
    with np.errstate(invalid="ignore", over="ignore"):
        array = np.array(given, dtype=spec.dtype, order="C")
        if spec.dtype.startswith("int") and not np.array_equal(array, given):
            raise ValueError("some values are no whole numbers or too large")
    return array


def _shape_faults(problem: Problem, name: str) -> list[Fault]:
    array = getattr(problem, name)
    spec = ARRAYS[name]
    sizes = {axis: np.size(getattr(problem, leader)) for axis, leader in _LED_BY.items()}
    sizes["T"] = problem.slots + 1
    expected = tuple(sizes[axis] for axis in spec.axes)
    if array.shape == expected:
        return []
    nouns = ", ".join(_AXIS_NOUN[axis] for axis in spec.axes)
    return [_fault(name, f"has shape {array.shape}, not {expected} (one for each {nouns})")]


def _value_faults(problem: Problem, name: str) -> list[Fault]:
    array = getattr(problem, name)
    spec = ARRAYS[name]
    if not array.size or array.dtype.kind not in "iuf":
        return []
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        at = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        return [
            _fault(name, f"is not finite at {at}", remedy="use a large cost for what is unwanted")
        ]
    low, high = spec.low, spec.high
    if spec.refers:
        low = 0 if low is None else low
        high = np.size(getattr(problem, AXES[spec.refers])) - 1
    elif high == "T":
        high = problem.slots
    bad = np.zeros(array.shape, dtype=bool)
    if low is not None:
        bad |= array < low
    if high is not None:
        bad |= array > float(high)
    if not bad.any():
        return []
    at = tuple(int(i) for i in np.argwhere(bad)[0])
    what = f"{_AXIS_NOUN[spec.refers]} {array[at]} is not there" if spec.refers else f"{array[at]}"
    return [
        _fault(name, f"{what} at {at} is out of range {low}…{high if high is not None else ''}")
    ]


def _order_faults(problem: Problem) -> list[Fault]:
    """Return what is wrong between arrays: windows, names, and costs outside the triangle."""
    faults = []
    late = np.flatnonzero(problem.crew_until < problem.crew_from)
    if late.size:
        name = problem.crew_name[late[0]]
        faults.append(_fault("crew_until", f"crew {name} stops before it is available"))
    for axis, leader in AXES.items():
        names, counts = np.unique(getattr(problem, leader), return_counts=True)
        if (counts > 1).any():
            twice = names[counts > 1][0]
            faults.append(_fault(leader, f"{_AXIS_NOUN[axis]} {twice!r} is there twice"))
    lower = np.tril_indices(problem.slots + 1)
    if problem.cost[:, lower[0], lower[1]].any():
        faults.append(_fault("cost", "is not zero where t2 is not later than t1"))
    if problem.items and float(problem.cost.min()) < 0:
        faults.append(_fault("cost", "is negative somewhere"))
    return faults
