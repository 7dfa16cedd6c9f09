"""``roadplan storm`` on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from roadplan.cli.storm import storm
from roadplan.errors import RoadplanError, ServiceError
from roadplan.weather import read


def _run(*args: object) -> Result:
    result = CliRunner().invoke(storm, [str(arg) for arg in args], catch_exceptions=True)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_list_names_the_storms_as_json() -> None:
    """What a script needs: names, titles in three languages, and that they are synthetic."""
    listed = json.loads(_run("list", "--json").output)
    assert len(listed) >= 5
    assert all(entry["synthetic"] is True for entry in listed)
    assert set(listed[0]) >= {"name", "title", "kind", "hours", "members", "seed", "description"}
    assert "snow-band" in _run("list").output


def test_make_draws_one_of_each_kind(tmp_path: Path) -> None:
    """The same seed gives the same files; they are read again."""
    wishes = ("--seed", 4, "--members", 2, "--hours", 6, "--every-km", 200, "--json")
    made = json.loads(_run("make", *wishes, "--out", tmp_path / "a").output)
    assert len(made) == 6
    _run("make", *wishes, "--out", tmp_path / "b")
    for entry in made:
        first = read(entry["path"])
        second = read(tmp_path / "b" / Path(entry["path"]).name)
        assert first.synthetic
        assert first.data.identical(second.data)


def test_make_writes_one_kind_to_a_table(tmp_path: Path) -> None:
    """A CSV for people with spreadsheets; all kinds do not fit into one file."""
    out = tmp_path / "b.csv"
    wishes = ("--seed", 4, "--members", 2, "--hours", 6, "--every-km", 300)
    _run("make", *wishes, "--kind", "buran", "--start", "2026-02-01T00:00+05:00", "--out", out)
    assert str(read(out).times[0])[:13] == "2026-01-31T19"
    assert _run("make", *wishes, "--out", out).exit_code == 2
    with pytest.raises(RoadplanError, match="no kind of storm"):
        _run("make", *wishes, "--kind", "hail", "--out", out)


def test_show_tells_of_a_file_in_json(tmp_path: Path) -> None:
    """Overview, flags in the language wished for, no NaN."""
    _run("make", "--seed", 1, "--members", 2, "--kind", "snow-band", "--out", tmp_path / "s.npz")
    output = _run("show", tmp_path / "s.npz", "--language", "ru", "--json").output
    told = json.loads(output)
    assert "NaN" not in output
    assert told["flags"][0]["text"] == "Синтетическая буря: придумана, чтобы пробовать на ней"
    assert (told["members"], told["times"]) == (2, 37)


def test_show_flags_a_forecast_for_its_use(tmp_path: Path) -> None:
    """A stretch of time beyond the forecast is told."""
    text = _run("show", "mild-night", "--to", "2026-01-20T00:00Z").output
    assert "! The forecast ends 84 h before the time that is needed" in text
    assert "Mild night" in text


def test_show_refuses_what_is_not_there() -> None:
    """And lists what is."""
    with pytest.raises(RoadplanError, match="neither a file nor a storm"):
        _run("show", "nemo")


def test_a_warning_becomes_a_storm(tmp_path: Path) -> None:
    """Between posts, in local time, shown as estimated."""
    out = tmp_path / "warning.npz"
    common = ("--from-post", "m36:1610", "--to-post", "m36:1854", "--level", 3, "--out", out)
    times = ("--start", "2026-01-15T18:00+05:00", "--end", "2026-01-16T06:00+05:00")
    result = _run("warn", *common, *times)
    assert "estimated" in result.output
    assert read(out).origin.standing == "estimated"
    naive = _run("warn", *common, "--start", "2026-01-15T18:00", "--end", "2026-01-16T06:00Z")
    assert naive.exit_code == 2
    assert "no time zone" in naive.output


def test_fetch_without_a_service_is_a_service_error(tmp_path: Path) -> None:
    """Nothing listens there; nothing is written."""
    out = tmp_path / "f.json"
    with pytest.raises(ServiceError, match="no connection"):
        _run("fetch", "--url", "http://127.0.0.1:1/", "--tries", 1, "--out", out)
    assert not out.exists()
    assert _run("fetch", "--out", tmp_path / "f.txt").exit_code == 2


def test_parameters_are_shown_with_their_standing(tmp_path: Path) -> None:
    """With what the user has set."""
    mine = tmp_path / "mine.csv"
    mine.write_text("name,value\nfetch_m,500\n", encoding="utf-8")
    rows = {row["name"]: row for row in json.loads(_run("parameters", "--json").output)}
    changed = json.loads(_run("parameters", "--file", mine, "--json").output)
    assert rows["transport_divisor"]["standing"] == "second-hand"
    assert next(r for r in changed if r["name"] == "fetch_m")["standing"] == "set by user"
    assert "kg/m/s" in _run("parameters").output
