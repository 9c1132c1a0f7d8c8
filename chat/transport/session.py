"""One Engine.IO session: a series of polls, served by the library, or a WebSocket on callbacks.

What a client sends over either waits in the session's inbox. A greenlet carries it out, in order,
and exists only while something waits. The event loop does everything else.

A session is closed in one of two ways. After Engine.IO's close packet (``1``) python-socketio does
not connect again, so that packet is sent only to a client that must stay away. In all other cases
the transport is just closed, and every official client connects again by itself.
"""

import contextlib
import functools
import time
from collections.abc import Iterator
from typing import Any

import eventlet
from engineio import exceptions, packet
from engineio.socket import Socket

from chat.transport import frames, handshake, packets
from chat.transport.allowance import Allowance
from chat.transport.backlog import NOTED
from chat.transport.inbox import Ended, Inbox
from chat.transport.intake import FRAME_BYTES, UNAUTHENTICATED_BYTES
from chat.transport.poll_queue import PollQueue
from chat.transport.polling_payload import packets_of
from chat.transport.session_server import SessionServer
from chat.transport.transport import Transport

#: POST requests of one polling client at the same time. Official clients make one.
POSTS = 8

_PING = frames.frame(frames.TEXT, packets.PING.encode())
_CLOSE = frames.frame(frames.TEXT, packets.CLOSE.encode())


