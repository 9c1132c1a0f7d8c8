"""Removes messages that are too old, everywhere: from streams and from the archive.

What is too old is decided by the archive's rows. Of each room the oldest ones go first out of the
store, with all that was done to them, and then out of the archive: so whatever ends the process,
the next walk over the rooms finds what is left to do.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any

import orjson
from sqlalchemy import select

from chat import keys
from chat.archive import tables
from chat.archive.database import Database
from chat.archive.recorder import Recorder
from chat.archive.unarchived import every_room
from chat.store import clock
from chat.store.question import Argument, ScriptCall
from chat.store.store import Store

#: Seconds between the beginnings of two walks over all rooms.
WALK_S = 600.0
#: Messages that are removed at once.
_AT_ONCE = 500
DAY_MS = 24 * 3600 * 1000


class Retention:
    """``days`` is how long messages of all rooms are kept, 0 for good; a room may have fewer."""

    def __init__(self, store: Store, database: Database, recorder: Recorder, days: int) -> None:
        self._store = store
        self._database = database
        self._recorder = recorder
        self._days = days
        self._walk: Iterator[list[str]] | None = None
        #: Rooms of the walk that have something to remove, each with the time before which.
        self._due: list[tuple[str, int]] = []
        self._walk_at = 0.0
        #: What time it is, in ms. Tests have another.
        self.now: Callable[[], int] = lambda: store.ask(clock.NOW)

    def begin(self) -> None:
        """Begin a walk anew."""
        self._walk, self._due, self._walk_at = None, [], 0.0

    def work(self) -> bool:
        """Remove some messages, or look at some rooms; True if there is more to do."""
        if self._due:
            room_id, before = self._due[-1]
            if not self._remove(room_id, before):
                self._due.pop()
            return True
        if self._walk is None:
            if time.monotonic() < self._walk_at:
                return False
            self._walk_at = time.monotonic() + WALK_S
            self._walk = ([i for i, _, _ in some] for some in every_room(self._store))
        some = next(self._walk, None)
        if some is None:
            self._walk = None
            return False
        self._due = self._due_of(some)
        return True

    def _due_of(self, room_ids: list[str]) -> list[tuple[str, int]]:
        """Those of these rooms that have messages which are too old."""
        own = self._store.ask_all(("HGET", keys.room(i), "historyDays") for i in room_ids)
        limits = {
            room_id: days
            for room_id, given in zip(room_ids, own, strict=True)
            if (days := _shorter(self._days, int(given or 0)))
        }
        if not limits:
            return []
        now, found = self.now(), []
        with self._database.begin() as connection:
            for room_id, days in limits.items():
                before = now - days * DAY_MS
                oldest = connection.execute(_oldest(room_id, 1)).first()
                if oldest is not None and oldest.sent_at < before:
                    found.append((room_id, before))
        return found

    def _remove(self, room_id: str, before: int) -> bool:
        """Remove some messages of a room that were said before a time; True if there may be more.

        Where the clock was set back, what stands behind a newer message waits for that one.
        """
        rows: list[Any] = []
        with self._database.begin() as connection:
            for row in connection.execute(_oldest(room_id, _AT_ONCE)):
                if row.sent_at >= before:
                    break
                rows.append(row)
        if not rows:
            return False
        said: list[Argument] = []
        for row in rows:
            mentioned = orjson.loads(row.rest).get("mentions")
            said += [row.seq, row.n, row.sender_id, orjson.dumps(mentioned) if mentioned else ""]
        of_room = (keys.room, keys.stream, keys.erased, keys.edited, keys.reactions, keys.deleted)
        room_keys = [key(room_id) for key in (*of_room, keys.spoken, keys.marks, keys.mentions)]
        self._store.ask(ScriptCall("forget", room_keys, said))
        self._recorder.forget(room_id, rows[-1].seq)
        return len(rows) == _AT_ONCE


def _shorter(*days: int) -> int:
    """The shorter one of these times, of which 0 is for good."""
    return min((each for each in days if each), default=0)


def _oldest(room_id: str, count: int) -> Any:
    c = tables.messages.c
    query = select(c.seq, c.n, c.sent_at, c.sender_id, c.rest).where(c.room_id == room_id)
    return query.order_by(c.seq).limit(count)
