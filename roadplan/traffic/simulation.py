"""Runs many scenarios on a cell network: weather, demand, blockages in, delay and jams out."""

from __future__ import annotations

import itertools
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from roadplan.errors import RoadplanError
from roadplan.traffic.kernel import (
    CLOSED,
    OutputArrays,
    ScenarioArrays,
    run_scenarios,
)
from roadplan.traffic.network import CellNetwork

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Ints = NDArray[np.int64]

JAM_SPEED_SHARE = 0.4
"""A cell slower than this share of its free speed is in a jam."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Demand:
    """Vehicles that wish to enter.

    Parameters
    ----------
    veh_h
        Shape (case, period, entry, class): light and heavy vehicles an hour at each entry of the
        network. After the last period it stays as it is.
    period_s
        Length of a period; the network's step divides it.
    """

    veh_h: Singles
    period_s: float = 3600.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Conditions:
    """What the weather and the barriers do to the road.

    Parameters
    ----------
    capacity_factor, speed_factor
        Shape (case, period, zone): shares of capacity and free speed in good weather, 0 to 1.
        Jam density and the speed of backward waves stay; so slow driving lowers the flow that
        can pass by itself, to where both branches of the diagram meet, if that is the less.
    barrier
        Shape (case, period, link): 0 open, 1 closed to heavy vehicles, 2 closed. Read only at
        links that have a barrier.
    period_s
        Length of a period; the network's step divides it.
    """

    capacity_factor: Singles
    speed_factor: Singles
    barrier: NDArray[np.uint8]
    period_s: float = 3600.0

    @classmethod
    def good(cls, network: CellNetwork) -> Conditions:
        """Return good weather with open barriers."""
        full = np.ones((1, 1, network.zones), dtype=np.float32)
        return cls(
            capacity_factor=full,
            speed_factor=full,
            barrier=np.zeros((1, 1, len(network.links)), dtype=np.uint8),
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Blockages:
    """Times during which a point of a link lets fewer vehicles through.

    Parameters
    ----------
    scenario
        Which scenario each belongs to, shape (n,).
    border
        Where, as an index from :meth:`CellNetwork.border`.
    start_s, end_s
        From when to when; the end may lie beyond the run.
    lost
        Share of capacity that is lost, 0 to 1; where several meet they add up to at most 1.
    """

    scenario: Ints
    border: Ints
    start_s: Floats
    end_s: Floats
    lost: Floats

    @classmethod
    def none(cls) -> Blockages:
        """Return no blockages."""
        whole, real = np.zeros(0, dtype=np.int64), np.zeros(0)
        return cls(scenario=whole, border=whole, start_s=real, end_s=real, lost=real)


@dataclass(frozen=True, kw_only=True, eq=False)
class Runs:
    """What came of each scenario; classes are light and heavy vehicles.

    Parameters
    ----------
    delay_veh_h
        Shape (scenario, period, zone, class): time lost on the road against free speed in good
        weather.
    waiting_veh_h
        Shape (scenario, period, store, class): time spent waiting at entries and barriers.
    jam_km
        Shape (scenario, period, zone): longest congested length at any sample.
    longest_km, head_km
        Shape (scenario, period, chain): the longest single jam and the distance of its head from
        the chain's start.
    queue_km, queue_veh
        Shape (scenario, period, chain[, class]): all jams of the chain together, and the vehicles
        in them.
    stored_veh, passed_veh
        Shape (scenario, period, store, class): vehicles waiting at the period's end, and those
        let in since the beginning.
    entered_veh, left_veh, on_road_veh
        Shape (scenario, class): until the end.
    demand_of
        Which row of the demand each scenario had.
    """

    delay_veh_h: Singles = field(repr=False)
    waiting_veh_h: Singles = field(repr=False)
    jam_km: Singles = field(repr=False)
    longest_km: Singles = field(repr=False)
    head_km: Singles = field(repr=False)
    queue_km: Singles = field(repr=False)
    queue_veh: Singles = field(repr=False)
    stored_veh: Singles = field(repr=False)
    passed_veh: Singles = field(repr=False)
    entered_veh: Floats = field(repr=False)
    left_veh: Floats = field(repr=False)
    on_road_veh: Floats = field(repr=False)
    period_s: float

    @property
    def total_delay_veh_h(self) -> Floats:
        """Delay of each scenario by class, on the road and waiting, shape (scenario, class)."""
        road = self.delay_veh_h.sum(axis=(1, 2), dtype=np.float64)
        total: Floats = road + self.waiting_veh_h.sum(axis=(1, 2), dtype=np.float64)
        return total


def run_network(
    network: CellNetwork,
    demand: Demand,
    *,
    hours: float,
    conditions: Conditions | None = None,
    blockages: Blockages | None = None,
    conditions_of: Ints | None = None,
    demand_of: Ints | None = None,
    output_s: float = 3600.0,
    sample_s: float = 900.0,
    jam_speed_share: float = JAM_SPEED_SHARE,
    threads: int | None = None,
) -> Runs:
    """Run scenarios side by side.

    Parameters
    ----------
    network
        The road.
    demand, conditions, blockages
        What differs between scenarios; good weather and no blockages if not given.
    hours
        How long to run, from an empty road.
    conditions_of, demand_of
        Shape (scenario,): which case of the conditions and of the demand each scenario has;
        default: scenario i has case i, or the only one there is.
    output_s, sample_s
        Length of the periods of the results, and how often jams are measured.
    jam_speed_share
        A cell slower than this share of its free speed is in a jam.
    threads
        How many to use; default: as many as there are cores.

    Raises
    ------
    RoadplanError
        Arrays whose shapes do not fit, periods that are no multiple of the network's step, values
        out of range.
    """
    conditions = conditions or Conditions.good(network)
    blockages = blockages or Blockages.none()
    scenarios = _scenario_count(demand, conditions, demand_of, conditions_of)
    demand_rows = _rows(demand_of, len(demand.veh_h), scenarios, "demand")
    condition_rows = _rows(conditions_of, len(conditions.capacity_factor), scenarios, "conditions")
    _check(network, demand, conditions, blockages, scenarios)
    steps = _whole(hours * 3600.0 / network.step_s, "hours", network)
    output_steps = _whole(output_s / network.step_s, "output_s", network)
    change_at, change_step, change_border, change_lost = _changes(
        blockages, scenarios, network.step_s, steps
    )
    arrays = ScenarioArrays(
        steps=steps,
        weather_steps=_whole(conditions.period_s / network.step_s, "conditions", network),
        demand_steps=_whole(demand.period_s / network.step_s, "demand", network),
        output_steps=output_steps,
        sample_steps=max(1, round(sample_s / network.step_s)),
        jam_speed=float(jam_speed_share),
        track_heavy=bool(np.any(demand.veh_h[..., 1] > 0)),
        weather_of=condition_rows,
        demand_of=demand_rows,
        capacity_factor=np.ascontiguousarray(conditions.capacity_factor, dtype=np.float32),
        speed_factor=np.ascontiguousarray(conditions.speed_factor, dtype=np.float32),
        closed=np.ascontiguousarray(conditions.barrier, dtype=np.uint8),
        demand=np.ascontiguousarray(demand.veh_h, dtype=np.float32),
        turn=network.turn,
        change_at=change_at,
        change_step=change_step,
        change_border=change_border,
        change_lost=change_lost,
    )
    output = _outputs(network, scenarios, -(-steps // output_steps))
    _run(network, arrays, output, scenarios, threads)
    return Runs(
        delay_veh_h=output.delay,
        waiting_veh_h=output.stored_h,
        jam_km=output.jam_km,
        longest_km=output.longest_km,
        head_km=output.head_km,
        queue_km=output.queue_km,
        queue_veh=output.queue_veh,
        stored_veh=output.stored,
        passed_veh=output.passed,
        entered_veh=output.entered,
        left_veh=output.left,
        on_road_veh=output.on_road,
        period_s=output_s,
    )


def _run(
    network: CellNetwork,
    arrays: ScenarioArrays,
    output: OutputArrays,
    scenarios: int,
    threads: int | None,
) -> None:
    """Share the scenarios out; the kernel lets go of the interpreter's lock."""
    workers = max(1, min(threads or os.cpu_count() or 1, scenarios))
    if workers == 1:
        run_scenarios(0, scenarios, network.arrays, arrays, output)
        return
    # Small parts keep the cores busy to the end although scenarios differ in length.
    edges = np.linspace(0, scenarios, min(scenarios, 8 * workers) + 1).astype(int).tolist()
    with ThreadPoolExecutor(workers) as pool:
        jobs = [
            pool.submit(run_scenarios, start, stop, network.arrays, arrays, output)
            for start, stop in itertools.pairwise(edges)
        ]
        for job in jobs:
            job.result()


