"""Reports: what they may state, and the bytes that prove them."""

from __future__ import annotations

import datetime as dt
import hashlib
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadplan.errors import RoadplanError
from roadplan.progress import Report, StoredReport, WorkItem, correction, report_on, withdrawal
from roadplan.progress.report import canonical, content_id

DAY = dt.date(2024, 5, 1)
SAID = {"work_date": DAY, "author": "Office", "source": "sheet"}


def base(**stated: object) -> Report:
    """Return a report on a stretch."""
    values = {"route": "main", "from_m": 0.0, "to_m": 10.0, **SAID, **stated}
    return Report(work_type="base", **values)


@pytest.mark.parametrize(
    ("stated", "why"),
    [
        ({"from_m": 10.0}, "empty or reversed"),
        ({"from_m": -1.0}, "empty or reversed"),
        ({"to_m": math.nan}, "no number"),
        ({"to_m": math.inf}, "no number"),
        ({"to_m": "ten"}, "no number"),
        ({"to_m": None}, "its route, its beginning and its end"),
        ({"route": ""}, "its route, its beginning and its end"),
        ({"asset": "b1"}, "either a stretch of a route or an asset"),
        ({"route": "", "from_m": None, "to_m": None}, "either a stretch"),
        ({"quantity": -1}, "negative"),
        ({"side": "up"}, "none of both, left, right"),
        ({"standing": "rumour"}, "none of reported"),
        ({"author": "  "}, "needs its author"),
        ({"source": ""}, "needs its source"),
        ({"note": "a\x00b"}, "control character"),
        ({"note": "\ud800"}, "control character"),
        ({"note": "x" * 10_001}, "10,001 characters"),
        ({"note": 5}, "is no text"),
        ({"work_date": "2024-05-01"}, "no day"),
        ({"work_date": dt.datetime(2024, 5, 1)}, "no day"),  # noqa: DTZ001 - refused as such
        ({"work_date": dt.date(204, 5, 1)}, "cannot be meant"),
        ({"withdrawn": True}, "must name the report"),
        ({"id": "a", "supersedes": "a"}, "cannot correct itself"),
    ],
)
def test_what_cannot_be_meant_is_refused(stated: dict[str, object], why: str) -> None:
    """Each is told in words."""
    with pytest.raises(RoadplanError, match=why):
        base(**stated)


def test_the_id_follows_from_the_content() -> None:
    """The same content has the same id, any other another; blanks and Unicode forms do not tell."""
    assert base().id == base(note=" ").id
    assert base(author="Кенжеғали й").id == base(author="Кенжеғали и\u0306").id
    others = [
        base(to_m=11.0),
        base(side="left"),
        base(note="x"),
        base(quantity=0.0),
        base(author="B"),
        base(work_date=dt.date(2024, 5, 2)),
    ]
    assert len({base().id, *(other.id for other in others)}) == 7
    assert base(quantity=-0.0) == base(quantity=0.0)
    assert base(id="mine").id == "mine"


def test_the_proven_bytes_do_not_change_between_versions() -> None:
    """Ledgers written once must be proven for ever, so these bytes are fixed."""
    expected = (
        '{"asset":"","author":"Office","from_m":0.1,"note":"","quantity":null,"route":"main",'
        '"side":"both","source":"ә","stage":"","standing":"reported","supersedes":"","to_m":10.0,'
        '"withdrawn":false,"work_date":"2024-05-01","work_type":"base"}'
    ).encode()
    report = base(from_m=0.1, source="ә")
    assert canonical(report.content()) == expected
    assert content_id(report) == report.id == hashlib.sha256(expected).hexdigest()[:24]


@given(
    st.floats(0, 1e6),
    st.floats(0.001, 1e5),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20),
)
def test_a_stored_report_comes_back_from_plain_values(a: float, length: float, note: str) -> None:
    """What is written as a dictionary is read back the same."""
    report = base(from_m=a, to_m=a + length, note=note)
    stored = StoredReport(
        seq=3, recorded_at=dt.datetime(2024, 6, 1, 12, 0, 0, 5, dt.UTC), report=report, hash="ab"
    )
    assert StoredReport.from_dict(stored.as_dict()) == stored


def test_corrections_and_withdrawals_name_what_they_change() -> None:
    """A correction keeps what is not stated anew; a withdrawal states nothing."""
    wrong = base(note="first")
    right = correction(wrong, to_m=5.0)
    assert (right.supersedes, right.to_m, right.note, right.author) == (
        wrong.id,
        5.0,
        "first",
        "Office",
    )
    gone = withdrawal(right, author="Chief", note="not built")
    assert (gone.supersedes, gone.withdrawn, gone.author) == (right.id, True, "Chief")
    assert len({wrong.id, right.id, gone.id}) == 3


def test_a_report_on_an_item_takes_its_place() -> None:
    """Along the road the stretch, else the asset; a part may be given."""
    along = WorkItem(id="base:s", work_type="base", place="s", route="r", from_m=5, to_m=9)
    assert report_on(along, **SAID, from_m=7).from_m == 7
    bridge = WorkItem(id="bridge:b", work_type="bridge", place="b", asset="b", route="r")
    assert report_on(bridge, **SAID, stage="deck").asset == "b"
