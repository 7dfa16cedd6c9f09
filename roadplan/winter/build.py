"""From a night and a fleet to the winter problem: items, moves, passes and what waiting costs."""

from __future__ import annotations

import datetime as dt
import itertools
import logging
import math
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from roadplan.corridor import Position
from roadplan.errors import RoadplanError
from roadplan.traffic.demand import HEAVY, LIGHT
from roadplan.traffic.road_traffic import LONGEST_SEGMENT_M
from roadplan.weather import Road, depth_between_passes, effects
from roadplan.winter.change import FormerPlan, Kept, match
from roadplan.winter.fleet import Crew, Fleet
from roadplan.winter.items import Items, join_items
from roadplan.winter.jam_cost import Curves, Lane, ahead, jam_cost
from roadplan.winter.night import Night
from roadplan.winter.problem import Problem
from roadplan.winter.state import CrewNow

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ROUND_FORGIVEN: Final = 0.1
"""Part of a slot by which a move may be longer than its whole slots: 3 min of 30."""

LONGEST_HOP: Final = 4
"""Longest travel arc in slots; longer ways are made of several."""

LEAST_HARD_KM: Final = 10.0
"""A hard limit counts shorter stretches as this long: a kilometre late is late all the same."""

MOST_BYTES: Final = 3_000_000_000
"""What the costs of all members together may take in memory."""

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class PlanOptions:
    """What a plan is asked to weigh.

    Parameters
    ----------
    worst_share
        Share of the members, the worst ones, that count more (CVaR); see `worst_weight`.
    worst_weight
        Weight of the mean of these worst members, 0–1, against the mean of all.
    service
        Limits of the time to clear after the snowfall ends: ``off``, ``soft`` or ``hard``.
    service_h
        Hours by road category; categories that are not here have no limit.
    soft_veh_h, hard_veh_h
        Cost of a kilometre and hour beyond a limit; a hard limit counts stretches below
        :data:`LEAST_HARD_KM` as that long, so that none is worth giving up.
    moving_veh_h
        Cost of an hour of a crew on the move: little, so that no machine drives for nothing.
    too_deep_share
        A pass is not offered where in more than this share of the members the snow is deeper
        than the class moves.
    change_veh_h
        Cost of a pass that a former plan makes and the new one does not, or the other way round.
    change_slots
        Slots by which a pass may move and still be the same pass.
    """

    worst_share: float = 0.1
    worst_weight: float = 0.0
    service: Literal["off", "soft", "hard"] = "off"
    service_h: tuple[tuple[str, float], ...] = (
        ("I-a", 4.0),
        ("I-b", 4.0),
        ("II", 5.0),
        ("III", 6.0),
        ("IV", 6.0),
        ("V", 12.0),
    )
    soft_veh_h: float = 2.0
    hard_veh_h: float = 1000.0
    moving_veh_h: float = 0.2
    too_deep_share: float = 0.1
    change_veh_h: float = 2.0
    change_slots: int = 1

    def __post_init__(self) -> None:
        for name, value, low, high in (
            ("worst_share", self.worst_share, 0.01, 1.0),
            ("worst_weight", self.worst_weight, 0.0, 1.0),
            ("too_deep_share", self.too_deep_share, 0.0, 0.99),
        ):
            if not low <= value <= high:
                raise RoadplanError(f"{name} = {value:g} is not possible; give {low:g} to {high:g}")


