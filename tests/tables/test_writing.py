"""Tables written for people: safe to open, exact to read back."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadplan.errors import RoadplanError
from roadplan.tables.schema import Table
from roadplan.tables.workbook import read_workbook
from roadplan.tables.writing import csv_text, sheet_title, write_csv, write_workbook

HOSTILE = [
    "=1+1",
    '=HYPERLINK("http://example.org","x")',
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "'=1",
    "#REF!",
    "_x0041_",
    "<script>alert(1)</script>",
    "a\r\nb",
    "\u202eabc",
]


@pytest.fixture
def frame() -> pd.DataFrame:
    """Give rows with everything a cell may hold."""
    count = len(HOSTILE)
    return pd.DataFrame(
        {
            "id": [f"i{i}" for i in range(count)],
            "post": ["1610+250"] * count,
            "station_m": [-0.5 if i == 1 else 0.1 + 0.2 for i in range(count)],
            "lanes": [2.0, np.nan] + [1.0] * (count - 2),
            "done": [True, False] + [True] * (count - 2),
            "day": ["2025-12-31", ""] + ["1899-01-01"] * (count - 2),
            "moment": ["2025-12-31T14:30:00", "2025-12-31T14:30:00+05:00"] + [""] * (count - 2),
            "as_of": ["2025-03", "2025"] + [""] * (count - 2),
            "kind": ["bridge", ""] + ["culvert"] * (count - 2),
            "note": HOSTILE,
        }
    )


def test_no_cell_of_a_csv_begins_a_formula(frame: pd.DataFrame, works: Table) -> None:
    """Text that a spreadsheet program would run has an apostrophe before it; numbers have none."""
    rows = list(csv.DictReader(io.StringIO(csv_text(frame, works), newline="")))
    assert not any(re.match(r"[=+\-@\t\r]", row["note"]) for row in rows)
    assert rows[1]["station_m"] == "-0.5"
    assert rows[0]["station_m"] == "0.30000000000000004"
    assert (rows[0]["lanes"], rows[1]["lanes"], rows[0]["done"]) == ("2", "", "yes")


def test_a_csv_for_excel_begins_with_a_mark(
    tmp_path: Path, frame: pd.DataFrame, works: Table
) -> None:
    """Without the mark Excel takes UTF-8 for the code page of the machine."""
    path = write_csv(tmp_path / "a.csv", frame, works, for_excel=True)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    assert not write_csv(path, frame, works).read_bytes().startswith(b"\xef")


@pytest.mark.parametrize("language", ["ru", "kk", "en"])
def test_a_workbook_holds_no_formula_and_reads_back(
    tmp_path: Path, frame: pd.DataFrame, works: Table, language: str
) -> None:
    """Hostile text comes back as it was, in every language of headers and choices."""
    path = write_workbook(
        tmp_path / "a.xlsx", {"works": frame}, tables={"works": works}, language=language
    )
    with zipfile.ZipFile(path) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
        styles = archive.read("xl/styles.xml").decode()
    assert "<f>" not in sheet
    assert 't="e"' not in sheet
    assert 'quotePrefix="1"' in styles
    read = read_workbook(path, [works])
    told = {fault.value for fault in read.faults}
    # What cannot be right (a date of 1899, an error code, a negative station) is told on reading.
    assert told == {"1899-01-01", "#REF!", "-0.5"}
    back = read.frame(works)
    for name in ("id", "post", "lanes", "done", "moment", "as_of", "kind"):
        pd.testing.assert_series_equal(back[name], frame[name], check_dtype=False)
    assert back["day"].tolist()[:2] == ["2025-12-31", ""]
    assert back["station_m"][0] == 0.1 + 0.2
    for i, text in enumerate(HOSTILE):
        expected = text.strip().replace("\r\n", "\n")
        assert back["note"][i] == ("" if text == "#REF!" else expected)


def test_frames_without_description_are_written_too(tmp_path: Path) -> None:
    """Numbers and dates as such, all else as text; several sheets get names of their own."""
    frames = {
        "a/b": pd.DataFrame(
            {
                "=x": ["=1", None],
                "n": [1.5, np.nan],
                "i": [1, 2],
                "t": pd.to_datetime(["2025-12-31 14:30", None]),
                "flag": [True, False],
            }
        ),
        "A:B": pd.DataFrame({"x": []}),
    }
    path = write_workbook(tmp_path / "a.xlsx", frames)
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["a b", "A B 2"]
    rows = list(book["a b"].iter_rows(values_only=True))
    assert rows[0] == ("=x", "n", "i", "t", "flag")
    assert rows[1][:3] == ("=1", 1.5, 1)
    assert str(rows[1][3]) == "2025-12-31 14:30:00"
    assert rows[2] == (None, None, 2, None, "no")
    assert book["a b"]["A2"].data_type == "s"
    assert book["a b"].freeze_panes == "A2"


def test_text_too_long_for_a_cell_is_refused(tmp_path: Path) -> None:
    """Nothing is cut off silently."""
    with pytest.raises(RoadplanError, match="does not fit"):
        write_workbook(tmp_path / "a.xlsx", {"a": pd.DataFrame({"x": ["y" * 32_768]})})
    assert not (tmp_path / "a.xlsx").exists()


def test_the_old_file_stays_when_writing_fails(tmp_path: Path) -> None:
    """A workbook is wholly the old or wholly the new one."""
    path = write_workbook(tmp_path / "a.xlsx", {"a": pd.DataFrame({"x": ["old"]})})
    before = path.read_bytes()
    with pytest.raises(RoadplanError):
        write_workbook(path, {"a": pd.DataFrame({"x": ["y" * 40_000]})})
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["a.xlsx"]


@given(st.lists(st.text(max_size=40), max_size=6))
def test_sheet_titles_are_accepted_by_spreadsheet_programs(names: list[str]) -> None:
    """Any names become distinct titles of 1 to 31 allowed characters."""
    taken: set[str] = set()
    titles = [sheet_title(name, taken) for name in names]
    assert len({title.casefold() for title in titles}) == len(titles)
    for title in titles:
        assert 1 <= len(title) <= 31
        assert not set(title) & set(r"\/*?:[]")
        assert not title.startswith("'")
        assert not title.endswith("'")
