"""Work items: what has to be done where, made from the corridor by a rule."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from roadplan.errors import UnknownIdError
from roadplan.progress.worktypes import WorkType, WorkTypes, load_work_types
from roadplan.tables.schema import STANDINGS

if TYPE_CHECKING:
    import pandas as pd

    from roadplan.corridor.model import Asset, Contract, Corridor

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class WorkItem:
    """Work of one type on a stretch or an asset.

    Parameters
    ----------
    id
        ``<work type>:<place>``.
    work_type
        Id of its type.
    place
        Id of the segment, the asset or the contract.
    asset
        The place again where it is measured by milestones, else empty; reports name it.
    structure
        The structure a bypass road leads around, else empty.
    contract, region
        Ids; empty where none.
    segment
        The segment it lies on; empty for procurement and off the segments.
    route, from_m, to_m
        Where it lies. For a structure this is what stays incomplete until it is finished: the
        stretch that its bypass road leads around, else its own length. A thing without length has
        ``from_m == to_m``.
    quantity, unit
        How much there is to do.
    weight
        Its weight in a roll-up.
    after
        Ids of the items that come before it.
    waits_to
        Whether it waits for them before it starts or only before it finishes.
    season
        Season class.
    standing, source
        Where the quantity comes from; the weaker of place and rule.
    """

    id: str
    work_type: str
    place: str
    asset: str = ""
    structure: str = ""
    contract: str = ""
    region: str = ""
    segment: str = ""
    route: str = ""
    from_m: float = 0.0
    to_m: float = 0.0
    quantity: float = 1.0
    unit: str = ""
    weight: float = 1.0
    after: tuple[str, ...] = ()
    waits_to: str = "start"
    season: str = "all-year"
    standing: str = "estimated"
    source: str = ""


@dataclass(frozen=True)
class WorkItems(Sequence[WorkItem]):
    """All work items of a corridor with their types.

    Parameters
    ----------
    items
        The items, in any order; ids are unique.
    types
        The types they are of.
    contracts
        The contracts whose kilometres are counted, in order; may be empty.
    """

    items: tuple[WorkItem, ...] = field(repr=False)
    types: WorkTypes
    contracts: tuple[Contract, ...] = field(default=(), repr=False)

    def __len__(self) -> int:
        """Return the number of items."""
        return len(self.items)

    def __getitem__(self, index: Any) -> Any:
        """Return the item at an index, or a tuple of items for a slice."""
        return self.items[index]

    def __iter__(self) -> Iterator[WorkItem]:
        """Iterate over the items."""
        return iter(self.items)

    @cached_property
    def _by_id(self) -> dict[str, WorkItem]:
        return {item.id: item for item in self.items}

    @property
    def ids(self) -> Collection[str]:
        """The ids of all items."""
        return self._by_id.keys()

    def item(self, item: str) -> WorkItem:
        """Return an item by id.

        Raises
        ------
        UnknownIdError
            There is no such item.
        """
        if item not in self._by_id:
            kind = item.partition(":")[0]
            near = [key for key in self._by_id if key.partition(":")[0] == kind][:5]
            hint = ", ".join(near) if near else f"ids begin with one of {', '.join(self.types)}"
            raise UnknownIdError(f"there is no work item '{item}'; e.g. {hint}")
        return self._by_id[item]

    @cached_property
    def _along(self) -> dict[tuple[str, str], tuple[Floats, Floats, Floats]]:
        found: dict[tuple[str, str], list[tuple[float, float, float]]] = {}
        for item in self.items:
            if not item.asset:
                place = (item.from_m, item.to_m, item.quantity)
                found.setdefault((item.work_type, item.route), []).append(place)
        return {
            key: (rows[:, 0], rows[:, 1], rows[:, 2])
            for key, rows in ((key, np.array(rows)) for key, rows in found.items())
        }

    def planned_on(self, work_type: str, route: str, from_m: float, to_m: float) -> float:
        """Return the quantity of a work along the road on a stretch; 0 where none is planned.

        Items that the stretch cuts count by length.
        """
        if (work_type, route) not in self._along:
            return 0.0
        begin, end, quantity = self._along[work_type, route]
        common = np.minimum(end, to_m) - np.maximum(begin, from_m)
        return float((np.maximum(common, 0.0) / (end - begin) * quantity).sum())

    def type_of(self, item: WorkItem) -> WorkType:
        """Return the type of an item."""
        return self.types[item.work_type]

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The items as a table, one row each in their order; treat it as read-only.

        Columns as the fields but `after`, then `group`, `measure` and `physical` of the type.
        """
        import pandas as pd

        names = [name for name in WorkItem.__dataclass_fields__ if name != "after"]
        columns: dict[str, Any] = {
            name: [getattr(item, name) for item in self.items] for name in names
        }
        types = [self.types[item.work_type] for item in self.items]
        columns["group"] = [each.group for each in types]
        columns["measure"] = [each.measure for each in types]
        columns["physical"] = [each.physical for each in types]
        return pd.DataFrame(columns)


