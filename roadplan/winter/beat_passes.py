"""Crews that go round and round on their beats, whatever the storm does: a plan to start from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from roadplan.corridor import Corridor
from roadplan.errors import RoadplanError
from roadplan.weather import BACKWARD, FORWARD, Parameters, Passes, Road
from roadplan.winter.fleet import LANE_M
from roadplan.winter.posture import Beat, Posture

Floats = NDArray[np.float64]

_CLEARING = "clearing"


@dataclass(frozen=True, kw_only=True, eq=False)
class BeatPasses:
    """Passes of crews on their beats.

    Parameters
    ----------
    passes
        For the snow model, in the order of their arrival.
    limit_m
        Deepest snow the crew of each pass moves, shape (pass,).
    """

    passes: Passes
    limit_m: Floats = field(repr=False)

    def too_deep_share(self, moment_m: Floats, slot_h: float) -> float:
        """Return the share of members and passes in which the snow is deeper than a crew moves.

        Parameters
        ----------
        moment_m
            Depth under these passes at the moments, shape (member, slot + 1, segment,
            carriageway).
        slot_h
            Length of a slot.
        """
        if not len(self.limit_m):
            return 0.0
        p = self.passes
        # The end of a slot already shows its passes; what a pass finds is at least what lay there
        # at the beginning of its slot.
        slot = np.minimum((p.arrival_h / slot_h).astype(np.int64), moment_m.shape[1] - 1)
        found = moment_m[:, slot, p.segment, p.carriageway]
        return float((found > self.limit_m).mean())


def beat_passes(
    posture: Posture,
    corridor: Corridor,
    road: Road,
    parameters: Parameters,
    *,
    hours: float,
) -> BeatPasses:
    """Let every clearing crew of a posture go round on its beat for some hours.

    Parameters
    ----------
    posture
        Crews with their beats.
    corridor
        For what their classes can do.
    road
        The segments whose passes are wanted.
    parameters
        Efficiency of a pass.
    hours
        How long.

    Returns
    -------
    BeatPasses
        A crew comes from its depot, ploughs its beat along rising stations and back along falling
        ones, without rest or refill. Where it is narrower than a carriageway, a pass takes the
        part of the snow that lies in its width.
    """
    if not hours > 0:
        raise RoadplanError(f"crews cannot go round for {hours} h; give more than 0")
    classes = {
        str(row["plough_class"]): row for row in corridor.table("plough_classes").to_dict("records")
    }
    rows: list[tuple[int, int, float, float, float]] = []
    for beat in posture.beats:
        if beat.layer == _CLEARING:
            able = classes[beat.plough_class]
            limit_m = float(able["max_depth_cm"]) / 100.0
            for segment, side, arrival_h in _rounds(
                beat, road, float(able["plough_kmh"]), float(able["travel_kmh"]), hours
            ):
                width = float(able["width_m"]) / (float(road.lanes[segment]) * LANE_M)
                share = parameters.pass_efficiency * min(1.0, width)
                rows.append((segment, side, arrival_h, share, limit_m))
    rows.sort(key=lambda row: (row[2], row[0], row[1]))
    table = np.array(rows, dtype=np.float64).reshape(-1, 5)
    passes = Passes.of(
        table[:, 0].astype(np.int64), table[:, 1].astype(np.int64), table[:, 2], table[:, 3]
    )
    return BeatPasses(passes=passes, limit_m=table[:, 4])


def _rounds(
    beat: Beat, road: Road, plough_kmh: float, travel_kmh: float, hours: float
) -> Iterator[tuple[int, int, float]]:
    """Return segment, carriageway and hour at its middle, for as long as there is time."""
    here = _on_beat(beat, road)
    ahead = [(segment, FORWARD) for segment in here]
    back = [(segment, BACKWARD) for segment in reversed(here)]
    now_h = beat.access_km / travel_kmh
    while here:
        for segment, side in (*ahead, *back):
            half_h = float(road.length_m[segment]) / 2000.0 / plough_kmh
            if now_h + half_h >= hours:
                return
            yield segment, side, now_h + half_h
            now_h += 2 * half_h


def _on_beat(beat: Beat, road: Road) -> list[int]:
    """Return the segments whose middle lies on the beat, by station."""
    middle = (road.from_m + road.to_m) / 2

    def lies(indices: Iterable[int]) -> list[int]:
        return [
            k
            for k in indices
            if road.route[k] == beat.route and beat.from_m <= middle[k] < beat.to_m
        ]

    return sorted(lies(range(len(road))), key=lambda k: float(road.from_m[k]))
