"""Ways put in order: every way in which mappers draw a road, and what is refused."""

from __future__ import annotations

import random

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from roadplan.corridor.osm import GapError, Limits, assemble
from roadplan.errors import RoadplanError

STRAIGHT = [(0, 0), (6_000, 0), (12_000, 0)]


def circle(x: float, y: float, radius: float, *, start: float = 180, count: int = 12):
    """Return a closed ring drawn counter-clockwise from an angle in degrees."""
    angles = np.radians(start + np.arange(count + 1) * 360 / count)
    ring = [(x + radius * np.cos(a), y + radius * np.sin(a)) for a in angles]
    return [*ring[:-1], ring[0]]


def away_m(sketch, axis, line) -> float:
    """Return how far an axis and a drawn line are apart at most (Hausdorff distance)."""
    drawn = shapely.LineString(sketch.xy(axis.lon, axis.lat))
    return float(shapely.hausdorff_distance(drawn, shapely.LineString(line), densify=0.01))


@pytest.fixture
def assembled(roads_of):
    """Assemble a drawing along drawn points of an old axis."""

    def run(sketch, old, *, ref="^A7$", **limits):
        allowed = Limits(**limits)
        axis = sketch.axis(old)
        return assemble(roads_of(sketch, axis, ref=ref, buffer_m=allowed.buffer_m), axis, allowed)

    return run


def test_split_ways_in_any_direction_make_one_axis(sketch, assembled):
    """Ways drawn in pieces, out of order and in both directions, are one road of known length."""
    sketch.way([(7_000, 0), (4_000, 0)])
    sketch.way([(7_000, 0), (12_000, 0)])
    sketch.way([(0, 0), (4_000, 0)])
    found = assembled(sketch, [(0, 60), (6_000, -60), (12_000, 60)])
    assert found.axis.length_m == pytest.approx(12_000, abs=0.5)
    assert found.forward_m == pytest.approx(12_000, abs=0.1)
    assert found.backward_m == pytest.approx(found.forward_m, abs=1e-6)
    assert [(s.from_m, s.carriageways) for s in found.stretches] == [(0, 1)]
    assert found.gaps == () == found.notes


def test_axis_begins_and_ends_beside_the_old_ends(sketch, assembled):
    """A road that goes on beyond the route, on edges without nodes for miles, is cut there."""
    sketch.way([(-9_000, 0), (30_000, 0)])
    found = assembled(sketch, [(0, 80), (12_000, 80)])
    ends = sketch.xy(found.axis.lon, found.axis.lat)[[0, -1]]
    assert ends == pytest.approx(np.array([(0, 0), (12_000, 0)]), abs=0.5)


def test_axis_runs_half_way_between_carriageways(sketch, assembled):
    """Two one-way carriageways, one of them drawn against the traffic, enclose the axis."""
    sketch.way([(0, -12), (6_000, -12), (12_000, -12)], oneway="yes")
    sketch.way([(0, 12), (6_000, 12), (12_000, 12)], oneway="-1")
    found = assembled(sketch, [(0, 60), (12_000, 60)])
    assert away_m(sketch, found.axis, STRAIGHT) < 0.5
    assert [s.carriageways for s in found.stretches] == [2]
    assert found.forward_m == pytest.approx(12_000, abs=1)
    assert found.backward_m == pytest.approx(12_000, abs=1)


def test_curved_carriageways_keep_their_own_lengths(sketch, assembled):
    """On a bend the outer carriageway is longer and the axis between: arcs of known radius."""
    angles = np.radians(np.arange(-90, 1, 0.5))

    def arc(radius):
        return [(radius * np.cos(a), radius * np.sin(a)) for a in angles]

    sketch.way(arc(3_010), oneway="yes")
    sketch.way(arc(2_990)[::-1], oneway="yes")
    found = assembled(sketch, arc(3_050)[::20])
    assert found.forward_m == pytest.approx(3_010 * np.pi / 2, abs=1)
    assert found.backward_m == pytest.approx(2_990 * np.pi / 2, abs=1)
    assert found.measured_m == pytest.approx(3_000 * np.pi / 2, abs=1)
    assert found.axis.length_m == pytest.approx(found.measured_m, rel=0.002)


