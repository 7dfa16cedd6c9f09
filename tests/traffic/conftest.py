"""Roads with round numbers: free speed 100 km/h, 4,000 veh/h, jam at 280 veh/km.

Density at capacity is then 40 veh/km, and the front of a standing queue dissolves at 50/3 km/h.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from roadplan.traffic import Piece, RoadCase, parse_case


@pytest.fixture
def reference() -> dict[str, Any]:
    """Return the reference case as JSON gives it."""
    return {
        "length_km": 100,
        "free_flow_kmh": 100,
        "capacity_veh_h": 4000,
        "jam_density_veh_km": 280,
        "cell_km": 1,
        "demand": [[0, 6, 2500]],
        "bottlenecks": [{"km": 60, "capacity": [[1, 4, 1200], [4, 5, 0]]}],
        "horizon_h": 10,
    }


@pytest.fixture
def case_of(reference: dict[str, Any]) -> Callable[..., RoadCase]:
    """Return a function that makes a case from the reference one with some keys changed."""

    def make(**changes: Any) -> RoadCase:
        return parse_case({**reference, **changes})

    return make


@pytest.fixture
def piece() -> Callable[..., Piece]:
    """Return a function that makes a piece of that road, of some length and number of lanes."""

    def make(length_km: float, *, lanes: int = 2, zone: int = 0) -> Piece:
        return Piece(
            length_m=1000.0 * length_km,
            free_speed_m_s=100 / 3.6,
            capacity_pcu_h=2000.0 * lanes,
            jam_density_pcu_km=140.0 * lanes,
            zone=zone,
        )

    return make
