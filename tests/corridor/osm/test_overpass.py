"""The conversation with Overpass, over loopback, and every way in which it goes wrong."""

from __future__ import annotations

import gzip
import json
import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import osmnx
import pytest

from roadplan.corridor.osm import Limits, Overpass, Wanted, areas, assemble
from roadplan.corridor.osm.roads import HIGHWAYS
from roadplan.errors import RoadplanError, ServiceError

WANTED = Wanted.parse(ref="^A7$")
BUSY_PAGE = """<?xml version="1.0" encoding="UTF-8"?>
<html xmlns="http://www.w3.org/1999/xhtml"><head><title>OSM3S Response</title></head><body>
<p><strong style="color:#FF0000">Error</strong>: runtime error: open64: 0 Success
/osm3s_osm_base Dispatcher_Client::request_read_and_idx::timeout. The server is probably too busy
to handle your request. </p></body></html>"""


@pytest.fixture
def axis(sketch):
    """Draw a road of 12 km and give the axis along it."""
    sketch.way([(0, 0), (4_000, 0), (8_000, 0)])
    sketch.way([(12_000, 0), (8_000, 0)])
    return sketch.axis([(0, 50), (12_000, 50)])


class Waits(list):
    """Waits asked for, none of them waited."""

    def __call__(self, seconds: float) -> None:
        """Remember a wait."""
        self.append(seconds)


@pytest.fixture
def waits() -> Waits:
    """Give every wait that was asked for."""
    return Waits()


@pytest.fixture
def ask(overpass, axis, waits):
    """Ask the server for the roads along the axis."""

    def run(**options):
        given = {"url": overpass.url, "timeout_s": 60.0, "wait": waits, **options}
        return Overpass(**given).roads(areas(axis, 3_000), WANTED)

    return run


def test_question_is_what_osmnx_sends(overpass, axis, ask):
    """The status is asked for, then a form is posted with one question in Overpass QL."""
    roads = ask()
    assert [(one.method, one.path) for one in overpass.asked] == [
        ("GET", "/api/status"),
        ("POST", "/api/interpreter"),
    ]
    question = overpass.questions[0]
    assert question.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert question.headers["User-Agent"].startswith("roadplan/")
    assert question.query.startswith("[out:json][timeout:")
    assert question.query.endswith(";>;);out;")
    assert f'["highway"~"^({"|".join(HIGHWAYS)})$"]' in question.query
    assert roads.wanted.all()
    assert roads.state == "2025-11-20T06:00:00Z"


def test_download_and_file_give_the_same_axis(sketch, axis, ask, roads_of):
    """Whether the drawing comes from the server or from a file, the axis is the same."""
    sketch.way([(4_000, 0), (4_000, 2_000)], ref="", highway="residential")
    there = assemble(ask(), axis, Limits())
    here = assemble(roads_of(sketch, axis), axis, Limits())
    assert there.axis.lon.tolist() == here.axis.lon.tolist()
    assert there.forward_m == here.forward_m


def test_long_road_is_asked_for_in_pieces(overpass, sketch, waits):
    """250 km are asked for in three pieces that overlap; what comes twice counts once."""
    line = [(x, 0) for x in range(0, 250_001, 5_000)]
    sketch.way(line[:20])
    sketch.way(line[19:])
    axis = sketch.axis([(0, 0), (250_000, 0)])
    told = []
    service = Overpass(url=overpass.url, wait=waits)
    roads = service.roads(areas(axis, 3_000), WANTED, told=told.append)
    assert len(overpass.questions) == 3
    assert told == [1, 1, 1]
    assert len(roads.way) == 50
    assert assemble(roads, axis, Limits()).axis.length_m == pytest.approx(axis.length_m, abs=5)


def test_address_of_the_interpreter_is_understood(overpass, ask):
    """The address may end with /interpreter or a slash."""
    ask(url=overpass.url + "/interpreter")
    ask(url=overpass.url + "/")
    assert {one.path for one in overpass.questions} == {"/api/interpreter"}


def test_packed_answer_is_read(overpass, sketch, axis, ask, reply):
    """An answer packed by gzip is as good."""
    overpass.answers = [reply(gzip.compress(sketch.json()), Content_Encoding="gzip")]
    assert len(ask().way) == 3


def test_busy_service_is_asked_again_after_the_wait_it_asks_for(overpass, ask, waits, reply):
    """429 with Retry-After: the wait is kept, then the question is asked again."""
    overpass.answers = [reply("rate_limited", status=429, Retry_After="7")]
    ask()
    assert waits == [7.0]
    assert len(overpass.questions) == 2


def test_wait_may_be_a_date(overpass, ask, waits, reply):
    """Retry-After as a date is kept too."""
    until = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    overpass.answers = [reply("", status=503, Retry_After=until)]
    ask()
    assert waits == [pytest.approx(30, abs=5)]


def test_busy_service_is_left_after_four_tries(overpass, ask, waits, reply):
    """Without Retry-After waits double, and after four tries the service is left alone."""
    overpass.answers = [reply(BUSY_PAGE, status=504, kind="text/html")] * 9
    with pytest.raises(ServiceError, match="too busy after 4 tries: HTTP 504 runtime error"):
        ask()
    assert waits == [5.0, 10.0, 20.0]
    assert len(overpass.questions) == 4