def test_single_and_dual_carriageway_alternate(sketch, assembled):
    """Where the road divides and joins again, stretches begin and end there."""
    sketch.way([(0, 0), (4_000, 0)])
    sketch.way([(4_000, 0), (4_100, -10), (7_900, -10), (8_000, 0)], oneway="yes")
    sketch.way([(8_000, 0), (7_900, 10), (4_100, 10), (4_000, 0)], oneway="yes")
    sketch.way([(8_000, 0), (12_000, 0)])
    found = assembled(sketch, [(0, 60), (12_000, 60)])
    assert away_m(sketch, found.axis, STRAIGHT) < 0.5
    assert [s.carriageways for s in found.stretches] == [1, 2, 1]
    borders = [s.to_m for s in found.stretches]
    assert borders == pytest.approx([4_000, 8_000, 12_000], abs=2)
    assert borders[-1] == found.axis.length_m


def test_motorway_is_one_way_without_a_tag(sketch, assembled):
    """`highway=motorway` implies one way, so the carriageway drawn along is not taken back."""
    sketch.way([(0, -15), (12_000, -15)], highway="motorway")
    sketch.way([(12_000, 15), (0, 15)], highway="motorway")
    found = assembled(sketch, [(0, 60), (12_000, 60)])
    assert [s.carriageways for s in found.stretches] == [2]
    assert away_m(sketch, found.axis, STRAIGHT) < 0.5


def test_roundabout_is_passed_on_the_right_half(sketch, assembled):
    """Each direction takes its own half of a roundabout without a reference; the axis crosses."""
    ring = circle(6_000, 0, 40)
    sketch.way([(0, 0), ring[0]])
    sketch.way(ring, junction="roundabout", ref="")
    sketch.way([ring[6], (12_000, 0)])
    found = assembled(sketch, [(0, 60), (12_000, 60)])
    half = 12 / 2 * 2 * 40 * np.sin(np.radians(15))  # six chords of a regular twelve-sided ring
    assert found.forward_m == pytest.approx(12_000 - 80 + half, abs=0.5)
    assert found.backward_m == pytest.approx(found.forward_m, abs=0.5)
    assert away_m(sketch, found.axis, STRAIGHT) < 1
    assert [s.carriageways for s in found.stretches] == [1]


def test_roundabout_is_left_by_the_right_exit(sketch, assembled):
    """A road that turns off at a roundabout goes three quarters round one way, one the other."""
    ring = circle(6_000, 0, 40)
    sketch.way([(0, 0), ring[0]])
    sketch.way(ring, junction="roundabout")
    sketch.way([ring[9], (6_000, 6_000)])
    sketch.way([ring[6], (12_000, 0)], ref="B1")
    sketch.way([ring[3], (6_000, -6_000)], ref="B1")
    found = assembled(sketch, [(0, 60), (6_000, 0), (6_000, 6_000)])
    chord = 2 * 40 * np.sin(np.radians(15))
    assert found.forward_m == pytest.approx(2 * (6_000 - 40) + 9 * chord, abs=0.5)
    assert found.backward_m == pytest.approx(2 * (6_000 - 40) + 3 * chord, abs=0.5)


def test_small_gap_is_bridged_and_told(sketch, assembled):
    """Two ways that miss each other by 50 m are joined; the gap is named with its place."""
    sketch.way([(0, 0), (5_000, 0)])
    sketch.way([(5_050, 0), (12_000, 0)])
    found = assembled(sketch, [(0, 60), (12_000, 60)])
    assert found.axis.length_m == pytest.approx(12_000, abs=0.5)
    assert [gap.length_m for gap in found.gaps] == pytest.approx([50], abs=0.1)
    assert any("bridged" in note and "50 m gap" in note for note in found.notes)


