"""Malformed HTTP requests to the Socket.IO path, and connections that send nothing."""

import contextlib
import json

import pytest
import requests
import websocket

from tests.live.client import settle
from tests.live.raw import Raw


@pytest.fixture(scope="module")
def strangers(shared_maru):
    """Engine.IO connections that never say who they are; opened first, looked at last."""
    api = shared_maru.register_some("stranger")
    refused = Raw(api)
    refused.send('40{"token":"x"}')
    assert refused.receive().startswith("44")
    gone = Raw(api).introduce()
    gone.send("41")
    return {"silent": Raw(api), "refused": refused, "has left the namespace": gone}


@pytest.fixture(scope="module")
def room(pair):
    """Where two people are, who must notice nothing."""
    room_id = pair[0].api.create_room()
    for client in pair:
        client.join(room_id)
    return room_id


@pytest.fixture
def url(maru, strangers, pair, room):
    """The path of Socket.IO."""
    settle(room, *pair)
    for client in pair:
        client.forget()
    yield maru.url + "/socket.io/"
    settle(room, *pair)
    for client in pair:
        assert client.messages() == [] and not client.ended.is_set()


QUERIES = {
    "nothing": {},
    "no version": {"transport": "polling"},
    "old version": {"EIO": "3", "transport": "polling"},
    "no such version": {"EIO": "x" * 1000, "transport": "polling"},
    "no such transport": {"EIO": "4", "transport": "carrier pigeon"},
    "websocket without upgrade": {"EIO": "4", "transport": "websocket"},
    "unknown session": {"EIO": "4", "transport": "polling", "sid": "x"},
    "huge session": {"EIO": "4", "transport": "polling", "sid": "x" * 2000},
    "odd session": {"EIO": "4", "transport": "polling", "sid": "\0한글<>\n"},
    "bad script index": {"EIO": "4", "transport": "polling", "j": "alert(1)"},
}


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES.keys())
def test_requests_that_mean_nothing_are_bad_requests(url, method, query):
    answer = requests.request(method, url, params=query, data="4x", timeout=30)
    assert answer.status_code == 400


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD", "BREW"])
def test_other_methods_are_refused(url, method):
    answer = requests.request(method, url, params={"EIO": "4", "transport": "polling"}, timeout=30)
    assert answer.status_code in (400, 404, 405)


BODIES = {
    "empty": b"",
    "text": b"hello",
    "not UTF-8": b"\xff\xfe\xfd",
    "zero": b"\0",
    "json": b'{"token":"x"}',
    "separators": b"\x1e\x1e\x1e",
    "broken base64": b"b=====",
    "an unknown type": b"9",
    "packets one by one": b"4x\x1e4y",
    "percent": b"%00%0d%0a",
    "form": b"d=4%7B%7D",
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_bodies_that_are_no_packets_are_bad_requests(url, body):
    assert requests.post(url, params=session(url), data=body, timeout=30).status_code == 400


def test_a_body_over_the_limit_is_refused(url):
    query = session(url)
    for data in (b"4" + b"x" * 200_000, iter([b"4", b"x" * 200_000])):
        with contextlib.suppress(requests.ConnectionError):  # closed while it was still sending
            assert requests.post(url, params=query, data=data, timeout=30).status_code in (400, 413)


@pytest.mark.parametrize(
    "body", ["40", '40{"token":"x"}', '42["message",{}]', "42{}", "451-[]", "44", "46", "1"]
)
def test_a_long_polling_session_of_rubbish_ends(url, body):
    query = session(url)
    assert requests.post(url, params=query, data=body, timeout=30).status_code in (200, 400)
    # Ended by that, or by its own word; never with an error of the server.
    assert requests.post(url, params=query, data="1", timeout=30).status_code in (200, 400)
    assert requests.get(url, params=query, timeout=30).status_code == 400


def session(url):
    """The query of a long-polling session that has just begun."""
    query = {"EIO": "4", "transport": "polling"}
    opened = requests.get(url, params=query, timeout=30).text
    return {**query, "sid": json.loads(opened[1:])["sid"]}


def test_pages_of_other_sites_may_not_connect(url, maru):
    evil = {"Origin": "https://evil.example"}
    query = {"EIO": "4", "transport": "polling"}
    assert requests.get(url, params=query, headers=evil, timeout=30).status_code == 400
    with pytest.raises(websocket.WebSocketBadStatusException):
        websocket.create_connection(
            url.replace("http", "ws") + "?EIO=4&transport=websocket", header=evil, timeout=30
        )
    assert "https://evil.example is not an accepted origin" in maru.log.read_text()
    own = requests.get(
        url, params=query, headers={"Origin": url[: -len("/socket.io/")]}, timeout=30
    )
    assert own.status_code == 200


def test_handshakes_that_are_none_are_refused(url):
    query = {"EIO": "4", "transport": "websocket"}
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket"}
    for headers in (
        {},
        {"Sec-WebSocket-Version": "13"},
        {"Sec-WebSocket-Key": "x"},
        {"Sec-WebSocket-Version": "99", "Sec-WebSocket-Key": "x"},
    ):
        answer = requests.get(url, params=query, headers={**upgrade, **headers}, timeout=30)
        assert answer.status_code in (400, 426)


def test_compression_is_declined(url):
    """It would cost every connection a compressor."""
    offer = {"Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits"}
    address = url.replace("http", "ws") + "?EIO=4&transport=websocket"
    connection = websocket.create_connection(address, header=offer, timeout=30)
    assert "sec-websocket-extensions" not in connection.getheaders()
    connection.close()


@pytest.mark.parametrize("kind", ["silent", "refused", "has left the namespace"])
def test_who_does_not_say_who_it_is_may_not_stay(maru, strangers, kind):
    """They answer pings, and are ended all the same, 15 seconds after they came."""
    assert strangers[kind].is_closed(60)
