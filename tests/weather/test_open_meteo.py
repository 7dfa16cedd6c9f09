"""Replies of Open-Meteo."""

from __future__ import annotations

import copy
import datetime as dt
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from roadplan.errors import FaultsError, RoadplanError, ServiceError
from roadplan.weather import parse_open_meteo, read_open_meteo
from roadplan.weather.open_meteo import ENVELOPE

Reply = dict[str, Any]


def test_units_and_local_time_are_converted(reply: Reply) -> None:
    """54 km/h is 15 m/s; 17:00 in Almaty is 12:00 UTC."""
    storm = parse_open_meteo(reply)
    assert storm.values("wind_speed")[:, 0, 0] == pytest.approx([15, 10])
    assert storm.values("wind_gust")[:, 0, 0] == pytest.approx([20, 15])
    assert storm.times[0] == np.datetime64("2026-01-15T12:00")
    assert storm.members == ("00", "01")


def test_snow_depth_becomes_water_by_the_services_ratio(reply: Reply) -> None:
    """7 cm of snow are 10 mm of water, in the hour before the time."""
    storm = parse_open_meteo(reply)
    assert storm.values("snowfall")[:, :3, 0] == pytest.approx(np.array([[0, 1, 1], [0, 2, 0]]))


def test_water_equivalent_goes_before_depth(reply: Reply) -> None:
    """Where the reply has both, no ratio is needed."""
    reply["hourly"]["snowfall_water_equivalent"] = [0.5] * 5
    reply["hourly_units"]["snowfall_water_equivalent"] = "mm"
    storm = parse_open_meteo(reply)
    assert storm.values("snowfall")[0, :, 0] == pytest.approx(0.5)
    assert storm.values("snowfall")[1, 1, 0] == pytest.approx(2.0)


def test_imperial_units(reply: Reply) -> None:
    """Miles an hour are written mp/h, snow in inches, temperature in °F."""
    for key, unit, values in (
        ("wind_speed_10m", "mp/h", [33.554] * 5),
        ("temperature_2m", "°F", [14.0] * 5),
        ("snowfall", "inch", [0.0, 0.7 / 2.54, 0, 0, 0]),
    ):
        reply["hourly_units"][key] = unit
        reply["hourly"][key] = values
    storm = parse_open_meteo(reply)
    assert storm.values("wind_speed")[0, 0, 0] == pytest.approx(15, abs=1e-3)
    assert storm.values("temperature")[0, 0, 0] == pytest.approx(-10)
    assert storm.values("snowfall")[0, 1, 0] == pytest.approx(1.0)


def test_unix_times_are_utc(reply: Reply) -> None:
    """The offset is not applied to them again."""
    reply["hourly_units"]["time"] = "unixtime"
    reply["hourly"]["time"] = [1_768_478_400 + 3600 * k for k in range(5)]
    assert parse_open_meteo(reply).times[0] == np.datetime64("2026-01-15T12:00")


def test_local_times_without_their_offset_are_refused(reply: Reply) -> None:
    """An unknown time zone is not guessed; UTC needs no offset."""
    del reply["utc_offset_seconds"]
    with pytest.raises(FaultsError, match="utc_offset_seconds"):
        parse_open_meteo(reply)
    reply["timezone"] = "GMT"
    assert parse_open_meteo(reply).times[0] == np.datetime64("2026-01-15T17:00")


def test_nulls_stay_missing(reply: Reply) -> None:
    """A hole is a hole; a variable the model lacks has only holes and an 'undefined' unit."""
    reply["hourly"]["wind_speed_10m"][2] = None
    storm = parse_open_meteo(reply)
    assert np.isnan(storm.values("wind_speed")[0, 2, 0])
    assert np.isnan(storm.values("visibility")).all()


def test_several_locations_with_other_times_and_members(reply: Reply) -> None:
    """They are laid out on the union of times and members; what is not there is missing."""
    other = copy.deepcopy(reply)
    other["latitude"] = 47.25
    other["utc_offset_seconds"] = 14400
    for key in [key for key in other["hourly"] if "member01" in key]:
        del other["hourly"][key]
    storm = parse_open_meteo([reply, other])
    assert storm.shape == (2, 6, 2)
    assert storm.data["lat"].values.tolist() == [47.0, 47.25]
    assert np.isnan(storm.values("wind_speed")[1, :, 1]).all()
    assert np.isnan(storm.values("wind_speed")[0, 0, 1])
    assert np.isfinite(storm.values("wind_speed")[0, 1:, 1]).all()


def test_several_models_are_members_of_one_ensemble(reply: Reply) -> None:
    """Members carry the model's name."""
    names = [key for key in reply["hourly"] if key != "time"]
    for part in ("hourly", "hourly_units"):
        for key in names:
            reply[part][f"{key}_icon_seamless"] = reply[part].pop(key)
    assert parse_open_meteo(reply).members == ("icon_seamless:00", "icon_seamless:01")


def test_other_variables_are_left_alone(reply: Reply) -> None:
    """The height of the snowfall line is no snowfall of a model 'height'."""
    reply["hourly"]["snowfall_height"] = [900.0] * 5
    reply["hourly_units"]["snowfall_height"] = "m"
    reply["hourly"]["wind_speed_100m"] = [80.0] * 5
    assert parse_open_meteo(reply).members == ("00", "01")


