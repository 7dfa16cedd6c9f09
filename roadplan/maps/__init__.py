"""Pages and pictures from finished results: maps that work without a network, and their index."""

from roadplan.maps.corridor_page import corridor_map
from roadplan.maps.index_page import Entry, index_html, write_index
from roadplan.maps.layers import Feature, Field, Layer, Style
from roadplan.maps.page import Page
from roadplan.maps.panels import CardGroup, CardPanel
from roadplan.maps.sources import Tiles
from roadplan.maps.storm_figure import storm_strip_figure
from roadplan.maps.storm_page import storm_map

__all__ = [
    "CardGroup",
    "CardPanel",
    "Entry",
    "Feature",
    "Field",
    "Layer",
    "Page",
    "Style",
    "Tiles",
    "corridor_map",
    "index_html",
    "storm_map",
    "storm_strip_figure",
    "write_index",
]
