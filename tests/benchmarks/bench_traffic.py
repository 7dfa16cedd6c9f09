"""Queues beside other simulators: the same cases, delay, queue and time in one run.

Run as ``python tests/benchmarks/bench_traffic.py [--write] [--repeats N]``; it needs the test
extras ``uxsim`` and ``eclipse-sumo``. With ``--write`` the tables go to ``traffic.md`` beside it.

All cases are on the road of the reference: 100 km/h, 4,000 veh/h, 280 veh/km, two lanes. The
others are set up as their users would:

* UXsim, C++ engine: a link between two bottlenecks, reaction time from the fundamental diagram,
  ``capacity_out`` changed between calls of ``exec_simulation``. Timed without vehicle logs; the
  queue is measured on a run with them, over vehicles slower than 40 km/h.
* SUMO mesoscopic: edges of a kilometre, segments of 250 m, headways from the fundamental diagram,
  bottlenecks as traffic lights whose green is the share of capacity (cycle 100 s). Timed as a
  process; the queue is measured with densities and flows of each minute and edge as in the cell
  model, over edges slower than 40 km/h.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.metadata
import itertools
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import numpy as np

from roadplan.traffic import (
    ENTRY,
    EXIT,
    Blockages,
    CellNetwork,
    Conditions,
    Demand,
    Link,
    Piece,
    RoadCase,
    Runs,
    Turn,
    build_network,
    parse_case,
    run_network,
    simulate_cells,
    simulate_exactly,
)
from roadplan.traffic.single_road_cells import case_network

TABLE = Path(__file__).with_name("traffic.md")
ROAD = {
    "length_km": 100,
    "free_flow_kmh": 100,
    "capacity_veh_h": 4000,
    "jam_density_veh_km": 280,
    "cell_km": 1,
    "horizon_h": 10,
}
SLOW_KMH = 40.0
CASES = {
    "reference": {
        "demand": [[0, 6, 2500]],
        "bottlenecks": [{"km": 60, "capacity": [[1, 4, 1200], [4, 5, 0]]}],
    },
    "two bottlenecks": {
        "length_km": 60,
        "demand": [[0, 2, 3000]],
        "bottlenecks": [
            {"km": 40, "capacity": [[0, 6, 1500]]},
            {"km": 20, "capacity": [[0, 6, 2000]]},
        ],
    },
    "moving closure": {
        "demand": [[0, 5, 2000]],
        "bottlenecks": [
            {"km": 60, "capacity": [[1, 2, 1000]]},
            {"km": 50, "capacity": [[2, 3, 1000]]},
            {"km": 40, "capacity": [[3, 4, 1000]]},
        ],
    },
    "out of the entry": {
        "length_km": 10,
        "demand": [[0, 4, 2000]],
        "bottlenecks": [{"km": 5, "capacity": [[1, 2, 0]]}],
    },
    "demand changes": {
        "demand": [[0, 2, 2500], [2, 4, 1000], [4, 5, 3500]],
        "bottlenecks": [{"km": 50, "capacity": [[1, 3, 1500]]}],
    },
}


PAGE = """# Queues beside other simulators

Made by `python tests/benchmarks/bench_traffic.py --write`, all rows in one run, on {cores} cores
({machine}), Python {python}, {versions}.
Times are medians, wall and processor time (user and system); the machine was shared with other
work, so ratios say more than times. How each engine was set up stands in the script.

## Cases with a known answer

Errors are against the exact solution, which the tests compare with answers found by hand. "Each
of 100" is a scenario's part of a run of a hundred, as ensembles are run; the rows above it are
whole calls, with the network built anew and jams measured at each step.

| case | engine | delay, veh·h | error, % | queue, km | error, % | wall, ms | processor, ms |
| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |
{cases}

## One scenario of 1,000 km

One direction, 48 h of 600 veh/h until the road is empty at 60 h; 100 veh/h pass km 600 from 20
to 26 h.

| engine | delay, veh·h | error, % | wall, ms | processor, ms | wall, × ours | processor, × ours |
| --- | ---: | ---: | ---: | ---: | ---: | ---: |
{ratio}

## An ensemble

1,000 km in both directions, 48 h, ten entries and exits and a barrier each way, weather of each
hour and 20 km, ten stuck vehicles a scenario, light and heavy vehicles.

