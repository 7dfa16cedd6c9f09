"""Heavy vehicles that get stuck and block the road, drawn so that plans can be compared.

The hazard of a blockage is λ0·exp(a·h + b·[V < V0] + c·grade) for each kilometre a heavy vehicle
drives. Each (member, draw, segment, direction, period) has its own stream of random numbers,
made from those five and a seed, whatever else is computed: a unit Poisson process along the
accumulated hazard. A plan that leaves less snow, or fewer lorries, keeps the beginning of the
same stream, so its blockages are some of those of the other plan, and each is as short or
shorter (common random numbers).
"""

# mypy: disable-error-code="no-untyped-def,no-untyped-call"
# The compiler finds the types of compiled functions by itself.
from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from roadplan.errors import RoadplanError
from roadplan.traffic.parameters import TrafficParameters

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class StuckVehicles:
    """Blockages by stuck vehicles; arrays of shape (n,), ordered by scenario.

    Parameters
    ----------
    scenario, segment, direction
        Which scenario, segment and carriageway each belongs to.
    start_s, end_s
        From when to when, from the run's beginning.
    along
        Where on the segment, as a share of its length from its lower station.
    all_lanes
        Whether it blocks every lane; else one.
    """

    scenario: Ints
    segment: Ints
    direction: Ints
    start_s: Floats
    end_s: Floats
    along: Floats
    all_lanes: NDArray[np.bool_]

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.scenario)


def stuck_hazard(
    depth_cm: ArrayLike,
    visibility_m: ArrayLike,
    parameters: TrafficParameters,
    *,
    grade_percent: ArrayLike = 0.0,
) -> Floats:
    """Return blockages for each kilometre that a heavy vehicle drives.

    Parameters
    ----------
    depth_cm, visibility_m, grade_percent
        Broadcast together. A missing depth or visibility is a fault, not good weather.

    Examples
    --------
    >>> from roadplan.traffic.parameters import load_parameters
    >>> float(stuck_hazard(20.0, 100.0, load_parameters()) / 3e-7).__round__()
    403
    """
    depth, sight, grade = (
        np.asarray(value, dtype=np.float64) for value in (depth_cm, visibility_m, grade_percent)
    )
    if not (np.all(depth >= 0) and np.all(sight >= 0) and np.all(np.isfinite(grade))):
        raise RoadplanError("depth and visibility must be numbers of 0 or more, grade a number")
    low = sight < parameters["stuck_visibility_m"]
    exponent = (
        parameters["stuck_per_cm"] * np.minimum(depth, parameters["stuck_deepest_cm"])
        + parameters["stuck_low_visibility"] * low
        + parameters["stuck_per_grade"] * np.abs(grade)
    )
    hazard: Floats = parameters["stuck_per_truck_km"] * np.exp(np.minimum(exponent, 50.0))
    return hazard


def segment_keys(names: Sequence[str]) -> Ints:
    """Return a number for each segment that depends on its name alone."""
    return np.array([zlib.crc32(name.encode()) for name in names], dtype=np.int64)


