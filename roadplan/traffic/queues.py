"""Queues of a solved road: where they stand, how long they are, when they are gone.

Inside a link every state comes from the free flow upstream or, along a wave that runs backward
at the speed w, from the node downstream. The tail of the queue is where both give the same count
(Newell's three-detector method), so a queue is the set of backward waves between its tail and
the node that carry less than capacity. All lengths are piecewise linear in time; their breaks
are where the tail meets a wave, so maxima taken there are exact.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from roadplan.traffic.curves import FREE, Curve, Floats
from roadplan.traffic.waves import WaveSolution

_BISECTIONS = 60
_COUNT_VEH = 1e-8
"""Counts closer than this are the same: above rounding, far below a vehicle."""
_WAITING_VEH = 1e-6
_BESIDE_H = 1e-8
"""How far beside a break a one-sided limit is taken; counts must tell that far apart."""
_NO_QUEUE_KM = 1e-5


@dataclass(frozen=True)
class QueueHistory:
    """Length of all queues on a road together.

    Parameters
    ----------
    time_h
        Moments, rising, shape (n,); between them the length is linear.
    length_km
        Congested length of the whole road, shape (n,).
    reach_km
        The largest distance from a queue's tail to the bottleneck that caused it.
    """

    time_h: Floats
    length_km: Floats
    reach_km: float


class _Link:
    """The stretch between two neighbouring nodes."""

    def __init__(self, solution: WaveSolution, index: int) -> None:
        case = solution.case
        self.up, self.down = solution.curves[index], solution.curves[index + 1]
        self.start_km = float(solution.node_km[index])
        self.length_km = float(solution.node_km[index + 1] - solution.node_km[index])
        self.free_kmh, self.wave_kmh = case.free_flow_kmh, case.wave_kmh
        self.jam_veh_km = case.jam_density_veh_km
        self.same_veh = _COUNT_VEH + 1e-13 * float(solution.demand.count_veh[-1])
        self.node = index + 1
        slow = self.down.rate_veh_h[:-1] < case.capacity_veh_h
        self.slow = slow
        self._slow_h = np.append(0.0, np.cumsum(slow * np.diff(self.down.time_h)))

    def excess(self, time_h: Floats, x_km: Floats) -> Floats:
        """Return free count minus queued count at a place; positive inside a queue."""
        free = self.up.count(time_h - x_km / self.free_kmh)
        ahead_km = self.length_km - x_km
        return (
            free - self.down.count(time_h - ahead_km / self.wave_kmh) - (self.jam_veh_km * ahead_km)
        )

    def _first_km(self, time_h: Floats, slowness_h_km: float) -> Floats:
        """Return where a line through (time_h, 0), `slowness_h_km` hours a km, enters a queue."""
        low, high = np.zeros(len(time_h)), np.full(len(time_h), self.length_km)
        for _ in range(_BISECTIONS):
            middle = (low + high) / 2
            inside = self.excess(time_h + slowness_h_km * middle, middle) > self.same_veh
            high, low = np.where(inside, middle, high), np.where(inside, low, middle)
        return high

    def tail_km(self, time_h: Floats) -> Floats:
        """Return where the queue begins at some moments; the link's length where there is none."""
        return self._first_km(time_h, 0.0)

    def breaks_h(self, horizon_h: float) -> Floats:
        """Return every moment at which the tail's speed or the queue's length may change."""
        forward_h, backward_h = self.length_km / self.free_kmh, self.length_km / self.wave_kmh
        up, down = self.up.time_h, self.down.time_h
        meets_forward = up + self._first_km(up, 1 / self.free_kmh) / self.free_kmh
        leaves = self._last_wave_h(down)
        found = np.concatenate(
            [[0.0, horizon_h], up, up + forward_h, down, down + backward_h, meets_forward, leaves]
        )
        return np.unique(found[(found >= 0) & (found <= horizon_h)])

    def _last_wave_h(self, start_h: Floats) -> Floats:
        """Return when waves that left the downstream node at some moments leave the queue."""
        low, high = np.zeros(len(start_h)), np.full(len(start_h), self.length_km)
        for _ in range(_BISECTIONS):
            middle = (low + high) / 2
            time_h = start_h + middle / self.wave_kmh
            inside = self.excess(time_h, self.length_km - middle) > self.same_veh
            low, high = np.where(inside, middle, low), np.where(inside, high, middle)
        return start_h + low / self.wave_kmh

    def wave_start_h(self, time_h: Floats, x_km: Floats) -> Floats:
        """Return when the backward wave through a place left the downstream node."""
        return time_h - (self.length_km - x_km) / self.wave_kmh

    def queue_km(self, time_h: Floats) -> Floats:
        """Return the congested length at some moments."""
        start_h = self.wave_start_h(time_h, self.tail_km(time_h))
        slow = np.interp(time_h, self.down.time_h, self._slow_h) - np.interp(
            start_h, self.down.time_h, self._slow_h
        )
        length_km: Floats = self.wave_kmh * slow
        return length_km


