"""One Engine.IO session: a row of polls, as the library has it, or a WebSocket on callbacks.

What a client sends, over either, waits in the session's inbox; a greenlet carries it out, in
order, and exists only as long as there is something. The event loop does everything else.

A session ends in one of two ways. Engine.IO's packet ``1`` is a good-bye: python-socketio does not
come back after it. So it is sent only to a client that has to stay away. In every other case the
transport just closes, and each official client connects again by itself.
"""

import contextlib
import functools
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import eventlet
from engineio import exceptions, packet
from engineio.socket import Socket

from chat.live import frames, handshake
from chat.live.allowance import Allowance
from chat.live.backlog import NOTED
from chat.live.inbox import Ended, Inbox
from chat.live.intake import FRAME_BYTES, STRANGER_BYTES
from chat.live.polled import PollQueue
from chat.live.polling_payload import packets_of
from chat.live.transport import Transport
from chat.live.wire import framed, is_engine_packet

if TYPE_CHECKING:
    from chat.live.engine import Engine

#: Requests with packets of one client that polls, at the same time. Clients make one.
POSTS = 8

_PING = frames.frame(frames.TEXT, b"2")
_CLOSE = frames.frame(frames.TEXT, b"1")


class Session(Socket):
    """One session. ``connection`` is the live side's, once it has shown a token."""

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
    #: What a client that polls may still send before its token.
    _credit = STRANGER_BYTES
    _posts = 0

    def __init__(self, server: "Engine", sid: str, polling: bool) -> None:
        # Not the library's own: it makes a queue, most of what an idle WebSocket would cost.
        self.server = server
        self.sid = sid
        if polling:
            self.queue = PollQueue()
            self.last_ping = time.time()

    @functools.cached_property
    def session(self) -> dict[str, Any]:
        """What handlers keep with a session by the library's own means."""
        return {}

    def adopt(self, transport: Transport) -> None:
        """From now on everything travels over this WebSocket, what waits for a poll first."""
        self.transport = transport
        self.connected = self.upgraded = True
        self.upgrading = False
        waiting = self.__dict__.pop("queue", None)
        while waiting is not None and not waiting.empty():
            waited = waiting.get_nowait()
            if waited is not None and waited.packet_type != packet.NOOP:
                transport.push(framed(waited))

    def send(self, pkt: packet.Packet) -> None:
        """Raises ``SocketIsClosedError``."""
        if self.transport is None:
            super().send(pkt)
            self.server.backlog.watch(self)
        elif self.closed:
            raise exceptions.SocketIsClosedError
        else:
            self.transport.push(framed(pkt))

    def poll_later(self, packets: list[bytes]) -> None:
        """These wait, as Socket.IO packets, for the next poll of the client."""
        for data in packets:
            # Without the 4 that makes it Engine.IO: the library puts that in front.
            self.queue.put(packet.Packet(packet.MESSAGE, data[1:].decode()))
        self.server.backlog.watch(self)
        self.check_reader()

    @contextlib.contextmanager
    def in_turn(self) -> Iterator[None]:
        """For a call that takes longer than others of its kind: no later one begins meanwhile."""
        self.asking += 1
        try:
            yield
        finally:
            self.asking -= 1

    def acknowledge(self, packet_data: bytes) -> None:
        """Send one Engine.IO message that is encoded already, over whichever transport."""
        if self.transport is not None:
            self.transport.push(frames.frame(frames.TEXT, packet_data))
        elif not self.closed:
            self.poll_later([packet_data])
        if len(packet_data) > NOTED:
            self.server.backlog.note(self, len(packet_data))

    def handle_get_request(self, environ: dict[str, Any], start_response: Any) -> Any:
        """What waits for the client; the engine says when it has taken it."""
        packets = super().handle_get_request(environ, start_response)
        if isinstance(packets, list) and self.transport is None:
            queue, size = self.queue, self.queue.send(packets)

            def arrived() -> None:
                queue.arrived(size)
                self.go_on()

            environ["maru.arrived"] = arrived
        return packets

    def handle_post_request(self, environ: dict[str, Any]) -> None:
        """Take what a polling client has posted: any number of packets, each as one of a WebSocket.

        Returns when the inbox has room again, so that the client has to wait before it posts more.
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
        """End a session whose client has not answered a ping in time; gives whether it goes on."""
        if self.closed:
            raise exceptions.SocketIsClosedError
        if self.last_ping and time.time() - self.last_ping > self.server.ping_timeout:
            self.close(wait=False, abort=True, reason=self.server.reason.PING_TIMEOUT)
            return False
        return True

    def check_reader(self) -> None:
        """See to it that a client is cut off which does not read what it is sent."""
        if self.closing or self.closed or self._stalled:
            return
        taker: Transport | PollQueue = self.transport or self.queue
        if taker.is_stalled:
            self.cut_off()

    def cut_off(self) -> None:
        """End it for what it does not read."""
        if not (self.closing or self.closed or self._stalled):
            self._stalled = True
            # Not here: it may block, and we may be called by the event loop.
            eventlet.spawn_n(self.server.cut_off, self)

    @property
    def untaken(self) -> int:
        """Bytes that the client has not taken yet."""
        if self.transport is not None:
            return self.transport.outbox.waiting
        untaken: int = self.queue.untaken
        return untaken

    def owed(self) -> int:
        """Bytes that are kept for this client, or because of it."""
        unread = self.transport.unread if self.transport is not None else 0
        return self.untaken + unread + (self._inbox.bytes if self._inbox is not None else 0)

    def discard(self) -> None:
        """Throw away what waits for the client."""
        if self.transport is not None:
            self.transport.discard()
            return
        while not self.queue.empty():
            self.queue.get_nowait()

    def close(self, wait: bool = True, abort: bool = False, reason: str | None = None) -> None:
        """End it; the handlers of ``disconnect`` run before this returns.

        With ``abort`` the client may come back by itself; without, it is told good-bye.
        """
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
    def is_known(self) -> bool:
        return self.connection is not None

    def behind(self) -> None:
        self.server.backlog.watch(self)

    def drained(self) -> None:
        self.go_on()

    def go_on(self) -> None:
        """Look again whether what the client has asked for may be carried out."""
        if self._inbox is not None:
            self._inbox.go_on()

    def forget_inbox(self, inbox: Inbox) -> None:
        """It is empty, and nothing is under way."""
        if self._inbox is inbox:
            self._inbox = None

    def heard(self, data: str | bytes) -> None:
        if not is_engine_packet(data):
            self.lost()
            if self.transport is not None:
                self.transport.end(frames.PROTOCOL_ERROR, reason="no Engine.IO packet")
        elif self.transport is None and not self.is_known and self._is_too_much(data):
            self.lost()
        elif isinstance(data, bytes):
            self._put(data)
        elif data[0] == "4":
            self._put(data[1:])
        elif data == "1":
            self._put(Ended(self.server.reason.CLIENT_DISCONNECT))
        else:
            if data == "3":
                self._unanswered = False
            if self.transport is not None:
                self.transport.note_idle()
            elif data == "3":
                self.schedule_ping()

    def _is_too_much(self, data: str | bytes) -> bool:
        """As for a WebSocket: a client that polls has a small budget before its token."""
        self._credit -= max(len(data), FRAME_BYTES)
        return self._credit < 0

    def lost(self) -> None:
        self._put(Ended(self.server.reason.TRANSPORT_CLOSE))
        self.go_on()

    def beat(self) -> None:
        if self.transport is not None:
            self._unanswered = True
            self.transport.push(_PING)

    def check(self) -> None:
        # Of who is held up the answer may be here, and not be read yet.
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
