"""A simulation of the remaining work: draws of when everything is done.

Pure arrays: no corridor, no ledger, no clock. Work items wait for those before them, for a crew,
for their season and for their gates; how fast they go is log-normal, with parts shared by all
items of a pool and of a contract. The sharing is what makes the end later than any single item
suggests: twenty independent items at 95 % each are ready together with 36 %.
"""

from __future__ import annotations

import heapq
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from roadplan.errors import RoadplanError
from roadplan.progress.seasons import WorkCalendar

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

_CURVE_DRAWS = 400
"""Draws of which the whole course is kept: enough for bands of an S-curve."""

_TRACED_DRAWS = 2_000
"""Draws in which the chain that leads to the last item is followed back: a share to ±1 point."""

NOBODY = -1


@dataclass(frozen=True, kw_only=True, eq=False)
class Links:
    """What waits for what.

    Parameters
    ----------
    before, after
        Indices of the items, shape (m,): `after` waits for `before`.
    to_finish
        True where it waits only before it finishes, not before it starts, shape (m,).
    lag_days
        Days between the two, shape (m,).
    """

    before: Ints = field(default_factory=lambda: np.empty(0, np.intp))
    after: Ints = field(default_factory=lambda: np.empty(0, np.intp))
    to_finish: NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, np.bool_))
    lag_days: Floats = field(default_factory=lambda: np.empty(0, np.float64))


@dataclass(frozen=True, kw_only=True, eq=False)
class Gang:
    """Crews that take items of one kind in turn.

    Parameters
    ----------
    crews
        Crews that take any item of the gang; 0 for as many as there are items.
    extra
        Further crews, each with the indices of the only items that it takes.
    """

    crews: int
    extra: Sequence[frozenset[int]] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class RemainingWork:
    """All unfinished items, as arrays over the n items.

    Parameters
    ----------
    ids
        Names; the random numbers of an item depend on its name, the seed and nothing else.
    quantity
        What is left to do, above 0.
    log_pace
        Mean of the logarithm of the pace in quantity by working day.
    own_sd
        Standard deviation of that logarithm which is the item's own.
    pool, pool_sd
        Index of the pool that items share the error of an estimate with, and the standard
        deviation of each pool, shape (pools,).
    group
        Index of the contract.
    calendar, calendars
        Index of the working days that count, and these.
    release
        Earliest start as a day number.
    rank
        Order in which crews take items; lower first.
    gang, gangs
        Index of the crews that do it, and these.
    links
        What waits for what.
    now
        The moment before which nothing can end: what is left is known to be undone by then.
    """

    ids: Sequence[str]
    quantity: Floats
    log_pace: Floats
    own_sd: Floats
    pool: Ints
    pool_sd: Floats
    group: Ints
    calendar: Ints
    calendars: Sequence[WorkCalendar]
    release: Floats
    rank: Floats
    gang: Ints
    gangs: Sequence[Gang]
    links: Links = field(default_factory=Links)
    now: float = -np.inf

    def __post_init__(self) -> None:
        n = len(self.ids)
        for name in ("quantity", "log_pace", "own_sd", "pool", "group", "calendar", "release"):
            if len(getattr(self, name)) != n:
                raise RoadplanError(f"there must be one {name} for each of the {n} items")
        numbers = (self.quantity, self.log_pace, self.own_sd, self.pool_sd, self.release)
        if not all(np.isfinite(values).all() for values in numbers):
            raise RoadplanError("quantities, paces, deviations and releases must be finite")
        if n and not (self.quantity > 0).all():
            raise RoadplanError("remaining quantities must be above 0; leave finished items out")


@dataclass(frozen=True, kw_only=True)
class Shock:
    """What all items of a contract share: a log-normal factor on the pace.

    Parameters
    ----------
    sd
        Standard deviation of its logarithm.
    correlation
        Correlation between the factors of two contracts, 0–1.
    """

    sd: float = 0.0
    correlation: float = 0.0

    def __post_init__(self) -> None:
        if not (np.isfinite(self.sd) and self.sd >= 0 and 0 <= self.correlation <= 1):
            raise RoadplanError("a shock has a deviation of at least 0 and a correlation in 0–1")


