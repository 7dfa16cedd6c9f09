"""All that is known of one place on the road."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from roadplan.corridor.position import Position


@dataclass(frozen=True, kw_only=True)
class Near:
    """The nearest thing of a kind, with the way to it along the road.

    Parameters
    ----------
    id, names
        Which one, and its name by language.
    distance_m
        Travel distance along the road, in metres.
    standing
        Where its position comes from.
    """

    id: str
    names: Mapping[str, str]
    distance_m: float
    standing: str


@dataclass(frozen=True, kw_only=True)
class Location:
    """All that is known of one place on the road.

    Parameters
    ----------
    position
        Route and station.
    lon, lat
        The point of the axis, in degrees (WGS 84).
    offset_m
        How far what was asked for lies off the axis, positive to the right of rising stations.
    posts
        Its posts, one for each posting.
    segment, contract, region
        Identifiers; None where there is none.
    nearest_place, nearest_depot
        The nearest along the road.
    standing
        Standing of the segment's attributes.
    """

    position: Position
    lon: float
    lat: float
    offset_m: float
    posts: tuple[str, ...]
    segment: str | None
    contract: str | None
    contract_names: Mapping[str, str] | None
    region: str | None
    region_names: Mapping[str, str] | None
    nearest_place: Near | None
    nearest_depot: Near | None
    standing: str | None

    def as_dict(self) -> dict[str, Any]:
        """Return plain values; metres to the millimetre, degrees to 0.1 m."""

        def near(thing: Near | None) -> dict[str, Any] | None:
            if thing is None:
                return None
            return asdict(thing) | {"distance_m": round(thing.distance_m, 1)}

        return {
            "route": self.position.route,
            "station_m": round(self.position.station_m, 3),
            "lon": round(self.lon, 7),
            "lat": round(self.lat, 7),
            "offset_m": round(self.offset_m, 3),
            "posts": list(self.posts),
            "segment": self.segment,
            "contract": self.contract,
            "contract_names": self.contract_names,
            "region": self.region,
            "region_names": self.region_names,
            "nearest_place": near(self.nearest_place),
            "nearest_depot": near(self.nearest_depot),
            "standing": self.standing,
        }

    def __str__(self) -> str:
        """Return the place as a short block of lines."""

        def near(thing: Near | None) -> str:
            if thing is None:
                return "none"
            name = thing.names.get("en") or thing.id
            mark = " (estimated position)" if thing.standing == "estimated" else ""
            return f"{name}, {thing.distance_m / 1000:.1f} km along the road{mark}"

        def named(key: str | None, names: Mapping[str, str] | None) -> str:
            if key is None:
                return "none"
            return f"{key} ({names['en']})" if names and names.get("en") else key

        side = ""
        if abs(self.offset_m) >= 0.5:
            hand = "right" if self.offset_m > 0 else "left"
            side = f", {abs(self.offset_m):,.0f} m to the {hand}"
        rows = {
            "Position": f"{self.position.route}@{self.position.station_m:.1f}{side}",
            "Posts": ", ".join(self.posts) or "none",
            "Coordinates": f"{self.lat:.5f}° N, {self.lon:.5f}° E",
            "Segment": self.segment or "none",
            "Contract": named(self.contract, self.contract_names),
            "Region": named(self.region, self.region_names),
            "Nearest place": near(self.nearest_place),
            "Nearest depot": near(self.nearest_depot),
        }
        return "\n".join(f"{title + ':':<15}{text}" for title, text in rows.items())
