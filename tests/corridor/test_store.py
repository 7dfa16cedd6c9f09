"""A corridor folder is wholly the old one or wholly the new one."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from roadplan import corridor
from roadplan.corridor import store
from roadplan.corridor.load import read_tables, shipped_folder
from roadplan.errors import RoadplanError
from roadplan.tables.schema import Table

Tables = dict[str, pd.DataFrame]
Write = Callable[[Tables], Path]


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    """The shipped corridor written elsewhere is read with the same values."""
    tables, _ = read_tables(shipped_folder())
    again, faults = read_tables(store.write_tables(tables, tmp_path / "copy"))
    assert faults == []
    for name, frame in tables.items():
        pd.testing.assert_frame_equal(again[name], frame)


def test_files_that_are_no_tables_come_along(
    stranger_tables: Tables, write_corridor: Write
) -> None:
    """A note beside the tables stays."""
    folder = write_corridor(stranger_tables)
    (folder / "notes.txt").write_text("mine", encoding="utf-8")
    store.write_tables(read_tables(folder)[0], folder)
    assert (folder / "notes.txt").read_text(encoding="utf-8") == "mine"


def test_a_failed_write_leaves_the_old_folder(
    stranger_tables: Tables, write_corridor: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When writing fails half-way nothing has changed and nothing is left behind."""
    folder = write_corridor(stranger_tables)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    tables, _ = read_tables(folder)

    def full(frame: pd.DataFrame, table: Table) -> str:
        if table.name == "depots":
            raise OSError(28, "No space left on device")
        return "x"

    monkeypatch.setattr(store, "csv_text", full)
    with pytest.raises(OSError, match="No space"):
        store.write_tables(tables, folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_a_writer_stopped_between_the_renames_is_undone(
    stranger_tables: Tables, write_corridor: Write
) -> None:
    """The folder set aside is put back by whoever reads next."""
    folder = write_corridor(stranger_tables)
    folder.rename(folder.with_name(f".{folder.name}.before"))
    assert corridor.load(folder).main_route.id == "r1"
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_a_file_in_the_way_is_told(tmp_path: Path) -> None:
    """A file where the folder should be is no folder."""
    (tmp_path / "corridor").write_text("", encoding="utf-8")
    with pytest.raises(RoadplanError, match="is a file"):
        store.write_tables({}, tmp_path / "corridor")


def test_what_a_killed_writer_left_is_cleared_away(
    stranger_tables: Tables, write_corridor: Write
) -> None:
    """An old half-written folder goes with the next write; a young one may be somebody's work."""
    folder = write_corridor(stranger_tables)
    old, young = (folder.with_name(f".{folder.name}-{word}") for word in ("oldoldol", "youngyou"))
    for left in (old, young):
        left.mkdir()
    os.utime(old, (0, 0))
    store.write_tables(read_tables(folder)[0], folder)
    assert not old.exists()
    assert young.exists()
