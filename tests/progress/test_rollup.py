"""The status: what counts as of a moment, and what must always hold of it."""

from __future__ import annotations

import datetime as dt
import itertools

import numpy as np
import pytest
import small_works as works
from hypothesis import given, settings
from hypothesis import strategies as st

from roadplan.errors import RoadplanError
from roadplan.progress import AsOf, History, Report, correction, status, withdrawal
from roadplan.progress.asof import END_OF_TIME

LATE = AsOf(works.DAY + dt.timedelta(days=1000))


def share(item: str, reports: list[Report], *, as_of: AsOf = LATE) -> float:
    """Return the completion of one item of the small road."""
    items = works.items()
    found = status(items, History.from_reports(works.stored(reports)), as_of)
    return float(found.completion[[each.id for each in items].index(item)])


def test_without_reports_nothing_is_known() -> None:
    """No report is NaN everywhere, never 0."""
    found = status(works.items(), History.from_reports([]), LATE)
    assert np.isnan(found.completion).all()
    assert np.isnan(found.overall)
    assert found.by("contract")["completion"].isna().all()
    assert found.kilometres[["surfaced_km", "complete_km", "open_km"]].isna().all().all()
    assert (found.counts["total"] == found.counts["not_reported"]).all()


def test_overlapping_stretches_count_once() -> None:
    """The union of 0–2 km and 1–3 km is 3 of 5 km."""
    reports = [works.stretch(0, 2_000), works.stretch(1_000, 3_000)]
    assert share("lower-asphalt:0", reports) == pytest.approx(0.6)


def test_a_half_of_the_road_counts_half() -> None:
    """1 km on the left half is a tenth of 5 km; with the right half it is a fifth."""
    left = works.stretch(0, 1_000, side="left")
    assert share("lower-asphalt:0", [left]) == pytest.approx(0.1)
    right = works.stretch(0, 1_000, side="right")
    assert share("lower-asphalt:0", [left, right]) == pytest.approx(0.2)


def test_nothing_done_yet_is_0_and_not_no_report() -> None:
    """A report of quantity 0 makes an item known without any work done."""
    assert share("lower-asphalt:0", [works.stretch(0, 100, quantity=0)]) == 0.0
    assert np.isnan(share("lower-asphalt:5000", [works.stretch(0, 100, quantity=0)]))
    assert share("bridge:b1", [works.milestone("")]) == 0.0


def test_a_whole_item_is_exactly_done() -> None:
    """Pieces that add up to an item make exactly 1, whatever rounding does."""
    ends = np.linspace(0, 5_000, 98)
    reports = [works.stretch(a, b) for a, b in itertools.pairwise(ends)]
    assert share("lower-asphalt:0", reports) == 1.0


def test_amounts_are_to_date_and_the_greatest_counts() -> None:
    """5 signs and later 8 of 20 planned make 8; more than planned makes 1 and no more."""
    signs = {"work_type": "signs"}
    reports = [works.stretch(0, 5_000, quantity=5, **signs)]
    assert share("signs:0", reports) == pytest.approx(0.25)
    reports.append(works.stretch(0, 5_000, quantity=8, day=3, **signs))
    assert share("signs:0", reports) == pytest.approx(0.4)
    reports.append(works.stretch(0, 5_000, quantity=80, day=4, **signs))
    assert share("signs:0", reports) == 1.0


def test_an_amount_over_several_items_is_spread_by_length() -> None:
    """20 signs on 10 km are 10 on each of two segments of 5 km, half of what is planned."""
    reports = [works.stretch(0, 10_000, quantity=20, work_type="signs")]
    assert share("signs:0", reports) == pytest.approx(0.5)
    assert share("signs:5000", reports) == pytest.approx(0.5)


def test_the_farthest_stage_counts_with_all_before() -> None:
    """A deck is 90 % of a bridge, also when an earlier stage is reported after it."""
    assert share("bridge:b1", [works.milestone("deck")]) == pytest.approx(0.9)
    reports = [works.milestone("deck"), works.milestone("supports", day=5)]
    assert share("bridge:b1", reports) == pytest.approx(0.9)
    assert share("bridge:b1", [works.milestone("finished")]) == 1.0


def test_a_correction_takes_the_place_of_what_it_corrects() -> None:
    """4 km corrected to 2 km are 2 km; withdrawn they are no report."""
    wrong = works.stretch(0, 4_000)
    right = correction(wrong, to_m=2_000)
    assert share("lower-asphalt:0", [wrong, right]) == pytest.approx(0.4)
    assert np.isnan(share("lower-asphalt:0", [wrong, right, withdrawal(right)]))


