"""Decodes the chunked body of a request (RFC 9112, section 7.1)."""

import re

from chat.transport.http_head import too_long
from chat.transport.http_refusal import Refused
from chat.transport.http_rules import BODY_MAX

#: Bytes of one line between two chunks, and of all such lines of a body.
LINE_MAX, OVERHEAD_MAX = 1024, 64 * 1024

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_QUOTED = rb'"(?:[\t !#-\[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*"'
#: A chunk's size; extensions behind it are allowed and ignored.
_SIZE = re.compile(
    rb"([0-9A-Fa-f]{1,8})"
    rb"(?:[ \t]*;[ \t]*" + _TOKEN + rb"(?:[ \t]*=[ \t]*(?:" + _TOKEN + rb"|" + _QUOTED + rb"))?)*"
    rb"\r\n"
)
_TRAILER = re.compile(_TOKEN + rb":[\t -~\x80-\xff]*\r\n")
_FORBIDDEN = re.compile(rb"(?i)(host|content-length|transfer-encoding|trailer|authorization|te):")
_SIZE_LINE, _DATA, _DATA_END, _TRAILERS = range(4)


class Chunks:
    """Decodes one body: call ``feed`` with received bytes until it returns the bytes behind it."""

    __slots__ = ("_line", "_missing", "_overhead", "_state", "body")

    def __init__(self) -> None:
        self.body = bytearray()
        self._state = _SIZE_LINE
        self._line = b""
        self._missing = 0
        self._overhead = 0

    def feed(self, data: bytes) -> bytes | None:
        """The bytes behind the body in ``data``, or ``None`` while the body is not complete.

        Must not be called again after it has raised ``Refused``.
        """
        at = 0
        while at < len(data):
            if self._state == _DATA:
                part = data[at : at + self._missing]
                self.body += part
                at += len(part)
                self._missing -= len(part)
                if not self._missing:
                    self._state = _DATA_END
                continue
            end = data.find(b"\n", at, at + LINE_MAX)
            part = data[at : end + 1] if end >= 0 else data[at : at + LINE_MAX]
            at += len(part)
            self._line += part
            self._overhead += len(part)
            if len(self._line) > LINE_MAX or self._overhead > OVERHEAD_MAX:
                raise Refused(400, "The body comes in too many pieces.")
            if end < 0:
                continue
            line, self._line = self._line, b""
            if self._take(line):
                return data[at:]
        return None

    def _take(self, line: bytes) -> bool:
        """Handle one complete line; returns whether it ends the body."""
        if self._state == _SIZE_LINE:
            size = _SIZE.fullmatch(line)
            if size is None:
                raise _malformed()
            self._missing = int(size[1], 16)
            if len(self.body) + self._missing > BODY_MAX:
                raise too_long()
            self._state = _DATA if self._missing else _TRAILERS
            return False
        if line == b"\r\n":
            if self._state == _TRAILERS:
                return True
            self._state = _SIZE_LINE
        elif self._state == _DATA_END or not _TRAILER.fullmatch(line) or _FORBIDDEN.match(line):
            raise _malformed()
        return False


def _malformed() -> Refused:
    return Refused(400, "The chunks of the body cannot be read.")
