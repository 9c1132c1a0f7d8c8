"""An established WebSocket, served by callbacks of the event loop: no greenlet or timer of its own.

Data to be sent is put into the outbox; what one tick of the event loop has put there is written
together at its end. Under load many messages share a system call, and without load none waits.
Callbacks must not block: the owner starts a greenlet for what may. Data from the client is read
within a budget (``intake.py``).
"""

import contextlib
import socket
import time
from collections.abc import Callable
from typing import Any

from eventlet import hubs

from chat.transport import frames
from chat.transport.frames import FrameError
from chat.transport.intake import Intake
from chat.transport.outbox import CHUNK, NOT_YET, Outbox
from chat.transport.owner import Owner
from chat.transport.takeover import take_over
from chat.transport.tick import Tick

#: Bytes that may wait for ever; seconds that more may wait if the client reads none; bytes at most.
OUTBOX, STALL, OUTBOX_HARD = 2**20, 3.0, 16 * 2**20

#: An unfinished message of more bytes is counted as pending by the backlog.
MUCH = 16 * 1024
#: Seconds that a client has to close its side after the server has closed.
LINGER = 1.0
_OPEN, _ENDING, _SHUT, _GONE = range(4)


class Transport:
    """One WebSocket. ``outbox`` holds what waits for its client."""

    __slots__ = (
        "_done", "_fd", "_intake", "_is_due", "_is_late", "_is_paused", "_is_tls", "_reader",
        "_socket", "_state", "_tick", "_touched", "_writer", "outbox", "owner", "slot",
    )  # fmt: skip

    def __init__(
        self,
        client: Any,
        owner: Owner,
        tick: Tick,
        hand_over: Callable[[], Callable[[], None]],
        greeting: bytes,
        early: bytes = b"",
    ) -> None:
        """Take over the socket of a request, and send ``greeting``, the end of the handshake.

        ``early`` are bytes that came behind the request. ``hand_over()`` returns the function to
        call once the socket is closed.
        """
        self.owner = owner
        self.slot: set[Transport] | None = None
        self._tick = tick
        self._socket, self._is_tls = take_over(client)
        self._done = hand_over()
        self._fd: int = self._socket.fileno()
        self._intake = Intake()
        self.outbox = Outbox(greeting)
        #: Reading has stopped until ``resume``, for too many fragments, or until the next tick.
        self._is_paused = self._is_late = self._is_due = False
        self._state = _OPEN
        self._touched = False
        self._reader: Any = None
        self._writer: Any = None
        # Called by the event loop: a listener that is added here would keep this greenlet alive.
        hubs.get_hub().schedule_call_global(0, self._begin, early)

    def _begin(self, early: bytes) -> None:
        if early and self._state == _OPEN:
            self._take(early)
        self._listen()
        self.flush()

    @property
    def is_stalled(self) -> bool:
        """Whether so much waits for so long that the client seems not to read any more."""
        outbox = self.outbox
        if self._writer is None or outbox.waiting <= OUTBOX:
            return False
        return outbox.waiting > OUTBOX_HARD or time.monotonic() - outbox.progress > STALL

    @property
    def is_held_up(self) -> bool:
        """Whether reading from the client has stopped for now."""
        return self._is_paused or self._is_late or self._is_due

    @property
    def unread(self) -> int:
        """Bytes that have been received and are not part of a whole message yet."""
        return self._intake.held

    def push(self, data: bytes) -> bool:
        """Send these frames at the end of this tick; after ``end`` nothing is sent.

        Gives whether they wait for the client to read earlier ones.
        """
        if self._state != _OPEN:
            return False
        outbox = self.outbox
        outbox.pieces.append(data)
        outbox.waiting += len(data)
        if not self._touched:
            self._touched = True
            self._tick.flush(self)
        return self._writer is not None

    def end(self, code: int = frames.NORMAL, reason: str = "") -> None:
        """Send what waits and a close frame, and close. The owner's ``lost`` is not called."""
        if self._state == _OPEN:
            self.push(frames.close_frame(code, reason))
            self._state = _ENDING
            self._intake.close()
            self._is_paused = self._is_late = False
            self._listen()

    def discard(self) -> None:
        """Throw away what waits, except the rest of a piece that has been sent in part."""
        self.outbox.discard()

    def pause(self) -> None:
        """Stop reading, so that TCP slows the client down."""
        self._is_paused = True
        self._stop_listening()

    def resume(self) -> None:
        if self._is_paused:
            self._is_paused = False
            self._listen()

    def note_idle(self) -> None:
        """Count a packet that carries no call; close where there are too many."""
        if not self._intake.may_idle() and self._state == _OPEN:
            self.end(frames.REFUSED, reason="too many frames that ask for nothing")
            self.owner.lost()

    def ping(self) -> None:
        """Ping the client; a connection that is closing and has not ended by itself ends here."""
        if self._state == _OPEN:
            self.owner.ping()
        else:
            self._finish()

    def flush(self, is_writable: bool = False) -> None:
        """Write what waits, unless the socket's buffer is known to be full."""
        self._touched = False
        if self._state == _GONE or (self._writer is not None and not is_writable):
            return
        try:
            is_all_sent = self.outbox.send(self._socket)
        except OSError:
            self._lose()
            return
        if not is_all_sent:
            self._wait_for_reader()
        elif self._writer is not None or self._state == _ENDING:
            self._sent_all()

    def _listen(self) -> None:
        """Listen for bytes, unless reading has stopped; frames already received come first."""
        if self._state == _GONE or self.is_held_up:
            return
        if self._intake.has_more or self._is_tls:
            # Bytes that were read already, but not decrypted, cause no event of the system.
            self._is_due = True
            self._tick.next(self._go_on)
        if self._intake.has_more:
            self._stop_listening()
        elif self._reader is None:
            hub = hubs.get_hub()
            self._reader = hub.add(hub.READ, self._fd, self._readable, _ignore, None)

    def _stop_listening(self) -> None:
        if self._reader is not None:
            hubs.get_hub().remove(self._reader)
            self._reader = None

    def _go_on(self) -> None:
        """Called in the next tick, so that other connections are served first."""
        self._is_due = False
        if self._is_paused or self._is_late or self._state == _GONE:
            return
        if self._intake.has_more:
            self._take(b"")
        elif self._reader is not None:
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
            self._lose()
        elif self._state == _OPEN:
            self._take(data)
            if self._intake.has_more or self._is_tls:
                self._listen()
        elif not self._intake.drop(data):
            self._finish()

    def _take(self, data: bytes) -> None:
        intake = self._intake
        try:
            messages = intake.take(data, self.owner.is_authenticated)
        except FrameError as error:
            self._hear(error.before)
            if self._state == _OPEN:
                self.end(error.code, str(error))
                self.owner.lost()
            return
        if not messages and intake.held > MUCH:
            self.owner.behind()
        self._hear(messages)
        if intake.is_ahead() and self._state == _OPEN:
            self._is_late = True
            self._stop_listening()
            self._tick.later(self._look_at_pace)

    def _look_at_pace(self) -> None:
        if self._state == _OPEN and self._intake.is_ahead():
            self._tick.later(self._look_at_pace)
        elif self._is_late:
            self._is_late = False
            self._listen()

    def _hear(self, messages: list[frames.Message]) -> None:
        for opcode, payload in messages:
            if opcode <= frames.BINARY:
                self.owner.heard(payload)
            elif opcode == frames.CLOSE:
                self.end()
                self.owner.lost()
            else:
                self.note_idle()
                if opcode == frames.PING and self._writer is None:
                    assert isinstance(payload, bytes)
                    # Not answered while the client does not read: answers would pile up.
                    self.push(frames.frame(frames.PONG, payload))
            if self._state != _OPEN:
                return

    def _sent_all(self) -> None:
        if self._writer is not None:
            hubs.get_hub().remove(self._writer)
            self._writer = None
            self.owner.drained()
        if self._state == _ENDING:
            self._state = _SHUT
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_WR)
            # The client closes its side when it has read that, or is closed after LINGER.
            hubs.get_hub().schedule_call_global(LINGER, self._finish)

    def _wait_for_reader(self) -> None:
        if self._writer is None:
            hub = hubs.get_hub()
            self.outbox.progress = time.monotonic()
            self._writer = hub.add(hub.WRITE, self._fd, self._writable, _ignore, None)
            self.owner.behind()

    def _writable(self, _: int) -> None:
        if self._state != _GONE:
            self.outbox.progress = time.monotonic()
            self.flush(is_writable=True)

    def _lose(self) -> None:
        was_open = self._state == _OPEN
        self._finish()
        if was_open:
            self.owner.lost()

    def _finish(self) -> None:
        if self._state == _GONE:
            return
        self._state = _GONE
        self._stop_listening()
        if self._writer is not None:
            hubs.get_hub().remove(self._writer)
            self._writer = None
        if self.slot is not None:
            self.slot.discard(self)
            self.slot = None
        self.outbox.clear()
        with contextlib.suppress(OSError):
            self._socket.close()
        self._done()


def _ignore(_: Exception) -> None:
    """Called for a listener whose descriptor is used again; ours are removed before that."""
