"""The errors users of roadplan meet.

Every error a caller may want to catch derives from :class:`RoadplanError`. Importers collect
all faults of a file first and raise once, as :class:`FaultsError`, so that a user mends a
spreadsheet in one go.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


class RoadplanError(ValueError):
    """What was asked for cannot be done with the input given; the message says the remedy."""


class PostError(RoadplanError):
    """A kilometre post is malformed, missing, out of range or ambiguous."""


class StationError(RoadplanError):
    """A station lies outside its route."""


class UnknownIdError(RoadplanError, KeyError):
    """An identifier that is not in the corridor."""

    def __str__(self) -> str:
        """Return the message as written; `KeyError` alone would quote it."""
        return str(self.args[0]) if self.args else ""


class ServiceError(RoadplanError):
    """An outside service (Overpass, weather, tiles) did not give a usable answer."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing that is wrong with one piece of input.

    Parameters
    ----------
    why
        What is wrong, as a sentence without a final full stop.
    remedy
        What would be right.
    file, sheet, row, column
        Where it stands, as the user sees it: `row` counts from 1 with the header as row 1.
        Empty where it does not apply.
    value
        The offending value as text.
    """

    why: str
    remedy: str = ""
    file: str = ""
    sheet: str = ""
    row: int | None = None
    column: str = ""
    value: str = ""

    def where(self) -> str:
        """Return the place of the fault in one phrase, e.g. ``roads.xlsx, sheet A, row 3``."""
        parts = [self.file] if self.file else []
        if self.sheet:
            parts.append(f"sheet {self.sheet}")
        if self.row is not None:
            parts.append(f"row {self.row}")
        if self.column:
            parts.append(f"column {self.column}")
        return ", ".join(parts)

    def __str__(self) -> str:
        """Return the fault as one line: where, what, remedy."""
        text = f"{self.where()}: {self.why}" if self.where() else self.why
        return f"{text}; {self.remedy}" if self.remedy else text

    def as_dict(self) -> dict[str, str | int | None]:
        """Return the fault as plain values, for JSON and tables."""
        return {
            "file": self.file,
            "sheet": self.sheet,
            "row": self.row,
            "column": self.column,
            "value": self.value,
            "why": self.why,
            "remedy": self.remedy,
        }


class FaultsError(RoadplanError):
    """All faults found in one piece of input, raised once.

    Parameters
    ----------
    faults
        At least one fault, in the order in which the user meets them.
    heading
        One line that says what was being read.
    """

    def __init__(self, faults: Iterable[Fault], heading: str = "The input cannot be used") -> None:
        self.faults: tuple[Fault, ...] = tuple(faults)
        self.heading = heading
        count = len(self.faults)
        noun = "fault" if count == 1 else "faults"
        lines = [f"{heading}: {count} {noun}", *(f"  {fault}" for fault in self.faults)]
        super().__init__("\n".join(lines))
