"""From simulated plans to the storm page: what the outcome of each plan says, slot by slot."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from roadplan.errors import RoadplanError
from roadplan.i18n import LANGUAGES
from roadplan.maps.embedding import Text
from roadplan.maps.storm_crews import Crew, Leg, Order
from roadplan.maps.storm_events import Chance, Closure, Direction, Interval, Jam, Proof, Stretch
from roadplan.maps.storm_runs import jam_runs, jam_stretches, rectangles
from roadplan.maps.storm_view import Alternative, StormFacts, StormView
from roadplan.traffic.kernel import CLOSED, CLOSED_TO_HEAVY
from roadplan.traffic.risk import Estimate, expectation, probability
from roadplan.winter.build import Board
from roadplan.winter.outcome import PlanOutcome
from roadplan.winter.replay import Leg as TimedLeg

if TYPE_CHECKING:
    from roadplan.winter.planning import NightPlan

TITLES: Mapping[str, str] = {
    "plan": "The plan",
    "posture": "Beats for this storm",
    "beats": "Equal beats",
    "nothing": "Nothing cleared",
    "nothing cleared": "Nothing cleared",
}
"""Name of a simulated plan → what the page calls it."""

_WAYS: tuple[Direction, Direction] = ("rising", "falling")
_HOUR_S = 3600.0
_INPUTS = {
    "traffic": "traffic",
    "segments": "road profile",
    "depots": "depots",
}


def storm_view(
    outcome: PlanOutcome,
    board: Board,
    *,
    proofs: Mapping[str, Proof] | None = None,
    titles: Mapping[str, Text] | None = None,
    jam_km: float = 5.0,
    closed_h: float = 4.0,
    made_at: dt.datetime | None = None,
) -> StormView:
    """Return what the storm page shows of simulated plans.

    Parameters
    ----------
    outcome
        The plans, simulated with the same draws; the first one is that which is proposed.
    board
        The problem they were made for.
    proofs
        Cost and bound of optimised plans, by name.
    titles
        What each plan is called; :data:`TITLES` where nothing is said, else its name.
    jam_km, closed_h
        From which length a jam and from which duration a closure is counted.
    made_at
        When it was computed, with a time zone; None where it should not be told.
    """
    source = _Source(outcome, board, jam_km, closed_h)
    night = board.night
    named: dict[str, Text] = {**{name: {"en": name} for name in outcome.names}}
    named |= {name: text for name, text in TITLES.items() if name in named}
    named |= dict(titles or {})
    return StormView(
        storm=_facts(board),
        start=night.start,
        slots=night.slots.count,
        slot_minutes=float(night.slots.minutes),
        stretches=source.stretches,
        jam_km=jam_km,
        runs=len(outcome.storm.of_plan(0)),
        alternatives=tuple(
            source.alternative(name, named[name], (proofs or {}).get(name))
            for name in _ordered(outcome.names)
        ),
        estimated=_estimated(board),
        made_at=made_at,
        least_share=float(outcome.storm.traffic.parameters["risk_likely_share"]),
    )


def night_view(night: NightPlan, *, made_at: dt.datetime | None = None) -> StormView:
    """Return what the storm page shows of a plan made for a night, with what is proven of it.

    Parameters
    ----------
    night
        A plan with its simulated outcome.
    made_at
        When it was made, with a time zone; None where it should not be told.

    Raises
    ------
    RoadplanError
        The plan was made without a simulation.
    """
    if night.outcome is None:
        raise RoadplanError(
            "the plan was made without a simulation, so there is no risk to show; "
            "make it with at least one draw of stuck vehicles"
        )
    proof = Proof(float(night.result.cost), float(night.result.bound))
    first = night.outcome.names[0]
    return storm_view(night.outcome, night.board, proofs={first: proof}, made_at=made_at)


def _ordered(names: Sequence[str]) -> list[str]:
    """Return the plan first and nothing cleared last, whatever is compared in between."""
    return [names[0], *sorted(names[1:], key=lambda name: name.startswith("nothing"))]


def _facts(board: Board) -> StormFacts:
    origin = board.night.storm.origin
    notes = [flag for flag in origin.notes if flag.severity == "warning"]
    return StormFacts(
        names=dict(origin.title) or {"en": origin.source},
        issued=origin.issued,
        source=origin.source if origin.title else "",
        standing=origin.standing,
        synthetic=origin.synthetic,
        notes=tuple({code: flag.text(code) for code in LANGUAGES} for flag in notes),
    )


def _estimated(board: Board) -> tuple[Text, ...]:
    """Return which inputs hold anything that is an estimate."""
    found: list[Text] = ["fleet"] if board.fleet.estimated else []
    for table, name in _INPUTS.items():
        frame = board.night.corridor.table(table)
        if "standing" in frame and (frame["standing"] == "estimated").any():
            found.append(name)
    return tuple(found)


def _interval(estimate: Estimate) -> Interval:
    return Interval(float(estimate.value), float(estimate.low), float(estimate.high))


@dataclass(frozen=True, eq=False)
class _Source:
    """Simulated plans with what their indices mean."""

    outcome: PlanOutcome
    board: Board
    jam_km: float
    closed_h: float
    stretches: tuple[Stretch, ...] = field(init=False)
    hour_of: NDArray[np.int64] = field(init=False)
    period_of: NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        segments = self.outcome.storm.traffic.segments
        stretches = tuple(
            Stretch(route, float(low), float(high), way)
            for route, low, high in zip(segments.route, segments.from_m, segments.to_m, strict=True)
            for way in _WAYS
        )
        traffic = self.outcome.storm.traffic
        slots = self.board.night.slots
        begins_s = np.arange(slots.count) * slots.minutes * 60.0
        periods = self.outcome.storm.conditions.barrier.shape[1]
        hour = np.minimum((begins_s / _HOUR_S).astype(np.int64), traffic.hours - 1)
        period = np.minimum((begins_s / traffic.period_s).astype(np.int64), periods - 1)
        object.__setattr__(self, "stretches", stretches)
        object.__setattr__(self, "hour_of", hour)
        object.__setattr__(self, "period_of", period)

    def alternative(self, name: str, title: Text, proof: Proof | None) -> Alternative:
        """Return what one plan comes to."""
        storm, index = self.outcome.storm, self.outcome.index(name)
        rows = storm.of_plan(index)
        member = storm.member_of[rows]
        risk = storm.segment_risk(index)
        long_jam = jam_runs(storm, rows, longer_km=self.jam_km)
        hits = long_jam.sum(axis=0)
        low, high = _intervals(long_jam, member)
        unknown = risk.level < 0
        first = self.outcome.names[0]
        difference = self.outcome.delays(name) - self.outcome.delays(first)
        return Alternative(
            id=name,
            title=title,
            level=self._by_slot(risk.level),
            severity=self._by_slot(risk.severity),
            probability=self._by_slot(risk.probability),
            jam_hits=self._by_slot(np.where(unknown, -1, hits)),
            jam_low=self._by_slot(np.where(unknown, np.nan, low)),
            jam_high=self._by_slot(np.where(unknown, np.nan, high)),
            delay_veh_h=_interval(self.outcome.delay(name)),
            saving_veh_h=None if name == first else _interval(expectation(difference, member)),
            chances=self._chances(index, rows),
            proof=proof,
            jams=self._jams(rows),
            closures=_joined(self._closures(rows)),
            crews=self._crews(index),
        )

    def _by_slot(self, hourly: NDArray[Any]) -> NDArray[Any]:
        """Return an array (hour, segment, direction) as (slot, stretch)."""
        return hourly.reshape(len(hourly), -1)[self.hour_of]

    def _chances(self, index: int, rows: NDArray[np.int64]) -> tuple[Chance, ...]:
        storm = self.outcome.storm
        jam = storm.jam_probability(self.jam_km, index)
        closed = storm.closed_probability(self.closed_h, index)
        return (
            Chance(
                event="jam",
                limit=self.jam_km,
                share=_interval(jam),
                hits=int((storm.longest_jam_km[rows] > self.jam_km).sum()),
                runs=len(rows),
            ),
            Chance(
                event="closed",
                limit=self.closed_h,
                share=_interval(closed),
                hits=int((storm.closed_h[rows] >= self.closed_h - 1e-9).sum()),
                runs=len(rows),
            ),
        )

    def _jams(self, rows: NDArray[np.int64]) -> tuple[Jam, ...]:
        """Return where the longest jam of each chain stands, slot by slot."""
        storm = self.outcome.storm
        least = storm.traffic.parameters["risk_likely_share"]
        hourly = jam_stretches(storm, rows, longer_km=self.jam_km, least_share=least)
        return tuple(
            Jam(slot=slot, stretch=stretch, probability=share)
            for slot, hour in enumerate(self.hour_of.tolist())
            for stretch, share in hourly[hour]
        )

    def _closures(self, rows: NDArray[np.int64]) -> Iterable[Closure]:
        """Return what is closed by order, and what is likely to be closed."""
        storm = self.outcome.storm
        likely = storm.traffic.parameters["risk_likely_share"]
        cases = np.unique(storm.case_of[rows])
        barrier = storm.conditions.barrier[cases]
        guarded = storm.traffic.guarded.astype(np.float32)
        impassable = storm.conditions.capacity_factor[cases] <= 0
        shut = ((barrier == CLOSED).astype(np.float32) @ guarded > 0) | impassable
        heavy = ((barrier == CLOSED_TO_HEAVY).astype(np.float32) @ guarded > 0) & ~shut
        ordered = np.repeat(self.board.night.shut_to_traffic, 2, axis=1)
        yield from self._closed(np.where(ordered, np.nan, 0.0), "all", least=np.nan)
        for flags, vehicles in ((shut, "all"), (heavy, "heavy")):
            share = flags.mean(axis=0)[self.period_of]
            yield from self._closed(np.where(ordered, 0.0, share), vehicles, least=likely)

    def _closed(
        self, share: NDArray[np.float64], vehicles: Any, *, least: float
    ) -> Iterable[Closure]:
        """Return closures from shares of shape (slot, stretch); NaN is by order."""
        shown = np.isnan(share) if np.isnan(least) else share >= least
        for start, end, stretch, own in rectangles(shown, self.stretches):
            yield Closure(
                start=start,
                end=end,
                stretch=stretch,
                vehicles=vehicles,
                probability=float(share[start:end, own].max()),
            )

    def _crews(self, index: int) -> tuple[Crew, ...]:
        board, table = self.board, self.outcome.timetables[index]
        found = []
        if not any(table.legs):
            return ()
        for duty, legs in zip(board.duties, table.legs, strict=True):
            crew_class = board.fleet.classes.get(duty.crew.crew_class)
            base = board.fleet.bases[duty.crew.base]
            names = crew_class.names.as_dict() if crew_class else {"en": duty.crew.crew_class}
            stand = duty.place or base.position
            found.append(
                Crew(
                    id=duty.name,
                    names={"en": duty.name},
                    class_names={code: text for code, text in names.items() if text},
                    kind=crew_class.kind if crew_class else "",
                    depot=base.names.as_dict() if base.names.en else {"en": base.id},
                    orders=tuple(self._order(leg) for leg in legs)
                    or (
                        Order(
                            0.0,
                            float(board.night.slots.count),
                            "wait",
                            (Leg(stand.route, stand.station_m, stand.station_m),),
                        ),
                    ),
                    standing=duty.crew.standing,
                )
            )
        return tuple(found)

    def _order(self, leg: TimedLeg) -> Order:
        """Return a leg of the timetable as an order, in slots and on the road."""
        slot_h = self.board.night.slots.hours
        return Order(leg.start_h / slot_h, leg.end_h / slot_h, _activity(leg), self._ways(leg))

    def _ways(self, leg: TimedLeg) -> tuple[Leg, ...]:
        board = self.board
        if leg.kind == "plough":
            route, low, high = board.items.stretch(leg.item, board.night.road)
            one = Leg(
                route, *((low, high) if board.items.direction[leg.item] == 0 else (high, low))
            )
            back = Leg(route, one.to_m, one.from_m)
            return (one, *((back, one) * (leg.strips - 1)))
        start, end = board.places[leg.start], board.places[leg.end]
        ways = tuple(
            Leg(w.route, *((w.from_m, w.to_m) if w.rising else (w.to_m, w.from_m)))
            for w in board.night.corridor.network.path(start, end)
        )
        return ways or (Leg(end.route, end.station_m, end.station_m),)


def _joined(closures: Iterable[Closure]) -> tuple[Closure, ...]:
    """Return closures with both directions as one where they are closed alike."""
    found: dict[tuple[Any, ...], Closure] = {}
    for closure in closures:
        place = closure.stretch
        ordered = math.isnan(closure.probability)
        key = (closure.start, closure.end, place.route, place.from_m, place.to_m,
               closure.vehicles, ordered)  # fmt: skip
        before = found.get(key)
        if before is None:
            found[key] = closure
            continue
        most = max(before.probability, closure.probability)
        found[key] = replace(closure, stretch=replace(place, direction="both"), probability=most)
    return tuple(found.values())


def _activity(leg: TimedLeg) -> Any:
    return leg.kind


def _intervals(
    happened: NDArray[np.bool_], member: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the interval of the share of runs in each cell; cells of one count share it often."""
    shape = happened.shape[1:]
    flat = happened.reshape(len(happened), -1)
    low, high = np.zeros(flat.shape[1]), np.zeros(flat.shape[1])
    columns, which = np.unique(flat, axis=1, return_inverse=True)
    which = which.ravel()
    for number, column in enumerate(columns.T):
        found = probability(column, member)
        low[which == number], high[which == number] = found.low, found.high
    return low.reshape(shape), high.reshape(shape)
