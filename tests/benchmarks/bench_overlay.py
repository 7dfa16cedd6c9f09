"""Overlay of two event tables of 100,000 rows each.

Run as ``python tests/benchmarks/bench_overlay.py [rows]``. Peers: `geopandas.overlay` of the same
stretches as straight lines, all rows; a loop over `pandas.IntervalIndex.overlaps`, on a part of
the left rows and scaled up.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from statistics import median

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from roadplan.corridor.events import overlay, segment

ROUTES = 5
ROUTE_M = 900_000
LOOP_ROWS = 1_000
REPEATS = 5


def table(rows: int, name: str, *, seed: int) -> pd.DataFrame:
    """Return an event table that fills all routes with stretches of random whole metres."""
    rng = np.random.default_rng(seed)
    parts = []
    for route in range(ROUTES):
        inner = np.sort(rng.choice(ROUTE_M - 1, rows // ROUTES - 1, replace=False) + 1.0)
        ends = np.concatenate(([0.0], inner, [ROUTE_M]))
        parts.append(
            pd.DataFrame({"route": f"route {route}", "from_m": ends[:-1], "to_m": ends[1:]})
        )
    frame = pd.concat(parts, ignore_index=True)
    frame[name] = rng.random(len(frame))
    return frame.sample(frac=1, random_state=seed, ignore_index=True)


def seconds(work: Callable[[], object], *, repeats: int = REPEATS) -> float:
    """Return the median time of some work."""
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return median(times)


def as_lines(events: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return the stretches as lines along x, each route at its own y."""
    height = pd.factorize(events["route"], sort=True)[0].astype(float)
    ends = np.empty((len(events), 2, 2))
    ends[:, 0, 0], ends[:, 1, 0] = events["from_m"], events["to_m"]
    ends[:, :, 1] = height[:, None]
    return gpd.GeoDataFrame(events, geometry=shapely.linestrings(ends))


def interval_join(left: pd.DataFrame, right: pd.DataFrame) -> int:
    """Return how many pairs a loop over pandas intervals finds."""
    found = 0
    for route, rows in right.groupby("route"):
        index = pd.IntervalIndex.from_arrays(rows["from_m"], rows["to_m"], closed="left")
        here = left[left["route"] == route]
        for begin, end in zip(here["from_m"], here["to_m"], strict=True):
            found += int(index.overlaps(pd.Interval(begin, end, closed="left")).sum())
    return found


def main() -> None:
    """Print a table of times, and check that all find the same."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    left, right = table(rows, "works", seed=1), table(rows, "traffic", seed=2)
    left_lines, right_lines = as_lines(left), as_lines(right)
    part = left.iloc[:LOOP_ROWS]
    scale = len(left) / len(part)

    pieces = overlay(left, right)
    ours = seconds(lambda: overlay(left, right))
    joint: list[gpd.GeoDataFrame] = []
    geo = seconds(
        lambda: joint.append(
            gpd.overlay(left_lines, right_lines, how="intersection", keep_geom_type=True)
        ),
        repeats=1,
    )
    loop = seconds(lambda: interval_join(part, right), repeats=3) * scale
    pairs = interval_join(part, right), len(overlay(part, right))

    print(f"overlay of {len(left):,} and {len(right):,} stretches on {ROUTES} routes")
    print(f"{'':34}{'time':>10}{'ratio':>9}")
    print(f"{f'roadplan, median of {REPEATS}':34}{ours:>8.2f} s{1:>8.0f}x")
    union = seconds(lambda: overlay(left, right, how="union"), repeats=3)
    print(f"{'roadplan, union':34}{union:>8.2f} s")
    cut = seconds(lambda: segment([left, right]), repeats=3)
    print(f"{'roadplan, segmentation':34}{cut:>8.2f} s")
    print(f"{'geopandas.overlay, one run':34}{geo:>8.2f} s{geo / ours:>8.0f}x")
    print(f"{'pandas intervals in a loop *':34}{loop:>8.1f} s{loop / ours:>8.0f}x")
    print(f"* on {len(part):,} left rows, times {scale:g}")
    print(f"pieces: roadplan {len(pieces):,}, geopandas {len(joint[0]):,}")
    print(f"pairs of the part: roadplan {pairs[1]:,}, pandas {pairs[0]:,}")


if __name__ == "__main__":
    main()
