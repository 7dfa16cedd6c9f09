"""Local files: what is read, and what is refused with its place."""

from __future__ import annotations

import bz2
import gzip
from xml.sax.saxutils import quoteattr

import osmnx
import pytest

from roadplan.corridor.osm import Limits, Wanted, areas, assemble, read_osm_xml
from roadplan.errors import RoadplanError

WANTED = Wanted.parse(ref="^A7$")


@pytest.fixture
def axis(sketch):
    """Draw a road of 12 km and give the axis along it."""
    sketch.way([(0, 0), (4_000, 0), (8_000, 0), (12_000, 0)])
    return sketch.axis([(0, 50), (12_000, 50)])


@pytest.fixture
def read(axis, tmp_path):
    """Write content to a file and read the roads along the axis from it."""

    def run(content: str | bytes, name: str = "road.osm"):
        file = tmp_path / name
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_osm_xml(file, areas(axis, 3_000), WANTED)

    return run


def test_plain_and_packed_files_read_alike(sketch, axis, read):
    """Plain, gzip and bzip2 files give the same roads, whatever they are called."""
    text = sketch.xml().encode()
    lengths = {
        assemble(read(content, name), axis, Limits()).axis.length_m
        for content, name in (
            (text, "road.osm"),
            (gzip.compress(text, mtime=0), "road.osm.gz"),
            (bz2.compress(text), "road.osm.bz2"),
            (gzip.compress(text, mtime=0), "misnamed.osm"),
            (b"\xef\xbb\xbf" + text, "marked.xml"),
        )
    }
    assert len(lengths) == 1


def test_ways_may_come_before_their_nodes(sketch, axis, read):
    """The order of elements in the file does not matter."""
    head, *rest = sketch.xml().split("\n")[1:]
    nodes = [line for line in rest if line.startswith("<node")]
    ways = [line for line in rest[:-1] if not line.startswith("<node")]
    turned = "\n".join((head, *ways, *nodes, "</osm>"))
    assert assemble(read(turned), axis, Limits()).axis.length_m == pytest.approx(12_000, abs=0.5)


def test_what_is_marked_as_deleted_is_left_out(sketch, axis, read):
    """Elements that an editor or a history marks as gone are not there."""
    sketch.way([(4_000, 0), (8_000, 500)], ref="A7")
    text = sketch.xml().replace('<way id="2">', '<way id="2" action="delete">')
    assert len(read(text).way) == 3
    assert len(read(text.replace('action="delete"', 'visible="false"')).way) == 3


def test_date_of_the_data_is_read(sketch, read):
    """The state of the data stands in the file and comes along."""
    meta = '<osm version="0.6">\n<meta osm_base="2025-11-20T06:00:00Z"/>'
    text = sketch.xml().replace('<osm version="0.6">', meta)
    assert read(text).state == "2025-11-20T06:00:00Z"


def test_far_nodes_of_near_roads_are_kept(sketch_type, tmp_path):
    """An edge that leaves the surroundings keeps its far end, so the road does not end there."""
    sketch = sketch_type()
    sketch.way([(-90_000, 0), (4_000, 0), (150_000, 0)])
    axis = sketch.axis([(0, 0), (12_000, 0)])
    file = tmp_path / "road.osm"
    file.write_text(sketch.xml())
    roads = read_osm_xml(file, areas(axis, 3_000), WANTED)
    assert roads.torn == {}
    assert assemble(roads, axis, Limits()).axis.length_m == pytest.approx(12_000, abs=5)


def test_way_with_an_absent_node_is_cut_and_named(sketch, axis, read):
    """A reference to a node that is nowhere tears the way; the gap and the way are named."""
    node = sketch.ways[0][1][1]
    text = "\n".join(line for line in sketch.xml().split("\n") if f'<node id="{node}"' not in line)
    roads = read(text)
    assert roads.torn == {1: 1}
    with pytest.raises(RoadplanError, match="8,000 m from") as refusal:
        assemble(roads, axis, Limits())
    assert "refer to nodes that are not in the data, the first is way 1" in str(refusal.value)


def test_file_without_nodes_is_told(sketch, read):
    """Ways alone are no road."""
    with pytest.raises(RoadplanError, match="has no road near the route: 0 nodes and 1 ways"):
        read(sketch.xml(nodes=False))


def test_ways_of_one_node_are_no_road(sketch_type, read):
    """A way needs two nodes, and two that are there."""
    lone = sketch_type()
    lone.way([(4_000, 0)])
    with pytest.raises(RoadplanError, match="has no road near the route"):
        read(lone.xml())
    lone.ways[0][1].append(77)
    with pytest.raises(RoadplanError, match="refer to nodes that are not in it"):
        read(lone.xml())


def test_roads_elsewhere_are_told(sketch_type, read):
    """A file of another region is recognised."""
    elsewhere = sketch_type(lon=-60, lat=-35)
    elsewhere.way([(0, 0), (9_000, 0)])
    with pytest.raises(RoadplanError, match="check that the file covers the route"):
        read(elsewhere.xml())


