from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from roadplan.cli._progress_forecast import backtest, chart, forecast
from roadplan.corridor import Corridor
from roadplan.errors import RoadplanError
from roadplan.progress import Baseline, Planned, create_ledger, report_on, work_items

START, FINISH = date(2024, 4, 1), date(2024, 9, 30)


@pytest.fixture(scope="module")
def ledger(road: Corridor, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Give a ledger with a plan of one contract and three reports."""
    place = str(tmp_path_factory.mktemp("ledger") / "works.ledger")
    items = [item for item in work_items(road) if item.contract == "kurty-konaev"]
    planned = {
        item.id: Planned(start=START, finish=FINISH, quantity=item.quantity) for item in items
    }
    said = {"author": "A", "source": "exercise"}
    base = [item for item in items if item.work_type == "earthworks"]
    days = (date(2024, 4, 10), date(2024, 5, 10), date(2024, 6, 10))
    with create_ledger(place) as book:
        book.append_baseline(Baseline(version=1, items=planned, **said))
        book.append(
            [report_on(item, work_date=day, **said) for item, day in zip(base, days, strict=False)]
        )
    return place


def run(command: object, *args: str) -> str:
    """Run a command and return what it says."""
    result = CliRunner().invoke(command, args, catch_exceptions=False)  # type: ignore[arg-type] # a command
    assert result.exit_code == 0, result.output
    return result.output


def test_forecast_says_dates_reasons_and_paces(ledger: str) -> None:
    """Works in words."""
    text = run(forecast, "--ledger", ledger, "--as-of", "2024-06-15", "--draws", "200")
    for words in ("P50", "SPI(t)", "Most often last", "needed", "kurty-konaev", "estimates"):
        assert words in text


def test_forecast_answers_with_json(ledger: str) -> None:
    """One document, with the deadline asked for and one more crew."""
    text = run(
        forecast,
        *("--ledger", ledger, "--as-of", "2024-06-15", "--draws", "200", "--json"),
        *("--deadline", "kurty-konaev=2025-12-26", "--extra-crew", "earthworks:kurty-konaev"),
    )
    document = json.loads(text)
    rows = {row["contract"]: row for row in document["finish"]}
    assert rows["kurty-konaev"]["deadline"] == "2025-12-26"
    assert document["with_extra_crew"]
    assert document["earned_schedule"]["kurty-konaev"]["total"] > 0


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--deadline", "west=2025-01-01"), "no contract 'west'"),
        (("--extra-crew", "earthworks"), "names no place"),
        (("--extra-crew", "gold:kurty-konaev"), "no gold"),
    ],
)
def test_wrong_options_are_told(ledger: str, args: tuple[str, ...], words: str) -> None:
    """In a sentence with what would be right."""
    with pytest.raises(RoadplanError, match=words):
        run(forecast, "--ledger", ledger, "--as-of", "2024-06-15", "--draws", "100", *args)


def test_public_backtest_tells_the_three_promises() -> None:
    """Promised, what would have been said, what came."""
    text = run(backtest, "--public")
    for words in ("2020-11-30", "2023-12-31", "2024-12-31", "broken", "prove little"):
        assert words in text
    assert len(json.loads(run(backtest, "--public", "--json"))["promises"]) == 3


@pytest.mark.parametrize("kind", ["march", "s-curve"])
def test_chart_writes_a_picture(ledger: str, tmp_path: Path, kind: str) -> None:
    """SVG by its suffix."""
    out = tmp_path / "chart.svg"
    run(
        chart,
        *("--ledger", ledger, "--as-of", "2024-06-15", "--contract", "kurty-konaev"),
        *("--kind", kind, "--out", str(out), "--draws", "100", "--paper", "phone"),
    )
    assert out.read_text(encoding="utf-8").lstrip().startswith("<?xml")
