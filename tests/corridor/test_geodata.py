"""The shipped corridor: what the sources state stands in it, and the rules reproduce the rest."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import Geod

from roadplan.corridor import Corridor
from roadplan.corridor.axis import Axis
from roadplan.corridor.load import read_tables
from roadplan.corridor.position import Position
from roadplan.corridor.schema import ASSET_TABLES, TABLES

GEODATA = Path(__file__).parents[2] / "geodata"
GEOD = Geod(ellps="WGS84")
BY_HAND = {
    "routes",
    "control_points",
    "postings",
    "contract_facts",
    "structure_counts",
    "plough_classes",
    "winter_facts",
    "closures",
    "reports",
    "background",
}
Tables = dict[str, pd.DataFrame]


@pytest.fixture(scope="module")
def tables() -> Tables:
    """Give the shipped tables."""
    return read_tables(GEODATA)[0]


@pytest.fixture(scope="module")
def axes(tables: Tables) -> dict[str, Axis]:
    """Give the axis of each shipped route."""
    points = tables["control_points"].groupby("route", sort=False)
    return {str(route): Axis(group["lon"], group["lat"]) for route, group in points}


def contract(tables: Tables, name: str) -> pd.Series:
    """Return one contract's row."""
    return tables["contracts"].set_index("contract").loc[name]


def on_main(tables: Tables, table: str) -> pd.DataFrame:
    """Return the rows of a table that lie on the main line."""
    frame = tables[table]
    return frame[frame["route"] == "main"]


def station_of(tables: Tables, posting: str, km: float) -> float:
    """Return the station of a post on the main line, by plain interpolation."""
    rows = on_main(tables, "posting_breaks")
    rows = rows[rows["posting"] == posting].sort_values("from_m")
    posts = [*rows["from_post_km"], rows["to_post_km"].iloc[-1]]
    return float(np.interp(km, posts, [*rows["from_m"], rows["to_m"].iloc[-1]]))


def length_weighted(frame: pd.DataFrame, column: str) -> float:
    """Return the mean of a column, weighted by the length of the stretches."""
    length = frame["to_m"] - frame["from_m"]
    return float((frame[column] * length).sum() / length.sum())


# As a whole


def test_every_table_is_there_and_sound() -> None:
    """All tables of the schema are shipped and pass every check of values and references."""
    tables, faults = read_tables(GEODATA)
    assert [str(fault) for fault in faults] == []
    assert [name for name, frame in tables.items() if frame.empty] == []


def test_derive_reproduces_the_committed_files(tmp_path: Path) -> None:
    """Running the rules again writes the same bytes, for every table that is not by hand."""
    subprocess.run(
        [sys.executable, str(GEODATA / "derive.py"), "--out", str(tmp_path)],
        check=True,
        timeout=120,
    )
    written = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert set(written) == {f"{name}.csv" for name in set(TABLES) - BY_HAND} | {"README.md"}
    differing = [name for name, text in written.items() if (GEODATA / name).read_bytes() != text]
    assert differing == [], "run geodata/derive.py"


def test_the_dictionary_names_every_table_and_column() -> None:
    """README.md describes each table and column of the schema, with the licences."""
    text = (GEODATA / "README.md").read_text(encoding="utf-8")
    for name, table in TABLES.items():
        section = text.split(f"### `{name}.csv`", 1)[1].split("### ", 1)[0]
        assert [column.name for column in table if f"| `{column.name}` |" not in section] == []
    for licence in ("OpenStreetMap", "ODbL", "Open Database Licence", "GeoNames", "CC BY 4.0"):
        assert licence in text


def test_reported_columns_are_columns_of_their_table(tables: Tables) -> None:
    """`reported_columns` names columns that exist and hold something."""
    for name, frame in tables.items():
        if "reported_columns" not in frame:
            continue
        for _, row in frame.iterrows():
            for column in filter(None, row["reported_columns"].split(";")):
                assert column in TABLES[name].names
                assert str(row[column]) not in {"", "nan"}


