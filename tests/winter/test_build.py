"""The problem of a night: items, moves, passes and costs, and what happens to odd input."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pandas as pd
import pytest

from roadplan.corridor import Corridor, Position
from roadplan.errors import RoadplanError
from roadplan.weather import Road, load_parameters
from roadplan.winter.build import (
    Board,
    PlanOptions,
    arriving_share,
    build,
    hops,
    worst_weights,
)
from roadplan.winter.fleet import Base, Crew, Fleet, corridor_bases, corridor_classes
from roadplan.winter.items import join_items
from roadplan.winter.night import Night, prepare
from roadplan.winter.solve import solve
from roadplan.winter.state import ClosureNow, CrewNow, DepthNow, Priority, RoadNow
from roadplan.winter.verify import verify_plan


def fleet(corridor: Corridor, *crews: Crew, bases: dict[str, Base] | None = None) -> Fleet:
    """Return a fleet of some crews."""
    return Fleet(
        crews=crews,
        classes=MappingProxyType(corridor_classes(corridor)),
        bases=MappingProxyType(corridor_bases(corridor) | (bases or {})),
    )


def truck(corridor: Corridor, name: str = "t", **values: object) -> Crew:
    """Return a truck crew at the stranger's first depot."""
    ability = corridor_classes(corridor)["truck"].ability
    fields = {"crew_class": "truck", "base": "d1", "machines": 1, "ability": ability, **values}
    return Crew(id=name, **fields)  # type: ignore[arg-type]


@pytest.fixture
def night(trunk: Corridor) -> Night:
    """Give six hours on the stranger's road."""
    return prepare(trunk, "buran", hours=6, members=3)


def test_items_cover_every_carriageway_once(shipped_board: Board) -> None:
    """Each segment lies in one item of each direction, and items are about a slot long."""
    items, road = shipped_board.items, shipped_board.night.road
    for direction in (0, 1):
        covered = np.concatenate(
            [own for own, d in zip(items.segments, items.direction, strict=True) if d == direction]
        )
        assert sorted(covered.tolist()) == list(range(len(road)))
    assert items.length_m.sum() == pytest.approx(2 * road.length_m.sum())
    assert items.length_m.max() <= 20_000 * 1.03
    assert np.median(items.length_m) > 15_000


def test_items_meet_at_junctions(trunk: Corridor) -> None:
    """Where the branch leaves the trunk, one node serves both routes, and lanes do not change."""
    road = Road.from_corridor(trunk, load_parameters(), longest_m=8000)
    items = join_items(road, trunk, length_m=17_500)
    meeting = [p for p in items.nodes if abs(p.station_m - 22_180) < 1 or p.route == "r2"]
    assert len(meeting) == 3, "the junction, the end and one between"
    for own in items.segments:
        assert len(set(road.lanes[own].tolist())) == 1
        assert len({road.route[i] for i in own}) == 1


def test_costs_are_sound(shipped_board: Board) -> None:
    """Waiting longer costs more, the sum over members is the mean, and the file is written."""
    problem, costs = shipped_board.problem, shipped_board.costs
    cost = problem.cost.astype(float)
    assert (np.diff(cost[:, 0, 1:], axis=1) >= -1e-3).all()
    mean = costs.jam_veh_h.mean(axis=1)
    assert cost == pytest.approx(mean, rel=1e-4, abs=1e-3)
    nothing = costs.by_member([[]] * problem.items)
    assert nothing.mean() == pytest.approx(problem.uncleared_cost, rel=1e-4)


def test_moves_follow_the_road(shipped_board: Board) -> None:
    """A plough arc takes its time within the forgiven part; travel arcs make the true way."""
    problem, slot_h = shipped_board.problem, shipped_board.night.slots.hours
    for arc in range(0, len(problem.plough_class), 7):
        k, j = problem.plough_class[arc], problem.plough_item[arc]
        true = shipped_board.plough_h[k, j] / slot_h
        assert -0.1 - 1e-6 <= problem.plough_slots[arc] - true < 1.0 or true < 1
    for arc in range(0, len(problem.travel_class), 31):
        a, b = problem.travel_from[arc], problem.travel_to[arc]
        speed = shipped_board.class_crew[problem.travel_class[arc]].ability.travel_kmh
        true = shipped_board.travel_m[a, b] / 1000 / speed / slot_h
        assert problem.travel_slots[arc] >= true - 0.1 - 1e-6


