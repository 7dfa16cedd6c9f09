"""Every number of the traffic model in one table, with its unit, range, standing and source.

``parameters.csv`` beside this module is the table. A user overrides values by name.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from roadplan.errors import Fault, FaultsError

STANDINGS = ("read", "second-hand", "memory", "assumed")
"""Where a default comes from: read in the source, quoted by another, to be checked, or assumed."""

_HOURS = 24
_SHARES_SUM = 0.02


@dataclass(frozen=True)
class TrafficParameters:
    """The numbers of the model by name; made by :func:`load_parameters`.

    Parameters
    ----------
    values
        Name → value, for every row of the table.
    """

    values: Mapping[str, float] = field(repr=False)

    def __getitem__(self, name: str) -> float:
        """Return one number by its name in the table."""
        return self.values[name]

    @property
    def heavy_pcu(self) -> float:
        """Passenger-car units of a heavy vehicle: its part of a standing queue over a light one's.

        It is used for capacity as well, where manuals give 2 on level ground; one unit for both
        keeps one fundamental diagram whatever the mix, and errs towards longer jams.
        """
        return self["spacing_heavy_m"] / self["spacing_light_m"]

    @property
    def hour_share(self) -> NDArray[np.float64]:
        """Share of a day's traffic in each hour by class, shape (24, 2); columns sum to 1."""
        shares = np.array(
            [[self[f"{kind}_hour_{hour:02d}"] for kind in ("light", "heavy")] for hour in range(24)]
        )
        total: NDArray[np.float64] = shares / shares.sum(axis=0)
        return total

    def left_share(self, lanes: int, blocked: int) -> float:
        """Return the share of capacity left with some of a carriageway's lanes blocked."""
        if blocked <= 0:
            return 1.0
        if blocked >= lanes:
            return 0.0
        name = f"left_{lanes}_{blocked}"
        return self.values.get(name, 1.0 - blocked / lanes)

    def table(self) -> pd.DataFrame:
        """Return the table with the values in use beside the defaults.

        Returns
        -------
        DataFrame
            Columns `name`, `symbol`, `value`, `default`, `unit`, `minimum`, `maximum`,
            `standing`, `group`, `meaning`, `source`; a value the user set has the standing
            ``set by user``.
        """
        table = _defaults().copy()
        table.insert(3, "default", table["value"])
        table["value"] = [self.values[name] for name in table["name"]]
        table.loc[table["value"] != table["default"], "standing"] = "set by user"
        return table


def load_parameters(overrides: Mapping[str, float] | None = None) -> TrafficParameters:
    """Return the parameters, the defaults where nothing else is said.

    Raises
    ------
    FaultsError
        Names that do not exist, values out of range or that do not fit each other; all at once.

    Examples
    --------
    >>> load_parameters({"spacing_heavy_m": 25.0}).heavy_pcu.__round__(2)
    3.5
    """
    table = _defaults().set_index("name")
    values = {str(name): float(value) for name, value in table["value"].items()}
    faults = []
    for name, value in (overrides or {}).items():
        if name not in values:
            why, remedy = f"there is no parameter {str(name)[:60]!r}", "see parameters.csv"
        else:
            low, high = float(table.at[name, "minimum"]), float(table.at[name, "maximum"])
            number = _number(value)
            if low <= number <= high:
                values[name] = number
                continue
            why, remedy = f"{str(value)[:40]!r} is out of range", f"give {low:g} to {high:g}"
        faults.append(Fault(why=why, remedy=remedy, column=str(name)[:60]))
    faults.extend(_misfits(values))
    if faults:
        raise FaultsError(faults, "These traffic parameters cannot be used")
    return TrafficParameters(MappingProxyType(values))


def _number(value: object) -> float:
    try:
        return math.nan if isinstance(value, bool) else float(str(value))
    except ValueError:
        return math.nan


def _misfits(values: Mapping[str, float]) -> list[Fault]:
    """Return the faults of values that are in range but do not go together."""
    faults = []
    for kind in ("light", "heavy"):
        total = sum(values[f"{kind}_hour_{hour:02d}"] for hour in range(_HOURS))
        if abs(total - 1.0) > _SHARES_SUM:
            why = f"the {kind} traffic of the 24 hours sums to {total:.3f}"
            faults.append(Fault(why=why, remedy="shares of a day sum to 1"))
    if not values["cold_full_c"] < values["cold_from_c"]:
        faults.append(Fault(why="cold_full_c is not below cold_from_c", remedy="change one"))
    return faults


@cache
def _defaults() -> pd.DataFrame:
    with files("roadplan.traffic").joinpath("parameters.csv").open(encoding="utf-8") as stream:
        table = pd.read_csv(stream, keep_default_na=False, dtype=str)
    for column in ("value", "minimum", "maximum"):
        table[column] = table[column].astype(float)
    return table
