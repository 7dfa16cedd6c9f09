"""A table with a column of every kind, and workbooks made on the spot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from roadplan.tables.schema import Column, Table


@pytest.fixture(scope="session")
def works() -> Table:
    """Give a table with a column of every kind."""

    def column(name: str, kind: Any, **more: Any) -> Column:
        return Column(name=name, kind=kind, description=f"The {name}", **more)

    return Table(
        name="works",
        description="Works in progress",
        key=("id",),
        labels={"en": "Works", "ru": "Работы", "kk": "Жұмыстар"},
        columns=(
            column("id", "id", required=True, labels={"en": "Id", "ru": "Код", "kk": "Код"}),
            column("post", "post"),
            column("station_m", "number", unit="m", minimum=0, labels={"ru": "Пикетаж, м"}),
            column("share", "number", unit="0–1", minimum=0, maximum=1),
            column("lanes", "integer", minimum=1, maximum=8),
            column("done", "flag"),
            column("day", "date"),
            column("moment", "datetime"),
            column("as_of", "partial_date"),
            column("kind", "choice", choices=("bridge", "overpass", "culvert")),
            column("note", "text", labels={"en": "Note", "ru": "Примечание", "kk": "Ескерту"}),
        ),
    )


@pytest.fixture
def workbook(tmp_path: Path) -> Callable[..., Path]:
    """Give a function that writes rows as a workbook and lets the sheet be changed."""

    def write(
        rows: list[list[Any]],
        *,
        name: str = "book.xlsx",
        sheet: str = "works",
        change: Callable[[Any], None] | None = None,
    ) -> Path:
        book = openpyxl.Workbook()
        active = book.active
        active.title = sheet
        for row in rows:
            active.append(row)
        if change is not None:
            change(active)
        path = tmp_path / name
        book.save(path)
        return path

    return write
