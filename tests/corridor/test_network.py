"""Travel distances along joined routes, against a graph in which every position is a node."""

from __future__ import annotations

from itertools import pairwise

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadplan.corridor.network import Leg, Network
from roadplan.corridor.position import Position
from roadplan.errors import FaultsError, RoadplanError, StationError, UnknownIdError

PROPERTY = settings(deadline=None, max_examples=60)


def junctions(*rows: tuple[object, str, float]) -> pd.DataFrame:
    """Return a junction table."""
    return pd.DataFrame(list(rows), columns=["junction", "route", "station_m"])


@pytest.fixture
def town() -> Network:
    """Return a main road with a bypass from 10 to 20 km, a street, a spur, and an island."""
    lengths = {"main": 50_000, "bypass": 12_000, "street": 3_000, "spur": 5_000, "island": 900}
    return Network(
        lengths,
        junctions(
            ("west", "main", 10_000),
            ("east", "main", 20_000),
            ("west", "bypass", 0),
            ("east", "bypass", 12_000),
            ("market", "main", 15_000),
            ("market", "street", 0),
            ("mill", "street", 3_000),
            ("mill", "bypass", 6_000),
            ("end", "main", 50_000),
            ("end", "spur", 0),
        ),
    )


@st.composite
def networks(draw: st.DrawFn) -> tuple[Network, dict[str, int], pd.DataFrame]:
    """Draw small networks of whole metres, with their lengths and junction rows."""
    lengths = {route: draw(st.integers(1, 30)) for route in "abcd"[: draw(st.integers(1, 4))]}
    rows = []
    for _ in range(draw(st.integers(0, 10))):
        route = draw(st.sampled_from(sorted(lengths)))
        rows.append(
            (draw(st.sampled_from("JKLM")), route, float(draw(st.integers(0, lengths[route]))))
        )
    table = junctions(*rows)
    return Network(lengths, table), lengths, table


def positions(lengths: dict[str, int]) -> list[Position]:
    """Return every whole metre of every route."""
    return [
        Position(route, float(m)) for route, length in lengths.items() for m in range(length + 1)
    ]


def by_hand(lengths: dict[str, int], table: pd.DataFrame) -> np.ndarray:
    """Return all distances in a graph with a node for each metre and free ways in junctions."""
    graph = nx.Graph()
    for route, length in lengths.items():
        graph.add_nodes_from((route, m) for m in range(length + 1))
        graph.add_weighted_edges_from(((route, m), (route, m + 1), 1.0) for m in range(length))
    for _, rows in table.groupby("junction"):
        places = list(zip(rows["route"], rows["station_m"].astype(int), strict=True))
        graph.add_weighted_edges_from((*pair, 0.0) for pair in pairwise(places))
    distances = dict(nx.all_pairs_dijkstra_path_length(graph))
    return np.array([[distances[a].get(b, np.inf) for b in graph] for a in graph])


@PROPERTY
@given(drawn=networks())
def test_distances_are_those_of_a_graph_of_every_metre(
    drawn: tuple[Network, dict[str, int], pd.DataFrame],
) -> None:
    """Between all pairs of positions, on one route or several, joined or not."""
    network, lengths, table = drawn
    everywhere = positions(lengths)
    expected = by_hand(lengths, table)
    np.testing.assert_array_equal(network.distances_m(everywhere, everywhere), expected)


@PROPERTY
@given(drawn=networks(), data=st.data())
def test_distances_are_a_metric(
    drawn: tuple[Network, dict[str, int], pd.DataFrame], data: st.DataObject
) -> None:
    """The same both ways, nothing to itself, and never longer than by a third place."""
    network, lengths, _ = drawn
    route = st.sampled_from(sorted(lengths))
    places = [
        Position(name, data.draw(st.floats(0, lengths[name])))
        for name in data.draw(st.lists(route, min_size=1, max_size=6))
    ]
    distance = network.distances_m(places, places)
    assert (np.diag(distance) == 0).all()
    np.testing.assert_allclose(distance, distance.T, atol=1e-9)
    assert (distance[:, None, :] <= distance[:, :, None] + distance[None, :, :] + 1e-9).all()


@PROPERTY
@given(drawn=networks(), data=st.data())
def test_a_path_is_as_long_as_the_distance_and_hangs_together(
    drawn: tuple[Network, dict[str, int], pd.DataFrame], data: st.DataObject
) -> None:
    """Legs follow each other through junctions, from the first position to the last."""
    network, lengths, _ = drawn
    everywhere = positions(lengths)
    a, b = data.draw(st.sampled_from(everywhere)), data.draw(st.sampled_from(everywhere))
    distance = network.distance_m(a, b)
    if not np.isfinite(distance):
        with pytest.raises(RoadplanError, match="no way leads"):
            network.path(a, b)
        return
    legs = network.path(a, b)
    assert sum(leg.length_m for leg in legs) == pytest.approx(distance)
    stops = [a, *(place for leg in legs for place in (leg.start, leg.end)), b]
    assert all(leg.from_m < leg.to_m for leg in legs)
    for here, there in zip(stops[::2], stops[1::2], strict=True):
        assert here == there or network.distance_m(here, there) == 0
    for one, other in pairwise(legs):
        assert one.route != other.route or one.end != other.start or one.rising != other.rising


