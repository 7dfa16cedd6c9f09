"""What can go wrong with a ledger, each with its remedy in the message."""

from __future__ import annotations

from roadplan.errors import RoadplanError, ServiceError


class LedgerError(RoadplanError):
    """A ledger cannot do what was asked; nothing of it was stored."""


class LedgerBusyError(LedgerError):
    """Another writer held the ledger for longer than we wait."""


class LedgerDamagedError(LedgerError):
    """The ledger's file is truncated, corrupt or no ledger at all."""


class LedgerFullError(LedgerError):
    """There is no room left to store reports."""


class LedgerVersionError(LedgerError):
    """The ledger was written by a newer roadplan."""


class ConflictError(LedgerError):
    """A record contradicts what is stored: a taken id, a correction of what is not valid."""


class LedgerUnreachableError(LedgerError, ServiceError):
    """The database server did not answer; whether the last reports were stored is not known."""
