"""How long stretches are closed: by barriers, by snow, by a vehicle across the road."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from roadplan.traffic.stuck import StuckVehicles

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def longest_run(flags: NDArray[np.bool_]) -> Ints:
    """Return the longest run of true values along the second axis.

    Examples
    --------
    >>> longest_run(np.array([[True, True, False, True]])).tolist()
    [2]
    """
    longest = np.zeros(flags.shape[:1] + flags.shape[2:], dtype=np.int64)
    run = np.zeros_like(longest)
    for period in range(flags.shape[1]):
        run = np.where(flags[:, period], run + 1, 0)
        longest = np.maximum(longest, run)
    return longest


def longest_closure_h(
    closed: NDArray[np.bool_],
    *,
    period_s: float,
    case_of: Ints,
    stuck: StuckVehicles | None = None,
) -> Floats:
    """Return how long each direction of each segment is closed without a break, at most.

    Parameters
    ----------
    closed
        Whether it is closed by a barrier or impassable, shape (case, period, segment, direction).
    period_s
        Length of a period.
    case_of
        The case of each scenario, shape (scenario,).
    stuck
        Vehicles that block every lane close the segment they stand on.

    Returns
    -------
    ndarray
        Hours, shape (scenario, segment, direction).
    """
    period_h = period_s / 3600.0
    hours: Floats = (longest_run(closed)[case_of] * period_h).astype(np.float64)
    if stuck is None or not stuck.all_lanes.any():
        return hours
    end_h = closed.shape[1] * period_h
    across = np.flatnonzero(stuck.all_lanes)
    place = np.stack([stuck.scenario[across], stuck.segment[across], stuck.direction[across]])
    keys, group = np.unique(place, axis=1, return_inverse=True)
    members = np.split(across[np.argsort(group, kind="stable")],
                       np.cumsum(np.bincount(group))[:-1])  # fmt: skip
    for (scenario, segment, direction), which in zip(keys.T.tolist(), members, strict=True):
        shut = np.flatnonzero(closed[case_of[scenario], :, segment, direction]) * period_h
        spans = [(start, start + period_h) for start in shut.tolist()]
        spans += zip(
            (stuck.start_s[which] / 3600.0).tolist(),
            np.minimum(stuck.end_s[which] / 3600.0, end_h).tolist(),
            strict=True,
        )
        hours[scenario, segment, direction] = _longest_union(spans)
    return hours


def _longest_union(spans: list[tuple[float, float]]) -> float:
    """Return the length of the longest stretch that overlapping spans cover together."""
    longest, begin, reach = 0.0, -np.inf, -np.inf
    for start, end in sorted(spans):
        if start > reach + 1e-9:
            begin, reach = start, end
        reach = max(reach, end)
        longest = max(longest, reach - begin)
    return longest


def longest_wait_h(stored_veh: Floats, passed_veh: Floats, *, period_s: float) -> Floats:
    """Return the longest anyone waits at a store where the first to come is the first to go.

    Parameters
    ----------
    stored_veh
        Vehicles waiting at the end of each period, shape (…, period).
    passed_veh
        Vehicles let in by then, shape (…, period).
    period_s
        Length of a period.

    Returns
    -------
    ndarray
        Hours, shape (…); exact to a period. Those still waiting at the end count until then.

    Examples
    --------
    >>> longest_wait_h(np.array([10.0, 10.0, 0.0]), np.array([0.0, 0.0, 10.0]), period_s=3600)
    array(2.)
    """
    shape = stored_veh.shape[:-1]
    periods = stored_veh.shape[-1]
    arrived = (stored_veh + passed_veh).reshape(-1, periods)
    passed = passed_veh.reshape(-1, periods)
    end_h = np.arange(1, periods + 1) * period_s / 3600.0
    waits = np.zeros(len(arrived))
    for row in np.flatnonzero((arrived - passed).max(axis=1, initial=0.0) > 1e-3):
        # A vehicle is the n-th to come; it comes when arrivals reach n and goes when passages do.
        number = np.unique(np.concatenate([arrived[row], passed[row]]))
        number = number[(number > 1e-3) & (number <= arrived[row, -1] + 1e-9)]
        came = end_h[np.searchsorted(arrived[row], number - 1e-3)]
        gone_at = np.searchsorted(passed[row], number - 1e-3)
        went = np.append(end_h, end_h[-1])[gone_at]
        waits[row] = float(np.max(went - came, initial=0.0))
    return waits.reshape(shape)
