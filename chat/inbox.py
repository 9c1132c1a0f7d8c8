"""What was said to a person in all of his or her rooms: the newest mentions first.

Each room notes whom its messages mention (``lua/lib_stream.lua``), so that nothing is written for
each member; an edit or deletion changes it there. Messages of direct rooms are not in it.
"""

import heapq
from dataclasses import dataclass

from chat import keys, memberships, validation
from chat.conversation import Conversation
from chat.errors import N_, Invalid, NotFound
from chat.people import Person
from chat.rooms import DIRECT, Room
from chat.store.question import Command
from chat.store.store import Store

#: Mentions on a page, and without a ``limit``.
PAGE_MAX, PAGE = 100, 30
#: Mentions of each room that are looked at: older ones are found by the search.
OF_ROOM = 200


@dataclass(frozen=True)
class Mention:
    """``message`` is wire JSON, as the message reads now."""

    room: Room
    message: bytes


def mentions(
    conversation: Conversation, person: Person, cursor: str = "", limit: object = None
) -> tuple[list[Mention], str | None]:
    """The newest mentions before a cursor, and the cursor of the next page.

    Raises ``Invalid``, ``Forbidden``, and ``Unavailable`` where the archive would be needed.
    """
    count = PAGE if limit is None else validation.whole_number(limit, "limit", 1, PAGE_MAX)
    if cursor and not (cursor.isascii() and cursor.isdigit() and len(cursor) <= 16):
        raise Invalid(N_("That cursor is not one of ours."))
    before = int(cursor) if cursor else validation.NUMBER_MAX
    found = []
    for room, noted in _noted(conversation.store, person):
        found += [(at, seq, room) for seq, at in noted if at < before]
    newest = heapq.nlargest(count, found, key=lambda each: each[:2])
    # Those of one moment are not parted.
    newest += [each for each in found if newest and each[0] == newest[-1][0] and each not in newest]
    read = []
    for _, seq, room in newest:
        try:
            read.append(Mention(room, conversation.one(person, room.room_id, seq)))
        except NotFound:
            # It was deleted, or the person taken out, just now.
            continue
    return read, str(newest[-1][0]) if len(newest) < len(found) else None


def _noted(store: Store, person: Person) -> list[tuple[Room, set[tuple[int, int]]]]:
    """The rooms that a person belongs to, each with the numbers and times of its mentions."""
    both = memberships.of_person(store, person)
    rooms = [room for room, _ in both if room.kind != DIRECT]
    names = (person.user_id, "*", f"-{person.user_id}")
    answers = store.ask_all(
        _newest_question(room.room_id, name) for room in rooms for name in names
    )
    noted = []
    for room, own, all_, by_self in zip(
        rooms, answers[::3], answers[1::3], answers[2::3], strict=True
    ):
        # What one has said to everybody oneself is no mention of oneself.
        noted.append((room, {*map(_place, own), *map(_place, all_)} - {*map(_place, by_self)}))
    return noted


def _newest_question(room_id: str, name: str) -> Command:
    """The newest entries of this name in a room."""
    limit = ("LIMIT", 0, OF_ROOM)
    return ("ZREVRANGEBYLEX", keys.mentions(room_id), f"({name};", f"[{name}:", *limit)


def _place(entry: bytes) -> tuple[int, int]:
    """The number and the time of an entry: see ``keys.mentions``."""
    *_, seq, at = entry.split(b":")
    return int(seq), int(at)
