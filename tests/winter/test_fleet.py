"""Fleets: read from files with every fault told, built from machines, estimated by default."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from roadplan.corridor import Corridor
from roadplan.errors import FaultsError, RoadplanError
from roadplan.winter.fleet import Ability, Fleet, find_base
from roadplan.winter.fleet_file import read_fleet, write_fleet_template


def workbook(path: Path, **sheets: list[dict[str, object]]) -> Path:
    """Write sheets with their rows."""
    with pd.ExcelWriter(path) as writer:
        for name, rows in sheets.items():
            pd.DataFrame(rows).to_excel(writer, sheet_name=name, index=False)
    return path


def crew(name: str, **values: object) -> dict[str, object]:
    """Return a row of a crew at the stranger's first depot."""
    return {"crew": name, "plough_class": "truck", "depot": "d1", **values}


def test_the_default_fleet_is_estimated_and_within_the_totals(
    road: Corridor, shipped_fleet: Fleet
) -> None:
    """No class has more crews than the corridor's totals, and everything is marked."""
    most = road.table("machines").set_index("plough_class")["crews"]
    assert all(count <= most[name] for name, count in shipped_fleet.counts.items())
    assert shipped_fleet.estimated
    assert {crew.standing for crew in shipped_fleet.crews} == {"estimated"}


def test_crews_alone_are_enough(trunk: Corridor, tmp_path: Path) -> None:
    """A CSV of crews takes abilities from the corridor's classes."""
    path = tmp_path / "fleet.csv"
    path.write_text(
        "crew;plough_class;depot;duty_from;duty_until;longest_duty_h;returns\n"
        "Ник-1;truck;d1;20:00;8:00;10,5;да\n",
        encoding="utf-8",
    )
    (found,) = read_fleet(path, trunk).crews
    assert found.ability.plough_kmh == 35.0
    assert (found.duty_from, found.duty_until) == (dt.time(20), dt.time(8))
    assert found.longest_duty_h == 10.5
    assert found.returns
    assert found.standing == "reported"


def test_machines_of_a_crew_go_side_by_side(trunk: Corridor, tmp_path: Path) -> None:
    """Widths add up, the slowest sets the speed, and a broken machine is left at home."""
    path = workbook(
        tmp_path / "fleet.xlsx",
        crews=[crew("team")],
        machines=[
            {"machine": "m1", "plough_class": "truck", "crew": "team", "depot": "", "width_m": 3.0},
            {"machine": "m2", "plough_class": "truck", "crew": "team", "plough_kmh": 25},
            {"machine": "m3", "plough_class": "truck", "crew": "team", "serviceable": "no"},
        ],
    )
    fleet = read_fleet(path, trunk)
    (team,) = fleet.crews
    assert team.machines == 2
    assert team.ability.width_m == pytest.approx(3.0 + 3.75)
    assert team.ability.plough_kmh == 25.0
    assert "goes without 1 of 3 machines" in fleet.notes[0]


def test_a_machine_without_a_crew_is_one_and_may_come_later(
    trunk: Corridor, tmp_path: Path
) -> None:
    """Local times without a zone are those of the corridor."""
    path = workbook(
        tmp_path / "fleet.xlsx",
        machines=[
            {
                "machine": "m1",
                "plough_class": "truck",
                "depot": "d2",
                "available_from": "2026-01-15 20:00",
            }
        ],
    )
    (found,) = read_fleet(path, trunk).crews
    assert found.id == "m1"
    assert found.available_from == dt.datetime.fromisoformat("2026-01-15T20:00+05:00")


def test_every_fault_is_told_at_once(trunk: Corridor, tmp_path: Path) -> None:
    """Unknown classes and depots, wrong times, doubles and depots off the road: one error."""
    path = workbook(
        tmp_path / "fleet.xlsx",
        crews=[
            crew("a", plough_class="tank"),
            crew("b", depot="nowhere"),
            crew("c", duty_from="25:00"),
            crew("d"),
            crew("d"),
            crew("e", duty_from="08:00", duty_until="08:00"),
        ],
        depots=[{"depot": "far", "place": "r1@99999999"}],
    )
    with pytest.raises(FaultsError) as told:
        read_fleet(path, trunk)
    text = str(told.value)
    for part in ("'tank'", "'nowhere'", "25:00", "d stands in row 5 too", "ends when it begins"):
        assert part in text
    assert "99999999" in text.replace(" ", "").replace("1e+08", "99999999")
    assert "sheet crews, row 2" in text