def draw_stuck(
    expected: NDArray[np.float32],
    depth_cm: NDArray[np.float32],
    parameters: TrafficParameters,
    *,
    keys: Ints,
    case_of: Ints,
    member_of: Ints,
    draw_of: Ints,
    period_s: float,
    seed: int,
) -> StuckVehicles:
    """Draw the blockages of every scenario.

    Parameters
    ----------
    expected
        Mean number of blockages, shape (case, period, segment, direction): hazard times the
        kilometres that heavy vehicles drive.
    depth_cm
        Snow depth, of the same shape; blockages in deep snow last longer.
    parameters
        Durations and the share that blocks every lane.
    keys
        A number for each segment; see :func:`segment_keys`.
    case_of, member_of, draw_of
        Shape (scenario,). Scenarios of one member and draw share their random numbers, whatever
        their case (their plan) is.
    period_s
        Length of a period.
    seed
        Another seed gives other streams.

    Raises
    ------
    RoadplanError
        Shapes that do not fit, or means that are negative or no numbers.
    """
    if expected.ndim != 4 or expected.shape[3] != 2 or expected.shape != depth_cm.shape:
        raise RoadplanError("expected and depth_cm must both be (case, period, segment, 2)")
    if len(keys) != expected.shape[2]:
        raise RoadplanError(f"{len(keys)} keys for {expected.shape[2]} segments")
    if not np.all((expected >= 0) & (expected < 1000) & (depth_cm >= 0)):
        raise RoadplanError("means must be 0 to 1000 a period, and depths 0 or more")
    streams = _streams(seed, member_of, draw_of)
    arrays = (
        np.ascontiguousarray(expected, dtype=np.float32),
        np.ascontiguousarray(depth_cm, dtype=np.float32),
        np.ascontiguousarray(keys, dtype=np.int64).astype(np.uint64),
        np.ascontiguousarray(case_of, dtype=np.int64),
        streams,
    )
    numbers = np.array(
        [
            parameters["stuck_all_lanes_share"],
            3600.0 * parameters["stuck_median_h"],
            parameters["stuck_sigma"],
            parameters["stuck_median_per_cm"],
            period_s,
        ]
    )
    whole, real = np.zeros((0, 4), dtype=np.int64), np.zeros((0, 3))
    count = _draw(*arrays, numbers, whole, real, False)
    whole, real = np.zeros((count, 4), dtype=np.int64), np.zeros((count, 3))
    _draw(*arrays, numbers, whole, real, True)
    return StuckVehicles(
        scenario=whole[:, 0],
        segment=whole[:, 1],
        direction=whole[:, 2],
        start_s=real[:, 0],
        end_s=real[:, 1],
        along=real[:, 2],
        all_lanes=whole[:, 3] > 0,
    )


def _streams(seed: int, member_of: Ints, draw_of: Ints) -> NDArray[np.uint64]:
    """Return the beginning of each scenario's random numbers."""
    base = np.random.SeedSequence(seed).generate_state(1, np.uint64)[0]
    member = np.asarray(member_of).astype(np.uint64)
    draw = np.asarray(draw_of).astype(np.uint64)
    with np.errstate(over="ignore"):
        mixed: NDArray[np.uint64] = base ^ (
            member * np.uint64(0x9E3779B97F4A7C15) + draw * np.uint64(0xC2B2AE3D27D4EB4F)
        )
    return mixed


@njit(cache=True, nogil=True, error_model="numpy")
def _mix(x):
    """Scramble 64 bits (the finaliser of SplitMix64; Steele, Lea & Flood 2014)."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


@njit(cache=True, nogil=True, error_model="numpy")
def _uniform(state, index):
    """Return the index-th number of a stream, above 0 and below 1."""
    x = _mix(state + (np.uint64(index) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15))
    return (np.float64(x >> np.uint64(11)) + 0.5) / 9007199254740992.0


@njit(cache=True, nogil=True, error_model="numpy")
def _draw(expected, depth_cm, keys, case_of, streams, numbers, whole, real, fill):
    """Count the blockages, or fill them in; numbers are those of :func:`draw_stuck`."""
    all_lanes, median_s, sigma, per_cm, period_s = numbers
    found = 0
    for s in range(case_of.size):
        case = case_of[s]
        for period in range(expected.shape[1]):
            for segment in range(expected.shape[2]):
                for direction in range(2):
                    mean = expected[case, period, segment, direction]
                    if mean <= 0.0:
                        continue
                    state = _mix(
                        streams[s]
                        + _mix(keys[segment] * np.uint64(2) + np.uint64(direction))
                        + np.uint64(period) * np.uint64(0xD6E8FEB86659FD93)
                    )
                    # exp(-mean) >= 1 - mean: most periods are done with one comparison.
                    first = _uniform(state, 0)
                    if first < 1.0 - mean:
                        continue
                    hazard, k = -np.log(first), 0
                    while hazard <= mean:
                        if fill:
                            depth = depth_cm[case, period, segment, direction]
                            radius = np.sqrt(-2.0 * np.log(_uniform(state, 6 * k + 1)))
                            normal = radius * np.cos(2.0 * np.pi * _uniform(state, 6 * k + 2))
                            start = (period + _uniform(state, 6 * k + 3)) * period_s
                            lasts = median_s * np.exp(per_cm * depth + sigma * normal)
                            whole[found, 0] = s
                            whole[found, 1] = segment
                            whole[found, 2] = direction
                            whole[found, 3] = _uniform(state, 6 * k + 5) < all_lanes
                            real[found, 0] = start
                            real[found, 1] = start + lasts
                            real[found, 2] = _uniform(state, 6 * k + 4)
                        found += 1
                        k += 1
                        hazard -= np.log(_uniform(state, 6 * k))
    return found
