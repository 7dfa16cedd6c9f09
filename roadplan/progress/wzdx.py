"""A Work Zone Data Exchange feed, version 4.2: work zones and detours for navigation services.

The Work Zone Data Exchange Specification (US Department of Transportation, 2023) is GeoJSON
(RFC 7946) with fields of its own. `wzdx_schema.json` states its documented rules; every feed is
checked against it before it is given out.
"""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from roadplan.corridor.model import Corridor
from roadplan.corridor.position import Position
from roadplan.errors import Fault, FaultsError, RoadplanError
from roadplan.progress.asof import AsOf
from roadplan.progress.exchange import geojson_geometry
from roadplan.progress.exchange_sources import report_sources
from roadplan.progress.items import WorkItems
from roadplan.progress.ledger import Ledger
from roadplan.progress.rollup import status
from roadplan.progress.wzdx_zones import Zone, find_zones, types_of_work

VERSION = "4.2"

_ZONE = dt.timezone(dt.timedelta(hours=5))
"""Work dates are days in the road's country, UTC+5."""

_MOST_TOLD = 20


@dataclass(frozen=True, kw_only=True)
class Feed:
    """A feed and what is in it.

    Parameters
    ----------
    feed
        The GeoJSON document.
    counts
        `work_zones`, `detours` and `features`; each zone has one feature for each direction.
    notes
        What the user should know: work that makes no zone.
    """

    feed: Mapping[str, Any] = field(repr=False)
    counts: Mapping[str, int]
    notes: tuple[str, ...] = ()


def work_zone_feed(
    ledger: Ledger,
    corridor: Corridor,
    items: WorkItems,
    as_of: AsOf,
    *,
    publisher: str,
    generated_at: dt.datetime,
    contact_name: str = "",
    contact_email: str = "",
    until: dt.date | None = None,
    zone: dt.tzinfo = _ZONE,
) -> Feed:
    """Return the work zones of unfinished work and the bypass roads in use as detours.

    A segment with unfinished work is one zone, each structure and rest area another; an event of
    the standard is on one direction of travel, so each has two features. The lanes that are closed
    are not known, so the impact is `unknown`, or `all-lanes-closed` where a bypass road is in use.

    Parameters
    ----------
    ledger
        The reports and baselines.
    corridor, items
        The road and its work.
    as_of
        The two times of the status.
    publisher
        The organisation that publishes the feed.
    generated_at
        When it is made; aware.
    contact_name, contact_email
        Who answers for it; left out where empty.
    until
        The expected end of work that no baseline ends after the date of the status. It is marked
        as not verified, as all ends of unfinished work are.
    zone
        Time zone of work dates.

    Raises
    ------
    RoadplanError
        The end of some work is not known.
    FaultsError
        The feed does not follow the standard, e.g. for an address that is none.
    """
    if not publisher.strip():
        raise RoadplanError("a feed names its publisher; give the organisation")
    found = status(items, ledger.history(), as_of)
    plans = ledger.baselines(recorded_by=as_of.recorded_at)
    zones = find_zones(
        corridor,
        found,
        report_sources(ledger, items, as_of),
        plans[-1].baseline if plans else None,
        until=until,
    )
    make = _Maker(
        corridor=corridor,
        ledger_id=ledger.id,
        groups={kind.id: kind.group for kind in items.types.values()},
        names={kind.id: kind.names["en"] for kind in items.types.values()},
        updated=moment(generated_at),
        zone=zone,
        detours={each.items[0].structure: each.key for each in zones.detours},
        worked=frozenset(each.key for each in zones.work),
    )
    features = [
        feature
        for kind, some in (("work-zone", zones.work), ("detour", zones.detours))
        for each in some
        for feature in make.features(each, kind)
    ]
    source: dict[str, Any] = {
        "data_source_id": make.source_id,
        "organization_name": publisher.strip(),
        "update_date": moment(generated_at),
    }
    info: dict[str, Any] = {
        "publisher": publisher.strip(),
        "version": VERSION,
        "update_date": moment(generated_at),
        "data_sources": [source],
    }
    info |= {
        name: text
        for name, text in (("contact_name", contact_name), ("contact_email", contact_email))
        if text
    }
    feed = {"feed_info": info, "type": "FeatureCollection", "features": features}
    faults = feed_faults(feed)
    if faults:
        raise FaultsError(faults, "The feed does not follow WZDx 4.2")
    return Feed(
        feed=feed,
        counts={
            "work_zones": len(zones.work),
            "detours": len(zones.detours),
            "features": len(features),
        },
        notes=zones.notes,
    )


