"""A single-road case: one direction of one road, its demand and its bottlenecks, as JSON.

Kilometres and hours are used here as in the files people write; see :data:`SCHEMA`.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from roadplan.errors import Fault, FaultsError, RoadplanError

Steps = tuple[tuple[float, float, float], ...]
"""Periods ``(from_h, to_h, veh_h)``, half open, in order, not overlapping."""

MIN_LENGTH_KM = 0.001
_MAX_BYTES = 50_000_000


@dataclass(frozen=True, kw_only=True)
class Bottleneck:
    """A point of the road that lets fewer vehicles through during some periods.

    Parameters
    ----------
    km
        Distance from the entry.
    capacity
        What it lets through in each period; outside them the road's own capacity.
    """

    km: float
    capacity: Steps


@dataclass(frozen=True, kw_only=True)
class RoadCase:
    """One direction of a uniform road, empty at hour 0.

    Parameters
    ----------
    length_km, free_flow_kmh, capacity_veh_h, jam_density_veh_km
        The road and its triangular fundamental diagram.
    cell_km
        Cell length of the cell transmission model; the exact solution does not depend on it.
    demand
        Vehicles that wish to enter; none outside the periods.
    bottlenecks
        In any order; at one place the tightest one counts.
    horizon_h
        Until when the case runs.
    """

    length_km: float
    free_flow_kmh: float
    capacity_veh_h: float
    jam_density_veh_km: float
    cell_km: float
    demand: Steps
    bottlenecks: tuple[Bottleneck, ...]
    horizon_h: float

    @property
    def wave_kmh(self) -> float:
        """Speed at which the front of a standing queue dissolves, km/h."""
        critical_veh_km = self.capacity_veh_h / self.free_flow_kmh
        return self.capacity_veh_h / (self.jam_density_veh_km - critical_veh_km)


@dataclass(frozen=True)
class _Key:
    description: str
    minimum: float
    maximum: float


_NUMBERS = {
    "length_km": _Key("Length of the road, km", MIN_LENGTH_KM, 1e5),
    "free_flow_kmh": _Key("Speed of free traffic, km/h", 0.1, 1e3),
    "capacity_veh_h": _Key("Capacity of the road, veh/h", 1.0, 1e6),
    "jam_density_veh_km": _Key("Density of standing traffic, veh/km", 0.01, 1e6),
    "cell_km": _Key("Cell length of the cell transmission model, km", 1e-3, 1e5),
    "horizon_h": _Key("Until when the case runs, h", 1e-3, 1e5),
}
_MOST_VEH_H = 1e7
_MOST_PERIODS = 200_000
_KEYS = (*_NUMBERS, "demand", "bottlenecks")

_STEPS_SCHEMA = {
    "type": "array",
    "description": "Periods [from_h, to_h, veh_h], half open, not overlapping",
    "items": {
        "type": "array",
        "prefixItems": [{"type": "number", "minimum": 0}] * 3,
        "minItems": 3,
        "maxItems": 3,
    },
}
SCHEMA: dict[str, object] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Single-road traffic case",
    "type": "object",
    "additionalProperties": False,
    "required": list(_KEYS),
    "properties": {
        **{
            name: {
                "type": "number",
                "description": key.description,
                "minimum": key.minimum,
                "maximum": key.maximum,
            }
            for name, key in _NUMBERS.items()
        },
        "demand": {
            **_STEPS_SCHEMA,
            "description": "Flow that wishes to enter, [from_h, to_h, veh_h]",
        },
        "bottlenecks": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["km", "capacity"],
                "properties": {
                    "km": {"type": "number", "minimum": 0, "description": "From the entry, km"},
                    "capacity": _STEPS_SCHEMA,
                },
            },
        },
    },
}
"""JSON Schema of a case; the rules it cannot state are in :func:`parse_case`."""


class _Reader:
    """Reads values out of parsed JSON and collects what is wrong with them."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.faults: list[Fault] = []

    def fault(self, place: str, why: str, remedy: str, value: object = "") -> None:
        text = "" if value == "" else repr(value)[:80]
        self.faults.append(Fault(why=f"{place}: {why}", remedy=remedy, file=self.file, value=text))

    def number(self, value: object, place: str) -> float | None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.fault(place, f"{_kind(value)} is not a number", "write a number", value)
            return None
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            self.fault(place, "the number is not finite", "write a finite number", value)
            return None
        return number

    def not_negative(self, value: object, place: str) -> float | None:
        number = self.number(value, place)
        if number is not None and number < 0:
            self.fault(place, f"{number:g} is negative", "it must be 0 or more", value)
            return None
        return number

    def keys(self, value: Mapping[str, object], wanted: Sequence[str], place: str) -> None:
        prefix = f"{place}." if place else ""
        for name in wanted:
            if name not in value:
                self.fault(f"{prefix}{name}", "the key is missing", f"add {name!r}")
        for name in value:
            if name not in wanted:
                self.fault(f"{prefix}{name}", "the key is unknown", f"use only {', '.join(wanted)}")

    def steps(self, value: object, place: str) -> Steps:
        if not isinstance(value, list):
            self.fault(
                place, f"{_kind(value)} is not a list", "write [[from_h, to_h, veh_h], ...]", value
            )
            return ()
        if len(value) > _MOST_PERIODS:
            self.fault(place, f"{len(value)} periods are too many", f"at most {_MOST_PERIODS}")
            return ()
        steps = []
        for number, row in enumerate(value):
            step = self._step(row, f"{place}[{number}]")
            if step is not None:
                steps.append((step, number))
        steps.sort()
        for (before, first), (after, second) in itertools.pairwise(steps):
            if after[0] < before[1]:
                self.fault(
                    f"{place}[{second}]",
                    f"the period {_period(after)} overlaps {place}[{first}] {_period(before)}",
                    "periods are half open, [from_h, to_h), and must not overlap",
                )
        return tuple(step for step, _ in steps)

    def _step(self, row: object, place: str) -> tuple[float, float, float] | None:
        if not isinstance(row, list) or len(row) != 3:
            self.fault(place, "this is not a list of three numbers", "[from_h, to_h, veh_h]", row)
            return None
        names = ("from_h", "to_h", "veh_h")
        read = [
            self.not_negative(part, f"{place} {name}")
            for part, name in zip(row, names, strict=True)
        ]
        if read[0] is None or read[1] is None or read[2] is None:
            return None
        if read[2] > _MOST_VEH_H:
            self.fault(place, f"{read[2]:g} veh/h is too large", f"at most {_MOST_VEH_H:g}", row)
            return None
        if read[0] >= read[1]:
            self.fault(
                place,
                f"the period from {read[0]:g} h to {read[1]:g} h does not run forward",
                "from_h must be less than to_h",
                row,
            )
            return None
        return read[0], read[1], read[2]

    def bottlenecks(self, value: object, length_km: float | None) -> tuple[Bottleneck, ...]:
        if not isinstance(value, list):
            self.fault(
                "bottlenecks", f"{_kind(value)} is not a list", "write a list, [] for none", value
            )
            return ()
        found = []
        for number, row in enumerate(value):
            place = f"bottlenecks[{number}]"
            if not isinstance(row, dict):
                self.fault(place, f"{_kind(row)} is not an object", '{"km": …, "capacity": …}', row)
                continue
            self.keys(row, ("km", "capacity"), place)
            km = self.not_negative(row["km"], f"{place}.km") if "km" in row else None
            if km is not None and length_km is not None and km > length_km:
                self.fault(
                    f"{place}.km",
                    f"km {km:g} lies beyond the end of the road at km {length_km:g}",
                    f"it must be between 0 and {length_km:g}",
                    km,
                )
            steps = self.steps(row["capacity"], f"{place}.capacity") if "capacity" in row else ()
            if km is not None:
                found.append(Bottleneck(km=km, capacity=steps))
        return tuple(found)