@dataclass(frozen=True, kw_only=True, eq=False)
class Costs:
    """What waiting costs and how deep the snow gets, by member.

    Parameters
    ----------
    jam_veh_h
        Shape (item, member, T + 1, T + 1), priorities not yet in it.
    late_veh_h
        Cost of service limits, same shape; None where there are none.
    weight
        How much delay counts on each item, shape (item,).
    depth_cm
        Mean depth at t2 with the last pass at t1 over the item's length, mean of the members,
        shape (item, T + 1, T + 1).
    deep_cm
        Depth at its deepest segment that only the allowed share of members exceeds, same shape.
    late_price
        What an hour beyond the limit costs on each item, shape (item,).
    change_veh_h
        Cost of departing from a former plan, same shape; None where there is none to keep.
    """

    jam_veh_h: NDArray[np.float32] = field(repr=False)
    late_veh_h: NDArray[np.float32] | None = field(repr=False)
    weight: Floats
    depth_cm: NDArray[np.float32] = field(repr=False)
    deep_cm: NDArray[np.float32] = field(repr=False)
    late_price: Floats = field(default_factory=lambda: np.zeros(0), repr=False)
    change_veh_h: NDArray[np.float32] | None = field(default=None, repr=False)

    def expected(self, member_weight: Floats | None = None) -> NDArray[np.float32]:
        """Return the cost between passes with members weighted, shape (item, T + 1, T + 1)."""
        members = self.jam_veh_h.shape[1]
        share = np.full(members, 1.0 / members) if member_weight is None else member_weight
        total = np.einsum("jmab,m->jab", self.jam_veh_h, share.astype(np.float32))
        total *= self.weight[:, None, None].astype(np.float32)
        if self.late_veh_h is not None:
            total += np.einsum("jmab,m->jab", self.late_veh_h, share.astype(np.float32))
        if self.change_veh_h is not None:
            total += self.change_veh_h
        return np.asarray(total, dtype=np.float32)

    def floor_veh_h(self, cost: NDArray[np.float32]) -> float:
        """Return what is left with crews without end: each item's cheapest night, moves free.

        Parameters
        ----------
        cost
            Shape (item, T + 1, T + 1), as :meth:`expected` gives it.
        """
        slots = cost.shape[1] - 1
        best = np.full(cost.shape[:2], np.inf)
        best[:, 0] = 0.0
        for t2 in range(1, slots + 1):
            best[:, t2] = (best[:, :t2] + cost[:, :t2, t2]).min(axis=1)
        return float(best[:, slots].sum())

    def by_member(self, passes: Sequence[Sequence[int]]) -> Floats:
        """Return the jam cost of each member when items are passed at some moments."""
        return np.asarray(self.by_item(passes).sum(axis=0))

    def by_item(self, passes: Sequence[Sequence[int]]) -> Floats:
        """Return the jam cost of each item and member, all items counting alike.

        Parameters
        ----------
        passes
            Moments at which each item is passed.
        """
        slots = self.jam_veh_h.shape[2] - 1
        total = np.zeros(self.jam_veh_h.shape[:2])
        for item, moments in enumerate(passes):
            stops = [0, *(m for m in moments if 0 < m < slots), slots]
            for before, after in itertools.pairwise(stops):
                total[item] += self.jam_veh_h[item, :, before, after]
        return total


@dataclass(frozen=True, kw_only=True, eq=False)
class Duty:
    """One crew in one window of duty: what the problem calls a crew.

    Parameters
    ----------
    name
        Its name in the plan.
    crew
        The crew.
    start_slot, end_slot
        Its window.
    place
        Where it begins; None for its base.
    longest_slots
        Longest duty; 0 for no limit but the window.
    """

    name: str
    crew: Crew
    start_slot: int
    end_slot: int
    place: Position | None
    longest_slots: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Board:
    """A problem with what its indices mean on the road.

    Parameters
    ----------
    night, fleet, items, options
        What it was built from.
    costs
        By member.
    duties
        The problem's crews.
    class_crew
        A crew of each class of the problem: crews of one class can do the same.
    places, access_m
        Position of each node, and the way from there to the road (depots).
    depot_of
        Depot of each node, empty for others.
    passes_side
        Shape (class, item): passes side by side that clear the item.
    plough_h
        Shape (class, item): hours of such a pass in continuous time.
    travel_m
        Shape (node, node): shortest ways.
    problem
        The arrays.
    kept
        The former plan that is kept as far as it pays; None where there is none.
    member_weight
        Weights of the members in the costs; None where all count alike.
    notes
        What was assumed or left out.
    """

    night: Night = field(repr=False)
    fleet: Fleet = field(repr=False)
    items: Items = field(repr=False)
    options: PlanOptions
    costs: Costs = field(repr=False)
    duties: tuple[Duty, ...] = field(repr=False)
    class_crew: tuple[Crew, ...] = field(repr=False)
    places: tuple[Position, ...] = field(repr=False)
    access_m: Floats = field(repr=False)
    depot_of: tuple[str, ...] = field(repr=False)
    passes_side: Ints = field(repr=False)
    plough_h: Floats = field(repr=False)
    travel_m: Floats = field(repr=False)
    problem: Problem
    kept: Kept | None = field(default=None, repr=False)
    member_weight: Floats | None = field(default=None, repr=False)
    notes: tuple[str, ...] = ()
    _posts: dict[Position, str] = field(default_factory=dict, repr=False)

    def posts(self, place: Position) -> str:
        """Return the kilometre posts of a place in one text; route and metres where it has none."""
        if place not in self._posts:
            length = self.night.corridor.route(place.route).length_m
            on_road = Position(place.route, min(max(place.station_m, 0.0), length))
            posts = self.night.corridor.posts(on_road)
            self._posts[place] = " · ".join(posts) or f"{place.route}@{on_road.station_m:.0f}"
        return self._posts[place]

    def weighted(self, member_weight: Floats) -> Board:
        """Return the same board with other weights of the members."""
        if member_weight.shape != (self.night.members,) or not np.isclose(member_weight.sum(), 1):
            raise RoadplanError("give one weight for each member, summing to 1")
        cost = self.costs.expected(member_weight)
        return replace(self, problem=replace(self.problem, cost=cost), member_weight=member_weight)

    def reweighted(self, factor: Floats) -> Board:
        """Return the same board with delay on each item counting `factor` times as much."""
        if factor.shape != (len(self.items),) or not (np.isfinite(factor) & (factor > 0)).all():
            raise RoadplanError("give one factor above 0 for each item")
        costs = replace(self.costs, weight=self.costs.weight * factor)
        cost = costs.expected(self.member_weight)
        return replace(self, costs=costs, problem=replace(self.problem, cost=cost))


