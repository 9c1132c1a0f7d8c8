"""The archive as workers use it: they only read. Writing is the follower's (``archiver.py``).

Reading blocks, so a worker has it done in a native thread: ``run`` calls a function there, and
gives or raises what it does. All calls use one connection, so ``run`` makes one after the other.
What knows databases takes long to import: the first call does, in that thread.
"""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chat.archive.effects import Said
from chat.archive.page import Behind, Page
from chat.archive.wanted import Found, TooSlow, Wanted
from chat.errors import N_, Unavailable

if TYPE_CHECKING:
    from chat.archive.reader import Reader

log = logging.getLogger(__name__)

#: As in ``chat.history``: bytes of one page, about, however few messages they are.
BYTES_MAX = 1_000_000

Run = Callable[..., Any]


def _at_once(function: Callable[..., Any], *args: object) -> Any:
    return function(*args)


class Archive:
    """``address`` is that of PostgreSQL, or '' for SQLite's file in ``data_dir``.

    Every method raises ``chat.errors.Unavailable``, with ``refusal`` where it cannot be read.
    ``trouble`` says why the last call has failed;
    it is '' if it has not.
    """

    def __init__(
        self,
        address: str,
        data_dir: Path,
        run: Run = _at_once,
        refusal: str = N_("Older messages cannot be shown at the moment."),
    ) -> None:
        self._address, self._data_dir = address, data_dir
        self._run = run
        self._refusal = refusal
        self._reader: Reader | None = None
        self.trouble = ""

    def newest(self, room_id: str, limit: int, bytes_max: int = BYTES_MAX) -> Page:
        """These and the next methods give what the functions of ``reading`` do."""
        return self._read("reading.newest", room_id, limit, bytes_max)

    def before(self, room_id: str, seq: int, limit: int, bytes_max: int = BYTES_MAX) -> Page:
        return self._read("reading.before", room_id, seq, limit, bytes_max)

    def after(self, room_id: str, seq: int, limit: int, bytes_max: int = BYTES_MAX) -> Page:
        return self._read("reading.after", room_id, seq, limit, bytes_max)

    def around(self, room_id: str, seq: int, limit: int, bytes_max: int = BYTES_MAX) -> Page:
        return self._read("reading.around", room_id, seq, limit, bytes_max)

    def one(self, room_id: str, seq: int) -> Page:
        return self._read("reading.one", room_id, seq)

    def behind(self, room_id: str, seq: int, sender_id: str) -> Behind:
        return self._read("reading.behind", room_id, seq, sender_id)

    def highest(self, room_id: str) -> tuple[str, int]:
        return self._read("reading.highest", room_id)

    def said_by(self, sender_id: str, after: int) -> tuple[list[tuple[str, bytes]], int | None]:
        """As ``own_messages.some``, each message as clients get it, with the id of its room."""
        found, last = self._read("own_messages.some", sender_id, after)
        return [(said.room_id, said.wire()) for said in found], last

    def find(self, wanted: Wanted, before: int, limit: int, room_ids: Sequence[str]) -> Found:
        """As ``search.find``."""
        try:
            found: Found = self._read("search.find", wanted, before, limit, room_ids)
        except TooSlow:
            message = N_("This search takes too long. Add a word, a room or a person.")
            raise Unavailable(message) from None
        return found

    def these(self, numbers: Sequence[tuple[str, int]]) -> list[tuple[int, Said]]:
        return self._read("search.these", numbers)

    def close(self) -> None:
        if self._reader is not None:
            self._reader.close()

    def _read(self, name: str, *args: object) -> Any:
        found, why = self._run(self._ask, name, args)
        if why:
            if why != self.trouble:
                log.warning("The archive cannot be read: %s.", why)
                self.trouble = why
            raise Unavailable(self._refusal)
        if self.trouble:
            log.warning("The archive can be read again.")
            self.trouble = ""
        return found

    def _ask(self, name: str, args: tuple[object, ...]) -> tuple[Any, str]:
        """Runs in the thread: nothing here may use the event loop, nor the log."""
        if self._reader is None:
            from chat.archive.reader import Reader

            self._reader = Reader(self._address, self._data_dir)
        return self._reader.read(name, args)
