"""Inventories put over a corridor: what is added, replaced, rejected, and what stays as it was."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
from shapely import Point

from roadplan import corridor
from roadplan.corridor import Corridor
from roadplan.corridor.exchange import export
from roadplan.corridor.inventory import ImportReport, import_inventory
from roadplan.corridor.inventory_outcome import RowOutcome
from roadplan.corridor.inventory_schema import (
    IMPORTABLE,
    import_tables,
    rows_with_posts,
    write_inventory_template,
)
from roadplan.corridor.load import shipped_folder
from roadplan.errors import FaultsError, RoadplanError

Tables = dict[str, pd.DataFrame]


@pytest.fixture
def base(stranger_tables: Tables, write_corridor: Callable[[Tables], Path]) -> Path:
    """Give the folder of the stranger's corridor, with an estimated bridge and drift stretch."""
    structures = stranger_tables["structures"]
    guessed = structures.assign(structure="e1", name_en="Guess", station_m=9_000.0)
    guessed = guessed.assign(standing="estimated", source="rule 1", reported_columns="kind")
    stranger_tables["structures"] = pd.concat([structures, guessed])
    stranger_tables["drift_stretches"] = stranger_tables["drift_stretches"].assign(
        standing="estimated", source="rule 2"
    )
    return write_corridor(stranger_tables)


@pytest.fixture
def imported(base: Path, tmp_path: Path) -> Callable[..., ImportReport]:
    """Give a function that imports text as a CSV into a copy of the stranger's corridor."""

    def run(text: str, table: str = "structures", **options: Any) -> ImportReport:
        file = tmp_path / f"{table}.csv"
        file.write_text(text, encoding="utf-8")
        return import_inventory(file, tmp_path / "into", base=base, **options)

    return run


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def _only(report: ImportReport) -> RowOutcome:
    assert len(report.rows) == 1, report
    return report.rows[0]


def _structure(report: ImportReport, key: str) -> dict[str, Any]:
    frame = corridor.load(report.into).table("structures").set_index("structure")
    return dict(frame.loc[key])


# --- merging ----------------------------------------------------------------------------------


def test_a_new_row_is_added(imported: Callable[..., ImportReport]) -> None:
    """A new id with its place and kind becomes a row, reported by the file."""
    report = imported("structure,kind,route,station_m\ns2,culvert,r1,7000\n")
    assert report.ok
    assert report.written
    assert _only(report).outcome == "added"
    row = _structure(report, "s2")
    assert (row["kind"], row["station_m"]) == ("culvert", 7000.0)
    assert (row["standing"], row["source"]) == ("reported", "structures.csv")


def test_standing_and_source_can_be_said(imported: Callable[..., ImportReport]) -> None:
    """For all rows by the caller, for one row in the file."""
    report = imported(
        "structure,kind,route,station_m,standing,source\ns2,culvert,r1,7000,,\n"
        "s3,culvert,r1,8000,estimated,by eye\n",
        standing="measured",
        said_by="Survey of May",
    )
    assert _structure(report, "s2")["standing"] == "measured"
    assert _structure(report, "s2")["source"] == "Survey of May"
    assert _structure(report, "s3")["standing"] == "estimated"


def test_a_known_row_changes_only_in_what_is_given(imported: Callable[..., ImportReport]) -> None:
    """Columns that are missing and cells that are empty keep what is there."""
    report = imported("structure,length_m,obstacle\ns1,99.5,\n")
    told = _only(report)
    assert told.outcome == "replaced"
    assert told.changes is not None
    assert told.changes["length_m"] == (120.0, 99.5)
    row = _structure(report, "s1")
    assert (row["length_m"], row["obstacle"], row["station_m"]) == (99.5, "river", 5000.0)


def test_importing_twice_changes_nothing(imported: Callable[..., ImportReport]) -> None:
    """The second time every row is unchanged and the files are the same."""
    text = (
        "structure,kind,post,length_m,standing\ns1,,,99.5,measured\ne1,,,33,measured\n"
        "n1,culvert,s:10+500,,\n"
    )
    first = imported(text)
    before = _files(first.into)
    second = imported(text)
    assert [row.outcome for row in second.rows] == ["unchanged"] * 3
    assert _files(second.into) == before


