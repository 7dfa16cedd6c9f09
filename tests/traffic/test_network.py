"""Cutting links into cells and joining them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from roadplan.errors import FaultsError, RoadplanError
from roadplan.traffic import EXIT, Link, Piece, Turn, build_network

PieceMaker = Callable[..., Piece]


def test_step_is_the_time_through_a_cell_at_the_highest_speed(piece: PieceMaker) -> None:
    """2 km at 100 km/h take 72 s; a slower link gets shorter cells."""
    slow = Piece(length_m=10_000, free_speed_m_s=50 / 3.6, capacity_pcu_h=1800,
                 jam_density_pcu_km=140)  # fmt: skip
    network = build_network(
        [
            Link(name="fast", start="a", end="b", pieces=(piece(100),)),
            Link(name="slow", start="b", end="c", pieces=(slow,)),
        ],
        entries={"a": 4000.0},
        cell_m=2000.0,
    )
    assert network.step_s == pytest.approx(72.0)
    assert network.cells == 50 + 10
    assert network.arrays.drive.max() == pytest.approx(1.0)


def test_a_short_link_shortens_the_step(piece: PieceMaker) -> None:
    """No wave may cross a cell in less than a step, whatever cell length was wished."""
    network = build_network(
        [
            Link(name="long", start="a", end="b", pieces=(piece(20),)),
            Link(name="short", start="b", end="c", pieces=(piece(0.5),)),
        ],
        entries={"a": 4000.0},
        cell_m=2000.0,
    )
    assert network.step_s == pytest.approx(18.0)
    assert np.all(network.arrays.drive <= 1.0)
    assert np.all(network.arrays.lag >= 1)


def test_a_cell_over_two_pieces_has_the_least_capacity(piece: PieceMaker) -> None:
    """A 2 km cell over a wide and a narrow kilometre lets the narrow one's flow pass."""
    network = build_network(
        [Link(name="road", start="a", end="b", pieces=(piece(1), piece(1, lanes=1, zone=1)))],
        entries={"a": 4000.0},
        cell_m=2000.0,
    )
    assert network.cells == 1
    assert network.arrays.capacity[0] * 3600 / network.step_s == pytest.approx(2000.0)
    assert network.arrays.room[0] == pytest.approx(280.0 + 140.0)
    assert sorted(network.arrays.zones.tolist()) == [0, 1]


def test_nearest_border_is_an_inner_one(piece: PieceMaker) -> None:
    """Borders are found by distance; the ends belong to the nodes."""
    network = build_network(
        [
            Link(name="one", start="a", end="b", pieces=(piece(10),)),
            Link(name="two", start="b", end="c", pieces=(piece(10),)),
        ],
        entries={"a": 4000.0},
        cell_m=2000.0,
    )
    found = network.border(np.array([0, 0, 0, 1]), np.array([0.0, 4900.0, 10_000.0, 4900.0]))
    assert found.tolist() == [1, 2, 4, 8]


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("length_m", 0.0, "length_m is 0.0"),
        ("free_speed_m_s", float("nan"), "free_speed_m_s is nan"),
        ("capacity_pcu_h", -1.0, "capacity_pcu_h is -1.0"),
        ("jam_density_pcu_km", 30.0, "30 pcu/km is not above the density at capacity, 40"),
    ],
)
def test_an_impossible_piece_is_named(
    field: str, value: float, message: str, piece: PieceMaker
) -> None:
    """The fault says which link, which piece and what is wrong with it."""
    from dataclasses import replace

    wrong = replace(piece(10), **{field: value})
    with pytest.raises(FaultsError, match="link road, piece 1: " + message):
        build_network(
            [Link(name="road", start="a", end="b", pieces=(piece(5), wrong))],
            entries={"a": 4000.0},
            cell_m=1000.0,
        )


def test_shares_that_do_not_sum_to_one_are_refused(piece: PieceMaker) -> None:
    """At a fork every input needs shares that sum to 1."""
    links = [
        Link(name="in", start="a", end="fork", pieces=(piece(5),)),
        Link(name="left", start="fork", end="b", pieces=(piece(5),)),
        Link(name="right", start="fork", end="c", pieces=(piece(5),)),
    ]
    with pytest.raises(FaultsError, match="shares of in do not sum to 1"):
        build_network(
            links,
            [Turn(node="fork", source="in", target="left", share=0.7)],
            entries={"a": 4000.0},
            cell_m=1000.0,
        )
    with pytest.raises(FaultsError, match="no such way"):
        build_network(
            links,
            [
                Turn(node="fork", source="in", target="left", share=1.0),
                Turn(node="fork", source="left", target=EXIT, share=1.0),
            ],
            entries={"a": 4000.0},
            cell_m=1000.0,
        )
    with pytest.raises(RoadplanError, match="shares have the shape"):
        build_network(
            links,
            [Turn(node="fork", source="in", target="left", share=np.ones((2, 3)))],
            entries={"a": 4000.0},
            cell_m=1000.0,
        )


def test_all_faults_of_a_network_are_raised_at_once(piece: PieceMaker) -> None:
    """A doubled name, an unknown entry and a strange chain come in one message."""
    link = Link(name="road", start="a", end="b", pieces=(piece(5),))
    with pytest.raises(FaultsError) as caught:
        build_network(
            [link, link], entries={"nowhere": 1.0}, chains={"all": ["road", "rail"]}, cell_m=1000.0
        )
    assert len(caught.value.faults) == 3
