"""Delimited text as spreadsheet programs and people really write it, as rows of cells."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from itertools import islice

from roadplan.errors import RoadplanError
from roadplan.tables.cells import Conventions
from roadplan.tables.raw import HEADER_SEARCH_ROWS, RawTable, column_letter, find_header
from roadplan.tables.schema import Table
from roadplan.tables.words import column_words, normalised

_KAZAKH_BYTES = frozenset(b"\x8d\x9d\x8e\x9e\xa1\xa2\xa3\xa5\xaa\xaf\xb4\xba\xbc\xbd\xbe\xbf")
"""Bytes that are Kazakh letters in KZ-1048, and letters of other alphabets in Windows-1251."""

_OTHER_FILES = (
    (b"PK\x03\x04", "a workbook or another zip archive; give it its own ending, e.g. .xlsx"),
    (b"\xd0\xcf\x11\xe0", "a workbook of the old kind; save it as .xlsx or as CSV"),
    (b"SQLite format 3\x00", "a database; give it its own ending, e.g. .gpkg"),
    (b"%PDF", "a PDF; export the table as CSV or .xlsx"),
)

_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_SAVE_AS_UTF8 = "save it as CSV in UTF-8"
_INJECTION = re.compile(r"'+[=+\-@\t\r]")


class BrokenRowsError(RoadplanError):
    """A delimited file, or a row of it, that cannot be split into cells; `row` counts from 1."""

    def __init__(self, why: str, remedy: str, row: int | None = None) -> None:
        self.why, self.remedy, self.row = why, remedy, row
        super().__init__(f"{why}; {remedy}")


def decode(content: bytes) -> str:
    """Return the text of a delimited file.

    UTF-8 with or without a byte order mark, UTF-16 with one, and otherwise Windows-1251, or
    KZ-1048 where bytes stand in it that are Kazakh letters there.

    Raises
    ------
    BrokenRowsError
        The bytes are no text.

    Examples
    --------
    >>> decode("Қапшағай".encode("kz1048")), decode("Балхаш".encode("cp1251"))
    ('Қапшағай', 'Балхаш')
    """
    for magic, what in _OTHER_FILES:
        if content.startswith(magic):
            raise BrokenRowsError("the file is no CSV", f"it looks like {what}")
    try:
        text = content.decode("utf-16" if content.startswith(_UTF16_MARKS) else "utf-8-sig")
    except UnicodeDecodeError as error:
        text = _legacy(content, error)
    if "\x00" in text:
        raise BrokenRowsError("the file is no text in a known encoding", _SAVE_AS_UTF8)
    return text


def _legacy(content: bytes, error: UnicodeDecodeError) -> str:
    """Return the text of bytes that are not quite Unicode."""
    tried = content.decode("utf-8-sig", errors="replace")
    wrong = tried.count("\N{REPLACEMENT CHARACTER}")
    # A legacy code page read as UTF-8 is wrong nearly everywhere, not in a letter or two.
    damaged = sum(1 for c in tried if not c.isascii()) > 2 * wrong
    if not damaged and not content.startswith(_UTF16_MARKS):
        encoding = "kz1048" if _KAZAKH_BYTES.intersection(content) else "cp1251"
        try:
            return content.decode(encoding)
        except UnicodeDecodeError as legacy_error:
            error = legacy_error
    raise BrokenRowsError(
        "the file is no text in a known encoding",
        _SAVE_AS_UTF8,
        content.count(b"\n", 0, error.start) + 1,
    ) from error


def split_rows(text: str, delimiter: str, limit: int | None = None) -> list[list[str]]:
    """Split text into rows of cells; at most `limit` rows.

    Raises
    ------
    BrokenRowsError
        A quote is not closed, or text follows a closing quote.
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    found: list[list[str]] = []
    try:
        found.extend(islice(reader, limit))
    except csv.Error as error:
        raise BrokenRowsError(
            f"the row cannot be split into cells ({error})",
            'close every quote, and write a quote inside a quoted cell as ""',
            len(found) + 1,
        ) from error
    return found