BOMB = """<?xml version="1.0"?>
<!DOCTYPE osm [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<osm version="0.6"><way id="1"><tag k="name" v="&b;"/></way></osm>"""
OUTSIDE = """<?xml version="1.0"?>
<!DOCTYPE osm [<!ENTITY x SYSTEM "file:///etc/hostname">]>
<osm version="0.6"><way id="1"><tag k="name" v="x"/></way></osm>"""


@pytest.mark.parametrize("text", [BOMB, OUTSIDE])
def test_entities_are_refused(read, text):
    """Entities that swell or reach outside are not expanded; the file is refused."""
    with pytest.raises(RoadplanError, match="document type or entities"):
        read(text)


@pytest.mark.parametrize(
    ("content", "name", "told"),
    [
        (b"", "road.osm", "is empty"),
        (b"\0\0\0\x0d\x0a\x09OSMHeader\x18", "road.osm", "is a PBF file; convert it to XML"),
        (b"\0", "road.osm.pbf", "osmium cat road.osm.pbf -o road.osm'"),
        (b'{"elements": []}', "road.osm", "is JSON; give an OSM XML file"),
        (b"lon,lat\n73,49\n", "road.osm", "is no XML"),
        (b"<html><body/></html>", "road.osm", "its root element is <html>"),
        (b'<osmChange version="0.6"/>', "road.osc", "it holds changes, not data"),
        (b"<osm><node id='1' lon='73' lat='49'>", "road.osm", "broken XML at line 1"),
        (b"<osm>\n<way id='1'></node></osm>", "road.osm", "broken XML at line 2.*mismatched tag"),
        (b"<osm>\xff</osm>", "road.osm", "broken XML at line 1.*invalid token"),
        (b"<?xml version='1.0' encoding='x-no'?><osm/>", "road.osm", "road.osm"),
        (gzip.compress(b"<osm></osm>", mtime=0)[:-9], "road.osm.gz", "cut short or damaged"),
        (b"\x1f\x8bnonsense", "road.osm.gz", "cut short or damaged"),
        (bz2.compress(b"<osm></osm>")[:-9], "road.osm.bz2", "cut short or damaged"),
        (b"BZh9nonsense", "road.osm.bz2", "cannot be read|cut short or damaged"),
    ],
)
def test_other_files_are_refused(read, content, name, told):
    """Every kind of wrong or broken file is told in one message that names it."""
    with pytest.raises(RoadplanError, match=told) as refusal:
        read(content, name)
    assert name in str(refusal.value)


@pytest.mark.parametrize(
    ("element", "told"),
    [
        ('<node lon="73" lat="49"/>', "line 2: a node has id missing; it must be a whole number"),
        ('<node id="7" lon="73" lat="95"/>', "node 7 has lat '95'; it must be within ±90°"),
        ('<node id="7" lon="nan" lat="49"/>', "node 7 has lon 'nan'"),
        ('<node id="7" lon="east" lat="49"/>', "node 7 has lon 'east'; it must be degrees"),
        ('<node id="7" lon="73"/>', "node 7 has lat missing"),
        ('<way id="seven"/>', "a way has id 'seven'"),
        (f'<way id="{2**70}"/>', "it must be a whole number of at most 64 bits"),
        ('<way id="7"><nd/></way>', "way 7 has ref missing"),
        ('<way id="7"><nd ref="x"/></way>', "way 7 has ref 'x'"),
    ],
)
def test_broken_elements_are_told_with_line(read, element, told):
    """An element with a bad id or coordinate is named with its line."""
    with pytest.raises(RoadplanError, match=told):
        read(f"<osm>\n{element}\n</osm>")


def test_remark_of_the_server_is_told(sketch, read):
    """A file saved from a query that failed half-way says so; it is not taken for the road."""
    remark = "<remark> runtime error: Query timed out after 181 seconds. </remark></osm>"
    with pytest.raises(RoadplanError, match=r"incomplete.*'runtime error: Query timed out"):
        read(sketch.xml().replace("</osm>", remark))


def test_missing_file_is_told(axis, tmp_path):
    """A path that leads nowhere is told."""
    with pytest.raises(RoadplanError, match="cannot be read: No such file"):
        read_osm_xml(tmp_path / "none.osm", areas(axis, 3_000), WANTED)


def test_too_much_data_is_refused(sketch, read, monkeypatch):
    """Files packed to burst are given up, not unpacked to the end."""
    monkeypatch.setattr("roadplan.corridor.osm.xmlfile._MOST_BYTES", 200)
    with pytest.raises(RoadplanError, match=r"larger than .* unpacked"):
        read(gzip.compress(sketch.xml().encode()))


def test_hostile_names_pass_unharmed(sketch, axis, read):
    """Names are data: quotes, tags and marks in them break neither file nor message."""
    name = "\"><nd ref='1'/>&amp;`${x}`\u202e"
    sketch.ways[0][2]["name"] = name
    assert quoteattr(name) in sketch.xml()
    assert read(sketch.xml()).wanted.all()


def test_settings_of_osmnx_are_left_as_they_were(sketch, read):
    """Reading a file changes no setting of OSMnx."""
    before = {k: v for k, v in vars(osmnx.settings).items() if not k.startswith("_")}
    read(sketch.xml())
    assert {k: v for k, v in vars(osmnx.settings).items() if not k.startswith("_")} == before
