"""The season's posture: beats, depots, and the proof."""

from __future__ import annotations

import itertools

import pandas as pd
import pytest

from roadplan.corridor import Corridor
from roadplan.errors import RoadplanError
from roadplan.winter.posture import LAYERS, PostureRules, plan_posture


def crews(**counts: int) -> pd.DataFrame:
    """Return machines by class."""
    return pd.DataFrame({"plough_class": list(counts), "crews": list(counts.values())})


def test_the_shipped_corridor_is_covered_and_proven(road: Corridor) -> None:
    """Every clearing kilometre belongs to exactly one beat, within depots and classes."""
    posture = plan_posture(road, time_limit_s=60)
    table = posture.table(road)
    clearing = table[table["layer"] == "clearing"].sort_values(["route", "from_m"])
    for route, group in clearing.groupby("route"):
        assert (group["from_m"].iloc[1:].to_numpy() == group["to_m"].iloc[:-1].to_numpy()).all()
        assert group["to_m"].iloc[-1] <= road.route(str(route)).length_m + 0.01
    covered = clearing["length_km"].sum() + posture.unserved_km["clearing"]
    assert covered == pytest.approx(
        sum(segment.length_m for segment in road.segments) / 1000, abs=1e-6
    )
    capacity = road.table("depots").set_index("depot")["capacity"]
    assert all(count <= capacity[d] for d, count in table["depot"].value_counts().items())
    most = road.table("machines").set_index("plough_class")["crews"]
    assert all(count <= most[c] for c, count in table["plough_class"].value_counts().items())
    assert posture.bound <= posture.cost + 1e-6
    assert posture.optimal
    assert set(table["standing"]) == {"estimated"}


def test_a_small_posture_is_the_best_of_all(stranger: Corridor) -> None:
    """Two crews on four segments: CP-SAT finds what trying every choice finds."""
    rules = PostureRules()
    posture = plan_posture(stranger, machines=crews(truck=2), rules=rules)
    # By hand: weights traffic × km × (1 + 2 · exposure); the branch without traffic takes the mean.
    weight_a3 = 3_000 * 24.081 * (1 + 2 * 0.5 * 10_000 / 24_081)
    known = (8_000 * 22.180 + 3_000 * 24.081) / 46.261
    weights = {"a1": 88e3, "a2": 8_000 * 11.18, "a3": weight_a3, "b1": known * 28.099}
    hours = {"a1": 4 * 11 / 35, "a2": 4 * 11.18 / 35, "a3": 2 * 24.081 / 35, "b1": 2 * 28.099 / 35}
    way = {("d1", "a1"): 0.1, ("d1", "a2"): 9.1, ("d1", "a3"): 20.28, ("d1", "b1"): 20.28}
    way |= {("d2", "a1"): 11.68, ("d2", "a2"): 0.5, ("d2", "a3"): 0.5, ("d2", "b1"): 0.0}
    runs = [("a1",), ("a2",), ("a3",), ("b1",), ("a1", "a2"), ("a2", "a3"), ("a1", "a2", "a3")]
    ends = stranger.distance_m(stranger.position("r1@2000"), stranger.position("r1@0"))
    assert ends == pytest.approx(2_000)
    way["d1", "a1"] = 2.1  # the depot lies inside: the nearer end of its segment is 2 km away

    def cost(beat: tuple[str, ...], depot: str) -> float:
        access = min(way[depot, segment] for segment in beat)
        waiting = sum(hours[segment] for segment in beat) / 2
        return sum(weights[s] for s in beat) * (waiting + rules.access_weight * access / 60)

    best = min(
        sum(cost(beat, depot) for beat, depot in zip(pair, depots, strict=True))
        + sum(48 * weights[s] for s in weights if s not in {x for beat in pair for x in beat})
        for pair in itertools.combinations(runs, 2)
        if not set(pair[0]) & set(pair[1])
        for depots in itertools.product(("d1", "d2"), repeat=2)
    )
    assert posture.cost == pytest.approx(best, rel=1e-3)
    assert posture.optimal


def test_more_crews_never_wait_longer(stranger: Corridor) -> None:
    """The weighted waiting falls with every crew."""
    costs = [plan_posture(stranger, machines=crews(truck=n)).cost for n in range(5)]
    assert costs == sorted(costs, reverse=True)


def test_depot_places_are_the_limit(stranger: Corridor) -> None:
    """Nine crews for four places: five are left over and said so."""
    posture = plan_posture(stranger, machines=crews(truck=9))
    assert len(posture.beats) <= 4
    assert posture.idle["truck"] >= 5
    assert "left over" in posture.summary()


def test_without_crews_the_answer_is_clear(stranger: Corridor) -> None:
    """No crews is no error: nothing is served, and the summary says why."""
    posture = plan_posture(stranger, machines=crews(truck=0))
    assert posture.beats == ()
    assert "no crews" in posture.summary()


def test_an_unknown_class_is_refused(stranger: Corridor) -> None:
    """The error names the classes there are."""
    with pytest.raises(RoadplanError, match=r"hovercraft.*truck, blower"):
        plan_posture(stranger, machines=crews(hovercraft=1))


def test_every_kind_of_crew_has_its_layer(road: Corridor) -> None:
    """No class of the shipped corridor falls through the layers."""
    assert set(road.table("plough_classes")["kind"]) <= set(LAYERS)


def test_a_posture_shows_itself(stranger: Corridor) -> None:
    """In a notebook a posture is a table, its names shown as text."""
    page = plan_posture(stranger)._repr_html_()
    assert "<table" in page
    assert "proven best" in page
