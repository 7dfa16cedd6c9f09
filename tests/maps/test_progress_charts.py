from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from roadplan.corridor import Corridor
from roadplan.errors import RoadplanError
from roadplan.i18n import LANGUAGES
from roadplan.maps.chart_paper import PAPERS, month_ticks, picture, say
from roadplan.maps.march_chart import LOOKS, MarchChart, post_ticks
from roadplan.maps.progress_charts import march_chart, s_curves
from roadplan.maps.s_curves import SCurves
from roadplan.progress import WorkItems, work_items
from roadplan.progress.forecast import Settings
from roadplan.progress.forecast_ledger import forecast_items
from roadplan.progress.simulated import Layout, SimulatedWorks, simulated_works

TODAY = date(2023, 7, 1)
CONTRACT = "kurty-konaev"


@pytest.fixture(scope="module")
def works(road: Corridor) -> tuple[WorkItems, SimulatedWorks]:
    """Give simulated works of one contract."""
    items = work_items(road)
    frame = forecast_items(items)
    mine = frame[frame["contract"] == CONTRACT]
    return items, simulated_works(mine, Layout(start=date(2022, 3, 1)), seed=1)


@pytest.fixture(scope="module")
def chart(road: Corridor, works: tuple[WorkItems, SimulatedWorks]) -> MarchChart:
    """Give a march chart of them."""
    items, made = works
    note = {"en": "simulated"}
    return march_chart(road, items, made.items, made.history, CONTRACT, today=TODAY, note=note)


@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_march_chart_is_drawn_in_all_languages_on_all_papers(
    chart: MarchChart, language: str, paper: str
) -> None:
    """Its words, the day and the note are in the SVG as text."""
    svg = picture(chart.draw(language=language, paper=paper), "svg").decode()
    assert say("Paving season", language).split()[0] in svg
    assert f"{TODAY:%d.%m.%Y}" in svg
    assert "simulated" in svg


def test_the_same_chart_is_the_same_file(chart: MarchChart, tmp_path: Path) -> None:
    """SVG and PNG do not depend on when they were drawn."""
    for suffix in ("svg", "png"):
        paths = [tmp_path / f"{name}.{suffix}" for name in "ab"]
        for path in paths:
            chart.save(path, language="en", paper="phone")
        assert paths[0].read_bytes() == paths[1].read_bytes()


def test_another_kind_of_file_is_refused(chart: MarchChart, tmp_path: Path) -> None:
    """The message says which there are."""
    with pytest.raises(RoadplanError, match=r"\.svg or \.png"):
        chart.save(tmp_path / "chart.exe")


def test_nothing_after_today_is_drawn_as_done(chart: MarchChart) -> None:
    """Reports of later days do not count; work under way ends at the line of the day."""
    assert (pd.to_datetime(chart.actual["finish"]) <= pd.Timestamp(TODAY)).all()
    assert (chart.actual["to_m"] >= chart.actual["from_m"]).all()


def test_every_look_tells_itself_apart_without_colour() -> None:
    """No two work types share dashes, but for the two solid ones, which differ in lightness."""
    dashes = [look.dash for look in LOOKS if look.dash]
    assert len(set(dashes)) == len(dashes)
    assert sum(not look.dash for look in LOOKS) <= 2


def test_posts_stand_at_their_stations(road: Corridor) -> None:
    """Each tick is where the road has that post."""
    for station_m, text in post_ticks(road, "main", 0, 360_000, every_km=50):
        assert road.position(f"m36:{text}").station_m == pytest.approx(station_m, abs=1)


def empty_chart(**more: Any) -> MarchChart:
    """Return a chart of nothing."""
    nothing = pd.DataFrame(columns=["work_type", "from_m", "to_m", "start", "finish", "standing"])
    values = {"planned": nothing, "actual": nothing, "names": {}, "today": TODAY} | more
    return MarchChart(route="main", from_m=0, to_m=1000, **values)


def test_a_chart_without_reports_is_drawn() -> None:
    """A road on which nothing is planned or reported has its day only."""
    assert picture(empty_chart().draw(), "png").startswith(b"\x89PNG")


def test_broken_charts_are_refused() -> None:
    """A missing column, a work type without a name, an empty stretch."""
    with pytest.raises(RoadplanError, match="lack"):
        empty_chart(planned=pd.DataFrame({"work_type": []}))
    row = pd.DataFrame(
        [("base", 0, 1, TODAY, TODAY, "reported")],
        columns=["work_type", "from_m", "to_m", "start", "finish", "standing"],
    )
    with pytest.raises(RoadplanError, match="no name is given for work type base"):
        empty_chart(planned=row)
    with pytest.raises(RoadplanError, match="beginning below its end"):
        replace(empty_chart(), to_m=0.0)


def test_s_curves_hold_plan_reports_and_forecast(
    road: Corridor, works: tuple[WorkItems, SimulatedWorks]
) -> None:
    """Shares rise from 0 to 1; the forecast begins where the reports end."""
    _, made = works
    curves = s_curves(
        road,
        made.items,
        made.history,
        contract=CONTRACT,
        today=date(2022, 9, 1),
        settings=Settings(draws=300),
    )
    assert curves.planned["share"].is_monotonic_increasing
    assert curves.planned["share"].iloc[-1] == pytest.approx(1)
    assert curves.bands[0.5].iloc[0] == pytest.approx(curves.actual["share"].iloc[-1], abs=0.03)
    assert (curves.bands[0.05] <= curves.bands[0.95] + 1e-9).all()
    for paper in PAPERS:
        svg = picture(curves.draw(language="kk", paper=paper), "svg").decode()
        assert "P50" in svg


def test_a_curve_without_its_columns_is_refused() -> None:
    """The message names them."""
    with pytest.raises(RoadplanError, match="day and share"):
        SCurves(today=TODAY, planned=pd.DataFrame(), actual=pd.DataFrame())


@pytest.mark.parametrize("years", [1, 3, 12, 40])
def test_month_ticks_are_few_and_in_order(years: int) -> None:
    """No more than asked for, each at the beginning of a month."""
    first = 19_000.0
    days, texts = month_ticks(first, first + 365 * years, "en", most=14)
    assert 0 < len(days) <= 21
    assert days == sorted(days)
    assert any(re.search(r"\d{4}", text) for text in texts)
    epoch = date(1970, 1, 1)
    assert all((epoch + timedelta(days=day)).day == 1 for day in days)
