"""Random numbers that are the same with every version of NumPy and on every machine.

NumPy keeps the raw 64-bit stream of :class:`numpy.random.PCG64` for good but not the methods of
`Generator` (NEP 19), so uniform and normal numbers are made here from the raw stream. Sines and
logarithms may differ in the last digit between machines; what is made of them is rounded.
"""

from __future__ import annotations

import numpy as np

from roadplan.weather.units import Floats


class Draws:
    """A stream of random numbers of its own for each key.

    Parameters
    ----------
    key
        Whole numbers from 0: the seed and what tells this stream from others.

    Examples
    --------
    >>> Draws(7, 1).uniform(2).round(6).tolist() == Draws(7, 1).uniform(2).round(6).tolist()
    True
    """

    def __init__(self, *key: int) -> None:
        self._bits = np.random.PCG64(np.random.SeedSequence(list(key)))

    def uniform(self, *shape: int) -> Floats:
        """Return numbers in [0, 1), each of 53 bits."""
        count = int(np.prod(shape, dtype=np.int64))
        raw = np.asarray(self._bits.random_raw(count), dtype=np.uint64)
        return ((raw >> np.uint64(11)).astype(np.float64) * 2.0**-53).reshape(shape)

    def normal(self, *shape: int) -> Floats:
        """Return standard normal numbers (Box & Muller 1958)."""
        count = int(np.prod(shape, dtype=np.int64))
        radius = np.sqrt(-2.0 * np.log1p(-self.uniform(count)))
        angle = 2.0 * np.pi * self.uniform(count)
        return (radius * np.cos(angle)).reshape(shape)

    def between(self, low: float, high: float) -> float:
        """Return one number between two."""
        return low + (high - low) * float(self.uniform(1)[0])
