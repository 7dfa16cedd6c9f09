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
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import IO
from xml.sax import SAXParseException
from xml.sax.saxutils import quoteattr

import shapely
from defusedxml import sax
from defusedxml.common import DefusedXmlException

from roadplan.corridor.osm._osmnx import osmnx_settings
from roadplan.corridor.osm._text import one_line
from roadplan.corridor.osm._xmlpasses import BeyondPass, NodePass, OsmHandler, WayPass
from roadplan.corridor.osm.roads import Roads
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
    nodes = NodePass(file.name, window)
    _parse(file, nodes)
    if nodes.remark:
        raise RoadplanError(
            f"{file.name} is incomplete: the server that made it remarked "
            f"'{one_line(nodes.remark)}'; download it again"
        )
    ways = WayPass(file.name, nodes.places)
    _parse(file, ways)
    if not any(len(members) > 1 for _, members in ways.found.values()):
        raise RoadplanError(
            f"{file.name} has no road near the route: {nodes.count:,} nodes and {ways.count:,} "
            "ways were read; check that the file covers the route, or look farther with --buffer-km"
        )
    beyond = BeyondPass(file.name, ways.beyond())
    if beyond.sought:
        _parse(file, beyond)
    places = {**nodes.places, **beyond.places}
    import osmnx

    with tempfile.TemporaryDirectory(prefix="roadplan-") as folder:
        clean = Path(folder) / "roads.osm"
        aliases = _write(clean, places, ways.found)
        if not aliases:
            raise RoadplanError(
                f"the roads of {file.name} near the route refer to nodes that are not in it; "
                "download it again, with all nodes of its ways"
            )
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


def _parse(file: Path, handler: OsmHandler) -> None:
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
