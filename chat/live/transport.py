"""An established WebSocket lives on callbacks of the event loop: no greenlet, no timer of its own.

What is to be sent waits in the outbox, and all that one turn of the loop has put there leaves in
one write at the end of it: under load many messages share a system call, and with no load none
waits. Callbacks must not block; whatever may is the owner's to hand to a greenlet.
"""

import contextlib
import socket
import ssl
import time
from collections.abc import Callable
from typing import Any, Protocol

from eventlet import hubs
from eventlet.greenio import GreenSocket

from chat.live import frames
from chat.live.frames import FrameError, Parser
from chat.live.turn import Turn

#: Bytes read, and about as many written, in one system call.
CHUNK = 64 * 1024
#: Bytes that the system may keep for a client that does not read them; the rest is ours to count.
SEND_BUFFER = 128 * 1024
#: Bytes that may wait for a client, for how many seconds if it takes none, and at the very most.
OUTBOX, STALL, OUTBOX_HARD = 2**20, 3.0, 16 * 2**20

_OPEN, _ENDING, _SHUT, _GONE = range(4)
_NOT_YET = (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Owner(Protocol):
    """Who a transport works for. All of it is called by the event loop, and must not block."""

    def heard(self, data: str | bytes) -> None:
        """A whole message."""

    def lost(self) -> None:
        """The other side is gone, or has broken the protocol. Called once at the most."""

    def beat(self) -> None:
        """It is this one's turn in the wheel."""

    def check(self) -> None:
        """Some seconds have passed since then."""


class Transport:
    """``waiting`` is the number of bytes in the outbox."""

    __slots__ = (
        "_done", "_fd", "_hold", "_outbox", "_parser", "_piece", "_progress", "_reader", "_socket",
        "_state", "_touched", "_turn", "_writer", "owner", "slot", "waiting",
    )  # fmt: skip

    def __init__(
        self,
        client: Any,
        owner: Owner,
        turn: Turn,
        hand_over: Callable[[], Callable[[], None]],
        greeting: bytes,
    ) -> None:
        """Take over the socket of a request that is being served; ``greeting`` is sent first.

        ``hand_over()`` tells whoever served it, and gives what is to be called when all is over.
        """
        self.owner = owner
        self.slot: set[Transport] | None = None
        self._turn = turn
        self._hold: Any = None
        self._socket = self._take_over(client)
        self._done = hand_over()
        self._fd: int = self._socket.fileno()
        self._parser = Parser()
        self._outbox: list[bytes] = [greeting]
        self.waiting = len(greeting)
        #: What is partly sent already, and when the client last took something of what waited.
        self._piece: bytes | None = None
        self._progress = 0.0
        self._state = _OPEN
        self._touched = False
        self._reader: Any = None
        self._writer: Any = None
        # By the loop itself, so that its listeners do not keep the greenlet of the request alive.
        hubs.get_hub().schedule_call_global(0, self._begin)

    def _take_over(self, client: Any) -> Any:
        if client.family != socket.AF_UNIX:
            # A message must not wait for the client to acknowledge the one before.
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        if isinstance(client, GreenSocket):
            # Whoever serves the request finds its socket closed, and we have the bare one.
            bare = client.fd
            return type(bare)(bare.family, bare.type, bare.proto, fileno=bare.detach())
        # TLS cannot be separated from its object; as long as this is open, closing it is deferred.
        client.setblocking(False)
        self._hold = client.makefile("rwb", buffering=0)
        return client

    def _begin(self) -> None:
        if self._state == _OPEN:
            self.resume()
        self.flush()

    @property
    def is_stalled(self) -> bool:
        """Whether more waits than a client that still reads would leave."""
        if self._writer is None or self.waiting <= OUTBOX:
            return False
        return self.waiting > OUTBOX_HARD or time.monotonic() - self._progress > STALL

    def push(self, data: bytes) -> bool:
        """Send these frames with the others of this turn. Nothing is sent after ``end``.

        Gives whether they have to wait for the client to read.
        """
        if self._state != _OPEN:
            return False
        self._outbox.append(data)
        self.waiting += len(data)
        if not self._touched:
            self._touched = True
            self._turn.flush(self)
        return self._writer is not None

    def end(self, code: int = frames.NORMAL, reason: str = "") -> None:
        """Close, once what waits has been sent. The owner is not told."""
        if self._state == _OPEN:
            self.push(frames.close_frame(code, reason))
            self._state = _ENDING
            self.resume()

    def discard(self) -> None:
        """Throw away what waits, up to the end of what is partly sent."""
        self._outbox.clear()
        self.waiting = len(self._piece or b"")

    def pause(self) -> None:
        """Read no more, so that the client has to wait."""
        if self._reader is not None:
            hubs.get_hub().remove(self._reader)
            self._reader = None

    def resume(self) -> None:
        if self._reader is None and self._state != _GONE:
            hub = hubs.get_hub()
            self._reader = hub.add(hub.READ, self._fd, self._readable, _ignore, None)

    def beat(self) -> None:
        """Its turn in the wheel; a connection that does not end by itself ends here."""
        if self._state == _OPEN:
            self.owner.beat()
        else:
            self._finish()

    def flush(self) -> None:
        """Write what waits, unless it waits for the client to read."""
        self._touched = False
        if self._writer is not None or self._state == _GONE:
            return
        outbox, waiting = self._outbox, self.waiting
        if self._state == _OPEN and waiting <= CHUNK:
            # Nearly always: one piece, and the system takes all of it.
            piece = outbox[0] if len(outbox) == 1 else b"".join(outbox)
            outbox.clear()
            try:
                sent = self._socket.send(piece)
            except _NOT_YET:
                sent = 0
            except OSError:
                self._lose()
                return
            self.waiting = waiting - sent
            if sent == waiting:
                return
            self._piece = piece[sent:]
        self._write()

    def _readable(self, _: int) -> None:
        while self._reader is not None:
            try:
                data = self._socket.recv(CHUNK)
            except _NOT_YET:
                return
            except OSError:
                data = b""
            if not data:
                self._lose()
            elif self._state == _OPEN:
                self._take(data)
            if self._hold is None:
                return
            # TLS may hold more that is decrypted already, of which the system will not tell.

    def _take(self, data: bytes) -> None:
        try:
            self._hear(self._parser.feed(data))
        except FrameError as error:
            self._hear(error.before)
            if self._state == _OPEN:
                self.end(error.code, str(error))
                self.owner.lost()

    def _hear(self, messages: list[frames.Message]) -> None:
        for opcode, payload in messages:
            if opcode <= frames.BINARY:
                self.owner.heard(payload)
            elif opcode == frames.CLOSE:
                self.end()
                self.owner.lost()
            elif opcode == frames.PING and self._writer is None:
                assert isinstance(payload, bytes)
                # Who does not read is not answered: there may be no end of them.
                self.push(frames.frame(frames.PONG, payload))
            if self._state != _OPEN:
                return

    def _write(self) -> None:
        while True:
            piece = self._piece if self._piece is not None else self._next_piece()
            if not piece:
                break
            try:
                sent = self._socket.send(piece)
            except _NOT_YET:
                self._piece = piece
                self._wait_for_reader()
                return
            except OSError:
                self._lose()
                return
            self.waiting -= sent
            self._piece = piece[sent:] if sent < len(piece) else None
        if self._writer is not None:
            hubs.get_hub().remove(self._writer)
            self._writer = None
        if self._state == _ENDING:
            self._state = _SHUT
            # The other side closes when it has read that; else the wheel ends it.
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_WR)

    def _next_piece(self) -> bytes:
        """What one system call may well take, so that little is left over of it."""
        outbox = self._outbox
        size = count = 0
        while count < len(outbox) and size < CHUNK:
            size += len(outbox[count])
            count += 1
        part = b"".join(outbox[:count])
        del outbox[:count]
        return part

    def _wait_for_reader(self) -> None:
        if self._writer is None:
            hub = hubs.get_hub()
            self._progress = time.monotonic()
            self._writer = hub.add(hub.WRITE, self._fd, self._writable, _ignore, None)

    def _writable(self, _: int) -> None:
        if self._state != _GONE:
            self._progress = time.monotonic()
            self._write()

    def _lose(self) -> None:
        was_open = self._state == _OPEN
        self._finish()
        if was_open:
            self.owner.lost()

    def _finish(self) -> None:
        if self._state == _GONE:
            return
        self._state = _GONE
        self.pause()
        if self._writer is not None:
            hubs.get_hub().remove(self._writer)
            self._writer = None
        if self.slot is not None:
            self.slot.discard(self)
            self.slot = None
        self._outbox.clear()
        self._piece = None
        for file in (self._hold, self._socket):
            if file is not None:
                with contextlib.suppress(OSError):
                    file.close()
        self._done()


def _ignore(_: Exception) -> None:
    """What a listener is told whose descriptor was used again; ours are removed before."""
