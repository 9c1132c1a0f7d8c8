"""Redis's format of a snapshot (RDB), read key by key, without reading what the values mean.

A value is given as RESTORE takes it, but for the version and the checksum that stand behind it:
``restorable`` adds these. The format is the same in Valkey. What is read: all types of Redis 7 and
Valkey but for those of modules; a store with other ones is refused.
"""

import functools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

#: Bytes that have been read and are kept before they are thrown away, so that it is done seldom.
_READ_KEPT = 1_000_000

_AUX, _RESIZE, _EXPIRE_MS, _EXPIRE_S, _DATABASE, _END = 250, 251, 252, 253, 254, 255
_SLOT, _FUNCTION, _IDLE, _FREQUENCY = 244, 245, 248, 249
#: Types of values by what they consist of: how many strings stand for each item, and then bytes.
_ITEMS = {1: (1, 0), 2: (1, 0), 4: (2, 0), 5: (1, 8), 14: (1, 0)}
#: Types of values that are one string.
_STRINGS = frozenset((0, 9, 10, 11, 12, 13, 16, 17, 20))
_SORTED_SET, _LIST, _STREAMS = 3, 18, {15: 1, 19: 2, 21: 3}
#: Forms of strings: with something else than a length in front, and then those packed by LZF.
_SPECIAL, _PACKED = 3, 3
#: Of the checksum, and with its bits in reversed order.
_POLYNOMIAL, _REVERSED = 0xAD93D23594C935A9, 0x95AC9329AC4BC9B5
#: Half of the bits up to which going through all bytes is faster.
_SHORT = 2048


class UnknownFormat(Exception):
    """The snapshot cannot be read; the text says why."""


@dataclass(frozen=True, slots=True)
class Saved:
    """A key with its value; ``expires_at`` is in ms, 0 for never."""

    key: bytes
    expires_at: int
    value: bytes


class Snapshot:
    """``receive`` gives the next bytes, and b'' where there are no more. ``version`` is RDB's."""

    def __init__(self, receive: Callable[[], bytes]) -> None:
        self._receive = receive
        self._bytes = bytearray()
        self._at = 0
        magic = re.fullmatch(rb"(?:REDIS|VALKEY)(\d+)", self._take(9))
        if magic is None:
            raise UnknownFormat("it does not begin as one of Redis or Valkey does")
        self.version = int(magic[1])

    def keys(self, wanted: int) -> Iterator[Saved]:
        """All keys of the database with the number ``wanted``. Raises ``UnknownFormat``."""
        database, expires_at = 0, 0
        while (kind := self._take(1)[0]) != _END:
            if kind == _DATABASE:
                database = self._length()
            elif kind == _EXPIRE_MS:
                expires_at = int.from_bytes(self._take(8), "little")
            elif kind == _EXPIRE_S:
                expires_at = int.from_bytes(self._take(4), "little") * 1000
            elif kind >= _SLOT:
                self._skip_note(kind)
            else:
                key, value = self._string(), self._value(kind)
                if database == wanted:
                    yield Saved(key, expires_at, value)
                expires_at = 0
                if self._at > _READ_KEPT:
                    del self._bytes[: self._at]
                    self._at = 0

    def _skip_note(self, kind: int) -> None:
        if kind == _AUX:
            self._skip_strings(2)
        elif kind == _FUNCTION:
            self._skip_strings(1)
        elif kind in (_RESIZE, _SLOT):
            for _ in range(2 if kind == _RESIZE else 3):
                self._length()
        elif kind == _IDLE:
            self._length()
        elif kind == _FREQUENCY:
            self._take(1)
        else:
            raise UnknownFormat(f"it has something of the kind {kind}, which Maru does not know")

    def _value(self, kind: int) -> bytes:
        begin = self._at
        if kind in _STRINGS:
            self._skip_strings(1)
        elif kind in _ITEMS:
            strings, further = _ITEMS[kind]
            for _ in range(self._length()):
                self._skip_strings(strings)
                self._skip(further)
        elif kind == _LIST:
            for _ in range(self._length()):
                self._length()
                self._skip_strings(1)
        elif kind == _SORTED_SET:
            for _ in range(self._length()):
                self._skip_strings(1)
                score = self._take(1)[0]
                self._skip(score if score < 253 else 0)
        elif kind in _STREAMS:
            self._skip_stream(_STREAMS[kind])
        else:
            raise UnknownFormat(f"a key has the type {kind}, which Maru does not know")
        return bytes((kind,)) + self._bytes[begin : self._at]

    def _skip_stream(self, version: int) -> None:
        self._skip_strings(2 * self._length())
        for _ in range(3 if version == 1 else 8):
            self._length()
        for _ in range(self._length()):  # groups of consumers
            self._skip_strings(1)
            for _ in range(2 if version == 1 else 3):
                self._length()
            for _ in range(self._length()):
                self._skip(16 + 8)
                self._length()
            for _ in range(self._length()):
                self._skip_strings(1)
                self._skip(8 if version < 3 else 16)
                self._skip(16 * self._length())

    def _skip_strings(self, count: int) -> None:
        for _ in range(count):
            first = self._take(1)[0]
            if first >> 6 != _SPECIAL:
                self._skip(self._length(first))
            elif first & 63 == _PACKED:
                packed = self._length()
                self._length()
                self._skip(packed)
            else:
                self._skip(1 << (first & 63))

    def _string(self) -> bytes:
        first = self._take(1)[0]
        if first >> 6 != _SPECIAL:
            return self._take(self._length(first))
        if first & 63 == _PACKED:
            packed = self._length()
            self._length()
            return _unpacked(self._take(packed))
        return b"%d" % int.from_bytes(self._take(1 << (first & 63)), "little", signed=True)

    def _length(self, first: int | None = None) -> int:
        """The length that stands next, or of which ``first`` was the first byte."""
        if first is None:
            first = self._take(1)[0]
        form = first >> 6
        if form == 0:
            return first
        if form == 1:
            return (first & 63) << 8 | self._take(1)[0]
        if form == _SPECIAL:
            raise UnknownFormat("a length stands where it has none")
        return int.from_bytes(self._take(8 if first & 1 else 4), "big")

    def _take(self, count: int) -> bytes:
        at = self._at
        self._skip(count)
        return bytes(self._bytes[at : self._at])

    def _skip(self, count: int) -> None:
        self._at += count
        while len(self._bytes) < self._at:
            received = self._receive()
            if not received:
                raise UnknownFormat("it ends too early")
            self._bytes += received


