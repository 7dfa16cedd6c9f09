"""Workbooks and other files as people really send them."""

from __future__ import annotations

import datetime as dt
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import openpyxl
import pytest
from shapely import MultiPoint

from roadplan.tables import archive
from roadplan.tables.archive import UnreadableFileError
from roadplan.tables.schema import Column, Table
from roadplan.tables.workbook import read_workbook

Write = Callable[..., Path]


@pytest.fixture(scope="module")
def crews() -> Table:
    """Give a second table."""
    return Table(
        name="crews",
        description="Crews",
        key=("crew",),
        labels={"ru": "Бригады"},
        columns=(
            Column(name="crew", kind="id", required=True, description="Its id"),
            Column(name="people", kind="integer", required=True, description="How many"),
        ),
    )


def _repacked(path: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """Change the parts of a workbook."""
    with zipfile.ZipFile(path) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    change(parts)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in parts.items():
            target.writestr(name, content)
    return path


def test_a_sheet_with_titles_merges_and_hidden_rows(workbook: Write, works: Table) -> None:
    """Title rows are passed over, merged cells count in each row, hidden rows are read and told."""

    def change(sheet: Any) -> None:
        sheet.merge_cells("A1:D1")
        sheet.merge_cells("B5:B7")
        sheet.row_dimensions[6].hidden = True
        sheet.column_dimensions["D"].hidden = True

    path = workbook(
        [
            ["WORKS OF 2025"],
            [],
            ["№", "Kind", "ID ", "NOTE"],
            [],
            [1, "bridge", "a", "x"],
            [2, None, "b", None],
            [3, None, "c", None],
            [None, " ", None, None],
        ],
        change=change,
    )
    read = read_workbook(path, [works])
    assert read.faults == ()
    frame = read.frame(works)
    assert frame["_row"].tolist() == [5, 6, 7]
    assert frame["kind"].tolist() == ["bridge"] * 3
    assert read.parts[0].headers["kind"] == "Kind"
    assert read.notes == ("sheet works: hidden rows 6; 1 hidden columns; read like the others",)


def test_a_header_of_two_rows(workbook: Write, works: Table) -> None:
    """A heading merged over two columns names neither; one merged downwards names its column."""

    def change(sheet: Any) -> None:
        sheet.merge_cells("A1:A2")
        sheet.merge_cells("B1:C1")

    path = workbook(
        [["id", "Place", None], [None, "post", "station_m"], ["a", "1610+250", 5]], change=change
    )
    read = read_workbook(path, [works])
    assert read.faults == ()
    assert read.frame(works).loc[0, ["id", "post", "station_m"]].tolist() == ["a", "1610+250", 5.0]


def test_values_are_read_as_the_spreadsheet_means_them(workbook: Write, works: Table) -> None:
    """Dates, serials, percentages, numbers as text, truth values and ids that look like numbers."""

    def change(sheet: Any) -> None:
        sheet["C2"].number_format = "0%"
        sheet["B2"].data_type = "s"

    path = workbook(
        [
            ["id", "station_m", "share", "lanes", "done", "day", "as_of", "moment"],
            [12, "163\u00a0400,5", 0.35, "2", True, dt.date(2025, 12, 31), 2024,
             dt.datetime(2025, 12, 31, 14, 30)],  # noqa: DTZ001 - workbooks know no zone
            ["b", 7, "35 %", 2.0, "нет", 46022, "03.2024", "31.12.2025 14:30"],
        ],
        change=change,
    )  # fmt: skip
    read = read_workbook(path, [works])
    assert read.faults == ()
    first, second = read.frame(works).to_dict("records")
    assert first["id"] == "12"
    assert first["station_m"] == 163400.5
    assert first["share"] == pytest.approx(0.35)
    assert second["share"] == pytest.approx(0.35)
    assert (first["done"], second["done"]) == (True, False)
    assert first["day"] == second["day"] == "2025-12-31"
    assert (first["as_of"], second["as_of"]) == ("2024", "2024-03")
    assert first["moment"] == second["moment"] == "2025-12-31T14:30:00"


def test_formulas_without_results_and_error_cells_are_faults(workbook: Write, works: Table) -> None:
    """A formula never calculated is told with what to do; so is #REF!."""
    path = workbook([["id", "station_m", "note"], ["a", "=1+1", "#REF!"], ["b", 2, "x"]])
    read = read_workbook(path, [works])
    assert [(f.sheet, f.row, f.column, f.value) for f in read.faults] == [
        ("works", 2, "station_m", "=1+1"),
        ("works", 2, "note", "#REF!"),
    ]
    assert "save it again" in read.faults[0].remedy


def test_the_result_of_a_formula_counts(workbook: Write, works: Table) -> None:
    """A formula with a stored result is that result."""
    path = workbook([["id", "station_m"], ["a", "=1+1"]])

    def change(parts: dict[str, bytes]) -> None:
        name = "xl/worksheets/sheet1.xml"
        parts[name] = parts[name].replace(b"<v></v>", b"<v>2</v>").replace(b"<v />", b"<v>2</v>")

    read = read_workbook(_repacked(path, change), [works])
    assert read.faults == ()
    assert read.frame(works)["station_m"].tolist() == [2.0]


def test_days_of_the_1904_system(tmp_path: Path, works: Table) -> None:
    """Old workbooks of Macintoshes count days from 1904."""
    book = openpyxl.Workbook()
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    book.active.title = "works"
    book.active.append(["id", "day"])
    book.active.append(["a", dt.date(2025, 12, 31)])
    book.active.append(["b", 46022 - 1462])
    book.save(tmp_path / "mac.xlsx")
    read = read_workbook(tmp_path / "mac.xlsx", [works])
    assert read.frame(works)["day"].tolist() == ["2025-12-31"] * 2


def test_sheets_are_known_by_name_title_or_header(
    tmp_path: Path, works: Table, crews: Table
) -> None:
    """Several sheets may hold one table; what is no table is told, not dropped in silence."""
    book = openpyxl.Workbook()
    book.active.title = "Жұмыстар"
    book.active.append(["id", "note"])
    book.active.append(["a", "x"])
    for title, header, row in (
        ("week 2", ["Id", "Note", "lanes"], ["b", "y", 2]),
        ("БРИГАДЫ", ["crew", "people"], ["c", 4]),
        ("scratch", ["what", "ever"], [1, 2]),
    ):
        sheet = book.create_sheet(title)
        sheet.append(header)
        sheet.append(row)
    book.create_sheet("empty")
    book.save(tmp_path / "b.xlsx")
    read = read_workbook(tmp_path / "b.xlsx", [works, crews])
    assert read.faults == ()
    assert [(part.table, part.sheet) for part in read.parts] == [
        ("works", "Жұмыстар"),
        ("works", "week 2"),
        ("crews", "БРИГАДЫ"),
    ]
    assert read.frame(works)["id"].tolist() == ["a", "b"]
    assert read.notes == ("sheet scratch is no table and was not read",)


def test_a_sheet_name_almost_right_is_a_fault(workbook: Write, works: Table, crews: Table) -> None:
    """A sheet `work` with an unusable header is not passed over."""
    path = workbook([["foo", "bar"], [1, 2]], sheet="workss")
    read = read_workbook(path, [works, crews])
    assert [(f.sheet, f.remedy) for f in read.faults] == [
        ("workss", "name the sheet works if that is meant")
    ]


def test_the_only_sheet_can_be_said_to_hold_a_table(workbook: Write, works: Table) -> None:
    """Where the caller knows, the name of the sheet does not matter."""
    path = workbook([["id"], ["a"]], sheet="Лист1")
    assert read_workbook(path, [works], only="works").frame(works)["id"].tolist() == ["a"]


def test_a_workbook_without_any_table_is_refused(workbook: Write, works: Table) -> None:
    """The error names the tables."""
    path = workbook([["foo"], [1]], sheet="x")
    with pytest.raises(UnreadableFileError, match="none of the tables works"):
        read_workbook(path, [works])


def test_an_unknown_table_is_refused_with_a_near_miss(workbook: Write, works: Table) -> None:
    """The caller's own slip is told like the user's."""
    with pytest.raises(UnreadableFileError, match="works may be meant"):
        read_workbook(workbook([["id"]]), [works], only="work")


def test_text_survives_the_workbook_exactly(workbook: Write, works: Table) -> None:
    """Escapes of the format and blanks inside a text are no part of it, hostile text is."""
    path = workbook([["id", "note"], ["a", "<script>&amp; '=1' \u202e"]])
    assert read_workbook(path, [works]).frame(works)["note"][0] == "<script>&amp; '=1' \u202e"


# --- hostile and broken files -----------------------------------------------------------------


def _bomb(parts: dict[str, bytes]) -> None:
    entities = b"".join(b'<!ENTITY a%d "%s">' % (i, b"&a%d;" % (i - 1) * 10) for i in range(1, 10))
    sheet = parts["xl/worksheets/sheet1.xml"]
    start = sheet.index(b"<worksheet")
    parts["xl/worksheets/sheet1.xml"] = (
        b'<!DOCTYPE x [<!ENTITY a0 "ha">' + entities + b"]>" + sheet[start:]
    )


def test_an_xml_bomb_is_refused(workbook: Write, works: Table) -> None:
    """Entities are never expanded."""
    with pytest.raises(UnreadableFileError, match="as XML bombs do"):
        read_workbook(_repacked(workbook([["id"], ["a"]]), _bomb), [works])


def test_an_outside_reference_is_refused(workbook: Write, works: Table) -> None:
    """A workbook cannot read the user's files."""

    def change(parts: dict[str, bytes]) -> None:
        name = "xl/worksheets/sheet1.xml"
        text = parts[name]
        parts[name] = b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>' + text[
            text.index(b"<worksheet") :
        ].replace(b"<t>a</t>", b"<t>&f;</t>")

    with pytest.raises(UnreadableFileError, match="document type or entities"):
        read_workbook(_repacked(workbook([["id"], ["a"]]), change), [works])


