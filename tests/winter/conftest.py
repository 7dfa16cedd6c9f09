"""A night on the stranger's small corridor, built once for the tests of plans."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from roadplan import corridor
from roadplan.corridor import Corridor
from roadplan.winter.build import Board, build
from roadplan.winter.fleet import Fleet, default_fleet
from roadplan.winter.night import Night, prepare
from roadplan.winter.planning import NightPlan, make_plan


@pytest.fixture
def trunk(
    stranger_tables: dict[str, pd.DataFrame],
    write_corridor: Callable[[dict[str, pd.DataFrame]], Path],
) -> Corridor:
    """Give the stranger's corridor, whose branch has no traffic counts."""
    return corridor.load(write_corridor(stranger_tables))


@pytest.fixture(scope="session")
def shipped_fleet(road: Corridor) -> Fleet:
    """Give the estimated fleet of the shipped corridor."""
    return default_fleet(road)


@pytest.fixture(scope="session")
def shipped_night(road: Corridor) -> Night:
    """Give eight hours of a shipped storm with four members."""
    return prepare(road, "wet-snow", hours=8, members=4)


@pytest.fixture(scope="session")
def shipped_board(shipped_night: Night, shipped_fleet: Fleet) -> Board:
    """Give the problem of these hours."""
    return build(shipped_night, shipped_fleet)


@pytest.fixture(scope="session")
def shipped_plan(shipped_board: Board) -> NightPlan:
    """Give a plan of little effort, with its simulated outcome."""
    return make_plan(shipped_board, effort=2, seed=1, bounded=False, draws=2)
