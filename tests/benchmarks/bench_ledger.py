"""Reports a second into both stores, and 8 writers with 10,000 reports and 20 kills."""

from __future__ import annotations

import runpy
import shutil
import sys
import tempfile
import time
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(_ROOT))

from roadplan.progress.ledger import create_ledger  # noqa: E402 - after the path is known

_TESTS = _ROOT / "tests" / "progress"
_run = runpy.run_path(str(_TESTS / "crash.py"))["run"]
_stated = runpy.run_path(str(_TESTS / "crash_writer.py"), run_name="writer")["stated"]
_start = runpy.run_path(str(_TESTS / "conftest.py"))["start_postgres"]


def measure(name: str, place: str, folder: Path) -> None:
    """Measure one store."""

    def new(kind: str) -> str:
        if place.startswith("postgresql"):
            return f"{place}&ledger={kind}"
        return str(Path(place) / f"{kind}.ledger")

    for batch, count in ((1, 500), (10, 5_000), (100, 20_000), (1_000, 50_000)):
        with create_ledger(new(f"batch{batch}")) as ledger:
            begun = time.perf_counter()
            for k in range(0, count, batch):
                ledger.append([_stated(0, n) for n in range(k, k + batch)])
            seconds = time.perf_counter() - begun
        print(f"{name}: one writer, {batch:>5} a call: {count / seconds:>8,.0f} reports/s")
    for batch, kills in ((10, 0), (10, 20)):
        where = new(f"kills{kills}")
        create_ledger(where).close()
        notes = Path(tempfile.mkdtemp(dir=folder))
        found = _run(where, notes, batch=batch, kills=kills)
        same = sorted(found.stored) == sorted(found.acknowledged)
        print(
            f"{name}: 8 writers, {batch} a call, {found.kills} kills: "
            f"{len(found.stored) / found.seconds:,.0f} reports/s with the start of the writers; "
            f"{len(found.stored):,} stored, acknowledged = stored: {same}, "
            f"chain holds: {found.verification.ok}"
        )


def main() -> None:
    """Measure both stores and print."""
    folder = Path(tempfile.mkdtemp(prefix="roadplan-bench-"))
    try:
        (folder / "pg").mkdir()
        folder.chmod(0o755)
        measure("SQLite", str(folder), folder)
        url, stop = _start(folder / "pg")
        try:
            measure("PostgreSQL", url, folder)
        finally:
            stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
