"""Event tables, against the same questions asked metre by metre."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from roadplan.corridor import _stretches
from roadplan.corridor.events import (
    aggregate,
    cover_length,
    dissolve,
    gaps,
    overlaps,
    overlay,
    segment,
    split,
)
from roadplan.errors import FaultsError, RoadplanError

LENGTH = 12
EXTENTS = {"a": float(LENGTH), "b": float(LENGTH)}
PLACE = ["route", "from_m", "to_m"]
PROPERTY = settings(deadline=None, max_examples=40)


def table(*rows: tuple[object, ...], **columns: list[object]) -> pd.DataFrame:
    """Return an event table from (route, from, to) and columns of attributes."""
    frame = pd.DataFrame(list(rows), columns=PLACE).astype({"from_m": float, "to_m": float})
    return frame.assign(**columns)


@st.composite
def tables(draw: st.DrawFn, name: str = "x", *, disjoint: bool = False) -> pd.DataFrame:
    """Draw event tables of whole metres on two short routes, with an attribute `name`."""
    stretch = st.tuples(
        st.sampled_from("ab"), st.integers(0, LENGTH - 1), st.integers(1, LENGTH)
    ).filter(lambda row: row[1] < row[2])
    rows = draw(st.lists(stretch, max_size=8))
    if disjoint:
        taken: set[tuple[str, int]] = set()
        kept = []
        for route, begin, end in rows:
            cells = {(route, metre) for metre in range(begin, end)}
            if not cells & taken:
                taken |= cells
                kept.append((route, begin, end))
        rows = kept
    values = draw(st.lists(st.integers(0, 3), min_size=len(rows), max_size=len(rows)))
    return table(*rows, **{name: values}).astype({name: "int64"})


def metres(row: object) -> Iterator[tuple[str, int]]:
    """Yield the metres of a stretch of whole metres."""
    for metre in range(int(row.from_m), int(row.to_m)):  # type: ignore[attr-defined]
        yield row.route, metre  # type: ignore[attr-defined]


def by_metre(frame: pd.DataFrame, *columns: str) -> Counter[tuple[object, ...]]:
    """Return how often each metre occurs with each combination of values."""
    return Counter(
        (
            *cell,
            *(None if pd.isna(getattr(row, name)) else getattr(row, name) for name in columns),
        )
        for row in frame.itertuples()
        for cell in metres(row)
    )


def check_order(frame: pd.DataFrame) -> None:
    """Check that a result is sound, in order, and numbered from 0."""
    assert (frame["from_m"] < frame["to_m"]).all()
    assert list(frame.columns[:3]) == PLACE
    pd.testing.assert_frame_equal(frame, frame.sort_values(PLACE, ignore_index=True, kind="stable"))


# -- overlay -------------------------------------------------------------------------------------


@PROPERTY
@given(left=tables("x"), right=tables("y"))
def test_intersection_has_each_pair_on_each_metre(left: pd.DataFrame, right: pd.DataFrame) -> None:
    """Every metre carries the pairs of rows that lie on it, overlaps inside a table included."""
    result = overlay(left, right)
    check_order(result)
    right_at: dict[tuple[str, int], list[int]] = {}
    for row in right.itertuples():
        for cell in metres(row):
            right_at.setdefault(cell, []).append(row.y)
    expected = Counter(
        (*cell, row.x, y)
        for row in left.itertuples()
        for cell in metres(row)
        for y in right_at.get(cell, [])
    )
    assert by_metre(result, "x", "y") == expected


@PROPERTY
@given(left=tables("x", disjoint=True), right=tables("y", disjoint=True))
def test_union_keeps_every_metre_of_both_once(left: pd.DataFrame, right: pd.DataFrame) -> None:
    """Where one table has nothing its values are missing, and no length is lost or doubled."""
    result = overlay(left, right, how="union")
    check_order(result)
    x = {cell: row.x for row in left.itertuples() for cell in metres(row)}
    y = {cell: row.y for row in right.itertuples() for cell in metres(row)}
    expected = Counter((*cell, x.get(cell), y.get(cell)) for cell in {*x, *y})
    assert by_metre(result, "x", "y") == expected


@PROPERTY
@given(left=tables("x"), right=tables("y", disjoint=True))
def test_left_keeps_every_metre_of_each_left_row(left: pd.DataFrame, right: pd.DataFrame) -> None:
    """Rows of the left table keep their length, whether or not they overlap each other."""
    result = overlay(left, right, how="left")
    assert by_metre(result, "x") == by_metre(left, "x")
    y = {cell: row.y for row in right.itertuples() for cell in metres(row)}
    expected = Counter(
        (*cell, row.x, y.get(cell)) for row in left.itertuples() for cell in metres(row)
    )
    assert by_metre(result, "x", "y") == expected


def test_stretches_that_touch_do_not_overlap() -> None:
    """Stretches are half open: the end of one is not in it."""
    assert overlay(table(("a", 0, 5)), table(("a", 5, 9))).empty


def test_stretches_of_different_routes_do_not_overlap() -> None:
    """Equal stations on two routes are different places."""
    assert overlay(table(("a", 0, 5)), table(("b", 0, 5))).empty


def test_shared_attributes_get_suffixes() -> None:
    """An attribute of both tables appears twice, told apart by the suffix."""
    left, right = table(("a", 0, 5), source=["l"]), table(("a", 2, 9), source=["r"])
    result = overlay(left, right, suffixes=("_works", "_traffic"))
    assert result.to_dict("records") == [
        {
            "route": "a",
            "from_m": 2.0,
            "to_m": 5.0,
            "source_works": "l",
            "source_traffic": "r",
        }
    ]


def test_suffixes_that_make_a_name_twice_are_refused() -> None:
    """Two columns of one name would hide each other."""
    left = table(("a", 0, 5), v=[1], v_left=[2])
    with pytest.raises(RoadplanError, match="v_left"):
        overlay(left, table(("a", 0, 5), v=[3]))


def test_union_of_overlapping_rows_is_refused_by_name() -> None:
    """The rows that overlap are told, since their common part would count twice."""
    right = table(("a", 0, 5), ("a", 7, 9), ("a", 3, 6))
    right.index = pd.Index([10, 11, 12])
    with pytest.raises(FaultsError, match=r"row 12 begins inside row 10 on route a at 3\.000 m"):
        overlay(table(("a", 0, 9)), right, how="left")
    with pytest.raises(FaultsError, match="table left overlap"):
        overlay(right, table(("a", 0, 9)), how="union")


def test_an_unknown_way_of_overlaying_is_refused() -> None:
    """A misspelt `how` names the ways there are."""
    with pytest.raises(RoadplanError, match="intersection, left or union"):
        overlay(table(), table(), how="inner")  # type: ignore[arg-type] # the mistake under test


@pytest.mark.parametrize("how", ["intersection", "left", "union"])
def test_empty_tables_overlay(how: str) -> None:
    """Nothing overlaid with nothing is an empty table with all columns."""
    empty = table().assign(x=pd.Series(dtype=float))
    result = overlay(empty, table().assign(y=pd.Series(dtype=float)), how=how)  # type: ignore[arg-type] # parametrised
    assert list(result.columns) == [*PLACE, "x", "y"]
    assert result.empty


def test_text_and_categories_survive() -> None:
    """Attributes keep their kind."""
    left = table(("a", 0, 5), kind=["bridge"]).astype({"kind": "category"})
    result = overlay(left, table(("a", 1, 3), name=["<b>'"]))
    assert result["kind"].dtype == "category"
    assert result["name"].tolist() == ["<b>'"]


def test_geometries_are_left_out() -> None:
    """A piece has another line than the stretch it was cut from."""
    lines = gpd.GeoDataFrame(table(("a", 0, 5), v=[1]), geometry=[shapely.Point(0, 0)], crs=4326)
    result = overlay(lines, table(("a", 1, 3)))
    assert list(result.columns) == [*PLACE, "v"]
    assert type(result) is pd.DataFrame


def test_input_stays_as_it_was() -> None:
    """Neither table is changed."""
    left, right = table(("a", 0, 5), v=[1]), table(("a", 2, 9), v=[2])
    before = left.copy(), right.copy()
    overlay(left, right, how="union")
    pd.testing.assert_frame_equal(left, before[0])
    pd.testing.assert_frame_equal(right, before[1])


def test_too_many_pairs_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows repeated thousands of times end in a message, not in a full memory."""
    monkeypatch.setattr(_stretches, "_MOST_PIECES", 99)
    many = pd.concat([table(("a", 0, 5))] * 10)
    with pytest.raises(RoadplanError, match="100 pieces"):
        overlay(many, many)


