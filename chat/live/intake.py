"""What one client sends, read within a budget, so that no client keeps a worker from the others.

A client that has not shown a token has a small budget for good: a few dozen packets are enough for
that. Any other may send as much as it likes, but in one turn of the loop only so much of it is
read. What asks for nothing (pings, fragments without end) has a limit in time besides.
"""

from chat.live.frames import REFUSED, FrameError, Message, Parser
from chat.live.pace import Pace

#: Frames of one client that are read in one turn of the loop.
FRAMES = 64
#: What a client may send before it has shown a token, in bytes; a frame counts as so many at least.
STRANGER_BYTES, FRAME_BYTES = 256 * 1024, 4096
#: Pings and the like of one client: a second, and at once. One that sends more is closed.
IDLE_RATE, IDLE_BURST = 20, 200
#: Frames that complete no message: a second, and at once. One that sends more is read later.
FRAGMENT_RATE, FRAGMENT_BURST = 500, 2500
#: Bytes that are thrown away of a client that has been told that it is closed.
AFTER_END = 256 * 1024


class Intake:
    """Of one connection. The budgets in time are made when they are needed: few ever are."""

    __slots__ = ("_credit", "_fragments", "_idle", "_parser")

    def __init__(self) -> None:
        self._parser = Parser()
        self._credit = STRANGER_BYTES
        self._idle: Pace | None = None
        self._fragments: Pace | None = None

    @property
    def has_more(self) -> bool:
        """Whether there is something to read in the next turn, without a byte more coming."""
        return self._parser.has_more

    @property
    def held(self) -> int:
        """Bytes that are here and have not become a message."""
        return self._parser.held

    def take(self, data: bytes, is_known: bool) -> list[Message]:
        """The messages of this turn; ``is_known`` says whether the client has shown a token.

        Raises ``FrameError``.
        """
        parser = self._parser
        messages = parser.feed(data, FRAMES)
        if not is_known:
            self._credit -= max(len(data), parser.taken * FRAME_BYTES)
            if self._credit < 0:
                raise FrameError(REFUSED, "too much before a token")
        if parser.taken > len(messages):
            if self._fragments is None:
                self._fragments = Pace(FRAGMENT_RATE, FRAGMENT_BURST)
            self._fragments.take(parser.taken - len(messages))
        return messages

    def may_idle(self) -> bool:
        """Note a packet that asks for nothing. Gives whether it is still one of a few."""
        if self._idle is None:
            self._idle = Pace(IDLE_RATE, IDLE_BURST)
        return self._idle.take()

    def is_ahead(self) -> bool:
        """Whether the client has to wait until it has time again for fragments."""
        return self._fragments is not None and not self._fragments.is_paid()

    def close(self) -> None:
        """From now on whatever comes is thrown away."""
        self._parser = Parser()
        self._credit = AFTER_END

    def drop(self, data: bytes) -> bool:
        """Throw that away. Gives whether there may be more of it."""
        self._credit -= len(data)
        return self._credit >= 0
