"""Where a page's data and its background tiles come from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from roadplan.errors import RoadplanError
from roadplan.maps.embedding import Text


@dataclass(frozen=True, kw_only=True)
class Tiles:
    """A server of background tiles, asked only when a reader switches it on.

    Parameters
    ----------
    url
        Template with ``{z}``, ``{x}``, ``{y}`` and perhaps ``{s}`` and ``{r}``.
    subdomains
        What ``{s}`` stands for, in turn.
    max_zoom
        The closest zoom the server has.
    needs_address
        Whether the server answers only pages that say where they come from. OpenStreetMap's own
        does (tile usage policy), so that a page opened from a file gets no tiles from it.
    """

    url: str = "https://tile.openstreetmap.org/{z}/{x}/{y}.png"
    subdomains: tuple[str, ...] = ()
    max_zoom: int = 19
    needs_address: bool = True

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in {"http", "https"} or not parts.netloc:
            raise RoadplanError(
                f"'{self.url}' is no address of tiles; "
                "write for example https://tiles.example.org/{z}/{x}/{y}.png"
            )
        if re.search(r"[\s;,'\"]", self.url):
            raise RoadplanError(f"'{self.url}' has a space, quote, comma or semicolon in it")

    @property
    def origin(self) -> str:
        """The server as a content security policy names it."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.replace('{s}', '*')}"


OPENSTREETMAP_TILES = Tiles()
"""The tiles of OpenStreetMap's own servers, for pages that come from a web server."""


@dataclass(frozen=True, kw_only=True)
class Credit:
    """Whom the data come from, with the page of their licence."""

    text: Text
    url: str = ""


OPENSTREETMAP = Credit(
    text="© OpenStreetMap contributors", url="https://www.openstreetmap.org/copyright"
)
GEONAMES = Credit(text="Place names: GeoNames, CC BY 4.0", url="https://www.geonames.org/")
