"""Which crews to plan anew together: neighbours, those first that were tried least.

Once a plan has cooled down, what is left to gain is in how a handful of neighbouring crews share
their roads. Heating only them costs a fraction of heating everybody, and each region keeps the
best of all its tries, which one cooling of everybody does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from roadplan.winter.solve.network import Network
from roadplan.winter.solve.search_kernels import Best

Mask = npt.NDArray[np.bool_]

FEWEST_CREWS: Final = 8
MOST_CREWS: Final = 12
"""How many crews are planned anew together."""

STEPS_A_CREW: Final = 6_000
"""Steps of the search for each crew of a region that was not tried before."""

PATIENCE: Final = 1.1
"""Factor of the steps after each try that brought nothing."""

MOST_STEPS_A_CREW: Final = 12_000
"""Steps for each crew of a region at most."""

SCATTER_SLOTS: Final = 3.0
"""Random part of the distance by which neighbours are chosen, in slots."""


@dataclass(frozen=True)
class Region:
    """Crews to be planned anew.

    Parameters
    ----------
    free
        Shape (C,): which crews.
    steps
        How many steps of search they are worth.
    """

    free: Mask
    steps: int


def places(network: Network, best: Best) -> npt.NDArray[np.int64]:
    """Return shape (C, T + 1): the state in or towards which each crew is at each moment."""
    found = np.repeat(network.crew_state[:, None].astype(np.int64), network.slots + 1, axis=1)
    for crew in range(network.crews):
        size = int(best.path_len[crew])
        arcs, starts = best.path_arc[crew, :size], best.path_time[crew, :size]
        for arc, start in zip(arcs.tolist(), starts.tolist(), strict=True):
            found[crew, start + 1 :] = network.arc_to[arc]
    return found


class Regions:
    """Chooses regions and remembers which brought nothing.

    Parameters
    ----------
    network
        The compiled problem.
    near
        Shape (S, S): slots to a state (row) from another.
    seed
        Of what is chosen at random.
    """

    def __init__(self, network: Network, near: npt.NDArray[np.int32], seed: int) -> None:
        self._network, self._near = network, near
        self._rng = np.random.default_rng(seed)
        self._fails = np.zeros(network.crews)

    def choose(self, best: Best, count: int) -> list[Region]:
        """Return up to so many regions without crews in common, of as many crews each."""
        where = places(self._network, best)
        left = np.ones(self._network.crews, dtype=bool)
        size = int(self._rng.integers(FEWEST_CREWS, MOST_CREWS + 1))
        size = max(1, min(size, self._network.crews // count))
        found: list[Region] = []
        for _ in range(count):
            weight = np.where(left, 1.0 / (1.0 + self._fails) ** 2, 0.0)
            centre = int(self._rng.choice(left.size, p=weight / weight.sum()))
            spot = where[centre, self._rng.integers(self._network.slots + 1)]
            apart = np.minimum(self._near[where, spot], self._network.slots).mean(axis=1)
            apart += self._rng.uniform(0.0, SCATTER_SLOTS, left.size)
            apart[centre] = -1.0
            apart[~left] = np.inf
            free = np.zeros(left.size, dtype=bool)
            free[np.argsort(apart)[:size]] = True
            left &= ~free
            tries = self._fails[free].mean()
            each = min(STEPS_A_CREW * PATIENCE**tries, MOST_STEPS_A_CREW)
            found.append(Region(free, int(each * size)))
        return found

    def tell(self, region: Region, *, improved: bool) -> None:
        """Remember whether planning a region anew brought anything."""
        self._fails[region.free] = 0.0 if improved else self._fails[region.free] + 1.0


def joined(best: Best, parts: list[tuple[Best, Region]]) -> Best:
    """Return a plan with the nights of some regions taken from other plans; its cost is open."""
    whole = Best(*(array.copy() for array in best))
    for other, region in parts:
        for name in ("path_arc", "path_time", "path_len", "shift_from", "shift_until"):
            getattr(whole, name)[region.free] = getattr(other, name)[region.free]
    whole.cost[0] = np.inf
    return whole