@pytest.mark.parametrize(
    "table",
    [*sorted(set(ASSET_TABLES) - {"structures"}), "drift_stretches", "machines", "traffic"],
)
def test_what_is_placed_by_rule_is_marked_estimated(tables: Tables, table: str) -> None:
    """No position that a rule made passes as stated or measured."""
    assert set(tables[table]["standing"]) == {"estimated"}


@pytest.mark.parametrize(
    ("table", "key", "russian", "kazakh"),
    [
        ("routes", "main", "Караганда – Балхаш – Курты", "Қарағанды – Балқаш – Күрті"),
        ("contracts", "kurty-konaev", "Курты – Конаев", "Күрті – Қонаев"),
        ("places", "karaganda", "Караганда", "Қарағанды"),
        ("places", "balkhash", "Балхаш", "Балқаш"),
        ("places", "saryshagan", "Сарышаган", "Сарышаған"),
        ("places", "priozersk", "Приозёрск", "Приозерск"),
        ("places", "mynaral", "Мынарал", "Мыңарал"),
        ("places", "kanshengel", "Каншенгель", "Қаншеңгел"),
        ("places", "kurty", "Курты", "Күрті"),
        ("places", "kaskelen", "Каскелен", "Қаскелең"),
        ("regions", "zhambyl", "Жамбылская область", "Жамбыл облысы"),
        ("depots", "depot-aksu", "Дорожная база Аксу", "Ақсу жол базасы"),
    ],
)
def test_names_in_russian_and_kazakh(
    tables: Tables, table: str, key: str, russian: str, kazakh: str
) -> None:
    """Names people know stand as they are written."""
    row = tables[table].drop_duplicates(TABLES[table].columns[0].name)
    row = row.set_index(TABLES[table].columns[0].name).loc[key]
    assert (row["name_ru"], row["name_kk"]) == (russian, kazakh)


def test_russian_and_kazakh_names_are_cyrillic_and_complete(tables: Tables) -> None:
    """Every named row has all three names, the latter two without Latin letters."""
    for name, frame in tables.items():
        if "name_ru" not in frame:
            continue
        latin = frame[["name_ru", "name_kk"]].map(lambda text: text.replace("KAZ01", ""))
        assert not latin.map(lambda text: bool(re.search("[A-Za-z]", text))).to_numpy().any(), name
        assert (frame[["name_en", "name_ru", "name_kk"]] != "").to_numpy().all(), name


# The lines


def test_five_routes_of_224_points(tables: Tables) -> None:
    """All control points of the five routes are there, numbered from 0 without a gap."""
    points = tables["control_points"]
    assert len(points) == 224
    assert points["route"].nunique() == len(tables["routes"]) == 5
    for _, group in points.groupby("route"):
        assert list(group["seq"]) == list(range(len(group)))


@pytest.mark.parametrize(
    ("route", "km"),
    [
        ("main", 889.68),
        ("kurty-almaty", 109.24),
        ("kurty-konaev", 57.83),
        ("balkhash-city", 21.32),
        ("karaganda-ne-bypass", 32.87),
    ],
)
def test_lengths_of_the_routes(
    tables: Tables, axes: dict[str, Axis], route: str, km: float
) -> None:
    """Axis, geodesic sum and the stated length of each route agree within 0.05 %."""
    points = tables["control_points"]
    points = points[points["route"] == route]
    geodesic_m = GEOD.line_length(points["lon"], points["lat"])
    assert axes[route].length_m == pytest.approx(geodesic_m, rel=1e-9)
    assert geodesic_m / 1000 == pytest.approx(km, rel=5e-4)


def test_only_the_sketched_route_is_schematic(tables: Tables) -> None:
    """Kurty – Konaev is marked as a sketch and estimated, the others are measured."""
    routes = tables["routes"].set_index("route")
    assert list(routes.index[routes["schematic"]]) == ["kurty-konaev"]
    assert routes.loc["kurty-konaev", "standing"] == "estimated"


