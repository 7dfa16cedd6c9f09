"""Where long jams and closures are in simulated runs, as cells, stretches and rectangles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from roadplan.maps.storm_events import Direction, Stretch
from roadplan.traffic.layout import FALLING, RISING
from roadplan.traffic.outcome import StormOutcome

_STEP_M = 500.0
"""Grid on which jams of many runs are laid over one another."""

_LEAST_KM = 0.05
"""A shorter jam on a segment does not carry a longer one over it."""

_NAMES: dict[int, Direction] = {RISING: "rising", FALLING: "falling"}


def jam_runs(
    outcome: StormOutcome, rows: NDArray[np.int64], *, longer_km: float
) -> NDArray[np.bool_]:
    """Return in which runs a jam longer than some kilometres stands on each segment.

    A jam is followed over neighbouring segments on which there is one in the same hour, and is
    never longer than the longest single jam that the simulation saw on that way in that hour.

    Parameters
    ----------
    outcome
        The simulated scenarios.
    rows
        Which of them.
    longer_km
        From which length on.

    Returns
    -------
    ndarray of bool
        Shape (run, hour, segment, direction).
    """
    traffic = outcome.traffic
    segments = traffic.segments
    jam = outcome.runs.jam_km[rows].astype(np.float64)
    jam = jam.reshape(*jam.shape[:2], len(segments), 2)
    longest = outcome.runs.longest_km[rows].astype(np.float64)
    found = np.zeros(jam.shape, dtype=bool)
    for route in dict.fromkeys(segments.route):
        own = np.flatnonzero([name == route for name in segments.route])
        own = own[np.argsort(segments.from_m[own])]
        for direction in (RISING, FALLING):
            cap = _longest_on(outcome, longest, route, direction)
            lengths = _spells(jam[:, :, own, direction])
            long_enough = np.minimum(lengths, cap[..., None]) > longer_km
            found[:, :, own, direction] = long_enough
    return found


def _longest_on(
    outcome: StormOutcome, longest: NDArray[np.float64], route: str, direction: int
) -> NDArray[np.float64]:
    """Return the longest jam on a way, shape (run, hour)."""
    places = {
        place.name
        for place in outcome.traffic.layout.places
        if place.route == route and place.direction == direction
    }
    chains = outcome.traffic.layout.chains
    own = [
        number
        for number, chain in enumerate(outcome.traffic.network.chains)
        if places & set(chains[chain])
    ]
    cap: NDArray[np.float64] = longest[:, :, own].max(axis=2, initial=0.0)
    return cap


def _spells(jam_km: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return for each segment the summed jam of the spell of jammed segments it lies in.

    Examples
    --------
    >>> _spells(np.array([[[0.0, 3.0, 4.0, 0.0, 1.0]]])).tolist()
    [[[0.0, 7.0, 7.0, 0.0, 1.0]]]
    """
    jammed = jam_km > _LEAST_KM
    total = np.zeros(jam_km.shape)
    running = np.zeros(jam_km.shape[:2])
    for k in range(jam_km.shape[2]):
        running = np.where(jammed[..., k], running + jam_km[..., k], 0.0)
        total[..., k] = running
    for k in range(jam_km.shape[2] - 2, -1, -1):
        joined = jammed[..., k] & jammed[..., k + 1]
        total[..., k] = np.where(joined, total[..., k + 1], total[..., k])
    return total


def jam_stretches(
    outcome: StormOutcome, rows: NDArray[np.int64], *, longer_km: float, least_share: float
) -> list[list[tuple[Stretch, float]]]:
    """Return where the longest jams of each way stand, hour by hour.

    Parameters
    ----------
    outcome, rows, longer_km
        As in :func:`jam_runs`.
    least_share
        The least share of the runs in which a jam must cover a place.

    Returns
    -------
    list of list
        For each hour the stretches that are covered so often, with the largest share on each.
    """
    runs, traffic = outcome.runs, outcome.traffic
    hours = runs.longest_km.shape[1]
    found: list[list[tuple[Stretch, float]]] = [[] for _ in range(hours)]
    for number, chain in enumerate(traffic.network.chains):
        members = [
            place for place in traffic.layout.places if place.name in traffic.layout.chains[chain]
        ]
        low = min(place.from_m for place in members)
        high = max(place.to_m for place in members)
        length = runs.longest_km[rows, :, number].astype(np.float64)
        head = runs.head_km[rows, :, number].astype(np.float64)
        ends = np.sort(
            np.stack([traffic.station_m(chain, head - length), traffic.station_m(chain, head)]),
            axis=0,
        )
        grid = np.arange(low, high, _STEP_M)
        for hour in range(hours):
            long_enough = length[:, hour] > longer_km
            if long_enough.mean() < least_share:
                continue
            tail, top = ends[:, long_enough, hour]
            middle = grid + _STEP_M / 2
            covered = (tail[:, None] <= middle) & (middle < top[:, None])
            share = covered.sum(axis=0) / len(rows)
            found[hour] += [
                (
                    Stretch(
                        members[0].route,
                        float(grid[a]),
                        float(min(grid[b - 1] + _STEP_M, high)),
                        _NAMES[members[0].direction],
                    ),
                    float(share[a:b].max()),
                )
                for a, b in spells(share >= least_share)
            ]
    return found


def spells(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return where flags are set, as half-open ranges.

    Examples
    --------
    >>> spells(np.array([True, True, False, True]))
    [(0, 2), (3, 4)]
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def rectangles(
    shown: NDArray[np.bool_], stretches: Sequence[Stretch]
) -> Iterable[tuple[int, int, Stretch, list[int]]]:
    """Return flags of shape (slot, stretch) as few stretches with the slots they hold for.

    Neighbours of one route and direction are joined where their slots are the same.

    Returns
    -------
    iterable
        First slot, slot after the last, the joined stretch, the numbers of its parts.
    """
    order = sorted(
        range(len(stretches)),
        key=lambda n: (stretches[n].route, stretches[n].direction, stretches[n].from_m),
    )
    open_spells: dict[tuple[int, int], tuple[Stretch, list[int]]] = {}
    for number in order:
        here = stretches[number]
        now = spells(shown[:, number])
        for key in [key for key in open_spells if key not in now]:
            yield (*key, *open_spells.pop(key))
        for key in now:
            before = open_spells.get(key)
            if before is not None and _follows(before[0], here):
                joined = Stretch(here.route, before[0].from_m, here.to_m, here.direction)
                open_spells[key] = (joined, [*before[1], number])
            else:
                if before is not None:
                    yield (*key, *before)
                open_spells[key] = (here, [number])
    for key, (stretch, own) in open_spells.items():
        yield (*key, stretch, own)


def _follows(before: Stretch, after: Stretch) -> bool:
    return (
        before.route == after.route
        and before.direction == after.direction
        and abs(before.to_m - after.from_m) < 1.0
    )