| what | wall | processor | million cell updates a second of processor time |
| --- | ---: | ---: | ---: |
{ensemble}
"""


@dataclass(frozen=True)
class Answer:
    """Delay and longest queue of one engine, and what it took."""

    delay_veh_h: float
    queue_km: float
    wall_s: float
    cpu_s: float


def timed(work: Callable[[], object], *, repeats: int) -> tuple[float, float]:
    """Return median wall and processor time of some work, in this process and its children."""

    def used() -> float:
        usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF,
                                                      resource.RUSAGE_CHILDREN)]  # fmt: skip
        return sum(usage.ru_utime + usage.ru_stime for usage in usages)

    wall, cpu = [], []
    for _ in range(repeats):
        begin, busy = time.perf_counter(), used()
        work()
        wall.append(time.perf_counter() - begin)
        cpu.append(used() - busy)
    return median(wall), median(cpu)


def ours(case: RoadCase, *, cell_km: float | None, repeats: int) -> Answer:
    """Run the exact solution, or the cell model with some cell length."""
    if cell_km is None:
        work: Callable[[], object] = lambda: simulate_exactly(case)  # noqa: E731 - two of a kind
        result = simulate_exactly(case)
    else:
        celled = replace(case, cell_km=cell_km)
        work = lambda: simulate_cells(celled)  # noqa: E731 - two of a kind
        result = simulate_cells(celled)
    return Answer(result.delay_veh_h, result.peak_queue_km, *timed(work, repeats=9 * repeats))


def ours_in_bulk(case: RoadCase, *, cell_km: float, repeats: int, count: int = 100) -> Answer:
    """Run the cell model on many equal scenarios in one thread, as ensembles are; for one each."""
    single = simulate_cells(replace(case, cell_km=cell_km))
    network, demand, blockages = case_network(replace(case, cell_km=cell_km))
    copies = Blockages(
        scenario=np.repeat(np.arange(count), len(blockages.border)),
        **{
            name: np.tile(getattr(blockages, name), count)
            for name in ("border", "start_s", "end_s", "lost")
        },
    )
    rows = np.zeros(count, dtype=np.int64)

    def work() -> Runs:
        return run_network(
            network, demand, hours=case.horizon_h, blockages=copies, conditions_of=rows,
            conditions=replace(Conditions.good(network), period_s=case.horizon_h * 3600.0),
            demand_of=rows, output_s=case.horizon_h * 3600, sample_s=360.0, threads=1,
        )  # fmt: skip

    wall, cpu = timed(work, repeats=repeats)
    delay = float(work().total_delay_veh_h.sum(axis=1).mean())
    return Answer(delay, single.peak_queue_km, wall / count, cpu / count)


# -- UXsim ------------------------------------------------------------------------------------


def uxsim_run(case: RoadCase, *, platoon: int, log: bool) -> object:
    """Run a case with UXsim's C++ engine and return its world."""
    import uxsim

    speed = case.free_flow_kmh / 3.6
    jam = case.jam_density_veh_km / 1000
    reaction_s = 1 / (case.wave_kmh / 3.6 * jam)
    places = [0.0, *sorted(b.km for b in case.bottlenecks), case.length_km]
    world = uxsim.World(
        name="", deltan=platoon, reaction_time=reaction_s, tmax=case.horizon_h * 3600,
        print_mode=0, save_mode=0, show_mode=0, random_seed=0, cpp=True,
        vehicle_logging_timestep_interval=1 if log else -1,
    )  # fmt: skip
    for number, km in enumerate(places):
        world.addNode(f"n{number}", 1000 * km, 0)
    links = {
        high: world.addLink(
            f"l{number}", f"n{number}", f"n{number + 1}", 1000 * (high - low),
            free_flow_speed=speed, jam_density=jam,
        )
        for number, (low, high) in enumerate(itertools.pairwise(places))
    }  # fmt: skip
    for start, end, flow in case.demand:
        world.adddemand("n0", f"n{len(places) - 1}", start * 3600, end * 3600, flow / 3600)
    changes: dict[float, list[tuple[float, float]]] = {}
    for bottleneck in case.bottlenecks:
        for start, end, flow in bottleneck.capacity:
            changes.setdefault(end, []).append((bottleneck.km, 10.0))
            changes.setdefault(start, []).insert(0, (bottleneck.km, flow / 3600))
    for hour in sorted(changes):
        if 0 < hour <= case.horizon_h:
            world.exec_simulation(until_t=hour * 3600)
        opened = {km: flow for km, flow in changes[hour] if flow == 10.0}
        shut = {km: flow for km, flow in changes[hour] if flow != 10.0}
        for km, flow in {**opened, **shut}.items():
            links[km].capacity_out = flow
    world.exec_simulation(until_t=case.horizon_h * 3600)
    return world


