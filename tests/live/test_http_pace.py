"""How fast a client must send and read, and how many bytes may be in memory at once."""

import contextlib
import json
import socket

import eventlet
import pytest
from eventlet.green import socket as green_socket

from chat.transport import http_stream
from chat.transport.admission import Admission
from chat.transport.body_limit import BODIES, BODIES_PER_ADDRESS, SMALL, BodyLimit
from chat.transport.http_connection import Connection
from chat.transport.http_refusal import Refused
from chat.transport.http_rules import BODY_MAX
from chat.transport.http_server import HttpServer
from chat.transport.http_stream import MinimumRate
from tests.live.cluster import PASSWORD
from tests.live.loop import tick, until
from tests.live.test_http_server import request, whole_answer
from tests.live.test_worker import ask, connect
from tests.waiting import eventually

#: More than the system holds for a connection.
BIG = b"a" * (16 * 2**20)
TOKEN = ("Content-Type: application/json", f"Content-Length: {BODY_MAX}")


@pytest.fixture
def served():
    """An HTTP server in this process, for an app with a long answer: its address, its places."""
    admission = Admission(10, 0, 0)
    closed = []

    class Body(list):
        def close(self):
            closed.append(True)

    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return Body([BIG])

    listener = eventlet.listen(("127.0.0.1", 0))
    accepting = eventlet.spawn(HttpServer(app, admission, behind_proxy=False).accept, listener)
    yield listener.getsockname(), admission, closed
    accepting.kill()
    listener.close()


def asked(address):
    connection = green_socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
    connection.connect(address)
    connection.sendall(request("GET / HTTP/1.1", "Connection: close"))
    return connection


def test_an_answer_that_is_not_read_ends_and_its_place_is_free(served, monkeypatch):
    address, admission, closed = served
    monkeypatch.setattr(
        http_stream, "RESPONSE_RATE", MinimumRate(grace=0.5, rate=2**30, total=60.0)
    )
    with contextlib.closing(asked(address)):
        until(lambda: admission.open_connections == 1)
        # What the app keeps for its answer is given back.
        until(lambda: admission.open_connections == 0)
        assert closed == [True]


def test_an_answer_that_is_read_in_drops_ends_with_its_total_time(served, monkeypatch):
    address, admission, _ = served
    monkeypatch.setattr(http_stream, "RESPONSE_RATE", MinimumRate(grace=60.0, rate=1, total=1.0))
    with contextlib.closing(asked(address)) as connection:
        until(lambda: admission.open_connections == 1)

        def is_over():
            with contextlib.suppress(OSError):
                connection.recv(10)
            return admission.open_connections == 0

        until(is_over)


def test_an_answer_that_is_read_slower_than_it_could_be_arrives(served, monkeypatch):
    address, admission, _ = served
    monkeypatch.setattr(
        http_stream, "RESPONSE_RATE", MinimumRate(grace=20.0, rate=2**20, total=60.0)
    )
    size = 0
    with contextlib.closing(asked(address)) as connection:
        while part := connection.recv(65_536):
            size += len(part)
            tick()
    assert size > len(BIG)
    until(lambda: admission.open_connections == 0)


def log_in():
    credentials = json.dumps({"name": "admin", "password": PASSWORD})
    return request(
        "POST /api/token HTTP/1.1",
        "Content-Type: application/json",
        f"Content-Length: {len(credentials)}",
        "Connection: close",
        body=credentials,
    )


def answer(maru, sent):
    with connect(maru) as connection:
        connection.settimeout(30)
        connection.sendall(sent)
        return whole_answer(connection)


