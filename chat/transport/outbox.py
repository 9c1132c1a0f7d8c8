"""The bytes that wait to be sent to one client, in pieces that many clients may share."""

import ssl
from typing import Any

#: Bytes that are written in one system call, roughly.
CHUNK = 64 * 1024
#: Raised by a non-blocking socket that cannot send, or has nothing to read, at the moment.
NOT_YET = (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Outbox:
    """``waiting``: bytes to be sent. ``progress``: when the client last took some (monotonic)."""

    __slots__ = ("_begun", "pieces", "progress", "waiting")

    def __init__(self, first: bytes) -> None:
        self.pieces: list[bytes] = [first]
        self.waiting = len(first)
        self.progress = 0.0
        #: The rest of a piece that has been sent in part.
        self._begun: memoryview | None = None

    def discard(self) -> None:
        """Throw away all pieces but the rest of one that has been sent in part."""
        self.pieces.clear()
        self.waiting = len(self._begun or b"")

    def clear(self) -> None:
        """Throw everything away: the client is gone."""
        self.pieces.clear()
        self._begun = None
        self.waiting = 0

    def send(self, client: Any) -> bool:
        """Send as much as the system takes; gives whether that is all. Raises ``OSError``."""
        pieces = self.pieces
        if len(pieces) == 1 and self._begun is None:
            # Nearly always: one piece, of which the system takes all.
            data: bytes | memoryview = pieces.pop()
            try:
                sent = client.send(data)
            except NOT_YET:
                sent = 0
            self.waiting -= sent
            if not self.waiting:
                return True
            self._begun = memoryview(data)[sent:]
            return False
        while self.waiting:
            data = self._begun if self._begun is not None else self._next_piece()
            try:
                sent = client.send(data)
            except NOT_YET:
                self._begun = memoryview(data)
                return False
            self.waiting -= sent
            # A view, not a copy: slow members of a room must not cost a copy each.
            self._begun = memoryview(data)[sent:] if sent < len(data) else None
        return True

    def _next_piece(self) -> bytes:
        """The next pieces, joined up to about ``CHUNK`` bytes for one system call.

        A long piece is sent by itself: joining would copy it for this client.
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