def uxsim_answer(case: RoadCase, *, platoon: int, repeats: int) -> Answer:
    """Return delay and queue of UXsim, timed without logs."""
    wall, cpu = timed(lambda: uxsim_run(case, platoon=platoon, log=False), repeats=repeats)
    world = uxsim_run(case, platoon=platoon, log=True)
    free_s = 3600 * case.length_km / case.free_flow_kmh
    vehicles = list(world.VEHICLES.values())
    delay = platoon * sum(vehicle.travel_time - free_s for vehicle in vehicles) / 3600
    starts = {link.name: 0.0 for link in world.LINKS}
    for link, after in itertools.pairwise(world.LINKS):
        starts[after.name] = starts[link.name] + link.length
    moments = np.arange(60.0, case.horizon_h * 3600, 60.0)
    slow: list[list[float]] = [[] for _ in moments]
    for vehicle in vehicles:
        logged = np.asarray(vehicle.log_t)
        at = np.searchsorted(logged, moments)
        for k in np.flatnonzero((at > 0) & (at < len(logged))):
            here = at[k]
            if vehicle.log_x[here] >= 0 and 0 <= vehicle.log_v[here] < SLOW_KMH / 3.6:
                link = vehicle.log_link[here]
                name = link.name if hasattr(link, "name") else link
                slow[k].append((starts[name] + vehicle.log_x[here]) / 1000)
    spacing_km = platoon / case.jam_density_veh_km
    queue = max((_strung_km(np.sort(places), spacing_km) for places in slow if places), default=0.0)
    return Answer(delay, queue, wall, cpu)


def _strung_km(places: np.ndarray, spacing_km: float) -> float:
    """Return the length of rows of vehicles; a gap of a kilometre parts two of them."""
    gaps = np.diff(places)
    rows = 1 + int(np.sum(gaps >= 1.0))
    return float(gaps[gaps < 1.0].sum() + rows * spacing_km)


# -- SUMO -------------------------------------------------------------------------------------


def sumo_files(case: RoadCase, folder: Path) -> list[str]:
    """Write a case for SUMO and return the command that runs it."""
    count = round(case.length_km)
    lights = {round(b.km): b for b in case.bottlenecks}
    speed = case.free_flow_kmh / 3.6
    length_m = 2000 / case.jam_density_veh_km
    net_s = 2 * 3600 / case.capacity_veh_h - length_m / speed
    nodes = "".join(
        f'<node id="n{i}" x="{1000 * i}" y="0" type="{kind}"/>'
        for i in range(count + 1)
        for kind in ["traffic_light" if i in lights else "priority"]
    )
    edges = "".join(
        f'<edge id="e{i}" from="n{i}" to="n{i + 1}" numLanes="2" speed="{speed}"/>'
        for i in range(count)
    )
    (folder / "n.xml").write_text(f"<nodes>{nodes}</nodes>")
    (folder / "e.xml").write_text(f"<edges>{edges}</edges>")
    tool = shutil.which("netconvert") or "netconvert"
    subprocess.run(
        [tool, "-n", folder / "n.xml", "-e", folder / "e.xml", "-o", folder / "net.xml",
         "--no-turnarounds", "--no-internal-links", "true", "--offset.disable-normalization"],
        check=True, capture_output=True,
    )  # fmt: skip
    logic = "".join(
        f'<tlLogic id="n{km}" type="static" programID="p" offset="0">'
        + "".join(f'<phase duration="{s:g}" state="{light}"/>' for s, light in _phases(case, b))
        + "</tlLogic>"
        for km, b in lights.items()
    )
    output = f'<edgeData id="d" file="{folder}/edges.xml" period="60"/>'
    (folder / "add.xml").write_text(f"<additional>{logic}{output}</additional>")
    route = " ".join(f"e{i}" for i in range(count))
    flows = "".join(
        f'<flow id="f{i}" type="c" route="r" begin="{3600 * start:g}" end="{3600 * end:g}" '
        f'vehsPerHour="{flow:g}" departSpeed="max" departLane="free"/>'
        for i, (start, end, flow) in enumerate(case.demand)
    )
    (folder / "r.xml").write_text(
        f'<routes><vType id="c" length="5" minGap="{length_m - 5}" tau="1" maxSpeed="60" '
        f'speedFactor="1" speedDev="0" sigma="0"/><route id="r" edges="{route}"/>{flows}</routes>'
    )
    taus = [part for tau in ("ff", "fj", "jf", "jj") for part in (f"--meso-tau{tau}", str(net_s))]
    return [
        shutil.which("sumo") or "sumo", "-n", f"{folder}/net.xml", "-r", f"{folder}/r.xml",
        "-a", f"{folder}/add.xml", "--mesosim", "--meso-junction-control", *taus,
        "--meso-edgelength", "250", "--end", str(round(3600 * case.horizon_h)),
        "--tripinfo-output", f"{folder}/trips.xml", "--no-step-log", "--no-warnings",
        "--xml-validation", "never", "--time-to-teleport", "-1",
    ]  # fmt: skip


