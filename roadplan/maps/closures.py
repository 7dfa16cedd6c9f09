"""Reported winter closures: where on the road they were, and what was said of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from roadplan.corridor import Corridor
from roadplan.errors import PostError
from roadplan.maps.corridor_features import Record, kept
from roadplan.maps.layers import Feature, Field, Layer, Style
from roadplan.maps.panels import CardGroup, CardPanel

CLOSURE_FIELDS = (
    Field(name="start", label="Closed from", kind="date"),
    Field(name="end", label="Closed until", kind="date"),
    Field(name="section", label="Section, as stated"),
    Field(name="vehicles", label="For vehicles, as stated"),
    Field(name="reason", label="Reason, as stated"),
)


def closure_layer(corridor: Corridor) -> Layer:
    """Return the reported winter closures whose kilometres lie on the road."""
    features = []
    for row in corridor.table("closures").to_dict("records"):
        for route, from_m, to_m in closed_stretches(corridor, row):
            properties = {"id": row["closure"], **kept(row, ("closure",))}
            features.append(Feature(properties=properties, along=(route, from_m, to_m)))
    return Layer(
        id="closures",
        title="Reported winter closures",
        features=features,
        styles={
            "": Style(
                label="Closed in winter, as reported",
                colour="#7A2048",
                width_px=4,
                dash_px=(3, 3),
            )
        },
        fields=CLOSURE_FIELDS,
        visible=False,
        order=35,
        side_px=22,
    )


def closed_stretches(corridor: Corridor, row: Record) -> list[tuple[str, float, float]]:
    """Return where on the road a closure between two posts lies, one stretch for each route.

    Parameters
    ----------
    corridor
        The corridor.
    row
        A row of the table `closures`.

    Returns
    -------
    list
        Route, from and to in metres. Empty where the report names no posts or none on the road;
        posts beyond the ends of a route are taken as its end.
    """
    posting, first, last = row["posting"], row["from_post_km"], row["to_post_km"]
    if not posting or pd.isna(first) or pd.isna(last):
        return []
    low, high = sorted((float(first), float(last)))
    try:
        name = corridor.postings.resolve(str(posting))
    except PostError:
        return []
    breaks = corridor.postings.breaks
    found: dict[str, tuple[float, float]] = {}
    for piece in breaks[breaks["posting"] == name].itertuples():
        ends = sorted((piece.from_post_km, piece.to_post_km))
        a, b = max(low, ends[0]), min(high, ends[1])
        if a >= b:
            continue
        share = (np.array([a, b]) - piece.from_post_km) / (piece.to_post_km - piece.from_post_km)
        stations = sorted(piece.from_m + share * (piece.to_m - piece.from_m))
        route = str(piece.route)
        before = found.get(route, (np.inf, -np.inf))
        found[route] = (
            min(before[0], float(stations[0])),
            max(before[1], float(stations[1])),
        )
    return [(route, from_m, to_m) for route, (from_m, to_m) in found.items()]


def closure_panel(closures: pd.DataFrame) -> CardPanel:
    """Return the panel of the reported closures, the latest first."""
    newest = closures.sort_values("start", ascending=False, kind="stable")
    posts = newest.apply(_posts, axis=1)
    cards = newest.assign(posts=posts).to_dict("records")
    start, *others = CLOSURE_FIELDS
    return CardPanel(
        groups=[CardGroup(title="", cards=cards)],
        head=(start,),
        fields=(*others, Field(name="posts", label="Posts, as stated")),
        intro="Closures that were reported; there were others.",
    )


def _posts(row: Mapping[str, Any]) -> str:
    first, last = row["from_post_km"], row["to_post_km"]
    if pd.isna(first) or pd.isna(last):
        return ""
    return f"{row['posting']}:{first:g} – {last:g}".lstrip(":")
