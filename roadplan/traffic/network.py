"""A road network cut into cells: directed links between nodes, turns, barriers, entries.

Links are one-way; a road with two directions is two links. A node joins any number of links; at
an entry vehicles wait outside until there is room. What a link's end is to the next one is said
by turns: the share of each input that goes to each output, which may change with time and
differ between light and heavy vehicles.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from roadplan.errors import Fault, FaultsError, RoadplanError
from roadplan.traffic.kernel import NetworkArrays
from roadplan.traffic.links import ENTRY, EXIT, Link, Piece, Turn, check_links

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class CellNetwork:
    """A network ready to be run; made by :func:`build_network`.

    Parameters
    ----------
    arrays
        What the kernel reads.
    turn
        Shares, shape (periods, turns, class).
    links, nodes, chains
        Their names.
    entries
        Node of each store at which vehicles enter; it has the store's index.
    holds
        Link of each store before a barrier; its index is that plus the number of entries.
    border_m
        Distance of each border from its link's start.
    step_s
        The time step.
    """

    arrays: NetworkArrays = field(repr=False)
    turn: Floats = field(repr=False)
    links: tuple[str, ...]
    nodes: tuple[str, ...]
    chains: tuple[str, ...]
    entries: tuple[str, ...]
    holds: tuple[str, ...]
    border_m: Floats = field(repr=False)
    step_s: float
    zones: int

    @property
    def cells(self) -> int:
        """The number of cells."""
        return int(np.sum(self.arrays.link_last - self.arrays.link_first))

    def border(self, link: int | Ints, distance_m: float | Floats) -> Ints:
        """Return the inner border nearest to a distance along a link; its end if it has none."""
        link, distance = np.broadcast_arrays(np.atleast_1d(link), np.atleast_1d(distance_m))
        first, last = self.arrays.link_first[link], self.arrays.link_last[link]
        found = np.empty(link.shape, dtype=np.int64)
        for index in np.unique(link):
            here = link == index
            start, stop = int(first[here][0]), int(last[here][0])
            inner = self.border_m[start + 1 : stop]
            if len(inner) == 0:
                found[here] = stop
                continue
            after = np.clip(np.searchsorted(inner, distance[here]), 1, max(1, len(inner) - 1))
            before = after - 1
            after = np.minimum(after, len(inner) - 1)
            nearer = distance[here] - inner[before] <= inner[after] - distance[here]
            found[here] = start + 1 + np.where(nearer, before, after)
        return found


def build_network(
    links: Sequence[Link],
    turns: Sequence[Turn] = (),
    *,
    entries: Mapping[str, float],
    chains: Mapping[str, Sequence[str]] | None = None,
    cell_m: float,
    period_s: float = 3600.0,
    heavy_pcu: float = 1.0,
    past_column: float = 0.5,
    hold_priority_share: float = 0.5,
) -> CellNetwork:
    """Cut links into cells and join them.

    Parameters
    ----------
    links
        In any order.
    turns
        Where a node has one way out, inputs go there and turns may be left out; where it has
        none, they leave. For each input of any other node the shares must sum to 1.
    entries
        Node → flow that entering vehicles claim when they compete with the road, pcu/h.
    chains
        Name → links one after another, along which jams are measured; default: each link alone.
    cell_m
        Wished cell length; the time step is the time through it at the highest speed of the
        network, cells of slower links are shorter in proportion.
    period_s
        The time step divides this.
    heavy_pcu
        Passenger-car units of a heavy vehicle, in capacity and in space.
    past_column
        Share of capacity left beside heavy vehicles standing in a column before a barrier.
    hold_priority_share
        Share of a link's capacity that vehicles released at its barrier claim.

    Raises
    ------
    FaultsError
        Names that are unknown or not unique, lengths, speeds, capacities or densities that make
        no road, shares that do not sum to 1; all at once.

    Examples
    --------
    >>> road = Piece(length_m=10_000, free_speed_m_s=25, capacity_pcu_h=2000,
    ...              jam_density_pcu_km=140)
    >>> network = build_network(
    ...     [Link(name="there", start="a", end="b", pieces=(road,))],
    ...     entries={"a": 2000.0}, cell_m=1000.0,
    ... )
    >>> network.cells, network.step_s
    (10, 40.0)
    """
    check_links(links, entries, chains or {}, cell_m=cell_m, period_s=period_s)
    step_s = _step_s(links, cell_m, period_s)
    cells = _Cells(links, step_s)
    runs = cells.runs()
    nodes = tuple(dict.fromkeys(name for link in links for name in (link.start, link.end)))
    node_of = {name: index for index, name in enumerate(nodes)}
    holds = [index for index, link in enumerate(links) if link.waiting_places is not None]
    entry_names = tuple(name for name in nodes if name in entries)
    priority = [entries[name] for name in entry_names]
    priority += [hold_priority_share * links[index].pieces[0].capacity_pcu_h for index in holds]
    link_hold = np.full(len(links), -1, dtype=np.int64)
    link_hold[holds] = len(entry_names) + np.arange(len(holds))
    in_at, in_link = _grouped([node_of[link.end] for link in links], len(nodes))
    out_at, out_link = _grouped([node_of[link.start] for link in links], len(nodes))
    node_store = np.full(len(nodes), -1, dtype=np.int64)
    for index, name in enumerate(entry_names):
        node_store[node_of[name]] = index
    turn_at, turn = _turns(links, turns, nodes, entry_names, (in_at, in_link, out_at, out_link))
    if chains is None:
        chains = {link.name: (link.name,) for link in links}
    link_of = {link.name: index for index, link in enumerate(links)}
    plain = (np.diff(in_at) <= 1) & (np.diff(out_at) <= 1)
    chain_links = [[link_of[name] for name in members] for members in chains.values()]
    places = [math.inf] * len(entry_names)
    places += [float(links[index].waiting_places or 0.0) for index in holds]
    arrays = NetworkArrays(
        step_h=step_s / 3600.0,
        heavy_pcu=float(heavy_pcu),
        past_column=float(past_column),
        drive=cells.values["drive"],
        lag=cells.lag,
        lag_part=cells.values["lag_part"],
        room=cells.values["room"],
        capacity=cells.values["capacity"],
        cell_km=cells.values["cell_km"],
        free_h=cells.values["free_h"],
        zone_at=_offsets(len(row) for row in cells.zone_lists),
        zones=np.array([zone for row in cells.zone_lists for zone in row], dtype=np.int64),
        run_start=runs[:, 0].copy(),
        run_stop=runs[:, 1].copy(),
        run_lag=runs[:, 2].copy(),
        link_first=cells.first,
        link_last=cells.last,
        link_hold=link_hold,
        in_at=in_at,
        in_link=in_link,
        out_at=out_at,
        out_link=out_link,
        node_last=_only(in_at, in_link, cells.last, plain, others=-2),
        node_first=_only(out_at, out_link, cells.first, plain, others=-1),
        node_out=_only(out_at, out_link, np.arange(len(links)), plain, others=-1),
        node_store=node_store,
        turn_at=turn_at,
        priority=np.array(priority, dtype=np.float64) * step_s / 3600.0,
        places=np.array(places, dtype=np.float64),
        chain_at=_offsets(len(members) for members in chain_links),
        chain_link=np.array([i for members in chain_links for i in members], dtype=np.int64),
    )
    zones = 1 + max(piece.zone for link in links for piece in link.pieces)
    return CellNetwork(
        arrays=arrays,
        turn=turn,
        links=tuple(link.name for link in links),
        nodes=nodes,
        chains=tuple(chains),
        entries=entry_names,
        holds=tuple(links[index].name for index in holds),
        border_m=cells.border_m,
        step_s=step_s,
        zones=zones,
    )


def _step_s(links: Sequence[Link], cell_m: float, period_s: float) -> float:
    """Return the longest step that divides the period and keeps every wave inside a cell."""
    longest = math.inf
    for link in links:
        shortest_m = min(cell_m, link.length_m)
        if link.borders_m:
            shortest_m = float(np.min(np.diff([0.0, *link.borders_m, link.length_m])))
        longest = min(longest, shortest_m / link.fastest_m_s)
    return period_s / math.ceil(period_s / longest - _ROUNDING)


class _Cells:
    """The cells of all links in one row of arrays, with an unused entry at each link's end."""

    def __init__(self, links: Sequence[Link], step_s: float) -> None:
        self.step_s = step_s
        borders = [_borders(link, step_s) for link in links]
        self.border_m = np.concatenate(borders)
        self.first = _offsets(len(row) for row in borders[:-1])
        self.last: Ints = self.first + np.array([len(row) - 1 for row in borders], dtype=np.int64)
        count = len(self.border_m)
        self.values = {
            name: np.zeros(count)
            for name in ("drive", "lag_part", "room", "capacity", "cell_km", "free_h")
        }
        self.lag = np.ones(count, dtype=np.int64)
        self.zone_lists: list[list[int]] = [[] for _ in range(count)]
        for index, link in enumerate(links):
            self._fill(link, borders[index], int(self.first[index]))

    def _fill(self, link: Link, border_m: Floats, first: int) -> None:
        ends = np.cumsum([piece.length_m for piece in link.pieces])
        starts = ends - [piece.length_m for piece in link.pieces]
        for cell in range(len(border_m) - 1):
            low, high = border_m[cell], border_m[cell + 1]
            overlap = np.minimum(ends, high) - np.maximum(starts, low)
            inside = np.flatnonzero(overlap > _ROUNDING * link.length_m)
            parts = overlap[inside] / overlap[inside].sum()
            pieces = [link.pieces[k] for k in inside]
            self._set(first + cell, high - low, pieces, parts)

    def _set(self, i: int, length_m: float, pieces: list[Piece], parts: Floats) -> None:
        """Give a cell that spans several pieces their travel time and their least capacity."""
        step_s, values = self.step_s, self.values
        through_s = sum(
            length_m * part / piece.free_speed_m_s
            for part, piece in zip(parts, pieces, strict=True)
        )
        capacity = min(piece.capacity_pcu_h for piece in pieces)
        jam = sum(
            part * piece.jam_density_pcu_km for part, piece in zip(parts, pieces, strict=True)
        )
        merged = Piece(
            length_m=length_m,
            free_speed_m_s=length_m / through_s,
            capacity_pcu_h=capacity,
            jam_density_pcu_km=jam,
        )
        lag = max(1.0, length_m / merged.wave_m_s / step_s)
        whole = int(lag * (1 + _ROUNDING))
        values["drive"][i] = min(1.0, step_s / through_s)
        self.lag[i] = whole
        values["lag_part"][i] = max(0.0, lag - whole)
        values["room"][i] = jam * length_m / 1000.0
        values["capacity"][i] = capacity * step_s / 3600.0
        values["cell_km"][i] = length_m / 1000.0
        values["free_h"][i] = through_s / 3600.0
        order = np.argsort(-parts, kind="stable")
        self.zone_lists[i] = list(dict.fromkeys(pieces[k].zone for k in order))

    def runs(self) -> Ints:
        """Return start, stop and lag of runs of borders with one lag, shape (n, 3).

        Runs go across links' ends, whose entries take the lag before them: what the kernel finds
        there is overwritten by the nodes, and a few long runs are faster than many short ones.
        """
        lag = self.lag.copy()
        lag[self.last] = lag[self.last - 1]
        inner = lag[1:-1]
        cuts = np.flatnonzero(np.diff(inner)) + 2
        edges = np.concatenate([[1], cuts, [len(inner) + 1]]).tolist()
        rows = [
            (start, stop, int(lag[start]))
            for start, stop in itertools.pairwise(edges)
            if stop > start
        ]
        rows.sort(key=lambda row: row[2])
        return np.array(rows, dtype=np.int64).reshape(-1, 3)


