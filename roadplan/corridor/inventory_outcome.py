"""What becomes of a row of an inventory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Outcome = Literal["added", "replaced", "unchanged", "removed", "cut", "rejected"]
"""What becomes of a row; `cut` rows lose the part that a new stretch covers."""


@dataclass(frozen=True, kw_only=True)
class RowOutcome:
    """What becomes of one row.

    Parameters
    ----------
    table
        Its table.
    key
        Its id; where the key has several columns, joined by spaces.
    outcome
        What becomes of it.
    sheet, row
        Where it stands in the user's file; no row for one that only the corridor has.
    changes
        Column name → value before and after, for a replaced row.
    notes
        What the user should know.
    """

    table: str
    key: str
    outcome: Outcome
    sheet: str = ""
    row: int | None = None
    changes: Mapping[str, tuple[Any, Any]] | None = None
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the outcome as plain values."""
        return {
            "table": self.table,
            "key": self.key,
            "outcome": self.outcome,
            "sheet": self.sheet,
            "row": self.row,
            "changes": {
                name: {"before": before, "after": after}
                for name, (before, after) in (self.changes or {}).items()
            },
            "notes": list(self.notes),
        }