def test_a_row_that_keeps_an_estimate_stays_estimated(
    imported: Callable[..., ImportReport],
) -> None:
    """An estimated place is not made reported by a reported length."""
    report = imported("structure,length_m,standing\ne1,33,reported\n")
    row = _structure(report, "e1")
    assert row["standing"] == "estimated"
    assert row["reported_columns"].split(";") == ["kind", "length_m"]
    assert row["source"] == "length_m: structures.csv; otherwise rule 1"
    assert "station_m" in _only(report).notes[0]


def test_a_row_given_as_a_whole_is_no_estimate_any_more(
    imported: Callable[..., ImportReport],
) -> None:
    """Where no estimate is left the row stands as the file says."""
    report = imported(
        "structure,kind,route,station_m,contract,length_m,obstacle,standing\n"
        "e1,bridge,r1,9100,c1,33,canal,measured\n"
    )
    row = _structure(report, "e1")
    assert (row["standing"], row["source"]) == ("measured", "structures.csv")
    assert row["reported_columns"] == ""


def test_a_row_can_be_removed(imported: Callable[..., ImportReport]) -> None:
    """`remove` takes a row out; an id that is not there is a fault."""
    report = imported("structure,remove\ne1,да\n")
    assert _only(report).outcome == "removed"
    assert corridor.load(report.into).table("structures")["structure"].tolist() == ["s1"]
    report = imported("structure,remove\ne9,yes\n")
    assert "no such row" in report.faults[0].why


def test_estimates_not_named_can_be_dropped(imported: Callable[..., ImportReport]) -> None:
    """A complete inventory of bridges takes the place of the estimated bridges."""
    text = "structure,kind,route,station_m\ns2,{},r1,7000\n"
    report = imported(text.format("culvert"), replace_estimates=True, dry_run=True)
    assert [row.outcome for row in report.rows] == ["added"]
    report = imported(text.format("bridge"), replace_estimates=True)
    assert [(row.key, row.outcome) for row in report.rows] == [("s2", "added"), ("e1", "removed")]
    assert set(corridor.load(report.into).table("structures")["structure"]) == {"s1", "s2"}


def test_a_new_stretch_cuts_the_estimates_it_covers(
    imported: Callable[..., ImportReport],
) -> None:
    """What is known of a part of an estimated stretch leaves the rest estimated."""
    report = imported(
        "drift_stretch,route,from_m,to_m,exposure\nd1,r1,33000,35000,1\n", "drift_stretches"
    )
    assert report.ok
    frame = corridor.load(report.into).table("drift_stretches").sort_values("from_m")
    assert frame[["drift_stretch", "from_m", "to_m", "standing"]].to_numpy().tolist() == [
        ["x1", 30_000, 33_000, "estimated"],
        ["d1", 33_000, 35_000, "reported"],
        ["x1-2", 35_000, 40_000, "estimated"],
    ]
    assert [row.outcome for row in report.rows] == ["added", "cut"]


def test_a_stretch_that_covers_what_is_measured_is_rejected(
    imported: Callable[..., ImportReport],
) -> None:
    """Only estimates give way by themselves."""
    report = imported("route,from_m,to_m,aadt_veh_day\nr1,20000,25000,1\n", "traffic")
    assert "overlaps" in str(report.faults[0])
    assert not report.written


def test_a_row_whose_key_is_its_place_is_found_by_post(
    imported: Callable[..., ImportReport],
) -> None:
    """Traffic has no ids: the same stretch by posts, to the metre, is the same row."""
    report = imported("from_post;to_post;aadt_veh_day\ns:5;s:27;8500\n", "traffic")
    told = _only(report)
    assert told.outcome == "replaced"
    assert set(told.changes or {}) == {"aadt_veh_day", "standing", "source"}


