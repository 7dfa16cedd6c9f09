"""Local time comes from the routes; one zone for the whole corridor."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from roadplan import corridor
from roadplan.corridor.model import LOCAL_ZONE
from roadplan.errors import FaultsError
from roadplan.traffic.road_traffic import fixed_zone
from roadplan.traffic.storm_run import prepare_storm
from roadplan.winter.night import prepare

Tables = dict[str, pd.DataFrame]
Write = Callable[[Tables], Path]


def test_without_a_zone_it_is_that_of_the_shipped_road(
    stranger_tables: Tables, write_corridor: Write
) -> None:
    """Tables written before there was such a column stay as they were."""
    assert corridor.load(write_corridor(stranger_tables)).zone == LOCAL_ZONE


def test_plans_and_storms_run_in_the_zone_of_the_road(
    stranger_tables: Tables, write_corridor: Write
) -> None:
    """The traffic of day and night is that of the place."""
    stranger_tables["routes"]["time_zone"] = "America/Denver"
    road = corridor.load(write_corridor(stranger_tables))
    night = prepare(road, "buran", hours=3, members=2)
    storm = prepare_storm(road, "buran", hours=3, members=2)
    for start in (night.start, storm.start):
        assert start.utcoffset() == dt.timedelta(hours=-7)
        assert (start.astimezone(dt.UTC).hour, start.hour) == (12, 5)


def test_clocks_do_not_change_within_a_plan(stranger_tables: Tables, write_corridor: Write) -> None:
    """A zone with summer time is used as it is when the plan begins."""
    stranger_tables["routes"]["time_zone"] = "Europe/Berlin"
    zone = corridor.load(write_corridor(stranger_tables)).zone
    before = fixed_zone(zone, np.datetime64("2026-10-24T22:00:00"))
    assert before == dt.timezone(dt.timedelta(hours=2))
    assert fixed_zone(zone, np.datetime64("2026-10-25T02:00:00")) == dt.timezone(
        dt.timedelta(hours=1)
    )


@pytest.mark.parametrize(
    ("zones", "why"),
    [
        (["Asia/Almatty", "", ""], "no such zone"),
        (["Asia/Almaty", "Asia/Tokyo", ""], "another route has another zone"),
    ],
)
def test_zones_that_cannot_be_used_are_told(
    zones: list[str], why: str, stranger_tables: Tables, write_corridor: Write
) -> None:
    """A name that the tz database lacks, or two different ones."""
    routes = stranger_tables["routes"]
    routes["time_zone"] = (zones + [""] * len(routes))[: len(routes)]
    with pytest.raises(FaultsError, match=why):
        corridor.load(write_corridor(stranger_tables))
