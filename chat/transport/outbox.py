"""The bytes that are not sent to one client yet, in pieces that many clients may share."""

import ssl
from typing import Any

#: Bytes that are written in one system call, roughly.
CHUNK = 64 * 1024
#: Errors of a non-blocking socket that can send nothing, or has nothing to read, at the moment.
NOT_YET = (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Outbox:
    """``waiting``: bytes to be sent. ``progress_at``: when the client last read some."""

    __slots__ = ("_begun", "pieces", "progress_at", "waiting")

    def __init__(self, first: bytes) -> None:
        self.pieces: list[bytes] = [first]
        self.waiting = len(first)
        self.progress_at = 0.0
        #: The rest of a piece that has been sent in part.
        self._begun: memoryview | None = None

    def discard(self) -> None:
        """Drop all pieces but the rest of one that has been sent in part."""
        self.pieces.clear()
        self.waiting = len(self._begun or b"")

    def clear(self) -> None:
        """Drop all pieces: the connection is closed."""
        self.pieces.clear()
        self._begun = None
        self.waiting = 0

    def send(self, client: Any) -> bool:
        """Send as much as the system takes; returns whether that is all. Raises ``OSError``."""
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
            # A view, not a copy: many slow clients may share a piece.
            self._begun = memoryview(data)[sent:] if sent < len(data) else None
        return True

    def _next_piece(self) -> bytes:
        """The next pieces, joined up to about ``CHUNK`` bytes for one system call.

        A long piece is sent alone: joining would copy it for this client.
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
