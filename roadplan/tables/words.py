"""The words of tables in Russian, Kazakh and English: headers, titles, choices, yes and no.

A column's own labels come first, then the catalogue of its table's domain, then English. Whatever
the language of a sheet, all of them are understood when it is read.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable
from functools import cache

from roadplan.i18n import LANGUAGES, translate
from roadplan.tables.schema import Column, Table

HELP_TITLE = "Help"
"""Title of the sheet of a template that explains the others."""

FAULTS_TITLE = "Faults"
"""Title of the sheet of a marked copy that lists the faults."""

_UNIT_SUFFIXES = {
    "m": "m",
    "km": "km",
    "cm": "cm",
    "km/h": "kmh",
    "t/h": "t_h",
    "veh/day": "veh_day",
    "veh/h": "veh_h",
    "h": "h",
    "s": "s",
    "min": "min",
}

_YES = "yes y true 1 да истина иә ия ақиқат + on"
_NO = "no n false 0 нет ложь жоқ жалған - off"


def normalised(text: str) -> str:
    """Return a label or word as it is compared: letters and digits in lower case, single spaces.

    Examples
    --------
    >>> normalised("  Station,  m *") == normalised("station_m")
    True
    """
    folded = unicodedata.normalize("NFKC", text).casefold().replace("ё", "е")
    return re.sub(r"[\W_]+", " ", folded).strip() or folded.strip()


@cache
def flag_words() -> dict[str, bool]:
    """Return every way to write yes and no, normalised."""
    return {
        normalised(word): truth
        for words, truth in ((_YES, True), (_NO, False))
        for word in words.split()
    }


def flag_text(*, value: bool, language: str) -> str:
    """Return yes or no in a language."""
    return translate("yes" if value else "no", language, "tables")


def column_title(column: Column) -> str:
    """Return a column's name as English words, with the unit after a comma.

    Examples
    --------
    >>> column_title(Column(name="from_post_km", kind="number", description="", unit="km"))
    'From post, km'
    """
    name = column.name.removesuffix(f"_{_UNIT_SUFFIXES.get(column.unit, '')}")
    words = name.replace("_", " ").strip().capitalize()
    return f"{words}, {column.unit}" if column.unit else words


def header_text(column: Column, table: Table, language: str) -> str:
    """Return the header of a column in a language."""
    if language in column.labels:
        return column.labels[language]
    return translate(column_title(column), language, table.domain)


def table_title(table: Table, language: str) -> str:
    """Return the title of a table in a language, at most 31 characters, as sheets allow."""
    if language in table.labels:
        return table.labels[language][:31]
    return translate(table.name.replace("_", " ").capitalize(), language, table.domain)[:31]


def choice_text(choice: str, table: Table, language: str) -> str:
    """Return an allowed value in a language; the value itself where it has no translation."""
    return translate(choice, language, table.domain)


@cache
def choice_words(choices: tuple[str, ...], domain: str) -> dict[str, str]:
    """Return every way to write one of some choices, normalised, with the choice it means."""
    words: dict[str, str] = {}
    clashing: set[str] = set()
    for language in LANGUAGES:
        for choice in choices:
            word = normalised(translate(choice, language, domain))
            if words.setdefault(word, choice) != choice:
                clashing.add(word)
    for word in clashing:
        del words[word]
    # The value itself always works and always means itself.
    words.update({normalised(choice): choice for choice in choices})
    return words


def column_words(table: Table) -> dict[str, str]:
    """Return every header that names a column of a table, normalised, with the column's name.

    The name in files and the header in each language work, and the header without its unit where
    only one column can be meant.
    """
    words = {normalised(column.name): column.name for column in table}
    loose: dict[str, set[str]] = {}
    for column in table:
        for language in LANGUAGES:
            header = header_text(column, table, language)
            words.setdefault(normalised(header), column.name)
            for short in (header.split(",")[0], header.split("(")[0]):
                if short.strip():
                    loose.setdefault(normalised(short), set()).add(column.name)
    for word, names in loose.items():
        if len(names) == 1:
            words.setdefault(word, next(iter(names)))
    return words


def table_words(table: Table) -> set[str]:
    """Return every sheet or layer name that means a table, normalised."""
    titles = {normalised(table_title(table, language)) for language in LANGUAGES}
    return titles | {normalised(table.name)}


def is_own_sheet(title: str) -> bool:
    """Say whether a sheet is one that roadplan adds for reading, not for data."""
    own = (HELP_TITLE, FAULTS_TITLE)
    return title in {translate(name, code, "tables") for name in own for code in LANGUAGES}


def may_be_meant(word: str, known: Iterable[str]) -> str:
    """Return which known words a word may stand for, as the end of a remedy; empty for none.

    Examples
    --------
    >>> may_be_meant("deepths", ["depths", "places"])
    '; depths may be meant'
    >>> may_be_meant("tank", ["depths", "places"])
    ''
    """
    names = {normalised(name): name for name in known}
    near = difflib.get_close_matches(normalised(word), list(names), n=3, cutoff=0.75)
    return f"; {' or '.join(names[each] for each in near)} may be meant" if near else ""
