"""The small interface that every store of a ledger offers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal, Protocol

from roadplan.progress.ledger.chain import Row

SCHEMA_VERSION = 1
"""Version of the tables; a ledger with a higher one is refused."""

ChainName = Literal["reports", "baselines"]


@dataclass(frozen=True)
class End:
    """The last record of a chain; its hash is empty where there is none."""

    count: int
    recorded_at: str
    hash: str


class Writing(Protocol):
    """What can be done while nobody else writes; all of it is stored or nothing."""

    def now(self) -> dt.datetime:
        """Return the moment by the store's clock, aware."""

    def end(self, chain: ChainName) -> End:
        """Return the last record of a chain."""

    def known(self, ids: Sequence[str]) -> list[Row]:
        """Return the stored reports with these ids."""

    def corrections(self, ids: Sequence[str]) -> dict[str, str]:
        """Return the reports that correct these: corrected id → id of the correction."""

    def insert(self, chain: ChainName, rows: Sequence[Row]) -> None:
        """Add records to a chain."""


class Store(Protocol):
    """Where the records of a ledger are kept."""

    ledger_id: str
    place: str

    def writing(self) -> AbstractContextManager[Writing]:
        """Keep other writers out and store all or nothing when the block ends.

        Raises
        ------
        LedgerBusyError
            Others keep us out for too long.
        LedgerError
            It could not be stored; nothing was.
        """

    def reading(self) -> AbstractContextManager[None]:
        """Read one state in all calls inside, whatever others write meanwhile."""

    def rows(
        self, chain: ChainName, where: str = "", values: Sequence[object] = ()
    ) -> Iterator[Row]:
        """Yield records in order.

        Parameters
        ----------
        chain
            Which.
        where
            A condition on its columns with ``?`` for values; ours, never a user's.
        values
            The values.
        """

    def columns(self, names: Sequence[str], *, recorded_by: str = "") -> list[Sequence[object]]:
        """Return columns of all reports recorded by a moment, in order, as one sequence each."""

    def end(self, chain: ChainName) -> End:
        """Return the last record of a chain."""

    def faults(self) -> list[str]:
        """Return what is wrong with the store itself: damaged pages, guards taken off."""

    def close(self) -> None:
        """Let go of the file or the connection."""
