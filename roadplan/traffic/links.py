"""What a road network is described by: links with their pieces, and turns from one to the next."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from roadplan.errors import Fault, FaultsError

ENTRY: Final = "entry"
EXIT: Final = "exit"
"""Names that stand in a :class:`Turn` for the world outside."""

_ROUNDING = 1e-9


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A stretch of a link with one triangular fundamental diagram.

    Parameters
    ----------
    length_m, free_speed_m_s, capacity_pcu_h, jam_density_pcu_km
        Of the whole carriageway, all lanes together.
    zone
        Index under which results are collected and weather is looked up.
    """

    length_m: float
    free_speed_m_s: float
    capacity_pcu_h: float
    jam_density_pcu_km: float
    zone: int = 0

    @property
    def wave_m_s(self) -> float:
        """Speed at which the front of a standing queue dissolves."""
        critical = self.capacity_pcu_h / (3.6 * self.free_speed_m_s)
        return self.capacity_pcu_h / 3.6 / (self.jam_density_pcu_km - critical)


@dataclass(frozen=True, kw_only=True)
class Link:
    """One direction of a road between two nodes.

    Parameters
    ----------
    name
        Unique.
    start, end
        Names of the nodes.
    pieces
        From upstream to downstream.
    waiting_places
        Vehicles that can wait off the road at the barrier where the link begins; None where
        there is no barrier.
    borders_m
        Where cells are to meet, from the link's start; empty: equal cells.
    """

    name: str
    start: str
    end: str
    pieces: tuple[Piece, ...]
    waiting_places: float | None = None
    borders_m: tuple[float, ...] = ()

    @property
    def length_m(self) -> float:
        """Its length."""
        return math.fsum(piece.length_m for piece in self.pieces)

    @property
    def fastest_m_s(self) -> float:
        """The fastest speed of traffic or of a wave on it."""
        return max(max(piece.free_speed_m_s, piece.wave_m_s) for piece in self.pieces)


@dataclass(frozen=True, kw_only=True, eq=False)
class Turn:
    """The share of an input of a node that goes on to one of its outputs.

    Parameters
    ----------
    node
        The node.
    source
        A link that ends there, or :data:`ENTRY`.
    target
        A link that begins there, or :data:`EXIT`.
    share
        0 to 1: a number, one for each period, or shape (periods, 2) for light and heavy vehicles.
    """

    node: str
    source: str
    target: str
    share: ArrayLike


def check_links(
    links: Sequence[Link],
    entries: Mapping[str, float],
    chains: Mapping[str, Sequence[str]],
    *,
    cell_m: float,
    period_s: float,
) -> None:
    """Raise all faults of links, entries and chains at once."""
    faults: list[Fault] = []

    def fault(why: str, remedy: str) -> None:
        faults.append(Fault(why=why, remedy=remedy))

    if not links:
        fault("there is no link", "give at least one")
    if not all(math.isfinite(value) and value > 0 for value in (cell_m, period_s)):
        fault("cell_m or period_s is not a positive number", "give lengths and times above zero")
    names = Counter(link.name for link in links)
    for name in (name for name, times in names.items() if times > 1):
        fault(f"link {name} stands twice", "give every link its own name")
    for link in links:
        _check_link(link, fault)
    nodes = {name for link in links for name in (link.start, link.end)}
    for name, claim in entries.items():
        if name not in nodes or not (math.isfinite(claim) and claim > 0):
            fault(f"entry {name} claims {claim} pcu/h", "name a node, and a claim above 0")
    for member in sorted(set(itertools.chain(*chains.values())) - set(names)):
        fault(f"a chain names {member}, which is no link", "name links only")
    if faults:
        raise FaultsError(faults, "The road network cannot be used")


def _check_link(link: Link, fault: Callable[[str, str], None]) -> None:
    if not link.pieces:
        fault(f"link {link.name} has no pieces", "give at least one")
    for number, piece in enumerate(link.pieces):
        place = f"link {link.name}, piece {number}"
        values = {
            "length_m": piece.length_m,
            "free_speed_m_s": piece.free_speed_m_s,
            "capacity_pcu_h": piece.capacity_pcu_h,
            "jam_density_pcu_km": piece.jam_density_pcu_km,
        }
        wrong = [n for n, value in values.items() if not (math.isfinite(value) and value > 0)]
        for name in wrong:
            fault(f"{place}: {name} is {values[name]}", "it must be a number above 0")
        if piece.zone < 0:
            fault(f"{place}: zone {piece.zone} is negative", "count zones from 0")
        critical = 0.0 if wrong else piece.capacity_pcu_h / (3.6 * piece.free_speed_m_s)
        if not wrong and piece.jam_density_pcu_km <= critical * (1 + _ROUNDING):
            fault(
                f"{place}: {piece.jam_density_pcu_km:g} pcu/km is not above the density at "
                f"capacity, {critical:g}",
                "give a higher jam density, a lower capacity or a higher speed",
            )
    borders = [0.0, *link.borders_m, link.length_m]
    if link.borders_m and np.any(np.diff(borders) <= 0):
        fault(f"link {link.name}: its cell borders do not rise", "give them in order")
    if link.waiting_places is not None and not link.waiting_places >= 0:
        fault(f"link {link.name}: waiting places are negative", "give 0 or more")