# -- faults --------------------------------------------------------------------------------------


def test_all_bad_rows_are_told_at_once() -> None:
    """Empty, reversed, missing and infinite stretches are collected with their row."""
    bad = table(
        ("a", 0, 5), ("a", 5, 5), ("a", 9, 3), (None, 0, 1), ("a", np.nan, 1), ("a", 0, np.inf)
    )
    with pytest.raises(FaultsError, match="5 faults") as caught:
        overlay(table(("a", 0, 1)), bad)
    text = str(caught.value)
    assert "table right" in text
    for row, why in ((1, "empty"), (2, "empty or reversed"), (3, "route"), (4, "no number")):
        assert any(f"row {row} " in line and why in line for line in text.splitlines())


def test_stations_as_text_are_read_or_refused() -> None:
    """Numbers in text are numbers; words are faults."""
    text = pd.DataFrame({"route": ["a"], "from_m": ["0"], "to_m": ["5"]})
    assert dissolve(text)["to_m"].tolist() == [5.0]
    with pytest.raises(FaultsError, match="row 0 has an end that is no number"):
        dissolve(text.assign(to_m="km 5"))


def test_missing_and_doubled_columns_are_told() -> None:
    """A table without stretches is refused by the names of what it lacks."""
    with pytest.raises(FaultsError, match="column from_m is missing"):
        dissolve(pd.DataFrame({"route": ["a"], "to_m": [5.0]}))
    doubled = pd.concat([table(("a", 0, 5)), table(("a", 0, 5))[["route"]]], axis=1)
    with pytest.raises(FaultsError, match="column route is there twice"):
        dissolve(doubled)