def worst_weights(member_cost: Floats, options: PlanOptions) -> Floats:
    """Return the weights of members that add the mean of the worst ones to the mean of all.

    (1 - β) of the weight is spread evenly, β over the worst share α: then the weighted cost is
    (1 - β) · mean + β · CVaR for the plan that the members' costs were reckoned with
    (Rockafellar & Uryasev 2000, linearised at that plan).
    """
    members = len(member_cost)
    even = np.full(members, 1.0 / members)
    count = options.worst_share * members
    order = np.argsort(-member_cost, kind="stable")
    tail = np.zeros(members)
    tail[order] = np.clip(count - np.arange(members), 0.0, 1.0) / count
    return (1 - options.worst_weight) * even + options.worst_weight * tail


def build(
    night: Night,
    fleet: Fleet,
    options: PlanOptions | None = None,
    *,
    item_km: float | None = None,
    title: str = "",
    keep: FormerPlan | None = None,
    threads: int = 2,
) -> Board:
    """Build the winter problem of a night and a fleet.

    Parameters
    ----------
    night
        Storm, snow and traffic in slots.
    fleet
        Crews; none is possible, then nothing can be done.
    options
        What to weigh.
    item_km
        Aimed length of items; by default what the most usual class ploughs in a slot.
    title
        One line for people.
    keep
        A plan made before, from which each departure costs `options.change_veh_h`. It is part of
        the costs between passes, so that the bound is one on both together.
    threads
        For the costs.

    Raises
    ------
    RoadplanError
        The costs of all members would not fit into memory, or the former plan is of another road.
    """
    options = options or PlanOptions()
    notes: list[str] = [*night.notes, *fleet.notes]
    items = join_items(
        night.road,
        night.corridor,
        length_m=_item_length_m(night, fleet, item_km),
        cuts=[fleet.bases[crew.base].position for crew in fleet.crews],
    )
    kept = None
    if keep is not None:
        kept = match(keep, night, items, veh_h=options.change_veh_h, tolerance=options.change_slots)
        notes += kept.notes
    costs = waiting_costs(night, items, options, threads=threads)
    if kept is not None and kept.veh_h > 0:
        costs = replace(costs, change_veh_h=kept.cost())
    duties = _duties(night, fleet, notes)
    class_crew, crew_class = _classes(duties)
    places, access_m, depot_of, duty_node = _places(night, fleet, items, duties)
    travel_m = _ways(night, places, access_m)
    passes_side, plough_h = _passes(night, items, costs, class_crew)
    arcs = _Arcs(night, items, class_crew, options, travel_m, places)
    content: dict[str, Any] = dict(
        title=title or f"{night.storm.source} from {night.start.isoformat(timespec='minutes')}",
        slots=night.slots.count,
        slot_minutes=float(night.slots.minutes),
        node_name=np.array(_node_names(places, depot_of), dtype=np.str_),
        node_route=np.array([place.route for place in places], dtype=np.str_),
        node_station_m=np.array([place.station_m for place in places]),
        item_name=np.array(_item_names(night, items), dtype=np.str_),
        item_from=items.start,
        item_to=items.end,
        class_name=np.array(_class_names(class_crew), dtype=np.str_),
        class_passes_per_load=_loads(class_crew, items),
        class_refill_slots=np.array(
            [
                max(1, _whole_slots(crew.ability.refill_min / night.slots.minutes))
                for crew in class_crew
            ],
            dtype=np.int64,
        ),
        refill_node=np.tile([bool(name) for name in depot_of], (len(class_crew), 1)).reshape(
            len(class_crew), len(places)
        ),
        crew_name=np.array([duty.name for duty in duties], dtype=np.str_),
        crew_class=crew_class,
        crew_node=duty_node,
        crew_from=np.array([duty.start_slot for duty in duties], dtype=np.int64),
        crew_until=np.array([duty.end_slot for duty in duties], dtype=np.int64),
        crew_end_node=np.array(
            [depot_of.index(duty.crew.base) if duty.crew.returns else -1 for duty in duties],
            dtype=np.int64,
        ),
        crew_longest_duty=np.array([duty.longest_slots for duty in duties], dtype=np.int64),
        **arcs.travel(),
        **arcs.plough(plough_h),
        passable_since=_passable(costs, class_crew),
        cost=costs.expected(),
    )
    problem = Problem(**content)
    return Board(
        night=night,
        fleet=fleet,
        items=items,
        options=options,
        costs=costs,
        duties=tuple(duties),
        class_crew=class_crew,
        places=places,
        access_m=access_m,
        depot_of=depot_of,
        passes_side=passes_side,
        plough_h=plough_h,
        travel_m=travel_m,
        problem=problem,
        kept=kept,
        notes=tuple(notes),
    )


