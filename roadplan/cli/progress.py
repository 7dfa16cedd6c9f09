"""``roadplan progress``: the ledger of reports and the status of the works.

Modules ``roadplan.cli._progress_*`` add further commands: each names them in ``COMMANDS``.
"""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from typing import TYPE_CHECKING

import click

import roadplan.cli
from roadplan.cli import EXIT_FAULTS
from roadplan.cli._ledger_options import ledger_option
from roadplan.cli._shared import corridor_option, echo_json, echo_table, json_option
from roadplan.i18n import counted

if TYPE_CHECKING:
    import datetime as dt


class _Parts(click.Group):
    """A group that takes in the commands of the modules beside it when it is first used."""

    _complete = False

    def _take_in(self) -> None:
        if self._complete:
            return
        self._complete = True
        for module in pkgutil.iter_modules(roadplan.cli.__path__):
            if module.name.startswith("_progress_"):
                found = importlib.import_module(f"roadplan.cli.{module.name}")
                for command in getattr(found, "COMMANDS", ()):
                    self.add_command(command)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        self._take_in()
        return super().list_commands(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return one command; the other modules are imported only where it is not one of ours."""
        found = super().get_command(ctx, cmd_name)
        if found is None:
            self._take_in()
            found = super().get_command(ctx, cmd_name)
        return found


@click.group(cls=_Parts)
def progress() -> None:
    """Keep the ledger of reports and say how far the works are."""


@progress.command()
@ledger_option
@click.option(
    "--from-backup",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Take over all records of a backup, with their proofs.",
)
def init(ledger_place: str, from_backup: Path | None) -> None:
    """Make a new ledger, empty or from a backup."""
    from roadplan.progress.ledger import create_ledger, open_ledger

    ledger_id = ""
    if from_backup is not None:
        with open_ledger(from_backup) as backup:
            ledger_id = backup.id
    with create_ledger(ledger_place, ledger_id=ledger_id) as ledger:
        if from_backup is not None:
            ledger.restore(from_backup)
        click.echo(f"{ledger.place}: ledger {ledger.id} with {counted(len(ledger), 'report')}")


@progress.command()
@ledger_option
@click.option(
    "--head",
    "head_file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="A head exported earlier; by default the one beside the ledger's file.",
)
@json_option
def verify(ledger_place: str, head_file: Path | None, as_json: bool) -> int:
    """Prove that no record was changed, lost, inserted or reordered; exits with 1 where one was."""
    from roadplan.progress.ledger import open_ledger, read_head

    head = None if head_file is None else read_head(head_file)
    with open_ledger(ledger_place) as ledger:
        found = ledger.verify(head)
        place = ledger.place
    if as_json:
        echo_json(
            {
                "ok": found.ok,
                "head": found.head.as_dict() if found.head else None,
                "proven_by_exported_head": found.proven,
                "faults": list(found.faults),
            }
        )
    elif found.head is None:
        click.echo(f"{place} does not hold:")
        for fault in found.faults:
            click.echo(f"  {fault}")
    else:
        link = found.head.reports
        click.echo(
            f"{place}: {counted(link.count, 'report holds', 'reports hold')}, head {link.hash}"
        )
        if found.proven is None:
            click.echo("No exported head was compared; export one with `roadplan progress head`.")
        else:
            click.echo(f"The exported head proves the first {found.proven:,} of them.")
    return 0 if found.ok else EXIT_FAULTS


@progress.command()
@ledger_option
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write it to a file; keep that where the ledger's keepers cannot change it.",
)
def head(ledger_place: str, out: Path | None) -> None:
    """Export the head of the ledger's chain, which proves everything up to now."""
    from roadplan.progress.ledger import open_ledger, write_head

    with open_ledger(ledger_place) as ledger:
        found = ledger.head()
    if out is None:
        echo_json(found.as_dict())
    else:
        write_head(found, out)
        click.echo(f"{out}: head of {counted(found.reports.count, 'report')}")


@progress.command()
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False))
@ledger_option
def backup(path: Path, ledger_place: str) -> None:
    """Copy the ledger to a file while others may write, and prove the copy."""
    from roadplan.progress.ledger import open_ledger

    with open_ledger(ledger_place) as ledger:
        found = ledger.backup(path)
    click.echo(f"{path}: {counted(found.reports.count, 'report')}, proven")


@progress.command("statements")
@corridor_option
@click.option("--as-of", metavar="DAY", help="Known by this day; by default all.")
@json_option
def statements_command(corridor_path: Path | None, as_of: str | None, as_json: bool) -> None:
    """List what was stated in public, as stated; it is in no figure of the status."""
    from roadplan.corridor import load
    from roadplan.progress import read_day, statements

    known_by: dt.date | None = read_day(as_of) if as_of else None
    found = statements(load(corridor_path), known_by=known_by)
    if as_json:
        echo_json([each.as_dict() for each in found])
        return
    echo_table(
        ("Date", "Contract", "What", "Value", "Of", "Unit", "As stated", "Source"),
        [
            (
                each.date_text,
                each.contract,
                each.what,
                each.value_text,
                _plain(each.whole),
                each.unit,
                each.as_stated,
                each.source,
            )
            for each in found
        ],
    )


def _plain(value: float | None) -> str:
    return "" if value is None else f"{value:g}"
