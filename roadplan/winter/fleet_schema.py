"""What a fleet file holds: machines, crews, their classes and bases, described as data."""

from __future__ import annotations

from typing import Final

from roadplan.tables.schema import STANDINGS, Column, Kind, Table

CLASS_KINDS: Final = ("plough_truck", "echelon", "grader", "rotary_blower", "spreader")
"""What a crew can be."""

_DOMAIN: Final = "orders"


def _column(
    name: str,
    kind: Kind,
    description: str,
    labels: tuple[str, str, str],
    *,
    unit: str = "",
    required: bool = False,
    minimum: float | None = None,
    maximum: float | None = None,
    refers: str = "",
    choices: tuple[str, ...] = (),
) -> Column:
    ru, kk, en = labels
    return Column(
        name=name,
        kind=kind,
        description=description,
        unit=unit,
        required=required,
        minimum=minimum,
        maximum=maximum,
        refers=refers,
        choices=choices,
        labels={"ru": ru, "kk": kk, "en": en},
    )


_STANDING = _column(
    "standing",
    "choice",
    "Where the row comes from; empty means reported",
    ("Статус", "Мәртебесі", "Standing"),
    choices=STANDINGS,
)
_SOURCE = _column(
    "source", "text", "Who says so; the file's name where empty", ("Источник", "Дереккөз", "Source")
)
_CLASS = _column(
    "plough_class",
    "id",
    "Class of the crew, of this file or of the corridor",
    ("Класс", "Класы", "Class"),
    required=True,
    refers="plough_classes",
)
_DEPOT = _column(
    "depot",
    "id",
    "Base where it stands, of this file or of the corridor",
    ("База", "База", "Depot"),
    refers="depots",
)


def _ability(*, required: bool) -> tuple[Column, ...]:
    """Return the columns that say what a class, or one machine, can do."""
    return (
        _column(
            "plough_kmh",
            "number",
            "Speed with the plough down",
            ("Скорость с плугом, км/ч", "Соқамен жылдамдығы, км/сағ", "Ploughing, km/h"),
            unit="km/h",
            required=required,
            minimum=1,
            maximum=120,
        ),
        _column(
            "travel_kmh",
            "number",
            "Speed with the plough up",
            ("Скорость без плуга, км/ч", "Соқасыз жылдамдығы, км/сағ", "Travelling, km/h"),
            unit="km/h",
            required=required,
            minimum=1,
            maximum=120,
        ),
        _column(
            "width_m",
            "number",
            "Width cleared in one pass",
            ("Ширина захвата, м", "Тазалау ені, м", "Cleared width, m"),
            unit="m",
            required=required,
            minimum=0.5,
            maximum=40,
        ),
        _column(
            "max_depth_cm",
            "number",
            "Deepest snow it moves",
            ("Наибольшая высота снега, см", "Қардың ең үлкен қалыңдығы, см", "Deepest snow, cm"),
            unit="cm",
            required=required,
            minimum=0,
            maximum=1000,
        ),
        _column(
            "removal_t_h",
            "number",
            "Snow it can move in an hour; empty where that is no limit",
            ("Производительность, т/ч", "Өнімділігі, т/сағ", "Removal, t/h"),
            unit="t/h",
            minimum=1,
            maximum=100_000,
        ),
    )


CLASSES: Final = Table(
    name="plough_classes",
    description="Classes of crews; the corridor's own stand in for those that are not here",
    key=("plough_class",),
    domain=_DOMAIN,
    labels={"ru": "Классы", "kk": "Кластар", "en": "Classes"},
    columns=(
        _column(
            "plough_class",
            "id",
            "Identifier of the class",
            ("Класс", "Класы", "Class"),
            required=True,
        ),
        _column(
            "name_en", "text", "Name in English", ("Название (англ.)", "Атауы (ағыл.)", "Name")
        ),
        _column("name_ru", "text", "Name in Russian", ("Название", "Атауы (орыс.)", "Name (ru)")),
        _column("name_kk", "text", "Name in Kazakh", ("Название (каз.)", "Атауы", "Name (kk)")),
        _column(
            "kind",
            "choice",
            "What the crew is",
            ("Вид", "Түрі", "Kind"),
            required=True,
            choices=CLASS_KINDS,
        ),
        _column(
            "machines_per_crew",
            "integer",
            "Machines that go together as one crew",
            ("Машин в экипаже", "Экипаждағы машина", "Machines per crew"),
            minimum=1,
            maximum=20,
        ),
        *_ability(required=True),
        _column(
            "km_per_load",
            "number",
            "Kilometres it works between two refills of material or fuel; empty for no limit",
            ("Км на одну загрузку", "Бір жүкпен км", "km per load"),
            unit="km",
            minimum=1,
            maximum=5000,
        ),
        _column(
            "refill_min",
            "number",
            "Time a refill takes at a base",
            ("Загрузка, мин", "Толтыру, мин", "Refill, min"),
            unit="min",
            minimum=0,
            maximum=1440,
        ),
        _SOURCE,
    ),
)
"""Classes of crews."""