# --- places -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "place",
    [
        "post\ns2,culvert,s:16",
        "post\ns2,culvert,T-5 km 16",
        "post\ns2,culvert,16 км ПК0+00",
        "route,station_m\ns2,culvert,r1,11090",
        "lon,lat\ns2,culvert,-71.0,-32.9",
        "route,post\ns2,culvert,r1,16+000",
    ],
)
def test_a_place_is_understood_in_every_form(
    imported: Callable[..., ImportReport], place: str
) -> None:
    """Half-way to the junction, by hand: 22,180 m / 2 and the 16th kilometre from 5 to 27."""
    report = imported(f"structure,kind,{place}\n")
    assert report.faults == ()
    row = _structure(report, "s2")
    assert row["route"] == "r1"
    assert row["station_m"] == pytest.approx(11_090, abs=5)


@pytest.mark.parametrize(
    ("row", "column", "why"),
    [
        ("s2,culvert,r9,100,,,", "station_m", "there is no route 'r9'"),
        ("s2,culvert,r1,99999,,,", "station_m", "not on r1"),
        ("s2,culvert,,100,,,", "route", "says no route"),
        ("s2,culvert,,,s:999,,", "post", "stands nowhere"),
        ("s2,culvert,,,q:9,,", "post", "no posting"),
        ("s2,culvert,,,rubbish,,", "post", "no kilometre post"),
        ("s2,culvert,,,,-71.1,-32.9", "lon", "km off the road"),
        ("s2,culvert,,,,-32.9,-71.0", "lon", "km off the road"),
        ("s2,culvert,,,,-71.1,", "station_m", "no place"),
        ("s2,culvert,,,,,", "station_m", "no place"),
        ("s2,culvert,r1,100,s:16,,", "post", "post says"),
        ("s2,culvert,r1,100,,-71.0,-32.9", "lon", "lon says"),
        ("s2,,r1,100,,,", "kind", "empty"),
        ("s2,culvert,r1,1 2 3,,,", "station_m", "not a number"),
        (",culvert,r1,100,,,", "structure", "empty"),
        ("s1,culvert,r2,,,,", "station_m", "no place"),
    ],
)
def test_a_place_that_cannot_be_is_told(
    imported: Callable[..., ImportReport], row: str, column: str, why: str
) -> None:
    """Row, column and remedy; nothing is written."""
    report = imported(f"structure,kind,route,station_m,post,lon,lat\n{row}\n")
    assert not report.written
    assert not report.into.exists()
    assert [(fault.row, fault.column) for fault in report.faults] == [(2, column)]
    assert why in report.faults[0].why
    assert report.faults[0].remedy
    assert _only(report).outcome == "rejected"


def test_a_point_beside_the_road_is_told_with_its_side(
    imported: Callable[..., ImportReport],
) -> None:
    """A point 0.002° west of a northbound road is about 187 m to its left."""
    report = imported("structure,kind,lon,lat\ns2,culvert,-71.002,-32.9\n")
    assert _only(report).notes == ("the point lies 187 m to the left of the axis",)


def test_of_several_ways_to_say_a_place_the_changed_one_counts(
    imported: Callable[..., ImportReport],
) -> None:
    """In a filled-in sheet a new post moves the row, though its station stands there still."""
    report = imported("structure,route,station_m,post\ns1,r1,5000,s:16\n")
    assert _structure(report, "s1")["station_m"] == pytest.approx(11_090)
    post = rows_with_posts(corridor.load(report.into), "structures")["post"][0]
    report = imported(f"structure,route,station_m,post\ns1,r1,6000,{post}\n")
    assert _structure(report, "s1")["station_m"] == 6000