def test_a_zip_bomb_is_refused(workbook: Write, works: Table) -> None:
    """What would unpack to a thousand times its size is not unpacked."""

    def change(parts: dict[str, bytes]) -> None:
        parts["xl/worksheets/sheet1.xml"] += b" " * (archive.MAX_TOTAL_BYTES // 8)

    with pytest.raises(UnreadableFileError, match="times its size"):
        read_workbook(_repacked(workbook([["id"], ["a"]]), change), [works])


def test_a_part_longer_than_declared_is_refused(workbook: Write, works: Table) -> None:
    """The sizes in the archive's directory are not believed."""
    path = workbook([["id"], ["a" * 50]])
    with zipfile.ZipFile(path) as source:
        entry = source.getinfo("xl/worksheets/sheet1.xml")
        size = entry.file_size
    content = bytearray(path.read_bytes())
    at = content.rindex(b"xl/worksheets/sheet1.xml") - 46 + 24
    assert int.from_bytes(content[at : at + 4], "little") == size
    content[at : at + 4] = (10).to_bytes(4, "little")
    path.write_bytes(content)
    with pytest.raises(UnreadableFileError, match=r"is damaged|no sound XML"):
        read_workbook(path, [works])


def test_merged_cells_without_end_take_no_time(workbook: Write, works: Table) -> None:
    """A sheet merged to its last corner is read for the cells it has."""

    def change(parts: dict[str, bytes]) -> None:
        name = "xl/worksheets/sheet1.xml"
        merges = b'<mergeCells count="1"><mergeCell ref="A2:XFD1048576"/></mergeCells>'
        parts[name] = parts[name].replace(b"</sheetData>", b"</sheetData>" + merges)

    path = _repacked(workbook([["id", "note"], ["a", "x"], ["b", None]]), change)
    assert read_workbook(path, [works]).frame(works)["note"].tolist() == ["x", "a"]


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.xlsx", b"", "empty"),
        ("a.xlsx", b"id,note\n", "no workbook"),
        ("a.xlsx", b"PK\x03\x04" + b"\x00" * 100, "damaged"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "old kind"),
        (
            "a.xlsx",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
            "password",
        ),
        ("a.gpkg", b"not a database", "no GeoPackage"),
        ("a.gpkg", b"SQLite format 3\x00" + b"\xff" * 2000, "cannot be read"),
        ("a.pdf", b"%PDF", "not understood"),
        ("works.csv", b"PK\x03\x04", "no CSV"),
        ("works", b"id\n", "not understood"),
    ],
)
def test_another_kind_of_file_is_refused_with_a_remedy(
    tmp_path: Path, works: Table, name: str, content: bytes, why: str
) -> None:
    """The message says what the file is and how to save it."""
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UnreadableFileError, match=why) as caught:
        read_workbook(path, [works])
    assert caught.value.remedy