def _outputs(network: CellNetwork, scenarios: int, periods: int) -> OutputArrays:
    chains, stores = len(network.chains), len(network.arrays.places)

    def singles(*shape: int) -> Singles:
        return np.zeros((scenarios, *shape), dtype=np.float32)

    return OutputArrays(
        delay=singles(periods, network.zones, 2),
        jam_km=singles(periods, network.zones),
        longest_km=singles(periods, chains),
        head_km=singles(periods, chains),
        queue_km=singles(periods, chains),
        queue_veh=singles(periods, chains, 2),
        stored=singles(periods, stores, 2),
        passed=singles(periods, stores, 2),
        stored_h=singles(periods, stores, 2),
        entered=np.zeros((scenarios, 2)),
        left=np.zeros((scenarios, 2)),
        on_road=np.zeros((scenarios, 2)),
    )


def _changes(
    blockages: Blockages, scenarios: int, step_s: float, steps: int
) -> tuple[Ints, Ints, Ints, Floats]:
    """Return what changes at which step; a blockage takes its part of a step it begins or ends in.

    A blockage from `start_s` to `end_s` covers ``c(k) = clip(end, k, k+1) - clip(start, k, k+1)``
    of step k; the changes are the differences of that.
    """
    start, end = blockages.start_s / step_s, np.minimum(blockages.end_s / step_s, steps + 1.0)
    first, final = np.floor(start).astype(np.int64), np.floor(end).astype(np.int64)
    marks = np.stack([first, first + 1, final, final + 1])

    def covered(step: NDArray[np.int64]) -> Floats:
        part: Floats = np.clip(np.minimum(end, step + 1.0) - np.maximum(start, step), 0.0, 1.0)
        return part

    gain = (covered(marks) - covered(marks - 1)) * blockages.lost
    # Where marks fall together the same difference would be counted twice.
    for row in range(1, 4):
        gain[row, np.any(marks[:row] == marks[row], axis=0)] = 0.0
    scenario = np.broadcast_to(blockages.scenario, marks.shape)
    border = np.broadcast_to(blockages.border, marks.shape)
    kept = (gain != 0) & (marks < steps)
    step, who, where, lost = marks[kept], scenario[kept], border[kept], gain[kept]
    order = np.lexsort((step, who))
    at = np.searchsorted(who[order], np.arange(scenarios + 1)).astype(np.int64)
    return at, step[order], where[order].astype(np.int64), lost[order].astype(np.float64)


