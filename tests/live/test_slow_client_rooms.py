"""A client that is cut off for not reading gets nothing that was said after what is thrown away."""

import socket
import time

import eventlet
import pytest
from eventlet.greenio import GreenSocket

from chat.live.connections import Connection
from chat.live.room_subscription import RoomSubscription
from chat.transport import frames
from chat.transport.session import Session
from chat.transport.transport import Transport
from tests.live.loop import until

#: More than the system takes for a client that does not read.
PIECE, PIECES = b"a" * 100_000, 40


@pytest.fixture
def gateway(app):
    """The live side of a worker, as the app has built it."""
    return app.extensions["socketio"].server.eio.close_slow_client.__self__


@pytest.fixture
def slow(gateway, room_management, made):
    """A client in a room, who reads nothing: its connection, and its end of the socket."""
    ann = made("ann")
    room = room_management.create(ann, "Plans", None, None)
    engine = gateway.server.eio
    session = Session(engine, "slow", polling=False)
    session.allowance = engine.backlog.allowances.of("ann", session)
    ours, theirs = socket.socketpair()
    session.adopt(Transport(GreenSocket(ours), session, engine.tick, lambda: lambda: None, b""))
    later = int(time.time() * 1000) + 3_600_000
    sid = gateway.server.manager.connect("slow", "/")
    connection = gateway.connections[sid] = Connection(sid, session, ann, "token", "login", later)
    session.set_connection(connection)
    # As after subscribing, which the process of a test cannot wait for.
    subscription = gateway.fanout._subscriptions[room.room_id] = RoomSubscription(room, engine.tick)
    subscription.ready.send()
    gateway.fanout.add(room, connection, lambda: None)
    for _ in range(PIECES):
        session.transport.push(frames.frame(frames.TEXT, PIECE))
    # The system has taken all that it takes.
    until(lambda: 0 < session.unread_bytes < PIECES * len(PIECE))
    yield connection, GreenSocket(theirs)
    theirs.close()


def read_to_the_end(client):
    received = b""
    with eventlet.Timeout(30):
        while piece := client.recv(1 << 20):
            received += piece
    return received


def test_a_slow_client_gets_nothing_beyond_the_hole(gateway, slow):
    connection, client = slow
    [room_id] = connection.rooms
    # In the tick in which it is cut off, something is said in its room.
    gateway.fanout.send(room_id, "message", b'{"seq":9}')
    gateway.close_slow_client(connection.session)
    received = read_to_the_end(client)
    assert b'"seq":9' not in received
    assert received.count(PIECE) < PIECES and b'"slow"' in received[-200:]
    assert not connection.rooms and connection.ended
