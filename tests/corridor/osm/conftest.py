"""Drawn towns and highways as OpenStreetMap data, and a server that gives them out."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from urllib.parse import parse_qs
from xml.sax.saxutils import quoteattr

import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import Geod, Proj

from roadplan.corridor.axis import Axis
from roadplan.corridor.osm import Wanted, areas, read_osm_xml
from roadplan.corridor.schema import TABLES

GEOD = Geod(ellps="WGS84")


class Sketch:
    """OpenStreetMap data drawn in metres around a point.

    Corners drawn at the same place are one node, as mappers join ways, unless `apart` is given.
    """

    def __init__(self, lon: float = 73.0, lat: float = 49.0) -> None:
        self._proj = Proj(proj="aeqd", lon_0=lon, lat_0=lat, datum="WGS84")
        self.nodes: dict[int, tuple[float, float]] = {}
        self.ways: list[tuple[int, list[int], dict[str, str]]] = []
        self._at: dict[tuple[float, float], int] = {}

    def lonlat(self, points) -> tuple[np.ndarray, np.ndarray]:
        """Return drawn points in degrees, rounded as OSM does."""
        xy = np.asarray(points, dtype=float)
        lon, lat = self._proj(xy[:, 0], xy[:, 1], inverse=True)
        return np.round(lon, 7), np.round(lat, 7)

    def xy(self, lon, lat) -> np.ndarray:
        """Return degrees in metres of the drawing."""
        return np.column_stack(self._proj(np.asarray(lon), np.asarray(lat)))

    def node(self, x: float, y: float, *, apart: bool = False) -> int:
        """Return the node at a place; a new one where there is none or `apart` is given."""
        key = (round(x, 3), round(y, 3))
        if key not in self._at or apart:
            number = 1000 + len(self.nodes)
            lon, lat = self.lonlat([(x, y)])
            self.nodes[number] = (float(lon[0]), float(lat[0]))
            self._at.setdefault(key, number)
            return number
        return self._at[key]

    def way(self, points, *, apart: bool = False, **tags: str) -> int:
        """Draw a way and return its id. Tags are `highway=trunk` and `ref=A7` unless given."""
        number = 1 + len(self.ways)
        tags = {"highway": "trunk", "ref": "A7", **tags}
        nodes = [self.node(x, y, apart=apart) for x, y in points]
        self.ways.append((number, nodes, {k: v for k, v in tags.items() if v}))
        return number

    def axis(self, points) -> Axis:
        """Return an axis through drawn points."""
        return Axis(*self.lonlat(points))

    def xml(self, *, nodes: bool = True) -> str:
        """Return the drawing as an OSM XML file."""
        lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<osm version="0.6">']
        if nodes:
            lines += [
                f'<node id="{i}" lon="{lon:.7f}" lat="{lat:.7f}"/>'
                for i, (lon, lat) in self.nodes.items()
            ]
        for number, members, tags in self.ways:
            lines.append(f'<way id="{number}">')
            lines += [f'<nd ref="{node}"/>' for node in members]
            lines += [f"<tag k={quoteattr(k)} v={quoteattr(v)}/>" for k, v in tags.items()]
            lines.append("</way>")
        return "\n".join((*lines, "</osm>"))

    def document(self) -> dict:
        """Return the drawing as the JSON document that Overpass answers with."""
        nodes = [
            {"type": "node", "id": i, "lat": lat, "lon": lon}
            for i, (lon, lat) in self.nodes.items()
        ]
        ways = [
            {"type": "way", "id": i, "nodes": nodes, "tags": tags} for i, nodes, tags in self.ways
        ]
        return {
            "version": 0.6,
            "generator": "Overpass API",
            "osm3s": {"timestamp_osm_base": "2025-11-20T06:00:00Z"},
            "elements": [*nodes, *ways],
        }

    def json(self) -> bytes:
        """Return the document in bytes."""
        return json.dumps(self.document()).encode()


@pytest.fixture(scope="session")
def sketch_type() -> type[Sketch]:
    """Give the class of drawings, for tests that make several."""
    return Sketch


@pytest.fixture
def sketch() -> Sketch:
    """Give an empty drawing."""
    return Sketch()


@pytest.fixture(scope="session")
def roads_of(tmp_path_factory):
    """Return the roads of a drawing near an axis, read from a file as a user would."""
    folder = tmp_path_factory.mktemp("osm")

    def read(sketch: Sketch, axis: Axis, *, ref: str = "^A7$", buffer_m: float = 3_000):
        file = folder / "drawn.osm"
        file.write_text(sketch.xml(), encoding="utf-8")
        return read_osm_xml(file, areas(axis, buffer_m), Wanted.parse(ref=ref))

    return read


FREE = """Connected as: 2130706433
Current time: 2025-11-20T06:00:00Z
Announced endpoint: none
Rate limit: 2
2 slots available now.
Currently running queries (pid, space limit, time limit, start time):
"""
"""A status page of Overpass 0.7.62 with both slots free."""


@dataclass(frozen=True)
class Asked:
    """One request as the server got it."""

    method: str
    path: str
    headers: dict[str, str]
    form: dict[str, list[str]]

    @property
    def query(self) -> str:
        """The question in Overpass QL."""
        return self.form["data"][0]

    @property
    def polygon(self) -> shapely.Polygon:
        """The area asked about, in longitude and latitude."""
        numbers = re.search(r"\(poly:'([^']*)'\)", self.query)[1].split()
        return shapely.Polygon(
            [(float(x), float(y)) for y, x in zip(numbers[::2], numbers[1::2], strict=True)]
        )


@dataclass
class OverpassServer:
    """A server on loopback that speaks Overpass's protocol.

    Parameters
    ----------
    sketch
        What it knows.
    status
        Its status page, or the number of an HTTP error.
    answers
        What it answers to the next questions instead of data: functions that are given the
        request handler.
    """

    sketch: Sketch
    status: str | int = FREE
    answers: list[Callable] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    port: int = 0
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """The base of its API."""
        return f"http://127.0.0.1:{self.port}/api"

    @property
    def questions(self) -> list[Asked]:
        """The requests to its interpreter."""
        return [one for one in self.asked if one.path == "/api/interpreter"]

    def found(self, asked: Asked) -> bytes:
        """Answer a question: the ways of the highways asked for that touch the area."""
        kinds = re.compile(re.search(r'\["highway"~"([^"]*)"\]', asked.query)[1])
        area = asked.polygon
        document = self.sketch.document()
        ways = [
            way
            for way in document["elements"]
            if way["type"] == "way"
            and kinds.search(way["tags"].get("highway", ""))
            and area.intersects(shapely.MultiPoint([self.sketch.nodes[n] for n in way["nodes"]]))
        ]
        used = {node for way in ways for node in way["nodes"]}
        nodes = [e for e in document["elements"] if e["type"] == "node" and e["id"] in used]
        return json.dumps({**document, "elements": [*ways, *nodes]}).encode()


def reply(
    body: bytes | str = b"", *, status: int = 200, kind: str = "application/json", **headers: str
) -> Callable:
    """Return an answer with a body; header names are given with underscores."""
    content = body.encode() if isinstance(body, str) else body

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        for name, value in {
            "Content-Type": kind,
            "Content-Length": str(len(content)),
            **named,
        }.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(content)

    return answer


@pytest.fixture(scope="session", name="reply")
def reply_fixture() -> Callable:
    """Make answers for the server to give."""
    return reply


@pytest.fixture
def overpass(sketch, monkeypatch):
    """Run a server that knows the drawing; nothing asks a proxy for it."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    service = OverpassServer(sketch)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

        def remember(self) -> Asked:
            length = int(self.headers.get("Content-Length", 0))
            form = parse_qs(self.rfile.read(length).decode())
            asked = Asked(self.command, self.path, dict(self.headers), form)
            service.asked.append(asked)
            return asked

        def do_GET(self) -> None:
            self.remember()
            self.close_connection = True
            if self.path != "/api/status" or isinstance(service.status, int):
                number = service.status if isinstance(service.status, int) else 404
                reply("nothing here", status=number, kind="text/plain")(self)
            else:
                reply(service.status, kind="text/plain")(self)

        def do_POST(self) -> None:
            asked = self.remember()
            self.close_connection = True
            if service.answers:
                service.answers.pop(0)(self)
            else:
                reply(service.found(asked))(self)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_: None  # a client that hangs up is part of the tests
    service.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield service
    service.over.set()
    server.shutdown()
    server.server_close()
    thread.join()


