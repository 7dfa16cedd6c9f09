"""``roadplan corridor template``, ``import`` and ``export`` as their users call them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from roadplan.cli import main
from roadplan.corridor import load

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Give a function that runs the command line and returns exit code, output and errors."""

    def call(*args: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as left:
            main(["corridor", *args])
        out, err = capsys.readouterr()
        return int(left.value.code or 0), out, err

    return call


def test_an_engineer_fills_in_a_template(run: Run, tmp_path: Path) -> None:
    """Template, a row typed in Russian, import, and the corridor has the bridge."""
    sheet, folder = tmp_path / "опись.xlsx", tmp_path / "mine"
    code, out, _ = run("template", "--out", str(sheet), "--table", "structures", "--lang", "ru")
    assert code == 0
    assert "import" in out
    book = openpyxl.load_workbook(sheet)
    columns = {cell.value: cell.column for cell in book["Сооружения"][1]}
    for header, value in (
        ("Код *", "b-100"),
        ("Вид", "мост"),
        ("Километровый знак", "м36:1610+250"),
        ("Длина, м", "35,5"),
        ("Статус", "измерено"),
    ):
        book["Сооружения"].cell(2, columns[header]).value = value
    book.save(sheet)
    code, out, _ = run("import", str(sheet), "--into", str(folder))
    assert code == 0, out
    assert "1 added" in out
    bridge = load(folder).asset("b-100")
    assert bridge.standing == "measured"
    assert bridge.source == "опись.xlsx"
    assert load(folder).posts(bridge.position)[0] == "m36:1610+250"


def test_faults_leave_everything_as_it_was(run: Run, tmp_path: Path) -> None:
    """Exit code 1, all faults with row and remedy, a marked copy, and no folder."""
    file, folder, marked = tmp_path / "depots.csv", tmp_path / "mine", tmp_path / "m.xlsx"
    file.write_text("depot;post;capacity\nd-1;m36:9999;x\nd-2;1e9;\n", encoding="utf-8")
    code, out, err = run("import", str(file), "--into", str(folder), "--marked", str(marked))
    assert code == 1
    assert err == ""
    assert "row 2, column capacity: it is not a number" in out
    assert "nothing was changed" in out
    assert not folder.exists()
    assert "CSV" in openpyxl.load_workbook(marked).sheetnames


def test_the_report_is_one_document(run: Run, tmp_path: Path) -> None:
    """`--json` holds counts, rows, faults and whether the folder was written."""
    file = tmp_path / "machines.csv"
    file.write_text("plough_class,crews\n", encoding="utf-8")
    code, out, _ = run("import", str(file), "--into", str(tmp_path / "mine"), "--json", "--dry-run")
    assert code == 0
    report = json.loads(out)
    assert (report["ok"], report["written"]) == (True, False)
    assert report["rows"] == []
    file.write_text("plough_class,crews\nnone,-1\n", encoding="utf-8")
    code, out, _ = run("import", str(file), "--into", str(tmp_path / "mine"), "--json")
    assert code == 1
    report = json.loads(out)
    assert report["counts"]["rejected"] == 1
    assert report["faults"][0]["row"] == 2
    assert report["faults"][0]["remedy"]


def test_an_unreadable_file_is_one_message(run: Run, tmp_path: Path) -> None:
    """No traceback, exit code 1, the remedy said."""
    file = tmp_path / "a.xlsx"
    file.write_bytes(b"PK\x03\x04rubbish")
    code, _, err = run("import", str(file), "--into", str(tmp_path / "mine"))
    assert code == 1
    assert err.startswith("Error: a.xlsx: ")
    assert "save it again" in err
    assert "Traceback" not in err


def test_exports_by_ending(run: Run, tmp_path: Path) -> None:
    """A GeoPackage, one GeoJSON, or a folder of them."""
    code, out, _ = run("export", str(tmp_path / "a.gpkg"), "--table", "depots")
    assert (code, "1 file" in out) == (0, True)
    assert (tmp_path / "a.gpkg").read_bytes().startswith(b"SQLite")
    code, out, _ = run(
        "export", str(tmp_path / "d"), "--table", "depots", "--table", "barriers", "--json"
    )
    assert code == 0
    assert [Path(name).name for name in json.loads(out)["written"]] == [
        "depots.geojson",
        "barriers.geojson",
    ]
    code, _, err = run("export", str(tmp_path / "a.geojson"))
    assert code == 1
    assert "one table" in err