CREWS: Final = Table(
    name="crews",
    description="Crews and when they may work; alone enough where machines are as their class says",
    key=("crew",),
    domain=_DOMAIN,
    labels={"ru": "Экипажи", "kk": "Экипаждар", "en": "Crews"},
    columns=(
        _column(
            "crew", "id", "Identifier of the crew", ("Экипаж", "Экипаж", "Crew"), required=True
        ),
        _CLASS,
        _column(
            "depot",
            "id",
            "Base where it stands and rests",
            ("База", "База", "Depot"),
            required=True,
            refers="depots",
        ),
        _column(
            "duty_from",
            "text",
            "Time of day at which its duty may begin, as 20:00, local time; empty: at any time",
            ("Смена с", "Ауысым басы", "Duty from"),
        ),
        _column(
            "duty_until",
            "text",
            "Time of day by which its duty ends, as 08:00, local time; empty: at any time",
            ("Смена до", "Ауысым соңы", "Duty until"),
        ),
        _column(
            "longest_duty_h",
            "number",
            "Longest time from its first departure to its last arrival; empty for no limit",
            ("Наибольшая смена, ч", "Ең ұзақ ауысым, сағ", "Longest duty, h"),
            unit="h",
            minimum=0.25,
            maximum=240,
        ),
        _column(
            "returns",
            "choice",
            "Whether it must be back at its base at the end; empty means no",
            ("Возврат на базу", "Базаға қайту", "Returns to base"),
            choices=("yes", "no"),
        ),
        _column(
            "available_from",
            "datetime",
            "From when it can be used, local time; empty: now",
            ("Готов с", "Дайын болуы", "Available from"),
        ),
        _STANDING,
        _SOURCE,
    ),
)
"""Crews with their duties."""

MACHINES: Final = Table(
    name="machines",
    description="Single machines; those of one crew go together, others are crews by themselves",
    key=("machine",),
    domain=_DOMAIN,
    labels={"ru": "Машины", "kk": "Машиналар", "en": "Machines"},
    columns=(
        _column(
            "machine",
            "id",
            "Identifier of the machine, e.g. its plate",
            ("Машина", "Машина", "Machine"),
            required=True,
        ),
        _CLASS,
        _column(
            "crew",
            "id",
            "The crew it goes with; empty: a crew of its own",
            ("Экипаж", "Экипаж", "Crew"),
            refers="crews",
        ),
        _DEPOT,
        _column(
            "serviceable",
            "choice",
            "Whether it can be used; empty means yes",
            ("Исправна", "Жарамды", "Serviceable"),
            choices=("yes", "no"),
        ),
        _column(
            "available_from",
            "datetime",
            "From when it can be used, local time; empty: now",
            ("Готова с", "Дайын болуы", "Available from"),
        ),
        *_ability(required=False),
        _STANDING,
        _SOURCE,
    ),
)
"""Single machines."""

DEPOTS: Final = Table(
    name="depots",
    description="Bases that the corridor lacks, or whose places differ from it",
    key=("depot",),
    domain=_DOMAIN,
    labels={"ru": "Базы", "kk": "Базалар", "en": "Depots"},
    columns=(
        _column("depot", "id", "Identifier of the base", ("База", "База", "Depot"), required=True),
        _column(
            "name_en", "text", "Name in English", ("Название (англ.)", "Атауы (ағыл.)", "Name")
        ),
        _column("name_ru", "text", "Name in Russian", ("Название", "Атауы (орыс.)", "Name (ru)")),
        _column("name_kk", "text", "Name in Kazakh", ("Название (каз.)", "Атауы", "Name (kk)")),
        _column(
            "place",
            "post",
            "Kilometre post or route@metres where its way meets the road; empty: known already",
            ("Место", "Орны", "Place"),
        ),
        _column(
            "access_m",
            "number",
            "Way from the base to the road",
            ("Подъезд, м", "Кіреберіс, м", "Access, m"),
            unit="m",
            minimum=0,
            maximum=200_000,
        ),
        _column(
            "capacity",
            "integer",
            "Machines that can stand there; empty: as in the corridor",
            ("Мест", "Орын саны", "Capacity"),
            minimum=0,
            maximum=10_000,
        ),
        _SOURCE,
    ),
)
"""Bases."""

FLEET_TABLES: Final = (CREWS, MACHINES, CLASSES, DEPOTS)
"""Every table of a fleet file, in the order of its sheets."""
