"""Status of a million reports over a thousand segments, as of several dates.

The times are of the status itself, from the reports as arrays, and of the arrays from the columns
that a ledger gives. With --ledger the reports also go through a ledger in a file (minutes).
"""

from __future__ import annotations

import datetime as dt
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from roadplan.corridor.model import Contract, Names
from roadplan.progress import AsOf, History, WorkItem, WorkItems, load_work_types, status
from roadplan.progress.asof import END_OF_TIME, moment_text
from roadplan.progress.history import FIELDS

SEGMENTS = 1_000
REPORTS = 1_000_000
SEGMENT_M = 1_000.0
START = dt.date(2020, 1, 1)
DAYS = 2_000


def work() -> WorkItems:
    """Return items of all work along a road of a thousand segments, and of 200 bridges."""
    types = load_work_types()
    items = [
        WorkItem(
            id=f"{kind.id}:s{k}",
            work_type=kind.id,
            place=f"s{k}",
            segment=f"s{k}",
            contract=f"c{k // 250}",
            route="main",
            from_m=k * SEGMENT_M,
            to_m=(k + 1) * SEGMENT_M,
            quantity=kind.per_km,
            unit=kind.unit,
            weight=kind.per_km * kind.unit_weight,
        )
        for kind in types.values()
        if kind.on == "segments"
        for k in range(SEGMENTS)
    ]
    items += [
        WorkItem(
            id=f"bridge:b{k}",
            work_type="bridge",
            place=f"b{k}",
            asset=f"b{k}",
            contract=f"c{k // 50}",
            route="main",
            from_m=k * 5_000.0,
            to_m=k * 5_000.0,
            weight=3.0,
        )
        for k in range(200)
    ]
    contracts = tuple(
        Contract(
            id=f"c{k}",
            names=Names(f"c{k}"),
            standing="estimated",
            source="benchmark",
            route="main",
            from_m=k * 250 * SEGMENT_M,
            to_m=(k + 1) * 250 * SEGMENT_M,
            kind="contract",
            length_km_official=250.0,
        )
        for k in range(4)
    )
    return WorkItems(tuple(items), types, contracts)


def columns(items: WorkItems, count: int, rng: np.random.Generator) -> dict[str, list[object]]:
    """Return reports as the columns of a ledger, in the order of recording."""
    chosen = rng.integers(0, len(items), count)
    first, last, side = rng.random(count), rng.random(count), rng.integers(0, 4, count)
    days = np.sort(rng.integers(0, DAYS, count)) - rng.integers(0, 30, count)
    stage = rng.integers(0, 5, count)
    texts = [(START + dt.timedelta(days=int(day))).isoformat() for day in range(-30, DAYS)]
    moments = [
        moment_text(dt.datetime(2020, 1, 1, tzinfo=dt.UTC) + dt.timedelta(days=DAYS * k / count))
        for k in range(0, count, 20)
    ]
    found: dict[str, list[object]] = {name: [] for name in FIELDS}
    for k in range(count):
        item = items[int(chosen[k])]
        kind = items.types[item.work_type]
        a, b = sorted((first[k], last[k]))
        begin = None if item.asset else item.from_m + round(a * 100) * 10.0
        end = None if item.asset else item.from_m + (round(b * 100) + 1) * 10.0
        row = {
            "recorded_at": moments[k // 20],
            "id": f"r{k}",
            "work_type": item.work_type,
            "work_date": texts[int(days[k]) + 30],
            "route": "" if item.asset else item.route,
            "from_m": begin,
            "to_m": end,
            "side": ("both", "both", "left", "right")[side[k]],
            "asset": item.asset,
            "quantity": item.quantity * (b - a) if kind.measure == "amount" else None,
            "stage": kind.stages[stage[k] % len(kind.stages)].id if item.asset else "",
            # Each fiftieth report corrects an earlier one.
            "supersedes": f"r{k - 25}" if k % 50 == 49 else None,
            "withdrawn": 0,
            "standing": "reported",
        }
        for name in FIELDS:
            found[name].append(row[name])
    return found


def through_a_ledger(found: dict[str, list[object]]) -> History:
    """Store the reports in a ledger in a file and read them back, telling the times."""
    from roadplan.progress import Report, create_ledger

    with tempfile.TemporaryDirectory() as folder:
        ledger = create_ledger(Path(folder) / "bench.ledger")
        begun = time.perf_counter()
        names = [name for name in FIELDS if name not in {"recorded_at", "supersedes", "withdrawn"}]
        for k in range(0, len(found["id"]), 10_000):
            batch = []
            for j in range(k, min(k + 10_000, len(found["id"]))):
                stated = {name: found[name][j] for name in names}
                stated["work_date"] = dt.date.fromisoformat(str(stated["work_date"]))
                supersedes = str(found["supersedes"][j] or "")
                batch.append(Report(author="a", source="s", supersedes=supersedes, **stated))
            ledger.append(batch)
        print(f"stored in batches of 10,000: {time.perf_counter() - begun:.1f} s")
        begun = time.perf_counter()
        history = ledger.history()
        print(f"read from the ledger into arrays: {time.perf_counter() - begun:.2f} s")
        begun = time.perf_counter()
        proof = ledger.verify()
        print(f"verified ({proof.ok}): {time.perf_counter() - begun:.1f} s")
        ledger.close()
    return history


def main() -> None:
    """Measure and print."""
    items = work()
    found = columns(items, REPORTS, np.random.default_rng(1))
    begun = time.perf_counter()
    history = History.from_columns(found)
    print(f"{REPORTS:,} reports, {len(items):,} items on {SEGMENTS:,} segments")
    print(f"arrays from columns: {time.perf_counter() - begun:.2f} s")
    if "--ledger" in sys.argv:
        history = through_a_ledger(found)
    # The first call loads the compiled painting.
    status(items, History.from_reports([]), AsOf(START))
    for day in (200, 1_000, 1_900, 1_999, 600):
        when = START + dt.timedelta(days=day)
        # A ledger records by the clock, so there all is known.
        known = END_OF_TIME
        if "--ledger" not in sys.argv:
            known = dt.datetime.combine(when, dt.time(12), dt.UTC)
        begun = time.perf_counter()
        state = status(items, history, AsOf(when, known))
        rolled = state.by("segment")
        whole = state.kilometres.iloc[-1]
        seconds = time.perf_counter() - begun
        print(
            f"as of {when}: {seconds:.2f} s, {state.reports:,} reports count, "
            f"{len(rolled):,} segments, completion {state.overall:.3f}, "
            f"surfaced {whole['surfaced_km']:.1f} km, complete {whole['complete_km']:.1f} km"
        )


if __name__ == "__main__":
    main()
