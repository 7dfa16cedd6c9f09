"""Freight scenarios."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import numpy as np
import pytest

from roadplan.corridor import Corridor
from roadplan.corridor.position import Position
from roadplan.errors import RoadplanError
from roadplan.traffic import Freight, Segments, freight_trucks_day, load_parameters
from roadplan.traffic.demand import HEAVY, LIGHT
from roadplan.traffic.freight import add_freight

PARAMETERS = load_parameters()
MONDAY = datetime(2025, 1, 13, tzinfo=timezone(timedelta(hours=5)))


def test_a_plant_becomes_lorries() -> None:
    """A million tonnes a year at 25 t and 250 days: 160 loads a day, 320 trips."""
    assert freight_trucks_day(1e6, PARAMETERS, payload_t=25, working_days=250) == 320
    loaded = freight_trucks_day(1e6, PARAMETERS, payload_t=25, working_days=250,
                                returns_empty=False)  # fmt: skip
    assert loaded == 160
    with pytest.raises(RoadplanError, match="tonnes a year"):
        freight_trucks_day(-1, PARAMETERS)
    with pytest.raises(RoadplanError, match="payload"):
        freight_trucks_day(1, PARAMETERS, payload_t=0)


def test_freight_drives_on_its_road_only() -> None:
    """240 lorries a day are 120 each way on the segment used, none on the other."""
    plant = Freight(name="plant", trucks_day=240.0, used=np.array([True, False]))
    flow = add_freight(np.zeros((24, 2, 2, 2)), plant, start=MONDAY, parameters=PARAMETERS)
    assert flow[:, 0, :, HEAVY].sum(axis=0) == pytest.approx([120.0, 120.0])
    assert flow[:, 1].sum() == 0
    assert flow[..., LIGHT].sum() == 0
    with pytest.raises(RoadplanError, match="is for 2 segments; there are 3"):
        add_freight(np.zeros((24, 3, 2, 2)), plant, start=MONDAY, parameters=PARAMETERS)


def test_freight_between_places_uses_the_shortest_way(road: Corridor) -> None:
    """From Balkhash's bypass to Konaev it uses the main road to Kurty and the branch."""
    segments = Segments.from_frame(road.table("segments"))
    found = Freight.between(
        "plant", 100.0, road, segments,
        start=Position("main", 400_000.0), end=Position("kurty-konaev", 57_000.0),
    )  # fmt: skip
    routes = {route for route, used in zip(segments.route, found.used, strict=True) if used}
    assert routes == {"main", "kurty-konaev"}
    on_main = np.array([route == "main" for route in segments.route]) & found.used
    assert segments.from_m[on_main].min() == pytest.approx(400_000.0, abs=10_000.0)
    assert segments.to_m[on_main].max() == pytest.approx(889_680.0, abs=10.0)


def test_freight_that_makes_no_sense_is_refused() -> None:
    """No segment, or a negative number of lorries."""
    with pytest.raises(RoadplanError, match="uses no segment"):
        Freight(name="x", trucks_day=1.0, used=np.array([False]))
    with pytest.raises(RoadplanError, match="lorries a day"):
        Freight(name="x", trucks_day=-1.0, used=np.array([True]))