@dataclass(frozen=True, kw_only=True, eq=False)
class Draws:
    """What came out of a simulation.

    Parameters
    ----------
    finish
        When all items of each group are done, as day numbers, shape (groups, draws); -inf for a
        group without items, inf beyond the end of the calendars.
    last
        Share of the draws in which an item is the last of all, and of its group, shape (n, 2).
    chain
        Share of the draws in which an item lies on the chain that leads to the last one, shape
        (n,); a delay of it then delays the end.
    done_by
        Share of the draws in which an item is done by its own moments, shape (n, moments).
    levels
        Quantiles of each item's finish, shape (n, levels).
    curve
        Weight done of what was left, by each moment of the curve in each of the first draws,
        shape (moments, draws of the curve).
    """

    finish: Floats
    last: Floats
    chain: Floats
    done_by: Floats
    levels: Floats
    curve: Floats

    @property
    def whole(self) -> Floats:
        """When everything is done, shape (draws,)."""
        return np.asarray(self.finish.max(axis=0))


def simulate(
    work: RemainingWork,
    *,
    groups: int,
    draws: int,
    seed: int,
    shock: Shock | None = None,
    moments: ArrayLike | None = None,
    levels: Sequence[float] = (),
    curve_moments: ArrayLike = (),
    weight: ArrayLike | None = None,
) -> Draws:
    """Draw when the remaining work is done.

    The same seed gives the same numbers to an item of the same name, whatever else changes, so
    that two cases differ by what was changed and not by chance (common random numbers).

    Parameters
    ----------
    work
        What is left to do.
    groups
        Number of contracts.
    draws
        Number of draws, at least 1.
    seed
        Seed of the random numbers.
    shock
        What the items of a contract share; nothing by default.
    moments
        Day numbers for each item, shape (n, moments), of which `done_by` tells.
    levels
        Quantiles of each item's finish to return.
    curve_moments, weight
        Day numbers for the course of the works, shape (moments,), and the weight of each item's
        remaining work in it, shape (n,); 1 each by default.

    Raises
    ------
    RoadplanError
        Items wait for each other in a circle, or there is no draw.

    Examples
    --------
    Twenty independent items, each done within 30 days in 95 of 100 cases:

    >>> from statistics import NormalDist
    >>> spread = 0.2
    >>> n = 20
    >>> work = RemainingWork(
    ...     ids=[f"item {i}" for i in range(n)], quantity=np.ones(n),
    ...     log_pace=np.full(n, NormalDist().inv_cdf(0.95) * spread - np.log(30)),
    ...     own_sd=np.full(n, spread), pool=np.zeros(n, int), pool_sd=np.zeros(1),
    ...     group=np.zeros(n, int), calendar=np.zeros(n, int),
    ...     calendars=[WorkCalendar(0, np.ones(1000))], release=np.zeros(n), rank=np.arange(n),
    ...     gang=np.zeros(n, int), gangs=[Gang(crews=0)])
    >>> result = simulate(work, groups=1, draws=20_000, seed=1)
    >>> bool(abs((result.whole <= 30).mean() - 0.95**20) < 0.01)
    True
    """
    if draws < 1:
        raise RoadplanError("a simulation needs at least one draw")
    run = _Run(work, groups=groups, draws=draws, seed=seed, shock=shock or Shock())
    at = np.empty((len(work.ids), 0)) if moments is None else np.asarray(moments, dtype=np.float64)
    done_by = np.zeros(at.shape)
    found = np.full((len(work.ids), len(levels)), np.nan)
    course = _Course(curve_moments, weight, len(work.ids), min(draws, _CURVE_DRAWS))
    for item in _order(work):
        start, finish = run.step(item)
        course.add(item, start, finish)
        if at.shape[1]:
            done_by[item] = (finish[:, None] <= at[item]).mean(axis=0)
        if len(levels):
            found[item] = np.quantile(finish, levels, method="inverted_cdf")
    return Draws(
        finish=run.finish,
        last=run.last(),
        chain=run.chain(),
        done_by=done_by,
        levels=found,
        curve=course.done,
    )


