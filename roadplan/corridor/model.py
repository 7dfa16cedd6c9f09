"""The corridor as one object: immutable, with look-ups, views and linear referencing."""

from __future__ import annotations

import datetime as dt
import html
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from roadplan.corridor.axis import Axis
from roadplan.corridor.location import Location, Near
from roadplan.corridor.network import Network
from roadplan.corridor.position import Position
from roadplan.corridor.posts import Postings, read_station
from roadplan.corridor.schema import ASSET_TABLES, TABLES
from roadplan.errors import RoadplanError, StationError, UnknownIdError

CRS = "EPSG:4326"
LOCAL_ZONE = dt.timezone(dt.timedelta(hours=5))
"""Local time where no route names a zone: UTC+05:00, that of all Kazakhstan since 2024-03-01."""

_SAME_PLACE_M = 1.0
_T = TypeVar("_T")


@dataclass(frozen=True)
class Names:
    """A name in three languages; English stands in where another is missing."""

    en: str
    ru: str = ""
    kk: str = ""

    def __getitem__(self, language: str) -> str:
        """Return the name in `en`, `ru` or `kk`."""
        return {"en": self.en, "ru": self.ru, "kk": self.kk}[language] or self.en

    def __str__(self) -> str:
        """Return the English name."""
        return self.en

    def as_dict(self) -> dict[str, str]:
        """Return the name by language."""
        return {language: self[language] for language in ("en", "ru", "kk")}


@dataclass(frozen=True, kw_only=True)
class Row:
    """What every object of a corridor has: an id, names, and where the values come from.

    Parameters
    ----------
    id
        Identifier, unique in its table.
    names
        Name in three languages; empty where the thing has none.
    standing
        `reported`, `measured` or `estimated`.
    source
        Who said it, or the rule by which it was estimated.
    attributes
        All other columns of its table.
    """

    id: str
    names: Names
    standing: str
    source: str
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """Where a thing lies: the half-open stretch ``[from_m, to_m)`` of a route."""

    route: str
    from_m: float
    to_m: float

    @property
    def length_m(self) -> float:
        """Its length along the axis, in metres."""
        return self.to_m - self.from_m


@dataclass(frozen=True, kw_only=True)
class Route(Row):
    """One alignment with its own axis."""

    kind: str
    schematic: bool
    axis: Axis = field(repr=False)

    @property
    def length_m(self) -> float:
        """Geodesic length of its axis, in metres."""
        return self.axis.length_m


@dataclass(frozen=True, kw_only=True)
class Contract(Row, Stretch):
    """A reconstruction contract, or a stretch between two of them."""

    kind: str
    length_km_official: float


@dataclass(frozen=True, kw_only=True)
class Segment(Row, Stretch):
    """A stretch with constant attributes."""

    contract: str
    region: str
    carriageways: int
    lanes: int
    category: str
    free_speed_kmh: float
    profile: str


@dataclass(frozen=True, kw_only=True)
class Asset(Row):
    """A thing on the road: a structure, rest area, bypass road, depot, barrier, heating point.

    Parameters
    ----------
    table
        The table it stands in.
    position
        Where it is; for a bypass road where it begins.
    """

    table: str
    position: Position