def test_members_of_junctions_meet(tables: Tables, axes: dict[str, Axis]) -> None:
    """The routes of a junction come within 100 m of each other."""
    for _, group in tables["junctions"].groupby("junction"):
        points = [axes[row.route].points(row.station_m) for row in group.itertuples()]
        lon, lat = np.array(points, dtype=float).T
        assert GEOD.inv(lon[:-1], lat[:-1], lon[1:], lat[1:])[2].max() < 100


def test_the_old_road_through_balkhash_leaves_and_meets_the_main_line(tables: Tables) -> None:
    """It starts on the main line's control point 71 and is joined at 73, before its own end."""
    at = tables["junctions"].set_index(["junction", "route"])["station_m"]
    assert at["balkhash-north", "balkhash-city"] == 0
    assert at["balkhash-north", "main"] == pytest.approx(360_100, abs=10)
    assert at["balkhash-south", "balkhash-city"] == pytest.approx(20_850, abs=10)
    assert at["balkhash-south", "main"] == pytest.approx(374_880, abs=10)


def test_three_routes_meet_at_kurty(tables: Tables, axes: dict[str, Axis]) -> None:
    """The main line ends where both branches begin."""
    at = tables["junctions"].set_index(["junction", "route"])["station_m"]["kurty"]
    assert dict(at) == {
        "main": pytest.approx(axes["main"].length_m, abs=1e-3),
        "kurty-almaty": 0,
        "kurty-konaev": 0,
    }


# Contracts and posts


def test_the_four_contracts_make_up_946_km(tables: Tables) -> None:
    """363 + 288 + 228 + 67 km by the contracts, the bypass between them apart."""
    contracts = tables["contracts"]
    let = contracts[contracts["kind"] == "contract"]
    assert list(let["length_km_official"]) == [363, 288, 228, 67]
    assert let["length_km_official"].sum() == 946
    bypass = contract(tables, "balkhash-bypass")
    assert (bypass["kind"], bypass["length_km_official"], bypass["standing"]) == (
        "between",
        9,
        "estimated",
    )
    assert (bypass["to_m"] - bypass["from_m"]) / 1000 == pytest.approx(14.1)


def test_contracts_meet_without_gaps_and_end_with_the_road(
    tables: Tables, axes: dict[str, Axis]
) -> None:
    """Neighbours share a station; the last one ends at the axis' end to the millimetre."""
    rows = on_main(tables, "contracts").sort_values("from_m")
    assert rows["from_m"].iloc[0] == 0
    assert list(rows["to_m"].iloc[:-1]) == list(rows["from_m"].iloc[1:])
    assert 0 <= axes["main"].length_m - rows["to_m"].iloc[-1] < 0.001


@pytest.mark.parametrize(
    ("post_km", "station_m"),
    [
        (1492.4, 0),
        (1855, 360_200),
        (1864, 374_300),
        (2152, 664_500),
        (2214, 722_500),
        (2295, 811_100),
        (2380, 889_679.7),
    ],
)
def test_old_posts_at_the_calibration_marks(
    tables: Tables, post_km: float, station_m: float
) -> None:
    """Each mark stands within a metre of its measured station."""
    assert station_of(tables, "m36", post_km) == pytest.approx(station_m, abs=1)


def test_old_posts_keep_near_the_simple_rule(tables: Tables) -> None:
    """1492.4 km plus the station is off the old post by −2.4 to +8.5 km, as measured."""
    rows = on_main(tables, "posting_breaks")
    rows = rows[rows["posting"] == "m36"]
    off = 1492.4 + rows["to_m"] / 1000 - rows["to_post_km"]
    assert off.min() == pytest.approx(-2.4, abs=0.05)
    assert off.max() == pytest.approx(8.5, abs=0.05)


