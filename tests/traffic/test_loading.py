"""Entries and turns that reproduce counted traffic."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadplan.traffic import ENTRY, EXIT, Link, Piece
from roadplan.traffic.loading import load_network

PieceMaker = Callable[..., Piece]


def _line(piece: PieceMaker) -> list[Link]:
    """Return two links of 100 km, an hour each, one after the other."""
    return [
        Link(name="one", start="a", end="b", pieces=(piece(100),)),
        Link(name="two", start="b", end="c", pieces=(piece(100, zone=1),)),
    ]


def test_traffic_is_renewed_by_the_length_of_trips(piece: PieceMaker) -> None:
    """After 100 km of trips of 200 km on average, 1 − e^(−1/2) have left and as many entered."""
    flow = np.full((6, 2, 2), 100.0)
    found = load_network(_line(piece), [-1, -1], flow, trip_m=200_000.0)
    on = next(turn for turn in found.turns if turn.source == "one" and turn.target == "two")
    assert np.asarray(on.share) == pytest.approx(np.exp(-0.5))
    middle = found.entries.index("b")
    # The first link needs an hour: before that everybody on the second one enters there.
    assert found.entry_veh_h[0, middle] == pytest.approx([100.0, 100.0])
    assert found.entry_veh_h[2:, middle] == pytest.approx(100 * (1 - np.exp(-0.5)))


def test_who_would_be_too_many_leaves(piece: PieceMaker) -> None:
    """From 100 to 30 vehicles an hour: nobody enters and 70 leave."""
    flow = np.stack([np.full((6, 2), 100.0), np.full((6, 2), 30.0)], axis=1)
    found = load_network(_line(piece), [-1, -1], flow, trip_m=1e9)
    middle = found.entries.index("b")
    assert found.entry_veh_h[2:, middle] == pytest.approx(0.0)
    leave = next(turn for turn in found.turns if turn.source == "one" and turn.target == EXIT)
    assert np.asarray(leave.share)[2:] == pytest.approx(0.7)


def test_nobody_turns_round(piece: PieceMaker) -> None:
    """At a junction the way back is no way on."""
    links = [
        Link(name="there", start="a", end="j", pieces=(piece(10),)),
        Link(name="back", start="j", end="a2", pieces=(piece(10, zone=1),)),
        Link(name="on", start="j", end="c", pieces=(piece(10, zone=2),)),
    ]
    found = load_network(links, [1, 0, -1], np.full((3, 3, 2), 50.0), trip_m=1e9)
    shares = {(t.source, t.target): np.asarray(t.share) for t in found.turns}
    assert np.all(shares["there", "back"] == 0)
    assert shares["there", "on"][1:] == pytest.approx(1.0, rel=1e-4)
    assert shares[ENTRY, "back"][1:] == pytest.approx(1.0, rel=1e-4)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0, 3000), min_size=18, max_size=18), st.floats(1e4, 1e6))
def test_shares_and_entries_balance(values: list[float], trip_m: float) -> None:
    """Shares of each input sum to 1, and what passes a node is what is wished beyond it."""
    flow = np.repeat(np.array(values).reshape(6, 3, 1), 2, axis=2)
    piece = Piece(length_m=50_000, free_speed_m_s=25, capacity_pcu_h=4000, jam_density_pcu_km=280)
    links = [
        Link(name="in", start="a", end="j", pieces=(piece,)),
        Link(name="left", start="j", end="b", pieces=(piece,)),
        Link(name="right", start="j", end="c", pieces=(piece,)),
    ]
    found = load_network(links, [-1, -1, -1], flow, trip_m=trip_m)
    for source in ("in", ENTRY):
        total = sum(
            np.asarray(t.share) for t in found.turns if t.source == source and t.node == "j"
        )
        assert total == pytest.approx(1.0)
    shares = {(t.source, t.target): np.asarray(t.share) for t in found.turns if t.node == "j"}
    entering = found.entry_veh_h[:, found.entries.index("j")]
    # 50 km at 25 m/s take 2,000 s: hourly means of the flow 5/9 of an hour before.
    arriving = 4 / 9 * flow[:, 0] + 5 / 9 * np.concatenate([np.zeros((1, 2)), flow[:-1, 0]])
    for number, target in ((1, "left"), (2, "right")):
        on = shares["in", target] * arriving + shares[ENTRY, target] * entering
        assert on == pytest.approx(flow[:, number], rel=1e-6, abs=1e-6)
