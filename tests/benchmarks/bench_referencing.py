"""Stations to points and points to stations on the main line, a million of each.

Run as ``python tests/benchmarks/bench_referencing.py [points]``. The peer is what one writes
first: project the line to metres, then call shapely for each point. Its loop runs on a part of
the points and is scaled up, and it leaves its points in the plane; shapely in bulk runs on all of
them and returns degrees, as we do.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd
import shapely
from pyproj import Transformer

from roadplan.corridor.axis import Axis

CONTROL_POINTS = Path(__file__).parents[2] / "geodata" / "control_points.csv"
LOOP_POINTS = 50_000
REPEATS = 5


def main_line() -> Axis:
    """Return the longest route of the shipped geodata."""
    points = pd.read_csv(CONTROL_POINTS).sort_values(["route", "seq"])
    axes = (
        Axis(route["lon"].to_numpy(), route["lat"].to_numpy())
        for _, route in points.groupby("route")
    )
    return max(axes, key=lambda axis: axis.length_m)


def seconds(work: Callable[[], object], *, repeats: int = REPEATS) -> float:
    """Return the median time of some work."""
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return median(times)


class Projected:
    """The line in a transverse Mercator plane around its middle, as one would write it."""

    def __init__(self, axis: Axis) -> None:
        middle = f"+proj=tmerc +lat_0=0 +lon_0={axis.lon.mean():.3f} +ellps=WGS84 +units=m"
        self.to_plane = Transformer.from_crs("EPSG:4326", middle, always_xy=True)
        self.line = shapely.LineString(np.column_stack(self.to_plane.transform(axis.lon, axis.lat)))

    def points(self, station_m: np.ndarray) -> list[shapely.Point]:
        """Interpolate station by station."""
        return [self.line.interpolate(station) for station in station_m]

    def points_in_bulk(self, station_m: np.ndarray) -> object:
        """Interpolate all stations in one call, and back to degrees."""
        xy = shapely.get_coordinates(shapely.line_interpolate_point(self.line, station_m))
        return self.to_plane.transform(*xy.T, direction="INVERSE")

    def stations(self, lon: np.ndarray, lat: np.ndarray) -> list[float]:
        """Project point by point."""
        x, y = self.to_plane.transform(lon, lat)
        return [self.line.project(shapely.Point(a, b)) for a, b in zip(x, y, strict=True)]

    def stations_in_bulk(self, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
        """Project all points in one call."""
        x, y = self.to_plane.transform(lon, lat)
        return np.asarray(shapely.line_locate_point(self.line, shapely.points(x, y)))


def main() -> None:
    """Print a table of times and of how far each answer is off."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    axis = main_line()
    rng = np.random.default_rng(0)
    station = rng.uniform(0, axis.length_m, count)
    lon, lat = axis.offset_points(station, rng.normal(0, 20, count))
    peer = Projected(axis)
    part = slice(0, min(LOOP_POINTS, count))
    scale = count / len(station[part])

    begin = time.perf_counter()
    axis.locate(lon, lat)
    first_s = time.perf_counter() - begin
    rows = [
        (
            "stations to points",
            seconds(lambda: axis.points(station)),
            seconds(lambda: peer.points(station[part]), repeats=3) * scale,
            seconds(lambda: peer.points_in_bulk(station), repeats=3),
        ),
        (
            "points to stations",
            seconds(lambda: axis.locate(lon, lat)),
            seconds(lambda: peer.stations(lon[part], lat[part]), repeats=3) * scale,
            seconds(lambda: peer.stations_in_bulk(lon, lat), repeats=3),
        ),
    ]
    print(f"{axis}; {count:,} points, medians of {REPEATS} (ours) and 3 runs")
    print(f"{'':20}{'roadplan':>10}{'loop *':>12}{'ratio':>8}{'bulk shapely':>15}{'ratio':>8}")
    for name, ours, loop, bulk in rows:
        print(
            f"{name:20}{ours:>8.2f} s{loop:>10.1f} s{loop / ours:>7.0f}x"
            f"{bulk:>13.2f} s{bulk / ours:>7.1f}x"
        )
    print(f"* on {len(station[part]):,} points, times {scale:g}")
    print(f"first call of points to stations, with loading its kernel: {first_s:.2f} s")
    back, _ = axis.locate(*axis.points(station))
    print(
        f"round trip station, point, station: within {np.abs(back - station).max() * 1000:.3f} mm"
    )
    drift = np.abs(peer.stations_in_bulk(*axis.points(station)) - station)
    print(f"stations of the projected line are off by up to {drift.max():.1f} m")


if __name__ == "__main__":
    main()
