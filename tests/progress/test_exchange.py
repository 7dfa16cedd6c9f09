"""The status of the works as other programs read it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pyogrio
import pytest

from roadplan.corridor import Corridor
from roadplan.errors import RoadplanError
from roadplan.progress import (
    AsOf,
    Ledger,
    Report,
    WorkItems,
    create_ledger,
    report_on,
    withdrawal,
    work_items,
)
from roadplan.progress.exchange import LAYERS, export_status
from roadplan.progress.exchange_sources import report_sources

Day = dt.date
TODAY = AsOf(Day(2024, 6, 1))


@pytest.fixture(scope="module")
def work(road: Corridor) -> WorkItems:
    """Give the work of the shipped corridor."""
    return work_items(road)


@pytest.fixture
def book(tmp_path: Path, work: WorkItems) -> Iterator[Ledger]:
    """Give a ledger with a layer half done, a bridge with an evil source, and a withdrawal."""
    said: dict[str, Any] = {"author": "A", "work_date": Day(2024, 5, 1)}
    first = next(item for item in work if item.work_type == "earthworks")
    wrong = report_on(work.item("bridge:kb-bridge-02"), stage="deck", source="rumour", **said)
    with create_ledger(tmp_path / "works.ledger") as ledger:
        ledger.append(
            [
                report_on(first, to_m=(first.from_m + first.to_m) / 2, source="act 1", **said),
                report_on(first, side="left", source="act 2", **said),
                Report(
                    work_type="bridge",
                    asset="kb-bridge-01",
                    stage="finished",
                    source='=HYPERLINK("http://evil")',
                    standing="estimated",
                    **said,
                ),
                report_on(work.item("rest-area:rest-area-04"), stage="", source="act 3", **said),
                wrong,
                withdrawal(wrong, author="B", source="letter"),
            ]
        )
        yield ledger


@pytest.fixture
def write(
    book: Ledger, road: Corridor, work: WorkItems, tmp_path: Path
) -> Callable[..., list[Path]]:
    """Give a function that exports the status of that ledger."""

    def call(name: str, **options: Any) -> list[Path]:
        return export_status(tmp_path / name, book, road, work, TODAY, **options)

    return call


def _features(path: Path) -> dict[str, dict[str, Any]]:
    document = json.loads(path.read_text("utf-8"))
    assert document["type"] == "FeatureCollection"
    assert "crs" not in document
    return {feature["id"]: feature for feature in document["features"]}


def test_geojson_of_items(write: Callable[..., list[Path]], work: WorkItems) -> None:
    """Every item, with state, sources and geometry; no report is null and not 0."""
    (path,) = write("items.geojson", language="en")
    found = _features(path)
    assert set(found) == set(work.ids)
    bridge = found["bridge:kb-bridge-01"]["properties"]
    assert (bridge["state"], bridge["completion"]) == ("done", 1.0)
    assert (bridge["stage"], bridge["report_standing"]) == ("finished", "estimated")
    assert bridge["reported_in"] == '=HYPERLINK("http://evil")'
    silent = found["bridge:kb-bridge-02"]["properties"]
    assert (silent["state"], silent["completion"]) == ("no report", None)
    assert silent["reported_in"] is None
    none = found["rest-area:rest-area-04"]["properties"]
    assert (none["state"], none["completion"]) == ("not begun", 0.0)
    layer = found[next(item.id for item in work if item.work_type == "earthworks")]
    assert layer["properties"]["completion"] == pytest.approx(0.75)
    assert layer["properties"]["reported_in"] == "act 1; act 2"
    assert layer["geometry"]["type"] == "LineString"
    assert layer["properties"]["from_post"].startswith("m36:1492+400")
    assert layer["properties"]["as_of"] == "2024-06-01"


def test_a_geopackage_has_a_layer_for_each_kind(write: Callable[..., list[Path]]) -> None:
    """Lines and points apart, in WGS 84, with what is not known left empty."""
    (path,) = write("status.gpkg")
    layers = {str(name): kind for name, kind in pyogrio.list_layers(path)}
    assert layers["items"] == layers["segments"] == layers["contracts"] == "LineString"
    assert layers["items_points"] == "Point"
    assert layers["counts"] is None
    segments = pyogrio.read_dataframe(path, layer="segments")
    assert segments.crs.to_epsg() == 4326
    assert segments["completion"].notna().sum() >= 1
    assert (segments["state"] == "no report").sum() == segments["completion"].isna().sum()
    contracts = pyogrio.read_dataframe(path, layer="contracts").set_index("contract")
    assert contracts.loc["whole", "length_km_official"] == 946


@pytest.mark.parametrize("language", ["ru", "kk", "en"])
def test_a_workbook_shows_formulas_as_text(write: Callable[..., list[Path]], language: str) -> None:
    """Headers in the language; text from users is never run."""
    (path,) = write("status.xlsx", language=language)
    book = openpyxl.load_workbook(path)
    assert len(book.sheetnames) == len(LAYERS)
    sheet = book.worksheets[0]
    header = [cell.value for cell in sheet[1]]
    assert len(set(header)) == len(header)
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
    evil = [cell for cell in cells if str(cell.value).startswith("=")]
    assert evil
    assert {cell.data_type for cell in evil} == {"s"}
    assert all(cell.quotePrefix for cell in evil)
    if language == "ru":
        assert book.sheetnames[0] == "Работы"
        assert not any(text.isascii() for text in header if text)


def test_a_folder_gets_a_file_for_each_layer(write: Callable[..., list[Path]]) -> None:
    """And only those that are wanted."""
    assert [path.name for path in write("out")] == [f"{name}.geojson" for name in LAYERS]
    assert [path.name for path in write("two", layers=["segments"])] == ["segments.geojson"]


@pytest.mark.parametrize(
    ("name", "options", "why"),
    [
        ("a.geojson", {"layers": ["items", "counts"]}, "can hold one layer"),
        ("a.geojson", {"layers": ["nothing"]}, "there is no layer"),
        ("a.csv", {}, "is no .gpkg"),
        ("a.txt", {"form": "gpkg"}, "must end in .gpkg"),
        ("a.txt", {"form": "pdf"}, "is not one of"),
        ("works.ledger", {"form": "geojson"}, "is no .gpkg"),
    ],
)
def test_what_does_not_fit_is_refused(
    write: Callable[..., list[Path]], name: str, options: dict[str, Any], why: str
) -> None:
    """Layer, format and ending must go together."""
    with pytest.raises(RoadplanError, match=why):
        write(name, **options)


def test_sources_are_as_of_a_moment(book: Ledger, work: WorkItems) -> None:
    """What was reported later, or was corrected by then, is no source."""
    index = {item.id: number for number, item in enumerate(work)}
    found = report_sources(book, work, TODAY)
    assert found.sources[index["bridge:kb-bridge-02"]] == ""
    assert found.first_days[index["bridge:kb-bridge-01"]] == "2024-05-01"
    assert found.first_sound[index["bridge:kb-bridge-01"]] is False
    assert found.first_days[index["rest-area:rest-area-04"]] == ""
    before = report_sources(book, work, AsOf(Day(2024, 4, 30)))
    assert not any(before.sources)


def test_many_sources_are_counted(work: WorkItems, tmp_path: Path) -> None:
    """Five are named, of more the number."""
    item = work.item("bridge:kb-bridge-01")
    with create_ledger(tmp_path / "l.ledger") as ledger:
        ledger.append(
            [
                report_on(
                    item, stage="deck", author="A", source=f"s{n}", work_date=Day(2024, 5, n + 1)
                )
                for n in range(8)
            ]
        )
        found = report_sources(ledger, work, TODAY)
    (text,) = [text for text in found.sources if text]
    assert text == "s7; s6; s5; s4; s3; and 3 more"