@pytest.mark.parametrize("name", ["none.xlsx", "none.csv", "none.gpkg"])
def test_a_missing_file_is_refused(tmp_path: Path, works: Table, name: str) -> None:
    """No traceback for what is not there."""
    with pytest.raises(UnreadableFileError, match="no such file"):
        read_workbook(tmp_path / name, [works])


def test_a_folder_is_refused(tmp_path: Path, works: Table) -> None:
    """A folder is no file."""
    with pytest.raises(UnreadableFileError, match="folder"):
        read_workbook(tmp_path, [works])


def test_an_encrypted_archive_is_refused(workbook: Write, works: Table) -> None:
    """The flag of encryption is told apart from damage."""
    path = workbook([["id"], ["a"]])
    content = bytearray(path.read_bytes())
    at = content.rindex(b"xl/worksheets/sheet1.xml") - 46 + 8
    content[at] |= 1
    path.write_bytes(content)
    with pytest.raises(UnreadableFileError, match="password"):
        read_workbook(path, [works])


# --- CSV and GeoPackage -----------------------------------------------------------------------


def test_a_csv_is_known_by_its_name_or_header(tmp_path: Path, works: Table, crews: Table) -> None:
    """A CSV is one table; where it is not clear which, the error says how to tell."""
    named = tmp_path / "Works.csv"
    named.write_text("id\na\n")
    assert read_workbook(named, [works, crews]).parts[0].table == "works"
    by_header = tmp_path / "export.csv"
    by_header.write_text("crew;people\nc;4\n")
    assert read_workbook(by_header, [works, crews]).parts[0].table == "crews"
    neither = tmp_path / "other.csv"
    neither.write_text("foo,bar\n1,2\n")
    with pytest.raises(UnreadableFileError, match="does not say which table"):
        read_workbook(neither, [works, crews])


