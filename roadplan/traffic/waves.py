"""The kinematic wave on one road, solved exactly.

With a triangular fundamental diagram the count of vehicles that have passed a node is the least
of three: those that can have arrived, ``N_up(t - L/v)``; those for which there is room ahead,
``N_down(t - L/w) + k_jam L``; and those that its own capacity has let through (Newell 1993,
"A simplified theory of kinematic waves"; Daganzo 2005, "A variational formulation of kinematic
waves"). Demand and capacities are steps in time, so that all counts are piecewise linear, and
every break travels at one of two speeds: the solution goes from break to break and makes no
error of discretisation.
"""

from __future__ import annotations

import heapq
import itertools
from dataclasses import dataclass, field

import numpy as np

from roadplan.traffic.case import RoadCase
from roadplan.traffic.curves import FREE, Curve, Floats, least_steps, step_curve

_SAME_PLACE_KM = 1e-6
"""Bottlenecks closer than a millimetre stand at one place."""

_SAME_TIME_H = 1e-11
"""Events closer than this are one: far above rounding of times, far below any lag.

Breaks that are simultaneous arrive at times that differ in the last digit, having come by other
ways; told apart, they would leave pieces without length that run through the road for ever.
"""


@dataclass(frozen=True)
class WaveSolution:
    """Cumulative counts at the entry, at every bottleneck and at the exit of a road.

    Parameters
    ----------
    node_km
        Places of the nodes, rising, shape (n,).
    demand
        Vehicles that wish to enter.
    curves
        Vehicles that have passed each node.
    """

    case: RoadCase
    node_km: Floats
    demand: Curve
    curves: tuple[Curve, ...]


@dataclass
class _Node:
    """One node while it is being solved: its curve so far and how far its neighbours are read."""

    cap_time_h: Floats
    cap_veh_h: Floats
    time_h: list[float] = field(default_factory=list)
    count_veh: list[float] = field(default_factory=list)
    rate_veh_h: list[float] = field(default_factory=list)
    source: list[int] = field(default_factory=list)
    cap_at: int = 0
    up_at: int = -1
    down_at: int = -1

    def count(self, time_h: float) -> float:
        if not self.time_h:
            return 0.0
        return self.count_veh[-1] + self.rate_veh_h[-1] * (time_h - self.time_h[-1])

    def advance(self, reader: int, time_h: float, lag_h: float) -> int:
        """Return the index of the piece that reaches a reader `lag_h` away by `time_h`."""
        while reader + 1 < len(self.time_h) and (
            self.time_h[reader + 1] + lag_h <= time_h + _SAME_TIME_H
        ):
            reader += 1
        return reader

    def lagged(self, piece: int, time_h: float, lag_h: float) -> tuple[float, float, int]:
        """Return count, rate and source that arrive at `time_h` from `lag_h` away."""
        if piece < 0:
            return 0.0, 0.0, FREE
        count = self.count_veh[piece] + self.rate_veh_h[piece] * (
            time_h - lag_h - self.time_h[piece]
        )
        return count, self.rate_veh_h[piece], self.source[piece]

    def curve(self, horizon_h: float) -> Curve:
        return Curve(
            np.array([*self.time_h, horizon_h]),
            np.array([*self.count_veh, self.count(horizon_h)]),
            np.array([*self.rate_veh_h, self.rate_veh_h[-1]]),
            np.array([*self.source, self.source[-1]]),
        )


