"""The map of a corridor: everything in its tables on one page that needs no network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from roadplan.corridor import Corridor
from roadplan.maps.closures import closure_panel
from roadplan.maps.corridor_layers import corridor_layers
from roadplan.maps.corridor_styles import contract_styles
from roadplan.maps.embedding import Text
from roadplan.maps.page import Page
from roadplan.maps.reports import report_panel
from roadplan.maps.road import bounds, record_names, road_data, shown_names
from roadplan.maps.sources import (
    GEONAMES,
    OPENSTREETMAP,
    OPENSTREETMAP_TILES,
    Credit,
    Tiles,
)

_KNOWN_CREDITS: Mapping[str, Credit] = {"OpenStreetMap": OPENSTREETMAP, "GeoNames": GEONAMES}


STATIONS_NOTE = (
    "Stations are metres along the drawn line; lengths by contract and posts are official "
    "and differ from it."
)
ESTIMATES_NOTE = (
    "What no source states is estimated by a rule and marked so; the source of each row "
    "stands in its popup."
)
SKETCH_NOTE = "A dashed road is only a sketch of its line."


def corridor_map(
    corridor: Corridor,
    status: pd.DataFrame | None = None,
    *,
    title: Text | None = None,
    tiles: Tiles | None = OPENSTREETMAP_TILES,
) -> Page:
    """Return the map of a corridor.

    Parameters
    ----------
    corridor
        The corridor.
    status
        Dated reports with the columns of the table `reports`, of which the latest on each
        contract is told; the corridor's own where none are given.
    title
        Title of the page; the corridor's name where none is given.
    tiles
        A server of background tiles, asked only when a reader switches it on; None for none.

    Returns
    -------
    Page
        Ready for ``save(path)`` or to be shown in a notebook.

    Examples
    --------
    >>> from roadplan import corridor
    >>> page = corridor_map(corridor.load())
    >>> len(page.to_html().encode()) < 3_000_000
    True
    """
    reports = corridor.table("reports") if status is None else status
    page = Page(
        title=title or shown_names(corridor.main_route),
        subtitle="Contracts, structures, rest areas and winter service on the road",
        bounds=bounds(corridor),
        road=road_data(corridor),
        background=background(corridor),
        places=places(corridor),
        thanks=thanks(corridor),
        about=_about(corridor),
        tiles=tiles,
    )
    for layer in corridor_layers(corridor, reports):
        page.add(layer)
    if not reports.empty:
        panel = report_panel(corridor, reports, contract_styles(corridor))
        page.add_panel("reports", "Latest reports by contract", panel)
    closures = corridor.table("closures")
    if not closures.empty:
        page.add_panel("closures", "Reported winter closures", closure_panel(closures))
    return page


def background(corridor: Corridor) -> list[dict[str, Any]]:
    """Return shores, rivers and borders as a page draws them."""
    frame = corridor.table("background")
    features = []
    for _, points in frame.sort_values("seq", kind="stable").groupby("feature", sort=False):
        first = points.iloc[0].to_dict()
        xy = points[["lon", "lat"]].to_numpy(float).round(5)
        if len(xy) > 1:
            features.append(
                {
                    "kind": first["kind"],
                    "name": record_names(first),
                    "xy": xy,
                    "label": _label_point(xy, is_area=first["kind"] == "lake"),
                }
            )
    return features


def _label_point(xy: NDArray[np.float64], *, is_area: bool) -> list[float]:
    """Return where a label has most room: amid the widest water, or half-way along a line."""
    if is_area and len(xy) > 2:
        area = shapely.buffer(shapely.Polygon(xy), 0)
        if area.area > 0:
            middle = shapely.get_point(shapely.maximum_inscribed_circle(area), 0)
            return [round(middle.x, 4), round(middle.y, 4)]
    return [float(value) for value in xy[len(xy) // 2]]


def places(corridor: Corridor) -> list[dict[str, Any]]:
    """Return towns and villages as a page draws them."""
    return [
        {
            "name": record_names(row) or {"en": row["place"]},
            "kind": row["kind"],
            "xy": [round(float(row["lon"]), 5), round(float(row["lat"]), 5)],
        }
        for row in corridor.table("places").to_dict("records")
    ]


def thanks(corridor: Corridor) -> list[Credit]:
    """Return whom the data come from, as far as their sources name a licence we know."""
    sources = {
        str(text)
        for frame in corridor.tables.values()
        if "source" in frame
        for text in frame["source"].unique()
    }
    return [
        credit
        for word, credit in _KNOWN_CREDITS.items()
        if any(word in source for source in sources)
    ]


def _about(corridor: Corridor) -> list[Text]:
    texts: list[Text] = [
        STATIONS_NOTE,
        ESTIMATES_NOTE,
    ]
    if any(route.schematic for route in corridor.routes.values()):
        texts.append(SKETCH_NOTE)
    return texts
