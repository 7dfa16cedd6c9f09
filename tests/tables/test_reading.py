"""Reading CSV tables with every fault collected."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadplan.tables.reading import empty_frame, read_csv_table
from roadplan.tables.schema import Column, Table
from roadplan.tables.writing import csv_text


def _write(tmp_path: Path, content: str | bytes, name: str = "works.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_a_clean_file_gives_typed_columns(tmp_path: Path, works: Table) -> None:
    """Text, float, bool and ISO text; empty cells are empty text, NaN and False."""
    path = _write(
        tmp_path,
        "id,station_m,lanes,done,day,kind,note\na,12.5,2,yes,2025-12-31,bridge,good\n\nb,,,,,,\n",
    )
    frame, faults = read_csv_table(path, works)
    assert faults == []
    assert list(frame.columns) == [*works.names, "_row"]
    assert frame["_row"].tolist() == [2, 4]
    assert frame["station_m"].dtype == np.float64
    assert frame["lanes"].dtype == np.float64
    assert frame["done"].tolist() == [True, False]
    assert frame["day"].tolist() == ["2025-12-31", ""]
    assert np.isnan(frame["station_m"][1])


def test_an_empty_frame_has_the_same_dtypes(tmp_path: Path, works: Table) -> None:
    """A missing table and one without rows cannot be told apart."""
    frame, _ = read_csv_table(_write(tmp_path, "id,note\n"), works)
    assert empty_frame(works).dtypes.equals(frame.dtypes)


def test_every_fault_has_its_row_column_and_remedy(tmp_path: Path, works: Table) -> None:
    """All faults come at once, in the order of the rows."""
    path = _write(
        tmp_path,
        "id,station_m,share,lanes,done,day,kind\n"
        "a,-1,0.5,2,yes,2025-12-31,bridge\n"
        ",x,1.5,2.5,perhaps,31.02.2025,brigde\n",
    )
    _, faults = read_csv_table(path, works)
    assert [(f.row, f.column) for f in faults] == [
        (2, "station_m"),
        *((3, name) for name in ("id", "station_m", "share", "lanes", "done", "day", "kind")),
    ]
    assert all(f.file == "works.csv" and f.why for f in faults)
    assert "from 0 to 1" in faults[3].remedy
    assert faults[7].value == "brigde"


def test_headers_work_in_three_languages(tmp_path: Path, works: Table) -> None:
    """Labels, names and case do not matter."""
    path = _write(tmp_path, "код;ПИКЕТАЖ, м;Ескерту;Done\nа1;12,5;жақсы;да\n")
    frame, faults = read_csv_table(path, works)
    assert faults == []
    assert frame.loc[0, ["id", "station_m", "note", "done"]].tolist() == ["а1", 12.5, "жақсы", True]


def test_a_semicolon_file_has_decimal_commas(tmp_path: Path, works: Table) -> None:
    """12,125 is twelve and an eighth where semicolons part the cells."""
    frame, faults = read_csv_table(_write(tmp_path, "id;station_m\na;12,125\n"), works)
    assert faults == []
    assert frame["station_m"][0] == 12.125


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1251"])
def test_encodings_of_spreadsheet_programs(tmp_path: Path, works: Table, encoding: str) -> None:
    """The encodings in which spreadsheet programs save are recognised."""
    path = _write(tmp_path, "id\tnote\na\tБалхаш – Бурылбайтал\n".encode(encoding))
    frame, faults = read_csv_table(path, works)
    assert faults == []
    assert frame["note"][0] == "Балхаш – Бурылбайтал"


def test_kazakh_letters_in_the_national_code_page(tmp_path: Path, works: Table) -> None:
    """KZ-1048 (STRK 1048-2002) is told from Windows-1251 by its Kazakh letters."""
    path = _write(tmp_path, "id;note\na;Қарағанды мен Үлкен\n".encode("kz1048"))
    assert read_csv_table(path, works)[0]["note"][0] == "Қарағанды мен Үлкен"


def test_utf8_with_a_broken_byte_is_no_other_encoding(tmp_path: Path, works: Table) -> None:
    """A damaged letter is told with its row, not turned into gibberish."""
    good = "id,note\na,Қарағанды\nb,Балқаш\n".encode()
    _, faults = read_csv_table(_write(tmp_path, good.replace("қ".encode(), b"\xd2", 1)), works)
    assert [(f.row, f.remedy) for f in faults] == [(3, "save it as CSV in UTF-8")]


def test_unknown_repeated_and_missing_columns_are_faults(tmp_path: Path, works: Table) -> None:
    """Nothing is dropped silently; a near miss is named."""
    path = _write(tmp_path, "nots,lanes,Lanes\nx,1,2\n")
    _, faults = read_csv_table(path, works)
    told = [(f.column, f.why) for f in faults]
    assert any(c == "nots" and "no such column" in why for c, why in told)
    assert any("may be meant" in f.remedy for f in faults)
    assert any(c == "Lanes" and "same meaning as column B" in why for c, why in told)
    assert any(c == "id" and "missing" in why for c, why in told)


def test_an_unknown_column_without_content_is_passed_over(tmp_path: Path, works: Table) -> None:
    """Empty columns and running numbers say nothing."""
    _, faults = read_csv_table(_write(tmp_path, "№,id,spare,\n1,a,,\n2,b,,\n"), works)
    assert faults == []


def test_ragged_rows_are_faults_and_padding_is_not(tmp_path: Path, works: Table) -> None:
    """A row of another length is told; empty cells at its end are no content."""
    path = _write(tmp_path, "id,note\na,x,\nb\nc,x,y\nd,z\n")
    frame, faults = read_csv_table(path, works)
    assert [f.row for f in faults] == [3, 4]
    assert frame["id"].tolist() == ["a", "d"]


def test_rows_are_counted_as_a_spreadsheet_counts_them(tmp_path: Path, works: Table) -> None:
    """A cell of two lines is one row; title rows and `sep=` count."""
    path = _write(tmp_path, 'sep=,\nWorks of 2025,\nid,note\na,"two\nlines"\nb,x\n')
    frame, faults = read_csv_table(path, works)
    assert faults == []
    assert frame["_row"].tolist() == [4, 5]
    assert frame["note"][0] == "two\nlines"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (b"\n\n \n", "empty"),
        (b'id,note\na,"open\n', "cannot be split"),
        (b"PK\x03\x04rest", "no CSV"),
        (b"a\x00b,c\n", "no text"),
        (b"\xff\xfea", "no text"),
        (b"foo,bar\n1,2\n", "no row looks like the header"),
        (b"\x98\x98\x81,\xff\n", "no text"),
    ],
)
def test_a_file_that_is_no_table_is_one_fault(
    tmp_path: Path, works: Table, content: bytes, why: str
) -> None:
    """What cannot be read at all is told once, with a remedy."""
    frame, faults = read_csv_table(_write(tmp_path, content), works)
    assert len(faults) == 1
    assert why in faults[0].why
    assert faults[0].remedy
    assert frame.empty


def test_a_missing_file_and_a_folder_are_faults(tmp_path: Path, works: Table) -> None:
    """No traceback for what is not there."""
    assert "no such file" in read_csv_table(tmp_path / "none.csv", works)[1][0].why
    assert "cannot be read" in read_csv_table(tmp_path, works)[1][0].why


def test_a_huge_cell_is_a_fault(tmp_path: Path, works: Table) -> None:
    """A quote left open does not swallow the file without a word."""
    path = _write(tmp_path, "id,note\na," + "x" * 200_000 + "\n")
    assert "cannot be split" in read_csv_table(path, works)[1][0].why


_PRINTABLE = st.text(
    st.characters(exclude_categories=("Cc", "Cs")) | st.sampled_from("=+-@'\"\n;,"), max_size=12
)


@given(
    rows=st.lists(
        st.fixed_dictionaries(
            {
                "note": _PRINTABLE,
                "station_m": st.none() | st.floats(0, allow_infinity=False),
                "lanes": st.none() | st.integers(1, 8),
                "done": st.booleans(),
                "kind": st.sampled_from(["", "bridge", "culvert"]),
                "day": st.just("") | st.dates().filter(lambda d: d.year >= 1900).map(str),
            }
        ),
        max_size=5,
    )
)
def test_what_is_written_reads_back_the_same(
    tmp_path_factory: pytest.TempPathFactory, works: Table, rows: list[dict[str, object]]
) -> None:
    """Tables survive a round trip through CSV, hostile text included."""
    import pandas as pd

    rows = [{**row, "id": f"i{i}"} for i, row in enumerate(rows) if (row["day"] or "0") < "2200"]
    frame = pd.DataFrame(rows, columns=[*works.names])
    path = tmp_path_factory.mktemp("csv") / "works.csv"
    path.write_text(csv_text(frame, works), encoding="utf-8", newline="")
    back, faults = read_csv_table(path, works)
    assert faults == []
    assert len(back) == len(rows)
    for i, row in enumerate(rows):
        for name in ("kind", "day", "done"):
            assert back[name][i] == row[name]
        assert back["note"][i] == str(row["note"]).strip()
        for name in ("station_m", "lanes"):
            value = row[name]
            assert np.isnan(back[name][i]) if value is None else back[name][i] == value


def test_a_column_of_another_domain_uses_its_catalogue(tmp_path: Path) -> None:
    """A table says in which catalogue its words are."""
    table = Table(
        name="t",
        description="",
        key=("id",),
        domain="tables",
        columns=(
            Column(name="id", kind="id", required=True, description=""),
            Column(name="kind", kind="choice", choices=("lake", "river"), description=""),
        ),
    )
    frame, faults = read_csv_table(_write(tmp_path, "id,Вид\na,озеро\n", "t.csv"), table)
    assert faults == []
    assert frame["kind"][0] == "lake"
