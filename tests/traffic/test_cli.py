"""``roadplan traffic`` on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from roadplan.cli.traffic import traffic
from roadplan.errors import FaultsError


@pytest.fixture
def case_file(reference: dict[str, Any], tmp_path: Path) -> Path:
    """Give the reference case as a file."""
    path = tmp_path / "case.json"
    path.write_text(json.dumps(reference), encoding="utf-8")
    return path


@pytest.mark.parametrize("method", ["exact", "cells"])
def test_simulate_answers_in_json(method: str, case_file: Path) -> None:
    """The answer has the eight figures, and those of the reference case."""
    done = CliRunner().invoke(traffic, ["simulate", str(case_file), "--method", method, "--json"])
    assert done.exit_code == 0
    answer = json.loads(done.output)
    assert answer == pytest.approx(
        {
            "delay_veh_h": 21320.0,
            "peak_queue_km": 28.415,
            "peak_time_h": 5.0,
            "reach_km": 37.143,
            "dissipated_h": 7.229,
            "entered": 15000.0,
            "left": 15000.0,
            "waiting": 0.0,
        },
        rel=1e-3,
    )


def test_simulate_shows_a_table(case_file: Path) -> None:
    """Without --json the answer is for people, with units."""
    done = CliRunner().invoke(traffic, ["simulate", str(case_file)])
    assert done.exit_code == 0
    assert "21,320.0  veh·h" in done.output


def test_what_never_came_is_null(reference: dict[str, Any], tmp_path: Path) -> None:
    """A road without a queue has no time of the longest one."""
    path = tmp_path / "free.json"
    path.write_text(json.dumps({**reference, "bottlenecks": []}), encoding="utf-8")
    done = CliRunner().invoke(traffic, ["simulate", str(path), "--json"])
    assert json.loads(done.output)["peak_time_h"] is None
    assert json.loads(done.output)["dissipated_h"] == 0


def test_faults_of_a_case_are_raised(case_file: Path) -> None:
    """The faults reach the caller as one error of roadplan."""
    case_file.write_text("{}", encoding="utf-8")
    done = CliRunner().invoke(traffic, ["simulate", str(case_file)])
    assert isinstance(done.exception, FaultsError)
    assert len(done.exception.faults) == 8


def test_schema_is_printed() -> None:
    """The schema lists every key of a case."""
    done = CliRunner().invoke(traffic, ["schema"])
    assert "jam_density_veh_km" in json.loads(done.output)["properties"]