def test_hops_make_every_way_in_its_rounded_time() -> None:
    """Places 0.7 slots apart: two hops of one way take two slots, three take no more than three."""
    place = 0.7 * np.arange(5.0)
    found = {(a, b): n for a, b, n in hops(np.abs(place[:, None] - place[None]))}
    assert found[0, 1] == 1
    assert (0, 2) not in found, "two hops of a slot each make it"
    assert found[0, 3] == 2, "2.1 slots are forgiven to be two, shorter than hop by hop"
    assert all(n >= 1 for n in found.values())


def test_an_unreachable_place_has_no_way() -> None:
    """Infinite ways give no arc."""
    ways = np.array([[0.0, np.inf], [np.inf, 0.0]])
    assert hops(ways) == []


def test_snow_too_deep_for_a_class_is_not_offered(trunk: Corridor, night: Night) -> None:
    """A state of 60 cm keeps trucks out and lets the blower through."""
    buried = replace(night, initial_m=np.full((len(night.road), 2), 0.6))
    blower = Crew(
        id="b",
        crew_class="blower",
        base="d1",
        machines=1,
        ability=corridor_classes(trunk)["blower"].ability,
    )
    board = build(buried, fleet(trunk, truck(trunk), blower))
    assert (board.problem.passable_since[0][:, 1:] >= 1).all(), "only after another pass"
    assert (board.problem.passable_since[1] == 0).all()
    slow = board.plough_h[1] > board.plough_h[0]
    assert slow.all(), "it has to move what lies there"


def test_several_passes_and_bypasses_take_their_time(trunk: Corridor) -> None:
    """Two lanes take a truck two passes and a way back; a bypass is ploughed at half the speed."""
    works = pd.DataFrame([{"route": "r1", "from_m": 1000.0, "to_m": 2000.0}])
    night = prepare(trunk, "buran", hours=3, members=2, open_bypasses=works)
    board = build(night, fleet(trunk, truck(trunk)))
    first = next(
        j
        for j in range(len(board.items))
        if 0 in board.items.segments[j] and board.items.direction[j] == 0
    )
    km = board.items.length_m[first] / 1000
    assert board.passes_side[0, first] == 2
    assert board.plough_h[0, first] == pytest.approx(2 * (km + 1) / 35 + km / 60)
    assert night.base_share[0] == pytest.approx(1700 / 4000)
    assert any("bypass" in note for note in board.notes)


def test_duties_follow_windows_availability_and_the_state(trunk: Corridor) -> None:
    """Two windows are two duties; who comes late begins late; who is out is left out."""
    now = RoadNow(
        crews=(
            CrewNow(
                crew="moved",
                place=Position("r1", 9000.0),
                free_from=dt.datetime.fromisoformat("2026-01-15T18:10+05:00"),
                on_duty_since=dt.datetime.fromisoformat("2026-01-15T15:00+05:00"),
                out=False,
            ),
            CrewNow(crew="out", place=None, free_from=None, on_duty_since=None, out=True),
        )
    )
    night = prepare(trunk, "buran", hours=24, members=2, now=now)
    begin = night.start
    assert (begin.hour, begin.minute) == (17, 0)
    crews = (
        truck(trunk, "nightly", duty_from=dt.time(16), duty_until=dt.time(20)),
        truck(trunk, "moved", longest_duty_h=6.0),
        truck(trunk, "out"),
        truck(trunk, "late", available_from=begin + dt.timedelta(hours=30)),
    )
    board = build(night, fleet(trunk, *crews))
    duties = {d.name: (d.start_slot, d.end_slot) for d in board.duties}
    assert duties == {"nightly": (0, 6), "nightly (2)": (46, 48), "moved": (3, 8)}
    assert board.places[board.problem.crew_node[2]] == Position("r1", 9000.0)
    assert any("out is out of use" in note for note in board.notes)
    assert any("late has no duty" in note for note in board.notes)


def test_a_shift_that_is_spent_leaves_the_next_one(trunk: Corridor) -> None:
    """Hours worked today count for the shift under way; tomorrow the crew begins rested."""
    now = RoadNow(
        crews=(
            CrewNow(
                crew="late",
                place=Position("r1", 9000.0),
                free_from=None,
                on_duty_since=dt.datetime.fromisoformat("2026-01-15T08:00+05:00"),
                out=False,
            ),
        )
    )
    day = {"duty_from": dt.time(8), "duty_until": dt.time(20), "longest_duty_h": 8.0}
    night = prepare(trunk, "buran", hours=36, members=2, now=now)
    board = build(night, fleet(trunk, truck(trunk, "late", **day)))
    assert [(d.start_slot, d.end_slot, d.place) for d in board.duties] == [(30, 54, None)]


