"""Which numbers move the expected delay of a storm."""

from __future__ import annotations

import pytest

from roadplan.corridor import Corridor
from roadplan.errors import FaultsError, RoadplanError
from roadplan.traffic import load_parameters as traffic_parameters
from roadplan.traffic.storm_sensitivity import RANGES, Range, storm_sensitivity
from roadplan.weather import load_parameters as snow_parameters


def test_ranges_hold_the_default_and_are_allowed() -> None:
    """A range that does not hold the default, or a value out of bounds, would mislead."""
    for item in RANGES:
        if item.model == "demand":
            assert item.low < 1 < item.high
            continue
        load = snow_parameters if item.model == "snow" else traffic_parameters
        defaults = load().table().set_index("name")["value"]
        assert item.low < float(defaults[item.name]) < item.high
        load({item.name: item.low})
        load({item.name: item.high})


def test_the_swing_is_the_difference_of_the_two_ends(road: Corridor) -> None:
    """Widest first; more traffic and denser snow have the signs they must have."""
    chosen = [item for item in RANGES if item.name in {"daily traffic", "density_new_kg_m3"}]
    table = storm_sensitivity(road, "wet-snow", ranges=chosen, members=2, draws=2)
    assert table["swing_veh_h"].abs().is_monotonic_decreasing
    assert (table["at_high_veh_h"] - table["at_low_veh_h"]).tolist() == pytest.approx(
        table["swing_veh_h"].tolist()
    )
    by_name = table.set_index("name")["swing_veh_h"]
    assert by_name["daily traffic"] > 0
    assert by_name["density_new_kg_m3"] < 0


def test_faults_are_told(road: Corridor) -> None:
    """Nothing to change, or a number that there is not."""
    with pytest.raises(RoadplanError, match="at least one number"):
        storm_sensitivity(road, "mild-night", ranges=())
    strange = Range(model="snow", name="magic", low=0, high=1, why="a test")
    with pytest.raises(FaultsError, match="magic"):
        storm_sensitivity(road, "mild-night", ranges=[strange], members=1, draws=1)
