"""Roads from a local OSM XML file.

The file is read by a parser that refuses document types and entities: once for the nodes near the
route, once for the roads through them, and once more for where those roads go on. What is kept is
written to a clean temporary file that OSMnx reads.
"""

from __future__ import annotations

import bz2
import gzip
import os
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Set
from contextlib import contextmanager
from itertools import groupby, pairwise
from pathlib import Path
from typing import IO
from xml.sax import SAXParseException
from xml.sax.handler import ContentHandler
from xml.sax.saxutils import quoteattr
from xml.sax.xmlreader import AttributesImpl, Locator

import shapely
from defusedxml import sax
from defusedxml.common import DefusedXmlException

from roadplan.corridor.osm._osmnx import osmnx_settings
from roadplan.corridor.osm._text import one_line
from roadplan.corridor.osm.roads import HIGHWAYS, WAY_TAGS, Roads
from roadplan.corridor.osm.wanted import Wanted
from roadplan.errors import RoadplanError

_MOST_BYTES = 64 * 2**30
"""Unpacked bytes that are read at most; all of OSM XML for a large country is below it."""

_MARGIN_DEG = 0.5
"""Nodes are read so far beyond the areas: in a steppe the next node may be kilometres away."""

_GZIP, _BZIP2 = b"\x1f\x8b", b"BZh"


def read_osm_xml(
    path: str | os.PathLike[str], around: Iterable[shapely.Polygon], wanted: Wanted
) -> Roads:
    """Read the roads near a route from an OSM XML file.

    Parameters
    ----------
    path
        The file; `.osm`, also packed by gzip or bzip2.
    around
        Areas in longitude and latitude outside of which ways are left out.
    wanted
        Which ways belong to the route.

    Raises
    ------
    RoadplanError
        The file is missing, of another format, broken, a danger to read, or has no such way; the
        message names line and element where it can.
    """
    file = Path(path)
    _check_format(file)
    near = shapely.union_all([area.envelope for area in around]).envelope
    window = near.buffer(_MARGIN_DEG).bounds
    nodes = _Nodes(file.name, window)
    _parse(file, nodes)
    if nodes.remark:
        raise RoadplanError(
            f"{file.name} is incomplete: the server that made it remarked "
            f"'{one_line(nodes.remark)}'; download it again"
        )
    ways = _Ways(file.name, nodes.places)
    _parse(file, ways)
    if not ways.found:
        raise RoadplanError(
            f"{file.name} has no road near the route: {nodes.count:,} nodes and {ways.count:,} "
            "ways were read; check that the file covers the route, or look farther with --buffer-km"
        )
    beyond = _Beyond(file.name, ways.beyond())
    if beyond.sought:
        _parse(file, beyond)
    places = {**nodes.places, **beyond.places}
    import osmnx

    with tempfile.TemporaryDirectory(prefix="roadplan-") as folder:
        clean = Path(folder) / "roads.osm"
        aliases = _write(clean, places, ways.found)
        with osmnx_settings():
            graph = osmnx.graph_from_xml(clean, simplify=False, retain_all=True)
    absent = beyond.sought - beyond.places.keys()
    torn = {way: n for way, n in ways.missing(absent).items() if n}
    return Roads.from_graphs([graph], wanted, state=nodes.state, torn=torn, aliases=aliases)


def _check_format(file: Path) -> None:
    """Raise if the file is none, or of a format that is told apart by its first bytes."""
    try:
        with file.open("rb") as stream:
            head = stream.read(64)
    except OSError as error:
        raise RoadplanError(f"{file} cannot be read: {error.strerror}") from error
    if b"OSMHeader" in head or file.name.endswith(".pbf"):
        raise RoadplanError(
            f"{file.name} is a PBF file; convert it to XML first, e.g. with "
            f"'osmium cat {file.name} -o {file.name.removesuffix('.pbf').removesuffix('.osm')}.osm'"
        )
    if not head:
        raise RoadplanError(f"{file.name} is empty; give an OSM XML file")
    packed = head.startswith((_GZIP, _BZIP2))
    # The byte order marks of UTF-8 and UTF-16 may come before the first bracket.
    text = head.removeprefix(b"\xef\xbb\xbf").removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff")
    if not packed and not text.replace(b"\0", b"").lstrip().startswith(b"<"):
        what = "JSON" if text.lstrip()[:1] in {b"{", b"["} else "no XML"
        raise RoadplanError(f"{file.name} is {what}; give an OSM XML file")


