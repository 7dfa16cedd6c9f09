"""Jams that were reported, in order of magnitude, and what moves them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from roadplan.corridor.load import shipped_folder
from roadplan.errors import FaultsError, RoadplanError
from roadplan.traffic import load_parameters
from roadplan.traffic.documented import (
    INPUTS,
    DocumentedJam,
    compare,
    documented_jams,
    sensitivity,
    simulate_jam,
)

WITHIN = 4.0
"""Factor within which the model must come to a reported figure; inputs are mostly assumed."""

HELD = "karaganda-31-december"
STUCK = "kan-etsu-inbound-2020"


@pytest.fixture(scope="module")
def jams() -> dict[str, DocumentedJam]:
    """Give the shipped cases."""
    return documented_jams()


def test_reported_jams_come_out_in_order_of_magnitude(jams: dict[str, DocumentedJam]) -> None:
    """Vehicles, people and kilometres of every case, with inputs that were never fitted."""
    table = compare(jams)
    assert set(table["case"]) == set(jams)
    assert len(table) >= 6
    assert ((table["ratio"] > 1 / WITHIN) & (table["ratio"] < WITHIN)).all(), table.to_string()


def test_the_stretch_of_both_directions_comes_out(jams: dict[str, DocumentedJam]) -> None:
    """48 miles: the queues from miles 133 and 136 outwards, and the three miles between."""
    both = [simulate_jam(jams[f"i95-{way}-2022"]).jam_km for way in ("northbound", "southbound")]
    stretch = sum(both) + 3 * 1.609344
    assert 1 / WITHIN < stretch / (48 * 1.609344) < WITHIN


def test_every_figure_says_where_it_comes_from(jams: dict[str, DocumentedJam]) -> None:
    """Outcomes are reported; an assumed input says that it is assumed, or by which rule."""
    for jam in jams.values():
        assert jam.outcomes
        assert all(figure.standing == "reported" for figure in jam.outcomes.values())
        assert set(jam.inputs) == set(INPUTS)
        for figure in (*jam.inputs.values(), *jam.outcomes.values()):
            assert len(figure.source) > 10
            if np.isfinite(figure.low):
                assert figure.low <= figure.value <= figure.high


def test_vehicles_held_are_those_that_came(jams: dict[str, DocumentedJam]) -> None:
    """By hand: half of 12,000 a day each way, lorries alone, which no weather keeps at home.

    On working days lorries are 1.08 of the mean: (7 - 2 * 0.8) / 5.
    """
    jam = jams[STUCK].changed("daily_veh", 12_000.0).changed("truck_share", 1.0)
    jam = jam.changed("bus_share", 0.0).changed("arrivals_h", 24.0).changed("approach_km", 150.0)
    result = simulate_jam(jam)
    p = load_parameters()
    # The run begins three hours before the blockage; 150 km at 48 km/h take longer than that,
    # so nobody was past it.
    clock = (15 + np.arange(27)) % 24
    came = 6_000 * 1.08 * p.hour_share[clock, 1].sum()
    assert result.vehicles == pytest.approx(came, rel=0.01)


def test_a_jam_is_as_long_as_its_vehicles(jams: dict[str, DocumentedJam]) -> None:
    """Vehicles times their room over the lanes, where the mix of lorries is known."""
    jam = jams[STUCK].changed("truck_share", 1.0).changed("bus_share", 0.0)
    result = simulate_jam(jam)
    lorries_km = result.vehicles * load_parameters()["spacing_heavy_m"] / 1000 / jam["lanes"]
    assert result.jam_km == pytest.approx(lorries_km, rel=0.06)


@pytest.mark.parametrize("name", [HELD, STUCK])
def test_less_traffic_or_a_shorter_wave_of_it_holds_fewer(
    jams: dict[str, DocumentedJam], name: str
) -> None:
    """Neither fewer vehicles a day nor an earlier end of arrivals lengthens a jam."""
    jam = jams[name]
    whole = simulate_jam(jam)
    for less in (
        jam.changed("daily_veh", 0.7 * jam["daily_veh"]),
        jam.changed("arrivals_h", 0.5 * jam["arrivals_h"]),
        jam.changed("snowfall_cm", jam["snowfall_cm"] + 20.0),
    ):
        result = simulate_jam(less)
        assert result.vehicles <= whole.vehicles + 1e-6
        assert result.jam_km <= whole.jam_km + 1e-6


def test_a_barrier_keeps_the_road_free_while_there_is_room(
    jams: dict[str, DocumentedJam],
) -> None:
    """With places for all who come, they wait beside the road and no jam stands on it."""
    held = simulate_jam(jams[HELD].changed("waiting_places", 5_000.0))
    assert held.jam_km < 0.5
    assert held.vehicles > 500


def test_the_jam_is_gone_after_the_end_of_the_blockage(jams: dict[str, DocumentedJam]) -> None:
    """Never before it, and within hours once the road is open."""
    for jam in jams.values():
        assert jam["blocked_h"] <= simulate_jam(jam).last_h < jam["blocked_h"] + 12


def test_sensitivity_changes_one_thing_at_a_time(jams: dict[str, DocumentedJam]) -> None:
    """The widest swing first; what has a range is in it, and so are the model's own numbers."""
    table = sensitivity(jams[STUCK], "vehicles")
    assert table["swing"].is_monotonic_decreasing
    assert {"daily_veh", "arrivals_h", "least_demand_share"} <= set(table["changed"])
    row = table.set_index("changed").loc["daily_veh"]
    assert row["at_low"] < simulate_jam(jams[STUCK]).vehicles < row["at_high"]
    with pytest.raises(RoadplanError, match="no outcome 'tears'"):
        sensitivity(jams[STUCK], "tears")


def test_faults_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    """A missing figure, one out of range and one unknown, each with its remedy."""
    text = (shipped_folder() / "documented_jams.csv").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith(f"{STUCK},input,lanes")]
    broken = "\n".join(lines).replace("truck_share,0.25", "truck_share,2.5")
    path = tmp_path / "jams.csv"
    path.write_text(broken.replace(f"{STUCK},outcome,jam_km", f"{STUCK},outcome,tears"), "utf-8")
    with pytest.raises(FaultsError) as caught:
        documented_jams(path)
    told = str(caught.value)
    assert "lanes is missing" in told
    assert "truck_share of 2.5 is out of range; give 0 to 1" in told
    assert "tears is no outcome" in told


def test_an_input_that_is_not_there_cannot_be_changed(jams: dict[str, DocumentedJam]) -> None:
    """The message lists those that are."""
    with pytest.raises(RoadplanError, match="has no input 'lane'"):
        jams[STUCK].changed("lane", 1.0)