# -- dissolve ------------------------------------------------------------------------------------


@PROPERTY
@given(events=tables("x"))
def test_dissolve_covers_the_same_metres_once(events: pd.DataFrame) -> None:
    """Each value covers the metres it covered, without overlap and in as few rows as can be."""
    result = dissolve(events, by="x")
    check_order(result)
    assert by_metre(result, "x") == Counter(set(by_metre(events, "x")))
    for _, group in result.groupby(["route", "x"]):
        assert (group["from_m"].to_numpy()[1:] > group["to_m"].to_numpy()[:-1]).all()


@PROPERTY
@given(events=tables("x"))
def test_dissolve_twice_is_dissolve_once(events: pd.DataFrame) -> None:
    """What is joined already stays."""
    once = dissolve(events, by=["x"])
    pd.testing.assert_frame_equal(dissolve(once, by=["x"]), once)


@PROPERTY
@given(events=tables("x"), longest=st.floats(0.3, 5))
def test_dissolve_undoes_split(events: pd.DataFrame, longest: float) -> None:
    """Cutting and joining again gives what joining gives at once."""
    parts = split(events, longest_m=longest)
    assert ((parts["to_m"] - parts["from_m"]) <= longest * (1 + 1e-9)).all()
    pd.testing.assert_frame_equal(dissolve(parts, by="x"), dissolve(events, by="x"))


def test_dissolve_without_attributes_is_what_is_covered() -> None:
    """Touching and overlapping stretches become one whatever they carry."""
    result = dissolve(table(("a", 4, 6), ("a", 0, 3), ("a", 3, 5), ("b", 1, 2), x=[1, 2, 3, 4]))
    assert result.to_numpy().tolist() == [["a", 0.0, 6.0], ["b", 1.0, 2.0]]


def test_missing_values_are_equal_when_dissolving() -> None:
    """Two rows without a value are joined, and not with those that have one."""
    result = dissolve(table(("a", 0, 3), ("a", 3, 5), ("a", 5, 7), x=[None, None, "paved"]), by="x")
    assert result["to_m"].tolist() == [5.0, 7.0]