@contextmanager
def _opened(file: Path) -> Iterator[IO[bytes]]:
    with file.open("rb") as raw:
        head = raw.read(4)
        raw.seek(0)
        if head.startswith(_GZIP):
            with gzip.open(raw) as stream:
                yield stream  # type: ignore[misc]  # GzipFile reads bytes, as IO[bytes] does
        elif head.startswith(_BZIP2):
            with bz2.open(raw) as stream:
                yield stream
        else:
            yield raw


class _Bounded:
    """A stream that gives up after so many bytes, against files packed to burst."""

    def __init__(self, stream: IO[bytes], name: str) -> None:
        self._stream = stream
        self._name = name
        self._left = _MOST_BYTES

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise RoadplanError(
                f"{self._name} is larger than {_MOST_BYTES / 2**30:.0f} GiB unpacked; "
                "cut it to the surroundings of the route first"
            )
        return data

    def close(self) -> None:
        """Leave closing to whoever opened the stream."""


def _parse(file: Path, handler: _OsmHandler) -> None:
    """Run a handler over a file, with every way to fail turned into one message."""
    try:
        with _opened(file) as stream:
            sax.parse(_Bounded(stream, file.name), handler, forbid_dtd=True)
    except DefusedXmlException as error:
        raise RoadplanError(
            f"{file.name} has a document type or entities, which OSM files have not and which can "
            "be used to exhaust the machine; it is not read"
        ) from error
    except SAXParseException as error:
        raise RoadplanError(
            f"{file.name} is broken XML at line {error.getLineNumber()}, column "
            f"{error.getColumnNumber()}: {error.getMessage()}; download it again"
        ) from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise RoadplanError(f"{file.name} is cut short or damaged: {error}") from error
    except (OSError, UnicodeError, LookupError) as error:
        raise RoadplanError(f"{file.name} cannot be read: {error}") from error
    if not handler.is_osm:
        raise RoadplanError(f"{file.name} is no OSM XML file: it has no root element <osm>")