def test_as_of_looks_at_both_times() -> None:
    """What was done later or recorded later does not count, and a correction not before it was."""
    wrong = works.stretch(0, 4_000, day=0)
    right = correction(wrong, to_m=2_000)
    reports = [wrong, works.stretch(4_000, 5_000, day=10), right]
    after = [works.RECORDED + dt.timedelta(minutes=k) for k in range(5)]
    early, late = works.DAY + dt.timedelta(days=5), works.DAY + dt.timedelta(days=10)

    def at(day: dt.date, recorded: dt.datetime) -> float:
        return share("lower-asphalt:0", reports, as_of=AsOf(day, recorded))

    assert np.isnan(at(late, after[0]))
    assert at(late, after[1]) == pytest.approx(0.8)
    assert at(early, after[2]) == pytest.approx(0.8)
    assert at(late, after[2]) == 1.0
    assert at(late, after[3]) == pytest.approx(0.6)
    assert np.isnan(at(works.DAY - dt.timedelta(days=1), after[4]))


def test_roll_ups_are_weighted() -> None:
    """Weights by hand: lower asphalt 0.18 and signs 0.01 a km over 5 km, a bridge 3."""
    items = works.items(layers=("lower-asphalt", "signs"))
    reports = [works.stretch(0, 2_500), works.milestone("foundations")]
    found = status(items, History.from_reports(works.stored(reports)), LATE)
    first = found.by("contract").set_index("contract").loc["c1"]
    assert first["weight"] == pytest.approx(5 * 0.18 + 5 * 0.01 + 3)
    assert first["completion"] == pytest.approx((2.5 * 0.18 + 0.25 * 3) / (5 * 0.19 + 3))
    assert (first["items"], first["items_reported"], first["items_done"]) == (3, 2, 0)
    kinds = found.by("work_type").set_index("work_type")["completion"]
    assert kinds["lower-asphalt"] == pytest.approx(0.25)
    assert kinds["bridge"] == pytest.approx(0.25)
    assert np.isnan(kinds["signs"])
    assert found.overall == pytest.approx((2.5 * 0.18 + 0.75) / (10 * 0.19 + 3))


def test_work_without_weight_is_rolled_up_by_quantity() -> None:
    """The opening weighs nothing in physical completion, yet has a completion of its own."""
    reports = [works.stretch(0, 5_000, work_type="opening")]
    items = works.items((0.0, 5_000.0, 20_000.0))
    found = status(items, History.from_reports(works.stored(reports)), LATE)
    kinds = found.by("work_type").set_index("work_type")["completion"]
    assert kinds["opening"] == pytest.approx(0.25)


def test_estimates_are_told() -> None:
    """A roll-up that rests on an estimated report says so."""
    reports = [works.stretch(0, 100, standing="estimated"), works.stretch(6_000, 7_000)]
    found = status(works.items(), History.from_reports(works.stored(reports)), LATE)
    assert found.by("contract").set_index("contract")["estimated"].to_dict() == {
        "c1": True,
        "c2": False,
    }
    standing = found.frame.set_index("id")["report_standing"]
    assert standing["lower-asphalt:0"] == "estimated"
    assert standing["lower-asphalt:5000"] == "reported"
    assert standing["signs:0"] == ""


def test_reports_on_no_item_are_counted_apart() -> None:
    """Unknown work, assets, stages, routes and places are in no figure, and told."""
    reports = [
        works.stretch(0, 100),
        works.stretch(20_000, 30_000),
        works.stretch(0, 100, work_type="tunnelling"),
        works.milestone("painted"),
        works.milestone("deck", asset="b9"),
    ]
    found = status(works.items(), History.from_reports(works.stored(reports)), LATE)
    assert (found.reports, found.unmatched) == (5, 4)


def test_bypass_roads_in_use_are_counted() -> None:
    """Opened and in use count as in use; closed does not; no report is apart."""
    detours = [("detour", f"d{k}", 1_000.0 * k) for k in range(4)]
    items = works.items(structures=detours)
    reports = [
        works.milestone("opened", work_type="detour", asset="d0"),
        works.milestone("in-use", work_type="detour", asset="d1"),
        works.milestone("closed", work_type="detour", asset="d2"),
    ]
    counts = status(items, History.from_reports(works.stored(reports)), LATE).counts
    whole = counts[counts["contract"] == "whole"].set_index("group").loc["detour"]
    assert whole["in_use"] == 2
    assert (whole["total"], whole["finished"], whole["begun"], whole["not_reported"]) == (
        4,
        1,
        2,
        1,
    )


