"""Finding messages by their words, in the rooms that a person may read at that moment.

The archive finds what it has. What the follower has not reached stands in the streams of few rooms:
these entries are read too, so a message is found at once, an edited one by its new words only, and
a deleted one not at all. Access is checked behind all that is read, in the same write.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from chat import keys, people, people_search, room_directory, room_members, rooms, validation
from chat.archive import effects, positions, unarchived
from chat.archive.archive import Archive
from chat.archive.effects import Said
from chat.archive.entries import Cursor, Part, decoded_entry
from chat.archive.folding import fold, places
from chat.archive.wanted import Found, Wanted
from chat.errors import N_, Forbidden, Invalid, NotFound, RateLimited, Unavailable
from chat.pages import changed, changes_question
from chat.people import Person
from chat.rooms import Room
from chat.search_query import FILE, LINK, Query
from chat.store.question import Question
from chat.store.store import Store

#: Messages on a page, without a limit, and at the most.
USUAL, PAGE_MAX = 20, 50
#: Times that the archive is asked for a page of which messages were dropped, and times that all is
#: read anew because the follower has gone on in between.
_ROUNDS, _TRIES = 5, 3
#: Open rooms of which one is no member, whose newest entries are searched though not archived.
_WAITING = 100
#: Searches of one person that may be under way at once on a worker.
AT_ONCE = 3
#: The part of what the follower reads at once that a search reads: the worker has other work.
_FEWER = 5
#: Rooms of one name that are searched.
_OF_ONE_NAME = 200
_CURSOR = re.compile(r"[0-9a-f]{1,16}", re.ASCII)

_Key = tuple[str, int]


@dataclass(frozen=True)
class Hit:
    """A message that was found. ``places`` are where the words stand in ``text``, which is in NFC:
    begin and end of each, in order."""

    room: Room
    said: Said
    text: str
    places: list[tuple[int, int]]


class Search:
    def __init__(self, store: Store, archive: Archive) -> None:
        self._store = store
        self._archive = archive
        #: Searches under way on this worker, by userId: one after the other is carried out.
        self._under_way: Counter[str] = Counter()

    def find(
        self,
        person: Person,
        query: Query,
        room_id: object = None,
        cursor: str = "",
        limit: int = USUAL,
    ) -> tuple[list[Hit], str | None]:
        """The newest messages that fit, and the cursor of the next page.

        ``room_id`` is the one room to search. A page may have fewer messages than ``limit``, or
        none, although there are more. Raises ``Invalid``, ``NotFound`` (also for people and rooms
        that the query names), ``Forbidden``, ``RateLimited`` and ``Unavailable``.
        """
        rooms.check_may_chat(person)
        validation.whole_number(limit, "limit", 1, PAGE_MAX)
        before = _parse_cursor(cursor)
        if query.is_empty and room_id is None:
            raise Invalid(N_("Say what to search for."))
        wanted = self._wanted(person, query, room_id)
        if FILE in query.has:
            # No message has one yet.
            return [], None
        if self._under_way[person.user_id] >= AT_ONCE:
            message = N_("Too many searches at once. Wait for those under way.")
            raise RateLimited(message, retry_after=1)
        self._under_way[person.user_id] += 1
        try:
            return self._found(person, wanted, before, limit)
        finally:
            self._under_way[person.user_id] -= 1
            # Without those of whom there is none.
            self._under_way += Counter()

    def _found(
        self, person: Person, wanted: Wanted, before: int, limit: int
    ) -> tuple[list[Hit], str | None]:
        found: dict[_Key, tuple[int, Hit]] = {}
        for is_first in (True, *[False] * (_ROUNDS - 1)):
            some, last = self._round(person, wanted, before, limit, is_first)
            found = some | found
            if last is None or len(found) >= limit:
                break
            before = last
        hits = sorted(found.values(), key=lambda each: each[0], reverse=True)
        if len(hits) > limit:
            last = hits[limit - 1][0]
        return [hit for _, hit in hits[:limit]], None if last is None else f"{last:x}"

    def _wanted(self, person: Person, query: Query, room_id: object) -> Wanted:
        named = self._rooms(person, query.rooms)
        if room_id is not None:
            only = rooms.access(self._store, person, room_id).room.room_id
            named = {only} if named is None else named & {only}
        senders = [i for name in query.people for i in self._people(name)] or None
        own = room_members.room_ids_of(self._store, person.user_id)
        return Wanted(
            tuple(query.words),
            tuple(own if named is None else sorted(named)),
            named is None,
            None if senders is None else tuple(senders),
            query.since,
            query.until,
            LINK in query.has,
        )

    def _people(self, name: str) -> list[str]:
        """The ids of whom a name means: by id or name, or else by display name."""
        found = people.find(self._store, name) if len(name) <= validation.NAME_MAX else None
        shown = [found] if found else people_search.shown_as(self._store, name)
        if not shown:
            raise NotFound(N_("There is nobody of that name."))
        return [each.user_id for each in shown]

    def _rooms(self, person: Person, names: Sequence[str]) -> set[str] | None:
        """The ids of the rooms that these names mean; ``None`` without names."""
        if not names:
            return None
        found = set()
        for name in names:
            sought = name[: validation.ROOM_NAME_MAX]
            page, _ = room_directory.page(self._store, person, sought, limit=_OF_ONE_NAME)
            ids = {r.room_id for r in page if fold(r.name) == fold(name)}
            # An id may be given too.
            ids |= set(room_directory.may_see(self._store, person, _ids([name])))
            if not ids:
                raise NotFound(N_("There is no such room."))
            found |= ids
        return found

    def _round(
        self, person: Person, wanted: Wanted, before: int, limit: int, with_streams: bool
    ) -> tuple[dict[_Key, tuple[int, Hit]], int | None]:
        """A page before a position, with what streams have, and where the next one begins."""
        for _ in range(_TRIES):
            waiting = self._waiting(person, wanted) if with_streams else []
            found = self._archive.find(wanted, before, limit, waiting)
            last = found.messages[-1][0] if found.more else None
            read = self._with_streams(person, wanted, found, waiting)
            if read is not None:
                hits, may_read = read
                return (
                    {
                        (said.room_id, said.seq): (position, hit)
                        for position, said in hits
                        if (room := may_read[said.room_id]) is not None
                        and (last or 0) <= position < before
                        and wanted.fits(said)
                        and (hit := _hit(room, said, wanted)) is not None
                    },
                    last,
                )
        raise Unavailable(N_("Messages cannot be searched at the moment."))

    def _waiting(self, person: Person, wanted: Wanted) -> list[str]:
        """Those of the rooms whose streams are not archived to their ends."""
        own = wanted.room_ids
        listed: list[Any] = []
        if own:
            listed = self._store.ask(("ZMSCORE", keys.UNARCHIVED, *own))
        waiting = [i for i, at in zip(own, listed, strict=True) if at is not None]
        if wanted.is_open_too:
            others = set(unarchived.rooms(self._store, _WAITING)) - set(own)
            waiting += room_directory.may_see(self._store, person, sorted(others))
        return waiting

    def _with_streams(
        self, person: Person, wanted: Wanted, found: Found, waiting: Sequence[str]
    ) -> tuple[list[tuple[int, Said]], dict[str, Room | None]] | None:
        """The messages of the archive and of the streams as they read now, and the rooms.

        The room is ``None`` where the person may not read it. Gives ``None`` where the follower has
        gone on so far that all has to be read again.
        """
        room_ids = list(dict.fromkeys([*waiting, *(said.room_id for _, said in found.messages)]))
        reached = {i: found.reached.get(i, Cursor()) for i in room_ids}
        changes = [
            changes_question(said.room_id, said.seq, said.seq, reached[said.room_id].highest)
            for _, said in found.messages
        ]
        behind = [changes_question(i, 0, 0, reached[i].highest) for i in waiting]
        entries = [
            unarchived.entries_question(i, reached[i], _FEWER * len(waiting)) for i in waiting
        ]
        access = [_access(person, i) for i in room_ids]
        answers = iter(self._store.ask_all([*changes, *behind, *entries, *access]))
        of_messages = [next(answers) for _ in changes]
        if None in of_messages:
            return None
        if None in [next(answers) for _ in waiting]:
            return None
        parts = [each.part for _ in waiting if (each := next(answers)) is not None]
        may_read = dict(zip(room_ids, answers, strict=True))
        messages = [
            (position, said)
            for (position, said), change in zip(found.messages, of_messages, strict=True)
            if changed([said], *change)
        ]
        for part in parts:
            if not part.is_sealed and may_read[part.room_id] is not None:
                messages += self._unarchived(part, wanted)
        return messages, may_read

    def _unarchived(self, part: Part, wanted: Wanted) -> list[tuple[int, Said]]:
        """What these entries of a stream have said, and old messages that they have changed."""
        said: dict[int, Said] = {}
        entries: list[tuple[int, dict[str, Any]]] = []
        for seq, stored in part.entries:
            entry = decoded_entry(part, seq, stored)
            if entry is None or seq <= part.begin.highest:
                continue
            if entry["type"] == "TALK":
                said[seq] = effects.said(seq, entry)
            else:
                entries.append((seq, entry))
        found = {seq: (positions.of(s.sent_at, s.room_id, seq), s) for seq, s in said.items()}
        # By its new words an old message is found that had others before.
        old = {
            entry["ref"]
            for _, entry in entries
            if entry["type"] == "EDIT" and entry["ref"] not in said
            if all(word in fold(entry["message"]) for word in wanted.words)
        }
        if old:
            archived = self._archive.these([(part.room_id, ref) for ref in sorted(old)])
            found |= {each.seq: (position, each) for position, each in archived}
        for seq, entry in entries:
            _, target = found.get(entry["ref"], (0, None))
            if entry["type"] == "DELETE":
                found.pop(entry["ref"], None)
            elif target is not None and entry["type"] == "EDIT":
                effects.edit(target, seq, entry, part.is_sealed)
            elif target is not None:
                effects.react(target, entry)
        return list(found.values())


def _access(person: Person, room_id: str) -> Question[Room | None]:
    """The room; ``None`` where the person may not read it."""
    asked = rooms.access_question(person, room_id)

    def read(answers: list[Any]) -> Room | None:
        try:
            return asked.read(answers).room
        except (NotFound, Forbidden):
            return None

    return Question(asked.commands, read)


def _hit(room: Room, said: Said, wanted: Wanted) -> Hit | None:
    # It was found in another form than that in which people read it.
    text, found = places(said.text, wanted.words)
    return Hit(room, said, text, found) if found or not wanted.words else None


def _ids(given: Iterable[str]) -> list[str]:
    return [i for each in given if (i := validation.room_id(each)) is not None]


def _parse_cursor(cursor: str) -> int:
    if not cursor:
        return positions.END
    value = int(cursor, 16) if _CURSOR.fullmatch(cursor) else positions.END + 1
    if value > positions.END:
        raise Invalid(N_("That cursor is not one of ours."))
    return value
