"""A route's new axis, assembled from the roads of OpenStreetMap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from roadplan.corridor._geodesic import GEOD, Floats
from roadplan.corridor.axis import Axis
from roadplan.corridor.osm._text import distance, place
from roadplan.corridor.osm.carriageways import Carriageway, Run, find_carriageways
from roadplan.corridor.osm.centreline import (
    CarriagewayStretch,
    centre_line,
    meeting_points,
    stretches,
)
from roadplan.corridor.osm.generalise import kept_points
from roadplan.corridor.osm.lattice import Indices
from roadplan.corridor.osm.plane import Plane
from roadplan.corridor.osm.roads import Roads
from roadplan.errors import RoadplanError

_MOSTLY = 0.5
_TOLD_UNLABELLED_M = 100.0
_TOLD_END_M = 100.0


class GapError(RoadplanError):
    """The roads found leave gaps that are too long to be bridged."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How far one goes from what is known.

    Parameters
    ----------
    buffer_m
        Roads farther from the old axis are not looked at.
    max_gap_m
        Longer gaps between ways are refused.
    tolerance_m
        How far the generalised axis may depart from the measured one.
    end_reach_m
        How far from the ends of the old axis the route may begin and end.
    """

    buffer_m: float = 3_000.0
    max_gap_m: float = 200.0
    tolerance_m: float = 5.0
    end_reach_m: float = 1_000.0

    def __post_init__(self) -> None:
        for name in ("buffer_m", "tolerance_m", "end_reach_m"):
            if not 0 < getattr(self, name) < np.inf:
                raise RoadplanError(f"{name} must be more than 0 m, not {getattr(self, name)}")
        if not 0 <= self.max_gap_m < np.inf:
            raise RoadplanError(f"max_gap_m must be 0 m or more, not {self.max_gap_m}")


@dataclass(frozen=True, kw_only=True, eq=False)
class Alignment:
    """The new axis and what it was made of.

    Parameters
    ----------
    axis
        The generalised axis: half-way between the carriageways where there are two.
    measured_m
        Length of the axis before it was generalised.
    forward_m, backward_m
        Lengths of the carriageways of rising and of falling stations; None for one that is not
        mapped.
    stretches
        Where there are one or two carriageways, from beginning to end.
    gaps
        The gaps that were bridged.
    notes
        What else a reader should know, as sentences.
    """

    axis: Axis
    measured_m: float
    forward_m: float | None
    backward_m: float | None
    stretches: tuple[CarriagewayStretch, ...]
    gaps: tuple[Run, ...]
    notes: tuple[str, ...]


def assemble(roads: Roads, old: Axis, limits: Limits) -> Alignment:
    """Order ways into carriageways along an old axis and lay a new one between them.

    Parameters
    ----------
    roads
        The roads around the route.
    old
        Its present axis.
    limits
        How far to go from what is known.

    Raises
    ------
    GapError
        There are gaps longer than allowed; every one is named with its place and length.
    RoadplanError
        No way of the route is near its axis, or most of what leads along it is none.
    """
    # Control points only: between them geodesics and straight lines on the plane differ by less
    # than the axis is generalised by.
    shape = old.lines(0.0, old.length_m)[0]
    lonlat = np.asarray(shape.coords)
    plane = Plane(lonlat[:, 0], lonlat[:, 1])
    guide = plane.xy(lonlat[:, 0], lonlat[:, 1])
    there, back = find_carriageways(
        roads, plane, guide, reach_m=limits.buffer_m, end_reach_m=limits.end_reach_m
    )
    mapped = _mapped(there, back)
    _refuse_unlabelled(mapped, roads)
    gaps, notes = _told(roads, there, back, mapped, limits)
    _refuse_gaps(gaps, roads, old, limits)
    xy, dual = _axis_line(there, back, mapped)
    lon, lat = plane.lonlat(xy)
    at = np.concatenate(([0.0], np.cumsum(GEOD.inv(lon[:-1], lat[:-1], lon[1:], lat[1:])[2])))
    axis, kept = _generalised(xy, lon, lat, limits.tolerance_m)
    return Alignment(
        axis=axis,
        measured_m=float(at[-1]),
        forward_m=there.length_m if there in mapped else None,
        backward_m=back.length_m if back in mapped else None,
        stretches=tuple(stretches(np.interp(at, at[kept], axis.control_station_m), dual)),
        gaps=tuple(gaps),
        notes=(*notes, *_end_notes(old, axis)),
    )


def _mapped(there: Carriageway, back: Carriageway) -> list[Carriageway]:
    """Return the carriageways that are mapped.

    A way that runs mostly against the traffic is none: the other carriageway's roads were taken
    since its own are missing.
    """
    mapped = [one for one in (there, back) if one.share("against") <= _MOSTLY]
    mapped = mapped or [one for one in (there, back) if one.length_m > 0][:1]
    if not mapped:
        raise RoadplanError(
            "the roads found pass the route at one place only; give another --ref or --name"
        )
    return mapped


def _refuse_unlabelled(mapped: list[Carriageway], roads: Roads) -> None:
    for one in mapped:
        share = one.share("unlabelled")
        if share > _MOSTLY:
            raise RoadplanError(
                f"{share:.0%} of what leads along the route, {distance(one.length_m)} in all, is "
                f"on roads without {roads.wish}; give another --ref or --name"
            )


def _told(
    roads: Roads,
    there: Carriageway,
    back: Carriageway,
    mapped: list[Carriageway],
    limits: Limits,
) -> tuple[list[Run], list[str]]:
    """Return the gaps and what is to be told of the rest."""
    gaps: list[Run] = []
    notes: list[str] = []
    one_only = len(mapped) == 1
    if one_only:
        missing = "falling" if mapped[0] is there else "rising"
        notes.append(f"only one carriageway is mapped: that of {missing} stations is missing")
    for one, other, name in ((there, back, "rising"), (back, there, "falling")):
        if one not in mapped:
            continue
        for run in one.runs(roads, other):
            if run.shared and not one_only and one is back and run.kind != "against":
                continue  # told with the carriageway of rising stations
            if run.kind == "gap":
                gaps.append(run)
                if run.length_m <= limits.max_gap_m:
                    notes.append(f"bridged for {name} stations: {run}")
            elif run.length_m >= _TOLD_UNLABELLED_M or run.kind == "against":
                notes.append(f"carriageway of {name} stations runs {run}")
    notes.extend(
        f"way {way} refers to {count} nodes that are not in the data and is cut there"
        for way, count in sorted(roads.torn.items())
    )
    return gaps, notes


def _refuse_gaps(gaps: list[Run], roads: Roads, old: Axis, limits: Limits) -> None:
    """Raise if gaps are longer than allowed."""
    long = [gap for gap in gaps if gap.length_m > limits.max_gap_m]
    if not long:
        return
    lines = []
    for gap in long:
        station, _ = old.locate(gap.lon, gap.lat)
        lines.append(
            f"  {gap.length_m:,.0f} m from {place(gap.lon[0], gap.lat[0])} to "
            f"{place(gap.lon[1], gap.lat[1])} (latitude, longitude), at stations "
            f"{station.min() / 1000:.2f} to {station.max() / 1000:.2f} km of the present axis"
        )
    torn = (
        f"; {len(roads.torn)} ways refer to nodes that are not in the data, the first is way "
        f"{min(roads.torn)}"
        if roads.torn
        else ""
    )
    noun = "a gap" if len(long) == 1 else f"{len(long)} gaps"
    raise GapError(
        f"the roads with {roads.wish} leave {noun} longer than {limits.max_gap_m:,.0f} m"
        f"{torn}:\n" + "\n".join(lines) + "\ncomplete the choice with --ref or --name, look "
        f"farther with --buffer-km, or allow it with --max-gap "
        f"{10 * np.ceil(max(gap.length_m for gap in long) / 10):.0f}"
    )


def _axis_line(
    there: Carriageway, back: Carriageway, mapped: list[Carriageway]
) -> tuple[Floats, np.ndarray]:
    """Return the axis on the plane and where the carriageways are apart."""
    if len(mapped) == 1:
        line = there.xy if mapped[0] is there else back.xy[::-1]
        return line, np.zeros(len(line) - 1, dtype=bool)
    meets = meeting_points(there.trace.nodes, back.trace.nodes[::-1])
    return centre_line(there.xy, back.xy[::-1], meets)


def _generalised(xy: Floats, lon: Floats, lat: Floats, tolerance_m: float) -> tuple[Axis, Indices]:
    """Return the axis and which points of the full line are its control points."""
    kept = kept_points(xy, tolerance_m)
    # Six decimals are a tenth of a metre.
    short = np.round(np.column_stack((lon[kept], lat[kept])), 6)
    moved = np.append(True, (np.diff(short, axis=0) != 0).any(axis=1))
    if np.count_nonzero(moved) < 2:
        raise RoadplanError("the roads found are too short to make an axis")
    return Axis(short[moved, 0], short[moved, 1]), kept[moved]


def _end_notes(old: Axis, new: Axis) -> list[str]:
    notes = []
    for word, i in (("begins", 0), ("ends", -1)):
        away = float(GEOD.inv(old.lon[i], old.lat[i], new.lon[i], new.lat[i])[2])
        if away > _TOLD_END_M:
            notes.append(f"the new axis {word} {distance(away)} from where the old one {word}")
    return notes
