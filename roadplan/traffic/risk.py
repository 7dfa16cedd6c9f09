"""What many simulated storms say together: probabilities with intervals, CVaR, risk levels.

Scenarios come in members of the forecast with several draws each. Draws of one member share its
weather, so they say less than as many members would; intervals allow for that by the design
effect 1 + (m − 1) ρ of a cluster sample (Kish 1965, "Survey sampling", §5.4).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from roadplan.errors import RoadplanError
from roadplan.traffic.parameters import TrafficParameters

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_Z95 = 1.959964


@dataclass(frozen=True)
class Estimate:
    """A mean or a probability with its interval of 95 %.

    Parameters
    ----------
    value, low, high
        The estimate and the ends of its interval.
    members, draws
        How many members it rests on, and how many scenarios in all.
    """

    value: float
    low: float
    high: float
    members: int
    draws: int


def probability(happened: ArrayLike, member_of: ArrayLike) -> Estimate:
    """Return the probability of an event, with a Wilson interval (Wilson 1927).

    Parameters
    ----------
    happened
        Whether it happened in each scenario, shape (scenario,).
    member_of
        The member of each scenario; members count alike, however many draws they have.

    Notes
    -----
    The interval is that of as many independent scenarios as the sample is worth: between the
    number of members and the number of scenarios, by the correlation within members that the
    sample shows. Where all scenarios agree it shows none, and members alone are counted.

    Examples
    --------
    >>> found = probability([True] * 2 + [False] * 18, range(20))
    >>> round(found.value, 3), round(found.low, 3), round(found.high, 3)
    (0.1, 0.028, 0.301)
    """
    hit, shares, sizes = _by_member(happened, member_of)
    value = float(shares.mean())
    worth = _worth(hit, shares, sizes, value)
    centre = (value + _Z95**2 / (2 * worth)) / (1 + _Z95**2 / worth)
    half = (
        _Z95
        / (1 + _Z95**2 / worth)
        * np.sqrt(value * (1 - value) / worth + _Z95**2 / (4 * worth**2))
    )
    return Estimate(
        value=value,
        low=max(0.0, float(centre - half)) if value > 0 else 0.0,
        high=min(1.0, float(centre + half)) if value < 1 else 1.0,
        members=len(shares),
        draws=len(hit),
    )


def expectation(values: ArrayLike, member_of: ArrayLike) -> Estimate:
    """Return a mean with the interval that the spread of the members' means gives.

    The interval is unbounded where there is only one member.
    """
    all_values, means, _ = _by_member(values, member_of)
    value = float(means.mean())
    half = _Z95 * float(means.std(ddof=1)) / np.sqrt(len(means)) if len(means) > 1 else float("inf")
    return Estimate(value, value - half, value + half, len(means), len(all_values))


def conditional_value_at_risk(values: ArrayLike, share: float = 0.9) -> float:
    """Return the mean of the worst ``1 - share`` of some equally likely values.

    Where that is no whole number of values, the last one counts in part (Rockafellar & Uryasev
    2002, "Conditional value-at-risk for general loss distributions", prop. 8).

    Examples
    --------
    >>> conditional_value_at_risk([0.0, 0.0, 10.0, 30.0], 0.5)
    20.0
    >>> round(conditional_value_at_risk([0.0, 0.0, 10.0, 30.0], 0.6), 6)
    22.5
    """
    if not 0 <= share < 1:
        raise RoadplanError(f"a CVaR of {share} was asked for; give a share from 0 to below 1")
    worst = np.sort(_finite(values))[::-1]
    count = (1 - share) * len(worst)
    weight = np.clip(count - np.arange(len(worst)), 0.0, 1.0)
    return float(np.sum(weight * worst) / count)


def _by_member(values: ArrayLike, member_of: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Return the values, the members' means and their sizes."""
    array = _finite(values)
    members = np.asarray(list(member_of) if isinstance(member_of, range) else member_of)
    if members.shape != array.shape:
        raise RoadplanError(f"{len(members)} members for {len(array)} scenarios")
    _, index, sizes = np.unique(members, return_inverse=True, return_counts=True)
    means = np.bincount(index, weights=array) / sizes
    return array, means, sizes.astype(np.float64)


def _finite(values: ArrayLike) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or len(array) == 0 or not np.all(np.isfinite(array)):
        raise RoadplanError("give one number for each scenario, at least one, none missing")
    return array


