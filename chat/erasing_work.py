"""Does what is left to be done of people who are erased, a part at a time: see ``chat.erasing``.

The process of the follower does it, and goes on where it was, whatever has ended it. What was said
is deleted as its sender would do it, so that everybody is told; rows of the archive are changed,
and what streams hold is taken out of them, since it cannot be changed there.
"""

from typing import Any, NamedTuple

from chat import history, keys, message, people, person_ids, room_members, rooms
from chat.archive import own_messages, unarchived
from chat.archive.archive import Archive
from chat.archive.database import Database
from chat.archive.effects import Said
from chat.archive.recorder import Recorder
from chat.errors import MaruError, NotFound, OnlyArchived
from chat.pages import Pages
from chat.people import Person
from chat.store import identity
from chat.store.question import Argument, ScriptCall
from chat.store.store import Store

#: What ``lua/alter.lua`` is told where no right of the person's is asked for.
_ERASES = 2
#: Rows, of anybody, that are looked at at once: the right to archive has to be renewed.
_LOOKED_AT = 500
#: Times that a message is tried which the follower goes on with meanwhile.
_TRIES = 5


class _Noted(NamedTuple):
    """Who is being erased, and how: see ``keys.ERASING``, in which ``text`` stands."""

    user_id: str
    text: str

    @property
    def words(self) -> bool:
        return self.text[0] == "1"

    @property
    def name(self) -> bool:
        return self.text[2] == "1"

    @property
    def began(self) -> int:
        return int(self.text[4:])


class ErasingWork:
    """``recorder`` is the follower's, and writes to ``database``; ``archive`` reads it."""

    def __init__(
        self, store: Store, database: Database, archive: Archive, recorder: Recorder
    ) -> None:
        self._store = store
        self._database = database
        self._recorder = recorder
        self._pages = Pages(store, archive)

    def work(self) -> bool:
        """Erase a part; True if there is more to do at once.

        Raises what using the database raises, ``RedisError``, ``Unavailable``, and ``Fenced``.
        """
        more = False
        for user_id, text in self._store.redis.hgetall(keys.ERASING).items():
            noted = _Noted(user_id.decode(), text.decode())
            person = self._store.ask(people.person_question(noted.user_id))
            if person is None:
                self._forget(noted)
            elif person.deleted and self._is_archived(noted.began):
                self._some(person, noted)
                more = True
        return more

    def _is_archived(self, until: int) -> bool:
        """Whether all that was said up to then is."""
        first = self._store.ask(("ZRANGE", keys.UNARCHIVED, 0, 0, "WITHSCORES"))
        return not first or float(first[1]) > until

    def _some(self, person: Person, noted: _Noted) -> None:
        about = keys.erasing(person.user_id)
        reached = (self._store.ask(("HGET", about, "")) or b"0 0").split()
        after = int(reached[1]) if int(reached[0]) == noted.began else 0
        with self._database.begin() as connection:
            found, last = own_messages.some(connection, person.user_id, after, _LOOKED_AT)
        if last is None:
            if noted.name:
                self._take_out_of_streams(person)
            self._forget(noted)
            return
        if noted.words:
            # Which life of its data the store is in: see ``lua/lib_stream.lua``.
            self._store.life, _ = identity.read(self._store.ask_all(identity.COMMANDS))
            for said in found:
                self._delete(person, said)
        elif found:
            for said in found:
                _call_otherwise(said.rest, person.user_id, person_ids.unnamed(person.user_id))
            self._recorder.rewrite(found)
        said_in = [part for said in found for part in (said.room_id, 1)]
        self._store.ask(("HSET", about, "", f"{noted.began} {last}", *said_in))

    def _forget(self, noted: _Noted) -> None:
        both = [keys.ERASING, keys.erasing(noted.user_id)]
        self._store.ask(ScriptCall("end_erasing", both, [noted.user_id, noted.text]))

    def _delete(self, person: Person, said: Said) -> None:
        body = message.body(said.room_id, person, "", ref=said.seq)
        for _ in range(_TRIES):
            try:
                facts = self._pages.facts(said.room_id, said.seq, with_reactions=False)
                extra: tuple[Argument, ...] = (said.seq, _ERASES, "", 0, "", *facts)
                entry = history.NewEntry(
                    said.room_id, message.DELETE, body, person, None, "", extra
                )
                self._store.ask(entry.store_call("alter", rooms.new_epoch(self._store)))
            except OnlyArchived as error:
                refused: MaruError = error
            except NotFound:
                return  # It was deleted before, or the room was.
            else:
                return
        raise refused

    def _take_out_of_streams(self, person: Person) -> None:
        """What streams hold cannot be changed: have it read from the archive."""
        noted: list[bytes] = self._store.ask(("HKEYS", keys.erasing(person.user_id)))
        belongs = room_members.room_ids_of(self._store, person.user_id)
        room_ids = sorted({*(i.decode() for i in noted if i), *belongs})
        reached = self._recorder.cursors(room_ids)
        other = person_ids.unnamed(person.user_id)
        self._store.ask_all(
            [
                call
                for room_id, cursor in reached.items()
                for call in (
                    unarchived.archived_call(room_id, cursor, 0),
                    ScriptCall("said_by", [keys.room(room_id)], [person.user_id, other]),
                )
            ]
        )


def _call_otherwise(fields: Any, user_id: str, name: str) -> None:
    """Put another name in each place where this person's stands, also in edits that are kept."""
    for edit in fields.get("edits", ()):
        if edit.get("senderId") == user_id:
            edit["sender"] = name
    if "sender" in fields:
        fields["sender"] = name
