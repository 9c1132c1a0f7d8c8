"""Hundreds of requests that arrive together delay other clients only for a short time."""

import contextlib
import os
import select
import signal
import socket

import pytest

from tests.live.raw import Raw

#: Connections of one address that all ask for a page at the same moment.
CROWD = 300
PAGE = b"GET /login HTTP/1.1\r\nHost: x\r\n\r\n"


class Visitor:
    """One connection, from an address of one's choice, that is kept between requests."""

    def __init__(self, port, address="127.0.0.1"):
        self.socket = socket.create_connection(("127.0.0.1", port), 30, (address, 0))
        self.ask()
        self.read()

    def ask(self):
        self.socket.sendall(PAGE)

    def read(self):
        answer = b""
        while b"</html>" not in answer:
            more = self.socket.recv(65_536)
            assert more, answer
            answer += more
        return answer


@pytest.fixture
def alone(own_maru):
    """One worker, so that all come to the same."""
    return own_maru(workers=1)


@pytest.fixture
def crowd(alone):
    with contextlib.ExitStack() as stack:
        yield [
            stack.enter_context(contextlib.closing(Visitor(alone.port).socket))
            for _ in range(CROWD)
        ]


@contextlib.contextmanager
def stopped(maru):
    """What is sent meanwhile is all there when the worker goes on."""
    [worker] = maru.workers()
    os.kill(worker, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(worker, signal.SIGCONT)


@contextlib.contextmanager
def answers(crowd, other):
    """Gives ``before()``: how many of the crowd are answered before this other one is.

    The system notes the order in which they are, however late it is asked for it.
    """
    with select.epoll() as order:
        for client in (*crowd, other):
            order.register(client, select.EPOLLIN | select.EPOLLET)

        def before():
            come = []
            while other.fileno() not in come:
                found = order.poll(30, CROWD + 1)
                assert found, "no answer"
                come += [descriptor for descriptor, _ in found]
            return len(set(come[: come.index(other.fileno())]))

        yield before


def test_another_address_does_not_wait_until_a_crowd_has_been_served(alone, crowd):
    visitor = Visitor(alone.port, "127.0.0.2")
    with answers(crowd, visitor.socket) as before:
        with stopped(alone):
            for client in crowd:
                client.sendall(PAGE)
            visitor.ask()
        assert before() < CROWD / 2
    assert visitor.read().startswith(b"HTTP/1.1 200 ")


def test_a_message_does_not_wait_until_a_crowd_has_been_served(alone, crowd):
    ann = Raw(alone.admin).introduce()
    room = alone.admin.create_room()
    assert ann.call(1, "join", roomId=room)["ok"]
    # The first of what it hears is its own coming, which may still be on its way.
    settled = ann.api.say(room, "settled")["seq"]
    while f'"seq":{settled}' not in ann.receive():
        pass
    with answers(crowd, ann.ws.sock) as before:
        with stopped(alone):
            for client in crowd:
                client.sendall(PAGE)
            ann.send(
                f'422["message",{{"token":"{ann.api.token}","roomId":"{room}","message":"hi"}}]'
            )
        assert before() < CROWD / 2
    assert ann.acknowledgement(2)["ok"]


def test_all_of_a_crowd_are_served(alone, crowd):
    for client in crowd:
        client.sendall(PAGE)
    for client in crowd:
        client.settimeout(60)
        assert client.recv(65_536).startswith(b"HTTP/1.1 200 ")
