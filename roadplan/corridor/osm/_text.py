"""Text from outside made fit for one line of a message."""

from __future__ import annotations


def one_line(text: object, limit: int = 120) -> str:
    r"""Return text without line breaks and control characters, cut to a length.

    Examples
    --------
    >>> one_line("a\x1b[31mb\n c")
    'a [31mb c'
    """
    printable = "".join(c if c.isprintable() else " " for c in str(text))
    line = " ".join(printable.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def place(lon: float, lat: float) -> str:
    """Return a point as people can paste it into a map: latitude, longitude."""
    return f"{lat:.5f}, {lon:.5f}"


def distance(metres: float) -> str:
    """Return a length as people say it.

    Examples
    --------
    >>> distance(87.3), distance(12_345)
    ('87 m', '12.35 km')
    """
    return f"{metres:.0f} m" if metres < 1000 else f"{metres / 1000:.2f} km"