def _scenario_count(
    demand: Demand, conditions: Conditions, demand_of: Ints | None, conditions_of: Ints | None
) -> int:
    if demand_of is not None:
        return len(demand_of)
    if conditions_of is not None:
        return len(conditions_of)
    return max(len(demand.veh_h), len(conditions.capacity_factor))


def _rows(given: Ints | None, cases: int, scenarios: int, what: str) -> Ints:
    """Return which case each scenario has."""
    if given is None:
        if cases not in (1, scenarios):
            raise RoadplanError(
                f"{what} has {cases} cases for {scenarios} scenarios; give one, as many as there "
                "are scenarios, or say which scenario has which"
            )
        return np.arange(scenarios, dtype=np.int64) % cases
    rows = np.ascontiguousarray(given, dtype=np.int64)
    if rows.shape != (scenarios,) or (scenarios and (rows.min() < 0 or rows.max() >= cases)):
        raise RoadplanError(
            f"{what}: the scenarios must point to cases 0 to {cases - 1}, one for each of "
            f"{scenarios}"
        )
    return rows


def _whole(ratio: float, what: str, network: CellNetwork) -> int:
    whole = round(ratio)
    if whole < 1 or abs(ratio - whole) > 1e-6 * max(1.0, ratio):
        raise RoadplanError(
            f"{what} is {ratio:g} steps of {network.step_s:g} s; it must be a whole number of "
            "them: build the network with a period_s that divides it"
        )
    return whole


def _check(
    network: CellNetwork,
    demand: Demand,
    conditions: Conditions,
    blockages: Blockages,
    scenarios: int,
) -> None:
    """Refuse shapes and values that the kernel would read as something else."""
    entries = len(network.entries)
    if demand.veh_h.ndim != 4 or demand.veh_h.shape[2:] != (entries, 2) or not demand.veh_h.size:
        raise RoadplanError(
            f"demand has the shape {demand.veh_h.shape}; it must be (case, period, {entries}, 2)"
        )
    zones, links = network.zones, len(network.links)
    for name, array, last in (
        ("capacity_factor", conditions.capacity_factor, zones),
        ("speed_factor", conditions.speed_factor, zones),
        ("barrier", conditions.barrier, links),
    ):
        if array.ndim != 3 or array.shape[2] != last or 0 in array.shape:
            raise RoadplanError(f"{name} has the shape {array.shape}; it must be (…, …, {last})")
        if array.shape[:2] != conditions.capacity_factor.shape[:2]:
            raise RoadplanError(f"{name} and capacity_factor differ in cases or periods")
    if not np.all((demand.veh_h >= 0) & (demand.veh_h < np.inf)):
        raise RoadplanError("demand holds a negative or missing value")
    for name, array in (
        ("capacity_factor", conditions.capacity_factor),
        ("speed_factor", conditions.speed_factor),
    ):
        if not np.all((array >= 0) & (array <= 1)):
            raise RoadplanError(f"{name} holds a value that is not from 0 to 1")
    if conditions.barrier.size and conditions.barrier.max() > CLOSED:
        raise RoadplanError("barrier holds a code other than 0 open, 1 closed to heavy, 2 closed")
    if len(blockages.scenario):
        _check_blockages(network, blockages, scenarios)


def _check_blockages(network: CellNetwork, blockages: Blockages, scenarios: int) -> None:
    if blockages.scenario.min() < 0 or blockages.scenario.max() >= scenarios:
        raise RoadplanError(f"a blockage belongs to none of the {scenarios} scenarios")
    if blockages.border.min() < 0 or blockages.border.max() >= len(network.border_m):
        raise RoadplanError("a blockage lies on no border of the network")
    if not np.all((blockages.start_s >= 0) & (blockages.end_s > blockages.start_s)):
        raise RoadplanError("a blockage ends before it begins, or begins before the run")
    if not np.all((blockages.lost >= 0) & (blockages.lost <= 1)):
        raise RoadplanError("a blockage loses a share of capacity that is not from 0 to 1")
