"""``roadplan winter plan`` and its companions as their users call them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from roadplan.cli import main


def run(*args: str) -> int:
    """Call the command line and return its exit code."""
    with pytest.raises(SystemExit) as left:
        main(list(args))
    return int(left.value.code or 0)


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with a small plan."""
    out = tmp_path_factory.mktemp("night")
    code = run(
        "winter", "plan", "--storm", "wet-snow", "--hours", "7", "--members", "2",
        "--effort", "1", "--seed", "3", "--draws", "1", "--out", str(out), "--json",
    )  # fmt: skip
    assert code == 0
    return out


def test_plan_writes_everything(planned: Path) -> None:
    """Plan, problem, tables and sheets to print."""
    names = {path.name for path in planned.iterdir()}
    assert names >= {
        "plan.json", "problem.npz", "crews.csv", "crews.xlsx", "stretches.csv", "stretches.xlsx",
        "orders_ru.html", "orders_kk.html", "orders_en.html",
    }  # fmt: skip


def test_verify_accepts_the_plan_and_catches_a_changed_one(
    planned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 0, and 1 with the reasons when a figure is wrong."""
    problem = str(planned / "problem.npz")
    assert run("winter", "verify", str(planned / "plan.json"), problem) == 0
    assert "every rule is kept" in capsys.readouterr().out
    document = json.loads((planned / "plan.json").read_text(encoding="utf-8"))
    document["summary"]["cost"] *= 0.9
    changed = tmp_path / "plan.json"
    changed.write_text(json.dumps(document), encoding="utf-8")
    assert run("winter", "verify", str(changed), problem, "--json") == 1
    answer = json.loads(capsys.readouterr().out)
    assert not answer["ok"]
    assert "stated cost" in answer["violations"][0]


def test_value_prices_one_more_crew(planned: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """For the class and depot asked for."""
    code = run(
        "winter", "value", str(planned / "plan.json"), str(planned / "problem.npz"),
        "--class", "echelon", "--depot", "depot-aksu", "--effort", "1", "--json",
    )  # fmt: skip
    assert code == 0
    (worth,) = json.loads(capsys.readouterr().out)
    assert worth["class"] == "echelon"
    assert worth["saved_veh_h"] >= worth["least_veh_h"] >= 0
    assert worth["chance_veh_h"] >= 0


def test_a_plan_in_hand_is_kept(
    planned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The summary says how many passes are kept, dropped and new."""
    code = run(
        "winter", "plan", "--storm", "wet-snow", "--hours", "7", "--members", "2",
        "--effort", "2", "--draws", "0", "--out", str(tmp_path), "--json",
        "--keep", str(planned / "plan.json"), "--change-cost", "500",
    )  # fmt: skip
    assert code == 0
    change = json.loads(capsys.readouterr().out)["summary"]["change"]
    assert change["kept"] > 0
    assert change["new"] == change["dropped"] == 0


def test_a_ledger_tells_which_bypasses_are_in_use(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One reported in use narrows the road as of that day, and none does after it is closed."""
    ledger = str(tmp_path / "works.ledger")
    assert run("progress", "init", "--ledger", ledger) == 0
    for day, stage in (("2024-02-01", "in-use"), ("2024-03-01", "closed")):
        assert run(
            "progress", "add", "--ledger", ledger, "--item", "detour:detour-kb-interchange-01",
            "--stage", stage, "--date", day, "--author", "office", "--source", "weekly sheet",
        ) == 0  # fmt: skip
    for day, used in (("2024-02-20", 1), ("2024-03-20", 0)):
        capsys.readouterr()
        code = run(
            "winter", "plan", "--storm", "wet-snow", "--hours", "2", "--members", "1",
            "--effort", "1", "--draws", "0", "--out", str(tmp_path / day), "--json",
            "--ledger", ledger, "--as-of", day,
        )  # fmt: skip
        assert code == 0
        notes = json.loads(capsys.readouterr().out)["notes"]
        assert any(f"as of {day} {used} of " in note for note in notes)
        assert any("1 temporary bypass narrows" in note for note in notes) == bool(used)


def test_templates_are_written_and_the_schema_is_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Workbooks for the fleet and the state; JSON Schema of the plan file."""
    assert run("winter", "fleet-template", "--out", str(tmp_path / "f.xlsx"), "--lang", "kk") == 0
    state = str(tmp_path / "s.xlsx")
    assert run("winter", "state-template", "--out", state) == 0
    assert (tmp_path / "f.xlsx").is_file()
    assert (tmp_path / "s.xlsx").is_file()
    capsys.readouterr()
    assert run("winter", "plan-schema") == 0
    assert json.loads(capsys.readouterr().out)["properties"]["summary"]


@pytest.mark.parametrize(
    ("args", "code", "why"),
    [
        (("--storm", "nothing"), 1, "neither a file nor a storm"),
        (("--storm", "buran", "--fleet", "none.xlsx"), 1, "none.xlsx"),
        (("--storm", "buran", "--state", "none.json"), 1, "none.json"),
        (("--storm", "buran", "--slot", "7"), 1, "do not go into an hour"),
        (("--storm", "buran", "--start", "tomorrow"), 2, "no moment"),
        (("--storm", "buran", "--hours", "0"), 2, "hours"),
        (("--storm", "buran", "--change-cost", "1"), 2, "--keep"),
        (("--storm", "buran", "--as-of", "2024-02-01"), 2, "--ledger"),
        (("--storm", "buran", "--ledger", "none.ledger"), 1, "none.ledger"),
        (("--storm", "buran", "--members", "2", "--keep", "none.json"), 1, "none.json"),
        (("--storm", "buran", "--members", "2", "--from-plan", "none.json"), 1, "none.json"),
    ],
)
def test_wrong_calls_get_one_message(
    args: tuple[str, ...], code: int, why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No traceback, and the exit code that the help promises."""
    assert run("winter", "plan", *args, "--out", str(tmp_path / "out")) == code
    said = capsys.readouterr().err
    assert why in said
    assert "Traceback" not in said
    assert not (tmp_path / "out").exists()