def test_the_layers_of_a_geopackage(tmp_path: Path, crews: Table) -> None:
    """Points, alone in a collection too, give longitude and latitude in any coordinate system."""
    table = Table(
        name="things",
        description="",
        key=("id",),
        shape="point",
        columns=(
            Column(name="id", kind="id", required=True, description=""),
            Column(name="lon", kind="number", description=""),
            Column(name="lat", kind="number", description=""),
            Column(name="built", kind="flag", description=""),
            Column(name="day", kind="date", description=""),
        ),
    )
    frame = gpd.GeoDataFrame(
        {"id": ["a", "b"], "built": [True, False], "day": [dt.date(2025, 12, 31), None]},
        geometry=[MultiPoint([(73.5, 48.25)]), None],
        crs=4326,
    )
    path = tmp_path / "g.gpkg"
    frame.to_crs(32643).to_file(path, layer="Things", driver="GPKG")
    read = read_workbook(path, [table, crews])
    assert read.faults == ()
    found = read.frame(table)
    assert found.loc[0, "lon"] == pytest.approx(73.5, abs=1e-9)
    assert found.loc[0, "lat"] == pytest.approx(48.25, abs=1e-9)
    assert found["lon"].isna().tolist() == [False, True]
    assert found["day"].tolist() == ["2025-12-31", ""]
    assert found["built"].tolist() == [True, False]
    moved = frame.assign(lon=[73.5, None], lat=[48.26, None])
    moved.to_file(path, layer="Things", driver="GPKG")
    fault = read_workbook(path, [table, crews]).faults[0]
    assert (fault.sheet, fault.row, fault.column) == ("Things", 1, "lat")
