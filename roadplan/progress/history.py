"""All reports of a ledger as arrays, and which of them count as of a moment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from roadplan.progress.asof import AsOf, moment_text
from roadplan.progress.report import SIDES, STANDINGS, StoredReport

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

FIELDS = (
    "recorded_at",
    "id",
    "work_type",
    "work_date",
    "route",
    "from_m",
    "to_m",
    "side",
    "asset",
    "quantity",
    "stage",
    "supersedes",
    "withdrawn",
    "standing",
)
"""The columns of a ledger that a status needs."""

NEVER = np.iinfo(np.int64).max
"""A moment that does not come, in microseconds."""

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Words:
    """Repeated texts as numbers.

    Parameters
    ----------
    code
        For each row the index into `words`.
    words
        The different texts.
    """

    code: Ints
    words: tuple[str, ...]

    @classmethod
    def of(cls, texts: Sequence[str]) -> Words:
        """Return texts as numbers; `words` in the order of their first use."""
        codes, words = pd.factorize(np.asarray(texts, dtype=object))
        return cls(codes.astype(np.int64), tuple(str(word) for word in words))

    def where(self, word: str) -> int:
        """Return the code of a text; −1 where no row has it."""
        return self.words.index(word) if word in self.words else -1

    def mapped(self, numbers: Mapping[str, int], missing: int = -1) -> Ints:
        """Return for each row the number that its text has."""
        table = np.array([numbers.get(word, missing) for word in self.words] or [missing])
        return table[self.code] if len(self.code) else np.empty(0, dtype=np.int64)


@dataclass(frozen=True, kw_only=True)
class History:
    """Reports as arrays of one length, in the order of recording.

    Parameters
    ----------
    recorded_us
        When each was recorded, microseconds since 1970 in UTC.
    corrected_us
        When a correction or withdrawal of it was recorded; :data:`NEVER` where none was.
    day
        Work date as a proleptic ordinal (:meth:`datetime.date.toordinal`).
    work_type, route, asset, stage
        Texts as numbers.
    side
        Index into :data:`roadplan.progress.report.SIDES`.
    standing
        Index into `STANDINGS`; the higher the weaker.
    from_m, to_m
        Stretch; NaN for milestones.
    quantity
        As reported; NaN where none.
    withdrawn
        Whether it states nothing itself.
    """

    recorded_us: Ints
    corrected_us: Ints
    day: Ints
    work_type: Words
    route: Words
    asset: Words
    stage: Words
    side: Ints
    standing: Ints
    from_m: Floats
    to_m: Floats
    quantity: Floats
    withdrawn: Flags
    ids: Sequence[str] = field(repr=False)

    def __len__(self) -> int:
        """Return the number of reports."""
        return len(self.day)

    @classmethod
    def from_reports(cls, reports: Iterable[StoredReport]) -> History:
        """Return stored reports as arrays."""
        rows = [stored.as_dict() for stored in reports]
        return cls.from_columns({name: [row[name] for row in rows] for name in FIELDS})

    @classmethod
    def from_columns(cls, columns: Mapping[str, Sequence[Any]]) -> History:
        """Return the columns of a ledger as arrays.

        Parameters
        ----------
        columns
            Those of :data:`FIELDS`, as the ledger writes them.
        """
        moments = Words.of(columns["recorded_at"])
        recorded = _taken([_microseconds(text) for text in moments.words], moments.code)
        days = Words.of(columns["work_date"])
        ordinals = [dt.date.fromisoformat(text).toordinal() for text in days.words]
        return cls(
            recorded_us=recorded,
            corrected_us=_corrected(columns["id"], columns["supersedes"], recorded),
            day=_taken(ordinals, days.code),
            work_type=Words.of(columns["work_type"]),
            route=Words.of(columns["route"]),
            asset=Words.of(columns["asset"]),
            stage=Words.of(columns["stage"]),
            side=Words.of(columns["side"]).mapped({s: i for i, s in enumerate(SIDES)}),
            standing=Words.of(columns["standing"]).mapped({s: i for i, s in enumerate(STANDINGS)}),
            from_m=np.array(columns["from_m"], dtype=float),
            to_m=np.array(columns["to_m"], dtype=float),
            quantity=np.array(columns["quantity"], dtype=float),
            withdrawn=np.array(columns["withdrawn"], dtype=bool),
            ids=columns["id"],
        )

    def counting(self, as_of: AsOf) -> Flags:
        """Return which reports count as of a moment.

        Those recorded by then and not corrected by then, of work done by the work date.
        Withdrawals state nothing and never count.
        """
        return self.believed(as_of.recorded_at) & (self.day <= as_of.work_date.toordinal())

    def believed(self, recorded_at: dt.datetime) -> Flags:
        """Return which reports were recorded and not corrected by a moment, whatever their day."""
        moment = _microseconds(moment_text(recorded_at))
        flags: Flags = (self.recorded_us <= moment) & (self.corrected_us > moment) & ~self.withdrawn
        return flags

    @cached_property
    def by_day(self) -> Ints:
        """The rows in order of work type, route and day."""
        return np.lexsort((self.day, self.route.code, self.work_type.code)).astype(np.int64)


def _taken(values: Sequence[int], code: Ints) -> Ints:
    return np.array(values, dtype=np.int64)[code] if values else np.empty(0, dtype=np.int64)


def _microseconds(text: str) -> int:
    """Return a moment as the ledger writes it in microseconds since 1970."""
    moment = dt.datetime.fromisoformat(text)
    return (moment - _EPOCH) // dt.timedelta(microseconds=1)


def _corrected(ids: Sequence[str], supersedes: Sequence[str | None], recorded: Ints) -> Ints:
    """Return when each report was corrected; NEVER where it was not."""
    # Where two correct one, the earlier counts: from then on it was known to be wrong.
    moment: dict[str, int] = {}
    for row, other in enumerate(supersedes):
        if other:
            moment[other] = min(int(recorded[row]), moment.get(other, NEVER))
    found = np.full(len(recorded), NEVER, dtype=np.int64)
    if moment:
        wrong = pd.Index(np.array(list(moment), dtype=object))
        place = wrong.get_indexer(np.asarray(ids, dtype=object))
        known = place >= 0
        found[known] = np.array(list(moment.values()), dtype=np.int64)[place[known]]
    return found
