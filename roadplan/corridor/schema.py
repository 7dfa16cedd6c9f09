"""The tables of a corridor, as data.

A corridor is a folder with one CSV per table. Only `routes` and `control_points` must be there; a
missing table is an empty one with its columns. Stations are metres along the route's axis from
its first control point; stretches are half open, ``[from_m, to_m)``.
"""

from __future__ import annotations

from roadplan.tables.schema import STANDINGS, Column, Table

_STANDING = Column(
    name="standing",
    kind="choice",
    choices=STANDINGS,
    required=True,
    description="Where the row comes from: stated by a source, measured, or estimated by a rule",
    labels={"ru": "Статус", "kk": "Мәртебесі", "en": "Standing"},
)
_SOURCE = Column(
    name="source",
    kind="text",
    required=True,
    description="Who said it, or the rule by which it was estimated",
    labels={"ru": "Источник", "kk": "Дереккөз", "en": "Source"},
)
_NOTE = Column(
    name="note",
    kind="text",
    description="Anything a reader should know",
    labels={"ru": "Примечание", "kk": "Ескерту", "en": "Note"},
)
_REPORTED = Column(
    name="reported_columns",
    kind="text",
    description=(
        "Columns of this row that are reported though its standing, that of its weakest value, "
        "is lower; separated by semicolons"
    ),
    labels={"ru": "Столбцы по сообщениям", "kk": "Хабарланған бағандар", "en": "Reported columns"},
)
_ROUTE = Column(
    name="route",
    kind="id",
    required=True,
    refers="routes",
    description="The route it lies on",
    labels={"ru": "Маршрут", "kk": "Бағыт", "en": "Route"},
)
_STATION = Column(
    name="station_m",
    kind="number",
    unit="m",
    required=True,
    minimum=0,
    description="Position along the route's axis",
    labels={"ru": "Пикетаж, м", "kk": "Пикетаж, м", "en": "Station, m"},
)
_FROM = Column(
    name="from_m",
    kind="number",
    unit="m",
    required=True,
    minimum=0,
    description="Station at which it begins",
    labels={"ru": "Начало, м", "kk": "Басы, м", "en": "From, m"},
)
_TO = Column(
    name="to_m",
    kind="number",
    unit="m",
    required=True,
    minimum=0,
    description="Station before which it ends",
    labels={"ru": "Конец, м", "kk": "Соңы, м", "en": "To, m"},
)
_CONTRACT = Column(
    name="contract",
    kind="id",
    refers="contracts",
    description="The contract it belongs to; empty where none",
    labels={"ru": "Контракт", "kk": "Келісімшарт", "en": "Contract"},
)
_POSTING = Column(
    name="posting",
    kind="id",
    refers="postings",
    description="The kilometre system of the posts in this row",
)
_LON = Column(
    name="lon",
    kind="number",
    unit="° east, WGS 84",
    required=True,
    minimum=-180,
    maximum=180,
    description="Longitude",
)
_LAT = Column(
    name="lat",
    kind="number",
    unit="° north, WGS 84",
    required=True,
    minimum=-90,
    maximum=90,
    description="Latitude",
)


def _key(name: str, description: str) -> Column:
    return Column(
        name=name,
        kind="id",
        required=True,
        description=description,
        labels={"ru": "Код", "kk": "Код", "en": "Id"},
    )


def _names(*, required: bool = True) -> tuple[Column, ...]:
    languages = {"en": "English", "ru": "Russian", "kk": "Kazakh"}
    headers = {"en": "Name (English)", "ru": "Название (рус.)", "kk": "Атауы (қаз.)"}
    return tuple(
        Column(
            name=f"name_{code}",
            kind="text",
            required=required and code == "en",
            description=f"Name in {language}; empty: the English name stands in"
            if code != "en"
            else "Name in English",
            labels={"ru": headers[code], "kk": headers[code], "en": f"Name ({language})"},
        )
        for code, language in languages.items()
    )


def _from_to_posts(*, required: bool = False) -> tuple[Column, Column]:
    return (
        Column(
            name="from_post_km",
            kind="number",
            unit="km",
            required=required,
            description="Kilometre post at the beginning",
        ),
        Column(
            name="to_post_km",
            kind="number",
            unit="km",
            required=required,
            description="Kilometre post at the end",
        ),
    )


def _count(name: str, description: str, unit: str = "") -> Column:
    return Column(name=name, kind="integer", unit=unit, minimum=0, description=description)


