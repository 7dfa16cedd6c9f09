from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from roadplan.corridor import Corridor
from roadplan.errors import RoadplanError
from roadplan.i18n import LANGUAGES, translate
from roadplan.maps import corridor_map
from roadplan.maps.layers import texts_of
from roadplan.maps.progress_layer import CLASSES, add_progress, completion_class, progress_layers
from roadplan.progress import AsOf, History, Report, StoredReport, status, work_items
from roadplan.progress.rollup import Status


@pytest.fixture(scope="module")
def state(road: Corridor) -> Status:
    """Give the state of the road after three reports."""
    items = work_items(road)
    base = [item for item in items if item.work_type == "base"]
    said = {"work_date": date(2024, 5, 1), "author": "A", "source": "call", "work_type": "base"}
    places = [{"route": item.route, "from_m": item.from_m, "to_m": item.to_m} for item in base[:3]]
    half = places[1] | {"to_m": (places[1]["from_m"] + places[1]["to_m"]) / 2}
    reports = [
        Report(**said, **places[0]),
        Report(**said, **half),
        Report(**said, **places[2], standing="estimated"),
    ]
    stored = [
        StoredReport(seq=k, recorded_at=datetime(2024, 5, 2, tzinfo=UTC), report=each, hash="")
        for k, each in enumerate(reports, start=1)
    ]
    return status(items, History.from_reports(stored), AsOf(date(2024, 6, 1)))


def test_classes_come_from_completion_and_standing() -> None:
    """No report and estimated stand by themselves."""
    values = [float("nan"), 0.0, 0.2, 0.7, 1.0]
    found = [completion_class(value, estimated=False) for value in values]
    assert found == ["none", "zero", "some", "most", "done"]
    assert completion_class(1.0, estimated=True) == "estimated"


def test_each_report_shows_in_its_class(road: Corridor, state: Status) -> None:
    """Done, half done, estimated; everything else has no report."""
    (layer,) = progress_layers(road, state, work_types=["base"])
    classes = [feature.properties["class"] for feature in layer.features]
    assert classes[:3] == ["done", "most", "estimated"]
    assert set(classes[3:]) == {"none"}
    assert "percent" not in layer.features[5].as_dict()["properties"]


def test_every_work_type_on_the_road_has_a_layer(road: Corridor, state: Status) -> None:
    """Procurement has none; all are off at first, so that one is chosen."""
    layers = progress_layers(road, state)
    ids = {layer.id for layer in layers}
    assert {"progress-upper-asphalt", "progress-bridge", "progress-rest-area"} <= ids
    assert not any("supply" in name for name in ids)
    assert not any(layer.visible for layer in layers)


def test_classes_differ_in_more_than_colour(road: Corridor, state: Status) -> None:
    """Lines by dashes, things by shape."""
    line, thing = progress_layers(road, state, work_types=["base", "bridge"])
    assert len({tuple(line.styles[name].dash_px) for name in CLASSES}) == len(CLASSES)
    assert len({thing.styles[name].symbol for name in CLASSES}) == len(CLASSES)


def test_an_unknown_work_type_is_told(road: Corridor, state: Status) -> None:
    """The message names those that lie on the road."""
    with pytest.raises(RoadplanError, match="upper-asphalt"):
        progress_layers(road, state, work_types=["gold"])


def test_all_texts_are_translated(road: Corridor, state: Status) -> None:
    """In Russian and Kazakh no English sentence is left."""
    texts = texts_of(progress_layers(road, state)) - {"{n} %"}
    for language in set(LANGUAGES) - {"en"}:
        left = [t for t in texts if translate(t, language, "progress_charts") == t]
        assert not left, left


def test_the_layers_go_onto_the_page(road: Corridor, state: Status) -> None:
    """With their catalogue, in one document that still needs no network."""
    page = add_progress(corridor_map(road), road, state, work_types=["base", "bridge"])
    html = page.to_html()
    assert "progress-base" in html
    assert "progress_charts" in page.domains