def delimiter_of(text: str, tables: Iterable[Table]) -> str:
    """Return the delimiter by which the most headers of some tables are found in a text."""
    words = {word for table in tables for word in column_words(table)}
    best, best_score = ",", (0, 0)
    for delimiter in (",", ";", "\t"):
        rows = _sound_rows(text, delimiter)
        known = max((sum(normalised(cell) in words for cell in row) for row in rows), default=0)
        score = (known, sum(len(row) for row in rows))
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _sound_rows(text: str, delimiter: str) -> list[list[str]]:
    """Return the first rows of a text, up to one that cannot be split."""
    limit = HEADER_SEARCH_ROWS
    while limit:
        try:
            return split_rows(text, delimiter, limit)
        except BrokenRowsError as error:
            limit = min(limit, error.row or 1) - 1
    return []


def _stripped(cells: Sequence[str]) -> list[str]:
    """Return cells without outer blanks and without the apostrophe that disarms a formula."""
    return [
        cell[1:] if cell.startswith("'") and _INJECTION.match(cell) else cell
        for cell in map(str.strip, cells)
    ]


def raw_table(content: bytes, table: Table, file: str) -> tuple[RawTable, list[BrokenRowsError]]:
    """Find a table in the bytes of a delimited file.

    Parameters
    ----------
    content
        The whole file.
    table
        What it should hold.
    file
        Its name, for messages.

    Returns
    -------
    raw
        Header and cells. Blank rows are left out; rows keep their number in the file.
    broken
        Rows with too few or too many cells, which are left out.

    Raises
    ------
    BrokenRowsError
        The file is no delimited text, has no rows, or has no header that fits.
    """
    text = decode(content)
    first, _, rest = text.partition("\n")
    offset = 0
    if match := re.fullmatch(r"(?i)\"?sep=([,;\t|])\"?\s*", first):
        delimiter, text, offset = match[1], rest, 1
    else:
        delimiter = delimiter_of(text, [table])
    rows = split_rows(text, delimiter)
    if not any(cell.strip() for row in rows for cell in row):
        raise BrokenRowsError("the file is empty", f"write a header: {','.join(table.names)}")
    at = find_header(rows[:HEADER_SEARCH_ROWS], table)
    if at is None:
        raise BrokenRowsError(
            f"no row looks like the header of table {table.name}",
            f"write a header with its columns: {', '.join(table.names)}",
            1,
        )
    header = [cell.strip(" \u00a0\ufeff") for cell in rows[at]]
    while header and not header[-1]:
        header.pop()
    kept, numbers, broken = _even_rows(rows[at + 1 :], len(header), at + 2 + offset)
    columns = (
        tuple(_stripped(column) for column in zip(*kept, strict=True))
        if kept
        else tuple([] for _ in header)
    )
    raw = RawTable(
        file=file,
        header=tuple(header),
        header_row=at + 1 + offset,
        positions=tuple(range(len(header))),
        columns=columns,
        rows=numbers,
        conventions=Conventions(
            decimal_comma=True if delimiter == ";" else None, domain=table.domain
        ),
    )
    return raw, broken


def _even_rows(
    rows: Sequence[list[str]], width: int, first: int
) -> tuple[list[list[str]], list[int], list[BrokenRowsError]]:
    """Keep the rows of the header's width; rows count from `first`."""
    kept: list[list[str]] = []
    numbers: list[int] = []
    broken: list[BrokenRowsError] = []
    for number, row in enumerate(rows, start=first):
        if len(row) != width:
            if not any(cell.strip() for cell in row):
                continue
            if len(row) < width or any(cell.strip() for cell in row[width:]):
                why = f"the row has {len(row)} cells, the header has {width}"
                remedy = "give each row as many cells as the header, empty ones too"
                if len(row) > width:
                    remedy += (
                        f", and quote text with a delimiter in it; column {column_letter(width)} "
                        "is the first one too many"
                    )
                broken.append(BrokenRowsError(why, remedy, number))
                continue
            row = row[:width]  # noqa: PLW2901 - spreadsheets pad rows with empty cells
        elif not any(row):
            continue
        kept.append(row)
        numbers.append(number)
    return kept, numbers, broken
