"""The road as snow meets it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from roadplan.corridor import Corridor
from roadplan.errors import RoadplanError, UnknownIdError
from roadplan.weather import Parameters, Road
from roadplan.weather.road import chord_bearing_deg


def test_the_shipped_corridor_is_cut_into_short_segments(
    road: Corridor, parameters: Parameters
) -> None:
    """They cover the corridor's segments without gap, each at most five kilometres long."""
    cut = Road.from_corridor(road, parameters)
    assert cut.length_m.max() <= 5000
    assert cut.length_m.sum() == pytest.approx(sum(s.length_m for s in road.segments))
    assert set(cut.parents) == {segment.id for segment in road.segments}
    main = np.array([route == "main" for route in cut.route])
    assert (cut.from_m[main][1:] == cut.to_m[main][:-1]).all()
    assert set(cut.carriageways.tolist()) <= {1, 2}


def test_cuts_do_not_change_the_mean_catch(road: Corridor, parameters: Parameters) -> None:
    """Finer pieces share what the coarse ones have."""

    def mean(longest_m: float) -> float:
        cut = Road.from_corridor(road, parameters, longest_m=longest_m)
        return float((cut.catch * cut.length_m).sum() / cut.length_m.sum())

    assert mean(2000.0) == pytest.approx(mean(20_000.0), rel=1e-9)


def test_routes_can_be_chosen(road: Corridor, parameters: Parameters) -> None:
    """Others are left out; one that does not exist is told."""
    assert set(Road.from_corridor(road, parameters, routes=["main"]).route) == {"main"}
    with pytest.raises(UnknownIdError):
        Road.from_corridor(road, parameters, routes=["moon"])


def test_a_corridor_with_routes_alone_will_do(
    stranger_tables: dict[str, pd.DataFrame], parameters: Parameters
) -> None:
    """Without segments whole routes are taken as single carriageways."""
    tables = {
        name: frame if name in {"routes", "control_points"} else frame.iloc[:0]
        for name, frame in stranger_tables.items()
    }
    cut = Road.from_corridor(Corridor.from_tables(tables), parameters)
    assert (cut.carriageways == 1).all()
    assert (cut.catch == parameters.catch_embankment).all()


def test_points_of_a_forecast_lie_along_every_route(road: Corridor, parameters: Parameters) -> None:
    """Equal pieces of whole routes, whatever the segments."""
    sampled = Road.sampled(road, parameters, spacing_m=25_000)
    assert set(sampled.route) == set(road.routes)
    assert sampled.length_m.max() <= 25_000
    with pytest.raises(RoadplanError, match="100 m"):
        Road.sampled(road, parameters, spacing_m=0)


def test_bearing_between_two_points() -> None:
    """North, east, and 315° to the north-west over a short way at the equator."""
    bearing = chord_bearing_deg(
        np.zeros(3), np.zeros(3), np.array([0.0, 0.1, -0.01]), np.array([0.1, 0.0, 0.01])
    )
    assert bearing == pytest.approx([0, 90, 315], abs=1e-3)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"ids": ("a", "a")}, "same identifier"),
        ({"to_m": np.array([0.0, 1.0])}, "end after it begins"),
        ({"catch": np.array([0.1, 1.1])}, "between 0 and 1"),
        ({"lon": np.zeros(3)}, "one value for each"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(
    road_of: Callable[..., Road], wrong: dict[str, object], told: str
) -> None:
    """Each with what would be right."""
    with pytest.raises(RoadplanError, match=told):
        road_of(2, **wrong)
