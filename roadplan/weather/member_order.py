"""The order of members: numbers by their size, so that 2 stands before 10."""

from __future__ import annotations

import re
from collections.abc import Iterable


def natural_key(label: str) -> tuple[tuple[tuple[int, str], ...], str]:
    """Return what a label of a member is sorted by: its numbers by size, the rest as text.

    Examples
    --------
    >>> sorted(["10", "2", "gfs:1", "1"], key=natural_key)
    ['1', '2', '10', 'gfs:1']
    """
    parts = re.split(r"(\d+)", label)
    key = []
    for place, part in enumerate(parts):
        # Every second part is a number. The longer of two without leading zeros is the larger.
        digits = part.lstrip("0")
        key.append((len(digits), digits) if place % 2 else (0, part))
    return tuple(key), label


def natural_order(labels: Iterable[str]) -> list[int]:
    """Return the places of the labels in their natural order.

    Every reader orders members so: what is kept of an ensemble, and what is drawn for each
    member, must depend neither on the kind of file nor on the order of its rows.
    """
    listed = list(labels)
    return sorted(range(len(listed)), key=lambda place: natural_key(listed[place]))
