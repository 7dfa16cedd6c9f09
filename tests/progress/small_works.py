"""A small road of one's own for the tests: work types, segments, structures, reports."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Sequence

from roadplan.corridor.model import Contract, Names
from roadplan.progress import Report, StoredReport, WorkItem, WorkItems, load_work_types

DAY = dt.date(2024, 5, 1)
RECORDED = dt.datetime(2024, 6, 1, tzinfo=dt.UTC)
LAYERS = ("earthworks", "lower-asphalt", "upper-asphalt", "signs", "opening")


def contract(key: str, from_m: float, to_m: float) -> Contract:
    """Return a contract on the route `r`."""
    return Contract(
        id=key,
        names=Names(key),
        standing="reported",
        source="test",
        route="r",
        from_m=from_m,
        to_m=to_m,
        kind="contract",
        length_km_official=(to_m - from_m) / 1000,
    )


def items(
    cuts: Sequence[float] = (0.0, 5_000.0, 10_000.0),
    *,
    layers: Iterable[str] = LAYERS,
    structures: Iterable[tuple[str, str, float]] = (("bridge", "b1", 2_000.0),),
    border_m: float = 5_000.0,
) -> WorkItems:
    """Return work items on segments between cuts; contract c1 lies before the border, c2 after."""
    types = load_work_types()
    found = []
    for layer in layers:
        kind = types[layer]
        for from_m, to_m in itertools.pairwise(cuts):
            quantity = (to_m - from_m) / 1000 * kind.per_km
            found.append(
                WorkItem(
                    id=f"{layer}:{from_m:g}",
                    work_type=layer,
                    place=f"{from_m:g}",
                    segment=f"{from_m:g}",
                    contract="c1" if from_m < border_m else "c2",
                    route="r",
                    from_m=from_m,
                    to_m=to_m,
                    quantity=quantity,
                    unit=kind.unit,
                    weight=quantity * kind.unit_weight,
                )
            )
    for kind_id, asset, station_m in structures:
        found.append(
            WorkItem(
                id=f"{kind_id}:{asset}",
                work_type=kind_id,
                place=asset,
                asset=asset,
                contract="c1" if station_m < border_m else "c2",
                route="r",
                from_m=station_m - 300,
                to_m=station_m + 300,
                weight=types[kind_id].unit_weight,
            )
        )
    contracts = (contract("c1", cuts[0], border_m), contract("c2", border_m, cuts[-1]))
    return WorkItems(tuple(found), types, contracts)


def stretch(
    from_m: float, to_m: float, *, work_type: str = "lower-asphalt", day: int = 0, **stated: object
) -> Report:
    """Return a report on a stretch of the route `r`."""
    return Report(
        work_type=work_type,
        route="r",
        from_m=from_m,
        to_m=to_m,
        work_date=DAY + dt.timedelta(days=day),
        author="Office",
        source="test",
        **stated,  # type: ignore[arg-type] # fields of a report
    )


def milestone(stage: str, *, work_type: str = "bridge", asset: str = "b1", day: int = 0) -> Report:
    """Return a report on an asset."""
    return Report(
        work_type=work_type,
        asset=asset,
        stage=stage,
        work_date=DAY + dt.timedelta(days=day),
        author="Office",
        source="test",
    )


def stored(reports: Iterable[Report], *, minutes: int = 1) -> list[StoredReport]:
    """Return reports as a ledger would have recorded them, each some minutes after the last."""
    return [
        StoredReport(
            seq=k,
            recorded_at=RECORDED + dt.timedelta(minutes=minutes * k),
            report=report,
            hash="",
        )
        for k, report in enumerate(reports, start=1)
    ]