class _Course:
    """What is done by each moment, summed over the items."""

    def __init__(self, moments: ArrayLike, weight: ArrayLike | None, n: int, draws: int) -> None:
        self.moments = np.asarray(moments, dtype=np.float64)
        self.weight = np.ones(n) if weight is None else np.asarray(weight, dtype=np.float64)
        self.done = np.zeros((len(self.moments), draws))

    def add(self, item: int, start: Floats, finish: Floats) -> None:
        """Add one item, which goes on evenly from its start to its finish."""
        if not len(self.moments):
            return
        draws = self.done.shape[1]
        begin, end = start[:draws], finish[:draws]
        known = np.isfinite(end)
        begin, end = np.where(known, begin, np.inf), np.where(known, end, np.inf)
        length = np.where(known, np.maximum(end, begin + 1e-9), 1.0) - np.where(known, begin, 0.0)
        share = np.clip((self.moments[:, None] - begin) / length, 0.0, 1.0)
        self.done += self.weight[item] * share


class _Run:
    """The state of one simulation: who is free when, and what is done when."""

    def __init__(
        self, work: RemainingWork, *, groups: int, draws: int, seed: int, shock: Shock
    ) -> None:
        n = len(work.ids)
        self.work, self.draws, self.seed = work, draws, seed
        self.shocks = _shared(groups, draws, seed, shock)
        self.pools = work.pool_sd[:, None] * _normals(seed, "pools", (len(work.pool_sd), draws))
        self.finish = np.full((groups, draws), -np.inf)
        self._last = np.full((groups, draws), NOBODY, dtype=np.int32)
        self._before: list[list[tuple[int, bool, float]]] = [[] for _ in range(n)]
        self._waiting = np.zeros(n, dtype=np.intp)
        links = work.links
        for a, b, ends, lag in zip(
            links.before, links.after, links.to_finish, links.lag_days, strict=True
        ):
            self._before[int(b)].append((int(a), bool(ends), float(lag)))
            self._waiting[a] += 1
        self._ends: dict[int, Floats] = {}
        self._traced = min(draws, _TRACED_DRAWS)
        self._driver = np.full((n, self._traced), NOBODY, dtype=np.int32)
        self._done: list[int] = []
        self._crews: dict[int, _Crews] = {}
        self._rows = np.arange(draws)

    def step(self, item: int) -> tuple[Floats, Floats]:
        """Draw one item and return when its work goes on and when it is done."""
        work, t = self.work, self._traced
        pace = work.log_pace[item] + self.shocks[work.group[item]] + self.pools[work.pool[item]]
        if work.own_sd[item] > 0:
            pace = pace + work.own_sd[item] * _normals(self.seed, work.ids[item], (self.draws,))
        needed = work.quantity[item] * np.exp(-pace)
        start = np.full(self.draws, work.release[item])
        driver = np.full(t, NOBODY, dtype=np.int32)
        for other, ends, lag in self._before[item]:
            if not ends:
                start = self._later(start, self._ends[other] + lag, driver, other)
        start, crews, taken = self._take_crew(item, start, driver)
        finish = work.calendars[work.calendar[item]].finish(start, needed)
        finish = np.maximum(finish, work.now)
        if crews is not None:
            crews.free[taken, self._rows] = finish
            crews.held[taken[:t], self._rows[:t]] = item
        for other, ends, lag in self._before[item]:
            if ends:
                finish = self._later(finish, self._ends[other] + lag, driver, other)
            self._waiting[other] -= 1
            if not self._waiting[other]:
                del self._ends[other]
        if self._waiting[item]:
            self._ends[item] = finish
        self._driver[item] = driver
        self._done.append(item)
        group = work.group[item]
        later = finish > self.finish[group]
        self.finish[group][later] = finish[later]
        self._last[group][later] = item
        return start, finish

    def _later(self, time: Floats, other: Floats, driver: NDArray[np.int32], cause: int) -> Floats:
        """Return the later of two times and note where the other one decides."""
        driver[other[: self._traced] > time[: self._traced]] = cause
        return np.maximum(time, other)

    def _take_crew(
        self, item: int, start: Floats, driver: NDArray[np.int32]
    ) -> tuple[Floats, _Crews | None, Ints]:
        """Return when a crew begins, and which crew of which gang it is in each draw."""
        number = int(self.work.gang[item])
        gang = self.work.gangs[number]
        if gang.crews == 0:
            return start, None, self._rows
        if number not in self._crews:
            self._crews[number] = _Crews.of(gang, self.draws, self._traced)
        crews, t = self._crews[number], self._traced
        columns = crews.columns(gang, item)
        taken, free = crews.earliest(columns)
        blocked = free[:t] > start[:t]
        driver[blocked] = crews.held[taken[:t], self._rows[:t]][blocked]
        return np.maximum(start, free), crews, taken

    def last(self) -> Floats:
        """Return how often each item is the last of all, and of its group."""
        n = len(self.work.ids)
        share = np.zeros((n, 2))
        if not n:
            return share
        which = self.finish.argmax(axis=0)
        columns = ((0, self._last[which, self._rows]), (1, self._last))
        for column, items in columns:
            found = items[items != NOBODY].ravel()
            share[:, column] = np.bincount(found, minlength=n) / self.draws
        return share

    def chain(self) -> Floats:
        """Return how often each item lies on the chain that leads to the last one."""
        n, t = len(self.work.ids), self._traced
        if not n:
            return np.zeros(0)
        columns = np.arange(t)
        on = np.zeros((n, t), dtype=bool)
        end = self._last[self.finish[:, :t].argmax(axis=0), columns]
        on[end, columns] = end != NOBODY
        for item in reversed(self._done):
            driver = self._driver[item]
            passed = on[item] & (driver != NOBODY)
            on[driver[passed], columns[passed]] = True
        return np.asarray(on.mean(axis=1))