def test_an_unknown_roll_up_is_told() -> None:
    """The message lists what there is."""
    with pytest.raises(RoadplanError, match="use some of segment"):
        status(works.items(), History.from_reports([]), LATE).by("colour")


_stretches = st.builds(
    lambda kind, a, b, side, day, amount: works.stretch(
        *sorted((a, b if a != b else b + 1)),
        work_type=kind,
        side=side,
        day=day,
        quantity=amount if kind == "signs" else None,
    ),
    st.sampled_from(works.LAYERS),
    st.integers(0, 11_000).map(float),
    st.integers(0, 11_000).map(float),
    st.sampled_from(["both", "left", "right"]),
    st.integers(0, 30),
    st.integers(0, 60).map(float),
)
_stages = st.builds(
    works.milestone,
    st.sampled_from(["", "foundations", "supports", "deck", "finished"]),
    day=st.integers(0, 30),
)
_reports = st.lists(st.one_of(_stretches, _stages), max_size=12)


@settings(deadline=None, max_examples=30)
@given(_reports, st.one_of(_stretches, _stages))
def test_more_work_never_lowers_completion(reports: list[Report], more: Report) -> None:
    """Whatever is reported in addition, no item and no kilometre figure goes down."""
    items = works.items()
    before = status(items, History.from_reports(works.stored(reports)), LATE)
    after = status(items, History.from_reports(works.stored([*reports, more])), LATE)
    old, new = np.nan_to_num(before.completion), np.nan_to_num(after.completion)
    assert (new >= old - 1e-12).all()
    assert not (np.isnan(after.completion) & ~np.isnan(before.completion)).any()
    figures = ["surfaced_km", "complete_km", "open_km"]
    lower = before.kilometres[figures].fillna(0.0) - after.kilometres[figures].fillna(0.0)
    assert (lower <= 1e-9).all().all()


@settings(deadline=None, max_examples=30)
@given(_reports, st.lists(st.integers(1, 9_999).map(float), max_size=4))
def test_splitting_a_segment_changes_no_total(reports: list[Report], cuts: list[float]) -> None:
    """Roll-ups and kilometres are the same however the road is cut into segments."""
    history = History.from_reports(works.stored(reports))
    whole = status(works.items(), history, LATE)
    parts = status(works.items(sorted({0.0, 5_000.0, 10_000.0, *cuts})), history, LATE)
    for keys in ((), ("contract",), ("work_type",), ("contract", "work_type")):
        columns = ["weight", "done_weight", "completion"]
        a, b = whole.by(*keys)[columns], parts.by(*keys)[columns]
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9)
    figures = ["length_km", "surfaced_km", "complete_km", "open_km"]
    np.testing.assert_allclose(whole.kilometres[figures], parts.kilometres[figures], atol=1e-9)
    assert list(whole.kilometres["lacking"]) == list(parts.kilometres["lacking"])


@settings(deadline=None, max_examples=30)
@given(_reports, _reports, st.integers(0, 12), st.data())
def test_as_of_is_stable_under_later_reports(
    reports: list[Report], later: list[Report], day: int, data: st.DataObject
) -> None:
    """A state once told comes back to the digit, whatever is reported or corrected afterwards."""
    reports = list({report.id: report for report in reports}.values())
    corrected = [
        withdrawal(report) if data.draw(st.booleans()) else correction(report, note="new")
        for report in reports
        if data.draw(st.booleans())
    ]
    records = works.stored([*reports, *corrected, *later])
    when = AsOf(
        works.DAY + dt.timedelta(days=day), works.RECORDED + dt.timedelta(minutes=len(reports))
    )
    items = works.items()
    told = status(items, History.from_reports(records[: len(reports)]), when)
    again = status(items, History.from_reports(records), when)
    np.testing.assert_array_equal(told.completion, again.completion)
    # As text, since what is not known is NaN, which equals nothing.
    assert str(told.as_dict()) == str(again.as_dict())


@settings(deadline=None, max_examples=40)
@given(_reports)
def test_the_three_kilometre_figures_are_in_order(reports: list[Report]) -> None:
    """What is complete is surfaced, and nothing is longer than its contract."""
    found = status(works.items(), History.from_reports(works.stored(reports)), LATE).kilometres
    known = found.dropna(subset=["complete_km"])
    assert (known["complete_km"] <= known["surfaced_km"].fillna(0.0) + 1e-9).all()
    for name in ("surfaced_km", "complete_km", "open_km"):
        assert not (found[name] > found["length_km"] + 1e-9).any()


def test_all_that_is_known_is_the_default() -> None:
    """Without a moment every report recorded counts."""
    assert AsOf(works.DAY).recorded_at == END_OF_TIME