# --- grain ------------------------------------------------------------------------------------


def _item_length_m(night: Night, fleet: Fleet, item_km: float | None) -> float:
    """Return what the most usual class ploughs in a slot; at least a segment."""
    if item_km is not None:
        if not (math.isfinite(item_km) and item_km >= 1.0):
            raise RoadplanError(f"items of {item_km:g} km are not possible; give 1 km or more")
        return item_km * 1000.0
    counts = fleet.counts
    most = max(counts, key=lambda name: counts[name], default="")
    speed = next((c.ability.plough_kmh for c in fleet.crews if c.crew_class == most), 40.0)
    return max(speed * night.slots.hours * 1000.0, min(LONGEST_SEGMENT_M, 10_000.0))


def _whole_slots(slots: float) -> int:
    """Return a time in slots as whole slots: up, but for the part that is forgiven."""
    return max(1, math.ceil(slots - ROUND_FORGIVEN - 1e-9))


def _item_names(night: Night, items: Items) -> list[str]:
    names = []
    for item, direction in enumerate(items.direction):
        route, low, high = items.stretch(item, night.road)
        ends = (low, high) if direction == 0 else (high, low)
        names.append(f"{route} {ends[0] / 1000:.1f}→{ends[1] / 1000:.1f}")
    return _distinct(names)


def _distinct(names: Sequence[str], taken: Collection[str] = ()) -> list[str]:
    """Return names with a number added where they repeat, none of them of `taken`."""
    seen: dict[str, int] = {}
    used = set(taken) | set(names)
    found = []
    for name in names:
        number = seen.get(name, 0) + 1
        new = name
        while number > 1 and (new := f"{name} ({number})") in used:
            number += 1
        seen[name] = number
        used.add(new)
        found.append(new)
    return found


def _node_names(places: Sequence[Position], depot_of: Sequence[str]) -> list[str]:
    return _distinct(
        [
            depot or f"{place.route}@{place.station_m:.0f}"
            for place, depot in zip(places, depot_of, strict=True)
        ]
    )


# --- costs ------------------------------------------------------------------------------------


def waiting_costs(night: Night, items: Items, options: PlanOptions, *, threads: int = 2) -> Costs:
    """Return what it costs to let each item wait between two passes, by member."""
    moments = night.slots.count + 1
    shape = (len(items), night.members, moments, moments)
    copies = 1 if options.service == "off" else 2
    size = 4 * copies * math.prod(shape)
    if size > MOST_BYTES:
        raise RoadplanError(
            f"the costs of {shape[0]} items, {shape[1]} members and {shape[2] - 1} slots need "
            f"{size / 1e9:.1f} GB; take longer slots, fewer hours or fewer members"
        )
    jam = np.zeros(shape, dtype=np.float32)
    late = np.zeros(shape, dtype=np.float32) if options.service != "off" else None
    depth = np.zeros((shape[0], moments, moments), dtype=np.float32)
    deep = np.zeros_like(depth)
    lanes = _Lanes(night)
    limits = _limits(night, options) if late is not None else None

    def fill(item: int) -> None:
        own, side = items.segments[item], int(items.direction[item])
        worst = np.zeros((night.members, moments, moments), dtype=np.float32)
        share = np.empty((night.members, moments - 1, moments - 1), dtype=np.float32)
        # In the direction of travel: what one segment holds back does not reach the next.
        for number, segment in enumerate(own.tolist()):
            if number == 0:
                share[:] = lanes.arriving[:, :, segment, side][:, None]
            else:
                share *= lanes.keep[segment]
                share += 1.0 - lanes.keep[segment]
            table = depth_between_passes(
                night.load, segment, side, night.parameters,
                initial_m=night.initial_m[segment, side],
            )  # fmt: skip
            jam_cost(
                table, lanes.of(segment, side), lanes.curves, night.traffic.parameters,
                slot_h=night.slots.hours, share=share, out=jam[item],
            )  # fmt: skip
            known = np.nan_to_num(table, nan=0.0)
            depth[item] += known.mean(axis=0) * 100.0 * night.road.length_m[segment]
            np.maximum(worst, known * 100.0, out=worst)
            if late is not None and limits is not None:
                late[item] += _late(known, limits[:, :, segment], night, segment)
        depth[item] /= items.length_m[item]
        rank = max(0, math.ceil((1 - options.too_deep_share) * night.members) - 1)
        deep[item] = np.partition(worst, rank, axis=0)[rank]

    with ThreadPoolExecutor(max(1, threads)) as pool:
        list(pool.map(fill, range(len(items))))
    weights = night.now.weights(night.road)
    length = night.road.length_m
    weight = np.array([np.average(weights[own], weights=length[own]) for own in items.segments])
    price, length_km = np.zeros(len(items)), items.length_m / 1000.0
    if late is not None:
        hard = options.service == "hard"
        counted_km = np.maximum(length_km, LEAST_HARD_KM) if hard else length_km
        price = counted_km * (options.hard_veh_h if hard else options.soft_veh_h)
        late *= (price / length_km)[:, None, None, None].astype(np.float32)
    return Costs(
        jam_veh_h=jam,
        late_veh_h=late,
        weight=weight,
        depth_cm=depth,
        deep_cm=deep,
        late_price=price,
    )


