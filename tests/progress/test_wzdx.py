"""The WZDx 4.2 feed, and the schema that states its rules."""

from __future__ import annotations

import copy
import datetime as dt
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from roadplan.corridor import Corridor
from roadplan.errors import FaultsError, RoadplanError
from roadplan.progress import (
    AsOf,
    Baseline,
    Ledger,
    Planned,
    Report,
    WorkItems,
    create_ledger,
    report_on,
    work_items,
)
from roadplan.progress.wzdx import (
    Feed,
    feed_faults,
    feed_schema,
    feed_text,
    work_zone_feed,
)

Day = dt.date
TODAY = AsOf(Day(2024, 6, 1))
NOW = dt.datetime(2024, 6, 2, 7, 30, tzinfo=dt.UTC)
UNTIL = Day(2025, 11, 30)


@pytest.fixture(scope="module")
def work(road: Corridor) -> WorkItems:
    """Give the work of the shipped corridor."""
    return work_items(road)


@pytest.fixture
def book(tmp_path: Path, work: WorkItems) -> Iterator[Ledger]:
    """Give a ledger with a segment begun, an overpass begun and its bypass road in use."""
    said: dict[str, Any] = {"author": "A", "source": "act", "work_date": Day(2024, 5, 1)}
    segment = next(item for item in work if item.work_type == "earthworks")
    middle = (segment.from_m + segment.to_m) / 2
    with create_ledger(tmp_path / "works.ledger") as ledger:
        ledger.append(
            [
                report_on(segment, to_m=middle, **said),
                Report(
                    work_type="farm-crossing",
                    asset="kb-farm-crossing-01",
                    stage="supports",
                    **{**said, "standing": "estimated"},
                ),
                Report(
                    work_type="detour", asset="detour-kb-farm-crossing-01", stage="opened", **said
                ),
                Report(work_type="bridge", asset="kb-bridge-01", stage="finished", **said),
            ]
        )
        yield ledger


@pytest.fixture
def make(book: Ledger, road: Corridor, work: WorkItems) -> Callable[..., Feed]:
    """Give a function that makes the feed of that ledger."""

    def call(**options: Any) -> Feed:
        wanted = {"publisher": "Road operator", "generated_at": NOW, "until": UNTIL, **options}
        return work_zone_feed(book, road, work, TODAY, **wanted)

    return call


def _events(feed: Feed, kind: str) -> list[dict[str, Any]]:
    return [
        feature
        for feature in feed.feed["features"]
        if feature["properties"]["core_details"]["event_type"] == kind
    ]


def test_unfinished_work_and_bypass_roads(make: Callable[..., Feed]) -> None:
    """Two zones and a detour, each in both directions; what is finished makes none."""
    feed = make()
    assert dict(feed.counts) == {"work_zones": 2, "detours": 1, "features": 6}
    assert len(_events(feed, "work-zone")) == 4
    assert len(_events(feed, "detour")) == 2
    assert "nobody reported" in feed.notes[0]
    info = feed.feed["feed_info"]
    assert (info["version"], info["publisher"]) == ("4.2", "Road operator")
    assert info["update_date"] == "2024-06-02T07:30:00Z"


def test_the_feed_follows_the_schema(make: Callable[..., Feed]) -> None:
    """Checked by jsonschema, with formats, on the text as written."""
    written = json.loads(feed_text(make(contact_email="road@example.org").feed))
    jsonschema.validate(
        written,
        feed_schema(),
        cls=jsonschema.Draft202012Validator,
        format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER,
    )


def test_dates_are_local_days_in_utc_and_verified_only_as_reported(
    make: Callable[..., Feed],
) -> None:
    """Midnight in UTC+5 is 19:00 UTC the day before; an estimated start is not verified."""
    zone, _, crossing, _ = _events(make(), "work-zone")
    assert zone["properties"]["start_date"] == "2024-04-30T19:00:00Z"
    assert zone["properties"]["end_date"] == "2025-11-30T19:00:00Z"
    assert zone["properties"]["is_start_date_verified"] is True
    assert zone["properties"]["is_end_date_verified"] is False
    assert crossing["properties"]["is_start_date_verified"] is False


