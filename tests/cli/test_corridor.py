"""``roadplan corridor`` as its users call it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from roadplan.cli import main

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Give a function that runs the command line and returns exit code, output and errors."""

    def call(*args: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as left:
            main(list(args))
        out, err = capsys.readouterr()
        return int(left.value.code or 0), out, err

    return call


def test_help_lists_the_commands(run: Run) -> None:
    """The help of every level reads without importing anything heavy."""
    code, out, _ = run("--help")
    assert code == 0
    for word in ("corridor", "run", "winter", "Exit codes"):
        assert word in out
    code, out, _ = run("corridor", "--help")
    assert code == 0
    for word in ("locate", "check", "import", "export", "template", "refresh", "posts"):
        assert word in out


@pytest.mark.parametrize(
    "where",
    [
        ["m36:1610+250"],
        ["км", "1610+250"],
        ["1610 км ПК2+50"],
        ["--post", "M-36 1610,25"],
        ["main@117070.0"],
        ["--station", "117070.0", "--route", "main"],
        ["--station", "117070.0"],
        ["1610+250", "--posting", "m36"],
    ],
)
def test_locate_takes_a_place_in_every_form(run: Run, where: list[str]) -> None:
    """Posts and stations give the same answer at the top level of one JSON document."""
    code, out, _ = run("corridor", "locate", *where, "--json")
    assert code == 0
    answer = json.loads(out)
    assert answer["route"] == "main"
    assert answer["station_m"] == pytest.approx(117_070.0, abs=1)
    assert "m36:1610+250" in answer["posts"]
    keys = {"lon", "lat", "offset_m", "segment", "contract", "region"}
    assert keys | {"nearest_place", "nearest_depot"} <= set(answer)


@pytest.mark.parametrize(
    "where", [["--lon", "73.67140", "--lat", "48.87757"], ["73.67140, 48.87757"]]
)
def test_locate_takes_a_point(run: Run, where: list[str]) -> None:
    """A point gives its station and the signed distance off the line."""
    code, out, _ = run("corridor", "locate", *where, "--json")
    assert code == 0
    answer = json.loads(out)
    assert answer["station_m"] == pytest.approx(117_070, abs=5)
    assert abs(answer["offset_m"]) < 5


@pytest.mark.parametrize(
    ("where", "told"),
    [
        (["m36:99"], "m36:1492+400"),
        (["nonsense"], "1610+250"),
        (["main@9999999"], "889"),
        (["--lon", "999", "--lat", "1"], "degrees"),
        (["m37:1610"], "m36"),
    ],
)
def test_a_place_that_is_none_is_one_clear_error(run: Run, where: list[str], told: str) -> None:
    """Exit code 1, one message with the remedy, no traceback, nothing on standard output."""
    code, out, err = run("corridor", "locate", *where, "--json")
    assert code == 1
    assert out == ""
    assert err.startswith("Error: ")
    assert told in err


@pytest.mark.parametrize("args", [[], ["1610", "--lon", "73", "--lat", "48"], ["--lon", "73"]])
def test_no_place_or_two_is_a_wrong_call(run: Run, args: list[str]) -> None:
    """Exit code 2 and the usage."""
    code, _, err = run("corridor", "locate", *args)
    assert code == 2
    assert "Usage" in err


def test_check_passes_the_shipped_corridor(run: Run) -> None:
    """Ours is sound."""
    code, out, _ = run("corridor", "check")
    assert code == 0
    assert "no faults" in out


def test_check_lists_all_faults(
    run: Run,
    stranger_tables: dict[str, pd.DataFrame],
    write_corridor: Callable[[dict[str, pd.DataFrame]], Path],
) -> None:
    """Exit code 1 and every fault, as text and as JSON."""
    stranger_tables["segments"].loc[1, "from_m"] = 12_000.0
    stranger_tables["depots"].loc[0, "station_m"] = 99_000.0
    folder = str(write_corridor(stranger_tables))
    code, out, _ = run("corridor", "check", folder)
    assert code == 1
    assert "2 faults" in out
    code, out, _ = run("corridor", "check", folder, "--json")
    assert code == 1
    answer = json.loads(out)
    assert not answer["ok"]
    assert {fault["file"] for fault in answer["faults"]} == {"segments.csv", "depots.csv"}
    assert all(fault["remedy"] and fault["row"] for fault in answer["faults"])


def test_a_folder_that_is_not_there_is_an_error(run: Run, tmp_path: Path) -> None:
    """Exit code 1 and what a corridor's folder holds."""
    code, _, err = run("corridor", "check", str(tmp_path / "nowhere"))
    assert code == 1
    assert "routes.csv" in err


def test_posts_tells_the_residuals(run: Run) -> None:
    """Every calibrated stretch with what its drawn length is off."""
    code, out, _ = run("corridor", "posts")
    assert code == 0
    assert "1492+400" in out
    code, out, _ = run("corridor", "posts", "--json")
    assert all("residual_m" in row for row in json.loads(out))
