"""What plans come to: replayed in continuous time and simulated with queues and stuck vehicles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from roadplan.errors import RoadplanError
from roadplan.traffic.outcome import RoadState, StormOutcome, simulate_storm
from roadplan.traffic.risk import Estimate, conditional_value_at_risk, expectation
from roadplan.weather import SnowDepth, conditions, depth_after_passes
from roadplan.winter.build import Board
from roadplan.winter.night import Night
from roadplan.winter.plan import Plan
from roadplan.winter.replay import Timetable, replay

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class PlanOutcome:
    """Simulated outcomes of some plans under the same storm and the same draws.

    Parameters
    ----------
    names
        Of the plans.
    timetables
        The plans in continuous time.
    depths
        Snow under each plan.
    storm
        The simulated scenarios.
    members
        Members of the forecast that were simulated.
    """

    names: tuple[str, ...]
    timetables: tuple[Timetable, ...] = field(repr=False)
    depths: tuple[SnowDepth, ...] = field(repr=False)
    storm: StormOutcome = field(repr=False)
    members: tuple[int, ...] = field(repr=False)

    def index(self, name: str) -> int:
        """Return the number of a plan by its name."""
        if name not in self.names:
            raise RoadplanError(f"there is no plan {name!r}; there are {', '.join(self.names)}")
        return self.names.index(name)

    def delays(self, name: str) -> Floats:
        """Return the delay of each scenario of a plan, veh·h, shape (member · draw,)."""
        rows = self.storm.of_plan(self.index(name))
        delay: Floats = self.storm.delay_veh_h[rows].sum(axis=1)
        return delay

    def delay(self, name: str) -> Estimate:
        """Return the expected delay of a plan with its 95 % interval."""
        return self.storm.expected_delay(self.index(name))["all"]

    def saving(self, name: str, against: str) -> Estimate:
        """Return how much less delay a plan brings than another one, as a share of the other's.

        The plans share weather and draws, so the interval is that of the differences by member.
        """
        own, other = self.delays(name), self.delays(against)
        mean = float(other.mean())
        if mean <= 0:
            return Estimate(0.0, 0.0, 0.0, len(self.members), len(own))
        rows = self.storm.of_plan(self.index(name))
        return expectation((other - own) / mean, self.storm.member_of[rows])

    def table(self) -> list[dict[str, Any]]:
        """Return the main figures of each plan as plain values."""
        found = []
        for number, name in enumerate(self.names):
            delay = self.delay(name)
            jam = self.storm.jam_probability(5.0, number)
            found.append(
                {
                    "plan": name,
                    "delay_veh_h": max(0.0, delay.value),
                    # Delay is never below 0, however wide the interval of its mean.
                    "delay_veh_h_interval": [
                        max(0.0, delay.low) if np.isfinite(delay.low) else delay.low,
                        delay.high,
                    ],
                    "delay_cvar90_veh_h": conditional_value_at_risk(self.delays(name), 0.9),
                    "jam_over_5_km": jam.value,
                    "jam_over_5_km_interval": [jam.low, jam.high],
                    "latest_pass_h": self.timetables[number].latest_h,
                    "overrun_h": self.timetables[number].overrun_h,
                }
            )
        return found


def simulate(
    board: Board,
    plans: dict[str, Plan],
    *,
    draws: int = 10,
    seed: int = 0,
    members: Sequence[int] | None = None,
    night: Night | None = None,
    threads: int | None = None,
) -> PlanOutcome:
    """Replay plans in continuous time and simulate their traffic.

    Parameters
    ----------
    board
        The problem they were made for.
    plans
        By name.
    draws
        Draws of stuck vehicles a member, the same for all plans.
    seed
        Of these draws.
    members
        Members of the forecast to simulate, by number; all by default.
    night
        Weather to simulate in: other members on the same road in the same slots; by default that
        for which the plans were made.
    threads
        How many to use.
    """
    if not plans:
        raise RoadplanError("give at least one plan to simulate")
    night = night or board.night
    if night.road.ids != board.night.road.ids or night.slots != board.night.slots:
        raise RoadplanError("the weather to simulate in is of another road or time")
    chosen = range(night.members) if members is None else members
    rows = np.array(sorted({int(m) for m in chosen}), dtype=np.int64)
    if not len(rows) or rows[0] < 0 or rows[-1] >= night.members:
        raise RoadplanError(f"the members must be of 0 to {night.members - 1}")
    timetables = tuple(replay(plan, board) for plan in plans.values())
    depths = tuple(
        depth_after_passes(
            night.load, night.parameters, passes=table.passes, initial_m=night.initial_m[None]
        )
        for table in timetables
    )
    states = [
        _state(night, depth, table, rows) for depth, table in zip(depths, timetables, strict=True)
    ]
    outcome = simulate_storm(
        night.traffic,
        RoadState(
            capacity_factor=np.concatenate([state["capacity"] for state in states]),
            speed_factor=np.concatenate([state["speed"] for state in states]),
            depth_cm=np.concatenate([state["depth"] for state in states]),
            visibility_m=np.concatenate([state["sight"] for state in states]),
            closed=np.concatenate([state["closed"] for state in states]),
            closed_to_heavy=np.concatenate([state["heavy"] for state in states]),
            response=np.concatenate([night.response[rows]] * len(states)),
        ),
        members=len(rows),
        draws=draws,
        seed=seed,
        threads=threads,
    )
    return PlanOutcome(
        names=tuple(plans),
        timetables=timetables,
        depths=depths,
        storm=outcome,
        members=tuple(rows.tolist()),
    )


def _state(
    night: Night, depth: SnowDepth, table: Timetable, rows: NDArray[np.int64]
) -> dict[str, NDArray[Any]]:
    """Return the state of the road under a plan, for some members."""
    found = conditions(
        night.weather,
        night.load,
        depth,
        night.road,
        night.parameters,
        free_speed_m_s=night.segments.free_speed_m_s,
        passes=table.passes,
    )
    works = night.base_share[None, None, :, None]
    free = night.segments.free_speed_m_s[None, None, :, None]
    shut = night.shut_to_traffic[None, :, :, None]
    sight = np.broadcast_to(night.load.visibility_m[..., None], found.depth_m.shape)
    return {
        "capacity": np.clip(found.capacity_share * works, 0.0, 1.0)[rows],
        "speed": np.clip(found.speed_m_s / free, 0.0, 1.0)[rows],
        "depth": (found.depth_m * 100.0)[rows],
        "sight": sight[rows],
        "closed": (found.closed | shut)[rows],
        "heavy": (found.closed_to_heavy | shut)[rows],
    }
