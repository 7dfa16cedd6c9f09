"""OSMnx with settings of its own for one call, and everything put back afterwards.

OSMnx keeps its settings in a module, and replaces the resolver of the whole process when it asks
Overpass. Neither may leak into the program that uses us, so calls are made one at a time and
both are restored.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock
from typing import Any

from roadplan import __version__
from roadplan.corridor.osm.roads import WAY_TAGS

USER_AGENT = f"roadplan/{__version__}"
"""How we name ourselves to services, as their rules of use ask for."""

_LOCK = RLock()

_OURS: dict[str, Any] = {
    # Ways stay as drawn and `oneway` keeps its value, so that we can tell what was tagged.
    "all_oneway": True,
    "useful_tags_way": list(WAY_TAGS),
    "useful_tags_node": [],
    # A refresh wants what is there now, and leaves no folder behind in the working directory.
    "use_cache": False,
    "cache_only_mode": False,
    "log_file": False,
    "log_console": False,
    # Where the service's name is not known, that is the answer; no third party is asked.
    "doh_url_template": None,
    # Areas are cut along the road beforehand; OSMnx would ask for their convex hull.
    "max_query_area_size": 1e15,
    # Waiting is ours: OSMnx sleeps for as long as it is told, and retries without end.
    "overpass_rate_limit": False,
    "http_user_agent": USER_AGENT,
    "http_referer": "roadplan",
}


@contextmanager
def osmnx_settings(**settings: Any) -> Iterator[None]:
    """Set OSMnx's settings for a block and restore them and the resolver afterwards.

    Parameters
    ----------
    settings
        Settings of :mod:`osmnx.settings` beyond our own defaults.
    """
    import osmnx

    wanted = {**_OURS, **settings}
    with _LOCK:
        before = {name: getattr(osmnx.settings, name) for name in wanted}
        resolver = socket.getaddrinfo
        try:
            for name, value in wanted.items():
                setattr(osmnx.settings, name, value)
            yield
        finally:
            socket.getaddrinfo = resolver
            for name, value in before.items():
                setattr(osmnx.settings, name, value)
