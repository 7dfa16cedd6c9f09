"""``roadplan winter`` as its users call it."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pytest

from roadplan.cli import main


def test_posture_gives_every_crew_a_beat(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """JSON has beats with cost, bound and gap; the sheet has a row for each crew."""
    sheet = tmp_path / "posture.xlsx"
    with pytest.raises(SystemExit) as left:
        main(["winter", "posture", "--out", str(sheet), "--json"])
    assert not left.value.code
    answer = json.loads(capsys.readouterr().out)
    assert 0 <= answer["gap"] < 0.05
    assert answer["bound"] <= answer["cost"]
    rows = list(openpyxl.load_workbook(sheet).worksheets[0].values)
    assert len(rows) >= len(answer["beats"])
