"""A writer that can be killed at any moment: it notes what was acknowledged and goes on there.

Usage: crash_writer.py LEDGER NOTES WRITER REPORTS BATCH
"""

from __future__ import annotations

import datetime as dt
import os
import sys
from pathlib import Path

from roadplan.progress.ledger import open_ledger
from roadplan.progress.report import Report


def stated(writer: int, number: int) -> Report:
    """Return the report of a writer with a number; the same whenever it is made."""
    return Report(
        work_type="base",
        route="main",
        from_m=float(number * 10),
        to_m=float(number * 10 + 7),
        work_date=dt.date(2024, 5, 1) + dt.timedelta(days=number % 100),
        author=f"office {writer}",
        source="crash test",
    )


def main() -> None:
    """Store what is not yet acknowledged, a batch at a time."""
    where, notes, writer, count, batch = sys.argv[1], Path(sys.argv[2]), *map(int, sys.argv[3:])
    done = len(notes.read_bytes().splitlines()) if notes.exists() else 0
    descriptor = os.open(notes, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    with open_ledger(where, wait_s=120) as ledger:
        while done < count:
            reports = [stated(writer, n) for n in range(done, min(done + batch, count))]
            ledger.append(reports)
            # One call, so a kill leaves all of these lines or none.
            os.write(descriptor, "".join(f"{report.id}\n" for report in reports).encode())
            done += len(reports)


if __name__ == "__main__":
    main()
