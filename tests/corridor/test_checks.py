"""What is wrong with a corridor is told, all of it, with file, row and remedy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from roadplan import corridor
from roadplan.corridor.load import read_tables, shipped_folder
from roadplan.errors import Fault, FaultsError, RoadplanError

Tables = dict[str, pd.DataFrame]
Write = Callable[[Tables], Path]


def _set(table: str, row: int, column: str, value: object) -> Callable[[Tables], None]:
    def change(tables: Tables) -> None:
        tables[table] = tables[table].astype({column: object})
        tables[table].loc[row, column] = value

    return change


def _repeat(table: str, row: int, **changes: object) -> Callable[[Tables], None]:
    def change(tables: Tables) -> None:
        extra = tables[table].iloc[[row]].assign(**changes)
        tables[table] = pd.concat([tables[table], extra], ignore_index=True)

    return change


def _drop(table: str, row: int) -> Callable[[Tables], None]:
    def change(tables: Tables) -> None:
        tables[table] = tables[table].drop(index=row).reset_index(drop=True)

    return change


def _project(tables: Tables) -> None:
    points = tables["control_points"]
    points["lon"], points["lat"] = points["lon"] * 111_319, points["lat"] * 111_319


FAULTS = {
    "overlap": (
        _set("segments", 1, "from_m", 10_000.0),
        ("segments.csv", 3, "overlaps", "may touch but not overlap"),
    ),
    "gap": (
        _set("segments", 1, "from_m", 12_000.0),
        ("segments.csv", 3, r"no segment covers [11000.00, 12000.00)", "wholly"),
    ),
    "uncovered end": (
        _set("segments", 2, "to_m", 40_000.0),
        ("segments.csv", 4, "no segment covers [40000.00, 46261.01)", "wholly"),
    ),
    "reversed": (
        _set("drift_stretches", 0, "to_m", 20_000.0),
        ("drift_stretches.csv", 2, "reversed", "less than"),
    ),
    "out of range": (
        _set("structures", 0, "station_m", 99_000.0),
        ("structures.csv", 2, "beyond the end", "46261"),
    ),
    "asset off its route": (
        _set("depots", 1, "route", "r9"),
        ("depots.csv", 3, "'r9' is not in routes.csv", "use an id"),
    ),
    "broken reference": (
        _set("structures", 0, "contract", "c9"),
        ("structures.csv", 2, "'c9' is not in contracts.csv", "use an id"),
    ),
    "outside its contract": (
        _set("structures", 0, "station_m", 30_000.0),
        ("structures.csv", 2, "outside the stretch of contract c1", "correct"),
    ),
    "duplicate id": (
        _repeat("depots", 0),
        ("depots.csv", 4, "depot d1 is there already", "id of its own"),
    ),
    "duplicate asset id": (
        _set("depots", 0, "depot", "s1"),
        ("depots.csv", 2, "stands in structures.csv too", "rename"),
    ),
    "bad coordinate": (
        _set("control_points", 1, "lat", 57.2),
        ("control_points.csv", 3, "more than 200 km", "correct its coordinates"),
    ),
    "latitude out of range": (
        _set("control_points", 1, "lat", 99.0),
        ("control_points.csv", 3, "99", ""),
    ),
    "repeated point": (
        _set("control_points", 1, "lat", -33.0),
        ("control_points.csv", 3, "repeats the point before it", "remove"),
    ),
    "unknown standing": (
        _set("depots", 0, "standing", "guessed"),
        ("depots.csv", 2, "guessed", "estimated"),
    ),
    "no number": (_set("depots", 0, "station_m", "abc"), ("depots.csv", 2, "", "number")),
    "empty required cell": (_set("depots", 0, "name_en", ""), ("depots.csv", 2, "", "")),
    "negative station": (_set("depots", 0, "station_m", -1.0), ("depots.csv", 2, "", "")),
    "lonely junction": (
        _drop("junctions", 1),
        ("junctions.csv", 2, "joins nothing", "other route"),
    ),
    "junction apart": (
        _set("junctions", 0, "station_m", 10_000.0),
        ("junctions.csv", 3, "more than 250 m apart", "correct the stations"),
    ),
    "impossible posts": (
        _set("posting_breaks", 0, "to_post_km", 127.0),
        ("posting_breaks.csv", 2, "122 post kilometres on 22.18 km", "new row"),
    ),
    "equal posts": (
        _set("posting_breaks", 0, "to_post_km", 5.0),
        ("posting_breaks.csv", 2, "equal", "jump"),
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_is_told_with_file_row_and_remedy(
    name: str, stranger_tables: Tables, write_corridor: Write
) -> None:
    """A single fault in the tables leads to a message that names its place and what to do."""
    change, (file, row, why, remedy) = FAULTS[name]
    change(stranger_tables)
    _, faults = read_tables(write_corridor(stranger_tables))
    hits = [f for f in faults if f.file == file and f.row == row and why in f.why + f.value]
    assert hits, [str(fault) for fault in faults]
    assert any(remedy in str(fault) for fault in hits)


def test_all_faults_come_at_once(stranger_tables: Tables, write_corridor: Write) -> None:
    """Ten faults in ten places are ten messages in one error."""
    names = ("overlap", "reversed", "out of range", "duplicate id", "unknown standing")
    for name in names:
        FAULTS[name][0](stranger_tables)
    with pytest.raises(FaultsError) as caught:
        corridor.load(write_corridor(stranger_tables))
    for name in names:
        file, row, why, _ = FAULTS[name][1]
        assert any(
            f.file == file and f.row == row and why in f.why + f.value for f in caught.value.faults
        ), name


def test_projected_coordinates_are_told_as_a_wrong_crs(
    stranger_tables: Tables, write_corridor: Write
) -> None:
    """Metres instead of degrees are named for what they are."""
    _project(stranger_tables)
    _, faults = read_tables(write_corridor(stranger_tables))
    told = [fault for fault in faults if fault.file == "control_points.csv"]
    assert told
    assert any("EPSG:4326" in str(fault) for fault in told)


def test_a_place_whose_station_is_elsewhere_is_told(
    stranger_tables: Tables, write_corridor: Write
) -> None:
    """Coordinates and station of a place must agree."""
    row = {"place": "p", "name_en": "Town", "lon": -71.0, "lat": -32.9, "route": "r1"}
    row |= {"station_m": 40_000.0, "offset_m": 0.0, "kind": "town"}
    row |= {"standing": "measured", "source": "survey", "name_ru": "", "name_kk": ""}
    stranger_tables["places"] = pd.DataFrame([row])
    _, faults = read_tables(write_corridor(stranger_tables))
    assert [fault.why for fault in faults] == ["p lies elsewhere than its station says"]


def test_a_detour_must_hold_its_structure(stranger_tables: Tables, write_corridor: Write) -> None:
    """A bypass road that does not pass its structure is told."""
    row = {"detour": "t1", "structure": "s1", "route": "r1", "from_m": 6_000.0, "to_m": 7_000.0}
    row |= {"speed_kmh": 40, "state": "open", "as_of": "2024-02", "note": ""}
    row |= {"standing": "reported", "source": "notice"}
    stranger_tables["detours"] = pd.DataFrame([row])
    _, faults = read_tables(write_corridor(stranger_tables))
    assert [fault.row for fault in faults] == [2]
    assert "s1 is not on the stretch" in faults[0].why


def test_a_sound_corridor_has_no_faults(stranger_tables: Tables, write_corridor: Write) -> None:
    """The stranger's corridor and ours pass."""
    assert read_tables(write_corridor(stranger_tables))[1] == []
    assert read_tables(shipped_folder())[1] == []


