"""Files that are either wholly the old ones or wholly the new ones."""

from __future__ import annotations

import os
import struct
import tempfile
import tokenize
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from roadplan.errors import RoadplanError

DAMAGED: Final = (
    EOFError,
    MemoryError,
    RuntimeError,
    SyntaxError,
    struct.error,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What numpy raises besides ValueError when it reads a damaged npz file."""


def folder_for_results(path: str | os.PathLike[str]) -> Path:
    """Return a folder after making sure that files can be written into it once it is made.

    Call it before long work, so that the work is not lost. The folder is not made.

    Raises
    ------
    RoadplanError
        A file is in the way, or nothing may be written there.
    """
    folder = Path(path)
    nearest = folder.absolute()
    while not (nearest.exists() or nearest.is_symlink()):
        nearest = nearest.parent
    if not nearest.is_dir():
        raise RoadplanError(f"nothing can be written into {folder}: {nearest} is no folder")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise RoadplanError(f"nothing can be written into {folder}: {nearest} may not be written")
    return folder


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary path beside `path`; it takes its place when the block ends well.

    The temporary file keeps the suffix of `path`, since many writers choose a format by it. When
    the block raises, `path` stays as it was and the temporary file is removed.

    Parameters
    ----------
    path
        The file to write. Its folder is made if need be.

    Yields
    ------
    Path
        Where to write.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(
        prefix=f".{target.stem}-", suffix=target.suffix, dir=target.parent
    )
    os.close(descriptor)
    temporary = Path(name)
    try:
        # Writers such as SQLite refuse to create a file that is there already.
        temporary.unlink()
        yield temporary
        with temporary.open("rb+") as stream:
            os.fsync(stream.fileno())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def replace_bytes(path: str | os.PathLike[str], content: bytes) -> Path:
    """Write `content` to `path` atomically and return the path."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)
    return Path(path)


def replace_text(path: str | os.PathLike[str], text: str) -> Path:
    """Write `text` to `path` atomically, in UTF-8 with line feeds, and return the path."""
    return replace_bytes(path, text.encode("utf-8"))
