"""One cell: what people write into it, turned into the value that is meant.

A cell comes as text from a CSV, or as text, number, truth value or date from a workbook. What
cannot be understood without guessing is a :class:`Problem`, never a silent nothing.
"""

from __future__ import annotations

import datetime as dt
import difflib
import math
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from roadplan.tables.schema import Column
from roadplan.tables.words import choice_words, flag_words, normalised

MAX_TEXT = 32_767
"""Characters in one cell; more cannot be kept in a workbook."""

_MAX_ID = 200
_FIRST_YEAR, _LAST_YEAR = 1900, 2200


@dataclass(frozen=True)
class Problem:
    """Why a cell cannot be used, and what would be right."""

    why: str
    remedy: str = ""


@dataclass(frozen=True)
class ErrorValue:
    """A cell in which the spreadsheet program shows an error, e.g. ``#REF!``."""

    code: str


@dataclass(frozen=True)
class Uncomputed:
    """A cell with a formula whose result is not stored in the file."""

    formula: str


@dataclass(frozen=True)
class Percent:
    """A number shown as a percentage; `share` is 0.35 for 35 %."""

    share: float


@dataclass(frozen=True, kw_only=True)
class Conventions:
    """How the writer of a column means what could be read in two ways.

    Parameters
    ----------
    decimal_comma
        Whether ``12,125`` is twelve and an eighth (True) or 12125 (False); None: nobody knows.
    date_1904
        Whether serial dates count from 1904, as workbooks of old Macintoshes do.
    domain
        The catalogue in which the words of choices are translated.
    """

    decimal_comma: bool | None = None
    date_1904: bool = False
    domain: str = "tables"


Cell = (
    str | float | bool | dt.datetime | dt.date | dt.time | ErrorValue | Uncomputed | Percent | None
)
"""What a cell may hold before it is understood; None and blank text are empty."""

Value = str | float | bool
"""What an understood cell holds."""

_ERROR_CODES = frozenset(
    f"#{code}"
    for code in (
        *("REF!", "N/A", "VALUE!", "DIV/0!", "NAME?", "NUM!", "NULL!", "SPILL!", "CALC!"),
        *("ССЫЛКА!", "Н/Д", "ЗНАЧ!", "ДЕЛ/0!", "ИМЯ?", "ЧИСЛО!", "ПУСТО!", "ПЕРЕНОС!"),
    )
)


