"""Recompute a lower bound on every plan of a winter problem from prices alone.

    python tests/benchmarks/price_bound.py PROBLEM.npz PRICES.npz

It needs numpy and nothing of roadplan: the rules are those of ``roadplan/winter/PROBLEM.md``.
A prices file holds one array, ``price``, of shape (class, item, T + 1) and not negative:
``price[k, j, t]`` is what an item pays for a pass at moment t by a crew of class k, and what the
crew earns. Whatever the prices are, the cheapest nights of all items that pay, less the best
nights of all crews that earn, cost no more than any plan.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

Arrays = Mapping[str, Any]


def price_bound(problem: Arrays, price: Any) -> float:
    """Return the bound that prices prove, veh·h.

    Parameters
    ----------
    problem
        The arrays of a problem file by name.
    price
        Shape (class, item, T + 1).

    Raises
    ------
    ValueError
        When the prices have another shape, or one is negative or not finite.
    """
    price = np.array(price, dtype=np.float64)
    shape = (len(problem["class_name"]), len(problem["item_name"]), int(problem["slots"]) + 1)
    if price.shape != shape:
        raise ValueError(f"the prices have shape {price.shape}, not {shape}")
    if not np.isfinite(price).all() or (price < 0).any():
        raise ValueError("a price is negative or not finite")
    # A pass at the end of the horizon changes nothing, so nobody pays for one.
    price[:, :, -1] = 0.0
    nights = cheapest_nights(problem, price)
    earned = [earnings(problem, price[k], k) for k in range(len(problem["class_name"]))]
    return float(nights.sum() - sum(each.sum() for each in earned))


def cheapest_nights(problem: Arrays, price: Any) -> Any:
    """Return what each item's night costs at best, waiting and passes, shape (item,)."""
    cost, since = problem["cost"].astype(np.float64), problem["passable_since"]
    items, slots = cost.shape[0], int(problem["slots"])
    able = np.zeros(price.shape[:2], dtype=bool)
    able[problem["plough_class"], problem["plough_item"]] = True
    # A class without crews sells nothing.
    able &= np.isin(np.arange(len(able)), problem["crew_class"])[:, None]
    best = np.full((items, slots + 1), np.inf)
    best[:, 0] = 0.0
    for t in range(1, slots):
        # Only a class that could move the snow since the pass before it sells this pass.
        allowed = (since[:, :, t, None] <= np.arange(t)) & able[:, :, None]
        pays = np.where(allowed, price[:, :, t, None], np.inf).min(axis=0, initial=np.inf)
        best[:, t] = (best[:, :t] + cost[:, :t, t] + pays).min(axis=1)
    return (best[:, :slots] + cost[:, :slots, slots]).min(axis=1)


def earnings(problem: Arrays, price: Any, k: int) -> Any:
    """Return what each crew of a class earns at best, price less moves, shape (crew,).

    A crew's night is a longest path over (moment, passes left in the load, node). Crews with a
    limit to their duty may begin it at any moment of their window.
    """
    slots = int(problem["slots"])
    crews = np.flatnonzero(problem["crew_class"] == k)
    windows = [_windows(problem, int(crew)) for crew in crews]
    ends = sorted({(goal, end) for own in windows for goal, _, end in own})
    number = {key: i for i, key in enumerate(ends)}
    goal_of, end_of = np.array(ends, dtype=np.int64).reshape(-1, 2).T
    nodes, load = len(problem["node_name"]), int(problem["class_passes_per_load"][k])
    terminal = np.where((goal_of[:, None] < 0) | (goal_of[:, None] == np.arange(nodes)), 0, -np.inf)
    moves = _moves(problem, k)
    # The most that can still be earned from (moment, way to end, passes left, node).
    ahead = np.full((slots + 1, len(ends), load + 1, nodes), -np.inf)
    for t in range(slots, -1, -1):
        now = ahead[t]
        if t < slots:
            now[:] = ahead[t + 1]
        now[end_of == t] = terminal[end_of == t, None]
        for length, tail, head, moving, opens, closes, item in moves:
            if t + length > slots:
                continue
            shut = np.where((opens <= t) & (t < closes), 0.0, -np.inf) - moving
            if item is None:
                _raise(now, tail, ahead[t + length][:, :, head] + shut)
            elif load:
                won = shut + price[item, t + length]
                _raise(now[:, 1:], tail, ahead[t + length][:, :-1, head] + won)
            else:
                _raise(now, tail, ahead[t + length][:, :, head] + shut + price[item, t + length])
        wait = int(problem["class_refill_slots"][k])
        if load and t + wait <= slots:
            full = np.where(problem["refill_node"][k], ahead[t + wait][:, -1:], -np.inf)
            np.maximum(now, full, out=now)
    best = np.zeros(len(crews))
    for i, own in enumerate(windows):
        node = int(problem["crew_node"][crews[i]])
        for goal, begin, end in own:
            best[i] = max(best[i], ahead[begin, number[goal, end], -1, node])
    return best


def _windows(problem: Arrays, crew: int) -> list[tuple[int, int, int]]:
    """Return where a crew must end, when it may begin and until when it may move then."""
    goal = int(problem["crew_end_node"][crew])
    begin, until = int(problem["crew_from"][crew]), int(problem["crew_until"][crew])
    duty = int(problem["crew_longest_duty"][crew])
    if duty == 0 or duty >= until - begin:
        return [(goal, begin, until)]
    return [(goal, start, start + duty) for start in range(begin, until - duty + 1)]


def _moves(problem: Arrays, k: int) -> list[tuple[Any, ...]]:
    """Return the travel and plough arcs of a class, those of one length together, by tail."""
    travel = np.flatnonzero(problem["travel_class"] == k)
    plough = np.flatnonzero(problem["plough_class"] == k)
    item = problem["plough_item"][plough]
    ways = [
        ("travel", travel, problem["travel_from"][travel], problem["travel_to"][travel], None),
        ("plough", plough, problem["item_from"][item], problem["item_to"][item], item),
    ]
    found: list[tuple[Any, ...]] = []
    for kind, arc, tail, head, cleared in ways:
        lengths = problem[f"{kind}_slots"][arc]
        for length in np.unique(lengths):
            mine = np.flatnonzero(lengths == length)
            mine = mine[np.argsort(tail[mine], kind="stable")]
            columns = [problem[f"{kind}_{name}"][arc[mine]] for name in ("cost", "opens", "closes")]
            of_item = None if cleared is None else cleared[mine]
            found.append((int(length), tail[mine], head[mine], *columns, of_item))
    return found


def _raise(now: Any, tail: Any, value: Any) -> None:
    """Raise the values of the nodes from which moves leave; `tail` is sorted."""
    first = np.flatnonzero(np.r_[True, tail[1:] != tail[:-1]])
    node = tail[first]
    now[:, :, node] = np.maximum(now[:, :, node], np.maximum.reduceat(value, first, axis=2))


def main() -> None:
    """Print the bound of a problem file and a prices file."""
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with (
        np.load(sys.argv[1], allow_pickle=False) as problem,
        np.load(sys.argv[2], allow_pickle=False) as prices,
    ):
        print(f"no plan costs less than {price_bound(dict(problem), prices['price']):,.3f} veh·h")


if __name__ == "__main__":
    main()