def test_a_window_with_one_end(trunk: Corridor) -> None:
    """From 20:00 means from then on, until 08:00 means until then."""
    night = prepare(trunk, "buran", hours=24, members=2)
    crews = (
        truck(trunk, "evening", duty_from=dt.time(20)),
        truck(trunk, "noon", duty_from=dt.time(12)),
        truck(trunk, "morning", duty_until=dt.time(8)),
    )
    board = build(night, fleet(trunk, *crews))
    duties = {d.name: (d.start_slot, d.end_slot) for d in board.duties}
    assert duties == {"evening": (6, 48), "noon": (0, 48), "morning": (0, 30)}


def test_a_later_shift_takes_no_other_crews_name(trunk: Corridor) -> None:
    """A crew may be called as the second shift of another would be."""
    night = prepare(trunk, "buran", hours=36, members=2)
    shift = {"duty_from": dt.time(20), "duty_until": dt.time(8)}
    board = build(night, fleet(trunk, truck(trunk, "a", **shift), truck(trunk, "a (2)")))
    assert [d.name for d in board.duties] == ["a", "a (3)", "a (2)"]


def test_every_depot_is_a_place(trunk: Corridor) -> None:
    """One may refill where no crew stands, and ask what a crew there would save."""
    night = prepare(trunk, "buran", hours=3, members=2)
    crews = fleet(trunk, truck(trunk))
    problem = build(night, crews).problem
    assert set(crews.bases) == set(problem.node_name[problem.refill_node.all(axis=0)])


def test_a_state_of_strange_crews_is_refused(trunk: Corridor) -> None:
    """The message names them and those that there are."""
    now = RoadNow(
        crews=(CrewNow(crew="x", place=None, free_from=None, on_duty_since=None, out=False),)
    )
    night = prepare(trunk, "buran", hours=3, members=2, now=now)
    with pytest.raises(RoadplanError, match="lacks: x"):
        build(night, fleet(trunk, truck(trunk)))


def test_priorities_and_limits_change_the_cost(trunk: Corridor) -> None:
    """A stretch that counts thrice costs thrice; a limit after the fall adds cost."""
    now = RoadNow(priorities=(Priority(route="r1", from_m=0, to_m=46_261, weight=3.0),))
    plain = build(prepare(trunk, "snow-band", hours=12, members=2), fleet(trunk, truck(trunk)))
    night = prepare(trunk, "snow-band", hours=12, members=2, now=now)
    heavy = build(night, fleet(trunk, truck(trunk)))
    trunk_items = [
        j for j in range(len(plain.items)) if plain.items.stretch(j, plain.night.road)[0] == "r1"
    ]
    assert heavy.problem.cost[trunk_items] == pytest.approx(
        3 * plain.problem.cost[trunk_items], rel=1e-4, abs=1e-3
    )


def test_service_limits_cost_each_kilometre_and_hour_beyond_them(trunk: Corridor) -> None:
    """12 cm on a quiet night, an hour's limit: three hours at 2 veh·h/km/h are late."""
    night = prepare(trunk, "mild-night", hours=4, members=2)
    snowy = replace(night, initial_m=np.full((len(night.road), 2), 0.12))
    crews = fleet(trunk, truck(trunk))
    plain = build(snowy, crews)
    soft = build(snowy, crews, PlanOptions(service="soft", service_h=(("I", 1.0),)))
    hard = build(snowy, crews, PlanOptions(service="hard", service_h=(("I", 1.0),)))
    first = next(j for j in range(len(plain.items)) if 0 in plain.items.segments[j])
    km = plain.items.length_m[first] / 1000
    late = soft.problem.cost - plain.problem.cost
    assert late[first, 0, 8] == pytest.approx(3 * 2.0 * km, rel=1e-3)
    assert late[first, 0, 2] == 0
    assert late[first, 2, 8] == 0, "cleared in time"
    much = hard.problem.cost - plain.problem.cost
    assert much[first, 0, 8] == pytest.approx(3 * 1000.0 * km, rel=1e-3)


