"""Work items from the corridor, and the work types they are of."""

from __future__ import annotations

from pathlib import Path

import pytest

from roadplan.corridor import Corridor
from roadplan.errors import FaultsError, UnknownIdError
from roadplan.progress import WorkItems, load_work_types, work_items


@pytest.fixture(scope="module")
def shipped(road: Corridor) -> WorkItems:
    """Give the items of the shipped corridor."""
    return work_items(road)


def test_each_contract_kilometre_has_each_layer_once(road: Corridor, shipped: WorkItems) -> None:
    """Items along the road fill the four contracts and nothing else."""
    frame = shipped.frame
    for kind in ("earthworks", "upper-asphalt", "opening"):
        own = frame[frame["work_type"] == kind].groupby("contract")
        for contract in road.contracts:
            if contract.kind != "contract":
                continue
            rows = own.get_group(contract.id).sort_values("from_m")
            assert rows["from_m"].iloc[0] == contract.from_m
            assert rows["to_m"].iloc[-1] == contract.to_m
            assert (rows["from_m"].to_numpy()[1:] == rows["to_m"].to_numpy()[:-1]).all()
            assert rows["quantity"].sum() == pytest.approx(contract.length_m / 1000)
        assert set(own.groups) == {c.id for c in road.contracts if c.kind == "contract"}


def test_every_structure_rest_area_and_bypass_has_one_item(
    road: Corridor, shipped: WorkItems
) -> None:
    """Each with a contract has exactly one; 18 rest areas."""
    frame = shipped.frame
    for table, groups in (
        ("structures", {"structure"}),
        ("rest_areas", {"rest_area"}),
        ("detours", {"detour"}),
    ):
        own = frame[frame["group"].isin(groups)]
        assert sorted(own["asset"]) == sorted(road.table(table).iloc[:, 0])
    assert (frame["group"] == "rest_area").sum() == 18


def test_predecessors_are_at_the_same_place(shipped: WorkItems) -> None:
    """Layers follow each other, bypass roads wait for their structure, materials for all."""
    layer = shipped.item("upper-asphalt:main-0044")
    assert layer.after == ("lower-asphalt:main-0044",)
    assert "supply-bitumen:karaganda-balkhash" in shipped.item("lower-asphalt:main-0044").after
    bypass = shipped.item("detour:detour-kb-farm-crossing-02")
    assert (bypass.after, bypass.waits_to) == (("farm-crossing:kb-farm-crossing-02",), "finish")
    for item in shipped:
        for before in item.after:
            assert shipped.item(before).contract == item.contract


def test_a_structure_holds_back_the_stretch_of_its_bypass(shipped: WorkItems) -> None:
    """A crossing at 17 km with a bypass 300 m either way."""
    crossing = shipped.item("farm-crossing:kb-farm-crossing-02")
    assert (crossing.from_m, crossing.to_m) == (16_700, 17_300)


def test_quantities_by_rule_are_estimates(shipped: WorkItems) -> None:
    """Lengths are measured, yet what follows from an assumed density is estimated."""
    assert {item.standing for item in shipped if item.work_type == "signs"} == {"estimated"}


def test_a_corridor_of_strangers_has_items(stranger: Corridor) -> None:
    """Without any work types of its own the shipped ones are taken."""
    items = work_items(stranger)
    frame = items.frame
    assert frame[frame["work_type"] == "base"]["quantity"].sum() == pytest.approx(22.18)
    assert items.item("bridge:s1").segment == "a1"
    assert (items.item("bridge:s1").from_m, items.item("bridge:s1").to_m) == (4_940, 5_060)


def test_an_unknown_item_is_told_with_near_ones(shipped: WorkItems) -> None:
    """The message lists some of the type."""
    with pytest.raises(
        UnknownIdError, match=r"no work item 'bridge:x'; e\.g\. bridge:kb-bridge-01"
    ):
        shipped.item("bridge:x")


def test_shares_of_shipped_stages_add_up() -> None:
    """The last stage of each type is all of the work."""
    types = load_work_types()
    for kind in types.values():
        assert bool(kind.stages) == (kind.measure == "milestones")
        if kind.stages:
            assert kind.stages[-1].reached_share == 1.0
            assert sum(stage.share for stage in kind.stages) == pytest.approx(1)
    assert [kind.id for kind in types.values() if kind.shows] == ["lower-asphalt", "opening"]


def test_names_are_there_in_three_languages() -> None:
    """Each type and stage has a Russian and a Kazakh name of its own."""
    for kind in load_work_types().values():
        for names in (kind.names, *(stage.names for stage in kind.stages)):
            assert len({names["en"], names["ru"], names["kk"]}) == 3, names


_HEADER = "work_type,name_en,group,measure,unit,on,per_km,unit_weight,after,waits_to,season,shows"


def _folder(tmp_path: Path, rows: str, stages: str = "") -> Path:
    (tmp_path / "work_types.csv").write_text(
        f"{_HEADER},standing,source\n"
        + "".join(f"{row},estimated,rule\n" for row in rows.splitlines())
    )
    if stages:
        (tmp_path / "stages.csv").write_text(
            "work_type,stage,seq,name_en,share,standing,source\n"
            + "".join(f"{row},estimated,rule\n" for row in stages.splitlines())
        )
    return tmp_path


def test_a_road_can_have_work_types_of_its_own(tmp_path: Path) -> None:
    """One layer and one milestone type from files."""
    rows = (
        "gravel,Gravel,pavement,stretch,km,segments,1,1,,start,all-year,surfaced\n"
        "ford,Ford,structure,milestones,ford,structures,,2,,start,all-year,"
    )
    types = load_work_types(_folder(tmp_path, rows, "ford,dug,1,Dug,0.4\nford,done,2,Done,0.6"))
    assert list(types) == ["gravel", "ford"]
    assert types["ford"].stage("dug").reached_share == pytest.approx(0.4)
    with pytest.raises(UnknownIdError, match="no stage 'x'; there are dug, done"):
        types["ford"].stage("x")


def test_every_fault_of_work_types_is_told(tmp_path: Path) -> None:
    """Unknown predecessors, wrong measures, missing densities and shares, all at once."""
    rows = (
        "gravel,Gravel,pavement,stretch,km,segments,,1,sand,start,all-year,\n"
        "ford,Ford,structure,milestones,ford,structures,,2,,start,all-year,surfaced\n"
        "sign,Sign,furniture,amount,signs,structures,2,1,,start,all-year,\n"
        "ford,Ford,structure,milestones,ford,structures,,2,,start,all-year,"
    )
    folder = _folder(tmp_path, rows, "ford,dug,1,Dug,0.4\nraft,made,1,Made,1")
    with pytest.raises(FaultsError) as caught:
        load_work_types(folder)
    told = str(caught.value)
    for part in (
        "there is no such work type",
        "quantity for each kilometre",
        "add up to 0.4",
        "only work measured by stretches shows",
        "cannot be measured by amount",
        "it is there already",
        "stages.csv, row 3",
    ):
        assert part in told
