"""Risk levels of a simulated storm by stretch: neighbouring segments of one level together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from roadplan.traffic.layout import DIRECTIONS, Segments
from roadplan.traffic.outcome import StormOutcome
from roadplan.traffic.risk import SegmentRisk

COLUMNS = ("route", "direction", "from_m", "to_m", "level", "severity", "probability", "hour")

_TOUCHING_M = 1.0


def risk_stretches(outcome: StormOutcome, plan: int = 0) -> pd.DataFrame:
    """Return the stretches of each route and direction with their worst hour.

    Parameters
    ----------
    outcome
        A simulated storm.
    plan
        Which plan of it.

    Returns
    -------
    DataFrame
        Columns `route`, `direction` (`rising` or `falling` stations), `from_m`, `to_m`; `level`:
        the worst of the run, 0–4, or -1 where the weather is not known; `severity`,
        `probability` and `hour` (from the beginning) of the segment and hour where it is worst.
        In road order.
    """
    segments = outcome.traffic.segments
    worst = _worst(outcome.segment_risk(plan))
    order = sorted(
        range(len(segments)), key=lambda k: (segments.route[k], float(segments.from_m[k]))
    )
    rows: list[dict[str, Any]] = []
    for side, direction in enumerate(DIRECTIONS):
        for k in order:
            row = _row(segments, worst, k, side) | {"direction": direction}
            if rows and _goes_on(rows[-1], row):
                _join(rows[-1], row)
            else:
                rows.append(row)
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return frame.sort_values(["route", "from_m", "direction"], kind="stable", ignore_index=True)


def _worst(risk: SegmentRisk) -> dict[str, NDArray[Any]]:
    """Return level, severity, probability and hour of the worst hour, shape (segment, 2)."""
    known = risk.level >= 0
    rank = np.where(known, risk.level + 0.2 * risk.severity, -1.0)
    rank = rank + np.where(known & (risk.level > 0), 0.1 * np.nan_to_num(risk.probability), 0.0)
    hour = np.argmax(rank, axis=0)

    def at(values: NDArray[Any]) -> NDArray[Any]:
        picked: NDArray[Any] = np.take_along_axis(values, hour[None], axis=0)[0]
        return picked

    return {
        "level": at(risk.level),
        "severity": at(risk.severity),
        "probability": at(risk.probability),
        "hour": hour,
    }


def _row(segments: Segments, worst: dict[str, NDArray[Any]], k: int, side: int) -> dict[str, Any]:
    return {
        "route": segments.route[k],
        "from_m": float(segments.from_m[k]),
        "to_m": float(segments.to_m[k]),
        "level": int(worst["level"][k, side]),
        "severity": int(worst["severity"][k, side]),
        "probability": float(worst["probability"][k, side]),
        "hour": int(worst["hour"][k, side]),
    }


def _goes_on(before: dict[str, Any], row: dict[str, Any]) -> bool:
    same = all(before[name] == row[name] for name in ("route", "direction", "level"))
    return same and abs(before["to_m"] - row["from_m"]) < _TOUCHING_M


def _join(before: dict[str, Any], row: dict[str, Any]) -> None:
    """Lengthen a stretch, and let it show the worse of the two."""
    before["to_m"] = row["to_m"]
    if (row["severity"], row["probability"]) > (before["severity"], before["probability"]):
        before.update({name: row[name] for name in ("severity", "probability", "hour")})
