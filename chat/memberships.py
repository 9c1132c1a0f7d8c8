"""Memberships: what a person is in each of his or her rooms, and what the room is to the person.

The role stands beside the room (see ``chat.room_members``), and so does how far one has read (see
``chat.read_marks``). What only the person cares about (level, star) stands with the person.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from chat import keys, room_members, validation
from chat.errors import N_, NO_MEMBERSHIP, Invalid, NotFound
from chat.people import Person
from chat.rooms import DIRECT, Room, rooms_question
from chat.store import clock
from chat.store.question import Command, Question, ScriptCall
from chat.store.store import Store

ALL, MENTIONS, NONE = "all", "mentions", "none"
LEVELS = (ALL, MENTIONS, NONE)


@dataclass(frozen=True)
class Membership:
    """What a person is in a room. ``read`` is the number up to which it has read.

    ``unread`` is how many TALKs of others after that are not deleted, and ``mentions`` how many of
    those mention the person: all in a direct room. ``joined_at`` and ``muted_until`` are in ms, 0
    for one who is not muted.
    """

    room_id: str
    user_id: str
    role: str
    muted_until: int
    level: str
    starred: bool
    read: int
    unread: int
    mentions: int
    joined_at: int

    def wire(self) -> dict[str, object]:
        """A ``Membership`` of docs/protocol.md."""
        wire: dict[str, object] = {
            "roomId": self.room_id,
            "userId": self.user_id,
            "role": self.role,
            "level": self.level,
            "starred": self.starred,
            "read": self.read,
            "unread": self.unread,
            "mentions": self.mentions,
            "joinedAt": self.joined_at,
        }
        if self.muted_until:
            wire["mutedUntil"] = self.muted_until
        return wire


def of_person(store: Store, person: Person) -> list[tuple[Room, Membership]]:
    """All rooms that a person belongs to, the most recently active first."""
    listed = room_members.room_ids_of(store, person.user_id)
    # In one write, the memberships behind the rooms: so nothing is told from after a removal.
    rooms, found = store.ask_all([rooms_question(listed), of_rooms(person.user_id, listed)])
    both = [(r, m) for r, m in zip(rooms, found, strict=True) if r is not None and m is not None]
    # What is left of rooms that were deleted, or that the store has lost.
    left = {*listed} - {room.room_id for room, _ in both}
    store.ask_all([room_members.delete_membership_call(person.user_id, i) for i in left])
    return sorted(both, key=lambda each: each[0].active_at, reverse=True)


def people_of_direct(store: Store, person: Person, found: Iterable[Room]) -> dict[str, list[str]]:
    """The userIds of everybody in those of these rooms that are direct, by roomId.

    Without the rooms of which the person is no member any more.
    """
    direct = [room.room_id for room in found if room.kind == DIRECT]
    listed = store.ask_all(map(room_members.listed, direct))
    by_room = {i: [each.user_id for each in of] for i, of in zip(direct, listed, strict=True)}
    return {i: user_ids for i, user_ids in by_room.items() if person.user_id in user_ids}


def one(user_id: str, room_id: str) -> Question[Membership | None]:
    """What a person is in a room; ``None`` for one who is no member."""
    question = of_rooms(user_id, [room_id])
    return Question(question.commands, lambda answers: question.read(answers)[0])


def change_own(
    store: Store, person: Person, room_id: str, level: object = None, starred: object = None
) -> Membership:
    """Set one's own level or star in a room. Raises ``Invalid``, ``NotFound``."""
    commands: list[Command] = []
    if level is not None:
        if level not in LEVELS:
            raise Invalid(N_("A level is all, mentions or none."))
        key = keys.levels(person.user_id)
        commands.append(
            ("HDEL", key, room_id) if level == ALL else ("HSET", key, room_id, str(level))
        )
    if starred is not None:
        command = "SADD" if validation.truth(starred, "starred") else "SREM"
        commands.append((command, keys.starred(person.user_id), room_id))
    own(store, person, room_id)
    store.ask_all(commands)
    return _changed(store, person, room_id)


def own(store: Store, person: Person, room_id: str) -> Membership:
    """One's own membership. Raises ``NotFound``."""
    found = store.ask(one(person.user_id, room_id))
    if found is None:
        raise NotFound(NO_MEMBERSHIP)
    return found


def _changed(store: Store, person: Person, room_id: str) -> Membership:
    """The same, after a change that a removal may have overtaken."""
    try:
        return own(store, person, room_id)
    except NotFound:
        store.ask(room_members.delete_membership_call(person.user_id, room_id))
        raise


def of_rooms(user_id: str, room_ids: list[str]) -> Question[list[Membership | None]]:
    """What a person is in these rooms; ``None`` where it is no member."""
    if not room_ids:
        return Question([], lambda answers: [])

    def read(answers: list[Any]) -> list[Membership | None]:
        now, levels, stars, joined, *found = answers
        at = clock.ms(now)
        return [
            _membership(at, user_id, *one)
            for one in zip(room_ids, found, levels, stars, joined, strict=True)
        ]

    return Question(
        [
            clock.TIME,
            ("HMGET", keys.levels(user_id), *room_ids),
            ("SMISMEMBER", keys.starred(user_id), *room_ids),
            ("ZMSCORE", keys.rooms_of(user_id), *room_ids),
            *(ScriptCall("unread", _counted(room_id), [user_id]) for room_id in room_ids),
        ],
        read,
    )


def _membership(
    now: int,
    user_id: str,
    room_id: str,
    found: list[Any],
    level: bytes | None,
    starred: int,
    joined: Any,
) -> Membership | None:
    if not found:
        return None
    stored, read, unread, mentions = found
    member = room_members.parse(user_id.encode(), stored, now)
    return Membership(
        room_id,
        user_id,
        member.role,
        member.muted_until,
        level.decode() if level else ALL,
        bool(starred),
        read,
        unread,
        mentions,
        int(float(joined or 0)),
    )


def _counted(room_id: str) -> list[str]:
    """The keys of a room from which it is worked out what is unread."""
    of_room = (keys.room, keys.members, keys.marks, keys.spoken, keys.deleted, keys.mentions)
    return [key(room_id) for key in of_room]
