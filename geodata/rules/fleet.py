"""The corridor's snow-clearing crews, as its share of what the region has."""

from __future__ import annotations

import pandas as pd

from rules.bases import machine_density_per_km, road_km
from rules.sources import Sources

SERVICEABLE_SHARE = 838 / 1050
"""Serviceable machines of the national maintenance company (samal-akparat 165483)."""


def machines(sources: Sources) -> pd.DataFrame:
    """Return crews by class.

    The corridor has as many machines for each kilometre as the Karaganda branch has on its roads,
    less those that are not serviceable nationwide. They are shared out over the classes, and
    those of one class are joined to crews of the size the class needs.
    """
    available = machine_density_per_km(sources) * road_km(sources) * SERVICEABLE_SHARE
    size = (
        sources.table("plough_classes").set_index("plough_class")["machines_per_crew"].astype(int)
    )
    mix = sources.source("fleet_mix")
    share = mix["share_of_machines"].astype(float)
    return pd.DataFrame(
        {
            "plough_class": mix["plough_class"],
            "crews": [
                round(available * part / size[name])
                for name, part in zip(mix["plough_class"], share, strict=True)
            ],
            "standing": "estimated",
            "source": [
                f"{available:.0f} serviceable machines (131 on 1843.5 km in Karaganda region, "
                "kazpravda.kz/n/zima-ne-za-gorami-zz, of which 838 of 1050 serviceable, "
                f"samal-akparat 165483, on {road_km(sources):.0f} km), {part:.1%} of them in this "
                f"class: {why}"
                for part, why in zip(share, mix["source"], strict=True)
            ],
        }
    )
