"""Limits the memory of answers to plain HTTP requests that clients have not read yet."""

import contextlib
import socket
from collections.abc import Callable, Iterable, Iterator
from typing import Any

#: Answers of fewer bytes are not counted: the operating system's socket buffer takes them whole.
LARGE = 64 * 1024
#: Bytes of all answers that are being sent at the same time, on one worker.
IN_FLIGHT_MAX = 128 * 2**20


class AnswersInFlight:
    """WSGI middleware: beyond ``IN_FLIGHT_MAX`` bytes the oldest answers are cut off.

    A client that reads has its answer in a moment, so the oldest answer belongs to a client that
    does not. ``client_of(environ)`` is the socket of a request, or ``None``.
    """

    def __init__(
        self,
        app: Callable[..., Iterable[bytes]],
        client_of: Callable[[dict[str, Any]], Any],
    ) -> None:
        self._app = app
        self._client_of = client_of
        #: The answers being sent, oldest first.
        self._sending: dict[_Answer, None] = {}
        self._total = 0

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        size = 0

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            nonlocal size
            lengths = [value for name, value in headers if name.lower() == "content-length"]
            size = int(lengths[0]) if lengths else 0
            return start_response(status, headers, *rest)

        answer = self._app(environ, start)
        file = environ.get("wsgi.file_wrapper")
        if size < LARGE or (isinstance(file, type) and isinstance(answer, file)):
            # A file is read piece by piece, as the client takes it.
            return answer
        return self._begin(_Answer(answer, size, self._client_of(environ), self.end))

    def _begin(self, answer: "_Answer") -> "_Answer":
        self._sending[answer] = None
        self._total += answer.size
        while self._total > IN_FLIGHT_MAX and len(self._sending) > 1:
            oldest = next(iter(self._sending))
            oldest.cut_off()
            self.end(oldest)
        return answer

    def end(self, answer: "_Answer") -> None:
        """The answer has been sent, or cut off."""
        if answer in self._sending:
            del self._sending[answer]
            self._total -= answer.size


class _Answer:
    def __init__(
        self, parts: Iterable[bytes], size: int, client: Any, end: Callable[["_Answer"], None]
    ) -> None:
        self.size = size
        self._parts = parts
        self._client = client
        self._end = end

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._parts)

    def close(self) -> None:
        self._end(self)
        close = getattr(self._parts, "close", None)
        if close is not None:
            close()

    def cut_off(self) -> None:
        """Shut the connection down: the greenlet that sends the answer gets an ``OSError``."""
        with contextlib.suppress(OSError, AttributeError):
            self._client.shutdown(socket.SHUT_RDWR)
