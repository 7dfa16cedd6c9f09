"""What one whole run makes: each step writes files and says what they are.

A step takes the run so far and returns entries for the index. Steps run in order; a later one
finds what an earlier one has left in `run.results`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from roadplan.corridor import Corridor
from roadplan.i18n import LANGUAGES, translate
from roadplan.maps import Entry

if TYPE_CHECKING:
    import pandas as pd

_DEMO_STORM = "buran"
_DEMO_LIMIT_S = 4.0
_DEMO_DRAWS = 4
_EXERCISE = "Simulated exercise, no record of any road"
_PURPOSES = {
    "march": "Planned and actual work along the road and in time",
    "curves": "Plan, works done and forecast of the finish",
}


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run: the corridor, where files go, and what was found on the way.

    Parameters
    ----------
    corridor
        The corridor.
    out
        The folder of the run.
    ledger
        The ledger of the works; empty for none.
    today
        The day the run is made for.
    results
        Name → result of a step that later steps use.
    """

    corridor: Corridor
    out: Path
    ledger: str = ""
    today: dt.date
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


def _works(run: Run) -> list[Entry]:
    """Draw the works of a ledger; without one an exercise that says on its face that it is one."""
    from roadplan.maps.progress_charts import march_chart, s_curves
    from roadplan.progress import AsOf, open_ledger, status, work_items
    from roadplan.progress.forecast import Settings
    from roadplan.progress.forecast_ledger import forecast_items, progress_history

    road = run.corridor
    items = work_items(road)
    if run.ledger:
        with open_ledger(run.ledger) as ledger:
            known = ledger.history()
            plans = ledger.baselines()
        moment = AsOf(run.today)
        run.results["status"] = status(items, known, moment)
        frame = forecast_items(items, plans[-1].baseline if plans else None)
        history = progress_history(items, known, as_of=moment)
        today, note = run.today, None
    else:
        frame, history, today = _exercise(forecast_items(items))
        note = {language: translate(_EXERCISE, language, "run") for language in LANGUAGES}
    entries = []
    for contract in [each.id for each in road.contracts if each.kind == "contract"]:
        if contract not in set(history["item"].map(frame.set_index("item")["contract"])):
            continue
        charts: dict[str, Any] = {
            "march": march_chart(road, items, frame, history, contract, today=today, note=note)
        }
        if frame["planned_finish"].notna().any():
            settings = Settings(draws=1_000, seed=1)
            charts["curves"] = s_curves(
                road, frame, history, contract=contract, today=today, settings=settings, note=note
            )
        entries += _pictures(run, contract, charts, exercise=not run.ledger)
        if not run.ledger:
            break
    return entries


def _pictures(run: Run, contract: str, charts: Mapping[str, Any], *, exercise: bool) -> list[Entry]:
    titles = {"march": "March chart", "curves": "S-curves with the forecast"}
    if exercise:
        titles = {name: f"{title} (exercise)" for name, title in titles.items()}
    names = run.corridor.contract(contract).names
    entries = []
    for name, chart in charts.items():
        for suffix in ("svg", "png"):
            path = run.out / f"{name}-{contract}.{suffix}"
            chart.save(path, language="ru", paper="a3" if suffix == "svg" else "phone")
            title = {
                language: f"{translate(titles[name], language, 'run')}: {names[language]}"
                for language in LANGUAGES
            }
            purpose = _EXERCISE if exercise else _PURPOSES[name]
            entries.append(Entry(href=path.name, title=title, purpose=purpose, group="pictures"))
    return entries


def _exercise(items: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, dt.date]:
    """Return made-up works half-way through, for a first look at the charts."""
    from roadplan.progress.simulated import Layout, simulated_works

    pace = {"earthworks": 0.25, "sub-base": 0.3, "base": 0.3, "lower-asphalt": 0.5}
    pace |= {"upper-asphalt": 0.6, "marking": 2.0, "opening": 5.0}
    crews = {"earthworks": 4, "sub-base": 3, "base": 3, "lower-asphalt": 2, "upper-asphalt": 2}
    layout = Layout(start=dt.date(2022, 3, 1), pace_per_day=pace, crews=crews)
    works = simulated_works(items, layout, seed=3)
    today = dt.date(2024, 2, 1)
    return works.items, works.history[works.history["day"] <= today], today


