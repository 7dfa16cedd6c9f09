"""The nearest edge of a long polyline for many points: a tree of bounding spheres.

Consecutive edges are close together, so a tree over their order needs no sorting. A few points
descend it level by level in numpy; many points go to a compiled kernel, whose loading (half a
second, and more the first time) a few points would not repay. Both look at the same tree and find
the same edge.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from roadplan.corridor._geodesic import Floats

if TYPE_CHECKING:
    from collections.abc import Callable

_LEAF = 8
"""Edges in a leaf."""
_FEW = 20_000
"""Up to so many points numpy is quicker than loading the kernel."""
_CHUNK = 1024
"""Points handled at once in numpy; bounds the memory where very many edges are equally near."""


class EdgeTree:
    """Bounding spheres over runs of edges, halved level by level.

    Parameters
    ----------
    xyz
        Vertices, shape (n + 1, 3), n at least 1; edge i joins vertices i and i + 1.
    """

    def __init__(self, xyz: Floats) -> None:
        self.start = np.ascontiguousarray(xyz[:-1])
        along = xyz[1:] - xyz[:-1]
        self.length = np.linalg.norm(along, axis=1)
        self.direction = along / self.length[:, None]
        leaves = -(-len(self.start) // _LEAF)
        self.depth = max(leaves - 1, 0).bit_length()
        self.centre, self.radius = self._spheres(xyz, 2**self.depth)

    @staticmethod
    def _spheres(xyz: Floats, leaves: int) -> tuple[Floats, Floats]:
        """Return spheres of all nodes in heap order: the children of k are 2k + 1 and 2k + 2.

        Nodes without edges lie infinitely far away.
        """
        edges = len(xyz) - 1
        low = np.full((2 * leaves - 1, 3), np.inf)
        high = np.full((2 * leaves - 1, 3), -np.inf)
        first = np.arange(0, edges, _LEAF)
        for bound, reduce in ((low, np.minimum), (high, np.maximum)):
            pairs = reduce(xyz[:-1], xyz[1:])
            bound[leaves - 1 : leaves - 1 + len(first)] = reduce.reduceat(pairs, first, axis=0)
            for begin in (2**level - 1 for level in reversed(range(leaves.bit_length() - 1))):
                children = bound[2 * begin + 1 : 4 * begin + 3]
                bound[begin : 2 * begin + 1] = reduce(children[::2], children[1::2])
        empty = ~np.isfinite(low[:, 0])
        low[empty], high[empty] = 0.0, 0.0
        centre, radius = (low + high) / 2, np.linalg.norm(high - low, axis=1) / 2
        centre[empty], radius[empty] = np.inf, 0.0
        return centre, radius

    def nearest(self, xyz: Floats) -> NDArray[np.intp]:
        """Return the index of the nearest edge of each point, the first of equals.

        Parameters
        ----------
        xyz
            Points, shape (n, 3).
        """
        if len(xyz) > _FEW:
            tree = (self.start, self.direction, self.length, self.centre, self.radius)
            edge: NDArray[np.intp] = _kernel()(np.ascontiguousarray(xyz), *tree, _LEAF)
            return edge
        chunks = [self._descend(xyz[i : i + _CHUNK]) for i in range(0, len(xyz), _CHUNK)]
        return np.concatenate(chunks) if chunks else np.empty(0, dtype=np.intp)

    def _descend(self, xyz: Floats) -> NDArray[np.intp]:
        """Find nearest edges level by level, keeping the nodes that can still hold the nearest."""
        point = np.arange(len(xyz))
        node = np.zeros(len(xyz), dtype=np.intp)
        for _ in range(self.depth):
            point = np.repeat(point, 2)
            node = np.repeat(2 * node + 1, 2)
            node[1::2] += 1
            away = np.linalg.norm(xyz[point] - self.centre[node], axis=1)
            begin = np.flatnonzero(np.diff(point, prepend=-1))
            farthest = np.minimum.reduceat(away + self.radius[node], begin)
            keep = away - self.radius[node] <= farthest[point] * (1 + 1e-12)
            point, node = point[keep], node[keep]
        edge = (node[:, None] - (2**self.depth - 1)) * _LEAF + np.arange(_LEAF)
        point = np.repeat(point, _LEAF)
        edge = edge.ravel()
        point, edge = point[edge < len(self.start)], edge[edge < len(self.start)]
        relative = xyz[point] - self.start[edge]
        along = np.einsum("ij,ij->i", relative, self.direction[edge])
        along = np.clip(along, 0.0, self.length[edge])
        rest = relative - along[:, None] * self.direction[edge]
        square = np.einsum("ij,ij->i", rest, rest)
        order = np.lexsort((edge, square, point))
        first = np.flatnonzero(np.diff(point[order], prepend=-1))
        nearest: NDArray[np.intp] = edge[order[first]]
        return nearest


@cache
def _kernel() -> Callable[..., NDArray[np.intp]]:
    """Load the compiled search (compiled once, then kept on disk)."""
    from roadplan.corridor._nearest_kernel import nearest_edges

    kernel: Callable[..., NDArray[np.intp]] = nearest_edges
    return kernel
