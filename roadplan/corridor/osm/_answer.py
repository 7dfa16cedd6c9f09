"""What Overpass answers, read with care before OSMnx gets to see it."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from roadplan.corridor.osm._text import one_line
from roadplan.errors import ServiceError

_BUSY = frozenset({429, 502, 503, 504})
_BUSY_WORDS = ("too busy", "rate_limited", "dispatcher_client")
MOST_ID = 2**63
"""Ids of OpenStreetMap are whole numbers below this."""

_MOST_BYTES = 2**29
_CHUNK = 2**16


class BusyError(ServiceError):
    """The service has no time now; asking again later may help.

    Parameters
    ----------
    message
        What it said.
    retry_after_s
        How long it wants to be left alone; None where it did not say.
    """

    def __init__(self, message: str, retry_after_s: float | None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class NoRoads(Exception):  # noqa: N818 - a way out of OSMnx, no error
    """The answer is sound and holds no ways."""


class AnswerReader:
    """A hook that requests calls with every response.

    It reads the body within the time and size allowed, raises where it is no full answer, and
    leaves it for OSMnx to read again.

    Parameters
    ----------
    host
        The service, for messages.
    deadline
        When to give up, by `clock`.
    clock
        Tells the time in seconds.
    """

    def __init__(self, host: str, *, deadline: float, clock: Callable[[], float]) -> None:
        self.host = host
        self.state = ""
        self._deadline = deadline
        self._clock = clock

    def __call__(self, response: Any, *_args: Any, **_kwargs: Any) -> None:
        """Check one response."""
        body = self._body(response)
        status = int(response.status_code)
        text = body[:20_000].decode("utf-8", "replace")
        after = _retry_after_s(response.headers.get("Retry-After"))
        if status in _BUSY:
            raise BusyError(f"HTTP {status} {_told(text)}".strip(), after)
        if status != 200:
            raise ServiceError(self._refusal(status, response.headers.get("Location"), text))
        document = self._document(body, text, after)
        elements = self._elements(document)
        self.state = one_line(document.get("osm3s", {}).get("timestamp_osm_base", ""), 30)
        if not any(element["type"] == "way" for element in elements):
            raise NoRoads
        response.raw = io.BytesIO(body)

    def _body(self, response: Any) -> bytes:
        """Read the body as it comes in, so that a trickle cannot outlast the deadline."""
        from urllib3.exceptions import HTTPError, TimeoutError  # noqa: A004 - urllib3's name

        body = bytearray()
        try:
            while chunk := response.raw.read1(_CHUNK, decode_content=True):
                body += chunk
                if self._clock() > self._deadline:
                    raise ServiceError(
                        f"{self.host} did not finish its answer in time; try again later or give "
                        "more time with --timeout"
                    )
                if len(body) > _MOST_BYTES:
                    raise ServiceError(
                        f"the answer of {self.host} is larger than {_MOST_BYTES // 2**20} MiB; "
                        "look less far with --buffer-km"
                    )
        except TimeoutError as error:
            raise ServiceError(
                f"{self.host} stopped in the middle of its answer; try again later"
            ) from error
        except (HTTPError, OSError) as error:
            raise ServiceError(
                f"the answer of {self.host} broke off: {one_line(error)}; try again later"
            ) from error
        declared = response.headers.get("Content-Length", "")
        plain = not response.headers.get("Content-Encoding")
        if plain and declared.isdigit() and int(declared) > len(body):
            raise ServiceError(
                f"the answer of {self.host} broke off after {len(body):,} of {int(declared):,} "
                "bytes; try again later"
            )
        return bytes(body)

    def _refusal(self, status: int, location: str | None, text: str) -> str:
        if 300 <= status < 400 and location:
            return (
                f"{self.host} has moved to {one_line(location)}; give that address without "
                "/interpreter"
            )
        hints = {
            400: "it did not understand the question",
            401: "it wants a name and a password",
            403: "it refuses access",
            404: "there is no Overpass API at this address; it usually ends with /api",
        }
        hint = hints.get(status, "it failed")
        told = _told(text)
        return f"{self.host} answered with HTTP {status}: {hint}" + (f" ({told})" if told else "")

    def _document(self, body: bytes, text: str, after: float | None) -> dict[str, Any]:
        """Return the answer as JSON that is whole."""
        if text.lstrip().startswith("<"):
            if any(word in text.lower() for word in _BUSY_WORDS):
                raise BusyError(_told(text), after)
            raise ServiceError(
                f"{self.host} answered with a page instead of data: '{_told(text)}'; check that "
                "the address is an Overpass API's, as https://host/api"
            )
        try:
            document = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise ServiceError(
                f"the answer of {self.host} is broken or cut short: {one_line(error)}; "
                "try again later"
            ) from error
        if not isinstance(document, dict) or not isinstance(document.get("elements"), list):
            raise ServiceError(f"the answer of {self.host} is no Overpass document")
        remark = one_line(document.get("remark", ""), 200)
        if remark:
            if any(word in remark.lower() for word in _BUSY_WORDS):
                raise BusyError(remark, after)
            raise ServiceError(
                f"{self.host} did not answer in full; it remarks '{remark}'; try again later, "
                "give more time with --timeout, or look less far with --buffer-km"
            )
        if not isinstance(document.get("osm3s", {}), dict):
            document["osm3s"] = {}
        return document

    def _elements(self, document: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the elements, all of them whole."""
        elements = document["elements"]
        for element in elements:
            wrong = _wrong(element)
            if wrong:
                raise ServiceError(f"the answer of {self.host} is broken: {wrong}")
        nodes = {element["id"] for element in elements if element["type"] == "node"}
        for element in elements:
            if element["type"] == "way":
                absent = [node for node in element["nodes"] if node not in nodes]
                if absent:
                    raise ServiceError(
                        f"the answer of {self.host} is incomplete: way {element['id']} refers to "
                        f"{len(absent)} nodes that are not in it, the first is {absent[0]}; "
                        "try again later"
                    )
        return list(elements)


