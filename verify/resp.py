"""Parses the answers of a Redis or Valkey (RESP 2 and 3), piece by piece."""

from typing import Any


class Incomplete(Exception):
    """More bytes are needed."""


class Parser:
    def __init__(self) -> None:
        self._data = b""

    def feed(self, data: bytes) -> list[Any]:
        """The answers that are complete now; a push is a list like any other array."""
        self._data += data
        answers, start = [], 0
        while start < len(self._data):
            try:
                answer, start = _parse(self._data, start)
            except Incomplete:
                break
            answers.append(answer)
        self._data = self._data[start:]
        return answers


def _parse(data: bytes, start: int) -> tuple[Any, int]:
    line_end = data.find(b"\r\n", start)
    if line_end < 0:
        raise Incomplete
    kind, line, at = data[start : start + 1], data[start + 1 : line_end], line_end + 2
    if kind in b"$=":
        size = int(line)
        if size < 0:
            return None, at
        if len(data) < at + size + 2:
            raise Incomplete
        return data[at : at + size], at + size + 2
    if kind in b"*>~%":
        size = int(line) * (2 if kind == b"%" else 1)
        items = []
        for _ in range(size):
            item, at = _parse(data, at)
            items.append(item)
        return items, at
    return (int(line) if kind == b":" else line), at


def command(*words: str) -> bytes:
    """The bytes of a command."""
    parts = [word.encode() for word in words]
    lines = [b"*%d" % len(parts)]
    for part in parts:
        lines += [b"$%d" % len(part), part]
    return b"\r\n".join(lines) + b"\r\n"
