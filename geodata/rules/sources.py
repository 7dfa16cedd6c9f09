"""The source tables and the axes that every rule starts from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from roadplan.corridor.axis import Axis


@dataclass(frozen=True)
class Sources:
    """The hand-written tables of the corridor.

    Parameters
    ----------
    folder
        The folder that holds them; `source/` inside it holds those that are no corridor tables.
    """

    folder: Path

    def table(self, name: str) -> pd.DataFrame:
        """Return a corridor table that is written by hand, all cells as text."""
        return self._read(self.folder / f"{name}.csv")

    def source(self, name: str) -> pd.DataFrame:
        """Return a table of `source/`, all cells as text."""
        return self._read(self.folder / "source" / f"{name}.csv")

    @cached_property
    def axes(self) -> dict[str, Axis]:
        """The axis of each route, in the order of `routes.csv`."""
        points = self.table("control_points")
        groups = {str(route): group for route, group in points.groupby("route")}
        return {
            route: Axis(groups[route]["lon"].astype(float), groups[route]["lat"].astype(float))
            for route in self.table("routes")["route"]
        }

    def end_m(self, route: str) -> float:
        """Return the last station of a route, cut down to the millimetre so that it lies on it."""
        return math.floor(self.axes[route].length_m * 1000) / 1000

    def station_m(self, route: str, cell: str, *, default: float = math.nan) -> float:
        """Read a station cell: a number, `end` for the route's end, or empty for `default`."""
        if cell == "end":
            return self.end_m(route)
        return float(cell) if cell else default

    def fact(self, what: str, unit: str, *, scope: str = "") -> float:
        """Return one figure of `winter_facts.csv`; `unit` and `scope` match by their beginning.

        Raises
        ------
        ValueError
            No row or more than one row matches.
        """
        facts = self.table("winter_facts")
        hit = (facts["what"] == what) & facts["unit"].str.startswith(unit)
        hit &= facts["scope"].str.startswith(scope)
        if hit.sum() != 1:
            raise ValueError(f"{hit.sum()} rows of winter_facts.csv for {what}, {unit}, {scope}")
        return float(facts.loc[hit, "value"].iloc[0])

    @staticmethod
    def _read(path: Path) -> pd.DataFrame:
        return pd.read_csv(path, dtype=str, keep_default_na=False)
