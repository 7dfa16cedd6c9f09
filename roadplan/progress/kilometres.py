"""Three kilometre figures that are never mixed: surfaced, complete, open to traffic."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from roadplan.progress.history import Flags, Floats
from roadplan.progress.items import WorkItems
from roadplan.progress.pieces import FULL, Pieces


def kilometres(items: WorkItems, pieces: Sequence[Pieces], completion: Floats) -> pd.DataFrame:
    """Return the three kilometre figures of each contract, and of all in the last row.

    A half of the road that is done while the other is not counts half of its length. *Complete*
    means that all physical work along the road is done there and no structure on it is unfinished:
    an unfinished structure holds back the stretch that its bypass road leads around.

    Parameters
    ----------
    items
        The work items.
    pieces
        The work along the road as of a moment.
    completion
        For each item the share done; NaN where nobody reported.

    Returns
    -------
    DataFrame
        `contract` (`whole` in the last row), `length_km` along the axis, `length_km_official`,
        `surfaced_km`, `complete_km`, `open_km` (along the axis; NaN: no report) and `lacking`:
        work types along the road of which the contract has no report, without which nothing is
        known to be complete, joined by semicolons. In the last row the sums of what is known,
        NaN where none is.
    """
    owners = np.array([item.contract for item in items], dtype=object)
    rows = []
    for contract in items.contracts:
        own = [
            (each, inside)
            for each in pieces
            if (inside := (each.item >= 0) & (owners[each.item] == contract.id)).any()
        ]
        row = {
            "contract": contract.id,
            "length_km": contract.length_m / 1000,
            "length_km_official": contract.length_km_official,
            "surfaced_km": _shown(items, own, "surfaced"),
        }
        lacking = [
            each.work_type
            for each, inside in own
            if items.types[each.work_type].physical and not each.reported[inside].any()
        ]
        row["complete_km"] = np.nan if lacking or not own else _complete(items, own, completion)
        row["open_km"] = _shown(items, own, "open")
        row["lacking"] = ";".join(dict.fromkeys(lacking))
        rows.append(row)
    frame = pd.DataFrame(rows, columns=list(_COLUMNS))
    whole: dict[str, object] = {
        name: frame[name].sum(min_count=1)
        for name in _COLUMNS
        if name.endswith(("_km", "_official"))
    }
    lacked = {kind for text in frame["lacking"] for kind in str(text).split(";") if kind}
    whole |= {
        "contract": "whole",
        "lacking": ";".join(kind for kind in items.types if kind in lacked),
    }
    return pd.concat([frame, pd.DataFrame([whole])], ignore_index=True)[list(_COLUMNS)]


_COLUMNS = (
    "contract",
    "length_km",
    "length_km_official",
    "surfaced_km",
    "complete_km",
    "open_km",
    "lacking",
)

_Own = Sequence[tuple[Pieces, Flags]]


def _shown(items: WorkItems, own: _Own, shows: str) -> float:
    """Return the kilometres done of the work that shows a figure; NaN where no report."""
    chosen = [(each, inside) for each, inside in own if items.types[each.work_type].shows == shows]
    if not any(each.reported[inside].any() for each, inside in chosen):
        return float("nan")
    return sum(
        float((each.length_m * each.share.mean(axis=0))[inside].sum()) / 1000
        for each, inside in chosen
    )


def _complete(items: WorkItems, own: _Own, completion: Floats) -> float:
    """Return the kilometres on which all physical work is done."""
    total = 0.0
    for route in dict.fromkeys(each.route for each, _ in own):
        parts = [
            (each, inside)
            for each, inside in own
            if each.route == route and items.types[each.work_type].physical
        ]
        if not parts:
            continue
        held = [
            (item.from_m, item.to_m)
            for item, share in zip(items, completion, strict=True)
            if item.asset
            and item.route == route
            and items.types[item.work_type].group == "structure"
            and not share >= FULL
        ]
        cuts = np.unique(
            np.concatenate(
                [each.from_m for each, _ in parts]
                + [each.to_m for each, _ in parts]
                + [np.array(held, dtype=float).reshape(-1)]
            )
        )
        middle = (cuts[:-1] + cuts[1:]) / 2
        done = np.ones((2, len(middle)), dtype=bool)
        planned = np.zeros(len(middle), dtype=bool)
        for each, inside in parts:
            at = np.searchsorted(each.from_m, middle, side="right") - 1
            covered = (at >= 0) & (middle < each.to_m[at])
            mine = covered & inside[at]
            planned |= mine
            done &= (each.share[:, at] >= FULL) | ~mine
        for from_m, to_m in held:
            done[:, (middle > from_m) & (middle < to_m)] = False
        total += float((np.diff(cuts) * done.mean(axis=0))[planned].sum()) / 1000
    return total
