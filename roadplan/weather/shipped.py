"""Storms that come with roadplan: drawn from their seeds on demand, over any road."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from roadplan.errors import RoadplanError
from roadplan.i18n import LANGUAGES
from roadplan.weather.generator import NOMINAL_START, synthetic_storm
from roadplan.weather.interpolation import segment_coords
from roadplan.weather.kinds import storm_kind
from roadplan.weather.parameters import Parameters
from roadplan.weather.road import Road
from roadplan.weather.storm import Storm


@dataclass(frozen=True, kw_only=True)
class ShippedStorm:
    """A storm that is drawn from a seed.

    Parameters
    ----------
    name
        Identifier.
    kind
        A key of :data:`roadplan.weather.kinds.KINDS`.
    hours, members, seed
        What it is drawn with.
    titles, descriptions
        Text by language.
    """

    name: str
    kind: str
    hours: int
    members: int
    seed: int
    titles: Mapping[str, str]
    descriptions: Mapping[str, str]

    def as_dict(self) -> dict[str, object]:
        """Return it as plain values, for JSON."""
        return {
            "name": self.name,
            "kind": self.kind,
            "title": dict(self.titles),
            "description": dict(self.descriptions),
            "hours": self.hours,
            "members": self.members,
            "seed": self.seed,
            "synthetic": True,
        }


@cache
def shipped_storms() -> Mapping[str, ShippedStorm]:
    """Return every storm that comes with roadplan, by name."""
    with files("roadplan.weather").joinpath("storms.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    return MappingProxyType(
        {
            row["name"]: ShippedStorm(
                name=row["name"],
                kind=row["kind"],
                hours=int(row["hours"]),
                members=int(row["members"]),
                seed=int(row["seed"]),
                titles={lang: row[f"title_{lang}"] for lang in LANGUAGES},
                descriptions={lang: row[f"description_{lang}"] for lang in LANGUAGES},
            )
            for row in rows
        }
    )


def shipped_storm(name: str) -> ShippedStorm:
    """Return one of them.

    Raises
    ------
    RoadplanError
        There is no storm of this name.
    """
    storms = shipped_storms()
    if name not in storms:
        raise RoadplanError(f"there is no storm '{name[:60]}'; there are {', '.join(storms)}")
    return storms[name]


def fresh_storm(
    kind: str, seed: int, *, hours: int | None = None, members: int = 50
) -> ShippedStorm:
    """Return the description of a storm of a kind with a seed of one's own."""
    recipe = storm_kind(kind)
    like = next(storm for storm in shipped_storms().values() if storm.kind == kind)
    return ShippedStorm(
        name=f"{kind}-{seed}",
        kind=kind,
        hours=recipe.hours if hours is None else hours,
        members=members,
        seed=seed,
        titles=like.titles,
        descriptions=like.descriptions,
    )


def draw(
    storm: ShippedStorm,
    road: Road,
    *,
    place: str = "segment",
    start: dt.datetime = NOMINAL_START,
    members: int | None = None,
    parameters: Parameters | None = None,
) -> Storm:
    """Draw a storm over a road.

    Parameters
    ----------
    storm
        Which.
    road
        Where.
    place
        ``segment`` for the road's segments, ``point`` for points at their middles, which can be
        brought to any other segments of the same routes.
    start
        When it begins.
    members
        How many; by default as described.
    parameters
        The model's numbers.
    """
    coords = {key: values[1] for key, values in segment_coords(road).items()}
    labels = coords.pop("segment")
    del coords["lon"], coords["lat"]
    if place == "point":
        middles = (road.from_m + road.to_m) / 2
        coords = {"route": coords["route"], "station_m": middles}
    return synthetic_storm(
        storm.kind,
        lon=road.lon,
        lat=road.lat,
        seed=storm.seed,
        hours=storm.hours,
        members=storm.members if members is None else members,
        start=start,
        place=place,
        places=list(road.ids) if labels is not None else None,
        coords=coords,
        title=storm.titles,
        parameters=parameters,
    )
