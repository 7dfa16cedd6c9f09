"""Workbooks (.xlsx, .xlsm) as sheets of cells, with what a reader of tables must know of them.

ECMA-376 (Office Open XML), part 1, clause 18. One pass gives a formula and its stored result
together, so that a formula never calculated is told from an empty cell.
"""

from __future__ import annotations

import datetime as dt
import math
import posixpath
import re
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format, is_timedelta_format
from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH, from_excel

from roadplan.tables.archive import Archive, UnreadableFileError
from roadplan.tables.cells import Cell, ErrorValue, Percent, Uncomputed

MAX_CELLS = 4_000_000
"""Cells with content in one sheet beyond which it is refused."""

MAX_ROWS, MAX_COLUMNS = 1_048_576, 16_384

_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """One sheet of a workbook.

    Parameters
    ----------
    name
        Its name.
    hidden
        Whether the sheet itself is hidden.
    rows
        Row (from 1) → column (from 0) → cell; only cells with content.
    merges
        Merged ranges: first row, first column, last row, last column, inclusive.
    hidden_rows, hidden_columns
        What the spreadsheet program does not show.
    date_1904
        Whether serial dates count from 1904.
    """

    name: str
    hidden: bool = False
    rows: dict[int, dict[int, Cell]] = field(default_factory=dict)
    merges: tuple[tuple[int, int, int, int], ...] = ()
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    date_1904: bool = False


def read_sheets(path: Path) -> list[Sheet]:
    """Read all sheets of a workbook.

    Parameters
    ----------
    path
        An .xlsx or .xlsm file.

    Returns
    -------
    list of Sheet
        In the order of their tabs; sheets that are charts are left out.

    Raises
    ------
    UnreadableFileError
        The file is missing, damaged, protected, of another kind, too large or hostile.
    """
    _refuse_other_kinds(path)
    with Archive(path) as archive:
        book = _Book()
        main = _main_part(archive)
        archive.parse(main, book)
        targets = _relations(archive, main)
        strings = _Strings()
        styles = _Styles()
        for kind, target in targets.values():
            if kind == "sharedStrings":
                archive.parse(target, strings)
            elif kind == "styles":
                archive.parse(target, styles)
        sheets = []
        for name, identity, hidden in book.sheets:
            if identity not in targets:
                raise archive.unreadable(f"sheet {name} has no content")
            kind, target = targets[identity]
            if kind != "worksheet":
                continue
            reader = _Cells(archive, name, strings.texts, styles.kinds(), book.date_1904)
            archive.parse(target, reader)
            sheets.append(reader.sheet(hidden=hidden))
    return sheets


def check_parts(path: Path) -> None:
    """Check that every XML part of a workbook is sound and declares no entities.

    Raises
    ------
    UnreadableFileError
        A part is damaged or hostile.
    """
    with Archive(path) as archive:
        for name in sorted(archive.names()):
            if name.endswith((".xml", ".rels")):
                archive.parse(name, _Target())


def _refuse_other_kinds(path: Path) -> None:
    """Say what a file is that is no .xlsx, by its first bytes."""
    try:
        with path.open("rb") as stream:
            head = stream.read(8)
            tail = stream.read(1 << 20) if head == _OLE_MAGIC else b""
    except FileNotFoundError:
        raise UnreadableFileError(path.name, "there is no such file") from None
    except OSError as error:
        why = f"the file cannot be read: {error.strerror or error}"
        raise UnreadableFileError(path.name, why) from error
    if head == _OLE_MAGIC:
        if "EncryptedPackage".encode("utf-16-le") in tail:
            why, remedy = "the workbook is protected with a password", "save it without a password"
        else:
            why, remedy = "the workbook is of the old kind (.xls)", "save it as .xlsx"
        raise UnreadableFileError(path.name, why, remedy)
    if not head:
        raise UnreadableFileError(path.name, "the file is empty", "save it again as .xlsx")
    if not head.startswith(b"PK"):
        why = "the file is no workbook, whatever its name says"
        raise UnreadableFileError(path.name, why, "save it as .xlsx, or name it .csv if it is one")


def _main_part(archive: Archive) -> str:
    names = archive.names()
    if "mimetype" in names and "content.xml" in names:
        raise archive.unreadable("the file is an OpenDocument file", remedy="save it as .xlsx")
    if "_rels/.rels" not in names:
        raise archive.unreadable("the file is an archive but no workbook")
    found = [t for kind, t in _relations(archive, "").values() if kind == "officeDocument"]
    if not found or not found[0].endswith(".xml"):
        what = "a binary workbook (.xlsb)" if found else "no workbook"
        raise archive.unreadable(f"the file is {what}", remedy="save it as .xlsx")
    return found[0]


