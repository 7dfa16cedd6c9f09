"""MS Project XML (MSPDI): tasks with their dates, baselines and custom fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import XMLParser

from roadplan.errors import Fault
from roadplan.progress.baseline_import_schedule import Activity, Schedule, days_of
from roadplan.tables.archive import UnreadableFileError

_MAX_DEPTH = 64
_MAX_TEXT = 100_000
_CHUNK_BYTES = 1 << 16
_TRUE = ("1", "true")


class _NoProjectError(Exception):
    """The XML is something else, or absurdly nested."""


@dataclass
class _Task:
    """The texts of one Task element."""

    fields: dict[str, str] = field(default_factory=dict)
    baselines: list[dict[str, str]] = field(default_factory=list)
    attributes: list[dict[str, str]] = field(default_factory=list)


class _Collector:
    """Takes the events of the parser and keeps what a baseline needs; builds no tree."""

    def __init__(self) -> None:
        self.tasks: list[_Task] = []
        self.titles: dict[str, str] = {}
        self._path: list[str] = []
        self._text: list[str] = []
        self._length = 0
        self._part: dict[str, str] = {}

    def start(self, tag: str, _attributes: Mapping[str, str]) -> None:
        name = tag.rpartition("}")[2]
        if not self._path and name != "Project":
            raise _NoProjectError(f"its root is <{name[:40]}>, not <Project>")
        self._path.append(name)
        if len(self._path) > _MAX_DEPTH:
            raise _NoProjectError(f"its elements are nested more than {_MAX_DEPTH} deep")
        self._text, self._length = [], 0
        match self._path[1:]:
            case ["Tasks", "Task"]:
                self.tasks.append(_Task())
            case ["Tasks", "Task", "Baseline" | "ExtendedAttribute"]:
                self._part = {}
            case ["ExtendedAttributes", "ExtendedAttribute"]:
                self._part = {}

    def data(self, text: str) -> None:
        self._length += len(text)
        if self._length <= _MAX_TEXT:
            self._text.append(text)

    def end(self, _tag: str) -> None:
        text = "".join(self._text).strip()
        match self._path[1:]:
            case ["Tasks", "Task", "Baseline"]:
                self.tasks[-1].baselines.append(self._part)
            case ["Tasks", "Task", "ExtendedAttribute"]:
                self.tasks[-1].attributes.append(self._part)
            case ["Tasks", "Task", name]:
                self.tasks[-1].fields.setdefault(name, text)
            case ["ExtendedAttributes", "ExtendedAttribute"]:
                title = self._part.get("Alias") or self._part.get("FieldName", "")
                self.titles[self._part.get("FieldID", "")] = title
            case ["Tasks", "Task", "Baseline" | "ExtendedAttribute", name] | [
                "ExtendedAttributes",
                "ExtendedAttribute",
                name,
            ]:
                self._part.setdefault(name, text)
        self._path.pop()
        self._text, self._length = [], 0

    def close(self) -> None:
        """End the document."""


def read_mspdi(content: bytes, file: str, *, dates: str = "auto") -> Schedule:
    """Read the tasks of an MS Project XML file.

    Summary tasks, empty lines and inactive tasks are no activities. Custom fields are called by
    their alias, else by their name (e.g. ``Text1``).

    Raises
    ------
    UnreadableFileError
        It is no sound XML of MS Project, or declares entities as XML bombs do.
    """
    found = _Collector()
    try:
        parser: Any = XMLParser(target=found, forbid_dtd=True)
        for at in range(0, len(content), _CHUNK_BYTES):
            parser.feed(content[at : at + _CHUNK_BYTES])
        parser.close()
    except DefusedXmlException as error:
        raise UnreadableFileError(
            file,
            "it declares a document type or entities, as XML bombs do",
            "do not open this file; ask its sender for a clean one",
        ) from error
    except _NoProjectError as error:
        remedy = "save the project as XML in MS Project; from Primavera export it as XER"
        raise UnreadableFileError(file, f"it is no MS Project XML: {error}", remedy) from error
    except (ParseError, LookupError, UnicodeError, ValueError) as error:
        remedy = "save the project as XML once more"
        raise UnreadableFileError(file, f"it is no sound XML ({error})", remedy) from error
    activities: list[Activity] = []
    faults: list[Fault] = []
    for task in found.tasks:
        if not _is_activity(task):
            continue
        made = _activity(task, found.titles, file, dates)
        if isinstance(made, Fault):
            faults.append(made)
        else:
            activities.append(made)
    kept = sum(each.from_baseline for each in activities)
    notes = (f"{kept} of {len(activities)} activities have their dates from the kept baseline",)
    return Schedule(file=file, activities=tuple(activities), faults=tuple(faults), notes=notes)


def _is_activity(task: _Task) -> bool:
    fields = task.fields
    return (
        fields.get("Summary", "").lower() not in _TRUE
        and fields.get("IsNull", "").lower() not in _TRUE
        and fields.get("Active", "1").lower() in _TRUE
        and fields.get("UID") != "0"  # the whole project as a task
    )


def _activity(task: _Task, titles: Mapping[str, str], file: str, dates: str) -> Activity | Fault:
    fields = task.fields
    name = fields.get("Name", "")
    place = f"task {fields.get('ID') or fields.get('UID', '?')}"
    baseline = next((b for b in task.baselines if b.get("Number", "0") == "0"), {})
    kept = dates == "baseline" or (dates == "auto" and bool(baseline.get("Start")))
    source = baseline if kept else fields
    days = days_of(source.get("Start", ""), source.get("Finish", ""))
    if isinstance(days, str):
        return Fault(
            file=file,
            sheet=place,
            value=name[:80],
            why=f"{days} in the kept baseline" if kept else days,
            remedy="mend it in MS Project and save the XML once more",
        )
    codes = {"WBS": fields.get("WBS", ""), "UID": fields.get("UID", ""), "ID": fields.get("ID", "")}
    codes |= dict(_custom(task, titles))
    return Activity(
        id=fields.get("WBS") or fields.get("UID", ""),
        name=name,
        start=days[0],
        finish=days[1],
        codes=codes,
        place=place,
        from_baseline=kept,
    )


def _custom(task: _Task, titles: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the custom fields of a task by title."""
    for attribute in task.attributes:
        key = attribute.get("FieldID", "")
        yield titles.get(key) or key, attribute.get("Value", "")
