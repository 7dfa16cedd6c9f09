"""What it costs to let a carriageway wait: the expected jam cost between two passes.

For a segment and direction with its last pass at moment t1, snow gathers until the next pass at
t2. In each slot between them the depth and the weather leave a speed and a capacity. Three things
cost vehicle-hours:

- driving slower: q·L·(1/v - 1/v0) of the flow q that gets through;
- a queue where demand is above capacity (a point queue), and its discharge after t2 into what
  the road under the pass at t2 leaves unused;
- stuck heavy vehicles: λ(h, V)·(heavy veh-km) blockages in the slot, each lasting a lognormal
  time D. With demand d, capacity C and Cb left beside the blockage, a queue grows at d - Cb and
  shrinks at C - d, so that each costs E[D²]/2 · (d - Cb)(C - Cb)/(C - d) vehicle-hours: the
  triangle of deterministic queuing (May & Keller 1967) with E[D²] = m² exp(2σ²). A pass may
  come before the queue is gone: it shrinks at the mean of the capacity in the snow and cleared.

Segments that are cleared together hand on what the snow lets through, so that a vehicle waits once
however finely the road is cut.

Numbers and curves are those of :mod:`roadplan.weather` and :mod:`roadplan.traffic`, so that the
cost of an isolated segment is what the queue simulation gives.
"""

# mypy: disable-error-code="no-untyped-def,no-untyped-call"
# The compiler finds the types of compiled functions by itself.
from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from roadplan.traffic.parameters import TrafficParameters
from roadplan.traffic.stuck import stuck_hazard
from roadplan.weather import Parameters, effects

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Flags = NDArray[np.bool_]

GRID_CM: Final = 0.1
"""Step of the depth grid on which the curves are tabled."""

DEEPEST_CM: Final = 120.0
"""Depth beyond which the curves stay as they are."""

LEAST_SPARE: Final = 0.05
"""Least share of the capacity by which a queue is taken to shrink."""

