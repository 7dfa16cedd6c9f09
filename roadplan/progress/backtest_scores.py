"""Scores of stated probabilities against what came."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from roadplan.errors import RoadplanError

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class BrierScore:
    """The Brier score with its parts (Murphy 1973), on probabilities grouped in bins.

    Parameters
    ----------
    score
        Mean squared difference of probability and outcome; 0 is perfect, 0.25 is a coin.
    reliability
        How far stated probabilities are from the frequencies that came; 0 is best.
    resolution
        How far the frequencies of the bins are from the mean frequency; more is better.
    uncertainty
        Score of always stating the mean frequency.
    skill
        1 − score / uncertainty; NaN where all outcomes are alike.
    count
        Number of probabilities.
    """

    score: float
    reliability: float
    resolution: float
    uncertainty: float
    skill: float
    count: int


def brier(probability: ArrayLike, came: ArrayLike, *, bins: int = 10) -> BrierScore:
    """Return the Brier score of probabilities.

    Parameters
    ----------
    probability
        Stated probabilities, shape (n,).
    came
        Whether it came, shape (n,).
    bins
        Number of bins of equal width for the parts.

    Examples
    --------
    >>> result = brier([0.9, 0.9, 0.1], [1, 0, 0])
    >>> round(result.score, 4)
    0.2767
    """
    stated, outcome = _pairs(probability, came)
    table = reliability(stated, outcome, bins=bins)
    base = float(outcome.mean())
    uncertainty = base * (1 - base)
    score = float(((stated - outcome) ** 2).mean())
    share = table["count"] / len(stated)
    return BrierScore(
        score=score,
        reliability=float((share * (table["stated"] - table["came"]) ** 2).sum()),
        resolution=float((share * (table["came"] - base) ** 2).sum()),
        uncertainty=uncertainty,
        skill=1 - score / uncertainty if uncertainty > 0 else float("nan"),
        count=len(stated),
    )


def reliability(probability: ArrayLike, came: ArrayLike, *, bins: int = 10) -> pd.DataFrame:
    """Return how often it came by what was stated.

    Returns
    -------
    DataFrame
        For each bin that was used: `from`, `to`, `count`, mean `stated` probability and the share
        of what `came`, with its 90 % interval `low` and `high` (Wilson 1927) for independent
        outcomes.
    """
    stated, outcome = _pairs(probability, came)
    number = np.minimum((stated * bins).astype(int), bins - 1)
    rows = []
    for k in np.unique(number):
        mine = number == k
        count, share = int(mine.sum()), float(outcome[mine].mean())
        low, high = _wilson(share, count)
        rows.append(
            {
                "from": k / bins,
                "to": (k + 1) / bins,
                "count": count,
                "stated": float(stated[mine].mean()),
                "came": share,
                "low": low,
                "high": high,
            }
        )
    return pd.DataFrame(rows)


def pit_counts(pit: ArrayLike, *, bins: int = 10) -> NDArray[np.int64]:
    """Return how many probability integral transforms fall in each bin; even counts are ideal.

    Parameters
    ----------
    pit
        Stated probability of ending by the day on which it really ended, shape (n,).
    bins
        Number of bins.
    """
    values = np.asarray(pit, dtype=np.float64)
    found: NDArray[np.int64] = np.histogram(values, bins=bins, range=(0, 1))[0].astype(np.int64)
    return found


def _pairs(probability: ArrayLike, came: ArrayLike) -> tuple[Floats, Floats]:
    stated = np.asarray(probability, dtype=np.float64)
    outcome = np.asarray(came, dtype=np.float64)
    if stated.shape != outcome.shape or stated.ndim != 1 or not len(stated):
        raise RoadplanError("a score needs at least one probability, and one outcome for each")
    if not ((stated >= 0) & (stated <= 1)).all():
        raise RoadplanError("probabilities lie between 0 and 1")
    return stated, outcome


def _wilson(share: float, count: int, z: float = 1.645) -> tuple[float, float]:
    centre = (share + z**2 / (2 * count)) / (1 + z**2 / count)
    half = z / (1 + z**2 / count) * np.sqrt(share * (1 - share) / count + z**2 / (4 * count**2))
    return float(max(centre - half, 0.0)), float(min(centre + half, 1.0))
