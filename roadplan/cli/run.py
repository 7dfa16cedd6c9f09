"""``roadplan run``: everything that can be made of a corridor, in one go."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import click

from roadplan.cli._shared import corridor_option, echo_json, json_option
from roadplan.i18n import counted


@click.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("out"),
    show_default=True,
    help="Folder to write to; index.html in it links everything.",
)
@click.option(
    "--ledger",
    default="",
    envvar="ROADPLAN_LEDGER",
    metavar="FILE|URL",
    help="Ledger of the works to draw, which decides which bypasses are in use in the storm; "
    "without one the charts show an exercise, marked as such.",
)
@click.option(
    "--as-of",
    metavar="DAY",
    help="Works of the ledger as of this day, e.g. 2024-02-01; today by default.",
)
@corridor_option
@json_option
def run(
    out: Path, ledger: str, as_of: str | None, corridor_path: Path | None, as_json: bool
) -> None:
    """Make every page, table and export of a corridor, and the index that links them."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from roadplan.cli._steps import STEPS, Run
    from roadplan.corridor import load
    from roadplan.maps import Entry, write_index

    if as_of is not None and not ledger:
        raise click.UsageError("--as-of goes with --ledger")
    began = time.monotonic()
    made_at = datetime.now(UTC).astimezone()
    console = Console(stderr=True)
    bar = Progress(
        TextColumn("{task.description:<36}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=console,
        transient=True,
        disable=as_json,
    )
    entries: list[Entry] = []
    with _kernels_made_ready(), bar:
        task = bar.add_task("Loading the corridor", total=len(STEPS) + 2)
        road = load(corridor_path)
        today = made_at.date() if as_of is None else _day(as_of)
        job = Run(corridor=road, out=out, ledger=ledger, today=today)
        bar.advance(task)
        for step in STEPS:
            bar.update(task, description=step.title)
            entries.extend(step.make(job))
            bar.advance(task)
        bar.update(task, description="Writing the index")
        names = road.names.as_dict()
        domains = ("maps", "winter", "run")
        index = write_index(out, entries, title=names, made_at=made_at, domains=domains)
        bar.advance(task)
    seconds = time.monotonic() - began
    if as_json:
        files = [{"file": entry.href, "group": entry.group} for entry in entries]
        echo_json({"index": str(index), "files": files, "seconds": round(seconds, 1)})
        return
    lengths = sum(route.length_m for route in road.routes.values()) / 1000
    click.echo(
        f"{road.names.en}: {lengths:,.0f} km of road on {counted(len(road.routes), 'route')}"
    )
    click.echo(str(job.results["posture"].summary()))
    for entry in entries:
        size = (out / entry.href).stat().st_size
        click.echo(f"  {entry.href:<28} {size / 1000:>8,.0f} kB")
    click.echo(f"Done in {seconds:.0f} s. Open {index}")


@contextmanager
def _kernels_made_ready() -> Iterator[None]:
    """Compile the kernels of the winter search beside the first steps, where they never ran.

    They are kept on disk, where the storm step finds them; if not, it compiles them itself.
    """
    ready = "from roadplan.winter.solve.warm_up import warm_up; warm_up()"
    helper = subprocess.Popen(
        [sys.executable, "-c", ready],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        if helper.poll() is None:
            helper.kill()
        helper.wait()


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise click.UsageError(f"--as-of: '{text}' is no day; write 2024-02-01") from error
