"""Snow on the road: what falls and drifts onto it, slot by slot, and what passes leave.

The depth h of a carriageway follows, within each slot,

    h ← max(0, h · keep + gain - melt),

where `gain` is snowfall and drift, `keep` the settling and `melt` the thaw of the slot; within a
slot it follows the curve that leads there. A pass turns h into h_res + (1 - ε)(h - h_res) on its
arrival; snow goes on falling and drifting at once. Snow below the residue is left as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from roadplan.errors import RoadplanError
from roadplan.weather.drift import drifting, windward
from roadplan.weather.effects import visibility_m
from roadplan.weather.parameters import Parameters
from roadplan.weather.passes import Passes, run_passes
from roadplan.weather.road import Road
from roadplan.weather.slots import Slots, SlotWeather
from roadplan.weather.units import Floats

FORWARD: Final = 0
"""Carriageway of rising stations, on the right of the axis."""
BACKWARD: Final = 1
"""Carriageway of falling stations. On a single carriageway both are the same pavement."""


@dataclass(frozen=True, kw_only=True, eq=False)
class SnowLoad:
    """What reaches the road in each slot.

    Parameters
    ----------
    slots
        The time.
    members
        Labels of the members.
    gain_m
        Snowfall and drift, shape (member, slot, segment, carriageway).
    keep
        Share of the depth left after settling, shape (member, slot, segment).
    melt_m
        Depth that melts, shape (member, slot, segment).
    drift_m
        The drift in `gain_m`, same shape.
    visibility_m
        Sight in falling and blowing snow, never above what was forecast, shape (member, slot,
        segment).
    loose_kg_m2
        Loose snow upwind at the end of each slot, same shape.
    """

    slots: Slots
    members: tuple[str, ...]
    gain_m: Floats
    keep: Floats
    melt_m: Floats
    drift_m: Floats
    visibility_m: Floats
    loose_kg_m2: Floats

    @property
    def shape(self) -> tuple[int, int, int]:
        """Numbers of members, slots and segments."""
        members, slots, segments = self.keep.shape
        return members, slots, segments


def new_snow_density_kg_m3(temperature_c: ArrayLike, parameters: Parameters) -> Floats:
    """Return the density of new snow: that of dry snow, rising to that of wet snow near 0 °C."""
    p = parameters
    wet = (np.asarray(temperature_c, float) - p.wet_from_c) / (p.wet_to_c - p.wet_from_c)
    share = np.clip(wet, 0.0, 1.0)
    return p.density_new_kg_m3 + share * (p.density_wet_kg_m3 - p.density_new_kg_m3)


def accumulate(weather: SlotWeather, road: Road, parameters: Parameters) -> SnowLoad:
    """Return what falls and drifts onto each carriageway in each slot.

    Parameters
    ----------
    weather
        Weather in the slots.
    road
        The segments on which it is given.
    parameters
        The model's numbers.

    Notes
    -----
    Depth in m/h: snowfall/ρ_new + 3600·η·Q·|sin θ|/(ρ_drift·W). Of two carriageways the one
    that meets the wind first keeps the share η of the drift, the other η of what is left.
    """
    if weather.shape[2] != len(road):
        raise RoadplanError("the weather lies on other segments than those of the road")
    p, hours = parameters, weather.slots.hours
    moved = drifting(
        snowfall_kg_m2_h=weather.snowfall_kg_m2_h,
        wind_m_s=weather.wind_m_s,
        temperature_c=weather.temperature_c,
        loose_kg_m2=weather.loose_kg_m2,
        fetch_m=road.fetch_m,
        step_h=hours,
        parameters=p,
    )
    density = new_snow_density_kg_m3(weather.temperature_c, p)
    fall_m = weather.snowfall_kg_m2_h * hours / density
    crossing = moved.flux_kg_m_s * np.abs(weather.across) * (3600.0 * hours)
    first = crossing * road.catch / (p.density_drift_kg_m3 * p.carriageway_width_m)
    second = np.where(road.carriageways > 1, first * (1.0 - road.catch), first)
    forward_first = windward(weather.across)
    drift_m = np.stack(
        [np.where(forward_first, first, second), np.where(forward_first, second, first)], axis=-1
    )
    own_sight = visibility_m(weather.snowfall_kg_m2_h, weather.wind_m_s, moved.capacity_share, p)
    return SnowLoad(
        slots=weather.slots,
        members=weather.members,
        gain_m=fall_m[..., None] + drift_m,
        keep=np.full(weather.shape, (1.0 - p.settling_share_h) ** hours),
        melt_m=p.melt_m_h_degree * hours * np.maximum(weather.temperature_c, 0.0),
        drift_m=drift_m,
        visibility_m=np.fmin(weather.visibility_m, own_sight),
        loose_kg_m2=moved.loose_kg_m2,
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class SnowDepth:
    """Snow on the road under given passes.

    Parameters
    ----------
    moment_m
        Depth at the moments, before a pass at that very moment: shape (member, slot + 1,
        segment, carriageway).
    mean_m
        Mean depth over each slot, shape (member, slot, segment, carriageway).
    """

    moment_m: Floats
    mean_m: Floats


def depth_after_passes(
    load: SnowLoad,
    parameters: Parameters,
    *,
    passes: Passes | None = None,
    initial_m: ArrayLike = 0.0,
) -> SnowDepth:
    """Return the depth on each carriageway in the course of the slots.

    Parameters
    ----------
    load
        What reaches the road.
    parameters
        The model's numbers.
    passes
        Passes with their arrivals in hours from the first slot; none by default.
    initial_m
        Depth at the beginning, broadcast to (member, segment, carriageway).

    Raises
    ------
    RoadplanError
        A pass lies on a segment or carriageway that is not there.
    """
    members, _, segments = load.shape
    start = np.broadcast_to(np.asarray(initial_m, dtype=np.float64), (members, segments, 2))
    if not (np.isfinite(start).all() and (start >= 0).all()):
        raise RoadplanError("the depth of snow at the beginning is not below zero and not missing")
    moment, mean = run_passes(
        load.gain_m,
        load.keep,
        load.melt_m,
        start,
        load.slots.hours,
        passes or Passes.none(),
        parameters,
    )
    return SnowDepth(moment_m=moment, mean_m=mean)


def cleared_m(depth_m: ArrayLike, parameters: Parameters) -> Floats:
    """Return the depth that a pass leaves of a depth: h_res + (1 - ε)(h - h_res).

    Examples
    --------
    >>> from roadplan.weather.parameters import load_parameters
    >>> float(cleared_m(0.1075, load_parameters()).round(6))
    0.0175
    """
    p = parameters
    depth = np.asarray(depth_m, dtype=np.float64)
    left = p.residue_m + (1.0 - p.pass_efficiency) * (depth - p.residue_m)
    return np.minimum(depth, left)


def depth_between_passes(
    load: SnowLoad,
    segment: int | slice,
    carriageway: int,
    parameters: Parameters,
    *,
    initial_m: ArrayLike = 0.0,
    before_m: ArrayLike | None = None,
) -> Floats:
    """Return the depth at every moment for every moment of the last pass before it.

    Parameters
    ----------
    load
        What reaches the road.
    segment
        Index of a segment, or a slice of several.
    carriageway
        :data:`FORWARD` or :data:`BACKWARD`.
    parameters
        The model's numbers.
    initial_m
        Depth at the beginning, broadcast to (segment,).
    before_m
        Depth that the pass at each moment finds, broadcast to (member, moment, segment). By
        default the depth gathered since a pass `usual_wait_h` before, or since the beginning
        where that is later: a pass leaves a tenth of what it finds, so that the pass before
        the last matters little, and the one before that not at all.

    Returns
    -------
    ndarray
        Shape (member, last, moment, segment) — without the last axis for one segment — where
        `last` 0 stands for no pass since the beginning. ``[:, t1, t1]`` is the depth the pass
        at t1 leaves, ``[:, t1, t2]`` what a pass at t2 finds. Below the diagonal it is NaN. A
        The mean depth in slot k is that of ``[:, t1, k]`` and ``[:, t1, k + 1]``, to a
        hundredth of a millimetre.
    """
    one = not isinstance(segment, slice)
    at = slice(segment, segment + 1) if not isinstance(segment, slice) else segment
    gain = load.gain_m[:, :, at, carriageway]
    keep, melt = load.keep[:, :, at], load.melt_m[:, :, at]
    members, slots, segments = keep.shape
    if segments == 0:
        raise RoadplanError("there is no such segment in the snow on the road")
    start = np.broadcast_to(np.asarray(initial_m, dtype=np.float64), (members, segments))
    if before_m is None:
        before = _usual_depth(gain, keep, melt, start, load.slots.hours, parameters)
    else:
        before = np.broadcast_to(np.asarray(before_m, float), (members, slots + 1, segments))
    table = np.full((members, slots + 1, slots + 1, segments), np.nan)
    table[:, 0, 0] = start
    for k in range(slots):
        if k:
            table[:, k, k] = cleared_m(before[:, k], parameters)
        depth = table[:, : k + 1, k] * keep[:, k, None] + (gain[:, k] - melt[:, k])[:, None]
        np.maximum(depth, 0.0, out=table[:, : k + 1, k + 1])
    table[:, slots, slots] = cleared_m(before[:, slots], parameters)
    return table[..., 0] if one else table


def _usual_depth(
    gain: Floats, keep: Floats, melt: Floats, start: Floats, hours: float, parameters: Parameters
) -> Floats:
    """Return the depth at each moment, shape (member, moment, segment), a usual wait after a pass.

    Advances all moments together: in round r each of them is r slots after its last pass.
    """
    members, slots, segments = keep.shape
    wait = max(round(parameters.usual_wait_h / hours), 1)
    found = np.empty((members, slots + 1, segments))
    found[:, 0] = start
    # Moments up to the usual wait count from the beginning.
    for k in range(slots):
        found[:, k + 1] = np.maximum(found[:, k] * keep[:, k] + gain[:, k] - melt[:, k], 0.0)
    late = slots + 1 - (wait + 1)
    if late > 0:
        depth = np.minimum(parameters.residue_m, found[:, 1 : late + 1])
        for r in range(wait):
            window = slice(1 + r, 1 + r + late)
            depth = np.maximum(depth * keep[:, window] + gain[:, window] - melt[:, window], 0.0)
        found[:, wait + 1 :] = depth
    return found
