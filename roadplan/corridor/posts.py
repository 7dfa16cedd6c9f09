"""Kilometre posts: what people say, and the stations they mean.

A posting is a kilometre system. Its breaks say which posts run along which stretch of which
route: linear between two calibration marks, free to jump or to repeat from one row to the next.
Official and drawn lengths differ, so a post kilometre is as long on the axis as the two marks
around it say; :meth:`Postings.residuals` tells by how much.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from roadplan.corridor.position import Position
from roadplan.errors import PostError

_TOLERANCE_KM = 1e-9
_ROUNDING_M = 0.001
"""How far the end of a route may lie beyond its last break: tables hold whole millimetres."""
_SAME_PLACE_M = 1.0

_NUMBER = r"\d+(?:[.,]\d+)?"
_KM = r"(?:км|km|шақырым)\.?"
_POST = rf"""
    (?:{_KM}\s*)?
    (?P<km>{_NUMBER})
    (?:\s*(?P<unit>{_KM}))?
    (?:
        \s*\+\s*(?P<plus>{_NUMBER})(?:\s*(?:м|m)\.?)?
      | \s*,?\s*(?:пк|pk)\s*(?P<picket>\d+)(?:\s*\+\s*(?P<picket_plus>{_NUMBER}))?(?:\s*(?:м|m)\.?)?
      | \s+(?P<metres>{_NUMBER})\s*(?:м|m)\.?
    )?
