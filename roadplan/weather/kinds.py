"""Kinds of synthetic storms: the ranges from which their features are drawn.

The ranges are estimates of what the steppe between Karaganda and Almaty's foothills sees in a
winter, in the order of magnitude of the cases that were reported. They name no place: a storm is
laid over whatever road it is made for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from roadplan.errors import RoadplanError

Range = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class StormKind:
    """One kind of storm. Ranges are drawn from once a storm; members scatter around the draw.

    Parameters
    ----------
    name
        Identifier.
    number
        Keeps its random numbers apart from those of other kinds; never changed.
    hours
        Usual length.
    snowfall_kg_m2_h
        Snowfall in the heart of the band; zero for none.
    band_km
        Width of the band of snow along its way.
    travel_km_h
        Speed at which it travels.
    wind_base_m_s, wind_peak_m_s
        Mean wind before and at its strongest.
    wind_hold_h
        How long the strong wind holds.
    temperature_c
        Before it comes, in the middle of the road, averaged over the day.
    cooling_c
        Fall of temperature that it brings.
    daily_c
        Half the difference between afternoon and early morning.
    loose_kg_m2
        Loose snow that lies on the ground.
    reach_share
        Half the width across its way, as a share of the road's extent.
    clear_km
        Visibility where nothing is in the air.
    """

    name: str
    number: int
    hours: int
    snowfall_kg_m2_h: Range
    band_km: Range
    travel_km_h: Range
    wind_base_m_s: Range
    wind_peak_m_s: Range
    wind_hold_h: Range
    temperature_c: Range
    cooling_c: Range
    daily_c: float
    loose_kg_m2: Range
    reach_share: Range
    clear_km: Range


_ALL: Final = (
    StormKind(
        name="snow-band",
        number=1,
        hours=36,
        snowfall_kg_m2_h=(1.1, 1.8),
        band_km=(180, 260),
        travel_km_h=(28, 40),
        wind_base_m_s=(4, 6),
        wind_peak_m_s=(9.5, 12.5),
        wind_hold_h=(7, 11),
        temperature_c=(-8, -4),
        cooling_c=(5, 9),
        daily_c=2.5,
        loose_kg_m2=(1, 4),
        reach_share=(0.5, 0.8),
        clear_km=(10, 20),
    ),
    StormKind(
        name="ground-blizzard",
        number=2,
        hours=30,
        snowfall_kg_m2_h=(0, 0),
        band_km=(100, 100),
        travel_km_h=(60, 90),
        wind_base_m_s=(4, 6),
        wind_peak_m_s=(13.5, 17),
        wind_hold_h=(10, 15),
        temperature_c=(-14, -9),
        cooling_c=(4, 8),
        daily_c=3,
        loose_kg_m2=(10, 22),
        reach_share=(0.25, 0.4),
        clear_km=(12, 20),
    ),
    StormKind(
        name="wet-snow",
        number=3,
        hours=36,
        snowfall_kg_m2_h=(2.0, 3.2),
        band_km=(200, 300),
        travel_km_h=(22, 32),
        wind_base_m_s=(3, 5),
        wind_peak_m_s=(6, 8.5),
        wind_hold_h=(8, 12),
        temperature_c=(-0.8, 0.4),
        cooling_c=(1, 3),
        daily_c=0.8,
        loose_kg_m2=(0, 0.5),
        reach_share=(0.45, 0.7),
        clear_km=(5, 10),
    ),
    StormKind(
        name="cold-outbreak",
        number=4,
        hours=48,
        snowfall_kg_m2_h=(0.15, 0.35),
        band_km=(80, 140),
        travel_km_h=(35, 50),
        wind_base_m_s=(3, 5),
        wind_peak_m_s=(8, 10.5),
        wind_hold_h=(8, 14),
        temperature_c=(-17, -12),
        cooling_c=(14, 20),
        daily_c=3.5,
        loose_kg_m2=(3, 7),
        reach_share=(0.8, 1.2),
        clear_km=(12, 20),
    ),
    StormKind(
        name="mild-night",
        number=5,
        hours=24,
        snowfall_kg_m2_h=(0, 0),
        band_km=(100, 100),
        travel_km_h=(30, 50),
        wind_base_m_s=(2, 3.5),
        wind_peak_m_s=(2.5, 4.5),
        wind_hold_h=(6, 10),
        temperature_c=(-4, -1),
        cooling_c=(0, 1),
        daily_c=2.5,
        loose_kg_m2=(0, 1),
        reach_share=(0.8, 1.2),
        clear_km=(6, 15),
    ),
    StormKind(
        name="buran",
        number=6,
        hours=48,
        snowfall_kg_m2_h=(1.2, 2.2),
        band_km=(260, 380),
        travel_km_h=(25, 35),
        wind_base_m_s=(5, 7),
        wind_peak_m_s=(15, 19),
        wind_hold_h=(12, 18),
        temperature_c=(-11, -7),
        cooling_c=(6, 11),
        daily_c=2,
        loose_kg_m2=(4, 10),
        reach_share=(0.4, 0.6),
        clear_km=(10, 20),
    ),
)

KINDS: Final[Mapping[str, StormKind]] = MappingProxyType({kind.name: kind for kind in _ALL})
"""Every kind by name."""


def storm_kind(name: str) -> StormKind:
    """Return a kind by name.

    Raises
    ------
    RoadplanError
        There is no such kind.
    """
    if name not in KINDS:
        raise RoadplanError(
            f"there is no kind of storm '{name[:40]}'; there are {', '.join(KINDS)}"
        )
    return KINDS[name]
