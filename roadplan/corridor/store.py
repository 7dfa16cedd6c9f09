"""Writing a corridor folder: wholly the old one or wholly the new one."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from roadplan.corridor.schema import TABLES
from roadplan.errors import RoadplanError
from roadplan.tables.writing import csv_text

_LEFTOVER_S = 3600.0


def write_tables(tables: Mapping[str, pd.DataFrame], folder: str | os.PathLike[str]) -> Path:
    """Write every table of a corridor as a folder that takes the old one's place at once.

    The new folder is written beside the old one and the two are swapped by renaming; files in the
    old folder that are no tables come along. Should the machine stop between the two renames, the
    old folder stands complete beside the target under its backup name, and the next call puts it
    back first.

    Parameters
    ----------
    tables
        Table name → rows.
    folder
        The corridor's folder; made if need be.

    Returns
    -------
    Path
        The folder.
    """
    target = Path(folder).resolve()
    if target.exists() and not target.is_dir():
        raise RoadplanError(f"{folder} is a file; give a folder for the corridor")
    target.parent.mkdir(parents=True, exist_ok=True)
    backup = target.with_name(f".{target.name}.before")
    recover(target)
    _remove_leftovers(target)
    fresh = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        if target.is_dir():
            shutil.copytree(target, fresh, dirs_exist_ok=True)
            shutil.copymode(target, fresh)
        else:
            fresh.chmod(0o755)
        for name, frame in tables.items():
            file = fresh / f"{name}.csv"
            with file.open("w", encoding="utf-8", newline="") as stream:
                stream.write(csv_text(frame, TABLES[name]))
                stream.flush()
                os.fsync(stream.fileno())
        if target.is_dir():
            target.rename(backup)
        fresh.rename(target)
    except BaseException:
        recover(target)
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    shutil.rmtree(backup, ignore_errors=True)
    return target


def _remove_leftovers(target: Path) -> None:
    """Remove the half-written folders of writers killed an hour ago or more."""
    for folder in target.parent.glob(f".{target.name}-????????"):
        if folder.is_dir() and time.time() - folder.stat().st_mtime > _LEFTOVER_S:
            shutil.rmtree(folder, ignore_errors=True)


def recover(folder: str | os.PathLike[str]) -> None:
    """Put back the folder that a writer stopped half-way had set aside, if any."""
    target = Path(folder).resolve()
    backup = target.with_name(f".{target.name}.before")
    if not backup.is_dir():
        return
    if target.exists():
        shutil.rmtree(backup, ignore_errors=True)
    else:
        backup.rename(target)
