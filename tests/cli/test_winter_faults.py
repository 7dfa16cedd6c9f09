"""What ``roadplan winter`` says to input with which nothing, or not everything, can be done."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest

from roadplan.cli import main
from roadplan.corridor import Corridor
from roadplan.winter.solve.result import Budget

SMALL = ("--storm", "wet-snow", "--hours", "4", "--members", "2", "--effort", "1", "--draws", "0")
CREWS = ("crew", "plough_class", "depot", "duty_from", "duty_until", "longest_duty_h", "returns",
         "available_from")  # fmt: skip
CLASSES = ("plough_class", "kind", "plough_kmh", "travel_kmh", "width_m", "max_depth_cm")
DEPOTS = ("depot-karaganda", "depot-aksu", "depot-balkhash", "depot-priozersk", "depot-kurty")
MACHINES = ("machine", "plough_class", "depot", "serviceable")
CLOSURES = ("from_place", "to_place", "ploughs")
DEPTHS = ("from_place", "to_place", "depth_cm")

Rows = Sequence[Sequence[object]]


def run(*args: object) -> int:
    """Call the command line and return its exit code."""
    with pytest.raises(SystemExit) as left:
        main(["winter", *(str(arg) for arg in args)])
    return int(left.value.code or 0)


def book(path: Path, sheets: Mapping[str, Rows]) -> Path:
    """Write a workbook with some sheets, each with its header first."""
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.worksheets[0])
    for name, rows in sheets.items():
        sheet = workbook.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    workbook.save(path)
    return path


def whole_road(road: Corridor, *values: object) -> list[list[object]]:
    """Return a row from end to end of each route with some values."""
    return [[f"{n}@0", f"{n}@{int(r.length_m)}", *values] for n, r in road.routes.items()]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    """Give the options of a plan that is made quickly: few hours, members, crews and rounds."""
    crews = [(f"e{n}", "echelon", depot) for n, depot in enumerate(DEPOTS)]
    fleet = book(tmp_path_factory.mktemp("fleet") / "five.xlsx", {"crews": [CREWS, *crews]})
    return (*SMALL, "--fleet", str(fleet))


@pytest.fixture(scope="module")
def planned(small: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with a small plan."""
    out = tmp_path_factory.mktemp("night")
    assert run("plan", *small, "--out", out, "--json") == 0
    return out


