"""Kilometre posts: reading, writing, and the stations they mean."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadplan.corridor.position import Position
from roadplan.corridor.posts import Post, Postings, format_km, read_post, read_station
from roadplan.errors import PostError


def breaks(*rows: tuple[str, str, float, float, float, float]) -> pd.DataFrame:
    """Return a break table from (posting, route, from_m, to_m, from_post_km, to_post_km)."""
    columns = ["posting", "route", "from_m", "to_m", "from_post_km", "to_post_km"]
    return pd.DataFrame(rows, columns=columns)


@pytest.fixture
def postings() -> Postings:
    """Give an old posting with a jump and a repeat, and a new one that runs backwards."""
    return Postings(
        breaks(
            ("old", "a", 0.0, 10_000.0, 100.0, 110.0),
            ("old", "a", 10_000.0, 15_000.0, 112.0, 117.2),
            ("old", "a", 15_000.0, 20_000.0, 115.0, 120.0),
            ("old", "b", 0.0, 5_000.0, 120.0, 125.0),
            ("new", "a", 0.0, 20_000.0, 20.0, 0.0),
        ),
        {"old": ("M-1", "М1")},
        same_place=lambda a, b: (
            a == b or {(a.route, a.station_m), (b.route, b.station_m)} == {("a", 2e4), ("b", 0.0)}
        ),
    )


@pytest.mark.parametrize(
    ("text", "km", "posting"),
    [
        ("m36:1610+250", 1610.25, "m36"),
        ("км 1610+250", 1610.25, ""),
        ("КМ1610+250", 1610.25, ""),
        ("km 1610 + 250 m", 1610.25, ""),
        ("1610 км ПК2+50", 1610.25, ""),
        ("1610 км пк2", 1610.2, ""),
        ("1610км ПК 2 + 50", 1610.25, ""),
        ("1610 км, ПК2+50", 1610.25, ""),
        ("KAZ01 km 248", 248.0, "KAZ01"),
        ("КАЗ01 км 248,5", 248.5, "КАЗ01"),
        ("М-36 1610+250", 1610.25, "М-36"),
        ("M 36 km 1610", 1610.0, "M 36"),
        ("1610 км 250 м", 1610.25, ""),
        ("m36:1610.25", 1610.25, "m36"),
        ("\u00a01610\u00a0км ", 1610.0, ""),
        ("248-шақырым"[:3], 248.0, ""),
    ],
)
def test_a_post_is_read_in_every_way_people_write_it(text: str, km: float, posting: str) -> None:
    """Posts with plus, picket, unit, comma and posting in front mean the same number."""
    said = read_post(text)
    assert said.km == pytest.approx(km, abs=1e-12)
    assert said.posting == posting


@pytest.mark.parametrize(
    "text",
    ["", "  ", "abc", "-5", "1e5", "nan", "ПК2", "m36:", "1610+", "1610++2", "1610 250 м", "1:2:3"],
)
def test_what_is_no_post_is_refused_with_examples(text: str) -> None:
    """A text that is no post is an error that shows how to write one."""
    with pytest.raises(PostError, match="post"):
        read_post(text)


@pytest.mark.parametrize("text", ["1610+1000", "1610 км 1000 м", "1610 км ПК12", "1610 км ПК2+100"])
def test_metres_beyond_the_kilometre_are_refused(text: str) -> None:
    """Metres or pickets that reach the next kilometre are an error, never carried over."""
    with pytest.raises(PostError, match=text.split("+", maxsplit=1)[0][:4]):
        read_post(text)


def test_a_decimal_kilometre_takes_no_metres() -> None:
    """1610.5+250 could mean two things and is refused."""
    with pytest.raises(PostError, match="decimal"):
        read_post("1610.5+250")


def test_a_station_is_read() -> None:
    """route@metres is a station; anything else is not."""
    assert read_station("main@118000.5") == ("main", 118000.5)
    assert read_station("m36:1610") is None


@pytest.mark.parametrize(
    ("km", "text"), [(1610.25, "1610+250"), (1610.9999, "1611+000"), (0, "0+000")]
)
def test_a_post_is_written_to_the_metre(km: float, text: str) -> None:
    """Metres are rounded and carried into the kilometre."""
    assert format_km(km) == text


@given(st.integers(0, 9_999_999))
def test_writing_and_reading_a_post_is_exact(metres: int) -> None:
    """Every post on a whole metre is read back as the same number."""
    assert read_post(format_km(metres / 1000)).km == metres / 1000


def test_a_posting_is_known_by_its_aliases_in_either_alphabet(postings: Postings) -> None:
    """M-1, m1 and Cyrillic М-1 are one posting."""
    assert {postings.resolve(name) for name in ("old", "M-1", "m1", "М-1", "OLD")} == {"old"}


def test_an_unknown_posting_names_the_known_ones(postings: Postings) -> None:
    """The error for an unknown posting lists those there are."""
    with pytest.raises(PostError, match="old, new"):
        postings.position("a9:100")


def test_calibration_marks_are_met_exactly(postings: Postings) -> None:
    """The post at each end of each break lies at its station."""
    for row in postings.breaks.itertuples():
        for station, km in ((row.from_m, row.from_post_km), (row.to_m, row.to_post_km)):
            found = postings.candidates(Post(row.posting, km), route=row.route)
            assert min(abs(p.station_m - station) for p in found) < 1e-6


def test_a_repeated_post_is_ambiguous_and_lists_its_places(postings: Postings) -> None:
    """Post 116 stands twice on one route; both stations are named."""
    with pytest.raises(PostError, match=r"ambiguous.*a@13846.*a@16000"):
        postings.position("old:116")


def test_a_missing_post_gives_the_ranges(postings: Postings) -> None:
    """Post 111 falls into a jump; the error gives the runs there are."""
    with pytest.raises(PostError, match=r"nowhere.*old:100\+000 to 110\+000.*112\+000"):
        postings.position("old:111")


def test_a_post_out_of_range_gives_the_ranges(postings: Postings) -> None:
    """A post beyond the end names the valid range."""
    with pytest.raises(PostError, match=r"nowhere.*new:20\+000 to 0\+000 on a"):
        postings.position("new:21")


def test_a_post_without_posting_is_taken_where_it_means_one_place(postings: Postings) -> None:
    """105 is an old post only; 5 is a new one only."""
    assert postings.position("105") == Position("a", 5000.0)
    assert postings.position("5") == Position("a", 15000.0)


def test_a_posting_may_run_against_the_stations(postings: Postings) -> None:
    """Falling posts are interpolated as rising ones are."""
    assert postings.position("new:15").station_m == pytest.approx(5000)
    assert postings.post_km("new", "a", 5000.0) == pytest.approx(15)


def test_the_end_of_one_route_and_the_start_of_the_next_are_one_place(postings: Postings) -> None:
    """A post at a junction is no ambiguity."""
    assert postings.position("old:120") == Position("a", 20_000.0)
    assert postings.position("old:120@b") == Position("b", 0.0)


@given(st.floats(0, 20_000))
def test_station_to_post_and_back(station: float) -> None:
    """A station turned into a post is among the places of that post."""
    table = breaks(
        ("old", "a", 0.0, 10_000.0, 100.0, 110.0),
        ("old", "a", 10_000.0, 15_000.0, 112.0, 117.2),
        ("old", "a", 15_000.0, 20_000.0, 115.0, 120.0),
    )
    postings = Postings(table)
    km = float(postings.post_km("old", "a", station))
    assert min(abs(p.station_m - station) for p in postings.candidates(Post("old", km))) < 1e-5


def test_posts_at_many_stations_come_in_one_call(postings: Postings) -> None:
    """Posts are vectorised; a station out of reach gives NaN, a break the row that begins."""
    km = postings.post_km("old", "a", [0.0, 9_999.0, 10_000.0, 20_000.0, 20_001.0, -1.0])
    np.testing.assert_allclose(km, [100, 109.999, 112, 120, np.nan, np.nan])


def test_the_residual_of_each_stretch_is_told(postings: Postings) -> None:
    """5.0 km drawn for 5.2 km of posts is 200 m short."""
    assert postings.residuals()["residual_m"].round(6).tolist() == [0, -200, 0, 0, 0]


def test_the_end_of_a_road_has_its_post(postings: Postings) -> None:
    """Tables hold millimetres: a route may end a fraction of one beyond its last break."""
    assert [str(p) for p in postings.posts(Position("b", 5000.0004))] == ["old:125+000"]
    assert postings.posts(Position("b", 5000.01)) == []