def _number(
    name: str,
    description: str,
    unit: str,
    *,
    required: bool = False,
    minimum: float | None = 0,
    maximum: float | None = None,
) -> Column:
    return Column(
        name=name,
        kind="number",
        unit=unit,
        required=required,
        minimum=minimum,
        maximum=maximum,
        description=description,
    )


ROUTES = Table(
    name="routes",
    description="Alignments, each with its own axis",
    key=("route",),
    required=True,
    columns=(
        _key("route", "Identifier of the route"),
        *_names(),
        Column(
            name="kind",
            kind="choice",
            choices=("main", "branch", "bypass", "street"),
            required=True,
            description="What the route is to the corridor",
        ),
        Column(
            name="schematic",
            kind="flag",
            description="Yes where the axis is only a sketch: distances on it are no measurements",
        ),
        Column(
            name="time_zone",
            kind="text",
            description="Time zone of the tz database, the same on all routes; empty: UTC+05:00",
            labels={"ru": "Часовой пояс", "kk": "Уақыт белдеуі", "en": "Time zone"},
        ),
        _STANDING,
        _SOURCE,
        _NOTE,
    ),
)

CONTROL_POINTS = Table(
    name="control_points",
    description="The axis of each route as points in order; geodesics join them",
    key=("route", "seq"),
    shape="lonlat",
    required=True,
    columns=(
        _ROUTE,
        Column(
            name="seq", kind="integer", required=True, minimum=0, description="Order on the route"
        ),
        _LON,
        _LAT,
        _STANDING,
        _SOURCE,
    ),
)

JUNCTIONS = Table(
    name="junctions",
    description="Where routes meet: rows with one junction id are one place of the network",
    key=("junction", "route", "station_m"),
    shape="point",
    columns=(_key("junction", "Identifier of the place"), _ROUTE, _STATION, _STANDING, _SOURCE),
)

REGIONS = Table(
    name="regions",
    description="Which region a stretch lies in; its borders are where stretches meet",
    key=("route", "from_m"),
    shape="stretch",
    columns=(
        _key("region", "Identifier of the region"),
        *_names(),
        _ROUTE,
        _FROM,
        _TO,
        _STANDING,
        _SOURCE,
    ),
)

CONTRACTS = Table(
    name="contracts",
    description="Reconstruction contracts, and the stretches between them",
    key=("contract",),
    shape="stretch",
    columns=(
        _key("contract", "Identifier of the contract"),
        *_names(),
        Column(
            name="kind",
            kind="choice",
            choices=("contract", "between"),
            required=True,
            description="A contract, or a stretch in no contract between two of them",
        ),
        _ROUTE,
        _FROM,
        _TO,
        _number("length_km_official", "Length by the contract", "km"),
        _POSTING,
        *_from_to_posts(),
        Column(name="pavement", kind="text", description="Pavement type"),
        _count("lots", "Lots the contract was let in"),
        Column(name="financing", kind="text", description="Who finances it"),
        Column(name="facts", kind="text", description="What is stated of the contract as a whole"),
        _STANDING,
        _SOURCE,
        _NOTE,
    ),
)

CONTRACT_FACTS = Table(
    name="contract_facts",
    description="Single figures stated of a contract as a whole; contradictions all stand",
    key=("contract", "what", "value", "place", "date"),
    columns=(
        Column(
            name="contract",
            kind="id",
            refers="contracts",
            required=True,
            description="The contract it speaks of",
        ),
        Column(name="what", kind="text", required=True, description="What is stated"),
        Column(name="value", kind="number", required=True, description="The figure"),
        Column(name="unit", kind="text", required=True, description="Its unit"),
        Column(
            name="place",
            kind="id",
            refers="places",
            description="The settlement it is about, where it is about one",
        ),
        Column(name="date", kind="partial_date", description="Date of the statement"),
        _STANDING,
        _SOURCE,
        _NOTE,
    ),
)

POSTINGS = Table(
    name="postings",
    description="Kilometre systems in use on the corridor",
    key=("posting",),
    columns=(
        _key("posting", "Identifier as written before a post (`m36:1610`)"),
        *_names(),
        Column(
            name="aliases",
            kind="text",
            description="Other ways to write it, separated by semicolons",
        ),
        _STANDING,
        _SOURCE,
        _NOTE,
    ),
)