def test_an_unknown_attribute_is_refused() -> None:
    """The message names the attributes there are."""
    with pytest.raises(RoadplanError, match="no attribute lane; the table has x"):
        dissolve(table(("a", 0, 3), x=[1]), by="lane")


# -- segmentation --------------------------------------------------------------------------------


@PROPERTY
@given(left=tables("x", disjoint=True), right=tables("y", disjoint=True))
def test_segmentation_is_the_union_of_two_tables(left: pd.DataFrame, right: pd.DataFrame) -> None:
    """With two tables the pieces are those of their union."""
    expected = overlay(left, right, how="union")
    pd.testing.assert_frame_equal(segment([left, right]), expected, check_dtype=False)


@PROPERTY
@given(
    left=tables("x", disjoint=True),
    right=tables("y", disjoint=True),
    extents=tables("z"),
    cut=st.integers(0, LENGTH),
)
def test_segmentation_fills_the_extents_exactly(
    left: pd.DataFrame, right: pd.DataFrame, extents: pd.DataFrame, cut: int
) -> None:
    """Every metre of the extents is in one piece with the values that hold there."""
    cuts = pd.DataFrame({"route": ["a"], "station_m": [float(cut)]})
    result = segment({"left": left, "right": right}, extents=extents, cuts=cuts)
    check_order(result)
    x = {cell: row.x for row in left.itertuples() for cell in metres(row)}
    y = {cell: row.y for row in right.itertuples() for cell in metres(row)}
    cells = {cell for row in extents.itertuples() for cell in metres(row)}
    expected = Counter((*cell, x.get(cell), y.get(cell)) for cell in cells)
    assert by_metre(result, "x", "y") == expected
    on_a = result[result["route"] == "a"]
    assert not ((on_a["from_m"] < cut) & (on_a["to_m"] > cut)).any()


def test_segments_by_hand() -> None:
    """Contracts and regions over a whole route, in pieces of at most 4 m."""
    contracts = table(("a", 0, 5), ("a", 7, 10), contract=["c1", "c2"], source=["s", "s"])
    regions = table(("a", 0, 8), ("a", 8, 10), region=["r1", "r2"], source=["t", "t"])
    result = segment({"contracts": contracts, "regions": regions}, extents={"a": 12.0}, longest_m=4)
    assert list(result.columns) == [
        *PLACE,
        "contract",
        "source_contracts",
        "region",
        "source_regions",
    ]
    assert result["from_m"].tolist() == [0, 2.5, 5, 7, 8, 10]
    assert result["contract"].fillna("-").tolist() == ["c1", "c1", "-", "c2", "c2", "-"]
    assert result["region"].fillna("-").tolist() == ["r1", "r1", "r1", "r1", "r2", "-"]


def test_a_table_that_overlaps_itself_cannot_segment() -> None:
    """A piece would have two values; the table and the rows are named."""
    with pytest.raises(FaultsError, match=r"table lanes overlap(.|\n)*row 1 begins inside row 0"):
        segment({"lanes": table(("a", 0, 5), ("a", 4, 6))})


def test_segmenting_nothing_is_refused() -> None:
    """There must be a table; cuts must have stations."""
    with pytest.raises(RoadplanError, match="nothing to segment"):
        segment([])
    with pytest.raises(RoadplanError, match="cuts lack the columns station_m"):
        segment([table()], cuts=pd.DataFrame({"route": ["a"]}))
    with pytest.raises(RoadplanError, match="no station in row 0"):
        segment([table()], cuts=pd.DataFrame({"route": ["a"], "station_m": [np.nan]}))


# -- split ---------------------------------------------------------------------------------------


@PROPERTY
@given(events=tables("x"), longest=st.floats(0.3, 20))
def test_splitting_changes_no_total(events: pd.DataFrame, longest: float) -> None:
    """Lengths and shared quantities add up to what they were."""
    parts = split(events, longest_m=longest, totals=["x"])
    assert (parts["to_m"] - parts["from_m"]).sum() == pytest.approx(
        (events["to_m"] - events["from_m"]).sum()
    )
    assert parts["x"].sum() == pytest.approx(events["x"].sum())


