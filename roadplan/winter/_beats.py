"""Choosing one beat for each crew: candidates, a Lagrangian bound, and CP-SAT on what is left.

A partition of a road into beats is a path over the borders between its segments. Charging a price
for each crew of a class and each place in a depot makes the paths independent of one another, so
that shortest paths give a bound for any prices; the best prices come from the linear relaxation.
Candidates that cannot be part of a posture within some distance of the bound are left out, and
CP-SAT chooses among the rest; when its posture lies within that distance, it is the best of all.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from ortools.math_opt import model_pb2
from ortools.math_opt.python import mathopt
from ortools.sat.python import cp_model

from roadplan.errors import RoadplanError
from roadplan.winter._cp_sat import solve_model

Floats = NDArray[np.float64]

_NEAREST_DEPOTS = 4
_LONGEST_SHARE = 3.0
_FIRST_CANDIDATES = 1_500
_COST_UNITS = 1_000_000_000


@dataclass(frozen=True, kw_only=True)
class PostureRules:
    """What the posture weighs.

    Parameters
    ----------
    drift_weight
        How many times a fully drift-prone kilometre counts beyond its traffic.
    access_weight
        How much the way from the depot to the beat counts beside the waiting between passes. A
        crew drives it about once in four rounds, for fuel, salt and its own rest.
    lane_width_m
        Width of one lane; a carriageway wider than a crew clears takes several passes.
    unserved_h
        Waiting charged where nobody clears.
    """

    drift_weight: float = 2.0
    access_weight: float = 0.25
    lane_width_m: float = 3.75
    unserved_h: float = 48.0


@dataclass(frozen=True, kw_only=True)
class Atoms:
    """Segments in road order, with what they weigh.

    Parameters
    ----------
    frame
        The segments, n rows.
    length_km, weight, drift
        Length; traffic weight; traffic weight of the part prone to drifts. Shape (n,).
    run
        Number of the unbroken run of segments each belongs to, rising. Shape (n,).
    """

    frame: pd.DataFrame = field(repr=False)
    length_km: Floats
    weight: Floats
    drift: Floats
    run: NDArray[np.intp]


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Which candidates were chosen, and the proof.

    Parameters
    ----------
    beats
        Index of the chosen candidates.
    unserved
        Pairs of layer and segment without a crew.
    cost, bound, optimal
        As in a posture.
    """

    beats: list[int]
    unserved: list[tuple[str, int]]
    cost: float
    bound: float
    optimal: bool


def candidate_beats(
    atoms: Atoms, crews: pd.DataFrame, depots: pd.DataFrame, way_m: Floats, rules: PostureRules
) -> pd.DataFrame:
    """Return every beat a crew may get, and the choice of leaving a segment without a crew.

    Parameters
    ----------
    atoms
        The segments.
    crews
        Crews by class, with `layer`.
    depots
        The depots.
    way_m
        Way from each depot to both ends of each segment, shape (depot, segment, 2).
    rules
        What is weighed.

    Returns
    -------
    DataFrame
        Columns `layer`, `plough_class`, `depot` (row number, -1 for no crew), `first` and `last`
        (segments, both included), `cost`, `round_h`, `access_m`.
    """
    parts = []
    usable = np.flatnonzero(depots["capacity"].to_numpy(float) > 0)
    for layer, group in crews.groupby("layer", sort=False):
        weight = atoms.drift if layer == "reserve" else atoms.weight
        parts.append(_unserved(str(layer), weight, rules))
        if len(usable) == 0:
            continue
        fair = atoms.length_km.sum() / max(group["crews"].sum(), 1)
        first, last = _stretches(atoms, max(_LONGEST_SHARE * fair, atoms.length_km.max()))
        depot, nearest = _nearest_depots(first, last, way_m, usable)
        for crew in group[group["crews"] > 0].itertuples():
            parts.append(  # noqa: PERF401 - one frame for each class reads better as a loop
                _crew_beats(str(layer), crew, atoms, rules, way_m, first, last, depot, nearest)
            )
    if not parts:
        columns = ["layer", "plough_class", "depot", "first", "last", "cost", "round_h", "access_m"]
        return pd.DataFrame({column: [] for column in columns})
    return pd.concat(parts, ignore_index=True)


