"""What people read, in Russian, Kazakh and English.

Catalogues are gettext files, one domain a part of the product
(``locale/<language>/LC_MESSAGES/<domain>.po``), whose message ids are the English sentences.
They are read by Babel at run time, so nothing has to be compiled.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from babel.messages.pofile import read_po

LANGUAGES = ("ru", "kk", "en")
"""The languages of every page, template and order sheet, in the order they are offered."""


@cache
def _entries(language: str, domain: str) -> dict[str, tuple[str, ...]]:
    if language not in LANGUAGES:
        raise ValueError(f"language {language!r} is not one of {', '.join(LANGUAGES)}")
    path = files("roadplan").joinpath("locale", language, "LC_MESSAGES", f"{domain}.po")
    if not path.is_file():
        if language == "en":
            return {}
        raise ValueError(f"there is no {language} catalogue for {domain!r}")
    with path.open("rb") as stream:
        catalogue = read_po(stream, locale=language)
    found: dict[str, tuple[str, ...]] = {}
    for message in catalogue:
        if not message.id:
            continue
        key = message.id if isinstance(message.id, str) else message.id[0]
        texts = (
            (message.string,) if isinstance(message.string, str) else tuple(message.string or ())
        )
        if texts and all(texts):
            found[key] = texts
    return found


def translate(text: str, language: str, domain: str) -> str:
    """Return `text` in a language; the English text itself where no translation is known.

    Parameters
    ----------
    text
        The message id, which is the English sentence.
    language
        One of :data:`LANGUAGES`.
    domain
        The catalogue, e.g. ``corridor``.
    """
    return _entries(language, domain).get(text, (text,))[0]


def translate_count(one: str, many: str, count: int, language: str, domain: str) -> str:
    """Return the plural form that `count` takes in a language, with ``{n}`` replaced.

    Examples
    --------
    >>> translate_count("{n} crew", "{n} crews", 2, "en", "unused")
    '2 crews'
    """
    forms = _entries(language, domain).get(one)
    if forms is None or len(forms) == 1:
        form = one if count == 1 else many
        if forms is not None:
            form = forms[0]
    else:
        form = forms[_plural_index(language, count)]
    return form.replace("{n}", str(count))


def counted(count: int, one: str, many: str = "") -> str:
    """Return a number with its English noun, `many` being `one` with an s by default.

    Examples
    --------
    >>> counted(1, "crew"), counted(2, "crew"), counted(1200, "pass", "passes")
    ('1 crew', '2 crews', '1,200 passes')
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def _plural_index(language: str, count: int) -> int:
    """Return the gettext plural index of `count` (CLDR rules of the three languages)."""
    if language == "ru":
        if count % 10 == 1 and count % 100 != 11:
            return 0
        if count % 10 in (2, 3, 4) and count % 100 not in (12, 13, 14):
            return 1
        return 2
    return 0 if count == 1 else 1


def page_messages(domains: Iterable[str]) -> dict[str, dict[str, str | list[str]]]:
    """Return all messages of some catalogues, for a page that switches language in the browser.

    Returns
    -------
    dict
        Language → English message id → text, or the list of plural forms.
    """
    pages: dict[str, dict[str, str | list[str]]] = {}
    for language in LANGUAGES:
        pages[language] = {
            key: texts[0] if len(texts) == 1 else list(texts)
            for domain in domains
            for key, texts in _entries(language, domain).items()
        }
    return pages