def _phases(case: RoadCase, bottleneck: object) -> Iterator[tuple[float, str]]:
    """Yield the phases of a light whose green is the share of capacity left."""
    done = 0.0
    for start, end, flow in bottleneck.capacity:
        if start > done:
            yield 3600 * (start - done), "GG"
        green = 100 * flow / case.capacity_veh_h
        if flow == 0:
            yield 3600 * (end - start), "rr"
        else:
            for _ in range(round(36 * (end - start))):
                yield green, "GG"
                yield 100 - green, "rr"
        done = end
    yield 360_000, "GG"


def sumo_answer(case: RoadCase) -> Answer:
    """Return delay and queue of SUMO mesoscopic."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command = sumo_files(case, folder)
        wall, cpu = timed(
            lambda: subprocess.run(command, check=True, capture_output=True), repeats=1
        )
        free_s = 3600 * case.length_km / case.free_flow_kmh
        delay = sum(
            float(trip.get("duration", 0)) + float(trip.get("departDelay", 0)) - free_s
            for trip in ET.parse(folder / "trips.xml").getroot()  # noqa: S314 - our own file
        )
        queue = max(
            (_edges_km(interval, case)
             for interval in ET.parse(folder / "edges.xml").getroot()),  # noqa: S314
            default=0.0,
        )  # fmt: skip
    return Answer(delay / 3600, queue, wall, cpu)


def _edges_km(interval: ET.Element, case: RoadCase) -> float:
    """Return the congested length in an interval of a minute, edges being a kilometre long."""
    total = 0.0
    for edge in interval:
        if edge.get("speed") is None or 3.6 * float(edge.get("speed", 0)) >= SLOW_KMH:
            continue
        density = float(edge.get("density", 0))
        free = 60 * float(edge.get("entered", 0)) / case.free_flow_kmh
        queued = case.jam_density_veh_km - 60 * float(edge.get("left", 0)) / case.wave_kmh
        if queued > free:
            total += min(1.0, max(0.0, (density - free) / (queued - free)))
    return total


# -- tables -----------------------------------------------------------------------------------


def case_rows(repeats: int) -> list[str]:
    """Run all engines on all cases and return the rows of the table."""
    rows = []
    for name, keys in CASES.items():
        case = parse_case({**ROAD, **keys})
        exact = ours(case, cell_km=None, repeats=repeats)
        answers = {
            "roadplan, exact": exact,
            "roadplan, cells 1 km": ours(case, cell_km=1.0, repeats=repeats),
            "roadplan, cells 2 km": ours(case, cell_km=2.0, repeats=repeats),
            "roadplan, cells 1 km, each of 100": ours_in_bulk(case, cell_km=1.0, repeats=repeats),
            "roadplan, cells 2 km, each of 100": ours_in_bulk(case, cell_km=2.0, repeats=repeats),
            "UXsim C++, Δn = 5": uxsim_answer(case, platoon=5, repeats=repeats),
            "UXsim C++, Δn = 20": uxsim_answer(case, platoon=20, repeats=repeats),
            "SUMO mesoscopic": sumo_answer(case),
        }
        for engine, answer in answers.items():
            delay_off = 100 * (answer.delay_veh_h / exact.delay_veh_h - 1)
            queue_off = 100 * (answer.queue_km / exact.queue_km - 1)
            rows.append(
                f"| {name} | {engine} | {answer.delay_veh_h:,.1f} | {delay_off:+.2f} | "
                f"{answer.queue_km:.2f} | {queue_off:+.1f} | {1000 * answer.wall_s:,.2f} | "
                f"{1000 * answer.cpu_s:,.2f} |"
            )
            print(rows[-1], flush=True)
    return rows


def long_road(*, lanes_ways: int) -> tuple[CellNetwork, Demand]:
    """Return 1,000 km in one or both directions, renewed each 100 km, and its demand."""
    links, turns, entries = [], [], {}
    chains: dict[str, list[str]] = {}
    for way in range(lanes_ways):
        for part in range(10):
            pieces = tuple(
                Piece(
                    length_m=20_000, free_speed_m_s=100 / 3.6, capacity_pcu_h=4000,
                    jam_density_pcu_km=280, zone=50 * way + 5 * part + k,
                )
                for k in range(5)
            )  # fmt: skip
            name, node = f"{way}-{part}", f"{way}n{part}"
            links.append(Link(name=name, start=node, end=f"{way}n{part + 1}", pieces=pieces,
                              waiting_places=60.0 if part == 5 else None))  # fmt: skip
            chains.setdefault(str(way), []).append(name)
            entries[node] = 1000.0
            if part:
                before = f"{way}-{part - 1}"
                turns += [
                    Turn(node=node, source=before, target=name, share=0.7),
                    Turn(node=node, source=before, target=EXIT, share=0.3),
                    Turn(node=node, source=ENTRY, target=name, share=1.0),
                ]
    network = build_network(
        links, turns, entries=entries, chains=chains, cell_m=2000.0, heavy_pcu=2.8
    )
    flow = np.full((1, 48, len(entries), 2), 0.0, dtype=np.float32)
    first = [node.endswith("n0") for node in network.entries]
    flow[..., 0] = np.where(first, 400.0, 120.0)
    flow[..., 1] = np.where(first, 200.0, 60.0)
    return network, Demand(veh_h=flow)


def ensemble_rows() -> list[str]:
    """Run 50 members × 20 draws of 48 h on 1,000 km in both directions."""
    network, demand = long_road(lanes_ways=2)
    rng = np.random.default_rng(1)
    members, draws = 50, 20
    grid = rng.uniform(0.5, 1.0, (members, 48, network.zones)).astype(np.float32)
    state = Conditions(
        capacity_factor=grid,
        speed_factor=np.maximum(grid, np.float32(0.7)),
        barrier=np.zeros((members, 48, len(network.links)), dtype=np.uint8),
    )
    scenarios = members * draws
    number = 10 * scenarios
    start_s = rng.uniform(0, 40 * 3600, number)
    stuck = Blockages(
        scenario=rng.integers(0, scenarios, number),
        border=network.border(
            rng.integers(0, len(network.links), number), rng.uniform(0, 1e5, number)
        ),
        start_s=start_s,
        end_s=start_s + 3600 * rng.lognormal(0.4, 0.9, number),
        lost=rng.choice([0.65, 1.0], number, p=[0.7, 0.3]),
    )

    def work(threads: int | None, count: int) -> Callable[[], object]:
        rows = np.arange(count)
        kept = stuck.scenario < count
        part = Blockages(**{name: values[kept] for name, values in vars(stuck).items()})
        return lambda: run_network(
            network, demand, hours=48, conditions=state, blockages=part,
            conditions_of=rows // draws, demand_of=np.zeros(count, dtype=np.int64),
            threads=threads,
        )  # fmt: skip

    work(1, 2)()
    wall, cpu = timed(work(None, scenarios), repeats=3)
    one_wall, one_cpu = timed(work(1, 20), repeats=3)
    updates = network.cells * 48 * 3600 / network.step_s
    rows = (
        (f"{members} members × {draws} draws, all cores", wall, cpu, scenarios),
        ("one of twenty in one thread", one_wall / 20, one_cpu / 20, 1),
    )
    return [
        f"| {what} | {wall_s:.3f} s | {cpu_s:.3f} s | {count * updates / cpu_s / 1e6:,.0f} |"
        for what, wall_s, cpu_s, count in rows
    ]


def long_road_ratio(repeats: int) -> list[str]:
    """Run 1,000 km × 48 h one way with one closure, beside UXsim."""
    case = parse_case(
        {
            **ROAD,
            "length_km": 1000,
            "horizon_h": 60,
            "cell_km": 2,
            "demand": [[0, 48, 600]],
            "bottlenecks": [{"km": 600, "capacity": [[20, 26, 100]]}],
        }
    )
    exact = ours(case, cell_km=None, repeats=repeats)
    network = build_network(
        [Link(name="road", start="a", end="b",
              pieces=(Piece(length_m=1e6, free_speed_m_s=100 / 3.6, capacity_pcu_h=4000,
                            jam_density_pcu_km=280),))],
        entries={"a": 4000.0}, cell_m=2000.0,
    )  # fmt: skip
    demand = np.zeros((1, 60, 1, 2), dtype=np.float32)
    demand[0, :48, 0, 0] = 600
    closure = Blockages(
        scenario=np.array([0]), border=network.border(0, 600e3), start_s=np.array([72e3]),
        end_s=np.array([93.6e3]), lost=np.array([1 - 100 / 4000]),
    )  # fmt: skip

    def cells() -> object:
        return run_network(network, Demand(veh_h=demand), hours=60, blockages=closure, threads=1)

    runs = run_network(network, Demand(veh_h=demand), hours=60, blockages=closure, threads=1)
    found = {
        "roadplan, cells 2 km": Answer(
            float(runs.total_delay_veh_h.sum()), float(runs.queue_km.max()),
            *timed(cells, repeats=20 * repeats),
        ),
        "UXsim C++, Δn = 5": _without_logs(case, 5, repeats),
        "UXsim C++, Δn = 20": _without_logs(case, 20, repeats),
    }  # fmt: skip
    base = found["roadplan, cells 2 km"]
    return [
        f"| {name} | {answer.delay_veh_h:,.0f} | "
        f"{100 * (answer.delay_veh_h / exact.delay_veh_h - 1):+.2f} | "
        f"{1000 * answer.wall_s:,.2f} | {1000 * answer.cpu_s:,.2f} | "
        f"{answer.wall_s / base.wall_s:,.0f} | {answer.cpu_s / base.cpu_s:,.0f} |"
        for name, answer in found.items()
    ]


def _without_logs(case: RoadCase, platoon: int, repeats: int) -> Answer:
    world: list[object] = []
    wall, cpu = timed(
        lambda: world.append(uxsim_run(case, platoon=platoon, log=False)), repeats=repeats
    )
    free_s = 3600 * case.length_km / case.free_flow_kmh
    vehicles = world[-1].VEHICLES.values()
    lost = [v.travel_time - free_s for v in vehicles if v.travel_time > 0]
    return Answer(platoon * sum(lost) / 3600, float("nan"), wall, cpu)


def report(repeats: int) -> str:
    """Run everything and return the page."""
    cases = case_rows(repeats)
    ratio = long_road_ratio(repeats)
    print("\n".join(ratio), flush=True)
    ensemble = ensemble_rows()
    print("\n".join(ensemble), flush=True)
    versions = ", ".join(
        f"{name} {importlib.metadata.version(name)}"
        for name in ("uxsim", "eclipse-sumo", "numba", "numpy")
    )
    return PAGE.format(
        cores=os.cpu_count(),
        machine=platform.machine(),
        python=platform.python_version(),
        versions=versions,
        cases="\n".join(cases),
        ratio="\n".join(ratio),
        ensemble="\n".join(ensemble),
    )


def main() -> None:
    """Read the command line, run, and print or write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write traffic.md beside the script")
    parser.add_argument("--repeats", type=int, default=3, help="timings of the slow engines")
    arguments = parser.parse_args()
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        import sumo

        os.environ.setdefault("SUMO_HOME", sumo.SUMO_HOME)
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    page = report(arguments.repeats)
    if arguments.write:
        TABLE.write_text(page, encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main()