@dataclass(frozen=True)
class Corridor:
    """A highway with everything that stands along it.

    Made by :func:`roadplan.corridor.load`. Nothing in it can be changed; tables and views are
    copies.

    Parameters
    ----------
    tables
        Table name → rows, as read.
    routes
        Route id → route.
    postings
        The kilometre systems.
    network
        The graph of the routes.
    """

    tables: Mapping[str, pd.DataFrame] = field(repr=False)
    routes: Mapping[str, Route]
    postings: Postings = field(repr=False)
    network: Network = field(repr=False)

    @classmethod
    def from_tables(cls, tables: Mapping[str, pd.DataFrame]) -> Corridor:
        """Build a corridor from tables that have been checked.

        Parameters
        ----------
        tables
            Table name → rows. Copied.
        """
        clean = {
            name: frame[[c for c in frame.columns if not str(c).startswith("_")]]
            .reset_index(drop=True)
            .copy()
            for name, frame in tables.items()
        }
        routes = MappingProxyType(_routes(clean))
        junctions = clean["junctions"]
        members = _junction_members(junctions)
        postings = Postings(
            clean["posting_breaks"],
            {
                str(row.posting): _alias_list(str(row.aliases))
                for row in clean["postings"].itertuples()
            },
            same_place=lambda a, b: _same_place(members, a, b),
        )
        network = Network({key: route.length_m for key, route in routes.items()}, junctions)
        return cls(MappingProxyType(clean), routes, postings, network)

    @cached_property
    def zone(self) -> dt.tzinfo:
        """Local time: the zone that the routes name, else :data:`LOCAL_ZONE`."""
        named = [str(name) for name in self.tables["routes"].get("time_zone", ()) if name]
        return ZoneInfo(named[0]) if named else LOCAL_ZONE

    # -- look-ups ---------------------------------------------------------------------------

    def table(self, name: str) -> pd.DataFrame:
        """Return a copy of one table.

        Raises
        ------
        UnknownIdError
            There is no such table.
        """
        if name not in self.tables:
            raise UnknownIdError(f"there is no table '{name}'; there are {', '.join(self.tables)}")
        return self.tables[name].copy()

    def axis(self, route: str) -> Axis:
        """Return the axis of a route."""
        return self.route(route).axis

    def route(self, route: str) -> Route:
        """Return a route by id."""
        if route not in self.routes:
            raise UnknownIdError(
                f"there is no route '{route}'; the corridor has {', '.join(self.routes)}"
            )
        return self.routes[route]

    @property
    def main_route(self) -> Route:
        """The first route of kind `main`; the first of all where none is."""
        mains = [route for route in self.routes.values() if route.kind == "main"]
        return mains[0] if mains else next(iter(self.routes.values()))

    @property
    def names(self) -> Names:
        """The name of the corridor, which is that of its main route."""
        return self.main_route.names

    def contract(self, contract: str) -> Contract:
        """Return a contract by id."""
        return _find(self._contracts, contract, "contract")

    def segment(self, segment: str) -> Segment:
        """Return a segment by id."""
        return _find(self._segments, segment, "segment")

    def asset(self, asset: str) -> Asset:
        """Return a structure, rest area, bypass road, depot, barrier or heating point by id."""
        return _find(self._assets, asset, "asset")

    def depot(self, depot: str) -> Asset:
        """Return a depot by id."""
        return _find({k: a for k, a in self._assets.items() if a.table == "depots"}, depot, "depot")

    @property
    def contracts(self) -> tuple[Contract, ...]:
        """All contracts and the stretches between them, in the order of their table."""
        return tuple(self._contracts.values())

    @property
    def segments(self) -> tuple[Segment, ...]:
        """All segments, in the order of their table."""
        return tuple(self._segments.values())

    @property
    def assets(self) -> tuple[Asset, ...]:
        """All assets, table by table."""
        return tuple(self._assets.values())

    @cached_property
    def _contracts(self) -> dict[str, Contract]:
        return {
            record["contract"]: Contract(
                **_row(record, "contracts"),
                route=record["route"],
                from_m=float(record["from_m"]),
                to_m=float(record["to_m"]),
                kind=record["kind"],
                length_km_official=float(record["length_km_official"]),
            )
            for record in _records(self.tables["contracts"])
        }

    @cached_property
    def _segments(self) -> dict[str, Segment]:
        return {
            record["segment"]: Segment(
                **_row(record, "segments"),
                route=record["route"],
                from_m=float(record["from_m"]),
                to_m=float(record["to_m"]),
                contract=record["contract"],
                region=record["region"],
                carriageways=int(record["carriageways"]),
                lanes=int(record["lanes"]),
                category=record["category"],
                free_speed_kmh=float(record["free_speed_kmh"]),
                profile=record["profile"],
            )
            for record in _records(self.tables["segments"])
        }

    @cached_property
    def _assets(self) -> dict[str, Asset]:
        found = {}
        for name in ASSET_TABLES:
            for record in _records(self.tables[name]):
                station = record["station_m"] if "station_m" in record else record["from_m"]
                fields = _row(record, name)
                found[fields["id"]] = Asset(
                    **fields, table=name, position=Position(record["route"], float(station))
                )
        return found

    # -- geometry ---------------------------------------------------------------------------

    def view(self, name: str, *, posts: bool = False) -> gpd.GeoDataFrame:
        """Return one table with its geometry.

        Parameters
        ----------
        name
            The table.
        posts
            Add the kilometre posts of each row as text: `posts`, or `from_posts` and `to_posts`.

        Returns
        -------
        GeoDataFrame
            EPSG:4326. Points at stations or coordinates, lines for stretches; no geometry where
            a table has no place on the road.
        """
        frame = self.table(name)
        shape = TABLES[name].shape
        if shape == "lonlat":
            geometry = shapely.points(frame["lon"].to_numpy(float), frame["lat"].to_numpy(float))
        else:
            geometry = np.full(len(frame), None, dtype=object)
            if shape != "none":
                for route, index in frame.groupby("route").indices.items():
                    geometry[index] = self._shapes(str(route), frame.iloc[index], shape)
        if posts and shape in {"point", "stretch"}:
            for column, title in (
                ("station_m", "posts"),
                ("from_m", "from_posts"),
                ("to_m", "to_posts"),
            ):
                if column in frame:
                    frame[title] = self._post_texts(frame["route"], frame[column])
        return gpd.GeoDataFrame(frame, geometry=geometry, crs=CRS)

    def _shapes(self, route: str, rows: pd.DataFrame, shape: str) -> np.ndarray:
        axis = self.axis(route)
        if shape == "stretch":
            return np.asarray(
                axis.lines(rows["from_m"].to_numpy(float), rows["to_m"].to_numpy(float))
            )
        lon, lat = axis.points(rows["station_m"].to_numpy(float))
        return np.asarray(shapely.points(lon, lat))

    def _post_texts(self, routes: pd.Series, stations: pd.Series) -> list[str]:
        texts = np.full(len(routes), "", dtype=object)
        for route, index in routes.groupby(routes).indices.items():
            texts[index] = self.postings.texts(str(route), stations.iloc[index].to_numpy(float))
        return [str(text) for text in texts]

    # -- positions --------------------------------------------------------------------------

    def position(self, text: str, *, posting: str = "", route: str = "") -> Position:
        """Return the position that a post or a station means.

        Parameters
        ----------
        text
            A post as :func:`roadplan.corridor.posts.read_post` understands it, or
            ``route@station`` in metres.
        posting, route
            What to assume where the text itself names none.

        Raises
        ------
        PostError
            The post is malformed, stands nowhere or at several places.
        StationError
            The station is beyond the end of its route.
        UnknownIdError
            The route is unknown.
        """
        station = read_station(text)
        if station is not None and station[0] in self.routes:
            return self.checked(Position(*station))
        if station is not None and not any(letter.isdigit() for letter in station[0][:1]):
            self.route(station[0])
        return self.postings.position(text, posting=posting, route=route)

    def checked(self, position: Position) -> Position:
        """Return a position that is on its route.

        Raises
        ------
        StationError
            It is beyond the end of its route.
        """
        length = self.route(position.route).length_m
        if not 0 <= position.station_m <= length:
            raise StationError(
                f"station {position.station_m:.2f} is not on {position.route}; "
                f"give 0 to {length:.2f} m"
            )
        return position

    def posts(self, position: Position) -> list[str]:
        """Return the posts at a position, one for each posting that reaches it."""
        return [str(post) for post in self.postings.posts(position)]

    def nearest(self, lon: float, lat: float) -> tuple[Position, float]:
        """Return the position nearest to a point and the signed distance off the line.

        Parameters
        ----------
        lon, lat
            Degrees, WGS 84.

        Returns
        -------
        position
            On the route that passes nearest; the earlier one in the table where two do.
        offset_m
            Metres, positive to the right of rising stations.
        """
        if not (-180 <= lon <= 180 and -90 <= lat <= 90):
            raise RoadplanError(
                f"{lon:g}, {lat:g} are no degrees of longitude and latitude; "
                "give -180 to 180 and -90 to 90"
            )
        best: tuple[Position, float] | None = None
        for key, route in self.routes.items():
            station, offset = route.axis.locate(np.array([lon]), np.array([lat]))
            if best is None or abs(float(offset[0])) < abs(best[1]) - _SAME_PLACE_M:
                best = Position(key, float(station[0])), float(offset[0])
        if best is None:
            raise RoadplanError("the corridor has no route")
        return best

    def distance_m(self, a: Position, b: Position) -> float:
        """Return the shortest travel distance between two positions, in metres."""
        return self.network.distance_m(self.checked(a), self.checked(b))

    def locate(
        self,
        text: str = "",
        *,
        lon: float | None = None,
        lat: float | None = None,
        posting: str = "",
        route: str = "",
    ) -> Location:
        """Return all that is known of one place.

        Parameters
        ----------
        text
            A post or a station, as :meth:`position` understands it.
        lon, lat
            Instead of a text, a point in degrees.
        posting, route
            What to assume where the text names none.
        """
        offset = 0.0
        if lon is not None and lat is not None:
            position, offset = self.nearest(lon, lat)
        else:
            position = self.position(text, posting=posting, route=route)
        return self.describe(position, offset_m=offset)

    def describe(self, position: Position, *, offset_m: float = 0.0) -> Location:
        """Return all that is known of a position on the road."""
        self.checked(position)
        point_lon, point_lat = self.axis(position.route).points(np.array([position.station_m]))
        segment = self._at("segments", position)
        contract = self._at("contracts", position)
        region = self._at("regions", position)
        return Location(
            position=position,
            lon=float(point_lon[0]),
            lat=float(point_lat[0]),
            offset_m=offset_m,
            posts=tuple(self.posts(position)),
            segment=segment["segment"] if segment else None,
            contract=contract["contract"] if contract else None,
            contract_names=_names(contract).as_dict() if contract else None,
            region=region["region"] if region else None,
            region_names=_names(region).as_dict() if region else None,
            nearest_place=self._near("places", position),
            nearest_depot=self._near("depots", position),
            standing=segment["standing"] if segment else None,
        )

    def _at(self, name: str, position: Position) -> dict[str, Any] | None:
        """Return the row whose stretch holds a position; the last one holds its end too."""
        frame = self.tables[name]
        rows = frame[frame["route"] == position.route]
        if rows.empty:
            return None
        length = self.axis(position.route).length_m
        station = min(position.station_m, np.nextafter(length, 0.0))
        hit = rows[(rows["from_m"] <= station) & (station < rows["to_m"])]
        if hit.empty and position.station_m >= length:
            hit = rows[rows["to_m"] >= length - _SAME_PLACE_M]
        return None if hit.empty else _records(hit.iloc[:1])[0]

    def _near(self, name: str, position: Position) -> Near | None:
        frame = self.tables[name]
        if frame.empty:
            return None
        positions = [
            Position(str(row.route), min(float(row.station_m), self.axis(str(row.route)).length_m))
            for row in frame.itertuples()
        ]
        distance = np.asarray(self.network.distances_m([position], positions))[0]
        best = int(np.argmin(distance))
        if not np.isfinite(distance[best]):
            return None
        record = _records(frame.iloc[best : best + 1])[0]
        return Near(
            id=str(record[TABLES[name].key[0]]),
            names=_names(record).as_dict(),
            distance_m=float(distance[best]),
            standing=str(record["standing"]),
        )

    # -- notebooks --------------------------------------------------------------------------

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{html.escape(key)}</td><td>{html.escape(str(route.names))}</td>"
            f"<td style='text-align:right'>{route.length_m / 1000:,.1f} km</td></tr>"
            for key, route in self.routes.items()
        )
        counts = " · ".join(
            f"{len(self.tables[name])} {name.replace('_', ' ')}"
            for name in ("contracts", "segments", *ASSET_TABLES)
            if len(self.tables[name])
        )
        return (
            f"<b>{html.escape(str(self.names))}</b>"
            f"<table><tr><th>Route</th><th>Name</th><th>Length</th></tr>{rows}</table>"
            f"<p>{counts}</p>"
        )


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(k): v for k, v in record.items()} for record in frame.to_dict("records")]


