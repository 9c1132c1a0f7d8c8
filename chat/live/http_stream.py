"""What is read from one client and written to it: at a least rate, and within a total time.

Whoever sends little at a time is read less often, so that a request of a byte a packet costs hardly
more turns of the loop than one in a few pieces.
"""

import contextlib
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import eventlet

from chat.live.http_body import Chunks

#: Bytes read or written at a time.
CHUNK = 64 * 1024
#: After so many reads that gave little, seconds until the next one.
EAGER, LITTLE, PAUSE = 8, 512, 0.1
#: Bytes, and seconds, for which a client is still heard after a refusal.
DRAIN, DRAIN_SECONDS = 1024 * 1024, 2.0


@dataclass(frozen=True)
class Pace:
    """``grace`` seconds, more for each byte by the least ``rate``, and ``total`` at the most."""

    grace: float
    rate: float
    total: float

    def left(self, begun: float, done: int) -> float:
        """Seconds left of what began then, after so many bytes. Raises ``TimeoutError``."""
        allowed = min(self.total, self.grace + done / self.rate)
        left = begun + allowed - time.monotonic()
        if left <= 0:
            raise TimeoutError("too slow")
        return left


BODY_PACE = Pace(grace=5.0, rate=1024, total=60.0)
ANSWER_PACE = Pace(grace=10.0, rate=4096, total=300.0)


class Stream:
    """``rest`` is what has been read and not used yet."""

    __slots__ = ("_begun", "_client", "_sent", "has_failed", "rest")

    def __init__(self, client: Any, rest: bytes = b"") -> None:
        self._client = client
        self._begun = 0.0
        self._sent = 0
        self.rest = rest
        #: Whether the client does not take what it is sent.
        self.has_failed = False

    def receive(self, seconds: float, most: int = CHUNK) -> bytes:
        """What comes next, or nothing at the end. Raises ``OSError``, ``TimeoutError``."""
        if seconds <= 0:
            raise TimeoutError("too late")
        self._client.settimeout(seconds)
        data: bytes = self._client.recv(most)
        return data

    def read_bytes(self, length: int, came: Callable[[int], None]) -> bytes:
        """A body of a known length; ``came`` is told how many bytes each time, and may raise.

        Raises ``OSError``, ``TimeoutError`` when it is too slow.
        """
        body = bytearray(self.rest[:length])
        self.rest = self.rest[length:]
        came(len(body))
        begun, pieces = time.monotonic(), 0
        while len(body) < length:
            data = self._next(begun, len(body), pieces, min(CHUNK, length - len(body)))
            came(len(data))
            body += data
            pieces += len(data) < LITTLE
        return bytes(body)

    def read_chunks(self, came: Callable[[int], None]) -> bytes:
        """A body in chunks. Raises ``Refused`` besides."""
        chunks = Chunks()
        begun, pieces, done = time.monotonic(), 0, 0
        data, self.rest = self.rest, b""
        while True:
            came(len(data))
            rest = chunks.feed(data) if data else None
            if rest is not None:
                self.rest = rest
                return bytes(chunks.body)
            data = self._next(begun, done, pieces)
            done += len(data)
            pieces += len(data) < LITTLE

    def _next(self, begun: float, done: int, pieces: int, most: int = CHUNK) -> bytes:
        if pieces > EAGER:
            eventlet.sleep(PAUSE)
        data = self.receive(BODY_PACE.left(begun, done), most)
        if not data:
            raise ConnectionResetError("the client is gone in the middle of a body")
        return data

    def begin_answer(self) -> None:
        """What is sent from now on has its own time."""
        self._begun, self._sent = 0.0, 0

    def send(self, data: bytes) -> None:
        """Raises ``OSError`` if the client does not take it in time."""
        self._begun = self._begun or time.monotonic()
        view = memoryview(data)
        try:
            while view:
                self._client.settimeout(ANSWER_PACE.left(self._begun, self._sent))
                sent = self._client.send(view[:CHUNK])
                self._sent += sent
                view = view[sent:]
        except OSError:
            self.has_failed = True
            raise

    def close(self) -> None:
        """Close behind an answer that the client may not have been waiting for.

        What it still sends is read and thrown away for a while. The system would else answer it
        with a reset, at which the client loses the answer (RFC 9112, section 9.6).
        """
        client, done, pieces = self._client, 0, 0
        until = time.monotonic() + DRAIN_SECONDS
        with contextlib.suppress(OSError):
            client.shutdown(socket.SHUT_WR)
            while done < DRAIN:
                if pieces > EAGER:
                    eventlet.sleep(PAUSE)
                data = self.receive(until - time.monotonic())
                if not data:
                    break
                done += len(data)
                pieces += len(data) < LITTLE
        client.close()