def _offsets(sizes: Iterable[int]) -> Ints:
    return np.cumsum([0, *sizes], dtype=np.int64)


def _borders(link: Link, step_s: float) -> Floats:
    if link.borders_m:
        return np.array([0.0, *link.borders_m, link.length_m])
    cells = max(1, int(link.length_m / (link.fastest_m_s * step_s) * (1 + _ROUNDING)))
    return np.linspace(0.0, link.length_m, cells + 1)


def _grouped(owner: list[int], count: int) -> tuple[Ints, Ints]:
    """Return the offsets and the members of groups, each in order."""
    order = np.argsort(np.array(owner, dtype=np.int64), kind="stable").astype(np.int64)
    sizes = np.bincount(owner, minlength=count)
    return np.append(0, np.cumsum(sizes)).astype(np.int64), order


def _only(at: Ints, members: Ints, border: Ints, plain: NDArray[np.bool_], *, others: int) -> Ints:
    """Return a border of the only link of each plain node, -1 for none; others elsewhere."""
    some = np.diff(at) > 0
    found = np.full(len(plain), -1, dtype=np.int64)
    found[some] = border[members[at[:-1][some]]]
    found[~plain] = others
    return found


def _turns(
    links: Sequence[Link],
    turns: Sequence[Turn],
    nodes: tuple[str, ...],
    entries: tuple[str, ...],
    ends: tuple[Ints, Ints, Ints, Ints],
) -> tuple[Ints, Floats]:
    """Return where each node's turns begin and the shares, shape (periods, turns, class)."""
    in_at, in_link, out_at, out_link = ends
    given = {(turn.node, turn.source, turn.target): _share(turn) for turn in turns}
    periods = max((len(share) for share in given.values()), default=1)
    rows: list[Floats] = []
    at = []
    faults = []
    used = set()
    for k, node in enumerate(nodes):
        at.append(len(rows))
        sources = [links[i].name for i in in_link[in_at[k] : in_at[k + 1]]]
        sources += [ENTRY] if node in entries else []
        targets = [links[i].name for i in out_link[out_at[k] : out_at[k + 1]]] + [EXIT]
        for source in sources:
            keys = [(node, source, target) for target in targets]
            used.update(keys)
            shares = [given.get(key) for key in keys]
            if all(share is None for share in shares):
                default = 0 if len(targets) <= 2 else -1
                shares = [np.full((1, 2), float(n == default)) for n in range(len(targets))]
            row = [
                np.broadcast_to(np.zeros((1, 2)) if share is None else share, (periods, 2))
                if share is None or len(share) in (1, periods)
                else np.full((periods, 2), np.nan)
                for share in shares
            ]
            total = np.sum(row, axis=0)
            if not np.allclose(total, 1.0, atol=1e-6) or np.min(row) < -_ROUNDING:
                faults.append(
                    Fault(
                        why=f"node {node}: the shares of {source} do not sum to 1",
                        remedy=f"give shares from 0 to 1 for {', '.join(targets)}, "
                        f"each once or for {periods} periods",
                    )
                )
            rows.extend(row)
    faults += [
        Fault(
            why=f"turn from {source} to {target} at node {node}: there is no such way",
            remedy="name a link that ends and a link that begins at the node",
        )
        for node, source, target in given
        if (node, source, target) not in used
    ]
    if faults:
        raise FaultsError(faults, "The road network cannot be used")
    stacked = np.stack(rows, axis=1) if rows else np.zeros((periods, 0, 2))
    return np.array(at, dtype=np.int64), np.ascontiguousarray(stacked, dtype=np.float64)


def _share(turn: Turn) -> Floats:
    share = np.asarray(turn.share, dtype=np.float64)
    if share.ndim == 0:
        return np.full((1, 2), float(share))
    if share.ndim == 1:
        return np.repeat(share[:, None], 2, axis=1)
    if share.ndim == 2 and share.shape[1] == 2:
        return share
    raise RoadplanError(
        f"turn from {turn.source} to {turn.target}: shares have the shape {share.shape}; "
        "give a number, (periods,) or (periods, 2)"
    )
