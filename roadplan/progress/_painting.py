"""Painting: which of many overlapping stretches counts on each piece of a line."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True)
def paint(
    first: NDArray[np.int64], last: NDArray[np.int64], pieces: int
) -> NDArray[np.int64]:  # pragma: no cover - compiled
    """Return for each piece the first row that covers it, −1 where none does.

    Pieces that are painted are linked over (a disjoint-set forest with path halving), so each is
    painted once and the cost is nearly linear in rows and pieces.

    Parameters
    ----------
    first, last
        Row k covers the pieces first[k] … last[k] − 1; rows in the order in which they count.
    pieces
        The number of pieces.
    """
    owner = np.full(pieces, -1, np.int64)
    free = np.arange(pieces + 1)
    for row in range(len(first)):
        piece = first[row]
        while free[piece] != piece:
            free[piece] = free[free[piece]]
            piece = free[piece]
        while piece < last[row]:
            owner[piece] = row
            free[piece] = piece + 1
            piece += 1
            while free[piece] != piece:
                free[piece] = free[free[piece]]
                piece = free[piece]
    return owner