def test_worst_members_count_more() -> None:
    """The weights give (1 − β)·mean + β·CVaR."""
    options = PlanOptions(worst_share=0.25, worst_weight=0.4)
    cost = np.array([1.0, 9.0, 3.0, 5.0, 2.0, 4.0])
    weights = worst_weights(cost, options)
    assert weights.sum() == pytest.approx(1)
    worst = (9.0 + 0.5 * 5.0) / 1.5
    assert weights @ cost == pytest.approx(0.6 * cost.mean() + 0.4 * worst)


def test_closed_segments_are_not_charged_with_the_same_vehicles(trunk: Corridor) -> None:
    """Behind a closed segment only those arrive who enter behind it."""
    road = Road.from_corridor(trunk, load_parameters(), longest_m=30_000)
    closed = np.zeros((1, 1, len(road)), dtype=bool)
    closed[0, 0, 0] = True
    share = arriving_share(road, closed, trip_m=200_000.0)
    keep = np.exp(-road.length_m / 200_000.0)
    assert share[0, 0, 0, 0] == 1.0
    assert share[0, 0, 1, 0] == pytest.approx(1 - keep[1])
    assert share[0, 0, 2, 0] == pytest.approx(1 - keep[2] + keep[2] * (1 - keep[1]))
    assert (share[0, 0, :, 1] == 1.0).all(), "the closed one is the last in the other direction"


def test_closures_for_ploughs_open_arcs_late(trunk: Corridor) -> None:
    """While a stretch is closed to ploughs nobody passes or crosses it."""
    end = dt.datetime.fromisoformat("2026-01-15T19:00+05:00")
    now = RoadNow(
        closures=(
            ClosureNow(route="r1", from_m=11_000, to_m=22_180, begin=None, end=end, ploughs=False),
        )
    )
    night = prepare(trunk, "buran", hours=6, members=2, now=now)
    problem = build(night, fleet(trunk, truck(trunk))).problem
    assert set(problem.plough_opens.tolist()) == {0, 4}
    assert set(problem.travel_opens.tolist()) == {0, 4}


def test_a_short_closure_bars_no_more_than_its_time(trunk: Corridor) -> None:
    """Before and after it moves may begin, but none that would still last when it comes."""
    times = [dt.datetime.fromisoformat(f"2026-01-15T{clock}+05:00") for clock in ("19:00", "19:30")]
    now = RoadNow(
        closures=(
            ClosureNow(
                route="r1", from_m=0, to_m=22_180, begin=times[0], end=times[1], ploughs=False
            ),
        )
    )
    night = prepare(trunk, "buran", hours=6, members=2, now=now)
    problem = build(night, fleet(trunk, truck(trunk))).problem
    for move in ("plough", "travel"):
        slots = getattr(problem, f"{move}_slots")
        windows = set(
            zip(
                slots.tolist(),
                getattr(problem, f"{move}_opens").tolist(),
                getattr(problem, f"{move}_closes").tolist(),
                strict=True,
            )
        )
        barred = windows - {(n, 0, 12) for n in slots.tolist()}
        assert barred
        for length, opens, closes in barred:
            assert (opens, closes) in {(0, 5 - length), (5, 12)}
    result = solve(problem, effort=20, seed=1, threads=1)
    assert verify_plan(result.plan, problem).violations == ()
    for method in ("beats", "nearest"):
        plan = solve(problem, method=method, effort=20, seed=1, threads=1).plan
        assert verify_plan(plan, problem).violations == ()
        moments = [m for moments in plan.passes(problem) for m in moments]
        assert min(moments) <= 4 < max(moments), "crews work before the closure and after it"


def test_a_closed_road_costs_what_its_traffic_waits(trunk: Corridor) -> None:
    """Three quiet hours behind a barrier cost the triangle of the queue that waits there."""
    end = dt.datetime.fromisoformat("2026-01-15T20:00+05:00")
    shut = ClosureNow(route="r1", from_m=0, to_m=11_000, begin=None, end=end, ploughs=True)
    night = prepare(trunk, "mild-night", hours=12, members=2, now=RoadNow(closures=(shut,)))
    crews = fleet(trunk, truck(trunk))
    closed = build(night, crews).problem
    quiet = build(prepare(trunk, "mild-night", hours=12, members=2), crews).problem
    first = next(j for j in range(closed.items) if closed.item_name[j].startswith("r1 0.0"))
    extra = float(closed.cost[first, 0, 24] - quiet.cost[first, 0, 24])
    arrives = night.traffic.demand_veh_h[:3, 0, 0].sum(axis=1)
    wait = arrives[0] * 2.5 + arrives[1] * 1.5 + arrives[2] * 0.5
    assert wait < extra < 1.35 * wait, "the queue's discharge comes on top"


