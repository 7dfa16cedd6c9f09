"""Storms in a file of our own."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from roadplan.errors import RoadplanError
from roadplan.weather import Storm, draw, fresh_storm, read, write
from roadplan.weather.archive import VERSION


def test_a_storm_survives_being_written(road_of: Callable[..., object], tmp_path: Path) -> None:
    """Values to 32-bit rounding, labels, title and origin come back."""
    road = road_of(5)
    storm = draw(fresh_storm("buran", 4, hours=6, members=3), road, place="point")  # type: ignore[arg-type] # a fixture
    again = read(write(storm, tmp_path / "storm.npz"))
    for name in storm.data.data_vars:
        assert again.values(str(name)) == pytest.approx(storm.values(str(name)), rel=1e-6)
    assert again.members == storm.members
    assert again.origin == storm.origin
    assert again.data["route"].values.tolist() == ["main"] * 5


@pytest.fixture
def saved(storm_of: Callable[..., Storm], tmp_path: Path) -> Path:
    """Give a storm in a file."""
    return write(storm_of(), tmp_path / "storm.npz")


@pytest.mark.parametrize("keep", [10, 200, 1500])
def test_half_a_file_is_refused(saved: Path, keep: int) -> None:
    """A file cut short anywhere tells so."""
    saved.write_bytes(saved.read_bytes()[:keep])
    with pytest.raises(RoadplanError, match=r"storm\.npz"):
        read(saved)


def test_a_changed_byte_is_noticed(saved: Path) -> None:
    """The archive's own checksums hold."""
    raw = bytearray(saved.read_bytes())
    raw[len(raw) // 2] ^= 0xFF
    saved.write_bytes(bytes(raw))
    with pytest.raises(RoadplanError):
        read(saved)


def _rewritten(path: Path, **changes: object) -> Path:
    with np.load(path) as archive:
        arrays = {key: archive[key] for key in archive.files}
    about = json.loads(arrays["about"].tobytes()) | changes
    arrays["about"] = np.frombuffer(json.dumps(about).encode(), dtype=np.uint8)
    np.savez(path, **arrays)
    return path


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"version": VERSION + 1}, "later version"),
        ({"format": "song"}, "no storm"),
        ({"units": {}}, "damaged"),
        ({"issued": "soon"}, "damaged"),
        ({"place": "planet"}, "point or segment"),
        ({"standing": "certain"}, "standing"),
        ({"notes": [{"code": "secret", "values": {}}]}, "no flag"),
    ],
)
def test_other_contents_are_refused(saved: Path, changes: dict[str, object], told: str) -> None:
    """A later version, another format, and a header that does not fit."""
    with pytest.raises(RoadplanError, match=told):
        read(_rewritten(saved, **changes))


def test_pickled_objects_are_never_loaded(tmp_path: Path) -> None:
    """A file that would run code on loading is refused."""
    path = tmp_path / "evil.npz"
    np.savez(path, about=np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(RoadplanError, match="cannot be read"):
        read(path)


def test_a_workbook_is_no_storm(tmp_path: Path) -> None:
    """Other zip files are told apart, with what to do."""
    path = tmp_path / "book.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
    with pytest.raises(RoadplanError, match="save the sheet as CSV"):
        read(path)


def test_only_known_formats_are_written(storm_of: Callable[..., Storm], tmp_path: Path) -> None:
    """The suffix decides."""
    with pytest.raises(RoadplanError, match=r"\.npz or \.csv"):
        write(storm_of(), tmp_path / "storm.xlsx")