def test_a_stretch_by_posts(imported: Callable[..., ImportReport]) -> None:
    """Two posts make a stretch, in whichever order they are."""
    report = imported(
        "drift_stretch,from_post,to_post,exposure\nd1,s:12,s:10,0.5\n", "drift_stretches"
    )
    frame = corridor.load(report.into).table("drift_stretches").set_index("drift_stretch")
    scale = 22_180 / 22
    assert frame.loc["d1", ["from_m", "to_m"]].tolist() == pytest.approx([5 * scale, 7 * scale])
    assert any("order" in note for row in report.rows for note in row.notes)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("d1,r1,2000,1000,,", "reversed"),
        ("d1,,,,s:10,", "no place"),
        ("d1,r2,0,,,", "no place"),
        ("d1,r1,0,,,s:999", "stands nowhere"),
    ],
)
def test_a_stretch_that_cannot_be_is_told(
    imported: Callable[..., ImportReport], row: str, why: str
) -> None:
    """Half a place is none; a reversed stretch is found when the whole is checked."""
    report = imported(
        f"drift_stretch,route,from_m,to_m,from_post,to_post,exposure\n{row},1\n", "drift_stretches"
    )
    assert why in report.faults[0].why
    assert report.faults[0].row == 2
    assert report.faults[0].file == "drift_stretches.csv"


def test_a_place_beside_the_road_is_measured(imported: Callable[..., ImportReport]) -> None:
    """A village given by its coordinates gets station and distance."""
    report = imported("place,name_en,lon,lat,kind\np1,Aldea,-71.05,-32.9,village\n", "places")
    assert report.ok
    place = corridor.load(report.into).table("places").iloc[0]
    assert place["route"] == "r1"
    assert place["station_m"] == pytest.approx(11_090, abs=10)
    assert place["offset_m"] == pytest.approx(4_676, rel=0.01)


# --- the whole --------------------------------------------------------------------------------


def test_all_faults_come_at_once_with_the_rows_rejected(
    imported: Callable[..., ImportReport],
) -> None:
    """Cells, places, repeated ids and what only the whole shows, in one report."""
    report = imported(
        "structure,kind,route,station_m,contract,length_m\n"
        "s2,brigde,r1,100,,\n"
        "s3,culvert,r1,1e9,,\n"
        "s4,culvert,r1,100,,\n"
        "s4,culvert,r1,200,,\n"
        "s5,culvert,r1,100,c9,\n"
        "d1,culvert,r1,300,,\n"
    )
    by_row = {fault.row: fault for fault in report.faults if fault.file == "structures.csv"}
    assert set(by_row) == {2, 3, 5, 6}
    assert {row.row for row in report.rows if row.outcome == "rejected"} == {2, 3, 5, 6}
    assert report.counts["added"] == 2
    assert "row 4 already" in by_row[5].why
    assert by_row[6].column == "contract"
    # A depot of the corridor has the id of the last row already; told where the depot stands.
    (clash,) = (fault for fault in report.faults if fault.file == "into/depots.csv")
    assert "d1" in clash.why
    with pytest.raises(FaultsError, match="5 faults"):
        report.raise_for_faults()
    assert not report.into.exists()


def test_everything_wrong_with_one_row_is_told_together(
    imported: Callable[..., ImportReport],
) -> None:
    """A cell, a post and an empty cell of one row are mended in one go."""
    report = imported("structure,kind,post,length_m\ns2,,s:999,x\ns3,culvert,,y\n")
    assert [(fault.row, fault.column) for fault in report.faults] == [
        (2, "length_m"),
        (3, "length_m"),
        (2, "post"),
        (2, "kind"),
    ]
    assert report.counts["rejected"] == 2


def test_a_post_at_the_end_of_a_route_is_on_it(imported: Callable[..., ImportReport]) -> None:
    """Rounding to millimetres does not step over the end."""
    report = imported("structure,kind,post\ns2,culvert,s:51\n")
    assert report.ok
    assert _structure(report, "s2")["station_m"] == pytest.approx(46_261, abs=1e-6)


def test_a_kept_value_keeps_its_source(imported: Callable[..., ImportReport]) -> None:
    """What the corridor measured stays named where only a part is new."""
    report = imported("structure,length_m\ns1,99\n")
    row = _structure(report, "s1")
    assert row["source"] == "length_m: structures.csv; otherwise survey"


