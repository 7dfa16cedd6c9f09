"""``roadplan progress status`` and ``history``: how far the works are, and who said so."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from roadplan.cli._ledger_options import as_of_options, ledger_option, moments, work_of
from roadplan.cli._shared import corridor_option, echo_json, echo_table, json_option
from roadplan.i18n import counted

if TYPE_CHECKING:
    from roadplan.progress import Report, Status

_NO_REPORT = "no report"


@click.command()
@ledger_option
@corridor_option
@as_of_options
@click.option(
    "--by",
    "keys",
    default="contract",
    show_default=True,
    metavar="KEYS",
    help="Roll up by contract, segment, place, work_type, group, region; with commas by several.",
)
@json_option
def status(
    ledger_place: str,
    corridor_path: Path | None,
    as_of: str | None,
    recorded_by: str | None,
    keys: str,
    as_json: bool,
) -> None:
    """Say how far the works are, as of a work date and as known at a moment."""
    from roadplan.progress import open_ledger
    from roadplan.progress import status as status_of

    wanted = [key.strip() for key in keys.split(",") if key.strip()]
    when = moments(as_of, recorded_by)
    _, work = work_of(corridor_path)
    with open_ledger(ledger_place) as ledger:
        found = status_of(work, ledger.history(), when)
    rolled = found.by(*wanted)
    if as_json:
        echo_json({**found.as_dict(), "by": wanted, "rows": rolled.to_dict("records")})
        return
    click.echo(f"As of {found.as_of}: {counted(found.reports, 'report counts', 'reports count')}")
    if found.unmatched:
        click.echo(f"{found.unmatched:,} of them speak of no work item and are in no figure")
    click.echo(f"Physical completion: {_percent(found.overall)}")
    _echo_kilometres(found)
    _echo_counts(found)
    click.echo()
    _echo_roll_up(rolled, wanted)


def _echo_kilometres(found: Status) -> None:
    click.echo()
    echo_table(
        ("Contract", "Length km", "Surfaced km", "Complete km", "Open km"),
        [
            (
                row.contract,
                f"{row.length_km:.1f}",
                _km(row.surfaced_km),
                _km(row.complete_km),
                _km(row.open_km),
            )
            for row in found.kilometres.itertuples()
        ],
    )


def _echo_counts(found: Status) -> None:
    counts = found.counts
    whole = counts[counts["contract"] == "whole"].set_index("group")
    names = {
        "structure": "Structures finished",
        "rest_area": "Rest areas in service",
        "sanitary": "Sanitary facilities in service",
    }
    click.echo()
    for group, name in names.items():
        if group in whole.index:
            row = whole.loc[group]
            click.echo(f"{name}: {row.finished} of {row.total} ({row.not_reported} {_NO_REPORT})")
    if "detour" in whole.index:
        row = whole.loc["detour"]
        click.echo(
            f"Bypass roads in use: {row.in_use} of {row.total} ({row.finished} closed, "
            f"{row.not_reported} {_NO_REPORT})"
        )


def _echo_roll_up(rolled: Any, keys: list[str]) -> None:
    echo_table(
        (*keys, "Items", "Reported", "Done", "Weight", "Completion", "Rests on estimates"),
        [
            (
                *(str(row[key]) for key in keys),
                str(row["items"]),
                str(row["items_reported"]),
                str(row["items_done"]),
                f"{row['weight']:.2f}",
                _percent(row["completion"]),
                "yes" if row["estimated"] else "",
            )
            for row in rolled.to_dict("records")
        ],
    )


def _percent(share: float) -> str:
    # Unfinished work must not be rounded up to 100 %.
    return _NO_REPORT if math.isnan(share) else f"{math.floor(share * 1000 + 1e-6) / 10:.1f}%"


def _km(value: float) -> str:
    return _NO_REPORT if math.isnan(value) else f"{value:.1f}"


@click.command()
@click.argument("item")
@ledger_option
@corridor_option
@json_option
def history(item: str, ledger_place: str, corridor_path: Path | None, as_json: bool) -> None:
    """List every report on a work item, corrected ones included, in the order of recording."""
    from roadplan.progress import open_ledger
    from roadplan.progress.asof import moment_text

    _, work = work_of(corridor_path)
    wanted = work.item(item)
    place: dict[str, Any] = {"asset": wanted.asset}
    if not wanted.asset:
        place = {"route": wanted.route, "from_m": wanted.from_m, "to_m": wanted.to_m}
    with open_ledger(ledger_place) as ledger:
        found = list(ledger.reports(work_type=wanted.work_type, **place))
        corrected = ledger.corrections([each.id for each in found])
    if as_json:
        echo_json([{**each.as_dict(), "corrected_by": corrected.get(each.id)} for each in found])
        return
    if not found:
        click.echo(f"{item}: {_NO_REPORT}")
        return
    echo_table(
        ("Report", "Recorded", "Work date", "States", "Standing", "Author", "Source", "Remark"),
        [
            (
                each.id,
                moment_text(each.recorded_at)[:19] + "Z",
                each.report.work_date.isoformat(),
                _states(each.report),
                each.report.standing,
                each.report.author,
                each.report.source,
                _remark(each.report, corrected.get(each.id)),
            )
            for each in found
        ],
    )


def _states(report: Report) -> str:
    """Return what a report states in one phrase."""
    if report.withdrawn:
        return "nothing"
    if report.asset:
        return report.stage or "not begun"
    side = "" if report.side == "both" else f" {report.side}"
    stretch = f"{report.route} {report.from_m:.0f}–{report.to_m:.0f} m{side}"
    if report.quantity is None:
        return stretch
    return f"{report.quantity:g} on {stretch}" if report.quantity else f"nothing on {stretch}"


def _remark(report: Report, corrected_by: str | None) -> str:
    parts = []
    if corrected_by:
        parts.append(f"corrected by {corrected_by}")
    if report.withdrawn:
        parts.append(f"takes back {report.supersedes}")
    elif report.supersedes:
        parts.append(f"corrects {report.supersedes}")
    if report.note:
        parts.append(" ".join(report.note.split()))
    return "; ".join(parts)


COMMANDS = (status, history)
