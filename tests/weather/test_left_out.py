"""What is left out of a forecast and filled in it is told wherever the forecast is used."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from roadplan.cli.storm import storm as command
from roadplan.corridor import load
from roadplan.traffic.storm_run import prepare_storm
from roadplan.weather import Parameters, Road, Slots, Storm, slot_weather, write
from roadplan.winter.night import prepare

LEFT_OUT = "Incomplete members were left out: 02"
FILLED = "Missing values of temperature were filled in"

Forecast = tuple[Path, Path]


def _holed(storm_of: Callable[..., Storm], **changes: object) -> Storm:
    """Make three members: a whole one, one with a short gap, one with half of it missing."""
    cold = np.full((3, 7, 2), -10.0)
    cold[1, 2] = np.nan
    cold[2, 3:] = np.nan
    return storm_of(members=3, temperature=cold, **changes)


@pytest.fixture
def forecast(
    storm_of: Callable[..., Storm],
    stranger_tables: dict[str, pd.DataFrame],
    write_corridor: Callable[[dict[str, pd.DataFrame]], Path],
    tmp_path: Path,
) -> Forecast:
    """Give a table of such a storm at places on a corridor, and the corridor's folder."""
    storm = _holed(storm_of, lon=(-71.0, -71.0), lat=(-32.9, -32.7))
    return write(storm, tmp_path / "holed.csv"), write_corridor(stranger_tables)


def test_weather_in_slots_tells_what_was_done_to_it(
    storm_of: Callable[..., Storm], road_of: Callable[..., Road], parameters: Parameters
) -> None:
    """A whole forecast has nothing to tell."""
    storm = _holed(storm_of)
    weather = slot_weather(storm, road_of(1), Slots(storm.times[0], 12), parameters)
    assert [note.code for note in weather.notes] == ["filled", "left_out"]
    whole = slot_weather(storm_of(), road_of(1), Slots(storm.times[0], 12), parameters)
    assert whole.notes == ()


def test_a_simulation_tells_it(forecast: Forecast) -> None:
    """In what it prints, in JSON and in the run itself."""
    path, folder = forecast
    line = ["simulate", str(path), "--corridor", str(folder), "--draws", "1"]
    printed = CliRunner().invoke(command, line).output
    assert f"! {LEFT_OUT}" in printed
    assert f"- {FILLED}" in printed
    document = json.loads(CliRunner().invoke(command, [*line, "--json"]).output)
    told = [flag["text"] for flag in document["flags"]]
    assert told.count(LEFT_OUT) == 1
    assert any(text.startswith(FILLED) for text in told)
    run = prepare_storm(load(folder), path)
    assert [note.code for note in run.storm.origin.notes] == ["filled", "left_out"]


def test_a_night_to_plan_tells_it(forecast: Forecast) -> None:
    """Among the notes of the plan and, for the map, of its storm."""
    path, folder = forecast
    night = prepare(load(folder), path, hours=6)
    assert LEFT_OUT in night.notes
    assert any(note.startswith(FILLED) for note in night.notes)
    assert [note.code for note in night.storm.origin.notes] == ["filled", "left_out"]
    assert night.members == 2