@pytest.mark.parametrize("per_address", ["200", "0"])
def test_bodies_that_are_held_have_a_budget_of_one_address(own_maru, per_address):
    maru = own_maru(workers=1, CONNECTIONS_PER_ADDRESS=per_address)
    fitting = BODIES_PER_ADDRESS // BODY_MAX
    sizes = [BODY_MAX - 512] * fitting + [512 * fitting - 24]
    held = [connect(maru) for _ in sizes]
    for connection, size in zip(held, sizes, strict=True):
        connection.settimeout(30)
        connection.sendall(request("POST /api/token HTTP/1.1", *TOKEN) + b" " * size)
    # Until the last of the long ones has come.
    eventually(lambda: answer(maru, log_in())[0] == 503)
    _, headers, body = answer(maru, log_in())
    assert int(headers["Retry-After"]) == 5
    assert json.loads(body)["error"]["code"] == "unavailable"
    chunks = ("Content-Type: application/json", "Transfer-Encoding: chunked")
    in_chunks = request("POST /api/token HTTP/1.1", *chunks, body="19\r\n" + " " * 25)
    assert answer(maru, in_chunks)[0] == 503
    # What has no body is served, and so are others.
    with connect(maru) as reader:
        assert b"200 OK" in ask(reader, request("GET /login HTTP/1.1"))
    with socket.create_connection(
        ("127.0.0.1", maru.port), timeout=30, source_address=("127.0.0.2", 0)
    ) as other:
        assert b"200 OK" in ask(other, log_in())
    for connection in held:
        connection.close()
    eventually(lambda: answer(maru, log_in())[0] == 200)


def test_bodies_that_are_only_announced_shut_nobody_out(own_maru):
    maru = own_maru(workers=1, CONNECTIONS_PER_ADDRESS="200")
    told = request("POST /api/token HTTP/1.1", *TOKEN)
    chunks = request("POST /api/token HTTP/1.1", "Transfer-Encoding: chunked", body="40000\r\n")
    with contextlib.ExitStack() as stack:
        for sent in [told, chunks] * (BODIES_PER_ADDRESS // BODY_MAX):
            stack.enter_context(connect(maru)).sendall(sent)
        for _ in range(3):
            assert answer(maru, log_in())[0] == 200


def test_a_body_that_waits_for_its_answer_is_held_no_longer(served):
    address, admission, _ = served
    with contextlib.closing(green_socket.socket()) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        connection.connect(address)
        body = "a" * 100_000
        connection.sendall(request("POST / HTTP/1.1", "Content-Length: 100001", body=body))
        until(lambda: admission.bodies.size == 100_000)
        connection.sendall(b"a")
        until(lambda: admission.bodies.size == 0)
        assert admission.open_connections == 1


def test_bodies_that_are_held_have_a_budget_of_the_worker_and_small_ones_are_taken():
    bodies = BodyLimit()
    each = BODIES_PER_ADDRESS // BODY_MAX
    held = []
    for i in range(BODIES // BODIES_PER_ADDRESS):
        for _ in range(each):
            held.append(bodies.begin(f"192.0.2.{i}"))
            held[-1].add(BODY_MAX)
        with pytest.raises(Refused) as refusal:
            bodies.begin(f"192.0.2.{i}").add(1)
        assert refusal.value.status == 503
    for network in ("198.51.100.1", None):
        small = bodies.begin(network)
        small.add(SMALL - 1)
        small.add(1)
        with pytest.raises(Refused) as refusal:
            small.add(1)
        assert refusal.value.status == 503 and refusal.value.retry_after
        small.end()
    held[0].end()
    held[0].end()
    bodies.begin("198.51.100.1").add(BODY_MAX)
    assert bodies.size == BODIES


class Counted:
    """A socket that counts how often it is read."""

    def __init__(self, client):
        self._client = client
        self.reads = 0

    def recv(self, most):
        self.reads += 1
        return self._client.recv(most)

    def __getattr__(self, name):
        return getattr(self._client, name)


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\nHost: maru\r\nX: ",
        request("POST / HTTP/1.1", "Content-Length: 200000"),
        request("POST / HTTP/1.1", "Transfer-Encoding: chunked", body="20000\r\n"),
        # Refused, and heard out for a while, so that the client sees the refusal.
        b"rubbish\r\n\r\n",
    ],
    ids=["head", "body", "chunks", "after a refusal"],
)
def test_a_client_that_sends_byte_by_byte_is_read_now_and_then(sent):
    ours, theirs = green_socket.socketpair()
    client = Counted(ours)
    environ = {"wsgi.url_scheme": "http"}
    connection = Connection(
        None, client, environ, Admission(10, 0, 0), None, lambda: None, set(), 15.0
    )
    serving = eventlet.spawn(connection.serve, lambda: False)
    with contextlib.suppress(OSError):
        theirs.sendall(sent)
        for _ in range(5000):
            theirs.send(b"a")
            # The reader has its turn.
            tick()
    serving.kill()
    theirs.close()
    assert 2 < client.reads < 500