def _names(record: Mapping[str, Any]) -> Names:
    return Names(*(str(record.get(f"name_{code}", "") or "") for code in ("en", "ru", "kk")))


def _row(record: Mapping[str, Any], table: str) -> dict[str, Any]:
    """Return the fields of :class:`Row` from a record of a table."""
    key = TABLES[table].key[0]
    own = {key, "name_en", "name_ru", "name_kk", "standing", "source"}
    return {
        "id": str(record[key]),
        "names": _names(record),
        "standing": str(record["standing"]),
        "source": str(record["source"]),
        "attributes": MappingProxyType({k: v for k, v in record.items() if k not in own}),
    }


def _find(known: Mapping[str, _T], key: str, what: str) -> _T:
    if key not in known:
        some = ", ".join(list(known)[:8]) or "none"
        more = f" and {len(known) - 8} more" if len(known) > 8 else ""
        raise UnknownIdError(f"there is no {what} '{key}'; there are {some}{more}")
    return known[key]


def _routes(tables: Mapping[str, pd.DataFrame]) -> dict[str, Route]:
    points = tables["control_points"]
    routes = {}
    for record in _records(tables["routes"]):
        own = points[points["route"] == record["route"]].sort_values("seq")
        routes[str(record["route"])] = Route(
            **_row(record, "routes"),
            kind=str(record["kind"]),
            schematic=bool(record["schematic"]),
            axis=Axis(own["lon"].to_numpy(float), own["lat"].to_numpy(float)),
        )
    return routes


def _alias_list(text: str) -> tuple[str, ...]:
    return tuple(alias.strip() for alias in text.split(";") if alias.strip())


def _junction_members(junctions: pd.DataFrame) -> list[tuple[Position, ...]]:
    return [
        tuple(Position(str(row.route), float(row.station_m)) for row in group.itertuples())
        for _, group in junctions.groupby("junction", sort=False)
    ]


def _same_place(members: Iterable[tuple[Position, ...]], a: Position, b: Position) -> bool:
    """Tell whether two positions are one place, on one route or at one junction."""

    def at(position: Position, member: Position) -> bool:
        near = abs(position.station_m - member.station_m) <= _SAME_PLACE_M
        return position.route == member.route and near

    if at(a, b):
        return True
    return any(any(at(a, m) for m in group) and any(at(b, m) for m in group) for group in members)