def _relations(archive: Archive, part: str) -> dict[str, tuple[str, str]]:
    """Return the relations of a part: identifier → kind and the part pointed to."""
    folder, name = posixpath.split(part)
    relations = _Relations()
    archive.parse(posixpath.join(folder, "_rels", f"{name}.rels"), relations)
    return {
        identity: (kind, posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/"))
        for identity, (kind, target) in relations.found.items()
    }


def _local(tag: str) -> str:
    """Return a tag or attribute without its namespace."""
    return tag.rpartition("}")[2]


def _is_true(value: str | None) -> bool:
    return value in {"1", "true", "on"}


class _Target:
    """An XML target that ignores everything."""

    def start(self, tag: str, attributes: dict[str, str]) -> None: ...

    def end(self, tag: str) -> None: ...

    def data(self, text: str) -> None: ...


class _Relations(_Target):
    def __init__(self) -> None:
        self.found: dict[str, tuple[str, str]] = {}

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if _local(tag) == "Relationship" and attributes.get("TargetMode") != "External":
            kind = attributes.get("Type", "").rpartition("/")[2]
            self.found[attributes.get("Id", "")] = (kind, attributes.get("Target", ""))


class _Book(_Target):
    def __init__(self) -> None:
        self.sheets: list[tuple[str, str, bool]] = []
        self.date_1904 = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        local = _local(tag)
        if local == "sheet":
            identity = next((v for k, v in attributes.items() if _local(k) == "id"), "")
            hidden = attributes.get("state", "visible") != "visible"
            self.sheets.append((attributes.get("name", ""), identity, hidden))
        elif local == "workbookPr":
            self.date_1904 = _is_true(attributes.get("date1904"))


class _Strings(_Target):
    """The shared strings; reading aids above Japanese text are no part of it."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._parts: list[str] = []
        self._reading_aid = False
        self._in_text = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:  # noqa: ARG002 - the protocol
        local = _local(tag)
        if local == "si":
            self._parts = []
        elif local == "rPh":
            self._reading_aid = True
        elif local == "t":
            self._in_text = not self._reading_aid

    def end(self, tag: str) -> None:
        local = _local(tag)
        if local == "si":
            self.texts.append(_unescaped("".join(self._parts)))
        elif local == "rPh":
            self._reading_aid = False
        elif local == "t":
            self._in_text = False

    def data(self, text: str) -> None:
        if self._in_text:
            self._parts.append(text)


class _Styles(_Target):
    """The number formats of cells: which show a date, which a percentage."""

    def __init__(self) -> None:
        self._formats: dict[int, str] = dict(BUILTIN_FORMATS)
        self._cell_formats: list[int] = []
        self._in_cell_formats = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        local = _local(tag)
        if local == "cellXfs":
            self._in_cell_formats = True
        elif local == "xf" and self._in_cell_formats:
            self._cell_formats.append(_integer(attributes.get("numFmtId")) or 0)
        elif local == "numFmt":
            identity = _integer(attributes.get("numFmtId"))
            if identity is not None:
                self._formats[identity] = attributes.get("formatCode", "")

    def end(self, tag: str) -> None:
        if _local(tag) == "cellXfs":
            self._in_cell_formats = False

    def kinds(self) -> list[str]:
        """Return for each cell style ``date``, ``percent`` or nothing."""
        return [_format_kind(self._formats.get(number, "")) for number in self._cell_formats]


@lru_cache(maxsize=1024)
def _format_kind(code: str) -> str:
    if is_date_format(code) and not is_timedelta_format(code):
        return "date"
    bare = re.sub(r'"[^"]*"|\\.', "", code)
    return "percent" if "%" in bare else ""


class _Cells(_Target):
    """The cells of one sheet."""

    def __init__(
        self, archive: Archive, name: str, strings: list[str], styles: list[str], date_1904: bool
    ) -> None:
        self._archive, self._name = archive, name
        self._strings, self._styles, self._date_1904 = strings, styles, date_1904
        self._rows: dict[int, dict[int, Cell]] = {}
        self._merges: list[tuple[int, int, int, int]] = []
        self._hidden_rows: set[int] = set()
        self._hidden_columns: set[int] = set()
        self._row, self._column, self._count = 0, -1, 0
        self._type, self._style = "n", ""
        self._texts: dict[str, list[str]] = {}
        self._into: list[str] | None = None
        self._reading_aid = False

    def sheet(self, *, hidden: bool) -> Sheet:
        """Return what was read."""
        return Sheet(
            name=self._name,
            hidden=hidden,
            rows=self._rows,
            merges=tuple(self._merges),
            hidden_rows=frozenset(self._hidden_rows),
            hidden_columns=frozenset(self._hidden_columns),
            date_1904=self._date_1904,
        )

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        match _local(tag):
            case "c":
                self._start_cell(attributes)
            case "v" | "f" as local:
                self._into = self._texts.setdefault(local, [])
            case "t":
                self._into = None if self._reading_aid else self._texts.setdefault("t", [])
            case "rPh":
                self._reading_aid = True
            case "row":
                self._start_row(attributes)
            case "col":
                self._hide_columns(attributes)
            case "mergeCell":
                self._merge(attributes.get("ref", ""))

    def data(self, text: str) -> None:
        if self._into is not None:
            self._into.append(text)

    def end(self, tag: str) -> None:
        match _local(tag):
            case "c":
                self._end_cell()
            case "v" | "f" | "t":
                self._into = None
            case "rPh":
                self._reading_aid = False

    def _start_row(self, attributes: dict[str, str]) -> None:
        given = attributes.get("r")
        number = self._row + 1 if given is None else _integer(given)
        if number is None or not 1 <= number <= MAX_ROWS:
            raise self._broken(f"row {given}")
        self._row, self._column = number, -1
        if _is_true(attributes.get("hidden")):
            self._hidden_rows.add(number)

    def _start_cell(self, attributes: dict[str, str]) -> None:
        given = attributes.get("r")
        if given is None:
            self._column += 1
            self._row = max(self._row, 1)
        else:
            self._row, self._column = self._at(given)
        if self._column >= MAX_COLUMNS:
            raise self._broken(f"a cell right of column {MAX_COLUMNS}")
        self._type = attributes.get("t", "n")
        style = _integer(attributes.get("s", "0"))
        known = style is not None and 0 <= style < len(self._styles)
        self._style = self._styles[style] if known and style is not None else ""
        self._texts = {}

    def _end_cell(self) -> None:
        cell = self._cell()
        self._texts = {}
        if cell is None or cell == "":
            return
        self._count += 1
        if self._count > MAX_CELLS:
            raise self._archive.unreadable(
                f"sheet {self._name} has more than {MAX_CELLS:,} cells",
                remedy="split it into smaller files",
            )
        self._rows.setdefault(self._row, {})[self._column] = cell

    def _cell(self) -> Cell:
        """Return the content of the cell just read."""
        value = "".join(self._texts["v"]) if "v" in self._texts else None
        if "f" in self._texts and (value is None or (value == "" and self._type != "str")):
            return Uncomputed("".join(self._texts["f"]))
        match self._type:
            case "inlineStr":
                return _unescaped("".join(self._texts.get("t", [])))
            case "str":
                return _unescaped(value or "")
            case "s":
                index = _integer(value)
                if value in {None, ""}:
                    return None
                if index is None or not 0 <= index < len(self._strings):
                    raise self._broken(f"text number {value}")
                return self._strings[index]
            case "b":
                return None if not value else _is_true(value.strip())
            case "e":
                return ErrorValue(value or "#VALUE!")
            case "d":
                return value
            case _:
                return self._number(value)

    def _number(self, value: str | None) -> Cell:
        if not value:
            return None
        try:
            number = float(value)
        except ValueError:
            return value
        if not math.isfinite(number):
            return value
        if self._style == "percent":
            return Percent(number)
        return self._date(number) if self._style == "date" else number

    def _date(self, number: float) -> Cell:
        epoch = MAC_EPOCH if self._date_1904 else WINDOWS_EPOCH
        try:
            found = from_excel(number, epoch)
        except (ValueError, OverflowError):
            return number
        return found if isinstance(found, dt.datetime | dt.date | dt.time) else number

    def _hide_columns(self, attributes: dict[str, str]) -> None:
        if not _is_true(attributes.get("hidden")):
            return
        first = _integer(attributes.get("min")) or 1
        last = min(_integer(attributes.get("max")) or first, MAX_COLUMNS)
        self._hidden_columns.update(range(first - 1, last))

    def _merge(self, reference: str) -> None:
        first, _, last = reference.partition(":")
        (top, left), (bottom, right) = self._at(first), self._at(last or first)
        self._merges.append(
            (min(top, bottom), min(left, right), max(top, bottom), max(left, right))
        )

    def _at(self, reference: str) -> tuple[int, int]:
        """Return row (from 1) and column (from 0) of a reference such as ``B5``."""
        match = _REFERENCE.fullmatch(reference)
        if match is None or not 1 <= int(match[2]) <= MAX_ROWS:
            raise self._broken(f"place {reference!r}")
        column = _column_number(match[1])
        if column >= MAX_COLUMNS:
            raise self._broken(f"place {reference!r}")
        return int(match[2]), column

    def _broken(self, what: str) -> UnreadableFileError:
        return self._archive.unreadable(f"sheet {self._name} is damaged: {what} cannot be")


@lru_cache(maxsize=4096)
def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def _integer(text: str | None) -> int | None:
    """Return a short whole number; None where the text is none."""
    if text is None or not re.fullmatch(r"\s*[0-9]{1,9}\s*", text):
        return None
    return int(text)


def _unescaped(text: str) -> str:
    """Return text with ``_x000D_`` and the like as the characters they stand for."""
    if "_x" not in text:
        return text

    def character(match: re.Match[str]) -> str:
        code = int(match[1], 16)
        return match[0] if 0xD800 <= code <= 0xDFFF else chr(code)

    return _ESCAPE.sub(character, text)
