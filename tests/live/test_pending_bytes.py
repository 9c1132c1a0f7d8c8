"""If too many bytes are pending, the connections with most of them are closed, and no others."""

import socket

import eventlet
import pytest
from eventlet.greenio import GreenSocket

from chat.transport import json_text
from chat.transport.backlog import Backlog
from chat.transport.engine import Engine
from chat.transport.session import Session
from chat.transport.transport import Transport
from tests.live.loop import logged, until

KB = 1024


@pytest.fixture
def scene():
    """Builds ``sessions`` that wait for their clients, and notes who is cut off."""
    return Scene()


def arrived(client):
    """How many bytes a client could read now, up to a hundred."""
    try:
        return len(client.recv(100, socket.MSG_PEEK | socket.MSG_DONTWAIT))
    except BlockingIOError:
        return 0


class Scene:
    def __init__(self):
        self.engine = Engine(async_mode="eventlet", json=json_text)
        self.engine.close_slow_client = self._note
        self.cut_off = []
        self._clients = []

    def limit(self, person, worker):
        self.engine.backlog = Backlog(person * KB, worker * KB)

    def session(self, name, kilobytes=0):
        """One of this person that polls, and has not taken so much."""
        session = Session(self.engine, f"{name} {kilobytes}", polling=True)
        session.allowance = self.engine.backlog.allowances.of(name, session)
        if kilobytes:
            session.send_by_poll([b"42" + b"a" * (kilobytes * KB)])
        return session

    def websocket(self, name, pieces):
        """One whose client does not read these."""
        session = Session(self.engine, name, polling=False)
        session.allowance = self.engine.backlog.allowances.of(name, session)
        ours, client = socket.socketpair()
        self._clients.append(client)
        transport = Transport(
            GreenSocket(ours), session, self.engine.tick, lambda: lambda: None, b"hello"
        )
        session.adopt(transport)
        until(lambda: arrived(client) == len(b"hello"))
        for piece in pieces:
            transport.push(piece)
        # All leave at the end of one turn, as far as the system takes them.
        until(lambda: arrived(client) > len(b"hello"))
        return session

    def check(self):
        self.engine.backlog.check()
        # What was spawned by then has begun before this has.
        eventlet.spawn(lambda: None).wait()
        return sorted(self.cut_off)

    def _note(self, session):
        self.cut_off.append(session.sid)
        session.discard()
        session.closed = True


def test_of_one_person_the_connection_with_most_waiting_is_cut_off_and_no_other(scene):
    scene.limit(person=100, worker=10_000)
    for kilobytes in (20, 60, 30):
        scene.session("ann", kilobytes)
    scene.session("ben", 90)
    assert scene.check() == ["ann 60"]
    assert scene.check() == ["ann 60"], "the rest is within the budget"


def test_of_one_person_as_many_are_cut_off_as_it_takes(scene):
    scene.limit(person=100, worker=10_000)
    for kilobytes in range(40, 52):
        scene.session("ann", kilobytes)
    # 546 KB: what is left is the two with least.
    assert scene.check() == [f"ann {kilobytes}" for kilobytes in range(42, 52)]


def test_a_person_within_the_budget_is_let_be(scene):
    scene.limit(person=100, worker=10_000)
    for kilobytes in (40, 50):
        scene.session("ann", kilobytes)
    assert scene.check() == []


def test_of_a_worker_the_connection_with_most_waiting_is_cut_off_first_whoever_it_is(scene, caplog):
    scene.limit(person=100, worker=200)
    for name, kilobytes in (("ann", 70), ("ben", 30), ("cho", 90), ("dan", 20), ("eve", 60)):
        scene.session(name, kilobytes)
    assert scene.check() == ["cho 90"]
    assert [each.levelname for each in logged(caplog, "chat.transport.backlog")] == ["WARNING"]
    assert scene.check() == ["cho 90"] and len(logged(caplog, "chat.transport.backlog")) == 1


def test_what_a_person_was_cut_off_for_is_not_counted_for_others(scene):
    scene.limit(person=100, worker=200)
    for name, kilobytes in (("ann", 61), ("ann", 60), ("ben", 90)):
        scene.session(name, kilobytes)
    assert scene.check() == ["ann 61"]


def test_much_that_is_answered_at_once_does_not_wait_for_the_next_look(scene):
    scene.limit(person=10_000, worker=200)
    session = scene.session("ann")
    for _ in range(3):
        session.send_encoded(b"430[" + b"a" * 90 * KB + b"]")
    until(lambda: scene.cut_off)


def test_what_waits_for_many_at_once_counts_once(scene):
    scene.limit(person=10_000, worker=2000)
    told = [bytes(100 * KB) for _ in range(8)]
    for i in range(10):
        scene.websocket(f"deaf {i}", told)
    pending = [session.pending_bytes() for session in scene.engine.backlog._watched]
    assert len(pending) == 10 and sum(pending) > 2000 * KB
    assert scene.check() == []


def test_what_waits_for_each_alone_counts_for_each(scene):
    scene.limit(person=10_000, worker=2000)
    for i in range(10):
        scene.websocket(f"deaf {i}", [bytes([i]) * 100 * KB for _ in range(8)])
    assert 1 <= len(scene.check()) < 10