def _map(run: Run) -> list[Entry]:
    from roadplan.maps import corridor_map
    from roadplan.maps.posture_layer import add_posture

    page = add_posture(corridor_map(run.corridor), run.corridor, run.results["posture"])
    if "status" in run.results:
        from roadplan.maps.progress_layer import add_progress

        page = add_progress(page, run.corridor, run.results["status"])
    path = page.save(run.out / "corridor.html")
    title = "Map of the corridor"
    purpose = "Contracts, structures, rest areas, depots and beats; works without a network"
    return [Entry(href=path.name, title=title, purpose=purpose)]


def _storm(run: Run) -> list[Entry]:
    """Plan one storm that comes with roadplan, with a short time limit."""
    from roadplan.maps.storm_page import storm_map
    from roadplan.maps.storm_results import night_view
    from roadplan.winter.build import build
    from roadplan.winter.fleet import default_fleet
    from roadplan.winter.night import prepare
    from roadplan.winter.planning import make_plan

    if run.corridor.tables["machines"].empty or not run.results["posture"].beats:
        return []
    bypasses, notes = _bypasses(run)
    night = prepare(run.corridor, _DEMO_STORM, hours=24, open_bypasses=bypasses)
    night = replace(night, notes=(*night.notes, *notes))
    planned = make_plan(
        build(night, default_fleet(run.corridor)),
        time_limit_s=_DEMO_LIMIT_S,
        seed=1,
        draws=_DEMO_DRAWS,
    )
    run.results["storm"] = planned
    folder = run.out / "storm"
    planned.write(folder)
    view = night_view(planned, made_at=dt.datetime.now(dt.UTC))
    storm_map(run.corridor, view).save(folder / "storm.html")
    made = {
        "storm.html": (
            "pages",
            "A storm night, slot by slot",
            "Risk, jams, closures and crews with the plan, beats and nothing cleared",
        ),
        "orders_ru.html": ("sheets", "Order sheets in Russian", "What each crew does, to print"),
        "orders_kk.html": ("sheets", "Order sheets in Kazakh", "What each crew does, to print"),
        "orders_en.html": ("sheets", "Order sheets in English", "What each crew does, to print"),
        "crews.xlsx": (
            "tables",
            "Orders of the crews",
            "Every move with time, posts and direction",
        ),
        "stretches.xlsx": (
            "tables",
            "Passes by stretch",
            "Passes, longest wait and depth before each",
        ),
        "plan.json": ("exports", "The plan as JSON", "For other programs, with cost and bound"),
        "problem.npz": (
            "exports",
            "The problem as arrays",
            "All that is needed to check the plan: roadplan winter verify",
        ),
    }
    return [
        Entry(href=f"storm/{name}", title=title, purpose=purpose, group=group)
        for name, (group, title, purpose) in made.items()
    ]


def _bypasses(run: Run) -> tuple[pd.DataFrame | None, tuple[str, ...]]:
    """Return the bypasses in use by the ledger and what is known of them; None without one."""
    if "status" not in run.results:
        return None, ()
    from roadplan.progress.bypasses import bypasses_in_use, bypasses_note

    found = run.results["status"]
    used = bypasses_in_use(run.corridor, found)
    return used, (bypasses_note(run.corridor, found, used),)


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
    Step(title="Drawing the works", make=_works),
    Step(title="Drawing the map of the corridor", make=_map),
    Step(title="Planning a storm night", make=_storm),
    Step(title="Exporting the corridor", make=_exports),
    Step(title="Writing the inventory template", make=_template),
)
"""The steps of a run, in order."""