def test_geometry_runs_with_the_traffic(make: Callable[..., Feed]) -> None:
    """The second feature of a zone is the first one backwards, in the other direction."""
    there, back, *_ = _events(make(), "work-zone")
    line = there["geometry"]["coordinates"]
    assert line == back["geometry"]["coordinates"][::-1]
    assert 73.1 < line[0][0] < 73.2
    assert 49.7 < line[0][1] < 49.9
    assert all(round(number, 7) == number for point in line for number in point)
    directions = [each["properties"]["core_details"]["direction"] for each in (there, back)]
    assert directions == ["southbound", "northbound"]
    posts = there["properties"]["beginning_milepost"], there["properties"]["ending_milepost"]
    assert posts[0] == pytest.approx(1492.4)
    assert posts[0] < posts[1]


def test_a_detour_and_its_structure_name_each_other(make: Callable[..., Feed]) -> None:
    """They are related by their ids; while the bypass road is used the road itself is closed."""
    feed = make()
    *_, crossing, _ = _events(feed, "work-zone")
    detour, _ = _events(feed, "detour")
    related = crossing["properties"]["core_details"]["related_road_events"]
    assert related == [{"type": "related-detour", "id": detour["id"]}]
    assert detour["properties"]["core_details"]["related_road_events"] == [
        {"type": "related-work-zone", "id": crossing["id"]}
    ]
    assert crossing["properties"]["vehicle_impact"] == "all-lanes-closed"
    assert "vehicle_impact" not in detour["properties"]
    assert "(estimated)" in crossing["properties"]["core_details"]["description"]


def test_ids_stay_the_same_from_feed_to_feed(make: Callable[..., Feed]) -> None:
    """A navigation service must know an event again."""
    later = make(generated_at=NOW + dt.timedelta(days=1))
    assert [f["id"] for f in make().feed["features"]] == [f["id"] for f in later.feed["features"]]
    assert len({f["id"] for f in later.feed["features"]}) == 6


def test_a_baseline_gives_the_end_and_plans_zones(make: Callable[..., Feed], book: Ledger) -> None:
    """Planned work makes a zone that begins no sooner than tomorrow."""
    plan = {
        "farm-crossing:kb-farm-crossing-01": Planned(
            start=Day(2024, 4, 1), finish=Day(2024, 9, 30), quantity=1
        ),
        "bridge:kb-bridge-02": Planned(start=Day(2024, 4, 1), finish=Day(2024, 8, 31), quantity=1),
        "bridge:bk-bridge-01": Planned(start=Day(2025, 4, 1), finish=Day(2025, 8, 31), quantity=1),
    }
    book.append_baseline(Baseline(version=1, items=plan, author="P", source="plan"))
    feed = make()
    zones = _events(feed, "work-zone")
    assert len(zones) == 8
    dates = {
        (each["properties"]["start_date"][:10], each["properties"]["end_date"][:10])
        for each in zones
        if "planned, no report" in each["properties"]["core_details"]["description"]
    }
    assert dates == {("2024-06-01", "2024-08-31"), ("2025-03-31", "2025-08-31")}
    (end,) = {
        each["properties"]["end_date"]
        for each in zones
        if "Farm-machinery overpass" in each["properties"]["core_details"]["name"]
    }
    assert end == "2024-09-30T19:00:00Z"
    detour, _ = _events(feed, "detour")
    assert detour["properties"]["end_date"][:10] == "2024-09-30"


def test_an_unknown_end_is_asked_for(make: Callable[..., Feed]) -> None:
    """No end is invented."""
    with pytest.raises(RoadplanError, match=r"the end of 3 unfinished items is not known"):
        make(until=None)
    with pytest.raises(RoadplanError, match="give a later day"):
        make(until=Day(2024, 6, 1))


