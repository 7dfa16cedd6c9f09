"""Whole numbers as short text: digits to the base 64, and runs written once."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from roadplan.errors import RoadplanError

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_"
"""The digits 0–63; none of them means anything in HTML or JSON."""

RUN = "~"
"""Stands before the digit that says how often the value before it is repeated."""

_BASE = 64
_SHORTEST_RUN = 2


def pack(values: ArrayLike) -> str:
    """Return whole numbers as text, the unknown (below zero) included.

    The first letter says how many digits a value has; each value is written as itself plus one,
    0 for unknown. A value followed by ``~n`` is there n more times (n from 1 to 63).

    Parameters
    ----------
    values
        Whole numbers of any shape, taken row by row.

    Raises
    ------
    RoadplanError
        A value is beyond 262,142.

    Examples
    --------
    >>> pack([0, 0, 0, 0, 3, -1])
    '11~340'
    >>> unpack(pack([[5, 200], [200, -1]])).tolist()
    [5, 200, 200, -1]
    """
    flat = np.maximum(np.asarray(values, dtype=np.int64).ravel(), -1) + 1
    largest = int(flat.max(initial=0))
    width = 1 if largest < _BASE else 2 if largest < _BASE**2 else 3
    if largest >= _BASE**3:
        raise RoadplanError(f"{largest - 1} is too large for a page; the most is {_BASE**3 - 2}")
    starts = np.flatnonzero(np.diff(flat, prepend=-1))
    counts = np.diff(np.append(starts, flat.size))
    pieces = [DIGITS[width]]
    for value, count in zip(flat[starts].tolist(), counts.tolist(), strict=True):
        pieces.append(_run(_digits(value, width), count))
    return "".join(pieces)


def unpack(text: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return the numbers that :func:`pack` has written, in one row."""
    width = DIGITS.index(text[0])
    values: list[int] = []
    at = 1
    while at < len(text):
        if text[at] == RUN:
            values += [values[-1]] * DIGITS.index(text[at + 1])
            at += 2
            continue
        value = 0
        for letter in text[at : at + width]:
            value = value * _BASE + DIGITS.index(letter)
        values.append(value - 1)
        at += width
    return np.array(values, dtype=np.int64)


def _digits(value: int, width: int) -> str:
    text = ""
    for _ in range(width):
        value, digit = divmod(value, _BASE)
        text = DIGITS[digit] + text
    return text


def _run(token: str, count: int) -> str:
    text = token
    left = count - 1
    while left > 0:
        repeated = min(left, _BASE - 1)
        plain = token * repeated
        text += plain if len(plain) <= _SHORTEST_RUN else RUN + DIGITS[repeated]
        left -= repeated
    return text
