"""Follows the streams of all rooms, and writes what they hold into the archive.

One follower works at a time: see ``chat.archive.process``. ``begin`` once, and again after an error
of the database; then ``work`` again and again.
"""

from collections.abc import Callable

from chat.archive import schema, unarchived
from chat.archive.database import Database
from chat.archive.entries import Cursor
from chat.archive.recorder import Recorder
from chat.archive.retention import Retention
from chat.store.question import ScriptCall
from chat.store.store import Store

#: Rooms that one batch has at most, and cursors that are remembered.
ROOMS, REMEMBERED = 200, 50_000
#: Deleted rooms that are looked at at once.
_DELETED = 10


class Follower:
    """``recent`` entries of each room stay in memory, and ``kept`` numbers in all (0: all of them).
    ``days`` is as for ``Retention``.

    Its methods raise what using the database raises, ``RedisError``, and ``Fenced`` where another
    follower has taken over.
    """

    def __init__(
        self, store: Store, database: Database, recent: int, kept: int = 0, days: int = 0
    ) -> None:
        self._store = store
        self.recorder = Recorder(database)
        self.retention = Retention(store, database, self.recorder, days)
        self._database = database
        self._recent = min(recent, kept) if kept else recent
        self._kept = kept
        self._cursors: dict[str, Cursor] = {}

    def begin(self, is_new: bool, still: Callable[[], object] = lambda: None) -> str:
        """Become the one that writes. Gives the name of the archive.

        ``is_new`` is as for ``schema.upgrade``.

        Every room is looked at that is not noted as waiting, but is not archived to its end, or of
        which the archive knows more: an archive may be new, and a store an older one. ``still`` is
        called now and then.
        """
        schema.upgrade(self._database, is_new)
        name = self.recorder.begin()
        self._cursors.clear()
        self.retention.begin()
        for some in unarchived.every_room(self._store):
            known = self.recorder.cursors([room_id for room_id, _, _ in some])
            waiting = []
            for room_id, newest, active_at in some:
                reached = known.get(room_id, Cursor())
                if (newest.epoch, newest.seq) != (reached.epoch, reached.seq):
                    waiting.append((room_id, active_at))
            unarchived.note(self._store, waiting)
            still()
        return name

    def work(self) -> tuple[int, bool]:
        """Archive one batch. Gives the number of messages, and whether there is more to do."""
        room_ids = unarchived.rooms(self._store, ROOMS)
        made, more = self._follow(room_ids) if room_ids else (0, False)
        # Each in turn, so that none of them waits for the others.
        more = self._purge() or more
        return made, self.retention.work() or more

    def _follow(self, room_ids: list[str]) -> tuple[int, bool]:
        self._learn(room_ids)
        found = self._store.ask_all(
            unarchived.entries_question(
                room_id, self._cursors.get(room_id, Cursor()), len(room_ids)
            )
            for room_id in room_ids
        )
        there = [each for each in found if each is not None]
        parts = [each.part for each in there if each.part.end != each.part.begin]
        made = self.recorder.record(parts, self._kept) if parts else 0
        self._cursors.update({part.room_id: part.end for part in parts})
        reached = {each.part.room_id: each.part.end for each in there}
        self._heal(
            {
                each.part.room_id: each.part.begin.highest
                for each in there
                if each.is_behind and each.part.begin.highest
            }
        )
        noting: list[ScriptCall] = [
            unarchived.archived_call(room_id, reached.get(room_id, Cursor()), self._recent)
            for room_id in room_ids
        ]
        self._store.ask_all(noting)
        return made, len(room_ids) == ROOMS or any(each.more for each in there)

    def _heal(self, highest: dict[str, int]) -> None:
        """Note what the store has lost of these rooms, up to the highest number known of each."""
        before = self._store.ask_all(unarchived.lost_question(*each) for each in highest.items())
        self._store.ask_all(
            [
                unarchived.heal_call(room_id, up_to, self.recorder.lost(room_id, up_to, n))
                for (room_id, up_to), n in zip(highest.items(), before, strict=True)
                if n is not None
            ]
        )

    def _learn(self, room_ids: list[str]) -> None:
        """Read the cursors that are not remembered."""
        if len(self._cursors) > REMEMBERED:
            self._cursors.clear()
        unknown = [room_id for room_id in room_ids if room_id not in self._cursors]
        if unknown:
            self._cursors |= self.recorder.cursors(unknown)

    def _purge(self) -> bool:
        """Delete messages of deleted rooms; True if there are more."""
        rooms = unarchived.deleted(self._store, _DELETED)
        for room_id in rooms:
            self._cursors.pop(room_id, None)
            if self.recorder.purge(room_id):
                unarchived.purged(self._store, room_id)
        return bool(rooms)