def test_a_whole_number_of_parts_is_not_one_more() -> None:
    """Rounding makes no fourth part out of three times 0.1."""
    parts = split(table(("a", 0, 0.1 * 3)), longest_m=0.1)
    assert len(parts) == 3


def test_parts_must_have_a_length() -> None:
    """Parts of no or negative length are refused."""
    for longest in (0, -5, np.nan):
        with pytest.raises(RoadplanError, match="above 0"):
            split(table(("a", 0, 3)), longest_m=longest)


# -- gaps, overlaps, cover -----------------------------------------------------------------------


@PROPERTY
@given(events=tables("x"), extents=tables("z"))
def test_gaps_are_the_metres_without_an_event(events: pd.DataFrame, extents: pd.DataFrame) -> None:
    """Each extent keeps the metres on which nothing lies, with its own attributes."""
    result = gaps(events, extents)
    check_order(result)
    covered = {cell for row in events.itertuples() for cell in metres(row)}
    expected = {
        key: count for key, count in by_metre(extents, "z").items() if key[:2] not in covered
    }
    assert by_metre(result, "z") == Counter(expected)


def test_gaps_of_a_route_without_events_are_the_route() -> None:
    """A route on which nothing lies is one gap."""
    result = gaps(table(("a", 0, 5)), {"a": 8.0, "b": 3.0})
    assert result.to_numpy().tolist() == [["a", 5.0, 8.0], ["b", 0.0, 3.0]]


@PROPERTY
@given(events=tables("x"))
def test_overlaps_count_the_rows_on_each_metre(events: pd.DataFrame) -> None:
    """Every metre with two rows or more is told with their number, as few stretches as can be."""
    result = overlaps(events)
    check_order(result)
    rows_at = by_metre(events)
    expected = Counter({(*cell, count): 1 for cell, count in rows_at.items() if count > 1})
    assert by_metre(result, "count") == expected
    touch = (result["from_m"].to_numpy()[1:] == result["to_m"].to_numpy()[:-1]) & (
        result["route"].to_numpy()[1:] == result["route"].to_numpy()[:-1]
    )
    assert (np.diff(result["count"])[touch] != 0).all()


@PROPERTY
@given(events=tables("x"), onto=tables("y"))
def test_covered_length_counts_a_metre_once(events: pd.DataFrame, onto: pd.DataFrame) -> None:
    """However many events lie on a metre, it is one metre."""
    onto.index = pd.Index([f"row {i}" for i in range(len(onto))])
    covered = {cell for row in events.itertuples() for cell in metres(row)}
    expected = [sum(cell in covered for cell in metres(row)) for row in onto.itertuples()]
    result = cover_length(events, onto)
    assert result.tolist() == expected
    assert result.index.equals(onto.index)


def test_covered_length_of_whole_routes() -> None:
    """With lengths of routes the answer is indexed by route."""
    result = cover_length(table(("a", 0, 5), ("a", 3, 6)), {"a": 8.0, "b": 3.0})
    assert result.to_dict() == {"a": 6.0, "b": 0.0}


def test_extents_must_have_a_length() -> None:
    """A route without a length is named."""
    with pytest.raises(FaultsError, match="row b is empty"):
        gaps(table(("a", 0, 5)), {"a": 8.0, "b": 0.0})


# -- aggregate -----------------------------------------------------------------------------------


@PROPERTY
@given(events=tables("x"), onto=tables("y"))
def test_aggregates_agree_with_counting_metres(events: pd.DataFrame, onto: pd.DataFrame) -> None:
    """Mean, least, greatest and most common value are those of the metres."""
    values_at: dict[tuple[str, int], list[int]] = {}
    for row in events.itertuples():
        for cell in metres(row):
            values_at.setdefault(cell, []).append(row.x)
    results = {how: aggregate(events, onto, "x", how=how) for how in ("mean", "min", "max", "most")}  # type: ignore[arg-type] # literals in a tuple
    for i, row in enumerate(onto.itertuples()):
        values = [value for cell in metres(row) for value in values_at.get(cell, [])]
        if not values:
            assert all(pd.isna(result.iloc[i]) for result in results.values())
            continue
        assert results["mean"].iloc[i] == pytest.approx(np.mean(values))
        assert results["min"].iloc[i] == min(values)
        assert results["max"].iloc[i] == max(values)
        counts = Counter(values)
        most = min(value for value in counts if counts[value] == max(counts.values()))
        assert results["most"].iloc[i] == most


