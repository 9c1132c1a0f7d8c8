"""An established WebSocket. Callbacks of the event loop serve it, without a greenlet or a timer.

Data to be sent is put into the outbox. At the end of each tick of the event loop the outbox is
written: under load many messages share a system call, and without load no message waits. Callbacks
must not block: the owner starts a greenlet for work that may. The frames of the client are read
within a budget (``frame_reader.py``).
"""

import contextlib
import socket
import time
from collections.abc import Callable
from typing import Any

from eventlet import hubs

from chat.transport import frames
from chat.transport.detached_socket import detach_socket
from chat.transport.frame_reader import FrameReader
from chat.transport.frames import FrameError
from chat.transport.outbox import CHUNK, NOT_YET, Outbox
from chat.transport.tick import Tick
from chat.transport.transport_owner import TransportOwner

#: Unsent bytes that may wait for ever; seconds for more, if the client reads none; bytes at most.
OUTBOX_SOFT_MAX, STALL_S, OUTBOX_MAX = 2**20, 3.0, 16 * 2**20

#: The backlog counts the bytes of an incomplete message that has more bytes than this.
LARGE_PARTIAL = 16 * 1024
#: Seconds that a client has to close its side after the server has closed.
LINGER_S = 1.0
_OPEN, _CLOSING, _HALF_CLOSED, _CLOSED = range(4)


