"""A route renewed from OpenStreetMap: its axis, and everything on it carried over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from roadplan.corridor.axis import Axis
from roadplan.corridor.checks import check_tables
from roadplan.corridor.model import Corridor
from roadplan.corridor.osm.assembly import Alignment, Limits, assemble
from roadplan.corridor.osm.carry import (
    RowMove,
    TableMove,
    carry_tables,
    map_stations,
    stations_on,
)
from roadplan.corridor.osm.centreline import CarriagewayStretch
from roadplan.corridor.osm.joints import rejoin
from roadplan.corridor.osm.roads import Roads
from roadplan.corridor.osm.wanted import Wanted
from roadplan.corridor.schema import TABLES
from roadplan.errors import Fault
from roadplan.i18n import counted

LICENCE = "© OpenStreetMap contributors, ODbL 1.0"
"""The attribution that the Open Database License asks for."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Refresh:
    """What a refresh would change; nothing is written by it.

    Parameters
    ----------
    route
        The route.
    alignment
        Its new axis and what that was made of.
    old_m
        Length of the old axis.
    tables
        All tables of the corridor as they would be.
    rows
        How far each row moves.
    notes
        What a reader should know, as sentences.
    faults
        What would be wrong with the tables; they must not be written where there is anything.
    """

    route: str
    alignment: Alignment
    old_m: float
    tables: Mapping[str, pd.DataFrame] = field(repr=False)
    rows: tuple[RowMove, ...] = field(repr=False)
    notes: tuple[str, ...]
    faults: tuple[Fault, ...]

    @property
    def moves(self) -> list[TableMove]:
        """How far the rows of each table move, in the order of the tables."""
        grouped: dict[str, list[RowMove]] = {}
        for row in self.rows:
            grouped.setdefault(row.table, []).append(row)
        return [TableMove.of(table, rows) for table, rows in grouped.items()]

    @property
    def worst(self) -> list[RowMove]:
        """The rows by how far they move on the ground, farthest first, then along the axis."""
        return sorted(self.rows, key=lambda row: (-row.sideways_m, -abs(row.along_m)))

    def __str__(self) -> str:
        """Return the summary."""
        return self.summary()

    def summary(self) -> str:
        """Return what was found as lines of text."""
        new = self.alignment
        share = (new.axis.length_m - self.old_m) / self.old_m
        lines = [
            (
                f"{self.route}: {self.old_m / 1000:.3f} km, now {new.axis.length_m / 1000:.3f} km "
                f"({share:+.2%}), measured {new.measured_m / 1000:.3f} km before it was "
                f"generalised to {len(new.axis.lon)} points"
            )
        ]
        for name, length in (("rising", new.forward_m), ("falling", new.backward_m)):
            told = "not mapped" if length is None else f"{length / 1000:.3f} km"
            lines.append(f"  carriageway of {name} stations: {told}")
        dual = sum(s.to_m - s.from_m for s in new.stretches if s.carriageways == 2)
        count = len(new.stretches)
        lines.append(
            f"  two carriageways on {dual / 1000:.3f} km, one on "
            f"{(new.axis.length_m - dual) / 1000:.3f} km ({counted(count, 'stretch', 'stretches')})"
        )
        lines += [f"  note: {note}" for note in self.notes]
        return "\n".join(lines)

    def as_dict(self) -> dict[str, Any]:
        """Return all figures as plain values, for JSON."""
        new = self.alignment
        return {
            "route": self.route,
            "old_length_m": round(self.old_m, 2),
            "new_length_m": round(new.axis.length_m, 2),
            "measured_length_m": round(new.measured_m, 2),
            "forward_m": None if new.forward_m is None else round(new.forward_m, 2),
            "backward_m": None if new.backward_m is None else round(new.backward_m, 2),
            "control_points": len(new.axis.lon),
            "stretches": [
                {
                    "from_m": round(s.from_m, 2),
                    "to_m": round(s.to_m, 2),
                    "carriageways": s.carriageways,
                }
                for s in new.stretches
            ],
            "gaps": [
                {
                    "length_m": round(gap.length_m, 2),
                    "from": {"lon": gap.lon[0], "lat": gap.lat[0]},
                    "to": {"lon": gap.lon[1], "lat": gap.lat[1]},
                }
                for gap in new.gaps
            ],
            "notes": list(self.notes),
            "moves": [
                {
                    "table": move.table,
                    "rows": move.rows,
                    "along_median_m": round(move.along_median_m, 2),
                    "along_max_m": round(move.along_max_m, 2),
                    "sideways_median_m": round(move.sideways_median_m, 2),
                    "sideways_max_m": round(move.sideways_max_m, 2),
                }
                for move in self.moves
            ],
            "rows": [
                {
                    "table": row.table,
                    "key": row.key,
                    "old_m": row.old_m,
                    "new_m": row.new_m,
                    "sideways_m": round(row.sideways_m, 2),
                }
                for row in self.worst
            ],
            "faults": [fault.as_dict() for fault in self.faults],
        }


