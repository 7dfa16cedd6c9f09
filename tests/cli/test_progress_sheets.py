"""``roadplan progress template``, ``import``, ``export``, ``baseline`` and ``wzdx`` as called."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from roadplan.cli import main
from roadplan.progress import create_ledger, open_ledger

Run = Callable[..., tuple[int, str, str]]

HEADER = "Вид работ;Начало, км знак;Конец, км знак;Объект;Этап;Объём с начала работ;Дата работ\n"
GOOD = "Земляное полотно;m36:1500;m36:1510;;;;01.06.2024\nМост;;;kb-bridge-01;Опоры;;45443\n"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Give a function that runs a command on a new ledger: exit code, output and errors."""
    create_ledger(tmp_path / "works.ledger").close()

    def call(command: str, *args: str) -> tuple[int, str, str]:
        ledger = () if command == "template" else ("--ledger", str(tmp_path / "works.ledger"))
        with pytest.raises(SystemExit) as left:
            main(["progress", command, *args, *ledger])
        out, err = capsys.readouterr()
        return int(left.value.code or 0), out, err

    return call


def _reports(tmp_path: Path) -> int:
    with open_ledger(tmp_path / "works.ledger") as ledger:
        return len(ledger)


def test_a_template_is_filled_in_and_imported_twice(run: Run, tmp_path: Path) -> None:
    """The second time the ledger is said to be unchanged."""
    sheet = tmp_path / "неделя.xlsx"
    code, out, _ = run("template", "--out", str(sheet), "--contract", "karaganda-balkhash")
    assert code == 0
    assert "roadplan progress import" in out
    book = openpyxl.load_workbook(sheet)
    columns = {cell.value: cell.column for cell in book["Ход работ"][1]}
    for header, value in (
        ("Вид работ *", "Земляное полотно"),
        ("Начало, км знак", "1500"),
        ("Конец, км знак", "1510"),
        ("Дата работ *", "01.06.2024"),
    ):
        book["Ход работ"].cell(2, columns[header]).value = value
    book.save(sheet)
    args = (str(sheet), "--author", "A. Engineer", "--today", "2024-07-01")
    code, out, _ = run("import", *args)
    assert (code, _reports(tmp_path)) == (0, 1), out
    assert "1 new; 1 report stored" in out
    code, out, _ = run("import", *args)
    assert (code, _reports(tmp_path)) == (0, 1)
    assert "1 unchanged" in out
    assert "is unchanged" in out


def test_faults_are_a_table_and_a_marked_copy(run: Run, tmp_path: Path) -> None:
    """Exit code 1, nothing stored, every fault with row, column, value, why and remedy."""
    file, marked = tmp_path / "week.csv", tmp_path / "marked.xlsx"
    bad = "Верхний слой асфальтобетона;m36:1500;m36:9999;;;x;2031-01-01\n"
    file.write_text(HEADER + GOOD + bad, encoding="cp1251")
    args = (str(file), "--author", "A", "--today", "2024-07-01", "--marked", str(marked))
    code, out, _ = run("import", *args)
    assert (code, _reports(tmp_path)) == (1, 0)
    for text in ("What is wrong", "Конец, км знак", "m36:9999", "lies in the future"):
        assert text in out
    assert "nothing was stored" in out
    book = openpyxl.load_workbook(marked)
    assert book.worksheets[0].title == "Ошибки"
    assert book["CSV"].cell(4, 3).comment is not None
    code, out, _ = run("import", *args, "--json")
    told = json.loads(out)
    assert code == 1
    assert told["ok"] is False
    assert {(fault["row"], fault["column"]) for fault in told["faults"]} == {
        (4, "Конец, км знак"),
        (4, "Объём с начала работ"),
        (4, "Дата работ"),
    }
    assert all(fault["remedy"] for fault in told["faults"])


def test_files_that_cannot_be_read(run: Run, tmp_path: Path) -> None:
    """One message without a traceback."""
    (tmp_path / "a.xlsx").write_bytes(b"PK\x03\x04 no workbook")
    for name in ("a.xlsx", "missing.csv", "a.pdf"):
        code, out, err = run("import", str(tmp_path / name), "--author", "A")
        assert code == 1
        assert name in out + err
        assert "Traceback" not in out + err
    assert _reports(tmp_path) == 0


def test_status_and_feed_go_out(run: Run, tmp_path: Path) -> None:
    """GeoPackage, workbook and a WZDx feed of what was imported."""
    file = tmp_path / "week.csv"
    file.write_text(HEADER + GOOD, encoding="utf-8")
    code, out, _ = run("import", str(file), "--author", "A", "--today", "2024-07-01")
    assert code == 0, out
    for name in ("status.gpkg", "status.xlsx", "items.geojson", "folder"):
        code, out, _ = run("export", str(tmp_path / name), "--as-of", "2024-07-01")
        assert code == 0, out
        assert (tmp_path / name).exists()
    feed = tmp_path / "feed.geojson"
    args = ("--out", str(feed), "--publisher", "Road operator", "--as-of", "2024-07-01")
    code, _, err = run("wzdx", *args)
    assert code == 1
    assert "--until" in err
    assert not feed.exists()
    code, out, _ = run("wzdx", *args, "--until", "2025-12-01", "--json")
    assert code == 0
    assert json.loads(out)["work_zones"] == 3
    assert json.loads(feed.read_text("utf-8"))["feed_info"]["version"] == "4.2"


def test_a_schedule_becomes_the_baseline_once(run: Run, tmp_path: Path) -> None:
    """MS Project XML is frozen as version 1; again it changes nothing; faults freeze nothing."""
    plan = tmp_path / "plan.xml"
    task = (
        "<Task><UID>1</UID><Name>Мост</Name><WBS>bridge:kb-bridge-01</WBS>"
        "<Start>2024-05-01T08:00:00</Start><Finish>2024-09-30T17:00:00</Finish></Task>"
    )
    plan.write_text(f"<Project><Tasks>{task}</Tasks></Project>", encoding="utf-8")
    code, out, _ = run("baseline", str(plan), "--author", "Planner")
    assert code == 0, out
    assert "frozen as baseline 1" in out
    code, out, _ = run("baseline", str(plan), "--author", "Planner", "--json")
    assert json.loads(out)["unchanged"] is True
    plan.write_text(plan.read_text("utf-8").replace("2024-09-30", "2023-09-30"), encoding="utf-8")
    code, out, _ = run("baseline", str(plan), "--author", "Planner")
    assert code == 1
    assert "before it starts" in out
    with open_ledger(tmp_path / "works.ledger") as ledger:
        assert len(ledger.baselines()) == 1
