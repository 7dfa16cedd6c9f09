"""``roadplan corridor refresh`` as a user calls it."""

from __future__ import annotations

import json

import pytest

from roadplan.cli import main
from roadplan.corridor import load


@pytest.fixture
def folder(stranger, tmp_path):
    """Write the stranger's corridor to a folder of its own."""
    return stranger.write(tmp_path / "corridor")


@pytest.fixture
def drawn(stranger, tmp_path):
    """Write the stranger's road as a local file."""
    file = tmp_path / "road.osm"
    file.write_text(stranger.draw().xml())
    return file


@pytest.fixture
def call(capsys):
    """Call the command line and return exit code, output and errors."""

    def run(*arguments: object):
        with pytest.raises(SystemExit) as end:
            main(["corridor", "refresh", *map(str, arguments)])
        told = capsys.readouterr()
        return end.value.code or 0, told.out, told.err

    return run


def content(folder) -> dict[str, bytes]:
    """Return every file of a folder."""
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}


def test_nothing_is_written_without_apply(call, folder, drawn):
    """A dry run tells what would move and leaves every byte as it was."""
    before = content(folder)
    code, out, err = call("ruta", "--into", folder, "--osm", drawn)
    assert (code, err) == (0, "")
    assert content(folder) == before
    assert "segments" in out
    assert "Sideways" in out
    assert "Nothing was written; --apply writes this" in out


def test_apply_replaces_the_folder(call, folder, drawn):
    """With --apply the corridor is renewed, loads, and keeps other files in its folder."""
    (folder / "README.md").write_text("mine")
    old = load(folder).axis("ruta").length_m
    code, out, _ = call("ruta", "--into", folder, "--osm", drawn, "--apply")
    assert code == 0
    assert out.index("What moves") < out.index("Written to")
    assert load(folder).axis("ruta").length_m != old
    assert (folder / "README.md").read_text() == "mine"
    assert [path.name for path in folder.parent.iterdir() if path.name.startswith(".")] == []


def test_new_folder_is_made_from_another(call, folder, drawn, tmp_path):
    """--corridor is read and left alone; --into is made."""
    before = content(folder)
    into = tmp_path / "new" / "corridor"
    code, _, _ = call("ruta", "--corridor", folder, "--into", into, "--osm", drawn, "--apply")
    assert code == 0
    assert content(folder) == before
    assert load(into).routes.keys() == {"ruta", "ramal"}


def test_answer_in_json(call, folder, drawn):
    """--json gives one document with lengths, moves and whether it was applied."""
    code, out, _ = call("ruta", "--into", folder, "--osm", drawn, "--json")
    document = json.loads(out)
    assert code == 0
    assert document["applied"] is False
    assert document["route"] == "ruta"
    assert {move["table"] for move in document["moves"]} >= {"segments", "posting_breaks"}


def test_download_from_overpass(call, folder, overpass, stranger):
    """The same from a server, with what is wanted given by name."""
    overpass.sketch = stranger.draw()
    code, out, err = call("ruta", "--into", folder, "--overpass", overpass.url, "--apply")
    assert code == 0, err
    assert "state of 2025-11-20" in load(folder).routes["ruta"].source
    assert "carriageway of rising stations" in out


def test_failing_service_leaves_the_data_untouched(call, folder, overpass, reply):
    """A broken answer ends in one line and exit code 3; no byte changes."""
    before = content(folder)
    overpass.answers = [reply("<html>gone</html>", kind="text/html")]
    code, _, err = call("ruta", "--into", folder, "--overpass", overpass.url, "--apply")
    assert code == 3
    assert "Error: http://127.0.0.1" in err
    assert "Traceback" not in err
    assert content(folder) == before


def test_gap_leaves_the_data_untouched(call, folder, stranger, tmp_path):
    """A road with a hole is refused with exit code 1; no byte changes."""
    before = content(folder)
    stranger.draw().ways.pop()
    file = tmp_path / "holed.osm"
    file.write_text(stranger.sketch.xml())
    code, _, err = call("ruta", "--into", folder, "--osm", file, "--apply")
    assert code == 1
    assert "leave a gap longer than 200 m" in err
    assert content(folder) == before


def test_faults_that_would_arise_keep_it_from_being_written(
    call, folder, stranger, tmp_path, monkeypatch
):
    """Where the renewed corridor would not pass its checks, they are told, nothing is written."""
    monkeypatch.setattr("roadplan.corridor.osm.joints.FARTHEST_M", 100)
    before = content(folder)
    file = tmp_path / "moved.osm"
    file.write_text(stranger.draw(up_m=400.0).xml())
    code, out, _ = call("ruta", "--into", folder, "--osm", file, "--apply")
    assert code == 1
    assert "Nothing can be written" in out
    assert "junction cruce" in out
    assert content(folder) == before


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "give one source"),
        (("--overpass", "http://127.0.0.1:9/api", "--osm", __file__), "give one source"),
        (("--osm", "nowhere.osm"), "does not exist"),
        (("--osm", __file__, "--buffer-km", "0"), "is not in the range"),
    ],
)
def test_wrong_calls_are_told(call, folder, arguments, told):
    """A call that makes no sense ends with exit code 2 and the remedy."""
    code, _, err = call("ruta", "--into", folder, *arguments)
    assert code == 2
    assert told in err


def test_unknown_route_is_told(call, folder, drawn):
    """A route that is not there is told with those that are."""
    code, _, err = call("main", "--into", folder, "--osm", drawn)
    assert code == 1
    assert "there is no route 'main'" in err