def refresh(
    corridor: Corridor,
    route: str,
    roads: Roads,
    *,
    wanted: Wanted,
    limits: Limits | None = None,
    as_of: str = "",
) -> Refresh:
    """Renew a route's axis from roads and carry everything on it over.

    Parameters
    ----------
    corridor
        The corridor as it is.
    route
        The route.
    roads
        The roads around it.
    wanted
        Which ways were chosen, for the source of the new axis.
    limits
        How far to go from what is known.
    as_of
        Date of the refresh (ISO 8601), used where the data do not say their own.

    Returns
    -------
    Refresh
        The new tables and what moved by how much.

    Raises
    ------
    UnknownIdError
        There is no such route.
    GapError
        The roads leave gaps that are too long.
    RoadplanError
        The roads do not make an axis along the route.
    """
    limits = limits or Limits()
    old = corridor.axis(route)
    alignment = assemble(roads, old, limits)
    new = alignment.axis
    tables = {name: corridor.table(name) for name in TABLES}
    mapped = map_stations(old, new, stations_on(tables, route))
    tables, rows = carry_tables(tables, route, old, new, mapped)
    state = f"state of {roads.state or as_of}" if roads.state or as_of else "state unknown"
    source = f"{LICENCE}; {wanted}; {state}; generalised to {limits.tolerance_m:g} m"
    tables["control_points"] = _control_points(tables["control_points"], route, new, source)
    tables["routes"] = _routes(tables["routes"], route, source)
    others = {name: other.axis for name, other in corridor.routes.items() if name != route}
    tables, joined, notes = rejoin(tables, route, new, others)
    return Refresh(
        route=route,
        alignment=alignment,
        old_m=old.length_m,
        tables=tables,
        rows=(*rows, *joined),
        notes=(*alignment.notes, *notes, *_carriageway_notes(tables["segments"], route, alignment)),
        faults=tuple(check_tables(tables)),
    )


def _control_points(points: pd.DataFrame, route: str, axis: Axis, source: str) -> pd.DataFrame:
    """Return the control points with those of one route replaced, where they stood."""
    own = (points["route"] == route).to_numpy()
    first = int(own.argmax())
    values = {
        "route": route,
        "seq": np.arange(len(axis.lon)),
        "lon": axis.lon,
        "lat": axis.lat,
        "standing": "measured",
        "source": source,
    }
    fresh = pd.DataFrame(values)[list(points.columns)].astype(points.dtypes.to_dict())
    rest = points[~own]
    return pd.concat([rest.iloc[:first], fresh, rest.iloc[first:]], ignore_index=True)


def _routes(routes: pd.DataFrame, route: str, source: str) -> pd.DataFrame:
    """Return the routes with one measured anew."""
    routes = routes.copy()
    own = routes["route"] == route
    was_schematic = bool(routes.loc[own, "schematic"].iloc[0])
    routes.loc[own, "standing"] = "measured"
    routes.loc[own, "source"] = source
    if was_schematic:
        routes.loc[own, "schematic"] = False
        routes.loc[own, "note"] = ("before it was measured: " + routes.loc[own, "note"]).where(
            routes.loc[own, "note"] != "", ""
        )
    return routes


def _carriageway_notes(segments: pd.DataFrame, route: str, alignment: Alignment) -> list[str]:
    """Tell how much of the segments says another number of carriageways than is mapped."""
    own = segments[segments["route"] == route]
    notes = []
    for said, mapped in ((1, 2), (2, 1)):
        stretches = [s for s in alignment.stretches if s.carriageways == mapped]
        length = sum(
            _overlap(stretch, float(row.from_m), float(row.to_m))
            for row in own[own["carriageways"] == said].itertuples()
            for stretch in stretches
        )
        if length > 1_000:
            words = {1: "one carriageway", 2: "two carriageways"}
            notes.append(
                f"segments have {words[said]} on {length / 1000:.1f} km where {words[mapped]} "
                f"{'is' if mapped == 1 else 'are'} mapped; they were left as they are"
            )
    return notes


def _overlap(stretch: CarriagewayStretch, from_m: float, to_m: float) -> float:
    return max(0.0, min(stretch.to_m, to_m) - max(stretch.from_m, from_m))
