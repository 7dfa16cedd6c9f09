"""The table of parameters."""

from __future__ import annotations

from pathlib import Path

import pytest

from roadplan.errors import FaultsError, RoadplanError
from roadplan.weather.parameters import STANDINGS, load_parameters


def test_every_default_has_a_unit_a_range_a_standing_and_a_source() -> None:
    """The table is complete and its values lie in their own ranges."""
    table = load_parameters().table()
    assert table["standing"].isin(STANDINGS).all()
    assert (table["minimum"] <= table["value"]).all()
    assert (table["value"] <= table["maximum"]).all()
    assert (table[["name", "unit", "meaning", "source", "group"]] != "").all(axis=None)


def test_a_mapping_overrides_a_value_and_the_table_says_so() -> None:
    """What the user sets is used, and shown as set by the user."""
    parameters = load_parameters({"pass_efficiency": 0.8})
    row = parameters.table().set_index("name").loc["pass_efficiency"]
    assert parameters.pass_efficiency == 0.8
    assert (row["default"], row["standing"]) == (0.9, "set by user")


def test_a_csv_overrides_values(tmp_path: Path) -> None:
    """A table with names and values does the same."""
    path = tmp_path / "mine.csv"
    path.write_text("name,value,why\nfetch_m,500,woods\n", encoding="utf-8")
    assert load_parameters(path).fetch_m == 500


def test_all_faults_come_at_once_with_their_rows(tmp_path: Path) -> None:
    """Unknown names, text for numbers and values out of range are told together."""
    path = tmp_path / "mine.csv"
    path.write_text("name,value\nfetchm,500\nfetch_m,wide\npass_efficiency,90\n", encoding="utf-8")
    with pytest.raises(FaultsError) as caught:
        load_parameters(path)
    assert [fault.row for fault in caught.value.faults] == [2, 3, 4]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), True, "", None])
def test_what_is_no_number_is_refused(value: object) -> None:
    """Neither NaN nor a truth value passes for a number."""
    with pytest.raises(FaultsError, match="no number"):
        load_parameters({"fetch_m": value})  # type: ignore[dict-item] # wrong on purpose


@pytest.mark.parametrize(
    "wrong",
    [
        {"depth_full_m": 0.2},
        {"loss_light": 0.3},
        {"wet_from_c": 3.0},
        {"density_wet_kg_m3": 80.0},
        {"snow_heavy_mm_h": 1.0},
    ],
)
def test_values_that_contradict_each_other_are_refused(wrong: dict[str, float]) -> None:
    """Limits must rise, so that effects stay monotone."""
    with pytest.raises(FaultsError, match="is not below"):
        load_parameters(wrong)


def test_a_table_without_the_columns_is_refused(tmp_path: Path) -> None:
    """The message says which columns are needed."""
    path = tmp_path / "mine.csv"
    path.write_text("parameter,number\nfetch_m,500\n", encoding="utf-8")
    with pytest.raises(RoadplanError, match="columns name and value"):
        load_parameters(path)
    with pytest.raises(RoadplanError, match="cannot be read"):
        load_parameters(tmp_path / "none.csv")
