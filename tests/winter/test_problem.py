"""A problem says what is wrong with it, and comes back from its file as it was."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from roadplan.errors import FaultsError, RoadplanError
from roadplan.winter.instances import corridor_instance, tiny_instance
from roadplan.winter.problem import ARRAYS, Problem


def test_a_file_gives_back_the_same_problem(tmp_path: Path) -> None:
    """Every array survives bit by bit, and so does the fingerprint."""
    problem = corridor_instance(2, segments=6, branch=2, slots=12, members=4, crews_by_class=(2, 1))
    again = Problem.load(problem.save(tmp_path / "night.npz"))
    for field in fields(Problem):
        assert np.array_equal(getattr(problem, field.name), getattr(again, field.name)), field.name
    assert again.digest == problem.digest


def test_the_file_needs_no_pickle_and_names_every_array(tmp_path: Path) -> None:
    """An outsider reads it with numpy alone."""
    path = tiny_instance().save(tmp_path / "night.npz")
    with np.load(path, allow_pickle=False) as archive:
        assert set(ARRAYS) <= set(archive.files)
        assert str(archive["format"]) == "roadplan-winter-problem"


def test_arrays_cannot_be_changed_afterwards() -> None:
    """A problem is frozen, its arrays too."""
    with pytest.raises(ValueError, match="read-only"):
        tiny_instance().cost[0, 0, 1] = 5.0


@pytest.mark.parametrize(
    ("name", "change", "match"),
    [
        ("crew_node", lambda a: a + 99, "node 9.* is not there"),
        ("cost", lambda a: a * np.nan, "not finite"),
        ("cost", lambda a: -a, "negative"),
        ("cost", lambda a: a[:, :-1], "shape"),
        ("crew_until", lambda a: a * 0 - 1, "out of range"),
        ("crew_class", lambda a: a + 0.5, "whole numbers"),
        ("node_name", lambda a: np.full_like(a, "twice"), "there twice"),
        ("passable_since", lambda a: a + 30, "out of range"),
    ],
)
def test_what_cannot_be_is_refused_by_name(name: str, change: object, match: str) -> None:
    """The message names the array and what is wrong with it."""
    problem = tiny_instance()
    with pytest.raises(FaultsError, match=match) as caught:
        replace(problem, **{name: change(getattr(problem, name))})  # type: ignore[operator]
    assert name in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04broken"])
def test_broken_files_are_named(tmp_path: Path, content: bytes) -> None:
    """Whatever lies there, the answer is one sentence with the path."""
    path = tmp_path / "night.npz"
    path.write_bytes(content)
    with pytest.raises(RoadplanError, match=r"night\.npz"):
        Problem.load(path)


def test_a_file_of_another_version_is_refused(tmp_path: Path) -> None:
    """A later format is not read as if it were this one."""
    path = tiny_instance().save(tmp_path / "night.npz")
    with np.load(path) as archive:
        content = dict(archive)
    content["version"] = np.array(99)
    np.savez(path, **content)
    with pytest.raises(RoadplanError, match="version 99"):
        Problem.load(path)
