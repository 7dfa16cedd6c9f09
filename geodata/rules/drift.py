"""Drift-prone stretches and the road's profile, as shares of region totals.

Where the drift-prone sections lie is not published, only how many kilometres they make up. The
share of a region is therefore spread over its roads, more where the road lies across the
prevailing wind, less where along it.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from pyproj import Geod

from rules.sources import Sources

REPUBLICAN_ROADS_KM = 25_000.0
"""Republican roads of the country, a round figure (assumed), to turn the national 2,200 km of
drift-prone road into a share."""

WIND_AXIS_DEG = 45.0
"""Snow-bearing winds are taken to blow along the line south-west to north-east (assumed)."""

ALONG_WEIGHT = 0.25
"""Weight of a road that lies along the wind, against 1 for one across it (assumed): gusts turn."""

_GEOD = Geod(ellps="WGS84")
_BRANCH = "Karaganda branch"


def prone_share(sources: Sources, region: str) -> float:
    """Return the drift-prone share of a region's roads.

    For Karaganda region the branch's drift-prone kilometres over the region's republican roads;
    elsewhere what is left of the national figure over what is left of the country's roads.
    """
    prone_km = sources.fact("snow-drift sections", "km", scope=_BRANCH)
    roads_km = sources.fact("republican roads", "km", scope="Karaganda region")
    if region == "karaganda":
        return prone_km / roads_km
    national_km = sources.fact("road length at risk of drifts", "km", scope="Kazakhstan")
    return (national_km - prone_km) / (REPUBLICAN_ROADS_KM - roads_km)


def exposures(sources: Sources, segments: pd.DataFrame) -> pd.Series:
    """Return the drift-prone share of each segment's length; empty on streets.

    Within a region the shares keep the region's mean, weighted by length.
    """
    kinds = sources.table("routes").set_index("route")["kind"]
    open_road = segments["route"].map(kinds) != "street"
    open_road &= segments["region"] != "almaty-city"
    length = segments["to_m"] - segments["from_m"]
    weight = ALONG_WEIGHT + (1 - ALONG_WEIGHT) * _across(sources, segments)
    share = pd.Series(np.nan, index=segments.index)
    for region in segments.loc[open_road, "region"].unique():
        mine = open_road & (segments["region"] == region)
        mean = (weight[mine] * length[mine]).sum() / length[mine].sum()
        share[mine] = prone_share(sources, str(region)) * weight[mine] / mean
    return share.round(3)


def _across(sources: Sources, segments: pd.DataFrame) -> pd.Series:
    """Return |sin| of the angle between each segment's chord and the wind."""
    bearing = []
    for row in segments.itertuples():
        lon, lat = sources.axes[str(row.route)].points([row.from_m, row.to_m])
        bearing.append(_GEOD.inv(lon[0], lat[0], lon[1], lat[1])[0])
    return pd.Series(np.abs(np.sin(np.radians(np.array(bearing) - WIND_AXIS_DEG))), segments.index)


def profiles(sources: Sources, segments: pd.DataFrame, exposure: pd.Series) -> pd.Series:
    """Return the profile of each segment.

    In each region the most exposed segments are taken as flush with the ground, as many as make
    up the drift-prone share of its length; the others as raised on an embankment. Streets are
    flush. No cutting is known.
    """
    profile = pd.Series("embankment", index=segments.index)
    profile[exposure.isna()] = "flush"
    length = segments["to_m"] - segments["from_m"]
    for region in segments.loc[exposure.notna(), "region"].unique():
        mine = segments.index[exposure.notna() & (segments["region"] == region)]
        ranked = exposure[mine].sort_values(ascending=False, kind="stable").index
        middle = length[ranked].cumsum() - length[ranked] / 2
        limit = prone_share(sources, str(region)) * length[ranked].sum()
        profile[ranked[(middle <= limit).to_numpy()]] = "flush"
    return profile


def drift_stretches(sources: Sources, segments: pd.DataFrame, exposure: pd.Series) -> pd.DataFrame:
    """Return one drift-prone stretch for each segment that has an exposure."""
    rows = segments[exposure.notna()]
    reasons = {
        region: f"share of drift-prone road in the region {prone_share(sources, region):.3f} "
        f"({_basis(region)}), weighted by the angle to a south-west wind"
        for region in rows["region"].unique()
    }
    return pd.DataFrame(
        {
            "drift_stretch": "drift-" + rows["segment"],
            "route": rows["route"],
            "from_m": rows["from_m"],
            "to_m": rows["to_m"],
            "exposure": exposure[rows.index],
            "standing": "estimated",
            "source": rows["region"].map(reasons),
        }
    )


def _basis(region: str) -> str:
    if region == "karaganda":
        return "506.33 of 1843.5 km: kazpravda.kz/n/zima-ne-za-gorami-zz, kaz.inform.kz 937b20"
    return "rest of 2200 km nationwide, inform.kz a326f5, on about 25,000 km"
