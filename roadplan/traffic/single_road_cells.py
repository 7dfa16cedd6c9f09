"""A single-road case run by the cell transmission model that whole corridors are run with."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np

from roadplan.errors import RoadplanError
from roadplan.traffic.case import RoadCase, Steps
from roadplan.traffic.curves import Floats, least_steps, step_curve
from roadplan.traffic.links import Link, Piece
from roadplan.traffic.network import CellNetwork, build_network
from roadplan.traffic.simulation import Blockages, Conditions, Demand, run_network
from roadplan.traffic.single_road import CaseResult, first_peak_h, gone_h, not_negative

_SLOW_SHARE = 0.9
"""Cells slower than this share of the free speed are congested; states near it are rare."""

_NO_QUEUE_KM = 0.05
_NO_WAITING_VEH = 1e-3
_MOST_UPDATES = 5e9


def simulate_cells(case: RoadCase) -> CaseResult:
    """Return the outcome of a case by the cell transmission model that corridors are run with.

    Cell borders are set at the bottlenecks, so cells may be shorter than asked for. The figures
    approach those of :func:`simulate_exactly` as cells get smaller.

    Raises
    ------
    RoadplanError
        The cells are so small or the horizon so long that it would run for minutes.
    """
    network, demand, blockages = case_network(case)
    edges = np.linspace(0.0, case.horizon_h, demand.veh_h.shape[1] + 1)
    runs = run_network(
        network,
        demand,
        hours=case.horizon_h,
        conditions=replace(Conditions.good(network), period_s=case.horizon_h * 3600.0),
        blockages=blockages,
        output_s=network.step_s,
        sample_s=network.step_s,
        jam_speed_share=_SLOW_SHARE,
        threads=1,
    )
    length_km = np.append(0.0, runs.queue_km[0, :, 0].astype(np.float64))
    length_km[length_km < _NO_QUEUE_KM] = 0.0
    waiting = np.append(0.0, runs.stored_veh[0, :, 0, 0].astype(np.float64))
    waited = np.flatnonzero(waiting > _NO_WAITING_VEH)
    gone = 0.0 if len(waited) == 0 else None
    if len(waited) and waited[-1] + 1 < len(edges):
        gone = float(edges[waited[-1] + 1])
    entered = float(runs.entered_veh.sum())
    return CaseResult(
        delay_veh_h=not_negative(float(runs.total_delay_veh_h.sum()), 1e6),
        peak_queue_km=float(length_km.max()),
        peak_time_h=first_peak_h(edges, length_km),
        reach_km=_reach_km(
            case, runs.head_km[0, :, 0].astype(float), runs.longest_km[0, :, 0].astype(float)
        ),
        dissipated_h=gone_h(edges, length_km, gone),
        entered=entered,
        left=float(runs.left_veh.sum()),
        waiting=not_negative(waiting[-1], 1e6),
    )


def case_network(case: RoadCase) -> tuple[CellNetwork, Demand, Blockages]:
    """Return a case as a network of one link, its demand in each step, and its bottlenecks.

    Raises
    ------
    RoadplanError
        The cells are so small or the horizon so long that it would run for minutes.
    """
    piece = Piece(
        length_m=case.length_km * 1000.0,
        free_speed_m_s=case.free_flow_kmh / 3.6,
        capacity_pcu_h=case.capacity_veh_h,
        jam_density_pcu_km=case.jam_density_veh_km,
    )
    border_m = _borders_m(case)
    shortest_km = float(np.min(np.diff(border_m))) / 1000.0
    fastest_kmh = max(case.free_flow_kmh, case.wave_kmh)
    if len(border_m) * case.horizon_h * fastest_kmh / shortest_km > _MOST_UPDATES:
        raise RoadplanError(
            f"{len(border_m)} cells down to {shortest_km:g} km over {case.horizon_h:g} h are too "
            "many steps; give a larger cell_km or use the exact method"
        )
    link = Link(
        name="road", start="entry", end="exit", pieces=(piece,),
        borders_m=tuple(border_m[1:-1].tolist()),
    )  # fmt: skip
    network = build_network(
        [link], entries={"entry": case.capacity_veh_h}, cell_m=case.cell_km * 1000.0,
        period_s=case.horizon_h * 3600.0,
    )  # fmt: skip
    steps = round(case.horizon_h * 3600.0 / network.step_s)
    edges = np.linspace(0.0, case.horizon_h, steps + 1)
    wished = np.diff(_cumulative(case.demand, edges, case.horizon_h)) / np.diff(edges)
    demand = np.zeros((1, steps, 1, 2), dtype=np.float32)
    demand[0, :, 0, 0] = wished
    return network, Demand(veh_h=demand, period_s=network.step_s), _losses(case, border_m)


def _borders_m(case: RoadCase) -> Floats:
    """Return cell borders: at the ends, at the bottlenecks, and evenly between them."""
    snapped = [round(b.km / case.cell_km * 50) / 50 * case.cell_km for b in case.bottlenecks]
    marks = np.unique(np.clip([0.0, *snapped, case.length_km], 0.0, case.length_km))
    rows = [
        np.linspace(low, high, max(1, round((high - low) / case.cell_km)) + 1)[:-1]
        for low, high in itertools.pairwise(marks)
    ]
    return np.concatenate([*rows, [case.length_km]]) * 1000.0


def _cumulative(steps: Steps, time_h: Floats, horizon_h: float) -> Floats:
    times, counts, _ = step_curve(steps, horizon_h=horizon_h)
    return np.interp(time_h, times, counts)


def _losses(case: RoadCase, border_m: Floats) -> Blockages:
    """Return the bottlenecks' periods as losses of capacity at cell borders."""
    at = [int(np.argmin(np.abs(border_m - b.km * 1000.0))) for b in case.bottlenecks]
    rows = []
    for border in sorted(set(at)):
        here = [
            b.capacity for b, where in zip(case.bottlenecks, at, strict=True) if where == border
        ]
        times, caps = least_steps(here, outside=case.capacity_veh_h, horizon_h=case.horizon_h)
        ends = [*times[1:].tolist(), case.horizon_h]
        for start, end, veh_h in zip(times.tolist(), ends, caps.tolist(), strict=True):
            if veh_h < case.capacity_veh_h:
                rows.append((border, 3600 * start, 3600 * end, 1 - veh_h / case.capacity_veh_h))
    table = np.array(rows, dtype=np.float64).reshape(-1, 4)
    return Blockages(
        scenario=np.zeros(len(table), dtype=np.int64),
        border=table[:, 0].astype(np.int64),
        start_s=table[:, 1],
        end_s=table[:, 2],
        lost=table[:, 3],
    )


def _reach_km(case: RoadCase, head_km: Floats, longest_km: Floats) -> float:
    """Return the farthest tail from the bottleneck next downstream of the jam's head."""
    places = np.sort([bottleneck.km for bottleneck in case.bottlenecks])
    jammed = longest_km > _NO_QUEUE_KM
    if len(places) == 0 or not jammed.any():
        return 0.0
    head, length = head_km[jammed], longest_km[jammed]
    beyond = np.clip(np.searchsorted(places, head - case.cell_km / 2), 0, len(places) - 1)
    return float(np.max(places[beyond] - head + length))
