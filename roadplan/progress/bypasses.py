"""Which temporary bypass roads carry traffic as of a moment."""

from __future__ import annotations

import pandas as pd

from roadplan.corridor import Corridor
from roadplan.progress.milestones import NO_REPORT, NOT_BEGUN
from roadplan.progress.pieces import FULL
from roadplan.progress.rollup import Status


def bypasses_in_use(corridor: Corridor, found: Status) -> pd.DataFrame:
    """Return the temporary bypass roads on which traffic is led around a structure.

    Parameters
    ----------
    corridor
        The road; its table of detours.
    found
        The status of the works as of the moment.

    Returns
    -------
    DataFrame
        Columns `detour`, `route`, `from_m`, `to_m` and `known`: `reported`, or `table` where no
        report speaks of the bypass or its structure and the corridor's table decides.

    Notes
    -----
    A bypass is out of use once it is reported closed or its structure reported finished, and in
    use while it is reported open or its structure reported begun: a bypass is opened before its
    structure is begun and closed only after it stands.
    """
    reported = _reported(found)
    rows = []
    for row in corridor.table("detours").to_dict("records"):
        open_now = reported.get(str(row["detour"]))
        known = "table" if open_now is None else "reported"
        if open_now is None:
            open_now = row["state"] == "open"
        if open_now:
            rows.append({**{name: row[name] for name in _PLACE}, "known": known})
    return pd.DataFrame(rows, columns=[*_PLACE, "known"])


def bypasses_note(corridor: Corridor, found: Status, used: pd.DataFrame) -> str:
    """Return in a sentence how many bypasses are in use, and how many of them are reported.

    Parameters
    ----------
    corridor, found
        As in :func:`bypasses_in_use`.
    used
        What that returned.
    """
    reported = int((used["known"] == "reported").sum())
    return (
        f"as of {found.as_of.work_date.isoformat()} {len(used)} of "
        f"{len(corridor.table('detours'))} temporary bypasses are in use, {reported} of them by "
        "the ledger, the others by the corridor's table"
    )


_PLACE = ("detour", "route", "from_m", "to_m")


def _reported(found: Status) -> dict[str, bool]:
    """Return detour → whether it carries traffic, of those that reports speak of."""
    structures = {
        item.place: number
        for number, item in enumerate(found.items)
        if found.items.type_of(item).group == "structure"
    }
    answer: dict[str, bool] = {}
    for number, item in enumerate(found.items):
        kind = found.items.type_of(item)
        if kind.group != "detour":
            continue
        stage = int(found.reached.stage[number])
        structure = structures.get(item.structure)
        around = NO_REPORT if structure is None else int(found.reached.stage[structure])
        stands = structure is not None and bool(found.completion[structure] >= FULL)
        if stands or (stage >= 0 and not kind.stages[stage].traffic):
            answer[item.place] = False
        elif stage >= 0 or around >= 0:
            answer[item.place] = True
        elif stage == NOT_BEGUN:
            answer[item.place] = False
    return answer
