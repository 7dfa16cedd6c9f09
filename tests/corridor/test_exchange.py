"""Exports that other programs open."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
from pyproj import Geod

from roadplan.corridor import Corridor
from roadplan.corridor.exchange import export, geojson_text
from roadplan.corridor.schema import TABLES
from roadplan.errors import RoadplanError


@pytest.fixture(scope="module")
def package(road: Corridor, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the shipped corridor as a GeoPackage."""
    return export(road, tmp_path_factory.mktemp("gpkg") / "road.gpkg")[0]


def test_each_table_is_a_layer(road: Corridor, package: Path) -> None:
    """Layers have the rows of their tables, posts as text, and the right geometry."""
    kinds = {"point": "Point", "lonlat": "Point", "stretch": "LineString", "none": None}
    layers = {str(name): kind for name, kind in pyogrio.list_layers(package)}
    assert set(layers) == set(TABLES)
    for name, table in TABLES.items():
        expected = "LineString" if name == "routes" else kinds[table.shape]
        assert layers[name] == expected, name
        found = pyogrio.read_dataframe(package, layer=name)
        assert len(found) == len(road.table(name))
        assert {"standing", "source"} <= set(found.columns)
        if expected is not None:
            assert found.crs.to_epsg() == 4326
    assert "post" in pyogrio.read_info(package, layer="structures")["fields"]
    assert {"from_post", "to_post"} <= set(pyogrio.read_info(package, layer="segments")["fields"])


def test_the_geopackage_follows_its_standard(package: Path) -> None:
    """Identification, contents, reference systems and extents (OGC 12-128r19, 1.1 and 2.1)."""
    with sqlite3.connect(package) as database:
        assert database.execute("PRAGMA application_id").fetchone()[0] == 0x47504B47
        assert database.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        contents = dict(database.execute("SELECT table_name, data_type FROM gpkg_contents"))
        assert contents["segments"] == "features"
        assert contents["machines"] == "attributes"
        systems = {row[0] for row in database.execute("SELECT srs_id FROM gpkg_spatial_ref_sys")}
        assert {-1, 0, 4326} <= systems
        geometry = {
            name: (kind, system)
            for name, kind, system in database.execute(
                "SELECT table_name, geometry_type_name, srs_id FROM gpkg_geometry_columns"
            )
        }
        assert geometry["segments"] == ("LINESTRING", 4326)
        west, south, east, north = database.execute(
            "SELECT min_x, min_y, max_x, max_y FROM gpkg_contents WHERE table_name='segments'"
        ).fetchone()
    assert 70 < west < east < 80
    assert 42 < south < north < 51


def test_geometry_is_where_the_rows_are(road: Corridor, package: Path) -> None:
    """Lines are as long as their stretches, by an outside measure; points at their stations."""
    geod = Geod(ellps="WGS84")
    segments = pyogrio.read_dataframe(package, layer="segments")
    lengths = np.array([geod.geometry_length(line) for line in segments.geometry])
    np.testing.assert_allclose(lengths, segments["to_m"] - segments["from_m"], atol=0.05)
    depots = pyogrio.read_dataframe(package, layer="depots")
    lon, lat = road.axis("main").points(depots.query("route == 'main'")["station_m"].to_numpy())
    points = depots.query("route == 'main'").geometry
    np.testing.assert_allclose(points.x, lon, atol=1e-12)
    np.testing.assert_allclose(points.y, lat, atol=1e-12)


def test_whole_numbers_and_gaps_stay_what_they_are(package: Path) -> None:
    """Integers are integers, an unknown number is null."""
    segments = pyogrio.read_dataframe(package, layer="segments")
    assert segments["lanes"].dtype.kind == "i"
    with sqlite3.connect(package) as database:
        kinds = {row[0] for row in database.execute("SELECT typeof(length_m) FROM structures")}
    assert kinds <= {"real", "null"}


def test_geojson_follows_its_standard(road: Corridor, tmp_path: Path) -> None:
    """RFC 7946: FeatureCollections in WGS 84 without `crs`, null where nothing is known."""
    files = export(road, tmp_path / "out")
    assert {file.stem for file in files} == set(TABLES)
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert "NaN" not in text
        document = json.loads(text)
        assert document["type"] == "FeatureCollection"
        assert "crs" not in document
        assert len(document["features"]) == len(road.table(file.stem))
        ids = [feature["id"] for feature in document["features"]]
        assert len(set(ids)) == len(ids)
        for feature in document["features"]:
            assert set(feature) == {"type", "id", "geometry", "properties"}
            if feature["geometry"] is not None:
                assert feature["geometry"]["type"] in {"Point", "LineString"}
    frame = gpd.read_file(tmp_path / "out" / "structures.geojson")
    assert frame.geometry.x.between(70, 80).all()


def test_an_empty_table_is_an_empty_layer(stranger: Corridor, tmp_path: Path) -> None:
    """A stranger's corridor without rest areas exports a layer to be filled."""
    path = export(stranger, tmp_path / "s.gpkg")[0]
    assert len(pyogrio.read_dataframe(path, layer="rest_areas")) == 0
    assert json.loads(geojson_text(stranger, "rest_areas"))["features"] == []


def test_hostile_text_is_data(
    stranger_tables: dict[str, object], stranger: Corridor, tmp_path: Path
) -> None:
    """Names with quotes and markup come back from both formats as they are."""
    name = "<script>'\"`${x}\u202e\n=1"
    tables = {key: stranger.table(key) for key in TABLES}
    tables["structures"]["name_en"] = name
    road = Corridor.from_tables(tables)
    package = export(road, tmp_path / "h.gpkg")[0]
    assert pyogrio.read_dataframe(package, layer="structures")["name_en"][0] == name
    single = export(road, tmp_path / "h.geojson", tables=["structures"])[0]
    document = json.loads(single.read_text(encoding="utf-8"))
    assert document["features"][0]["properties"]["name_en"] == name


@pytest.mark.parametrize(
    ("name", "form", "tables", "why"),
    [
        ("a.gpkg", "", ["bridges"], "no table 'bridges'"),
        ("a.zip", "gpkg", [], "must end in .gpkg"),
        ("a.geojson", "", [], "one table"),
        ("a.shp", "", [], "is no .gpkg"),
        ("a.gpkg", "kml", [], "not one of"),
    ],
)
def test_a_wrong_target_is_told(
    stranger: Corridor, tmp_path: Path, name: str, form: str, tables: list[str], why: str
) -> None:
    """What cannot be written is refused before anything is."""
    with pytest.raises(RoadplanError, match=why):
        export(stranger, tmp_path / name, form=form, tables=tables)
    assert [p.name for p in tmp_path.iterdir()] == ["corridor"]


def test_a_second_export_replaces_the_first(stranger: Corridor, tmp_path: Path) -> None:
    """The old file goes only when the new one is whole."""
    path = tmp_path / "a.gpkg"
    export(stranger, path, tables=["structures", "depots"])
    export(stranger, path, tables=["depots"])
    assert [str(name) for name in pyogrio.list_layers(path)[:, 0]] == ["depots"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.gpkg", "corridor"]
