"""What is taken from an OSM XML file as it is read: three passes over its elements."""

from __future__ import annotations

from collections.abc import Mapping, Set
from itertools import pairwise
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import AttributesImpl, Locator

from roadplan.corridor.osm._answer import MOST_ID
from roadplan.corridor.osm._text import one_line
from roadplan.corridor.osm.roads import HIGHWAYS, WAY_TAGS
from roadplan.errors import RoadplanError


class OsmHandler(ContentHandler):
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
            value = int(attrs[key])
        except (KeyError, ValueError) as error:
            raise self._fault(attrs, key, what, "a whole number") from error
        if abs(value) >= MOST_ID:
            raise self._fault(attrs, key, what, "a whole number of at most 64 bits")
        return value

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


class NodePass(OsmHandler):
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


class WayPass(OsmHandler):
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


class BeyondPass(OsmHandler):
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
