"""The roads of OpenStreetMap near a route, as arrays of straight edges between nodes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from roadplan.corridor._geodesic import GEOD, Floats
from roadplan.corridor.osm._text import one_line
from roadplan.corridor.osm.wanted import NAME_KEYS, REF_KEYS, Wanted
from roadplan.errors import RoadplanError

if TYPE_CHECKING:
    import networkx as nx

_CONNECTING = ("motorway", "trunk", "primary", "secondary", "tertiary")
_LINKS = tuple(f"{kind}_link" for kind in _CONNECTING)
_MINOR = ("unclassified", "road")
_TOWN = ("residential", "living_street")

HIGHWAYS = (*_CONNECTING, *_LINKS, *_MINOR, *_TOWN)
"""Values of `highway` that are looked at. Town streets count only where they are wanted."""

WAY_TAGS = ("highway", "junction", "oneway", *REF_KEYS, *NAME_KEYS)
"""Tags that are read from ways."""

# OSMnx, told to keep ways as drawn, still turns those with these values of `oneway`; the ways
# come in the direction of traffic then.
_ONE_WAY = frozenset({"yes", "true", "1", "-1", "reverse", "T", "F"})
_ROUNDABOUTS = frozenset({"roundabout", "circular"})


@dataclass(frozen=True, kw_only=True, eq=False)
class Roads:
    """Straight edges between nodes, one for each step of a way.

    Parameters
    ----------
    lon, lat
        Nodes in degrees, shape (n,). Nodes at one place are one node.
    start, end
        Nodes of each edge, shape (m,), in the direction in which its way is drawn.
    way
        Id of its way.
    one_way
        Whether traffic runs from `start` to `end` only.
    wanted
        Whether its way belongs to the route by reference or name.
    link, roundabout
        Whether its way is a ramp or link, or part of a roundabout.
    wish
        What was wanted, for messages.
    state
        Date of the data, ISO 8601; empty where it is not known.
    torn
        Ways that refer to nodes which are not in the data → how many. They are cut there.
    """

    lon: Floats
    lat: Floats
    start: NDArray[np.intp]
    end: NDArray[np.intp]
    way: NDArray[np.int64]
    one_way: NDArray[np.bool_]
    wanted: NDArray[np.bool_]
    link: NDArray[np.bool_]
    roundabout: NDArray[np.bool_]
    wish: str = ""
    state: str = ""
    torn: Mapping[int, int] = field(default_factory=dict)

    @classmethod
    def from_graphs(
        cls,
        graphs: Iterable[nx.MultiDiGraph],
        wanted: Wanted,
        *,
        state: str = "",
        torn: Mapping[int, int] | None = None,
        aliases: Mapping[int, int] | None = None,
    ) -> Roads:
        """Read graphs that OSMnx made, unsimplified and with ways kept as drawn.

        Parameters
        ----------
        graphs
            Graphs whose nodes have `x` and `y` and whose edges have `osmid` and the tags
            :data:`WAY_TAGS`. What stands in several of them counts once.
        wanted
            Which ways belong to the route.
        state, torn
            See the class.
        aliases
            Way id in the graphs → id in OpenStreetMap, for ways cut into pieces.

        Raises
        ------
        RoadplanError
            No way is wanted; the message names the most frequent references and names.
        """
        places: dict[int, tuple[float, float]] = {}
        edges: dict[tuple[int, int, int], Mapping[str, Any]] = {}
        for graph in graphs:
            places.update((node, (d["x"], d["y"])) for node, d in graph.nodes(data=True))
            edges.update(((u, v, int(d["osmid"])), d) for u, v, d in graph.edges(data=True))
        matched: dict[int, bool] = {}
        for (_, _, way), tags in edges.items():
            if way not in matched:
                matched[way] = wanted.matches(tags)
        if not any(matched.values()):
            raise RoadplanError(_nothing_wanted(places, edges, wanted))
        kept = [key for key in edges if matched[key[2]] or _connects(edges[key])]
        names = {way: (aliases or {}).get(way, way) for way in matched}
        own = {names[way] for way, is_wanted in matched.items() if is_wanted}
        return cls._from_edges(places, kept, edges, matched, names).described(
            str(wanted),
            state,
            {way: n for way, n in (torn or {}).items() if way in own},
        )

    @classmethod
    def _from_edges(
        cls,
        places: Mapping[int, tuple[float, float]],
        keys: list[tuple[int, int, int]],
        edges: Mapping[tuple[int, int, int], Mapping[str, Any]],
        matched: Mapping[int, bool],
        names: Mapping[int, int],
    ) -> Roads:
        ids = sorted({node for u, v, _ in keys for node in (u, v)})
        lonlat = np.array([places[node] for node in ids], dtype=float)
        # Nodes stacked on one place (a frequent slip of mapping) are joined: 1e-7° is OSM's grid.
        _, first, inverse = np.unique(
            np.round(lonlat * 1e7).astype(np.int64), axis=0, return_index=True, return_inverse=True
        )
        index = dict(zip(ids, inverse.ravel().tolist(), strict=True))
        tags = [edges[key] for key in keys]
        start = np.array([index[u] for u, _, _ in keys], dtype=np.intp)
        end = np.array([index[v] for _, v, _ in keys], dtype=np.intp)
        keep = start != end
        columns: dict[str, list[Any]] = {
            "way": [names[way] for _, _, way in keys],
            "one_way": [_is_one_way(d) for d in tags],
            "wanted": [matched[way] for _, _, way in keys],
            "link": [str(d.get("highway", "")) in _LINKS for d in tags],
            "roundabout": [d.get("junction") in _ROUNDABOUTS for d in tags],
        }
        arrays = {name: np.array(values)[keep] for name, values in columns.items()}
        return cls(
            lon=lonlat[first, 0], lat=lonlat[first, 1], start=start[keep], end=end[keep], **arrays
        )

    def described(self, wish: str, state: str, torn: Mapping[int, int]) -> Roads:
        """Return the same roads with what was wanted, their date and their torn ways."""
        own = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return Roads(**{**own, "wish": wish, "state": state, "torn": torn})


def _connects(tags: Mapping[str, Any]) -> bool:
    """Tell whether an unwanted way may stand in where the route's own ways are not labelled."""
    return tags.get("highway") not in _TOWN or tags.get("junction") in _ROUNDABOUTS


def _is_one_way(tags: Mapping[str, Any]) -> bool:
    """Tell whether traffic runs one way: by tag, or implied (OSM wiki, Key:oneway)."""
    if "oneway" in tags:
        return str(tags["oneway"]) in _ONE_WAY
    return tags.get("junction") in _ROUNDABOUTS or tags.get("highway") == "motorway"


def _nothing_wanted(
    places: Mapping[int, tuple[float, float]],
    edges: Mapping[tuple[int, int, int], Mapping[str, Any]],
    wanted: Wanted,
) -> str:
    """Say that no way matches, and what the ways there are called."""
    length: dict[str, Counter[str]] = {"references": Counter(), "names": Counter()}
    for (u, v, _), tags in edges.items():
        metres = GEOD.inv(*places[u], *places[v])[2]
        if "ref" in tags:
            length["references"][str(tags["ref"])] += metres
        if "name" in tags:
            length["names"][str(tags["name"])] += metres
    told = [
        f"{what} there: "
        + ", ".join(f"{one_line(key, 40)} ({m / 1000:.1f} km)" for key, m in found)
        for what, counter in length.items()
        if (found := counter.most_common(5))
    ]
    return (
        f"none of the roads near the route has {wanted}; "
        + ("; ".join(told) if told else "none of them has a reference or a name")
        + "; give --ref or --name"
    )
