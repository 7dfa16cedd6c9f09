"""Colours that stay apart for colour-blind readers and on a grey printer together with shapes."""

from __future__ import annotations

# Okabe and Ito (2008), "Color Universal Design"; the two lightest are darkened so that white
# numbers stay legible on them.
BLUE = "#0072B2"
ORANGE = "#C77C00"
GREEN = "#009E73"
VERMILLION = "#D55E00"
PURPLE = "#B5588F"
SKY = "#3A9BD9"
BLACK = "#333A42"
GREY = "#8A949E"

SERIES = (BLUE, ORANGE, GREEN, PURPLE, SKY, VERMILLION)
"""Colours in turn for classes without an order, e.g. contracts; a number goes with each."""
