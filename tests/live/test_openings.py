"""The request that opens a WebSocket arrives in pieces, or with frames directly after it."""

import json
import socket

import pytest
import requests
import websocket

from tests.live.test_http_server import request, whole_answer
from tests.live.test_relay import QUERY, UPGRADE, foreign
from tests.live.test_worker import connect

LINE = "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1"
OPENING = request(LINE, *UPGRADE)


@pytest.fixture
def connection(maru):
    with connect(maru) as connection:
        connection.settimeout(30)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield connection


def frame(text):
    return websocket.ABNF.create_frame(text, websocket.ABNF.OPCODE_TEXT).format()


def heard(connection, until):
    answer = b""
    while until not in answer:
        part = connection.recv(65_536)
        assert part, answer
        answer += part
    return answer


def test_one_that_comes_at_once_is_accepted(connection):
    connection.sendall(OPENING)
    assert heard(connection, b'"sid"').startswith(b"HTTP/1.1 101 ")


def test_one_that_comes_byte_by_byte_is_accepted(maru, connection):
    for at in range(len(OPENING) - 1):
        connection.send(OPENING[at : at + 1])
    # By the time that somebody else has been served, it will have been looked at.
    assert requests.get(f"{maru.url}/healthz", timeout=30).status_code == 200
    connection.send(OPENING[-1:])
    assert heard(connection, b'"sid"').startswith(b"HTTP/1.1 101 ")


@pytest.mark.parametrize("cut", [1, 30, len(LINE) + 1, -3, -1])
def test_one_that_comes_in_two_pieces_is_accepted(maru, connection, cut):
    connection.sendall(OPENING[:cut])
    assert requests.get(f"{maru.url}/healthz", timeout=30).status_code == 200
    connection.sendall(OPENING[cut:])
    assert heard(connection, b'"sid"').startswith(b"HTTP/1.1 101 ")


def test_frames_in_the_segment_of_the_opening_are_heard_in_order(maru, connection, person):
    api = person("early")
    room = api.create_room()
    call = {"token": api.token, "roomId": room}
    frames = [
        "40" + json.dumps({"token": api.token}),
        "420" + json.dumps(["join", call]),
        *("42" + str(i) + json.dumps(["message", {**call, "message": f"{i}"}]) for i in (1, 2, 3)),
    ]
    connection.sendall(OPENING + b"".join(map(frame, frames)))
    answer = heard(connection, b"433[")
    assert answer.startswith(b"HTTP/1.1 101 ") and b'40{"sid"' in answer
    assert [m["message"] for m in api.history(room) if m["type"] == "TALK"] == ["1", "2", "3"]


@pytest.mark.parametrize("cut", range(-12, 0, 3))
def test_a_frame_that_begins_in_the_segment_of_the_opening_is_heard(connection, maru, cut):
    hello = frame("40" + json.dumps({"token": maru.admin.token}))
    connection.sendall(OPENING + hello[:cut])
    heard(connection, b'"sid"')
    connection.sendall(hello[cut:])
    assert b'40{"sid"' in heard(connection, b"40{")


def test_frames_behind_the_opening_reach_the_worker_of_the_session(own_maru):
    maru = own_maru(workers=4)
    for _ in range(12):
        session = foreign(maru)
        with connect(maru) as connection:
            connection.settimeout(30)
            line = f"GET /socket.io/?EIO=4&transport=websocket&sid={session} HTTP/1.1"
            connection.sendall(request(line, *UPGRADE) + frame("2probe"))
            assert heard(connection, b"3probe").startswith(b"HTTP/1.1 101 ")


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        (LINE, [*UPGRADE, "Origin: https://evil.example"]),
        (LINE, [*UPGRADE[:3], "Sec-WebSocket-Key: x"]),
        (LINE, [*UPGRADE[:2], "Sec-WebSocket-Version: 7", UPGRADE[3]]),
        (LINE.replace("EIO=4", "EIO=3"), UPGRADE),
        (LINE.replace(" HTTP", "&sid=nobody HTTP"), UPGRADE),
        (LINE.replace(" HTTP", "&sid=00000000.x HTTP"), UPGRADE),
        (LINE.replace("websocket", "pigeon"), UPGRADE),
    ],
)
@pytest.mark.parametrize(
    "behind",
    [b"", frame("40{}") * 3, request("GET /healthz HTTP/1.1")],
    ids=["nothing", "frames", "a request"],
)
def test_a_refusal_is_one_whole_answer_and_the_end(connection, line, fields, behind):
    connection.sendall(request(line, *fields) + behind)
    status, headers, body = whole_answer(connection)
    assert status in (400, 426) and headers["Connection"] == "close"
    assert int(headers["Content-Length"]) == len(body) > 0 and b"HTTP/1.1" not in body
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_a_session_that_polls_may_send_its_bodies_in_chunks(maru, person):
    api = person("chunked")
    room = api.create_room()
    url = f"{maru.url}/socket.io/"
    query = {**dict(pair.split("=") for pair in QUERY.split("&")), "sid": foreign(maru)}

    def post(*packets):
        # Of a body whose length is not known beforehand the library makes chunks.
        body = "\x1e".join(packets).encode()
        pieces = (body[at : at + 7] for at in range(0, len(body), 7))
        answer = requests.post(url, params=query, data=pieces, timeout=30)
        assert answer.request.headers["Transfer-Encoding"] == "chunked"
        assert (answer.status_code, answer.text) == (200, "OK")

    def poll(until):
        told = ""
        while until not in told:
            answer = requests.get(url, params=query, timeout=30)
            assert answer.status_code == 200
            answer.encoding = "utf-8"
            told += answer.text
            if answer.text == "2":
                post("3")
        return told

    post("40" + json.dumps({"token": api.token}))
    poll("40{")
    call = {"token": api.token, "roomId": room}
    said = [json.dumps(["message", {**call, "message": f"말 {i}"}]) for i in range(8)]
    post("420" + json.dumps(["join", call]), *(f"42{i + 1}{each}" for i, each in enumerate(said)))
    poll("438[")
    assert [m["message"] for m in api.history(room)] == [f"말 {i}" for i in range(8)]