class _Lanes:
    """Demand and weather of each direction of each segment, in slots."""

    def __init__(self, night: Night) -> None:
        self.night = night
        p, traffic = night.parameters, night.traffic
        self.curves = Curves.of(p, traffic.parameters, lanes=int(max(4, night.road.lanes.max())))
        slot_h = night.slots.hours
        hour = np.minimum(
            (np.arange(night.slots.count) * slot_h + 1e-9).astype(int), traffic.hours - 1
        )
        self.demand = traffic.demand_veh_h[hour]
        self.response = night.response[:, hour]
        load, weather = night.load, night.weather
        loss = effects.weather_loss(
            weather.snowfall_kg_m2_h, weather.temperature_c, load.visibility_m, p
        )
        barred = night.weather_closed | night.shut_to_traffic[None]
        self.share = (1.0 - loss) * night.base_share * ~barred
        trip_m = 1000.0 * traffic.parameters["trip_km"]
        self.keep = np.exp(-night.road.length_m / trip_m).astype(np.float32)
        self.arriving = arriving_share(night.road, barred, trip_m=trip_m)
        self.sight = 3.6 * effects.sight_speed_m_s(load.visibility_m, p)
        self.low = load.visibility_m < traffic.parameters["stuck_visibility_m"]
        self.ahead_h = float(self.curves.square_h2[0] / self.curves.mean_h[0])
        self.pieces = night.segments.pieces(traffic.parameters)

    def of(self, segment: int, side: int) -> Lane:
        """Return one direction of one segment."""
        night = self.night
        light = self.demand[:, segment, side, LIGHT] * self.response[:, :, LIGHT]
        heavy = self.demand[:, segment, side, HEAVY] * self.response[:, :, HEAVY]
        return Lane(
            light_veh_h=light,
            heavy_veh_h=heavy,
            ahead_veh_h=ahead(light + heavy, slot_h=night.slots.hours, hours=self.ahead_h),
            weather_share=self.share[:, :, segment],
            sight_kmh=self.sight[:, :, segment],
            low_sight=self.low[:, :, segment],
            length_km=float(night.road.length_m[segment]) / 1000.0,
            free_kmh=3.6 * float(night.segments.free_speed_m_s[segment]),
            capacity_pcu_h=self.pieces[segment][side].capacity_pcu_h,
            lanes=int(night.road.lanes[segment]),
        )


def arriving_share(road: Road, closed: NDArray[np.bool_], *, trip_m: float) -> Floats:
    """Return the share of the demand that arrives where segments upstream are closed.

    Without it every closed segment of a long closure would be charged with the same vehicles.

    Parameters
    ----------
    road
        The segments.
    closed
        Whether nobody leaves a segment, shape (member, slot, segment).
    trip_m
        Mean length of trips: the share exp(-L/trip) of a flow goes on over a segment, the rest
        is renewed by vehicles that enter there, as in the simulation.

    Returns
    -------
    ndarray
        Shape (member, slot, segment, direction).
    """
    share = np.ones((*closed.shape, 2))
    keep = np.exp(-road.length_m / trip_m)
    for route in dict.fromkeys(road.route):
        own = np.array([i for i, name in enumerate(road.route) if name == route])
        own = own[np.argsort(road.from_m[own], kind="stable")]
        for side, order in enumerate((own, own[::-1])):
            for before, here in zip(order[:-1].tolist(), order[1:].tolist(), strict=True):
                goes_on = share[:, :, before, side] * ~closed[:, :, before]
                share[:, :, here, side] = 1 - keep[here] + keep[here] * goes_on
    return share


def _limits(night: Night, options: PlanOptions) -> NDArray[np.bool_]:
    """Return from when on each segment has to be clear, shape (member, slot, segment).

    The limit runs from the last slot in which at least a millimetre an hour falls or drifts, and
    from the beginning where none does.
    """
    hours = dict(options.service_h)
    category = {segment.id: segment.category for segment in night.corridor.segments}
    limit_h = np.array([hours.get(category.get(name, ""), np.inf) for name in night.road.parents])
    falling = night.load.gain_m.max(axis=-1) > 0.001 * night.slots.hours
    slots = falling.shape[1]
    last = np.where(falling.any(axis=1), slots - np.argmax(falling[:, ::-1], axis=1), 0)
    begin = last + limit_h / night.slots.hours
    return np.asarray(np.arange(slots)[None, :, None] >= begin[:, None] - 1e-9)