def test_no_crews_is_an_answer(trunk: Corridor, night: Night) -> None:
    """Nothing can be done, with the reason."""
    board = build(night, fleet(trunk))
    result = solve(board.problem, time_limit_s=5)
    assert result.status == "nothing can be done"
    assert result.reasons == ("There is no crew.",)


def test_all_stretches_closed_is_an_answer(trunk: Corridor) -> None:
    """Ploughs shut out everywhere for the whole time."""
    closed = tuple(
        ClosureNow(route=r, from_m=0, to_m=1e6, begin=None, end=None, ploughs=False)
        for r in ("r1", "r2")
    )
    night = prepare(trunk, "buran", hours=3, members=2, now=RoadNow(closures=closed))
    result = solve(build(night, fleet(trunk, truck(trunk))).problem, time_limit_s=5)
    assert result.status == "nothing can be done"
    assert any("closed" in reason for reason in result.reasons)


@pytest.mark.parametrize("case", ["short duty", "useless class", "depot far off the network"])
def test_crews_that_can_do_nothing_are_told(case: str, trunk: Corridor, night: Night) -> None:
    """A duty shorter than any trip, a class that moves no snow, a depot hundreds of km away."""
    able = corridor_classes(trunk)["truck"].ability
    bases: dict[str, Base] = {}
    crew = truck(trunk)
    if case == "short duty":
        crew = truck(trunk, longest_duty_h=0.25)
    elif case == "useless class":
        crew = truck(trunk, ability=replace(able, max_depth_cm=0.0))
        night = replace(night, initial_m=np.full((len(night.road), 2), 0.02))
    else:
        known = corridor_bases(trunk)["d1"]
        bases = {"far": replace(known, id="far", access_m=5_000_000.0)}
        crew = truck(trunk, base="far")
    result = solve(build(night, fleet(trunk, crew, bases=bases)).problem, time_limit_s=5)
    assert result.status == "nothing can be done"
    assert result.reasons


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"hours": math.nan}, "a plan of nan h is not possible"),
        ({"hours": 0.1}, "shorter than a slot"),
        ({"slot_minutes": 7}, "do not go into an hour"),
    ],
)
def test_impossible_times_are_refused(values: dict[str, object], why: str, trunk: Corridor) -> None:
    """With what would be right."""
    with pytest.raises(RoadplanError, match=why):
        prepare(trunk, "buran", members=2, **values)  # type: ignore[arg-type]


def test_a_plan_outside_the_forecast_is_refused(trunk: Corridor, night: Night) -> None:
    """With what the forecast covers; a storm that comes with roadplan begins when it is wanted."""
    later = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)
    with pytest.raises(RoadplanError, match="the storm covers"):
        prepare(trunk, night.storm, start=later)
    assert prepare(trunk, "buran", hours=1, members=2, start=later).start == later


def test_a_plan_longer_than_the_storm_ends_with_it(trunk: Corridor) -> None:
    """And says so."""
    night = prepare(trunk, "mild-night", hours=100, members=2)
    assert night.slots.count * night.slots.hours <= 24
    assert any("covers only" in note for note in night.notes)


def test_depth_now_reaches_the_costs(trunk: Corridor) -> None:
    """Snow that lies on the road is in the depth before the first pass."""
    now = RoadNow(
        depths=(DepthNow(route="r1", from_m=0, to_m=46_261, side="rising", depth_cm=12.0),)
    )
    night = prepare(trunk, "mild-night", hours=3, members=2, now=now)
    board = build(night, fleet(trunk, truck(trunk)))
    rising = board.items.direction == 0
    route = np.array([board.items.stretch(j, night.road)[0] for j in range(len(board.items))])
    deep = board.costs.depth_cm[:, 0, 1]
    assert (deep[rising & (route == "r1")] > 11.5).all()
    assert (deep[~rising] < 1).all()


def test_unknown_traffic_is_estimated_and_noted(night: Night) -> None:
    """The branch without counts gets the mean of the others."""
    assert any("r2 (estimated)" in note for note in night.notes)
