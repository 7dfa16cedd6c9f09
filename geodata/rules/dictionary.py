"""The data dictionary in README.md, written from the schema so that the two cannot differ."""

from __future__ import annotations

from pathlib import Path

from roadplan.corridor.schema import TABLES
from roadplan.tables.schema import Column, Table

BEGIN = "<!-- data dictionary: written by derive.py, do not edit -->"
END = "<!-- end of the data dictionary -->"

_SHAPES = {
    "none": "",
    "point": "A row lies at a station.",
    "stretch": "A row covers a stretch `[from_m, to_m)`.",
    "lonlat": "A row lies at a longitude and latitude.",
}


def dictionary() -> str:
    """Return every table with its columns, kinds, units and rules as Markdown."""
    return "\n".join(_table(table) for table in TABLES.values())


def readme(path: Path) -> str:
    """Return the text of a README with its dictionary renewed.

    Raises
    ------
    ValueError
        The README lacks the marks between which the dictionary stands.
    """
    text = path.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{path} lacks the lines '{BEGIN}' and '{END}'")
    return f"{before}{BEGIN}\n\n{dictionary()}\n{END}{after}"


def _table(table: Table) -> str:
    required = "is required" if table.required else "may be missing"
    key = ", ".join(f"`{name}`" for name in table.key)
    said = f"{table.description}. {_SHAPES[table.shape]}".strip()
    lines = [
        f"### `{table.name}.csv`",
        "",
        f"{said} Key: {key}; the file {required}.",
        "",
        "| column | holds | unit | must be given | meaning |",
        "| --- | --- | --- | --- | --- |",
        *(_column(column) for column in table),
        "",
    ]
    return "\n".join(lines)


def _column(column: Column) -> str:
    holds = column.kind.replace("_", " ")
    if column.choices:
        holds = " / ".join(f"`{choice}`" for choice in column.choices)
    if column.refers:
        holds = f"id in `{column.refers}`"
    low, high = column.minimum, column.maximum
    if low is not None and high is not None:
        holds += f", {low:g} to {high:g}"
    elif low is not None:
        holds += f", at least {low:g}"
    required = "yes" if column.required else ""
    description = column.description.replace("|", "\\|")
    return f"| `{column.name}` | {holds} | {column.unit} | {required} | {description} |"