def _late(depth_m: Floats, due: NDArray[np.bool_], night: Night, segment: int) -> Floats:
    """Return the kilometre-hours beyond the limit between passes, (member, T + 1, T + 1)."""
    snowy = (depth_m[:, :, 1:] > night.parameters.depth_full_m) & due[:, None, :]
    km_h = float(night.road.length_m[segment]) / 1000.0 * night.slots.hours
    total = np.zeros_like(depth_m)
    total[:, :, 1:] = np.cumsum(snowy * km_h, axis=2)
    before = np.arange(depth_m.shape[1])
    total -= total[:, before, before][:, :, None]
    return np.asarray(np.triu(total, 1))


def _passable(costs: Costs, classes: Sequence[Crew]) -> NDArray[np.int16]:
    """Return since when each class can pass each item, shape (class, item, T + 1)."""
    items, moments, _ = costs.deep_cm.shape
    since = np.zeros((len(classes), items, moments), dtype=np.int16)
    earlier = np.arange(moments)[:, None] < np.arange(moments)[None]
    for k, crew in enumerate(classes):
        deep = (costs.deep_cm > crew.ability.max_depth_cm) & earlier
        last = np.where(deep.any(axis=1), moments - 1 - np.argmax(deep[:, ::-1], axis=1), -1)
        since[k] = np.minimum(last + 1, np.arange(moments)[None])
    return since


# --- crews ------------------------------------------------------------------------------------


def _duties(night: Night, fleet: Fleet, notes: list[str]) -> list[Duty]:
    """Return the windows in which each crew may work within the plan."""
    known = {crew.id for crew in fleet.crews}
    places = {place.crew: place for place in night.now.crews}
    strangers = sorted(set(places) - known - set(fleet.out_of_use))
    if strangers:
        raise RoadplanError(
            f"the state speaks of crews that the fleet lacks: {', '.join(strangers[:5])}; "
            f"there are {', '.join(sorted(known)[:8]) or 'none'}"
        )
    found: list[Duty] = []
    for crew in fleet.crews:
        now = places.get(crew.id)
        if now is not None and now.out:
            notes.append(f"crew {crew.id} is out of use")
            continue
        shifts = _shifts(night, crew, now)
        if not shifts:
            notes.append(f"crew {crew.id} has no duty within the plan")
        found += shifts
    # A later shift must not take the name of another crew.
    names = _distinct([duty.name for duty in found], taken=known)
    return [replace(duty, name=name) for duty, name in zip(found, names, strict=True)]


def _shifts(night: Night, crew: Crew, now: CrewNow | None) -> list[Duty]:
    """Return the duties of one crew, all of its own name."""
    slots = night.slots
    ready = max(
        (m for m in (crew.available_from, now.free_from if now else None) if m is not None),
        default=None,
    )
    first = 0 if ready is None else math.ceil(_slot(night, ready) - 1e-9)
    longest = 0
    if math.isfinite(crew.longest_duty_h):
        longest = max(1, int(crew.longest_duty_h / slots.hours + 1e-9))
    spent = None
    if now is not None and now.on_duty_since is not None and longest:
        spent = math.floor(_slot(night, now.on_duty_since) + longest + 1e-9)
    place = None if now is None else now.place
    found = []
    for begin, end in _windows(night, crew):
        low, high = max(begin, first, 0), min(end, slots.count)
        under_way = spent is not None and (begin <= 0 or begin < spent)
        if spent is not None and under_way:
            # Shifts that begin later find the crew rested.
            high = min(high, spent)
        if high > low:
            found.append(
                Duty(
                    name=crew.id,
                    crew=crew,
                    start_slot=low,
                    end_slot=high,
                    place=place,
                    longest_slots=longest,
                )
            )
        if high > low or under_way:
            # After a shift the crew is at its base.
            place = None
    return found


def _slot(night: Night, moment: dt.datetime) -> float:
    return (moment - night.start).total_seconds() / 60.0 / night.slots.minutes


def _windows(night: Night, crew: Crew) -> list[tuple[int, int]]:
    """Return the first and last moment of each window of duty, in slots.

    With a beginning alone a crew is there from then on, with an end alone until then. A beginning
    less than half a day ago is past, else it is to come.
    """
    start, count = night.start, night.slots.count
    if crew.duty_from is None or crew.duty_until is None:
        begin, end = 0, count
        if crew.duty_from is not None:
            came = _first_at(start - dt.timedelta(hours=12), crew.duty_from)
            begin = max(0, math.ceil(_slot(night, came) - 1e-9))
        if crew.duty_until is not None:
            goes = _first_at(start, crew.duty_until)
            end = min(count, math.floor(_slot(night, goes) + 1e-9))
        return [(begin, end)] if begin < end else []
    found = []
    days = math.ceil(count * night.slots.hours / 24) + 1
    for day in range(-1, days):
        date = start.date() + dt.timedelta(days=day)
        came = dt.datetime.combine(date, crew.duty_from, tzinfo=start.tzinfo)
        goes = dt.datetime.combine(date, crew.duty_until, tzinfo=start.tzinfo)
        if goes <= came:
            goes += dt.timedelta(days=1)
        low = math.ceil(_slot(night, came) - 1e-9)
        high = math.floor(_slot(night, goes) + 1e-9)
        if high > 0 and low < count:
            found.append((max(low, 0), min(high, count)))
    return found


