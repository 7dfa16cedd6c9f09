"""``roadplan progress`` from the outside."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from roadplan.cli.progress import progress
from roadplan.errors import RoadplanError

Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Give a function that calls a command on a ledger of its own and returns what it prints."""
    monkeypatch.setenv("ROADPLAN_LEDGER", str(tmp_path / "works.ledger"))

    def call(*words: str) -> str:
        result = CliRunner().invoke(progress, list(words), standalone_mode=False)
        if result.exception is not None:
            raise result.exception
        if result.return_value:
            raise SystemExit(f"{result.return_value}: {result.output}")
        return result.output

    return call


SAID = ("--author", "A. B.", "--source", "week 18", "--date", "2024-05-01")


def test_a_week_of_reports(run: Run) -> None:
    """Make a ledger, report by posts, by item and by stage, and read the status."""
    assert "with 0 reports" in run("init")
    run("add", "--type", "lower-asphalt", "--from", "main@0", "--to", "main@18010", *SAID)
    run("add", "--item", "signs:main-0000", "--quantity", "30", *SAID)
    run("add", "--item", "bridge:kb-bridge-01", "--stage", "finished", *SAID)
    found = json.loads(run("status", "--json", "--by", "contract,group"))
    whole = found["kilometres"][-1]
    assert whole["contract"] == "whole"
    assert whole["surfaced_km"] == pytest.approx(18.01)
    assert whole["open_km"] is None
    assert found["reports"] == 3
    text = run("status", "--as-of", "2024-04-30")
    assert "0 reports count" in text
    assert "Physical completion: no report" in text
    assert "Structures finished: 1 of 74 (73 no report)" in run("status")
    assert "3 reports hold" in run("verify")


def test_a_report_by_kilometre_posts(run: Run) -> None:
    """Posts of the old kilometre system name the stretch, in either order."""
    run("init")
    where = ("--from", "m36:1520", "--to", "m36:1510")
    run("add", "--type", "base", *where, "--side", "left", *SAID)
    found = json.loads(run("status", "--json", "--by", "work_type"))
    (base,) = [row for row in found["rows"] if row["work_type"] == "base"]
    assert base["items_reported"] > 0
    assert 0 < base["completion"] < 0.01


def test_corrections_are_told_in_the_history(run: Run) -> None:
    """The history lists the wrong report, what corrected it and what took that back."""
    run("init")
    bridge = ("--item", "bridge:kb-bridge-01")
    first = json.loads(run("add", *bridge, "--stage", "deck", *SAID, "--json"))["report"]
    second = json.loads(run("add", "--corrects", first, "--stage", "supports", "--json"))["report"]
    run("add", "--corrects", second, "--withdraw", "--note", "other bridge")
    rows = json.loads(run("history", "bridge:kb-bridge-01", "--json"))
    assert [row["corrected_by"] is not None for row in rows] == [True, True, False]
    text = run("history", "bridge:kb-bridge-01")
    assert f"corrected by {second}" in text
    assert f"takes back {second}; other bridge" in text
    assert "no report" in run("history", "bridge:kb-bridge-02")
    assert "Physical completion: no report" in run("status")


def test_stating_twice_stores_once(run: Run) -> None:
    """The second time says that it is there."""
    run("init")
    words = ("add", "--item", "bridge:kb-bridge-01", "--none", *SAID)
    assert "Stored as report" in run(*words)
    assert "stored already" in run(*words)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--item", "bridge:kb-bridge-01", "--stage", "roof"), "no such stage"),
        (("--item", "bridge:kb-bridge-01"), "say which --stage"),
        (("--item", "nothing:x"), "no work item"),
        (("--type", "base", "--from", "main@0"), "go together"),
        (("--type", "base", "--from", "main@0", "--to", "kurty-konaev@10"), "each route by itself"),
        (("--from", "main@0", "--to", "main@10"), "say which work"),
        (("--item", "signs:main-0000", "--quantity", "300"), "more than is planned"),
        (("--item", "base:main-0000", "--date", "2999-01-01"), "in the future"),
        (("--corrects", "x"), "no report 'x'"),
    ],
)
def test_what_cannot_be_stored_is_told(run: Run, words: tuple[str, ...], why: str) -> None:
    """One message, and nothing is stored."""
    run("init")
    with pytest.raises((RoadplanError, click.ClickException), match=why):
        run("add", *SAID, *words)
    assert "0 reports count" in run("status")


def test_more_than_planned_on_demand(run: Run) -> None:
    """The plan may be wrong."""
    run("init")
    run("add", "--item", "signs:main-0000", "--quantity", "300", "--more", *SAID)
    assert "1 report counts" in run("status")


def test_verify_against_a_head_and_a_backup(run: Run, tmp_path: Path) -> None:
    """The exported head proves; a changed record makes the command fail; a backup restores."""
    run("init")
    run("add", "--item", "base:main-0000", *SAID)
    run("head", "--out", str(tmp_path / "head.json"))
    run("add", "--item", "base:main-0007", *SAID)
    assert "proves the first 1" in run("verify", "--head", str(tmp_path / "head.json"))
    assert "2 reports, proven" in run("backup", str(tmp_path / "copy.ledger"))
    new = str(tmp_path / "new.ledger")
    assert "with 2 reports" in run(
        "init", "--ledger", new, "--from-backup", str(tmp_path / "copy.ledger")
    )
    head = json.loads((tmp_path / "head.json").read_text())
    head["reports"]["hash"] = "0" * 64
    (tmp_path / "head.json").write_text(json.dumps(head))
    with pytest.raises(SystemExit, match=r"1: .*does not hold"):
        run("verify", "--head", str(tmp_path / "head.json"))


def test_items_and_statements_are_listed(run: Run) -> None:
    """Both need no ledger."""
    rows = json.loads(run("items", "--type", "bridge", "--contract", "kurty-konaev", "--json"))
    assert len(rows) == 4
    assert "rest-area:rest-area-18" in run("items", "--type", "rest-area")
    text = run("statements", "--as-of", "2023-12-31")
    assert "874" in text
    assert "946" in text


def test_the_help_lists_the_commands() -> None:
    """Commands of the modules beside are taken in."""
    result = CliRunner().invoke(progress, ["--help"])
    for name in ("init", "add", "status", "history", "verify", "head", "backup", "items"):
        assert f"  {name} " in result.output
