"""The road itself: routes, stations, kilometre posts, segments and what stands along them."""

from roadplan.corridor.axis import Axis
from roadplan.corridor.load import load
from roadplan.corridor.location import Location
from roadplan.corridor.model import Asset, Contract, Corridor, Names, Route, Segment
from roadplan.corridor.position import Position
from roadplan.corridor.posts import Post, Postings

__all__ = [
    "Asset",
    "Axis",
    "Contract",
    "Corridor",
    "Location",
    "Names",
    "Position",
    "Post",
    "Postings",
    "Route",
    "Segment",
    "load",
]