def _wrong(element: Any) -> str:
    """Return what is wrong with an element; empty where nothing is."""
    if not isinstance(element, dict) or not isinstance(element.get("type"), str):
        return "an element has no type"
    kind = element["type"]
    if kind not in {"node", "way"}:
        return ""
    if not _is_id(element.get("id")):
        return f"a {kind} has no id"
    named = f"{kind} {element['id']}"
    if kind == "node":
        lon, lat = element.get("lon"), element.get("lat")
        if not isinstance(lon, int | float) or not isinstance(lat, int | float):
            return f"{named} has no coordinates"
        if not (abs(lon) <= 180 and abs(lat) <= 90):
            return f"{named} lies at {one_line((lon, lat))}, which are no degrees"
        return ""
    nodes, tags = element.get("nodes"), element.get("tags", {})
    if not isinstance(nodes, list) or not all(_is_id(node) for node in nodes):
        return f"{named} has no list of nodes"
    if not isinstance(tags, dict) or not all(isinstance(value, str) for value in tags.values()):
        return f"{named} has no proper tags"
    return ""


def _is_id(value: Any) -> bool:
    """Tell whether a value is an id: a whole number of at most 64 bits."""
    return isinstance(value, int) and abs(value) < MOST_ID


def _told(text: str) -> str:
    """Return the gist of a page: what stands after 'Error', or all its text."""
    plain = re.sub(r"<(script|style)\b.*?</\1>|<[^>]*>", " ", text, flags=re.DOTALL | re.IGNORECASE)
    _, found, error = plain.partition("Error")
    return one_line(error.lstrip(" :") if found and error.strip(" :\n") else plain, 160)


def _retry_after_s(header: str | None) -> float | None:
    """Return the seconds of a Retry-After header (RFC 9110, 10.2.3), a number or a date."""
    if header is None:
        return None
    if header.strip().isdigit():
        return float(header)
    try:
        when = parsedate_to_datetime(header)
    except ValueError:
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return max(0.0, (when - datetime.now(UTC)).total_seconds())