def test_large_gap_is_refused_with_place_and_length(sketch, assembled):
    """A missing kilometre is refused; the message says where, how long and what to do."""
    sketch.way([(0, 0), (5_000, 0)])
    sketch.way([(6_000, 0), (12_000, 0)])
    lon, lat = sketch.lonlat([(5_000, 0)])
    with pytest.raises(GapError, match="1,000 m from ") as refusal:
        assembled(sketch, [(0, 60), (12_000, 60)])
    text = str(refusal.value)
    assert f"{lat[0]:.5f}, {lon[0]:.5f}" in text
    assert "5.00 to 6.00 km" in text
    assert "--max-gap 1010" in text


def test_every_large_gap_is_named_at_once(sketch, assembled):
    """Three gaps, one of them longer than the search reaches, come in one message."""
    for a, b in ((0, 4_000), (5_000, 9_000), (10_000, 14_000), (24_000, 30_000)):
        sketch.way([(a, 0), (b, 0)])
    with pytest.raises(GapError, match="3 gaps") as refusal:
        assembled(sketch, [(0, 60), (30_000, 60)])
    assert "10,000 m from" in str(refusal.value)


def test_large_gap_is_bridged_where_allowed(sketch, assembled):
    """With a longer limit the same gap is bridged, along the old axis where it is long."""
    sketch.way([(0, 0), (4_000, 0)])
    sketch.way([(14_000, 0), (20_000, 0)])
    found = assembled(sketch, [(0, 0), (9_000, 1_000), (20_000, 0)], max_gap_m=11_000)
    assert [gap.length_m for gap in found.gaps] == pytest.approx([10_000], abs=5)
    middle = sketch.xy(*found.axis.points(np.array([9_000.0])))
    assert middle[0, 1] > 600


def test_gap_in_one_carriageway_is_refused(sketch, assembled):
    """A hole in one carriageway alone is a gap too, even where the other one runs on."""
    sketch.way([(0, 0), (1_000, 0)])
    sketch.way([(1_000, 0), (1_100, -10), (5_000, -10)], oneway="yes")
    sketch.way([(6_500, -10), (10_900, -10), (11_000, 0)], oneway="yes")
    sketch.way([(11_000, 0), (10_900, 10), (1_100, 10), (1_000, 0)], oneway="yes")
    sketch.way([(11_000, 0), (12_000, 0)])
    with pytest.raises(GapError, match="1,500 m"):
        assembled(sketch, [(0, 60), (12_000, 60)])


def test_missing_beginning_is_a_gap(sketch, assembled):
    """A road that begins kilometres after the route does leaves a gap at its beginning."""
    sketch.way([(2_500, 0), (12_000, 0)])
    with pytest.raises(GapError, match=r"stations 0.00 to 2.50 km"):
        assembled(sketch, [(0, 0), (12_000, 0)])


def test_one_mapped_carriageway_gives_the_axis(sketch, assembled):
    """Where only the direction of rising stations is mapped, it is the axis, and that is told."""
    sketch.way([(0, -10), (6_000, -10), (12_000, -10)], oneway="yes")
    found = assembled(sketch, [(0, 60), (12_000, 60)])
    assert found.backward_m is None
    assert found.forward_m == pytest.approx(12_000, abs=0.5)
    assert any("only one carriageway is mapped" in note for note in found.notes)


def test_only_the_opposite_carriageway_gives_the_axis(sketch, assembled):
    """Where only the direction of falling stations is mapped, it is the axis, turned round."""
    sketch.way([(12_000, 10), (6_000, 10), (0, 10)], oneway="yes")
    found = assembled(sketch, [(0, 60), (12_000, 60)])
    assert found.forward_m is None
    assert found.backward_m == pytest.approx(12_000, abs=0.5)
    assert sketch.xy(found.axis.lon, found.axis.lat)[0] == pytest.approx([0, 10], abs=0.5)


