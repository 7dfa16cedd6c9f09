"""The sheet in which progress is reported: its columns, and the words that may stand in them."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from roadplan.corridor.model import Corridor
from roadplan.i18n import LANGUAGES, translate
from roadplan.progress.items import WorkItems
from roadplan.progress.report import SIDES
from roadplan.progress.worktypes import WorkType
from roadplan.tables.schema import STANDINGS, Column, Table
from roadplan.tables.words import normalised

DOMAIN = "progress_sheets"
"""The catalogue of the texts of this sheet."""

NOT_BEGUN = "not begun"
"""What is written in place of a stage where none is reached yet."""

_NOT_BEGUN_WORDS = (NOT_BEGUN, "none", "0")


def _column(name: str, kind: str, ru: str, kk: str, en: str, **more: object) -> Column:
    return Column(
        name=name,
        kind=kind,  # type: ignore[arg-type] # kinds are given below as literals
        labels={"ru": ru, "kk": kk, "en": en},
        **more,  # type: ignore[arg-type] # further fields of a column, by their names
    )


SHEET = Table(
    name="progress",
    description="What is done to date: one row for each stretch or structure",
    key=(),
    labels={"ru": "Ход работ", "kk": "Жұмыс барысы", "en": "Progress"},
    domain=DOMAIN,
    columns=(
        _column(
            "work_type",
            "id",
            "Вид работ",
            "Жұмыс түрі",
            "Work type",
            required=True,
            refers="work_types",
            description="Kind of work, by its name or id",
        ),
        _column(
            "contract",
            "id",
            "Договор",
            "Келісімшарт",
            "Contract",
            refers="contracts",
            description="Contract; may stay empty where the place tells it",
        ),
        _column(
            "from_post",
            "post",
            "Начало, км знак",
            "Басы, км белгісі",
            "From post",
            description="Kilometre post at which the stretch done begins",
        ),
        _column(
            "to_post",
            "post",
            "Конец, км знак",
            "Соңы, км белгісі",
            "To post",
            description="Kilometre post at which the stretch done ends",
        ),
        _column(
            "side",
            "choice",
            "Сторона",
            "Жағы",
            "Side",
            choices=SIDES,
            description="Half of the road, looking along rising stations; empty: both",
        ),
        _column(
            "asset",
            "id",
            "Объект",
            "Нысан",
            "Structure or place",
            refers="assets",
            description="Structure, bypass road or rest area by id or name; instead of posts",
        ),
        _column(
            "stage",
            "id",
            "Этап",
            "Кезең",
            "Stage",
            refers="stages",
            description="Stage that is reached; for work with milestones",
        ),
        _column(
            "quantity",
            "number",
            "Объём с начала работ",
            "Жұмыс басынан бергі көлем",
            "Quantity to date",
            minimum=0,
            description="Amount there is on the stretch to date; 0 where nothing is done yet",
        ),
        _column(
            "work_date",
            "date",
            "Дата работ",
            "Жұмыс күні",
            "Work date",
            required=True,
            description="Day by which the work stood so",
        ),
        _column(
            "author",
            "text",
            "Кто сообщил",
            "Кім хабарлады",
            "Author",
            description="Who reports; empty: as said on import",
        ),
        _column(
            "source",
            "text",
            "Источник",
            "Дереккөз",
            "Source",
            description="Where it was stated; empty: this file",
        ),
        _column(
            "standing",
            "choice",
            "Статус",
            "Мәртебе",
            "Standing",
            choices=STANDINGS,
            description="Reported, measured or estimated; empty: reported",
        ),
        _column(
            "route",
            "id",
            "Маршрут",
            "Бағыт",
            "Route",
            refers="routes",
            description="Route; may stay empty where the posts tell it",
        ),
        _column(
            "posting",
            "id",
            "Система километров",
            "Километр жүйесі",
            "Posting",
            refers="postings",
            description="Kilometre system of the posts, where they name none",
        ),
        _column(
            "corrects",
            "id",
            "Исправляет отчёт",
            "Түзететін есеп",
            "Corrects report",
            description="Id of the stored report that this row corrects",
        ),
        _column(
            "note",
            "text",
            "Примечание",
            "Ескерту",
            "Note",
            description="Anything a reader should know",
        ),
    ),
)
"""One row is one statement; several rows may state work on one item."""


@dataclass(frozen=True)
class Words:
    """Names by which people call things, and the ids they mean.

    Parameters
    ----------
    what
        What the things are, for messages, e.g. ``work type``.
    meanings
        Normalised word → ids that it may mean.
    ids
        All ids, in order.
    """

    what: str
    meanings: Mapping[str, tuple[str, ...]] = field(repr=False)
    ids: tuple[str, ...] = field(repr=False)

    @classmethod
    def of(cls, what: str, named: Iterable[tuple[str, Iterable[str]]]) -> Words:
        """Return the words of things that are given as id and names.

        An id always means itself, whatever else is named so.
        """
        meanings: dict[str, list[str]] = {}
        own: dict[str, tuple[str, ...]] = {}
        for key, names in named:
            own.setdefault(normalised(key), ())
            own[normalised(key)] += (key,)
            for name in names:
                known = meanings.setdefault(normalised(name), [])
                if name and key not in known:
                    known.append(key)
        every = {**{word: tuple(keys) for word, keys in meanings.items() if keys}, **own}
        return cls(what, every, tuple(key for keys in own.values() for key in keys))

    def find(self, text: str, among: Callable[[str], bool] | None = None) -> str | tuple[str, str]:
        """Return the id that a text means, or why it means none and what would be right.

        `among` says which ids are preferred where the text means several.
        """
        if text in self.ids:
            return text
        found = self.meanings.get(normalised(text), ())
        if len(found) > 1 and among is not None:
            found = tuple(key for key in found if among(key)) or found
        if len(found) == 1:
            return found[0]
        if found:
            some = ", ".join(found[:5])
            return f"several are called so: {some}", "write the id of the one that is meant"
        near = difflib.get_close_matches(normalised(text), list(self.meanings), n=1, cutoff=0.6)
        if near:
            meant = self.meanings[near[0]][0]
            return f"there is no such {self.what}", f"{meant} may be meant"
        some = ", ".join(self.ids[:8]) + (" …" if len(self.ids) > 8 else "")
        return f"there is no such {self.what}", f"write one of {some}" if some else ""


@dataclass(frozen=True)
class Vocabulary:
    """Everything that cells of the sheet may name in one corridor."""

    work_types: Words
    contracts: Words
    assets: Words
    segments: Words
    routes: Words
    stages: Mapping[str, Words] = field(repr=False)

    @classmethod
    def of(cls, corridor: Corridor, items: WorkItems) -> Vocabulary:
        """Return the vocabulary of a corridor and its work."""
        reported = {item.asset for item in items if item.asset}
        return cls(
            work_types=Words.of(
                "work type", ((kind.id, kind.names.values()) for kind in items.types.values())
            ),
            contracts=Words.of(
                "contract", ((each.id, each.names.as_dict().values()) for each in items.contracts)
            ),
            assets=Words.of(
                "structure or place",
                (
                    (each.id, _names_of(each.names.as_dict().values()))
                    for each in corridor.assets
                    if each.id in reported
                ),
            ),
            segments=Words.of("segment", ((each.id, ()) for each in corridor.segments)),
            routes=Words.of(
                "route",
                ((key, each.names.as_dict().values()) for key, each in corridor.routes.items()),
            ),
            stages={kind.id: stage_words(kind) for kind in items.types.values()},
        )


def _names_of(names: Iterable[str]) -> list[str]:
    return [name for name in names if name]


def stage_words(kind: WorkType) -> Words:
    """Return the words of the stages of a work type; the empty id means that none is reached."""
    words = Words.of("stage", ((stage.id, stage.names.values()) for stage in kind.stages))
    none = {normalised(word): ("",) for word in not_begun_words()}
    return Words("stage", {**none, **words.meanings}, words.ids)


def not_begun_words() -> list[str]:
    """Return every way to write that no stage is reached yet."""
    return [*_NOT_BEGUN_WORDS, *(translate(NOT_BEGUN, code, DOMAIN) for code in LANGUAGES)]