def test_residuals_of_the_contracts(tables: Tables) -> None:
    """Drawn less official length, by hand: 360.2 − 362.6, 14.1 − 9, 290.2 − 288 and so on."""
    rows = on_main(tables, "posting_breaks")
    rows = rows[rows["posting"] == "m36"]
    drawn = (rows["to_m"] - rows["from_m"]) / 1000
    residual = drawn - (rows["to_post_km"] - rows["from_post_km"])
    assert list(residual.round(1)) == [-2.4, 5.1, 2.2, -4.0, 7.6, -6.4]


def test_posts_rise_and_join_along_each_route(tables: Tables) -> None:
    """In each posting posts rise with the station and go on from row to row."""
    for _, group in tables["posting_breaks"].groupby(["posting", "route"]):
        ordered = group.sort_values("from_m")
        assert (ordered["from_post_km"] < ordered["to_post_km"]).all()
        assert list(ordered["to_post_km"].iloc[:-1]) == list(ordered["from_post_km"].iloc[1:])
        assert list(ordered["to_m"].iloc[:-1]) == list(ordered["from_m"].iloc[1:])


def test_new_posts_are_the_old_ones_less_1262(tables: Tables) -> None:
    """KAZ01 592 is old 1854 near Balkhash and 248 is old 1510; nothing else is stated."""
    for new, old in ((592, 1854), (248, 1510), (600, 1862), (1118, 2380)):
        assert station_of(tables, "kaz01", new) == pytest.approx(
            station_of(tables, "m36", old), abs=1
        )
    rows = tables["posting_breaks"]
    assert set(rows.loc[rows["posting"] == "kaz01", "standing"]) == {"estimated"}


def test_old_posts_go_on_towards_almaty(tables: Tables, axes: dict[str, Axis]) -> None:
    """From 2380 at Kurty, one post a kilometre, marked estimated; the branch has its own posts."""
    rows = tables["posting_breaks"]
    old = rows[(rows["posting"] == "m36") & (rows["route"] == "kurty-almaty")].iloc[0]
    assert old["from_post_km"] == 2380
    assert old["to_post_km"] - 2380 == pytest.approx(axes["kurty-almaty"].length_m / 1000, abs=1e-3)
    assert old["standing"] == "estimated"
    own = rows[rows["posting"] == "konaev"].iloc[0]
    assert (own["from_post_km"], own["to_post_km"], own["standing"]) == (0, 67, "estimated")


# Regions, segments and places


def test_regions_cover_every_route(tables: Tables, axes: dict[str, Axis]) -> None:
    """No stretch lies in no region; the last one ends with its route."""
    for route, group in tables["regions"].groupby("route"):
        ordered = group.sort_values("from_m")
        assert ordered["from_m"].iloc[0] == 0
        assert list(ordered["to_m"].iloc[:-1]) == list(ordered["from_m"].iloc[1:])
        assert axes[str(route)].length_m - ordered["to_m"].iloc[-1] < 0.001


def test_147_official_km_of_balkhash_burylbaital_lie_in_zhambyl(tables: Tables) -> None:
    """The border with Karaganda follows from that, the one with Almaty region is stated."""
    zhambyl = tables["regions"].set_index("region").loc["zhambyl"]
    assert zhambyl["from_m"] == pytest.approx(station_of(tables, "m36", 2152 - 147), abs=1)
    assert zhambyl["to_m"] == 722_500


def test_segments_cover_the_routes_in_pieces_of_at_most_10_km(
    tables: Tables, axes: dict[str, Axis]
) -> None:
    """They follow one another without gap or overlap over all of each route."""
    segments = tables["segments"]
    assert set(segments["route"]) == set(axes)
    assert (segments["to_m"] - segments["from_m"]).max() <= 10_000
    for route, group in segments.groupby("route"):
        assert group["from_m"].iloc[0] == 0
        assert list(group["to_m"].iloc[:-1]) == list(group["from_m"].iloc[1:])
        assert 0 <= axes[str(route)].length_m - group["to_m"].iloc[-1] < 0.001