POSTING_BREAKS = Table(
    name="posting_breaks",
    description=(
        "Posts along a route between known marks: linear inside a row, free to jump or to repeat "
        "between rows. The station and the post at each end are the calibration marks"
    ),
    key=("posting", "route", "from_m"),
    shape="stretch",
    columns=(
        Column(
            name="posting",
            kind="id",
            required=True,
            refers="postings",
            description="The kilometre system",
        ),
        _ROUTE,
        _FROM,
        _TO,
        *_from_to_posts(required=True),
        Column(name="from_mark", kind="text", description="What the mark at the beginning is"),
        Column(name="to_mark", kind="text", description="What the mark at the end is"),
        _STANDING,
        _SOURCE,
    ),
)

PLACES = Table(
    name="places",
    description="Towns and villages along the road",
    key=("place",),
    shape="lonlat",
    columns=(
        _key("place", "Identifier of the place"),
        *_names(),
        _LON,
        _LAT,
        _ROUTE,
        _STATION,
        _number("offset_m", "Distance of its centre from the axis", "m"),
        Column(
            name="kind",
            kind="choice",
            choices=("city", "town", "village"),
            required=True,
            description="Size, for the map",
        ),
        _STANDING,
        _SOURCE,
    ),
)

SEGMENTS = Table(
    name="segments",
    description="Stretches with constant attributes, cut at contract ends, junctions and borders",
    key=("segment",),
    shape="stretch",
    columns=(
        _key("segment", "Identifier of the segment"),
        _ROUTE,
        _FROM,
        _TO,
        _CONTRACT,
        Column(name="region", kind="id", description="Region it lies in"),
        Column(
            name="carriageways",
            kind="integer",
            required=True,
            minimum=1,
            maximum=2,
            description="1: both directions on one; 2: one for each direction",
        ),
        Column(
            name="lanes",
            kind="integer",
            required=True,
            minimum=1,
            maximum=8,
            description="Lanes in each direction",
        ),
        Column(name="category", kind="text", description="Road category (I-a, I-b, II …)"),
        _number("free_speed_kmh", "Speed of free traffic", "km/h", required=True, minimum=5),
        Column(
            name="profile",
            kind="choice",
            choices=("embankment", "flush", "cutting"),
            description="Cross-section as drifting snow meets it",
        ),
        _REPORTED,
        _STANDING,
        _SOURCE,
    ),
)

STRUCTURES = Table(
    name="structures",
    description="Bridges, overpasses, interchanges, farm crossings and culverts",
    key=("structure",),
    shape="point",
    columns=(
        _key("structure", "Identifier of the structure"),
        Column(
            name="kind",
            kind="choice",
            choices=(
                "bridge",
                "overpass",
                "railway_overpass",
                "interchange",
                "farm_crossing",
                "culvert",
            ),
            required=True,
            description="What it is",
        ),
        *_names(required=False),
        _ROUTE,
        _STATION,
        _CONTRACT,
        _number("length_m", "Length of the structure", "m"),
        Column(name="obstacle", kind="text", description="What it crosses"),
        _REPORTED,
        _STANDING,
        _SOURCE,
        _NOTE,
    ),
)

STRUCTURE_COUNTS = Table(
    name="structure_counts",
    description=(
        "How many structures sources state, planned or built; where they contradict each other all "
        "stand. Culverts are known by these totals only"
    ),
    key=("structure_count",),
    columns=(
        _key("structure_count", "Identifier of the statement"),
        Column(
            name="contract",
            kind="id",
            refers="contracts",
            required=True,
            description="The contract it speaks of",
        ),
        Column(
            name="kind",
            kind="choice",
            choices=(
                "bridge",
                "bridge_or_railway_overpass",
                "overpass",
                "railway_overpass",
                "interchange",
                "farm_crossing",
                "culvert",
            ),
            required=True,
            description="What is counted",
        ),
        Column(name="count", kind="integer", required=True, minimum=0, description="How many"),
        Column(
            name="state",
            kind="choice",
            choices=("planned", "built", "stated"),
            required=True,
            description="Planned, built, or stated without saying which",
        ),
        _POSTING,
        *_from_to_posts(),
        Column(
            name="region",
            kind="id",
            description="Region of the contract that the count is limited to; empty: all of it",
        ),
        Column(name="date", kind="partial_date", description="Date of the statement"),
        Column(
            name="placed",
            kind="flag",
            required=True,
            description="Yes where `structures` holds this many in this scope",
        ),
        _STANDING,
        _SOURCE,
        _NOTE,
    ),
)