def _first_at(after: dt.datetime, clock: dt.time) -> dt.datetime:
    """Return the first moment after another at which it is so late."""
    moment = dt.datetime.combine(after.date(), clock, tzinfo=after.tzinfo)
    return moment if moment > after else moment + dt.timedelta(days=1)


def _classes(duties: Sequence[Duty]) -> tuple[tuple[Crew, ...], Ints]:
    """Return one crew for each kind of ability, and the class of each duty."""
    index: dict[tuple[object, ...], int] = {}
    shown: list[Crew] = []
    of_duty = []
    for duty in duties:
        key = (duty.crew.crew_class, duty.crew.ability)
        if key not in index:
            index[key] = len(shown)
            shown.append(duty.crew)
        of_duty.append(index[key])
    return tuple(shown), np.array(of_duty, dtype=np.int64)


def _class_names(classes: Sequence[Crew]) -> list[str]:
    return _distinct([crew.crew_class for crew in classes])


def _loads(classes: Sequence[Crew], items: Items) -> Ints:
    """Return passes on one load; 0 for no limit."""
    usual = float(np.median(items.length_m)) / 1000.0
    return np.array(
        [
            max(1, round(crew.ability.km_per_load / usual))
            if math.isfinite(crew.ability.km_per_load)
            else 0
            for crew in classes
        ],
        dtype=np.int64,
    )


# --- places and moves ---------------------------------------------------------------------------


def _places(
    night: Night, fleet: Fleet, items: Items, duties: Sequence[Duty]
) -> tuple[tuple[Position, ...], Floats, tuple[str, ...], Ints]:
    """Return the nodes: ends of items, depots, and places where crews are now.

    Depots without crews are there too: one may refill there, and be sent there.
    """
    places = list(items.nodes)
    access = [0.0] * len(places)
    depots = [""] * len(places)
    at_depot: dict[str, int] = {}
    for name, base in fleet.bases.items():
        at_depot[name] = len(places)
        places.append(base.position)
        access.append(base.access_m)
        depots.append(name)
    node = []
    for duty in duties:
        if duty.place is None:
            node.append(at_depot[duty.crew.base])
            continue
        night.corridor.checked(duty.place)
        node.append(len(places))
        places.append(duty.place)
        access.append(0.0)
        depots.append("")
    return tuple(places), np.array(access), tuple(depots), np.array(node, dtype=np.int64)


def _ways(night: Night, places: Sequence[Position], access_m: Floats) -> Floats:
    ways = night.corridor.network.distances_m(list(places), list(places))
    ways = ways + access_m[:, None] + access_m[None]
    np.fill_diagonal(ways, 0.0)
    return np.asarray(ways)


def _passes(
    night: Night, items: Items, costs: Costs, classes: Sequence[Crew]
) -> tuple[Ints, Floats]:
    """Return passes side by side and the hours they take together, shape (class, item).

    A crew narrower than the carriageway clears it in several passes in the direction of travel
    and drives back between them. Blowers are slowed to what they can remove from the deepest
    mean snow of the night; a temporary bypass is ploughed at half the speed.
    """
    side = np.ones((len(classes), len(items)), dtype=np.int64)
    hours = np.zeros((len(classes), len(items)))
    deepest_m = costs.depth_cm[:, 0, :].max(axis=1) / 100.0
    bypass_m = np.array([night.bypass_m[own].sum() for own in items.segments])
    for k, crew in enumerate(classes):
        able = crew.ability
        for j in range(len(items)):
            side[k, j] = able.passes_for(int(items.lanes[j]))
            depth_m = min(float(deepest_m[j]), able.max_depth_cm / 100.0)
            tonnes_km = night.parameters.density_drift_kg_m3 * depth_m * able.width_m
            speed = able.plough_kmh
            if math.isfinite(able.removal_t_h) and tonnes_km > 0:
                speed = min(speed, able.removal_t_h / tonnes_km)
            one = (items.length_m[j] + bypass_m[j]) / 1000.0 / speed
            back = items.length_m[j] / 1000.0 / able.travel_kmh
            hours[k, j] = side[k, j] * one + (side[k, j] - 1) * back
    return side, hours