@pytest.mark.parametrize("seed", range(3))
def test_damaged_inventories_never_change_the_folder(base: Path, tmp_path: Path, seed: int) -> None:
    """Whatever comes in, only errors for people come out, and a fault changes nothing."""
    chance = random.Random(seed)  # noqa: S311 - damage need not be secret
    good = (
        "structure;kind;post;lon;lat;length_m;remove\n"
        "s1;мост;s:12+500;;;35,5;\nn1;culvert;;-71.0;-32.9;;\ne1;;;;;;да\n"
    ).encode()
    into, file = tmp_path / "into", tmp_path / "structures.csv"
    for _ in range(12):
        data = bytearray(good)
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(data))
            data[at : at + chance.choice([0, 1, 5])] = chance.choice(
                [b"", b";", b"\n", b"9", b"-", b"\xff", b'"', b"e9", b"=1", b"\x00"]
            )
        file.write_bytes(bytes(data))
        before = _files(into) if into.exists() else None
        try:
            report = import_inventory(file, into, base=base)
        except RoadplanError:
            report = None
        if report is None or report.faults:
            assert (_files(into) if into.exists() else None) == before
        else:
            corridor.load(into)


def test_a_fault_of_the_whole_names_sheet_and_header_of_the_user(
    base: Path, tmp_path: Path
) -> None:
    """What the check of the merged corridor finds is told where the user wrote it."""
    book = openpyxl.Workbook()
    book.active.title = "Сооружения"
    book.active.append(["Код", "Вид", "Маршрут", "Пикетаж, м", "Контракт"])
    book.active.append(["s2", "мост", "r1", 100, "c9"])
    book.save(tmp_path / "Опись.xlsx")
    report = import_inventory(tmp_path / "Опись.xlsx", tmp_path / "into", base=base)
    fault = report.faults[0]
    assert (fault.file, fault.sheet, fault.row) == ("Опись.xlsx", "Сооружения", 2)
    assert fault.column == "Контракт"
    copy = report.mark(tmp_path / "marked.xlsx", language="ru")
    assert openpyxl.load_workbook(copy)["Сооружения"]["E2"].comment is not None


def test_a_fault_in_the_corridors_own_rows_names_the_folder(
    imported: Callable[..., ImportReport],
) -> None:
    """Removing what others refer to is told where the reference stands."""
    report = imported("contract,remove\nc1,yes\n", "contracts")
    assert report.faults
    assert all(fault.file.startswith("into/") for fault in report.faults)
    assert not report.written


def test_a_dry_run_writes_nothing(imported: Callable[..., ImportReport]) -> None:
    """The report is the same, the folder is not made."""
    report = imported("structure,remove\ne1,yes\n", dry_run=True)
    assert report.ok
    assert not report.written
    assert not report.into.exists()


