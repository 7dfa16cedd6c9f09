"""Many writers at once, some of them killed at any moment."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from roadplan.progress.ledger import Verification, open_ledger

_WRITER = Path(__file__).with_name("crash_writer.py")


@dataclass(frozen=True)
class Outcome:
    """What came of it."""

    acknowledged: list[str]
    stored: list[str]
    kills: int
    seconds: float
    verification: Verification


def run(
    where: str,
    folder: Path,
    *,
    writers: int = 8,
    reports: int = 10_000,
    batch: int = 10,
    kills: int = 20,
    seed: int = 0,
) -> Outcome:
    """Let writers store reports in a ledger that is there, and kill some with SIGKILL.

    A writer that was killed is started again and goes on after what was acknowledged to it.
    """
    rng = random.Random(seed)  # noqa: S311 - which writer is killed is no secret
    share = [reports // writers + (k < reports % writers) for k in range(writers)]
    notes = [folder / f"acknowledged-{k}" for k in range(writers)]

    def start(k: int) -> subprocess.Popen[bytes]:
        command = [where, str(notes[k]), str(k), str(share[k]), str(batch)]
        return subprocess.Popen([sys.executable, str(_WRITER), *command])

    def noted() -> int:
        return sum(len(each.read_bytes().splitlines()) for each in notes if each.exists())

    begun = time.perf_counter()
    running = [start(k) for k in range(writers)]
    killed = 0
    try:
        while any(process.poll() is None for process in running):
            time.sleep(rng.uniform(0.0, 0.02))
            # Kills are spread over the work, however fast it goes.
            if killed < kills and noted() >= reports * killed / (kills + 1):
                alive = [k for k, process in enumerate(running) if process.poll() is None]
                if alive:
                    k = rng.choice(alive)
                    running[k].kill()
                    running[k].wait()
                    killed += 1
                    running[k] = start(k)
        if any(process.returncode for process in running):
            raise RuntimeError("a writer failed by itself")
    finally:
        for process in running:
            if process.poll() is None:
                process.kill()
            process.wait()
    seconds = time.perf_counter() - begun
    with open_ledger(where) as ledger:
        stored = [each.id for each in ledger.reports()]
        verification = ledger.verify()
    acknowledged = [line for each in notes for line in each.read_text().splitlines()]
    return Outcome(acknowledged, stored, killed, seconds, verification)
