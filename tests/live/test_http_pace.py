"""How long a client may take to send and to read, and how much may be under way at once."""

import contextlib
import json
import socket

import eventlet
import pytest
from eventlet.green import socket as green_socket

from chat.http import BODY_MAX
from chat.live import http_stream
from chat.live.admission import BODIES, BODIES_PER_ADDRESS, Admission
from chat.live.door import Door
from chat.live.http_refusal import Refused
from chat.live.http_stream import Pace
from tests.live.cluster import PASSWORD
from tests.live.test_door import request, whole_answer
from tests.live.test_worker import ask, connect
from tests.waiting import eventually

#: More than the system holds for a connection.
BIG = b"a" * (16 * 2**20)
TOKEN = ("Content-Type: application/json", f"Content-Length: {BODY_MAX}")


@pytest.fixture
def served():
    """A door of this process, in front of an app with a long answer: its address, its places."""
    admission = Admission(10, 0, 0)
    closed = []

    class Body(list):
        def close(self):
            closed.append(True)

    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return Body([BIG])

    listener = eventlet.listen(("127.0.0.1", 0))
    accepting = eventlet.spawn(Door(app, admission, behind_proxy=False).accept, listener)
    yield listener.getsockname(), admission, closed
    accepting.kill()
    listener.close()


def asked(address):
    connection = green_socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
    connection.connect(address)
    connection.sendall(request("GET / HTTP/1.1", "Connection: close"))
    return connection


def until(is_so):
    with eventlet.Timeout(30):
        while not is_so():
            eventlet.sleep(0.01)


def test_an_answer_that_is_not_read_ends_and_its_place_is_free(served, monkeypatch):
    address, admission, closed = served
    monkeypatch.setattr(http_stream, "ANSWER_PACE", Pace(grace=0.5, rate=2**30, total=60.0))
    with contextlib.closing(asked(address)):
        until(lambda: admission.taken == 1)
        # What the app keeps for its answer is given back.
        until(lambda: admission.taken == 0)
        assert closed == [True]


def test_an_answer_that_is_read_in_drops_ends_with_its_total_time(served, monkeypatch):
    address, admission, _ = served
    monkeypatch.setattr(http_stream, "ANSWER_PACE", Pace(grace=60.0, rate=1, total=1.0))
    with contextlib.closing(asked(address)) as connection:
        until(lambda: admission.taken == 1)

        def is_over():
            with contextlib.suppress(OSError):
                connection.recv(10)
            return admission.taken == 0

        until(is_over)


def test_an_answer_that_is_read_slower_than_it_could_be_arrives(served, monkeypatch):
    address, admission, _ = served
    monkeypatch.setattr(http_stream, "ANSWER_PACE", Pace(grace=20.0, rate=2**20, total=60.0))
    size = 0
    with contextlib.closing(asked(address)) as connection:
        while part := connection.recv(65_536):
            size += len(part)
            eventlet.sleep(0)
    assert size > len(BIG)
    until(lambda: admission.taken == 0)


def test_bodies_under_way_have_a_budget_of_one_address(own_maru):
    maru = own_maru(workers=1, CONNECTIONS_PER_ADDRESS="200")
    held = [connect(maru) for _ in range(BODIES_PER_ADDRESS // BODY_MAX)]
    for connection in held:
        connection.sendall(request("POST /api/token HTTP/1.1", *TOKEN) + b" " * 65_536)
    credentials = json.dumps({"name": "admin", "password": PASSWORD})
    short = request(
        "POST /api/token HTTP/1.1",
        "Content-Type: application/json",
        f"Content-Length: {len(credentials)}",
        "Connection: close",
        body=credentials,
    )

    def answer(sent):
        with connect(maru) as connection:
            connection.settimeout(30)
            connection.sendall(sent)
            return whole_answer(connection)

    # Until the last of the long ones has been begun.
    eventually(lambda: answer(short)[0] == 503)
    _, headers, body = answer(short)
    assert int(headers["Retry-After"]) == 5
    assert json.loads(body)["error"]["code"] == "unavailable"
    # Of a body in chunks nobody knows the size: it counts as the longest.
    chunks = ("Content-Type: application/json", "Transfer-Encoding: chunked")
    assert answer(request("POST /api/token HTTP/1.1", *chunks, body="5\r\nabcde"))[0] == 503
    # What has no body is served, and so are others.
    with connect(maru) as reader:
        assert b"200 OK" in ask(reader, request("GET /login HTTP/1.1"))
    with socket.create_connection(
        ("127.0.0.1", maru.port), timeout=30, source_address=("127.0.0.2", 0)
    ) as other:
        assert b"200 OK" in ask(other, short)
    for connection in held:
        connection.close()
    eventually(lambda: answer(short)[0] == 200)


def test_bodies_under_way_have_a_budget_of_the_worker():
    admission = Admission(10_000, 1000, 0)
    each = BODIES_PER_ADDRESS // BODY_MAX
    networks = [f"192.0.2.{i}" for i in range(BODIES // BODIES_PER_ADDRESS)]
    for network in networks:
        for _ in range(each):
            admission.begin_body(network, BODY_MAX)
        with pytest.raises(Refused) as refusal:
            admission.begin_body(network, 1)
        assert refusal.value.status == 503
    for another in ("198.51.100.1", None):
        with pytest.raises(Refused) as refusal:
            admission.begin_body(another, 1)
        assert refusal.value.status == 503 and refusal.value.retry_after
    admission.end_body(networks[0], BODY_MAX)
    admission.begin_body("198.51.100.1", BODY_MAX)