class _OsmHandler(ContentHandler):
    """What both passes share: the root, positions in the file and attributes with their faults."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.is_osm = False
        self.count = 0
        self._depth = 0
        self._place: Locator | None = None

    def setDocumentLocator(self, locator: Locator) -> None:  # noqa: N802 - SAX's name
        self._place = locator

    def startElement(self, name: str, attrs: AttributesImpl) -> None:  # noqa: N802 - SAX's name
        if self._depth == 0:
            self._check_root(name)
        self._depth += 1
        self.opened(name, attrs)

    def endElement(self, name: str) -> None:  # noqa: N802 - SAX's name
        self._depth -= 1
        self.closed(name)

    def opened(self, name: str, attrs: AttributesImpl) -> None:
        """See an element begin."""

    def closed(self, name: str) -> None:
        """See an element end."""

    def _check_root(self, name: str) -> None:
        if name == "osm":
            self.is_osm = True
            return
        hint = (
            "it holds changes, not data" if name == "osmChange" else "an OSM file begins with <osm>"
        )
        raise RoadplanError(
            f"{self.name} is no OSM XML file: its root element is <{one_line(name, 40)}>; {hint}"
        )

    def node(self, attrs: AttributesImpl) -> tuple[int, float, float]:
        """Return the id, longitude and latitude of a node."""
        node = self.whole(attrs, "id", "a node")
        lon = self.degrees(attrs, "lon", 180, f"node {node}")
        return node, lon, self.degrees(attrs, "lat", 90, f"node {node}")

    def whole(self, attrs: AttributesImpl, key: str, what: str) -> int:
        """Return a whole number from an attribute."""
        try:
            return int(attrs[key])
        except (KeyError, ValueError) as error:
            raise self._fault(attrs, key, what, "a whole number") from error

    def degrees(self, attrs: AttributesImpl, key: str, most: float, what: str) -> float:
        """Return a coordinate from an attribute."""
        try:
            value = float(attrs[key])
        except (KeyError, ValueError) as error:
            raise self._fault(attrs, key, what, "degrees") from error
        if not -most <= value <= most:
            raise self._fault(attrs, key, what, f"within ±{most:g}°")
        return value

    def _fault(self, attrs: AttributesImpl, key: str, what: str, right: str) -> RoadplanError:
        given = f"'{one_line(attrs[key], 40)}'" if key in attrs else "missing"
        line = "?" if self._place is None else self._place.getLineNumber()
        return RoadplanError(
            f"{self.name}, line {line}: {what} has {key} {given}; it must be {right}"
        )


def _gone(attrs: AttributesImpl) -> bool:
    """Tell whether an element is marked as deleted, by history files and by JOSM."""
    return attrs.get("visible") == "false" or attrs.get("action") == "delete"


class _Nodes(_OsmHandler):
    """First pass: the nodes near the route."""

    def __init__(self, name: str, window: tuple[float, float, float, float]) -> None:
        super().__init__(name)
        self.window = window
        self.places: dict[int, tuple[float, float]] = {}
        self.state = ""
        self.remark = ""
        self._in_remark = False

    def opened(self, name: str, attrs: AttributesImpl) -> None:
        if name == "node" and not _gone(attrs):
            self.count += 1
            node, lon, lat = self.node(attrs)
            west, south, east, north = self.window
            if west <= lon <= east and south <= lat <= north:
                self.places[node] = (lon, lat)
        elif name == "meta":
            self.state = one_line(attrs.get("osm_base", ""), 30)
        elif name == "osm" and "timestamp" in attrs:
            self.state = one_line(attrs["timestamp"], 30)
        elif name == "remark":
            self._in_remark = True

    def closed(self, name: str) -> None:
        if name == "remark":
            self._in_remark = False

    def characters(self, content: str) -> None:
        if self._in_remark and len(self.remark) < 500:
            self.remark += content


class _Ways(_OsmHandler):
    """Second pass: the roads through the nodes near the route."""

    def __init__(self, name: str, near: Mapping[int, tuple[float, float]]) -> None:
        super().__init__(name)
        self.near = near
        self.found: dict[int, tuple[dict[str, str], list[int]]] = {}
        self._way: int | None = None
        self._tags: dict[str, str] = {}
        self._nodes: list[int] = []

    def opened(self, name: str, attrs: AttributesImpl) -> None:
        if name == "way":
            self.count += 1
            self._way = None if _gone(attrs) else self.whole(attrs, "id", "a way")
            self._tags, self._nodes = {}, []
        elif self._way is not None and name == "nd":
            self._nodes.append(self.whole(attrs, "ref", f"way {self._way}"))
        elif self._way is not None and name == "tag" and attrs.get("k") in WAY_TAGS:
            self._tags[attrs["k"]] = attrs.get("v", "")

    def closed(self, name: str) -> None:
        if name != "way" or self._way is None:
            return
        if self._tags.get("highway") in HIGHWAYS and any(n in self.near for n in self._nodes):
            self.found[self._way] = (self._tags, self._nodes)
        self._way = None

    def beyond(self) -> set[int]:
        """Return the nodes not near the route that a road has next to one that is."""
        sought: set[int] = set()
        for _, nodes in self.found.values():
            for pair in pairwise(nodes):
                if (pair[0] in self.near) != (pair[1] in self.near):
                    sought.update(node for node in pair if node not in self.near)
        return sought

    def missing(self, absent: Set[int]) -> dict[int, int]:
        """Return how many of some absent nodes each way refers to."""
        return {way: sum(n in absent for n in nodes) for way, (_, nodes) in self.found.items()}


class _Beyond(_OsmHandler):
    """Third pass: nodes sought by id, wherever they are."""

    def __init__(self, name: str, sought: set[int]) -> None:
        super().__init__(name)
        self.sought = sought
        self.places: dict[int, tuple[float, float]] = {}

    def opened(self, name: str, attrs: AttributesImpl) -> None:
        if name == "node" and not _gone(attrs):
            node, lon, lat = self.node(attrs)
            if node in self.sought:
                self.places[node] = (lon, lat)


def _write(
    path: Path,
    places: Mapping[int, tuple[float, float]],
    ways: Mapping[int, tuple[dict[str, str], list[int]]],
) -> dict[int, int]:
    """Write ways as an OSM XML file, cut where nodes are not known.

    Returns
    -------
    dict
        Id of a piece in the file → id of its way.
    """
    aliases: dict[int, int] = {}
    used: dict[int, None] = {}
    lines = []
    for way, (tags, nodes) in ways.items():
        for known, group in groupby(nodes, key=places.__contains__):
            piece = list(group)
            if not known or len(piece) < 2:
                continue
            aliases[len(aliases) + 1] = way
            used.update(dict.fromkeys(piece))
            lines.append(f'<way id="{len(aliases)}">')
            lines += [f'<nd ref="{node}"/>' for node in piece]
            lines += [f'<tag k="{k}" v={quoteattr(_legal(v))}/>' for k, v in tags.items()]
            lines.append("</way>")
    head = ['<?xml version="1.0" encoding="UTF-8"?>', '<osm version="0.6">']
    head += [f'<node id="{n}" lon="{places[n][0]!r}" lat="{places[n][1]!r}"/>' for n in used]
    path.write_text("\n".join((*head, *lines, "</osm>")), encoding="utf-8")
    return aliases


def _legal(text: str) -> str:
    """Return text without what may not stand in XML, as lone surrogates."""
    return text.encode("utf-8", "replace").decode("utf-8")