def test_a_folder_stays_as_it_was_when_writing_fails(
    imported: Callable[..., ImportReport], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk in the middle leaves the old corridor whole."""
    folder = imported("structure,remove\ne1,yes\n").into
    before = _files(folder)
    written = []

    def full(descriptor: int) -> None:
        written.append(descriptor)
        if len(written) > 5:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises((OSError, RoadplanError)):
        imported("structure,length_m\ns1,1\n")
    assert _files(folder) == before
    assert sorted(p.name for p in folder.parent.iterdir() if p.name.startswith(".")) == []


def test_the_next_import_begins_with_the_folder(imported: Callable[..., ImportReport]) -> None:
    """The base is used only while there is no folder."""
    imported("structure,remove\ne1,yes\n")
    report = imported("structure,kind,route,station_m\ns2,culvert,r1,7000\n")
    assert set(corridor.load(report.into).table("structures")["structure"]) == {"s1", "s2"}


def test_the_shipped_corridor_is_never_changed(tmp_path: Path) -> None:
    """Neither it nor anything inside its folder can be the target."""
    file = tmp_path / "machines.csv"
    file.write_text("plough_class,crews\n")
    for folder in (shipped_folder(), shipped_folder() / "mine"):
        with pytest.raises(RoadplanError, match="shipped corridor stays"):
            import_inventory(file, folder)


def test_a_faulty_corridor_has_to_be_mended_first(
    base: Path, tmp_path: Path, imported: Callable[..., ImportReport]
) -> None:
    """An import cannot hide what was wrong before."""
    (base / "structures.csv").write_text("structure,kind\nx,y\n")
    with pytest.raises(FaultsError, match="mended first"):
        imported("structure,remove\ne1,yes\n")


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"standing": "guessed"}, "standing"),
        ({"route": "r9"}, "no route"),
        ({"posting": "q"}, "no posting"),
        ({"only": "bridges"}, "no table 'bridges'"),
    ],
)
def test_wrong_options_are_told(
    imported: Callable[..., ImportReport], options: dict[str, str], why: str
) -> None:
    """The caller's own slips are errors for people too."""
    with pytest.raises(RoadplanError, match=why):
        imported("structure,remove\ne1,yes\n", **options)


def test_hidden_rows_are_told(base: Path, tmp_path: Path) -> None:
    """Rows that nobody sees are read, and that is said."""
    book = openpyxl.Workbook()
    book.active.title = "structures"
    book.active.append(["structure", "remove"])
    book.active.append(["e1", "yes"])
    book.active.row_dimensions[2].hidden = True
    book.save(tmp_path / "h.xlsx")
    report = import_inventory(tmp_path / "h.xlsx", tmp_path / "into", base=base)
    assert "hidden rows 2" in report.notes[0]
    assert report.counts["removed"] == 1


# --- round trips ------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["ru", "kk", "en"])
def test_a_filled_template_of_the_shipped_corridor_changes_nothing(
    road: Corridor, tmp_path: Path, language: str
) -> None:
    """Every table, in every language, comes back unchanged."""
    path = write_inventory_template(tmp_path / "t.xlsx", road, language=language, filled=True)
    report = import_inventory(path, tmp_path / "into")
    assert report.faults == ()
    assert report.notes == ()
    assert {row.outcome for row in report.rows} == {"unchanged"}
    assert len(report.rows) == sum(len(road.table(name)) for name in IMPORTABLE)


def test_an_exported_geopackage_changes_nothing_until_a_point_is_moved(
    road: Corridor, tmp_path: Path
) -> None:
    """What QGIS saves back is read; a moved bridge moves, by its new point."""
    path = tmp_path / "road.gpkg"
    export(road, path, tables=["structures", "depots", "places", "drift_stretches"])
    report = import_inventory(path, tmp_path / "into")
    assert report.faults == ()
    assert {row.outcome for row in report.rows} == {"unchanged"}
    layer = gpd.read_file(path, layer="structures")
    index = int(layer.index[layer["route"] == "main"][0])
    axis = road.axis("main")
    lon, lat = axis.points(np.array([layer.loc[index, "station_m"] + 5_000]))
    layer.loc[index, "geometry"] = Point(lon[0], lat[0])
    layer.to_file(path, layer="structures", driver="GPKG")
    report = import_inventory(path, tmp_path / "into")
    moved = [row for row in report.rows if row.outcome != "unchanged"]
    assert [row.key for row in moved] == [layer.loc[index, "structure"]]
    assert moved[0].changes is not None
    before, after = moved[0].changes["station_m"]
    assert after - before == pytest.approx(5_000, abs=1)


def test_alignment_tables_cannot_be_imported() -> None:
    """A new axis is refreshed, not imported."""
    with pytest.raises(RoadplanError, match="refresh"):
        import_tables(["control_points"])
    with pytest.raises(RoadplanError, match="no table"):
        import_tables(["bridges"])


def test_posts_in_a_filled_sheet_mean_the_place_again(road: Corridor) -> None:
    """Each text of posts parses to the station of its row, within the metre it is written to."""
    frame = rows_with_posts(road, "structures")
    for row in frame.itertuples():
        for text in filter(None, row.post.split(" · ")):
            position = road.position(text)
            assert position.route == row.route
            assert position.station_m == pytest.approx(row.station_m, abs=1.5)
