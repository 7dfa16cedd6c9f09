"""What a storm does to traffic: plans × members × draws of blockages, and what came of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from roadplan.errors import RoadplanError
from roadplan.traffic.closing import longest_closure_h, longest_wait_h
from roadplan.traffic.corridor import CorridorTraffic
from roadplan.traffic.kernel import CLOSED
from roadplan.traffic.risk import (
    Estimate,
    SegmentRisk,
    conditional_value_at_risk,
    expectation,
    probability,
    scenario_severity,
    segment_risk,
)
from roadplan.traffic.simulation import Conditions, Runs
from roadplan.traffic.stuck import StuckVehicles, draw_stuck

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class RoadState:
    """The state of the road in a storm, as the snow part gives it.

    Arrays have the shape (case, period, segment, direction) or broadcast to it. A case is a
    member of the forecast under a plan: case = plan · members + member.

    Parameters
    ----------
    capacity_factor, speed_factor
        Shares of capacity and free speed in good weather, 0 to 1; NaN where nothing is known.
    depth_cm, visibility_m
        Snow on the carriageway and sight, for stuck vehicles; NaN where nothing is known.
    closed, closed_to_heavy
        Segments closed to all, and to freight and public transport.
    grade_percent
        Grade of the road.
    response
        Share of the demand that comes, shape (case, hour, class).
    """

    capacity_factor: ArrayLike
    speed_factor: ArrayLike
    depth_cm: ArrayLike
    visibility_m: ArrayLike
    closed: ArrayLike = False
    closed_to_heavy: ArrayLike = False
    grade_percent: ArrayLike = 0.0
    response: ArrayLike | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class StormOutcome:
    """Simulated scenarios of a storm.

    Parameters
    ----------
    traffic
        The corridor.
    runs
        What came of each scenario.
    conditions
        State of the road of each case.
    known
        Whether the weather is known, shape (case, period, segment, direction).
    stuck
        Stuck vehicles.
    plan_of, member_of, draw_of, case_of
        Of each scenario, shape (scenario,).
    """

    traffic: CorridorTraffic = field(repr=False)
    runs: Runs = field(repr=False)
    conditions: Conditions = field(repr=False)
    known: NDArray[np.bool_] = field(repr=False)
    stuck: StuckVehicles = field(repr=False)
    plan_of: Ints = field(repr=False)
    member_of: Ints = field(repr=False)
    draw_of: Ints = field(repr=False)
    case_of: Ints = field(repr=False)

    def of_plan(self, plan: int) -> Ints:
        """Return the scenarios of a plan."""
        found = np.flatnonzero(self.plan_of == plan)
        if len(found) == 0:
            raise RoadplanError(f"there is no plan {plan}; there are {self.plan_of.max() + 1}")
        return found

    @property
    def delay_veh_h(self) -> Floats:
        """Delay of each scenario by class, on the road and waiting, shape (scenario, class)."""
        return self.runs.total_delay_veh_h

    @property
    def longest_jam_km(self) -> Floats:
        """The longest single jam of each scenario, shape (scenario,)."""
        longest: Floats = self.runs.longest_km.max(axis=(1, 2)).astype(np.float64)
        return longest

    @property
    def closed_h(self) -> Floats:
        """The longest closure of each scenario anywhere, shape (scenario,)."""
        hours = longest_closure_h(
            self._shut(), period_s=self.traffic.period_s, case_of=self.case_of, stuck=self.stuck
        )
        longest: Floats = hours.max(axis=(1, 2))
        return longest

    def expected_delay(self, plan: int = 0) -> dict[str, Estimate]:
        """Return the mean delay in veh·h, in all and by class."""
        rows = self.of_plan(plan)
        delay = self.delay_veh_h[rows]
        member = self.member_of[rows]
        return {
            "all": expectation(delay.sum(axis=1), member),
            "light": expectation(delay[:, 0], member),
            "heavy": expectation(delay[:, 1], member),
        }

    def cvar_veh_h(self, plan: int = 0, share: float = 0.9) -> float:
        """Return the mean delay of the worst ``1 - share`` of the scenarios."""
        return conditional_value_at_risk(self.delay_veh_h[self.of_plan(plan)].sum(axis=1), share)

    def jam_probability(self, longer_km: float, plan: int = 0) -> Estimate:
        """Return the probability of a jam longer than some kilometres."""
        rows = self.of_plan(plan)
        return probability(self.longest_jam_km[rows] > longer_km, self.member_of[rows])

    def closed_probability(self, hours: float, plan: int = 0) -> Estimate:
        """Return the probability that some stretch is closed for at least some hours on end."""
        rows = self.of_plan(plan)
        return probability(self.closed_h[rows] >= hours - 1e-9, self.member_of[rows])

    def held(self, plan: int = 0) -> dict[str, Estimate]:
        """Return who is held at barriers.

        Returns
        -------
        dict
            `vehicles` and `people`: the most at one moment; `vehicle_h`: time waited; and
            `longest_h`: the longest wait of anyone.
        """
        rows = self.of_plan(plan)
        first = len(self.traffic.network.entries)
        stored = self.runs.stored_veh[rows][:, :, first:].astype(np.float64)
        passed = self.runs.passed_veh[rows][:, :, first:].astype(np.float64)
        waited = self.runs.waiting_veh_h[rows][:, :, first:].astype(np.float64)
        together = stored.sum(axis=2)
        wait = longest_wait_h(
            np.moveaxis(stored.sum(axis=-1), 1, -1),
            np.moveaxis(passed.sum(axis=-1), 1, -1),
            period_s=self.runs.period_s,
        )
        member = self.member_of[rows]
        return {
            "vehicles": expectation(together.sum(axis=-1).max(axis=1, initial=0.0), member),
            "people": expectation((together @ self.traffic.people).max(axis=1), member),
            "vehicle_h": expectation(waited.sum(axis=(1, 2, 3)), member),
            "longest_h": expectation(wait.max(axis=1, initial=0.0), member),
        }

    def in_jams(self, plan: int = 0) -> dict[str, Estimate]:
        """Return the most vehicles and people in jams on the road at one moment."""
        rows = self.of_plan(plan)
        together = self.runs.queue_veh[rows].sum(axis=2).astype(np.float64)
        member = self.member_of[rows]
        return {
            "vehicles": expectation(together.sum(axis=-1).max(axis=1), member),
            "people": expectation((together @ self.traffic.people).max(axis=1), member),
        }

    def segment_risk(self, plan: int = 0) -> SegmentRisk:
        """Return severity, probability and level of each segment and hour."""
        rows = self.of_plan(plan)
        shape = (len(rows), self.traffic.hours, len(self.traffic.segments), 2)
        jam_km = self.runs.jam_km[rows].reshape(shape).astype(np.float64)
        cases, local = np.unique(self.case_of[rows], return_inverse=True)
        speed = self._hourly(np.where(self.known[cases], self._speed()[cases], np.nan), np.min, 1.0)
        shut = self._hourly(self._shut()[cases].astype(np.float64), np.max, 0.0) > 0
        severity = scenario_severity(
            jam_km=jam_km,
            speed_factor=speed[local],
            closed=shut[local],
            length_km=self.traffic.segments.length_km,
            parameters=self.traffic.parameters,
        )
        return segment_risk(severity, self.member_of[rows], self.traffic.parameters)

    def summary(
        self, plan: int = 0, *, jam_km: float = 5.0, closed_h: float = 4.0
    ) -> dict[str, object]:
        """Return the main figures as plain values, for tables and JSON."""
        rows = self.of_plan(plan)
        delay = self.expected_delay(plan)
        held, jams = self.held(plan), self.in_jams(plan)
        return {
            "plan": plan,
            "members": delay["all"].members,
            "scenarios": len(rows),
            "weather_known_share": float(self.known[np.unique(self.case_of[rows])].mean()),
            "delay_veh_h": {name: _plain(value) for name, value in delay.items()},
            "delay_cvar90_veh_h": self.cvar_veh_h(plan, 0.9),
            "longest_jam_km": _plain(expectation(self.longest_jam_km[rows], self.member_of[rows])),
            "jam_probability": {"longer_km": jam_km, **_plain(self.jam_probability(jam_km, plan))},
            "closed_probability": {
                "hours": closed_h,
                **_plain(self.closed_probability(closed_h, plan)),
            },
            "held_at_barriers": {name: _plain(value) for name, value in held.items()},
            "in_jams": {name: _plain(value) for name, value in jams.items()},
        }

    def _speed(self) -> Floats:
        grid = self.conditions.speed_factor
        speed: Floats = grid.reshape(*grid.shape[:2], -1, 2).astype(np.float64)
        return speed

    def _shut(self) -> NDArray[np.bool_]:
        """Return what is closed by a barrier or impassable, (case, period, segment, direction)."""
        closed = self.conditions.barrier == CLOSED
        guarded = self.traffic.guarded.astype(np.float32)
        behind = (closed.astype(np.float32) @ guarded) > 0
        shut: NDArray[np.bool_] = behind | (self.conditions.capacity_factor <= 0)
        return shut.reshape(*shut.shape[:2], -1, 2)

    def _hourly(self, values: Floats, worst: Callable[..., Floats], missing: float) -> Floats:
        """Return the worst of each hour's periods; an hour without periods has `missing`."""
        per_hour = max(1, round(3600.0 / self.traffic.period_s))
        hours = self.traffic.hours
        full = np.full((len(values), hours * per_hour, *values.shape[2:]), missing)
        have = min(values.shape[1], full.shape[1])
        full[:, :have] = values[:, :have]
        # After the last period the kernel keeps its conditions.
        full[:, have:] = values[:, -1:] if have else missing
        hourly: Floats = worst(
            full.reshape(len(values), hours, per_hour, *values.shape[2:]), axis=2
        )
        return hourly


