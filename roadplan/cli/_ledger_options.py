"""Options that the commands on a ledger share."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from roadplan.errors import RoadplanError

if TYPE_CHECKING:
    from roadplan.corridor import Corridor
    from roadplan.progress import AsOf, WorkItems

_Command = TypeVar("_Command", bound=Callable[..., Any])

LEDGER_VARIABLE = "ROADPLAN_LEDGER"
DEFAULT_LEDGER = "progress.ledger"


def ledger_option(command: _Command) -> _Command:
    """Add ``--ledger FILE|URL``: the ledger, or ROADPLAN_LEDGER, or a file in this folder."""
    return click.option(
        "--ledger",
        "ledger_place",
        envvar=LEDGER_VARIABLE,
        default=DEFAULT_LEDGER,
        show_default=True,
        metavar="FILE|URL",
        help=(
            "The ledger: a file, or postgresql://user@host/database with ?ledger=name where the "
            f"database holds several; {LEDGER_VARIABLE} where the option is not given."
        ),
    )(command)


def as_of_options(command: _Command) -> _Command:
    """Add ``--as-of`` and ``--recorded-by``, the two times of a status."""
    for option in (
        click.option(
            "--recorded-by",
            metavar="MOMENT",
            help="As it was known at 2024-02-01T12:00+05:00 (or the end of a day, UTC); by now.",
        ),
        click.option(
            "--as-of", metavar="DAY", help="Work done by this day, as 2024-02-01; up to today."
        ),
    ):
        command = option(command)
    return command


def today() -> dt.date:
    """Return the day in the road's country, UTC+5; SOURCE_DATE_EPOCH fixes it for tests."""
    fixed = os.environ.get("SOURCE_DATE_EPOCH", "")
    zone = dt.timezone(dt.timedelta(hours=5))
    if fixed:
        try:
            return dt.datetime.fromtimestamp(int(fixed), zone).date()
        except (ValueError, OverflowError, OSError) as error:
            raise RoadplanError(f"SOURCE_DATE_EPOCH={fixed} is no number of seconds") from error
    return dt.datetime.now(zone).date()


def moments(as_of: str | None, recorded_by: str | None) -> AsOf:
    """Return the two times that the options mean."""
    from roadplan.progress import AsOf, read_day, read_moment

    day = read_day(as_of) if as_of else today()
    return AsOf(day) if recorded_by is None else AsOf(day, read_moment(recorded_by))


def work_of(corridor_path: Path | None) -> tuple[Corridor, WorkItems]:
    """Return the corridor and its work items."""
    from roadplan.corridor import load
    from roadplan.progress import load_work_types, work_items

    road = load(corridor_path)
    return road, work_items(road, load_work_types(corridor_path))