class _Arcs:
    """Moves of each class between nodes, in slots."""

    def __init__(
        self,
        night: Night,
        items: Items,
        classes: Sequence[Crew],
        options: PlanOptions,
        travel_m: Floats,
        places: Sequence[Position],
    ) -> None:
        self.night, self.items, self.classes = night, items, classes
        self.options, self.travel_m, self.places = options, travel_m, places
        self.closed = night.now.shut(night.road, night.slots, ploughs=True)

    def travel(self) -> dict[str, NDArray[Any]]:
        """Return the arrays of the travel arcs."""
        rows: list[tuple[int, int, int, int, int, int]] = []
        of_speed: dict[float, list[tuple[int, int, int, int, int]]] = {}
        for k, crew in enumerate(self.classes):
            speed = crew.ability.travel_kmh
            if speed not in of_speed:
                of_speed[speed] = [
                    (a, b, slots, *window)
                    for a, b, slots in hops(self.travel_m / 1000.0 / speed / self.night.slots.hours)
                    for window in self.windows(self.way(a, b), slots)
                ]
            rows += [(k, *row) for row in of_speed[speed]]
        table = np.array(rows, dtype=np.int64).reshape(-1, 6)
        cost = self.options.moving_veh_h * self.night.slots.hours * table[:, 3]
        return {
            "travel_class": table[:, 0],
            "travel_from": table[:, 1],
            "travel_to": table[:, 2],
            "travel_slots": table[:, 3],
            "travel_cost": cost,
            "travel_opens": table[:, 4],
            "travel_closes": table[:, 5],
        }

    def plough(self, plough_h: Floats) -> dict[str, NDArray[Any]]:
        """Return the arrays of the plough arcs; passes longer than the plan are left out."""
        count = self.night.slots.count
        rows = []
        for k in range(len(self.classes)):
            for j in range(len(self.items)):
                slots = _whole_slots(plough_h[k, j] / self.night.slots.hours)
                if slots <= count:
                    segments = set(self.items.segments[j].tolist())
                    rows += [(k, j, slots, *window) for window in self.windows(segments, slots)]
        table = np.array(rows, dtype=np.int64).reshape(-1, 5)
        cost = self.options.moving_veh_h * self.night.slots.hours * table[:, 2]
        return {
            "plough_class": table[:, 0],
            "plough_item": table[:, 1],
            "plough_slots": table[:, 2],
            "plough_cost": cost,
            "plough_opens": table[:, 3],
            "plough_closes": table[:, 4],
        }

    def way(self, a: int, b: int) -> set[int]:
        """Return the segments on the shortest way between two nodes; none where all is open."""
        if not self.closed.any():
            return set()
        road = self.night.road
        found: set[int] = set()
        for leg in self.night.corridor.network.path(self.places[a], self.places[b]):
            common = np.minimum(road.to_m, leg.to_m) - np.maximum(road.from_m, leg.from_m)
            here = np.array([name == leg.route for name in road.route])
            found |= set(np.flatnonzero(here & (common > 1.0)).tolist())
        return found

    def windows(self, segments: set[int], slots: int) -> list[tuple[int, int]]:
        """Return the times in which a move may begin so that nothing is closed while it lasts.

        Each is a range ``[opens, closes)`` of moments and becomes an arc of its own; an empty one
        stands where there is none, so that it can be said that the move is barred.
        """
        count = self.night.slots.count
        if not segments or not self.closed.any():
            return [(0, count)]
        shut = np.flatnonzero(self.closed[:, sorted(segments)].any(axis=1))
        barred = np.zeros(count + 2, dtype=bool)
        barred[[0, -1]] = True
        for slot in shut.tolist():
            barred[max(0, slot - slots + 1) + 1 : slot + 2] = True
        edges = np.flatnonzero(barred[1:] != barred[:-1]).tolist()
        return list(zip(edges[::2], edges[1::2], strict=True)) or [(0, 0)]


def hops(slots: Floats) -> list[tuple[int, int, int]]:
    """Return the arcs (from, to, whole slots) with which every way takes its rounded time.

    Parameters
    ----------
    slots
        Travel times between all nodes in slots, infinite where no way leads.

    Notes
    -----
    Each way is rounded as a whole; an arc is kept only where no two shorter ones make the same
    way in the same time, so that a long way is not slower for being made of short ones, up to
    :data:`LONGEST_HOP` slots.
    """
    nodes = len(slots)
    reach = np.isfinite(slots)
    whole = np.where(reach, np.maximum(1.0, np.ceil(slots - ROUND_FORGIVEN - 1e-9)), np.inf)
    np.fill_diagonal(whole, np.inf)
    best = np.full((nodes, nodes), np.inf)
    found: list[tuple[int, int, int]] = []
    longest = LONGEST_HOP
    if nodes and np.isfinite(whole).any():
        nearest = np.where(np.isfinite(whole), whole, np.inf).min(axis=1)
        isolated = nearest[np.isfinite(nearest)].max(initial=1.0)
        longest = max(LONGEST_HOP, int(isolated))
    for length in range(1, longest + 1):
        if length > 1:
            for via in range(nodes):
                best = np.minimum(best, best[:, via : via + 1] + best[via : via + 1])
        fresh = (whole == length) & (best > length)
        best[fresh] = length
        found += [(int(a), int(b), length) for a, b in np.argwhere(fresh)]
    return found
