"""The worker that serves connections: its limits, and its end."""

import contextlib
import re
import socket

import pytest

from tests.waiting import eventually

REQUEST = b"GET /healthz HTTP/1.1\r\nHost: maru\r\n\r\n"
PAGE = b"GET /login HTTP/1.1\r\nHost: maru\r\n\r\n"


def connect(maru) -> socket.socket:
    return socket.create_connection(("127.0.0.1", maru.port), timeout=30)


def accepts(maru) -> bool:
    try:
        connect(maru).close()
    except OSError:
        return False
    return True


def ask(connection: socket.socket, request: bytes = REQUEST) -> bytes:
    """The answer, with its headers."""
    connection.sendall(request)
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += connection.recv(4096)
    length = int(re.search(rb"\r\nContent-Length: (\d+)\r\n", answer)[1])
    while len(answer.split(b"\r\n\r\n", 1)[1]) < length:
        answer += connection.recv(4096)
    return answer


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00 this is TLS",
        b"\x00\xff" * 10_000,
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /" + b"a" * 10_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: maru\r\n" + b"a: b\r\n" * 1000 + b"\r\n",
        b"GET / HTTP/1.1\r\nHost: maru\r\nno header at all\r\n\r\n",
        b"POST /login HTTP/1.1\r\nHost: maru\r\nContent-Length: -1\r\n\r\n",
        b"POST /login HTTP/1.1\r\nHost: maru\r\nContent-Length: 100\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\n\r\nname=",
        b"POST /login HTTP/1.1\r\nHost: maru\r\nTransfer-Encoding: chunked\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\n\r\nzz\r\n",
        b"",
    ],
)
def test_rubbish_and_broken_connections_are_nothing_to_log(maru, sent):
    # The fixture looks into the log.
    with connect(maru) as connection, contextlib.suppress(OSError):
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        assert not connection.recv(4096).startswith(b"HTTP/1.1 5")
    with connect(maru) as connection:
        connection.sendall(sent)
        # Closed so, it resets the connection.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    with connect(maru) as connection:
        assert b"200 OK" in ask(connection)


def test_a_connection_too_many_is_told_so_at_once(own_maru):
    maru = own_maru(workers=1, MAX_CONNECTIONS="5")
    held = []
    while b"200 OK" in (answer := ask(last := connect(maru), PAGE)):
        held.append(last)
        assert len(held) <= 5
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"\r\nRetry-After: " in answer
    assert b"as many connections as it can hold" in answer
    assert last.recv(1) == b"", "it is closed"

    assert b"200 OK" in ask(held[0]), "those that were there stay"
    held.pop().close()
    eventually(lambda: b"200 OK" in ask(connect(maru), PAGE))


class TestStop:
    def test_a_request_that_has_begun_is_answered(self, own_maru):
        maru = own_maru(workers=1)
        [master, *_] = maru.processes()
        with connect(maru) as connection:
            connection.sendall(
                b"POST /api/token HTTP/1.1\r\nHost: maru\r\nContent-Type: application/json\r\n"
                b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n"
            )
            assert b"100 Continue" in connection.recv(4096), "the worker has read the headers"
            master.terminate()
            eventually(lambda: not accepts(maru))
            assert ask(connection, b"{}").startswith(b"HTTP/1.1 4")
        assert master.wait(30) == 0

    def test_connections_without_a_request_hold_nothing_up(self, own_maru):
        maru = own_maru(workers=1)
        [master, *_] = maru.processes()
        with connect(maru) as idle, connect(maru) as begun, connect(maru) as kept_alive:
            begun.sendall(b"GET / HTTP/1.1\r\n")
            assert b"200 OK" in ask(kept_alive)
            master.terminate()
            assert idle.recv(1) == begun.recv(1) == kept_alive.recv(1) == b""
            assert master.wait(30) == 0
