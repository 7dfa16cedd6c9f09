"""The plan file and the tables of crews and stretches."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import openpyxl
import pandas as pd
import pytest

from roadplan.winter.documents import PLAN_SCHEMA, crew_frame, plan_document, stretch_frame
from roadplan.winter.plan import Plan
from roadplan.winter.planning import NightPlan
from roadplan.winter.verify import verify


@pytest.fixture(scope="module")
def folder(shipped_plan: NightPlan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder with everything written."""
    out = tmp_path_factory.mktemp("plan")
    shipped_plan.write(out)
    return out


def test_the_plan_file_fits_its_schema(folder: Path) -> None:
    """And holds cost, bound, gap and the simulated delay with its interval."""
    document = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    jsonschema.validate(document, PLAN_SCHEMA)
    summary = document["summary"]
    low, high = summary["delay_veh_h_interval"]
    assert low <= summary["delay_veh_h"] <= high
    assert {"cost", "bound", "gap", "status"} <= set(summary)
    assert summary["floor_cost"] <= summary["cost"] <= summary["uncleared_cost"]
    assert [row["plan"] for row in document["simulated"]][:2] == ["plan", "nothing cleared"]


def test_the_independent_checker_accepts_what_is_written(folder: Path) -> None:
    """The plan file beside its problem keeps every rule."""
    found = verify(folder / "plan.json", folder / "problem.npz")
    assert found.violations == ()


def test_the_plan_file_reads_back(folder: Path, shipped_plan: NightPlan) -> None:
    """As the same moves."""
    assert Plan.load(folder / "plan.json").crews == shipped_plan.plan.crews


def test_crew_orders_are_in_order_and_in_local_time(shipped_plan: NightPlan) -> None:
    """Legs follow each other; ploughing legs have posts, a direction and a length."""
    frame = crew_frame(shipped_plan.board, shipped_plan.timetable)
    assert len(frame)
    for _, rows in frame.groupby("crew"):
        assert (rows["starts"].iloc[1:].to_numpy() >= rows["ends"].iloc[:-1].to_numpy()).all()
        assert (rows["starts"] <= rows["ends"]).all()
    ploughed = frame[frame["what"] == "plough"]
    assert set(ploughed["direction"]) <= {"rising", "falling"}
    assert (ploughed["length_km"] > 0).all()
    assert ploughed["from_posts"].str.contains(":").any()
    start = shipped_plan.board.night.start.replace(tzinfo=None).isoformat(timespec="minutes")
    assert frame["starts"].min() >= start


def test_workbooks_name_places_as_people_say_them(folder: Path) -> None:
    """In the workbook's language; CSV has posts that every command reads."""
    for name in ("crews", "stretches"):
        sheet = openpyxl.load_workbook(folder / f"{name}.xlsx").worksheets[0]
        said = {str(cell) for row in sheet.iter_rows(values_only=True) for cell in row}
        assert any("М-36 1" in cell for cell in said)
        assert not any("m36:" in cell for cell in said)
        assert "m36:1" in (folder / f"{name}.csv").read_text(encoding="utf-8")


def test_stretches_tell_passes_waits_and_depths(shipped_plan: NightPlan) -> None:
    """Their costs sum to the plan's cost without its moves; waits are what passes leave."""
    frame = stretch_frame(shipped_plan)
    problem = shipped_plan.board.problem
    assert len(frame) == problem.items
    moving = sum(
        float((problem.travel_cost if m.kind == "travel" else problem.plough_cost)[m.arc])
        for crew in shipped_plan.plan.crews
        for m in crew
        if m.kind in ("travel", "plough")
    )
    assert frame["cost_veh_h"].sum() + moving == pytest.approx(
        shipped_plan.result.cost, abs=0.01 * len(frame)
    )
    horizon = problem.slots * shipped_plan.board.night.slots.hours
    bare = frame[frame["passes"] == 0]
    assert (bare["longest_wait_h"] == horizon).all()
    assert (bare["times"] == "").all()
    assert (frame["cost_veh_h"] <= frame["uncleared_veh_h"] + 0.5).all()


def test_workbooks_have_a_sheet_for_each_crew(folder: Path, shipped_plan: NightPlan) -> None:
    """The first sheet holds all."""
    book = openpyxl.load_workbook(folder / "crews.xlsx", read_only=True)
    assert len(book.sheetnames) == 1 + len(shipped_plan.board.duties)
    assert book.sheetnames[1] == shipped_plan.board.duties[0].name
    assert len(pd.read_csv(folder / "crews.csv")) == sum(
        1 for _ in crew_frame(shipped_plan.board, shipped_plan.timetable).itertuples()
    )


def test_the_document_marks_estimates(shipped_plan: NightPlan) -> None:
    """An estimated fleet and a synthetic storm are said to be so."""
    document = plan_document(shipped_plan)
    assert document["fleet"]["estimated"] is True
    assert document["storm"]["synthetic"] is True


def test_the_summary_is_told_in_words(shipped_plan: NightPlan) -> None:
    """Cost, bound, simulated delay and lateness."""
    text = shipped_plan.summary()
    for part in ("cost", "crews without end", "nothing cleared", "95 %", "continuous time"):
        assert part in text
    assert "<" not in shipped_plan._repr_html_().removeprefix("<pre>").removesuffix("</pre>")