def test_a_missing_unit_is_a_fault(reply: Reply) -> None:
    """The fault names location and column."""
    del reply["hourly_units"]["wind_speed_10m"]
    with pytest.raises(FaultsError, match=r"location 1, column wind_speed_10m.*no unit"):
        parse_open_meteo(reply)
    reply["hourly_units"]["wind_speed_10m"] = "beaufort"
    with pytest.raises(FaultsError, match="beaufort"):
        parse_open_meteo(reply)


def test_kmh_declared_as_metres_a_second_is_caught(reply: Reply) -> None:
    """A wrong label on a strong wind meets the second net."""
    for member in ("", "_member01"):
        reply["hourly_units"][f"wind_speed_10m{member}"] = "m/s"
        reply["hourly_units"][f"wind_gusts_10m{member}"] = "m/s"
    with pytest.raises(FaultsError, match="km/h"):
        parse_open_meteo(reply)


def test_columns_cut_short_are_faults(reply: Reply) -> None:
    """Every column that does not fit the times is told at once."""
    reply["hourly"]["snowfall"] = [0.0, 0.1]
    reply["hourly"]["temperature_2m"] = "cold"
    reply["hourly"]["wind_speed_10m"] = ["54"] * 5
    with pytest.raises(FaultsError) as caught:
        parse_open_meteo(reply)
    assert len(caught.value.faults) == 3
    assert "2 values for 5 times" in str(caught.value)


def test_an_error_of_the_service_is_told(reply: Reply) -> None:
    """Its reason is passed on."""
    with pytest.raises(ServiceError, match="Daily API request limit exceeded"):
        parse_open_meteo({"error": True, "reason": "Daily API request limit exceeded"})


@pytest.mark.parametrize(
    "broken",
    [
        None,
        17,
        [],
        [None],
        {},
        {"hourly": {}},
        {"hourly": {"time": []}, "hourly_units": {}},
        {"format": ENVELOPE, "retrieved": "yesterday", "reply": {}},
        {"format": ENVELOPE, "retrieved": "2026-01-15T12:00Z"},
    ],
)
def test_what_is_no_reply_is_refused(broken: object) -> None:
    """Any other JSON gives a clear error."""
    with pytest.raises(RoadplanError):
        parse_open_meteo(broken)


@pytest.mark.parametrize("field", ["latitude", "longitude"])
def test_a_location_needs_its_place(reply: Reply, field: str) -> None:
    """Without coordinates it cannot be used."""
    reply[field] = None
    with pytest.raises(FaultsError, match="place or times"):
        parse_open_meteo(reply)


def test_times_that_do_not_rise_are_refused(reply: Reply) -> None:
    """An hour twice is a fault."""
    reply["hourly"]["time"][1] = reply["hourly"]["time"][0]
    with pytest.raises(FaultsError, match="do not rise"):
        parse_open_meteo(reply)


def test_the_issue_time_is_never_too_young(reply: Reply, tmp_path: Path) -> None:
    """Stated where the file says when it was received, else the first time in it."""
    path = tmp_path / "reply.json"
    path.write_text(json.dumps(reply), encoding="utf-8")
    storm = read_open_meteo(path)
    assert storm.issued == dt.datetime(2026, 1, 15, 12, tzinfo=dt.UTC)
    assert not storm.origin.issued_stated
    kept = {"format": ENVELOPE, "retrieved": "2026-01-15T13:30:00+00:00", "reply": reply}
    path.write_text(json.dumps(kept), encoding="utf-8")
    storm = read_open_meteo(path)
    assert storm.issued == dt.datetime(2026, 1, 15, 13, 30, tzinfo=dt.UTC)
    assert storm.origin.issued_stated


@pytest.mark.parametrize("keep", [0, 1, 30, 400])
def test_half_a_reply_is_no_reply(reply: Reply, tmp_path: Path, keep: int) -> None:
    """A file cut short anywhere tells so."""
    path = tmp_path / "reply.json"
    path.write_text(json.dumps(reply)[:keep], encoding="utf-8")
    with pytest.raises(RoadplanError, match=r"cut short|empty"):
        read_open_meteo(path)


def test_hostile_nesting_is_no_crash(tmp_path: Path) -> None:
    """A hundred thousand brackets are refused like any broken file."""
    path = tmp_path / "reply.json"
    path.write_text("[" * 100_000, encoding="utf-8")
    with pytest.raises(RoadplanError, match="cut short or no JSON"):
        read_open_meteo(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RoadplanError, match="cannot be read"):
        read_open_meteo(path)


def test_members_are_ordered_by_their_numbers(reply: dict[str, Any]) -> None:
    """Number 100 stands behind 11, which it does not as text."""
    for table in (reply["hourly_units"], reply["hourly"]):
        for key in [key for key in table if key.endswith("_member01")]:
            table[key.replace("01", "100")] = table[key]
            table[key.replace("01", "11")] = table[key]
    assert parse_open_meteo(reply).members == ("00", "01", "11", "100")
