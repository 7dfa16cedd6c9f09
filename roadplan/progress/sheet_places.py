"""Where the rows of a progress sheet lie: posts to stretches, and stretches to contracts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from roadplan.corridor.inventory_placing import Trouble
from roadplan.corridor.model import Corridor, Stretch
from roadplan.corridor.position import Position
from roadplan.corridor.posts import read_post
from roadplan.errors import PostError, RoadplanError
from roadplan.progress.items import WorkItems

OVERHANG_M = 50.0
"""How far a stretch may reach beyond its contract and still be taken to end there: posts are
known to some tens of metres."""

NEAR_M = 100.0
"""How far a post may lie from a structure that it is said to mark."""

_DECIMALS = 3


@dataclass(frozen=True, kw_only=True)
class Part:
    """The part of a stretch that lies in one contract."""

    contract: str
    stretch: Stretch


def said_km(from_post: str, to_post: str) -> float | None:
    """Return how many kilometres lie between two posts as written; None where they do not tell."""
    try:
        begin, end = read_post(from_post), read_post(to_post)
    except PostError:
        return None
    return abs(end.km - begin.km)


def find_stretch(
    corridor: Corridor, from_post: str, to_post: str, *, posting: str = "", route: str = ""
) -> tuple[Stretch | None, list[str], list[Trouble]]:
    """Return the stretch between two posts.

    Where a post alone could mean places on several routes, the other one tells which.

    Parameters
    ----------
    corridor
        The road.
    from_post, to_post
        Posts or stations as text; empty where the cell is.
    posting, route
        What to assume where they name none.

    Returns
    -------
    stretch, notes, troubles
        The stretch where there is no trouble. Stations are rounded to the millimetre.
    """
    texts = {"from_post": from_post, "to_post": to_post}
    found: dict[str, Position] = {}
    why: dict[str, Trouble] = {}
    for column, text in texts.items():
        if not text:
            remedy = "give both posts, or the segment as the place"
            why[column] = Trouble(column=column, why="the stretch has no post here", remedy=remedy)
            continue
        try:
            found[column] = corridor.position(text, posting=posting, route=route)
        except RoadplanError as error:
            reason, remedy = why_and_remedy(error)
            why[column] = Trouble(column=column, why=reason, remedy=remedy)
    if len(found) == 1 and all(texts.values()) and not route:
        (missing,) = set(texts) - set(found)
        (known,) = found.values()
        try:
            found[missing] = corridor.position(texts[missing], posting=posting, route=known.route)
            del why[missing]
        except RoadplanError:
            pass
    if why:
        return None, [], list(why.values())
    return _between(found["from_post"], found["to_post"])


def _between(begin: Position, end: Position) -> tuple[Stretch | None, list[str], list[Trouble]]:
    if begin.route != end.route:
        trouble = Trouble(
            column="to_post",
            why=f"it begins on {begin.route} and ends on {end.route}",
            remedy="report each route in a row of its own",
        )
        return None, [], [trouble]
    low, high = sorted((round(begin.station_m, _DECIMALS), round(end.station_m, _DECIMALS)))
    if low == high:
        trouble = Trouble(
            column="to_post",
            why="the stretch begins and ends at the same place",
            remedy="give the post at which it ends",
        )
        return None, [], [trouble]
    notes = [] if begin.station_m < end.station_m else ["its posts were put in rising order"]
    return Stretch(route=begin.route, from_m=low, to_m=high), notes, []


def parts_by_contract(
    corridor: Corridor, stretch: Stretch, items: WorkItems, *, contract: str = ""
) -> tuple[list[Part], list[str], list[Trouble]]:
    """Cut a stretch where contracts meet.

    Parameters
    ----------
    corridor
        The road.
    stretch
        The stretch.
    items
        The work items with their contracts.
    contract
        The contract that the row names; empty where none.

    Returns
    -------
    parts, notes, troubles
        One part for each contract, in rising order. More than :data:`OVERHANG_M` outside every
        contract, or outside the contract named, is a trouble; less is left out and noted.
    """
    parts = [
        Part(
            contract=each.id,
            stretch=Stretch(
                route=stretch.route,
                from_m=max(each.from_m, stretch.from_m),
                to_m=min(each.to_m, stretch.to_m),
            ),
        )
        for each in sorted(items.contracts, key=lambda each: each.from_m)
        if each.route == stretch.route
        and min(each.to_m, stretch.to_m) > max(each.from_m, stretch.from_m)
    ]
    notes: list[str] = []
    named = [part for part in parts if part.contract == contract]
    if contract:
        beyond = [part for part in parts if part.contract != contract]
        if not named:
            where = " and ".join(part.contract for part in beyond) or "no contract"
            why, remedy = f"the stretch lies in {where}", "correct the contract or the posts"
            return [], [], [Trouble(column="contract", why=why, remedy=remedy)]
        long = [part for part in beyond if part.stretch.length_m > OVERHANG_M]
        if long:
            names = ", ".join(part.contract for part in long)
            trouble = Trouble(
                column="contract",
                why=f"the stretch reaches from {contract} into {names}",
                remedy="leave the contract empty to have it split, or end the stretch there",
            )
            return [], [], [trouble]
        parts = named
        notes += [
            f"{_length(part.stretch.length_m)} in {part.contract} left out" for part in beyond
        ]
    if not parts:
        return [], notes, [_outside(corridor, stretch, stretch)]
    gaps = (
        list(_gaps(stretch, [part.stretch for part in parts]))
        if not contract
        else list(_gaps(stretch, [part.stretch for part in [*parts, *beyond]]))
    )
    long_gaps = [gap for gap in gaps if gap.length_m > OVERHANG_M]
    if long_gaps:
        return [], notes, [_outside(corridor, gap, stretch) for gap in long_gaps]
    notes += [f"{_length(gap.length_m)} in no contract left out" for gap in gaps]
    if len(parts) > 1:
        cuts = ", ".join(f"{part.stretch.from_m:.0f} m" for part in parts[1:])
        names = " and ".join(part.contract for part in parts)
        notes.append(f"split between {names} at {cuts}")
    return parts, notes, []


def _gaps(stretch: Stretch, covered: Sequence[Stretch]) -> Iterator[Stretch]:
    """Yield what a stretch has outside of others."""
    at = stretch.from_m
    for part in sorted(covered, key=lambda part: part.from_m):
        if part.from_m > at:
            yield Stretch(route=stretch.route, from_m=at, to_m=part.from_m)
        at = max(at, part.to_m)
    if at < stretch.to_m:
        yield Stretch(route=stretch.route, from_m=at, to_m=stretch.to_m)


def _outside(corridor: Corridor, gap: Stretch, whole: Stretch) -> Trouble:
    what = "it" if gap == whole else f"{_length(gap.length_m)} of it"
    return Trouble(
        column="to_post" if gap.to_m >= whole.to_m else "from_post",
        why=f"{what} ({place_text(corridor, gap)}) lies in no contract",
        remedy="give only stretches inside contracts, one row each",
    )


def _length(metres: float) -> str:
    return f"{metres / 1000:.3f} km" if metres >= 1 else f"{metres * 1000:.0f} mm"


def place_text(corridor: Corridor, stretch: Stretch) -> str:
    """Return where a stretch lies as people say it: by posts where there are any."""
    posts = [
        corridor.posts(Position(stretch.route, min(at, corridor.axis(stretch.route).length_m)))
        for at in (stretch.from_m, stretch.to_m)
    ]
    if not all(posts):
        return f"{stretch.route} {stretch.from_m:.0f}–{stretch.to_m:.0f} m"
    return f"{posts[0][0]} – {posts[1][0]}"


def why_and_remedy(error: RoadplanError) -> tuple[str, str]:
    """Split an error's message at its first semicolon into reason and remedy."""
    why, _, remedy = str(error).partition("; ")
    return why, remedy