LONGEST_QUEUE_H: Final = 12.0
"""Longest a queue behind a blockage is taken to stay on a road whose capacity is used up."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Curves:
    """What a depth leaves, tabled by depth; shape (depth,), or (lanes, depth) for the first.

    Parameters
    ----------
    open_share
        Share of the lanes that can be driven, by lanes of the direction less one.
    speed_share
        Share of the free speed.
    hazard
        Blockages for each kilometre of a heavy vehicle, in sight.
    mean_h, square_h2
        First and second moment of the time a blockage lasts.
    low_sight
        How many times as many blockages there are in low visibility.
    """

    open_share: Floats
    speed_share: Floats
    hazard: Floats
    mean_h: Floats
    square_h2: Floats
    low_sight: float

    @classmethod
    def of(cls, weather: Parameters, traffic: TrafficParameters, *, lanes: int = 4) -> Curves:
        """Table the curves of the weather and the traffic model."""
        depth_cm = np.arange(0.0, DEEPEST_CM + GRID_CM / 2, GRID_CM)
        depth_m = depth_cm / 100.0
        open_share = np.stack(
            [effects.open_share(depth_m, n, weather) for n in range(1, lanes + 1)]
        )
        sight = traffic["stuck_visibility_m"]
        hazard = stuck_hazard(depth_cm, sight + 1.0, traffic)
        median_h = traffic["stuck_median_h"] * np.exp(traffic["stuck_median_per_cm"] * depth_cm)
        variance = traffic["stuck_sigma"] ** 2
        return cls(
            open_share=np.maximum(open_share, 0.0),
            speed_share=effects.depth_speed_share(depth_m, weather),
            hazard=hazard,
            mean_h=median_h * np.exp(variance / 2),
            square_h2=median_h**2 * np.exp(2 * variance),
            low_sight=float(np.exp(traffic["stuck_low_visibility"])),
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Lane:
    """One direction of one segment, through the slots.

    Parameters
    ----------
    light_veh_h, heavy_veh_h
        Demand where nothing is held up, shape (member, slot).
    ahead_veh_h
        Demand of both classes, the mean of the hours a blockage matters, shape (member, slot).
    weather_share
        Share of the capacity that the weather leaves, 0 where the road is closed for the
        weather, shape (member, slot).
    sight_kmh
        Speed that sight allows, same shape.
    low_sight
        Whether sight counts as low for stuck vehicles, same shape.
    length_km, free_kmh, capacity_pcu_h, lanes
        Of the segment.
    """

    light_veh_h: Floats
    heavy_veh_h: Floats
    ahead_veh_h: Floats
    weather_share: Floats
    sight_kmh: Floats
    low_sight: Flags
    length_km: float
    free_kmh: float
    capacity_pcu_h: float
    lanes: int


def jam_cost(
    depth_m: Floats,
    lane: Lane,
    curves: Curves,
    traffic: TrafficParameters,
    *,
    slot_h: float,
    share: Singles | None = None,
    out: Singles | None = None,
) -> Singles:
    """Return the expected jam cost between passes by member.

    Parameters
    ----------
    depth_m
        Shape (member, T + 1, T + 1): the depth at t2 with the last pass at t1, as
        :func:`roadplan.weather.depth_between_passes` gives it.
    lane
        Demand and weather.
    curves
        What a depth leaves.
    traffic
        Shares of blockages, capacity left beside them and the size of heavy vehicles.
    slot_h
        Length of a slot.
    share
        Shape (member, T, T): share of the demand of a slot (last axis) that arrives when the last
        pass was at t1; changed to the share that leaves, so that segments cleared together hand
        on what the snow lets through and no vehicle waits in each of them. All by default.
    out
        Where to add; a new array by default.

    Returns
    -------
    ndarray
        veh·h, shape (member, T + 1, T + 1), zero where t2 is not after t1.
    """
    members, moments, _ = depth_m.shape
    if out is None:
        out = np.zeros((members, moments, moments), dtype=np.float32)
    if share is None:
        share = np.ones((members, moments - 1, moments - 1), dtype=np.float32)
    numbers = np.array(
        [
            slot_h,
            lane.length_km,
            lane.free_kmh,
            lane.capacity_pcu_h,
            traffic.heavy_pcu,
            traffic["stuck_all_lanes_share"],
            traffic.left_share(lane.lanes, 1),
            curves.low_sight,
        ]
    )
    row = min(lane.lanes, len(curves.open_share)) - 1
    _fill(
        np.ascontiguousarray(depth_m),
        np.ascontiguousarray(lane.light_veh_h),
        np.ascontiguousarray(lane.heavy_veh_h),
        np.ascontiguousarray(lane.ahead_veh_h),
        np.ascontiguousarray(lane.weather_share),
        np.ascontiguousarray(lane.sight_kmh),
        np.ascontiguousarray(lane.low_sight),
        curves.open_share[row],
        curves.speed_share,
        curves.hazard,
        curves.mean_h,
        curves.square_h2,
        numbers,
        share,
        out,
    )
    return out


def ahead(demand_veh_h: Floats, *, slot_h: float, hours: float) -> Floats:
    """Return the mean demand of the next hours at each slot; the last slot's value goes on.

    Parameters
    ----------
    demand_veh_h
        Shape (…, slot).
    slot_h
        Length of a slot.
    hours
        How far to look: blockages count by the square of their length, so that those which
        matter last about E[D²]/E[D].

    Examples
    --------
    >>> ahead(np.array([1.0, 3.0, 5.0]), slot_h=1.0, hours=2.0).tolist()
    [2.0, 4.0, 5.0]
    """
    span = max(1, round(hours / slot_h))
    padded = np.concatenate(
        [demand_veh_h, np.repeat(demand_veh_h[..., -1:], span - 1, axis=-1)], axis=-1
    )
    total = np.cumsum(padded, axis=-1)
    first = np.concatenate([np.zeros_like(total[..., :1]), total[..., :-span]], axis=-1)
    mean: Floats = (total[..., span - 1 :] - first) / span
    return mean


@njit(cache=True, nogil=True, error_model="numpy")
def _blockage(demand, capacity, later, left, mean_h, square_h2):
    """Return the delay of one blockage in units of demand times hours.

    `later` is the capacity while its queue shrinks.
    """
    beside = left * capacity
    if demand <= beside:
        return 0.0
    if capacity <= 0.0:
        return 0.0
    spare = max(later - demand, LEAST_SPARE * later)
    # The queue grows at d - Cb over the blockage, then shrinks at C - d.
    grows = demand - beside
    triangle = 0.5 * square_h2 * grows * (1.0 + grows / spare)
    # Where capacity is used up anyway, a blockage adds only the vehicles it kept back.
    return min(triangle, (capacity - beside) * mean_h * LONGEST_QUEUE_H)


@njit(cache=True, nogil=True, error_model="numpy")
def _at(curve, position):
    i = int(position)
    if i >= curve.size - 1:
        return curve[curve.size - 1]
    return curve[i] + (position - i) * (curve[i + 1] - curve[i])


@njit(cache=True, nogil=True, error_model="numpy")
def _fill(
    depth_m, light, heavy, ahead_veh, weather, sight, low, open_share, speed_share, hazard,
    mean_h, square_h2, numbers, share, out,
):  # fmt: skip
    """Add the cost of every pair of passes of every member."""
    slot_h, length, free, base, heavy_pcu, all_share, left_one, low_factor = numbers
    members, slots = light.shape
    unused = np.zeros((slots, slots))
    for m in range(members):
        for t1 in range(slots - 1, -1, -1):
            queue, total = 0.0, 0.0
            for k in range(t1, slots):
                depth_cm = 50.0 * (depth_m[m, t1, k] + depth_m[m, t1, k + 1])
                position = depth_cm / GRID_CM
                arriving = share[m, t1, k]
                vehicles = (light[m, k] + heavy[m, k]) * arriving
                demand = (light[m, k] + heavy_pcu * heavy[m, k]) * arriving
                per_pcu = vehicles / demand if demand > 0.0 else 1.0
                capacity = base * _at(open_share, position) * weather[m, k]
                # The point queue, in pcu.
                rate = demand - capacity
                after = queue + rate * slot_h
                if after > 0.0:
                    area = 0.5 * (queue + after) * slot_h
                    served = capacity
                    spare = 0.0
                else:
                    after = 0.0
                    area = 0.5 * queue * queue / -rate if rate < 0.0 else 0.0
                    served = demand + queue / slot_h
                    spare = capacity * slot_h - queue - demand * slot_h
                unused[t1, k] = max(spare, 0.0)
                total += area * per_pcu
                queue = after
                # Slower driving of those who get through.
                speed = min(free * _at(speed_share, position), sight[m, k])
                if served > 0.0 and speed < free:
                    total += (
                        served * per_pcu * slot_h * length * (1.0 / max(speed, 1.0) - 1.0 / free)
                    )
                # Stuck vehicles, of those who drive.
                if capacity > 0.0 and demand > 0.0:
                    trucks = heavy[m, k] * arriving * min(served / demand, 1.0)
                    count = _at(hazard, position) * trucks * length * slot_h
                    if low[m, k]:
                        count *= low_factor
                    wish = ahead_veh[m, k] * arriving / per_pcu
                    mean, square = _at(mean_h, position), _at(square_h2, position)
                    later = 0.5 * (capacity + base * weather[m, k])
                    each = all_share * _blockage(wish, capacity, later, 0.0, mean, square)
                    each += (1.0 - all_share) * _blockage(
                        wish, capacity, later, left_one, mean, square
                    )
                    total += count * each * per_pcu
                extra = 0.0
                if queue > 0.0:
                    extra = _discharge(queue, unused, k + 1, slots, slot_h, base) * per_pcu
                out[m, t1, k + 1] += total + extra
                if demand > 0.0:
                    share[m, t1, k] = arriving * served / demand


@njit(cache=True, nogil=True, error_model="numpy")
def _discharge(queue, unused, after, slots, slot_h, base):
    """Return the delay of a queue left at a pass, served by what the road then leaves unused."""
    area, left = 0.0, queue
    for k in range(after, slots):
        room = unused[after, k]
        if room >= left:
            return area + 0.5 * left * left / room * slot_h
        area += (left - 0.5 * room) * slot_h
        left -= room
    spare = LEAST_SPARE * base
    if after < slots:
        spare = max(spare, unused[after, slots - 1] / slot_h)
    else:
        spare = max(spare, 0.5 * base)
    return area + 0.5 * left * left / spare