def test_way_drawn_against_the_traffic_by_mistake_is_taken_and_told(sketch, assembled):
    """A one-way piece that points the wrong way is part of its carriageway all the same."""
    sketch.way([(0, -10), (4_000, -10)], oneway="yes")
    wrong = sketch.way([(6_000, -10), (4_000, -10)], oneway="yes")
    sketch.way([(6_000, -10), (12_000, -10)], oneway="yes")
    sketch.way([(12_000, 10), (0, 10)], oneway="yes")
    found = assembled(sketch, [(0, 60), (12_000, 60)])
    assert away_m(sketch, found.axis, STRAIGHT) < 0.5
    assert any(
        f"way {wrong}" in note and "against the direction" in note and "2.00 km" in note
        for note in found.notes
    )


def test_bypass_is_taken_where_the_old_axis_takes_it(sketch, assembled):
    """Where the reference runs both through a town and round it, the old axis decides."""
    town = [(3_000, 0), (6_000, 0), (9_000, 0)]
    bypass = [(3_000, 0), (4_000, -1_200), (8_000, -1_200), (9_000, 0)]
    for line in ([(0, 0), (3_000, 0)], town, bypass, [(9_000, 0), (12_000, 0)]):
        sketch.way(line)
    round_town = [(0, 0), *bypass, (12_000, 0)]
    off = [(x, y - 90) for x, y in round_town]
    assert away_m(sketch, assembled(sketch, off).axis, round_town) < 100
    through = assembled(sketch, [(0, 90), (12_000, 90)])
    assert away_m(sketch, through.axis, STRAIGHT) < 1


def test_new_bypass_replaces_the_way_through_town(sketch, assembled):
    """Where the reference has moved to a bypass, the axis follows, and the town is left."""
    bypass = [(3_000, 0), (4_000, -2_000), (8_000, -2_000), (9_000, 0)]
    sketch.way([(0, 0), (3_000, 0)])
    sketch.way([(3_000, 0), (9_000, 0)], ref="", highway="secondary")
    sketch.way(bypass)
    sketch.way([(9_000, 0), (12_000, 0)])
    found = assembled(sketch, STRAIGHT)
    assert away_m(sketch, found.axis, [(0, 0), *bypass, (12_000, 0)]) < 1


def test_one_way_streets_through_a_town_are_the_two_carriageways(sketch, assembled):
    """A pair of streets 400 m apart: the axis follows the street of rising stations."""
    there = [(3_000, 0), (3_200, -200), (8_800, -200), (9_000, 0)]
    back = [(9_000, 0), (8_800, 200), (3_200, 200), (3_000, 0)]
    sketch.way([(0, 0), (3_000, 0)])
    sketch.way(there, oneway="yes", highway="primary")
    sketch.way(back, oneway="yes", highway="primary")
    sketch.way([(9_000, 0), (12_000, 0)])
    found = assembled(sketch, STRAIGHT)
    middle = sketch.xy(*found.axis.points(np.array([6_000.0])))
    assert middle[0, 1] == pytest.approx(-200, abs=1)
    assert [s.carriageways for s in found.stretches] == [1, 2, 1]


def test_spurs_and_ramps_are_left_aside(sketch, assembled):
    """A spur with the reference, ramps and a parallel frontage road do not divert the axis."""
    sketch.way([(0, 0), (5_000, 0), (6_000, 0), (12_000, 0)])
    sketch.way([(5_000, 0), (5_000, 900)])
    sketch.way([(5_000, 0), (5_500, -60), (6_000, 0)], highway="trunk_link")
    sketch.way([(0, 40), (12_000, 40)], ref="", highway="unclassified")
    sketch.way([(5_000, 0), (5_200, 40), (5_400, 0)], highway="trunk_link", oneway="yes")
    found = assembled(sketch, [(0, 60), (12_000, 60)])
    assert away_m(sketch, found.axis, STRAIGHT) < 0.5
    assert found.notes == ()


def test_unlabelled_piece_is_used_and_told(sketch, assembled):
    """Where two kilometres lack the reference, the road is followed and the piece named."""
    sketch.way([(0, 0), (5_000, 0)])
    bare = sketch.way([(5_000, 0), (7_000, 0)], ref="")
    sketch.way([(7_000, 0), (12_000, 0)])
    found = assembled(sketch, [(0, 60), (12_000, 60)])
    assert away_m(sketch, found.axis, STRAIGHT) < 0.5
    assert [f"way {bare}" in note and "2.00 km" in note for note in found.notes] == [True]


