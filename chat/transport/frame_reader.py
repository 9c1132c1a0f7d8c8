"""Reads one client's WebSocket frames within a budget, so that no client occupies a worker.

A client that has not shown a token has one small budget of bytes, enough for a few dozen packets.
Any other may send any amount, of which only a part is read in one tick of the event loop. Frames
that carry no call (pings, fragments of messages that never end) also have a limit per second.
"""

from chat.transport.frames import REFUSED, FrameError, Message, Parser
from chat.transport.token_bucket import TokenBucket

#: Frames of one client that are read in one tick of the event loop.
FRAMES = 64
#: Bytes that a client may send before it has shown a token; a frame counts as FRAME_BYTES at least.
UNAUTHENTICATED_BYTES, FRAME_BYTES = 256 * 1024, 4096
#: Pings, pongs and the like of one client: a second, and at once. Beyond that it is disconnected.
IDLE_RATE, IDLE_BURST = 20, 200
#: Frames that complete no message: a second, and at once. Beyond that the client is read later.
FRAGMENT_RATE, FRAGMENT_BURST = 500, 2500
#: Bytes that a client may still send after the server's closing frame; they are thrown away.
AFTER_END = 256 * 1024


class FrameReader:
    """The reader of one connection. It makes its token buckets when it needs them: seldom."""

    __slots__ = ("_credit", "_fragments", "_idle", "_parser")

    def __init__(self) -> None:
        self._parser = Parser()
        self._credit = UNAUTHENTICATED_BYTES
        self._idle: TokenBucket | None = None
        self._fragments: TokenBucket | None = None

    @property
    def has_more(self) -> bool:
        """Whether complete frames are left for the next tick, even if no further byte arrives."""
        return self._parser.has_more

    @property
    def partial_bytes(self) -> int:
        """Bytes of the incomplete message, and of frames that are not read yet."""
        return self._parser.partial_bytes

    def read(self, data: bytes, is_authenticated: bool) -> list[Message]:
        """The messages to handle in this tick. Raises ``FrameError``.

        ``is_authenticated`` says whether the client has shown a token.
        """
        parser = self._parser
        messages = parser.feed(data, FRAMES)
        if not is_authenticated:
            self._credit -= max(len(data), parser.taken * FRAME_BYTES)
            if self._credit < 0:
                raise FrameError(REFUSED, "too much before a token")
        if parser.taken > len(messages):
            if self._fragments is None:
                self._fragments = TokenBucket(FRAGMENT_RATE, FRAGMENT_BURST)
            self._fragments.take(parser.taken - len(messages))
        return messages

    def allow_idle_packet(self) -> bool:
        """Count a packet that carries no call; returns whether it is within the limit."""
        if self._idle is None:
            self._idle = TokenBucket(IDLE_RATE, IDLE_BURST)
        return self._idle.take()

    def is_over_fragment_rate(self) -> bool:
        """Whether the client has sent too many fragments: then it is read later."""
        return self._fragments is not None and self._fragments.in_debt()

    def close(self) -> None:
        """Drop incomplete messages. Further bytes of the client have to go to ``discard``."""
        self._parser = Parser()
        self._credit = AFTER_END

    def discard(self, data: bytes) -> bool:
        """Count bytes that nobody reads; returns whether the client may send more of them."""
        self._credit -= len(data)
        return self._credit >= 0