def _kind(value: object) -> str:
    kinds = {dict: "an object", list: "a list", str: "text", bool: "true or false"}
    return "null" if value is None else kinds.get(type(value), "a number")


def _period(step: tuple[float, float, float]) -> str:
    return f"{step[0]:g}–{step[1]:g} h"


def parse_case(data: object, *, file: str = "") -> RoadCase:
    """Return the case that parsed JSON describes.

    Parameters
    ----------
    data
        What :func:`json.load` returned.
    file
        Name of the file, for the message.

    Raises
    ------
    FaultsError
        With every fault found: a missing, unknown or repeated key, a value that is no finite
        number, negative or zero where it may not be, periods that are reversed or overlap, a
        bottleneck beyond the road, a jam density below the density at capacity.

    Examples
    --------
    >>> parse_case({"length_km": -1})
    Traceback (most recent call last):
      ...
    roadplan.errors.FaultsError: The traffic case cannot be used: 8 faults
      length_km: -1 is negative; it must be from 0.001 to 100000
      free_flow_kmh: the key is missing; add 'free_flow_kmh'
      capacity_veh_h: the key is missing; add 'capacity_veh_h'
      jam_density_veh_km: the key is missing; add 'jam_density_veh_km'
      cell_km: the key is missing; add 'cell_km'
      horizon_h: the key is missing; add 'horizon_h'
      demand: the key is missing; add 'demand'
      bottlenecks: the key is missing; add 'bottlenecks'
    """
    heading = "The traffic case cannot be used"
    reader = _Reader(file)
    if not isinstance(data, dict):
        reader.fault("the whole", f"{_kind(data)} is not an object", '{"length_km": …, …}')
        raise FaultsError(reader.faults, heading)
    numbers = {}
    for name, key in _NUMBERS.items():
        if name not in data:
            continue
        number = reader.number(data[name], name)
        if number is None:
            continue
        if not key.minimum <= number <= key.maximum:
            what = (
                "negative" if number < 0 else "too small" if number < key.minimum else "too large"
            )
            reader.fault(
                name,
                f"{number:g} is {what}",
                f"it must be from {key.minimum:g} to {key.maximum:g}",
                number,
            )
            continue
        numbers[name] = number
    reader.keys(data, _KEYS, "")
    demand = reader.steps(data["demand"], "demand") if "demand" in data else ()
    bottlenecks = (
        reader.bottlenecks(data["bottlenecks"], numbers.get("length_km"))
        if "bottlenecks" in data
        else ()
    )
    _check_diagram(numbers, reader)
    if reader.faults:
        raise FaultsError(reader.faults, heading)
    return RoadCase(demand=demand, bottlenecks=bottlenecks, **numbers)


