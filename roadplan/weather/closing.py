"""When a road is closed for the weather, and when it opens again.

No numeric national criterion was found; the triggers are defaults that can be set: sight below
50 m, gusts of 25 m/s, snow deeper than a vehicle can pass. A road opens again at twice the
sight, with gusts well below, and after a pass where there is snow to clear.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from roadplan.weather.parameters import Parameters
from roadplan.weather.units import Floats

SIGHT: Final = 1
GUST: Final = 2
DEPTH: Final = 4
"""Reasons of a closure; they add up where several meet."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Closures:
    """When each carriageway is closed. Arrays of the shape of the depth that was given.

    Parameters
    ----------
    closed
        Whether it is closed in the slot.
    reasons
        Sum of :data:`SIGHT`, :data:`GUST` and :data:`DEPTH` that hold in the slot; 0 where it
        is open, and where it is closed only because it has not been opened again.
    """

    closed: NDArray[np.bool_]
    reasons: NDArray[np.int8]


def closures(
    *,
    visibility_m: Floats,
    gust_m_s: Floats,
    depth_m: Floats,
    blocking_m: ArrayLike,
    slot_h: float,
    parameters: Parameters,
    passed: NDArray[np.bool_] | None = None,
    closed_before: ArrayLike = False,
) -> Closures:
    """Return in which slots a road is closed.

    Parameters
    ----------
    visibility_m, gust_m_s, depth_m
        Broadcast together; the axis of slots is the second: (member, slot, …).
    blocking_m
        Depth that blocks the vehicles that are to be kept off, broadcast to (member, …).
    slot_h
        Length of a slot.
    parameters
        The triggers.
    passed
        Whether a pass ends in the slot, broadcast to the same shape. Without it the depth alone
        decides when the snow is cleared.
    closed_before
        Whether it is closed at the beginning, broadcast to (member, …).

    Notes
    -----
    Opens again when sight is at least twice the trigger, gusts are below nine tenths of theirs,
    the depth does not block, at least `reopen_quiet_h` have gone by without a reason, and a pass
    has come in the last slot with a reason or after it, or the snow leaves every lane open.
    Written so that worse weather never opens a road that better weather leaves closed.
    """
    p = parameters
    shape = np.broadcast_shapes(visibility_m.shape, gust_m_s.shape, depth_m.shape)
    sight, gust, depth = (np.broadcast_to(a, shape) for a in (visibility_m, gust_m_s, depth_m))
    clear = depth <= p.depth_full_m
    swept = clear if passed is None else np.broadcast_to(passed, shape)
    rest = shape[:1] + shape[2:]
    blocking = np.broadcast_to(np.asarray(blocking_m, dtype=np.float64), rest)
    state = np.broadcast_to(np.asarray(closed_before, dtype=bool), rest).copy()
    quiet_h = np.full(rest, np.inf)
    done = np.zeros(rest, dtype=bool)
    closed = np.empty(shape, dtype=bool)
    reasons = np.zeros(shape, dtype=np.int8)
    for k in range(shape[1]):
        why = (
            SIGHT * (sight[:, k] < p.close_visibility_m)
            + GUST * (gust[:, k] >= p.close_gust_m_s)
            + DEPTH * (depth[:, k] > blocking)
        ).astype(np.int8)
        fine = why == 0
        done = swept[:, k] | (done & fine)
        calm = (sight[:, k] >= p.reopen_visibility_ratio * p.close_visibility_m) & (
            gust[:, k] < p.reopen_gust_ratio * p.close_gust_m_s
        )
        opens = calm & (quiet_h >= p.reopen_quiet_h) & (done | clear[:, k] | (passed is None))
        quiet_h = np.where(fine, quiet_h + slot_h, 0.0)
        state = ~fine | (state & ~opens)
        closed[:, k] = state
        reasons[:, k] = why
    return Closures(closed=closed, reasons=reasons)
