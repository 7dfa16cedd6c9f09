"""Mutated sheets and schedules: no traceback, and nothing stored from a rejected file."""

from __future__ import annotations

import datetime as dt
import io
import random
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from roadplan.corridor import Corridor
from roadplan.errors import RoadplanError
from roadplan.progress import Ledger, WorkItems, create_ledger, work_items
from roadplan.progress.baseline_import import import_baseline
from roadplan.progress.sheet_import import import_sheet

ROUNDS = 60
TODAY = dt.date(2024, 10, 1)
TOKENS = [
    b"<", b">", b"&", b'"', b"\x00", b"\xff", b"=", b"-", b"9" * 30, b"NaN", b"inf", b"1e999",
    b"]]>", b"<!DOCTYPE a>", b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"&b;", b't="s"', b"\xd0\x96",
    b";", b"\t", b"\n", b"\r", b"<v>", b"</c>", b"</Task>", b"<Task>", b"2147483648", b"-1", b"%R",
    b"%T", b"%F", b"0001-01-01T00:00:00", b"9999-12-31", b"m36:", b"@", b"*",
]  # fmt: skip

HEADER = ("work_type", "from_post", "to_post", "asset", "stage", "quantity", "work_date", "note")
ROWS = (
    ("earthworks", "m36:1500", "m36:1510", "", "", "", "2024-06-01", "=1+1"),
    ("signs", "1500,5", "1510", "", "", "0", "01.06.2024", ""),
    ("Мост", "", "", "kb-bridge-01", "Опоры", "", "45443", "x"),
)

XML = """<?xml version="1.0" encoding="UTF-8"?>
<Project xmlns="http://schemas.microsoft.com/project"><ExtendedAttributes><ExtendedAttribute>
<FieldID>188743731</FieldID><FieldName>Text1</FieldName><Alias>roadplan</Alias>
</ExtendedAttribute></ExtendedAttributes><Tasks><Task><UID>1</UID><ID>1</ID><Name>Мост</Name>
<WBS>1.1</WBS><Start>2024-05-01T08:00:00</Start><Finish>2024-09-30T17:00:00</Finish>
<ExtendedAttribute><FieldID>188743731</FieldID><Value>bridge:kb-bridge-01</Value>
</ExtendedAttribute><Baseline><Number>0</Number><Start>2024-04-01T08:00:00</Start>
<Finish>2024-08-31T17:00:00</Finish></Baseline></Task></Tasks></Project>
"""
XER = (
    "ERMHDR\t19.12\t2024-05-01\n%T\tTASK\n"
    "%F\ttask_id\ttask_code\ttask_name\ttask_type\ttarget_start_date\ttarget_end_date\n"
    "%R\t1\tbridge:kb-bridge-01\tМост\tTT_Task\t2024-05-01 08:00\t2024-09-30 17:00\n%E\n"
)


def _mutated(content: bytes, chance: random.Random) -> bytes:
    """Change a few places: bytes flipped, pieces cut, doubled or replaced by awkward tokens."""
    data = bytearray(content)
    for _ in range(chance.randint(1, 5)):
        if not data:
            break
        at = chance.randrange(len(data))
        length = chance.choice([1, 2, 8, 40])
        match chance.randrange(5):
            case 0:
                data[at] ^= 1 << chance.randrange(8)
            case 1:
                del data[at : at + length]
            case 2:
                data[at:at] = data[at : at + length]
            case 3:
                data[at:at] = chance.choice(TOKENS)
            case _:
                data[at : at + length] = chance.choice(TOKENS)
    return bytes(data)


@pytest.fixture(scope="module")
def work(road: Corridor) -> WorkItems:
    """Give the work of the shipped corridor."""
    return work_items(road)


@pytest.fixture
def attempt(road: Corridor, work: WorkItems, tmp_path: Path) -> Callable[[Path], str]:
    """Give a function that imports a file and checks what a rejected one leaves behind."""
    ledger = create_ledger(tmp_path / "fuzz.ledger")

    def call(path: Path) -> str:
        before = ledger.head()
        try:
            accepted = _import(path, ledger, road, work, tmp_path)
        except RoadplanError:
            end = "refused"
        else:
            end = "accepted" if accepted else "faults"
        assert end == "accepted" or ledger.head() == before
        return end

    return call