def test_segments_are_cut_wherever_something_changes(tables: Tables) -> None:
    """Contract ends, junctions and region borders are ends of segments."""
    segments = tables["segments"]
    bounds = set(zip(segments["route"], segments["from_m"], strict=True))
    bounds |= set(zip(segments["route"], segments["to_m"], strict=True))
    for name, columns in (
        ("contracts", ["from_m", "to_m"]),
        ("regions", ["from_m", "to_m"]),
        ("junctions", ["station_m"]),
    ):
        frame = tables[name]
        for column in columns:
            assert set(zip(frame["route"], frame[column], strict=True)) <= bounds


def test_segments_between_two_cuts_are_equally_long(tables: Tables) -> None:
    """In the contract Karaganda – Balkhash south of the bypass all 35 are within a metre."""
    rows = tables["segments"]
    rows = rows[(rows["route"] == "main") & rows["from_m"].between(15_400, 350_000)]
    assert np.ptp(rows["to_m"] - rows["from_m"]) <= 2


def test_rebuilt_segments_are_dual_carriageways_of_two_lanes(tables: Tables) -> None:
    """Four lanes of category I-b; 110 km/h is stated for Karaganda – Balkhash only."""
    rebuilt = tables["segments"][tables["segments"]["contract"] != ""]
    assert set(rebuilt["carriageways"]) == set(rebuilt["lanes"]) == {2}
    assert set(rebuilt["category"]) == {"I-b"}
    stated = rebuilt["reported_columns"].str.contains("free_speed_kmh")
    assert set(rebuilt.loc[stated, "contract"]) == {"karaganda-balkhash"}
    assert set(rebuilt.loc[stated, "free_speed_kmh"]) == {110}


def test_places_lie_where_the_map_has_them(tables: Tables) -> None:
    """Stations and distances of places agree with those measured apart (km)."""
    places = tables["places"].set_index("place")
    assert len(places) == 23
    for place, station_km, offset_km in (
        ("karaganda", 0.0, 2.8),
        ("aksu-ayuly", 129.3, 1.8),
        ("balkhash", 371.3, 9.7),
        ("priozersk", 513.5, 7.5),
        ("burylbaital", 662.8, 0.4),
        ("kanshengel", 810.9, 0.6),
        ("kaskelen", 89.3, 2.8),
    ):
        assert places.loc[place, "station_m"] / 1000 == pytest.approx(station_km, abs=0.06)
        assert places.loc[place, "offset_m"] / 1000 == pytest.approx(offset_km, abs=0.06)


# Structures and the works


@pytest.mark.parametrize(
    ("name", "kind", "from_m", "to_m", "count"),
    [
        ("karaganda-balkhash", "bridge", 0, 360_200, 11),
        ("karaganda-balkhash", "farm_crossing", 0, 360_200, 32),
        ("karaganda-balkhash", "interchange", 0, 360_200, 2),
        ("balkhash-bypass", "railway_overpass", 360_200, 374_300, 1),
        ("balkhash-burylbaital", "bridge", 516_377, 664_500, 10),
        ("burylbaital-kurty", "bridge", 722_500, 811_100, 8),
        ("kurty-konaev", "bridge", 0, 57_834, 4),
        ("kurty-konaev", "interchange", 0, 57_834, 1),
    ],
)
def test_structures_come_to_the_stated_numbers(
    tables: Tables, name: str, kind: str, from_m: float, to_m: float, count: int
) -> None:
    """As many structures of a kind stand on a stretch as the reports count there."""
    frame = tables["structures"]
    hit = (frame["contract"] == name) & (frame["kind"] == kind)
    assert (hit & frame["station_m"].between(from_m, to_m)).sum() == count


