"""Routes cut into links."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from roadplan.errors import RoadplanError
from roadplan.traffic import Segments, load_parameters
from roadplan.traffic.layout import Layout, lay_out

PARAMETERS = load_parameters()


def _lay_out(
    *, junctions: list[tuple[str, str, float]], longest_m: float = 1e6, gap: bool = False
) -> Layout:
    segments = Segments(
        ids=("m1", "m2", "s1"),
        route=("main", "main", "side"),
        from_m=np.array([0.0, 30_000.0 + 5000.0 * gap, 0.0]),
        to_m=np.array([30_000.0, 60_000.0, 20_000.0]),
        lanes=np.array([2, 1, 1]),
        carriageways=np.array([2, 1, 1]),
        free_speed_m_s=np.array([30.0, 25.0, 20.0]),
    )
    return lay_out(
        segments,
        lengths_m={"main": 60_000.0, "side": 20_000.0, "unknown": 5000.0},
        junctions=pd.DataFrame(junctions, columns=["junction", "route", "station_m"]),
        barriers=pd.DataFrame([], columns=["barrier", "route", "station_m", "waiting_places"]),
        borders=[],
        parameters=PARAMETERS,
        gap_m=2000.0,
        longest_m=longest_m,
    )


def test_both_directions_meet_only_at_junctions() -> None:
    """Six links at one junction; elsewhere each direction has nodes of its own."""
    found = _lay_out(junctions=[("j", "main", 40_000.0), ("j", "side", 0.0)])
    starts = [link.start for link in found.links]
    assert starts.count("junction j") == 3
    assert len(found.links) == 6
    assert set(found.chains) == {
        "main rising", "main falling", "side rising", "side falling",
    }  # fmt: skip
    assert found.chains["main falling"] == ("main falling 40000", "main falling 0")


def test_an_end_beside_a_junction_is_left_off() -> None:
    """A stub of 500 m beyond a junction is no link of its own."""
    found = _lay_out(junctions=[("j", "main", 40_000.0), ("j", "side", 19_500.0)])
    side = next(place for place in found.places if place.name == "side rising 0")
    assert side.to_m == 19_500.0
    assert sum(place.route == "side" for place in found.places) == 2


def test_pieces_come_in_the_direction_of_travel() -> None:
    """A falling link begins with the segment at its high end."""
    found = _lay_out(junctions=[])
    falling = next(link for link in found.links if link.name == "main falling 0")
    assert [piece.zone for piece in falling.pieces] == [3, 1]
    one_lane, two_lanes = falling.pieces
    assert one_lane.capacity_pcu_h == PARAMETERS["capacity_two_way_pcu_h"]
    assert two_lanes.capacity_pcu_h == 2 * PARAMETERS["capacity_lane_pcu_h"]


def test_a_gap_between_segments_goes_on_as_before_it() -> None:
    """Five kilometres without a segment are like the one before; nothing of the road is lost."""
    found = _lay_out(junctions=[], gap=True)
    rising = next(link for link in found.links if link.name == "main rising 0")
    assert [piece.length_m for piece in rising.pieces] == pytest.approx([35_000.0, 25_000.0])


def test_long_links_are_cut_evenly() -> None:
    """60 km at 25 km at most are three links of 20 km."""
    found = _lay_out(junctions=[], longest_m=25_000.0)
    lengths = [link.length_m for link in found.links if link.name.startswith("main rising")]
    assert lengths == pytest.approx([20_000.0] * 3)


def test_a_corridor_without_its_routes_is_refused() -> None:
    """Segments that lie on none of the routes make no network."""
    segments = Segments(
        ids=("x",), route=("x",), from_m=np.array([0.0]), to_m=np.array([1.0]),
        lanes=np.array([1]), carriageways=np.array([1]), free_speed_m_s=np.array([1.0]),
    )  # fmt: skip
    empty = pd.DataFrame([], columns=["junction", "route", "station_m"])
    with pytest.raises(RoadplanError, match="no route has segments"):
        lay_out(
            segments, lengths_m={"main": 1.0}, junctions=empty, barriers=empty, borders=[],
            parameters=PARAMETERS, gap_m=1.0, longest_m=1.0,
        )  # fmt: skip