def _plain(estimate: Estimate) -> dict[str, float]:
    return {"value": estimate.value, "low": estimate.low, "high": estimate.high}


def simulate_storm(
    traffic: CorridorTraffic,
    state: RoadState,
    *,
    members: int,
    draws: int = 20,
    seed: int = 0,
    threads: int | None = None,
) -> StormOutcome:
    """Simulate a storm under one or several plans.

    Parameters
    ----------
    traffic
        The corridor with its demand.
    state
        The state of the road in each case.
    members
        Members of the forecast; the number of cases is a multiple of it.
    draws
        Draws of stuck vehicles for each case, the same for all plans.
    seed
        Of the stuck vehicles.
    threads
        How many to use.

    Raises
    ------
    RoadplanError
        Shapes that do not fit.

    Notes
    -----
    Where the weather is not known the road is taken to be in good state, and the result is
    marked as unknown there: it says what is known to happen, not that nothing else will.
    """
    (capacity, speed, depth, sight, closed, heavy), known = _filled(traffic, state)
    cases = len(capacity)
    if members < 1 or cases % members:
        raise RoadplanError(f"{cases} cases are no multiple of {members} members")
    if draws < 1:
        raise RoadplanError("give at least one draw")
    case_of = np.repeat(np.arange(cases), draws).astype(np.int64)
    draw_of = np.tile(np.arange(draws), cases).astype(np.int64)
    member_of = case_of % members
    conditions = traffic.conditions(capacity, speed, closed=closed > 0, closed_to_heavy=heavy > 0)
    stuck = draw_stuck(
        traffic.expected_stuck(depth, sight, conditions, grade_percent=state.grade_percent),
        depth.astype(np.float32),
        traffic.parameters,
        keys=traffic.keys,
        case_of=case_of,
        member_of=member_of,
        draw_of=draw_of,
        period_s=traffic.period_s,
        seed=seed,
    )
    demand = traffic.demand(state.response)
    single = len(demand.veh_h) == 1
    runs = traffic.run(
        conditions,
        demand=demand,
        stuck=stuck,
        conditions_of=case_of,
        demand_of=np.zeros_like(case_of) if single else case_of,
        threads=threads,
    )
    return StormOutcome(
        traffic=traffic,
        runs=runs,
        conditions=conditions,
        known=known,
        stuck=stuck,
        plan_of=case_of // members,
        member_of=member_of,
        draw_of=draw_of,
        case_of=case_of,
    )


