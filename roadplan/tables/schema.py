"""Tables described as data: what a file may hold, in which unit, and what refers to what.

The same description serves reading, checking, templates for users and the data dictionary, so
the four cannot drift apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

STANDINGS = ("reported", "measured", "estimated")
"""Where a value comes from: stated by a named source, measured, or estimated by a rule."""

Kind = Literal[
    "text", "id", "integer", "number", "flag", "date", "datetime", "partial_date", "choice", "post"
]
"""What a cell holds.

`id` is text that others refer to; `flag` is yes or no; `partial_date` is an ISO date that may
lack the day or the month; `post` is a kilometre post as people write it.
"""


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    name
        Its name in files, with its unit at the end (`station_m`).
    kind
        What its cells hold.
    description
        What it means, for the data dictionary and the template.
    unit
        The unit as people read it; empty where there is none.
    required
        Whether a cell may not be empty.
    choices
        The allowed values of a `choice`.
    minimum, maximum
        The inclusive range of a number.
    refers
        The table whose key this column points to.
    labels
        Header by language (`en`, `ru`, `kk`), for templates; the name itself always works too.
    """

    name: str
    kind: Kind
    description: str
    unit: str = ""
    required: bool = False
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    refers: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if (self.kind == "choice") != bool(self.choices):
            raise ValueError(f"column {self.name}: choices go with kind 'choice' and only with it")


Shape = Literal["none", "point", "stretch", "lonlat"]
"""How a row lies on the road.

`point` has `route` and `station_m`; `stretch` has `route`, `from_m` and `to_m`, half open;
`lonlat` has `lon` and `lat`.
"""


@dataclass(frozen=True, kw_only=True)
class Table:
    """One table: its columns, its key and how its rows lie on the road.

    Parameters
    ----------
    name
        Its name as a file, sheet or layer.
    description
        What a row is, for the data dictionary and the template.
    key
        The columns that together identify a row.
    columns
        Its columns, in order.
    shape
        How a row lies on the road.
    required
        Whether the table may not be missing.
    labels
        Title by language (`en`, `ru`, `kk`), for sheets; the name itself always works too.
    domain
        The catalogue (:mod:`roadplan.i18n`) with the words of its headers, descriptions and
        choices.
    """

    name: str
    description: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    shape: Shape = "none"
    required: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    domain: str = "tables"

    def __post_init__(self) -> None:
        missing = set(self.key) - set(self.names)
        if missing:
            raise ValueError(f"table {self.name}: key {sorted(missing)} is not among its columns")

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns, in order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """Return one column by name.

        Raises
        ------
        KeyError
            The table has no such column.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"table {self.name} has no column {name!r}; it has {', '.join(self.names)}")

    def __iter__(self) -> Iterator[Column]:
        """Iterate over the columns."""
        return iter(self.columns)
