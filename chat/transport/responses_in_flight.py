"""Limits the memory of responses to plain HTTP requests that clients have not read yet."""

import contextlib
import socket
from collections.abc import Callable, Iterable, Iterator
from typing import Any

#: Answers of fewer bytes are not counted: the operating system's socket buffer takes them whole.
LARGE = 64 * 1024
#: Bytes of all responses that are being sent at the same time, on one worker.
IN_FLIGHT_MAX = 128 * 2**20


class ResponsesInFlight:
    """WSGI middleware: beyond ``IN_FLIGHT_MAX`` bytes it closes the connections of the oldest ones.

    A client that reads has its response within a moment, so the client of the oldest response does
    not read. ``client_of(environ)`` is the socket of a request, or ``None``.
    """

    def __init__(
        self,
        app: Callable[..., Iterable[bytes]],
        client_of: Callable[[dict[str, Any]], Any],
    ) -> None:
        self._app = app
        self._client_of = client_of
        #: The responses being sent, oldest first.
        self._sending: dict[_Response, None] = {}
        self._total = 0

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        size = 0

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            nonlocal size
            lengths = [value for name, value in headers if name.lower() == "content-length"]
            size = int(lengths[0]) if lengths else 0
            return start_response(status, headers, *rest)

        response = self._app(environ, start)
        file = environ.get("wsgi.file_wrapper")
        if size < LARGE or (isinstance(file, type) and isinstance(response, file)):
            # A file is read piece by piece while the client reads.
            return response
        return self._begin(_Response(response, size, self._client_of(environ), self.end))

    def _begin(self, response: "_Response") -> "_Response":
        self._sending[response] = None
        self._total += response.size
        while self._total > IN_FLIGHT_MAX and len(self._sending) > 1:
            oldest = next(iter(self._sending))
            oldest.abort()
            self.end(oldest)
        return response

    def end(self, response: "_Response") -> None:
        """Count a response off: it has been sent, or its connection has been closed."""
        if response in self._sending:
            del self._sending[response]
            self._total -= response.size


class _Response:
    def __init__(
        self, parts: Iterable[bytes], size: int, client: Any, end: Callable[["_Response"], None]
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

    def abort(self) -> None:
        """Shut the connection down: the greenlet that sends the response gets an ``OSError``."""
        with contextlib.suppress(OSError, AttributeError):
            self._client.shutdown(socket.SHUT_RDWR)
