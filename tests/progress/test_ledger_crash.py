"""Writers killed at any moment: what was acknowledged is stored, once."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from roadplan.progress.ledger import create_ledger

_run = runpy.run_path(str(Path(__file__).with_name("crash.py")))["run"]


def test_killed_writers_lose_nothing(where: str, tmp_path: Path) -> None:
    """Four writers, three of them killed: every acknowledged report stands once, and the chain."""
    create_ledger(where).close()
    outcome = _run(where, tmp_path, writers=4, reports=400, batch=5, kills=3)
    assert outcome.kills == 3
    assert sorted(outcome.stored) == sorted(outcome.acknowledged)
    assert len(set(outcome.stored)) == 400
    assert outcome.verification.ok


@pytest.mark.slow
def test_eight_writers_and_twenty_kills(where: str, tmp_path: Path) -> None:
    """Eight writers of 10,000 reports, killed twenty times: acknowledged is stored."""
    create_ledger(where).close()
    outcome = _run(where, tmp_path)
    assert outcome.kills == 20
    assert sorted(outcome.stored) == sorted(outcome.acknowledged)
    assert len(set(outcome.stored)) == 10_000
    assert outcome.verification.ok
