"""Reading weather from any file, and loading storms onto a road."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from roadplan.corridor import Corridor
from roadplan.errors import RoadplanError
from roadplan.weather import (
    KINDS,
    Parameters,
    Road,
    Storm,
    draw,
    fresh_storm,
    load,
    read,
    shipped_storm,
    shipped_storms,
    write,
)

MakeRoad = Callable[..., Road]


def test_at_least_five_storms_come_along() -> None:
    """Of different kinds, 50 members, 24 to 48 h, titled in three languages, all synthetic."""
    storms = shipped_storms()
    assert {"snow-band", "ground-blizzard", "wet-snow", "cold-outbreak", "mild-night"} <= set(
        storms
    )
    assert {storm.kind for storm in storms.values()} == set(KINDS)
    for storm in storms.values():
        told = storm.as_dict()
        assert told["synthetic"] is True
        assert storm.members == 50
        assert 24 <= storm.hours <= 48
        for texts in (storm.titles, storm.descriptions):
            assert set(texts) == {"en", "ru", "kk"}
            assert len({*texts.values(), ""}) == 4


def test_a_shipped_storm_lies_on_the_shipped_corridor(road: Corridor) -> None:
    """By name, on segments with their bearings, and the same each time."""
    storm = load("ground-blizzard", road, members=3)
    again = load("ground-blizzard", road, members=3)
    assert storm.place == "segment"
    assert storm.data.identical(again.data)
    assert "bearing_deg" in storm.data.coords
    assert storm.origin.title["ru"] == "Низовая метель без снегопада"


def test_a_storm_may_begin_when_one_likes(road_of: MakeRoad) -> None:
    """Its hours move, its issue time with them."""
    start = dt.datetime(2027, 2, 1, 6, tzinfo=dt.UTC)
    storm = load("buran", road=road_of(4), start=start, members=1)
    assert storm.times[0] == np.datetime64("2027-02-01T06:00")
    assert storm.issued == start


def test_a_file_is_brought_onto_the_road(road_of: MakeRoad, tmp_path: Path) -> None:
    """Points along the route serve every other cut of it."""
    coarse = road_of(4)
    path = write(
        draw(fresh_storm("buran", 5, members=3), coarse, place="point"), tmp_path / "b.npz"
    )
    fine = road_of(
        8,
        from_m=np.arange(8) * 2500.0,
        to_m=np.arange(1, 9) * 2500.0,
        lat=47.0 + np.arange(8) * 0.0225,
    )
    storm = load(path, road=fine, members=2)
    direct = read(path)
    assert storm.shape == (2, 49, 8)
    assert storm.values("wind_speed")[..., 0] == pytest.approx(
        direct.values("wind_speed")[:2, :, 0]
    )


def test_files_are_told_apart_by_content(reply: dict[str, Any], tmp_path: Path) -> None:
    """A reply of Open-Meteo under any name."""
    path = tmp_path / "forecast.txt"
    path.write_text(json.dumps(reply), encoding="utf-8")
    assert read(path).members == ("00", "01")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty"),
        (b"   \n", "is empty"),
        (b"\x00\x01\x02\x03", "no file of weather"),
        (b"PK\x03\x04cut", "cut short or damaged"),
        (b"just some words", "lacks time"),
        (b'{"hourly"', "cut short"),
        ("погода хорошая".encode(), "lacks time"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, content: bytes, told: str) -> None:
    """With what they are or lack."""
    path = tmp_path / "thing"
    path.write_bytes(content)
    with pytest.raises(RoadplanError, match=told):
        read(path)


def test_what_is_not_there_is_told(road_of: MakeRoad, tmp_path: Path) -> None:
    """Names that exist are listed."""
    with pytest.raises(RoadplanError, match="cannot be read"):
        read(tmp_path / "none.npz")
    with pytest.raises(RoadplanError, match="cannot be read"):
        read(tmp_path)
    with pytest.raises(RoadplanError, match=r"neither a file nor a storm 'nemo'; .*snow-band"):
        load("nemo", road=road_of(2))
    with pytest.raises(RoadplanError, match="there is no storm 'nemo'"):
        shipped_storm("nemo")
    with pytest.raises(RoadplanError, match="give one of them"):
        load("buran")


def test_more_members_than_there_are_cannot_be_kept(
    storm_of: Callable[..., Storm], road_of: MakeRoad, tmp_path: Path
) -> None:
    """Of a file; shipped storms draw as many as one likes."""
    path = write(storm_of(), tmp_path / "two.npz")
    with pytest.raises(RoadplanError, match="has 2 members, not 3"):
        load(path, road=road_of(2), members=3)


def test_a_real_forecast_goes_all_the_way(
    reply: dict[str, Any], road_of: MakeRoad, parameters: Parameters, tmp_path: Path
) -> None:
    """From a saved reply in km/h and local time to centimetres of snow on the road."""
    from roadplan.weather import Slots, accumulate, depth_after_passes, slot_weather

    path = tmp_path / "reply.json"
    path.write_text(json.dumps(reply), encoding="utf-8")
    road = road_of(2)
    storm = load(path, road=road)
    slots = Slots(storm.times[0], 8)
    snow = accumulate(slot_weather(storm, road, slots, parameters), road, parameters)
    depth = depth_after_passes(snow, parameters).moment_m[:, -1, 0, 0]
    # By hand: 2 kg/m² of dry snow are 2 cm; 15 m/s from the west on the far carriageway of a
    # flush road bring 0.086 · 1.08 cm/h · 0.9, 10 m/s on the other a quarter of it.
    assert depth[0] == pytest.approx(0.02 + 4 * 0.0108 * 0.86 * 0.9, rel=0.03)
    assert 0.02 < depth[1] < depth[0]
