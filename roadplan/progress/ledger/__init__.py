"""The ledger of reports and baselines, in a file or on a server.

`open_ledger` and `create_ledger` take a path or a ``postgresql://`` URL and give a `Ledger`:
`append`, `reports`, `history`, `baselines`, `head`, `verify`, `backup`.
"""

from roadplan.progress.ledger.chain import Head, Link
from roadplan.progress.ledger.errors import (
    ConflictError,
    LedgerBusyError,
    LedgerDamagedError,
    LedgerError,
    LedgerFullError,
    LedgerUnreachableError,
    LedgerVersionError,
)
from roadplan.progress.ledger.ledger import (
    Ledger,
    Receipt,
    Verification,
    create_ledger,
    head_text,
    open_ledger,
    read_head,
    write_head,
)

__all__ = [
    "ConflictError",
    "Head",
    "Ledger",
    "LedgerBusyError",
    "LedgerDamagedError",
    "LedgerError",
    "LedgerFullError",
    "LedgerUnreachableError",
    "LedgerVersionError",
    "Link",
    "Receipt",
    "Verification",
    "create_ledger",
    "head_text",
    "open_ledger",
    "read_head",
    "write_head",
]
