"""What one whole run makes: each step writes files and says what they are.

A step takes the run so far and returns entries for the index. Steps run in order; a later one
finds what an earlier one has left in `run.results`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from roadplan.corridor import Corridor
from roadplan.maps import Entry


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run: the corridor, where files go, and what was found on the way.

    Parameters
    ----------
    corridor
        The corridor.
    out
        The folder of the run.
    results
        Name → result of a step that later steps use.
    """

    corridor: Corridor
    out: Path
    results: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step.

    Parameters
    ----------
    title
        What it does, for the progress bar.
    make
        Makes it and returns the entries for the index.
    """

    title: str
    make: Callable[[Run], list[Entry]]


def _posture(run: Run) -> list[Entry]:
    from roadplan.tables.writing import write_workbook
    from roadplan.winter.posture import POSTURE_TABLE, plan_posture

    posture = plan_posture(run.corridor)
    run.results["posture"] = posture
    path = run.out / "posture.xlsx"
    frame = posture.table(run.corridor)
    write_workbook(path, {"posture": frame}, tables={"posture": POSTURE_TABLE}, language="ru")
    title = "Season's posture of the crews"
    purpose = "Depot and beat of every crew, with the hours between two passes"
    return [Entry(href=path.name, title=title, purpose=purpose, group="tables")]


def _map(run: Run) -> list[Entry]:
    from roadplan.maps import corridor_map
    from roadplan.maps.posture_layer import add_posture

    page = add_posture(corridor_map(run.corridor), run.corridor, run.results["posture"])
    path = page.save(run.out / "corridor.html")
    title = "Map of the corridor"
    purpose = "Contracts, structures, rest areas, depots and beats; works without a network"
    return [Entry(href=path.name, title=title, purpose=purpose)]


def _exports(run: Run) -> list[Entry]:
    from roadplan.corridor.exchange import export

    (path,) = export(run.corridor, run.out / "corridor.gpkg")
    title = "The corridor as GeoPackage"
    purpose = "Every table with its geometry, for QGIS and other programs"
    return [Entry(href=path.name, title=title, purpose=purpose, group="exports")]


def _template(run: Run) -> list[Entry]:
    from roadplan.corridor.inventory_schema import write_inventory_template

    path = run.out / "inventory-template.xlsx"
    write_inventory_template(path, run.corridor, language="ru")
    title = "Template for your own inventory"
    purpose = "A workbook to fill in; roadplan corridor import merges it over the estimates"
    return [Entry(href=path.name, title=title, purpose=purpose, group="tables")]


STEPS: tuple[Step, ...] = (
    Step(title="Placing the crews for the season", make=_posture),
    Step(title="Drawing the map of the corridor", make=_map),
    Step(title="Exporting the corridor", make=_exports),
    Step(title="Writing the inventory template", make=_template),
)
"""The steps of a run, in order."""