def test_machines_that_do_not_fit_each_other_are_faults(trunk: Corridor, tmp_path: Path) -> None:
    """One crew has one class and one depot."""
    path = workbook(
        tmp_path / "fleet.xlsx",
        machines=[
            {"machine": "1", "plough_class": "truck", "crew": "x", "depot": "d1"},
            {"machine": "2", "plough_class": "blower", "crew": "x", "depot": "d1"},
            {"machine": "3", "plough_class": "truck", "crew": "y", "depot": "d1"},
            {"machine": "4", "plough_class": "truck", "crew": "y", "depot": "d2"},
            {"machine": "5", "plough_class": "truck", "crew": "z", "depot": ""},
        ],
    )
    with pytest.raises(FaultsError) as told:
        read_fleet(path, trunk)
    for part in ("different classes", "different depots", "stands nowhere"):
        assert part in str(told.value)


def test_a_fleet_with_nothing_serviceable_says_so(trunk: Corridor, tmp_path: Path) -> None:
    """The reason stands in the message."""
    path = workbook(
        tmp_path / "fleet.xlsx",
        machines=[{"machine": "1", "plough_class": "truck", "depot": "d1", "serviceable": "no"}],
    )
    with pytest.raises(FaultsError, match="none of its machines is serviceable"):
        read_fleet(path, trunk)


def test_a_measured_depot_that_is_too_small_is_a_fault(trunk: Corridor, tmp_path: Path) -> None:
    """The stranger's depots are measured and hold two; an estimated one would only be noted."""
    path = workbook(tmp_path / "fleet.xlsx", crews=[crew(str(n)) for n in range(3)])
    with pytest.raises(FaultsError, match="has places for 2"):
        read_fleet(path, trunk)


def test_a_base_of_the_file_can_be_anywhere_on_the_road(trunk: Corridor, tmp_path: Path) -> None:
    """Its place is given as a post or as route and metres."""
    path = workbook(
        tmp_path / "fleet.xlsx",
        crews=[crew("a", depot="new")],
        depots=[{"depot": "new", "place": "s:15+500", "access_m": 250, "capacity": 3}],
    )
    base = find_base(read_fleet(path, trunk), "new")
    assert base.position.station_m == pytest.approx(22_180 * 10.5 / 22, abs=1)
    assert base.access_m == 250


@pytest.mark.parametrize("language", ["ru", "kk", "en"])
def test_the_template_reads_back_as_the_fleet_it_was_filled_with(
    language: str, road: Corridor, shipped_fleet: Fleet, tmp_path: Path
) -> None:
    """In every language; estimated crews stay estimated."""
    path = write_fleet_template(tmp_path / "f.xlsx", road, language=language, fleet=shipped_fleet)
    again = read_fleet(path, road)
    assert [c.id for c in again.crews] == [c.id for c in shipped_fleet.crews]
    assert [c.ability for c in again.crews] == [c.ability for c in shipped_fleet.crews]
    assert {c.standing for c in again.crews} == {"estimated"}
    assert len(openpyxl.load_workbook(path).sheetnames) == 6


def test_the_template_must_be_a_workbook(road: Corridor, tmp_path: Path) -> None:
    """Another ending is refused."""
    with pytest.raises(RoadplanError, match=r"\.xlsx"):
        write_fleet_template(tmp_path / "f.csv", road)


@pytest.mark.parametrize(
    ("width_m", "lanes", "passes"),
    [(9.0, 2, 1), (3.5, 2, 2), (3.5, 1, 1), (2.6, 2, 3), (3.0, 4, 5)],
)
def test_a_narrow_crew_needs_several_passes(width_m: float, lanes: int, passes: int) -> None:
    """Lanes of 3.75 m; a quarter of the width may stay at the edge."""
    able = Ability(plough_kmh=40, travel_kmh=60, width_m=width_m, max_depth_cm=30)
    assert able.passes_for(lanes) == passes
