"""The compiled search through a tree of bounding spheres; see `_nearest`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from roadplan.corridor._geodesic import Floats


def _compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile on first call, and keep the result on disk where there is a place to keep it."""
    try:
        kernel: Callable[..., Any] = njit(cache=True, nogil=True)(function)
    except RuntimeError:  # neither the package's folder nor the user's cache can be written
        kernel = njit(nogil=True)(function)
    return kernel


@_compiled
def nearest_edges(
    xyz: Floats,
    start: Floats,
    direction: Floats,
    length: Floats,
    centre: Floats,
    radius: Floats,
    leaf: int,
) -> NDArray[np.intp]:
    """Return the nearest edge of each point by depth-first descent, nearer child first.

    The search of one point begins with the distance to the edge found for the one before: points
    often come in order along the road.
    """
    found = np.empty(xyz.shape[0], dtype=np.intp)
    stack = np.empty(64, dtype=np.intp)
    below = np.empty(64)
    inner = radius.shape[0] // 2
    guess = 0
    for i in range(xyz.shape[0]):
        x, y, z = xyz[i, 0], xyz[i, 1], xyz[i, 2]
        rx, ry, rz = x - start[guess, 0], y - start[guess, 1], z - start[guess, 2]
        ux, uy, uz = direction[guess, 0], direction[guess, 1], direction[guess, 2]
        s = min(max(rx * ux + ry * uy + rz * uz, 0.0), length[guess])
        best = (rx - s * ux) ** 2 + (ry - s * uy) ** 2 + (rz - s * uz) ** 2
        best_edge = guess
        best_distance = np.sqrt(best)
        stack[0] = 0
        below[0] = 0.0
        top = 1
        while top > 0:
            top -= 1
            node = stack[top]
            if below[top] > best_distance:
                continue
            if node >= inner:
                begin = (node - inner) * leaf
                for edge in range(begin, min(begin + leaf, start.shape[0])):
                    rx, ry, rz = x - start[edge, 0], y - start[edge, 1], z - start[edge, 2]
                    ux, uy, uz = direction[edge, 0], direction[edge, 1], direction[edge, 2]
                    s = min(max(rx * ux + ry * uy + rz * uz, 0.0), length[edge])
                    square = (rx - s * ux) ** 2 + (ry - s * uy) ** 2 + (rz - s * uz) ** 2
                    if square < best or (square == best and edge < best_edge):
                        best = square
                        best_edge = edge
                        best_distance = np.sqrt(square)
                continue
            near = 2 * node + 1
            far = near + 1
            dx, dy, dz = x - centre[near, 0], y - centre[near, 1], z - centre[near, 2]
            to_near = np.sqrt(dx * dx + dy * dy + dz * dz) - radius[near]
            dx, dy, dz = x - centre[far, 0], y - centre[far, 1], z - centre[far, 2]
            to_far = np.sqrt(dx * dx + dy * dy + dz * dz) - radius[far]
            if to_far < to_near:
                near, far = far, near
                to_near, to_far = to_far, to_near
            if to_far <= best_distance:
                stack[top] = far
                below[top] = to_far
                top += 1
            if to_near <= best_distance:
                stack[top] = near
                below[top] = to_near
                top += 1
        found[i] = best_edge
        guess = best_edge
    return found
