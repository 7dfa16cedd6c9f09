"""What many tests share: the shipped corridor and a stranger's."""

# ruff: noqa: RUF005 - long rows are joined from two tuples

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import hypothesis
import pandas as pd
import pytest

from roadplan import corridor

# How long an example takes says something of the machine, nothing of the code.
hypothesis.settings.register_profile("roadplan", deadline=None)
hypothesis.settings.load_profile("roadplan")

_STANDING = {"standing": "measured", "source": "survey"}


@pytest.fixture(scope="session")
def road() -> corridor.Corridor:
    """Give the corridor that comes with roadplan."""
    return corridor.load()


def _table(columns: str, *rows: tuple[object, ...]) -> pd.DataFrame:
    frame = pd.DataFrame(list(rows), columns=columns.split())
    return frame.assign(**_STANDING)


@pytest.fixture
def stranger_tables() -> dict[str, pd.DataFrame]:
    """Give the tables of a small corridor far from ours: a trunk of two routes and a branch."""
    return {
        "routes": _table(
            "route name_en name_ru name_kk kind schematic note",
            ("r1", "Northern trunk", "", "", "main", "no", ""),
            ("r2", "Harbour branch", "", "", "branch", "no", ""),
        ),
        "control_points": _table(
            "route seq lon lat",
            ("r1", 0, -71.0, -33.0),
            ("r1", 1, -71.0, -32.8),
            ("r1", 2, -70.9, -32.6),
            ("r2", 0, -71.0, -32.8),
            ("r2", 1, -71.3, -32.8),
        ),
        "junctions": _table("junction route station_m", ("j1", "r1", 22_180.0), ("j1", "r2", 0.0)),
        "segments": _table(
            "segment route from_m to_m contract region carriageways lanes category "
            "free_speed_kmh profile",
            ("a1", "r1", 0.0, 11_000.0, "c1", "", 2, 2, "I", 100.0, "flush"),
            ("a2", "r1", 11_000.0, 22_180.0, "c1", "", 2, 2, "I", 100.0, "embankment"),
            ("a3", "r1", 22_180.0, 46_261.0, "", "", 1, 1, "II", 90.0, "cutting"),
            ("b1", "r2", 0.0, 28_099.0, "", "", 1, 1, "II", 90.0, ""),
        ),
        "contracts": _table(
            "contract name_en name_ru name_kk kind route from_m to_m length_km_official posting "
            "from_post_km to_post_km pavement lots financing facts note",
            ("c1", "Lot South", "", "", "contract", "r1", 0.0, 22_180.0, 22.0)  # and by posts:
            + ("s", 5.0, 27.0, "asphalt", 1, "", "", ""),
        ),
        "postings": _table(
            "posting name_en name_ru name_kk aliases note",
            ("s", "Trunk", "", "", "T-5; Ruta 5", ""),
        ),
        "posting_breaks": _table(
            "posting route from_m to_m from_post_km to_post_km from_mark to_mark",
            ("s", "r1", 0.0, 22_180.0, 5.0, 27.0, "start", "junction"),
            ("s", "r1", 22_180.0, 46_261.0, 27.0, 51.0, "junction", "end"),
        ),
        "structures": _table(
            "structure kind name_en name_ru name_kk route station_m contract length_m obstacle "
            "note",
            ("s1", "bridge", "Long Bridge", "", "", "r1", 5_000.0, "c1", 120.0, "river", ""),
        ),
        "depots": _table(
            "depot name_en name_ru name_kk route station_m access_m capacity",
            ("d1", "South depot", "", "", "r1", 2_000.0, 100.0, 2),
            ("d2", "Junction depot", "", "", "r2", 500.0, 0.0, 2),
        ),
        "traffic": _table(
            "route from_m to_m aadt_veh_day truck_share bus_share weekend_factor",
            ("r1", 0.0, 22_180.0, 8_000.0, 0.3, 0.05, 1.0),
            ("r1", 22_180.0, 46_261.0, 3_000.0, 0.4, 0.05, 1.0),
        ),
        "drift_stretches": _table(
            "drift_stretch route from_m to_m exposure", ("x1", "r1", 30_000.0, 40_000.0, 0.5)
        ),
        "plough_classes": _table(
            "plough_class name_en name_ru name_kk kind plough_kmh travel_kmh width_m max_depth_cm "
            "removal_t_h",
            ("truck", "Plough truck", "", "", "plough_truck", 35.0, 60.0, 3.75, 30.0, None),
            ("blower", "Blower", "", "", "rotary_blower", 10.0, 30.0, 2.8, 200.0, 1500.0),
        ),
        "machines": _table("plough_class crews", ("truck", 3), ("blower", 1)),
    }


@pytest.fixture
def write_corridor(tmp_path: Path) -> Callable[[dict[str, pd.DataFrame]], Path]:
    """Give a function that writes tables as a corridor folder."""

    def write(tables: dict[str, pd.DataFrame]) -> Path:
        folder = tmp_path / "corridor"
        folder.mkdir(exist_ok=True)
        for name, frame in tables.items():
            frame.to_csv(folder / f"{name}.csv", index=False)
        return folder

    return write


@pytest.fixture
def stranger(
    stranger_tables: dict[str, pd.DataFrame],
    write_corridor: Callable[[dict[str, pd.DataFrame]], Path],
) -> corridor.Corridor:
    """Give the stranger's corridor, loaded from its files."""
    return corridor.load(write_corridor(stranger_tables))
