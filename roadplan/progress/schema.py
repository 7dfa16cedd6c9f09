"""The tables of the work breakdown, as data: optional files of a corridor folder.

A corridor that has none of its own is measured by the work types that come with roadplan.
"""

from __future__ import annotations

from roadplan.tables.schema import STANDINGS, Column, Table

MEASURES = ("stretch", "amount", "milestones")
"""How work is measured: stretches done, amounts to date over a stretch, or stages reached."""

GROUPS = (
    "pavement",
    "structure",
    "detour",
    "rest_area",
    "sanitary",
    "furniture",
    "utilities",
    "procurement",
    "opening",
)
"""Kinds of work that people speak of together."""

CARRIERS = ("segments", "structures", "detours", "rest_areas", "sanitary", "contracts")
"""What items of a work type are made for: one each."""

_STANDING = Column(
    name="standing",
    kind="choice",
    choices=STANDINGS,
    required=True,
    description="Where the row comes from: stated by a source, measured, or estimated by a rule",
)
_SOURCE = Column(
    name="source",
    kind="text",
    required=True,
    description="Who said it, or the rule by which it was estimated",
)


def _names() -> tuple[Column, ...]:
    languages = {"en": "English", "ru": "Russian", "kk": "Kazakh"}
    return tuple(
        Column(
            name=f"name_{code}", kind="text", required=code == "en", description=f"Name in {name}"
        )
        for code, name in languages.items()
    )


WORK_TYPES = Table(
    name="work_types",
    description="Types of work and how each is measured",
    key=("work_type",),
    columns=(
        Column(
            name="work_type", kind="id", required=True, description="Identifier of the work type"
        ),
        *_names(),
        Column(
            name="group",
            kind="choice",
            choices=GROUPS,
            required=True,
            description="What people count it among",
        ),
        Column(
            name="measure",
            kind="choice",
            choices=MEASURES,
            required=True,
            description="Stretches done, amounts to date over a stretch, or stages reached",
        ),
        Column(name="unit", kind="text", required=True, description="Unit of its quantity"),
        Column(
            name="on",
            kind="choice",
            choices=CARRIERS,
            required=True,
            description="What has one item each: segments of contracts, assets, or contracts",
        ),
        Column(
            name="kinds",
            kind="text",
            description="Kinds of structure it is for, separated by semicolons; empty: all",
        ),
        Column(
            name="per_km",
            kind="number",
            minimum=0,
            unit="1/km",
            description="Quantity for each kilometre of road; empty for milestones",
        ),
        Column(
            name="unit_weight",
            kind="number",
            required=True,
            minimum=0,
            description="Weight of one unit in a roll-up",
        ),
        Column(
            name="physical",
            kind="flag",
            description="Yes where it counts in physical completion",
        ),
        Column(
            name="shows",
            kind="choice",
            choices=("surfaced", "open"),
            description="The kilometre figure that its done stretches make up, if any",
        ),
        Column(
            name="after",
            kind="text",
            description="Work types that come before at the same place, separated by semicolons",
        ),
        Column(
            name="waits_to",
            kind="choice",
            choices=("start", "finish"),
            required=True,
            description="Whether it waits for them to start or only to finish",
        ),
        Column(
            name="season",
            kind="id",
            required=True,
            description="Season class: when in the year it can go on",
        ),
        _STANDING,
        _SOURCE,
        Column(name="note", kind="text", description="Anything a reader should know"),
    ),
)

STAGES = Table(
    name="stages",
    description="Stages of work that is measured by milestones",
    key=("work_type", "stage"),
    columns=(
        Column(
            name="work_type",
            kind="id",
            required=True,
            refers="work_types",
            description="The work type",
        ),
        Column(
            name="stage", kind="id", required=True, description="Identifier within the work type"
        ),
        Column(
            name="seq", kind="integer", required=True, minimum=1, description="Order of the stages"
        ),
        *_names(),
        Column(
            name="share",
            kind="number",
            required=True,
            minimum=0,
            maximum=1,
            unit="0–1",
            description="Share of the whole work that the stage itself is; together 1",
        ),
        Column(
            name="traffic",
            kind="flag",
            description="Yes where traffic runs on the bypass road while it is at this stage",
        ),
        _STANDING,
        _SOURCE,
    ),
)

TABLES = {table.name: table for table in (WORK_TYPES, STAGES)}
"""All tables of the work breakdown by name."""
