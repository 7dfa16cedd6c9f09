"""The state of road and crews: read in three forms, with every fault told."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from roadplan.corridor import Corridor
from roadplan.errors import FaultsError, RoadplanError
from roadplan.weather import Road, Slots, load_parameters
from roadplan.winter.state import read_state, write_state_template


def document(path: Path, **content: object) -> Path:
    """Write a JSON state."""
    path.write_text(
        json.dumps({"format": "roadplan-winter-state", "version": 1, **content}), encoding="utf-8"
    )
    return path


def test_depths_are_means_over_segments_by_side(trunk: Corridor, tmp_path: Path) -> None:
    """Half a segment of 8 cm is 4 cm, on the side it was said of."""
    path = document(
        tmp_path / "s.json",
        as_of="2026-01-15T18:00+05:00",
        depths=[
            {"from_place": "r1@0", "to_place": "r1@5500", "depth_cm": 8, "side": "rising"},
            {"from_place": "r1@22180", "to_place": "r1@46261", "depth_cm": 3},
        ],
    )
    now = read_state(path, trunk)
    road = Road.from_corridor(trunk, load_parameters(), longest_m=30_000)
    depth = now.depth_m(road)
    assert now.as_of == dt.datetime.fromisoformat("2026-01-15T18:00+05:00")
    assert depth[0].tolist() == pytest.approx([0.04, 0.0])
    assert depth[1].tolist() == [0.0, 0.0]
    third = [i for i, parent in enumerate(road.parents) if parent == "a3"]
    assert np.allclose(depth[third], 0.03)


def test_closures_hold_in_their_slots(trunk: Corridor, tmp_path: Path) -> None:
    """A slot that is partly closed counts as closed; ploughs pass unless it is said."""
    path = document(
        tmp_path / "s.json",
        closures=[
            {
                "from_place": "r1@0",
                "to_place": "r1@11000",
                "from_time": "2026-01-15T19:00",
                "until_time": "2026-01-15T20:15",
            },
            {"from_place": "r1@11000", "to_place": "r1@22180", "ploughs": "no"},
        ],
    )
    now = read_state(path, trunk)
    road = Road.from_corridor(trunk, load_parameters(), longest_m=30_000)
    slots = Slots(np.datetime64("2026-01-15T13:00"), 6, 30)
    closed = now.shut(road, slots, ploughs=False)
    assert closed[:, 0].tolist() == [False, False, True, True, True, False]
    assert closed[:, 1].all()
    for_ploughs = now.shut(road, slots, ploughs=True)
    assert not for_ploughs[:, 0].any()
    assert for_ploughs[:, 1].all()


def test_a_workbook_and_a_csv_are_read_too(trunk: Corridor, tmp_path: Path) -> None:
    """The template is filled in; a CSV holds one table."""
    path = write_state_template(tmp_path / "s.xlsx", crews=["a", "b"], language="ru")
    assert [crew.crew for crew in read_state(path, trunk).crews] == ["a", "b"]
    single = tmp_path / "priorities.csv"
    pd.DataFrame([{"from_place": "r1@0", "to_place": "r1@11000", "weight": 3}]).to_csv(
        single, index=False
    )
    now = read_state(single, trunk)
    road = Road.from_corridor(trunk, load_parameters(), longest_m=30_000)
    assert now.weights(road)[:2].tolist() == [3.0, 1.0]


def test_every_fault_is_told_at_once(trunk: Corridor, tmp_path: Path) -> None:
    """Places off the road, stretches over two routes, times that run backwards, doubles."""
    path = document(
        tmp_path / "s.json",
        depths=[
            {"from_place": "r1@0", "to_place": "r1@99999999", "depth_cm": 5},
            {"from_place": "r1@0", "to_place": "r2@500", "depth_cm": 5},
            {"from_place": "r1@7", "to_place": "r1@7", "depth_cm": 5},
            {"from_place": "r1@0", "to_place": "r1@700", "depth_cm": -5},
        ],
        closures=[
            {
                "from_place": "r1@0",
                "to_place": "r1@900",
                "from_time": "2026-01-15T19:00",
                "until_time": "2026-01-15T18:00",
            }
        ],
        places=[{"crew": "a"}, {"crew": "a"}],
        priorities="none",
    )
    with pytest.raises(FaultsError) as told:
        read_state(path, trunk)
    text = str(told.value)
    for part in (
        "sheet depths, row 1",
        "ends on r2",
        "no length",
        "row 4, column depth_cm",
        "ends before it begins",
        "a is there twice",
        "no list of objects",
    ):
        assert part in text, part


@pytest.mark.parametrize(
    ("key", "remedy"),
    [
        ("deepths", "depths may be meant"),
        ("Closures", "closures may be meant"),
        ("asof", "as_of may be meant"),
        ("weather", "give depths, closures, places, priorities or as_of"),
    ],
)
def test_a_key_that_is_not_known_is_a_fault(
    key: str, remedy: str, trunk: Corridor, tmp_path: Path
) -> None:
    """A misspelt table is not left out without a word; what may be meant is named."""
    rows = [{"from_place": "r1@0", "to_place": "r1@7000", "depth_cm": -5}]
    path = document(tmp_path / "s.json", **{key: rows}, depths=rows)
    with pytest.raises(FaultsError) as told:
        read_state(path, trunk)
    unknown, negative = told.value.faults
    assert unknown.why == f"there is no table or key {key!r}"
    assert remedy in unknown.remedy
    assert ("may be meant" in unknown.remedy) == (key != "weather")
    assert negative.column == "depth_cm"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("{", "valid JSON"),
        ("[]", "format"),
        ('{"format": "roadplan-winter-state", "version": 9}', "version 9"),
        ('{"format": "roadplan-winter-state", "version": 1, "as_of": "soon"}', "no moment"),
    ],
)
def test_what_is_no_state_is_refused(
    content: str, why: str, trunk: Corridor, tmp_path: Path
) -> None:
    """With the reason."""
    path = tmp_path / "s.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(RoadplanError, match=why):
        read_state(path, trunk)
