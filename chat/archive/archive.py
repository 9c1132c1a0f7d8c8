"""The archive as workers use it: they only read. Writing is the follower's (``process.py``).

The calls block, so a worker has them made in native threads: ``run`` calls a function there and
gives or raises what it does. A command calls them as they are.
"""

from collections.abc import Callable
from typing import Any

from chat.archive import reading
from chat.archive.reading import Page

#: As in ``chat.history``: bytes of one page, about, however few messages they are.
BYTES_MAX = 1_000_000

Run = Callable[..., Any]


class Archive:
    """Every method raises ``chat.errors.Unavailable`` where the archive cannot be read now."""

    def newest(self, room_id: str, limit: int, bytes_max: int = BYTES_MAX) -> Page:
        return self._read(reading.newest, room_id, limit, bytes_max)

    def before(self, room_id: str, seq: int, limit: int, bytes_max: int = BYTES_MAX) -> Page:
        return self._read(reading.before, room_id, seq, limit, bytes_max)

    def after(self, room_id: str, seq: int, limit: int, bytes_max: int = BYTES_MAX) -> Page:
        return self._read(reading.after, room_id, seq, limit, bytes_max)

    def around(self, room_id: str, seq: int, limit: int, bytes_max: int = BYTES_MAX) -> Page:
        return self._read(reading.around, room_id, seq, limit, bytes_max)

    def one(self, room_id: str, seq: int) -> Page:
        return self._read(reading.one, room_id, seq)

    def highest(self, room_id: str) -> tuple[str, int]:
        return self._read(reading.highest, room_id)  # type: ignore[no-any-return]

    def _read(self, function: Callable[..., Any], *args: object) -> Any:
        raise NotImplementedError