def test_all_bridges_drawn_on_the_line_are_there(tables: Tables) -> None:
    """15 of them: 14 measured, and the old one beside the line that stands for the new one."""
    frame = tables["structures"]
    drawn = frame[frame["source"].str.contains("drawn on the line in 2021")]
    assert len(drawn) == 15
    assert drawn["standing"].value_counts().to_dict() == {"measured": 14, "estimated": 1}
    railway = frame.set_index("structure").loc["bypass-railway-overpass-01"]
    assert railway["station_m"] == pytest.approx(374_300, abs=50)
    assert railway["length_m"] == 117


def test_positions_made_by_rule_claim_no_more_than_a_kilometre(tables: Tables) -> None:
    """Structures and rest areas placed by rule stand on whole kilometres or at a junction."""
    for name in ("structures", "rest_areas"):
        frame = tables[name]
        placed = frame[frame["source"].str.contains("by rule")]
        placed = placed[~placed["source"].str.contains("junction")]
        assert (placed["station_m"] % 1000 == 0).all()
    assert not tables["structures"].duplicated(["route", "station_m"]).any()


def test_contradicting_counts_stand_side_by_side(tables: Tables) -> None:
    """Planned and built numbers, and interchanges counted as 1, 2 and 3, are all kept."""
    counts = tables["structure_counts"]
    counts = counts[counts["contract"] == "karaganda-balkhash"]
    by_kind = counts.groupby("kind")["count"].agg(set)
    assert by_kind["bridge"] == {11, 17}
    assert by_kind["farm_crossing"] == {32, 33}
    assert by_kind["interchange"] == {1, 2, 3}
    facts = tables["contract_facts"]
    assert set(facts.loc[facts["what"] == "length", "value"]) == {363, 367}


def test_culverts_are_totals_only(tables: Tables) -> None:
    """Their numbers are kept, no place is invented for them."""
    counts = tables["structure_counts"]
    assert sorted(counts.loc[counts["kind"] == "culvert", "count"]) == [61, 66, 109, 297]
    assert "culvert" not in set(tables["structures"]["kind"])


def test_five_settlements_are_bypassed(tables: Tables) -> None:
    """The bypasses of the contract are named by their settlements."""
    facts = tables["contract_facts"]
    bypassed = facts.loc[facts["what"] == "settlement bypass", "place"]
    assert set(bypassed) == {"zhumabek", "aksu", "aksu-ayuly", "akshatau", "balkhash"}


def test_eighteen_rest_areas(tables: Tables) -> None:
    """All on Karaganda – Balkhash, about 20 km apart; which have sanitary facilities is a guess."""
    rest = tables["rest_areas"]
    assert len(rest) == 18
    assert set(rest["contract"]) == {"karaganda-balkhash"}
    assert set(np.diff(rest["station_m"])) <= {19_000, 20_000, 21_000}
    assert set(rest["sanitary"]) == {"yes", "unknown"}


def test_each_overpass_site_has_one_bypass_road(tables: Tables) -> None:
    """32 farm crossings, 2 interchanges and the railway overpass; closed since the opening."""
    detours = tables["detours"]
    kinds = tables["structures"].set_index("structure")["kind"][detours["structure"]]
    assert kinds.value_counts().to_dict() == {
        "farm_crossing": 32,
        "interchange": 2,
        "railway_overpass": 1,
    }
    assert detours["structure"].is_unique
    assert set(detours["state"]) == {"closed"}
    assert set(detours["as_of"]) == {"2025"}
    assert (detours["in_use_as_of"] == "2024-02").sum() == 34


# Winter


def test_depots_are_within_reach_of_the_whole_main_line(tables: Tables, road: Corridor) -> None:
    """No point of the main line is more than 90 km from a depot, measured along the roads."""
    depots = [Position(row.route, row.station_m) for row in tables["depots"].itertuples()]
    for station in range(0, 889_000, 20_000):
        nearest = min(road.distance_m(Position("main", station), depot) for depot in depots)
        assert nearest < 90_000


