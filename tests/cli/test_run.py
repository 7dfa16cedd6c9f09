"""``roadplan run`` makes everything, on any corridor."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from roadplan.cli import main


def _run(*args: str) -> int:
    with pytest.raises(SystemExit) as left:
        main(list(args))
    return int(left.value.code or 0)


def test_the_shipped_corridor_runs_whole(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The index links all that was made, pages stay small and need nothing from a network."""
    assert _run("run", "--out", str(tmp_path / "out"), "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    index = Path(answer["index"])
    text = index.read_text(encoding="utf-8")
    for made in answer["files"]:
        assert (index.parent / made["file"]).stat().st_size > 0
        assert f'href="{made["file"]}"' in text
    for page in index.parent.glob("*.html"):
        html = page.read_text(encoding="utf-8")
        assert len(html.encode()) < 3_000_000
        assert not re.search(r"<(?:script|img|iframe)[^>]+src=[\"']?(?:https?:)?//", html)
        assert not re.search(r"<link[^>]+href=[\"']?(?:https?:)?//", html)
    rows = list(openpyxl.load_workbook(index.parent / "posture.xlsx").worksheets[0].values)
    assert len(rows) > 20


def test_a_strangers_corridor_runs_as_well(
    tmp_path: Path,
    stranger_tables: dict[str, pd.DataFrame],
    write_corridor: Callable[[dict[str, pd.DataFrame]], Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """No name of the shipped highway is needed; the summary is plain text."""
    folder = write_corridor(stranger_tables)
    assert _run("run", "--out", str(tmp_path / "out"), "--corridor", str(folder)) == 0
    out = capsys.readouterr().out
    assert "Northern trunk" in out
    assert "proven best" in out


def test_faults_stop_the_run_before_anything_is_written(
    tmp_path: Path,
    stranger_tables: dict[str, pd.DataFrame],
    write_corridor: Callable[[dict[str, pd.DataFrame]], Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One clear error, exit code 1, no half-made folder."""
    stranger_tables["segments"].loc[1, "from_m"] = 12_000.0
    folder = write_corridor(stranger_tables)
    assert _run("run", "--out", str(tmp_path / "out"), "--corridor", str(folder)) == 1
    assert "segments.csv, row 3" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_ledger_is_drawn_and_an_exercise_only_without_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With a ledger the map has completion layers and nothing made up is written."""
    ledger = str(tmp_path / "works.ledger")
    assert _run("progress", "init", "--ledger", ledger) == 0
    place = ["--type", "lower-asphalt", "--from", "m36:1500", "--to", "m36:1510"]
    who = ["--date", "2024-02-01", "--author", "office", "--source", "weekly sheet"]
    assert _run("progress", "add", "--ledger", ledger, *place, *who) == 0
    bypass = ["--item", "detour:detour-kb-interchange-01", "--stage", "in-use"]
    assert _run("progress", "add", "--ledger", ledger, *bypass, *who) == 0
    out = tmp_path / "out"
    assert _run("run", "--out", str(out), "--as-of", "2024-03-01", "--ledger", ledger) == 0
    assert _run("run", "--out", str(out), "--as-of", "spring", "--ledger", ledger) == 2
    capsys.readouterr()
    # Only the bypass that is reported in use narrows the road of the storm.
    notes = json.loads((out / "storm" / "plan.json").read_text(encoding="utf-8"))["notes"]
    assert any("as of 2024-03-01 1 of " in note for note in notes)
    assert any("1 temporary bypass narrows" in note for note in notes)
    # Reports on one contract and no plan: its march chart, and no made-up S-curve.
    assert [path.name for path in out.glob("*.svg")] == ["march-karaganda-balkhash.svg"]
    assert "lower-asphalt" in (out / "corridor.html").read_text(encoding="utf-8")
