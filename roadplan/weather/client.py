"""Asking Open-Meteo over the network: with retries, a time-out and a cache on disk."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import requests

from roadplan.errors import RoadplanError, ServiceError
from roadplan.files import replace_text
from roadplan.weather.open_meteo import ENVELOPE, REQUESTED, load_json, parse_open_meteo
from roadplan.weather.storm import Storm

ENSEMBLE_URL: Final = "https://ensemble-api.open-meteo.com/v1/ensemble"
FORECAST_URL: Final = "https://api.open-meteo.com/v1/forecast"
DEFAULT_MODEL: Final = "icon_seamless"
"""ICON-EPS: 40 members, 26 km, seven and a half days."""

_POINTS_A_REQUEST: Final = 50
_TRY_AGAIN: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_LONGEST_PAUSE_S: Final = 60.0
_LARGEST_REPLY: Final = 256 * 1024 * 1024

_log = logging.getLogger(__name__)


def _utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@dataclass(frozen=True, kw_only=True)
class OpenMeteo:
    """A client of one of the services.

    Parameters
    ----------
    url
        The service: :data:`ENSEMBLE_URL`, :data:`FORECAST_URL` or one of your own.
    model
        The model; empty for the service's own choice. Several are separated by commas.
    cache_dir
        Folder of received replies; None keeps none.
    cache_age_h
        A reply younger than this is used again without asking.
    timeout_s
        Time for a connection and between two parts of a reply.
    tries
        How often a failed request is tried in all.
    pause_s
        Pause before the second try; doubled for each further one. A longer pause asked for by
        the service is kept, up to a minute.
    api_key
        For the service's customers.
    now, sleep
        The clock and the pause, for tests.
    """

    url: str = ENSEMBLE_URL
    model: str = DEFAULT_MODEL
    cache_dir: Path | None = None
    cache_age_h: float = 3.0
    timeout_s: float = 30.0
    tries: int = 4
    pause_s: float = 2.0
    api_key: str = ""
    now: Callable[[], dt.datetime] = _utc_now
    sleep: Callable[[float], None] = time.sleep

    def fetch(
        self,
        lon: Sequence[float],
        lat: Sequence[float],
        *,
        hours: int = 48,
        allow_stale: bool = False,
    ) -> Storm:
        """Ask for a forecast at some points.

        Parameters
        ----------
        lon, lat
            The points, in degrees.
        hours
            From now on, 1 to 240.
        allow_stale
            When the service does not answer, use the last reply to the same question whatever
            its age. It is flagged by its age like any forecast.

        Raises
        ------
        ServiceError
            The service did not give a usable answer.
        RoadplanError
            There are no points, or the hours are out of range.
        """
        return parse_open_meteo(
            self.reply(lon, lat, hours=hours, allow_stale=allow_stale), name=self.url
        )

    def reply(
        self,
        lon: Sequence[float],
        lat: Sequence[float],
        *,
        hours: int = 48,
        allow_stale: bool = False,
    ) -> dict[str, Any]:
        """Return the reply with when it was received, as it may be saved; see :meth:`fetch`."""
        if not len(lon) or len(lon) != len(lat):
            raise RoadplanError("a forecast is asked for at one point or more, each lon and lat")
        if not 1 <= hours <= 240:
            raise RoadplanError(f"a forecast can be asked for 1 to 240 hours, not {hours}")
        locations: list[Any] = []
        received = []
        for first in range(0, len(lon), _POINTS_A_REQUEST):
            part = slice(first, first + _POINTS_A_REQUEST)
            kept = self._cached(self._question(lon[part], lat[part], hours), allow_stale)
            received.append(str(kept["retrieved"]))
            rows = kept["reply"]
            locations.extend(rows if isinstance(rows, list) else [rows])
        return {
            "format": ENVELOPE,
            "retrieved": min(received),
            "url": self.url,
            "reply": locations,
        }

    def _question(self, lon: Sequence[float], lat: Sequence[float], hours: int) -> dict[str, str]:
        question = {
            "latitude": ",".join(f"{value:.4f}" for value in lat),
            "longitude": ",".join(f"{value:.4f}" for value in lon),
            "hourly": ",".join(REQUESTED),
            "wind_speed_unit": "ms",
            "timezone": "GMT",
            "past_hours": "1",
            "forecast_hours": str(hours + 1),
        }
        if self.model:
            question["models"] = self.model
        return question

    def _cached(self, question: dict[str, str], allow_stale: bool) -> dict[str, Any]:
        path = self._cache_path(question)
        kept = _read_cache(path)
        if kept is not None and self._age_h(kept) <= self.cache_age_h:
            return kept
        try:
            reply = self._ask(question)
            # A reply that cannot be read is no answer and must not enter the cache.
            parse_open_meteo(reply, name=self.url)
        except ServiceError:
            if allow_stale and kept is not None:
                _log.warning("%s did not answer; the last reply is used", self.url)
                return kept
            raise
        except RoadplanError as error:
            raise ServiceError(f"{self.url} sent a reply that cannot be used: {error}") from error
        fresh = {
            "format": ENVELOPE,
            "retrieved": self.now().astimezone(dt.UTC).isoformat(timespec="seconds"),
            "url": self.url,
            "question": question,
            "reply": reply,
        }
        if path is not None:
            replace_text(path, json.dumps(fresh, ensure_ascii=False))
        return fresh

    def _cache_path(self, question: dict[str, str]) -> Path | None:
        if self.cache_dir is None:
            return None
        text = json.dumps([self.url, question], sort_keys=True)
        digest = hashlib.sha256(text.encode()).hexdigest()[:32]
        return Path(self.cache_dir) / f"open-meteo-{digest}.json"

    def _age_h(self, kept: dict[str, Any]) -> float:
        received = dt.datetime.fromisoformat(str(kept["retrieved"]))
        age = (self.now() - received).total_seconds() / 3600.0
        # A reply from the future comes from a wrong clock and is not trusted.
        return age if age >= 0 else float("inf")

    def _ask(self, question: dict[str, str]) -> Any:
        query = {**question, **({"apikey": self.api_key} if self.api_key else {})}
        trouble = "it was not asked"
        for number in range(max(self.tries, 1)):
            if number:
                self.sleep(min(self.pause_s * 2 ** (number - 1), _LONGEST_PAUSE_S))
            try:
                response = requests.get(self.url, params=query, timeout=self.timeout_s, stream=True)
                with response:
                    if response.status_code in _TRY_AGAIN:
                        trouble = f"HTTP {response.status_code}{_reason(response)}"
                        self._wait_as_told(response, last=number == self.tries - 1)
                        continue
                    self._check_status(response)
                    return load_json(_body(response), self.url)
            except (requests.RequestException, UnicodeDecodeError) as error:
                trouble = _plain(error)
            except ServiceError:
                raise
            except RoadplanError as error:  # cut short on the way: worth another try
                trouble = str(error)
        raise ServiceError(
            f"{self.url} gave no usable answer in {self.tries} tries: {trouble}; "
            "try again later, or use a saved forecast or a shipped storm"
        )

    def _check_status(self, response: requests.Response) -> None:
        if response.status_code != requests.codes.ok:
            raise ServiceError(
                f"{self.url} answered HTTP {response.status_code}{_reason(response)}"
            )

    def _wait_as_told(self, response: requests.Response, *, last: bool) -> None:
        told = response.headers.get("Retry-After", "")
        if told.isdecimal() and not last:
            self.sleep(min(float(told), _LONGEST_PAUSE_S))


def _body(response: requests.Response) -> str:
    parts, size = [], 0
    for part in response.iter_content(1 << 16):
        size += len(part)
        if size > _LARGEST_REPLY:
            raise ServiceError("the reply is larger than any forecast")
        parts.append(part)
    return b"".join(parts).decode("utf-8")


def _reason(response: requests.Response) -> str:
    """Return what the service says of an error, as far as it says it in its usual way."""
    try:
        told = json.loads(response.content[:10_000])
    except (ValueError, requests.RequestException):
        return ""
    return f": {str(told['reason'])[:300]}" if isinstance(told, dict) and "reason" in told else ""


def _plain(error: Exception) -> str:
    """Return an error of the network in words, without addresses in memory and keys in links."""
    if isinstance(error, requests.Timeout):
        return "it did not answer in time"
    if isinstance(error, requests.ConnectionError):
        return "there is no connection to it"
    return f"the transfer broke off ({type(error).__name__})"


def _read_cache(path: Path | None) -> dict[str, Any] | None:
    """Return a kept reply; None where there is none or it is damaged."""
    if path is None or not path.is_file():
        return None
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        sound = "reply" in kept and dt.datetime.fromisoformat(kept["retrieved"]).tzinfo is not None
    except (OSError, ValueError, TypeError, KeyError):
        sound = False
    if not sound:
        _log.warning("the kept reply %s is damaged and is not used", path)
    return kept if sound else None