def restorable(value: bytes, version: int) -> bytes:
    """What RESTORE takes, of a value in a snapshot of this version."""
    body = value + version.to_bytes(2, "little")
    return body + _crc64(body).to_bytes(8, "little")


def _unpacked(packed: bytes) -> bytes:
    """Undo LZF."""
    found = bytearray()
    at = 0
    while at < len(packed):
        control = packed[at]
        at += 1
        if control < 32:
            found += packed[at : at + control + 1]
            at += control + 1
            continue
        count = control >> 5
        if count == 7:
            count += packed[at]
            at += 1
        begin = len(found) - ((control & 31) << 8 | packed[at]) - 1
        at += 1
        for place in range(begin, begin + count + 2):
            found.append(found[place])
    return bytes(found)


def _crc64(data: bytes) -> int:
    """The CRC-64 of Jones, as Redis computes it.

    A checksum is the rest of a division of polynomials. Long data is made shorter before: its first
    half is replaced by what leaves the same rest and is added to the second half. With integers of
    Python that takes a twentieth of the time that going through all bytes does.
    """
    half = 64
    while 64 + 2 * half < 8 * len(data):
        half *= 2
    if half > _SHORT:
        # Zeros in front change nothing.
        whole = int.from_bytes(data, "little") << 64 + 2 * half - 8 * len(data)
        while half >= 64:
            first = whole & (1 << half) - 1
            whole >>= half
            for shift in _shifts(half + 64):
                whole ^= first << shift
            half //= 2
        data = whole.to_bytes(16, "little")
    crc, table = 0, _crc_table()
    for byte in data:
        crc = table[(crc ^ byte) & 255] ^ crc >> 8
    return crc


@functools.cache
def _crc_table() -> list[int]:
    of_byte = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (_REVERSED if byte & 1 else 0)
        of_byte.append(byte)
    return of_byte


@functools.cache
def _shifts(power: int) -> list[int]:
    """What x to this power leaves: by how much each of its terms shifts, in reversed order."""
    left, square = 1, 2
    while power:
        if power & 1:
            left = _product(left, square)
        square = _product(square, square)
        power >>= 1
    return [64 - term for term in range(64) if left >> term & 1]


def _product(one: int, other: int) -> int:
    """The product of two polynomials, as far as the division leaves it."""
    found = 0
    for term in reversed(range(64)):
        found <<= 1
        if found >> 64:
            found ^= 1 << 64 | _POLYNOMIAL
        if other >> term & 1:
            found ^= one
    return found
