"""What a single-road case comes to: delay, queue, reach, and who is still waiting."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from roadplan.traffic.case import RoadCase
from roadplan.traffic.curves import Floats
from roadplan.traffic.queues import distance_veh_km, queue_history, waiting_gone_h
from roadplan.traffic.waves import solve_waves


@dataclass(frozen=True, kw_only=True)
class CaseResult:
    """The outcome of a single-road case.

    Parameters
    ----------
    delay_veh_h
        Time lost by the horizon, against driving freely: by vehicles that have left, by those
        still on the road for the distance they have driven, and by those waiting outside.
    peak_queue_km
        Longest congested length of the road; vehicles waiting outside are not part of it.
    peak_time_h
        When it was reached first; None if there was no queue on the road.
    reach_km
        Farthest queue tail, as distance upstream of the bottleneck at the queue's head.
    dissipated_h
        When the last queue, on the road and outside, was gone; 0 if there never was one, None if
        there still is one at the horizon.
    entered, left, waiting
        Vehicles that have entered and left the road by the horizon, and that wait outside then.
    """

    delay_veh_h: float
    peak_queue_km: float
    peak_time_h: float | None
    reach_km: float
    dissipated_h: float | None
    entered: float
    left: float
    waiting: float

    def as_dict(self) -> dict[str, float | None]:
        """Return the values rounded to a millionth, for JSON."""
        return {
            name: None if value is None else round(value, 6) + 0.0
            for name, value in asdict(self).items()
        }


def simulate_exactly(case: RoadCase) -> CaseResult:
    """Return the outcome of a case by the exact kinematic wave.

    Examples
    --------
    >>> from roadplan.traffic.case import Bottleneck
    >>> case = RoadCase(
    ...     length_km=100.0, free_flow_kmh=100.0, capacity_veh_h=4000.0,
    ...     jam_density_veh_km=280.0, cell_km=1.0, demand=((0.0, 6.0, 2500.0),),
    ...     bottlenecks=(
    ...         Bottleneck(km=60.0, capacity=((1.0, 4.0, 1200.0), (4.0, 5.0, 0.0))),
    ...     ), horizon_h=10.0,
    ... )
    >>> result = simulate_exactly(case)
    >>> round(result.delay_veh_h, 3), round(result.peak_queue_km, 3), round(result.reach_km, 3)
    (21320.0, 28.415, 37.143)
    """
    solution = solve_waves(case)
    history = queue_history(solution)
    entry, leave = solution.curves[0], solution.curves[-1]
    in_system_veh_h = solution.demand.integral() - leave.integral()
    delay = in_system_veh_h - distance_veh_km(solution) / case.free_flow_kmh
    entered, left = float(entry.count_veh[-1]), float(leave.count_veh[-1])
    wished = float(solution.demand.count_veh[-1])
    return CaseResult(
        delay_veh_h=not_negative(delay, in_system_veh_h),
        peak_queue_km=float(history.length_km.max()),
        peak_time_h=first_peak_h(history.time_h, history.length_km),
        reach_km=history.reach_km,
        dissipated_h=gone_h(
            history.time_h, history.length_km, waiting_gone_h(solution.demand, entry)
        ),
        entered=entered,
        left=left,
        waiting=not_negative(wished - entered, wished),
    )


def not_negative(value: float, scale: float) -> float:
    """Return 0 for a difference that is nothing but rounding."""
    return 0.0 if abs(value) <= 1e-9 * max(1.0, scale) else value


def first_peak_h(time_h: Floats, length_km: Floats) -> float | None:
    """Return when the longest queue was reached first; None if there was none."""
    peak = float(length_km.max())
    if peak == 0:
        return None
    return float(time_h[np.argmax(length_km >= peak * (1 - 1e-9))])


def gone_h(time_h: Floats, length_km: Floats, waiting_gone: float | None) -> float | None:
    """Return when the last queue on the road and outside was gone."""
    queued = np.flatnonzero(length_km > 0)
    if waiting_gone is None or (len(queued) and queued[-1] + 1 == len(time_h)):
        return None
    return max(waiting_gone, float(time_h[queued[-1] + 1]) if len(queued) else 0.0)
