"""Fleets: read from files with every fault told, built from machines, estimated by default."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from roadplan.corridor import Corridor
from roadplan.errors import Fault, FaultsError, RoadplanError
from roadplan.winter.fleet import Ability, Fleet, corridor_bases, corridor_classes, find_base
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


def machine(name: str, **values: object) -> dict[str, object]:
    """Return a row of a machine at the stranger's first depot."""
    return {"machine": name, "plough_class": "truck", "depot": "d1", **values}


def faults_of(path: Path, corridor: Corridor) -> tuple[Fault, ...]:
    """Return what is wrong with a fleet file."""
    with pytest.raises(FaultsError) as told:
        read_fleet(path, corridor)
    return told.value.faults


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


def test_all_faults_of_a_row_are_told_at_once(trunk: Corridor, tmp_path: Path) -> None:
    """Also in a row whose class is unknown, or whose name stands in another row or is missing."""
    path = tmp_path / "fleet.csv"
    path.write_text(
        "crew;plough_class;depot;duty_from;duty_until;longest_duty_h\n"
        "a;truck;d1;;;\n"
        "b;tank;nowhere;25:00;8;\n"
        "a;tank;d1;20:00;8:61;\n"
        ";tank;d1;8;8;\n",
        encoding="utf-8",
    )
    told = {(fault.row, fault.column) for fault in faults_of(path, trunk)}
    assert told == {
        *((3, "plough_class"), (3, "depot"), (3, "duty_from")),
        *((4, "crew"), (4, "plough_class"), (4, "duty_until")),
        *((5, "crew"), (5, "plough_class"), (5, "duty_until")),
    }


def test_rows_that_name_a_class_with_faults_are_not_faulted_too(
    trunk: Corridor, tmp_path: Path
) -> None:
    """Only the class itself is to be mended."""
    big = {"plough_class": "big", "kind": "grader", "travel_kmh": 40, "width_m": 3}
    path = workbook(
        tmp_path / "fleet.xlsx",
        crews=[crew("a", plough_class="big")],
        plough_classes=[{**big, "plough_kmh": "slow", "max_depth_cm": 60}],
    )
    (fault,) = faults_of(path, trunk)
    assert (fault.sheet, fault.column) == ("plough_classes", "plough_kmh")


def test_faults_name_the_headers_of_the_file(trunk: Corridor, tmp_path: Path) -> None:
    """Whether a cell cannot be read, or names what is not there."""
    path = workbook(
        tmp_path / "fleet.xlsx",
        Экипажи=[
            {
                "Экипаж": "a",
                "Класс *": "tank",
                "База": "nowhere",
                "Смена с": "25:00",
                "Наибольшая смена, ч": "долго",
            }
        ],
        Машины=[{"Машина": "a", "Класс": "truck", "Экипаж": "", "База": "d1"}],
    )
    faults = faults_of(path, trunk)
    assert {(fault.sheet, fault.column) for fault in faults} == {
        ("Экипажи", "Класс *"),
        ("Экипажи", "База"),
        ("Экипажи", "Смена с"),
        ("Экипажи", "Наибольшая смена, ч"),
        ("Машины", "Машина"),
    }
    assert any("say in column Экипаж " in fault.remedy for fault in faults)


def test_a_machine_goes_only_with_a_crew_that_is_there(trunk: Corridor, tmp_path: Path) -> None:
    """A mistyped crew is no crew more; the fault names what may be meant."""
    path = workbook(
        tmp_path / "fleet.xlsx",
        Crews=[crew("Crew 1"), crew("Night", depot="d2")],
        Machines=[machine("M1", crew="Crew 1"), machine("M2", crew="Crew1")],
    )
    (fault,) = faults_of(path, trunk)
    assert (fault.sheet, fault.row, fault.column, fault.value) == ("Machines", 3, "crew", "Crew1")
    assert fault.why == "there is no crew 'Crew1'"
    assert fault.remedy == "give one of Crew 1, Night, or add a row for it; Crew 1 may be meant"


def test_machines_name_crews_freely_where_the_file_has_none(
    trunk: Corridor, tmp_path: Path
) -> None:
    """A sheet of crews without rows is none."""
    path = workbook(
        tmp_path / "fleet.xlsx",
        machines=[machine("m1", crew="x"), machine("m2", crew="x")],
    )
    with pd.ExcelWriter(path, mode="a") as writer:
        pd.DataFrame(columns=list(crew("a"))).to_excel(writer, sheet_name="crews", index=False)
    (found,) = read_fleet(path, trunk).crews
    assert (found.id, found.machines) == ("x", 2)


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
    assert [fault.row for fault in told.value.faults] == [3, 5, 6]


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
    with pytest.raises(FaultsError, match="3 machines stand at depot d1, which has places for 2"):
        read_fleet(path, trunk)


