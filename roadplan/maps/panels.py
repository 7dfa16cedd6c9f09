"""Panels beside the map: tables of dated statements as cards, in groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from roadplan.maps.embedding import Text
from roadplan.maps.layers import Field


class Panel(Protocol):
    """What a page puts beside its map; the page script must know its `kind`."""

    @property
    def kind(self) -> str:
        """The name of the function in the page script that draws it."""

    def as_dict(self) -> dict[str, Any]:
        """Return the content as that function reads it."""


@dataclass(frozen=True, kw_only=True)
class CardGroup:
    """Cards under one heading.

    Parameters
    ----------
    title
        The heading.
    cards
        Properties of each card.
    older
        Properties of the cards folded away below them.
    badge, colour
        The mark that the thing also has on the map.
    """

    title: Text
    cards: Sequence[Mapping[str, Any]]
    older: Sequence[Mapping[str, Any]] = ()
    badge: str = ""
    colour: str = ""


@dataclass(frozen=True, kw_only=True)
class CardPanel:
    """Cards in groups.

    Parameters
    ----------
    groups
        The groups, in order.
    head
        Fields written in the heading of a card.
    fields
        Fields written below it; standing and source always follow.
    intro
        A sentence above all of them.
    nothing
        What is said of a group without a card.
    """

    groups: Sequence[CardGroup]
    head: Sequence[Field]
    fields: Sequence[Field]
    intro: Text = ""
    nothing: Text = "Nothing in the tables"
    kind: str = "cards"

    def as_dict(self) -> dict[str, Any]:
        """Return the panel as the page reads it."""
        return {
            "intro": self.intro,
            "nothing": self.nothing,
            "head": [item.as_dict() for item in self.head],
            "fields": [item.as_dict() for item in self.fields],
            "groups": [
                {
                    "title": group.title,
                    "badge": group.badge,
                    "colour": group.colour,
                    "cards": list(group.cards),
                    "older": list(group.older),
                }
                for group in self.groups
            ],
        }
