"""Parses the head of one request, incrementally and in C, into a WSGI environment.

Each byte is parsed once, also if the head arrives in many pieces. A head that two servers could
read in two ways is refused: a proxy in front and Maru must see the same request (request smuggling,
RFC 9112, section 11.2).
"""

import re
import sys
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

import httptools

from chat.transport import host as hosts
from chat.transport.http_refusal import Refused
from chat.transport.http_rules import BODY_MAX

#: Bytes of a head, of its first line, and header fields, at the most.
HEAD_MAX, LINE_MAX, FIELDS_MAX = 16 * 1024, 8190, 100

_END = b"\r\n\r\n"
_LINE = re.compile(rb"([A-Z]{3,20}) ([!-~]+) HTTP/1\.([01])\r\n")
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"}
_ABSOLUTE = re.compile(r"https?://([^/?]*)(.*)", re.IGNORECASE)
_LENGTH = re.compile(r"[0-9]{1,15}")
#: Header fields that a request has once.
_SINGLE = {"HTTP_HOST", "CONTENT_LENGTH", "CONTENT_TYPE", "HTTP_TRANSFER_ENCODING", "HTTP_EXPECT"}
_UNREADABLE = "The request is not HTTP/1.1."


class HeadReader:
    """Reads one head: call ``feed`` with received bytes until it returns the bytes behind it."""

    __slots__ = ("_fields", "_line", "_parser", "_tail", "request_line", "size")

    def __init__(self) -> None:
        self._fields = _Fields()
        self._parser = httptools.HttpRequestParser(self._fields)
        #: The first line so far; and the last three bytes, since two pieces may share the end.
        self._line = bytearray()
        self._tail = b""
        self.request_line: re.Match[bytes] | None = None
        self.size = 0

    def feed(self, data: bytes) -> bytes | None:
        """The bytes behind the head in ``data``, or ``None`` while the head is not complete.

        Must not be called again after it has raised ``Refused``.
        """
        tail = self._tail
        seen = tail + data if tail else data
        found = seen.find(_END)
        part = data if found < 0 else data[: found + len(_END) - len(tail)]
        self.size += len(part)
        if self.request_line is None:
            self._read_line(part)
        if self.size > HEAD_MAX:
            raise Refused(431, "The head of the request is too long.")
        self._parse(part)
        if found < 0:
            self._tail = seen[1 - len(_END) :]
            return None
        if not self._fields.is_whole or self.request_line is None:
            raise Refused(400, _UNREADABLE)
        return data[len(part) :]

    def _read_line(self, part: bytes) -> None:
        # One empty line may stand before it (RFC 9112, section 2.2).
        start = max(0, len(self._line) - 1)
        self._line += part
        if self._line.startswith(b"\r\n"):
            del self._line[:2]
            start = max(0, start - 2)
        end = self._line.find(b"\n", start)
        if max(end, 0 if end > 0 else len(self._line)) > LINE_MAX:
            raise Refused(414, "The address of the request is too long.")
        if end >= 0:
            self.request_line = _LINE.fullmatch(bytes(self._line[: end + 1]))
            self._line.clear()
            if self.request_line is None:
                raise Refused(400, _UNREADABLE)

    def _parse(self, part: bytes) -> None:
        try:
            self._parser.feed_data(part)
        except httptools.HttpParserUpgrade:
            pass
        except httptools.HttpParserError:
            raise Refused(400, _UNREADABLE) from None
        if self._fields.problem is not None:
            raise self._fields.problem

    @property
    def accept(self) -> str:
        """The ``Accept`` of the request, empty where there is none or it has not been read yet."""
        return self._fields.values.get("HTTP_ACCEPT", "")

    def request(self, connection: Mapping[str, Any]) -> "Request":
        """The request, once its head is complete. Raises ``Refused``.

        ``connection`` holds the keys of the WSGI environment that describe the connection.
        """
        assert self.request_line is not None
        method, target, minor = self.request_line.groups()
        return Request(
            method.decode(), target.decode(), minor == b"1", self._fields.values, connection
        )


