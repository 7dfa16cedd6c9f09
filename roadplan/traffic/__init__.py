"""Traffic: demand, capacity and queues; storm hours become kilometres of jam.

One road::

    case = read_case(Path("case.json"))
    result = simulate_exactly(case)

A corridor in a storm, with the state of the road that the weather part gives::

    segments = road_segments(road, corridor)
    traffic = CorridorTraffic.from_corridor(corridor, segments=segments, start=start, hours=48)
    state = road_state([conditions], snow, segments)
    outcome = simulate_storm(traffic, state, members=50, draws=20)
    outcome.summary()
"""

from roadplan.traffic.case import Bottleneck, RoadCase, parse_case, read_case
from roadplan.traffic.corridor import CorridorTraffic
from roadplan.traffic.demand import DailyTraffic, hourly_demand, weather_response
from roadplan.traffic.freight import Freight, freight_trucks_day
from roadplan.traffic.layout import Segments
from roadplan.traffic.links import ENTRY, EXIT, Link, Piece, Turn
from roadplan.traffic.network import CellNetwork, build_network
from roadplan.traffic.outcome import RoadState, StormOutcome, simulate_storm
from roadplan.traffic.parameters import TrafficParameters, load_parameters
from roadplan.traffic.risk import Estimate, SegmentRisk
from roadplan.traffic.simulation import Blockages, Conditions, Demand, Runs, run_network
from roadplan.traffic.single_road import CaseResult, simulate_exactly
from roadplan.traffic.single_road_cells import simulate_cells
from roadplan.traffic.stuck import StuckVehicles, draw_stuck, stuck_hazard
from roadplan.traffic.tables import jams_by_hour, risk_by_segment
from roadplan.traffic.weather import road_segments, road_state

__all__ = [
    "ENTRY",
    "EXIT",
    "Blockages",
    "Bottleneck",
    "CaseResult",
    "CellNetwork",
    "Conditions",
    "CorridorTraffic",
    "DailyTraffic",
    "Demand",
    "Estimate",
    "Freight",
    "Link",
    "Piece",
    "RoadCase",
    "RoadState",
    "Runs",
    "SegmentRisk",
    "Segments",
    "StormOutcome",
    "StuckVehicles",
    "TrafficParameters",
    "Turn",
    "build_network",
    "draw_stuck",
    "freight_trucks_day",
    "hourly_demand",
    "jams_by_hour",
    "load_parameters",
    "parse_case",
    "read_case",
    "risk_by_segment",
    "road_segments",
    "road_state",
    "run_network",
    "simulate_cells",
    "simulate_exactly",
    "simulate_storm",
    "stuck_hazard",
    "weather_response",
]
