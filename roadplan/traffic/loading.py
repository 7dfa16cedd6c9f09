"""What enters and leaves at each node so that the traffic of every link is as counted.

Between two nodes traffic is renewed: of the vehicles that arrive at a node, those whose trip ends
leave, and others enter, so that what goes on is what is counted on the next link at that hour.
Trips have an exponential length, as far as nothing better is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from roadplan.traffic.links import ENTRY, EXIT, Link, Turn

Floats = NDArray[np.float64]
_NO_FLOW = 1e-9


@dataclass(frozen=True, kw_only=True, eq=False)
class Loading:
    """Turns and entering flows of a network.

    Parameters
    ----------
    turns
        Shares for each hour, shape (hours, class).
    entries
        Nodes at which vehicles enter.
    entry_veh_h
        Flow that enters there, shape (hours, entry, class).
    """

    turns: tuple[Turn, ...]
    entries: tuple[str, ...]
    entry_veh_h: Floats


def load_network(
    links: Sequence[Link],
    opposite: Sequence[int],
    flow_veh_h: Floats,
    *,
    trip_m: float,
) -> Loading:
    """Return entries and turns that give each link its flow while nothing is in the way.

    Parameters
    ----------
    links
        The network's links.
    opposite
        For each link the one of the other direction, where nobody turns round; -1 for none.
    flow_veh_h
        Flow wished at each link's beginning, shape (hours, link, class).
    trip_m
        Mean length of trips.
    """
    arriving = np.stack(
        [_lagged(flow_veh_h[:, i], _free_h(link)) for i, link in enumerate(links)], axis=1
    )
    nodes = tuple(dict.fromkeys(name for link in links for name in (link.start, link.end)))
    turns: list[Turn] = []
    entries, entering = [], []
    for node in nodes:
        into = [i for i, link in enumerate(links) if link.end == node]
        out = [i for i, link in enumerate(links) if link.start == node]
        if not out:
            continue
        keep = {i: np.exp(-links[i].length_m / trip_m) for i in into}
        shares = _shares(into, out, opposite, flow_veh_h, arriving, keep)
        for i in into:
            left = 1.0 - sum((shares[i, o] for o in out), start=np.zeros_like(flow_veh_h[:, 0]))
            ways = [(links[o].name, shares[i, o]) for o in out] + [(EXIT, left)]
            turns += [
                Turn(node=node, source=links[i].name, target=name, share=np.clip(share, 0.0, 1.0))
                for name, share in ways
            ]
        missing = np.stack(
            [
                flow_veh_h[:, o]
                - sum(
                    (shares[i, o] * arriving[:, i] for i in into),
                    start=np.zeros_like(flow_veh_h[:, 0]),
                )
                for o in out
            ]
        )
        missing = np.maximum(missing, 0.0)
        total = missing.sum(axis=0)
        entries.append(node)
        entering.append(total)
        even = np.full_like(total, 1.0 / len(out))
        for number, o in enumerate(out):
            part = np.divide(missing[number], total, out=even.copy(), where=total > _NO_FLOW)
            turns.append(Turn(node=node, source=ENTRY, target=links[o].name, share=part))
    return Loading(
        turns=tuple(turns), entries=tuple(entries), entry_veh_h=np.stack(entering, axis=1)
    )


def _shares(
    into: Sequence[int],
    out: Sequence[int],
    opposite: Sequence[int],
    flow: Floats,
    arriving: Floats,
    keep: dict[int, float],
) -> dict[tuple[int, int], Floats]:
    """Return the share of each input that goes on to each output, shape (hours, class) each.

    Those whose trip goes on split by the flow of the ways out, and no way gets more than is
    counted on it: who would be too many leaves.
    """
    shares: dict[tuple[int, int], Floats] = {}
    for i in into:
        ways = [o for o in out if o != opposite[i]]
        total = np.sum([flow[:, o] for o in ways], axis=0) if ways else np.zeros_like(flow[:, 0])
        for o in out:
            part = np.divide(flow[:, o], total, out=np.zeros_like(total), where=total > _NO_FLOW)
            shares[i, o] = keep[i] * part if o in ways else np.zeros_like(total)
    for o in out:
        if not into:
            continue
        comes = np.sum([shares[i, o] * arriving[:, i] for i in into], axis=0)
        fits = np.divide(flow[:, o], comes, out=np.ones_like(comes), where=comes > flow[:, o])
        for i in into:
            shares[i, o] = shares[i, o] * fits
    return shares


def _free_h(link: Link) -> float:
    return sum(piece.length_m / piece.free_speed_m_s for piece in link.pieces) / 3600.0


def _lagged(flow: Floats, lag_h: float) -> Floats:
    """Return hourly means of a flow that is constant in each hour, `lag_h` hours later."""
    whole, part = int(lag_h), lag_h - int(lag_h)
    padded = np.concatenate([np.zeros((whole + 1, *flow.shape[1:])), flow])
    hours = len(flow)
    return (1 - part) * padded[1 : hours + 1] + part * padded[:hours]