@dataclass(frozen=True, kw_only=True)
class _Place:
    """Where an item is made for."""

    id: str
    contract: str
    region: str = ""
    segment: str = ""
    route: str
    from_m: float
    to_m: float
    standing: str
    source: str
    structure: str = ""


def work_items(corridor: Corridor, types: WorkTypes | None = None) -> WorkItems:
    """Make the work items of a corridor.

    Work along the road has one item for each segment of a contract; structures, bypass roads and
    rest areas that name a contract have one each, their sanitary facilities another; procurement
    has one for each contract. Stretches between contracts have none.

    Parameters
    ----------
    corridor
        The road.
    types
        The types of work; by default those that come with roadplan.

    Examples
    --------
    >>> from roadplan import corridor
    >>> items = work_items(corridor.load())
    >>> items.item("bridge:kb-bridge-01").contract
    'karaganda-balkhash'
    """
    types = load_work_types() if types is None else types
    contracts = tuple(c for c in corridor.contracts if c.kind == "contract")
    places = _places(corridor, contracts)
    made = [
        _item(kind, place)
        for kind in types.values()
        for place, attributes in places[kind.on]
        if not kind.kinds or attributes in kind.kinds
    ]
    return WorkItems(tuple(_with_predecessors(made, types)), types, contracts)


def _item(kind: WorkType, place: _Place) -> WorkItem:
    milestones = kind.measure == "milestones"
    quantity = 1.0 if milestones else (place.to_m - place.from_m) / 1000 * kind.per_km
    standing = max(place.standing, kind.standing, key=STANDINGS.index)
    return WorkItem(
        id=f"{kind.id}:{place.id}",
        work_type=kind.id,
        place=place.id,
        asset=place.id if milestones else "",
        structure=place.structure,
        contract=place.contract,
        region=place.region,
        segment=place.segment,
        route=place.route,
        from_m=place.from_m,
        to_m=place.to_m,
        quantity=quantity,
        unit=kind.unit,
        weight=quantity * kind.unit_weight,
        waits_to=kind.waits_to,
        season=kind.season,
        standing=standing,
        source=place.source if place.standing == standing else kind.source,
    )


