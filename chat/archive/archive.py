"""The archive as workers use it: they only read. Writing is the follower's (``process.py``).

Reading blocks, so a worker has it done in a native thread: ``run`` calls a function there, and
gives or raises what it does. All calls use one connection, so ``run`` makes one after the other.
"""

import logging
from collections.abc import Callable
from typing import Any

from chat.archive import own_messages, reading
from chat.archive.database import AWAY, Database, is_lost, reason
from chat.archive.reading import Page
from chat.errors import N_, Unavailable

log = logging.getLogger(__name__)

#: As in ``chat.history``: bytes of one page, about, however few messages they are.
BYTES_MAX = 1_000_000

Run = Callable[..., Any]


def _at_once(function: Callable[..., Any], *args: object) -> Any:
    return function(*args)


class Archive:
    """``database`` is one to read from. Every method raises ``chat.errors.Unavailable``.

    ``trouble`` says why the last call has failed; it is '' if it has not.
    """

    def __init__(self, database: Database, run: Run = _at_once) -> None:
        self._database = database
        self._run = run
        self.trouble = ""

    def newest(self, room_id: str, limit: int, bytes_max: int = BYTES_MAX) -> Page:
        """These and the next methods give what the functions of the same names give."""
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
        return self._read(reading.highest, room_id)

    def said_by(self, sender_id: str, after: int) -> tuple[list[tuple[str, bytes]], int | None]:
        """As ``own_messages.some``, each message as clients get it, with the id of its room."""
        found, last = self._read(own_messages.some, sender_id, after)
        return [(said.room_id, said.wire()) for said in found], last

    def _read(self, function: Callable[..., Any], *args: object) -> Any:
        try:
            found = self._run(self._ask, function, *args)
        except AWAY as error:
            why = reason(error)
            if why != self.trouble:
                log.warning("The archive cannot be read: %s.", why)
                self.trouble = why
            raise Unavailable(N_("Older messages cannot be shown at the moment.")) from error
        if self.trouble:
            log.warning("The archive can be read again.")
            self.trouble = ""
        return found

    def _ask(self, function: Callable[..., Any], *args: object) -> Any:
        """Runs in the thread: nothing here may use the event loop, nor the log."""
        try:
            try:
                return self._once(function, *args)
            except AWAY as error:
                if not is_lost(error):
                    raise
                # The server was restarted since the last call.
                return self._once(function, *args)
        except AWAY:
            self._database.close()
            raise

    def _once(self, function: Callable[..., Any], *args: object) -> Any:
        with self._database.begin() as connection:
            return function(connection, *args)
