"""Primavera XER: tab-separated tables; activities with their planned dates and codes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from roadplan.errors import Fault
from roadplan.progress.baseline_import_schedule import Activity, Schedule, days_of
from roadplan.tables.archive import UnreadableFileError
from roadplan.tables.delimited import BrokenRowsError, decode

_NO_ACTIVITIES = ("TT_WBS", "TT_LOE")
"""Types of task that only span others: summaries and level of effort."""

_Row = dict[str, str]


def read_xer(content: bytes, file: str, *, dates: str = "auto") -> Schedule:
    """Read the activities of a Primavera XER file.

    The dates are the planned ones, `target_start_date` and `target_end_date`. Codes are called by
    the name of their activity code type or user-defined field, which win over the columns of the
    activity table where they are called alike.

    Parameters
    ----------
    content
        The file in UTF-8, UTF-16 or a Windows code page.
    file
        Its name, for messages.
    dates
        `baseline` is refused: a baseline is a project of its own in Primavera.

    Raises
    ------
    UnreadableFileError
        It is no XER file, or has no activities.
    """
    if dates == "baseline":
        why = "an XER file keeps no baseline beside its dates"
        raise UnreadableFileError(file, why, "export the baseline project itself, dates scheduled")
    try:
        text = decode(content)
    except BrokenRowsError as error:
        why = f"it is no Primavera XER file: {error.remedy or error.why}"
        raise UnreadableFileError(file, why, "export the project as XER") from error
    if not text.startswith("ERMHDR"):
        why = "it is no Primavera XER file, which begins with ERMHDR"
        raise UnreadableFileError(file, why, "export the project as XER")
    tables, faults = _tables(text, file)
    if "TASK" not in tables:
        raise UnreadableFileError(file, "it has no table TASK", "export the activities too")
    codes = _codes(tables)
    activities: list[Activity] = []
    for line, row in tables["TASK"]:
        if row.get("task_type") in _NO_ACTIVITIES:
            continue
        days = days_of(row.get("target_start_date", ""), row.get("target_end_date", ""))
        # A milestone has only one of the two.
        if row.get("task_type") in {"TT_Mile", "TT_FinMile"}:
            one = row.get("target_start_date") or row.get("target_end_date") or ""
            other = row.get("target_end_date") or one
            days = days_of(one, other)
        name = row.get("task_name", "")
        if isinstance(days, str):
            faults.append(
                Fault(
                    file=file,
                    sheet="TASK",
                    row=line,
                    value=name[:80],
                    why=days,
                    remedy="mend it in Primavera and export once more",
                )
            )
            continue
        activities.append(
            Activity(
                id=row.get("task_code", ""),
                name=name,
                start=days[0],
                finish=days[1],
                codes={**row, **codes.get(row.get("task_id", ""), {})},
                place=f"line {line}",
            )
        )
    return Schedule(file=file, activities=tuple(activities), faults=tuple(faults))


def _tables(text: str, file: str) -> tuple[dict[str, list[tuple[int, _Row]]], list[Fault]]:
    """Return the tables by name: each row with its line in the file."""
    tables: dict[str, list[tuple[int, _Row]]] = {}
    faults: list[Fault] = []
    name, header = "", list[str]()
    for number, line in enumerate(text.split("\n"), start=1):
        kind, *cells = line.rstrip("\r").split("\t")
        match kind:
            case "%T":
                name, header = (cells[0].strip() if cells else ""), []
                tables.setdefault(name, [])
            case "%F":
                header = [cell.strip() for cell in cells]
            case "%R" if name and header:
                tables[name].append((number, dict(zip(header, cells, strict=False))))
                if len(cells) != len(header) and name == "TASK":
                    faults.append(_ragged(file, name, number, cells, header))
            case "%R":
                faults.append(_ragged(file, name, number, cells, header))
    return tables, faults


def _ragged(
    file: str, name: str, number: int, cells: Sequence[str], header: Sequence[str]
) -> Fault:
    return Fault(
        file=file,
        sheet=name,
        row=number,
        why=f"the row has {len(cells)} cells, its table {len(header)} columns",
        remedy="export the project once more; a text field may hold a tab or a line break",
    )


def _codes(tables: Mapping[str, list[tuple[int, _Row]]]) -> dict[str, dict[str, str]]:
    """Return activity codes and user-defined fields: task id → title → text."""

    def rows(name: str) -> list[_Row]:
        return [row for _, row in tables.get(name, [])]

    found: dict[str, dict[str, str]] = defaultdict(dict)
    types = {r.get("actv_code_type_id"): r.get("actv_code_type", "") for r in rows("ACTVTYPE")}
    values = {
        r.get("actv_code_id"): (types.get(r.get("actv_code_type_id"), ""), r.get("short_name", ""))
        for r in rows("ACTVCODE")
    }
    for row in rows("TASKACTV"):
        title, text = values.get(row.get("actv_code_id"), ("", ""))
        if title:
            found[row.get("task_id", "")][title] = text
    fields = {
        r.get("udf_type_id"): r.get("udf_type_label", "")
        for r in rows("UDFTYPE")
        if r.get("table_name") == "TASK"
    }
    for row in rows("UDFVALUE"):
        title = fields.get(row.get("udf_type_id"), "")
        if title:
            found[row.get("fk_id", "")][title] = row.get("udf_text", "")
    return found
