"""One Engine.IO session: a row of polls, as the library has it, or a WebSocket on callbacks.

What a client sends, over either, waits in the session's inbox; a greenlet carries it out, in
order, and exists only as long as there is something. The event loop does everything else.

A session ends in one of two ways. Engine.IO's packet ``1`` is a good-bye: python-socketio does not
come back after it. So it is sent only to a client that has to stay away. In every other case the
transport just closes, and each official client connects again by itself.
"""

import functools
import time
from collections import deque
from typing import TYPE_CHECKING, Any

import eventlet
from engineio import exceptions, packet
from engineio.socket import Socket

from chat.live import frames, handshake
from chat.live.transport import Transport
from chat.live.wire import SEPARATOR, attachment, framed, is_engine_packet

if TYPE_CHECKING:
    from chat.live.engine import Engine

#: Calls of one connection that may wait before no more are read, and when reading goes on.
INBOX, INBOX_LOW = 64, 16
#: Calls of one connection that are carried out at the same time, where they may.
OVERLAP = 16
#: Packets that may wait for a client that polls.
POLLED_MAX = 1000

_PING = frames.frame(frames.TEXT, b"2")
_CLOSE = frames.frame(frames.TEXT, b"1")


class Session(Socket):
    """One session. ``connection`` is the live side's, once it has shown a token."""

    connected = upgrading = upgraded = closing = closed = False
    last_ping: float | None = None
    transport: Transport | None = None
    connection: Any = None
    _inbox: deque[Any] | None = None
    #: Told when the inbox of a polling client has room again.
    _room_again: Any = None
    _unanswered = _stalled = _held = False
    _under_way = 0

    def __init__(self, server: "Engine", sid: str, polling: bool) -> None:
        # Not the library's own: it makes a queue, most of what an idle WebSocket would cost.
        self.server = server
        self.sid = sid
        if polling:
            self.queue = server.create_queue()
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
        elif self.closed:
            raise exceptions.SocketIsClosedError
        else:
            self.transport.push(framed(pkt))

    def poll_later(self, packets: list[bytes]) -> None:
        """These wait, as Socket.IO packets, for the next poll of the client."""
        for data in packets:
            # Without the 4 that makes it Engine.IO: the library puts that in front.
            self.queue.put(packet.Packet(packet.MESSAGE, data[1:].decode()))
        self.check_reader()

    def acknowledge(self, packet_data: bytes) -> None:
        """Send one Engine.IO message that is encoded already, over whichever transport."""
        if self.transport is not None:
            self.transport.push(frames.frame(frames.TEXT, packet_data))
        elif not self.closed:
            self.poll_later([packet_data])

    def handle_post_request(self, environ: dict[str, Any]) -> None:
        """Take what a polling client has posted: any number of packets, each as one of a WebSocket.

        Returns when the inbox has room again, so that the client has to wait before it posts more.
        """
        body: bytes = environ["wsgi.input"].read()
        for encoded in body.decode().split(SEPARATOR):
            if encoded[:1] == "b":
                self.heard(attachment(encoded))
            else:
                self.heard(encoded)
        self._wait_for_room()

    def _wait_for_room(self) -> None:
        while self._inbox is not None and len(self._inbox) >= INBOX and not self.closed:
            if self._room_again is None:
                self._room_again = eventlet.event.Event()
            self._room_again.wait()

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
        if self.transport is None:
            self._stalled = self.queue.qsize() > POLLED_MAX
        else:
            self._stalled = self.transport.is_stalled
        if self._stalled:
            # Not here: it may block, and we may be called by the event loop.
            eventlet.spawn_n(self.server.cut_off, self)

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

    @property
    def is_known(self) -> bool:
        return self.connection is not None

    def behind(self) -> None:
        pass

    def drained(self) -> None:
        pass

    def heard(self, data: str | bytes) -> None:
        if not is_engine_packet(data):
            self.lost()
            if self.transport is not None:
                self.transport.end(frames.PROTOCOL_ERROR, reason="no Engine.IO packet")
        elif isinstance(data, bytes):
            self._put(data)
        elif data[0] == "4":
            self._put(data[1:])
        elif data == "1":
            self._put(_Ended(self.server.reason.CLIENT_DISCONNECT))
        else:
            if data == "3":
                self._unanswered = False
            if self.transport is not None:
                self.transport.note_idle()
            elif data == "3":
                self.schedule_ping()

    def lost(self) -> None:
        self._put(_Ended(self.server.reason.TRANSPORT_CLOSE))

    def beat(self) -> None:
        if self.transport is not None:
            self._unanswered = True
            self.transport.push(_PING)

    def check(self) -> None:
        # Of who is held up the answer may be here, and not be read yet.
        if self._unanswered and not (self.transport and self.transport.is_held_up):
            self._put(_Ended(self.server.reason.PING_TIMEOUT))

    def _put(self, item: "str | bytes | _Ended") -> None:
        """Hand what came to the session's greenlet, which keeps the order."""
        if self._inbox is None:
            self._inbox = deque((item,))
            self.server.turn.work(self._work)
            return
        self._inbox.append(item)
        if len(self._inbox) >= INBOX and self.transport is not None:
            self.transport.pause()

    def _work(self) -> None:
        """Carry out what has come, one after the other, but for calls that may overlap.

        Those only have to begin in order: the next one begins while the store answers this one.
        """
        inbox = self._inbox
        while inbox:
            overlaps = isinstance(inbox[0], str) and self.server.may_overlap(inbox[0])
            if self._under_way and (not overlaps or self._under_way == OVERLAP):
                # Whoever is under way begins this anew.
                self._held = True
                return
            item = inbox.popleft()
            if len(inbox) == INBOX_LOW:
                self._read_on()
            if isinstance(item, _Ended):
                # What was called before is carried out by now: a page says goodbye and is gone.
                self.close(wait=False, abort=True, reason=item.reason)
                self._read_on()
                break
            if overlaps:
                if inbox:
                    self.server.turn.work(self._work)
                else:
                    self._inbox = None
                self._carry_out_beside(item)
                return
            self._carry_out(item)
        self._inbox = None

    def _read_on(self) -> None:
        if self.transport is not None:
            self.transport.resume()
        waiting, self._room_again = self._room_again, None
        if waiting is not None:
            waiting.send()

    def _carry_out(self, item: str | bytes) -> None:
        if not self.closed:
            self.server.deliver(self, item)
            self.check_reader()

    def _carry_out_beside(self, item: str | bytes) -> None:
        self._under_way += 1
        try:
            self._carry_out(item)
        finally:
            self._under_way -= 1
            if self._held:
                self._held = False
                self.server.turn.work(self._work)

    def _upgrade_websocket(self, environ: dict[str, Any], start_response: Any) -> Any:
        if self.upgrading or self.upgraded:
            return self.server._bad_request("The session is being upgraded already.")
        try:
            greeting = handshake.accept(environ)
        except handshake.Refused as refusal:
            return self.server.refuse(refusal)
        return self.server.try_websocket(environ, greeting, self)


class _Ended:
    """The place of a connection's end among what it has sent."""

    __slots__ = ("reason",)

    def __init__(self, reason: str) -> None:
        self.reason = reason
