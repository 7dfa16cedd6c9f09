"""The axis of a route from OpenStreetMap: choosing ways, ordering them, carrying over."""

from roadplan.corridor.osm.assembly import Alignment, GapError, Limits, assemble
from roadplan.corridor.osm.overpass import Overpass
from roadplan.corridor.osm.plane import areas
from roadplan.corridor.osm.refresh import Refresh, refresh
from roadplan.corridor.osm.roads import Roads
from roadplan.corridor.osm.wanted import Wanted
from roadplan.corridor.osm.xmlfile import read_osm_xml

__all__ = [
    "Alignment",
    "GapError",
    "Limits",
    "Overpass",
    "Refresh",
    "Roads",
    "Wanted",
    "areas",
    "assemble",
    "read_osm_xml",
    "refresh",
]