@dataclass(eq=False)
class _Crews:
    """When each crew of a gang is free in each draw, and which item it did last."""

    free: Floats
    held: NDArray[np.int32]

    @classmethod
    def of(cls, gang: Gang, draws: int, traced: int) -> _Crews:
        count = gang.crews + len(gang.extra)
        return cls(np.full((count, draws), -np.inf), np.full((count, traced), NOBODY, np.int32))

    def earliest(self, columns: Ints) -> tuple[Ints, Floats]:
        """Return which of some crews is free first in each draw, and when."""
        free = self.free[columns[0]].copy()
        taken = np.full(len(free), columns[0], dtype=np.intp)
        for column in columns[1:]:
            taken = np.where(self.free[column] < free, column, taken)
            np.minimum(free, self.free[column], out=free)
        return taken, free

    def columns(self, gang: Gang, item: int) -> Ints:
        """Return the crews that may take an item."""
        extra = [gang.crews + k for k, items in enumerate(gang.extra) if item in items]
        return np.array([*range(gang.crews), *extra], dtype=np.intp)


def _order(work: RemainingWork) -> list[int]:
    """Return the items in an order in which none comes before what it waits for."""
    n = len(work.ids)
    after: list[list[int]] = [[] for _ in range(n)]
    open_links = np.zeros(n, dtype=np.intp)
    for a, b in zip(work.links.before, work.links.after, strict=True):
        after[int(a)].append(int(b))
        open_links[b] += 1
    ready = [(float(work.rank[i]), i) for i in range(n) if not open_links[i]]
    heapq.heapify(ready)
    found: list[int] = []
    while ready:
        _, item = heapq.heappop(ready)
        found.append(item)
        for other in after[item]:
            open_links[other] -= 1
            if not open_links[other]:
                heapq.heappush(ready, (float(work.rank[other]), other))
    if len(found) < n:
        stuck = [work.ids[i] for i in range(n) if open_links[i]][:5]
        raise RoadplanError(f"items wait for each other in a circle: {', '.join(stuck)}")
    return found


def _shared(groups: int, draws: int, seed: int, shock: Shock) -> Floats:
    """Return the logarithms of the factors of the groups, shape (groups, draws).

    ``z = √ρ·common + √(1 − ρ)·own`` has the correlation ρ between any two groups.
    """
    common = _normals(seed, "all groups", (1, draws))
    own = np.stack([_normals(seed, f"group {g}", (draws,)) for g in range(groups)])
    mixed = np.sqrt(shock.correlation) * common + np.sqrt(1 - shock.correlation) * own
    return np.asarray(shock.sd * mixed)


def _normals(seed: int, name: str, shape: tuple[int, ...]) -> Floats:
    """Return standard normal numbers that depend on the seed and a name only."""
    entropy = np.random.SeedSequence([seed, zlib.crc32(name.encode()), len(name)])
    return np.random.Generator(np.random.SFC64(entropy)).standard_normal(shape)


def quantile_day(finish: Floats, level: float) -> float:
    """Return the day number by which a share of the draws is done.

    Examples
    --------
    >>> quantile_day(np.array([3.0, 1.0, 2.0, 4.0]), 0.5)
    2.0
    """
    return float(np.quantile(finish, level, method="inverted_cdf"))