def _unserved(layer: str, weight: Floats, rules: PostureRules) -> pd.DataFrame:
    atom = np.arange(len(weight))
    return pd.DataFrame(
        {
            "layer": layer,
            "plough_class": "",
            "depot": -1,
            "first": atom,
            "last": atom,
            "cost": rules.unserved_h * weight,
            "round_h": rules.unserved_h,
            "access_m": 0.0,
        }
    )


def _stretches(atoms: Atoms, longest_km: float) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return first and last segment of every contiguous stretch up to a length."""
    begin = np.concatenate([[0.0], np.cumsum(atoms.length_km)])
    first, last = np.triu_indices(len(atoms.length_km))
    short = begin[last + 1] - begin[first] <= longest_km + 1e-9
    keep = short & (atoms.run[first] == atoms.run[last])
    return first[keep], last[keep]


def _nearest_depots(
    first: NDArray[np.intp], last: NDArray[np.intp], way_m: Floats, usable: NDArray[np.intp]
) -> tuple[NDArray[np.intp], Floats]:
    """Return the nearest depots of each stretch and the way to its nearest end, (stretch, k)."""
    closest = way_m[usable].min(axis=2)
    nearest = np.empty((len(first), len(usable)))
    for atom in np.unique(first):
        rows = np.flatnonzero(first == atom)
        reach = np.minimum.accumulate(closest[:, atom : last[rows].max() + 1], axis=1)
        nearest[rows] = reach[:, last[rows] - atom].T
    order = np.argsort(nearest, axis=1, kind="stable")[:, :_NEAREST_DEPOTS]
    return usable[order], np.take_along_axis(nearest, order, axis=1)


def _crew_beats(
    layer: str,
    crew: Any,
    atoms: Atoms,
    rules: PostureRules,
    way_m: Floats,
    first: NDArray[np.intp],
    last: NDArray[np.intp],
    depot: NDArray[np.intp],
    nearest_m: Floats,
) -> pd.DataFrame:
    """Return the beats of one class: every stretch from each of its nearest depots."""
    k = depot.shape[1]
    first, last = np.repeat(first, k), np.repeat(last, k)
    place, access_m = depot.ravel(), nearest_m.ravel()

    def total(values: Floats) -> Floats:
        running = np.concatenate([np.zeros((*values.shape[:-1], 1)), np.cumsum(values, -1)], -1)
        if values.ndim == 1:
            return np.asarray(running[last + 1] - running[first])
        return np.asarray(running[place, last + 1] - running[place, first])

    if layer == "reserve":
        # A reserve crew drives to where it is needed: what counts is how soon it is there.
        there_h = way_m.mean(axis=2) / 1000 / crew.travel_kmh
        cost = total(atoms.drift * there_h)
        weight = total(atoms.drift)
        plain = total(there_h) / (last - first + 1)
        round_h = np.divide(cost, weight, out=plain, where=weight > 0)
    else:
        lanes = atoms.frame["lanes"].to_numpy(float)
        passes = np.ceil(lanes * rules.lane_width_m / crew.width_m - 1e-9)
        round_h = total(2 * passes * atoms.length_km / crew.plough_kmh)
        access_h = access_m / 1000 / crew.travel_kmh
        cost = total(atoms.weight) * (round_h / 2 + rules.access_weight * access_h)
    frame = pd.DataFrame(
        {
            "layer": layer,
            "plough_class": str(crew.plough_class),
            "depot": place,
            "first": first,
            "last": last,
            "cost": cost,
            "round_h": round_h,
            "access_m": access_m,
        }
    )
    return frame[np.isfinite(access_m)]


def choose_beats(
    atoms: Atoms,
    crews: pd.DataFrame,
    depots: pd.DataFrame,
    beats: pd.DataFrame,
    *,
    time_limit_s: float,
    seed: int,
) -> Choice:
    """Choose the candidates of least cost that share out every layer's road.

    Parameters
    ----------
    atoms, crews, depots, beats
        As made by :func:`candidate_beats`.
    time_limit_s
        When to stop with the best found so far.
    seed
        Seed of the solver.
    """
    if beats.empty:
        return Choice(beats=[], unserved=[], cost=0.0, bound=0.0, optimal=True)
    deadline = time.monotonic() + time_limit_s
    limits = _limits(crews, depots, beats)
    prices = _prices(atoms, beats, limits)
    bound, excess = _bound(atoms, beats, limits, prices)
    # Leaving segments without a crew is always possible, so there is always a choice.
    crewless = beats["depot"].to_numpy() < 0
    reach = float(np.sort(excess)[min(_FIRST_CANDIDATES, len(excess)) - 1])
    while True:
        kept = np.flatnonzero((excess <= reach) | crewless)
        left_s = max(1.0, deadline - time.monotonic())
        chosen, proven = _solve(atoms, beats, limits, kept, left_s, seed)
        cost = float(beats["cost"].to_numpy()[chosen].sum())
        if cost - bound <= reach or len(kept) == len(beats):
            best = max(bound, min(proven, cost))
            break
        # A posture with any left-out candidate costs at least bound + its excess: those within
        # the cost found may still be better, the others never.
        if time.monotonic() >= deadline:
            best = max(bound, min(proven, cost, bound + reach))
            break
        reach = cost - bound
    layers, firsts = beats["layer"].to_numpy(), beats["first"].to_numpy()
    return Choice(
        beats=[int(k) for k in chosen[~crewless[chosen]]],
        unserved=[(str(layers[k]), int(firsts[k])) for k in chosen[crewless[chosen]]],
        cost=cost,
        bound=min(best, cost),
        optimal=cost - best <= 1e-6 * max(cost, 1.0),
    )


@dataclass(frozen=True, kw_only=True)
class _Limits:
    """What candidates share: crews of a class and places in a depot.

    `member` has one row for each limit and tells which candidates count against it.
    """

    member: list[NDArray[np.intp]]
    most: Floats


def _limits(crews: pd.DataFrame, depots: pd.DataFrame, beats: pd.DataFrame) -> _Limits:
    classes, places = beats["plough_class"].to_numpy(), beats["depot"].to_numpy()
    member = [np.flatnonzero(classes == name) for name in crews["plough_class"]]
    most = crews["crews"].tolist()
    for place in range(len(depots)):
        member.append(np.flatnonzero(places == place))
        most.append(depots["capacity"].iloc[place])
    return _Limits(member=member, most=np.array(most, dtype=float))


def _borders(atoms: Atoms, beats: pd.DataFrame) -> tuple[NDArray[np.intp], NDArray[np.intp], int]:
    """Return the border at which each candidate begins and ends, and the borders in all.

    Every layer has its own borders; a run of n segments has n + 1 of them.
    """
    per_layer = len(atoms.run) + int(atoms.run[-1] - atoms.run[0]) + 1
    layer = pd.factorize(beats["layer"])[0]
    offset = atoms.run - atoms.run[0]
    first, last = beats["first"].to_numpy(), beats["last"].to_numpy()
    begin = layer * per_layer + first + offset[first]
    end = layer * per_layer + last + 1 + offset[last]
    return begin, end, per_layer * (int(layer.max()) + 1)


def _prices(atoms: Atoms, beats: pd.DataFrame, limits: _Limits) -> Floats:
    """Return what each limit is worth in the linear relaxation, at least 0."""
    begin, end, borders = _borders(atoms, beats)
    proto = model_pb2.ModelProto()
    count = len(beats)
    proto.variables.ids.extend(range(count))
    proto.variables.lower_bounds.extend([0.0] * count)
    proto.variables.upper_bounds.extend([math.inf] * count)
    proto.variables.integers.extend([False] * count)
    proto.objective.linear_coefficients.ids.extend(range(count))
    proto.objective.linear_coefficients.values.extend(beats["cost"].tolist())
    sources = np.setdiff1d(begin, end)
    sinks = np.setdiff1d(end, begin)
    supply = np.zeros(borders)
    supply[sources], supply[sinks] = 1.0, -1.0
    rows = borders + len(limits.most)
    proto.linear_constraints.ids.extend(range(rows))
    proto.linear_constraints.lower_bounds.extend([*supply, *([-math.inf] * len(limits.most))])
    proto.linear_constraints.upper_bounds.extend([*supply, *limits.most])
    row = np.concatenate(
        [begin, end, *(np.full(len(m), borders + i) for i, m in enumerate(limits.member))]
    )
    column = np.concatenate([np.arange(count), np.arange(count), *limits.member])
    value = np.concatenate([np.ones(count), -np.ones(count), np.ones(len(row) - 2 * count)])
    order = np.lexsort((column, row))
    proto.linear_constraint_matrix.row_ids.extend(row[order].tolist())
    proto.linear_constraint_matrix.column_ids.extend(column[order].tolist())
    proto.linear_constraint_matrix.coefficients.extend(value[order].tolist())
    result = mathopt.solve(
        mathopt.Model.from_model_proto(proto),
        mathopt.SolverType.GLOP,
        params=mathopt.SolveParameters(time_limit=timedelta(seconds=60)),
    )
    if not result.has_dual_feasible_solution():
        return np.zeros(len(limits.most))
    duals = result.dual_values()
    by_id = {constraint.id: value for constraint, value in duals.items()}
    found = [-by_id.get(borders + i, 0.0) for i in range(len(limits.most))]
    return np.asarray(np.maximum(found, 0.0))


def _bound(
    atoms: Atoms, beats: pd.DataFrame, limits: _Limits, prices: Floats
) -> tuple[float, Floats]:
    """Return the Lagrangian bound for given prices and the excess of each candidate.

    A posture that holds a candidate costs at least the bound plus the candidate's excess: the
    cheapest path through it, all crews and places paid for, less the cheapest path of all.
    """
    begin, end, borders = _borders(atoms, beats)
    cost = beats["cost"].to_numpy(float).copy()
    for member, price in zip(limits.member, prices, strict=True):
        cost[member] += price
    by_end, by_begin = np.argsort(end, kind="stable"), np.argsort(begin, kind="stable")
    ahead = np.where(np.isin(np.arange(borders), np.setdiff1d(begin, end)), 0.0, np.inf)
    for group in np.split(by_end, np.flatnonzero(np.diff(end[by_end])) + 1):
        ahead[end[group[0]]] = (ahead[begin[group]] + cost[group]).min()
    sinks = np.setdiff1d(end, begin)
    behind = np.where(np.isin(np.arange(borders), sinks), 0.0, np.inf)
    for group in np.split(by_begin, np.flatnonzero(np.diff(begin[by_begin])) + 1)[::-1]:
        behind[begin[group[0]]] = (behind[end[group]] + cost[group]).min()
    # Each border knows the shortest path of its own run by its sink.
    sink = sinks[np.searchsorted(sinks, end)]
    bound = float(ahead[sinks].sum() - prices @ limits.most)
    return bound, np.maximum(ahead[begin] + cost + behind[end] - ahead[sink], 0.0)


def _solve(
    atoms: Atoms,
    beats: pd.DataFrame,
    limits: _Limits,
    kept: NDArray[np.intp],
    time_limit_s: float,
    seed: int,
) -> tuple[NDArray[np.intp], float]:
    """Choose among the kept candidates; return those chosen and a bound on such choices."""
    begin, end, borders = _borders(atoms, beats)
    cost = beats["cost"].to_numpy(float)
    scale = _COST_UNITS / max(float(cost[beats["depot"] < 0].sum()), 1e-9)
    model = cp_model.CpModel()
    picks = [model.new_bool_var(f"b{k}") for k in kept]
    leaving: list[list[Any]] = [[] for _ in range(borders)]
    arriving: list[list[Any]] = [[] for _ in range(borders)]
    for k, pick in zip(kept, picks, strict=True):
        leaving[begin[k]].append(pick)
        arriving[end[k]].append(pick)
    starts = set(np.setdiff1d(begin, end).tolist())
    for border in np.unique(begin):
        if border in starts:
            model.add_exactly_one(leaving[border])
        else:
            out, into = leaving[border], arriving[border]
            model.add(cp_model.LinearExpr.sum(out) == cp_model.LinearExpr.sum(into))
    number = {int(k): i for i, k in enumerate(kept)}
    for member, most in zip(limits.member, limits.most, strict=True):
        group = [picks[number[int(k)]] for k in np.intersect1d(member, kept)]
        if group:
            model.add(cp_model.LinearExpr.sum(group) <= int(most))
    # Costs are rounded down and the bound is on the rounded ones, so it holds for the true ones.
    units = [math.floor(scale * cost[k]) for k in kept]
    model.minimize(cp_model.LinearExpr.weighted_sum(picks, units))
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = time_limit_s
    solver.parameters.random_seed = seed
    solver.parameters.num_workers = 2
    status = solve_model(solver, model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        raise RoadplanError(
            f"no posture was found within {time_limit_s:.0f} s; give the solver more time"
        )
    chosen = kept[np.array([solver.boolean_value(pick) for pick in picks])]
    proven = solver.best_objective_bound / scale
    if status == cp_model.OPTIMAL:
        # What rounding hides is less than one unit a choice, far below what can be told apart.
        proven = max(proven, float(cost[chosen].sum()) - len(chosen) / scale)
    return chosen, proven