def test_a_bypass_shortens_the_way_through(town: Network) -> None:
    """The street is 10 km and the bypass 12: through traffic stays, the bypass serves its own."""
    assert town.distance_m(Position("main", 0), Position("main", 50_000)) == 50_000
    assert town.distance_m(Position("bypass", 1_000), Position("bypass", 11_500)) == 10_500
    assert town.distance_m(Position("bypass", 200), Position("bypass", 11_900)) == 10_300


def test_two_positions_of_one_route_may_be_nearer_by_another(town: Network) -> None:
    """Round the ends of the bypass the main road is quicker than along it."""
    legs = town.path(Position("bypass", 200), Position("bypass", 11_900))
    assert legs == (
        Leg("bypass", 0, 200, rising=False),
        Leg("main", 10_000, 20_000, rising=True),
        Leg("bypass", 11_900, 12_000, rising=False),
    )
    assert legs[0].start == Position("bypass", 200)
    assert legs[2].end == Position("bypass", 11_900)


def test_a_path_through_several_junctions_of_a_route_is_one_leg(town: Network) -> None:
    """Junctions passed on the way do not cut a leg."""
    assert town.path(Position("main", 500), Position("spur", 200)) == (
        Leg("main", 500, 50_000, rising=True),
        Leg("spur", 0, 200, rising=True),
    )


def test_a_path_to_the_same_place_is_empty(town: Network) -> None:
    """Also when the place is a junction named by another route."""
    assert town.path(Position("main", 7), Position("main", 7)) == ()
    assert town.path(Position("main", 15_000), Position("street", 0)) == ()


def test_what_is_not_joined_is_infinitely_far(town: Network) -> None:
    """Distances are infinite, a path is an error that names both places."""
    assert town.distance_m(Position("main", 0), Position("island", 5)) == np.inf
    with pytest.raises(RoadplanError, match="main at 0 m to island at 5 m"):
        town.path(Position("main", 0), Position("island", 5))


def test_pairs_are_the_diagonal_of_all_distances(town: Network) -> None:
    """Pair by pair gives what the whole table gives."""
    a = [Position("main", 100), Position("spur", 3), Position("island", 9), Position("street", 1)]
    b = [Position("bypass", 5), Position("main", 1), Position("main", 9), Position("street", 2)]
    np.testing.assert_array_equal(town.paired_distances_m(a, b), np.diag(town.distances_m(a, b)))
    with pytest.raises(RoadplanError, match="4 positions cannot be paired with 1"):
        town.paired_distances_m(a, b[:1])


def test_positions_may_come_as_a_table(town: Network) -> None:
    """A frame with `route` and `station_m` stands for a list of positions."""
    frame = pd.DataFrame({"route": ["main", "spur"], "station_m": [100, 3], "name": ["x", "y"]})
    listed = [Position("main", 100), Position("spur", 3)]
    np.testing.assert_array_equal(
        town.distances_m(frame, listed), town.distances_m(listed, frame).T
    )
    assert town.distances_m(frame.iloc[:0], frame).shape == (0, 2)
    assert town.distances_m(frame, []).shape == (2, 0)


def test_a_network_without_junctions_knows_each_route_alone() -> None:
    """One road needs no junction table rows."""
    network = Network({"a": 10, "b": 10}, junctions())
    assert network.distance_m(Position("a", 2), Position("a", 7)) == 5
    assert network.distance_m(Position("a", 2), Position("b", 7)) == np.inf
    assert len(network.path(Position("a", 7), Position("a", 2))) == 1


def test_a_route_that_meets_itself_is_a_short_cut() -> None:
    """A loop through a town joins its own beginning: nobody drives round it."""
    network = Network({"a": 100}, junctions(("x", "a", 10), ("x", "a", 90)))
    assert network.distance_m(Position("a", 5), Position("a", 95)) == 10
    assert network.path(Position("a", 5), Position("a", 95)) == (
        Leg("a", 5, 10, rising=True),
        Leg("a", 90, 95, rising=True),
    )


def test_positions_off_the_network_are_refused(town: Network) -> None:
    """An unknown route names the routes there are, a station outside its range."""
    with pytest.raises(UnknownIdError, match="route 'moon' is not in the network; it has main"):
        town.distance_m(Position("moon", 0), Position("main", 0))
    with pytest.raises(StationError, match=r"60000\.000 m .* main: it runs from 0 to 50000\.000"):
        town.distance_m(Position("main", 60_000), Position("main", 0))
    with pytest.raises(StationError, match="nan"):
        town.distance_m(Position("main", np.nan), Position("main", 0))


def test_all_wrong_junctions_are_told_at_once() -> None:
    """Unknown routes, stations outside and missing names are collected."""
    table = junctions(("x", "a", 0), ("x", "moon", 5), ("y", "a", 11), (None, "a", 3))
    with pytest.raises(FaultsError, match="3 faults") as caught:
        Network({"a": 10}, table)
    text = str(caught.value)
    assert "row 1 is on route 'moon'" in text
    assert "row 2: station 11.000 m" in text
    assert "row 3 has no identifier" in text
    with pytest.raises(RoadplanError, match="lack the columns route, station_m"):
        Network({"a": 10}, pd.DataFrame({"junction": []}))


def test_repr_counts_routes_and_junctions(town: Network) -> None:
    """The representation fits on a line."""
    assert repr(town) == "<Network of 5 routes and 5 junctions>"
