"""What a forecast assumes where the ledger does not say: one table of numbers with their source."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache

import pandas as pd

from roadplan.errors import Fault, FaultsError, RoadplanError
from roadplan.tables.reading import read_csv_table
from roadplan.tables.schema import STANDINGS, Column, Table

ASSUMPTIONS = Table(
    name="forecast_assumptions",
    description="Numbers that a forecast takes where the ledger does not show them",
    key=("name",),
    columns=(
        Column(name="name", kind="id", required=True, description="Name of the number"),
        Column(name="value", kind="number", required=True, description="Its value"),
        Column(name="unit", kind="text", description="Its unit"),
        Column(name="minimum", kind="number", description="Smallest value that makes sense"),
        Column(name="maximum", kind="number", description="Largest value that makes sense"),
        Column(
            name="standing",
            kind="choice",
            choices=STANDINGS,
            required=True,
            description="Where it comes from",
        ),
        Column(name="meaning", kind="text", required=True, description="What it is"),
        Column(name="source", kind="text", required=True, description="Who said it, or assumed"),
    ),
)


@dataclass(frozen=True, kw_only=True)
class Assumptions:
    """The numbers of a forecast; what each means stands in ``forecast_assumptions.csv``.

    Made by :func:`load_assumptions`. Fields carry the names of the table's rows.
    """

    prior_pace_ratio: float
    prior_pace_sd: float
    level_sd: float
    item_sd: float
    item_sd_weight: float
    interval_sd: float
    interval_sd_weight: float
    shock_sd: float
    shock_correlation: float
    gate_lag_days: float
    window_days: float
    class_overrun_mean: float
    class_overrun_sd: float
    stated_share_sd: float


def load_assumptions(
    path: str | os.PathLike[str] | None = None, *, changes: Mapping[str, float] | None = None
) -> Assumptions:
    """Load the assumptions.

    Parameters
    ----------
    path
        A CSV with the columns of :data:`ASSUMPTIONS`; the shipped one by default.
    changes
        Values by name to take instead.

    Raises
    ------
    FaultsError
        The file has faults, lacks a number, or a number is out of its range.

    Examples
    --------
    >>> load_assumptions(changes={"shock_sd": 0.0}).shock_sd
    0.0
    """
    table = assumption_table(path)
    values = dict(zip(table["name"], table["value"].astype(float), strict=True))
    for name, value in (changes or {}).items():
        if name not in values:
            raise RoadplanError(f"there is no assumption '{name}'; there are {', '.join(values)}")
        values[name] = float(value)
    limits = table.set_index("name")
    faults = [
        Fault(
            column=name,
            value=f"{value:g}",
            why=f"it is outside {limits.at[name, 'minimum']:g} to {limits.at[name, 'maximum']:g}",
            remedy=f"give a value inside; it is: {limits.at[name, 'meaning']}",
        )
        for name, value in values.items()
        if not limits.at[name, "minimum"] <= value <= limits.at[name, "maximum"]
    ]
    names = [each.name for each in fields(Assumptions)]
    faults += [
        Fault(column=name, why="the number is missing", remedy="add its row")
        for name in names
        if name not in values
    ]
    if faults:
        raise FaultsError(faults, "The assumptions of the forecast cannot be used")
    return Assumptions(**{name: values[name] for name in names})


def assumption_table(path: str | os.PathLike[str] | None = None) -> pd.DataFrame:
    """Return the assumptions with their meaning and source, for people to read."""
    return (_shipped() if path is None else _read(path)).copy()


@cache
def _shipped() -> pd.DataFrame:
    from roadplan.corridor.load import shipped_folder

    return _read(shipped_folder() / "forecast_assumptions.csv")


def _read(path: str | os.PathLike[str]) -> pd.DataFrame:
    frame, faults = read_csv_table(path, ASSUMPTIONS)
    if faults:
        raise FaultsError(faults, "The assumptions of the forecast cannot be used")
    return frame.drop(columns="_row")