def test_the_places_of_a_depot_are_counted_in_machines(road: Corridor, tmp_path: Path) -> None:
    """Two echelons are six machines by their class; by their rows they are what is serviceable."""
    depot = "depot-aksu"
    crews = [crew(name, plough_class="echelon", depot=depot) for name in ("a", "b")]
    depots = [{"depot": depot, "capacity": 2}]
    whole = workbook(tmp_path / "whole.xlsx", crews=crews, depots=depots)
    with pytest.raises(FaultsError, match="6 machines stand at depot depot-aksu"):
        read_fleet(whole, road)
    machines = [
        machine("m1", plough_class="echelon", depot="", crew="a"),
        machine("m2", plough_class="echelon", depot="", crew="b"),
        machine("m3", plough_class="echelon", depot="", crew="b", serviceable="no"),
    ]
    small = workbook(tmp_path / "small.xlsx", crews=crews, machines=machines, depots=depots)
    assert [team.machines for team in read_fleet(small, road).crews] == [1, 1]


def test_an_estimated_depot_that_is_too_small_is_noted(road: Corridor, tmp_path: Path) -> None:
    """Also where its row gives a name alone: the places are still estimated."""
    depot = "depot-aksu"
    path = workbook(
        tmp_path / "fleet.xlsx",
        crews=[crew(name, plough_class="echelon", depot=depot) for name in ("a", "b")],
        depots=[{"depot": depot, "name_en": "Aksu yard"}],
    )
    (note,) = read_fleet(path, road).notes
    assert note == "6 machines stand at depot depot-aksu, which has places for 5 (estimated)"


def test_what_a_row_leaves_empty_is_the_corridors(road: Corridor, tmp_path: Path) -> None:
    """A depot with another capacity keeps place and names, a class its names and machines."""
    old, old_class = corridor_bases(road)["depot-aksu"], corridor_classes(road)["echelon"]
    path = workbook(
        tmp_path / "fleet.xlsx",
        crews=[crew("a", plough_class="echelon", depot=old.id)],
        depots=[
            {"depot": old.id, "capacity": 7},
            {"depot": "depot-balkhash", "name_kk": "Балқаш", "access_m": 0},
        ],
        plough_classes=[
            {
                "plough_class": "echelon",
                "kind": "echelon",
                "plough_kmh": 30,
                "travel_kmh": 50,
                "width_m": 9,
                "max_depth_cm": 30,
            }
        ],
    )
    fleet = read_fleet(path, road)
    assert fleet.bases[old.id] == replace(old, capacity=7, standing="reported")
    other = corridor_bases(road)["depot-balkhash"]
    assert fleet.bases[other.id].names == replace(other.names, kk="Балқаш")
    assert fleet.bases[other.id].access_m == 0
    assert fleet.classes["echelon"].names == old_class.names
    assert fleet.crews[0].machines == old_class.machines == 3


def test_crews_left_out_are_kept_by_name(trunk: Corridor, tmp_path: Path) -> None:
    """Whoever reads a state can tell them from crews that are unknown."""
    path = workbook(
        tmp_path / "fleet.xlsx",
        crews=[crew("team"), crew("b")],
        machines=[
            machine("m1", crew="team", serviceable="no"),
            machine("m2", crew="b"),
            machine("m3", crew="b", serviceable="no"),
            machine("m4", serviceable="no"),
        ],
    )
    fleet = read_fleet(path, trunk)
    assert [team.id for team in fleet.crews] == ["b"]
    assert fleet.out_of_use == ("team", "m4")


@pytest.mark.parametrize(
    ("cell", "time"),
    [
        (0.25, dt.time(6)),
        (5 / 6, dt.time(20)),
        (0, dt.time(0)),
        (1e-5, dt.time(0)),
        (0.99999, dt.time(0)),
        (dt.time(6, 30), dt.time(6, 30)),
        (20, dt.time(20)),
        ("0.25", dt.time(6)),
        ("0,25", dt.time(6)),
        ("6.30", dt.time(6, 30)),
        ("06.30", dt.time(6, 30)),
        ("00.30", dt.time(0, 30)),
        ("0:25", dt.time(0, 25)),
        ("24:00", dt.time(0)),
    ],
)
def test_a_number_below_one_is_a_part_of_the_day(
    cell: object, time: dt.time, trunk: Corridor, tmp_path: Path
) -> None:
    """As spreadsheets keep times in cells without a format; other texts are by the clock."""
    rows = [crew("a", duty_from="12:00", duty_until=cell)]
    (found,) = read_fleet(workbook(tmp_path / "fleet.xlsx", crews=rows), trunk).crews
    assert found.duty_until == time


def test_a_time_that_may_mean_two_is_a_fault(trunk: Corridor, tmp_path: Path) -> None:
    """No number is kept with a closing zero, and half past midnight is written so too."""
    path = workbook(tmp_path / "fleet.xlsx", crews=[crew("a", duty_until="0.30")])
    with pytest.raises(FaultsError, match="may mean 00:30 or 07:12"):
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