def test_wrong_particulars_are_refused(make: Callable[..., Feed]) -> None:
    """A publisher without name, an address that is none."""
    with pytest.raises(RoadplanError, match="publisher"):
        make(publisher=" ")
    with pytest.raises(FaultsError, match="contact_email"):
        make(contact_email="nobody")


def test_an_empty_ledger_gives_an_empty_feed(
    road: Corridor, work: WorkItems, tmp_path: Path
) -> None:
    """No report is no work zone."""
    with create_ledger(tmp_path / "empty.ledger") as ledger:
        feed = work_zone_feed(ledger, road, work, TODAY, publisher="P", generated_at=NOW)
    assert feed.counts["features"] == 0
    assert json.loads(feed_text(feed.feed))["features"] == []


def _remove(*path: str | int) -> Callable[[Any], None]:
    def change(feed: Any) -> None:
        for key in path[:-1]:
            feed = feed[key]
        del feed[path[-1]]

    return change


def _put(value: object, *path: str | int) -> Callable[[Any], None]:
    def change(feed: Any) -> None:
        for key in path[:-1]:
            feed = feed[key]
        feed[path[-1]] = value

    return change


_WORK: tuple[str | int, ...] = ("features", 0, "properties")
_DETOUR: tuple[str | int, ...] = ("features", -1, "properties")


@pytest.mark.parametrize(
    "change",
    [
        _remove("feed_info"),
        _remove("feed_info", "publisher"),
        _remove("feed_info", "update_date"),
        _put("4.1", "feed_info", "version"),
        _put([], "feed_info", "data_sources"),
        _put("http://example.org", "feed_info", "license"),
        _put("Feature", "type"),
        _put({"type": "name"}, "crs"),
        _remove("features", 0, "id"),
        _put({"type": "Polygon", "coordinates": []}, "features", 0, "geometry"),
        _put(None, "features", 0, "geometry"),
        _put([[200.0, 0.0], [1.0, 1.0]], "features", 0, "geometry", "coordinates"),
        _put([[73.0, 49.0]], "features", 0, "geometry", "coordinates"),
        _remove(*_WORK, "core_details"),
        _put("restriction", *_WORK, "core_details", "event_type"),
        _put("north", *_WORK, "core_details", "direction"),
        _put([], *_WORK, "core_details", "road_names"),
        _remove(*_WORK, "core_details", "data_source_id"),
        _remove(*_WORK, "start_date"),
        _put("2024-05-01", *_WORK, "start_date"),
        _remove(*_WORK, "is_start_date_verified"),
        _remove(*_WORK, "is_end_position_verified"),
        _remove(*_WORK, "location_method"),
        _put("closed", *_WORK, "vehicle_impact"),
        _put([{"type_name": "paving"}], *_WORK, "types_of_work"),
        _put([{"type": "no-trucks", "value": 3}], *_WORK, "restrictions"),
        _put([{"order": 0, "status": "open", "type": "general"}], *_WORK, "lanes"),
        _remove(*_DETOUR, "end_date"),
        _remove(*_DETOUR, "is_end_date_verified"),
    ],
)
def test_the_schema_refuses_what_the_standard_forbids(
    make: Callable[..., Feed], change: Callable[[Any], None]
) -> None:
    """Each documented rule, broken alone, is found."""
    feed: Any = copy.deepcopy(dict(make().feed))
    assert feed_faults(feed) == []
    change(feed)
    assert feed_faults(feed)


def test_the_names_that_were_replaced_are_still_allowed(make: Callable[..., Feed]) -> None:
    """A start that is verified may be said in the way of version 4.1."""
    feed: Any = copy.deepcopy(dict(make().feed))
    event = feed["features"][0]["properties"]
    event["start_date_accuracy"] = "verified"
    del event["is_start_date_verified"]
    assert feed_faults(feed) == []