"""
_TEXT = re.compile(
    rf"(?:(?P<name>(?!{_KM}[\s\d])[^\W\d][^:@]*?)(?:\s*:\s*|\s+))?{_POST}(?:\s*@\s*(?P<route>\S+))?",
    re.IGNORECASE | re.VERBOSE,
)
_STATION = re.compile(
    rf"(?P<route>[^\s@]+)\s*@\s*(?P<station>{_NUMBER})(?:\s*(?:м|m))?", re.IGNORECASE
)
# Letters people type on either keyboard for the same road name: М-36 and M-36, КАЗ01 and KAZ01.
_LATIN = str.maketrans("абвгдезиклмнопрстухқ", "abvgdeziklmnoprstuhk")


@dataclass(frozen=True)
class Post:
    """A kilometre post: a posting and a number.

    Parameters
    ----------
    posting
        Identifier of the kilometre system.
    km
        The number, with the metres as its decimals.
    """

    posting: str
    km: float

    def __str__(self) -> str:
        """Return the post as it can be typed again, to the metre."""
        return f"{self.posting}:{format_km(self.km)}"


@dataclass(frozen=True)
class PostText:
    """What a text says before it is looked up: perhaps a posting, a number, perhaps a route."""

    km: float
    posting: str = ""
    route: str = ""


def format_km(km: float, *, decimals: int = 0) -> str:
    """Return a post number as people write it, kilometre plus metres.

    Parameters
    ----------
    km
        The number; metres are its decimals.
    decimals
        Decimals of the metres.

    Examples
    --------
    >>> format_km(1610.25)
    '1610+250'
    >>> format_km(1610.9999)
    '1611+000'
    >>> format_km(248.0625, decimals=1)
    '248+062.5'
    """
    scale = 10**decimals
    units = round(km * 1000 * scale)
    whole, rest = divmod(units, 1000 * scale)
    width = 3 if decimals == 0 else 4 + decimals
    return f"{whole}+{rest / scale:0{width}.{decimals}f}"


def read_post(text: str) -> PostText:
    """Read a post without looking it up.

    Understood are ``m36:1610+250``, ``км 1610+250``, ``1610 км ПК2+50``, ``KAZ01 km 248``,
    ``1610 км 250 м``, decimal kilometres with point or comma, each with or without a posting
    before it and ``@route`` after it. A picket (ПК) is 100 m.

    Raises
    ------
    PostError
        The text is no post, or its metres reach the next kilometre.

    Examples
    --------
    >>> read_post("1610 км ПК2+50").km
    1610.25
    >>> read_post("KAZ01 km 248").posting
    'KAZ01'
    """
    plain = _plain(text)
    match = _TEXT.fullmatch(plain)
    if match is None:
        raise PostError(
            f"'{text}' is no kilometre post; write for example 1610+250, m36:1610+250, "
            "'1610 км ПК2+50' or 'KAZ01 km 248'"
        )
    km = _decimal(match["km"])
    metres = 0.0
    if match["picket"] is not None:
        if int(match["picket"]) > 9 or _decimal(match["picket_plus"] or "0") >= 100:
            raise PostError(
                f"'{text}': a kilometre has pickets 0 to 9 of 100 m each; write ПК0 to ПК9 and "
                "less than 100 m after the plus"
            )
        metres = 100 * int(match["picket"]) + _decimal(match["picket_plus"] or "0")
    elif match["plus"] or match["metres"]:
        metres = _decimal(match["plus"] or match["metres"])
        if metres >= 1000:
            raise PostError(
                f"'{text}': {metres:g} m after the kilometre reach the next one; "
                "write less than 1000"
            )
    if match["metres"] and not match["unit"]:
        raise PostError(f"'{text}' is no kilometre post; write {match['km']}+{match['metres']}")
    has_metres = bool(match["picket"] or match["plus"] or match["metres"])
    if has_metres and km != int(km):
        raise PostError(
            f"'{text}': a decimal kilometre takes no metres after it; write one of them"
        )
    # One division keeps whole metres exact: 1.894, not 1 + 0.894.
    return PostText(
        (1000 * km + metres) / 1000, (match["name"] or "").strip(), match["route"] or ""
    )


def read_station(text: str) -> tuple[str, float] | None:
    """Read ``route@station`` in metres; None where the text is no station.

    Examples
    --------
    >>> read_station("main@118000")
    ('main', 118000.0)
    """
    match = _STATION.fullmatch(_plain(text))
    if match is None:
        return None
    return match["route"], _decimal(match["station"])


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text)).strip()


def _decimal(text: str) -> float:
    return float(text.replace(",", "."))


def _folded(name: str) -> str:
    """Return a posting name without case, spaces, hyphens or the alphabet it was typed in."""
    folded = unicodedata.normalize("NFKC", name).casefold().translate(_LATIN)
    return "".join(letter for letter in folded if letter.isalnum())


class _Break(NamedTuple):
    """One row of a break table."""

    route: str
    from_m: float
    to_m: float
    from_post_km: float
    to_post_km: float


@dataclass(frozen=True)
class Postings:
    """All kilometre systems of a corridor.

    Parameters
    ----------
    breaks
        One row a calibrated stretch: `posting`, `route`, `from_m`, `to_m`, `from_post_km`,
        `to_post_km`. Copied.
    aliases
        Posting → other ways to write its name.
    same_place
        Tells whether two positions are one place of the network, e.g. the end of one route and
        the start of the next at a junction. Such candidates do not make a post ambiguous.
    """

    breaks: pd.DataFrame
    aliases: dict[str, tuple[str, ...]] = field(default_factory=dict)
    same_place: Callable[[Position, Position], bool] = lambda a, b: (
        a.route == b.route and abs(a.station_m - b.station_m) <= _SAME_PLACE_M
    )
    _by_name: dict[str, str] = field(init=False, repr=False, default_factory=dict)
    _rows: dict[str, list[_Break]] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "breaks", self.breaks.reset_index(drop=True).copy())
        columns = ["posting", "route", "from_m", "to_m", "from_post_km", "to_post_km"]
        # Plain tuples: a data frame would cost a thousand times the arithmetic for each post.
        for posting, *row in self.breaks[columns].itertuples(index=False, name=None):
            self._rows.setdefault(str(posting), []).append(
                _Break(str(row[0]), *(float(number) for number in row[1:]))
            )
        for posting in self.names:
            for name in (posting, *self.aliases.get(posting, ())):
                self._by_name.setdefault(_folded(name), posting)

    @property
    def names(self) -> list[str]:
        """The identifiers of the postings that have breaks, in order."""
        return list(self._rows)

    def resolve(self, name: str) -> str:
        """Return the posting a name stands for.

        Raises
        ------
        PostError
            No posting has this name.
        """
        found = self._by_name.get(_folded(name))
        if found is None:
            raise PostError(
                f"there is no posting '{name}'; the corridor has {', '.join(self.names) or 'none'}"
            )
        return found

    def candidates(self, post: Post, *, route: str | None = None) -> list[Position]:
        """Return every position at which a post stands, one for each place."""
        found: list[Position] = []
        for row in self._rows.get(post.posting, ()):
            if route and row.route != route:
                continue
            low, high = sorted((row.from_post_km, row.to_post_km))
            if not low - _TOLERANCE_KM <= post.km <= high + _TOLERANCE_KM:
                continue
            share = (post.km - row.from_post_km) / (row.to_post_km - row.from_post_km)
            share = min(max(share, 0.0), 1.0)
            position = Position(row.route, row.from_m + share * (row.to_m - row.from_m))
            if not any(self.same_place(position, other) for other in found):
                found.append(position)
        return found

    def position(self, text: str, *, posting: str = "", route: str = "") -> Position:
        """Return the one position that a post means.

        Parameters
        ----------
        text
            The post, as :func:`read_post` understands it.
        posting, route
            What to assume where the text itself names none.

        Raises
        ------
        PostError
            The post is malformed, stands nowhere (the message gives the valid ranges) or at
            several places (the message lists them).
        """
        said = read_post(text)
        name = said.posting or posting
        wanted_route = said.route or route
        systems = [self.resolve(name)] if name else self.names
        found: dict[Position, Post] = {}
        for system in systems:
            post = Post(system, said.km)
            for position in self.candidates(post, route=wanted_route or None):
                if not any(self.same_place(position, other) for other in found):
                    found[position] = post
        if len(found) == 1:
            return next(iter(found))
        if not found:
            ranges = "; ".join(self.ranges(systems, route=wanted_route)) or "none"
            raise PostError(f"post '{text}' stands nowhere; there are posts {ranges}")
        listed = ", ".join(
            f"{post}@{position.route} (station {position.route}@{position.station_m:.0f})"
            for position, post in found.items()
        )
        raise PostError(f"post '{text}' is ambiguous; it may be {listed}")

    def ranges(self, systems: Iterable[str] | None = None, *, route: str = "") -> list[str]:
        """Return the posts there are, one text for each unbroken run on a route."""
        texts = []
        for system in self.names if systems is None else systems:
            rows = self.breaks[self.breaks["posting"] == system]
            if route:
                rows = rows[rows["route"] == route]
            for name, group in rows.groupby("route", sort=False):
                ordered = group.sort_values("from_m")
                joins = (
                    ordered["from_post_km"].to_numpy()[1:] != ordered["to_post_km"].to_numpy()[:-1]
                )
                run = np.concatenate([[0], np.cumsum(joins)])
                for _, piece in ordered.groupby(run):
                    first, last = piece["from_post_km"].iloc[0], piece["to_post_km"].iloc[-1]
                    texts.append(f"{system}:{format_km(first)} to {format_km(last)} on {name}")
        return texts

    def post_km(self, posting: str, route: str, station_m: ArrayLike) -> NDArray[np.float64]:
        """Return post numbers at stations of one route.

        Parameters
        ----------
        posting, route
            The kilometre system and the route.
        station_m
            Stations in metres, any shape.

        Returns
        -------
        ndarray
            Post numbers in km, of the same shape; NaN where the posting does not reach. At a
            break the row that begins there counts.
        """
        stations = np.asarray(station_m, dtype=np.float64)
        rows = self.breaks[(self.breaks["posting"] == posting) & (self.breaks["route"] == route)]
        if rows.empty:
            return np.full(stations.shape, np.nan)
        rows = rows.sort_values("from_m")
        begin, end = rows["from_m"].to_numpy(float), rows["to_m"].to_numpy(float)
        first, last = rows["from_post_km"].to_numpy(float), rows["to_post_km"].to_numpy(float)
        index = np.clip(np.searchsorted(begin, stations, side="right") - 1, 0, len(begin) - 1)
        inside = (stations >= begin[index]) & (stations <= end[index] + _ROUNDING_M)
        share = (np.minimum(stations, end[index]) - begin[index]) / (end[index] - begin[index])
        posts = first[index] + share * (last[index] - first[index])
        return np.where(inside, posts, np.nan)

    def posts(self, position: Position) -> list[Post]:
        """Return the posts of every posting at one position."""
        found = []
        for posting in self.names:
            km = float(self.post_km(posting, position.route, position.station_m))
            if not np.isnan(km):
                found.append(Post(posting, km))
        return found

    def texts(
        self, route: str, station_m: ArrayLike, *, postings: Sequence[str] | None = None
    ) -> list[str]:
        """Return the posts at stations of one route as texts; several postings joined by ' · '."""
        stations = np.atleast_1d(np.asarray(station_m, dtype=np.float64))
        columns = [
            (name, self.post_km(name, route, stations))
            for name in (self.names if postings is None else postings)
        ]
        return [
            " · ".join(str(Post(name, float(km[i]))) for name, km in columns if not np.isnan(km[i]))
            for i in range(len(stations))
        ]

    def residuals(self) -> pd.DataFrame:
        """Return, for each calibrated stretch, how far its drawn length is off the official one.

        Returns
        -------
        DataFrame
            The breaks with `official_m` (from the posts), `drawn_m` (from the axis),
            `residual_m` (drawn minus official) and `scale` (drawn over official).
        """
        table = self.breaks.copy()
        table["official_m"] = 1000 * (table["to_post_km"] - table["from_post_km"]).abs()
        table["drawn_m"] = table["to_m"] - table["from_m"]
        table["residual_m"] = table["drawn_m"] - table["official_m"]
        table["scale"] = table["drawn_m"] / table["official_m"]
        return table
