"""The request that a WebSocket opens with, read in C.

After a restart thousands of clients come back at once, each with one such request, and reading it
in Python is much of what it costs to let one in. Only what is plain is read here. Whatever is odd
about a request is left to the server, which knows all of HTTP.
"""

import io
import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import httptools

#: Bytes that are looked at; a longer request is left to the server.
HEAD_MAX = 8192

_END = b"\r\n\r\n"
_PLAIN_LINE = re.compile(rb"GET /socket\.io/\?([!-\"$-~]*) HTTP/1\.1\r\n")
_PLAIN_NAME = re.compile(rb"[A-Za-z0-9-]+")
#: Whoever sends one of these wants more than a WebSocket.
_ODD = {
    *("CONTENT_LENGTH", "CONTENT_TYPE", "TRANSFER_ENCODING", "TE", "TRAILER", "EXPECT"),
    "HTTP2_SETTINGS",
}
#: Header fields of a request, at the most.
_FIELDS_MAX = 64


def read(
    data: bytes, server: Sequence[Any], client: Sequence[Any]
) -> tuple[dict[str, Any], int] | None:
    """The WSGI environment of the request, and its length in bytes.

    ``None`` if ``data`` does not begin with a whole and plain request for a WebSocket. ``server``
    and ``client`` are the addresses of the two ends. Names and values are as gunicorn gives them.
    """
    line = _PLAIN_LINE.match(data)
    length = data.find(_END) + len(_END)
    if line is None or length < len(_END):
        return None
    head = _Head()
    parser = httptools.HttpRequestParser(head)
    try:
        parser.feed_data(data[:length])
    except httptools.HttpParserUpgrade:
        pass
    except httptools.HttpParserError:
        return None
    environ = head.environ
    if not head.is_plain or environ.get("HTTP_UPGRADE", "").lower() != "websocket":
        return None
    environ["QUERY_STRING"] = line[1].decode("ascii")
    environ["SERVER_NAME"], environ["SERVER_PORT"] = server[0], str(server[1])
    environ["REMOTE_ADDR"], environ["REMOTE_PORT"] = client[0], str(client[1])
    return environ, length


class Refusal:
    """The answer to a request that does not become a WebSocket. The connection ends with it."""

    status = ""

    def start(self, status: str, headers: list[tuple[str, str]], *_: object) -> None:
        """What WSGI calls ``start_response``."""
        self.status, self._headers = status, headers

    def whole(self, answer: Iterable[bytes]) -> bytes:
        """With its ``answer``, as it is sent."""
        body = b"".join(answer)
        headers = [*self._headers, ("Content-Length", str(len(body))), ("Connection", "close")]
        lines = [f"HTTP/1.1 {self.status}", *(f"{name}: {value}" for name, value in headers)]
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


class _Head:
    """What the parser calls."""

    def __init__(self) -> None:
        self.is_plain = True
        self._fields = 0
        self.environ: dict[str, Any] = {
            "REQUEST_METHOD": "GET",
            "SCRIPT_NAME": "",
            "PATH_INFO": "/socket.io/",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.errors": sys.stderr,
            "wsgi.input": io.BytesIO(),
        }

    def on_header(self, name: bytes, value: bytes) -> None:
        key = name.decode("latin-1").upper().replace("-", "_")
        known = f"HTTP_{key}"
        self._fields += 1
        if (
            self._fields > _FIELDS_MAX
            or key in _ODD
            or known in self.environ
            or not _PLAIN_NAME.fullmatch(name)
        ):
            self.is_plain = False
        else:
            self.environ[known] = value.strip(b" \t").decode("latin-1")