def _check_diagram(numbers: Mapping[str, float], reader: _Reader) -> None:
    """Fault a diagram whose congested branch would not fall."""
    needed = ("capacity_veh_h", "free_flow_kmh", "jam_density_veh_km")
    if not all(name in numbers for name in needed):
        return
    critical = numbers["capacity_veh_h"] / numbers["free_flow_kmh"]
    if not numbers["jam_density_veh_km"] > critical * (1 + 1e-9):
        reader.fault(
            "jam_density_veh_km",
            f"{numbers['jam_density_veh_km']:g} veh/km is not above the density at capacity, "
            f"{critical:g} veh/km (capacity_veh_h / free_flow_kmh)",
            "give a higher jam density, a lower capacity or a higher speed",
        )


def read_case(path: Path) -> RoadCase:
    """Return the case in a JSON file.

    Raises
    ------
    RoadplanError
        The file cannot be read or is no JSON.
    FaultsError
        The JSON does not describe a case; see :func:`parse_case`.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise RoadplanError(f"{path} is larger than {_MAX_BYTES // 10**6} MB; is it a case?")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise RoadplanError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise RoadplanError(f"{path} is not UTF-8 text; save it as UTF-8 JSON") from error
    repeated: list[str] = []
    try:
        data = json.loads(text, object_pairs_hook=lambda pairs: _unique(pairs, repeated))
    except json.JSONDecodeError as error:
        raise RoadplanError(
            f"{path}, line {error.lineno}, column {error.colno}: this is not JSON: {error.msg}"
        ) from error
    except (RecursionError, ValueError) as error:
        raise RoadplanError(
            f"{path} is not a case: it is nested too deeply or holds a number too long to read"
        ) from error
    if repeated:
        raise FaultsError(
            [
                Fault(why=f"{name}: the key stands twice", remedy="keep one", file=path.name)
                for name in repeated
            ],
            "The traffic case cannot be used",
        )
    return parse_case(data, file=path.name)


def _unique(pairs: list[tuple[str, object]], repeated: list[str]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in pairs:
        if name in found:
            repeated.append(name)
        found[name] = value
    return found
