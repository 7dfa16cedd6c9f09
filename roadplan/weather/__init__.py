"""Weather: forecasts as labelled ensembles, and the snow they leave on the road.

From a forecast to the state of the road::

    parameters = load_parameters()
    road = Road.from_corridor(corridor, parameters)
    storm = load("buran", road=road)
    slots = Slots(storm.times[0], 48)
    weather = slot_weather(storm, road, slots, parameters)
    snow = accumulate(weather, road, parameters)
    depth = depth_after_passes(snow, parameters, passes=Passes.of([3], [FORWARD], [6.5]))
    state = conditions(weather, snow, depth, road, parameters, free_speed_m_s=27.8)
"""

from roadplan.weather.client import OpenMeteo
from roadplan.weather.closing import Closures, closures
from roadplan.weather.completing import complete
from roadplan.weather.conditions import Conditions, conditions, weather_closed
from roadplan.weather.flag import Flag
from roadplan.weather.generator import synthetic_storm
from roadplan.weather.interpolation import to_road
from roadplan.weather.kinds import KINDS
from roadplan.weather.metar import parse_metar, read_metar
from roadplan.weather.open_meteo import parse_open_meteo, read_open_meteo
from roadplan.weather.parameters import Parameters, load_parameters
from roadplan.weather.passes import Passes
from roadplan.weather.reading import load, read, write
from roadplan.weather.road import Road
from roadplan.weather.shipped import ShippedStorm, draw, fresh_storm, shipped_storm, shipped_storms
from roadplan.weather.slots import Slots, SlotWeather, slot_weather
from roadplan.weather.snow import (
    BACKWARD,
    FORWARD,
    SnowDepth,
    SnowLoad,
    accumulate,
    cleared_m,
    depth_after_passes,
    depth_between_passes,
)
from roadplan.weather.storm import Origin, Storm
from roadplan.weather.warning import WeatherWarning, warning_storm

__all__ = [
    "BACKWARD",
    "FORWARD",
    "KINDS",
    "Closures",
    "Conditions",
    "Flag",
    "OpenMeteo",
    "Origin",
    "Parameters",
    "Passes",
    "Road",
    "ShippedStorm",
    "SlotWeather",
    "Slots",
    "SnowDepth",
    "SnowLoad",
    "Storm",
    "WeatherWarning",
    "accumulate",
    "cleared_m",
    "closures",
    "complete",
    "conditions",
    "depth_after_passes",
    "depth_between_passes",
    "draw",
    "fresh_storm",
    "load",
    "load_parameters",
    "parse_metar",
    "parse_open_meteo",
    "read",
    "read_metar",
    "read_open_meteo",
    "shipped_storm",
    "shipped_storms",
    "slot_weather",
    "synthetic_storm",
    "to_road",
    "warning_storm",
    "weather_closed",
    "write",
]