def test_mostly_unlabelled_road_is_refused(sketch, assembled):
    """Where the reference is on a third of the road only, another choice is asked for."""
    sketch.way([(0, 0), (4_000, 0)])
    sketch.way([(4_000, 0), (12_000, 0)], ref="B1")
    with pytest.raises(RoadplanError, match=r"67% of what leads along the route.*--ref"):
        assembled(sketch, [(0, 60), (12_000, 60)])


def test_stacked_nodes_and_repeated_ways_do_no_harm(sketch, assembled):
    """Ways that end at two nodes on one place, ways drawn twice and nodes repeated are cleaned."""
    sketch.way([(0, 0), (5_000, 0)])
    sketch.way([(5_000, 0), (5_000, 0), (9_000, 0)], apart=True)
    sketch.way([(5_000, 0), (9_000, 0)], apart=True)
    sketch.way([(9_000, 0), (12_000, 0)], apart=True)
    sketch.way([(0, 0), (5_000, 0)])
    sketch.ways.append(sketch.ways[0])
    found = assembled(sketch, [(0, 60), (12_000, 60)])
    assert found.axis.length_m == pytest.approx(12_000, abs=0.5)
    assert found.gaps == ()
    assert found.forward_m == pytest.approx(12_000, abs=0.1)


def test_ring_road_is_gone_round_once(sketch, assembled):
    """A route whose end is its beginning keeps its length: a dual ring of known radius."""
    sketch.way(circle(0, 0, 4_010, count=180), oneway="yes")
    sketch.way(circle(0, 0, 3_990, count=180)[::-1], oneway="yes")
    old = circle(0, 0, 4_050, count=40)
    found = assembled(sketch, old)
    assert found.axis.length_m == pytest.approx(2 * np.pi * 4_000, rel=0.002)
    assert found.forward_m == pytest.approx(2 * np.pi * 4_010, rel=0.002)
    assert found.backward_m == pytest.approx(2 * np.pi * 3_990, rel=0.002)


def test_road_that_crosses_itself_keeps_its_loop(sketch, assembled):
    """A route that passes one junction twice goes round its loop, not straight on."""
    line = [(0, 0), (6_000, 0), (8_000, 2_000), (6_000, 4_000), (4_000, 2_000), (6_000, 0)]
    line += [(7_000, -3_000), (8_000, -6_000)]
    sketch.way(line)
    found = assembled(sketch, [(x + 30, y + 30) for x, y in line])
    # The old axis begins and ends 30 m into the road, at each end.
    assert found.axis.length_m == pytest.approx(shapely.LineString(line).length, abs=60)


def test_hairpins_keep_their_limbs_apart(sketch, assembled):
    """Limbs of a serpentine 60 m apart, closer than the old axis is good for, are all there."""
    line = [(0, 0), (3_000, 0), (3_030, 30), (3_000, 60), (1_000, 60), (970, 90), (1_000, 120)]
    line += [(6_000, 120)]
    sketch.way(line)
    found = assembled(sketch, [(x, y + 15) for x, y in line])
    assert found.axis.length_m == pytest.approx(shapely.LineString(line).length, rel=0.002)


def test_generalised_axis_stays_within_the_tolerance(sketch, assembled):
    """No point of the road is farther from the axis than was allowed."""
    x = np.arange(0, 12_001, 40.0)
    line = list(zip(x, 300 * np.sin(x / 700), strict=True))
    sketch.way(line)
    coarse = assembled(sketch, line[::20], tolerance_m=20)
    fine = assembled(sketch, line[::20], tolerance_m=2)
    assert away_m(sketch, coarse.axis, line) < 20.5
    assert away_m(sketch, fine.axis, line) < 2.5
    assert len(coarse.axis.lon) < len(fine.axis.lon) < len(line)
    assert abs(fine.axis.length_m - fine.measured_m) < abs(coarse.axis.length_m - fine.measured_m)