@dataclass(frozen=True, kw_only=True)
class _Maker:
    """Makes the features of one feed."""

    corridor: Corridor
    ledger_id: str
    groups: Mapping[str, str]
    names: Mapping[str, str]
    updated: str
    zone: dt.tzinfo
    detours: Mapping[str, str]
    worked: frozenset[str]

    @property
    def source_id(self) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"roadplan:{self.ledger_id}"))

    def id_of(self, kind: str, key: str, *, rising: bool) -> str:
        """Return the id of a feature, the same in every feed of a ledger."""
        name = f"roadplan:{self.ledger_id}:{kind}:{key}:{'rising' if rising else 'falling'}"
        return str(uuid.uuid5(uuid.NAMESPACE_URL, name))

    def features(self, each: Zone, kind: str) -> Iterator[dict[str, Any]]:
        for rising in (True, False):
            yield {
                "id": self.id_of(kind, each.key, rising=rising),
                "type": "Feature",
                "properties": self._properties(each, kind, rising=rising),
                "geometry": self._geometry(each, rising=rising),
            }

    def _geometry(self, each: Zone, *, rising: bool) -> dict[str, Any] | None:
        axis = self.corridor.axis(each.route)
        line = axis.lines(np.array([each.from_m]), np.array([each.to_m]))[0]
        return geojson_geometry(line if rising else line.reverse())

    def _properties(self, each: Zone, kind: str, *, rising: bool) -> dict[str, Any]:
        begin, end = (each.from_m, each.to_m) if rising else (each.to_m, each.from_m)
        start = dt.datetime.combine(each.start, dt.time.min, self.zone)
        finish = dt.datetime.combine(each.end, dt.time.min, self.zone) + dt.timedelta(days=1)
        found: dict[str, Any] = {
            "core_details": self._core(each, kind, rising=rising),
            "start_date": moment(start),
            "end_date": moment(finish),
            "is_start_date_verified": each.start_verified,
            "is_end_date_verified": False,
        }
        posts = self._mileposts(each.route, begin, end)
        if posts is not None:
            found["beginning_milepost"], found["ending_milepost"] = posts
        if kind == "work-zone":
            found |= {
                "is_start_position_verified": False,
                "is_end_position_verified": False,
                "location_method": "other",
                "vehicle_impact": "all-lanes-closed" if each.closed else "unknown",
                "types_of_work": types_of_work(each, self.groups),
            }
        return found

    def _core(self, each: Zone, kind: str, *, rising: bool) -> dict[str, Any]:
        route = self.corridor.route(each.route)
        names = [name for name in dict.fromkeys(route.names.as_dict().values()) if name]
        works = ", ".join(dict.fromkeys(self.names[item.work_type] for item in each.items))
        posts = " – ".join(
            (self.corridor.posts(Position(each.route, at)) or [f"{each.route}@{at:.0f}"])[0]
            for at in (each.from_m, each.to_m)
        )
        description = each.description
        if kind == "detour":
            description += ". Drawn along the road that it leads around"
        core: dict[str, Any] = {
            "event_type": kind,
            "data_source_id": self.source_id,
            "road_names": names or [each.route],
            "direction": self._direction(each, rising=rising),
            "name": f"{works}, {posts}",
            "description": description,
            "update_date": self.updated,
        }
        related = self._related(each, kind, rising=rising)
        if related is not None:
            core["related_road_events"] = [related]
        return core

    def _related(self, each: Zone, kind: str, *, rising: bool) -> dict[str, str] | None:
        if kind == "detour":
            structure = each.items[0].structure
            if structure not in self.worked:
                return None
            return {
                "type": "related-work-zone",
                "id": self.id_of("work-zone", structure, rising=rising),
            }
        if each.key in self.detours:
            key = self.detours[each.key]
            return {"type": "related-detour", "id": self.id_of("detour", key, rising=rising)}
        return None

    def _mileposts(self, route: str, begin: float, end: float) -> tuple[float, float] | None:
        """Return the kilometre posts at both ends in the first posting that reaches them."""
        postings = self.corridor.postings
        for posting in postings.names:
            km = postings.post_km(posting, route, np.array([begin, end]))
            if np.isfinite(km).all() and (km >= 0).all():
                return round(float(km[0]), 3), round(float(km[1]), 3)
        return None

    def _direction(self, each: Zone, *, rising: bool) -> str:
        """Return the direction of travel by the straight line between the ends."""
        lon, lat = self.corridor.axis(each.route).points(np.array([each.from_m, each.to_m]))
        east = float(lon[1] - lon[0]) * float(np.cos(np.radians(lat.mean())))
        north = float(lat[1] - lat[0])
        if not rising:
            east, north = -east, -north
        if abs(north) >= abs(east):
            return "northbound" if north >= 0 else "southbound"
        return "eastbound" if east >= 0 else "westbound"


def moment(when: dt.datetime) -> str:
    """Return a moment in UTC as RFC 3339 writes it.

    Examples
    --------
    >>> moment(dt.datetime.fromisoformat("2024-05-01T00:00:00+05:00"))
    '2024-04-30T19:00:00Z'
    """
    return when.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def feed_text(feed: Mapping[str, Any]) -> str:
    """Return a feed as JSON text, one feature a line."""
    lines = ",\n".join(
        json.dumps(each, ensure_ascii=False, allow_nan=False) for each in feed["features"]
    )
    info = json.dumps(feed["feed_info"], ensure_ascii=False, allow_nan=False)
    return f'{{"feed_info": {info},\n"type": "FeatureCollection",\n"features": [\n{lines}\n]}}\n'


@cache
def feed_schema() -> Mapping[str, Any]:
    """Return the JSON schema of a feed (draft 2020-12)."""
    path = files("roadplan.progress").joinpath("wzdx_schema.json")
    schema: Mapping[str, Any] = json.loads(path.read_text("utf-8"))
    return schema


def feed_faults(feed: Mapping[str, Any]) -> list[Fault]:
    """Check a feed against the schema.

    Returns
    -------
    list of Fault
        What does not follow the standard, at most 20; `column` is the path in the document.
    """
    import jsonschema

    validator = jsonschema.Draft202012Validator(feed_schema())
    faults = []
    for error in validator.iter_errors(feed):
        faults.append(
            Fault(
                column=".".join(str(part) for part in error.absolute_path),
                value=str(error.instance)[:80],
                why=error.message[:300],
                remedy=f"the standard asks for {error.validator} here",
            )
        )
        if len(faults) >= _MOST_TOLD:
            break
    return faults
