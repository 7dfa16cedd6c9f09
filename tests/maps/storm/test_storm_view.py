"""A view says what is wrong with it, all at once."""

from __future__ import annotations

import datetime as dt
import itertools
import zoneinfo
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from roadplan.corridor import Corridor
from roadplan.errors import FaultsError
from roadplan.maps.storm_view import Closure, Jam, Stretch


def _changed(view: Any, **changes: Any) -> tuple[Any, ...]:
    return (replace(view.alternatives[0], **changes), *view.alternatives[1:])


def test_moments_are_local_over_a_change_of_the_clock(
    stranger: Corridor, make_view: Callable[..., Any]
) -> None:
    """Slots stay equally long where the clock is put forward in the night."""
    zone = zoneinfo.ZoneInfo("America/Santiago")
    view = make_view(stranger, slots=12, start=dt.datetime(2026, 9, 5, 22, tzinfo=zone))
    steps = {b.timestamp() - a.timestamp() for a, b in itertools.pairwise(view.moments)}
    assert steps == {1800.0}
    assert view.moments[4].strftime("%d %H:%M") == "06 01:00"


def test_all_faults_are_told_at_once(stranger: Corridor, make_view: Callable[..., Any]) -> None:
    """Shapes, ranges, slots and zones are checked together."""
    view = make_view(stranger)
    shape = (view.slots, len(view.stretches))
    with pytest.raises(FaultsError) as caught:
        replace(
            view,
            start=dt.datetime(2026, 1, 1),  # noqa: DTZ001 - its lack of a zone is the fault
            made_at=dt.datetime(2026, 1, 1),  # noqa: DTZ001 - and here
            least_share=1.5,
            alternatives=_changed(
                view,
                level=np.full(shape, 5),
                severity=np.zeros((2, 2), dtype=int),
                jam_hits=np.full(shape, 51),
                probability=np.full(shape, -0.5),
                jams=(Jam(slot=12, stretch=view.stretches[0]),),
                closures=(Closure(start=3, end=3, stretch=view.stretches[0]),),
                crews=view.alternatives[0].crews[:1] * 2,
            ),
        )
    text = str(caught.value)
    for part in ("start: the time", "made_at: the time", "least share of the runs 1.5",
                 "5 is above 4", "(slot, stretch)", "51 is above 50", "below 0",
                 "slot 12", "slot 3 to 3", "there twice"):  # fmt: skip
        assert part in text


def test_a_stretch_without_length_is_refused(
    stranger: Corridor, make_view: Callable[..., Any]
) -> None:
    """A stretch that ends where it begins, or is not a number, is no stretch."""
    view = make_view(stranger)
    with pytest.raises(FaultsError, match="no length"):
        replace(view, stretches=(Stretch("r1", 5.0, 5.0), *view.stretches[1:]))


def test_an_unknown_alternative_says_which_there_are(
    stranger: Corridor, make_view: Callable[..., Any]
) -> None:
    """Asking for another plan names the plans there are."""
    with pytest.raises(FaultsError, match="plan, beats, nothing"):
        make_view(stranger).alternative("best")