class _Reach:
    """Finds the bottleneck at the head of the queue that a tail belongs to."""

    def __init__(self, solution: WaveSolution, links: list[_Link]) -> None:
        self.node_km, self.links = solution.node_km, links

    def farthest_km(self, horizon_h: float) -> float:
        """Return the largest distance from a tail to the bottleneck that caused its queue."""
        farthest = 0.0
        for index, link in enumerate(self.links):
            breaks = link.breaks_h(horizon_h)
            beside = np.concatenate([breaks - _BESIDE_H, breaks + _BESIDE_H])
            time_h = np.unique(np.clip(beside, 0.0, horizon_h))
            tail_km = link.tail_km(time_h)
            farthest = max(farthest, self._of_tails(index, time_h, tail_km))
            # Queues that follow the first one in the same link end at a backward wave.
            begins = np.flatnonzero(link.slow[1:] & ~link.slow[:-1]) + 1
            start_h = link.down.time_h[:-1][begins]
            end_h = np.minimum(link._last_wave_h(start_h), horizon_h) - _BESIDE_H
            inner_km = link.length_km - link.wave_kmh * (end_h - start_h) + 1e-6
            alive = end_h > start_h
            farthest = max(farthest, self._of_tails(index, end_h[alive], inner_km[alive]))
        return farthest

    def _of_tails(self, index: int, time_h: Floats, tail_km: Floats) -> float:
        link = self.links[index]
        queued = link.length_km - tail_km > _NO_QUEUE_KM
        if not queued.any():
            return 0.0
        time_h, tail_km = time_h[queued], tail_km[queued]
        start_h = link.wave_start_h(time_h, tail_km)
        head_km = self._head_km(index, start_h, time_h)
        return float(np.max(head_km - link.start_km - tail_km, initial=0.0))

    def _head_km(self, index: int, start_h: Floats, time_h: Floats) -> Floats:
        """Return the place of the bottleneck at the head of queues; the tail's own if none.

        `start_h` is when the wave now at the queue's upstream end left the downstream node.
        """
        link = self.links[index]
        down = link.down
        piece = np.clip(down.piece(start_h), 0, len(link.slow) - 1)
        fast = np.append(np.flatnonzero(~link.slow), len(link.slow))
        next_fast = fast[np.searchsorted(fast, piece)]
        last = np.clip(down.piece(time_h - _BESIDE_H), 0, len(link.slow) - 1)
        head_left = next_fast <= last
        shown = np.where(head_left, np.maximum(next_fast - 1, 0), last)
        source = down.source[shown]
        found = np.where(source == FREE, link.node, source)
        head_km = self.node_km[found]
        # A queue that still stands at the node may go on beyond it.
        beyond = ~head_left & (source > link.node)
        if beyond.any():
            after = self.links[index + 1]
            later = after.wave_start_h(time_h[beyond], np.zeros(int(beyond.sum())))
            head_km[beyond] = self._head_km(index + 1, later, time_h[beyond])
        none = ~link.slow[piece]
        head_km[none] = -np.inf
        return head_km


def queue_history(solution: WaveSolution) -> QueueHistory:
    """Return the congested length of a solved road over time and the farthest tail.

    A place is congested where vehicles drive slower than freely: traffic that leaves a queue at
    capacity is not.
    """
    horizon_h = solution.case.horizon_h
    links = [_Link(solution, index) for index in range(len(solution.curves) - 1)]
    own = [link.breaks_h(horizon_h) for link in links]
    time_h = np.unique(np.concatenate(own))
    length_km = np.zeros(len(time_h))
    for link, breaks in zip(links, own, strict=True):
        length_km += np.interp(time_h, breaks, link.queue_km(breaks))
    length_km[length_km < _NO_QUEUE_KM] = 0.0
    return QueueHistory(time_h, length_km, _Reach(solution, links).farthest_km(horizon_h))


def distance_veh_km(solution: WaveSolution) -> float:
    """Return the distance all vehicles have driven on the road by the horizon, veh·km.

    It is the integral over the road of the vehicles that have passed each place.
    """
    horizon_h = solution.case.horizon_h
    total = 0.0
    for index in range(len(solution.curves) - 1):
        link = _Link(solution, index)
        tail_km = float(link.tail_km(np.array([horizon_h]))[0])
        from_up = link.free_kmh * (horizon_h - link.up.time_h)
        from_down = link.length_km - link.wave_kmh * (horizon_h - link.down.time_h)
        x_km = np.unique(
            np.clip(np.concatenate([[0.0, tail_km], from_up, from_down]), 0.0, link.length_km)
        )
        free = link.up.count(horizon_h - x_km / link.free_kmh)
        queued = free - link.excess(np.full(len(x_km), horizon_h), x_km)
        total += float(np.trapezoid(np.minimum(free, queued), x_km))
    return total


def waiting_gone_h(demand: Curve, entry: Curve) -> float | None:
    """Return when the last vehicle that had to wait outside got in; None while some wait.

    Returns 0 if none ever waited.
    """
    time_h: NDArray[np.float64] = np.unique(np.concatenate([demand.time_h, entry.time_h]))
    waiting = demand.count(time_h) - entry.count(time_h)
    some = np.flatnonzero(waiting > _WAITING_VEH)
    if len(some) == 0:
        return 0.0
    if some[-1] + 1 == len(time_h):
        return None
    return float(time_h[some[-1] + 1])