class Transport:
    """One WebSocket. ``outbox`` holds the bytes that are not sent yet."""

    __slots__ = (
        "_fd", "_frames", "_is_paused", "_is_read_due", "_is_slowed", "_is_tls", "_on_closed",
        "_read_listener", "_socket", "_state", "_tick", "_touched", "_write_listener", "outbox",
        "owner", "slot",
    )  # fmt: skip

    def __init__(
        self,
        client: Any,
        owner: TransportOwner,
        tick: Tick,
        take_socket: Callable[[], Callable[[], None]],
        handshake_response: bytes,
        early_bytes: bytes = b"",
    ) -> None:
        """Take over the socket of a request, and send ``handshake_response``.

        ``early_bytes`` are bytes that the client has sent after its request. ``take_socket()``
        returns the function to call once the socket is closed.
        """
        self.owner = owner
        self.slot: set[Transport] | None = None
        self._tick = tick
        self._socket, self._is_tls = detach_socket(client)
        self._on_closed = take_socket()
        self._fd: int = self._socket.fileno()
        self._frames = FrameReader()
        self.outbox = Outbox(handshake_response)
        #: Reading has stopped until ``resume``, for too many fragments, or until the next tick.
        self._is_paused = self._is_slowed = self._is_read_due = False
        self._state = _OPEN
        self._touched = False
        self._read_listener: Any = None
        self._write_listener: Any = None
        # The event loop calls it: a listener that is added here would keep this greenlet alive.
        hubs.get_hub().schedule_call_global(0, self._start, early_bytes)

    def _start(self, early_bytes: bytes) -> None:
        if early_bytes and self._state == _OPEN:
            self._process(early_bytes)
        self._listen()
        self.flush()

    @property
    def is_stalled(self) -> bool:
        """Whether so many bytes wait for so long that the client has probably stopped reading."""
        waiting = self.outbox.waiting
        if self._write_listener is None or waiting <= OUTBOX_SOFT_MAX:
            return False
        return waiting > OUTBOX_MAX or time.monotonic() - self.outbox.progress_at > STALL_S

    @property
    def is_reading_paused(self) -> bool:
        """Whether reading from the client has stopped for the moment."""
        return self._is_paused or self._is_slowed or self._is_read_due

    @property
    def partial_bytes(self) -> int:
        """Bytes of the client's incomplete message, and of frames that are not read yet."""
        return self._frames.partial_bytes

    def push(self, data: bytes) -> bool:
        """Send these frames at the end of this tick; returns whether earlier ones are unsent."""
        if self._state != _OPEN:
            return False
        outbox = self.outbox
        outbox.pieces.append(data)
        outbox.waiting += len(data)
        if not self._touched:
            self._touched = True
            self._tick.flush(self)
        return self._write_listener is not None

    def close(self, code: int = frames.NORMAL, reason: str = "") -> None:
        """Send the outbox and a close frame, and close. Does not call ``owner.connection_lost``."""
        if self._state == _OPEN:
            self.push(frames.close_frame(code, reason))
            self._state = _CLOSING
            self._frames.close()
            self._is_paused = self._is_slowed = False
            self._listen()

    def discard(self) -> None:
        """Drop the unsent bytes, except the rest of a piece that has been sent in part."""
        self.outbox.discard()

    def pause(self) -> None:
        """Stop reading: TCP then slows the client down."""
        self._is_paused = True
        self._stop_listening()

    def resume(self) -> None:
        if self._is_paused:
            self._is_paused = False
            self._listen()

    def count_idle_packet(self) -> None:
        """Count a packet that carries no call; close the connection if there are too many."""
        if not self._frames.allow_idle_packet() and self._state == _OPEN:
            self.close(frames.REFUSED, reason="too many frames that ask for nothing")
            self.owner.connection_lost()

    def ping(self) -> None:
        """Ping the client. Close the socket of a connection that is still closing."""
        if self._state == _OPEN:
            self.owner.ping()
        else:
            self._close_socket()

    def flush(self, is_writable: bool = False) -> None:
        """Write the outbox, unless the socket's buffer is known to be full."""
        self._touched = False
        if self._state == _CLOSED or (self._write_listener is not None and not is_writable):
            return
        try:
            is_all_sent = self.outbox.send(self._socket)
        except OSError:
            self._handle_disconnect()
            return
        if not is_all_sent:
            self._wait_for_reader()
        elif self._write_listener is not None or self._state == _CLOSING:
            self._sent_all()

    def _listen(self) -> None:
        """Listen for bytes, unless reading has stopped. Frames already received are read first."""
        if self._state == _CLOSED or self.is_reading_paused:
            return
        if self._frames.has_more or self._is_tls:
            # The system reports no event for bytes that are received but not decrypted yet.
            self._is_read_due = True
            self._tick.in_next_tick(self._continue_reading)
        if self._frames.has_more:
            self._stop_listening()
        elif self._read_listener is None:
            hub = hubs.get_hub()
            self._read_listener = hub.add(hub.READ, self._fd, self._readable, _ignore, None)

    def _stop_listening(self) -> None:
        if self._read_listener is not None:
            hubs.get_hub().remove(self._read_listener)
            self._read_listener = None

    def _continue_reading(self) -> None:
        """The next tick calls it, so that other connections are served first."""
        self._is_read_due = False
        if self._is_paused or self._is_slowed or self._state == _CLOSED:
            return
        if self._frames.has_more:
            self._process(b"")
        elif self._read_listener is not None:
            self._readable(self._fd)
            return
        self._listen()

    def _readable(self, _: int) -> None:
        try:
            data = self._socket.recv(CHUNK)
        except NOT_YET:
            return
        except OSError:
            data = b""
        if not data:
            self._handle_disconnect()
        elif self._state == _OPEN:
            self._process(data)
            if self._frames.has_more or self._is_tls:
                self._listen()
        elif not self._frames.discard(data):
            self._close_socket()

    def _process(self, data: bytes) -> None:
        frame_reader = self._frames
        try:
            messages = frame_reader.read(data, self.owner.is_authenticated)
        except FrameError as error:
            self._deliver(error.before)
            if self._state == _OPEN:
                self.close(error.code, str(error))
                self.owner.connection_lost()
            return
        if not messages and frame_reader.partial_bytes > LARGE_PARTIAL:
            self.owner.bytes_waiting()
        self._deliver(messages)
        if frame_reader.is_over_fragment_rate() and self._state == _OPEN:
            self._is_slowed = True
            self._stop_listening()
            self._tick.within_100_ms(self._check_fragment_rate)

    def _check_fragment_rate(self) -> None:
        if self._state == _OPEN and self._frames.is_over_fragment_rate():
            self._tick.within_100_ms(self._check_fragment_rate)
        elif self._is_slowed:
            self._is_slowed = False
            self._listen()

    def _deliver(self, messages: list[frames.Message]) -> None:
        for opcode, payload in messages:
            if opcode <= frames.BINARY:
                self.owner.message_received(payload)
            elif opcode == frames.CLOSE:
                self.close()
                self.owner.connection_lost()
            else:
                self.count_idle_packet()
                if opcode == frames.PING and self._write_listener is None:
                    assert isinstance(payload, bytes)
                    # No pong while the client does not read: pongs would fill the outbox.
                    self.push(frames.frame(frames.PONG, payload))
            if self._state != _OPEN:
                return

    def _sent_all(self) -> None:
        if self._write_listener is not None:
            hubs.get_hub().remove(self._write_listener)
            self._write_listener = None
            self.owner.all_sent()
        if self._state == _CLOSING:
            self._state = _HALF_CLOSED
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_WR)
            # The client closes its side when it has read that, or is closed after LINGER_S.
            hubs.get_hub().schedule_call_global(LINGER_S, self._close_socket)

    def _wait_for_reader(self) -> None:
        if self._write_listener is None:
            hub = hubs.get_hub()
            self.outbox.progress_at = time.monotonic()
            self._write_listener = hub.add(hub.WRITE, self._fd, self._writable, _ignore, None)
            self.owner.bytes_waiting()

    def _writable(self, _: int) -> None:
        if self._state != _CLOSED:
            self.outbox.progress_at = time.monotonic()
            self.flush(is_writable=True)

    def _handle_disconnect(self) -> None:
        was_open = self._state == _OPEN
        self._close_socket()
        if was_open:
            self.owner.connection_lost()

    def _close_socket(self) -> None:
        if self._state == _CLOSED:
            return
        self._state = _CLOSED
        self._stop_listening()
        if self._write_listener is not None:
            hubs.get_hub().remove(self._write_listener)
            self._write_listener = None
        if self.slot is not None:
            self.slot.discard(self)
            self.slot = None
        self.outbox.clear()
        with contextlib.suppress(OSError):
            self._socket.close()
        self._on_closed()


def _ignore(_: Exception) -> None:
    """Eventlet calls it if a descriptor is used again; ours are removed before that."""