class _Solver:
    """Walks from event to event; an event is a moment at which a node's flow may change."""

    def __init__(self, case: RoadCase) -> None:
        self.case = case
        self.node_km, self.nodes = _nodes(case)
        gaps_km = np.diff(self.node_km)
        self.forward_h = (gaps_km / case.free_flow_kmh).tolist()
        self.backward_h = (gaps_km / case.wave_kmh).tolist()
        self.room_veh = (gaps_km * case.jam_density_veh_km).tolist()
        times, counts, rates = step_curve(case.demand, horizon_h=case.horizon_h)
        self.demand = _Node(times, rates, *(part.tolist() for part in (times, counts, rates)))
        self.demand.source = [FREE] * len(times)
        # Counts are sums of products: this is far above their rounding and far below a vehicle.
        self.tolerance_veh = 1e-7 + 1e-11 * counts[-1]
        self._order = itertools.count()
        self._events: list[tuple[float, int, int]] = []

    def _push(self, time_h: float, node: int) -> None:
        if 0 <= node < len(self.nodes) and time_h < self.case.horizon_h:
            heapq.heappush(self._events, (time_h, next(self._order), node))

    def solve(self) -> WaveSolution:
        for index, node in enumerate(self.nodes):
            for time_h in node.cap_time_h.tolist():
                self._push(time_h, index)
        for time_h in self.demand.time_h:
            self._push(time_h, 0)
        while self._events:
            time_h, _, index = heapq.heappop(self._events)
            self._update(index, time_h)
        horizon_h = self.case.horizon_h
        demand = Curve(
            np.array(self.demand.time_h),
            np.array(self.demand.count_veh),
            np.array(self.demand.rate_veh_h),
            np.array(self.demand.source),
        )
        curves = tuple(node.curve(horizon_h) for node in self.nodes)
        return WaveSolution(self.case, self.node_km, demand, curves)

    def _update(self, index: int, time_h: float) -> None:
        """Set the flow of one node from `time_h` on and foresee when it must be set again."""
        node = self.nodes[index]
        caps = node.cap_time_h
        while node.cap_at + 1 < len(caps) and caps[node.cap_at + 1] <= time_h + _SAME_TIME_H:
            node.cap_at += 1
        count = node.count(time_h)
        arrived, arriving, _ = self._upstream(index, time_h)
        room, room_rate, room_source = self._downstream(index, time_h)
        queued = arrived - count > self.tolerance_veh
        full = room - count <= self.tolerance_veh

        rate, source = float(node.cap_veh_h[node.cap_at]), index
        if full and room_rate <= rate:
            rate, source = room_rate, room_source
        if not queued and arriving <= rate:
            rate, source = arriving, FREE

        if not node.time_h or rate != node.rate_veh_h[-1] or source != node.source[-1]:
            self._append(index, time_h, count, rate, source)
        if queued and rate > arriving:
            self._push_after(time_h, (arrived - count) / (rate - arriving), index)
        if not full and rate > room_rate:
            self._push_after(time_h, (room - count) / (rate - room_rate), index)

    def _push_after(self, time_h: float, wait_h: float, index: int) -> None:
        self._push(time_h + max(wait_h, 2 * _SAME_TIME_H), index)

    def _upstream(self, index: int, time_h: float) -> tuple[float, float, int]:
        before = self.demand if index == 0 else self.nodes[index - 1]
        lag_h = 0.0 if index == 0 else self.forward_h[index - 1]
        node = self.nodes[index]
        node.up_at = before.advance(node.up_at, time_h, lag_h)
        return before.lagged(node.up_at, time_h, lag_h)

    def _downstream(self, index: int, time_h: float) -> tuple[float, float, int]:
        if index + 1 == len(self.nodes):
            return np.inf, np.inf, FREE
        after, lag_h = self.nodes[index + 1], self.backward_h[index]
        node = self.nodes[index]
        node.down_at = after.advance(node.down_at, time_h, lag_h)
        count, rate, source = after.lagged(node.down_at, time_h, lag_h)
        return count + self.room_veh[index], rate, source

    def _append(self, index: int, time_h: float, count: float, rate: float, source: int) -> None:
        node = self.nodes[index]
        if node.time_h and time_h - node.time_h[-1] <= _SAME_TIME_H:
            node.rate_veh_h[-1], node.source[-1] = rate, source
        else:
            node.time_h.append(time_h)
            node.count_veh.append(count)
            node.rate_veh_h.append(rate)
            node.source.append(source)
        if index + 1 < len(self.nodes):
            self._push(time_h + self.forward_h[index], index + 1)
        if index > 0:
            self._push(time_h + self.backward_h[index - 1], index - 1)


def _nodes(case: RoadCase) -> tuple[Floats, list[_Node]]:
    """Return the places of entry, bottlenecks and exit, with the capacity at each of them."""
    places = [0.0, *sorted(bottleneck.km for bottleneck in case.bottlenecks), case.length_km]
    node_km = [0.0]
    for km in places:
        if km - node_km[-1] > _SAME_PLACE_KM:
            node_km.append(km)
    node_km[-1] = case.length_km
    at = np.array(node_km)
    nodes = []
    nearest = [int(np.argmin(np.abs(at - bottleneck.km))) for bottleneck in case.bottlenecks]
    for index in range(len(node_km)):
        here = [
            b.capacity for b, node in zip(case.bottlenecks, nearest, strict=True) if node == index
        ]
        times, caps = least_steps(here, outside=case.capacity_veh_h, horizon_h=case.horizon_h)
        nodes.append(_Node(times, caps))
    return at, nodes


def solve_waves(case: RoadCase) -> WaveSolution:
    """Return the exact cumulative counts of a single-road case.

    Parameters
    ----------
    case
        The road, empty at hour 0, its demand and its bottlenecks.

    Examples
    --------
    >>> from roadplan.traffic.case import Bottleneck
    >>> case = RoadCase(
    ...     length_km=10.0, free_flow_kmh=100.0, capacity_veh_h=4000.0,
    ...     jam_density_veh_km=280.0, cell_km=1.0, demand=((0.0, 1.0, 2000.0),),
    ...     bottlenecks=(Bottleneck(km=5.0, capacity=((0.0, 3.0, 1000.0),)),), horizon_h=4.0,
    ... )
    >>> solve_waves(case).curves[-1].time_h.round(3).tolist()
    [0.0, 0.1, 2.1, 4.0]
    """
    return _Solver(case).solve()
