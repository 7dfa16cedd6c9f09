"""Units of weather: what a file says is turned into what the model computes with.

A number without a unit is refused. Wind in km/h taken for m/s would make the drifting snow
wrong by a factor of about 130, so no reader assumes a unit.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from roadplan.errors import RoadplanError

Floats = NDArray[np.float64]

CANONICAL: Final = {
    "snowfall": "kg/m2/h",
    "wind_speed": "m/s",
    "wind_gust": "m/s",
    "wind_direction": "degree",
    "temperature": "degC",
    "visibility": "m",
    "loose_snow": "kg/m2",
}
"""Variable → the unit in which it is kept. 1 kg/m²/h is 1 mm of water an hour."""

KNOT_M_S: Final = 1852.0 / 3600.0
MILE_M: Final = 1609.344
INCH_M: Final = 0.0254
FOOT_M: Final = 0.3048

_SPEED: Final = {
    "m/s": 1.0,
    "km/h": 1.0 / 3.6,
    "mi/h": MILE_M / 3600.0,
    "kn": KNOT_M_S,
    "ft/s": FOOT_M,
}
_LENGTH: Final = {"m": 1.0, "km": 1000.0, "ft": FOOT_M, "mi": MILE_M, "cm": 0.01}
_WATER_RATE: Final = {
    "kg/m2/h": 1.0,
    "kg/m2/s": 3600.0,
    "mm/h": 1.0,
    "mm/s": 3600.0,
    "in_water/h": 25.4,
    "m/s": 3_600_000.0,
}
_SNOW_DEPTH_RATE: Final = {"cm/h": 0.01, "in/h": INCH_M, "mm_snow/h": 0.001}
_MASS: Final = {"kg/m2": 1.0, "mm": 1.0, "m_water": 1000.0}

SNOWFALL_AMOUNTS: Final = {**_MASS, "m": 1000.0, "cm": 10.0}
"""Unit of a sum of snowfall, as water → kg/m². Grids keep snowfall so; a rate is no sum."""

_FACTORS: Final = {
    "snowfall": _WATER_RATE,
    "wind_speed": _SPEED,
    "wind_gust": _SPEED,
    "wind_direction": {"degree": 1.0, "rad": 180.0 / np.pi},
    "visibility": _LENGTH,
    "loose_snow": _MASS,
}

_SPELLINGS: Final = {
    "m/s": "m/s mps ms-1 m*s-1 м/с м/сек meterpersecond meters/second metres/second",
    "km/h": "km/h kmh kph km*h-1 kmh-1 kmph км/ч км/час км/сағ",
    "mi/h": "mi/h mph mp/h mile/h miles/h",
    "kn": "kn kt kts knot knots узел узлы уз",
    "ft/s": "ft/s fps",
    "m": "m meter metre meters metres м",
    "km": "km kilometer kilometre км",
    "ft": "ft feet foot",
    "mi": "mi mile miles sm",
    "cm": "cm см",
    "kg/m2/h": "kg/m2/h kg/m²/h kgm-2h-1 kg*m-2*h-1 kg/(m2*h) кг/м2/ч кг/м²/ч",
    "kg/m2/s": "kg/m2/s kg/m²/s kgm-2s-1 kg*m-2*s-1 kg/(m2*s)",
    "mm/h": "mm/h mmh-1 mm/hour mmw.e./h mmwe/h mm_w.e./h мм/ч",
    "mm/s": "mm/s mms-1",
    "in_water/h": "in_water/h inchwater/h",
    "cm/h": "cm/h cmh-1 cm/hour см/ч",
    "in/h": "in/h inch/h in/hour",
    "mm_snow/h": "mm_snow/h mmsnow/h",
    "degree": "degree degrees deg ° degreetrue degree_true degrees_true degreenorth град",
    "rad": "rad radian radians",
    "degC": "degc °c c celsius degreecelsius degree_celsius degrees_celsius deg_c ℃ град.c °с",
    "degF": "degf °f f fahrenheit degreefahrenheit degree_fahrenheit deg_f ℉",
    "K": "k kelvin",
    "kg/m2": "kg/m2 kg/m² kgm-2 kg*m-2 кг/м2",
    "mm": "mm мм mmofwaterequivalent mmofwater mmw.e. mmwe",
    # ECMWF writes its snowfall in "m of water equivalent".
    "m_water": "m_water mofwaterequivalent mofwater mw.e. mwe m_w.e.",
}
_KNOWN: Final = {word: unit for unit, words in _SPELLINGS.items() for word in words.split()}


def spelled(unit: str) -> str:
    """Return a unit as this module writes it, whatever the spelling; itself where unknown.

    Examples
    --------
    >>> spelled("m s**-1"), spelled("Km/H"), spelled("mp/h"), spelled("furlong")
    ('m/s', 'km/h', 'mi/h', 'furlong')
    """
    plain = unit.strip().casefold().replace("**", "").replace("^", "").replace("−", "-")
    plain = plain.replace(" ", "").replace("·", "*")
    return _KNOWN.get(plain, unit.strip())


def known_units(variable: str) -> tuple[str, ...]:
    """Return the units in which a variable may come."""
    if variable == "temperature":
        return ("degC", "degF", "K")
    if variable == "snowfall":
        return (*_WATER_RATE, *_SNOW_DEPTH_RATE)
    return tuple(_FACTORS[variable])


def convert(
    values: ArrayLike, unit: str, variable: str, *, snow_density_kg_m3: float = 100.0
) -> Floats:
    """Return values in the unit in which a variable is kept.

    Parameters
    ----------
    values
        Any shape; NaN stays NaN.
    unit
        What the values come in, in any common spelling.
    variable
        A key of :data:`CANONICAL`.
    snow_density_kg_m3
        Density of fresh snow by which a depth of snow (cm/h) becomes a mass.

    Raises
    ------
    RoadplanError
        The unit is missing or is none of this variable.

    Examples
    --------
    >>> float(convert(54.0, "km/h", "wind_speed"))
    15.0
    >>> float(convert(2.0, "cm/h", "snowfall"))
    2.0
    """
    array = np.asarray(values, dtype=np.float64)
    name = spelled(unit)
    if variable == "temperature":
        return _temperature(array, name, unit)
    if variable == "snowfall" and name in _SNOW_DEPTH_RATE:
        return array * (_SNOW_DEPTH_RATE[name] * snow_density_kg_m3)
    factor = _FACTORS[variable].get(name)
    if factor is None:
        raise unit_error(variable, unit)
    return array * factor


def unit_error(variable: str, unit: str, *, amounts: bool = False) -> RoadplanError:
    """Return the error for a missing unit or one that does not fit the variable.

    Parameters
    ----------
    variable, unit
        What was said.
    amounts
        Whether sums of snowfall since the beginning are understood, too.
    """
    said = f"has the unit '{unit.strip()[:40]}'" if unit.strip() else "has no unit"
    sums = f", or for sums since the beginning {', '.join(SNOWFALL_AMOUNTS)}" if amounts else ""
    return RoadplanError(
        f"{variable} {said}; a unit is never assumed: "
        f"state one of {', '.join(known_units(variable))}{sums}"
    )


def _temperature(values: Floats, name: str, unit: str) -> Floats:
    if name == "degC":
        return values.copy()
    if name == "degF":
        return (values - 32.0) / 1.8
    if name == "K":
        return values - 273.15
    raise unit_error("temperature", unit)
