"""The compiled run of the depth through slots and passes; see `passes`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def _compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile on first call, and keep the result on disk where there is a place to keep it."""
    try:
        kernel: Callable[..., Any] = njit(cache=True, nogil=True)(function)
    except RuntimeError:  # neither the package's folder nor the user's cache can be written
        kernel = njit(nogil=True)(function)
    return kernel


@_compiled
def _filled(part: float, decay: float) -> float:
    """Return ∫ exp(-decay·x) dx from 0 to `part`."""
    if decay * part < 1e-9:
        return part
    return -math.expm1(-decay * part) / decay


@_compiled
def _flow(depth: float, rate: float, decay: float, part: float) -> tuple[float, float]:
    """Return the depth after a part of a slot, and the depth summed over it.

    Solves h' = rate - decay·h, h ≥ 0, so that two parts one after the other give what they give
    in one piece.
    """
    span = part
    if rate < 0.0:  # the thaw may bare the road before the part is over
        empty = depth / -rate if decay < 1e-9 else math.log1p(depth * decay / -rate) / decay
        span = min(part, empty)
    filled = _filled(span, decay)
    rest = 0.5 * span * span if decay * span < 1e-5 else (span - filled) / decay
    area = depth * filled + rate * rest
    if span < part:
        return 0.0, area
    return max(depth - decay * depth * filled + rate * filled, 0.0), area


@_compiled
def run(
    gain: Floats,
    keep: Floats,
    melt: Floats,
    initial: Floats,
    starts: NDArray[np.int64],
    arrival: Floats,
    share: Floats,
    residue: float,
    moment: Floats,
    mean: Floats,
) -> None:
    """Fill `moment` and `mean`; the arguments are those of `passes.run_passes`, in slots.

    Passes of row r (segment · sides + side) are those from ``starts[r]`` to ``starts[r + 1]``,
    by rising arrival.
    """
    members, slots, segments, sides = gain.shape
    for member in range(members):
        for segment in range(segments):
            for side in range(sides):
                at = starts[segment * sides + side]
                end = starts[segment * sides + side + 1]
                depth = initial[member, segment, side]
                moment[member, 0, segment, side] = depth
                for k in range(slots):
                    decay = -math.log(keep[member, k, segment])
                    net = gain[member, k, segment, side] - melt[member, k, segment]
                    rate = net / _filled(1.0, decay)
                    done = 0.0
                    total = 0.0
                    while at < end and arrival[at] < k + 1:
                        until = max(arrival[at] - k, done)
                        depth, area = _flow(depth, rate, decay, until - done)
                        total += area
                        done = until
                        depth = min(depth, residue + (1.0 - share[at]) * (depth - residue))
                        at += 1
                    depth, area = _flow(depth, rate, decay, 1.0 - done)
                    mean[member, k, segment, side] = total + area
                    moment[member, k + 1, segment, side] = depth