class Session(Socket):
    """``connection`` is the session's Socket.IO connection; ``authenticate`` sets it."""

    connected = upgrading = upgraded = closing = closed = False
    last_ping: float | None = None
    transport: Transport | None = None
    connection: Any = None
    allowance: Allowance | None = None
    #: Of one that began with polling, the address that it counts for.
    network = ""
    _inbox: Inbox | None = None
    #: Calls under way that ask the store something before they may store what they say. Later ones
    #: wait, or they would overtake them.
    asking = 0
    _unanswered = _stalled = False
    #: Bytes that a polling client may still send before it shows a token.
    _credit = UNAUTHENTICATED_BYTES
    _posts = 0

    def __init__(self, server: SessionServer, sid: str, polling: bool) -> None:
        # The library's __init__ is not called: its queue would double an idle WebSocket's memory.
        self.server = server
        self.sid = sid
        if polling:
            self.queue = PollQueue()
            #: When it gets its next ping, if it has answered the last one.
            self.ping_at = time.monotonic() + server.ping_interval

    @functools.cached_property
    def session(self) -> dict[str, Any]:
        """The library's storage for handlers (``save_session``)."""
        return {}

    def authenticate(self, connection: Any) -> None:
        """Take the connection of a client that has shown a token; ``None`` ends it."""
        self.connection = connection
        self.server.note_token(self)

    def adopt(self, transport: Transport) -> None:
        """Use this WebSocket from now on, and send what waits for a poll over it first."""
        self.transport = transport
        self.connected = self.upgraded = True
        self.upgrading = False
        waiting = self.__dict__.pop("queue", None)
        while waiting is not None and not waiting.empty():
            waited = waiting.get_nowait()
            if waited is not None and waited.packet_type != packet.NOOP:
                transport.push(packets.framed(waited))

    def send(self, pkt: packet.Packet) -> None:
        """Raises ``SocketIsClosedError``."""
        if self.transport is None:
            super().send(pkt)
            self.server.backlog.watch(self)
        elif self.closed:
            raise exceptions.SocketIsClosedError
        else:
            self.transport.push(packets.framed(pkt))

    def send_by_poll(self, encoded: list[bytes]) -> None:
        """Queue these encoded Engine.IO packets for the client's next poll."""
        for each in encoded:
            self.queue.put(packets.for_poll(each))
        self.server.backlog.watch(self)
        self.check_reader()

    @contextlib.contextmanager
    def holding_later_calls(self) -> Iterator[None]:
        """For a call that takes longer than others of its kind: no later one begins meanwhile."""
        self.asking += 1
        try:
            yield
        finally:
            self.asking -= 1

    def send_encoded(self, encoded: bytes) -> None:
        """Send an encoded Engine.IO packet. Nothing is sent to a session that is closed."""
        if self.transport is not None:
            self.transport.push(frames.frame(frames.TEXT, encoded))
        elif not self.closed:
            self.send_by_poll([encoded])
        if len(encoded) > NOTED:
            self.server.backlog.note(self, len(encoded))

    def poll(self) -> list[packet.Packet]:
        """The packets for one poll. Raises ``QueueEmpty`` if there are none in time."""
        queue: PollQueue = self.queue
        return queue.take(self.server.ping_interval + self.server.ping_timeout)

    def handle_get_request(self, environ: dict[str, Any], start_response: Any) -> Any:
        """The answer to a poll. ``maru.arrived`` in ``environ`` is called when it has been sent."""
        answer = super().handle_get_request(environ, start_response)
        if isinstance(answer, list) and self.transport is None:
            queue, size = self.queue, self.queue.send(answer)

            def arrived() -> None:
                queue.arrived(size)
                self.go_on()

            environ["maru.arrived"] = arrived
        return answer

    def handle_post_request(self, environ: dict[str, Any]) -> None:
        """Handle the packets that a polling client has posted, each as if from a WebSocket.

        Returns when the inbox has room again: so the client waits before it posts more.
        """
        body: bytes = environ["wsgi.input"].read()
        self._posts += 1
        try:
            if self._posts > POSTS:
                self.close(wait=False, abort=True)
            self._wait_for_room()
            for data in packets_of(body):
                self.heard(data)
            self._wait_for_room()
        finally:
            self._posts -= 1

    def _wait_for_room(self) -> None:
        if self._inbox is not None:
            self._inbox.wait_for_room()
        if self.closed:
            raise exceptions.SocketIsClosedError

    def check_ping_timeout(self) -> bool:
        """Close the session if its client has not answered a ping in time; false if it has not."""
        if self.closed:
            raise exceptions.SocketIsClosedError
        if self.last_ping and time.time() - self.last_ping > self.server.ping_timeout:
            self.close(wait=False, abort=True, reason=self.server.reason.PING_TIMEOUT)
            return False
        return True

    def check_reader(self) -> None:
        """Cut the session off if its client does not read what it is sent."""
        if self.closing or self.closed or self._stalled:
            return
        outgoing: Transport | PollQueue = self.transport or self.queue
        if outgoing.is_stalled:
            self.close_slow()

    def close_slow(self) -> None:
        """Close the session, since its client does not read. Does not block."""
        if not (self.closing or self.closed or self._stalled):
            self._stalled = True
            # In a greenlet: it may block, and the event loop may call this method.
            eventlet.spawn_n(self.server.close_slow_client, self)

    @property
    def untaken(self) -> int:
        """Bytes that wait for the client to read them."""
        if self.transport is not None:
            return self.transport.outbox.waiting
        return int(self.queue.untaken)

    def pending_bytes(self) -> int:
        """Bytes in memory for this client: not read by it, unfinished, or calls that wait."""
        unread = self.transport.unread if self.transport is not None else 0
        return self.untaken + unread + (self._inbox.bytes if self._inbox is not None else 0)

    def discard(self) -> None:
        """Throw away what waits for the client to read."""
        (self.transport or self.queue).discard()

    def close(self, wait: bool = True, abort: bool = False, reason: str | None = None) -> None:
        """Close the session; the handlers of ``disconnect`` run before this returns.

        With ``abort`` the transport is just closed, and the client connects again. Without, the
        close packet is sent first, and the client stays away.
        """
        self.server.without_token.pop(self, None)
        if self.transport is None:
            super().close(wait, abort, reason)
            self.go_on()
            return
        if self.closed or self.closing:
            return
        self.closing = True
        told = reason or self.server.reason.SERVER_DISCONNECT
        self.server._trigger_event("disconnect", self.sid, told, run_async=False)
        self.closed = True
        self.server.sockets.pop(self.sid, None)
        if not abort:
            self.transport.push(_CLOSE)
        self.transport.end()
        self.go_on()

    @property
    def is_authenticated(self) -> bool:
        return self.connection is not None

    def behind(self) -> None:
        self.server.backlog.watch(self)

    def drained(self) -> None:
        self.go_on()

    def go_on(self) -> None:
        """Check again whether the next call of the inbox may begin."""
        if self._inbox is not None:
            self._inbox.go_on()

    def forget_inbox(self, inbox: Inbox) -> None:
        """Called by an inbox that is empty and has no call under way."""
        if self._inbox is inbox:
            self._inbox = None

    def heard(self, data: str | bytes) -> None:
        if not packets.is_from_client(data):
            self.lost()
            if self.transport is not None:
                self.transport.end(frames.PROTOCOL_ERROR, reason="no Engine.IO packet")
        elif self.transport is None and not self.is_authenticated and self._is_too_much(data):
            self.lost()
        elif isinstance(data, bytes):
            self._put(data)
        elif data[0] == packets.MESSAGE:
            self._put(data[1:])
        elif data == packets.CLOSE:
            self._put(Ended(self.server.reason.CLIENT_DISCONNECT))
        else:
            if data == packets.PONG:
                self._unanswered = False
            if self.transport is not None:
                self.transport.note_idle()
            elif data == packets.PONG and self.last_ping:
                self.last_ping = None
                self.ping_at = time.monotonic() + self.server.ping_interval

    def _is_too_much(self, data: str | bytes) -> bool:
        """Count the packet of a polling client without a token; true if it is over the budget."""
        self._credit -= max(len(data), FRAME_BYTES)
        return self._credit < 0

    def lost(self) -> None:
        self._put(Ended(self.server.reason.TRANSPORT_CLOSE))
        self.go_on()

    def ping(self) -> None:
        if self.transport is not None:
            self._unanswered = True
            self.transport.push(_PING)

    def check_pong(self) -> None:
        # While reading is held up, the answer may have arrived without being read.
        if self._unanswered and not (self.transport and self.transport.is_held_up):
            self._put(Ended(self.server.reason.PING_TIMEOUT))
            self.go_on()

    def _put(self, item: str | bytes | Ended) -> None:
        if self._inbox is None:
            self._inbox = Inbox(self)
        self._inbox.put(item)

    def _upgrade_websocket(self, environ: dict[str, Any], start_response: Any) -> Any:
        if self.upgrading or self.upgraded:
            return self.server._bad_request("The session is being upgraded already.")
        try:
            greeting = handshake.accept(environ)
        except handshake.Refused as refusal:
            return self.server.refuse(refusal)
        return self.server.try_websocket(environ, greeting, self)