def _filled(traffic: CorridorTraffic, state: RoadState) -> tuple[list[Floats], NDArray[np.bool_]]:
    """Return the state's arrays in one shape, good where nothing is known, and what is known."""
    named = {
        "capacity_factor": (state.capacity_factor, 1.0),
        "speed_factor": (state.speed_factor, 1.0),
        "depth_cm": (state.depth_cm, 0.0),
        "visibility_m": (state.visibility_m, np.inf),
        "closed": (state.closed, 0.0),
        "closed_to_heavy": (state.closed_to_heavy, 0.0),
    }
    arrays = [np.asarray(value, dtype=np.float64) for value, _ in named.values()]
    try:
        arrays = list(np.broadcast_arrays(*arrays))
    except ValueError as error:
        shapes = ", ".join(f"{name} {a.shape}" for name, a in zip(named, arrays, strict=True))
        raise RoadplanError(f"the arrays of the road's state do not fit: {shapes}") from error
    if arrays[0].ndim != 4 or arrays[0].shape[2:] != (len(traffic.segments), 2):
        raise RoadplanError(
            f"the road's state has the shape {arrays[0].shape}; it must be "
            f"(case, period, {len(traffic.segments)}, 2)"
        )
    known = np.ones(arrays[0].shape, dtype=bool)
    filled = []
    for array, (_, good) in zip(arrays, named.values(), strict=True):
        missing = np.isnan(array)
        known &= ~missing
        filled.append(np.where(missing, good, array))
    return filled, known