class Request:
    """One request whose head has been read.

    ``environ`` is its WSGI environment, still without the body. ``length`` is the body's length, or
    ``None`` where it comes in chunks. ``keeps_alive`` says whether another request may follow.
    """

    __slots__ = ("environ", "expects_continue", "is_1_1", "keeps_alive", "length", "method")

    def __init__(
        self,
        method: str,
        target: str,
        is_1_1: bool,
        fields: dict[str, str],
        connection: Mapping[str, Any],
    ) -> None:
        self.method = method
        self.is_1_1 = is_1_1
        host = fields.get("HTTP_HOST", "")
        if (is_1_1 or host) and hosts.name_of(host) is None:
            raise Refused(400, "The request does not say which host it is for.")
        if method not in _METHODS:
            raise Refused(501, "There is no such method.")
        path, query = _parts(target, host)
        self.length = _length_of_body(fields, is_1_1)
        self.expects_continue = _expects_continue(fields, is_1_1)
        options = {
            option.strip() for option in fields.get("HTTP_CONNECTION", "").lower().split(",")
        }
        self.keeps_alive = "close" not in options and (is_1_1 or "keep-alive" in options)
        self.environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "RAW_URI": target,
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "SERVER_PROTOCOL": "HTTP/1.1" if is_1_1 else "HTTP/1.0",
            "wsgi.version": (1, 0),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
            "wsgi.input_terminated": True,
            **connection,
            **fields,
        }


class _Fields:
    """Collects the header fields: httptools calls its ``on_…`` methods."""

    __slots__ = ("count", "is_whole", "problem", "values")

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.count = 0
        self.is_whole = False
        self.problem: Refused | None = None

    def on_header(self, name: bytes, value: bytes) -> None:
        self.count += 1
        if self.count > FIELDS_MAX:
            self.problem = Refused(431, "The request has too many header fields.")
            return
        key = _KEYS.get(name) or _key(name)
        text = value.strip(b" \t").decode("latin-1")
        values = self.values
        if key not in values:
            # WSGI writes "-" as "_": a name with "_" could replace a header that a proxy removed.
            if b"_" not in name:
                values[key] = text
        elif key in _SINGLE:
            self.problem = Refused(400, "A header field is there twice.")
        elif b"_" not in name:
            values[key] = f"{values[key]},{text}"

    def on_headers_complete(self) -> None:
        self.is_whole = True


def _key(name: bytes) -> str:
    key = name.decode("latin-1").upper().replace("-", "_")
    return key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"


#: The WSGI keys of frequent header fields, made once.
_KEYS = {
    name: _key(name)
    for name in (
        *(b"Host", b"Connection", b"Upgrade", b"Origin", b"Cookie", b"Accept", b"User-Agent"),
        *(b"Accept-Encoding", b"Accept-Language", b"Cache-Control", b"Pragma", b"Referer"),
        *(b"Sec-WebSocket-Key", b"Sec-WebSocket-Version", b"Sec-WebSocket-Extensions"),
        *(b"Content-Type", b"Content-Length", b"Authorization", b"X-Forwarded-For"),
        *(b"X-Forwarded-Proto", b"Sec-Fetch-Site", b"Sec-Fetch-Mode", b"Sec-Fetch-Dest"),
    )
}


def _parts(target: str, host: str) -> tuple[str, str]:
    """Path and query of a target. One in absolute form must name the host that ``Host`` names."""
    if not target.startswith("/"):
        absolute = _ABSOLUTE.fullmatch(target)
        if absolute is None or absolute[1].lower() != host.lower():
            raise Refused(400, "The request has no address of this server.")
        target = absolute[2] if absolute[2].startswith("/") else f"/{absolute[2]}"
    if "#" in target:
        raise Refused(400, "The address of the request has a fragment.")
    path, _, query = target.partition("?")
    if "%" in path:
        path = unquote_to_bytes(path).decode("latin-1")
    return path, query


def _length_of_body(fields: dict[str, str], is_1_1: bool) -> int | None:
    coding = fields.pop("HTTP_TRANSFER_ENCODING", None)
    given = fields.get("CONTENT_LENGTH")
    if coding is not None:
        if given is not None or not is_1_1:
            raise Refused(400, "The length of the body is not clear.")
        if coding.lower() != "chunked":
            raise Refused(501, "There is no such Transfer-Encoding.")
        return None
    if given is None:
        return 0
    if not _LENGTH.fullmatch(given):
        raise Refused(400, "The length of the body is not clear.")
    if int(given) > BODY_MAX:
        raise too_long()
    return int(given)


def _expects_continue(fields: dict[str, str], is_1_1: bool) -> bool:
    expected = fields.get("HTTP_EXPECT")
    if expected is None:
        return False
    if expected.lower() != "100-continue":
        raise Refused(417, "Nothing but 100-continue can be expected.")
    return is_1_1


def too_long() -> Refused:
    """The response to a body over the limit."""
    return Refused(413, f"A body has at most {BODY_MAX} bytes.")
