"""``roadplan storm simulate`` on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner

from roadplan.cli.storm import storm
from roadplan.errors import RoadplanError


def run(*args: object) -> str:
    """Run the command and return what it prints."""
    result = CliRunner().invoke(storm, ["simulate", *(str(arg) for arg in args)])
    if result.exception is not None:
        raise result.exception
    return result.output


def told(*args: object) -> dict[str, Any]:
    """Run the command with --json."""
    text = run(*args, "--json")
    assert "NaN" not in text
    found: dict[str, Any] = json.loads(text)
    return found


FEW = ("--members", 3, "--draws", 2)


def test_json_holds_figures_with_intervals() -> None:
    """Delay by class, jams, closures, who is held, and risk by stretch with posts."""
    found = told("snow-band", *FEW, "--jam-km", 2, "--closed-h", 3)
    delay = found["delay_veh_h"]
    assert delay["all"]["value"] == pytest.approx(delay["light"]["value"] + delay["heavy"]["value"])
    assert delay["all"]["low"] <= delay["all"]["value"] <= delay["all"]["high"]
    assert [row["longer_km"] for row in found["jam_probability"]] == [2.0]
    assert [row["hours"] for row in found["closed_probability"]] == [3.0]
    assert 0 <= found["jam_probability"][0]["low"] <= found["jam_probability"][0]["high"] <= 1
    assert set(found["held_at_barriers"]) >= {"vehicles", "people", "longest_h"}
    assert found["synthetic"] is True
    assert found["standing"] == "estimated"
    assert {row["route"] for row in found["stretches"]} >= {"main", "kurty-almaty"}
    assert any(row["from_post"].startswith("m36:") for row in found["stretches"])


def test_beats_lower_the_delay() -> None:
    """The same storm and draws, with crews going round."""
    nothing = told("wet-snow", *FEW)["delay_veh_h"]["all"]["value"]
    beats = told("wet-snow", *FEW, "--cleared", "beats")
    assert beats["delay_veh_h"]["all"]["value"] < 0.5 * nothing
    assert any("passes by crews of an estimated fleet" in note for note in beats["notes"])


def test_text_shows_what_dispatchers_ask() -> None:
    """One table of figures and one of stretches; the storm is called synthetic."""
    text = run("buran", *FEW, "--hours", 30)
    for words in ("synthetic", "delay, lorries and buses", "jam longer than 5 km", "people",
                  "closed at least 4 h", "Risk by stretch", "closed", "UTC+05:00"):  # fmt: skip
        assert words in text


def test_one_member_has_no_interval() -> None:
    """It is said, not shown as certainty; JSON has null."""
    assert "one member: no interval" in run("mild-night", "--members", 1, "--draws", 1)
    found = told("mild-night", "--members", 1, "--draws", 1)
    assert found["delay_veh_h"]["all"]["high"] is None


def test_a_stranger_s_corridor_and_a_file_of_weather(
    stranger_tables: dict[str, pd.DataFrame],
    write_corridor: Callable[[dict[str, pd.DataFrame]], Path],
    tmp_path: Path,
) -> None:
    """A storm drawn for it into a file is simulated on it."""
    folder = write_corridor(stranger_tables)
    made = CliRunner().invoke(
        storm,
        ["make", "--seed", "3", "--kind", "snow-band", "--members", "2", "--hours", "8",
         "--out", str(tmp_path / "s.npz"), "--corridor", str(folder)],
    )  # fmt: skip
    assert made.exit_code == 0
    found = told(tmp_path / "s.npz", "--corridor", folder, "--draws", 2)
    assert {row["route"] for row in found["stretches"]} == {"r1", "r2"}
    assert found["hours"] == 8
    assert found["notes"] == ["the mean traffic of the other routes stands in for r2 (estimated)"]


def test_faults_are_told_with_a_remedy(
    stranger_tables: dict[str, pd.DataFrame],
    write_corridor: Callable[[dict[str, pd.DataFrame]], Path],
) -> None:
    """No such storm, too long a run, a corridor whose traffic nobody counted."""
    with pytest.raises(RoadplanError, match="neither a file nor a storm"):
        run("nemo")
    with pytest.raises(RoadplanError, match="ask for 1 to 24"):
        run("mild-night", "--hours", 30)
    bare = {name: table for name, table in stranger_tables.items() if name != "traffic"}
    folder = write_corridor(bare)
    with pytest.raises(RoadplanError, match="no daily traffic is known on any route"):
        run("mild-night", "--corridor", folder, "--members", 1)


def test_a_plant_puts_lorries_on_its_road() -> None:
    """660,000 t a year are 100 loads of 20 t on each of 330 days, and 100 empty trips back."""
    found = told("mild-night", *FEW, "--freight", "main=660000", "--holiday", "2026-01-16")
    assert found["freight_trucks_day"] == {"main": 200.0}
    assert found["holidays"] == ["2026-01-16"]
    plain = told("wet-snow", *FEW)["delay_veh_h"]["heavy"]["value"]
    more = told("wet-snow", *FEW, "--freight", "main=3e6")["delay_veh_h"]["heavy"]["value"]
    assert more > plain
    with pytest.raises(SystemExit):
        run("mild-night", "--freight", "main")
    with pytest.raises(RoadplanError, match="no segment lies on it"):
        run("mild-night", *FEW, "--freight", "nowhere=1000")
