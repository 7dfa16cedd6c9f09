"""Mutated files: whatever comes in, only errors for people come out."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from roadplan.errors import RoadplanError
from roadplan.tables.marking import mark_faults
from roadplan.tables.schema import Table
from roadplan.tables.workbook import read_workbook

ROUNDS = 120
TOKENS = [
    b"<", b">", b"&", b"'", b'"', b"\x00", b"\xff", b"=", b"-", b"9" * 30, b"NaN", b"inf", b"1e999",
    b"]]>", b"<!DOCTYPE a>", b"A1:XFD1048576", b't="s"', b't="d"', b"r=", b"\xd0\x96", b";", b",",
    b"\n", b"\r", b"\t", b"\xef\xbb\xbf", b"<v>", b"</c>", b"2147483648", b"-1", b"1.5",
]  # fmt: skip


def _mutated(content: bytes, chance: random.Random) -> bytes:
    """Change a few places: bytes flipped, pieces cut, doubled or replaced by awkward tokens."""
    data = bytearray(content)
    for _ in range(chance.randint(1, 6)):
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


@pytest.fixture
def good(workbook: Callable[..., Path]) -> Path:
    """Give a workbook with something of everything."""
    return workbook(
        [
            ["Works", None, None],
            ["id", "Пикетаж, м", "share", "done", "day", "kind", "note"],
            ["a", "1 234,5", 0.5, True, "31.12.2025", "bridge", "=B3"],
            ["b", 7, "5 %", "нет", 46022, "труба", "x"],
        ],
        change=lambda sheet: sheet.merge_cells("G3:G4"),
    )


def _try(path: Path, table: Table, copy: Path) -> str:
    """Read a file and mark its faults; say how it ended."""
    try:
        read = read_workbook(path, [table])
    except RoadplanError:
        return "refused"
    for fault in read.faults:
        assert fault.why
        assert str(fault)
    if read.faults:
        mark_faults(path, copy, read.faults, tables=[table])
        return "faults"
    return "read"


def test_mutated_parts_of_a_workbook(good: Path, works: Table, tmp_path: Path) -> None:
    """Each part of the archive is damaged in turn; all ends are met, none is a traceback."""
    chance = random.Random(20251231)  # noqa: S311 - damage need not be secret
    with zipfile.ZipFile(good) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    names = [
        "xl/worksheets/sheet1.xml",
        "xl/worksheets/sheet1.xml",
        "xl/workbook.xml",
        "xl/styles.xml",
        "xl/_rels/workbook.xml.rels",
        "_rels/.rels",
        "[Content_Types].xml",
    ]
    ends = set()
    for number in range(ROUNDS):
        damaged = {**parts}
        name = names[number % len(names)]
        damaged[name] = _mutated(parts[name], chance)
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as target:
            for part, content in damaged.items():
                target.writestr(part, content)
        path = tmp_path / "fuzz.xlsx"
        path.write_bytes(stream.getvalue())
        ends.add(_try(path, works, tmp_path / "marked.xlsx"))
    assert ends >= {"refused", "faults"}


def test_mutated_bytes_of_an_archive(good: Path, works: Table, tmp_path: Path) -> None:
    """The archive itself is damaged."""
    chance = random.Random(7)  # noqa: S311 - damage need not be secret
    content = good.read_bytes()
    path = tmp_path / "fuzz.xlsx"
    ends = set()
    for _ in range(ROUNDS):
        path.write_bytes(_mutated(content, chance))
        ends.add(_try(path, works, tmp_path / "marked.xlsx"))
    assert "refused" in ends


@pytest.mark.parametrize("encoding", ["utf-8", "cp1251", "utf-16"])
def test_mutated_csv(works: Table, tmp_path: Path, encoding: str) -> None:
    """Delimited text is damaged."""
    chance = random.Random(11)  # noqa: S311 - damage need not be secret
    text = 'id;Пикетаж, м;done;day;kind;note\na;"1 234,5";да;31.12.2025;мост;"x;\ny"\nb;7;;;;=1\n'
    content = text.encode(encoding)
    path = tmp_path / "works.csv"
    ends = set()
    for _ in range(ROUNDS):
        path.write_bytes(_mutated(content, chance))
        ends.add(_try(path, works, tmp_path / "marked.xlsx"))
    assert ends >= {"refused", "faults"} or ends >= {"read", "faults"}
