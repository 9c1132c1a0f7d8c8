"""What waits to be sent to one client: pieces of bytes, which many clients may share."""

import ssl
from typing import Any

#: Bytes written, more or less, in one system call.
CHUNK = 64 * 1024
#: What a socket says that takes or has nothing at the moment.
NOT_YET = (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Outbox:
    """``waiting`` is the number of bytes; ``progress`` when the client last took some of them."""

    __slots__ = ("_begun", "pieces", "progress", "waiting")

    def __init__(self, first: bytes) -> None:
        self.pieces: list[bytes] = [first]
        self.waiting = len(first)
        self.progress = 0.0
        #: What is left of a piece that is sent in part.
        self._begun: memoryview | None = None

    def discard(self) -> None:
        """Throw away what waits, up to the end of what is sent in part."""
        self.pieces.clear()
        self.waiting = len(self._begun or b"")

    def clear(self) -> None:
        """The client is gone."""
        self.pieces.clear()
        self._begun = None
        self.waiting = 0

    def send(self, client: Any) -> bool:
        """Send as much as the system takes; gives whether that is all. Raises ``OSError``."""
        if self._begun is None and len(self.pieces) == 1:
            # Nearly always: one piece, and the system takes all of it.
            piece = self.pieces.pop()
            try:
                sent = client.send(piece)
            except NOT_YET:
                sent = 0
            self.waiting -= sent
            if not self.waiting:
                return True
            self._begun = memoryview(piece)[sent:]
            return False
        while self.waiting:
            data = self._begun if self._begun is not None else self._next_piece()
            try:
                sent = client.send(data)
            except NOT_YET:
                self._begun = memoryview(data)
                return False
            self.waiting -= sent
            # No copy: a room's slow members must not each have bytes of their own.
            self._begun = memoryview(data)[sent:] if sent < len(data) else None
        return True

    def _next_piece(self) -> bytes:
        """What one system call may well take, so that little is left over of it.

        What is long goes by itself: put together with others it would be this client's own copy.
        """
        pieces = self.pieces
        if len(pieces) == 1:
            return pieces.pop()
        size = count = 0
        for piece in pieces:
            if count and size + len(piece) > CHUNK:
                break
            size += len(piece)
            count += 1
        part = b"".join(pieces[:count])
        del pieces[:count]
        return part
