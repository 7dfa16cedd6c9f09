"""Event tables: what holds on stretches of the road, overlaid, joined, cut and summed.

An event table is a DataFrame with the columns `route`, `from_m` and `to_m` and any attributes. Its
stretches are half open, ``[from_m, to_m)``: one that ends where another begins does not overlap
it. Results are new tables in order of route and station, numbered from 0; the input stays as it
was. Stations are compared exactly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import pandas as pd

from roadplan.corridor._event_tables import (
    PLACE,
    assembled,
    attributes,
    checked,
    cut_points,
    extents_frame,
    refuse_overlaps,
    renamed,
    require,
    together,
)
from roadplan.corridor._geodesic import Floats
from roadplan.corridor._stretches import (
    Ints,
    Stretches,
    between_ranks,
    common,
    cover,
    elementary,
    end_ranks,
    joined,
    pairs,
    remainder,
    spread,
)
from roadplan.errors import RoadplanError


def overlay(
    left: pd.DataFrame,
    right: pd.DataFrame,
    *,
    how: Literal["intersection", "left", "union"] = "intersection",
    suffixes: tuple[str, str] = ("_left", "_right"),
) -> pd.DataFrame:
    """Cut two event tables at each other's ends and put their attributes side by side.

    Parameters
    ----------
    left, right
        Event tables.
    how
        `intersection`: a row for each pair of rows that overlap, on the stretch where they do;
        rows of one table may overlap each other. `left`: also the parts of `left` that nothing
        of `right` lies on. `union`: also the parts of `right` that nothing of `left` lies on.
    suffixes
        Added to the names of attributes that both tables have.

    Returns
    -------
    DataFrame
        `route`, `from_m`, `to_m`, the attributes of `left`, those of `right`; missing values
        where a table has nothing.

    Raises
    ------
    FaultsError
        A table is no event table. For `left`, rows of `right` overlap each other, and for
        `union` those of `left` as well: their common part would count twice in every total.
    RoadplanError
        `how` is unknown, or two columns of the result would have one name.

    Examples
    --------
    >>> lanes = pd.DataFrame(
    ...     {"route": "a", "from_m": [0, 500], "to_m": [500, 900], "lanes": [2, 1]}
    ... )
    >>> works = pd.DataFrame({"route": ["a"], "from_m": [300], "to_m": [600], "works": ["paving"]})
    >>> overlay(lanes, works)
      route  from_m   to_m  lanes   works
    0     a   300.0  500.0      2  paving
    1     a   500.0  600.0      1  paving
    """
    if how not in ("intersection", "left", "union"):
        raise RoadplanError(f"how={how!r} is unknown; use intersection, left or union")
    left, right = checked(left, "left"), checked(right, "right")
    names, (a, b) = together(left, right)
    if how != "intersection":
        refuse_overlaps(right, b, "right", f"how={how!r} would count their common part twice")
    if how == "union":
        refuse_overlaps(left, a, "left", "how='union' would count their common part twice")
    i, j = pairs(a, b)
    parts = [(common(a, b, i, j), i, j)]
    if how in ("left", "union"):
        rest, rows = remainder(a, b, len(names))
        parts.append((rest, rows, np.full(len(rows), -1)))
    if how == "union":
        rest, rows = remainder(b, a, len(names))
        parts.append((rest, np.full(len(rows), -1), rows))
    place = joined([part for part, _, _ in parts])
    i, j = (np.concatenate([part[k] for part in parts]) for k in (1, 2))
    order = np.lexsort((j, i, place.to_m, place.from_m, place.route))
    sides = renamed([attributes(left), attributes(right)], suffixes)
    taken = [side.reindex(rows[order]) for side, rows in zip(sides, (i, j), strict=True)]
    return assembled(names, place.take(order), taken)


def dissolve(events: pd.DataFrame, by: str | Sequence[str] = ()) -> pd.DataFrame:
    """Join stretches that touch or overlap and agree in some attributes.

    Parameters
    ----------
    events
        An event table.
    by
        The attributes that must be equal (missing equals missing). Without any, the result is
        what the table covers.

    Returns
    -------
    DataFrame
        `route`, `from_m`, `to_m` and the attributes named in `by`; the others are left out.

    Raises
    ------
    FaultsError
        It is no event table.
    RoadplanError
        It has no such attribute.
    """
    events = checked(events, "events")
    columns = [by] if isinstance(by, str) else list(by)
    require(events, columns)
    group = events.groupby(["route", *columns], dropna=False, sort=True, observed=True).ngroup()
    stretches = Stretches(
        group.to_numpy(np.intp),
        events["from_m"].to_numpy(float),
        events["to_m"].to_numpy(float),
    )
    covered, first = cover(stretches)
    result = events[["route", *columns]].iloc[first]
    result.insert(1, "from_m", covered.from_m)
    result.insert(2, "to_m", covered.to_m)
    return result.sort_values(list(PLACE), kind="stable", ignore_index=True)


def segment(
    tables: Mapping[str, pd.DataFrame] | Sequence[pd.DataFrame],
    *,
    extents: pd.DataFrame | Mapping[str, float] | None = None,
    cuts: pd.DataFrame | None = None,
    longest_m: float | None = None,
) -> pd.DataFrame:
    """Cut the road wherever any table changes, so that each piece has constant attributes.

    Parameters
    ----------
    tables
        Event tables by name, or a list of them. Stretches of one table may not overlap.
    extents
        What to segment: an event table or the length of each route. By default what any table
        covers.
    cuts
        More places to cut at: columns `route` and `station_m`.
    longest_m
        Pieces longer than this are divided equally.

    Returns
    -------
    DataFrame
        `route`, `from_m`, `to_m` and the attributes of all tables, missing where a table has
        nothing. An attribute that several tables have is called ``attribute_table`` (in a list,
        tables are called 1, 2, …).

    Raises
    ------
    FaultsError
        A table is no event table, or its stretches overlap.
    RoadplanError
        There is no table, or two columns of the result would have one name.
    """
    named = tables if isinstance(tables, Mapping) else {str(k + 1): t for k, t in enumerate(tables)}
    if not named:
        raise RoadplanError("there is nothing to segment: give at least one event table")
    frames = [checked(frame, str(name)) for name, frame in named.items()]
    wholes = [] if extents is None else [dissolve(extents_frame(extents))]
    routes, sets = together(*frames, *wholes, cut_points(cuts))
    for name, frame, stretches in zip(named, frames, sets, strict=False):
        refuse_overlaps(frame, stretches, str(name), "a piece would have two values")

    place, rows = elementary(sets)
    table_rows, extent_rows = rows[: len(frames)], rows[len(frames) : -1]
    keep = np.any([row >= 0 for row in (extent_rows or table_rows)], axis=0)
    place, table_rows = place.take(np.flatnonzero(keep)), [row[keep] for row in table_rows]
    sides = renamed([attributes(frame) for frame in frames], [f"_{name}" for name in named])
    taken = [side.reindex(row) for side, row in zip(sides, table_rows, strict=True)]
    result = assembled(routes, place, taken)
    return result if longest_m is None else split(result, longest_m=longest_m)


def split(events: pd.DataFrame, *, longest_m: float, totals: Sequence[str] = ()) -> pd.DataFrame:
    """Divide stretches longer than `longest_m` into equal parts.

    Parameters
    ----------
    events
        An event table.
    longest_m
        No part is longer.
    totals
        Attributes that are totals over the stretch (a quantity, a cost): they are shared between
        the parts. All others are repeated.

    Returns
    -------
    DataFrame
        The parts in the order of the rows they come from.

    Raises
    ------
    FaultsError
        It is no event table.
    RoadplanError
        `longest_m` is not above 0, or an attribute is missing.
    """
    events = checked(events, "events")
    require(events, totals)
    if not longest_m > 0:
        raise RoadplanError(f"longest_m must be above 0, not {longest_m}")
    begin, end = events["from_m"].to_numpy(), events["to_m"].to_numpy()
    # A stretch of exactly a whole number of parts must not get one more by rounding.
    count = np.maximum(np.ceil((end - begin) / longest_m * (1 - 1e-12)), 1).astype(np.intp)
    row, part = spread(np.zeros(len(count), dtype=np.intp), count)
    result = events.iloc[row].reset_index(drop=True)
    part_m = ((end - begin) / count)[row]
    result["from_m"] = begin[row] + part * part_m
    result["to_m"] = np.where(part + 1 == count[row], end[row], begin[row] + (part + 1) * part_m)
    for column in totals:
        result[column] = result[column] / count[row]
    return result


def gaps(events: pd.DataFrame, extents: pd.DataFrame | Mapping[str, float]) -> pd.DataFrame:
    """Return the parts of extents on which no event lies.

    Parameters
    ----------
    events
        An event table.
    extents
        An event table, whose attributes are kept, or the length of each route.

    Raises
    ------
    FaultsError
        One of them is no event table.
    """
    whole, events = extents_frame(extents), checked(events, "events")
    names, (a, b) = together(whole, events)
    rest, rows = remainder(a, b, len(names))
    order = np.lexsort((rows, rest.to_m, rest.from_m, rest.route))
    return assembled(names, rest.take(order), [attributes(whole).reindex(rows[order])])


def overlaps(events: pd.DataFrame) -> pd.DataFrame:
    """Return the stretches on which more than one row of a table lies.

    Returns
    -------
    DataFrame
        `route`, `from_m`, `to_m` and `count`, the number of rows there; neighbours with equal
        counts are joined.

    Raises
    ------
    FaultsError
        It is no event table.
    """
    events = checked(events, "events")
    names, (stretches,) = together(events)
    ends = end_ranks([stretches])
    place = between_ranks([stretches], ends)
    size = len(place) + 1
    ((begin, end),) = ends
    depth = np.cumsum(np.bincount(begin, minlength=size) - np.bincount(end, minlength=size))
    several = np.flatnonzero(depth[:-1] > 1)
    pieces = assembled(names, place.take(several), [pd.DataFrame({"count": depth[several]})])
    return dissolve(pieces, by="count")


def cover_length(
    events: pd.DataFrame, onto: pd.DataFrame | Mapping[str, float]
) -> pd.Series[float]:
    """Return how many metres of each target stretch are covered, overlaps counted once.

    Parameters
    ----------
    events
        An event table.
    onto
        Target stretches as an event table, or the length of each route.

    Returns
    -------
    Series
        Metres, with the index of `onto` (route identifiers for lengths of routes).

    Raises
    ------
    FaultsError
        One of them is no event table.
    """
    targets, events = extents_frame(onto), checked(events, "events")
    _, (a, b) = together(targets, events)
    covered, _ = cover(b)
    i, j = pairs(a, covered)
    part = common(a, covered, i, j)
    length = np.bincount(i, weights=part.to_m - part.from_m, minlength=len(a))
    return pd.Series(length, index=targets.index, name="cover_m")


def aggregate(
    events: pd.DataFrame,
    onto: pd.DataFrame | Mapping[str, float],
    value: str,
    *,
    how: Literal["mean", "sum", "min", "max", "most"] = "mean",
) -> pd.Series:
    """Carry a value from an event table onto other stretches.

    Parameters
    ----------
    events
        An event table with the attribute `value`; rows without a value are left out.
    onto
        Target stretches as an event table (they may overlap), or the length of each route.
    value
        The attribute.
    how
        `mean`: weighted by the common length. `sum`: the value is a total over its stretch and
        is shared by length, so that nothing is lost or doubled where targets are cut. `min`,
        `max`: over all events on the target. `most`: the value that lies on the greatest length
        of the target (of equals, the least), for attributes that are no numbers.

    Returns
    -------
    Series
        With the index of `onto`; missing where no event with a value lies (0 for `sum`).

    Raises
    ------
    FaultsError
        One of them is no event table.
    RoadplanError
        There is no such attribute, it is not numeric, or `how` is unknown.
    """
    targets, events = extents_frame(onto), checked(events, "events")
    require(events, [value])
    events = events[events[value].notna()]
    _, (a, b) = together(targets, events)
    i, j = pairs(a, b)
    part = common(a, b, i, j)
    length = part.to_m - part.from_m
    if how == "most":
        return _most(events[value].iloc[j], i, length, targets.index)
    numbers = _numbers(events[value])[j]
    if how in ("min", "max"):
        reduce, worst = (np.minimum, np.inf) if how == "min" else (np.maximum, -np.inf)
        result = np.full(len(a), worst)
        reduce.at(result, i, numbers)
        result[np.bincount(i, minlength=len(a)) == 0] = np.nan
    elif how == "sum":
        share = length / (b.to_m - b.from_m)[j]
        result = np.bincount(i, weights=numbers * share, minlength=len(a))
    elif how == "mean":
        covered = np.bincount(i, weights=length, minlength=len(a))
        weighted = np.bincount(i, weights=numbers * length, minlength=len(a))
        result = np.divide(weighted, covered, out=np.full(len(a), np.nan), where=covered > 0)
    else:
        raise RoadplanError(f"how={how!r} is unknown; use mean, sum, min, max or most")
    return pd.Series(result, index=targets.index, name=value)


def _most(values: pd.Series, target: Ints, length: Floats, index: pd.Index) -> pd.Series:
    """Return the value with the greatest common length on each target."""
    frame = pd.DataFrame({"target": target, "value": values.to_numpy(), "length": length})
    sums = frame.groupby(["target", "value"], sort=True, observed=True)["length"].sum()
    best = sums.reset_index().sort_values("length", ascending=False, kind="stable")
    best = best.drop_duplicates("target")
    chosen = best.set_index("target")["value"].reindex(range(len(index)))
    return chosen.set_axis(index).rename(str(values.name))


def _numbers(values: pd.Series) -> Floats:
    try:
        numbers: Floats = values.to_numpy(dtype=float)
    except (TypeError, ValueError) as error:
        raise RoadplanError(
            f"column {values.name} is not numeric ({error}); how='most' takes any values"
        ) from error
    return numbers
