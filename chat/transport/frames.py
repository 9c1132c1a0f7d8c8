"""WebSocket frames (RFC 6455), as a server reads and writes them. This module uses no sockets.

No extension is ever negotiated, so every reserved bit is an error. The parser decodes text, and so
checks it: text that is not UTF-8 is an error, as the standard demands.
"""

import sys

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
NORMAL, PROTOCOL_ERROR, NOT_UTF8, REFUSED, TOO_LONG = 1000, 1002, 1007, 1008, 1009

#: Bytes of one message from a client, or of one request of long-polling.
MESSAGE_MAX = 128 * 1024
#: Bytes that a control frame may carry.
CONTROL_MAX = 125
_FIN, _RESERVED, _OPCODE, _MASKED, _LENGTH = 0x80, 0x70, 0x0F, 0x80, 0x7F
#: Codes that may stand in a close frame besides 3000 to 4999, which are for applications.
_CLOSE_CODES = frozenset((*range(1000, 1004), *range(1007, 1015)))

Message = tuple[int, str | bytes]


class FrameError(Exception):
    """The client has violated the protocol; ``code`` is for the close frame.

    ``before`` are the messages that were complete before that.
    """

    def __init__(self, code: int, problem: str) -> None:
        super().__init__(problem)
        self.code = code
        self.before: list[Message] = []


class Parser:
    """Parses the bytes of a client into complete messages and control frames.

    ``longest`` is the most bytes that one message may have, over all its fragments. ``taken`` is
    the number of frames that the last call of ``feed`` has read, and ``has_more`` whether it
    stopped at ``most`` of them, so that further complete frames may be left.
    """

    __slots__ = (
        "_fragments", "_kind", "_longest", "_needed", "_rest", "_size", "has_more", "taken",
    )  # fmt: skip

    def __init__(self, longest: int = MESSAGE_MAX) -> None:
        self._longest = longest
        # The bytes that are not parsed yet, and how many of them the next frame needs: a frame
        # that arrives byte by byte must not be copied for each byte.
        self._rest: bytearray | None = None
        self._needed = 0
        self.taken = 0
        self.has_more = False
        # The opcode of the message whose first fragments are here, or 0 between two messages.
        self._kind = 0
        self._fragments: bytearray | None = None
        self._size = 0

    @property
    def partial_bytes(self) -> int:
        """Bytes of what is not whole yet, or has not been read."""
        return len(self._rest or b"") + self._size

    def feed(self, data: bytes, most: int = sys.maxsize) -> list[Message]:
        """What these bytes complete, in order: ``(opcode, text or bytes)``.

        Reads at most so many frames; what is left over is read by the next call, which may be given
        nothing new. Raises ``FrameError``, and then must not be fed again.
        """
        self.taken, self.has_more = 0, False
        whole: bytes | bytearray = data
        if self._rest is not None:
            self._rest += data
            if len(self._rest) < self._needed:
                return []
            whole = self._rest
        messages: list[Message] = []
        try:
            start, self._needed = self._read(whole, most, messages)
        except FrameError as error:
            error.before = messages
            raise
        self._keep(whole, start)
        return messages

    def _keep(self, whole: bytes | bytearray, start: int) -> None:
        """What begins at ``start`` waits for the next call."""
        if start == len(whole):
            self._rest, self.has_more = None, False
        elif self._rest is None:
            self._rest = bytearray(memoryview(whole)[start:])
        else:
            # Python moves what is left only when it is less than half: each byte a few times.
            del self._rest[:start]

    def _read(self, data: bytes | bytearray, most: int, messages: list[Message]) -> tuple[int, int]:
        """Where the first frame that is not read begins, and how many bytes of it must be here."""
        start, end = 0, len(data)
        while end - start >= 2:
            if self.taken == most:
                self.has_more = True
                return start, 0
            first, second = data[start], data[start + 1]
            length, payload = second & _LENGTH, start + 6
            if length >= 126:
                wide = 2 if length == 126 else 8
                payload += wide
                if end < start + 2 + wide:
                    self._check(first, second, CONTROL_MAX + 1)
                    return start, 2 + wide
                length = int.from_bytes(data[start + 2 : start + 2 + wide])
            self._check(first, second, length)
            if end < payload + length:
                return start, payload + length - start
            body = _unmasked(data[payload - 4 : payload], data[payload : payload + length])
            start = payload + length
            self.taken += 1
            message = self._take(first, body)
            if message is not None:
                messages.append(message)
        return start, 2

    def _check(self, first: int, second: int, length: int) -> None:
        """Check the beginning of a frame: the parser does not wait for a frame that is too long."""
        opcode = first & _OPCODE
        if first & _RESERVED:
            raise FrameError(PROTOCOL_ERROR, "a reserved bit is set")
        if not second & _MASKED:
            raise FrameError(PROTOCOL_ERROR, "a client's frame must be masked")
        if opcode >= CLOSE:
            if opcode > PONG:
                raise FrameError(PROTOCOL_ERROR, "an unknown opcode")
            if not first & _FIN or length > CONTROL_MAX:
                raise FrameError(PROTOCOL_ERROR, "a control frame is short and in one piece")
            return
        if opcode > BINARY:
            raise FrameError(PROTOCOL_ERROR, "an unknown opcode")
        if (opcode == CONTINUATION) != (self._kind != 0):
            raise FrameError(PROTOCOL_ERROR, "a fragment out of place")
        # Empty fragments count too: there may be no end of them.
        if self._size + max(1, length) > self._longest:
            raise FrameError(TOO_LONG, "the message is too long")

    def _take(self, first: int, body: bytes) -> Message | None:
        """A frame that has been checked: the message that it completes, if it does."""
        opcode = first & _OPCODE
        if opcode >= CLOSE:
            if opcode == CLOSE:
                _check_close(body)
            return opcode, body
        if first & _FIN and opcode:
            return opcode, _text(body) if opcode == TEXT else body
        self._kind = opcode or self._kind
        if self._fragments is None:
            self._fragments = bytearray()
        self._fragments += body
        self._size += max(1, len(body))
        if not first & _FIN:
            return None
        kind, whole = self._kind, bytes(self._fragments)
        self._kind, self._fragments, self._size = 0, None, 0
        return kind, _text(whole) if kind == TEXT else whole


def frame(opcode: int, payload: bytes) -> bytes:
    """A whole message of the server, in one frame; a server masks nothing."""
    length = len(payload)
    if length < 126:
        return bytes((_FIN | opcode, length)) + payload
    if length < 65_536:
        return bytes((_FIN | opcode, 126, length >> 8, length & 0xFF)) + payload
    return bytes((_FIN | opcode, 127)) + length.to_bytes(8) + payload


def close_frame(code: int, reason: str = "") -> bytes:
    """``reason`` is for the other side's log, at most 123 bytes."""
    return frame(CLOSE, code.to_bytes(2) + reason.encode())


def _unmasked(mask: bytes | bytearray, body: bytes | bytearray) -> bytes:
    # As integers: a loop over the bytes would be the slowest step of reading.
    size = len(body)
    pad = (mask * ((size >> 2) + 1))[:size]
    return (int.from_bytes(body, "little") ^ int.from_bytes(pad, "little")).to_bytes(size, "little")


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise FrameError(NOT_UTF8, "the text is not UTF-8") from None


def _check_close(body: bytes) -> None:
    if not body:
        return
    code = int.from_bytes(body[:2])
    if len(body) == 1 or not (code in _CLOSE_CODES or 3000 <= code <= 4999):
        raise FrameError(PROTOCOL_ERROR, "no such close code")
    _text(body[2:])