@PROPERTY
@given(events=tables("x"), onto=tables("y"), longest=st.floats(0.3, 5))
def test_aggregated_totals_do_not_depend_on_the_cuts(
    events: pd.DataFrame, onto: pd.DataFrame, longest: float
) -> None:
    """Over targets that fill the routes a total is kept, and splitting targets changes none."""
    whole = aggregate(events, EXTENTS, "x", how="sum")
    assert whole.sum() == pytest.approx(events["x"].sum())
    assert whole.index.tolist() == ["a", "b"]
    parts = split(onto.assign(owner=range(len(onto))), longest_m=longest)
    shared = aggregate(events, parts, "x", how="sum").groupby(parts["owner"]).sum()
    expected = aggregate(events, onto, "x", how="sum")
    np.testing.assert_allclose(shared.to_numpy(), expected.to_numpy(), atol=1e-9)


def test_traffic_onto_segments_by_hand() -> None:
    """Two thirds of a segment with 3,000 and a third with 6,000 make 4,000 on average."""
    traffic = table(("a", 0, 200), ("a", 200, 900), aadt=[3000, 6000])
    segments = table(("a", 0, 300), ("a", 850, 1000), ("b", 0, 10))
    result = aggregate(traffic, segments, "aadt")
    assert result.iloc[:2].tolist() == [4000, 6000]
    assert np.isnan(result.iloc[2])


def test_rows_without_a_value_do_not_count() -> None:
    """A missing value neither lowers a mean nor spoils a total."""
    events = table(("a", 0, 5), ("a", 5, 10), x=[4.0, np.nan])
    onto = table(("a", 0, 10))
    assert aggregate(events, onto, "x").tolist() == [4.0]
    assert aggregate(events, onto, "x", how="sum").tolist() == [4.0]
    assert aggregate(events, onto, "x", how="most").tolist() == [4.0]


def test_text_has_no_mean_but_a_most() -> None:
    """Words are refused by every way but the most common."""
    events = table(("a", 0, 5), ("a", 5, 7), pavement=["asphalt", "concrete"])
    assert aggregate(events, {"a": 7.0}, "pavement", how="most").tolist() == ["asphalt"]
    with pytest.raises(RoadplanError, match="pavement is not numeric"):
        aggregate(events, {"a": 7.0}, "pavement")


def test_an_unknown_aggregate_is_refused() -> None:
    """The message names the ways there are, and the attributes."""
    events = table(("a", 0, 5), x=[1])
    with pytest.raises(RoadplanError, match="use mean, sum, min, max or most"):
        aggregate(events, {"a": 7.0}, "x", how="median")  # type: ignore[arg-type] # the mistake under test
    with pytest.raises(RoadplanError, match="no attribute y"):
        aggregate(events, {"a": 7.0}, "y")


def test_many_rows_agree_with_pandas_intervals() -> None:
    """On 2,000 random rows the pairs are those pandas finds interval by interval."""
    rng = np.random.default_rng(3)
    begin = rng.uniform(0, 1000, (2, 1000))
    end = begin + rng.exponential(3, (2, 1000))
    left, right = (
        pd.DataFrame({"route": "a", "from_m": begin[k], "to_m": end[k], f"row{k}": range(1000)})
        for k in (0, 1)
    )
    index = pd.IntervalIndex.from_arrays(begin[1], end[1], closed="left")
    expected = {
        (i, int(j))
        for i in range(1000)
        for j in np.flatnonzero(index.overlaps(pd.Interval(begin[0][i], end[0][i], closed="left")))
    }
    result = overlay(left, right)
    assert set(zip(result["row0"], result["row1"], strict=True)) == expected
    assert len(result) == len(expected)