def _down(metres: float) -> float:
    """Round down to a millimetre, so that a station stays on its axis."""
    return float(np.floor(1000 * metres) / 1000)


class Stranger:
    """A corridor that has nothing to do with the shipped one, and the road it runs on.

    The road is drawn 25 m beside the axis and bends more; a side road joins it at its end.
    """

    LINE = ((0, 0), (8_000, 1_500), (15_000, -1_000), (22_000, 500), (30_000, 0))

    def __init__(self) -> None:
        self.sketch = Sketch(lon=-60.0, lat=-35.0)
        self.length_m = self.sketch.axis(self.LINE).length_m
        self.side = ((30_000, 0), (30_500, 4_000), (33_000, 9_000))

    def draw(self, *, up_m: float = 25.0) -> Sketch:
        """Draw the road: two carriageways on the first half, one on the second."""
        at = np.arange(0, 30_001, 250.0)
        line = np.array(self.LINE)
        middle = np.column_stack((at, np.interp(at, line[:, 0], line[:, 1]) + up_m))
        middle[:, 1] += 40 * np.sin(at / 900) * np.clip(at / 2_000, 0, 1)
        half = len(at) // 2
        split, joined = middle[: half + 1], middle[half:]
        there, back = split - np.array([0, 11]), split + np.array([0, 11])
        there[-1] = back[-1] = split[-1]
        self.sketch.way(there, oneway="yes", ref="RN 226")
        self.sketch.way(back[::-1], oneway="yes", ref="RN 226")
        self.sketch.way(joined[::-1], ref="RN 226;RP 60")
        return self.sketch

    def rows(self) -> dict[str, list[dict]]:
        """Return the corridor's tables as rows."""
        end = _down(self.length_m)
        cuts = [0.0, 4_000.0, 12_345.67, 12_400.0, 20_000.0, end]
        stretches = [{"route": "ruta", "from_m": a, "to_m": b} for a, b in pairwise(cuts)]
        side_end = _down(self.sketch.axis(self.side).length_m)
        points = [
            {"route": route, "seq": i, "lon": lon, "lat": lat}
            for route, line in (("ruta", self.LINE), ("ramal", self.side))
            for i, (lon, lat) in enumerate(zip(*self.sketch.lonlat(line), strict=True))
        ]
        town = self.sketch.lonlat([(20_000, 2_600)])
        return {
            "routes": [
                {
                    "route": "ruta",
                    "name_en": "Ruta",
                    "kind": "main",
                    "schematic": "yes",
                    "note": "sketch",
                },
                {"route": "ramal", "name_en": "Ramal", "kind": "branch", "schematic": "no"},
            ],
            "control_points": points,
            "junctions": [
                {"junction": "cruce", "route": "ruta", "station_m": end},
                {"junction": "cruce", "route": "ramal", "station_m": 0},
            ],
            "regions": [
                {"region": f"r{i}", "name_en": f"Region {i}", **stretch}
                for i, stretch in enumerate(
                    (
                        {"route": "ruta", "from_m": 0, "to_m": 12_345.67},
                        {"route": "ruta", "from_m": 12_345.67, "to_m": end},
                        {"route": "ramal", "from_m": 0, "to_m": side_end},
                    )
                )
            ],
            "contracts": [
                {"contract": "c1", "name_en": "One", "kind": "contract", **self._at(0, 12_345.67)},
                {
                    "contract": "c2",
                    "name_en": "Two",
                    "kind": "contract",
                    **self._at(12_345.67, end),
                },
            ],
            "postings": [{"posting": "rn226", "name_en": "National", "aliases": "RN 226;RN-226"}],
            "posting_breaks": [
                {
                    "posting": "rn226",
                    **self._at(a, b),
                    "from_post_km": p,
                    "to_post_km": q,
                }
                for a, b, p, q in ((0, 12_345.67, 100, 112.4), (12_345.67, end, 115, 133))
            ],
            "places": [
                {
                    "place": "pueblo",
                    "name_en": "<b>Pueblo</b>",
                    "lon": town[0][0],
                    "lat": town[1][0],
                    "route": "ruta",
                    "station_m": 20_350,
                    "offset_m": 2_500,
                    "kind": "village",
                }
            ],
            "segments": [
                {
                    "segment": f"s{i}",
                    **stretch,
                    "contract": "c1" if i < 2 else "c2",
                    "carriageways": 1,
                    "lanes": 1,
                    "free_speed_kmh": 90,
                }
                for i, stretch in enumerate(stretches)
            ],
            "structures": [
                {"structure": "b0", "kind": "bridge", "route": "ruta", "station_m": 0},
                {"structure": "b1", "kind": "bridge", "route": "ruta", "station_m": 12_345.67},
                {"structure": "b2", "kind": "culvert", "route": "ruta", "station_m": end},
                {"structure": "b3", "kind": "culvert", "route": "ramal", "station_m": 5_000},
            ],
            "detours": [
                {"detour": "d1", "structure": "b1", **self._at(12_300, 12_400), "state": "open"}
            ],
            "rest_areas": [
                {"rest_area": "ra1", "route": "ruta", "station_m": 7_000, "sanitary": "unknown"}
            ],
            "traffic": [{**self._at(0, end), "aadt_veh_day": 4_000}],
        }

    @staticmethod
    def _at(from_m: float, to_m: float) -> dict:
        return {"route": "ruta", "from_m": from_m, "to_m": to_m}

    def write(self, folder: Path) -> Path:
        """Write the corridor to a folder and return it."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, rows in self.rows().items():
            full = [{"standing": "reported", "source": "survey of 1998", **row} for row in rows]
            frame = pd.DataFrame(full).reindex(columns=TABLES[name].names)
            frame.to_csv(folder / f"{name}.csv", index=False)
        return folder


@pytest.fixture
def stranger() -> Stranger:
    """Give a corridor that has nothing to do with the shipped one."""
    return Stranger()