def test_roads_beyond_the_buffer_are_not_looked_at(sketch, assembled):
    """Ways of the reference far from the old axis do not count; the message says how far."""
    sketch.way([(0, 9_000), (12_000, 9_000)])
    sketch.way([(0, 500), (12_000, 500)], ref="B1")
    with pytest.raises(RoadplanError, match=r"within 3.00 km .* reference \^A7\$.*--buffer-km"):
        assembled(sketch, STRAIGHT)


def test_unknown_reference_is_refused_with_those_there_are(sketch, assembled):
    """Where nothing matches, the references and names that do exist are told."""
    sketch.way([(0, 0), (12_000, 0)], ref="B1;E40", name="Ring\x1b[31m Road".replace("\x1b", ""))
    with pytest.raises(RoadplanError, match=r"reference \^A7\$; references there: B1;E40"):
        assembled(sketch, STRAIGHT)


def test_road_that_only_crosses_the_route_is_refused(sketch, assembled):
    """A crossing street does not lead along the route, however short that is."""
    sketch.way([(20, -3_000), (20, 3_000)])
    with pytest.raises(RoadplanError, match="pass the route at one place only"):
        assembled(sketch, [(0, 0), (40, 0)])


@pytest.mark.parametrize("name", ["buffer_m", "tolerance_m", "end_reach_m", "max_gap_m"])
def test_limits_must_be_sensible(name):
    """Negative limits and limits that are no number are refused."""
    for value in (-1.0, float("nan"), float("inf")):
        with pytest.raises(RoadplanError, match=name):
            Limits(**{name: value})


TOWN = {
    "single": [[(0, 0), (700, 40), (1_500, 0), (2_600, -60), (4_000, 0)]],
    "there": [[(4_000, 0), (4_200, -12), (5_000, -20), (6_500, -12), (7_800, -12), (8_000, 0)]],
    "back": [[(8_000, 0), (7_800, 12), (6_400, 12), (5_000, 4), (4_200, 12), (4_000, 0)]],
    "last": [[(8_000, 0), (9_000, 100), (10_500, 60), (12_000, 0)]],
}
ROUGH = [(0, 50), (4_000, 80), (8_000, -40), (12_000, 60)]


def pieces(rng: random.Random, line, *, one_way: bool):
    """Split a line at random and turn pieces round, saying so where traffic runs one way."""
    cuts = [0, *sorted(rng.sample(range(1, len(line) - 1), rng.randint(0, len(line) - 2)))]
    for a, b in zip(cuts, [*cuts[1:], len(line) - 1], strict=True):
        piece, turned = line[a : b + 1], rng.random() < 0.5
        oneway = {True: "-1" if turned else "yes", False: ""}[one_way]
        yield (piece[::-1] if turned else piece), oneway


@given(st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None)
def test_splitting_turning_and_shuffling_changes_nothing(sketch_type, roads_of, rng):
    """However the ways of a road are cut, turned and ordered, the axis is the same."""

    def drawn(*, shuffled: bool):
        sketch = sketch_type()
        for lines in TOWN.values():  # node ids stay the same
            for point in lines[0]:
                sketch.node(*point)
        ways = []
        for name, (line,) in TOWN.items():
            one_way = name in {"there", "back"}
            if shuffled:
                ways += list(pieces(rng, line, one_way=one_way))
            else:
                ways.append((line, "yes" if one_way else ""))
        if shuffled:
            rng.shuffle(ways)
        for line, oneway in ways:
            sketch.way(line, oneway=oneway)
        axis = sketch.axis(ROUGH)
        return assemble(roads_of(sketch, axis), axis, Limits())

    plain, mixed = drawn(shuffled=False), drawn(shuffled=True)
    assert mixed.axis.lon == pytest.approx(plain.axis.lon, abs=1e-9)
    assert mixed.axis.lat == pytest.approx(plain.axis.lat, abs=1e-9)
    assert (mixed.forward_m, mixed.backward_m) == pytest.approx(
        (plain.forward_m, plain.backward_m), abs=1e-6
    )
    assert mixed.stretches == plain.stretches
