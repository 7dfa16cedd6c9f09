"""Make the benchmark instances in ``tests/benchmarks/instances``.

    python tests/benchmarks/make_instances.py            # write those that are not there
    python tests/benchmarks/make_instances.py --check    # compare all with what is there

The files hold no date and nothing of the machine: with the same numpy and zlib they come out byte
for byte. Other versions may draw or compress differently, so the stored files are the benchmark
and this script says how they came about.
"""

from __future__ import annotations

import argparse
import fnmatch
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from roadplan.winter.instances import corridor_instance, national_instance, rounded
from roadplan.winter.problem import Problem

FOLDER: Final = Path(__file__).parent / "instances"

SEED: Final = 1

SIZES: Final[Mapping[str, Mapping[str, Any]]] = {
    "corridor-small": {"segments": 13, "branch": 3, "depots": 4},
    "corridor-medium": {"segments": 25, "branch": 5, "depots": 6},
    "corridor-large": {"segments": 49, "branch": 6, "depots": 10},
    "national-small": {"hubs": 5, "segments": 50, "depots": 10},
    "national-medium": {"hubs": 9, "segments": 100, "depots": 18},
    "national-large": {"hubs": 16, "segments": 200, "depots": 36},
}
"""Roads by size."""

HOME: Final = {"return_to_base": True}
WINDOWS: Final = {"staggered": True}
DUTY: Final = {"longest_duty": 24}

INSTANCES: Final[Mapping[str, Mapping[str, Any]]] = {
    "corridor-small-front": {"crews_by_class": (8,)},
    "corridor-small-drift": {"crews_by_class": (5, 2, 1)},
    "corridor-small-burst": {"crews_by_class": (5, 1, 0, 2), **WINDOWS, **HOME},
    "corridor-medium-slow": {"crews_by_class": (15,)},
    "corridor-medium-burst": {"crews_by_class": (11, 3, 1), **WINDOWS},
    "corridor-medium-double": {"crews_by_class": (10, 2, 1, 2), **DUTY, **HOME},
    "corridor-large-front": {"crews_by_class": (30,)},
    "corridor-large-slow": {"crews_by_class": (30,)},
    "corridor-large-burst": {"crews_by_class": (30,)},
    "corridor-large-drift": {"crews_by_class": (22, 5, 3)},
    "corridor-large-double": {"crews_by_class": (20, 4, 2, 4), **WINDOWS, **HOME},
    "national-small-slow": {"crews_by_class": (30,)},
    "national-small-drift": {"crews_by_class": (22, 5, 3)},
    "national-medium-front": {"crews_by_class": (50, 7, 3)},
    "national-medium-double": {"crews_by_class": (44, 6, 2, 8), **WINDOWS, **DUTY, **HOME},
    "national-large-slow": {"crews_by_class": (100, 15, 5)},
    "national-large-burst": {"crews_by_class": (120,)},
}
"""Crews of each class and their rules; a name is made of size and storm."""


def make(name: str) -> Problem:
    """Return a benchmark instance by its name, costs rounded to 12 bits of mantissa."""
    size, storm = name.rsplit("-", 1)
    invent = national_instance if size.startswith("national") else corridor_instance
    return rounded(invent(SEED, storm=storm, **SIZES[size], **INSTANCES[name]))


def chosen(patterns: list[str] | None) -> list[str]:
    """Return the names of the instances that fit any of some patterns, all without patterns."""
    names = [name for name in INSTANCES if any(fnmatch.fnmatch(name, p) for p in patterns or ["*"])]
    if not names:
        sys.exit(f"no instance fits {' '.join(patterns or [])}; there are {', '.join(INSTANCES)}")
    return names


def problem_path(name: str) -> Path:
    """Return where the file of an instance lies."""
    return FOLDER / f"{name}.npz"


def main() -> None:
    """Write or compare the files."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("names", nargs="*", help="names or patterns; by default all")
    parser.add_argument("--check", action="store_true", help="compare and write nothing")
    parser.add_argument("--again", action="store_true", help="write those that are there too")
    options = parser.parse_args()
    FOLDER.mkdir(exist_ok=True)
    differ = 0
    for name in chosen(options.names or None):
        path = problem_path(name)
        if options.check:
            with tempfile.TemporaryDirectory() as folder:
                fresh = make(name).save(Path(folder) / "made.npz").read_bytes()
            same = path.exists() and path.read_bytes() == fresh
            differ += not same
            print(f"{name}: {'the same' if same else 'differs'}")
        elif options.again or not path.exists():
            print(f"{make(name).save(path)}: {path.stat().st_size / 1e6:.2f} MB")
    sys.exit(1 if differ else 0)


if __name__ == "__main__":
    main()