def _places(
    corridor: Corridor, contracts: Sequence[Contract]
) -> dict[str, list[tuple[_Place, str]]]:
    """Return what items are made for, each with its kind of structure where it has one."""
    named = {contract.id for contract in contracts}
    detours = [asset for asset in corridor.assets if asset.table == "detours"]
    around = {str(each.attributes["structure"]): each for each in detours}
    structures = [asset for asset in corridor.assets if asset.table == "structures"]
    owner = {asset.id: str(asset.attributes["contract"]) for asset in structures}
    rest = [asset for asset in corridor.assets if asset.table == "rest_areas"]
    found: dict[str, list[tuple[_Place, str]]] = {
        "segments": [
            (
                _Place(
                    id=each.id,
                    contract=each.contract,
                    region=each.region,
                    segment=each.id,
                    route=each.route,
                    from_m=each.from_m,
                    to_m=each.to_m,
                    standing="measured",
                    source="length along the axis",
                ),
                "",
            )
            for each in corridor.segments
            if each.contract in named
        ],
        "structures": [
            (_asset_place(corridor, each, around.get(each.id)), str(each.attributes["kind"]))
            for each in structures
            if each.attributes["contract"]
        ],
        "detours": [
            (_detour_place(corridor, each, owner), "")
            for each in detours
            if owner.get(str(each.attributes["structure"]))
        ],
        "rest_areas": [
            (_asset_place(corridor, each), "") for each in rest if each.attributes["contract"]
        ],
        "contracts": [
            (
                _Place(
                    id=each.id,
                    contract=each.id,
                    route=each.route,
                    from_m=each.from_m,
                    to_m=each.to_m,
                    standing=each.standing,
                    source=each.source,
                ),
                "",
            )
            for each in contracts
        ],
    }
    without = {each.id for each in rest if each.attributes["sanitary"] == "no"}
    found["sanitary"] = [(p, kind) for p, kind in found["rest_areas"] if p.id not in without]
    return found


def _asset_place(corridor: Corridor, asset: Asset, detour: Asset | None = None) -> _Place:
    station = asset.position.station_m
    half = float(asset.attributes.get("length_m") or 0.0) / 2
    half = half if half > 0 else 0.0
    from_m, to_m = station - half, station + half
    if detour is not None:
        from_m = min(from_m, float(detour.attributes["from_m"]))
        to_m = max(to_m, float(detour.attributes["to_m"]))
    segment, region = _segment_at(corridor, asset.position.route, station)
    return _Place(
        id=asset.id,
        contract=str(asset.attributes["contract"]),
        region=region,
        segment=segment,
        route=asset.position.route,
        from_m=max(from_m, 0.0),
        to_m=min(to_m, corridor.axis(asset.position.route).length_m),
        standing=asset.standing,
        source=asset.source,
    )


def _detour_place(corridor: Corridor, asset: Asset, owner: dict[str, str]) -> _Place:
    structure = str(asset.attributes["structure"])
    from_m, to_m = float(asset.attributes["from_m"]), float(asset.attributes["to_m"])
    segment, region = _segment_at(corridor, asset.position.route, (from_m + to_m) / 2)
    return _Place(
        id=asset.id,
        contract=owner[structure],
        region=region,
        segment=segment,
        route=asset.position.route,
        from_m=from_m,
        to_m=to_m,
        standing=asset.standing,
        source=asset.source,
        structure=structure,
    )


def _segment_at(corridor: Corridor, route: str, station_m: float) -> tuple[str, str]:
    """Return the ids of the segment and the region at a place; empty where there is none."""
    on_route = [each for each in corridor.segments if each.route == route]
    for each in on_route:
        if each.from_m <= station_m < each.to_m:
            return each.id, each.region
    last = max(on_route, key=lambda each: each.to_m, default=None)
    if last is not None and station_m >= last.to_m:
        return last.id, last.region
    return "", ""


def _with_predecessors(made: Sequence[WorkItem], types: WorkTypes) -> Iterator[WorkItem]:
    """Yield the items with the ids of those that come before them.

    At the same place; for a bypass road, at its structure; procurement, for its whole contract.
    """
    from dataclasses import replace

    by_place: dict[tuple[str, str], str] = {(item.work_type, item.place): item.id for item in made}
    for item in made:
        before = []
        for other in types[item.work_type].after:
            place = item.structure or item.place
            if types[other].on == "contracts":
                place = item.contract
            found = by_place.get((other, place))
            if found is not None:
                before.append(found)
        yield replace(item, after=tuple(before)) if before else item