def is_empty(cell: object) -> bool:
    """Say whether a cell holds nothing."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def shown(cell: object) -> str:
    """Return a cell as a user would recognise it in a message, at most 80 characters."""
    match cell:
        case None:
            text = ""
        case ErrorValue(code):
            text = code
        case Uncomputed(formula):
            text = f"={formula}"
        case Percent(share):
            text = f"{share * 100:g} %"
        case bool():
            text = "TRUE" if cell else "FALSE"
        case float() | int():
            text = number_text(cell)
        case dt.datetime() | dt.date() | dt.time():
            text = cell.isoformat()
        case _:
            text = str(cell)
    text = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return text if len(text) <= 80 else f"{text[:79]}…"


def number_text(number: float) -> str:
    """Return a number as the shortest text that reads back the same, without ``.0``.

    Examples
    --------
    >>> number_text(1610.0), number_text(0.1), number_text(-2.5e-7)
    ('1610', '0.1', '-2.5e-07')
    """
    number = float(number)
    return f"{number:.0f}" if number.is_integer() and abs(number) < 1e21 else repr(number)


def parse_cell(cell: Cell, column: Column, conventions: Conventions) -> Value | Problem:
    """Understand one cell that is not empty.

    Parameters
    ----------
    cell
        What the file holds.
    column
        What it should hold.
    conventions
        How ambiguous notations are meant in this column.

    Returns
    -------
    str, float, bool or Problem
        Text, ids, choices and posts as text; dates as ISO 8601 text; numbers and integers as
        float; flags as bool. Ranges are not checked here.
    """
    if isinstance(cell, Uncomputed):
        return Problem(
            "the formula's result is not stored in the file",
            "open the file in the spreadsheet program, let it calculate, and save it again",
        )
    if isinstance(cell, ErrorValue) or (isinstance(cell, str) and cell.strip() in _ERROR_CODES):
        code = cell.code if isinstance(cell, ErrorValue) else cell.strip()
        return Problem(f"the cell shows the error {code}", "mend the formula or write the value")
    match column.kind:
        case "number":
            return _number(cell, column, conventions)
        case "integer":
            return _integer(cell, column, conventions)
        case "flag":
            return _flag(cell)
        case "choice":
            return _choice(cell, column, conventions.domain)
        case "date" | "partial_date" | "datetime":
            return _moment(cell, column.kind, conventions)
        case _:
            return _text(cell, column.kind)


# --- text -------------------------------------------------------------------------------------


def _text(cell: Cell, kind: str) -> str | Problem:
    if isinstance(cell, dt.datetime | dt.date | dt.time):
        if kind == "text":
            return _iso(cell)
        return Problem(
            "the spreadsheet program took it for a date",
            "format the cell as text and write it again",
        )
    text = _plain(cell).strip().replace("\r\n", "\n").replace("\r", "\n")
    if kind in {"id", "post"}:
        text = unicodedata.normalize("NFC", text.lstrip("'").strip())
    bad = next((c for c in text if unicodedata.category(c) in {"Cc", "Cs"} and c not in "\n\t"), "")
    if bad or (kind in {"id", "post"} and any(c in "\n\t" for c in text)):
        return Problem("it holds a control character", "write it again without it")
    longest = _MAX_ID if kind in {"id", "post"} else MAX_TEXT
    if len(text) > longest:
        return Problem(f"it is longer than {longest} characters", "shorten it")
    return text


def _plain(cell: Cell) -> str:
    """Return what a cell shows as text."""
    match cell:
        case bool():
            return "TRUE" if cell else "FALSE"
        case float() | int():
            return number_text(cell)
        case Percent(share):
            return f"{number_text(round(share * 100, 10))} %"
        case dt.datetime() | dt.date() | dt.time():
            return cell.isoformat()
        case _:
            return str(cell)


# --- numbers ----------------------------------------------------------------------------------

_SPACES = " \u00a0\u2007\u2009\u202f'\N{RIGHT SINGLE QUOTATION MARK}"
_MINUS = {ord(c): "-" for c in "\N{MINUS SIGN}\N{EN DASH}\N{NON-BREAKING HYPHEN}"}
_PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_COMMA = re.compile(r"[+-]?(\d+,\d*|,\d+)([eE][+-]?\d+)?")
_SPACED = re.compile(rf"[+-]?\d{{1,3}}([{_SPACES}]\d{{3}})+([.,]\d+)?")
_DOT_GROUPS = re.compile(r"[+-]?\d{1,3}(\.\d{3})+,\d+|[+-]?\d{1,3}(\.\d{3}){2,}")
_COMMA_GROUPS = re.compile(r"[+-]?\d{1,3}(,\d{3})+\.\d+|[+-]?\d{1,3}(,\d{3}){2,}")
_EITHER = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")


def comma_convention(cells: Iterable[object]) -> bool | None:
    """Tell from the cells of a column what its commas mean.

    Returns
    -------
    bool or None
        True where some number can only have a decimal comma, False where some can only have
        commas between thousands, None where neither or both are so.

    Examples
    --------
    >>> comma_convention(["12,125", "3,5"]), comma_convention(["12,125", "1,234.5"])
    (True, False)
    >>> comma_convention(["12,125"]) is None
    True
    """
    decimal = thousands = False
    for cell in cells:
        if isinstance(cell, str) and "," in cell:
            text = cell.strip().rstrip("%").strip()
            if _EITHER.fullmatch(text):
                continue
            decimal |= bool(_COMMA.fullmatch(text) or _DOT_GROUPS.fullmatch(text))
            thousands |= bool(_COMMA_GROUPS.fullmatch(text))
    return decimal if decimal != thousands else None


def _number(cell: Cell, column: Column, conventions: Conventions) -> float | Problem:
    write = f"write a number{f' in {column.unit}' if column.unit else ''}"
    if isinstance(cell, bool):
        return Problem("a truth value is no number", write)
    if isinstance(cell, dt.datetime | dt.date | dt.time):
        return Problem(
            "the cell is formatted as a date",
            f"format the cell as a number and {write}",
        )
    if isinstance(cell, Percent):
        return _percent(cell.share * 100, column)
    if isinstance(cell, int | float):
        found = float(cell)
        return found if math.isfinite(found) else Problem("it is not a finite number", write)
    text = str(cell).strip().lstrip("'").translate(_MINUS).strip(_SPACES)
    if text.endswith("%"):
        inner = _number_text(text[:-1].strip(_SPACES), column, conventions, write)
        return inner if isinstance(inner, Problem) else _percent(inner, column)
    return _number_text(text, column, conventions, write)


def _number_text(
    text: str, column: Column, conventions: Conventions, write: str
) -> float | Problem:
    if _EITHER.fullmatch(text):
        return _either(text, column, conventions)
    if _PLAIN.fullmatch(text):
        plain = text
    elif _COMMA.fullmatch(text):
        plain = text.replace(",", ".")
    elif _SPACED.fullmatch(text):
        plain = "".join(c for c in text if c not in _SPACES).replace(",", ".")
    elif _DOT_GROUPS.fullmatch(text):
        plain = text.replace(".", "").replace(",", ".")
    elif _COMMA_GROUPS.fullmatch(text):
        plain = text.replace(",", "")
    else:
        return Problem("it is not a number", write)
    found = float(plain)
    return found if math.isfinite(found) else Problem("it is not a finite number", write)


def _either(text: str, column: Column, conventions: Conventions) -> float | Problem:
    """Understand ``12,125``, whose comma may be decimal or between thousands."""
    decimal, thousands = float(text.replace(",", ".")), float(text.replace(",", ""))
    if conventions.decimal_comma is not None:
        return decimal if conventions.decimal_comma else thousands
    fitting = [
        number
        for number in (decimal, thousands)
        if (column.minimum is None or number >= column.minimum)
        and (column.maximum is None or number <= column.maximum)
        and (column.kind != "integer" or number.is_integer())
    ]
    if len(fitting) == 1:
        return fitting[0]
    return Problem(
        f"it may mean {number_text(decimal)} or {number_text(thousands)}",
        f"write {number_text(decimal)} or {number_text(thousands)}",
    )


def _percent(percent: float, column: Column) -> float | Problem:
    """Return a percentage in the unit of its column."""
    if column.unit == "%":
        return percent
    if column.unit in {"0–1", "ratio"} or (column.minimum == 0 and column.maximum == 1):
        return percent / 100
    return Problem(
        "a percentage does not fit here",
        f"write a number{f' in {column.unit}' if column.unit else ''}",
    )


def _integer(cell: Cell, column: Column, conventions: Conventions) -> float | Problem:
    found = _number(cell, column, conventions)
    if isinstance(found, Problem):
        return found
    if not found.is_integer() or abs(found) >= 2**53:
        return Problem("it is not a whole number", "write a whole number")
    return found


# --- words ------------------------------------------------------------------------------------


def _flag(cell: Cell) -> bool | Problem:
    if isinstance(cell, bool):
        return cell
    if isinstance(cell, int | float):
        cell = number_text(cell)
    found = flag_words().get(normalised(str(cell)))
    if found is None:
        return Problem("it says neither yes nor no", "write yes or no")
    return found


def _choice(cell: Cell, column: Column, domain: str) -> str | Problem:
    words = choice_words(column.choices, domain)
    text = _plain(cell).strip().lstrip("'")
    key = normalised(text)
    if key in words:
        return words[key]
    truth = flag_words().get(key)
    if truth is not None and {"yes", "no"} <= set(column.choices):
        return "yes" if truth else "no"
    near = difflib.get_close_matches(key, list(words), n=1, cutoff=0.6)
    meant = f"; {words[near[0]]} may be meant" if near else ""
    return Problem(
        "it is not one of the allowed values", f"write one of {', '.join(column.choices)}{meant}"
    )


# --- dates ------------------------------------------------------------------------------------

_DATE_YMD = re.compile(r"(\d{4})[-./](\d{1,2})[-./](\d{1,2})")
_DATE_DMY = re.compile(r"(\d{1,2})[-./](\d{1,2})[-./](\d{4})\s*(?:г\.?|ж\.?)?")
_MONTH_YM = re.compile(r"(\d{4})[-./](\d{1,2})")
_MONTH_MY = re.compile(r"(\d{1,2})[-./](\d{4})")
_YEAR = re.compile(r"\d{4}")
_TIME = re.compile(
    r"(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,6})\d*)?)?\s*(Z|[+-]\d{2}:?\d{2})?", re.IGNORECASE
)
_SPLIT = re.compile(r"(?<=\d)(?:[T\s]\s*)(?=\d{1,2}:)")
_WRITE_DATE = "write the date as 2025-12-31 or 31.12.2025"


def _moment(cell: Cell, kind: str, conventions: Conventions) -> str | Problem:
    if isinstance(cell, bool | Percent | dt.time):
        return Problem("it is not a date", _WRITE_DATE)
    if isinstance(cell, int | float):
        found = _serial(float(cell), kind, conventions)
        if isinstance(found, Problem | str):
            return found
        cell = found
    if isinstance(cell, dt.datetime | dt.date):
        return _checked(cell, kind)
    return _moment_text(str(cell).strip().lstrip("'").strip(), kind, conventions)


def _serial(number: float, kind: str, conventions: Conventions) -> dt.datetime | str | Problem:
    """Understand a bare number: a year where one may stand alone, else a serial date."""
    if kind == "partial_date" and number.is_integer() and _FIRST_YEAR <= number <= _LAST_YEAR:
        return f"{number:.0f}"
    epoch = dt.datetime(1904, 1, 1) if conventions.date_1904 else dt.datetime(1899, 12, 30)  # noqa: DTZ001 - serial dates know no zone
    # Days of 1927 to 2173: smaller or larger numbers are more likely something else.
    if not 10_000 <= number <= 100_000:
        return Problem("it is not a date", _WRITE_DATE)
    return epoch + dt.timedelta(seconds=round(number * 86_400))


def _moment_text(text: str, kind: str, conventions: Conventions) -> str | Problem:
    date_part, *rest = _SPLIT.split(text, maxsplit=1)
    if kind == "partial_date" and not rest:
        partial = _partial(date_part)
        if partial is not None:
            return partial
    if match := _DATE_YMD.fullmatch(date_part):
        year, month, day = (int(part) for part in match.groups())
    elif match := _DATE_DMY.fullmatch(date_part):
        day, month, year = (int(part) for part in match.groups())
    elif re.fullmatch(r"\d{5,6}([.,]\d+)?", text):
        return _moment(float(text.replace(",", ".")), kind, conventions)
    elif re.fullmatch(r"\d{1,2}[-./]\d{1,2}[-./]\d{2}", date_part):
        return Problem("the year has two digits", _WRITE_DATE)
    else:
        return Problem("it is not a date", _WRITE_DATE)
    try:
        date = dt.datetime(year, month, day)  # noqa: DTZ001 - local time as written
        return _checked(_with_time(date, rest[0]) if rest else date, kind)
    except ValueError:
        return Problem("there is no such date", f"{_WRITE_DATE}, the day before the month")


def _partial(text: str) -> str | None:
    """Return a year or a month of a year as ISO text; None where the text is neither."""
    if match := _MONTH_YM.fullmatch(text):
        year, month = (int(part) for part in match.groups())
    elif match := _MONTH_MY.fullmatch(text):
        month, year = (int(part) for part in match.groups())
    elif _YEAR.fullmatch(text) and _FIRST_YEAR <= int(text) <= _LAST_YEAR:
        return text
    else:
        return None
    good = 1 <= month <= 12 and _FIRST_YEAR <= year <= _LAST_YEAR
    return f"{year:04d}-{month:02d}" if good else None


def _with_time(date: dt.datetime, text: str) -> dt.datetime:
    match = _TIME.fullmatch(text.strip())
    if match is None:
        raise ValueError(text)
    hour, minute, second, fraction, zone = match.groups()
    moment = date.replace(
        hour=int(hour),
        minute=int(minute),
        second=int(second or 0),
        microsecond=int((fraction or "0").ljust(6, "0")),
    )
    if zone is None:
        return moment
    if zone.upper() == "Z":
        return moment.replace(tzinfo=dt.UTC)
    sign = -1 if zone[0] == "-" else 1
    digits = zone[1:].replace(":", "")
    offset = dt.timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return moment.replace(tzinfo=dt.timezone(sign * offset))


def _checked(moment: dt.datetime | dt.date, kind: str) -> str | Problem:
    """Return a date as ISO text, unless it is absurd or has a time where none belongs."""
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        return Problem(f"the year {moment.year} cannot be meant", _WRITE_DATE)
    if kind == "datetime":
        if not isinstance(moment, dt.datetime):
            moment = dt.datetime.combine(moment, dt.time())
        return moment.isoformat(timespec="seconds")
    if isinstance(moment, dt.datetime):
        if moment.time() != dt.time():
            return Problem("it has a time of day", f"{_WRITE_DATE}, without a time")
        moment = moment.date()
    return moment.isoformat()


def _iso(cell: dt.datetime | dt.date | dt.time) -> str:
    if isinstance(cell, dt.datetime) and cell.time() == dt.time():
        return cell.date().isoformat()
    return cell.isoformat()
