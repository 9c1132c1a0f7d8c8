"""Reads one client's request and writes the response, at a minimum rate and within a time limit.

A client that sends only a few bytes at a time is read less often. So a request that arrives byte by
byte takes hardly more ticks of the event loop than a request that arrives in a few pieces.
"""

import contextlib
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import eventlet

from chat.transport.http_body import Chunks

#: Bytes read or written at a time.
CHUNK = 64 * 1024
#: After SMALL_READS reads of fewer than SMALL bytes each further read waits PAUSE_S seconds.
SMALL_READS, SMALL, PAUSE_S = 8, 512, 0.1
#: Bytes that are still read from a client after a refusal, and for how many seconds.
DRAIN_MAX, DRAIN_S = 1024 * 1024, 2.0


@dataclass(frozen=True)
class MinimumRate:
    """A transfer may take ``grace`` seconds, and one more for each ``rate`` transferred bytes.

    It may take ``total`` seconds at most.
    """

    grace: float
    rate: float
    total: float

    def deadline(self, begun: float, done: int) -> float:
        """When the next bytes are due, for a transfer that began then and has done these bytes."""
        return begun + min(self.total, self.grace + done / self.rate)


BODY_RATE = MinimumRate(grace=5.0, rate=1024, total=60.0)
RESPONSE_RATE = MinimumRate(grace=10.0, rate=4096, total=300.0)


class Stream:
    """One client's socket. ``rest`` are bytes that have been read and not used yet."""

    __slots__ = ("_begun", "_client", "_sent", "_small_reads", "has_failed", "rest")

    def __init__(self, client: Any, rest: bytes = b"") -> None:
        self._client = client
        self._begun = 0.0
        self._small_reads = self._sent = 0
        self.rest = rest
        #: Whether sending has failed: the client is gone, or reads too slowly.
        self.has_failed = False

    def begin_reading(self) -> bytes:
        """Begin to read a head or a body; returns the bytes of it that have been read already."""
        data, self.rest = self.rest, b""
        self._small_reads = int(bool(data))
        return data

    def receive(self, until: float, most: int = CHUNK, small: int = SMALL) -> bytes:
        """The next bytes; none at the end of the stream. ``until`` is a time of ``monotonic``.

        After ``SMALL_READS`` reads of fewer than ``small`` bytes it waits first. Raises
        ``OSError``, ``TimeoutError``.
        """
        if self._small_reads > SMALL_READS:
            eventlet.sleep(PAUSE_S)
        self._client.settimeout(_seconds_until(until))
        data: bytes = self._client.recv(most)
        self._small_reads += len(data) < small
        return data

    def read_bytes(self, length: int, came: Callable[[int], None]) -> bytes:
        """A body of a known length. ``came`` is called with the bytes of each read, and may raise.

        Raises ``OSError``; ``TimeoutError`` when the client is too slow.
        """
        data = self.begin_reading()
        body, self.rest = bytearray(data[:length]), data[length:]
        came(len(body))
        begun = time.monotonic()
        while len(body) < length:
            data = self._next(begun, len(body), min(CHUNK, length - len(body)))
            came(len(data))
            body += data
        return bytes(body)

    def read_chunks(self, came: Callable[[int], None]) -> bytes:
        """A body in chunks. Raises as ``read_bytes`` does, and ``Refused``."""
        chunks = Chunks()
        begun, done = time.monotonic(), 0
        data = self.begin_reading()
        while True:
            came(len(data))
            rest = chunks.feed(data) if data else None
            if rest is not None:
                self.rest = rest
                return bytes(chunks.body)
            data = self._next(begun, done)
            done += len(data)

    def _next(self, begun: float, done: int, most: int = CHUNK) -> bytes:
        data = self.receive(BODY_RATE.deadline(begun, done), most)
        if not data:
            raise ConnectionResetError("the client is gone in the middle of a body")
        return data

    def begin_response(self) -> None:
        """Begin another response: the next ``send`` begins its time."""
        self._begun, self._sent = 0.0, 0

    def send(self, data: bytes) -> None:
        """Raises ``OSError`` if the client has closed, or does not read in time."""
        self._begun = self._begun or time.monotonic()
        view = memoryview(data)
        try:
            while view:
                self._client.settimeout(
                    _seconds_until(RESPONSE_RATE.deadline(self._begun, self._sent))
                )
                sent = self._client.send(view[:CHUNK])
                self._sent += sent
                view = view[sent:]
        except OSError:
            self.has_failed = True
            raise

    def close(self) -> None:
        """Close after a response that was sent while the client may still be sending its request.

        Further bytes of the client are read and dropped for some seconds. Otherwise the system
        would reset the connection, and the client would lose the response (RFC 9112, section 9.6).
        """
        done, until = 0, time.monotonic() + DRAIN_S
        self.begin_reading()
        with contextlib.suppress(OSError):
            self._client.shutdown(socket.SHUT_WR)
            while done < DRAIN_MAX and (data := self.receive(until)):
                done += len(data)
        self._client.close()


def _seconds_until(deadline: float) -> float:
    """Raises ``TimeoutError`` if the deadline has passed."""
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise TimeoutError("too slow")
    return seconds
