"""``roadplan progress add`` and ``items``: state what is done, and see of what it can be stated."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from roadplan.cli._ledger_options import ledger_option, today, work_of
from roadplan.cli._shared import corridor_option, echo_json, echo_table, json_option
from roadplan.progress.asof import read_day

if TYPE_CHECKING:
    from roadplan.corridor import Corridor
    from roadplan.progress import Report, WorkItems

_Command = TypeVar("_Command", bound=Callable[..., Any])
_SAME = ("author", "source", "standing", "note", "side", "quantity", "stage")
"""Options that are fields of a report."""


def _report_options(command: _Command) -> _Command:
    """Add the options that state a report."""
    options = (
        click.option("--item", metavar="ID", help="The work item, as `progress items` lists it."),
        click.option("--type", "work_type", metavar="TYPE", help="The work type; without --item."),
        click.option("--from", "from_post", metavar="POST", help="Where the stretch begins."),
        click.option("--to", "to_post", metavar="POST", help="Where the stretch ends."),
        click.option("--asset", metavar="ID", help="The structure, rest area or the like."),
        click.option("--side", type=click.Choice(["both", "left", "right"])),
        click.option("--quantity", type=float, help="The amount there is to date."),
        click.option("--stage", metavar="STAGE", help="The stage that is reached."),
        click.option("--none", "nothing", is_flag=True, help="Nothing is done there yet."),
        click.option("--date", "work_date", metavar="DAY", help="The work date; today."),
        click.option("--author", metavar="NAME", help="Who reports."),
        click.option("--source", metavar="TEXT", help="Where it was stated."),
        click.option("--standing", type=click.Choice(["reported", "measured", "estimated"])),
        click.option("--note", metavar="TEXT", help="Anything a reader should know."),
        click.option("--corrects", metavar="REPORT", help="The report that this one corrects."),
        click.option("--withdraw", is_flag=True, help="Only take back the report it --corrects."),
        click.option("--more", is_flag=True, help="Store it although it is more than planned."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.command()
@ledger_option
@corridor_option
@_report_options
@json_option
def add(
    ledger_place: str, corridor_path: Path | None, as_json: bool, more: bool, **stated: Any
) -> None:
    """Store one report.

    Say what is done --from a post or station --to another, which --stage an --asset has reached,
    or take the place from an --item. With --corrects only what differs has to be said.
    """
    from roadplan.errors import FaultsError
    from roadplan.progress import check_reports, open_ledger

    road, items = work_of(corridor_path)
    with open_ledger(ledger_place) as ledger:
        wrong = ledger.report(stated["corrects"]).report if stated["corrects"] else None
        report = _stated_report(road, items, stated, wrong)
        faults = check_reports(
            [report],
            items,
            today=today(),
            route_lengths_m={key: route.length_m for key, route in road.routes.items()},
            more_than_planned=more,
        )
        if faults:
            raise FaultsError([replace(fault, row=None) for fault in faults], "Not stored")
        receipt = ledger.append([report])
    if as_json:
        echo_json(
            {
                "report": report.id,
                "new": bool(receipt.stored),
                "head": receipt.head.as_dict(),
            }
        )
    elif receipt.stored:
        click.echo(f"Stored as report {report.id}, number {receipt.head.reports.count}.")
    else:
        click.echo(f"Report {report.id} is stored already.")


def _stated_report(
    road: Corridor, items: WorkItems, stated: Mapping[str, Any], wrong: Report | None
) -> Report:
    """Return the report that the options state."""
    from roadplan.progress import correction, withdrawal

    if stated["withdraw"] and wrong is None:
        raise click.UsageError("--withdraw needs the report, with --corrects")
    values = {name: stated[name] for name in _SAME if stated[name] is not None}
    if stated["nothing"] and {"quantity", "stage"} & set(values):
        raise click.UsageError("--none goes without --quantity and --stage")
    if stated["work_date"]:
        values["work_date"] = read_day(stated["work_date"])
    place = _stated_place(road, stated)
    if wrong is None:
        return _new_report(items, place, values, nothing=stated["nothing"], item=stated["item"])
    if stated["withdraw"]:
        return withdrawal(wrong, **values)
    if stated["nothing"]:
        values |= {"stage": ""} if wrong.asset else {"quantity": 0.0}
    return correction(wrong, **place, **values)


def _new_report(
    items: WorkItems,
    place: dict[str, Any],
    values: dict[str, Any],
    *,
    nothing: bool,
    item: str | None,
) -> Report:
    """Return a report that corrects none."""
    from roadplan.progress import Report, report_on

    if not (values.get("author") and values.get("source")):
        raise click.UsageError("a report needs --author and --source")
    if not item and "work_type" not in place:
        raise click.UsageError("say which work: --item, or --type with a place")
    kind = items.type_of(items.item(item)) if item else items.types[place["work_type"]]
    values.setdefault("work_date", today())
    if kind.measure != "milestones" and nothing:
        values["quantity"] = 0.0
    if kind.measure == "milestones" and not (values.get("stage") or nothing):
        stages = ", ".join(stage.id for stage in kind.stages)
        raise click.UsageError(f"say which --stage is reached ({stages}), or --none")
    if not item:
        return Report(**place, **values)
    place.pop("work_type", None)
    return report_on(items.item(item), **place, **values)


def _stated_place(road: Corridor, stated: Mapping[str, Any]) -> dict[str, Any]:
    """Return the work type and the place that the options name."""
    place: dict[str, Any] = {}
    if stated["work_type"]:
        place["work_type"] = stated["work_type"]
    if stated["asset"]:
        place["asset"] = stated["asset"]
    if bool(stated["from_post"]) != bool(stated["to_post"]):
        raise click.UsageError("--from and --to go together")
    if stated["from_post"]:
        begin, end = road.position(stated["from_post"]), road.position(stated["to_post"])
        if begin.route != end.route:
            raise click.UsageError(
                f"--from is on {begin.route} and --to on {end.route}; report each route by itself"
            )
        ends = sorted((begin.station_m, end.station_m))
        place |= {"route": begin.route, "from_m": ends[0], "to_m": ends[1]}
    return place


@click.command()
@corridor_option
@click.option("--type", "work_type", metavar="TYPE", help="Only this work type.")
@click.option("--contract", metavar="ID", help="Only this contract.")
@json_option
def items(
    corridor_path: Path | None, work_type: str | None, contract: str | None, as_json: bool
) -> None:
    """List the work items with their quantities and weights."""
    _, work = work_of(corridor_path)
    if work_type is not None:
        work_type = work.types[work_type].id
    chosen = [
        item
        for item in work
        if (work_type is None or item.work_type == work_type)
        and (contract is None or item.contract == contract)
    ]
    if as_json:
        echo_json([asdict(item) for item in chosen])
        return
    echo_table(
        ("Item", "Contract", "Route", "From m", "To m", "Quantity", "Unit", "Weight", "Standing"),
        [
            (
                item.id,
                item.contract,
                item.route,
                f"{item.from_m:.0f}",
                f"{item.to_m:.0f}",
                f"{item.quantity:.3f}",
                item.unit,
                f"{item.weight:.3f}",
                item.standing,
            )
            for item in chosen
        ],
    )


COMMANDS = (add, items)
