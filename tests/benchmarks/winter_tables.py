"""Tables of the winter benchmarks in Markdown, each in a marked section of its file."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, left: int = 1) -> str:
    """Return a table in Markdown with some columns to the left and the others to the right."""
    rule = ["---"] * left + ["--:"] * (len(head) - left)
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *rows))


def replace_section(text: str, name: str, content: str) -> str:
    """Return a text with the section of a name replaced, or added at its end."""
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    section = f"{begin}\n{content.strip()}\n{end}"
    if begin in text and end in text:
        before, rest = text.split(begin, 1)
        return before + section + rest.split(end, 1)[1]
    return f"{text.rstrip()}\n\n{section}\n".lstrip()


def write_section(path: Path, name: str, content: str) -> None:
    """Replace the section of a name in a file, or add it; the file need not be there."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    path.write_text(replace_section(text, name, content), encoding="utf-8")


def machine() -> str:
    """Return on what a table was made: cores and versions, nothing that names the machine."""
    tools = ", ".join(f"{name} {version(name)}" for name in ("ortools", "numba", "numpy"))
    return f"{os.cpu_count()} cores ({platform.machine()}), {python()}, {tools}"


def python() -> str:
    """Return the version of Python in words."""
    return f"Python {platform.python_version()}"
