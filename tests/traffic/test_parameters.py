"""The table of the traffic model's numbers."""

from __future__ import annotations

import pytest

from roadplan.errors import FaultsError
from roadplan.traffic import load_parameters
from roadplan.traffic.parameters import STANDINGS


def test_every_row_has_unit_range_standing_and_source() -> None:
    """Nothing in the table lacks what a reader needs to judge it, and defaults are in range."""
    table = load_parameters().table()
    assert table["name"].is_unique
    for column in ("unit", "meaning", "source", "group"):
        assert (table[column].str.len() > 0).all()
    assert set(table["standing"]) <= set(STANDINGS)
    assert ((table["value"] >= table["minimum"]) & (table["value"] <= table["maximum"])).all()


def test_hours_of_a_day_sum_to_one() -> None:
    """Shares of both classes sum to 1 exactly."""
    assert load_parameters().hour_share.sum(axis=0) == pytest.approx([1.0, 1.0])


def test_jam_density_follows_the_share_of_lorries() -> None:
    """65 % of lorries leave about 65 vehicles on a kilometre of lane."""
    parameters = load_parameters()
    pcu = 0.35 + 0.65 * parameters.heavy_pcu
    assert 1000 / parameters["spacing_light_m"] / pcu == pytest.approx(65, abs=1)


def test_blocked_lanes_leave_less_than_their_part() -> None:
    """One of two lanes blocked leaves 35 %, all of them nothing."""
    parameters = load_parameters()
    assert parameters.left_share(2, 1) == 0.35
    assert parameters.left_share(2, 2) == 0
    assert parameters.left_share(1, 1) == 0
    assert parameters.left_share(3, 0) == 1
    assert parameters.left_share(6, 1) == pytest.approx(5 / 6)


def test_overrides_are_shown_as_such() -> None:
    """A value set by the user has that standing, beside its default."""
    table = load_parameters({"trip_km": 150}).table().set_index("name")
    assert table.at["trip_km", "standing"] == "set by user"
    assert table.at["trip_km", "default"] == 200


def test_all_wrong_overrides_are_named_at_once() -> None:
    """Unknown names, values out of range and hours that do not make a day."""
    with pytest.raises(FaultsError) as caught:
        load_parameters(
            {"nonsense": 1, "trip_km": -1, "payload_t": float("nan"), "light_hour_12": 0.5}
        )
    assert len(caught.value.faults) == 4