def test_the_crews_find_room_in_the_depots(tables: Tables) -> None:
    """Depots take at least the machines of all crews."""
    classes = tables["plough_classes"].set_index("plough_class")["machines_per_crew"]
    machines = tables["machines"].set_index("plough_class")["crews"] * classes
    assert machines.sum() <= tables["depots"]["capacity"].sum()


def test_crews_follow_from_the_region_totals(tables: Tables) -> None:
    """131 machines on 1843.5 km, 838 of 1050 serviceable, make 60 on the corridor: 30 crews."""
    expected = 131 / 1843.5 * 838 / 1050 * (889.68 + 109.24 + 57.83)
    machines = tables["machines"].set_index("plough_class")["crews"]
    size = tables["plough_classes"].set_index("plough_class")["machines_per_crew"]
    assert (machines * size).sum() == pytest.approx(expected, abs=1)
    assert machines.sum() == 30


def test_drift_shares_add_up_to_the_region_totals(tables: Tables) -> None:
    """506.33 of 1843.5 km in Karaganda region; elsewhere the rest of 2,200 of 25,000 km."""
    drift = tables["drift_stretches"].merge(
        tables["segments"][["route", "from_m", "region"]], on=["route", "from_m"]
    )
    assert len(drift) == len(tables["drift_stretches"])
    for region, share in (
        ("karaganda", 506.33 / 1843.5),
        ("zhambyl", (2200 - 506.33) / (25_000 - 1843.5)),
        ("almaty", (2200 - 506.33) / (25_000 - 1843.5)),
    ):
        mine = drift[drift["region"] == region]
        assert length_weighted(mine, "exposure") == pytest.approx(share, rel=0.01)


def test_as_much_of_a_region_is_flush_as_is_prone_to_drifts(tables: Tables) -> None:
    """The flush share of the open road equals the drift-prone share, to about a segment."""
    segments = tables["segments"]
    mine = segments[(segments["region"] == "karaganda") & (segments["route"] != "balkhash-city")]
    flush = length_weighted(mine.assign(flush=mine["profile"] == "flush"), "flush")
    assert flush == pytest.approx(506.33 / 1843.5, abs=0.02)


def test_barriers_stand_at_the_ends_of_reported_closures(tables: Tables) -> None:
    """A barrier is near each end that a notice named, in whichever posting."""
    barriers = on_main(tables, "barriers")["station_m"].to_numpy()
    for posting, km in (
        ("m36", 1610),
        ("m36", 1854),
        ("kaz01", 248),
        ("kaz01", 592),
        ("m36", 2295),
    ):
        station = station_of(tables, posting, km)
        assert np.abs(barriers - station).min() <= 100


def test_six_heating_points_on_the_stretch_that_had_six(tables: Tables) -> None:
    """Old km 1505–1854 has six, Karaganda region's density holds elsewhere."""
    points = on_main(tables, "heating_points")["station_m"]
    inside = points.between(station_of(tables, "m36", 1505), station_of(tables, "m36", 1854))
    assert inside.sum() == 6
    assert (~inside).sum() == round(19 / 1843.5 * 530.5)


def test_traffic_covers_the_routes_and_keeps_what_is_stated(
    tables: Tables, axes: dict[str, Axis]
) -> None:
    """18,000 near Karaganda, 9,000 beyond, and 974,000 toll trips over 235 days."""
    frame = tables["traffic"]
    for route, group in frame.groupby("route"):
        assert group["from_m"].iloc[0] == 0
        assert list(group["to_m"].iloc[:-1]) == list(group["from_m"].iloc[1:])
        assert axes[str(route)].length_m - group["to_m"].iloc[-1] < 0.001
    stated = frame[frame["reported_columns"].str.contains("aadt_veh_day")]
    assert list(stated["aadt_veh_day"]) == [18_000, 9_000]
    tolled = frame[frame["source"].str.contains("974,000")].iloc[0]
    assert tolled["aadt_veh_day"] == pytest.approx(974_000 / 235, abs=25)
    assert tolled["to_m"] == pytest.approx(station_of(tables, "m36", 1955), abs=1)


