"""Damaged and hostile files: an error with a message, or weather, but never a crash."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roadplan.errors import RoadplanError
from roadplan.weather import Storm, parse_metar, parse_open_meteo, read

SETTINGS = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats()
    | st.text(max_size=8)
    | st.just([])
    | st.just({})
)
json_values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


def _sound(storm: Storm) -> None:
    """Whatever came through has values that can be, or none."""
    snow = storm.values("snowfall")
    assert ((snow >= 0) | np.isnan(snow)).all()
    wind = storm.values("wind_speed")
    assert ((wind >= 0) & (wind <= 60) | np.isnan(wind)).all()


def _paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [at] if at else []
    pairs = value.items() if isinstance(value, dict) else []
    pairs = enumerate(value) if isinstance(value, list) else pairs
    for key, inner in pairs:
        found += _paths(inner, (*at, key))
    return found


@given(data=st.data())
@SETTINGS
def test_a_reply_with_anything_in_any_place(reply: dict[str, Any], data: st.DataObject) -> None:
    """Up to three places of a good reply hold something else."""
    broken = json.loads(json.dumps(reply))
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(_paths(broken)))
        holder = broken
        for key in path[:-1]:
            holder = holder[key]
        if data.draw(st.booleans()):
            holder[path[-1]] = data.draw(json_values)
        else:
            del holder[path[-1]]
    try:
        storm = parse_open_meteo(broken)
    except RoadplanError:
        return
    _sound(storm)


@given(value=json_values)
@SETTINGS
def test_any_json_for_a_reply(value: Any) -> None:
    """Nothing but a reply is taken for one."""
    with pytest.raises(RoadplanError):
        parse_open_meteo(value)


TABLE = (
    "time,member,lon,lat,snowfall [mm/h],wind_speed [km/h]\n"
    "2026-01-15T12:00Z,a,74.0,47.0,0.5,54\n2026-01-15T13:00Z,a,74.0,47.0,0.5,54\n"
)
METAR = "2026/01/15 12:00\nMETAR UAKK 151200Z 24012G18MPS 0800 +SN BLSN M12/M14 Q1020=\n"
junk = st.text(max_size=6) | st.sampled_from(
    [",", ";", "\n", "#", '"', "=", "1e400", "-5", "nan", "9999-99-99", "[m/s]", "\0", "+SN", "///"]
)


@given(seed=st.sampled_from([TABLE, METAR]), edits=st.lists(st.tuples(st.floats(0, 1), junk)))
@SETTINGS
def test_texts_with_junk_in_them(tmp_path: Path, seed: str, edits: list[tuple[float, str]]) -> None:
    """Tables and METARs into which anything was typed."""
    text = seed
    for place, piece in edits[:4]:
        cut = int(place * len(text))
        text = text[:cut] + piece + text[cut + len(piece) :]
    path = tmp_path / "weather.txt"
    path.write_text(text, encoding="utf-8", errors="replace")
    try:
        storm = read(path)
    except RoadplanError:
        return
    _sound(storm)


@given(content=st.binary(max_size=300))
@SETTINGS
def test_any_bytes(tmp_path: Path, content: bytes) -> None:
    """A file of anything."""
    path = tmp_path / "thing"
    for head in (b"", b"PK\x03\x04", b"CDF\x01", b"{", b"[", b"time,lon,lat,snowfall [mm/h]\n"):
        path.write_bytes(head + content)
        with pytest.raises(RoadplanError):
            read(path)


@given(groups=st.lists(st.from_regex(r"[A-Z0-9/+\-]{1,8}", fullmatch=True), max_size=8))
@SETTINGS
def test_reports_of_any_groups(groups: list[str]) -> None:
    """The package that reads METARs may stumble; we do not."""
    text = f"2026/01/15\nUAKK 151200Z {' '.join(groups)}="
    try:
        storm = parse_metar(text)
    except RoadplanError:
        return
    _sound(storm)