REST_AREAS = Table(
    name="rest_areas",
    description="Rest areas",
    key=("rest_area",),
    shape="point",
    columns=(
        _key("rest_area", "Identifier of the rest area"),
        *_names(required=False),
        _ROUTE,
        _STATION,
        Column(
            name="side",
            kind="choice",
            choices=("left", "right", "both"),
            description="Side of the road, looking along rising stations",
        ),
        _CONTRACT,
        Column(
            name="sanitary",
            kind="choice",
            choices=("yes", "no", "unknown"),
            required=True,
            description="Whether it has sanitary facilities",
        ),
        _REPORTED,
        _STANDING,
        _SOURCE,
        _NOTE,
    ),
)

DETOURS = Table(
    name="detours",
    description="Temporary bypass roads at structures under construction",
    key=("detour",),
    shape="stretch",
    columns=(
        _key("detour", "Identifier of the bypass road"),
        Column(
            name="structure",
            kind="id",
            refers="structures",
            required=True,
            description="The structure it leads around",
        ),
        _ROUTE,
        _FROM,
        _TO,
        _number("speed_kmh", "Speed allowed on it", "km/h"),
        Column(
            name="state",
            kind="choice",
            choices=("planned", "open", "closed", "unknown"),
            required=True,
            description="Whether traffic runs on it, by the latest report",
        ),
        Column(name="as_of", kind="partial_date", description="Date of that report"),
        Column(
            name="in_use_as_of",
            kind="partial_date",
            description="Latest report by which traffic still ran on it; empty where none says so",
        ),
        _STANDING,
        _SOURCE,
        _NOTE,
    ),
)

DEPOTS = Table(
    name="depots",
    description="Maintenance depots where machines stand",
    key=("depot",),
    shape="point",
    columns=(
        _key("depot", "Identifier of the depot"),
        *_names(),
        _ROUTE,
        _STATION,
        _number("access_m", "Way from the depot to the road", "m"),
        Column(
            name="capacity",
            kind="integer",
            required=True,
            minimum=0,
            description="Machines that can stand there",
        ),
        _STANDING,
        _SOURCE,
    ),
)

BARRIERS = Table(
    name="barriers",
    description="Barriers at which the road is closed",
    key=("barrier",),
    shape="point",
    columns=(
        _key("barrier", "Identifier of the barrier"),
        *_names(),
        _ROUTE,
        _STATION,
        _count("waiting_places", "Vehicles that can wait there off the road"),
        _STANDING,
        _SOURCE,
    ),
)

HEATING_POINTS = Table(
    name="heating_points",
    description="Heating points for travellers",
    key=("heating_point",),
    shape="point",
    columns=(
        _key("heating_point", "Identifier of the heating point"),
        *_names(),
        _ROUTE,
        _STATION,
        _count("people", "People it takes"),
        _STANDING,
        _SOURCE,
    ),
)

DRIFT_STRETCHES = Table(
    name="drift_stretches",
    description="Stretches prone to drifting snow",
    key=("drift_stretch",),
    shape="stretch",
    columns=(
        _key("drift_stretch", "Identifier of the stretch"),
        _ROUTE,
        _FROM,
        _TO,
        _number(
            "exposure",
            "Share of the stretch's length that is prone to drifts",
            "0–1",
            required=True,
            maximum=1,
        ),
        _STANDING,
        _SOURCE,
    ),
)

TRAFFIC = Table(
    name="traffic",
    description="Daily traffic along each route, both directions together",
    key=("route", "from_m"),
    shape="stretch",
    columns=(
        _ROUTE,
        _FROM,
        _TO,
        _number("aadt_veh_day", "Average daily traffic, both directions", "veh/day", required=True),
        _number("truck_share", "Share of heavy vehicles", "0–1", maximum=1),
        _number("bus_share", "Share of buses", "0–1", maximum=1),
        _number("weekend_factor", "Weekend traffic over the average day", "ratio"),
        _REPORTED,
        _STANDING,
        _SOURCE,
    ),
)

PLOUGH_CLASSES = Table(
    name="plough_classes",
    description="Classes of snow-clearing crews and what they can do",
    key=("plough_class",),
    columns=(
        _key("plough_class", "Identifier of the class"),
        *_names(),
        Column(
            name="kind",
            kind="choice",
            choices=("plough_truck", "echelon", "grader", "rotary_blower", "spreader"),
            required=True,
            description="What the crew is",
        ),
        Column(
            name="machines_per_crew",
            kind="integer",
            minimum=1,
            description="Machines that go together as one crew",
        ),
        _number("plough_kmh", "Speed with the plough down", "km/h", required=True, minimum=1),
        _number("travel_kmh", "Speed with the plough up", "km/h", required=True, minimum=1),
        _number("width_m", "Width cleared in one pass", "m", required=True, minimum=1),
        _number("max_depth_cm", "Deepest snow it moves", "cm", required=True, minimum=0),
        _number("removal_t_h", "Snow it can move in an hour", "t/h"),
        _STANDING,
        _SOURCE,
    ),
)

