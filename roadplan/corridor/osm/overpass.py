"""Roads from an Overpass API, asked through OSMnx with patience that has an end."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import shapely

from roadplan.corridor.osm._answer import AnswerReader, BusyError, NoRoads
from roadplan.corridor.osm._osmnx import USER_AGENT, osmnx_settings
from roadplan.corridor.osm._text import one_line
from roadplan.corridor.osm.roads import HIGHWAYS, Roads
from roadplan.corridor.osm.wanted import Wanted
from roadplan.errors import RoadplanError, ServiceError

if TYPE_CHECKING:
    import networkx as nx

WAY_FILTER = f'["highway"~"^({"|".join(HIGHWAYS)})$"]["area"!~"yes"]'
"""What is asked for: all roads that may be the route's. Which of them are is decided here, since
Overpass reads regular expressions otherwise than Python does."""

_LONGEST_QUERY_S = 180
_STATUS_BYTES = 8192
_SLOTS_NOW = re.compile(r"^\s*(\d+) slots? available now", re.MULTILINE)
_SLOT_LATER = re.compile(r"Slot available after:[^\n]*?, in (-?\d+) seconds")


@dataclass(frozen=True, kw_only=True)
class Overpass:
    """An Overpass API.

    Parameters
    ----------
    url
        Its base, e.g. ``https://host/api``; ``/interpreter`` at the end does no harm.
    timeout_s
        Time for the whole conversation, waiting included.
    tries
        How often one question is asked at most while the service says it is busy.
    first_wait_s
        The first wait where the service does not say how long to wait; each further one is twice
        as long.
    wait, clock
        How to wait and to tell the time, in seconds.

    Raises
    ------
    RoadplanError
        The address is none.
    """

    url: str
    timeout_s: float = 300.0
    tries: int = 4
    first_wait_s: float = 5.0
    wait: Callable[[float], None] = field(default=time.sleep, repr=False)
    clock: Callable[[], float] = field(default=time.monotonic, repr=False)

    def __post_init__(self) -> None:
        base = self.url.strip().rstrip("/").removesuffix("/interpreter")
        try:
            parts = urlsplit(base)
            known = parts.scheme in {"http", "https"} and bool(parts.hostname)
            _ = parts.port
        except ValueError:
            known = False
        if not known:
            raise RoadplanError(
                f"'{one_line(self.url)}' is no address of an Overpass API; "
                "give one as https://host/api"
            )
        if not 0 < self.timeout_s < float("inf"):
            raise RoadplanError(f"the time-out must be more than 0 s, not {self.timeout_s}")
        object.__setattr__(self, "url", base)

    @property
    def host(self) -> str:
        """The address as it may be shown: without a password."""
        parts = urlsplit(self.url)
        return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))

    def roads(
        self,
        around: Sequence[shapely.Polygon],
        wanted: Wanted,
        *,
        told: Callable[[int], object] | None = None,
    ) -> Roads:
        """Ask for the roads in areas, one after another.

        Parameters
        ----------
        around
            Areas in longitude and latitude.
        wanted
            Which ways belong to the route.
        told
            Called with 1 after each area, for a progress bar.

        Raises
        ------
        ServiceError
            The service cannot be reached, is busy for too long, or did not answer in full.
        RoadplanError
            None of the roads is wanted.
        """
        deadline = self.clock() + self.timeout_s
        graphs = []
        states = []
        for area in around:
            answer = self._patiently(area, deadline)
            if answer is not None:
                graphs.append(answer[0])
                states.append(answer[1])
            if told is not None:
                told(1)
        if not graphs:
            raise ServiceError(
                f"{self.host} knows no roads near the route; check that it covers the region and "
                "that the route's coordinates are right, or look farther with --buffer-km"
            )
        return Roads.from_graphs(graphs, wanted, state=min((s for s in states if s), default=""))

    def _patiently(
        self, area: shapely.Polygon, deadline: float
    ) -> tuple[nx.MultiDiGraph, str] | None:
        """Ask about one area, again while the service is busy and time is left."""
        pause = self.first_wait_s
        for attempt in range(1, self.tries + 1):
            self._take_turn(deadline)
            try:
                return self._ask(area, deadline)
            except BusyError as busy:
                if attempt == self.tries:
                    raise ServiceError(
                        f"{self.host} is still too busy after {attempt} tries: {busy}; "
                        "try again later"
                    ) from busy
                asked = busy.retry_after_s
                self._wait(pause if asked is None else asked, deadline, str(busy))
                pause *= 2
        raise AssertionError("the last try returns or raises")

    def _wait(self, seconds: float, deadline: float, why: str) -> None:
        left = deadline - self.clock()
        if seconds >= left:
            raise ServiceError(
                f"{self.host} is too busy: {why}; it takes {seconds:.0f} s more and {left:.0f} s "
                "are left; try again later or give more time with --timeout"
            )
        if seconds > 0:
            self.wait(seconds)

    def _left(self, deadline: float) -> float:
        left = deadline - self.clock()
        if left <= 0:
            raise ServiceError(
                f"{self.host} did not answer within {self.timeout_s:g} s; try again later or "
                "give more time with --timeout"
            )
        return left

    def _take_turn(self, deadline: float) -> None:
        """Wait until the service has a slot for us; one that does not say so is just asked."""
        import osmnx
        import requests

        given: dict[str, Any] = dict(osmnx.settings.requests_kwargs)
        try:
            with requests.get(
                f"{self.url}/status",
                headers={"User-Agent": USER_AGENT},
                timeout=min(self._left(deadline), _LONGEST_QUERY_S),
                **{**given, "stream": True, "allow_redirects": False},
            ) as answer:
                body = next(answer.iter_content(_STATUS_BYTES), b"") if answer.ok else b""
        except requests.RequestException as error:
            raise self._failure(error) from error
        text = body.decode("utf-8", "replace")
        free = _SLOTS_NOW.search(text)
        if free is not None and int(free[1]) > 0:
            return
        later = [int(seconds) for seconds in _SLOT_LATER.findall(text)]
        if later:
            self._wait(max(0, min(later)), deadline, "no slot is free")

    def _ask(self, area: shapely.Polygon, deadline: float) -> tuple[nx.MultiDiGraph, str] | None:
        """Ask about one area through OSMnx; None where there are no roads."""
        import osmnx
        import requests

        left = self._left(deadline)
        reader = AnswerReader(self.host, deadline=deadline, clock=self.clock)
        given = dict(osmnx.settings.requests_kwargs)
        try:
            with osmnx_settings(
                overpass_url=self.url,
                requests_timeout=max(1, int(min(left, _LONGEST_QUERY_S))),
                requests_kwargs={**given, "hooks": {"response": reader}},
            ):
                graph = osmnx.graph_from_polygon(
                    area,
                    custom_filter=WAY_FILTER,
                    simplify=False,
                    retain_all=True,
                    truncate_by_edge=True,
                )
        except NoRoads:
            return None
        except requests.RequestException as error:
            raise self._failure(error) from error
        except RoadplanError:
            raise
        except ValueError as error:
            # OSMnx's way to say that all that came lies outside the area.
            if "no graph nodes within" in str(error):
                return None
            raise ServiceError(
                f"{self.host} gave an answer that OSMnx cannot use: {one_line(error)}"
            ) from error
        return graph, reader.state

    def _failure(self, error: Exception) -> ServiceError:
        """Return what went wrong on the way to the service."""
        import requests

        if isinstance(error, requests.Timeout):
            return ServiceError(
                f"{self.host} did not answer in time; try again later or give more time with "
                "--timeout"
            )
        if isinstance(error, requests.ConnectionError):
            return ServiceError(
                f"{self.host} cannot be reached: {_root(error)}; check the address and the network"
            )
        return ServiceError(f"{self.host} could not be asked: {_root(error)}")


def _root(error: BaseException) -> str:
    """Return the innermost cause of an error as one line."""
    seen = {id(error)}
    while True:
        cause = error.__cause__ or error.__context__ or getattr(error, "reason", None)
        if not isinstance(cause, BaseException) or id(cause) in seen:
            return one_line(getattr(error, "strerror", None) or error)
        seen.add(id(cause))
        error = cause
