"""Completion on the map: one layer for each type of work, as of a moment."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from roadplan.corridor.position import Position
from roadplan.errors import RoadplanError
from roadplan.i18n import LANGUAGES, translate
from roadplan.maps import palette
from roadplan.maps.chart_paper import DOMAIN
from roadplan.maps.layers import Feature, Field, Layer, Style, Symbol

if TYPE_CHECKING:
    from roadplan.corridor.model import Corridor
    from roadplan.maps.page import Page
    from roadplan.progress.rollup import Status

_SIDE_PX = -13.0
_HALF = 0.5

CLASSES = ("none", "zero", "some", "most", "done", "estimated")
"""Classes of completion in the order of the legend; no report and estimates stand by themselves."""

_LOOKS: Mapping[str, tuple[str, str, tuple[float, ...], float, bool]] = {
    "none": ("No report", palette.GREY, (0.1, 10), 8, True),
    "zero": ("Not begun", palette.BLACK, (2, 5), 9, False),
    "some": ("Under 50 %", palette.VERMILLION, (6, 6), 10, False),
    "most": ("50 % and more", palette.ORANGE, (14, 4), 10, False),
    "done": ("Complete", palette.BLUE, (), 10, False),
    "estimated": ("Estimated", palette.PURPLE, (10, 3, 2, 3), 10, False),
}
_SYMBOLS: Mapping[str, Symbol] = {
    "none": "circle",
    "zero": "square",
    "some": "triangle_down",
    "most": "triangle",
    "done": "star",
    "estimated": "diamond",
}


def completion_class(completion: float, *, estimated: bool) -> str:
    """Return the class of a completion: one of :data:`CLASSES`.

    Parameters
    ----------
    completion
        Share done, 0–1; NaN where nobody reported.
    estimated
        Whether the weakest report that counts is an estimate.

    Examples
    --------
    >>> completion_class(0.4, estimated=False), completion_class(float("nan"), estimated=True)
    ('some', 'none')
    """
    if math.isnan(completion):
        return "none"
    if estimated:
        return "estimated"
    if completion >= 1:
        return "done"
    if completion <= 0:
        return "zero"
    return "some" if completion < _HALF else "most"


def add_progress(
    page: Page, corridor: Corridor, status: Status, *, work_types: Iterable[str] = ()
) -> Page:
    """Add the completion of the works to a map of the corridor and return the page.

    Parameters
    ----------
    page
        The corridor's map.
    corridor, status
        The road, and the state of its works as of a moment.
    work_types
        The types to show; all of them by default.
    """
    page.domains = (*page.domains, DOMAIN) if DOMAIN not in page.domains else page.domains
    for layer in progress_layers(corridor, status, work_types=work_types):
        page.add(layer)
    return page


def progress_layers(
    corridor: Corridor, status: Status, *, work_types: Iterable[str] = ()
) -> list[Layer]:
    """Return one layer for each type of work that lies on the road, switched off at first.

    Raises
    ------
    RoadplanError
        There is no such work type, or it lies nowhere on the road.
    """
    frame = status.frame
    placed = frame[(frame["route"] != "") & (frame["group"] != "procurement")]
    present = [name for name in status.items.types if (placed["work_type"] == name).any()]
    wanted = list(work_types) or present
    unknown = [name for name in wanted if name not in present]
    if unknown:
        raise RoadplanError(
            f"no work of type '{unknown[0]}' lies on the road; there are {', '.join(present)}"
        )
    day = status.as_of.work_date.isoformat()
    contracts = {each.id: each.names.as_dict() for each in corridor.contracts}
    layers = []
    for name in wanted:
        kind = status.items.types[name]
        rows = placed[placed["work_type"] == name].to_dict("records")
        stages = {stage.id: dict(stage.names) for stage in kind.stages}
        layers.append(
            Layer(
                id=f"progress-{name}",
                title=_title(dict(kind.names)),
                features=[_feature(row, contracts, stages, day) for row in rows],
                styles=_styles(milestones=kind.measure == "milestones"),
                by="class",
                fields=(
                    Field(name="percent", label="Completion", kind="number", unit="{n} %"),
                    Field(name="stage", label="Stage", kind="names"),
                    Field(name="contract", label="Contract", kind="names"),
                    Field(name="day", label="As of", kind="date"),
                ),
                visible=False,
                order=25,
                # Short stretches beside the road would part where it bends.
                side_px=_SIDE_PX if kind.measure == "milestones" else 0.0,
            )
        )
    return layers


def _title(names: dict[str, str]) -> dict[str, str]:
    """Return the title of a layer by language."""
    return {
        language: translate("Completion: {name}", language, DOMAIN).replace(
            "{name}", names.get(language) or names["en"]
        )
        for language in LANGUAGES
    }


def _styles(*, milestones: bool) -> dict[str, Style]:
    found = {}
    for name in CLASSES:
        label, colour, dash, width, round_ends = _LOOKS[name]
        found[name] = Style(
            label=label,
            colour=colour,
            symbol=_SYMBOLS[name] if milestones else "",
            size_px=7,
            width_px=width,
            dash_px=dash,
            round_ends=round_ends,
            always=name in {"none", "done", "estimated"},
        )
    return found


def _feature(
    row: Mapping[Any, Any],
    contracts: Mapping[str, Mapping[str, str]],
    stages: Mapping[str, Mapping[str, str]],
    day: str,
) -> Feature:
    completion = float(row["completion"])
    estimated = row["report_standing"] == "estimated"
    percent = None if math.isnan(completion) else math.floor(100 * completion + 1e-9)
    properties = {
        "id": row["id"],
        "class": completion_class(completion, estimated=estimated),
        "percent": percent,
        "stage": stages.get(row["stage"]),
        "contract": contracts.get(row["contract"], {"en": str(row["contract"])}),
        "day": day,
        "standing": row["report_standing"],
    }
    if row["measure"] == "milestones" or row["from_m"] >= row["to_m"]:
        middle = (float(row["from_m"]) + float(row["to_m"])) / 2
        return Feature(properties=properties, at=Position(str(row["route"]), middle))
    along = (str(row["route"]), float(row["from_m"]), float(row["to_m"]))
    return Feature(properties=properties, along=along)