UNUSABLE: dict[str, tuple[dict[str, Rows], tuple[str, ...]]] = {
    "no crews": ({"crews": [CREWS]}, ("no crew can be used", "give at least one crew")),
    "nothing serviceable": (
        {"machines": [MACHINES, ("m1", "echelon", "depot-aksu", "no")]},
        ("crew m1 is left out: none of its machines is serviceable",),
    ),
    "a depot that is not there": (
        {"crews": [CREWS, ("a", "echelon", "depot-moon")]},
        ("sheet crews, row 2, column depot: there is no depot 'depot-moon'", "give one of"),
    ),
    "a depot off the road": (
        {
            "crews": [CREWS, ("a", "echelon", "far")],
            "depots": [("depot", "place"), ("far", "main@99999999")],
        },
        ("1 fault\n", "sheet depots, row 2, column place", "is not on main", "give 0 to"),
    ),
    "a duty too short to write": (
        {"crews": [CREWS, ("a", "echelon", "depot-aksu", None, None, 0.01)]},
        ("sheet crews, row 2, column longest_duty_h", "write a number from 0.25"),
    ),
    "no table": ({"Sheet": [()]}, ("holds none of the tables crews", "start from the template")),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_a_fleet_that_cannot_be_used_is_told(
    small: tuple[str, ...], name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With file, sheet, row, column and remedy; nothing is written."""
    sheets, words = UNUSABLE[name]
    fleet = book(tmp_path / "fleet.xlsx", sheets)
    assert run("plan", *small, "--fleet", fleet, "--out", tmp_path / "out") == 1
    said = capsys.readouterr().err
    for word in ("fleet.xlsx", *words):
        assert word in said
    assert not (tmp_path / "out").exists()


IDLE: dict[str, tuple[dict[str, Rows], tuple[str, ...]]] = {
    "a duty shorter than any trip": (
        {"crews": [CREWS, ("a", "echelon", "depot-aksu", None, None, 0.25, "yes")]},
        ("Crew a cannot clear anything",),
    ),
    "machines that move no snow": (
        {
            "plough_classes": [CLASSES, ("toy", "grader", 20, 40, 3, 0)],
            "crews": [CREWS, ("a", "toy", "depot-aksu")],
        },
        ("Crew a cannot clear anything",),
    ),
    "available after the horizon": (
        {
            "crews": [
                CREWS,
                ("a", "echelon", "depot-aksu", None, None, None, None, "2099-01-01 00:00"),
            ]
        },
        ("There is no crew.", "crew a has no duty within the plan"),
    ),
}


@pytest.mark.parametrize("name", IDLE)
def test_a_fleet_that_can_do_nothing_gets_a_plan_that_says_why(
    small: tuple[str, ...], name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The plan is written, idle and proven best, with the reason; the checker accepts it."""
    sheets, words = IDLE[name]
    fleet = book(tmp_path / "fleet.xlsx", sheets)
    out = tmp_path / "out"
    assert run("plan", *small, "--fleet", fleet, "--out", out) == 0
    said = capsys.readouterr().out
    for word in ("nothing can be done", "gap 0.00%", *words):
        assert word in said
    summary = json.loads((out / "plan.json").read_text(encoding="utf-8"))["summary"]
    assert summary["cost"] == pytest.approx(summary["uncleared_cost"])
    assert run("verify", out / "plan.json", out / "problem.npz") == 0


def test_a_road_that_is_closed_or_buried_gets_a_plan_that_says_why(
    small: tuple[str, ...], road: Corridor, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every stretch closed to ploughs; five metres of snow everywhere, which nobody can begin."""
    closed = book(tmp_path / "c.xlsx", {"closures": [CLOSURES, *whole_road(road, "no")]})
    buried = book(tmp_path / "b.xlsx", {"depths": [DEPTHS, *whole_road(road, 500)]})
    for state, words in (
        (closed, "All stretches are closed to class echelon."),
        (buried, "The snow is too deep for class echelon everywhere."),
    ):
        assert run("plan", *small, "--state", state, "--out", tmp_path / "out", "--json") == 0
        summary = json.loads(capsys.readouterr().out)["summary"]
        assert summary["status"] == "nothing can be done"
        assert words in summary["reasons"]


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--hours", "0.2"), "a plan of 0.2 h is shorter than a slot of 30 min"),
        (("--hours", "nan"), "a plan of nan h is not possible; give hours"),
        (("--slot", "0"), "do not go into an hour; give 10"),
        (("--storm", "snowy"), "neither a file nor a storm 'snowy'"),
        (("--time-limit", "nan"), "give seconds above 0"),
        (("--item-km", "nan"), "give 1 km or more"),
        (("--worst", "nan"), "give 0 to 1"),
    ],
)
def test_impossible_options_get_one_sentence(
    small: tuple[str, ...],
    args: tuple[str, ...],
    words: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Exit code 1, and nothing is written."""
    assert run("plan", *small, *args, "--out", tmp_path / "out") == 1
    assert words in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_tiny_time_limit_gives_a_plan_all_the_same(
    small: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A tenth of a second is enough for a first plan that the checker accepts."""
    args = [arg for arg in small if arg not in ("--effort", "1")]
    assert run("plan", *args, "--time-limit", 0.1, "--out", tmp_path) == 0
    assert run("verify", tmp_path / "plan.json", tmp_path / "problem.npz") == 0
    assert "every rule is kept" in capsys.readouterr().out


def test_one_member_has_no_interval(
    small: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """That is said in words; JSON has null."""
    args = [*small, "--members", "1", "--draws", "1", "--out", tmp_path]
    assert run("plan", *args) == 0
    assert "one member: no interval" in capsys.readouterr().out
    document = json.loads((tmp_path / "plan.json").read_text(encoding="utf-8"))
    assert document["summary"]["delay_veh_h_interval"] is None


def test_a_folder_that_cannot_be_written_is_told_before_the_work(
    small: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file stands where the folder would go."""
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    assert run("plan", *small, "--out", tmp_path / "file" / "night") == 1
    assert "is no folder" in capsys.readouterr().err
    assert (tmp_path / "file").read_text(encoding="utf-8") == "mine"


def test_plan_and_problem_must_belong_together(
    small: tuple[str, ...], planned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The checker says for which problem a plan was made; a plan to begin from must fit too."""
    fleet = book(tmp_path / "f.xlsx", {"crews": [CREWS, ("a", "echelon", "depot-aksu")]})
    other = tmp_path / "other"
    assert run("plan", *small, "--fleet", fleet, "--out", other) == 0
    capsys.readouterr()
    assert run("verify", planned / "plan.json", other / "problem.npz") == 1
    said = capsys.readouterr().out
    assert "the plan was made for problem" in said
    assert "crews, not 1" in said
    begin = ("--from-plan", planned / "plan.json")
    assert run("plan", *small, "--fleet", fleet, *begin, "--out", tmp_path / "again") == 1
    assert "the plan to begin from is not possible" in capsys.readouterr().err


def test_files_of_an_earlier_plan_do_not_stay_beside_a_new_one(
    small: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The page of another plan is removed, and that is said; files of others are left alone."""
    page, note = tmp_path / "storm.html", tmp_path / "notes.txt"
    note.write_text("mine", encoding="utf-8")
    page.write_text("no plan is here, so it is not ours", encoding="utf-8")
    assert run("plan", *small, "--out", tmp_path) == 0
    assert page.is_file()
    capsys.readouterr()
    assert run("plan", *small, "--out", tmp_path) == 0
    assert "storm.html of an earlier plan removed" in capsys.readouterr().out
    assert not page.exists()
    assert run("plan", *small, "--out", tmp_path) == 0
    assert "removed" not in capsys.readouterr().out
    page.write_text("old", encoding="utf-8")
    assert run("plan", *small, "--out", tmp_path, "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["removed"] == [str(page)]
    assert {Path(name) for name in answer["written"]} == {*tmp_path.iterdir()} - {note}


def test_a_page_that_is_not_finished_leaves_none_of_an_earlier_plan(
    small: tuple[str, ...], planned: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After Ctrl-C while the page is made, the old one is gone and the new plan is there."""
    shutil.copy(planned / "plan.json", tmp_path)
    (tmp_path / "storm.html").write_text("old", encoding="utf-8")

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("roadplan.maps.storm_page.storm_map", interrupted)
    args = [*small, "--members", "1", "--draws", "1", "--out", tmp_path]
    assert run("plan", *args) == 130
    assert (tmp_path / "orders_ru.html").is_file()
    assert not (tmp_path / "storm.html").exists()


def test_a_plan_with_moves_that_are_not_there_is_told(
    small: tuple[str, ...], planned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In one message, by the command that begins from it and by that which values crews."""
    document = json.loads((planned / "plan.json").read_text(encoding="utf-8"))
    document["crews"][0]["moves"] = [{"slot": 0, "slots": 1, "kind": "travel", "arc": 999_999}]
    plan = tmp_path / "badplan.json"
    plan.write_text(json.dumps(document), encoding="utf-8")
    for args in (
        ("value", plan, planned / "problem.npz", "--effort", 1),
        ("plan", *small, "--from-plan", plan, "--out", tmp_path / "out"),
    ):
        assert run(*args) == 1
        said = capsys.readouterr().err
        assert "is not possible: " in said
        assert said.count("Error") == 1


def test_a_depot_that_is_not_there_is_told_with_those_that_are(
    planned: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By their ids, not by the places where the road is cut."""
    args = ("--effort", 1, "--depot", "depot-moon")
    assert run("value", planned / "plan.json", planned / "problem.npz", *args) == 1
    said = capsys.readouterr().err
    assert "there is no place 'depot-moon'" in said
    assert all(depot in said for depot in DEPOTS)
    assert "@" not in said


@pytest.mark.parametrize("known", [0, 1])
def test_ctrl_c_ends_value_with_what_is_known(
    planned: Path, known: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first one does: crews valued before it are told, and the exit code is 130."""
    from roadplan.winter import value

    told: list[int] = []
    over, worth = Budget.over, value.Worth

    def counting(**values: Any) -> value.Worth:
        told.append(1)
        return worth(**values)

    def pressing(budget: Budget) -> bool:
        if len(told) == known:
            told.append(1)
            raise KeyboardInterrupt
        return over(budget)

    monkeypatch.setattr(value, "Worth", counting)
    monkeypatch.setattr(Budget, "over", pressing)
    args = (planned / "plan.json", planned / "problem.npz", "--effort", 1, "--repeats", 1)
    depots = ("--depot", "depot-aksu", "--depot", "depot-kurty")
    assert run("value", *args, *depots, "--json") == 130
    said = capsys.readouterr()
    assert "Interrupted" in said.err
    assert ("1 crew was valued" in said.err) == bool(known)
    if not known:
        assert not said.out
        return
    (found,) = json.loads(said.out)
    assert found["depot"] == "depot-aksu"


def test_damaged_files_are_told(
    small: tuple[str, ...], planned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By every command that reads them, with the name of the file and without a traceback."""
    plan, problem = tmp_path / "plan.json", tmp_path / "problem.npz"
    text = (planned / "plan.json").read_text(encoding="utf-8")
    whole = (planned / "problem.npz").read_bytes()
    for content in (text[: len(text) // 2], "", "[]", '{"format": "list"}'):
        plan.write_text(content, encoding="utf-8")
        assert run("verify", plan, planned / "problem.npz") == 1
        assert run("value", plan, planned / "problem.npz", "--effort", 1) == 1
        assert "plan.json" in capsys.readouterr().err
        assert run("plan", *small, "--from-plan", plan, "--out", tmp_path / "out") == 1
        assert "plan.json" in capsys.readouterr().err
    flipped = bytes(byte ^ 255 if 3000 <= at < 3400 else byte for at, byte in enumerate(whole))
    for damaged in (whole[: len(whole) // 2], b"", b"hello", flipped):
        problem.write_bytes(damaged)
        assert run("verify", planned / "plan.json", problem) == 1
        assert "problem.npz cannot be read as a problem" in capsys.readouterr().out
        assert run("value", planned / "plan.json", problem, "--effort", 1) == 1
        assert "problem.npz" in capsys.readouterr().err
    with np.load(planned / "problem.npz") as archive:
        arrays: dict[str, Any] = {name: archive[name] for name in archive.files}
    np.savez(problem, **{**arrays, "travel_to": arrays["travel_to"][:5]})
    assert run("verify", planned / "plan.json", problem) == 1
    assert "travel_to of the problem has the shape (5,)" in capsys.readouterr().out
    assert not (tmp_path / "out").exists()


def test_effort_and_seed_give_the_same_moves_again(
    small: tuple[str, ...], planned: Path, tmp_path: Path
) -> None:
    """Move for move, and so the same problem and cost."""
    assert run("plan", *small, "--out", tmp_path, "--json") == 0
    first, second = (
        json.loads((folder / "plan.json").read_text(encoding="utf-8"))
        for folder in (planned, tmp_path)
    )
    assert first["problem"] == second["problem"]
    assert first["summary"]["cost"] == second["summary"]["cost"]
    assert [crew["moves"] for crew in first["crews"]] == [crew["moves"] for crew in second["crews"]]


INTERRUPTING = """
import os, signal, sys, threading
import roadplan.cli._winter_plan as plan
from roadplan.cli import main

# A shell that starts jobs in the background has them ignore Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)
words = plan._told
begun = []

def told(progress):
    if not begun:
        begun.append(True)
        threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
    return words(progress)

plan._told = told
main(sys.argv[1:])
"""
"""A process that gets the signal of Ctrl-C just after its search has its first plan."""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
def test_ctrl_c_keeps_the_best_plan(tmp_path: Path) -> None:
    """The search ends early; its plan is written, says so, and is accepted by the checker."""
    args = ["winter", "plan", "--storm", "wet-snow", "--members", "2", "--hours", "12",
            "--draws", "0", "--time-limit", "90", "--out", str(tmp_path)]  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTING, *args],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "search: interrupted" in done.stdout
    document = json.loads((tmp_path / "plan.json").read_text(encoding="utf-8"))
    assert document["summary"]["status"] == "interrupted"
    assert run("verify", tmp_path / "plan.json", tmp_path / "problem.npz") == 0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
def test_cp_sat_leaves_the_signal_to_python(road: Corridor) -> None:
    """After CP-SAT has run, Ctrl-C still is an exception and not the end of the process."""
    from roadplan.winter.posture import plan_posture

    # A shell that starts jobs in the background has them ignore Ctrl-C.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        plan_posture(road)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)
