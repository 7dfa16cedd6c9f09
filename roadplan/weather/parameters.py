"""Every number of the weather and snow model in one table, with its unit, range and source.

``parameters.csv`` beside this module is the table. A user overrides values by name, from a
mapping or from a CSV with the columns `name` and `value`.
"""

from __future__ import annotations

import csv
import itertools
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from pathlib import Path

import pandas as pd

from roadplan.errors import Fault, FaultsError, RoadplanError

STANDINGS = ("read", "second-hand", "memory", "assumed")
"""Where a default comes from: read in the source, quoted by another, to be checked, or assumed."""


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """The numbers of the model; what each means, its unit and source stand in ``parameters.csv``.

    Made by :func:`load_parameters`. Fields carry the names of the table's rows.
    """

    transport_exponent: float
    transport_divisor: float
    fetch_base: float
    fetch_scale_m: float
    fetch_m: float
    threshold_m_s: float
    threshold_per_degree: float
    threshold_per_degree2: float
    threshold_wet_m_s: float
    catch_embankment: float
    catch_flush: float
    catch_cutting: float
    carriageway_width_m: float
    density_drift_kg_m3: float
    loose_snow_kg_m2: float
    loose_bonding_share_h: float
    density_new_kg_m3: float
    density_wet_kg_m3: float
    wet_from_c: float
    wet_to_c: float
    settling_share_h: float
    melt_m_h_degree: float
    residue_m: float
    pass_efficiency: float
    usual_wait_h: float
    flux_intercept: float
    flux_slope: float
    saltation_g_m3: float
    saltation_height_m: float
    eye_height_m: float
    suspension_fall_m_s: float
    snow_fall_m_s: float
    friction_ratio: float
    roughness_m: float
    visibility_clear_m: float
    sight_friction: float
    sight_reaction_s: float
    snow_light_mm_h: float
    snow_moderate_mm_h: float
    snow_heavy_mm_h: float
    loss_light: float
    loss_moderate: float
    loss_heavy: float
    loss_severe: float
    cold_below_c: float
    loss_cold: float
    low_visibility_m: float
    loss_visibility: float
    depth_full_m: float
    depth_one_lane_m: float
    depth_none_m: float
    speed_share_none: float
    blocking_car_m: float
    blocking_bus_m: float
    blocking_truck_m: float
    blocking_truck_per_grade_m: float
    blocking_least_m: float
    close_visibility_m: float
    close_gust_m_s: float
    reopen_visibility_ratio: float
    reopen_gust_ratio: float
    reopen_quiet_h: float
    gust_ratio: float
    forecast_age_h: float
    gap_fill_h: float
    reach_km: float
    nearest_points: float
    distance_power: float

    def table(self) -> pd.DataFrame:
        """Return the table with the values in use beside the defaults.

        Returns
        -------
        DataFrame
            Columns `name`, `symbol`, `value`, `default`, `unit`, `minimum`, `maximum`,
            `standing`, `group`, `meaning`, `source`. A value that the user set has the
            standing ``set by user``.
        """
        table = _defaults().copy()
        used = [float(getattr(self, name)) for name in table["name"]]
        table.insert(3, "default", table["value"])
        table["value"] = used
        changed = table["value"] != table["default"]
        table.loc[changed, "standing"] = "set by user"
        return table


ORDERED = (
    ("snow_light_mm_h", "snow_moderate_mm_h", "snow_heavy_mm_h"),
    ("loss_light", "loss_moderate", "loss_heavy", "loss_severe"),
    ("depth_full_m", "depth_one_lane_m", "depth_none_m"),
    ("wet_from_c", "wet_to_c"),
    ("density_new_kg_m3", "density_wet_kg_m3"),
    ("residue_m", "depth_none_m"),
    ("saltation_height_m", "eye_height_m"),
)
"""Names whose values must rise from left to right (losses and densities may be equal)."""

_MAY_BE_EQUAL = frozenset({"loss_light", "density_new_kg_m3", "residue_m"})


def load_parameters(
    overrides: Mapping[str, float] | str | os.PathLike[str] | None = None,
) -> Parameters:
    """Return the parameters, the defaults where nothing else is said.

    Parameters
    ----------
    overrides
        Name → value, or a CSV with at least the columns `name` and `value`.

    Raises
    ------
    FaultsError
        Names that do not exist, values that are no numbers or out of range, or values that do
        not fit each other; all of them at once.

    Examples
    --------
    >>> load_parameters({"fetch_m": 500}).fetch_m
    500.0
    """
    place = ""
    values: list[tuple[int | None, str, object]] = []
    if isinstance(overrides, Mapping):
        values = [(None, str(name), value) for name, value in overrides.items()]
    elif overrides is not None:
        place = Path(overrides).name
        values = list(_read_rows(Path(overrides)))
    table = _defaults().set_index("name")
    numbers = {str(name): float(value) for name, value in table["value"].items()}
    faults = []
    for row, name, value in values:
        fault = _fault(table, name, value)
        if fault is None:
            numbers[name] = float(str(value))
        else:
            why, remedy = fault
            faults.append(Fault(file=place, row=row, column=name, why=why, remedy=remedy))
    faults.extend(_order_faults(numbers, place))
    if faults:
        raise FaultsError(faults, "These parameters cannot be used")
    return Parameters(**numbers)


@cache
def _defaults() -> pd.DataFrame:
    with files("roadplan.weather").joinpath("parameters.csv").open(encoding="utf-8") as stream:
        table = pd.read_csv(stream, keep_default_na=False, dtype=str)
    for column in ("value", "minimum", "maximum"):
        table[column] = table[column].astype(float)
    known = [field.name for field in fields(Parameters)]
    if list(table["name"]) != known:
        wrong = sorted(set(table["name"]) ^ set(known)) or "their order"
        raise RoadplanError(f"parameters.csv does not fit the model: {wrong}")
    return table


def _read_rows(path: Path) -> list[tuple[int | None, str, object]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.DictReader(stream))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise RoadplanError(f"{path} cannot be read as a CSV in UTF-8: {error}") from error
    if not rows or not {"name", "value"} <= set(rows[0]):
        raise RoadplanError(f"{path} needs a header with the columns name and value, and rows")
    return [
        (number, (row["name"] or "").strip(), (row["value"] or "").strip())
        for number, row in enumerate(rows, start=2)
    ]


def _fault(table: pd.DataFrame, name: str, value: object) -> tuple[str, str] | None:
    """Return why a value cannot be used and what would be right; None where it can."""
    if name not in table.index:
        return f"there is no parameter '{name[:60]}'", "see the table of parameters for the names"
    low, high = float(table.at[name, "minimum"]), float(table.at[name, "maximum"])
    unit = str(table.at[name, "unit"])
    try:
        number = math.nan if isinstance(value, bool) else float(str(value))
    except ValueError:
        number = math.nan
    if not low <= number <= high:
        shown = str(value)[:40]
        return f"'{shown}' is no number in its range", f"give {low:g} to {high:g} {unit}"
    return None


def _order_faults(numbers: Mapping[str, float], place: str) -> list[Fault]:
    faults = []
    for names in ORDERED:
        for lower, upper in itertools.pairwise(names):
            equal = _MAY_BE_EQUAL & set(names)
            fits = numbers[lower] <= numbers[upper] if equal else numbers[lower] < numbers[upper]
            if not fits:
                why = f"{lower} = {numbers[lower]:g} is not below {upper} = {numbers[upper]:g}"
                faults.append(Fault(file=place, column=lower, why=why, remedy="change one of them"))
    return faults
