"""The app's response to one request, written as HTTP/1.1."""

import re
from collections.abc import Callable, Iterable
from typing import Any

from chat.transport.http_head import Request
from chat.transport.http_refusal import response_head

#: Small pieces of a body are joined until they have so many bytes.
TOGETHER = 64 * 1024

_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VALUE = re.compile(r"[ \t\x21-\x7e\x80-\xff]*")
_STATUS = re.compile(r"[1-9][0-9]{2} [ \t\x21-\x7e\x80-\xff]*")
#: Headers about the connection itself: the server sets them, and ignores those of the app.
_HOP_BY_HOP = {
    *("connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding"),
    *("date", "upgrade"),
}


class Response:
    """``start`` is what WSGI calls ``start_response``; ``give`` sends the rest.

    ``send`` sends bytes, and raises ``OSError`` if the client does not read them. ``keeps_alive``
    says whether another request may follow on the connection.
    """

    def __init__(self, send: Callable[[bytes], None], request: Request, keeps_alive: bool) -> None:
        self.keeps_alive = keeps_alive
        self.has_begun = False
        self._send = send
        self._is_1_1 = request.is_1_1
        self._is_head = request.method == "HEAD"
        self._status = ""
        self._headers: dict[str, str] = {}
        self._cookies: list[str] = []
        self._length: int | None = None
        self._sent = 0
        self._chunked = False

    def start(
        self, status: str, headers: list[tuple[str, str]], exc_info: Any = None
    ) -> Callable[[bytes], None]:
        """Raises ``ValueError`` for a status or header that would break the head's lines."""
        if self.has_begun and exc_info:
            raise exc_info[1]
        if not _STATUS.fullmatch(status):
            raise ValueError("the status is not one of HTTP")
        self._status = status
        self._headers, self._cookies, self._length = {}, [], None
        for name, value in headers:
            if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
                raise ValueError(f"the header {name!r} cannot be sent")
            key = name.lower()
            if key == "connection" and value.lower() == "close":
                self.keeps_alive = False
            elif key == "content-length":
                self._length = int(value)
            elif key == "set-cookie":
                self._cookies.append(value)
            elif key not in _HOP_BY_HOP:
                known = self._headers.get(name)
                self._headers[name] = value if known is None else f"{known}, {value}"
        return self._write

    def give(self, body: Iterable[bytes]) -> None:
        """Send the whole body."""
        if isinstance(body, list | tuple):
            self._write(b"".join(body), last=True)
            return
        waiting: list[bytes] = []
        size = 0
        for piece in body:
            waiting.append(piece)
            size += len(piece)
            if size >= TOGETHER:
                self._write(b"".join(waiting))
                waiting, size = [], 0
        self._write(b"".join(waiting), last=True)

    def _write(self, data: bytes, last: bool = False) -> None:
        head = b""
        if not self.has_begun:
            if not self._status:
                raise ValueError("the app gave no status")
            head = self._begin(len(data) if last else None)
        if self._has_no_body():
            data = b""
        elif self._length is not None:
            # The client would take bytes beyond Content-Length for the next response.
            data = data[: self._length - self._sent]
            self._sent += len(data)
            if last and self._sent < self._length:
                self.keeps_alive = False
        elif self._chunked:
            data = (b"%X\r\n%b\r\n" % (len(data), data) if data else b"") + b"0\r\n\r\n" * last
        if head or data:
            self._send(head + data)

    def _begin(self, whole: int | None) -> bytes:
        """The head. ``whole`` is the length of the body, if it is known."""
        self.has_begun = True
        if self._length is None and not self._has_no_body():
            if whole is not None:
                self._length = whole
            elif self._is_1_1:
                self._chunked = True
                self._headers["Transfer-Encoding"] = "chunked"
            else:
                self.keeps_alive = False
        headers = list(self._headers.items()) + [("Set-Cookie", each) for each in self._cookies]
        if self._length is not None and not self._status.startswith(("1", "204")):
            headers.append(("Content-Length", str(self._length)))
        connection = "keep-alive" if self.keeps_alive else "close"
        return response_head(self._status, headers, connection)

    def _has_no_body(self) -> bool:
        return self._is_head or self._status.startswith(("1", "204", "304"))