def test_plough_classes_say_that_they_are_assumed(tables: Tables) -> None:
    """No class figure passes as stated; each kind of crew is there once."""
    classes = tables["plough_classes"]
    assert sorted(classes["kind"]) == [
        "echelon",
        "grader",
        "plough_truck",
        "rotary_blower",
        "spreader",
    ]
    assert set(classes["standing"]) == {"estimated"}
    assert classes["source"].str.startswith("assumed").all()


# What was published


def test_every_dated_report_ships(tables: Tables) -> None:
    """15 reports from 2018 to 2025, dates as exact as they were given."""
    reports = tables["reports"].set_index("report")
    assert len(reports) == 15
    assert set(reports["standing"]) == {"reported"}
    early_2024 = reports.loc["2024-02-karaganda-balkhash-new-surface"]
    assert early_2024["date"] == "2024-02"
    assert "18 rest areas" in early_2024["note"]
    opened = reports.loc["2024-08-15-burylbaital-kurty-open-four-lanes"]
    assert (opened["posting"], opened["from_post_km"], opened["to_post_km"]) == ("m36", 2214, 2295)
    assert reports.loc["2023-12-31-corridor-new-surface", "value"] == "874"


def test_closures_and_winter_facts_ship_as_stated(tables: Tables) -> None:
    """6 closures in three kilometre systems, and 17 figures with their scope."""
    assert len(tables["closures"]) == 6
    assert set(tables["closures"]["posting"]) == {"m36", "kaz01", "konaev", ""}
    facts = tables["winter_facts"]
    assert len(facts) == 17
    assert set(facts.loc[facts["what"] == "snow-drift sections", "value"]) == {499, 506.33}


# The background


def outline(tables: Tables, feature: str) -> np.ndarray:
    """Return the points of a background feature, shape (n, 2)."""
    frame = tables["background"]
    return frame.loc[frame["feature"] == feature, ["lon", "lat"]].to_numpy(float)


def test_the_lake_is_a_closed_ring_beside_the_road(tables: Tables, axes: dict[str, Axis]) -> None:
    """The road runs along the west shore: within 10 km of it, never nearer than 1.5 km."""
    points = outline(tables, "lake-balkhash")
    lake = shapely.Polygon(points)
    assert (points[0] == points[-1]).all()
    assert lake.is_valid
    assert abs(GEOD.geometry_area_perimeter(lake)[0]) / 1e6 == pytest.approx(17_000, rel=0.1)
    for axis in axes.values():
        assert not lake.intersects(axis.lines(0, axis.length_m)[0])
    lon, lat = points[:-1].T
    station, offset = axes["main"].locate(lon, lat)
    west = (station > 390_000) & (station < 660_000)
    assert np.abs(offset[west]).min() > 1_500
    # Looking south the lake is on the left.
    assert (offset[west] < 0).all()


def test_no_settlement_stands_in_the_lake(tables: Tables) -> None:
    """All places are on dry land."""
    for feature in ("lake-balkhash", "kapshagay-reservoir"):
        lake = shapely.Polygon(outline(tables, feature))
        assert not shapely.contains_xy(lake, tables["places"]["lon"], tables["places"]["lat"]).any()


@pytest.mark.parametrize(
    ("feature", "region"),
    [("border-karaganda-zhambyl", "karaganda"), ("border-zhambyl-almaty", "zhambyl")],
)
def test_drawn_borders_meet_the_road_where_the_regions_do(
    tables: Tables, axes: dict[str, Axis], feature: str, region: str
) -> None:
    """A region border crosses the main line within 500 m of its station."""
    station, offset = axes["main"].locate(*outline(tables, feature).T)
    border = on_main(tables, "regions").set_index("region").loc[region, "to_m"]
    nearest = np.abs(offset).argmin()
    assert abs(offset[nearest]) < 500
    assert station[nearest] == pytest.approx(border, abs=500)
