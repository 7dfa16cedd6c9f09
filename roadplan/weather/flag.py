"""One thing to know of a forecast, as a sentence in three languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from roadplan.errors import RoadplanError
from roadplan.i18n import translate

DOMAIN = "weather"

TEXTS: Mapping[str, str] = {
    "too_old": "The forecast is {age_h} h old; beyond {limit_h} h it is out of date",
    "maybe_old": "The forecast does not say when it was made; it may be {age_h} h old",
    "issued_later": "The forecast was issued {ahead_h} h after the present moment: check the clock",
    "too_short": "The forecast ends {short_h} h before the time that is needed",
    "starts_late": "The forecast begins {late_h} h after the time that is needed",
    "gaps": "{missing_h} h are missing between the times of the forecast, the first after {time}",
    "missing_members": "Members are missing: {members}",
    "few_members": "The forecast has {count} member: it says nothing of how sure it is",
    "missing_variable": "The forecast has no {variable}",
    "missing_values": "{percent} % of {variable} is missing",
    "places_without": "{count} of {total} places on the road have no forecast",
    "estimated": "The weather is estimated by a rule, not forecast by a model",
    "synthetic": "The storm is synthetic: invented for trying things out",
    "implausible": "Impossible values of {variable} were taken as missing: {count}",
    "filled": "Missing values of {variable} were filled in: {count}",
    "gusts": "Gusts were taken as {ratio} times the wind",
    "left_out": "Incomplete members were left out: {members}",
    "not_understood": "Parts of the reports of {station} were not understood",
    "snow_estimated": "Snowfall is estimated from the present weather in METARs",
}
"""Code → what it tells in English, which is also the key of its translations."""

_NOTES = frozenset(
    {"estimated", "synthetic", "few_members", "maybe_old", "filled", "gusts", "snow_estimated"}
)
_DERIVED = frozenset({"visibility", "wind_gust"})


@dataclass(frozen=True)
class Flag:
    """One thing to know of a forecast.

    Parameters
    ----------
    code
        A key of :data:`TEXTS`.
    values
        What is filled into the text.
    """

    code: str
    values: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.code not in TEXTS:
            raise RoadplanError(f"there is no flag '{self.code[:40]}'")

    @property
    def severity(self) -> str:
        """``note`` for what is only to be known, ``warning`` for what may mislead.

        Gusts and visibility follow from the other variables where they are missing.
        """
        derived = self.values.get("variable") in _DERIVED
        return "note" if derived or self.code in _NOTES else "warning"

    def text(self, language: str = "en") -> str:
        """Return the sentence in a language."""
        sentence = translate(TEXTS[self.code], language, DOMAIN)
        for key, value in self.values.items():
            word = translate(value, language, DOMAIN) if key == "variable" else value
            sentence = sentence.replace(f"{{{key}}}", word)
        return sentence

    def as_dict(self) -> dict[str, str | dict[str, str]]:
        """Return the flag as plain values, for JSON."""
        return {
            "code": self.code,
            "severity": self.severity,
            "text": self.text(),
            "values": dict(self.values),
        }
