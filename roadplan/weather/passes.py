"""Passes of ploughs in continuous time and the compiled run of the depth between them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from roadplan.errors import RoadplanError
from roadplan.weather.parameters import Parameters
from roadplan.weather.units import Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class Passes:
    """Passes over carriageways. Arrays of shape (pass,).

    Parameters
    ----------
    segment
        Index of the segment.
    carriageway
        0 for rising stations, 1 for falling ones. On a single carriageway both are to be
        cleared, at once or one after the other.
    arrival_h
        Hours from the beginning of the first slot.
    efficiency
        Share of the snow above the residue that it takes away; NaN for the usual one. A pass
        over part of the width takes the share of it.
    """

    segment: NDArray[np.int64]
    carriageway: NDArray[np.int64]
    arrival_h: Floats
    efficiency: Floats

    @classmethod
    def of(
        cls,
        segment: Sequence[int] | NDArray[np.int64],
        carriageway: Sequence[int] | NDArray[np.int64],
        arrival_h: Sequence[float] | Floats,
        efficiency: Sequence[float] | Floats | float = np.nan,
    ) -> Passes:
        """Make passes from sequences of equal length; `efficiency` may be one number.

        Raises
        ------
        RoadplanError
            The lengths differ, an arrival is no number or an efficiency not in 0–1.
        """
        at = np.asarray(segment, dtype=np.int64)
        side = np.asarray(carriageway, dtype=np.int64)
        hours = np.asarray(arrival_h, dtype=np.float64)
        if not (at.shape == side.shape == hours.shape and at.ndim == 1):
            raise RoadplanError("passes need a segment, a carriageway and an arrival each")
        share = np.broadcast_to(np.asarray(efficiency, dtype=np.float64), at.shape).copy()
        if not np.isfinite(hours).all() or ((share < 0) | (share > 1)).any():
            raise RoadplanError("a pass needs an arrival in hours and an efficiency of 0 to 1")
        return cls(segment=at, carriageway=side, arrival_h=hours, efficiency=share)

    @classmethod
    def none(cls) -> Passes:
        """Return no passes."""
        return cls.of([], [], [])


def run_passes(
    gain_m: Floats,
    keep: Floats,
    melt_m: Floats,
    initial_m: Floats,
    slot_h: float,
    passes: Passes,
    parameters: Parameters,
) -> tuple[Floats, Floats]:
    """Run the depth of every carriageway through the slots and the passes within them.

    Parameters
    ----------
    gain_m
        Shape (member, slot, segment, carriageway).
    keep, melt_m
        Shape (member, slot, segment).
    initial_m
        Shape (member, segment, carriageway).
    slot_h
        Length of a slot.
    passes
        Arrivals before the first slot or from the end of the last have no effect.
    parameters
        `residue_m` and `pass_efficiency`.

    Returns
    -------
    moment_m
        Depth at the moments, before passes at them, shape (member, slot + 1, segment,
        carriageway).
    mean_m
        Mean over the slots, shape (member, slot, segment, carriageway).
    """
    members, slots, segments, sides = gain_m.shape
    wrong = (passes.segment < 0) | (passes.segment >= segments)
    wrong |= (passes.carriageway < 0) | (passes.carriageway >= sides)
    if wrong.any():
        raise RoadplanError(f"{int(wrong.sum())} passes lie on segments that are not there")
    used = (passes.arrival_h >= 0) & (passes.arrival_h < slots * slot_h)
    row = (passes.segment * sides + passes.carriageway)[used]
    arrival = passes.arrival_h[used] / slot_h
    order = np.lexsort((arrival, row))
    starts = np.searchsorted(row[order], np.arange(segments * sides + 1))
    share = np.where(np.isnan(passes.efficiency), parameters.pass_efficiency, passes.efficiency)
    moment = np.empty((members, slots + 1, segments, sides))
    mean = np.empty(gain_m.shape)
    _kernel()(
        gain_m,
        keep,
        melt_m,
        np.ascontiguousarray(initial_m),
        starts.astype(np.int64),
        arrival[order],
        share[used][order],
        parameters.residue_m,
        moment,
        mean,
    )
    return moment, mean


@cache
def _kernel() -> Callable[..., None]:
    """Load the compiled run (compiled once, then kept on disk)."""
    from roadplan.weather._pass_kernel import run

    kernel: Callable[..., None] = run
    return kernel
