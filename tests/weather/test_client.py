"""Asking the service over the network, against a server on the loopback interface."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from roadplan.errors import RoadplanError, ServiceError
from roadplan.weather import OpenMeteo, read

NOON = dt.datetime(2026, 1, 15, 12, tzinfo=dt.UTC)
Answer = tuple[int, dict[str, str], bytes]


@dataclass
class Service:
    """A service that gives prepared answers, the last one for ever, and keeps the questions."""

    url: str = ""
    answers: list[Answer] = field(default_factory=list)
    questions: list[dict[str, list[str]]] = field(default_factory=list)
    slow_s: float = 0.0
    stop: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def service() -> Iterator[Service]:
    """Run a service on an ephemeral port of the loopback interface."""
    told = Service()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.questions.append(parse_qs(urlsplit(self.path).query))
            told.stop.wait(told.slow_s)
            number = min(len(told.questions), len(told.answers)) - 1
            status, headers, body = told.answers[number]
            self.send_response(status)
            for key, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.url = f"http://127.0.0.1:{server.server_port}/v1/ensemble"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield told
    told.stop.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def client(service: Service) -> Callable[..., OpenMeteo]:
    """Give clients of the service that do not pause."""

    def make(**changes: Any) -> OpenMeteo:
        usual = {"url": service.url, "timeout_s": 5.0, "now": lambda: NOON, "sleep": _no_pause}
        return OpenMeteo(**{**usual, **changes})

    return make


def _no_pause(_: float) -> None:
    return None


def _ok(reply: object) -> Answer:
    return 200, {}, json.dumps(reply).encode()


def test_a_forecast_is_asked_for_and_read(
    service: Service, client: Callable[..., OpenMeteo], reply: dict[str, Any]
) -> None:
    """Units and time zone are asked for, and still read from the reply."""
    service.answers = [_ok(reply)]
    storm = client().fetch([74.0], [47.0], hours=24)
    asked = service.questions[0]
    assert (asked["wind_speed_unit"], asked["timezone"]) == (["ms"], ["GMT"])
    assert asked["forecast_hours"] == ["25"]
    assert storm.values("wind_speed")[0, 0, 0] == pytest.approx(15)
    assert storm.issued == NOON
    assert storm.origin.issued_stated


def test_many_points_are_asked_for_in_parts(
    service: Service, client: Callable[..., OpenMeteo], reply: dict[str, Any]
) -> None:
    """Sixty points are two requests and one storm."""
    service.answers = [_ok([reply] * 50), _ok([reply] * 10)]
    storm = client().fetch([74.0] * 60, [47.0] * 60)
    assert [len(q["latitude"][0].split(",")) for q in service.questions] == [50, 10]
    assert storm.shape[2] == 60


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_passing_fault_is_tried_again(
    service: Service, client: Callable[..., OpenMeteo], reply: dict[str, Any], status: int
) -> None:
    """Too many requests and a tired server are waited out."""
    service.answers = [(status, {}, b"{}"), (status, {}, b"{}"), _ok(reply)]
    pauses: list[float] = []
    storm = client(sleep=pauses.append, pause_s=2.0).fetch([74.0], [47.0])
    assert storm.shape[0] == 2
    assert pauses == [2.0, 4.0]


def test_the_service_may_ask_for_a_longer_pause(
    service: Service, client: Callable[..., OpenMeteo], reply: dict[str, Any]
) -> None:
    """Retry-After is kept, up to a minute."""
    service.answers = [(429, {"Retry-After": "3600"}, b"{}"), _ok(reply)]
    pauses: list[float] = []
    client(sleep=pauses.append).fetch([74.0], [47.0])
    assert max(pauses) == 60.0


def test_the_rate_limit_in_the_end_is_an_error_with_its_reason(
    service: Service, client: Callable[..., OpenMeteo]
) -> None:
    """After the last try the reason and the remedy are told."""
    body = b'{"error": true, "reason": "Hourly API request limit exceeded"}'
    service.answers = [(429, {}, body)]
    with pytest.raises(ServiceError, match=r"HTTP 429: Hourly API request limit.*saved forecast"):
        client(tries=2).fetch([74.0], [47.0])
    assert len(service.questions) == 2


def test_a_wrong_request_is_not_repeated(
    service: Service, client: Callable[..., OpenMeteo]
) -> None:
    """HTTP 400 will not get better."""
    service.answers = [(400, {}, b'{"error": true, "reason": "no such model"}')]
    with pytest.raises(ServiceError, match="no such model"):
        client().fetch([74.0], [47.0])
    assert len(service.questions) == 1


def test_an_error_in_a_good_answer_is_an_error(
    service: Service, client: Callable[..., OpenMeteo]
) -> None:
    """The service may say so with status 200 too."""
    service.answers = [_ok({"error": True, "reason": "out of order"})]
    with pytest.raises(ServiceError, match="out of order"):
        client().fetch([74.0], [47.0])


def test_half_a_reply_is_tried_again(
    service: Service, client: Callable[..., OpenMeteo], reply: dict[str, Any]
) -> None:
    """Both a short body and a transfer that breaks off count as no answer."""
    whole = json.dumps(reply).encode()
    cut = (200, {}, whole[: len(whole) // 2])
    broken = (200, {"Content-Length": str(len(whole))}, whole[:100])
    service.answers = [cut, broken, _ok(reply)]
    assert client(timeout_s=1.0).fetch([74.0], [47.0]).shape[0] == 2
    service.questions.clear()
    service.answers = [cut]
    with pytest.raises(ServiceError, match="cut short"):
        client(tries=2).fetch([74.0], [47.0])


def test_a_page_in_place_of_json_is_an_error(
    service: Service, client: Callable[..., OpenMeteo]
) -> None:
    """A captive portal sends HTML with status 200."""
    service.answers = [(200, {}, b"<html>please log in</html>")]
    with pytest.raises(ServiceError, match="no JSON"):
        client(tries=1).fetch([74.0], [47.0])


def test_a_reply_without_units_is_an_error_of_the_service(
    service: Service, client: Callable[..., OpenMeteo], reply: dict[str, Any], tmp_path: Path
) -> None:
    """And does not enter the cache."""
    del reply["hourly_units"]["wind_speed_10m"]
    service.answers = [_ok(reply)]
    with pytest.raises(ServiceError, match="cannot be used"):
        client(cache_dir=tmp_path).fetch([74.0], [47.0])
    assert list(tmp_path.iterdir()) == []


def test_a_service_that_hangs_is_given_up(
    service: Service, client: Callable[..., OpenMeteo], reply: dict[str, Any]
) -> None:
    """The time-out holds."""
    service.answers, service.slow_s = [_ok(reply)], 5.0
    with pytest.raises(ServiceError, match="in time"):
        client(timeout_s=0.1, tries=1).fetch([74.0], [47.0])


def test_no_connection_is_told_without_a_traceback(client: Callable[..., OpenMeteo]) -> None:
    """A port where nothing listens."""
    with pytest.raises(ServiceError, match="no connection"):
        client(url="http://127.0.0.1:1/", tries=2).fetch([74.0], [47.0])


def test_a_young_reply_is_used_again(
    service: Service, client: Callable[..., OpenMeteo], reply: dict[str, Any], tmp_path: Path
) -> None:
    """Within its age the cache answers; after it the service is asked, and the key is not kept."""
    service.answers = [_ok(reply)]
    first = client(cache_dir=tmp_path, api_key="secret")
    first.fetch([74.0], [47.0])
    first.fetch([74.0], [47.0])
    assert len(service.questions) == 1
    assert "secret" not in next(tmp_path.iterdir()).read_text(encoding="utf-8")
    later = client(cache_dir=tmp_path, now=lambda: NOON + dt.timedelta(hours=4))
    assert later.fetch([74.0], [47.0]).issued == NOON + dt.timedelta(hours=4)
    assert len(service.questions) == 2


def test_an_old_reply_helps_out_when_allowed(
    service: Service, client: Callable[..., OpenMeteo], reply: dict[str, Any], tmp_path: Path
) -> None:
    """It keeps its issue time, so that it is flagged as old."""
    service.answers = [_ok(reply), (503, {}, b"")]
    client(cache_dir=tmp_path).fetch([74.0], [47.0])
    week = NOON + dt.timedelta(days=7)
    late = client(cache_dir=tmp_path, now=lambda: week, tries=1)
    with pytest.raises(ServiceError, match="503"):
        late.fetch([74.0], [47.0])
    storm = late.fetch([74.0], [47.0], allow_stale=True)
    assert storm.flags(week, NOON, NOON + dt.timedelta(hours=3))[0].code == "too_old"


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"retrieved": "2026-01-15T12:00"}'])
def test_a_damaged_cache_is_no_obstacle(
    service: Service,
    client: Callable[..., OpenMeteo],
    reply: dict[str, Any],
    tmp_path: Path,
    damage: str,
) -> None:
    """The service is asked again."""
    service.answers = [_ok(reply)]
    client(cache_dir=tmp_path).fetch([74.0], [47.0])
    next(tmp_path.iterdir()).write_text(damage, encoding="utf-8")
    assert client(cache_dir=tmp_path).fetch([74.0], [47.0]).shape[0] == 2


def test_a_saved_reply_is_read_with_its_time(
    service: Service, client: Callable[..., OpenMeteo], reply: dict[str, Any], tmp_path: Path
) -> None:
    """What was fetched may be saved as JSON and read later."""
    service.answers = [_ok(reply)]
    path = tmp_path / "saved.json"
    path.write_text(json.dumps(client().reply([74.0], [47.0])), encoding="utf-8")
    assert read(path).issued == NOON


def test_impossible_questions_are_refused_before_asking(client: Callable[..., OpenMeteo]) -> None:
    """No points, or more hours than any model has."""
    with pytest.raises(RoadplanError, match="one point or more"):
        client().fetch([], [])
    with pytest.raises(RoadplanError, match="1 to 240"):
        client().fetch([74.0], [47.0], hours=1000)