MACHINES = Table(
    name="machines",
    description="Snow-clearing crews of the corridor by class",
    key=("plough_class",),
    columns=(
        Column(
            name="plough_class",
            kind="id",
            required=True,
            refers="plough_classes",
            description="The class",
        ),
        Column(name="crews", kind="integer", required=True, minimum=0, description="Crews"),
        _STANDING,
        _SOURCE,
    ),
)

WINTER_FACTS = Table(
    name="winter_facts",
    description="What is stated about winter service and traffic, as stated",
    key=("what", "unit", "scope", "date"),
    columns=(
        Column(name="what", kind="text", required=True, description="What is counted"),
        Column(name="value", kind="number", required=True, description="The figure"),
        Column(name="unit", kind="text", description="Its unit and qualification, as stated"),
        Column(name="scope", kind="text", required=True, description="What the figure covers"),
        Column(name="date", kind="text", description="Date, n.d. where none was found"),
        _STANDING,
        _SOURCE,
    ),
)

CLOSURES = Table(
    name="closures",
    description="Reported winter closures",
    key=("closure",),
    columns=(
        _key("closure", "Identifier of the closure"),
        Column(name="start", kind="text", required=True, description="Start, ISO 8601 local time"),
        Column(name="end", kind="text", description="End, ISO 8601 local time"),
        _POSTING,
        *_from_to_posts(),
        Column(name="section", kind="text", description="Where, as stated"),
        Column(name="vehicles", kind="text", description="Which vehicles, as stated"),
        Column(name="reason", kind="text", description="Why, as stated"),
        _STANDING,
        _SOURCE,
    ),
)

REPORTS = Table(
    name="reports",
    description="Dated public reports on the works, as stated",
    key=("report",),
    columns=(
        _key("report", "Identifier of the report"),
        Column(
            name="date", kind="partial_date", required=True, description="Date of the statement"
        ),
        Column(
            name="contract",
            kind="id",
            description="Contract, or `corridor` for all of them",
            required=True,
        ),
        _POSTING,
        *_from_to_posts(),
        Column(name="item", kind="text", required=True, description="What is stated"),
        Column(name="value", kind="text", description="The figure or date, as stated"),
        Column(name="unit", kind="text", description="Its unit"),
        Column(name="as_stated", kind="text", description="The statement in short"),
        _STANDING,
        _SOURCE,
        _NOTE,
    ),
)

BACKGROUND = Table(
    name="background",
    description="Shores, rivers and region borders for the map, in a few dozen points",
    key=("feature", "seq"),
    shape="lonlat",
    columns=(
        _key("feature", "Identifier of the drawn feature"),
        Column(
            name="kind",
            kind="choice",
            choices=("lake", "river", "region_border"),
            required=True,
            description="How it is drawn; a lake is a closed ring",
        ),
        *_names(required=False),
        Column(
            name="seq", kind="integer", required=True, minimum=0, description="Order of the point"
        ),
        _LON,
        _LAT,
        _STANDING,
        _SOURCE,
    ),
)

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        ROUTES,
        CONTROL_POINTS,
        JUNCTIONS,
        REGIONS,
        CONTRACTS,
        POSTINGS,
        POSTING_BREAKS,
        PLACES,
        CONTRACT_FACTS,
        SEGMENTS,
        STRUCTURES,
        STRUCTURE_COUNTS,
        REST_AREAS,
        DETOURS,
        DEPOTS,
        BARRIERS,
        HEATING_POINTS,
        DRIFT_STRETCHES,
        TRAFFIC,
        PLOUGH_CLASSES,
        MACHINES,
        WINTER_FACTS,
        CLOSURES,
        REPORTS,
        BACKGROUND,
    )
}
"""Every table of a corridor by name, in the order in which they are read."""

ASSET_TABLES = (
    "structures",
    "rest_areas",
    "detours",
    "depots",
    "barriers",
    "heating_points",
)
"""Tables whose rows are assets: things on the road that can be looked up by one id."""
