"""The workbook in which progress is reported: drop-downs, posts, and a sheet that explains."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter, quote_sheetname

from roadplan.corridor.model import Corridor
from roadplan.errors import RoadplanError
from roadplan.files import replacing
from roadplan.i18n import translate
from roadplan.progress.items import WorkItems
from roadplan.progress.sheet import DOMAIN, NOT_BEGUN, SHEET
from roadplan.progress.worktypes import WorkType
from roadplan.tables.template import write_template
from roadplan.tables.words import table_title
from roadplan.tables.writing import HEADER_FILL, HEADER_FONT, put_text

_LISTS = "_lists"

_HELP_LINES = (
    "Every figure is to date, never the increment of a week.",
    "Layers and marking: give the stretch that is done, without a quantity.",
    "Signs, barriers, lamps, crossings: give the stretch and the amount there is on it.",
    "Structures, bypass roads, rest areas, supplies: name the place and the stage reached.",
    "A stretch over several contracts is split between them.",
    "A row imported twice is stored once; a wrong one is corrected by its id, not by deleting.",
)
_TYPE_HEADERS = ("Work type", "Id", "Measured by", "Unit", "Stages in their order")
_MEASURES = {
    "stretch": "the stretch that is done",
    "amount": "the amount on a stretch",
    "milestones": "the stage reached",
}


def write_sheet_template(
    path: str | os.PathLike[str],
    corridor: Corridor,
    items: WorkItems,
    *,
    language: str = "ru",
    contracts: Sequence[str] = (),
) -> Path:
    """Write the workbook to report progress in, atomically.

    The drop-down of stages offers those of the work type in the same row.

    Parameters
    ----------
    path
        The file, ending in .xlsx.
    corridor, items
        The road and its work.
    language
        `ru`, `kk` or `en`: headers, drop-downs, explanations.
    contracts
        Offer only these contracts and what belongs to them; all by default.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    UnknownIdError
        There is no such contract.
    """
    target = Path(path)
    if target.suffix.lower() != ".xlsx":
        raise RoadplanError(f"the template {target.name} must end in .xlsx")
    for contract in contracts:
        corridor.contract(contract)
    own = [item for item in items if not contracts or item.contract in contracts]
    kinds = [items.types[key] for key in dict.fromkeys(item.work_type for item in own)]
    known = {
        "work_types": [kind.names[language] for kind in kinds],
        "contracts": [c.id for c in items.contracts if not contracts or c.id in contracts],
        "assets": list(dict.fromkeys(item.asset for item in own if item.asset)),
        "stages": list(dict.fromkeys(name for kind in kinds for name in _stages(kind, language))),
        "routes": list(corridor.routes),
        "postings": corridor.postings.names,
    }
    lines = [translate(line, language, DOMAIN) for line in _HELP_LINES]
    with replacing(target) as temporary:
        draft = temporary.with_suffix(".draft.xlsx")
        try:
            write_template(draft, [SHEET], language=language, known_ids=known, help_lines=lines)
            book = openpyxl.load_workbook(draft)
            _offer_stages_by_type(book, kinds, language)
            _explain_types(book.worksheets[0], kinds, language)
            book.active = book.sheetnames.index(table_title(SHEET, language))
            for sheet in book.worksheets:
                sheet.sheet_view.tabSelected = sheet is book.active
            book.save(temporary)
        finally:
            draft.unlink(missing_ok=True)
    return target


def _stages(kind: WorkType, language: str) -> list[str]:
    """Return what the drop-down of stages offers for a work type."""
    if not kind.stages:
        return []
    return [
        *(stage.names[language] for stage in kind.stages),
        translate(NOT_BEGUN, language, DOMAIN),
    ]


def _offer_stages_by_type(book: Any, kinds: Sequence[WorkType], language: str) -> None:
    """Let the drop-down of stages follow the work type of its row."""
    pairs = [(kind.names[language], stage) for kind in kinds for stage in _stages(kind, language)]
    if not pairs:
        return
    lists = book[_LISTS]
    first = lists.max_column + 1
    for row, pair in enumerate((("work_type", "stage"), *pairs), start=1):
        for at, text in enumerate(pair):
            put_text(lists.cell(row, first + at), text)
    name = quote_sheetname(lists.title)
    types, stages = get_column_letter(first), get_column_letter(first + 1)
    span = f"{name}!${types}$2:${types}${len(pairs) + 1}"
    work_type = get_column_letter(SHEET.names.index("work_type") + 1)
    stage = get_column_letter(SHEET.names.index("stage") + 1)
    here = f"${work_type}2"
    sheet = book[table_title(SHEET, language)]
    for rule in sheet.data_validations.dataValidation:
        if rule.type == "list" and str(rule.sqref).startswith(f"{stage}2"):
            rule.formula1 = (
                f"OFFSET({name}!${stages}$1,MATCH({here},{span},0),0,COUNTIF({span},{here}),1)"
            )
            rule.errorStyle = "warning"


def _explain_types(sheet: Any, kinds: Sequence[WorkType], language: str) -> None:
    """Add the work types to the explaining sheet: how each is measured, and its stages."""
    row = sheet.max_row + 2
    put_text(sheet.cell(row, 1), translate("Work types", language, DOMAIN))
    sheet.cell(row, 1).font = Font(bold=True, size=13)
    row += 1
    for at, header in enumerate(_TYPE_HEADERS, start=1):
        cell = sheet.cell(row, at)
        put_text(cell, translate(header, language, DOMAIN))
        cell.font, cell.fill = HEADER_FONT, HEADER_FILL
    for kind in kinds:
        row += 1
        texts = (
            kind.names[language],
            kind.id,
            translate(_MEASURES[kind.measure], language, DOMAIN),
            translate(kind.unit, language, DOMAIN),
            ", ".join(stage.names[language] for stage in kind.stages),
        )
        for at, text in enumerate(texts, start=1):
            put_text(sheet.cell(row, at), text)
            sheet.cell(row, at).alignment = Alignment(wrap_text=at != 2, vertical="top")
