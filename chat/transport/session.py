"""One Engine.IO session: a series of polls, which the library serves, or a WebSocket.

The calls that a client sends wait in the session's inbox. A greenlet carries them out in order, and
exists only while calls wait. Callbacks of the event loop do everything else.

A session is closed in one of two ways. After Engine.IO's close packet (``1``) python-socketio does
not connect again, so only a client that must not connect again gets that packet. In all other cases
the transport is closed without it, and every official client connects again.
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
from chat.transport.backlog import LARGE_ANSWER
from chat.transport.frame_reader import FRAME_BYTES, UNAUTHENTICATED_BYTES
from chat.transport.inbox import EndOfCalls, Inbox
from chat.transport.poll_queue import PollQueue
from chat.transport.polling_payload import packets_of
from chat.transport.receipt import RECEIPT
from chat.transport.session_server import SessionServer
from chat.transport.transport import Transport

#: POST requests of one polling client at the same time. Official clients make one.
POSTS = 8

_PING = frames.frame(frames.TEXT, packets.PING.encode())
_CLOSE = frames.frame(frames.TEXT, packets.CLOSE.encode())


class Session(Socket):
    """``connection`` is the session's Socket.IO connection; ``set_connection`` sets it."""

    connected = upgrading = upgraded = closing = closed = False
    last_ping: float | None = None
    transport: Transport | None = None
    connection: Any = None
    allowance: Allowance | None = None
    #: The network of the client's address, for which a polling session is counted.
    network = ""
    _inbox: Inbox | None = None
    #: Calls under way that need an answer of the store first: later calls may not overtake them.
    ordered_calls = 0
    _awaits_pong = _is_slow = False
    #: Bytes that a polling client may still send before it has shown a token.
    _token_budget = UNAUTHENTICATED_BYTES
    _posts = 0

    def __init__(self, server: SessionServer, sid: str, polling: bool) -> None:
        # The library's __init__ makes a queue: it would double the memory of an idle WebSocket.
        self.server = server
        self.sid = sid
        if polling:
            self.queue = PollQueue()
            #: The time of the next ping, if the client has answered the last one.
            self.ping_at = time.monotonic() + server.ping_interval

    @functools.cached_property
    def session(self) -> dict[str, Any]:
        """The library's storage for handlers (``save_session``)."""
        return {}

    def set_connection(self, connection: Any) -> None:
        """Set the connection of a client that has shown a valid token; ``None`` removes it."""
        self.connection = connection
        self.server.note_token(self)

    def adopt(self, transport: Transport) -> None:
        """Use this WebSocket from now on. First send the packets that wait for a poll over it."""
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
        """A context of a call that takes longer than usual: later calls do not begin in it."""
        self.ordered_calls += 1
        try:
            yield
        finally:
            self.ordered_calls -= 1

    def send_encoded(self, encoded: bytes) -> None:
        """Send an encoded Engine.IO packet. Nothing is sent to a session that is closed."""
        if self.transport is not None:
            self.transport.push(frames.frame(frames.TEXT, encoded))
        elif not self.closed:
            self.send_by_poll([encoded])
        if len(encoded) > LARGE_ANSWER:
            self.server.backlog.count_answer(self, len(encoded))

    def poll(self) -> list[packet.Packet]:
        """The packets for one poll. Raises ``QueueEmpty``. A second poll ends the session."""
        queue: PollQueue = self.queue
        if queue.is_polled:
            # The client of the poll that waits is gone: that one would take what nobody receives.
            self.close(wait=False, abort=True)
            raise exceptions.SocketIsClosedError
        return queue.take(self.server.ping_interval + self.server.ping_timeout)

    def handle_get_request(self, environ: dict[str, Any], start_response: Any) -> Any:
        """The packets for a poll. ``maru.on_sent`` in ``environ`` is called afterwards."""
        response = super().handle_get_request(environ, start_response)
        if isinstance(response, list) and self.transport is None:
            environ["maru.on_sent"] = self.queue.sending(response, environ[RECEIPT], self._polled)
        return response

    def _polled(self, is_received: bool) -> None:
        if not is_received:
            self.close(wait=False, abort=True)
        self.resume_calls()

    def handle_post_request(self, environ: dict[str, Any]) -> None:
        """Handle the packets that a polling client has posted, each as if from a WebSocket.

        Returns when the inbox is not full: so the client waits before it posts more.
        """
        body: bytes = environ["wsgi.input"].read()
        self._posts += 1
        try:
            if self._posts > POSTS:
                self.close(wait=False, abort=True)
            self._wait_for_room()
            for data in packets_of(body):
                self.message_received(data)
            self._wait_for_room()
        finally:
            self._posts -= 1

    def _wait_for_room(self) -> None:
        if self._inbox is not None:
            self._inbox.wait_for_room()
        if self.closed:
            raise exceptions.SocketIsClosedError

    def check_ping_timeout(self) -> bool:
        """Close the session, and return false, if its client has not answered a ping in time."""
        if self.closed:
            raise exceptions.SocketIsClosedError
        if self.last_ping and time.time() - self.last_ping > self.server.ping_timeout:
            self.close(wait=False, abort=True, reason=self.server.reason.PING_TIMEOUT)
            return False
        return True

    def check_reader(self) -> None:
        """Close the session if its client has stopped reading."""
        if self.closing or self.closed or self._is_slow:
            return
        if (self.transport or self.queue).is_stalled:
            self.close_slow()

    def close_slow(self) -> None:
        """Close the session, since its client does not read. Does not block."""
        if not (self.closing or self.closed or self._is_slow):
            self._is_slow = True
            # In a greenlet, since it may block: the event loop may call this method.
            eventlet.spawn_n(self.server.close_slow_client, self)

    @property
    def unread_bytes(self) -> int:
        """Bytes that the client has not read yet."""
        return self.transport.outbox.waiting if self.transport else int(self.queue.unread_bytes)

    def pending_bytes(self) -> int:
        """Memory for this client: bytes to read, its incomplete message, and calls that wait."""
        partial = self.transport.partial_bytes if self.transport is not None else 0
        waiting = self._inbox.bytes if self._inbox is not None else 0
        return self.unread_bytes + partial + waiting

    def discard(self) -> None:
        """Drop the bytes that the client has not read yet."""
        (self.transport or self.queue).discard()

    def close(self, wait: bool = True, abort: bool = False, reason: str | None = None) -> None:
        """Close the session; the handlers of ``disconnect`` run before this returns.

        With ``abort`` the transport is closed without a close packet: the client connects again.
        Without it the close packet is sent first: the client does not connect again.
        """
        self.server.without_token.pop(self, None)
        if self.transport is None:
            super().close(wait, abort, reason)
            self.resume_calls()
            return
        if self.closed or self.closing:
            return
        self.closing = True
        given = reason or self.server.reason.SERVER_DISCONNECT
        self.server._trigger_event("disconnect", self.sid, given, run_async=False)
        self.closed = True
        self.server.sockets.pop(self.sid, None)
        if not abort:
            self.transport.push(_CLOSE)
        self.transport.close()
        self.resume_calls()

    @property
    def is_authenticated(self) -> bool:
        return self.connection is not None

    def bytes_waiting(self) -> None:
        self.server.backlog.watch(self)

    def resume_calls(self) -> None:
        """Check again whether the next call of the inbox may begin."""
        if self._inbox is not None:
            self._inbox.resume_calls()

    all_sent = resume_calls

    def drop_inbox(self, inbox: Inbox) -> None:
        """Drop this inbox: it is empty, and none of its calls is under way."""
        if self._inbox is inbox:
            self._inbox = None

    def message_received(self, data: str | bytes) -> None:
        if not packets.is_from_client(data):
            self.connection_lost()
            if self.transport is not None:
                self.transport.close(frames.PROTOCOL_ERROR, reason="no Engine.IO packet")
        elif self.transport is None and not self.is_authenticated and not self._spend_budget(data):
            self.connection_lost()
        elif isinstance(data, bytes):
            self._put(data)
        elif data[0] == packets.MESSAGE:
            self._put(data[1:])
        elif data == packets.CLOSE:
            self._put(EndOfCalls(self.server.reason.CLIENT_DISCONNECT))
        else:
            if data == packets.PONG:
                self._awaits_pong = False
            if self.transport is not None:
                self.transport.count_idle_packet()
            elif data == packets.PONG and self.last_ping:
                self.last_ping = None
                self.ping_at = time.monotonic() + self.server.ping_interval

    def _spend_budget(self, data: str | bytes) -> bool:
        """Take a packet from ``_token_budget``; gives false if that was not enough."""
        self._token_budget -= max(len(data), FRAME_BYTES)
        return self._token_budget >= 0

    def connection_lost(self) -> None:
        self._put(EndOfCalls(self.server.reason.TRANSPORT_CLOSE))
        self.resume_calls()

    def ping(self) -> None:
        if self.transport is not None:
            self._awaits_pong = True
            self.transport.push(_PING)

    def check_pong(self) -> None:
        # While reading has stopped, the pong may be received but not read.
        if self._awaits_pong and not (self.transport and self.transport.is_reading_paused):
            self._put(EndOfCalls(self.server.reason.PING_TIMEOUT))
            self.resume_calls()

    def _put(self, item: str | bytes | EndOfCalls) -> None:
        if self._inbox is None:
            self._inbox = Inbox(self)
        self._inbox.put(item)

    def _upgrade_websocket(self, environ: dict[str, Any], start_response: Any) -> Any:
        if self.upgrading or self.upgraded:
            return self.server._bad_request("The session is being upgraded already.")
        try:
            handshake_response = handshake.accept(environ)
        except handshake.Refused as refusal:
            return self.server.refuse(refusal)
        return self.server.probe_websocket(environ, handshake_response, self)
