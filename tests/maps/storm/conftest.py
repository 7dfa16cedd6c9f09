"""Storms to look at: invented arrays on any corridor, and a crew that can be followed by hand."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from roadplan.corridor import Corridor
from roadplan.maps.storm_crews import Crew, Leg, Order
from roadplan.maps.storm_events import Chance, Closure, Interval, Jam, Proof, Stretch
from roadplan.maps.storm_view import Alternative, StormFacts, StormView

ASTANA = dt.timezone(dt.timedelta(hours=5))
ViewMaker = Callable[..., StormView]


def _stretches(corridor: Corridor, count: int) -> tuple[Stretch, ...]:
    """Cut the routes into pieces of about one length, both directions of each."""
    total = sum(route.length_m for route in corridor.routes.values())
    found = []
    for name, route in corridor.routes.items():
        pieces = max(round(count / 2 * route.length_m / total), 1)
        edges = np.linspace(0.0, route.length_m, pieces + 1)
        for low, high in itertools.pairwise(edges):
            found += [Stretch(name, float(low), float(high), way) for way in ("rising", "falling")]
    return tuple(found)


def _alternative(view: dict[str, Any], number: int, crews: tuple[Crew, ...]) -> Alternative:
    """Return an alternative that is the worse the higher its number; all of it is invented."""
    rng = np.random.default_rng(7)
    slots, stretches, runs = view["slots"], view["stretches"], view["runs"]
    hour = np.arange(slots)[:, None] / slots
    place = np.linspace(0.0, 1.0, len(stretches))[None]
    force = np.exp(-(((hour - 0.25 - 0.45 * place) / (0.16 + 0.05 * number)) ** 2))
    share = np.clip(force * (0.55 + 0.2 * number) + rng.normal(0, 0.03, force.shape), 0.0, 1.0)
    severity = np.digitize(share, [0.08, 0.25, 0.45, 0.8])
    level = np.where(share > 0.5, severity, np.maximum(severity - 1, 0))
    level[:, -2:] = severity[:, -2:] = -1
    probability = np.where(severity < 0, np.nan, np.where(severity == 0, 1 - share, share))
    hits = np.where(severity < 0, -1, np.round(share**2 * runs)).astype(int)
    worst = np.argwhere(severity >= 3)
    jams = tuple(
        Jam(slot=int(s), stretch=stretches[n], probability=float(share[s, n])) for s, n in worst
    )
    stretch = stretches[len(stretches) // 2]
    peak = slots // 2
    return Alternative(
        id=("plan", "beats", "nothing")[number],
        title=("The plan", "Equal beats", "Nothing cleared")[number],
        level=level,
        severity=severity,
        probability=probability,
        jam_hits=hits,
        jam_low=np.clip(share**2 - 0.1, 0, 1),
        jam_high=np.clip(share**2 + 0.12, 0, 1),
        delay_veh_h=Interval(
            12_300 + 5_000 * number, 10_200 + 4_500 * number, 14_800 + 6_000.0 * number
        ),
        saving_veh_h=Interval(5_000.0 * number, 3_900.0 * number, 6_200.0 * number)
        if number
        else None,
        chances=(
            Chance(event="jam", limit=5, share=Interval(0.32, 0.21, 0.46), hits=16, runs=50),
            Chance(event="closed", limit=3, share=Interval(0.1, 0.04, 0.21), hits=5, runs=50),
        ),
        proof=Proof(11_900.0, 11_757.0) if number == 0 else None,
        jams=jams,
        closures=(
            Closure(
                start=max(peak - 4, 0), end=min(peak + 4, slots), stretch=stretch, probability=0.4
            ),
            Closure(start=max(peak - 1, 0), end=slots, stretch=stretches[1], vehicles="heavy"),
        ),
        crews=crews if number < 2 else (),
    )


def _crews(corridor: Corridor, slots: int, count: int) -> tuple[Crew, ...]:
    """Return crews that go to and fro on the main route."""
    route = corridor.main_route
    classes = corridor.table("plough_classes").to_dict("records")
    names = {"en": "Crew", "ru": "Экипаж", "kk": "Экипаж"}
    found = []
    for k in range(count):
        row = classes[k % len(classes)]
        low, high = (route.length_m * (k + share) / count for share in (0.05, 0.95))
        orders = []
        for turn, start in enumerate(range(1, slots - 3, 4)):
            way = (low, high) if turn % 2 == 0 else (high, low)
            doing = "plough" if turn % 3 else "travel"
            orders.append(Order(start, start + 3, doing, (Leg(route.id, *way),)))
            orders.append(Order(start + 3, start + 4, "refill", (Leg(route.id, way[1], way[1]),)))
        found.append(
            Crew(
                id=f"c{k + 1}",
                names={code: f"{name} {k + 1}" for code, name in names.items()},
                class_names={code: row[f"name_{code}"] or row["name_en"] for code in names},
                kind=row["kind"],
                depot="D1",
                orders=tuple(orders),
                standing="estimated" if k % 2 else "",
            )
        )
    return tuple(found)


@pytest.fixture
def make_view() -> ViewMaker:
    """Give a function that makes an invented storm on a corridor."""

    def make(
        corridor: Corridor,
        *,
        slots: int = 12,
        stretches: int = 16,
        runs: int = 50,
        crews: int = 2,
        **changes: Any,
    ) -> StormView:
        common: dict[str, Any] = {
            "slots": slots,
            "stretches": _stretches(corridor, stretches),
            "runs": runs,
        }
        out = _crews(corridor, slots, crews)
        view = StormView(
            storm=StormFacts(
                names={"en": "Blizzard with snowfall", "ru": "Буран: снегопад с сильным ветром",
                       "kk": "Боран: қар және күшті жел"},
                issued=dt.datetime(2026, 1, 31, 6, tzinfo=dt.UTC),
                source="invented",
                synthetic=True,
            ),
            start=dt.datetime(2026, 1, 31, 18, tzinfo=ASTANA),
            slot_minutes=30,
            jam_km=5,
            alternatives=tuple(_alternative(common, k, out) for k in range(3)),
            estimated=("fleet", "traffic"),
            made_at=dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC),
            **common,
        )  # fmt: skip
        return replace(view, **changes) if changes else view

    return make
