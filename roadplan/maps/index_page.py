"""The page that links everything a run has made, in three languages and without a network."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

import jinja2

from roadplan import __version__
from roadplan.errors import RoadplanError
from roadplan.files import replace_text
from roadplan.i18n import LANGUAGES, page_messages
from roadplan.maps.embedding import (
    LANGUAGE_NAMES,
    Text,
    embedded_json,
    embedded_script,
    in_language,
    own_file,
    script_hash,
)

GROUPS = {
    "pages": "Maps and pages",
    "tables": "Tables",
    "sheets": "Sheets to print",
    "pictures": "Pictures",
    "exports": "Data for other programs",
    "notebooks": "Notebooks",
}
"""Group of an entry → its heading, in the order of the page."""

_KILO = 1000
_SCRIPTS = ("core", "language", "index")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One thing a run has made.

    Parameters
    ----------
    href
        Path of the file, relative to the page, with forward slashes.
    title
        What it is.
    purpose
        What it is for, in a sentence.
    group
        One of :data:`GROUPS`.
    size_bytes
        Its size; None where it is not known.
    """

    href: str
    title: Text
    purpose: Text = ""
    group: str = "pages"
    size_bytes: int | None = None

    def __post_init__(self) -> None:
        if self.group not in GROUPS:
            raise RoadplanError(
                f"entry {self.href}: there is no group '{self.group}'; "
                f"there are {', '.join(GROUPS)}"
            )
        path = PurePosixPath(self.href)
        if not self.href or path.is_absolute() or ".." in path.parts or "\\" in self.href:
            raise RoadplanError(
                f"'{self.href}' is no path inside the folder of the page; "
                "give one such as maps/corridor.html"
            )

    @property
    def kind(self) -> str:
        """The kind of file, as its suffix in capitals."""
        return PurePosixPath(self.href).suffix.lstrip(".").upper()


def index_html(
    entries: Sequence[Entry],
    *,
    title: Text,
    made_at: datetime,
    subtitle: Text = "",
    facts: Sequence[tuple[Text, Text]] = (),
    domains: Sequence[str] = ("maps",),
) -> str:
    """Return the page that links what a run has made.

    Parameters
    ----------
    entries
        What there is; grouped, within a group in the order given.
    title, subtitle
        What stands above.
    made_at
        When it was made, in local time.
    facts
        A few results worth reading at once, as label and value.
    domains
        The catalogues of the texts.

    Returns
    -------
    str
        One self-contained HTML document, readable without JavaScript in the first language.

    Examples
    --------
    >>> entry = Entry(href="corridor.html", title={"en": "Map"}, size_bytes=1_500_000)
    >>> page = index_html([entry], title={"en": "Road"}, made_at=datetime(2026, 1, 31, 7, 5))
    >>> 'href="corridor.html"' in page
    True
    """
    texts: list[Text] = []

    def said(text: Text) -> dict[str, Any]:
        """Return a text with its number, so that the page can say it in another language."""
        texts.append(text)
        return {"number": len(texts) - 1, "text": in_language(text, LANGUAGES[0], domains)}

    groups = [
        {
            "id": group,
            "title": said(heading),
            "entries": [
                {
                    "href": quote(entry.href),
                    "title": said(entry.title),
                    "purpose": said(entry.purpose) if entry.purpose else None,
                    "kind": entry.kind,
                    "size": entry.size_bytes,
                    "shown_size": _size(entry.size_bytes),
                }
                for entry in entries
                if entry.group == group
            ],
        }
        for group, heading in GROUPS.items()
        if any(entry.group == group for entry in entries)
    ]
    context = {
        "heading": said(title),
        "subtitle": said(subtitle) if subtitle else None,
        "facts": [(said(label), said(value)) for label, value in facts],
        "groups": groups,
        "made": said("Made on"),
        "offline": said("Everything here works without a network."),
    }
    data = {
        "title": title,
        "texts": texts,
        "languages": [[code, LANGUAGE_NAMES[code]] for code in LANGUAGES],
        "messages": page_messages(domains),
    }
    script = embedded_script("\n".join(own_file(f"{name}.js") for name in _SCRIPTS))
    return _document().render(
        **context,
        language=LANGUAGES[0],
        version=__version__,
        made_at=made_at.strftime("%Y-%m-%dT%H:%M"),
        shown_made_at=made_at.strftime("%d.%m.%Y %H:%M"),
        policy=(
            f"default-src 'none'; script-src {script_hash(script)}; style-src 'unsafe-inline'; "
            "img-src data:; base-uri 'none'; form-action 'none'"
        ),
        style=own_file("index.css"),
        data=embedded_json(data),
        script=script,
    )


def write_index(
    folder: str | os.PathLike[str],
    entries: Sequence[Entry],
    *,
    title: Text,
    made_at: datetime,
    subtitle: Text = "",
    facts: Sequence[tuple[Text, Text]] = (),
    domains: Sequence[str] = ("maps",),
) -> Path:
    """Write ``index.html`` into a folder, with the sizes of the files that it links.

    Parameters
    ----------
    folder
        Where the linked files are.
    entries, title, made_at, subtitle, facts, domains
        As for :func:`index_html`.

    Raises
    ------
    RoadplanError
        A linked file is not there.
    """
    base = Path(folder)
    missing = [entry.href for entry in entries if not (base / entry.href).exists()]
    if missing:
        raise RoadplanError(
            f"{base} has no {', '.join(missing)}; an index links only what is there"
        )
    sized = [
        replace(entry, size_bytes=(base / entry.href).stat().st_size)
        if entry.size_bytes is None and (base / entry.href).is_file()
        else entry
        for entry in entries
    ]
    html = index_html(
        sized, title=title, made_at=made_at, subtitle=subtitle, facts=facts, domains=domains
    )
    return replace_text(base / "index.html", html)


def _size(size_bytes: int | None) -> str:
    """Return a size as the first language writes it, for readers without JavaScript."""
    if size_bytes is None:
        return ""
    if size_bytes < _KILO * _KILO:
        return f"{max(round(size_bytes / _KILO), 1)} кБ"
    return f"{size_bytes / _KILO**2:.1f} МБ".replace(".", ",")


def _document() -> jinja2.Template:
    return jinja2.Environment(autoescape=True).from_string(own_file("index.html"))