def test_wait_longer_than_the_time_left_ends_at_once(overpass, ask, waits, reply):
    """A service that wants to be left alone for an hour is not waited for."""
    overpass.answers = [reply("", status=429, Retry_After="3600")]
    with pytest.raises(ServiceError, match=r"3600 s more and .* --timeout"):
        ask()
    assert waits == []


def test_busy_page_with_status_200_is_asked_again(overpass, ask, waits, reply):
    """Overpass tells that it is too busy in a page with HTTP 200, too."""
    overpass.answers = [reply(BUSY_PAGE, kind="text/html")]
    ask()
    assert waits == [5.0]


def test_slot_is_waited_for(overpass, ask, waits):
    """Where the status says when a slot is free, the earliest one is waited for."""
    overpass.status = FREE_LATER
    ask()
    assert waits == [4]


def test_slot_too_far_away_is_an_error(overpass, ask):
    """A slot that is free only after the time is over is not waited for."""
    overpass.status = FREE_LATER.replace("in 4 ", "in 400 ").replace("in 9 ", "in 900 ")
    with pytest.raises(ServiceError, match="no slot is free; it takes 400 s more"):
        ask()
    assert overpass.questions == []


@pytest.mark.parametrize("status", [404, 500, "<html>hello</html>", ""])
def test_service_without_a_status_is_asked_all_the_same(overpass, ask, status):
    """A private service may have no status page."""
    overpass.status = status
    assert len(ask().way) == 3


FREE_LATER = """Connected as: 2130706433
Current time: 2025-11-20T06:00:00Z
Rate limit: 2
Slot available after: 2025-11-20T06:00:09Z, in 9 seconds.
Slot available after: 2025-11-20T06:00:04Z, in 4 seconds.
Currently running queries (pid, space limit, time limit, start time):
"""


def test_refused_connection_is_told(axis, waits):
    """Where nothing listens, the address and the reason are told."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/api"
    with pytest.raises(ServiceError, match=r"127\.0\.0\.1:\d+/api cannot be reached: .*refused"):
        Overpass(url=url, wait=waits).roads(areas(axis, 3_000), WANTED)


def test_silent_service_is_left_in_time(overpass, ask):
    """A service that accepts the question and never answers is left when the time is over."""
    overpass.answers = [lambda _handler: overpass.over.wait(20)]
    with pytest.raises(ServiceError, match="did not answer"):
        ask(timeout_s=1.0)


def test_trickling_answer_is_left_in_time(overpass, ask):
    """An answer that comes byte by byte cannot outlast the time given."""

    def trickle(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", "1000000")
        handler.end_headers()
        while not overpass.over.wait(0.1):
            handler.wfile.write(b" ")
            handler.wfile.flush()

    overpass.answers = [trickle]
    with pytest.raises(ServiceError, match=r"did not (finish its )?answer"):
        ask(timeout_s=1.0)


def cut_short(handler):
    """Promise more than is sent."""
    handler.send_response(200)
    handler.send_header("Content-Length", "5000")
    handler.end_headers()
    handler.wfile.write(b'{"elements": []}')


def broken_chunks(handler):
    """Send a chunk whose length is none."""
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    handler.wfile.write(b"zz\r\n{}\r\n")


def no_gzip(handler):
    """Say that the body is packed, and send plain text."""
    handler.send_response(200)
    handler.send_header("Content-Encoding", "gzip")
    handler.send_header("Content-Length", "2")
    handler.end_headers()
    handler.wfile.write(b"{}")


@pytest.mark.parametrize("answer", [cut_short, broken_chunks, no_gzip])
def test_answer_that_breaks_off_is_told(overpass, ask, answer):
    """A connection lost in the middle of the answer is no answer."""
    overpass.answers = [answer]
    with pytest.raises(ServiceError, match="broke off"):
        ask()


def test_cut_json_is_told(overpass, sketch, ask, reply):
    """JSON that ends in the middle is broken, however complete the transfer."""
    overpass.answers = [reply(sketch.json()[:-300])]
    with pytest.raises(ServiceError, match="broken or cut short"):
        ask()


def test_page_instead_of_data_is_told(overpass, ask, reply):
    """A portal's page is recognised, told in plain text, and the address questioned."""
    page = "<!DOCTYPE html><title>Sign in</title><script>x</script><h1>Pay\x07 here</h1>"
    overpass.answers = [reply(page, kind="text/html")]
    with pytest.raises(ServiceError, match="a page instead of data: 'Sign in Pay here'"):
        ask()


def test_partial_data_with_a_remark_are_refused(overpass, sketch, ask, reply):
    """Data with a remark on a runtime error are incomplete, though the status is 200."""
    remark = 'runtime error: Query timed out in "query" at line 1 after 181 seconds.'
    overpass.answers = [reply(json.dumps({**sketch.document(), "remark": remark}))]
    with pytest.raises(ServiceError, match="did not answer in full; it remarks 'runtime error"):
        ask()