def _import(path: Path, ledger: Ledger, road: Corridor, work: WorkItems, folder: Path) -> bool:
    if path.suffix in {".xml", ".xer"}:
        plan = import_baseline(path, ledger, work, author="A")
        assert all(fault.why for fault in plan.faults)
        return plan.ok
    found = import_sheet(path, ledger, road, work, today=TODAY, author="A", any_order=True)
    if found.faults:
        assert all(fault.why for fault in found.faults)
        found.mark(folder / "marked.xlsx")
    return found.ok


@pytest.mark.parametrize("encoding", ["utf-8", "cp1251", "utf-16"])
def test_mutated_csv(attempt: Callable[[Path], str], tmp_path: Path, encoding: str) -> None:
    """Delimited text is damaged."""
    chance = random.Random(3)  # noqa: S311 - damage need not be secret
    content = "\n".join(";".join(row) for row in (HEADER, *ROWS)).encode(encoding)
    path = tmp_path / "week.csv"
    path.write_bytes(content)
    assert attempt(path) == "accepted"
    ends = set()
    for _ in range(ROUNDS):
        path.write_bytes(_mutated(content, chance))
        ends.add(attempt(path))
    assert ends & {"faults", "refused"}


@pytest.mark.parametrize("seed", [5, 6])
def test_mutated_workbooks(attempt: Callable[[Path], str], tmp_path: Path, seed: int) -> None:
    """The sheet, the workbook, its styles or the archive itself are damaged."""
    chance = random.Random(seed)  # noqa: S311 - damage need not be secret
    book = openpyxl.Workbook()
    for row in (HEADER, *ROWS):
        book.active.append(list(row))
    stream = io.BytesIO()
    book.save(stream)
    with zipfile.ZipFile(stream) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    names = ["xl/worksheets/sheet1.xml"] * 3 + ["xl/workbook.xml", "xl/styles.xml", "archive"]
    path = tmp_path / "week.xlsx"
    ends = set()
    for number in range(ROUNDS):
        name = names[number % len(names)]
        if name == "archive":
            path.write_bytes(_mutated(stream.getvalue(), chance))
        else:
            with zipfile.ZipFile(path, "w") as target:
                for part, content in parts.items():
                    target.writestr(part, _mutated(content, chance) if part == name else content)
        ends.add(attempt(path))
    assert ends >= {"refused", "faults"}


@pytest.mark.parametrize(("name", "text"), [("plan.xml", XML), ("plan.xer", XER)])
@pytest.mark.parametrize("encoding", ["utf-8", "cp1251"])
def test_mutated_schedules(
    attempt: Callable[[Path], str], tmp_path: Path, name: str, text: str, encoding: str
) -> None:
    """Schedules of planning programs are damaged."""
    chance = random.Random(9)  # noqa: S311 - damage need not be secret
    content = text.replace("UTF-8", "windows-1251" if encoding == "cp1251" else "UTF-8")
    path = tmp_path / name
    path.write_bytes(content.encode(encoding))
    assert attempt(path) == "accepted"
    ends = set()
    for _ in range(3 * ROUNDS):
        path.write_bytes(_mutated(content.encode(encoding), chance))
        ends.add(attempt(path))
    assert ends >= {"refused", "faults", "accepted"}


def test_an_xml_bomb_in_a_workbook_is_refused(
    attempt: Callable[[Path], str], tmp_path: Path
) -> None:
    """Entities that unfold without end are never unfolded."""
    bomb = (
        b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><worksheet>&b;</worksheet>'
    )
    book = openpyxl.Workbook()
    stream = io.BytesIO()
    book.save(stream)
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(stream) as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            target.writestr(name, bomb if "sheet1" in name else source.read(name))
    assert attempt(path) == "refused"
