"""Reading cases: every fault is named with its place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from roadplan.errors import FaultsError, RoadplanError
from roadplan.traffic import parse_case, read_case
from roadplan.traffic.case import SCHEMA


def test_reference_case_fits_its_schema(reference: dict[str, Any]) -> None:
    """The schema is a valid one and accepts the reference case."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(reference, SCHEMA)
    assert parse_case(reference).wave_kmh == pytest.approx(50 / 3)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"length_km": -5}, "length_km: -5 is negative"),
        ({"length_km": 0}, "length_km: 0 is too small"),
        ({"length_km": 1e9}, r"length_km: 1e\+09 is too large"),
        ({"free_flow_kmh": float("nan")}, "free_flow_kmh: the number is not finite"),
        ({"capacity_veh_h": float("inf")}, "capacity_veh_h: the number is not finite"),
        ({"horizon_h": 10**400}, "horizon_h: the number is not finite"),
        ({"cell_km": "1"}, "cell_km: text is not a number"),
        ({"cell_km": True}, "cell_km: true or false is not a number"),
        ({"cell_km": None}, "cell_km: null is not a number"),
        ({"jam_density_veh_km": 40}, "40 veh/km is not above the density at capacity, 40"),
        ({"speed": 3}, "speed: the key is unknown"),
        ({"demand": 2500}, "demand: a number is not a list"),
        ({"demand": [[0, 6]]}, r"demand\[0\]: this is not a list of three numbers"),
        ({"demand": [[6, 0, 10]]}, r"demand\[0\]: the period from 6 h to 0 h does not run forward"),
        ({"demand": [[1, 1, 10]]}, "does not run forward"),
        ({"demand": [[0, 1, -10]]}, r"demand\[0\] veh_h: -10 is negative"),
        ({"demand": [[-1, 1, 10]]}, r"demand\[0\] from_h: -1 is negative"),
        ({"demand": [[2, 4, 1], [0, 3, 1]]}, r"demand\[0\]: the period 2–4 h overlaps demand\[1\]"),
        ({"demand": [[0, 1, 1e12]]}, "is too large"),
        ({"bottlenecks": {}}, "bottlenecks: an object is not a list"),
        ({"bottlenecks": [7]}, r"bottlenecks\[0\]: a number is not an object"),
        ({"bottlenecks": [{"km": 50}]}, r"bottlenecks\[0\].capacity: the key is missing"),
        ({"bottlenecks": [{"km": 101, "capacity": []}]}, "km 101 lies beyond the end of the road"),
        ({"bottlenecks": [{"km": -1, "capacity": []}]}, r"bottlenecks\[0\].km: -1 is negative"),
        (
            {"bottlenecks": [{"km": 1, "capacity": [[0, 2, 1], [1, 3, 1]]}]},
            r"bottlenecks\[0\].capacity\[1\]: the period 1–3 h overlaps",
        ),
    ],
)
def test_a_fault_is_named(changes: dict[str, Any], message: str, reference: dict[str, Any]) -> None:
    """Each kind of fault has a message that says where it is."""
    with pytest.raises(FaultsError, match=message):
        parse_case({**reference, **changes})


@pytest.mark.parametrize("key", ["length_km", "cell_km", "demand", "bottlenecks", "horizon_h"])
def test_a_missing_key_is_named(key: str, reference: dict[str, Any]) -> None:
    """Nothing is taken for granted."""
    del reference[key]
    with pytest.raises(FaultsError, match=f"{key}: the key is missing"):
        parse_case(reference)


def test_periods_may_stand_in_any_order(reference: dict[str, Any]) -> None:
    """Order in the file does not matter; touching periods do not overlap."""
    case = parse_case({**reference, "demand": [[3, 6, 20], [0, 3, 10]]})
    assert case.demand == ((0.0, 3.0, 10.0), (3.0, 6.0, 20.0))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "line 1, column 1: this is not JSON"),
        (b"{", "this is not JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b"\xff\xfe{}", "not UTF-8"),
        (b"[1, 2]", "a list is not an object"),
        (b'{"cell_km": 1, "cell_km": 2}', "cell_km: the key stands twice"),
        (b"9" * 10_000, "number too long to read"),
    ],
)
def test_a_broken_file_is_named(content: bytes, message: str, tmp_path: Path) -> None:
    """What is no case in JSON ends in one message, never in a traceback."""
    path = tmp_path / "case.json"
    path.write_bytes(content)
    with pytest.raises(RoadplanError, match=message):
        read_case(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """The message has the name of the file."""
    with pytest.raises(RoadplanError, match=r"gone\.json cannot be read"):
        read_case(tmp_path / "gone.json")


def test_a_byte_order_mark_is_no_fault(reference: dict[str, Any], tmp_path: Path) -> None:
    """Editors that write one are forgiven."""
    path = tmp_path / "case.json"
    path.write_text(json.dumps(reference), encoding="utf-8-sig")
    assert read_case(path).horizon_h == 10
