"""Invented winter problems for tests and benchmarks: tiny, corridor-like and national.

Nothing here is a fact about a road. The shapes are those of the real thing: a storm front that
passes along the road with members that differ in time and strength, drift on exposed stretches,
traffic with two peaks, speed and capacity that fall with depth, and stuck vehicles whose hazard
rises steeply with it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from roadplan.winter.problem import Problem

Floats = npt.NDArray[np.float64]

STORMS: Final = ("front", "slow", "burst", "drift", "double")
"""The invented storms; see :func:`snowfall_cm`."""


@dataclass(frozen=True)
class ClassSpec:
    """A crew class of the invented fleet.

    Parameters
    ----------
    name
        Its name.
    ploughing_kmh, travelling_kmh
        Its speeds.
    deepest_cm
        The deepest snow it moves.
    passes_per_load
        Passes between refills; 0 for a class that needs none.
    """

    name: str
    ploughing_kmh: float
    travelling_kmh: float
    deepest_cm: float
    passes_per_load: int = 0


FLEET: Final = (
    ClassSpec("plough", 40.0, 60.0, 30.0),
    ClassSpec("grader", 20.0, 40.0, 60.0),
    ClassSpec("blower", 13.0, 40.0, 1e6),
    ClassSpec("spreader", 40.0, 60.0, 15.0, passes_per_load=4),
)


@dataclass(frozen=True)
class Roads:
    """A road graph: nodes on routes and two-way segments between them."""

    node_name: tuple[str, ...]
    node_route: tuple[str, ...]
    node_station_m: Floats
    segment: npt.NDArray[np.int64]
    length_km: Floats
    position: Floats


def corridor_roads(segments: int, *, length_km: float = 20.0, branch: int = 0) -> Roads:
    """Return a line of segments, with a branch of some segments from its middle if wanted."""
    main = segments - branch
    names = [f"M{i}" for i in range(main + 1)] + [f"B{i + 1}" for i in range(branch)]
    pairs = [(i, i + 1) for i in range(main)]
    middle = main // 2
    previous = middle
    for i in range(branch):
        pairs.append((previous, main + 1 + i))
        previous = main + 1 + i
    places = np.concatenate([np.arange(main + 1.0), middle + 1.0 + np.arange(branch)])
    centre = np.array([(places[a] + places[b]) / 2 for a, b in pairs])
    return Roads(
        node_name=tuple(names),
        node_route=("main",) * (main + 1) + ("branch",) * branch,
        node_station_m=places * length_km * 1000,
        segment=np.array(pairs, dtype=np.int64).reshape(-1, 2),
        length_km=np.full(len(pairs), length_km),
        position=centre / max(1.0, places.max()),
    )


def national_roads(
    rng: np.random.Generator, *, hubs: int, segments: int, length_km: float = 20.0
) -> Roads:
    """Return a network of hubs joined to their nearest neighbours by chains of segments."""
    spots = rng.uniform(0, 1, (hubs, 2))
    apart = np.hypot(*(spots[:, None] - spots[None]).transpose(2, 0, 1))
    links = {(0, 1)} if hubs > 1 else set()
    joined = {0, 1} if hubs > 1 else {0}
    while len(joined) < hubs:
        outside = [h for h in range(hubs) if h not in joined]
        near = min((apart[a, b], a, b) for a in joined for b in outside)
        links.add((min(near[1:]), max(near[1:])))
        joined.add(int(near[2]))
    for hub in range(hubs):
        for other in np.argsort(apart[hub])[1:3]:
            links.add((min(hub, int(other)), max(hub, int(other))))
    total = sum(apart[a, b] for a, b in links)
    names = [f"H{i}" for i in range(hubs)]
    routes = ["hub"] * hubs
    stations = [0.0] * hubs
    pairs, position = [], []
    for number, (a, b) in enumerate(sorted(links)):
        count = max(1, round(segments * apart[a, b] / total))
        previous = a
        for step in range(count):
            here = b if step == count - 1 else len(names)
            if here != b:
                names.append(f"R{number}-{step + 1}")
                routes.append(f"R{number}")
                stations.append((step + 1) * length_km * 1000)
            share = (step + 0.5) / count
            position.append(spots[a, 0] * (1 - share) + spots[b, 0] * share)
            pairs.append((previous, here))
            previous = here
    return Roads(
        node_name=tuple(names),
        node_route=tuple(routes),
        node_station_m=np.array(stations),
        segment=np.array(pairs, dtype=np.int64),
        length_km=np.full(len(pairs), length_km),
        position=np.array(position),
    )


def snowfall_cm(
    rng: np.random.Generator, storm: str, position: Floats, *, slots: int, members: int
) -> Floats:
    """Return invented snow and drift in cm a slot, shape (members, slots, segments)."""
    hours = np.arange(slots) * 24.0 / 48
    scale = slots * 24.0 / 48 / 24
    peak_h = {"front": 9.0, "slow": 12.0, "burst": 7.0, "drift": 13.0, "double": 6.0}[storm]
    width_h = {"front": 4.0, "slow": 8.0, "burst": 1.8, "drift": 7.0, "double": 2.5}[storm]
    rate = {"front": 2.2, "slow": 1.1, "burst": 4.5, "drift": 0.8, "double": 2.4}[storm]
    travel_h = {"front": 8.0, "slow": 3.0, "burst": 10.0, "drift": 4.0, "double": 5.0}[storm]
    shift = rng.normal(0, 1.3, members)
    strength = rng.lognormal(-0.08, 0.4, members)
    speed = rng.normal(1, 0.15, members)
    when = (peak_h + travel_h * (position[None] - 0.5) * speed[:, None] + shift[:, None]) * scale
    bell = np.exp(-0.5 * ((hours[None, :, None] - when[:, None]) / (width_h * scale)) ** 2)
    if storm == "double":
        later = hours[None, :, None] - when[:, None] - 11 * scale
        bell += 0.8 * np.exp(-0.5 * (later / (width_h * scale)) ** 2)
    local = rng.lognormal(-0.05, 0.35, position.size)
    exposed = (rng.uniform(size=position.size) < 0.35) * rng.uniform(0.3, 1.0, position.size)
    wind = np.clip(rng.normal(1.0, 0.3, members), 0.2, None)
    gale = {"drift": 3.0, "front": 1.0}.get(storm, 0.5)
    drift = gale * exposed * np.sqrt(np.maximum(bell, 0)) * wind[:, None, None]
    snow = rate * bell * strength[:, None, None] * local
    return np.asarray((snow + drift) * 0.5 * 24 / (slots * 0.5) * scale)


def jam_cost(
    fall_cm: Floats,
    depth_now_cm: Floats,
    demand_veh: Floats,
    length_km: Floats,
    *,
    slot_h: float = 0.5,
    free_kmh: float = 90.0,
    capacity_veh: float = 1500.0,
    residual_cm: float = 0.7,
) -> tuple[Floats, Floats]:
    """Return the invented cost between passes and the mean depth met at the next one.

    Parameters
    ----------
    fall_cm
        Shape (members, T, J).
    depth_now_cm, length_km
        Shape (J,).
    demand_veh
        Shape (T, J), vehicles in a slot.

    Returns
    -------
    cost, depth
        Both of shape (J, T + 1, T + 1): veh·h, and cm at t2 after a pass at t1.
    """
    members, slots, items = fall_cm.shape
    cost = np.zeros((items, slots + 1, slots + 1))
    depth_met = np.zeros_like(cost)
    limit = capacity_veh * slot_h
    for before in range(slots):
        start = depth_now_cm if before == 0 else np.full(items, residual_cm)
        depth = np.broadcast_to(start, (members, items)).copy()
        queue = np.zeros((members, items))
        stuck = np.ones((members, items))
        total = np.zeros(items)
        for slot in range(before, slots):
            depth += fall_cm[:, slot]
            share = np.clip((depth - 2.0) / 21.0, 0, 1)
            demand = demand_veh[slot]
            slow = 0.85 * np.clip((depth - residual_cm) / 20.0, 0, 1)
            slower_h = length_km / free_kmh * (1 / (1 - slow) - 1)
            hazard = 5e-5 * np.exp(0.22 * np.minimum(depth, 30)) * demand * 0.4 * length_km / 20
            stuck *= np.exp(-np.minimum(hazard, 3))
            jam = 1 - stuck
            queue = np.maximum(0, queue + demand - limit * (1 - share) * (1 - 0.9 * jam))
            delay = demand * slower_h + queue * slot_h
            total += delay.mean(axis=0)
            cost[:, before, slot + 1] = total
            depth_met[:, before, slot + 1] = np.quantile(depth, 0.8, axis=0)
    return cost, depth_met


def travel_arcs(roads: Roads, speed_kmh: float, slot_h: float) -> list[tuple[int, int, int]]:
    """Return (from, to, slots) along the roads, longer hops only where they save slots."""
    nodes = len(roads.node_name)
    hours = np.full((nodes, nodes), np.inf)
    np.fill_diagonal(hours, 0)
    for (a, b), length in zip(roads.segment, roads.length_km, strict=True):
        hours[a, b] = hours[b, a] = min(hours[a, b], length / speed_kmh)
    for via in range(nodes):
        hours = np.minimum(hours, hours[:, via : via + 1] + hours[via : via + 1])
    whole = np.ceil(hours / slot_h - 1e-9)
    best = np.where(whole <= 1, whole, np.inf)
    arcs = [(int(a), int(b), 1) for a, b in np.argwhere(whole == 1)]
    for length in range(2, 4):
        if nodes < 120:
            through = np.min(best[:, :, None] + best[None, :, :], axis=1)
        else:
            through = np.full_like(best, np.inf)
            for middle in range(nodes):
                both = best[:, middle : middle + 1] + best[middle : middle + 1]
                through = np.minimum(through, both)
        best = np.minimum(best, through)
        fresh = (whole == length) & (best > length)
        arcs += [(int(a), int(b), length) for a, b in np.argwhere(fresh)]
        best[fresh] = length
    return arcs


def build(
    roads: Roads,
    *,
    title: str,
    rng: np.random.Generator,
    storm: str,
    slots: int = 48,
    members: int = 50,
    crews_by_class: tuple[int, ...] = (30,),
    depots: int = 10,
    longest_duty: int = 0,
    staggered: bool = False,
    return_to_base: bool = False,
) -> Problem:
    """Return a problem on some roads with an invented storm, traffic and fleet."""
    segments = len(roads.segment)
    both = np.concatenate([roads.segment, roads.segment[:, ::-1]])
    length_km = np.tile(roads.length_km, 2)
    slot_h = 24.0 / 48
    fall = snowfall_cm(rng, storm, roads.position, slots=slots, members=members)
    fall = np.concatenate([fall, fall * rng.uniform(0.9, 1.1, segments)], axis=2)
    hour = (np.arange(slots) * slot_h + 4) % 24
    day = 0.35 + np.exp(-0.5 * ((hour - 9) / 2.5) ** 2) + np.exp(-0.5 * ((hour - 18) / 3) ** 2)
    daily = rng.uniform(4000, 13000, segments) * (0.7 + 0.6 * np.abs(roads.position - 0.5))
    demand = day[:, None] / day.sum() * 24 / (slots * slot_h) * np.tile(daily, 2)[None] / 2
    now_cm = rng.uniform(0, 3, 2 * segments)
    cost, depth = jam_cost(fall, now_cm, demand, length_km, slot_h=slot_h)
    fleet = FLEET[: len(crews_by_class)]
    since = np.zeros((len(fleet), 2 * segments, slots + 1), dtype=np.int16)
    moments = np.arange(slots + 1)
    for k, spec in enumerate(fleet):
        deep = depth > spec.deepest_cm
        deep &= moments[:, None] < moments[None]
        last = np.where(deep.any(axis=1), slots - np.argmax(deep[:, ::-1], axis=1), -1)
        since[k] = np.minimum(last + 1, moments[None])
    places = np.unique(np.round(np.linspace(0, len(roads.node_name) - 1, depots)).astype(int))
    travel, plough = [], []
    for k, spec in enumerate(fleet):
        travel += [(k, *arc) for arc in travel_arcs(roads, spec.travelling_kmh, slot_h)]
        for j, length in enumerate(length_km):
            plough.append((k, j, max(1, int(np.ceil(length / spec.ploughing_kmh / slot_h - 1e-9)))))
    tr = np.array(travel, dtype=np.int32).reshape(-1, 4)
    pl = np.array(plough, dtype=np.int32).reshape(-1, 3)
    crew_class = np.repeat(np.arange(len(fleet)), crews_by_class)
    crews = crew_class.size
    home = places[np.arange(crews) % places.size] if crews else np.zeros(0, dtype=int)
    begins = rng.integers(0, slots // 4, crews) if staggered else np.zeros(crews, dtype=int)
    ends = slots - (rng.integers(0, slots // 4, crews) if staggered else np.zeros(crews, int))
    refill = np.zeros((len(fleet), len(roads.node_name)), dtype=bool)
    refill[:, places] = True
    heads = [roads.node_name[a] for a in both[:, 0]]
    tails = [roads.node_name[b] for b in both[:, 1]]
    return Problem(
        title=title,
        slots=slots,
        slot_minutes=30.0,
        node_name=np.array(roads.node_name),
        node_route=np.array(roads.node_route),
        node_station_m=roads.node_station_m,
        item_name=np.array(
            [f"{a}>{b}#{i}" for i, (a, b) in enumerate(zip(heads, tails, strict=True))]
        ),
        item_from=both[:, 0],
        item_to=both[:, 1],
        class_name=np.array([spec.name for spec in fleet], dtype=np.str_),
        class_passes_per_load=np.array([spec.passes_per_load for spec in fleet], dtype=np.int32),
        class_refill_slots=np.ones(len(fleet), dtype=np.int32),
        refill_node=refill,
        crew_name=np.array([f"crew {i + 1}" for i in range(crews)], dtype=np.str_),
        crew_class=crew_class.astype(np.int32),
        crew_node=home,
        crew_from=begins.astype(np.int32),
        crew_until=ends.astype(np.int32),
        crew_end_node=home if return_to_base else np.full(crews, -1),
        crew_longest_duty=np.full(crews, longest_duty),
        travel_class=tr[:, 0],
        travel_from=tr[:, 1],
        travel_to=tr[:, 2],
        travel_slots=tr[:, 3],
        travel_cost=0.1 * tr[:, 3].astype(np.float64),
        travel_opens=np.zeros(len(tr), dtype=np.int32),
        travel_closes=np.full(len(tr), slots),
        plough_class=pl[:, 0],
        plough_item=pl[:, 1],
        plough_slots=pl[:, 2],
        plough_cost=0.2 * pl[:, 2].astype(np.float64),
        plough_opens=np.zeros(len(pl), dtype=np.int32),
        plough_closes=np.full(len(pl), slots),
        passable_since=since,
        cost=cost.astype(np.float32),
    )


def corridor_instance(
    seed: int = 0,
    *,
    storm: str = "front",
    segments: int = 49,
    branch: int = 6,
    slots: int = 48,
    members: int = 50,
    crews_by_class: tuple[int, ...] = (30,),
    depots: int = 10,
    longest_duty: int = 0,
    staggered: bool = False,
    return_to_base: bool = False,
) -> Problem:
    """Return an invented problem of the size of the corridor: about 1,000 km, 24 h.

    Parameters
    ----------
    seed
        Of everything invented.
    storm
        One of :data:`STORMS`.
    segments, branch
        Segments of 20 km in all, and how many of them form a branch.
    slots, members, depots
        Sizes.
    crews_by_class
        Crews of each class of :data:`FLEET`, in its order.
    longest_duty, staggered, return_to_base
        Rules of the crews: most slots on duty, windows that differ, back home in the end.
    """
    rng = np.random.default_rng([seed, STORMS.index(storm)])
    roads = corridor_roads(segments, branch=branch)
    return build(
        roads,
        title=f"invented corridor {seed}, storm {storm}",
        rng=rng,
        storm=storm,
        slots=slots,
        members=members,
        crews_by_class=crews_by_class,
        depots=depots,
        longest_duty=longest_duty,
        staggered=staggered,
        return_to_base=return_to_base,
    )


def national_instance(
    seed: int = 0,
    *,
    storm: str = "slow",
    hubs: int = 16,
    segments: int = 200,
    slots: int = 48,
    members: int = 20,
    crews_by_class: tuple[int, ...] = (100, 15, 5),
    depots: int = 36,
    longest_duty: int = 0,
    staggered: bool = False,
    return_to_base: bool = False,
) -> Problem:
    """Return an invented national network, by default about 4,000 km with 120 crews.

    Parameters
    ----------
    seed, storm, slots, members, crews_by_class, depots, longest_duty, staggered, return_to_base
        As in :func:`corridor_instance`.
    hubs, segments
        Hubs of the network, and segments of 20 km on the ways between them, about.
    """
    rng = np.random.default_rng([seed, 77, STORMS.index(storm)])
    return build(
        national_roads(rng, hubs=hubs, segments=segments),
        title=f"invented network {seed}, storm {storm}",
        rng=rng,
        storm=storm,
        slots=slots,
        members=members,
        crews_by_class=crews_by_class,
        depots=depots,
        longest_duty=longest_duty,
        staggered=staggered,
        return_to_base=return_to_base,
    )


def tiny_instance(
    seed: int = 0,
    *,
    segments: int = 2,
    slots: int = 6,
    crews_by_class: tuple[int, ...] = (1,),
    storm: str = "burst",
    longest_duty: int = 0,
    staggered: bool = False,
    return_to_base: bool = False,
) -> Problem:
    """Return a problem small enough to be solved by brute force."""
    return corridor_instance(
        seed,
        storm=storm,
        segments=segments,
        branch=1 if segments > 2 else 0,
        slots=slots,
        members=5,
        crews_by_class=crews_by_class,
        depots=2,
        longest_duty=longest_duty,
        staggered=staggered,
        return_to_base=return_to_base,
    )


def rounded(problem: Problem, *, bits: int = 12) -> Problem:
    """Return a problem whose costs keep some bits of their mantissa, so that its file is small.

    Twelve of the 23 bits of a float32 move a cost by at most one part in 8,192.

    Parameters
    ----------
    problem
        Any problem.
    bits
        Bits to keep, 1–22; the rest is rounded to the nearest, halves up.
    """
    dropped = 23 - bits
    pattern = problem.cost.view(np.uint32).astype(np.uint64) + (1 << (dropped - 1))
    kept = (pattern >> np.uint64(dropped)) << np.uint64(dropped)
    return replace(problem, cost=kept.astype(np.uint32).view(np.float32))