def test_only_two_tables_are_needed(stranger_tables: Tables, write_corridor: Write) -> None:
    """Routes and control points alone make a corridor; the rest is empty."""
    few = {name: stranger_tables[name] for name in ("routes", "control_points")}
    few["routes"] = few["routes"].iloc[:1]
    few["control_points"] = few["control_points"].iloc[:3]
    road = corridor.load(write_corridor(few))
    assert road.table("segments").empty
    assert road.locate("r1@100").segment is None


@pytest.mark.parametrize("missing", ["routes", "control_points"])
def test_a_missing_needed_file_is_told(
    missing: str, stranger_tables: Tables, write_corridor: Write
) -> None:
    """Without routes or control points there is no corridor."""
    del stranger_tables[missing]
    with pytest.raises(FaultsError, match=rf"{missing}\.csv: the file is missing"):
        corridor.load(write_corridor(stranger_tables))


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    """The error says what a corridor's folder holds."""
    with pytest.raises(RoadplanError, match=r"routes\.csv"):
        corridor.load(tmp_path / "nowhere")


def test_a_fault_says_where_it_is() -> None:
    """A fault reads as one line: place, what, remedy."""
    fault = Fault(file="a.xlsx", sheet="S", row=3, column="c", why="no number", remedy="write 1")
    assert str(fault) == "a.xlsx, sheet S, row 3, column c: no number; write 1"
