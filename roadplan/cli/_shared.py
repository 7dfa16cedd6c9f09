"""What the commands share: options, JSON output and plain tables."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from roadplan.errors import Fault

_Command = TypeVar("_Command", bound=Callable[..., Any])


def corridor_option(command: _Command) -> _Command:
    """Add ``--corridor DIR``: the corridor's folder, or the shipped one."""
    return click.option(
        "--corridor",
        "corridor_path",
        type=click.Path(path_type=Path, file_okay=False),
        metavar="DIR",
        help="Folder of the corridor's tables; the shipped corridor by default.",
    )(command)


def json_option(command: _Command) -> _Command:
    """Add ``--json``: answer with one JSON document instead of text."""
    return click.option("--json", "as_json", is_flag=True, help="Answer with one JSON document.")(
        command
    )


def echo_json(document: Any) -> None:
    """Print a JSON document in UTF-8; what is not a number becomes null."""
    click.echo(json.dumps(_plain(document), ensure_ascii=False, indent=2, allow_nan=False))


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [_plain(item) for item in value]
    if hasattr(value, "item") and not isinstance(value, str):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Path):
        return str(value)
    return value


def echo_table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows in columns; columns whose cells are all numbers stand to the right."""
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [
        max(len(header), *(len(row[i]) for row in cells)) if cells else len(header)
        for i, header in enumerate(headers)
    ]
    right = [bool(cells) and all(_numeric(row[i]) for row in cells) for i in range(len(headers))]

    def line(row: Sequence[str]) -> str:
        padded = [
            cell.rjust(width) if flush else cell.ljust(width)
            for cell, width, flush in zip(row, widths, right, strict=True)
        ]
        return "  ".join(padded).rstrip()

    click.echo(line(list(headers)))
    click.echo("  ".join("-" * width for width in widths))
    for row in cells:
        click.echo(line(row))


def _numeric(text: str) -> bool:
    return not text or text.strip("+-−%").replace(",", "").replace(".", "", 1).isdigit()


def echo_faults(faults: Sequence[Fault]) -> None:
    """Print faults one a line, with where, what and the remedy."""
    for fault in faults:
        click.echo(f"  {fault}")
