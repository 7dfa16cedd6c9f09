"""What a plan is written as: the plan file with its schema, tables of crews and of stretches."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from roadplan.corridor import Position
from roadplan.tables.schema import Column, Kind, Table
from roadplan.winter.change import DIRECTIONS, pass_documents
from roadplan.winter.replay import Leg
from roadplan.winter.spoken_posts import SpokenPosts

if TYPE_CHECKING:
    from roadplan.winter.build import Board
    from roadplan.winter.planning import NightPlan
    from roadplan.winter.replay import Timetable

DOMAIN: Final = "orders"

KINDS: Final = ("plough", "travel", "refill")
"""What a leg of a crew can be, as tables and order sheets name it."""


def _column(
    name: str,
    kind: Kind,
    description: str,
    labels: tuple[str, str, str],
    *,
    unit: str = "",
    choices: tuple[str, ...] = (),
) -> Column:
    ru, kk, en = labels
    return Column(
        name=name,
        kind=kind,
        description=description,
        unit=unit,
        choices=choices,
        labels={"ru": ru, "kk": kk, "en": en},
    )


CREW_ORDERS: Final = Table(
    name="orders",
    description="What each crew does, one row for each leg, in local time",
    key=("crew", "number"),
    domain=DOMAIN,
    labels={"ru": "Наряды", "kk": "Тапсырмалар", "en": "Orders"},
    columns=(
        _column("crew", "id", "Crew", ("Экипаж", "Экипаж", "Crew")),
        _column("plough_class", "id", "Class", ("Класс", "Класы", "Class")),
        _column("number", "integer", "Number of the leg", ("№", "№", "No.")),
        _column("starts", "datetime", "Begins, local time", ("Начало", "Басталуы", "Starts")),
        _column("ends", "datetime", "Ends, local time", ("Окончание", "Аяқталуы", "Ends")),
        _column("what", "choice", "What it does", ("Работа", "Жұмыс", "What"), choices=KINDS),
        _column("from_posts", "text", "Where it begins", ("Откуда", "Қайдан", "From")),
        _column("to_posts", "text", "Where it ends", ("Куда", "Қайда", "To")),
        _column(
            "direction",
            "choice",
            "With rising stations or against them",
            ("Направление", "Бағыты", "Direction"),
            choices=DIRECTIONS,
        ),
        _column(
            "length_km",
            "number",
            "Length of the way",
            ("Длина, км", "Ұзындығы, км", "Length, km"),
            unit="km",
        ),
        _column(
            "strips",
            "integer",
            "Passes side by side that clear the carriageway",
            ("Проходов рядом", "Қатар өтулер", "Passes side by side"),
        ),
        _column("route", "id", "Route", ("Маршрут", "Бағыт", "Route")),
        _column("from_m", "number", "Station", ("От, м", "Басы, м", "From, m"), unit="m"),
        _column("to_m", "number", "Station", ("До, м", "Соңы, м", "To, m"), unit="m"),
    ),
)
"""Legs of crews."""

STRETCH_TABLE: Final = Table(
    name="stretches",
    description="Each carriageway of each stretch: its passes, waits and depths, in local time",
    key=("stretch",),
    domain=DOMAIN,
    labels={"ru": "Участки", "kk": "Учаскелер", "en": "Stretches"},
    columns=(
        _column("stretch", "id", "Stretch", ("Участок", "Учаске", "Stretch")),
        _column("from_posts", "text", "Where it begins", ("Откуда", "Қайдан", "From")),
        _column("to_posts", "text", "Where it ends", ("Куда", "Қайда", "To")),
        _column(
            "direction",
            "choice",
            "With rising stations or against them",
            ("Направление", "Бағыты", "Direction"),
            choices=DIRECTIONS,
        ),
        _column(
            "length_km", "number", "Length", ("Длина, км", "Ұзындығы, км", "Length, km"), unit="km"
        ),
        _column("passes", "integer", "Passes", ("Проходов", "Өту саны", "Passes")),
        _column("times", "text", "When they are done", ("Время проходов", "Өту уақыты", "Times")),
        _column(
            "longest_wait_h",
            "number",
            "Longest time without a pass",
            ("Наибольший перерыв, ч", "Ең ұзақ үзіліс, сағ", "Longest wait, h"),
            unit="h",
        ),
        _column(
            "depths_cm",
            "text",
            "Expected depth before each pass",
            ("Снег перед проходами, см", "Өту алдындағы қар, см", "Depth before passes, cm"),
            unit="cm",
        ),
        _column(
            "deepest_cm",
            "number",
            "Expected depth at its greatest",
            ("Наибольшая высота снега, см", "Ең қалың қар, см", "Greatest depth, cm"),
            unit="cm",
        ),
        _column(
            "cost_veh_h",
            "number",
            "Expected delay by the plan",
            ("Задержка, маш·ч", "Кідіріс, көлік·сағ", "Delay, veh·h"),
            unit="veh·h",
        ),
        _column(
            "uncleared_veh_h",
            "number",
            "Expected delay if nobody cleared it",
            ("Задержка без очистки, маш·ч", "Тазаламаса, көлік·сағ", "Delay uncleared, veh·h"),
            unit="veh·h",
        ),
        _column(
            "late_h",
            "number",
            "Expected hours beyond the limit of the time to clear; empty without limits",
            ("Сверх норматива, ч", "Нормативтен тыс, сағ", "Beyond the limit, h"),
            unit="h",
        ),
    ),
)
"""Stretches under a plan."""

PLAN_SCHEMA: Final[Mapping[str, Any]] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "roadplan winter plan, version 1",
    "type": "object",
    "required": ["format", "version", "problem", "summary", "crews"],
    "properties": {
        "format": {"const": "roadplan-winter-plan"},
        "version": {"const": 1, "description": "Rises when a key changes its meaning"},
        "problem": {"type": "string", "description": "Fingerprint of the arrays of problem.npz"},
        "title": {"type": "string"},
        "start": {"type": "string", "description": "Moment 0, ISO 8601 with its time zone"},
        "slots": {"type": "integer", "minimum": 1},
        "slot_minutes": {"type": "number", "exclusiveMinimum": 0},
        "storm": {
            "type": "object",
            "properties": {
                "source": {"type": "string"},
                "members": {"type": "integer"},
                "synthetic": {"type": "boolean"},
            },
        },
        "fleet": {
            "type": "object",
            "properties": {"source": {"type": "string"}, "estimated": {"type": "boolean"}},
        },
        "summary": {
            "type": "object",
            "required": ["cost", "bound", "gap", "delay_veh_h", "delay_veh_h_interval"],
            "properties": {
                "cost": {"type": "number", "description": "Of the plan in problem.npz, veh·h"},
                "bound": {
                    "type": ["number", "null"],
                    "description": "No plan costs less; null where none was proven in time",
                },
                "gap": {"type": ["number", "null"], "description": "(cost - bound) / cost"},
                "status": {"type": "string"},
                "uncleared_cost": {"type": "number", "description": "If nobody clears anything"},
                "floor_cost": {
                    "type": "number",
                    "description": "With crews without end: delay that no plan can avoid",
                },
                "delay_veh_h": {
                    "type": ["number", "null"],
                    "description": "Simulated with queues and stuck vehicles, continuous time",
                },
                "delay_veh_h_interval": {
                    "type": ["array", "null"],
                    "items": {"type": "number"},
                    "minItems": 2,
                    "maxItems": 2,
                    "description": "95 % interval of the mean over members and draws",
                },
                "reasons": {"type": "array", "items": {"type": "string"}},
                "change": {
                    "type": "object",
                    "description": "Passes kept of a former plan, and what departing from it costs",
                    "required": ["kept", "new", "dropped", "cost_veh_h"],
                    "properties": {
                        "kept": {"type": "integer"},
                        "new": {"type": "integer"},
                        "dropped": {"type": "integer"},
                        "cost_veh_h": {"type": "number"},
                    },
                },
                "service": {
                    "type": "object",
                    "description": "Carriageways that miss the limit of the time to clear",
                    "required": ["mode", "carriageways", "missed", "late_h", "impossible"],
                    "properties": {
                        "mode": {"enum": ["soft", "hard"]},
                        "carriageways": {"type": "integer"},
                        "missed": {"type": "integer", "description": "In some member"},
                        "missed_in_half": {"type": "integer", "description": "In half of them"},
                        "late_h": {"type": "number", "description": "Expected hours, summed"},
                        "longest_late_h": {"type": "number"},
                        "penalty_veh_h": {"type": "number", "description": "Part of the cost"},
                        "impossible": {
                            "type": "boolean",
                            "description": "The bound proves that no plan keeps all limits",
                        },
                    },
                },
                "reweighting": {
                    "type": "object",
                    "description": "Weights from the simulation, and delay of the plans made",
                    "required": ["delay_veh_h", "chosen", "least", "most", "saved_share"],
                },
                "cost_without_change": {
                    "type": "number",
                    "description": "The cost less that of departing from the former plan",
                },
            },
        },
        "simulated": {
            "type": "array",
            "description": "The plan and what it is compared with, under the same draws",
            "items": {"type": "object", "required": ["plan", "delay_veh_h"]},
        },
        "notes": {"type": "array", "items": {"type": "string"}},
        "passes": {
            "type": "array",
            "description": "Every pass on the road and in absolute time, by whole slots",
            "items": {
                "type": "object",
                "required": ["crew", "route", "from_m", "to_m", "direction", "done"],
                "properties": {
                    "crew": {"type": "string"},
                    "route": {"type": "string"},
                    "from_m": {"type": "number"},
                    "to_m": {"type": "number"},
                    "direction": {"enum": list(DIRECTIONS)},
                    "done": {"type": "string", "format": "date-time"},
                },
            },
        },
        "crews": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["crew", "class", "moves"],
                "properties": {
                    "crew": {"type": "string"},
                    "class": {"type": "string"},
                    "base": {"type": "string"},
                    "moves": {
                        "type": "array",
                        "description": "In slots, arcs as in problem.npz",
                        "items": {
                            "type": "object",
                            "required": ["slot", "slots", "kind", "arc"],
                            "properties": {
                                "slot": {"type": "integer"},
                                "slots": {"type": "integer", "minimum": 1},
                                "kind": {"enum": ["wait", "travel", "plough", "refill"]},
                                "arc": {"type": "integer"},
                            },
                        },
                    },
                    "orders": {
                        "type": "array",
                        "description": "The same in continuous local time, with posts",
                        "items": {"type": "object"},
                    },
                },
            },
        },
    },
}
"""JSON Schema of ``plan.json``."""


def plan_document(planned: NightPlan) -> dict[str, Any]:
    """Return a plan as plain values, as ``plan.json`` holds it; see :data:`PLAN_SCHEMA`."""
    board, plan = planned.board, planned.plan
    night = board.night
    base: dict[str, Any] = json.loads(plan.to_json(board.problem))
    orders = crew_frame(board, planned.timetable).to_dict("records")
    for entry, duty in zip(base["crews"], board.duties, strict=True):
        entry["base"] = duty.crew.base
        entry["orders"] = [
            {k: v for k, v in row.items() if k not in ("crew", "plough_class") and _is_value(v)}
            for row in orders
            if row["crew"] == duty.name
        ]
    return {
        "format": base["format"],
        "version": base["version"],
        "problem": base["problem"],
        "title": board.problem.title,
        "start": night.start.isoformat(),
        "slots": night.slots.count,
        "slot_minutes": night.slots.minutes,
        "storm": {
            "source": night.storm.source,
            "members": night.members,
            "synthetic": night.storm.synthetic,
        },
        "fleet": {"source": board.fleet.source, "estimated": board.fleet.estimated},
        "summary": base["summary"],
        "simulated": planned.comparison,
        "notes": [*planned.warnings, *board.notes],
        "passes": pass_documents(plan, board.problem, night, board.items),
        "crews": base["crews"],
    }


def _is_value(value: object) -> bool:
    return value != "" and not (isinstance(value, float) and math.isnan(value))


def plan_json(planned: NightPlan) -> str:
    """Return the text of ``plan.json``."""
    return json.dumps(plan_document(planned), ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def crew_frame(board: Board, timetable: Timetable, *, language: str = "") -> pd.DataFrame:
    """Return every leg of every crew in continuous local time; ways of several hops are one.

    Places are named as people say them in a language; without one as every command reads them.
    """
    say = _Places(board, language)
    rows: list[dict[str, Any]] = []
    for number, (duty, legs) in enumerate(zip(board.duties, timetable.legs, strict=True)):
        k = int(board.problem.crew_class[number])
        for at, leg in enumerate(joined_legs(legs), start=1):
            rows.append(
                {
                    "crew": duty.name,
                    "plough_class": board.class_crew[k].crew_class,
                    "number": at,
                    "starts": _stamp(board, leg.start_h),
                    "ends": _stamp(board, leg.end_h),
                    "what": leg.kind,
                    **_where(board, leg, say),
                }
            )
    return pd.DataFrame(rows, columns=list(CREW_ORDERS.names))


def joined_legs(legs: tuple[Leg, ...]) -> list[Leg]:
    """Return legs with ways that follow each other without a stop as one."""
    found: list[Leg] = []
    for leg in legs:
        last = found[-1] if found else None
        if (
            last is not None
            and last.kind == leg.kind == "travel"
            and leg.start_h - last.end_h < 0.25
        ):
            found[-1] = replace(last, end_h=leg.end_h, planned_end_h=leg.planned_end_h, end=leg.end)
        else:
            found.append(leg)
    return found


def _stamp(board: Board, hours: float) -> str:
    """Return a local time to the minute, without its zone, as spreadsheets know it."""
    minutes = round(hours * 60)
    return board.night.moment(minutes / 60).replace(tzinfo=None).isoformat(timespec="minutes")


def _where(board: Board, leg: Leg, say: _Places) -> dict[str, Any]:
    """Return where a leg runs."""
    start, end = board.places[leg.start], board.places[leg.end]
    row: dict[str, Any] = {
        "from_posts": say.node(leg.start),
        "to_posts": say.node(leg.end),
        "direction": "",
        "length_km": round(float(board.travel_m[leg.start, leg.end]) / 1000.0, 1),
        "strips": math.nan,
        "route": start.route if start.route == end.route else "",
        "from_m": round(start.station_m, 1),
        "to_m": round(end.station_m, 1),
    }
    if leg.kind == "plough":
        items = board.items
        route, low, high = items.stretch(leg.item, board.night.road)
        rising = int(items.direction[leg.item]) == 0
        first, last = (low, high) if rising else (high, low)
        row |= {
            "from_posts": say.posts(Position(route, first)),
            "to_posts": say.posts(Position(route, last)),
            "direction": DIRECTIONS[0 if rising else 1],
            "length_km": round(float(items.length_m[leg.item]) / 1000.0, 1),
            "strips": leg.strips,
            "route": route,
            "from_m": round(first, 1),
            "to_m": round(last, 1),
        }
    return row


class _Places:
    """Names places in a language, or without one by ids and posts that every command reads."""

    def __init__(self, board: Board, language: str) -> None:
        self._board, self._language = board, language
        self._spoken = SpokenPosts(board.night.corridor, language) if language else None

    def posts(self, place: Position) -> str:
        """Return the posts of a place."""
        return self._board.posts(place) if self._spoken is None else self._spoken.text(place)

    def node(self, node: int) -> str:
        """Return a node: the base, and its posts."""
        text = self.posts(self._board.places[node])
        depot = self._board.depot_of[node]
        if depot and self._language:
            depot = self._board.fleet.bases[depot].names[self._language] or depot
        return f"{depot} ({text})" if depot else text


def stretch_frame(planned: NightPlan, *, language: str = "") -> pd.DataFrame:
    """Return each carriageway of each stretch with its passes, waits and depths.

    Places are named as people say them in a language; without one as every command reads them.
    """
    board = planned.board
    say = _Places(board, language)
    slots, slot_h = board.problem.slots, board.night.slots.hours
    done: list[list[float]] = [[] for _ in range(len(board.items))]
    for legs in planned.timetable.legs:
        for leg in legs:
            if leg.kind == "plough":
                done[leg.item].append(leg.end_h)
    service = planned.service
    cost = board.problem.cost
    if board.costs.change_veh_h is not None:
        # A stretch costs its delay; what was changed is told of the whole plan.
        cost = cost - board.costs.change_veh_h
    rows = []
    for item, moments in enumerate(planned.plan.passes(board.problem)):
        stops = [0, *(m for m in moments if m < slots), slots]
        pairs = list(itertools.pairwise(stops))
        route, low, high = board.items.stretch(item, board.night.road)
        rising = int(board.items.direction[item]) == 0
        first, last = (low, high) if rising else (high, low)
        times = sorted(done[item])
        waits = [b - a for a, b in zip([0.0, *times], [*times, slots * slot_h], strict=True)]
        depth = board.costs.depth_cm[item]
        rows.append(
            {
                "stretch": str(board.problem.item_name[item]),
                "from_posts": say.posts(Position(route, first)),
                "to_posts": say.posts(Position(route, last)),
                "direction": DIRECTIONS[0 if rising else 1],
                "length_km": round(float(board.items.length_m[item]) / 1000.0, 1),
                "passes": len(times),
                "times": "; ".join(_stamp(board, hours)[5:].replace("T", " ") for hours in times),
                "longest_wait_h": round(max(waits), 2),
                "depths_cm": "; ".join(f"{depth[a, b]:.1f}" for a, b in pairs[:-1]),
                "deepest_cm": round(max(float(depth[a, a + 1 : b + 1].max()) for a, b in pairs), 1),
                "cost_veh_h": round(sum(float(cost[item, a, b]) for a, b in pairs), 2),
                "uncleared_veh_h": round(float(cost[item, 0, slots]), 2),
                "late_h": math.nan if service is None else round(float(service.late_h[item]), 2),
            }
        )
    return pd.DataFrame(rows, columns=list(STRETCH_TABLE.names))