def _worth(hit: Floats, shares: Floats, sizes: Floats, value: float) -> float:
    """Return how many independent scenarios the sample is worth (analysis of variance)."""
    members, draws = len(shares), len(hit)
    if members == 1 or draws == members or value in (0.0, 1.0):
        return float(members)
    between = float(np.sum(sizes * (shares - value) ** 2)) / (members - 1)
    within = float(np.sum(sizes * shares * (1 - shares))) / max(draws - members, 1)
    size = float((draws - np.sum(sizes**2) / draws) / (members - 1))
    spread = between + (size - 1) * within
    correlation = min(1.0, max(0.0, (between - within) / spread)) if spread > 0 else 1.0
    return float(np.clip(draws / (1 + (draws / members - 1) * correlation), members, draws))


@dataclass(frozen=True, kw_only=True, eq=False)
class SegmentRisk:
    """Risk of each segment and hour; arrays of shape (hour, segment, direction).

    Parameters
    ----------
    severity
        0 nothing, 1 slow, 2 jam, 3 long jam, 4 closed or impassable: the highest one that is
        likely enough to be named; -1 where nothing is known.
    probability
        Probability of that severity or worse; of none at all (1 less that of any) where it is 0.
    level
        0–4: the severity where it is probable, one less where it is only likely; -1 unknown.
    exceeds
        Probability of each severity or worse, shape (4, hour, segment, direction).
    """

    severity: NDArray[np.int8]
    probability: Floats
    level: NDArray[np.int8]
    exceeds: Floats


def scenario_severity(
    *,
    jam_km: Floats,
    speed_factor: Floats,
    closed: NDArray[np.bool_],
    length_km: Floats,
    parameters: TrafficParameters,
) -> NDArray[np.int8]:
    """Return the severity 0–4 in each scenario, shape (scenario, hour, segment, direction).

    Parameters
    ----------
    jam_km
        Jam on the segment, of that shape.
    speed_factor
        Free speed over that in good weather; NaN where the weather is not known.
    closed
        Whether it is closed or impassable.
    length_km
        Of the segments, shape (segment,).
    parameters
        The thresholds.
    """
    long_km = np.minimum(parameters["risk_long_jam_km"], 0.8 * length_km)[:, None]
    jam_from = np.minimum(parameters["risk_jam_km"], 0.8 * length_km)[:, None]
    severity = np.select(
        [
            closed,
            jam_km >= long_km,
            jam_km >= jam_from,
            speed_factor < parameters["risk_slow_share"],
        ],
        [4, 3, 2, 1],
        default=0,
    )
    return np.where(np.isnan(speed_factor), -1, severity).astype(np.int8)


def segment_risk(
    severity: NDArray[np.int8], member_of: Ints, parameters: TrafficParameters
) -> SegmentRisk:
    """Return severity and probability of each segment and hour, kept apart, and the level.

    Parameters
    ----------
    severity
        Shape (scenario, hour, segment, direction); see :func:`scenario_severity`.
    member_of
        The member of each scenario; members count alike.
    parameters
        When a severity is likely and when probable.
    """
    _, index, sizes = np.unique(member_of, return_inverse=True, return_counts=True)
    weight = 1.0 / sizes[index] / len(sizes)
    exceeds = np.stack(
        [np.tensordot(weight, severity >= grade, axes=1) for grade in range(1, 5)]
    ).astype(np.float64)
    likely = exceeds >= parameters["risk_likely_share"]
    named = np.where(likely.any(axis=0), 4 - np.argmax(likely[::-1], axis=0), 0)
    of_named = np.take_along_axis(exceeds, np.maximum(named - 1, 0)[None], axis=0)[0]
    chance = np.where(named > 0, of_named, 1.0 - exceeds[0])
    lowered = np.maximum(named - 1, 1)
    level = np.where(
        named == 0, 0, np.where(chance >= parameters["risk_probable_share"], named, lowered)
    )
    unknown = (severity < 0).any(axis=0)
    return SegmentRisk(
        severity=np.where(unknown, -1, named).astype(np.int8),
        probability=np.where(unknown, np.nan, chance),
        level=np.where(unknown, -1, level).astype(np.int8),
        exceeds=np.where(unknown, np.nan, exceeds),
    )