def test_empty_answers_are_told(overpass, ask, reply):
    """A service that knows nothing there is told apart from one that fails."""
    overpass.answers = [reply('{"version": 0.6, "elements": []}')]
    with pytest.raises(ServiceError, match="knows no roads near the route"):
        ask()


def test_roads_elsewhere_are_told(overpass, sketch_type, ask, reply):
    """Roads in another part of the world are as good as none."""
    elsewhere = sketch_type(lon=-60, lat=-35)
    elsewhere.way([(0, 0), (5_000, 0)])
    overpass.answers = [reply(elsewhere.json())]
    with pytest.raises(ServiceError, match="knows no roads near the route"):
        ask()


NODE = {"type": "node", "id": 1, "lon": 73.0, "lat": 49.0}
WAY = {"type": "way", "id": 5, "nodes": [1, 2], "tags": {"highway": "trunk", "ref": "A7"}}


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ("[]", "no Overpass document"),
        ('"elements"', "no Overpass document"),
        ('{"elements": {}}', "no Overpass document"),
        ("[" * 100_000, "broken or cut short"),
        ('{"elements": [7]}', "an element has no type"),
        (json.dumps({"elements": [{**NODE, "id": "x"}]}), "a node has no id"),
        (json.dumps({"elements": [{**NODE, "lat": None}]}), "node 1 has no coordinates"),
        (json.dumps({"elements": [{**NODE, "lat": float("nan")}]}), "node 1 lies at"),
        (json.dumps({"elements": [{**NODE, "lon": 7300.0}]}), "node 1 lies at"),
        (json.dumps({"elements": [{**WAY, "nodes": "12"}]}), "way 5 has no list of nodes"),
        (json.dumps({"elements": [{**WAY, "tags": []}]}), "way 5 has no proper tags"),
        (json.dumps({"elements": [{**WAY, "tags": {"ref": [1]}}]}), "way 5 has no proper tags"),
        (json.dumps({"elements": [{**WAY, "id": 2**70}]}), "a way has no id"),
        (json.dumps({"elements": [NODE, WAY]}), "way 5 refers to 1 nodes that are not in it"),
    ],
)
def test_malformed_documents_are_told(overpass, ask, reply, document, told):
    """Whatever is wrong with the JSON, one sentence says what."""
    overpass.answers = [reply(document)]
    with pytest.raises(ServiceError, match=told):
        ask()


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"status": 301, "Location": "https://elsewhere.example/api/interpreter"}, "has moved to"),
        ({"status": 400, "body": "<p>Error: line 1: parse error</p>"}, "HTTP 400.*parse error"),
        ({"status": 401}, "HTTP 401: it wants a name and a password"),
        ({"status": 403}, "HTTP 403: it refuses access"),
        ({"status": 404}, "there is no Overpass API at this address"),
        ({"status": 500, "body": "Internal Server Error"}, "HTTP 500"),
    ],
)
def test_refusals_are_told(overpass, ask, waits, reply, answer, told):
    """Each refusal is told in one sentence and not asked again."""
    overpass.answers = [reply(**answer)]
    with pytest.raises(ServiceError, match=told):
        ask()
    assert waits == []
    assert len(overpass.questions) == 1


def test_unwanted_roads_are_told_with_what_there_is(overpass, axis, waits):
    """Sound data without the reference are no fault of the service."""
    with pytest.raises(RoadplanError, match="references there: A7") as refusal:
        Overpass(url=overpass.url, wait=waits).roads(areas(axis, 3_000), Wanted.parse(ref="^Z9$"))
    assert not isinstance(refusal.value, ServiceError)


@pytest.mark.parametrize("works", [True, False])
def test_osmnx_and_the_resolver_are_left_as_they_were(
    overpass, ask, reply, tmp_path, monkeypatch, works
):
    """No setting, no resolver and no folder is left behind, whether it works or not."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(osmnx.settings, "requests_kwargs", {"verify": True})
    before = {k: v for k, v in vars(osmnx.settings).items() if not k.startswith("_")}
    resolver = socket.getaddrinfo
    if works:
        ask()
    else:
        overpass.answers = [reply("{")]
        with pytest.raises(ServiceError):
            ask()
    assert {k: v for k, v in vars(osmnx.settings).items() if not k.startswith("_")} == before
    assert socket.getaddrinfo is resolver
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "url", ["", "overpass", "ftp://host/api", "http://", "http://[::1", "http://h:port/api"]
)
def test_addresses_that_are_none_are_refused(url):
    """What is no web address is told before anything is asked."""
    with pytest.raises(RoadplanError, match="is no address of an Overpass API"):
        Overpass(url=url)


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf")])
def test_timeouts_must_be_sensible(seconds):
    """A time-out is a number above nought."""
    with pytest.raises(RoadplanError, match="time-out must be more than 0"):
        Overpass(url="http://127.0.0.1/api", timeout_s=seconds)


def test_passwords_are_not_shown():
    """What stands before @ in an address does not get into messages."""
    assert Overpass(url="https://me:secret@host/api").host == "https://host/api"
